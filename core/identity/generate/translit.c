#include "core/identity/generate/generate.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

#include "core/identity/script.h"
#include "core/identity/translit.h"

#define TABLES_MAX 48
#define SEGMENT_MAX 24
#define ANY 0xff

struct rule {
	uint32_t segment[SEGMENT_MAX];
	size_t length;
	unsigned left, right;
	char text[GEN_TEXT_MAX];
	size_t order;
};

struct letter {
	uint32_t cp, fold; /* fold: the letter to read it as; CDR_TRANSLIT_DROP: none */
	unsigned class;
};

struct table {
	char name[32], icu[64];
	unsigned script, flags;
	bool keeps_a; /* an abugida whose last consonant keeps its vowel */
	uint32_t detect[64];
	size_t detect_count;
	struct rule *rule;
	size_t rule_count, rule_room;
	struct letter *letter;
	size_t letter_count, letter_room;
};

static struct table tables[TABLES_MAX];
static size_t table_count;
static const struct gen_lines *at; /* for messages */

/* The record of a letter; a new one where there is none. */
static struct letter *
find_letter(struct table *table, uint32_t cp)
{
	for (size_t i = 0; i < table->letter_count; i++)
		if (table->letter[i].cp == cp)
			return &table->letter[i];
	if (table->letter_count == table->letter_room) {
		table->letter_room = 2 * table->letter_room + 64;
		table->letter = realloc(table->letter, table->letter_room * sizeof *table->letter);
		if (table->letter == NULL)
			gen_die("no memory");
	}
	table->letter[table->letter_count] = (struct letter){ cp, cp,
		u_charType((UChar32)cp) == U_NON_SPACING_MARK || u_charType((UChar32)cp) == U_COMBINING_SPACING_MARK
		    ? CDR_CONTEXT_SIGN
		    : CDR_CONTEXT_CONSONANT };
	return &table->letter[table->letter_count++];
}

static unsigned
context(const char *text)
{
	static const char classes[] = "|vcmhsou";
	unsigned mask = 0;

	if (strcmp(text, "-") == 0)
		return ANY;
	for (; *text != '\0'; text++) {
		const char *found = strchr(classes, *text);

		if (found == NULL)
			gen_die("%s:%zu: no class %c", at->path, at->number, *text);
		mask |= 1u << (found - classes);
	}
	return mask;
}

/* Syllables of Hangul to the letters that they are made of (Unicode 15.0, section 3.12). */
static size_t
spell_hangul(const uint32_t *cps, size_t count, uint32_t out[static SEGMENT_MAX])
{
	size_t used = 0;

	for (size_t i = 0; i < count && used + 3 <= SEGMENT_MAX; i++) {
		uint32_t s = cps[i] - 0xac00;

		if (cps[i] < 0xac00 || cps[i] > 0xd7a3) {
			out[used++] = cps[i];
			continue;
		}
		out[used++] = 0x1100 + s / 588;
		out[used++] = 0x1161 + s % 588 / 28;
		if (s % 28 != 0)
			out[used++] = 0x11a7 + s % 28;
	}
	return used;
}

/* Text of a rule file, as the run-time sees it: NFKC, case folded, and with the letters that the table folds. */
static size_t
read_segment(struct table *table, const char *text, uint32_t *segment, bool fold)
{
	uint32_t raw[SEGMENT_MAX], folded[SEGMENT_MAX];
	size_t count = gen_fold(raw, gen_code_points(text, raw, SEGMENT_MAX), folded, SEGMENT_MAX), used = 0;

	count = spell_hangul(folded, count, raw);
	memcpy(folded, raw, count * sizeof *raw);
	for (size_t i = 0; i < count; i++) {
		uint32_t cp = fold ? find_letter(table, folded[i])->fold : folded[i];

		if (cp != CDR_TRANSLIT_DROP && !gen_is_dropped(folded[i]))
			segment[used++] = cp;
	}
	if (used == 0)
		gen_die("%s:%zu: nothing left of %s", at->path, at->number, text);
	return used;
}

