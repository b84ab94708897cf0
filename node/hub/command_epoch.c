#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "node/hub/command.h"
#include "node/hub/epoch.h"

static void
write_day(uint64_t seconds, char out[static 16])
{
	time_t at = (time_t)seconds;
	struct tm date;

	out[0] = '\0';
	if (gmtime_r(&at, &date) != NULL)
		(void)strftime(out, 16, "%Y-%m-%d", &date);
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_epoch_new(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_open open;
	uint32_t number;
	uint64_t now = cdr_hub_now(), before;
	char day[16];

	CDR_TRY(cdr_hub_open_to_change(arguments, &open, fault));
	CDR_TRY(cdr_hub_epoch_ask(open.hub, now, &number, &before, fault));
	write_day(before, day);
	cdr_report_text(report, "Epoch %" PRIu32 " %s%s%s. Trustees do not follow a hub that wants a key before its time: tell their operators. Next:\nthey "
	    "run `candor-trustee ceremony`, all at the same time. Then members move by themselves within 60 days:\n`candor-hub epoch status`.\n",
	    number, before != 0 ? "was asked for on " : "is asked for", before != 0 ? day : "", before != 0 ? " already" : "");
	err = cdr_report_json(report, json_pack("{s:i, s:I, s:b}", "asked", (int)number, "asked_at", (json_int_t)(before != 0 ? before : now), "again",
	    before != 0));
out:
	cdr_hub_close(&open);
	return err;
}

struct status_job {
	struct cdr_roster *roster;
	struct cdr_hub_epoch_member *member;
	size_t member_count;
	uint32_t asked;          /* the epoch that was asked for and is not there yet; 0: none */
	uint64_t asked_at;
	json_t *unmoved;
};

/* A reading job. */
static cdr_err
status_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct status_job *job = context;
	struct cdr_query *query = NULL;
	const struct cdr_values none = CDR_VALUES();
	char member[CDR_SLUG_LEN_MAX + 1];
	int64_t epoch, people;

	CDR_TRY(cdr_hub_roster_read(tx, CDR_HUB_ROSTER_NEWEST, &job->roster, NULL));
	CDR_TRY(cdr_hub_epoch_asked(tx, job->roster, &job->asked, &job->asked_at));
	CDR_TRY(cdr_hub_epoch_members(tx, job->roster, &job->member, &job->member_count));
	CDR_TRY(cdr_query_start(tx, "SELECT epoch, member, people FROM epoch_unmoved ORDER BY epoch, member", none, &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_int(query, 0, &epoch));
		CDR_TRY(cdr_query_text(query, 1, member, sizeof(member)));
		CDR_TRY(cdr_query_int(query, 2, &people));
		if (json_array_append_new(job->unmoved, json_pack("{s:I, s:s, s:I}", "epoch", (json_int_t)epoch, "member", member,
		    "people", (json_int_t)people)) != 0) {
			err = CDR_E_MEMORY;
			goto out;
		}
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* The keys in force and their times. */
static json_t *
list_keys(const struct cdr_roster *roster, struct cdr_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < cdr_roster_key_count(roster->body); i++) {
		const struct cdr_roster_key key = cdr_roster_key_at(roster->body, i);
		char from[16], to[16];

		write_day(key.starts_at, from);
		write_day(key.ends_at, to);
		cdr_report_text(report, "%s key %" PRIu32 ": %s to %s\n", cdr_key_kind_name(key.kind), key.number, from, to);
		if (list != NULL)
			(void)json_array_append_new(list, json_pack("{s:s, s:i, s:I, s:I}", "kind", cdr_key_kind_name(key.kind), "number",
			    (int)key.number, "starts_at", (json_int_t)key.starts_at, "ends_at", (json_int_t)key.ends_at));
	}
	return list;
}

/* Who has people in the epoch before and none in the newest comes first in what a person has to do. */
static json_t *
list_members(const struct status_job *job, struct cdr_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < job->member_count; i++) {
		const struct cdr_hub_epoch_member *m = &job->member[i];
		bool has_moved = m->before == 0 || m->newest > 0;

		cdr_report_text(report, "  %-32s %8" PRIu64 " before, %8" PRIu64 " in the newest%s\n", m->id, m->before, m->newest,
		    has_moved ? "" : "  HAS NOT MOVED");
		if (list != NULL)
			(void)json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:b}", "member", m->id, "before",
			    (json_int_t)m->before, "newest", (json_int_t)m->newest, "moved", has_moved));
	}
	return list;
}

/* What was asked for and waits for the trustees; null if nothing does. */
static json_t *
show_asked(const struct status_job *job, struct cdr_report *report)
{
	char day[16];

	if (job->asked == 0)
		return json_null();
	write_day(job->asked_at, day);
	cdr_report_text(report, "Epoch %" PRIu32 " was asked for on %s and is not there yet: it comes when the trustees run `candor-trustee ceremony`, all at the\n"
	    "same time. Tell their operators.\n", job->asked, day);
	return json_pack("{s:i, s:I}", "number", (int)job->asked, "asked_at", (json_int_t)job->asked_at);
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_epoch_status(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_open open;
	struct status_job job = { .unmoved = json_array() };
	json_t *keys, *members, *asked, *entry;
	size_t i;

	CDR_TRY(cdr_hub_open(arguments, &open, fault));
	CDR_TRY(cdr_store_read(open.home->store, status_job, &job));
	keys = list_keys(job.roster, report);
	asked = show_asked(&job, report);
	members = list_members(&job, report);
	json_array_foreach(job.unmoved, i, entry) {
		cdr_report_text(report, "%s never moved from epoch %lld, which is over: none of its leavers is found until its node runs\n",
		    json_string_value(json_object_get(entry, "member")),
		    (long long)json_integer_value(json_object_get(entry, "epoch")));
	}
	err = cdr_report_json(report, json_pack("{s:o, s:o, s:o, s:O}", "keys", keys, "asked", asked, "members", members, "unmoved",
	    job.unmoved));
out:
	json_decref(job.unmoved);
	free(job.member);
	cdr_roster_free(job.roster);
	cdr_hub_close(&open);
	return err;
}
