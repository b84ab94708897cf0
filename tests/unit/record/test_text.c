/* Text as people type it. */
#include "tests/unit/unit.h"

#include "core/record/text.h"

static void
utf8_is_checked(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {
		{ "", true },
		{ "abc", true },
		{ "\xc3\xa9\xd8\xb9\xe5\xb1\xb1\xf0\x9f\x98\x80", true },
		{ "\x80", false },
		{ "\xc3", false },
		{ "\xc0\x80", false },             /* overlong */
		{ "\xe0\x80\x80", false },
		{ "\xed\xa0\x80", false },         /* surrogate */
		{ "\xf4\x90\x80\x80", false },     /* past U+10FFFF */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(cdr_text_valid((const uint8_t *)cases[i].text, strlen(cases[i].text)), cases[i].valid);
}

static void
text_gets_one_form(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		bool lines;
		const char *out;
	} cases[] = {
		{ "", false, "" },
		{ "  Amina \t Diallo\r\n ", false, "Amina Diallo" },
		{ "Amina\xc2\xa0\xe3\x80\x80" "Diallo", false, "Amina Diallo" },     /* no-break and ideographic space */
		{ "Jose\xcc\x81", false, "Jos\xc3\xa9" },                            /* NFC */
		{ "\xe2\x80\xae" "evil\xe2\x80\xac\xe2\x80\x8f", false, "evil" },    /* right-to-left override and mark */
		{ "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xb1", false, "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xb1" }, /* a non-joiner has a meaning */
		{ "one \n\n two\nthree\n", false, "one two three" },
		{ "one \r\n\r\n two\nthree\n", true, "one\ntwo\nthree" },
	};
	char out[64], again[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(cdr_text_clean(cases[i].in, strlen(cases[i].in), cases[i].lines, out, sizeof(out)), CDR_OK);
		assert_string_equal(out, cases[i].out);
		assert_int_equal(cdr_text_clean(out, strlen(out), cases[i].lines, again, sizeof(again)), CDR_OK);
		assert_string_equal(again, out);
	}
}

static void
text_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "a\x01", "a\x1b[31m", "a\x7f", "a\xc2\x9b", "a\xff", "\xee\x80\x80", "\xf3\xa0\x82\x80" };
	char out[8] = "xxxxxxx", zero[8] = "";
	static char longer[CDR_TEXT_CLEAN_MAX + 2];
	static char room[CDR_TEXT_CLEAN_MAX + 2];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(cdr_text_clean(bad[i], strlen(bad[i]), true, out, sizeof(out)), CDR_E_INPUT);
		assert_memory_equal(out, zero, sizeof(out));
	}
	assert_int_equal(cdr_text_clean("1234567", 7, false, out, sizeof(out)), CDR_OK);
	assert_int_equal(cdr_text_clean("12345678", 8, false, out, sizeof(out)), CDR_E_RANGE);
	assert_memory_equal(out, zero, sizeof(out));
	assert_int_equal(cdr_text_clean("123456\xc3\xa9", 8, false, out, sizeof(out)), CDR_E_RANGE);
	assert_memory_equal(out, zero, sizeof(out));

	memset(longer, 'a', CDR_TEXT_CLEAN_MAX + 1);
	assert_int_equal(cdr_text_clean(longer, CDR_TEXT_CLEAN_MAX, false, room, sizeof(room)), CDR_OK);
	assert_int_equal(cdr_text_clean(longer, CDR_TEXT_CLEAN_MAX + 1, false, room, sizeof(room)), CDR_E_RANGE);
	assert_int_equal(cdr_text_fold(longer, room, sizeof(room)), CDR_E_RANGE);

	/* Characters that grow when they are decomposed: three for two bytes. */
	for (size_t i = 0; i < CDR_TEXT_CLEAN_MAX; i += 2)
		memcpy(longer + i, "\xce\x90", 2);
	assert_int_equal(cdr_text_clean(longer, CDR_TEXT_CLEAN_MAX, false, room, sizeof(room)), CDR_OK);
	assert_memory_equal(room, longer, CDR_TEXT_CLEAN_MAX);
}

static void
case_is_folded(void **state)
{
	(void)state;
	char a[64], b[64];

	assert_int_equal(cdr_text_fold("STRASSE \xc3\x89", a, sizeof(a)), CDR_OK);
	assert_int_equal(cdr_text_fold("Stra\xc3\x9f" "e e\xcc\x81", b, sizeof(b)), CDR_OK);
	assert_string_equal(a, b);
	assert_int_equal(cdr_text_fold("\xff", a, sizeof(a)), CDR_E_INPUT);
	assert_int_equal(cdr_text_fold("abcd", a, 4), CDR_E_RANGE);
	assert_string_equal(a, "");
}

static void
characters_are_counted(void **state)
{
	(void)state;
	assert_int_equal(cdr_text_count(""), 0);
	assert_int_equal(cdr_text_count("a\xc3\xa9\xe5\xb1\xb1\xf0\x9f\x98\x80"), 4);
}

static void
near_misses_are_found(void **state)
{
	(void)state;
	static const struct {
		const char *word, *known;
		bool near;
	} cases[] = {
		{ "family_names", "family_names", true },
		{ "Family Name", "family_names", true },
		{ "familynames", "family_names", true },
		{ "famly-nams", "family_names", true },
		{ "family", "family_names", true },       /* its beginning */
		{ "fa", "family_names", false },
		{ "position", "family_names", false },
		{ "yes", "no", false },
		{ "", "no", false },
		{ "femal", "female", true },
	};
	char longer[CDR_TEXT_WORD_MAX + 2];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t best = SIZE_MAX;
		assert_int_equal(cdr_text_nearer(cases[i].word, cases[i].known, &best), cases[i].near);
	}
	size_t best = SIZE_MAX;
	assert_true(cdr_text_nearer("abcdef", "abcde", &best));
	assert_true(cdr_text_nearer("abcdef", "abcdef", &best));
	assert_false(cdr_text_nearer("abcdef", "abcde", &best));
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	best = SIZE_MAX;
	assert_false(cdr_text_nearer(longer, longer, &best));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_is_checked),
		cmocka_unit_test(text_gets_one_form),
		cmocka_unit_test(text_is_refused),
		cmocka_unit_test(case_is_folded),
		cmocka_unit_test(characters_are_counted),
		cmocka_unit_test(near_misses_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
