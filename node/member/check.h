#ifndef CDR_NODE_MEMBER_CHECK_H
#define CDR_NODE_MEMBER_CHECK_H

/*
 * Checks of candidates before hiring: opened here, matched at the hub, asked at every former employer, answered by statements.
 *
 * A declared employer is asked at once. One that only the hub named is first asked whether the match is plausible, and appears
 * in nothing that HR sees until it has said so.
 */

#include "core/record/candidate.h"
#include "core/record/statement.h"
#include "node/member/mail.h"

struct cdr_check_outcome {
	size_t added, unchanged;
};

/**
 * cdr_check_add(member, candidates, count, outcome, fault):
 * Open checks, all of them or none. A candidate without a reference gets one. The same reference with the same content is
 * there already and changes nothing, as is a candidate without a reference whose other details are the same.
 *
 * candidates  in/out, personal   references are filled in
 *
 * Returns  CDR_OK once durable; CDR_E_EXISTS if a reference is there with other content; CDR_E_ABSENT if a declared employer
 *          is no member (the fault names it); CDR_E_REFUSED if it is this organisation; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_check_add(struct cdr_member *member, struct cdr_candidate *candidates, size_t count,
    struct cdr_check_outcome *outcome, struct cdr_fault *fault);

/**
 * cdr_check_add_watched(member, candidates, count, watch_days, outcome, fault):
 * As cdr_check_add, of candidates whose notice says that the organisation will be told of a later statement for so many days
 * (0: not; at most CDR_CHECK_WATCH_DAYS_MAX).
 */
#define CDR_CHECK_WATCH_DAYS_MAX 366
CDR_MUST_CHECK cdr_err cdr_check_add_watched(struct cdr_member *member, struct cdr_candidate *candidates, size_t count,
    unsigned watch_days, struct cdr_check_outcome *outcome, struct cdr_fault *fault);

/**
 * cdr_check_step(member, worked, fault):
 * Ask the employers that could not be asked before, derive the tags of one check, have the hub match them, ask who was found.
 *
 * Returns  CDR_OK; as cdr_member_scheme, cdr_evaluate and cdr_ask_send. What was not done is done by calling again.
 */
CDR_MUST_CHECK cdr_err cdr_check_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault);

/* Letters about our checks; called by node/member/mail.c inside the transaction that notes the letter. */
CDR_MUST_CHECK cdr_err cdr_check_take_delivery(struct cdr_tx *tx, const Cdr__Wire__Letter *letter);
CDR_MUST_CHECK cdr_err cdr_check_take_opened(struct cdr_tx *tx, const Cdr__Wire__Letter *letter);
CDR_MUST_CHECK cdr_err cdr_check_take_probe_reply(struct cdr_tx *tx, struct cdr_member *member,
    const struct cdr_roster *roster, const Cdr__Wire__Letter *letter, struct cdr_fault *fault);
/* ${used}: our sealing key that the statement was written to; its signature covers it. */
CDR_MUST_CHECK cdr_err cdr_check_take_statement(struct cdr_tx *tx, struct cdr_member *member,
    const struct cdr_letter *letter, const uint8_t used[static CDR_HPKE_PUBLIC_LEN], struct cdr_fault *fault);

/* An employer of a check, as HR sees it. */
struct cdr_check_employer {
	char member[CDR_SLUG_LEN_MAX + 1];
	uint8_t request_id[CDR_ID_LEN];
	bool declared;
	char tier[16];             /* "strong", "possible"; empty: the hub did not name it */
	uint64_t lambda_ppb;
	uint32_t types;            /* bit per enum cdr_token_type */
	char status[CDR_CODE_LEN]; /* codebook "check_status" */
	char result[CDR_CODE_LEN]; /* codebook "result"; empty: no answer yet */
	uint64_t asked_at, due_at; /* 0: it could not be asked yet */
	uint64_t answered_at;
	uint64_t heard_at;         /* when the candidate was heard on it; 0: was not */
	uint64_t superseded_count; /* earlier statements, in whose place this one has come */
};

#define CDR_CHECK_EMPLOYERS_MAX (CDR_DECLARED_MAX + CDR_MATCHES_MAX)

/* A check as HR sees it. Personal: wiped by whoever owns it. */
struct cdr_check {
	uint8_t id[CDR_ID_LEN];
	struct cdr_candidate candidate;
	char state[16];            /* draft: not submitted yet; waiting: not matched yet; matched, open: it was, and the hub may still know of it or not;
	                              withdrawn, erased: nobody is in it any more */
	char outcome[CDR_CODE_LEN]; /* codebook "outcome_for_hire"; empty: nothing was decided */
	uint64_t watch_until;      /* 0: a later statement is not waited for */
	uint64_t people;           /* searched by the hub; 0 while it waits */
	uint64_t made_at, due_at;
	char doubt[CDR_FAULT_LEN]; /* what was wrong with the hub's answer; empty: nothing */
	uint64_t doubted_at;
	bool doubt_settled;        /* a later answer was proved right */
	bool doubt_partial;        /* the answer is believed, and the doubt says what of it is not proved */
	bool doubt_old;            /* the same, because it was of an old index */
	struct cdr_check_employer employer[CDR_CHECK_EMPLOYERS_MAX];
	size_t employer_count;
};

/**
 * cdr_check_each(member, reference, callback, context):
 * Call ${callback} for every check, oldest first, or with ${reference} (not NULL) for that one.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is none with that reference; the callback's error; CDR_E_STORE.
 */
typedef cdr_err cdr_check_callback(const struct cdr_check *check, void *context);
CDR_MUST_CHECK cdr_err cdr_check_each(struct cdr_member *member, const char *reference, cdr_check_callback *callback,
    void *context);

/**
 * cdr_check_statement(member, request_id, statement, file, fault):
 * The statement that answered a request.
 *
 * statement  out, personal  may be NULL
 * file       out, personal  what `candor statement verify` takes (proto/letter.proto, StatementFile); may be NULL
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is none; CDR_E_SEALED, CDR_E_STORE, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_check_statement(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN],
    struct cdr_statement *statement, struct cdr_buffer *file, struct cdr_fault *fault);

#endif
