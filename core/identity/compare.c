#include "core/identity/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "core/identity/code.h"
#include "core/identity/date.h"
#include "core/identity/document.h"
#include "core/identity/name.h"
#include "core/identity/rarity.h"
#include "core/identity/similar.h"

/*
 * The score is log2 of how much likelier what is seen is if the two are one person than if they are not, added over
 * names, date, documents and the rest (Fellegi and Sunter's weights). Of an agreement it is -log2 of the share of people
 * who have the same; of a difference log2 of how often one person's two records differ so. Those second numbers are
 * round: one record in ten has a name spelled differently, one in thirty a slip in the date.
 */
#define PLAUSIBLE_MARGIN 3.4 /* of N strangers a tenth of one is as like as log2(N) and this much more */
#define SAME_ALL_MARGIN 3.0  /* the same name and day of birth are always worth a person's look, however common the name */

#define NAME_CAP 12.0        /* the rarity table knows no name to be rarer than one in 4,000 */
#define NAME_SPELLED (-3.0)  /* one name in ten is spelled differently somewhere */
#define NAME_EDIT (-2.5)     /* each further letter: about six times as many names lie within reach */
#define NAME_SOUND (-1.0)
#define NAME_SOUND_EDIT (-1.5)
#define NAME_SCRIPT (-1.0)   /* across scripts the letters say little, the skeleton everything */
#define NAME_SCRIPT_SLIP (-4.0) /* one consonant heard or written otherwise */
#define NAME_SCRIPT_LEN 3
#define NAME_FULL (-3.0)     /* Bill for William: as often as another spelling */
#define NAME_SHORT (-5.0)    /* the beginning or end of a name stands for it, or a name is cut in two: one in thirty */
#define NAME_SHORT_LEN 3
#define NAME_MISSING (-0.5)  /* one document in three leaves a name out */
#define NAME_INITIAL 1.0     /* one name in twelve begins with this letter, and initials are rarely written */
#define NAME_OTHER (-6.0)
#define FAMILY_OTHER (-4.0)  /* marriage */
#define GIVEN_OTHER (-12.0)  /* brothers, sisters and twins share all but the first name */
#define NAME_MATCHED_MIN (-3.0) /* weaker than this is another name, not another spelling */

#define DATE_SAME 14.0
#define DATE_SAME_VAGUE 8.0 /* both know the year alone: few records do */
#define DATE_YEAR 5.6
#define DATE_MONTH 9.2
#define DATE_SWAPPED 7.5 /* one date in a hundred is entered so; 2^-14 of strangers have it so */
#define DATE_SLIP 4.0    /* one date in thirty; about thirty dates lie one slip away */
#define DATE_PART 2.5
#define DATE_YEAR_SLIP (-3.0) /* one in thirty, but a quarter of all years lie one figure away */
#define DATE_OTHER_DAY (-1.0) /* the same year at least */
#define DATE_OTHER (-6.0)

#define DOCUMENT_SAME 30.0 /* a number of nine figures */
#define DOCUMENT_SLIP 15.0 /* one number in thirty; about a hundred numbers lie one slip away */
#define DOCUMENT_OTHER (-3.0)
#define NATIONAL_ID_OTHER (-6.0) /* kept for life: two numbers are two people, or an error */
#define PASSPORT_OTHER (-1.5)    /* a new number every five or ten years */

#define GENDER_OTHER (-4.0)
#define NATIONALITY_OTHER (-1.0)
#define CONTACT_SAME 10.0 /* families and offices share them */
#define PHONE_DIGITS 8    /* the last digits, without country and trunk prefixes */

/* One part of a name as it is compared. */
struct part {
	const char *text;
	char full[CDR_PART_LEN]; /* the name that it is a short or foreign form of */
	struct cdr_codes code;
	struct cdr_rarity_code rarity[CDR_CODE_KIND_COUNT];
	double alone[CDR_CODE_KIND_COUNT]; /* what each code tells by itself, in bits */
};

