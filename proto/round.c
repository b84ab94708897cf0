#include "proto/round.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/identity/calendar.h"

#define DAY_S 86400
#define JULIAN_DAY_1970 2440588
#define DAY_2000 10957  /* 1 January 2000 in days since 1970 */
#define DAY_MAX 65000   /* some day after 2140 */

#define BAD(...) cdr_fault_set(fault, CDR_E_INPUT, __VA_ARGS__)

static const char *const word_label[] = { "candor/1 round", "candor/1 round close", "candor/1 opening set" };

/* see proto/round.h */
bool
cdr_round_names(const char *id, char country[static CDR_COUNTRY_LEN])
{
	static const char prefix[] = "names";
	size_t len = strlen(id);

	country[0] = '\0';
	if (strncmp(id, prefix, sizeof(prefix) - 1) != 0)
		return false;
	id += sizeof(prefix) - 1;
	if (len == sizeof(prefix) - 1)
		return true;
	if (len != sizeof(prefix) + CDR_COUNTRY_LEN - 1 || *id++ != '-' || strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != CDR_COUNTRY_LEN - 1)
		return false;
	memcpy(country, id, CDR_COUNTRY_LEN);
	return true;
}

/* ---- form ------------------------------------------------------------------------------------------------------- */

static cdr_err
check_table(const Cdr__Wire__Round *body, size_t at, struct cdr_fault *fault)
{
	const Cdr__Wire__RoundTable *table = body->table[at];

	if (table->id[0] == '\0' || strlen(table->id) > CDR_CODE_LEN_MAX)
		return BAD("round: table number %zu has no name, or too long a one", at + 1);
	for (size_t i = 0; i < at; i++) {
		if (strcmp(body->table[i]->id, table->id) == 0)
			return BAD("round: the table %s is there twice", table->id);
	}
	if (table->cells < 1 || table->cells > CDR_ROUND_CELLS_MAX)
		return BAD("round: the table %s has %" PRIu32 " cells, not 1 to %d", table->id, table->cells, CDR_ROUND_CELLS_MAX);
	if (table->bits < 1 || table->bits > CDR_ROUND_BITS_MAX)
		return BAD("round: the counts of table %s have %" PRIu32 " bits, not 1 to %d", table->id, table->bits,
		    CDR_ROUND_BITS_MAX);
	return CDR_OK;
}

static cdr_err
check_body(const Cdr__Wire__Round *body, struct cdr_fault *fault)
{
	uint32_t first, last;

	if (body->exchange.len != CDR_GENESIS_HASH_LEN || body->id.len != CDR_ID_LEN || body->public_key.len != CDR_POINT_LEN)
		return BAD("round: exchange, id or key has another length than it must");
	if (cdr_round_period(body->period, &first, &last) != CDR_OK || first != body->first_month || last != body->last_month)
		return BAD("round: its period is not a half-year such as 2026-H1, or its months are not those");
	if (strlen(body->codebook_version) > CDR_CODE_LEN_MAX)
		return BAD("round: the version of the codebook is too long");
	if (body->minimum < CDR_ROUND_MINIMUM)
		return BAD("round: it asks for %" PRIu32 " contributors; fewer than %d are never opened", body->minimum,
		    CDR_ROUND_MINIMUM);
	if (body->deadline <= body->opened_at)
		return BAD("round: its deadline is not after its beginning");
	if (body->has_epsilon_milli && (body->epsilon_milli < CDR_ROUND_EPSILON_MILLI_MIN ||
	    body->epsilon_milli > CDR_ROUND_EPSILON_MILLI_MAX))
		return BAD("round: epsilon is not between %d and %d thousandths", CDR_ROUND_EPSILON_MILLI_MIN,
		    CDR_ROUND_EPSILON_MILLI_MAX);
	if (body->n_table < 1 || body->n_table > CDR_ROUND_TABLES_MAX)
		return BAD("round: it has %zu tables, not 1 to %d", body->n_table, CDR_ROUND_TABLES_MAX);
	return CDR_OK;
}

