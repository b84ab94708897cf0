/* COCKTAIL-DKG against its published vectors, byte for byte, and every documented refusal. */
#include "tests/unit/unit.h"
#include "tests/unit/vectors.h"

#include "core/crypto/hash.h"
#include "core/crypto/dkg.h"
#include "core/crypto/xaes.h"

/* One vector, read into the forms that the code works on. */
struct ceremony {
	struct cdr_dkg_group group;
	uint8_t static_secret[CDR_TRUSTEES_MAX][CDR_SCALAR_LEN];
	struct cdr_dkg_offer offer[CDR_TRUSTEES_MAX];
	uint8_t sealed[CDR_TRUSTEES_MAX][CDR_TRUSTEES_MAX][CDR_DKG_PLAIN_MAX];
	size_t sealed_len;
};

static size_t
hex_at(const json_t *array, size_t at, uint8_t *out, size_t size)
{
	const char *text = json_string_value(json_array_get(array, at));

	assert_non_null(text);
	size_t len = strlen(text) / 2;
	assert_in_range(len, 0, size);
	assert_int_equal(cdr_hex_read(text, out, len), CDR_OK);
	return len;
}

static void
read_ceremony(const json_t *vector, struct ceremony *c)
{
	const json_t *config = json_object_get(vector, "config"), *round1 = json_object_get(vector, "round1");
	uint8_t n = (uint8_t)vectors_number(vector, "n"), t = (uint8_t)vectors_number(vector, "t");
	uint8_t keys[CDR_TRUSTEES_MAX][CDR_POINT_LEN], session[64], context[CDR_DKG_CONTEXT_LEN];
	size_t session_len = vectors_hex(vector, "session_tag", session, sizeof(session));

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < n; i++) {
		hex_at(json_object_get(config, "static_secret_keys"), i, c->static_secret[i], CDR_SCALAR_LEN);
		hex_at(json_object_get(config, "static_public_keys"), i, keys[i], CDR_POINT_LEN);
	}
	assert_int_equal(cdr_dkg_group_init(n, t, keys[0], (struct cdr_bytes){ session, session_len }, &c->group), CDR_OK);
	vectors_hex(vector, "context", context, sizeof(context));
	assert_memory_equal(c->group.context, context, sizeof(context));
	for (size_t i = 0; i < n; i++) {
		const json_t *round = json_array_get(round1, i), *commitment = json_object_get(round, "vss_commitment");

		assert_int_equal(json_array_size(commitment), t);
		for (size_t k = 0; k < t; k++)
			hex_at(commitment, k, c->offer[i].commitments + k * CDR_POINT_LEN, CDR_POINT_LEN);
		vectors_hex(round, "pop", c->offer[i].proof, CDR_DKG_SIGNATURE_LEN);
		vectors_hex(round, "ephemeral_public_key", c->offer[i].ephemeral, CDR_POINT_LEN);
		for (size_t k = 0; k < n; k++)
			c->sealed_len = hex_at(json_object_get(round, "encrypted_shares"), k, c->sealed[i][k], CDR_DKG_PLAIN_MAX);
		if (c->sealed_len == CDR_DKG_SEALED_LEN) {
			for (size_t k = 0; k < n; k++)
				memcpy(c->offer[i].sealed[k], c->sealed[i][k], CDR_DKG_SEALED_LEN);
		}
	}
}

