#include "tests/unit/member/world.h"

/* Requests of others at green's node: what it dismisses, what it lays before a person, and the answer. */

static const uint8_t request_id[CDR_ID_LEN] = { 0x42, 1 };

/* The parts of a letter about somebody; a test changes them before it is written. */
struct letter_parts {
	char given[64], family[64], precision[16], country[4], basis[40], notified[40], version[16], type[40], role[40];
	Cdr__Wire__Date birth;
	Cdr__Wire__Identity identity;
	Cdr__Wire__Probe probe;
	Cdr__Wire__DisclosureRequest request;
	uint8_t salt[CDR_COMPARE_SALT_LEN], handle[CDR_HANDLE_LEN];
};

/* About Amina, as blue would write it: a probe by the handle of green's first leaver, a request that says declared. */
static void
parts_make(struct letter_parts *p, struct world *w)
{
	memset(p, 0, sizeof(*p));
	(void)snprintf(p->given, sizeof(p->given), "Amina Wanjiru");
	(void)snprintf(p->family, sizeof(p->family), "Otieno");
	(void)snprintf(p->precision, sizeof(p->precision), "day");
	(void)snprintf(p->country, sizeof(p->country), "KEN");
	(void)snprintf(p->basis, sizeof(p->basis), "legitimate_interest");
	(void)snprintf(p->notified, sizeof(p->notified), "application_form");
	(void)snprintf(p->version, sizeof(p->version), "2025-1");
	(void)snprintf(p->type, sizeof(p->type), "statement_of_conduct");
	(void)snprintf(p->role, sizeof(p->role), "hr");
	p->birth = (Cdr__Wire__Date)CDR__WIRE__DATE__INIT;
	p->birth.year = 1984;
	p->birth.month = 5;
	p->birth.day = 12;
	p->birth.precision = p->precision;
	p->identity = (Cdr__Wire__Identity)CDR__WIRE__IDENTITY__INIT;
	p->identity.given_names = p->given;
	p->identity.family_names = p->family;
	p->identity.date_of_birth = &p->birth;
	if (w_count(w->member[GREEN], "SELECT count(*) FROM leaver") > 0)
		w_handle(w->member[GREEN], p->handle);
	p->probe = (Cdr__Wire__Probe)CDR__WIRE__PROBE__INIT;
	p->probe.candidate = &p->identity;
	p->probe.handles = cdr_message_field(p->handle, sizeof(p->handle));
	p->probe.document_salt = cdr_message_field(p->salt, sizeof(p->salt));
	p->request = (Cdr__Wire__DisclosureRequest)CDR__WIRE__DISCLOSURE_REQUEST__INIT;
	p->request.codebook_version = p->version;
	p->request.request_type = p->type;
	p->request.requester_contact_role = p->role;
	p->request.declared = true;
	p->request.candidate = &p->identity;
	p->request.lookback_years = 5;
	p->request.legal_basis = p->basis;
	p->request.candidate_notified = p->notified;
	p->request.jurisdiction = p->country;
	p->request.due_at = cdr_member_now() + 14 * 86400;
}

/* Send and take it in; whether it was taken (a confirmation is on its way). */
static bool
send_from(struct world *w, size_t from, Cdr__Wire__Letter__ContentCase content, void *message)
{
	struct cdr_member *green = w->member[GREEN];
	uint8_t id[CDR_MAIL_ID_LEN];
	int64_t before = w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'received'");

	w_write(w, from, GREEN, request_id, content, message, id);
	(void)w_mail(green);
	return w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'received'") > before;
}

static bool
send_probe(struct world *w, struct letter_parts *p)
{
	return send_from(w, BLUE, CDR__WIRE__LETTER__CONTENT_PROBE, &p->probe);
}

static bool
send_request(struct world *w, struct letter_parts *p)
{
	return send_from(w, BLUE, CDR__WIRE__LETTER__CONTENT_REQUEST, &p->request);
}

static bool
send_withdrawal(struct world *w, size_t from)
{
	Cdr__Wire__Withdrawal withdrawal = CDR__WIRE__WITHDRAWAL__INIT;
	char reason[] = "candidate withdrew";

	withdrawal.reason = reason;
	return send_from(w, from, CDR__WIRE__LETTER__CONTENT_WITHDRAWAL, &withdrawal);
}

