#ifndef CDR_NODE_MEMBER_INDEX_TRUST_H
#define CDR_NODE_MEMBER_INDEX_TRUST_H

/*
 * What this node believes of the hub's index: nothing without a proof that leads to a root in the log, and no older root than one
 * that it has seen. The rules are audit/index_answer.h; here are the roster, the clock and what was seen before.
 */

#include "audit/index_answer.h"
#include "node/member/member.h"
#include "proto/roster.h"

/**
 * cdr_index_trust_answer(member, roster, open, reply, unproved, fault):
 * Check the hub's answer to a check.
 *
 * open      in    what was asked
 * unproved  out   see cdr_index_answer_verify
 * fault     out   what is wrong, in a sentence for a person: also for CDR_E_TIME
 *
 * Returns  CDR_OK; CDR_E_PROOF if the hub left somebody out, made somebody up, or proved nothing; CDR_E_TIME if the answer is
 *          about an index older than one that this node has seen, or older than two days: whoever repeats a check after a
 *          crash closes it, and asks again; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_index_trust_answer(struct cdr_member *member, const struct cdr_roster *roster,
    const Cdr__Wire__CheckOpen *open, const Cdr__Wire__CheckOpenReply *reply, size_t *unproved, struct cdr_fault *fault);

/**
 * cdr_index_trust_own(member, roster, request, expires, reply, crowds, fault):
 * Check the hub's proof that rows of this member are in the index.
 *
 * crowds  out   see struct cdr_index_own
 *
 * Returns  CDR_OK; CDR_E_PROOF, CDR_E_ABSENT, CDR_E_TIME if it proves something else; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_index_trust_own(struct cdr_member *member, const struct cdr_roster *roster,
    const Cdr__Wire__IndexProve *request, const uint16_t *expires, const Cdr__Wire__IndexProveReply *reply,
    size_t *crowds, struct cdr_fault *fault);

#endif
