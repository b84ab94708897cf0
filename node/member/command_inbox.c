#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "core/record/json.h"
#include "node/member/cases.h"
#include "node/member/command.h"
#include "node/member/enrol.h"
#include "node/member/inbox.h"
#include "node/member/texts.h"
#include "node/net/clock.h"

/* inbox list, inbox show, inbox answer, inbox draft, inbox approve, inbox reject; statement supersede; settings approval. */

#define VALID_DAYS_DEFAULT 180

/* The request that the operand names. */
static cdr_err
read_id(const struct cdr_arguments *arguments, uint8_t id[static CDR_ID_LEN], struct cdr_fault *fault)
{
	if (cdr_id_read(cdr_arguments_operand(arguments, 0), id) == CDR_OK)
		return CDR_OK;
	return cdr_fault_set(fault, CDR_E_INPUT,
	    "that is no request id: it has 26 letters and figures in groups of five, as `candor inbox list` prints it");
}

/* ---- list ------------------------------------------------------------------------------------------------------------ */

struct listing {
	bool all; /* else those that somebody has something to do about */
	struct cdr_table *table;
	json_t *list;
};

static json_t *
entry_json(const struct cdr_inbox_entry *entry)
{
	return json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:b, s:o}", "request_id", cdr_command_json_id(entry->request_id), "from",
	    entry->sender, "state", entry->state, "received_at", cdr_command_json_time(entry->received_at), "due_at",
	    cdr_command_json_time(entry->due_at), "answered_at", cdr_command_json_time(entry->answered_at), "disputed",
	    entry->disputed_at > 0, "watch_until", cdr_command_json_time(entry->watch_until));
}

static cdr_err
list_entry(const struct cdr_inbox_entry *entry, void *context)
{
	struct listing *listing = context;
	char id[CDR_ID_TEXT_LEN];

	if (!listing->all && strcmp(entry->state, "waiting") != 0 && strcmp(entry->state, "drafted") != 0 && entry->disputed_at == 0)
		return CDR_OK;
	json_t *object = entry_json(entry);

	cdr_id_write(entry->request_id, id);
	cdr_table_cell(listing->table, "%s", id);
	cdr_table_cell(listing->table, "%s", entry->sender);
	cdr_table_cell(listing->table, "%s%s", entry->state, entry->disputed_at > 0 ? ", disputed" : "");
	cdr_table_cell(listing->table, "%.10s", json_string_value(json_object_get(object, "due_at")) != NULL ?
		json_string_value(json_object_get(object, "due_at")) : "-");
	return json_array_append_new(listing->list, object) == 0 ? CDR_OK : CDR_E_MEMORY;
}

#define ANEW_DAYS 90 /* for so long it is told */

/* Who asks, and has other keys of late: its earlier requests are not in the list any more. */
static cdr_err
list_anew(struct cdr_member *member, const char *language, struct cdr_report *report, json_t *list)
{
	struct cdr_enrolled_anew anew[CDR_ENROL_ANEW_MAX];
	size_t count;
	cdr_err err = cdr_enrol_anew_list(member, anew, &count);

	for (size_t i = 0; err == CDR_OK && i < count; i++) {
		if (anew[i].at + ANEW_DAYS * CDR_DAY_SECONDS < cdr_member_now())
			continue;
		json_t *day = cdr_command_json_time(anew[i].at);
		cdr_report_text(report, "%s %s %.10s.\n", anew[i].member, cdr_texts_peek("anew_asks", language),
		    json_is_string(day) ? json_string_value(day) : "-");
		(void)json_array_append_new(list, json_pack("{s:s, s:o}", "member", anew[i].member, "other_keys_since", day));
	}
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_inbox_list(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	static const char *const titles[] = { "REQUEST", "FROM", "STATE", "DUE" };
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct listing listing = { 0 };

	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	listing.table = cdr_table_new(titles, 4);
	listing.list = json_array();
	listing.all = cdr_arguments_has(arguments, "all");
	err = cdr_inbox_each(member, NULL, list_entry, &listing);
	if (err == CDR_OK) {
		cdr_command_tell_standing(arguments, member, report);
		cdr_table_print(listing.table, report);
		if (json_array_size(listing.list) == 0)
			cdr_report_text(report, "No request waits.\n");
		json_t *anew = json_array();
		err = list_anew(member, cdr_command_language(arguments), report, anew);
		cdr_err told = cdr_report_json(report, json_pack("{s:o, s:o}", "requests", listing.list, "other_keys", anew));
		err = err == CDR_OK ? told : err;
	} else {
		json_decref(listing.list);
	}
out:
	cdr_member_close(member);
	return err;
}

/* ---- show ------------------------------------------------------------------------------------------------------------ */

static json_t *
person_json(const struct cdr_person *person)
{
	json_t *documents = json_array();

	for (size_t i = 0; i < person->document_count; i++)
		(void)json_array_append_new(documents, json_pack("{s:s, s:s, s:s}", "type", person->document[i].type, "country",
		    person->document[i].country, "number", person->document[i].number));
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:o}", "given_names", person->given_names, "family_names",
	    person->family_names, "other_names", person->other_names, "native_name", person->native_name, "date_of_birth",
	    cdr_command_json_date(&person->birth), "gender", person->gender, "documents", documents);
}

