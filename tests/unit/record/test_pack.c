/* The byte form of a person, a leaver, a candidate. */
#include "tests/unit/unit.h"

#include "core/record/candidate.h"
#include "core/record/leaver.h"
#include "core/record/pack.h"

static void
fill(char *text, size_t size)
{
	memset(text, 'x', size - 1);
	text[size - 1] = '\0';
}

/* A person with every field as long as it may be. */
static void
fill_person(struct cdr_person *person)
{
	memset(person, 0, sizeof(*person));
	fill(person->given_names, sizeof(person->given_names));
	fill(person->family_names, sizeof(person->family_names));
	fill(person->other_names, sizeof(person->other_names));
	fill(person->native_name, sizeof(person->native_name));
	person->birth = (struct cdr_date) { 1984, 5, 12, CDR_PRECISION_DAY };
	fill(person->gender, sizeof(person->gender));
	for (size_t i = 0; i < CDR_NATIONALITY_COUNT_MAX; i++)
		memcpy(person->nationality[i], "KEN", 4);
	person->document_count = CDR_DOCUMENT_COUNT_MAX;
	for (size_t i = 0; i < CDR_DOCUMENT_COUNT_MAX; i++) {
		fill(person->document[i].type, sizeof(person->document[i].type));
		fill(person->document[i].country, sizeof(person->document[i].country));
		fill(person->document[i].number, sizeof(person->document[i].number));
	}
	fill(person->email, sizeof(person->email));
	fill(person->phone, sizeof(person->phone));
}

static void
fill_leaver(struct cdr_leaver *leaver)
{
	memset(leaver, 0, sizeof(*leaver));
	fill_person(&leaver->person);
	fill(leaver->employee_number, sizeof(leaver->employee_number));
	fill(leaver->position, sizeof(leaver->position));
	fill(leaver->country, sizeof(leaver->country));
	leaver->from = (struct cdr_date) { 2019, 4, 1, CDR_PRECISION_QUARTER };
	leaver->to = (struct cdr_date) { 2021, 1, 1, CDR_PRECISION_YEAR };
	fill(leaver->engagement_type, sizeof(leaver->engagement_type));
}

static void
fill_candidate(struct cdr_candidate *candidate)
{
	memset(candidate, 0, sizeof(*candidate));
	fill_person(&candidate->person);
	fill(candidate->reference, sizeof(candidate->reference));
	for (size_t i = 0; i < CDR_DECLARED_MAX; i++)
		fill(candidate->declared_employers[i], CDR_MEMBER_ID_LEN);
	candidate->declared_count = CDR_DECLARED_MAX;
	fill(candidate->position_category, sizeof(candidate->position_category));
	fill(candidate->legal_basis, sizeof(candidate->legal_basis));
	fill(candidate->candidate_notified, sizeof(candidate->candidate_notified));
	candidate->notified_on = (struct cdr_date) { 2025, 6, 1, CDR_PRECISION_MONTH };
}

/* The bytes are written down here: stored records must stay readable. */
static void
the_form_is_fixed(void **state)
{
	(void)state;
	static const uint8_t expected[] = {
		'P', 1,
		0, 5, 'A', 'm', 'i', 'n', 'a',
		0, 0,
		0, 1, 'B',
		0, 0,
		0x07, 0xc0, 5, 12, CDR_PRECISION_DAY,
		0, 6, 'f', 'e', 'm', 'a', 'l', 'e',
		1, 0, 3, 'M', 'L', 'I',
		1, 0, 8, 'p', 'a', 's', 's', 'p', 'o', 'r', 't', 0, 3, 'M', 'L', 'I', 0, 2, 'A', '1',
		0, 0,
		0, 0,
	};
	struct cdr_person person = { .given_names = "Amina", .other_names = "B", .birth = { 1984, 5, 12, CDR_PRECISION_DAY },
		.gender = "female", .nationality = { "MLI" }, .document = { { "passport", "MLI", "A1" } }, .document_count = 1 };
	struct cdr_person back;
	uint8_t out[CDR_PERSON_PACK_MAX];
	size_t len;

	assert_int_equal(cdr_person_pack(&person, out, &len), CDR_OK);
	assert_int_equal(len, sizeof(expected));
	assert_memory_equal(out, expected, len);
	assert_int_equal(cdr_person_unpack((struct cdr_bytes) { out, len }, &back), CDR_OK);
	assert_memory_equal(&back, &person, sizeof(person));
}

static void
the_longest_fit(void **state)
{
	(void)state;
	static struct cdr_leaver leaver, leaver_back;
	static struct cdr_candidate candidate, candidate_back;
	uint8_t out[CDR_LEAVER_PACK_MAX];
	size_t len;

	fill_leaver(&leaver);
	assert_int_equal(cdr_leaver_pack(&leaver, out, &len), CDR_OK);
	assert_int_equal(cdr_leaver_unpack((struct cdr_bytes) { out, len }, &leaver_back), CDR_OK);
	assert_memory_equal(&leaver_back, &leaver, sizeof(leaver));
	fill_candidate(&candidate);
	assert_int_equal(cdr_candidate_pack(&candidate, out, &len), CDR_OK);
	assert_int_equal(cdr_candidate_unpack((struct cdr_bytes) { out, len }, &candidate_back), CDR_OK);
	assert_memory_equal(&candidate_back, &candidate, sizeof(candidate));
}

