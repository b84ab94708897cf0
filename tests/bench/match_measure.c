#include "tests/bench/match_measure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/compare.h"

static const struct cdr_match_rule rule = { 1e-3, 0.5, 5 };

static uint64_t
hash_of(const uint8_t *data, size_t len)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ data[i]) * UINT64_C(1099511628211);
	return hash ^ hash >> 29;
}

static int
by_hash(const void *left, const void *right)
{
	const struct tag *a = left, *b = right;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->who < b->who ? -1 : a->who > b->who;
}

static unsigned
most_shared(const struct tags *tags)
{
	unsigned most = 0, run = 0;

	for (size_t i = 0; i < tags->count; i++) {
		run = i > 0 && tags->tag[i].hash == tags->tag[i - 1].hash ? run + 1 : 1;
		most = run > most ? run : most;
	}
	return most;
}

/* see tests/bench/match_measure.h */
cdr_err
tags_derive(const struct people *people, enum who who, const struct cdr_scheme *scheme, struct tags *tags)
{
	cdr_err err = CDR_E_INTERNAL;
	static struct cdr_token_set set;
	static struct cdr_person person;
	struct cdr_fault fault;
	size_t room = 0;

	memset(tags, 0, sizeof(*tags));
	for (size_t i = 0; i < people->count; i++) {
		const struct subject *s = &people->subject[i];
		if ((who == WHO_QUERY && !s->query) || (who == WHO_INDEX && s->query))
			continue;
		people_person(s, &person);
		err = cdr_token_derive(&person, scheme, &set, &fault);
		if (err == CDR_E_INPUT)
			continue; /* the published lists hold a few names with broken characters */
		CDR_TRY(err);
		tags->people++;
		if (tags->count + set.count > room) {
			room = room == 0 ? 65536 : room * 2;
			struct tag *grown = realloc(tags->tag, room * sizeof(*grown));
			if (grown == NULL) {
				err = CDR_E_MEMORY;
				goto out;
			}
			tags->tag = grown;
		}
		for (size_t t = 0; t < set.count; t++)
			tags->tag[tags->count++] = (struct tag){ .hash = hash_of(set.token[t].input, set.token[t].input_len),
				.who = (uint32_t)i, .weight = set.token[t].weight, .type = set.token[t].type,
				.rarity = set.token[t].rarity, .pair = set.token[t].pair };
	}
	if (tags->count > 0)
		qsort(tags->tag, tags->count, sizeof(*tags->tag), by_hash);
	tags->most = most_shared(tags);
	err = CDR_OK;
out:
	if (err != CDR_OK)
		tags_free(tags);
	return err;
}

void
tags_free(struct tags *tags)
{
	free(tags->tag);
	memset(tags, 0, sizeof(*tags));
}

void
hits_free(struct hits *hits)
{
	free(hits->hit);
	memset(hits, 0, sizeof(*hits));
}

/* ---- agreements ---------------------------------------------------------------------------------------------- */

/* One tag that two people share. */
struct shared {
	uint32_t query, index;
	uint16_t weight;
	struct cdr_agreement agreement;
};

struct shares {
	struct shared *shared;
	size_t count, room;
};

static bool
share_add(struct shares *shares, const struct tag *query, const struct tag *index)
{
	if (shares->count == shares->room) {
		size_t room = shares->room == 0 ? 65536 : shares->room * 2;
		struct shared *grown = realloc(shares->shared, room * sizeof(*grown));
		if (grown == NULL)
			return false;
		shares->shared = grown;
		shares->room = room;
	}
	shares->shared[shares->count++] = (struct shared){
		.query = query->who, .index = index->who,
		.weight = query->weight < index->weight ? query->weight : index->weight,
		.agreement = { .type = query->type, .rarity = cdr_match_rarity(query->rarity, index->rarity),
		    .pair_query = query->pair, .pair_index = index->pair },
	};
	return true;
}