struct side {
	const struct cdr_name_form *form;
	struct part part[CDR_FORM_PARTS_MAX];
	size_t count;
	bool vowels;
};

/* How two parts agree: by which code, on whose side it is the commoner, and what the difference costs. */
struct likeness {
	double evidence;                      /* alone, to choose by */
	double cost;
	const struct cdr_rarity_code *rarity; /* NULL: evidence is all there is */
};

/* Which part stands for which, and what that is worth. */
struct alignment {
	double score;
	int partner[CDR_FORM_PARTS_MAX];       /* of each left part: index of the right part, or -1 */
	bool right_used[CDR_FORM_PARTS_MAX];
	bool same;                             /* every part of both sides is the same */
	uint8_t left_form, right_form;
};

static void
side_make(const struct cdr_rarity *rarity, const struct cdr_name_form *form, struct side *side)
{
	memset(side, 0, sizeof(*side));
	side->form = form;
	side->count = form->part_count;
	side->vowels = cdr_script_writes_vowels((enum cdr_script)form->script);
	for (size_t i = 0; i < side->count; i++) {
		struct part *part = &side->part[i];
		part->text = form->part[i];
		cdr_codes_full_name(part->text, part->full);
		cdr_codes_make(part->text, &part->code);
		for (int kind = CDR_CODE_S1; kind < CDR_CODE_KIND_COUNT; kind++)
			cdr_rarity_find(rarity, (enum cdr_code_kind)kind, part->code.text[kind], &part->rarity[kind]);
		cdr_rarity_find_spelling(rarity, part->code.text[CDR_CODE_EXACT], &part->rarity[CDR_CODE_S1], &part->rarity[CDR_CODE_EXACT]);
		for (int kind = 0; kind < CDR_CODE_KIND_COUNT; kind++)
			part->alone[kind] = cdr_rarity_single(&part->rarity[kind]) / (double)CDR_BITS_SCALE;
	}
}

/* Read the two parts as agreeing in ${kind} at ${cost}, if that is the best reading yet. */
static void
likeness_offer(struct likeness *best, const struct part *a, const struct part *b, int kind, double cost)
{
	const struct part *commoner = a->alone[kind] < b->alone[kind] ? a : b;
	double evidence = fmin(commoner->alone[kind], NAME_CAP) + cost;

	if (evidence > best->evidence)
		*best = (struct likeness){ .evidence = evidence, .cost = cost, .rarity = &commoner->rarity[kind] };
}

static bool
same_code(const struct part *a, const struct part *b, int kind)
{
	return strcmp(a->code.text[kind], b->code.text[kind]) == 0;
}

/* Two skeletons long enough to tell something, and one consonant apart. */
static bool
skeletons_close(const char *a, const char *b)
{
	return strlen(a) >= NAME_SCRIPT_LEN && strlen(b) >= NAME_SCRIPT_LEN && cdr_similar_edits(a, b) == 1;
}

/* What it is worth to read ${a} and ${b} as one name: the best of several readings. */
static struct likeness
parts_compare(const struct part *a, const struct part *b, bool across_scripts)
{
	struct likeness best = { .evidence = -INFINITY };
	size_t a_len = strlen(a->text), b_len = strlen(b->text), shorter = a_len < b_len ? a_len : b_len;

	if (strcmp(a->text, b->text) == 0) {
		likeness_offer(&best, a, b, CDR_CODE_EXACT, 0);
		return best;
	}
	unsigned edits = cdr_similar_edits(a->text, b->text);
	if (edits <= 1 + shorter / 5)
		likeness_offer(&best, a, b, CDR_CODE_EXACT, NAME_SPELLED + NAME_EDIT * edits);
	if (same_code(a, b, CDR_CODE_S1))
		likeness_offer(&best, a, b, CDR_CODE_S1, NAME_SOUND + NAME_SOUND_EDIT * edits);
	if (same_code(a, b, CDR_CODE_S2))
		likeness_offer(&best, a, b, CDR_CODE_S2, NAME_SCRIPT + (across_scripts ? 0 : NAME_SOUND_EDIT * edits));
	if (across_scripts && skeletons_close(a->code.text[CDR_CODE_S2], b->code.text[CDR_CODE_S2]))
		likeness_offer(&best, a, b, CDR_CODE_S2, NAME_SCRIPT_SLIP);
	if (strcmp(a->full, b->full) == 0)
		likeness_offer(&best, a, b, CDR_CODE_S1, NAME_FULL);
	if (shorter >= NAME_SHORT_LEN && (strncmp(a->text, b->text, shorter) == 0 ||
	    strcmp(a->text + a_len - shorter, b->text + b_len - shorter) == 0))
		likeness_offer(&best, a, b, CDR_CODE_EXACT, NAME_SHORT);
	if (shorter == 1 && a->text[0] == b->text[0] && best.evidence < NAME_INITIAL)
		best = (struct likeness){ .evidence = NAME_INITIAL };
	return best;
}

