/*
 * How well people are found, and how seldom strangers are.
 *
 *   bench_match [--people N] [--only CULTURE] [--short]
 *
 * Published people (../shared/data/people, or $CDR_SHARED/data/people): recall at four weights, beside two methods on plain
 * text, before and after stage 2. People are halved by a hash of their number. Misses were read in the first half alone,
 * but variants were compared on both: the second half is no clean hold-out.
 * Seeded populations of N people (100,000) of one culture each, drawn from the published name frequencies: false hits a
 * candidate, lambda against what was counted, false questions after stage 2; and the same for a culture that the rarity
 * table does not have.
 * Where none of that is there, names are invented, which says how the machinery works and nothing of real people.
 * Exits with 1 where a target is missed. --short leaves out the cultures' absence and takes fewer people.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "core/identity/generate/rarity_build.h"
#include "tests/bench/match_measure.h"

#define EXCEPTIONS "core/identity/generate/exceptions.csv"
#define SEED 20240517
#define EIGHTHS(bits) ((bits) * CDR_BITS_SCALE)

/* The targets of the scheme. */
#define RECALL_FEBRL1 0.856
#define RECALL_FEBRL3 0.862
#define RECALL_HISTORICAL 0.55
#define FALSE_MEAN 1e-3
#define FALSE_WORST 3e-3
#define FALSE_RATIO 10.0
#define STAGE2_LOST 0.01
#define STAGE2_QUESTIONS (1.0 / 2000)
#define DERIVE_US 50.0

static const int weights[] = { 20, 23, 27, 30 };
#define WEIGHTS (sizeof(weights) / sizeof(weights[0]))

static unsigned missed;

/* Print a target and whether it is met. */
static void
target(const char *what, double value, double limit, bool at_least)
{
	bool met = at_least ? value >= limit : value <= limit;

	printf("  %-6s %s: %.5g, to be %s %.5g\n", met ? "met" : "MISSED", what, value, at_least ? "at least" : "at most", limit);
	missed += !met;
}

static void
shared_path(const char *rest, char *path, size_t size)
{
	const char *shared = getenv("CDR_SHARED");

	(void)snprintf(path, size, "%s/%s", shared != NULL ? shared : "../shared", rest);
}

/* ---- people that were published ------------------------------------------------------------------------------ */

struct recall {
	size_t queries, found[WEIGHTS], false_pairs[WEIGHTS];
	size_t plausible, false_plausible; /* of the pairs at the lowest weight */
};

/* Count, for one half (or all), which queries find their own record. */
static cdr_err
recall_count(const struct people *people, const struct hits *hits, size_t known, int half, struct recall *r)
{
	cdr_err err = CDR_E_INTERNAL;
	bool plausible = false;
	uint8_t *found = calloc(people->count + 1, 1);

	memset(r, 0, sizeof(*r));
	if (found == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < people->count; i++)
		r->queries += people->subject[i].query && (half < 0 || people->subject[i].second_half == half);
	for (size_t i = 0; i < hits->count; i++) {
		const struct hit *hit = &hits->hit[i];
		const struct subject *q = &people->subject[hit->query];
		bool same = strcmp(q->truth, people->subject[hit->index].truth) == 0;
		if (half >= 0 && q->second_half != half)
			continue;
		for (size_t w = 0; w < WEIGHTS; w++) {
			if (hit->weight < EIGHTHS(weights[w]))
				continue;
			if (!same)
				r->false_pairs[w]++;
			else if ((found[hit->query] >> w & 1) == 0)
				r->found[w]++;
			found[hit->query] |= (uint8_t)(same << w);
		}
		CDR_TRY(hit_plausible(people, hit, known, false, &plausible));
		r->plausible += plausible && same && (found[hit->query] & 0x80) == 0;
		r->false_plausible += plausible && !same;
		if (plausible && same)
			found[hit->query] |= 0x80;
	}
	err = CDR_OK;
out:
	free(found);
	return err;
}

static void
recall_print(const char *half, const struct recall *r)
{
	double n = r->queries == 0 ? 1 : (double)r->queries;

	printf("  %-12s", half);
	for (size_t w = 0; w < WEIGHTS; w++)
		printf("  %d bits %.4f / %-4zu", weights[w], (double)r->found[w] / n, r->false_pairs[w]);
	printf("  stage 2 %.4f / %zu\n", (double)r->plausible / n, r->false_plausible);
}

