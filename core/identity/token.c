#include "core/identity/token.h"

#include <stdio.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "core/identity/code.h"
#include "core/identity/date.h"
#include "core/identity/document.h"
#include "core/identity/name.h"
#include "core/identity/skeleton.h"

#define RECIPE_VERSION 1 /* of this file, skeleton.c and the weights below */
#define PREFIX_LEN (CDR_SCHEME_VERSION_LEN + 4 + 1)
#define CONTENT_LEN_MAX (CDR_TOKEN_INPUT_LEN_MAX - PREFIX_LEN)
#define CHOSEN_MAX 4 /* names of a form whose pairs give tokens: the rarest */
#define EIGHTHS(bits) ((int)((bits) * CDR_BITS_SCALE))

/*
 * What a date tells, rounded down. Two adults share a birth year with probability 2^-5.6 and a day of the year with
 * 2^-8.4; month and day alone are 3.5 and 4.8 bits. A date of year precision is worth more than 5.6, because most people
 * have a better one.
 */
#define DATE_BITS_C EIGHTHS(14.0)
#define DATE_BITS_YEAR EIGHTHS(8.0)
#define DATE_BITS_YEAR_SLIP EIGHTHS(5.625) /* a year beside which day and month are known, but not used */
#define DATE_BITS_YM EIGHTHS(9.125)
#define DATE_BITS_YD EIGHTHS(10.375)
#define DATE_BITS_MD EIGHTHS(8.375)
#define DATE_BITS_MD_DEFAULT EIGHTHS(2.5) /* 1 January and its like: one record in six of some registers */

/* A digit of a document number tells 3.32 bits, a letter after folding (O, I, B, S and Z are digits) at least 4. */
#define DOCUMENT_BITS_DIGIT EIGHTHS(3.25)
#define DOCUMENT_BITS_LETTER EIGHTHS(4)
#define DOCUMENT_BITS_ISSUER EIGHTHS(4) /* type and country */
#define DOCX_LEN_MIN 7

struct name {
	const char *part;
	struct cdr_codes code;
	struct cdr_rarity_code rarity[CDR_CODE_KIND_COUNT];
	bool known;     /* the rarity table has this very spelling */
	int alone;      /* what its S1 tells by itself */
	unsigned label; /* which of the person's names: the same in every form */
};

struct names {
	struct name name[CDR_FORM_PARTS_MAX];
	size_t count;
};

/* The parts of a date of birth that tokens hold; an empty text is not known. */
struct date_parts {
	char full[12], c[12], y[12], ym[12], yd[12], md[12];
	int c_bits, md_bits;
};

struct derivation {
	const struct cdr_scheme *scheme;
	struct cdr_token_set *set;
	struct date_parts date;
	bool country_covered;
	bool too_light;            /* a token was left out for its weight */
	bool uncovered;            /* some name cannot be weighed */
	bool several;              /* the form at hand has three names or more */
	uint64_t pairs_low;        /* pairs that the person has: bit (pair - CDR_PAIR_SEVERAL), in two words */
	uint64_t pairs_high;
	char known[CDR_FORM_PARTS_MAX][CDR_SKELETON_LEN]; /* S2 of each label, as first met */
	size_t known_count;
};

/* A token in the making. */
struct draft {
	enum cdr_token_type type;
	unsigned pair;
	bool covered;
	int weight; /* eighths of a bit */
	size_t len;
	char content[1024];
};

/* see core/identity/token.h */
const char *
cdr_token_type_name(unsigned type)
{
	static const char *const names[CDR_TOKEN_TYPE_COUNT] = {
		[CDR_TOKEN_EX] = "EX", [CDR_TOKEN_S1S1] = "S1S1", [CDR_TOKEN_S2S2] = "S2S2",
		[CDR_TOKEN_S1PRE] = "S1PRE", [CDR_TOKEN_S1SUF] = "S1SUF", [CDR_TOKEN_FS1] = "FS1",
		[CDR_TOKEN_FS2] = "FS2", [CDR_TOKEN_YM] = "YM", [CDR_TOKEN_YD] = "YD",
		[CDR_TOKEN_MD] = "MD", [CDR_TOKEN_DOC] = "DOC", [CDR_TOKEN_DOCX] = "DOCX",
	};

	return type >= CDR_TOKEN_EX && type < CDR_TOKEN_TYPE_COUNT ? names[type] : "unknown";
}

