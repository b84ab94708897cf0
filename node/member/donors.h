#ifndef CDR_NODE_MEMBER_DONORS_H
#define CDR_NODE_MEMBER_DONORS_H

/* What donors have to be told, and by when: watched by the daemon, listed and written by the command line. */

#include "core/record/form.h"
#include "node/member/incidents.h"

/* A donor that was not told yet. */
struct cdr_donor_due {
	uint64_t number;            /* of the incident */
	struct cdr_form form;
	struct cdr_date due;        /* unknown: it does not follow from what is known */
	bool overdue;
	bool shared;                /* the survivor agrees to sharing */
};

typedef cdr_err cdr_donors_visit(void *context, const struct cdr_donor_due *due);

/* Every incident whose donor was not told, form by form. */
CDR_MUST_CHECK cdr_err cdr_donors_each(struct cdr_member *member, cdr_donors_visit *visit, void *context, struct cdr_fault *fault);

/* How many are due within two days, how many overdue: what the daemon's log says, and nothing else. */
CDR_MUST_CHECK cdr_err cdr_donors_count(struct cdr_member *member, size_t *due, size_t *overdue, struct cdr_fault *fault);

#endif
