#include "tests/unit/member/world.h"

/* Blinding, asking t trustees, verifying, combining: with trustees that are away, refuse and lie. */

#define COUNT 5

static struct cdr_bytes inputs[COUNT];
static const char *const texts[COUNT] = { "one", "two", "three", "four", "one" };

static cdr_err
evaluate(struct world *w, uint8_t *tags, struct cdr_fault *fault)
{
	struct cdr_member *m = w->member[BLUE];
	const struct cdr_roster *roster = cdr_current_hold(m->current);

	for (size_t i = 0; i < COUNT; i++)
		inputs[i] = (struct cdr_bytes){ (const uint8_t *)texts[i], strlen(texts[i]) };
	cdr_err err = cdr_evaluate(m, roster, cdr_roster_epoch(roster, 1), CDR_PURPOSE_IMPORT, inputs, COUNT, tags, fault);
	cdr_current_release(m->current, roster);
	return err;
}

/* The tag that the whole key gives, without blinding and without shares. */
static void
plain_tag(struct world *w, const char *text, uint8_t tag[static CDR_TAG_LEN])
{
	uint8_t one[CDR_SCALAR_LEN] = { 0 }, lambda[CDR_SCALAR_LEN], part[CDR_SCALAR_LEN], key[CDR_SCALAR_LEN] = { 0 };
	uint8_t point[CDR_POINT_LEN], product[CDR_POINT_LEN], output[CDR_OPRF_OUTPUT_LEN];
	const uint8_t indices[W_THRESHOLD] = { 1, 2 };

	for (size_t i = 0; i < W_THRESHOLD; i++) {
		assert_int_equal(cdr_threshold_lagrange(indices, W_THRESHOLD, i, lambda), CDR_OK);
		cdr_scalar_mul(lambda, w->share[i], part);
		cdr_scalar_add(key, part, key);
	}
	one[CDR_SCALAR_LEN - 1] = 1;
	assert_int_equal(cdr_oprf_blind((const uint8_t *)text, strlen(text), one, point), CDR_OK);
	assert_int_equal(cdr_group_mul(key, point, product), CDR_OK);
	assert_int_equal(cdr_oprf_output((const uint8_t *)text, strlen(text), product, output), CDR_OK);
	memcpy(tag, output, CDR_TAG_LEN);
}

static void
assert_tags(struct world *w, const uint8_t *tags)
{
	uint8_t expected[CDR_TAG_LEN];

	for (size_t i = 0; i < COUNT; i++) {
		plain_tag(w, texts[i], expected);
		assert_memory_equal(tags + i * CDR_TAG_LEN, expected, CDR_TAG_LEN);
	}
}

/* Any t trustees give the same tags, and only t are asked. */
static void
test_tags(void **state)
{
	struct world *w = *state;
	uint8_t tags[COUNT * CDR_TAG_LEN];

	for (int round = 0; round < 4; round++) {
		size_t before = w->evaluation_count;
		memset(tags, 0, sizeof(tags));
		assert_int_equal(evaluate(w, tags, NULL), CDR_OK);
		assert_tags(w, tags);
		assert_int_equal(w->evaluation_count - before, W_THRESHOLD);
		assert_int_equal(w->sequence, round + 1);
		assert_string_equal(w->purpose, "import");
	}
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM misconduct"), 0);
}

/* One that is away, refuses, or whose word is not signed, is replaced and not accused. */
static void
test_failing_trustee(void **state)
{
	static const enum w_trustee_mode modes[] = { W_DOWN, W_REFUSES, W_FAILS, W_SPENT, W_FORGED };
	struct world *w = *state;
	uint8_t tags[COUNT * CDR_TAG_LEN];

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		for (size_t k = 0; k < W_TRUSTEES; k++) {
			w->mode[k] = modes[i];
			assert_int_equal(evaluate(w, tags, NULL), CDR_OK);
			assert_tags(w, tags);
			w->mode[k] = W_TRUE;
		}
	}
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM misconduct"), 0);
}

