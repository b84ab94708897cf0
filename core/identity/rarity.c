#include "core/identity/rarity.h"

#include <limits.h>
#include <string.h>

#include "core/embed.h"

CDR_EMBED(cdr_rarity_data, "core/identity/data/rarity.bin");

static const uint8_t magic[CDR_RARITY_MAGIC_LEN] = CDR_RARITY_MAGIC, magic_own[CDR_RARITY_MAGIC_LEN] = CDR_RARITY_MAGIC_OWN;
#define HEAD_LEN CDR_RARITY_HEAD_LEN
#define ENTRIES_MAX 1000000 /* of one kind: keeps every sum of lengths far from overflow */
#define CULTURES_MAX 256
#define SHARE_LEN 3

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

static size_t
block_count(uint32_t count)
{
	return ((size_t)count + CDR_RARITY_BLOCK - 1) / CDR_RARITY_BLOCK;
}

static bool
has_own(const uint8_t *data)
{
	return memcmp(data, magic_own, sizeof(magic_own)) == 0;
}

/* One group of own people; where it ends, 0 if that is nowhere. */
static size_t
own_group_place(const uint8_t *data, size_t len, size_t at, struct cdr_rarity_own *own)
{
	static const uint8_t nobody[3] = { 0 };
	const uint8_t *head = data + at;

	if (len - at < CDR_RARITY_OWN_GROUP_LEN || head[3] != 0)
		return 0;
	own->country = head;
	own->width = (uint16_t)(head[4] << 8 | head[5]);
	own->weights = head + CDR_RARITY_OWN_GROUP_LEN;
	at += CDR_RARITY_OWN_GROUP_LEN;
	size_t cells = CDR_SKETCH_CELLS(own->width) - 1;
	if (cdr_sketch_width(cells + 1) == 0 || len - at < cells || (memcmp(head, nobody, 3) != 0 && memchr(head, 0, 3) != NULL))
		return 0;
	return at + cells;
}

/* Place the own shares from ${at} on; false where they are not what they say. */
static bool
own_place(const uint8_t *data, size_t len, size_t at, struct cdr_rarity *rarity)
{
	size_t count;

	if (len - at < CDR_RARITY_OWN_HEAD_LEN)
		return false;
	for (size_t kind = 0; kind < CDR_SKETCH_KINDS; kind++)
		for (size_t row = 0; row < CDR_SKETCH_ROWS; row++, at += 8)
			rarity->places.row[kind][row] = (uint64_t)read_u32(data + at) << 32 | read_u32(data + at + 4);
	count = data[at];
	if (count < 1 || count > CDR_RARITY_OWN_MAX || data[at + 1] != 0 || data[at + 2] != 0 || data[at + 3] != 0)
		return false;
	at += 4;
	for (; rarity->own_count < count && at != 0; rarity->own_count++) {
		struct cdr_rarity_own *own = &rarity->own[rarity->own_count];
		at = own_group_place(data, len, at, own);
		if (at != 0 && rarity->own_count > 0 && memcmp(own[-1].country, own->country, 3) >= 0)
			return false;
	}
	return at == len;
}

/* Read the head and place the arrays; false where the length is not what the counts say. */
static bool
table_place(const uint8_t *data, size_t len, struct cdr_rarity *rarity)
{
	const uint8_t *counts = data + sizeof(magic), *share_counts = counts + (size_t)CDR_CODE_KIND_COUNT * 4;
	const uint8_t *floors = share_counts + (size_t)CDR_CODE_KIND_COUNT * 4;
	size_t at = HEAD_LEN;

	rarity->country_count = floors[CDR_CODE_KIND_COUNT];
	rarity->countries = data + at;
	at += 3 * (size_t)rarity->country_count;
	for (size_t i = 0; i < CDR_CODE_KIND_COUNT && at <= len; i++) {
		struct cdr_rarity_kind *kind = &rarity->kind[i];
		kind->count = read_u32(counts + 4 * i);
		kind->share_count = read_u32(share_counts + 4 * i);
		kind->floor = floors[i];
		if (kind->count > ENTRIES_MAX || kind->share_count > ENTRIES_MAX)
			return false;
		kind->keys = data + at;
		kind->counts = kind->keys + 4 * (size_t)kind->count;
		kind->blocks = kind->counts + kind->count;
		kind->shares = kind->blocks + 4 * block_count(kind->count);
		at += 5 * (size_t)kind->count + 4 * block_count(kind->count) + SHARE_LEN * (size_t)kind->share_count;
	}
	rarity->published_len = at;
	return has_own(data) ? at <= len && own_place(data, len, at, rarity) : at == len;
}

