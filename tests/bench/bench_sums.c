/*
 * What a round of statistics costs: encrypting, proving, adding, verifying, opening a cell, beside one multiplication of
 * OpenSSL in the same run; rounds of 10, 100 and 1,000 members; and proofs bit by bit, which are not in use (core/crypto/RANGE.md).
 * Prints "name count unit" lines. CPU time of this process, so that a busy machine tells it too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/crypto/elgamal_internal.h"
#include "core/crypto/hash_to_curve.h"
#include "core/crypto/proof.h"
#include "core/crypto/range.h"
#include "core/crypto/secret.h"
#include "tests/bench/measure.h"

#define CELLS 2000 /* half of them counts of 8 bits, half flags */
#define DISTINCT 5 /* contributions that a round is made of, over and over */


static struct cdr_elgamal *key;
static uint8_t share[CDR_SCALAR_LEN], public_key[CDR_POINT_LEN];
static const struct cdr_bytes context = { (const uint8_t *)"bench", 5 };

/* Numbers as a member has them: mostly nothing. Half of them counts of 8 bits, then their flags. */
struct figures {
	struct cdr_range_layout layout;
	uint8_t bits[CELLS], proved[2 * CELLS];
	struct cdr_range_form form[2 * CELLS];
	uint32_t value[CELLS];
	size_t bit_count;
};

/* What is proved: ranges alone; that a flag is not set for nothing; or that it is set exactly where there is a count (in use). */
enum relation { NO_RELATION, FLAG_MEANS_COUNT, FLAG_IS_COUNT };

static void
make_figures(struct figures *f, size_t cells, enum relation relation)
{
	uint32_t half = (uint32_t)cells / 2;
	size_t at = 0;

	for (uint32_t i = 0; i < cells; i++) {
		f->bits[i] = i < half ? 8 : 1;
		f->value[i] = i < half ? i % 7 == 0 ? i % 200 : 0 : f->value[i - half] > 0;
	}
	for (uint32_t i = 0; i < half; i++, at++) {
		f->proved[at] = 8;
		f->form[at] = (struct cdr_range_form){ { i, half + i }, { 1, -1 } };
	}
	for (uint32_t i = 0; i < half; i++, at++) {
		f->proved[at] = 1;
		f->form[at] = (struct cdr_range_form){ { half + i, i }, { 1, 0 } };
	}
	for (uint32_t i = 0; relation == FLAG_IS_COUNT && i < half; i++, at++) {
		f->proved[at] = 8;
		f->form[at] = (struct cdr_range_form){ { half + i, i }, { 255, -1 } };
	}
	f->layout = relation == NO_RELATION ? (struct cdr_range_layout){ .count = cells, .bits = f->bits } :
	    (struct cdr_range_layout){ .count = at, .bits = f->proved, .form = f->form, .cipher_count = cells, .cipher_bits = f->bits };
	f->bit_count = 0;
	for (size_t i = 0; i < f->layout.count; i++)
		f->bit_count += f->layout.bits[i];
}

/* ---- the bare operation ----------------------------------------------------------------------------------------- */

