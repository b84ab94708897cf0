/* Statements of conduct: what may be said, what follows from it, and its JSON. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "core/record/json.h"
#include "core/record/statement.h"

static struct cdr_codebook *book;
static struct cdr_record_rules rules;
static struct cdr_fault fault;
static struct cdr_statement s; /* a good statement that each test changes */

static int
set_up_all(void **state)
{
	(void)state;
	cdr_json_start();
	if (cdr_codebook_new((struct cdr_bytes) { NULL, 0 }, &book, &fault) != CDR_OK)
		return -1;
	rules = (struct cdr_record_rules) { .codebook = book, .today = { 2025, 6, 15, CDR_PRECISION_DAY }, .lookback_years = 5 };
	return 0;
}

static int
tear_down_all(void **state)
{
	(void)state;
	cdr_codebook_free(book);
	return 0;
}

#define PUT(field, text) (memset((field), 0, sizeof(field)), memcpy((field), (text), strlen(text)))

static struct cdr_date
day(int16_t year, uint8_t month, uint8_t number)
{
	return (struct cdr_date) { year, month, number, CDR_PRECISION_DAY };
}

/* Confirmed, complete, nothing on record. */
static int
set_up(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	PUT(s.codebook_version, "2025-1");
	memset(s.response_id, 1, CDR_ID_LEN);
	memset(s.request_id, 2, CDR_ID_LEN);
	PUT(s.responder, "member-b");
	PUT(s.signer_name, "Fatou Ndiaye");
	PUT(s.signer_role, "hr");
	s.signed_at = 1749945600; /* 2025-06-15 */
	PUT(s.identity_match, "confirmed");
	s.employment.from = day(2019, 3, 1);
	s.employment.to = day(2022, 6, 30);
	PUT(s.employment.positions[0], "Field officer");
	s.employment.position_count = 1;
	PUT(s.employment.duty_countries[0], "MLI");
	s.employment.duty_country_count = 1;
	s.coverage.from = day(2019, 3, 1);
	s.coverage.to = day(2022, 6, 30);
	PUT(s.coverage.quality, "complete");
	PUT(s.finding, "no_record");
	PUT(s.ongoing_now, "no_record");
	PUT(s.left_during, "no_record");
	s.valid_until = day(2026, 6, 15);
	return 0;
}

/* Question 1 answered yes, with a disclosure. */
static void
disclose(const char *status)
{
	struct cdr_disclosure *d = &s.disclosures[s.disclosure_count++];

	PUT(d->misconduct_type[0], "sexual_harassment");
	d->misconduct_type_count = 1;
	PUT(d->involved_child, "no");
	d->committed = (struct cdr_date) { 2022, 1, 1, CDR_PRECISION_QUARTER };
	PUT(d->process_status, status);
	PUT(d->sanction[0], "dismissal");
	d->sanction_count = 1;
	PUT(d->referred_to_authorities, "no_survivor_wish");
	if (strncmp(status, "substantiated", 13) == 0)
		PUT(s.finding, "yes");
	else if (strcmp(status, "ongoing") == 0)
		PUT(s.ongoing_now, "yes");
	else
		PUT(s.left_during, "yes");
}

static void
not_known(void)
{
	struct cdr_statement empty = { .disclosure_count = 0 };

	PUT(s.identity_match, "not_known_here");
	s.employment = empty.employment;
	s.coverage = empty.coverage;
	PUT(s.finding, "");
	PUT(s.ongoing_now, "");
	PUT(s.left_during, "");
}

#define GOOD() do {                                                                                    \
		assert_int_equal(cdr_statement_validate(&s, &rules, &fault), CDR_OK);                  \
	} while (0)

/* ${change} to a good statement makes it bad, and ${field} is named. */
#define BAD(expected, field, ...) do {                                                              \
		set_up(NULL);                                                                          \
		__VA_ARGS__;                                                                           \
		assert_int_equal(cdr_statement_validate(&s, &rules, NULL), (expected));                \
		assert_int_equal(cdr_statement_validate(&s, &rules, &fault), (expected));              \
		assert_int_equal(fault.code, (expected));                                              \
		assert_int_equal(strncmp(fault.text, field ": ", strlen(field ": ")), 0);              \
	} while (0)

