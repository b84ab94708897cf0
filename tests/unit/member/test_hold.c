#include "tests/unit/member/rights.h"

#include "node/member/check_draft.h"
#include "node/member/check_life.h"
#include "node/member/count.h"
#include "node/member/retention.h"

/* Holds, and the timers that take what is not held. */

static size_t hold_count;

static cdr_err
see_hold(const struct cdr_hold *hold, void *context)
{
	(void)context;
	assert_string_equal(hold->who, "Jo Doe");
	assert_string_equal(hold->reason, "A claim in court.");
	hold_count++;
	return CDR_OK;
}

static void
retain(struct cdr_member *m)
{
	bool worked;

	assert_int_equal(cdr_retention_step(m, &worked, &fault), CDR_OK);
}

static cdr_err
copy_case(const uint8_t id[static CDR_ID_LEN], const struct cdr_case *the_case, uint64_t erase_at, void *context)
{
	struct cdr_case *copy = context;

	(void)id;
	(void)erase_at;
	*copy = *the_case;
	return CDR_OK;
}

/* Nothing that is held goes, by a person or a timer; when the hold is lifted the timers take it. */
static void
test_hold(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	uint8_t request_id[CDR_ID_LEN], case_id[CDR_ID_LEN], leaver[CDR_ID_LEN], check_id[CDR_ID_LEN];
	struct cdr_candidate amina;

	rights_begin(w, 0, request_id);
	rights_put_case(green, "closed_no_finding", case_id);
	rights_answer(w, request_id);
	w_amina(&amina, "");
	assert_int_equal(cdr_subject_find(green, &amina.person, rights_note_found, NULL), CDR_OK);
	memcpy(leaver, rights_found_id[CDR_SUBJECT_LEAVER], sizeof(leaver));
	assert_int_equal(cdr_check_each(blue, NULL, rights_see, NULL), CDR_OK);
	memcpy(check_id, rights_seen.id, sizeof(check_id));
	rights_hold(green, request_id, CDR_OK);
	rights_hold(green, case_id, CDR_OK);
	rights_hold(green, leaver, CDR_OK);
	rights_hold(blue, check_id, CDR_OK);
	memset(rights_found_id[0], 9, CDR_ID_LEN);
	rights_hold(green, rights_found_id[0], CDR_E_ABSENT);
	struct cdr_hold empty = { .who = "Jo Doe" };
	assert_int_equal(cdr_hold_set(green, &empty, &fault), CDR_E_INPUT);
	hold_count = 0;
	assert_int_equal(cdr_hold_each(green, see_hold, NULL), CDR_OK);
	assert_int_equal(hold_count, 3);
	uint8_t ids[3][CDR_ID_LEN];
	memcpy(ids[0], request_id, CDR_ID_LEN);
	memcpy(ids[1], case_id, CDR_ID_LEN);
	memcpy(ids[2], leaver, CDR_ID_LEN);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(cdr_subject_erase(green, (const uint8_t (*)[CDR_ID_LEN])&ids[i], 1, &fault), CDR_E_REFUSED);
		assert_non_null(strstr(fault.text, "Jo Doe"));
	}
	assert_int_equal(cdr_check_withdraw(blue, "R-1", &fault), CDR_E_REFUSED);
	struct cdr_case changed = { 0 };
	assert_int_equal(cdr_cases_each(green, case_id, copy_case, &changed), CDR_OK);
	assert_int_equal(cdr_cases_put(green, case_id, &changed, &fault), CDR_E_REFUSED);
	int64_t attempts = w_count(blue, "SELECT count(*) FROM attempt"), letters = w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'statement'");
	assert_true(attempts > 0 && letters > 0);
	ahead = 7LL * 366 * DAY;
	ahead += 3600 - (int64_t)cdr_member_now() % 3600; /* an hour begins */
	retain(green);
	retain(blue);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM attempt"), attempts);
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'statement'"), letters);
	assert_true(w_count(blue, "SELECT count(*) FROM letter_out WHERE kind = 'request'") > 0);
	assert_int_equal(w_count(green, "SELECT count(*) FROM leaver"), 1);
	assert_int_equal(w_count(green, "SELECT count(*) FROM conduct_case"), 1);
	assert_true(w_count(green, "SELECT length(sealed) FROM inbox") > 0);
	assert_true(w_count(blue, "SELECT length(sealed) FROM hiring_check") > 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(cdr_hold_lift(green, ids[i], &fault), CDR_OK);
	assert_int_equal(cdr_hold_lift(green, ids[0], &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_hold_lift(blue, check_id, &fault), CDR_OK);
	retain(green);
	assert_int_equal(w_count(green, "SELECT count(*) FROM leaver"), 1); /* not twice in an hour */
	ahead += 3700;
	retain(green);
	retain(blue);
	assert_int_equal(w_count(green, "SELECT count(*) FROM leaver"), 0);
	assert_int_equal(w_count(green, "SELECT count(*) FROM conduct_case"), 0);
	assert_int_equal(w_count(green, "SELECT length(sealed) FROM inbox"), 0);
	assert_int_equal(w_count(blue, "SELECT length(sealed) FROM hiring_check"), 0);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out"), 0);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_in"), 0);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM attempt"), 0);
	/* They say what they did. */
	assert_int_equal(w_count(green, "SELECT sum(count) FROM retention_done WHERE what IN ('leaver', 'case', 'request')"), 3);
	assert_int_equal(w_count(blue, "SELECT sum(count) FROM retention_done WHERE what = 'check'"), 1);
	ahead = 0;
}