/* The share that ${from} dealt ${to}, opened from the vector's ciphertext, with or without a payload. */
static void
open_share(const struct ceremony *c, uint8_t from, uint8_t to, uint8_t plain[static CDR_DKG_PLAIN_MAX])
{
	uint8_t shared[CDR_DKG_SHARED_LEN], again[CDR_DKG_PLAIN_MAX];
	const struct cdr_dkg_offer *offer = &c->offer[from - 1];

	assert_int_equal(cdr_dkg_shared_receiver(&c->group, from, c->static_secret[to - 1], offer->ephemeral, shared), CDR_OK);
	const struct cdr_dkg_pair pair = { from, to, offer->ephemeral, shared };
	const uint8_t *sealed = c->sealed[from - 1][to - 1];
	assert_int_equal(cdr_dkg_open(&c->group, &pair, (struct cdr_bytes){ sealed, c->sealed_len }, plain), CDR_OK);
	assert_int_equal(cdr_threshold_check(plain, to, offer->commitments, c->group.t), CDR_OK);
	/* Sealing is deterministic: the same bytes come out. */
	size_t len = c->sealed_len - CDR_DKG_TAG_LEN;
	assert_int_equal(cdr_dkg_seal(&c->group, &pair, (struct cdr_bytes){ plain, len }, again), CDR_OK);
	assert_memory_equal(again, sealed, c->sealed_len);
}

static void
check_shares(const json_t *vector, const struct ceremony *c)
{
	struct cdr_dkg_key key;
	uint8_t want[CDR_POINT_LEN], plain[CDR_DKG_PLAIN_MAX], sum[CDR_SCALAR_LEN], payload[CDR_DKG_PLAIN_MAX];
	const json_t *payloads = json_object_get(vector, "payloads");

	assert_int_equal(cdr_dkg_key(&c->group, c->offer, &key), CDR_OK);
	vectors_hex(vector, "group_public_key", want, sizeof(want));
	assert_memory_equal(key.public_key, want, sizeof(want));
	for (uint8_t to = 1; to <= c->group.n; to++) {
		const json_t *round2 = json_array_get(json_object_get(vector, "round2"), to - 1u);

		memset(sum, 0, sizeof(sum));
		for (uint8_t from = 1; from <= c->group.n; from++) {
			open_share(c, from, to, plain);
			cdr_scalar_add(sum, plain, sum);
			if (payloads != NULL) {
				size_t len = hex_at(payloads, from - 1u, payload, sizeof(payload));
				assert_int_equal(len, c->sealed_len - CDR_DKG_SEALED_LEN);
				assert_memory_equal(plain + CDR_SCALAR_LEN, payload, len);
			}
		}
		vectors_hex(round2, "secret_share", want, sizeof(want));
		assert_memory_equal(sum, want, CDR_SCALAR_LEN);
		vectors_hex(round2, "verification_share", want, sizeof(want));
		assert_memory_equal(key.public_share[to - 1], want, CDR_POINT_LEN);
	}
}

static void
check_certificates(const json_t *vector, const struct ceremony *c)
{
	const json_t *round3 = json_object_get(vector, "round3");
	uint8_t extension[256], hash[CDR_SHA256_LEN], want[CDR_SHA256_LEN];
	uint8_t signature[CDR_DKG_SIGNATURE_LEN], made[CDR_DKG_SIGNATURE_LEN];
	uint8_t *transcript;
	size_t extension_len = vectors_hex(vector, "extension", extension, sizeof(extension));

	struct cdr_bytes bytes = { NULL, cdr_dkg_transcript_len(&c->group, extension_len) };
	transcript = malloc(bytes.len);
	assert_non_null(transcript);
	cdr_dkg_transcript(&c->group, c->offer, (struct cdr_bytes){ extension, extension_len }, transcript);
	bytes.data = transcript;
	assert_int_equal(cdr_sha256(&bytes, 1, hash), CDR_OK);
	vectors_hex(round3, "transcript_hash", want, sizeof(want));
	assert_memory_equal(hash, want, sizeof(want));
	for (size_t i = 0; i < c->group.n; i++) {
		const json_t *entry = json_array_get(json_object_get(round3, "signatures"), i);

		vectors_hex(entry, "signature", signature, sizeof(signature));
		assert_int_equal(cdr_dkg_sign(c->static_secret[i], bytes, made), CDR_OK);
		assert_memory_equal(made, signature, sizeof(made));
		assert_int_equal(cdr_dkg_verify(c->group.key[i], bytes, signature), CDR_OK);
		assert_int_equal(cdr_dkg_verify(c->group.key[(i + 1) % c->group.n], bytes, signature), CDR_E_PROOF);
	}
	free(transcript);
}

