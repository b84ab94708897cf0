/* The index of a node that was put back from a backup: whoever came and went since, and that nothing of it is held against the hub. */
#include "tests/unit/member/world.h"

#include "node/member/index_again.h"
#include "node/member/index_own.h"
#include "node/member/put_back.h"

#define THERE_MAX (2 * CDR_INDEX_HANDLES_MAX)

static const char *const tables[] = { "leaver", "former_handle", "removal", "index_batch", "index_kept", "setting" };
static struct cdr_fault fault;

/* A backup within the database, and what is put back of it. */
static void
back_up(struct cdr_member *m)
{
	char sql[128];

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		(void)snprintf(sql, sizeof(sql), "CREATE TABLE copy_of_%s AS SELECT * FROM %s", tables[i], tables[i]);
		w_run(m, sql);
	}
}

static void
put_back(struct cdr_member *m)
{
	char sql[128];

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		(void)snprintf(sql, sizeof(sql), "DELETE FROM %s", tables[i]);
		w_run(m, sql);
		(void)snprintf(sql, sizeof(sql), "INSERT INTO %s SELECT * FROM copy_of_%s", tables[i], tables[i]);
		w_run(m, sql);
	}
	assert_int_equal(cdr_store_write(m->home->store, cdr_put_back_mark, NULL), CDR_OK);
}

/* A file of those of A .. H who are named in ${who}. */
static void
import(struct cdr_member *m, const char *who)
{
	static const char *const names[] = { "Amina", "Baraka", "Chausiku", "Daudi", "Eshe", "Faraji", "Gathoni", "Hamisi" };
	char rows[2048];
	size_t at = 0;

	for (; *who != '\0'; who++)
		at += (size_t)snprintf(rows + at, sizeof(rows) - at, "E-%c,%s,Fictivo%c,198%d-02-03,passport,KEN,FD000%04d,Guard,KEN,2019-01-01,%s\n",
		    *who, names[*who - 'A'], *who + 32, *who - 'A', *who, w_ago(1));
	assert_int_equal(w_import(m, rows, &(struct cdr_leavers_options){ .allow_removals = true }, NULL), CDR_OK);
}

static cdr_err
step(struct cdr_member *m)
{
	bool worked = true;
	cdr_err err = CDR_OK;

	for (int i = 0; i < 20 && worked && err == CDR_OK; i++)
		err = cdr_index_step(m, &worked, &fault);
	return err;
}

/* The node asks for its own rows, of everybody: nothing is held against the hub. */
static void
looks(struct world *w, struct cdr_member *m)
{
	bool worked = true;
	const size_t before = w->prove_count;

	w_run(m, "UPDATE index_kept SET due_at = 0");
	for (int i = 0; i < 30 && worked; i++) {
		cdr_err err = cdr_index_own_step(m, &worked, &fault);
		assert_true(err == CDR_E_BUSY || err == CDR_OK);
	}
	assert_true(w->prove_count > before);
	assert_int_equal(w_count(m, "SELECT count(*) FROM misconduct"), 0);
}

/* The hub has just those of the register, each of whom it has acknowledged. */
static void
is_right(struct world *w, struct cdr_member *m)
{
	static uint8_t there[THERE_MAX][CDR_HANDLE_LEN];
	const size_t count = w_index_handles(w, there, THERE_MAX);
	int64_t known = 0;
	char sql[320];

	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state <> 'indexed'"), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM index_batch"), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM removal"), 0);
	for (size_t i = 0; i < count; i++) {
		char hex[2 * CDR_HANDLE_LEN + 1] = "";
		for (size_t k = 0; k < CDR_HANDLE_LEN; k++)
			(void)snprintf(hex + 2 * k, 3, "%02x", there[i][k]);
		(void)snprintf(sql, sizeof(sql), "SELECT (SELECT count(*) FROM leaver WHERE handle = x'%s') + (SELECT count(*) FROM former_handle WHERE"
		    " handle = x'%s' AND epoch IS NOT NULL)", hex, hex);
		assert_int_equal(w_count(m, sql), 1);
		(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM leaver WHERE handle = x'%s'", hex);
		known += w_count(m, sql);
	}
	assert_int_equal(known, w_count(m, "SELECT count(*) FROM leaver"));
}

