#include "tests/unit/member/world.h"

/* Letters about a check from its opening to its statement, and what must not count: forged, late, twice, from strangers. */

static struct cdr_check seen;

static cdr_err
see(const struct cdr_check *check, void *context)
{
	(void)context;
	seen = *check;
	return CDR_OK;
}

static void
look(struct cdr_member *m)
{
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(cdr_check_each(m, NULL, see, NULL), CDR_OK);
}

static void
step_check(struct cdr_member *m)
{
	bool worked;

	assert_int_equal(cdr_check_step(m, &worked, NULL), CDR_OK);
}

/* A declared request from blue to green, carried; its id. */
static void
declared(struct world *w, uint8_t request_id[static CDR_ID_LEN])
{
	struct cdr_candidate c;

	w_amina(&c, "R-1");
	w_declare(&c, "green-valley");
	w_check(w->member[BLUE], &c, CDR_OK);
	w_carry(w);
	w_request_id(w->member[GREEN], request_id);
}

/* A probe from blue to green, whose register has Amina; nothing is carried yet. */
static void
matched(struct world *w)
{
	struct cdr_candidate c;

	w_import_amina(w->member[GREEN], 1);
	w_handle(w->member[GREEN], w->handles[0]);
	w_match(w, GREEN);
	w_amina(&c, "R-1");
	w_check(w->member[BLUE], &c, CDR_OK);
	step_check(w->member[BLUE]);
}

static cdr_err
answer(struct cdr_member *m, const uint8_t *request_id, struct cdr_statement *s)
{
	struct cdr_fault fault = { 0 };
	cdr_err err = cdr_inbox_answer(m, request_id, s, &fault);

	assert_int_equal(fault.code, err);
	return err;
}

/* A figure of the annual return. */
static int64_t
figure(struct cdr_member *m, const char *counter, const char *code)
{
	char sql[160];

	(void)snprintf(sql, sizeof(sql), "SELECT COALESCE(SUM(number), 0) FROM tally WHERE counter = '%s' AND code = '%s'", counter,
	    code);
	return w_count(m, sql);
}

/* ---- the whole way ---------------------------------------------------------------------------------------------------- */

static void
test_declared(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	struct cdr_statement s, got;
	uint8_t request_id[CDR_ID_LEN];

	declared(w, request_id);
	look(blue);
	assert_int_equal(seen.employer_count, 1);
	assert_string_equal(seen.employer[0].status, "delivered");
	assert_memory_equal(seen.employer[0].request_id, request_id, sizeof(request_id));
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE kind = 'request' AND state = 'received'"), 1);
	w_no_record(&s);
	assert_int_equal(answer(green, request_id, &s), CDR_OK);
	w_carry(w);
	look(blue);
	assert_string_equal(seen.employer[0].status, "answered");
	assert_string_equal(seen.employer[0].result, "no_record_held");
	assert_int_equal(cdr_check_statement(blue, request_id, &got, NULL, NULL), CDR_OK);
	assert_memory_equal(&got, &s, sizeof(got));
	assert_int_equal(w->mail_count, 0);
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE state <> 'received' AND kind <> 'received'"), 0);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE state <> 'received' AND kind <> 'received'"), 0);
	assert_int_equal(figure(blue, "request_made", "members"), 1);
	assert_int_equal(figure(blue, "response_received", "members"), 1);
	assert_int_equal(figure(blue, "response_days", "0"), 1);
	assert_int_equal(figure(blue, "response_late", ""), 0);
	assert_int_equal(figure(blue, "answer_received", "no_record_held"), 1);
	assert_int_equal(figure(blue, "match_confirmed", ""), 0); /* declared, and the hub named nobody */
	assert_int_equal(figure(green, "request_received", ""), 1);
	assert_int_equal(figure(green, "response_provided", ""), 1);
	assert_int_equal(figure(green, "answer_provided", "no_record_held"), 1);
	assert_int_equal(w_count(green, "SELECT count(*) FROM trail WHERE who = 'operator' AND what = 'inbox.answer'"), 1);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM trail WHERE who = 'operator' AND what = 'check.open'"), 1);
}