/* A code in words. */
static const char *
words(const struct cdr_codebook *codebook, const char *list, const char *code, const char *language)
{
	const char *label = cdr_codebook_label_peek(codebook, list, code, language);

	return label[0] != '\0' ? label : code[0] != '\0' ? code : "-";
}

/* One person as text: names and date of birth. */
static void
show_person(struct cdr_report *report, const char *title, const struct cdr_person *person)
{
	char birth[CDR_DATE_TEXT_LEN] = "";

	if (cdr_date_write(&person->birth, birth) != CDR_OK)
		birth[0] = '\0';
	cdr_report_text(report, "%s: %s %s%s%s, born %s\n", title, person->given_names, person->family_names,
	    person->native_name[0] != '\0' ? " / " : "", person->native_name, birth[0] != '\0' ? birth : "on an unknown day");
	for (size_t i = 0; i < person->document_count; i++)
		cdr_report_text(report, "    %s %s %s\n", person->document[i].type, person->document[i].country,
		    person->document[i].number);
}

/* What a leaver was here, and from when to when. */
static void
show_employment(struct cdr_report *report, const struct cdr_leaver *leaver)
{
	char from[CDR_DATE_TEXT_LEN] = "", to[CDR_DATE_TEXT_LEN] = "";

	if (cdr_date_write(&leaver->from, from) != CDR_OK || cdr_date_write(&leaver->to, to) != CDR_OK)
		return;
	cdr_report_text(report, "    %s%s%s, %s to %s; employee number %s\n",
	    leaver->position[0] != '\0' ? leaver->position : "position not recorded", leaver->country[0] != '\0' ? ", " : "",
	    leaver->country, from[0] != '\0' ? from : "unknown", to[0] != '\0' ? to : "unknown",
	    leaver->employee_number[0] != '\0' ? leaver->employee_number : "none");
}

/* A leaver who may be the person, and how the two differ; ${number} where there are several, else 0. */
static json_t *
show_candidate(struct cdr_report *report, const struct cdr_inbox_candidate *candidate, size_t number, const char *language)
{
	char title[64] = "  Your files";

	const struct cdr_leaver *leaver = &candidate->leaver;
	char *explanation = calloc(1, CDR_COMPARE_EXPLAIN_LEN);

	if (explanation == NULL ||
	    cdr_compare_explain(&candidate->comparison, language, explanation, CDR_COMPARE_EXPLAIN_LEN) != CDR_OK) {
		free(explanation);
		return NULL;
	}
	if (number > 0)
		(void)snprintf(title, sizeof(title), "  Your files (%zu, as --leaver says)", number);
	show_person(report, title, &leaver->person);
	show_employment(report, leaver);
	cdr_report_text(report, "    %s\n", explanation);
	json_t *object = json_pack("{s:s, s:o, s:s, s:s, s:o, s:o, s:s, s:f, s:s}", "employee_number",
	    leaver->employee_number, "person", person_json(&leaver->person), "position", leaver->position, "country",
	    leaver->country, "from", cdr_command_json_date(&leaver->from), "to", cdr_command_json_date(&leaver->to),
	    "engagement_type", leaver->engagement_type, "score", candidate->comparison.score, "comparison", explanation);
	cdr_wipe(explanation, CDR_COMPARE_EXPLAIN_LEN);
	free(explanation);
	return object;
}

