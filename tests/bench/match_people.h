#ifndef CDR_TESTS_BENCH_MATCH_PEOPLE_H
#define CDR_TESTS_BENCH_MATCH_PEOPLE_H

/* The people whom bench_match measures on: published data sets, and seeded populations of one culture each. */

#include "core/identity/generate/names.h"
#include "core/identity/person.h"

#define PEOPLE_TRUTH_LEN 24

/* Kept small: a population has a hundred thousand. */
struct subject {
	char given[96], family[96], whole[128];
	char number[16]; /* of a national document of Australia; empty: none */
	struct cdr_date birth;
	char truth[PEOPLE_TRUTH_LEN]; /* equal for two records of one person */
	bool query;                   /* a candidate; false: known to a former employer */
	bool second_half;             /* of the people, by a hash of truth */
};

struct people {
	struct subject *subject;
	size_t count, room;
};

/**
 * people_read(path, with_documents, people):
 * Read one of ../shared/data/people/: role,truth_id,name,given,surname,dob,id_number,postcode.
 *
 * with_documents  in   the id_number becomes a national document of Australia
 *
 * Returns  CDR_OK; CDR_E_ABSENT; CDR_E_INPUT; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err people_read(const char *path, bool with_documents, struct people *people);

/* How a culture builds a full name. */
enum name_custom {
	CUSTOM_WESTERN = 0, /* one or two given names, a family name */
	CUSTOM_IBERIAN,     /* one or two given names, two family names */
	CUSTOM_CHAIN,       /* given name, father's, grandfather's, sometimes a family name */
	CUSTOM_FATHER,      /* given name and father's given name */
	CUSTOM_MIDDLE,      /* family name, a middle name that most people share, given name */
	CUSTOM_TWO,         /* one given name, one family name */
};

struct culture {
	const char *name;
	const char *given;  /* as in name-frequency.csv */
	const char *family; /* the same, or the culture whose family names are used */
	enum name_custom custom;
	bool closed;        /* there are no more given names than are listed */
	bool counted;       /* the shares of its family names were counted, not imputed on the safe side */
	unsigned default_dates; /* of a hundred people: 1 January for want of a date */
};

/* The cultures whose names are published well enough to draw people from. */
extern const struct culture people_cultures[];
extern const size_t people_culture_count;

/* A culture that never was, for machines without the published names. */
extern const struct culture people_invented;

/* Its names: made of syllables, with shares by Zipf's law. The caller frees them with names_free. */
CDR_MUST_CHECK cdr_err people_invent_names(uint64_t seed, struct name_rows *rows);

/**
 * people_draw(rows, culture, count, seed, people):
 * Draw ${count} unrelated people of one culture; the same seed gives the same people. culture NULL: of all in turn.
 */
CDR_MUST_CHECK cdr_err people_draw(const struct name_rows *rows, const struct culture *culture, size_t count,
    uint64_t seed, struct people *people);

/**
 * people_damage(people, seed):
 * Add to each person a second record, as a clerk might have entered it: a slip, another spelling, a swap, a missing part.
 */
CDR_MUST_CHECK cdr_err people_damage(struct people *people, uint64_t seed);

/* The person of one record, as a node would hold it. */
void people_person(const struct subject *subject, struct cdr_person *person);

void people_free(struct people *people);

#endif
