#include "core/record/statement.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/crypto/secret.h"
#include "core/identity/country.h"
#include "core/identity/date.h"
#include "core/record/period.h"
#include "core/record/text.h"

#define SECONDS_A_DAY 86400
#define NOT_ONE SIZE_MAX

/* What every check below is handed. */
struct judge {
	const struct cdr_statement *statement;
	const struct cdr_record_rules *rules;
	struct cdr_fault *fault;
	int32_t tomorrow;  /* in the form of core/record/period.h: where the signer sits it may be a day later than here */
	size_t disclosure; /* the fields that are judged belong to this disclosure; NOT_ONE: to the statement itself */
};

/* The three questions, and the kind of disclosure that answers each with yes. */
static const struct {
	const char *field, *trigger;
	size_t offset;
} questions[] = {
	{ "finding", "finding", offsetof(struct cdr_statement, finding) },
	{ "ongoing_now", "ongoing", offsetof(struct cdr_statement, ongoing_now) },
	{ "left_during", "left", offsetof(struct cdr_statement, left_during) },
};

#define QUESTION_COUNT (sizeof(questions) / sizeof(questions[0]))

static const uint8_t no_id[CDR_ID_LEN];

static const char *
answer_of(const struct cdr_statement *statement, size_t question)
{
	return (const char *)statement + questions[question].offset;
}

/* "field: sentence", or "disclosures[0].field: sentence". */
static cdr_err CDR_PRINTF(4, 5)
refuse(const struct judge *judge, cdr_err err, const char *field, const char *format, ...)
{
	char text[CDR_FAULT_LEN - 96];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (judge->disclosure == NOT_ONE)
		return cdr_fault_set(judge->fault, err, "%s: %s", field, text);
	return cdr_fault_set(judge->fault, err, "disclosures[%zu].%s: %s", judge->disclosure, field, text);
}

/* The same judge over one disclosure. */
static struct judge
judge_of(const struct judge *judge, size_t disclosure)
{
	struct judge inner = *judge;

	inner.disclosure = disclosure;
	return inner;
}

/* ---- single fields --------------------------------------------------------------------------------------------- */

enum need { OPTIONAL, NEEDED };

/* A text has its NUL, and is in the form that cdr_text_clean gives. */
static cdr_err
check_text(const struct judge *judge, const char *field, const char *text, size_t size, bool lines, enum need need)
{
	char clean[CDR_TEXT_CLEAN_MAX + 1];
	size_t len = strnlen(text, size);
	cdr_err err = CDR_OK;

	if (len == size)
		return refuse(judge, CDR_E_RANGE, field, "longer than %zu bytes", size - 1);
	if (len == 0)
		return need == NEEDED ? refuse(judge, CDR_E_INPUT, field, "missing") : CDR_OK;
	if (cdr_text_clean(text, len, lines, clean, sizeof(clean)) != CDR_OK || strcmp(clean, text) != 0)
		err = refuse(judge, CDR_E_INPUT, field, "not clean text: invalid UTF-8, not NFC, a control character, or stray blanks");
	cdr_wipe(clean, len + 1);
	return err;
}

static cdr_err
check_code(const struct judge *judge, const char *field, const char *list, const char *code, enum need need)
{
	struct cdr_fault why = { .text = "" };
	size_t len = strnlen(code, CDR_CODE_LEN);

	if (len == CDR_CODE_LEN)
		return refuse(judge, CDR_E_RANGE, field, "longer than %d bytes", CDR_CODE_LEN - 1);
	if (len == 0 && need == OPTIONAL)
		return CDR_OK;
	cdr_err err = cdr_codebook_check(judge->rules->codebook, list, code, &why);
	if (err == CDR_OK)
		return CDR_OK;
	return refuse(judge, err, field, "%s; %.300s (codebook %s)", len == 0 ? "missing" : "no such code", why.text,
	    cdr_codebook_version_peek(judge->rules->codebook));
}

/* A list of codes: at least one, none twice. */
static cdr_err
check_codes(const struct judge *judge, const char *field, const char *list, const char (*codes)[CDR_CODE_LEN], size_t count)
{
	if (count == 0)
		return refuse(judge, CDR_E_INPUT, field, "missing");
	for (size_t i = 0; i < count; i++) {
		cdr_err err = check_code(judge, field, list, codes[i], NEEDED);
		if (err != CDR_OK)
			return err;
		for (size_t other = 0; other < i; other++)
			if (strcmp(codes[i], codes[other]) == 0)
				return refuse(judge, CDR_E_INPUT, field, "the same code twice");
	}
	return CDR_OK;
}

