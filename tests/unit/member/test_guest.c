/* Requests to guests: made once, answered by whoever had the secret, kept with everything that HR must know, and forgotten. */
#include "tests/unit/member/world.h"

#include "node/member/guest.h"
#include "node/member/guest_text.h"
#include "node/web/page.h"

static struct cdr_guest_handout handout;

static void
details_of(struct cdr_guest_details *d)
{
	memset(d, 0, sizeof(*d));
	(void)snprintf(d->employer, sizeof(d->employer), "Imaginary Aid Society");
	(void)snprintf(d->email, sizeof(d->email), "hr@imaginary-aid.example");
	(void)snprintf(d->found, sizeof(d->found), "official_website");
	(void)snprintf(d->contact_name, sizeof(d->contact_name), "Testa Examplewright");
	(void)snprintf(d->contact_phone, sizeof(d->contact_phone), "+999 00 000 000");
	(void)snprintf(d->language, sizeof(d->language), "fr");
	(void)snprintf(d->position, sizeof(d->position), "Nutrition officer");
}

static cdr_err
ask(struct cdr_member *m, const struct cdr_guest_details *d, const char *url, struct cdr_fault *fault)
{
	cdr_guest_handout_wipe(&handout);
	return cdr_guest_ask(m, "R-1", d, 60, url, &handout, fault);
}

/* A check of Amina, and one request about her. */
static void
begin(struct cdr_member *m, struct cdr_guest_details *d)
{
	struct cdr_candidate c;

	w_amina(&c, "R-1");
	w_check(m, &c, CDR_OK);
	details_of(d);
	assert_int_equal(ask(m, d, "https://guests.example/guest", NULL), CDR_OK);
}

/* What the guest's browser knows of the request. */
struct guest {
	uint8_t secret[CDR_GUEST_SECRET_LEN];
	uint8_t hash[CDR_SHA256_LEN];
	uint8_t key[CDR_HPKE_PUBLIC_LEN];
	char text[CDR_GUEST_REQUEST_PLAIN_LEN];
};

static void
open_file(struct guest *g)
{
	static const char place[] = "<p id=\"embedded\" hidden>";
	static uint8_t embedded[CDR_ID_LEN + CDR_GUEST_REQUEST_SEALED_LEN + 8];
	struct cdr_buffer opened;
	const char *at = memmem(handout.file.data, handout.file.len, place, strlen(place));

	assert_non_null(at);
	at += strlen(place);
	size_t text_len = strcspn(at, "<");
	assert_int_equal(EVP_DecodeBlock(embedded, (const unsigned char *)at, (int)text_len), (int)(text_len / 4 * 3));
	assert_memory_equal(embedded, handout.id, CDR_ID_LEN);
	struct cdr_bytes sealed = { embedded + CDR_ID_LEN, CDR_GUEST_REQUEST_SEALED_LEN };
	assert_int_equal(cdr_guest_code_read(handout.code, handout.id, g->secret), CDR_OK);
	assert_int_equal(cdr_sha256(&sealed, 1, g->hash), CDR_OK);
	assert_int_equal(cdr_guest_request_open(handout.id, g->secret, sealed, &opened), CDR_OK);
	memset(g->text, 0, sizeof(g->text));
	memcpy(g->text, opened.data, opened.len);
	cdr_buffer_free(&opened);
	const char *key = strstr(g->text, "\"key\":\"");
	assert_non_null(key);
	uint8_t bytes[CDR_HPKE_PUBLIC_LEN + 3];
	assert_int_equal(EVP_DecodeBlock(bytes, (const unsigned char *)key + 7, 88), 66);
	memcpy(g->key, bytes, sizeof(g->key));
}