/* see core/identity/token.h */
const char *
cdr_token_note_text(uint32_t note)
{
	switch (note) {
	case CDR_TOKEN_NOTE_NO_NAMES:
		return "Fewer than two names are known: without a document number this person cannot be found.";
	case CDR_TOKEN_NOTE_NO_DATE:
		return "No date of birth is known: without a document number this person cannot be found.";
	case CDR_TOKEN_NOTE_COMMON:
		return "The names are very common: some ways of finding this person were too weak to be used.";
	case CDR_TOKEN_NOTE_UNCOVERED:
		return "No figures are known for one of the names, so a match by names alone is never called strong.";
	case CDR_TOKEN_NOTE_NO_DOCUMENT:
		return "No document number is known: it finds more people than everything else together.";
	case CDR_TOKEN_NOTE_SCRIPT:
		return "A name is in a script that cannot be converted: enter the Latin form from the passport.";
	case CDR_TOKEN_NOTE_CUT:
		return "The person has very many names: the least telling combinations were left out.";
	default:
		return "";
	}
}

/* see core/identity/token.h */
cdr_err
cdr_scheme_with(const struct cdr_rarity *rarity, uint32_t epoch, struct cdr_scheme *scheme)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t names[CDR_SCHEME_DIGEST_LEN];
	uint8_t recipe = RECIPE_VERSION;
	static const char title[] = "candor scheme";
	const struct cdr_bytes diminutives = cdr_codes_table();
	const struct cdr_bytes parts[] = {
		{ (const uint8_t *)title, sizeof(title) },
		{ &recipe, 1 },
		{ names, sizeof(names) },
		diminutives,
		{ rarity->data, rarity->len },
	};

	memset(scheme, 0, sizeof(*scheme));
	CDR_TRY(cdr_name_scheme_digest(names));
	CDR_TRY(cdr_sha256(parts, sizeof(parts) / sizeof(parts[0]), scheme->version));
	scheme->epoch = epoch;
	scheme->rarity = *rarity;
out:
	return err;
}

/* see core/identity/token.h */
cdr_err
cdr_scheme_current(uint32_t epoch, struct cdr_scheme *scheme)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_rarity rarity;

	memset(scheme, 0, sizeof(*scheme));
	CDR_TRY(cdr_rarity_shipped(&rarity));
	CDR_TRY(cdr_scheme_with(&rarity, epoch, scheme));
out:
	return err;
}

/* ---- the set ------------------------------------------------------------------------------------------------- */

/* What is kept when there are too many: the types that find most, and of one type the heaviest. */
static int
type_priority(uint8_t type)
{
	static const uint8_t priority[CDR_TOKEN_TYPE_COUNT] = {
		[CDR_TOKEN_DOC] = 0, [CDR_TOKEN_DOCX] = 0, [CDR_TOKEN_EX] = 1, [CDR_TOKEN_FS1] = 1,
		[CDR_TOKEN_FS2] = 1, [CDR_TOKEN_S1S1] = 2, [CDR_TOKEN_S2S2] = 2, [CDR_TOKEN_YM] = 3,
		[CDR_TOKEN_YD] = 3, [CDR_TOKEN_MD] = 3, [CDR_TOKEN_S1PRE] = 4, [CDR_TOKEN_S1SUF] = 4,
	};

	return priority[type];
}

/* A total order of distinct tokens: negative where ${a} is kept rather than ${b}. */
static int
token_order(const struct cdr_token *a, const struct cdr_token *b)
{
	if (type_priority(a->type) != type_priority(b->type))
		return type_priority(a->type) - type_priority(b->type);
	if (a->weight != b->weight)
		return b->weight - a->weight;
	if (a->input_len != b->input_len)
		return a->input_len - b->input_len;
	return memcmp(a->input, b->input, a->input_len);
}

/* Take the token at ${at} out. */
static void
set_remove(struct cdr_token_set *set, size_t at)
{
	set->count--;
	memmove(&set->token[at], &set->token[at + 1], (set->count - at) * sizeof(set->token[0]));
	cdr_wipe(&set->token[set->count], sizeof(set->token[0]));
}

