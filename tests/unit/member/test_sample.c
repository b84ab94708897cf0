/* Samples at a member: what a lot draws of ours, who is told, what the auditor is shown or refused, and what a hub that keeps lots back cannot do. */
#include "tests/unit/member/world.h"

#include "core/record/candidate.h"
#include "node/member/email.h"
#include "node/member/hook.h"
#include "node/member/retention.h"
#include "node/member/sample.h"
#include "tests/unit/ahead.h"

#define DAY_S 86400

static uint8_t tags[CDR_CHECK_ROWS_MAX * CDR_TAG_LEN];

/* BLUE evaluates about one candidate, of whom ${name} is a token string. */
static cdr_err
evaluate(struct world *w, const char *name)
{
	static const uint8_t record[CDR_ID_LEN] = { 11 };
	struct cdr_member *m = w->member[BLUE];
	const struct cdr_roster *roster = cdr_current_hold(m->current);
	struct cdr_candidate candidate = { .person = { .birth = { 1981, 4, 2, CDR_PRECISION_DAY } } };
	uint8_t packed[CDR_CANDIDATE_PACK_MAX];
	const struct cdr_bytes input = { (const uint8_t *)name, strlen(name) };
	size_t len;

	(void)snprintf(candidate.person.given_names, sizeof(candidate.person.given_names), "%s", name);
	(void)snprintf(candidate.legal_basis, sizeof(candidate.legal_basis), "consent");
	(void)snprintf(candidate.candidate_notified, sizeof(candidate.candidate_notified), "job_advert");
	assert_int_equal(cdr_candidate_pack(&candidate, packed, &len), CDR_OK);
	const struct cdr_evaluate_subject subject = { .record = record, .shown = record, .count = 1, .packed = { packed, len } };
	const struct cdr_evaluate_about about = { &subject, 1 };
	cdr_err err = cdr_evaluate_about(m, roster, cdr_roster_epoch(roster, 1), CDR_PURPOSE_CHECK, &input, 1, &about, tags, NULL);
	cdr_current_release(m->current, roster);
	return err;
}

static uint32_t lot_key; /* under which lots are made */

/* The lot of the leaves from ${from} to ${size}, made by trustees 1 and 2, that the hub hands out. */
static void
make_lot(struct world *w, uint64_t number, uint64_t from, uint64_t size)
{
	struct w_samples *s = &w->samples;
	const struct cdr_sample_basis basis = { .number = number, .from = from, .size = size, .root = { (uint8_t)size }, .key = lot_key,
		.trustee_count = W_TRUSTEES };
	Cdr__Wire__Sample message = CDR__WIRE__SAMPLE__INIT;
	Cdr__Wire__SampleBasis body = cdr_sample_basis_message(&basis);
	Cdr__Wire__SampleShare share[W_THRESHOLD], *at[W_THRESHOLD];
	uint8_t point[W_THRESHOLD][CDR_POINT_LEN], proof[W_THRESHOLD][CDR_PROOF_LEN], random[CDR_SCALAR_LEN];
	struct cdr_points *asked;

	assert_int_equal(cdr_sample_point(&basis, w->genesis, &asked), CDR_OK);
	for (uint32_t i = 0; i < W_THRESHOLD; i++) {
		assert_int_equal(cdr_scalar_random(random), CDR_OK);
		assert_int_equal(cdr_oprf_evaluate(w->share[i], asked, random, point[i], proof[i]), CDR_OK);
		share[i] = (Cdr__Wire__SampleShare)CDR__WIRE__SAMPLE_SHARE__INIT;
		share[i].trustee = i + 1;
		share[i].public_share = cdr_message_field(w->public_share[i], CDR_POINT_LEN);
		share[i].point = cdr_message_field(point[i], CDR_POINT_LEN);
		share[i].proof = cdr_message_field(proof[i], CDR_PROOF_LEN);
		at[i] = &share[i];
	}
	cdr_points_free(asked);
	message.basis = &body;
	message.share = at;
	message.n_share = W_THRESHOLD;
	assert_true(s->count < W_LOTS_MAX);
	s->at[s->count] = cdr_member_now();
	assert_int_equal(cdr_message_encode(&message.base, &s->lot[s->count++]), CDR_OK);
}

