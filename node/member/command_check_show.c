#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "core/record/json.h"
#include "node/member/check.h"
#include "node/member/command.h"
#include "node/member/enrol.h"
#include "node/member/paper.h"
#include "node/member/texts.h"

/* check list, check show. */

static json_t *
employer_json(const struct cdr_check_employer *e)
{
	json_t *object = json_pack("{s:s, s:o, s:b, s:s, s:s}", "member", e->member, "request_id",
	    cdr_command_json_id(e->request_id), "declared", e->declared, "tier", e->tier[0] != '\0' ? e->tier : "none", "status",
	    e->status);

	(void)json_object_set_new(object, "lambda",
	    e->tier[0] != '\0' ? json_real((double)e->lambda_ppb / 1e9) : json_null());
	(void)json_object_set_new(object, "token_types", cdr_command_json_types(e->types));
	(void)json_object_set_new(object, "result", e->result[0] != '\0' ? json_string(e->result) : json_null());
	(void)json_object_set_new(object, "asked_at", cdr_command_json_time(e->asked_at));
	(void)json_object_set_new(object, "due_at", cdr_command_json_time(e->due_at));
	(void)json_object_set_new(object, "answered_at", cdr_command_json_time(e->answered_at));
	(void)json_object_set_new(object, "late", json_boolean(e->answered_at > e->due_at));
	(void)json_object_set_new(object, "heard_at", cdr_command_json_time(e->heard_at));
	(void)json_object_set_new(object, "superseded", json_integer((json_int_t)e->superseded_count));
	return object;
}

/* What was wrong with the hub's answer; null: nothing. */
static json_t *
doubt_json(const struct cdr_check *check)
{
	if (check->doubt[0] == '\0')
		return json_null();
	return json_pack("{s:s, s:o, s:b, s:b}", "what", check->doubt, "at", cdr_command_json_time(check->doubted_at), "settled",
	    (int)check->doubt_settled, "partial", (int)check->doubt_partial);
}

static json_t *
check_json(const struct cdr_check *check)
{
	json_t *employers = json_array();

	for (size_t i = 0; i < check->employer_count; i++)
		(void)json_array_append_new(employers, employer_json(&check->employer[i]));
	return json_pack("{s:s, s:o, s:s, s:s, s:o, s:I, s:o, s:o, s:o, s:o}", "reference", check->candidate.reference, "check_id",
	    cdr_command_json_id(check->id), "state", strcmp(check->state, "matched") == 0 ? "open" : check->state, "outcome", check->outcome,
	    "watch_until", cdr_command_json_time(check->watch_until),
	    "people_searched", (json_int_t)check->people, "made_at", cdr_command_json_time(check->made_at), "due_at",
	    cdr_command_json_time(check->due_at), "employers", employers, "hub_fault", doubt_json(check));
}

/* A list on its way out: one object a check, one row an employer. */
struct showing {
	struct cdr_member *member;
	const char *language;
	struct cdr_table *table;
	json_t *list;
};

/* The words for a code; a dash where there is none. */
static const char *
label(const struct showing *showing, const char *list, const char *code)
{
	if (code[0] == '\0')
		return "-";
	const char *words = cdr_codebook_label_peek(showing->member->codebook, list, code, showing->language);
	return words[0] != '\0' ? words : code;
}

/* How likely it is that a stranger in the index agrees as well; where one is to be expected, how many. */
static void
add_chance(struct cdr_table *table, const struct cdr_check_employer *e, const char *language)
{
	double lambda = (double)e->lambda_ppb / 1e9;

	if (e->tier[0] == '\0')
		cdr_table_cell(table, "-");
	else if (e->lambda_ppb < 1000)
		cdr_table_cell(table, "%s", cdr_texts_peek("chance_least", language));
	else if (lambda < 0.5)
		cdr_table_cell(table, "%s %.0f", cdr_texts_peek("chance_one_in", language), 1 / lambda);
	else
		cdr_table_cell(table, "%s %.0f", cdr_texts_peek("chance_about", language), lambda);
}

