/*
 * A leavers file of any bytes, and the same bytes as a packed leaver. Whatever is read well can be packed, and reads
 * back the same; whatever unpacks is packed to the same bytes again; the report adds up.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/record/codebook.h"
#include "core/record/leaver.h"
#include "core/record/pack.h"

static struct cdr_codebook *book;
static struct cdr_record_rules rules = { .today = { 2025, 6, 15, CDR_PRECISION_DAY }, .lookback_years = 5 };
static struct cdr_leaver leaver, back;
static const struct cdr_leaver zero;

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
	uint8_t out[CDR_LEAVER_PACK_MAX], key[CDR_LEAVER_KEY_LEN], digest[CDR_LEAVER_DIGEST_LEN];
	struct cdr_date expiry;
	size_t len;

	assert(leaver.person.given_names[0] != '\0' || leaver.person.family_names[0] != '\0');
	assert(leaver.person.birth.precision != CDR_PRECISION_UNKNOWN);
	assert(cdr_leaver_pack(&leaver, out, &len) == CDR_OK);
	assert(cdr_leaver_unpack((struct cdr_bytes) { out, len }, &back) == CDR_OK);
	assert(memcmp(&back, &leaver, sizeof(leaver)) == 0);
	assert(cdr_leaver_key(&leaver, key) == CDR_OK);
	assert(cdr_leaver_digest(&leaver, digest) == CDR_OK);
	cdr_leaver_expiry(&leaver, &rules, &expiry);
	assert(expiry.year >= 2025 && expiry.year <= 2030 && expiry.month >= 1 && expiry.month <= 12);
}

static void
read_file(struct cdr_bytes file)
{
	struct cdr_leaver_file *reader;
	struct cdr_fault fault;
	size_t good = 0;
	cdr_err err = cdr_leaver_file_new(file, &rules, &reader, &fault);

	if (err != CDR_OK) {
		assert(reader == NULL && fault.code == err && fault.text[0] != '\0');
		return;
	}
	for (; (err = cdr_leaver_file_next(reader, &leaver, &fault)) == CDR_OK; good++)
		check_row();
	assert(err == CDR_E_ABSENT || err == CDR_E_REFUSED);
	assert(memcmp(&leaver, &zero, sizeof(leaver)) == 0);
	const struct cdr_row_report *report = cdr_leaver_file_report_peek(reader);
	assert(report->good_count == good);
	assert(report->row_count == good + report->bad_count + report->same_count + report->old_count);
	assert(report->faults.count >= report->bad_count && report->faults.listed_count <= CDR_REPORT_LISTED_MAX);
	cdr_leaver_file_free(reader);
}

static void
unpack(struct cdr_bytes in)
{
	uint8_t out[CDR_LEAVER_PACK_MAX];
	static struct cdr_person person;
	size_t len;

	if (cdr_leaver_unpack(in, &leaver) == CDR_OK) {
		assert(cdr_leaver_pack(&leaver, out, &len) == CDR_OK);
		assert(len == in.len && memcmp(out, in.data, len) == 0);
	} else {
		assert(memcmp(&leaver, &zero, sizeof(leaver)) == 0);
	}
	if (cdr_person_unpack(in, &person) == CDR_OK) {
		assert(cdr_person_pack(&person, out, &len) == CDR_OK);
		assert(len == in.len && memcmp(out, in.data, len) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_bytes bytes = { data, len };

	read_file(bytes);
	unpack(bytes);
	return 0;
}
