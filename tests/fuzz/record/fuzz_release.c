/* A release of any bytes: one that is accepted is written to the same figures again, and can be published. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/record/publish.h"

static struct cdr_codebook *codebook;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	cdr_err err = cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, &codebook, NULL);
	assert(err == CDR_OK);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct cdr_book *book = cdr_codebook_book_peek(codebook);
	struct cdr_release *release, *back;
	struct cdr_fault fault = { .text = "" };
	struct cdr_out text = { 0 }, again = { 0 }, page = { 0 };

	if (cdr_release_from_json(book, (struct cdr_bytes){ data, len }, &release, &fault) != CDR_OK) {
		assert(release == NULL && fault.text[0] != '\0');
		return 0;
	}
	assert(cdr_release_to_json(release, &text) == CDR_OK);
	assert(cdr_release_from_json(book, (struct cdr_bytes){ (const uint8_t *)text.data, text.len }, &back, &fault) == CDR_OK);
	assert(cdr_release_to_json(back, &again) == CDR_OK);
	assert(text.len == again.len && memcmp(text.data, again.data, text.len) == 0);
	assert(cdr_publish_html(release, "ar", &page) == CDR_OK);
	assert(cdr_publish_csv(release, &page) == CDR_OK);
	cdr_out_free(&text);
	cdr_out_free(&again);
	cdr_out_free(&page);
	cdr_release_free(back);
	cdr_release_free(release);
	return 0;
}
