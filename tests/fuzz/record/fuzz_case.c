/*
 * Any bytes as a packed case, and as a table of legal limits. What unpacks is packed to the same bytes again, is judged, and drafted
 * from without a word about what must not be disclosed; a table that is taken answers every question about it.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/record/case.h"
#include "core/record/codebook.h"

static struct cdr_codebook *book;
static struct cdr_legal_limits *limits;
static struct cdr_record_rules rules = { .today = { 2026, 6, 15, CDR_PRECISION_DAY }, .lookback_years = 5 };
static struct cdr_case the_case;
static struct cdr_statement statement;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	cdr_err err = cdr_codebook_new((struct cdr_bytes) { NULL, 0 }, &book, NULL);
	assert(err == CDR_OK);
	err = cdr_legal_limits_new((struct cdr_bytes) { NULL, 0 }, &limits, NULL);
	assert(err == CDR_OK);
	rules.codebook = book;
	return 0;
}

static void
check_case(struct cdr_bytes in)
{
	static uint8_t out[CDR_CASE_PACK_MAX];
	const struct cdr_case *const cases[] = { &the_case };
	struct cdr_date day;
	size_t len;

	if (cdr_case_unpack(in, &the_case) != CDR_OK)
		return;
	assert(cdr_case_pack(&the_case, out, &len) == CDR_OK && len == in.len && memcmp(out, in.data, len) == 0);
	if (cdr_case_validate(&the_case, &rules, NULL) != CDR_OK)
		return;
	memset(&statement, 0, sizeof(statement));
	assert(cdr_case_draft(cases, 1, limits, &rules, &statement, NULL) == CDR_OK);
	for (size_t i = 0; i < statement.disclosure_count; i++)
		assert(!cdr_codebook_means(book, "process_status", statement.disclosures[i].process_status, "undisclosable"));
	(void)cdr_case_erase_on(&the_case, limits, book, &day);
}

static void
check_table(struct cdr_bytes in)
{
	static const char *const whats[] = { "finding", "ongoing", "left", "summary", "referral" };
	struct cdr_legal_limits *table;
	const char *country;

	if (cdr_legal_limits_new(in, &table, NULL) != CDR_OK)
		return;
	assert(cdr_legal_limits_version_peek(table)[0] != '\0' && cdr_legal_limits_notice_peek(table, "ar")[0] != '\0');
	for (size_t at = 0; (country = cdr_legal_limits_country_peek(table, at)) != NULL; at++) {
		unsigned months = cdr_legal_limits_retention_months(table, country);
		assert(months >= 1 && months <= CDR_LEGAL_RETENTION_MONTHS_MAX);
		for (size_t i = 0; i < 5; i++)
			assert((cdr_legal_limits_reason_peek(table, country, whats[i]) != NULL) ==
			    (cdr_legal_limits_basis_peek(table, country, whats[i])[0] != '\0'));
	}
	cdr_legal_limits_free(table);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_bytes in = { len > 0 ? data : (const uint8_t *)"", len };

	check_case(in);
	check_table(in);
	return 0;
}
