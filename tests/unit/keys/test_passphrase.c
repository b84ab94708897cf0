/* Passphrases from descriptors, files, credentials and a terminal. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "keys/passphrase.h"

static char folder[] = "/tmp/candor-passphrase-XXXXXX";
static char path[80]; /* as the credential is named */

static void
write_path(const void *bytes, size_t len, mode_t mode)
{
	(void)unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

/* Read from the file with these bytes, and compare with ${want} if that succeeds. */
static cdr_err
from_file(const void *bytes, size_t len, bool create, const char *want)
{
	const struct cdr_passphrase_source source = { .fd = -1, .file = path, .create = create };
	struct cdr_passphrase *passphrase = NULL;
	struct cdr_fault fault = { 0 };

	write_path(bytes, len, 0600);
	cdr_err err = cdr_passphrase_read(&source, &passphrase, &fault);
	assert_int_equal(passphrase != NULL, err == CDR_OK);
	assert_int_equal(fault.code, err);
	if (err == CDR_OK && want != NULL) {
		assert_int_equal(passphrase->len, strlen(want));
		assert_memory_equal(passphrase->bytes, want, strlen(want));
	}
	cdr_passphrase_free(passphrase);
	return err;
}

static void
file_gives_one_line(void **state)
{
	(void)state;
	assert_int_equal(from_file("open sesame", 11, false, "open sesame"), CDR_OK);
	assert_int_equal(from_file("open sesame\n", 12, false, "open sesame"), CDR_OK);
	assert_int_equal(from_file("open sesame\r\n", 13, false, "open sesame"), CDR_OK);
	/* Spaces at the ends belong to it. */
	assert_int_equal(from_file(" open \n", 7, false, " open "), CDR_OK);

	assert_int_equal(from_file("", 0, false, NULL), CDR_E_INPUT);
	assert_int_equal(from_file("\n", 1, false, NULL), CDR_E_INPUT);
	assert_int_equal(from_file("two\nlines", 9, false, NULL), CDR_E_INPUT);
	assert_int_equal(from_file("one\n\n", 5, false, NULL), CDR_E_INPUT);
	assert_int_equal(from_file("a\0b", 3, false, NULL), CDR_E_INPUT);
}

static void
file_has_a_longest_line(void **state)
{
	(void)state;
	char text[CDR_PASSPHRASE_LEN_MAX + 100];

	memset(text, 'x', sizeof(text));
	assert_int_equal(from_file(text, CDR_PASSPHRASE_LEN_MAX, false, NULL), CDR_OK);
	for (size_t len = CDR_PASSPHRASE_LEN_MAX + 1; len <= sizeof(text); len++)
		assert_int_equal(from_file(text, len, false, NULL), CDR_E_INPUT);
	text[CDR_PASSPHRASE_LEN_MAX] = '\n';
	assert_int_equal(from_file(text, CDR_PASSPHRASE_LEN_MAX + 1, false, NULL), CDR_OK);
	assert_int_equal(from_file(text, sizeof(text), false, NULL), CDR_E_INPUT);
	memcpy(text + CDR_PASSPHRASE_LEN_MAX, "\r\n", 2);
	assert_int_equal(from_file(text, CDR_PASSPHRASE_LEN_MAX + 2, false, NULL), CDR_OK);
	assert_int_equal(from_file(text, CDR_PASSPHRASE_LEN_MAX + 3, false, NULL), CDR_E_INPUT);
}

static void
file_must_be_private(void **state)
{
	(void)state;
	struct cdr_passphrase_source source = { .fd = -1, .file = path };
	struct cdr_passphrase *passphrase = NULL;
	struct cdr_fault fault = { 0 };

	write_path("open sesame", 11, 0644);
	assert_int_equal(cdr_passphrase_read(&source, &passphrase, &fault), CDR_E_REFUSED);
	assert_non_null(strstr(fault.text, "chmod 600"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(cdr_passphrase_read(&source, &passphrase, &fault), CDR_E_IO);
	source.file = folder;
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(cdr_passphrase_read(&source, &passphrase, &fault), CDR_E_IO);
	assert_null(passphrase);
}

/* Twelve characters, however many bytes they take. */
static void
new_one_must_be_long(void **state)
{
	(void)state;
	struct cdr_passphrase passphrase = { .len = CDR_PASSPHRASE_LEN_MAX + 1 };

	assert_int_equal(from_file("eleven char", 11, true, NULL), CDR_E_REFUSED);
	assert_int_equal(from_file("eleven char\n", 12, true, NULL), CDR_E_REFUSED);
	assert_int_equal(from_file("twelve chars\n", 13, true, "twelve chars"), CDR_OK);
	/* Six characters in twelve bytes. */
	assert_int_equal(from_file("éàüöçñ", strlen("éàüöçñ"), true, NULL), CDR_E_REFUSED);
	assert_int_equal(from_file("éàüöçñéàüöçñ", strlen("éàüöçñéàüöçñ"), true, "éàüöçñéàüöçñ"), CDR_OK);
	assert_int_equal(cdr_passphrase_check(&passphrase, NULL), CDR_E_REFUSED);
}

/* A descriptor comes first; it may be a pipe that fills slowly. */
static void
descriptor_comes_first(void **state)
{
	(void)state;
	struct cdr_passphrase_source source = { .file = path };
	struct cdr_passphrase *passphrase = NULL;
	int ends[2];

	write_path("from the file", 13, 0600);
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)!write(ends[1], "from the ", 9);
		(void)usleep(20000);
		(void)!write(ends[1], "pipe\n", 5);
		_exit(0);
	}
	assert_int_equal(close(ends[1]), 0);
	source.fd = ends[0];
	assert_int_equal(cdr_passphrase_read(&source, &passphrase, NULL), CDR_OK);
	assert_int_equal(passphrase->len, 13);
	assert_memory_equal(passphrase->bytes, "from the pipe", 13);
	cdr_passphrase_free(passphrase);
	cdr_passphrase_free(NULL);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);

	assert_int_equal(cdr_passphrase_read(&source, &passphrase, NULL), CDR_E_IO);
	assert_null(passphrase);
}

