/*
 * Statistics: a member encrypts and proves, a trustee decrypts in part; figures, seed, the random scalars and the share are secret.
 * What is sent is public from then on.
 */
#include <string.h>

#include "core/crypto/elgamal.h"
#include "core/crypto/range.h"
#include "tests/ct/ct.h"

enum { COUNT = 4, PROVED = 6 };

/* Two counts and their flags, which are 1 where the count is not 0. */
static const uint8_t bits[COUNT] = { 8, 12, 1, 1 }, proved[PROVED] = { 1, 1, 8, 12, 8, 12 };
static const struct cdr_range_form forms[PROVED] = {
	{ { 2, 0 }, { 1, 0 } }, { { 3, 1 }, { 1, 0 } }, { { 0, 2 }, { 1, -1 } }, { { 1, 3 }, { 1, -1 } }, { { 2, 0 }, { 255, -1 } },
	{ { 3, 1 }, { 4095, -1 } },
};
static const struct cdr_range_layout layout = { .count = PROVED, .bits = proved, .form = forms, .cipher_count = COUNT,
	.cipher_bits = bits };
static uint32_t values[COUNT] = { 0, 4095, 0, 1 };
static uint8_t seed[CDR_RANGE_SEED_LEN], share[CDR_SCALAR_LEN], random_scalar[CDR_SCALAR_LEN];
static const struct cdr_bytes context = { (const uint8_t *)"ct", 2 };
static struct cdr_elgamal *key;

static void
run(uint8_t *packed, uint8_t partials[COUNT * CDR_POINT_LEN])
{
	uint8_t proof[CDR_PROOF_LEN];

	MUST(cdr_range_encrypt(key, context, &layout, values, seed, packed) == CDR_OK);
	PUBLIC(packed, cdr_range_packed_len(&layout));
	/* What OpenSSL gives back counts as secret once the check has begun; a verifier has no secret. */
	if (!ct_begun)
		MUST(cdr_range_verify(key, context, &layout, (struct cdr_bytes){ packed, cdr_range_packed_len(&layout) }, NULL) ==
		    CDR_OK);
	MUST(cdr_elgamal_partial(context, share, packed, COUNT, random_scalar, partials, proof) == CDR_OK);
	PUBLIC(partials, COUNT * CDR_POINT_LEN);
	PUBLIC(proof, sizeof(proof));
}

int
main(void)
{
	size_t len = cdr_range_packed_len(&layout);
	uint8_t *expected = malloc(len), *packed = malloc(len), public_key[CDR_POINT_LEN];
	uint8_t expected_partials[COUNT * CDR_POINT_LEN], partials[COUNT * CDR_POINT_LEN];

	MUST(expected != NULL && packed != NULL);
	memset(seed, 1, sizeof(seed));
	memset(share, 2, sizeof(share));
	memset(random_scalar, 3, sizeof(random_scalar));
	MUST(cdr_group_mul_base(share, public_key) == CDR_OK);
	MUST(cdr_elgamal_new(public_key, &key) == CDR_OK);
	run(expected, expected_partials);
	ct_begun = true;
	SECRET(values, sizeof(values));
	SECRET(seed, sizeof(seed));
	SECRET(share, sizeof(share));
	SECRET(random_scalar, sizeof(random_scalar));
	run(packed, partials);
	MUST(memcmp(packed, expected, len) == 0);
	MUST(memcmp(partials, expected_partials, sizeof(partials)) == 0);
	cdr_elgamal_free(key);
	free(expected);
	free(packed);
	return 0;
}