/* An answer as the page seals it. ${finding}: of the first question. */
static void
answer(const struct guest *g, uint8_t response, const char *finding, const char *extra, struct cdr_guest_parcel *parcel)
{
	const struct cdr_guest_binding binding = { handout.id, g->secret, g->hash };
	char text[2048], id[CDR_ID_TEXT_LEN], response_text[CDR_ID_TEXT_LEN], today[CDR_DATE_TEXT_LEN];
	struct cdr_date day = cdr_member_day((int64_t)cdr_member_now());
	struct cdr_buffer sealed;

	memset(parcel, 0, sizeof(*parcel));
	memcpy(parcel->id, handout.id, CDR_ID_LEN);
	memset(parcel->response, response, CDR_ID_LEN);
	cdr_id_write(handout.id, id);
	cdr_id_write(parcel->response, response_text);
	assert_int_equal(cdr_date_write(&day, today), CDR_OK);
	int len = snprintf(text, sizeof(text), "{\"format\":1,\"language\":\"fr\",\"organisation\":\"Imaginary Aid\",\"contact\":\"+999\","
	    "\"statement\":{\"codebook_version\":\"2025-1\",\"response_id\":\"%s\",\"request_id\":\"%s\",\"signer_name\":\"Guesta\","
	    "\"signer_role\":\"hr\",\"signed_at\":\"%sT00:00:00Z\",\"identity_match\":\"confirmed\",\"coverage\":{\"quality\":\"partial\"},"
	    "\"finding\":\"%s\",\"ongoing_now\":\"no_record\",\"left_during\":\"no_record\",%s\"valid_until\":\"%s\"}}",
	    response_text, id, today, finding, extra, today);
	assert_int_equal(cdr_guest_answer_seal(&binding, g->key, parcel->response, (struct cdr_bytes){ (uint8_t *)text, (size_t)len },
	    &sealed), CDR_OK);
	memcpy(parcel->sealed, sealed.data, sealed.len);
	cdr_buffer_free(&sealed);
}

static enum cdr_guest_outcome
take(struct cdr_member *m, const struct cdr_guest_parcel *parcel, struct cdr_fault *fault)
{
	enum cdr_guest_outcome outcome;

	assert_int_equal(cdr_guest_take(m, parcel, "encrypted_file", &outcome, fault), CDR_OK);
	return outcome;
}

static cdr_err
keep_one(const struct cdr_guest *guest, void *context)
{
	*(struct cdr_guest *)context = *guest;
	return CDR_OK;
}

static struct cdr_guest
guest_now(struct cdr_member *m)
{
	struct cdr_guest guest = { .status = "" };

	assert_int_equal(cdr_guest_each(m, NULL, keep_one, &guest), CDR_OK);
	return guest;
}

/* ---- asking --------------------------------------------------------------------------------------------------------------- */

static void
test_ask(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_guest_details d;
	struct guest *g = malloc(sizeof(*g));
	uint8_t first[CDR_ID_LEN];
	char code[CDR_GUEST_CODE_TEXT_LEN];

	begin(m, &d);
	assert_false(handout.was_there);
	assert_memory_equal(handout.link, "https://guests.example/guest#", 29);
	open_file(g);
	for (size_t i = 0; i < 5; i++) {
		static const char *const words[] = { "Imaginary Aid Society", "Testa Examplewright", "Amina", "Nutrition officer", "\"language\":\"fr\"" };
		assert_non_null(strstr(g->text, words[i]));
	}
	/* What is not asked is not told. */
	assert_null(strstr(g->text, "handle"));
	memcpy(first, handout.id, sizeof(first));
	memcpy(code, handout.code, sizeof(code));
	assert_int_equal(w_count(m, "SELECT count(*) FROM guest WHERE link = 'waiting' AND status = 'queued'"), 1);

	/* Again: the same request. With another address: another one. */
	(void)snprintf(d.employer, sizeof(d.employer), "  imaginary AID  Society ");
	assert_int_equal(ask(m, &d, NULL, NULL), CDR_OK);
	assert_true(handout.was_there);
	assert_memory_equal(handout.id, first, sizeof(first));
	assert_string_equal(handout.code, code);
	assert_string_equal(handout.link, "");
	(void)snprintf(d.email, sizeof(d.email), "other@imaginary-aid.example");
	assert_int_equal(ask(m, &d, NULL, NULL), CDR_OK);
	assert_false(handout.was_there);
	assert_int_equal(w_count(m, "SELECT count(*) FROM guest"), 2);
	assert_int_equal(w_count(m, "SELECT number FROM tally WHERE counter = 'request_made' AND code = 'others'"), 2);
	free(g);
}

