#include "core/record/incident.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/calendar.h"
#include "core/identity/country.h"
#include "core/identity/date.h"
#include "core/record/pack.h"
#include "core/record/text.h"

#define INCIDENT_KIND 'I'
#define INCIDENT_VERSION 1

/* ---- values ------------------------------------------------------------------------------------------------------ */

/* see core/record/incident.h */
void
cdr_incident_start(const struct cdr_book *book, struct cdr_incident *incident)
{
	memset(incident, 0, sizeof(*incident));
	incident->book = book;
	incident->row_count[0] = 1;
	incident->used = 1;
}

/* see core/record/incident.h */
const char *
cdr_incident_value_peek(const struct cdr_incident *incident, const struct cdr_field *field, size_t row)
{
	if (row >= incident->row_count[field->group])
		return "";
	return incident->text + incident->at[cdr_book_field_index(incident->book, field)][row];
}

/* see core/record/incident.h */
bool
cdr_incident_code_at(const char *value, size_t at, char code[static CDR_CODE_LEN])
{
	memset(code, 0, CDR_CODE_LEN);
	for (; at > 0; at--) {
		value += strcspn(value, ";");
		if (*value == '\0')
			return false;
		value++;
	}
	size_t len = strcspn(value, ";");
	if (len == 0 || len >= CDR_CODE_LEN)
		return false;
	memcpy(code, value, len);
	return true;
}

/* Take a value out: what stands behind it moves up. */
static void
take_away(struct cdr_incident *incident, size_t field, size_t row)
{
	uint16_t at = incident->at[field][row];

	if (at == 0)
		return;
	size_t len = strlen(incident->text + at) + 1;
	memmove(incident->text + at, incident->text + at + len, incident->used - at - len);
	incident->used = (uint16_t)(incident->used - len);
	cdr_wipe(incident->text + incident->used, len);
	for (size_t f = 0; f < CDR_FIELD_MAX; f++)
		for (size_t r = 0; r < CDR_GROUP_ROW_MAX; r++)
			if (incident->at[f][r] > at)
				incident->at[f][r] = (uint16_t)(incident->at[f][r] - len);
	incident->at[field][row] = 0;
}

/* Put ${value}, in its form, where the field is. */
static cdr_err
put_value(struct cdr_incident *incident, size_t field, size_t row, const char *value)
{
	size_t len = strlen(value) + 1, old = strlen(incident->text + incident->at[field][row]) + (incident->at[field][row] != 0);

	if (len > 1 && incident->used - old + len > sizeof(incident->text))
		return CDR_E_RANGE;
	take_away(incident, field, row);
	if (len == 1)
		return CDR_OK;
	memcpy(incident->text + incident->used, value, len);
	incident->at[field][row] = incident->used;
	incident->used = (uint16_t)(incident->used + len);
	return CDR_OK;
}

/* ---- the form of a value ----------------------------------------------------------------------------------------- */

static bool
says_nothing(const struct cdr_book *book, const char *code)
{
	return cdr_codebook_check(book->codebook, "nothing", code, NULL) == CDR_OK;
}

/* Part number ${at} of a text with single blanks, without those around it. */
static bool
trimmed_code(const char *text, size_t at, char code[static CDR_CODE_LEN])
{
	if (!cdr_incident_code_at(text, at, code))
		return false;
	if (code[0] == ' ')
		memmove(code, code + 1, strlen(code));
	size_t len = strlen(code);
	if (len > 0 && code[len - 1] == ' ')
		code[len - 1] = '\0';
	return code[0] != '\0';
}

/* The codes of ${text}, which was cleaned, each once and in the order of the list. */
static cdr_err
order_codes(const struct cdr_book *book, const struct cdr_field *field, const char *text, char *out, size_t out_size,
    struct cdr_fault *fault)
{
	char part[CDR_CODE_LEN];
	const char *known;
	size_t len = 0, count = 0, wanted = 1;

