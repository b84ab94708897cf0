#ifndef CDR_TESTS_FUZZ_H
#define CDR_TESTS_FUZZ_H

/* What a fuzz driver defines, under libFuzzer (clang) and under driver.c (gcc) alike. */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* Once, before the first input; optional. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* One input. Returns 0; a property that does not hold aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#ifdef NDEBUG
#error "a fuzz driver without assertions finds nothing"
#endif

#endif