static void
test_undeclared(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	uint8_t request_id[CDR_ID_LEN];
	struct cdr_statement s;

	matched(w);
	assert_true(w_mail(blue));
	look(blue);
	assert_int_equal(seen.employer_count, 0);
	assert_true(w_mail(green));
	/* The reply left before the confirmation of the probe: neither means that the full request was delivered. */
	assert_true(w_mail(green));
	assert_true(w_mail(blue));
	look(blue);
	assert_int_equal(seen.employer_count, 1);
	assert_false(seen.employer[0].declared);
	assert_string_equal(seen.employer[0].status, "queued");
	assert_int_equal(w_count(green, "SELECT count(*) FROM inbox WHERE stage = 'probe' AND state = 'plausible'"), 1);
	w_carry(w);
	look(blue);
	assert_string_equal(seen.employer[0].status, "delivered");
	w_request_id(green, request_id);
	w_no_record(&s);
	assert_int_equal(answer(green, request_id, &s), CDR_OK);
	w_carry(w);
	look(blue);
	assert_string_equal(seen.employer[0].result, "no_record_held");
	assert_int_equal(figure(blue, "match_query", ""), 1);
	assert_int_equal(figure(blue, "match", "strong"), 1);
	assert_int_equal(figure(blue, "match_confirmed", ""), 1);
	assert_int_equal(figure(blue, "request_made", "members"), 1);
	assert_int_equal(figure(green, "request_received", ""), 1);
}

/* The match was somebody else: HR never hears of it, and green keeps nothing of the candidate. */
static void
test_dismissed(void **state)
{
	struct world *w = *state;
	struct cdr_candidate c;

	w_import_amina(w->member[GREEN], 1);
	w_handle(w->member[GREEN], w->handles[0]);
	w_match(w, GREEN);
	w_candidate(&c, "R-1", "Sara", "Haddad", "1990-01-20");
	w_check(w->member[BLUE], &c, CDR_OK);
	step_check(w->member[BLUE]);
	w_carry(w);
	look(w->member[BLUE]);
	assert_int_equal(seen.employer_count, 0);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM employer WHERE stage = 'dismissed'"), 1);
	assert_int_equal(w_count(w->member[GREEN], "SELECT count(*) FROM inbox WHERE state = 'dismissed'"), 1);
	assert_int_equal(w_count(w->member[GREEN], "SELECT max(length(sealed)) FROM inbox"), 0);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM letter_out WHERE kind = 'request'"), 0);
	assert_int_equal(figure(w->member[BLUE], "match_false", "node"), 1);
	assert_int_equal(figure(w->member[BLUE], "request_made", "members"), 0);
	assert_int_equal(figure(w->member[GREEN], "request_received", ""), 0);
}

/* ---- statements that do not count -------------------------------------------------------------------------------------- */

/* A whole statement on ${request_id} as ${responder} would sign it. */
static void
write_statement(struct world *w, size_t from, const char *responder, const uint8_t *request_id, int64_t signed_at,
    const char *finding, uint8_t id[static CDR_MAIL_ID_LEN])
{
	struct cdr_statement s;
	struct cdr_wire_statement *wire = malloc(sizeof(*wire));

	assert_non_null(wire);
	w_no_record(&s);
	(void)snprintf(s.codebook_version, sizeof(s.codebook_version), "2025-1");
	(void)snprintf(s.responder, sizeof(s.responder), "%s", responder);
	(void)snprintf(s.finding, sizeof(s.finding), "%s", finding);
	memcpy(s.request_id, request_id, sizeof(s.request_id));
	memset(s.response_id, 5, sizeof(s.response_id));
	s.signed_at = signed_at;
	cdr_wire_statement(&s, wire);
	w_write(w, from, BLUE, request_id, CDR__WIRE__LETTER__CONTENT_STATEMENT, &wire->message, id);
	free(wire);
}

