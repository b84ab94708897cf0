#include "node/member/account_parts.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/crypto/secret.h"

/* Logging in, and what a session token stands for. */

#define RECOVERY_LEN 9          /* bytes of a recovery code */
#define TOUCH_SECONDS 60        /* how often the use of a session is written down */

/* One password is worked out at a time: each takes 64 MiB. */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* see node/member/account_parts.h */
cdr_err
cdr_account_recovery_digest(const struct cdr_member *member, const uint8_t account[static CDR_ID_LEN], const char *code,
    uint8_t digest[static CDR_SHA256_LEN])
{
	uint8_t content[CDR_ID_LEN + RECOVERY_LEN];

	memcpy(content, account, CDR_ID_LEN);
	cdr_err err = cdr_base32_read(code, content + CDR_ID_LEN, RECOVERY_LEN);
	if (err == CDR_OK)
		err = cdr_member_digest(member, "account.recovery", (struct cdr_bytes){ content, sizeof(content) }, digest);
	cdr_wipe(content, sizeof(content));
	return err;
}

/* An attempt on its way. */
struct attempt {
	struct cdr_member *member;
	const char *name, *code;
	const struct cdr_passphrase *password;
	struct cdr_account_row row;      /* as it was before the password was worked out */
	bool known, password_right;
	uint64_t now;
	bool proves;                     /* it is only asked whether the password is right: no code, no session */
	uint8_t session[CDR_SHA256_LEN]; /* what is kept of the new token */
	cdr_err verdict;                 /* of an attempt that is written down as a failure */
	struct cdr_fault *fault;
};

/* Whatever was wrong, and whether there is such an account or it waits: the same words. */
static cdr_err
refuse(struct attempt *attempt)
{
	return cdr_fault_set(attempt->fault, CDR_E_PASSPHRASE, "name, password or code are not right; who has an authenticator gives its code too. After "
	    "several failures an account waits, for 15 minutes at most: a recovery code opens it at once, an administrator with `candor user unlock`");
}

