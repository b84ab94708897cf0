#ifndef CDR_NODE_MEMBER_CHECK_LIFE_H
#define CDR_NODE_MEMBER_CHECK_LIFE_H

/*
 * What people do about a check: the candidate is heard, objects, disputes; HR decides, or withdraws it. What a candidate says is
 * kept sealed, and goes with the check.
 */

#include "node/member/check.h"

#define CDR_WORD_LEN_MAX 4000 /* bytes of what a candidate said */

/* What a candidate said. Personal. */
struct cdr_check_word {
	const char *reference;   /* of the check */
	const char *employer;    /* member id; NULL where it is about the check as a whole */
	const char *text;        /* 1 .. CDR_WORD_LEN_MAX bytes */
};

/**
 * cdr_check_hear(member, word, fault):
 * The candidate was told that a former employer was found that the CV leaves out, and heard on it. Without that no decision is
 * recorded. Hearing somebody again is noted too.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if HR sees no such check or employer; CDR_E_INPUT, CDR_E_RANGE for the text; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_check_hear(struct cdr_member *member, const struct cdr_check_word *word, struct cdr_fault *fault);

/**
 * cdr_check_object(member, word, fault):
 * The candidate objects to being checked. Employers that are asked from now on are told so; what else follows, HR decides.
 *
 * Returns  as cdr_check_hear.
 */
CDR_MUST_CHECK cdr_err cdr_check_object(struct cdr_member *member, const struct cdr_check_word *word, struct cdr_fault *fault);

/**
 * cdr_check_dispute(member, word, fault):
 * The candidate disputes what an employer said: the check shows it as disputed, the employer is told that (not why), and a later
 * statement of it is taken.
 *
 * Returns  as cdr_check_hear; CDR_E_REFUSED if that employer has said nothing.
 */
CDR_MUST_CHECK cdr_err cdr_check_dispute(struct cdr_member *member, const struct cdr_check_word *word, struct cdr_fault *fault);

/**
 * cdr_check_decide(member, reference, outcome, fault):
 * Record what was decided, a code of "outcome_for_hire". The same again changes nothing.
 *
 * Returns  CDR_OK; CDR_E_ABSENT; CDR_E_INPUT for the code; CDR_E_EXISTS if something else was decided; CDR_E_REFUSED while the
 *          candidate was not heard on an employer that the CV leaves out (but a candidate may always withdraw).
 */
CDR_MUST_CHECK cdr_err cdr_check_decide(struct cdr_member *member, const char *reference, const char *outcome,
    struct cdr_fault *fault);

/**
 * cdr_check_withdraw(member, reference, fault):
 * End a check: employers that have not answered are told to forget it, and everything about the candidate goes from here:
 * fields, statements, what was said. The counters stay, with a row that holds nobody.
 *
 * Returns  CDR_OK; CDR_E_ABSENT; CDR_E_REFUSED under a legal hold; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_check_withdraw(struct cdr_member *member, const char *reference, struct cdr_fault *fault);

/**
 * cdr_check_rectify(member, id, candidate, fault):
 * In one transaction: open the check anew with what is right, under a reference of its own and watched as long as the old one, and withdraw
 * the one that  names.
 *
 * candidate  in/out, personal   without a reference; it is filled in
 *
 * Returns  CDR_OK; CDR_E_ABSENT; CDR_E_EXISTS if the check says just that; CDR_E_REFUSED under a legal hold; as cdr_check_add. On an
 *          error nothing was changed.
 */
CDR_MUST_CHECK cdr_err cdr_check_rectify(struct cdr_member *member, const uint8_t id[static CDR_ID_LEN],
    struct cdr_candidate *candidate, struct cdr_fault *fault);

/**
 * cdr_check_end(tx, member, roster, id, reason, fault):
 * The same inside a transaction, by id. ${reason} "withdrawn"; "erased": employers that have answered are told too, and forget;
 * "expired": the retention timer took it, and employers are told nothing.
 *
 * Returns  CDR_OK; CDR_E_REFUSED under a legal hold; as cdr_mail_queue.
 */
CDR_MUST_CHECK cdr_err cdr_check_end(struct cdr_tx *tx, const struct cdr_member *member, const struct cdr_roster *roster,
    const uint8_t id[static CDR_ID_LEN], const char *reason, struct cdr_fault *fault);

/* Every word of a check that HR sees, oldest first: its kind (hearing, objection, dispute), employer ("" : none), time and text. */
typedef cdr_err cdr_check_word_callback(const char *kind, const char *employer, uint64_t at, const char *text, void *context);
CDR_MUST_CHECK cdr_err cdr_check_words(struct cdr_member *member, const uint8_t check_id[static CDR_ID_LEN],
    cdr_check_word_callback *callback, void *context);

#endif
