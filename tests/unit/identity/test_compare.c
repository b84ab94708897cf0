/* Stage 2: who is plausible, who is not, and what a person reads about it. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/identity/compare.h"

static struct cdr_person
person(const char *given, const char *family, int year, unsigned month, unsigned day)
{
	struct cdr_person p = { .birth = { (int16_t)year, (uint8_t)month, (uint8_t)day, CDR_PRECISION_DAY } };

	snprintf(p.given_names, sizeof(p.given_names), "%s", given);
	snprintf(p.family_names, sizeof(p.family_names), "%s", family);
	return p;
}

static void
give_document(struct cdr_person *p, const char *type, const char *country, const char *number)
{
	struct cdr_document *d = &p->document[p->document_count++];

	snprintf(d->type, sizeof(d->type), "%s", type);
	snprintf(d->country, sizeof(d->country), "%s", country);
	snprintf(d->number, sizeof(d->number), "%s", number);
}

static struct cdr_comparison
compare(const struct cdr_person *candidate, const struct cdr_person *leaver)
{
	const struct cdr_compare_query query = { .person = candidate };
	struct cdr_comparison c;

	assert_int_equal(cdr_compare(&query, leaver, &c), CDR_OK);
	return c;
}

static bool
found(const struct cdr_comparison *c, int code)
{
	for (size_t i = 0; i < c->difference_count; i++)
		if (c->difference[i].code == code)
			return true;
	return false;
}

static const char *
explained(const struct cdr_comparison *c, const char *language)
{
	static char text[CDR_COMPARE_EXPLAIN_LEN];

	assert_int_equal(cdr_compare_explain(c, language, text, sizeof(text)), CDR_OK);
	return text;
}

static void
the_same_person(void **state)
{
	struct cdr_person p = person("Perpetua", "Wondermark", 1984, 5, 23);
	struct cdr_comparison c = compare(&p, &p);

	(void)state;
	assert_int_equal(c.verdict, CDR_VERDICT_PLAUSIBLE);
	assert_string_equal(explained(&c, "en"), "the same name; the same date of birth");
	/* however common the name, somebody has to look */
	p = person("Maria", "Silva", 1984, 5, 23);
	c = compare(&p, &p);
	assert_int_equal(c.verdict, CDR_VERDICT_PLAUSIBLE);
}

static void
differences_are_told(void **state)
{
	struct cdr_person candidate = person("Amina", "Mohamed", 1984, 5, 11);
	struct cdr_person leaver = person("Amina", "Muhammad", 1984, 11, 5);

	(void)state;
	give_document(&candidate, "passport", "KEN", "AK 0482-917");
	give_document(&leaver, "passport", "KEN", "AKO482917");
	struct cdr_comparison c = compare(&candidate, &leaver);
	assert_int_equal(c.verdict, CDR_VERDICT_PLAUSIBLE);
	/* the normal form of both spellings is one, so nothing needs to be said of the name */
	assert_true(found(&c, CDR_DIFF_NAME_SAME) || found(&c, CDR_DIFF_FAMILY_SPELLED));
	assert_non_null(strstr(explained(&c, "en"), "day and month exchanged: 1984-05-11 / 1984-11-05; same document number"));
	assert_non_null(strstr(explained(&c, "fr"), "jour et mois intervertis"));
	assert_non_null(strstr(explained(&c, "es"), "mismo número de documento"));
	assert_non_null(strstr(explained(&c, "ar"), "رقم الوثيقة نفسه"));
}

static void
spelling_is_shown_on_both_sides(void **state)
{
	const struct cdr_person candidate = person("Perpetua", "Wondermarck", 1984, 5, 23);
	const struct cdr_person leaver = person("Perpettua", "Wondermark", 1984, 5, 23);
	struct cdr_comparison c = compare(&candidate, &leaver);

	(void)state;
	assert_int_equal(c.verdict, CDR_VERDICT_PLAUSIBLE);
	assert_non_null(strstr(explained(&c, "en"), "family name spelled differently: Wondermarck / Wondermark"));
	assert_non_null(strstr(explained(&c, "en"), "given name spelled differently: Perpetua / Perpettua"));
}

