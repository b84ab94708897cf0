/* Arithmetic modulo n agrees with libgcrypt's, at the edges too. */
#include "tests/unit/unit.h"
#include "tests/unit/crypto/oracle.h"

#include "core/crypto/scalar.h"

#define ROUNDS 400

/* Around 0, n, 2^256 and the words. */
static const char *const edges[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000001",
	"0000000000000000000000000000000000000000000000000000000000000002",
	"000000000000000000000000000000000000000000000000ffffffffffffffff",
	"0000000000000000000000000000000000000000000000010000000000000000",
	"00000000ffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8",
	"7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a9",
	"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550",
	"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
	"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552",
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};
#define EDGE_COUNT (sizeof(edges) / sizeof(edges[0]))

static void
check_pair(const uint8_t a[32], const uint8_t b[32])
{
	uint8_t ours[32], theirs[32];
	gcry_mpi_t x = oracle_read(a, 32), y = oracle_read(b, 32), n = oracle_number(ORACLE_N), r = gcry_mpi_new(256);

	cdr_scalar_add(a, b, ours);
	gcry_mpi_addm(r, x, y, n);
	oracle_write(r, theirs);
	assert_memory_equal(ours, theirs, 32);

	cdr_scalar_sub(a, b, ours);
	gcry_mpi_subm(r, x, y, n);
	oracle_write(r, theirs);
	assert_memory_equal(ours, theirs, 32);

	cdr_scalar_mul(a, b, ours);
	gcry_mpi_mulm(r, x, y, n);
	oracle_write(r, theirs);
	assert_memory_equal(ours, theirs, 32);

	cdr_scalar_invert(a, ours);
	gcry_mpi_mod(x, x, n);
	if (gcry_mpi_cmp_ui(x, 0) == 0)
		gcry_mpi_set_ui(r, 0);
	else
		assert_true(gcry_mpi_invm(r, x, n));
	oracle_write(r, theirs);
	assert_memory_equal(ours, theirs, 32);

	gcry_mpi_release(x);
	gcry_mpi_release(y);
	gcry_mpi_release(n);
	gcry_mpi_release(r);
}

static void
edges_agree_with_libgcrypt(void **state)
{
	(void)state;
	uint8_t a[32], b[32];

	for (size_t i = 0; i < EDGE_COUNT; i++) {
		for (size_t j = 0; j < EDGE_COUNT; j++) {
			oracle_hex(edges[i], a, 32);
			oracle_hex(edges[j], b, 32);
			check_pair(a, b);
		}
	}
}

static void
others_agree_with_libgcrypt(void **state)
{
	(void)state;
	uint8_t a[32], b[32];
	unsigned seed = 1;

	for (size_t i = 0; i < ROUNDS; i++) {
		oracle_bytes(&seed, a, 32);
		oracle_bytes(&seed, b, 32);
		check_pair(a, b);
	}
}

static void
wide_numbers_are_reduced(void **state)
{
	(void)state;
	uint8_t wide[48], ours[32], theirs[32];
	unsigned seed = 1;
	gcry_mpi_t n = oracle_number(ORACLE_N);

	for (size_t i = 0; i < ROUNDS; i++) {
		oracle_bytes(&seed, wide, 48);
		if (i == 0)
			memset(wide, 0xff, 48);
		gcry_mpi_t x = oracle_read(wide, 48);
		gcry_mpi_mod(x, x, n);
		oracle_write(x, theirs);
		cdr_scalar_reduce_wide(wide, ours);
		assert_memory_equal(ours, theirs, 32);
		gcry_mpi_release(x);
	}
	gcry_mpi_release(n);
}

static void
valid_is_one_to_n_minus_one(void **state)
{
	(void)state;
	static const bool valid[EDGE_COUNT] = { false, true, true, true, true, true, true, true, true };
	uint8_t a[32];

	for (size_t i = 0; i < EDGE_COUNT; i++) {
		oracle_hex(edges[i], a, 32);
		assert_int_equal(cdr_scalar_valid(a), valid[i]);
		assert_int_equal(cdr_scalar_reduced(a), valid[i] || i == 0);
	}
}

static void
outputs_may_be_operands(void **state)
{
	(void)state;
	uint8_t a[32], b[32], apart[32];

	oracle_hex(edges[5], a, 32);
	oracle_hex(edges[8], b, 32);
	cdr_scalar_mul(a, b, apart);
	cdr_scalar_mul(a, b, a);
	assert_memory_equal(a, apart, 32);
	cdr_scalar_sub(a, b, apart);
	cdr_scalar_sub(a, b, b);
	assert_memory_equal(b, apart, 32);
	cdr_scalar_invert(a, apart);
	cdr_scalar_invert(a, a);
	assert_memory_equal(a, apart, 32);
}

static void
small_numbers_are_set(void **state)
{
	(void)state;
	uint8_t a[32], want[32] = { 0 };

	want[24] = 1;
	want[31] = 2;
	cdr_scalar_set(((uint64_t)1 << 56) + 2, a);
	assert_memory_equal(a, want, 32);
}

static void
many_inverses_are_the_same_as_one_by_one(void **state)
{
	(void)state;
	uint8_t in[20 * 32], out[20 * 32], one[32];
	unsigned seed = 1;

	for (size_t i = 0; i < 20; i++) {
		do
			oracle_bytes(&seed, in + i * 32, 32);
		while (!cdr_scalar_valid(in + i * 32));
	}
	for (size_t count = 1; count <= 20; count++) {
		cdr_scalar_invert_all(in, count, out);
		for (size_t i = 0; i < count; i++) {
			cdr_scalar_invert(in + i * 32, one);
			assert_memory_equal(out + i * 32, one, 32);
		}
	}
}

/* The longer form is the same modulo n, and the top word is not zero. */
static void
lengthened_scalars_are_long(void **state)
{
	(void)state;
	static const uint8_t zero[32];
	uint8_t a[32], longer[32], same[32];
	unsigned seed = 1;

	for (size_t i = 0; i < ROUNDS; i++) {
		if (i < 9) {
			oracle_hex(edges[i], a, 32);
		} else {
			oracle_bytes(&seed, a, 32);
			memset(a, 0, i % 31);
		}
		if (!cdr_scalar_reduced(a))
			continue;
		cdr_scalar_lengthen(a, longer);
		assert_memory_not_equal(longer, zero, 8);
		cdr_scalar_add(longer, zero, same);
		assert_memory_equal(same, a, 32);
	}
}

static void
random_scalars_are_valid_and_differ(void **state)
{
	(void)state;
	uint8_t a[32], b[32];

	for (size_t i = 0; i < 50; i++) {
		assert_int_equal(cdr_scalar_random(a), CDR_OK);
		assert_int_equal(cdr_scalar_random(b), CDR_OK);
		assert_true(cdr_scalar_valid(a));
		assert_memory_not_equal(a, b, 32);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges_agree_with_libgcrypt),
		cmocka_unit_test(others_agree_with_libgcrypt),
		cmocka_unit_test(wide_numbers_are_reduced),
		cmocka_unit_test(valid_is_one_to_n_minus_one),
		cmocka_unit_test(outputs_may_be_operands),
		cmocka_unit_test(small_numbers_are_set),
		cmocka_unit_test(many_inverses_are_the_same_as_one_by_one),
		cmocka_unit_test(lengthened_scalars_are_long),
		cmocka_unit_test(random_scalars_are_valid_and_differ),
	};
	return cmocka_run_group_tests(tests, oracle_start, NULL);
}
