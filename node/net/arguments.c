#include "node/net/arguments.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 64      /* of an option or a sub-command, for comparing */
#define HELP_WIDTH 22        /* of the left column */

/* One option as given. */
struct given {
	const struct cdr_option *option;
	const char *value;       /* NULL for a flag */
};

struct cdr_arguments {
	const struct cdr_program *program;
	const struct cdr_command *command;
	struct given given[CDR_ARGUMENTS_OPTION_MAX];
	size_t given_count;
	const char *operands[CDR_ARGUMENTS_OPERAND_MAX];
	size_t operand_count;
};

/* Options that every sub-command has. */
static const struct cdr_option common_options[] = {
	{ .name = "json", .help = "print one JSON value, for scripts; errors too, on stderr" },
	{ .name = "help", .help = "print this text" },
	{ .name = NULL },
};

/* ---- what is known ------------------------------------------------------------------------------------------- */

/* The ${index}th of the three tables of options that a sub-command has; ${command} may be NULL. */
static const struct cdr_option *
option_table(const struct cdr_program *program, const struct cdr_command *command, size_t index)
{
	static const struct cdr_option none[] = { { .name = NULL } };
	const struct cdr_option *table = index == 0 ? (command != NULL ? command->options : NULL) :
					 index == 1 ? program->options :
						      common_options;

	return table != NULL ? table : none;
}

/* The option whose name is the ${len} bytes at ${name}. */
static const struct cdr_option *
find_option(const struct cdr_arguments *arguments, const char *name, size_t len)
{
	for (size_t i = 0; i < 3; i++) {
		const struct cdr_option *option = option_table(arguments->program, arguments->command, i);
		for (; option->name != NULL; option++)
			if (strlen(option->name) == len && memcmp(option->name, name, len) == 0)
				return option;
	}
	return NULL;
}

/* How many letters must be changed, added or left out to make one word of the other (Levenshtein's distance). */
static size_t
distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_LEN + 1];
	size_t b_len = strlen(b);

	if (strlen(a) > NAME_MAX_LEN || b_len > NAME_MAX_LEN)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t diagonal = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < b_len; j++) {
			size_t change = diagonal + (a[i] != b[j]);
			size_t other = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;
			diagonal = row[j + 1];
			row[j + 1] = change < other ? change : other;
		}
	}
	return row[b_len];
}

/* Keep ${candidate} if it is nearer to ${word} than the best so far; beyond a third of its letters nothing is near. */
static void
consider(const char *word, const char *candidate, const char **best, size_t *best_distance)
{
	size_t d = distance(word, candidate);

	if (d < *best_distance && d <= 1 + strlen(candidate) / 3) {
		*best = candidate;
		*best_distance = d;
	}
}

/* The known option nearest to ${name}, or NULL. */
static const char *
nearest_option(const struct cdr_arguments *arguments, const char *name)
{
	const char *best = NULL;
	size_t best_distance = SIZE_MAX;

	for (size_t i = 0; i < 3; i++) {
		const struct cdr_option *option = option_table(arguments->program, arguments->command, i);
		for (; option->name != NULL; option++)
			consider(name, option->name, &best, &best_distance);
	}
	return best;
}

/* The known sub-command nearest to ${words}, or NULL. */
static const char *
nearest_command(const struct cdr_program *program, const char *words)
{
	const char *best = NULL;
	size_t best_distance = SIZE_MAX;

	for (const struct cdr_command *command = program->commands; command->name != NULL; command++)
		consider(words, command->name, &best, &best_distance);
	return best;
}

/* ---- help ---------------------------------------------------------------------------------------------------- */

static void
print_option(FILE *file, const struct cdr_option *option)
{
	char left[NAME_MAX_LEN + 32];

	(void)snprintf(left, sizeof(left), "--%s%s%s", option->name, option->value != NULL ? " " : "",
	    option->value != NULL ? option->value : "");
	(void)fprintf(file, "  %-*s  %s%s%s", HELP_WIDTH, left, option->help, option->required ? " (needed)" : "",
	    option->repeated ? " (may be repeated)" : "");
	if (option->personal)
		(void)fputs(" (in the file: others can read a command line)", file);
	if (option->min < option->max && option->max != INT64_MAX)
		(void)fprintf(file, " (%" PRId64 " to %" PRId64 ")", option->min, option->max);
	(void)fputc('\n', file);
}

