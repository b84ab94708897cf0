#include "core/record/leaver.h"

#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "core/record/file.h"
#include "core/record/pack.h"
#include "core/record/period.h"
#include "core/record/text.h"

#define LEAVER_KIND 'L'
#define LEAVER_VERSION 1
#define KEY_VERSION 1

_Static_assert(CDR_PERSON_PACK_MAX + CDR_EMPLOYEE_NUMBER_LEN + CDR_POSITION_LEN + CDR_COUNTRY_LEN + CDR_CODE_LEN + 32 <=
    CDR_LEAVER_PACK_MAX, "a leaver fits into its packed form");

/* ---- rows of a file -------------------------------------------------------------------------------------------- */

enum column {
	EMPLOYEE_NUMBER = 0,
	PERSON,
	POSITION = PERSON + CDR_PERSON_COLUMN_COUNT,
	COUNTRY,
	FROM,
	TO,
	ENGAGEMENT_TYPE,
	COLUMN_COUNT
};

static const struct cdr_csv_column columns[COLUMN_COUNT] = {
	{ "employee_number", "employee_id staff_number staff_id personnel_number matricule", 0 },
	CDR_PERSON_COLUMNS,
	{ "position", "job_title title post function role poste puesto", 0 },
	{ "country", "duty_country duty_station country_of_duty pays pais", 0 },
	{ "from", "start start_date date_from hired hire_date", 0 },
	{ "to", "end end_date date_to left leaving_date termination_date", 0 },
	{ "engagement_type", "contract_type employment_type engagement", 0 },
};

static void
read_leaver(struct cdr_row *row, void *record)
{
	struct cdr_leaver *leaver = record;

	cdr_row_text(row, EMPLOYEE_NUMBER, leaver->employee_number, sizeof(leaver->employee_number));
	cdr_row_person(row, PERSON, &leaver->person);
	cdr_row_text(row, POSITION, leaver->position, sizeof(leaver->position));
	cdr_row_country(row, COUNTRY, leaver->country);
	(void)cdr_row_date(row, FROM, &leaver->from);
	(void)cdr_row_date(row, TO, &leaver->to);
	cdr_row_code(row, ENGAGEMENT_TYPE, "engagement_type", leaver->engagement_type);

	if (cdr_period_reversed(&leaver->from, &leaver->to))
		cdr_row_fault(row, TO, "before from", "correct one of the two");
	if (cdr_period_reversed(&leaver->person.birth, &leaver->from))
		cdr_row_fault(row, FROM, "before date_of_birth", "correct one of the two");
}

static cdr_err
identify_leaver(const void *record, uint8_t key[static CDR_SHA256_LEN], uint8_t digest[static CDR_SHA256_LEN])
{
	cdr_err err = cdr_leaver_key(record, key);

	return err == CDR_OK ? cdr_leaver_digest(record, digest) : err;
}

/* The look-back counts to the last day on which somebody may have left. */
static bool
is_old(struct cdr_row *row, const void *record)
{
	const struct cdr_leaver *leaver = record;

	if (leaver->to.precision == CDR_PRECISION_UNKNOWN) {
		/* Where the file has no such column, once is enough. */
		if (cdr_csv_has(row->csv, TO) || row->report->good_count == 0)
			cdr_row_note(row, TO, "not known when this person left: kept for the whole look-back from the first import on",
			    "fill in to, so that the entry ends in time");
		return false;
	}
	if (row->rules->lookback_years == 0 || cdr_period_last(&leaver->to) >= cdr_period_lookback(row->rules))
		return false;
	cdr_row_note(row, TO, "left before the look-back: not in the index", "");
	return true;
}

static const struct cdr_record_file_kind kind = {
	.columns = columns,
	.column_count = COLUMN_COUNT,
	.file_max = CDR_LEAVER_FILE_MAX,
	.record_len = sizeof(struct cdr_leaver),
	.same_key = "the same person (employee_number, or else names and date_of_birth) with the same from",
	.same_key_advice = "take one of them out; two engagements differ in from, two people in employee_number",
	.read = read_leaver,
	.identify = identify_leaver,
	.is_old = is_old,
};

