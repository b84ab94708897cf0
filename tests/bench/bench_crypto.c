/*
 * What the curve costs, each beside the one bare multiplication of OpenSSL that bounds it. Prints "name count unit":
 * microseconds of this thread's CPU for one token, the best of several rounds, and the ratio to the multiplication.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "core/crypto/hash_to_curve.h"
#include "core/crypto/secret.h"
#include "core/crypto/threshold.h"
#include "tests/bench/measure.h"


#define ROUNDS 5
#define ROUND_US 40000.0 /* how long a round lasts at least */

enum { T = 3, LARGEST = 256, INPUT_LEN = 64 };

/* One exchange of ${count} tokens with three trustees, up to what a step needs. */
struct exchange {
	size_t count;
	uint8_t input[LARGEST][INPUT_LEN], blinds[LARGEST * CDR_SCALAR_LEN], bytes[LARGEST * CDR_POINT_LEN];
	uint8_t random[CDR_SCALAR_LEN], outputs[LARGEST * CDR_OPRF_OUTPUT_LEN];
	uint8_t shares[T][CDR_SCALAR_LEN], public_shares[T][CDR_POINT_LEN];
	uint8_t evaluated[T][LARGEST * CDR_POINT_LEN], proofs[T][CDR_PROOF_LEN];
	struct cdr_bytes inputs[LARGEST];
	struct cdr_points *blinded;
	struct cdr_fixed_point *tables[T];
};

static const uint8_t indices[T] = { 1, 3, 4 };
static double yardstick = 1;

/* The cost of one call for each of ${tokens}. */
static double
measure(void (*call)(void *), void *argument, size_t tokens)
{
	double best = 0, spent = 0;
	size_t calls = 1;

	/* As many calls as fill a round; the first ones warm up. */
	for (;; calls *= 2) {
		double start = measure_us(CLOCK_THREAD_CPUTIME_ID);
		for (size_t i = 0; i < calls; i++)
			call(argument);
		spent = measure_us(CLOCK_THREAD_CPUTIME_ID) - start;
		if (spent >= ROUND_US)
			break;
	}
	best = spent;
	for (size_t round = 0; round < ROUNDS; round++) {
		double start = measure_us(CLOCK_THREAD_CPUTIME_ID);
		for (size_t i = 0; i < calls; i++)
			call(argument);
		spent = measure_us(CLOCK_THREAD_CPUTIME_ID) - start;
		if (spent < best)
			best = spent;
	}
	return best / (double)calls / (double)tokens;
}

static double
report(const char *name, size_t batch, void (*call)(void *), void *argument)
{
	char text[64];
	double cost = measure(call, argument, batch == 0 ? 1 : batch);

	if (batch == 0)
		(void)snprintf(text, sizeof(text), "%s", name);
	else
		(void)snprintf(text, sizeof(text), "%s-%zu", name, batch);
	printf("%-36s %10.2f us\n", text, cost);
	printf("%-36s %10.3f multiplications\n", text, cost / yardstick);
	return cost;
}

/* ---- the yardstick: OpenSSL by itself ---- */

struct bare {
	EC_GROUP *group;
	EC_POINT *point, *product;
	BIGNUM *k;
	BN_CTX *ctx;
};

static void
bare_mul(void *argument)
{
	struct bare *b = argument;
	MUST(EC_POINT_mul(b->group, b->product, NULL, b->point, b->k, b->ctx) == 1);
}

static void
bare_mul_base(void *argument)
{
	struct bare *b = argument;
	MUST(EC_POINT_mul(b->group, b->product, b->k, NULL, NULL, b->ctx) == 1);
}

static void
bench_bare(void)
{
	struct bare b = { .group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1), .ctx = BN_CTX_new(), .k = BN_new() };

	MUST(b.group != NULL && b.ctx != NULL && b.k != NULL);
	b.point = EC_POINT_new(b.group);
	b.product = EC_POINT_new(b.group);
	MUST(b.point != NULL && b.product != NULL);
	MUST(BN_rand_range(b.k, EC_GROUP_get0_order(b.group)) == 1);
	MUST(EC_POINT_mul(b.group, b.point, b.k, NULL, NULL, b.ctx) == 1);
	yardstick = measure(bare_mul, &b, 1);
	report("openssl-mul", 0, bare_mul, &b);
	report("openssl-mul-base", 0, bare_mul_base, &b);
	EC_POINT_free(b.point);
	EC_POINT_free(b.product);
	EC_GROUP_free(b.group);
	BN_free(b.k);
	BN_CTX_free(b.ctx);
}

/* ---- ours ---- */

static void
mul(void *argument)
{
	struct exchange *x = argument;
	MUST(cdr_group_mul(x->random, x->bytes, x->outputs) == CDR_OK);
}

static void
mul_base(void *argument)
{
	struct exchange *x = argument;
	MUST(cdr_group_mul_base(x->random, x->outputs) == CDR_OK);
}

static void
hash_to_curve(void *argument)
{
	static const struct cdr_bytes dst = { (const uint8_t *)"bench", 5 };
	struct exchange *x = argument;
	struct cdr_affine a;
	MUST(cdr_hash_to_curve(x->inputs[0], dst, &a) == CDR_OK);
}

