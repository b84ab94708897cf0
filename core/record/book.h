#ifndef CDR_CORE_RECORD_BOOK_H
#define CDR_CORE_RECORD_BOOK_H

/*
 * What a codebook says about incidents: fields, the rules between them, coarser groupings, tables, donors' forms.
 *
 * It is the section "incident" of the codebook file (data/README.md), read once into plain structures that nobody changes
 * afterwards. No field, code, rule or table of incidents exists as a C constant: a new version of the file adds them
 * with no new program. Everything here is borrowed from the codebook.
 */

#include <jansson.h>

#include "core/record/codebook.h"

#define CDR_FIELD_MAX 60          /* fields of an incident, so that each can be a column of a file */
#define CDR_FIELD_NAME_LEN 64     /* "survivor.age_band" with its NUL */
#define CDR_GROUP_MAX 8           /* kinds of rows: the incident itself comes first */
#define CDR_GROUP_ROW_MAX 16      /* rows of one kind */
#define CDR_GROUPING_MAX 32
#define CDR_DIMENSION_MAX 3
#define CDR_TABLE_MAX 128         /* tables of a codebook */
#define CDR_TABLE_CELL_MAX 4096   /* cells of a table */
#define CDR_TABLE_COARSER_MAX 4
#define CDR_INVARIANT_MAX 64
#define CDR_CONDITION_MAX 4
#define CDR_BAND_MAX 16
#define CDR_THRESHOLD_MAX 8
#define CDR_CARRY_MAX 64

/* Whatever a codebook says, no cell is published that is safe by less. */
#define CDR_THRESHOLD_INCIDENTS_MIN 5
#define CDR_THRESHOLD_CONTRIBUTORS_MIN 3

enum cdr_field_kind {
	CDR_FIELD_CODE = 0, /* one code of a list */
	CDR_FIELD_CODES,    /* several, separated by ';' */
	CDR_FIELD_DATE,     /* with a precision */
	CDR_FIELD_COUNTRY,  /* ISO 3166-1 alpha-3 */
	CDR_FIELD_TEXT,     /* one line */
	CDR_FIELD_NOTE,     /* several lines */
	CDR_FIELD_DERIVED,  /* follows from others, is never written */
	CDR_FIELD_KIND_COUNT
};

enum cdr_derive_rule { CDR_DERIVE_NONE = 0, CDR_DERIVE_HALF_YEAR, CDR_DERIVE_DAYS };

/* A kind of row: the incident, a survivor, somebody alleged to have done it. */
struct cdr_group {
	const char *name;
	uint8_t min, max;           /* rows */
	const json_t *labels;
};

struct cdr_band {
	const char *code;
	int32_t days_max;
};

struct cdr_field {
	const char *name;           /* "country", or GROUP.NAME: "survivor.gender" */
	enum cdr_field_kind kind;
	uint8_t group;              /* which of the book's groups */
	const char *list;           /* of codes; NULL: none */
	bool leaves;                /* level 1: may leave the node, only inside encrypted tables */
	bool secret;                /* never shown in a list, never told in an error */
	bool needed;
	bool past;                  /* a date that may not lie in the future */
	enum cdr_derive_rule rule;
	const struct cdr_field *of[2]; /* what it is derived from */
	struct cdr_band bands[CDR_BAND_MAX];
	size_t band_count;
	const json_t *labels;       /* NULL: those of its list */
};

/* Codes of a list, put together. What is in no group counts as not known. */
struct cdr_grouping {
	const char *name;
	const char *list;           /* "@country": countries */
	const json_t *labels;
	const json_t *groups;       /* name: { codes, label } */
	size_t group_count;
};

/* Figures from which on a cell may be published. */
struct cdr_threshold {
	const char *name;
	uint32_t incidents, contributors;
	bool zeros_hidden;          /* a zero is as sensitive as a small count */
};

/* One direction of a table. Its categories: the codes or groups in the order of the file, then one for "not known". */
struct cdr_dimension {
	const struct cdr_field *field;
	const struct cdr_grouping *grouping; /* NULL: the codes themselves */
	size_t category_count;
	const size_t *into;                  /* NULL, or what each category counts as (core/record/merge.h) */
};

/* Which records a table counts. */
enum cdr_table_records { CDR_RECORDS_SHARED = 0, CDR_RECORDS_NOT_SHARED };

struct cdr_table_definition {
	const char *id;
	struct cdr_dimension dimensions[CDR_DIMENSION_MAX];
	size_t dimension_count;     /* 0: one cell, the number of reports */
	size_t cell_count;          /* the last dimension runs fastest */
	const struct cdr_threshold *threshold;
	enum cdr_table_records records;
	const char *coarser[CDR_TABLE_COARSER_MAX]; /* tables that say the same with fewer categories */
	size_t coarser_count;
	const json_t *labels;       /* title; NULL: made of the dimensions */
};

