#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "node/net/arguments.h"

/* What the handler saw last. */
static struct {
	int run_count;
	const char *home, *second_note, *operand;
	int64_t port;
	size_t operand_count;
	uint64_t number;
	cdr_err number_err;
	struct cdr_fault number_fault;
	bool json, force;
} seen;

static cdr_err
run_new(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	(void)fault;
	seen.run_count++;
	seen.home = cdr_arguments_text(arguments, "home");
	seen.second_note = cdr_arguments_nth(arguments, "note", 1);
	seen.operand = cdr_arguments_operand(arguments, 0);
	seen.operand_count = cdr_arguments_operand_count(arguments);
	seen.number_err = cdr_arguments_operand_number(arguments, 0, "audit list", &seen.number, &seen.number_fault);
	assert_int_equal(cdr_arguments_operand_number(arguments, 99, "audit list", &(uint64_t){ 0 }, NULL), CDR_E_INPUT);
	seen.port = cdr_arguments_number(arguments, "port", 443);
	seen.json = report->json;
	seen.force = cdr_arguments_has(arguments, "force");
	assert_null(cdr_arguments_operand(arguments, 99));
	assert_null(cdr_arguments_nth(arguments, "note", 99));
	cdr_report_text(report, "text for %s\n", "people");
	return cdr_report_json(report, json_pack("{s:i}", "answer", 42));
}

/* Fails with the code in the program's context. */
static cdr_err
run_fail(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	(void)report;
	return cdr_fault_set(fault, *(cdr_err *)cdr_arguments_context(arguments), "what went \"wrong\"");
}

static cdr_err context = CDR_E_ABSENT;

static const struct cdr_option new_options[] = {
	{ .name = "port", .value = "PORT", .help = "where", .min = 1, .max = 65535 },
	{ .name = "note", .value = "TEXT", .help = "something to keep", .repeated = true },
	{ .name = "force", .help = "without asking" },
	{ .name = "born", .value = "DATE", .help = "when", .personal = true },
	{ .name = NULL },
};
static const struct cdr_option program_options[] = {
	{ .name = "home", .value = "DIR", .help = "the node's folder", .required = true },
	{ .name = NULL },
};
static const struct cdr_command commands[] = {
	{ .name = "check new", .operands = "FILE...", .operand_min = 1, .operand_max = 2, .summary = "open a check",
	    .help = "A paragraph.", .options = new_options, .handle = run_new },
	{ .name = "check list", .summary = "list checks", .handle = run_fail },
	{ .name = "serve", .summary = "stay", .handle = run_fail },
	{ .name = NULL },
};
static const struct cdr_program program = { "candor-test", "0.1", "a program", commands, program_options, &context };

/* What came out. */
static char out_text[8192], err_text[2048];

/* Turn ${stream} into a file; the copy of what it was is handed back. */
static int
redirect(FILE *stream, const char *path)
{
	int kept = dup(fileno(stream));

	(void)fflush(stream);
	assert_non_null(freopen(path, "w+", stream));
	return kept;
}

static void
restore(FILE *stream, int kept, char *text, size_t size)
{
	(void)fflush(stream);
	rewind(stream);
	size_t len = fread(text, 1, size - 1, stream);
	text[len] = '\0';
	(void)fflush(stream);
	assert_true(dup2(kept, fileno(stream)) >= 0);
	(void)close(kept);
}

