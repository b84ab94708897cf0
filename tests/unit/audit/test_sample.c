/* Lots: one value for one checkpoint, which proves itself; what is drawn by it, and to whom it is shown. */
#include "tests/unit/audit/sample_world.h"

static struct sample_world world;

static int
setup(void **state)
{
	if (make_parties(state) != 0)
		return -1;
	s_make(&world, 0, 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	s_free(&world);
	return 0;
}

static cdr_err
read_lot(const struct cdr_buffer *bytes, struct cdr_sample *sample)
{
	return cdr_sample_read(cdr_buffer_bytes(bytes), world.genesis, world.roster, sample, NULL);
}

static void
any_three_make_the_same_lot(void **state)
{
	static const uint32_t sets[][3] = { { 1, 2, 3 }, { 1, 3, 5 }, { 2, 4, 5 }, { 3, 4, 5 } };
	const struct cdr_sample_basis basis = s_basis(1, 0, 100), other = s_basis(2, 100, 101);
	struct cdr_sample first = { 0 }, sample;
	struct cdr_buffer bytes;
	uint8_t input[CDR_SAMPLE_INPUT_LEN], whole[CDR_OPRF_OUTPUT_LEN];
	static const uint8_t one[CDR_SCALAR_LEN] = { [CDR_SCALAR_LEN - 1] = 1 };
	uint8_t point[CDR_POINT_LEN], evaluated[CDR_POINT_LEN];
	struct cdr_points *points;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		s_lot(&world, &basis, sets[i], 3, &bytes);
		assert_int_equal(read_lot(&bytes, &sample), CDR_OK);
		if (i == 0)
			first = sample;
		assert_memory_equal(first.seed, sample.seed, sizeof(sample.seed));
		cdr_buffer_free(&bytes);
	}
	assert_int_equal(first.checks, CDR_SAMPLE_CHECKS);
	assert_int_equal(first.points, CDR_SAMPLE_POINTS);
	assert_int_equal(first.basis.trustee_count, TRUSTEES);
	/* It is what the whole key gives, which only the test has. */
	cdr_sample_input(&basis, world.genesis, input);
	assert_int_equal(cdr_oprf_blind(input, sizeof(input), one, point), CDR_OK);
	assert_int_equal(cdr_points_decode(point, 1, &points), CDR_OK);
	uint8_t proof[CDR_PROOF_LEN];
	assert_int_equal(cdr_oprf_evaluate(world.coefficients, points, one, evaluated, proof), CDR_OK);
	assert_int_equal(cdr_oprf_finalize(input, sizeof(input), one, evaluated, whole), CDR_OK);
	assert_memory_equal(whole, first.seed, sizeof(whole));
	cdr_points_free(points);
	/* Another checkpoint, another lot. */
	s_lot(&world, &other, sets[0], 3, &bytes);
	assert_int_equal(read_lot(&bytes, &sample), CDR_OK);
	assert_memory_not_equal(first.seed, sample.seed, sizeof(sample.seed));
	cdr_buffer_free(&bytes);
}

static void
what_is_no_lot_is_refused(void **state)
{
	const struct cdr_sample_basis basis = s_basis(1, 0, 100);
	struct cdr_sample sample;
	struct cdr_buffer bytes;
	static const uint8_t zeros[CDR_SAMPLE_SEED_LEN];

	(void)state;
	s_lot(&world, &basis, (const uint32_t[]){ 1, 2 }, 2, &bytes);
	assert_int_equal(read_lot(&bytes, &sample), CDR_E_PROOF); /* too few */
	cdr_buffer_free(&bytes);
	s_lot(&world, &basis, (const uint32_t[]){ 1, 2, 3, 4 }, 4, &bytes);
	assert_int_equal(read_lot(&bytes, &sample), CDR_OK); /* more than are needed make the same */
	cdr_buffer_free(&bytes);
	s_lot(&world, &basis, (const uint32_t[]){ 2, 1, 3 }, 3, &bytes);
	assert_int_equal(read_lot(&bytes, &sample), CDR_E_INPUT);
	cdr_buffer_free(&bytes);
	s_lot(&world, &basis, (const uint32_t[]){ 1, 1, 3 }, 3, &bytes);
	assert_int_equal(read_lot(&bytes, &sample), CDR_E_INPUT);
	cdr_buffer_free(&bytes);
	/* Every byte counts. */
	s_lot(&world, &basis, (const uint32_t[]){ 1, 2, 3 }, 3, &bytes);
	for (size_t i = 0; i < bytes.len; i++) {
		bytes.data[i] ^= 1;
		cdr_err err = read_lot(&bytes, &sample);
		assert_int_not_equal(err, CDR_OK);
		assert_memory_equal(sample.seed, zeros, sizeof(zeros));
		bytes.data[i] ^= 1;
	}
	assert_int_equal(read_lot(&bytes, &sample), CDR_OK);
	assert_int_equal(cdr_sample_read((struct cdr_bytes){ bytes.data, bytes.len - 1 }, world.genesis, world.roster, &sample, NULL),
	    CDR_E_INPUT);
	/* Of another exchange; by a roster without the key. */
	uint8_t genesis[CDR_GENESIS_HASH_LEN] = { 1 };
	assert_int_equal(cdr_sample_read(cdr_buffer_bytes(&bytes), genesis, world.roster, &sample, NULL), CDR_E_PROOF);
	struct draft later = world.draft;
	struct cdr_roster *next;
	later.body.n_statistics_key = 0;
	assert_int_equal(make_roster(&later, 7, &next), CDR_OK);
	assert_int_equal(cdr_sample_read(cdr_buffer_bytes(&bytes), world.genesis, next, &sample, NULL), CDR_E_EPOCH);
	cdr_roster_free(next);
	cdr_buffer_free(&bytes);
}

