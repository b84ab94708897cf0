#include "core/crypto/proof.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/hash_to_curve.h"
#include "core/crypto/secret.h"

#define LABEL_MAX 16

/* What prover and verifier both know. */
struct statement {
	struct cdr_bytes context;
	const uint8_t *key; /* B, compressed */
	const struct cdr_points *c, *d;
};

/* The places of the four points that the challenge binds, in its order. */
enum { M, Z, T2, T3, PLACE_COUNT };

static const uint8_t point_len[2] = { 0, CDR_POINT_LEN };

/* A domain separation tag: ${label} || context. */
struct tag {
	uint8_t bytes[LABEL_MAX + CDR_PROOF_CONTEXT_MAX];
	size_t len;
};

static struct cdr_bytes
tag_make(const char *label, struct cdr_bytes context, struct tag *tag)
{
	size_t label_len = strlen(label);

	memcpy(tag->bytes, label, label_len);
	memcpy(tag->bytes + label_len, context.data, context.len);
	tag->len = label_len + context.len;
	return (struct cdr_bytes){ tag->bytes, tag->len };
}

static cdr_err
statement_check(const struct statement *s)
{
	size_t count = cdr_points_count(s->c);

	if (s->context.len < 1 || s->context.len > CDR_PROOF_CONTEXT_MAX)
		return CDR_E_RANGE;
	if (count > CDR_PROOF_BATCH_MAX || cdr_points_count(s->d) != count)
		return CDR_E_RANGE;
	if (cdr_points_peek(s->c, 0) == NULL || cdr_points_peek(s->d, 0) == NULL)
		return CDR_E_RANGE;
	return CDR_OK;
}

/* The seed of the weights: a hash of the key. */
static cdr_err
seed_make(const struct statement *s, uint8_t seed[static CDR_SHA256_LEN])
{
	struct tag tag;
	struct cdr_bytes seed_dst = tag_make("Seed-", s->context, &tag);
	const uint8_t dst_len[2] = { 0, (uint8_t)seed_dst.len };
	const struct cdr_bytes parts[] = {
		{ point_len, 2 }, { s->key, CDR_POINT_LEN }, { dst_len, 2 }, seed_dst
	};

	return cdr_sha256(parts, 4, seed);
}

/* The weights d_i under which all pairs are added up into one: nobody can choose pairs whose errors cancel. */
static cdr_err
weights_make(const struct statement *s, uint8_t *weights)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t seed[CDR_SHA256_LEN];
	const uint8_t seed_len[2] = { 0, CDR_SHA256_LEN };
	struct tag tag;
	struct cdr_bytes dst = tag_make("HashToScalar-", s->context, &tag);

	CDR_TRY(seed_make(s, seed));
	for (size_t i = 0; i < cdr_points_count(s->c); i++) {
		const uint8_t number[2] = { (uint8_t)(i >> 8), (uint8_t)i };
		const struct cdr_bytes parts[] = {
			{ seed_len, 2 }, { seed, sizeof(seed) }, { number, 2 },
			{ point_len, 2 }, { cdr_points_peek(s->c, i), CDR_POINT_LEN },
			{ point_len, 2 }, { cdr_points_peek(s->d, i), CDR_POINT_LEN },
			{ (const uint8_t *)"Composite", 9 }
		};
		CDR_TRY(cdr_hash_to_scalar(parts, 8, dst, weights + i * CDR_SCALAR_LEN));
	}
	err = CDR_OK;
out:
	return err;
}

/* Put the sum of weights[i] * points[i] into place ${at}. */
static cdr_err
composite_set(struct cdr_points *places, size_t at, const uint8_t *weights, const struct cdr_points *points)
{
	size_t count = cdr_points_count(points);
	struct cdr_term *terms = calloc(count, sizeof(*terms));

	if (terms == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < count; i++)
		terms[i] = (struct cdr_term){ weights + i * CDR_SCALAR_LEN, points, i };
	cdr_err err = cdr_points_set_sum(places, at, NULL, terms, count, false);
	free(terms);
	return err;
}

