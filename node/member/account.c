#include "node/member/account_parts.h"

#include <stdio.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/crypto/totp.h"

/* Accounts as an administrator and their owners change them. Logging in is in account_login.c. */

static const struct {
	const char *name;
	uint32_t bit;
} roles_known[] = {
	{ "hr", CDR_ROLE_HR }, { "safeguarding", CDR_ROLE_SAFEGUARDING }, { "analyst", CDR_ROLE_ANALYST },
	{ "administrator", CDR_ROLE_ADMINISTRATOR }, { "auditor", CDR_ROLE_AUDITOR },
};

#define ROLE_COUNT (sizeof(roles_known) / sizeof(roles_known[0]))

/* ---- roles, names, tokens --------------------------------------------------------------------------------------------- */

/* see node/member/account.h */
cdr_err
cdr_roles_read(const char *text, uint32_t *roles, struct cdr_fault *fault)
{
	*roles = 0;
	while (*text != '\0') {
		size_t len = strcspn(text, ","), i = 0;
		while (i < ROLE_COUNT && (strlen(roles_known[i].name) != len || strncmp(text, roles_known[i].name, len) != 0))
			i++;
		if (i == ROLE_COUNT)
			return cdr_fault_set(fault, CDR_E_INPUT, "roles are hr, safeguarding, analyst, administrator, auditor; several are separated "
			    "by commas");
		*roles |= roles_known[i].bit;
		text += len + (text[len] == ',');
	}
	if (*roles == 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "which role? hr, safeguarding, analyst, administrator, auditor");
	if ((*roles & CDR_ROLE_ADMINISTRATOR) != 0 && *roles != CDR_ROLE_ADMINISTRATOR) {
		*roles = 0;
		return cdr_fault_set(fault, CDR_E_REFUSED, "an administrator sees no case and so has no other role: make a second account");
	}
	return CDR_OK;
}

/* see node/member/account.h */
void
cdr_roles_write(uint32_t roles, char text[static CDR_ROLES_TEXT_LEN])
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if ((roles & roles_known[i].bit) != 0)
			len += (size_t)snprintf(text + len, CDR_ROLES_TEXT_LEN - len, "%s%s", len > 0 ? "," : "", roles_known[i].name);
}

static bool
is_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_");

	return len >= 2 && len < CDR_ACCOUNT_NAME_LEN && name[len] == '\0';
}

/* see node/member/account.h */
cdr_err
cdr_token_digest(const char *token, uint8_t digest[static CDR_SHA256_LEN])
{
	static const char label[] = "candor/1 token";
	const struct cdr_bytes parts[] = { { (const uint8_t *)label, sizeof(label) }, { (const uint8_t *)token, strlen(token) } };

	return cdr_sha256(parts, 2, digest);
}

/* see node/member/account.h */
cdr_err
cdr_token_make(const char *prefix, char token[static CDR_TOKEN_LEN], uint8_t digest[static CDR_SHA256_LEN])
{
	uint8_t random[32];
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_random(random, sizeof(random)));
	(void)snprintf(token, CDR_TOKEN_LEN, "%.2s_", prefix);
	CDR_TRY(cdr_base32_write(random, sizeof(random), 0, token + 3, CDR_TOKEN_LEN - 3));
	CDR_TRY(cdr_token_digest(token, digest));
	err = CDR_OK;
out:
	cdr_wipe(random, sizeof(random));
	if (err != CDR_OK)
		cdr_wipe(token, CDR_TOKEN_LEN);
	return err;
}

/* ---- rows ---------------------------------------------------------------------------------------------------------------- */

#define COLUMNS "id, name, roles, password, totp, totp_new, totp_step, failures, locked_until, made_at"