static void
print_exit_codes(FILE *file)
{
	(void)fputs("\nExit codes:\n"
		    "  0  done\n"
		    "  1  a fault of this machine: disk, memory, database\n"
		    "  2  the command line is wrong\n"
		    "  3  refused: the input or the request is against a rule\n"
		    "  4  there is no such thing\n"
		    "  5  a peer cannot be reached or is busy: try again later\n"
		    "  6  the passphrase is wrong or missing\n",
	    file);
}

static void
print_program_help(const struct cdr_program *program, FILE *file)
{
	(void)fprintf(file, "%s: %s\n\nUsage: %s COMMAND [OPTIONS]\n\nCommands:\n", program->name, program->summary,
	    program->name);
	for (const struct cdr_command *command = program->commands; command->name != NULL; command++)
		(void)fprintf(file, "  %-*s  %s\n", HELP_WIDTH, command->name, command->summary);
	(void)fputs("\nOptions of every command:\n", file);
	for (size_t i = 1; i < 3; i++)
		for (const struct cdr_option *option = option_table(program, NULL, i); option->name != NULL; option++)
			print_option(file, option);
	print_exit_codes(file);
	(void)fprintf(file, "\n%s COMMAND --help says more about one command; %s --version prints the version.\n",
	    program->name, program->name);
}

static void
print_command_help(const struct cdr_arguments *arguments, FILE *file)
{
	const struct cdr_command *command = arguments->command;

	(void)fprintf(file, "%s %s: %s\n\nUsage: %s %s [OPTIONS]%s%s\n", arguments->program->name, command->name,
	    command->summary, arguments->program->name, command->name, command->operands != NULL ? " " : "",
	    command->operands != NULL ? command->operands : "");
	if (command->help != NULL)
		(void)fprintf(file, "\n%s\n", command->help);
	(void)fputs("\nOptions:\n", file);
	for (size_t i = 0; i < 3; i++) {
		const struct cdr_option *option = option_table(arguments->program, command, i);
		for (; option->name != NULL; option++)
			print_option(file, option);
	}
	print_exit_codes(file);
}

/* Whether the command is one of the group that  names: "check" of "check new". */
static bool
is_in_group(const struct cdr_command *command, const char *first)
{
	size_t len = strlen(first);

	return strncmp(command->name, first, len) == 0 && command->name[len] == ' ';
}

/* The commands of a group, if  names one. */
static bool
print_group_help(const struct cdr_program *program, const char *first, FILE *file)
{
	bool is_group = false;

	for (const struct cdr_command *command = program->commands; command->name != NULL; command++) {
		if (!is_in_group(command, first))
			continue;
		if (!is_group)
			(void)fprintf(file, "Usage: %s %s COMMAND [OPTIONS]\n\nCommands:\n", program->name, first);
		is_group = true;
		(void)fprintf(file, "  %-*s  %s\n", HELP_WIDTH, command->name, command->summary);
	}
	if (is_group)
		(void)fprintf(file, "\n%s %s COMMAND --help says more about one command.\n", program->name, first);
	return is_group;
}

/* Whether a word asks for help. */
static bool
is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* ---- parsing ------------------------------------------------------------------------------------------------- */

/* Say what is wrong with the command line, and where help is. */
static enum cdr_exit CDR_PRINTF(3, 4)
usage(const struct cdr_arguments *arguments, struct cdr_report *report, const char *format, ...)
{
	struct cdr_fault fault = { CDR_E_INPUT, "" };
	const struct cdr_command *command = arguments->command;
	va_list args;

	va_start(args, format);
	int len = vsnprintf(fault.text, sizeof(fault.text), format, args);
	va_end(args);
	if (len >= 0 && (size_t)len < sizeof(fault.text))
		(void)snprintf(fault.text + len, sizeof(fault.text) - (size_t)len, ". See '%s%s%s --help'",
		    arguments->program->name, command != NULL ? " " : "", command != NULL ? command->name : "");
	cdr_report_fault(report, &fault);
	return CDR_EXIT_USAGE;
}

