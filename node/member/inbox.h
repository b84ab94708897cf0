#ifndef CDR_NODE_MEMBER_INBOX_H
#define CDR_NODE_MEMBER_INBOX_H

/*
 * Requests of other organisations: stage 2 compares them with the register in plain text and in memory; what is no match is
 * dismissed by the node and destroyed unread; the rest waits for a person, who answers and signs.
 */

#include "core/identity/compare.h"
#include "core/record/statement.h"
#include "node/member/deadline.h"
#include "node/member/mail.h"

#define CDR_INBOX_LEAVERS_MAX 8 /* candidates for the same person that one request shows */

/* What stage 2 found: leavers who may be the person, the likeliest first. */
struct cdr_inbox_finding {
	uint8_t leaver[CDR_INBOX_LEAVERS_MAX][CDR_ID_LEN];
	double score[CDR_INBOX_LEAVERS_MAX];
	size_t count;
};

/**
 * cdr_inbox_examine(member, letter, finding, fault):
 * Stage 2. A probe is compared with the leavers that its handles name, as is the request after it; a request to a declared
 * employer with the whole register. Letters of other kinds find nothing. A handle names its leaver also after the row has
 * changed and has another.
 *
 * Returns  CDR_OK, also if nothing was found; CDR_E_INPUT, CDR_E_RANGE for a letter against the rules; CDR_E_STORE,
 *          CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_inbox_examine(struct cdr_member *member, const struct cdr_letter *letter,
    struct cdr_inbox_finding *finding, struct cdr_fault *fault);

/**
 * cdr_inbox_take(tx, member, roster, letter, finding, fault):
 * Act on a probe or a request: dismiss it, answer the probe after a random wait, or lay it before a person.
 *
 * Returns  CDR_OK; CDR_E_REFUSED if the sender is not active or the request id is another member's; as cdr_mail_queue.
 */
CDR_MUST_CHECK cdr_err cdr_inbox_take(struct cdr_tx *tx, struct cdr_member *member, const struct cdr_roster *roster,
    const struct cdr_letter *letter, const struct cdr_inbox_finding *finding, struct cdr_fault *fault);

/**
 * cdr_inbox_lost(tx, sender, count):
 * ${sender} has lost what it asked, and could not read an answer: requests of it that wait end as if it had withdrawn them. It asks again
 * what it still wants to know.
 *
 * Returns  CDR_OK, and through ${count} how many; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_inbox_lost(struct cdr_tx *tx, const char *sender, size_t *count);

/**
 * cdr_inbox_withdraw(tx, member, letter, fault):
 * The requester withdraws: what is held of a request that was not answered goes, the counters stay; with the reason "erasure" also
 * what is held of one that was. A request that comes
 * after its withdrawal finds it withdrawn.
 *
 * Returns  CDR_OK; CDR_E_REFUSED if the request is another member's; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_inbox_withdraw(struct cdr_tx *tx, const struct cdr_member *member, const Cdr__Wire__Letter *letter,
    struct cdr_fault *fault);

/**
 * cdr_inbox_end(tx, request_id, state):
 * A request that is not answered ends: what is held of it goes, the counters stay. Under a legal hold it ends too, and what is held
 * stays: the timer takes it once the hold is lifted.
 *
 * state   in   "withdrawn", "expired"
 */
CDR_MUST_CHECK cdr_err cdr_inbox_end(struct cdr_tx *tx, const uint8_t request_id[static CDR_ID_LEN], const char *state);

/**
 * cdr_inbox_tell(tx, request_id, deadline, done, stage):
 * Tell our people by e-mail that a request waits: the first contact, and the second once the answer is due; set when the next stage
 * is. Stage CDR_DEADLINE_NONE tells nobody.
 */
CDR_MUST_CHECK cdr_err cdr_inbox_tell(struct cdr_tx *tx, const uint8_t request_id[static CDR_ID_LEN],
    const struct cdr_deadline *deadline, enum cdr_deadline_stage done, enum cdr_deadline_stage stage);

/**
 * cdr_inbox_take_reminder(tx, roster, letter, fault):
 * The requester reminds us. Whoever was told of that stage by our own calendar is not told again, and nobody is told that an answer
 * is due before it is.
 *
 * Returns  CDR_OK; CDR_E_REFUSED if the request is another member's; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_inbox_take_reminder(struct cdr_tx *tx, const struct cdr_roster *roster, const Cdr__Wire__Letter *letter,
    struct cdr_fault *fault);

/**
 * cdr_inbox_take_dispute(tx, letter, fault):
 * The candidate disputes our answer: it is marked, and our people are told that there is something to do.
 *
 * Returns  CDR_OK; CDR_E_REFUSED if it is not the requester's, or about another answer; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_inbox_take_dispute(struct cdr_tx *tx, const Cdr__Wire__Letter *letter, struct cdr_fault *fault);

/**
 * cdr_inbox_erase(tx, member, request_id, fault):
 * Everything that is held of a request that does not wait any more goes: its words, our answer, a draft. The row stays, and counts.
 *
 * Returns  CDR_OK; CDR_E_REFUSED while it waits for an answer, or under a legal hold; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_inbox_erase(struct cdr_tx *tx, const struct cdr_member *member,
    const uint8_t request_id[static CDR_ID_LEN], struct cdr_fault *fault);

/**
 * cdr_inbox_opened(member, request_id, fault):
 * A person looks at a request: the first time, its requester is told so.
 *
 * Returns  CDR_OK, also if there is no such request; as cdr_mail_queue.
 */
