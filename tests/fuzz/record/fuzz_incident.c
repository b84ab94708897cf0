/*
 * A file of incidents of any bytes, and the same bytes as JSON and as a packed record. Whatever is read well holds, packs and reads
 * back the same, and is counted; an error never repeats what it found.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/record/incident_file.h"
#include "core/record/table.h"

static struct cdr_codebook *codebook;
static const struct cdr_book *book;
static struct cdr_record_rules rules = { .today = { 2025, 12, 31, CDR_PRECISION_DAY }, .lookback_years = 5 };
static struct cdr_incident incident, back;
static uint8_t packed[CDR_INCIDENT_PACK_MAX], again[CDR_INCIDENT_PACK_MAX];

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	cdr_err err = cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, &codebook, NULL);
	assert(err == CDR_OK);
	book = cdr_codebook_book_peek(codebook);
	rules.codebook = codebook;
	return 0;
}

/* Packed and unpacked it is the same; each table counts it at most once in a cell, and the total exactly once. */
static void
check_record(void)
{
	size_t len, again_len;

	assert(cdr_incident_pack(&incident, packed, &len) == CDR_OK);
	assert(cdr_incident_unpack(book, (struct cdr_bytes){ packed, len }, &back, NULL) == CDR_OK);
	assert(cdr_incident_pack(&back, again, &again_len) == CDR_OK);
	assert(again_len == len && memcmp(again, packed, len) == 0);
	for (size_t t = 0; t < book->table_count; t++) {
		const struct cdr_table_definition *table = &book->tables[t];
		struct cdr_counts *counts;
		uint32_t sum = 0;
		assert(cdr_counts_new(table, &counts) == CDR_OK);
		assert(cdr_counts_add(book, table, &incident, NULL, counts) == CDR_OK);
		for (size_t c = 0; c < counts->cell_count; c++) {
			assert(counts->counts[c] <= 1);
			sum += counts->counts[c];
		}
		assert((sum > 0) == (cdr_incident_is_shared(&incident) == (table->records == CDR_RECORDS_SHARED)));
		assert(table->dimension_count > 0 || sum <= 1);
		cdr_counts_free(counts);
	}
}

static void
read_file(struct cdr_bytes file)
{
	struct cdr_incident_file *reader;
	struct cdr_fault fault;
	size_t good = 0;
	cdr_err err = cdr_incident_file_new(file, &rules, &reader, &fault);

	if (err != CDR_OK) {
		assert(reader == NULL && fault.code == err && fault.text[0] != '\0');
		return;
	}
	for (; (err = cdr_incident_file_next(reader, &incident, &fault)) == CDR_OK; good++) {
		assert(cdr_incident_validate(&incident, &rules, "ar", NULL, NULL) == CDR_OK);
		check_record();
	}
	assert(err == CDR_E_ABSENT || err == CDR_E_REFUSED);
	const struct cdr_row_report *report = cdr_incident_file_report_peek(reader);
	assert(report->good_count == good);
	assert(report->row_count == good + report->bad_count + report->same_count + report->old_count);
	cdr_incident_file_free(reader);
}

static void
read_json(struct cdr_bytes json)
{
	struct cdr_fault fault = { .text = "" };
	json_t *out;

	cdr_incident_start(book, &incident);
	if (cdr_incident_from_json(json, &incident, &fault) != CDR_OK) {
		assert(fault.text[0] != '\0');
		return;
	}
	check_record();
	/* Written and read again it is the same. */
	assert(cdr_incident_to_json(&incident, &out) == CDR_OK);
	char *text = json_dumps(out, 0);
	assert(text != NULL);
	cdr_incident_start(book, &incident);
	assert(cdr_incident_from_json((struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, &incident, &fault) == CDR_OK);
	free(text);
	json_decref(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_bytes in = { data, len };
	size_t out_len;

	read_file(in);
	read_json(in);
	if (cdr_incident_unpack(book, in, &incident, NULL) == CDR_OK)
		assert(cdr_incident_pack(&incident, packed, &out_len) == CDR_OK);
	return 0;
}
