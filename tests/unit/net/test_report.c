#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "node/net/report.h"

/* A report into two memory files. */
struct paper {
	struct cdr_report report;
	char *out, *err;
	size_t out_len, err_len;
};

static void
paper_init(struct paper *paper, bool json)
{
	memset(paper, 0, sizeof(*paper));
	paper->report.json = json;
	paper->report.out = open_memstream(&paper->out, &paper->out_len);
	paper->report.err = open_memstream(&paper->err, &paper->err_len);
	assert_non_null(paper->report.out);
	assert_non_null(paper->report.err);
}

/* What was written must be ${out} and ${err}. */
static void
paper_check(struct paper *paper, const char *out, const char *err)
{
	assert_int_equal(fclose(paper->report.out), 0);
	assert_int_equal(fclose(paper->report.err), 0);
	assert_string_equal(paper->out, out);
	assert_string_equal(paper->err, err);
	free(paper->out);
	free(paper->err);
}

static void
test_text(void **state)
{
	struct paper paper;

	(void)state;
	paper_init(&paper, false);
	cdr_report_text(&paper.report, "%s is %d\n", "Zo\xc3\xab", 7);
	/* A terminal's escape, a C1 control, a line feed that is meant, an override of direction, broken UTF-8. */
	cdr_report_text(&paper.report, "%s\n", "a\x1b[31mb\xc2\x9b" "c\td\xe2\x80\xae" "e\xff" "f");
	cdr_report_note(&paper.report, "note \a\n");
	assert_int_equal(cdr_report_json(&paper.report, json_true()), CDR_OK);
	paper_check(&paper, "Zo\xc3\xab is 7\na?[31mb?c\td?e?f\n", "note ?\n");

	paper_init(&paper, true);
	cdr_report_text(&paper.report, "not for scripts");
	cdr_report_note(&paper.report, "note\n");
	assert_int_equal(cdr_report_json(&paper.report, json_pack("[i,s]", 1, "two")), CDR_OK);
	assert_int_equal(cdr_report_json(&paper.report, NULL), CDR_E_MEMORY);
	paper_check(&paper, "[\n  1,\n  \"two\"\n]\n", "note\n");
}

/* Where both go into one file, as a service's log, each stands where it was said. */
static void
test_order(void **state)
{
	struct cdr_report report = { false, tmpfile(), NULL };
	char text[32] = "";

	(void)state;
	assert_non_null(report.out);
	report.err = fdopen(dup(fileno(report.out)), "w");
	assert_non_null(report.err);
	cdr_report_text(&report, "first\n");
	cdr_report_note(&report, "second\n");
	assert_int_equal(fclose(report.err), 0);
	rewind(report.out);
	assert_int_equal(fread(text, 1, sizeof(text) - 1, report.out), strlen("first\nsecond\n"));
	assert_string_equal(text, "first\nsecond\n");
	assert_int_equal(fclose(report.out), 0);
}

static void
test_full_disk(void **state)
{
	struct cdr_report report = { .json = true, .err = stderr };

	(void)state;
	report.out = fopen("/dev/full", "w");
	if (report.out == NULL)
		skip();
	assert_int_equal(cdr_report_json(&report, json_true()), CDR_E_IO);
	(void)fclose(report.out);
}

static void
test_fault(void **state)
{
	struct cdr_fault fault = { CDR_E_BUSY, "wait" }, silent = { CDR_E_IO, "" }, broken = { CDR_E_IO, "\xff" };
	struct paper paper;

	(void)state;
	paper_init(&paper, false);
	cdr_report_fault(&paper.report, &fault);
	cdr_report_fault(&paper.report, &silent);
	paper_check(&paper, "", "error: wait\nerror: io\n");
	paper_init(&paper, true);
	cdr_report_fault(&paper.report, &fault);
	cdr_report_fault(&paper.report, &broken);
	paper_check(&paper, "", "{\"error\":{\"code\":\"busy\",\"message\":\"wait\"}}\n"
				"{\"error\":{\"code\":\"io\",\"message\":\"io\"}}\n");
}

static void
test_table(void **state)
{
	static const char *const titles[] = { "Name", "N", "End" };
	struct paper paper;

	(void)state;
	paper_init(&paper, false);
	struct cdr_table *table = cdr_table_new(titles, 3);
	cdr_table_cell(table, "%s", "\xe6\x9d\x8e\xe5\xb0\x8f\xe9\xbe\x99"); /* three characters, six columns */
	cdr_table_cell(table, "%d", 1);
	cdr_table_cell(table, "x");
	cdr_table_cell(table, "Jos\xc3\xa9");
	cdr_table_cell(table, "%d", 12345);
	cdr_table_cell(table, "y");
	cdr_table_cell(table, "a row that is not complete");
	cdr_table_print(table, &paper.report);
	cdr_table_cell(NULL, "nothing");
	cdr_table_print(NULL, &paper.report);
	/* The incomplete row still counts for the width of its column. */
	paper_check(&paper,
	    "Name                        N      End\n"
	    "\xe6\x9d\x8e\xe5\xb0\x8f\xe9\xbe\x99                      1      x\n"
	    "Jos\xc3\xa9                        12345  y\n", "");
	paper_init(&paper, true);
	table = cdr_table_new(titles, 3);
	cdr_table_cell(table, "x");
	cdr_table_print(table, &paper.report);
	paper_check(&paper, "", "");
}

/* Time is not waited for: the start is put into the past. */
static void
test_progress(void **state)
{
	FILE *file = tmpfile();
	struct cdr_report report = { .out = stdout, .err = file };
	struct cdr_progress progress;
	char text[256] = "";

	(void)state;
	cdr_progress_start(&progress, &report, "Importing", 200);
	assert_false(progress.is_terminal);
	for (uint64_t i = 0; i < 100; i++)
		cdr_progress_step(&progress, i);
	assert_int_equal(ftell(file), 0); /* it has not taken two seconds */
	progress.start_ms -= 10000;
	cdr_progress_step(&progress, 50);
	cdr_progress_step(&progress, 51); /* too soon after */
	progress.shown_ms -= 2000;
	report.json = true;
	cdr_progress_step(&progress, 99);
	report.json = false;
	cdr_progress_step(&progress, 100);
	cdr_progress_end(&progress);
	rewind(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	assert_string_equal(text, "Importing 50 of 200, 0:30 left\nImporting 100 of 200, 0:10 left\n");

	/* On a terminal: a bar that is drawn again in its place, and cleared. */
	rewind(file);
	assert_int_equal(ftruncate(fileno(file), 0), 0);
	memset(text, 0, sizeof(text));
	progress.is_terminal = true;
	progress.shown_ms -= 2000;
	cdr_progress_step(&progress, 100);
	cdr_progress_end(&progress);
	rewind(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	assert_string_equal(text, "\rImporting [###############...............] 100 of 200, 0:10 left\x1b[K\r\x1b[K");
	(void)fclose(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
