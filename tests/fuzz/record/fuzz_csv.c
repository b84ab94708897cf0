/*
 * CSV of any bytes: fields are UTF-8 within their limits, lines only go up, reading ends; and rows that are written
 * again, with every field in quotes, are read as the same rows.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/record/csv.h"
#include "core/record/text.h"

#define FILE_MAX (1U << 20)

static const struct cdr_csv_column columns[] = {
	{ "a", "first", 1 },
	{ "b", NULL, 0 },
	{ "date_of_birth", "dob", 0 },
};

#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

/* The rows that were read, as a file of our own. */
struct copy {
	char *text;
	size_t len, room;
};

static void
add(struct copy *copy, char c)
{
	if (copy->len == copy->room) {
		copy->room = copy->room == 0 ? 4096 : 2 * copy->room;
		copy->text = realloc(copy->text, copy->room);
		assert(copy->text != NULL);
	}
	copy->text[copy->len++] = c;
}

static void
add_field(struct copy *copy, const char *field, char after)
{
	add(copy, '"');
	for (; *field != '\0'; field++) {
		if (*field == '"')
			add(copy, '"');
		add(copy, *field);
	}
	add(copy, '"');
	add(copy, after);
}

/* Read a file; the rows go into ${copy}. Is every row good, and the file read to its end? */
static bool
read_all(struct cdr_bytes file, struct copy *copy, size_t *row_count)
{
	struct cdr_csv *csv;
	struct cdr_row_fault line;
	struct cdr_fault fault;
	size_t last_line = 0, last_offset = 0;
	bool good = true;
	cdr_err err = cdr_csv_new(file, FILE_MAX, columns, COLUMN_COUNT, &csv, &fault);

	*row_count = 0;
	if (err != CDR_OK) {
		assert(csv == NULL && fault.code == err && fault.text[0] != '\0');
		return false;
	}
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		add_field(copy, columns[i].name, i + 1 < COLUMN_COUNT ? ',' : '\n');
	while ((err = cdr_csv_next(csv, &line)) == CDR_OK || err == CDR_E_INPUT) {
		assert(cdr_csv_offset(csv) > last_offset && cdr_csv_offset(csv) <= file.len);
		last_offset = cdr_csv_offset(csv);
		if (err == CDR_E_INPUT) {
			assert(line.line > 0 && line.reason[0] != '\0' && line.advice[0] != '\0');
			good = false;
			continue;
		}
		assert(cdr_csv_line(csv) > last_line);
		last_line = cdr_csv_line(csv);
		(*row_count)++;
		for (size_t i = 0; i < COLUMN_COUNT; i++) {
			const char *field = cdr_csv_field_peek(csv, i);
			assert(strlen(field) <= CDR_CSV_FIELD_MAX && cdr_text_valid((const uint8_t *)field, strlen(field)));
			cdr_csv_place(csv, i, &line);
			assert(line.line >= last_line);
			add_field(copy, field, i + 1 < COLUMN_COUNT ? ',' : '\n');
		}
	}
	assert(err == CDR_E_ABSENT || err == CDR_E_REFUSED);
	assert(cdr_csv_next(csv, &line) == err);
	good = good && err == CDR_E_ABSENT;
	cdr_csv_free(csv);
	return good;
}

/* Rows whose columns that we know are all empty are passed over in the copy; there they are not counted either. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct copy first = { NULL, 0, 0 }, second = { NULL, 0, 0 }, third = { NULL, 0, 0 };
	size_t count;

	(void)read_all((struct cdr_bytes) { data, len }, &first, &count);
	if (first.len > 0 && first.len <= FILE_MAX) {
		assert(read_all((struct cdr_bytes) { (const uint8_t *)first.text, first.len }, &second, &count));
		assert(second.len <= first.len);
		assert(read_all((struct cdr_bytes) { (const uint8_t *)second.text, second.len }, &third, &count));
		assert(third.len == second.len && memcmp(third.text, second.text, third.len) == 0);
	}
	free(first.text);
	free(second.text);
	free(third.text);
	return 0;
}