/* One that lies is replaced, and remembered by name with its signed words. */
static void
test_lying_trustee(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	uint8_t tags[COUNT * CDR_TAG_LEN];

	for (int mode = W_OTHER_SHARE; mode < W_MODE_COUNT; mode++) {
		/* The order is random: until trustee 2 was among those asked. */
		w->mode[1] = (enum w_trustee_mode)mode;
		int64_t before = w_count(m, "SELECT count(*) FROM misconduct");
		for (int tries = 0; tries < 200 && w_count(m, "SELECT count(*) FROM misconduct") == before; tries++) {
			assert_int_equal(evaluate(w, tags, NULL), CDR_OK);
			assert_tags(w, tags);
		}
		assert_int_equal(w_count(m, "SELECT count(*) FROM misconduct"), before + 1);
	}
	assert_int_equal(w_count(m, "SELECT count(*) FROM misconduct WHERE party = 'trustee/2'"), W_MODE_COUNT - W_OTHER_SHARE);
	assert_int_equal(w_count(m, "SELECT count(*) FROM misconduct WHERE length(request) = 0 OR length(reply) = 0"), 0);
}

/* The hub answers before the log is witnessed. Who waits in vain for that is asked again with the proof, which the hub has by then: once. */
static void
test_early(void **state)
{
	struct world *w = *state;
	uint8_t tags[COUNT * CDR_TAG_LEN];
	struct cdr_fault fault = { 0 };

	w->log_is_slow = true;
	assert_int_equal(evaluate(w, tags, NULL), CDR_OK);
	assert_tags(w, tags);
	assert_int_equal(w->evaluation_count, W_THRESHOLD);
	assert_int_equal(w->log_edge.size, 1);
	for (size_t i = 0; i < W_TRUSTEES; i++)
		w->mode[i] = W_EARLY;
	assert_int_equal(evaluate(w, tags, NULL), CDR_OK);
	assert_tags(w, tags);
	assert_int_equal(w->sequence, 2);
	assert_int_equal(w->evaluation_count, 3 * W_THRESHOLD);
	/* One is early, the others know: nobody but it is asked twice. */
	for (size_t i = 1; i < W_TRUSTEES; i++)
		w->mode[i] = W_TRUE;
	for (int i = 0; i < 10; i++) {
		size_t before = w->evaluation_count;
		assert_int_equal(evaluate(w, tags, NULL), CDR_OK);
		assert_tags(w, tags);
		assert_in_range(w->evaluation_count - before, W_THRESHOLD, W_THRESHOLD + 1);
	}
	/* Busy for another reason: each is asked twice at most, and named. */
	for (size_t i = 0; i < W_TRUSTEES; i++)
		w->mode[i] = W_BUSY;
	size_t before = w->evaluation_count;
	assert_int_equal(evaluate(w, tags, &fault), CDR_E_BUSY);
	assert_in_range(w->evaluation_count - before, W_TRUSTEES, 2 * W_TRUSTEES);
	assert_non_null(strstr(fault.text, "trustee/"));
	/* The hub never proves it. */
	w->log_never_proves = true;
	for (size_t i = 0; i < W_TRUSTEES; i++)
		w->mode[i] = W_EARLY;
	before = w->evaluation_count;
	assert_int_equal(evaluate(w, tags, &fault), CDR_E_BUSY);
	assert_in_range(w->evaluation_count - before, W_TRUSTEES, 2 * W_TRUSTEES);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM misconduct"), 0);
}