/* Stage and state of the one request, as "request/waiting"; "" if there is none. */
static const char *
state_of(struct world *w)
{
	if (w_count(w->member[GREEN], "SELECT count(*) FROM inbox") == 0)
		return "";
	return w_text(w->member[GREEN], "SELECT stage || '/' || state FROM inbox");
}

static int64_t
kept_bytes(struct world *w)
{
	return w_count(w->member[GREEN], "SELECT length(sealed) FROM inbox");
}

static int64_t
replies(struct world *w)
{
	return w_count(w->member[GREEN], "SELECT count(*) FROM letter_out WHERE kind = 'probe_reply'");
}

/* ---- probes -------------------------------------------------------------------------------------------------------------- */

static void
test_probe_plausible(void **state)
{
	struct world *w = *state;
	struct letter_parts p;

	w_import_amina(w->member[GREEN], 1);
	parts_make(&p, w);
	assert_true(send_probe(w, &p));
	assert_string_equal(state_of(w), "probe/plausible");
	assert_int_equal(kept_bytes(w), 0);
	assert_int_equal(replies(w), 1);
	/* The same in a new letter: nothing more happens. */
	int64_t number = w_count(w->member[GREEN], "SELECT number FROM inbox");
	assert_true(send_probe(w, &p));
	assert_int_equal(w_count(w->member[GREEN], "SELECT number FROM inbox"), number);
	assert_int_equal(replies(w), 1);
	/* No person is troubled yet. */
	struct cdr_inbox_request *request = NULL;
	assert_int_equal(cdr_inbox_read(w->member[GREEN], request_id, &request, NULL), CDR_E_ABSENT);
	assert_null(request);
}

static void
test_probe_dismissed(void **state)
{
	struct world *w = *state;
	struct letter_parts p;

	w_import_amina(w->member[GREEN], 1);
	parts_make(&p, w);
	(void)snprintf(p.given, sizeof(p.given), "Sara");
	(void)snprintf(p.family, sizeof(p.family), "Haddad");
	p.birth.year = 1990;
	assert_true(send_probe(w, &p));
	assert_string_equal(state_of(w), "probe/dismissed");
	assert_int_equal(kept_bytes(w), 0);
	assert_int_equal(replies(w), 1);
}

/* Among more people more likeness is chance; whoever tells of fewer than there are gains nothing by it. */
static void
test_probe_among_people(void **state)
{
	struct world *w = *state;
	struct letter_parts p;
	static const struct {
		uint64_t people;
		const char *state;
	} cases[] = { { 1, "probe/plausible" }, { 100000, "probe/plausible" }, { UINT64_MAX, "probe/dismissed" } };

	w_import_amina(w->member[GREEN], 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		w_run(w->member[GREEN], "DELETE FROM inbox");
		parts_make(&p, w);
		p.birth.day = 13; /* a slip: the same name and day would always be plausible */
		p.probe.has_people = 1;
		p.probe.people = cases[i].people;
		assert_true(send_probe(w, &p));
		assert_string_equal(state_of(w), cases[i].state);
	}
}

/* The hub named somebody else of our register, or nobody who is there any more: a probe is compared with its handles alone. */
static void
test_probe_by_handles_alone(void **state)
{
	struct world *w = *state;
	struct letter_parts p;

	w_import_amina(w->member[GREEN], 1);
	parts_make(&p, w);
	p.handle[0] ^= 1;
	assert_true(send_probe(w, &p));
	assert_string_equal(state_of(w), "probe/dismissed");
}