static cdr_err
read_account(struct cdr_tx *tx, void *context)
{
	struct attempt *attempt = context;

	cdr_err err = cdr_account_find(tx, attempt->name, &attempt->row);
	attempt->known = err == CDR_OK;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* Whoever does not exist takes as long as whoever does. */
static cdr_err
try_password(struct attempt *attempt)
{
	uint8_t record[CDR_PASSWORD_RECORD_LEN];

	(void)pthread_mutex_lock(&one_at_a_time);
	cdr_err err = attempt->known ? cdr_password_verify(attempt->password, attempt->row.password) :
				       cdr_password_record(attempt->password, record);
	(void)pthread_mutex_unlock(&one_at_a_time);
	attempt->password_right = attempt->known && err == CDR_OK;
	return err == CDR_E_PASSPHRASE ? CDR_OK : err;
}

/* Use up what was given as a recovery code. CDR_E_INPUT if it has not the form of one; CDR_E_PASSPHRASE if it is none of this account. */
static cdr_err
take_recovery(struct cdr_tx *tx, struct attempt *attempt, const struct cdr_account_row *row)
{
	uint8_t digest[CDR_SHA256_LEN];

	if (cdr_account_recovery_digest(attempt->member, row->id, attempt->code, digest) != CDR_OK)
		return CDR_E_INPUT;
	cdr_err err = cdr_query_run(tx, "DELETE FROM recovery WHERE account = $1 AND digest = $2",
	    CDR_VALUES(cdr_value_blob(row->id, CDR_ID_LEN), cdr_value_blob(digest, sizeof(digest))));
	if (err != CDR_OK)
		return err;
	return cdr_query_changed_count(tx) == 1 ? CDR_OK : CDR_E_PASSPHRASE;
}

/* The second factor: a recovery code is used up, a one-time code's step too. CDR_E_PASSPHRASE if it is not right. */
static cdr_err
try_code(struct cdr_tx *tx, struct attempt *attempt, const struct cdr_account_row *row)
{
	uint64_t step;

	cdr_err err = take_recovery(tx, attempt, row);
	if (err != CDR_E_INPUT)
		return err;
	if (!row->has_totp)
		return CDR_OK;
	if (cdr_totp_accept(row->totp, attempt->now, row->totp_step, attempt->code, &step) != CDR_OK)
		return CDR_E_PASSPHRASE;
	return cdr_query_run(tx, "UPDATE account SET totp_step = $1 WHERE id = $2",
	    CDR_VALUES(cdr_value_int((int64_t)step), cdr_value_blob(row->id, CDR_ID_LEN)));
}

/* Nobody of that name, or an account that waits: written down as much as any other failure, so that it takes as long. */
static cdr_err
note_nobody(struct cdr_tx *tx)
{
	uint64_t count;

	return cdr_setting_next(tx, "login.nobody", &count);
}

/* One more failure; from the sixth in a row on the account waits, longer each time up to a limit. */
static cdr_err
note_failure(struct cdr_tx *tx, struct attempt *attempt, const struct cdr_account_row *row)
{
	uint64_t failures = row->failures + 1, wait = 0;

	if (failures >= CDR_LOGIN_FREE_FAILURES) {
		uint64_t doublings = failures - CDR_LOGIN_FREE_FAILURES;
		wait = doublings < 6 ? (uint64_t)CDR_LOGIN_WAIT_MIN << doublings : CDR_LOGIN_WAIT_MAX;
		wait = wait < CDR_LOGIN_WAIT_MAX ? wait : CDR_LOGIN_WAIT_MAX;
	}
	cdr_err err = cdr_query_run(tx, "UPDATE account SET failures = $1, locked_until = $2 WHERE id = $3",
	    CDR_VALUES(cdr_value_int((int64_t)failures), cdr_value_int((int64_t)(wait > 0 ? attempt->now + wait : 0)),
		cdr_value_blob(row->id, CDR_ID_LEN)));
	return err == CDR_OK ? cdr_trail_add(tx, attempt->member->who, "login.refused", row->id) : err;
}

static cdr_err
begin_session(struct cdr_tx *tx, struct attempt *attempt, const struct cdr_account_row *row)
{
	char who[CDR_TRAIL_WHO_LEN];
	struct cdr_value id = cdr_value_blob(row->id, CDR_ID_LEN), now = cdr_value_int((int64_t)attempt->now);
	cdr_err err = CDR_E_INTERNAL;

	(void)snprintf(who, sizeof(who), "user/%s", row->account.name);
	CDR_TRY(cdr_query_run(tx, "UPDATE account SET failures = 0, locked_until = 0 WHERE id = $1", CDR_VALUES(id)));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM session WHERE ends_at <= $1 OR used_at <= $2",
	    CDR_VALUES(now, cdr_value_int((int64_t)attempt->now - CDR_SESSION_IDLE_SECONDS))));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO session (digest, account, used_at, ends_at) VALUES ($1, $2, $3, $4)",
	    CDR_VALUES(cdr_value_blob(attempt->session, sizeof(attempt->session)), id, now,
		cdr_value_int((int64_t)attempt->now + CDR_SESSION_SECONDS))));
	CDR_TRY(cdr_trail_add(tx, who, "login", row->id));
	err = CDR_OK;
out:
	return err;
}

/* Everything that the attempt changes, with the account as it is now: others may have tried meanwhile. */
static cdr_err
judge(struct cdr_tx *tx, void *context)
{
	struct attempt *attempt = context;
	struct cdr_account_row row;
	cdr_err err = CDR_E_INTERNAL;

	attempt->verdict = CDR_E_PASSPHRASE;
	err = cdr_account_find(tx, attempt->name, &row);
	if (err == CDR_E_ABSENT)
		return note_nobody(tx);
	CDR_TRY(err);
	bool waits = row.account.locked_until > attempt->now;
	if (waits) {
		/* Only a recovery code of this account opens it, and is used up, whatever else was given: who found one has few tries. */
		err = attempt->proves ? CDR_E_INPUT : take_recovery(tx, attempt, &row);
		if (err == CDR_E_INPUT || err == CDR_E_PASSPHRASE) {
			err = note_nobody(tx); /* a locked account does not stay locked by what is tried on it */
			goto out;
		}
		CDR_TRY(err);
	}
	err = attempt->password_right && cdr_equal(row.password, attempt->row.password, sizeof(row.password)) ? CDR_OK : CDR_E_PASSPHRASE;
	if (err == CDR_OK && !waits && !attempt->proves)
		err = try_code(tx, attempt, &row);
	if (err == CDR_E_PASSPHRASE) {
		err = note_failure(tx, attempt, &row);
		goto out;
	}
	CDR_TRY(err);
	CDR_TRY(attempt->proves ? CDR_OK : begin_session(tx, attempt, &row));
	attempt->verdict = CDR_OK;
out:
	cdr_wipe(&row, sizeof(row));
	return err;
}