/* What became of it, or until when and how to answer. */
static void
show_next(struct cdr_report *report, const struct cdr_inbox_entry *entry)
{
	char id[CDR_ID_TEXT_LEN];
	json_t *due = cdr_command_json_time(entry->due_at);

	cdr_id_write(entry->request_id, id);
	if (strcmp(entry->state, "waiting") != 0)
		cdr_report_text(report, "  This request is %s.\n", entry->state);
	else
		cdr_report_text(report, "  Answer by %.10s: candor inbox answer %s (--help tells how)\n",
		    json_is_string(due) ? json_string_value(due) : "-", id);
	json_decref(due);
}

/* The request in words, and the leavers below it. */
static cdr_err
show_request(struct cdr_report *report, const struct cdr_inbox_request *request, const struct cdr_codebook *codebook,
    const char *language)
{
	json_t *leavers = json_array();

	cdr_report_text(report, "%s asks about a candidate (%s).\n", request->entry.sender,
	    request->declared ? "who named you as a former employer" : "found by the exchange; you found the match plausible");
	show_person(report, "  Candidate", &request->person);
	cdr_report_text(report, "  %s: %s. %s: %s.\n", cdr_codebook_label_peek(codebook, "legal_basis", NULL, language),
	    words(codebook, "legal_basis", request->legal_basis, language),
	    cdr_codebook_label_peek(codebook, "candidate_notified", NULL, language),
	    words(codebook, "candidate_notified", request->candidate_notified, language));
	if (request->leaver_count == 0)
		cdr_report_text(report, "  Nobody in your register resembles this person. Look into older files too.\n");
	for (size_t i = 0; i < request->leaver_count; i++) {
		json_t *object = show_candidate(report, &request->candidate[i], request->leaver_count > 1 ? i + 1 : 0,
		    language);
		if (json_array_append_new(leavers, object) != 0) {
			json_decref(leavers);
			return CDR_E_MEMORY;
		}
	}
	show_next(report, &request->entry);
	json_t *object = entry_json(&request->entry);
	(void)json_object_update_new(object, json_pack("{s:b, s:o, s:s, s:s, s:s, s:o, s:s, s:I, s:o}", "declared",
	    request->declared, "candidate", person_json(&request->person), "position_category", request->position_category,
	    "legal_basis", request->legal_basis, "candidate_notified", request->candidate_notified, "notified_on",
	    cdr_command_json_date(&request->notified_on), "jurisdiction", request->jurisdiction, "lookback_years",
	    (json_int_t)request->lookback_years, "leavers", leavers));
	return cdr_report_json(report, object);
}

/* see node/member/command.h */
cdr_err
cdr_command_inbox_show(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t id[CDR_ID_LEN];
	struct cdr_member *member = NULL;
	struct cdr_inbox_request *request = NULL;

	CDR_TRY(read_id(arguments, id, fault));
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_inbox_read(member, id, &request, fault));
	CDR_TRY(cdr_inbox_opened(member, id, fault));
	CDR_TRY(show_request(report, request, member->codebook, cdr_command_language(arguments)));
	err = CDR_OK;
out:
	cdr_inbox_request_free(request);
	cdr_member_close(member);
	return err;
}

/* ---- answer ----------------------------------------------------------------------------------------------------------- */

/* Copy an option's text into a field of the statement, if it was given. */
static cdr_err
take_option(const struct cdr_arguments *arguments, const char *option, char *field, size_t size, struct cdr_fault *fault)
{
	const char *value = cdr_arguments_text(arguments, option);

	if (value == NULL)
		return CDR_OK;
	if (strlen(value) >= size)
		return cdr_fault_set(fault, CDR_E_RANGE, "--%s: it is longer than %zu bytes", option, size - 1);
	memcpy(field, value, strlen(value) + 1);
	return CDR_OK;
}

/* The answer file, if one was given. */
static cdr_err
read_answer_file(const struct cdr_arguments *arguments, struct cdr_statement *statement, struct cdr_fault *fault)
{
	struct cdr_buffer bytes;
	const char *path = cdr_arguments_text(arguments, "file");

	if (path == NULL)
		return CDR_OK;
	cdr_err err = cdr_command_read_file(path, CDR_STATEMENT_JSON_MAX, &bytes, fault);
	if (err == CDR_OK)
		err = cdr_command_name_file(path, cdr_statement_from_json(cdr_buffer_bytes(&bytes), statement, fault), fault);
	cdr_buffer_free(&bytes);
	return err;
}

