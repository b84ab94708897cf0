/*
 * Stage 2 with two people of any bytes. It says the same again; an error leaves nothing behind; among more people no
 * likeness becomes more telling; whoever has two names and a date of birth is found by himself; what a person reads fits, is UTF-8 and has
 * no character that turns writing around.
 * Input: a byte for the number of people, two for the length of the first person, the first, the second (see person.h).
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <utf8proc.h>

#include "core/identity/compare.h"
#include "core/identity/date.h"
#include "core/identity/name.h"
#include "tests/fuzz/identity/person.h"

#define HEAD_LEN 3

/* Is this UTF-8 without controls and without what changes the direction of writing? */
static bool
text_fit(const char *text)
{
	const uint8_t *at = (const uint8_t *)text;
	utf8proc_ssize_t left = (utf8proc_ssize_t)strlen(text);

	while (left > 0) {
		utf8proc_int32_t character;
		utf8proc_ssize_t taken = utf8proc_iterate(at, left, &character);
		if (taken <= 0)
			return false;
		utf8proc_category_t category = utf8proc_category(character);
		if (category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF)
			return false;
		at += taken;
		left -= taken;
	}
	return true;
}

/* What the wire and the registers let in: the text of a person is fit to be shown. */
static bool
person_fit(const struct cdr_person *person)
{
	return text_fit(person->given_names) && text_fit(person->family_names) && text_fit(person->native_name) &&
	    text_fit(person->other_names) && text_fit(person->document[0].number);
}

static bool
two_names(const struct cdr_person *person)
{
	static struct cdr_name_forms forms;

	assert(cdr_name_forms(person, &forms, NULL) == CDR_OK);
	for (size_t i = 0; i < forms.form_count; i++)
		if (forms.form[i].part_count < 2)
			return false;
	return forms.form_count > 0;
}

static void
check_explanation(const struct cdr_comparison *comparison)
{
	static const char *const language[] = { "en", "fr", "es", "ar" };
	static char text[CDR_COMPARE_EXPLAIN_LEN];

	for (size_t i = 0; i < sizeof(language) / sizeof(language[0]); i++) {
		assert(cdr_compare_explain(comparison, language[i], text, sizeof(text)) == CDR_OK);
		assert(text_fit(text));
	}
	assert(cdr_compare_explain(comparison, "xx", text, sizeof(text)) == CDR_E_INPUT);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct cdr_person left, right;
	static struct cdr_comparison found, again;
	struct cdr_compare_query query = { .person = &left };

	if (len < HEAD_LEN + 2 * FUZZ_PERSON_FIXED_LEN)
		return 0;
	size_t cut = (size_t)(data[1] << 8 | data[2]) % (len - HEAD_LEN - 2 * FUZZ_PERSON_FIXED_LEN + 1) + FUZZ_PERSON_FIXED_LEN;
	fuzz_person(&left, data + HEAD_LEN, cut);
	fuzz_person(&right, data + HEAD_LEN + cut, len - HEAD_LEN - cut);
	query.people = (uint64_t)1 << data[0] % 64;

	cdr_err err = cdr_compare(&query, &right, &found);
	assert(err == cdr_compare(&query, &right, &again));
	assert(memcmp(&found, &again, sizeof(found)) == 0);
	if (err != CDR_OK) {
		static const struct cdr_comparison nothing;
		assert(err == CDR_E_INPUT && memcmp(&found, &nothing, sizeof(found)) == 0);
		return 0;
	}
	assert(found.verdict <= CDR_VERDICT_PLAUSIBLE && found.difference_count <= CDR_COMPARE_DIFFERENCES_MAX);
	if (person_fit(&left) && person_fit(&right))
		check_explanation(&found);

	query.people = UINT64_MAX;
	assert(cdr_compare(&query, &right, &again) == CDR_OK);
	assert(again.verdict <= found.verdict);

	query.people = 0;
	assert(cdr_compare(&query, &left, &again) == CDR_OK);
	if (two_names(&left) && cdr_date_known_to_day(&left.birth))
		assert(again.verdict == CDR_VERDICT_PLAUSIBLE);
	return 0;
}