static void
what_people_do_to_names_is_tolerated(void **state)
{
	const struct cdr_person leaver = person("Perpetua Zoraida", "Wondermark", 1984, 5, 23);
	const struct {
		struct cdr_person candidate;
		int code;
	} cases[] = {
		{ person("Wondermark", "Perpetua Zoraida", 1984, 5, 23), CDR_DIFF_NAME_ORDER },
		{ person("Perpetua", "Wondermark", 1984, 5, 23), CDR_DIFF_NAME_MISSING },
		{ person("Perpetua Zoraida", "Luftschloss", 1984, 5, 23), CDR_DIFF_FAMILY_OTHER },
		{ person("P.", "Wondermark", 1984, 5, 23), CDR_DIFF_GIVEN_SPELLED },
		{ person("Perpetua Zoraida", "Wondermark", 1984, 5, 25), CDR_DIFF_DATE_SLIP },
		{ person("Perpetua Zoraida", "Wondermark", 1984, 8, 23), CDR_DIFF_DATE_SLIP },
		{ person("Perpetua Zoraida", "Wondermark", 1984, 5, 9), CDR_DIFF_DATE_PART },
		{ person("Perpetua Zoraida", "Wondermark", 1984, 1, 1), CDR_DIFF_DATE_VAGUE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cdr_comparison c = compare(&cases[i].candidate, &leaver);
		if (c.verdict != CDR_VERDICT_PLAUSIBLE || !found(&c, cases[i].code))
			fail_msg("case %zu: score %.1f, %s", i, c.score, explained(&c, "en"));
	}
}

static void
former_names_and_other_scripts(void **state)
{
	struct cdr_person candidate = person("Perpetua", "Wondermark", 1984, 5, 23);
	struct cdr_person leaver = person("Perpetua", "Luftschloss", 1984, 5, 23);

	(void)state;
	snprintf(candidate.other_names, sizeof(candidate.other_names), "Luftschloss");
	struct cdr_comparison c = compare(&candidate, &leaver);
	assert_int_equal(c.verdict, CDR_VERDICT_PLAUSIBLE);
	assert_true(found(&c, CDR_DIFF_NAME_FORMER));

	candidate = person("Aleksandr", "Vymyshlennikov", 1979, 8, 14);
	leaver = (struct cdr_person){ .birth = candidate.birth };
	snprintf(leaver.native_name, sizeof(leaver.native_name), "Вымышленников Александр");
	c = compare(&candidate, &leaver);
	assert_int_equal(c.verdict, CDR_VERDICT_PLAUSIBLE);
	assert_true(found(&c, CDR_DIFF_NAME_SCRIPT));
	assert_non_null(strstr(explained(&c, "en"), "written in two scripts: Latin / Cyrillic"));
}

static void
strangers_are_dismissed(void **state)
{
	const struct cdr_person leaver = person("Maria", "Silva", 1984, 5, 23);
	const struct cdr_person strangers[] = {
		person("Marta", "Silva", 1984, 5, 23),
		person("Maria", "Santos", 1984, 5, 23),
		person("Maria", "Silva", 1971, 2, 3),
		person("Maria", "Silva", 1984, 5, 9),
		person("Jane", "Otherwise", 1984, 5, 23),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		struct cdr_comparison c = compare(&strangers[i], &leaver);
		if (c.verdict != CDR_VERDICT_NON_MATCH)
			fail_msg("case %zu: score %.1f, %s", i, c.score, explained(&c, "en"));
	}
}

static void
twins_are_told_apart(void **state)
{
	struct cdr_person a = person("Hassan", "Ali Ibrahim", 1984, 5, 23), b = person("Hodan", "Ali Ibrahim", 1984, 5, 23);

	(void)state;
	snprintf(a.gender, sizeof(a.gender), "male");
	snprintf(b.gender, sizeof(b.gender), "female");
	struct cdr_comparison c = compare(&a, &b);
	assert_int_equal(c.verdict, CDR_VERDICT_NON_MATCH);
	assert_true(found(&c, CDR_DIFF_GENDER_OTHER));
	assert_true(found(&c, CDR_DIFF_GIVEN_OTHER));
}

static void
documents_that_differ_count_against(void **state)
{
	struct cdr_person candidate = person("Maria", "Silva", 1984, 5, 23), leaver = candidate;

	(void)state;
	give_document(&candidate, "national_id", "BRA", "390533447");
	give_document(&leaver, "national_id", "BRA", "716204482");
	struct cdr_comparison c = compare(&candidate, &leaver);
	assert_int_equal(c.verdict, CDR_VERDICT_NON_MATCH);
	assert_true(found(&c, CDR_DIFF_DOCUMENT_OTHER));
	/* a slip in one figure is the same document */
	snprintf(leaver.document[0].number, sizeof(leaver.document[0].number), "390533441");
	c = compare(&candidate, &leaver);
	assert_int_equal(c.verdict, CDR_VERDICT_PLAUSIBLE);
	assert_true(found(&c, CDR_DIFF_DOCUMENT_SLIP));
	/* passports are renewed, and those of two countries say nothing of each other */
	snprintf(candidate.document[0].type, sizeof(candidate.document[0].type), "passport");
	snprintf(leaver.document[0].type, sizeof(leaver.document[0].type), "passport");
	snprintf(leaver.document[0].number, sizeof(leaver.document[0].number), "716204482");
	c = compare(&candidate, &leaver);
	assert_int_equal(c.verdict, CDR_VERDICT_PLAUSIBLE);
	snprintf(leaver.document[0].country, sizeof(leaver.document[0].country), "PRT");
	c = compare(&candidate, &leaver);
	assert_false(found(&c, CDR_DIFF_DOCUMENT_OTHER));
}

static void
hashed_documents(void **state)
{
	struct cdr_person candidate = person("Maria", "Silva", 1984, 5, 23), leaver = candidate, shown;
	struct cdr_compare_query query = { .person = &shown, .documents_hashed = true, .document_hash_count = 1 };
	struct cdr_comparison c;
	uint8_t again[CDR_COMPARE_HASH_LEN];

	(void)state;
	memset(query.document_salt, 0x5a, sizeof(query.document_salt));
	give_document(&candidate, "national_id", "BRA", "390.533.447");
	give_document(&leaver, "national_id", "BRA", "390533447");
	assert_int_equal(cdr_compare_document_hash(query.document_salt, &candidate.document[0], query.document_hash[0]), CDR_OK);
	assert_int_equal(cdr_compare_document_hash(query.document_salt, &leaver.document[0], again), CDR_OK);
	assert_memory_equal(again, query.document_hash[0], sizeof(again));

	/* the number itself does not travel */
	shown = candidate;
	memset(shown.document[0].number, 0, sizeof(shown.document[0].number));
	assert_int_equal(cdr_compare(&query, &leaver, &c), CDR_OK);
	assert_true(found(&c, CDR_DIFF_DOCUMENT_SAME));
	snprintf(leaver.document[0].number, sizeof(leaver.document[0].number), "716204482");
	assert_int_equal(cdr_compare(&query, &leaver, &c), CDR_OK);
	assert_true(found(&c, CDR_DIFF_DOCUMENT_OTHER));
	assert_int_equal(c.verdict, CDR_VERDICT_NON_MATCH);
	assert_string_equal(explained(&c, "en"),
	    "the same name; the same date of birth; another number on a document of the same kind");
}

/* A number without letter or digit says nothing: it neither speaks against nor keeps the person from being found. */
static void
documents_that_cannot_be_read_say_nothing(void **state)
{
	struct cdr_person a = person("Maria", "Silva", 1984, 5, 23), b = a;
	struct cdr_compare_query query = { .person = &a, .documents_hashed = true, .document_hash_count = 1 };
	struct cdr_comparison c;

	(void)state;
	give_document(&a, "passport", "BRA", "--");
	give_document(&b, "passport", "BRA", "FA123456");
	c = compare(&a, &b);
	assert_int_equal(c.verdict, CDR_VERDICT_PLAUSIBLE);
	assert_false(found(&c, CDR_DIFF_DOCUMENT_OTHER));
	assert_int_equal(cdr_compare(&query, &a, &c), CDR_OK);
	assert_int_equal(c.verdict, CDR_VERDICT_PLAUSIBLE);
}

static void
contacts_and_nationality(void **state)
{
	struct cdr_person a = person("Maria", "Santos", 1984, 5, 23), b = person("Maria", "Silva", 1984, 5, 23);

	(void)state;
	snprintf(a.email, sizeof(a.email), "Maria@example.org");
	snprintf(b.email, sizeof(b.email), "maria@example.org");
	snprintf(a.phone, sizeof(a.phone), "+254 (0)20 555-0199");
	snprintf(b.phone, sizeof(b.phone), "020 5550199");
	snprintf(a.nationality[0], sizeof(a.nationality[0]), "BRA");
	snprintf(b.nationality[0], sizeof(b.nationality[0]), "AGO");
	struct cdr_comparison c = compare(&a, &b);
	assert_true(found(&c, CDR_DIFF_EMAIL_SAME));
	assert_true(found(&c, CDR_DIFF_PHONE_SAME));
	assert_true(found(&c, CDR_DIFF_NATIONALITY_OTHER));
	snprintf(b.nationality[1], sizeof(b.nationality[1]), "BRA");
	c = compare(&a, &b);
	assert_false(found(&c, CDR_DIFF_NATIONALITY_OTHER));
}

static void
nothing_to_compare(void **state)
{
	struct cdr_person a = { 0 }, b = person("Maria", "Silva", 1984, 5, 23);
	struct cdr_comparison c = compare(&a, &b);

	(void)state;
	assert_int_equal(c.verdict, CDR_VERDICT_NON_MATCH);
	assert_true(found(&c, CDR_DIFF_NAME_ABSENT));
	assert_true(found(&c, CDR_DIFF_DATE_ABSENT));
}

static void
every_code_has_a_name_and_four_labels(void **state)
{
	static const char *const languages[] = { "en", "fr", "es", "ar" };
	char name[CDR_CODE_LEN], text[256];

	(void)state;
	for (unsigned code = CDR_DIFF_NAME_SAME; code < CDR_DIFF_COUNT; code++) {
		struct cdr_comparison c = { .difference_count = 1 };
		c.difference[0].code = (uint8_t)code;
		assert_true(strlen(cdr_difference_name(code, name)) > 5);
		for (size_t i = 0; i < 4; i++) {
			assert_int_equal(cdr_compare_explain(&c, languages[i], text, sizeof(text)), CDR_OK);
			assert_true(strlen(text) > 5);
		}
	}
	assert_string_equal(cdr_difference_name(CDR_DIFF_NAME_SAME, name), "name_same");
	assert_string_equal(cdr_difference_name(CDR_DIFF_DATE_SWAPPED, name), "date_swapped");
	assert_string_equal(cdr_difference_name(CDR_DIFF_PHONE_SAME, name), "phone_same");
	assert_string_equal(cdr_difference_name(CDR_DIFF_COUNT, name), "");
	assert_string_equal(cdr_difference_name(CDR_DIFF_NONE, name), "");
}

static void
wrong_calls_are_refused(void **state)
{
	struct cdr_person a = person("Maria", "Silva", 1984, 5, 23), b = a;
	struct cdr_compare_query query = { .person = &a };
	struct cdr_comparison c;
	char text[16];
	uint8_t hash[CDR_COMPARE_HASH_LEN];

	(void)state;
	c = compare(&a, &b);
	assert_int_equal(cdr_compare_explain(&c, "de", text, sizeof(text)), CDR_E_INPUT);
	assert_int_equal(cdr_compare_explain(&c, "en", text, sizeof(text)), CDR_E_RANGE);
	assert_string_equal(text, "");
	b.document_count = CDR_DOCUMENT_COUNT_MAX + 1;
	assert_int_equal(cdr_compare(&query, &b, &c), CDR_E_RANGE);
	assert_int_equal(c.difference_count, 0);
	b.document_count = 0;
	query.document_hash_count = CDR_DOCUMENT_COUNT_MAX + 1;
	assert_int_equal(cdr_compare(&query, &b, &c), CDR_E_RANGE);
	query.document_hash_count = 0;
	snprintf(b.given_names, sizeof(b.given_names), "Mar\xff");
	assert_int_equal(cdr_compare(&query, &b, &c), CDR_E_INPUT);
	assert_int_equal(cdr_compare_document_hash(query.document_salt, &a.document[0], hash), CDR_E_INPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_person),
		cmocka_unit_test(differences_are_told),
		cmocka_unit_test(spelling_is_shown_on_both_sides),
		cmocka_unit_test(what_people_do_to_names_is_tolerated),
		cmocka_unit_test(former_names_and_other_scripts),
		cmocka_unit_test(strangers_are_dismissed),
		cmocka_unit_test(twins_are_told_apart),
		cmocka_unit_test(documents_that_differ_count_against),
		cmocka_unit_test(hashed_documents),
		cmocka_unit_test(documents_that_cannot_be_read_say_nothing),
		cmocka_unit_test(contacts_and_nationality),
		cmocka_unit_test(nothing_to_compare),
		cmocka_unit_test(every_code_has_a_name_and_four_labels),
		cmocka_unit_test(wrong_calls_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
