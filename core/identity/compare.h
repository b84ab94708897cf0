#ifndef CDR_CORE_IDENTITY_COMPARE_H
#define CDR_CORE_IDENTITY_COMPARE_H

/*
 * Stage 2, at the former employer: a request and one leaver, compared in plain
 * text and in memory. A clear non-match is dismissed by the node itself; what
 * is plausible goes to a person, with every difference explained.
 */

#include "core/bytes.h"
#include "core/identity/person.h"

#define CDR_COMPARE_SALT_LEN 32
#define CDR_COMPARE_HASH_LEN 32
#define CDR_COMPARE_PEOPLE 100000    /* the fewest that likeness is weighed against */
#define CDR_COMPARE_DIFFERENCES_MAX 16
#define CDR_COMPARE_TEXT_LEN 128     /* one side of a difference with its NUL; longer text is cut at a character */
#define CDR_COMPARE_EXPLAIN_LEN 8192 /* enough for any explanation */

enum cdr_verdict {
	CDR_VERDICT_NON_MATCH = 0,
	CDR_VERDICT_PLAUSIBLE
};

struct cdr_compare_query {
	const struct cdr_person *person;
	bool documents_hashed; /* the numbers are not in person, only their salted hashes below */
	uint8_t document_salt[CDR_COMPARE_SALT_LEN];
	uint8_t document_hash[CDR_DOCUMENT_COUNT_MAX][CDR_COMPARE_HASH_LEN];
	size_t document_hash_count;
	uint64_t people; /* in the index that was asked: among more people more likeness is chance. Fewer than
	                    CDR_COMPARE_PEOPLE count as so many: in a small exchange it is relatives who are alike */
};

/* One thing that was found alike or different. The labels are data: data/compare.tsv. */
enum cdr_difference_code {
	CDR_DIFF_NONE = 0,
	CDR_DIFF_NAME_SAME,         /* all names the same */
	CDR_DIFF_NAME_SPELLED,      /* a name spelled differently */
	CDR_DIFF_GIVEN_SPELLED,
	CDR_DIFF_FAMILY_SPELLED,
	CDR_DIFF_NAME_OTHER,        /* a name that is another one altogether */
	CDR_DIFF_GIVEN_OTHER,
	CDR_DIFF_FAMILY_OTHER,
	CDR_DIFF_NAME_MISSING,      /* a name that only one side has */
	CDR_DIFF_NAME_ORDER,        /* the names stand in another order */
	CDR_DIFF_NAME_FORMER,       /* what agrees is a former or other name */
	CDR_DIFF_NAME_SCRIPT,       /* the two sides are written in two scripts */
	CDR_DIFF_NAME_ABSENT,       /* one side has no name that can be compared */
	CDR_DIFF_DATE_SAME,
	CDR_DIFF_DATE_SWAPPED,      /* day and month exchanged */
	CDR_DIFF_DATE_SLIP,         /* one figure different, or two neighbours exchanged */
	CDR_DIFF_DATE_PART,         /* two of day, month and year agree */
	CDR_DIFF_DATE_VAGUE,        /* one side is known less exactly; what is known agrees */
	CDR_DIFF_DATE_OTHER,
	CDR_DIFF_DATE_ABSENT,
	CDR_DIFF_DOCUMENT_SAME,
	CDR_DIFF_DOCUMENT_SLIP,     /* the same number but for one character */
	CDR_DIFF_DOCUMENT_OTHER,    /* same type and country, another number */
	CDR_DIFF_GENDER_OTHER,
	CDR_DIFF_NATIONALITY_OTHER,
	CDR_DIFF_EMAIL_SAME,
	CDR_DIFF_PHONE_SAME,
	CDR_DIFF_COUNT
};

struct cdr_difference {
	uint8_t code; /* enum cdr_difference_code */
	char left[CDR_COMPARE_TEXT_LEN];  /* the candidate's side; empty where there is nothing to show */
	char right[CDR_COMPARE_TEXT_LEN]; /* the leaver's */
};

struct cdr_comparison {
	enum cdr_verdict verdict;
	double score; /* bits of evidence that the two are one person */
	struct cdr_difference difference[CDR_COMPARE_DIFFERENCES_MAX];
	size_t difference_count;
};

/**
 * cdr_compare_document_hash(salt, document, hash):
 * What an undeclared employer gets in place of a document number.
 *
 * salt      in, secret   random, one for each request
 * document  in, secret   type and country are hashed with the number
 *
 * Returns  CDR_OK; CDR_E_INPUT for a number without a letter or digit (hash is then all zero).
 */
CDR_MUST_CHECK cdr_err cdr_compare_document_hash(const uint8_t salt[static CDR_COMPARE_SALT_LEN],
    const struct cdr_document *document, uint8_t hash[static CDR_COMPARE_HASH_LEN]);

/**
 * cdr_compare(query, leaver, comparison):
 * Compare a request with one leaver.
 *
 * query       in, secret   where documents_hashed, hash i may belong to person->document[i], whose number is empty and
 *                          whose type and country are set: then a different number of the leaver's counts against
 * comparison  out, secret  all zero on error; the caller wipes it
 *
 * Returns  CDR_OK; CDR_E_RANGE for counts over their maxima; CDR_E_INPUT for a name that cannot be normalised. A document
 *          whose number cannot be read says nothing, for or against.
 */
CDR_MUST_CHECK cdr_err cdr_compare(const struct cdr_compare_query *query, const struct cdr_person *leaver,
    struct cdr_comparison *comparison);

/**
 * cdr_difference_name(code, name):
 * The stable name of a difference for --json, such as "date_swapped"; empty for another value.
 *
 * Returns  name.
 */
const char *cdr_difference_name(unsigned code, char name[static CDR_CODE_LEN]);

/**
 * cdr_compare_explain(comparison, language, text, size):
 * The differences as a person reads them, separated by "; ".
 *
 * language  in           "en", "fr", "es" or "ar"
 * text      out, secret  with a closing NUL; CDR_COMPARE_EXPLAIN_LEN bytes are always enough
 *
 * Returns  CDR_OK; CDR_E_INPUT for another language; CDR_E_RANGE if text is too small (text is then empty).
 */
CDR_MUST_CHECK cdr_err cdr_compare_explain(const struct cdr_comparison *comparison, const char *language,
    char *text, size_t size);

#endif
