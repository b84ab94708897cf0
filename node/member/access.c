#include "node/member/access.h"

#include <stdio.h>
#include <string.h>

#define CASES (CDR_ROLE_HR | CDR_ROLE_SAFEGUARDING)

/* The first row whose words begin the command counts. */
static const struct {
	const char *words;
	uint32_t roles;
} table[] = {
	{ "serve", CDR_ACCESS_ANYBODY },        /* the machine, not a person */
	{ "join", CDR_ACCESS_ANYBODY },
	{ "user login", CDR_ACCESS_ANYBODY },
	{ "user rescue", CDR_ACCESS_ANYBODY },  /* an administrator who forgot the password, by the node's owner */
	{ "user logout", CDR_ACCESS_ANYBODY },
	{ "openapi", CDR_ACCESS_ANYBODY },
	{ "backup", CDR_ACCESS_ANYBODY },       /* the owner: whoever has folder and passphrase has a copy already */
	{ "restore", CDR_ACCESS_ANYBODY },
	{ "passphrase", CDR_ACCESS_ANYBODY },
	{ "user password", CDR_ROLE_ALL },      /* one's own; an administrator's for others (command_user.c) */
	{ "user totp", CDR_ROLE_ALL },
	{ "user recovery", CDR_ROLE_ALL },
	{ "user", CDR_ROLE_ADMINISTRATOR },
	{ "api-key", CDR_ROLE_ADMINISTRATOR },
	{ "webhook", CDR_ROLE_ADMINISTRATOR },
	{ "trail", CDR_ROLE_AUDITOR | CDR_ROLE_ADMINISTRATOR },
	{ "members", CDR_ROLE_ALL },
	{ "audit check", CDR_ROLE_AUDITOR | CDR_ROLE_ADMINISTRATOR | CASES },
	{ "audit list", CDR_ROLE_AUDITOR | CDR_ROLE_ADMINISTRATOR | CASES },
	{ "audit", CASES },
	{ "reports", CDR_ROLE_AUDITOR | CDR_ROLE_ADMINISTRATOR | CASES },
	{ "leavers", CDR_ROLE_HR },
	{ "check", CASES },
	{ "inbox", CASES },
	{ "statement", CASES },
	{ "subject", CASES },
	{ "case", CASES },
	{ "hold", CASES },
	{ "retention", CASES | CDR_ROLE_AUDITOR | CDR_ROLE_ADMINISTRATOR },
	{ "notice", CDR_ROLE_ALL },
	{ "incident", CDR_ROLE_SAFEGUARDING },
	{ "codebook load", CDR_ROLE_ADMINISTRATOR },
	{ "codebook", CDR_ROLE_ALL },
	{ "return", CDR_ROLE_ANALYST | CASES },
	{ "report", CDR_ROLE_ANALYST | CDR_ROLE_SAFEGUARDING },
	{ "stats", CDR_ROLE_ANALYST | CDR_ROLE_SAFEGUARDING },
	{ "settings", CDR_ROLE_ADMINISTRATOR },
};

#define ROW_COUNT (sizeof(table) / sizeof(table[0]))

/* see node/member/access.h */
const char *
cdr_access_row(const char *command)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		size_t len = strlen(table[i].words);
		if (strncmp(command, table[i].words, len) == 0 && (command[len] == '\0' || command[len] == ' '))
			return table[i].words;
	}
	return NULL;
}

/* see node/member/access.h */
const char *
cdr_access_row_at(size_t index)
{
	return index < ROW_COUNT ? table[index].words : NULL;
}

/* see node/member/access.h */
uint32_t
cdr_access_roles(const char *command)
{
	const char *words = cdr_access_row(command);

	for (size_t i = 0; i < ROW_COUNT; i++)
		if (table[i].words == words)
			return table[i].roles;
	return 0;
}

/* see node/member/access.h */
cdr_err
cdr_access_check(struct cdr_member *member, const char *command, const char *token, struct cdr_actor *out, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_actor actor = { .who = CDR_TRAIL_OPERATOR, .roles = CDR_ROLE_ALL };
	struct cdr_account account;
	uint64_t accounts;
	uint32_t roles = cdr_access_roles(command);
	char text[CDR_ROLES_TEXT_LEN];

	CDR_TRY(cdr_account_count(member, &accounts));
	if (accounts > 0 && roles != CDR_ACCESS_ANYBODY) {
		if (token == NULL)
			return cdr_fault_set(fault, CDR_E_PASSPHRASE, "this node has accounts: log in with `candor user login NAME --session-file FILE`, then give "
			    "--session-file FILE (or set CANDOR_SESSION_FILE)");
		CDR_TRY(cdr_account_session(member, token, &account, fault));
		if ((account.roles & roles) == 0) {
			cdr_roles_write(roles, text);
			return cdr_fault_set(fault, CDR_E_REFUSED, "%s may not do this: %s%s", account.name,
			    roles != 0 ? "it takes one of these roles: " : "no role allows it", roles != 0 ? text : "");
		}
		(void)snprintf(actor.who, sizeof(actor.who), "user/%s", account.name);
		memcpy(actor.name, account.name, sizeof(actor.name));
		actor.roles = account.roles;
	}
	(void)snprintf(member->who, sizeof(member->who), "%s", actor.who);
	if (out != NULL)
		*out = actor;
	err = CDR_OK;
out:
	return err;
}
