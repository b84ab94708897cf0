#ifndef CDR_NODE_MEMBER_INCIDENTS_H
#define CDR_NODE_MEMBER_INCIDENTS_H

/*
 * The register of incidents: what happened in this organisation, for the people who must act on it, and for counting.
 *
 * Nothing of a record leaves the node but what cdr_incidents_count makes of it: numbers, which the caller encrypts. Records
 * are sealed once more inside the encrypted database; no field of theirs is a column.
 */

#include "core/record/incident_file.h"
#include "core/record/table.h"
#include "node/member/member.h"

/* What is known of a record beside its content. */
struct cdr_incident_head {
	uint8_t id[CDR_ID_LEN];   /* random, the same through every change; never the organisation's own number */
	uint64_t number;          /* of this node's, for the command line */
	uint64_t made_at, changed_at;
	bool from_file;           /* a row of an imported file; else entered by hand */
	char version[CDR_CODEBOOK_VERSION_LEN]; /* of the codebook that it was last written under */
};

struct cdr_incidents_options {
	bool skip_bad, partial, allow_removals; /* as struct cdr_leavers_options */
};

struct cdr_incidents_outcome {
	size_t added, changed, unchanged, removed, register_count;
};

/* The codebook's section on incidents. CDR_E_ABSENT, with what to do, if it has none. */
CDR_MUST_CHECK cdr_err cdr_incidents_book(const struct cdr_member *member, const struct cdr_book **book,
    struct cdr_fault *fault);

/**
 * cdr_incidents_put(member, number, incident, head, fault):
 * Write a record that was validated: a new one (number 0), or in the place of an old one.
 *
 * Returns  CDR_OK once it is durable; CDR_E_ABSENT if there is none of that number; CDR_E_EXISTS if another record has the same
 *          reference of the organisation's own; CDR_E_STORE, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_incidents_put(struct cdr_member *member, uint64_t number, const struct cdr_incident *incident,
    struct cdr_incident_head *head, struct cdr_fault *fault);

/**
 * cdr_incidents_get(member, number, incident, head, fault):
 * incident  out, personal   carried forward to the codebook in force; all zero on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_incidents_get(struct cdr_member *member, uint64_t number, struct cdr_incident *incident,
    struct cdr_incident_head *head, struct cdr_fault *fault);

/* What cdr_incidents_each calls for each record, in the order of their numbers; an error ends it and is handed on. */
typedef cdr_err cdr_incidents_visit(void *context, const struct cdr_incident_head *head, const struct cdr_incident *incident);
CDR_MUST_CHECK cdr_err cdr_incidents_each(struct cdr_member *member, cdr_incidents_visit *visit, void *context,
    struct cdr_fault *fault);

/**
 * cdr_incidents_import(member, reader, options, outcome, fault):
 * Make the imported part of the register what the file says, in one transaction: as cdr_leavers_import. Records that were entered
 * by hand stay, whatever the file says; a row that names the reference of one is written over it.
 */
CDR_MUST_CHECK cdr_err cdr_incidents_import(struct cdr_member *member, struct cdr_incident_file *reader,
    const struct cdr_incidents_options *options, struct cdr_incidents_outcome *outcome, struct cdr_fault *fault);

/**
 * cdr_incidents_count(member, period, tables, table_count, counts, fault):
 * Count the register into tables: all that may ever leave, and only encrypted.
 *
 * period   in            "2025-H1"
 * tables   in            of this node's codebook
 * counts   out, secret   table_count of them, each ended by cdr_counts_free; all NULL on error
 */
CDR_MUST_CHECK cdr_err cdr_incidents_count(struct cdr_member *member, const char *period,
    const struct cdr_table_definition *const *tables, size_t table_count, struct cdr_counts **counts, struct cdr_fault *fault);

#endif
