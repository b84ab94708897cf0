#include "core/record/xlsx_parts.h"

#include <string.h>

#include "core/crypto/secret.h"

/* The container of a workbook: a zip archive of which parts are inflated within caps, and the XML parser that reads them. */

/* see core/record/xlsx.h */
bool
cdr_xlsx_begins(struct cdr_bytes file)
{
	return file.len >= 4 && (memcmp(file.data, "PK\003\004", 4) == 0 || memcmp(file.data, "PK\005\006", 4) == 0);
}

/* ---- the archive ----------------------------------------------------------------------------------------------- */

/* see core/record/xlsx_parts.h */
cdr_err
cdr_xlsx_part_open(struct cdr_xlsx_book *book, const char *path, struct cdr_xlsx_part *part, struct cdr_fault *fault)
{
	zip_stat_t stat;

	*part = (struct cdr_xlsx_part){ .book = book, .path = path };
	zip_int64_t at = zip_name_locate(book->zip, path, ZIP_FL_NOCASE);
	if (at < 0)
		return CDR_E_ABSENT;
	if (zip_stat_index(book->zip, (zip_uint64_t)at, 0, &stat) != 0 || (stat.valid & ZIP_STAT_COMP_SIZE) == 0 ||
	    (stat.valid & ZIP_STAT_SIZE) == 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "the spreadsheet is damaged: %s cannot be read", path);
	if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE)
		return cdr_fault_set(fault, CDR_E_REFUSED, "the spreadsheet is protected by a password; save it without one");
	part->packed = stat.comp_size < book->file.len ? stat.comp_size : book->file.len;
	part->whole = stat.size;
	part->max = CDR_XLSX_RATIO_FREE + part->packed * CDR_XLSX_RATIO_MAX;
	part->file = zip_fopen_index(book->zip, (zip_uint64_t)at, 0);
	if (part->file == NULL)
		return cdr_fault_set(fault, CDR_E_INPUT, "the spreadsheet is damaged: %s cannot be read", path);
	return CDR_OK;
}

/* see core/record/xlsx_parts.h */
void
cdr_xlsx_part_close(struct cdr_xlsx_part *part)
{
	if (part->file != NULL)
		(void)zip_fclose(part->file);
	part->file = NULL;
}

/* see core/record/xlsx_parts.h */
cdr_err
cdr_xlsx_part_read(struct cdr_xlsx_part *part, void *data, size_t room, size_t *got, struct cdr_fault *fault)
{
	*got = 0;
	zip_int64_t n = zip_fread(part->file, data, room);
	if (n < 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "the spreadsheet is damaged: %s does not inflate to what was packed",
		    part->path);
	part->read += (uint64_t)n;
	part->book->inflated += (uint64_t)n;
	if (part->read > part->max || part->book->inflated > CDR_XLSX_INFLATED_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "the spreadsheet inflates to far more than its size (%s): it is not read", part->path);
	*got = (size_t)n;
	return CDR_OK;
}

/* ---- XML --------------------------------------------------------------------------------------------------------- */

/* Entities can only be declared in a document type: without one there is nothing to expand and nothing to fetch. */
static void
refuse_doctype(void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public_id, int has_internal)
{
	(void)name;
	(void)system;
	(void)public_id;
	(void)has_internal;
	(void)XML_StopParser((XML_Parser)context, XML_FALSE);
}

/* see core/record/xlsx_parts.h */
XML_Parser
cdr_xlsx_parser_new(void)
{
	static const XML_Memory_Handling_Suite wiping = { cdr_wiping_alloc, cdr_wiping_resize, cdr_wiping_free };
	XML_Parser parser = XML_ParserCreate_MM("UTF-8", &wiping, NULL);

	if (parser == NULL)
		return NULL;
	XML_UseParserAsHandlerArg(parser);
	XML_SetStartDoctypeDeclHandler(parser, refuse_doctype);
	return parser;
}

/* see core/record/xlsx_parts.h */
cdr_err
cdr_xlsx_parser_fault(XML_Parser parser, const char *path, cdr_err err, struct cdr_fault *fault)
{
	if (err == CDR_E_MEMORY || XML_GetErrorCode(parser) == XML_ERROR_NO_MEMORY)
		return cdr_fault_set(fault, CDR_E_MEMORY, "no memory to read the spreadsheet");
	if (err == CDR_E_RANGE)
		return cdr_fault_set(fault, err, "the spreadsheet is larger than what is read (%s)", path);
	if (err == CDR_OK && XML_GetErrorCode(parser) == XML_ERROR_ABORTED)
		return cdr_fault_set(fault, CDR_E_INPUT, "the spreadsheet declares a document type (%s), which no spreadsheet needs: it is "
		    "not read", path);
	return cdr_fault_set(fault, CDR_E_INPUT, "the spreadsheet is damaged: %s, line %lu", path,
	    (unsigned long)XML_GetCurrentLineNumber(parser));
}

/* see core/record/xlsx_parts.h */
const char *
cdr_xlsx_local(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon != NULL ? colon + 1 : name;
}

/* see core/record/xlsx_parts.h */
const char *
cdr_xlsx_attribute(const char **attributes, const char *name)
{
	for (; attributes[0] != NULL; attributes += 2)
		if (strcmp(cdr_xlsx_local(attributes[0]), name) == 0)
			return attributes[1];
	return NULL;
}

/* see core/record/xlsx_parts.h */
cdr_err
cdr_xlsx_grow(void **block, size_t *room, size_t needed, size_t item_len)
{
	size_t larger = *room == 0 ? 1024 : *room;

	if (needed <= *room)
		return CDR_OK;
	while (larger < needed)
		larger *= 2;
	void *p = cdr_wiping_resize(*block, larger * item_len);
	if (p == NULL)
		return CDR_E_MEMORY;
	*block = p;
	*room = larger;
	return CDR_OK;
}

/* see core/record/xlsx_parts.h */
bool
cdr_xlsx_number(const char *text, uint64_t max, uint64_t *number)
{
	*number = 0;
	if (text == NULL || *text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || *number > (max - (uint64_t)(*text - '0')) / 10)
			return false;
		*number = *number * 10 + (uint64_t)(*text - '0');
	}
	return *number <= max;
}