static int
by_pair(const void *left, const void *right)
{
	const struct shared *a = left, *b = right;

	if (a->query != b->query)
		return a->query < b->query ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

/* Judge every pair of people that shares something. */
static cdr_err
shares_judge(struct shares *shares, size_t people, struct hits *hits)
{
	struct cdr_agreement agreement[CDR_TOKENS_MAX];
	struct cdr_match match;

	hits->hit = calloc(shares->count + 1, sizeof(*hits->hit));
	if (hits->hit == NULL)
		return CDR_E_MEMORY;
	if (shares->count > 0)
		qsort(shares->shared, shares->count, sizeof(*shares->shared), by_pair);
	for (size_t i = 0, next; i < shares->count; i = next) {
		struct hit *hit = &hits->hit[hits->count++];
		size_t count = 0;
		*hit = (struct hit){ .query = shares->shared[i].query, .index = shares->shared[i].index };
		for (next = i; next < shares->count && by_pair(&shares->shared[i], &shares->shared[next]) == 0; next++) {
			if (count < CDR_TOKENS_MAX)
				agreement[count++] = shares->shared[next].agreement;
			if (shares->shared[next].weight > hit->weight)
				hit->weight = shares->shared[next].weight;
		}
		cdr_err err = cdr_match_judge(agreement, count, people, &rule, &match);
		if (err != CDR_OK)
			return err;
		hit->tier = (uint8_t)match.tier;
		hit->types = match.types;
		hit->lambda = match.lambda;
	}
	return CDR_OK;
}

/* see tests/bench/match_measure.h */
cdr_err
hits_find(const struct tags *query, const struct tags *index, struct hits *hits)
{
	cdr_err err = CDR_E_INTERNAL;
	struct shares shares = { 0 };

	memset(hits, 0, sizeof(*hits));
	for (size_t q = 0, i = 0; q < query->count && i < index->count; q++) {
		while (i < index->count && index->tag[i].hash < query->tag[q].hash)
			i++;
		for (size_t k = i; k < index->count && index->tag[k].hash == query->tag[q].hash; k++)
			if (!share_add(&shares, &query->tag[q], &index->tag[k])) {
				err = CDR_E_MEMORY;
				goto out;
			}
	}
	CDR_TRY(shares_judge(&shares, index->people, hits));
out:
	free(shares.shared);
	if (err != CDR_OK)
		hits_free(hits);
	return err;
}

/* see tests/bench/match_measure.h */
cdr_err
hits_within(const struct tags *tags, struct hits *hits)
{
	cdr_err err = CDR_E_INTERNAL;
	struct shares shares = { 0 };

	memset(hits, 0, sizeof(*hits));
	for (size_t a = 0; a < tags->count; a++)
		for (size_t b = a + 1; b < tags->count && tags->tag[b].hash == tags->tag[a].hash; b++)
			if (!share_add(&shares, &tags->tag[a], &tags->tag[b])) {
				err = CDR_E_MEMORY;
				goto out;
			}
	CDR_TRY(shares_judge(&shares, tags->people, hits));
out:
	free(shares.shared);
	if (err != CDR_OK)
		hits_free(hits);
	return err;
}

/* A document that nobody else has. */
static void
document_give(uint32_t who, struct cdr_person *person)
{
	struct cdr_document *d = &person->document[0];

	person->document_count = 1;
	(void)snprintf(d->type, sizeof(d->type), "national_id");
	(void)snprintf(d->country, sizeof(d->country), "AUS");
	(void)snprintf(d->number, sizeof(d->number), "%010" PRIu32, who * UINT32_C(2654435761));
}

/* see tests/bench/match_measure.h */
cdr_err
hit_plausible(const struct people *people, const struct hit *hit, size_t known, bool documents, bool *plausible)
{
	static struct cdr_person query, leaver;
	static struct cdr_comparison comparison;
	const struct cdr_compare_query q = { .person = &query, .people = known };

	people_person(&people->subject[hit->query], &query);
	people_person(&people->subject[hit->index], &leaver);
	if (documents) {
		document_give(hit->query, &query);
		document_give(hit->index, &leaver);
	}
	cdr_err err = cdr_compare(&q, &leaver, &comparison);
	*plausible = err == CDR_OK && comparison.verdict == CDR_VERDICT_PLAUSIBLE;
	return err;
}

/* ---- yardsticks ---------------------------------------------------------------------------------------------- */

struct plain {
	char name[200];
	uint32_t date; /* year, month, day as a number; 0: none */
	uint32_t block;
	uint32_t who;
};

/* Jaro's similarity with Winkler's bonus of a tenth for each of up to four equal first letters (Winkler 1990). */
static double
jaro_winkler(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b), longer = a_len > b_len ? a_len : b_len;
	bool a_used[200] = { false }, b_used[200] = { false };
	size_t window = longer / 2 > 0 ? longer / 2 - 1 : 0, matches = 0, moved = 0, prefix = 0;

	if (a_len == 0 || b_len == 0)
		return 0;
	for (size_t i = 0; i < a_len; i++)
		for (size_t j = i > window ? i - window : 0; j < b_len && j <= i + window; j++)
			if (!b_used[j] && a[i] == b[j]) {
				a_used[i] = b_used[j] = true;
				matches++;
				break;
			}
	if (matches == 0)
		return 0;
	for (size_t i = 0, j = 0; i < a_len; i++) {
		if (!a_used[i])
			continue;
		while (!b_used[j])
			j++;
		moved += a[i] != b[j++];
	}
	while (prefix < 4 && a[prefix] != '\0' && a[prefix] == b[prefix])
		prefix++;
	double m = (double)matches;
	double jaro = (m / (double)a_len + m / (double)b_len + (m - (double)moved / 2) / m) / 3;
	return jaro + 0.1 * (double)prefix * (1 - jaro);
}

