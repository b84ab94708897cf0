/* A candidates file of any bytes, and the same bytes as a packed candidate: see fuzz_leaver.c. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/record/candidate.h"
#include "core/record/codebook.h"

static struct cdr_codebook *book;
static struct cdr_record_rules rules = { .today = { 2025, 6, 15, CDR_PRECISION_DAY }, .lookback_years = 5 };
static struct cdr_candidate candidate, back;
static const struct cdr_candidate zero;

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
check_row(void)
{
	uint8_t out[CDR_CANDIDATE_PACK_MAX];
	size_t len;

	/* Without these no check may be opened. */
	assert(cdr_codebook_check(book, "legal_basis", candidate.legal_basis, NULL) == CDR_OK);
	assert(cdr_codebook_check(book, "candidate_notified", candidate.candidate_notified, NULL) == CDR_OK);
	for (size_t i = 0; i < candidate.declared_count; i++)
		assert(cdr_member_id_valid(candidate.declared_employers[i]));
	assert(cdr_candidate_pack(&candidate, out, &len) == CDR_OK);
	assert(cdr_candidate_unpack((struct cdr_bytes) { out, len }, &back) == CDR_OK);
	assert(memcmp(&back, &candidate, sizeof(candidate)) == 0);
}

static void
read_file(struct cdr_bytes file)
{
	struct cdr_candidate_file *reader;
	struct cdr_fault fault;
	size_t good = 0;
	cdr_err err = cdr_candidate_file_new(file, &rules, &reader, &fault);

	if (err != CDR_OK) {
		assert(reader == NULL && fault.code == err && fault.text[0] != '\0');
		return;
	}
	for (; (err = cdr_candidate_file_next(reader, &candidate, &fault)) == CDR_OK; good++)
		check_row();
	assert(err == CDR_E_ABSENT || err == CDR_E_REFUSED);
	assert(memcmp(&candidate, &zero, sizeof(candidate)) == 0);
	const struct cdr_row_report *report = cdr_candidate_file_report_peek(reader);
	assert(report->good_count == good && report->old_count == 0);
	assert(report->row_count == good + report->bad_count + report->same_count);
	cdr_candidate_file_free(reader);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_bytes bytes = { data, len };
	uint8_t out[CDR_CANDIDATE_PACK_MAX];
	size_t out_len;

	read_file(bytes);
	if (cdr_candidate_unpack(bytes, &candidate) == CDR_OK) {
		assert(cdr_candidate_pack(&candidate, out, &out_len) == CDR_OK);
		assert(out_len == len && memcmp(out, data, len) == 0);
	} else {
		assert(memcmp(&candidate, &zero, sizeof(candidate)) == 0);
	}
	return 0;
}
