#include "node/member/api_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/json.h"
#include "node/member/command.h"

/* From a request to a command: its operands, its options, its file, and what it says. */

#define TEXT_MAX (64U << 10)   /* bytes of all values of a request */

/* The words of a command. Personal: wiped with it. */
struct words {
	struct cdr_arguments_value value[CDR_ARGUMENTS_OPTION_MAX];
	size_t value_count;
	const char *operand[CDR_API_SEGMENT_MAX + 2];
	const char *given;    /* the operand that the body gives */
	size_t operand_count;
	size_t text_len;
	char text[TEXT_MAX];
};

/* Keep a text as long as the words live. NULL if there is no more room. */
static const char *
keep(struct words *words, const char *text, size_t len)
{
	char *at = words->text + words->text_len;

	if (len >= TEXT_MAX - words->text_len)
		return NULL;
	memcpy(at, text, len);
	at[len] = '\0';
	words->text_len += len + 1;
	return at;
}

/* see node/member/api_parts.h */
bool
cdr_api_is_among(const char *names, const char *name)
{
	size_t len = strlen(name);
	const char *at = names;

	while (at != NULL && len > 0 && (at = strstr(at, name)) != NULL) {
		if ((at == names || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0') && strchr(name, ' ') == NULL)
			return true;
		at++;
	}
	return false;
}

static bool
is_operand(const struct cdr_api_route *route, const char *name)
{
	return route->operand != NULL && strcmp(route->operand, name) == 0;
}

/* May a request have this field? */
static bool
is_field(const struct cdr_api_route *route, const char *name)
{
	return cdr_api_is_among(route->fields, name) || is_operand(route, name);
}

/* The member of the body that is an operand. */
static cdr_err
take_operand(struct cdr_api_call *call, struct words *words, const char *value, size_t value_len)
{
	if (value == NULL || words->given != NULL)
		return cdr_fault_set(call->fault, CDR_E_INPUT, "%s: a text is needed, once", call->route->operand);
	words->given = keep(words, value, value_len);
	return words->given != NULL ? CDR_OK : cdr_fault_set(call->fault, CDR_E_RANGE, "the values are longer than %u bytes together", TEXT_MAX);
}

static cdr_err
add_value(struct cdr_api_call *call, struct words *words, const char *name, const char *value, size_t value_len)
{
	char *option;

	if (!is_field(call->route, name))
		return cdr_fault_set(call->fault, CDR_E_INPUT, "a field is not known here; those that are: %s %s", call->route->operand != NULL ? call->route->operand : "",
		    call->route->fields != NULL ? call->route->fields : "");
	if (is_operand(call->route, name))
		return take_operand(call, words, value, value_len);
	if (words->value_count == CDR_ARGUMENTS_OPTION_MAX)
		return cdr_fault_set(call->fault, CDR_E_RANGE, "there are too many fields");
	const char *kept_name = keep(words, name, strlen(name)), *kept = value != NULL ? keep(words, value, value_len) : NULL;
	if (kept_name == NULL || (value != NULL && kept == NULL))
		return cdr_fault_set(call->fault, CDR_E_RANGE, "the values are longer than %u bytes together", TEXT_MAX);
	option = words->text + (kept_name - words->text);
	for (char *c = option; *c != '\0'; c++)
		*c = *c == '_' ? '-' : *c;
	words->value[words->value_count++] = (struct cdr_arguments_value){ option, kept };
	return CDR_OK;
}

/* Whether the command takes this option several times. */
static bool
is_repeated(const struct cdr_api_call *call, const char *name)
{
	for (const struct cdr_command *c = call->program->commands; c->name != NULL; c++)
		for (const struct cdr_option *o = strcmp(c->name, call->route->command) == 0 ? c->options : NULL; o != NULL && o->name != NULL; o++) {
			size_t i = 0;
			while (o->name[i] != '\0' && (o->name[i] == name[i] || (o->name[i] == '-' && name[i] == '_')))
				i++;
			if (o->name[i] == '\0' && name[i] == '\0')
				return o->repeated;
		}
	return false;
}

/* A list of texts, each as a value of its own. */
static cdr_err
add_each(struct cdr_api_call *call, struct words *words, const char *name, const json_t *list)
{
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < json_array_size(list) && err == CDR_OK; i++) {
		const json_t *item = json_array_get(list, i);
		if (!json_is_string(item) || strlen(json_string_value(item)) != json_string_length(item))
			return cdr_fault_set(call->fault, CDR_E_INPUT, "%s: a list of texts", name);
		err = add_value(call, words, name, json_string_value(item), json_string_length(item));
	}
	return err;
}

/* A list of texts as one value, separated as in a table's field. */
static cdr_err
add_list(struct cdr_api_call *call, struct words *words, const char *name, const json_t *list)
{
	size_t len = 0, index;
	json_t *item;
	char *text = cdr_wiping_alloc(TEXT_MAX);
	cdr_err err = text != NULL ? CDR_OK : CDR_E_MEMORY;

	json_array_foreach((json_t *)(uintptr_t)list, index, item) {
		size_t item_len = json_string_length(item);
		if (err != CDR_OK)
			break;
		if (!json_is_string(item) || strchr(json_string_value(item), ';') != NULL || item_len + len + 2 > TEXT_MAX) {
			err = cdr_fault_set(call->fault, CDR_E_INPUT, "%s: a list of texts without semicolons", name);
			break;
		}
		len += (size_t)snprintf(text + len, TEXT_MAX - len, "%s%s", index > 0 ? ";" : "", json_string_value(item));
	}
	if (err == CDR_OK)
		err = add_value(call, words, name, text != NULL && len > 0 ? text : "", len);
	cdr_wiping_free(text);
	return err;
}

/* One member of a JSON body. */
static cdr_err
add_member(struct cdr_api_call *call, struct words *words, const char *name, const json_t *value)
{
	char number[32];

	if (json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value))
		return add_value(call, words, name, json_string_value(value), json_string_length(value));
	if (json_is_integer(value)) {
		(void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		return add_value(call, words, name, number, strlen(number));
	}
	if (json_is_true(value))
		return add_value(call, words, name, NULL, 0);
	if (json_is_false(value) || json_is_null(value))
		return is_field(call->route, name) ? CDR_OK : add_value(call, words, name, NULL, 0);
	if (json_is_array(value))
		return is_field(call->route, name) && is_repeated(call, name) ? add_each(call, words, name, value) : add_list(call, words, name, value);
	return cdr_fault_set(call->fault, CDR_E_INPUT, "a field is no text, number, truth or list of texts");
}

static cdr_err
read_fields(struct cdr_api_call *call, struct words *words)
{
	int line = 0, column = 0;
	const char *name;
	json_t *value, *object = cdr_json_read(call->body, &line, &column);
	cdr_err err = CDR_OK;

	if (!json_is_object(object))
		err = cdr_fault_set(call->fault, CDR_E_INPUT, "line %d, column %d: the body is no JSON object", line, column);
	else
		json_object_foreach(object, name, value)
			if (err == CDR_OK)
				err = add_member(call, words, name, value);
	json_decref(object);
	return err;
}

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
		err = add_value(call, words, at, flag ? NULL : value, strlen(value));
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
		err = cdr_arguments_call(call->program, call->route->command, words->value, words->value_count, words->operand,
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
	for (size_t i = 0; i < call->segment_count; i++)
		words->operand[words->operand_count++] = call->segment[i];
	CDR_TRY(read_query(call, words));
	if (route->body == CDR_API_FIELDS)
		CDR_TRY(read_fields(call, words));
	if (route->operand != NULL && words->given == NULL) {
		err = cdr_fault_set(call->fault, CDR_E_INPUT, "%s is needed", route->operand);
		goto out;
	}
	if (words->given != NULL)
		words->operand[words->operand_count++] = words->given;
	if (route->file_option != NULL && route->file_option[0] == '\0')
		words->operand[words->operand_count++] = "-";
	else if (route->file_option != NULL)
		words->value[words->value_count++] = (struct cdr_arguments_value){ route->file_option, "-" };
	if (route->fixed != NULL)
		words->value[words->value_count++] = (struct cdr_arguments_value){ route->fixed, route->fixed_value };
	CDR_TRY(run_command(call, words));
	err = CDR_OK;
out:
	cdr_wiping_free(words);
	return err;
}
