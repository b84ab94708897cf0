#include "tests/unit/unit.h"

#include <stdio.h>
#include <unistd.h>

#include "node/net/log.h"

static FILE *file;
static int kept;

static void
catch_stderr(void)
{
	file = tmpfile();
	assert_non_null(file);
	kept = dup(STDERR_FILENO);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
}

/* What was logged. */
static size_t
caught(char *text, size_t size)
{
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	(void)close(kept);
	rewind(file);
	size_t len = fread(text, 1, size - 1, file);
	text[len] = '\0';
	(void)fclose(file);
	return len;
}

static void
test_line(void **state)
{
	char text[512];
	int year, month, day, hour, minute, second, ms, used = 0;

	(void)state;
	catch_stderr();
	cdr_log(CDR_LOG_INFO, "server.started", cdr_log_text("address", "[::1]:8443"), cdr_log_int("workers", -2),
	    cdr_log_err(CDR_E_BUSY), cdr_log_text("none", NULL));
	cdr_log(CDR_LOG_DEBUG, "not.written");
	cdr_log(CDR_LOG_ERROR, "bare");
	(void)caught(text, sizeof(text));
	assert_int_equal(sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &year, &month, &day, &hour, &minute, &second, &ms,
			     &used), 7);
	assert_int_equal(used, 24);
	const char *rest = strchr(text, ' ');
	const char *second_line = strchr(text, '\n');
	assert_non_null(second_line);
	assert_memory_equal(rest, " info server.started address=[::1]:8443 workers=-2 error=busy none=-\n",
	    (size_t)(second_line - rest) + 1);
	assert_string_equal(strchr(second_line, ' '), " error bare\n");
}

/* A value cannot make a line or a field of its own. */
static void
test_escapes(void **state)
{
	char text[512];

	(void)state;
	catch_stderr();
	cdr_log(CDR_LOG_WARNING, "odd", cdr_log_text("path", "/a b=\"c\"\n%\xc3\xa9\x7f"));
	(void)caught(text, sizeof(text));
	assert_string_equal(strchr(text, ' '), " warning odd path=/a%20b%3D%22c%22%0A%25%C3%A9%7F\n");
}

static void
test_long_lines_and_levels(void **state)
{
	char text[2 * CDR_LOG_LINE_MAX], value[2 * CDR_LOG_LINE_MAX];

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	catch_stderr();
	cdr_log_set_level(CDR_LOG_DEBUG);
	cdr_log(CDR_LOG_DEBUG, "long", cdr_log_text("value", value));
	cdr_log_set_level(CDR_LOG_ERROR);
	cdr_log(CDR_LOG_WARNING, "not.written");
	cdr_log_set_level(CDR_LOG_INFO);
	assert_int_equal(caught(text, sizeof(text)), CDR_LOG_LINE_MAX);
	assert_int_equal(text[CDR_LOG_LINE_MAX - 1], '\n');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_long_lines_and_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
