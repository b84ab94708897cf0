#ifndef CDR_TESTS_CT_H
#define CDR_TESTS_CT_H

/* A secret is memory that valgrind takes for uninitialised: it reports every branch and every address made from it. */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <valgrind/memcheck.h>

#define SECRET(data, len) ((void)VALGRIND_MAKE_MEM_UNDEFINED((data), (len)))
#define PUBLIC(data, len) ((void)VALGRIND_MAKE_MEM_DEFINED((data), (len)))

/* Set after a first run without secrets, which gives the results to compare with and starts the libraries. */
extern bool ct_begun;

/* What does not hold ends the program, so that nothing is taken for checked that did not run. */
#define MUST(condition)                                                                    \
	do {                                                                               \
		if (!(condition)) {                                                        \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);    \
			exit(2);                                                           \
		}                                                                          \
	} while (0)

#endif
