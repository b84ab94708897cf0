/*
 * Shares of names from the exchange's own people: how far they are from the truth, and what becomes of false hits in a culture
 * that no published list covers.
 *
 *   bench_rarity [--people N] [--part PERCENT] [--width W] [--epsilon E] [--all | --only CULTURE] [--recall]
 *
 * An exchange of N people (100,000): PERCENT of them (10) of one culture, the others of all cultures mixed. The rarity table has
 * never seen the culture. Their sketches are summed with the noise of three trustees, floored and made into shares, as a round
 * does it; then other people of that culture (25,000) are matched with each other, as bench_match does it, with each of four tables: the
 * published one; the one without the culture; that with the shares of everybody; and with those of the culture's country too.
 * Eight cultures of different kinds, or all. With --recall also what it costs the others: false hits, and candidates who find their own
 * second record. Where the published names are not there nothing is measured.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/crypto/noise.h"
#include "core/crypto/secret.h"
#include "core/identity/code.h"
#include "core/identity/generate/rarity_build.h"
#include "core/identity/share.h"
#include "core/identity/sketch.h"
#include "tests/bench/match_measure.h"

#define SEED 20240517
#define TRUSTEES 3
#define MEASURED 25000
#define TABLES 4

static const int weights[] = { 20, 23, 27 };
#define WEIGHTS (sizeof(weights) / sizeof(weights[0]))

struct settings {
	size_t people, width;
	unsigned part;
	uint32_t epsilon_milli;
	const char *only;
	bool recall, all;
};

static const char *const few[] = { "Viet Nam", "Korea", "Arabic", "Iran", "Nepal", "Swahili", "Yoruba", "Colombia" };
static double sum[TABLES][WEIGHTS];
static size_t measured;

/* ---- the round --------------------------------------------------------------------------------------------------- */

