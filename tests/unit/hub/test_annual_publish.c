/* Annual figures as files: each of them says the same, names who did not report, and leaves nobody out, however many there are. */
#include "tests/unit/unit.h"
#include "tests/unit/files.h"
#include "tests/unit/printer.h"

#include <stdlib.h>
#include <zip.h>

#include "audit/file.h"
#include "node/hub/annual.h"

#define YEAR 2025
#define CREATED UINT64_C(1772323200) /* 1 March 2026 */
#define NOT_REPORTED_AT 1
#define MANY 2500

static char folder[64];
static struct cdr_fault fault;

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/cdr-annual-XXXXXX");
	assert_non_null(mkdtemp(folder));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	files_remove(folder);
	return 0;
}

/* ${count} organisations, of which the second did not report; organisation i made i + 2 requests and got an answer to one. */
static struct cdr_hub_returns
returns_of(size_t count)
{
	struct cdr_hub_returns r = { .year = YEAR, .list = calloc(count, sizeof(*r.list)), .count = count, .sector = { .year = YEAR } };

	assert_non_null(r.list);
	for (size_t i = 0; i < count; i++) {
		struct cdr_hub_return *one = &r.list[i];
		(void)snprintf(one->member, sizeof(one->member), "org-%04zu", i);
		(void)snprintf(one->name, sizeof(one->name), "=Fictional organisation %zu", i);
		one->reported = i != NOT_REPORTED_AT;
		if (!one->reported)
			continue;
		(void)snprintf(one->annual.signed_by, sizeof(one->annual.signed_by), "Fictional Director");
		one->annual.revision = 1;
		one->annual.signed_at = CREATED - 86400;
		one->annual.figures.year = YEAR;
		one->annual.figures.value[CDR_ANNUAL_REQUESTS_MEMBERS] = i + 2;
		one->annual.figures.value[CDR_ANNUAL_RESPONSES_MEMBERS] = one->annual.figures.days[3] = 1;
		cdr_annual_complete(&one->annual.figures);
		cdr_annual_add(&r.sector, &one->annual.figures);
		r.reported_count++;
	}
	return r;
}

/* The text of a file of the folder, until the next call. */
static const char *
file_text(const char *name)
{
	static struct cdr_buffer bytes;
	char path[128];

	cdr_buffer_free(&bytes);
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(cdr_file_read(path, 64U << 20, &bytes, &fault), CDR_OK);
	bytes.data = realloc(bytes.data, bytes.len + 1);
	assert_non_null(bytes.data);
	bytes.data[bytes.len] = '\0';
	return (const char *)bytes.data;
}

/* How often ${text} stands in one of the sheets of the workbook. */
static size_t
in_sheets(const char *text)
{
	char path[128], name[64];
	size_t found = 0;

	(void)snprintf(path, sizeof(path), "%s/annual-2025.xlsx", folder);
	zip_t *zip = zip_open(path, ZIP_RDONLY, NULL);
	assert_non_null(zip);
	for (int sheet = 1;; sheet++) {
		zip_stat_t stat;
		(void)snprintf(name, sizeof(name), "xl/worksheets/sheet%d.xml", sheet);
		if (zip_stat(zip, name, 0, &stat) != 0)
			break;
		char *xml = calloc(1, stat.size + 1);
		zip_file_t *part = zip_fopen(zip, name, 0);
		assert_true(xml != NULL && part != NULL);
		assert_int_equal(zip_fread(part, xml, stat.size), stat.size);
		assert_int_equal(zip_fclose(part), 0);
		for (const char *at = xml; (at = strstr(at, text)) != NULL; at++)
			found++;
		free(xml);
	}
	assert_int_equal(zip_close(zip), 0);
	return found;
}

