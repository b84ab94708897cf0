#include "core/identity/name.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "core/identity/parts.h"
#include "core/identity/tables.h"

#define UNICODE_VERSION "15.0.0"
#define UNICODE_MAJOR 15

#define OTHER_NAMES_MAX 24 /* that are read; a list of hundreds is no list of names */

/* What is settled becomes a form. */
static void
make_form(const struct cdr_parts *parts, enum cdr_name_source source, struct cdr_name_form *form, uint32_t *notes)
{
	memset(form, 0, sizeof *form);
	form->source = (uint8_t)source;
	for (size_t i = 0; i < parts->count; i++) {
		if (i == CDR_FORM_PARTS_MAX) {
			*notes |= CDR_NOTE_MANY_PARTS;
			break;
		}
		memcpy(form->part[i], parts->part[i], CDR_PART_LEN);
		form->is_family[i] = parts->is_family[i];
		form->part_count++;
	}
	for (unsigned script = 0; script < CDR_SCRIPT_COUNT; script++)
		if (parts->letters[script] > parts->letters[form->script])
			form->script = (uint8_t)script;
	*notes |= parts->notes;
}

/* The place of ${mark} in a text; its length if it is not there. */
static size_t
find_mark(const char *utf8, size_t len, const char *mark)
{
	size_t mark_len = strlen(mark);

	for (size_t at = 0; at + mark_len <= len; at++)
		if (memcmp(utf8 + at, mark, mark_len) == 0)
			return at;
	return len;
}

/*
 * Read a full name. Written with a mark ("<<" in a machine-readable zone, a comma in lists) the family name stands
 * first; it is read last, so that a compound that spans both stays in order.
 */
static cdr_err
read_full(const char *utf8, size_t len, struct cdr_parts *parts, enum cdr_name_source *source, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *mark = "<<";
	size_t at;

	if (len > CDR_NAME_TEXT_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "The name is longer than %d bytes.", CDR_NAME_TEXT_LEN_MAX);
	at = find_mark(utf8, len, mark);
	if (at < len) {
		*source = CDR_NAME_MRZ;
	} else {
		mark = ",";
		at = find_mark(utf8, len, mark);
	}
	if (at == len)
		return cdr_parts_read(utf8, len, CDR_PARTS_WHOLE, parts, fault);
	CDR_TRY(cdr_parts_read(utf8 + at + strlen(mark), len - at - strlen(mark), 0, parts, fault));
	CDR_TRY(cdr_parts_read(utf8, at, CDR_PARTS_FAMILY, parts, fault));
out:
	return err;
}

/* see core/identity/name.h */
cdr_err
cdr_name_normalise(const char *utf8, size_t len, struct cdr_name_form *form, uint32_t *notes, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_parts parts = { 0 };
	enum cdr_name_source source = CDR_NAME_OTHER;

	memset(form, 0, sizeof *form);
	CDR_TRY(read_full(utf8, len, &parts, &source, fault));
	cdr_parts_settle(&parts);
	make_form(&parts, source, form, notes);
	if (len > 0 && form->part_count == 0)
		*notes |= CDR_NOTE_EMPTY;
out:
	cdr_wipe(&parts, sizeof parts);
	return err;
}

static bool
has_part(const struct cdr_name_form *form, const char *part)
{
	for (size_t i = 0; i < form->part_count; i++)
		if (strcmp(form->part[i], part) == 0)
			return true;
	return false;
}

/* Forms hold no part twice, so equal counts and one inclusion make them equal. */
static bool
same_parts(const struct cdr_name_form *a, const struct cdr_name_form *b)
{
	if (a->part_count != b->part_count)
		return false;
	for (size_t i = 0; i < a->part_count; i++)
		if (!has_part(b, a->part[i]))
			return false;
	return true;
}

