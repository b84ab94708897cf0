/* Releases as files: nothing that was held back is in any of them; HXL; the page's policy; JSON that comes back. */
#include "tests/unit/unit.h"

#include <ctype.h>
#include <stdio.h>

#include "core/record/publish.h"
#include "core/record/words.h"
#include "core/record/xlsx.h"
#include "tests/unit/record/release_world.h"

static struct cdr_codebook *codebook;
static const struct cdr_book *book;
static struct cdr_fault fault;
static struct cdr_release *release;

/* What a hidden cell holds: nowhere but here. */
#define HIDDEN 735197533U

static int
open_world(void **state)
{
	uint8_t salt[CDR_RELEASE_SALT_LEN] = { 1, 2, 3 };

	(void)state;
	if (cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, &codebook, &fault) != CDR_OK)
		return -1;
	book = cdr_codebook_book_peek(codebook);
	release = world_release(book, 5, 30, 170, 1);
	(void)snprintf(release->facts.exchange, sizeof(release->facts.exchange), "Fictional <b>&\"Exchange'");
	if (cdr_release_freeze(release, salt) != CDR_OK || cdr_disclosure_control(release, NULL, 0, &fault) != CDR_OK)
		return -1;
	for (size_t t = 0; t < release->table_count; t++)
		for (size_t c = 0; c < release->tables[t].definition->cell_count; c++)
			if (!release->tables[t].cells[c].shown)
				release->tables[t].cells[c].count = release->tables[t].cells[c].contributors = HIDDEN;
	return 0;
}

static int
close_world(void **state)
{
	(void)state;
	cdr_release_free(release);
	cdr_codebook_free(codebook);
	return 0;
}

static size_t
count(const char *text, const char *word)
{
	size_t found = 0;

	for (const char *p = text; (p = strstr(p, word)) != NULL; p++)
		found++;
	return found;
}

static void
the_page_stands_alone(void **state)
{
	(void)state;
	char hidden[16];

	(void)snprintf(hidden, sizeof(hidden), "%u", HIDDEN);
	for (size_t l = 0; l < 4; l++) {
		struct cdr_out out = { 0 };
		assert_int_equal(cdr_publish_html(release, cdr_publish_languages[l], &out), CDR_OK);
		assert_null(strstr(out.data, hidden));
		assert_non_null(strstr(out.data, "default-src 'none'"));
		assert_null(strstr(out.data, "<script"));
		assert_null(strstr(out.data, "http:"));
		assert_null(strstr(out.data, "https:"));
		assert_null(strstr(out.data, "url("));
		assert_null(strstr(out.data, " style="));
		assert_null(strstr(out.data, "<b>"));
		assert_non_null(strstr(out.data, "Fictional &lt;b&gt;&amp;&quot;Exchange&#39;"));
		assert_int_equal(count(out.data, "dir=\"rtl\""), l == 3);
		/* A data table beside each chart; what is opened is closed. */
		assert_true(count(out.data, "<svg") > 20);
		assert_true(count(out.data, "<table>") >= count(out.data, "<svg"));
		static const char *const pairs[][2] = { { "<svg", "</svg>" }, { "<table>", "</table>" }, { "<section", "</section>" },
			{ "<tr>", "</tr>" }, { "<figure>", "</figure>" } };
		for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
			assert_int_equal(count(out.data, pairs[i][0]), count(out.data, pairs[i][1]));
		cdr_out_free(&out);
	}
}

/* ---- the rules of the HXL default schema, as far as they speak of these tags ------------------------------------- */

#define COLUMNS 15

/* Split a line of CSV in place; quotes are not expected in this file but for labels. */
static size_t
split(char *line, char *fields[static COLUMNS])
{
	size_t at = 0;
	char *p = line;

	while (at < COLUMNS) {
		char *to = p;
		bool quoted = *p == '"';
		fields[at++] = p;
		p += quoted;
		while (*p != '\0' && (quoted || *p != ',')) {
			if (*p == '"') {
				quoted = false;
				p++;
				continue;
			}
			*to++ = *p++;
		}
		bool more = *p == ',';
		*to = '\0';
		p++;
		if (!more)
			break;
	}
	return at;
}

