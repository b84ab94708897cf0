#include "core/identity/generate/rarity_build.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/identity/code.h"
#include "core/identity/country.h"

#define CULTURES_MAX 255 /* a culture is one byte of the table */
#define COUNTRIES_MAX 255

/*
 * The weight of a code that no list has: the share that the names beyond the lists have where lists are long
 * (MATCHING.md, "Weight"). Coarser codes gather more unlisted names, so their floor is lower in bits.
 */
static const double floor_share[CDR_CODE_KIND_COUNT] = {
	[CDR_CODE_EXACT] = 1e-5,
	[CDR_CODE_S1] = 2e-5,
	[CDR_CODE_S2] = 6e-5,
	[CDR_CODE_PREFIX] = 4e-5,
	[CDR_CODE_SUFFIX] = 4e-5,
};

/* A name that a country's list does not have is rare there if the list is this long, or covers this share of people. */
#define COVERED_NAMES_MIN 300
#define COVERED_SHARE_MIN 0.85

/* Countries whose own lists are short, but whose names are those of a country with a long list. */
static const struct {
	char country[3], family[3], given[3];
} covered_like[] = {
	/* English-speaking countries: settled from, and sharing names with, the two whose lists are long */
	{ "AU", "GB", "US" }, { "CA", "US", "US" }, { "GB", "GB", "US" }, { "IE", "GB", "US" }, { "NZ", "NZ", "US" },
	/* given names are composed freely of two syllables or characters: those not listed are rare by construction */
	{ "CN", "CN", "" }, { "KR", "KR", "" }, { "TW", "TW", "" },
};

/* One code of one spelling of one name. */
struct entry {
	uint32_t group; /* culture and kind of name */
	uint32_t key;
	uint32_t name;  /* which name of the group: its spellings share their codes' share, and never add to it */
	uint8_t kind;   /* enum cdr_code_kind */
	float share;
	float as[NAME_KIND_COUNT]; /* once reduced to cultures: the share as given and as family name, 0 for none */
};

struct builder {
	const char *culture[CULTURES_MAX];
	size_t culture_count;
	struct entry *entry;
	size_t count, room;
	FILE *report;
	double total[CULTURES_MAX * NAME_KIND_COUNT];    /* of all names of a group */
	double measured[CULTURES_MAX * NAME_KIND_COUNT]; /* of the names whose share was counted */
	size_t names[CULTURES_MAX * NAME_KIND_COUNT];    /* how many of those */
};

static bool
group_find(struct builder *builder, const struct name_row *row, uint32_t *group)
{
	size_t at = 0;

	while (at < builder->culture_count && strcmp(builder->culture[at], row->culture) != 0)
		at++;
	if (at == CULTURES_MAX)
		return false;
	if (at == builder->culture_count)
		builder->culture[builder->culture_count++] = row->culture;
	*group = (uint32_t)(at * NAME_KIND_COUNT + row->kind);
	return true;
}

static bool
entry_add(struct builder *builder, const struct entry *entry, const char *code)
{
	if (builder->count == builder->room) {
		size_t room = builder->room == 0 ? 65536 : builder->room * 2;
		struct entry *grown = realloc(builder->entry, room * sizeof(*grown));
		if (grown == NULL)
			return false;
		builder->entry = grown;
		builder->room = room;
	}
	builder->entry[builder->count] = *entry;
	builder->entry[builder->count++].key = cdr_rarity_key(code);
	return true;
}

/* The codes of one part. */
static bool
part_add(struct builder *builder, struct entry *entry, const char *part)
{
	struct cdr_codes codes;

	cdr_codes_make(part, &codes);
	for (int kind = 0; kind < CDR_CODE_KIND_COUNT; kind++) {
		entry->kind = (uint8_t)kind;
		if (!entry_add(builder, entry, codes.text[kind]))
			return false;
	}
	return true;
}

/*
 * All parts of one spelling: a person called by two of them has each. The name is read as a given or a family name beside
 * another, as it will be: what is joined or split then is joined or split here.
 */