static cdr_err
check_country(const struct judge *judge, const char *field, const char country[static CDR_COUNTRY_LEN], enum need need)
{
	if (country[0] == '\0')
		return need == NEEDED ? refuse(judge, CDR_E_INPUT, field, "missing") : CDR_OK;
	if (strnlen(country, CDR_COUNTRY_LEN) == CDR_COUNTRY_LEN || !cdr_country_known(country))
		return refuse(judge, CDR_E_INPUT, field, "no country code; write the three letters of ISO 3166-1, such as KEN");
	return CDR_OK;
}

/* A date of something that happened. */
static cdr_err
check_date(const struct judge *judge, const char *field, const struct cdr_date *date, enum need need)
{
	if (date->precision == CDR_PRECISION_UNKNOWN)
		return need == NEEDED ? refuse(judge, CDR_E_INPUT, field, "missing") : CDR_OK;
	if (date->precision == CDR_PRECISION_DECLARED_1_JANUARY || !cdr_date_valid(date))
		return refuse(judge, CDR_E_INPUT, field, "no date");
	if (cdr_period_first(date) > judge->tomorrow)
		return refuse(judge, CDR_E_REFUSED, field, "lies in the future");
	return CDR_OK;
}

static cdr_err
check_id(const struct judge *judge, const char *field, const uint8_t id[static CDR_ID_LEN])
{
	return memcmp(id, no_id, CDR_ID_LEN) == 0 ? refuse(judge, CDR_E_INPUT, field, "missing") : CDR_OK;
}

/* ---- the frame ------------------------------------------------------------------------------------------------- */

/* Nothing below reads past a count. */
static cdr_err
check_counts(const struct judge *judge)
{
	const struct cdr_statement *s = judge->statement;

	if (s->employment.position_count > CDR_STATEMENT_POSITION_MAX)
		return refuse(judge, CDR_E_RANGE, "employment.positions", "more than %d", CDR_STATEMENT_POSITION_MAX);
	if (s->employment.duty_country_count > CDR_STATEMENT_COUNTRY_MAX)
		return refuse(judge, CDR_E_RANGE, "employment.duty_countries", "more than %d", CDR_STATEMENT_COUNTRY_MAX);
	if (s->disclosure_count > CDR_STATEMENT_DISCLOSURE_MAX)
		return refuse(judge, CDR_E_RANGE, "disclosures", "more than %d", CDR_STATEMENT_DISCLOSURE_MAX);
	for (size_t i = 0; i < s->disclosure_count; i++)
		if (s->disclosures[i].misconduct_type_count > CDR_DISCLOSURE_TYPE_MAX ||
		    s->disclosures[i].sanction_count > CDR_DISCLOSURE_SANCTION_MAX)
			return refuse(judge, CDR_E_RANGE, "disclosures", "more than %d types or %d sanctions", CDR_DISCLOSURE_TYPE_MAX,
			    CDR_DISCLOSURE_SANCTION_MAX);
	return CDR_OK;
}

/* What was reversed, or ended with no finding, leaves this organisation in no form. */
static cdr_err
check_undisclosable(const struct judge *judge)
{
	for (size_t i = 0; i < judge->statement->disclosure_count; i++) {
		const char *status = judge->statement->disclosures[i].process_status;
		struct judge inner = judge_of(judge, i);
		if (strnlen(status, CDR_CODE_LEN) == CDR_CODE_LEN ||
		    !cdr_codebook_means(judge->rules->codebook, "process_status", status, "undisclosable"))
			continue;
		return refuse(&inner, CDR_E_REFUSED, "process_status",
		    "a case that was reversed, or closed with no finding, must not be disclosed; take this disclosure out");
	}
	return CDR_OK;
}

/* Seconds at the beginning of a day. */
static int64_t
seconds_of(const struct cdr_date *day)
{
	struct tm tm = { .tm_year = day->year - 1900, .tm_mon = day->month - 1, .tm_mday = day->day };

	return timegm(&tm);
}