/* Months since January 2000; 0 for a time before that, or one that is none. */
static uint32_t
month_of(uint64_t seconds)
{
	struct cdr_date date;
	uint64_t day = seconds / DAY_S;

	if (day < DAY_2000 || day > DAY_MAX)
		return 0;
	cdr_gregorian_from_day((int32_t)day + JULIAN_DAY_1970, &date);
	return ((uint32_t)date.year - 2000) * 12 + date.month - 1;
}

/*
 * Names are counted under a stated scheme, in as many cells as a sketch has, and opened with noise alone. A register does not depend on the
 * period, so the period must be the half-year before the round was opened: then rounds of two periods that are not next to each
 * other lie more than half a year apart, and those next to each other are compared by the trustees.
 */
static cdr_err
check_names(const Cdr__Wire__Round *body, struct cdr_fault *fault)
{
	char country[CDR_COUNTRY_LEN];
	bool any = false;

	for (size_t t = 0; t < body->n_table; t++) {
		if (!cdr_round_names(body->table[t]->id, country))
			continue;
		any = true;
		if (cdr_sketch_width(body->table[t]->cells) == 0)
			return BAD("round: the table %s has %" PRIu32 " cells, as no sketch of names has", body->table[t]->id,
			    body->table[t]->cells);
	}
	if (any != body->has_scheme || (any && body->scheme.len != CDR_PLACES_VERSION_LEN))
		return BAD("round: a scheme is named where there are tables of names, and nowhere else");
	uint32_t opened = month_of(body->opened_at);
	if (any && (opened <= body->last_month || opened > body->last_month + CDR_ROUND_NAMES_MONTHS))
		return BAD("round: names are counted in the half-year after the period, and this one is opened in another");
	if (any && (!body->has_epsilon_milli || body->epsilon_milli > CDR_ROUND_NAMES_EPSILON_MILLI_MAX))
		return BAD("round: names are opened with noise alone, epsilon at most %g", CDR_ROUND_NAMES_EPSILON_MILLI_MAX / 1000.0);
	return CDR_OK;
}

/* What a contribution encrypts, and what it proves about that. */
static cdr_err
fill_layout(struct cdr_round *round)
{
	const Cdr__Wire__Round *body = round->body;
	uint32_t cells = (uint32_t)round->cell_count, at = 0;

	round->bits = malloc(5 * round->cell_count);
	round->forms = calloc(3 * round->cell_count, sizeof(*round->forms));
	if (round->bits == NULL || round->forms == NULL)
		return CDR_E_MEMORY;
	uint8_t *proved = round->bits + 2 * cells;
	for (size_t t = 0; t < body->n_table; t++) {
		uint8_t bits = (uint8_t)body->table[t]->bits;
		for (uint32_t i = 0; i < body->table[t]->cells; i++, at++) {
			round->bits[at] = proved[cells + at] = proved[2 * cells + at] = bits;
			round->bits[cells + at] = proved[at] = 1;
			round->forms[at] = (struct cdr_range_form){ { cells + at, at }, { 1, 0 } };
			round->forms[cells + at] = (struct cdr_range_form){ { at, cells + at }, { 1, -1 } };
			round->forms[2 * cells + at] = (struct cdr_range_form){ { cells + at, at }, { (1 << bits) - 1, -1 } };
		}
	}
	round->layout = (struct cdr_range_layout){ .count = 3 * round->cell_count, .bits = proved, .form = round->forms,
		.cipher_count = 2 * round->cell_count, .cipher_bits = round->bits };
	return CDR_OK;
}

