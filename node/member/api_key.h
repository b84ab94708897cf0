#ifndef CDR_NODE_MEMBER_API_KEY_H
#define CDR_NODE_MEMBER_API_KEY_H

/* Keys of programs that use a node's API. A key is shown once; the node keeps its hash. */

#include "node/member/access.h"

#define CDR_API_KEY_DAYS_MAX 3660
#define CDR_API_KEY_MAX 1000

struct cdr_api_key {
	char name[CDR_ACCOUNT_NAME_LEN];
	uint32_t roles;
	uint64_t made_at, expires_at, revoked_at, used_at; /* 0: not */
};

/**
 * cdr_api_key_add(member, name, roles, days, key, fault):
 * Make a key.
 *
 * key     out, secret   empty on error
 *
 * Returns  CDR_OK; CDR_E_INPUT for the name; CDR_E_EXISTS, also for a revoked key of that name; CDR_E_RANGE; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_api_key_add(struct cdr_member *member, const char *name, uint32_t roles, unsigned days,
    char key[static CDR_TOKEN_LEN], struct cdr_fault *fault);

/* From now on the key opens nothing. CDR_E_ABSENT if there is none, or it was revoked before. */
CDR_MUST_CHECK cdr_err cdr_api_key_revoke(struct cdr_member *member, const char *name, struct cdr_fault *fault);

/* Each key by name, also those that are over. */
typedef cdr_err cdr_api_key_callback(const struct cdr_api_key *key, void *context);
CDR_MUST_CHECK cdr_err cdr_api_key_each(struct cdr_member *member, cdr_api_key_callback *callback, void *context);

/**
 * cdr_api_key_actor(member, key, actor, fault):
 * Who acts with this key?
 *
 * Returns  CDR_OK; CDR_E_PASSPHRASE if there is no such key, or it is over; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_api_key_actor(struct cdr_member *member, const char *key, struct cdr_actor *actor, struct cdr_fault *fault);

#endif
