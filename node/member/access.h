#ifndef CDR_NODE_MEMBER_ACCESS_H
#define CDR_NODE_MEMBER_ACCESS_H

/* Who may do what: one table for the command line and the API. */

#include "node/member/account.h"

/* Who acts: an account, an API key, or the owner of a node that has no accounts. */
struct cdr_actor {
	char who[CDR_TRAIL_WHO_LEN];    /* as the trail has it */
	char name[CDR_ACCOUNT_NAME_LEN]; /* of the account; empty: none */
	uint32_t roles;
};

/**
 * cdr_access_roles(command):
 * Who may give a command: the words of the sub-command, "check list". What the table does not know nobody may.
 *
 * Returns  a set of roles; 0: nobody, once there are accounts; CDR_ACCESS_ANYBODY: whoever has the node's passphrase, such as the daemon.
 */
#define CDR_ACCESS_ANYBODY UINT32_MAX
uint32_t cdr_access_roles(const char *command);

/**
 * cdr_access_row(command), cdr_access_row_at(index):
 * The words of the row that counts for a command; of the row at ${index}. For tests: every row is some command's.
 *
 * Returns  the words; NULL if there is no such row.
 */
const char *cdr_access_row(const char *command);
const char *cdr_access_row_at(size_t index);

/**
 * cdr_access_check(member, command, token, actor, fault):
 * May whoever holds session ${token} (NULL: nobody logged in) give ${command} here? Then member->who is set.
 *
 * actor   out   may be NULL
 *
 * Returns  CDR_OK; CDR_E_PASSPHRASE if a session is needed and there is none; CDR_E_REFUSED if the roles do not allow it;
 *          CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_access_check(struct cdr_member *member, const char *command, const char *token,
    struct cdr_actor *actor, struct cdr_fault *fault);

#endif
