#include "node/net/clock.h"

#include <time.h>

/* see node/net/clock.h */
uint64_t
cdr_clock_now(void)
{
	time_t now = time(NULL);

	return now > 0 ? (uint64_t)now : 0;
}

/* see node/net/clock.h */
uint64_t
cdr_clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
