/*
 * A library to load into a unit test (LD_PRELOAD) whose wall clock is a second later at each look: what takes two looks for one
 * finds that they differ, as they do once in many thousand runs otherwise. What waits, waits on the clock that only goes forward.
 */

#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int
clock_gettime(clockid_t clock, struct timespec *out)
{
	static atomic_long looks;

	if (syscall(SYS_clock_gettime, clock, out) != 0)
		return -1;
	if (clock == CLOCK_REALTIME)
		out->tv_sec += atomic_fetch_add(&looks, 1);
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}