static int32_t
day_of(int64_t seconds)
{
	struct tm tm = { .tm_year = 0 };
	time_t time = seconds;

	(void)gmtime_r(&time, &tm);
	return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

static cdr_err
check_signing(const struct judge *judge)
{
	const struct cdr_statement *s = judge->statement;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(check_text(judge, "signer_name", s->signer_name, sizeof(s->signer_name), false, NEEDED));
	CDR_TRY(check_code(judge, "signer_role", "signer_role", s->signer_role, NEEDED));
	if (s->signed_at <= 0)
		return refuse(judge, CDR_E_INPUT, "signed_at", "missing");
	if (s->signed_at >= seconds_of(&judge->rules->today) + 2 * SECONDS_A_DAY)
		return refuse(judge, CDR_E_REFUSED, "signed_at", "lies in the future");
	if (s->valid_until.precision != CDR_PRECISION_DAY || !cdr_date_valid(&s->valid_until))
		return refuse(judge, CDR_E_INPUT, "valid_until", "missing, or not a day");
	if (cdr_period_first(&s->valid_until) < day_of(s->signed_at - SECONDS_A_DAY))
		return refuse(judge, CDR_E_REFUSED, "valid_until", "before the day of signing");
out:
	return err;
}

static cdr_err
check_frame(const struct judge *judge)
{
	const struct cdr_statement *s = judge->statement;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(check_text(judge, "codebook_version", s->codebook_version, sizeof(s->codebook_version), false, NEEDED));
	CDR_TRY(check_id(judge, "response_id", s->response_id));
	CDR_TRY(check_id(judge, "request_id", s->request_id));
	if (!cdr_member_id_valid(s->responder))
		return refuse(judge, CDR_E_INPUT, "responder", "no member id");
	CDR_TRY(check_signing(judge));
	if (memcmp(s->supersedes, s->response_id, CDR_ID_LEN) == 0)
		return refuse(judge, CDR_E_REFUSED, "supersedes", "a statement cannot supersede itself");
	CDR_TRY(check_code(judge, "identity_match", "identity_match", s->identity_match, NEEDED));
out:
	return err;
}

/* ---- what is answered ------------------------------------------------------------------------------------------ */

/* The first field that says something about the person, or NULL. */
static const char *
first_said(const struct cdr_statement *s)
{
	const struct {
		const char *field;
		bool said;
	} fields[] = {
		{ "employment.from", s->employment.from.precision != CDR_PRECISION_UNKNOWN },
		{ "employment.to", s->employment.to.precision != CDR_PRECISION_UNKNOWN },
		{ "employment.positions", s->employment.position_count > 0 },
		{ "employment.duty_countries", s->employment.duty_country_count > 0 },
		{ "coverage.from", s->coverage.from.precision != CDR_PRECISION_UNKNOWN },
		{ "coverage.to", s->coverage.to.precision != CDR_PRECISION_UNKNOWN },
		{ "coverage.quality", s->coverage.quality[0] != '\0' },
		{ "finding", s->finding[0] != '\0' },
		{ "ongoing_now", s->ongoing_now[0] != '\0' },
		{ "left_during", s->left_during[0] != '\0' },
		{ "disclosures", s->disclosure_count > 0 },
		{ "legal_limit_reason", s->legal_limit_reason[0] != '\0' },
		{ "legal_limit_country", s->legal_limit_country[0] != '\0' },
		{ "right_of_reply", s->right_of_reply[0] != '\0' },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].said)
			return fields[i].field;
	return NULL;
}

/* Coverage and employment. Complete records know when, as what and where somebody worked. */
static cdr_err
check_employment(const struct judge *judge)
{
	const struct cdr_statement *s = judge->statement;
	enum need need = OPTIONAL;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(check_code(judge, "coverage.quality", "coverage_quality", s->coverage.quality, NEEDED));
	if (cdr_codebook_means(judge->rules->codebook, "coverage_quality", s->coverage.quality, "complete"))
		need = NEEDED;
	CDR_TRY(check_date(judge, "coverage.from", &s->coverage.from, need));
	CDR_TRY(check_date(judge, "coverage.to", &s->coverage.to, need));
	if (cdr_period_reversed(&s->coverage.from, &s->coverage.to))
		return refuse(judge, CDR_E_REFUSED, "coverage.to", "before coverage.from");

	CDR_TRY(check_date(judge, "employment.from", &s->employment.from, need));
	CDR_TRY(check_date(judge, "employment.to", &s->employment.to, OPTIONAL));
	if (cdr_period_reversed(&s->employment.from, &s->employment.to))
		return refuse(judge, CDR_E_REFUSED, "employment.to", "before employment.from");
	if (need == NEEDED && s->employment.position_count == 0)
		return refuse(judge, CDR_E_INPUT, "employment.positions", "missing, while coverage.quality says that records are complete");
	if (need == NEEDED && s->employment.duty_country_count == 0)
		return refuse(judge, CDR_E_INPUT, "employment.duty_countries", "missing, while coverage.quality says that records are complete");
	for (size_t i = 0; i < s->employment.position_count; i++)
		CDR_TRY(check_text(judge, "employment.positions", s->employment.positions[i], CDR_POSITION_LEN, false, NEEDED));
	for (size_t i = 0; i < s->employment.duty_country_count; i++)
		CDR_TRY(check_country(judge, "employment.duty_countries", s->employment.duty_countries[i], NEEDED));
out:
	return err;
}

