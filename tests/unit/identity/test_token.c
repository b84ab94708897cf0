/* Tokens: the same person gives the same ones, none is too light, and every one holds what it must. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/bytes.h"
#include "core/identity/date.h"
#include "core/identity/token.h"
#include "tests/unit/identity/vectors.h"

#define HEAD_LEN (CDR_SCHEME_VERSION_LEN + 4 + 1)

static struct cdr_scheme scheme;

static int
make_scheme(void **state)
{
	(void)state;
	return cdr_scheme_current(7, &scheme) == CDR_OK ? 0 : -1;
}

static struct cdr_person
person(const char *given, const char *family, int year, unsigned month, unsigned day)
{
	struct cdr_person p = { .birth = { (int16_t)year, (uint8_t)month, (uint8_t)day, CDR_PRECISION_DAY } };

	snprintf(p.given_names, sizeof(p.given_names), "%s", given);
	snprintf(p.family_names, sizeof(p.family_names), "%s", family);
	return p;
}

static struct cdr_token_set
derive(const struct cdr_person *p)
{
	struct cdr_token_set set;
	struct cdr_fault fault;

	assert_int_equal(cdr_token_derive(p, &scheme, &set, &fault), CDR_OK);
	return set;
}

/* The content of a token: what follows version, epoch and type. */
static bool
has_token(const struct cdr_token_set *set, enum cdr_token_type type, const char *content)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->token[i].type == type && set->token[i].input_len == HEAD_LEN + strlen(content) &&
		    memcmp(set->token[i].input + HEAD_LEN, content, strlen(content)) == 0)
			return true;
	return false;
}

static size_t
count_type(const struct cdr_token_set *set, enum cdr_token_type type)
{
	size_t count = 0;

	for (size_t i = 0; i < set->count; i++)
		count += set->token[i].type == type;
	return count;
}

/* How many tokens two people have in common. */
static size_t
common(const struct cdr_person *a, const struct cdr_person *b)
{
	struct cdr_token_set left = derive(a), right = derive(b);
	size_t count = 0;

	for (size_t i = 0; i < left.count; i++)
		for (size_t j = 0; j < right.count; j++)
			count += left.token[i].input_len == right.token[j].input_len &&
			    memcmp(left.token[i].input, right.token[j].input, left.token[i].input_len) == 0;
	return count;
}

static void
two_names_give_every_type(void **state)
{
	struct cdr_person p = person("Perpetua", "Wondermark", 1984, 5, 23);
	struct cdr_token_set set = derive(&p);

	(void)state;
	assert_true(has_token(&set, CDR_TOKEN_EX, "perpetua|wondermark|19840523"));
	assert_true(has_token(&set, CDR_TOKEN_S1S1, "PRPT|WNDRMRK|19840523"));
	assert_true(has_token(&set, CDR_TOKEN_S2S2, "FRFT|NTRMRK|19840523"));
	assert_true(has_token(&set, CDR_TOKEN_S1PRE, "PRPT|won|19840523"));
	assert_true(has_token(&set, CDR_TOKEN_S1PRE, "WNDRMRK|per|19840523"));
	assert_true(has_token(&set, CDR_TOKEN_S1SUF, "PRPT|ark|19840523"));
	assert_true(has_token(&set, CDR_TOKEN_S1SUF, "WNDRMRK|tua|19840523"));
	assert_true(has_token(&set, CDR_TOKEN_YM, "PRPT|WNDRMRK|198405"));
	assert_true(has_token(&set, CDR_TOKEN_YD, "PRPT|WNDRMRK|1984d23"));
	assert_true(has_token(&set, CDR_TOKEN_MD, "PRPT|WNDRMRK|0523"));
	assert_true(has_token(&set, CDR_TOKEN_S1S1, "PRPT|WNDRMRK|1984"));
	assert_int_equal(count_type(&set, CDR_TOKEN_FS1) + count_type(&set, CDR_TOKEN_FS2), 0);
	assert_true((set.notes & CDR_TOKEN_NOTE_NO_DOCUMENT) != 0);
	for (size_t i = 0; i < set.count; i++)
		assert_int_equal(set.token[i].pair, set.token[i].type == CDR_TOKEN_EX ? CDR_PAIR_WHOLE : CDR_PAIR_ONLY);
}