/* The sub-command that argv[1], or argv[1] and argv[2], names; ${used} says how many words it took. */
static const struct cdr_command *
find_command(const struct cdr_program *program, int argc, char **argv, int *used)
{
	char two[NAME_MAX_LEN * 2] = "";

	if (argc > 2)
		(void)snprintf(two, sizeof(two), "%s %s", argv[1], argv[2]);
	for (const struct cdr_command *command = program->commands; command->name != NULL; command++) {
		*used = strchr(command->name, ' ') != NULL ? 2 : 1;
		if (strcmp(command->name, *used == 2 ? two : argv[1]) == 0)
			return command;
	}
	return NULL;
}

/* Answer words that name no sub-command: those that begin with the first word, or the nearest one. */
static enum cdr_exit
unknown_command(const struct cdr_arguments *arguments, struct cdr_report *report, int argc, char **argv)
{
	const struct cdr_program *program = arguments->program;
	char words[NAME_MAX_LEN * 2], known[256] = "";
	size_t first_len = strlen(argv[1]), known_len = 0;

	for (const struct cdr_command *command = program->commands; command->name != NULL; command++)
		if (is_in_group(command, argv[1]) && known_len < sizeof(known))
			known_len += (size_t)snprintf(known + known_len, sizeof(known) - known_len, "%s%s",
			    known_len > 0 ? ", " : "", command->name + first_len + 1);
	bool has_second = argc > 2 && argv[2][0] != '-';
	(void)snprintf(words, sizeof(words), "%s%s%s", argv[1], has_second ? " " : "", has_second ? argv[2] : "");
	const char *best = has_second || known_len == 0 ? nearest_command(program, words) : NULL;
	if (best == NULL && known_len > 0)
		return usage(arguments, report, "'%s' takes one of: %s", argv[1], known);
	if (best == NULL)
		best = nearest_command(program, argv[1]);
	if (best == NULL)
		return usage(arguments, report, "there is no command '%s'", words);
	return usage(arguments, report, "there is no command '%s'; the nearest is '%s'", words, best);
}