/* Nothing that is held goes because its sender, its time or a file that is imported says so; once the hold is lifted it does. */
static void
test_hold_of_what_waits(void **state)
{
	struct world *w = *state;
	struct cdr_leavers_outcome outcome;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	uint8_t request_id[CDR_ID_LEN], leaver[CDR_ID_LEN];
	struct cdr_candidate amina;
	static const char other[] = "E-2,Fictiona,Nobodyson,1990-02-11,passport,KEN,FA0000101,Nurse,KEN,2015-02-01,\n";

	rights_begin(w, 0, request_id);
	w_amina(&amina, "");
	assert_int_equal(cdr_subject_find(green, &amina.person, rights_note_found, NULL), CDR_OK);
	memcpy(leaver, rights_found_id[CDR_SUBJECT_LEAVER], sizeof(leaver));
	rights_hold(green, request_id, CDR_OK);
	rights_hold(green, leaver, CDR_OK);
	int64_t expiry = w_count(green, "SELECT expiry FROM leaver");
	assert_int_equal(w_import(green, "E-1,Amina,Otieno,1984-05-12,passport,KEN,A7654321,Nurse,KEN,2015-02-01,\n", NULL, &outcome), CDR_OK);
	assert_int_equal(outcome.kept, 1);
	assert_int_equal(outcome.changed, 0);
	assert_int_equal(w_count(green, "SELECT expiry FROM leaver"), expiry);
	assert_int_equal(cdr_check_withdraw(blue, "R-1", &fault), CDR_OK);
	w_carry(w);
	assert_int_equal(w_count(green, "SELECT count(*) FROM inbox WHERE state = 'withdrawn' AND next_at = 0"), 1);
	assert_int_equal(w_import(green, other, NULL, NULL), CDR_OK);
	retain(green);
	assert_true(w_count(green, "SELECT length(sealed) FROM inbox") > 0);
	assert_int_equal(w_count(green, "SELECT count(*) FROM leaver"), 2);
	assert_int_equal(cdr_hold_lift(green, request_id, &fault), CDR_OK);
	assert_int_equal(cdr_hold_lift(green, leaver, &fault), CDR_OK);
	ahead = 3700;
	assert_int_equal(w_import(green, other, NULL, NULL), CDR_OK);
	retain(green);
	assert_int_equal(w_count(green, "SELECT length(sealed) FROM inbox"), 0);
	assert_int_equal(w_count(green, "SELECT count(*) FROM leaver"), 1);
	ahead = 0;
}