/* Cut anywhere, or with one byte too many: refused, and nothing left behind. */
static void
every_cut_is_refused(void **state)
{
	(void)state;
	static struct cdr_leaver leaver, zero_leaver;
	static struct cdr_candidate candidate, zero_candidate;
	uint8_t out[CDR_LEAVER_PACK_MAX + 1];
	size_t len;

	fill_leaver(&leaver);
	assert_int_equal(cdr_leaver_pack(&leaver, out, &len), CDR_OK);
	for (size_t cut = 0; cut < len; cut++) {
		assert_int_equal(cdr_leaver_unpack((struct cdr_bytes) { out, cut }, &leaver), CDR_E_INPUT);
		assert_memory_equal(&leaver, &zero_leaver, sizeof(leaver));
	}
	out[len] = 0;
	assert_int_equal(cdr_leaver_unpack((struct cdr_bytes) { out, len + 1 }, &leaver), CDR_E_INPUT);
	assert_int_equal(cdr_candidate_unpack((struct cdr_bytes) { out, len }, &candidate), CDR_E_INPUT); /* another kind */

	fill_candidate(&candidate);
	assert_int_equal(cdr_candidate_pack(&candidate, out, &len), CDR_OK);
	for (size_t cut = 0; cut < len; cut++) {
		assert_int_equal(cdr_candidate_unpack((struct cdr_bytes) { out, cut }, &candidate), CDR_E_INPUT);
		assert_memory_equal(&candidate, &zero_candidate, sizeof(candidate));
	}
	out[1] = 99; /* another version */
	assert_int_equal(cdr_candidate_unpack((struct cdr_bytes) { out, len }, &candidate), CDR_E_INPUT);
}

/* What the writer would not write is not read. */
static void
other_forms_are_refused(void **state)
{
	(void)state;
	struct cdr_unpack unpack;
	struct cdr_date date;
	char text[4];
	static const uint8_t dates[][5] = {
		{ 0, 0, 0, 1, 0 },                         /* unknown, and yet a day */
		{ 0x07, 0xc0, 5, 12, 0 },
		{ 0x07, 0xc0, 2, 30, CDR_PRECISION_DAY },
		{ 0x07, 0xc0, 5, 12, CDR_PRECISION_YEAR },
		{ 0x07, 0xc0, 5, 12, 99 },
		{ 0x00, 0x10, 5, 12, CDR_PRECISION_DAY },
		{ 0xff, 0xff, 5, 12, CDR_PRECISION_DAY },
	};
	static const uint8_t texts[][6] = {
		{ 0, 4, 'a', 'b', 'c', 'd' },              /* longer than its field */
		{ 0, 2, 'a', 0, 0, 0 },                    /* a NUL */
		{ 0, 2, 0xc0, 0xaf, 0, 0 },                /* not UTF-8 */
		{ 0, 9, 'a', 0, 0, 0 },                    /* longer than what is there */
		{ 9, 1, 'a', 0, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		unpack = (struct cdr_unpack) { .left = { dates[i], 5 } };
		cdr_unpack_date(&unpack, &date);
		assert_int_equal(cdr_unpack_end(&unpack), CDR_E_INPUT);
		assert_int_equal(date.precision, CDR_PRECISION_UNKNOWN);
		assert_int_equal(date.year, 0);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		unpack = (struct cdr_unpack) { .left = { texts[i], 6 } };
		cdr_unpack_text(&unpack, text, sizeof(text));
		assert_int_equal(unpack.err, CDR_E_INPUT);
		assert_string_equal(text, "");
		/* Nothing is read after a fault. */
		assert_int_equal(cdr_unpack_byte(&unpack), 0);
	}
	unpack = (struct cdr_unpack) { .left = { (const uint8_t *)"\x05", 1 } };
	assert_int_equal(cdr_unpack_count(&unpack, 4), 0);
	assert_int_equal(cdr_unpack_end(&unpack), CDR_E_INPUT);
}

static void
what_cannot_be_read_is_not_written(void **state)
{
	(void)state;
	static struct cdr_person person;
	static struct cdr_candidate candidate;
	static const uint8_t zero[8];
	uint8_t out[CDR_CANDIDATE_PACK_MAX];
	size_t len = 1;

	fill_person(&person);
	person.document_count = CDR_DOCUMENT_COUNT_MAX + 1;
	assert_int_equal(cdr_person_pack(&person, out, &len), CDR_E_RANGE);
	assert_int_equal(len, 0);
	assert_memory_equal(out, zero, sizeof(zero));
	fill_person(&person);
	person.birth.day = 32;
	assert_int_equal(cdr_person_pack(&person, out, &len), CDR_E_RANGE);
	fill_person(&person);
	person.email[0] = (char)0xff;
	assert_int_equal(cdr_person_pack(&person, out, &len), CDR_E_INPUT);
	fill_candidate(&candidate);
	candidate.declared_count = CDR_DECLARED_MAX + 1;
	assert_int_equal(cdr_candidate_pack(&candidate, out, &len), CDR_E_RANGE);

	/* A buffer that is too small. */
	uint8_t small[3];
	struct cdr_pack pack = { .data = small, .size = sizeof(small) };
	cdr_pack_text(&pack, "ab");
	assert_int_equal(pack.err, CDR_E_RANGE);
	cdr_pack_byte(&pack, 1);
	assert_int_equal(pack.len, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_form_is_fixed),
		cmocka_unit_test(the_longest_fit),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(other_forms_are_refused),
		cmocka_unit_test(what_cannot_be_read_is_not_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