CDR_MUST_CHECK cdr_err cdr_inbox_opened(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN],
    struct cdr_fault *fault);

/* One line of the inbox. */
struct cdr_inbox_entry {
	uint8_t request_id[CDR_ID_LEN];
	char sender[CDR_SLUG_LEN_MAX + 1];
	char state[16];       /* waiting, answered, withdrawn, expired */
	uint64_t received_at, due_at, answered_at;
	uint64_t disputed_at; /* the candidate disputes the answer; 0: does not */
	uint64_t watch_until; /* the requester wants to be told of a later answer; 0: does not */
};

/**
 * cdr_inbox_each(member, state, entry, context):
 * Call ${entry} for every request that was laid before a person, oldest first; ${state} NULL: in any state.
 *
 * Returns  CDR_OK; the callback's error; CDR_E_STORE.
 */
typedef cdr_err cdr_inbox_callback(const struct cdr_inbox_entry *entry, void *context);
CDR_MUST_CHECK cdr_err cdr_inbox_each(struct cdr_member *member, const char *state, cdr_inbox_callback *callback,
    void *context);

/* A request as a person reads it. Personal: ended by cdr_inbox_request_free. */
struct cdr_inbox_request {
	struct cdr_inbox_entry entry;
	bool declared;
	struct cdr_person person;
	char employee_number[CDR_EMPLOYEE_NUMBER_LEN];
	char position_category[CDR_CODE_LEN];
	char legal_basis[CDR_CODE_LEN];
	char candidate_notified[CDR_CODE_LEN];
	struct cdr_date notified_on;
	char jurisdiction[CDR_COUNTRY_LEN];
	uint32_t lookback_years;
	size_t leaver_count;                  /* of the register, who may be the person; those that are still in it */
	struct cdr_inbox_candidate {
		struct cdr_leaver leaver;
		struct cdr_comparison comparison;
	} candidate[CDR_INBOX_LEAVERS_MAX];
};

/**
 * cdr_inbox_read(member, request_id, request, fault):
 * Everything that a person needs to answer.
 *
 * request  out   owned by the caller; NULL on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is none, or what it said was destroyed; CDR_E_SEALED; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_inbox_read(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN],
    struct cdr_inbox_request **request, struct cdr_fault *fault);
void cdr_inbox_request_free(struct cdr_inbox_request *request);

/**
 * cdr_inbox_answer(member, request_id, statement, fault):
 * Sign ${statement} and send it. Codebook, ids, responder and time of signing are filled in here.
 *
 * statement  in/out   as the person wrote it; complete afterwards
 *
 * Returns  CDR_OK once it is durable and on its way; CDR_E_ABSENT if no such request waits; CDR_E_EXISTS if it was answered; as
 *          cdr_statement_validate; as cdr_mail_queue.
 */
CDR_MUST_CHECK cdr_err cdr_inbox_answer(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN],
    struct cdr_statement *statement, struct cdr_fault *fault);

/**
 * cdr_inbox_supersede(member, request_id, statement, fault):
 * Sign a later statement in the place of the one that was given, and send it. supersedes is filled in too.
 *
 * Returns  as cdr_inbox_answer; CDR_E_ABSENT if none was given; CDR_E_REFUSED if the requester does not want to hear of it: the check
 *          is not watched (any more) and the candidate does not dispute what was said.
 */
CDR_MUST_CHECK cdr_err cdr_inbox_supersede(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN],
    struct cdr_statement *statement, struct cdr_fault *fault);

/* How many persons an answer takes, 1 or 2. Where it is 2, cdr_inbox_answer and cdr_inbox_supersede are refused. */
CDR_MUST_CHECK cdr_err cdr_inbox_approval(struct cdr_member *member, unsigned *persons);
CDR_MUST_CHECK cdr_err cdr_inbox_set_approval(struct cdr_member *member, unsigned persons);

/**
 * cdr_inbox_write_draft(member, request_id, statement, supersedes, fault), cdr_inbox_read_draft(member, request_id, statement, draft, author,
 * fault), cdr_inbox_approve(member, request_id, draft, signer_name, signer_role, statement, fault), cdr_inbox_reject(member, request_id, fault):
 * One person writes an answer (signer_name is who wrote it) that could be signed as it stands; another reads it, signs and sends it,
 * or sends it back.
 *
 * statement  (write) in/out; (read, approve) out, personal
 * draft      (read) out; (approve) in: what tells this draft from every other one, so that what is signed is what was read
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is no such request or draft; CDR_E_REFUSED if who wrote it wants to approve it, or it is another draft by now;
 *          as cdr_inbox_answer and cdr_inbox_supersede.
 */
CDR_MUST_CHECK cdr_err cdr_inbox_write_draft(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN],
    struct cdr_statement *statement, bool supersedes, struct cdr_fault *fault);
CDR_MUST_CHECK cdr_err cdr_inbox_read_draft(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN],
    struct cdr_statement *statement, uint8_t draft[static CDR_ID_LEN], char author[static CDR_NAME_LEN], struct cdr_fault *fault);
CDR_MUST_CHECK cdr_err cdr_inbox_approve(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN],
    const uint8_t draft[static CDR_ID_LEN], const char *signer_name, const char *signer_role, struct cdr_statement *statement,
    struct cdr_fault *fault);
CDR_MUST_CHECK cdr_err cdr_inbox_reject(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN],
    struct cdr_fault *fault);

#endif
