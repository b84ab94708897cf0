#include "core/crypto/hash_to_curve.h"

#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"

#define BLOCK_LEN 64 /* the input block of SHA-256 */

/* -3, and Z = -10 (RFC 9380 sec. 8.2). */
static const struct cdr_field curve_a = {
	{ 0xfffffffffffffffc, 0x00000003ffffffff, 0x0000000000000000, 0xfffffffc00000004 }
};
static const struct cdr_field curve_z = {
	{ 0xfffffffffffffff5, 0x0000000affffffff, 0x0000000000000000, 0xfffffff50000000b }
};

/* b_0 = H(Z_pad || msg || l_i_b_str || 0 || DST_prime) */
static cdr_err
first_block(const struct cdr_bytes *parts, size_t count, const struct cdr_bytes *dst, size_t out_len,
    uint8_t out[static CDR_SHA256_LEN])
{
	static const uint8_t pad[BLOCK_LEN];
	const uint8_t after[3] = { (uint8_t)(out_len >> 8), (uint8_t)out_len, 0 };
	const uint8_t dst_len = (uint8_t)dst->len;
	struct cdr_bytes all[CDR_EXPAND_PARTS_MAX + 4];
	size_t used = 0;

	all[used++] = (struct cdr_bytes){ pad, sizeof(pad) };
	for (size_t i = 0; i < count; i++)
		all[used++] = parts[i];
	all[used++] = (struct cdr_bytes){ after, sizeof(after) };
	all[used++] = *dst;
	all[used++] = (struct cdr_bytes){ &dst_len, 1 };
	return cdr_sha256(all, used, out);
}

/* see core/crypto/hash_to_curve.h */
cdr_err
cdr_expand_message(const struct cdr_bytes *parts, size_t count, struct cdr_bytes dst, uint8_t *out, size_t out_len)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t first[CDR_SHA256_LEN], block[CDR_SHA256_LEN] = { 0 };
	const uint8_t dst_len = (uint8_t)dst.len;

	if (count > CDR_EXPAND_PARTS_MAX || dst.len < 1 || dst.len > CDR_DST_MAX)
		return CDR_E_RANGE;
	if (out_len < 1 || out_len > CDR_EXPAND_MAX)
		return CDR_E_RANGE;

	CDR_TRY(first_block(parts, count, &dst, out_len, first));
	for (size_t at = 0, i = 1; at < out_len; at += CDR_SHA256_LEN, i++) {
		/* b_i = H((b_0 xor b_(i-1)) || i || DST_prime), where nothing stands for b_0 in b_1 */
		const uint8_t number = (uint8_t)i;
		for (size_t j = 0; j < CDR_SHA256_LEN; j++)
			block[j] ^= first[j];
		const struct cdr_bytes all[] = { { block, sizeof(block) }, { &number, 1 }, dst, { &dst_len, 1 } };
		CDR_TRY(cdr_sha256(all, 4, block));
		size_t left = out_len - at;
		memcpy(out + at, block, left < CDR_SHA256_LEN ? left : CDR_SHA256_LEN);
	}
	err = CDR_OK;
out:
	cdr_wipe(first, sizeof(first));
	cdr_wipe(block, sizeof(block));
	if (err != CDR_OK)
		cdr_wipe(out, out_len);
	return err;
}

