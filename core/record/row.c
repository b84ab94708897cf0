#include "core/record/row.h"

#include <stdio.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/country.h"
#include "core/identity/date.h"
#include "core/identity/document.h"
#include "core/identity/script.h"
#include "core/record/codebook.h"
#include "core/record/period.h"
#include "core/record/text.h"

#define WHOLE_ROW SIZE_MAX

static void
line_write(const struct cdr_row *row, size_t column, const char *reason, const char *advice, struct cdr_row_fault *line)
{
	cdr_csv_place(row->csv, column, line);
	(void)snprintf(line->reason, sizeof(line->reason), "%.*s", CDR_REPORT_REASON_LEN - 1, reason);
	(void)snprintf(line->advice, sizeof(line->advice), "%.*s", CDR_REPORT_ADVICE_LEN - 1, advice);
}

/* see core/record/row.h */
void
cdr_row_fault(struct cdr_row *row, size_t column, const char *reason, const char *advice)
{
	struct cdr_row_fault line;

	line_write(row, column, reason, advice, &line);
	cdr_row_report_fault(row->report, &line);
	row->bad = true;
}

/* see core/record/row.h */
void
cdr_row_note(struct cdr_row *row, size_t column, const char *reason, const char *advice)
{
	struct cdr_row_fault line;

	line_write(row, column, reason, advice, &line);
	cdr_row_report_note(row->report, &line);
}

/* Clean ${len} bytes of a field into ${text}. */
static void
clean(struct cdr_row *row, size_t column, const char *in, size_t len, char *text, size_t text_size)
{
	cdr_err err = cdr_text_clean(in, len, false, text, text_size);
	char reason[64];

	if (err == CDR_E_RANGE) {
		(void)snprintf(reason, sizeof(reason), "longer than %zu bytes", text_size - 1);
		cdr_row_fault(row, column, reason, "shorten it");
	} else if (err != CDR_OK) {
		cdr_row_fault(row, column, "holds a control character, or one that Unicode does not know", "type it again");
	}
}

/* see core/record/row.h */
void
cdr_row_text(struct cdr_row *row, size_t column, char *text, size_t text_size)
{
	const char *field = cdr_csv_field_peek(row->csv, column);

	clean(row, column, field, strlen(field), text, text_size);
}

/* see core/record/row.h */
bool
cdr_row_part(struct cdr_row *row, size_t column, size_t at, char *part, size_t part_size)
{
	const char *field = cdr_csv_field_peek(row->csv, column);

	memset(part, 0, part_size);
	for (; at > 0; at--) {
		field += strcspn(field, ";");
		if (*field == '\0')
			return false;
		field++;
	}
	clean(row, column, field, strcspn(field, ";"), part, part_size);
	return true;
}

/* A code, already in ${code}, is one of ${list}, or is taken out. */
static void
check_code(struct cdr_row *row, size_t column, const char *list, char code[static CDR_CODE_LEN])
{
	struct cdr_fault fault = { .text = "" };

	if (code[0] == '\0' || cdr_codebook_check(row->rules->codebook, list, code, &fault) == CDR_OK)
		return;
	cdr_row_fault(row, column, "not one of the codes", fault.text);
	cdr_wipe(code, CDR_CODE_LEN);
}

/* see core/record/row.h */
void
cdr_row_code(struct cdr_row *row, size_t column, const char *list, char code[static CDR_CODE_LEN])
{
	cdr_row_text(row, column, code, CDR_CODE_LEN);
	check_code(row, column, list, code);
}

/* One country out of a text that was cleaned. */
static void
country_from(struct cdr_row *row, size_t column, const char *text, char country[static CDR_COUNTRY_LEN])
{
	memset(country, 0, CDR_COUNTRY_LEN);
	if (text[0] != '\0' && cdr_country_read(text, country) != CDR_OK)
		cdr_row_fault(row, column, "not a country code", "write the three letters of ISO 3166-1, such as KEN");
}

/* see core/record/row.h */
void
cdr_row_country(struct cdr_row *row, size_t column, char country[static CDR_COUNTRY_LEN])
{
	char text[CDR_NAME_LEN];

	cdr_row_text(row, column, text, sizeof(text));
	country_from(row, column, text, country);
	cdr_wipe(text, sizeof(text));
}

/* The dictionary's word for: asked, and not known. An empty field has not been asked. */
static bool
is_unknown(struct cdr_row *row, size_t column)
{
	return strcmp(cdr_csv_field_peek(row->csv, column), "unknown") == 0;
}

