/* What a node keeps of what it evaluated, what an auditor would be shown of it, and when it is destroyed. */
#include "tests/unit/member/world.h"

#include "core/identity/token.h"
#include "core/record/candidate.h"
#include "core/record/leaver.h"
#include "node/member/query_opening.h"

#define DAY_S 86400

/* A lot that draws everything. */
static const struct cdr_sample all = { .basis = { .number = 1, .size = 1000, .key = 1, .trustee_count = W_TRUSTEES }, .checks = 1, .points = 1,
	.seed = { 7 } };

static uint8_t tags[CDR_EVALUATE_POINTS_MAX * CDR_TAG_LEN];
static uint8_t packed[3][CDR_LEAVER_PACK_MAX];
static const uint8_t record[3][CDR_ID_LEN] = { { 11 }, { 12 }, { 13 } }, handle[3][CDR_ID_LEN] = { { 21 }, { 22 }, { 23 } };
static struct cdr_token_set set[3];
static uint8_t filler[CDR_CHECK_ROWS_MAX][CDR_SHA256_LEN];
static struct cdr_bytes inputs[CDR_EVALUATE_POINTS_MAX];

static struct cdr_person
make_person(const char *given, const char *number)
{
	struct cdr_person person = { .birth = { 1981, 4, 2, CDR_PRECISION_DAY }, .document_count = 1 };

	(void)snprintf(person.given_names, sizeof(person.given_names), "%s", given);
	(void)snprintf(person.family_names, sizeof(person.family_names), "Ofnowhere");
	(void)snprintf(person.email, sizeof(person.email), "nobody@nowhere.example");
	(void)snprintf(person.document[0].type, sizeof(person.document[0].type), "passport");
	(void)snprintf(person.document[0].country, sizeof(person.document[0].country), "KEN");
	(void)snprintf(person.document[0].number, sizeof(person.document[0].number), "%s", number);
	return person;
}

static size_t
add_tokens(const struct cdr_person *person, size_t at, size_t first)
{
	struct cdr_scheme scheme;

	assert_int_equal(cdr_scheme_current(1, &scheme), CDR_OK);
	assert_int_equal(cdr_token_derive(person, &scheme, &set[at], NULL), CDR_OK);
	for (size_t i = 0; i < set[at].count; i++)
		inputs[first + i] = (struct cdr_bytes){ set[at].token[i].input, set[at].token[i].input_len };
	return set[at].count;
}

