#include "core/identity/sketch.h"

#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/code.h"

/* Parts of all forms of a name together. */
#define PARTS_MAX (CDR_FORMS_MAX * CDR_FORM_PARTS_MAX)

static const enum cdr_code_kind counted[CDR_SKETCH_KINDS] = { CDR_CODE_S1, CDR_CODE_S2, CDR_CODE_PREFIX, CDR_CODE_SUFFIX };

/* The keys of a person's codes, kind by kind. */
struct keys {
	uint32_t key[CDR_SKETCH_KINDS][PARTS_MAX];
	size_t count;
};

static void
keys_make(const struct cdr_name_forms *forms, struct keys *keys)
{
	struct cdr_codes codes;

	keys->count = 0;
	for (size_t f = 0; f < forms->form_count; f++)
		for (size_t i = 0; i < forms->form[f].part_count; i++, keys->count++) {
			cdr_codes_make(forms->form[f].part[i], &codes);
			for (size_t kind = 0; kind < CDR_SKETCH_KINDS; kind++)
				keys->key[kind][keys->count] = cdr_rarity_key(codes.text[counted[kind]]);
		}
	cdr_wipe(&codes, sizeof(codes));
}

static bool
is_among(const size_t *set, size_t count, size_t value)
{
	for (size_t i = 0; i < count; i++)
		if (set[i] == value)
			return true;
	return false;
}

/* see core/identity/sketch.h */
cdr_err
cdr_sketch_add(const struct cdr_places *places, size_t width, const struct cdr_person *person, uint32_t *cells,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_name_forms forms;
	struct keys keys;
	size_t met[PARTS_MAX], count;

	if (width < CDR_SKETCH_WIDTH_MIN || width > CDR_SKETCH_WIDTH_MAX)
		return CDR_E_RANGE;
	CDR_TRY(cdr_name_forms(person, &forms, fault));
	keys_make(&forms, &keys);
	for (size_t kind = 0; kind < CDR_SKETCH_KINDS; kind++)
		for (size_t row = 0; row < CDR_SKETCH_ROWS; row++) {
			count = 0;
			for (size_t i = 0; i < keys.count; i++) {
				size_t cell = cdr_places_cell(places, width, kind, row, keys.key[kind][i]);
				if (!is_among(met, count, cell))
					met[count++] = cell;
			}
			for (size_t i = 0; i < count; i++)
				cells[met[i]]++;
		}
	cells[0]++;
out:
	cdr_wipe(&forms, sizeof(forms));
	cdr_wipe(&keys, sizeof(keys));
	cdr_wipe(met, sizeof(met));
	return err;
}
