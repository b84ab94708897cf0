#ifndef CDR_NODE_NET_ARGUMENTS_H
#define CDR_NODE_NET_ARGUMENTS_H

/*
 * The command line of a program, from one table: its sub-commands, their options, their help and their exit codes.
 *
 *     candor check new --data DIR --json FILE
 *
 * Options may stand anywhere after the sub-command, as --name VALUE or --name=VALUE; "--" ends them. Every program
 * takes --help, --version and --json. Secrets are never options: anybody on the machine can read a command line.
 */

#include "node/net/report.h"

#define CDR_ARGUMENTS_OPERAND_MAX 64
#define CDR_ARGUMENTS_OPTION_MAX 64      /* given at once */

/* What a script can rely on. One mapping leads here from cdr_err: cdr_exit_of. */
enum cdr_exit {
	CDR_EXIT_DONE = 0,
	CDR_EXIT_FAILED = 1,        /* a fault of this machine or of the program: disk, memory, database */
	CDR_EXIT_USAGE = 2,         /* the command line is wrong */
	CDR_EXIT_REFUSED = 3,       /* the input, or what was asked, is against a rule; a signature or proof does not hold */
	CDR_EXIT_ABSENT = 4,        /* there is no such thing */
	CDR_EXIT_UNREACHABLE = 5,   /* a peer cannot be reached, did not answer in time, or is busy: try again later */
	CDR_EXIT_PASSPHRASE = 6,    /* the passphrase is wrong or missing */
};

struct cdr_option {
	const char *name;           /* "data"; NULL ends a table */
	const char *value;          /* how help calls the value: "DIR"; NULL: a flag without one */
	const char *help;           /* one line */
	bool required;
	bool repeated;              /* may be given more than once */
	bool personal;              /* never on a command line, which others can read: in the file that --file names, or over the API */
	int64_t min, max;           /* min < max: a number within these */
};

struct cdr_arguments;

/* Do what a sub-command is for. On failure ${fault} says why; its exit code follows from the returned error. */
typedef cdr_err cdr_command_handler(const struct cdr_arguments *arguments, struct cdr_report *report,
    struct cdr_fault *fault);

struct cdr_command {
	const char *name;           /* one word or two: "serve", "check new"; NULL ends a table */
	const char *operands;       /* how help calls what follows: "FILE", "FILE..."; NULL: nothing follows */
	uint32_t operand_min, operand_max;
	const char *summary;        /* one line, no full stop */
	const char *help;           /* further paragraphs; may be NULL */
	const struct cdr_option *options;   /* beside the program's; may be NULL */
	cdr_command_handler *handle;
};

struct cdr_program {
	const char *name;           /* "candor-hub" */
	const char *version;
	const char *summary;
	const struct cdr_command *commands;
	const struct cdr_option *options;   /* of every sub-command; may be NULL */
	void *context;              /* for the handlers */
};

/**
 * cdr_arguments_main(program, argc, argv):
 * Parse, print help if asked, else run the sub-command and print its error: on stderr, as text, or with --json as
 * {"error":{"code":"...","message":"..."}}. An unknown word is answered with the nearest known one.
 *
 * Returns  an enum cdr_exit, for main to return.
 */
int cdr_arguments_main(const struct cdr_program *program, int argc, char **argv);

/* An option as a caller within the program gives it; ${value} NULL: a flag. */
struct cdr_arguments_value {
	const char *name, *value;
};

/**
 * cdr_arguments_call(program, name, values, value_count, operands, operand_count, report, fault):
 * Run the sub-command ${name} from within the program, with the same checks as on a command line.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is no such sub-command; CDR_E_INPUT if an option or an operand is missing, unknown, twice
 *          there or no number in its range; the handler's error.
 */
CDR_MUST_CHECK cdr_err cdr_arguments_call(const struct cdr_program *program, const char *name, const struct cdr_arguments_value *values,
    size_t value_count, const char *const *operands, size_t operand_count, struct cdr_report *report, struct cdr_fault *fault);

/* The option of that name of a sub-command; NULL: there is none. */
const struct cdr_option *cdr_arguments_option(const struct cdr_program *program, const char *command, const char *name);

/* The program that a sub-command belongs to. */
const struct cdr_program *cdr_arguments_program(const struct cdr_arguments *arguments);

/* The value of option ${name}: the ${nth} given, from 0. NULL if it was not given so often. Borrowed. */
const char *cdr_arguments_text(const struct cdr_arguments *arguments, const char *name);
const char *cdr_arguments_nth(const struct cdr_arguments *arguments, const char *name, size_t nth);
/**
 * cdr_arguments_copy(arguments, name, field, size, fault):
 * Copy an option's text into a field, if it was given; else the field stays as it is.
 *
 * size  in   bytes of ${field}, with the NUL; what is behind the text is zeroed
 *
 * Returns  CDR_OK; CDR_E_RANGE if it is too long.
 */
CDR_MUST_CHECK cdr_err cdr_arguments_copy(const struct cdr_arguments *arguments, const char *name, char *field, size_t size,
    struct cdr_fault *fault);
/* Whether option ${name} was given. */
bool cdr_arguments_has(const struct cdr_arguments *arguments, const char *name);
/* The value of a number option, or ${otherwise}. */
int64_t cdr_arguments_number(const struct cdr_arguments *arguments, const char *name, int64_t otherwise);
/* Option number  of those that were given, from 0; false beyond the last. Borrowed. */
bool cdr_arguments_given(const struct cdr_arguments *arguments, size_t index, struct cdr_arguments_value *value);
/* What follows the options, from 0; NULL beyond the last. Borrowed. */
const char *cdr_arguments_operand(const struct cdr_arguments *arguments, size_t index);
size_t cdr_arguments_operand_count(const struct cdr_arguments *arguments);
/**
 * cdr_arguments_operand_number(arguments, index, list, number, fault):
 * An operand that is a number.
 *
 * list   in   the sub-command that shows which there are: "audit list"
 *
 * Returns  CDR_OK; CDR_E_INPUT.
 */
CDR_MUST_CHECK cdr_err cdr_arguments_operand_number(const struct cdr_arguments *arguments, size_t index, const char *list, uint64_t *number,
    struct cdr_fault *fault);
/* The sub-command's name, as in its table: "check new". */
const char *cdr_arguments_command(const struct cdr_arguments *arguments);
/* The program's context. */
void *cdr_arguments_context(const struct cdr_arguments *arguments);

/* The exit code that stands for ${err}. */
enum cdr_exit cdr_exit_of(cdr_err err);

#endif