static bool
is_tag(const char *text)
{
	static const char *const known[] = { "#date", "#region", "#country", "#sector", "#event", "#affected", "#indicator", "#meta" };
	size_t len = strcspn(text, "+");
	bool good = false;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		good = good || (strlen(known[i]) == len && strncmp(known[i], text, len) == 0);
	for (const char *p = text + len; good && *p == '+'; p += 1 + strcspn(p + 1, "+"))
		good = islower((unsigned char)p[1]) && strspn(p + 1, "abcdefghijklmnopqrstuvwxyz0123456789_") == strcspn(p + 1, "+");
	return good;
}

static bool
is_number(const char *text)
{
	return strspn(text, "0123456789") == strlen(text);
}

static void
check_value(const char *tag, const char *value)
{
	if (value[0] == '\0')
		return;
	assert_true(value[0] != ' ' && value[strlen(value) - 1] != ' ');
	if (strncmp(tag, "#affected", 9) == 0 || strstr(tag, "+num") != NULL)
		assert_true(is_number(value));
	if (strncmp(tag, "#date", 5) == 0)
		assert_true(strlen(value) == 10 && value[4] == '-' && value[7] == '-');
	if (strstr(tag, "+v_iso3") != NULL)
		assert_true(strlen(value) == 3 && isupper((unsigned char)value[0]));
	if (strcmp(tag, "#meta+suppressed") == 0)
		assert_true(strcmp(value, "yes") == 0 || strcmp(value, "no") == 0);
}

static void
csv_follows_hxl(void **state)
{
	(void)state;
	static const char expected[] = "#date+start,#date+end,#region+name,#country+code+v_iso3,#sector+code,#event+type,#affected+f+children,"
	    "#affected+m+children,#affected+f+adults,#affected+m+adults,#affected+unknown,#indicator+incidents+num,"
	    "#indicator+substantiated+num,#meta+suppressed,#meta+codebook+version";
	struct cdr_out out = { 0 };
	char *fields[COLUMNS], *tags[COLUMNS], *rest = NULL, hidden[16];
	size_t line = 0;

	(void)snprintf(hidden, sizeof(hidden), "%u", HIDDEN);
	assert_int_equal(cdr_publish_csv(release, &out), CDR_OK);
	assert_null(strstr(out.data, hidden));
	for (char *row = strtok_r(out.data, "\r\n", &rest); row != NULL; row = strtok_r(NULL, "\r\n", &rest), line++) {
		if (line == 1)
			assert_string_equal(row, expected);
		assert_int_equal(split(row, fields), COLUMNS);
		for (size_t i = 0; i < COLUMNS; i++) {
			if (line == 0)
				assert_true(fields[i][0] != '#' && fields[i][0] != '\0');
			else if (line == 1) {
				assert_true(is_tag(fields[i]));
				tags[i] = fields[i];
			} else
				check_value(tags[i], fields[i]);
		}
	}
	assert_true(line > 20);
	cdr_out_free(&out);
}

static void
the_workbook_is_read_back(void **state)
{
	(void)state;
	uint8_t *data;
	size_t len, field_len, rows = 0;
	struct cdr_xlsx *xlsx;
	enum cdr_xlsx_problem problem;

	assert_int_equal(cdr_publish_xlsx(release, "ar", &data, &len), CDR_OK);
	assert_int_equal(cdr_xlsx_new((struct cdr_bytes){ data, len }, &xlsx, &fault), CDR_OK);
	while (cdr_xlsx_next(xlsx, NULL) == CDR_OK) {
		assert_null(strstr(cdr_xlsx_cell_peek(xlsx, 1, &field_len, &problem), "735197533"));
		rows++;
	}
	assert_true(rows >= 12);
	cdr_xlsx_free(xlsx);
	free(data);
}

static void
json_comes_back(void **state)
{
	(void)state;
	struct cdr_out text = { 0 }, again = { 0 };
	struct cdr_release *back;

	assert_int_equal(cdr_release_to_json(release, &text), CDR_OK);
	assert_null(strstr(text.data, "735197533"));
	struct cdr_bytes bytes = { (const uint8_t *)text.data, text.len };
	assert_int_equal(cdr_release_from_json(book, bytes, &back, &fault), CDR_OK);
	assert_int_equal(cdr_release_to_json(back, &again), CDR_OK);
	assert_string_equal(again.data, text.data);
	cdr_release_free(back);
	for (size_t cut = 0; cut < text.len; cut += 997) {
		bytes.len = cut;
		assert_int_equal(cdr_release_from_json(book, bytes, &back, &fault), CDR_E_INPUT);
		assert_null(back);
	}
	static const char *const bad[] = { "{}", "[]", "{\"candor\":\"release 1\"}", "{\"candor\":\"release 2\"}" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		bytes = (struct cdr_bytes){ (const uint8_t *)bad[i], strlen(bad[i]) };
		assert_int_equal(cdr_release_from_json(book, bytes, &back, &fault), CDR_E_INPUT);
	}
	bytes = (struct cdr_bytes){ (const uint8_t *)text.data, CDR_RELEASE_JSON_MAX + 1U };
	assert_int_equal(cdr_release_from_json(book, bytes, &back, &fault), CDR_E_RANGE);
	cdr_out_free(&text);
	cdr_out_free(&again);
}