/* see core/record/row.h */
bool
cdr_row_date(struct cdr_row *row, size_t column, struct cdr_date *date)
{
	static const char advice[] =
	    "write 1984-05-12 (in a spreadsheet: format yyyy-mm-dd), or 1984-05, 1984-Q2, 1984-H1, 1984 if less is known";
	char text[64];

	memset(date, 0, sizeof(*date));
	cdr_row_text(row, column, text, sizeof(text));
	bool given = text[0] != '\0';
	if (is_unknown(row, column))
		goto out;
	cdr_err err = cdr_date_read(text, date, NULL);
	if (err == CDR_E_RANGE)
		cdr_row_fault(row, column, "a year before 1850 or after 2150", advice);
	else if (err != CDR_OK)
		cdr_row_fault(row, column, "not a date, or a day that does not exist", advice);
	else if (cdr_period_future(date, row->rules))
		cdr_row_fault(row, column, "lies in the future", "correct it");
	else
		goto out;
	memset(date, 0, sizeof(*date));
out:
	cdr_wipe(text, sizeof(text));
	return given;
}

/* ---- a person -------------------------------------------------------------------------------------------------- */

/* What the letters of a name are. */
struct letters {
	bool any, in_table;  /* a letter; one of a script that can be transliterated */
};

static void
count_letters(const char *text, struct letters *letters)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0';) {
		uint32_t cp = *p++;
		if (cp >= 0xc0) {
			unsigned more = cp >= 0xf0 ? 3 : cp >= 0xe0 ? 2 : 1;
			cp &= 0x3fU >> more;
			for (; more > 0 && (*p & 0xc0) == 0x80; more--)
				cp = cp << 6 | (*p++ & 0x3f);
		}
		enum cdr_script script = cdr_script_of(cp);
		letters->any = letters->any || script != CDR_SCRIPT_NONE;
		letters->in_table = letters->in_table || cdr_script_has_table(script);
	}
}

/* Several names separated by ';': each cleaned, empty ones dropped. */
static void
read_other_names(struct cdr_row *row, size_t column, char out[static CDR_OTHER_NAMES_LEN])
{
	char name[CDR_NAME_LEN];
	size_t len = 0;

	memset(out, 0, CDR_OTHER_NAMES_LEN);
	for (size_t i = 0; cdr_row_part(row, column, i, name, sizeof(name)); i++) {
		size_t name_len = strlen(name);
		if (name_len == 0)
			continue;
		if (len + (len > 0) + name_len >= CDR_OTHER_NAMES_LEN) {
			cdr_row_fault(row, column, "longer than 1023 bytes", "keep the names that matter");
			break;
		}
		if (len > 0)
			out[len++] = ';';
		memcpy(out + len, name, name_len);
		len += name_len;
	}
	cdr_wipe(name, sizeof(name));
}

static void
read_names(struct cdr_row *row, size_t first, struct cdr_person *person)
{
	struct letters main = { false, false }, other = { false, false };
	bool was_bad = row->bad;

	row->bad = false;
	cdr_row_text(row, first + CDR_COLUMN_GIVEN_NAMES, person->given_names, CDR_NAME_LEN);
	cdr_row_text(row, first + CDR_COLUMN_FAMILY_NAMES, person->family_names, CDR_NAME_LEN);
	bool names_bad = row->bad;
	row->bad = was_bad || names_bad;
	read_other_names(row, first + CDR_COLUMN_OTHER_NAMES, person->other_names);
	cdr_row_text(row, first + CDR_COLUMN_NATIVE_NAME, person->native_name, CDR_NAME_LEN);

	count_letters(person->given_names, &main);
	count_letters(person->family_names, &main);
	count_letters(person->other_names, &other);
	if (names_bad)
		return;
	if (person->given_names[0] == '\0' && person->family_names[0] == '\0')
		cdr_row_fault(row, WHOLE_ROW, "no name", "fill in given_names, family_names or both; a single name goes into either");
	else if (!main.any)
		cdr_row_fault(row, WHOLE_ROW, "the name has no letter", "fill in given_names, family_names or both");
	else if (!main.in_table && !other.in_table)
		cdr_row_note(row, WHOLE_ROW, "the name is in a script that cannot be compared with others",
		    "put the name in Latin letters, as the passport has it, into other_names");
}

static void
read_nationality(struct cdr_row *row, size_t column, struct cdr_person *person)
{
	char text[CDR_NAME_LEN];
	size_t count = 0;

	for (size_t i = 0; cdr_row_part(row, column, i, text, sizeof(text)); i++) {
		if (text[0] == '\0')
			continue;
		if (count == CDR_NATIONALITY_COUNT_MAX) {
			cdr_row_fault(row, column, "more than 4 countries", "keep 4");
			break;
		}
		country_from(row, column, text, person->nationality[count]);
		count += person->nationality[count][0] != '\0';
	}
	cdr_wipe(text, sizeof(text));
}