static void
test_ask_refused(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_guest_details d;
	struct cdr_fault fault;
	struct cdr_candidate c;

	details_of(&d);
	assert_int_equal(ask(m, &d, NULL, &fault), CDR_E_ABSENT);
	w_amina(&c, "R-1");
	w_check(m, &c, CDR_OK);
#define REFUSED(field, value, word)                                                  \
	details_of(&d);                                                              \
	memset(d.field, 0, sizeof(d.field));                                         \
	memcpy(d.field, value, sizeof(value));                                       \
	assert_int_equal(ask(m, &d, NULL, &fault), CDR_E_INPUT);                     \
	assert_non_null(strstr(fault.text, word))
	REFUSED(employer, "", "employer");
	REFUSED(email, "", "email");
	REFUSED(email, "nobody", "email");
	REFUSED(email, "@a.example", "email");
	REFUSED(email, "a@b@c.example", "email");
	REFUSED(found, "", "found");
	REFUSED(found, "in_a_dream", "found");
	REFUSED(contact_name, "", "contact_name");
	REFUSED(contact_phone, "", "contact_phone");
	REFUSED(language, "de", "language");
	REFUSED(country, "XXX", "country");
	REFUSED(engagement_type, "friend", "engagement_type");
	assert_int_equal(w_count(m, "SELECT count(*) FROM guest"), 0);
}

/* ---- answers ---------------------------------------------------------------------------------------------------------------- */

static void
test_answer(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_guest_details d;
	struct guest *g = malloc(sizeof(*g));
	struct cdr_guest_parcel *parcel = malloc(sizeof(*parcel)), *other = malloc(sizeof(*other));

	begin(m, &d);
	open_file(g);
	answer(g, 1, "unable_policy", "\"legal_limit_reason\":\"organisational_policy\",", parcel);
	assert_int_equal(take(m, parcel, NULL), CDR_GUEST_TAKEN);
	assert_int_equal(take(m, parcel, NULL), CDR_GUEST_KNOWN);
	struct cdr_guest guest = guest_now(m);
	assert_string_equal(guest.result, "unable_to_answer");
	assert_string_equal(guest.status, "partially_answered");
	assert_string_equal(guest.channel, "encrypted_file");
	assert_string_equal(guest.link, "ended");
	assert_true(guest.answered_at > 0);

	/* A further answer takes the place of the first; both stay. */
	answer(g, 2, "no_record", "", parcel);
	assert_int_equal(take(m, parcel, NULL), CDR_GUEST_SUPERSEDED);
	guest = guest_now(m);
	assert_string_equal(guest.result, "no_record_held");
	assert_int_equal(guest.answer_count, 2);
	assert_int_equal(w_count(m, "SELECT count(*) FROM guest_statement WHERE state = 'current'"), 1);
	assert_int_equal(w_count(m, "SELECT number FROM tally WHERE counter = 'response_received' AND code = 'others'"), 1);
	assert_int_equal(w_count(m, "SELECT number FROM tally WHERE counter = 'statement_superseded'"), 1);

	/* What does not open, or is against a rule, is counted and changes nothing. */
	struct cdr_fault fault = { 0 };
	answer(g, 3, "no_record", "", other);
	other->sealed[500] ^= 1;
	assert_int_equal(take(m, other, &fault), CDR_GUEST_UNREAD);
	answer(g, 4, "yes", "", other);
	assert_int_equal(take(m, other, &fault), CDR_GUEST_UNREAD);
	assert_non_null(strstr(fault.text, "finding"));
	answer(g, 5, "no_record", "\"process_status\":\"ongoing\",", other);
	assert_int_equal(take(m, other, &fault), CDR_GUEST_UNREAD);
	answer(g, 6, "no_record", "", other);
	memset(other->id, 9, sizeof(other->id));
	assert_int_equal(take(m, other, &fault), CDR_GUEST_NOT_OURS);
	guest = guest_now(m);
	assert_int_equal(guest.unread_count, 3);
	assert_int_equal(guest.answer_count, 2);
	assert_string_equal(guest.result, "no_record_held");
	free(g);
	free(parcel);
	free(other);
}