/*
 * Insert ${token} at its place, unless the set is full of better ones. Two forms of a name can give one token with two
 * weights: it stays once, with the smaller.
 */
static void
set_insert(struct cdr_token_set *set, const struct cdr_token *token)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct cdr_token *other = &set->token[i];
		if (other->input_len != token->input_len || memcmp(other->input, token->input, token->input_len) != 0)
			continue;
		if (other->weight <= token->weight)
			return;
		set_remove(set, i);
	}
	size_t at = set->count;
	while (at > 0 && token_order(token, &set->token[at - 1]) < 0)
		at--;
	if (set->count == CDR_TOKENS_MAX)
		set->notes |= CDR_TOKEN_NOTE_CUT;
	else
		set->count++;
	if (at == CDR_TOKENS_MAX)
		return;
	memmove(&set->token[at + 1], &set->token[at], (set->count - at - 1) * sizeof(*token));
	set->token[at] = *token;
}

/* Append ${text} to the content, with a '|' before it unless it is the first. */
static void
draft_append(struct draft *draft, const char *text)
{
	size_t len = strlen(text);

	if (draft->len + len + 1 >= sizeof(draft->content))
		return; /* cannot be: twelve parts of 47 letters and a date fit */
	if (draft->len > 0)
		draft->content[draft->len++] = '|';
	memcpy(draft->content + draft->len, text, len);
	draft->len += len;
}

/* Finish a token: weigh it, write its input, put it into the set. */
static cdr_err
draft_emit(struct derivation *d, const struct draft *draft)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_token token = { .type = (uint8_t)draft->type, .pair = (uint8_t)draft->pair,
		.covered = draft->covered, .weight = (uint16_t)draft->weight };
	uint8_t *at = token.input;

	if (draft->weight < EIGHTHS(CDR_TOKEN_BITS_MIN)) {
		d->too_light = true;
		return CDR_OK;
	}
	int class = (draft->weight / CDR_BITS_SCALE - CDR_TOKEN_BITS_MIN) / CDR_TOKEN_BITS_STEP;
	if (class > CDR_RARITY_CLASS_MAX)
		class = CDR_RARITY_CLASS_MAX;
	token.rarity = (uint8_t)(class | (draft->covered ? 0 : CDR_RARITY_UNCOVERED));

	memcpy(at, d->scheme->version, CDR_SCHEME_VERSION_LEN);
	at += CDR_SCHEME_VERSION_LEN;
	for (int shift = 24; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(d->scheme->epoch >> shift);
	*at++ = token.type;
	if (draft->len <= CONTENT_LEN_MAX) {
		memcpy(at, draft->content, draft->len);
		at += draft->len;
	} else {
		/* too long for the limit: 0 cannot begin a content, so its hash cannot be taken for one */
		const struct cdr_bytes whole = { (const uint8_t *)draft->content, draft->len };
		*at++ = 0;
		CDR_TRY(cdr_sha256(&whole, 1, at));
		at += CDR_SHA256_LEN;
	}
	token.input_len = (uint16_t)(at - token.input);
	set_insert(d->set, &token);
	err = CDR_OK;
out:
	cdr_wipe(&token, sizeof(token));
	return err;
}

/* ---- names --------------------------------------------------------------------------------------------------- */

/* The codes of one part and what they weigh. */
static void
name_make(const struct derivation *d, const char *part, struct name *name)
{
	memset(name, 0, sizeof(*name));
	name->part = part;
	cdr_codes_make(part, &name->code);
	for (int kind = CDR_CODE_S1; kind < CDR_CODE_KIND_COUNT; kind++)
		cdr_rarity_find(&d->scheme->rarity, (enum cdr_code_kind)kind, name->code.text[kind], &name->rarity[kind]);
	cdr_rarity_find_spelling(&d->scheme->rarity, part, &name->rarity[CDR_CODE_S1], &name->rarity[CDR_CODE_EXACT]);
	name->alone = cdr_rarity_single(&name->rarity[CDR_CODE_S1]);
	name->known = cdr_rarity_knows(&d->scheme->rarity, part);
}

