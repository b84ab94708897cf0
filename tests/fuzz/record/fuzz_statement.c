/*
 * A statement of any bytes. What is read is written and read again the same; what passes the rules discloses nothing
 * that must not be, and "no record held" comes of three plain answers and of nothing else.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/record/json.h"
#include "core/record/statement.h"

static struct cdr_codebook *book;
static struct cdr_record_rules rules = { .today = { 2025, 6, 15, CDR_PRECISION_DAY }, .lookback_years = 5 };
static struct cdr_statement statement, again;
static const struct cdr_statement zero;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	cdr_err err = cdr_codebook_new((struct cdr_bytes) { NULL, 0 }, &book, NULL);
	assert(err == CDR_OK);
	rules.codebook = book;
	return 0;
}

static void
check_rules(void)
{
	struct cdr_fault fault;
	const char *result = cdr_statement_result(&statement, book);
	cdr_err err = cdr_statement_validate(&statement, &rules, &fault);

	assert(cdr_codebook_check(book, "result", result, NULL) == CDR_OK);
	if (strcmp(result, "no_record_held") == 0)
		assert(strcmp(statement.finding, "no_record") == 0 && strcmp(statement.ongoing_now, "no_record") == 0 &&
		    strcmp(statement.left_during, "no_record") == 0);
	if (err != CDR_OK) {
		assert(fault.code == err && strchr(fault.text, ':') != NULL);
		return;
	}
	assert((strcmp(result, "disclosure") == 0) == (statement.disclosure_count > 0));
	for (size_t i = 0; i < statement.disclosure_count; i++)
		assert(strcmp(statement.disclosures[i].process_status, "substantiated_reversed") != 0 &&
		    strcmp(statement.disclosures[i].process_status, "closed_no_finding") != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_fault fault;
	char *json;
	cdr_err err = cdr_statement_from_json((struct cdr_bytes) { data, len }, &statement, &fault);

	if (err != CDR_OK) {
		assert(fault.code == err && fault.text[0] != '\0');
		assert(memcmp(&statement, &zero, sizeof(zero)) == 0);
		return 0;
	}
	check_rules();
	assert(cdr_statement_to_json(&statement, &json) == CDR_OK);
	assert(cdr_statement_from_json((struct cdr_bytes) { (const uint8_t *)json, strlen(json) }, &again, &fault) == CDR_OK);
	assert(memcmp(&again, &statement, sizeof(again)) == 0);
	cdr_json_free(json);
	return 0;
}