/* A whole number within the option's range. */
static bool
is_number(const struct cdr_option *option, const char *text)
{
	char *end = NULL;

	errno = 0;
	intmax_t number = strtoimax(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && text[0] != ' ' && text[0] != '+' && number >= option->min &&
	    number <= option->max;
}

/* One option at argv[*at], and its value; *at is left at the last word that was used. */
static enum cdr_exit
parse_option(struct cdr_arguments *arguments, struct cdr_report *report, int argc, char **argv, int *at)
{
	const char *name = strcmp(argv[*at], "-h") == 0 ? "help" : argv[*at] + 2;
	const char *equals = strchr(name, '=');
	size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
	const struct cdr_option *option = find_option(arguments, name, len);
	const char *value = equals != NULL ? equals + 1 : NULL;

	if (option == NULL) {
		const char *best = nearest_option(arguments, name);
		return usage(arguments, report, "there is no option --%.*s%s%s", (int)len, name,
		    best != NULL ? "; the nearest is --" : "", best != NULL ? best : "");
	}
	if (option->personal)
		return usage(arguments, report, "--%s is personal, and others can read a command line: give it in the file that --file names (- reads standard "
		    "input)", option->name);
	if (option->value == NULL && value != NULL)
		return usage(arguments, report, "--%s takes no value", option->name);
	if (option->value != NULL && value == NULL) {
		if (*at + 1 >= argc)
			return usage(arguments, report, "--%s needs a value: %s", option->name, option->value);
		value = argv[++*at];
	}
	if (option->min < option->max && !is_number(option, value))
		return usage(arguments, report, "--%s takes a number from %" PRId64 " to %" PRId64 ", not '%s'", option->name,
		    option->min, option->max, value);
	if (!option->repeated && cdr_arguments_has(arguments, option->name))
		return usage(arguments, report, "--%s is given twice", option->name);
	if (arguments->given_count == CDR_ARGUMENTS_OPTION_MAX)
		return usage(arguments, report, "there are more than %d options", CDR_ARGUMENTS_OPTION_MAX);
	arguments->given[arguments->given_count++] = (struct given){ option, value };
	return CDR_EXIT_DONE;
}

/* All words after the sub-command. */
static enum cdr_exit
parse_words(struct cdr_arguments *arguments, struct cdr_report *report, int argc, char **argv, int first)
{
	bool options_are_over = false;

	for (int at = first; at < argc; at++) {
		const char *word = argv[at];
		bool is_option = !options_are_over && (strncmp(word, "--", 2) == 0 || strcmp(word, "-h") == 0);
		if (is_option && strcmp(word, "--") == 0) {
			options_are_over = true;
		} else if (is_option) {
			enum cdr_exit code = parse_option(arguments, report, argc, argv, &at);
			if (code != CDR_EXIT_DONE)
				return code;
		} else {
			if (arguments->operand_count == CDR_ARGUMENTS_OPERAND_MAX)
				return usage(arguments, report, "more than %d words follow", CDR_ARGUMENTS_OPERAND_MAX);
			arguments->operands[arguments->operand_count++] = word;
		}
	}
	return CDR_EXIT_DONE;
}

/* What must be there, and how much may follow. */
static enum cdr_exit
check_complete(const struct cdr_arguments *arguments, struct cdr_report *report)
{
	const struct cdr_command *command = arguments->command;

	for (size_t i = 0; i < 3; i++) {
		const struct cdr_option *option = option_table(arguments->program, command, i);
		for (; option->name != NULL; option++)
			if (option->required && !cdr_arguments_has(arguments, option->name))
				return usage(arguments, report, "--%s %s is needed: %s", option->name,
				    option->value != NULL ? option->value : "", option->help);
	}
	if (arguments->operand_count < command->operand_min)
		return usage(arguments, report, "%s is missing", command->operands != NULL ? command->operands : "a word");
	if (arguments->operand_count > command->operand_max)
		return usage(arguments, report, "'%s' is one word too many", arguments->operands[command->operand_max]);
	return CDR_EXIT_DONE;
}

/* --json holds from the first word on, so that an error in the command line is JSON too. */
static bool
asks_for_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

static enum cdr_exit
run_command(const struct cdr_arguments *arguments, struct cdr_report *report)
{
	struct cdr_fault fault = { CDR_OK, "" };
	cdr_err err = arguments->command->handle(arguments, report, &fault);

	if (err == CDR_OK && (fflush(report->out) != 0 || ferror(report->out) != 0))
		err = cdr_fault_set(&fault, CDR_E_IO, "the output could not be written");
	if (err == CDR_OK)
		return CDR_EXIT_DONE;
	fault.code = err;
	(void)fflush(report->out);
	cdr_report_fault(report, &fault);
	return cdr_exit_of(err);
}

/* see node/net/arguments.h */
int
cdr_arguments_main(const struct cdr_program *program, int argc, char **argv)
{
	struct cdr_arguments arguments = { .program = program };
	struct cdr_report report = { .json = asks_for_json(argc, argv), .out = stdout, .err = stderr };
	enum cdr_exit code;
	int used = 1;

	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		(void)printf("%s %s\n", program->name, program->version);
		return CDR_EXIT_DONE;
	}
	if (argc > 1 && (is_help(argv[1]) || strcmp(argv[1], "help") == 0)) {
		print_program_help(program, stdout);
		return CDR_EXIT_DONE;
	}
	if (argc < 2 || argv[1][0] == '-')
		return usage(&arguments, &report, "a command is missing");
	arguments.command = find_command(program, argc, argv, &used);
	if (arguments.command == NULL && argc > 2 && is_help(argv[2]) && print_group_help(program, argv[1], stdout))
		return CDR_EXIT_DONE;
	if (arguments.command == NULL)
		return unknown_command(&arguments, &report, argc, argv);
	code = parse_words(&arguments, &report, argc, argv, 1 + used);
	if (code == CDR_EXIT_DONE && cdr_arguments_has(&arguments, "help")) {
		print_command_help(&arguments, stdout);
		return CDR_EXIT_DONE;
	}
	if (code == CDR_EXIT_DONE)
		code = check_complete(&arguments, &report);
	return code != CDR_EXIT_DONE ? code : run_command(&arguments, &report);
}

