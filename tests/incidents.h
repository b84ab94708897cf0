#ifndef CDR_TESTS_INCIDENTS_H
#define CDR_TESTS_INCIDENTS_H

/*
 * Incidents that never happened, drawn from a seed: every field of whatever codebook is loaded, skewed as real figures are (few codes
 * take most, some stay empty), in some twelve countries, and such that every invariant holds.
 */

#include <stdio.h>
#include <string.h>

#include "core/record/incident.h"

struct incidents_draw {
	uint64_t state;
	const struct cdr_book *book;
	struct cdr_record_rules rules;
};

/* splitmix64 */
static inline uint64_t
incidents_next(struct incidents_draw *draw)
{
	uint64_t z = draw->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 0 .. count - 1, the lower the likelier: half of the draws fall into the first fifth or so. */
static inline size_t
incidents_skewed(struct incidents_draw *draw, size_t count)
{
	size_t a = (size_t)(incidents_next(draw) % count), b = (size_t)(incidents_next(draw) % count);
	size_t c = (size_t)(incidents_next(draw) % count);

	a = a < b ? a : b;
	return a < c ? a : c;
}

static inline void
incidents_set(struct cdr_incident *incident, const char *name, const char *value)
{
	const struct cdr_field *field = cdr_book_field_find(incident->book, name);

	if (field != NULL && cdr_incident_set(incident, field, 0, value, NULL) != CDR_OK)
		(void)fprintf(stderr, "%s: not set\n", name);
}

static inline void
incidents_day(struct incidents_draw *draw, unsigned first_month, unsigned months, unsigned year, char text[static 16])
{
	(void)snprintf(text, 16, "%04u-%02u-%02u", year % 10000, (first_month + (unsigned)(incidents_next(draw) % months)) % 100,
	    1 + (unsigned)(incidents_next(draw) % 28));
}

static inline void
incidents_draw_codes(struct incidents_draw *draw, struct cdr_incident *incident, const struct cdr_field *field, size_t row)
{
	char value[256] = "";
	size_t count = 0, len = 0, wanted = field->kind == CDR_FIELD_CODES ? 1 + incidents_next(draw) % 2 : 1;

	while (cdr_codebook_code_peek(draw->book->codebook, field->list, count) != NULL &&
	    cdr_codebook_check(draw->book->codebook, "nothing", cdr_codebook_code_peek(draw->book->codebook, field->list, count), NULL) != CDR_OK)
		count++;
	for (size_t i = 0; i < wanted; i++)
		len += (size_t)snprintf(value + len, sizeof(value) - len, "%s%s", i > 0 ? ";" : "",
		    cdr_codebook_code_peek(draw->book->codebook, field->list, incidents_skewed(draw, count)));
	(void)!cdr_incident_set(incident, field, row, value, NULL);
}

/* What a rule refuses is taken away; the next look says whether that was enough. */
static inline void
incidents_mend(void *context, const struct cdr_field *field, size_t row, const char *reason)
{
	struct cdr_incident *incident = context;

	(void)reason;
	if (!field->needed)
		(void)!cdr_incident_set(incident, field, row, "", NULL);
}

/**
 * incidents_draw(draw, number, year, half, incident):
 * Incident ${number} of half-year ${half} (1, 2) of ${year}.
 */
static inline void
incidents_draw(struct incidents_draw *draw, unsigned number, unsigned year, unsigned half, struct cdr_incident *incident)
{
	static const char countries[][4] = { "SSD", "COD", "SYR", "KEN", "UGA", "HTI", "BGD", "YEM", "AFG", "ETH", "COL", "UKR" };
	char text[64];
	unsigned month = half == 1 ? 1 : 7;

	cdr_incident_start(draw->book, incident);
	for (size_t f = 0; f < draw->book->field_count; f++) {
		const struct cdr_field *field = &draw->book->fields[f];
		bool coded = field->kind == CDR_FIELD_CODE || field->kind == CDR_FIELD_CODES;
		size_t rows = field->group == 0 ? 1 : draw->book->groups[field->group].min + (incidents_next(draw) % 8 == 0);
		if (strcmp(draw->book->groups[field->group].name, "donor") == 0)
			continue;
		if (strcmp(draw->book->groups[field->group].name, "ap") == 0)
			rows += incidents_next(draw) % 8 != 0;
		for (size_t r = 0; coded && r < rows; r++)
			if (field->needed || incidents_next(draw) % 6 != 0)
				incidents_draw_codes(draw, incident, field, r);
	}
	(void)snprintf(text, sizeof(text), "NOTREAL-%06u", number);
	incidents_set(incident, draw->book->key->name, text);
	incidents_set(incident, "country", countries[incidents_skewed(draw, 12)]);
	incidents_day(draw, month + 1, 2, year, text);
	incidents_set(incident, "incident_date", text);
	incidents_day(draw, month + 3, 1, year, text);
	incidents_set(incident, "date_reported", text);
	incidents_day(draw, month + 4, 1, year, text);
	incidents_set(incident, "date_org_aware", text);
	incidents_set(incident, draw->book->consent->name, incidents_next(draw) % 12 == 0 ? "no" : draw->book->consent_code);
	(void)snprintf(text, sizeof(text), "Invented narrative number %u.", number);
	incidents_set(incident, "narrative", text);
	const char *status = cdr_incident_value_peek(incident, cdr_book_field_find(draw->book, "status"), 0);
	if (strncmp(status, "closed", 6) == 0) {
		incidents_day(draw, month + 5, 1, year, text);
		incidents_set(incident, "date_closed", text);
	}
	for (unsigned i = 0; i < 5; i++)
		if (cdr_incident_validate(incident, &draw->rules, "en", incidents_mend, incident) == CDR_OK)
			return;
	(void)fprintf(stderr, "incident %u does not hold\n", number);
}

#endif