/* One reply of the API as it is kept, under a number of its own. */
struct kept_reply {
	struct cdr_member *member;
	uint8_t number;
	const char *body;
};

static cdr_err
keep_reply(struct cdr_tx *tx, void *context)
{
	const struct kept_reply *kept = context;
	uint8_t digest[CDR_SHA256_LEN] = { kept->number };
	struct cdr_buffer sealed = { 0 };

	cdr_err err = cdr_seal(kept->member->home->keys->column, "api.reply", (struct cdr_bytes){ digest, sizeof(digest) },
	    (struct cdr_bytes){ (const uint8_t *)kept->body, strlen(kept->body) }, &sealed);
	if (err == CDR_OK)
		err = cdr_query_run(tx, "INSERT INTO api_reply (digest, request, status, sealed, at) VALUES ($1, $1, 201, $2, $3)",
		    CDR_VALUES(cdr_value_blob(digest, sizeof(digest)), cdr_value_bytes(cdr_buffer_bytes(&sealed)), cdr_value_int((int64_t)time(NULL))));
	cdr_buffer_free(&sealed);
	return err;
}

/* What the API was to say again about somebody who is erased is gone; of others it stays, and the keys stay known. */
static void
test_forgotten_replies(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	uint8_t request_id[CDR_ID_LEN];
	char id[CDR_ID_TEXT_LEN], body[256];
	struct kept_reply kept[] = { { blue, 1, "{\"references\":[\"R-1\"]}" }, { blue, 2, "{\"references\":[\"R-10\"]}" }, { green, 3, body },
		{ green, 4, "{\"request_id\":\"R-1\"}" } };

	rights_begin(w, 0, request_id);
	rights_answer(w, request_id);
	cdr_id_write(request_id, id);
	(void)snprintf(body, sizeof(body), "{\"answer\":{\"request_id\":\"%s\",\"result\":\"disclosure\"}}", id);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(cdr_store_write(kept[i].member->home->store, keep_reply, &kept[i]), CDR_OK);
	assert_int_equal(cdr_check_each(blue, NULL, rights_see, NULL), CDR_OK);
	assert_int_equal(cdr_subject_erase(blue, (const uint8_t (*)[CDR_ID_LEN])&rights_seen.id, 1, &fault), CDR_OK);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM api_reply WHERE length(sealed) = 0 AND digest <> request"), 1);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM api_reply WHERE length(sealed) > 0"), 1);
	w_carry(w); /* the employer is told to forget */
	assert_int_equal(w_count(green, "SELECT count(*) FROM api_reply WHERE length(sealed) = 0"), 1);
	assert_int_equal(w_count(green, "SELECT count(*) FROM api_reply WHERE length(sealed) > 0"), 1);
}

/* What was answered to a program goes in time, also if no program asks any more. */
static void
test_kept_replies(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	char sql[256];

	(void)snprintf(sql, sizeof(sql), "INSERT INTO api_reply (digest, request, status, sealed, at) VALUES (x'01', x'02', 201, x'03', %lld)",
	    (long long)time(NULL));
	w_run(blue, sql);
	ahead = 6 * DAY;
	retain(blue);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM api_reply"), 1);
	ahead = 7 * DAY + 3600;
	retain(blue);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM api_reply"), 0);
	ahead = 0;
}

