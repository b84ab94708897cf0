/*
 * A library to load into a program (LD_PRELOAD) that puts its clock ahead: by as many seconds as the file $CANDOR_LATER says,
 * read at every look. Only time() is replaced: what waits, waits on the clock that only goes forward.
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

time_t
time(time_t *out)
{
	struct timespec now = { 0 };
	long ahead = 0;
	const char *path = getenv("CANDOR_LATER");
	FILE *file = path != NULL ? fopen(path, "re") : NULL;

	if (file != NULL) {
		if (fscanf(file, "%ld", &ahead) != 1)
			ahead = 0;
		(void)fclose(file);
	}
	(void)syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec + ahead;
	return now.tv_sec + ahead;
}