/* One value of a call, checked as one of a command line. */
static cdr_err
call_option(struct cdr_arguments *arguments, const struct cdr_arguments_value *value, struct cdr_fault *fault)
{
	const struct cdr_option *option = find_option(arguments, value->name, strlen(value->name));

	if (option == NULL || (option->value == NULL) != (value->value == NULL))
		return cdr_fault_set(fault, CDR_E_INPUT, "%s: there is no such field here, or it is of another kind", value->name);
	if (option->min < option->max && !is_number(option, value->value))
		return cdr_fault_set(fault, CDR_E_INPUT, "%s: a number from %" PRId64 " to %" PRId64, value->name, option->min, option->max);
	if ((!option->repeated && cdr_arguments_has(arguments, option->name)) || arguments->given_count == CDR_ARGUMENTS_OPTION_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "%s: given twice, or there are too many fields", value->name);
	arguments->given[arguments->given_count++] = (struct given){ option, value->value };
	return CDR_OK;
}

/* see node/net/arguments.h */
cdr_err
cdr_arguments_call(const struct cdr_program *program, const char *name, const struct cdr_arguments_value *values, size_t value_count,
    const char *const *operands, size_t operand_count, struct cdr_report *report, struct cdr_fault *fault)
{
	struct cdr_arguments arguments = { .program = program };
	cdr_err err = CDR_OK;

	for (const struct cdr_command *command = program->commands; command->name != NULL; command++)
		if (strcmp(command->name, name) == 0)
			arguments.command = command;
	if (arguments.command == NULL)
		return cdr_fault_set(fault, CDR_E_ABSENT, "there is no command %s", name);
	for (size_t i = 0; i < value_count && err == CDR_OK; i++)
		err = call_option(&arguments, &values[i], fault);
	if (err != CDR_OK)
		return err;
	for (const struct cdr_option *option = arguments.command->options; option != NULL && option->name != NULL; option++)
		if (option->required && !cdr_arguments_has(&arguments, option->name))
			return cdr_fault_set(fault, CDR_E_INPUT, "%s is needed: %s", option->name, option->help);
	if (operand_count < arguments.command->operand_min || operand_count > arguments.command->operand_max)
		return cdr_fault_set(fault, CDR_E_INPUT, "%s: too few operands, or too many", name);
	for (size_t i = 0; i < operand_count; i++)
		arguments.operands[arguments.operand_count++] = operands[i];
	return arguments.command->handle(&arguments, report, fault);
}

/* see node/net/arguments.h */
const struct cdr_option *
cdr_arguments_option(const struct cdr_program *program, const char *command, const char *name)
{
	struct cdr_arguments arguments = { .program = program };

	for (const struct cdr_command *known = program->commands; known->name != NULL; known++)
		if (strcmp(known->name, command) == 0)
			arguments.command = known;
	return find_option(&arguments, name, strlen(name));
}

/* see node/net/arguments.h */
const struct cdr_program *
cdr_arguments_program(const struct cdr_arguments *arguments)
{
	return arguments->program;
}

/* ---- for handlers -------------------------------------------------------------------------------------------- */

/* see node/net/arguments.h */
const char *
cdr_arguments_nth(const struct cdr_arguments *arguments, const char *name, size_t nth)
{
	for (size_t i = 0; i < arguments->given_count; i++)
		if (strcmp(arguments->given[i].option->name, name) == 0 && nth-- == 0)
			return arguments->given[i].value;
	return NULL;
}

