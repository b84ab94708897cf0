/* Forms of a person's name, and text that nobody should type. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/bytes.h"
#include "core/identity/name.h"

static struct cdr_name_forms forms;

static void
set(char *field, size_t size, const char *text)
{
	memset(field, 0, size);
	memcpy(field, text, strlen(text));
}

/* The forms of a person with these names. */
static cdr_err
forms_of(const char *given, const char *family, const char *native, const char *other)
{
	struct cdr_person person = { 0 };

	set(person.given_names, sizeof person.given_names, given);
	set(person.family_names, sizeof person.family_names, family);
	set(person.native_name, sizeof person.native_name, native);
	set(person.other_names, sizeof person.other_names, other);
	return cdr_name_forms(&person, &forms, NULL);
}

static void
assert_form(size_t at, enum cdr_name_source source, const char *parts)
{
	char text[1024] = "";

	assert_true(at < forms.form_count);
	for (size_t i = 0; i < forms.form[at].part_count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s%s", i == 0 ? "" : " ",
		    forms.form[at].part[i], forms.form[at].is_family[i] ? "*" : "");
	assert_string_equal(text, parts);
	assert_int_equal(forms.form[at].source, source);
}

static void
every_known_form_is_there(void **state)
{
	(void)state;
	assert_int_equal(
	    forms_of("Amina Mohamed", "Sample", "أمينة محمد المثال", "Amina Example; Muster;SAMPLE<<AMINA<M"), CDR_OK);
	assert_int_equal(forms.form_count, 6);
	assert_form(0, CDR_NAME_GIVEN_FAMILY, "amina mohammed sample*");
	assert_form(1, CDR_NAME_NATIVE, "amina mohammed mthal");
	assert_int_equal(forms.form[1].script, CDR_SCRIPT_ARABIC);
	assert_form(2, CDR_NAME_OTHER, "amina example");
	assert_form(3, CDR_NAME_OTHER, "amina mohammed muster*");
	assert_form(4, CDR_NAME_OTHER, "muster sample*");
	assert_form(5, CDR_NAME_MRZ, "amina sample*");
	assert_int_equal(forms.notes, 0);
}

static void
equal_forms_are_kept_once(void **state)
{
	(void)state;
	assert_int_equal(forms_of("Ana", "Muestra", "Muestra, Ana", "Ana Muestra;MUESTRA<<ANA;ana"), CDR_OK);
	assert_int_equal(forms.form_count, 1);
	assert_form(0, CDR_NAME_GIVEN_FAMILY, "ana muestra*");
}

static void
one_name_is_a_form_too(void **state)
{
	(void)state;
	assert_int_equal(forms_of("Sukarname", "", "", ""), CDR_OK);
	assert_form(0, CDR_NAME_GIVEN_FAMILY, "sukarname");
	assert_int_equal(forms_of("", "", "", "Sukarname"), CDR_OK);
	assert_form(0, CDR_NAME_OTHER, "sukarname");
	assert_int_equal(forms_of("", "", "", ""), CDR_OK);
	assert_int_equal(forms.form_count, 0);
	assert_int_equal(forms.notes, 0);
}

/* A compound may be parted between the fields. */
static void
compounds_span_the_fields(void **state)
{
	(void)state;
	assert_int_equal(forms_of("Omar Abdel", "Rahman", "", ""), CDR_OK);
	assert_form(0, CDR_NAME_GIVEN_FAMILY, "omar abdrahman");
	assert_int_equal(forms_of("Ana", "De la", "", ""), CDR_OK);
	assert_form(0, CDR_NAME_GIVEN_FAMILY, "ana de*");
}