static void
good_ones_pass(void **state)
{
	(void)state;
	GOOD();
	assert_string_equal(cdr_statement_result(&s, book), "no_record_held");

	PUT(s.identity_match, "probable");
	PUT(s.right_of_reply, "given");
	GOOD();

	disclose("substantiated_final");
	PUT(s.disclosures[0].factual_summary, "One line.\nAnother.");
	GOOD();
	assert_string_equal(cdr_statement_result(&s, book), "disclosure");

	disclose("ongoing");
	disclose("left_before_completion");
	PUT(s.disclosures[2].referred_to_authorities, "yes");
	PUT(s.disclosures[2].referred_country, "KEN");
	disclose("substantiated_appeal_open");
	GOOD();

	set_up(NULL);
	not_known();
	GOOD();
	assert_string_equal(cdr_statement_result(&s, book), "not_known_here");
	PUT(s.identity_match, "ambiguous");
	GOOD();
	assert_string_equal(cdr_statement_result(&s, book), "unable_to_answer");

	/* Records that are not complete need not know everything. */
	set_up(NULL);
	PUT(s.coverage.quality, "records_lost");
	s.employment.position_count = s.employment.duty_country_count = 0;
	memset(&s.employment.from, 0, sizeof(s.employment.from));
	memset(&s.coverage.from, 0, sizeof(s.coverage.from));
	memset(&s.coverage.to, 0, sizeof(s.coverage.to));
	PUT(s.left_during, "unable_no_records");
	PUT(s.legal_limit_reason, "other");
	GOOD();
	assert_string_equal(cdr_statement_result(&s, book), "unable_to_answer");
}

