#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "node/member/texts.h"

/* Every text is there in four languages, and none says "clear" or "passed". */

static json_t *
read_file(void)
{
	json_t *root = json_load_file("node/member/data/texts.json", JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(root);
	return root;
}

static void
test_languages(void **state)
{
	static const char *const languages[] = { "en", "fr", "es", "ar" };
	json_t *root = read_file(), *entry;
	const char *name;

	(void)state;
	json_object_foreach(root, name, entry) {
		if (!json_is_object(entry))
			continue; /* what the file is, and its version */
		assert_int_equal(json_object_size(entry), 4);
		for (size_t i = 0; i < 4; i++) {
			const char *text = cdr_texts_peek(name, languages[i]);
			if (text[0] == '\0')
				fail_msg("%s is not there in %s", name, languages[i]);
			assert_null(strstr(text, "clear"));
			assert_null(strstr(text, "passed"));
		}
		assert_string_equal(cdr_texts_peek(name, "xx"), cdr_texts_peek(name, "en"));
	}
	json_decref(root);
	assert_string_equal(cdr_texts_peek("there_is_none", "en"), "");
}

/* Every text that printed pages name is there. */
static void
test_pages(void **state)
{
	char line[1024];
	size_t count = 0;
	FILE *source = fopen("node/member/paper.c", "r");

	(void)state;
	assert_non_null(source);
	while (fgets(line, sizeof(line), source) != NULL)
		for (char *at = strstr(line, "\"page_"), *end; at != NULL; at = strstr(end + 1, "\"page_")) {
			end = strchr(at + 1, '"');
			assert_non_null(end);
			*end = '\0';
			if (cdr_texts_peek(at + 1, "en")[0] == '\0')
				fail_msg("%s is no text", at + 1);
			count++;
		}
	(void)fclose(source);
	assert_true(count > 30);
}

/* Every text that the list of checks and a check name is there. */
static void
test_checks(void **state)
{
	static const char *const kinds[] = { "\"check_", "\"chance_", "\"column_", "\"tier_", "\"page_", "\"no_checks" };
	char line[1024];
	size_t count = 0;
	FILE *source = fopen("node/member/command_check_show.c", "r");

	(void)state;
	assert_non_null(source);
	while (fgets(line, sizeof(line), source) != NULL)
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			for (char *at = strstr(line, kinds[i]); at != NULL; at = strstr(at + 1, kinds[i])) {
				char name[64] = "";

				assert_int_equal(sscanf(at + 1, "%63[a-z_]", name), 1);
				if (cdr_texts_peek(name, "fr")[0] == '\0' && strcmp(name, "check_status") != 0 && strcmp(name, "check_id") != 0)
					fail_msg("%s is no text", name);
				count++;
			}
	(void)fclose(source);
	assert_true(count > 25);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_languages), cmocka_unit_test(test_pages), cmocka_unit_test(test_checks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
