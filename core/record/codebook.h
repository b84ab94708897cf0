#ifndef CDR_CORE_RECORD_CODEBOOK_H
#define CDR_CORE_RECORD_CODEBOOK_H

/*
 * The codes that records are written in, with labels for people.
 *
 * A codebook is a versioned JSON file (data/README.md describes it); one is
 * built in, another can be loaded. It is data: no code list exists as a C
 * enumeration. Where a rule depends on a code, the codebook says by `means`
 * what the code stands for, so a new code needs no new program.
 * From one version to the next codes are added, never given another meaning.
 */

#include "core/bytes.h"
#include "core/identity/person.h"

#define CDR_CODEBOOK_MAX (1U << 20)      /* bytes of a codebook file at most */
#define CDR_CODEBOOK_VERSION_LEN 32      /* its version, such as "2025-1", with the NUL */

struct cdr_codebook;

/**
 * cdr_codebook_new(json, codebook, fault):
 * Read a codebook.
 *
 * json      in       not kept; json.data NULL: the built-in codebook
 * codebook  out      NULL on error
 * fault     out      may be NULL
 *
 * Returns  CDR_OK; CDR_E_RANGE if it is too big; CDR_E_INPUT if it is not JSON or not a codebook, with what and where;
 *          CDR_E_REFUSED if a list or a meaning that the rules need is missing; CDR_E_MEMORY.
 * Owns     the caller owns *codebook and ends it with cdr_codebook_free; reading from it is safe on several threads.
 */
CDR_MUST_CHECK cdr_err cdr_codebook_new(struct cdr_bytes json, struct cdr_codebook **codebook, struct cdr_fault *fault);
void cdr_codebook_free(struct cdr_codebook *codebook);

/* The version that a record written with ${codebook} names. Owned by ${codebook}, as everything peeked at below. */
const char *cdr_codebook_version_peek(const struct cdr_codebook *codebook);

/**
 * cdr_codebook_check(codebook, list, code, fault):
 * Is ${code} a code of ${list}? The three ways of saying nothing (unknown, not_collected, withheld) are codes of every list
 * that allows them.
 *
 * fault   out   may be NULL; on error what is accepted and what was probably meant, without repeating ${code}
 *
 * Returns  CDR_OK; CDR_E_INPUT if it is not; CDR_E_ABSENT if there is no such list.
 */
CDR_MUST_CHECK cdr_err cdr_codebook_check(const struct cdr_codebook *codebook, const char *list, const char *code,
    struct cdr_fault *fault);

/* Does ${code} of ${list} stand for ${means}? False for an unknown list or code. */
bool cdr_codebook_means(const struct cdr_codebook *codebook, const char *list, const char *code, const char *means);

/**
 * cdr_codebook_label_peek(codebook, list, code, language):
 * The words for ${code} (or, with NULL, for ${list} itself) in "en", "fr", "es", "ar".
 *
 * Returns  the label; the English one if the codebook does not have that language; "" for an unknown list or code.
 */
const char *cdr_codebook_label_peek(const struct cdr_codebook *codebook, const char *list, const char *code,
    const char *language);

/**
 * cdr_codebook_list_peek(codebook, at), cdr_codebook_code_peek(codebook, list, at):
 * The name of list number ${at}, and code number ${at} of ${list}, in the order of the file, from 0. Codes that say nothing
 * come last.
 *
 * Returns  the name; NULL past the last one, or for an unknown list.
 */
const char *cdr_codebook_list_peek(const struct cdr_codebook *codebook, size_t at);
const char *cdr_codebook_code_peek(const struct cdr_codebook *codebook, const char *list, size_t at);

#endif