/* The later of the two dates lies within the look-back. A process that runs now needs no such test. */
static cdr_err
check_lookback(const struct judge *judge, const struct cdr_disclosure *d)
{
	int32_t later = 0;

	if (d->committed.precision != CDR_PRECISION_UNKNOWN)
		later = cdr_period_last(&d->committed);
	if (d->concluded.precision != CDR_PRECISION_UNKNOWN && cdr_period_last(&d->concluded) > later)
		later = cdr_period_last(&d->concluded);
	if (later == 0)
		return refuse(judge, CDR_E_INPUT, "committed", "it or concluded is needed, at least the year: it tests the look-back");
	if (judge->rules->lookback_years > 0 && later < cdr_period_lookback(judge->rules))
		return refuse(judge, CDR_E_REFUSED, "committed", "it and concluded lie before the look-back of %u years: not to be disclosed",
		    judge->rules->lookback_years);
	return CDR_OK;
}

static cdr_err
check_dates(const struct judge *judge, const struct cdr_disclosure *d)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(check_date(judge, "committed", &d->committed, OPTIONAL));
	CDR_TRY(check_date(judge, "concluded", &d->concluded, OPTIONAL));
	if (cdr_period_reversed(&d->committed, &d->concluded))
		return refuse(judge, CDR_E_REFUSED, "concluded", "before committed");
	if (!cdr_codebook_means(judge->rules->codebook, "process_status", d->process_status, "ongoing"))
		return check_lookback(judge, d);
	if (d->concluded.precision != CDR_PRECISION_UNKNOWN)
		return refuse(judge, CDR_E_REFUSED, "concluded", "a process that is ongoing has not concluded");
out:
	return err;
}

/* A disclosure by itself. */
static cdr_err
check_disclosure(const struct judge *judge, const struct cdr_disclosure *d)
{
	cdr_err err = CDR_E_INTERNAL;
	bool referred;

	CDR_TRY(check_codes(judge, "misconduct_type", "misconduct_type", d->misconduct_type, d->misconduct_type_count));
	CDR_TRY(check_code(judge, "involved_child", "involved_child", d->involved_child, NEEDED));
	CDR_TRY(check_code(judge, "process_status", "process_status", d->process_status, NEEDED));
	CDR_TRY(check_dates(judge, d));
	CDR_TRY(check_codes(judge, "sanction", "sanction", d->sanction, d->sanction_count));
	CDR_TRY(check_code(judge, "referred_to_authorities", "referred_to_authorities", d->referred_to_authorities, NEEDED));
	referred = cdr_codebook_means(judge->rules->codebook, "referred_to_authorities", d->referred_to_authorities, "yes");
	CDR_TRY(check_country(judge, "referred_country", d->referred_country, referred ? NEEDED : OPTIONAL));
	if (!referred && d->referred_country[0] != '\0')
		return refuse(judge, CDR_E_REFUSED, "referred_country", "only where it was referred to the authorities");
	CDR_TRY(check_text(judge, "factual_summary", d->factual_summary, sizeof(d->factual_summary), true, OPTIONAL));
	if (cdr_text_count(d->factual_summary) > CDR_SUMMARY_MAX)
		return refuse(judge, CDR_E_RANGE, "factual_summary", "longer than %d characters", CDR_SUMMARY_MAX);
out:
	return err;
}

/* The question that a disclosure answers with yes; QUESTION_COUNT: none. */
static size_t
question_of(const struct judge *judge, const struct cdr_disclosure *d)
{
	size_t q = 0;

	while (q < QUESTION_COUNT &&
	    !cdr_codebook_means(judge->rules->codebook, "process_status", d->process_status, questions[q].trigger))
		q++;
	return q;
}

/* A question is answered yes if, and only if, a disclosure of its kind is there. */
static cdr_err
check_agreement(const struct judge *judge)
{
	const struct cdr_statement *s = judge->statement;
	bool found[QUESTION_COUNT + 1] = { false }, yes[QUESTION_COUNT + 1] = { false };

	for (size_t q = 0; q < QUESTION_COUNT; q++)
		yes[q] = cdr_codebook_means(judge->rules->codebook, "answer", answer_of(s, q), "disclosure");
	for (size_t i = 0; i < s->disclosure_count; i++) {
		struct judge inner = judge_of(judge, i);
		size_t q = question_of(judge, &s->disclosures[i]);
		if (q == QUESTION_COUNT)
			return refuse(&inner, CDR_E_REFUSED, "process_status", "answers none of the three questions");
		if (!yes[q])
			return refuse(&inner, CDR_E_REFUSED, "process_status", "says yes to %s, which is answered otherwise", questions[q].field);
		found[q] = true;
	}
	for (size_t q = 0; q < QUESTION_COUNT; q++)
		if (yes[q] && !found[q])
			return refuse(judge, CDR_E_REFUSED, questions[q].field, "answered yes, and no disclosure has a process_status that says so");
	return CDR_OK;
}

