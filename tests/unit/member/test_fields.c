#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/record/json.h"
#include "node/member/command_fields.h"

/* Options out of a JSON file: names, kinds, lists, and what is refused. */

static char seen[1024];

/* Print every option in the order in which it was given. */
static cdr_err
handle(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	struct cdr_arguments_value value;
	size_t len = 0;

	if (cdr_arguments_has(arguments, "file"))
		return cdr_command_with_file(arguments, report, fault);
	seen[0] = '\0';
	for (size_t i = 0; cdr_arguments_given(arguments, i, &value); i++)
		len += (size_t)snprintf(seen + len, sizeof(seen) - len, "%s=%s ", value.name, value.value != NULL ? value.value : "!");
	return CDR_OK;
}

static const struct cdr_option options[] = {
	{ .name = "file", .value = "FILE", .help = "h" },
	{ .name = "given-names", .value = "TEXT", .help = "h", .personal = true },
	{ .name = "kind", .value = "CODE", .help = "h", .repeated = true },
	{ .name = "days", .value = "N", .help = "h", .min = 1, .max = 9 },
	{ .name = "force", .help = "h" },
	{ .name = NULL },
};
static const struct cdr_command commands[] = {
	{ .name = "subject test", .operands = "ID", .operand_min = 1, .operand_max = 1, .summary = "s", .options = options, .handle = handle },
	{ .name = NULL },
};
static const struct cdr_program program = { .name = "test", .version = "1", .summary = "s", .commands = commands };

/* Run with that file beside one option. */
static cdr_err
run(const char *json, struct cdr_fault *fault)
{
	char path[] = "/tmp/candor-fields-XXXXXX";
	static const char *const operand[] = { "AAAAA" };
	const struct cdr_arguments_value values[] = { { "kind", "first" }, { "file", path } };
	struct cdr_report report = { .out = stdout, .err = stderr };
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, json, strlen(json)), (ssize_t)strlen(json));
	(void)close(fd);
	memset(fault, 0, sizeof(*fault));
	(void)snprintf(seen, sizeof(seen), "not run");
	cdr_err err = cdr_arguments_call(&program, "subject test", values, 2, operand, 1, &report, fault);
	(void)unlink(path);
	return err;
}

static void
test_taken(void **state)
{
	struct cdr_fault fault;

	(void)state;
	assert_int_equal(run("{\"given_names\":\"Fictiona \\u00c9\",\"kind\":[\"b\",\"c;d\"],\"days\":7,\"force\":true}", &fault), CDR_OK);
	assert_string_equal(seen, "kind=first given-names=Fictiona \xc3\x89 kind=b kind=c;d days=7 force=! ");
	assert_int_equal(run("{\"given-names\":[\"A\",\"B\"],\"force\":false,\"days\":null}", &fault), CDR_OK);
	assert_string_equal(seen, "kind=first given-names=A;B ");
	assert_int_equal(run("{}", &fault), CDR_OK);
	assert_string_equal(seen, "kind=first ");
}

static void
test_refused(void **state)
{
	static const struct {
		const char *json, *why;
	} wrongs[] = {
		{ "[]", "no JSON object" },
		{ "{", "no JSON object" },
		{ "{\"given_names\":\"A\",\"given_names\":\"B\"}", "no JSON object" },
		{ "{\"unknown\":\"A\"}", "no such field" },
		{ "{\"given_names\":\"A\",\"given-names\":\"B\"}", "twice" },
		{ "{\"given_names\":{\"a\":\"b\"}}", "no text, number" },
		{ "{\"given_names\":1.5}", "no text, number" },
		{ "{\"given_names\":[\"A;B\"]}", "without semicolons" },
		{ "{\"given_names\":[1]}", "without semicolons" },
		{ "{\"given_names\":true}", "another kind" },
		{ "{\"days\":10}", "from 1 to 9" },
		{ "{\"file\":\"-\"}", "no other file" },
		{ "{\"given_names\":\"A\\u0000B\"}", "" },
	};
	struct cdr_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		assert_int_equal(run(wrongs[i].json, &fault), CDR_E_INPUT);
		if (strstr(fault.text, wrongs[i].why) == NULL)
			fail_msg("%s gave: %s", wrongs[i].json, fault.text);
		assert_string_equal(seen, "not run");
	}
}

static void
test_too_much(void **state)
{
	struct cdr_fault fault;
	char *json = malloc(CDR_FIELDS_TEXT_MAX + 64);

	(void)state;
	assert_non_null(json);
	int len = snprintf(json, 64, "{\"given_names\":\"");
	memset(json + len, 'a', CDR_FIELDS_TEXT_MAX);
	memcpy(json + len + CDR_FIELDS_TEXT_MAX, "\"}", 3);
	assert_int_equal(run(json, &fault), CDR_E_RANGE); /* the file is too long */
	memcpy(json + len + CDR_FIELDS_TEXT_MAX - 20, "\"}", 3);
	assert_int_equal(run(json, &fault), CDR_E_RANGE); /* with the names they are */
	len = snprintf(json, 64, "{\"kind\":[\"k\"");
	for (size_t i = 0; i < CDR_ARGUMENTS_OPTION_MAX; i++)
		len += snprintf(json + len, 64, ",\"k\"");
	memcpy(json + len, "]}", 3);
	assert_int_equal(run(json, &fault), CDR_E_RANGE);
	free(json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_much),
	};

	cdr_json_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