/* Do the blocks point at their entries' shares, and do the cultures of each entry ascend? */
static bool
shares_valid(const struct cdr_rarity_kind *kind)
{
	size_t first = 0;

	for (uint32_t i = 0; i < kind->count; i++) {
		size_t end = first + kind->counts[i];
		if (kind->counts[i] == 0 || end > kind->share_count ||
		    (i % CDR_RARITY_BLOCK == 0 && read_u32(kind->blocks + 4 * (size_t)(i / CDR_RARITY_BLOCK)) != first))
			return false;
		for (size_t k = first + 1; k < end; k++)
			if (kind->shares[SHARE_LEN * (k - 1)] >= kind->shares[SHARE_LEN * k])
				return false;
		first = end;
	}
	return first == kind->share_count;
}

/* see core/identity/rarity.h */
cdr_err
cdr_rarity_open(const uint8_t *data, size_t len, struct cdr_rarity *rarity)
{
	struct cdr_rarity found = { .data = data, .len = len };
	bool good = len >= HEAD_LEN && (memcmp(data, magic, sizeof(magic)) == 0 || has_own(data)) && data[HEAD_LEN - 1] == 0 &&
	    data[HEAD_LEN - 2] == 0 && table_place(data, len, &found) &&
	    ascending_countries(found.countries, found.country_count);

	memset(rarity, 0, sizeof(*rarity));
	for (int i = 0; good && i < CDR_CODE_KIND_COUNT; i++)
		good = ascending_u32(found.kind[i].keys, found.kind[i].count) && shares_valid(&found.kind[i]);
	if (!good)
		return CDR_E_INPUT;
	*rarity = found;
	return CDR_OK;
}

/* see core/identity/rarity.h */
cdr_err
cdr_rarity_shipped(struct cdr_rarity *rarity)
{
	size_t len = (size_t)(cdr_rarity_data_end - cdr_rarity_data);
	struct cdr_rarity found = { .data = cdr_rarity_data, .len = len };

	/* what is built in is not read through at every call: a unit test does that once */
	memset(rarity, 0, sizeof(*rarity));
	if (len < HEAD_LEN || (memcmp(cdr_rarity_data, magic, sizeof(magic)) != 0 && !has_own(cdr_rarity_data)) ||
	    !table_place(cdr_rarity_data, len, &found))
		return CDR_E_INPUT;
	*rarity = found;
	return CDR_OK;
}

/* Binary search for ${key}; the entry's index, or count if it is not there. */
static uint32_t
key_find(const struct cdr_rarity_kind *kind, uint32_t key)
{
	uint32_t low = 0, high = kind->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint32_t found = read_u32(kind->keys + 4 * (size_t)middle);
		if (found == key)
			return middle;
		if (found < key)
			low = middle + 1;
		else
			high = middle;
	}
	return kind->count;
}

static struct cdr_weight
share_weight(const struct cdr_rarity_code *code, uint32_t at)
{
	return (struct cdr_weight){ code->shares[SHARE_LEN * (size_t)at + 1], code->shares[SHARE_LEN * (size_t)at + 2] };
}

static uint8_t
elsewhere(uint8_t least, uint8_t floor)
{
	return least + CDR_RARITY_ELSEWHERE < floor ? (uint8_t)(least + CDR_RARITY_ELSEWHERE) : floor;
}

static int
smaller_of(struct cdr_weight weight)
{
	return weight.given < weight.family ? weight.given : weight.family;
}

/* What own people tell of a code: the rarest of its cells, if all of them tell something. */
static uint8_t
own_weight(const struct cdr_rarity *rarity, const struct cdr_rarity_own *own, size_t kind, uint32_t key)
{
	uint8_t weight = 0;

	for (size_t row = 0; row < CDR_SKETCH_ROWS; row++) {
		uint8_t here = own->weights[cdr_places_cell(&rarity->places, own->width, kind, row, key) - 1];
		weight = here > weight ? here : weight;
	}
	return weight;
}

