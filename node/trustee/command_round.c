#include "node/trustee/command.h"
#include "node/trustee/round_store.h"

/* rounds: what was opened, what was refused and why, and what was spent of differential privacy. */

struct rounds {
	struct cdr_report *report;
	json_t *list;
	json_int_t spent_milli;
};

/* One round as people and scripts see it. */
static cdr_err
show_round(struct cdr_query *query, struct rounds *r)
{
	cdr_err err = CDR_E_INTERNAL;
	char period[CDR_CODE_LEN_MAX + 1], refusal[CDR_FAULT_LEN];
	uint64_t members, tables, epsilon, first, second, never;

	CDR_TRY(cdr_query_text(query, 0, period, sizeof(period)));
	CDR_TRY(cdr_query_count(query, 1, &members));
	CDR_TRY(cdr_query_count(query, 2, &tables));
	CDR_TRY(cdr_query_count(query, 3, &epsilon));
	CDR_TRY(cdr_query_count(query, 4, &first));
	CDR_TRY(cdr_query_count(query, 5, &second));
	CDR_TRY(cdr_query_text(query, 6, refusal, sizeof(refusal)));
	CDR_TRY(cdr_query_count(query, 7, &never));
	const char *state = never > 0 ? "never to be opened" : refusal[0] != '\0' ? "refused" : second > 0 ? "opened" : first > 0 ? "flags opened" : "verified";
	cdr_report_text(r->report, "  %s  %s  %llu members, %llu tables%s%s\n", period, state, (unsigned long long)members,
	    (unsigned long long)tables, refusal[0] != '\0' ? ": " : "", refusal);
	if (second > 0)
		r->spent_milli += (json_int_t)(epsilon * tables);
	(void)json_array_append_new(r->list, json_pack("{s:s, s:s, s:I, s:I, s:I, s:s}", "period", period, "state", state, "members",
	    (json_int_t)members, "tables", (json_int_t)tables, "epsilon_milli", (json_int_t)epsilon, "refusal", refusal));
out:
	return err;
}

/* A reading job. */
static cdr_err
rounds_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values none = CDR_VALUES();

	CDR_TRY(cdr_query_start(tx,
	    "SELECT period, members, tables, epsilon_milli, CASE WHEN first_answer IS NULL THEN 0 ELSE 1 END,"
	    " CASE WHEN second_answer IS NULL THEN 0 ELSE 1 END, refusal, CASE WHEN never IS NULL THEN 0 ELSE 1 END FROM round ORDER BY seen_at, hash", none, &query));
	while ((err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(show_round(query, context));
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_rounds(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_open open = { 0 };
	struct rounds r = { .report = report, .list = json_array() };
	const char *period = cdr_arguments_text(arguments, "retry");
	size_t again = 0;

	CDR_TRY(cdr_trustee_open(arguments, &open, fault));
	if (period != NULL) {
		CDR_TRY(cdr_round_again_put(open.home->store, period, &again));
		if (again == 0) {
			err = cdr_fault_set(fault, CDR_E_ABSENT, "no round of %s was refused here in a way that can be taken back", period);
			goto out;
		}
		cdr_report_text(report, "The daemon looks at %zu round%s of %s again.\n", again, again == 1 ? "" : "s", period);
	}
	CDR_TRY(cdr_store_read(open.home->store, rounds_job, &r));
	if (json_array_size(r.list) == 0)
		cdr_report_text(report, "No round has reached this trustee yet.\n");
	else if (r.spent_milli > 0)
		cdr_report_text(report, "Spent of differential privacy: epsilon %.3f, for a report that counts in one cell of each table.\n",
		    (double)r.spent_milli / 1000);
	err = cdr_report_json(report, json_pack("{s:O, s:I}", "rounds", r.list, "epsilon_spent_milli", r.spent_milli));
out:
	json_decref(r.list);
	cdr_trustee_close(&open);
	return err;
}
