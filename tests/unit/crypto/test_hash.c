/* SHA-256, HMAC and HKDF, against the standards' figures and Wycheproof. */
#include "tests/unit/unit.h"
#include "tests/unit/vectors.h"

#include "core/crypto/hash.h"

static const uint8_t zero[64];

/* FIPS 180-4's examples: "abc" and the empty string; parts are concatenated, wherever they are cut. */
static void
sha256_of_parts(void **state)
{
	(void)state;
	const uint8_t *abc = (const uint8_t *)"abc";
	uint8_t want[32], got[32];

	assert_int_equal(
	    cdr_hex_read("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", want, 32), CDR_OK);
	for (size_t cut = 0; cut <= 3; cut++) {
		const struct cdr_bytes parts[3] = { { abc, cut }, { NULL, 0 }, { abc + cut, 3 - cut } };
		assert_int_equal(cdr_sha256(parts, 3, got), CDR_OK);
		assert_memory_equal(got, want, 32);
	}
	assert_int_equal(
	    cdr_hex_read("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", want, 32), CDR_OK);
	assert_int_equal(cdr_sha256(NULL, 0, got), CDR_OK);
	assert_memory_equal(got, want, 32);

	/* The output may stand where a part stood. */
	const struct cdr_bytes self = { got, 32 };
	assert_int_equal(cdr_sha256(&self, 1, got), CDR_OK);
	const struct cdr_bytes empty_hash = { want, 32 };
	assert_int_equal(cdr_sha256(&empty_hash, 1, want), CDR_OK);
	assert_memory_equal(got, want, 32);
}

/* RFC 4231 sec. 4.3, and an empty key, which is 64 zero bytes (RFC 2104 sec. 2). */
static void
hmac_of_parts(void **state)
{
	(void)state;
	const struct cdr_bytes parts[2] = { { (const uint8_t *)"what do ya want ", 16 },
		{ (const uint8_t *)"for nothing?", 12 } };
	uint8_t want[32], got[32];

	assert_int_equal(
	    cdr_hex_read("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", want, 32), CDR_OK);
	assert_int_equal(cdr_hmac_sha256((const uint8_t *)"Jefe", 4, parts, 2, got), CDR_OK);
	assert_memory_equal(got, want, 32);

	assert_int_equal(cdr_hmac_sha256(NULL, 0, parts, 2, got), CDR_OK);
	assert_int_equal(cdr_hmac_sha256(zero, 64, parts, 2, want), CDR_OK);
	assert_memory_equal(got, want, 32);
}

/* RFC 5869 appendix A.1 and A.3. */
static void
hkdf_of_the_rfc(void **state)
{
	(void)state;
	uint8_t ikm[22], salt[13], info[10], want[42], got[42];

	memset(ikm, 0x0b, sizeof(ikm));
	for (size_t i = 0; i < sizeof(salt); i++)
		salt[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(info); i++)
		info[i] = (uint8_t)(0xf0 + i);
	assert_int_equal(cdr_hex_read("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
	    want, 42), CDR_OK);
	assert_int_equal(cdr_hkdf_sha256(salt, 13, ikm, 22, info, 10, got, 42), CDR_OK);
	assert_memory_equal(got, want, 42);

	assert_int_equal(cdr_hex_read("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
	    want, 42), CDR_OK);
	assert_int_equal(cdr_hkdf_sha256(NULL, 0, ikm, 22, NULL, 0, got, 42), CDR_OK);
	assert_memory_equal(got, want, 42);

	/* WebCrypto takes 32 zero bytes for no salt: the same key. */
	assert_int_equal(cdr_hkdf_sha256(zero, 32, ikm, 22, NULL, 0, got, 42), CDR_OK);
	assert_memory_equal(got, want, 42);
}

