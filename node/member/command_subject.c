#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "node/member/check.h"
#include "node/member/check_life.h"
#include "node/member/command.h"
#include "node/member/command_fields.h"
#include "node/member/leavers.h"
#include "node/member/subject.h"

/* subject access, subject rectify, subject erase. */

#define ERASE_MAX 64

/* ---- a file of one row --------------------------------------------------------------------------------------------------------- */

/* Columns that say who somebody is: those of a leavers file and of a candidates file alike. */
static const struct {
	const char *option, *column;
} identity[] = {
	{ "given-names", "given_names" }, { "family-names", "family_names" }, { "other-names", "other_names" },
	{ "native-name", "native_name" }, { "date-of-birth", "date_of_birth" }, { "gender", "gender" },
	{ "document-type", "document_type" }, { "document-country", "document_country" }, { "document-number", "document_number" },
	{ "email", "email" }, { "phone", "phone" },
};
#define IDENTITY_COUNT (sizeof(identity) / sizeof(identity[0]))

/* A row that grows: names above, values below. Personal. */
struct row {
	char head[512], values[16384];
	size_t head_len, values_len;
	bool overflow;
};

/* One value in quotes, which are doubled inside (RFC 4180 sec. 2). */
static void
add(struct row *row, const char *column, const char *value)
{
	size_t need = 2 * strlen(value) + 4, name = strlen(column);

	if (row->head_len + name + 2 > sizeof(row->head) || row->values_len + need > sizeof(row->values)) {
		row->overflow = true;
		return;
	}
	if (row->head_len > 0) {
		row->head[row->head_len++] = ',';
		row->values[row->values_len++] = ',';
	}
	memcpy(row->head + row->head_len, column, name);
	row->head_len += name;
	row->values[row->values_len++] = '"';
	for (; *value != '\0'; value++) {
		if (*value == '"')
			row->values[row->values_len++] = '"';
		row->values[row->values_len++] = *value;
	}
	row->values[row->values_len++] = '"';
}

static void
add_date(struct row *row, const char *column, const struct cdr_date *date)
{
	char text[CDR_DATE_TEXT_LEN] = "";

	if (cdr_date_write(date, text) != CDR_OK)
		row->overflow = true;
	add(row, column, text[0] == '\0' && strcmp(column, "date_of_birth") == 0 ? "unknown" : text);
}

/* The parts of several values in one field, separated by ';'. */
static void
join(char *out, size_t size, const char *part)
{
	size_t len = strlen(out);

	(void)snprintf(out + len, size - len, "%s%s", len > 0 ? ";" : "", part);
}

/* What an option says, or else what is known. */
static void
add_or(struct row *row, const struct cdr_arguments *arguments, const char *option, const char *column, const char *known)
{
	const char *correct = cdr_arguments_text(arguments, option);

	add(row, column, correct != NULL ? correct : known);
}

/* What is known of the person, with what the options correct. */
static void
add_person(struct row *row, const struct cdr_person *p, const struct cdr_arguments *arguments)
{
	char birth[CDR_DATE_TEXT_LEN] = "", type[512] = "", country[128] = "", number[1024] = "";

	for (size_t i = 0; i < p->document_count; i++) {
		join(type, sizeof(type), p->document[i].type);
		join(country, sizeof(country), p->document[i].country);
		join(number, sizeof(number), p->document[i].number);
	}
	if (cdr_date_write(&p->birth, birth) != CDR_OK || birth[0] == '\0')
		(void)snprintf(birth, sizeof(birth), "unknown");
	const char *known[IDENTITY_COUNT] = { p->given_names, p->family_names, p->other_names, p->native_name, birth, p->gender, type, country,
		number, p->email, p->phone };
	for (size_t i = 0; i < IDENTITY_COUNT; i++)
		add_or(row, arguments, identity[i].option, identity[i].column, known[i]);
	char nationality[64] = "";
	for (size_t i = 0; i < CDR_NATIONALITY_COUNT_MAX && p->nationality[i][0] != '\0'; i++)
		join(nationality, sizeof(nationality), p->nationality[i]);
	add_or(row, arguments, "nationality", "nationality", nationality);
}

