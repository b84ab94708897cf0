/* Sums of names as a file: what comes back, what is refused, and the table that follows. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/record/name_sums.h"

#define WIDTH CDR_SKETCH_WIDTH_MIN
#define CELLS CDR_SKETCH_CELLS(WIDTH)

static void
fill(struct cdr_name_sums *names)
{
	int32_t cells[CELLS];

	*names = (struct cdr_name_sums){ .round = "ROUND", .period = "2026-H1", .scheme = { 1, 2 }, .contributors = 7, .margin = 10 };
	for (size_t i = 0; i < CELLS; i++)
		cells[i] = (int32_t)(i * 13 % 97) - 3;
	cells[0] = 2000;
	assert_int_equal(cdr_name_sums_put(names, "SOM", cells, CELLS), CDR_OK);
	assert_int_equal(cdr_name_sums_put(names, "", cells, CELLS), CDR_OK);
	assert_int_equal(cdr_name_sums_put(names, "ERI", cells, CELLS), CDR_OK);
	assert_int_equal(cdr_name_sums_floor(names), CDR_OK);
}

static cdr_err
read_text(const char *text, struct cdr_name_sums *names)
{
	struct cdr_fault fault = { .text = "" };

	cdr_err err = cdr_name_sums_from_json((struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, names, &fault);
	assert_true(err == CDR_OK || fault.text[0] != '\0');
	return err;
}

static void
what_is_written_comes_back(void **state)
{
	struct cdr_name_sums names, back;
	struct cdr_out json = { 0 }, again = { 0 };

	(void)state;
	fill(&names);
	assert_string_equal(names.sums[0].country, "");
	assert_string_equal(names.sums[1].country, "ERI");
	assert_string_equal(names.sums[2].country, "SOM");
	assert_int_equal(cdr_name_sums_to_json(&names, &json), CDR_OK);
	assert_int_equal(read_text(json.data, &back), CDR_OK);
	assert_int_equal(cdr_name_sums_to_json(&back, &again), CDR_OK);
	assert_string_equal(json.data, again.data);
	assert_int_equal(back.count, 3);
	assert_memory_equal(back.sums[2].cells, names.sums[2].cells, CELLS * sizeof(int32_t));
	cdr_out_free(&json);
	cdr_out_free(&again);
	cdr_name_sums_free(&names);
	cdr_name_sums_free(&back);
}

/* A file from elsewhere that was not floored is, before anything follows from it. */
static void
what_was_not_floored_is(void **state)
{
	struct cdr_name_sums names, raw;
	struct cdr_out json = { 0 };

	(void)state;
	fill(&raw);
	for (size_t i = 1; i < CELLS; i++)
		raw.sums[0].cells[i] = (int32_t)i;
	assert_int_equal(cdr_name_sums_to_json(&raw, &json), CDR_OK);
	assert_int_equal(read_text(json.data, &names), CDR_OK);
	assert_int_equal(names.sums[0].cells[1], 10);
	assert_int_equal(names.sums[0].cells[1 + WIDTH], 1 + WIDTH + WIDTH / 4);
	cdr_out_free(&json);
	cdr_name_sums_free(&names);
	cdr_name_sums_free(&raw);
}

static void
what_cannot_be_put_is_refused(void **state)
{
	static const char *const countries[] = { "SO", "som", "S0M", "SOM" };
	struct cdr_name_sums names;
	int32_t cells[CELLS + 1] = { 0 };
	char country[] = "AAA";

	(void)state;
	fill(&names);
	for (size_t i = 0; i < sizeof(countries) / sizeof(countries[0]); i++)
		assert_int_equal(cdr_name_sums_put(&names, countries[i], cells, CELLS), CDR_E_INPUT);
	assert_int_equal(cdr_name_sums_put(&names, "KEN", cells, CELLS + 1), CDR_E_INPUT);
	for (; names.count < CDR_RARITY_OWN_MAX; country[2]++)
		assert_int_equal(cdr_name_sums_put(&names, country, cells, CELLS), CDR_OK);
	assert_int_equal(cdr_name_sums_put(&names, "KEN", cells, CELLS), CDR_E_RANGE);
	cdr_name_sums_free(&names);
}