/* What an unmatched pair of names costs, by what kind of names they are. */
static double
other_cost(const struct side *left, size_t i, const struct side *right, size_t j, int *code)
{
	bool known = left->form->source == CDR_NAME_GIVEN_FAMILY && right->form->source == CDR_NAME_GIVEN_FAMILY;

	if (known && left->form->is_family[i] && right->form->is_family[j]) {
		*code = CDR_DIFF_FAMILY_OTHER;
		return FAMILY_OTHER;
	}
	if (known && !left->form->is_family[i] && !right->form->is_family[j]) {
		*code = CDR_DIFF_GIVEN_OTHER;
		return GIVEN_OTHER;
	}
	*code = CDR_DIFF_NAME_OTHER;
	return NAME_OTHER;
}

/*
 * What the matched names tell together: in the culture where all of them are commonest, which knows more than each by
 * itself. No name is worth more than NAME_CAP.
 */
static double
matched_evidence(const struct likeness *matched, size_t count)
{
	const struct cdr_rarity_code *rarity[CDR_FORM_PARTS_MAX];
	double cost = 0, cap = 0;
	size_t weighed = 0;

	for (size_t i = 0; i < count; i++) {
		cost += matched[i].rarity == NULL ? matched[i].evidence : matched[i].cost;
		cap += matched[i].rarity == NULL ? 0 : NAME_CAP;
		if (matched[i].rarity != NULL)
			rarity[weighed++] = matched[i].rarity;
	}
	return fmin(cdr_rarity_all(rarity, weighed) / (double)CDR_BITS_SCALE, cap) + cost;
}

/* Pair the parts greedily, the best pair first. Twelve parts at most, so the plain way is fast enough. */
static void
parts_pair(const struct side *left, const struct side *right, struct alignment *a)
{
	bool across = left->form->script != right->form->script || !left->vowels || !right->vowels;
	struct likeness like[CDR_FORM_PARTS_MAX][CDR_FORM_PARTS_MAX], matched[CDR_FORM_PARTS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < left->count; i++)
		for (size_t j = 0; j < right->count; j++)
			like[i][j] = parts_compare(&left->part[i], &right->part[j], across);
	for (;;) {
		double best = NAME_MATCHED_MIN;
		size_t best_i = 0, best_j = 0;
		for (size_t i = 0; i < left->count; i++)
			for (size_t j = 0; j < right->count; j++)
				if (a->partner[i] < 0 && !a->right_used[j] && like[i][j].evidence > best) {
					best = like[i][j].evidence;
					best_i = i;
					best_j = j;
				}
		if (best <= NAME_MATCHED_MIN)
			break;
		a->partner[best_i] = (int)best_j;
		a->right_used[best_j] = true;
		matched[count++] = like[best_i][best_j];
		a->same &= strcmp(left->part[best_i].text, right->part[best_j].text) == 0;
	}
	a->score += matched_evidence(matched, count);
}

