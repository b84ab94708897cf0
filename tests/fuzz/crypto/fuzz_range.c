/* A packed contribution of any bytes: nothing but what a prover made is accepted, and it is never left half believed. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/range.h"
#include "core/crypto/secret.h"

static const uint8_t bits[] = { 4, 8, 1, 1 };
static const struct cdr_range_layout layout = { .count = sizeof(bits), .bits = bits };
static const struct cdr_bytes context = { (const uint8_t *)"fuzz", 4 };
static struct cdr_elgamal *key;
static uint8_t *made;
static size_t made_len;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const uint32_t values[] = { 9, 200, 1, 0 };
	uint8_t k[CDR_SCALAR_LEN], public_key[CDR_POINT_LEN], seed[CDR_RANGE_SEED_LEN] = { 5 };

	(void)argc;
	(void)argv;
	assert(cdr_secret_start(NULL) == CDR_OK);
	cdr_scalar_set(4711, k);
	assert(cdr_group_mul_base(k, public_key) == CDR_OK && cdr_elgamal_new(public_key, &key) == CDR_OK);
	made_len = cdr_range_packed_len(&layout);
	made = malloc(made_len);
	assert(made != NULL && cdr_range_encrypt(key, context, &layout, values, seed, made) == CDR_OK);
	return 0;
}

/* The bytes as they are; and, so that more than lengths is tried, as changes to what a prover made. */
static void
verify(const uint8_t *data, size_t len)
{
	struct cdr_ciphers *ciphers;
	cdr_err err = cdr_range_verify(key, context, &layout, (struct cdr_bytes){ data, len }, &ciphers);

	assert(err == CDR_OK || err == CDR_E_INPUT || err == CDR_E_POINT || err == CDR_E_PROOF);
	assert((err == CDR_OK) == (ciphers != NULL));
	if (err == CDR_OK) {
		assert(len == made_len && memcmp(data, made, len) == 0);
		assert(cdr_ciphers_count(ciphers) == layout.count);
	}
	cdr_ciphers_free(ciphers);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *changed = malloc(made_len);

	assert(changed != NULL);
	verify(data, len);
	memcpy(changed, made, made_len);
	/* Place in two bytes, then what is added there. */
	for (size_t i = 0; i + 3 <= len; i += 3)
		changed[(size_t)(data[i] << 8 | data[i + 1]) % made_len] ^= data[i + 2];
	verify(changed, made_len);
	free(changed);
	return 0;
}
