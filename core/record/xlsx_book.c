#include "core/record/xlsx_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/crypto/secret.h"

/* What a sheet refers to: where it is, the shared strings, the formats of cells. Read whole when the workbook is opened. */

#define CHUNK_LEN 16384
#define FORMAT_MAX 4096       /* number formats that a workbook may define */
#define BUILT_IN 164          /* the first number that it may give one */

/* The state of reading one part; each kind of part uses what it needs. */
struct reading {
	struct cdr_xlsx_book *book;
	cdr_err err;
	unsigned depth;

	/* relationships: what is looked for */
	const char *wanted_type;   /* the end of a type, "/officeDocument"; NULL: by id */
	char wanted_id[64];
	char target[CDR_XLSX_PATH_LEN];

	/* strings */
	bool in_item, in_text;
	unsigned in_phonetic;

	/* styles */
	bool in_cell_formats;
	struct { uint16_t number; uint8_t show; } format[FORMAT_MAX];
	size_t format_count;
};

typedef void start_fn(struct reading *reading, XML_Parser parser, const char *name, const char **attributes);

struct handlers {
	start_fn *start;
	void (*end)(struct reading *reading, const char *name);
	void (*text)(struct reading *reading, const char *text, int len);
};

/* What expat hands to its callbacks. */
struct job {
	struct reading *reading;
	const struct handlers *handlers;
};

static struct job *
job_of(void *parser)
{
	return XML_GetUserData((XML_Parser)parser);
}

static void
on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct job *job = job_of(context);

	if (++job->reading->depth > CDR_XLSX_DEPTH_MAX)
		job->reading->err = CDR_E_INPUT;
	else
		job->handlers->start(job->reading, context, cdr_xlsx_local(name), attributes);
	if (job->reading->err != CDR_OK)
		(void)XML_StopParser(context, XML_FALSE);
}

static void
on_end(void *context, const XML_Char *name)
{
	struct job *job = job_of(context);

	job->reading->depth--;
	if (job->handlers->end != NULL)
		job->handlers->end(job->reading, cdr_xlsx_local(name));
	if (job->reading->err != CDR_OK)
		(void)XML_StopParser(context, XML_FALSE);
}

static void
on_text(void *context, const XML_Char *text, int len)
{
	struct job *job = job_of(context);

	if (job->handlers->text != NULL)
		job->handlers->text(job->reading, text, len);
	if (job->reading->err != CDR_OK)
		(void)XML_StopParser(context, XML_FALSE);
}

/* Read a whole part. CDR_E_ABSENT if there is none. */
static cdr_err
read_part(struct reading *reading, const char *path, const struct handlers *handlers, struct cdr_fault *fault)
{
	struct job job = { reading, handlers };
	struct cdr_xlsx_part part;
	size_t got = 1;
	XML_Parser parser = NULL;

	reading->err = CDR_OK;
	reading->depth = 0;
	cdr_err err = cdr_xlsx_part_open(reading->book, path, &part, fault);
	if (err != CDR_OK)
		return err;
	parser = cdr_xlsx_parser_new();
	if (parser == NULL) {
		err = cdr_fault_set(fault, CDR_E_MEMORY, "no memory to read the spreadsheet");
		goto out;
	}
	XML_SetUserData(parser, &job);
	XML_UseParserAsHandlerArg(parser);
	XML_SetElementHandler(parser, on_start, on_end);
	XML_SetCharacterDataHandler(parser, on_text);
	while (got > 0) {
		void *buffer = XML_GetBuffer(parser, CHUNK_LEN);
		if (buffer == NULL) {
			err = cdr_xlsx_parser_fault(parser, path, CDR_E_MEMORY, fault);
			goto out;
		}
		CDR_TRY(cdr_xlsx_part_read(&part, buffer, CHUNK_LEN, &got, fault));
		if (XML_ParseBuffer(parser, (int)got, got == 0) != XML_STATUS_OK) {
			err = cdr_xlsx_parser_fault(parser, path, reading->err, fault);
			goto out;
		}
	}
	err = CDR_OK;
out:
	if (parser != NULL)
		XML_ParserFree(parser);
	cdr_xlsx_part_close(&part);
	return err;
}

/* ---- relationships --------------------------------------------------------------------------------------------- */

