/*
 * What somebody typed off a paper, or a camera read. Property: what is accepted is of a length that a paper can have, and is what comes
 * back when it is written as words and as a line.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "keys/paper.h"

static void
check_same(struct cdr_buffer *text, const struct cdr_buffer *sealed)
{
	struct cdr_buffer again;

	assert(cdr_paper_read(cdr_buffer_bytes(text), &again, NULL) == CDR_OK);
	assert(again.len == sealed->len && memcmp(again.data, sealed->data, again.len) == 0);
	cdr_buffer_free(&again);
	cdr_buffer_free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_buffer sealed, text;
	struct cdr_fault fault = { CDR_OK, "" };

	cdr_err err = cdr_paper_read((struct cdr_bytes){ data, len }, &sealed, &fault);
	if (err != CDR_OK) {
		assert(sealed.data == NULL && sealed.len == 0);
		assert(err == CDR_E_MEMORY || fault.text[0] != '\0');
		return 0;
	}
	assert(sealed.len >= 1 && sealed.len <= CDR_PAPER_SECRET_MAX + CDR_PAPER_OVERHEAD);
	assert(cdr_paper_words(cdr_buffer_bytes(&sealed), &text) == CDR_OK);
	check_same(&text, &sealed);
	assert(cdr_paper_line(cdr_buffer_bytes(&sealed), &text) == CDR_OK);
	check_same(&text, &sealed);
	cdr_buffer_free(&sealed);
	return 0;
}
