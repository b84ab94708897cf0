#include "tests/unit/unit.h"
#include "tests/unit/printer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/record/json.h"
#include "node/net/print.h"

/* Having a PDF made by a program of its own: what it is given, and what becomes of its ends. */

static struct cdr_buffer pdf;
static struct cdr_fault fault;

/* Print one paragraph. */
static cdr_err
print_one(const char *text)
{
	struct cdr_print print;

	fault.text[0] = '\0';
	cdr_print_start(&print, "en", "A fictional title", "", "", 1);
	cdr_print_text(&print, "plain", text);
	cdr_err err = cdr_print_run(&print, &pdf, &fault);
	cdr_print_free(&print);
	return err;
}

static void
test_ends(void **state)
{
	(void)state;
	assert_int_equal(print_one("a"), CDR_E_ABSENT);
	assert_non_null(strstr(fault.text, "candor-print"));
	printer_pretend("cat >/dev/null; printf '%%PDF-none'");
	assert_int_equal(print_one("a"), CDR_OK);
	assert_int_equal(pdf.len, 9);
	assert_memory_equal(pdf.data, "%PDF-none", 9);
	cdr_buffer_free(&pdf);
	/* It reads nothing, it is killed, it ends badly: no PDF, and its own words where it said any. */
	printer_pretend("exec 0<&-; exit 1");
	assert_int_equal(print_one("a"), CDR_E_IO);
	assert_null(pdf.data);
	printer_pretend("printf half; kill -9 $$");
	assert_int_equal(print_one("a"), CDR_E_IO);
	assert_null(pdf.data);
	printer_pretend("echo 'Fontconfig warning: x' >&2; echo 'candor-print: there are more than 5 rows' >&2; exit 2");
	assert_int_equal(print_one("a"), CDR_E_INPUT);
	assert_string_equal(fault.text, "candor-print: there are more than 5 rows");
	/* Too long a PDF is not taken, and who writes it is ended. */
	printer_pretend("exec cat /dev/zero");
	assert_int_equal(print_one("a"), CDR_E_RANGE);
	assert_null(pdf.data);
}

/* Nothing of ours goes along: no variable, no open file. */
static void
test_alone(void **state)
{
	(void)state;
	assert_int_equal(setenv("CANDOR_SECRET_FOR_TEST", "x", 1), 0);
	assert_true(dup2(STDERR_FILENO, 17) == 17);
	printer_pretend("cat >/dev/null; env; test -e /proc/self/fd/17 && echo open; exit 0");
	assert_int_equal(print_one("a"), CDR_OK);
	assert_null(memmem(pdf.data, pdf.len, "CANDOR_SECRET", 13));
	assert_null(memmem(pdf.data, pdf.len, "open", 4));
	cdr_buffer_free(&pdf);
	assert_int_equal(close(17), 0);
}

/* What another party wrote cannot keep a document from being printed: candor-print would refuse a control character. */
static void
test_text(void **state)
{
	int line, column;

	(void)state;
	printer_pretend("cat");
	assert_int_equal(print_one("a\tb\x01" "c\nd"), CDR_OK);
	json_t *document = cdr_json_read(cdr_buffer_bytes(&pdf), &line, &column);
	assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(document, "blocks"), 0), "text")), "a?b?c\nd");
	json_decref(document);
	cdr_buffer_free(&pdf);
	assert_int_equal(print_one("no UTF-8: \xff"), CDR_OK);
	assert_non_null(memmem(pdf.data, pdf.len, "\"?\"", 3));
	cdr_buffer_free(&pdf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_ends), cmocka_unit_test(test_alone), cmocka_unit_test(test_text) };

	return cmocka_run_group_tests(tests, printer_start, printer_end);
}
