#include "tests/unit/member/world.h"

#define AMINA "E-1,Amina Wanjiru,Otieno,1984-05-12,passport,KEN,A7654321,Nurse,KEN,2015-02-01,"
#define JOHN "E-2,John,Kamau,1979-11-03,,,,Driver,KEN,2016-03-01,"
#define SARA "E-3,Sara,Haddad,1990-01-20,,,,Officer,LBN,2018-01-01,"

/* The three of them, who left a year ago; ${amina} takes the place of the first row if it is not NULL. */
static const char *
three(const char *amina)
{
	static char rows[1024];
	const char *left = w_ago(1);

	(void)snprintf(rows, sizeof(rows), "%s%s\n" JOHN "%s\n" SARA "%s\n", amina != NULL ? amina : AMINA,
	    amina != NULL ? "" : left, left, left);
	return rows;
}

static void
expect(const struct cdr_leavers_outcome *o, size_t added, size_t changed, size_t unchanged, size_t removed, size_t count)
{
	assert_int_equal(o->added, added);
	assert_int_equal(o->changed, changed);
	assert_int_equal(o->unchanged, unchanged);
	assert_int_equal(o->removed, removed);
	assert_int_equal(o->register_count, count);
}

/* The same file again changes nothing, not even a byte that was sealed anew. */
static void
test_same_file_again(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_leavers_outcome outcome;
	uint8_t before[CDR_HANDLE_LEN], after[CDR_HANDLE_LEN];

	assert_int_equal(w_import(m, three(NULL), NULL, &outcome), CDR_OK);
	expect(&outcome, 3, 0, 0, 0, 3);
	w_handle(m, before);
	assert_int_equal(w_import(m, three(NULL), NULL, &outcome), CDR_OK);
	expect(&outcome, 0, 0, 3, 0, 3);
	w_handle(m, after);
	assert_memory_equal(before, after, sizeof(before));
	assert_int_equal(w_count(m, "SELECT count(*) FROM removal"), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'waiting'"), 3);
}

/* Somebody who changed has a new handle, waits for the index again, and the old handle must go from it. */
static void
test_changed_row(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_leavers_outcome outcome;
	char changed[256];

	assert_int_equal(w_import(m, three(NULL), NULL, NULL), CDR_OK);
	w_run(m, "UPDATE leaver SET state = 'indexed'");
	(void)snprintf(changed, sizeof(changed),
	    "E-1,Amina W.,Otieno,1984-05-12,passport,KEN,A7654321,Nurse,KEN,2015-02-01,%s", w_ago(1));
	assert_int_equal(w_import(m, three(changed), NULL, &outcome), CDR_OK);
	expect(&outcome, 0, 1, 2, 0, 3);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver"), 3);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'waiting'"), 1);
	assert_int_equal(w_count(m, "SELECT count(*) FROM removal WHERE batch IS NULL"), 1);
	assert_int_equal(w_count(m, "SELECT count(*) FROM removal WHERE handle IN (SELECT handle FROM leaver)"), 0);
}

static void
test_missing_row(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_leavers_outcome outcome;
	struct cdr_leavers_options partial = { .partial = true };
	char two[512];

	assert_int_equal(w_import(m, three(NULL), NULL, NULL), CDR_OK);
	(void)snprintf(two, sizeof(two), AMINA "%s\n" SARA "%s\n", w_ago(1), w_ago(1));
	assert_int_equal(w_import(m, two, &partial, &outcome), CDR_OK);
	expect(&outcome, 0, 0, 3, 0, 3);
	assert_int_equal(w_count(m, "SELECT count(*) FROM removal"), 0);
	assert_int_equal(w_import(m, two, NULL, &outcome), CDR_OK);
	expect(&outcome, 0, 0, 2, 1, 2);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver"), 2);
	assert_int_equal(w_count(m, "SELECT count(*) FROM removal"), 1);
	/* Who comes back is a new leaver under a new handle. */
	assert_int_equal(w_import(m, three(NULL), NULL, &outcome), CDR_OK);
	expect(&outcome, 1, 0, 2, 0, 3);
	assert_int_equal(w_count(m, "SELECT count(*) FROM removal WHERE handle IN (SELECT handle FROM leaver)"), 0);
}

/* Rows of ${count} leavers, from number ${first}. */
static char *
many(size_t first, size_t count)
{
	size_t room = count * 128 + 1, at = 0;
	char *rows = malloc(room);

	assert_non_null(rows);
	rows[0] = '\0';
	for (size_t i = first; i < first + count; i++)
		at += (size_t)snprintf(rows + at, room - at, "M-%zu,Given%c%c,Family%c,1980-02-03,,,,Guard,KEN,2019-01-01,%s\n", i,
		    'a' + (char)(i % 26), 'a' + (char)(i / 26 % 26), 'a' + (char)(i % 7), w_ago(1));
	return rows;
}

