/* Names of the register, counted into a round's tables: everybody once, one more in each cell, and nothing that does not fit. */
#include "tests/unit/member/world.h"

#include "core/identity/sketch.h"
#include "node/member/names.h"

#define WIDTH 16
#define CELLS ((uint32_t)CDR_SKETCH_CELLS(WIDTH))

static const char *
people(void)
{
	static char rows[2048];
	const char *left = w_ago(1);

	(void)snprintf(rows, sizeof(rows),
	    "E-1,Amina Wanjiru,Otieno,1984-05-12,passport,KEN,A7654321,Nurse,KEN,2015-02-01,%s\n"
	    "E-1,Amina Wanjiru,Otieno,1984-05-12,passport,KEN,A7654321,Head nurse,KEN,2018-02-01,%s\n" /* the same, engaged again */
	    "E-2,John,Kamau,1979-11-03,,,,Driver,KEN,2016-03-01,%s\n"
	    "E-3,Sara,Haddad,1990-01-20,,,,Officer,LBN,2018-01-01,%s\n", left, left, left, left);
	return rows;
}

/* A round that was read: its tables are everybody's names, something of the codebook, names of one country. */
struct asked {
	struct cdr_scheme scheme;
	Cdr__Wire__RoundTable table[3], *at[3];
	Cdr__Wire__Round body;
	struct cdr_round round;
	uint32_t counts[2 * CELLS + 2];
};

static void
ask(struct asked *a, uint32_t bits)
{
	static char ids[][16] = { "names", "reports", "names-KEN" };

	assert_int_equal(cdr_scheme_current(1, &a->scheme), CDR_OK);
	a->body = (Cdr__Wire__Round)CDR__WIRE__ROUND__INIT;
	for (size_t i = 0; i < 3; i++) {
		a->table[i] = (Cdr__Wire__RoundTable)CDR__WIRE__ROUND_TABLE__INIT;
		a->table[i].id = ids[i];
		a->table[i].cells = i == 1 ? 2 : CELLS;
		a->table[i].bits = bits;
		a->at[i] = &a->table[i];
	}
	a->body.table = a->at;
	a->body.n_table = 3;
	a->body.has_scheme = true;
	a->body.scheme = cdr_message_field(a->scheme.version, sizeof(a->scheme.version));
	a->body.opened_at = cdr_member_now() - 86400;
	a->round = (struct cdr_round){ .body = &a->body, .cell_count = 2 * CELLS + 2 };
	memset(a->counts, 0xee, sizeof(a->counts));
}

static void
everybody_counts_once(void **state)
{
	struct world *w = *state;
	static struct asked a;
	size_t count;
	uint32_t sum = 0;

	assert_int_equal(w_import(w->member[BLUE], people(), NULL, NULL), CDR_OK);
	ask(&a, 8);
	assert_int_equal(cdr_names_count(w->member[BLUE], &a.round, a.counts, &count, NULL), CDR_OK);
	assert_int_equal(count, 3);
	assert_int_equal(a.counts[0], 3 + 1);
	/* other tables are left alone; of Kenya are those who worked there, since no nationality is known */
	assert_int_equal(a.counts[CELLS], 0xeeeeeeee);
	assert_int_equal(a.counts[CELLS + 1], 0xeeeeeeee);
	assert_int_equal(a.counts[CELLS + 2], 2 + 1);
	for (size_t i = 1; i < CELLS; i++) {
		assert_true(a.counts[i] >= 1 && a.counts[i] <= 4);
		sum += a.counts[i] - 1;
	}
	/* three names and two and two, in eight rows, unless some fall together */
	assert_true(sum > 40 && sum <= 7 * 8);
	/* nothing of it stays */
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM leaver"), 4);
}

static void
an_empty_register_tells_nothing(void **state)
{
	struct world *w = *state;
	static struct asked a;
	size_t count;

	ask(&a, 1);
	assert_int_equal(cdr_names_count(w->member[BLUE], &a.round, a.counts, &count, NULL), CDR_OK);
	assert_int_equal(count, 0);
	for (size_t i = 0; i < CELLS; i++)
		assert_int_equal(a.counts[i], 1);
}

static void
what_does_not_fit_is_refused(void **state)
{
	struct world *w = *state;
	static struct asked a;
	struct cdr_fault fault;
	size_t count;

	assert_int_equal(w_import(w->member[BLUE], people(), NULL, NULL), CDR_OK);
	ask(&a, 2);
	assert_int_equal(cdr_names_count(w->member[BLUE], &a.round, a.counts, &count, &fault), CDR_E_RANGE);
	ask(&a, 8);
	a.body.opened_at -= UINT64_C(184) * 86400;
	assert_int_equal(cdr_names_count(w->member[BLUE], &a.round, a.counts, &count, &fault), CDR_E_TIME);
	a.body.opened_at = cdr_member_now() + 2 * 86400;
	assert_int_equal(cdr_names_count(w->member[BLUE], &a.round, a.counts, &count, &fault), CDR_E_TIME);
	ask(&a, 8);
	a.scheme.version[3] ^= 1;
	assert_int_equal(cdr_names_count(w->member[BLUE], &a.round, a.counts, &count, &fault), CDR_E_EPOCH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everybody_counts_once, w_setup, w_teardown),
		cmocka_unit_test_setup_teardown(an_empty_register_tells_nothing, w_setup, w_teardown),
		cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused, w_setup, w_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