/* Whoever writes it as one word and whoever parts it have a form in common. */
static void
east_asian_syllables_are_joined_once_more(void **state)
{
	(void)state;
	assert_int_equal(forms_of("Min-jun", "Kim", "", ""), CDR_OK);
	assert_int_equal(forms.form_count, 2);
	assert_form(0, CDR_NAME_GIVEN_FAMILY, "min jun kim*");
	assert_form(1, CDR_NAME_JOINED, "minjun kim*");
	assert_int_equal(forms_of("", "", "Chen Da Wen", ""), CDR_OK);
	assert_form(1, CDR_NAME_JOINED, "chen dawen");
	assert_int_equal(forms_of("Da Wen", "Chen", "陈大文", ""), CDR_OK);
	assert_int_equal(forms.form_count, 2);
	assert_form(1, CDR_NAME_JOINED, "dawen chen*");
	assert_int_equal(forms_of("Ana Maria", "Lee", "", ""), CDR_OK);
	assert_int_equal(forms.form_count, 1);
	assert_int_equal(forms_of("Min Jun", "Sample", "", ""), CDR_OK);
	assert_int_equal(forms.form_count, 1);
}

static void
a_family_name_without_a_space_is_found(void **state)
{
	(void)state;
	assert_int_equal(forms_of("", "", "남궁보기", ""), CDR_OK);
	assert_form(0, CDR_NAME_NATIVE, "namgung* bogi");
	assert_int_equal(forms_of("示例", "曾", "", ""), CDR_OK);
	assert_form(0, CDR_NAME_GIVEN_FAMILY, "shili zeng*");
	assert_int_equal(forms_of("曾示例", "", "", ""), CDR_OK);
	assert_form(0, CDR_NAME_GIVEN_FAMILY, "zeng* shili");
}

static void
scripts_without_a_table_are_noted(void **state)
{
	(void)state;
	assert_int_equal(forms_of("Sok", "Sample", "ខ្មែរ", ""), CDR_OK);
	assert_int_equal(forms.form_count, 1);
	assert_int_equal(forms.notes, CDR_NOTE_NO_TABLE);
	assert_true(forms.scripts_without_table == (uint64_t)1 << CDR_SCRIPT_KHMER);
	assert_int_equal(forms_of("", "", "ຄົນລາວ", ""), CDR_OK);
	assert_int_equal(forms.form_count, 0);
	assert_int_equal(forms.notes, CDR_NOTE_NO_TABLE | CDR_NOTE_EMPTY);
}

static void
bad_text_is_refused(void **state)
{
	static const char *const bad[] = { "\xff", "a\xc3", "\xed\xa0\x80", "\xed\xbf\xbf" /* surrogates */, "\xc0\x80",
		"\xf4\x90\x80\x80", "\xee\x80\x80" /* private */, "\xf0\x9e\xb0\x80" /* not assigned */,
		"\xef\xbf\xbf" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct cdr_fault fault = { 0 };
		struct cdr_person person = { 0 };
		struct cdr_name_form form;
		uint32_t notes = 0;

		assert_int_equal(cdr_name_normalise(bad[i], strlen(bad[i]), &form, &notes, &fault), CDR_E_INPUT);
		assert_int_equal(form.part_count, 0);
		assert_int_equal(fault.code, CDR_E_INPUT);
		snprintf(person.other_names, sizeof person.other_names, "Sample;%s", bad[i]);
		assert_int_equal(cdr_name_forms(&person, &forms, &fault), CDR_E_INPUT);
		assert_int_equal(forms.form_count, 0);
		assert_non_null(strstr(fault.text, "other_names"));
	}
}

static void
fields_without_an_end_are_refused(void **state)
{
	struct cdr_person person = { 0 };
	struct cdr_name_form form;
	static char text[CDR_NAME_TEXT_LEN_MAX + 1];
	uint32_t notes = 0;

	(void)state;
	memset(person.native_name, 'a', sizeof person.native_name);
	assert_int_equal(cdr_name_forms(&person, &forms, NULL), CDR_E_RANGE);
	memset(text, 'a', sizeof text);
	assert_int_equal(cdr_name_normalise(text, sizeof text, &form, &notes, NULL), CDR_E_RANGE);
	assert_int_equal(cdr_name_normalise(NULL, 0, &form, &notes, NULL), CDR_OK);
	assert_int_equal(form.part_count, 0);
	assert_int_equal(notes, 0);
}

/* Fill ${text} with copies of ${piece}. */
static size_t
fill(char *text, size_t room, const char *piece)
{
	size_t len = 0;

	for (; len + strlen(piece) < room; len += strlen(piece))
		memcpy(text + len, piece, strlen(piece));
	return len;
}

