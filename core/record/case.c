#include "core/record/case.h"

#include <stdio.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/country.h"
#include "core/identity/date.h"
#include "core/record/pack.h"
#include "core/record/period.h"
#include "core/record/text.h"

#define CASE_KIND 'C'
#define CASE_VERSION 1

/* ---- validation ------------------------------------------------------------------------------------------------------------- */

static cdr_err
check_code(const struct cdr_record_rules *rules, const char *field, const char *list, const char *code, bool needed,
    struct cdr_fault *fault)
{
	struct cdr_fault why = { 0 };

	if (code[0] == '\0' && !needed)
		return CDR_OK;
	if (code[0] == '\0')
		return cdr_fault_set(fault, CDR_E_INPUT, "%s: missing", field);
	cdr_err err = cdr_codebook_check(rules->codebook, list, code, &why);
	return err == CDR_OK ? CDR_OK : cdr_fault_set(fault, CDR_E_INPUT, "%s: no such code; %.300s", field, why.text);
}

static cdr_err
check_codes(const struct cdr_record_rules *rules, const char *field, const char *list, const char (*codes)[CDR_CODE_LEN],
    size_t count, size_t max, struct cdr_fault *fault)
{
	if (count > max)
		return cdr_fault_set(fault, CDR_E_RANGE, "%s: more than %zu", field, max);
	cdr_err err = count > 0 ? CDR_OK : cdr_fault_set(fault, CDR_E_INPUT, "%s: missing", field);
	for (size_t i = 0; i < count && err == CDR_OK; i++) {
		err = check_code(rules, field, list, codes[i], true, fault);
		for (size_t other = 0; other < i && err == CDR_OK; other++)
			if (strcmp(codes[i], codes[other]) == 0)
				err = cdr_fault_set(fault, CDR_E_INPUT, "%s: the same code twice", field);
	}
	return err;
}

static cdr_err
check_text(const char *field, const char *text, size_t size, bool lines, struct cdr_fault *fault)
{
	char clean[CDR_TEXT_CLEAN_MAX + 1];
	size_t len = strnlen(text, size);

	if (len == size || len > CDR_TEXT_CLEAN_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "%s: longer than %zu bytes", field, size - 1);
	cdr_err err = cdr_text_clean(text, len, lines, clean, sizeof(clean));
	if (err != CDR_OK || strcmp(clean, text) != 0)
		err = cdr_fault_set(fault, CDR_E_INPUT, "%s: no clean text: control characters, stray blanks, or not UTF-8", field);
	cdr_wipe(clean, sizeof(clean));
	return err;
}

static cdr_err
check_date(const struct cdr_record_rules *rules, const char *field, const struct cdr_date *date, struct cdr_fault *fault)
{
	if (date->precision == CDR_PRECISION_UNKNOWN)
		return CDR_OK;
	if (date->precision == CDR_PRECISION_DECLARED_1_JANUARY || !cdr_date_valid(date))
		return cdr_fault_set(fault, CDR_E_INPUT, "%s: no date", field);
	if (cdr_period_future(date, rules))
		return cdr_fault_set(fault, CDR_E_REFUSED, "%s: lies in the future", field);
	return CDR_OK;
}

static cdr_err
check_country(const char *field, const char *country, bool needed, struct cdr_fault *fault)
{
	if ((country[0] == '\0' && !needed) || cdr_country_known(country))
		return CDR_OK;
	return cdr_fault_set(fault, CDR_E_INPUT, "%s: the three letters of ISO 3166-1, such as KEN", field);
}

/* A process that has come to its end has a day, or a year, of it; one that runs has none. */
static cdr_err
check_conclusion(const struct cdr_disclosure *d, const struct cdr_record_rules *rules, struct cdr_fault *fault)
{
	bool runs = cdr_codebook_means(rules->codebook, "process_status", d->process_status, "ongoing");
	bool ended = cdr_codebook_means(rules->codebook, "process_status", d->process_status, "finding") ||
	    cdr_codebook_means(rules->codebook, "process_status", d->process_status, "undisclosable");

	if (ended && d->concluded.precision == CDR_PRECISION_UNKNOWN)
		return cdr_fault_set(fault, CDR_E_INPUT, "concluded: missing, at least the year: the look-back and the time for which the "
		    "case is kept count from it");
	if (runs && d->concluded.precision != CDR_PRECISION_UNKNOWN)
		return cdr_fault_set(fault, CDR_E_REFUSED, "concluded: the process is still open, says process_status");
	if (cdr_period_reversed(&d->committed, &d->concluded))
		return cdr_fault_set(fault, CDR_E_REFUSED, "concluded: before committed");
	return CDR_OK;
}

