#include "core/identity/generate/generate.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>
#include <unicode/uversion.h>

/* see core/identity/generate/generate.h */
void
gen_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("generate: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

/* see core/identity/generate/generate.h */
void
gen_put(struct gen_out *out, const void *data, size_t len)
{
	if (out->len + len > out->room) {
		out->room = 2 * (out->len + len);
		out->data = realloc(out->data, out->room);
		if (out->data == NULL)
			gen_die("no memory");
	}
	memcpy(out->data + out->len, data, len);
	out->len += len;
}

/* see core/identity/generate/generate.h */
void
gen_put8(struct gen_out *out, unsigned value)
{
	gen_put(out, &(uint8_t){ (uint8_t)value }, 1);
}

/* see core/identity/generate/generate.h */
void
gen_put16(struct gen_out *out, unsigned value)
{
	gen_put8(out, value & 0xff);
	gen_put8(out, value >> 8 & 0xff);
}

/* see core/identity/generate/generate.h */
void
gen_put32(struct gen_out *out, uint32_t value)
{
	gen_put16(out, value & 0xffff);
	gen_put16(out, value >> 16);
}

/* see core/identity/generate/generate.h */
void
gen_patch32(struct gen_out *out, size_t at, uint32_t value)
{
	for (size_t i = 0; i < 4; i++)
		out->data[at + i] = (uint8_t)(value >> (8 * i));
}

/* see core/identity/generate/generate.h */
void
gen_write(const struct gen_out *out, const char *folder, const char *name)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "wb");
	if (file == NULL || fwrite(out->data, 1, out->len, file) != out->len || fclose(file) != 0)
		gen_die("cannot write %s", path);
	printf("%-16s %zu bytes\n", name, out->len);
	free(out->data);
}

/* see core/identity/generate/generate.h */
void
gen_lines_open(struct gen_lines *lines, const char *path)
{
	memset(lines, 0, sizeof *lines);
	lines->path = path;
	lines->file = fopen(path, "r");
	if (lines->file == NULL)
		gen_die("cannot read %s", path);
}

/* see core/identity/generate/generate.h */
bool
gen_lines_next(struct gen_lines *lines)
{
	while (fgets(lines->line, sizeof lines->line, lines->file) != NULL) {
		char *rest = lines->line;

		lines->number++;
		if (strchr(rest, '\n') == NULL)
			gen_die("%s:%zu: line too long, or without an end", lines->path, lines->number);
		rest[strcspn(rest, "\n")] = '\0';
		if (rest[0] == '#' || rest[0] == '\0')
			continue;
		for (lines->field_count = 0; rest != NULL; lines->field_count++) {
			if (lines->field_count == GEN_FIELDS_MAX)
				gen_die("%s:%zu: too many fields", lines->path, lines->number);
			lines->field[lines->field_count] = strsep(&rest, "\t");
		}
		return true;
	}
	fclose(lines->file);
	return false;
}

/* see core/identity/generate/generate.h */
size_t
gen_code_points(const char *utf8, uint32_t *cps, size_t room)
{
	int32_t len = (int32_t)strlen(utf8), at = 0;
	size_t count = 0;

	while (at < len) {
		UChar32 c;

		U8_NEXT(utf8, at, len, c);
		if (c < 0 || count == room)
			gen_die("bad or long text: %s", utf8);
		cps[count++] = (uint32_t)c;
	}
	return count;
}

/* Code points to UTF-16. */
static int32_t
to_utf16(const uint32_t *cps, size_t count, UChar *text, int32_t room)
{
	int32_t len = 0;

	for (size_t i = 0; i < count; i++) {
		if (len + 2 > room)
			gen_die("text too long");
		U16_APPEND_UNSAFE(text, len, cps[i]);
	}
	text[len] = 0;
	return len;
}

/* The transliterators that were opened before. */
static UTransliterator *
open_transform(const char *name)
{
	static struct {
		char name[256];
		UTransliterator *transform;
	} opened[64];
	static size_t count;
	UErrorCode status = U_ZERO_ERROR;
	UChar id[256];

	for (size_t i = 0; i < count; i++)
		if (strcmp(opened[i].name, name) == 0)
			return opened[i].transform;
	if (count == 64)
		gen_die("too many transforms");
	u_uastrcpy(id, name);
	opened[count].transform = utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, NULL, &status);
	if (U_FAILURE(status))
		gen_die("no transform %s: %s", name, u_errorName(status));
	snprintf(opened[count].name, sizeof opened[count].name, "%s", name);
	return opened[count++].transform;
}

/* see core/identity/generate/generate.h */
void
gen_icu(const char *transform, const uint32_t *cps, size_t count, char out[GEN_TEXT_MAX])
{
	UErrorCode status = U_ZERO_ERROR;
	char chain[256];
	UChar text[1024];
	int32_t len = to_utf16(cps, count, text, 512), limit = len;
	size_t used = 0;

	snprintf(chain, sizeof chain, "%s; NFD; [:Mn:] Remove; Latin-ASCII; Lower", transform);
	utrans_transUChars(open_transform(chain), text, &len, 1024, 0, &limit, &status);
	if (U_FAILURE(status))
		gen_die("%s fails: %s", transform, u_errorName(status));
	for (int32_t i = 0; i < len && used + 1 < GEN_TEXT_MAX; i++)
		if (text[i] >= 'a' && text[i] <= 'z')
			out[used++] = (char)text[i];
		else if (text[i] >= 0x80) { /* a letter that the transform does not know */
			used = 0;
			break;
		}
	out[used] = '\0';
}

/* see core/identity/generate/generate.h */
size_t
gen_fold(const uint32_t *cps, size_t count, uint32_t *folded, size_t room)
{
	UErrorCode status = U_ZERO_ERROR;
	const UNormalizer2 *nfkc = unorm2_getNFKCInstance(&status);
	UChar text[512], cased[512], normal[512];
	int32_t len;
	size_t used = 0;

	to_utf16(cps, count, text, 256);
	u_strFoldCase(cased, 512, text, -1, U_FOLD_CASE_DEFAULT, &status);
	len = unorm2_normalize(nfkc, cased, -1, normal, 512, &status);
	if (U_FAILURE(status))
		gen_die("cannot fold: %s", u_errorName(status));
	for (int32_t i = 0; i < len;) {
		UChar32 c;

		U16_NEXT(normal, i, len, c);
		if (used == room)
			gen_die("text too long");
		folded[used++] = (uint32_t)c;
	}
	return used;
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: generate RULES_FOLDER DATA_FOLDER\n");
		return 2;
	}
	if (strncmp(U_ICU_VERSION, "72", 2) != 0)
		gen_die("the tables come from ICU 72 (Unicode 15.0); this is ICU %s", U_ICU_VERSION);
	gen_characters(argv[2]);
	gen_translit(argv[1], argv[2]);
	gen_han(argv[1], argv[2]);
	gen_words(argv[1], argv[2]);
	gen_calendar(argv[2]);
	return 0;
}
