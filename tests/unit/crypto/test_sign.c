/*
 * Ed25519: what verifies and what does not.
 *
 * CCTV's vectors hold every combination of ambiguous cases, each a valid signature in the loosest reading of RFC 8032.
 * The rule of core/crypto/sign.h says to each flag:
 *
 *   low_order_A            A has order 1, 2, 4 or 8                             refused
 *   non_canonical_A        y of A is not below p, or x = 0 with a sign          refused
 *   non_canonical_R        the same of R                                        refused
 *   reencoded_k            the challenge hashes another encoding of A or R      refused
 *   low_order_residue      holds only when multiplied by the cofactor 8         refused
 *   low_order_component_A  A is a point of order L plus one of small order      accepted
 *   low_order_component_R  the same of R                                        accepted
 *   low_order_R            R has order 1, 2, 4 or 8                             accepted
 *
 * The accepted ones are harmless: only the owner of the key can make them, and each holds for one message.
 */
#include "tests/unit/unit.h"
#include "tests/unit/vectors.h"

#include <openssl/err.h>

#include "core/crypto/sign.h"

/* RFC 8032 sec. 7.1, tests 1 to 3. */
static const struct {
	const char *seed, *public, *msg, *sig;
} published[] = {
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
	    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
	    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
	    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
};

static void
signs_as_published(void **state)
{
	(void)state;
	uint8_t seed[32], public[32], want[64], got[64], msg[2];

	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
		size_t len = strlen(published[i].msg) / 2;
		assert_int_equal(cdr_hex_read(published[i].seed, seed, 32), CDR_OK);
		assert_int_equal(cdr_hex_read(published[i].msg, msg, len), CDR_OK);
		assert_int_equal(cdr_hex_read(published[i].public, want, 32), CDR_OK);
		assert_int_equal(cdr_sign_public(seed, public), CDR_OK);
		assert_memory_equal(public, want, 32);
		assert_int_equal(cdr_hex_read(published[i].sig, want, 64), CDR_OK);
		assert_int_equal(cdr_sign(seed, len > 0 ? msg : NULL, len, got), CDR_OK);
		assert_memory_equal(got, want, 64);
		assert_int_equal(cdr_verify(public, len > 0 ? msg : NULL, len, got), CDR_OK);
	}
}

static void
refuses_any_change(void **state)
{
	(void)state;
	uint8_t seed[32] = { 7 }, public[32], sig[64], msg[5] = "four";

	assert_int_equal(cdr_sign_public(seed, public), CDR_OK);
	assert_int_equal(cdr_sign(seed, msg, sizeof(msg), sig), CDR_OK);
	for (size_t bit = 0; bit < 8 * sizeof(sig); bit++) {
		sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(cdr_verify(public, msg, sizeof(msg), sig), CDR_E_SIGNATURE);
		sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * sizeof(public); bit++) {
		public[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(cdr_verify(public, msg, sizeof(msg), sig), CDR_E_SIGNATURE);
		public[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	msg[0] ^= 1;
	assert_int_equal(cdr_verify(public, msg, sizeof(msg), sig), CDR_E_SIGNATURE);
	assert_int_equal(cdr_verify(public, msg, sizeof(msg) - 1, sig), CDR_E_SIGNATURE);
	/* A refusal leaves nothing in OpenSSL's queue of errors, for TLS to stumble over. */
	assert_int_equal(ERR_peek_error(), 0);
}

/* One signature that every message would have: R and S zero, under the eight points of small order in each encoding. */
static void
refuses_keys_of_small_order(void **state)
{
	(void)state;
	static const char *const keys[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	};
	uint8_t public[32], sig[64] = { 0 };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		for (int sign = 0; sign < 2; sign++)
			/* R tries every encoding too: one of them holds where OpenSSL alone decides. */
			for (size_t j = 0; j < sizeof(keys) / sizeof(keys[0]); j++) {
				assert_int_equal(cdr_hex_read(keys[i], public, 32), CDR_OK);
				assert_int_equal(cdr_hex_read(keys[j], sig, 32), CDR_OK);
				public[31] |= (uint8_t)(sign << 7);
				assert_int_equal(cdr_verify(public, NULL, 0, sig), CDR_E_SIGNATURE);
			}
}

/* All 914 combinations: accepted are exactly those whose flags the list above accepts. */
static void
cctv(void **state)
{
	(void)state;
	static const char *const refused[] = { "low_order_A", "non_canonical_A", "non_canonical_R", "reencoded_k",
		"low_order_residue" };
	json_t *root = vectors_shared("cctv-ed25519vectors.json");
	json_t *test;
	size_t i, accepted = 0;
	uint8_t public[32], sig[64];

	json_array_foreach(root, i, test) {
		const char *msg = vectors_text(test, "msg");
		bool want = true;

		for (size_t f = 0; f < sizeof(refused) / sizeof(refused[0]); f++)
			want = want && !vectors_flag(test, "flags", refused[f]);
		assert_int_equal(vectors_hex(test, "key", public, sizeof(public)), sizeof(public));
		assert_int_equal(vectors_hex(test, "sig", sig, sizeof(sig)), sizeof(sig));
		assert_int_equal(cdr_verify(public, (const uint8_t *)msg, strlen(msg), sig),
		    want ? CDR_OK : CDR_E_SIGNATURE);
		accepted += want;
	}
	if (root != NULL) {
		assert_int_equal(json_array_size(root), 914);
		assert_int_equal(accepted, 86);
	}
	json_decref(root);
}

static void
wycheproof(void **state)
{
	(void)state;
	json_t *root = vectors_shared("wycheproof-ed25519_test.json");
	json_t *group, *test;
	size_t i, j, count = 0;
	static uint8_t msg[1024];
	uint8_t public[32], sig[128];

	json_array_foreach(json_object_get(root, "testGroups"), i, group) {
		assert_int_equal(vectors_hex(json_object_get(group, "publicKey"), "pk", public, 32), 32);
		json_array_foreach(json_object_get(group, "tests"), j, test) {
			size_t len = vectors_hex(test, "msg", msg, sizeof(msg));
			bool valid = strcmp(vectors_text(test, "result"), "valid") == 0;

			count++;
			/* Another length cannot be put to a function that takes 64 bytes. */
			if (vectors_hex(test, "sig", sig, sizeof(sig)) != CDR_SIGNATURE_LEN)
				assert_false(valid);
			else
				assert_int_equal(cdr_verify(public, msg, len, sig), valid ? CDR_OK : CDR_E_SIGNATURE);
		}
	}
	if (root != NULL)
		assert_int_equal(count, vectors_number(root, "numberOfTests"));
	json_decref(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_as_published),
		cmocka_unit_test(refuses_any_change),
		cmocka_unit_test(refuses_keys_of_small_order),
		cmocka_unit_test(cctv),
		cmocka_unit_test(wycheproof),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