/* Options stand above the file. */
static cdr_err
read_options(const struct cdr_arguments *arguments, struct cdr_statement *s, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(take_option(arguments, "identity", s->identity_match, sizeof(s->identity_match), fault));
	CDR_TRY(take_option(arguments, "finding", s->finding, sizeof(s->finding), fault));
	CDR_TRY(take_option(arguments, "ongoing-now", s->ongoing_now, sizeof(s->ongoing_now), fault));
	CDR_TRY(take_option(arguments, "left-during", s->left_during, sizeof(s->left_during), fault));
	CDR_TRY(take_option(arguments, "coverage", s->coverage.quality, sizeof(s->coverage.quality), fault));
	CDR_TRY(take_option(arguments, "legal-limit-reason", s->legal_limit_reason, sizeof(s->legal_limit_reason), fault));
	CDR_TRY(take_option(arguments, "legal-limit-country", s->legal_limit_country, sizeof(s->legal_limit_country), fault));
	CDR_TRY(take_option(arguments, "signer-name", s->signer_name, sizeof(s->signer_name), fault));
	CDR_TRY(take_option(arguments, "signer-role", s->signer_role, sizeof(s->signer_role), fault));
	err = CDR_OK;
out:
	return err;
}

/* Beside the field that is wrong, the option that gives it. */
static cdr_err
name_option(cdr_err err, struct cdr_fault *fault)
{
	static const char *const options[][2] = { { "identity_match", "identity" }, { "finding", "finding" }, { "ongoing_now", "ongoing-now" },
		{ "left_during", "left-during" }, { "coverage.quality", "coverage" }, { "legal_limit_reason", "legal-limit-reason" },
		{ "legal_limit_country", "legal-limit-country" }, { "signer_name", "signer-name" }, { "signer_role", "signer-role" } };
	char rest[CDR_FAULT_LEN];

	for (size_t i = 0; err == CDR_E_INPUT && fault != NULL && i < sizeof(options) / sizeof(options[0]); i++) {
		size_t len = strlen(options[i][0]);

		if (strncmp(fault->text, options[i][0], len) != 0 || fault->text[len] != ':')
			continue;
		(void)snprintf(rest, sizeof(rest), "%s", fault->text + len);
		return cdr_fault_set(fault, err, "%s (--%s)%s", options[i][0], options[i][1], rest);
	}
	return err;
}

/* Employment and coverage from the register, where the person is known here and the answer left them out. */
static void
draft_employment(const struct cdr_inbox_request *request, size_t at, const struct cdr_codebook *codebook,
    struct cdr_statement *s)
{
	if (!cdr_codebook_means(codebook, "identity_match", s->identity_match, "answers") || at >= request->leaver_count)
		return;
	const struct cdr_leaver *leaver = &request->candidate[at].leaver;
	if (s->employment.from.precision == CDR_PRECISION_UNKNOWN) {
		s->employment.from = leaver->from;
		s->employment.to = leaver->to;
	}
	if (s->employment.position_count == 0 && leaver->position[0] != '\0') {
		memcpy(s->employment.positions[0], leaver->position, sizeof(leaver->position));
		s->employment.position_count = 1;
	}
	if (s->employment.duty_country_count == 0 && leaver->country[0] != '\0') {
		memcpy(s->employment.duty_countries[0], leaver->country, sizeof(leaver->country));
		s->employment.duty_country_count = 1;
	}
	if (s->coverage.from.precision == CDR_PRECISION_UNKNOWN) {
		s->coverage.from = s->employment.from;
		s->coverage.to = s->employment.to;
	}
}

/* A statement is a snapshot: until when it may be relied on. */
static void
draft_validity(const struct cdr_arguments *arguments, struct cdr_statement *s)
{
	if (s->valid_until.precision != CDR_PRECISION_UNKNOWN)
		return;
	int64_t days = cdr_arguments_number(arguments, "valid-days", VALID_DAYS_DEFAULT);
	s->valid_until = cdr_member_day((int64_t)cdr_member_now() + days * 86400);
}

/* see node/member/command.h */
cdr_err
cdr_command_statement_options(const struct cdr_arguments *arguments, struct cdr_statement *statement, struct cdr_fault *fault)
{
	cdr_err err = read_answer_file(arguments, statement, fault);

	return err != CDR_OK ? err : read_options(arguments, statement, fault);
}