static cdr_err
spelling_add(struct builder *builder, struct entry *entry, int kind, const char *text)
{
	cdr_err err = CDR_E_INTERNAL;
	static struct cdr_person person;
	static struct cdr_name_forms forms;
	struct cdr_fault fault = { 0 };

	memset(&person, 0, sizeof(person));
	snprintf(person.given_names, sizeof(person.given_names), "%s", kind == NAME_GIVEN ? text : "Ann");
	snprintf(person.family_names, sizeof(person.family_names), "%s", kind == NAME_FAMILY ? text : "Kim");
	err = cdr_name_forms(&person, &forms, &fault);
	if (err == CDR_E_INPUT) {
		if (builder->report != NULL)
			fprintf(builder->report, "left out: %s: %s\n", text, fault.text);
		return CDR_OK;
	}
	if (err != CDR_OK)
		return err;
	for (size_t f = 0; f < forms.form_count; f++)
		for (size_t i = 0; i < forms.form[f].part_count; i++)
			if (forms.form[f].is_family[i] == (kind == NAME_FAMILY) &&
			    !part_add(builder, entry, forms.form[f].part[i]))
				return CDR_E_MEMORY;
	return CDR_OK;
}

static cdr_err
row_add(struct builder *builder, const struct name_row *row)
{
	cdr_err err = CDR_E_INTERNAL;
	struct entry entry = { .name = cdr_rarity_key(row->native), .share = (float)row->share };

	if (!group_find(builder, row, &entry.group))
		return CDR_E_MEMORY;
	CDR_TRY(spelling_add(builder, &entry, row->kind, row->native));
	if (row->latin[0] != '\0' && strcmp(row->native, row->latin) != 0)
		CDR_TRY(spelling_add(builder, &entry, row->kind, row->latin));
out:
	return err;
}

/*
 * Given and family names are told apart where family names were counted. Elsewhere they often are the father's given
 * name, and lists mix them: there a name counts as both.
 */
#define FAMILY_COUNTED_MIN 0.2

#define ORDER(a, b) \
	if ((a) != (b)) \
		return (a) < (b) ? -1 : 1

static int
by_group(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	ORDER(a->group, b->group);
	ORDER(a->kind, b->kind);
	ORDER(a->key, b->key);
	ORDER(a->name, b->name);
	return 0;
}

/* By code, then culture. */
static int
by_culture(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	ORDER(a->kind, b->kind);
	ORDER(a->key, b->key);
	ORDER(a->group / NAME_KIND_COUNT, b->group / NAME_KIND_COUNT);
	return 0;
}

static int
rows_by_name(const void *left, const void *right)
{
	const struct name_row *const *a = left, *const *b = right;

	int order = strcmp((*a)->culture, (*b)->culture);
	if (order != 0)
		return order;
	ORDER((*a)->kind, (*b)->kind);
	return strcmp((*a)->native, (*b)->native);
}

/* Sum the share of each group over its names, each once. */
static cdr_err
totals(struct builder *builder, const struct name_rows *rows)
{
	const struct name_row **sorted = calloc(rows->count + 1, sizeof(*sorted));

	if (sorted == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < rows->count; i++)
		sorted[i] = &rows->row[i];
	qsort(sorted, rows->count, sizeof(*sorted), rows_by_name);
	for (size_t i = 0, next; i < rows->count; i = next) {
		double share = 0;
		bool measured = false;
		uint32_t group = 0;
		for (next = i; next < rows->count && rows_by_name(&sorted[i], &sorted[next]) == 0; next++) {
			share = fmax(share, sorted[next]->share);
			measured |= sorted[next]->measured;
		}
		if (!group_find(builder, sorted[i], &group))
			break;
		builder->total[group] += share;
		builder->measured[group] += measured ? share : 0;
		builder->names[group] += measured;
	}
	free(sorted);
	return CDR_OK;
}

/*
 * The share of each code in its culture, in place of the entries: the sum over the names that have it. Imputed shares of a
 * long list add up to more than everybody, so the sum is scaled down to one; a single name keeps what it was given.
 */
