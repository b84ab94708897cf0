/*
 * A mail server on loopback for scenarios.
 *
 *   smtp_sink FOLDER
 *
 * writes its port into FOLDER/port, and what clients say into FOLDER/1, 2 …, one file a session in which a message was taken, FOLDER/refused-N
 * for the others. FOLDER/refuse, read at every session, may hold a command and a code: "RCPT 550"; "DATA 0" closes the connection.
 */

#include <signal.h>
#include <stdlib.h>

#include "tests/net/sink.h"

static FILE *
open_in(const char *folder, const char *name, const char *mode)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return fopen(path, mode);
}

static void
read_refusal(const char *folder, char refuse[32])
{
	FILE *file = open_in(folder, "refuse", "re");

	refuse[0] = '\0';
	if (file == NULL)
		return;
	if (fgets(refuse, 32, file) == NULL)
		refuse[0] = '\0';
	(void)fclose(file);
}

int
main(int argc, char **argv)
{
	static char said[SINK_SAID_MAX];
	char refuse[32], name[64];
	uint16_t port = 0;
	unsigned taken_count = 0, refused_count = 0;

	(void)signal(SIGPIPE, SIG_IGN);
	int listener = argc == 2 ? sink_listen(&port) : -1;
	FILE *file = listener >= 0 ? open_in(argv[1], "port", "we") : NULL;
	if (file == NULL) {
		(void)fprintf(stderr, "smtp_sink: usage: smtp_sink FOLDER\n");
		return 2;
	}
	(void)fprintf(file, "%u\n", port);
	(void)fclose(file);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			return 1;
		said[0] = '\0';
		read_refusal(argv[1], refuse);
		int taken = sink_session(fd, refuse, said);
		(void)close(fd);
		(void)snprintf(name, sizeof(name), taken ? "%u" : "refused-%u", taken ? ++taken_count : ++refused_count);
		file = open_in(argv[1], name, "we");
		if (file == NULL)
			return 1;
		(void)fputs(said, file);
		(void)fclose(file);
	}
}