/* The statement was dropped: no answer, no confirmation, and the hub was told to forget it. */
static void
assert_dropped(struct world *w)
{
	struct cdr_member *blue = w->member[BLUE];
	int64_t taken = w_count(blue, "SELECT count(*) FROM letter_in");
	int64_t written = w_count(blue, "SELECT count(*) FROM letter_out");

	assert_true(w_mail(blue));
	assert_int_equal(w->mail_count, 0);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_in"), taken);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out"), written);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM employer WHERE answered_at <> 0"), 0);
}

static void
test_false_statements(void **state)
{
	struct world *w = *state;
	uint8_t request_id[CDR_ID_LEN], other[CDR_ID_LEN] = { 3 }, id[CDR_MAIL_ID_LEN];
	int64_t now = (int64_t)cdr_member_now();

	declared(w, request_id);
	/* Of somebody who was not asked; in the name of somebody else; about nothing that was asked. */
	write_statement(w, RED, "red-ridge", request_id, now, "no_record", id);
	assert_dropped(w);
	write_statement(w, RED, "green-valley", request_id, now, "no_record", id);
	assert_dropped(w);
	write_statement(w, GREEN, "red-ridge", request_id, now, "no_record", id);
	assert_dropped(w);
	write_statement(w, GREEN, "green-valley", other, now, "no_record", id);
	assert_dropped(w);
	/* Signed in the future, or never; against the rules: a yes without a disclosure; no such code. */
	write_statement(w, GREEN, "green-valley", request_id, now + 3 * 86400, "no_record", id);
	assert_dropped(w);
	write_statement(w, GREEN, "green-valley", request_id, 0, "no_record", id);
	assert_dropped(w);
	write_statement(w, GREEN, "green-valley", request_id, now, "yes", id);
	assert_dropped(w);
	write_statement(w, GREEN, "green-valley", request_id, now, "clear", id);
	assert_dropped(w);
	/* The true one still counts. */
	write_statement(w, GREEN, "green-valley", request_id, now, "no_record", id);
	w_carry(w);
	look(w->member[BLUE]);
	assert_string_equal(seen.employer[0].result, "no_record_held");
}

/* The hub or somebody else altered the letter, or wrote another sender on it. */
static void
test_forged_letters(void **state)
{
	struct world *w = *state;
	uint8_t request_id[CDR_ID_LEN], id[CDR_MAIL_ID_LEN];
	int64_t now = (int64_t)cdr_member_now();

	declared(w, request_id);
	write_statement(w, GREEN, "green-valley", request_id, now, "no_record", id);
	w->mail[0].sealed.data[1000] ^= 1;
	assert_dropped(w);
	write_statement(w, RED, "green-valley", request_id, now, "no_record", id);
	(void)snprintf(w->mail[0].from, sizeof(w->mail[0].from), "green-valley");
	assert_dropped(w);
	write_statement(w, GREEN, "green-valley", request_id, now, "no_record", id);
	w->mail[0].id[0] ^= 1;
	assert_dropped(w);
	write_statement(w, GREEN, "green-valley", request_id, now, "no_record", id);
	(void)snprintf(w->mail[0].from, sizeof(w->mail[0].from), "nobody-here");
	assert_dropped(w);
	/* Sealed for us, and signed by red under green's name: the seal alone proves nothing. */
	struct w_keys green = w->keys[GREEN];
	memcpy(w->keys[GREEN].seed, w->keys[RED].seed, CDR_SIGN_SEED_LEN);
	write_statement(w, GREEN, "green-valley", request_id, now, "no_record", id);
	w->keys[GREEN] = green;
	assert_dropped(w);
}

/* The first answer stands. */
static void
test_second_answer(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	uint8_t request_id[CDR_ID_LEN], id[CDR_MAIL_ID_LEN];
	int64_t now = (int64_t)cdr_member_now();

	declared(w, request_id);
	write_statement(w, GREEN, "green-valley", request_id, now, "no_record", id);
	w_carry(w);
	int64_t taken = w_count(blue, "SELECT count(*) FROM letter_in");
	write_statement(w, GREEN, "green-valley", request_id, now, "unable_policy", id);
	w_carry(w);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_in"), taken);
	look(blue);
	assert_string_equal(seen.employer[0].result, "no_record_held");
}

