#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/command.h"
#include "node/member/hook.h"

/* webhook add, list, remove. */

/* see node/member/command.h */
cdr_err
cdr_command_webhook_add(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	const char *url = cdr_arguments_operand(arguments, 0);
	uint8_t secret[CDR_HOOK_SECRET_LEN];
	char text[2 * CDR_HOOK_SECRET_LEN + 1];
	uint64_t number;

	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_hook_add(member, url, &number, secret, fault));
	cdr_hex_write(secret, sizeof(secret), text);
	cdr_report_text(report, "Hook %llu: events go to %s. Its secret, as hexadecimal bytes, is not shown again:\n    %s\n", (unsigned long long)number, url, text);
	CDR_TRY(cdr_report_json(report, json_pack("{s:I, s:s, s:s}", "number", (json_int_t)number, "url", url, "secret", text)));
	err = CDR_OK;
out:
	cdr_wipe(secret, sizeof(secret));
	cdr_wipe(text, sizeof(text));
	cdr_member_close(member);
	return err;
}

static cdr_err
list_hook(const struct cdr_hook *hook, void *context)
{
	struct cdr_listing *listing = context;

	cdr_table_cell(listing->table, "%llu", (unsigned long long)hook->number);
	cdr_table_cell(listing->table, "%s", hook->url);
	cdr_table_cell(listing->table, "%llu", (unsigned long long)hook->waiting_count);
	cdr_table_cell(listing->table, "%llu", (unsigned long long)hook->failed_count);
	(void)json_array_append_new(listing->list, json_pack("{s:I, s:s, s:o, s:I, s:I}", "number", (json_int_t)hook->number, "url", hook->url, "made_at",
	    cdr_command_json_time(hook->made_at), "waiting", (json_int_t)hook->waiting_count, "given_up", (json_int_t)hook->failed_count));
	return CDR_OK;
}

/* see node/member/command.h */
cdr_err
cdr_command_webhook_list(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	static const char *const titles[] = { "NUMBER", "URL", "WAITING", "GIVEN UP" };
	struct cdr_member *member = NULL;

	cdr_err err = cdr_command_open(arguments, false, &member, fault);
	if (err != CDR_OK)
		return err;
	struct cdr_listing listing = cdr_listing_new(titles, 4);
	err = cdr_listing_show(&listing, cdr_hook_each(member, list_hook, &listing), "hooks", report);
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_webhook_remove(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	struct cdr_member *member = NULL;
	const char *text = cdr_arguments_operand(arguments, 0);
	char *end;
	unsigned long long number = strtoull(text, &end, 10);

	if (*end != '\0' || text[0] < '0' || text[0] > '9')
		return cdr_fault_set(fault, CDR_E_INPUT, "give the number that `candor webhook list` shows");
	cdr_err err = cdr_command_open(arguments, false, &member, fault);
	if (err == CDR_OK)
		err = cdr_hook_remove(member, number, fault);
	if (err == CDR_OK) {
		cdr_report_text(report, "Hook %llu is gone, with what waited for it.\n", number);
		err = cdr_report_json(report, json_pack("{s:I, s:b}", "number", (json_int_t)number, "removed", 1));
	}
	cdr_member_close(member);
	return err;
}
