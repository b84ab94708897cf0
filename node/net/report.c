#include "node/net/report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utf8proc.h>

#include "node/net/clock.h"

#define SHOW_AFTER_MS 2000
#define BAR_EVERY_MS 200
#define LINE_EVERY_MS 2000
#define BAR_WIDTH 30

/* ---- text ---------------------------------------------------------------------------------------------------- */

/* Whether ${c} moves a terminal's cursor, rings its bell or turns its writing around. */
static bool
is_control(utf8proc_int32_t c)
{
	if (c == '\n' || c == '\t')
		return false;
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return true;
	/* Unicode's embeddings, overrides and isolates, which can make text read as another one. */
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Write ${text} with a question mark for each control character and for what is not UTF-8. */
static void
put_clean(FILE *file, const char *text)
{
	const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text;
	utf8proc_ssize_t left = (utf8proc_ssize_t)strlen(text);

	while (left > 0) {
		utf8proc_int32_t c = 0;
		utf8proc_ssize_t len = utf8proc_iterate(at, left, &c);
		bool is_good = len > 0 && !is_control(c);
		if (is_good)
			(void)fwrite(at, 1, (size_t)len, file);
		else
			(void)fputc('?', file);
		at += len > 0 ? len : 1;
		left -= len > 0 ? len : 1;
	}
}

static void CDR_PRINTF(2, 0)
put_formatted(FILE *file, const char *format, va_list args)
{
	char *text = NULL;

	if (vasprintf(&text, format, args) < 0)
		return;
	put_clean(file, text);
	free(text);
}

/* see node/net/report.h */
void
cdr_report_text(struct cdr_report *report, const char *format, ...)
{
	va_list args;

	if (report->json)
		return;
	va_start(args, format);
	put_formatted(report->out, format, args);
	va_end(args);
}

/* see node/net/report.h */
void
cdr_report_note(struct cdr_report *report, const char *format, ...)
{
	va_list args;

	/* What was said before stands before it, also where both go into one file. */
	(void)fflush(report->out);
	va_start(args, format);
	put_formatted(report->err, format, args);
	va_end(args);
}

/* see node/net/report.h */
cdr_err
cdr_report_json(struct cdr_report *report, json_t *value)
{
	cdr_err err = CDR_OK;

	if (value == NULL)
		return CDR_E_MEMORY;
	if (report->json) {
		if (json_dumpf(value, report->out, JSON_INDENT(2) | JSON_ENCODE_ANY) != 0 || fputc('\n', report->out) == EOF ||
		    fflush(report->out) != 0)
			err = CDR_E_IO;
	}
	json_decref(value);
	return err;
}

/* see node/net/report.h */
void
cdr_report_fault(struct cdr_report *report, const struct cdr_fault *fault)
{
	const char *code = cdr_err_name(fault->code);

	if (!report->json) {
		(void)fputs("error: ", report->err);
		put_clean(report->err, fault->text[0] != '\0' ? fault->text : code);
		(void)fputc('\n', report->err);
		return;
	}
	/* A text that is not UTF-8 is left out rather than the whole. */
	json_t *message = json_string(fault->text);
	json_t *value = json_pack("{s:{s:s, s:o}}", "error", "code", code, "message",
	    message != NULL ? message : json_string(code));
	if (value != NULL && json_dumpf(value, report->err, JSON_COMPACT) == 0)
		(void)fputc('\n', report->err);
	json_decref(value);
}

/* ---- tables -------------------------------------------------------------------------------------------------- */

struct cdr_table {
	const char *const *titles;
	size_t column_count;
	char **cells;
	size_t cell_count, cell_room;
	bool is_short_of_memory;
};

/* How many columns of a terminal ${text} takes. */
static size_t
width_of(const char *text)
{
	const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text;
	utf8proc_ssize_t left = (utf8proc_ssize_t)strlen(text);
	size_t width = 0;

	while (left > 0) {
		utf8proc_int32_t c = 0;
		utf8proc_ssize_t len = utf8proc_iterate(at, left, &c);
		width += len > 0 && !is_control(c) ? (size_t)utf8proc_charwidth(c) : 1;
		at += len > 0 ? len : 1;
		left -= len > 0 ? len : 1;
	}
	return width;
}

/* see node/net/report.h */
struct cdr_table *
cdr_table_new(const char *const *titles, size_t column_count)
{
	struct cdr_table *table = calloc(1, sizeof(*table));

	if (table != NULL) {
		table->titles = titles;
		table->column_count = column_count;
	}
	return table;
}

/* see node/net/report.h */
void
cdr_table_cell(struct cdr_table *table, const char *format, ...)
{
	va_list args;

	if (table == NULL || table->is_short_of_memory)
		return;
	if (table->cell_count == table->cell_room) {
		size_t room = table->cell_room == 0 ? 64 : 2 * table->cell_room;
		char **cells = reallocarray(table->cells, room, sizeof(*cells));
		table->is_short_of_memory = cells == NULL;
		if (cells == NULL)
			return;
		table->cells = cells;
		table->cell_room = room;
	}
	va_start(args, format);
	table->is_short_of_memory = vasprintf(&table->cells[table->cell_count], format, args) < 0;
	va_end(args);
	if (!table->is_short_of_memory)
		table->cell_count++;
}

/* One line: each cell with two spaces after its column, the last one without. */
static void
print_row(const struct cdr_table *table, FILE *file, const char *const *cells, const size_t *widths)
{
	for (size_t i = 0; i < table->column_count; i++) {
		put_clean(file, cells[i]);
		if (i + 1 < table->column_count)
			(void)fprintf(file, "%*s", (int)(widths[i] + 2 - width_of(cells[i])), "");
	}
	(void)fputc('\n', file);
}

/* see node/net/report.h */
void
cdr_table_print(struct cdr_table *table, struct cdr_report *report)
{
	size_t *widths;

	if (table == NULL)
		return;
	widths = calloc(table->column_count, sizeof(*widths));
	if (widths != NULL && !report->json) {
		for (size_t i = 0; i < table->column_count; i++)
			widths[i] = width_of(table->titles[i]);
		for (size_t i = 0; i < table->cell_count; i++) {
			size_t width = width_of(table->cells[i]);
			size_t *column = &widths[i % table->column_count];
			*column = width > *column ? width : *column;
		}
		print_row(table, report->out, table->titles, widths);
		for (size_t i = 0; i + table->column_count <= table->cell_count; i += table->column_count)
			print_row(table, report->out, (const char *const *)&table->cells[i], widths);
	}
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i]);
	free(table->cells);
	free(widths);
	free(table);
}