/* Whether somebody who was left out may still say that a match is plausible: replies wait as long as the scheme says. */
static bool
may_turn_up(struct cdr_member *member, const struct cdr_check *check)
{
	const struct cdr_roster *roster = cdr_current_hold(member->current);
	uint64_t end = check->made_at + roster->body->scheme->reply_delay_max_s;

	cdr_current_release(member->current, roster);
	return cdr_member_now() < end;
}

/* What a check of which nobody is shown is. */
static const char *
state_text(const struct showing *showing, const struct cdr_check *check)
{
	return cdr_texts_peek(strcmp(check->state, "waiting") == 0 ? "check_matching" :
	    strcmp(check->state, "withdrawn") == 0               ? "check_withdrawn" :
	    strcmp(check->state, "erased") == 0                  ? "check_erased" :
	    strcmp(check->state, "draft") == 0                   ? "check_draft" :
	    may_turn_up(showing->member, check)                  ? "check_none_yet" :
								   "check_none", showing->language);
}

static const char *
tier_text(const struct cdr_check_employer *e, const char *language)
{
	return e == NULL || e->tier[0] == '\0' ? "-" : cdr_texts_peek(strcmp(e->tier, "strong") == 0 ? "tier_strong" : "tier_possible", language);
}

static void
add_row(struct showing *showing, const struct cdr_check *check, const struct cdr_check_employer *e)
{
	cdr_table_cell(showing->table, "%s", check->candidate.reference);
	cdr_table_cell(showing->table, "%s", e != NULL ? e->member : "-");
	cdr_table_cell(showing->table, "%s", e == NULL ? "-" : cdr_texts_peek(e->declared ? "page_yes" : "page_no", showing->language));
	cdr_table_cell(showing->table, "%s", tier_text(e, showing->language));
	add_chance(showing->table, e != NULL ? e : &(struct cdr_check_employer){ .tier = "" }, showing->language);
	cdr_table_cell(showing->table, "%s", e != NULL ? label(showing, "check_status", e->status) : state_text(showing, check));
	cdr_table_cell(showing->table, "%s", e != NULL ? label(showing, "result", e->result) : "-");
}

static cdr_err
show_check(const struct cdr_check *check, void *context)
{
	struct showing *showing = context;

	(void)json_array_append_new(showing->list, check_json(check));
	for (size_t i = 0; i < check->employer_count; i++)
		add_row(showing, check, &check->employer[i]);
	if (check->employer_count == 0)
		add_row(showing, check, NULL);
	return CDR_OK;
}

/* The guests of every check in the list, each in a row after the members. */
static cdr_err
add_guests(struct showing *showing)
{
	uint8_t id[CDR_ID_LEN];
	size_t at, number;
	json_t *check, *guests, *guest;

	json_array_foreach(showing->list, at, check) {
		if (cdr_id_read(json_string_value(json_object_get(check, "check_id")), id) != CDR_OK)
			return CDR_E_INTERNAL;
		cdr_err err = cdr_command_guests_json(showing->member, id, &guests);
		(void)json_object_set_new(check, "guests", guests);
		if (err != CDR_OK)
			return err;
		json_array_foreach(guests, number, guest) {
			const char *result = json_string_value(json_object_get(guest, "result"));
			cdr_table_cell(showing->table, "%s", json_string_value(json_object_get(check, "reference")));
			const char *employer = json_string_value(json_object_get(guest, "employer"));
			cdr_table_cell(showing->table, "%s", employer != NULL && employer[0] != '\0' ? employer : "-"); /* forgotten */
			cdr_table_cell(showing->table, "%s", cdr_texts_peek("page_yes", showing->language)); /* whom the candidate named, as --output has it */
			cdr_table_cell(showing->table, "-");
			cdr_table_cell(showing->table, "-");
			cdr_table_cell(showing->table, "%s", label(showing, "check_status", json_string_value(json_object_get(guest, "status"))));
			cdr_table_cell(showing->table, "%s", label(showing, "result", result != NULL ? result : ""));
		}
	}
	return CDR_OK;
}