/* What the register of cases says: all of it for a draft, or where the person asks for it; else only whether the answer leaves it out. */
static cdr_err
use_cases(const struct cdr_arguments *arguments, struct cdr_member *member, const struct cdr_inbox_request *request, size_t at,
    struct cdr_statement *statement, struct cdr_fault *fault)
{
	size_t count;

	if (cdr_arguments_has(arguments, "draft") && statement->identity_match[0] == '\0')
		(void)snprintf(statement->identity_match, sizeof(statement->identity_match), request->leaver_count > 0 ? "confirmed" : "not_known_here");
	if (request->leaver_count == 0 && cdr_codebook_means(member->codebook, "identity_match", statement->identity_match, "not_known_here"))
		return CDR_OK; /* nothing is said of somebody whom nobody knows */
	if (cdr_arguments_has(arguments, "draft") || cdr_arguments_has(arguments, "from-register"))
		return cdr_cases_draft(member, request, at, statement, &count, fault);
	return cdr_cases_contradict(member, request, at, statement, fault);
}

/* Everything that the person who answers gave, completed from the registers. */
static cdr_err
draft(const struct cdr_arguments *arguments, struct cdr_member *member, const uint8_t *id, struct cdr_statement *statement,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_inbox_request *request = NULL;

	CDR_TRY(cdr_command_statement_options(arguments, statement, fault));
	CDR_TRY(cdr_inbox_read(member, id, &request, fault));
	if (cdr_arguments_has(arguments, "leaver") &&
	    cdr_arguments_number(arguments, "leaver", 1) > (int64_t)request->leaver_count) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "--leaver: `candor inbox show` shows %zu of your leavers for this request",
		    request->leaver_count);
		goto out;
	}
	size_t at = (size_t)cdr_arguments_number(arguments, "leaver", 1) - 1;
	CDR_TRY(use_cases(arguments, member, request, at, statement, fault));
	draft_employment(request, at, member->codebook, statement);
	draft_validity(arguments, statement);
	err = CDR_OK;
out:
	cdr_inbox_request_free(request);
	return err;
}

/* The draft as the file that --file takes, for a person to read and complete. */
static cdr_err
print_draft(const struct cdr_statement *statement, struct cdr_report *report)
{
	char *text = NULL;

	cdr_err err = cdr_statement_to_json(statement, &text);
	if (err == CDR_OK) {
		cdr_report_text(report, "%s\nNothing was sent. Check it against your files. Sign it with --from-register, --identity, --coverage, --signer-name and "
					"--signer-role (--coverage not for a person not known here), or write it to a file, complete it and give it with --file.\n", text);
		err = cdr_report_json(report, json_loads(text, 0, NULL));
	}
	cdr_json_free(text);
	return err;
}

/* What became of an answer that was given. */
static cdr_err
tell_signed(const struct cdr_arguments *arguments, struct cdr_member *member, const uint8_t *id, const struct cdr_statement *statement,
    struct cdr_report *report)
{
	const char *result = cdr_statement_result(statement, member->codebook);

	cdr_report_text(report, "Signed and on its way. The requester will read: %s.\n",
	    cdr_codebook_label_peek(member->codebook, "result", result, cdr_command_language(arguments)));
	return cdr_report_json(report, json_pack("{s:o, s:o, s:s, s:s}", "request_id", cdr_command_json_id(id), "response_id",
	    cdr_command_json_id(statement->response_id), "result", result, "state", "signed"));
}

/* One person signs, or writes down what another shall sign. */
static cdr_err
give(const struct cdr_arguments *arguments, struct cdr_member *member, const uint8_t *id, struct cdr_statement *statement, bool supersedes,
    struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	unsigned persons;

	CDR_TRY(cdr_inbox_approval(member, &persons));
	if (persons > 1) {
		CDR_TRY(cdr_inbox_write_draft(member, id, statement, supersedes, fault));
		cdr_report_text(report, "Written down. Another person reads it with `candor inbox draft`, and signs it with `candor inbox approve`.\n");
		return cdr_report_json(report, json_pack("{s:o, s:s}", "request_id", cdr_command_json_id(id), "state", "drafted"));
	}
	CDR_TRY(supersedes ? cdr_inbox_supersede(member, id, statement, fault) : cdr_inbox_answer(member, id, statement, fault));
	err = tell_signed(arguments, member, id, statement, report);
out:
	return err;
}

