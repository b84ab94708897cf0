/* Names of every script become the parts that are published in tests/vectors/names-*.tsv; and the tables are what they
 * claim. */
#include "tests/unit/identity/vectors.h"

#include <stdlib.h>

#include "core/identity/han.h"
#include "core/identity/name.h"
#include "core/identity/tables.h"
#include "core/identity/translit.h"
#include "core/identity/words.h"

/* field: a name, its parts with '*' behind family names, the notes in hexadecimal. */
static void
check_name(char *const field[VECTOR_FIELDS])
{
	struct cdr_name_form form;
	struct cdr_fault fault = { 0 };
	uint32_t notes = 0;
	char text[1024] = "";

	if (cdr_name_normalise(field[0], strlen(field[0]), &form, &notes, &fault) != CDR_OK)
		fail_msg("%s: %s", field[0], fault.text);
	for (size_t i = 0; i < form.part_count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s%s", i == 0 ? "" : " ", form.part[i],
		    form.is_family[i] ? "*" : "");
	if (strcmp(text, field[1]) != 0)
		fail_msg("%s gives %s, not %s", field[0], text, field[1]);
	if (notes != strtoul(field[2], NULL, 16))
		fail_msg("%s gives notes %x", field[0], (unsigned)notes);
}

static void
names_of_every_script_are_as_published(void **state)
{
	static const char *const files[] = { "names-latin.tsv", "names-compounds.tsv", "names-cyrillic.tsv",
		"names-greek.tsv", "names-arabic.tsv", "names-persian.tsv", "names-hebrew.tsv", "names-ethiopic.tsv",
		"names-indic.tsv", "names-caucasus.tsv", "names-south-east-asia.tsv", "names-east-asia.tsv",
		"names-without-table.tsv" };

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		assert_true(each_vector(files[i], check_name) >= 5);
}

/* Fullwidth, presentation and decomposed forms, joiners, tatweel and points are ways of writing the same name. */
static void
ways_of_writing_are_one(void **state)
{
	static const char *const same[][2] = {
		{ "\xef\xba\xa3\xef\xba\xb4\xef\xbb\xa6", "حسن" }, /* presentation forms */
		{ "حســـن", "حسن" }, { "حَسَن", "حسن" }, { "علي", "علی" }, { "على", "علي" }, { "كريم", "کریم" },
		{ "إبراهيم", "ابراهيم" }, { "آدم", "ادم" }, { "فاطمة", "فاطمه" }, { "الحسن", "حسن" },
		{ "عبدالكريم نموذج", "عبد الكريم نموذج" }, { "Jose\xcc\x81", "José" }, { "ＪＯＳＥ", "jose" },
		{ "İlker", "ilker" }, { "O’Example", "O'Example" }, { "OʻExample", "oexample" }, { "ﾔﾏﾀﾞ", "ヤマダ" },
		{ "やまだ", "ヤマダ" },
		{ "한글", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab\xe1\x84\x80\xe1\x85\xb3\xe1\x86\xaf" }, { "陳", "陈" },
		{ "Й", "И\xcc\x86" }, { "ሥላሴ", "ስላሴ" },
		{ "क़ादिर", "क\xe0\xa4\xbc"
			   "ादिर" },
		{ "\xe2\x80\xabحسن\xe2\x80\xac", "حسن" }, /* direction controls */
	};

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		struct cdr_name_form a, b;
		uint32_t notes = 0;

		assert_int_equal(cdr_name_normalise(same[i][0], strlen(same[i][0]), &a, &notes, NULL), CDR_OK);
		assert_int_equal(cdr_name_normalise(same[i][1], strlen(same[i][1]), &b, &notes, NULL), CDR_OK);
		if (a.part_count == 0 || memcmp(a.part, b.part, sizeof a.part) != 0)
			fail_msg("%s gives %s, %s gives %s", same[i][0], a.part[0], same[i][1], b.part[0]);
	}
}

static void
scripts_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(cdr_script_of('a'), CDR_SCRIPT_LATIN);
	assert_int_equal(cdr_script_of(0x416), CDR_SCRIPT_CYRILLIC);
	assert_int_equal(cdr_script_of(0x4e00), CDR_SCRIPT_HAN);
	assert_int_equal(cdr_script_of(0x30fc), CDR_SCRIPT_KANA);
	assert_int_equal(cdr_script_of(0x1780), CDR_SCRIPT_KHMER);
	assert_int_equal(cdr_script_of('1'), CDR_SCRIPT_NONE);
	assert_int_equal(cdr_script_of(0x13a0), CDR_SCRIPT_OTHER); /* Cherokee */
	for (int script = 0; script < CDR_SCRIPT_COUNT; script++)
		assert_string_not_equal(cdr_script_name((enum cdr_script)script), "unknown");
	assert_string_equal(cdr_script_name(CDR_SCRIPT_COUNT), "unknown");
	assert_false(cdr_script_has_table(CDR_SCRIPT_LAO));
	assert_false(cdr_script_has_table(CDR_SCRIPT_NONE));
	assert_true(cdr_script_writes_vowels(CDR_SCRIPT_LATIN));
	assert_false(cdr_script_writes_vowels(CDR_SCRIPT_ARABIC));
}

