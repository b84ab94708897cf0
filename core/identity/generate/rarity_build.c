#include "core/identity/generate/rarity_build.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/identity/code.h"
#include "core/identity/country.h"

#define CULTURES_MAX 400
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
	float as[NAME_KIND_COUNT]; /* once reduced: the share as given and as family name */
};

struct builder {
	const char *culture[CULTURES_MAX];
	size_t culture_count;
	struct entry *entry;
	size_t count, room;
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
		fprintf(stderr, "left out: %s: %s\n", text, fault.text);
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

static int
by_key(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	ORDER(a->kind, b->kind);
	ORDER(a->key, b->key);
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

/* What the share of a code in one group says of it as given and as family name. */
static void
share_place(const struct builder *builder, const struct entry *in, struct entry *out)
{
	size_t culture = in->group / NAME_KIND_COUNT;
	bool apart = builder->measured[culture * NAME_KIND_COUNT + NAME_FAMILY] >= FAMILY_COUNTED_MIN;

	for (int kind = 0; kind < NAME_KIND_COUNT; kind++)
		if (!apart || in->group % NAME_KIND_COUNT == (uint32_t)kind)
			out->as[kind] = fmaxf(out->as[kind], in->share);
}

/* The largest share over all cultures; codes commoner than the floor stay, and every exact name, so that it is known. */
static void
reduce_to_largest(struct builder *builder)
{
	size_t out = 0;

	qsort(builder->entry, builder->count, sizeof(*builder->entry), by_key);
	for (size_t i = 0, next; i < builder->count; i = next) {
		struct entry code = builder->entry[i];
		float lowest = (float)floor_share[code.kind];
		code.as[NAME_GIVEN] = code.as[NAME_FAMILY] = lowest;
		for (next = i; next < builder->count && by_key(&builder->entry[i], &builder->entry[next]) == 0; next++)
			share_place(builder, &builder->entry[next], &code);
		if (code.kind == CDR_CODE_EXACT || code.as[NAME_GIVEN] > lowest || code.as[NAME_FAMILY] > lowest)
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

static cdr_err
table_write(const struct builder *builder, uint8_t **data, size_t *len)
{
	static const uint8_t magic[CDR_RARITY_MAGIC_LEN] = CDR_RARITY_MAGIC;
	char countries[COUNTRIES_MAX][CDR_COUNTRY_LEN];
	size_t country_count = countries_find(builder, countries);
	uint32_t counts[CDR_CODE_KIND_COUNT] = { 0 };

	*len = CDR_RARITY_HEAD_LEN + 3 * country_count + 6 * builder->count;
	uint8_t *at = *data = calloc(1, *len);
	if (at == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < builder->count; i++)
		counts[builder->entry[i].kind]++;
	memcpy(at, magic, sizeof(magic));
	at += sizeof(magic);
	for (int kind = 0; kind < CDR_CODE_KIND_COUNT; kind++, at += 4)
		write_u32(at, counts[kind]);
	for (int kind = 0; kind < CDR_CODE_KIND_COUNT; kind++)
		*at++ = weight_of(floor_share[kind]);
	*at = (uint8_t)country_count;
	at += 3;
	for (size_t i = 0; i < country_count; i++, at += 3)
		memcpy(at, countries[i], 3);
	/* the entries stand by kind and key already */
	for (size_t i = 0; i < builder->count; i++, at += 4)
		write_u32(at, builder->entry[i].key);
	for (size_t i = 0; i < builder->count; i++) {
		*at++ = weight_of(builder->entry[i].as[NAME_GIVEN]);
		*at++ = weight_of(builder->entry[i].as[NAME_FAMILY]);
	}
	return CDR_OK;
}

/* see core/identity/generate/rarity_build.h */
cdr_err
rarity_build(const struct name_rows *rows, const char *without, uint8_t **data, size_t *len)
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
	for (size_t i = 0; i < rows->count; i++)
		if (without == NULL || strcmp(rows->row[i].culture, without) != 0)
			kept.row[kept.count++] = rows->row[i];
	CDR_TRY(totals(builder, &kept));
	for (size_t i = 0; i < kept.count; i++)
		CDR_TRY(row_add(builder, &kept.row[i]));
	reduce_to_codes(builder);
	reduce_to_largest(builder);
	CDR_TRY(table_write(builder, data, len));
out:
	if (builder != NULL)
		free(builder->entry);
	free(builder);
	free(kept.row);
	return err;
}
