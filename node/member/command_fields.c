#include "node/member/command_fields.h"

#include <stdio.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/json.h"
#include "node/member/command.h"

/* Keep a text as long as the fields live. NULL if there is no more room. */
static char *
keep(struct cdr_fields *fields, const char *text, size_t len)
{
	char *at = fields->text + fields->text_len;

	if (len >= CDR_FIELDS_TEXT_MAX - fields->text_len)
		return NULL;
	memcpy(at, text, len);
	at[len] = '\0';
	fields->text_len += len + 1;
	return at;
}

/* Is ${name} one of ${names}, which stand between blanks (NULL: none)? */
static bool
is_among(const char *names, const char *name)
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
is_operand(const struct cdr_fields *fields, const char *name)
{
	return fields->operand != NULL && strcmp(fields->operand, name) == 0;
}

/* Is it known? Without a list the command knows. */
static bool
is_allowed(const struct cdr_fields *fields, const char *name)
{
	return fields->allowed == NULL || is_among(fields->allowed, name) || is_operand(fields, name);
}

/* The member that is an operand. */
static cdr_err
take_operand(struct cdr_fields *fields, const char *value, size_t value_len, struct cdr_fault *fault)
{
	if (value == NULL || fields->given != NULL)
		return cdr_fault_set(fault, CDR_E_INPUT, "%s: a text is needed, once", fields->operand);
	fields->given = keep(fields, value, value_len);
	return fields->given != NULL ? CDR_OK : cdr_fault_set(fault, CDR_E_RANGE, "the values are longer than %u bytes together", CDR_FIELDS_TEXT_MAX);
}

/* see node/member/command_fields.h */
cdr_err
cdr_fields_add(struct cdr_fields *fields, const char *name, const char *value, size_t value_len, struct cdr_fault *fault)
{
	if (!is_allowed(fields, name))
		return cdr_fault_set(fault, CDR_E_INPUT, "a field is not known here; those that are: %s %s", fields->operand != NULL ? fields->operand : "",
		    fields->allowed);
	if (is_operand(fields, name))
		return take_operand(fields, value, value_len, fault);
	if (fields->value_count == CDR_ARGUMENTS_OPTION_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "there are too many fields");
	char *option = keep(fields, name, strlen(name)), *kept = value != NULL && option != NULL ? keep(fields, value, value_len) : NULL;
	if (option == NULL || (value != NULL && kept == NULL))
		return cdr_fault_set(fault, CDR_E_RANGE, "the values are longer than %u bytes together", CDR_FIELDS_TEXT_MAX);
	for (char *c = option; *c != '\0'; c++)
		*c = *c == '_' ? '-' : *c;
	fields->value[fields->value_count++] = (struct cdr_arguments_value){ option, kept };
	return CDR_OK;
}

/* Whether the option of that name may be given several times. */
static bool
is_repeated(const struct cdr_fields *fields, const char *name)
{
	char option[64];

	(void)snprintf(option, sizeof(option), "%s", name);
	for (char *c = option; *c != '\0'; c++)
		*c = *c == '_' ? '-' : *c;
	const struct cdr_option *known = cdr_arguments_option(fields->program, fields->command, option);
	return known != NULL && known->repeated;
}

/* A list of texts: each a value, or all of them one, separated as in a table's field. */
static cdr_err
add_list(struct cdr_fields *fields, const char *name, const json_t *list, struct cdr_fault *fault)
{
	size_t len = 0, index;
	json_t *item;
	bool repeated = is_repeated(fields, name);
	char *text = cdr_wiping_alloc(CDR_FIELDS_TEXT_MAX);
	cdr_err err = text != NULL ? CDR_OK : CDR_E_MEMORY;

	json_array_foreach((json_t *)(uintptr_t)list, index, item) {
		const char *value = json_string_value(item);
		size_t item_len = json_string_length(item);
		if (err != CDR_OK)
			break;
		if (value == NULL || strlen(value) != item_len || (!repeated && strchr(value, ';') != NULL) || item_len + len + 2 > CDR_FIELDS_TEXT_MAX)
			err = cdr_fault_set(fault, CDR_E_INPUT, repeated ? "%s: a list of texts" : "%s: a list of texts without semicolons", name);
		else if (repeated)
			err = cdr_fields_add(fields, name, value, item_len, fault);
		else
			len += (size_t)snprintf(text + len, CDR_FIELDS_TEXT_MAX - len, "%s%s", index > 0 ? ";" : "", value);
	}
	if (err == CDR_OK && !repeated)
		err = cdr_fields_add(fields, name, text != NULL && len > 0 ? text : "", len, fault);
	cdr_wiping_free(text);
	return err;
}

