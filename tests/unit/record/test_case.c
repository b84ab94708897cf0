/* Cases: what may stand in the register, what an answer says of them, and the table of legal limits. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/identity/date.h"
#include "core/record/case.h"

static struct cdr_codebook *book;
static struct cdr_legal_limits *limits;
static struct cdr_fault fault;
static struct cdr_record_rules rules;

static int
setup(void **state)
{
	(void)state;
	rules = (struct cdr_record_rules){ .today = { 2026, 11, 21, CDR_PRECISION_DAY }, .lookback_years = 5 };
	if (cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, &book, &fault) != CDR_OK ||
	    cdr_legal_limits_new((struct cdr_bytes){ NULL, 0 }, &limits, &fault) != CDR_OK)
		return -1;
	rules.codebook = book;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	cdr_legal_limits_free(limits);
	cdr_codebook_free(book);
	return 0;
}

#define SET(field, text) (void)snprintf(field, sizeof(field), "%s", text)

static struct cdr_case
make(const char *status, const char *committed, const char *concluded)
{
	struct cdr_case c = { 0 };

	SET(c.employee_number, "B-001");
	SET(c.person.given_names, "Fictiona");
	SET(c.conduct.misconduct_type[0], "sexual_harassment");
	c.conduct.misconduct_type_count = 1;
	SET(c.conduct.involved_child, "no");
	SET(c.conduct.process_status, status);
	SET(c.conduct.sanction[0], "dismissal");
	c.conduct.sanction_count = 1;
	SET(c.conduct.referred_to_authorities, "yes");
	SET(c.conduct.referred_country, "KEN");
	SET(c.conduct.factual_summary, "An inquiry found it.");
	SET(c.country, "KEN");
	SET(c.right_of_reply, "given");
	assert_int_equal(cdr_date_read(committed, &c.conduct.committed, NULL), CDR_OK);
	if (concluded[0] != '\0')
		assert_int_equal(cdr_date_read(concluded, &c.conduct.concluded, NULL), CDR_OK);
	return c;
}

static void
test_valid(void **state)
{
	static const char *const statuses[] = { "substantiated_final", "substantiated_appeal_open", "left_before_completion",
		"substantiated_reversed", "closed_no_finding" };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct cdr_case c = make(statuses[i], "2024-05", "2024-09-20");
		assert_int_equal(cdr_case_validate(&c, &rules, &fault), CDR_OK);
	}
	struct cdr_case c = make("ongoing", "2026", "");
	assert_int_equal(cdr_case_validate(&c, &rules, &fault), CDR_OK);
}

static void
refused(const struct cdr_case *c, cdr_err err, const char *field)
{
	assert_int_equal(cdr_case_validate(c, &rules, &fault), err);
	assert_int_equal(strncmp(fault.text, field, strlen(field)), 0);
}

static void
test_refused(void **state)
{
	struct cdr_case c;

	(void)state;
	c = make("substantiated_final", "2024-05", "2024-09-20");
	c.conduct.misconduct_type_count = 0;
	refused(&c, CDR_E_INPUT, "misconduct_type: missing");
	c = make("substantiated_final", "2024-05", "2024-09-20");
	SET(c.conduct.misconduct_type[1], "sexual_harassment");
	c.conduct.misconduct_type_count = 2;
	refused(&c, CDR_E_INPUT, "misconduct_type: the same");
	c.conduct.misconduct_type_count = CDR_DISCLOSURE_TYPE_MAX + 1;
	refused(&c, CDR_E_RANGE, "misconduct_type");
	c = make("found_guilty", "2024-05", "2024-09-20");
	refused(&c, CDR_E_INPUT, "process_status: no such code");
	c = make("substantiated_final", "2024-05", "");
	refused(&c, CDR_E_INPUT, "concluded: missing");
	c = make("ongoing", "2024-05", "2024-09-20");
	refused(&c, CDR_E_REFUSED, "concluded: the process");
	c = make("substantiated_final", "2024-05", "2024-04-20");
	refused(&c, CDR_E_REFUSED, "concluded: before");
	c = make("substantiated_final", "2027-05", "2027-06");
	refused(&c, CDR_E_REFUSED, "committed: lies in the future");
	c = make("substantiated_final", "2024-05", "2024-09-20");
	SET(c.country, "XXZ");
	refused(&c, CDR_E_INPUT, "country");
	c = make("substantiated_final", "2024-05", "2024-09-20");
	c.conduct.referred_country[0] = '\0';
	refused(&c, CDR_E_INPUT, "referred_country");
	c = make("substantiated_final", "2024-05", "2024-09-20");
	SET(c.limit_reason, "because");
	refused(&c, CDR_E_INPUT, "limit_reason");
	c = make("substantiated_final", "2024-05", "2024-09-20");
	SET(c.own_reference, "two\nlines");
	refused(&c, CDR_E_INPUT, "own_reference");
	c = make("substantiated_final", "2024-05", "2024-09-20");
	memset(c.employee_number, 'x', sizeof(c.employee_number));
	refused(&c, CDR_E_RANGE, "employee_number");
}

static void
test_pack(void **state)
{
	struct cdr_case c = make("substantiated_final", "2024-05", "2024-09-20"), back;
	uint8_t bytes[CDR_CASE_PACK_MAX], again[CDR_CASE_PACK_MAX];
	size_t len, again_len;

	(void)state;
	assert_int_equal(cdr_case_pack(&c, bytes, &len), CDR_OK);
	assert_int_equal(cdr_case_unpack((struct cdr_bytes){ bytes, len }, &back), CDR_OK);
	assert_int_equal(cdr_case_pack(&back, again, &again_len), CDR_OK);
	assert_int_equal(len, again_len);
	assert_memory_equal(bytes, again, len);
	assert_string_equal(back.conduct.factual_summary, "An inquiry found it.");
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(cdr_case_unpack((struct cdr_bytes){ bytes, cut }, &back), CDR_E_INPUT);
	bytes[0] ^= 1;
	assert_int_equal(cdr_case_unpack((struct cdr_bytes){ bytes, len }, &back), CDR_E_INPUT);
	c.conduct.sanction_count = CDR_DISCLOSURE_SANCTION_MAX + 1;
	assert_int_equal(cdr_case_pack(&c, bytes, &len), CDR_E_RANGE);
}

/* ---- the answer ------------------------------------------------------------------------------------------------------------ */

