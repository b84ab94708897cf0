#include "core/identity/skeleton.h"

#include <string.h>

#define RULES_PER_LETTER 7

/* At each letter the first rule that fits says how many letters are read and what is written for them. */
struct rule {
	char from[6];   /* the letters that are read; empty: no further rule, the letter is passed over */
	char to[4];     /* what is written for them */
	char where;     /* '^' only at the start, '$' only at the end, 0 anywhere */
	char before[4]; /* the letter after them must be one of these; "" any, or none */
};

typedef const struct rule reading[26][RULES_PER_LETTER];

/* A vowel is written only at the start, and all are alike there. */
#define FIRST_VOWEL { { .from = "?", .to = "A", .where = '^' } }

#define AT(letter) [(letter) - 'a']

/*
 * The Latin way: English, French, German and Iberian habits, one answer where they agree well enough.
 * D and T, G and K, B and P stay apart: clerks who read Latin letters rarely confuse them, and the code stays rare.
 */
static reading latin = {
	AT('a') = FIRST_VOWEL,
	AT('b') = { { "b", "B", 0, "" } },
	AT('c') = { { "ch", "K", 0, "rl" }, { "ch", "X", 0, "" }, { "cz", "X", 0, "" }, { "ck", "K", 0, "" },
	    { "c", "S", 0, "eiy" }, { "c", "K", 0, "" } },
	AT('d') = { { "dg", "J", 0, "eiy" }, { "dj", "J", 0, "" }, { "dt", "T", 0, "" }, { "d", "D", 0, "" } },
	AT('e') = FIRST_VOWEL,
	AT('f') = { { "f", "F", 0, "" } },
	AT('g') = { { "gh", "G", '^', "" }, { "gh", "", 0, "" }, { "gn", "N", '^', "" }, { "g", "J", 0, "eiy" },
	    { "g", "G", 0, "" } },
	AT('h') = { { "h", "H", '^', "" } },
	AT('i') = FIRST_VOWEL,
	AT('j') = { { "j", "J", 0, "" } },
	AT('k') = { { "kn", "N", '^', "" }, { "k", "K", 0, "" } },
	AT('l') = { { "l", "L", 0, "" } },
	AT('m') = { { "m", "M", 0, "" } },
	AT('n') = { { "n", "N", 0, "" } },
	AT('o') = FIRST_VOWEL,
	AT('p') = { { "ph", "F", 0, "" }, { "pf", "F", '^', "" }, { "p", "P", 0, "" } },
	AT('q') = { { "q", "K", 0, "" } },
	AT('r') = { { "r", "R", 0, "" } },
	AT('s') = { { "sch", "X", 0, "" }, { "sh", "X", 0, "" }, { "sz", "X", 0, "" }, { "s", "S", 0, "" } },
	AT('t') = { { "tsch", "X", 0, "" }, { "tch", "X", 0, "" }, { "th", "T", 0, "" }, { "tz", "S", 0, "" },
	    { "t", "T", 0, "" } },
	AT('u') = FIRST_VOWEL,
	AT('v') = { { "v", "F", 0, "" } },
	AT('w') = { { "wr", "R", '^', "" }, { "w", "W", '^', "" } },
	AT('x') = { { "x", "S", '^', "" }, { "x", "KS", 0, "" } },
	AT('y') = FIRST_VOWEL,
	AT('z') = { { "z", "S", 0, "" } },
};

/*
 * The Semitic and Slavic way. Merged is what one letter of another script may have become:
 *   K  qaf, kaf, gaf, jim (Egyptian g), ghayn     F  pe and fe, bet and vet, ve, double vav     T  all t and d
 *   S  samekh, shin, tsadi, zayin, che, and a Latin c before e, i and y or at the end (Slavic -ic)
 * Dropped are vowels, which scripts of consonants leave out; w, a vowel letter there; h and kh, which Russian exchanges
 * for each other, and French leaves out.
 */
