#include "tests/unit/member/world_people.h"

#include <stdio.h>
#include <stdlib.h>

/* see tests/unit/member/world_people.h */

cdr_err
w_import(struct cdr_member *member, const char *rows, const struct cdr_leavers_options *options,
    struct cdr_leavers_outcome *outcome)
{
	static const struct cdr_leavers_options none;
	struct cdr_record_rules rules;
	struct cdr_leaver_file *reader;
	struct cdr_leavers_outcome scratch;
	struct cdr_fault fault = { 0 };
	size_t room = strlen(rows) + sizeof(W_COLUMNS);
	char *file = malloc(room);

	assert_non_null(file);
	int len = snprintf(file, room, "%s%s", W_COLUMNS, rows);
	cdr_member_rules(member, &rules);
	assert_int_equal(cdr_leaver_file_new((struct cdr_bytes){ (const uint8_t *)file, (size_t)len }, &rules, &reader, NULL),
	    CDR_OK);
	cdr_err err = cdr_leavers_import(member, reader, options != NULL ? options : &none,
	    outcome != NULL ? outcome : &scratch, &fault);
	assert_true(fault.code == err || err == CDR_E_BUSY);
	cdr_leaver_file_free(reader);
	free(file);
	return err;
}

const char *
w_ago(int years)
{
	static char text[4][CDR_DATE_TEXT_LEN];
	static size_t next;
	struct cdr_date day = cdr_member_day((int64_t)cdr_member_now());
	char *out = text[next++ % 4];

	day.year = (int16_t)(day.year - years);
	day.day = day.day > 28 ? 28 : day.day;
	assert_int_equal(cdr_date_write(&day, out), CDR_OK);
	return out;
}

void
w_import_amina(struct cdr_member *member, int years)
{
	char row[256];

	(void)snprintf(row, sizeof(row), "E-1,Amina Wanjiru,Otieno,1984-05-12,passport,KEN,A7654321,Nurse,KEN,2015-02-01,%s\n",
	    w_ago(years));
	assert_int_equal(w_import(member, row, NULL, NULL), CDR_OK);
}

void
w_candidate(struct cdr_candidate *c, const char *reference, const char *given, const char *family, const char *birth)
{
	memset(c, 0, sizeof(*c));
	(void)snprintf(c->reference, sizeof(c->reference), "%s", reference);
	(void)snprintf(c->person.given_names, sizeof(c->person.given_names), "%s", given);
	(void)snprintf(c->person.family_names, sizeof(c->person.family_names), "%s", family);
	assert_int_equal(cdr_date_read(birth, &c->person.birth, NULL), CDR_OK);
	(void)snprintf(c->legal_basis, sizeof(c->legal_basis), "legitimate_interest");
	(void)snprintf(c->candidate_notified, sizeof(c->candidate_notified), "application_form");
}

void
w_amina(struct cdr_candidate *c, const char *reference)
{
	w_candidate(c, reference, "Amina Wanjiru", "Otieno", "1984-05-12");
}

void
w_declare(struct cdr_candidate *c, const char *employer)
{
	(void)snprintf(c->declared_employers[c->declared_count++], CDR_MEMBER_ID_LEN, "%s", employer);
}

void
w_check(struct cdr_member *member, struct cdr_candidate *c, cdr_err expected)
{
	struct cdr_check_outcome outcome;
	struct cdr_fault fault = { 0 };

	assert_int_equal(cdr_check_add(member, c, 1, &outcome, &fault), expected);
	assert_int_equal(fault.code, expected);
}

bool
w_mail(struct cdr_member *member)
{
	bool worked;
	struct cdr_fault fault = { 0 };

	cdr_err err = cdr_mail_step(member, &worked, &fault);
	if (err != CDR_OK)
		fail_msg("mail: %s: %s", cdr_err_name(err), fault.text);
	return worked;
}

void
w_carry(struct world *w)
{
	bool worked = true;

	for (int round = 0; worked && round < 20; round++) {
		worked = false;
		for (size_t i = 0; i < W_MEMBERS; i++)
			worked = w_mail(w->member[i]) || worked;
	}
	assert_false(worked);
}

