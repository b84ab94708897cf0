/* What a trustee remembers of rounds: nothing is opened that is too close to what was opened, and nothing twice. */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/exchange.h"

#include "node/trustee/recover.h"
#include "node/trustee/round_store.h"

static struct exchange *x;

/* A round and a list of contributors, as the store reads them. */
struct made {
	struct cdr_round round;
	Cdr__Wire__Round body;
	Cdr__Wire__RoundTable table[2], *tables[2];
	struct cdr_close close;
	Cdr__Wire__RoundClose head;
	Cdr__Wire__CloseList list;
	Cdr__Wire__ClosedContribution entry[32], *entries[32];
	char member[32][CDR_SLUG_LEN_MAX + 1];
};

/* Round ${number} about ${months} from ${first} on, of the members ${from} .. ${to} - 1. */
static void
make(struct made *m, uint8_t number, const char *table, uint32_t first, unsigned from, unsigned to)
{
	static char period[] = "2026-H1", other[] = "other";
	union {
		const char *in;
		char *out; /* only read */
	} id = { .in = table };

	memset(m, 0, sizeof(*m));
	memset(m->round.hash, number, sizeof(m->round.hash));
	memset(m->close.hash, number, sizeof(m->close.hash));
	m->body = (Cdr__Wire__Round)CDR__WIRE__ROUND__INIT;
	m->body.period = period;
	m->body.first_month = first;
	m->body.last_month = first + 5;
	for (int t = 0; t < 2; t++) {
		m->table[t] = (Cdr__Wire__RoundTable)CDR__WIRE__ROUND_TABLE__INIT;
		m->table[t].id = t == 0 ? id.out : other;
		m->tables[t] = &m->table[t];
	}
	m->body.table = m->tables;
	m->body.n_table = 1;
	m->round.body = &m->body;
	m->head = (Cdr__Wire__RoundClose)CDR__WIRE__ROUND_CLOSE__INIT;
	m->list = (Cdr__Wire__CloseList)CDR__WIRE__CLOSE_LIST__INIT;
	for (unsigned i = from; i < to; i++) {
		(void)snprintf(m->member[i - from], sizeof(m->member[0]), "member-%02u", i);
		m->entry[i - from] = (Cdr__Wire__ClosedContribution)CDR__WIRE__CLOSED_CONTRIBUTION__INIT;
		m->entry[i - from].member = m->member[i - from];
		m->entries[i - from] = &m->entry[i - from];
	}
	m->list.contribution = m->entries;
	m->list.n_contribution = to - from;
	m->head.members = to - from;
	m->close.body = &m->head;
	m->close.list = &m->list;
}

static cdr_err
put(const struct made *m)
{
	static const uint8_t sums[] = { 1, 2, 3 };
	struct cdr_fault fault;

	return cdr_round_known_put(x->node[1].trustee, &m->round, &m->close, (struct cdr_bytes){ sums, sizeof(sums) }, &fault);
}

static void
sets_that_are_too_close(void **state)
{
	(void)state;
	static const struct {
		const char *table;
		uint32_t first;
		unsigned from, to;
		cdr_err err;
	} cases[] = {
		{ "status", 300, 0, 10, CDR_OK },
		{ "status", 300, 0, 10, CDR_E_REFUSED },    /* the same table of the same members */
		{ "region", 300, 0, 10, CDR_OK },           /* another table of exactly the same */
		{ "status", 300, 0, 11, CDR_E_REFUSED },    /* one more: the difference is about it alone */
		{ "renamed", 300, 0, 11, CDR_E_REFUSED },   /* whatever the table is called */
		{ "status", 300, 1, 10, CDR_E_REFUSED },    /* one less */
		{ "channel", 300, 2, 18, CDR_E_REFUSED },   /* ten apart: with a third round, fewer are */
		{ "status", 305, 0, 11, CDR_E_REFUSED },    /* a month in common */
		{ "status", 306, 0, 11, CDR_OK },           /* the half-year after that */
		{ "channel", 300, 20, 30, CDR_E_REFUSED },  /* nobody in common: together with another they are everybody */
	};
	struct made m;

	for (uint8_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make(&m, (uint8_t)(i + 1), cases[i].table, cases[i].first, cases[i].from, cases[i].to);
		assert_int_equal(put(&m), cases[i].err);
	}
	/* One table of several is enough. */
	make(&m, 50, "outcome", 400, 0, 11);
	m.body.n_table = 2;
	assert_int_equal(put(&m), CDR_OK);
	make(&m, 51, "age", 400, 0, 11);
	m.body.n_table = 2;
	assert_int_equal(put(&m), CDR_E_REFUSED);
	/* What was signed away does not count any more. */
	make(&m, 60, "status", 500, 0, 10);
	assert_int_equal(put(&m), CDR_OK);
	struct made other;
	make(&other, 61, "status", 500, 0, 11);
	assert_int_equal(put(&other), CDR_E_REFUSED);
	assert_int_equal(cdr_round_never_put(x->node[1].trustee, &m.round, "given up", NULL), CDR_OK);
	assert_int_equal(cdr_round_never_put(x->node[1].trustee, &m.round, "given up", NULL), CDR_OK);
	assert_int_equal(put(&other), CDR_OK);
}