static void
add_rule(struct table *table, const uint32_t *segment, size_t length, unsigned left, unsigned right, const char *text)
{
	struct rule *rule = NULL;

	if (strcmp(text, "-") == 0)
		text = "";
	if (strspn(text, "abcdefghijklmnopqrstuvwxyz") != strlen(text) || strlen(text) > CDR_TRANSLIT_OUT_MAX)
		gen_die("%s:%zu: not a to z: %s", at->path, at->number, text);
	for (size_t i = 0; i < table->rule_count && rule == NULL; i++)
		if (table->rule[i].length == length && table->rule[i].left == left && table->rule[i].right == right &&
		    memcmp(table->rule[i].segment, segment, length * sizeof *segment) == 0)
			rule = &table->rule[i];
	if (rule == NULL) {
		if (table->rule_count == table->rule_room) {
			table->rule_room = 2 * table->rule_room + 64;
			table->rule = realloc(table->rule, table->rule_room * sizeof *table->rule);
			if (table->rule == NULL)
				gen_die("no memory");
		}
		rule = &table->rule[table->rule_count++];
	}
	*rule = (struct rule){ .length = length, .left = left, .right = right, .order = table->rule_count };
	memcpy(rule->segment, segment, length * sizeof *segment);
	snprintf(rule->text, sizeof rule->text, "%s", text);
	for (size_t i = 0; i < length; i++)
		find_letter(table, segment[i]);
}

static void
add_text_rule(struct table *table, const char *segment, unsigned left, unsigned right, const char *text)
{
	uint32_t cps[SEGMENT_MAX];

	add_rule(table, cps, read_segment(table, segment, cps, true), left, right, text);
}

static void
set_class(struct table *table, const char *letters, unsigned class)
{
	uint32_t cps[SEGMENT_MAX * 8];
	size_t count = gen_code_points(letters, cps, SEGMENT_MAX * 8);

	for (size_t i = 0; i < count; i++)
		find_letter(table, cps[i])->class = class;
}

/* Copy what an earlier table knows, with all code points moved by ${shift}: the Indian blocks are laid out alike. */
static void
copy_table(struct table *table, const char *name, uint32_t shift)
{
	const struct table *from = NULL;

	for (size_t i = 0; i + 1 < table_count; i++)
		if (strcmp(tables[i].name, name) == 0)
			from = &tables[i];
	if (from == NULL)
		gen_die("%s:%zu: no table %s", at->path, at->number, name);
	if (shift == 0)
		memcpy(table->icu, from->icu, sizeof table->icu);
	table->flags = from->flags;
	for (size_t i = 0; i < from->letter_count; i++) {
		struct letter *letter = find_letter(table, from->letter[i].cp + shift);

		letter->class = from->letter[i].class;
		letter->fold =
		    from->letter[i].fold == CDR_TRANSLIT_DROP ? CDR_TRANSLIT_DROP : from->letter[i].fold + shift;
	}
	for (size_t i = 0; i < from->rule_count; i++) {
		struct rule rule = from->rule[i];
		bool assigned = true;

		for (size_t j = 0; j < rule.length; j++) {
			rule.segment[j] += shift;
			assigned = assigned && u_charType((UChar32)rule.segment[j]) != U_UNASSIGNED;
		}
		if (assigned)
			add_rule(table, rule.segment, rule.length, rule.left, rule.right, rule.text);
	}
}

/* A consonant of an Indian script: bare before a sign; at the end too, but not after another consonant (Rajendra). */
static void
add_consonant(struct table *table, const char *segment, const char *text, unsigned left)
{
	char open[GEN_TEXT_MAX];

	snprintf(open, sizeof open, "%.40sa", text);
	add_text_rule(table, segment, left, CDR_CONTEXT_SIGN | CDR_CONTEXT_VIRAMA, text);
	if (!table->keeps_a) {
		add_text_rule(table, segment, CDR_CONTEXT_VIRAMA, CDR_CONTEXT_EDGE, open);
		add_text_rule(table, segment, left, CDR_CONTEXT_EDGE, text);
	}
	add_text_rule(table, segment, left, ANY, open);
}