static void
test_vectors(void **state)
{
	json_t *root = vectors_shared("cctv-cocktail-dkg-p256-sha256.json"), *vector;
	static struct ceremony c;
	size_t i;

	(void)state;
	if (root == NULL)
		return;
	json_array_foreach(json_object_get(root, "vectors"), i, vector) {
		read_ceremony(vector, &c);
		for (size_t k = 0; k < c.group.n; k++)
			assert_int_equal(cdr_dkg_offer_check(&c.group, (uint8_t)(k + 1), &c.offer[k]), CDR_OK);
		check_shares(vector, &c);
		check_certificates(vector, &c);
	}
	assert_true(i >= 4);
	json_decref(root);
}

/* A ceremony of our own: two of three, from fixed secrets. */
struct own {
	struct cdr_dkg_group group;
	uint8_t secret[3][CDR_SCALAR_LEN];
	uint8_t ephemeral[CDR_SCALAR_LEN];
	uint8_t coefficients[2][CDR_SCALAR_LEN];
	struct cdr_dkg_dealer dealer;
	struct cdr_dkg_offer offer;
};

static void
make_own(struct own *o)
{
	uint8_t keys[3][CDR_POINT_LEN];

	for (size_t i = 0; i < 3; i++) {
		cdr_scalar_set(1000 + i, o->secret[i]);
		assert_int_equal(cdr_group_mul_base(o->secret[i], keys[i]), CDR_OK);
	}
	cdr_scalar_set(77, o->ephemeral);
	cdr_scalar_set(5, o->coefficients[0]);
	cdr_scalar_set(6, o->coefficients[1]);
	o->dealer = (struct cdr_dkg_dealer){ o->secret[0], o->ephemeral, o->coefficients[0] };
	assert_int_equal(cdr_dkg_group_init(3, 2, keys[0], (struct cdr_bytes){ keys[0], 4 }, &o->group), CDR_OK);
	assert_int_equal(cdr_dkg_offer_make(&o->group, 1, &o->dealer, &o->offer), CDR_OK);
}

static void
test_group_refusals(void **state)
{
	struct own o;
	struct cdr_dkg_group group;
	uint8_t keys[3][CDR_POINT_LEN];
	const struct cdr_bytes session = { NULL, 0 };

	(void)state;
	make_own(&o);
	memcpy(keys, o.group.key, sizeof(keys));
	assert_int_equal(cdr_dkg_group_init(0, 1, keys[0], session, &group), CDR_E_RANGE);
	assert_int_equal(cdr_dkg_group_init(33, 9, keys[0], session, &group), CDR_E_RANGE);
	assert_int_equal(cdr_dkg_group_init(3, 0, keys[0], session, &group), CDR_E_RANGE);
	assert_int_equal(cdr_dkg_group_init(3, 4, keys[0], session, &group), CDR_E_RANGE);
	memcpy(keys[2], keys[0], CDR_POINT_LEN);
	assert_int_equal(cdr_dkg_group_init(3, 2, keys[0], session, &group), CDR_E_EXISTS);
	memset(keys[2], 0, CDR_POINT_LEN);
	assert_int_equal(cdr_dkg_group_init(3, 2, keys[0], session, &group), CDR_E_POINT);
}

static void
test_offer_wire(void **state)
{
	struct own o;
	struct cdr_dkg_offer back;
	uint8_t bytes[512];

	(void)state;
	make_own(&o);
	size_t len = cdr_dkg_offer_len(&o.group);
	assert_int_equal(len, 2 * 33 + 65 + 33 + 3 * (8 + 48));
	assert_in_range(len, 1, sizeof(bytes));
	cdr_dkg_offer_write(&o.group, &o.offer, bytes);
	assert_int_equal(cdr_dkg_offer_read(&o.group, (struct cdr_bytes){ bytes, len }, &back), CDR_OK);
	assert_memory_equal(&back, &o.offer, sizeof(back));
	assert_int_equal(cdr_dkg_offer_read(&o.group, (struct cdr_bytes){ bytes, len - 1 }, &back), CDR_E_INPUT);
	bytes[2 * 33 + 65 + 33] = 1; /* a frame of another length */
	assert_int_equal(cdr_dkg_offer_read(&o.group, (struct cdr_bytes){ bytes, len }, &back), CDR_E_INPUT);
}

