#ifndef CDR_PROTO_ROUND_H
#define CDR_PROTO_ROUND_H

/*
 * A round of statistics: what it is, and how the hub's word about it is signed and checked. What is encrypted in it, added
 * up and opened is in proto/tally.h.
 */

#include "core/crypto/range.h"
#include "core/identity/place.h"
#include "core/identity/person.h"
#include "proto/exchange.pb-c.h"
#include "proto/roster.h"
#include "proto/round.pb-c.h"
#include "proto/shelf.h"

#define CDR_ROUND_HASH_LEN 32

/* A round that has passed every check of form. Never changed. */
struct cdr_round {
	struct cdr_arena arena;
	struct cdr_arena signed_arena;
	struct cdr_buffer bytes;                  /* the SignedRound, as it travels and is stored */
	const Cdr__Wire__SignedRound *sealed;     /* borrowed */
	const Cdr__Wire__Round *body;             /* borrowed */
	uint8_t hash[CDR_ROUND_HASH_LEN];         /* SHA-256 of the Round's bytes */
	size_t cell_count;                        /* of all tables */
	uint8_t *bits;                            /* of each ciphertext, then of each number that is proved about */
	struct cdr_range_form *forms;
	/*
	 * What one contribution encrypts: the counts of all tables, in order, and then their flags. What it proves, in the same
	 * order: every flag is 0 or 1; count - flag is not negative; (2^bits - 1) flag - count is not negative: so a flag is 1
	 * exactly where its count is not 0, and the count is below 2^bits.
	 */
	struct cdr_range_layout layout;
};

/**
 * cdr_round_decode(bytes, round, fault):
 * Read a SignedRound and check its form: lengths, at least one table and no more than there may be, none twice, cells and
 * bits within their limits, a minimum of contributors that is not below CDR_ROUND_MINIMUM, times and months in order.
 * The signature is not checked here.
 *
 * round   out   new, owned by the caller; NULL on error
 *
 * Returns  CDR_OK; CDR_E_INPUT with what is wrong; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_round_decode(struct cdr_bytes bytes, struct cdr_round **round, struct cdr_fault *fault);
void cdr_round_free(struct cdr_round *round);

/**
 * cdr_round_verify(round, roster, genesis, fault):
 * Whether the hub of ${roster} opened ${round} in this exchange, under a statistics key that the roster names, with no
 * fewer contributors than the roster's scheme asks for.
 *
 * Returns  CDR_OK; CDR_E_SIGNATURE; CDR_E_REFUSED with what is wrong.
 */
CDR_MUST_CHECK cdr_err cdr_round_verify(const struct cdr_round *round, const struct cdr_roster *roster,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_fault *fault);

/* The fewest contributors that anything is opened for, whatever a round says. */
uint32_t cdr_round_minimum(const struct cdr_roster *roster);

/**
 * cdr_round_period(text, first, last):
 * The months, counted from January 2000, of "2026-H1" and "2026-H2".
 *
 * Returns  CDR_OK; CDR_E_INPUT for anything else.
 */
CDR_MUST_CHECK cdr_err cdr_round_period(const char *text, uint32_t *first, uint32_t *last);

/**
 * cdr_round_names(id, country):
 * Is this a table of names, and whose: of everybody ("names"), or of the people of one country ("names-SOM")?
 *
 * country   out   "" for everybody
 */
bool cdr_round_names(const char *id, char country[static CDR_COUNTRY_LEN]);

/* Whether any of the round's tables is one of names. */
bool cdr_round_has_names(const struct cdr_round *round);

/**
 * cdr_round_quorum(roster):
 * How many trustees must have witnessed a log before what it says of a round counts: more than (n + t - 1) / 2. Of two
 * logs that differ, t - 1 dishonest trustees could witness both; then fewer than so many are left for one of them.
 */
uint32_t cdr_round_quorum(const struct cdr_roster *roster);

/* Everything that a step needs to know of its round. Borrowed. */
struct cdr_tally_world {
	const struct cdr_round *round;
	const struct cdr_roster *roster;     /* while it is open the one in force; then the one by which it was closed */
	const uint8_t *genesis;              /* CDR_GENESIS_HASH_LEN bytes */
	struct cdr_shelf *rosters;           /* others, by which trustees answered; NULL: there are none */
};

