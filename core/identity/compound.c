#include "core/identity/parts.h"

#include <string.h>

#include "core/identity/han.h"
#include "core/identity/words.h"

/* Copy a part, cut to its room. */
static void
set_part(char part[static CDR_PART_LEN], const char *first, const char *second)
{
	char joined[CDR_PART_LEN] = { 0 };
	size_t used = 0;

	for (; *first != '\0' && used + 1 < CDR_PART_LEN; first++)
		joined[used++] = *first;
	for (; *second != '\0' && used + 1 < CDR_PART_LEN; second++)
		joined[used++] = *second;
	memcpy(part, joined, CDR_PART_LEN);
}

static void
remove_part(struct cdr_parts *parts, size_t at)
{
	parts->count--;
	memmove(parts->part[at], parts->part[at + 1], (parts->count - at) * CDR_PART_LEN);
	memmove(&parts->is_family[at], &parts->is_family[at + 1], (parts->count - at) * sizeof parts->is_family[0]);
	memset(parts->part[parts->count], 0, CDR_PART_LEN);
}

static bool
is_vowel(char c)
{
	return c != '\0' && strchr("aeiou", c) != NULL;
}

static uint32_t
kinds(const char *part)
{
	return part[1] == '\0' ? CDR_WORD_PARTICLE : cdr_word_find(part).kinds; /* an initial says nothing */
}

static bool
is_small(const char *part)
{
	return (kinds(part) & (CDR_WORD_PARTICLE | CDR_WORD_TITLE)) != 0;
}

/* The parts that are neither particle nor title. */
static size_t
count_names(const struct cdr_parts *parts)
{
	size_t count = 0;

	for (size_t i = 0; i < parts->count; i++)
		count += !is_small(parts->part[i]);
	return count;
}

static bool
is_god(const char *text)
{
	static const char *const spellings[] = { "allah", "alla", "allahi", "ullah", "ulla", "ellah", "ollah", "illah",
		"lah", "la", "llah", "lla", "llahi", "laah", "ilahi" };

	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
		if (strcmp(text, spellings[i]) == 0)
			return true;
	return false;
}

/*
 * Whom the servant (abd) serves. The article between them is spelled al, el, ul; before some letters it takes their
 * sound, so that the letter is doubled; often half of it is left out: ${text} is what follows "abd".
 */
static const char *
served(const char *text, bool joined)
{
	const char *rest = text;

	if (is_god(text))
		return "allah";
	if (!is_vowel(*text) && !joined)
		return text;
	if (strncmp(rest, "ou", 2) == 0)
		rest += 2;
	else if (is_vowel(*rest))
		rest++;
	if (is_god(rest))
		return "allah";
	if (strlen(rest) < 4)
		return joined ? rest : text;
	if (rest[0] == 'l' && strcmp(rest, "latif") != 0 && strcmp(rest, "lateef") != 0)
		return rest + 1;
	if (rest[0] == rest[1])
		return rest + 1;
	if (strncmp(rest, "shsh", 4) == 0)
		return rest + 2;
	return joined ? rest : text;
}

/* abdurrahman, abdelrahman, abdirahman: abdrahman. */
static void
settle_servant(char part[static CDR_PART_LEN])
{
	const char *rest;

	if (strncmp(part, "abd", 3) != 0 || part[3] == '\0')
		return;
	rest = served(part + 3, true);
	if (strlen(rest) >= 3)
		set_part(part, "abd", rest);
}

/* nureddine, nooruddin: nurdin, noordin. nasrullah: nasrallah. The tail is looked for longest first. */
static void
settle_tail(char part[static CDR_PART_LEN])
{
	size_t len = strlen(part);

	for (size_t tail = len < 11 ? len - 3 : 8; len > 6 && tail >= 4; tail--) {
		struct cdr_word word = cdr_word_find(part + len - tail);

		if ((word.kinds & CDR_WORD_TAIL) == 0)
			continue;
		memset(part + len - tail, 0, tail);
		set_part(part, part, word.target);
		return;
	}
}

