#include "core/record/text.h"

#include <string.h>

#include <utf8proc.h>

#include "core/crypto/secret.h"
#include "core/identity/script.h"

/* see core/record/text.h */
bool
cdr_text_valid(const uint8_t *data, size_t len)
{
	utf8proc_int32_t cp;

	for (size_t at = 0; at < len;) {
		if (data[at] < 0x80) {
			at++;
			continue;
		}
		utf8proc_ssize_t step = utf8proc_iterate(data + at, (utf8proc_ssize_t)(len - at), &cp);
		if (step <= 0)
			return false;
		at += (size_t)step;
	}
	return true;
}

/* see core/record/text.h */
size_t
cdr_text_count(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

/* Marks, embeddings, overrides and isolates: Unicode Standard Annex 9, section 2; and the byte order mark. */
static bool
is_invisible(utf8proc_int32_t cp)
{
	return cp == 0x061c || cp == 0x200e || cp == 0x200f || (cp >= 0x202a && cp <= 0x202e) ||
	    (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfeff;
}

static bool
is_blank(utf8proc_int32_t cp)
{
	if (cp < 0x80)
		return cp == ' ' || cp == '\t' || cp == '\n' || cp == '\r';
	return cp == 0x85 || cp == 0x2028 || cp == 0x2029 || utf8proc_category(cp) == UTF8PROC_CATEGORY_ZS;
}

static bool
is_line_end(utf8proc_int32_t cp)
{
	return cp == '\n' || cp == 0x85 || cp == 0x2028 || cp == 0x2029;
}

/* ${in} without invisible characters and with its blanks folded, into ${out}, which has room for ${len} + 1 bytes. */
static cdr_err
fold(const char *in, size_t len, bool lines, char *out, bool *ascii)
{
	const uint8_t *data = (const uint8_t *)in;
	size_t used = 0;
	char pending = '\0';
	utf8proc_int32_t cp;

	*ascii = true;
	for (size_t at = 0; at < len;) {
		utf8proc_ssize_t step = utf8proc_iterate(data + at, (utf8proc_ssize_t)(len - at), &cp);
		if (step <= 0)
			return CDR_E_INPUT;
		at += (size_t)step;
		if (is_blank(cp)) {
			pending = lines && (pending == '\n' || is_line_end(cp)) ? '\n' : ' ';
			continue;
		}
		if (is_invisible(cp))
			continue;
		if (cp < ' ' || cp == 0x7f || (cp >= 0x80 && !cdr_code_point_assigned((uint32_t)cp)) || (cp >= 0x80 && cp < 0xa0))
			return CDR_E_INPUT;
		/* A blank took at least one byte of the input, so this fits. */
		if (pending != '\0' && used > 0)
			out[used++] = pending;
		pending = '\0';
		memcpy(out + used, data + at - (size_t)step, (size_t)step);
		used += (size_t)step;
		*ascii = *ascii && cp < 0x80;
	}
	out[used] = '\0';
	return CDR_OK;
}

/* ${text}, of at most CDR_TEXT_CLEAN_MAX bytes, in a normal form, into ${out}, which is all zero. */
static cdr_err
normalise(const char *text, utf8proc_option_t how, char *out, size_t out_size)
{
	utf8proc_int32_t room[2 * CDR_TEXT_CLEAN_MAX + 1];
	utf8proc_ssize_t count = utf8proc_decompose((const uint8_t *)text, (utf8proc_ssize_t)strlen(text), room,
	    2 * CDR_TEXT_CLEAN_MAX, how);
	cdr_err err = count < 0 ? CDR_E_INPUT : CDR_E_RANGE;

	if (count < 0 || count > 2 * CDR_TEXT_CLEAN_MAX)
		goto out;
	utf8proc_ssize_t len = utf8proc_reencode(room, count, how);
	err = len < 0 ? CDR_E_INPUT : CDR_E_RANGE;
	if (len < 0 || (size_t)len >= out_size)
		goto out;
	memcpy(out, room, (size_t)len);
	err = CDR_OK;
out:
	cdr_wipe(room, sizeof(room));
	return err;
}

/* see core/record/text.h */
cdr_err
cdr_text_clean(const char *in, size_t len, bool lines, char *out, size_t out_size)
{
	char folded[CDR_TEXT_CLEAN_MAX + 1];
	bool ascii = true;
	cdr_err err = CDR_E_INTERNAL;

	memset(out, 0, out_size);
	if (len > CDR_TEXT_CLEAN_MAX)
		return CDR_E_RANGE;
	CDR_TRY(fold(in, len, lines, folded, &ascii));
	/* ASCII is NFC already. */
	if (!ascii)
		err = normalise(folded, UTF8PROC_COMPOSE | UTF8PROC_STABLE, out, out_size);
	else if (strlen(folded) >= out_size)
		err = CDR_E_RANGE;
	else
		memcpy(out, folded, strlen(folded));
out:
	cdr_wipe(folded, len + 1);
	return err;
}

/* see core/record/text.h */
cdr_err
cdr_text_fold(const char *in, char *out, size_t out_size)
{
	memset(out, 0, out_size);
	if (strlen(in) > CDR_TEXT_CLEAN_MAX)
		return CDR_E_RANGE;
	return normalise(in, UTF8PROC_COMPOSE | UTF8PROC_STABLE | UTF8PROC_CASEFOLD, out, out_size);
}

/* One character of a name, as cdr_text_nearer sees it. */
static char
plain(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c == ' ' || c == '-' ? '_' : c;
}

/* Insertions, deletions, substitutions between two words: Wagner and Fischer, one row of the table at a time. */
static size_t
distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[CDR_TEXT_WORD_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t best = diagonal + (plain(a[i - 1]) != plain(b[j - 1]));
			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b_len];
}

/* see core/record/text.h */
bool
cdr_text_nearer(const char *word, const char *known, size_t *best)
{
	size_t word_len = strlen(word), known_len = strlen(known);
	size_t shorter = word_len < known_len ? word_len : known_len;

	if (shorter == 0 || word_len > CDR_TEXT_WORD_MAX || known_len > CDR_TEXT_WORD_MAX)
		return false;
	size_t found = distance(word, word_len, known, known_len);
	/* One slip in four letters; or the beginning of the word, which counts as one slip more than any of those. */
	size_t allowed = 1 + known_len / 4;
	if (found > allowed) {
		if (shorter < 3 || distance(word, shorter, known, shorter) > 0)
			return false;
		found = allowed + 1;
	}
	if (found >= *best)
		return false;
	*best = found;
	return true;
}
