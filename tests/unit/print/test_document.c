#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "node/print/draw.h"

/* Descriptions of documents: what may stand in one, and that the same one gives the same PDF. */

#define HEAD "{\"title\":\"T\",\"created\":1767225600,\"blocks\":["
#define TAIL "]}"

static cdr_err
read_text(const char *text, json_t **document, struct cdr_fault *fault)
{
	*fault = (struct cdr_fault){ 0 };
	return cdr_document_read((struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, document, fault);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *text, *word;
		cdr_err err;
	} cases[] = {
		{ "", "no JSON", CDR_E_INPUT },
		{ "[]", "no JSON object", CDR_E_INPUT },
		{ "{\"title\":\"T\",\"title\":\"U\",\"created\":0,\"blocks\":[]}", "no JSON", CDR_E_INPUT },
		{ "{\"created\":0,\"blocks\":[]}", "title: it is missing", CDR_E_INPUT },
		{ "{\"title\":\"T\",\"blocks\":[]}", "created", CDR_E_INPUT },
		{ "{\"title\":\"T\",\"created\":-1,\"blocks\":[]}", "created", CDR_E_INPUT },
		{ "{\"title\":\"T\",\"created\":253402300800,\"blocks\":[]}", "created", CDR_E_INPUT },
		{ "{\"title\":\"T\",\"created\":0}", "blocks", CDR_E_INPUT },
		{ "{\"title\":7,\"created\":0,\"blocks\":[]}", "no text", CDR_E_INPUT },
		{ "{\"title\":\"T\",\"created\":0,\"blocks\":[],\"more\":1}", "not known", CDR_E_INPUT },
		{ "{\"title\":\"T\",\"created\":0,\"direction\":\"up\",\"blocks\":[]}", "direction", CDR_E_INPUT },
		{ "{\"title\":\"T\\u0007\",\"created\":0,\"blocks\":[]}", "control character", CDR_E_INPUT },
		{ HEAD "7" TAIL, "block 1, kind", CDR_E_INPUT },
		{ HEAD "{\"kind\":\"image\"}" TAIL, "no such block", CDR_E_INPUT },
		{ HEAD "{\"kind\":\"text\"}" TAIL, "block 1, text", CDR_E_INPUT },
		{ HEAD "{\"kind\":\"text\",\"text\":\"a\",\"style\":\"big\"}" TAIL, "style", CDR_E_INPUT },
		{ HEAD "{\"kind\":\"space\",\"text\":\"a\"}" TAIL, "not known", CDR_E_INPUT },
		{ HEAD "{\"kind\":\"space\"},{\"kind\":\"fields\",\"rows\":[[\"a\"]]}" TAIL, "block 2, rows", CDR_E_INPUT },
		{ HEAD "{\"kind\":\"table\",\"header\":[],\"rows\":[]}" TAIL, "1 to 32 columns", CDR_E_RANGE },
		{ HEAD "{\"kind\":\"table\",\"header\":[\"a\",\"b\"],\"rows\":[[\"a\"]]}" TAIL, "as many cells", CDR_E_INPUT },
		{ HEAD "{\"kind\":\"table\",\"header\":[\"a\"],\"rows\":[[\"a\"]],\"numbers\":[1]}" TAIL, "no such column", CDR_E_INPUT },
		{ HEAD "{\"kind\":\"table\",\"header\":[1],\"rows\":[]}" TAIL, "no text", CDR_E_INPUT },
		{ HEAD "{\"kind\":\"bars\",\"rows\":[[\"a\",-1,\"b\"]]}" TAIL, "bar", CDR_E_INPUT },
	};
	json_t *document;
	struct cdr_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(read_text(cases[i].text, &document, &fault), cases[i].err);
		assert_null(document);
		assert_int_equal(fault.code, cases[i].err);
		if (strstr(fault.text, cases[i].word) == NULL)
			fail_msg("case %zu: %s", i, fault.text);
	}
}

static void
test_limits(void **state)
{
	size_t len = CDR_PRINT_TEXT_MAX + 256;
	char *text = malloc(len);
	json_t *document;
	struct cdr_fault fault;

	(void)state;
	assert_non_null(text);
	(void)snprintf(text, len, HEAD "{\"kind\":\"text\",\"text\":\"%*s\"}" TAIL, CDR_PRINT_TEXT_MAX, "");
	assert_int_equal(read_text(text, &document, &fault), CDR_OK);
	json_decref(document);
	(void)snprintf(text, len, HEAD "{\"kind\":\"text\",\"text\":\"%*s\"}" TAIL, CDR_PRINT_TEXT_MAX + 1, "");
	assert_int_equal(read_text(text, &document, &fault), CDR_E_RANGE);
	(void)snprintf(text, len, HEAD "{\"kind\":\"code\",\"text\":\"\",\"qr\":\"%*s\"}" TAIL, CDR_PRINT_QR_MAX + 1, "");
	assert_int_equal(read_text(text, &document, &fault), CDR_E_RANGE);
	assert_int_equal(cdr_document_read((struct cdr_bytes){ (const uint8_t *)text, CDR_PRINT_INPUT_MAX + 1 }, &document, &fault), CDR_E_RANGE);
	free(text);
}