/* see node/member/command.h */
cdr_err
cdr_command_check_list(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	static const char *const columns[] = { "column_reference", "column_employer", "column_declared", "column_match", "column_chance",
		"column_status", "column_result" };
	const char *titles[sizeof(columns) / sizeof(columns[0])];
	cdr_err err = CDR_E_INTERNAL;
	struct showing showing = { .language = cdr_command_language(arguments) };
	bool written = false;

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		titles[i] = cdr_texts_peek(columns[i], showing.language);
	CDR_TRY(cdr_command_open(arguments, true, &showing.member, fault));
	showing.table = cdr_table_new(titles, 7);
	showing.list = json_array();
	err = cdr_command_results(arguments, showing.member, &written, report, fault);
	if (err != CDR_OK || written)
		goto out;
	CDR_TRY(cdr_check_each(showing.member, NULL, show_check, &showing));
	CDR_TRY(add_guests(&showing));
	cdr_command_tell_standing(arguments, showing.member, report);
	cdr_table_print(showing.table, report);
	showing.table = NULL;
	if (json_array_size(showing.list) == 0)
		cdr_report_text(report, "%s\n", cdr_texts_peek("no_checks", showing.language));
	json_t *list = showing.list;
	showing.list = NULL;
	CDR_TRY(cdr_report_json(report, json_pack("{s:o}", "checks", list)));
	err = CDR_OK;
out:
	if (showing.table != NULL) /* an error came between: with "json" nothing is printed, only freed */
		cdr_table_print(showing.table, &(struct cdr_report){ .json = true, .out = stdout, .err = stderr });
	json_decref(showing.list);
	cdr_member_close(showing.member);
	return err;
}

/* What `check show` prints below the table: every statement that came. */
struct statements {
	struct cdr_member *member;
	struct cdr_report *report;
	const char *language;
	struct cdr_check check;
	struct cdr_enrolled_anew anew[CDR_ENROL_ANEW_MAX];
	size_t anew_count;
	json_t *object;
};

static cdr_err
keep_check(const struct cdr_check *check, void *context)
{
	struct statements *statements = context;

	statements->check = *check;
	return CDR_OK;
}

/* In which words something is told, and where. */
struct words {
	struct cdr_report *report;
	const struct cdr_codebook *codebook;
	const char *language;
};

/* One answered question in words. */
static void
show_question(const struct words *s, const char *question, const char *answer)
{
	if (answer[0] != '\0')
		cdr_report_text(s->report, "    %s %s\n", cdr_codebook_label_peek(s->codebook, "question", question, s->language),
		    cdr_codebook_label_peek(s->codebook, "answer", answer, s->language));
}

/* Our own words, or those of the table of texts in another language. */
static const char *
in_words(const char *language, const char *name, const char *english)
{
	return strcmp(language, "en") == 0 ? english : cdr_texts_peek(name, language);
}

/* When it happened, and when the process ended. */
static void
show_dates(const struct words *s, const struct cdr_disclosure *d)
{
	char committed[CDR_DATE_TEXT_LEN] = "", concluded[CDR_DATE_TEXT_LEN] = "";

	if (cdr_date_write(&d->committed, committed) != CDR_OK || cdr_date_write(&d->concluded, concluded) != CDR_OK)
		return;
	if (committed[0] != '\0')
		cdr_report_text(s->report, "      %s: %s\n", in_words(s->language, "page_committed", "committed"), committed);
	if (concluded[0] != '\0')
		cdr_report_text(s->report, "      %s: %s\n", in_words(s->language, "page_concluded", "concluded"), concluded);
}

static void
show_disclosure(const struct words *s, const struct cdr_disclosure *d)
{
	const struct cdr_codebook *codebook = s->codebook;

	for (size_t i = 0; i < d->misconduct_type_count; i++)
		cdr_report_text(s->report, "    %s: %s\n",
		    cdr_codebook_label_peek(codebook, "misconduct_type", d->misconduct_type[i], s->language),
		    cdr_codebook_label_peek(codebook, "process_status", d->process_status, s->language));
	show_dates(s, d);
	for (size_t i = 0; i < d->sanction_count; i++)
		cdr_report_text(s->report, "      %s\n",
		    cdr_codebook_label_peek(codebook, "sanction", d->sanction[i], s->language));
	if (d->factual_summary[0] != '\0')
		cdr_report_text(s->report, "      %s\n", d->factual_summary);
}

