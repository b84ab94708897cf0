#include "core/record/pack.h"

#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "core/record/text.h"

#define PERSON_KIND 'P'
#define PERSON_VERSION 1

/* ---- writing --------------------------------------------------------------------------------------------------- */

static void
put(struct cdr_pack *pack, const void *data, size_t len)
{
	if (pack->err == CDR_OK && len > pack->size - pack->len)
		pack->err = CDR_E_RANGE;
	if (pack->err != CDR_OK)
		return;
	memcpy(pack->data + pack->len, data, len);
	pack->len += len;
}

/* see core/record/pack.h */
void
cdr_pack_byte(struct cdr_pack *pack, uint8_t value)
{
	put(pack, &value, 1);
}

/* see core/record/pack.h */
void
cdr_pack_text(struct cdr_pack *pack, const char *text)
{
	size_t len = strlen(text);

	if (pack->err == CDR_OK && len > UINT16_MAX)
		pack->err = CDR_E_RANGE;
	if (pack->err == CDR_OK && !cdr_text_valid((const uint8_t *)text, len))
		pack->err = CDR_E_INPUT;
	cdr_pack_byte(pack, (uint8_t)(len >> 8));
	cdr_pack_byte(pack, (uint8_t)len);
	put(pack, text, len);
}

/* see core/record/pack.h */
void
cdr_pack_date(struct cdr_pack *pack, const struct cdr_date *date)
{
	static const uint8_t unknown[5];
	uint16_t year = (uint16_t)date->year;

	if (date->precision == CDR_PRECISION_UNKNOWN) {
		put(pack, unknown, sizeof(unknown));
		return;
	}
	if (pack->err == CDR_OK && !cdr_date_valid(date))
		pack->err = CDR_E_RANGE;
	cdr_pack_byte(pack, (uint8_t)(year >> 8));
	cdr_pack_byte(pack, (uint8_t)year);
	cdr_pack_byte(pack, date->month);
	cdr_pack_byte(pack, date->day);
	cdr_pack_byte(pack, date->precision);
}

/* see core/record/pack.h */
void
cdr_pack_person(struct cdr_pack *pack, const struct cdr_person *person)
{
	size_t nationality_count = 0;

	if (person->document_count > CDR_DOCUMENT_COUNT_MAX) {
		pack->err = CDR_E_RANGE;
		return;
	}
	cdr_pack_byte(pack, PERSON_KIND);
	cdr_pack_byte(pack, PERSON_VERSION);
	cdr_pack_text(pack, person->given_names);
	cdr_pack_text(pack, person->family_names);
	cdr_pack_text(pack, person->other_names);
	cdr_pack_text(pack, person->native_name);
	cdr_pack_date(pack, &person->birth);
	cdr_pack_text(pack, person->gender);
	while (nationality_count < CDR_NATIONALITY_COUNT_MAX && person->nationality[nationality_count][0] != '\0')
		nationality_count++;
	cdr_pack_byte(pack, (uint8_t)nationality_count);
	for (size_t i = 0; i < nationality_count; i++)
		cdr_pack_text(pack, person->nationality[i]);
	cdr_pack_byte(pack, (uint8_t)person->document_count);
	for (size_t i = 0; i < person->document_count; i++) {
		cdr_pack_text(pack, person->document[i].type);
		cdr_pack_text(pack, person->document[i].country);
		cdr_pack_text(pack, person->document[i].number);
	}
	cdr_pack_text(pack, person->email);
	cdr_pack_text(pack, person->phone);
}

