#include "tests/unit/member/world.h"

#include "node/member/count.h"
#include "node/member/trail.h"

/* The figures of the annual return, and who did what. */

static cdr_err
sum_codes(const char *code, uint64_t n, void *context)
{
	uint64_t *sum = context;

	assert_true(strcmp(code, "members") == 0 || strcmp(code, "others") == 0);
	*sum = *sum * 10 + n;
	return CDR_OK;
}

static cdr_err
use_figures(struct cdr_tx *tx, void *context)
{
	char code[CDR_COUNT_CODE_LEN + 1];
	uint64_t n, sum = 0;

	(void)context;
	memset(code, 'x', sizeof(code) - 1);
	code[sizeof(code) - 1] = '\0';
	assert_int_equal(cdr_count_add(tx, CDR_COUNT_LAWSUIT, 2026, 2), CDR_OK);
	assert_int_equal(cdr_count_add(tx, CDR_COUNT_LAWSUIT, 2026, 3), CDR_OK);
	assert_int_equal(cdr_count_add(tx, CDR_COUNT_LAWSUIT, 2027, 1), CDR_OK);
	assert_int_equal(cdr_count_add_code(tx, CDR_COUNT_REQUEST_MADE, "members", 2026, 4), CDR_OK);
	assert_int_equal(cdr_count_add_code(tx, CDR_COUNT_REQUEST_MADE, "others", 2026, 1), CDR_OK);
	assert_int_equal(cdr_count_read(tx, CDR_COUNT_LAWSUIT, NULL, 2026, 2026, &n), CDR_OK);
	assert_int_equal(n, 5);
	assert_int_equal(cdr_count_read(tx, CDR_COUNT_LAWSUIT, NULL, 2000, 2027, &n), CDR_OK);
	assert_int_equal(n, 6);
	assert_int_equal(cdr_count_read(tx, CDR_COUNT_REQUEST_MADE, "others", 2026, 2026, &n), CDR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(cdr_count_read(tx, CDR_COUNT_OBJECTION, NULL, 2026, 2026, &n), CDR_OK);
	assert_int_equal(n, 0);
	assert_int_equal(cdr_count_each(tx, CDR_COUNT_REQUEST_MADE, 2026, sum_codes, &sum), CDR_OK);
	assert_int_equal(sum, 41);

	/* Neither form stands for the other; nothing outside its range. */
	assert_int_equal(cdr_count_add(tx, CDR_COUNT_REQUEST_MADE, 2026, 1), CDR_E_RANGE);
	assert_int_equal(cdr_count_add_code(tx, CDR_COUNT_LAWSUIT, "members", 2026, 1), CDR_E_RANGE);
	assert_int_equal(cdr_count_add_code(tx, CDR_COUNT_REQUEST_MADE, "", 2026, 1), CDR_E_RANGE);
	assert_int_equal(cdr_count_add_code(tx, CDR_COUNT_REQUEST_MADE, "a b", 2026, 1), CDR_E_RANGE);
	assert_int_equal(cdr_count_add_code(tx, CDR_COUNT_REQUEST_MADE, code, 2026, 1), CDR_E_RANGE);
	assert_int_equal(cdr_count_add(tx, CDR_COUNT_LAWSUIT, 1999, 1), CDR_E_RANGE);
	assert_int_equal(cdr_count_add(tx, CDR_COUNT_LAWSUIT, 10000, 1), CDR_E_RANGE);
	assert_int_equal(cdr_count_add(tx, CDR_COUNTER_COUNT, 2026, 1), CDR_E_RANGE);
	assert_int_equal(cdr_count_read(tx, CDR_COUNTER_COUNT, NULL, 2026, 2026, &n), CDR_E_RANGE);
	assert_int_equal(cdr_count_each(tx, CDR_COUNTER_COUNT, 2026, sum_codes, &sum), CDR_E_RANGE);
	return CDR_OK;
}

static cdr_err
use_days(struct cdr_tx *tx, void *context)
{
	uint64_t n, asked = 1767225600 /* 1 January 2026 */, due = asked + 14 * 86400;

	(void)context;
	assert_int_equal(cdr_count_response(tx, CDR_COUNT_MEMBERS, asked, due, asked + 3 * 86400 + 86399), CDR_OK);
	assert_int_equal(cdr_count_response(tx, CDR_COUNT_OTHERS, asked, due, due + 1), CDR_OK);
	assert_int_equal(cdr_count_response(tx, CDR_COUNT_OTHERS, asked, due, asked - 5), CDR_OK); /* a clock that was put back */
	assert_int_equal(cdr_count_read(tx, CDR_COUNT_RESPONSE_DAYS, "3", 2026, 2026, &n), CDR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(cdr_count_read(tx, CDR_COUNT_RESPONSE_LATE, NULL, 2026, 2026, &n), CDR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(cdr_count_read(tx, CDR_COUNT_RESPONSE_DAYS, "0", 2025, 2025, &n), CDR_OK);
	assert_int_equal(n, 1);
	return CDR_OK;
}

static void
test_figures(void **state)
{
	struct world *w = *state;

	assert_int_equal(cdr_store_write(w->member[BLUE]->home->store, use_figures, NULL), CDR_OK);
	assert_int_equal(cdr_store_write(w->member[BLUE]->home->store, use_days, NULL), CDR_OK);
	assert_int_equal(cdr_count_year(1767225599), 2025);
	assert_int_equal(cdr_count_year(1767225600), 2026);
	assert_int_equal(cdr_count_year(0), CDR_COUNT_YEAR_MIN);
	assert_int_equal(cdr_count_year(UINT64_MAX >> 1), CDR_COUNT_YEAR_MIN);
	assert_string_equal(cdr_count_name(CDR_COUNT_MATCH), "match");
	assert_string_equal(cdr_count_name(CDR_COUNTER_COUNT), "");
	for (int i = 0; i < CDR_COUNTER_COUNT; i++)
		assert_true(strlen(cdr_count_name((enum cdr_counter)i)) > 2);
}

/* ---- trail -------------------------------------------------------------------------------------------------------------- */

static const uint8_t subject[CDR_ID_LEN] = "check number one";

static cdr_err
use_trail(struct cdr_tx *tx, void *context)
{
	(void)context;
	assert_int_equal(cdr_trail_add(tx, "user/jo", "check.open", subject), CDR_OK);
	assert_int_equal(cdr_trail_add(tx, CDR_TRAIL_NODE, "check.expire", NULL), CDR_OK);
	assert_int_equal(cdr_trail_add(tx, CDR_TRAIL_OPERATOR, "user.add", NULL), CDR_OK);
	assert_int_equal(cdr_trail_add(tx, "", "user.add", NULL), CDR_E_RANGE);
	assert_int_equal(cdr_trail_add(tx, "a b", "user.add", NULL), CDR_E_RANGE);
	assert_int_equal(cdr_trail_add(tx, "jo\n", "user.add", NULL), CDR_E_RANGE);
	assert_int_equal(cdr_trail_add(tx, "jo", "User", NULL), CDR_E_RANGE);
	assert_int_equal(cdr_trail_add(tx, "jo", "", NULL), CDR_E_RANGE);
	return CDR_OK;
}

/* The second entry, and how many were told. */
struct told {
	struct cdr_trail_entry last;
	size_t count;
};

static cdr_err
tell(const struct cdr_trail_entry *entry, void *context)
{
	struct told *told = context;

	told->last = *entry;
	told->count++;
	return CDR_OK;
}

static cdr_err
read_trail(struct cdr_tx *tx, void *context)
{
	return cdr_trail_each(tx, 0, UINT64_MAX, tell, context);
}

static cdr_err
read_page(struct cdr_tx *tx, void *context)
{
	return cdr_trail_each(tx, 1, 1, tell, context);
}

static cdr_err
fail_to_tell(const struct cdr_trail_entry *entry, void *context)
{
	(void)entry;
	(void)context;
	return CDR_E_MEMORY;
}

static cdr_err
read_failing(struct cdr_tx *tx, void *context)
{
	return cdr_trail_each(tx, 0, UINT64_MAX, fail_to_tell, context);
}

static void
test_trail(void **state)
{
	struct world *w = *state;
	struct cdr_store *store = w->member[BLUE]->home->store;
	struct told told = { .count = 0 };

	assert_int_equal(cdr_store_read(store, read_trail, &told), CDR_OK);
	assert_int_equal(told.count, 0);
	assert_int_equal(cdr_store_write(store, use_trail, NULL), CDR_OK);
	assert_int_equal(cdr_store_read(store, read_trail, &told), CDR_OK);
	assert_int_equal(told.count, 3);
	assert_int_equal(told.last.number, 3);
	assert_string_equal(told.last.what, "user.add");
	told.count = 0;
	assert_int_equal(cdr_store_read(store, read_page, &told), CDR_OK);
	assert_int_equal(told.count, 1);
	assert_string_equal(told.last.what, "check.expire");
	assert_int_equal(cdr_store_read(store, read_failing, &told), CDR_E_MEMORY);
}

/* Whatever is changed or taken out is found. */
static void
test_trail_broken(void **state)
{
	static const char *const changes[] = {
		"UPDATE trail SET who = 'user/al' WHERE number = 1",
		"UPDATE trail SET what = 'check.close' WHERE number = 1",
		"UPDATE trail SET at = at + 1 WHERE number = 2",
		"UPDATE trail SET subject = zeroblob(16) WHERE number = 1",
		"UPDATE trail SET hash = (SELECT t.hash FROM trail t WHERE t.number = 1) WHERE number = 2",
		"DELETE FROM trail WHERE number = 1",
		"DELETE FROM trail WHERE number = 2",
	};
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	struct told told = { .count = 0 };

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		w_run(blue, "DELETE FROM trail");
		assert_int_equal(cdr_store_write(blue->home->store, use_trail, NULL), CDR_OK);
		assert_int_equal(cdr_store_read(blue->home->store, read_trail, &told), CDR_OK);
		w_run(blue, changes[i]);
		assert_int_equal(cdr_store_read(blue->home->store, read_trail, &told), CDR_E_SIGNATURE);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_figures),
		TEST(test_trail),
		TEST(test_trail_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