static void
test_offer_refusals(void **state)
{
	struct own o;
	struct cdr_dkg_offer offer;
	uint8_t zero[CDR_SCALAR_LEN] = { 0 };

	(void)state;
	make_own(&o);
	assert_int_equal(cdr_dkg_offer_make(&o.group, 0, &o.dealer, &offer), CDR_E_RANGE);
	assert_int_equal(cdr_dkg_offer_make(&o.group, 4, &o.dealer, &offer), CDR_E_RANGE);
	assert_int_equal(cdr_dkg_offer_make(&o.group, 2, &o.dealer, &offer), CDR_E_INPUT);
	o.dealer.ephemeral = zero;
	assert_int_equal(cdr_dkg_offer_make(&o.group, 1, &o.dealer, &offer), CDR_E_INPUT);

	offer = o.offer;
	assert_int_equal(cdr_dkg_offer_check(&o.group, 1, &offer), CDR_OK);
	offer.proof[40] ^= 1;
	assert_int_equal(cdr_dkg_offer_check(&o.group, 1, &offer), CDR_E_PROOF);
	offer = o.offer;
	memset(offer.proof + CDR_POINT_LEN, 0xff, CDR_SCALAR_LEN); /* not below n */
	assert_int_equal(cdr_dkg_offer_check(&o.group, 1, &offer), CDR_E_PROOF);
	offer = o.offer;
	memset(offer.ephemeral, 0, CDR_POINT_LEN);
	assert_int_equal(cdr_dkg_offer_check(&o.group, 1, &offer), CDR_E_POINT);
	offer = o.offer;
	offer.commitments[CDR_POINT_LEN] = 4;
	assert_int_equal(cdr_dkg_offer_check(&o.group, 1, &offer), CDR_E_POINT);
	/* Another commitment than the one that the proof covers. */
	offer = o.offer;
	memcpy(offer.commitments + CDR_POINT_LEN, offer.ephemeral, CDR_POINT_LEN);
	assert_int_equal(cdr_dkg_offer_check(&o.group, 1, &offer), CDR_E_PROOF);
}