static bool
ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static void
start_relationship(struct reading *r, XML_Parser parser, const char *name, const char **attributes)
{
	const char *id = cdr_xlsx_attribute(attributes, "Id"), *type = cdr_xlsx_attribute(attributes, "Type");
	const char *target = cdr_xlsx_attribute(attributes, "Target"), *mode = cdr_xlsx_attribute(attributes, "TargetMode");

	(void)parser;
	if (strcmp(name, "Relationship") != 0 || id == NULL || type == NULL || target == NULL || r->target[0] != '\0' ||
	    (mode != NULL && strcmp(mode, "External") == 0))
		return;
	if (r->wanted_type != NULL ? ends_in(type, r->wanted_type) : strcmp(id, r->wanted_id) == 0) {
		if (strlen(target) >= sizeof(r->target))
			r->err = CDR_E_INPUT;
		else
			memcpy(r->target, target, strlen(target) + 1);
	}
}

static const struct handlers relationships = { .start = start_relationship };

/* The part that ${folder} + "_rels/" + ${of} + ".rels" leads to, by type or by id; "" if there is none. */
static cdr_err
follow(struct reading *r, const char *of, const char *type, const char *id, char path[static CDR_XLSX_PATH_LEN],
    struct cdr_fault *fault)
{
	char rels[2 * CDR_XLSX_PATH_LEN];
	const char *folder = r->book->folder;

	path[0] = r->target[0] = '\0';
	r->wanted_type = type;
	(void)snprintf(r->wanted_id, sizeof(r->wanted_id), "%s", id != NULL ? id : "");
	(void)snprintf(rels, sizeof(rels), "%s_rels/%s.rels", folder, of);
	cdr_err err = read_part(r, rels, &relationships, fault);
	if (err != CDR_OK || r->target[0] == '\0')
		return err == CDR_E_ABSENT ? CDR_OK : err;
	bool absolute = r->target[0] == '/';
	int len = snprintf(path, CDR_XLSX_PATH_LEN, "%s%s", absolute ? "" : folder, r->target + absolute);
	if (len >= CDR_XLSX_PATH_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "the spreadsheet is damaged: a part's name is too long");
	return CDR_OK;
}

/* ---- the workbook ------------------------------------------------------------------------------------------------ */

static void
start_workbook(struct reading *r, XML_Parser parser, const char *name, const char **attributes)
{
	const char *state = cdr_xlsx_attribute(attributes, "state"), *since = cdr_xlsx_attribute(attributes, "date1904");

	(void)parser;
	if (strcmp(name, "workbookPr") == 0 && since != NULL)
		r->book->from_1904 = strcmp(since, "1") == 0 || strcmp(since, "true") == 0;
	if (strcmp(name, "sheet") != 0 || r->wanted_id[0] != '\0' || (state != NULL && strcmp(state, "visible") != 0))
		return;
	const char *id = cdr_xlsx_attribute(attributes, "id");
	if (id != NULL)
		(void)snprintf(r->wanted_id, sizeof(r->wanted_id), "%s", id);
}

static const struct handlers workbook = { .start = start_workbook };

/* ---- shared strings ------------------------------------------------------------------------------------------------ */

/* The strings of rich text are put together; phonetic help is left out. */
static void
start_string(struct reading *r, XML_Parser parser, const char *name, const char **attributes)
{
	struct cdr_xlsx_book *book = r->book;

	(void)parser;
	(void)attributes;
	if (strcmp(name, "si") == 0 && !r->in_item) {
		r->in_item = true;
		if (book->string_count == CDR_XLSX_STRING_MAX || book->strings_len > CDR_XLSX_STRINGS_LEN_MAX)
			r->err = CDR_E_RANGE;
		else
			r->err = cdr_xlsx_grow((void **)&book->string_at, &book->string_room, book->string_count + 1, sizeof(uint32_t));
		if (r->err == CDR_OK)
			book->string_at[book->string_count++] = (uint32_t)book->strings_len;
	}
	r->in_phonetic += strcmp(name, "rPh") == 0;
	r->in_text = r->in_text || (r->in_item && strcmp(name, "t") == 0);
}

static void
end_string(struct reading *r, const char *name)
{
	struct cdr_xlsx_book *book = r->book;

	if (strcmp(name, "rPh") == 0 && r->in_phonetic > 0)
		r->in_phonetic--;
	if (strcmp(name, "t") == 0)
		r->in_text = false;
	if (strcmp(name, "si") != 0 || !r->in_item)
		return;
	r->in_item = false;
	r->err = cdr_xlsx_grow((void **)&book->strings, &book->strings_room, book->strings_len + 1, 1);
	if (r->err == CDR_OK)
		book->strings[book->strings_len++] = '\0';
}