/* With fewer than t that are of use there is no tag, and the fault tells who failed, and how. */
static void
test_too_few(void **state)
{
	static const struct {
		enum w_trustee_mode mode;
		cdr_err err;
	} cases[] = {
		{ W_DOWN, CDR_E_NETWORK },     { W_REFUSES, CDR_E_QUOTA },      { W_FAILS, CDR_E_MEMORY },
		{ W_FORGED, CDR_E_SIGNATURE },
		{ W_OTHER_SHARE, CDR_E_PROOF }, { W_WRONG_PROOF, CDR_E_PROOF }, { W_IDENTITY, CDR_E_POINT },
		{ W_FEWER, CDR_E_INPUT },      { W_OTHER_EPOCH, CDR_E_INPUT },  { W_OTHER_INDEX, CDR_E_INPUT },
		{ W_OTHER_HASH, CDR_E_INPUT },
	};
	struct world *w = *state;
	uint8_t tags[COUNT * CDR_TAG_LEN], zero[COUNT * CDR_TAG_LEN] = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cdr_fault fault = { 0 };
		w->mode[0] = w->mode[2] = cases[i].mode;
		memset(tags, 1, sizeof(tags));
		assert_int_equal(evaluate(w, tags, &fault), cases[i].err);
		assert_memory_equal(tags, zero, sizeof(tags));
		assert_int_equal(fault.code, cases[i].err);
		assert_non_null(strstr(fault.text, "trustee/1"));
		assert_non_null(strstr(fault.text, "trustee/3"));
	}
}

/* The log has the request under its number: no single trustee's word makes the node take, and pay, another one. */
static void
test_no_trustee_spends_a_number(void **state)
{
	struct world *w = *state;
	uint8_t tags[COUNT * CDR_TAG_LEN];

	w->mode[0] = W_SPENT;
	w->mode[2] = W_DOWN;
	for (int i = 0; i < 3; i++)
		assert_int_not_equal(evaluate(w, tags, NULL), CDR_OK);
	w->mode[2] = W_TRUE;
	assert_int_equal(evaluate(w, tags, NULL), CDR_OK);
	assert_tags(w, tags);
	assert_int_equal(w->sequence, 1);
	/* Where the others are too few to evaluate it, the number is worth nothing. */
	w->mode[2] = W_SPENT;
	assert_int_equal(evaluate(w, tags, NULL), CDR_E_SEQUENCE);
	w->mode[0] = W_TRUE;
	assert_int_equal(evaluate(w, tags, NULL), CDR_OK);
	assert_int_equal(w->sequence, 3);
}

/* What trustees refuse is told as it is; that an epoch is over, only if all who failed say so. */
static void
test_refusals(void **state)
{
	static const struct {
		cdr_err first, third, told;
	} cases[] = {
		{ CDR_E_REFUSED, CDR_E_REFUSED, CDR_E_REFUSED }, { CDR_E_EPOCH, CDR_E_EPOCH, CDR_E_EPOCH },
		{ CDR_E_EPOCH, CDR_E_QUOTA, CDR_E_QUOTA }, { CDR_E_QUOTA, CDR_E_EPOCH, CDR_E_QUOTA },
		{ CDR_E_EPOCH, CDR_E_BUSY, CDR_E_BUSY }, { CDR_E_SEQUENCE, CDR_E_SEQUENCE, CDR_E_SEQUENCE },
	};
	struct world *w = *state;
	uint8_t tags[COUNT * CDR_TAG_LEN];
	struct cdr_fault fault;

	w->mode[0] = w->mode[2] = W_REFUSES;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		w->refusal[0] = cases[i].first;
		w->refusal[2] = cases[i].third;
		assert_int_equal(evaluate(w, tags, &fault), cases[i].told);
		assert_non_null(strstr(fault.text, "trustee/1"));
		assert_non_null(strstr(fault.text, "trustee/3"));
	}
	/* That number was used for something else, after a backup was restored: the next question has another. */
	const uint64_t spoilt = w->sequence;
	w->mode[0] = w->mode[2] = W_TRUE;
	assert_int_equal(evaluate(w, tags, &fault), CDR_OK);
	assert_tags(w, tags);
	assert_true(w->sequence > spoilt);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM misconduct"), 0);
}