/* Candidates taken for leavers would tell every member that they had worked here. */
static bool
is_of_candidates(const struct cdr_row_report *report)
{
	for (size_t i = 0; i < report->notes.listed_count; i++)
		if (strcmp(report->notes.lines[i].column_name, "legal_basis") == 0)
			return true;
	return false;
}

/* A struct cdr_leaver_file is nowhere defined: it is the common reader under a name of its own. */

/* see core/record/leaver.h */
cdr_err
cdr_leaver_file_new(struct cdr_bytes bytes, const struct cdr_record_rules *rules, struct cdr_leaver_file **reader,
    struct cdr_fault *fault)
{
	struct cdr_record_file *file;
	cdr_err err = cdr_record_file_new(bytes, &kind, rules, &file, fault);

	if (err == CDR_OK && is_of_candidates(cdr_record_file_report_peek(file))) {
		cdr_record_file_free(file);
		file = NULL;
		err = cdr_fault_set(fault, CDR_E_REFUSED, "this is a file of candidates: it has the column legal_basis. Take a file of "
		    "those who left");
	}
	*reader = (struct cdr_leaver_file *)file;
	return err;
}

/* see core/record/leaver.h */
void
cdr_leaver_file_free(struct cdr_leaver_file *reader)
{
	cdr_record_file_free((struct cdr_record_file *)reader);
}

/* see core/record/leaver.h */
cdr_err
cdr_leaver_file_next(struct cdr_leaver_file *reader, struct cdr_leaver *leaver, struct cdr_fault *fault)
{
	return cdr_record_file_next((struct cdr_record_file *)reader, leaver, fault);
}

/* see core/record/leaver.h */
const struct cdr_row_report *
cdr_leaver_file_report_peek(const struct cdr_leaver_file *reader)
{
	return cdr_record_file_report_peek((const struct cdr_record_file *)reader);
}

/* see core/record/leaver.h */
size_t
cdr_leaver_file_line(const struct cdr_leaver_file *reader)
{
	return cdr_record_file_line((const struct cdr_record_file *)reader);
}

/* see core/record/leaver.h */
size_t
cdr_leaver_file_offset(const struct cdr_leaver_file *reader)
{
	return cdr_record_file_offset((const struct cdr_record_file *)reader);
}

/* ---- one leaver ------------------------------------------------------------------------------------------------ */

/* A name without regard to case. */
static void
pack_folded(struct cdr_pack *pack, const char *name)
{
	char folded[4 * CDR_NAME_LEN];

	if (cdr_text_fold(name, folded, sizeof(folded)) != CDR_OK)
		pack->err = CDR_E_INPUT;
	cdr_pack_text(pack, folded);
	cdr_wipe(folded, sizeof(folded));
}

/* see core/record/leaver.h */
cdr_err
cdr_leaver_key(const struct cdr_leaver *leaver, uint8_t key[static CDR_LEAVER_KEY_LEN])
{
	uint8_t packed[CDR_LEAVER_PACK_MAX];
	struct cdr_pack pack = { .data = packed, .size = sizeof(packed) };
	bool numbered = leaver->employee_number[0] != '\0';

	cdr_pack_byte(&pack, KEY_VERSION);
	cdr_pack_byte(&pack, numbered);
	if (numbered) {
		cdr_pack_text(&pack, leaver->employee_number);
	} else {
		pack_folded(&pack, leaver->person.given_names);
		pack_folded(&pack, leaver->person.family_names);
		cdr_pack_date(&pack, &leaver->person.birth);
	}
	cdr_pack_date(&pack, &leaver->from);

	cdr_err err = pack.err;
	if (err == CDR_OK)
		err = cdr_sha256(&(struct cdr_bytes) { packed, pack.len }, 1, key);
	if (err != CDR_OK)
		memset(key, 0, CDR_LEAVER_KEY_LEN);
	cdr_wipe(packed, sizeof(packed));
	return err;
}