/*
 * A token holds two names and a date, by rule; so a candidate is out of reach whose record misses one of them, or has
 * another name in one's place. Plain text, which may look at everything, shows how many are within reach.
 */
static void
recall_judge(const struct recall *second, const struct recall *all, const struct yardstick *reach, double limit)
{
	double within = (double)reach->found / (double)all->queries, found = (double)all->found[0] / (double)all->queries;

	target("recall at 20 bits, second half", (double)second->found[0] / (double)second->queries, limit, true);
	target("recall at 20 bits, all", found, limit, true);
	printf("         two like names and a like date stand in both records for %.4f of the candidates: %.4f of these are found\n",
	    within, found / within);
}

static cdr_err
people_measure(const char *title, struct people *people, const struct cdr_scheme *scheme, double recall_target)
{
	cdr_err err = CDR_E_INTERNAL;
	struct tags query = { 0 }, index = { 0 };
	struct hits hits = { 0 };
	struct recall first, second, all;
	struct yardstick exact, similar;

	CDR_TRY(tags_derive(people, WHO_QUERY, scheme, &query));
	CDR_TRY(tags_derive(people, WHO_INDEX, scheme, &index));
	CDR_TRY(hits_find(&query, &index, &hits));
	CDR_TRY(recall_count(people, &hits, index.people, 0, &first));
	CDR_TRY(recall_count(people, &hits, index.people, 1, &second));
	CDR_TRY(recall_count(people, &hits, index.people, -1, &all));
	CDR_TRY(yardsticks(people, &exact, &similar));
	printf("\n%s: %zu known, %zu candidates, %.1f tokens a person; recall / false pairs\n", title, index.people,
	    query.people, (double)(query.count + index.count) / (double)(query.people + index.people));
	recall_print("first half", &first);
	recall_print("second half", &second);
	recall_print("all", &all);
	printf("  plain text: the same name and date %.4f / %zu; Jaro-Winkler and date %.4f / %zu\n",
	    (double)exact.found / (double)all.queries, exact.false_found,
	    (double)similar.found / (double)all.queries, similar.false_found);
	if (recall_target > 0)
		recall_judge(&second, &all, &similar, recall_target);
	target("recall lost by stage 2, second half",
	    (double)(second.found[0] - second.plausible) / (double)second.queries, STAGE2_LOST, false);
out:
	tags_free(&query);
	tags_free(&index);
	hits_free(&hits);
	return err;
}

static cdr_err
published_measure(const struct cdr_scheme *scheme)
{
	static const struct {
		const char *file, *title;
		bool documents;
		double recall;
	} sets[] = {
		{ "febrl1.csv", "FEBRL 1", false, RECALL_FEBRL1 },
		{ "febrl3.csv", "FEBRL 3", false, RECALL_FEBRL3 },
		{ "febrl3.csv", "FEBRL 3 with a document", true, 0 },
		{ "historical_half.csv", "historical", false, RECALL_HISTORICAL },
		{ "wikidata_hebrew_latin.csv", "Hebrew and Latin", false, 0 },
	};
	cdr_err err = CDR_E_INTERNAL;
	struct people people = { 0 };
	char path[1024], rest[128];

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		(void)snprintf(rest, sizeof(rest), "data/people/%s", sets[i].file);
		shared_path(rest, path, sizeof(path));
		err = people_read(path, sets[i].documents, &people);
		if (err == CDR_E_ABSENT) {
			printf("skipped: %s is not there\n", path);
			err = CDR_OK;
			continue;
		}
		CDR_TRY(err);
		CDR_TRY(people_measure(sets[i].title, &people, scheme, sets[i].recall));
		people_free(&people);
	}
out:
	people_free(&people);
	return err;
}

/* ---- populations --------------------------------------------------------------------------------------------- */

struct population {
	double false_hits[WEIGHTS]; /* a candidate */
	double strong;              /* called strong by names alone, a candidate */
	double questions_bare;      /* reach a person, a candidate; names and dates alone */
	double questions;           /* the same, where both sides hold a document, as the form asks by default */
	double tokens;
	unsigned most;
	double covered;             /* share of tokens that the rarity table can weigh */
};

