#ifndef CDR_TESTS_MUST_H
#define CDR_TESTS_MUST_H

#include <stdio.h>
#include <stdlib.h>

/* For programs that are no unit tests: what must hold, or it is told and the program ends. */
#define MUST(condition)                                                                         \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);   \
			abort();                                                                \
		}                                                                               \
	} while (0)

#endif
