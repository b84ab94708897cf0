/* HPKE: every step against RFC 9180's figures, and sealing as a whole. */
#include "tests/unit/unit.h"
#include "tests/unit/vectors.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "core/crypto/hpke.h"

static const uint8_t zero[128];

/* Any of the three AEADs, as OpenSSL has them: the vectors for P-256 in the RFC itself use one that we do not. */
static void
seal_with_openssl(json_int_t aead, const uint8_t *key, const uint8_t *nonce, const json_t *encryption, uint8_t *ct)
{
	static const char *const names[] = { NULL, "AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305" };
	uint8_t aad[64], pt[64];
	int aad_len = (int)vectors_hex(encryption, "aad", aad, sizeof(aad));
	int pt_len = (int)vectors_hex(encryption, "pt", pt, sizeof(pt));
	int len = 0;
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, names[aead], NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	assert_int_equal(EVP_EncryptInit_ex2(ctx, cipher, key, nonce, NULL), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &len, aad, aad_len), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, ct, &len, pt, pt_len), 1);
	assert_int_equal(EVP_EncryptFinal_ex(ctx, ct + pt_len, &len), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, CDR_AEAD_TAG_LEN, ct + pt_len), 1);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
}

/* Key, base nonce and ciphertexts. A later message's nonce is the base nonce XOR its number: the file gives it. */
static void
check_messages(const json_t *vector, const uint8_t *shared)
{
	json_int_t aead = vectors_number(vector, "aead_id");
	uint8_t info[64], key[32], nonce[12], want[128], ct[128];
	size_t info_len = vectors_hex(vector, "info", info, sizeof(info));
	size_t key_len = vectors_hex(vector, "key", want, sizeof(want));
	size_t i;
	json_t *encryption;

	assert_int_equal(
	    cdr_hpke_key_schedule((enum cdr_hpke_aead)aead, shared, info, info_len, key, key_len, nonce), CDR_OK);
	assert_memory_equal(key, want, key_len);
	assert_int_equal(vectors_hex(vector, "base_nonce", want, sizeof(want)), sizeof(nonce));
	assert_memory_equal(nonce, want, sizeof(nonce));

	json_array_foreach(json_object_get(vector, "encryptions"), i, encryption) {
		assert_int_equal(vectors_hex(encryption, "nonce", nonce, sizeof(nonce)), sizeof(nonce));
		seal_with_openssl(aead, key, nonce, encryption, ct);
		size_t len = vectors_hex(encryption, "ct", want, sizeof(want));
		assert_memory_equal(ct, want, len);
	}
}

/* Where the AEAD is ours, the first message opens as a whole. */
static void
check_open(const json_t *vector, const uint8_t *secret)
{
	const json_t *first = json_array_get(json_object_get(vector, "encryptions"), 0);
	uint8_t info[64], aad[64], pt[64], sealed[CDR_HPKE_OVERHEAD + 64], out[64];
	size_t info_len = vectors_hex(vector, "info", info, sizeof(info));
	size_t aad_len = vectors_hex(first, "aad", aad, sizeof(aad));
	size_t pt_len = vectors_hex(first, "pt", pt, sizeof(pt));

	assert_int_equal(vectors_hex(vector, "enc", sealed, CDR_HPKE_PUBLIC_LEN), CDR_HPKE_PUBLIC_LEN);
	size_t ct_len = vectors_hex(first, "ct", sealed + CDR_HPKE_PUBLIC_LEN, sizeof(sealed) - CDR_HPKE_PUBLIC_LEN);
	assert_int_equal(
	    cdr_hpke_open(secret, info, info_len, aad, aad_len, sealed, CDR_HPKE_PUBLIC_LEN + ct_len, out), CDR_OK);
	assert_memory_equal(out, pt, pt_len);
}