/* ${text} with ${from} replaced by ${to} once. */
static char *
replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *out = malloc(strlen(text) + strlen(to) + 1);

	assert_non_null(at);
	assert_non_null(out);
	(void)snprintf(out, strlen(text) + strlen(to) + 1, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	return out;
}

static void
what_is_no_file_of_sums_is_refused(void **state)
{
	static const char *const changes[][2] = {
		{ "names 1", "names 2" }, { "\"round\"", "\"ground\"" }, { "\"period\":\"2026-H1\"", "\"period\":7" },
		{ "\"scheme\":\"01", "\"scheme\":\"x1" }, { "\"scheme\":\"0102", "\"scheme\":\"01" }, { "\"contributors\":7", "\"contributors\":-7" },
		{ "\"margin\":10", "\"margin\":9" }, { "\"margin\":10", "\"margin\":\"10\"" }, { "\"tables\":[", "\"tables\":7,\"other\":[" },
		{ "\"country\":\"ERI\"", "\"country\":\"SOM\"" }, { "\"country\":\"ERI\"", "\"country\":\"Eri\"" },
		{ "\"country\":\"ERI\"", "\"land\":\"ERI\"" }, { "\"people\":2000", "\"people\":2000.5" }, { "\"people\":2000", "\"people\":2000000000000" },
		{ "\"cells\":[", "\"cells\":[1," }, { "\"cells\":[", "\"cells\":7,\"other\":[" },
	};
	struct cdr_name_sums names, back;
	struct cdr_out json = { 0 };

	(void)state;
	fill(&names);
	assert_int_equal(cdr_name_sums_to_json(&names, &json), CDR_OK);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char *text = replaced(json.data, changes[i][0], changes[i][1]);
		assert_int_equal(read_text(text, &back), CDR_E_INPUT);
		cdr_name_sums_free(&back);
		free(text);
	}
	assert_int_equal(read_text("", &back), CDR_E_INPUT);
	assert_int_equal(read_text("[]", &back), CDR_E_INPUT);
	char *long_text = calloc(1, CDR_NAME_SUMS_JSON_MAX + 2);
	assert_non_null(long_text);
	memset(long_text, ' ', CDR_NAME_SUMS_JSON_MAX + 1);
	assert_int_equal(read_text(long_text, &back), CDR_E_RANGE);
	free(long_text);
	cdr_out_free(&json);
	cdr_name_sums_free(&names);
}

static void
a_table_follows(void **state)
{
	struct cdr_rarity base, next;
	struct cdr_name_sums names;
	struct cdr_fault fault;
	uint8_t *data, *again;
	size_t len, again_len;

	(void)state;
	assert_int_equal(cdr_rarity_shipped(&base), CDR_OK);
	fill(&names);
	assert_int_equal(cdr_name_sums_table(&names, &base, &data, &len, &fault), CDR_OK);
	assert_int_equal(cdr_rarity_open(data, len, &next), CDR_OK);
	assert_int_equal(next.own_count, 3);
	assert_int_equal(cdr_name_sums_table(&names, &base, &again, &again_len, &fault), CDR_OK);
	assert_int_equal(len, again_len);
	assert_memory_equal(data, again, len);
	free(data);
	free(again);
	names.sums[1].cells[0] = 5;
	assert_int_equal(cdr_name_sums_table(&names, &base, &data, &len, &fault), CDR_E_INPUT);
	assert_null(data);
	cdr_name_sums_free(&names);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_comes_back),
		cmocka_unit_test(what_was_not_floored_is),
		cmocka_unit_test(what_cannot_be_put_is_refused),
		cmocka_unit_test(what_is_no_file_of_sums_is_refused),
		cmocka_unit_test(a_table_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