/* see node/net/arguments.h */
const char *
cdr_arguments_text(const struct cdr_arguments *arguments, const char *name)
{
	return cdr_arguments_nth(arguments, name, 0);
}

/* see node/net/arguments.h */
cdr_err
cdr_arguments_copy(const struct cdr_arguments *arguments, const char *name, char *field, size_t size, struct cdr_fault *fault)
{
	const char *value = cdr_arguments_text(arguments, name);

	if (value == NULL)
		return CDR_OK;
	if (strlen(value) >= size)
		return cdr_fault_set(fault, CDR_E_RANGE, "--%s: it is longer than %zu bytes", name, size - 1);
	memset(field, 0, size);
	memcpy(field, value, strlen(value));
	return CDR_OK;
}

/* see node/net/arguments.h */
bool
cdr_arguments_given(const struct cdr_arguments *arguments, size_t index, struct cdr_arguments_value *value)
{
	if (index >= arguments->given_count)
		return false;
	*value = (struct cdr_arguments_value){ arguments->given[index].option->name, arguments->given[index].value };
	return true;
}

/* see node/net/arguments.h */
bool
cdr_arguments_has(const struct cdr_arguments *arguments, const char *name)
{
	for (size_t i = 0; i < arguments->given_count; i++)
		if (strcmp(arguments->given[i].option->name, name) == 0)
			return true;
	return false;
}

/* see node/net/arguments.h */
int64_t
cdr_arguments_number(const struct cdr_arguments *arguments, const char *name, int64_t otherwise)
{
	const char *text = cdr_arguments_text(arguments, name);

	return text != NULL ? (int64_t)strtoimax(text, NULL, 10) : otherwise;
}

/* see node/net/arguments.h */
const char *
cdr_arguments_operand(const struct cdr_arguments *arguments, size_t index)
{
	return index < arguments->operand_count ? arguments->operands[index] : NULL;
}

/* see node/net/arguments.h */
size_t
cdr_arguments_operand_count(const struct cdr_arguments *arguments)
{
	return arguments->operand_count;
}

/* see node/net/arguments.h */
cdr_err
cdr_arguments_operand_number(const struct cdr_arguments *arguments, size_t index, const char *list, uint64_t *number, struct cdr_fault *fault)
{
	const char *text = cdr_arguments_operand(arguments, index);
	char *end;

	*number = 0;
	if (text == NULL || text[0] < '0' || text[0] > '9')
		return cdr_fault_set(fault, CDR_E_INPUT, "\"%.40s\" is no number of `%s`", text != NULL ? text : "", list);
	errno = 0;
	*number = strtoull(text, &end, 10);
	if (*end != '\0' || errno != 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "\"%.40s\" is no number of `%s`", text, list);
	return CDR_OK;
}

/* see node/net/arguments.h */
const char *
cdr_arguments_command(const struct cdr_arguments *arguments)
{
	return arguments->command->name;
}

/* see node/net/arguments.h */
void *
cdr_arguments_context(const struct cdr_arguments *arguments)
{
	return arguments->program->context;
}

/* see node/net/arguments.h */
enum cdr_exit
cdr_exit_of(cdr_err err)
{
	switch (err) {
	case CDR_OK:
		return CDR_EXIT_DONE;
	case CDR_E_ABSENT:
		return CDR_EXIT_ABSENT;
	case CDR_E_NETWORK:
	case CDR_E_TIME:
	case CDR_E_BUSY:
		return CDR_EXIT_UNREACHABLE;
	case CDR_E_PASSPHRASE:
		return CDR_EXIT_PASSPHRASE;
	case CDR_E_INTERNAL:
	case CDR_E_MEMORY:
	case CDR_E_IO:
	case CDR_E_STORE:
		return CDR_EXIT_FAILED;
	default:
		return CDR_EXIT_REFUSED;
	}
}