/* The next part without a partner from ${at} on, or ${count}. */
static size_t
next_left(const struct alignment *a, size_t at, size_t count)
{
	while (at < count && a->partner[at] >= 0)
		at++;
	return at;
}

static size_t
next_right(const struct alignment *a, size_t at, size_t count)
{
	while (at < count && a->right_used[at])
		at++;
	return at;
}

/* Compare one form with one form. Left-over parts on both sides are other names; on one side, missing ones. */
static void
align(const struct side *left, const struct side *right, struct alignment *a)
{
	int code;

	*a = (struct alignment){ .same = left->count == right->count };
	for (size_t i = 0; i < CDR_FORM_PARTS_MAX; i++)
		a->partner[i] = -1;
	parts_pair(left, right, a);
	size_t i = next_left(a, 0, left->count), j = next_right(a, 0, right->count);
	while (i < left->count || j < right->count) {
		a->same = false;
		if (i < left->count && j < right->count)
			a->score += other_cost(left, i, right, j, &code);
		else
			a->score += NAME_MISSING;
		i = next_left(a, i + 1, left->count);
		j = next_right(a, j + 1, right->count);
	}
}

static void
difference_add(struct cdr_comparison *c, int code, const char *left, const char *right)
{
	if (c->difference_count == CDR_COMPARE_DIFFERENCES_MAX)
		return;
	struct cdr_difference *d = &c->difference[c->difference_count++];
	d->code = (uint8_t)code;
	(void)snprintf(d->left, sizeof(d->left), "%s", left);
	(void)snprintf(d->right, sizeof(d->right), "%s", right);
}

/* A name as people write it: the normalised part with a capital. */
static void
name_write(const struct part *part, char text[static CDR_PART_LEN])
{
	(void)snprintf(text, CDR_PART_LEN, "%s", part == NULL ? "" : part->text);
	if (text[0] >= 'a' && text[0] <= 'z')
		text[0] = (char)(text[0] - 'a' + 'A');
}

static void
name_difference(struct cdr_comparison *c, int code, const struct part *left, const struct part *right)
{
	char left_text[CDR_PART_LEN], right_text[CDR_PART_LEN];

	name_write(left, left_text);
	name_write(right, right_text);
	difference_add(c, code, left_text, right_text);
}

static int
spelled_code(const struct side *left, size_t i, const struct side *right, size_t j)
{
	if (left->form->source != CDR_NAME_GIVEN_FAMILY || right->form->source != CDR_NAME_GIVEN_FAMILY ||
	    left->form->is_family[i] != right->form->is_family[j])
		return CDR_DIFF_NAME_SPELLED;
	return left->form->is_family[i] ? CDR_DIFF_FAMILY_SPELLED : CDR_DIFF_GIVEN_SPELLED;
}

/* Say what the best alignment found. */
static void
names_explain(struct cdr_comparison *c, const struct side *left, const struct side *right, const struct alignment *a)
{
	int code, last = -1;
	bool order = false;

	if (a->same)
		difference_add(c, CDR_DIFF_NAME_SAME, "", "");
	for (size_t i = 0; i < left->count; i++) {
		int j = a->partner[i];
		if (j < 0)
			continue;
		if (strcmp(left->part[i].text, right->part[j].text) != 0)
			name_difference(c, spelled_code(left, i, right, (size_t)j), &left->part[i], &right->part[j]);
		order |= j < last;
		last = j;
	}
	size_t i = next_left(a, 0, left->count), j = next_right(a, 0, right->count);
	while (i < left->count || j < right->count) {
		bool on_left = i < left->count, on_right = j < right->count;
		if (on_left && on_right)
			(void)other_cost(left, i, right, j, &code);
		else
			code = CDR_DIFF_NAME_MISSING;
		name_difference(c, code, on_left ? &left->part[i] : NULL, on_right ? &right->part[j] : NULL);
		i = next_left(a, i + 1, left->count);
		j = next_right(a, j + 1, right->count);
	}
	if (order)
		difference_add(c, CDR_DIFF_NAME_ORDER, "", "");
	if (left->form->script != right->form->script)
		difference_add(c, CDR_DIFF_NAME_SCRIPT, cdr_script_name((enum cdr_script)left->form->script),
		    cdr_script_name((enum cdr_script)right->form->script));
	if (left->form->source == CDR_NAME_OTHER || right->form->source == CDR_NAME_OTHER)
		difference_add(c, CDR_DIFF_NAME_FORMER, "", "");
}