static void
check_vector(const json_t *vector)
{
	uint8_t ikm[64], want[65], ephemeral[32], secret[32], public[65], enc[65], shared[32], again[32];
	size_t len = vectors_hex(vector, "ikmE", ikm, sizeof(ikm));

	assert_int_equal(cdr_hpke_derive_keypair(ikm, len, ephemeral, public), CDR_OK);
	assert_int_equal(vectors_hex(vector, "skEm", want, sizeof(want)), 32);
	assert_memory_equal(ephemeral, want, 32);

	len = vectors_hex(vector, "ikmR", ikm, sizeof(ikm));
	assert_int_equal(cdr_hpke_derive_keypair(ikm, len, secret, public), CDR_OK);
	assert_int_equal(vectors_hex(vector, "skRm", want, sizeof(want)), 32);
	assert_memory_equal(secret, want, 32);
	assert_int_equal(vectors_hex(vector, "pkRm", want, sizeof(want)), 65);
	assert_memory_equal(public, want, 65);

	assert_int_equal(cdr_hpke_encap(public, ephemeral, enc, shared), CDR_OK);
	assert_int_equal(vectors_hex(vector, "enc", want, sizeof(want)), 65);
	assert_memory_equal(enc, want, 65);
	assert_int_equal(vectors_hex(vector, "shared_secret", want, sizeof(want)), 32);
	assert_memory_equal(shared, want, 32);
	assert_int_equal(cdr_hpke_decap(secret, enc, again), CDR_OK);
	assert_memory_equal(again, shared, 32);

	/* 65535 stands for no AEAD at all. */
	if (vectors_number(vector, "aead_id") <= CDR_HPKE_CHACHA20_POLY1305)
		check_messages(vector, shared);
	if (vectors_number(vector, "aead_id") == CDR_HPKE_AES_256_GCM)
		check_open(vector, secret);
}

static size_t
check_vectors(json_t *root)
{
	size_t i, count = 0;
	json_t *vector;

	json_array_foreach(root, i, vector)
		if (vectors_number(vector, "kem_id") == 0x0010) {
			check_vector(vector);
			count++;
		}
	json_decref(root);
	return count;
}

static void
agrees_with_the_rfc(void **state)
{
	(void)state;
	assert_int_equal(check_vectors(vectors_own("rfc9180-a3.json")), 1);
}

static void
agrees_with_all_published(void **state)
{
	(void)state;
	json_t *root = vectors_shared("rfc9180-base.json");

	if (root != NULL)
		assert_int_equal(check_vectors(root), 4);
}

static const uint8_t info[] = "candor test", ad[] = { 1, 2, 3 };

static void
opens_only_what_was_sealed(void **state)
{
	(void)state;
	const uint8_t message[50] = "a message";
	uint8_t secret[32], public[65], other_secret[32], other_public[65], out[50];
	uint8_t sealed[sizeof(message) + CDR_HPKE_OVERHEAD];

	assert_int_equal(cdr_hpke_keypair(secret, public), CDR_OK);
	assert_int_equal(cdr_hpke_public(secret, other_public), CDR_OK);
	assert_memory_equal(public, other_public, 65);
	assert_int_equal(cdr_hpke_keypair(other_secret, other_public), CDR_OK);
	assert_memory_not_equal(public, other_public, 65);

	assert_int_equal(
	    cdr_hpke_seal(public, info, sizeof(info), ad, sizeof(ad), message, sizeof(message), sealed), CDR_OK);
	assert_int_equal(
	    cdr_hpke_open(secret, info, sizeof(info), ad, sizeof(ad), sealed, sizeof(sealed), out), CDR_OK);
	assert_memory_equal(out, message, sizeof(message));

	/* Another byte anywhere, in the key (mostly no point any more), the text or the tag. */
	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 1;
		memset(out, 0xa5, sizeof(out));
		assert_int_equal(cdr_hpke_open(secret, info, sizeof(info), ad, sizeof(ad), sealed, sizeof(sealed), out),
		    CDR_E_SEALED);
		assert_memory_equal(out, zero, sizeof(out));
		sealed[i] ^= 1;
	}
	for (size_t len = 0; len < sizeof(sealed); len += 7)
		assert_int_equal(
		    cdr_hpke_open(secret, info, sizeof(info), ad, sizeof(ad), sealed, len, out), CDR_E_SEALED);
	/* Another recipient, another purpose, other associated data. */
	assert_int_equal(cdr_hpke_open(other_secret, info, sizeof(info), ad, sizeof(ad), sealed, sizeof(sealed), out),
	    CDR_E_SEALED);
	assert_int_equal(
	    cdr_hpke_open(secret, info, sizeof(info) - 1, ad, sizeof(ad), sealed, sizeof(sealed), out), CDR_E_SEALED);
	assert_int_equal(
	    cdr_hpke_open(secret, info, sizeof(info), ad, sizeof(ad) - 1, sealed, sizeof(sealed), out), CDR_E_SEALED);
	assert_int_equal(ERR_peek_error(), 0);
}