/* The row changed after the hub named its handle: both the probe and the request after it still find the person, once. */
static void
test_changed_after_match(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	struct letter_parts p;
	uint8_t handles[2 * CDR_HANDLE_LEN];
	char row[256];

	w_import_amina(green, 1);
	parts_make(&p, w);
	(void)snprintf(row, sizeof(row), "E-1,Amina Wanjiru,Otieno,1984-05-12,passport,KEN,A7654321,Matron,KEN,2015-02-01,%s\n",
	    w_ago(1));
	assert_int_equal(w_import(green, row, NULL, NULL), CDR_OK);
	assert_true(send_probe(w, &p));
	assert_string_equal(state_of(w), "probe/plausible");
	memcpy(handles, p.handle, CDR_HANDLE_LEN);
	w_handle(green, handles + CDR_HANDLE_LEN);
	p.request.declared = false;
	p.request.handles = cdr_message_field(handles, sizeof(handles));
	assert_true(send_request(w, &p));
	assert_string_equal(state_of(w), "request/waiting");
	struct cdr_inbox_request *request = NULL;
	assert_int_equal(cdr_inbox_read(green, request_id, &request, NULL), CDR_OK);
	assert_int_equal(request->leaver_count, 1);
	cdr_inbox_request_free(request);
	/* Whoever is taken out is found by none of its handles. */
	w_run(green, "DELETE FROM inbox");
	(void)snprintf(row, sizeof(row), "E-2,Sara,Haddad,1990-11-02,,,,Nurse,KEN,2015-02-01,%s\n", w_ago(1));
	assert_int_equal(w_import(green, row, NULL, NULL), CDR_OK);
	assert_int_equal(w_count(green, "SELECT count(*) FROM former_handle"), 0);
	assert_true(send_probe(w, &p));
	assert_string_equal(state_of(w), "probe/dismissed");
}

/* A document's number tells two people of one name apart, and the number itself does not travel. */
static void
test_probe_documents(void **state)
{
	struct world *w = *state;
	struct letter_parts p;
	struct cdr_document document = { .type = "passport", .country = "KEN", .number = "A7654321" };
	uint8_t hash[CDR_COMPARE_HASH_LEN];
	ProtobufCBinaryData hashes[CDR_DOCUMENT_COUNT_MAX + 1];

	w_import_amina(w->member[GREEN], 1);
	parts_make(&p, w);
	/* Only the document agrees with what green has. */
	(void)snprintf(p.given, sizeof(p.given), "Amina");
	(void)snprintf(p.family, sizeof(p.family), "Wekesa");
	assert_int_equal(cdr_compare_document_hash(p.salt, &document, hash), CDR_OK);
	for (size_t i = 0; i <= CDR_DOCUMENT_COUNT_MAX; i++)
		hashes[i] = cdr_message_field(hash, sizeof(hash));
	p.probe.document_hash = hashes;
	p.probe.n_document_hash = 1;
	assert_true(send_probe(w, &p));
	assert_string_equal(state_of(w), "probe/plausible");
	w_run(w->member[GREEN], "DELETE FROM inbox");
	/* Malformed: too many, too short, a salt that is none. */
	p.probe.n_document_hash = CDR_DOCUMENT_COUNT_MAX + 1;
	assert_false(send_probe(w, &p));
	p.probe.n_document_hash = 1;
	hashes[0].len--;
	assert_false(send_probe(w, &p));
	hashes[0].len++;
	p.probe.document_salt.len--;
	assert_false(send_probe(w, &p));
	assert_string_equal(state_of(w), "");
}

static void
test_probe_malformed(void **state)
{
	struct world *w = *state;
	struct letter_parts p;
	uint8_t many[(CDR_MATCH_HANDLES_MAX + 1) * CDR_HANDLE_LEN] = { 0 };

	w_import_amina(w->member[GREEN], 1);
	parts_make(&p, w);
	p.probe.handles = cdr_message_field(many, 0);
	assert_false(send_probe(w, &p));
	p.probe.handles = cdr_message_field(many, CDR_HANDLE_LEN - 1);
	assert_false(send_probe(w, &p));
	p.probe.handles = cdr_message_field(many, sizeof(many));
	assert_false(send_probe(w, &p));
	parts_make(&p, w);
	p.birth.month = 13;
	assert_false(send_probe(w, &p));
	assert_string_equal(state_of(w), "");
	assert_int_equal(replies(w), 0);
	assert_int_equal(w->mail_count, 0);
}

