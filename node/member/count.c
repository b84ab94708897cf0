#include "node/member/count.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* The names in the table, and whether the figure has parts. */
static const struct {
	const char *name;
	bool coded;
} counters[CDR_COUNTER_COUNT] = {
	[CDR_COUNT_DECISION] = { "decision", true },
	[CDR_COUNT_REQUEST_MADE] = { "request_made", true },
	[CDR_COUNT_REQUEST_WITHDRAWN] = { "request_withdrawn", false },
	[CDR_COUNT_REQUEST_EXPIRED] = { "request_expired", false },
	[CDR_COUNT_RESPONSE_RECEIVED] = { "response_received", true },
	[CDR_COUNT_RESPONSE_AFTER_EXPIRY] = { "response_after_expiry", false },
	[CDR_COUNT_RESPONSE_LATE] = { "response_late", false },
	[CDR_COUNT_RESPONSE_DAYS] = { "response_days", true },
	[CDR_COUNT_ANSWER_RECEIVED] = { "answer_received", true },
	[CDR_COUNT_STATEMENT_SUPERSEDED] = { "statement_superseded", false },
	[CDR_COUNT_DISCLOSURE_RECEIVED] = { "disclosure_received", true },
	[CDR_COUNT_TRIGGER_RECEIVED] = { "trigger_received", true },
	[CDR_COUNT_REQUEST_RECEIVED] = { "request_received", false },
	[CDR_COUNT_RESPONSE_PROVIDED] = { "response_provided", false },
	[CDR_COUNT_NOT_ANSWERED] = { "not_answered", true },
	[CDR_COUNT_ANSWER_PROVIDED] = { "answer_provided", true },
	[CDR_COUNT_LEGAL_LIMIT] = { "legal_limit", true },
	[CDR_COUNT_DISCLOSURE_PROVIDED] = { "disclosure_provided", true },
	[CDR_COUNT_TRIGGER_PROVIDED] = { "trigger_provided", true },
	[CDR_COUNT_COMPLAINT_RECEIVED] = { "complaint_received", false },
	[CDR_COUNT_COMPLAINT_UPHELD] = { "complaint_upheld", false },
	[CDR_COUNT_LAWSUIT] = { "lawsuit", false },
	[CDR_COUNT_OBJECTION] = { "objection", false },
	[CDR_COUNT_ERASURE] = { "erasure", false },
	[CDR_COUNT_MATCH_QUERY] = { "match_query", false },
	[CDR_COUNT_MATCH] = { "match", true },
	[CDR_COUNT_MATCH_CONFIRMED] = { "match_confirmed", false },
	[CDR_COUNT_MATCH_FALSE] = { "match_false", true },
	[CDR_COUNT_RECRUITMENT_UNCHECKED] = { "recruitment_unchecked", false },
};

/* see node/member/count.h */
unsigned
cdr_count_year(uint64_t seconds)
{
	struct tm day;
	time_t at = (time_t)seconds;

	if (gmtime_r(&at, &day) == NULL || day.tm_year + 1900 < CDR_COUNT_YEAR_MIN)
		return CDR_COUNT_YEAR_MIN;
	return day.tm_year + 1900 > CDR_COUNT_YEAR_MAX ? CDR_COUNT_YEAR_MAX : (unsigned)day.tm_year + 1900;
}

static bool
is_code(const char *code)
{
	size_t len = 0;

	while (code[len] > ' ' && code[len] < 0x7f)
		len++;
	return len > 0 && len < CDR_COUNT_CODE_LEN && code[len] == '\0';
}

/* Add to the row of a figure, or begin it. */
static cdr_err
add(struct cdr_tx *tx, enum cdr_counter counter, const char *code, unsigned year, uint64_t n)
{
	if (year < CDR_COUNT_YEAR_MIN || year > CDR_COUNT_YEAR_MAX || n > INT32_MAX)
		return CDR_E_RANGE;
	struct cdr_values values = CDR_VALUES(cdr_value_int(year), cdr_value_text(counters[counter].name), cdr_value_text(code),
	    cdr_value_int((int64_t)n));
	cdr_err err = cdr_query_run(tx, "UPDATE tally SET number = number + $4 WHERE year = $1 AND counter = $2 AND code = $3",
	    values);
	if (err == CDR_OK && cdr_query_changed_count(tx) == 0)
		err = cdr_query_run(tx, "INSERT INTO tally (year, counter, code, number) VALUES ($1, $2, $3, $4)", values);
	return err;
}

/* see node/member/count.h */
cdr_err
cdr_count_add(struct cdr_tx *tx, enum cdr_counter counter, unsigned year, uint64_t n)
{
	if ((unsigned)counter >= CDR_COUNTER_COUNT || counters[counter].coded)
		return CDR_E_RANGE;
	return add(tx, counter, "", year, n);
}

