#include "node/member/names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "core/identity/sketch.h"
#include "node/member/leavers.h"

#define DAY_S 86400
#define OPEN_MAX_S (UINT64_C(184) * DAY_S)

/* One table of names. */
struct names_table {
	char country[CDR_COUNTRY_LEN];
	size_t width;
	uint32_t *cells; /* among the round's counts */
};

struct counting {
	const struct cdr_member *member;
	struct cdr_places places;
	struct names_table table[CDR_RARITY_OWN_MAX];
	size_t table_count;
	uint8_t (*met)[CDR_SHA256_LEN]; /* who was counted, an open table: zeros are nobody */
	size_t room, people;
};

/* see node/member/names.h */
bool
cdr_names_asked(const struct cdr_round *round)
{
	return round->body->has_scheme;
}

/* The same person in another row: the same names and the same day of birth. True where nobody such was met before. */
static cdr_err
meet(struct counting *c, const struct cdr_person *person, bool *is_new)
{
	cdr_err err = CDR_E_INTERNAL;
	static const uint8_t nobody[CDR_SHA256_LEN] = { 0 };
	const struct cdr_date *birth = &person->birth;
	const uint8_t day[] = { (uint8_t)((uint16_t)birth->year >> 8), (uint8_t)birth->year, birth->month, birth->day, birth->precision };
	uint8_t who[CDR_SHA256_LEN];
	size_t at = 0;
	const struct cdr_bytes parts[] = {
		{ (const uint8_t *)person->given_names, strnlen(person->given_names, sizeof(person->given_names) - 1) + 1 },
		{ (const uint8_t *)person->family_names, strnlen(person->family_names, sizeof(person->family_names) - 1) + 1 },
		{ (const uint8_t *)person->native_name, strnlen(person->native_name, sizeof(person->native_name) - 1) + 1 },
		{ day, sizeof(day) },
	};

	CDR_TRY(cdr_sha256(parts, sizeof(parts) / sizeof(parts[0]), who));
	for (size_t i = 0; i < sizeof(at); i++)
		at = at << 8 | who[i];
	for (at %= c->room; memcmp(c->met[at], nobody, sizeof(nobody)) != 0; at = (at + 1) % c->room)
		if (memcmp(c->met[at], who, sizeof(who)) == 0)
			goto out;
	memcpy(c->met[at], who, sizeof(who));
	*is_new = true;
out:
	cdr_wipe(who, sizeof(who));
	return err;
}

/* Does a table of ${country} count this leaver? */
static bool
belongs(const struct cdr_leaver *leaver, const char *country)
{
	const struct cdr_person *person = &leaver->person;

	if (country[0] == '\0')
		return true;
	for (size_t i = 0; i < CDR_NATIONALITY_COUNT_MAX; i++)
		if (strcmp(person->nationality[i], country) == 0)
			return true;
	return person->nationality[0][0] == '\0' && strcmp(leaver->country, country) == 0;
}

/* Whose names no longer can be read, as with an older program's table, is left out. */
static cdr_err
count_leaver(struct counting *c, const struct cdr_leaver *leaver)
{
	cdr_err err = CDR_OK;
	bool is_new = false, any = false;

	CDR_TRY(meet(c, &leaver->person, &is_new));
	for (size_t t = 0; is_new && t < c->table_count; t++) {
		if (!belongs(leaver, c->table[t].country))
			continue;
		err = cdr_sketch_add(&c->places, c->table[t].width, &leaver->person, c->table[t].cells, NULL);
		if (err != CDR_OK && err != CDR_E_INPUT)
			goto out;
		any |= err == CDR_OK;
	}
	c->people += any;
	err = CDR_OK;
out:
	return err;
}