static double
bare(void)
{
	uint8_t k[CDR_SCALAR_LEN], point[CDR_POINT_LEN];
	struct cdr_points *points, *products;

	MUST(cdr_scalar_random(k) == CDR_OK && cdr_group_mul_base(k, point) == CDR_OK);
	MUST(cdr_points_decode(point, 1, &points) == CDR_OK);
	double begin = measure_us(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < 500; i++) {
		MUST(cdr_points_mul(k, points, &products) == CDR_OK);
		cdr_points_free(products);
	}
	double each = (measure_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / 500;
	printf("multiplication by OpenSSL %.1f us\n", each);
	cdr_points_free(points);
	return each;
}

static void
say(const char *what, double us, double multiplication)
{
	printf("%s %.2f us = %.2f multiplications\n", what, us, us / multiplication);
}

/* ---- cells ------------------------------------------------------------------------------------------------------ */

static void
bench_cells(double multiplication)
{
	static struct figures f;
	uint8_t *randoms = malloc(CELLS * CDR_SCALAR_LEN), *ciphers = malloc(CELLS * CDR_CIPHER_LEN);
	uint8_t *partials = malloc(CELLS * CDR_POINT_LEN), proof[CDR_PROOF_LEN], one = 1;
	struct cdr_ciphers *decoded;
	struct cdr_cipher_sums *sums;
	int64_t *opened = malloc(CELLS * sizeof(*opened));
	const uint8_t *lent = partials;
	enum { SOME = 1000 };

	make_figures(&f, CELLS, FLAG_IS_COUNT);
	for (size_t i = 0; i < CELLS; i++)
		MUST(cdr_scalar_random(randoms + i * CDR_SCALAR_LEN) == CDR_OK);
	double begin = measure_us(CLOCK_PROCESS_CPUTIME_ID);
	MUST(cdr_elgamal_encrypt(key, f.value, f.bits, randoms, CELLS, ciphers) == CDR_OK);
	say("encrypt a cell", (measure_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / CELLS, multiplication);
	begin = measure_us(CLOCK_PROCESS_CPUTIME_ID);
	MUST(cdr_ciphers_decode(ciphers, CELLS, &decoded) == CDR_OK);
	say("decode a cell", (measure_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / CELLS, multiplication);
	MUST(cdr_cipher_sums_new(CELLS, &sums) == CDR_OK);
	begin = measure_us(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < 20; i++)
		MUST(cdr_cipher_sums_add(sums, 0, decoded) == CDR_OK);
	say("add a cell", (measure_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / CELLS / 20, multiplication);
	MUST(cdr_cipher_sums_encode(sums, ciphers) == CDR_OK);
	begin = measure_us(CLOCK_PROCESS_CPUTIME_ID);
	MUST(cdr_elgamal_partial(context, share, ciphers, SOME, randoms, partials, proof) == CDR_OK);
	say("partially decrypt a cell, a proof for 1,000", (measure_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / SOME, multiplication);
	begin = measure_us(CLOCK_PROCESS_CPUTIME_ID);
	MUST(cdr_elgamal_partial_verify(context, public_key, ciphers, SOME, partials, proof) == CDR_OK);
	say("verify a partial decryption, 1,000 at once", (measure_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / SOME, multiplication);
	begin = measure_us(CLOCK_PROCESS_CPUTIME_ID);
	MUST(cdr_elgamal_recover(&one, &lent, 1, ciphers, SOME, 0, 255000, opened) == CDR_OK);
	say("recover a number below 255,000", (measure_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / SOME, multiplication);
	cdr_ciphers_free(decoded);
	cdr_cipher_sums_free(sums);
	free(randoms);
	free(ciphers);
	free(partials);
	free(opened);
}

/* ---- proofs ----------------------------------------------------------------------------------------------------- */

static void
bench_proof(double multiplication, enum relation relation, const char *what)
{
	static struct figures f;
	uint8_t seed[CDR_RANGE_SEED_LEN] = { 3 };
	struct cdr_range_batch *batch;

	make_figures(&f, CELLS, relation);
	printf("-- %s\n", what);
	size_t len = cdr_range_packed_len(&f.layout);
	uint8_t *packed = malloc(len), *ciphers = malloc(CELLS * CDR_CIPHER_LEN), *randoms = malloc(CELLS * CDR_SCALAR_LEN);
	for (size_t i = 0; i < CELLS; i++)
		MUST(cdr_scalar_random(randoms + i * CDR_SCALAR_LEN) == CDR_OK);
	double begin = measure_us(CLOCK_PROCESS_CPUTIME_ID);
	MUST(cdr_elgamal_encrypt(key, f.value, f.bits, randoms, CELLS, ciphers) == CDR_OK);
	double encrypting = measure_us(CLOCK_PROCESS_CPUTIME_ID) - begin;
	begin = measure_us(CLOCK_PROCESS_CPUTIME_ID);
	MUST(cdr_range_encrypt(key, context, &f.layout, f.value, seed, packed) == CDR_OK);
	double proving = measure_us(CLOCK_PROCESS_CPUTIME_ID) - begin - encrypting;
	printf("proof of %zu bits %zu bytes\n", f.bit_count, len - CELLS * CDR_CIPHER_LEN);
	printf("prove 2000 cells %.1f ms\n", proving / 1e3);
	say("prove a bit", proving / (double)f.bit_count, multiplication);
	begin = measure_us(CLOCK_PROCESS_CPUTIME_ID);
	MUST(cdr_range_verify(key, context, &f.layout, (struct cdr_bytes){ packed, len }, NULL) == CDR_OK);
	printf("verify 2000 cells by themselves %.1f ms\n", (measure_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / 1e3);
	begin = measure_us(CLOCK_PROCESS_CPUTIME_ID);
	MUST(cdr_range_batch_new(key, seed, &batch) == CDR_OK);
	for (int i = 0; i < 16; i++)
		MUST(cdr_range_batch_add(batch, context, &f.layout, (struct cdr_bytes){ packed, len }, NULL) == CDR_OK);
	MUST(cdr_range_batch_check(batch) == CDR_OK);
	double verifying = (measure_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / 16;
	printf("verify 2000 cells, 16 members at once %.1f ms\n", verifying / 1e3);
	say("verify a bit in bulk", verifying / (double)f.bit_count, multiplication);
	cdr_range_batch_free(batch);
	free(packed);
	free(ciphers);
	free(randoms);
}

/* A trustee's work on a round: verify and add up. */
static void
bench_round(size_t members, size_t cells)
{
	static struct figures f;
	uint8_t seed[CDR_RANGE_SEED_LEN] = { 4 }, *packed[DISTINCT];
	struct cdr_range_batch *batch;
	struct cdr_cipher_sums *sums;

	make_figures(&f, cells, FLAG_IS_COUNT);
	size_t len = cdr_range_packed_len(&f.layout);
	for (uint8_t i = 0; i < DISTINCT; i++) {
		packed[i] = malloc(len);
		seed[1] = i;
		MUST(cdr_range_encrypt(key, context, &f.layout, f.value, seed, packed[i]) == CDR_OK);
	}
	MUST(cdr_cipher_sums_new(cells, &sums) == CDR_OK);
	double begin = measure_us(CLOCK_PROCESS_CPUTIME_ID);
	for (size_t m = 0; m < members;) {
		MUST(cdr_range_batch_new(key, seed, &batch) == CDR_OK);
		for (size_t i = 0; i < 16 && m < members; i++, m++) {
			struct cdr_ciphers *ciphers;
			MUST(cdr_range_batch_add(batch, context, &f.layout, (struct cdr_bytes){ packed[m % DISTINCT], len }, &ciphers) == CDR_OK);
			MUST(cdr_cipher_sums_add(sums, 0, ciphers) == CDR_OK);
			cdr_ciphers_free(ciphers);
		}
		MUST(cdr_range_batch_check(batch) == CDR_OK);
		cdr_range_batch_free(batch);
	}
	printf("verify and add a round of %zu members, %zu cells %.2f s\n", members, cells, (measure_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / 1e6);
	cdr_cipher_sums_free(sums);
	for (size_t i = 0; i < DISTINCT; i++)
		free(packed[i]);
}

/* ---- bit by bit: measured, and not in use ------------------------------------------------------------------------ */

#define BITS 1000

/* Cramer, Damgaard, Schoenmakers 1994: C = b G + r K, and a proof (c_0, z_0, z_1; c_1 follows) that C or C - G is a multiple of K. */
struct bit_proof {
	uint8_t c[CDR_POINT_LEN], t[2][CDR_POINT_LEN];
	uint8_t challenge[2][CDR_SCALAR_LEN], answer[2][CDR_SCALAR_LEN];
};

static void
bit_challenge(const struct bit_proof *p, uint8_t out[CDR_SCALAR_LEN])
{
	const struct cdr_bytes parts[] = { { p->c, CDR_POINT_LEN }, { p->t[0], CDR_POINT_LEN }, { p->t[1], CDR_POINT_LEN } };

	MUST(cdr_hash_to_scalar(parts, 3, context, out) == CDR_OK);
}

static void
prove_bits(const uint8_t *bit, struct bit_proof *proof)
{
	enum { R, ALPHA, SIMULATED, SCALARS };
	uint8_t *k = malloc(SCALARS * BITS * CDR_SCALAR_LEN), *g = malloc(BITS * CDR_SCALAR_LEN), h[CDR_SCALAR_LEN], product[CDR_SCALAR_LEN];
	struct cdr_projective *by_k = malloc(SCALARS * BITS * sizeof(*by_k)), *by_g = malloc(BITS * sizeof(*by_g)), one, chosen;
	struct cdr_affine *affine = malloc(SCALARS * BITS * sizeof(*affine)), generator = key->multiple[0][1];
#define K_AT(what, i) (k + ((what) * BITS + (i)) * CDR_SCALAR_LEN)

	one = (struct cdr_projective){ generator.x, generator.y, cdr_field_one };
	for (size_t i = 0; i < BITS; i++) {
		struct bit_proof *p = &proof[i];
		uint8_t other = !bit[i], zero[CDR_SCALAR_LEN] = { 0 };
		MUST(cdr_scalar_random(K_AT(R, i)) == CDR_OK && cdr_scalar_random(K_AT(ALPHA, i)) == CDR_OK);
		MUST(cdr_scalar_random(p->challenge[other]) == CDR_OK && cdr_scalar_random(p->answer[other]) == CDR_OK);
		/* T = z K - c (C - other G) = (z - c r) K - c (b - other) G */
		cdr_scalar_mul(p->challenge[other], K_AT(R, i), product);
		cdr_scalar_sub(p->answer[other], product, K_AT(SIMULATED, i));
		if (bit[i])
			cdr_scalar_sub(zero, p->challenge[other], g + i * CDR_SCALAR_LEN);
		else
			memcpy(g + i * CDR_SCALAR_LEN, p->challenge[other], CDR_SCALAR_LEN);
	}
	MUST(cdr_fixed_point_multiples(key->point, k, SCALARS * BITS, by_k) == CDR_OK);
	MUST(cdr_fixed_point_multiples(NULL, g, BITS, by_g) == CDR_OK);
	for (size_t i = 0; i < BITS; i++) {
		cdr_elgamal_choose(0 - (uint64_t)bit[i], &generator, &chosen);
		cdr_projective_add(&by_k[R * BITS + i], &chosen, &by_k[R * BITS + i]);
		cdr_projective_add(&by_k[SIMULATED * BITS + i], &by_g[i], &by_k[SIMULATED * BITS + i]);
	}
	(void)one;
	MUST(cdr_projective_normalise_all(by_k, SCALARS * BITS, affine) != 0);
	for (size_t i = 0; i < BITS; i++) {
		struct bit_proof *p = &proof[i];
		cdr_affine_compress(&affine[R * BITS + i], p->c);
		cdr_affine_compress(&affine[ALPHA * BITS + i], p->t[bit[i]]);
		cdr_affine_compress(&affine[SIMULATED * BITS + i], p->t[!bit[i]]);
		bit_challenge(p, h);
		cdr_scalar_sub(h, p->challenge[!bit[i]], p->challenge[bit[i]]);
		cdr_scalar_mul(p->challenge[bit[i]], K_AT(R, i), product);
		cdr_scalar_add(K_AT(ALPHA, i), product, p->answer[bit[i]]);
	}
	free(k);
	free(g);
	free(by_k);
	free(by_g);
	free(affine);
}

/* T_b = z_b K - c_b (C - b G), and the challenges add up to the hash. */
static void
verify_bits(struct bit_proof *proof)
{
	uint8_t bytes[2 * CDR_POINT_LEN], zero[CDR_SCALAR_LEN] = { 0 }, minus[CDR_SCALAR_LEN], h[CDR_SCALAR_LEN], sum[CDR_SCALAR_LEN];
	struct cdr_points *points, *places;

	MUST(cdr_points_new(2, &places) == CDR_OK);
	for (size_t i = 0; i < BITS; i++) {
		struct bit_proof *p = &proof[i];
		memcpy(bytes, p->c, CDR_POINT_LEN);
		memcpy(bytes + CDR_POINT_LEN, public_key, CDR_POINT_LEN);
		MUST(cdr_points_decode(bytes, 2, &points) == CDR_OK);
		for (size_t b = 0; b < 2; b++) {
			cdr_scalar_sub(zero, p->challenge[b], minus);
			const struct cdr_term terms[] = { { minus, points, 0 }, { p->answer[b], points, 1 } };
			MUST(cdr_points_set_sum(places, b, b == 0 ? NULL : p->challenge[b], terms, 2, false) == CDR_OK);
		}
		MUST(cdr_points_encode(places) == CDR_OK);
		memcpy(p->t, cdr_points_peek(places, 0), sizeof(p->t));
		bit_challenge(p, h);
		cdr_scalar_add(p->challenge[0], p->challenge[1], sum);
		MUST(memcmp(h, sum, sizeof(h)) == 0);
		cdr_points_free(points);
	}
	cdr_points_free(places);
}

static void
bench_bits(double multiplication)
{
	static uint8_t bit[BITS];
	struct bit_proof *proof = calloc(BITS, sizeof(*proof));

	for (size_t i = 0; i < BITS; i++)
		bit[i] = i % 5 == 0;
	double begin = measure_us(CLOCK_PROCESS_CPUTIME_ID);
	prove_bits(bit, proof);
	double proving = (measure_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / BITS;
	begin = measure_us(CLOCK_PROCESS_CPUTIME_ID);
	verify_bits(proof);
	double verifying = (measure_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / BITS;
	say("bit by bit, not in use: prove a bit", proving, multiplication);
	say("bit by bit, not in use: verify a bit", verifying, multiplication);
	printf("bit by bit, not in use: a bit %d bytes\n", CDR_POINT_LEN + 3 * CDR_SCALAR_LEN);
	printf("bit by bit, not in use: 2000 cells of 1 member: prove %.0f ms, verify %.0f ms\n", proving * 9, verifying * 9);
	free(proof);
}

int
main(void)
{
	struct cdr_fault fault;

	if (cdr_secret_start(&fault) != CDR_OK) {
		fprintf(stderr, "%s\n", fault.text);
		return 1;
	}
	MUST(cdr_scalar_random(share) == CDR_OK && cdr_group_mul_base(share, public_key) == CDR_OK);
	double begin = measure_us(CLOCK_PROCESS_CPUTIME_ID);
	MUST(cdr_elgamal_new(public_key, &key) == CDR_OK);
	printf("make a key ready %.1f ms\n", (measure_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / 1e3);
	double multiplication = bare();
	bench_cells(multiplication);
	bench_proof(multiplication, NO_RELATION, "ranges alone");
	bench_proof(multiplication, FLAG_MEANS_COUNT, "no flag for nothing");
	bench_proof(multiplication, FLAG_IS_COUNT, "flags exactly where there are counts (in use)");
	bench_bits(multiplication);
	bench_round(10, CELLS);
	bench_round(100, CELLS);
	bench_round(1000, CELLS);
	cdr_elgamal_free(key);
	return 0;
}
