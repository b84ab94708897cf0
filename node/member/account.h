#ifndef CDR_NODE_MEMBER_ACCOUNT_H
#define CDR_NODE_MEMBER_ACCOUNT_H

/*
 * The people who use a node: names, roles, passwords, one-time codes, recovery codes, sessions.
 *
 * A node without accounts is its owner's: the passphrase opens everything. With the first account every command and every
 * call of the API asks who it is for (node/member/access.h). What this cannot do: the daemon has to read letters, so whoever holds
 * the folder and the passphrase holds the keys of the cases, whatever accounts say. Accounts keep apart people who use the node, not
 * people who own it.
 */

#include "keys/passphrase.h"
#include "node/member/member.h"

enum {
	CDR_ROLE_HR = 1,
	CDR_ROLE_SAFEGUARDING = 2,
	CDR_ROLE_ANALYST = 4,
	CDR_ROLE_ADMINISTRATOR = 8, /* stands alone: sees no case */
	CDR_ROLE_AUDITOR = 16,
	CDR_ROLE_ALL = 31,
};

#define CDR_ACCOUNT_NAME_LEN 33          /* 2 .. 32 of a-z, 0-9, '.', '-', '_', and the closing NUL */
#define CDR_ACCOUNT_MAX 1000
#define CDR_RECOVERY_CODE_COUNT 10
#define CDR_RECOVERY_CODE_LEN 20         /* "XXXXX-XXXXX-XXXXX" and room; 72 random bits */
#define CDR_TOKEN_LEN 56                 /* a session token or an API key as text, with its NUL */
#define CDR_ROLES_TEXT_LEN 64
#define CDR_SESSION_IDLE_SECONDS 1800
#define CDR_SESSION_SECONDS 28800
#define CDR_LOGIN_FREE_FAILURES 5        /* in a row, before the first wait */
#define CDR_LOGIN_WAIT_MIN 30            /* seconds; doubled with each further failure, */
#define CDR_LOGIN_WAIT_MAX 900           /* up to this. Attempts while it lasts neither count nor lengthen it. */

struct cdr_account {
	char name[CDR_ACCOUNT_NAME_LEN];
	uint32_t roles;
	bool has_totp;
	uint64_t recovery_count;    /* codes that are left */
	uint64_t made_at, locked_until;
};

/**
 * cdr_roles_read(text, roles, fault):
 * "hr,safeguarding" as a set of roles. An administrator has no other role.
 *
 * Returns  CDR_OK; CDR_E_INPUT for a role that there is none of, or none at all; CDR_E_REFUSED for an administrator with others.
 */
CDR_MUST_CHECK cdr_err cdr_roles_read(const char *text, uint32_t *roles, struct cdr_fault *fault);
void cdr_roles_write(uint32_t roles, char text[static CDR_ROLES_TEXT_LEN]);

/**
 * cdr_account_add(member, name, roles, password, codes, fault):
 * Add somebody. The first account is an administrator's, since nobody else could add the next. Everybody begins with recovery codes: they
 * are what lets somebody in whom others keep waiting by failing on purpose.
 *
 * codes   out, secret   as cdr_account_recovery_new
 *
 * Returns  CDR_OK; CDR_E_INPUT for the name; CDR_E_EXISTS; CDR_E_REFUSED for the first account or as cdr_passphrase_check;
 *          CDR_E_RANGE beyond CDR_ACCOUNT_MAX; CDR_E_STORE, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_account_add(struct cdr_member *member, const char *name, uint32_t roles,
    const struct cdr_passphrase *password, char codes[static CDR_RECOVERY_CODE_COUNT][CDR_RECOVERY_CODE_LEN], struct cdr_fault *fault);

/* Each of these returns CDR_OK; CDR_E_ABSENT if there is no such account; CDR_E_REFUSED if nobody would be left to administer the others;
 * CDR_E_STORE. All but the last two end the account's sessions. */
CDR_MUST_CHECK cdr_err cdr_account_remove(struct cdr_member *member, const char *name, struct cdr_fault *fault);
CDR_MUST_CHECK cdr_err cdr_account_set_roles(struct cdr_member *member, const char *name, uint32_t roles, struct cdr_fault *fault);
CDR_MUST_CHECK cdr_err cdr_account_set_password(struct cdr_member *member, const char *name, const struct cdr_passphrase *password,
    struct cdr_fault *fault);
