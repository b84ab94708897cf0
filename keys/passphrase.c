#include "keys/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "core/crypto/secret.h"

#define CREDENTIAL "candor-passphrase"

/* ---- judging ---- */

/* Drop the newline at the end, and refuse what cannot be meant. */
static cdr_err
tidy(struct cdr_passphrase *passphrase, struct cdr_fault *fault)
{
	if (passphrase->len > 0 && passphrase->bytes[passphrase->len - 1] == '\n')
		passphrase->len--;
	if (passphrase->len > 0 && passphrase->bytes[passphrase->len - 1] == '\r')
		passphrase->len--;
	if (passphrase->len == 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "the passphrase is empty");
	/* Of what fills the buffer this many are left, whatever its end was. */
	if (passphrase->len > CDR_PASSPHRASE_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "the passphrase has more than %d bytes", CDR_PASSPHRASE_LEN_MAX);
	for (size_t i = 0; i < passphrase->len; i++)
		if (passphrase->bytes[i] == '\0' || passphrase->bytes[i] == '\n')
			return cdr_fault_set(fault, CDR_E_INPUT,
			    "the passphrase must be one line: is this the right file?");
	return CDR_OK;
}

/* see keys/passphrase.h */
cdr_err
cdr_passphrase_check(const struct cdr_passphrase *passphrase, struct cdr_fault *fault)
{
	size_t characters = 0;

	if (passphrase->len > CDR_PASSPHRASE_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_REFUSED, "the passphrase has more than %d bytes", CDR_PASSPHRASE_LEN_MAX);
	/* In UTF-8 every character has one byte that is not 10xxxxxx. */
	for (size_t i = 0; i < passphrase->len; i++)
		characters += (passphrase->bytes[i] & 0xc0) != 0x80;
	if (characters < CDR_PASSPHRASE_CHARACTERS_MIN)
		return cdr_fault_set(fault, CDR_E_REFUSED,
		    "the passphrase has fewer than %d characters. Take four or five words that nobody would put together",
		    CDR_PASSPHRASE_CHARACTERS_MIN);
	return CDR_OK;
}

/* ---- files and descriptors ---- */

/* Read to the end of ${fd}, straight into locked memory. */
static cdr_err
read_all(int fd, const char *where, struct cdr_passphrase *passphrase, struct cdr_fault *fault)
{
	while (passphrase->len < sizeof(passphrase->bytes)) {
		ssize_t n = read(fd, passphrase->bytes + passphrase->len, sizeof(passphrase->bytes) - passphrase->len);
		if (n == 0)
			break;
		if (n > 0)
			passphrase->len += (size_t)n;
		else if (errno != EINTR)
			return cdr_fault_set(fault, CDR_E_IO, "%s: %s", where, strerror(errno));
	}
	return tidy(passphrase, fault);
}

static cdr_err
read_file(const char *path, struct cdr_passphrase *passphrase, struct cdr_fault *fault)
{
	struct stat status;
	cdr_err err = CDR_E_INTERNAL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status) != 0)
		CDR_TRY(cdr_fault_set(fault, CDR_E_IO, "%s: %s", path, strerror(errno)));
	/* A pipe has no mode that says who else can read it. */
	if (S_ISREG(status.st_mode) && (status.st_mode & 077) != 0)
		CDR_TRY(cdr_fault_set(fault, CDR_E_REFUSED, "%s can be reached by other users (mode %04o). Run: chmod 600 %s",
		    path, (unsigned)status.st_mode & 07777, path));
	CDR_TRY(read_all(fd, path, passphrase, fault));
out:
	if (fd >= 0)
		(void)close(fd);
	return err;
}

/* The path of the systemd credential; false if this process was given none. */
static bool
credential_path(char path[static PATH_MAX])
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	if (folder == NULL)
		return false;
	int len = snprintf(path, PATH_MAX, "%s/%s", folder, CREDENTIAL);
	return len > 0 && len < PATH_MAX && access(path, F_OK) == 0;
}

/* ---- the terminal ---- */

static void
say(int tty, const char *text)
{
	/* If the terminal is gone, reading from it fails next. */
	(void)!write(tty, text, strlen(text));
}

/* Read one line from a terminal whose echo is off, unless a signal comes first: it is left pending. */
static cdr_err
read_line(int tty, int signals, struct cdr_passphrase *passphrase, struct cdr_fault *fault)
{
	struct pollfd ready[2] = { { .fd = tty, .events = POLLIN }, { .fd = signals, .events = POLLIN } };

	if (poll(ready, 2, -1) < 0)
		return cdr_fault_set(fault, CDR_E_IO, "the terminal: %s", strerror(errno));
	if (ready[1].revents != 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "interrupted");
	/* A terminal hands over one line at a time, of at most 4096 bytes. */
	ssize_t n = read(tty, passphrase->bytes, sizeof(passphrase->bytes));
	if (n < 0)
		return cdr_fault_set(fault, CDR_E_IO, "the terminal: %s", strerror(errno));
	passphrase->len = (size_t)n;
	return tidy(passphrase, fault);
}

