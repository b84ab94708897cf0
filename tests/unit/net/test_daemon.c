#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/net/daemon.h"

static char folder[64], pid_path[96];

static int
make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/candor-daemon-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(pid_path, sizeof(pid_path), "%s/node.pid", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	(void)unlink(pid_path);
	return rmdir(folder);
}

/* What stands in the file with the process id. */
static long
pid_in_file(void)
{
	FILE *file = fopen(pid_path, "r");
	long pid = 0;

	assert_non_null(file);
	(void)!fscanf(file, "%ld", &pid);
	(void)fclose(file);
	return pid;
}

static void
test_one_at_a_time(void **state)
{
	struct cdr_daemon first, second, never = { 0 };
	struct cdr_fault fault;
	char pid[40];

	(void)state;
	cdr_daemon_end(&never);
	assert_int_equal(cdr_daemon_start(&first, pid_path, -1, &fault), CDR_OK);
	assert_int_equal(pid_in_file(), getpid());
	assert_int_equal(cdr_daemon_start(&second, pid_path, -1, &fault), CDR_E_BUSY);
	(void)snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
	assert_non_null(strstr(fault.text, pid));
	cdr_daemon_end(&second);
	assert_int_equal(pid_in_file(), getpid()); /* still the first one's */
	cdr_daemon_end(&first);
	assert_int_equal(pid_in_file(), 0);
	assert_int_equal(cdr_daemon_start(&second, pid_path, -1, &fault), CDR_OK);
	cdr_daemon_end(&second);
	cdr_daemon_end(&second);
	assert_int_equal(cdr_daemon_start(&second, "/no/such/folder/node.pid", -1, &fault), CDR_E_IO);
	cdr_daemon_end(&second);
}

static void
test_signals(void **state)
{
	struct cdr_daemon daemon;

	(void)state;
	assert_int_equal(cdr_daemon_start(&daemon, pid_path, -1, NULL), CDR_OK);
	assert_int_equal(kill(getpid(), SIGHUP), 0);
	assert_int_equal(kill(getpid(), SIGPIPE), 0);
	assert_false(cdr_daemon_wait(&daemon, 1));
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_true(cdr_daemon_wait(&daemon, 1000));
	assert_true(cdr_daemon_wait(&daemon, -1));
	cdr_daemon_end(&daemon);
}

/* A process that was killed leaves its id behind, and no lock. */
static void
test_killed(void **state)
{
	struct cdr_daemon daemon;
	int status;

	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		if (cdr_daemon_start(&daemon, pid_path, -1, NULL) != CDR_OK)
			_exit(1);
		(void)kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(pid_in_file(), pid);
	assert_int_equal(cdr_daemon_start(&daemon, pid_path, -1, NULL), CDR_OK);
	cdr_daemon_end(&daemon);
}

static void
test_ready(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct cdr_daemon daemon;
	char text[64];
	int fds[2];

	(void)state;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", folder);
	int notify = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(bind(notify, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(cdr_daemon_start(&daemon, pid_path, fds[1], NULL), CDR_OK);
	cdr_daemon_ready(&daemon, "127.0.0.1:8443");
	cdr_daemon_ready(&daemon, "again");
	assert_int_equal(read(fds[0], text, sizeof(text)), strlen("ready 127.0.0.1:8443\n"));
	assert_memory_equal(text, "ready 127.0.0.1:8443\n", strlen("ready 127.0.0.1:8443\n"));
	assert_int_equal(read(fds[0], text, sizeof(text)), 0); /* closed */
	assert_int_equal(recv(notify, text, sizeof(text), MSG_DONTWAIT), 7);
	assert_memory_equal(text, "READY=1", 7);
	cdr_daemon_end(&daemon);
	assert_int_equal(setenv("NOTIFY_SOCKET", "relative", 1), 0);
	assert_int_equal(cdr_daemon_start(&daemon, pid_path, -1, NULL), CDR_OK);
	cdr_daemon_ready(&daemon, "nobody listens");
	cdr_daemon_end(&daemon);
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	(void)close(notify);
	(void)close(fds[0]);
	(void)unlink(address.sun_path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_at_a_time),
		TEST(test_killed),
		TEST(test_ready),
		TEST(test_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