CDR_MUST_CHECK cdr_err cdr_account_totp_off(struct cdr_member *member, const char *name, struct cdr_fault *fault);
CDR_MUST_CHECK cdr_err cdr_account_unlock(struct cdr_member *member, const char *name, struct cdr_fault *fault);

/**
 * cdr_account_rescue(member, name, password, fault):
 * A new password and no authenticator, for an administrator who lost both. Asked for by whoever holds the node's passphrase, and so
 * everything else.
 *
 * Returns  as cdr_account_set_password; CDR_E_REFUSED if it is no administrator's account.
 */
CDR_MUST_CHECK cdr_err cdr_account_rescue(struct cdr_member *member, const char *name, const struct cdr_passphrase *password,
    struct cdr_fault *fault);

/**
 * cdr_account_totp_new(member, name, secret, fault), cdr_account_totp_confirm(member, name, code, fault):
 * A new secret for an authenticator. It is asked for at login only once a code of it has confirmed that the authenticator works;
 * until then the one before stays.
 *
 * Returns  as above; (confirm) CDR_E_PASSPHRASE if the code is not the secret's, CDR_E_ABSENT if there is no new secret.
 */
CDR_MUST_CHECK cdr_err cdr_account_totp_new(struct cdr_member *member, const char *name, uint8_t *secret, struct cdr_fault *fault);
CDR_MUST_CHECK cdr_err cdr_account_totp_confirm(struct cdr_member *member, const char *name, const char *code, struct cdr_fault *fault);

/* New recovery codes in place of the old ones. Each stands once for a one-time code, and opens a locked account. */
CDR_MUST_CHECK cdr_err cdr_account_recovery_new(struct cdr_member *member, const char *name,
    char codes[static CDR_RECOVERY_CODE_COUNT][CDR_RECOVERY_CODE_LEN], struct cdr_fault *fault);

/**
 * cdr_account_login(member, name, password, code, token, fault):
 * Begin a session.
 *
 * code    in            a one-time code, or a recovery code; NULL or "": none given
 * token   out, secret   empty on error
 *
 * Returns  CDR_OK; CDR_E_PASSPHRASE if anything of it is wrong, there is no such account, or it waits after failures: neither the fault nor
 *          the time that it takes tells which. A recovery code goes through while an account waits, and is used up by that;
 *          CDR_E_STORE, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_account_login(struct cdr_member *member, const char *name, const struct cdr_passphrase *password,
    const char *code, char token[static CDR_TOKEN_LEN], struct cdr_fault *fault);

/**
 * cdr_account_prove(member, name, password, fault):
 * Is it this account's password? Asked of somebody who is logged in, before the password is changed. Failures count as those of a login.
 *
 * Returns  as cdr_account_login.
 */
CDR_MUST_CHECK cdr_err cdr_account_prove(struct cdr_member *member, const char *name, const struct cdr_passphrase *password,
    struct cdr_fault *fault);

/**
 * cdr_account_session(member, token, account, fault):
 * Whose session is it? Using it keeps it from idling out.
 *
 * Returns  CDR_OK; CDR_E_PASSPHRASE if there is none, or it has ended; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_account_session(struct cdr_member *member, const char *token, struct cdr_account *account,
    struct cdr_fault *fault);

/* End a session; one that is none is ended already. */
CDR_MUST_CHECK cdr_err cdr_account_logout(struct cdr_member *member, const char *token);

/* How many accounts there are; each of them by name. */
CDR_MUST_CHECK cdr_err cdr_account_count(struct cdr_member *member, uint64_t *count);
typedef cdr_err cdr_account_callback(const struct cdr_account *account, void *context);
CDR_MUST_CHECK cdr_err cdr_account_each(struct cdr_member *member, cdr_account_callback *callback, void *context);

/**
 * cdr_token_make(prefix, token, digest), cdr_token_digest(token, digest):
 * A random token of 256 bits as text behind two letters and '_', and what is kept of it.
 */
CDR_MUST_CHECK cdr_err cdr_token_make(const char *prefix, char token[static CDR_TOKEN_LEN], uint8_t digest[static CDR_SHA256_LEN]);
CDR_MUST_CHECK cdr_err cdr_token_digest(const char *token, uint8_t digest[static CDR_SHA256_LEN]);

#endif
