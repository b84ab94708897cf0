#include "node/net/clock.h"

#include <time.h>

/* see node/net/clock.h */
uint64_t
cdr_clock_now(void)
{
	time_t now = time(NULL);

	return now > 0 ? (uint64_t)now : 0;
}
