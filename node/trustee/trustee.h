#ifndef CDR_NODE_TRUSTEE_TRUSTEE_H
#define CDR_NODE_TRUSTEE_TRUSTEE_H

/*
 * What every part of a trustee works with: its folder, the exchange it belongs to, the roster in force, its shares.
 *
 * Everything that must last stands in the database. A share leaves its locked memory as a multiplication and in no
 * other way.
 */

#include "node/net/ask.h"
#include "node/net/current.h"
#include "node/store/home.h"

#include <pthread.h>
#include <stdatomic.h>

#define CDR_TRUSTEE_REFRESH_MS 5000 /* a request that needs a newer roster makes us look at most so often */

/* How a question gets to the hub and its answer back, verified: cdr_ask_send for one, or a test's own way. */
struct cdr_trustee_hub {
	cdr_err (*send)(void *context, const struct cdr_signer *signer, struct cdr_ask *ask);
	void *context;
};

struct cdr_trustee_share;

struct cdr_checkpoint;

/* How far a trustee that was put back has come. */
struct cdr_trustee_progress {
	uint64_t size, target;
	int64_t heard;                               /* trustees that told */
	cdr_err asked_hub;
	bool is_logged;
};

#define CDR_TRUSTEE_UNWELCOME_MAX 64

struct cdr_trustee {
	const struct cdr_home *home;
	struct cdr_trustee_hub hub;
	struct cdr_current *current;                 /* holds none before the genesis roster was confirmed */

	/* Of the exchange, once the genesis roster is confirmed; index 0 while no roster names this trustee. */
	bool is_confirmed;
	_Atomic uint32_t index;                      /* a worker may read it while a roster comes into force */
	uint8_t genesis[CDR_GENESIS_HASH_LEN];
	char signer_name[CDR_TRUSTEE_COUNT_MAX + 1][CDR_SIGNER_LEN_MAX + 1]; /* by index: "new", "trustee/1", ...; never changes */

	pthread_mutex_t adopting;                    /* one thread at a time looks for a newer roster */
	uint64_t asked_at_ms;

	pthread_mutex_t witnessed_lock;
	struct cdr_checkpoint *witnessed;            /* what a member or the hub showed last: node/trustee/witnessed.h. NULL: nothing yet */
	struct cdr_checkpoint *matched;              /* the newest that the hub showed and that is what this trustee hashed itself. NULL: none yet */
	uint64_t matched_version;                    /* of the roster whose trustees cosigned that */

	struct cdr_trustee_progress catching_up;     /* as it was logged last: node/trustee/recover.h */
	atomic_bool is_away_told;                    /* the log says that it was away for too long: node/trustee/seen.h */

	struct {                                     /* findings that the hub has lately not taken: node/trustee/query_opening.h */
		uint64_t number[CDR_TRUSTEE_UNWELCOME_MAX];
		size_t count;
		uint64_t since;
	} unwelcome;

	pthread_rwlock_t shares_lock;
	struct cdr_trustee_share *share;             /* CDR_KEY_COUNT_MAX of them: node/trustee/share.h */
};

/**
 * cdr_trustee_start(home, hub, trustee, fault):
 * Begin to work over an open folder: read the newest roster that was verified, and the shares for its epochs.
 *
 * home     in    borrowed until cdr_trustee_stop
 * trustee  out   freed by cdr_trustee_stop, which ignores NULL; NULL on error
 *
 * Returns  CDR_OK, also before any ceremony; CDR_E_STORE; CDR_E_ROSTER; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_start(const struct cdr_home *home, const struct cdr_trustee_hub *hub,
    struct cdr_trustee **trustee, struct cdr_fault *fault);
void cdr_trustee_stop(struct cdr_trustee *trustee);

/* The index under which ${roster} names this trustee; 0 if it does not. */
uint32_t cdr_trustee_index_in(const struct cdr_trustee *trustee, const struct cdr_roster *roster);

/* CDR_OK if the trustee belongs to an exchange; CDR_E_ABSENT with what to do. */
CDR_MUST_CHECK cdr_err cdr_trustee_confirmed(const struct cdr_trustee *trustee, struct cdr_fault *fault);

/* How this trustee signs. Borrowed from it. */
struct cdr_signer cdr_trustee_signer(const struct cdr_trustee *trustee);

/**
 * cdr_trustee_confirm(trustee, genesis, index, fault):
 * Belong, from now on and for good, to the exchange of this genesis roster. The caller compared its fingerprint and
 * found itself in it: see node/trustee/genesis.h.
 *
 * genesis   in   taken over on success
 *
 * Returns  CDR_OK, also if it is the exchange that this trustee belongs to; CDR_E_EXISTS if it belongs to another;
 *          CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_confirm(struct cdr_trustee *trustee, struct cdr_roster *genesis, uint32_t index,
    struct cdr_fault *fault);

/**
 * cdr_trustee_ask(trustee, roster, ask):
 * Ask the hub that ${roster} names; of ${ask} path, message, reply_type and reply_max are filled in by the caller.
 *
 * Returns  as cdr_ask_send. ${ask} is freed by the caller with cdr_ask_free, also on error.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_ask(const struct cdr_trustee *trustee, const struct cdr_roster *roster,
    struct cdr_ask *ask);

/**
 * cdr_trustee_roster_query(tx, sql, values, roster):
 * The first roster that a query finds, whose one column is a roster as it was signed.
 *
 * roster  out  cdr_roster_free; NULL on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT if it finds none; CDR_E_STORE; CDR_E_MEMORY; as cdr_roster_decode.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_roster_query(struct cdr_tx *tx, const char *sql, struct cdr_values values, struct cdr_roster **roster);

/**
 * cdr_trustee_roster_update(trustee, newer, fault):
 * Ask the hub for a newer roster; verify, store and put it in force.
 *
 * newer    out   whether one came into force; may be NULL
 *
 * Returns  CDR_OK; CDR_E_ROSTER if what the hub sent does not follow from what is held; CDR_E_STORE; as cdr_ask_send.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_roster_update(struct cdr_trustee *trustee, bool *newer, struct cdr_fault *fault);

/**
 * cdr_trustee_roster_take(trustee, roster, fault):
 * Put a roster in force that came from elsewhere than the hub, if it follows from the one that is held.
 *
 * roster   in   taken over, also on error
 *
 * Returns  CDR_OK, also if a newer one is held by now; CDR_E_ROSTER; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_roster_take(struct cdr_trustee *trustee, struct cdr_roster *roster, struct cdr_fault *fault);

/* The same because of a request that this trustee cannot place, at most every CDR_TRUSTEE_REFRESH_MS. */
bool cdr_trustee_refresh(struct cdr_trustee *trustee);

/* Small values by name, inside a transaction. CDR_E_ABSENT; CDR_E_STORE if its length does not fit. */
CDR_MUST_CHECK cdr_err cdr_trustee_setting_text(struct cdr_tx *tx, const char *name, char *text, size_t size);
CDR_MUST_CHECK cdr_err cdr_trustee_setting_put(struct cdr_tx *tx, const char *name, const void *value, size_t len);

/* Seconds since 1970. */
uint64_t cdr_trustee_now(void);

#endif
