#ifndef CDR_CORE_IDENTITY_PARTS_H
#define CDR_CORE_IDENTITY_PARTS_H

/*
 * The two halves of normalising a name: from text to parts of a to z, word by word, and from those to the parts that
 * are compared. For the files of this folder; the calls for others are in name.h.
 */

#include "core/identity/name.h"

#define CDR_PARTS_MAX 24 /* parts of one name before particles are dropped and compounds joined */

/* The parts of a name while it is being read. Personal: wipe it. */
struct cdr_parts {
	char part[CDR_PARTS_MAX][CDR_PART_LEN];
	bool is_family[CDR_PARTS_MAX];
	size_t count;
	size_t letters[CDR_SCRIPT_COUNT]; /* read, by script */
	uint32_t notes;                   /* enum cdr_name_note */
	uint64_t scripts_without_table;
};

enum cdr_parts_read {
	CDR_PARTS_FAMILY = 1 << 0, /* what is read is a family name */
	CDR_PARTS_WHOLE = 1 << 1,  /* what is read is a whole name: a family name may stand in it without a space */
};

/**
 * cdr_parts_read(utf8, len, flags, parts, fault):
 * Append the words of a text, transliterated; nothing is dropped or joined yet.
 *
 * flags   in       enum cdr_parts_read
 * parts   in/out   untouched on error
 *
 * Returns  CDR_OK; CDR_E_RANGE if len is over CDR_NAME_TEXT_LEN_MAX; CDR_E_INPUT for invalid UTF-8 or an unassigned
 *          code point.
 */
CDR_MUST_CHECK cdr_err cdr_parts_read(
    const char *utf8, size_t len, unsigned flags, struct cdr_parts *parts, struct cdr_fault *fault);

/**
 * cdr_parts_settle(parts):
 * Join compounds (abd, abu, -din, -allah), replace abbreviations, drop titles and particles while two parts remain, and
 * drop what stands twice.
 */
void cdr_parts_settle(struct cdr_parts *parts);

/**
 * cdr_parts_join_syllables(parts):
 * Join the two syllables of an East Asian given name beside one family name: kim min jun, kim minjun.
 *
 * Returns  true; false where parts is no such name, and is unchanged.
 */
bool cdr_parts_join_syllables(struct cdr_parts *parts);

#endif
