#ifndef CDR_NODE_MEMBER_TRAIL_H
#define CDR_NODE_MEMBER_TRAIL_H

/*
 * The node's own audit trail: who did what, and when. Each entry is written in the same transaction as the act, and holds the
 * hash of the one before it, so that nothing can be taken out of the middle or changed without changing every later hash.
 * Whoever has the folder and the passphrase can write the whole chain anew: note the newest hash elsewhere from time to time.
 *
 * An entry names an account, a verb and the random id of what was acted on: never a candidate, never what was said.
 */

#include "core/crypto/hash.h"
#include "node/store/query.h"

#define CDR_TRAIL_WHO_LEN 80    /* with the closing NUL: "user/NAME", "api-key/NAME", "operator", "node" */
#define CDR_TRAIL_WHAT_LEN 48   /* "check.open", "inbox.answer", "user.add" */

#define CDR_TRAIL_OPERATOR "operator" /* whoever gave the node's passphrase on the command line, before there are users */
#define CDR_TRAIL_NODE "node"         /* the daemon, by itself: retention, expiry */

struct cdr_trail_entry {
	uint64_t number;                  /* 1, 2, 3 ... */
	uint64_t at;                      /* seconds since 1970 */
	char who[CDR_TRAIL_WHO_LEN];
	char what[CDR_TRAIL_WHAT_LEN];
	uint8_t subject[CDR_ID_LEN];      /* all zero: none */
	uint8_t hash[CDR_SHA256_LEN];     /* of this entry and the hash before it */
};

/**
 * cdr_trail_add(tx, who, what, subject):
 * Write that ${who} did ${what}.
 *
 * who      in   1 .. CDR_TRAIL_WHO_LEN - 1 printable ASCII characters
 * what     in   1 .. CDR_TRAIL_WHAT_LEN - 1 of a-z, '.', '_', '-'
 * subject  in   CDR_ID_LEN bytes, the id of the check, request, account ... ; NULL: none
 *
 * Returns  CDR_OK; CDR_E_RANGE for a text; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_trail_add(struct cdr_tx *tx, const char *who, const char *what, const uint8_t *subject);

/**
 * cdr_trail_each(tx, after, max, callback, context):
 * Call ${callback} for at most ${max} entries with a number above ${after}, oldest first; the chain is verified from its
 * first entry on.
 *
 * Returns  CDR_OK; CDR_E_SIGNATURE at the first entry whose hash does not follow, or if one is missing; the callback's error;
 *          CDR_E_STORE.
 */
typedef cdr_err cdr_trail_callback(const struct cdr_trail_entry *entry, void *context);
CDR_MUST_CHECK cdr_err cdr_trail_each(struct cdr_tx *tx, uint64_t after, uint64_t max, cdr_trail_callback *callback,
    void *context);

#endif
