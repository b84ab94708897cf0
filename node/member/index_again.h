#ifndef CDR_NODE_MEMBER_INDEX_AGAIN_H
#define CDR_NODE_MEMBER_INDEX_AGAIN_H

/*
 * The index of a node that was put back from a backup. What it knows of it is as old as the backup: whoever came since is in the
 * index under a handle that nobody here knows, and whoever was removed since is no longer there. So until that is settled nothing is held
 * against the hub. The node asks whom it has there, removes whom it does not know, and puts everybody of its register again, with the
 * same tags: an import that came after the backup is not evaluated a second time, and nobody who stands in the register is missing in
 * between. People here are told how many came and who went since, and settle it with the file of leavers as it is today.
 *
 * The hub may leave somebody out of what it lists, or add handles. What is not listed is put again all the same; a handle that nobody here
 * knows is removed from this member's own people, if it is there.
 */

#include "node/member/member.h"

/* A writing job's part, in the restored database: what was believed of the index holds no longer. */
CDR_MUST_CHECK cdr_err cdr_index_again_mark(struct cdr_tx *tx);

/* Whether the index has to be settled, as far as this transaction knows. */
CDR_MUST_CHECK cdr_err cdr_index_again_is_due(struct cdr_tx *tx, bool *due);

/**
 * cdr_index_again_look(member, roster, fault):
 * If it is due: ask the hub whom this member has in the index, note who came and went since the backup, and have those removed whom the
 * register does not know. After cdr_epoch_shift.
 *
 * Returns  CDR_OK; CDR_E_INPUT if the hub's list is none; as cdr_ask_send; CDR_E_STORE; CDR_E_MEMORY. What was done is not done twice.
 */
CDR_MUST_CHECK cdr_err cdr_index_again_look(struct cdr_member *member, const struct cdr_roster *roster, struct cdr_fault *fault);

/**
 * cdr_index_again_put(member, roster):
 * If it is due, and the removals are on their way: what the hub had acknowledged before the backup goes there again, and who is in no batch waits
 * for the index. Then it is settled.
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_index_again_put(struct cdr_member *member, const struct cdr_roster *roster);

/* A writing job's part: a whole file of leavers was imported, which says who belongs into the register. */
CDR_MUST_CHECK cdr_err cdr_index_again_settle(struct cdr_tx *tx);

/* What people are told until then. */
struct cdr_index_again {
	uint64_t came;        /* handles of people who were entered, or whose row was changed, after the backup */
	uint64_t went;        /* of the register as it is now: who was no longer in the index */
};
CDR_MUST_CHECK cdr_err cdr_index_again_read(struct cdr_tx *tx, struct cdr_index_again *again);

/**
 * cdr_index_again_each(member, callback, context):
 * Those who went and are in the register again, one after the other.
 *
 * callback  in   leaver is personal, and wiped after the call
 *
 * Returns  CDR_OK; the callback's error; CDR_E_STORE; CDR_E_MEMORY.
 */
struct cdr_leaver;
typedef cdr_err cdr_index_again_callback(const struct cdr_leaver *leaver, void *context);
CDR_MUST_CHECK cdr_err cdr_index_again_each(struct cdr_member *member, cdr_index_again_callback *callback, void *context);

#endif