/* Sum the sketches of ${people} and all trustees' noise, and floor them. */
static cdr_err
sums_make(const struct people *people, const struct cdr_places *places, const struct settings *s, struct cdr_share_sums *sums)
{
	cdr_err err = CDR_E_INTERNAL;
	static struct cdr_person person;
	static const uint8_t seed[CDR_NOISE_SEED_LEN] = "noise of a bench";
	uint32_t *cells = calloc(CDR_SKETCH_CELLS(s->width), sizeof(*cells));
	struct cdr_noise noise;
	int32_t draw;

	sums->width = s->width;
	sums->cells = calloc(CDR_SKETCH_CELLS(s->width), sizeof(*sums->cells));
	cdr_noise_init(&noise, seed);
	if (cells == NULL || sums->cells == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	for (size_t i = 0; i < people->count; i++) {
		people_person(&people->subject[i], &person);
		err = cdr_sketch_add(places, s->width, &person, cells, NULL);
		if (err != CDR_E_INPUT)
			CDR_TRY(err);
	}
	for (size_t i = 0; i < CDR_SKETCH_CELLS(s->width); i++) {
		sums->cells[i] = (int32_t)cells[i];
		for (int t = 0; t < TRUSTEES; t++) {
			CDR_TRY(cdr_noise_draw(&noise, s->epsilon_milli, 1000, 1 << 15, &draw));
			sums->cells[i] += draw;
		}
	}
	CDR_TRY(cdr_share_floor(sums, cdr_share_margin(TRUSTEES, s->epsilon_milli)));
out:
	cdr_noise_wipe(&noise);
	free(cells);
	return err;
}

/* ---- how far from the truth --------------------------------------------------------------------------------------- */

struct code_count {
	char code[CDR_PART_LEN];
	unsigned count;
};

static int
by_code(const void *a, const void *b)
{
	return strcmp(((const struct code_count *)a)->code, ((const struct code_count *)b)->code);
}

static int
by_count(const void *left, const void *right)
{
	const struct code_count *a = left, *b = right;

	return a->count != b->count ? (a->count > b->count ? -1 : 1) : strcmp(a->code, b->code);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The S1 codes of ${people}, the commonest first, each once a person. */
static cdr_err
codes_count(const struct people *people, struct code_count **out, size_t *count)
{
	static struct cdr_person person;
	static struct cdr_name_forms forms;
	struct cdr_codes codes;
	size_t room = people->count * 8, used = 0;
	struct code_count *list = calloc(room + CDR_FORM_PARTS_MAX, sizeof(*list));

	if (list == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < people->count && used < room; i++) {
		people_person(&people->subject[i], &person);
		if (cdr_name_forms(&person, &forms, NULL) != CDR_OK || forms.form_count == 0)
			continue;
		size_t first = used;
		for (size_t p = 0; p < forms.form[0].part_count; p++) {
			bool again = false;
			cdr_codes_make(forms.form[0].part[p], &codes);
			for (size_t k = first; k < used; k++)
				again |= strcmp(list[k].code, codes.text[CDR_CODE_S1]) == 0;
			if (!again) {
				memcpy(list[used].code, codes.text[CDR_CODE_S1], CDR_PART_LEN);
				list[used++].count = 1;
			}
		}
	}
	qsort(list, used, sizeof(*list), by_code);
	*count = 0;
	for (size_t i = 0; i < used; i++)
		if (*count > 0 && strcmp(list[*count - 1].code, list[i].code) == 0)
			list[*count - 1].count++;
		else
			list[(*count)++] = list[i];
	qsort(list, *count, sizeof(*list), by_count);
	*out = list;
	return CDR_OK;
}

/* What group ${group} of a table says of the codes that are commonest among ${people}, beside the truth: bits too few and too many. */
static cdr_err
shares_compare(const struct people *people, const struct cdr_rarity *rarity, size_t group)
{
	struct code_count *list = NULL;
	size_t count = 0, told = 0, upto;
	double off[400], mass = 0, told_mass = 0;
	cdr_err err = codes_count(people, &list, &count);

	if (err != CDR_OK)
		return err;
	upto = count < 400 ? count : 400;
	for (size_t i = 0; i < count; i++) {
		struct cdr_rarity_code found;
		double share = (double)list[i].count / (double)people->count;
		cdr_rarity_find(rarity, CDR_CODE_S1, list[i].code, &found);
		mass += share * share;
		told_mass += found.own_tells[group] ? share * share : 0;
		if (i < upto && found.own_tells[group])
			off[told++] = -log2(share) - found.own[group] / (double)CDR_BITS_SCALE;
	}
	qsort(off, told, sizeof(*off), by_value);
	if (told > 0)
		printf("    of the %zu commonest codes S1 %zu are told; share too large by %.2f bits in the median, %.2f at most; too small by %.2f at most;\n"
		    "    told codes make %.3f of all chance agreements\n", upto, told, off[told / 2], off[told - 1], fmax(0, -off[0]), told_mass / mass);
	else
		printf("    none of the commonest codes is told\n");
	free(list);
	return CDR_OK;
}

/* ---- false hits ---------------------------------------------------------------------------------------------------- */

static cdr_err
false_hits(const struct people *people, const struct cdr_rarity *rarity, const char *title, double *total)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_scheme scheme;
	struct tags tags = { 0 };
	struct hits hits = { 0 };
	double found[WEIGHTS] = { 0 }, strong = 0;

	CDR_TRY(cdr_scheme_with(rarity, 1, &scheme));
	CDR_TRY(tags_derive(people, WHO_ALL, &scheme, &tags));
	CDR_TRY(hits_within(&tags, &hits));
	for (size_t i = 0; i < hits.count; i++) {
		for (size_t w = 0; w < WEIGHTS; w++)
			found[w] += hits.hit[i].weight >= weights[w] * CDR_BITS_SCALE ? 2 : 0;
		strong += hits.hit[i].tier == CDR_TIER_STRONG ? 2 : 0;
	}
	printf("    %-26s %5.1f", title, (double)tags.count / (double)people->count);
	for (size_t w = 0; w < WEIGHTS; w++) {
		printf("  %.5f", found[w] / (double)people->count);
		if (total != NULL)
			total[w] += found[w] / (double)people->count;
	}
	printf("  %.5f\n", strong / (double)people->count);
	fflush(stdout);
out:
	tags_free(&tags);
	hits_free(&hits);
	return err;
}

/* Candidates who find their own second record. */
static cdr_err
recall(const struct people *people, const struct cdr_rarity *rarity, const char *title)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_scheme scheme;
	struct tags query = { 0 }, index = { 0 };
	struct hits hits = { 0 };
	size_t found[WEIGHTS] = { 0 };
	uint8_t *seen = calloc(people->count + 1, 1);

	if (seen == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_scheme_with(rarity, 1, &scheme));
	CDR_TRY(tags_derive(people, WHO_QUERY, &scheme, &query));
	CDR_TRY(tags_derive(people, WHO_INDEX, &scheme, &index));
	CDR_TRY(hits_find(&query, &index, &hits));
	for (size_t i = 0; i < hits.count; i++)
		for (size_t w = 0; w < WEIGHTS; w++) {
			const struct hit *h = &hits.hit[i];
			bool good = h->weight >= weights[w] * CDR_BITS_SCALE &&
			    strcmp(people->subject[h->query].truth, people->subject[h->index].truth) == 0 && (seen[h->query] >> w & 1) == 0;
			found[w] += good;
			seen[h->query] |= (uint8_t)(good << w);
		}
	printf("    %-26s", title);
	for (size_t w = 0; w < WEIGHTS; w++)
		printf("  %.4f", (double)found[w] / (double)query.people);
	printf("\n");
out:
	free(seen);
	tags_free(&query);
	tags_free(&index);
	hits_free(&hits);
	return err;
}

