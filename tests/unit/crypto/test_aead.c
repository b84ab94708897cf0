/* AES-256-GCM, against Wycheproof and by changing every byte. */
#include "tests/unit/unit.h"
#include "tests/unit/vectors.h"

#include <openssl/err.h>

#include "core/crypto/aead.h"

static const uint8_t key[CDR_AEAD_KEY_LEN], nonce[CDR_AEAD_NONCE_LEN];
static const uint8_t zero[64], other[CDR_AEAD_KEY_LEN] = { 1 };

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13 and 14. */
static void
seals_as_published(void **state)
{
	(void)state;
	uint8_t want[32], got[32];

	assert_int_equal(cdr_hex_read("530f8afbc74536b9a963b4f1c4cb738b", want, 16), CDR_OK);
	assert_int_equal(cdr_aead_seal(key, nonce, NULL, 0, NULL, 0, got), CDR_OK);
	assert_memory_equal(got, want, 16);
	assert_int_equal(cdr_aead_open(key, nonce, NULL, 0, got, 16, NULL), CDR_OK);

	assert_int_equal(
	    cdr_hex_read("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919", want, 32), CDR_OK);
	assert_int_equal(cdr_aead_seal(key, nonce, NULL, 0, zero, 16, got), CDR_OK);
	assert_memory_equal(got, want, 32);
}

static void
opens_only_what_was_sealed(void **state)
{
	(void)state;
	const uint8_t message[20] = "nineteen characters", ad[3] = { 1, 2, 3 };
	uint8_t sealed[sizeof(message) + CDR_AEAD_TAG_LEN], out[sizeof(message)];

	assert_int_equal(cdr_aead_seal(key, nonce, ad, 3, message, sizeof(message), sealed), CDR_OK);
	assert_int_equal(cdr_aead_open(key, nonce, ad, 3, sealed, sizeof(sealed), out), CDR_OK);
	assert_memory_equal(out, message, sizeof(message));

	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 0x40;
		memset(out, 0xa5, sizeof(out));
		assert_int_equal(cdr_aead_open(key, nonce, ad, 3, sealed, sizeof(sealed), out), CDR_E_SEALED);
		assert_memory_equal(out, zero, sizeof(out));
		sealed[i] ^= 0x40;
	}
	for (size_t len = 0; len < sizeof(sealed); len++)
		assert_int_equal(cdr_aead_open(key, nonce, ad, 3, sealed, len, out), CDR_E_SEALED);
	assert_int_equal(cdr_aead_open(key, nonce, ad, 2, sealed, sizeof(sealed), out), CDR_E_SEALED);
	assert_int_equal(cdr_aead_open(key, other, ad, 3, sealed, sizeof(sealed), out), CDR_E_SEALED);
	assert_int_equal(cdr_aead_open(other, nonce, ad, 3, sealed, sizeof(sealed), out), CDR_E_SEALED);
	assert_int_equal(ERR_peek_error(), 0);
}

/* Sealing and opening where the bytes stand. */
static void
works_in_place(void **state)
{
	(void)state;
	uint8_t data[48 + CDR_AEAD_TAG_LEN] = { 0 };

	memset(data, 'x', 48);
	assert_int_equal(cdr_aead_seal(key, nonce, NULL, 0, data, 48, data), CDR_OK);
	assert_int_not_equal(data[0], 'x');
	assert_int_equal(cdr_aead_open(key, nonce, NULL, 0, data, sizeof(data), data), CDR_OK);
	for (size_t i = 0; i < 48; i++)
		assert_int_equal(data[i], 'x');
}

static void
refuses_what_is_too_long(void **state)
{
	(void)state;
	uint8_t out[1] = { 7 };

	assert_int_equal(cdr_aead_seal(key, nonce, zero, (size_t)CDR_AEAD_LEN_MAX + 1, zero, 1, out), CDR_E_RANGE);
	assert_int_equal(
	    cdr_aead_seal(key, nonce, NULL, 0, zero, CDR_AEAD_LEN_MAX - CDR_AEAD_TAG_LEN + 1, out), CDR_E_RANGE);
	assert_int_equal(cdr_aead_open(key, nonce, zero, (size_t)CDR_AEAD_LEN_MAX + 1, zero, 17, out), CDR_E_RANGE);
	assert_int_equal(cdr_aead_open(key, nonce, NULL, 0, zero, (size_t)CDR_AEAD_LEN_MAX + 1, out), CDR_E_RANGE);
	assert_int_equal(out[0], 7);
}

/* One case of Wycheproof in our sizes. */
static void
wycheproof_case(const json_t *test)
{
	static uint8_t msg[1024], ad[1024], sealed[1024 + CDR_AEAD_TAG_LEN], got[1024 + CDR_AEAD_TAG_LEN];
	uint8_t k[CDR_AEAD_KEY_LEN], n[CDR_AEAD_NONCE_LEN];
	bool valid = strcmp(vectors_text(test, "result"), "valid") == 0;

	assert_int_equal(vectors_hex(test, "key", k, sizeof(k)), sizeof(k));
	assert_int_equal(vectors_hex(test, "iv", n, sizeof(n)), sizeof(n));
	size_t msg_len = vectors_hex(test, "msg", msg, sizeof(msg));
	size_t ad_len = vectors_hex(test, "aad", ad, sizeof(ad));
	assert_int_equal(vectors_hex(test, "ct", sealed, 1024), msg_len);
	assert_int_equal(vectors_hex(test, "tag", sealed + msg_len, CDR_AEAD_TAG_LEN), CDR_AEAD_TAG_LEN);
	size_t sealed_len = msg_len + CDR_AEAD_TAG_LEN;

	assert_int_equal(cdr_aead_open(k, n, ad, ad_len, sealed, sealed_len, got), valid ? CDR_OK : CDR_E_SEALED);
	if (valid)
		assert_memory_equal(got, msg, msg_len);
	assert_int_equal(cdr_aead_seal(k, n, ad, ad_len, msg, msg_len, got), CDR_OK);
	assert_int_equal(memcmp(got, sealed, sealed_len) == 0, valid);
}

static void
wycheproof(void **state)
{
	(void)state;
	json_t *root = vectors_shared("wycheproof-aes_gcm_test.json");
	json_t *group, *test;
	size_t i, j, count = 0;

	json_array_foreach(json_object_get(root, "testGroups"), i, group) {
		if (vectors_number(group, "keySize") != 256 || vectors_number(group, "ivSize") != 96)
			continue;
		assert_int_equal(vectors_number(group, "tagSize"), 128);
		json_array_foreach(json_object_get(group, "tests"), j, test) {
			wycheproof_case(test);
			count++;
		}
	}
	if (root != NULL)
		assert_int_equal(count, 66);
	json_decref(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seals_as_published),
		cmocka_unit_test(opens_only_what_was_sealed),
		cmocka_unit_test(works_in_place),
		cmocka_unit_test(refuses_what_is_too_long),
		cmocka_unit_test(wycheproof),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
