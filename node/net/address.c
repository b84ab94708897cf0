#include "node/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One to five digits, up to 65535. */
static bool
read_port(const char *text, uint16_t *port)
{
	size_t len = strlen(text);
	unsigned long number;

	if (len < 1 || len > 5 || strspn(text, "0123456789") != len)
		return false;
	number = strtoul(text, NULL, 10);
	*port = (uint16_t)number;
	return number <= UINT16_MAX;
}

/* see node/net/address.h */
socklen_t
cdr_address_read(const char *text, struct sockaddr_storage *address)
{
	struct sockaddr_in *in = (struct sockaddr_in *)address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
	const char *colon = strrchr(text, ':');
	size_t host_len = colon == NULL ? 0 : (size_t)(colon - text);
	bool has_brackets = host_len > 2 && text[0] == '[' && text[host_len - 1] == ']';
	char host[CDR_ADDRESS_LEN] = "";
	socklen_t len = 0;
	uint16_t port = 0;

	memset(address, 0, sizeof(*address));
	if (host_len == 0 || host_len >= sizeof(host) || !read_port(colon + 1, &port))
		return 0;
	if (has_brackets)
		memcpy(host, text + 1, host_len - 2);
	else
		memcpy(host, text, host_len);
	if (has_brackets && inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		len = sizeof(*in6);
	} else if (!has_brackets && inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		len = sizeof(*in);
	}
	return len;
}

/* see node/net/address.h */
uint16_t
cdr_address_write(const struct sockaddr_storage *address, char text[static CDR_ADDRESS_LEN])
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	char host[INET6_ADDRSTRLEN] = "";
	bool is_6 = address->ss_family == AF_INET6;
	uint16_t port = ntohs(is_6 ? in6->sin6_port : in->sin_port);

	if (is_6)
		(void)inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
	else
		(void)inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
	(void)snprintf(text, CDR_ADDRESS_LEN, is_6 ? "[%s]:%u" : "%s:%u", host, port);
	return port;
}
