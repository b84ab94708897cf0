#ifndef CDR_NODE_MEMBER_ACCOUNT_PARTS_H
#define CDR_NODE_MEMBER_ACCOUNT_PARTS_H

/* What the parts of node/member/account share. */

#include "core/crypto/totp.h"
#include "keys/password.h"
#include "node/member/account.h"

/* A row of the table. Secret: wiped by whoever owns it. */
struct cdr_account_row {
	struct cdr_account account;
	uint8_t id[CDR_ID_LEN];
	uint8_t password[CDR_PASSWORD_RECORD_LEN];
	bool has_totp, has_totp_new;
	uint8_t totp[CDR_TOTP_SECRET_LEN], totp_new[CDR_TOTP_SECRET_LEN];
	uint64_t totp_step, failures;
};

/* Returns CDR_OK; CDR_E_ABSENT; CDR_E_STORE. */
CDR_MUST_CHECK cdr_err cdr_account_find(struct cdr_tx *tx, const char *name, struct cdr_account_row *row);

/* What is kept of a recovery code: a hash under the node's key, since a code is shorter than a key. CDR_E_INPUT if it is no code. */
CDR_MUST_CHECK cdr_err cdr_account_recovery_digest(const struct cdr_member *member, const uint8_t account[static CDR_ID_LEN],
    const char *code, uint8_t digest[static CDR_SHA256_LEN]);

#endif