/* The reply waits a random time within the scheme's bounds, whatever it says. */
static void
test_random_wait(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	struct letter_parts p;

	w->scheme.reply_delay_min_s = 30000;
	w->scheme.reply_delay_max_s = 30003;
	w_roster(w);
	w_refresh(w);
	w_import_amina(green, 1);
	parts_make(&p, w);
	int64_t before = (int64_t)cdr_member_now();
	for (size_t i = 0; i < 60; i++) {
		if (i == 30)
			(void)snprintf(p.family, sizeof(p.family), "Haddad-Khalil");
		assert_true(send_probe(w, &p));
		w_run(green, "DELETE FROM inbox");
	}
	int64_t after = (int64_t)cdr_member_now();
	assert_int_equal(replies(w), 60);
	assert_true(w_count(green, "SELECT min(not_before) FROM letter_out WHERE kind = 'probe_reply'") >= before + 30000);
	assert_true(w_count(green, "SELECT max(not_before) FROM letter_out WHERE kind = 'probe_reply'") <= after + 30003);
	/* All four waits occur: 60 draws miss one of them once in eight million runs. */
	assert_true(w_count(green, "SELECT count(DISTINCT not_before - made_at) FROM letter_out WHERE kind = 'probe_reply'") >= 4);
	/* Nothing of it is posted early; confirmations are, at once. */
	(void)w_mail(green);
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'probe_reply' AND state <> 'waiting'"), 0);
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'received' AND state = 'waiting'"), 0);
}

/* ---- requests ---------------------------------------------------------------------------------------------------------------- */

/* A declared employer's request always reaches a person: here nobody resembles the candidate. */
static void
test_declared_reaches_a_person(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	struct letter_parts p;
	struct cdr_inbox_request *request;

	parts_make(&p, w);
	assert_true(send_request(w, &p));
	assert_string_equal(state_of(w), "request/waiting");
	assert_int_equal(replies(w), 0);
	assert_int_equal(cdr_inbox_read(green, request_id, &request, NULL), CDR_OK);
	assert_true(request->declared);
	assert_string_equal(request->person.family_names, "Otieno");
	assert_string_equal(request->legal_basis, "legitimate_interest");
	assert_string_equal(request->jurisdiction, "KEN");
	assert_int_equal(request->lookback_years, 5);
	assert_int_equal(request->entry.due_at, p.request.due_at);
	assert_string_equal(request->entry.sender, "blue-harbour");
	assert_int_equal(request->leaver_count, 0);
	cdr_inbox_request_free(request);
	/* What is kept of it is sealed. */
	assert_int_equal(w_count(green, "SELECT count(*) FROM inbox WHERE instr(sealed, 'Otieno') > 0"), 0);
	assert_true(kept_bytes(w) > 100);
}

/* It is compared with the whole register, not with the handles that the hub named. */
static void
test_declared_finds_in_register(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	struct letter_parts p;
	struct cdr_inbox_request *request;
	char rows[1024];

	(void)snprintf(rows, sizeof(rows),
	    "E-1,Amina Wanjiru,Otieno,1984-05-12,passport,KEN,A7654321,Nurse,KEN,2015-02-01,%s\n"
	    "E-2,Sara,Haddad,1990-01-20,,,,Officer,LBN,2018-01-01,%s\n"
	    "E-3,Amina W.,Otieno,1984-12-05,,,,Nurse,KEN,2012-01-01,%s\n",
	    w_ago(1), w_ago(1), w_ago(3));
	assert_int_equal(w_import(green, rows, NULL, NULL), CDR_OK);
	parts_make(&p, w);
	assert_true(send_request(w, &p));
	assert_int_equal(cdr_inbox_read(green, request_id, &request, NULL), CDR_OK);
	assert_in_range(request->leaver_count, 1, 2);
	/* The likeliest first, with every difference explained. */
	assert_string_equal(request->candidate[0].leaver.employee_number, "E-1");
	assert_int_equal(request->candidate[0].comparison.verdict, CDR_VERDICT_PLAUSIBLE);
	assert_true(request->candidate[0].comparison.difference_count > 0);
	assert_string_equal(request->candidate[0].leaver.position, "Nurse");
	cdr_inbox_request_free(request);
	/* Who left the register meanwhile is not shown. */
	w_run(green, "DELETE FROM leaver");
	assert_int_equal(cdr_inbox_read(green, request_id, &request, NULL), CDR_OK);
	assert_int_equal(request->leaver_count, 0);
	cdr_inbox_request_free(request);
}