/* gebremariam, ghebremariam: one spelling. Shortened first words are too short to be told within a word. */
static bool
settle_ethiopian(char part[static CDR_PART_LEN])
{
	char first[CDR_PART_LEN] = { 0 };

	for (size_t len = 4; len <= 6 && part[len] != '\0' && part[len - 1] != '\0'; len++) {
		struct cdr_word head, rest = cdr_word_find(part + len);

		memcpy(first, part, len);
		head = cdr_word_find(first);
		if ((head.kinds & CDR_WORD_FIRST) == 0 || (rest.kinds & CDR_WORD_SECOND) == 0)
			continue;
		set_part(part, head.target, rest.target);
		return true;
	}
	return false;
}

/* delacruz, vandenberg: the particle goes, as it does where it stands alone. */
static bool
settle_glued(char part[static CDR_PART_LEN])
{
	char head[CDR_PART_LEN] = { 0 };

	for (size_t len = 4; len <= 6 && strlen(part) >= len + 4; len++) {
		memcpy(head, part, len);
		if ((cdr_word_find(head).kinds & CDR_WORD_GLUED) == 0 || is_vowel(part[len]))
			continue;
		set_part(part, part + len, "");
		return true;
	}
	return false;
}

/* Elsayed, Almasri: the article goes where what it stands before is known to bear one. */
static bool
settle_article(char part[static CDR_PART_LEN])
{
	if (strncmp(part, "al", 2) != 0 && strncmp(part, "el", 2) != 0)
		return false;
	if ((cdr_word_find(part + 2).kinds & CDR_WORD_ARTICLE) == 0)
		return false;
	set_part(part, part + 2, "");
	return true;
}

/* What one part becomes by itself. */
static void
settle_part(char part[static CDR_PART_LEN])
{
	struct cdr_word word = cdr_word_find(part);

	if (word.kinds & (CDR_WORD_SAME | CDR_WORD_SUFFIX))
		set_part(part, word.target, "");
	else if ((word.kinds & CDR_WORD_SERVANT) == 0 && strncmp(part, "abd", 3) == 0)
		settle_servant(part);
	else if (!settle_article(part) && !settle_ethiopian(part) && !settle_glued(part))
		settle_tail(part);
}

/* abd (al) rahman: abdrahman, while two parts remain. */
static void
join_servants(struct cdr_parts *parts)
{
	for (size_t i = 0; i + 1 < parts->count; i++) {
		if ((kinds(parts->part[i]) & CDR_WORD_SERVANT) == 0)
			continue;
		set_part(parts->part[i], "abd", "");
		while (i + 2 < parts->count && (kinds(parts->part[i + 1]) & CDR_WORD_PARTICLE))
			remove_part(parts, i + 1);
		if (count_names(parts) < 3) {
			set_part(parts->part[i + 1], served(parts->part[i + 1], false), "");
			continue;
		}
		set_part(parts->part[i], "abd", served(parts->part[i + 1], false));
		parts->is_family[i] = parts->is_family[i] && parts->is_family[i + 1];
		remove_part(parts, i + 1);
	}
}

/* gebre mariam, g mariam: gebremariam, while two parts remain. */
static void
join_ethiopian(struct cdr_parts *parts)
{
	for (size_t i = 0; i + 1 < parts->count && parts->count > 2; i++) {
		struct cdr_word first = cdr_word_find(parts->part[i]), second = cdr_word_find(parts->part[i + 1]);

		if ((first.kinds & CDR_WORD_FIRST) == 0 || (second.kinds & CDR_WORD_SECOND) == 0)
			continue;
		set_part(parts->part[i], first.target, second.target);
		remove_part(parts, i + 1);
	}
}