static void
reduce_to_codes(struct builder *builder)
{
	size_t out = 0;

	qsort(builder->entry, builder->count, sizeof(*builder->entry), by_group);
	for (size_t i = 0, next; i < builder->count; i = next) {
		struct entry code = builder->entry[i];
		double sum = 0, single = 0, name_share = 0;
		for (next = i; next < builder->count; next++) {
			const struct entry *e = &builder->entry[next];
			if (e->group != code.group || e->kind != code.kind || e->key != code.key)
				break;
			if (next == i || e->name != e[-1].name) {
				sum += name_share;
				name_share = 0;
			}
			name_share = fmax(name_share, e->share);
			single = fmax(single, e->share);
		}
		sum += name_share;
		code.share = (float)fmin(1, fmax(single, sum / fmax(1, builder->total[code.group])));
		builder->entry[out++] = code;
	}
	builder->count = out;
}

static bool
same_code(const struct entry *a, const struct entry *b)
{
	return a->kind == b->kind && a->key == b->key;
}

/* One entry for each code and culture, in place of one for each kind of name. */
static void
reduce_to_cultures(struct builder *builder)
{
	size_t out = 0;

	qsort(builder->entry, builder->count, sizeof(*builder->entry), by_culture);
	for (size_t i = 0, next; i < builder->count; i = next) {
		struct entry code = builder->entry[i];
		size_t culture = code.group / NAME_KIND_COUNT;
		bool apart = builder->measured[culture * NAME_KIND_COUNT + NAME_FAMILY] >= FAMILY_COUNTED_MIN;
		memset(code.as, 0, sizeof(code.as));
		for (next = i; next < builder->count && by_culture(&builder->entry[i], &builder->entry[next]) == 0; next++)
			for (uint32_t kind = 0; kind < NAME_KIND_COUNT; kind++)
				if (!apart || builder->entry[next].group % NAME_KIND_COUNT == kind)
					code.as[kind] = fmaxf(code.as[kind], builder->entry[next].share);
		code.group = (uint32_t)culture;
		builder->entry[out++] = code;
	}
	builder->count = out;
}

static bool
culture_covered(const struct builder *builder, const char *culture, int kind)
{
	if (culture[0] == '\0')
		return true;
	for (size_t i = 0; i < builder->culture_count; i++) {
		size_t group = i * NAME_KIND_COUNT + (size_t)kind;
		if (strcmp(builder->culture[i], culture) == 0)
			return builder->names[group] >= COVERED_NAMES_MIN ||
			    builder->measured[group] >= COVERED_SHARE_MIN;
	}
	return false;
}

