#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/csv.h"
#include "core/record/out.h"
#include "core/record/sheet.h"

/* Tables out: the same cells as CSV and as a workbook, and nothing that a spreadsheet would run. */

static void
fill(struct cdr_sheet *sheet)
{
	static const char *const header[] = { "name", "number" };

	cdr_sheet_start(sheet, "table", 2, 1);
	sheet->is_number[1] = true;
	cdr_sheet_row(sheet, header);
	cdr_sheet_cell(sheet, "=HYPERLINK(\"x\")");
	cdr_sheet_number(sheet, 7);
	cdr_sheet_cell(sheet, "-1.5");
	cdr_sheet_number(sheet, UINT64_MAX);
	cdr_sheet_cell(sheet, "-1+2");
	cdr_sheet_cell(sheet, "");
	cdr_sheet_cell(sheet, "@a,b");
	cdr_sheet_cell(sheet, "+");
}

static void
test_csv(void **state)
{
	struct cdr_sheet sheet;
	struct cdr_out out = { 0 };

	(void)state;
	fill(&sheet);
	cdr_sheet_csv(&sheet, &out);
	assert_int_equal(out.err, CDR_OK);
	assert_string_equal(out.data, "name,number\r\n\"'=HYPERLINK(\"\"x\"\")\",7\r\n-1.5,18446744073709551615\r\n'-1+2,\r\n\"'@a,b\",'+\r\n");
	cdr_out_free(&out);
	cdr_sheet_free(&sheet);
}

static void
test_xlsx(void **state)
{
	static const struct cdr_csv_column columns[] = { { "name", NULL, 1 }, { "number", NULL, 1 } };
	struct cdr_sheet sheet;
	const struct cdr_sheet *sheets[] = { &sheet };
	uint8_t *data;
	size_t len;
	struct cdr_csv *csv;
	struct cdr_row_fault row;

	(void)state;
	fill(&sheet);
	assert_int_equal(cdr_sheet_xlsx(sheets, 1, &data, &len), CDR_OK);
	assert_int_equal(cdr_csv_new((struct cdr_bytes){ data, len }, len, columns, 2, &csv, NULL), CDR_OK);
	assert_int_equal(cdr_csv_next(csv, &row), CDR_OK);
	assert_string_equal(cdr_csv_field_peek(csv, 0), "=HYPERLINK(\"x\")");
	assert_string_equal(cdr_csv_field_peek(csv, 1), "7");
	cdr_csv_free(csv);
	free(data);
	cdr_sheet_cell(&sheet, "half a row");
	assert_int_equal(cdr_sheet_xlsx(sheets, 1, &data, &len), CDR_E_RANGE);
	assert_null(data);
	cdr_sheet_free(&sheet);
	assert_int_equal(cdr_sheet_xlsx(sheets, 1, &data, &len), CDR_E_RANGE);
}

static void
test_range(void **state)
{
	struct cdr_sheet sheet;
	struct cdr_out out = { 0 };

	(void)state;
	cdr_sheet_start(&sheet, "table", 0, 0);
	assert_int_equal(sheet.err, CDR_E_RANGE);
	cdr_sheet_cell(&sheet, "nothing");
	assert_int_equal(sheet.count, 0);
	cdr_sheet_csv(&sheet, &out);
	assert_int_equal(out.err, CDR_E_RANGE);
	cdr_sheet_start(&sheet, "table", CDR_XLSX_COLUMN_MAX + 1, 0);
	assert_int_equal(sheet.err, CDR_E_RANGE);
	cdr_sheet_free(&sheet);
	cdr_out_free(&out);
}

static int
start(void **state)
{
	(void)state;
	return cdr_secret_start(NULL) == CDR_OK ? 0 : -1;
}

/* What somebody wrote is no formula in a spreadsheet, and comes back as it was. */
static void
text_is_no_formula(void **state)
{
	static const char *const pairs[][2] = {
		{ "=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1" }, { "+1 234", "'+1 234" }, { "@x", "'@x" }, { "-1+2", "'-1+2" }, { "-", "'-" },
		{ "\tx", "'\tx" }, { "-17.5", "-17.5" }, { "a=b", "a=b" }, { "", "" }, { "'quoted'", "'quoted'" }, { "'=x", "''=x" },
		{ "=a,b", "\"'=a,b\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct cdr_out out = { 0 };
		cdr_out_csv_text(&out, pairs[i][0], true);
		assert_string_equal(out.data == NULL ? "" : out.data, pairs[i][1]);
		cdr_out_free(&out);
	}
	for (size_t i = 0; i + 1 < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_string_equal(cdr_out_csv_plain_peek(pairs[i][1]), pairs[i][0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_csv), cmocka_unit_test(test_xlsx), cmocka_unit_test(test_range),
		cmocka_unit_test(text_is_no_formula) };

	return cmocka_run_group_tests(tests, start, NULL);
}
