#ifndef CDR_NODE_MEMBER_CHECK_LETTERS_H
#define CDR_NODE_MEMBER_CHECK_LETTERS_H

/* What a check writes to an employer. Shared by the parts of node/member/check.h. */

#include "node/member/check.h"

/* What a candidate and a statement are sealed for (node/store/seal.h). */
#define CDR_CHECK_CANDIDATE_PURPOSE "check"
#define CDR_CHECK_STATEMENT_PURPOSE "statement"

/* One employer of a check, to be written to. */
struct cdr_check_asked {
	const struct cdr_member *member;
	const struct cdr_roster *roster;
	struct cdr_candidate *candidate;    /* personal; not changed */
	const uint8_t *check_id;
	const char *employer;               /* member id */
	const uint8_t *request_id;
	struct cdr_bytes handles;           /* empty for a declared employer that the hub did not name */
	bool declared;
	uint64_t people;                    /* in the index when the hub named the employer; 0: it did not */
};

/* Checks that are opened together. */
struct cdr_check_addition {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	uint64_t now;                       /* when they are made: one look at the clock */
	uint64_t watch_until;               /* 0: not watched */
	bool draft;                         /* nobody is asked before cdr_check_submit */
	struct cdr_check_outcome *outcome;
	struct cdr_fault *fault;
};

/* Whether a check of that candidate can be opened: declared employers, names. Returns as cdr_check_add. */
CDR_MUST_CHECK cdr_err cdr_check_judge(const struct cdr_check_addition *addition, const struct cdr_candidate *candidate);

/* Open a check for a candidate who was judged, or find that there is one: as cdr_check_add, inside a transaction. */
CDR_MUST_CHECK cdr_err cdr_check_add_one(struct cdr_tx *tx, struct cdr_check_addition *addition, struct cdr_candidate *candidate);

/* Ask the declared employers of a check that is open from now on. Returns as cdr_check_ask. */
CDR_MUST_CHECK cdr_err cdr_check_ask_declared(struct cdr_tx *tx, struct cdr_check_addition *addition, struct cdr_candidate *candidate,
    const uint8_t check_id[static CDR_ID_LEN]);

/* When an answer is due that is asked for now. */
uint64_t cdr_check_due(const struct cdr_roster *roster);

/**
 * cdr_check_ask(tx, asked, fault):
 * Send the full request, part (a) of the data dictionary, to an employer that stands in the table; from now on HR sees it. If it
 * is no active member at this moment, cdr_check_ask_pending sends the request as soon as it is.
 *
 * Returns  CDR_OK; as cdr_mail_queue.
 */
CDR_MUST_CHECK cdr_err cdr_check_ask(struct cdr_tx *tx, const struct cdr_check_asked *asked, struct cdr_fault *fault);

/* Ask those that could not be asked before. Returns CDR_OK; as cdr_check_ask. */
CDR_MUST_CHECK cdr_err cdr_check_ask_pending(struct cdr_member *member, const struct cdr_roster *roster, bool *worked,
    struct cdr_fault *fault);

/**
 * cdr_check_end_request(tx, member, roster, request_id, reason, fault):
 * No answer is wanted any more: what was not posted is not posted, and the employer's node is told to forget the request.
 *
 * reason  in   "withdrawn", "expired", "erasure": what its node is told; with the last it forgets its answer too
 *
 * Returns  CDR_OK, also if there is no such request; as cdr_mail_queue.
 */
CDR_MUST_CHECK cdr_err cdr_check_end_request(struct cdr_tx *tx, const struct cdr_member *member,
    const struct cdr_roster *roster, const uint8_t request_id[static CDR_ID_LEN], const char *reason, struct cdr_fault *fault);

/**
 * cdr_check_ask_anew(tx, member, roster, employer, count, fault):
 * Whoever was asked and has not answered is asked again, under a new number: an answer to the old one may have been lost here (this
 * node was put back from a backup), or the question there (that member enrolled anew, with new keys).
 *
 * employer  in    its id: it knows nothing of the old numbers; NULL: all, and each is told to forget the old one
 * count     out   how many
 *
 * Returns  CDR_OK; as cdr_mail_queue.
 */
CDR_MUST_CHECK cdr_err cdr_check_ask_anew(struct cdr_tx *tx, const struct cdr_member *member, const struct cdr_roster *roster,
    const char *employer, size_t *count, struct cdr_fault *fault);

/* Queue the probe: names, date, salted hashes of documents. Returns as cdr_mail_queue. */
CDR_MUST_CHECK cdr_err cdr_check_queue_probe(struct cdr_tx *tx, const struct cdr_check_asked *asked,
    struct cdr_fault *fault);

/* Forget the rows that are kept for this check while it is at work. Returns CDR_OK, also if there are none; CDR_E_STORE. */
CDR_MUST_CHECK cdr_err cdr_check_rows_forget(struct cdr_tx *tx, const uint8_t id[static CDR_ID_LEN]);

/* What finds a reference in the table without its text. */
CDR_MUST_CHECK cdr_err cdr_check_reference_digest(const struct cdr_member *member, const char *reference,
    uint8_t out[static CDR_SHA256_LEN]);

/* The employer that a letter is from and about. Its handles are freed by whoever read it. */
struct cdr_check_party {
	uint8_t check_id[CDR_ID_LEN];
	char stage[16];
	bool declared;
	bool answered;
	bool matched;      /* the hub named it */
	uint64_t asked_at, due_at;
	uint64_t expired_at; /* 0: it did not */
	struct cdr_buffer handles;
	uint64_t people;   /* in the index when the hub was asked */
};
/* Returns CDR_OK; CDR_E_ABSENT if we asked it nothing; CDR_E_STORE, CDR_E_MEMORY. */
CDR_MUST_CHECK cdr_err cdr_check_party_read(struct cdr_tx *tx, const Cdr__Wire__Letter *letter, struct cdr_check_party *employer);

/* The candidate of a check. Returns CDR_OK; CDR_E_ABSENT; CDR_E_STORE; CDR_E_MEMORY. candidate is all zero on error. */
CDR_MUST_CHECK cdr_err cdr_check_open_candidate(struct cdr_tx *tx, const struct cdr_member *member,
    const uint8_t check_id[static CDR_ID_LEN], struct cdr_candidate *candidate);

/* The one status (codebook "check_status") that follows from a statement. */
const char *cdr_check_status_of(const struct cdr_statement *statement, const struct cdr_codebook *codebook);

#endif