/* At most so many leavers are shown, the likeliest. */
static void
test_many_alike(void **state)
{
	struct world *w = *state;
	struct letter_parts p;
	struct cdr_inbox_request *request;
	char rows[4096];
	size_t at = 0;

	for (size_t i = 0; i < 12; i++)
		at += (size_t)snprintf(rows + at, sizeof(rows) - at, "E-%zu,Amina Wanjiru,Otieno,1984-05-%02d,,,,Nurse,KEN,2015-02-01,%s\n",
		    i, i == 7 ? 12 : 13, w_ago(1));
	assert_int_equal(w_import(w->member[GREEN], rows, NULL, NULL), CDR_OK);
	parts_make(&p, w);
	assert_true(send_request(w, &p));
	assert_int_equal(cdr_inbox_read(w->member[GREEN], request_id, &request, NULL), CDR_OK);
	assert_int_equal(request->leaver_count, CDR_INBOX_LEAVERS_MAX);
	assert_string_equal(request->candidate[0].leaver.employee_number, "E-7");
	for (size_t i = 1; i < request->leaver_count; i++)
		assert_true(request->candidate[i - 1].comparison.score >= request->candidate[i].comparison.score);
	cdr_inbox_request_free(request);
}

/* After a plausible probe the full request is compared again, now with everything; what is no match is dismissed. */
static void
test_undeclared_request(void **state)
{
	struct world *w = *state;
	struct letter_parts p;

	w_import_amina(w->member[GREEN], 1);
	parts_make(&p, w);
	assert_true(send_probe(w, &p));
	p.request.declared = false;
	p.request.handles = cdr_message_field(p.handle, sizeof(p.handle));
	assert_true(send_request(w, &p));
	assert_string_equal(state_of(w), "request/waiting");
	assert_int_equal(replies(w), 1);
	w_run(w->member[GREEN], "DELETE FROM inbox");
	(void)snprintf(p.given, sizeof(p.given), "Sara");
	(void)snprintf(p.family, sizeof(p.family), "Haddad");
	p.birth.year = 1990;
	assert_true(send_request(w, &p));
	assert_string_equal(state_of(w), "request/dismissed");
	assert_int_equal(kept_bytes(w), 0);
	assert_int_equal(replies(w), 2);
	struct cdr_inbox_request *request;
	assert_int_equal(cdr_inbox_read(w->member[GREEN], request_id, &request, NULL), CDR_E_ABSENT);
}

/* What no person could read later is refused when it comes. */
static void
test_request_malformed(void **state)
{
	struct world *w = *state;
	struct letter_parts p;
	char too_long[CDR_EMPLOYEE_NUMBER_LEN + 1];

	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	w_import_amina(w->member[GREEN], 1);
	parts_make(&p, w);
	p.request.due_at = (uint64_t)INT64_MAX + 1;
	assert_false(send_request(w, &p));
	parts_make(&p, w);
	p.request.employee_number = too_long;
	assert_false(send_request(w, &p));
	parts_make(&p, w);
	p.request.position_category = too_long;
	assert_false(send_request(w, &p));
	parts_make(&p, w);
	p.request.legal_basis = too_long;
	assert_false(send_request(w, &p));
	parts_make(&p, w);
	(void)snprintf(p.notified, sizeof(p.notified), "form\nYour files: nobody");
	assert_false(send_request(w, &p));
	parts_make(&p, w);
	Cdr__Wire__Date date = p.birth;
	date.day = 0;
	p.request.notified_on = &date;
	assert_false(send_request(w, &p));
	parts_make(&p, w);
	p.request.declared = false; /* and names no leaver */
	assert_false(send_request(w, &p));
	assert_string_equal(state_of(w), "");
	/* The list is still good. */
	parts_make(&p, w);
	p.request.due_at = INT64_MAX;
	assert_true(send_request(w, &p));
	assert_string_equal(state_of(w), "request/waiting");
}

/* Names that cannot be normalised are no reason to lose a declared request. */
static void
test_odd_names(void **state)
{
	struct world *w = *state;
	struct letter_parts p;
	struct cdr_inbox_request *request;

	w_import_amina(w->member[GREEN], 1);
	parts_make(&p, w);
	(void)snprintf(p.given, sizeof(p.given), "\xcd\xb8"); /* U+0378: not assigned */
	assert_true(send_request(w, &p));
	assert_string_equal(state_of(w), "request/waiting");
	assert_int_equal(cdr_inbox_read(w->member[GREEN], request_id, &request, NULL), CDR_OK);
	cdr_inbox_request_free(request);
}