static cdr_err
make_layout(struct cdr_round *round, struct cdr_fault *fault)
{
	const Cdr__Wire__Round *body = round->body;

	for (size_t t = 0; t < body->n_table; t++) {
		cdr_err err = check_table(body, t, fault);
		if (err != CDR_OK)
			return err;
		round->cell_count += body->table[t]->cells;
	}
	if (round->cell_count > CDR_ROUND_CELLS_MAX)
		return BAD("round: its tables have %zu cells together, more than %d", round->cell_count, CDR_ROUND_CELLS_MAX);
	cdr_err err = fill_layout(round);
	if (err == CDR_OK && cdr_range_packed_len(&round->layout) == 0)
		return BAD("round: all counts together have more bits than can be proved at once: fewer cells, or smaller counts");
	return err;
}

/* see proto/round.h */
cdr_err
cdr_round_decode(struct cdr_bytes bytes, struct cdr_round **out, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_round *round = calloc(1, sizeof(*round));

	*out = NULL;
	if (round == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_buffer_copy(bytes, &round->bytes));
	err = cdr_message_decode(&round->signed_arena, &cdr__wire__signed_round__descriptor, cdr_buffer_bytes(&round->bytes),
	    &round->sealed);
	if (err == CDR_OK)
		err = cdr_message_decode(&round->arena, &cdr__wire__round__descriptor, cdr_message_bytes(round->sealed->round),
		    &round->body);
	if (err != CDR_OK) {
		(void)cdr_fault_set(fault, err, "round: it cannot be read");
		goto out;
	}
	const struct cdr_bytes part = cdr_message_bytes(round->sealed->round);
	CDR_TRY(cdr_sha256(&part, 1, round->hash));
	CDR_TRY(check_body(round->body, fault));
	CDR_TRY(check_names(round->body, fault));
	CDR_TRY(make_layout(round, fault));
	*out = round;
	round = NULL;
out:
	cdr_round_free(round);
	return err;
}

/* see proto/round.h */
void
cdr_round_free(struct cdr_round *round)
{
	if (round == NULL)
		return;
	cdr_arena_free(&round->arena);
	cdr_arena_free(&round->signed_arena);
	cdr_buffer_free(&round->bytes);
	free(round->bits);
	free(round->forms);
	free(round);
}

/* see proto/round.h */
uint32_t
cdr_round_minimum(const struct cdr_roster *roster)
{
	const Cdr__Wire__Scheme *scheme = roster->body->scheme;
	uint32_t minimum = scheme->has_statistics_minimum ? scheme->statistics_minimum : 0;

	return minimum > CDR_ROUND_MINIMUM ? minimum : CDR_ROUND_MINIMUM;
}

/* see proto/round.h */
cdr_err
cdr_round_verify(const struct cdr_round *round, const struct cdr_roster *roster,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_fault *fault)
{
	const Cdr__Wire__Round *body = round->body;
	const Cdr__Wire__StatisticsKey *key = cdr_roster_statistics_key(roster, body->statistics_key);

	if (memcmp(body->exchange.data, genesis, CDR_GENESIS_HASH_LEN) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "the round belongs to another exchange");
	if (cdr_round_word_verify(roster, CDR_ROUND_WORD_ROUND, genesis, cdr_message_bytes(round->sealed->round),
	    cdr_message_bytes(round->sealed->signature)) != CDR_OK)
		return cdr_fault_set(fault, CDR_E_SIGNATURE, "the round is not signed by the hub");
	if (key == NULL || key->public_key.len != CDR_POINT_LEN ||
	    memcmp(key->public_key.data, body->public_key.data, CDR_POINT_LEN) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "the round's key is not statistics key %" PRIu32 " of the roster",
		    body->statistics_key);
	if (body->minimum < cdr_round_minimum(roster))
		return cdr_fault_set(fault, CDR_E_REFUSED, "the round asks for %" PRIu32 " contributors, the roster for %" PRIu32,
		    body->minimum, cdr_round_minimum(roster));
	return CDR_OK;
}