static void
input_begins_with_version_epoch_and_type(void **state)
{
	struct cdr_person p = person("Perpetua", "Wondermark", 1984, 5, 23);
	struct cdr_token_set set = derive(&p);
	struct cdr_scheme other = scheme;
	struct cdr_token_set later;

	(void)state;
	for (size_t i = 0; i < set.count; i++) {
		assert_memory_equal(set.token[i].input, scheme.version, CDR_SCHEME_VERSION_LEN);
		assert_memory_equal(set.token[i].input + CDR_SCHEME_VERSION_LEN, "\0\0\0\7", 4);
		assert_int_equal(set.token[i].input[HEAD_LEN - 1], set.token[i].type);
	}
	other.epoch = 8;
	assert_int_equal(cdr_token_derive(&p, &other, &later, NULL), CDR_OK);
	assert_int_equal(later.count, set.count);
	assert_memory_not_equal(later.token[0].input, set.token[0].input, set.token[0].input_len);
}

static void
order_case_and_accents_do_not_matter(void **state)
{
	struct cdr_person a = person("Zoë Perpétua", "Wondermark", 1984, 5, 23);
	struct cdr_person b = person("WONDERMARK", "perpetua zoe", 1984, 5, 23);
	struct cdr_token_set left = derive(&a), right = derive(&b);

	(void)state;
	assert_int_equal(left.count, right.count);
	assert_int_equal(common(&a, &b), left.count);
	assert_int_equal(count_type(&left, CDR_TOKEN_FS1), 1);
	assert_int_equal(count_type(&left, CDR_TOKEN_FS2), 1);
}

