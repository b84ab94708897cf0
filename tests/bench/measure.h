#ifndef CDR_TESTS_BENCH_MEASURE_H
#define CDR_TESTS_BENCH_MEASURE_H

#include <stdint.h>
#include <time.h>

#include "tests/must.h"

/* What ${clock} says, in seconds, and in microseconds. */
double measure_s(clockid_t clock);
double measure_us(clockid_t clock);

/* Spread ${x} over 64 bits: data that look random and are the same each time (SplitMix64). */
uint64_t measure_mix(uint64_t x);

#endif