/* see node/member/command.h */
void
cdr_command_show_answers(struct cdr_report *report, const struct cdr_codebook *codebook, const char *language,
    const struct cdr_statement *statement)
{
	const struct words words = { report, codebook, language };

	show_question(&words, "finding", statement->finding);
	show_question(&words, "ongoing_now", statement->ongoing_now);
	show_question(&words, "left_during", statement->left_during);
	for (size_t i = 0; i < statement->disclosure_count; i++)
		show_disclosure(&words, &statement->disclosures[i]);
}

static void
show_statement(const struct statements *s, const struct cdr_check_employer *e, const struct cdr_statement *statement)
{
	const struct cdr_codebook *codebook = s->member->codebook;

	cdr_report_text(s->report, "  %s: %s\n    %s %s, %s. %s %s\n", e->member,
	    cdr_codebook_label_peek(codebook, "result", e->result, s->language), in_words(s->language, "page_signed_by", "Signed by"), statement->signer_name,
	    cdr_codebook_label_peek(codebook, "signer_role", statement->signer_role, s->language),
	    cdr_codebook_label_peek(codebook, "identity_match", NULL, s->language),
	    cdr_codebook_label_peek(codebook, "identity_match", statement->identity_match, s->language));
	cdr_command_show_answers(s->report, codebook, s->language, statement);
}

/* Whether an employer that was asked has other keys since, and what that means for what it answered or will. */
static void
show_anew(const struct statements *s, size_t at)
{
	const struct cdr_check_employer *e = &s->check.employer[at];
	const bool answered = e->answered_at > 0;

	for (size_t i = 0; i < s->anew_count; i++) {
		const struct cdr_enrolled_anew *a = &s->anew[i];

		if (strcmp(a->member, e->member) != 0 || a->at < (answered ? e->answered_at : s->check.made_at))
			continue;
		json_t *day = cdr_command_json_time(a->at);
		cdr_report_text(s->report, "    %s %.10s.\n", cdr_texts_peek(answered ? "anew_signed" : "anew_asked", s->language),
		    json_is_string(day) ? json_string_value(day) : "-");
		(void)json_object_set_new(json_array_get(json_object_get(s->object, "employers"), at), "other_keys_since", day);
	}
}