/* Negative where ${a} is the rarer name; by spelling where they are equally rare. */
static int
name_order(const struct name *a, const struct name *b)
{
	return a->alone != b->alone ? b->alone - a->alone : strcmp(a->part, b->part);
}

/*
 * Give each name of a form the label of the name that it is another spelling of: the one with the same skeleton, else the
 * next label that this form does not have. Wrong labels cost nothing but a match called possible instead of strong.
 */
static void
names_label(struct derivation *d, struct names *names)
{
	uint32_t used = 0;

	for (size_t i = 0; i < names->count; i++) {
		names->name[i].label = CDR_FORM_PARTS_MAX;
		for (unsigned label = 0; label < d->known_count; label++)
			if ((used >> label & 1) == 0 &&
			    strcmp(d->known[label], names->name[i].code.text[CDR_CODE_S2]) == 0) {
				names->name[i].label = label;
				used |= 1U << label;
				break;
			}
	}
	for (size_t i = 0; i < names->count; i++) {
		unsigned label = 0;
		if (names->name[i].label != CDR_FORM_PARTS_MAX)
			continue;
		while ((used >> label & 1) != 0)
			label++;
		used |= 1U << label;
		names->name[i].label = label;
		if (label >= d->known_count) {
			memcpy(d->known[label], names->name[i].code.text[CDR_CODE_S2], CDR_SKELETON_LEN);
			d->known_count = label + 1;
		}
	}
}

/* The codes of a form, rarest name first. */
static void
names_make(struct derivation *d, const struct cdr_name_form *form, struct names *names)
{
	names->count = form->part_count;
	for (size_t i = 0; i < names->count; i++) {
		name_make(d, form->part[i], &names->name[i]);
	}
	names_label(d, names);
	for (size_t i = 1; i < names->count; i++) {
		struct name moved = names->name[i];
		size_t at = i;
		for (; at > 0 && name_order(&moved, &names->name[at - 1]) < 0; at--)
			names->name[at] = names->name[at - 1];
		names->name[at] = moved;
	}
}

/* The number of the pair of two labels, and a note that the person has it. */
static unsigned
pair_of(struct derivation *d, const struct name *a, const struct name *b)
{
	unsigned low = a->label < b->label ? a->label : b->label;
	unsigned high = a->label < b->label ? b->label : a->label;
	unsigned index = high * (high - 1) / 2 + low;

	if (index < 64)
		d->pairs_low |= UINT64_C(1) << index;
	else
		d->pairs_high |= UINT64_C(1) << (index - 64);
	return CDR_PAIR_SEVERAL + index;
}

/*
 * Can the rarity table weigh these names together? Where it knows each of them, and one culture that has them all; or where
 * the person's country is covered so well that a name it does not know is rare.
 */
static bool
names_covered(struct derivation *d, const struct name *const *name, size_t count)
{
	const struct cdr_rarity_code *code[CDR_FORM_PARTS_MAX];
	bool known = true;

	for (size_t i = 0; i < count; i++) {
		known &= name[i]->known;
		code[i] = &name[i]->rarity[CDR_CODE_S1];
	}
	bool covered = d->country_covered || (known && cdr_rarity_together(code, count));
	d->uncovered |= !covered;
	return covered;
}

/* EX, FS1, FS2: the codes of all names of a form, sorted. */
static cdr_err
emit_whole(struct derivation *d, const struct names *names, enum cdr_token_type type, enum cdr_code_kind kind)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *code[CDR_FORM_PARTS_MAX];
	const struct cdr_rarity_code *rarity[CDR_FORM_PARTS_MAX];
	const struct name *all[CDR_FORM_PARTS_MAX];
	struct draft draft = { .type = type, .pair = CDR_PAIR_WHOLE };

	for (size_t i = 0; i < names->count; i++) {
		size_t at = i;
		for (; at > 0 && strcmp(names->name[i].code.text[kind], code[at - 1]) < 0; at--)
			code[at] = code[at - 1];
		code[at] = names->name[i].code.text[kind];
		rarity[i] = &names->name[i].rarity[kind];
		all[i] = &names->name[i];
	}
	draft.weight = cdr_rarity_all(rarity, names->count) + d->date.c_bits;
	draft.covered = names_covered(d, all, names->count);
	for (size_t i = 0; i < names->count; i++)
		draft_append(&draft, code[i]);
	draft_append(&draft, type == CDR_TOKEN_EX ? d->date.full : d->date.c);
	CDR_TRY(draft_emit(d, &draft));