/* Nothing to say is a message too, and the same message never looks the same twice. */
static void
seals_the_empty_message(void **state)
{
	(void)state;
	uint8_t secret[32], public[65], a[CDR_HPKE_OVERHEAD], b[CDR_HPKE_OVERHEAD];

	assert_int_equal(cdr_hpke_keypair(secret, public), CDR_OK);
	assert_int_equal(cdr_hpke_seal(public, NULL, 0, NULL, 0, NULL, 0, a), CDR_OK);
	assert_int_equal(cdr_hpke_seal(public, NULL, 0, NULL, 0, NULL, 0, b), CDR_OK);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_int_equal(cdr_hpke_open(secret, NULL, 0, NULL, 0, a, sizeof(a), NULL), CDR_OK);
}

static void
refuses_bad_keys_and_lengths(void **state)
{
	(void)state;
	uint8_t secret[32], public[65], enc[65], shared[32], out[CDR_HPKE_OVERHEAD + 1];
	const uint8_t no_point[65] = { 4 };

	assert_int_equal(cdr_hpke_keypair(secret, public), CDR_OK);
	memset(out, 0xa5, sizeof(out));
	assert_int_equal(cdr_hpke_seal(no_point, NULL, 0, NULL, 0, zero, 1, out), CDR_E_POINT);
	assert_memory_equal(out, zero, sizeof(out));
	assert_int_equal(cdr_hpke_encap(no_point, secret, enc, shared), CDR_E_POINT);
	assert_memory_equal(enc, zero, sizeof(enc));
	assert_int_equal(cdr_hpke_decap(secret, no_point, shared), CDR_E_POINT);

	/* 0 and n are no secrets. */
	uint8_t order[32];
	assert_int_equal(
	    cdr_hex_read("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", order, 32), CDR_OK);
	assert_int_equal(cdr_hpke_public(zero, enc), CDR_E_INPUT);
	assert_int_equal(cdr_hpke_public(order, enc), CDR_E_INPUT);
	assert_memory_equal(enc, zero, sizeof(enc));
	assert_int_equal(cdr_hpke_encap(public, zero, enc, shared), CDR_E_INPUT);
	assert_int_equal(cdr_hpke_decap(order, public, shared), CDR_E_INPUT);
	assert_int_equal(cdr_hpke_open(zero, NULL, 0, NULL, 0, out, sizeof(out), out), CDR_E_INPUT);

	assert_int_equal(cdr_hpke_derive_keypair(zero, 31, secret, public), CDR_E_RANGE);
	assert_memory_equal(secret, zero, sizeof(secret));
	memset(out, 7, sizeof(out));
	assert_int_equal(cdr_hpke_seal(public, NULL, 0, NULL, 0, zero, CDR_AEAD_LEN_MAX - 15, out), CDR_E_RANGE);
	assert_int_equal(cdr_hpke_seal(public, NULL, 0, zero, CDR_AEAD_LEN_MAX + 1U, zero, 1, out), CDR_E_RANGE);
	assert_int_equal(cdr_hpke_open(order, NULL, 0, NULL, 0, zero, CDR_AEAD_LEN_MAX + 1U, out), CDR_E_RANGE);
	assert_int_equal(out[0], 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_rfc),
		cmocka_unit_test(agrees_with_all_published),
		cmocka_unit_test(opens_only_what_was_sealed),
		cmocka_unit_test(seals_the_empty_message),
		cmocka_unit_test(refuses_bad_keys_and_lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
