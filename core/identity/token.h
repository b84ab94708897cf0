#ifndef CDR_CORE_IDENTITY_TOKEN_H
#define CDR_CORE_IDENTITY_TOKEN_H

/*
 * From a person to token strings: what goes into the oblivious function.
 *
 * Every token holds a document number, or two names and a date of stated precision, and weighs
 * 20 bits or more. The same person gives the same tokens at every site, for as long as the scheme
 * version lives. Tokens are as secret as the person: their owner wipes the set.
 */

#include "core/identity/person.h"
#include "core/identity/rarity.h"

#define CDR_SCHEME_VERSION_LEN 32
#define CDR_TOKEN_INPUT_LEN_MAX 256
#define CDR_TOKENS_MAX 64
#define CDR_TOKEN_BITS_MIN 20   /* no token below this weight is emitted */
#define CDR_TOKEN_BITS_STEP 2   /* width of a rarity class */
#define CDR_RARITY_CLASS_MAX 7  /* 34 bits and more */
#define CDR_RARITY_UNCOVERED 8  /* added to the class: rests on a name that the rarity table cannot weigh */
#define CDR_RARITY_MAX 15

enum cdr_token_type {
	CDR_TOKEN_EX = 1, /* all parts sorted, full date */
	CDR_TOKEN_S1S1,   /* S1 of two names, date */
	CDR_TOKEN_S2S2,   /* S2 of two names, date */
	CDR_TOKEN_S1PRE,  /* S1 of one name, first three letters of another, date */
	CDR_TOKEN_S1SUF,  /* S1 of one name, last three letters of another, date */
	CDR_TOKEN_FS1,    /* S1 of all names, three or more, date */
	CDR_TOKEN_FS2,    /* S2 of all names, three or more, date */
	CDR_TOKEN_YM,     /* S1 of the two rarest names, year and month */
	CDR_TOKEN_YD,     /* the same, year and day */
	CDR_TOKEN_MD,     /* the same, month and day */
	CDR_TOKEN_DOC,    /* document: type, country, number */
	CDR_TOKEN_DOCX,   /* document number alone, seven characters or more */
	CDR_TOKEN_TYPE_COUNT
};

/* Which pair of a person's names a token rests on. */
enum cdr_token_pair {
	CDR_PAIR_WHOLE = 0,   /* the whole name, or a document */
	CDR_PAIR_ONLY = 1,    /* the person has this pair alone */
	CDR_PAIR_SEVERAL = 2, /* this and higher: one of several */
	CDR_PAIR_MAX = 67      /* 66 pairs of twelve names */
};

/* Why fewer tokens came out than a person might expect: bits of cdr_token_set.notes. */
#define CDR_TOKEN_NOTE_NO_NAMES (1U << 0)   /* fewer than two names: only documents give tokens */
#define CDR_TOKEN_NOTE_NO_DATE (1U << 1)    /* no date of birth: only documents give tokens */
#define CDR_TOKEN_NOTE_COMMON (1U << 2)     /* the names are so common that every token of names was too light */
#define CDR_TOKEN_NOTE_UNCOVERED (1U << 3)  /* a name that the rarity table cannot weigh: never strong by names alone */
#define CDR_TOKEN_NOTE_NO_DOCUMENT (1U << 4) /* no document number: the most telling token is missing */
#define CDR_TOKEN_NOTE_SCRIPT (1U << 5)     /* a name in a script without a table: the passport's Latin form is needed */
#define CDR_TOKEN_NOTE_CUT (1U << 6)        /* more than CDR_TOKENS_MAX: the lightest were left out */
#define CDR_TOKEN_NOTE_COUNT 7

struct cdr_token {
	uint8_t type;    /* enum cdr_token_type */
	uint8_t rarity;  /* class 0..7 of 20, 22, .. 34 bits; plus CDR_RARITY_UNCOVERED unless covered */
	uint8_t pair;    /* enum cdr_token_pair */
	bool covered;    /* the rarity table can weigh every name in it; true for documents */
	uint16_t weight; /* eighths of a bit */
	uint16_t input_len;
	uint8_t input[CDR_TOKEN_INPUT_LEN_MAX]; /* scheme version, epoch (4 bytes, big-endian), type, content */
};

struct cdr_token_set {
	struct cdr_token token[CDR_TOKENS_MAX];
	size_t count;
	uint32_t notes; /* CDR_TOKEN_NOTE_* */
};

struct cdr_scheme {
	uint8_t version[CDR_SCHEME_VERSION_LEN];
	uint32_t epoch;
	struct cdr_rarity rarity;
};

/**
 * cdr_scheme_current(epoch, scheme):
 * The scheme that this program ships: one hash over recipe, transliteration table, rarity table and Unicode version.
 *
 * Returns  CDR_OK; CDR_E_REFUSED if the machine's Unicode library has another version than the scheme's;
 *          CDR_E_INPUT if a shipped table is damaged.
 */
CDR_MUST_CHECK cdr_err cdr_scheme_current(uint32_t epoch, struct cdr_scheme *scheme);

/**
 * cdr_scheme_with(rarity, epoch, scheme):
 * The same with another rarity table, whose bytes go into the version.
 */
CDR_MUST_CHECK cdr_err cdr_scheme_with(const struct cdr_rarity *rarity, uint32_t epoch, struct cdr_scheme *scheme);

/**
 * cdr_token_type_name(type):
 * The name of a token type as people and --json read it, such as "S1S1".
 *
 * Returns  a constant string; "unknown" for another value.
 */
const char *cdr_token_type_name(unsigned type);

/**
 * cdr_token_note_text(note):
 * One note (a single CDR_TOKEN_NOTE_* bit) as a sentence for a person.
 *
 * Returns  a constant string; "" for another value.
 */
const char *cdr_token_note_text(uint32_t note);

/**
 * cdr_token_derive(person, scheme, set, fault):
 * All token strings of ${person}, the heaviest first, at most CDR_TOKENS_MAX, none twice.
 *
 * person  in, secret
 * set     out, secret  all zero on error; the caller wipes it
 *
 * Returns  CDR_OK, also with no token at all (notes say why); CDR_E_INPUT for text that cannot be normalised:
 *          not UTF-8, an unassigned character, a name that is too long.
 */
CDR_MUST_CHECK cdr_err cdr_token_derive(const struct cdr_person *person, const struct cdr_scheme *scheme,
    struct cdr_token_set *set, struct cdr_fault *fault);

/**
 * cdr_token_padded(count):
 * The number of tokens that ${count} is filled up to before it leaves the node: 16, 32 or 64.
 *
 * count  in       0 .. CDR_TOKENS_MAX
 */
size_t cdr_token_padded(size_t count);

#endif