/* An answer to a probe is none: who was not asked in full cannot have looked. */
static void
test_statement_to_probe(void **state)
{
	struct world *w = *state;
	uint8_t request_id[CDR_ID_LEN], id[CDR_MAIL_ID_LEN];

	matched(w);
	assert_int_equal(w_mail(w->member[BLUE]), true);
	assert_int_equal(w->mail_count, 1);
	assert_true(w_mail(w->member[GREEN]));
	w_request_id(w->member[GREEN], request_id);
	write_statement(w, GREEN, "green-valley", request_id, (int64_t)cdr_member_now(), "no_record", id);
	assert_dropped(w);
}

static void
test_statuses(void **state)
{
	static const struct {
		const char *identity, *finding, *ongoing, *reason, *status, *result;
	} cases[] = {
		{ "not_known_here", "", "", "", "no_such_person", "not_known_here" },
		{ "ambiguous", "", "", "", "answered", "unable_to_answer" },
		{ "probable", "unable_policy", "no_record", "organisational_policy", "partially_answered", "unable_to_answer" },
		{ "confirmed", "no_record", "no_record", "", "answered", "no_record_held" },
	};
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char reference[8];
		uint8_t request_id[CDR_ID_LEN];
		struct cdr_candidate c;
		struct cdr_statement s;
		(void)snprintf(reference, sizeof(reference), "R-%zu", i);
		w_amina(&c, reference);
		w_declare(&c, "green-valley");
		w_check(blue, &c, CDR_OK);
		w_carry(w);
		w_request_id(w->member[GREEN], request_id);
		w_no_record(&s);
		(void)snprintf(s.identity_match, sizeof(s.identity_match), "%s", cases[i].identity);
		(void)snprintf(s.finding, sizeof(s.finding), "%s", cases[i].finding);
		(void)snprintf(s.ongoing_now, sizeof(s.ongoing_now), "%s", cases[i].ongoing);
		(void)snprintf(s.left_during, sizeof(s.left_during), "%s", cases[i].ongoing);
		(void)snprintf(s.legal_limit_reason, sizeof(s.legal_limit_reason), "%s", cases[i].reason);
		if (cases[i].finding[0] == '\0')
			s.coverage.quality[0] = '\0';
		struct cdr_fault fault = { 0 };
		if (cdr_inbox_answer(w->member[GREEN], request_id, &s, &fault) != CDR_OK)
			fail_msg("case %zu: %s", i, fault.text);
		w_carry(w);
		assert_int_equal(cdr_check_each(blue, reference, see, NULL), CDR_OK);
		assert_string_equal(seen.employer[0].status, cases[i].status);
		assert_string_equal(seen.employer[0].result, cases[i].result);
	}
}

/* ---- probe replies, confirmations ---------------------------------------------------------------------------------------- */

static void
write_reply(struct world *w, size_t from, const uint8_t *request_id, bool plausible)
{
	Cdr__Wire__ProbeReply reply = CDR__WIRE__PROBE_REPLY__INIT;
	uint8_t id[CDR_MAIL_ID_LEN];

	reply.plausible = plausible;
	w_write(w, from, BLUE, request_id, CDR__WIRE__LETTER__CONTENT_PROBE_REPLY, &reply, id);
}

