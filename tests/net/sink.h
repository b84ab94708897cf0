#ifndef CDR_TESTS_NET_SINK_H
#define CDR_TESTS_NET_SINK_H

/* A mail server on loopback that takes what it is sent, or refuses it as it is told: for tests/net/smtp_sink.c and the unit tests. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SINK_SAID_MAX 65536

/* Listen on 127.0.0.1 at ${port}, 0: at any, which is written there. Returns the socket, -1 on failure. */
static inline int
sink_listen(uint16_t *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(*port) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 16) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return -1;
	*port = ntohs(address.sin_port);
	return fd;
}

/*
 * One session. ${refuse} is empty, or a command and a code, "RCPT 550": that command is answered with the code; with code 0 the
 * connection is closed instead. Everything that the client says, its lines and the message, is appended to ${said}.
 * Returns whether a message was taken.
 */
static inline int
sink_session(int fd, const char *refuse, char said[SINK_SAID_MAX])
{
	char line[4096], command[8] = "", code[8] = "";
	FILE *in = fdopen(dup(fd), "r"), *out = fdopen(dup(fd), "w");
	int in_data = 0, taken = 0;
	size_t len = strlen(said);

	if (refuse[0] != '\0' && sscanf(refuse, "%7s %7s", command, code) != 2)
		command[0] = '\0';
	if (in == NULL || out == NULL)
		return 0;
	(void)fputs("220 sink\r\n", out);
	(void)fflush(out);
	while (fgets(line, sizeof(line), in) != NULL) {
		int n = snprintf(said + len, SINK_SAID_MAX - len, "%s", line);
		len = n > 0 && (size_t)n < SINK_SAID_MAX - len ? len + (size_t)n : len;
		if (in_data && strcmp(line, ".\r\n") != 0)
			continue;
		const char *now = in_data ? "END" : line;
		if (command[0] != '\0' && strncmp(now, command, strlen(command)) == 0) {
			if (strcmp(code, "0") == 0)
				break;
			(void)fprintf(out, "%s as told\r\n", code);
			in_data = 0;
		} else if (in_data) {
			in_data = 0;
			taken = 1;
			(void)fputs("250 taken\r\n", out);
		} else if (strncmp(line, "DATA", 4) == 0) {
			in_data = 1;
			(void)fputs("354 go on\r\n", out);
		} else if (strncmp(line, "QUIT", 4) == 0) {
			(void)fputs("221 bye\r\n", out);
		} else {
			(void)fputs("250 well\r\n", out);
		}
		(void)fflush(out);
	}
	(void)fclose(in);
	(void)fclose(out);
	return taken;
}

#endif
