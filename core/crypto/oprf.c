#include "core/crypto/oprf.h"

#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/hash_to_curve.h"
#include "core/crypto/secret.h"

/* "OPRFV1-" || I2OSP(mode, 1) || "-" || identifier (RFC 9497 sec. 3.1); mode 1 is VOPRF. */
#define CONTEXT "OPRFV1-\x01-P256-SHA256"

static const uint8_t context_bytes[] = CONTEXT;
static const uint8_t group_dst_bytes[] = "HashToGroup-" CONTEXT;
static const struct cdr_bytes context = { context_bytes, sizeof(context_bytes) - 1 };
static const struct cdr_bytes group_dst = { group_dst_bytes, sizeof(group_dst_bytes) - 1 };

/* see core/crypto/oprf.h */
cdr_err
cdr_oprf_blind(const uint8_t *input, size_t input_len, const uint8_t blind[static CDR_SCALAR_LEN],
    uint8_t blinded[static CDR_POINT_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_affine point = { 0 };

	memset(blinded, 0, CDR_POINT_LEN);
	if (input_len > CDR_OPRF_INPUT_MAX)
		return CDR_E_RANGE;
	if (!cdr_scalar_valid(blind))
		return CDR_E_INPUT;
	CDR_TRY(cdr_hash_to_curve((struct cdr_bytes){ input, input_len }, group_dst, &point));
	CDR_TRY(cdr_group_mul_affine(blind, &point, blinded));
out:
	cdr_wipe(&point, sizeof(point));
	return err;
}

/* see core/crypto/oprf.h */
cdr_err
cdr_oprf_blind_derive(const uint8_t seed[static CDR_OPRF_SEED_LEN], uint64_t index,
    uint8_t blind[static CDR_SCALAR_LEN])
{
	static const uint8_t label[] = "Candor OPRF blind 1";
	cdr_err err = CDR_E_INTERNAL;
	uint8_t wide[CDR_SCALAR_WIDE_LEN] = { 0 }, number[8];

	cdr_number_write(index, number, sizeof(number));
	const struct cdr_bytes info[] = { { label, sizeof(label) - 1 }, { number, sizeof(number) } };
	CDR_TRY(cdr_hkdf_expand(seed, info, 2, wide, sizeof(wide)));
	cdr_scalar_reduce_wide(wide, blind);
	/* 0 comes once in 2^256 times. */
	err = cdr_scalar_valid(blind) ? CDR_OK : CDR_E_INTERNAL;
out:
	cdr_wipe(wide, sizeof(wide));
	if (err != CDR_OK)
		cdr_wipe(blind, CDR_SCALAR_LEN);
	return err;
}

/* see core/crypto/oprf.h */
cdr_err
cdr_oprf_evaluate(const uint8_t key[static CDR_SCALAR_LEN], const struct cdr_points *blinded,
    const uint8_t random[static CDR_SCALAR_LEN], uint8_t *evaluated, uint8_t proof[static CDR_PROOF_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_points *products = NULL;
	size_t len = cdr_points_count(blinded) * CDR_POINT_LEN;

	memset(evaluated, 0, len);
	memset(proof, 0, CDR_PROOF_LEN);
	if (cdr_points_count(blinded) > CDR_OPRF_BATCH_MAX)
		return CDR_E_RANGE;
	CDR_TRY(cdr_points_mul(key, blinded, &products));
	CDR_TRY(cdr_points_encode(products));
	CDR_TRY(cdr_proof_make(context, key, blinded, products, random, proof));
	memcpy(evaluated, cdr_points_peek(products, 0), len);
out:
	cdr_points_free(products);
	return err;
}

/* see core/crypto/oprf.h */
cdr_err
cdr_oprf_verify(const uint8_t public_key[static CDR_POINT_LEN], const struct cdr_points *blinded,
    const struct cdr_points *evaluated, const uint8_t proof[static CDR_PROOF_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_fixed_point *key = NULL;

	CDR_TRY(cdr_fixed_point_new(public_key, false, &key));
	CDR_TRY(cdr_oprf_verify_fixed(key, blinded, evaluated, proof));
out:
	cdr_fixed_point_free(key);
	return err;
}

/* see core/crypto/oprf.h */
cdr_err
cdr_oprf_verify_fixed(const struct cdr_fixed_point *public_key, const struct cdr_points *blinded,
    const struct cdr_points *evaluated, const uint8_t proof[static CDR_PROOF_LEN])
{
	return cdr_proof_verify(context, public_key, blinded, evaluated, proof);
}

/* see core/crypto/oprf.h */
cdr_err
cdr_oprf_finalize(const uint8_t *input, size_t input_len, const uint8_t blind[static CDR_SCALAR_LEN],
    const uint8_t evaluated[static CDR_POINT_LEN], uint8_t output[static CDR_OPRF_OUTPUT_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t inverse[CDR_SCALAR_LEN], unblinded[CDR_POINT_LEN] = { 0 };

	memset(output, 0, CDR_OPRF_OUTPUT_LEN);
	if (!cdr_scalar_valid(blind))
		return CDR_E_INPUT;
	cdr_scalar_invert(blind, inverse);
	CDR_TRY(cdr_group_mul(inverse, evaluated, unblinded));
	CDR_TRY(cdr_oprf_output(input, input_len, unblinded, output));
out:
	cdr_wipe(inverse, sizeof(inverse));
	cdr_wipe(unblinded, sizeof(unblinded));
	return err;
}

/* see core/crypto/oprf.h */
cdr_err
cdr_oprf_output(const uint8_t *input, size_t input_len, const uint8_t unblinded[static CDR_POINT_LEN],
    uint8_t output[static CDR_OPRF_OUTPUT_LEN])
{
	const uint8_t len[2] = { (uint8_t)(input_len >> 8), (uint8_t)input_len };
	const uint8_t point_len[2] = { 0, CDR_POINT_LEN };
	const struct cdr_bytes parts[] = {
		{ len, 2 }, { input, input_len }, { point_len, 2 }, { unblinded, CDR_POINT_LEN },
		{ (const uint8_t *)"Finalize", 8 }
	};

	if (input_len <= CDR_OPRF_INPUT_MAX)
		return cdr_sha256(parts, 5, output);
	memset(output, 0, CDR_OPRF_OUTPUT_LEN);
	return CDR_E_RANGE;
}