out:
	cdr_wipe(&draft, sizeof(draft));
	return err;
}

/* What a token of two names is made of: a code of each, and a date. */
struct pair_recipe {
	enum cdr_token_type type;
	enum cdr_code_kind a, b;
	const char *date;
	int date_bits;
};

static cdr_err
emit_pair(struct derivation *d, const struct name *a, const struct name *b, const struct pair_recipe *recipe)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *first = a->code.text[recipe->a], *second = b->code.text[recipe->b];
	const struct name *const both[] = { a, b };
	struct draft draft = { .type = recipe->type, .pair = pair_of(d, a, b), .covered = names_covered(d, both, 2) };

	if (recipe->date[0] == '\0')
		return CDR_OK;
	/* the same code on both names is an unordered pair */
	if (recipe->a == recipe->b && strcmp(first, second) > 0) {
		const char *swap = first;
		first = second;
		second = swap;
	}
	draft_append(&draft, first);
	draft_append(&draft, second);
	draft_append(&draft, recipe->date);
	draft.weight = cdr_rarity_pair(&a->rarity[recipe->a], &b->rarity[recipe->b], d->several) + recipe->date_bits;
	CDR_TRY(draft_emit(d, &draft));
out:
	cdr_wipe(&draft, sizeof(draft));
	return err;
}

/* All tokens of two names and the whole date. */
static cdr_err
emit_pair_all(struct derivation *d, const struct name *a, const struct name *b)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct pair_recipe recipes[] = {
		{ CDR_TOKEN_S1S1, CDR_CODE_S1, CDR_CODE_S1, d->date.c, d->date.c_bits },
		{ CDR_TOKEN_S2S2, CDR_CODE_S2, CDR_CODE_S2, d->date.c, d->date.c_bits },
		{ CDR_TOKEN_S1PRE, CDR_CODE_S1, CDR_CODE_PREFIX, d->date.c, d->date.c_bits },
		{ CDR_TOKEN_S1SUF, CDR_CODE_S1, CDR_CODE_SUFFIX, d->date.c, d->date.c_bits },
	};

	for (size_t i = 0; i < sizeof(recipes) / sizeof(recipes[0]); i++) {
		CDR_TRY(emit_pair(d, a, b, &recipes[i]));
		if (recipes[i].a != recipes[i].b)
			CDR_TRY(emit_pair(d, b, a, &recipes[i]));
	}
	err = CDR_OK;
out:
	return err;
}

/*
 * YM, YD, MD: a slip in the date, for the rarest pair of a form. And the token that the same pair has in a record that
 * knows the year alone, or has 1 January for want of a date.
 */
static cdr_err
emit_date_slips(struct derivation *d, const struct name *a, const struct name *b)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct pair_recipe recipes[] = {
		{ CDR_TOKEN_YM, CDR_CODE_S1, CDR_CODE_S1, d->date.ym, DATE_BITS_YM },
		{ CDR_TOKEN_YD, CDR_CODE_S1, CDR_CODE_S1, d->date.yd, DATE_BITS_YD },
		{ CDR_TOKEN_MD, CDR_CODE_S1, CDR_CODE_S1, d->date.md, d->date.md_bits },
		{ CDR_TOKEN_S1S1, CDR_CODE_S1, CDR_CODE_S1, d->date.y, DATE_BITS_YEAR_SLIP },
		{ CDR_TOKEN_S2S2, CDR_CODE_S2, CDR_CODE_S2, d->date.y, DATE_BITS_YEAR_SLIP },
	};

	for (size_t i = 0; i < sizeof(recipes) / sizeof(recipes[0]); i++)
		CDR_TRY(emit_pair(d, a, b, &recipes[i]));
	err = CDR_OK;
out:
	return err;
}