/* What the hub refuses; an epoch that it does not know may be one that it hides. Then nobody else is asked. */
static void
test_hub_refuses(void **state)
{
	static const struct {
		cdr_err said, told;
	} cases[] = {
		{ CDR_E_QUOTA, CDR_E_QUOTA }, { CDR_E_BUSY, CDR_E_BUSY }, { CDR_E_EPOCH, CDR_E_BUSY }, { CDR_E_REFUSED, CDR_E_REFUSED },
		{ CDR_E_SEQUENCE, CDR_E_SEQUENCE },
	};
	struct world *w = *state;
	uint8_t tags[COUNT * CDR_TAG_LEN], zero[COUNT * CDR_TAG_LEN] = { 0 };
	struct cdr_fault fault;

	w->refused_path = "/v1/log/evaluation";
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		w->refused_code = cases[i].said;
		memset(tags, 1, sizeof(tags));
		assert_int_equal(evaluate(w, tags, &fault), cases[i].told);
		assert_memory_equal(tags, zero, sizeof(tags));
	}
	w->refused_path = NULL;
	w->log_is_down = true;
	assert_int_equal(evaluate(w, tags, &fault), CDR_E_NETWORK);
	w->log_is_down = false;
	assert_int_equal(w->evaluation_count, 0);
	/* All those questions were the same, but for the number that the hub called used. */
	assert_int_equal(evaluate(w, tags, &fault), CDR_OK);
	assert_tags(w, tags);
	assert_int_equal(w->sequence, 2);
}

/* A hub that has something to show only once trustees are asked, and shows them too few cosignatures, another place, or no proof: its word is not passed on. */
static void
test_late_lies(void **state)
{
	static const enum w_log_lie lies[] = { W_LOG_FEW_WITNESSES, W_LOG_OTHER_PLACE, W_LOG_BAD_PROOF };
	struct world *w = *state;
	uint8_t tags[COUNT * CDR_TAG_LEN];
	struct cdr_fault fault;

	w->log_is_slow = true;
	for (size_t i = 0; i < W_TRUSTEES; i++)
		w->mode[i] = W_EARLY;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		const size_t before = w->evaluation_count;
		w->log_lie = lies[i];
		w->log_sequence = 0;
		assert_int_equal(evaluate(w, tags, &fault), CDR_E_PROOF);
		assert_non_null(strstr(fault.text, "hub does not prove"));
		assert_int_equal(w->evaluation_count - before, W_THRESHOLD); /* each once, without a proof */
	}
	w->log_lie = W_LOG_TRUE;
	assert_int_equal(evaluate(w, tags, &fault), CDR_OK);
	assert_tags(w, tags);
	assert_int_equal(w->sequence, 1); /* the same question all along */
	assert_int_equal(w->log_edge.size, 1);
}

static void
test_counts(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	const struct cdr_roster *roster = cdr_current_hold(m->current);
	const Cdr__Wire__Epoch *epoch = cdr_roster_epoch(roster, 1);
	uint8_t tag[CDR_TAG_LEN], much[CDR_OPRF_INPUT_MAX + 1] = { 1 };
	struct cdr_bytes input = { much, sizeof(much) };

	assert_int_equal(cdr_evaluate(m, roster, epoch, "check", &input, 0, tag, NULL), CDR_E_RANGE);
	assert_int_equal(cdr_evaluate(m, roster, epoch, "check", &input, CDR_EVALUATE_POINTS_MAX + 1, tag, NULL), CDR_E_RANGE);
	assert_int_equal(cdr_evaluate(m, roster, epoch, "check", &input, 1, tag, NULL), CDR_E_RANGE);
	assert_int_equal(w->evaluation_count, 0);
	cdr_current_release(m->current, roster);
}

/* The number is durable before anything is sent under it: if it cannot be kept, nobody is asked. */
static void
test_no_sequence(void **state)
{
	struct world *w = *state;
	uint8_t tags[COUNT * CDR_TAG_LEN];

	w_run(w->member[BLUE], "INSERT INTO setting (name, value) VALUES ('sequence', x'01')");
	assert_int_equal(evaluate(w, tags, NULL), CDR_E_STORE);
	assert_int_equal(w->evaluation_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tags),
		TEST(test_failing_trustee),
		TEST(test_early),
		TEST(test_lying_trustee),
		TEST(test_too_few),
		TEST(test_no_trustee_spends_a_number),
		TEST(test_refusals),
		TEST(test_hub_refuses),
		TEST(test_late_lies),
		TEST(test_counts),
		TEST(test_no_sequence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