/* Own shares of a code whose published ones were found: where nothing is told it is as rare as elsewhere. */
static void
own_find(const struct cdr_rarity *rarity, enum cdr_code_kind code_kind, const char *code, struct cdr_rarity_code *found)
{
	static const uint8_t kinds[CDR_CODE_KIND_COUNT] = { [CDR_CODE_S1] = 0, [CDR_CODE_S2] = 1, [CDR_CODE_PREFIX] = 2,
		[CDR_CODE_SUFFIX] = 3 };
	uint8_t least = (uint8_t)smaller_of(found->elsewhere);
	uint32_t key = rarity->own_count > 0 ? cdr_rarity_key(code) : 0;

	found->own_count = (uint8_t)rarity->own_count;
	for (size_t i = 0; i < rarity->own_count; i++) {
		uint8_t weight = code_kind == CDR_CODE_EXACT ? CDR_RARITY_OWN_NONE :
		    own_weight(rarity, &rarity->own[i], kinds[code_kind], key);
		found->own_tells[i] = weight < least;
		found->own[i] = weight < least ? weight : least;
	}
}

/* Published shares of a code. */
static void
published_find(const struct cdr_rarity *rarity, enum cdr_code_kind code_kind, const char *code, struct cdr_rarity_code *found)
{
	const struct cdr_rarity_kind *kind = &rarity->kind[code_kind];
	uint32_t at = key_find(kind, cdr_rarity_key(code));
	struct cdr_weight least = { kind->floor, kind->floor };

	*found = (struct cdr_rarity_code){ .elsewhere = least };
	if (at == kind->count)
		return;
	size_t first = read_u32(kind->blocks + 4 * (size_t)(at / CDR_RARITY_BLOCK));
	for (uint32_t i = at - at % CDR_RARITY_BLOCK; i < at; i++)
		first += kind->counts[i];
	found->shares = kind->shares + SHARE_LEN * first;
	found->count = kind->counts[at];
	for (uint32_t i = 0; i < found->count; i++) {
		struct cdr_weight here = share_weight(found, i);
		least.given = here.given < least.given ? here.given : least.given;
		least.family = here.family < least.family ? here.family : least.family;
	}
	found->elsewhere.given = elsewhere(least.given, kind->floor);
	found->elsewhere.family = elsewhere(least.family, kind->floor);
}

/* see core/identity/rarity.h */
void
cdr_rarity_find(const struct cdr_rarity *rarity, enum cdr_code_kind kind, const char *code, struct cdr_rarity_code *found)
{
	published_find(rarity, kind, code, found);
	own_find(rarity, kind, code, found);
}

/* see core/identity/rarity.h */
void
cdr_rarity_find_spelling(const struct cdr_rarity *rarity, const char *part, const struct cdr_rarity_code *s1,
    struct cdr_rarity_code *found)
{
	cdr_rarity_find(rarity, CDR_CODE_EXACT, part, found);
	for (size_t i = 0; i < found->own_count; i++)
		if (s1->own_tells[i] && s1->own[i] < found->own[i]) {
			found->own[i] = s1->own[i];
			found->own_tells[i] = true;
		}
}

/* see core/identity/rarity.h */
int
cdr_rarity_single(const struct cdr_rarity_code *code)
{
	int least = smaller_of(code->elsewhere);

	for (uint32_t i = 0; i < code->count; i++)
		if (smaller_of(share_weight(code, i)) < least)
			least = smaller_of(share_weight(code, i));
	for (uint32_t i = 0; i < code->own_count; i++)
		least = code->own[i] < least ? code->own[i] : least;
	return least;
}

/*
 * -log2(2^-a + 2^-b), all in eighths of a bit: the smaller one, less log2(1 + 2^-difference), which the table has. Whole
 * numbers, so that every machine finds the same.
 */
static int
either(int a, int b)
{
	static const uint8_t less[] = {
		8, 8, 7, 7, 6, 6, 5, 5, 5, 4, 4, 4, 3, 3, 3, 3, 3, 2,
		2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
	};
	int smaller = a < b ? a : b, difference = a < b ? b - a : a - b;

	return smaller - (difference < (int)sizeof(less) ? less[difference] : 0);
}

