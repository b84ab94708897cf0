#include "node/member/paper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "node/member/guest.h"
#include "node/member/guest_text.h"
#include "node/member/statement_file.h"
#include "node/member/texts.h"
#include "node/net/print.h"

#define LIST_LEN 2048

/* A document about a check on its way. */
struct paper {
	struct cdr_member *member;
	const struct cdr_check *check;
	const char *language;
	struct cdr_print print;
	struct cdr_guest *guests;        /* personal; of the check */
	size_t guest_count;
	const struct cdr_guest *guest;   /* whose answers are being printed */
	struct cdr_fault *fault;
};

static const char *
word(const struct paper *paper, const char *name)
{
	return cdr_texts_peek(name, paper->language);
}

/* The label of a code; of a list with code NULL. */
static const char *
label(const struct paper *paper, const char *list, const char *code)
{
	return cdr_codebook_label_peek(paper->member->codebook, list, code, paper->language);
}

/* The day of a moment (UTC); "" for 0. */
static void
write_day(uint64_t seconds, char text[static CDR_DATE_TEXT_LEN])
{
	struct cdr_date day = cdr_member_day((int64_t)seconds);

	if (seconds == 0 || cdr_date_write(&day, text) != CDR_OK)
		text[0] = '\0';
}

static void
field_date(struct paper *paper, const char *title, const struct cdr_date *date)
{
	char text[CDR_DATE_TEXT_LEN];

	if (cdr_date_write(date, text) == CDR_OK)
		cdr_print_field(&paper->print, title, text);
}

static void
field_day(struct paper *paper, const char *title, uint64_t seconds)
{
	char text[CDR_DATE_TEXT_LEN];

	write_day(seconds, text);
	cdr_print_field(&paper->print, word(paper, title), text);
}

/* A coded field under its list's own name. */
static void
field_code(struct paper *paper, const char *list, const char *code)
{
	if (code[0] != '\0')
		cdr_print_field(&paper->print, label(paper, list, NULL), label(paper, list, code));
}

/* Add to a list of words separated by commas; what does not fit is left out. */
static void
append(char list[static LIST_LEN], const char *text)
{
	size_t len = strlen(list), more = strlen(text);

	if (more == 0 || len + more + 3 >= LIST_LEN)
		return;
	(void)snprintf(list + len, LIST_LEN - len, "%s%s", len > 0 ? ", " : "", text);
}

/* "2021-02-01 – 2024-03-31" */
static void
field_period(struct paper *paper, const char *title, const struct cdr_date *from, const struct cdr_date *to)
{
	char first[CDR_DATE_TEXT_LEN], last[CDR_DATE_TEXT_LEN], text[2 * CDR_DATE_TEXT_LEN + 8];

	if (cdr_date_write(from, first) != CDR_OK || cdr_date_write(to, last) != CDR_OK || (first[0] == '\0' && last[0] == '\0'))
		return;
	(void)snprintf(text, sizeof(text), "%s \xe2\x80\x93 %s", first, last);
	cdr_print_field(&paper->print, title, text);
}

/* ---- the candidate, and the employers in one table ------------------------------------------------------------------- */

static void
print_candidate(struct paper *paper)
{
	const struct cdr_candidate *candidate = &paper->check->candidate;
	char name[2 * CDR_NAME_LEN + 2];

	cdr_print_heading(&paper->print, word(paper, "page_candidate"));
	cdr_print_fields(&paper->print);
	cdr_print_field(&paper->print, word(paper, "page_reference"), candidate->reference);
	(void)snprintf(name, sizeof(name), "%s%s%s", candidate->person.given_names, candidate->person.family_names[0] != '\0' ? " " : "",
	    candidate->person.family_names);
	cdr_print_field(&paper->print, word(paper, "page_name"), name);
	cdr_print_field(&paper->print, word(paper, "page_other_names"), candidate->person.native_name);
	cdr_print_field(&paper->print, word(paper, "page_other_names"), candidate->person.other_names);
	field_date(paper, word(paper, "page_birth"), &candidate->person.birth);
	field_day(paper, "page_opened", paper->check->made_at);
	field_code(paper, "legal_basis", candidate->legal_basis);
	field_code(paper, "candidate_notified", candidate->candidate_notified);
	cdr_print_text(&paper->print, "small", word(paper, "page_not_signed"));
	cdr_wipe(name, sizeof(name));
}