/* see core/record/case.h */
cdr_err
cdr_case_validate(const struct cdr_case *c, const struct cdr_record_rules *rules, struct cdr_fault *fault)
{
	const struct cdr_disclosure *d = &c->conduct;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(check_codes(rules, "misconduct_type", "misconduct_type", (const char (*)[CDR_CODE_LEN])d->misconduct_type,
	    d->misconduct_type_count, CDR_DISCLOSURE_TYPE_MAX, fault));
	CDR_TRY(check_code(rules, "involved_child", "involved_child", d->involved_child, true, fault));
	CDR_TRY(check_code(rules, "process_status", "process_status", d->process_status, true, fault));
	CDR_TRY(check_codes(rules, "sanction", "sanction", (const char (*)[CDR_CODE_LEN])d->sanction, d->sanction_count,
	    CDR_DISCLOSURE_SANCTION_MAX, fault));
	CDR_TRY(check_code(rules, "referred_to_authorities", "referred_to_authorities", d->referred_to_authorities, true, fault));
	CDR_TRY(check_country("referred_country", d->referred_country,
	    cdr_codebook_means(rules->codebook, "referred_to_authorities", d->referred_to_authorities, "yes"), fault));
	CDR_TRY(check_country("country", c->country, true, fault));
	CDR_TRY(check_code(rules, "limit_reason", "legal_limit_reason", c->limit_reason, false, fault));
	CDR_TRY(check_code(rules, "right_of_reply", "right_of_reply", c->right_of_reply, false, fault));
	CDR_TRY(check_date(rules, "committed", &d->committed, fault));
	CDR_TRY(check_date(rules, "concluded", &d->concluded, fault));
	CDR_TRY(check_conclusion(d, rules, fault));
	CDR_TRY(check_text("own_reference", c->own_reference, sizeof(c->own_reference), false, fault));
	CDR_TRY(check_text("employee_number", c->employee_number, sizeof(c->employee_number), false, fault));
	err = check_text("factual_summary", d->factual_summary, sizeof(d->factual_summary), true, fault);
out:
	return err;
}

/* ---- the byte form ---------------------------------------------------------------------------------------------------------- */

/* see core/record/case.h */
cdr_err
cdr_case_pack(const struct cdr_case *c, uint8_t out[static CDR_CASE_PACK_MAX], size_t *len)
{
	const struct cdr_disclosure *d = &c->conduct;
	struct cdr_pack pack = { .data = out, .size = CDR_CASE_PACK_MAX };

	*len = 0;
	if (d->misconduct_type_count > CDR_DISCLOSURE_TYPE_MAX || d->sanction_count > CDR_DISCLOSURE_SANCTION_MAX)
		return CDR_E_RANGE;
	cdr_pack_byte(&pack, CASE_KIND);
	cdr_pack_byte(&pack, CASE_VERSION);
	cdr_pack_text(&pack, c->own_reference);
	cdr_pack_text(&pack, c->employee_number);
	cdr_pack_person(&pack, &c->person);
	cdr_pack_byte(&pack, (uint8_t)d->misconduct_type_count);
	for (size_t i = 0; i < d->misconduct_type_count; i++)
		cdr_pack_text(&pack, d->misconduct_type[i]);
	cdr_pack_text(&pack, d->involved_child);
	cdr_pack_date(&pack, &d->committed);
	cdr_pack_date(&pack, &d->concluded);
	cdr_pack_text(&pack, d->process_status);
	cdr_pack_byte(&pack, (uint8_t)d->sanction_count);
	for (size_t i = 0; i < d->sanction_count; i++)
		cdr_pack_text(&pack, d->sanction[i]);
	cdr_pack_text(&pack, d->referred_to_authorities);
	cdr_pack_text(&pack, d->referred_country);
	cdr_pack_text(&pack, d->factual_summary);
	cdr_pack_text(&pack, c->country);
	cdr_pack_text(&pack, c->limit_reason);
	cdr_pack_text(&pack, c->right_of_reply);
	if (pack.err == CDR_OK)
		*len = pack.len;
	return pack.err;
}

