#ifndef CDR_NODE_MEMBER_LEAVERS_H
#define CDR_NODE_MEMBER_LEAVERS_H

/*
 * The register of everybody who left: imported from a file as a difference, purged when the look-back is over.
 * Whoever is new or changed waits for the index (node/member/index.h) under a new handle.
 */

#include "core/record/leaver.h"
#include "node/member/index_again.h"
#include "node/member/index_wait.h"
#include "node/member/member.h"

struct cdr_leavers_options {
	bool skip_bad;         /* import the good rows of a file that has bad ones; then nobody is taken out */
	bool partial;          /* the file holds some leavers only: whoever is not in it stays */
	bool allow_removals;   /* more than half of the register may go */
	const uint8_t *replaces; /* id of the row that the file corrects: it goes, also if the corrected one has another key. NULL: none */
};

struct cdr_leavers_outcome {
	size_t added, changed, unchanged, removed;
	size_t kept;           /* rows that the file changes and a legal hold keeps as they are */
	size_t register_count; /* leavers in the register afterwards */
};

/**
 * cdr_leavers_import(member, reader, options, outcome, fault):
 * Make the register what the file says, in one transaction: all of it or nothing. The same file again changes nothing.
 * What stands under a legal hold stays as it is.
 *
 * reader  in/out   at the beginning of the file; at its end afterwards, with its report
 *
 * Returns  CDR_OK once it is durable; CDR_E_INPUT if there are bad rows and skip_bad is not set (the report lists
 *          them), or there is no good row at all; CDR_E_REFUSED if more than half of the register would go, or the file cannot be
 *          read to its end, or the row that is replaced stands under a legal hold; CDR_E_STORE, CDR_E_MEMORY. On an error nothing was changed.
 */
CDR_MUST_CHECK cdr_err cdr_leavers_import(struct cdr_member *member, struct cdr_leaver_file *reader,
    const struct cdr_leavers_options *options, struct cdr_leavers_outcome *outcome, struct cdr_fault *fault);

/**
 * cdr_leavers_expire(member, count):
 * Take out everybody whose look-back is over, from the register and from the index.
 *
 * count   out   how many
 */
CDR_MUST_CHECK cdr_err cdr_leavers_expire(struct cdr_member *member, size_t *count);

/* How far the index is: leavers in the register, those that the hub does not have yet, removals it has not confirmed. */
struct cdr_leavers_progress {
	uint64_t register_count, waiting_count, removal_count;
	bool is_unsettled;              /* the node was put back from a backup, and has not asked the hub yet */
	struct cdr_index_again again;   /* who came and went between backup and restore, until a whole file is imported */
	struct cdr_index_wait wait;     /* why nothing reaches the index, where there is something for it */
};
CDR_MUST_CHECK cdr_err cdr_leavers_progress(struct cdr_member *member, struct cdr_leavers_progress *progress);

/**
 * cdr_leavers_open(member, id, sealed, leaver):
 * Unseal one row of the table.
 *
 * leaver  out, personal   all zero on error; wiped by the caller
 *
 * Returns  CDR_OK; CDR_E_STORE if the row is not what was written; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_leavers_open(const struct cdr_member *member, const uint8_t id[static CDR_ID_LEN],
    struct cdr_bytes sealed, struct cdr_leaver *leaver);

/* Months since January 2000 of ${date}, which has month precision or better; 0 for one before. */
uint16_t cdr_leavers_month(const struct cdr_date *date);

#endif
