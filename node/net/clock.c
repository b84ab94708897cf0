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
bool
cdr_clock_is_due(uint64_t now, uint64_t done_at, uint64_t every_s)
{
	return now < done_at || now - done_at >= every_s;
}

/* see node/net/clock.h */
uint64_t
cdr_clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
