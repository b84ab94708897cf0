#include "tests/unit/member/world.h"

/* Posting, fetching, and that a letter counts once whatever fails in between. What the log says of it all. */

static void
declare(struct world *w, const char *reference, const char *employer)
{
	struct cdr_candidate c;

	w_amina(&c, reference);
	w_declare(&c, employer);
	w_check(w->member[BLUE], &c, CDR_OK);
}

static cdr_err
step(struct cdr_member *m)
{
	bool worked;
	struct cdr_fault fault = { 0 };
	cdr_err err = cdr_mail_step(m, &worked, &fault);

	if (err != CDR_OK && err != CDR_E_STORE)
		assert_int_equal(fault.code, err);
	return err;
}

/* ---- posting ---------------------------------------------------------------------------------------------------------- */

static void
test_hub_is_down(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];

	declare(w, "R-1", "green-valley");
	w->hub_is_down = true;
	assert_int_equal(step(blue), CDR_E_NETWORK);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE state = 'waiting' AND tries = 0"), 1);
	/* It took the letter, and its word was lost: the same letter is posted again, and is there once. */
	w->hub_is_down = false;
	w->forgets_reply = true;
	assert_int_equal(step(blue), CDR_E_TIME);
	assert_int_equal(w->mail_count, 1);
	w->forgets_reply = false;
	assert_int_equal(step(blue), CDR_OK);
	assert_int_equal(w->mail_count, 1);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE state = 'posted' AND tries = 1"), 1);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM attempt WHERE result = 'posted' AND channel = 'node'"), 1);
}

/* What the hub refuses for good is not sent again; the attempt is kept. */
static void
test_refused_for_good(void **state)
{
	static const cdr_err codes[] = { CDR_E_INPUT, CDR_E_RANGE, CDR_E_EXISTS, CDR_E_ABSENT };
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];

	w->refused_path = "/v1/mail/post";
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		char reference[8], sql[128];
		(void)snprintf(reference, sizeof(reference), "R-%zu", i);
		declare(w, reference, "green-valley");
		w->refused_code = codes[i];
		assert_int_equal(step(blue), CDR_OK);
		assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE state = 'waiting'"), 0);
		(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM attempt WHERE result = '%s'", cdr_err_name(codes[i]));
		assert_int_equal(w_count(blue, sql), 1);
	}
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE state = 'refused'"), 4);
}

/* A full mailbox or a suspended receiver: that letter waits, longer each time, and holds up no other. */
static void
test_refused_for_now(void **state)
{
	static const cdr_err codes[] = { CDR_E_BUSY, CDR_E_REFUSED };
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];

	declare(w, "R-1", "green-valley");
	w->refused_path = "/v1/mail/post";
	for (size_t i = 0; i < 2; i++) {
		w->refused_code = codes[i];
		int64_t now = (int64_t)cdr_member_now();
		assert_int_equal(step(blue), CDR_OK);
		assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE state = 'waiting'"), 1);
		assert_in_range(w_count(blue, "SELECT not_before FROM letter_out"), now + (60 << i), (int64_t)cdr_member_now() + (60 << i));
		w_run(blue, "UPDATE letter_out SET not_before = 1");
	}
	w_run(blue, "UPDATE letter_out SET not_before = 4000000000, tries = 50");
	w->refused_path = NULL;
	declare(w, "R-2", "red-ridge");
	assert_int_equal(step(blue), CDR_OK);
	assert_int_equal(w->mail_count, 1);
	assert_string_equal(w->mail[0].to, "red-ridge");
	/* It is never longer than about an hour. */
	w->refused_path = "/v1/mail/post";
	w_run(blue, "UPDATE letter_out SET not_before = 1");
	int64_t now = (int64_t)cdr_member_now();
	assert_int_equal(step(blue), CDR_OK);
	assert_in_range(w_count(blue, "SELECT max(not_before) FROM letter_out"), now + 3840, (int64_t)cdr_member_now() + 3840);
	w_run(blue, "UPDATE letter_out SET not_before = 1");
	w->refused_path = NULL;
	assert_int_equal(step(blue), CDR_OK);
	assert_int_equal(w->mail_count, 2);
}