/* Everything that one form of the name gives. */
static cdr_err
emit_form(struct derivation *d, const struct cdr_name_form *form)
{
	cdr_err err = CDR_E_INTERNAL;
	struct names names;

	names_make(d, form, &names);
	d->several = names.count > 2;
	CDR_TRY(emit_whole(d, &names, CDR_TOKEN_EX, CDR_CODE_EXACT));
	if (names.count >= 3) {
		CDR_TRY(emit_whole(d, &names, CDR_TOKEN_FS1, CDR_CODE_S1));
		CDR_TRY(emit_whole(d, &names, CDR_TOKEN_FS2, CDR_CODE_S2));
	}
	size_t chosen = names.count < CHOSEN_MAX ? names.count : CHOSEN_MAX;
	for (size_t i = 0; i < chosen; i++)
		for (size_t j = i + 1; j < chosen; j++)
			CDR_TRY(emit_pair_all(d, &names.name[i], &names.name[j]));
	CDR_TRY(emit_date_slips(d, &names.name[0], &names.name[1]));
out:
	cdr_wipe(&names, sizeof(names));
	return err;
}

/* ---- dates and documents ------------------------------------------------------------------------------------- */

/* The texts of a date of birth: MATCHING rule 6. Day and month are sorted in c where either could be the month. */
static void
date_make(const struct cdr_date *birth, struct date_parts *parts)
{
	unsigned year = (unsigned)birth->year % 10000, month = birth->month % 100U, day = birth->day % 100U;

	memset(parts, 0, sizeof(*parts));
	if (birth->precision == CDR_PRECISION_UNKNOWN)
		return;
	if (cdr_date_known_to_day(birth)) {
		bool swap = day <= 12 && day < month;
		snprintf(parts->full, sizeof(parts->full), "%04u%02u%02u", year, month, day);
		snprintf(parts->c, sizeof(parts->c), "%04u%02u%02u", year, swap ? day : month, swap ? month : day);
		snprintf(parts->y, sizeof(parts->y), "%04u", year);
		snprintf(parts->ym, sizeof(parts->ym), "%04u%02u", year, month);
		snprintf(parts->yd, sizeof(parts->yd), "%04ud%02u", year, day);
		snprintf(parts->md, sizeof(parts->md), "%02u%02u", month, day);
		parts->c_bits = DATE_BITS_C;
		parts->md_bits = DATE_BITS_MD;
	} else if (birth->precision == CDR_PRECISION_MONTH) {
		snprintf(parts->c, sizeof(parts->c), "%04u%02u", year, month);
		memcpy(parts->full, parts->c, sizeof(parts->full));
		memcpy(parts->ym, parts->c, sizeof(parts->ym));
		snprintf(parts->y, sizeof(parts->y), "%04u", year);
		parts->c_bits = DATE_BITS_YM;
	} else {
		snprintf(parts->c, sizeof(parts->c), "%04u", year);
		memcpy(parts->full, parts->c, sizeof(parts->full));
		parts->c_bits = DATE_BITS_YEAR;
		/* what was entered as a day may be one, with a slip in the year */
		if (birth->precision == CDR_PRECISION_DAY || birth->precision == CDR_PRECISION_DECLARED_1_JANUARY) {
			snprintf(parts->md, sizeof(parts->md), "%02u%02u", month, day);
			parts->md_bits = DATE_BITS_MD_DEFAULT;
		}
	}
}

/* From one figure to the next, 0 after 9. */
static int
step_of(const char *at)
{
	return (at[1] - at[0] + 10) % 10;
}

/* What a number tells; 0 for one that is filling: zeros behind one character, or figures in a row as on the keyboard. */
static int
number_bits(const char *number, size_t len)
{
	int bits = 0;
	bool row = true;

	for (size_t i = 0; i < len; i++) {
		bits += number[i] >= '0' && number[i] <= '9' ? DOCUMENT_BITS_DIGIT : DOCUMENT_BITS_LETTER;
		if (i >= 2 && step_of(number + i - 1) != step_of(number))
			row = false;
	}
	return row || strspn(number + 1, "0") == len - 1 ? 0 : bits;
}