	for (const char *p = text; *p != '\0'; p++)
		wanted += *p == ';';
	for (size_t i = 0; i < wanted; i++) {
		if (!trimmed_code(text, i, part))
			return cdr_fault_set(fault, CDR_E_INPUT, "a part between ';' is empty or no code");
		cdr_err err = cdr_codebook_check(book->codebook, field->list, part, fault);
		if (err != CDR_OK)
			return err;
		if (wanted > 1 && says_nothing(book, part))
			return cdr_fault_set(fault, CDR_E_INPUT, "a code that says nothing stands alone");
	}
	out[0] = '\0';
	for (size_t i = 0; (known = cdr_codebook_code_peek(book->codebook, field->list, i)) != NULL; i++) {
		bool is_there = false;
		for (size_t p = 0; p < wanted && !is_there; p++)
			is_there = trimmed_code(text, p, part) && strcmp(part, known) == 0;
		if (is_there && len < out_size)
			len += (size_t)snprintf(out + len, out_size - len, "%s%s", count++ > 0 ? ";" : "", known);
	}
	return len < out_size ? CDR_OK : CDR_E_RANGE;
}

static cdr_err
form_date(const struct cdr_book *book, const char *text, char *out, size_t out_size, struct cdr_fault *fault)
{
	struct cdr_date date;
	char written[CDR_DATE_TEXT_LEN];

	if (says_nothing(book, text)) {
		(void)snprintf(out, out_size, "%s", text);
		return CDR_OK;
	}
	if (cdr_date_read(text, &date, NULL) != CDR_OK || cdr_date_write(&date, written) != CDR_OK)
		return cdr_fault_set(fault, CDR_E_INPUT,
		    "not a date: write 2024-05-12, or 2024-05, 2024-Q2, 2024-H1, 2024 if less is known, or unknown");
	(void)snprintf(out, out_size, "%s", written);
	return CDR_OK;
}

static cdr_err
form_country(const struct cdr_book *book, const char *text, char *out, size_t out_size, struct cdr_fault *fault)
{
	char country[CDR_COUNTRY_LEN];

	if (says_nothing(book, text))
		(void)snprintf(out, out_size, "%s", text);
	else if (cdr_country_read(text, country) != CDR_OK)
		return cdr_fault_set(fault, CDR_E_INPUT, "not a country code: write the three letters of ISO 3166-1, such as KEN");
	else
		(void)snprintf(out, out_size, "%s", country);
	return CDR_OK;
}

/* ${text} was cleaned and is not empty. */
static cdr_err
form_value(const struct cdr_book *book, const struct cdr_field *field, const char *text, char *out, size_t out_size,
    struct cdr_fault *fault)
{
	switch (field->kind) {
	case CDR_FIELD_CODE:
		if (cdr_codebook_check(book->codebook, field->list, text, fault) != CDR_OK)
			return CDR_E_INPUT;
		break;
	case CDR_FIELD_CODES:
		return order_codes(book, field, text, out, out_size, fault);
	case CDR_FIELD_DATE:
		return form_date(book, text, out, out_size, fault);
	case CDR_FIELD_COUNTRY:
		return form_country(book, text, out, out_size, fault);
	case CDR_FIELD_DERIVED:
		return cdr_fault_set(fault, CDR_E_INPUT, "follows from other fields and is not written");
	default:
		break;
	}
	(void)snprintf(out, out_size, "%s", text);
	return CDR_OK;
}

