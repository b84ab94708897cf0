#ifndef CDR_TESTS_UNIT_AHEAD_H
#define CDR_TESTS_UNIT_AHEAD_H

#include <stdint.h>

/*
 * Seconds by which the machine's clock is put ahead, for a test in which time passes. Who includes this has a time() that
 * stands in the C library's place.
 */
extern int64_t ahead;

#endif