/* inbox answer, and statement supersede. */
static cdr_err
answer(const struct cdr_arguments *arguments, bool supersedes, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t id[CDR_ID_LEN];
	struct cdr_member *member = NULL;
	struct cdr_statement *statement = calloc(1, sizeof(*statement));

	if (statement == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(read_id(arguments, id, fault));
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(draft(arguments, member, id, statement, fault));
	if (cdr_arguments_has(arguments, "draft")) {
		err = print_draft(statement, report);
		goto out;
	}
	if (strcmp(statement->finding, "yes") == 0 && statement->disclosure_count == 0) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "the finding is yes, so at least one disclosure is needed: enter the case (`candor case "
		    "add`) and answer --from-register, or give the answer with --file (see `candor inbox answer --help`)");
		goto out;
	}
	CDR_TRY(name_option(give(arguments, member, id, statement, supersedes, report, fault), fault));
	err = CDR_OK;
out:
	cdr_member_close(member);
	cdr_wipe(statement, sizeof(*statement));
	free(statement);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_inbox_answer(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	return answer(arguments, false, report, fault);
}

/* see node/member/command.h */
cdr_err
cdr_command_statement_supersede(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	return answer(arguments, true, report, fault);
}

/* ---- the second person ---------------------------------------------------------------------------------------------------- */

/* see node/member/command.h */
cdr_err
cdr_command_inbox_draft(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t id[CDR_ID_LEN], draft[CDR_ID_LEN];
	char author[CDR_NAME_LEN], number[CDR_ID_TEXT_LEN], *text = NULL;
	struct cdr_member *member = NULL;
	struct cdr_statement *statement = calloc(1, sizeof(*statement));

	if (statement == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(read_id(arguments, id, fault));
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_inbox_read_draft(member, id, statement, draft, author, fault));
	CDR_TRY(cdr_statement_to_json(statement, &text));
	cdr_id_write(draft, number);
	cdr_report_text(report, "%s\nWritten by %s. Another person signs just this: candor inbox approve REQUEST --draft %s\n", text, author, number);
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:s, s:o}", "author", author, "draft", number, "statement", json_loads(text, 0, NULL))));
	err = CDR_OK;
out:
	cdr_json_free(text);
	cdr_member_close(member);
	cdr_wipe(statement, sizeof(*statement));
	free(statement);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_inbox_approve(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t id[CDR_ID_LEN], draft[CDR_ID_LEN];
	struct cdr_member *member = NULL;
	struct cdr_statement *statement = calloc(1, sizeof(*statement));

	if (statement == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(read_id(arguments, id, fault));
	if (cdr_id_read(cdr_arguments_text(arguments, "draft"), draft) != CDR_OK) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "--draft: the number that `candor inbox draft` prints under the draft that you read");
		goto out;
	}
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_inbox_approve(member, id, draft, cdr_arguments_text(arguments, "signer-name"), cdr_arguments_text(arguments, "signer-role"),
	    statement, fault));
	CDR_TRY(tell_signed(arguments, member, id, statement, report));
	err = CDR_OK;
out:
	cdr_member_close(member);
	cdr_wipe(statement, sizeof(*statement));
	free(statement);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_inbox_reject(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t id[CDR_ID_LEN];
	struct cdr_member *member = NULL;

	CDR_TRY(read_id(arguments, id, fault));
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_inbox_reject(member, id, fault));
	cdr_report_text(report, "Sent back: the request waits for an answer again.\n");
	CDR_TRY(cdr_report_json(report, json_pack("{s:o}", "request_id", cdr_command_json_id(id))));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_settings_approval(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	const char *wanted = cdr_arguments_operand(arguments, 0);
	unsigned persons = 0;

	if (wanted != NULL && strcmp(wanted, "one") != 0 && strcmp(wanted, "two") != 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "an answer takes one person or two: write `one` or `two`");
	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	if (wanted != NULL)
		CDR_TRY(cdr_inbox_set_approval(member, strcmp(wanted, "two") == 0 ? 2 : 1));
	CDR_TRY(cdr_inbox_approval(member, &persons));
	cdr_report_text(report, persons > 1 ? "Two persons answer: one writes, another signs.\n" : "One person answers and signs.\n");
	CDR_TRY(cdr_report_json(report, json_pack("{s:i}", "persons", (int)persons)));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}