static void
a_share_is_of_one_trustee_and_one_basis(void **state)
{
	const struct cdr_sample_basis basis = s_basis(3, 7, 9);
	struct cdr_sample_basis other = basis;
	struct s_part part;

	(void)state;
	s_part(&world, &basis, 2, &part);
	assert_int_equal(cdr_sample_share_verify(&basis, world.genesis, world.roster, &part.message), CDR_OK);
	other.root[0] ^= 1;
	assert_int_equal(cdr_sample_share_verify(&other, world.genesis, world.roster, &part.message), CDR_E_PROOF);
	other = basis;
	other.key = 2;
	assert_int_equal(cdr_sample_share_verify(&other, world.genesis, world.roster, &part.message), CDR_E_ABSENT);
	part.message.trustee = 3;
	assert_int_equal(cdr_sample_share_verify(&basis, world.genesis, world.roster, &part.message), CDR_E_PROOF);
	part.message.trustee = 6;
	assert_int_equal(cdr_sample_share_verify(&basis, world.genesis, world.roster, &part.message), CDR_E_ABSENT);
	part.message.trustee = 2;
	part.message.proof.len--;
	assert_int_equal(cdr_sample_share_verify(&basis, world.genesis, world.roster, &part.message), CDR_E_INPUT);
	part.message.proof.len++;
	part.point[0] = 9;
	assert_int_equal(cdr_sample_share_verify(&basis, world.genesis, world.roster, &part.message), CDR_E_POINT);
	part.public_share[5] ^= 1;
	assert_int_equal(cdr_sample_share_verify(&basis, world.genesis, world.roster, &part.message), CDR_E_PROOF);
}

static void
what_no_hub_asks_for_is_no_basis(void **state)
{
	struct cdr_sample_basis basis = s_basis(1, 0, 100), again;
	Cdr__Wire__SampleBasis message = cdr_sample_basis_message(&basis);

	(void)state;
	assert_int_equal(cdr_sample_basis_read(&message, &again), CDR_OK);
	assert_memory_equal(&basis, &again, sizeof(basis));
	message.number = 0;
	assert_int_equal(cdr_sample_basis_read(&message, &again), CDR_E_INPUT);
	message.number = 1;
	message.from = 100;
	assert_int_equal(cdr_sample_basis_read(&message, &again), CDR_E_INPUT);
	message.from = 0;
	message.size = CDR_MERKLE_SIZE_MAX + 1;
	assert_int_equal(cdr_sample_basis_read(&message, &again), CDR_E_INPUT);
	message.size = 5;
	message.trustees = CDR_TRUSTEE_COUNT_MAX + 1;
	assert_int_equal(cdr_sample_basis_read(&message, &again), CDR_E_INPUT);
	message.trustees = 5;
	message.root.len = 31;
	assert_int_equal(cdr_sample_basis_read(&message, &again), CDR_E_INPUT);
}

/* One in so many, of both, and the auditors take turns by lot. */
static void
draws_are_as_frequent_as_the_scheme_says(void **state)
{
	const struct cdr_sample sample = s_sample(&world, 1, 1000, 21000);
	uint32_t drawn[CDR_SAMPLE_DRAWN_MAX], auditor;
	size_t count, checks = 0, points = 0, of[TRUSTEES] = { 0 };

	(void)state;
	for (uint64_t position = 1000; position < 21000; position++) {
		assert_int_equal(cdr_sample_draw(&sample, position, CDR_LEAF_PURPOSE_CHECK, 16, drawn, &count), CDR_OK);
		checks += count;
		assert_true(count <= 1 && (count == 0 || drawn[0] == 0));
		assert_int_equal(cdr_sample_auditor(&sample, position, 0, &auditor), CDR_OK);
		assert_in_range(auditor, 1, TRUSTEES);
		of[auditor - 1]++;
	}
	assert_in_range(checks, 20000 / 16 - 200, 20000 / 16 + 200); /* six standard deviations */
	for (size_t i = 0; i < TRUSTEES; i++)
		assert_in_range(of[i], 4000 - 360, 4000 + 360);
	for (uint64_t position = 1000; position < 1500; position++) {
		assert_int_equal(cdr_sample_draw(&sample, position, CDR_LEAF_PURPOSE_IMPORT, 1024, drawn, &count), CDR_OK);
		for (size_t i = 0; i < count; i++)
			assert_in_range(drawn[i], 0, 1023);
		points += count;
	}
	assert_in_range(points, 250 - 100, 250 + 100);
	/* Nothing outside the stretch; the same again each time. */
	assert_int_equal(cdr_sample_draw(&sample, 999, CDR_LEAF_PURPOSE_IMPORT, 1024, drawn, &count), CDR_OK);
	assert_int_equal(count, 0);
	assert_int_equal(cdr_sample_draw(&sample, 21000, CDR_LEAF_PURPOSE_CHECK, 16, drawn, &count), CDR_OK);
	assert_int_equal(count, 0);
	assert_int_equal(cdr_sample_draw(&sample, 1000, CDR_LEAF_PURPOSE_IMPORT, 1025, drawn, &count), CDR_E_RANGE);
}