/* Every pair counts twice: each of the two could be the candidate. At most five possible matches a check are asked. */
static cdr_err
population_measure(const struct people *people, const struct cdr_scheme *scheme, bool stage2, struct population *p)
{
	cdr_err err = CDR_E_INTERNAL;
	struct tags tags = { 0 };
	struct hits hits = { 0 };
	double n = (double)people->count, covered = 0;
	bool plausible = false;

	memset(p, 0, sizeof(*p));
	CDR_TRY(tags_derive(people, WHO_ALL, scheme, &tags));
	CDR_TRY(hits_within(&tags, &hits));
	for (size_t i = 0; i < tags.count; i++)
		covered += (tags.tag[i].rarity & CDR_RARITY_UNCOVERED) == 0;
	for (size_t i = 0; i < hits.count; i++) {
		for (size_t w = 0; w < WEIGHTS; w++)
			if (hits.hit[i].weight >= EIGHTHS(weights[w]))
				p->false_hits[w] += 2 / n;
		p->strong += hits.hit[i].tier == CDR_TIER_STRONG ? 2 / n : 0;
		if (!stage2 || hits.hit[i].tier == CDR_TIER_NONE)
			continue;
		CDR_TRY(hit_plausible(people, &hits.hit[i], people->count, false, &plausible));
		p->questions_bare += plausible ? 2 / n : 0;
		CDR_TRY(hit_plausible(people, &hits.hit[i], people->count, true, &plausible));
		p->questions += plausible ? 2 / n : 0;
	}
	p->tokens = (double)tags.count / n;
	p->covered = tags.count == 0 ? 1 : covered / (double)tags.count;
	p->most = tags.most;
	err = CDR_OK;
out:
	tags_free(&tags);
	hits_free(&hits);
	return err;
}

static void
population_print(const char *name, const struct population *p)
{
	printf("  %-14s %6.1f", name, p->tokens);
	for (size_t w = 0; w < WEIGHTS; w++)
		printf("  %.5f", p->false_hits[w]);
	printf("  %.5f  %.5f  %.5f  %5u  %.2f\n", p->strong, p->questions_bare, p->questions, p->most, p->covered);
}

static cdr_err
populations_measure(const struct name_rows *rows, const struct cdr_scheme *scheme, size_t count, const char *only)
{
	bool published = strcmp(rows->row[0].culture, people_invented.given) != 0;
	const struct culture *list = published ? people_cultures : &people_invented;
	size_t list_count = published ? people_culture_count : 1;
	cdr_err err = CDR_E_INTERNAL;
	struct people people = { 0 };
	struct population p;
	double sum[WEIGHTS] = { 0 }, questions = 0, questions_bare = 0, worst = 0, best = INFINITY, worst_counted = 0, best_counted = INFINITY;
	size_t cultures = 0;

	printf("\npopulations of %zu: false hits a candidate at each weight, called strong by names alone; questions to a\n"
	    "  person after stage 2, by names and date alone and where both sides hold a document; most people behind one\n"
	    "  token; share of tokens that the rarity table can weigh\n", count);
	printf("  %-14s tokens  20       23       27       30       strong   bare     document  most  covered\n", "");
	for (size_t i = 0; i < list_count + published; i++) {
		const struct culture *culture = i < list_count ? &list[i] : NULL;
		const char *name = culture != NULL ? culture->name : "all, mixed";
		if (only != NULL && strcmp(only, name) != 0)
			continue;
		CDR_TRY(people_draw(rows, culture, count, SEED + i, &people));
		CDR_TRY(population_measure(&people, scheme, true, &p));
		people_free(&people);
		population_print(name, &p);
		fflush(stdout);
		for (size_t w = 0; w < WEIGHTS; w++)
			sum[w] += p.false_hits[w];
		questions += p.questions;
		worst = fmax(worst, p.false_hits[2]);
		if (culture != NULL)
			best = fmin(best, p.false_hits[2]);
		questions_bare += p.questions_bare;
		if (culture != NULL && culture->counted) {
			worst_counted = fmax(worst_counted, p.false_hits[2]);
			best_counted = fmin(best_counted, p.false_hits[2]);
		}
		cultures++;
	}
	if (cultures == 0)
		goto out;
	printf("  lambda against what was counted, mean of all:");
	for (size_t w = 0; w < WEIGHTS; w++)
		printf("  %d bits %.5f / %.5f", weights[w], (double)count * exp2(0.5 - weights[w]), sum[w] / (double)cultures);
	printf("\n");
	if (count < 100000 || !published)
		goto out;
	target("mean false hits at 27 bits", sum[2] / (double)cultures, FALSE_MEAN, false);
	target("worst culture at 27 bits", worst, FALSE_WORST, false);
	/* a culture without any false hit cannot be divided by: less than one pair is not measured */
	target("worst to best culture", worst / fmax(best, 2 / (double)count), FALSE_RATIO, false);
	/* where shares are imputed they are so on the safe side, and false hits are fewer by intention */
	printf("         worst to best of the cultures whose shares were counted: %.1f\n",
	    worst_counted / fmax(best_counted, 2 / (double)count));
	target("false questions a check, document on both sides", questions / (double)cultures, STAGE2_QUESTIONS, false);
	printf("         by names and date alone: %.5g\n", questions_bare / (double)cultures);
out:
	people_free(&people);
	return err;
}

