/* One category counted as another: which, what is refused, and that a report with both counts once. */
#include "tests/unit/unit.h"

#include "core/crypto/secret.h"
#include "core/record/merge.h"
#include "core/record/table.h"

static struct cdr_codebook *codebook;
static const struct cdr_book *book;

static int
open_book(void **state)
{
	(void)state;
	if (cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, &codebook, NULL) != CDR_OK)
		return -1;
	book = cdr_codebook_book_peek(codebook);
	return 0;
}

static int
close_book(void **state)
{
	(void)state;
	cdr_codebook_free(codebook);
	return 0;
}

static struct cdr_merge *
merge_of(const char *table)
{
	struct cdr_merge *merge;

	assert_int_equal(cdr_merge_new(cdr_book_table_find(book, table), &merge), CDR_OK);
	return merge;
}

static size_t
category(const struct cdr_merge *merge, size_t dimension, const char *code)
{
	char room[CDR_COUNTRY_LEN];

	for (size_t i = 0; i < merge->definition.dimensions[dimension].category_count; i++)
		if (strcmp(cdr_dimension_code(book, &merge->definition.dimensions[dimension], i, room), code) == 0)
			return i;
	fail_msg("no category %s", code);
	return 0;
}

static void
a_category_counts_as_another(void **state)
{
	struct cdr_merge *merge = merge_of("status");
	size_t last = merge->definition.dimensions[0].category_count - 1;

	(void)state;
	for (size_t i = 0; i <= last; i++)
		assert_int_equal(merge->into[0][i], i);
	assert_int_equal(cdr_merge_add(book, merge, "received=investigation_open", NULL), CDR_OK);
	assert_int_equal(merge->into[0][category(merge, 0, "received")], category(merge, 0, "investigation_open"));
	/* what counted as it goes along; without a name it is "not known" here, "other" where there is one */
	assert_int_equal(cdr_merge_add(book, merge, "investigation_open", NULL), CDR_OK);
	assert_int_equal(merge->into[0][category(merge, 0, "received")], last);
	assert_int_equal(merge->into[0][category(merge, 0, "investigation_open")], last);
	cdr_merge_free(merge);
	merge = merge_of("channel");
	assert_int_equal(cdr_merge_add(book, merge, "email", NULL), CDR_OK);
	assert_int_equal(merge->into[0][category(merge, 0, "email")], category(merge, 0, "other"));
	assert_int_equal(cdr_merge_add(book, merge, "other", NULL), CDR_OK);
	assert_int_equal(merge->into[0][category(merge, 0, "email")], merge->definition.dimensions[0].category_count - 1);
	cdr_merge_free(merge);
	cdr_merge_free(NULL);
}

static void
what_cannot_be_merged_is_refused(void **state)
{
	struct cdr_merge *merge = merge_of("type_outcome");

	(void)state;
	assert_int_equal(cdr_merge_add(book, merge, "nothing", NULL), CDR_E_ABSENT);
	assert_int_equal(cdr_merge_add(book, merge, "", NULL), CDR_E_ABSENT);
	assert_int_equal(cdr_merge_add(book, merge, "sexual_abuse=nothing", NULL), CDR_E_ABSENT);
	assert_int_equal(cdr_merge_add(book, merge, "sexual_abuse=sexual_abuse", NULL), CDR_E_INPUT);
	assert_int_equal(cdr_merge_add(book, merge, "unknown", NULL), CDR_E_INPUT); /* both directions have it */
	assert_int_equal(cdr_merge_add(book, merge, "sexual_abuse=sexual_harassment", NULL), CDR_OK);
	assert_int_equal(cdr_merge_add(book, merge, "sexual_harassment=sexual_abuse", NULL), CDR_E_INPUT);
	cdr_merge_free(merge);
	merge = merge_of("status");
	assert_int_equal(cdr_merge_add(book, merge, "unknown=received", NULL), CDR_E_INPUT);
	cdr_merge_free(merge);
}

/* A report of both kinds counts once in what they have become, and as before in the codebook's own table. */
static void
a_report_with_both_counts_once(void **state)
{
	struct cdr_merge *merge = merge_of("support_offered");
	struct cdr_incident incident;
	struct cdr_counts *plain, *merged;
	uint32_t sum = 0;

	(void)state;
	assert_int_equal(cdr_merge_add(book, merge, "legal=medical", NULL), CDR_OK);
	cdr_incident_start(book, &incident);
	const struct { const char *field, *value; } values[] = { { "date_org_aware", "2025-02-03" }, { "survivor_consent_to_share", "yes" },
		{ "support_offered", "medical;legal" } };
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(cdr_incident_set(&incident, cdr_book_field_find(book, values[i].field), 0, values[i].value, NULL), CDR_OK);
	assert_int_equal(cdr_counts_new(&merge->definition, &merged), CDR_OK);
	assert_int_equal(cdr_counts_new(cdr_book_table_find(book, "support_offered"), &plain), CDR_OK);
	assert_int_equal(cdr_counts_add(book, &merge->definition, &incident, NULL, merged), CDR_OK);
	assert_int_equal(cdr_counts_add(book, cdr_book_table_find(book, "support_offered"), &incident, NULL, plain), CDR_OK);
	assert_int_equal(merged->counts[category(merge, 0, "medical")], 1);
	assert_int_equal(merged->counts[category(merge, 0, "legal")], 0);
	for (size_t i = 0; i < plain->cell_count; i++)
		sum += plain->counts[i];
	assert_int_equal(sum, 2);
	cdr_counts_free(plain);
	cdr_counts_free(merged);
	cdr_wipe(&incident, sizeof(incident));
	cdr_merge_free(merge);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_category_counts_as_another),
		cmocka_unit_test(what_cannot_be_merged_is_refused),
		cmocka_unit_test(a_report_with_both_counts_once),
	};

	return cmocka_run_group_tests(tests, open_book, close_book);
}