/* More than a cell may hold is not kept: one byte beyond shows that it is too long. */
static void
text_string(struct reading *r, const char *text, int len)
{
	struct cdr_xlsx_book *book = r->book;

	if (!r->in_text || r->in_phonetic > 0)
		return;
	size_t held = book->strings_len - book->string_at[book->string_count - 1];
	size_t room = 8 * (CDR_XLSX_CELL_MAX + 1) - held; /* an escape of seven bytes may become one */
	size_t kept = (size_t)len < room ? (size_t)len : room;
	r->err = cdr_xlsx_grow((void **)&book->strings, &book->strings_room, book->strings_len + kept, 1);
	if (r->err != CDR_OK)
		return;
	memcpy(book->strings + book->strings_len, text, kept);
	book->strings_len += kept;
}

static const struct handlers strings = { .start = start_string, .end = end_string, .text = text_string };

/* ---- formats --------------------------------------------------------------------------------------------------------- */

/* What a number format shows (section 18.8.31): the first section of it, without literals, colours and conditions. */
static uint8_t
show_of(const char *code)
{
	bool year = false, month = false, day = false, time = false, other = false;
	size_t zeros = 0;

	for (const char *p = code; *p != '\0' && *p != ';'; p++) {
		if (*p == '"' || *p == '[') {
			char close = *p == '"' ? '"' : ']';
			while (p[1] != '\0' && p[1] != close)
				p++;
			p += p[1] != '\0';
			continue;
		}
		if ((*p == '\\' || *p == '_' || *p == '*') && p[1] != '\0') {
			p++;
			continue;
		}
		int c = tolower((unsigned char)*p);
		year = year || c == 'y';
		month = month || c == 'm';
		day = day || c == 'd';
		time = time || c == 'h' || c == 's';
		zeros += c == '0';
		other = other || c != '0';
	}
	if (year && day)
		return CDR_XLSX_AS_DATE;
	if (year && month)
		return CDR_XLSX_AS_MONTH;
	if (year)
		return CDR_XLSX_AS_YEAR;
	if (day || (month && !time))
		return CDR_XLSX_AS_DATE;
	return !other && zeros > 1 && zeros < 64 ? (uint8_t)(CDR_XLSX_AS_ZEROS + zeros) : CDR_XLSX_AS_NUMBER;
}

/* The formats that every spreadsheet knows by number (section 18.8.30). 17 is "mmm-yy". */
static uint8_t
show_built_in(uint64_t number)
{
	if (number == 17)
		return CDR_XLSX_AS_MONTH;
	bool date = (number >= 14 && number <= 22 && !(number >= 18 && number <= 21)) || (number >= 27 && number <= 31) || number == 36 ||
	    (number >= 50 && number <= 58);
	return date ? CDR_XLSX_AS_DATE : CDR_XLSX_AS_NUMBER;
}

static uint8_t
show_number(const struct reading *r, uint64_t number)
{
	for (size_t i = 0; i < r->format_count; i++)
		if (r->format[i].number == number)
			return r->format[i].show;
	return number < BUILT_IN ? show_built_in(number) : CDR_XLSX_AS_NUMBER;
}

static void
start_style(struct reading *r, XML_Parser parser, const char *name, const char **attributes)
{
	struct cdr_xlsx_book *book = r->book;
	uint64_t number;

	(void)parser;
	bool has_number = cdr_xlsx_number(cdr_xlsx_attribute(attributes, "numFmtId"), UINT16_MAX, &number);
	if (strcmp(name, "numFmt") == 0 && has_number) {
		const char *code = cdr_xlsx_attribute(attributes, "formatCode");
		if (r->format_count == FORMAT_MAX) {
			r->err = CDR_E_RANGE;
			return;
		}
		r->format[r->format_count].number = (uint16_t)number;
		r->format[r->format_count++].show = code != NULL ? show_of(code) : CDR_XLSX_AS_NUMBER;
	}
	if (strcmp(name, "cellXfs") == 0)
		r->in_cell_formats = true;
	if (!r->in_cell_formats || strcmp(name, "xf") != 0)
		return;
	if (book->show_count == CDR_XLSX_STYLE_MAX)
		r->err = CDR_E_RANGE;
	else
		r->err = cdr_xlsx_grow((void **)&book->show, &book->show_room, book->show_count + 1, 1);
	if (r->err == CDR_OK)
		book->show[book->show_count++] = has_number ? show_number(r, number) : CDR_XLSX_AS_NUMBER;
}

static void
end_style(struct reading *r, const char *name)
{
	if (strcmp(name, "cellXfs") == 0)
		r->in_cell_formats = false;
}

