/*
 * A library to load into a node (LD_PRELOAD): what it connects to on loopback stands behind other ports than it knows, as a
 * network does that is in somebody's hands. $REDIRECT is "FROM:TO FROM:TO ..."; a TO of 1 answers nobody.
 */

#include <dlfcn.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Where ${port} leads now. */
static unsigned
find(unsigned port)
{
	const char *at = getenv("REDIRECT");
	unsigned from, to;
	int used;

	while (at != NULL && sscanf(at, " %u:%u%n", &from, &to, &used) == 2) {
		if (from == port)
			return to;
		at += used;
	}
	return port;
}

int
connect(int fd, const struct sockaddr *address, socklen_t len)
{
	static int (*real)(int, const struct sockaddr *, socklen_t);
	struct sockaddr_in other;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "connect");
	if (address->sa_family != AF_INET || len != sizeof(other))
		return real(fd, address, len);
	memcpy(&other, address, sizeof(other));
	other.sin_port = htons((unsigned short)find(ntohs(other.sin_port)));
	return real(fd, (const struct sockaddr *)&other, len);
}
