#ifndef CDR_TESTS_UNIT_PLAIN_H
#define CDR_TESTS_UNIT_PLAIN_H

/*
 * For fuzz drivers and benches that take an exchange from the unit tests: assertions of cmocka's names without cmocka. Comes
 * before the header of what is played.
 */

#include <stdint.h>
#include <string.h>

#include "tests/must.h"

#define CDR_TESTS_UNIT_H
#define assert_true(a) MUST(a)
#define assert_int_equal(a, b) MUST((a) == (b))
#define assert_non_null(a) MUST((a) != NULL)
#define assert_string_equal(a, b) MUST(strcmp(a, b) == 0)
#define assert_memory_equal(a, b, len) MUST(memcmp(a, b, len) == 0)
#define fail_msg(...) abort()

#endif