/* The best of all forms of one with all forms of the other; true where the whole name is the same. */
static bool
names_compare(const struct cdr_rarity *rarity, const struct cdr_name_forms *left, const struct cdr_name_forms *right,
    struct cdr_comparison *c)
{
	struct side a, b;
	struct alignment best = { .score = -INFINITY }, now;

	for (size_t i = 0; i < left->form_count; i++) {
		side_make(rarity, &left->form[i], &a);
		for (size_t j = 0; j < right->form_count; j++) {
			side_make(rarity, &right->form[j], &b);
			align(&a, &b, &now);
			if (now.score > best.score) {
				best = now;
				best.left_form = (uint8_t)i;
				best.right_form = (uint8_t)j;
			}
		}
	}
	if (best.score > -INFINITY) {
		side_make(rarity, &left->form[best.left_form], &a);
		side_make(rarity, &right->form[best.right_form], &b);
		c->score += best.score;
		names_explain(c, &a, &b, &best);
	} else {
		difference_add(c, CDR_DIFF_NAME_ABSENT, "", "");
	}
	cdr_wipe(&a, sizeof(a));
	cdr_wipe(&b, sizeof(b));
	return best.same && left->form[best.left_form].part_count >= 2;
}

/* ---- dates --------------------------------------------------------------------------------------------------- */

struct date_verdict {
	int code;
	double score;
};

/* Two dates known to the day. */
static struct date_verdict
days_compare(const struct cdr_date *a, const struct cdr_date *b)
{
	char left[12], right[12];
	int equal = (a->year == b->year) + (a->month == b->month) + (a->day == b->day);

	if (equal == 3)
		return (struct date_verdict){ CDR_DIFF_DATE_SAME, DATE_SAME };
	if (a->year == b->year && a->month == b->day && a->day == b->month)
		return (struct date_verdict){ CDR_DIFF_DATE_SWAPPED, DATE_SWAPPED };
	(void)snprintf(left, sizeof(left), "%04u%02u%02u", (unsigned)a->year % 10000U, a->month % 100U, a->day % 100U);
	(void)snprintf(right, sizeof(right), "%04u%02u%02u", (unsigned)b->year % 10000U, b->month % 100U, b->day % 100U);
	if (cdr_similar_edits(left, right) == 1)
		return (struct date_verdict){ CDR_DIFF_DATE_SLIP, DATE_SLIP };
	if (equal == 2)
		return (struct date_verdict){ CDR_DIFF_DATE_PART, DATE_PART };
	return (struct date_verdict){ CDR_DIFF_DATE_OTHER, a->year == b->year ? DATE_OTHER_DAY : DATE_OTHER };
}

/* Two years that differ: by one figure, or altogether. */
static struct date_verdict
years_compare(const struct cdr_date *a, const struct cdr_date *b)
{
	char left[8], right[8];

	(void)snprintf(left, sizeof(left), "%04u", (unsigned)a->year % 10000U);
	(void)snprintf(right, sizeof(right), "%04u", (unsigned)b->year % 10000U);
	if (cdr_similar_edits(left, right) == 1)
		return (struct date_verdict){ CDR_DIFF_DATE_SLIP, DATE_YEAR_SLIP };
	return (struct date_verdict){ CDR_DIFF_DATE_OTHER, DATE_OTHER };
}

