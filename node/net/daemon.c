#include "node/net/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Write the process id into the locked file. */
static cdr_err
write_pid(int fd)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len)
		return CDR_E_IO;
	return CDR_OK;
}

/* The process id that stands in the file, 0 if none does. */
static long
read_pid(int fd)
{
	char text[24] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	return strtol(text, NULL, 10);
}

/* SIGTERM and SIGINT wait in a descriptor; the mask goes over to every thread that is made later. */
static int
catch_signals(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t end;

	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)sigaction(SIGHUP, &ignore, NULL);
	(void)sigemptyset(&end);
	(void)sigaddset(&end, SIGTERM);
	(void)sigaddset(&end, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, &end, NULL);
	return signalfd(-1, &end, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* see node/net/daemon.h */
cdr_err
cdr_daemon_start(struct cdr_daemon *daemon, const char *pid_path, int ready_fd, struct cdr_fault *fault)
{
	*daemon = (struct cdr_daemon){ .is_started = true, .pid_fd = -1, .signal_fd = -1, .ready_fd = ready_fd };
	int fd = open(pid_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return cdr_fault_set(fault, CDR_E_IO, "%s cannot be written: %s", pid_path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		cdr_err err = errno == EWOULDBLOCK ? CDR_E_BUSY : CDR_E_IO;
		cdr_fault_set(fault, err, "it is running already, as process %ld: see %s", read_pid(fd), pid_path);
		(void)close(fd);
		return err;
	}
	daemon->pid_fd = fd;
	daemon->signal_fd = catch_signals();
	if (daemon->signal_fd < 0 || write_pid(fd) != CDR_OK)
		return cdr_fault_set(fault, CDR_E_IO, "%s cannot be written: %s", pid_path, strerror(errno));
	return CDR_OK;
}

/* sd_notify(3), the part of it that we need: one datagram to the socket that systemd names. */
static void
notify_systemd(void)
{
	static const char notice[] = "READY=1";
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = name == NULL ? 0 : strlen(name);

	if (len < 2 || len >= sizeof(address.sun_path) || (name[0] != '/' && name[0] != '@'))
		return;
	memcpy(address.sun_path, name, len);
	if (name[0] == '@')
		address.sun_path[0] = '\0'; /* the abstract name space */
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)!sendto(fd, notice, sizeof(notice) - 1, MSG_NOSIGNAL, (const struct sockaddr *)&address,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	(void)close(fd);
}

/* see node/net/daemon.h */
void
cdr_daemon_ready(struct cdr_daemon *daemon, const char *address)
{
	char line[128];

	if (daemon->ready_fd >= 0) {
		int len = snprintf(line, sizeof(line), "ready %s\n", address);
		(void)!write(daemon->ready_fd, line, (size_t)len < sizeof(line) ? (size_t)len : sizeof(line) - 1);
		(void)close(daemon->ready_fd);
		daemon->ready_fd = -1;
	}
	notify_systemd();
}

/* see node/net/daemon.h */
bool
cdr_daemon_wait(const struct cdr_daemon *daemon, int timeout_ms)
{
	struct pollfd signals = { .fd = daemon->signal_fd, .events = POLLIN };

	/* The signal stays in the descriptor: whoever asks again is told again. */
	return poll(&signals, 1, timeout_ms) == 1;
}

/* see node/net/daemon.h */
void
cdr_daemon_end(struct cdr_daemon *daemon)
{
	if (!daemon->is_started)
		return;
	if (daemon->ready_fd >= 0)
		(void)close(daemon->ready_fd);
	if (daemon->signal_fd >= 0)
		(void)close(daemon->signal_fd);
	if (daemon->pid_fd >= 0) {
		/* The file itself stays: were it removed, two daemons could hold locks on two files of one name. */
		(void)!ftruncate(daemon->pid_fd, 0);
		(void)close(daemon->pid_fd);
	}
	*daemon = (struct cdr_daemon){ .is_started = false };
}