static void
evaluate(struct world *w, const char *purpose, size_t count, const struct cdr_evaluate_about *about)
{
	struct cdr_member *m = w->member[BLUE];
	const struct cdr_roster *roster = cdr_current_hold(m->current);
	struct cdr_fault fault = { CDR_OK, "" };

	if (cdr_evaluate_about(m, roster, cdr_roster_epoch(roster, 1), purpose, inputs, count, about, tags, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	cdr_current_release(m->current, roster);
}

/* A check, at place 0 of the log if it is the first. */
static void
check(struct world *w)
{
	struct cdr_candidate candidate = { .person = make_person("Candida", "FX1234567") };
	size_t len;

	(void)snprintf(candidate.legal_basis, sizeof(candidate.legal_basis), "consent");
	(void)snprintf(candidate.candidate_notified, sizeof(candidate.candidate_notified), "job_advert");
	(void)snprintf(candidate.position_category, sizeof(candidate.position_category), "secretpost");
	candidate.notified_on = (struct cdr_date){ 2026, 1, 5, CDR_PRECISION_DAY };
	assert_int_equal(cdr_candidate_pack(&candidate, packed[0], &len), CDR_OK);
	size_t tokens = add_tokens(&candidate.person, 0, 0), count = cdr_token_padded(tokens);
	for (size_t i = tokens; i < count; i++) {
		memset(filler[i], (int)i, sizeof(filler[i]));
		inputs[i] = (struct cdr_bytes){ filler[i], sizeof(filler[i]) };
	}
	const struct cdr_evaluate_subject subject = { .record = record[0], .shown = record[0], .count = tokens, .packed = { packed[0], len } };
	const struct cdr_evaluate_about about = { &subject, 1 };
	evaluate(w, CDR_PURPOSE_CHECK, count, &about);
}

/* Three leavers; where the tokens of each begin. */
static void
import(struct world *w, size_t first[static 4])
{
	static const char *const names[] = { "Firsta", "Seconda", "Thirda" }, *const numbers[] = { "FX1000001", "FX2000002", "FX3000003" };
	struct cdr_evaluate_subject subject[3];
	const struct cdr_evaluate_about about = { subject, 3 };
	size_t len;

	first[0] = 0;
	for (size_t i = 0; i < 3; i++) {
		struct cdr_leaver leaver = { .person = make_person(names[i], numbers[i]), .from = { 2019, 1, 1, CDR_PRECISION_DAY },
			.to = { 2024, 6, 30, CDR_PRECISION_DAY } };
		(void)snprintf(leaver.employee_number, sizeof(leaver.employee_number), "E-%zu", i);
		(void)snprintf(leaver.engagement_type, sizeof(leaver.engagement_type), "employee");
		assert_int_equal(cdr_leaver_pack(&leaver, packed[i], &len), CDR_OK);
		first[i + 1] = first[i] + add_tokens(&leaver.person, i, first[i]);
		subject[i] = (struct cdr_evaluate_subject){ record[i], handle[i], first[i], first[i + 1] - first[i], { packed[i], len } };
	}
	evaluate(w, CDR_PURPOSE_IMPORT, first[3], &about);
}

/* What an auditor would be shown. */
struct making {
	const struct cdr_member *member;
	uint64_t position;
	uint32_t point;
	struct cdr_query_opening_made made;
	const char *reason;
};
static struct making making;

static cdr_err
make_job(struct cdr_tx *tx, void *context)
{
	struct making *m = context;

	return cdr_query_opening_make(tx, m->member, 1, m->position, m->point, &m->made, &m->reason);
}

static cdr_err
make(struct world *w, uint64_t position, uint32_t point)
{
	cdr_query_opening_made_wipe(&making.made);
	making.member = w->member[BLUE];
	making.position = position;
	making.point = point;
	return cdr_store_read(making.member->home->store, make_job, &making);
}

static struct cdr_query_opening_shown shown;

/* It holds, for whom the roster and a lot that draws everything are at hand; its bytes. */
static void
assert_holds(struct world *w, struct cdr_buffer *bytes)
{
	struct cdr_roster *roster = w_roster_read(w);
	struct cdr_fault fault = { CDR_OK, "" };

	if (cdr_query_opening_verify(&making.made.message, w->member[BLUE]->id, &all, roster, &shown, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	assert_memory_equal(shown.hash, w->log_hash[making.position], sizeof(shown.hash));
	assert_int_equal(cdr_message_encode(&making.made.message.base, bytes), CDR_OK);
	cdr_roster_free(roster);
}

static bool
has(const struct cdr_buffer *bytes, const char *text)
{
	return memmem(bytes->data, bytes->len, text, strlen(text)) != NULL;
}

static void
a_check_is_shown_whole_and_no_more(void **state)
{
	struct world *w = *state;
	struct cdr_buffer bytes;

	check(w);
	assert_int_equal(make(w, 0, 0), CDR_OK);
	assert_holds(w, &bytes);
	assert_string_equal(shown.person.given_names, "Candida");
	assert_string_equal(making.made.message.notified_on, "2026-01-05");
	assert_memory_equal(making.made.message.record.data, record[0], CDR_ID_LEN);
	assert_true(has(&bytes, "job_advert"));
	assert_false(has(&bytes, "secretpost") || has(&bytes, "nowhere.example"));
	cdr_buffer_free(&bytes);
}

static cdr_err
clear_job(struct cdr_tx *tx, void *context)
{
	struct cdr_query *query = NULL;
	const struct cdr_values none = CDR_VALUES();
	struct cdr_bytes sealed;
	bool *found = context;
	cdr_err err = cdr_query_start(tx, "SELECT sealed FROM evaluated_subject", none, &query);

	while (err == CDR_OK && (err = cdr_query_step(query)) == CDR_OK) {
		err = cdr_query_blob_peek(query, 0, 1 << 16, &sealed);
		if (err == CDR_OK)
			*found |= memmem(sealed.data, sealed.len, "Firsta", 6) != NULL || memmem(sealed.data, sealed.len, "Ofnowhere", 9) != NULL;
	}
	cdr_query_end(query);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static void
an_import_shows_one_person(void **state)
{
	struct world *w = *state;
	size_t first[4];
	struct cdr_buffer bytes;
	bool in_clear = false;

	import(w, first);
	for (uint32_t i = 0; i < 3; i++) {
		/* The tests of audit/ draw; here the four smallest lots may be of others. */
		uint32_t drawn[CDR_SAMPLE_DRAWN_MAX];
		size_t count;
		assert_int_equal(cdr_sample_draw(&all, 0, CDR_LEAF_PURPOSE_IMPORT, (uint32_t)first[3], drawn, &count), CDR_OK);
		assert_int_equal(count, CDR_SAMPLE_DRAWN_MAX);
		uint32_t point = drawn[i], who = point < first[1] ? 0 : point < first[2] ? 1 : 2;
		static const char *const names[] = { "Firsta", "Seconda", "Thirda" };
		assert_int_equal(make(w, 0, point), CDR_OK);
		assert_holds(w, &bytes);
		for (uint32_t k = 0; k < 3; k++)
			assert_int_equal(has(&bytes, names[k]), k == who);
		assert_memory_equal(making.made.message.record.data, handle[who], CDR_ID_LEN);
		assert_int_equal(making.made.message.blinds.len, (first[who + 1] - first[who]) * CDR_SCALAR_LEN);
		assert_string_equal(making.made.message.employed_to, "2024-06-30");
		cdr_buffer_free(&bytes);
	}
	assert_int_equal(cdr_store_read(w->member[BLUE]->home->store, clear_job, &in_clear), CDR_OK);
	assert_false(in_clear);
}

struct settling {
	uint64_t size, now;
	const uint8_t *record;
};

static cdr_err
settle_job(struct cdr_tx *tx, void *context)
{
	const struct settling *s = context;

	return s->record != NULL ? cdr_query_opening_forget(tx, s->record) : cdr_query_opening_settle(tx, s->size, s->now);
}

static void
settle(struct world *w, uint64_t size, uint64_t now)
{
	struct settling s = { .size = size, .now = now };

	assert_int_equal(cdr_store_write(w->member[BLUE]->home->store, settle_job, &s), CDR_OK);
}

static void
what_cannot_be_drawn_any_more_is_destroyed(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	size_t first[4];

	check(w);
	import(w, first);
	settle(w, 0, cdr_member_now());
	assert_int_equal(w_count(m, "SELECT count(*) FROM evaluated"), 2);
	/* A lot that reached place 1 and drew the check. */
	w_run(m, "INSERT INTO drawn (sample, position, point, number, auditor, purpose, due_at, state, reason, changed_at)"
		 " VALUES (1, 0, 0, 1, 1, 'check', 0, 'waiting', '', 0)");
	settle(w, 1, cdr_member_now());
	assert_int_equal(w_count(m, "SELECT count(*) FROM evaluated"), 2);
	settle(w, 2, cdr_member_now());
	assert_int_equal(w_count(m, "SELECT count(*) FROM evaluated"), 1);
	assert_int_equal(w_count(m, "SELECT count(*) FROM evaluated_subject"), 1);
	assert_int_equal(make(w, 1, 0), CDR_E_ABSENT);
	assert_string_equal(making.reason, "lost");
	assert_int_equal(make(w, 0, 0), CDR_OK);
	w_run(m, "UPDATE drawn SET state = 'opened'");
	settle(w, 2, cdr_member_now());
	assert_int_equal(w_count(m, "SELECT count(*) FROM evaluated"), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM evaluated_subject"), 0);
}

static void
without_samples_it_is_destroyed_in_time(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];

	check(w);
	settle(w, 0, cdr_member_now() + CDR_QUERY_OPENING_KEEP_S - DAY_S);
	assert_int_equal(w_count(m, "SELECT count(*) FROM evaluated"), 1);
	settle(w, 0, cdr_member_now() + CDR_QUERY_OPENING_KEEP_S + DAY_S);
	assert_int_equal(w_count(m, "SELECT count(*) FROM evaluated"), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM evaluated_subject"), 0);
}

static void
who_is_erased_is_not_shown(void **state)
{
	struct world *w = *state;
	struct settling s = { .record = record[1] };
	size_t first[4];

	import(w, first);
	assert_int_equal(make(w, 0, (uint32_t)first[1]), CDR_OK);
	assert_int_equal(cdr_store_write(w->member[BLUE]->home->store, settle_job, &s), CDR_OK);
	assert_int_equal(make(w, 0, (uint32_t)first[1]), CDR_E_ABSENT);
	assert_string_equal(making.reason, "erased");
	assert_int_equal(make(w, 0, (uint32_t)first[0]), CDR_OK); /* the others are as they were */
	assert_int_equal(make(w, 0, (uint32_t)first[2]), CDR_OK);
}

static void
an_evaluation_about_nobody_leaves_nothing(void **state)
{
	struct world *w = *state;

	inputs[0] = (struct cdr_bytes){ (const uint8_t *)"x", 1 };
	evaluate(w, CDR_PURPOSE_IMPORT, 1, NULL);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM evaluated"), 0);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM receipt"), 1);
	/* And the same asked twice is kept once. */
	check(w);
	check(w);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM evaluated"), w_count(w->member[BLUE], "SELECT count(*) FROM receipt") - 1);
}

static int
end(void **state)
{
	cdr_query_opening_made_wipe(&making.made);
	return w_teardown(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_check_is_shown_whole_and_no_more),
		TEST(an_import_shows_one_person),
		TEST(what_cannot_be_drawn_any_more_is_destroyed),
		TEST(without_samples_it_is_destroyed_in_time),
		TEST(who_is_erased_is_not_shown),
		TEST(an_evaluation_about_nobody_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