static struct cdr_leavers_progress
progress(struct cdr_member *m)
{
	struct cdr_leavers_progress p;

	assert_int_equal(cdr_leavers_progress(m, &p), CDR_OK);
	return p;
}

static cdr_err
note_name(const struct cdr_leaver *leaver, void *context)
{
	char *names = context;
	const size_t len = strlen(names);

	(void)snprintf(names + len, 256 - len, "%s.", leaver->person.given_names);
	return CDR_OK;
}

static void
told(struct cdr_member *m, const char *names)
{
	char who[256] = "";

	assert_int_equal(cdr_index_again_each(m, note_name, who), CDR_OK);
	assert_string_equal(who, names);
}

/* One was taken out since, and one came. */
static void
test_came_and_went(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	bool worked;

	import(m, "ABC");
	assert_int_equal(step(m), CDR_OK);
	back_up(m);
	import(m, "BCD");
	assert_int_equal(step(m), CDR_OK);
	is_right(w, m);
	put_back(m);
	assert_true(progress(m).is_unsettled);
	const size_t evaluations = w->evaluation_count;
	/* Nothing is asked of the hub's tree before that is settled. */
	w_run(m, "UPDATE index_kept SET due_at = 0");
	assert_int_equal(cdr_index_own_step(m, &worked, &fault), CDR_OK);
	assert_int_equal(w->prove_count, 0);
	assert_int_equal(step(m), CDR_OK);
	is_right(w, m);
	looks(w, m);
	assert_int_equal(w->evaluation_count, evaluations); /* the tags are those that it had */
	assert_false(progress(m).is_unsettled);
	assert_int_equal(progress(m).again.came, 1);
	assert_int_equal(progress(m).again.went, 1);
	told(m, "Amina.");
	/* It is settled by the file as it is now, and only by a whole one. */
	assert_int_equal(w_import(m, "E-H,Hamisi,Fictivoh,1987-02-03,,,,Guard,KEN,2019-01-01,\n", &(struct cdr_leavers_options){ .partial = true }, NULL),
	    CDR_OK);
	assert_int_equal(progress(m).again.went, 1);
	import(m, "BCD");
	assert_int_equal(progress(m).again.came, 0);
	assert_int_equal(progress(m).again.went, 0);
	assert_int_equal(step(m), CDR_OK);
	is_right(w, m);
	looks(w, m);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver"), 3);
	assert_int_equal(w->list_count, 1); /* once */
}

/* The file was imported before the daemon ran: there is nothing to tell. */
static void
test_imported_first(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];

	import(m, "ABC");
	assert_int_equal(step(m), CDR_OK);
	back_up(m);
	import(m, "BCD");
	assert_int_equal(step(m), CDR_OK);
	put_back(m);
	import(m, "BCD");
	assert_int_equal(step(m), CDR_OK);
	is_right(w, m);
	looks(w, m);
	assert_int_equal(progress(m).again.came + progress(m).again.went, 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver"), 3);
}

/* What was on its way when the backup was made came there, and was taken out again. */
static void
test_on_its_way(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];

	import(m, "ABC");
	assert_int_equal(step(m), CDR_OK);
	import(m, "BCDE"); /* A is on its way out, D and E on their way in */
	w->forgets_reply = true;
	assert_int_not_equal(step(m), CDR_OK);
	w->forgets_reply = false;
	back_up(m);
	assert_int_equal(step(m), CDR_OK);
	import(m, "BCE");
	assert_int_equal(step(m), CDR_OK);
	put_back(m);
	assert_int_equal(step(m), CDR_OK);
	is_right(w, m);
	looks(w, m);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver"), 4);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'indexed'"), 4);
}