/* Each culture measured with a table that has never seen it, nor anything set by hand. */
static cdr_err
absence_measure(const struct name_rows *rows, size_t count, const char *only)
{
	cdr_err err = CDR_E_INTERNAL;
	struct people people = { 0 };
	struct population p;
	struct cdr_rarity rarity;
	struct cdr_scheme scheme;
	uint8_t *data = NULL;
	size_t len = 0, cultures = 0;
	double strong = 0, worst = 0;

	printf("\neach culture left out of the rarity table\n");
	for (size_t i = 0; i < people_culture_count; i++) {
		if (only != NULL && strcmp(only, people_cultures[i].name) != 0)
			continue;
		CDR_TRY(rarity_build(rows, people_cultures[i].given, NULL, &data, &len));
		CDR_TRY(cdr_rarity_open(data, len, &rarity));
		CDR_TRY(cdr_scheme_with(&rarity, 1, &scheme));
		CDR_TRY(people_draw(rows, &people_cultures[i], count, SEED + i, &people));
		CDR_TRY(population_measure(&people, &scheme, false, &p));
		population_print(people_cultures[i].name, &p);
		fflush(stdout);
		strong += p.strong;
		worst = fmax(worst, p.strong);
		cultures++;
		people_free(&people);
		free(data);
		data = NULL;
	}
	if (cultures > 0)
		printf("  strong by names alone: mean %.5f, worst %.5f. What is left are names that other cultures' lists have too\n",
		    strong / (double)cultures, worst);
	err = CDR_OK;
out:
	people_free(&people);
	free(data);
	return err;
}

/* Where nothing published is there: seeded people, each with a second record that a clerk might have made. */
static cdr_err
damaged_measure(const struct name_rows *rows, const struct cdr_scheme *scheme)
{
	cdr_err err = CDR_E_INTERNAL;
	struct people people = { 0 };
	static const char *const names[] = { "Australia", "Colombia", "Arabic", "Viet Nam", "Korea" };
	char title[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t c = 0; c < people_culture_count; c++) {
			if (strcmp(people_cultures[c].name, names[i]) != 0)
				continue;
			CDR_TRY(people_draw(rows, &people_cultures[c], 2000, SEED + 100 + c, &people));
			CDR_TRY(people_damage(&people, SEED + c));
			(void)snprintf(title, sizeof(title), "generated, %s", names[i]);
			CDR_TRY(people_measure(title, &people, scheme, 0));
			people_free(&people);
		}
	err = CDR_OK;
out:
	people_free(&people);
	return err;
}