/*
 * Ask once, with the echo off. Signals that would end or stop the program wait until the echo is on again, and are
 * delivered then.
 */
static cdr_err
ask(int tty, const char *prompt, struct cdr_passphrase *passphrase, struct cdr_fault *fault)
{
	struct termios before, silent;
	sigset_t ending, mask;
	cdr_err err = CDR_E_INTERNAL;

	if (tcgetattr(tty, &before) != 0)
		return cdr_fault_set(fault, CDR_E_IO, "the terminal: %s", strerror(errno));
	(void)sigemptyset(&ending);
	(void)sigaddset(&ending, SIGINT);
	(void)sigaddset(&ending, SIGQUIT);
	(void)sigaddset(&ending, SIGTERM);
	(void)sigaddset(&ending, SIGHUP);
	(void)sigaddset(&ending, SIGTSTP);
	(void)pthread_sigmask(SIG_BLOCK, &ending, &mask);
	int signals = signalfd(-1, &ending, SFD_CLOEXEC);

	silent = before;
	silent.c_lflag = (silent.c_lflag & ~(tcflag_t)ECHO) | ICANON | ECHONL;
	/* TCSAFLUSH also drops what was typed while the echo was on. */
	if (signals < 0 || tcsetattr(tty, TCSAFLUSH, &silent) != 0) {
		err = cdr_fault_set(fault, CDR_E_IO, "the terminal: %s", strerror(errno));
	} else {
		say(tty, prompt);
		say(tty, ": ");
		err = read_line(tty, signals, passphrase, fault);
		(void)tcsetattr(tty, TCSAFLUSH, &before);
	}
	if (signals >= 0)
		(void)close(signals);
	(void)pthread_sigmask(SIG_SETMASK, &mask, NULL);
	return err;
}

static cdr_err
read_terminal(const struct cdr_passphrase_source *source, struct cdr_passphrase *passphrase, struct cdr_fault *fault)
{
	struct cdr_passphrase *again = NULL;
	cdr_err err = CDR_E_INTERNAL;
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (tty < 0 && !source->is_node && source->option != NULL)
		return cdr_fault_set(fault, CDR_E_ABSENT, "there is no terminal to ask at: give --%s FILE", source->option);
	if (tty < 0)
		return cdr_fault_set(fault, CDR_E_ABSENT, source->is_node ?
			"no passphrase: there is no terminal to ask at. Give --passphrase-file FILE, --passphrase-fd N, or the "
			"systemd credential " CREDENTIAL :
			"there is no terminal to ask at: give it in a file");
	CDR_TRY(ask(tty, source->prompt != NULL ? source->prompt : "Passphrase", passphrase, fault));
	if (source->create) {
		CDR_TRY(cdr_passphrase_check(passphrase, fault));
		if ((again = cdr_secret_alloc(sizeof(*again))) == NULL)
			CDR_TRY(cdr_fault_set(fault, CDR_E_MEMORY, "no locked memory left"));
		CDR_TRY(ask(tty, "Once more", again, fault));
		if (again->len != passphrase->len || !cdr_equal(again->bytes, passphrase->bytes, again->len))
			CDR_TRY(cdr_fault_set(fault, CDR_E_INPUT, "the two passphrases differ: try again"));
	}
out:
	cdr_secret_free(again);
	(void)close(tty);
	return err;
}

/* see keys/passphrase.h */
cdr_err
cdr_passphrase_read(const struct cdr_passphrase_source *source, struct cdr_passphrase **passphrase,
    struct cdr_fault *fault)
{
	char credential[PATH_MAX];
	cdr_err err = CDR_E_INTERNAL;

	*passphrase = cdr_secret_alloc(sizeof(**passphrase));
	if (*passphrase == NULL)
		return cdr_fault_set(fault, CDR_E_MEMORY, "no locked memory left");
	if (source->fd >= 0)
		CDR_TRY(read_all(source->fd, "--passphrase-fd", *passphrase, fault));
	else if (source->file != NULL)
		CDR_TRY(read_file(source->file, *passphrase, fault));
	else if (source->is_node && credential_path(credential))
		CDR_TRY(read_file(credential, *passphrase, fault));
	else
		CDR_TRY(read_terminal(source, *passphrase, fault));
	if (source->create)
		CDR_TRY(cdr_passphrase_check(*passphrase, fault));
out:
	if (err != CDR_OK) {
		cdr_passphrase_free(*passphrase);
		*passphrase = NULL;
	}
	return err;
}

/* see keys/passphrase.h */
void
cdr_passphrase_free(struct cdr_passphrase *passphrase)
{
	cdr_secret_free(passphrase);
}