static void
answers_are_kept_once(void **state)
{
	(void)state;
	struct cdr_trustee *trustee = x->node[1].trustee;
	static const uint8_t first[] = "first", second[] = "second", set[CDR_ROUND_HASH_LEN] = { 7 }, other_set[CDR_ROUND_HASH_LEN] = { 8 };
	struct cdr_round_known known;
	struct made m;

	make(&m, 90, "alone", 600, 0, 7);
	assert_int_equal(cdr_round_known_read(trustee, m.round.hash, &known), CDR_OK);
	assert_false(known.is_known);
	cdr_round_known_free(&known);
	assert_int_equal(put(&m), CDR_OK);
	assert_int_equal(put(&m), CDR_E_EXISTS);
	assert_int_equal(cdr_round_first_put(trustee, m.round.hash, (struct cdr_bytes){ first, sizeof(first) }, false), CDR_OK);
	assert_int_equal(cdr_round_first_put(trustee, m.round.hash, (struct cdr_bytes){ second, sizeof(second) }, false), CDR_E_EXISTS);
	assert_int_equal(cdr_round_second_put(trustee, m.round.hash, set, (struct cdr_bytes){ second, sizeof(second) }, false), CDR_OK);
	assert_int_equal(cdr_round_second_put(trustee, m.round.hash, set, (struct cdr_bytes){ first, sizeof(first) }, false), CDR_E_EXISTS);
	assert_int_equal(cdr_round_known_read(trustee, m.round.hash, &known), CDR_OK);
	assert_true(known.is_known && known.has_set && !known.is_refused);
	assert_int_equal(known.first.len, sizeof(first));
	assert_memory_equal(known.first.data, first, sizeof(first));
	assert_memory_equal(known.set_hash, set, sizeof(set));
	cdr_round_known_free(&known);
	/* With a share that was renewed: again, but not about another list of first answers. */
	assert_int_equal(cdr_round_first_put(trustee, m.round.hash, (struct cdr_bytes){ second, sizeof(second) }, true), CDR_OK);
	assert_int_equal(cdr_round_second_put(trustee, m.round.hash, set, (struct cdr_bytes){ first, sizeof(first) }, true), CDR_OK);
	assert_int_equal(cdr_round_second_put(trustee, m.round.hash, other_set, (struct cdr_bytes){ first, sizeof(first) }, true),
	    CDR_E_EXISTS);
	/* Who has answered cannot sign it away. */
	assert_int_equal(cdr_round_never_put(trustee, &m.round, "given up", NULL), CDR_E_REFUSED);
	assert_int_equal(cdr_round_refusal_put(trustee, &m.round, "because"), CDR_OK);
	assert_int_equal(cdr_round_known_read(trustee, m.round.hash, &known), CDR_OK);
	assert_true(known.is_refused);
	cdr_round_known_free(&known);
	/* A round that was refused before anything of it was known. */
	make(&m, 91, "alone", 600, 0, 7);
	assert_int_equal(cdr_round_refusal_put(trustee, &m.round, "because"), CDR_OK);
	assert_int_equal(cdr_round_known_read(trustee, m.round.hash, &known), CDR_OK);
	assert_true(known.is_refused && !known.is_known);
	cdr_round_known_free(&known);
}