/* The roster of that version, from ${world}. Returns as cdr_shelf_at. */
CDR_MUST_CHECK cdr_err cdr_round_roster(const struct cdr_tally_world *world, uint64_t version,
    const struct cdr_roster **roster, struct cdr_fault *fault);

/* Whether the round's key is shared alike in both rosters, so that parts made with the shares of one and of the other go together. */
bool cdr_round_same_sharing(const struct cdr_round *round, const struct cdr_roster *a, const struct cdr_roster *b);

/* Where table number ${at} begins among the counts; the flag of count i is number cell_count + i. */
size_t cdr_round_table_start(const struct cdr_round *round, size_t at);

/* ---- the hub's word ------------------------------------------------------------------------------------------- */

/* What the hub signs by itself, for those who were not there: Ed25519 over SHA-256(label || 0 || genesis || SHA-256(body)). */
enum cdr_round_word { CDR_ROUND_WORD_ROUND, CDR_ROUND_WORD_CLOSE, CDR_ROUND_WORD_SET };

CDR_MUST_CHECK cdr_err cdr_round_sign(const uint8_t *seed, enum cdr_round_word word,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_bytes body, uint8_t out[static CDR_SIGNATURE_LEN]);

/* Returns  CDR_OK; CDR_E_SIGNATURE. */
CDR_MUST_CHECK cdr_err cdr_round_word_verify(const struct cdr_roster *roster, enum cdr_round_word word,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_bytes body, struct cdr_bytes signature);

/* ---- which contributions count -------------------------------------------------------------------------------- */

struct cdr_close {
	struct cdr_arena arena, list_arena;
	const Cdr__Wire__RoundClose *body;        /* borrowed */
	const Cdr__Wire__CloseList *list;         /* borrowed; NULL where the head alone was read */
	uint8_t hash[CDR_ROUND_HASH_LEN];         /* SHA-256 of the RoundClose's bytes */
};

/**
 * cdr_close_read(sealed, round, roster, genesis, close, fault):
 * Read and verify the hub's list of contributions: signed, of this round, members in order and none twice, at least as
 * many as the round and the roster ask for.
 *
 * close   out   freed by the caller, also on error
 *
 * Returns  CDR_OK; CDR_E_SIGNATURE; CDR_E_INPUT; CDR_E_REFUSED for too few; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_close_read(const Cdr__Wire__SignedClose *sealed, const struct cdr_round *round,
    const struct cdr_roster *roster, const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_close *close,
    struct cdr_fault *fault);

/* The same without the list, as it stands beside published cells: what was signed, of this round, of enough members. */
CDR_MUST_CHECK cdr_err cdr_close_read_head(const Cdr__Wire__SignedClose *sealed, const struct cdr_round *round,
    const struct cdr_roster *roster, const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_close *close,
    struct cdr_fault *fault);
void cdr_close_free(struct cdr_close *close);

/* The same by a roster of any version, for a member: what was signed, of this round, fitting together; not whether it may be opened. */
CDR_MUST_CHECK cdr_err cdr_close_read_signed(const Cdr__Wire__SignedClose *sealed, const struct cdr_round *round,
    const struct cdr_roster *roster, const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_close *close,
    struct cdr_fault *fault);

/* By which roster the hub says that it closed; not verified. CDR_OK; CDR_E_INPUT; CDR_E_MEMORY. */
CDR_MUST_CHECK cdr_err cdr_close_roster_version(const Cdr__Wire__SignedClose *sealed, uint64_t *version);

/* Which of ${close} is ${member}'s; SIZE_MAX: none. */
size_t cdr_close_find(const struct cdr_close *close, const char *member);

/* ---- whose first answers count -------------------------------------------------------------------------------- */

struct cdr_set {
	struct cdr_arena arena;
	const Cdr__Wire__OpeningSet *body;        /* borrowed */
	const struct cdr_roster *roster;          /* with the shares that were answered with; borrowed from the world */
	uint8_t hash[CDR_ROUND_HASH_LEN];
};

/* As cdr_close_read; t different trustees of its roster in the order of their indices. Also as cdr_round_roster. */
CDR_MUST_CHECK cdr_err cdr_set_read(const struct cdr_tally_world *world, const Cdr__Wire__SignedSet *sealed,
    const struct cdr_close *close, struct cdr_set *set, struct cdr_fault *fault);
void cdr_set_free(struct cdr_set *set);

#endif
