#ifndef CDR_NODE_NET_CLOCK_H
#define CDR_NODE_NET_CLOCK_H

/*
 * The one way in which the programs learn what time it is. What is due, what is late and what has expired is judged by a time
 * that is handed down as an argument; this is where it comes from. Beneath is the C library's time() and nothing else, so that
 * a test that puts another in its place (tests/net/preload/later.c; a unit test that defines its own) moves every program's
 * calendar, and no switch for tests is in what is shipped. What waits, waits on the clock that only goes forward.
 */

#include <stdbool.h>
#include <stdint.h>

#define CDR_DAY_SECONDS 86400

/* Seconds since 1970-01-01T00:00:00Z; 0 if the machine's clock stands before that. */
uint64_t cdr_clock_now(void);

/*
 * Whether what was done at ${done_at} and is to be done every ${every_s} seconds is due at ${now}. Also where ${done_at} is yet to come: a clock that was
 * ahead, and was put back since, holds up nothing.
 */
bool cdr_clock_is_due(uint64_t now, uint64_t done_at, uint64_t every_s);

/* Milliseconds of the clock that only goes forward, from some moment on: for waiting. */
uint64_t cdr_clock_ms(void);

#endif
