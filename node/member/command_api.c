#include <stdio.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/api.h"
#include "node/member/api_key.h"
#include "node/member/command.h"

/* api-key add, list, revoke; openapi. */

#define DAYS_DEFAULT 365

/* see node/member/command.h */
cdr_err
cdr_command_api_key_add(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	const char *name = cdr_arguments_operand(arguments, 0);
	unsigned days = (unsigned)cdr_arguments_number(arguments, "days", DAYS_DEFAULT);
	char key[CDR_TOKEN_LEN] = "", roles_text[CDR_ROLES_TEXT_LEN];
	uint32_t roles;

	CDR_TRY(cdr_roles_read(cdr_arguments_text(arguments, "role"), &roles, fault));
	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_api_key_add(member, name, roles, days, key, fault));
	cdr_roles_write(roles, roles_text);
	cdr_report_text(report, "The key of %s, as %s, for %u days. It is not shown again:\n    %s\n", name, roles_text, days, key);
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:s, s:i, s:s}", "name", name, "roles", roles_text, "days", (int)days, "key", key)));
	err = CDR_OK;
out:
	cdr_wipe(key, sizeof(key));
	cdr_member_close(member);
	return err;
}

static cdr_err
list_key(const struct cdr_api_key *key, void *context)
{
	struct cdr_listing *listing = context;
	char roles[CDR_ROLES_TEXT_LEN];
	const char *state = key->revoked_at != 0 ? "revoked" : key->expires_at <= cdr_member_now() ? "over" : "in force";
	json_t *ends = cdr_command_json_time(key->expires_at);

	cdr_roles_write(key->roles, roles);
	cdr_table_cell(listing->table, "%s", key->name);
	cdr_table_cell(listing->table, "%s", roles);
	cdr_table_cell(listing->table, "%s", state);
	cdr_table_cell(listing->table, "%.10s", json_string_value(ends));
	(void)json_array_append_new(listing->list, json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "name", key->name, "roles", roles, "state", state,
	    "expires_at", ends, "made_at", cdr_command_json_time(key->made_at), "used_at", cdr_command_json_time(key->used_at)));
	return CDR_OK;
}

/* see node/member/command.h */
cdr_err
cdr_command_api_key_list(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	static const char *const titles[] = { "NAME", "ROLES", "STATE", "UNTIL" };
	struct cdr_member *member = NULL;

	cdr_err err = cdr_command_open(arguments, false, &member, fault);
	if (err != CDR_OK)
		return err;
	struct cdr_listing listing = cdr_listing_new(titles, 4);
	err = cdr_listing_show(&listing, cdr_api_key_each(member, list_key, &listing), "keys", report);
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_api_key_revoke(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	struct cdr_member *member = NULL;
	const char *name = cdr_arguments_operand(arguments, 0);

	cdr_err err = cdr_command_open(arguments, false, &member, fault);
	if (err == CDR_OK)
		err = cdr_api_key_revoke(member, name, fault);
	if (err == CDR_OK) {
		cdr_report_text(report, "%s opens nothing any more.\n", name);
		err = cdr_report_json(report, json_pack("{s:s, s:b}", "name", name, "revoked", 1));
	}
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_openapi(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	json_t *description = cdr_api_describe(cdr_arguments_program(arguments));
	struct cdr_report json = *report;

	(void)fault;
	if (description == NULL)
		return CDR_E_MEMORY;
	json.json = true; /* there is no other form of it */
	return cdr_report_json(&json, description);
}