static struct cdr_statement drafted;

static cdr_err
draft(const struct cdr_case *cases, size_t count)
{
	const struct cdr_case *pointers[8] = { NULL };

	memset(&drafted, 0, sizeof(drafted));
	SET(drafted.legal_limit_reason, "other"); /* whatever stood there goes */
	for (size_t i = 0; i < count; i++)
		pointers[i] = &cases[i];
	return cdr_case_draft(pointers, count, limits, &rules, &drafted, &fault);
}

static void
says(const char *finding, const char *ongoing, const char *left, size_t disclosures, const char *reason)
{
	assert_string_equal(drafted.finding, finding);
	assert_string_equal(drafted.ongoing_now, ongoing);
	assert_string_equal(drafted.left_during, left);
	assert_int_equal(drafted.disclosure_count, disclosures);
	assert_string_equal(drafted.legal_limit_reason, reason);
}

static void
test_draft(void **state)
{
	struct cdr_case c[6] = { 0 };

	(void)state;
	assert_int_equal(draft(c, 0), CDR_OK);
	says("no_record", "no_record", "no_record", 0, "");
	c[0] = make("substantiated_final", "2024-05", "2024-09-20");
	assert_int_equal(draft(c, 1), CDR_OK);
	says("yes", "no_record", "no_record", 1, "");
	assert_string_equal(drafted.right_of_reply, "given");
	assert_string_equal(drafted.disclosures[0].factual_summary, "An inquiry found it.");
	c[1] = make("ongoing", "2026", "");
	c[2] = make("left_before_completion", "2025", "2025-06");
	assert_int_equal(draft(c, 3), CDR_OK);
	says("yes", "yes", "yes", 3, "");
	/* What must never be said is not. */
	c[0] = make("substantiated_reversed", "2024-05", "2024-09-20");
	c[1] = make("closed_no_finding", "2024-05", "2024-09-20");
	assert_int_equal(draft(c, 2), CDR_OK);
	says("no_record", "no_record", "no_record", 0, "");
	/* Nor what lies before the look-back; a process that runs now has none. */
	c[0] = make("substantiated_final", "2019", "2021-11-20");
	c[1] = make("ongoing", "2010", "");
	assert_int_equal(draft(c, 2), CDR_OK);
	says("no_record", "yes", "no_record", 1, "");
	c[0] = make("substantiated_final", "2019", "2021-11-21");
	assert_int_equal(draft(c, 1), CDR_OK);
	says("yes", "no_record", "no_record", 1, "");
	for (size_t i = 0; i < 5; i++)
		c[i] = make("substantiated_final", "2024-05", "2024-09-20");
	assert_int_equal(draft(c, 5), CDR_E_RANGE);
}