/* see core/record/incident.h */
cdr_err
cdr_incident_set(struct cdr_incident *incident, const struct cdr_field *field, size_t row, const char *value,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char text[CDR_INCIDENT_VALUE_MAX + 1], formed[CDR_INCIDENT_VALUE_MAX + 1] = "";
	struct cdr_fault why = { 0 };
	const struct cdr_group *group = &incident->book->groups[field->group];

	err = cdr_text_clean(value, strnlen(value, CDR_INCIDENT_VALUE_MAX + 1), field->kind == CDR_FIELD_NOTE, text, sizeof(text));
	if (err == CDR_E_RANGE)
		(void)cdr_fault_set(&why, err, "longer than %d bytes", CDR_INCIDENT_VALUE_MAX);
	else if (err != CDR_OK)
		(void)cdr_fault_set(&why, err, "holds a control character, or one that Unicode does not know");
	CDR_TRY(err);
	if (row >= group->max) {
		err = cdr_fault_set(&why, CDR_E_RANGE, "at most %u rows of this kind", group->max);
		goto out;
	}
	if (text[0] != '\0')
		CDR_TRY(form_value(incident->book, field, text, formed, sizeof(formed), &why));
	err = put_value(incident, cdr_book_field_index(incident->book, field), row, formed);
	if (err != CDR_OK)
		(void)cdr_fault_set(&why, err, "the whole record would be longer than %d bytes", CDR_INCIDENT_TEXT_MAX);
	else if (row >= incident->row_count[field->group])
		incident->row_count[field->group] = (uint8_t)(row + 1);
out:
	if (err != CDR_OK)
		err = cdr_fault_set(fault, err, "%s: %.*s", field->name, CDR_FAULT_LEN - CDR_FIELD_NAME_LEN - 4, why.text);
	cdr_wipe(text, sizeof(text));
	cdr_wipe(formed, sizeof(formed));
	return err;
}

/* see core/record/incident.h */
void
cdr_incident_row_remove(struct cdr_incident *incident, size_t group, size_t row)
{
	if (group == 0 || row >= incident->row_count[group])
		return;
	for (size_t f = 0; f < incident->book->field_count; f++) {
		if (incident->book->fields[f].group != group)
			continue;
		take_away(incident, f, row);
		for (size_t r = row; r + 1 < CDR_GROUP_ROW_MAX; r++)
			incident->at[f][r] = incident->at[f][r + 1];
		incident->at[f][CDR_GROUP_ROW_MAX - 1] = 0;
	}
	incident->row_count[group]--;
}

/* ---- what follows from the values -------------------------------------------------------------------------------- */

/* A date of the incident itself; unknown if nothing is said. */
static struct cdr_date
date_of(const struct cdr_incident *incident, const struct cdr_field *field)
{
	struct cdr_date date = { 0 };
	const char *value = cdr_incident_value_peek(incident, field, 0);

	if (says_nothing(incident->book, value) || cdr_date_read(value, &date, NULL) != CDR_OK)
		date = (struct cdr_date){ 0 };
	return date;
}

/* The first and the last Julian day that a date may stand for. */
static bool
days_of(const struct cdr_date *date, int32_t *first, int32_t *last)
{
	static const unsigned months[] = {
		[CDR_PRECISION_YEAR] = 12, [CDR_PRECISION_HALF] = 6, [CDR_PRECISION_QUARTER] = 3, [CDR_PRECISION_MONTH] = 1
	};
	int32_t unused;

	if (date->precision == CDR_PRECISION_UNKNOWN)
		return false;
	if (date->precision >= CDR_PRECISION_DAY)
		return cdr_calendar_days(CDR_CALENDAR_GREGORIAN, date->year, date->month, date->day, first, last) == CDR_OK;
	return cdr_calendar_days(CDR_CALENDAR_GREGORIAN, date->year, date->month, 0, first, &unused) == CDR_OK &&
	    cdr_calendar_days(CDR_CALENDAR_GREGORIAN, date->year, date->month + months[date->precision] - 1, 0, &unused, last) == CDR_OK;
}

static const char *
band_of(const struct cdr_field *field, int32_t days)
{
	for (size_t i = 0; i < field->band_count; i++)
		if (days <= field->bands[i].days_max)
			return field->bands[i].code;
	return "";
}

