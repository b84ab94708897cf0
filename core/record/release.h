#ifndef CDR_CORE_RECORD_RELEASE_H
#define CDR_CORE_RECORD_RELEASE_H

/*
 * A release: what the trustees opened of one round, frozen; which of its cells may be shown; and the files that show it.
 *
 * Made in this order: cdr_release_new, cdr_release_put for each table that was opened, cdr_disclosure_control
 * (core/record/disclosure_control.h), then the files. What is written to a file is only what control let through: a cell that is
 * held back is empty there, with a flag, and why it is held back is not said.
 */

#include "core/crypto/hash.h"
#include "core/record/out.h"
#include "core/record/table.h"

#define CDR_RELEASE_JSON_MAX (16U << 20)
#define CDR_RELEASE_NAME_LEN 128
#define CDR_RELEASE_SALT_LEN 32
#define CDR_RELEASE_ROUND_LEN 64
#define CDR_RELEASE_DATE_LEN 11       /* "2025-09-01" with its NUL */
#define CDR_RELEASE_EPSILON_LEN 16

/* One cell as the trustees opened it. */
struct cdr_release_cell {
	uint32_t count;             /* the sum; with noise it may be off; 0 if it was not opened */
	uint32_t contributors;      /* members that have some: the sum of the flags */
	bool opened;                /* the count was decrypted; where there are no contributors it is 0 without that */
	bool shown;                 /* set by disclosure control */
};

struct cdr_release_table {
	const struct cdr_table_definition *definition; /* of the book below */
	struct cdr_release_cell *cells;                /* definition->cell_count */
};

/* What is said about all of it. */
struct cdr_release_facts {
	char exchange[CDR_RELEASE_NAME_LEN];  /* its name, for people */
	char round[CDR_RELEASE_ROUND_LEN];    /* the round's id as people read it */
	char period[CDR_PERIOD_LEN];          /* "2025-H1" */
	char published[CDR_RELEASE_DATE_LEN]; /* the day */
	uint32_t version;                     /* 1, 2, 3 ... of this period: a revision is a new one */
	uint32_t contributors;                /* members that sent figures */
	uint32_t members;                     /* of the exchange when the round closed */
	char epsilon[CDR_RELEASE_EPSILON_LEN]; /* of the noise, as "0.5"; empty: none was added */
};

struct cdr_release {
	const struct cdr_book *book;          /* borrowed: outlives the release */
	struct cdr_release_facts facts;
	char codebook[CDR_CODEBOOK_VERSION_LEN]; /* its version */
	uint8_t snapshot[CDR_SHA256_LEN];     /* salted hash of everything that was opened, shown or not */
	bool controlled;                      /* disclosure control has run */
	size_t table_count;
	struct cdr_release_table tables[CDR_TABLE_MAX];
};

/**
 * cdr_release_new(book, facts, release), cdr_release_free(release):
 * An empty release.
 *
 * Returns  CDR_OK; CDR_E_INPUT if a fact is missing or no day or period; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_release_new(const struct cdr_book *book, const struct cdr_release_facts *facts,
    struct cdr_release **release);
void cdr_release_free(struct cdr_release *release);

/**
 * cdr_release_put(release, id, cells, cell_count):
 * Take what was opened of one table.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if the codebook has no such table; CDR_E_EXISTS if it was put before; CDR_E_RANGE if it has another
 *          number of cells; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_release_put(struct cdr_release *release, const char *id, const struct cdr_release_cell *cells,
    size_t cell_count);

/**
 * cdr_release_freeze(release, salt):
 * Note the hash of the snapshot that the release is made of: SHA-256("candor/1 snapshot\0" || salt || everything opened). Who keeps
 * salt and totals can show later what the release was made of; nobody can guess hidden cells from the hash.
 *
 * salt   in, secret   CDR_RELEASE_SALT_LEN random bytes, kept by the secretariat beside the totals
 */
CDR_MUST_CHECK cdr_err cdr_release_freeze(struct cdr_release *release, const uint8_t salt[static CDR_RELEASE_SALT_LEN]);

/* The table of that id in the release; NULL. */
const struct cdr_release_table *cdr_release_table_find(const struct cdr_release *release, const char *id);

/**
 * cdr_release_to_json(release, text), cdr_release_from_json(book, json, release, fault):
 * The release as published, and read back (by a node, and by the next release to be held against): hidden cells are null. The same
 * release gives the same bytes. Its hash, which goes into the log, is SHA-256 of them.
 *
 * book   in    NULL is not allowed; tables that it does not have are left out
 *
 * Returns  CDR_OK; CDR_E_REFUSED (to) before control has run; CDR_E_RANGE, CDR_E_INPUT (from) with what is wrong; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_release_to_json(const struct cdr_release *release, struct cdr_out *text);
CDR_MUST_CHECK cdr_err cdr_release_from_json(const struct cdr_book *book, struct cdr_bytes json, struct cdr_release **release,
    struct cdr_fault *fault);

/* May shares of the whole be shown: is the number of reports itself shown? ${total}: that number. */
bool cdr_release_total(const struct cdr_release *release, uint32_t *total);

#endif
