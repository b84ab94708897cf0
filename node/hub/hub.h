#ifndef CDR_NODE_HUB_HUB_H
#define CDR_NODE_HUB_HUB_H

/*
 * What every part of the hub works with: the database, the signing key, the roster in force.
 *
 * Everything that must last stands in the database. What is kept in memory (the roster, decoded) is compared with the
 * database at every request, so that any number of hub processes over one database agree.
 */

#include "node/net/current.h"
#include "node/net/dispatch.h"
#include "node/store/store.h"

#include <pthread.h>

/* How much of what one party may lay by here. */
#define CDR_HUB_MAILBOX_MAX 4096         /* letters that wait for one member */
#define CDR_HUB_MAILBOX_SENDER_MAX 512   /* of them from one sender */
#define CDR_HUB_OPEN_CHECK_MAX 10000     /* checks of one member that are open */
#define CDR_HUB_CEREMONY_ROUND_MAX 8
#define CDR_HUB_CEREMONY_CONTENT_MAX (32U << 10)
#define CDR_HUB_CEREMONY_SENDER_MAX 512  /* messages of one trustee, all ceremonies */
#define CDR_HUB_RESULTS_A_DAY 64          /* what one trustee says came of ceremonies: each is a leaf for ever */
#define CDR_HUB_PROOFS_A_DAY 256         /* of own rows, for one member; and one more for each so many people in the index: */
#define CDR_HUB_PEOPLE_A_PROOF 16
#define CDR_HUB_MISUSE_MAX 1000          /* notes about one party */

/* How long what nobody needs any more is kept. */
#define CDR_HUB_DAY_S 86400
#define CDR_HUB_EXPIRY_DAYS 60 /* the rule of a new exchange: after so long a check is closed */
#define CDR_HUB_TAKEN_DAYS 90            /* ids of taken mail and of index batches */
#define CDR_HUB_CEREMONY_DAYS 30
#define CDR_HUB_EPOCH_DAYS 365
#define CDR_HUB_STATISTICS_KEY_DAYS 485  /* renewed each year; rounds that began under it have 120 days to be opened */

struct cdr_hub_witness;

struct cdr_hub {
	struct cdr_store *store;
	const uint8_t *seed;                   /* CDR_SIGN_SEED_LEN bytes, borrowed from the keystore */
	uint8_t genesis[CDR_GENESIS_HASH_LEN];
	struct cdr_current *current;
	pthread_mutex_t reload;                /* one thread at a time looks for a newer roster */
	struct cdr_hub_witness *witness;       /* shows the log to the trustees; NULL in commands that end at once */
};

/**
 * cdr_hub_start(store, seed, hub, fault):
 * Begin to work over a database that holds a genesis roster.
 *
 * store, seed  in   borrowed until cdr_hub_stop
 * hub          out  freed by cdr_hub_stop; NULL on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT if the database holds no roster; CDR_E_SIGNATURE if ${seed} is not of the hub that the
 *          genesis roster names; CDR_E_STORE, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_start(struct cdr_store *store, const uint8_t *seed, struct cdr_hub **hub,
    struct cdr_fault *fault);
void cdr_hub_stop(struct cdr_hub *hub);

/**
 * cdr_hub_roster_hold(hub):
 * The roster in force according to the database now, until it is released.
 *
 * Returns  NULL if the database cannot be read: no request is answered from memory alone.
 */
const struct cdr_roster *cdr_hub_roster_hold(struct cdr_hub *hub);
void cdr_hub_roster_release(struct cdr_hub *hub, const struct cdr_roster *roster);

/**
 * cdr_hub_roster_read(tx, version, roster, fault):
 * One roster from the database.
 *
 * version  in   CDR_HUB_ROSTER_NEWEST for the one in force
 *
 * Returns  CDR_OK; CDR_E_ABSENT; CDR_E_STORE; CDR_E_ROSTER; CDR_E_MEMORY. ${roster} is new, owned by the caller.
 */
#define CDR_HUB_ROSTER_NEWEST (-1)
CDR_MUST_CHECK cdr_err cdr_hub_roster_read(struct cdr_tx *tx, int64_t version, struct cdr_roster **roster,
    struct cdr_fault *fault);

/**
 * cdr_hub_roster_store(tx, roster, now):
 * Put ${roster} in force: it was verified by the caller. Its leaf, and those of what it does to keys, go into the log with it.
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_hub_roster_store(struct cdr_tx *tx, const struct cdr_roster *roster, uint64_t now);

#define CDR_HUB_STATUS_LEN 16

/**
 * cdr_hub_status_read(tx, id, status):
 * The status of a member as this hub treats it: pending, active, suspended, revoked.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is no such member (status is then empty); CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_hub_status_read(struct cdr_tx *tx, const char *id, char status[static CDR_HUB_STATUS_LEN]);

/* A member is asked, written to and matched only if the roster in force and the database both say that it is active. CDR_OK; CDR_E_STORE. */
CDR_MUST_CHECK cdr_err cdr_hub_active_read(struct cdr_tx *tx, const struct cdr_roster *roster, const char *id,
    bool *active);

/**
 * cdr_hub_misuse_note(hub, party, kind, subject, now, format, ...):
 * Note, once for a kind and a subject, that ${party} contradicted itself. In a transaction of its own, since the one
 * that found out is undone. What cannot be stored is lost: the request is refused either way.
 */
void cdr_hub_misuse_note(struct cdr_hub *hub, const char *party, const char *kind, struct cdr_bytes subject,
    uint64_t now, const char *format, ...) CDR_PRINTF(6, 7);

/**
 * cdr_hub_epoch_check(roster, number, now, fault):
 * Whether ${number} is an epoch of ${roster} that has begun and has not ended.
 *
 * Returns  CDR_OK; CDR_E_EPOCH.
 */
CDR_MUST_CHECK cdr_err cdr_hub_epoch_check(const struct cdr_roster *roster, uint32_t number, uint64_t now,
    struct cdr_fault *fault);

/* Whether type, rarity and pair, in this order at ${row}, are values that a token can have. */
bool cdr_hub_token_is_valid(const uint8_t row[static 3]);

#endif
