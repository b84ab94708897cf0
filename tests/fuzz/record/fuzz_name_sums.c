/* Sums of names of any bytes: what is accepted is floored, is written to the same bytes again, and gives a table that opens. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/record/name_sums.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_name_sums names, back;
	struct cdr_fault fault = { .text = "" };
	struct cdr_out text = { 0 }, again = { 0 };
	struct cdr_rarity base, next;
	uint8_t *table;
	size_t table_len;

	if (cdr_name_sums_from_json((struct cdr_bytes){ data, len }, &names, &fault) != CDR_OK) {
		assert(fault.text[0] != '\0');
		cdr_name_sums_free(&names);
		return 0;
	}
	assert(cdr_name_sums_to_json(&names, &text) == CDR_OK);
	assert(cdr_name_sums_from_json((struct cdr_bytes){ (const uint8_t *)text.data, text.len }, &back, &fault) == CDR_OK);
	assert(cdr_name_sums_to_json(&back, &again) == CDR_OK);
	assert(text.len == again.len && memcmp(text.data, again.data, text.len) == 0);
	assert(cdr_rarity_shipped(&base) == CDR_OK);
	if (cdr_name_sums_table(&names, &base, &table, &table_len, &fault) == CDR_OK)
		assert(cdr_rarity_open(table, table_len, &next) == CDR_OK && next.own_count == names.count);
	free(table);
	cdr_out_free(&text);
	cdr_out_free(&again);
	cdr_name_sums_free(&names);
	cdr_name_sums_free(&back);
	return 0;
}
