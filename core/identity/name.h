#ifndef CDR_CORE_IDENTITY_NAME_H
#define CDR_CORE_IDENTITY_NAME_H

/*
 * Names, from text as people type it to parts of the letters a to z that are byte-identical at every site, for ever.
 * README.md has the recipe. Nothing here allocates, and nothing depends on the locale.
 */

#include "core/identity/person.h"
#include "core/identity/script.h"

#define CDR_PART_LEN 48            /* bytes of one normalised part with its NUL: a to z only */
#define CDR_FORM_PARTS_MAX 12      /* parts of one form */
#define CDR_FORMS_MAX 12           /* forms of one person */
#define CDR_NAME_TEXT_LEN_MAX 1024 /* bytes of text that cdr_name_normalise takes */
#define CDR_SCHEME_DIGEST_LEN 32
#define CDR_NAME_RECIPE_VERSION 1 /* of the code beside the tables; part of the scheme digest */

enum cdr_name_source {
	CDR_NAME_GIVEN_FAMILY = 0, /* the fields given_names and family_names */
	CDR_NAME_NATIVE,           /* native_name */
	CDR_NAME_OTHER,            /* one of other_names */
	CDR_NAME_MRZ,              /* one of other_names, written as in a machine-readable zone: FAMILY<<GIVEN<NAMES */
	CDR_NAME_JOINED, /* a form above with an East Asian given name of two syllables joined: Min Jun, Minjun */
};

/* Bits of notes: nothing here is an error, but a person should be told. */
enum cdr_name_note {
	CDR_NOTE_NO_TABLE = 1 << 0,   /* a word in a script without a table was left out: ask for the passport's Latin form */
	CDR_NOTE_CUT = 1 << 1,        /* a part was longer than CDR_PART_LEN - 1 letters, and was cut */
	CDR_NOTE_MANY_PARTS = 1 << 2, /* more than CDR_FORM_PARTS_MAX parts: the rest was left out */
	CDR_NOTE_MANY_FORMS = 1 << 3, /* more than CDR_FORMS_MAX forms or 24 other names: the rest was left out, unread */
	CDR_NOTE_EMPTY = 1 << 4,      /* text was given, and no letter was left of it */
	CDR_NOTE_IDEOGRAPH = 1 << 5,  /* an ideograph without a known reading was left out */
};

/* One way of writing a person's name. */
struct cdr_name_form {
	char part[CDR_FORM_PARTS_MAX][CDR_PART_LEN];
	bool is_family[CDR_FORM_PARTS_MAX]; /* known to be a family name; false: a given name, or not known */
	size_t part_count;
	uint8_t source; /* enum cdr_name_source */
	uint8_t script; /* enum cdr_script, of most of its letters */
};

/* All of them. Personal data: wipe it. */
struct cdr_name_forms {
	struct cdr_name_form form[CDR_FORMS_MAX];
	size_t form_count;
	uint32_t notes;                 /* enum cdr_name_note */
	uint64_t scripts_without_table; /* bit (1 << enum cdr_script) for each one met */
};

/**
 * cdr_name_normalise(utf8, len, form, notes, fault):
 * Bring one full name into its normal form: parts in the order in which they were written, particles and titles
 * dropped, compounds joined, no part twice. A text with "<<" is read as in a machine-readable zone.
 *
 * utf8    in, personal   len bytes; NULL only if len is 0
 * len     in             0 .. CDR_NAME_TEXT_LEN_MAX
 * form    out            part_count is 0 where nothing is left; unused bytes are zero; its source is CDR_NAME_OTHER
 *                        or CDR_NAME_MRZ
 * notes   in/out         bits are added
 *
 * Returns  CDR_OK; CDR_E_RANGE if len is too big; CDR_E_INPUT for invalid UTF-8 (a lone surrogate too), a code point
 *          that Unicode 15.0 does not assign, or a private one. form is then empty.
 */
CDR_MUST_CHECK cdr_err cdr_name_normalise(
    const char *utf8, size_t len, struct cdr_name_form *form, uint32_t *notes, struct cdr_fault *fault);

/**
 * cdr_name_forms(person, forms, fault):
 * Every known form of a person's name, in this order: given and family names together; the native name; each of the
 * other names. Another name of a single part stands once in the place of the family names and once in the place of the
 * given names. Forms with the same parts (order ignored) are kept once.
 *
 * person  in, personal   its text fields end with a NUL
 * forms   out            form_count is 0 where no name is known
 *
 * Returns  CDR_OK; CDR_E_RANGE if a field has no NUL; CDR_E_INPUT as for cdr_name_normalise, naming the field.
 */
CDR_MUST_CHECK cdr_err cdr_name_forms(
    const struct cdr_person *person, struct cdr_name_forms *forms, struct cdr_fault *fault);

/**
 * cdr_name_scheme_digest(digest):
 * SHA-256 over the version of the recipe, the Unicode version and the bytes of every table of normalisation.
 * Two sites with different digests never derive comparable tokens.
 *
 * digest  out      all zero on error
 *
 * Returns  CDR_OK; CDR_E_REFUSED if the Unicode library knows less than Unicode 15.0: a node must not start with it;
 *          CDR_E_MEMORY or CDR_E_INTERNAL from the hash.
 */
CDR_MUST_CHECK cdr_err cdr_name_scheme_digest(uint8_t digest[static CDR_SCHEME_DIGEST_LEN]);

#endif