/* Run the command line ${words}, separated by spaces. */
static int
run(const char *words)
{
	char line[512], path[2][64];
	char *argv[64];
	int argc = 0;
	char *rest = NULL;

	(void)snprintf(line, sizeof(line), "candor-test %s", words);
	for (char *word = strtok_r(line, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	argv[argc] = NULL;
	(void)snprintf(path[0], sizeof(path[0]), "/tmp/candor-arguments-%ld-out", (long)getpid());
	(void)snprintf(path[1], sizeof(path[1]), "/tmp/candor-arguments-%ld-err", (long)getpid());
	memset(&seen, 0, sizeof(seen));
	int kept_out = redirect(stdout, path[0]), kept_err = redirect(stderr, path[1]);
	int code = cdr_arguments_main(&program, argc, argv);
	restore(stdout, kept_out, out_text, sizeof(out_text));
	restore(stderr, kept_err, err_text, sizeof(err_text));
	(void)unlink(path[0]);
	(void)unlink(path[1]);
	return code;
}

static void
test_values(void **state)
{
	(void)state;
	assert_int_equal(run("check new --home /a --port=8443 file --note one --note=two --force"), CDR_EXIT_DONE);
	assert_int_equal(seen.port, 8443);
	assert_int_equal(seen.operand_count, 1);
	assert_true(seen.force);
	assert_string_equal(out_text, "text for people\n");
	assert_string_equal(err_text, "");
	assert_int_equal(run("check new file --home=/a -- --port"), CDR_EXIT_DONE);
	assert_int_equal(seen.port, 443);
	assert_int_equal(seen.operand_count, 2);
	assert_false(seen.force);
	assert_null(seen.second_note);
	assert_int_equal(run("check new --json --home /a file"), CDR_EXIT_DONE);
	assert_true(seen.json);
	assert_string_equal(out_text, "{\n  \"answer\": 42\n}\n");
}

static void
test_operand_numbers(void **state)
{
	static const char *const wrong[] = { "file", "-", "+1", "1x", "0x1", "18446744073709551616" };
	char line[80];

	(void)state;
	assert_int_equal(run("check new --home /a 18446744073709551615"), CDR_EXIT_DONE);
	assert_int_equal(seen.number_err, CDR_OK);
	assert_true(seen.number == UINT64_MAX);
	assert_int_equal(run("check new --home /a 0"), CDR_EXIT_DONE);
	assert_int_equal(seen.number_err, CDR_OK);
	assert_int_equal(seen.number, 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		(void)snprintf(line, sizeof(line), "check new --home /a -- %s", wrong[i]);
		assert_int_equal(run(line), CDR_EXIT_DONE);
		assert_int_equal(seen.number_err, CDR_E_INPUT);
		assert_non_null(strstr(seen.number_fault.text, "`audit list`"));
	}
}

static void
test_help(void **state)
{
	(void)state;
	assert_int_equal(run("--help"), CDR_EXIT_DONE);
	assert_non_null(strstr(out_text, "check new"));
	assert_non_null(strstr(out_text, "--home DIR"));
	assert_non_null(strstr(out_text, "Exit codes:"));
	assert_int_equal(run("help"), CDR_EXIT_DONE);
	/* Help needs nothing else to be right. */
	assert_int_equal(run("check new --help"), CDR_EXIT_DONE);
	assert_int_equal(seen.run_count, 0);
	assert_non_null(strstr(out_text, "Usage: candor-test check new [OPTIONS] FILE..."));
	assert_non_null(strstr(out_text, "A paragraph."));
	assert_non_null(strstr(out_text, "--port PORT"));
	assert_non_null(strstr(out_text, "(1 to 65535)"));
	/* Of a group: its commands, and no others. */
	assert_int_equal(run("check --help"), CDR_EXIT_DONE);
	assert_non_null(strstr(out_text, "check new"));
	assert_non_null(strstr(out_text, "list checks"));
	assert_null(strstr(out_text, "serve"));
	assert_int_equal(run("che --help"), CDR_EXIT_USAGE);
	assert_int_equal(run("--version"), CDR_EXIT_DONE);
	assert_string_equal(out_text, "candor-test 0.1\n");
}

static void
test_wrong_usage(void **state)
{
	static const struct {
		const char *words, *answer;
	} wrongs[] = {
		{ "", "a command is missing" },
		{ "--home /a", "a command is missing" },
		{ "serv --home /a", "the nearest is 'serve'." },
		{ "check nwe --home /a", "the nearest is 'check new'." },
		{ "check", "takes one of: new, list" },
		{ "entirely different", "there is no command 'entirely different'" },
		{ "check new --home /a --prot 4 f", "the nearest is --port." },
		{ "check new --home /a --qqqqqqqqqqqq f", "there is no option --qqqqqqqqqqqq." },
		{ "check new --home /a --port 0 f", "a number from 1 to 65535, not '0'" },
		{ "check new --home /a --port 12x f", "not '12x'" },
		{ "check new --home /a --port 99999999999999999999 f", "a number from" },
		{ "check new --home /a --port", "--port needs a value" },
		{ "check new --home /a --force=yes f", "takes no value" },
		{ "check new --home /a --home /b f", "given twice" },
		{ "check new f", "--home DIR is needed" },
		{ "check new --home /a --born 1990 f", "--born is personal, and others can read a command line" },
		{ "check new --home /a", "FILE... is missing" },
		{ "check new --home /a a b c", "'c' is one word too many" },
		{ "serve --home /a extra", "'extra' is one word too many" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		assert_int_equal(run(wrongs[i].words), CDR_EXIT_USAGE);
		assert_int_equal(seen.run_count, 0);
		if (strstr(err_text, wrongs[i].answer) == NULL)
			fail_msg("'%s' gave: %s", wrongs[i].words, err_text);
		assert_non_null(strstr(err_text, "--help'"));
	}
	assert_int_equal(run("check new --json"), CDR_EXIT_USAGE);
	assert_non_null(strstr(err_text, "{\"error\":{\"code\":\"input\",\"message\":\"--home"));
}

static void
test_too_many(void **state)
{
	static char name[] = "candor-test", serve[] = "serve", word[] = "w";
	char *argv[CDR_ARGUMENTS_OPERAND_MAX + 8];
	int argc = 0;

	(void)state;
	argv[argc++] = name;
	argv[argc++] = serve;
	while (argc < CDR_ARGUMENTS_OPERAND_MAX + 4)
		argv[argc++] = word;
	argv[argc] = NULL;
	int kept = redirect(stderr, "/dev/null");
	assert_int_equal(cdr_arguments_main(&program, argc, argv), CDR_EXIT_USAGE);
	restore(stderr, kept, err_text, sizeof(err_text));
}

static void
test_failures(void **state)
{
	(void)state;
	context = CDR_E_ABSENT;
	assert_int_equal(run("serve --home /a"), CDR_EXIT_ABSENT);
	assert_string_equal(err_text, "error: what went \"wrong\"\n");
	assert_int_equal(run("serve --home /a --json"), CDR_EXIT_ABSENT);
	assert_string_equal(err_text, "{\"error\":{\"code\":\"absent\",\"message\":\"what went \\\"wrong\\\"\"}}\n");
	assert_string_equal(out_text, "");
	/* Every error has an exit code, and only success has 0. */
	for (int err = 0; err < CDR_E_COUNT; err++)
		assert_int_equal(cdr_exit_of((cdr_err)err) == CDR_EXIT_DONE, err == CDR_OK);
	assert_int_equal(cdr_exit_of(CDR_E_STORE), CDR_EXIT_FAILED);
	assert_int_equal(cdr_exit_of(CDR_E_SIGNATURE), CDR_EXIT_REFUSED);
	assert_int_equal(cdr_exit_of(CDR_E_TIME), CDR_EXIT_UNREACHABLE);
	assert_int_equal(cdr_exit_of(CDR_E_PASSPHRASE), CDR_EXIT_PASSPHRASE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_operand_numbers),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_wrong_usage),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