/* The pair in one culture. */
static int
pair_weight(struct cdr_weight a, struct cdr_weight b, bool several)
{
	int mixed = either(a.given + b.family, a.family + b.given);
	int alike = either(a.given + b.given, a.family + b.family);

	/*
	 * Of people with two names few have two given or two family names beside: half as likely as their shares say. Of
	 * people with several, each has two places where either name could stand: twice as likely.
	 */
	if (several)
		return either(mixed, alike) - CDR_BITS_SCALE;
	return either(mixed, alike + CDR_BITS_SCALE);
}

/* see core/identity/rarity.h */
int
cdr_rarity_pair(const struct cdr_rarity_code *a, const struct cdr_rarity_code *b, bool several)
{
	int least = pair_weight(a->elsewhere, b->elsewhere, several);
	uint32_t i = 0, j = 0;

	/* both lists ascend by culture: walk them together */
	while (i < a->count || j < b->count) {
		int of_a = i < a->count ? a->shares[SHARE_LEN * (size_t)i] : CULTURES_MAX;
		int of_b = j < b->count ? b->shares[SHARE_LEN * (size_t)j] : CULTURES_MAX;
		struct cdr_weight in_a = of_a <= of_b ? share_weight(a, i) : a->elsewhere;
		struct cdr_weight in_b = of_b <= of_a ? share_weight(b, j) : b->elsewhere;
		int weight = pair_weight(in_a, in_b, several);
		least = weight < least ? weight : least;
		i += of_a <= of_b;
		j += of_b <= of_a;
	}
	for (uint32_t i_own = 0; i_own < a->own_count && i_own < b->own_count; i_own++)
		if ((a->own_tells[i_own] || b->own_tells[i_own]) && a->own[i_own] + b->own[i_own] < least)
			least = a->own[i_own] + b->own[i_own];
	return least < 0 ? 0 : least;
}

/* log2 of ${count} factorial in eighths of a bit, rounded up: the orders in which the names could stand. */
static int
orders_bits(size_t count)
{
	static const uint8_t bits[CDR_RARITY_NAMES_MAX + 1] = { 0, 0, 8, 21, 37, 56, 76, 99, 123, 148, 175, 203, 231 };

	return bits[count];
}

/* All names among own people, where that is commonest; INT_MAX where they tell nothing. */
static int
own_all(const struct cdr_rarity_code *const *code, size_t count)
{
	int least = INT_MAX;

	for (uint32_t group = 0; count > 0 && group < code[0]->own_count; group++) {
		bool tells = false;
		int sum = 0;
		for (size_t i = 0; i < count; i++) {
			tells |= code[i]->own_tells[group];
			sum += code[i]->own[group];
		}
		least = tells && sum < least ? sum : least;
	}
	return least;
}

/* see core/identity/rarity.h */
int
cdr_rarity_all(const struct cdr_rarity_code *const *code, size_t count)
{
	int sum[CULTURES_MAX] = { 0 }; /* for each culture, how far it is from the sum elsewhere */
	int outside = 0, least = 0;

	if (count == 2)
		return cdr_rarity_pair(code[0], code[1], false);
	for (size_t i = 0; i < count; i++) {
		outside += smaller_of(code[i]->elsewhere);
		for (uint32_t k = 0; k < code[i]->count; k++)
			sum[code[i]->shares[SHARE_LEN * (size_t)k]] +=
			    smaller_of(share_weight(code[i], k)) - smaller_of(code[i]->elsewhere);
	}
	for (size_t culture = 0; culture < CULTURES_MAX; culture++)
		least = sum[culture] < least ? sum[culture] : least;
	int weight = outside + least - orders_bits(count), own = own_all(code, count);
	weight = own < weight ? own : weight;
	return weight < 0 ? 0 : weight;
}

/* see core/identity/rarity.h */
bool
cdr_rarity_together(const struct cdr_rarity_code *const *code, size_t count)
{
	uint8_t having[CULTURES_MAX] = { 0 };

	for (size_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < code[i]->count; k++)
			if (++having[code[i]->shares[SHARE_LEN * (size_t)k]] == count)
				return true;
	return false;
}

/* see core/identity/rarity.h */
bool
cdr_rarity_knows(const struct cdr_rarity *rarity, const char *part)
{
	return key_find(&rarity->kind[CDR_CODE_EXACT], cdr_rarity_key(part)) != rarity->kind[CDR_CODE_EXACT].count;
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