/* Whatever is lost on the way, it ends the same. */
static void
test_interrupted(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];

	import(m, "ABCD");
	assert_int_equal(step(m), CDR_OK);
	back_up(m);
	import(m, "CDEF");
	assert_int_equal(step(m), CDR_OK);
	put_back(m);
	w->hub_is_down = true;
	assert_int_not_equal(step(m), CDR_OK);
	w->hub_is_down = false;
	w->lists_backwards = true;
	assert_int_equal(step(m), CDR_E_INPUT);
	assert_non_null(strstr(fault.text, "order"));
	w->lists_backwards = false;
	assert_int_equal(w_count(m, "SELECT count(*) FROM removal"), 0);
	/* Noted, and killed before anything was removed; then its puts are lost, one after the other. */
	w->refused_path = "/v1/index/put";
	w->refused_code = CDR_E_BUSY;
	assert_int_not_equal(step(m), CDR_OK);
	w->refused_path = NULL;
	assert_int_equal(progress(m).again.came, 2);
	assert_int_equal(progress(m).again.went, 2);
	for (int i = 0; i < 3; i++) {
		w->forgets_reply = true;
		assert_int_not_equal(step(m), CDR_OK);
		w->forgets_reply = false;
	}
	assert_int_equal(step(m), CDR_OK);
	is_right(w, m);
	looks(w, m);
	assert_int_equal(progress(m).again.came, 2);
	assert_int_equal(progress(m).again.went, 2);
}

/* The exchange has come to another epoch since: people stand in the one before too, under the handles that they had then. */
static void
test_another_epoch(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];

	import(m, "ABC");
	assert_int_equal(step(m), CDR_OK);
	back_up(m);
	w->with_second_epoch = true;
	w_roster(w);
	w_refresh(w);
	import(m, "BCD");
	assert_int_equal(step(m), CDR_OK);
	put_back(m);
	assert_int_equal(step(m), CDR_OK);
	is_right(w, m);
	looks(w, m);
	assert_int_equal(w_count(m, "SELECT count(*) FROM former_handle WHERE epoch = 1"), 3);
	assert_int_equal(w_count(m, "SELECT sum(length(expiries)) FROM index_kept WHERE epoch = 1"), 3 * CDR_INDEX_EXPIRY_LEN);
	assert_int_equal(progress(m).again.went, 1);
	told(m, "Amina.");
	import(m, "BCD");
	assert_int_equal(step(m), CDR_OK);
	is_right(w, m);
}

/* So many that they are listed on several pages, and nobody here knows them. */
static void
test_many(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	static uint8_t there[THERE_MAX][CDR_HANDLE_LEN];
	struct w_put *put = &w->put[w->put_count++];

	*put = (struct w_put){ .epoch = 1 };
	put->expiries.data = calloc(CDR_INDEX_HANDLES_MAX + 100, CDR_INDEX_EXPIRY_LEN);
	assert_non_null(put->expiries.data);
	put->expiries.len = (CDR_INDEX_HANDLES_MAX + 100) * CDR_INDEX_EXPIRY_LEN;
	for (size_t i = 0; i < CDR_INDEX_HANDLES_MAX + 100; i++)
		cdr_number_write(i * 7919 + 1, put->expiries.data + i * CDR_INDEX_EXPIRY_LEN, 8);
	back_up(m);
	put_back(m);
	assert_int_equal(step(m), CDR_OK);
	assert_int_equal(step(m), CDR_OK);
	assert_int_equal(w->list_count, 2);
	assert_int_equal(progress(m).again.came, CDR_INDEX_HANDLES_MAX + 100);
	assert_int_equal(w_index_handles(w, there, THERE_MAX), 0);
	is_right(w, m);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_came_and_went),
		TEST(test_imported_first),
		TEST(test_on_its_way),
		TEST(test_interrupted),
		TEST(test_another_epoch),
		TEST(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