static void
test_share_refusals(void **state)
{
	struct own o;
	uint8_t shared[CDR_DKG_SHARED_LEN], share[CDR_SCALAR_LEN], wrong[CDR_SCALAR_LEN];
	const uint8_t zero[CDR_SCALAR_LEN] = { 0 };

	(void)state;
	make_own(&o);
	assert_int_equal(cdr_dkg_shared_receiver(&o.group, 1, o.secret[1], o.offer.ephemeral, shared), CDR_OK);
	assert_int_equal(cdr_dkg_share_open(&o.group, 1, 2, &o.offer, shared, share), CDR_OK);
	assert_int_equal(share[31], 5 + 2 * 6);
	assert_int_equal(cdr_dkg_share_open(&o.group, 1, 4, &o.offer, shared, share), CDR_E_RANGE);
	assert_int_equal(cdr_dkg_share_open(&o.group, 1, 3, &o.offer, shared, share), CDR_E_SEALED);
	assert_memory_equal(share, zero, sizeof(zero));

	/* What does not lie on the polynomial, and what is no scalar. */
	const struct cdr_dkg_pair pair = { 1, 2, o.offer.ephemeral, shared };
	cdr_scalar_set(18, wrong);
	assert_int_equal(cdr_dkg_seal(&o.group, &pair, (struct cdr_bytes){ wrong, 32 }, o.offer.sealed[1]), CDR_OK);
	assert_int_equal(cdr_dkg_share_open(&o.group, 1, 2, &o.offer, shared, share), CDR_E_SHARE);
	memset(wrong, 0xff, sizeof(wrong));
	assert_int_equal(cdr_dkg_seal(&o.group, &pair, (struct cdr_bytes){ wrong, 32 }, o.offer.sealed[1]), CDR_OK);
	assert_int_equal(cdr_dkg_share_open(&o.group, 1, 2, &o.offer, shared, share), CDR_E_SHARE);
	assert_int_equal(cdr_dkg_seal(&o.group, &pair, (struct cdr_bytes){ zero, 32 }, o.offer.sealed[1]), CDR_OK);
	assert_int_equal(cdr_dkg_share_open(&o.group, 1, 2, &o.offer, shared, share), CDR_E_SHARE);
	assert_memory_equal(share, zero, sizeof(zero));

	uint8_t big[CDR_DKG_PLAIN_MAX + 1 + CDR_DKG_TAG_LEN] = { 0 };
	assert_int_equal(cdr_dkg_seal(&o.group, &pair, (struct cdr_bytes){ big, CDR_DKG_PLAIN_MAX + 1 }, big), CDR_E_RANGE);
	assert_int_equal(cdr_dkg_open(&o.group, &pair, (struct cdr_bytes){ big, sizeof(big) }, big), CDR_E_RANGE);
	assert_int_equal(cdr_dkg_open(&o.group, &pair, (struct cdr_bytes){ big, 15 }, big), CDR_E_RANGE);
	assert_int_equal(cdr_dkg_shared_receiver(&o.group, 0, o.secret[1], o.offer.ephemeral, shared), CDR_E_RANGE);
}

static void
test_signature_refusals(void **state)
{
	struct own o;
	uint8_t signature[CDR_DKG_SIGNATURE_LEN], zero[CDR_SCALAR_LEN] = { 0 }, none[CDR_POINT_LEN] = { 0 };
	const struct cdr_bytes message = { (const uint8_t *)"abc", 3 };

	(void)state;
	make_own(&o);
	assert_int_equal(cdr_dkg_sign(zero, message, signature), CDR_E_INPUT);
	assert_int_equal(cdr_dkg_sign(o.secret[0], message, signature), CDR_OK);
	assert_int_equal(cdr_dkg_verify(o.group.key[0], message, signature), CDR_OK);
	assert_int_equal(cdr_dkg_verify(none, message, signature), CDR_E_POINT);
	assert_int_equal(cdr_dkg_verify(o.group.key[0], (struct cdr_bytes){ message.data, 2 }, signature), CDR_E_PROOF);
	signature[0] ^= 1;
	assert_int_equal(cdr_dkg_verify(o.group.key[0], message, signature), CDR_E_PROOF);
}

/* C2SP XAES-256-GCM, the specification's own test vector. */
static void
test_xaes(void **state)
{
	uint8_t key[CDR_XAES_KEY_LEN], sealed[12 + 16], want[12 + 16], plain[12];
	const uint8_t *nonce = (const uint8_t *)"ABCDEFGHIJKLMNOPQRSTUVWX";

	(void)state;
	memset(key, 1, sizeof(key));
	assert_int_equal(cdr_xaes_seal(key, nonce, (const uint8_t *)"XAES-256-GCM", 12, sealed), CDR_OK);
	assert_int_equal(cdr_hex_read("ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271", want, sizeof(want)), CDR_OK);
	assert_memory_equal(sealed, want, sizeof(want));
	assert_int_equal(cdr_xaes_open(key, nonce, sealed, sizeof(sealed), plain), CDR_OK);
	assert_memory_equal(plain, "XAES-256-GCM", 12);
	sealed[0] ^= 1;
	assert_int_equal(cdr_xaes_open(key, nonce, sealed, sizeof(sealed), plain), CDR_E_SEALED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_group_refusals),
		cmocka_unit_test(test_offer_wire),
		cmocka_unit_test(test_offer_refusals),
		cmocka_unit_test(test_share_refusals),
		cmocka_unit_test(test_signature_refusals),
		cmocka_unit_test(test_xaes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
