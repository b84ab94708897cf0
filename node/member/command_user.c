#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/crypto/totp.h"
#include "node/member/access.h"
#include "node/member/command.h"

/* user add, list, remove, role, password, totp, recovery, unlock, login, logout; trail list. */

/* A password from a descriptor, a file or the terminal: ${fd}, ${file} are names of options. */
static cdr_err
read_secret(const struct cdr_arguments *arguments, const char *fd, const char *file, struct cdr_passphrase_source source,
    struct cdr_passphrase **password, struct cdr_fault *fault)
{
	source.fd = (int)cdr_arguments_number(arguments, fd, -1);
	source.file = cdr_arguments_text(arguments, file);
	cdr_err err = cdr_passphrase_read(&source, password, fault);
	return err == CDR_E_ABSENT || err == CDR_E_INPUT ? cdr_command_name_file("the password", CDR_E_PASSPHRASE, fault) : err;
}

static cdr_err
read_password(const struct cdr_arguments *arguments, bool create, struct cdr_passphrase **password, struct cdr_fault *fault)
{
	return read_secret(arguments, "password-fd", "password-file",
	    (struct cdr_passphrase_source){ .prompt = create ? "New password" : "Password", .create = create }, password, fault);
}

/*
 * Open the node, and find out whose account is meant: the operand's, else one's own (${own}, may be NULL). Somebody else's takes an
 * administrator; the owner of a node without accounts is one.
 */
static cdr_err
open_target(const struct cdr_arguments *arguments, struct cdr_member **member, char name[static CDR_ACCOUNT_NAME_LEN], bool *own,
    struct cdr_fault *fault)
{
	struct cdr_actor actor;
	const char *given = cdr_arguments_operand(arguments, 0);

	cdr_err err = cdr_command_open_as(arguments, false, member, &actor, fault);
	if (err != CDR_OK)
		return err;
	(void)snprintf(name, CDR_ACCOUNT_NAME_LEN, "%s", given != NULL ? given : actor.name);
	if (name[0] == '\0' || (given != NULL && strlen(given) >= CDR_ACCOUNT_NAME_LEN))
		return cdr_fault_set(fault, CDR_E_INPUT, "whose account? Give its name, as `candor user list` has it");
	if (own != NULL)
		*own = strcmp(name, actor.name) == 0;
	if (strcmp(name, actor.name) != 0 && (actor.roles & CDR_ROLE_ADMINISTRATOR) == 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "somebody else's account takes an administrator");
	return CDR_OK;
}

/* Recovery codes, for whoever gets them on paper, and as a new JSON list. */
static json_t *
show_codes(struct cdr_report *report, const char *name, char codes[static CDR_RECOVERY_CODE_COUNT][CDR_RECOVERY_CODE_LEN])
{
	json_t *list = json_array();

	cdr_report_text(report, "Recovery codes of %s. Each stands once for a code of the authenticator, and opens the account after failures, also those of "
				"others. Print them; they are not shown again. `candor user recovery` makes new ones.\n", name);
	for (size_t i = 0; i < CDR_RECOVERY_CODE_COUNT; i++) {
		cdr_report_text(report, "    %s\n", codes[i]);
		(void)json_array_append_new(list, json_string(codes[i]));
	}
	return list;
}

/* see node/member/command.h */
cdr_err
cdr_command_user_add(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_passphrase *password = NULL;
	const char *name = cdr_arguments_operand(arguments, 0);
	char roles_text[CDR_ROLES_TEXT_LEN], codes[CDR_RECOVERY_CODE_COUNT][CDR_RECOVERY_CODE_LEN] = { "" };
	uint32_t roles;

	CDR_TRY(cdr_roles_read(cdr_arguments_text(arguments, "role"), &roles, fault));
	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(read_password(arguments, true, &password, fault));
	CDR_TRY(cdr_account_add(member, name, roles, password, codes, fault));
	cdr_roles_write(roles, roles_text);
	cdr_report_text(report, "%s may work here now, as %s. Next: candor user login %s --session-file FILE, then `candor user totp`.\n", name, roles_text, name);
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:s, s:o}", "name", name, "roles", roles_text, "codes", show_codes(report, name, codes))));
	err = CDR_OK;
