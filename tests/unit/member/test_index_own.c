#include "tests/unit/member/world.h"

#include "node/member/index_own.h"

/* Asking the hub to prove one's own rows: whom is drawn, and how much is asked at once. */

#define PEOPLE 64     /* one batch */
#define ASKED_MAX 32  /* 16 people, two rows each */

/* People of one name: whoever was born on the same day of another month shares a tag with others. */
static void
import(struct cdr_member *m)
{
	static char rows[PEOPLE * 128];
	size_t at = 0;

	for (size_t i = 0; i < PEOPLE; i++)
		at += (size_t)snprintf(rows + at, sizeof(rows) - at, "E-%zu,Fictionella,Epochova,19%zu-0%zu-1%zu,passport,KEN,FE%07zu,Guard,KEN,2019-01-01,%s\n",
		    i, 60 + i % 40, 1 + i % 9, i % 10, i * 1237, w_ago(1));
	assert_int_equal(w_import(m, rows, NULL, NULL), CDR_OK);
}

/* However many share tags, so that somebody gives one row alone, no more is asked than there is room for. */
static void
test_people_who_share_tags(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_fault fault;
	bool worked = true;

	import(m);
	while (worked)
		assert_int_equal(cdr_index_step(m, &worked, &fault), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'indexed'"), PEOPLE);
	for (size_t i = 1; i <= 300; i++) {
		assert_int_equal(cdr_index_own_step(m, &worked, &fault), CDR_E_BUSY);
		assert_int_equal(w->prove_count, i); /* it is asked again, of others */
		assert_in_range(w->prove_row_count, 2, ASKED_MAX);
	}
	assert_int_equal(w_count(m, "SELECT count(*) FROM misconduct"), 0);
}

/* One person with ${count} contracts. */
static void
import_contracts(struct cdr_member *m, size_t count)
{
	static char rows[PEOPLE * 128];
	size_t at = 0;

	for (size_t i = 0; i < count; i++)
		at += (size_t)snprintf(rows + at, sizeof(rows) - at, "E-%zu,Fictionella,Epochova,1971-03-04,passport,KEN,FE1234567,Guard,KEN,2019-01-01,%s\n",
		    i, w_ago(1));
	assert_int_equal(w_import(m, rows, NULL, NULL), CDR_OK);
}

/* Whoever stands in the register more often than the hub takes under one tag is no reason to be refused for ever. */
static void
test_one_who_came_forty_times(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_fault fault;
	bool worked = true;
	size_t most = 0;

	w->bounds_tags = true;
	import_contracts(m, 40);
	for (int i = 0; i < 20 && worked; i++)
		assert_int_equal(cdr_index_step(m, &worked, &fault), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'indexed'"), 40);
	assert_in_range(w->flood_count, 1, w->put_count);
	/* 32 of them have all of their rows: as many as anybody looks at. */
	for (size_t i = 0; i < w->put_count; i++)
		for (size_t at = 0; at < w->put[i].rows.len; at += CDR_INDEX_ROW_LEN) {
			size_t same = 0;
			for (size_t k = 0; k < w->put_count; k++)
				for (size_t b = 0; b < w->put[k].rows.len; b += CDR_INDEX_ROW_LEN)
					same += memcmp(w->put[i].rows.data + at, w->put[k].rows.data + b, CDR_TAG_LEN) == 0;
			most = same > most ? same : most;
		}
	assert_int_equal(most, CDR_INDEX_MEMBER_TAG_ROWS_MAX);
	/* And what was refused for another reason is told. */
	w->refused_path = "/v1/index/put";
	w->refused_code = CDR_E_RANGE;
	assert_int_equal(w_import(m, "E-99,Amina,Otieno,1985-06-07,,,,Guard,KEN,2019-01-01,\n", &(struct cdr_leavers_options){ .partial = true }, NULL), CDR_OK);
	assert_int_equal(cdr_index_step(m, &worked, &fault), CDR_E_RANGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_who_came_forty_times, w_setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_people_who_share_tags, w_setup, w_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