/* see proto/round.h */
cdr_err
cdr_round_period(const char *text, uint32_t *first, uint32_t *last)
{
	uint32_t year = 0;

	*first = *last = 0;
	if (strlen(text) != 7 || text[4] != '-' || text[5] != 'H' || (text[6] != '1' && text[6] != '2'))
		return CDR_E_INPUT;
	for (size_t i = 0; i < 4; i++) {
		if (text[i] < '0' || text[i] > '9')
			return CDR_E_INPUT;
		year = 10 * year + (uint32_t)(text[i] - '0');
	}
	if (year < 2000)
		return CDR_E_INPUT;
	*first = (year - 2000) * 12 + (text[6] == '1' ? 0 : 6);
	*last = *first + 5;
	return CDR_OK;
}

/* see proto/round.h */
bool
cdr_round_has_names(const struct cdr_round *round)
{
	char country[CDR_COUNTRY_LEN];

	for (size_t t = 0; t < round->body->n_table; t++)
		if (cdr_round_names(round->body->table[t]->id, country))
			return true;
	return false;
}

/* see proto/round.h */
uint32_t
cdr_round_quorum(const struct cdr_roster *roster)
{
	return ((uint32_t)roster->body->n_trustee + roster->body->threshold - 1) / 2 + 1;
}

/* see proto/round.h */
cdr_err
cdr_round_roster(const struct cdr_tally_world *world, uint64_t version, const struct cdr_roster **roster,
    struct cdr_fault *fault)
{
	*roster = world->roster;
	if (world->roster->body->version == version)
		return CDR_OK;
	*roster = NULL;
	if (world->rosters == NULL)
		return cdr_fault_set(fault, CDR_E_ABSENT, "roster version %" PRIu64 " is not at hand", version);
	return cdr_shelf_at(world->rosters, version, roster, fault);
}

/* see proto/round.h */
bool
cdr_round_same_sharing(const struct cdr_round *round, const struct cdr_roster *a, const struct cdr_roster *b)
{
	const Cdr__Wire__StatisticsKey *left = cdr_roster_statistics_key(a, round->body->statistics_key);
	const Cdr__Wire__StatisticsKey *right = cdr_roster_statistics_key(b, round->body->statistics_key);

	return left != NULL && right != NULL && left->transcript.len == right->transcript.len &&
	    memcmp(left->transcript.data, right->transcript.data, left->transcript.len) == 0;
}

/* see proto/round.h */
size_t
cdr_round_table_start(const struct cdr_round *round, size_t at)
{
	size_t start = 0;

	for (size_t t = 0; t < at; t++)
		start += round->body->table[t]->cells;
	return start;
}

/* ---- the hub's word --------------------------------------------------------------------------------------------- */

static cdr_err
word_hash(enum cdr_round_word word, const uint8_t *genesis, struct cdr_bytes body, uint8_t out[static CDR_SHA256_LEN])
{
	uint8_t hash[CDR_SHA256_LEN];
	const char *label = word_label[word];
	cdr_err err = cdr_sha256(&body, 1, hash);
	const struct cdr_bytes parts[] = {
		{ (const uint8_t *)label, strlen(label) + 1 }, { genesis, CDR_GENESIS_HASH_LEN }, { hash, sizeof(hash) }
	};

	return err == CDR_OK ? cdr_sha256(parts, 3, out) : err;
}

/* see proto/round.h */
cdr_err
cdr_round_sign(const uint8_t *seed, enum cdr_round_word word, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    struct cdr_bytes body, uint8_t out[static CDR_SIGNATURE_LEN])
{
	uint8_t hash[CDR_SHA256_LEN];
	cdr_err err = word_hash(word, genesis, body, hash);

	return err == CDR_OK ? cdr_sign(seed, hash, sizeof(hash), out) : err;
}

/* see proto/round.h */
cdr_err
cdr_round_word_verify(const struct cdr_roster *roster, enum cdr_round_word word,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_bytes body, struct cdr_bytes signature)
{
	uint8_t hash[CDR_SHA256_LEN];
	cdr_err err = word_hash(word, genesis, body, hash);

	if (err != CDR_OK)
		return err;
	if (signature.len != CDR_SIGNATURE_LEN)
		return CDR_E_SIGNATURE;
	return cdr_verify(roster->body->hub->signing_key.data, hash, sizeof(hash), signature.data);
}