static cdr_err
read_row(struct cdr_query *query, struct cdr_account_row *row)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t roles;

	memset(row, 0, sizeof(*row));
	CDR_TRY(cdr_query_blob(query, 0, row->id, sizeof(row->id)));
	CDR_TRY(cdr_query_text(query, 1, row->account.name, sizeof(row->account.name)));
	CDR_TRY(cdr_query_count(query, 2, &roles));
	CDR_TRY(cdr_query_blob(query, 3, row->password, sizeof(row->password)));
	row->has_totp = !cdr_query_is_null(query, 4);
	if (row->has_totp)
		CDR_TRY(cdr_query_blob(query, 4, row->totp, sizeof(row->totp)));
	row->has_totp_new = !cdr_query_is_null(query, 5);
	if (row->has_totp_new)
		CDR_TRY(cdr_query_blob(query, 5, row->totp_new, sizeof(row->totp_new)));
	CDR_TRY(cdr_query_count(query, 6, &row->totp_step));
	CDR_TRY(cdr_query_count(query, 7, &row->failures));
	CDR_TRY(cdr_query_count(query, 8, &row->account.locked_until));
	CDR_TRY(cdr_query_count(query, 9, &row->account.made_at));
	row->account.roles = (uint32_t)roles & CDR_ROLE_ALL;
	row->account.has_totp = row->has_totp;
	err = CDR_OK;
out:
	return err;
}

/* see node/member/account_parts.h */
cdr_err
cdr_account_find(struct cdr_tx *tx, const char *name, struct cdr_account_row *row)
{
	struct cdr_query *query = NULL;

	memset(row, 0, sizeof(*row));
	cdr_err err = cdr_query_start(tx, "SELECT " COLUMNS " FROM account WHERE name = $1", CDR_VALUES(cdr_value_text(name)), &query);
	if (err == CDR_OK)
		err = cdr_query_step(query);
	if (err == CDR_OK)
		err = read_row(query, row);
	cdr_query_end(query);
	return err;
}

/* ---- changes --------------------------------------------------------------------------------------------------------------- */

/* A change on its way into the database. Each kind uses what it needs. */
struct change {
	struct cdr_member *member;
	const char *name, *what, *code;
	uint32_t roles;
	uint8_t record[CDR_PASSWORD_RECORD_LEN];
	uint8_t *secret;
	char (*codes)[CDR_RECOVERY_CODE_LEN];
	struct cdr_fault *fault;
	struct cdr_account_row row;
	cdr_err (*apply)(struct cdr_tx *tx, struct change *change);
};

/* Whoever is left after a change must include an administrator, as long as anybody is. */
static cdr_err
check_administrator(struct cdr_tx *tx, struct cdr_fault *fault)
{
	int64_t all = 0, administrators = 0;

	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM account", CDR_VALUES(), &all);
	if (err == CDR_OK)
		err = cdr_query_one_int(tx, "SELECT count(*) FROM account WHERE roles = $1",
		    CDR_VALUES(cdr_value_int(CDR_ROLE_ADMINISTRATOR)), &administrators);
	if (err == CDR_OK && all > 0 && administrators == 0)
		err = cdr_fault_set(fault, CDR_E_REFUSED, "nobody would be left to administer the accounts: the first one is an administrator, and the "
		    "last administrator goes last");
	return err;
}

static cdr_err
end_sessions(struct cdr_tx *tx, const struct change *change)
{
	return cdr_query_run(tx, "DELETE FROM session WHERE account = $1", CDR_VALUES(cdr_value_blob(change->row.id, CDR_ID_LEN)));
}

/* Find the account, change it, write it into the trail: one transaction. */
static cdr_err
run_change(struct cdr_tx *tx, void *context)
{
	struct change *change = context;
	cdr_err err = CDR_E_INTERNAL;

	err = cdr_account_find(tx, change->name, &change->row);
	if (err == CDR_E_ABSENT)
		err = cdr_fault_set(change->fault, err, "there is no account %s: see `candor user list`", is_name(change->name) ? change->name : "of that name");
	CDR_TRY(err);
	CDR_TRY(change->apply(tx, change));
	CDR_TRY(check_administrator(tx, change->fault));
	CDR_TRY(cdr_trail_add(tx, change->member->who, change->what, change->row.id));
	err = CDR_OK;
out:
	return err;
}

static cdr_err
apply_remove(struct cdr_tx *tx, struct change *change)
{
	struct cdr_value id = cdr_value_blob(change->row.id, CDR_ID_LEN);
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(end_sessions(tx, change));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM recovery WHERE account = $1", CDR_VALUES(id)));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM account WHERE id = $1", CDR_VALUES(id)));
	err = CDR_OK;
out:
	return err;
}