static void
credential_of_systemd(void **state)
{
	(void)state;
	const struct cdr_passphrase_source source = { .fd = -1, .is_node = true }, person = { .fd = -1, .option = "that-option" };
	struct cdr_passphrase *passphrase = NULL;
	struct cdr_fault fault = { 0 };

	write_path("from systemd", 12, 0400);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
	assert_int_equal(cdr_passphrase_read(&source, &passphrase, &fault), CDR_OK);
	assert_memory_equal(passphrase->bytes, "from systemd", 12);
	cdr_passphrase_free(passphrase);
	/* What is not the node's own, such as a person's password, is asked for: here there is nobody to ask. */
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)setsid();
		cdr_err err = cdr_passphrase_read(&person, &passphrase, &fault);
		_exit(strstr(fault.text, "--that-option") != NULL ? (int)err : 255);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), CDR_E_ABSENT);
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static void
needs_locked_memory(void **state)
{
	(void)state;
	const struct cdr_passphrase_source source = { .fd = -1, .file = path };
	struct cdr_passphrase *passphrase = NULL;
	void *most = cdr_secret_alloc(CDR_SECRET_POOL_LEN - 1024);

	assert_non_null(most);
	assert_int_equal(cdr_passphrase_read(&source, &passphrase, NULL), CDR_E_MEMORY);
	cdr_secret_free(most);
}

/* ---- the terminal ---- */

/* Read in a session of its own at the terminal ${name} (NULL: none). Exits with the code, or 255 if it read another. */
static pid_t
start_reader(const char *name, bool create, const char *want)
{
	const struct cdr_passphrase_source source = { .fd = -1, .prompt = "Open", .create = create };
	pid_t child = fork();

	assert_true(child >= 0);
	if (child > 0)
		return child;
	struct cdr_passphrase *passphrase = NULL;
	(void)setsid();
	(void)signal(SIGINT, SIG_DFL);
	int tty = name == NULL ? -1 : open(name, O_RDWR);
	if (tty >= 0)
		(void)ioctl(tty, TIOCSCTTY, 0);
	cdr_err err = cdr_passphrase_read(&source, &passphrase, NULL);
	if (err == CDR_OK &&
	    (passphrase->len != strlen(want) || memcmp(passphrase->bytes, want, strlen(want)) != 0))
		_exit(255);
	_exit((int)err);
}