static void
print_employer_row(struct paper *paper, const struct cdr_check_employer *e)
{
	char asked[CDR_DATE_TEXT_LEN], due[CDR_DATE_TEXT_LEN], answered[CDR_DATE_TEXT_LEN + 64];
	bool late = e->answered_at > e->due_at;

	write_day(e->asked_at, asked);
	write_day(e->due_at, due);
	write_day(e->answered_at, answered);
	if (late)
		(void)snprintf(answered + strlen(answered), 64, " (%s)", word(paper, "page_late"));
	const char *cells[] = { e->member, word(paper, e->declared ? "page_yes" : "page_no"), asked, due, answered,
		e->result[0] != '\0' ? label(paper, "result", e->result) : label(paper, "check_status", e->status) };
	cdr_print_row(&paper->print, cells, sizeof(cells) / sizeof(cells[0]));
}

static void
print_employers(struct paper *paper)
{
	const struct cdr_check *check = paper->check;
	const char *header[] = { word(paper, "page_employer"), word(paper, "page_declared"), word(paper, "page_asked"),
		word(paper, "page_due"), word(paper, "page_answered"), word(paper, "page_result") };
	size_t count = sizeof(header) / sizeof(header[0]);

	cdr_print_heading(&paper->print, word(paper, "page_result"));
	if (check->employer_count == 0) {
		cdr_print_text(&paper->print, "plain", word(paper, strcmp(check->state, "waiting") == 0 ? "page_waiting" : "page_nobody"));
		return;
	}
	cdr_print_table(&paper->print, header, count, 0);
	for (size_t i = 0; i < check->employer_count; i++)
		print_employer_row(paper, &check->employer[i]);
}

/* ---- a statement -------------------------------------------------------------------------------------------------------- */

static void
print_disclosure(struct paper *paper, const struct cdr_disclosure *d)
{
	char types[LIST_LEN] = "", sanctions[LIST_LEN] = "";

	cdr_print_text(&paper->print, "strong", word(paper, "page_disclosure"));
	cdr_print_fields(&paper->print);
	for (size_t i = 0; i < d->misconduct_type_count; i++)
		append(types, label(paper, "misconduct_type", d->misconduct_type[i]));
	for (size_t i = 0; i < d->sanction_count; i++)
		append(sanctions, label(paper, "sanction", d->sanction[i]));
	cdr_print_field(&paper->print, label(paper, "misconduct_type", NULL), types);
	field_code(paper, "involved_child", d->involved_child);
	field_date(paper, word(paper, "page_committed"), &d->committed);
	field_date(paper, word(paper, "page_concluded"), &d->concluded);
	field_code(paper, "process_status", d->process_status);
	cdr_print_field(&paper->print, label(paper, "sanction", NULL), sanctions);
	field_code(paper, "referred_to_authorities", d->referred_to_authorities);
	cdr_print_field(&paper->print, word(paper, "page_countries"), d->referred_country);
	cdr_print_field(&paper->print, word(paper, "page_summary"), d->factual_summary);
	cdr_wipe(types, sizeof(types));
	cdr_wipe(sanctions, sizeof(sanctions));
}