/* see core/record/case.h */
cdr_err
cdr_case_unpack(struct cdr_bytes in, struct cdr_case *c)
{
	struct cdr_disclosure *d = &c->conduct;
	struct cdr_unpack unpack = { .left = in };

	memset(c, 0, sizeof(*c));
	bool known = cdr_unpack_byte(&unpack) == CASE_KIND && cdr_unpack_byte(&unpack) == CASE_VERSION;
	cdr_unpack_text(&unpack, c->own_reference, sizeof(c->own_reference));
	cdr_unpack_text(&unpack, c->employee_number, sizeof(c->employee_number));
	cdr_unpack_person(&unpack, &c->person);
	d->misconduct_type_count = cdr_unpack_count(&unpack, CDR_DISCLOSURE_TYPE_MAX);
	for (size_t i = 0; i < d->misconduct_type_count; i++)
		cdr_unpack_text(&unpack, d->misconduct_type[i], CDR_CODE_LEN);
	cdr_unpack_text(&unpack, d->involved_child, sizeof(d->involved_child));
	cdr_unpack_date(&unpack, &d->committed);
	cdr_unpack_date(&unpack, &d->concluded);
	cdr_unpack_text(&unpack, d->process_status, sizeof(d->process_status));
	d->sanction_count = cdr_unpack_count(&unpack, CDR_DISCLOSURE_SANCTION_MAX);
	for (size_t i = 0; i < d->sanction_count; i++)
		cdr_unpack_text(&unpack, d->sanction[i], CDR_CODE_LEN);
	cdr_unpack_text(&unpack, d->referred_to_authorities, sizeof(d->referred_to_authorities));
	cdr_unpack_text(&unpack, d->referred_country, sizeof(d->referred_country));
	cdr_unpack_text(&unpack, d->factual_summary, sizeof(d->factual_summary));
	cdr_unpack_text(&unpack, c->country, sizeof(c->country));
	cdr_unpack_text(&unpack, c->limit_reason, sizeof(c->limit_reason));
	cdr_unpack_text(&unpack, c->right_of_reply, sizeof(c->right_of_reply));
	cdr_err err = known ? cdr_unpack_end(&unpack) : CDR_E_INPUT;
	if (err != CDR_OK)
		cdr_wipe(c, sizeof(*c));
	return err;
}

/* ---- the draft -------------------------------------------------------------------------------------------------------------- */

enum { QUESTIONS = 3 };
static const char *const triggers[QUESTIONS] = { "finding", "ongoing", "left" };

struct drafting {
	const struct cdr_legal_limits *limits;
	const struct cdr_record_rules *rules;
	struct cdr_statement *statement;
	bool yes[QUESTIONS], unable[QUESTIONS];
	const char *reason[QUESTIONS], *country[QUESTIONS];
	struct cdr_fault *fault;
};

/* The first code of ${list} that stands for ${means}. */
static const char *
code_of(const struct cdr_codebook *codebook, const char *list, const char *means)
{
	const char *code = NULL;

	for (size_t i = 0; (code = cdr_codebook_code_peek(codebook, list, i)) != NULL; i++)
		if (cdr_codebook_means(codebook, list, code, means))
			return code;
	return "";
}

/* The question that a case answers; QUESTIONS if it answers none: it must not be disclosed, or lies too far back. */
static size_t
question_of(const struct drafting *drafting, const struct cdr_disclosure *d)
{
	size_t question = 0;
	int32_t later = 0;

	while (question < QUESTIONS &&
	    !cdr_codebook_means(drafting->rules->codebook, "process_status", d->process_status, triggers[question]))
		question++;
	if (question == QUESTIONS || strcmp(triggers[question], "ongoing") == 0)
		return question;
	if (d->committed.precision != CDR_PRECISION_UNKNOWN)
		later = cdr_period_last(&d->committed);
	if (d->concluded.precision != CDR_PRECISION_UNKNOWN && cdr_period_last(&d->concluded) > later)
		later = cdr_period_last(&d->concluded);
	bool old = later != 0 && drafting->rules->lookback_years > 0 && later < cdr_period_lookback(drafting->rules);
	return old ? QUESTIONS : question;
}