static cdr_err
apply_roles(struct cdr_tx *tx, struct change *change)
{
	cdr_err err = cdr_query_run(tx, "UPDATE account SET roles = $1 WHERE id = $2",
	    CDR_VALUES(cdr_value_int(change->roles), cdr_value_blob(change->row.id, CDR_ID_LEN)));

	return err == CDR_OK ? end_sessions(tx, change) : err;
}

static cdr_err
apply_password(struct cdr_tx *tx, struct change *change)
{
	cdr_err err = cdr_query_run(tx, "UPDATE account SET password = $1, failures = 0, locked_until = 0 WHERE id = $2",
	    CDR_VALUES(cdr_value_blob(change->record, sizeof(change->record)), cdr_value_blob(change->row.id, CDR_ID_LEN)));

	return err == CDR_OK ? end_sessions(tx, change) : err;
}

static cdr_err
apply_totp_off(struct cdr_tx *tx, struct change *change)
{
	cdr_err err = cdr_query_run(tx, "UPDATE account SET totp = NULL, totp_new = NULL WHERE id = $1",
	    CDR_VALUES(cdr_value_blob(change->row.id, CDR_ID_LEN)));

	return err == CDR_OK ? end_sessions(tx, change) : err;
}

static cdr_err
apply_unlock(struct cdr_tx *tx, struct change *change)
{
	return cdr_query_run(tx, "UPDATE account SET failures = 0, locked_until = 0 WHERE id = $1",
	    CDR_VALUES(cdr_value_blob(change->row.id, CDR_ID_LEN)));
}

static cdr_err
apply_totp_new(struct cdr_tx *tx, struct change *change)
{
	return cdr_query_run(tx, "UPDATE account SET totp_new = $1 WHERE id = $2",
	    CDR_VALUES(cdr_value_blob(change->secret, CDR_TOTP_SECRET_LEN), cdr_value_blob(change->row.id, CDR_ID_LEN)));
}

/* The step of the code that confirms is used up with it. */
static cdr_err
apply_totp_confirm(struct cdr_tx *tx, struct change *change)
{
	uint64_t step;

	if (!change->row.has_totp_new)
		return cdr_fault_set(change->fault, CDR_E_ABSENT, "there is no new secret to confirm: make one with `candor user totp`");
	if (cdr_totp_accept(change->row.totp_new, cdr_member_now(), 0, change->code, &step) != CDR_OK)
		return cdr_fault_set(change->fault, CDR_E_PASSPHRASE, "that is not the authenticator's code: compare the clocks, and try the next one");
	return cdr_query_run(tx, "UPDATE account SET totp = totp_new, totp_new = NULL, totp_step = $1 WHERE id = $2",
	    CDR_VALUES(cdr_value_int((int64_t)step), cdr_value_blob(change->row.id, CDR_ID_LEN)));
}

static cdr_err
apply_recovery(struct cdr_tx *tx, struct change *change)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t digest[CDR_SHA256_LEN];
	struct cdr_value id = cdr_value_blob(change->row.id, CDR_ID_LEN);

	CDR_TRY(cdr_query_run(tx, "DELETE FROM recovery WHERE account = $1", CDR_VALUES(id)));
	for (size_t i = 0; i < CDR_RECOVERY_CODE_COUNT; i++) {
		CDR_TRY(cdr_account_recovery_digest(change->member, change->row.id, change->codes[i], digest));
		CDR_TRY(cdr_query_run(tx, "INSERT INTO recovery (account, digest) VALUES ($1, $2)",
		    CDR_VALUES(id, cdr_value_blob(digest, sizeof(digest)))));
	}
	err = CDR_OK;
out:
	return err;
}

static cdr_err
change_account(struct change *change)
{
	cdr_err err = cdr_store_write(change->member->home->store, run_change, change);

	cdr_wipe(&change->row, sizeof(change->row));
	cdr_wipe(change->record, sizeof(change->record));
	return err;
}

/* see node/member/account.h */
cdr_err
cdr_account_remove(struct cdr_member *member, const char *name, struct cdr_fault *fault)
{
	return change_account(&(struct change){ .member = member, .name = name, .what = "user.remove", .fault = fault, .apply = apply_remove });
}

/* see node/member/account.h */
cdr_err
cdr_account_set_roles(struct cdr_member *member, const char *name, uint32_t roles, struct cdr_fault *fault)
{
	return change_account(&(struct change){ .member = member, .name = name, .what = "user.role", .roles = roles, .fault = fault,
	    .apply = apply_roles });
}