/* see node/member/count.h */
cdr_err
cdr_count_add_code(struct cdr_tx *tx, enum cdr_counter counter, const char *code, unsigned year, uint64_t n)
{
	if ((unsigned)counter >= CDR_COUNTER_COUNT || !counters[counter].coded || !is_code(code))
		return CDR_E_RANGE;
	return add(tx, counter, code, year, n);
}

/* see node/member/count.h */
cdr_err
cdr_count_response(struct cdr_tx *tx, const char *asked, uint64_t asked_at, uint64_t due_at, uint64_t answered_at)
{
	unsigned year = cdr_count_year(answered_at);
	uint64_t days = answered_at > asked_at ? (answered_at - asked_at) / 86400 : 0;
	char code[CDR_COUNT_CODE_LEN];
	cdr_err err = CDR_E_INTERNAL;

	(void)snprintf(code, sizeof(code), "%u", (unsigned)(days < CDR_COUNT_DAYS_MAX ? days : CDR_COUNT_DAYS_MAX));
	CDR_TRY(cdr_count_add_code(tx, CDR_COUNT_RESPONSE_RECEIVED, asked, year, 1));
	CDR_TRY(cdr_count_add_code(tx, CDR_COUNT_RESPONSE_DAYS, code, year, 1));
	if (answered_at > due_at)
		CDR_TRY(cdr_count_add(tx, CDR_COUNT_RESPONSE_LATE, year, 1));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/count.h */
cdr_err
cdr_count_statement(struct cdr_tx *tx, const struct cdr_codebook *codebook, const struct cdr_statement *statement,
    bool provided, unsigned year)
{
	const struct {
		const char *question, *answer;
	} questions[] = {
		{ "finding", statement->finding }, { "ongoing_now", statement->ongoing_now }, { "left_during", statement->left_during }
	};
	enum cdr_counter answer = provided ? CDR_COUNT_ANSWER_PROVIDED : CDR_COUNT_ANSWER_RECEIVED;
	enum cdr_counter trigger = provided ? CDR_COUNT_TRIGGER_PROVIDED : CDR_COUNT_TRIGGER_RECEIVED;
	enum cdr_counter disclosure = provided ? CDR_COUNT_DISCLOSURE_PROVIDED : CDR_COUNT_DISCLOSURE_RECEIVED;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_count_add_code(tx, answer, cdr_statement_result(statement, codebook), year, 1));
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (cdr_codebook_means(codebook, "answer", questions[i].answer, "disclosure"))
			CDR_TRY(cdr_count_add_code(tx, trigger, questions[i].question, year, 1));
	for (size_t i = 0; i < statement->disclosure_count; i++)
		for (size_t j = 0; j < statement->disclosures[i].misconduct_type_count; j++)
			CDR_TRY(cdr_count_add_code(tx, disclosure, statement->disclosures[i].misconduct_type[j], year, 1));
	if (provided && statement->legal_limit_reason[0] != '\0')
		CDR_TRY(cdr_count_add_code(tx, CDR_COUNT_LEGAL_LIMIT, statement->legal_limit_reason, year, 1));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/count.h */
cdr_err
cdr_count_read(struct cdr_tx *tx, enum cdr_counter counter, const char *code, unsigned first, unsigned last, uint64_t *n)
{
	int64_t sum = 0;

	*n = 0;
	if ((unsigned)counter >= CDR_COUNTER_COUNT)
		return CDR_E_RANGE;
	cdr_err err = cdr_query_one_int(tx,
	    "SELECT COALESCE(SUM(number), 0) FROM tally WHERE counter = $1 AND year BETWEEN $2 AND $3 AND ($4 = 0 OR code = $5)",
	    CDR_VALUES(cdr_value_text(counters[counter].name), cdr_value_int(first), cdr_value_int(last),
		cdr_value_int(code != NULL), cdr_value_text(code != NULL ? code : "")), &sum);
	if (err == CDR_OK && sum < 0)
		err = CDR_E_STORE;
	*n = err == CDR_OK ? (uint64_t)sum : 0;
	return err;
}

/* see node/member/count.h */
cdr_err
cdr_count_each(struct cdr_tx *tx, enum cdr_counter counter, unsigned year, cdr_count_callback *callback, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	char code[CDR_COUNT_CODE_LEN];
	uint64_t n;

	if ((unsigned)counter >= CDR_COUNTER_COUNT)
		return CDR_E_RANGE;
	CDR_TRY(cdr_query_start(tx, "SELECT code, number FROM tally WHERE counter = $1 AND year = $2 ORDER BY code",
	    CDR_VALUES(cdr_value_text(counters[counter].name), cdr_value_int(year)), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_text(query, 0, code, sizeof(code)));
		CDR_TRY(cdr_query_count(query, 1, &n));
		CDR_TRY(callback(code, n, context));
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* see node/member/count.h */
const char *
cdr_count_name(enum cdr_counter counter)
{
	return (unsigned)counter < CDR_COUNTER_COUNT ? counters[counter].name : "";
}