/* abu bakr: abubakr; where three or more names stand. */
static void
join_fathers(struct cdr_parts *parts)
{
	for (size_t i = 0; i + 1 < parts->count; i++) {
		if ((kinds(parts->part[i]) & CDR_WORD_FATHER) == 0 || count_names(parts) < 3)
			continue;
		while (i + 2 < parts->count && (kinds(parts->part[i + 1]) & CDR_WORD_PARTICLE))
			remove_part(parts, i + 1);
		set_part(parts->part[i], cdr_word_find(parts->part[i]).target, parts->part[i + 1]);
		remove_part(parts, i + 1);
	}
}

/* salah (al) din: salahdin; where three or more names stand. */
static void
join_suffixes(struct cdr_parts *parts)
{
	for (size_t i = 1; i < parts->count; i++) {
		size_t first = i - 1;

		if ((kinds(parts->part[i]) & CDR_WORD_SUFFIX) == 0 || count_names(parts) < 3)
			continue;
		while (first > 0 && (kinds(parts->part[first]) & CDR_WORD_PARTICLE))
			first--;
		if (is_small(parts->part[first]))
			continue;
		set_part(parts->part[first], parts->part[first], parts->part[i]);
		while (i > first)
			remove_part(parts, i--);
	}
}

static bool
is_syllable(const char *part)
{
	return cdr_han_is_syllable(part) || (kinds(part) & CDR_WORD_SYLLABLE);
}

/* Whether a name is an East Asian family name and a given name of two syllables; where the former stands. */
static bool
is_east_asian(const struct cdr_parts *parts, size_t *family)
{
	*family = 0;
	if (parts->count != 3 || parts->is_family[1])
		return false;
	/* Where it is not known, it is the first part if that is such a name, else the last. */
	if (!parts->is_family[0] && (parts->is_family[2] || (kinds(parts->part[0]) & CDR_WORD_ORDER) == 0))
		*family = 2;
	if ((kinds(parts->part[*family]) & CDR_WORD_ORDER) == 0)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (i != *family && !is_syllable(parts->part[i]))
			return false;
	return true;
}

static size_t
count_families(const struct cdr_parts *parts)
{
	size_t count = 0;

	for (size_t i = 0; i < parts->count; i++)
		count += parts->is_family[i];
	return count;
}

/*
 * Drop particles and titles while two parts remain. From the right, since what looks like a particle and stands first
 * is often a family name of East Asia (Do Thi Lan); never the only family name; and not what is a syllable of a name
 * (Da Wen).
 */
static void
drop_small(struct cdr_parts *parts)
{
	size_t family;

	if (is_east_asian(parts, &family))
		return;
	for (size_t i = parts->count; i-- > 0 && parts->count > 2;)
		if (is_small(parts->part[i]) && !(parts->is_family[i] && count_families(parts) == 1))
			remove_part(parts, i);
}

static void
drop_repeated(struct cdr_parts *parts)
{
	for (size_t i = 0; i < parts->count; i++)
		for (size_t j = i + 1; j < parts->count;)
			if (strcmp(parts->part[i], parts->part[j]) == 0)
				remove_part(parts, j);
			else
				j++;
}

/* see core/identity/parts.h */
void
cdr_parts_settle(struct cdr_parts *parts)
{
	for (size_t i = 0; i < parts->count; i++)
		settle_part(parts->part[i]);
	join_servants(parts);
	join_ethiopian(parts);
	join_fathers(parts);
	join_suffixes(parts);
	drop_small(parts);
	drop_repeated(parts);
}

/* see core/identity/parts.h */
bool
cdr_parts_join_syllables(struct cdr_parts *parts)
{
	size_t family, first, second;

	if (!is_east_asian(parts, &family))
		return false;
	first = family == 0 ? 1 : 0;
	second = first + 1;
	set_part(parts->part[first], parts->part[first], parts->part[second]);
	remove_part(parts, second);
	return true;
}
