#include "node/member/api_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/json.h"
#include "node/member/command.h"
#include "node/member/command_fields.h"

/* From a request to a command: its operands, its options, its file, and what it says. */

/* The words of a command. Personal: wiped with it. */
struct words {
	struct cdr_fields fields;
	const char *operand[CDR_API_SEGMENT_MAX + 2];
	size_t operand_count;
};

/* Parameters of the query; limit and cursor are for the pages. */
static cdr_err
read_query(struct cdr_api_call *call, struct words *words)
{
	char query[CDR_REST_QUERY_LEN], value[CDR_REST_QUERY_LEN];
	cdr_err err = CDR_OK;

	memcpy(query, call->head->query, sizeof(query));
	for (char *at = query, *next; *at != '\0' && err == CDR_OK; at = next) {
		size_t len = strcspn(at, "&");
		next = at + len + (at[len] == '&');
		at[len] = '\0';
		at[strcspn(at, "=")] = '\0';
		if (call->route->list != NULL && (strcmp(at, "limit") == 0 || strcmp(at, "cursor") == 0))
			continue;
		if (cdr_rest_query(call->head, at, value, sizeof(value)) == CDR_E_INPUT)
			return cdr_fault_set(call->fault, CDR_E_INPUT, "the query is badly encoded");
		bool flag = value[0] == '\0' || strcmp(value, "true") == 0;
		err = cdr_fields_add(&words->fields, at, flag ? NULL : value, strlen(value), call->fault);
	}
	return err;
}

/* ---- running ---------------------------------------------------------------------------------------------------------- */

/* What a command prints, in wiped memory. */
struct printed {
	char *text;
	size_t len;
};

static ssize_t
take_text(void *cookie, const char *data, size_t len)
{
	struct printed *printed = cookie;
	char *larger = cdr_wiping_resize(printed->text, printed->len + len + 1);

	if (larger == NULL)
		return 0;
	memcpy(larger + printed->len, data, len);
	printed->text = larger;
	printed->len += len;
	return (ssize_t)len;
}

static ssize_t
drop_text(void *cookie, const char *data, size_t len)
{
	(void)cookie;
	(void)data;
	return (ssize_t)len;
}

static cdr_err
run_command(struct cdr_api_call *call, const struct words *words)
{
	struct printed printed = { 0 };
	FILE *out = fopencookie(&printed, "w", (cookie_io_functions_t){ .write = take_text });
	FILE *nowhere = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = drop_text });
	struct cdr_report report = { .json = true, .out = out, .err = nowhere };
	struct cdr_member acting = *call->member;
	struct cdr_command_call command = { .member = &acting, .actor = call->actor, .input = call->body };
	static char buffer[1U << 16]; /* one call at a time; wiped below */
	cdr_err err = CDR_E_MEMORY;

	acting.is_lent = true;
	(void)snprintf(acting.who, sizeof(acting.who), "%s", call->actor.who);
	if (out != NULL && nowhere != NULL) {
		(void)setvbuf(out, buffer, _IOFBF, sizeof(buffer));
		cdr_command_call_set(&command);
		err = cdr_arguments_call(call->program, call->route->command, words->fields.value, words->fields.value_count, words->operand,
		    words->operand_count, &report, call->fault);
		cdr_command_call_set(NULL);
	}
	if (out != NULL && fclose(out) != 0 && err == CDR_OK)
		err = CDR_E_MEMORY;
	if (nowhere != NULL)
		(void)fclose(nowhere);
	cdr_wipe(buffer, sizeof(buffer));
	call->file = command.output;
	if (printed.len > 0)
		call->result = json_loadb(printed.text, printed.len, 0, NULL);
	cdr_wiping_free(printed.text);
	return err;
}

/* see node/member/api_parts.h */
cdr_err
cdr_api_run(struct cdr_api_call *call)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_api_route *route = call->route;
	struct words *words = cdr_wiping_alloc(sizeof(*words));

	if (words == NULL)
		return CDR_E_MEMORY;
	memset(words, 0, sizeof(*words));
	words->fields.program = call->program;
	words->fields.command = route->command;
	words->fields.allowed = route->fields != NULL ? route->fields : "";
	words->fields.operand = route->operand;
	for (size_t i = 0; i < call->segment_count; i++)
		words->operand[words->operand_count++] = call->segment[i];
	CDR_TRY(read_query(call, words));
	if (route->body == CDR_API_FIELDS)
		CDR_TRY(cdr_fields_read(&words->fields, call->body, call->fault));
	if (route->operand != NULL && words->fields.given == NULL) {
		err = cdr_fault_set(call->fault, CDR_E_INPUT, "%s is needed", route->operand);
		goto out;
	}
	if (words->fields.given != NULL)
		words->operand[words->operand_count++] = words->fields.given;
	if (route->file_option != NULL && route->file_option[0] == '\0')
		words->operand[words->operand_count++] = "-";
	else if (route->file_option != NULL)
		words->fields.value[words->fields.value_count++] = (struct cdr_arguments_value){ route->file_option, "-" };
	if (route->fixed != NULL)
		words->fields.value[words->fields.value_count++] = (struct cdr_arguments_value){ route->fixed, route->fixed_value };
	CDR_TRY(run_command(call, words));
	err = CDR_OK;
out:
	cdr_wiping_free(words);
	return err;
}