/* What a law or the case itself forbids. */
static void
test_limits(void **state)
{
	struct cdr_case c[2];

	(void)state;
	c[0] = make("ongoing", "2026", "");
	SET(c[0].country, "DEU");
	assert_int_equal(draft(c, 1), CDR_OK);
	says("no_record", "unable_legal", "no_record", 0, "national_employment_law");
	assert_string_equal(drafted.legal_limit_country, "DEU");
	/* A settlement is no law: it names no country. */
	c[0] = make("substantiated_final", "2024-05", "2024-09-20");
	SET(c[0].limit_reason, "settlement_confidentiality");
	assert_int_equal(draft(c, 1), CDR_OK);
	says("unable_legal", "no_record", "no_record", 0, "settlement_confidentiality");
	assert_string_equal(drafted.legal_limit_country, "");
	/* A second case that may be told answers the question; then nothing is left that needs a reason. */
	c[1] = make("substantiated_final", "2024-05", "2024-09-20");
	assert_int_equal(draft(c, 2), CDR_OK);
	says("yes", "no_record", "no_record", 1, "");
	/* Data on offences are withheld where the table says so. */
	SET(c[1].country, "ESP");
	assert_int_equal(draft(c + 1, 1), CDR_OK);
	assert_string_equal(drafted.disclosures[0].referred_to_authorities, "withheld");
	assert_string_equal(drafted.disclosures[0].referred_country, "");
}

static void
test_erase_on(void **state)
{
	struct cdr_case c = make("substantiated_final", "2024-05", "2024-09-20");
	struct cdr_date day;

	(void)state;
	assert_true(cdr_case_erase_on(&c, limits, book, &day));
	assert_int_equal(day.year, 2029);
	assert_int_equal(day.month, 10);
	assert_int_equal(day.day, 1);
	c = make("substantiated_final", "2024", "2024");
	assert_true(cdr_case_erase_on(&c, limits, book, &day));
	assert_int_equal(day.year, 2030);
	assert_int_equal(day.month, 1);
	c = make("ongoing", "2024-05", "");
	assert_false(cdr_case_erase_on(&c, limits, book, &day));
}

/* ---- the table -------------------------------------------------------------------------------------------------------------- */

static cdr_err
read_table(const char *json)
{
	struct cdr_legal_limits *table = NULL;

	cdr_err err = cdr_legal_limits_new((struct cdr_bytes){ (const uint8_t *)json, strlen(json) }, &table, &fault);
	assert_true((err == CDR_OK) == (table != NULL));
	cdr_legal_limits_free(table);
	return err;
}