static void
test_paper(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_guest_details d;
	struct cdr_statement *s = calloc(1, sizeof(*s));
	const struct cdr_bytes pdf = { (const uint8_t *)"%PDF-1.4 a scan", 15 }, text = { (const uint8_t *)"a scan, it says", 15 };
	enum cdr_guest_outcome outcome;
	struct cdr_buffer scan;
	uint8_t unknown[CDR_ID_LEN] = { 1 };

	begin(m, &d);
	(void)snprintf(s->identity_match, sizeof(s->identity_match), "not_known_here");
	(void)snprintf(s->signer_role, sizeof(s->signer_role), "hr");
	assert_int_equal(cdr_guest_take_paper(m, handout.id, s, text, &outcome, NULL), CDR_E_INPUT);
	assert_int_equal(cdr_guest_take_paper(m, handout.id, s, (struct cdr_bytes){ pdf.data, CDR_GUEST_SCAN_MAX + 1 }, &outcome, NULL),
	    CDR_E_RANGE);
	assert_int_equal(cdr_guest_take_paper(m, handout.id, s, pdf, &outcome, NULL), CDR_E_INPUT);
	(void)snprintf(s->signer_name, sizeof(s->signer_name), "Penna Inkwell");
	assert_int_equal(cdr_guest_take_paper(m, unknown, s, pdf, &outcome, NULL), CDR_E_ABSENT);
	assert_int_equal(w_count(m, "SELECT count(*) FROM guest_scan"), 0);
	memset(s, 0, sizeof(*s));
	(void)snprintf(s->identity_match, sizeof(s->identity_match), "not_known_here");
	(void)snprintf(s->signer_role, sizeof(s->signer_role), "hr");
	(void)snprintf(s->signer_name, sizeof(s->signer_name), "Penna Inkwell");
	assert_int_equal(cdr_guest_take_paper(m, handout.id, s, pdf, &outcome, NULL), CDR_OK);
	assert_int_equal(outcome, CDR_GUEST_TAKEN);
	struct cdr_guest guest = guest_now(m);
	assert_string_equal(guest.channel, "paper");
	assert_string_equal(guest.result, "not_known_here");
	assert_int_equal(cdr_guest_scan(m, handout.id, 1, &scan), CDR_OK);
	assert_int_equal(scan.len, pdf.len);
	assert_memory_equal(scan.data, pdf.data, pdf.len);
	cdr_buffer_free(&scan);
	/* The same paper again is the same answer; another reading of it is another. */
	for (int again = 0; again < 2; again++) {
		memset(s, 0, sizeof(*s));
		(void)snprintf(s->identity_match, sizeof(s->identity_match), "not_known_here");
		(void)snprintf(s->signer_role, sizeof(s->signer_role), "hr");
		(void)snprintf(s->signer_name, sizeof(s->signer_name), again == 0 ? "Penna Inkwell" : "Penna Inkstone");
		assert_int_equal(cdr_guest_take_paper(m, handout.id, s, pdf, &outcome, NULL), CDR_OK);
		assert_int_equal(outcome, again == 0 ? CDR_GUEST_KNOWN : CDR_GUEST_SUPERSEDED);
		assert_int_equal(w_count(m, "SELECT count(*) FROM guest_statement"), 1 + again);
		assert_int_equal(w_count(m, "SELECT count(*) FROM guest_scan"), 1 + again);
	}
	assert_int_equal(cdr_guest_scan(m, handout.id, 0, &scan), CDR_E_ABSENT);
	free(s);
}