void
w_write(struct world *w, size_t from, size_t to, const uint8_t *request_id, Cdr__Wire__Letter__ContentCase content,
    void *message, uint8_t id[static CDR_MAIL_ID_LEN])
{
	char from_id[CDR_SLUG_LEN_MAX + 1], to_id[CDR_SLUG_LEN_MAX + 1];
	Cdr__Wire__Letter letter = CDR__WIRE__LETTER__INIT;
	Cdr__Wire__Mail mail = CDR__WIRE__MAIL__INIT;
	struct cdr_buffer sealed;

	(void)snprintf(from_id, sizeof(from_id), "%s", w_ids[from]);
	(void)snprintf(to_id, sizeof(to_id), "%s", w_ids[to]);
	assert_int_equal(cdr_random(id, CDR_MAIL_ID_LEN), CDR_OK);
	letter.letter_id = mail.id = cdr_message_field(id, CDR_MAIL_ID_LEN);
	letter.request_id = cdr_message_field(request_id, CDR_ID_LEN);
	letter.from = mail.from = from_id;
	letter.to = mail.to = to_id;
	letter.written_at = cdr_member_now();
	letter.content_case = content;
	letter.probe = message;
	assert_int_equal(cdr_letter_seal(&letter, w->keys[from].seed, w->keys[to].sealing, w->genesis, &sealed), CDR_OK);
	mail.sealed = cdr_message_field(sealed.data, sealed.len);
	w_push_mail(w, &mail);
	cdr_buffer_free(&sealed);
}

void
w_match(struct world *w, size_t member)
{
	static char strong[] = "strong";
	static char id[W_MATCH_MAX][CDR_SLUG_LEN_MAX + 1];
	size_t at = w->match_count++;
	Cdr__Wire__Match *match = &w->match[at];

	*match = (Cdr__Wire__Match)CDR__WIRE__MATCH__INIT;
	(void)snprintf(id[at], sizeof(id[at]), "%s", w_ids[member]);
	match->member = id[at];
	match->tier = strong;
	match->handles = cdr_message_field(w->handles[at], CDR_HANDLE_LEN);
	w->index.person[w->index.count++].member = w_ids[member];
}

static cdr_err
handle_job(struct cdr_tx *tx, void *out)
{
	return cdr_query_one_blob(tx, "SELECT handle FROM leaver ORDER BY id LIMIT 1", CDR_VALUES(), out, CDR_HANDLE_LEN);
}

void
w_handle(struct cdr_member *member, uint8_t out[static CDR_HANDLE_LEN])
{
	assert_int_equal(cdr_store_read(member->home->store, handle_job, out), CDR_OK);
}

static cdr_err
request_id_job(struct cdr_tx *tx, void *out)
{
	return cdr_query_one_blob(tx, "SELECT request_id FROM inbox ORDER BY number DESC LIMIT 1", CDR_VALUES(), out,
	    CDR_ID_LEN);
}

void
w_request_id(struct cdr_member *member, uint8_t out[static CDR_ID_LEN])
{
	assert_int_equal(cdr_store_read(member->home->store, request_id_job, out), CDR_OK);
}

void
w_no_record(struct cdr_statement *s)
{
	memset(s, 0, sizeof(*s));
	(void)snprintf(s->signer_name, sizeof(s->signer_name), "Grace Mwangi");
	(void)snprintf(s->signer_role, sizeof(s->signer_role), "hr");
	(void)snprintf(s->identity_match, sizeof(s->identity_match), "confirmed");
	(void)snprintf(s->coverage.quality, sizeof(s->coverage.quality), "partial");
	(void)snprintf(s->finding, sizeof(s->finding), "no_record");
	(void)snprintf(s->ongoing_now, sizeof(s->ongoing_now), "no_record");
	(void)snprintf(s->left_during, sizeof(s->left_during), "no_record");
	s->valid_until = cdr_member_day((int64_t)cdr_member_now() + 180 * 86400);
}