/* What was refused is looked at again when the operator says so; what was signed away is not, and nothing is answered in it. */
static void
refused_and_looked_at_again(void **state)
{
	(void)state;
	struct cdr_trustee *trustee = x->node[1].trustee;
	static const uint8_t answer[] = "answer";
	struct cdr_round_again again;
	struct cdr_round_known known;
	struct made m;
	size_t count;
	static char period[] = "2031-H1";

	make(&m, 100, "alone", 700, 0, 7);
	m.body.period = period;
	assert_int_equal(cdr_round_refusal_put(trustee, &m.round, "because"), CDR_OK);
	assert_int_equal(cdr_round_again_put(trustee->home->store, "2031-H2", &count), CDR_OK);
	assert_int_equal(count, 0);
	assert_int_equal(cdr_round_again_put(trustee->home->store, period, &count), CDR_OK);
	assert_int_equal(count, 1);
	assert_int_equal(cdr_round_again_read(trustee, &again), CDR_OK);
	assert_int_equal(again.count, 1);
	assert_memory_equal(again.hash[0], m.round.hash, CDR_ROUND_HASH_LEN);
	assert_int_equal(cdr_round_known_read(trustee, m.round.hash, &known), CDR_OK);
	assert_false(known.is_refused || known.is_known);
	cdr_round_known_free(&known);
	assert_int_equal(cdr_round_again_done(trustee), CDR_OK);
	assert_int_equal(cdr_round_again_read(trustee, &again), CDR_OK);
	assert_int_equal(again.count, 0);
	assert_int_equal(put(&m), CDR_OK);
	assert_int_equal(cdr_round_never_put(trustee, &m.round, "given up", NULL), CDR_OK);
	assert_int_equal(cdr_round_again_put(trustee->home->store, period, &count), CDR_OK);
	assert_int_equal(count, 0);
	assert_int_equal(cdr_round_first_put(trustee, m.round.hash, (struct cdr_bytes){ answer, sizeof(answer) }, false), CDR_E_EXISTS);
	assert_int_equal(cdr_round_first_put(trustee, m.round.hash, (struct cdr_bytes){ answer, sizeof(answer) }, true), CDR_E_EXISTS);
	assert_int_equal(cdr_round_known_read(trustee, m.round.hash, &known), CDR_OK);
	assert_true(known.is_refused && known.is_never);
	cdr_round_known_free(&known);
}

/* A writing job: this trustee was put back from a backup, and knew in March 2026 (month 314) how far the log was. */
static cdr_err
put_back_job(struct cdr_tx *tx, void *context)
{
	static const char ended[] = "1772323200";
	cdr_err err = cdr_trustee_recover_mark(tx);

	(void)context;
	return err == CDR_OK ? cdr_trustee_setting_put(tx, "recover/ended", ended, sizeof(ended) - 1) : err;
}

/* Who has forgotten whether it answered cannot sign that it never did: another list of the same months would be opened. */
static void
nothing_is_signed_away_that_was_forgotten(void **state)
{
	(void)state;
	struct cdr_trustee *trustee = x->node[1].trustee;
	struct cdr_round_known known;
	struct cdr_fault fault = { CDR_OK, "" };
	static const struct {
		uint32_t first;
		cdr_err err;
	} cases[] = { { 306, CDR_E_REFUSED }, { 312, CDR_E_REFUSED }, { 314, CDR_E_REFUSED }, { 0, CDR_E_REFUSED }, { 318, CDR_OK } };
	struct made before, m;

	make(&before, 110, "alone", 306, 0, 7);
	assert_int_equal(cdr_round_never_put(trustee, &before.round, "given up", NULL), CDR_OK);
	assert_int_equal(cdr_store_write(trustee->home->store, put_back_job, NULL), CDR_OK);
	for (uint8_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make(&m, (uint8_t)(111 + i), "alone", cases[i].first, 0, 7);
		assert_int_equal(cdr_round_never_put(trustee, &m.round, "given up", &fault), cases[i].err);
		assert_int_equal(cdr_round_known_read(trustee, m.round.hash, &known), CDR_OK);
		assert_int_equal(known.is_never, cases[i].err == CDR_OK);
		cdr_round_known_free(&known);
	}
	assert_non_null(strstr(fault.text, "backup"));
	/* What was signed away before, and is in the backup, still is. */
	assert_int_equal(cdr_round_never_put(trustee, &before.round, "given up", NULL), CDR_OK);
}

static int
start(void **state)
{
	(void)state;
	if (cdr_secret_start(NULL) != CDR_OK)
		return -1;
	x = exchange_new();
	return x != NULL ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	exchange_free(x);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_that_are_too_close),
		cmocka_unit_test(answers_are_kept_once),
		cmocka_unit_test(refused_and_looked_at_again),
		cmocka_unit_test(nothing_is_signed_away_that_was_forgotten),
	};

	return cmocka_run_group_tests(tests, start, end);
}