/* ---- which contributions count ---------------------------------------------------------------------------------- */

static cdr_err
check_head(const struct cdr_close *close, const struct cdr_round *round, struct cdr_fault *fault)
{
	const Cdr__Wire__RoundClose *body = close->body;

	if (body->round.len != CDR_ROUND_HASH_LEN || memcmp(body->round.data, round->hash, CDR_ROUND_HASH_LEN) != 0 ||
	    body->sums_hash.len != CDR_SHA256_LEN || body->list_hash.len != CDR_SHA256_LEN)
		return BAD("the list of contributions is of another round");
	return body->members > CDR_MEMBER_COUNT_MAX ? BAD("the list of contributions is too long") : CDR_OK;
}

/* Whether it was made by ${roster}, of enough members. */
static cdr_err
check_rules(const struct cdr_close *close, const struct cdr_round *round, const struct cdr_roster *roster,
    struct cdr_fault *fault)
{
	const Cdr__Wire__RoundClose *body = close->body;
	uint32_t minimum = cdr_round_minimum(roster);

	if (minimum < round->body->minimum)
		minimum = round->body->minimum;
	if (body->roster_version != roster->body->version)
		return BAD("the list of contributions was made by another roster");
	if (body->members < minimum)
		return cdr_fault_set(fault, CDR_E_REFUSED, "%" PRIu32 " members contributed; with fewer than %" PRIu32
		    " nothing is opened", body->members, minimum);
	return CDR_OK;
}

/* The list that the head stands for. */
static cdr_err
read_list(const Cdr__Wire__SignedClose *sealed, struct cdr_close *close, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_bytes bytes = cdr_message_bytes(sealed->list);
	uint8_t hash[CDR_SHA256_LEN];

	CDR_TRY(cdr_sha256(&bytes, 1, hash));
	if (!sealed->has_list || memcmp(hash, close->body->list_hash.data, sizeof(hash)) != 0)
		return BAD("the list of contributions is not the one that the hub signed");
	CDR_TRY(cdr_message_decode(&close->list_arena, &cdr__wire__close_list__descriptor, bytes, &close->list));
	if (close->list->n_contribution != close->body->members)
		return BAD("the list of contributions has another length than the hub says");
	for (size_t i = 0; i < close->list->n_contribution; i++) {
		const Cdr__Wire__ClosedContribution *c = close->list->contribution[i];
		if (c->hash.len != CDR_SHA256_LEN || (i > 0 && strcmp(close->list->contribution[i - 1]->member, c->member) >= 0))
			return BAD("the list of contributions is not in the order of the members, or one is there twice");
	}
out:
	return err;
}

static cdr_err
read_head(const Cdr__Wire__SignedClose *sealed, const struct cdr_round *round, const struct cdr_roster *roster,
    const uint8_t *genesis, struct cdr_close *close, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_bytes body = cdr_message_bytes(sealed->close);

	*close = (struct cdr_close){ 0 };
	if (cdr_round_word_verify(roster, CDR_ROUND_WORD_CLOSE, genesis, body, cdr_message_bytes(sealed->signature)) != CDR_OK)
		return cdr_fault_set(fault, CDR_E_SIGNATURE, "the list of contributions is not signed by the hub");
	CDR_TRY(cdr_message_decode(&close->arena, &cdr__wire__round_close__descriptor, body, &close->body));
	CDR_TRY(cdr_sha256(&body, 1, close->hash));
	CDR_TRY(check_head(close, round, fault));
out:
	return err;
}

/* see proto/round.h */
cdr_err
cdr_close_read_head(const Cdr__Wire__SignedClose *sealed, const struct cdr_round *round, const struct cdr_roster *roster,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_close *close, struct cdr_fault *fault)
{
	cdr_err err = read_head(sealed, round, roster, genesis, close, fault);

	return err == CDR_OK ? check_rules(close, round, roster, fault) : err;
}