out:
	cdr_wipe(codes, sizeof(codes));
	cdr_passphrase_free(password);
	cdr_member_close(member);
	return err;
}

static cdr_err
list_account(const struct cdr_account *account, void *context)
{
	struct cdr_listing *listing = context;
	char roles[CDR_ROLES_TEXT_LEN];
	bool waits = account->locked_until > cdr_member_now();

	cdr_roles_write(account->roles, roles);
	cdr_table_cell(listing->table, "%s", account->name);
	cdr_table_cell(listing->table, "%s", roles);
	cdr_table_cell(listing->table, "%s", account->has_totp ? "yes" : "no");
	cdr_table_cell(listing->table, "%llu", (unsigned long long)account->recovery_count);
	cdr_table_cell(listing->table, "%s", waits ? "yes" : "no");
	(void)json_array_append_new(listing->list, json_pack("{s:s, s:s, s:b, s:I, s:b, s:o, s:o}", "name", account->name, "roles", roles, "totp",
	    account->has_totp, "recovery_codes", (json_int_t)account->recovery_count, "waits", waits, "locked_until",
	    waits ? cdr_command_json_time(account->locked_until) : json_null(), "made_at", cdr_command_json_time(account->made_at)));
	return CDR_OK;
}

/* see node/member/command.h */
cdr_err
cdr_command_user_list(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	static const char *const titles[] = { "NAME", "ROLES", "AUTHENTICATOR", "RECOVERY CODES", "WAITS" };
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;

	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	struct cdr_listing listing = cdr_listing_new(titles, 5);
	err = cdr_listing_show(&listing, cdr_account_each(member, list_account, &listing), "users", report);
out:
	cdr_member_close(member);
	return err;
}

/* What every change of an account says. */
static cdr_err
say_done(struct cdr_report *report, const char *name, const char *what)
{
	cdr_report_text(report, "%s: %s.\n", name, what);
	return cdr_report_json(report, json_pack("{s:s, s:s}", "name", name, "done", what));
}