/* A reading job: everybody in the register. */
static cdr_err
count_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct counting *c = context;
	struct cdr_query *query = NULL;
	struct cdr_leaver leaver = { .position = "" };
	uint8_t id[CDR_ID_LEN];
	struct cdr_bytes sealed;
	int64_t rows;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM leaver", CDR_VALUES(), &rows));
	c->room = 2 * (size_t)rows + 1;
	c->met = cdr_wiping_alloc(c->room * sizeof(*c->met));
	if (c->met == NULL)
		return CDR_E_MEMORY;
	memset(c->met, 0, c->room * sizeof(*c->met));
	CDR_TRY(cdr_query_start(tx, "SELECT id, sealed FROM leaver ORDER BY id", CDR_VALUES(), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob(query, 0, id, sizeof(id)));
		CDR_TRY(cdr_query_blob_peek(query, 1, CDR_LEAVER_PACK_MAX + CDR_SEAL_OVERHEAD, &sealed));
		CDR_TRY(cdr_leavers_open(c->member, id, sealed, &leaver));
		CDR_TRY(count_leaver(c, &leaver));
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_wipe(&leaver, sizeof(leaver));
	cdr_query_end(query);
	return err;
}

/* The round's tables of names, empty. */
static cdr_err
take_tables(const struct cdr_round *round, uint32_t *counts, struct counting *c, struct cdr_fault *fault)
{
	for (size_t t = 0; t < round->body->n_table; t++) {
		struct names_table table = { .cells = counts + cdr_round_table_start(round, t) };
		if (!cdr_round_names(round->body->table[t]->id, table.country))
			continue;
		if (c->table_count == CDR_RARITY_OWN_MAX)
			return cdr_fault_set(fault, CDR_E_RANGE, "the round has more than %d tables of names", CDR_RARITY_OWN_MAX);
		table.width = cdr_sketch_width(round->body->table[t]->cells);
		memset(table.cells, 0, round->body->table[t]->cells * sizeof(*table.cells));
		c->table[c->table_count++] = table;
	}
	return CDR_OK;
}

/* One more in every cell; what does not fit is told. */
static cdr_err
raise_all(const struct cdr_round *round, uint32_t *counts, struct cdr_fault *fault)
{
	char country[CDR_COUNTRY_LEN];

	for (size_t t = 0; t < round->body->n_table; t++) {
		const Cdr__Wire__RoundTable *table = round->body->table[t];
		uint32_t *cells = counts + cdr_round_table_start(round, t);
		if (!cdr_round_names(table->id, country))
			continue;
		for (size_t i = 0; i < table->cells; i++)
			if (++cells[i] >> table->bits != 0)
				return cdr_fault_set(fault, CDR_E_RANGE, "this organisation has more people than table %s can hold (%" PRIu32
				    "): tell the secretariat, which can open a round with more --names-bits", table->id,
				    (UINT32_C(1) << table->bits) - 2);
	}
	return CDR_OK;
}

/* see node/member/names.h */
cdr_err
cdr_names_count(struct cdr_member *member, const struct cdr_round *round, uint32_t *counts, size_t *people,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct counting c = { .member = member };
	struct cdr_scheme scheme;

	*people = 0;
	/* the hub's word for when it was opened decides with which other rounds it is compared */
	uint64_t now = cdr_member_now();
	if (round->body->opened_at > now + DAY_S || round->body->opened_at + OPEN_MAX_S < now)
		return cdr_fault_set(fault, CDR_E_TIME, "the round counts names, and was not opened within the last half-year by this machine's clock");
	CDR_TRY(cdr_scheme_current(1, &scheme));
	if (memcmp(scheme.version, round->body->scheme.data, CDR_SCHEME_VERSION_LEN) != 0)
		return cdr_fault_set(fault, CDR_E_EPOCH, "the round counts names by another version of the name tables than this program's: "
		    "install the version of Candor that the secretariat names");
	CDR_TRY(cdr_places_make(scheme.version, &c.places));
	CDR_TRY(take_tables(round, counts, &c, fault));
	CDR_TRY(cdr_store_read(member->home->store, count_job, &c));
	CDR_TRY(raise_all(round, counts, fault));
	*people = c.people;
out:
	cdr_wiping_free(c.met);
	return err;
}