/* In the south the last consonant keeps its vowel: what a northern table said of the end of a word goes. */
static void
keep_a(struct table *table)
{
	size_t used = 0;

	table->keeps_a = true;
	table->flags &= ~(unsigned)CDR_TRANSLIT_SCHWA;
	for (size_t i = 0; i < table->rule_count; i++)
		if (table->rule[i].right != CDR_CONTEXT_EDGE)
			table->rule[used++] = table->rule[i];
	table->rule_count = used;
}

static void
start_table(char *const *field)
{
	static const char *const script_names[CDR_SCRIPT_COUNT] = {
		[CDR_SCRIPT_LATIN] = "Latin",
		[CDR_SCRIPT_CYRILLIC] = "Cyrillic",
		[CDR_SCRIPT_GREEK] = "Greek",
		[CDR_SCRIPT_ARMENIAN] = "Armenian",
		[CDR_SCRIPT_GEORGIAN] = "Georgian",
		[CDR_SCRIPT_ARABIC] = "Arabic",
		[CDR_SCRIPT_HEBREW] = "Hebrew",
		[CDR_SCRIPT_SYRIAC] = "Syriac",
		[CDR_SCRIPT_THAANA] = "Thaana",
		[CDR_SCRIPT_NKO] = "Nko",
		[CDR_SCRIPT_ADLAM] = "Adlam",
		[CDR_SCRIPT_ETHIOPIC] = "Ethiopic",
		[CDR_SCRIPT_TIFINAGH] = "Tifinagh",
		[CDR_SCRIPT_DEVANAGARI] = "Devanagari",
		[CDR_SCRIPT_BENGALI] = "Bengali",
		[CDR_SCRIPT_GURMUKHI] = "Gurmukhi",
		[CDR_SCRIPT_GUJARATI] = "Gujarati",
		[CDR_SCRIPT_ORIYA] = "Oriya",
		[CDR_SCRIPT_TAMIL] = "Tamil",
		[CDR_SCRIPT_TELUGU] = "Telugu",
		[CDR_SCRIPT_KANNADA] = "Kannada",
		[CDR_SCRIPT_MALAYALAM] = "Malayalam",
		[CDR_SCRIPT_SINHALA] = "Sinhala",
		[CDR_SCRIPT_THAI] = "Thai",
		[CDR_SCRIPT_MYANMAR] = "Myanmar",
		[CDR_SCRIPT_HANGUL] = "Hangul",
		[CDR_SCRIPT_KANA] = "Kana",
		[CDR_SCRIPT_MONGOLIAN] = "Mongolian",
	};
	struct table *table = &tables[table_count++];

	if (table_count == TABLES_MAX)
		gen_die("too many tables");
	snprintf(table->name, sizeof table->name, "%s", field[1]);
	for (unsigned i = 0; i < CDR_SCRIPT_COUNT; i++)
		if (script_names[i] != NULL && strcmp(script_names[i], field[2]) == 0)
			table->script = i;
	if (table->script == CDR_SCRIPT_NONE)
		gen_die("%s:%zu: no script %s", at->path, at->number, field[2]);
}

static void
read_fold(struct table *table, const char *letters, const char *target)
{
	uint32_t cps[SEGMENT_MAX * 8], to[SEGMENT_MAX];
	size_t count = gen_code_points(letters, cps, SEGMENT_MAX * 8);

	if (strcmp(target, "-") == 0)
		to[0] = CDR_TRANSLIT_DROP;
	else if (gen_code_points(target, to, SEGMENT_MAX) != 1)
		gen_die("%s:%zu: a letter folds to one letter", at->path, at->number);
	for (size_t i = 0; i < count; i++)
		find_letter(table, cps[i])->fold = to[0];
}

