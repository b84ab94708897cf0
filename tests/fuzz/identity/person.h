#ifndef CDR_TESTS_FUZZ_IDENTITY_PERSON_H
#define CDR_TESTS_FUZZ_IDENTITY_PERSON_H

/* A person of any bytes, for the drivers of this folder. */

#include <string.h>

#include "core/identity/person.h"

#define FUZZ_PERSON_FIXED_LEN 6

static size_t
fuzz_person_take(char *field, size_t room, const uint8_t *data, size_t len)
{
	size_t taken = len < room - 1 ? len : room - 1;

	memcpy(field, data, taken);
	return taken;
}

/*
 * Input: a byte for the date's precision, two for the year, one each for month and day, one that says how the rest is cut
 * into names and a document. At least FUZZ_PERSON_FIXED_LEN bytes.
 */
static void
fuzz_person(struct cdr_person *person, const uint8_t *data, size_t len)
{
	size_t at = FUZZ_PERSON_FIXED_LEN, step = data[5];

	memset(person, 0, sizeof(*person));
	person->birth.precision = data[0] % (CDR_PRECISION_DECLARED_1_JANUARY + 1);
	if (person->birth.precision != CDR_PRECISION_UNKNOWN) {
		person->birth.year = (int16_t)(data[1] << 8 | data[2]);
		person->birth.month = data[3];
		person->birth.day = data[4];
	}
	at += fuzz_person_take(person->given_names, sizeof(person->given_names), data + at, len - at < step ? len - at : step);
	at += fuzz_person_take(person->family_names, sizeof(person->family_names), data + at, len - at < step ? len - at : step);
	at += fuzz_person_take(person->native_name, sizeof(person->native_name), data + at, len - at < step ? len - at : step);
	if (at < len) {
		person->document_count = 1;
		memcpy(person->document[0].type, "passport", 9);
		at += fuzz_person_take(person->document[0].number, sizeof(person->document[0].number), data + at, len - at);
	}
	(void)fuzz_person_take(person->other_names, sizeof(person->other_names), data + at, len - at);
}

#endif
