#include "core/identity/rarity.h"

#include <string.h>

#include "core/embed.h"

CDR_EMBED(cdr_rarity_data, "core/identity/data/rarity.bin");

static const uint8_t magic[CDR_RARITY_MAGIC_LEN] = CDR_RARITY_MAGIC;
#define HEAD_LEN CDR_RARITY_HEAD_LEN
#define ENTRIES_MAX 1000000 /* of one kind: keeps every sum of lengths far from overflow */

static uint32_t
read_u32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* see core/identity/rarity.h */
uint32_t
cdr_rarity_key(const char *code)
{
	uint32_t hash = 2166136261U;

	for (; *code != '\0'; code++)
		hash = (hash ^ (uint8_t)*code) * 16777619U;
	return hash;
}

static bool
ascending_u32(const uint8_t *keys, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
		if (read_u32(keys + 4 * (size_t)(i - 1)) >= read_u32(keys + 4 * (size_t)i))
			return false;
	return true;
}

static bool
ascending_countries(const uint8_t *countries, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
		if (memcmp(countries + 3 * (size_t)(i - 1), countries + 3 * (size_t)i, 3) >= 0)
			return false;
	return true;
}

/* Read the head and place the arrays; false where the length is not what the counts say. */
static bool
table_place(const uint8_t *data, size_t len, struct cdr_rarity *rarity)
{
	const uint8_t *counts = data + sizeof(magic);
	const uint8_t *floors = counts + (size_t)CDR_CODE_KIND_COUNT * 4;
	size_t at = HEAD_LEN;

	rarity->country_count = floors[CDR_CODE_KIND_COUNT];
	rarity->countries = data + at;
	at += 3 * (size_t)rarity->country_count;
	for (int kind = 0; kind < CDR_CODE_KIND_COUNT; kind++) {
		rarity->count[kind] = read_u32(counts + 4 * kind);
		rarity->floor[kind] = floors[kind];
		if (rarity->count[kind] > ENTRIES_MAX)
			return false;
		rarity->keys[kind] = data + at;
		at += 4 * (size_t)rarity->count[kind];
		if (at > len)
			return false;
	}
	for (int kind = 0; kind < CDR_CODE_KIND_COUNT; kind++) {
		rarity->weights[kind] = data + at;
		at += 2 * (size_t)rarity->count[kind];
		if (at > len)
			return false;
	}
	return at == len;
}

/* see core/identity/rarity.h */
cdr_err
cdr_rarity_open(const uint8_t *data, size_t len, struct cdr_rarity *rarity)
{
	struct cdr_rarity found = { .data = data, .len = len };
	bool good = len >= HEAD_LEN && memcmp(data, magic, sizeof(magic)) == 0 && data[HEAD_LEN - 1] == 0 &&
	    data[HEAD_LEN - 2] == 0 && table_place(data, len, &found) &&
	    ascending_countries(found.countries, found.country_count);

	memset(rarity, 0, sizeof(*rarity));
	for (int kind = 0; good && kind < CDR_CODE_KIND_COUNT; kind++)
		good = ascending_u32(found.keys[kind], found.count[kind]);
	if (!good)
		return CDR_E_INPUT;
	*rarity = found;
	return CDR_OK;
}

/* see core/identity/rarity.h */
cdr_err
cdr_rarity_shipped(struct cdr_rarity *rarity)
{
	return cdr_rarity_open(cdr_rarity_data, (size_t)(cdr_rarity_data_end - cdr_rarity_data), rarity);
}

/* Binary search for ${key}; the entry's index, or count if it is not there. */
static uint32_t
find(const struct cdr_rarity *rarity, enum cdr_code_kind kind, uint32_t key)
{
	uint32_t low = 0, high = rarity->count[kind];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint32_t found = read_u32(rarity->keys[kind] + 4 * (size_t)middle);
		if (found == key)
			return middle;
		if (found < key)
			low = middle + 1;
		else
			high = middle;
	}
	return rarity->count[kind];
}

/* see core/identity/rarity.h */
struct cdr_weight
cdr_rarity_weight(const struct cdr_rarity *rarity, enum cdr_code_kind kind, const char *code)
{
	uint32_t at = find(rarity, kind, cdr_rarity_key(code));
	const uint8_t *weight = rarity->weights[kind] + 2 * (size_t)at;

	if (at == rarity->count[kind])
		return (struct cdr_weight){ rarity->floor[kind], rarity->floor[kind] };
	return (struct cdr_weight){ weight[0], weight[1] };
}

/*
 * -log2(2^-a + 2^-b), all in eighths of a bit: the smaller one, less log2(1 + 2^-difference), which the table has. Whole
 * numbers, so that every machine finds the same.
 */
static int
either(int a, int b)
{
	static const uint8_t less[] = {
		8, 8, 7, 7, 6, 6, 5, 5, 5, 4, 4, 4, 3, 3, 3, 3,
		3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		1, 1, 1, 1
	};
	int smaller = a < b ? a : b, difference = a < b ? b - a : a - b;

	return smaller - (difference < (int)sizeof(less) ? less[difference] : 0);
}

/* see core/identity/rarity.h */
int
cdr_rarity_pair(struct cdr_weight a, struct cdr_weight b, bool several)
{
	/*
	 * Of people with two names few have two given or two family names beside: half as likely as their shares say. Of
	 * people with several, any two stand in either order: twice as likely.
	 */
	int alike = several ? -CDR_BITS_SCALE : CDR_BITS_SCALE;
	int mixed = either(a.given + b.family, a.family + b.given);
	int weight = either(mixed, either(a.given + b.given, a.family + b.family) + alike);

	return weight < 0 ? 0 : weight;
}

/* see core/identity/rarity.h */
bool
cdr_rarity_knows(const struct cdr_rarity *rarity, const char *part)
{
	return find(rarity, CDR_CODE_EXACT, cdr_rarity_key(part)) != rarity->count[CDR_CODE_EXACT];
}

/* see core/identity/rarity.h */
bool
cdr_rarity_covers(const struct cdr_rarity *rarity, const char *country)
{
	if (strnlen(country, 4) != 3)
		return false;
	for (uint32_t i = 0; i < rarity->country_count; i++)
		if (memcmp(rarity->countries + 3 * (size_t)i, country, 3) == 0)
			return true;
	return false;
}