static void
test_repeat_and_stranger(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	struct letter_parts p;

	parts_make(&p, w);
	assert_true(send_request(w, &p));
	int64_t number = w_count(green, "SELECT number FROM inbox");
	assert_true(send_request(w, &p));
	assert_true(send_probe(w, &p));
	assert_int_equal(w_count(green, "SELECT number FROM inbox"), number);
	assert_string_equal(state_of(w), "request/waiting");
	/* Somebody else's request under the same id. */
	assert_false(send_from(w, RED, CDR__WIRE__LETTER__CONTENT_REQUEST, &p.request));
	assert_false(send_withdrawal(w, RED));
	assert_string_equal(state_of(w), "request/waiting");
	assert_string_equal(w_text(green, "SELECT sender FROM inbox"), "blue-harbour");
}

static void
test_suspended_asker(void **state)
{
	struct world *w = *state;
	struct letter_parts p;

	w_set_status(w, BLUE, "suspended");
	w_roster(w);
	w_refresh(w);
	parts_make(&p, w);
	assert_false(send_request(w, &p));
	assert_string_equal(state_of(w), "");
	assert_int_equal(w->mail_count, 0);
}

/* ---- withdrawal ------------------------------------------------------------------------------------------------------------ */

static void
test_withdrawal(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	struct letter_parts p;
	struct cdr_inbox_request *request;
	struct cdr_statement s;

	parts_make(&p, w);
	assert_true(send_request(w, &p));
	assert_true(send_withdrawal(w, BLUE));
	assert_string_equal(state_of(w), "request/withdrawn");
	assert_int_equal(kept_bytes(w), 0);
	assert_int_equal(cdr_inbox_read(green, request_id, &request, NULL), CDR_E_ABSENT);
	w_no_record(&s);
	assert_int_equal(cdr_inbox_answer(green, request_id, &s, NULL), CDR_E_ABSENT);
	assert_true(send_request(w, &p));
	assert_string_equal(state_of(w), "request/withdrawn");
}

/* The hub delivered the withdrawal first, or between probe and request: the request is withdrawn all the same. */
static void
test_withdrawal_out_of_order(void **state)
{
	struct world *w = *state;
	struct letter_parts p;

	w_import_amina(w->member[GREEN], 1);
	parts_make(&p, w);
	assert_true(send_withdrawal(w, BLUE));
	assert_true(send_request(w, &p));
	assert_string_equal(state_of(w), "request/withdrawn");
	w_run(w->member[GREEN], "DELETE FROM inbox");
	assert_true(send_probe(w, &p));
	assert_true(send_withdrawal(w, BLUE));
	assert_true(send_request(w, &p));
	assert_string_equal(state_of(w), "probe/withdrawn");
	assert_int_equal(kept_bytes(w), 0);
}

/* ---- answering ------------------------------------------------------------------------------------------------------------- */

static void
test_answer(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	struct letter_parts p;
	struct cdr_statement s;
	struct cdr_fault fault = { 0 };
	const uint8_t other[CDR_ID_LEN] = { 1 };

	parts_make(&p, w);
	w_no_record(&s);
	assert_int_equal(cdr_inbox_answer(green, request_id, &s, &fault), CDR_E_ABSENT);
	assert_true(send_request(w, &p));
	assert_int_equal(cdr_inbox_answer(green, other, &s, &fault), CDR_E_ABSENT);
	/* What must not be said is not sent, and the request goes on waiting. */
	(void)snprintf(s.finding, sizeof(s.finding), "yes");
	assert_int_equal(cdr_inbox_answer(green, request_id, &s, &fault), CDR_E_REFUSED);
	s.finding[0] = '\0';
	assert_int_equal(cdr_inbox_answer(green, request_id, &s, &fault), CDR_E_INPUT);
	assert_string_equal(state_of(w), "request/waiting");
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'statement'"), 0);
	/* Whatever the person wrote into them, these are the node's to say. */
	w_no_record(&s);
	(void)snprintf(s.responder, sizeof(s.responder), "red-ridge");
	(void)snprintf(s.codebook_version, sizeof(s.codebook_version), "1999");
	s.signed_at = 1;
	assert_int_equal(cdr_inbox_answer(green, request_id, &s, &fault), CDR_OK);
	assert_string_equal(s.responder, "green-valley");
	assert_string_equal(s.codebook_version, "2025-1");
	assert_in_range(s.signed_at, cdr_member_now() - 600, cdr_member_now());
	assert_memory_equal(s.request_id, request_id, sizeof(request_id));
	assert_string_equal(state_of(w), "request/answered");
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'statement'"), 1);
	/* It is signed once. */
	assert_int_equal(cdr_inbox_answer(green, request_id, &s, &fault), CDR_E_EXISTS);
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'statement'"), 1);
	/* What was answered stays answered. */
	assert_true(send_withdrawal(w, BLUE));
	assert_string_equal(state_of(w), "request/answered");
	assert_true(kept_bytes(w) > 0);
}