/* A band follows only if every day that the dates may stand for gives the same one. */
static void
derive_days(const struct cdr_incident *incident, const struct cdr_field *field, char code[static CDR_CODE_LEN])
{
	struct cdr_date from = date_of(incident, field->of[0]), to = date_of(incident, field->of[1]);
	int32_t from_first, from_last, to_first, to_last;

	if (!days_of(&from, &from_first, &from_last) || !days_of(&to, &to_first, &to_last))
		return;
	int32_t least = to_first > from_last ? to_first - from_last : 0, most = to_last - from_first;
	if (most >= 0 && band_of(field, least) == band_of(field, most))
		(void)snprintf(code, CDR_CODE_LEN, "%s", band_of(field, least));
}

/* see core/record/incident.h */
void
cdr_incident_derive(const struct cdr_incident *incident, const struct cdr_field *field, char code[static CDR_CODE_LEN])
{
	memset(code, 0, CDR_CODE_LEN);
	if (field->rule == CDR_DERIVE_DAYS)
		derive_days(incident, field, code);
	if (field->rule != CDR_DERIVE_HALF_YEAR)
		return;
	struct cdr_date date = date_of(incident, field->of[0]);
	if (cdr_date_reduce(&date, CDR_PRECISION_HALF) == CDR_OK)
		(void)snprintf(code, CDR_CODE_LEN, "%d-H%d", date.year, date.month <= 6 ? 1 : 2);
}

/* see core/record/incident.h */
bool
cdr_incident_is_shared(const struct cdr_incident *incident)
{
	return strcmp(cdr_incident_value_peek(incident, incident->book->consent, 0), incident->book->consent_code) == 0;
}

/* ---- bytes ------------------------------------------------------------------------------------------------------- */

/* see core/record/incident.h */
cdr_err
cdr_incident_pack(const struct cdr_incident *incident, uint8_t out[static CDR_INCIDENT_PACK_MAX], size_t *len)
{
	const struct cdr_book *book = incident->book;
	struct cdr_pack pack = { .data = out, .size = CDR_INCIDENT_PACK_MAX };
	size_t count = 0;

	cdr_pack_byte(&pack, INCIDENT_KIND);
	cdr_pack_byte(&pack, INCIDENT_VERSION);
	cdr_pack_text(&pack, cdr_codebook_version_peek(book->codebook));
	cdr_pack_byte(&pack, (uint8_t)(book->group_count - 1));
	for (size_t g = 1; g < book->group_count; g++) {
		cdr_pack_text(&pack, book->groups[g].name);
		cdr_pack_byte(&pack, incident->row_count[g]);
	}
	for (size_t f = 0; f < book->field_count; f++)
		for (size_t r = 0; r < CDR_GROUP_ROW_MAX; r++)
			count += incident->at[f][r] != 0;
	cdr_pack_byte(&pack, (uint8_t)(count >> 8));
	cdr_pack_byte(&pack, (uint8_t)count);
	for (size_t f = 0; f < book->field_count; f++)
		for (size_t r = 0; r < CDR_GROUP_ROW_MAX; r++)
			if (incident->at[f][r] != 0) {
				cdr_pack_text(&pack, book->fields[f].name);
				cdr_pack_byte(&pack, (uint8_t)r);
				cdr_pack_text(&pack, incident->text + incident->at[f][r]);
			}
	*len = pack.err == CDR_OK ? pack.len : 0;
	if (pack.err != CDR_OK)
		cdr_wipe(out, CDR_INCIDENT_PACK_MAX);
	return pack.err;
}

static size_t
group_find(const struct cdr_book *book, const char *name)
{
	for (size_t g = 1; g < book->group_count; g++)
		if (strcmp(book->groups[g].name, name) == 0)
			return g;
	return 0;
}

/* The carry of a field of an older version; NULL: it is what it was. */
static const struct cdr_carry *
carry_of(const struct cdr_book *book, const char *version, const char *field)
{
	for (size_t i = 0; i < book->carry_count; i++)
		if (strcmp(book->carries[i].from, version) == 0 && strcmp(book->carries[i].field, field) == 0)
			return &book->carries[i];
	return NULL;
}