/* A file that would take out more than half of a register is more often the wrong file. */
static void
test_guard(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_leavers_outcome outcome;
	struct cdr_leavers_options allow = { .allow_removals = true };
	char *rows = many(0, 60), *few = many(0, 29), *half = many(0, 30);

	assert_int_equal(w_import(m, rows, NULL, &outcome), CDR_OK);
	expect(&outcome, 60, 0, 0, 0, 60);
	assert_int_equal(w_import(m, few, NULL, &outcome), CDR_E_REFUSED);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver"), 60);
	assert_int_equal(w_count(m, "SELECT count(*) FROM removal"), 0);
	assert_int_equal(w_import(m, half, NULL, &outcome), CDR_OK);
	expect(&outcome, 0, 0, 30, 30, 30);
	/* Twenty may always go: a small organisation is not asked. */
	free(few);
	few = many(0, 10);
	assert_int_equal(w_import(m, few, NULL, &outcome), CDR_OK);
	expect(&outcome, 0, 0, 10, 20, 10);
	assert_int_equal(w_import(m, rows, NULL, NULL), CDR_OK);
	assert_int_equal(w_import(m, few, &allow, &outcome), CDR_OK);
	expect(&outcome, 0, 0, 10, 50, 10);
	free(rows);
	free(few);
	free(half);
}

