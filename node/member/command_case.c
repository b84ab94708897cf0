#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "core/record/text.h"
#include "node/member/cases.h"
#include "node/member/command.h"
#include "node/member/command_fields.h"

/* case add, case edit, case list, case show, case limits. */

/* ---- entering ---------------------------------------------------------------------------------------------------------------- */

/* A list of codes: the option given several times. */
static cdr_err
take_codes(const struct cdr_arguments *arguments, const char *option, char (*codes)[CDR_CODE_LEN], size_t max, size_t *count,
    struct cdr_fault *fault)
{
	if (!cdr_arguments_has(arguments, option))
		return CDR_OK;
	*count = 0;
	for (const char *value; (value = cdr_arguments_nth(arguments, option, *count)) != NULL;) {
		if (*count == max || strlen(value) >= CDR_CODE_LEN)
			return cdr_fault_set(fault, CDR_E_RANGE, "--%s: too many, or too long", option);
		memset(codes[*count], 0, CDR_CODE_LEN);
		memcpy(codes[*count], value, strlen(value));
		*count += 1;
	}
	return CDR_OK;
}

static cdr_err
take_date(const struct cdr_arguments *arguments, const char *option, struct cdr_date *date, struct cdr_fault *fault)
{
	const char *value = cdr_arguments_text(arguments, option);

	if (value == NULL)
		return CDR_OK;
	if (value[0] == '\0') {
		*date = (struct cdr_date){ 0 };
		return CDR_OK;
	}
	cdr_err err = cdr_date_read(value, date, NULL);
	return err == CDR_OK ? CDR_OK : cdr_fault_set(fault, CDR_E_INPUT, "--%s: write 2024-05-12, 2024-05 or 2024", option);
}

static cdr_err
take_options(const struct cdr_arguments *arguments, struct cdr_case *c, struct cdr_fault *fault)
{
	struct cdr_disclosure *d = &c->conduct;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_arguments_copy(arguments, "employee-number", c->employee_number, sizeof(c->employee_number), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "own-reference", c->own_reference, sizeof(c->own_reference), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "given-names", c->person.given_names, sizeof(c->person.given_names), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "family-names", c->person.family_names, sizeof(c->person.family_names), fault));
	CDR_TRY(take_date(arguments, "date-of-birth", &c->person.birth, fault));
	CDR_TRY(take_codes(arguments, "misconduct-type", d->misconduct_type, CDR_DISCLOSURE_TYPE_MAX, &d->misconduct_type_count, fault));
	CDR_TRY(cdr_arguments_copy(arguments, "involved-child", d->involved_child, sizeof(d->involved_child), fault));
	CDR_TRY(take_date(arguments, "committed", &d->committed, fault));
	CDR_TRY(take_date(arguments, "concluded", &d->concluded, fault));
	CDR_TRY(cdr_arguments_copy(arguments, "process-status", d->process_status, sizeof(d->process_status), fault));
	CDR_TRY(take_codes(arguments, "sanction", d->sanction, CDR_DISCLOSURE_SANCTION_MAX, &d->sanction_count, fault));
	CDR_TRY(cdr_arguments_copy(arguments, "referred", d->referred_to_authorities, sizeof(d->referred_to_authorities), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "referred-country", d->referred_country, sizeof(d->referred_country), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "summary", d->factual_summary, sizeof(d->factual_summary), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "country", c->country, sizeof(c->country), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "limit-reason", c->limit_reason, sizeof(c->limit_reason), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "right-of-reply", c->right_of_reply, sizeof(c->right_of_reply), fault));
	err = CDR_OK;
out:
	return err;
}

/* Statements that were given about this person and that somebody waits to hear more of. */
struct watched {
	struct cdr_member *member;
	struct cdr_report *report;
	const struct cdr_case *the_case;
	json_t *list;
};

struct entries {
	struct cdr_inbox_entry entry[256];
	size_t count;
};

static cdr_err
keep_watched(const struct cdr_inbox_entry *entry, void *context)
{
	struct entries *entries = context;

	if ((entry->watch_until >= cdr_member_now() || entry->disputed_at > 0) &&
	    entries->count < sizeof(entries->entry) / sizeof(entries->entry[0]))
		entries->entry[entries->count++] = *entry;
	return CDR_OK;
}