/* The disclosure, without what may not be told. */
static cdr_err
disclose(struct drafting *drafting, const struct cdr_case *c)
{
	struct cdr_statement *s = drafting->statement;

	if (s->disclosure_count == CDR_STATEMENT_DISCLOSURE_MAX)
		return cdr_fault_set(drafting->fault, CDR_E_RANGE, "disclosures: a statement holds %d, and there are more cases: write the "
		    "answer by hand", CDR_STATEMENT_DISCLOSURE_MAX);
	struct cdr_disclosure *d = &s->disclosures[s->disclosure_count++];
	*d = c->conduct;
	if (cdr_legal_limits_reason_peek(drafting->limits, c->country, "summary") != NULL)
		memset(d->factual_summary, 0, sizeof(d->factual_summary));
	if (cdr_legal_limits_reason_peek(drafting->limits, c->country, "referral") != NULL) {
		(void)snprintf(d->referred_to_authorities, sizeof(d->referred_to_authorities), "withheld");
		memset(d->referred_country, 0, sizeof(d->referred_country));
	}
	if (s->right_of_reply[0] == '\0')
		memcpy(s->right_of_reply, c->right_of_reply, sizeof(s->right_of_reply));
	return CDR_OK;
}

static cdr_err
draft_one(struct drafting *drafting, const struct cdr_case *c)
{
	size_t question = question_of(drafting, &c->conduct);

	if (question == QUESTIONS)
		return CDR_OK;
	const char *reason = c->limit_reason[0] != '\0' ? c->limit_reason :
	    cdr_legal_limits_reason_peek(drafting->limits, c->country, triggers[question]);
	if (reason != NULL) {
		drafting->unable[question] = true;
		drafting->reason[question] = reason;
		drafting->country[question] = c->country;
		return CDR_OK;
	}
	drafting->yes[question] = true;
	return disclose(drafting, c);
}

/* The three answers. A yes stands above a limit; the first limit that is left says why. */
static void
answer(struct drafting *drafting)
{
	struct cdr_statement *s = drafting->statement;
	const struct cdr_codebook *codebook = drafting->rules->codebook;
	char *const answers[QUESTIONS] = { s->finding, s->ongoing_now, s->left_during };

	for (size_t i = 0; i < QUESTIONS; i++) {
		bool unable = drafting->unable[i] && !drafting->yes[i];
		const char *means = drafting->yes[i] ? "disclosure" : unable ? "unable" : "no_record";
		(void)snprintf(answers[i], CDR_CODE_LEN, "%s", code_of(codebook, "answer", means));
		if (unable && s->legal_limit_reason[0] == '\0') {
			(void)snprintf(s->legal_limit_reason, sizeof(s->legal_limit_reason), "%s", drafting->reason[i]);
			if (cdr_codebook_means(codebook, "legal_limit_reason", drafting->reason[i], "law"))
				(void)snprintf(s->legal_limit_country, sizeof(s->legal_limit_country), "%s", drafting->country[i]);
		}
	}
}

/* see core/record/case.h */
cdr_err
cdr_case_draft(const struct cdr_case *const *cases, size_t count, const struct cdr_legal_limits *limits,
    const struct cdr_record_rules *rules, struct cdr_statement *s, struct cdr_fault *fault)
{
	struct drafting drafting = { .limits = limits, .rules = rules, .statement = s, .fault = fault };
	cdr_err err = CDR_OK;

	s->disclosure_count = 0;
	memset(s->disclosures, 0, sizeof(s->disclosures));
	memset(s->legal_limit_reason, 0, sizeof(s->legal_limit_reason));
	memset(s->legal_limit_country, 0, sizeof(s->legal_limit_country));
	memset(s->right_of_reply, 0, sizeof(s->right_of_reply));
	for (size_t i = 0; i < count && err == CDR_OK; i++)
		err = draft_one(&drafting, cases[i]);
	if (err == CDR_OK)
		answer(&drafting);
	return err;
}

/* see core/record/case.h */
bool
cdr_case_erase_on(const struct cdr_case *c, const struct cdr_legal_limits *limits, const struct cdr_codebook *codebook,
    struct cdr_date *day)
{
	const struct cdr_disclosure *d = &c->conduct;

	*day = (struct cdr_date){ 0 };
	if (d->concluded.precision == CDR_PRECISION_UNKNOWN ||
	    cdr_codebook_means(codebook, "process_status", d->process_status, "ongoing"))
		return false;
	int32_t last = cdr_period_last(&d->concluded);
	/* Months since the year 0; the case is kept to the end of the last of them. */
	int32_t months = last / 10000 * 12 + last / 100 % 100 - 1 + (int32_t)cdr_legal_limits_retention_months(limits, c->country) + 1;
	*day = (struct cdr_date){ (int16_t)(months / 12), (uint8_t)(months % 12 + 1), 1, CDR_PRECISION_DAY };
	return true;
}