/* A PDF in memory; it says no after ${max} bytes. */
struct pdf {
	uint8_t data[1U << 18];
	size_t len, max;
};

static bool
keep(void *context, const uint8_t *data, size_t len)
{
	struct pdf *pdf = context;

	if (pdf->len + len > pdf->max)
		return false;
	memcpy(pdf->data + pdf->len, data, len);
	pdf->len += len;
	return true;
}

static const char all[] = "{\"title\":\"T\",\"subtitle\":\"s\",\"footer\":\"f\",\"direction\":\"rtl\",\"language\":\"ar\",\"created\":1767225600,"
	"\"page\":\"Page %1 of %2 %3\",\"blocks\":[{\"kind\":\"heading\",\"text\":\"\\u0641\\u0627\"},{\"kind\":\"text\",\"text\":\"a\\nb\",\"style\":\"boxed\"},"
	"{\"kind\":\"text\",\"text\":\"\",\"style\":\"small\"},{\"kind\":\"fields\",\"rows\":[[\"a\",\"b\"]]},{\"kind\":\"table\",\"header\":[\"a\",\"b\"],\"rows\":[[\"1\",\"2\"],[\"\",\"\"]],"
	"\"numbers\":[1]},{\"kind\":\"table\",\"header\":[\"alone\"],\"rows\":[]},{\"kind\":\"bars\",\"rows\":[[\"a\",0,\"0\"],[\"b\",3.5,\"3.5\"]]},{\"kind\":\"page\"},"
	"{\"kind\":\"code\",\"text\":\"ABC\",\"qr\":\"ABC\",\"caption\":\"c\"},{\"kind\":\"space\"}]}";

static void
test_same_bytes(void **state)
{
	static struct pdf first, second;
	json_t *document;
	struct cdr_fault fault;

	(void)state;
	assert_int_equal(read_text(all, &document, &fault), CDR_OK);
	first.max = second.max = sizeof(first.data);
	assert_int_equal(cdr_draw(document, keep, &first, &fault), CDR_OK);
	assert_int_equal(cdr_draw(document, keep, &second, &fault), CDR_OK);
	assert_true(first.len > 1000 && memcmp(first.data, "%PDF-", 5) == 0);
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.data, second.data, first.len);
	second.len = 0;
	second.max = 100;
	assert_int_equal(cdr_draw(document, keep, &second, &fault), CDR_E_IO);
	json_decref(document);
}

/* How many pages a document has in which one block's ${before} and ${after} stand around 400 lines. */
static size_t
pages_of_long(const char *before, const char *after)
{
	static struct pdf pdf;
	char *text;
	size_t len, pages = 0;
	json_t *document;
	struct cdr_fault fault;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	(void)fprintf(out, HEAD "%s", before);
	for (size_t i = 0; i < 400; i++)
		(void)fprintf(out, "line %zu\\n", i);
	(void)fprintf(out, "%s" TAIL, after);
	assert_int_equal(fclose(out), 0);
	pdf.max = sizeof(pdf.data);
	pdf.len = 0;
	assert_int_equal(read_text(text, &document, &fault), CDR_OK);
	assert_int_equal(cdr_draw(document, keep, &pdf, &fault), CDR_OK);
	for (size_t i = 0; i + 13 < pdf.len; i++)
		pages += memcmp(pdf.data + i, "/Type /Page", 11) == 0 && pdf.data[i + 11] != 's';
	json_decref(document);
	free(text);
	return pages;
}

/* A text that is longer than a page stands on as many as it takes, in a box and beside a code too; a cell is cut at one. */
static void
test_long(void **state)
{
	(void)state;
	assert_in_range(pages_of_long("{\"kind\":\"text\",\"text\":\"", "\"}"), 6, 20);
	assert_in_range(pages_of_long("{\"kind\":\"text\",\"style\":\"boxed\",\"text\":\"", "\"}"), 6, 20);
	assert_in_range(pages_of_long("{\"kind\":\"code\",\"qr\":\"A\",\"text\":\"", "\",\"caption\":\"c\"}"), 6, 20);
	assert_in_range(pages_of_long("{\"kind\":\"code\",\"qr\":\"A\",\"text\":\"B\",\"caption\":\"", "\"}"), 5, 20);
	assert_in_range(pages_of_long("{\"kind\":\"bars\",\"rows\":[[\"", "\",1,\"1\"]]}"), 1, 2);
	assert_in_range(pages_of_long("{\"kind\":\"bars\",\"rows\":[[\"a\",1,\"", "\"]]}"), 1, 2);
	assert_in_range(pages_of_long("{\"kind\":\"fields\",\"rows\":[[\"a\",\"", "\"]]}"), 1, 2);
}

/* Fontconfig keeps what it read of fonts and settings until the process ends: that is no leak of ours. Everything else is. */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\n";
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
