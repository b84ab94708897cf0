/* A codebook of any bytes: one that is accepted has a label for every code it lists, and the meanings that rules need. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/record/codebook.h"

static bool
any_means(const struct cdr_codebook *book, const char *list, const char *means)
{
	const char *code;

	for (size_t c = 0; (code = cdr_codebook_code_peek(book, list, c)) != NULL; c++)
		if (cdr_codebook_means(book, list, code, means))
			return true;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_codebook *book;
	struct cdr_fault fault;
	const char *list, *code;
	cdr_err err = cdr_codebook_new((struct cdr_bytes) { data, len }, &book, &fault);

	if (err != CDR_OK) {
		assert(book == NULL && fault.code == err && fault.text[0] != '\0');
		return 0;
	}
	assert(strlen(cdr_codebook_version_peek(book)) < CDR_CODEBOOK_VERSION_LEN);
	for (size_t l = 0; (list = cdr_codebook_list_peek(book, l)) != NULL; l++) {
		assert(cdr_codebook_label_peek(book, list, NULL, "fr")[0] != '\0');
		for (size_t c = 0; (code = cdr_codebook_code_peek(book, list, c)) != NULL; c++) {
			assert(strlen(code) < CDR_CODE_LEN);
			assert(cdr_codebook_check(book, list, code, &fault) == CDR_OK);
			assert(cdr_codebook_label_peek(book, list, code, "xx")[0] != '\0');
		}
	}
	assert(cdr_codebook_check(book, "result", "no_response", NULL) == CDR_OK);
	assert(cdr_codebook_check(book, "result", "", &fault) == CDR_E_INPUT);
	assert(any_means(book, "process_status", "undisclosable") && any_means(book, "answer", "unable"));
	cdr_codebook_free(book);
	return 0;
}