/* "Complete (2021-02-01 - 2024-03-31)" */
static void
print_coverage(struct paper *paper, const struct cdr_statement *s)
{
	char first[CDR_DATE_TEXT_LEN], last[CDR_DATE_TEXT_LEN], text[512];
	const char *quality = s->coverage.quality;

	if (quality[0] == '\0' || cdr_date_write(&s->coverage.from, first) != CDR_OK || cdr_date_write(&s->coverage.to, last) != CDR_OK)
		return;
	(void)snprintf(text, sizeof(text), first[0] != '\0' || last[0] != '\0' ? "%s (%s \xe2\x80\x93 %s)" : "%s",
	    label(paper, "coverage_quality", quality), first, last);
	cdr_print_field(&paper->print, label(paper, "coverage_quality", NULL), text);
}

static void
print_employment(struct paper *paper, const struct cdr_statement *s)
{
	char positions[LIST_LEN] = "", countries[LIST_LEN] = "";

	for (size_t i = 0; i < s->employment.position_count; i++)
		append(positions, s->employment.positions[i]);
	for (size_t i = 0; i < s->employment.duty_country_count; i++)
		append(countries, s->employment.duty_countries[i]);
	field_period(paper, word(paper, "page_employment"), &s->employment.from, &s->employment.to);
	cdr_print_field(&paper->print, word(paper, "page_positions"), positions);
	cdr_print_field(&paper->print, word(paper, "page_countries"), countries);
	print_coverage(paper, s);
	cdr_wipe(positions, sizeof(positions));
	cdr_wipe(countries, sizeof(countries));
}

static void
print_answers(struct paper *paper, const struct cdr_statement *s)
{
	const char *questions[][2] = { { "finding", s->finding }, { "ongoing_now", s->ongoing_now }, { "left_during", s->left_during } };

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (questions[i][1][0] != '\0')
			cdr_print_field(&paper->print, label(paper, "question", questions[i][0]), label(paper, "answer", questions[i][1]));
	field_code(paper, "legal_limit_reason", s->legal_limit_reason);
	cdr_print_field(&paper->print, word(paper, "page_countries"), s->legal_limit_country);
	field_code(paper, "right_of_reply", s->right_of_reply);
}

/* "Jo Doe (Human resources)" */
static void
print_signer(struct paper *paper, const struct cdr_statement_file *file)
{
	const struct cdr_statement *s = &file->statement;
	static const uint8_t none[CDR_ID_LEN];
	char text[CDR_NAME_LEN + 256], id[CDR_ID_TEXT_LEN];

	(void)snprintf(text, sizeof(text), "%s (%s)", s->signer_name, label(paper, "signer_role", s->signer_role));
	cdr_print_field(&paper->print, word(paper, "page_signed_by"), text);
	field_day(paper, "page_signed_at", (uint64_t)s->signed_at);
	field_date(paper, word(paper, "page_valid_until"), &s->valid_until);
	cdr_id_write(s->response_id, id);
	cdr_print_field(&paper->print, word(paper, "page_statement_number"), id);
	if (memcmp(s->supersedes, none, sizeof(none)) != 0) {
		cdr_id_write(s->supersedes, id);
		cdr_print_field(&paper->print, word(paper, "page_supersedes"), id);
	}
	cdr_wipe(text, sizeof(text));
}

/* What a statement says, whoever signed it; the fields of who did follow. */
static void
print_said(struct paper *paper, const struct cdr_statement *s)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "%s: %s", word(paper, "page_result"),
	    label(paper, "result", cdr_statement_result(s, paper->member->codebook)));
	cdr_print_text(&paper->print, "boxed", text);
	cdr_print_fields(&paper->print);
	field_code(paper, "identity_match", s->identity_match);
	print_employment(paper, s);
	print_answers(paper, s);
	for (size_t i = 0; i < s->disclosure_count; i++)
		print_disclosure(paper, &s->disclosures[i]);
	cdr_print_fields(&paper->print);
}