/* A fault of the hub's own is nobody's letter's: it is tried again at the next step. */
static void
test_hub_fails(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];

	declare(w, "R-1", "green-valley");
	w->refused_path = "/v1/mail/post";
	w->refused_code = CDR_E_STORE;
	assert_int_equal(step(blue), CDR_E_STORE);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE state = 'waiting' AND not_before = 0"), 1);
	/* Fetching goes on beside it. */
	w_import_amina(w->member[GREEN], 1);
	struct cdr_candidate c;
	w_amina(&c, "G-1");
	w_declare(&c, "blue-harbour");
	w_check(w->member[GREEN], &c, CDR_OK);
	w->refused_path = NULL;
	assert_int_equal(step(w->member[GREEN]), CDR_OK);
	w->refused_path = "/v1/mail/post";
	assert_int_equal(step(blue), CDR_E_STORE);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM inbox"), 1);
}

static void
test_not_before(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	bool worked = true;

	declare(w, "R-1", "green-valley");
	w_run(blue, "UPDATE letter_out SET not_before = 4000000000");
	assert_int_equal(cdr_mail_step(blue, &worked, NULL), CDR_OK);
	assert_false(worked);
	assert_int_equal(w->mail_count, 0);
}

static cdr_err
queue(struct cdr_tx *tx, void *context)
{
	struct cdr_member *member = context;
	const struct cdr_roster *roster = cdr_current_hold(member->current);
	Cdr__Wire__Withdrawal withdrawal = CDR__WIRE__WITHDRAWAL__INIT;
	static char reason[CDR_MAIL_PLAIN_LEN];
	uint8_t request_id[CDR_ID_LEN] = { 1 };
	struct cdr_outgoing outgoing = {
		.receiver = "nobody-here",
		.request_id = request_id,
		.kind = "withdrawal",
		.content = CDR__WIRE__LETTER__CONTENT_WITHDRAWAL,
		.message = &withdrawal,
	};

	withdrawal.reason = reason;
	assert_int_equal(cdr_mail_queue(tx, member, roster, &outgoing, NULL), CDR_E_ABSENT);
	outgoing.receiver = "red-ridge";
	assert_int_equal(cdr_mail_queue(tx, member, roster, &outgoing, NULL), CDR_E_ABSENT);
	outgoing.receiver = "green-valley";
	memset(reason, 'x', sizeof(reason) - 1);
	assert_int_equal(cdr_mail_queue(tx, member, roster, &outgoing, NULL), CDR_E_RANGE);
	reason[10] = '\0';
	assert_int_equal(cdr_mail_queue(tx, member, roster, &outgoing, NULL), CDR_OK);
	cdr_current_release(member->current, roster);
	return CDR_OK;
}

static void
test_queue(void **state)
{
	struct world *w = *state;

	w_set_status(w, RED, "suspended");
	w_roster(w);
	w_refresh(w);
	assert_int_equal(cdr_store_write(w->member[BLUE]->home->store, queue, w->member[BLUE]), CDR_OK);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM letter_out"), 1);
}

/* ---- a letter counts once ------------------------------------------------------------------------------------------------- */

/* Taken and durable, but the hub never heard: it delivers again, and nothing happens twice. */
static void
test_taken_twice(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];

	w_import_amina(green, 1);
	declare(w, "R-1", "green-valley");
	assert_int_equal(step(w->member[BLUE]), CDR_OK);
	w->refused_path = "/v1/mail/taken";
	w->refused_code = CDR_E_STORE;
	assert_int_equal(step(green), CDR_E_STORE);
	assert_int_equal(w->mail_count, 1);
	int64_t number = w_count(green, "SELECT number FROM inbox");
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'received'"), 1);
	w->refused_path = NULL;
	assert_int_equal(step(green), CDR_OK);
	assert_int_equal(w_count(green, "SELECT number FROM inbox"), number);
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'received'"), 1);
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_in"), 1);
	w_carry(w);
	assert_int_equal(w->mail_count, 0);
}

