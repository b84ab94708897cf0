/*
 * Names of any bytes. A form holds parts of a to z, none empty, none twice, within its limits and zero behind them; no
 * form stands twice; the same text gives the same forms; what cannot be read is refused with a sentence.
 * Input: a byte that says how the rest is cut into the four fields of a name.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/identity/name.h"

static void
check_part(const char part[static CDR_PART_LEN])
{
	size_t len = strnlen(part, CDR_PART_LEN);

	assert(len > 0 && len < CDR_PART_LEN);
	for (size_t i = 0; i < CDR_PART_LEN; i++)
		assert(i < len ? part[i] >= 'a' && part[i] <= 'z' : part[i] == '\0');
}

static void
check_form(const struct cdr_name_form *form)
{
	assert(form->part_count <= CDR_FORM_PARTS_MAX);
	assert(form->source <= CDR_NAME_JOINED && form->script < CDR_SCRIPT_COUNT);
	for (size_t i = 0; i < form->part_count; i++) {
		check_part(form->part[i]);
		for (size_t j = 0; j < i; j++)
			assert(strcmp(form->part[i], form->part[j]) != 0);
	}
	for (size_t i = form->part_count; i < CDR_FORM_PARTS_MAX; i++)
		assert(form->part[i][0] == '\0' && !form->is_family[i]);
}

static bool
has_part(const struct cdr_name_form *form, const char *part)
{
	for (size_t i = 0; i < form->part_count; i++)
		if (strcmp(form->part[i], part) == 0)
			return true;
	return false;
}

static void
check_differ(const struct cdr_name_form *a, const struct cdr_name_form *b)
{
	bool same = a->part_count == b->part_count;

	for (size_t i = 0; i < a->part_count && same; i++)
		same = has_part(b, a->part[i]);
	assert(!same);
}

/* Copy up to ${room} - 1 bytes; a NUL ends them. Returns the bytes that were taken. */
static size_t
take(char *field, size_t room, const uint8_t *data, size_t len)
{
	size_t taken = len < room - 1 ? len : room - 1;

	memcpy(field, data, taken);
	return taken;
}

static void
check_forms(const struct cdr_person *person)
{
	static struct cdr_name_forms forms, again;
	struct cdr_fault fault = { CDR_OK, "" };
	cdr_err err = cdr_name_forms(person, &forms, &fault);

	assert(err == cdr_name_forms(person, &again, NULL));
	assert(memcmp(&forms, &again, sizeof forms) == 0);
	assert(err == CDR_OK || (err == CDR_E_INPUT && fault.text[0] != '\0' && forms.form_count == 0));
	assert(forms.form_count <= CDR_FORMS_MAX);
	for (size_t i = 0; i < forms.form_count; i++) {
		check_form(&forms.form[i]);
		assert(forms.form[i].part_count > 0);
		for (size_t j = 0; j < i; j++)
			check_differ(&forms.form[i], &forms.form[j]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_person person = { 0 };
	struct cdr_name_form form;
	uint32_t notes = 0;
	size_t step, at = 1;
	cdr_err err;

	if (len == 0)
		return 0;
	err = cdr_name_normalise((const char *)data + 1, len - 1, &form, &notes, NULL);
	assert(err == CDR_OK || err == CDR_E_INPUT || (err == CDR_E_RANGE && len - 1 > CDR_NAME_TEXT_LEN_MAX));
	check_form(&form);
	step = data[0];
	at += take(person.given_names, sizeof person.given_names, data + at, len - at < step ? len - at : step);
	at += take(person.family_names, sizeof person.family_names, data + at, len - at < step ? len - at : step);
	at += take(person.native_name, sizeof person.native_name, data + at, len - at < step ? len - at : step);
	(void)take(person.other_names, sizeof person.other_names, data + at, len - at);
	check_forms(&person);
	return 0;
}