static void
print_code(struct paper *paper, const struct cdr_statement_file *file)
{
	char code[CDR_ID_TEXT_LEN], caption[1024], qr[128];

	cdr_id_write(file->code, code);
	(void)snprintf(qr, sizeof(qr), CDR_STATEMENT_CODE_PREFIX "%s", code);
	(void)snprintf(caption, sizeof(caption), "%s\ncandor statement verify FILE --code %s", word(paper, "page_code"), code);
	cdr_print_code(&paper->print, code, qr, caption);
}

static void
print_statement(struct paper *paper, const struct cdr_statement_file *file)
{
	char text[CDR_PARTY_NAME_LEN_MAX + CDR_SLUG_LEN_MAX + 256];
	const struct cdr_statement *s = &file->statement;

	(void)snprintf(text, sizeof(text), "%s (%s)", file->signer_name, file->signer);
	cdr_print_heading(&paper->print, text);
	print_said(paper, s);
	print_signer(paper, file);
	print_code(paper, file);
}

/* The file that would be exported, verified, printed. */
static cdr_err
add_statement(struct paper *paper, const struct cdr_check_employer *e)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer bytes = { 0 };
	struct cdr_statement_file *file = malloc(sizeof(*file));

	if (file == NULL)
		return CDR_E_MEMORY;
	memset(file, 0, sizeof(*file));
	CDR_TRY(cdr_check_statement(paper->member, e->request_id, NULL, &bytes, paper->fault));
	CDR_TRY(cdr_statement_file_verify(cdr_buffer_bytes(&bytes), paper->member->genesis, paper->member->codebook, file, paper->fault));
	print_statement(paper, file);
	err = CDR_OK;
out:
	cdr_buffer_free(&bytes);
	cdr_wipe(file, sizeof(*file));
	free(file);
	return err;
}

/* ---- guests ------------------------------------------------------------------------------------------------------------- */

static cdr_err
keep_guest(const struct cdr_guest *guest, void *context)
{
	struct paper *paper = context;

	struct cdr_guest *larger = cdr_wiping_resize(paper->guests, (paper->guest_count + 1) * sizeof(*larger));
	if (larger == NULL)
		return CDR_E_MEMORY;
	larger[paper->guest_count] = *guest;
	paper->guests = larger;
	paper->guest_count++;
	return CDR_OK;
}

static void
print_guest_row(struct paper *paper, const struct cdr_guest *g)
{
	char asked[CDR_DATE_TEXT_LEN], due[CDR_DATE_TEXT_LEN], answered[CDR_DATE_TEXT_LEN];

	write_day(g->asked_at, asked);
	write_day(g->due_at, due);
	write_day(g->changed_at, answered);
	const char *cells[] = { g->details.employer, asked, due, answered,
		g->result[0] != '\0' ? label(paper, "result", g->result) : label(paper, "check_status", g->status) };
	cdr_print_row(&paper->print, cells, sizeof(cells) / sizeof(cells[0]));
}

/* The answer that counts, with the warning that nobody verified who gave it. */
static cdr_err
print_guest_answer(const struct cdr_guest_answer *answer, void *context)
{
	struct paper *paper = context;
	const struct cdr_statement *s = &answer->statement;
	char text[2 * CDR_NAME_LEN + 16], sentence[CDR_GUEST_SENTENCE_LEN];

	if (!answer->is_current)
		return CDR_OK;
	cdr_print_heading(&paper->print, paper->guest->details.employer);
	cdr_print_text(&paper->print, "strong", cdr_guest_sentence("not_verified", paper->language, (const char *const[]){ NULL }, sentence));
	print_said(paper, s);
	(void)snprintf(text, sizeof(text), "%s (%s)", s->signer_name, label(paper, "signer_role", s->signer_role));
	cdr_print_field(&paper->print, word(paper, "page_signed_by"), text);
	(void)snprintf(text, sizeof(text), "%s%s%s", answer->organisation, answer->contact[0] != '\0' ? ", " : "", answer->contact);
	cdr_print_field(&paper->print, word(paper, "page_says_of_itself"), text);
	field_day(paper, "page_answered", answer->at);
	field_code(paper, "address_found", paper->guest->details.found);
	cdr_wipe(text, sizeof(text));
	return CDR_OK;
}