/* Four empty places and one weight for each pair. */
static cdr_err
composites_start(const struct statement *s, struct cdr_points **places, uint8_t **weights)
{
	cdr_err err = CDR_E_INTERNAL;

	*places = NULL;
	*weights = NULL;
	CDR_TRY(statement_check(s));
	CDR_TRY(cdr_points_new(PLACE_COUNT, places));
	*weights = calloc(cdr_points_count(s->c), CDR_SCALAR_LEN);
	if (*weights == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	CDR_TRY(weights_make(s, *weights));
out:
	return err;
}

/* c = HashToScalar(B, M, Z, t2, t3) */
static cdr_err
challenge_make(const struct statement *s, struct cdr_points *places, uint8_t c[static CDR_SCALAR_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t transcript[(1 + PLACE_COUNT) * (2 + CDR_POINT_LEN)];
	uint8_t *at = transcript;
	struct tag tag;

	CDR_TRY(cdr_points_encode(places));
	for (size_t i = 0; i <= PLACE_COUNT; i++) {
		memcpy(at, point_len, 2);
		memcpy(at + 2, i == 0 ? s->key : cdr_points_peek(places, i - 1), CDR_POINT_LEN);
		at += 2 + CDR_POINT_LEN;
	}
	const struct cdr_bytes parts[] = {
		{ transcript, sizeof(transcript) }, { (const uint8_t *)"Challenge", 9 }
	};
	CDR_TRY(cdr_hash_to_scalar(parts, 2, tag_make("HashToScalar-", s->context, &tag), c));
out:
	return err;
}

/* see core/crypto/proof.h */
cdr_err
cdr_proof_make(struct cdr_bytes context, const uint8_t key[static CDR_SCALAR_LEN], const struct cdr_points *c,
    const struct cdr_points *d, const uint8_t random[static CDR_SCALAR_LEN], uint8_t proof[static CDR_PROOF_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t public_key[CDR_POINT_LEN];
	uint8_t *challenge = proof, *response = proof + CDR_SCALAR_LEN, *weights = NULL;
	struct cdr_points *places = NULL;
	const struct statement s = { context, public_key, c, d };

	memset(proof, 0, CDR_PROOF_LEN);
	if (!cdr_scalar_valid(random))
		return CDR_E_INPUT;
	CDR_TRY(cdr_group_mul_base(key, public_key));

	/* M = the weighted sum of c; Z = key * M, which is that of d (ComputeCompositesFast). */
	CDR_TRY(composites_start(&s, &places, &weights));
	CDR_TRY(composite_set(places, M, weights, c));
	const struct cdr_term key_m = { key, places, M }, random_m = { random, places, M };
	CDR_TRY(cdr_points_set_sum(places, Z, NULL, &key_m, 1, true));

	/* t2 = r * G; t3 = r * M */
	CDR_TRY(cdr_points_set_sum(places, T2, random, NULL, 0, true));
	CDR_TRY(cdr_points_set_sum(places, T3, NULL, &random_m, 1, true));
	CDR_TRY(challenge_make(&s, places, challenge));

	/* s = r - c * key */
	cdr_scalar_mul(challenge, key, response);
	cdr_scalar_sub(random, response, response);
out:
	cdr_points_free(places);
	free(weights);
	if (err != CDR_OK)
		cdr_wipe(proof, CDR_PROOF_LEN);
	return err;
}

/* see core/crypto/proof.h */
cdr_err
cdr_proof_verify(struct cdr_bytes context, const struct cdr_fixed_point *key, const struct cdr_points *c,
    const struct cdr_points *d, const uint8_t proof[static CDR_PROOF_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	const uint8_t *challenge = proof, *response = proof + CDR_SCALAR_LEN;
	uint8_t expected[CDR_SCALAR_LEN];
	uint8_t *weights = NULL;
	struct cdr_points *places = NULL;
	const struct statement s = { context, cdr_fixed_point_peek(key), c, d };

	if (!cdr_scalar_reduced(challenge) || !cdr_scalar_reduced(response))
		return CDR_E_PROOF;
	CDR_TRY(composites_start(&s, &places, &weights));
	CDR_TRY(composite_set(places, M, weights, c));
	CDR_TRY(composite_set(places, Z, weights, d));

	/* t2 = s * G + c * B; t3 = s * M + c * Z */
	const struct cdr_term terms[] = { { response, places, M }, { challenge, places, Z } };
	CDR_TRY(cdr_points_set_fixed(places, T2, response, challenge, key));
	CDR_TRY(cdr_points_set_sum(places, T3, NULL, terms, 2, false));
	CDR_TRY(challenge_make(&s, places, expected));
	err = cdr_equal(challenge, expected, CDR_SCALAR_LEN) ? CDR_OK : CDR_E_PROOF;
out:
	cdr_points_free(places);
	free(weights);
	/* One of the four points is the identity: no honest prover's are. */
	return err == CDR_E_POINT ? CDR_E_PROOF : err;
}