/* The database of another process, or a full disk, in the way: the letter stays at the hub. */
static void
test_store_fails(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];

	declare(w, "R-1", "green-valley");
	assert_int_equal(step(w->member[BLUE]), CDR_OK);
	w_run(green, "ALTER TABLE letter_in RENAME TO letter_in_gone");
	assert_int_equal(step(green), CDR_E_STORE);
	assert_int_equal(w->mail_count, 1);
	assert_int_equal(w_count(green, "SELECT count(*) FROM inbox"), 0);
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out"), 0);
	w_run(green, "ALTER TABLE letter_in_gone RENAME TO letter_in");
	assert_int_equal(step(green), CDR_OK);
	assert_int_equal(w_count(green, "SELECT count(*) FROM inbox"), 1);
	w_carry(w);
	assert_int_equal(w->mail_count, 0);
}

/* Another process holds the database too long: nothing is lost, nothing is half done, and it goes on afterwards. */
static void
test_busy(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	struct cdr_candidate c;

	declare(w, "R-1", "green-valley");
	assert_int_equal(step(blue), CDR_OK);
	w_hold(w, GREEN);
	assert_int_equal(cdr_mail_step(green, &(bool){ false }, NULL), CDR_E_BUSY);
	assert_int_equal(w->mail_count, 1);
	w_let_go();
	assert_int_equal(step(green), CDR_OK);
	assert_int_equal(w_count(green, "SELECT count(*) FROM inbox"), 1);
	/* The hub has the letter before it is noted that it has: it is posted again, and is there once. */
	w_amina(&c, "R-2");
	w_declare(&c, "red-ridge");
	w_check(blue, &c, CDR_OK);
	w_hold(w, BLUE);
	assert_int_equal(cdr_mail_step(blue, &(bool){ false }, NULL), CDR_E_BUSY);
	assert_int_equal(w_import(blue, "E-1,A,B,1984-05-12,,,,,KEN,2015-02-01,\n", NULL, NULL), CDR_E_BUSY);
	w_let_go();
	assert_int_equal(step(blue), CDR_OK);
	assert_int_equal(w_count(w->member[RED], "SELECT count(*) FROM inbox"), 0);
	assert_int_equal(step(w->member[RED]), CDR_OK);
	assert_int_equal(w_count(w->member[RED], "SELECT count(*) FROM inbox"), 1);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM leaver"), 0);
}

/* One bad letter does not hold up the good ones behind it. */
static void
test_bad_among_good(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];

	declare(w, "R-1", "green-valley");
	declare(w, "R-2", "green-valley");
	declare(w, "R-3", "green-valley");
	assert_int_equal(step(w->member[BLUE]), CDR_OK);
	w->mail[1].sealed.data[500] ^= 1;
	assert_int_equal(step(green), CDR_OK);
	assert_int_equal(w_count(green, "SELECT count(*) FROM inbox"), 2);
	w_carry(w);
	assert_int_equal(w->mail_count, 0);
}

/* Somebody whom our roster does not name yet has written: a newer roster is fetched first. */
static void
test_new_member(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	char id[CDR_SLUG_LEN_MAX + 1];

	/* green's roster is the genesis roster, which names nobody. */
	struct cdr_roster *genesis;
	assert_int_equal(cdr_roster_decode(cdr_buffer_bytes(&w->genesis_bytes), &genesis, NULL), CDR_OK);
	assert_int_equal(cdr_current_set(green->current, genesis), CDR_OK);
	declare(w, "R-1", "green-valley");
	assert_int_equal(step(w->member[BLUE]), CDR_OK);
	assert_int_equal(step(green), CDR_OK);
	assert_int_equal(w_count(green, "SELECT count(*) FROM inbox"), 1);
	(void)snprintf(id, sizeof(id), "%s", w_text(green, "SELECT sender FROM inbox"));
	assert_string_equal(id, "blue-harbour");
}