/* see core/record/leaver.h */
cdr_err
cdr_leaver_digest(const struct cdr_leaver *leaver, uint8_t digest[static CDR_LEAVER_DIGEST_LEN])
{
	uint8_t packed[CDR_LEAVER_PACK_MAX];
	size_t len;
	cdr_err err = cdr_leaver_pack(leaver, packed, &len);

	if (err == CDR_OK)
		err = cdr_sha256(&(struct cdr_bytes) { packed, len }, 1, digest);
	if (err != CDR_OK)
		memset(digest, 0, CDR_LEAVER_DIGEST_LEN);
	cdr_wipe(packed, sizeof(packed));
	return err;
}

/* see core/record/leaver.h */
void
cdr_leaver_expiry(const struct cdr_leaver *leaver, const struct cdr_record_rules *rules, struct cdr_date *expiry)
{
	int32_t today = cdr_period_first(&rules->today);
	int32_t left = leaver->to.precision == CDR_PRECISION_UNKNOWN ? today : cdr_period_last(&leaver->to);

	if (left > today)
		left = today;
	memset(expiry, 0, sizeof(*expiry));
	expiry->year = (int16_t)(left / 10000 + (int32_t)rules->lookback_years);
	expiry->month = (uint8_t)(left / 100 % 100);
	expiry->day = 1;
	expiry->precision = CDR_PRECISION_MONTH;
}

/* see core/record/leaver.h */
cdr_err
cdr_leaver_pack(const struct cdr_leaver *leaver, uint8_t out[static CDR_LEAVER_PACK_MAX], size_t *len)
{
	struct cdr_pack pack = { .data = out, .size = CDR_LEAVER_PACK_MAX };

	cdr_pack_byte(&pack, LEAVER_KIND);
	cdr_pack_byte(&pack, LEAVER_VERSION);
	cdr_pack_text(&pack, leaver->employee_number);
	cdr_pack_person(&pack, &leaver->person);
	cdr_pack_text(&pack, leaver->position);
	cdr_pack_text(&pack, leaver->country);
	cdr_pack_date(&pack, &leaver->from);
	cdr_pack_date(&pack, &leaver->to);
	cdr_pack_text(&pack, leaver->engagement_type);
	*len = pack.err == CDR_OK ? pack.len : 0;
	if (pack.err != CDR_OK)
		cdr_wipe(out, CDR_LEAVER_PACK_MAX);
	return pack.err;
}

/* see core/record/leaver.h */
cdr_err
cdr_leaver_unpack(struct cdr_bytes in, struct cdr_leaver *leaver)
{
	struct cdr_unpack unpack = { .left = in };

	memset(leaver, 0, sizeof(*leaver));
	if (cdr_unpack_byte(&unpack) != LEAVER_KIND || cdr_unpack_byte(&unpack) != LEAVER_VERSION)
		unpack.err = CDR_E_INPUT;
	cdr_unpack_text(&unpack, leaver->employee_number, sizeof(leaver->employee_number));
	cdr_unpack_person(&unpack, &leaver->person);
	cdr_unpack_text(&unpack, leaver->position, sizeof(leaver->position));
	cdr_unpack_text(&unpack, leaver->country, sizeof(leaver->country));
	cdr_unpack_date(&unpack, &leaver->from);
	cdr_unpack_date(&unpack, &leaver->to);
	cdr_unpack_text(&unpack, leaver->engagement_type, sizeof(leaver->engagement_type));
	cdr_err err = cdr_unpack_end(&unpack);
	if (err != CDR_OK)
		cdr_wipe(leaver, sizeof(*leaver));
	return err;
}