/* see proto/round.h */
cdr_err
cdr_close_read_signed(const Cdr__Wire__SignedClose *sealed, const struct cdr_round *round, const struct cdr_roster *roster,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_close *close, struct cdr_fault *fault)
{
	cdr_err err = read_head(sealed, round, roster, genesis, close, fault);

	return err == CDR_OK ? read_list(sealed, close, fault) : err;
}

/* see proto/round.h */
cdr_err
cdr_close_read(const Cdr__Wire__SignedClose *sealed, const struct cdr_round *round, const struct cdr_roster *roster,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_close *close, struct cdr_fault *fault)
{
	cdr_err err = cdr_close_read_head(sealed, round, roster, genesis, close, fault);

	return err == CDR_OK ? read_list(sealed, close, fault) : err;
}

/* see proto/round.h */
cdr_err
cdr_close_roster_version(const Cdr__Wire__SignedClose *sealed, uint64_t *version)
{
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__RoundClose *head;
	cdr_err err = cdr_message_decode(&arena, &cdr__wire__round_close__descriptor, cdr_message_bytes(sealed->close), &head);

	*version = err == CDR_OK ? head->roster_version : 0;
	cdr_arena_free(&arena);
	return err;
}

/* see proto/round.h */
void
cdr_close_free(struct cdr_close *close)
{
	cdr_arena_free(&close->arena);
	cdr_arena_free(&close->list_arena);
	*close = (struct cdr_close){ 0 };
}

/* see proto/round.h */
size_t
cdr_close_find(const struct cdr_close *close, const char *member)
{
	for (size_t i = 0; i < close->list->n_contribution; i++) {
		if (strcmp(close->list->contribution[i]->member, member) == 0)
			return i;
	}
	return SIZE_MAX;
}

/* ---- whose first answers count ---------------------------------------------------------------------------------- */

/* see proto/round.h */
cdr_err
cdr_set_read(const struct cdr_tally_world *world, const Cdr__Wire__SignedSet *sealed, const struct cdr_close *close,
    struct cdr_set *set, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_bytes body = cdr_message_bytes(sealed->set);

	*set = (struct cdr_set){ 0 };
	if (cdr_round_word_verify(world->roster, CDR_ROUND_WORD_SET, world->genesis, body, cdr_message_bytes(sealed->signature)) != CDR_OK)
		return cdr_fault_set(fault, CDR_E_SIGNATURE, "the list of first answers is not signed by the hub");
	CDR_TRY(cdr_message_decode(&set->arena, &cdr__wire__opening_set__descriptor, body, &set->body));
	CDR_TRY(cdr_sha256(&body, 1, set->hash));
	if (set->body->close.len != CDR_ROUND_HASH_LEN || memcmp(set->body->close.data, close->hash, CDR_ROUND_HASH_LEN) != 0)
		return BAD("the list of first answers is of another round");
	CDR_TRY(cdr_round_roster(world, set->body->roster_version, &set->roster, fault));
	if (set->body->n_answer != set->roster->body->threshold)
		return BAD("the list of first answers has %zu entries, not %" PRIu32, set->body->n_answer, set->roster->body->threshold);
	for (size_t i = 0; i < set->body->n_answer; i++) {
		const Cdr__Wire__OpeningAnswer *a = set->body->answer[i];
		if (a->hash.len != CDR_SHA256_LEN || cdr_roster_trustee(set->roster, a->trustee) == NULL ||
		    (i > 0 && set->body->answer[i - 1]->trustee >= a->trustee))
			return BAD("the list of first answers names no trustee, one twice, or is not in order");
	}
	err = CDR_OK;
out:
	return err;
}

/* see proto/round.h */
void
cdr_set_free(struct cdr_set *set)
{
	cdr_arena_free(&set->arena);
	*set = (struct cdr_set){ 0 };
}