/* Info in parts is info as a whole; what is out of range is refused and leaves the output alone. */
static void
hkdf_limits(void **state)
{
	(void)state;
	static uint8_t info[CDR_HKDF_INFO_MAX + 1], whole[CDR_HKDF_OUT_MAX + 1], split[CDR_HKDF_OUT_MAX + 1];
	struct cdr_bytes parts[CDR_HKDF_INFO_PARTS_MAX + 1] = { { info, 1000 }, { NULL, 0 }, { info + 1000, 24 } };

	for (size_t i = 0; i < sizeof(info); i++)
		info[i] = (uint8_t)(i * 7);
	assert_int_equal(
	    cdr_hkdf_sha256(NULL, 0, zero, 32, info, CDR_HKDF_INFO_MAX, whole, CDR_HKDF_OUT_MAX), CDR_OK);

	uint8_t prk[CDR_SHA256_LEN];
	const struct cdr_bytes ikm[2] = { { zero, 5 }, { zero, 27 } };
	assert_int_equal(cdr_hkdf_extract(NULL, 0, ikm, 2, prk), CDR_OK);
	assert_int_equal(cdr_hkdf_expand(prk, parts, 3, split, CDR_HKDF_OUT_MAX), CDR_OK);
	assert_memory_equal(split, whole, CDR_HKDF_OUT_MAX);

	parts[3] = (struct cdr_bytes) { info, 1 };
	assert_int_equal(cdr_hkdf_expand(prk, parts, 4, split, 32), CDR_E_RANGE);
	assert_int_equal(cdr_hkdf_expand(prk, parts, CDR_HKDF_INFO_PARTS_MAX + 1, split, 32), CDR_E_RANGE);
	assert_int_equal(cdr_hkdf_expand(prk, parts, 3, split, 0), CDR_E_RANGE);
	assert_int_equal(cdr_hkdf_expand(prk, parts, 3, split, CDR_HKDF_OUT_MAX + 1), CDR_E_RANGE);
	assert_int_equal(
	    cdr_hkdf_sha256(NULL, 0, zero, 32, info, CDR_HKDF_INFO_MAX + 1, split, 32), CDR_E_RANGE);
	assert_int_equal(cdr_hkdf_sha256(NULL, 0, zero, 32, NULL, 0, split, CDR_HKDF_OUT_MAX + 1), CDR_E_RANGE);
	assert_memory_equal(split, whole, CDR_HKDF_OUT_MAX);
}

/* Wycheproof's tags are cut to 16 bytes in half of the cases. */
static void
wycheproof_hmac(void **state)
{
	(void)state;
	json_t *root = vectors_shared("wycheproof-hmac_sha256_test.json");
	json_t *group, *test;
	size_t i, j, count = 0;
	uint8_t key[128], msg[1024], tag[32], got[32];

	json_array_foreach(json_object_get(root, "testGroups"), i, group) {
		size_t tag_len = (size_t)vectors_number(group, "tagSize") / 8;
		json_array_foreach(json_object_get(group, "tests"), j, test) {
			size_t key_len = vectors_hex(test, "key", key, sizeof(key));
			const struct cdr_bytes part = { msg, vectors_hex(test, "msg", msg, sizeof(msg)) };
			assert_int_equal(vectors_hex(test, "tag", tag, sizeof(tag)), tag_len);
			assert_int_equal(cdr_hmac_sha256(key, key_len, &part, 1, got), CDR_OK);
			bool valid = strcmp(vectors_text(test, "result"), "valid") == 0;
			assert_int_equal(memcmp(got, tag, tag_len) == 0, valid);
			count++;
		}
	}
	if (root != NULL)
		assert_int_equal(count, vectors_number(root, "numberOfTests"));
	json_decref(root);
}

static void
wycheproof_hkdf(void **state)
{
	(void)state;
	json_t *root = vectors_shared("wycheproof-hkdf_sha256_test.json");
	json_t *group, *test;
	size_t i, j, count = 0;
	static uint8_t ikm[256], salt[256], info[256], okm[CDR_HKDF_OUT_MAX], got[CDR_HKDF_OUT_MAX + 1];

	json_array_foreach(json_object_get(root, "testGroups"), i, group)
		json_array_foreach(json_object_get(group, "tests"), j, test) {
			size_t ikm_len = vectors_hex(test, "ikm", ikm, sizeof(ikm));
			size_t salt_len = vectors_hex(test, "salt", salt, sizeof(salt));
			size_t info_len = vectors_hex(test, "info", info, sizeof(info));
			size_t okm_len = vectors_hex(test, "okm", okm, sizeof(okm));
			size_t size = (size_t)vectors_number(test, "size");
			bool valid = strcmp(vectors_text(test, "result"), "valid") == 0;

			/* The invalid ones ask for more than there is. */
			assert_in_range(size, 1, sizeof(got));
			assert_int_equal(cdr_hkdf_sha256(salt, salt_len, ikm, ikm_len, info, info_len, got, size),
			    valid ? CDR_OK : CDR_E_RANGE);
			if (valid)
				assert_memory_equal(got, okm, okm_len);
			count++;
		}
	if (root != NULL)
		assert_int_equal(count, vectors_number(root, "numberOfTests"));
	json_decref(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_of_parts),
		cmocka_unit_test(hmac_of_parts),
		cmocka_unit_test(hkdf_of_the_rfc),
		cmocka_unit_test(hkdf_limits),
		cmocka_unit_test(wycheproof_hmac),
		cmocka_unit_test(wycheproof_hkdf),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