/* see node/member/account.h */
cdr_err
cdr_account_totp_off(struct cdr_member *member, const char *name, struct cdr_fault *fault)
{
	return change_account(&(struct change){ .member = member, .name = name, .what = "user.totp-off", .fault = fault, .apply = apply_totp_off });
}

/* see node/member/account.h */
cdr_err
cdr_account_unlock(struct cdr_member *member, const char *name, struct cdr_fault *fault)
{
	return change_account(&(struct change){ .member = member, .name = name, .what = "user.unlock", .fault = fault, .apply = apply_unlock });
}

/* see node/member/account.h */
cdr_err
cdr_account_set_password(struct cdr_member *member, const char *name, const struct cdr_passphrase *password, struct cdr_fault *fault)
{
	struct change change = { .member = member, .name = name, .what = "user.password", .fault = fault, .apply = apply_password };

	cdr_err err = cdr_passphrase_check(password, fault);
	if (err == CDR_OK)
		err = cdr_password_record(password, change.record);
	return err == CDR_OK ? change_account(&change) : err;
}

static cdr_err
apply_rescue(struct cdr_tx *tx, struct change *change)
{
	if (change->row.account.roles != CDR_ROLE_ADMINISTRATOR)
		return cdr_fault_set(change->fault, CDR_E_REFUSED, "only an administrator's account is rescued so; an administrator helps the others");
	cdr_err err = apply_password(tx, change);
	return err == CDR_OK ? apply_totp_off(tx, change) : err;
}

/* see node/member/account.h */
cdr_err
cdr_account_rescue(struct cdr_member *member, const char *name, const struct cdr_passphrase *password, struct cdr_fault *fault)
{
	struct change change = { .member = member, .name = name, .what = "user.rescue", .fault = fault, .apply = apply_rescue };

	cdr_err err = cdr_passphrase_check(password, fault);
	if (err == CDR_OK)
		err = cdr_password_record(password, change.record);
	return err == CDR_OK ? change_account(&change) : err;
}

/* see node/member/account.h */
cdr_err
cdr_account_totp_new(struct cdr_member *member, const char *name, uint8_t *secret, struct cdr_fault *fault)
{
	struct change change = { .member = member, .name = name, .what = "user.totp", .secret = secret, .fault = fault, .apply = apply_totp_new };

	cdr_err err = cdr_random(secret, CDR_TOTP_SECRET_LEN);
	if (err == CDR_OK)
		err = change_account(&change);
	if (err != CDR_OK)
		cdr_wipe(secret, CDR_TOTP_SECRET_LEN);
	return err;
}

/* see node/member/account.h */
cdr_err
cdr_account_totp_confirm(struct cdr_member *member, const char *name, const char *code, struct cdr_fault *fault)
{
	return change_account(&(struct change){ .member = member, .name = name, .what = "user.totp-on", .code = code, .fault = fault,
	    .apply = apply_totp_confirm });
}

static cdr_err
make_codes(char codes[static CDR_RECOVERY_CODE_COUNT][CDR_RECOVERY_CODE_LEN])
{
	uint8_t random[9];
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < CDR_RECOVERY_CODE_COUNT && err == CDR_OK; i++) {
		err = cdr_random(random, sizeof(random));
		if (err == CDR_OK)
			err = cdr_base32_write(random, sizeof(random), 5, codes[i], CDR_RECOVERY_CODE_LEN);
	}
	cdr_wipe(random, sizeof(random));
	return err;
}

/* see node/member/account.h */
cdr_err
cdr_account_recovery_new(struct cdr_member *member, const char *name, char codes[static CDR_RECOVERY_CODE_COUNT][CDR_RECOVERY_CODE_LEN],
    struct cdr_fault *fault)
{
	struct change change = { .member = member, .name = name, .what = "user.recovery", .codes = codes, .fault = fault, .apply = apply_recovery };

	cdr_err err = make_codes(codes);
	if (err == CDR_OK)
		err = change_account(&change);
	if (err != CDR_OK)
		cdr_wipe(codes, (size_t)CDR_RECOVERY_CODE_COUNT * CDR_RECOVERY_CODE_LEN);
	return err;
}

