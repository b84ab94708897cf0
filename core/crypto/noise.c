#include "core/crypto/noise.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"

#define RATIO_MAX (1U << 20)

/* see core/crypto/noise.h */
void
cdr_noise_init(struct cdr_noise *noise, const uint8_t seed[static CDR_NOISE_SEED_LEN])
{
	memset(noise, 0, sizeof(*noise));
	memcpy(noise->seed, seed, sizeof(noise->seed));
}

/* see core/crypto/noise.h */
void
cdr_noise_wipe(struct cdr_noise *noise)
{
	cdr_wipe(noise, sizeof(*noise));
}

/* One random byte. */
static cdr_err
draw_byte(struct cdr_noise *n, uint8_t *out)
{
	uint8_t number[8];

	if (n->left == 0) {
		cdr_number_write(n->counter, number, sizeof(number));
		n->counter++;
		const struct cdr_bytes parts[] = {
			{ (const uint8_t *)"candor/1 noise", 15 }, { n->seed, sizeof(n->seed) }, { number, sizeof(number) }
		};
		cdr_err err = cdr_sha256(parts, 3, n->block);
		if (err != CDR_OK)
			return err;
		n->left = sizeof(n->block);
	}
	*out = n->block[--n->left];
	return CDR_OK;
}

/* Uniform in 0 .. bound-1, by drawing again what would prefer some numbers. */
static cdr_err
draw_below(struct cdr_noise *n, uint64_t bound, uint64_t *out)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t mask = bound - 1;
	uint8_t byte;

	for (unsigned shift = 1; shift < 64; shift *= 2)
		mask |= mask >> shift;
	do {
		*out = 0;
		for (uint64_t m = mask; m != 0; m >>= 8) {
			CDR_TRY(draw_byte(n, &byte));
			*out = *out << 8 | byte;
		}
		*out &= mask;
	} while (*out >= bound);
	err = CDR_OK;
out:
	return err;
}

/* True with probability exp(-numerator / denominator), for a ratio of at most 1 (algorithm 1). */
static cdr_err
draw_exp(struct cdr_noise *n, uint64_t numerator, uint64_t denominator, bool *out)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t k = 1, u;

	for (;; k++) {
		CDR_TRY(draw_below(n, denominator * k, &u));
		if (u >= numerator)
			break;
	}
	*out = k % 2 == 1;
out:
	return err;
}

/* How often in a row something of probability exp(-1) happens. */
static cdr_err
draw_run(struct cdr_noise *n, uint64_t *out)
{
	cdr_err err = CDR_E_INTERNAL;
	bool again = false;

	for (*out = 0;; ++*out) {
		CDR_TRY(draw_exp(n, 1, 1, &again));
		if (!again)
			return CDR_OK;
	}
out:
	return err;
}

/* One draw of P(x) proportional to exp(-|x| s / t) (algorithm 2); ${done} is false if it has to be tried again. */
static cdr_err
try_draw(struct cdr_noise *n, uint64_t s, uint64_t t, int64_t *value, bool *done)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t u, v;
	uint8_t sign;
	bool keep;

	*done = false;
	/* u + t v is geometric with exp(-1/t); what is below t is kept with exp(-u/t). */
	CDR_TRY(draw_below(n, t, &u));
	CDR_TRY(draw_exp(n, u, t, &keep));
	if (!keep)
		return CDR_OK;
	CDR_TRY(draw_run(n, &v));
	uint64_t size = (u + t * v) / s;
	CDR_TRY(draw_byte(n, &sign));
	/* Zero would come with both signs. */
	if ((sign & 1) != 0 && size == 0)
		return CDR_OK;
	*value = (sign & 1) != 0 ? -(int64_t)size : (int64_t)size;
	*done = true;
out:
	return err;
}

/* see core/crypto/noise.h */
cdr_err
cdr_noise_draw(struct cdr_noise *noise, uint32_t numerator, uint32_t denominator, int32_t limit, int32_t *value)
{
	cdr_err err = CDR_E_INTERNAL;
	int64_t drawn = 0;
	bool done = false;

	*value = 0;
	if (numerator < 1 || numerator > RATIO_MAX || denominator < 1 || denominator > RATIO_MAX || limit < 1)
		return CDR_E_RANGE;
	while (!done) {
		CDR_TRY(try_draw(noise, numerator, denominator, &drawn, &done));
		done = done && drawn >= -(int64_t)limit && drawn <= (int64_t)limit;
	}
	*value = (int32_t)drawn;
out:
	cdr_wipe(&drawn, sizeof(drawn));
	return err;
}