static void
long_text_is_cut_and_noted(void **state)
{
	static const struct {
		const char *piece;
		size_t parts;
		uint32_t notes;
	} cases[] = {
		{ "a", 1, CDR_NOTE_CUT },
		{ "щ", 1, CDR_NOTE_CUT },
		{ "\xcc\x81", 0, CDR_NOTE_EMPTY }, /* accents without a letter */
		{ "a\xcc\x81\xcc\x81\xcc\xa3", 1, CDR_NOTE_CUT },
		{ "\xe2\x80\xae", 0, CDR_NOTE_EMPTY },
		{ "\xef\xb7\xba", 3, CDR_NOTE_MANY_PARTS }, /* one code point makes four words */
		{ "張", 1, CDR_NOTE_CUT },
		{ "각", 1, CDR_NOTE_CUT },
		{ "เ", 1, CDR_NOTE_CUT },
		{ "์", 0, CDR_NOTE_EMPTY | CDR_NOTE_CUT },
		{ "अ्", 1, CDR_NOTE_CUT },
		{ "عبدال", 1, CDR_NOTE_CUT },
		{ " ", 0, CDR_NOTE_EMPTY },
		{ "<", 0, CDR_NOTE_EMPTY },
	};
	static char text[CDR_NAME_TEXT_LEN_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cdr_name_form form;
		uint32_t notes = 0;
		size_t len = fill(text, sizeof text, cases[i].piece);

		assert_int_equal(cdr_name_normalise(text, len, &form, &notes, NULL), CDR_OK);
		if (form.part_count != cases[i].parts || (notes & cases[i].notes) != cases[i].notes)
			fail_msg("%s: %zu parts, notes %x", cases[i].piece, form.part_count, (unsigned)notes);
	}
}

static void
many_parts_and_forms_are_noted(void **state)
{
	struct cdr_name_form form;
	struct cdr_person person = { 0 };
	uint32_t notes = 0;
	char text[512] = "";

	(void)state;
	for (char c = 'a'; c <= 'z'; c++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "sample%c ", c);
	assert_int_equal(cdr_name_normalise(text, strlen(text), &form, &notes, NULL), CDR_OK);
	assert_int_equal(form.part_count, CDR_FORM_PARTS_MAX);
	assert_int_equal(notes, CDR_NOTE_MANY_PARTS);
	for (char c = 'a'; c <= 'z'; c++)
		snprintf(person.other_names + strlen(person.other_names), 16, "Sample Name%c;", c);
	assert_int_equal(cdr_name_forms(&person, &forms, NULL), CDR_OK);
	assert_int_equal(forms.form_count, CDR_FORMS_MAX);
	assert_int_equal(forms.notes, CDR_NOTE_MANY_FORMS);
}

/* Whoever changes a table or the recipe makes another scheme, and has to say so here. */
static void
the_scheme_has_one_digest(void **state)
{
	uint8_t digest[CDR_SCHEME_DIGEST_LEN];
	char text[2 * CDR_SCHEME_DIGEST_LEN + 1];

	(void)state;
	assert_int_equal(cdr_name_scheme_digest(digest), CDR_OK);
	cdr_hex_write(digest, sizeof digest, text);
	assert_string_equal(text, "b196e4555f439cac49f517d5a671dabbdbdfabb4f7b1f1b0cbe6d0ea2dd20848");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_known_form_is_there),
		cmocka_unit_test(equal_forms_are_kept_once),
		cmocka_unit_test(one_name_is_a_form_too),
		cmocka_unit_test(compounds_span_the_fields),
		cmocka_unit_test(east_asian_syllables_are_joined_once_more),
		cmocka_unit_test(a_family_name_without_a_space_is_found),
		cmocka_unit_test(scripts_without_a_table_are_noted),
		cmocka_unit_test(bad_text_is_refused),
		cmocka_unit_test(fields_without_an_end_are_refused),
		cmocka_unit_test(long_text_is_cut_and_noted),
		cmocka_unit_test(many_parts_and_forms_are_noted),
		cmocka_unit_test(the_scheme_has_one_digest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