/* Nothing of a file with a bad row, unless that is left out; then nobody goes, because who stands in it is not known. */
static void
test_bad_row(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_leavers_outcome outcome;
	struct cdr_leavers_options skip = { .skip_bad = true };
	char rows[512];

	assert_int_equal(w_import(m, three(NULL), NULL, NULL), CDR_OK);
	(void)snprintf(rows, sizeof(rows),
	    AMINA "%s\nE-2,John,Kamau,1979-13-03,,,,Driver,KEN,2016-03-01,%s\nE-4,New,Person,1988-08-08,,,,,KEN,2018-01-01,%s\n",
	    w_ago(1), w_ago(1), w_ago(1));
	assert_int_equal(w_import(m, rows, NULL, &outcome), CDR_E_INPUT);
	expect(&outcome, 0, 0, 0, 0, 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver"), 3);
	assert_int_equal(w_import(m, rows, &skip, &outcome), CDR_OK);
	expect(&outcome, 1, 0, 3, 0, 4);
	assert_int_equal(w_count(m, "SELECT count(*) FROM removal"), 0);
}

/* An empty file is no wish to forget everybody. */
static void
test_nobody(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_leavers_options all = { .skip_bad = true, .allow_removals = true };
	struct cdr_leavers_outcome outcome;
	char old[256];

	assert_int_equal(w_import(m, three(NULL), NULL, NULL), CDR_OK);
	assert_int_equal(w_import(m, "", NULL, &outcome), CDR_E_INPUT);
	assert_int_equal(w_import(m, "E-9,Bad,Date,1979-13-03,,,,,KEN,2018-01-01,\n", &all, &outcome), CDR_E_INPUT);
	(void)snprintf(old, sizeof(old), "E-9,Long,Ago,1979-03-03,,,,,KEN,2001-01-01,2002-01-01\n");
	assert_int_equal(w_import(m, old, &all, &outcome), CDR_E_INPUT);
	/* A quote that is not closed: the rest cannot be told apart. */
	assert_int_equal(w_import(m, "E-1,\"Amina,Otieno,1984-05-12,,,,,KEN,2018-01-01,\n", &all, &outcome), CDR_E_REFUSED);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver"), 3);
	assert_int_equal(w_count(m, "SELECT count(*) FROM removal"), 0);
}

/* The month of expiry is that of the last day, or of the first import: a correction does not begin it anew. */
static void
test_expiry(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_record_rules rules;
	char rows[256];

	cdr_member_rules(m, &rules);
	int64_t now = cdr_leavers_month(&rules.today);
	(void)snprintf(rows, sizeof(rows), AMINA "\n" JOHN "%s\n", w_ago(1));
	assert_int_equal(w_import(m, rows, NULL, NULL), CDR_OK);
	assert_int_equal(w_count(m, "SELECT max(expiry) FROM leaver"), now + 60);
	assert_int_equal(w_count(m, "SELECT min(expiry) FROM leaver"), now + 48);
	/* As if she had been imported ten months ago. */
	char sql[128];
	(void)snprintf(sql, sizeof(sql), "UPDATE leaver SET expiry = %lld WHERE expiry = %lld", (long long)now + 50,
	    (long long)now + 60);
	w_run(m, sql);
	(void)snprintf(rows, sizeof(rows),
	    "E-1,Amina,Otieno,1984-05-12,passport,KEN,A7654321,Nurse,KEN,2015-02-01,\n" JOHN "%s\n", w_ago(1));
	assert_int_equal(w_import(m, rows, NULL, NULL), CDR_OK);
	assert_int_equal(w_count(m, "SELECT max(expiry) FROM leaver"), now + 50);
	/* Once the last day is known, it counts. */
	(void)snprintf(rows, sizeof(rows), AMINA "%s\n" JOHN "%s\n", w_ago(0), w_ago(1));
	assert_int_equal(w_import(m, rows, NULL, NULL), CDR_OK);
	assert_int_equal(w_count(m, "SELECT max(expiry) FROM leaver"), now + 60);
}

static void
test_purge(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_record_rules rules;
	size_t count = 9;
	char sql[128];

	cdr_member_rules(m, &rules);
	assert_int_equal(w_import(m, three(NULL), NULL, NULL), CDR_OK);
	assert_int_equal(cdr_leavers_expire(m, &count), CDR_OK);
	assert_int_equal(count, 0);
	/* In its last month a leaver is still there; a month later not. */
	(void)snprintf(sql, sizeof(sql), "UPDATE leaver SET expiry = %d", cdr_leavers_month(&rules.today));
	w_run(m, sql);
	assert_int_equal(cdr_leavers_expire(m, &count), CDR_OK);
	assert_int_equal(count, 0);
	w_run(m, "UPDATE leaver SET expiry = expiry - 1 WHERE id = (SELECT min(id) FROM leaver)");
	assert_int_equal(cdr_leavers_expire(m, &count), CDR_OK);
	assert_int_equal(count, 1);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver"), 2);
	assert_int_equal(w_count(m, "SELECT count(*) FROM removal WHERE batch IS NULL"), 1);
}

static void
test_progress(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_leavers_progress progress;

	assert_int_equal(w_import(m, three(NULL), NULL, NULL), CDR_OK);
	w_run(m, "UPDATE leaver SET state = 'indexed' WHERE id = (SELECT min(id) FROM leaver)");
	w_run(m, "UPDATE leaver SET state = 'sent' WHERE id = (SELECT max(id) FROM leaver)");
	assert_int_equal(cdr_leavers_progress(m, &progress), CDR_OK);
	assert_int_equal(progress.register_count, 3);
	assert_int_equal(progress.waiting_count, 2);
	assert_int_equal(progress.removal_count, 0);
}

static cdr_err
open_first(struct cdr_tx *tx, void *context)
{
	struct cdr_member *member = context;
	struct cdr_query *query = NULL;
	struct cdr_leaver leaver, zero;
	struct cdr_bytes sealed;
	uint8_t id[CDR_ID_LEN], other[CDR_ID_LEN] = { 1 };

	assert_int_equal(cdr_query_start(tx, "SELECT id, sealed FROM leaver", CDR_VALUES(), &query), CDR_OK);
	assert_int_equal(cdr_query_step(query), CDR_OK);
	assert_int_equal(cdr_query_blob(query, 0, id, sizeof(id)), CDR_OK);
	assert_int_equal(cdr_query_blob_peek(query, 1, 8192, &sealed), CDR_OK);
	assert_int_equal(cdr_leavers_open(member, id, sealed, &leaver), CDR_OK);
	assert_string_equal(leaver.person.family_names, "Otieno");
	/* In another row it does not open; neither does a part of it. Whose fault it is: this machine's. */
	memset(&zero, 0, sizeof(zero));
	assert_int_equal(cdr_leavers_open(member, other, sealed, &leaver), CDR_E_STORE);
	assert_memory_equal(&leaver, &zero, sizeof(leaver));
	sealed.len--;
	assert_int_equal(cdr_leavers_open(member, id, sealed, &leaver), CDR_E_STORE);
	assert_memory_equal(&leaver, &zero, sizeof(leaver));
	cdr_query_end(query);
	return CDR_OK;
}

static void
test_open(void **state)
{
	struct world *w = *state;

	w_import_amina(w->member[BLUE], 1);
	assert_int_equal(cdr_store_read(w->member[BLUE]->home->store, open_first, w->member[BLUE]), CDR_OK);
}

static void
test_month(void **state)
{
	(void)state;
	assert_int_equal(cdr_leavers_month(&(struct cdr_date){ 2000, 1, 1, CDR_PRECISION_MONTH }), 0);
	assert_int_equal(cdr_leavers_month(&(struct cdr_date){ 2026, 3, 1, CDR_PRECISION_MONTH }), 314);
	assert_int_equal(cdr_leavers_month(&(struct cdr_date){ 1999, 12, 1, CDR_PRECISION_MONTH }), 0);
	assert_int_equal(cdr_leavers_month(&(struct cdr_date){ 2150, 12, 1, CDR_PRECISION_MONTH }), 1811);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_same_file_again),
		TEST(test_changed_row),
		TEST(test_missing_row),
		TEST(test_guard),
		TEST(test_bad_row),
		TEST(test_nobody),
		TEST(test_expiry),
		TEST(test_purge),
		TEST(test_progress),
		TEST(test_open),
		cmocka_unit_test(test_month),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
