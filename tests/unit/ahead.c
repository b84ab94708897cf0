#include "tests/unit/ahead.h"

#include <time.h>

/* see tests/unit/ahead.h */

int64_t ahead;

time_t
time(time_t *out)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += ahead;
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}
