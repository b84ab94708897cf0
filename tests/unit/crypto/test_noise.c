/* The noise is the discrete Laplace distribution: a million seeded draws, compared with its exact probabilities. */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>

#include "core/crypto/noise.h"

#define DRAWS 1000000
#define CELLS 61 /* -30 .. 30; the ends take all that is beyond */

static const uint8_t seed[CDR_NOISE_SEED_LEN] = "seeded noise, the same each time";

/* P(x) = (1 - q) / (1 + q) q^|x| with q = exp(-epsilon); of everything from ${x} outwards at the ends. */
static double
probability(int x, double epsilon)
{
	double q = exp(-epsilon);
	int size = x < 0 ? -x : x;

	return size == CELLS / 2 ? pow(q, size) / (1 + q) : (1 - q) / (1 + q) * pow(q, size);
}

/* Pearson's chi-square of ${draws} draws, cells with fewer than five expected put together at the ends. */
static double
chi_square(const unsigned *seen, unsigned draws, double epsilon, unsigned *degrees)
{
	double sum = 0, rest_expected = 0;
	unsigned rest = 0;

	*degrees = 0;
	for (int x = -CELLS / 2; x <= CELLS / 2; x++) {
		double expected = draws * probability(x, epsilon);
		if (expected < 5) {
			rest_expected += expected;
			rest += seen[x + CELLS / 2];
			continue;
		}
		double off = seen[x + CELLS / 2] - expected;
		sum += off * off / expected;
		++*degrees;
	}
	if (rest_expected > 0) {
		sum += (rest - rest_expected) * (rest - rest_expected) / rest_expected;
		++*degrees;
	}
	--*degrees;
	return sum;
}

static void
count(uint32_t numerator, uint32_t denominator, unsigned draws, unsigned *seen)
{
	struct cdr_noise noise;
	int32_t x;

	memset(seen, 0, CELLS * sizeof(*seen));
	cdr_noise_init(&noise, seed);
	for (unsigned i = 0; i < draws; i++) {
		assert_int_equal(cdr_noise_draw(&noise, numerator, denominator, 1 << 15, &x), CDR_OK);
		x = x < -CELLS / 2 ? -CELLS / 2 : x > CELLS / 2 ? CELLS / 2 : x;
		seen[x + CELLS / 2]++;
	}
	cdr_noise_wipe(&noise);
}

/* Beyond this a true sample falls once in 100,000 (Wilson and Hilferty 1931). */
static double
limit(unsigned degrees)
{
	double k = degrees, t = 1 - 2 / (9 * k) + 4.265 * sqrt(2 / (9 * k));

	return k * t * t * t;
}

static void
a_million_draws(void **state)
{
	(void)state;
	unsigned seen[CELLS], degrees;

	count(1, 2, DRAWS, seen);
	double chi = chi_square(seen, DRAWS, 0.5, &degrees);
	printf("chi-square of %d draws at epsilon 0.5: %.1f with %u degrees of freedom (limit %.1f)\n", DRAWS, chi, degrees,
	    limit(degrees));
	assert_true(chi < limit(degrees));
	/* The test can fail: they are not draws for 0.505. */
	assert_true(chi_square(seen, DRAWS, 0.505, &degrees) > limit(degrees));
}

static void
other_epsilons(void **state)
{
	(void)state;
	static const uint32_t ratio[][2] = { { 1000, 1000 }, { 100, 1000 }, { 2500, 1000 }, { 3, 7 } };
	unsigned seen[CELLS], degrees;

	for (size_t i = 0; i < 4; i++) {
		count(ratio[i][0], ratio[i][1], DRAWS / 20, seen);
		double chi = chi_square(seen, DRAWS / 20, (double)ratio[i][0] / ratio[i][1], &degrees);
		assert_true(chi < limit(degrees));
	}
}

static void
seeds_and_limits(void **state)
{
	(void)state;
	struct cdr_noise a, b;
	int32_t x, y;

	cdr_noise_init(&a, seed);
	cdr_noise_init(&b, seed);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(cdr_noise_draw(&a, 10, 1000, 5, &x), CDR_OK);
		assert_int_equal(cdr_noise_draw(&b, 10, 1000, 5, &y), CDR_OK);
		assert_int_equal(x, y);
		assert_in_range(x + 5, 0, 10);
	}
	assert_int_equal(cdr_noise_draw(&a, 0, 1, 5, &x), CDR_E_RANGE);
	assert_int_equal(cdr_noise_draw(&a, 1, 0, 5, &x), CDR_E_RANGE);
	assert_int_equal(cdr_noise_draw(&a, (1U << 20) + 1, 1, 5, &x), CDR_E_RANGE);
	assert_int_equal(cdr_noise_draw(&a, 1, 1, 0, &x), CDR_E_RANGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_million_draws),
		cmocka_unit_test(other_epsilons),
		cmocka_unit_test(seeds_and_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