/* One line of a rule file; README.md says what each means. */
static void
read_line(char *const *f, size_t count)
{
	struct table *table = table_count == 0 ? NULL : &tables[table_count - 1];

	if (strcmp(f[0], "table") == 0 && count == 3)
		start_table(f);
	else if (table == NULL)
		gen_die("%s:%zu: no table yet", at->path, at->number);
	else if (strcmp(f[0], "like") == 0 && count == 2)
		copy_table(table, f[1], 0);
	else if (strcmp(f[0], "parallel") == 0 && count == 3)
		copy_table(table, f[1], (uint32_t)strtoul(f[2], NULL, 16));
	else if (strcmp(f[0], "icu") == 0 && count == 2)
		snprintf(table->icu, sizeof table->icu, "%s", f[1]);
	else if (strcmp(f[0], "detect") == 0 && count == 2)
		table->detect_count = read_segment(table, f[1], table->detect, false);
	else if (strcmp(f[0], "flag") == 0 && strcmp(f[1], "implied") == 0)
		table->flags |= CDR_TRANSLIT_IMPLIED;
	else if (strcmp(f[0], "flag") == 0 && strcmp(f[1], "schwa") == 0)
		table->flags |= CDR_TRANSLIT_SCHWA;
	else if (strcmp(f[0], "flag") == 0 && strcmp(f[1], "article") == 0)
		table->flags |= CDR_TRANSLIT_ARTICLE;
	else if (strcmp(f[0], "flag") == 0 && strcmp(f[1], "closing") == 0)
		table->flags |= CDR_TRANSLIT_CLOSING;
	else if (strcmp(f[0], "flag") == 0 && strcmp(f[1], "keeps_a") == 0)
		keep_a(table);
	else if (strcmp(f[0], "class") == 0 && count == 3)
		set_class(table, f[2], context(f[1]));
	else if (strcmp(f[0], "fold") == 0 && count == 3)
		read_fold(table, f[1], f[2]);
	else if (strcmp(f[0], "word") == 0 && count == 3)
		add_text_rule(table, f[1], CDR_CONTEXT_EDGE, CDR_CONTEXT_EDGE, f[2]);
	else if (strcmp(f[0], "consonant") == 0 && (count == 3 || count == 4))
		add_consonant(table, f[1], f[2], count == 4 ? context(f[3]) : ANY);
	else if (strcmp(f[0], "=") == 0 && count == 3)
		add_text_rule(table, f[1], ANY, ANY, f[2]);
	else if (strcmp(f[0], "=") == 0 && count == 5)
		add_text_rule(table, f[1], context(f[2]), context(f[3]), f[4]);
	else
		gen_die("%s:%zu: not understood: %s", at->path, at->number, f[0]);
}

/* Give every letter of the script that has no rule yet the reading of ICU. */
static void
complete(struct table *table)
{
	if (table->icu[0] == '\0')
		return;
	for (uint32_t cp = 0x61; cp < 0x20000; cp++) {
		uint32_t folded[SEGMENT_MAX];
		char text[GEN_TEXT_MAX];
		bool known = false;

		if (gen_script(cp) != table->script || !u_isalpha((UChar32)cp))
			continue;
		if (gen_fold(&cp, 1, folded, SEGMENT_MAX) != 1 || folded[0] != cp)
			continue;
		for (size_t i = 0; i < table->letter_count && !known; i++)
			known = table->letter[i].cp == cp && table->letter[i].fold != cp;
		for (size_t i = 0; i < table->rule_count && !known; i++)
			known = table->rule[i].length == 1 && table->rule[i].segment[0] == cp &&
				table->rule[i].left == ANY && table->rule[i].right == ANY;
		if (known)
			continue;
		gen_icu(table->icu, &cp, 1, text);
		if (text[0] != '\0' && strlen(text) <= CDR_TRANSLIT_OUT_MAX)
			add_rule(table, &cp, 1, ANY, ANY, text);
	}
}