/* Head and values as a file. */
static cdr_err
finish(const struct row *row, struct cdr_buffer *file)
{
	if (row->overflow)
		return CDR_E_RANGE;
	*file = (struct cdr_buffer){ malloc(row->head_len + row->values_len + 2), 0 };
	if (file->data == NULL)
		return CDR_E_MEMORY;
	memcpy(file->data, row->head, row->head_len);
	file->data[row->head_len] = '\n';
	memcpy(file->data + row->head_len + 1, row->values, row->values_len);
	file->data[row->head_len + 1 + row->values_len] = '\n';
	file->len = row->head_len + row->values_len + 2;
	return CDR_OK;
}

/* ---- access ------------------------------------------------------------------------------------------------------------------------ */

/* Whom the options name: read by the one reader of candidates. */
static cdr_err
read_person(const struct cdr_arguments *arguments, struct cdr_member *member, struct cdr_person *person, struct cdr_report *report,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct row *row = calloc(1, sizeof(*row));
	struct cdr_buffer file = { 0 };
	struct cdr_record_rules rules;
	struct cdr_candidate_file *reader = NULL;
	struct cdr_candidate *candidate = calloc(1, sizeof(*candidate));

	if (row == NULL || candidate == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	for (size_t i = 0; i < IDENTITY_COUNT; i++) {
		const char *value = cdr_arguments_text(arguments, identity[i].option);
		add(row, identity[i].column, value != NULL ? value : "");
	}
	/* A row of candidates says why it is there; nothing of that is looked at here. */
	add(row, "legal_basis", "legal_obligation");
	add(row, "candidate_notified", "separate_notice");
	CDR_TRY(finish(row, &file));
	cdr_member_rules(member, &rules);
	CDR_TRY(cdr_candidate_file_new(cdr_buffer_bytes(&file), &rules, &reader, fault));
	err = cdr_candidate_file_next(reader, candidate, fault);
	if (err == CDR_E_ABSENT) {
		CDR_TRY(cdr_command_show_rows(report, NULL, cdr_candidate_file_report_peek(reader), true));
		err = cdr_fault_set(fault, CDR_E_INPUT, "who is it? Give names and date_of_birth at least, in --file");
	}
	if (err == CDR_OK)
		*person = candidate->person;
out:
	cdr_candidate_file_free(reader);
	cdr_buffer_free(&file);
	if (row != NULL)
		cdr_wipe(row, sizeof(*row));
	if (candidate != NULL)
		cdr_wipe(candidate, sizeof(*candidate));
	free(row);
	free(candidate);
	return err;
}

static cdr_err
keep_person(const struct cdr_check *check, void *context)
{
	memcpy(context, &check->candidate.person, sizeof(check->candidate.person));
	return CDR_OK;
}

/* Whom a check is about; without its reference, whom the options name. */
static cdr_err
find_person(const struct cdr_arguments *arguments, struct cdr_member *member, struct cdr_person *person, struct cdr_report *report,
    struct cdr_fault *fault)
{
	const char *reference = cdr_arguments_operand(arguments, 0);

	if (reference == NULL)
		return read_person(arguments, member, person, report, fault);
	cdr_err err = cdr_check_each(member, reference, keep_person, person);
	if (err == CDR_E_ABSENT)
		err = cdr_fault_set(fault, err, "there is no check with the reference %.64s: see `candor check list`", reference);
	return err;
}

struct access {
	struct cdr_report *report;
	const struct cdr_arguments *arguments;
	const char *language;
	json_t *list;
};

/* What the record says, as JSON; documents and contact too: the person has a right to all of it. */
static json_t *
record_json(const struct cdr_subject_record *r)
{
	json_t *documents = json_array(), *object;

	for (size_t i = 0; i < r->person->document_count; i++)
		(void)json_array_append_new(documents, json_pack("{s:s, s:s, s:s}", "type", r->person->document[i].type, "country",
		    r->person->document[i].country, "number", r->person->document[i].number));
	object = json_pack("{s:s, s:o, s:b, s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:o}", "kind", cdr_subject_kind_name(r->kind), "id",
	    cdr_command_json_id(r->id), "on_hold", r->held, "given_names", r->person->given_names, "family_names", r->person->family_names,
	    "other_names", r->person->other_names, "native_name", r->person->native_name, "date_of_birth",
	    cdr_command_json_date(&r->person->birth), "gender", r->person->gender, "email", r->person->email, "phone", r->person->phone,
	    "documents", documents);
	if (r->leaver != NULL)
		(void)json_object_update_new(object, json_pack("{s:s, s:s, s:s, s:o, s:o, s:s}", "employee_number", r->leaver->employee_number,
		    "position", r->leaver->position, "country", r->leaver->country, "from", cdr_command_json_date(&r->leaver->from), "to",
		    cdr_command_json_date(&r->leaver->to), "engagement_type", r->leaver->engagement_type));
	if (r->candidate != NULL)
		(void)json_object_update_new(object, json_pack("{s:s, s:s, s:s, s:s}", "reference", r->candidate->reference,
		    "position_category", r->candidate->position_category, "legal_basis", r->candidate->legal_basis, "candidate_notified",
		    r->candidate->candidate_notified));
	if (r->kind == CDR_SUBJECT_REQUEST)
		(void)json_object_set_new(object, "asked_by", json_string(r->from));
	return object;
}

static cdr_err
show_record(const struct cdr_subject_record *r, void *context)
{
	struct access *access = context;
	char id[CDR_ID_TEXT_LEN], birth[CDR_DATE_TEXT_LEN] = "", *explanation = calloc(1, CDR_COMPARE_EXPLAIN_LEN);

	if (explanation == NULL)
		return CDR_E_MEMORY;
	cdr_id_write(r->id, id);
	cdr_err err = cdr_date_write(&r->person->birth, birth);
	if (err == CDR_OK && r->comparison != NULL)
		err = cdr_compare_explain(r->comparison, access->language, explanation, CDR_COMPARE_EXPLAIN_LEN);
	if (err == CDR_OK) {
		cdr_report_text(access->report, "%s %s%s\n  %s %s, born %s%s%s%s%s\n  %s\n", cdr_subject_kind_name(r->kind), id,
		    r->held ? " (on hold)" : "", r->person->given_names, r->person->family_names, birth[0] != '\0' ? birth : "on an unknown day",
		    r->candidate != NULL ? "; reference " : "", r->candidate != NULL ? r->candidate->reference : "",
		    r->kind == CDR_SUBJECT_REQUEST ? "; asked by " : "", r->kind == CDR_SUBJECT_REQUEST ? r->from : "", explanation);
		err = json_array_append_new(access->list, record_json(r)) == 0 ? CDR_OK : CDR_E_MEMORY;
	}
	cdr_wipe(explanation, CDR_COMPARE_EXPLAIN_LEN);
	free(explanation);
	return err;
}

/* Who was asked about a check outside the exchange, and what came of it. */
static cdr_err
add_guests(struct access *access, struct cdr_member *member)
{
	uint8_t id[CDR_ID_LEN];
	size_t at, number;
	json_t *record, *guests, *guest;

	json_array_foreach(access->list, at, record) {
		const char *kind = json_string_value(json_object_get(record, "kind")), *text = json_string_value(json_object_get(record, "id"));
		if (kind == NULL || text == NULL || strcmp(kind, cdr_subject_kind_name(CDR_SUBJECT_CHECK)) != 0 || cdr_id_read(text, id) != CDR_OK)
			continue;
		cdr_err err = cdr_command_guests_json(member, id, &guests);
		(void)json_object_set_new(record, "guests", guests);
		if (err != CDR_OK)
			return err;
		for (number = 0; (guest = json_array_get(guests, number)) != NULL; number++)
			cdr_report_text(access->report, "check %s: %s, which is no member, was asked too: %s\n", text,
			    json_string_value(json_object_get(guest, "employer")),
			    cdr_codebook_label_peek(member->codebook, "check_status", json_string_value(json_object_get(guest, "status")), access->language));
	}
	return CDR_OK;
}

static cdr_err
tell_access(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_person *person = calloc(1, sizeof(*person));
	struct access access = { .report = report, .arguments = arguments, .language = cdr_command_language(arguments) };

	if (person == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(find_person(arguments, member, person, report, fault));
	CDR_TRY(cdr_command_note(member, "subject.access", NULL));
	access.list = json_array();
	err = cdr_subject_find(member, person, show_record, &access);
	if (err == CDR_E_INPUT)
		err = cdr_fault_set(fault, err, "these names cannot be compared: are they names?");
	CDR_TRY(err);
	CDR_TRY(add_guests(&access, member));
	if (json_array_size(access.list) == 0)
		cdr_report_text(report, "Nothing is held here that may be about this person. Look into older files and other spellings too.\n");
	else
		cdr_report_text(report, "A person decides which of these is the one who asks. `candor check show REFERENCE` and `candor inbox show ID` "
					"show what was said.\n");
	json_t *list = access.list;
	access.list = NULL;
	CDR_TRY(cdr_report_json(report, json_pack("{s:o}", "records", list)));
	err = CDR_OK;
out:
	json_decref(access.list);
	cdr_wipe(person, sizeof(*person));
	free(person);
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_subject_access(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	if (cdr_arguments_has(arguments, "file") && cdr_arguments_operand(arguments, 0) != NULL)
		return cdr_fault_set(fault, CDR_E_INPUT, "give a REFERENCE or --file, not both");
	return cdr_arguments_has(arguments, "file") ? cdr_command_with_file(arguments, report, fault) : tell_access(arguments, report, fault);
}

/* ---- erase --------------------------------------------------------------------------------------------------------------------------- */

/* see node/member/command.h */
cdr_err
cdr_command_subject_erase(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	uint8_t ids[ERASE_MAX][CDR_ID_LEN];
	size_t count = cdr_arguments_operand_count(arguments);
	bool scrubbed;

	if (count > ERASE_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "at most %d records at once", ERASE_MAX);
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	for (size_t i = 0; i < count; i++)
		CDR_TRY(cdr_command_operand_record(arguments, i, member, ids[i], fault));
	CDR_TRY(cdr_subject_erase(member, (const uint8_t (*)[CDR_ID_LEN])ids, count, fault));
	cdr_report_text(report, "Erased: %zu. Employers that hold a request about it are told to forget it; the index follows while "
				"`candor serve` runs.\n", count);
	CDR_TRY(cdr_command_tell_scrub(member, report, &scrubbed));
	CDR_TRY(cdr_report_json(report, json_pack("{s:I, s:b}", "erased", (json_int_t)count, "scrubbed", scrubbed)));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}

/* ---- rectify ------------------------------------------------------------------------------------------------------------------------- */

/* A record with its corrections, as a file of one row. Personal. */
struct correction {
	const struct cdr_arguments *arguments;
	enum cdr_subject_kind kind;
	struct cdr_buffer file;
};

static void
add_leaver(struct row *row, const struct cdr_leaver *l)
{
	add(row, "employee_number", l->employee_number);
	add(row, "position", l->position);
	add(row, "country", l->country);
	add_date(row, "from", &l->from);
	add_date(row, "to", &l->to);
	add(row, "engagement_type", l->engagement_type);
}

static void
add_candidate(struct row *row, const struct cdr_candidate *c, const struct cdr_arguments *arguments)
{
	char declared[CDR_DECLARED_MAX * (CDR_MEMBER_ID_LEN + 1)] = "", notified[CDR_DATE_TEXT_LEN] = "";

	for (size_t i = 0; i < c->declared_count; i++)
		join(declared, sizeof(declared), c->declared_employers[i]);
	if (cdr_date_write(&c->notified_on, notified) != CDR_OK)
		row->overflow = true;
	add_or(row, arguments, "declared-employers", "declared_employers", declared);
	add_or(row, arguments, "position-category", "position_category", c->position_category);
	add_or(row, arguments, "legal-basis", "legal_basis", c->legal_basis);
	add_or(row, arguments, "candidate-notified", "candidate_notified", c->candidate_notified);
	add_or(row, arguments, "notified-on", "notified_on", notified);
}

/* see node/member/command.h */
cdr_err
cdr_command_candidate_row(const struct cdr_candidate *candidate, const struct cdr_arguments *arguments, struct cdr_buffer *file)
{
	struct row *row = calloc(1, sizeof(*row));

	*file = (struct cdr_buffer){ 0 };
	if (row == NULL)
		return CDR_E_MEMORY;
	add_person(row, &candidate->person, arguments);
	add_candidate(row, candidate, arguments);
	cdr_err err = finish(row, file);
	cdr_wipe(row, sizeof(*row));
	free(row);
	return err;
}

static cdr_err
correct(const struct cdr_subject_record *r, void *context)
{
	struct correction *correction = context;
	struct row *row = calloc(1, sizeof(*row));

	if (row == NULL)
		return CDR_E_MEMORY;
	correction->kind = r->kind;
	add_person(row, r->person, correction->arguments);
	if (r->leaver != NULL)
		add_leaver(row, r->leaver);
	if (r->candidate != NULL)
		add_candidate(row, r->candidate, correction->arguments);
	cdr_err err = finish(row, &correction->file);
	cdr_wipe(row, sizeof(*row));
	free(row);
	return err;
}

/* The corrected row is imported like any other, in the place of the old one. */
static cdr_err
rectify_leaver(struct cdr_member *member, const struct correction *correction, const uint8_t *id, struct cdr_report *report,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_record_rules rules;
	struct cdr_leaver_file *reader = NULL;
	struct cdr_leavers_outcome outcome;
	const struct cdr_leavers_options options = { .partial = true, .replaces = id };

	cdr_member_rules(member, &rules);
	CDR_TRY(cdr_leaver_file_new(cdr_buffer_bytes(&correction->file), &rules, &reader, fault));
	err = cdr_leavers_import(member, reader, &options, &outcome, fault);
	if (err == CDR_E_INPUT)
		(void)!cdr_command_show_rows(report, NULL, cdr_leaver_file_report_peek(reader), true);
	CDR_TRY(err);
	cdr_report_text(report, "Corrected here and in the index. Correct it in the file that you import too, or the next import undoes it.\n");
	err = cdr_report_json(report, json_pack("{s:s}", "kind", "leaver"));
out:
	cdr_leaver_file_free(reader);
	return err;
}

/* A check is opened anew with what is right, under a reference of its own; then the one with what was wrong is withdrawn. */
static cdr_err
rectify_check(struct cdr_member *member, const struct correction *correction, const uint8_t *id, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_record_rules rules;
	struct cdr_candidate_file *reader = NULL;
	struct cdr_candidate *candidate = calloc(1, sizeof(*candidate));

	if (candidate == NULL)
		return CDR_E_MEMORY;
	cdr_member_rules(member, &rules);
	CDR_TRY(cdr_candidate_file_new(cdr_buffer_bytes(&correction->file), &rules, &reader, fault));
	err = cdr_candidate_file_next(reader, candidate, fault);
	if (err == CDR_E_ABSENT) {
		(void)!cdr_command_show_rows(report, NULL, cdr_candidate_file_report_peek(reader), true);
		err = cdr_fault_set(fault, CDR_E_INPUT, "what was given cannot be taken, so nothing was changed");
	}
	CDR_TRY(err);
	CDR_TRY(cdr_check_rectify(member, id, candidate, fault));
	cdr_report_text(report, "Opened anew as %s; the check with what was wrong is withdrawn.\n", candidate->reference);
	err = cdr_report_json(report, json_pack("{s:s, s:s}", "kind", "check", "reference", candidate->reference));
out:
	cdr_candidate_file_free(reader);
	cdr_wipe(candidate, sizeof(*candidate));
	free(candidate);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_subject_rectify(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	uint8_t id[CDR_ID_LEN];
	struct correction correction = { .arguments = arguments };

	if (cdr_arguments_has(arguments, "file"))
		return cdr_command_with_file(arguments, report, fault);
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_command_operand_record(arguments, 0, member, id, fault));
	err = cdr_subject_read(member, id, correct, &correction);
	if (err == CDR_E_ABSENT)
		err = cdr_fault_set(fault, err, "there is no record with that id: see `candor subject access`");
	CDR_TRY(err);
	if (correction.kind == CDR_SUBJECT_LEAVER)
		CDR_TRY(rectify_leaver(member, &correction, id, report, fault));
	else if (correction.kind == CDR_SUBJECT_CHECK)
		CDR_TRY(rectify_check(member, &correction, id, report, fault));
	else
		err = cdr_fault_set(fault, CDR_E_REFUSED, correction.kind == CDR_SUBJECT_CASE ? "a case is corrected with `candor case edit`" :
			"a request of others is corrected by whoever sent it: tell them");
out:
	cdr_buffer_free(&correction.file);
	cdr_member_close(member);
	return err;
}