/* Read what the terminal shows until ${text} has come; all of it so far stays in ${seen}. */
static void
wait_for(int terminal, char *seen, size_t size, const char *text)
{
	size_t len = strlen(seen);

	while (strstr(seen, text) == NULL) {
		struct pollfd ready = { .fd = terminal, .events = POLLIN };
		assert_int_equal(poll(&ready, 1, 20000), 1);
		ssize_t n = read(terminal, seen + len, size - 1 - len);
		assert_true(n > 0);
		len += (size_t)n;
		seen[len] = '\0';
	}
}

/* Type ${first} and ${second} (NULL: nothing more) at the prompts. Returns the reader's status. */
static int
type(bool create, const char *first, const char *second, const char *want)
{
	char seen[512] = { 0 };
	int status = 0;
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	struct termios mode;

	assert_true(terminal >= 0);
	assert_int_equal(grantpt(terminal), 0);
	assert_int_equal(unlockpt(terminal), 0);
	/* Held open, so that the terminal outlives the reader. */
	int held = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	assert_true(held >= 0);

	pid_t child = start_reader(ptsname(terminal), create, want);
	wait_for(terminal, seen, sizeof(seen), "Open: ");
	assert_int_equal(tcgetattr(held, &mode), 0);
	assert_int_equal(mode.c_lflag & ECHO, 0);
	assert_int_equal(write(terminal, first, strlen(first)), strlen(first));
	if (second != NULL) {
		wait_for(terminal, seen, sizeof(seen), "Once more: ");
		assert_int_equal(write(terminal, second, strlen(second)), strlen(second));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	/* Nothing of it was shown, and the echo is back. */
	assert_null(strstr(seen, "sesame"));
	assert_int_equal(tcgetattr(held, &mode), 0);
	assert_int_not_equal(mode.c_lflag & ECHO, 0);
	assert_int_equal(close(held), 0);
	assert_int_equal(close(terminal), 0);
	return status;
}

static void
terminal_asks_without_echo(void **state)
{
	(void)state;
	int status = type(false, "sesame\n", NULL, "sesame");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), CDR_OK);
	status = type(false, "\n", NULL, "");
	assert_int_equal(WEXITSTATUS(status), CDR_E_INPUT);
}

static void
terminal_asks_twice_for_a_new_one(void **state)
{
	(void)state;
	int status = type(true, "sesame, please\n", "sesame, please\n", "sesame, please");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), CDR_OK);
	status = type(true, "sesame, please\n", "sesame, pleasf\n", "");
	assert_int_equal(WEXITSTATUS(status), CDR_E_INPUT);
	status = type(true, "sesame\n", NULL, "");
	assert_int_equal(WEXITSTATUS(status), CDR_E_REFUSED);
}

/* Ctrl-C at the prompt ends the program as it should, with the echo back on. */
static void
interrupt_brings_the_echo_back(void **state)
{
	(void)state;
	int status = type(false, "sesa\003", NULL, "");

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGINT);
}

static void
no_terminal_no_passphrase(void **state)
{
	(void)state;
	int status = 0;
	pid_t child = start_reader(NULL, false, "");

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), CDR_E_ABSENT);
}

static int
make_folder(void **state)
{
	(void)state;
	struct cdr_fault fault = { 0 };

	if (cdr_secret_start(&fault) != CDR_OK)
		fail_msg("%s", fault.text);
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/candor-passphrase", folder);
	return unsetenv("CREDENTIALS_DIRECTORY");
}

static int
remove_folder(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_gives_one_line),
		cmocka_unit_test(file_has_a_longest_line),
		cmocka_unit_test(file_must_be_private),
		cmocka_unit_test(new_one_must_be_long),
		cmocka_unit_test(descriptor_comes_first),
		cmocka_unit_test(credential_of_systemd),
		cmocka_unit_test(needs_locked_memory),
		cmocka_unit_test(terminal_asks_without_echo),
		cmocka_unit_test(terminal_asks_twice_for_a_new_one),
		cmocka_unit_test(interrupt_brings_the_echo_back),
		cmocka_unit_test(no_terminal_no_passphrase),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