/* The same work for everybody: read, stretch the password, write. */
static cdr_err
run_attempt(struct attempt *attempt)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_store *store = attempt->member->home->store;

	CDR_TRY(cdr_store_read(store, read_account, attempt));
	CDR_TRY(try_password(attempt));
	CDR_TRY(cdr_store_write(store, judge, attempt));
	err = attempt->verdict == CDR_OK ? CDR_OK : refuse(attempt);
out:
	return err;
}

/* see node/member/account.h */
cdr_err
cdr_account_login(struct cdr_member *member, const char *name, const struct cdr_passphrase *password, const char *code,
    char token[static CDR_TOKEN_LEN], struct cdr_fault *fault)
{
	struct attempt attempt = {
		.member = member, .name = name, .code = code != NULL ? code : "", .password = password, .now = cdr_member_now(), .fault = fault
	};

	cdr_err err = cdr_token_make("cs", token, attempt.session);
	if (err == CDR_OK)
		err = run_attempt(&attempt);
	if (err != CDR_OK)
		cdr_wipe(token, CDR_TOKEN_LEN);
	cdr_wipe(&attempt, sizeof(attempt));
	return err;
}

/* see node/member/account.h */
cdr_err
cdr_account_prove(struct cdr_member *member, const char *name, const struct cdr_passphrase *password, struct cdr_fault *fault)
{
	struct attempt attempt = {
		.member = member, .name = name, .code = "", .password = password, .now = cdr_member_now(), .proves = true, .fault = fault
	};
	cdr_err err = run_attempt(&attempt);

	cdr_wipe(&attempt, sizeof(attempt));
	return err;
}

/* ---- sessions ------------------------------------------------------------------------------------------------------------ */

struct lookup {
	uint8_t digest[CDR_SHA256_LEN];
	uint64_t now, used_at;
	struct cdr_account *account;
};

static cdr_err
read_session(struct cdr_tx *tx, void *context)
{
	struct lookup *lookup = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	uint64_t roles, ends_at;

	CDR_TRY(cdr_query_start(tx,
	    "SELECT a.name, a.roles, s.used_at, s.ends_at FROM session s JOIN account a ON a.id = s.account WHERE s.digest = $1",
	    CDR_VALUES(cdr_value_blob(lookup->digest, sizeof(lookup->digest))), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, lookup->account->name, sizeof(lookup->account->name)));
	CDR_TRY(cdr_query_count(query, 1, &roles));
	CDR_TRY(cdr_query_count(query, 2, &lookup->used_at));
	CDR_TRY(cdr_query_count(query, 3, &ends_at));
	lookup->account->roles = (uint32_t)roles & CDR_ROLE_ALL;
	if (ends_at <= lookup->now || lookup->used_at + CDR_SESSION_IDLE_SECONDS <= lookup->now)
		err = CDR_E_ABSENT;
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
touch_session(struct cdr_tx *tx, void *context)
{
	const struct lookup *lookup = context;

	return cdr_query_run(tx, "UPDATE session SET used_at = $1 WHERE digest = $2 AND used_at < $1",
	    CDR_VALUES(cdr_value_int((int64_t)lookup->now), cdr_value_blob(lookup->digest, sizeof(lookup->digest))));
}

/* see node/member/account.h */
cdr_err
cdr_account_session(struct cdr_member *member, const char *token, struct cdr_account *account, struct cdr_fault *fault)
{
	struct lookup lookup = { .now = cdr_member_now(), .account = account };

	memset(account, 0, sizeof(*account));
	cdr_err err = cdr_token_digest(token, lookup.digest);
	if (err == CDR_OK)
		err = cdr_store_read(member->home->store, read_session, &lookup);
	if (err == CDR_E_ABSENT)
		err = cdr_fault_set(fault, CDR_E_PASSPHRASE, "the session has ended, or there is none: log in with `candor user login`");
	if (err == CDR_OK && lookup.used_at + TOUCH_SECONDS <= lookup.now)
		err = cdr_store_write(member->home->store, touch_session, &lookup);
	if (err != CDR_OK)
		memset(account, 0, sizeof(*account));
	return err;
}

static cdr_err
end_session(struct cdr_tx *tx, void *context)
{
	const struct lookup *lookup = context;

	return cdr_query_run(tx, "DELETE FROM session WHERE digest = $1",
	    CDR_VALUES(cdr_value_blob(lookup->digest, sizeof(lookup->digest))));
}

/* see node/member/account.h */
cdr_err
cdr_account_logout(struct cdr_member *member, const char *token)
{
	struct lookup lookup = { .now = 0 };

	cdr_err err = cdr_token_digest(token, lookup.digest);
	return err == CDR_OK ? cdr_store_write(member->home->store, end_session, &lookup) : err;
}