static void
nothing_before_control(void **state)
{
	(void)state;
	struct cdr_release_facts facts = world_facts(1, 9);
	struct cdr_release_cell cells[2] = { { 9, 3, true, true } };
	struct cdr_release *other;
	struct cdr_out out = { 0 };
	uint8_t *data;
	size_t len;

	assert_int_equal(cdr_release_new(book, &facts, &other), CDR_OK);
	assert_int_equal(cdr_release_put(other, "no_such", cells, 1), CDR_E_ABSENT);
	assert_int_equal(cdr_release_put(other, "reports", cells, 2), CDR_E_RANGE);
	assert_int_equal(cdr_release_put(other, "reports", cells, 1), CDR_OK);
	assert_int_equal(cdr_release_put(other, "reports", cells, 1), CDR_E_EXISTS);
	assert_int_equal(cdr_release_to_json(other, &out), CDR_E_REFUSED);
	assert_int_equal(cdr_publish_html(other, "en", &out), CDR_E_REFUSED);
	assert_int_equal(cdr_publish_csv(other, &out), CDR_E_REFUSED);
	assert_int_equal(cdr_publish_xlsx(other, "en", &data, &len), CDR_E_REFUSED);
	assert_int_equal(out.len, 0);
	cdr_release_free(other);
	facts.period[5] = 'Q';
	assert_int_equal(cdr_release_new(book, &facts, &other), CDR_E_INPUT);
	facts = world_facts(0, 9);
	assert_int_equal(cdr_release_new(book, &facts, &other), CDR_E_INPUT);
}

/* Method, denominators and caveats go with each file. */
static void
method_is_on_each(void **state)
{
	(void)state;
	struct cdr_words *words;
	struct cdr_out json = { 0 }, text = { 0 }, page = { 0 };

	assert_int_equal(cdr_words_new(&words), CDR_OK);
	assert_int_equal(cdr_release_to_json(release, &json), CDR_OK);
	assert_int_equal(cdr_publish_text(release, &text), CDR_OK);
	assert_null(strstr(text.data, "735197533"));
	for (size_t l = 0; l < 4; l++) {
		assert_int_equal(cdr_publish_html(release, cdr_publish_languages[l], &page), CDR_OK);
		for (size_t i = 0; cdr_publish_method[i] != NULL; i++) {
			const char *paragraph = cdr_words_peek(words, cdr_publish_method[i], cdr_publish_languages[l]);
			assert_true(strlen(paragraph) > 60);
			assert_non_null(strstr(json.data, paragraph));
			assert_non_null(strstr(text.data, paragraph));
			assert_non_null(strstr(page.data, paragraph));
		}
		cdr_out_free(&page);
	}
	assert_string_equal(cdr_words_peek(words, "no such sentence", "en"), "");
	cdr_words_free(words);
	cdr_out_free(&json);
	cdr_out_free(&text);
}

static void
shares_are_rounded(void **state)
{
	(void)state;
	char text[16];

	cdr_publish_share(1, 3, text);
	assert_string_equal(text, "33.3%");
	cdr_publish_share(2, 3, text);
	assert_string_equal(text, "66.7%");
	cdr_publish_share(7, 7, text);
	assert_string_equal(text, "100.0%");
	cdr_publish_share(0, 0, text);
	assert_string_equal(text, "0.0%");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_stands_alone),
		cmocka_unit_test(csv_follows_hxl),
		cmocka_unit_test(the_workbook_is_read_back),
		cmocka_unit_test(json_comes_back),
		cmocka_unit_test(nothing_before_control),
		cmocka_unit_test(method_is_on_each),
		cmocka_unit_test(shares_are_rounded),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