static void
slips_leave_something_in_common(void **state)
{
	const struct cdr_person p = person("Perpetua", "Wondermark", 1984, 5, 11);
	const struct cdr_person variants[] = {
		person("Perpettua", "Wondermarck", 1984, 5, 11), /* spelling */
		person("Perpetua", "Wondermgrk", 1984, 5, 11),   /* a slip late in a name */
		person("Perpetua", "Wxndermark", 1984, 5, 11),
		person("Perpetua", "Wondermark", 1984, 11, 5),   /* day and month exchanged */
		person("Perpetua", "Wondermark", 1984, 5, 17),   /* another day, month, year */
		person("Perpetua", "Wondermark", 1984, 9, 11),
		person("Perpetua", "Wondermark", 1948, 5, 11),
		person("Perpetua", "Wondermark", 1984, 1, 1),    /* 1 January for want of a date */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
		assert_true(common(&p, &variants[i]) > 0);
	const struct cdr_person stranger = person("Perpetua", "Otherwise", 1984, 5, 11);
	assert_int_equal(common(&p, &stranger), 0);
}

static void
another_script_meets_the_latin_form(void **state)
{
	struct cdr_person latin = person("Aleksandr", "Vymyshlennikov", 1979, 8, 14);
	struct cdr_person native = { .birth = latin.birth };

	(void)state;
	snprintf(native.native_name, sizeof(native.native_name), "%s", "Вымышленников Александр");
	assert_true(common(&latin, &native) > 0);
}

static void
dates_of_less_precision(void **state)
{
	struct cdr_person p = person("Perpetua", "Wondermark", 1984, 1, 1);
	struct cdr_token_set set = derive(&p);

	(void)state;
	assert_true(has_token(&set, CDR_TOKEN_S1S1, "PRPT|WNDRMRK|1984"));
	assert_true(has_token(&set, CDR_TOKEN_MD, "PRPT|WNDRMRK|0101"));
	assert_int_equal(count_type(&set, CDR_TOKEN_YM) + count_type(&set, CDR_TOKEN_YD), 0);
	p.birth.precision = CDR_PRECISION_YEAR;
	set = derive(&p);
	assert_true(has_token(&set, CDR_TOKEN_EX, "perpetua|wondermark|1984"));
	assert_int_equal(count_type(&set, CDR_TOKEN_MD), 0);
	p.birth = (struct cdr_date){ 1984, 5, 1, CDR_PRECISION_MONTH };
	set = derive(&p);
	assert_true(has_token(&set, CDR_TOKEN_S1S1, "PRPT|WNDRMRK|198405"));
	assert_true(has_token(&set, CDR_TOKEN_YM, "PRPT|WNDRMRK|198405"));
	assert_int_equal(count_type(&set, CDR_TOKEN_YD) + count_type(&set, CDR_TOKEN_MD), 0);
	p.birth.precision = CDR_PRECISION_QUARTER;
	set = derive(&p);
	assert_true(has_token(&set, CDR_TOKEN_EX, "perpetua|wondermark|1984"));
}

static void
what_is_missing_is_said(void **state)
{
	struct cdr_person p = person("Perpetua", "", 1984, 5, 23);
	struct cdr_token_set set = derive(&p);

	(void)state;
	assert_int_equal(set.count, 0);
	assert_true((set.notes & CDR_TOKEN_NOTE_NO_NAMES) != 0);
	p = person("Perpetua", "Wondermark", 0, 0, 0);
	p.birth.precision = CDR_PRECISION_UNKNOWN;
	set = derive(&p);
	assert_int_equal(set.count, 0);
	assert_true((set.notes & CDR_TOKEN_NOTE_NO_DATE) != 0);
	/* names that half a country has, and a year alone */
	p = person("Thi", "Nguyen", 1984, 1, 1);
	set = derive(&p);
	assert_int_equal(set.count, 0);
	assert_true((set.notes & CDR_TOKEN_NOTE_COMMON) != 0);
	for (uint32_t bit = 0; bit < CDR_TOKEN_NOTE_COUNT; bit++)
		assert_true(strlen(cdr_token_note_text(1U << bit)) > 20);
	assert_string_equal(cdr_token_note_text(0), "");
}

static void
names_that_no_list_has_are_uncovered(void **state)
{
	struct cdr_person p = person("Perpetua", "Qxaznoward", 1984, 5, 23);
	struct cdr_token_set set = derive(&p);

	(void)state;
	assert_true((set.notes & CDR_TOKEN_NOTE_UNCOVERED) != 0);
	for (size_t i = 0; i < set.count; i++) {
		assert_false(set.token[i].covered);
		assert_true((set.token[i].rarity & CDR_RARITY_UNCOVERED) != 0);
	}
	/* unless the names of the person's country are known so well that this one is rare */
	snprintf(p.nationality[0], sizeof(p.nationality[0]), "USA");
	set = derive(&p);
	assert_true((set.notes & CDR_TOKEN_NOTE_UNCOVERED) == 0);
	for (size_t i = 0; i < set.count; i++)
		assert_true(set.token[i].covered && set.token[i].rarity <= CDR_RARITY_CLASS_MAX);
	snprintf(p.nationality[1], sizeof(p.nationality[1]), "SOM");
	set = derive(&p);
	assert_true((set.notes & CDR_TOKEN_NOTE_UNCOVERED) != 0);
}

static struct cdr_person
with_document(const char *type, const char *country, const char *number)
{
	struct cdr_person p = { .document_count = 1 };

	snprintf(p.document[0].type, sizeof(p.document[0].type), "%s", type);
	snprintf(p.document[0].country, sizeof(p.document[0].country), "%s", country);
	snprintf(p.document[0].number, sizeof(p.document[0].number), "%s", number);
	return p;
}

static void
documents_give_tokens_of_their_own(void **state)
{
	struct cdr_person p = with_document("passport", "UTO", "l898902c3");
	struct cdr_token_set set;

	(void)state;
	p = with_document("passport", "FRA", "l8989 02-c3");
	set = derive(&p);
	assert_int_equal(set.count, 2);
	assert_true(has_token(&set, CDR_TOKEN_DOC, "passport|FRA|L898902C3"));
	assert_true(has_token(&set, CDR_TOKEN_DOCX, "L898902C3"));
	assert_true((set.notes & CDR_TOKEN_NOTE_NO_DOCUMENT) == 0);
	/* a country that is not known; a number too short to stand alone; filling */
	p = with_document("", "", "L898902C3");
	set = derive(&p);
	assert_int_equal(set.count, 1);
	p = with_document("passport", "FRA", "A48291");
	set = derive(&p);
	assert_int_equal(set.count, 1);
	static const char *const filling[] = { "", "0000000000", "1111111111", "1234567890", "A00000000", "12" };
	for (size_t i = 0; i < sizeof(filling) / sizeof(filling[0]); i++) {
		p = with_document("passport", "FRA", filling[i]);
		set = derive(&p);
		assert_int_equal(set.count, 0);
	}
}

static void
siblings_share_one_pair_of_several(void **state)
{
	struct cdr_person p = person("Perpetua Zoraida", "Wondermark", 1984, 5, 23);
	struct cdr_token_set set = derive(&p);
	uint32_t pairs = 0;

	(void)state;
	for (size_t i = 0; i < set.count; i++) {
		assert_true(set.token[i].pair == CDR_PAIR_WHOLE || set.token[i].pair >= CDR_PAIR_SEVERAL);
		pairs |= 1U << set.token[i].pair;
	}
	assert_int_equal(pairs, 1U << CDR_PAIR_WHOLE | 7U << CDR_PAIR_SEVERAL);
}

static void
two_scripts_of_a_name_are_one_pair(void **state)
{
	struct cdr_person p = person("Aleksandr", "Vymyshlennikov", 1979, 8, 14);
	struct cdr_token_set set;

	(void)state;
	snprintf(p.native_name, sizeof(p.native_name), "%s", "Александр Вымышленников");
	set = derive(&p);
	for (size_t i = 0; i < set.count; i++)
		assert_true(set.token[i].pair <= CDR_PAIR_ONLY);
}

/* The heaviest person there can be: many forms of many names. */
static void
at_most_sixty_four_and_none_twice(void **state)
{
	struct cdr_person p = person("Perpetua Zoraida Quirina Xenobia Balthasara", "Wondermark Fabelhaft", 1984, 5, 23);
	struct cdr_token_set set;

	(void)state;
	snprintf(p.other_names, sizeof(p.other_names), "Traumtanz; Luftschloss; Perpetua Nirgendwo; Quirina Fabelhaft");
	p.document[0] = with_document("passport", "FRA", "L898902C3").document[0];
	p.document_count = 1;
	set = derive(&p);
	assert_int_equal(set.count, CDR_TOKENS_MAX);
	assert_true((set.notes & CDR_TOKEN_NOTE_CUT) != 0);
	assert_int_equal(set.token[0].type >= CDR_TOKEN_DOC, 1);
	for (size_t i = 0; i < set.count; i++)
		for (size_t j = 0; j < i; j++)
			assert_false(set.token[i].input_len == set.token[j].input_len &&
			    memcmp(set.token[i].input, set.token[j].input, set.token[i].input_len) == 0);
}

static void
long_names_are_hashed(void **state)
{
	struct cdr_person p = person("", "", 1984, 5, 23);
	struct cdr_token_set set;
	size_t hashed = 0;

	(void)state;
	for (int i = 0; i < 6; i++) {
		size_t used = strlen(p.given_names);
		snprintf(p.given_names + used, sizeof(p.given_names) - used, "%c%s ", 'a' + i,
		    "bcdfghjklmnpqrstvwxzbcdfghjklmnpqrstvwx");
	}
	snprintf(p.family_names, sizeof(p.family_names), "Wondermark");
	set = derive(&p);
	for (size_t i = 0; i < set.count; i++)
		if (set.token[i].input[HEAD_LEN] == 0) {
			assert_int_equal(set.token[i].input_len, HEAD_LEN + 1 + 32);
			hashed++;
		}
	assert_int_equal(hashed, 1);
}

static void
what_cannot_be_read_is_refused(void **state)
{
	struct cdr_person p = person("Perpetua\xff", "Wondermark", 1984, 5, 23);
	struct cdr_token_set set = { .count = 1 };
	struct cdr_fault fault = { 0 };

	(void)state;
	assert_int_equal(cdr_token_derive(&p, &scheme, &set, &fault), CDR_E_INPUT);
	assert_int_equal(set.count, 0);
	assert_int_equal(fault.code, CDR_E_INPUT);
	p = with_document("passport", "XQX", "L898902C3");
	assert_int_equal(cdr_token_derive(&p, &scheme, &set, &fault), CDR_E_INPUT);
	p.document_count = CDR_DOCUMENT_COUNT_MAX + 1;
	assert_int_equal(cdr_token_derive(&p, &scheme, &set, &fault), CDR_E_RANGE);
}

static void
another_table_is_another_scheme(void **state)
{
	struct cdr_scheme again, other;
	struct cdr_rarity rarity = scheme.rarity;

	(void)state;
	assert_int_equal(cdr_scheme_current(9, &again), CDR_OK);
	assert_memory_equal(again.version, scheme.version, CDR_SCHEME_VERSION_LEN);
	rarity.len--;
	assert_int_equal(cdr_scheme_with(&rarity, 7, &other), CDR_OK);
	assert_memory_not_equal(other.version, scheme.version, CDR_SCHEME_VERSION_LEN);
}

static void
names_and_padding(void **state)
{
	(void)state;
	assert_string_equal(cdr_token_type_name(CDR_TOKEN_EX), "EX");
	assert_string_equal(cdr_token_type_name(CDR_TOKEN_DOCX), "DOCX");
	for (unsigned type = CDR_TOKEN_EX; type < CDR_TOKEN_TYPE_COUNT; type++)
		assert_string_not_equal(cdr_token_type_name(type), "unknown");
	assert_string_equal(cdr_token_type_name(0), "unknown");
	assert_string_equal(cdr_token_type_name(CDR_TOKEN_TYPE_COUNT), "unknown");
	assert_int_equal(cdr_token_padded(0), 16);
	assert_int_equal(cdr_token_padded(16), 16);
	assert_int_equal(cdr_token_padded(17), 32);
	assert_int_equal(cdr_token_padded(32), 32);
	assert_int_equal(cdr_token_padded(33), 64);
	assert_int_equal(cdr_token_padded(64), 64);
}

/* ---- vectors ------------------------------------------------------------------------------------------------------- */

/* Where in the file of vectors the check stands: the person before this line, and how many of its tokens were seen. */
static struct {
	struct cdr_scheme scheme;
	struct cdr_token_set set;
	size_t at;
} published;

static void
read_person(char *names, char *rest)
{
	struct cdr_person p = { 0 };

	snprintf(p.given_names, sizeof(p.given_names), "%s", strsep(&names, "|"));
	snprintf(p.family_names, sizeof(p.family_names), "%s", strsep(&names, "|"));
	snprintf(p.native_name, sizeof(p.native_name), "%s", strsep(&names, "|"));
	snprintf(p.other_names, sizeof(p.other_names), "%s", names);
	const char *birth = strsep(&rest, "|");
	if (birth[0] != '\0')
		assert_int_equal(cdr_date_read(birth, &p.birth, NULL), CDR_OK);
	if (rest[0] != '\0') {
		p.document_count = 1;
		snprintf(p.document[0].type, sizeof(p.document[0].type), "%s", strsep(&rest, ":"));
		snprintf(p.document[0].country, sizeof(p.document[0].country), "%s", strsep(&rest, ":"));
		snprintf(p.document[0].number, sizeof(p.document[0].number), "%s", rest);
	}
	assert_int_equal(cdr_token_derive(&p, &published.scheme, &published.set, NULL), CDR_OK);
	published.at = 0;
}

/* What a line says, compared with the next token. */
static void
check_token(char *const field[VECTOR_FIELDS])
{
	char figures[32], content[2 * CDR_TOKEN_INPUT_LEN_MAX + 2];

	if (published.at == published.set.count)
		fail_msg("no more tokens, but the vectors have %s %s", field[0], field[2]);
	const struct cdr_token *token = &published.set.token[published.at++];
	snprintf(figures, sizeof(figures), "%u %u %u", token->weight, token->rarity, token->pair);
	const char *input = (const char *)token->input + HEAD_LEN;
	int len = (int)token->input_len - HEAD_LEN;
	content[0] = '#';
	if (input[0] == '\0')
		cdr_hex_write(token->input + HEAD_LEN + 1, (size_t)len - 1, content + 1);
	else
		snprintf(content, sizeof(content), "%.*s", len, input);
	assert_string_equal(cdr_token_type_name(token->type), field[0]);
	assert_string_equal(content, field[2]);
	assert_string_equal(figures, field[1]);
}

static void
check_line(char *const field[VECTOR_FIELDS])
{
	char text[2 * CDR_SCHEME_VERSION_LEN + 1];

	if (strcmp(field[0], "version") == 0) {
		assert_int_equal(cdr_scheme_current(1, &published.scheme), CDR_OK);
		cdr_hex_write(published.scheme.version, CDR_SCHEME_VERSION_LEN, text);
		assert_string_equal(text, field[1]);
	} else if (strcmp(field[0], "person") == 0) {
		read_person(field[1], field[2]);
	} else if (strcmp(field[0], "notes") == 0) {
		snprintf(text, sizeof(text), "%u", published.set.notes);
		assert_string_equal(text, field[1]);
		assert_int_equal(published.at, published.set.count);
	} else {
		check_token(field);
	}
}

/* Somebody else's program must derive these to the byte. */
static void
tokens_are_the_published_ones(void **state)
{
	(void)state;
	assert_int_equal(each_vector("tokens.tsv", check_line), 190);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_names_give_every_type),
		cmocka_unit_test(input_begins_with_version_epoch_and_type),
		cmocka_unit_test(order_case_and_accents_do_not_matter),
		cmocka_unit_test(slips_leave_something_in_common),
		cmocka_unit_test(another_script_meets_the_latin_form),
		cmocka_unit_test(dates_of_less_precision),
		cmocka_unit_test(what_is_missing_is_said),
		cmocka_unit_test(names_that_no_list_has_are_uncovered),
		cmocka_unit_test(documents_give_tokens_of_their_own),
		cmocka_unit_test(siblings_share_one_pair_of_several),
		cmocka_unit_test(two_scripts_of_a_name_are_one_pair),
		cmocka_unit_test(at_most_sixty_four_and_none_twice),
		cmocka_unit_test(long_names_are_hashed),
		cmocka_unit_test(what_cannot_be_read_is_refused),
		cmocka_unit_test(another_table_is_another_scheme),
		cmocka_unit_test(names_and_padding),
		cmocka_unit_test(tokens_are_the_published_ones),
	};

	return cmocka_run_group_tests(tests, make_scheme, NULL);
}
