#include "core/identity/code.h"

#include <string.h>

#include "core/embed.h"
#include "core/identity/skeleton.h"

CDR_EMBED(cdr_diminutives, "core/identity/data/diminutives.tsv");

#define TAIL_LEN 3 /* letters of a prefix or suffix */

/* see core/identity/code.h */
struct cdr_bytes
cdr_codes_table(void)
{
	return (struct cdr_bytes){ cdr_diminutives, (size_t)(cdr_diminutives_end - cdr_diminutives) };
}

/* Compare ${part} with the first field of the line at ${line}; strcmp's order, in which the lines stand. */
static int
line_compare(const char *part, const char *line)
{
	size_t i = 0;

	while (part[i] != '\0' && part[i] == line[i])
		i++;
	char of_line = line[i] == '\t' ? '\0' : line[i];
	return (unsigned char)part[i] - (unsigned char)of_line;
}

/* The line for ${part}, by binary search over the bytes: the middle is moved back to the start of its line. */
static const char *
line_find(const char *part)
{
	const char *low = (const char *)cdr_diminutives, *high = (const char *)cdr_diminutives_end;

	while (low < high) {
		const char *line = low + (high - low) / 2;
		while (line > low && line[-1] != '\n')
			line--;
		int order = line_compare(part, line);
		if (order == 0)
			return line;
		if (order < 0)
			high = line;
		else
			low = (const char *)memchr(line, '\n', (size_t)(high - line)) + 1;
	}
	return NULL;
}

/* see core/identity/code.h */
void
cdr_codes_full_name(const char *part, char full[static CDR_PART_LEN])
{
	const char *line = line_find(part), *from = line == NULL ? part : strchr(line, '\t') + 1;
	size_t len = strcspn(from, "\n");

	if (len >= CDR_PART_LEN)
		len = CDR_PART_LEN - 1;
	memset(full, 0, CDR_PART_LEN);
	memcpy(full, from, len);
}

/* see core/identity/code.h */
void
cdr_codes_make(const char *part, struct cdr_codes *codes)
{
	char full[CDR_PART_LEN];
	size_t len = strnlen(part, CDR_PART_LEN - 1);
	size_t tail = len < TAIL_LEN ? len : TAIL_LEN;

	memset(codes, 0, sizeof(*codes));
	cdr_codes_full_name(part, full);
	memcpy(codes->text[CDR_CODE_EXACT], part, len);
	cdr_skeleton_latin(full, codes->text[CDR_CODE_S1]);
	cdr_skeleton_semitic(part, codes->text[CDR_CODE_S2]);
	memcpy(codes->text[CDR_CODE_PREFIX], part, tail);
	memcpy(codes->text[CDR_CODE_SUFFIX], part + len - tail, tail);
}