static cdr_err
check_legal_limit(const struct judge *judge)
{
	const struct cdr_statement *s = judge->statement;
	const struct cdr_codebook *codebook = judge->rules->codebook;
	bool unable = false, law;
	cdr_err err = CDR_E_INTERNAL;

	for (size_t q = 0; q < QUESTION_COUNT; q++)
		unable = unable || cdr_codebook_means(codebook, "answer", answer_of(s, q), "unable");
	CDR_TRY(check_code(judge, "legal_limit_reason", "legal_limit_reason", s->legal_limit_reason, unable ? NEEDED : OPTIONAL));
	law = cdr_codebook_means(codebook, "legal_limit_reason", s->legal_limit_reason, "law");
	CDR_TRY(check_country(judge, "legal_limit_country", s->legal_limit_country, law ? NEEDED : OPTIONAL));
	if (!unable && s->legal_limit_reason[0] != '\0')
		return refuse(judge, CDR_E_REFUSED, "legal_limit_reason", "only where a question cannot be answered");
	if (!unable && s->legal_limit_country[0] != '\0')
		return refuse(judge, CDR_E_REFUSED, "legal_limit_country", "only where a question cannot be answered");
out:
	return err;
}

static cdr_err
check_answers(const struct judge *judge)
{
	const struct cdr_statement *s = judge->statement;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(check_employment(judge));
	for (size_t q = 0; q < QUESTION_COUNT; q++)
		CDR_TRY(check_code(judge, questions[q].field, "answer", answer_of(s, q), NEEDED));
	for (size_t i = 0; i < s->disclosure_count; i++) {
		struct judge inner = judge_of(judge, i);
		CDR_TRY(check_disclosure(&inner, &s->disclosures[i]));
	}
	CDR_TRY(check_agreement(judge));
	CDR_TRY(check_legal_limit(judge));
	CDR_TRY(check_code(judge, "right_of_reply", "right_of_reply", s->right_of_reply, OPTIONAL));
out:
	return err;
}

/* see core/record/statement.h */
cdr_err
cdr_statement_validate(const struct cdr_statement *statement, const struct cdr_record_rules *rules, struct cdr_fault *fault)
{
	struct judge judge = { .statement = statement, .rules = rules, .fault = fault, .disclosure = NOT_ONE };
	cdr_err err = CDR_E_INTERNAL;

	if (rules->codebook == NULL || rules->today.precision != CDR_PRECISION_DAY || !cdr_date_valid(&rules->today))
		return cdr_fault_set(fault, CDR_E_INTERNAL, "rules without a codebook or without a day");
	judge.tomorrow = day_of(seconds_of(&rules->today) + SECONDS_A_DAY);

	CDR_TRY(check_counts(&judge));
	CDR_TRY(check_undisclosable(&judge));
	CDR_TRY(check_frame(&judge));
	if (cdr_codebook_means(rules->codebook, "identity_match", statement->identity_match, "answers"))
		return check_answers(&judge);
	const char *said = first_said(statement);
	if (said != NULL)
		return refuse(&judge, CDR_E_REFUSED, said, "nothing is answered unless identity_match is confirmed or probable");
out:
	return err;
}

/* see core/record/statement.h */
const char *
cdr_statement_result(const struct cdr_statement *statement, const struct cdr_codebook *codebook)
{
	bool all_answered = true;

	if (statement == NULL)
		return "no_response";
	if (cdr_codebook_means(codebook, "identity_match", statement->identity_match, "not_known_here"))
		return "not_known_here";
	if (!cdr_codebook_means(codebook, "identity_match", statement->identity_match, "answers"))
		return "unable_to_answer";
	for (size_t q = 0; q < QUESTION_COUNT; q++) {
		if (cdr_codebook_means(codebook, "answer", answer_of(statement, q), "disclosure"))
			return "disclosure";
		all_answered = all_answered && cdr_codebook_means(codebook, "answer", answer_of(statement, q), "no_record");
	}
	return all_answered ? "no_record_held" : "unable_to_answer";
}
