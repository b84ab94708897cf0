#include "tests/unit/member/world.h"

/* A member's folder on the disk, its settings, its day. */

static char dir[64];

static int
make_dir(void **state)
{
	(void)state;
	if (cdr_secret_start(NULL) != CDR_OK)
		return -1;
	(void)snprintf(dir, sizeof(dir), "/tmp/cdr-member-XXXXXX");
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
remove_dir(void **state)
{
	static const char *const names[] = { "node/keystore", "node/node.db", "node/node.db-check", "node/node.db-wal",
		"node/node.db-shm", "node" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (unlink(path) != 0)
			(void)rmdir(path);
	}
	return rmdir(dir);
}

static void
test_create_and_open(void **state)
{
	struct cdr_passphrase right = { .len = 24 }, wrong = { .len = 24 };
	struct cdr_fault fault = { 0 };
	struct cdr_member *member;
	char path[96], long_name[CDR_PARTY_NAME_LEN_MAX + 2];

	(void)state;
	memcpy(right.bytes, "a passphrase of a member", 24);
	memcpy(wrong.bytes, "a passphrase of somebody", 24);
	(void)snprintf(path, sizeof(path), "%s/node", dir);
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(cdr_member_create(path, "", &right, &fault), CDR_E_RANGE);
	assert_int_equal(cdr_member_create(path, long_name, &right, &fault), CDR_E_RANGE);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(cdr_member_open(path, &right, &member, &fault), CDR_E_ABSENT);
	assert_null(member);

	assert_int_equal(cdr_member_create(path, "Blue Harbour", &right, &fault), CDR_OK);
	assert_int_equal(cdr_member_create(path, "Blue Harbour", &right, &fault), CDR_E_EXISTS);
	assert_int_equal(cdr_member_open(path, &wrong, &member, &fault), CDR_E_PASSPHRASE);
	assert_null(member);
	assert_int_equal(cdr_member_open(path, &right, &member, &fault), CDR_OK);
	assert_string_equal(member->name, "Blue Harbour");
	assert_string_equal(member->id, "");
	assert_int_equal(cdr_member_joined(member, &fault), CDR_E_ABSENT);
	assert_non_null(strstr(fault.text, "candor join"));
	assert_null(cdr_current_hold(member->current));
	cdr_member_close(member);
	cdr_member_close(NULL);
}

static cdr_err
use_settings(struct cdr_tx *tx, void *context)
{
	uint8_t four[4] = { 1, 2, 3, 4 }, back[4];
	char text[8];
	uint64_t number;

	(void)context;
	assert_int_equal(cdr_setting_get(tx, "four", back, 4), CDR_E_ABSENT);
	assert_int_equal(cdr_setting_put(tx, "four", four, 4), CDR_OK);
	assert_int_equal(cdr_setting_get(tx, "four", back, 4), CDR_OK);
	assert_memory_equal(back, four, 4);
	assert_int_equal(cdr_setting_get(tx, "four", back, 3), CDR_E_STORE);
	assert_int_equal(cdr_setting_put(tx, "four", "seven77", 7), CDR_OK);
	assert_int_equal(cdr_setting_get_text(tx, "four", text, sizeof(text)), CDR_OK);
	assert_string_equal(text, "seven77");
	assert_int_equal(cdr_setting_get_text(tx, "four", text, 7), CDR_E_STORE);
	assert_string_equal(text, "");
	assert_int_equal(cdr_setting_get_text(tx, "none", text, sizeof(text)), CDR_E_ABSENT);
	assert_int_equal(cdr_setting_put(tx, "empty", "", 0), CDR_OK);
	assert_int_equal(cdr_setting_get_text(tx, "empty", text, sizeof(text)), CDR_OK);
	assert_string_equal(text, "");
	for (uint64_t i = 1; i <= 300; i++) {
		assert_int_equal(cdr_setting_next(tx, "count", &number), CDR_OK);
		assert_int_equal(number, i);
	}
	return CDR_OK;
}

static cdr_err
take_number(struct cdr_tx *tx, void *context)
{
	uint64_t number;

	assert_int_equal(cdr_setting_next(tx, "count", &number), CDR_OK);
	*(uint64_t *)context = number;
	return number == 301 ? CDR_E_IO : CDR_OK;
}

/* A number that was taken back with its transaction is given again; one that was committed never. */
static void
test_settings(void **state)
{
	struct world *w = *state;
	struct cdr_store *store = w->member[BLUE]->home->store;
	uint64_t number;

	assert_int_equal(cdr_store_write(store, use_settings, NULL), CDR_OK);
	assert_int_equal(cdr_store_write(store, take_number, &number), CDR_E_IO);
	assert_int_equal(number, 301);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM setting WHERE name = 'count'"), 1);
}

static void
expect_day(int64_t seconds, int year, int month, int day)
{
	struct cdr_date date = cdr_member_day(seconds);

	assert_int_equal(date.year, year);
	assert_int_equal(date.month, month);
	assert_int_equal(date.day, day);
	assert_int_equal(date.precision, CDR_PRECISION_DAY);
}

static void
test_day(void **state)
{
	(void)state;
	expect_day(0, 1970, 1, 1);
	expect_day(1709251199, 2024, 2, 29);
	expect_day(1709251200, 2024, 3, 1);
}

static void
test_rules(void **state)
{
	struct world *w = *state;
	struct cdr_record_rules rules;

	w->scheme.lookback_years = 7;
	w_roster(w);
	w_refresh(w);
	cdr_member_rules(w->member[BLUE], &rules);
	assert_int_equal(rules.lookback_years, 7);
	assert_ptr_equal(rules.codebook, w->member[BLUE]->codebook);
	assert_true(cdr_date_valid(&rules.today));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_create_and_open, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_settings, w_setup, w_teardown),
		cmocka_unit_test(test_day),
		cmocka_unit_test_setup_teardown(test_rules, w_setup, w_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