/* ---- progress ------------------------------------------------------------------------------------------------ */

/* see node/net/report.h */
void
cdr_progress_start(struct cdr_progress *progress, struct cdr_report *report, const char *label, uint64_t total)
{
	*progress = (struct cdr_progress){
		.report = report,
		.label = label,
		.total = total,
		.start_ms = cdr_clock_ms(),
		.is_terminal = isatty(fileno(report->err)) == 1,
	};
}

/* "1:05" until the end at the pace so far, or nothing while that cannot be said. */
static void
print_rest(const struct cdr_progress *progress, uint64_t done, uint64_t now)
{
	uint64_t elapsed_s = (now - progress->start_ms) / 1000;

	if (done == 0 || progress->total <= done)
		return;
	uint64_t rest_s = elapsed_s * (progress->total - done) / done;
	(void)fprintf(progress->report->err, ", %llu:%02llu left", (unsigned long long)(rest_s / 60),
	    (unsigned long long)(rest_s % 60));
}

static void
print_progress(const struct cdr_progress *progress, uint64_t done, uint64_t now)
{
	FILE *file = progress->report->err;

	if (progress->is_terminal)
		(void)fputc('\r', file);
	(void)fprintf(file, "%s ", progress->label);
	if (progress->is_terminal && progress->total > 0) {
		uint64_t full = (done < progress->total ? done : progress->total) * BAR_WIDTH / progress->total;
		(void)fputc('[', file);
		for (uint64_t i = 0; i < BAR_WIDTH; i++)
			(void)fputc(i < full ? '#' : '.', file);
		(void)fputs("] ", file);
	}
	(void)fprintf(file, "%llu", (unsigned long long)done);
	if (progress->total > 0)
		(void)fprintf(file, " of %llu", (unsigned long long)progress->total);
	print_rest(progress, done, now);
	(void)fputs(progress->is_terminal ? "\x1b[K" : "\n", file);
	(void)fflush(file);
}

/* see node/net/report.h */
void
cdr_progress_step(struct cdr_progress *progress, uint64_t done)
{
	uint64_t now = cdr_clock_ms();
	uint64_t every = progress->is_terminal ? BAR_EVERY_MS : LINE_EVERY_MS;

	if (progress->report->json && !progress->is_terminal)
		return;
	if (now - progress->start_ms < SHOW_AFTER_MS || (progress->shown_ms != 0 && now - progress->shown_ms < every))
		return;
	progress->shown_ms = now;
	print_progress(progress, done, now);
}

/* see node/net/report.h */
void
cdr_progress_end(struct cdr_progress *progress)
{
	if (progress->shown_ms == 0 || !progress->is_terminal)
		return;
	(void)fputs("\r\x1b[K", progress->report->err);
	(void)fflush(progress->report->err);
}
