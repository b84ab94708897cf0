/*
 * To be loaded into a process with LD_PRELOAD: whatever it sends and receives over TLS, in clear, goes into the folder
 * $TLS_TAP/PROGRAM-PID, one file for each connection and direction. For scenarios that look for what must not travel.
 *
 * Nothing is kept in the process's memory, which is searched too.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/ssl.h>

/* Open a file of this process in the folder. */
static int
tap_open(const char *name, int flags)
{
	char path[4096];
	const char *folder = getenv("TLS_TAP");

	if (folder == NULL)
		return -1;
	int len = snprintf(path, sizeof(path), "%s/%s-%d", folder, program_invocation_short_name, (int)getpid());
	if (len < 0 || (size_t)len >= sizeof(path))
		return -1;
	(void)mkdir(path, 0700);
	(void)snprintf(path + len, sizeof(path) - (size_t)len, "/%s", name);
	return open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
}

/* Once for each process: may it be dumped or traced? Only the process itself can say. */
static void
tell_state(void)
{
	char text[128];
	struct rlimit core = { 1, 1 };
	int fd = tap_open("state", O_EXCL);

	if (fd < 0)
		return;
	(void)getrlimit(RLIMIT_CORE, &core);
	int len = snprintf(text, sizeof(text), "dumpable %d core %llu %llu\n", prctl(PR_GET_DUMPABLE),
	    (unsigned long long)core.rlim_cur, (unsigned long long)core.rlim_max);
	(void)!write(fd, text, (size_t)len);
	(void)close(fd);
}

static void
tap(const SSL *connection, const char *direction, const void *data, size_t len)
{
	char name[64];
	int kept = errno;

	tell_state();
	(void)snprintf(name, sizeof(name), "%lx.%s", (unsigned long)(uintptr_t)connection, direction);
	int fd = tap_open(name, O_APPEND);
	if (fd >= 0) {
		(void)!write(fd, data, len);
		(void)close(fd);
	}
	errno = kept;
}

/* The library's own function of that name. */
#define NEXT(name)                           \
	union {                                  \
		void *object;                        \
		__typeof__(name) *function;          \
	} next = { .object = dlsym(RTLD_NEXT, #name) }

int
SSL_read(SSL *connection, void *data, int len)
{
	NEXT(SSL_read);
	int got = next.function(connection, data, len);

	if (got > 0)
		tap(connection, "in", data, (size_t)got);
	return got;
}

int
SSL_read_ex(SSL *connection, void *data, size_t len, size_t *got)
{
	NEXT(SSL_read_ex);
	int done = next.function(connection, data, len, got);

	if (done > 0)
		tap(connection, "in", data, *got);
	return done;
}

int
SSL_write(SSL *connection, const void *data, int len)
{
	NEXT(SSL_write);
	int put = next.function(connection, data, len);

	if (put > 0)
		tap(connection, "out", data, (size_t)put);
	return put;
}

int
SSL_write_ex(SSL *connection, const void *data, size_t len, size_t *put)
{
	NEXT(SSL_write_ex);
	int done = next.function(connection, data, len, put);

	if (done > 0)
		tap(connection, "out", data, *put);
	return done;
}