/* Former employers that are no members: none of them signed with a key that anybody knows. */
static cdr_err
print_guests(struct paper *paper)
{
	const char *header[] = { word(paper, "page_employer"), word(paper, "page_asked"), word(paper, "page_due"),
		word(paper, "page_answered"), word(paper, "page_result") };
	cdr_err err = CDR_OK;

	if (paper->guest_count == 0)
		return CDR_OK;
	cdr_print_heading(&paper->print, word(paper, "page_guests"));
	cdr_print_table(&paper->print, header, sizeof(header) / sizeof(header[0]), 0);
	for (size_t i = 0; i < paper->guest_count; i++)
		print_guest_row(paper, &paper->guests[i]);
	for (size_t i = 0; i < paper->guest_count && err == CDR_OK; i++) {
		paper->guest = &paper->guests[i];
		err = cdr_guest_answers_each(paper->member, paper->guest->id, print_guest_answer, paper);
	}
	return err;
}

/* When the paper's content was last added to: the time that it bears, so that the same content is the same paper. */
static uint64_t
newest(const struct paper *paper)
{
	const struct cdr_check *check = paper->check;
	uint64_t at = check->made_at;

	for (size_t i = 0; i < paper->guest_count; i++)
		at = paper->guests[i].changed_at > at ? paper->guests[i].changed_at : at;
	for (size_t i = 0; i < check->employer_count; i++)
		at = check->employer[i].answered_at > at ? check->employer[i].answered_at : at;
	return at;
}

static cdr_err
print_all(struct paper *paper, const char *employer)
{
	const struct cdr_check *check = paper->check;
	cdr_err err = CDR_OK;
	bool found = employer == NULL;

	print_candidate(paper);
	if (employer == NULL)
		print_employers(paper);
	for (size_t i = 0; i < check->employer_count && err == CDR_OK; i++) {
		const struct cdr_check_employer *e = &check->employer[i];
		if (e->answered_at == 0 || (employer != NULL && strcmp(employer, e->member) != 0))
			continue;
		err = add_statement(paper, e);
		if (employer == NULL && err == CDR_E_ABSENT)
			err = CDR_OK; /* answered outside the exchange: there is no signed letter */
		else
			found = true;
	}
	if (err == CDR_OK && !found)
		err = cdr_fault_set(paper->fault, CDR_E_ABSENT, "%s has not answered", employer);
	if (err == CDR_OK)
		err = print_guests(paper);
	cdr_print_text(&paper->print, "small", word(paper, "page_human"));
	return err;
}

/* see node/member/paper.h */
cdr_err
cdr_paper_check(struct cdr_member *member, const struct cdr_check *check, const char *employer, const char *language,
    struct cdr_buffer *pdf, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct paper paper = { .member = member, .check = check, .language = language, .fault = fault };
	char footer[CDR_PARTY_NAME_LEN_MAX + CDR_REFERENCE_LEN + 8];

	*pdf = (struct cdr_buffer){ 0 };
	if (employer == NULL)
		CDR_TRY(cdr_guest_each(member, check->id, keep_guest, &paper));
	(void)snprintf(footer, sizeof(footer), "%s \xc2\xb7 %s", member->name, check->candidate.reference);
	cdr_print_start(&paper.print, language, employer != NULL ? label(&paper, "request_type", "statement_of_conduct") :
		word(&paper, "page_check"), member->name, footer, (int64_t)newest(&paper));
	CDR_TRY(print_all(&paper, employer));
	CDR_TRY(cdr_print_run(&paper.print, pdf, fault));
	err = CDR_OK;
out:
	cdr_print_free(&paper.print);
	cdr_wiping_free(paper.guests);
	return err;
}