static reading semitic = {
	AT('b') = { { "b", "F", 0, "" } },
	AT('c') = { { "chr", "KR", 0, "" }, { "ch", "S", 0, "" }, { "cz", "S", 0, "" }, { "ck", "K", 0, "" },
	    { "c", "S", 0, "eiy" }, { "c", "K", 0, "" } },
	AT('d') = { { "dzh", "K", 0, "" }, { "dj", "K", 0, "" }, { "dz", "S", 0, "" }, { "d", "T", 0, "" } },
	AT('f') = { { "f", "F", 0, "" } },
	AT('g') = { { "gh", "K", 0, "" }, { "g", "K", 0, "" } },
	AT('j') = { { "j", "K", 0, "" } },
	AT('k') = { { "kh", "", 0, "" }, { "k", "K", 0, "" } },
	AT('l') = { { "l", "L", 0, "" } },
	AT('m') = { { "m", "M", 0, "" } },
	AT('n') = { { "n", "N", 0, "" } },
	AT('p') = { { "ph", "F", 0, "" }, { "p", "F", 0, "" } },
	AT('q') = { { "q", "K", 0, "" } },
	AT('r') = { { "r", "R", 0, "" } },
	AT('s') = { { "shch", "S", 0, "" }, { "sch", "S", 0, "" }, { "sh", "S", 0, "" }, { "s", "S", 0, "" } },
	AT('t') = { { "tsch", "S", 0, "" }, { "tch", "S", 0, "" }, { "tsh", "S", 0, "" }, { "th", "T", 0, "" },
	    { "ts", "S", 0, "" }, { "tz", "S", 0, "" }, { "t", "T", 0, "" } },
	AT('v') = { { "vic", "FS", '$', "" }, { "v", "F", 0, "" } },
	AT('w') = { { "ww", "F", 0, "" }, { "wsk", "FSK", 0, "" } },
	AT('x') = { { "x", "KS", 0, "" } },
	AT('z') = { { "zh", "S", 0, "" }, { "z", "S", 0, "" } },
};

/* Does ${rule} fit the letters at ${at}? "?" reads the one letter that its row belongs to. */
static bool
rule_fits(const struct rule *rule, const char *at, bool at_start)
{
	size_t len = strlen(rule->from);

	if (rule->from[0] != '?' && strncmp(at, rule->from, len) != 0)
		return false;
	if ((rule->where == '^' && !at_start) || (rule->where == '$' && at[len] != '\0'))
		return false;
	return rule->before[0] == '\0' || (at[len] != '\0' && strchr(rule->before, at[len]) != NULL);
}

/* The rule for the letters at ${at}; NULL where the letter is passed over. */
static const struct rule *
rule_find(const struct rule *rules, const char *at, bool at_start)
{
	for (size_t i = 0; i < RULES_PER_LETTER && rules[i].from[0] != '\0'; i++)
		if (rule_fits(&rules[i], at, at_start))
			return &rules[i];
	return NULL;
}

/*
 * Read ${part}. Doubling is a matter of spelling, so equal letters side by side are one. With ${merge_across} they are
 * one too when only unwritten letters stood between them: a script of consonants does not tell mamduh from mmduh.
 */
static void
skeleton(reading rules, bool merge_across, const char *part, char code[static CDR_SKELETON_LEN])
{
	size_t len = 0;
	bool gap = false;

	memset(code, 0, CDR_SKELETON_LEN);
	for (const char *at = part; *at != '\0';) {
		const struct rule *rule =
		    *at >= 'a' && *at <= 'z' ? rule_find(rules[*at - 'a'], at, at == part) : NULL;
		if (rule == NULL || rule->to[0] == '\0')
			gap = true;
		for (const char *to = rule == NULL ? "" : rule->to; *to != '\0' && len < CDR_SKELETON_LEN - 1; to++) {
			if (len == 0 || code[len - 1] != *to || (gap && !merge_across))
				code[len++] = *to;
			gap = false;
		}
		at += rule == NULL ? 1 : strlen(rule->from);
	}
	/* a name of unwritten letters alone, such as "yahya": 0, so that it has a code at all */
	if (len == 0 && part[0] != '\0')
		code[0] = '0';
}

/* see core/identity/skeleton.h */
void
cdr_skeleton_latin(const char *part, char code[static CDR_SKELETON_LEN])
{
	skeleton(latin, false, part, code);
}

/* see core/identity/skeleton.h */
void
cdr_skeleton_semitic(const char *part, char code[static CDR_SKELETON_LEN])
{
	skeleton(semitic, true, part, code);
}