static void
test_probe_reply_of_a_stranger(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	uint8_t request_id[CDR_ID_LEN], other[CDR_ID_LEN] = { 3 };

	matched(w);
	assert_true(w_mail(blue));
	assert_true(w_mail(w->member[GREEN]));
	w_request_id(w->member[GREEN], request_id);
	write_reply(w, RED, request_id, true);
	write_reply(w, GREEN, other, true);
	assert_true(w_mail(blue));
	assert_int_equal(w_count(blue, "SELECT count(*) FROM employer WHERE stage = 'probe'"), 1);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_in"), 0);
	/* The true one, and a second one of another mind: the full request is out, and is not called back by a probe's reply… */
	write_reply(w, GREEN, request_id, true);
	assert_true(w_mail(blue));
	assert_int_equal(w_count(blue, "SELECT count(*) FROM employer WHERE stage = 'request'"), 1);
	write_reply(w, GREEN, request_id, true);
	assert_true(w_mail(blue));
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE kind = 'request'"), 1);
	/* … but green's node may dismiss the full request too, when its register changed: HR then no longer sees it. */
	write_reply(w, GREEN, request_id, false);
	assert_true(w_mail(blue));
	look(blue);
	assert_int_equal(seen.employer_count, 0);
	write_reply(w, GREEN, request_id, true);
	assert_true(w_mail(blue));
	look(blue);
	assert_int_equal(seen.employer_count, 0);
}

/* A declared employer is always asked in full: a probe's reply to it means nothing. */
static void
test_probe_reply_of_a_declared(void **state)
{
	struct world *w = *state;
	uint8_t request_id[CDR_ID_LEN];

	declared(w, request_id);
	write_reply(w, GREEN, request_id, false);
	w_carry(w);
	look(w->member[BLUE]);
	assert_int_equal(seen.employer_count, 1);
}

static void
test_confirmations(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	struct cdr_candidate c;
	Cdr__Wire__Received received = CDR__WIRE__RECEIVED__INIT;
	uint8_t id[CDR_MAIL_ID_LEN], letter_id[CDR_MAIL_ID_LEN];

	w_amina(&c, "R-1");
	w_declare(&c, "green-valley");
	w_check(blue, &c, CDR_OK);
	assert_true(w_mail(blue));
	look(blue);
	assert_int_equal(w->mail_count, 1);
	memcpy(letter_id, w->mail[0].id, sizeof(letter_id));
	/* Of a stranger, or for a letter that nobody wrote. */
	received.letter_id = cdr_message_field(letter_id, sizeof(letter_id));
	w_write(w, RED, BLUE, seen.employer[0].request_id, CDR__WIRE__LETTER__CONTENT_RECEIVED, &received, id);
	uint8_t unknown[CDR_MAIL_ID_LEN] = { 1 };
	received.letter_id = cdr_message_field(unknown, sizeof(unknown));
	w_write(w, GREEN, BLUE, seen.employer[0].request_id, CDR__WIRE__LETTER__CONTENT_RECEIVED, &received, id);
	received.letter_id = cdr_message_field(unknown, 1);
	w_write(w, GREEN, BLUE, seen.employer[0].request_id, CDR__WIRE__LETTER__CONTENT_RECEIVED, &received, id);
	assert_true(w_mail(blue));
	look(blue);
	assert_string_equal(seen.employer[0].status, "queued");
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE state = 'posted'"), 1);
	/* No confirmation is confirmed. */
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE kind = 'received'"), 0);
	w_carry(w);
	look(blue);
	assert_string_equal(seen.employer[0].status, "delivered");
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE kind = 'received'"), 0);
}

/* ---- damage at home ---------------------------------------------------------------------------------------------------------- */

/* A row of ours that does not open is no fault of the letter: it stays at the hub until it can be taken. */
static void
test_damaged_row(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	uint8_t request_id[CDR_ID_LEN];
	bool worked;

	matched(w);
	assert_true(w_mail(blue));
	assert_true(w_mail(w->member[GREEN]));
	w_request_id(w->member[GREEN], request_id);
	write_reply(w, GREEN, request_id, true);
	w_run(blue, "UPDATE hiring_check SET sealed = digest");
	assert_int_equal(cdr_mail_step(blue, &worked, NULL), CDR_E_STORE);
	assert_int_equal(w->mail_count, 1);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_in"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_declared),
		TEST(test_undeclared),
		TEST(test_dismissed),
		TEST(test_false_statements),
		TEST(test_forged_letters),
		TEST(test_second_answer),
		TEST(test_statement_to_probe),
		TEST(test_statuses),
		TEST(test_probe_reply_of_a_stranger),
		TEST(test_probe_reply_of_a_declared),
		TEST(test_confirmations),
		TEST(test_damaged_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