/* Longest segment first, then the narrowest context, then as written. */
static int
compare_rules(const void *a_, const void *b_)
{
	const struct rule *a = a_, *b = b_;
	int a_bits = __builtin_popcount(a->left) + __builtin_popcount(a->right);
	int b_bits = __builtin_popcount(b->left) + __builtin_popcount(b->right);

	if (a->length != b->length)
		return a->length < b->length ? 1 : -1;
	if (a_bits != b_bits)
		return a_bits < b_bits ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static int
compare_letters(const void *a_, const void *b_)
{
	const struct letter *a = a_, *b = b_;

	return a->cp < b->cp ? -1 : a->cp > b->cp;
}

static int
compare_code_points(const void *a_, const void *b_)
{
	const uint32_t *a = a_, *b = b_;

	return *a < *b ? -1 : *a > *b;
}

/* The rules of one letter, and after the last one a segment length of CDR_TRANSLIT_END. */
static uint32_t
put_rules(struct gen_out *out, const struct table *table, uint32_t cp)
{
	uint32_t start = (uint32_t)out->len;
	size_t count = 0;

	for (size_t i = 0; i < table->rule_count; i++) {
		const struct rule *rule = &table->rule[i];

		if (rule->segment[0] != cp)
			continue;
		gen_put8(out, (unsigned)rule->length);
		gen_put8(out, rule->left);
		gen_put8(out, rule->right);
		gen_put8(out, (unsigned)strlen(rule->text));
		for (size_t j = 1; j < rule->length; j++)
			gen_put32(out, rule->segment[j]);
		gen_put(out, rule->text, strlen(rule->text));
		count++;
	}
	if (count == 0)
		return 0;
	gen_put8(out, CDR_TRANSLIT_END);
	return start;
}

static void
put_table(struct gen_out *out, struct table *table, size_t header)
{
	uint32_t letters;

	qsort(table->rule, table->rule_count, sizeof *table->rule, compare_rules);
	qsort(table->letter, table->letter_count, sizeof *table->letter, compare_letters);
	qsort(table->detect, table->detect_count, sizeof *table->detect, compare_code_points);
	gen_patch32(out, header, table->script | table->flags << 8 | (uint32_t)table->detect_count << 16);
	gen_patch32(out, header + 4, (uint32_t)out->len);
	for (size_t i = 0; i < table->detect_count; i++)
		gen_put32(out, table->detect[i]);
	letters = (uint32_t)out->len;
	gen_patch32(out, header + 8, letters);
	gen_patch32(out, header + 12, (uint32_t)table->letter_count);
	for (size_t i = 0; i < table->letter_count; i++) {
		gen_put32(out, table->letter[i].cp);
		gen_put32(out, table->letter[i].fold | table->letter[i].class << 24);
		gen_put32(out, 0);
	}
	for (size_t i = 0; i < table->letter_count; i++)
		gen_patch32(out, letters + 12 * i + 8, put_rules(out, table, table->letter[i].cp));
}

/* see core/identity/generate/generate.h */
void
gen_translit(const char *rules, const char *data)
{
	static const char *const files[] = { "latin", "cyrillic", "greek", "caucasus", "arabic", "semitic", "africa",
		"india", "thai", "myanmar", "korea", "japan", "mongolia" };
	struct gen_out out = { 0 };
	struct gen_lines lines;
	char path[512];

	at = &lines;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s/%s.tsv", rules, files[i]);
		gen_lines_open(&lines, path);
		while (gen_lines_next(&lines))
			read_line(lines.field, lines.field_count);
	}
	gen_put32(&out, (uint32_t)table_count);
	for (size_t i = 0; i < table_count * 4; i++)
		gen_put32(&out, 0);
	for (size_t i = 0; i < table_count; i++) {
		complete(&tables[i]);
		put_table(&out, &tables[i], 4 + 16 * i);
		printf(
		    "  %-14s %4zu letters %5zu rules\n", tables[i].name, tables[i].letter_count, tables[i].rule_count);
	}
	gen_write(&out, data, "translit.bin");
}