static struct date_verdict
dates_judge(const struct cdr_date *a, const struct cdr_date *b)
{
	bool a_day = cdr_date_known_to_day(a), b_day = cdr_date_known_to_day(b);
	bool a_month = a_day || a->precision == CDR_PRECISION_MONTH, b_month = b_day || b->precision == CDR_PRECISION_MONTH;
	bool alike = a->precision == b->precision && a->month == b->month && a->day == b->day;

	if (a->precision == CDR_PRECISION_UNKNOWN || b->precision == CDR_PRECISION_UNKNOWN)
		return (struct date_verdict){ CDR_DIFF_DATE_ABSENT, 0 };
	if (a_day && b_day)
		return days_compare(a, b);
	if (a->year != b->year)
		return years_compare(a, b);
	if (a_month && b_month)
		return a->month == b->month ?
		    (struct date_verdict){ alike ? CDR_DIFF_DATE_SAME : CDR_DIFF_DATE_VAGUE, DATE_MONTH } :
		    (struct date_verdict){ CDR_DIFF_DATE_OTHER, DATE_OTHER };
	if (!a_month && !b_month && alike)
		return (struct date_verdict){ CDR_DIFF_DATE_SAME, DATE_SAME_VAGUE };
	return (struct date_verdict){ CDR_DIFF_DATE_VAGUE, DATE_YEAR };
}

/* True where both are the same day. */
static bool
dates_compare(const struct cdr_date *left, const struct cdr_date *right, struct cdr_comparison *c)
{
	struct date_verdict verdict = dates_judge(left, right);
	char left_text[CDR_DATE_TEXT_LEN] = "", right_text[CDR_DATE_TEXT_LEN] = "";

	c->score += verdict.score;
	if (verdict.code != CDR_DIFF_DATE_SAME &&
	    (cdr_date_write(left, left_text) != CDR_OK || cdr_date_write(right, right_text) != CDR_OK))
		left_text[0] = right_text[0] = '\0'; /* a date outside the calendar's limits is not shown */
	difference_add(c, verdict.code, left_text, right_text);
	return verdict.code == CDR_DIFF_DATE_SAME && cdr_date_known_to_day(left);
}

/* ---- documents and the rest ---------------------------------------------------------------------------------- */

/* see core/identity/compare.h */
cdr_err
cdr_compare_document_hash(const uint8_t salt[static CDR_COMPARE_SALT_LEN], const struct cdr_document *document,
    uint8_t hash[static CDR_COMPARE_HASH_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_document_key key;

	memset(hash, 0, CDR_COMPARE_HASH_LEN);
	CDR_TRY(cdr_document_normalise(document, &key, NULL));
	if (key.number_len == 0) {
		err = CDR_E_INPUT;
		goto out;
	}
	/* the closing NULs keep the three fields apart */
	const struct cdr_bytes parts[] = {
		{ (const uint8_t *)key.type, strlen(key.type) + 1 },
		{ (const uint8_t *)key.country, strlen(key.country) + 1 },
		{ (const uint8_t *)key.number, key.number_len },
	};
	CDR_TRY(cdr_hmac_sha256(salt, CDR_COMPARE_SALT_LEN, parts, sizeof(parts) / sizeof(parts[0]), hash));
out:
	cdr_wipe(&key, sizeof(key));
	return err;
}

static double
other_document_cost(const char *type)
{
	if (strcmp(type, "national_id") == 0)
		return NATIONAL_ID_OTHER;
	return strcmp(type, "passport") == 0 ? PASSPORT_OTHER : DOCUMENT_OTHER;
}

/* Are the two of one type and country, as far as both are known? */
static bool
same_issuer(const struct cdr_document *a, const struct cdr_document *b, bool both_known)
{
	if (both_known && (a->type[0] == '\0' || a->country[0] == '\0' || b->type[0] == '\0' || b->country[0] == '\0'))
		return false;
	return (a->type[0] == '\0' || b->type[0] == '\0' || strcmp(a->type, b->type) == 0) &&
	    (a->country[0] == '\0' || b->country[0] == '\0' || strcmp(a->country, b->country) == 0);
}

/* What the best pair of documents says, and the one of one type and country that says most against. */
struct documents {
	bool same, slip;
	double against;
	const struct cdr_document *left, *right;
};

/* One document in clear against one: the number, one slip, or another number. */
static cdr_err
document_compare(const struct cdr_document *left, const struct cdr_document *right, struct documents *d)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_document_key a, b;

	CDR_TRY(cdr_document_normalise(left, &a, NULL));
	CDR_TRY(cdr_document_normalise(right, &b, NULL));
	if (a.number_len == 0 || b.number_len == 0 || !same_issuer(left, right, false))
		goto out;
	if (strcmp(a.number, b.number) == 0) {
		d->same = true;
	} else if (a.number_len >= 6 && cdr_similar_edits(a.number, b.number) == 1) {
		d->slip = true;
		d->left = left;
		d->right = right;
	} else if (same_issuer(left, right, true) && other_document_cost(left->type) < d->against) {
		d->against = other_document_cost(left->type);
		d->left = d->slip ? d->left : left;
		d->right = d->slip ? d->right : right;
	}
out:
	cdr_wipe(&a, sizeof(a));
	cdr_wipe(&b, sizeof(b));
	return err;
}

