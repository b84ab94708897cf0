#include "tests/bench/match_people.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/name.h"
#include "core/identity/rarity.h"

#define LINE_LEN 2048
#define FIELDS 8

/* ---- a list that grows --------------------------------------------------------------------------------------- */

static struct subject *
subject_add(struct people *people)
{
	if (people->count == people->room) {
		size_t room = people->room == 0 ? 1024 : people->room * 2;
		struct subject *grown = realloc(people->subject, room * sizeof(*grown));
		if (grown == NULL)
			return NULL;
		people->subject = grown;
		people->room = room;
	}
	struct subject *subject = &people->subject[people->count++];
	memset(subject, 0, sizeof(*subject));
	return subject;
}

void
people_free(struct people *people)
{
	free(people->subject);
	memset(people, 0, sizeof(*people));
}

/* ---- published data sets ------------------------------------------------------------------------------------- */

static bool
line_split(char *line, char *field[FIELDS])
{
	size_t count = 0;
	bool quoted = false;
	char *out = line;

	line[strcspn(line, "\r\n")] = '\0';
	field[count++] = out;
	for (const char *in = line; *in != '\0'; in++) {
		if (*in == '"') {
			quoted = !quoted;
		} else if (*in == ',' && !quoted) {
			if (count == FIELDS)
				return false;
			*out++ = '\0';
			field[count++] = out;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
	return count == FIELDS;
}

/* Half of the people by a hash of who they are, so that all records of a person fall into one half. */
static bool
half_of(const char *truth)
{
	uint32_t key = cdr_rarity_key(truth);

	return ((key ^ key >> 15 ^ key >> 7) & 1) != 0;
}

static bool
subject_fill(struct subject *s, char *field[FIELDS], bool with_documents)
{
	int year, month, day;

	s->query = strcmp(field[0], "query") == 0;
	(void)snprintf(s->truth, sizeof(s->truth), "%s", field[1]);
	s->second_half = half_of(s->truth);
	(void)snprintf(s->given, sizeof(s->given), "%s", field[3]);
	(void)snprintf(s->family, sizeof(s->family), "%s", field[4]);
	(void)snprintf(s->whole, sizeof(s->whole), "%s", field[2]);
	if (field[5][0] != '\0') {
		if (sscanf(field[5], "%d-%d-%d", &year, &month, &day) != 3)
			return false;
		s->birth = (struct cdr_date){ (int16_t)year, (uint8_t)month, (uint8_t)day, CDR_PRECISION_DAY };
	}
	if (with_documents)
		(void)snprintf(s->number, sizeof(s->number), "%s", field[6]);
	return true;
}

/* see tests/bench/match_people.h */
void
people_person(const struct subject *s, struct cdr_person *p)
{
	bool split = s->given[0] != '\0' || s->family[0] != '\0';

	memset(p, 0, sizeof(*p));
	memcpy(p->given_names, s->given, sizeof(s->given));
	memcpy(p->family_names, s->family, sizeof(s->family));
	memcpy(split ? p->other_names : p->native_name, s->whole, sizeof(s->whole));
	p->birth = s->birth;
	if (s->number[0] != '\0') {
		struct cdr_document *d = &p->document[p->document_count++];
		(void)snprintf(d->type, sizeof(d->type), "national_id");
		(void)snprintf(d->country, sizeof(d->country), "AUS");
		(void)snprintf(d->number, sizeof(d->number), "%s", s->number);
	}
}

/* see tests/bench/match_people.h */
cdr_err
people_read(const char *path, bool with_documents, struct people *people)
{
	char line[LINE_LEN], *field[FIELDS];
	cdr_err err = CDR_OK;
	FILE *file = fopen(path, "r");

	memset(people, 0, sizeof(*people));
	if (file == NULL)
		return CDR_E_ABSENT;
	bool head = true;
	while (err == CDR_OK && fgets(line, sizeof(line), file) != NULL) {
		if (head) {
			head = false;
			continue;
		}
		struct subject *s = subject_add(people);
		if (s == NULL)
			err = CDR_E_MEMORY;
		else if (!line_split(line, field) || !subject_fill(s, field, with_documents))
			err = CDR_E_INPUT;
	}
	fclose(file);
	if (err != CDR_OK)
		people_free(people);
	return err;
}

/* ---- seeded populations -------------------------------------------------------------------------------------- */

const struct culture people_cultures[] = {
	{ "Australia", "US", "GB", CUSTOM_WESTERN, false, true, 0 },
	{ "United States", "US", "US", CUSTOM_WESTERN, false, true, 0 },
	{ "Finland", "FI", "FI", CUSTOM_WESTERN, false, true, 0 },
	{ "Sweden", "SE", "SE", CUSTOM_WESTERN, false, true, 0 },
	{ "Flanders", "BE-VLG", "BE-VLG", CUSTOM_TWO, false, true, 0 },
	{ "Colombia", "CO", "CO", CUSTOM_IBERIAN, false, true, 1 },
	{ "Chile", "CL", "CL", CUSTOM_IBERIAN, false, true, 0 },
	{ "Israel", "IL", "IL", CUSTOM_TWO, false, true, 1 },
	{ "Russia", "RU", "RU", CUSTOM_TWO, false, false, 0 },
	{ "Ukraine", "UA", "UA", CUSTOM_TWO, false, false, 0 },
	{ "Armenia", "AM", "AM", CUSTOM_TWO, false, false, 1 },
	{ "Georgia", "GE", "GE", CUSTOM_TWO, false, false, 1 },
	{ "Turkey", "TR", "TR", CUSTOM_TWO, false, false, 5 },
	{ "Arabic", "Arabic", "Arabic", CUSTOM_CHAIN, false, false, 10 },
	{ "Algeria", "DZ", "DZ", CUSTOM_TWO, false, false, 5 },
	{ "Iran", "IR", "IR", CUSTOM_TWO, false, false, 5 },
	{ "Pakistan", "PK", "PK", CUSTOM_TWO, false, false, 15 },
	{ "Bangladesh", "BD", "BD", CUSTOM_TWO, false, false, 15 },
	{ "India", "IN", "IN", CUSTOM_TWO, false, false, 10 },
	{ "Tamil", "IN-Tamil", "IN-Tamil", CUSTOM_FATHER, false, false, 10 },
	{ "Nepal", "NP", "NP", CUSTOM_TWO, false, false, 10 },
	{ "Uzbekistan", "UZ", "UZ", CUSTOM_TWO, false, false, 5 },
	{ "China", "CN", "CN", CUSTOM_TWO, false, true, 1 },
	{ "Taiwan", "TW", "TW", CUSTOM_TWO, false, true, 1 },
	{ "Korea", "KR", "KR", CUSTOM_TWO, false, true, 1 },
	{ "Viet Nam", "VN", "VN", CUSTOM_MIDDLE, true, true, 3 },
	{ "Thailand", "TH", "TH", CUSTOM_TWO, false, false, 3 },
	{ "Indonesia", "ID", "ID", CUSTOM_TWO, false, false, 5 },
	{ "Yoruba", "NG-Yoruba", "NG-Yoruba", CUSTOM_TWO, false, false, 10 },
	{ "Twi", "GH-Twi", "GH-Twi", CUSTOM_TWO, false, false, 10 },
	{ "Swahili", "Swahili", "Swahili", CUSTOM_CHAIN, false, false, 10 },
	{ "Zulu", "ZA-Zulu", "ZA-Zulu", CUSTOM_TWO, false, false, 5 },
};
const size_t people_culture_count = sizeof(people_cultures) / sizeof(people_cultures[0]);

#define DRAWN_MAX 6000        /* names of one kind and culture */
#define TAIL_RANK_GIVEN 1e5   /* the names beyond a list go on by Zipf's law, up to this rank */
#define TAIL_RANK_FAMILY 1e6
#define LISTINGS_LEN 262144   /* a table of hashed spellings: collisions disturb nothing */
#define RANKED_MEDIAN 0.65    /* the median of the shares seen at a rank, over the 90th percentile that the rows hold */
#define LISTINGS_LEN 262144   /* a table of hashed names: collisions disturb nothing */

/* Names of one kind to draw from, by cumulative share. */
struct drawable {
	const struct name_row *row[DRAWN_MAX];
	double until[DRAWN_MAX];
	size_t count;
	double listed; /* share of all listed names; the rest are made up */
	double tail_rank;
};

/* The first normalised part of a name: the same for all its spellings in one script. */
static uint32_t
listing_of(const struct name_row *row)
{
	struct cdr_name_form form;
	uint32_t notes = 0;

	if (cdr_name_normalise(row->native, strlen(row->native), &form, &notes, NULL) != CDR_OK || form.part_count == 0)
		return 0;
	return cdr_rarity_key(form.part[0]) % LISTINGS_LEN;
}

/* In how many rows each name stands. */
static uint16_t *
listings_make(const struct name_rows *rows)
{
	uint16_t *listings = calloc(LISTINGS_LEN, sizeof(*listings));

	for (size_t i = 0; listings != NULL && i < rows->count; i++)
		listings[listing_of(&rows->row[i])]++;
	return listings;
}

/* splitmix64 (Steele, Lea and Flood 2014): small, and the same everywhere. */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static double
next_unit(uint64_t *state)
{
	return (double)(next_random(state) >> 11) * 0x1p-53;
}

static size_t
next_below(uint64_t *state, size_t count)
{
	return (size_t)(next_unit(state) * (double)count);
}

struct ranked {
	const struct name_row *row;
	unsigned cultures; /* in how many cultures it is listed: the only sign of how common it is */
};

static int
by_native(const void *a, const void *b)
{
	return strcmp(((const struct ranked *)a)->row->native, ((const struct ranked *)b)->row->native);
}

static int
by_cultures(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->cultures != b->cultures)
		return a->cultures > b->cultures ? -1 : 1;
	return cdr_rarity_key(a->row->native) < cdr_rarity_key(b->row->native) ? -1 : 1;
}

/* The rows of one culture and kind, one for each name. */
static size_t
rows_of(const struct name_rows *rows, const char *culture, int kind, struct ranked *found)
{
	size_t count = 0, out = 0;

	for (size_t i = 0; i < rows->count && count < DRAWN_MAX; i++)
		if (rows->row[i].kind == kind && strcmp(rows->row[i].culture, culture) == 0)
			found[count++] = (struct ranked){ .row = &rows->row[i] };
	qsort(found, count, sizeof(*found), by_native);
	for (size_t i = 0; i < count; i++)
		if (out == 0 || strcmp(found[i].row->native, found[out - 1].row->native) != 0)
			found[out++] = found[i];
	return out;
}

/* The median share at a rank, over measured cultures (share-by-rank.csv), as a straight line in logarithms. */
static double
share_at_rank(int kind, double rank)
{
	return kind == NAME_GIVEN ? 0.0113 * pow(rank, rank < 10 ? -0.35 : -0.5) : 0.0119 * pow(rank, rank < 10 ? -0.4 : -0.5);
}

static double
known_share(const struct name_row *row)
{
	return row->measured ? row->share : row->ranked ? row->share * RANKED_MEDIAN : 0;
}

/*
 * Shares to draw by. Measured ones as they are, ranked ones at the median of their rank; names only known to exist as if
 * ranked by the number of cultures that know them. The rest of the people have made-up names.
 */
static cdr_err
drawable_make(const struct name_rows *rows, const uint16_t *listings, const char *culture, int kind, bool closed,
    struct drawable *d)
{
	struct ranked *found = calloc(DRAWN_MAX, sizeof(*found));
	double sum = 0;
	size_t rank = 0;

	if (found == NULL)
		return CDR_E_MEMORY;
	size_t count = rows_of(rows, culture, kind, found);
	for (size_t i = 0; i < count; i++)
		found[i].cultures = listings[listing_of(found[i].row)];
	qsort(found, count, sizeof(*found), by_cultures);
	for (size_t i = 0; i < count; i++) {
		double share = known_share(found[i].row);
		sum += share > 0 ? share : share_at_rank(kind, (double)++rank);
		d->row[i] = found[i].row;
		d->until[i] = sum;
	}
	double scale = sum > 1 || closed ? 1 / sum : 1;
	for (size_t i = 0; i < count; i++)
		d->until[i] *= scale;
	d->count = count;
	d->listed = sum * scale;
	d->tail_rank = kind == NAME_GIVEN ? TAIL_RANK_GIVEN : TAIL_RANK_FAMILY;
	free(found);
	return count > 0 ? CDR_OK : CDR_E_ABSENT;
}

static const char *
spelling(const struct name_row *row)
{
	return row->latin[0] != '\0' ? row->latin : row->native;
}

/* A name that no list has: the first half of one name and the second half of another. */
static void
name_invent(const struct drawable *d, uint64_t *state, char *out, size_t size)
{
	/* rank r with a chance that falls as 1/r, from the end of the list on */
	uint64_t which = (uint64_t)((double)d->count * pow(d->tail_rank / (double)d->count, next_unit(state))) * 2654435761U;
	const struct name_row *first = d->row[next_random(&which) % d->count];
	const struct name_row *second = d->row[next_random(&which) % d->count];
	bool native = first->latin[0] == '\0' || second->latin[0] == '\0'; /* one script in one name */
	const char *a = native ? first->native : first->latin, *b = native ? second->native : second->latin;
	int half = (int)(strlen(a) + 1) / 2;

	while (half > 0 && ((unsigned char)a[half] & 0xc0) == 0x80)
		half--; /* not within a character */
	size_t rest = strlen(b) / 2;
	while (((unsigned char)b[rest] & 0xc0) == 0x80)
		rest++;
	(void)snprintf(out, size, "%.*s%s", half, a, b + rest);
}

static void
name_draw(const struct drawable *d, uint64_t *state, char *text, size_t size)
{
	double at = next_unit(state);
	size_t low = 0, high = d->count, used = strlen(text);

	if (used > 0 && used + 1 < size)
		text[used++] = ' ';
	if (at >= d->listed) {
		name_invent(d, state, text + used, size - used);
		return;
	}
	while (low + 1 < high) {
		size_t middle = (low + high) / 2;
		if (d->until[middle - 1] <= at)
			low = middle;
		else
			high = middle;
	}
	(void)snprintf(text + used, size - used, "%s", spelling(d->row[low]));
}

static void
names_draw(const struct culture *culture, const struct drawable *given, const struct drawable *family, uint64_t *state,
    struct subject *p)
{
	double chance = next_unit(state);

	name_draw(given, state, p->given, sizeof(p->given));
	switch (culture->custom) {
	case CUSTOM_WESTERN:
		if (chance < 0.3)
			name_draw(given, state, p->given, sizeof(p->given));
		name_draw(family, state, p->family, sizeof(p->family));
		break;
	case CUSTOM_IBERIAN:
		if (chance < 0.5)
			name_draw(given, state, p->given, sizeof(p->given));
		name_draw(family, state, p->family, sizeof(p->family));
		name_draw(family, state, p->family, sizeof(p->family));
		break;
	case CUSTOM_CHAIN:
		name_draw(given, state, p->given, sizeof(p->given));
		if (chance < 0.5)
			name_draw(given, state, p->given, sizeof(p->given));
		name_draw(chance < 0.7 ? family : given, state, p->family, sizeof(p->family));
		break;
	case CUSTOM_FATHER:
		name_draw(given, state, p->family, sizeof(p->family));
		break;
	case CUSTOM_MIDDLE: {
		static const char *const middle[] = { "Thi", "Van", "Thanh", "Minh", "Ngoc", "Duc", "Huu", "Quang" };
		size_t pick = chance < 0.35 ? 0 : chance < 0.6 ? 1 : 2 + next_below(state, 6);
		size_t used = strlen(p->given);
		(void)snprintf(p->given + used, sizeof(p->given) - used, " %s", middle[pick]);
		name_draw(family, state, p->family, sizeof(p->family));
		break;
	}
	case CUSTOM_TWO:
		name_draw(family, state, p->family, sizeof(p->family));
		break;
	}
}

static void
birth_draw(const struct culture *culture, uint64_t *state, struct cdr_date *birth)
{
	static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	size_t day = next_below(state, 365), month = 0;

	while (day >= days[month])
		day -= days[month++];
	*birth = (struct cdr_date){ (int16_t)(1955 + next_below(state, 50)), (uint8_t)(month + 1), (uint8_t)(day + 1),
		CDR_PRECISION_DAY };
	if (next_below(state, 100) < culture->default_dates)
		birth->month = birth->day = 1;
}

static cdr_err
culture_draw(const struct name_rows *rows, const uint16_t *listings, const struct culture *culture, size_t count, uint64_t *state,
    struct people *people)
{
	cdr_err err = CDR_E_INTERNAL;
	struct drawable *given = calloc(1, sizeof(*given)), *family = calloc(1, sizeof(*family));

	if (given == NULL || family == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	CDR_TRY(drawable_make(rows, listings, culture->given, NAME_GIVEN, culture->closed, given));
	err = drawable_make(rows, listings, culture->family, NAME_FAMILY, false, family);
	if (err == CDR_E_ABSENT && culture->custom == CUSTOM_FATHER)
		err = CDR_OK; /* no family names are needed */
	CDR_TRY(err);
	for (size_t i = 0; i < count; i++) {
		struct subject *s = subject_add(people);
		if (s == NULL) {
			err = CDR_E_MEMORY;
			goto out;
		}
		names_draw(culture, given, family, state, s);
		birth_draw(culture, state, &s->birth);
		(void)snprintf(s->truth, sizeof(s->truth), "%zu", people->count);
		s->second_half = half_of(s->truth);
	}
out:
	free(given);
	free(family);
	return err;
}

/* see tests/bench/match_people.h */
cdr_err
people_draw(const struct name_rows *rows, const struct culture *culture, size_t count, uint64_t seed,
    struct people *people)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t state = seed;
	uint16_t *listings = listings_make(rows);

	memset(people, 0, sizeof(*people));
	if (listings == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	if (culture != NULL)
		CDR_TRY(culture_draw(rows, listings, culture, count, &state, people));
	for (size_t i = 0; culture == NULL && i < people_culture_count; i++)
		CDR_TRY(culture_draw(rows, listings, &people_cultures[i], count / people_culture_count, &state, people));
	err = CDR_OK;
out:
	free(listings);
	if (err != CDR_OK)
		people_free(people);
	return err;
}

const struct culture people_invented = { "invented", "invented", "invented", CUSTOM_WESTERN, false, true, 1 };

#define INVENTED_GIVEN 800
#define INVENTED_FAMILY 3000

/* see tests/bench/match_people.h */
cdr_err
people_invent_names(uint64_t seed, struct name_rows *rows)
{
	static const char *const syllables[] = { "ba", "lor", "men", "di", "tas", "ru", "vel", "ko", "sin", "ga", "fen", "mar",
		"li", "to", "ner", "pas", "qui", "zo", "hel", "wan" };
	uint64_t state = seed;
	size_t count = INVENTED_GIVEN + INVENTED_FAMILY;

	memset(rows, 0, sizeof(*rows));
	rows->row = calloc(count, sizeof(*rows->row));
	if (rows->row == NULL)
		return CDR_E_MEMORY;
	for (; rows->count < count; rows->count++) {
		struct name_row *row = &rows->row[rows->count];
		bool given = rows->count < INVENTED_GIVEN;
		double rank = (double)(given ? rows->count : rows->count - INVENTED_GIVEN) + 1;
		row->kind = given ? NAME_GIVEN : NAME_FAMILY;
		row->measured = true;
		row->share = 0.1 / rank;
		(void)snprintf(row->culture, sizeof(row->culture), "%s", people_invented.given);
		for (size_t used = 0, i = 0; i < 3; i++, used = strlen(row->latin))
			(void)snprintf(row->latin + used, sizeof(row->latin) - used, "%s", syllables[next_below(&state, 20)]);
		memcpy(row->native, row->latin, sizeof(row->native));
	}
	return CDR_OK;
}

/* ---- slips --------------------------------------------------------------------------------------------------- */

/* One slip at a random letter of an ASCII stretch. */
static void
text_slip(char *text, size_t size, uint64_t *state)
{
	size_t len = strlen(text), at = len == 0 ? 0 : next_below(state, len);

	if (len < 3 || len + 2 > size || (unsigned char)text[at] >= 0x80 || text[at] == ' ')
		return;
	char letter = (char)('a' + next_below(state, 26));
	switch (next_below(state, 4)) {
	case 0:
		memmove(text + at, text + at + 1, len - at);
		break;
	case 1:
		memmove(text + at + 1, text + at, len - at + 1);
		text[at] = letter;
		break;
	case 2:
		text[at] = letter;
		break;
	default:
		if (at + 1 < len && (unsigned char)text[at + 1] < 0x80) {
			char swap = text[at];
			text[at] = text[at + 1];
			text[at + 1] = swap;
		}
		break;
	}
}

static void
date_slip(struct cdr_date *birth, uint64_t *state)
{
	uint8_t month = birth->month;

	switch (next_below(state, 4)) {
	case 0:
		if (birth->day <= 12) {
			birth->month = birth->day;
			birth->day = month;
		}
		break;
	case 1:
		birth->day = (uint8_t)(1 + next_below(state, 28));
		break;
	case 2:
		birth->month = (uint8_t)(1 + next_below(state, 12));
		if (birth->day > 28)
			birth->day = 28;
		break;
	default:
		birth->year = (int16_t)(birth->year + (next_below(state, 2) == 0 ? 1 : -1));
		break;
	}
}

/* Drop the last of several words. */
static void
word_drop(char *text)
{
	char *space = strrchr(text, ' ');

	if (space != NULL)
		*space = '\0';
}

/* see tests/bench/match_people.h */
cdr_err
people_damage(struct people *people, uint64_t seed)
{
	uint64_t state = seed;
	size_t count = people->count;

	for (size_t i = 0; i < count; i++) {
		struct subject *copy = subject_add(people);
		if (copy == NULL)
			return CDR_E_MEMORY;
		*copy = people->subject[i];
		copy->query = true;
		struct subject *p = copy;
		double chance = next_unit(&state);
		if (chance < 0.25)
			text_slip(p->given, sizeof(p->given), &state);
		if (chance > 0.15 && chance < 0.4)
			text_slip(p->family, sizeof(p->family), &state);
		if (chance > 0.35 && chance < 0.45)
			date_slip(&p->birth, &state);
		if (chance > 0.4 && chance < 0.5) {
			word_drop(p->given);
			word_drop(p->family);
		}
		if (chance > 0.5 && chance < 0.55) {
			char swap[sizeof(p->given)];
			memcpy(swap, p->given, sizeof(swap));
			memcpy(p->given, p->family, sizeof(swap));
			memcpy(p->family, swap, sizeof(swap));
		}
	}
	return CDR_OK;
}