/* ---- the end ------------------------------------------------------------------------------------------------------------------ */

static cdr_err
withdraw_check(struct cdr_tx *tx, void *context)
{
	uint8_t id[CDR_ID_LEN];
	cdr_err err = cdr_query_one_blob(tx, "SELECT id FROM hiring_check", CDR_VALUES(), id, sizeof(id));

	return err != CDR_OK ? err : *(bool *)context ? cdr_guest_end_check(tx, id) : cdr_guest_withdraw_check(tx, id);
}

static void
test_withdraw(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_guest_details d;
	struct guest *g = malloc(sizeof(*g));
	struct cdr_guest_parcel *parcel = malloc(sizeof(*parcel));
	uint8_t unknown[CDR_ID_LEN] = { 1 };
	bool erase = false;

	begin(m, &d);
	open_file(g);
	answer(g, 1, "no_record", "", parcel);
	assert_int_equal(cdr_guest_withdraw(m, unknown, NULL), CDR_E_ABSENT);
	assert_int_equal(cdr_guest_withdraw(m, handout.id, NULL), CDR_OK);
	assert_int_equal(cdr_guest_withdraw(m, handout.id, NULL), CDR_OK);
	assert_int_equal(w_count(m, "SELECT number FROM tally WHERE counter = 'request_withdrawn'"), 1);
	assert_int_equal(w_count(m, "SELECT length(keys) + length(request) FROM guest"), 0);
	assert_int_equal(take(m, parcel, NULL), CDR_GUEST_OVER);
	assert_string_equal(guest_now(m).status, "withdrawn");

	/* The same employer may be asked anew; a whole check is withdrawn, and erased, with all of its requests. */
	assert_int_equal(ask(m, &d, NULL, NULL), CDR_OK);
	assert_false(handout.was_there);
	assert_int_equal(cdr_store_write(m->home->store, withdraw_check, &erase), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM guest WHERE status = 'withdrawn'"), 2);
	erase = true;
	assert_int_equal(cdr_store_write(m->home->store, withdraw_check, &erase), CDR_OK);
	assert_int_equal(w_count(m, "SELECT sum(length(details) + length(keys) + length(request)) FROM guest"), 0);
	assert_string_equal(guest_now(m).details.employer, "");
	free(g);
	free(parcel);
}

/* ---- words ----------------------------------------------------------------------------------------------------------------------- */

static void
test_sentences(void **state)
{
	char text[CDR_GUEST_SENTENCE_LEN];
	const char *values[] = { "A", "B", NULL };

	(void)state;
	assert_string_equal(cdr_guest_sentence("no_link", "en", values, text), "No link: A.");
	assert_string_equal(cdr_guest_sentence("no_link", "es", values, text), "Sin enlace: A.");
	assert_string_equal(cdr_guest_sentence("no_link", "xx", values, text), "No link: A.");
	assert_string_equal(cdr_guest_sentence("reach", "en", values, text), "Request A; written to: B");
	assert_string_equal(cdr_guest_sentence("no_link", "en", NULL, text), "No link: {0}.");
	assert_string_equal(cdr_guest_sentence("no_such_key", "en", values, text), "");
	assert_non_null(strstr(cdr_guest_sentence("not_verified", "ar", NULL, text), "غير متحقق"));
}

static int
free_handout(void **state)
{
	cdr_guest_handout_wipe(&handout);
	return w_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ask, w_setup, free_handout),
		cmocka_unit_test_setup_teardown(test_ask_refused, w_setup, free_handout),
		cmocka_unit_test_setup_teardown(test_answer, w_setup, free_handout),
		cmocka_unit_test_setup_teardown(test_paper, w_setup, free_handout),
		cmocka_unit_test_setup_teardown(test_withdraw, w_setup, free_handout),
		cmocka_unit_test(test_sentences),
	};

	return cmocka_run_group_tests_name("guests", tests, NULL, NULL);
}
