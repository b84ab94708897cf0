#include "core/record/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"

/* see core/record/out.h */
void
cdr_out_free(struct cdr_out *out)
{
	if (out->data != NULL)
		cdr_wipe(out->data, out->room);
	free(out->data);
	*out = (struct cdr_out){ 0 };
}

/* Room for ${len} more bytes and a NUL; the old block is wiped. */
static bool
make_room(struct cdr_out *out, size_t len)
{
	size_t room = out->room == 0 ? 4096 : out->room;
	char *larger;

	if (out->err != CDR_OK)
		return false;
	if (len > CDR_OUT_MAX || out->len + len >= CDR_OUT_MAX) {
		out->err = CDR_E_RANGE;
		return false;
	}
	if (out->len + len < out->room)
		return true;
	while (room <= out->len + len)
		room *= 2;
	larger = calloc(room, 1);
	if (larger == NULL) {
		out->err = CDR_E_MEMORY;
		return false;
	}
	if (out->data != NULL) {
		memcpy(larger, out->data, out->len);
		cdr_wipe(out->data, out->room);
	}
	free(out->data);
	out->data = larger;
	out->room = room;
	return true;
}

/* see core/record/out.h */
void
cdr_out_bytes(struct cdr_out *out, const char *data, size_t len)
{
	if (!make_room(out, len))
		return;
	memcpy(out->data + out->len, data, len);
	out->len += len;
	out->data[out->len] = '\0';
}

/* see core/record/out.h */
void
cdr_out_text(struct cdr_out *out, const char *text)
{
	cdr_out_bytes(out, text, strlen(text));
}

/* see core/record/out.h */
void
cdr_out_format(struct cdr_out *out, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0 && out->err == CDR_OK)
		out->err = CDR_E_INTERNAL;
	if (len < 0 || !make_room(out, (size_t)len))
		return;
	va_start(args, format);
	(void)vsnprintf(out->data + out->len, (size_t)len + 1, format, args);
	va_end(args);
	out->len += (size_t)len;
}

/* A field with ${before} in front of it, quoted where it must be. */
static void
csv_field(struct cdr_out *out, const char *before, const char *text, bool first)
{
	if (!first)
		cdr_out_text(out, ",");
	if (strpbrk(text, ",;\"\r\n") == NULL && text[0] != ' ') {
		cdr_out_text(out, before);
		cdr_out_text(out, text);
		return;
	}
	cdr_out_text(out, "\"");
	cdr_out_text(out, before);
	for (const char *p = text; *p != '\0'; p++)
		cdr_out_bytes(out, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
	cdr_out_text(out, "\"");
}

/* see core/record/out.h */
void
cdr_out_csv(struct cdr_out *out, const char *text, bool first)
{
	csv_field(out, "", text, first);
}

/* Would a spreadsheet take this for a formula, or did we say once that it would? A number with its sign is none. */
static bool
is_formula(const char *text)
{
	text += strspn(text, "'");
	return text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL &&
	    (text[0] != '-' || text[1] == '\0' || text[1 + strspn(text + 1, "0123456789.")] != '\0');
}

/* see core/record/out.h */
void
cdr_out_csv_text(struct cdr_out *out, const char *text, bool first)
{
	csv_field(out, is_formula(text) ? "'" : "", text, first);
}

/* see core/record/out.h */
const char *
cdr_out_csv_plain_peek(const char *text)
{
	return text[0] == '\'' && is_formula(text + 1) ? text + 1 : text;
}

/* see core/record/out.h */
void
cdr_out_html(struct cdr_out *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		switch (*p) {
		case '&':
			cdr_out_text(out, "&amp;");
			break;
		case '<':
			cdr_out_text(out, "&lt;");
			break;
		case '>':
			cdr_out_text(out, "&gt;");
			break;
		case '"':
			cdr_out_text(out, "&quot;");
			break;
		case '\'':
			cdr_out_text(out, "&#39;");
			break;
		default:
			cdr_out_bytes(out, p, 1);
		}
}
