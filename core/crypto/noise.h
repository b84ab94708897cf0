#ifndef CDR_CORE_CRYPTO_NOISE_H
#define CDR_CORE_CRYPTO_NOISE_H

/*
 * Noise for counts: the discrete Laplace distribution, exactly, in whole numbers alone. P(x) is proportional to
 * exp(-epsilon |x|). Added to a count it gives epsilon-differential privacy for one record more or less in that count;
 * floating point would give away what it hides (Mironov 2012).
 *
 * Source: Canonne, Kamath, Steinke 2020, "The Discrete Gaussian for Differential Privacy", algorithms 1 and 2.
 */

#include "core/error.h"

#define CDR_NOISE_SEED_LEN 32

/* Random bits from a seed, as many as are needed: SHA-256 of the seed and a counter. */
struct cdr_noise {
	uint8_t seed[CDR_NOISE_SEED_LEN];
	uint64_t counter;
	uint8_t block[32];
	size_t left;      /* bytes of the block that were not used yet */
};

/* Begin with ${seed}, which is secret and uniform. The same seed gives the same noise. cdr_noise_wipe ends it. */
void cdr_noise_init(struct cdr_noise *noise, const uint8_t seed[static CDR_NOISE_SEED_LEN]);
void cdr_noise_wipe(struct cdr_noise *noise);

/**
 * cdr_noise_draw(noise, numerator, denominator, limit, value):
 * One draw for epsilon = numerator / denominator. Draws beyond ${limit} are drawn again.
 *
 * numerator, denominator  in, public   1 .. 2^20
 * limit                   in, public   1 or more; beyond it lies at most exp(-epsilon limit) of the distribution
 * value                   out, secret
 *
 * Returns  CDR_OK; CDR_E_RANGE; CDR_E_MEMORY or CDR_E_INTERNAL from the hash function.
 * CT       not constant time: how long it takes tells about how large the value is. It is drawn where nobody watches.
 */
CDR_MUST_CHECK cdr_err cdr_noise_draw(struct cdr_noise *noise, uint32_t numerator, uint32_t denominator, int32_t limit,
    int32_t *value);

#endif
