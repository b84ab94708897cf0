#ifndef CDR_NODE_MEMBER_MISCONDUCT_H
#define CDR_NODE_MEMBER_MISCONDUCT_H

/* Who was caught lying, and at what: kept for `candor reports`, with the bytes that show it. */

#include "node/member/member.h"

struct cdr_misconduct {
	const char *party;                /* "trustee/2", "hub" */
	const char *what;                 /* a sentence, without personal data */
	struct cdr_bytes request, reply;  /* as they were signed */
	bool once_a_day;                  /* the same of the same party within a day is told once */
};

/* Remember it, and tell the log. What cannot be kept is logged as that. */
void cdr_misconduct_note(const struct cdr_member *member, const struct cdr_misconduct *misconduct);

#endif