/* One salted hash against one document in clear. */
static cdr_err
hash_compare(const struct cdr_compare_query *query, size_t index, const struct cdr_document *right, struct documents *d)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t hash[CDR_COMPARE_HASH_LEN];
	const struct cdr_document *left = index < query->person->document_count ? &query->person->document[index] : NULL;

	if (right->number[0] == '\0')
		return CDR_OK;
	CDR_TRY(cdr_compare_document_hash(query->document_salt, right, hash));
	if (cdr_equal(hash, query->document_hash[index], sizeof(hash))) {
		d->same = true;
	} else if (left != NULL && same_issuer(left, right, true) && other_document_cost(left->type) < d->against) {
		d->against = other_document_cost(left->type);
		d->left = NULL;
		d->right = NULL;
	}
out:
	cdr_wipe(hash, sizeof(hash));
	return err;
}

static cdr_err
documents_compare(const struct cdr_compare_query *query, const struct cdr_person *leaver, struct cdr_comparison *c)
{
	struct documents d = { 0 };
	size_t count = query->documents_hashed ? query->document_hash_count : query->person->document_count;

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < leaver->document_count; j++) {
			cdr_err err = query->documents_hashed ? hash_compare(query, i, &leaver->document[j], &d) :
			    document_compare(&query->person->document[i], &leaver->document[j], &d);
			if (err != CDR_OK && err != CDR_E_INPUT) /* a number that cannot be read says nothing */
				return err;
		}
	if (d.same) {
		c->score += DOCUMENT_SAME;
		difference_add(c, CDR_DIFF_DOCUMENT_SAME, "", "");
	} else if (d.slip || d.against < 0) {
		c->score += d.slip ? DOCUMENT_SLIP : d.against;
		difference_add(c, d.slip ? CDR_DIFF_DOCUMENT_SLIP : CDR_DIFF_DOCUMENT_OTHER,
		    d.left == NULL ? "" : d.left->number, d.right == NULL ? "" : d.right->number);
	}
	return CDR_OK;
}

static void
gender_compare(const struct cdr_person *left, const struct cdr_person *right, struct cdr_comparison *c)
{
	bool opposite = (strcmp(left->gender, "female") == 0 && strcmp(right->gender, "male") == 0) ||
	    (strcmp(left->gender, "male") == 0 && strcmp(right->gender, "female") == 0);

	if (opposite) {
		c->score += GENDER_OTHER;
		difference_add(c, CDR_DIFF_GENDER_OTHER, left->gender, right->gender);
	}
}