/* ---- one culture --------------------------------------------------------------------------------------------------- */

/* Everything that one culture's measurement holds. */
struct trial {
	uint8_t *without, *own[2];
	size_t without_len, own_len[2];
	struct cdr_rarity rarity[TABLES]; /* published, without it, with everybody's shares, with the country's too */
	struct people all, some, others, measured;
	struct cdr_share_sums sums[2];
};

static void
trial_free(struct trial *t)
{
	free(t->without);
	for (int i = 0; i < 2; i++) {
		free(t->own[i]);
		free(t->sums[i].cells);
	}
	people_free(&t->all);
	people_free(&t->some);
	people_free(&t->others);
	people_free(&t->measured);
}

static cdr_err
people_join(struct people *all, const struct people *a, const struct people *b)
{
	all->count = all->room = a->count + b->count;
	all->subject = calloc(all->count + 1, sizeof(*all->subject));
	if (all->subject == NULL)
		return CDR_E_MEMORY;
	memcpy(all->subject, a->subject, a->count * sizeof(*all->subject));
	memcpy(all->subject + a->count, b->subject, b->count * sizeof(*all->subject));
	return CDR_OK;
}

static cdr_err
trial_make(const struct name_rows *bare, const struct culture *culture, const struct settings *s, struct trial *t)
{
	cdr_err err = CDR_E_INTERNAL;
	size_t some = s->people * s->part / 100;
	struct cdr_places places;
	const uint8_t version[CDR_PLACES_VERSION_LEN] = { 1 };
	int32_t margin = cdr_share_margin(TRUSTEES, s->epsilon_milli);

	CDR_TRY(rarity_build(bare, culture->given, NULL, &t->without, &t->without_len));
	CDR_TRY(cdr_rarity_shipped(&t->rarity[0]));
	CDR_TRY(cdr_rarity_open(t->without, t->without_len, &t->rarity[1]));
	CDR_TRY(people_draw(bare, culture, some, SEED + 1, &t->some));
	CDR_TRY(people_draw(bare, NULL, s->people - some, SEED + 2, &t->others));
	CDR_TRY(people_draw(bare, culture, MEASURED, SEED + 3, &t->measured));
	CDR_TRY(people_join(&t->all, &t->some, &t->others));
	CDR_TRY(cdr_places_make(version, &places));
	CDR_TRY(sums_make(&t->all, &places, s, &t->sums[0]));
	CDR_TRY(sums_make(&t->some, &places, s, &t->sums[1]));
	memcpy(t->sums[1].country, "XXX", CDR_COUNTRY_LEN);
	for (size_t i = 0; i < 2; i++) {
		CDR_TRY(cdr_share_table(&t->rarity[1], &places, t->sums, i + 1, margin, &t->own[i], &t->own_len[i]));
		CDR_TRY(cdr_rarity_open(t->own[i], t->own_len[i], &t->rarity[2 + i]));
	}
out:
	return err;
}