static void
unicode_is_15_0(void **state)
{
	(void)state;
	assert_true(cdr_code_point_assigned(0x1e030)); /* new in 15.0 */
	assert_false(cdr_code_point_assigned(0x1c89)); /* new in 16.0 */
	assert_false(cdr_code_point_assigned(0xd800));
	assert_false(cdr_code_point_assigned(0xe000));
	assert_false(cdr_code_point_assigned(0xffff));
	assert_false(cdr_code_point_assigned(0x110000));
	assert_int_equal(cdr_char_lookup(0x0667).digit, 7);
	assert_int_equal(cdr_char_lookup(0x1d7d9).digit, 1);
	assert_int_equal(cdr_char_lookup(0x640).kind, CDR_CHAR_DROPPED);
}

/* Every script that claims a table has one; every rule in it puts out a to z within its bound, and none is out of the
 * file. */
static void
tables_are_sound(void **state)
{
	const struct cdr_bytes file = cdr_table_bytes(CDR_TABLE_TRANSLIT);
	struct cdr_translit table;

	(void)state;
	for (int script = 1; script < CDR_SCRIPT_COUNT; script++)
		assert_int_equal(cdr_translit_choose((enum cdr_script)script, NULL, 0, &table),
		    cdr_script_has_table((enum cdr_script)script) && script != CDR_SCRIPT_HAN);
	for (size_t i = 0; i < cdr_read32(file.data, 0); i++) {
		const uint8_t *header = file.data + 4 + 16 * i;
		size_t letters = cdr_read32(header, 8), count = cdr_read32(header, 12);

		assert_true(letters + 12 * count <= file.len);
		for (size_t j = 0; j < count; j++) {
			size_t at = cdr_read32(file.data, letters + 12 * j + 8);

			for (; at != 0 && file.data[at] != CDR_TRANSLIT_END;
			     at += 4 + 4 * (size_t)(file.data[at] - 1) + file.data[at + 3]) {
				const uint8_t *text = file.data + at + 4 + 4 * (size_t)(file.data[at] - 1);

				assert_true(at + 4 < file.len && file.data[at] > 0 &&
					    file.data[at + 3] <= CDR_TRANSLIT_OUT_MAX);
				for (size_t k = 0; k < file.data[at + 3]; k++)
					assert_in_range(text[k], 'a', 'z');
			}
		}
	}
}

static void
tables_fit_their_budget(void **state)
{
	size_t sum = 0;

	(void)state;
	for (int table = 0; table < CDR_TABLE_COUNT; table++)
		sum += cdr_table_bytes((enum cdr_table)table).len;
	assert_true(sum < 300000); /* the rarity table has the rest of the megabyte */
}

static void
ideographs_have_readings(void **state)
{
	const char *reading[2];

	(void)state;
	assert_string_equal(cdr_han_reading(0x9648), "chen");
	assert_null(cdr_han_reading('a'));
	assert_null(cdr_han_reading(0xffffffff));
	assert_int_equal(cdr_han_family((const uint32_t[]){ 0x6b50, 0x967d, 0x4fee }, 3, reading), 2);
	assert_string_equal(reading[0], "ou");
	assert_string_equal(reading[1], "yang");
	assert_int_equal(cdr_han_family((const uint32_t[]){ 0x66fe }, 1, reading), 1); /* zeng, elsewhere ceng */
	assert_string_equal(reading[0], "zeng");
	assert_int_equal(cdr_han_family((const uint32_t[]){ 0x9648 }, 1, reading), 0);
	assert_true(cdr_han_is_syllable("zhuang"));
	assert_true(cdr_han_is_syllable("a"));
	assert_false(cdr_han_is_syllable("sample"));
	assert_false(cdr_han_is_syllable(""));
}

static void
words_are_found(void **state)
{
	(void)state;
	assert_true(cdr_word_find("abdul").kinds & CDR_WORD_SERVANT);
	assert_string_equal(cdr_word_find("mohd").target, "mohammed");
	assert_int_equal(cdr_word_find("sample").kinds, 0);
	assert_int_equal(cdr_word_find("").kinds, 0);
	assert_int_equal(cdr_word_find("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz").kinds, 0);
}

/* What does not fit is counted and cut, never written. */
static void
long_words_are_cut(void **state)
{
	struct cdr_translit table;
	uint32_t word[CDR_WORD_LETTERS_MAX];
	char out[8];

	(void)state;
	for (size_t i = 0; i < CDR_WORD_LETTERS_MAX; i++)
		word[i] = 0x449; /* shch */
	assert_true(cdr_translit_choose(CDR_SCRIPT_CYRILLIC, word, CDR_WORD_LETTERS_MAX, &table));
	assert_int_equal(
	    cdr_translit_word(&table, word, CDR_WORD_LETTERS_MAX, out, sizeof out), 4 * CDR_WORD_LETTERS_MAX);
	assert_string_equal(out, "shchshc");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_every_script_are_as_published),
		cmocka_unit_test(ways_of_writing_are_one),
		cmocka_unit_test(scripts_are_told_apart),
		cmocka_unit_test(unicode_is_15_0),
		cmocka_unit_test(tables_are_sound),
		cmocka_unit_test(tables_fit_their_budget),
		cmocka_unit_test(ideographs_have_readings),
		cmocka_unit_test(words_are_found),
		cmocka_unit_test(long_words_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