/* Nothing goes a day too early. */
static void
test_timers(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	uint8_t request_id[CDR_ID_LEN];
	struct cdr_retention_settings settings = { 40, 50 };
	struct cdr_retention_line line[CDR_RETENTION_LINES];

	rights_begin(w, 60, request_id);
	rights_answer(w, request_id);
	assert_int_equal(cdr_retention_settings_write(blue, &settings, &fault), CDR_OK);
	assert_int_equal(cdr_retention_settings_write(green, &settings, &fault), CDR_OK);
	settings.check_days = CDR_RETENTION_DAYS_MIN - 1;
	assert_int_equal(cdr_retention_settings_write(blue, &settings, &fault), CDR_E_RANGE);
	assert_int_equal(cdr_retention_settings_read(blue, &settings), CDR_OK);
	assert_int_equal(settings.check_days, 40);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM trail WHERE what = 'settings.retention'"), 1);
	ahead = 45LL * DAY; /* watched: it is kept longer */
	retain(blue);
	retain(green);
	assert_true(w_count(blue, "SELECT length(sealed) FROM hiring_check") > 0);
	assert_int_equal(cdr_retention_status(blue, line), CDR_OK);
	assert_string_equal(line[1].what, "check");
	assert_int_equal(line[1].held_count, 1);
	assert_int_equal(line[1].due_count, 1);
	ahead = 59LL * DAY;
	retain(green);
	assert_true(w_count(green, "SELECT length(sealed) FROM inbox") > 0);
	ahead = 61LL * DAY;
	retain(blue);
	retain(green);
	assert_int_equal(w_count(blue, "SELECT length(sealed) FROM hiring_check"), 0);
	assert_int_equal(w_count(green, "SELECT length(sealed) FROM inbox"), 0);
	/* It was time, nobody's wish: the employer was told nothing. */
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE kind = 'withdrawal'"), 0);
	ahead = 0;
}

/* What status says goes within 30 days is what the timers then take, of every kind; what is held is counted as held. */
static void
test_due_is_what_goes(void **state)
{
	struct world *w = *state;
	struct cdr_retention_line line[2][CDR_RETENTION_LINES];
	uint8_t request_id[CDR_ID_LEN], case_id[CDR_ID_LEN];
	char sql[128];

	rights_begin(w, 0, request_id);
	rights_put_case(w->member[GREEN], "closed_no_finding", case_id);
	rights_answer(w, request_id);
	w_run(w->member[GREEN], "INSERT INTO api_reply (digest, request, status, sealed, at) VALUES (x'01', x'02', 201, x'03', 1)");
	w_run(w->member[GREEN], "INSERT INTO email_out (number, contact, state, made_at, not_before, tries, done_at) VALUES (9, 'first', 'sent', 1, 1, 1, 1)");
	for (size_t i = 0; i < 2; i++) {
		struct cdr_member *m = w->member[i == 0 ? BLUE : GREEN];
		ahead = 7LL * 366 * DAY - 30LL * DAY;
		assert_int_equal(cdr_retention_status(m, line[0]), CDR_OK);
		ahead += 30LL * DAY;
		retain(m);
		for (size_t k = 0; k < CDR_RETENTION_LINES; k++) {
			(void)snprintf(sql, sizeof(sql), "SELECT coalesce(sum(count), 0) FROM retention_done WHERE what = '%s'", line[0][k].what);
			/* A check that ends takes letters and attempts of its own with it; nothing else may go unannounced. */
			assert_true(w_count(m, sql) <= (int64_t)line[0][k].due_count);
		}
		assert_int_equal(cdr_retention_status(m, line[1]), CDR_OK);
		for (size_t k = 0; k < CDR_RETENTION_LINES; k++) {
			assert_int_equal(line[1][k].held_count, line[0][k].held_count - line[0][k].due_count);
			assert_int_equal(line[1][k].due_count, 0);
		}
		ahead = 0;
	}
	assert_int_equal(line[0][0].due_count, 1); /* the leaver, at green */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIGHTS_TEST(test_hold),
		RIGHTS_TEST(test_hold_of_what_waits),
		RIGHTS_TEST(test_forgotten_replies),
		RIGHTS_TEST(test_kept_replies),
		RIGHTS_TEST(test_timers),
		RIGHTS_TEST(test_due_is_what_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