/* ---- time ---------------------------------------------------------------------------------------------------- */

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static cdr_err
time_measure(const struct name_rows *rows, const struct cdr_scheme *scheme)
{
	cdr_err err = CDR_E_INTERNAL;
	struct people people = { 0 };
	static struct cdr_token_set set;
	static struct cdr_person person;
	double *took = NULL;

	CDR_TRY(people_draw(rows, NULL, 5000, SEED, &people));
	took = calloc(people.count + 1, sizeof(*took));
	if (took == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	for (size_t i = 0; i < people.count; i++) {
		struct timespec from, until;
		people_person(&people.subject[i], &person);
		clock_gettime(CLOCK_MONOTONIC, &from);
		err = cdr_token_derive(&person, scheme, &set, NULL);
		if (err != CDR_E_INPUT)
			CDR_TRY(err);
		clock_gettime(CLOCK_MONOTONIC, &until);
		took[i] = (double)(until.tv_sec - from.tv_sec) * 1e6 + (double)(until.tv_nsec - from.tv_nsec) / 1e3;
	}
	qsort(took, people.count, sizeof(*took), by_value);
	printf("\nnormalise and derive, people of all cultures: median %.1f us, 99 of 100 below %.1f us\n",
	    took[people.count / 2], took[people.count * 99 / 100]);
	target("median time", took[people.count / 2], DERIVE_US, false);
out:
	free(took);
	people_free(&people);
	return err;
}

/* Is the table that ships what the generator makes of the published names today? */
static cdr_err
shipped_check(const struct name_rows *rows, const struct cdr_scheme *scheme)
{
	uint8_t *data = NULL;
	size_t len = 0;
	cdr_err err = rarity_build(rows, NULL, NULL, &data, &len);

	if (err == CDR_OK && (len != scheme->rarity.len || memcmp(data, scheme->rarity.data, len) != 0)) {
		printf("  MISSED the shipped rarity table is not what its generator makes: see core/identity/README.md\n");
		missed++;
	}
	free(data);
	return err;
}

/* Everything that needs the published names. */
static cdr_err
published_names_measure(const char *folder, size_t count, const char *only, bool brief)
{
	cdr_err err = CDR_E_INTERNAL;
	struct name_rows rows = { 0 }, bare = { 0 };
	struct cdr_scheme scheme;

	CDR_TRY(cdr_scheme_current(1, &scheme));
	CDR_TRY(names_read(folder, EXCEPTIONS, &rows));
	CDR_TRY(names_read(folder, NULL, &bare));
	CDR_TRY(shipped_check(&rows, &scheme));
	if (only == NULL) {
		CDR_TRY(time_measure(&rows, &scheme));
		CDR_TRY(published_measure(&scheme));
		CDR_TRY(damaged_measure(&rows, &scheme));
	}
	CDR_TRY(populations_measure(&rows, &scheme, brief ? 10000 : count, only));
	if (!brief)
		CDR_TRY(absence_measure(&bare, count / 4, only));
out:
	names_free(&rows);
	names_free(&bare);
	return err;
}

/* Without them: a culture that never was, with a table of its own. */
static cdr_err
invented_names_measure(size_t count)
{
	cdr_err err = CDR_E_INTERNAL;
	struct name_rows rows = { 0 };
	struct people people = { 0 };
	struct cdr_rarity rarity;
	struct cdr_scheme scheme;
	uint8_t *data = NULL;
	size_t len = 0;

	CDR_TRY(people_invent_names(SEED, &rows));
	CDR_TRY(rarity_build(&rows, NULL, NULL, &data, &len));
	CDR_TRY(cdr_rarity_open(data, len, &rarity));
	CDR_TRY(cdr_scheme_with(&rarity, 1, &scheme));
	CDR_TRY(people_draw(&rows, &people_invented, 2000, SEED, &people));
	CDR_TRY(people_damage(&people, SEED));
	CDR_TRY(people_measure("invented", &people, &scheme, 0));
	CDR_TRY(populations_measure(&rows, &scheme, count, NULL));
out:
	people_free(&people);
	names_free(&rows);
	free(data);
	return err;
}

int
main(int argc, char **argv)
{
	cdr_err err = CDR_E_INTERNAL;
	size_t count = 100000;
	const char *only = NULL;
	bool brief = false;
	char path[1024];

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--people") == 0 && i + 1 < argc)
			count = strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
			only = argv[++i];
		else if (strcmp(argv[i], "--short") == 0)
			brief = true;
	}
	shared_path("data/names", path, sizeof(path));
	if (access(path, R_OK) == 0) {
		CDR_TRY(published_names_measure(path, count, only, brief));
	} else {
		printf("skipped: %s is not there; names are invented instead, and no data set is measured\n", path);
		CDR_TRY(invented_names_measure(brief ? 10000 : count));
	}
	printf("\ntargets missed: %u\n", missed);
out:
	if (err != CDR_OK)
		fprintf(stderr, "bench_match: %s\n", cdr_err_name(err));
	return err == CDR_OK && missed == 0 ? 0 : 1;
}