static void
plain_make(const struct subject *s, uint32_t who, struct plain *p)
{
	bool split = s->given[0] != '\0' || s->family[0] != '\0';

	memset(p, 0, sizeof(*p));
	if (split)
		(void)snprintf(p->name, sizeof(p->name), "%s %s", s->given, s->family);
	else
		(void)snprintf(p->name, sizeof(p->name), "%s", s->whole);
	if (s->birth.precision != CDR_PRECISION_UNKNOWN)
		p->date = (uint32_t)s->birth.year * 10000U + s->birth.month * 100U + s->birth.day;
	p->who = who;
}

static int
by_block(const void *left, const void *right)
{
	const struct plain *a = left, *b = right;

	if (a->block != b->block)
		return a->block < b->block ? -1 : 1;
	return a->who < b->who ? -1 : a->who > b->who;
}

/* Two of the three parts of a date: what two records must share to be compared at all. */
static uint32_t
block_of(uint32_t date, int which)
{
	uint32_t year = date / 10000, month = date / 100 % 100, day = date % 100;

	return which == 0 ? year * 100 + month : which == 1 ? year * 100 + day : month * 100 + day;
}

static void
yard_count(const struct people *people, const struct plain *a, const struct plain *b, uint8_t *found,
    struct yardstick *exact, struct yardstick *similar)
{
	const struct plain *query = people->subject[a->who].query ? a : b, *index = query == a ? b : a;
	bool same = strcmp(people->subject[a->who].truth, people->subject[b->who].truth) == 0;
	bool is_exact = a->date == b->date && strcmp(a->name, b->name) == 0;
	bool is_similar = is_exact || jaro_winkler(a->name, b->name) >= 0.85;

	if (people->subject[query->who].query == people->subject[index->who].query)
		return;
	if (is_exact && same && (found[query->who] & 1) == 0)
		exact->found++;
	if (is_similar && same && (found[query->who] & 2) == 0)
		similar->found++;
	if (same)
		found[query->who] |= (uint8_t)(is_exact | is_similar << 1);
	exact->false_found += is_exact && !same;
	similar->false_found += is_similar && !same;
}

/* see tests/bench/match_measure.h */
cdr_err
yardsticks(const struct people *people, struct yardstick *exact, struct yardstick *similar)
{
	struct plain *plain = calloc(people->count + 1, sizeof(*plain));
	uint8_t *found = calloc(people->count + 1, 1);
	size_t count = 0;

	*exact = *similar = (struct yardstick){ 0 };
	if (plain == NULL || found == NULL) {
		free(plain);
		free(found);
		return CDR_E_MEMORY;
	}
	for (size_t i = 0; i < people->count; i++) {
		plain_make(&people->subject[i], (uint32_t)i, &plain[count]);
		count += plain[count].date != 0;
	}
	for (int which = 0; which < 3; which++) {
		for (size_t i = 0; i < count; i++)
			plain[i].block = block_of(plain[i].date, which);
		qsort(plain, count, sizeof(*plain), by_block);
		for (size_t a = 0; a < count; a++)
			for (size_t b = a + 1; b < count && plain[b].block == plain[a].block; b++)
				if (which == 0 || block_of(plain[a].date, 0) != block_of(plain[b].date, 0))
					yard_count(people, &plain[a], &plain[b], found, exact, similar);
	}
	free(plain);
	free(found);
	return CDR_OK;
}