static void
no_leaf_is_drawn_too_often(void **state)
{
	struct sample_world w = { 0 };
	uint32_t drawn[CDR_SAMPLE_DRAWN_MAX], again[CDR_SAMPLE_DRAWN_MAX];
	size_t count;

	(void)state;
	s_make(&w, 1, 1);
	struct cdr_sample sample = s_sample(&w, 1, 0, 10);
	assert_int_equal(sample.checks, 1);
	for (uint64_t position = 0; position < 10; position++) {
		assert_int_equal(cdr_sample_draw(&sample, position, CDR_LEAF_PURPOSE_CHECK, 64, drawn, &count), CDR_OK);
		assert_int_equal(count, 1);
		assert_int_equal(cdr_sample_draw(&sample, position, CDR_LEAF_PURPOSE_IMPORT, 700, drawn, &count), CDR_OK);
		assert_int_equal(count, CDR_SAMPLE_DRAWN_MAX);
		for (size_t i = 0; i < count; i++)
			for (size_t k = 0; k < i; k++)
				assert_int_not_equal(drawn[i], drawn[k]);
		assert_int_equal(cdr_sample_draw(&sample, position, CDR_LEAF_PURPOSE_IMPORT, 700, again, &count), CDR_OK);
		assert_memory_equal(drawn, again, sizeof(drawn));
	}
	assert_int_equal(cdr_sample_draw(&sample, 3, CDR_LEAF_PURPOSE_IMPORT, 2, drawn, &count), CDR_OK);
	assert_int_equal(count, 2);
	s_free(&w);
}

static void
a_verdict_is_one_leaf(void **state)
{
	static char member[] = "blue-harbour", check[] = "check", import[] = "import", late[] = "late", other[] = "well";
	Cdr__Wire__Verdict verdict = CDR__WIRE__VERDICT__INIT;
	const struct cdr_bytes body = { (const uint8_t *)"x", 1 };
	struct cdr_leaf leaf;

	(void)state;
	verdict.sample = 2;
	verdict.position = 77;
	verdict.point = 3;
	verdict.member = member;
	verdict.purpose = import;
	verdict.outcome = late;
	assert_int_equal(cdr_sample_verdict_leaf(&verdict, body, 4, &leaf), CDR_OK);
	assert_int_equal(leaf.kind, CDR_LEAF_SAMPLE_ANSWER);
	assert_string_equal(leaf.party[0], "member/blue-harbour");
	assert_string_equal(leaf.party[1], "trustee/4");
	assert_int_equal(leaf.number_count, 4);
	assert_int_equal(leaf.number[3], CDR_SAMPLE_LATE);
	verdict.purpose = check;
	assert_int_equal(cdr_sample_verdict_leaf(&verdict, body, 4, &leaf), CDR_OK);
	assert_int_equal(leaf.kind, CDR_LEAF_QUERY_OPENING);
	verdict.outcome = other;
	assert_int_equal(cdr_sample_verdict_leaf(&verdict, body, 4, &leaf), CDR_E_INPUT);
	verdict.outcome = late;
	verdict.purpose = other;
	assert_int_equal(cdr_sample_verdict_leaf(&verdict, body, 4, &leaf), CDR_E_INPUT);
	for (int i = 0; i < CDR_SAMPLE_OUTCOME_COUNT; i++)
		assert_int_equal(cdr_sample_outcome_find(cdr_sample_outcome_name((enum cdr_sample_outcome)i)), i);
	assert_int_equal(cdr_sample_outcome_find("well"), CDR_SAMPLE_OUTCOME_COUNT);
	assert_string_equal(cdr_sample_outcome_name(CDR_SAMPLE_OUTCOME_COUNT), "");
	assert_int_equal(cdr_sample_answer_s(world.roster), 14 * 86400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_three_make_the_same_lot),
		cmocka_unit_test(what_is_no_lot_is_refused),
		cmocka_unit_test(a_share_is_of_one_trustee_and_one_basis),
		cmocka_unit_test(what_no_hub_asks_for_is_no_basis),
		cmocka_unit_test(draws_are_as_frequent_as_the_scheme_says),
		cmocka_unit_test(no_leaf_is_drawn_too_often),
		cmocka_unit_test(a_verdict_is_one_leaf),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
