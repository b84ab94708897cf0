#include "core/record/candidate.h"

#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/file.h"
#include "core/record/pack.h"

#define CANDIDATE_KIND 'C'
#define CANDIDATE_VERSION 1

_Static_assert(CDR_PERSON_PACK_MAX + CDR_REFERENCE_LEN + CDR_DECLARED_MAX * (CDR_MEMBER_ID_LEN + 1) + 3 * CDR_CODE_LEN + 32 <=
    CDR_CANDIDATE_PACK_MAX, "a candidate fits into its packed form");

/* ---- rows of a file -------------------------------------------------------------------------------------------- */

enum column {
	REFERENCE = 0,
	PERSON,
	DECLARED_EMPLOYERS = PERSON + CDR_PERSON_COLUMN_COUNT,
	POSITION_CATEGORY,
	LEGAL_BASIS,
	CANDIDATE_NOTIFIED,
	NOTIFIED_ON,
	COLUMN_COUNT
};

static const struct cdr_csv_column columns[COLUMN_COUNT] = {
	{ "reference", "ref id candidate_id application_number", 0 },
	CDR_PERSON_COLUMNS,
	{ "declared_employers", "employers former_employers previous_employers declared", 0 },
	{ "position_category", "position category", 0 },
	{ "legal_basis", "lawful_basis basis", 3 },
	{ "candidate_notified", "notified notice", 4 },
	{ "notified_on", "notice_date notified_date date_notified", 0 },
};

static bool
is_declared(const struct cdr_candidate *candidate, const char *member)
{
	for (size_t i = 0; i < candidate->declared_count; i++)
		if (strcmp(candidate->declared_employers[i], member) == 0)
			return true;
	return false;
}

static void
read_declared(struct cdr_row *row, struct cdr_candidate *candidate)
{
	char member[CDR_REPORT_COLUMN_LEN];

	for (size_t i = 0; cdr_row_part(row, DECLARED_EMPLOYERS, i, member, sizeof(member)); i++) {
		if (member[0] == '\0')
			continue;
		if (!cdr_member_id_valid(member)) {
			cdr_row_fault(row, DECLARED_EMPLOYERS, "not a member id", "write ids such as member-a: 2 to 32 of a-z, 0-9 and '-', separated by ';'");
		} else if (is_declared(candidate, member)) {
			cdr_row_fault(row, DECLARED_EMPLOYERS, "one employer is named twice", "name each once");
		} else if (candidate->declared_count == CDR_DECLARED_MAX) {
			cdr_row_fault(row, DECLARED_EMPLOYERS, "more than 16 employers", "keep 16");
			break;
		} else {
			memcpy(candidate->declared_employers[candidate->declared_count++], member, strlen(member));
		}
	}
	cdr_wipe(member, sizeof(member));
}

/* A code without which no check may be opened. */
static void
read_needed_code(struct cdr_row *row, size_t column, const char *list, char code[static CDR_CODE_LEN], const char *advice)
{
	bool was_bad = row->bad;

	row->bad = false;
	cdr_row_code(row, column, list, code);
	if (code[0] == '\0' && !row->bad)
		cdr_row_fault(row, column, "empty, and no check may be opened without it", advice);
	row->bad = row->bad || was_bad;
}

static void
read_candidate(struct cdr_row *row, void *record)
{
	struct cdr_candidate *candidate = record;
	bool is_told, has_date;

	cdr_row_text(row, REFERENCE, candidate->reference, sizeof(candidate->reference));
	cdr_row_person(row, PERSON, &candidate->person);
	read_declared(row, candidate);
	cdr_row_code(row, POSITION_CATEGORY, "position_category", candidate->position_category);
	read_needed_code(row, LEGAL_BASIS, "legal_basis", candidate->legal_basis,
	    "write what allows you to ask, such as legitimate_interest, legal_obligation or consent");
	read_needed_code(row, CANDIDATE_NOTIFIED, "candidate_notified", candidate->candidate_notified,
	    "tell the candidate first, then write how: job_advert, application_form, separate_notice or signed_declaration");
	has_date = cdr_row_date(row, NOTIFIED_ON, &candidate->notified_on);
	is_told = candidate->candidate_notified[0] != '\0';
	if (is_told && !has_date)
		cdr_row_note(row, NOTIFIED_ON, "not known when the candidate was told", "fill in notified_on");
}

/* One reference is one candidate; a candidate without one is like no other. */
static cdr_err
identify_candidate(const void *record, uint8_t key[static CDR_SHA256_LEN], uint8_t digest[static CDR_SHA256_LEN])
{
	const struct cdr_candidate *candidate = record;
	uint8_t packed[CDR_CANDIDATE_PACK_MAX];
	size_t len;
	cdr_err err = CDR_E_INTERNAL;

	memset(key, 0, CDR_SHA256_LEN);
	CDR_TRY(cdr_candidate_pack(candidate, packed, &len));
	CDR_TRY(cdr_sha256(&(struct cdr_bytes) { packed, len }, 1, digest));
	if (candidate->reference[0] != '\0')
		CDR_TRY(cdr_sha256(&(struct cdr_bytes) { (const uint8_t *)candidate->reference, strlen(candidate->reference) }, 1, key));
out:
	cdr_wipe(packed, sizeof(packed));
	return err;
}

