/*
 * Documents and dates of any bytes. A zone that is read has a name, a known issuer and valid dates, and what it gives a
 * person can be normalised; a date that is read is valid and writes itself back; a folded number is A-Z and 0-9 without
 * O I B S Z, and stays so.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/identity/document.h"
#include "core/identity/mrz.h"
#include "core/identity/name.h"

static void
check_zone(const char *text)
{
	struct cdr_mrz mrz;
	struct cdr_person person = { 0 };
	struct cdr_name_forms forms;
	struct cdr_document_key key;
	uint32_t wrong = 0;

	if (cdr_mrz_read(text, 2026, &mrz, &wrong, NULL) != CDR_OK)
		return;
	assert(mrz.name[0] != '\0' && mrz.issuer[2] != '\0' && mrz.nationality[2] != '\0');
	assert(cdr_date_valid(&mrz.birth) && cdr_date_valid(&mrz.expiry));
	assert(mrz.birth.year <= 2026);
	assert(cdr_mrz_apply(&mrz, &person, NULL) == CDR_OK);
	assert(cdr_name_forms(&person, &forms, NULL) == CDR_OK);
	for (size_t i = 0; i < person.document_count; i++)
		assert(cdr_document_normalise(&person.document[i], &key, NULL) == CDR_OK);
}

static void
check_number(const char *text)
{
	static const char *const countries[] = { "ESP", "CHN", "HKG", "MEX", "FIN", "SGP", "TWN", "BEL", "CHL", "IND",
		"SWE", "" };
	struct cdr_document document = { .type = "national_id" };
	struct cdr_document_key key, again;
	size_t len = strnlen(text, sizeof document.number - 1);

	memcpy(document.number, text, len);
	for (size_t i = 0; i < sizeof countries / sizeof *countries; i++) {
		memcpy(document.country, countries[i], strlen(countries[i]) + 1);
		(void)cdr_document_check(&document);
	}
	if (cdr_document_normalise(&document, &key, NULL) != CDR_OK)
		return;
	assert(key.number_len == strlen(key.number));
	assert(strspn(key.number, "0123456789ACDEFGHJKLMNPQRTUVWXY") == key.number_len);
	memcpy(document.number, key.number, sizeof document.number);
	assert(cdr_document_normalise(&document, &again, NULL) == CDR_OK);
	assert(strcmp(key.number, again.number) == 0);
}

static void
check_date(const char *text)
{
	struct cdr_date date, again;
	char written[CDR_DATE_TEXT_LEN];

	for (int calendar = 0; calendar < CDR_CALENDAR_COUNT; calendar++) {
		cdr_err err = cdr_date_read_in((enum cdr_calendar)calendar, text, &date, NULL);

		assert(err == CDR_OK || date.precision == CDR_PRECISION_UNKNOWN);
		assert(cdr_date_valid(&date));
		assert(cdr_date_write(&date, written) == CDR_OK);
		assert(cdr_date_read(written, &again, NULL) == CDR_OK);
		assert(date.precision == again.precision && cdr_date_compare(&date, &again) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char text[CDR_MRZ_TEXT_LEN_MAX + 2] = { 0 };

	memcpy(text, data, len < sizeof text - 1 ? len : sizeof text - 1);
	check_zone(text);
	check_number(text);
	check_date(text);
	return 0;
}
