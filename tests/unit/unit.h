#ifndef CDR_TESTS_UNIT_H
#define CDR_TESTS_UNIT_H

/* cmocka with the headers that it wants before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#endif