/* see core/crypto/hash_to_curve.h */
cdr_err
cdr_hash_to_scalar(const struct cdr_bytes *parts, size_t count, struct cdr_bytes dst,
    uint8_t out[static CDR_SCALAR_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t uniform[CDR_SCALAR_WIDE_LEN] = { 0 };

	CDR_TRY(cdr_expand_message(parts, count, dst, uniform, sizeof(uniform)));
	cdr_scalar_reduce_wide(uniform, out);
out:
	cdr_wipe(uniform, sizeof(uniform));
	if (err != CDR_OK)
		cdr_wipe(out, CDR_SCALAR_LEN);
	return err;
}

/* see core/crypto/hash_to_curve.h */
void
cdr_map_to_curve(const struct cdr_field *u, struct cdr_projective *out)
{
	struct {
		struct cdr_field zu2, t, numerator, denominator, gx, gd, root, x2, y2, square;
	} w;

	/* zu2 = Z u^2; t = Z^2 u^4 + Z u^2 */
	cdr_field_square(u, &w.zu2);
	cdr_field_mul(&w.zu2, &curve_z, &w.zu2);
	cdr_field_square(&w.zu2, &w.t);
	cdr_field_add(&w.t, &w.zu2, &w.t);

	/* x1 = numerator / denominator = B (t + 1) / (-A t), or B / (A Z) where t = 0 */
	cdr_field_add(&w.t, &cdr_field_one, &w.numerator);
	cdr_field_mul(&w.numerator, &cdr_curve_b, &w.numerator);
	uint64_t t_is_zero = cdr_field_is_zero(&w.t);
	cdr_field_sub(&cdr_field_zero, &w.t, &w.denominator);
	cdr_field_select(t_is_zero, &curve_z, &w.denominator, &w.denominator);
	cdr_field_mul(&w.denominator, &curve_a, &w.denominator);

	/* gx / gd = x1^3 + A x1 + B */
	cdr_field_square(&w.denominator, &w.square);
	cdr_field_square(&w.numerator, &w.gx);
	cdr_field_mul(&curve_a, &w.square, &w.gd);
	cdr_field_add(&w.gx, &w.gd, &w.gx);
	cdr_field_mul(&w.gx, &w.numerator, &w.gx);
	cdr_field_mul(&w.square, &w.denominator, &w.gd);
	cdr_field_mul(&w.gd, &cdr_curve_b, &w.square);
	cdr_field_add(&w.gx, &w.square, &w.gx);

	/* Where that is no square, x2 = Z u^2 x1 has one, and its root is Z u^3 times what sqrt_ratio gives. */
	uint64_t is_square = cdr_field_sqrt_ratio(&w.gx, &w.gd, &w.root);
	cdr_field_mul(&w.zu2, &w.numerator, &w.x2);
	cdr_field_mul(&w.zu2, u, &w.y2);
	cdr_field_mul(&w.y2, &w.root, &w.y2);
	cdr_field_select(is_square, &w.numerator, &w.x2, &out->x);
	cdr_field_select(is_square, &w.root, &w.y2, &out->y);

	/* y takes the sign of u. */
	uint64_t differ = cdr_field_is_odd(u) ^ cdr_field_is_odd(&out->y);
	cdr_field_sub(&cdr_field_zero, &out->y, &w.y2);
	cdr_field_select(differ, &w.y2, &out->y, &out->y);

	/* (x / denominator, y), without dividing */
	cdr_field_mul(&out->y, &w.denominator, &out->y);
	out->z = w.denominator;
	cdr_wipe(&w, sizeof(w));
}

/* see core/crypto/hash_to_curve.h */
cdr_err
cdr_hash_to_curve(struct cdr_bytes msg, struct cdr_bytes dst, struct cdr_affine *out)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t uniform[2 * CDR_FIELD_WIDE_LEN] = { 0 };
	struct cdr_field u;
	struct cdr_projective q[2];

	CDR_TRY(cdr_expand_message(&msg, 1, dst, uniform, sizeof(uniform)));
	for (size_t i = 0; i < 2; i++) {
		cdr_field_read_wide(uniform + i * CDR_FIELD_WIDE_LEN, &u);
		cdr_map_to_curve(&u, &q[i]);
	}
	/* The cofactor is 1: nothing to clear. */
	cdr_projective_add(&q[0], &q[1], &q[0]);
	err = cdr_projective_normalise(&q[0], out) != 0 ? CDR_OK : CDR_E_INPUT;
out:
	cdr_wipe(uniform, sizeof(uniform));
	cdr_wipe(&u, sizeof(u));
	cdr_wipe(q, sizeof(q));
	if (err != CDR_OK)
		cdr_wipe(out, sizeof(*out));
	return err;
}
