/*
 * The OPRF: node and trustee, with the token, the seed of the blinds, the blinds, the share and the prover's random
 * scalar all secret. What goes over the wire is public from the moment at which it is sent.
 */
#include <string.h>

#include "core/crypto/threshold.h"
#include "tests/ct/ct.h"

enum { T = 2, COUNT = 3 };

static uint8_t text[COUNT][64], seed[CDR_OPRF_SEED_LEN], coefficients[T * CDR_SCALAR_LEN], nonce[CDR_SCALAR_LEN];
static const uint8_t indices[T] = { 1, 3 };

/* The trustee with this index answers. */
static struct cdr_points *
answer(const struct cdr_points *blinded, uint8_t index, const uint8_t *commitments)
{
	uint8_t share[CDR_SCALAR_LEN], evaluated[COUNT * CDR_POINT_LEN], proof[CDR_PROOF_LEN];
	uint8_t public_share[CDR_POINT_LEN];
	struct cdr_points *points;

	MUST(cdr_threshold_deal(coefficients, T, index, share) == CDR_OK);
	MUST(cdr_threshold_check(share, index, commitments, T) == CDR_OK);
	MUST(cdr_threshold_public_share(commitments, T, index, public_share) == CDR_OK);
	MUST(cdr_oprf_evaluate(share, blinded, nonce, evaluated, proof) == CDR_OK);
	PUBLIC(evaluated, sizeof(evaluated));
	PUBLIC(proof, sizeof(proof));
	PUBLIC(public_share, sizeof(public_share));
	MUST(cdr_points_decode(evaluated, COUNT, &points) == CDR_OK);
	MUST(cdr_oprf_verify(public_share, blinded, points, proof) == CDR_OK);
	return points;
}

/* Tokens in, outputs out, by the fast way and by the other. */
static void
run(uint8_t outputs[2 * COUNT * CDR_OPRF_OUTPUT_LEN])
{
	uint8_t commitments[T * CDR_POINT_LEN], blinds[COUNT * CDR_SCALAR_LEN], bytes[COUNT * CDR_POINT_LEN];
	struct cdr_bytes inputs[COUNT];
	struct cdr_points *blinded, *partials[T];

	MUST(cdr_threshold_commit(coefficients, T, commitments) == CDR_OK);
	PUBLIC(commitments, sizeof(commitments));
	for (size_t i = 0; i < COUNT; i++) {
		uint8_t *blind = blinds + i * CDR_SCALAR_LEN;
		inputs[i] = (struct cdr_bytes){ text[i], sizeof(text[i]) };
		MUST(cdr_oprf_blind_derive(seed, i, blind) == CDR_OK);
		MUST(cdr_oprf_blind(text[i], sizeof(text[i]), blind, bytes + i * CDR_POINT_LEN) == CDR_OK);
	}
	PUBLIC(bytes, sizeof(bytes));
	MUST(cdr_points_decode(bytes, COUNT, &blinded) == CDR_OK);
	for (size_t i = 0; i < T; i++)
		partials[i] = answer(blinded, indices[i], commitments);
	const struct cdr_points *const lent[T] = { partials[0], partials[1] };
	MUST(cdr_threshold_finalize(inputs, blinds, indices, lent, T, outputs) == CDR_OK);
	MUST(cdr_threshold_combine(indices, lent, T, bytes) == CDR_OK);
	PUBLIC(bytes, sizeof(bytes));
	for (size_t i = 0; i < COUNT; i++)
		MUST(cdr_oprf_finalize(text[i], sizeof(text[i]), blinds + i * CDR_SCALAR_LEN, bytes + i * CDR_POINT_LEN,
		    outputs + (COUNT + i) * CDR_OPRF_OUTPUT_LEN) == CDR_OK);
	cdr_points_free(blinded);
	for (size_t i = 0; i < T; i++)
		cdr_points_free(partials[i]);
}

/* HPKE's Diffie-Hellman. */
static void
exchange(const uint8_t secret[static CDR_SCALAR_LEN], uint8_t x[static 32])
{
	uint8_t peer[CDR_POINT_UNCOMPRESSED_LEN];

	MUST(cdr_group_public_uncompressed(secret, peer) == CDR_OK);
	PUBLIC(peer, sizeof(peer));
	MUST(cdr_group_ecdh(secret, peer, x) == CDR_OK);
}

int
main(void)
{
	uint8_t expected[2 * COUNT * CDR_OPRF_OUTPUT_LEN], outputs[2 * COUNT * CDR_OPRF_OUTPUT_LEN], x[2][32];

	for (size_t i = 0; i < COUNT; i++)
		memset(text[i], 'a' + (int)i, sizeof(text[i]));
	memset(seed, 1, sizeof(seed));
	memset(coefficients, 2, sizeof(coefficients));
	memset(nonce, 3, sizeof(nonce));
	run(expected);
	exchange(nonce, x[0]);
	ct_begun = true;
	SECRET(text, sizeof(text));
	SECRET(seed, sizeof(seed));
	SECRET(coefficients, sizeof(coefficients));
	SECRET(nonce, sizeof(nonce));
	run(outputs);
	exchange(nonce, x[1]);
	PUBLIC(outputs, sizeof(outputs));
	PUBLIC(expected, sizeof(expected));
	PUBLIC(x, sizeof(x));
	MUST(memcmp(outputs, expected, sizeof(outputs)) == 0);
	MUST(memcmp(outputs, outputs + sizeof(outputs) / 2, sizeof(outputs) / 2) == 0);
	MUST(memcmp(x[0], x[1], sizeof(x[0])) == 0);
	return 0;
}