static void
test_table(void **state)
{
	static const char frame[] = "{\"table\":\"candor-legal-limits\",\"version\":\"7\",\"notice\":{\"en\":\"reviewed\"},\"default\":{\"retention_"
				    "months\":60,\"limits\":[]},\"countries\":{%s}}";
	static const struct {
		const char *entry;
		cdr_err err;
		const char *where;
	} cases[] = {
		{ "\"KEN\":{\"retention_months\":12,\"limits\":[{\"what\":\"left\",\"reason\":\"other\",\"basis\":\"a law\"}]}", CDR_OK, "" },
		{ "\"KEN\":{\"retention_months\":0,\"limits\":[]}", CDR_E_INPUT, "KEN.retention_months" },
		{ "\"KEN\":{\"retention_months\":481,\"limits\":[]}", CDR_E_INPUT, "KEN.retention_months" },
		{ "\"KEN\":{\"retention_months\":12,\"limits\":{}}", CDR_E_INPUT, "KEN.limits" },
		{ "\"KEN\":{\"retention_months\":12,\"limits\":[{\"what\":\"all\"}]}", CDR_E_INPUT, "KEN.limits[0].what" },
		{ "\"KEN\":{\"retention_months\":12,\"limits\":[{\"what\":\"left\"}]}", CDR_E_INPUT, "KEN.limits[0].reason" },
		{ "\"KEN\":{\"retention_months\":12,\"limits\":[{\"what\":\"left\",\"reason\":\"other\"}]}", CDR_E_INPUT, "KEN.limits[0].basis" },
		{ "\"XXZ\":{\"retention_months\":12,\"limits\":[]}", CDR_E_INPUT, "countries" },
		{ "\"KEN\":3", CDR_E_INPUT, "KEN.retention_months" },
	};
	char json[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(json, sizeof(json), frame, cases[i].entry);
		fault.text[0] = '\0';
		assert_int_equal(read_table(json), cases[i].err);
		assert_int_equal(strncmp(fault.text, cases[i].where, strlen(cases[i].where)), 0);
	}
	assert_int_equal(read_table("[]"), CDR_E_INPUT);
	assert_int_equal(read_table("{\"table\":\"candor-legal-limits\",\"table\":\"x\"}"), CDR_E_INPUT);
	assert_int_equal(read_table("no json"), CDR_E_INPUT);
	char *long_text = malloc(CDR_LEGAL_LIMITS_MAX + 2);
	assert_non_null(long_text);
	memset(long_text, ' ', CDR_LEGAL_LIMITS_MAX + 1);
	long_text[CDR_LEGAL_LIMITS_MAX + 1] = '\0';
	assert_int_equal(read_table(long_text), CDR_E_RANGE);
	free(long_text);
	/* The built-in one: every reason is a code, and it says what it is in four languages. */
	static const char *const languages[] = { "en", "fr", "es", "ar" }, *const whats[] = { "finding", "ongoing", "left", "summary", "referral" };
	for (size_t i = 0; i < 4; i++)
		assert_true(strlen(cdr_legal_limits_notice_peek(limits, languages[i])) > 40);
	size_t count = 0;
	for (const char *country; (country = cdr_legal_limits_country_peek(limits, count)) != NULL; count++)
		for (size_t i = 0; i < 5; i++) {
			const char *reason = cdr_legal_limits_reason_peek(limits, country, whats[i]);
			assert_true(reason == NULL || cdr_codebook_check(book, "legal_limit_reason", reason, NULL) == CDR_OK);
			assert_true((reason != NULL) == (cdr_legal_limits_basis_peek(limits, country, whats[i])[0] != '\0'));
		}
	assert_true(count > 20);
	assert_null(cdr_legal_limits_reason_peek(limits, "ATA", "finding"));
}

static void
test_unknown_country(void **state)
{
	(void)state;
	assert_true(cdr_legal_limits_knows(limits, "DEU"));
	assert_false(cdr_legal_limits_knows(limits, "KEN"));
	assert_false(cdr_legal_limits_knows(limits, ""));
	assert_null(cdr_legal_limits_reason_peek(limits, "KEN", "ongoing"));
	assert_int_equal(cdr_legal_limits_retention_months(limits, "KEN"), 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown_country),
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_draft),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_erase_on),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