/* Add one employer's statement to the text and to the JSON of that employer. */
static cdr_err
add_statement(struct statements *s, size_t at, struct cdr_fault *fault)
{
	const struct cdr_check_employer *e = &s->check.employer[at];
	struct cdr_statement *statement = calloc(1, sizeof(*statement));
	char *text = NULL;

	if (statement == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_check_statement(s->member, e->request_id, statement, NULL, fault);
	if (err == CDR_OK) {
		show_statement(s, e, statement);
		err = cdr_statement_to_json(statement, &text);
	}
	if (err == CDR_OK) {
		json_t *employers = json_object_get(s->object, "employers");
		(void)json_object_set_new(json_array_get(employers, at), "statement", json_loads(text, 0, NULL));
	}
	cdr_json_free(text);
	cdr_wipe(statement, sizeof(*statement));
	free(statement);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* The first lines of `check show`. That nobody was found is said with what it does not mean. */
static void
show_head(const struct statements *s)
{
	const struct cdr_check *check = &s->check;
	bool is_draft = strcmp(check->state, "draft") == 0;

	cdr_report_text(s->report, "%s %s: ", in_words(s->language, "page_check", "Check"), check->candidate.reference);
	if (strcmp(check->state, "waiting") == 0)
		cdr_report_text(s->report, "%s\n", in_words(s->language, "page_waiting", "being matched; the node sees to it while `candor serve` runs."));
	else if (is_draft)
		cdr_report_text(s->report, "%s\n", cdr_texts_peek("check_is_draft", s->language));
	else
		cdr_report_text(s->report, "%s: %zu; %s: %llu.\n", cdr_texts_peek("check_found", s->language), check->employer_count,
		    cdr_texts_peek("check_people", s->language), (unsigned long long)check->people);
	if (check->doubt_old)
		cdr_report_text(s->report, "  %s.\n  %s\n", cdr_texts_peek("doubt_old", s->language), cdr_texts_peek("doubt_old_do", s->language));
	else if (check->doubt_partial)
		cdr_report_text(s->report, "  %s: %s.\n  %s\n", cdr_texts_peek("doubt_partial", s->language), check->doubt,
		    cdr_texts_peek("doubt_partial_do", s->language));
	else if (check->doubt[0] != '\0')
		cdr_report_text(s->report, "  %s: %s.\n  %s\n", cdr_texts_peek("doubt_all", s->language), check->doubt,
		    cdr_texts_peek(check->doubt_settled ? "doubt_settled" : "doubt_all_do", s->language));
	if (check->employer_count > 0 || is_draft || strcmp(check->state, "waiting") == 0)
		return;
	cdr_report_text(s->report, "  %s\n", cdr_texts_peek(may_turn_up(s->member, check) ? "check_nobody_yet" : "check_nobody", s->language));
}

/* An employer that has not answered. */
static void
show_waiting(const struct statements *s, const struct cdr_check_employer *e)
{
	json_t *due = cdr_command_json_time(e->due_at);

	cdr_report_text(s->report, "  %s: %s", e->member, cdr_codebook_label_peek(s->member->codebook, "check_status", e->status, s->language));
	if (json_is_string(due))
		cdr_report_text(s->report, "; %s%s %.10s", in_words(s->language, "page_due", "an answer is due by"),
		    strcmp(s->language, "en") == 0 ? "" : ":", json_string_value(due));
	cdr_report_text(s->report, "\n");
	json_decref(due);
}

/* --pdf: what is shown, on paper. */
static cdr_err
print_paper(const struct cdr_arguments *arguments, const struct statements *s, struct cdr_fault *fault)
{
	const char *path = cdr_arguments_text(arguments, "pdf");
	struct cdr_buffer pdf;

	if (path == NULL)
		return CDR_OK;
	cdr_err err = cdr_paper_check(s->member, &s->check, NULL, s->language, &pdf, fault);
	if (err == CDR_OK)
		err = cdr_command_write_file(path, (const char *)pdf.data, pdf.len, fault);
	if (err == CDR_OK)
		cdr_report_text(s->report, "Printed to %s.\n", path);
	cdr_buffer_free(&pdf);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_check_show(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *reference = cdr_arguments_operand(arguments, 0);
	struct statements *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return CDR_E_MEMORY;
	s->report = report;
	s->language = cdr_command_language(arguments);
	CDR_TRY(cdr_command_open(arguments, true, &s->member, fault));
	err = cdr_check_each(s->member, reference, keep_check, s);
	if (err == CDR_E_ABSENT)
		err = cdr_fault_set(fault, err, "there is no check with the reference %s: see `candor check list`", reference);
	CDR_TRY(err);
	s->object = check_json(&s->check);
	show_head(s);
	CDR_TRY(cdr_enrol_anew_list(s->member, s->anew, &s->anew_count));
	for (size_t i = 0; i < s->check.employer_count; i++) {
		if (s->check.employer[i].answered_at > 0)
			CDR_TRY(add_statement(s, i, fault));
		else
			show_waiting(s, &s->check.employer[i]);
		show_anew(s, i);
	}
	json_t *guests;
	err = cdr_command_guests_show(s->member, report, s->language, s->check.id, &guests);
	(void)json_object_set_new(s->object, "guests", guests);
	CDR_TRY(err);
	CDR_TRY(print_paper(arguments, s, fault));
	json_t *object = s->object;
	s->object = NULL;
	CDR_TRY(cdr_report_json(report, object));
	err = CDR_OK;
out:
	json_decref(s->object);
	cdr_member_close(s->member);
	cdr_wipe(s, sizeof(*s));
	free(s);
	return err;
}
