/*
 * Takes webhooks in a scenario: hook_sink PORT FOLDER. Each request is written to FOLDER/N (head and body as they came); the answer has the
 * status that stands in FOLDER/status (else 204).
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The whole request: its head, and as much as Content-Length says. */
static size_t
read_request(int fd, char *data, size_t room)
{
	size_t len = 0;

	while (len + 1 < room) {
		ssize_t n = read(fd, data + len, room - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
		data[len] = '\0';
		const char *body = strstr(data, "\r\n\r\n"), *length = strcasestr(data, "Content-Length:");
		if (body != NULL && (length == NULL || strlen(body + 4) >= strtoul(length + 15, NULL, 10)))
			break;
	}
	return len;
}

static int
status_of(const char *folder)
{
	char path[512];
	int status = 204;

	(void)snprintf(path, sizeof(path), "%s/status", folder);
	FILE *file = fopen(path, "r");
	if (file != NULL) {
		if (fscanf(file, "%d", &status) != 1)
			status = 204;
		(void)fclose(file);
	}
	return status;
}

int
main(int argc, char **argv)
{
	static char data[65536];
	char path[512], answer[128];
	int on = 1, listening = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	if (argc != 3)
		return 2;
	address.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	(void)setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listening, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(listening, 8) != 0)
		return 1;
	for (unsigned number = 1;; number++) {
		int fd = accept(listening, NULL, NULL);
		if (fd < 0)
			return 1;
		size_t len = read_request(fd, data, sizeof(data));
		(void)snprintf(path, sizeof(path), "%s/%u", argv[2], number);
		FILE *file = fopen(path, "w");
		if (file != NULL) {
			(void)fwrite(data, 1, len, file);
			(void)fclose(file);
		}
		int n = snprintf(answer, sizeof(answer), "HTTP/1.1 %d Status\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status_of(argv[2]));
		if (write(fd, answer, (size_t)n) < 0)
			(void)close(fd);
		else
			(void)close(fd);
	}
}