enum cdr_condition_kind {
	CDR_CONDITION_IN = 0,       /* some value is one of the codes */
	CDR_CONDITION_NOT_IN,       /* no value is */
	CDR_CONDITION_ALONE,        /* a value that is one of the codes is the only one */
	CDR_CONDITION_KNOWN,        /* it says something */
	CDR_CONDITION_NOT_KNOWN,
	CDR_CONDITION_NOT_BEFORE,   /* as a date, as far as both are known */
	CDR_CONDITION_PRECISE,      /* a date that is at least so precise */
};

struct cdr_condition {
	enum cdr_condition_kind kind;
	const struct cdr_field *field;
	const json_t *codes;        /* array of texts */
	const struct cdr_field *other;
	uint8_t precision;
};

struct cdr_invariant {
	const struct cdr_field *field;  /* the one that a refusal names */
	struct cdr_condition when[CDR_CONDITION_MAX];
	size_t when_count;
	struct cdr_condition must;
	const json_t *message;
};

/* What records of an older version become. */
struct cdr_carry {
	const char *from;           /* the older version */
	const char *field;          /* its name there */
	const char *to;             /* its name now; NULL: the field is gone */
	const json_t *codes;        /* old code: new code; NULL: the same */
};

struct cdr_book {
	const struct cdr_codebook *codebook;
	struct cdr_group groups[CDR_GROUP_MAX];
	size_t group_count;
	struct cdr_field fields[CDR_FIELD_MAX];
	size_t field_count;
	struct cdr_grouping groupings[CDR_GROUPING_MAX];
	size_t grouping_count;
	struct cdr_threshold thresholds[CDR_THRESHOLD_MAX];
	size_t threshold_count;
	struct cdr_table_definition tables[CDR_TABLE_MAX];
	size_t table_count;
	struct cdr_invariant invariants[CDR_INVARIANT_MAX];
	size_t invariant_count;
	struct cdr_carry carries[CDR_CARRY_MAX];
	size_t carry_count;
	const struct cdr_field *period, *key, *consent;
	const char *consent_code;   /* with which a record is counted in tables of what is shared */
	const json_t *forms;        /* read by core/record/form.h */
};

/**
 * cdr_book_new(codebook, section, book, fault):
 * Read the section "incident". Called by cdr_codebook_new alone.
 *
 * Returns  CDR_OK; CDR_E_INPUT with what is wrong and where; CDR_E_RANGE for too many of something; CDR_E_REFUSED for
 *          thresholds below the least; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_book_new(const struct cdr_codebook *codebook, const json_t *section, struct cdr_book **book,
    struct cdr_fault *fault);
void cdr_book_free(struct cdr_book *book);

/* What ${codebook} says about incidents; NULL if it says nothing. */
const struct cdr_book *cdr_codebook_book_peek(const struct cdr_codebook *codebook);

/* The field, table, grouping, group of that name; NULL if there is none. */
const struct cdr_field *cdr_book_field_find(const struct cdr_book *book, const char *name);
const struct cdr_table_definition *cdr_book_table_find(const struct cdr_book *book, const char *id);

/* Number of a field among the book's fields. */
size_t cdr_book_field_index(const struct cdr_book *book, const struct cdr_field *field);

/* The text in ${language}, else the English one; "" for NULL. */
const char *cdr_book_text(const json_t *labels, const char *language);

/* Labels of a field, with and without the kind of row in front ("Survivor: Gender"). */
const char *cdr_book_field_label(const struct cdr_book *book, const struct cdr_field *field, const char *language);
void cdr_book_field_title(const struct cdr_book *book, const struct cdr_field *field, const char *language, char *text,
    size_t text_size);

/* Which group of ${grouping} holds ${code}; SIZE_MAX: none. And group number ${at}: its name and label. */
size_t cdr_grouping_find(const struct cdr_grouping *grouping, const char *code);
const char *cdr_grouping_name_peek(const struct cdr_grouping *grouping, size_t at);
const char *cdr_grouping_label_peek(const struct cdr_grouping *grouping, size_t at, const char *language);

/**
 * cdr_dimension_category(book, dimension, value):
 * The category in which ${value}, one code or country or "", counts. Whatever says nothing is the last one.
 */
size_t cdr_dimension_category(const struct cdr_book *book, const struct cdr_dimension *dimension, const char *value);

/* The code of category ${at} ("unknown" for the last), and what people read. */
const char *cdr_dimension_code(const struct cdr_book *book, const struct cdr_dimension *dimension, size_t at,
    char room[static CDR_COUNTRY_LEN]);
const char *cdr_dimension_label(const struct cdr_book *book, const struct cdr_dimension *dimension, size_t at,
    const char *language, char room[static CDR_COUNTRY_LEN]);
void cdr_dimension_title(const struct cdr_book *book, const struct cdr_dimension *dimension, const char *language, char *text,
    size_t text_size);

/* Does a report fall into exactly one category of ${dimension}? */
bool cdr_dimension_is_exclusive(const struct cdr_dimension *dimension);

/* Title of a table: its own, or "Kind of incident × Outcome". */
void cdr_table_definition_title(const struct cdr_book *book, const struct cdr_table_definition *table, const char *language,
    char *text, size_t text_size);

#endif
