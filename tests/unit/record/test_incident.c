/* Incidents: values in one form, invariants that name their field, what follows, bytes, older versions. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/record/table.h"

static struct cdr_codebook *codebook;
static const struct cdr_book *book;
static struct cdr_incident incident;
static struct cdr_fault fault;
static struct cdr_record_rules rules;

static int
open_book(void **state)
{
	(void)state;
	if (cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, &codebook, &fault) != CDR_OK)
		return -1;
	book = cdr_codebook_book_peek(codebook);
	rules = (struct cdr_record_rules){ codebook, { 2025, 7, 15, CDR_PRECISION_DAY }, 5 };
	return book == NULL;
}

static int
close_book(void **state)
{
	(void)state;
	cdr_codebook_free(codebook);
	return 0;
}

static cdr_err
set(const char *name, size_t row, const char *value)
{
	const struct cdr_field *field = cdr_book_field_find(book, name);

	assert_non_null(field);
	return cdr_incident_set(&incident, field, row, value, &fault);
}

static const char *
get(const char *name, size_t row)
{
	return cdr_incident_value_peek(&incident, cdr_book_field_find(book, name), row);
}

/* A record that breaks no rule. */
static void
sound(void)
{
	static const char *const values[][2] = {
		{ "own_reference", "K-17" }, { "date_org_aware", "2025-03-10" }, { "date_reported", "2025-03-09" },
		{ "incident_date", "2025-03-01" }, { "country", "KEN" }, { "incident_type", "sexual_abuse" },
		{ "survivor_consent_to_share", "yes" }, { "status", "investigation_open" },
	};

	cdr_incident_start(book, &incident);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_int_equal(set(values[i][0], 0, values[i][1]), CDR_OK);
	assert_int_equal(set("survivor.gender", 0, "female"), CDR_OK);
}

/* Every field of the dictionary's part (c) is there, at its level. */
static void
the_dictionary_is_there(void **state)
{
	(void)state;
	static const char fields[] = "org_type country sector location_type incident_type incident_subtype child_involved pattern "
	    "survivor.age_band survivor.gender survivor.disability survivor.affiliation ap.gender ap.age_band ap.affiliation ap.seniority "
	    "ap.contract_origin reporter_role reporting_channel receiver days_to_report survivor_consent_to_share status investigation_type "
	    "days_to_close interim_measures action_taken referred_to_authorities support_offered support_received paternity_claim "
	    "contributing_factors exposure report_period";
	static const char inside[] = "incident_date date_reported date_org_aware date_closed pcode ap.function ap.previous_allegation_known "
	    "donor.code donor.notified_on narrative own_reference";
	char names[1024];

	for (int level = 1; level <= 2; level++) {
		(void)snprintf(names, sizeof(names), "%s", level == 1 ? fields : inside);
		for (char *rest = NULL, *name = strtok_r(names, " ", &rest); name != NULL; name = strtok_r(NULL, " ", &rest)) {
			const struct cdr_field *field = cdr_book_field_find(book, name);
			assert_non_null(field);
			assert_int_equal(field->leaves, level == 1);
		}
	}
}

static void
values_take_one_form(void **state)
{
	(void)state;
	sound();
	assert_int_equal(set("incident_subtype", 0, "rape; solicitation_transactional_sex ;rape"), CDR_OK);
	assert_string_equal(get("incident_subtype", 0), "solicitation_transactional_sex;rape");
	assert_int_equal(set("country", 0, "ke"), CDR_OK);
	assert_string_equal(get("country", 0), "KEN");
	assert_int_equal(set("date_closed", 0, "unknown"), CDR_OK);
	assert_int_equal(set("ap.affiliation", 2, "staff"), CDR_OK);
	assert_int_equal(incident.row_count[2], 3);
	assert_string_equal(get("ap.affiliation", 0), "");
	cdr_incident_row_remove(&incident, 2, 0);
	assert_string_equal(get("ap.affiliation", 1), "staff");
	/* Overwritten and taken away: nothing of it stays. */
	assert_int_equal(set("narrative", 0, "SECRETWORD"), CDR_OK);
	assert_int_equal(set("narrative", 0, ""), CDR_OK);
	assert_null(memmem(incident.text, sizeof(incident.text), "SECRETWORD", 10));
	assert_string_equal(get("country", 0), "KEN");
}