static void
nationality_compare(const struct cdr_person *left, const struct cdr_person *right, struct cdr_comparison *c)
{
	if (left->nationality[0][0] == '\0' || right->nationality[0][0] == '\0')
		return;
	for (size_t i = 0; i < CDR_NATIONALITY_COUNT_MAX; i++)
		for (size_t j = 0; j < CDR_NATIONALITY_COUNT_MAX; j++)
			if (left->nationality[i][0] != '\0' && strcmp(left->nationality[i], right->nationality[j]) == 0)
				return;
	c->score += NATIONALITY_OTHER;
	difference_add(c, CDR_DIFF_NATIONALITY_OTHER, left->nationality[0], right->nationality[0]);
}

/* The last digits of a telephone number; false where there are fewer. */
static bool
phone_tail(const char *phone, char tail[static PHONE_DIGITS + 1])
{
	size_t count = 0;

	memset(tail, 0, PHONE_DIGITS + 1);
	for (size_t at = strnlen(phone, CDR_CONTACT_LEN); at > 0 && count < PHONE_DIGITS; at--)
		if (phone[at - 1] >= '0' && phone[at - 1] <= '9')
			tail[count++] = phone[at - 1];
	return count == PHONE_DIGITS;
}

static void
contacts_compare(const struct cdr_person *left, const struct cdr_person *right, struct cdr_comparison *c)
{
	char a[PHONE_DIGITS + 1], b[PHONE_DIGITS + 1];
	bool email = left->email[0] != '\0' && strcasecmp(left->email, right->email) == 0;
	bool phone = phone_tail(left->phone, a) && phone_tail(right->phone, b) && strcmp(a, b) == 0;

	if (email)
		difference_add(c, CDR_DIFF_EMAIL_SAME, "", "");
	if (phone)
		difference_add(c, CDR_DIFF_PHONE_SAME, "", "");
	if (email || phone)
		c->score += CONTACT_SAME;
	cdr_wipe(a, sizeof(a));
	cdr_wipe(b, sizeof(b));
}

/* ---- the whole ----------------------------------------------------------------------------------------------- */

/* The score from which on a likeness is more than chance among so many people. */
static double
plausible_score(uint64_t people)
{
	return log2((double)(people < CDR_COMPARE_PEOPLE ? CDR_COMPARE_PEOPLE : people)) + PLAUSIBLE_MARGIN;
}

/* see core/identity/compare.h */
cdr_err
cdr_compare(const struct cdr_compare_query *query, const struct cdr_person *leaver, struct cdr_comparison *comparison)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_rarity rarity;
	struct cdr_name_forms left = { 0 }, right = { 0 };
	double enough = plausible_score(query->people);

	memset(comparison, 0, sizeof(*comparison));
	if (query->person->document_count > CDR_DOCUMENT_COUNT_MAX || leaver->document_count > CDR_DOCUMENT_COUNT_MAX ||
	    query->document_hash_count > CDR_DOCUMENT_COUNT_MAX) {
		err = CDR_E_RANGE;
		goto out;
	}
	CDR_TRY(cdr_rarity_shipped(&rarity));
	CDR_TRY(cdr_name_forms(query->person, &left, NULL));
	CDR_TRY(cdr_name_forms(leaver, &right, NULL));
	bool same_name = names_compare(&rarity, &left, &right, comparison);
	bool same_date = dates_compare(&query->person->birth, &leaver->birth, comparison);
	if (same_name && same_date)
		comparison->score = fmax(comparison->score, enough + SAME_ALL_MARGIN);
	CDR_TRY(documents_compare(query, leaver, comparison));
	gender_compare(query->person, leaver, comparison);
	nationality_compare(query->person, leaver, comparison);
	contacts_compare(query->person, leaver, comparison);
	comparison->verdict = comparison->score >= enough ? CDR_VERDICT_PLAUSIBLE : CDR_VERDICT_NON_MATCH;
	err = CDR_OK;
out:
	if (err != CDR_OK)
		cdr_wipe(comparison, sizeof(*comparison));
	cdr_wipe(&left, sizeof(left));
	cdr_wipe(&right, sizeof(right));
	return err;
}