static const char *const titles[TABLES] = { "published", "without the culture", "with everybody's shares", "with its country's shares" };

static cdr_err
trial_measure(const struct name_rows *bare, const struct culture *culture, const struct settings *s)
{
	cdr_err err = CDR_E_INTERNAL;
	struct trial *t = calloc(1, sizeof(*t));
	struct people damaged = { 0 };

	if (t == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(trial_make(bare, culture, s, t));
	printf("\n  %s\n", culture->name);
	CDR_TRY(shares_compare(&t->some, &t->rarity[3], 1));
	printf("    %-26s tokens 20       23       27       strong\n", "false hits a candidate");
	for (size_t i = 0; i < TABLES; i++)
		CDR_TRY(false_hits(&t->measured, &t->rarity[i], titles[i], sum[i]));
	measured++;
	if (s->recall) {
		printf("    others\n");
		CDR_TRY(false_hits(&t->others, &t->rarity[1], titles[1], NULL));
		CDR_TRY(false_hits(&t->others, &t->rarity[3], titles[3], NULL));
		CDR_TRY(people_draw(bare, NULL, 5000, SEED + 9, &damaged));
		CDR_TRY(people_damage(&damaged, SEED));
		CDR_TRY(recall(&damaged, &t->rarity[1], titles[1]));
		CDR_TRY(recall(&damaged, &t->rarity[3], titles[3]));
	}
out:
	people_free(&damaged);
	trial_free(t);
	free(t);
	return err;
}

static bool
is_chosen(const struct settings *s, const char *culture)
{
	bool chosen = s->all;

	for (size_t i = 0; i < sizeof(few) / sizeof(few[0]); i++)
		chosen |= strcmp(few[i], culture) == 0;
	return s->only != NULL ? strcmp(s->only, culture) == 0 : chosen;
}

int
main(int argc, char **argv)
{
	cdr_err err = CDR_E_INTERNAL;
	struct settings s = { .people = 100000, .width = 256, .part = 10, .epsilon_milli = 500 };
	const char *shared = getenv("CDR_SHARED");
	struct name_rows bare = { 0 };
	char path[1024];

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--people") == 0 && i + 1 < argc)
			s.people = strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--part") == 0 && i + 1 < argc)
			s.part = (unsigned)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--width") == 0 && i + 1 < argc)
			s.width = strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--epsilon") == 0 && i + 1 < argc)
			s.epsilon_milli = (uint32_t)(strtod(argv[++i], NULL) * 1000);
		else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
			s.only = argv[++i];
		else if (strcmp(argv[i], "--recall") == 0)
			s.recall = true;
		else if (strcmp(argv[i], "--all") == 0)
			s.all = true;
	}
	(void)snprintf(path, sizeof(path), "%s/data/names", shared != NULL ? shared : "../shared");
	if (access(path, R_OK) != 0) {
		printf("skipped: %s is not there\n", path);
		return 0;
	}
	CDR_TRY(names_read(path, NULL, &bare));
	printf("an exchange of %zu people, %u %% of the culture; width %zu, epsilon %g, margin %d\n", s.people, s.part, s.width,
	    s.epsilon_milli / 1000.0, cdr_share_margin(TRUSTEES, s.epsilon_milli));
	for (size_t i = 0; i < people_culture_count; i++)
		if (is_chosen(&s, people_cultures[i].name))
			CDR_TRY(trial_measure(&bare, &people_cultures[i], &s));
	printf("\n  mean of %zu\n", measured);
	for (size_t i = 0; i < TABLES && measured > 0; i++)
		printf("    %-26s        %.5f  %.5f  %.5f\n", titles[i], sum[i][0] / (double)measured, sum[i][1] / (double)measured,
		    sum[i][2] / (double)measured);
out:
	names_free(&bare);
	if (err != CDR_OK)
		fprintf(stderr, "bench_rarity: %s\n", cdr_err_name(err));
	return err == CDR_OK ? 0 : 1;
}