static void
bad_values_are_refused(void **state)
{
	(void)state;
	static const char *const bad[][2] = {
		{ "incident_type", "murder" }, { "incident_subtype", "rape;;other" }, { "incident_subtype", "rape;unknown" },
		{ "incident_subtype", "rape;nonsense" }, { "country", "Kenya" }, { "incident_date", "12/05/2024" },
		{ "incident_date", "2025-02-30" }, { "narrative", "a\x01" "b" }, { "report_period", "2025-H1" },
		{ "survivor_consent_to_share", "unknown" },
	};

	sound();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(set(bad[i][0], 0, bad[i][1]), CDR_E_INPUT);
		assert_int_equal(strncmp(fault.text, bad[i][0], strlen(bad[i][0])), 0);
		assert_null(strstr(fault.text, bad[i][1]));
	}
	assert_int_equal(set("country", 1, "KEN"), CDR_E_RANGE);
	assert_int_equal(set("survivor.gender", 16, "male"), CDR_E_RANGE);
	char *longer = malloc(5001);
	memset(longer, 'x', 5000);
	longer[5000] = '\0';
	assert_int_equal(set("narrative", 0, longer), CDR_E_RANGE);
	/* Many long values: the record is full, and what was there stays. */
	longer[1200] = '\0';
	cdr_err err = CDR_OK;
	for (size_t row = 0; row < 16 && err == CDR_OK; row++)
		err = set("ap.function", row, longer);
	assert_int_equal(err, CDR_E_RANGE);
	assert_string_equal(get("country", 0), "KEN");
	free(longer);
}

static char told[1024];

static void
remember(void *context, const struct cdr_field *field, size_t row, const char *reason)
{
	(void)context;
	assert_true(reason[0] != '\0');
	size_t len = strlen(told);
	(void)snprintf(told + len, sizeof(told) - len, "%s/%zu ", field->name, row);
}

static void
must_tell(const char *expected)
{
	told[0] = '\0';
	cdr_err err = cdr_incident_validate(&incident, &rules, "en", remember, NULL);
	assert_string_equal(told, expected);
	assert_int_equal(err, expected[0] == '\0' ? CDR_OK : CDR_E_REFUSED);
}

/* Each invariant of the dictionary refuses, and names its field. */
static void
invariants_name_their_field(void **state)
{
	(void)state;
	sound();
	must_tell("");
	assert_int_equal(set("status", 0, "closed_not_substantiated"), CDR_OK);
	must_tell("date_closed/0 ");
	assert_int_equal(set("date_closed", 0, "2025-03-02"), CDR_OK);
	must_tell("date_closed/0 date_closed/0 ");
	assert_int_equal(set("date_closed", 0, "2025-07-16"), CDR_OK);
	must_tell("date_closed/0 ");
	assert_int_equal(set("date_closed", 0, "2025-07-15"), CDR_OK);
	must_tell("");

	/* A dismissal without somebody to dismiss, and of a case that was not substantiated. */
	assert_int_equal(set("action_taken", 0, "dismissal"), CDR_OK);
	must_tell("action_taken/0 action_taken/0 ");
	assert_int_equal(set("ap.affiliation", 0, "volunteer"), CDR_OK);
	assert_int_equal(set("status", 0, "closed_partially_substantiated"), CDR_OK);
	must_tell("action_taken/0 ");
	assert_int_equal(set("ap.affiliation", 1, "partner_staff"), CDR_OK);
	must_tell("");
	assert_int_equal(set("action_taken", 0, "none;dismissal"), CDR_OK);
	must_tell("action_taken/0 ");

	sound();
	assert_int_equal(set("child_involved", 0, "no"), CDR_OK);
	assert_int_equal(set("survivor.age_band", 0, "18-25"), CDR_OK);
	assert_int_equal(set("survivor.age_band", 1, "12-17"), CDR_OK);
	must_tell("survivor.age_band/1 ");

	cdr_incident_start(book, &incident);
	must_tell("survivor.age_band/0 date_org_aware/0 country/0 incident_type/0 survivor_consent_to_share/0 status/0 date_org_aware/0 ");
	sound();
	assert_int_equal(set("incident_date", 0, "2025-03-12"), CDR_OK);
	must_tell("date_reported/0 date_org_aware/0 ");
	assert_int_equal(set("incident_date", 0, "2025"), CDR_OK);
	must_tell("");
	assert_int_equal(set("date_org_aware", 0, "2025"), CDR_OK);
	must_tell("date_org_aware/0 ");
}

