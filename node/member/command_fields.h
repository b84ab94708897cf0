#ifndef CDR_NODE_MEMBER_COMMAND_FIELDS_H
#define CDR_NODE_MEMBER_COMMAND_FIELDS_H

/*
 * The options of a command as the members of a JSON object, "given_names" for --given-names: from the body of a request to the API, or
 * from a file, so that nothing personal stands on a command line, which others can read.
 */

#include "core/bytes.h"
#include "node/net/arguments.h"

#define CDR_FIELDS_TEXT_MAX (64U << 10) /* bytes of all names and values together */

/* Values, and what they point to. Personal: in wiped memory (core/record/json.h), zeroed before use. */
struct cdr_fields {
	const struct cdr_program *program;
	const char *command;
	const char *allowed;                /* names between blanks; NULL: whatever options the command has */
	const char *operand;                /* the member that is an operand of the command; NULL: none */
	const char *given;                  /* what was given for it; NULL: nothing */
	struct cdr_arguments_value value[CDR_ARGUMENTS_OPTION_MAX];
	size_t value_count;
	size_t text_len;
	char text[CDR_FIELDS_TEXT_MAX];
};

/**
 * cdr_fields_add(fields, name, value, value_len, fault):
 * Add one value, a copy; ${value} NULL: a flag. Underscores of the name become dashes.
 *
 * Returns  CDR_OK; CDR_E_INPUT for a name that is not known; CDR_E_RANGE if there are too many, or they are too long.
 */
CDR_MUST_CHECK cdr_err cdr_fields_add(struct cdr_fields *fields, const char *name, const char *value, size_t value_len,
    struct cdr_fault *fault);

/**
 * cdr_fields_read(fields, json, fault):
 * Add the members of an object: texts, whole numbers, truths, lists of texts. A list is several values where the option may be repeated,
 * else one with semicolons, as in a field of a table.
 *
 * Returns  as cdr_fields_add; CDR_E_INPUT also for what is no such object; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_fields_read(struct cdr_fields *fields, struct cdr_bytes json, struct cdr_fault *fault);

/**
 * cdr_command_with_file(arguments, report, fault):
 * Run the command again with the options of its --file beside those that were given.
 *
 * Returns  as cdr_fields_read, naming the file; as cdr_arguments_call.
 */
CDR_MUST_CHECK cdr_err cdr_command_with_file(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault);

#endif