static void
country_add(char countries[][CDR_COUNTRY_LEN], size_t *count, const char *alpha2)
{
	char alpha3[CDR_COUNTRY_LEN];

	if (*count == COUNTRIES_MAX || cdr_country_read(alpha2, alpha3) != CDR_OK)
		return;
	for (size_t i = 0; i < *count; i++)
		if (strcmp(countries[i], alpha3) == 0)
			return;
	memcpy(countries[(*count)++], alpha3, CDR_COUNTRY_LEN);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Every country whose given and family names are covered, by its own lists or by another's. */
static size_t
countries_find(const struct builder *builder, char countries[static COUNTRIES_MAX][CDR_COUNTRY_LEN])
{
	size_t count = 0;

	for (size_t i = 0; i < builder->culture_count; i++) {
		const char *culture = builder->culture[i];
		char alpha2[3] = { culture[0], culture[1], '\0' };
		if ((culture[2] == '\0' || culture[2] == '-') && culture_covered(builder, culture, NAME_FAMILY) &&
		    culture_covered(builder, culture, NAME_GIVEN))
			country_add(countries, &count, alpha2);
	}
	for (size_t i = 0; i < sizeof(covered_like) / sizeof(covered_like[0]); i++)
		if (culture_covered(builder, covered_like[i].family, NAME_FAMILY) &&
		    culture_covered(builder, covered_like[i].given, NAME_GIVEN))
			country_add(countries, &count, covered_like[i].country);
	qsort(countries, count, CDR_COUNTRY_LEN, by_text);
	return count;
}

static void
write_u32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* -log2 of a share in eighths of a bit, rounded down: never rarer than it is. */
static uint8_t
weight_of(double share)
{
	return (uint8_t)floor(-log2(share) * CDR_BITS_SCALE);
}

/* The entries of one code, and what of them goes into the table. */
struct code_shares {
	const struct entry *entry;
	size_t count;
	uint8_t elsewhere[NAME_KIND_COUNT];
};

/* The code that begins at ${at}, with its weight where a culture's own lists do not have it. */
static size_t
code_read(const struct builder *builder, size_t at, struct code_shares *code)
{
	float largest[NAME_KIND_COUNT] = { 0 };
	double floor = floor_share[builder->entry[at].kind];

	*code = (struct code_shares){ .entry = &builder->entry[at] };
	for (; at < builder->count && same_code(code->entry, &builder->entry[at]); at++, code->count++)
		for (int kind = 0; kind < NAME_KIND_COUNT; kind++)
			largest[kind] = fmaxf(largest[kind], builder->entry[at].as[kind]);
	for (int kind = 0; kind < NAME_KIND_COUNT; kind++)
		code->elsewhere[kind] = weight_of(fmax(floor, largest[kind] * exp2(-CDR_RARITY_ELSEWHERE / (double)CDR_BITS_SCALE)));
	return at;
}

/* Of an exact name only the culture where it is commonest is kept: the codes of its pairs say the rest. */
static bool
share_commonest(const struct code_shares *code, size_t at)
{
	size_t best = 0;

	for (size_t i = 1; i < code->count; i++)
		if (fmaxf(code->entry[i].as[NAME_GIVEN], code->entry[i].as[NAME_FAMILY]) >
		    fmaxf(code->entry[best].as[NAME_GIVEN], code->entry[best].as[NAME_FAMILY]))
			best = i;
	return at == best;
}

/* Is the code commoner in this culture than it is taken to be where it is not listed? */
static bool
share_tells(const struct code_shares *code, const struct entry *entry)
{
	return entry->as[NAME_GIVEN] > 0 ? weight_of(entry->as[NAME_GIVEN]) < code->elsewhere[NAME_GIVEN] ||
	        (entry->as[NAME_FAMILY] > 0 && weight_of(entry->as[NAME_FAMILY]) < code->elsewhere[NAME_FAMILY]) :
	    weight_of(entry->as[NAME_FAMILY]) < code->elsewhere[NAME_FAMILY];
}

/* What of one kind is written. */
struct kind_arrays {
	uint8_t *keys, *counts, *blocks, *shares;
	uint32_t count, share_count;
};

static void
code_write(const struct code_shares *code, struct kind_arrays *out)
{
	uint32_t first = out->share_count;
	size_t at = out->count;

	for (size_t i = 0; i < code->count; i++) {
		const struct entry *entry = &code->entry[i];
		uint8_t *share = out->shares + 3 * (size_t)out->share_count;
		if (entry->kind == CDR_CODE_EXACT ? !share_commonest(code, i) : !share_tells(code, entry))
			continue;
		share[0] = (uint8_t)entry->group;
		for (int kind = 0; kind < NAME_KIND_COUNT; kind++) {
			uint8_t elsewhere = code->elsewhere[kind];
			uint8_t here = entry->as[kind] > 0 ? weight_of(entry->as[kind]) : elsewhere;
			share[1 + kind] = here < elsewhere ? here : elsewhere;
		}
		out->share_count++;
	}
	if (out->share_count == first)
		return;
	if (at % CDR_RARITY_BLOCK == 0)
		write_u32(out->blocks + 4 * (at / CDR_RARITY_BLOCK), first);
	write_u32(out->keys + 4 * at, code->entry[0].key);
	out->counts[at] = (uint8_t)(out->share_count - first);
	out->count++;
}

static uint8_t *
bytes_append(uint8_t *at, const uint8_t *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

/* The arrays of one kind behind each other. */
static uint8_t *
kind_append(uint8_t *at, const struct kind_arrays *k)
{
	size_t blocks = ((size_t)k->count + CDR_RARITY_BLOCK - 1) / CDR_RARITY_BLOCK;

	at = bytes_append(at, k->keys, 4 * (size_t)k->count);
	at = bytes_append(at, k->counts, k->count);
	at = bytes_append(at, k->blocks, 4 * blocks);
	return bytes_append(at, k->shares, 3 * (size_t)k->share_count);
}

static bool
kind_alloc(struct kind_arrays *k, size_t entries)
{
	k->keys = calloc(entries + 1, 4);
	k->counts = calloc(entries + 1, 1);
	k->blocks = calloc(entries + 1, 4);
	k->shares = calloc(entries + 1, 3);
	return k->keys != NULL && k->counts != NULL && k->blocks != NULL && k->shares != NULL;
}

static void
kind_free(struct kind_arrays *k)
{
	free(k->keys);
	free(k->counts);
	free(k->blocks);
	free(k->shares);
}

static uint8_t *
head_write(uint8_t *at, const struct builder *builder, const struct kind_arrays *kinds)
{
	static const uint8_t magic[CDR_RARITY_MAGIC_LEN] = CDR_RARITY_MAGIC;
	char countries[COUNTRIES_MAX][CDR_COUNTRY_LEN];
	size_t country_count = countries_find(builder, countries);

	at = bytes_append(at, magic, sizeof(magic));
	for (int i = 0; i < CDR_CODE_KIND_COUNT; i++, at += 4)
		write_u32(at, kinds[i].count);
	for (int i = 0; i < CDR_CODE_KIND_COUNT; i++, at += 4)
		write_u32(at, kinds[i].share_count);
	for (int i = 0; i < CDR_CODE_KIND_COUNT; i++)
		*at++ = weight_of(floor_share[i]);
	*at = (uint8_t)country_count;
	at += 3;
	for (size_t i = 0; i < country_count; i++)
		at = bytes_append(at, (const uint8_t *)countries[i], 3);
	return at;
}

static cdr_err
table_write(const struct builder *builder, uint8_t **data, size_t *len)
{
	struct kind_arrays kinds[CDR_CODE_KIND_COUNT] = { 0 };
	struct code_shares code;
	cdr_err err = CDR_E_MEMORY;

	*data = calloc(1, CDR_RARITY_HEAD_LEN + 3 * COUNTRIES_MAX + 16 * (builder->count + 1));
	if (*data == NULL)
		goto out;
	for (int i = 0; i < CDR_CODE_KIND_COUNT; i++)
		if (!kind_alloc(&kinds[i], builder->count))
			goto out;
	for (size_t at = 0; at < builder->count;) {
		at = code_read(builder, at, &code);
		code_write(&code, &kinds[code.entry->kind]);
	}
	uint8_t *end = head_write(*data, builder, kinds);
	for (int i = 0; i < CDR_CODE_KIND_COUNT; i++)
		end = kind_append(end, &kinds[i]);
	*len = (size_t)(end - *data);
	err = CDR_OK;
out:
	for (int i = 0; i < CDR_CODE_KIND_COUNT; i++)
		kind_free(&kinds[i]);
	return err;
}

/* see core/identity/generate/rarity_build.h */
cdr_err
rarity_build(const struct name_rows *rows, const char *without, FILE *report, uint8_t **data, size_t *len)
{
	cdr_err err = CDR_E_INTERNAL;
	struct builder *builder = calloc(1, sizeof(*builder));
	struct name_rows kept = { .row = calloc(rows->count + 1, sizeof(*kept.row)) };

	*data = NULL;
	*len = 0;
	if (builder == NULL || kept.row == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	builder->report = report;
	for (size_t i = 0; i < rows->count; i++)
		if (without == NULL || strcmp(rows->row[i].culture, without) != 0)
			kept.row[kept.count++] = rows->row[i];
	CDR_TRY(totals(builder, &kept));
	for (size_t i = 0; i < kept.count; i++)
		CDR_TRY(row_add(builder, &kept.row[i]));
	reduce_to_codes(builder);
	reduce_to_cultures(builder);
	CDR_TRY(table_write(builder, data, len));
out:
	if (builder != NULL)
		free(builder->entry);
	free(builder);
	free(kept.row);
	return err;
}