static bool
is_old(struct cdr_row *row, const void *record)
{
	(void)row;
	(void)record;
	return false;
}

static const struct cdr_record_file_kind kind = {
	.columns = columns,
	.column_count = COLUMN_COUNT,
	.file_max = CDR_CANDIDATE_FILE_MAX,
	.record_len = sizeof(struct cdr_candidate),
	.same_key = "the same reference",
	.same_key_advice = "give each candidate a reference of their own",
	.read = read_candidate,
	.identify = identify_candidate,
	.is_old = is_old,
};

/* A struct cdr_candidate_file is nowhere defined: it is the common reader under a name of its own. */

/* see core/record/candidate.h */
cdr_err
cdr_candidate_file_new(struct cdr_bytes bytes, const struct cdr_record_rules *rules, struct cdr_candidate_file **reader,
    struct cdr_fault *fault)
{
	struct cdr_record_file *file;
	cdr_err err = cdr_record_file_new(bytes, &kind, rules, &file, fault);

	*reader = (struct cdr_candidate_file *)file;
	return err;
}

/* see core/record/candidate.h */
void
cdr_candidate_file_free(struct cdr_candidate_file *reader)
{
	cdr_record_file_free((struct cdr_record_file *)reader);
}

/* see core/record/candidate.h */
cdr_err
cdr_candidate_file_next(struct cdr_candidate_file *reader, struct cdr_candidate *candidate, struct cdr_fault *fault)
{
	return cdr_record_file_next((struct cdr_record_file *)reader, candidate, fault);
}

/* see core/record/candidate.h */
const struct cdr_row_report *
cdr_candidate_file_report_peek(const struct cdr_candidate_file *reader)
{
	return cdr_record_file_report_peek((const struct cdr_record_file *)reader);
}

/* see core/record/candidate.h */
size_t
cdr_candidate_file_line(const struct cdr_candidate_file *reader)
{
	return cdr_record_file_line((const struct cdr_record_file *)reader);
}

/* see core/record/candidate.h */
size_t
cdr_candidate_file_offset(const struct cdr_candidate_file *reader)
{
	return cdr_record_file_offset((const struct cdr_record_file *)reader);
}

/* ---- one candidate --------------------------------------------------------------------------------------------- */

/* see core/record/candidate.h */
cdr_err
cdr_candidate_pack(const struct cdr_candidate *candidate, uint8_t out[static CDR_CANDIDATE_PACK_MAX], size_t *len)
{
	struct cdr_pack pack = { .data = out, .size = CDR_CANDIDATE_PACK_MAX };

	if (candidate->declared_count > CDR_DECLARED_MAX)
		pack.err = CDR_E_RANGE;
	cdr_pack_byte(&pack, CANDIDATE_KIND);
	cdr_pack_byte(&pack, CANDIDATE_VERSION);
	cdr_pack_text(&pack, candidate->reference);
	cdr_pack_person(&pack, &candidate->person);
	cdr_pack_byte(&pack, (uint8_t)candidate->declared_count);
	for (size_t i = 0; pack.err == CDR_OK && i < candidate->declared_count; i++)
		cdr_pack_text(&pack, candidate->declared_employers[i]);
	cdr_pack_text(&pack, candidate->position_category);
	cdr_pack_text(&pack, candidate->legal_basis);
	cdr_pack_text(&pack, candidate->candidate_notified);
	cdr_pack_date(&pack, &candidate->notified_on);
	*len = pack.err == CDR_OK ? pack.len : 0;
	if (pack.err != CDR_OK)
		cdr_wipe(out, CDR_CANDIDATE_PACK_MAX);
	return pack.err;
}

/* see core/record/candidate.h */
cdr_err
cdr_candidate_unpack(struct cdr_bytes in, struct cdr_candidate *candidate)
{
	struct cdr_unpack unpack = { .left = in };

	memset(candidate, 0, sizeof(*candidate));
	if (cdr_unpack_byte(&unpack) != CANDIDATE_KIND || cdr_unpack_byte(&unpack) != CANDIDATE_VERSION)
		unpack.err = CDR_E_INPUT;
	cdr_unpack_text(&unpack, candidate->reference, sizeof(candidate->reference));
	cdr_unpack_person(&unpack, &candidate->person);
	candidate->declared_count = cdr_unpack_count(&unpack, CDR_DECLARED_MAX);
	for (size_t i = 0; i < candidate->declared_count; i++) {
		char *member = candidate->declared_employers[i];
		cdr_unpack_text(&unpack, member, CDR_MEMBER_ID_LEN);
		if (!cdr_member_id_valid(member))
			unpack.err = CDR_E_INPUT;
	}
	cdr_unpack_text(&unpack, candidate->position_category, sizeof(candidate->position_category));
	cdr_unpack_text(&unpack, candidate->legal_basis, sizeof(candidate->legal_basis));
	cdr_unpack_text(&unpack, candidate->candidate_notified, sizeof(candidate->candidate_notified));
	cdr_unpack_date(&unpack, &candidate->notified_on);
	cdr_err err = cdr_unpack_end(&unpack);
	if (err != CDR_OK)
		cdr_wipe(candidate, sizeof(*candidate));
	return err;
}
