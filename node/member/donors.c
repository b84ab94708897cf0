#include "node/member/donors.h"

#include "core/record/period.h"

struct looking {
	cdr_donors_visit *visit;
	void *context;
	struct cdr_date today;
	struct cdr_fault *fault;
};

static cdr_err
look(void *context, const struct cdr_incident_head *head, const struct cdr_incident *incident)
{
	const struct looking *looking = context;
	struct cdr_donor_due due = { .number = head->number, .shared = cdr_incident_is_shared(incident) };
	bool told;
	cdr_err err;

	for (size_t at = 0; (err = cdr_form_read(incident->book, at, &due.form, looking->fault)) == CDR_OK; at++) {
		if (!cdr_form_concerns(&due.form, incident, &told) || told)
			continue;
		due.due = cdr_form_due(&due.form, incident);
		due.overdue = due.due.precision != CDR_PRECISION_UNKNOWN && cdr_period_first(&due.due) < cdr_period_first(&looking->today);
		err = looking->visit(looking->context, &due);
		if (err != CDR_OK)
			return err;
	}
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/member/donors.h */
cdr_err
cdr_donors_each(struct cdr_member *member, cdr_donors_visit *visit, void *context, struct cdr_fault *fault)
{
	struct looking looking = { visit, context, cdr_member_day((int64_t)cdr_member_now()), fault };

	return cdr_incidents_each(member, look, &looking, fault);
}

struct counting {
	struct cdr_date soon;
	size_t due, overdue;
};

static cdr_err
count_one(void *context, const struct cdr_donor_due *due)
{
	struct counting *counting = context;
	bool is_soon = due->due.precision != CDR_PRECISION_UNKNOWN && cdr_period_first(&due->due) <= cdr_period_first(&counting->soon);

	counting->overdue += due->overdue;
	counting->due += is_soon && !due->overdue;
	return CDR_OK;
}

/* see node/member/donors.h */
cdr_err
cdr_donors_count(struct cdr_member *member, size_t *due, size_t *overdue, struct cdr_fault *fault)
{
	struct counting counting = { .soon = cdr_member_day((int64_t)cdr_member_now() + 2 * 86400) };

	*due = *overdue = 0;
	/* A codebook without incidents has no donors either. */
	if (cdr_codebook_book_peek(member->codebook) == NULL)
		return CDR_OK;
	cdr_err err = cdr_donors_each(member, count_one, &counting, fault);
	*due = counting.due;
	*overdue = counting.overdue;
	return err;
}