static cdr_err
add_member(struct cdr_fields *fields, const char *name, const json_t *value, struct cdr_fault *fault)
{
	char number[32];

	if (json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value))
		return cdr_fields_add(fields, name, json_string_value(value), json_string_length(value), fault);
	if (json_is_integer(value)) {
		(void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		return cdr_fields_add(fields, name, number, strlen(number), fault);
	}
	if (json_is_true(value))
		return cdr_fields_add(fields, name, NULL, 0, fault);
	if (json_is_false(value) || json_is_null(value))
		return is_allowed(fields, name) ? CDR_OK : cdr_fields_add(fields, name, NULL, 0, fault);
	if (json_is_array(value))
		return add_list(fields, name, value, fault);
	return cdr_fault_set(fault, CDR_E_INPUT, "a field is no text, number, truth or list of texts");
}

/* see node/member/command_fields.h */
cdr_err
cdr_fields_read(struct cdr_fields *fields, struct cdr_bytes json, struct cdr_fault *fault)
{
	int line = 0, column = 0;
	const char *name;
	json_t *value, *object = cdr_json_read(json, &line, &column);
	cdr_err err = CDR_OK;

	if (!json_is_object(object))
		err = cdr_fault_set(fault, CDR_E_INPUT, "line %d, column %d: no JSON object begins here, or it is broken", line, column);
	else
		json_object_foreach(object, name, value)
			if (err == CDR_OK)
				err = add_member(fields, name, value, fault);
	json_decref(object);
	return err;
}

/* see node/member/command_fields.h */
cdr_err
cdr_command_with_file(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *path = cdr_arguments_text(arguments, "file"), *operand[CDR_ARGUMENTS_OPERAND_MAX];
	size_t operand_count = cdr_arguments_operand_count(arguments);
	struct cdr_arguments_value given;
	struct cdr_buffer file = { 0 };
	struct cdr_fields *fields = cdr_wiping_alloc(sizeof(*fields));

	if (fields == NULL)
		return CDR_E_MEMORY;
	memset(fields, 0, sizeof(*fields));
	fields->program = cdr_arguments_program(arguments);
	fields->command = cdr_arguments_command(arguments);
	for (size_t i = 0; i < operand_count; i++)
		operand[i] = cdr_arguments_operand(arguments, i);
	for (size_t i = 0; cdr_arguments_given(arguments, i, &given); i++)
		if (strcmp(given.name, "file") != 0)
			CDR_TRY(cdr_fields_add(fields, given.name, given.value, given.value != NULL ? strlen(given.value) : 0, fault));
	CDR_TRY(cdr_command_read_file(path, CDR_FIELDS_TEXT_MAX, &file, fault));
	CDR_TRY(cdr_command_name_file(path, cdr_fields_read(fields, cdr_buffer_bytes(&file), fault), fault));
	for (size_t i = 0; i < fields->value_count; i++)
		if (strcmp(fields->value[i].name, "file") == 0) {
			err = cdr_fault_set(fault, CDR_E_INPUT, "%s: a file names no other file", path);
			goto out;
		}
	err = cdr_arguments_call(fields->program, fields->command, fields->value, fields->value_count, operand, operand_count, report, fault);
out:
	cdr_buffer_free(&file);
	cdr_wiping_free(fields);
	return err;
}