/* Design, section 4, step 7. */
static void
results_follow(void **state)
{
	(void)state;
	static const struct {
		const char *match, *finding, *ongoing_now, *left_during, *result;
	} cases[] = {
		{ "confirmed", "no_record", "no_record", "no_record", "no_record_held" },
		{ "confirmed", "yes", "no_record", "no_record", "disclosure" },
		{ "probable", "no_record", "yes", "no_record", "disclosure" },
		{ "confirmed", "no_record", "no_record", "yes", "disclosure" },
		{ "confirmed", "unable_legal", "yes", "unable_policy", "disclosure" },
		{ "confirmed", "no_record", "unable_legal", "no_record", "unable_to_answer" },
		{ "confirmed", "unable_no_records", "no_record", "no_record", "unable_to_answer" },
		{ "not_known_here", "", "", "", "not_known_here" },
		{ "ambiguous", "", "", "", "unable_to_answer" },
		/* Never validated, and still never taken for "no record". */
		{ "confirmed", "no_record", "", "no_record", "unable_to_answer" },
		{ "confirmed", "no_record", "fine", "no_record", "unable_to_answer" },
		{ "sure", "no_record", "no_record", "no_record", "unable_to_answer" },
		{ "", "", "", "", "unable_to_answer" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		PUT(s.identity_match, cases[i].match);
		PUT(s.finding, cases[i].finding);
		PUT(s.ongoing_now, cases[i].ongoing_now);
		PUT(s.left_during, cases[i].left_during);
		const char *result = cdr_statement_result(&s, book);
		assert_string_equal(result, cases[i].result);
		assert_int_equal(cdr_codebook_check(book, "result", result, NULL), CDR_OK);
	}
	assert_string_equal(cdr_statement_result(NULL, book), "no_response");
}

static void
the_frame_is_needed(void **state)
{
	(void)state;
	BAD(CDR_E_INPUT, "codebook_version", PUT(s.codebook_version, ""));
	BAD(CDR_E_INPUT, "response_id", memset(s.response_id, 0, CDR_ID_LEN));
	BAD(CDR_E_INPUT, "request_id", memset(s.request_id, 0, CDR_ID_LEN));
	BAD(CDR_E_INPUT, "responder", PUT(s.responder, "Member B"));
	BAD(CDR_E_INPUT, "signer_name", PUT(s.signer_name, ""));
	BAD(CDR_E_INPUT, "signer_name", PUT(s.signer_name, "Fatou\x1b[2J"));
	BAD(CDR_E_INPUT, "signer_name", PUT(s.signer_name, "\xe2\x80\xaeuotaF"));
	BAD(CDR_E_INPUT, "signer_name", PUT(s.signer_name, "Fatou  Ndiaye"));
	BAD(CDR_E_INPUT, "signer_name", PUT(s.signer_name, "Fatou\xff"));
	BAD(CDR_E_RANGE, "signer_name", memset(s.signer_name, 'x', sizeof(s.signer_name)));
	BAD(CDR_E_INPUT, "signer_role", PUT(s.signer_role, ""));
	BAD(CDR_E_INPUT, "signer_role", PUT(s.signer_role, "line_manager"));
	BAD(CDR_E_INPUT, "signer_role", PUT(s.signer_role, "other_authorised"));
	BAD(CDR_E_RANGE, "signer_role", memset(s.signer_role, 'x', sizeof(s.signer_role)));
	BAD(CDR_E_INPUT, "signed_at", s.signed_at = 0);
	BAD(CDR_E_INPUT, "signed_at", s.signed_at = -1);
	BAD(CDR_E_REFUSED, "signed_at", s.signed_at += 2 * 86400);
	BAD(CDR_E_REFUSED, "signed_at", s.signed_at = INT64_MAX);
	BAD(CDR_E_INPUT, "identity_match", PUT(s.identity_match, ""));
	BAD(CDR_E_INPUT, "identity_match", PUT(s.identity_match, "sure"));
	BAD(CDR_E_INPUT, "valid_until", memset(&s.valid_until, 0, sizeof(s.valid_until)));
	BAD(CDR_E_INPUT, "valid_until", s.valid_until.precision = CDR_PRECISION_MONTH);
	BAD(CDR_E_REFUSED, "valid_until", s.valid_until = day(2025, 6, 13));
	BAD(CDR_E_REFUSED, "supersedes", memset(s.supersedes, 1, CDR_ID_LEN));

	/* A signer east of here is already in tomorrow. */
	set_up(NULL);
	s.signed_at += 86400;
	s.coverage.to = day(2025, 6, 16);
	GOOD();
	BAD(CDR_E_REFUSED, "coverage.to", s.coverage.to = day(2025, 6, 17));

	struct cdr_record_rules none = rules;
	none.codebook = NULL;
	assert_int_equal(cdr_statement_validate(&s, &none, &fault), CDR_E_INTERNAL);
	none = rules;
	none.today.precision = CDR_PRECISION_YEAR;
	assert_int_equal(cdr_statement_validate(&s, &none, NULL), CDR_E_INTERNAL);
}

/* Whoever is not known, or not told apart, is not spoken about. */
static void
nothing_is_said_of_strangers(void **state)
{
	(void)state;
	BAD(CDR_E_REFUSED, "employment.from", PUT(s.identity_match, "not_known_here"));
	BAD(CDR_E_REFUSED, "employment.from", PUT(s.identity_match, "ambiguous"));
	BAD(CDR_E_REFUSED, "employment.from", not_known(); s.employment.from = day(2019, 1, 1));
	BAD(CDR_E_REFUSED, "employment.to", not_known(); s.employment.to = day(2019, 1, 1));
	BAD(CDR_E_REFUSED, "employment.positions", not_known(); s.employment.position_count = 1);
	BAD(CDR_E_REFUSED, "employment.duty_countries", not_known(); s.employment.duty_country_count = 1);
	BAD(CDR_E_REFUSED, "coverage.from", not_known(); s.coverage.from = day(2019, 1, 1));
	BAD(CDR_E_REFUSED, "coverage.to", not_known(); s.coverage.to = day(2019, 1, 1));
	BAD(CDR_E_REFUSED, "coverage.quality", not_known(); PUT(s.coverage.quality, "complete"));
	BAD(CDR_E_REFUSED, "finding", not_known(); PUT(s.finding, "no_record"));
	BAD(CDR_E_REFUSED, "ongoing_now", not_known(); PUT(s.ongoing_now, "yes"));
	BAD(CDR_E_REFUSED, "left_during", not_known(); PUT(s.left_during, "no_record"));
	BAD(CDR_E_REFUSED, "disclosures", not_known(); s.disclosure_count = 1);
	BAD(CDR_E_REFUSED, "legal_limit_reason", not_known(); PUT(s.legal_limit_reason, "other"));
	BAD(CDR_E_REFUSED, "legal_limit_country", not_known(); PUT(s.legal_limit_country, "KEN"));
	BAD(CDR_E_REFUSED, "right_of_reply", not_known(); PUT(s.right_of_reply, "given"));
}

static void
employment_is_checked(void **state)
{
	(void)state;
	BAD(CDR_E_INPUT, "coverage.quality", PUT(s.coverage.quality, ""));
	BAD(CDR_E_INPUT, "coverage.quality", PUT(s.coverage.quality, "good"));
	BAD(CDR_E_INPUT, "coverage.from", memset(&s.coverage.from, 0, sizeof(s.coverage.from)));
	BAD(CDR_E_INPUT, "coverage.to", memset(&s.coverage.to, 0, sizeof(s.coverage.to)));
	BAD(CDR_E_REFUSED, "coverage.to", s.coverage.to = day(2019, 2, 28));
	BAD(CDR_E_INPUT, "employment.from", memset(&s.employment.from, 0, sizeof(s.employment.from)));
	BAD(CDR_E_INPUT, "employment.from", s.employment.from = day(2019, 2, 30));
	BAD(CDR_E_INPUT, "employment.from", s.employment.from.precision = CDR_PRECISION_DECLARED_1_JANUARY);
	BAD(CDR_E_INPUT, "employment.from", s.employment.from.precision = 77);
	BAD(CDR_E_REFUSED, "employment.from", s.employment.from = day(2026, 1, 1));
	BAD(CDR_E_REFUSED, "employment.to", s.employment.to = day(2019, 2, 28));
	BAD(CDR_E_INPUT, "employment.positions", s.employment.position_count = 0);
	BAD(CDR_E_INPUT, "employment.positions", PUT(s.employment.positions[0], ""));
	BAD(CDR_E_INPUT, "employment.positions", PUT(s.employment.positions[0], "Field\nofficer"));
	BAD(CDR_E_RANGE, "employment.positions", memset(s.employment.positions[0], 'x', CDR_POSITION_LEN));
	BAD(CDR_E_RANGE, "employment.positions", s.employment.position_count = CDR_STATEMENT_POSITION_MAX + 1);
	BAD(CDR_E_INPUT, "employment.duty_countries", s.employment.duty_country_count = 0);
	BAD(CDR_E_INPUT, "employment.duty_countries", PUT(s.employment.duty_countries[0], "XXX"));
	BAD(CDR_E_INPUT, "employment.duty_countries", memset(s.employment.duty_countries[0], 'K', CDR_COUNTRY_LEN));
	BAD(CDR_E_RANGE, "employment.duty_countries", s.employment.duty_country_count = CDR_STATEMENT_COUNTRY_MAX + 1);
	set_up(NULL);
	memset(&s.employment.to, 0, sizeof(s.employment.to)); /* still there */
	GOOD();
}

/* The rule that protects those who were not found guilty. */
static void
reversed_and_unfounded_cases_are_refused(void **state)
{
	(void)state;
	BAD(CDR_E_REFUSED, "disclosures[0].process_status", disclose("substantiated_reversed"));
	assert_non_null(strstr(fault.text, "must not be disclosed"));
	BAD(CDR_E_REFUSED, "disclosures[0].process_status", disclose("closed_no_finding"));
	BAD(CDR_E_REFUSED, "disclosures[1].process_status", disclose("substantiated_final"); disclose("closed_no_finding"));
	/* Whatever else is wrong with the statement, this is said first. */
	BAD(CDR_E_REFUSED, "disclosures[0].process_status", not_known(); disclose("closed_no_finding"); s.signed_at = 0);
}

static void
answers_and_disclosures_agree(void **state)
{
	(void)state;
	BAD(CDR_E_INPUT, "finding", PUT(s.finding, ""));
	BAD(CDR_E_INPUT, "ongoing_now", PUT(s.ongoing_now, "maybe"));
	BAD(CDR_E_INPUT, "left_during", PUT(s.left_during, "unknown"));
	BAD(CDR_E_REFUSED, "finding", PUT(s.finding, "yes"));
	BAD(CDR_E_REFUSED, "ongoing_now", PUT(s.ongoing_now, "yes"));
	BAD(CDR_E_REFUSED, "left_during", PUT(s.left_during, "yes"));
	BAD(CDR_E_REFUSED, "ongoing_now", disclose("substantiated_final"); PUT(s.ongoing_now, "yes"));
	BAD(CDR_E_REFUSED, "disclosures[0].process_status", disclose("substantiated_final"); PUT(s.finding, "no_record"));
	BAD(CDR_E_REFUSED, "disclosures[0].process_status", disclose("ongoing"); PUT(s.ongoing_now, "no_record"));
	BAD(CDR_E_REFUSED, "disclosures[1].process_status", disclose("ongoing"); disclose("left_before_completion");
	    PUT(s.left_during, "no_record"));
	BAD(CDR_E_REFUSED, "disclosures[0].process_status", disclose("substantiated_final"); PUT(s.finding, "unable_legal");
	    PUT(s.legal_limit_reason, "other"));
}

static void
disclosures_are_checked(void **state)
{
	(void)state;
#define WITH(...) disclose("substantiated_final"); struct cdr_disclosure *d = &s.disclosures[0]; __VA_ARGS__
	BAD(CDR_E_RANGE, "disclosures", s.disclosure_count = CDR_STATEMENT_DISCLOSURE_MAX + 1);
	BAD(CDR_E_RANGE, "disclosures", WITH(d->misconduct_type_count = CDR_DISCLOSURE_TYPE_MAX + 1));
	BAD(CDR_E_RANGE, "disclosures", WITH(d->sanction_count = CDR_DISCLOSURE_SANCTION_MAX + 1));
	BAD(CDR_E_INPUT, "disclosures[0].misconduct_type", WITH(d->misconduct_type_count = 0));
	BAD(CDR_E_INPUT, "disclosures[0].misconduct_type", WITH(PUT(d->misconduct_type[0], "theft")));
	BAD(CDR_E_INPUT, "disclosures[0].misconduct_type", WITH(PUT(d->misconduct_type[1], "sexual_harassment"); d->misconduct_type_count = 2));
	BAD(CDR_E_INPUT, "disclosures[0].involved_child", WITH(PUT(d->involved_child, "")));
	BAD(CDR_E_INPUT, "disclosures[0].process_status", WITH(PUT(d->process_status, "")));
	BAD(CDR_E_RANGE, "disclosures[0].process_status", WITH(memset(d->process_status, 'x', CDR_CODE_LEN)));
	BAD(CDR_E_INPUT, "disclosures[0].sanction", WITH(d->sanction_count = 0));
	BAD(CDR_E_INPUT, "disclosures[0].sanction", WITH(PUT(d->sanction[0], "flogging")));
	BAD(CDR_E_INPUT, "disclosures[0].referred_to_authorities", WITH(PUT(d->referred_to_authorities, "")));
	BAD(CDR_E_INPUT, "disclosures[0].referred_country", WITH(PUT(d->referred_to_authorities, "yes")));
	BAD(CDR_E_REFUSED, "disclosures[0].referred_country", WITH(PUT(d->referred_country, "KEN")));
	BAD(CDR_E_INPUT, "disclosures[0].factual_summary", WITH(PUT(d->factual_summary, "a\x07")));
	BAD(CDR_E_RANGE, "disclosures[0].factual_summary", WITH(memset(d->factual_summary, 'x', CDR_SUMMARY_MAX + 1)));
	BAD(CDR_E_RANGE, "disclosures[0].factual_summary", WITH(memset(d->factual_summary, 'x', CDR_SUMMARY_LEN)));

	/* A thousand characters, whatever their bytes. */
	set_up(NULL);
	disclose("substantiated_final");
	for (size_t i = 0; i < CDR_SUMMARY_MAX; i++)
		memcpy(s.disclosures[0].factual_summary + 4 * i, "\xf0\xa0\x80\x80", 4);
	GOOD();
}

static void
the_lookback_is_tested(void **state)
{
	(void)state;
	const struct cdr_date unknown = { 0, 0, 0, CDR_PRECISION_UNKNOWN };

	BAD(CDR_E_INPUT, "disclosures[0].committed", WITH(d->committed = unknown));
	BAD(CDR_E_REFUSED, "disclosures[0].committed", WITH(d->committed = day(2020, 6, 14)));
	BAD(CDR_E_REFUSED, "disclosures[0].committed", WITH(d->committed = (struct cdr_date) { 2019, 1, 1, CDR_PRECISION_YEAR }));
	BAD(CDR_E_REFUSED, "disclosures[0].committed", WITH(d->committed = day(2018, 1, 1); d->concluded = day(2020, 6, 14)));
	BAD(CDR_E_REFUSED, "disclosures[0].committed", disclose("left_before_completion"); s.disclosures[0].committed = day(2019, 1, 1));
	BAD(CDR_E_REFUSED, "disclosures[0].concluded", WITH(d->concluded = day(2021, 12, 31)));
	BAD(CDR_E_REFUSED, "disclosures[0].concluded", WITH(d->concluded = day(2025, 6, 17)));
	BAD(CDR_E_REFUSED, "disclosures[0].concluded", disclose("ongoing"); s.disclosures[0].concluded = day(2025, 1, 1));

	set_up(NULL);
	disclose("substantiated_final");
	s.disclosures[0].committed = day(2020, 6, 15);
	GOOD();
	s.disclosures[0].committed = (struct cdr_date) { 2020, 1, 1, CDR_PRECISION_YEAR };
	GOOD();
	s.disclosures[0].committed = day(2010, 1, 1);
	s.disclosures[0].concluded = day(2020, 6, 15); /* the finding is within the look-back */
	GOOD();
	s.disclosures[0].committed = unknown;
	GOOD();

	/* A process that runs now is told, however old its subject. */
	set_up(NULL);
	disclose("ongoing");
	s.disclosures[0].committed = day(2010, 1, 1);
	GOOD();
	s.disclosures[0].committed = unknown;
	GOOD();

	/* Without a look-back there is no such test. */
	set_up(NULL);
	disclose("substantiated_final");
	s.disclosures[0].committed = day(2001, 1, 1);
	struct cdr_record_rules ever = rules;
	ever.lookback_years = 0;
	assert_int_equal(cdr_statement_validate(&s, &ever, &fault), CDR_OK);
}

static void
limits_of_the_law_are_named(void **state)
{
	(void)state;
	BAD(CDR_E_INPUT, "legal_limit_reason", PUT(s.finding, "unable_legal"));
	BAD(CDR_E_INPUT, "legal_limit_reason", PUT(s.finding, "unable_policy"));
	BAD(CDR_E_INPUT, "legal_limit_reason", PUT(s.left_during, "unable_no_records"));
	BAD(CDR_E_INPUT, "legal_limit_reason", PUT(s.finding, "unable_legal"); PUT(s.legal_limit_reason, "because"));
	BAD(CDR_E_INPUT, "legal_limit_country", PUT(s.finding, "unable_legal"); PUT(s.legal_limit_reason, "data_protection"));
	BAD(CDR_E_INPUT, "legal_limit_country", PUT(s.finding, "unable_legal"); PUT(s.legal_limit_reason, "other");
	    PUT(s.legal_limit_country, "ZZZ"));
	BAD(CDR_E_REFUSED, "legal_limit_reason", PUT(s.legal_limit_reason, "other"));
	BAD(CDR_E_REFUSED, "legal_limit_country", PUT(s.legal_limit_country, "KEN"));
	BAD(CDR_E_INPUT, "right_of_reply", PUT(s.right_of_reply, "perhaps"));
	set_up(NULL);
	PUT(s.finding, "unable_legal");
	PUT(s.legal_limit_reason, "data_protection");
	PUT(s.legal_limit_country, "KEN");
	GOOD();
	PUT(s.legal_limit_reason, "organisational_policy");
	PUT(s.legal_limit_country, "");
	GOOD();
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static cdr_err
read_text(const char *text, struct cdr_statement *out)
{
	return cdr_statement_from_json((struct cdr_bytes) { (const uint8_t *)text, strlen(text) }, out, &fault);
}

static void
json_goes_there_and_back(void **state)
{
	(void)state;
	static struct cdr_statement back;
	char *json = NULL, *again = NULL;

	disclose("substantiated_final");
	disclose("ongoing");
	PUT(s.disclosures[0].factual_summary, "L'\xc3\xa9quipe \"A\"\n\xd8\xb9");
	PUT(s.disclosures[0].sanction[1], "barred_from_rehire");
	s.disclosures[0].sanction_count = 2;
	memset(s.supersedes, 9, CDR_ID_LEN);
	PUT(s.employment.positions[1], "Team leader");
	s.employment.position_count = 2;
	GOOD();
	assert_int_equal(cdr_statement_to_json(&s, &json), CDR_OK);
	assert_int_equal(read_text(json, &back), CDR_OK);
	assert_memory_equal(&back, &s, sizeof(s));
	assert_int_equal(cdr_statement_to_json(&back, &again), CDR_OK);
	assert_string_equal(again, json);
	assert_non_null(strstr(json, "\"signed_at\": \"2025-06-15T00:00:00Z\""));
	assert_non_null(strstr(json, "\"committed\": \"2022-Q1\""));
	cdr_json_free(json);
	cdr_json_free(again);
	cdr_json_free(NULL);

	/* Nothing is something, too. */
	memset(&s, 0, sizeof(s));
	assert_int_equal(cdr_statement_to_json(&s, &json), CDR_OK);
	assert_string_equal(json, "{}");
	assert_int_equal(read_text(json, &back), CDR_OK);
	assert_memory_equal(&back, &s, sizeof(s));
	cdr_json_free(json);
}

/* What a focal point writes: the rest is filled in by the program. */
static void
an_answer_file_is_read(void **state)
{
	(void)state;
	static struct cdr_statement answer;

	assert_int_equal(read_text("{ \"identity_match\": \"confirmed\",\n"
	    "  \"employment\": { \"from\": \"2019-03\", \"to\": \"2022\", \"positions\": [\" Field  officer \"],\n"
	    "                  \"duty_countries\": [\"MLI\"] },\n"
	    "  \"coverage\": { \"quality\": \"partial\" },\n"
	    "  \"finding\": \"no_record\", \"ongoing_now\": \"no_record\", \"left_during\": \"no_record\" }", &answer), CDR_OK);
	assert_string_equal(answer.employment.positions[0], "Field officer");
	assert_int_equal(answer.employment.from.precision, CDR_PRECISION_MONTH);
	assert_int_equal(cdr_statement_validate(&answer, &rules, &fault), CDR_E_INPUT);

	memcpy(answer.codebook_version, s.codebook_version, sizeof(s.codebook_version));
	memcpy(answer.response_id, s.response_id, CDR_ID_LEN);
	memcpy(answer.request_id, s.request_id, CDR_ID_LEN);
	memcpy(answer.responder, s.responder, sizeof(s.responder));
	memcpy(answer.signer_name, s.signer_name, sizeof(s.signer_name));
	memcpy(answer.signer_role, s.signer_role, sizeof(s.signer_role));
	answer.signed_at = s.signed_at;
	answer.valid_until = s.valid_until;
	assert_int_equal(cdr_statement_validate(&answer, &rules, &fault), CDR_OK);
}

static void
bad_json_is_refused(void **state)
{
	(void)state;
	static struct cdr_statement out, zero;
	static const struct {
		const char *json;
		cdr_err err;
		const char *says;
	} cases[] = {
		{ "", CDR_E_INPUT, "not JSON" },
		{ "{", CDR_E_INPUT, "not JSON" },
		{ "[]", CDR_E_INPUT, "statement: an object" },
		{ "{} {}", CDR_E_INPUT, "not JSON" },
		{ "{\"finding\":\"yes\",\"finding\":\"no_record\"}", CDR_E_INPUT, "same key twice" },
		{ "{\"findings\":\"yes\"}", CDR_E_INPUT, "unknown key findings; did you mean finding?" },
		{ "{\"employment\":{\"start\":\"2019\"}}", CDR_E_INPUT, "employment: unknown key start" },
		{ "{\"disclosures\":[{\"commited\":\"2019\"}]}", CDR_E_INPUT, "disclosures[0]: unknown key commited; did you mean committed?" },
		{ "{\"finding\":1}", CDR_E_INPUT, "finding: a text" },
		{ "{\"finding\":null}", CDR_E_INPUT, "finding: a text" },
		{ "{\"employment\":[]}", CDR_E_INPUT, "employment: an object" },
		{ "{\"employment\":{\"from\":2019}}", CDR_E_INPUT, "employment.from: a text" },
		{ "{\"employment\":{\"from\":\"March\"}}", CDR_E_INPUT, "employment.from: no date" },
		{ "{\"employment\":{\"positions\":\"x\"}}", CDR_E_INPUT, "employment.positions: a list" },
		{ "{\"employment\":{\"positions\":[1]}}", CDR_E_INPUT, "employment.positions[0]: a text" },
		{ "{\"employment\":{\"positions\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]}}", CDR_E_RANGE, "more than 8" },
		{ "{\"employment\":{\"duty_countries\":[\"Mali\"]}}", CDR_E_RANGE, "employment.duty_countries[0]: too long" },
		{ "{\"disclosures\":[{},{},{},{},{}]}", CDR_E_RANGE, "disclosures: more than 4" },
		{ "{\"disclosures\":[1]}", CDR_E_INPUT, "disclosures[0]: an object" },
		{ "{\"signed_at\":\"2025-06-15\"}", CDR_E_INPUT, "signed_at: no time" },
		{ "{\"signed_at\":\"2025-06-31T00:00:00Z\"}", CDR_E_INPUT, "signed_at: no time" },
		{ "{\"signed_at\":\" 2025-06-15T00:00:00Z\"}", CDR_E_INPUT, "signed_at: no time" },
		{ "{\"response_id\":\"abc\"}", CDR_E_INPUT, "response_id: no identifier" },
		{ "{\"signer_name\":\"a\\u0007\"}", CDR_E_INPUT, "signer_name: holds a control" },
		{ "{\"signer_name\":\"a\\u0000\"}", CDR_E_INPUT, "not JSON" },
		{ "{\"finding\":\"0123456789012345678901234567890123456789\"}", CDR_E_RANGE, "finding: too long" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&out, 0x55, sizeof(out));
		assert_int_equal(read_text(cases[i].json, &out), cases[i].err);
		assert_int_equal(fault.code, cases[i].err);
		assert_non_null(strstr(fault.text, cases[i].says));
		assert_memory_equal(&out, &zero, sizeof(out));
	}
	/* A key that is no key is not repeated: who knows what it is. */
	assert_int_equal(read_text("{\"Amina Diallo\":1}", &out), CDR_E_INPUT);
	assert_null(strstr(fault.text, "Amina"));
	/* Nor is text around a fault. */
	assert_int_equal(read_text("{\"signer_name\": Amina}", &out), CDR_E_INPUT);
	assert_null(strstr(fault.text, "Amina"));

	uint8_t *big = calloc(1, CDR_STATEMENT_JSON_MAX + 1);
	assert_non_null(big);
	assert_int_equal(cdr_statement_from_json((struct cdr_bytes) { big, CDR_STATEMENT_JSON_MAX + 1 }, &out, NULL), CDR_E_RANGE);
	free(big);
}

static void
what_cannot_be_read_is_not_written(void **state)
{
	(void)state;
	char *json;

#define UNWRITTEN(expected, change) do {                                           \
		set_up(NULL);                                                      \
		change;                                                            \
		assert_int_equal(cdr_statement_to_json(&s, &json), (expected));    \
		assert_null(json);                                                 \
	} while (0)
	UNWRITTEN(CDR_E_RANGE, s.disclosure_count = 5);
	UNWRITTEN(CDR_E_RANGE, s.employment.position_count = 9);
	UNWRITTEN(CDR_E_RANGE, s.signed_at = -1);
	UNWRITTEN(CDR_E_RANGE, s.signed_at = INT64_MAX);
	UNWRITTEN(CDR_E_RANGE, s.employment.from.month = 13);
	UNWRITTEN(CDR_E_RANGE, s.employment.from.precision = CDR_PRECISION_DECLARED_1_JANUARY);
	UNWRITTEN(CDR_E_RANGE, memset(s.finding, 'x', sizeof(s.finding)));
	UNWRITTEN(CDR_E_INPUT, PUT(s.signer_name, "\xff"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(good_ones_pass, set_up),
		cmocka_unit_test_setup(results_follow, set_up),
		cmocka_unit_test(the_frame_is_needed),
		cmocka_unit_test(nothing_is_said_of_strangers),
		cmocka_unit_test(employment_is_checked),
		cmocka_unit_test(reversed_and_unfounded_cases_are_refused),
		cmocka_unit_test(answers_and_disclosures_agree),
		cmocka_unit_test(disclosures_are_checked),
		cmocka_unit_test(the_lookback_is_tested),
		cmocka_unit_test(limits_of_the_law_are_named),
		cmocka_unit_test_setup(json_goes_there_and_back, set_up),
		cmocka_unit_test_setup(an_answer_file_is_read, set_up),
		cmocka_unit_test(bad_json_is_refused),
		cmocka_unit_test(what_cannot_be_read_is_not_written),
	};
	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