/* A document that has a number is worth more than all names, so whatever weakens it is said. */
static void
check_document(struct cdr_row *row, size_t first, const struct cdr_document *document)
{
	size_t type = first + CDR_COLUMN_DOCUMENT_TYPE, country = first + CDR_COLUMN_DOCUMENT_COUNTRY;
	size_t number = first + CDR_COLUMN_DOCUMENT_NUMBER;
	struct cdr_document_key key;

	if (cdr_document_normalise(document, &key, NULL) != CDR_OK || key.number_len == 0)
		cdr_row_fault(row, number, "no document number: no letters and digits that can be compared", "write the number as printed");
	else if (document->type[0] == '\0')
		cdr_row_note(row, type, "a number without the type of the document is compared by the number alone", "fill in document_type");
	else if (document->country[0] == '\0')
		cdr_row_note(row, country, "a number without the country that issued it is compared by the number alone",
		    "fill in document_country");
	else if (cdr_document_check(document) == CDR_DOCUMENT_WRONG)
		cdr_row_note(row, number, "the check digit, the length or the pattern does not fit this country's documents",
		    "compare it with the document");
	cdr_wipe(&key, sizeof(key));
}

/* The three columns side by side: the first type belongs to the first country and the first number. */
static void
read_documents(struct cdr_row *row, size_t first, struct cdr_person *person)
{
	size_t type = first + CDR_COLUMN_DOCUMENT_TYPE, country = first + CDR_COLUMN_DOCUMENT_COUNTRY;
	size_t number = first + CDR_COLUMN_DOCUMENT_NUMBER;
	struct cdr_document document;
	char text[CDR_NAME_LEN];
	bool more = true;

	for (size_t i = 0; more; i++) {
		memset(&document, 0, sizeof(document));
		bool has_type = cdr_row_part(row, type, i, document.type, sizeof(document.type));
		bool has_country = cdr_row_part(row, country, i, text, sizeof(text));
		bool has_number = cdr_row_part(row, number, i, document.number, sizeof(document.number));
		more = has_type || has_country || has_number;
		check_code(row, type, "document_type", document.type);
		country_from(row, country, text, document.country);
		if (document.number[0] == '\0') {
			if (more && (document.type[0] != '\0' || document.country[0] != '\0'))
				cdr_row_note(row, number, "a document without a number says nothing and is left out", "fill in document_number");
			continue;
		}
		if (person->document_count == CDR_DOCUMENT_COUNT_MAX) {
			cdr_row_fault(row, number, "more than 4 documents", "keep 4");
			break;
		}
		check_document(row, first, &document);
		person->document[person->document_count++] = document;
	}
	cdr_wipe(text, sizeof(text));
	cdr_wipe(&document, sizeof(document));
}

/* What does not look like an address serves nobody, and is no reason to refuse the row. */
static void
read_contact(struct cdr_row *row, size_t first, struct cdr_person *person)
{
	size_t digits = 0;

	cdr_row_text(row, first + CDR_COLUMN_EMAIL, person->email, CDR_CONTACT_LEN);
	cdr_row_text(row, first + CDR_COLUMN_PHONE, person->phone, CDR_CONTACT_LEN);
	const char *at = strchr(person->email, '@');
	if (person->email[0] != '\0' && (at == NULL || at == person->email || at[1] == '\0')) {
		cdr_row_note(row, first + CDR_COLUMN_EMAIL, "no e-mail address: left out", "correct it, or leave it empty");
		cdr_wipe(person->email, CDR_CONTACT_LEN);
	}
	for (const char *p = person->phone; *p != '\0'; p++)
		digits += (*p >= '0' && *p <= '9') || ((unsigned char)*p & 0xc0) == 0xc0; /* digits of other scripts too */
	if (person->phone[0] != '\0' && digits < 5) {
		cdr_row_note(row, first + CDR_COLUMN_PHONE, "no telephone number: left out", "correct it, or leave it empty");
		cdr_wipe(person->phone, CDR_CONTACT_LEN);
	}
}

/* see core/record/row.h */
void
cdr_row_person(struct cdr_row *row, size_t first, struct cdr_person *person)
{
	memset(person, 0, sizeof(*person));
	read_names(row, first, person);
	if (!cdr_row_date(row, first + CDR_COLUMN_DATE_OF_BIRTH, &person->birth))
		cdr_row_fault(row, first + CDR_COLUMN_DATE_OF_BIRTH, "empty",
		    "write the date of birth, or as much of it as is known: 1984-05, 1984, or unknown");
	else if (is_unknown(row, first + CDR_COLUMN_DATE_OF_BIRTH))
		cdr_row_note(row, first + CDR_COLUMN_DATE_OF_BIRTH,
		    "without it only a document number finds this person at other organisations", "");
	cdr_row_code(row, first + CDR_COLUMN_GENDER, "gender", person->gender);
	read_nationality(row, first + CDR_COLUMN_NATIONALITY, person);
	read_documents(row, first, person);
	read_contact(row, first, person);
}
