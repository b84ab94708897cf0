/* A codebook of any bytes: one that is accepted has a label for every code it lists, and the meanings that rules need. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/record/form.h"

static bool
any_means(const struct cdr_codebook *book, const char *list, const char *means)
{
	const char *code;

	for (size_t c = 0; (code = cdr_codebook_code_peek(book, list, c)) != NULL; c++)
		if (cdr_codebook_means(book, list, code, means))
			return true;
	return false;
}

/* What is said about incidents is whole: tables have words, cells, and thresholds that are safe; forms can be read. */
static void
check_book(const struct cdr_book *book)
{
	struct cdr_incident incident;
	struct cdr_form form;
	char text[1024], room[CDR_COUNTRY_LEN];
	size_t at = 0;

	for (size_t f = 0; f < book->field_count; f++) {
		cdr_book_field_title(book, &book->fields[f], "es", text, sizeof(text));
		assert(text[0] != '\0' && book->fields[f].group < book->group_count);
		assert(!book->fields[f].leaves || !book->fields[f].secret);
	}
	for (size_t t = 0; t < book->table_count; t++) {
		const struct cdr_table_definition *table = &book->tables[t];
		assert(table->cell_count >= 1 && table->cell_count <= CDR_TABLE_CELL_MAX && table->dimension_count <= CDR_DIMENSION_MAX);
		assert(table->threshold->incidents >= CDR_THRESHOLD_INCIDENTS_MIN);
		assert(table->threshold->contributors >= CDR_THRESHOLD_CONTRIBUTORS_MIN);
		for (size_t d = 0; d < table->dimension_count; d++) {
			assert(table->dimensions[d].field->leaves);
			for (size_t c = 0; c < table->dimensions[d].category_count; c++) {
				const char *code = cdr_dimension_code(book, &table->dimensions[d], c, room);
				assert(code != NULL && code[0] != '\0');
			}
		}
	}
	cdr_incident_start(book, &incident);
	(void)!cdr_incident_validate(&incident, &(struct cdr_record_rules){ book->codebook, { 2025, 6, 1, CDR_PRECISION_DAY }, 5 }, "en", NULL,
	    NULL);
	while (cdr_form_read(book, at, &form, NULL) == CDR_OK)
		at++;
	assert(at == json_array_size(book->forms));
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
	if (cdr_codebook_book_peek(book) != NULL)
		check_book(cdr_codebook_book_peek(book));
	assert(any_means(book, "process_status", "undisclosable") && any_means(book, "answer", "unable"));
	cdr_codebook_free(book);
	return 0;
}