/* Append one form, unless it is there or empty. */
static void
add_form(struct cdr_name_forms *forms, const struct cdr_parts *parts, enum cdr_name_source source)
{
	struct cdr_name_form *form = &forms->form[forms->form_count];

	forms->scripts_without_table |= parts->scripts_without_table;
	if (forms->form_count == CDR_FORMS_MAX) {
		forms->notes |= CDR_NOTE_MANY_FORMS | parts->notes;
		return;
	}
	make_form(parts, source, form, &forms->notes);
	for (size_t i = 0; i < forms->form_count; i++)
		if (same_parts(form, &forms->form[i])) {
			cdr_wipe(form, sizeof *form);
			return;
		}
	if (form->part_count > 0)
		forms->form_count++;
}

/* Keep what is settled; an East Asian given name of two syllables once more as one part. */
static void
add_parts(struct cdr_name_forms *forms, struct cdr_parts *parts, enum cdr_name_source source)
{
	add_form(forms, parts, source);
	if (cdr_parts_join_syllables(parts))
		add_form(forms, parts, CDR_NAME_JOINED);
}

static void
add_settled(struct cdr_name_forms *forms, struct cdr_parts *parts, enum cdr_name_source source)
{
	cdr_parts_settle(parts);
	add_parts(forms, parts, source);
}

/* Read a field into ${parts}; a fault names it. */
static cdr_err
read_field(const char *field, const char *text, unsigned flags, struct cdr_parts *parts, struct cdr_fault *fault)
{
	struct cdr_fault inner = { CDR_OK, "" };
	cdr_err err = cdr_parts_read(text, strlen(text), flags, parts, &inner);

	return err == CDR_OK ? CDR_OK : cdr_fault_set(fault, err, "%s: %s", field, inner.text);
}

/* The given and family names; each may be empty. */
static cdr_err
read_known(const struct cdr_person *person, bool given, bool family, struct cdr_parts *parts, struct cdr_fault *fault)
{
	cdr_err err = CDR_OK;
	bool alone = person->given_names[0] == '\0' || person->family_names[0] == '\0';
	unsigned whole = alone ? CDR_PARTS_WHOLE : 0;

	if (given)
		CDR_TRY(read_field("given_names", person->given_names, whole, parts, fault));
	if (family)
		CDR_TRY(read_field("family_names", person->family_names, whole | CDR_PARTS_FAMILY, parts, fault));
out:
	return err;
}

/* A form of one part says less than what is known already. */
static void
add_pair(struct cdr_name_forms *forms, struct cdr_parts *parts)
{
	cdr_parts_settle(parts);
	if (parts->count >= 2)
		add_parts(forms, parts, CDR_NAME_OTHER);
}

/* A single other name is a former family name, or a name of daily use: it stands once in the place of either. */
static cdr_err
add_single(const struct cdr_person *person, const struct cdr_parts *single, struct cdr_name_forms *forms,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_parts parts = { 0 };

	CDR_TRY(read_known(person, true, false, &parts, fault));
	if (parts.count < CDR_PARTS_MAX) {
		memcpy(parts.part[parts.count], single->part[0], CDR_PART_LEN);
		parts.is_family[parts.count++] = true;
	}
	add_pair(forms, &parts);
	cdr_wipe(&parts, sizeof parts);
	parts = *single;
	CDR_TRY(read_known(person, false, true, &parts, fault));
	add_pair(forms, &parts);
out:
	cdr_wipe(&parts, sizeof parts);
	return err;
}

static cdr_err
add_other(const struct cdr_person *person, const char *utf8, size_t len, struct cdr_name_forms *forms,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_fault inner = { CDR_OK, "" };
	struct cdr_parts parts = { 0 };
	enum cdr_name_source source = CDR_NAME_OTHER;

	err = read_full(utf8, len, &parts, &source, &inner);
	if (err != CDR_OK) {
		err = cdr_fault_set(fault, err, "other_names: %s", inner.text);
		goto out;
	}
	if (parts.count == 1 && (person->given_names[0] != '\0' || person->family_names[0] != '\0'))
		CDR_TRY(add_single(person, &parts, forms, fault));
	else
		add_settled(forms, &parts, source);
out:
	cdr_wipe(&parts, sizeof parts);
	return err;
}

