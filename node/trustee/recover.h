#ifndef CDR_NODE_TRUSTEE_RECOVER_H
#define CDR_NODE_TRUSTEE_RECOVER_H

/*
 * A trustee that was put back from a backup has forgotten what it did since: what it cosigned, counted, opened. Until it knows
 * how far the log had come that others saw it cosigns nothing, evaluates nothing, opens nothing, countersigns nothing and makes no
 * keys. It asks the other trustees what they saw last: t of them, or all others where there are fewer. At least one honest one among
 * them cosigned whatever this trustee helped to witness (as long as fewer than 2t - n are dishonest). Then it takes in the log until
 * it has passed all of that, and refuses a log that does not lead through every root that it was told.
 *
 * What it opened of rounds the log does not tell. So for good it answers no round anew whose period had begun to end before it had
 * caught up: the others open it. Nor does it sign of one whose period had begun that it never opens it. Of the lot that comes next
 * it gives no part, since it may have given one for another basis; and a proposal of the version that comes next it countersigns
 * only when its operator says so, since it may have countersigned another. Of what was drawn for it before it had caught up it calls nothing
 * late: it may have been shown, and even judged.
 *
 * A trustee that comes by a change of trustees, or comes back by one, knows as little of what was before it, and a hub could show it a
 * log without what was closed and opened then. It does the same before it acts: it asks those who were trustees before that change, so many
 * that an honest one is among them who witnessed whatever was opened, although t - 1 are dishonest (n + t - the quorum of proto/round.h: 4 of
 * 5 where 3 open); where more were away at the change, all who dealt. Those who left answer too, as long as they run; if they are gone for good, its
 * operator says so (cdr_trustee_recover_without). It has forgotten
 * nothing of its own, so it takes part in the ceremonies that make it a trustee, and answers rounds by what the log tells.
 */

#include "core/crypto/merkle.h"
#include "node/trustee/trustee.h"

/* A writing job's part: from now on this trustee is one that was put back. */
CDR_MUST_CHECK cdr_err cdr_trustee_recover_mark(struct cdr_tx *tx);

/* A writing job's part: from the roster after version ${before} on this is a trustee, and was none in that one. */
CDR_MUST_CHECK cdr_err cdr_trustee_recover_come(struct cdr_tx *tx, uint64_t before);

/* Whether it has to catch up, as far as this transaction knows. */
CDR_MUST_CHECK cdr_err cdr_trustee_recovering(struct cdr_tx *tx, bool *recovering);
/* The same outside one, for whoever is about to sign: CDR_OK; CDR_E_BUSY with what is waited for; CDR_E_STORE. */
CDR_MUST_CHECK cdr_err cdr_trustee_recovered(const struct cdr_trustee *trustee, struct cdr_fault *fault);
/* The same, for whoever goes by what this trustee did itself: one that is new has forgotten nothing. */
CDR_MUST_CHECK cdr_err cdr_trustee_remembers(const struct cdr_trustee *trustee, struct cdr_fault *fault);

/* Whether it was put back and has not caught up: it does not know what it did, as far as this transaction knows. One that is new does. */
CDR_MUST_CHECK cdr_err cdr_trustee_has_forgotten(struct cdr_tx *tx, bool *has_forgotten);

/*
 * Whether leaves may be taken in: one that has to catch up takes none before all have told whom it waits for, since what it is told later of
 * what it took in before it could not compare.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_recover_listens(struct cdr_tx *tx, bool *listens);

/**
 * cdr_trustee_recover_pass(tx, edge, contradicts):
 * The log that is taken in has come to ${edge}: is it one that others saw?
 *
 * contradicts  out   others saw another log of that size
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_recover_pass(struct cdr_tx *tx, const struct cdr_merkle_edge *edge, bool *contradicts);

/* How far the log had come that others told of. */
CDR_MUST_CHECK cdr_err cdr_trustee_recover_target(struct cdr_tx *tx, uint64_t *size);

/* Whether this trustee may have countersigned a proposal of this version, and have forgotten it. */
CDR_MUST_CHECK cdr_err cdr_trustee_recover_may_have_signed(struct cdr_tx *tx, uint64_t version, bool *may_have);

/**
 * cdr_trustee_recover_step(trustee, fault):
 * Ask those that have not told yet, and the hub for the rest of the log; see whether this trustee has caught up.
 *
 * Returns  CDR_OK, also where it has not; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_recover_step(struct cdr_trustee *trustee, struct cdr_fault *fault);

/**
 * cdr_trustee_recover_without(trustee, gone, count, at_risk, fault):
 * The operator says that these former trustees are gone for good: one that is new waits for them no more, where those who are left are fewer than
 * it would have asked. It then leaves rounds whose period had begun before it had caught up to the others, as one that was put back does: what was
 * opened of them it may not have been told.
 *
 * gone     in   their numbers in the roster before; none of them is a trustee now
 * at_risk  in   also where fewer than the threshold of that roster are left
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there was no such trustee, or this one waits for nobody; CDR_E_REFUSED if one of them is a trustee still, or too
 *          few would be left; CDR_E_INPUT if one is named twice; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_recover_without(struct cdr_trustee *trustee, const uint32_t *gone, size_t count, bool at_risk,
    struct cdr_fault *fault);

/* Where this trustee stands in all that. */
struct cdr_trustee_standing {
	bool is_put_back, is_new;      /* and has not caught up */
	uint32_t without[CDR_TRUSTEE_COUNT_MAX]; /* those who its operator said are gone for good, since it came: numbers in the roster before */
	size_t without_count;
};
CDR_MUST_CHECK cdr_err cdr_trustee_recover_standing(struct cdr_tx *tx, struct cdr_trustee_standing *standing);

/* When it had caught up the last time, seconds since 1970; 0: it was never put back. */
CDR_MUST_CHECK cdr_err cdr_trustee_recover_ended(struct cdr_tx *tx, uint64_t *ended_at);

/* Whether a round whose period ends with ${last_month} (since January 2000) may have been opened in the time that is forgotten. */
CDR_MUST_CHECK cdr_err cdr_trustee_round_is_forgotten(const struct cdr_trustee *trustee, uint32_t last_month, bool *forgotten);

/*
 * Whether this trustee can say that it never answered a round whose period begins with ${first_month}: it was never put back, or only
 * before then. The log keeps rounds apart that it answers anew, but that it had not answered nobody else can say: so this is stricter.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_round_is_vouched(const struct cdr_trustee *trustee, uint32_t first_month, bool *vouched);

#endif