static const struct handlers styles = { .start = start_style, .end = end_style };

/* ---- all of it ------------------------------------------------------------------------------------------------------- */

static cdr_err
open_zip(struct cdr_xlsx_book *book, struct cdr_fault *fault)
{
	zip_error_t error;
	zip_int64_t count;

	zip_error_init(&error);
	zip_source_t *source = zip_source_buffer_create(book->file.data, book->file.len, 0, &error);
	if (source != NULL)
		book->zip = zip_open_from_source(source, ZIP_RDONLY, &error);
	if (book->zip == NULL && source != NULL)
		zip_source_free(source);
	bool memory = zip_error_code_zip(&error) == ZIP_ER_MEMORY;
	zip_error_fini(&error);
	if (book->zip == NULL)
		return memory ? cdr_fault_set(fault, CDR_E_MEMORY, "no memory to read the spreadsheet") :
				cdr_fault_set(fault, CDR_E_INPUT, "the spreadsheet is damaged, or cut off: its table of contents cannot be read");
	count = zip_get_num_entries(book->zip, 0);
	if (count < 0 || count > CDR_XLSX_ENTRY_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "the file is an archive of more than %d files, and no spreadsheet", CDR_XLSX_ENTRY_MAX);
	return CDR_OK;
}

/* From the archive's root to the workbook, and from there to the first visible sheet. */
static cdr_err
find_sheet(struct reading *r, char path[static CDR_XLSX_PATH_LEN], struct cdr_fault *fault)
{
	struct cdr_xlsx_book *book = r->book;
	char id[sizeof(r->wanted_id)];
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(follow(r, "", "/officeDocument", NULL, path, fault));
	r->wanted_id[0] = '\0';
	err = path[0] != '\0' ? read_part(r, path, &workbook, fault) : CDR_E_ABSENT;
	if (err == CDR_E_ABSENT)
		return cdr_fault_set(fault, CDR_E_INPUT, "this is an archive and no Excel workbook; save the table as .xlsx or as \"CSV UTF-8\"");
	CDR_TRY(err);
	if (r->wanted_id[0] == '\0')
		return cdr_fault_set(fault, CDR_E_INPUT, "the workbook has no visible sheet");
	memcpy(id, r->wanted_id, sizeof(id));
	const char *slash = strrchr(path, '/');
	size_t len = slash != NULL ? (size_t)(slash - path) + 1 : 0;
	memcpy(book->folder, path, len);
	book->folder[len] = '\0';
	CDR_TRY(follow(r, path + len, NULL, id, book->sheet, fault));
	if (book->sheet[0] == '\0')
		return cdr_fault_set(fault, CDR_E_INPUT, "the spreadsheet is damaged: its first sheet is not there");
	memmove(path, path + len, strlen(path + len) + 1); /* the workbook's own name, for what else it refers to */
	err = CDR_OK;
out:
	return err;
}

/* see core/record/xlsx_parts.h */
cdr_err
cdr_xlsx_book_open(struct cdr_xlsx_book *book, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char name[CDR_XLSX_PATH_LEN], path[CDR_XLSX_PATH_LEN];
	struct reading *r = cdr_wiping_alloc(sizeof(*r));

	if (r == NULL)
		return cdr_fault_set(fault, CDR_E_MEMORY, "no memory to read the spreadsheet");
	memset(r, 0, sizeof(*r));
	r->book = book;
	CDR_TRY(open_zip(book, fault));
	CDR_TRY(find_sheet(r, name, fault));
	CDR_TRY(follow(r, name, "/styles", NULL, path, fault));
	err = path[0] != '\0' ? read_part(r, path, &styles, fault) : CDR_OK;
	CDR_TRY(err == CDR_E_ABSENT ? CDR_OK : err);
	CDR_TRY(follow(r, name, "/sharedStrings", NULL, path, fault));
	err = path[0] != '\0' ? read_part(r, path, &strings, fault) : CDR_OK;
	CDR_TRY(err == CDR_E_ABSENT ? CDR_OK : err);
	err = CDR_OK;
out:
	cdr_wiping_free(r);
	return err;
}

/* see core/record/xlsx_parts.h */
void
cdr_xlsx_book_close(struct cdr_xlsx_book *book)
{
	if (book->zip != NULL)
		zip_discard(book->zip);
	cdr_wiping_free(book->strings);
	cdr_wiping_free(book->string_at);
	cdr_wiping_free(book->show);
	cdr_wipe(book, sizeof(*book));
}