/* ---- adding, listing ---------------------------------------------------------------------------------------------------------- */

static cdr_err
insert(struct cdr_tx *tx, void *context)
{
	struct change *change = context;
	cdr_err err = CDR_E_INTERNAL;
	int64_t count;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM account", CDR_VALUES(), &count));
	if (count >= CDR_ACCOUNT_MAX)
		return cdr_fault_set(change->fault, CDR_E_RANGE, "there are %d accounts already", CDR_ACCOUNT_MAX);
	err = cdr_account_find(tx, change->name, &change->row);
	if (err == CDR_OK)
		return cdr_fault_set(change->fault, CDR_E_EXISTS, "there is an account %s already", change->name);
	CDR_TRY(err == CDR_E_ABSENT ? CDR_OK : err);
	CDR_TRY(cdr_random(change->row.id, CDR_ID_LEN));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO account (id, name, roles, password, totp, totp_new, totp_step, failures, locked_until, made_at)"
	    " VALUES ($1, $2, $3, $4, NULL, NULL, 0, 0, 0, $5)",
	    CDR_VALUES(cdr_value_blob(change->row.id, CDR_ID_LEN), cdr_value_text(change->name), cdr_value_int(change->roles),
		cdr_value_blob(change->record, sizeof(change->record)), cdr_value_int((int64_t)cdr_member_now()))));
	CDR_TRY(apply_recovery(tx, change));
	CDR_TRY(check_administrator(tx, change->fault));
	CDR_TRY(cdr_trail_add(tx, change->member->who, "user.add", change->row.id));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/account.h */
cdr_err
cdr_account_add(struct cdr_member *member, const char *name, uint32_t roles, const struct cdr_passphrase *password,
    char codes[static CDR_RECOVERY_CODE_COUNT][CDR_RECOVERY_CODE_LEN], struct cdr_fault *fault)
{
	struct change change = { .member = member, .name = name, .roles = roles, .codes = codes, .fault = fault };
	cdr_err err = CDR_E_INTERNAL;

	if (!is_name(name))
		return cdr_fault_set(fault, CDR_E_INPUT, "a name has 2 to 32 of a-z, 0-9, '.', '-' and '_'");
	CDR_TRY(cdr_passphrase_check(password, fault));
	CDR_TRY(cdr_password_record(password, change.record));
	CDR_TRY(make_codes(codes));
	CDR_TRY(cdr_store_write(member->home->store, insert, &change));
	err = CDR_OK;
out:
	cdr_wipe(&change, sizeof(change));
	if (err != CDR_OK)
		cdr_wipe(codes, (size_t)CDR_RECOVERY_CODE_COUNT * CDR_RECOVERY_CODE_LEN);
	return err;
}

static cdr_err
read_count(struct cdr_tx *tx, void *context)
{
	int64_t n;
	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM account", CDR_VALUES(), &n);

	*(uint64_t *)context = err == CDR_OK ? (uint64_t)n : 0;
	return err;
}

/* see node/member/account.h */
cdr_err
cdr_account_count(struct cdr_member *member, uint64_t *count)
{
	*count = 0;
	return cdr_store_read(member->home->store, read_count, count);
}

struct listing {
	cdr_account_callback *callback;
	void *context;
};

static cdr_err
list_accounts(struct cdr_tx *tx, void *context)
{
	struct listing *listing = context;
	struct cdr_query *query = NULL;
	struct cdr_account_row row;
	cdr_err err = CDR_E_INTERNAL;
	int64_t left;

	CDR_TRY(cdr_query_start(tx, "SELECT " COLUMNS " FROM account ORDER BY name", CDR_VALUES(), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(read_row(query, &row));
		CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM recovery WHERE account = $1", CDR_VALUES(cdr_value_blob(row.id, CDR_ID_LEN)),
		    &left));
		row.account.recovery_count = (uint64_t)left;
		CDR_TRY(listing->callback(&row.account, listing->context));
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	cdr_wipe(&row, sizeof(row));
	return err;
}

/* see node/member/account.h */
cdr_err
cdr_account_each(struct cdr_member *member, cdr_account_callback *callback, void *context)
{
	struct listing listing = { callback, context };

	return cdr_store_read(member->home->store, list_accounts, &listing);
}