/* Each of the other names, while there is room for a form. */
static cdr_err
add_others(const struct cdr_person *person, struct cdr_name_forms *forms, struct cdr_fault *fault)
{
	cdr_err err = CDR_OK;
	const char *other = person->other_names;

	for (size_t count = 0; *other != '\0'; count++) {
		size_t len = strcspn(other, ";");

		if (count == OTHER_NAMES_MAX || forms->form_count == CDR_FORMS_MAX) {
			forms->notes |= CDR_NOTE_MANY_FORMS;
			break;
		}
		CDR_TRY(add_other(person, other, len, forms, fault));
		other += len + (other[len] == ';');
	}
out:
	return err;
}

static cdr_err
check_ends(const struct cdr_person *person, struct cdr_fault *fault)
{
	if (memchr(person->given_names, '\0', sizeof person->given_names) == NULL ||
	    memchr(person->family_names, '\0', sizeof person->family_names) == NULL ||
	    memchr(person->native_name, '\0', sizeof person->native_name) == NULL ||
	    memchr(person->other_names, '\0', sizeof person->other_names) == NULL)
		return cdr_fault_set(fault, CDR_E_RANGE, "A name is longer than its field.");
	return CDR_OK;
}

/* see core/identity/name.h */
cdr_err
cdr_name_forms(const struct cdr_person *person, struct cdr_name_forms *forms, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_parts parts = { 0 };

	memset(forms, 0, sizeof *forms);
	CDR_TRY(check_ends(person, fault));
	CDR_TRY(read_known(person, true, true, &parts, fault));
	add_settled(forms, &parts, CDR_NAME_GIVEN_FAMILY);
	cdr_wipe(&parts, sizeof parts);
	CDR_TRY(read_field("native_name", person->native_name, CDR_PARTS_WHOLE, &parts, fault));
	add_settled(forms, &parts, CDR_NAME_NATIVE);
	CDR_TRY(add_others(person, forms, fault));
	if (forms->form_count == 0 && (person->given_names[0] | person->family_names[0] | person->native_name[0] |
					  person->other_names[0]) != '\0')
		forms->notes |= CDR_NOTE_EMPTY;
out:
	cdr_wipe(&parts, sizeof parts);
	if (err != CDR_OK)
		cdr_wipe(forms, sizeof *forms);
	return err;
}

/* see core/identity/name.h */
cdr_err
cdr_name_scheme_digest(uint8_t digest[static CDR_SCHEME_DIGEST_LEN])
{
	const uint8_t recipe[2] = { CDR_NAME_RECIPE_VERSION >> 8, CDR_NAME_RECIPE_VERSION & 0xff };
	uint8_t lengths[CDR_TABLE_COUNT][4];
	struct cdr_bytes parts[2 + 2 * CDR_TABLE_COUNT] = {
		{ (const uint8_t *)UNICODE_VERSION, sizeof UNICODE_VERSION },
		{ recipe, sizeof recipe },
	};
	size_t count = 2;

	memset(digest, 0, CDR_SCHEME_DIGEST_LEN);
	/* Normalisation of assigned characters never changes, so a newer library serves; an older one does not. */
	if (strtol(utf8proc_unicode_version(), NULL, 10) < UNICODE_MAJOR)
		return CDR_E_REFUSED;
	for (unsigned table = 0; table < CDR_TABLE_COUNT; table++) {
		struct cdr_bytes bytes = cdr_table_bytes((enum cdr_table)table);

		for (unsigned i = 0; i < 4; i++)
			lengths[table][i] = (uint8_t)(bytes.len >> (24 - 8 * i));
		parts[count++] = (struct cdr_bytes){ lengths[table], 4 };
		parts[count++] = bytes;
	}
	return cdr_sha256(parts, count, digest);
}