/* An answer of somebody who was suspended after writing it is not lost; it cannot be confirmed. */
static void
test_suspended_sender(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	struct cdr_statement s;
	uint8_t request_id[CDR_ID_LEN];

	declare(w, "R-1", "green-valley");
	w_carry(w);
	w_request_id(green, request_id);
	w_no_record(&s);
	assert_int_equal(cdr_inbox_answer(green, request_id, &s, NULL), CDR_OK);
	assert_int_equal(step(green), CDR_OK);
	w_set_status(w, GREEN, "suspended");
	w_roster(w);
	w_refresh(w);
	assert_int_equal(step(blue), CDR_OK);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM employer WHERE answered_at <> 0"), 1);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE kind = 'received'"), 0);
	assert_int_equal(w->mail_count, 0);
}

/* A letter for another member that the hub put into our mailbox. */
static void
test_wrong_mailbox(void **state)
{
	struct world *w = *state;
	struct cdr_member *red = w->member[RED];

	declare(w, "R-1", "green-valley");
	assert_int_equal(step(w->member[BLUE]), CDR_OK);
	(void)snprintf(w->mail[0].to, sizeof(w->mail[0].to), "red-ridge");
	assert_int_equal(step(red), CDR_OK);
	assert_int_equal(w_count(red, "SELECT count(*) FROM inbox"), 0);
	assert_int_equal(w_count(red, "SELECT count(*) FROM letter_in"), 0);
}

/* ---- the log ---------------------------------------------------------------------------------------------------------------- */

#define MARK "Marquezita" /* stands for everything personal in what follows */

/* Whether ${log} has nothing of what the letters said: no name, no number, no date. */
static void
assert_clean(const char *log)
{
	static const char *const personal[] = { MARK, "1984", "A7654321", "Nurse", "Mwangi", "otieno", "Otieno", "05-12" };

	for (size_t i = 0; i < sizeof(personal) / sizeof(personal[0]); i++)
		if (strstr(log, personal[i]) != NULL)
			fail_msg("\"%s\" in: %s", personal[i], log);
}

/* ${message} from blue to green about request ${number}. */
static void
put_letter(struct world *w, Cdr__Wire__Letter__ContentCase content, void *message, uint8_t number)
{
	uint8_t request_id[CDR_ID_LEN] = { number }, id[CDR_MAIL_ID_LEN];

	w_write(w, BLUE, GREEN, request_id, content, message, id);
}

/* Requests and a probe that are wrong in one way each, with the mark in every field. */
static void
write_bad_requests(struct world *w)
{
	static char mark[] = MARK, lines[] = MARK "\nOtieno", day[] = "day", empty[] = "", too_long[2 * CDR_OTHER_NAMES_LEN];
	Cdr__Wire__Identity identity = CDR__WIRE__IDENTITY__INIT;
	Cdr__Wire__Date birth = CDR__WIRE__DATE__INIT;
	Cdr__Wire__DisclosureRequest good = CDR__WIRE__DISCLOSURE_REQUEST__INIT, bad;
	Cdr__Wire__Probe probe = CDR__WIRE__PROBE__INIT;

	memset(too_long, 'M', sizeof(too_long) - 1);
	memcpy(too_long, MARK, sizeof(MARK) - 1);
	birth.year = 1984;
	birth.month = 5;
	birth.day = 12;
	birth.precision = day;
	identity.given_names = identity.family_names = mark;
	identity.date_of_birth = &birth;
	good.codebook_version = good.request_type = good.requester_contact_role = mark;
	good.legal_basis = good.candidate_notified = mark;
	good.jurisdiction = empty;
	good.declared = true;
	good.candidate = &identity;
	bad = good;
	bad.jurisdiction = mark; /* longer than a country */
	put_letter(w, CDR__WIRE__LETTER__CONTENT_REQUEST, &bad, 1);
	bad = good;
	bad.position_category = lines;
	put_letter(w, CDR__WIRE__LETTER__CONTENT_REQUEST, &bad, 2);
	bad = good;
	bad.due_at = UINT64_MAX;
	put_letter(w, CDR__WIRE__LETTER__CONTENT_REQUEST, &bad, 3);
	bad = good;
	bad.declared = false; /* and no handles */
	put_letter(w, CDR__WIRE__LETTER__CONTENT_REQUEST, &bad, 4);
	birth.month = 13;
	put_letter(w, CDR__WIRE__LETTER__CONTENT_REQUEST, &good, 5);
	birth.month = 5;
	identity.other_names = too_long;
	put_letter(w, CDR__WIRE__LETTER__CONTENT_REQUEST, &good, 6);
	identity.other_names = NULL;
	probe.candidate = &identity;
	put_letter(w, CDR__WIRE__LETTER__CONTENT_PROBE, &probe, 7);
}