static void
decode(void *argument)
{
	struct exchange *x = argument;
	struct cdr_points *points;
	MUST(cdr_points_decode(x->bytes, x->count, &points) == CDR_OK);
	cdr_points_free(points);
}

static void
blind(void *argument)
{
	struct exchange *x = argument;
	for (size_t i = 0; i < x->count; i++)
		MUST(cdr_oprf_blind(x->input[i], INPUT_LEN, x->blinds + i * CDR_SCALAR_LEN, x->outputs) == CDR_OK);
}

/* All that a trustee does with a request. */
static void
evaluate(void *argument)
{
	struct exchange *x = argument;
	struct cdr_points *points;
	MUST(cdr_points_decode(x->bytes, x->count, &points) == CDR_OK);
	MUST(cdr_oprf_evaluate(x->shares[0], points, x->random, x->evaluated[0], x->proofs[0]) == CDR_OK);
	cdr_points_free(points);
}

/* All that a node does with three answers; with the trustees' keys from tables, or not. */
static void
finish(struct exchange *x, bool tables)
{
	struct cdr_points *partials[T];

	for (size_t i = 0; i < T; i++) {
		MUST(cdr_points_decode(x->evaluated[i], x->count, &partials[i]) == CDR_OK);
		if (tables)
			MUST(cdr_oprf_verify_fixed(x->tables[i], x->blinded, partials[i], x->proofs[i]) == CDR_OK);
		else
			MUST(cdr_oprf_verify(x->public_shares[i], x->blinded, partials[i], x->proofs[i]) == CDR_OK);
	}
	const struct cdr_points *const lent[T] = { partials[0], partials[1], partials[2] };
	MUST(cdr_threshold_finalize(x->inputs, x->blinds, indices, lent, T, x->outputs) == CDR_OK);
	for (size_t i = 0; i < T; i++)
		cdr_points_free(partials[i]);
}

static void
verify_combine_finalize(void *argument)
{
	finish(argument, false);
}

static void
verify_combine_finalize_tables(void *argument)
{
	finish(argument, true);
}

static void
exchange_start(struct exchange *x)
{
	uint8_t coefficients[T * CDR_SCALAR_LEN];

	MUST(cdr_scalar_random(x->random) == CDR_OK);
	for (size_t k = 0; k < T; k++)
		MUST(cdr_scalar_random(coefficients + k * CDR_SCALAR_LEN) == CDR_OK);
	for (size_t i = 0; i < T; i++) {
		MUST(cdr_threshold_deal(coefficients, T, indices[i], x->shares[i]) == CDR_OK);
		MUST(cdr_group_mul_base(x->shares[i], x->public_shares[i]) == CDR_OK);
		MUST(cdr_fixed_point_new(x->public_shares[i], true, &x->tables[i]) == CDR_OK);
	}
	for (size_t i = 0; i < LARGEST; i++) {
		MUST(cdr_random(x->input[i], INPUT_LEN) == CDR_OK);
		MUST(cdr_scalar_random(x->blinds + i * CDR_SCALAR_LEN) == CDR_OK);
		x->inputs[i] = (struct cdr_bytes){ x->input[i], INPUT_LEN };
		MUST(cdr_oprf_blind(x->input[i], INPUT_LEN, x->blinds + i * CDR_SCALAR_LEN,
		    x->bytes + i * CDR_POINT_LEN) == CDR_OK);
	}
}

/* Blinded points and the answers of all three. */
static void
exchange_set_count(struct exchange *x, size_t count)
{
	cdr_points_free(x->blinded);
	x->count = count;
	MUST(cdr_points_decode(x->bytes, count, &x->blinded) == CDR_OK);
	for (size_t i = 0; i < T; i++)
		MUST(cdr_oprf_evaluate(x->shares[i], x->blinded, x->random, x->evaluated[i], x->proofs[i]) == CDR_OK);
}

int
main(void)
{
	static const size_t batches[] = { 1, 16, LARGEST };
	struct exchange *x = calloc(1, sizeof(*x));

	MUST(x != NULL && cdr_group_start() == CDR_OK);
	exchange_start(x);
	exchange_set_count(x, 1);
	bench_bare();
	report("mul", 0, mul, x);
	report("mul-base", 0, mul_base, x);
	report("hash-to-curve", 0, hash_to_curve, x);
	for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
		exchange_set_count(x, batches[i]);
		report("decode", batches[i], decode, x);
		report("blind", batches[i], blind, x);
		double cost = report("evaluate-with-proof", batches[i], evaluate, x);
		printf("evaluate-with-proof-%-16zu %10.0f tokens/s\n", batches[i], 1e6 / cost);
		/* The trustee's answer was made anew with the same numbers. */
		report("verify-combine-finalize-3", batches[i], verify_combine_finalize, x);
		report("verify-combine-finalize-3-tables", batches[i], verify_combine_finalize_tables, x);
	}
	cdr_points_free(x->blinded);
	for (size_t i = 0; i < T; i++)
		cdr_fixed_point_free(x->tables[i]);
	free(x);
	return 0;
}