static void
test_answer_to_nobody(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	struct letter_parts p;
	struct cdr_statement s;

	parts_make(&p, w);
	assert_true(send_request(w, &p));
	w_set_status(w, BLUE, "revoked");
	w_roster(w);
	w_refresh(w);
	w_no_record(&s);
	assert_int_equal(cdr_inbox_answer(green, request_id, &s, NULL), CDR_E_ABSENT);
	assert_string_equal(state_of(w), "request/waiting");
	green->id[0] = '\0';
	assert_int_equal(cdr_inbox_answer(green, request_id, &s, NULL), CDR_E_ABSENT);
}

/* ---- reading --------------------------------------------------------------------------------------------------------------- */

static size_t entry_count;

static cdr_err
count_entry(const struct cdr_inbox_entry *entry, void *context)
{
	assert_string_equal(entry->sender, "blue-harbour");
	entry_count++;
	return *(cdr_err *)context;
}

static size_t
entries(struct cdr_member *m, const char *state)
{
	cdr_err result = CDR_OK;

	entry_count = 0;
	assert_int_equal(cdr_inbox_each(m, state, count_entry, &result), CDR_OK);
	return entry_count;
}

static void
test_each(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	struct letter_parts p;
	cdr_err result = CDR_E_IO;

	w_import_amina(green, 1);
	parts_make(&p, w);
	assert_true(send_probe(w, &p));
	assert_int_equal(entries(green, NULL), 0);
	assert_true(send_request(w, &p));
	assert_int_equal(entries(green, NULL), 1);
	assert_int_equal(entries(green, "waiting"), 1);
	assert_int_equal(entries(green, "answered"), 0);
	assert_int_equal(cdr_inbox_each(green, NULL, count_entry, &result), CDR_E_IO);
}

/* A row of our own that is not what was written. */
static void
test_damage(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	struct letter_parts p;
	struct cdr_inbox_request *request;
	bool worked;
	uint8_t id[CDR_MAIL_ID_LEN];

	w_import_amina(green, 1);
	parts_make(&p, w);
	assert_true(send_request(w, &p));
	w_run(green, "UPDATE inbox SET sealed = x'0102'");
	assert_int_equal(cdr_inbox_read(green, request_id, &request, NULL), CDR_E_SEALED);
	assert_null(request);
	/* The register does not open: the letter waits at the hub, it is not to blame. */
	w_run(green, "UPDATE leaver SET sealed = digest");
	w_run(green, "DELETE FROM inbox");
	w_write(w, BLUE, GREEN, request_id, CDR__WIRE__LETTER__CONTENT_REQUEST, &p.request, id);
	assert_int_equal(cdr_mail_step(green, &worked, NULL), CDR_E_STORE);
	assert_string_equal(state_of(w), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_probe_plausible),
		TEST(test_probe_dismissed),
		TEST(test_probe_among_people),
		TEST(test_probe_by_handles_alone),
		TEST(test_probe_documents),
		TEST(test_probe_malformed),
		TEST(test_random_wait),
		TEST(test_declared_reaches_a_person),
		TEST(test_declared_finds_in_register),
		TEST(test_many_alike),
		TEST(test_undeclared_request),
		TEST(test_request_malformed),
		TEST(test_odd_names),
		TEST(test_repeat_and_stranger),
		TEST(test_suspended_asker),
		TEST(test_withdrawal),
		TEST(test_changed_after_match),
		TEST(test_withdrawal_out_of_order),
		TEST(test_answer),
		TEST(test_answer_to_nobody),
		TEST(test_each),
		TEST(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
