#ifndef CDR_NODE_MEMBER_NAMES_H
#define CDR_NODE_MEMBER_NAMES_H

/*
 * How common name codes are among the people in this member's register, for a round that asks: a sketch (core/identity/sketch.h)
 * of everybody, and of the people of single countries. It is made when it is encrypted, and kept nowhere.
 *
 * Everybody counts once, however many engagements the register has. Of a country are those who have its nationality; where none is
 * known, those who worked there. Each cell holds one more than it counts, so that the flag beside it is always 1 and
 * tells nothing; what is opened is lower by the number of contributors.
 */

#include "node/member/member.h"
#include "proto/round.h"

/* Has ${round} a table of names? */
bool cdr_names_asked(const struct cdr_round *round);

/**
 * cdr_names_count(member, round, counts, people, fault):
 * Fill in the tables of names of ${round}.
 *
 * counts   out, secret   of all tables of the round, in order; only those of names are written
 * people   out, secret   how many people were counted
 *
 * Returns  CDR_OK; CDR_E_TIME if the round says that it was opened at another time than lately; CDR_E_EPOCH if the round counts names by another scheme than this program; CDR_E_RANGE if a figure is larger than
 *          the round can hold; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_names_count(struct cdr_member *member, const struct cdr_round *round, uint32_t *counts,
    size_t *people, struct cdr_fault *fault);

#endif