static cdr_err
emit_document(struct derivation *d, const struct cdr_document *document, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_document_key key;
	struct draft draft = { .type = CDR_TOKEN_DOC, .pair = CDR_PAIR_WHOLE, .covered = true };

	CDR_TRY(cdr_document_normalise(document, &key, fault));
	int bits = number_bits(key.number, key.number_len);
	if (bits == 0)
		goto out;
	if (key.type[0] != '\0' && key.country[0] != '\0') {
		draft.weight = bits + DOCUMENT_BITS_ISSUER;
		draft_append(&draft, key.type);
		draft_append(&draft, key.country);
		draft_append(&draft, key.number);
		CDR_TRY(draft_emit(d, &draft));
	}
	if (key.number_len >= DOCX_LEN_MIN) {
		draft = (struct draft){ .type = CDR_TOKEN_DOCX, .pair = CDR_PAIR_WHOLE, .covered = true, .weight = bits };
		draft_append(&draft, key.number);
		CDR_TRY(draft_emit(d, &draft));
	}
out:
	cdr_wipe(&draft, sizeof(draft));
	cdr_wipe(&key, sizeof(key));
	return err;
}

/* ---- the whole ----------------------------------------------------------------------------------------------- */

/* Every nationality that is known is of a country whose names the rarity table covers, and one is known. */
static bool
nationality_covered(const struct cdr_person *person, const struct cdr_rarity *rarity)
{
	bool any = false;

	for (size_t i = 0; i < CDR_NATIONALITY_COUNT_MAX; i++) {
		if (person->nationality[i][0] == '\0')
			continue;
		if (!cdr_rarity_covers(rarity, person->nationality[i]))
			return false;
		any = true;
	}
	return any;
}

/* A person of a single pair of names: its tokens say so, so that their agreement counts for the whole. */
static void
pairs_number(const struct derivation *d)
{
	if (d->pairs_high != 0 || (d->pairs_low & (d->pairs_low - 1)) != 0)
		return;
	for (size_t i = 0; i < d->set->count; i++)
		if (d->set->token[i].pair >= CDR_PAIR_SEVERAL)
			d->set->token[i].pair = CDR_PAIR_ONLY;
}

static uint32_t
notes_find(const struct derivation *d, const struct cdr_name_forms *forms, bool named, bool documented)
{
	uint32_t notes = 0;

	if (!named)
		notes |= CDR_TOKEN_NOTE_NO_NAMES;
	if (d->date.c[0] == '\0')
		notes |= CDR_TOKEN_NOTE_NO_DATE;
	if (d->too_light)
		notes |= CDR_TOKEN_NOTE_COMMON;
	if (d->uncovered)
		notes |= CDR_TOKEN_NOTE_UNCOVERED;
	if (!documented)
		notes |= CDR_TOKEN_NOTE_NO_DOCUMENT;
	if ((forms->notes & CDR_NOTE_NO_TABLE) != 0)
		notes |= CDR_TOKEN_NOTE_SCRIPT;
	return notes;
}

/* see core/identity/token.h */
cdr_err
cdr_token_derive(const struct cdr_person *person, const struct cdr_scheme *scheme, struct cdr_token_set *set,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_name_forms forms;
	struct derivation d = { .scheme = scheme, .set = set };
	bool named = false;

	memset(set, 0, sizeof(*set));
	memset(&forms, 0, sizeof(forms));
	if (person->document_count > CDR_DOCUMENT_COUNT_MAX) {
		err = CDR_E_RANGE;
		goto out;
	}
	CDR_TRY(cdr_name_forms(person, &forms, fault));
	date_make(&person->birth, &d.date);
	d.country_covered = nationality_covered(person, &scheme->rarity);
	for (size_t i = 0; i < person->document_count; i++)
		CDR_TRY(emit_document(&d, &person->document[i], fault));
	bool documented = set->count > 0;
	for (size_t i = 0; i < forms.form_count; i++) {
		if (forms.form[i].part_count < 2)
			continue;
		named = true;
		if (d.date.c[0] != '\0')
			CDR_TRY(emit_form(&d, &forms.form[i]));
	}
	pairs_number(&d);
	set->notes |= notes_find(&d, &forms, named, documented);
	err = CDR_OK;
out:
	if (err != CDR_OK)
		cdr_wipe(set, sizeof(*set));
	cdr_wipe(&forms, sizeof(forms));
	cdr_wipe(&d, sizeof(d));
	return err;
}

/* see core/identity/token.h */
size_t
cdr_token_padded(size_t count)
{
	return count <= 16 ? 16 : count <= 32 ? 32 : CDR_TOKENS_MAX;
}