/* see core/record/pack.h */
cdr_err
cdr_person_pack(const struct cdr_person *person, uint8_t out[static CDR_PERSON_PACK_MAX], size_t *len)
{
	struct cdr_pack pack = { .data = out, .size = CDR_PERSON_PACK_MAX };

	cdr_pack_person(&pack, person);
	*len = pack.err == CDR_OK ? pack.len : 0;
	if (pack.err != CDR_OK)
		cdr_wipe(out, CDR_PERSON_PACK_MAX);
	return pack.err;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* The next ${len} bytes, or NULL. */
static const uint8_t *
take(struct cdr_unpack *unpack, size_t len)
{
	if (unpack->err == CDR_OK && len > unpack->left.len)
		unpack->err = CDR_E_INPUT;
	if (unpack->err != CDR_OK)
		return NULL;
	const uint8_t *taken = unpack->left.data;
	unpack->left.data += len;
	unpack->left.len -= len;
	return taken;
}

/* see core/record/pack.h */
uint8_t
cdr_unpack_byte(struct cdr_unpack *unpack)
{
	const uint8_t *taken = take(unpack, 1);

	return taken == NULL ? 0 : *taken;
}

/* see core/record/pack.h */
size_t
cdr_unpack_count(struct cdr_unpack *unpack, size_t max)
{
	size_t count = cdr_unpack_byte(unpack);

	if (count <= max)
		return count;
	unpack->err = CDR_E_INPUT;
	return 0;
}

/* see core/record/pack.h */
void
cdr_unpack_text(struct cdr_unpack *unpack, char *text, size_t text_size)
{
	size_t len = (size_t)cdr_unpack_byte(unpack) << 8;
	len |= cdr_unpack_byte(unpack);
	const uint8_t *taken = take(unpack, len);

	memset(text, 0, text_size);
	if (taken == NULL)
		return;
	if (len >= text_size || memchr(taken, '\0', len) != NULL || !cdr_text_valid(taken, len)) {
		unpack->err = CDR_E_INPUT;
		return;
	}
	memcpy(text, taken, len);
}

/* see core/record/pack.h */
void
cdr_unpack_date(struct cdr_unpack *unpack, struct cdr_date *date)
{
	static const uint8_t unknown[5];
	const uint8_t *taken = take(unpack, sizeof(unknown));

	memset(date, 0, sizeof(*date));
	if (taken == NULL || memcmp(taken, unknown, sizeof(unknown)) == 0)
		return;
	date->year = (int16_t)(taken[0] << 8 | taken[1]);
	date->month = taken[2];
	date->day = taken[3];
	date->precision = taken[4];
	if (date->precision != CDR_PRECISION_UNKNOWN && cdr_date_valid(date))
		return;
	memset(date, 0, sizeof(*date));
	unpack->err = CDR_E_INPUT;
}

/* see core/record/pack.h */
void
cdr_unpack_person(struct cdr_unpack *unpack, struct cdr_person *person)
{
	memset(person, 0, sizeof(*person));
	if (cdr_unpack_byte(unpack) != PERSON_KIND || cdr_unpack_byte(unpack) != PERSON_VERSION)
		unpack->err = CDR_E_INPUT;
	cdr_unpack_text(unpack, person->given_names, sizeof(person->given_names));
	cdr_unpack_text(unpack, person->family_names, sizeof(person->family_names));
	cdr_unpack_text(unpack, person->other_names, sizeof(person->other_names));
	cdr_unpack_text(unpack, person->native_name, sizeof(person->native_name));
	cdr_unpack_date(unpack, &person->birth);
	cdr_unpack_text(unpack, person->gender, sizeof(person->gender));
	size_t nationality_count = cdr_unpack_count(unpack, CDR_NATIONALITY_COUNT_MAX);
	for (size_t i = 0; i < nationality_count; i++) {
		cdr_unpack_text(unpack, person->nationality[i], sizeof(person->nationality[i]));
		if (person->nationality[i][0] == '\0')
			unpack->err = CDR_E_INPUT;
	}
	person->document_count = cdr_unpack_count(unpack, CDR_DOCUMENT_COUNT_MAX);
	for (size_t i = 0; i < person->document_count; i++) {
		struct cdr_document *document = &person->document[i];
		cdr_unpack_text(unpack, document->type, sizeof(document->type));
		cdr_unpack_text(unpack, document->country, sizeof(document->country));
		cdr_unpack_text(unpack, document->number, sizeof(document->number));
	}
	cdr_unpack_text(unpack, person->email, sizeof(person->email));
	cdr_unpack_text(unpack, person->phone, sizeof(person->phone));
}

/* see core/record/pack.h */
cdr_err
cdr_unpack_end(const struct cdr_unpack *unpack)
{
	return unpack->err == CDR_OK && unpack->left.len == 0 ? CDR_OK : CDR_E_INPUT;
}

/* see core/record/pack.h */
cdr_err
cdr_person_unpack(struct cdr_bytes in, struct cdr_person *person)
{
	struct cdr_unpack unpack = { .left = in };

	cdr_unpack_person(&unpack, person);
	cdr_err err = cdr_unpack_end(&unpack);
	if (err != CDR_OK)
		cdr_wipe(person, sizeof(*person));
	return err;
}