/* Every check is drawn, and an auditor says "opened". */
static int
setup(void **state)
{
	struct world *w = w_new();

	ahead = 0;
	lot_key = 1;
	w->with_statistics = true;
	w->scheme.has_sample_checks = true;
	w->scheme.sample_checks = 1;
	w->samples.outcome = "opened";
	w_roster(w);
	assert_int_equal(cdr_enrol_refresh(w->member[BLUE], NULL), CDR_OK);
	*state = w;
	return 0;
}

static cdr_err
try_step(struct world *w, struct cdr_fault *fault)
{
	bool worked;

	*fault = (struct cdr_fault){ CDR_OK, "" };
	return cdr_sample_step(w->member[BLUE], &worked, fault);
}

/* The daemon's turn, once the hub may be asked again. */
static void
step(struct world *w)
{
	struct cdr_fault fault;

	ahead += CDR_SAMPLE_ASK_S;
	if (try_step(w, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
}

static void
take_last(void *context, const struct cdr_drawn *drawn)
{
	*(struct cdr_drawn *)context = *drawn;
}

static struct cdr_drawn
last_of(struct world *w)
{
	struct cdr_drawn drawn = { 0 };
	uint64_t overdue;

	assert_int_equal(cdr_drawn_list(w->member[BLUE], take_last, &drawn, &overdue), CDR_OK);
	return drawn;
}

static int64_t
count(struct world *w, const char *sql)
{
	return w_count(w->member[BLUE], sql);
}

#define DRAWN "SELECT count(*) FROM drawn"
#define TOLD "SELECT count(*) FROM setting WHERE name = 'sample/overdue_told_at'"

/* ---- lots --------------------------------------------------------------------------------------------------------- */

static void
a_lot_draws_once(void **state)
{
	struct world *w = *state;

	assert_int_equal(evaluate(w, "Candida"), CDR_OK);
	step(w);
	assert_int_equal(count(w, DRAWN), 0);
	make_lot(w, 1, 0, 1);
	step(w);
	assert_int_equal(count(w, DRAWN), 1);
	struct cdr_drawn drawn = last_of(w);
	assert_string_equal(drawn.state, "waiting");
	assert_string_equal(drawn.purpose, "check");
	assert_int_equal(drawn.sample, 1);
	assert_int_equal(drawn.position, 0);
	assert_in_range(drawn.auditor, 1, W_TRUSTEES);
	assert_int_equal(drawn.due_at, w->samples.at[0] + 14 * DAY_S);
	assert_int_equal(w->samples.opened_count, 0); /* nobody is shown by himself */
	/* The hub is asked once in a while, and a lot that comes twice is one. */
	size_t asked = w->samples.asked_count;
	struct cdr_fault fault;
	assert_int_equal(try_step(w, &fault), CDR_OK);
	assert_int_equal(w->samples.asked_count, asked);
	step(w);
	assert_int_equal(w->samples.asked_count, asked + 1);
	assert_int_equal(count(w, DRAWN), 1);
	/* What comes later belongs to the next one. */
	assert_int_equal(evaluate(w, "Candidb"), CDR_OK);
	make_lot(w, 2, 1, 2);
	step(w);
	assert_int_equal(count(w, DRAWN), 2);
	assert_int_equal(last_of(w).position, 1);
}

static void
what_is_not_drawn_is_destroyed(void **state)
{
	struct world *w = *state;

	w->scheme.sample_checks = CDR_SAMPLE_ONE_IN_MAX; /* one in a million: this test fails that often */
	w_roster(w);
	assert_int_equal(cdr_enrol_refresh(w->member[BLUE], NULL), CDR_OK);
	assert_int_equal(evaluate(w, "Candida"), CDR_OK);
	assert_int_equal(count(w, "SELECT count(*) FROM evaluated"), 1);
	make_lot(w, 1, 0, 1);
	step(w);
	assert_int_equal(count(w, DRAWN), 0);
	assert_int_equal(count(w, "SELECT count(*) FROM evaluated"), 0);
	assert_int_equal(count(w, "SELECT count(*) FROM evaluated_subject"), 0);
	assert_int_equal(count(w, "SELECT count(*) FROM email_out"), 0);
}

/* Nobody asks a hub for lots that has suspended this member: what was evaluated goes in its time all the same, and leaves the files. */
static void
without_lots_it_is_destroyed(void **state)
{
	struct world *w = *state;
	bool worked;

	assert_int_equal(evaluate(w, "Candida"), CDR_OK);
	w_set_status(w, BLUE, "suspended");
	w_roster(w);
	w->hub_is_down = true;
	ahead += CDR_QUERY_OPENING_KEEP_S - DAY_S;
	assert_int_equal(cdr_retention_step(w->member[BLUE], &worked, NULL), CDR_OK);
	assert_int_equal(count(w, "SELECT count(*) FROM evaluated"), 1);
	ahead += 2 * DAY_S;
	assert_int_equal(cdr_retention_step(w->member[BLUE], &worked, NULL), CDR_OK);
	assert_int_equal(count(w, "SELECT count(*) FROM evaluated") + count(w, "SELECT count(*) FROM evaluated_subject"), 0);
	w->hub_is_down = false;
}

/* A lot that was altered, made under another key, or that skips leaves, is not taken in, and the hub is asked again. */
static void
what_is_no_lot_draws_nothing(void **state)
{
	struct world *w = *state;
	struct cdr_fault fault;

	assert_int_equal(evaluate(w, "Candida"), CDR_OK);
	make_lot(w, 1, 0, 1);
	w->samples.lot[0].data[w->samples.lot[0].len - 1] ^= 1;
	ahead += CDR_SAMPLE_ASK_S;
	assert_int_equal(try_step(w, &fault), CDR_E_PROOF);
	assert_int_equal(count(w, DRAWN), 0);
	w->samples.lot[0].data[w->samples.lot[0].len - 1] ^= 1;
	cdr_buffer_free(&w->samples.lot[0]);
	w->samples.count = 0;
	make_lot(w, 2, 1, 2); /* the first one is left out */
	assert_int_equal(try_step(w, &fault), CDR_E_PROOF);
	assert_non_null(strstr(fault.text, "leaves a lot out"));
	cdr_buffer_free(&w->samples.lot[0]);
	w->samples.count = 0;
	make_lot(w, 1, 0, 1);
	make_lot(w, 2, 2, 3); /* a leaf is left out */
	assert_int_equal(try_step(w, &fault), CDR_E_PROOF);
	assert_int_equal(count(w, DRAWN), 1); /* what held was taken in */
	assert_int_equal(count(w, "SELECT count(*) FROM sample"), 1);
}

/* ---- a reply that was lost -------------------------------------------------------------------------------------------- */

/* The hub logs the request, its reply is lost, and the lot comes before the node asks again: it is drawn all the same, so that nobody is called late for it. */
static void
a_receipt_behind_its_lot_is_drawn(void **state)
{
	struct world *w = *state;

	w->log_forgets_reply = true;
	assert_int_not_equal(evaluate(w, "Candida"), CDR_OK);
	assert_int_equal(w->log_edge.size, 1);
	make_lot(w, 1, 0, 1);
	step(w);
	assert_int_equal(count(w, DRAWN), 0); /* it has no receipt for it */
	w->log_forgets_reply = false;
	size_t points = w->point_count;
	assert_int_equal(evaluate(w, "Candida"), CDR_OK); /* asked again: the same leaf, the same number */
	assert_int_equal(w->log_edge.size, 1);
	assert_int_equal(w->point_count - points, W_THRESHOLD);
	assert_int_equal(count(w, DRAWN), 1);
	assert_int_equal(count(w, "SELECT count(*) FROM email_out"), 0);
	struct cdr_drawn drawn = last_of(w);
	assert_int_equal(drawn.sample, 1);
	assert_int_equal(drawn.due_at, w->samples.at[0] + 14 * DAY_S);
	assert_int_equal(cdr_drawn_decide(w->member[BLUE], drawn.number, true, NULL), CDR_OK);
	step(w);
	assert_string_equal(last_of(w).state, "opened");
	assert_int_equal(w->samples.auditor, drawn.auditor);
	/* The next lot begins behind it, and draws it no second time. */
	assert_int_equal(evaluate(w, "Candidb"), CDR_OK);
	make_lot(w, 2, 1, 2);
	step(w);
	assert_int_equal(count(w, DRAWN), 2);
}

/* Nobody asks again: the node does by itself, and has what was drawn to show. */
static void
what_nobody_answered_is_asked_after(void **state)
{
	struct world *w = *state;
	struct cdr_query_opening_made made;
	struct cdr_drawn drawn;

	w->log_forgets_reply = true;
	assert_int_not_equal(evaluate(w, "Candida"), CDR_OK);
	assert_int_not_equal(evaluate(w, "Candida"), CDR_OK);
	assert_int_equal(count(w, "SELECT count(*) FROM evaluated"), 1);
	make_lot(w, 1, 0, 1);
	step(w);
	assert_int_equal(count(w, DRAWN), 0);
	w->log_forgets_reply = false;
	ahead += CDR_QUERY_OPENING_ASK_S;
	step(w);
	assert_int_equal(w->log_edge.size, 1); /* the same leaf */
	assert_int_equal(count(w, "SELECT count(*) FROM evaluated WHERE place = 0"), 1);
	assert_int_equal(count(w, "SELECT count(*) FROM evaluated"), 1);
	assert_int_equal(count(w, DRAWN), 1);
	assert_int_equal(cdr_drawn_show(w->member[BLUE], last_of(w).number, &drawn, &made, NULL), CDR_OK);
	assert_string_equal(made.who.given_names, "Candida");
	cdr_query_opening_made_wipe(&made);
	assert_int_equal(cdr_drawn_decide(w->member[BLUE], drawn.number, true, NULL), CDR_OK);
	step(w);
	assert_string_equal(last_of(w).state, "opened");
	step(w);
	assert_int_equal(count(w, "SELECT count(*) FROM evaluated") + count(w, "SELECT count(*) FROM evaluated_subject"), 0);
}

/* ---- people ------------------------------------------------------------------------------------------------------- */

static void
set_mail(struct world *w)
{
	struct cdr_email_settings settings = { .server = "smtp://127.0.0.1:1", .plain = true, .sender = "candor@nowhere.example",
		.contact = { "first@nowhere.example", "second@nowhere.example" }, .language = "en" };
	struct cdr_fault fault = { CDR_OK, "" };

	if (cdr_email_settings_write(w->member[BLUE], &settings, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
}

/* Whether a message waits for that contact; it is sent then. */
static bool
is_told(struct world *w, const char *contact)
{
	char sql[200];

	(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM email_out WHERE state = 'waiting' AND contact = '%s'", contact);
	bool told = count(w, sql) > 0;
	(void)snprintf(sql, sizeof(sql), "UPDATE email_out SET state = 'sent', done_at = not_before WHERE contact = '%s'", contact);
	w_run(w->member[BLUE], sql);
	return told;
}

/* A hub invents a lot under a key that there never was, so that nobody can verify it: what could be shown to an auditor stays. */
static void
a_lot_of_no_key_destroys_nothing(void **state)
{
	struct world *w = *state;
	struct cdr_fault fault;

	assert_int_equal(evaluate(w, "Candida"), CDR_OK);
	lot_key = 0;
	make_lot(w, 1, 0, 1);
	ahead += CDR_SAMPLE_ASK_S;
	assert_int_equal(try_step(w, &fault), CDR_E_EPOCH);
	assert_int_equal(count(w, "SELECT count(*) FROM sample"), 0);
	assert_int_equal(count(w, "SELECT count(*) FROM evaluated"), 1);
}

static void
who_decides_is_told_and_reminded(void **state)
{
	struct world *w = *state;
	static const int days[] = { 3, 7, 12, 14 };
	uint8_t secret[CDR_HOOK_SECRET_LEN];
	uint64_t number;
	int64_t begin;

	set_mail(w);
	assert_int_equal(cdr_hook_add(w->member[BLUE], "http://127.0.0.1:1/", &number, secret, NULL), CDR_OK);
	assert_int_equal(evaluate(w, "Candida"), CDR_OK);
	make_lot(w, 1, 0, 1);
	begin = ahead;
	step(w);
	assert_true(is_told(w, "first"));
	assert_false(is_told(w, "second"));
	/* Other programs get the id that `audit list` shows. */
	assert_int_equal(count(w, "SELECT count(*) FROM hook_event WHERE kind = 'audit.drawn'"), 1);
	assert_int_equal(count(w, "SELECT count(*) FROM hook_event, drawn WHERE hook_event.subject = drawn.id"), 1);
	for (size_t i = 0; i < 4; i++) {
		ahead = begin + (int64_t)days[i] * DAY_S - 3600;
		step(w);
		assert_false(is_told(w, "first"));
		ahead = begin + (int64_t)days[i] * DAY_S + 60;
		step(w);
		assert_true(is_told(w, "first"));
		assert_int_equal(is_told(w, "second"), i == 3);
		step(w);
		assert_false(is_told(w, "first"));
	}
	/* Too late for everything. */
	ahead = begin + 14 * DAY_S + CDR_SAMPLE_GIVE_UP_S + 3600;
	step(w);
	assert_string_equal(last_of(w).state, "late");
	assert_false(is_told(w, "first"));
	assert_int_equal(cdr_drawn_decide(w->member[BLUE], 1, true, NULL), CDR_E_REFUSED);
	assert_int_equal(count(w, "SELECT count(*) FROM hook_event"), 1);
}

/* Who was decided about is reminded of no more; the hub need not be there for reminders. */
static void
reminders_end_with_the_decision(void **state)
{
	struct world *w = *state;
	struct cdr_fault fault;

	set_mail(w);
	assert_int_equal(evaluate(w, "Candida"), CDR_OK);
	make_lot(w, 1, 0, 1);
	step(w);
	assert_true(is_told(w, "first"));
	w->hub_is_down = true;
	ahead += 3 * DAY_S;
	assert_int_equal(try_step(w, &fault), CDR_E_NETWORK);
	assert_true(is_told(w, "first"));
	w->hub_is_down = false;
	assert_int_equal(cdr_drawn_decide(w->member[BLUE], 1, false, NULL), CDR_OK);
	ahead += 4 * DAY_S;
	step(w);
	assert_false(is_told(w, "first"));
	assert_string_equal(last_of(w).state, "refused");
	assert_string_equal(w->samples.refusal, "refused");
	assert_int_equal(w->samples.sealed.len, 0);
}

static void
what_was_agreed_waits_for_the_auditor(void **state)
{
	struct world *w = *state;
	struct cdr_fault fault;
	struct cdr_query_opening_made *made = calloc(1, sizeof(*made));
	struct cdr_drawn drawn;

	assert_non_null(made);
	assert_int_equal(evaluate(w, "Candida"), CDR_OK);
	make_lot(w, 1, 0, 1);
	step(w);
	assert_int_equal(cdr_drawn_show(w->member[BLUE], 1, &drawn, made, NULL), CDR_OK);
	assert_string_equal(made->who.given_names, "Candida");
	cdr_query_opening_made_wipe(made);
	assert_int_equal(cdr_drawn_show(w->member[BLUE], 2, &drawn, made, NULL), CDR_E_ABSENT);
	assert_int_equal(cdr_drawn_decide(w->member[BLUE], 2, true, NULL), CDR_E_ABSENT);
	w->samples.outcome = NULL; /* away */
	assert_int_equal(cdr_drawn_decide(w->member[BLUE], 1, true, NULL), CDR_OK);
	ahead += CDR_SAMPLE_ASK_S;
	assert_int_equal(try_step(w, &fault), CDR_E_NETWORK);
	assert_string_equal(last_of(w).state, "agreed");
	assert_int_equal(cdr_drawn_decide(w->member[BLUE], 1, false, NULL), CDR_OK); /* somebody changes one's mind, */
	assert_int_equal(cdr_drawn_decide(w->member[BLUE], 1, true, NULL), CDR_OK);  /* and back */
	w->samples.outcome = "false";
	step(w);
	assert_string_equal(last_of(w).state, "false");
	assert_true(w->samples.sealed.len > 0);
	/* The auditor has it: nothing is kept of it here, and nothing is left to decide. */
	assert_int_equal(count(w, "SELECT count(*) FROM evaluated"), 0);
	assert_int_equal(count(w, "SELECT count(*) FROM evaluated_subject"), 0);
	assert_int_equal(count(w, "SELECT count(*) FROM setting WHERE name = 'scrub'"), 1);
	assert_int_equal(cdr_drawn_decide(w->member[BLUE], 1, false, NULL), CDR_E_REFUSED);
	assert_int_equal(cdr_drawn_show(w->member[BLUE], 1, &drawn, made, &fault), CDR_E_ABSENT);
	assert_non_null(strstr(fault.text, "nothing left to show"));
	step(w);
	assert_int_equal(w->samples.opened_count, 1);
	free(made);
}

/* Agreed, and there is nothing left: the auditor is told why. */
static void
what_was_erased_is_refused(void **state)
{
	struct world *w = *state;

	assert_int_equal(evaluate(w, "Candida"), CDR_OK);
	make_lot(w, 1, 0, 1);
	step(w);
	w_run(w->member[BLUE], "DELETE FROM evaluated_subject");
	assert_int_equal(cdr_drawn_decide(w->member[BLUE], 1, true, NULL), CDR_OK);
	step(w);
	assert_string_equal(w->samples.refusal, "erased");
	assert_string_equal(last_of(w).state, "refused");
	assert_string_equal(last_of(w).reason, "erased");
}

static void
lots_that_do_not_come_are_told(void **state)
{
	struct world *w = *state;
	struct cdr_drawn drawn;
	uint64_t overdue;

	assert_int_equal(evaluate(w, "Candida"), CDR_OK);
	uint64_t then = cdr_member_now();
	ahead += CDR_SAMPLE_OVERDUE_S - DAY_S;
	assert_int_equal(cdr_drawn_list(w->member[BLUE], take_last, &drawn, &overdue), CDR_OK);
	assert_int_equal(overdue, 0);
	ahead += 2 * DAY_S;
	assert_int_equal(count(w, TOLD), 0);
	w->hub_is_down = true; /* or says that it is */
	struct cdr_fault fault;
	assert_int_equal(try_step(w, &fault), CDR_E_NETWORK);
	assert_int_equal(count(w, TOLD), 1);
	w->hub_is_down = false;
	step(w);
	assert_int_equal(cdr_drawn_list(w->member[BLUE], take_last, &drawn, &overdue), CDR_OK);
	assert_in_range(overdue, then - 60, then);
	make_lot(w, 1, 0, 1);
	step(w);
	assert_int_equal(cdr_drawn_list(w->member[BLUE], take_last, &drawn, &overdue), CDR_OK);
	assert_int_equal(overdue, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_lot_draws_once),
		TEST(what_is_not_drawn_is_destroyed),
		TEST(what_is_no_lot_draws_nothing),
		TEST(a_receipt_behind_its_lot_is_drawn),
		TEST(what_nobody_answered_is_asked_after),
		TEST(without_lots_it_is_destroyed),
		TEST(a_lot_of_no_key_destroys_nothing),
		TEST(who_decides_is_told_and_reminded),
		TEST(reminders_end_with_the_decision),
		TEST(what_was_agreed_waits_for_the_auditor),
		TEST(what_was_erased_is_refused),
		TEST(lots_that_do_not_come_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
