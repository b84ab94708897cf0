#ifndef CDR_NODE_NET_DAEMON_H
#define CDR_NODE_NET_DAEMON_H

/*
 * What a program needs that stays: one at a time in its folder, a notice when it is ready, an orderly end.
 *
 *     cdr_daemon_start    before any thread is made
 *     ... open the store, start the server ...
 *     cdr_daemon_ready
 *     while (!cdr_daemon_wait(1000)) ... what is due ...
 *     ... stop the server, close the store ...
 *     cdr_daemon_end
 */

#include "core/error.h"

/* Zeroed: not started, and cdr_daemon_end does nothing. */
struct cdr_daemon {
	bool is_started;
	int pid_fd;                  /* holds the lock */
	int signal_fd;
	int ready_fd;
};

/**
 * cdr_daemon_start(daemon, pid_path, ready_fd, fault):
 * Take the lock, write the process id, catch the signals: SIGTERM and SIGINT end the daemon, SIGPIPE and SIGHUP do not.
 *
 * pid_path  in   a file in the daemon's folder
 * ready_fd  in   an open file descriptor that is told when the daemon is ready, or -1; closed then
 *
 * Returns  CDR_OK; CDR_E_BUSY if another process holds the lock (its id is in the fault); CDR_E_IO.
 *          cdr_daemon_end undoes it, also after an error.
 */
CDR_MUST_CHECK cdr_err cdr_daemon_start(struct cdr_daemon *daemon, const char *pid_path, int ready_fd,
    struct cdr_fault *fault);

/**
 * cdr_daemon_ready(daemon, address):
 * Say that requests are being served at ${address}: the line "ready ADDRESS" on ready_fd, and READY=1 to systemd if it
 * set NOTIFY_SOCKET. A notice that nobody takes is no failure.
 */
void cdr_daemon_ready(struct cdr_daemon *daemon, const char *address);

/* Wait for SIGTERM or SIGINT, ${timeout_ms} at most (-1: for ever). Returns whether one came. */
bool cdr_daemon_wait(const struct cdr_daemon *daemon, int timeout_ms);

/* Empty the file with the process id and release the lock. */
void cdr_daemon_end(struct cdr_daemon *daemon);

#endif