static json_t *
json_file(void)
{
	const char *text = file_text("annual-2025.json");
	int line, column;

	json_t *root = cdr_json_read((struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, &line, &column);
	assert_non_null(root);
	return root;
}

static int64_t
number(const json_t *object, const char *name)
{
	assert_true(json_is_integer(json_object_get(object, name)));
	return json_integer_value(json_object_get(object, name));
}

static void
every_file_says_it(void **state)
{
	struct cdr_hub_returns r = returns_of(3);
	static const struct {
		const char *file, *title, *not_reported;
	} papers[] = {
		{ "annual-2025.en.pdf", "Annual figures 2025", "Did not report" },
		{ "annual-2025.fr.pdf", "Chiffres annuels 2025", "N’ont pas rendu compte" },
		{ "annual-2025.es.pdf", "Cifras anuales 2025", "No han informado" },
		{ "annual-2025.ar.pdf", "الأرقام السنوية 2025", "لم تقدّم تقريرها" },
	};

	(void)state;
	printer_pretend("cat");
	assert_int_equal(cdr_hub_returns_publish(&r, folder, CREATED, &fault), CDR_OK);
	json_t *root = json_file();
	assert_int_equal(number(root, "year"), YEAR);
	assert_int_equal(number(root, "organisations_reporting"), 2);
	assert_int_equal(number(root, "members"), 3);
	assert_string_equal(json_string_value(json_object_get(root, "made_at")), "2026-03-01T00:00:00Z");
	const json_t *sector = json_object_get(root, "sector");
	assert_int_equal(number(sector, "requests_made"), 6);
	assert_int_equal(number(sector, "responses_received"), 2);
	assert_true(json_is_null(json_object_get(sector, "false_match_rate"))); /* nothing was judged: no rate, and not 0 */
	const json_t *first = json_array_get(json_object_get(root, "organisations"), 0);
	assert_int_equal(json_array_size(json_object_get(root, "organisations")), 2);
	assert_string_equal(json_string_value(json_object_get(first, "code")), "org-0000");
	assert_int_equal(number(json_object_get(first, "figures"), "requests_made"), 2);
	const json_t *missing = json_array_get(json_object_get(root, "did_not_report"), 0);
	assert_string_equal(json_string_value(json_object_get(missing, "code")), "org-0001");
	json_decref(root);
	for (size_t i = 0; i < 4; i++) {
		const char *paper = file_text(papers[i].file);
		assert_non_null(strstr(paper, papers[i].title));
		const char *none = strstr(paper, papers[i].not_reported);
		assert_non_null(none);
		assert_non_null(strstr(none, "Fictional organisation 1"));
		assert_non_null(strstr(paper, "33.3 %"));
	}
	const char *csv = file_text("annual-2025.csv");
	assert_non_null(strstr(csv, "year,organisation,code,"));
	assert_non_null(strstr(csv, "#date+year,#org+name,#org+code,"));
	assert_non_null(strstr(csv, "'=Fictional organisation 0,org-0000,")); /* a name is no formula */
	assert_null(strstr(csv, "org-0001"));
	assert_int_equal(in_sheets("org-0000"), 2);
	assert_int_equal(in_sheets("org-0001"), 2); /* among all figures, empty; and as one that did not report */
	cdr_hub_returns_free(&r);
}

static void
nobody_is_left_out(void **state)
{
	struct cdr_hub_returns r = returns_of(MANY);
	char code[CDR_SLUG_LEN_MAX + 1];

	(void)state;
	printer_pretend("cat");
	assert_int_equal(cdr_hub_returns_publish(&r, folder, CREATED, &fault), CDR_OK);
	json_t *root = json_file();
	assert_int_equal(json_array_size(json_object_get(root, "organisations")), MANY - 1);
	json_decref(root);
	for (size_t i = 0; i < MANY; i += 833) {
		(void)snprintf(code, sizeof(code), "org-%04zu", i);
		assert_int_equal(in_sheets(code), 2); /* of organisations, and of all figures */
	}
	cdr_hub_returns_free(&r);
}

static void
nobody_reported(void **state)
{
	struct cdr_hub_returns r = { .year = YEAR, .sector = { .year = YEAR } };

	(void)state;
	printer_pretend("cat");
	assert_int_equal(cdr_hub_returns_publish(&r, folder, CREATED, &fault), CDR_OK);
	json_t *root = json_file();
	assert_int_equal(number(root, "members"), 0);
	assert_true(json_is_null(json_object_get(json_object_get(root, "sector"), "response_rate")));
	json_decref(root);
}

/* Where the JSON stands the others stand too: it is not written when one of them could not be. */
static void
what_cannot_be_written(void **state)
{
	struct cdr_hub_returns r = returns_of(2);
	char path[128];

	(void)state;
	(void)unlink(printer_path);
	assert_int_equal(cdr_hub_returns_publish(&r, folder, CREATED, &fault), CDR_E_ABSENT);
	assert_non_null(strstr(fault.text, "candor-print"));
	printer_pretend("exit 1");
	assert_int_equal(cdr_hub_returns_publish(&r, folder, CREATED, &fault), CDR_E_IO);
	(void)snprintf(path, sizeof(path), "%s/annual-2025.json", folder);
	assert_int_equal(access(path, F_OK), -1);
	printer_pretend("cat");
	(void)snprintf(path, sizeof(path), "%s/annual-2025.csv/below", folder);
	assert_int_equal(cdr_hub_returns_publish(&r, path, CREATED, &fault), CDR_E_IO);
	assert_non_null(strstr(fault.text, path));
	cdr_hub_returns_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_file_says_it, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_is_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_reported, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_written, setup, teardown),
	};

	return cmocka_run_group_tests(tests, printer_start, printer_end);
}