/* Whether a request was about the person of the case. */
static cdr_err
look_at(struct watched *watched, const struct cdr_inbox_entry *entry)
{
	struct cdr_inbox_request *request = NULL;
	char id[CDR_ID_TEXT_LEN];

	cdr_err err = cdr_inbox_read(watched->member, entry->request_id, &request, NULL);
	if (err != CDR_OK)
		return err == CDR_E_ABSENT ? CDR_OK : err;
	for (size_t i = 0; i < request->leaver_count; i++) {
		if (strcmp(request->candidate[i].leaver.employee_number, watched->the_case->employee_number) != 0)
			continue;
		cdr_id_write(entry->request_id, id);
		cdr_report_text(watched->report, "A statement about this person was given to %s, who wants to hear of a later one: candor statement "
		    "supersede %s\n", entry->sender, id);
		(void)json_array_append_new(watched->list, json_string(id));
		break;
	}
	cdr_inbox_request_free(request);
	return CDR_OK;
}

static cdr_err
tell_watched(struct watched *watched)
{
	struct entries *entries = calloc(1, sizeof(*entries));

	if (entries == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_inbox_each(watched->member, "answered", keep_watched, entries);
	for (size_t i = 0; i < entries->count && err == CDR_OK; i++)
		err = look_at(watched, &entries->entry[i]);
	free(entries);
	return err;
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

/* Of a country that the table does not have nothing is held back: whoever enters the case is told. */
static cdr_err
tell_unknown(struct cdr_member *member, const char *country, struct cdr_report *report, bool *known, struct cdr_fault *fault)
{
	struct cdr_legal_limits *limits;

	cdr_err err = cdr_cases_limits(member, &limits, fault);
	*known = err == CDR_OK && cdr_legal_limits_knows(limits, country);
	if (err == CDR_OK && !*known)
		cdr_report_text(report, "The table of legal limits has no entry for %s, so nothing of this case is held back for a law: let counsel say "
		    "whether that is right, and load the table with what they say (`candor settings limits`).\n", country);
	cdr_legal_limits_free(limits);
	return err;
}

/* Add one, or change the one that the operand names. */
static cdr_err
put(const struct cdr_arguments *arguments, bool edit, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t id[CDR_ID_LEN] = { 0 };
	struct cdr_member *member = NULL;
	struct cdr_case *c = calloc(1, sizeof(*c));
	struct watched watched = { .report = report, .the_case = c };

	if (c == NULL)
		return CDR_E_MEMORY;
	if (edit)
		CDR_TRY(cdr_command_operand_id(arguments, 0, id, fault));
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	if (edit) {
		err = cdr_cases_each(member, id, copy_case, c);
		if (err == CDR_E_ABSENT)
			err = cdr_fault_set(fault, err, "there is no case with that id: see `candor case list`");
		CDR_TRY(err);
	} else {
		(void)snprintf(c->country, sizeof(c->country), "%s", member->country);
		(void)snprintf(c->conduct.involved_child, sizeof(c->conduct.involved_child), "unknown");
		(void)snprintf(c->conduct.referred_to_authorities, sizeof(c->conduct.referred_to_authorities), "unknown");
	}
	CDR_TRY(take_options(arguments, c, fault));
	CDR_TRY(cdr_cases_put(member, id, c, fault));
	char text[CDR_ID_TEXT_LEN];
	cdr_id_write(id, text);
	cdr_report_text(report, "%s: %s\n", edit ? "Changed" : "Added", text);
	bool known;
	CDR_TRY(tell_unknown(member, c->country, report, &known, fault));
	watched.member = member;
	watched.list = json_array();
	CDR_TRY(tell_watched(&watched));
	json_t *list = watched.list;
	watched.list = NULL;
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:b, s:o}", "id", text, "limits_known", known, "supersede", list)));
	err = CDR_OK;
out:
	json_decref(watched.list);
	cdr_wipe(c, sizeof(*c));
	free(c);
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_case_add(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	return cdr_arguments_has(arguments, "file") ? cdr_command_with_file(arguments, report, fault) : put(arguments, false, report, fault);
}

/* see node/member/command.h */
cdr_err
cdr_command_case_edit(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	return cdr_arguments_has(arguments, "file") ? cdr_command_with_file(arguments, report, fault) : put(arguments, true, report, fault);
}

/* ---- looking ------------------------------------------------------------------------------------------------------------------- */

struct showing {
	const struct cdr_codebook *codebook;
	const char *language;
	struct cdr_report *report;
	struct cdr_table *table; /* NULL: one case, in full */
	json_t *list;
};

static json_t *
codes_json(const char (*codes)[CDR_CODE_LEN], size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, json_string(codes[i]));
	return list;
}

static json_t *
case_json(const uint8_t *id, const struct cdr_case *c, uint64_t erase_at)
{
	const struct cdr_disclosure *d = &c->conduct;
	json_t *object = json_pack("{s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:o}", "id", cdr_command_json_id(id), "own_reference",
	    c->own_reference, "employee_number", c->employee_number, "given_names", c->person.given_names, "family_names",
	    c->person.family_names, "date_of_birth", cdr_command_json_date(&c->person.birth), "misconduct_type",
	    codes_json((const char (*)[CDR_CODE_LEN])d->misconduct_type, d->misconduct_type_count), "involved_child", d->involved_child,
	    "committed", cdr_command_json_date(&d->committed), "concluded", cdr_command_json_date(&d->concluded));

	(void)json_object_update_new(object, json_pack("{s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "process_status", d->process_status,
	    "sanction", codes_json((const char (*)[CDR_CODE_LEN])d->sanction, d->sanction_count), "referred_to_authorities",
	    d->referred_to_authorities, "referred_country", d->referred_country, "factual_summary", d->factual_summary, "country", c->country,
	    "limit_reason", c->limit_reason, "right_of_reply", c->right_of_reply, "kept_until", cdr_command_json_time(erase_at)));
	return object;
}

static const char *
words(const struct showing *s, const char *list, const char *code)
{
	const char *label = cdr_codebook_label_peek(s->codebook, list, code, s->language);

	return label[0] != '\0' ? label : "-";
}

static cdr_err
show_case(const uint8_t id[static CDR_ID_LEN], const struct cdr_case *c, uint64_t erase_at, void *context)
{
	struct showing *s = context;
	const struct cdr_disclosure *d = &c->conduct;
	char text[CDR_ID_TEXT_LEN];
	json_t *object = case_json(id, c, erase_at), *kept = cdr_command_json_time(erase_at);
	const char *until = json_string_value(kept);

	cdr_id_write(id, text);
	if (s->table != NULL) {
		cdr_table_cell(s->table, "%s", text);
		cdr_table_cell(s->table, "%s", c->employee_number);
		cdr_table_cell(s->table, "%s", words(s, "misconduct_type", d->misconduct_type[0]));
		cdr_table_cell(s->table, "%s", words(s, "process_status", d->process_status));
		cdr_table_cell(s->table, "%.10s", until != NULL ? until : "-");
	} else {
		cdr_report_text(s->report, "%s\n  %s %s, employee number %s\n", text, c->person.given_names, c->person.family_names,
		    c->employee_number);
		for (size_t i = 0; i < d->misconduct_type_count; i++)
			cdr_report_text(s->report, "  %s\n", words(s, "misconduct_type", d->misconduct_type[i]));
		cdr_report_text(s->report, "  %s\n", words(s, "process_status", d->process_status));
		for (size_t i = 0; i < d->sanction_count; i++)
			cdr_report_text(s->report, "  %s\n", words(s, "sanction", d->sanction[i]));
		if (c->limit_reason[0] != '\0')
			cdr_report_text(s->report, "  %s: %s\n", words(s, "legal_limit_reason", NULL), words(s, "legal_limit_reason", c->limit_reason));
		if (d->factual_summary[0] != '\0')
			cdr_report_text(s->report, "  %s\n", d->factual_summary);
		cdr_report_text(s->report, "  Kept until %.10s\n", until != NULL ? until : "it is concluded");
	}
	json_decref(kept);
	return json_array_append_new(s->list, object) == 0 ? CDR_OK : CDR_E_MEMORY;
}

/* see node/member/command.h */
cdr_err
cdr_command_case_list(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	static const char *const titles[] = { "CASE", "EMPLOYEE", "MISCONDUCT", "PROCESS", "KEPT UNTIL" };
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;

	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	struct showing s = { member->codebook, cdr_command_language(arguments), report, cdr_table_new(titles, 5), json_array() };
	err = cdr_cases_each(member, NULL, show_case, &s);
	cdr_table_print(s.table, report);
	if (err == CDR_OK)
		err = cdr_report_json(report, json_pack("{s:o}", "cases", s.list));
	else
		json_decref(s.list);
out:
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_case_show(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	uint8_t id[CDR_ID_LEN];
	struct showing s = { .report = report, .language = cdr_command_language(arguments) };

	CDR_TRY(cdr_command_operand_id(arguments, 0, id, fault));
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	s.codebook = member->codebook;
	s.list = json_array();
	err = cdr_cases_each(member, id, show_case, &s);
	if (err == CDR_E_ABSENT)
		err = cdr_fault_set(fault, err, "there is no case with that id: see `candor case list`");
	CDR_TRY(err);
	CDR_TRY(cdr_report_json(report, json_incref(json_array_get(s.list, 0))));
	err = CDR_OK;
out:
	json_decref(s.list);
	cdr_member_close(member);
	return err;
}

/* ---- legal limits ------------------------------------------------------------------------------------------------------------------ */

/* Print the table, one line a limit. */
static cdr_err
show_limits(const struct cdr_legal_limits *limits, struct cdr_report *report, const struct cdr_codebook *codebook, const char *language)
{
	static const char *const titles[] = { "COUNTRY", "NOT SAID", "REASON", "LAW", "KEPT FOR MONTHS" };
	static const char *const whats[] = { "finding", "ongoing", "left", "summary", "referral" };
	struct cdr_table *table = cdr_table_new(titles, 5);
	json_t *list = json_array();
	const char *country;

	for (size_t at = 0; (country = cdr_legal_limits_country_peek(limits, at)) != NULL; at++)
		for (size_t i = 0; i < 5; i++) {
			const char *reason = cdr_legal_limits_reason_peek(limits, country, whats[i]);
			if (reason == NULL)
				continue;
			const char *basis = cdr_legal_limits_basis_peek(limits, country, whats[i]);
			unsigned months = cdr_legal_limits_retention_months(limits, country);
			cdr_table_cell(table, "%s", country);
			cdr_table_cell(table, "%s", whats[i]);
			cdr_table_cell(table, "%s", cdr_codebook_label_peek(codebook, "legal_limit_reason", reason, language));
			cdr_table_cell(table, "%s", basis);
			cdr_table_cell(table, "%u", months);
			(void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:i}", "country", country, "what", whats[i], "reason", reason,
			    "basis", basis, "retention_months", (int)months));
		}
	cdr_table_print(table, report);
	cdr_report_text(report, "Version %s. %s\n", cdr_legal_limits_version_peek(limits), cdr_legal_limits_notice_peek(limits, language));
	return cdr_report_json(report, json_pack("{s:s, s:s, s:o}", "version", cdr_legal_limits_version_peek(limits), "notice",
	    cdr_legal_limits_notice_peek(limits, language), "limits", list));
}

/* see node/member/command.h */
cdr_err
cdr_command_case_limits(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_legal_limits *limits = NULL;
	struct cdr_buffer file = { 0 };
	const char *path = cdr_arguments_text(arguments, "load");

	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	if (path != NULL) {
		CDR_TRY(cdr_command_read_file(path, CDR_LEGAL_LIMITS_MAX, &file, fault));
		CDR_TRY(cdr_command_name_file(path, cdr_cases_load_limits(member, cdr_buffer_bytes(&file), fault), fault));
	} else if (cdr_arguments_has(arguments, "built-in")) {
		CDR_TRY(cdr_cases_load_limits(member, (struct cdr_bytes){ NULL, 0 }, fault));
	}
	CDR_TRY(cdr_cases_limits(member, &limits, fault));
	CDR_TRY(show_limits(limits, report, member->codebook, cdr_command_language(arguments)));
	err = CDR_OK;
out:
	cdr_legal_limits_free(limits);
	cdr_buffer_free(&file);
	cdr_member_close(member);
	return err;
}