/* see node/member/command.h */
cdr_err
cdr_command_user_remove(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	struct cdr_member *member = NULL;
	const char *name = cdr_arguments_operand(arguments, 0);

	cdr_err err = cdr_command_open(arguments, false, &member, fault);
	if (err == CDR_OK)
		err = cdr_account_remove(member, name, fault);
	if (err == CDR_OK)
		err = say_done(report, name, "removed; the trail keeps what was done under this name");
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_user_unlock(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	struct cdr_member *member = NULL;
	const char *name = cdr_arguments_operand(arguments, 0);

	cdr_err err = cdr_command_open(arguments, false, &member, fault);
	if (err == CDR_OK)
		err = cdr_account_unlock(member, name, fault);
	if (err == CDR_OK)
		err = say_done(report, name, "may try again at once");
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_user_role(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	const char *name = cdr_arguments_operand(arguments, 0);
	uint32_t roles;

	CDR_TRY(cdr_roles_read(cdr_arguments_operand(arguments, 1), &roles, fault));
	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_account_set_roles(member, name, roles, fault));
	CDR_TRY(say_done(report, name, "other roles; whoever was logged in logs in again"));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_user_password(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_passphrase *password = NULL, *old = NULL;
	char name[CDR_ACCOUNT_NAME_LEN];
	bool own;

	CDR_TRY(open_target(arguments, &member, name, &own, fault));
	if (own) {
		/* A session that somebody else got hold of must not become an account. */
		CDR_TRY(read_secret(arguments, "old-password-fd", "old-password-file", (struct cdr_passphrase_source){ .prompt = "Present password" }, &old,
		    fault));
		CDR_TRY(cdr_account_prove(member, name, old, fault));
	}
	CDR_TRY(read_password(arguments, true, &password, fault));
	CDR_TRY(cdr_account_set_password(member, name, password, fault));
	CDR_TRY(say_done(report, name, "a new password; every session has ended"));
	err = CDR_OK;
out:
	cdr_passphrase_free(old);
	cdr_passphrase_free(password);
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_user_rescue(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_passphrase *password = NULL;
	const char *name = cdr_arguments_operand(arguments, 0);

	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(read_password(arguments, true, &password, fault));
	CDR_TRY(cdr_account_rescue(member, name, password, fault));
	CDR_TRY(say_done(report, name, "a new password and no authenticator; the trail says so"));
	err = CDR_OK;
out:
	cdr_passphrase_free(password);
	cdr_member_close(member);
	return err;
}

/* The new secret, for the authenticator: it is shown once. */
static cdr_err
show_secret(struct cdr_member *member, const char *name, struct cdr_report *report, struct cdr_fault *fault)
{
	uint8_t secret[CDR_TOTP_SECRET_LEN];
	char text[CDR_TOTP_SECRET_TEXT_LEN], uri[256];

	cdr_err err = cdr_account_totp_new(member, name, secret, fault);
	if (err == CDR_OK) {
		cdr_totp_secret_write(secret, text);
		(void)snprintf(uri, sizeof(uri), "otpauth://totp/Candor:%s?secret=%s&issuer=Candor", name, text);
		cdr_report_text(report, "Enter this secret into an authenticator (it is not shown again):\n    %s\n    %s\nThen confirm a code of it: candor user "
					"totp %s --confirm CODE\n", text, uri, name);
		err = cdr_report_json(report, json_pack("{s:s, s:s, s:s}", "name", name, "secret", text, "uri", uri));
	}
	cdr_wipe(secret, sizeof(secret));
	cdr_wipe(text, sizeof(text));
	cdr_wipe(uri, sizeof(uri));
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_user_totp(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	const char *code = cdr_arguments_text(arguments, "confirm");
	char name[CDR_ACCOUNT_NAME_LEN];

	CDR_TRY(open_target(arguments, &member, name, NULL, fault));
	if (cdr_arguments_has(arguments, "off")) {
		CDR_TRY(cdr_account_totp_off(member, name, fault));
		CDR_TRY(say_done(report, name, "no authenticator any more"));
	} else if (code != NULL) {
		CDR_TRY(cdr_account_totp_confirm(member, name, code, fault));
		CDR_TRY(say_done(report, name, "from now on a code of the authenticator is asked for at login"));
	} else {
		CDR_TRY(show_secret(member, name, report, fault));
	}
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_user_recovery(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	char name[CDR_ACCOUNT_NAME_LEN];
	char codes[CDR_RECOVERY_CODE_COUNT][CDR_RECOVERY_CODE_LEN] = { "" };

	CDR_TRY(open_target(arguments, &member, name, NULL, fault));
	CDR_TRY(cdr_account_recovery_new(member, name, codes, fault));
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:o}", "name", name, "codes", show_codes(report, name, codes))));
	err = CDR_OK;
out:
	cdr_wipe(codes, sizeof(codes));
	cdr_member_close(member);
	return err;
}

/* ---- sessions -------------------------------------------------------------------------------------------------------------- */

/* see node/member/command.h */
cdr_err
cdr_command_user_login(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_passphrase *password = NULL;
	const char *name = cdr_arguments_operand(arguments, 0), *path = cdr_command_session_file(arguments);
	char token[CDR_TOKEN_LEN + 1] = "";

	if (path == NULL)
		return cdr_fault_set(fault, CDR_E_INPUT, "where shall the session be kept? Give --session-file FILE, or set CANDOR_SESSION_FILE");
	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(read_password(arguments, false, &password, fault));
	CDR_TRY(cdr_account_login(member, name, password, cdr_arguments_text(arguments, "code"), token, fault));
	(void)remove(path);
	CDR_TRY(cdr_command_write_file(path, token, strlen(token), fault));
	cdr_report_text(report, "Logged in as %s, for at most %d hours, %d minutes without use. The session is in %s.\n", name, CDR_SESSION_SECONDS / 3600,
	    CDR_SESSION_IDLE_SECONDS / 60, path);
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:s}", "name", name, "session_file", path)));
	err = CDR_OK;
out:
	cdr_wipe(token, sizeof(token));
	cdr_passphrase_free(password);
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_user_logout(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	const char *path = cdr_command_session_file(arguments);
	char token[CDR_TOKEN_LEN];

	CDR_TRY(cdr_command_session_read(arguments, token, fault));
	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_account_logout(member, token));
	if (path != NULL)
		(void)remove(path);
	cdr_report_text(report, "Logged out.\n");
	CDR_TRY(cdr_report_json(report, json_pack("{s:b}", "ended", 1)));
	err = CDR_OK;
out:
	cdr_wipe(token, sizeof(token));
	cdr_member_close(member);
	return err;
}

/* ---- trail -------------------------------------------------------------------------------------------------------------------- */

struct trail {
	struct cdr_listing listing;
	uint64_t after, max;
	struct cdr_trail_entry newest;
};

static cdr_err
list_entry(const struct cdr_trail_entry *entry, void *context)
{
	static const uint8_t none[CDR_ID_LEN];
	struct trail *trail = context;
	char subject[CDR_ID_TEXT_LEN] = "-", hash[2 * CDR_SHA256_LEN + 1];
	json_t *at = cdr_command_json_time(entry->at);

	if (memcmp(entry->subject, none, sizeof(none)) != 0)
		cdr_id_write(entry->subject, subject);
	cdr_hex_write(entry->hash, sizeof(entry->hash), hash);
	cdr_table_cell(trail->listing.table, "%llu", (unsigned long long)entry->number);
	cdr_table_cell(trail->listing.table, "%s", json_string_value(at));
	cdr_table_cell(trail->listing.table, "%s", entry->who);
	cdr_table_cell(trail->listing.table, "%s", entry->what);
	cdr_table_cell(trail->listing.table, "%s", subject);
	(void)json_array_append_new(trail->listing.list, json_pack("{s:I, s:o, s:s, s:s, s:s?, s:s}", "number", (json_int_t)entry->number, "at", at,
	    "who", entry->who, "what", entry->what, "subject", subject[0] != '-' ? subject : NULL, "hash", hash));
	trail->newest = *entry;
	return CDR_OK;
}

static cdr_err
read_trail(struct cdr_tx *tx, void *context)
{
	struct trail *trail = context;

	return cdr_trail_each(tx, trail->after, trail->max, list_entry, trail);
}

/* see node/member/command.h */
cdr_err
cdr_command_trail_list(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	static const char *const titles[] = { "NUMBER", "AT", "WHO", "WHAT", "SUBJECT" };
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct trail trail = { .after = (uint64_t)cdr_arguments_number(arguments, "after", 0) };
	char hash[2 * CDR_SHA256_LEN + 1];

	trail.max = (uint64_t)cdr_arguments_number(arguments, "max", INT64_MAX);
	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	trail.listing = cdr_listing_new(titles, 5);
	err = cdr_store_read(member->home->store, read_trail, &trail);
	if (err == CDR_E_SIGNATURE)
		err = cdr_fault_set(fault, err, "the trail does not hold after entry %llu: something was changed or taken out", (unsigned long long)trail.newest.number);
	cdr_table_print(trail.listing.table, report);
	cdr_hex_write(trail.newest.hash, sizeof(trail.newest.hash), hash);
	if (err == CDR_OK && trail.newest.number > 0)
		cdr_report_text(report, "Every entry follows from the one before. Note the last one elsewhere: %llu %s\n", (unsigned long long)trail.newest.number, hash);
	if (err == CDR_OK)
		err = cdr_report_json(report, json_pack("{s:o}", "entries", trail.listing.list));
	else
		json_decref(trail.listing.list);
out:
	cdr_member_close(member);
	return err;
}