/* Statements with the mark in a field where it must not stand: on a request that nobody made, and on one that green made. */
static void
write_bad_statements(struct world *w)
{
	struct cdr_statement s, bad;
	struct cdr_wire_statement *wire = malloc(sizeof(*wire));
	char *const fields[] = { bad.identity_match, bad.finding, bad.coverage.quality, bad.legal_limit_reason, bad.signer_role,
		bad.responder, bad.right_of_reply, bad.disclosures[0].misconduct_type[0], bad.disclosures[0].process_status };
	enum { FIELD_COUNT = sizeof(fields) / sizeof(fields[0]) };

	assert_non_null(wire);
	w_no_record(&s);
	(void)snprintf(s.responder, sizeof(s.responder), "blue-harbour");
	(void)snprintf(s.signer_name, sizeof(s.signer_name), "%s", MARK);
	(void)snprintf(s.codebook_version, sizeof(s.codebook_version), "2025-1");
	s.signed_at = (int64_t)cdr_member_now();
	memset(s.response_id, 1, sizeof(s.response_id));
	cdr_wire_statement(&s, wire);
	put_letter(w, CDR__WIRE__LETTER__CONTENT_STATEMENT, &wire->message, 7);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		bad = s;
		if (i >= FIELD_COUNT - 2) {
			(void)snprintf(bad.finding, sizeof(bad.finding), "yes");
			(void)snprintf(bad.disclosures[0].factual_summary, sizeof(bad.disclosures[0].factual_summary), MARK);
			bad.disclosures[0].misconduct_type_count = bad.disclosure_count = 1;
		}
		memcpy(fields[i], MARK, sizeof(MARK));
		cdr_wire_statement(&bad, wire);
		put_letter(w, CDR__WIRE__LETTER__CONTENT_STATEMENT, &wire->message, 8);
	}
	free(wire);
}

/* Letters that are wrong in every way: each is dropped with a line in the log, and no line says what stood in it. */
static void
test_log_has_nothing_personal(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	struct cdr_candidate c;
	size_t dropped = 0;

	w_import_amina(green, 1);
	w_candidate(&c, "R-" MARK, MARK, MARK, "1984-05-12");
	w_declare(&c, "blue-harbour");
	w_check(green, &c, CDR_OK);
	w_run(green, "UPDATE employer SET request_id = x'08000000000000000000000000000000'");
	write_bad_requests(w);
	write_bad_statements(w);
	/* What the hub writes on the outside is not believed either. */
	size_t count = w->mail_count;
	write_bad_requests(w);
	for (size_t i = count; i < w->mail_count; i++)
		(void)snprintf(w->mail[i].from, sizeof(w->mail[i].from), "%s Otieno", MARK);
	w->mail[0].sealed.data[99] ^= 1;
	count = w->mail_count;
	assert_true(count <= CDR_MAIL_BAG_COUNT_MAX);
	w_log_start();
	assert_int_equal(step(green), CDR_OK);
	const char *log = w_log_end();
	assert_clean(log);
	for (const char *at = log; (at = strstr(at, "letter.dropped")) != NULL; at++)
		dropped++;
	assert_int_equal(dropped, count);
	assert_int_equal(w_count(green, "SELECT count(*) FROM inbox"), 0);
	assert_int_equal(w_count(green, "SELECT count(*) FROM employer WHERE answered_at <> 0"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hub_is_down),
		TEST(test_refused_for_good),
		TEST(test_refused_for_now),
		TEST(test_hub_fails),
		TEST(test_not_before),
		TEST(test_queue),
		TEST(test_taken_twice),
		TEST(test_store_fails),
		TEST(test_busy),
		TEST(test_bad_among_good),
		TEST(test_new_member),
		TEST(test_suspended_sender),
		TEST(test_wrong_mailbox),
		TEST(test_log_has_nothing_personal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