static void
must_derive(const char *name, const char *expected)
{
	char code[CDR_CODE_LEN];

	cdr_incident_derive(&incident, cdr_book_field_find(book, name), code);
	assert_string_equal(code, expected);
}

static void
what_follows_is_derived(void **state)
{
	(void)state;
	sound();
	must_derive("report_period", "2025-H1");
	must_derive("days_to_report", "4-14d");
	must_derive("days_to_close", "");
	assert_int_equal(set("incident_date", 0, "2024-02"), CDR_OK);
	must_derive("days_to_report", ">1y");
	/* Seventeen days or forty-six: two bands, so neither. */
	assert_int_equal(set("incident_date", 0, "2025-02"), CDR_OK);
	must_derive("days_to_report", "");
	assert_int_equal(set("incident_date", 0, "withheld"), CDR_OK);
	must_derive("days_to_report", "");
	assert_int_equal(set("date_org_aware", 0, "2025-Q3"), CDR_OK);
	must_derive("report_period", "2025-H2");
}

static void
bytes_come_back(void **state)
{
	(void)state;
	static uint8_t packed[CDR_INCIDENT_PACK_MAX], again[CDR_INCIDENT_PACK_MAX];
	char version[CDR_CODEBOOK_VERSION_LEN];
	size_t len, again_len;

	sound();
	assert_int_equal(set("narrative", 0, "Line one\nline two"), CDR_OK);
	assert_int_equal(set("ap.affiliation", 1, "staff"), CDR_OK);
	assert_int_equal(cdr_incident_pack(&incident, packed, &len), CDR_OK);
	assert_int_equal(cdr_incident_unpack(book, (struct cdr_bytes){ packed, len }, &incident, version), CDR_OK);
	assert_string_equal(version, cdr_codebook_version_peek(codebook));
	assert_string_equal(get("narrative", 0), "Line one\nline two");
	assert_string_equal(get("ap.affiliation", 1), "staff");
	assert_int_equal(cdr_incident_pack(&incident, again, &again_len), CDR_OK);
	assert_int_equal(again_len, len);
	assert_memory_equal(again, packed, len);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(cdr_incident_unpack(book, (struct cdr_bytes){ packed, cut }, &incident, NULL), CDR_E_INPUT);
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */

static uint32_t
cell(const char *table, const char *first, const char *second)
{
	const struct cdr_table_definition *definition = cdr_book_table_find(book, table);
	const char *codes[] = { first, second };
	size_t at[CDR_DIMENSION_MAX] = { 0 };
	struct cdr_counts *counts;

	assert_non_null(definition);
	assert_int_equal(cdr_counts_new(definition, &counts), CDR_OK);
	assert_int_equal(cdr_counts_add(book, definition, &incident, "2025-H1", counts), CDR_OK);
	for (size_t d = 0; d < definition->dimension_count; d++) {
		char room[CDR_COUNTRY_LEN];
		while (strcmp(cdr_dimension_code(book, &definition->dimensions[d], at[d], room), codes[d]) != 0)
			assert_true(++at[d] < definition->dimensions[d].category_count);
	}
	uint32_t found = counts->counts[cdr_table_cell_join(definition, at)];
	cdr_counts_free(counts);
	return found;
}

static uint32_t
sum(const char *table)
{
	const struct cdr_table_definition *definition = cdr_book_table_find(book, table);
	struct cdr_counts *counts;
	uint32_t total = 0;

	assert_int_equal(cdr_counts_new(definition, &counts), CDR_OK);
	assert_int_equal(cdr_counts_add(book, definition, &incident, "2025-H1", counts), CDR_OK);
	for (size_t i = 0; i < counts->cell_count; i++)
		total += counts->counts[i];
	cdr_counts_free(counts);
	return total;
}

/* A report counts once for each category of those it names, and rows of one person stay together. */
static void
reports_are_counted_once_for_each_category(void **state)
{
	(void)state;
	sound();
	assert_int_equal(sum("reports"), 1);
	assert_int_equal(sum("reports_not_shared"), 0);
	assert_int_equal(cell("country", "KEN", NULL), 1);
	assert_int_equal(cell("region", "africa_eastern", NULL), 1);
	assert_int_equal(cell("ap_kind", "unknown", NULL), 1);
	assert_int_equal(set("ap.affiliation", 0, "staff"), CDR_OK);
	assert_int_equal(set("ap.affiliation", 1, "staff"), CDR_OK);
	assert_int_equal(set("ap.affiliation", 2, "contractor_vendor"), CDR_OK);
	assert_int_equal(set("action_taken", 0, "suspension;dismissal"), CDR_OK);
	assert_int_equal(cell("ap_affiliation", "staff", NULL), 1);
	assert_int_equal(sum("ap_affiliation"), 2);
	assert_int_equal(sum("ap_action"), 4);
	assert_int_equal(cell("ap_action", "own_people", "ended"), 1);
	assert_int_equal(set("survivor.gender", 0, "female"), CDR_OK);
	assert_int_equal(set("survivor.age_band", 0, "0-11"), CDR_OK);
	assert_int_equal(set("survivor.gender", 1, "male"), CDR_OK);
	assert_int_equal(set("survivor.age_band", 1, "26-40"), CDR_OK);
	assert_int_equal(sum("survivor_gender_age"), 2);
	assert_int_equal(cell("survivor_gender_age", "female", "child"), 1);
	assert_int_equal(cell("survivor_gender_age", "female", "adult"), 0);
	/* Another period; and what the survivor does not want to be shared is only counted. */
	assert_int_equal(set("date_org_aware", 0, "2025-07-01"), CDR_OK);
	assert_int_equal(sum("reports"), 0);
	assert_int_equal(set("date_org_aware", 0, "2025-03-10"), CDR_OK);
	assert_int_equal(set("survivor_consent_to_share", 0, "no"), CDR_OK);
	for (size_t i = 0; i < book->table_count; i++)
		assert_int_equal(sum(book->tables[i].id), book->tables[i].records == CDR_RECORDS_NOT_SHARED);
}

static void
cells_have_labels_in_every_language(void **state)
{
	(void)state;
	static const char *const languages[] = { "en", "fr", "es", "ar" };
	char text[1024];

	for (size_t l = 0; l < 4; l++)
		for (size_t t = 0; t < book->table_count; t++) {
			const struct cdr_table_definition *table = &book->tables[t];
			cdr_table_definition_title(book, table, languages[l], text, sizeof(text));
			assert_true(text[0] != '\0');
			for (size_t c = 0; c < table->cell_count; c++) {
				size_t at[CDR_DIMENSION_MAX] = { 0 };
				cdr_table_cell_split(table, c, at);
				assert_int_equal(cdr_table_cell_join(table, at), c);
				cdr_table_cell_label(book, table, c, languages[l], text, sizeof(text));
				assert_true(text[0] != '\0');
			}
		}
	struct cdr_counts *counts;
	uint32_t flags[8];
	assert_int_equal(cdr_counts_new(cdr_book_table_find(book, "child_involved"), &counts), CDR_OK);
	counts->counts[1] = 7;
	cdr_counts_flags(counts, flags);
	assert_int_equal(flags[0], 0);
	assert_int_equal(flags[1], 1);
	cdr_counts_free(counts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_dictionary_is_there),
		cmocka_unit_test(values_take_one_form),
		cmocka_unit_test(bad_values_are_refused),
		cmocka_unit_test(invariants_name_their_field),
		cmocka_unit_test(what_follows_is_derived),
		cmocka_unit_test(bytes_come_back),
		cmocka_unit_test(reports_are_counted_once_for_each_category),
		cmocka_unit_test(cells_have_labels_in_every_language),
	};

	return cmocka_run_group_tests(tests, open_book, close_book);
}
