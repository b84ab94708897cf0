/*
 * Descriptions of documents: what is taken has every member in its form, so that drawing looks at nothing twice.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "node/print/document.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	json_t *document;
	struct cdr_fault fault = { 0 };
	size_t i, j;
	json_t *block, *row;

	cdr_err err = cdr_document_read((struct cdr_bytes){ data, len }, &document, &fault);
	assert((document != NULL) == (err == CDR_OK) && (err == CDR_OK || fault.code == err));
	if (err != CDR_OK)
		return 0;
	assert(json_is_string(json_object_get(document, "title")));
	json_array_foreach(json_object_get(document, "blocks"), i, block) {
		const char *kind = cdr_document_text(block, "kind");
		size_t columns = strcmp(kind, "table") == 0 ? json_array_size(json_object_get(block, "header")) : strcmp(kind, "fields") == 0 ? 2 : 3;
		assert(kind[0] != '\0' && columns <= CDR_PRINT_COLUMN_MAX);
		json_array_foreach(json_object_get(block, "rows"), j, row)
			assert(json_array_size(row) == columns);
	}
	json_decref(document);
	return 0;
}
