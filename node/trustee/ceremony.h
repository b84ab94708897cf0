#ifndef CDR_NODE_TRUSTEE_CEREMONY_H
#define CDR_NODE_TRUSTEE_CEREMONY_H

/*
 * Running proto/ceremony.h: its state in the database, its messages through the hub, its result into a share.
 *
 * Each turn fetches, steps, saves, posts, in this order; so a trustee may be killed at any moment and says after its
 * start what it said before. The plan is stored with the seed: what was begun is gone on with, whatever became of the roster.
 */

#include "node/trustee/share.h"
#include "proto/ceremony.h"

#define CDR_TRUSTEE_ATTEMPT_MAX CDR_CEREMONY_ATTEMPT_MAX
#define CDR_TRUSTEE_PLAN_LEN_MAX (64U << 10)

/* What a ceremony is to do with which key. */
struct cdr_trustee_aim {
	enum cdr_ceremony_act act;
	enum cdr_key_kind kind;
	uint32_t number;
};

struct cdr_trustee_ceremony {
	struct cdr_trustee *trustee;
	const struct cdr_roster *roster;  /* held: to reach the hub */
	struct cdr_trustee_aim aim;
	uint32_t attempt;
	struct cdr_arena plan_arena;
	Cdr__Wire__CeremonyPlan *plan;
	struct cdr_roster *basis;         /* the roster that names the key as it is; NULL where it is made */
	struct cdr_ceremony *ceremony;
	struct cdr_buffer saved;          /* the messages as they are stored */
	bool has_posted[CDR_CEREMONY_ROUND_COUNT + 1];
	bool has_result;                  /* what came of it is stored */
	uint8_t transcript[CDR_ROSTER_HASH_LEN]; /* of that */
};

/**
 * cdr_trustee_attempt(trustee, aim, attempt, is_done, fault):
 * Which attempt is to be run: the newest, or the one after it if that ended with somebody at fault. Where a key is made, those of
 * former trustees do not count: whoever came since knows none of them. The secretariat numbers those at giving keys to other trustees.
 *
 * is_done   out   whether that attempt has come to its end, with a key
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is no such key; CDR_E_RANGE after CDR_TRUSTEE_ATTEMPT_MAX; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_attempt(const struct cdr_trustee *trustee, struct cdr_trustee_aim aim,
    uint32_t *attempt, bool *is_done, struct cdr_fault *fault);

/* A ceremony by its id. */
struct cdr_trustee_ceremony_id {
	uint8_t bytes[CDR_CEREMONY_ID_LEN];
};

/**
 * cdr_trustee_attempt_open(trustee, aim, attempt, open, count):
 * Earlier ceremonies with this aim in which this trustee gave its certificate and saw no end: the others may have a key that
 * counts on its share. One in which former trustees were to make a key is none of them.
 *
 * attempt   in    of the ceremony that is to be run: left out
 * open      out   CDR_TRUSTEE_ATTEMPT_MAX places
 *
 * Returns  how many, through ${count}.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_attempt_open(const struct cdr_trustee *trustee, struct cdr_trustee_aim aim,
    uint32_t attempt, struct cdr_trustee_ceremony_id open[static CDR_TRUSTEE_ATTEMPT_MAX], size_t *count);

/**
 * cdr_trustee_ceremony_start(trustee, aim, attempt, change, run, fault) and
 * cdr_trustee_ceremony_resume(trustee, id, run, fault):
 * Take up an attempt, or begin it: then its seed is drawn and stored before anything else happens.
 *
 * change  in    who are to be the trustees, where the key goes to others; else NULL
 * run     out   ended by cdr_trustee_ceremony_end, which ignores NULL; NULL on error
 *
 * Returns  CDR_OK; CDR_E_RANGE for the attempt; CDR_E_ABSENT before the genesis roster is confirmed, or if there is no such
 *          key or ceremony; CDR_E_STORE if its seed was destroyed; as cdr_ceremony_new.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_ceremony_start(struct cdr_trustee *trustee, struct cdr_trustee_aim aim,
    uint32_t attempt, const Cdr__Wire__TrusteeChange *change, struct cdr_trustee_ceremony **run, struct cdr_fault *fault);
CDR_MUST_CHECK cdr_err cdr_trustee_ceremony_resume(struct cdr_trustee *trustee,
    const struct cdr_trustee_ceremony_id *id, struct cdr_trustee_ceremony **run, struct cdr_fault *fault);
void cdr_trustee_ceremony_end(struct cdr_trustee_ceremony *run);

/**
 * cdr_trustee_ceremony_look(tx, plan, messages, ceremony):
 * A ceremony as its messages show it, judged by whoever has no part in it: who is at fault, and whom it waits for.
 *
 * plan      in    borrowed while the ceremony lives
 * messages  in    as they are stored
 * ceremony  out   freed by cdr_ceremony_free; NULL on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT if no roster here names that key; as cdr_ceremony_new, cdr_ceremony_load, cdr_ceremony_step.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_ceremony_look(struct cdr_tx *tx, const Cdr__Wire__CeremonyPlan *plan,
    struct cdr_bytes messages, struct cdr_ceremony **ceremony);

/**
 * cdr_trustee_key_is_theirs(tx, before, after, key, theirs):
 * Whether a key comes of a ceremony that the trustees of ${before} held for those of ${after}, as its messages here prove. One of an earlier plan has shares
 * with others: those who have left since, or who were to come and did not.
 *
 * key      in    of ${after}; this trustee knows it as what came of a ceremony
 * theirs   out   also true where no ceremony for that key is remembered
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_key_is_theirs(struct cdr_tx *tx, const struct cdr_roster *before, const struct cdr_roster *after,
    const struct cdr_roster_key *key, bool *theirs);

/**
 * cdr_trustee_due(trustee, roster, aim, count, fault):
 * The keys that the hub says are to be made now, as far as they are the next of their kind.
 *
 * aim   out   2 places
 *
 * Returns  CDR_OK; as cdr_ask_send.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_due(const struct cdr_trustee *trustee, const struct cdr_roster *roster,
    struct cdr_trustee_aim aim[static 2], size_t *count, struct cdr_fault *fault);

/**
 * cdr_trustee_ceremony_turn(run, fault):
 * One turn. Once the ceremony is done, the share is stored and the result posted.
 *
 * Returns  CDR_OK, whatever the state of run->ceremony is then; CDR_E_EXISTS if the hub has another message of this
 *          trustee; CDR_E_STORE; as cdr_ask_send (try again).
 */
CDR_MUST_CHECK cdr_err cdr_trustee_ceremony_turn(struct cdr_trustee_ceremony *run, struct cdr_fault *fault);

#endif