/* Each code of ${value} as the new version calls it. */
static void
carry_codes(const json_t *codes, const char *value, char *out, size_t out_size)
{
	char code[CDR_CODE_LEN];
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; cdr_incident_code_at(value, i, code) && len < out_size; i++) {
		const char *to = json_string_value(json_object_get(codes, code));
		len += (size_t)snprintf(out + len, out_size - len, "%s%s", i > 0 ? ";" : "", to != NULL ? to : code);
	}
}

/* One value, carried forward if it was written under another version. */
static cdr_err
take_value(struct cdr_incident *incident, const char *version, const char *name, size_t row, const char *value)
{
	const struct cdr_book *book = incident->book;
	bool older = strcmp(version, cdr_codebook_version_peek(book->codebook)) != 0;
	const struct cdr_carry *carry = older ? carry_of(book, version, name) : NULL;
	const char *to = carry != NULL ? carry->to : name;
	const struct cdr_field *field = to == NULL ? NULL : cdr_book_field_find(book, to);
	char carried[CDR_INCIDENT_VALUE_MAX + 1];

	if (field == NULL)
		return older ? CDR_OK : CDR_E_INPUT;
	if (cdr_incident_value_peek(incident, field, row)[0] != '\0' || value[0] == '\0')
		return CDR_E_INPUT;
	if (carry != NULL && carry->codes != NULL)
		carry_codes(carry->codes, value, carried, sizeof(carried));
	else
		(void)snprintf(carried, sizeof(carried), "%s", value);
	cdr_err err = cdr_incident_set(incident, field, row, carried, NULL);
	cdr_wipe(carried, sizeof(carried));
	return older && err == CDR_E_INPUT ? CDR_OK : err;
}

/* see core/record/incident.h */
cdr_err
cdr_incident_unpack(const struct cdr_book *book, struct cdr_bytes in, struct cdr_incident *incident, char *version)
{
	struct cdr_unpack unpack = { .left = in };
	char written[CDR_CODEBOOK_VERSION_LEN], name[CDR_FIELD_NAME_LEN], value[CDR_INCIDENT_VALUE_MAX + 1];

	cdr_incident_start(book, incident);
	if (cdr_unpack_byte(&unpack) != INCIDENT_KIND || cdr_unpack_byte(&unpack) != INCIDENT_VERSION)
		unpack.err = CDR_E_INPUT;
	cdr_unpack_text(&unpack, written, sizeof(written));
	size_t group_count = cdr_unpack_count(&unpack, CDR_GROUP_MAX - 1);
	for (size_t i = 0; unpack.err == CDR_OK && i < group_count; i++) {
		cdr_unpack_text(&unpack, name, sizeof(name));
		size_t rows = cdr_unpack_count(&unpack, CDR_GROUP_ROW_MAX), group = group_find(book, name);
		if (group != 0 && rows <= book->groups[group].max)
			incident->row_count[group] = (uint8_t)rows;
	}
	size_t count = (size_t)cdr_unpack_byte(&unpack) << 8;
	count |= cdr_unpack_byte(&unpack);
	for (size_t i = 0; unpack.err == CDR_OK && i < count; i++) {
		cdr_unpack_text(&unpack, name, sizeof(name));
		size_t row = cdr_unpack_count(&unpack, CDR_GROUP_ROW_MAX - 1);
		cdr_unpack_text(&unpack, value, sizeof(value));
		if (unpack.err == CDR_OK)
			unpack.err = take_value(incident, written, name, row, value);
	}
	cdr_wipe(value, sizeof(value));
	cdr_err err = cdr_unpack_end(&unpack);
	if (err != CDR_OK)
		cdr_wipe(incident, sizeof(*incident));
	if (version != NULL)
		(void)snprintf(version, CDR_CODEBOOK_VERSION_LEN, "%s", err == CDR_OK ? written : "");
	return err;
}
