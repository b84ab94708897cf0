#ifndef CDR_CORE_IDENTITY_DOCUMENT_H
#define CDR_CORE_IDENTITY_DOCUMENT_H

/* Identity documents: the form in which their numbers are compared, and their check digits. */

#include "core/identity/person.h"

/* A document as it is compared. */
struct cdr_document_key {
	char type[CDR_CODE_LEN];
	char country[CDR_COUNTRY_LEN];        /* empty: not known */
	char number[CDR_DOCUMENT_NUMBER_LEN]; /* A-Z and 0-9 with O I B S Z folded to 0 1 8 5 2; leading zeros kept */
	size_t number_len;
};

/**
 * cdr_document_normalise(document, key, fault):
 * Fold a document for comparing: everything but letters and digits is dropped from the number, digits of other scripts
 * become ASCII, letters upper case, and what is mistaken for a digit in print becomes that digit (O I B S Z). Cyrillic
 * and Greek letters that look Latin read as the Latin ones.
 *
 * key     out      all zero on error; number_len 0 where the document has no number
 *
 * Returns  CDR_OK; CDR_E_RANGE if a field has no NUL; CDR_E_INPUT for invalid UTF-8, for letters of a script without a
 *          table, for a country that is not in ISO 3166-1, or for a type that is no code (a-z, 0-9, '_').
 */
CDR_MUST_CHECK cdr_err cdr_document_normalise(
    const struct cdr_document *document, struct cdr_document_key *key, struct cdr_fault *fault);

enum cdr_document_check {
	CDR_DOCUMENT_UNCHECKED = 0, /* no check digit is known for this type, country and pattern of number */
	CDR_DOCUMENT_CHECKED,       /* the check digit holds */
	CDR_DOCUMENT_WRONG,         /* it does not: ask again */
};

/**
 * cdr_document_check(document):
 * Verify the check digit that national identity numbers of some countries have. For use on entry: a wrong digit is a
 * question to the person at the keyboard, and no reason to refuse a document that really reads so.
 *
 * Returns  CDR_DOCUMENT_UNCHECKED also for a document that cdr_document_normalise refuses.
 */
enum cdr_document_check cdr_document_check(const struct cdr_document *document);

#endif
