#include "node/hub/epoch.h"

#include <stdlib.h>
#include <string.h>

#include "audit/key_leaf.h"
#include "node/hub/log.h"
#include "node/hub/tree.h"
#include "node/net/log.h"

#define ROWS_PER_JOB 8192

/* ---- asking for one --------------------------------------------------------------------------------------------- */

struct ask_job {
	struct cdr_hub *hub;
	uint64_t now;
	uint32_t number;
	uint64_t before;
	struct cdr_fault *fault;
};

/* see node/hub/epoch.h */
cdr_err
cdr_hub_epoch_asked(struct cdr_tx *tx, const struct cdr_roster *roster, uint32_t *number, uint64_t *asked_at)
{
	const Cdr__Wire__Roster *body = roster->body;
	uint32_t next = body->n_epoch > 0 ? body->epoch[body->n_epoch - 1]->number + 1 : 0;
	int64_t at;
	cdr_err err = cdr_query_one_int(tx, "SELECT asked_at FROM epoch_asked WHERE number = $1", CDR_VALUES(cdr_value_int(next)), &at);

	*number = err == CDR_OK ? next : 0;
	*asked_at = err == CDR_OK ? (uint64_t)at : 0;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* A writing job. */
static cdr_err
ask_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct ask_job *job = context;
	struct cdr_roster *roster = NULL;

	CDR_TRY(cdr_hub_roster_read(tx, CDR_HUB_ROSTER_NEWEST, &roster, job->fault));
	if (roster->body->n_epoch == 0) {
		err = cdr_fault_set(job->fault, CDR_E_EPOCH, "there is no epoch yet: the trustees make the first key with "
		    "`candor-trustee ceremony`");
		goto out;
	}
	if (roster->body->n_epoch > 1) {
		err = cdr_fault_set(job->fault, CDR_E_EPOCH, "members still move from epoch %u to epoch %u: `candor-hub epoch status`",
		    roster->body->epoch[0]->number, roster->body->epoch[1]->number);
		goto out;
	}
	CDR_TRY(cdr_hub_epoch_asked(tx, roster, &job->number, &job->before));
	if (job->number == 0) {
		job->number = roster->body->epoch[0]->number + 1;
		CDR_TRY(cdr_query_run(tx, "INSERT INTO epoch_asked (number, asked_at) VALUES ($1, $2)",
		    CDR_VALUES(cdr_value_int(job->number), cdr_value_int((int64_t)job->now))));
	}
out:
	cdr_roster_free(roster);
	return err;
}

/* see node/hub/epoch.h */
cdr_err
cdr_hub_epoch_ask(struct cdr_hub *hub, uint64_t now, uint32_t *number, uint64_t *before, struct cdr_fault *fault)
{
	struct ask_job job = { .hub = hub, .now = now, .fault = fault };
	cdr_err err = cdr_store_write(hub->store, ask_job, &job);

	*number = err == CDR_OK ? job.number : 0;
	*before = err == CDR_OK ? job.before : 0;
	return err;
}

/* ---- in the log --------------------------------------------------------------------------------------------------- */

static cdr_err
log_leaf(struct cdr_tx *tx, struct cdr_leaf *leaf, uint64_t now)
{
	struct cdr_hub_logged logged = { 0 };

	leaf->at = now;
	cdr_err err = cdr_hub_log_append(tx, leaf, (struct cdr_bytes){ NULL, 0 }, &logged);
	cdr_hub_logged_free(&logged);
	return err;
}

/* see node/hub/epoch.h */
cdr_err
cdr_hub_epoch_log(struct cdr_tx *tx, const struct cdr_roster *roster, uint64_t now)
{
	cdr_err err = CDR_OK;
	struct cdr_roster *before = NULL;
	struct cdr_leaf leaves[CDR_KEY_EVENT_MAX];
	size_t count;

	if (roster->body->version > 0)
		err = cdr_hub_roster_read(tx, (int64_t)roster->body->version - 1, &before, NULL);
	if (err == CDR_OK)
		err = cdr_key_events(before, roster, leaves, &count);
	for (size_t i = 0; err == CDR_OK && i < count; i++)
		err = log_leaf(tx, &leaves[i], now);
	cdr_roster_free(before);
	return err;
}

/*
 * The hub says that the rows of an epoch are gone: under the roster that the log has last, which may have come into force while
 * they were being deleted.
 */
static cdr_err
log_deleted(struct cdr_tx *tx, int64_t epoch, uint64_t now)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_roster *roster = NULL;
	struct cdr_leaf leaf;
	int64_t unmoved;

	CDR_TRY(cdr_hub_roster_read(tx, CDR_HUB_ROSTER_NEWEST, &roster, NULL));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM epoch_unmoved WHERE epoch = $1", CDR_VALUES(cdr_value_int(epoch)), &unmoved));
	CDR_TRY(cdr_key_deleted_leaf(roster, CDR_KEY_TAGS, (uint32_t)epoch, (uint64_t)unmoved, &leaf));
	CDR_TRY(log_leaf(tx, &leaf, now));
out:
	cdr_roster_free(roster);
	return err;
}

/* ---- the end of one ----------------------------------------------------------------------------------------------- */

struct forget_job {
	uint64_t now;
	uint32_t oldest, newest;   /* of the roster */
	bool has_more;
	bool must_cut;             /* no row is left: they are to leave the database's log, too, before the public one says so */
	bool is_cut;
};

/* Who had people in an epoch that is over, and has none in the newest. */
static cdr_err
note_unmoved(struct cdr_tx *tx, const struct forget_job *job)
{
	return cdr_query_run(tx,
	    "INSERT INTO epoch_unmoved (epoch, member, people, noticed_at) SELECT h.epoch, h.member, h.people, $3 FROM holding h"
	    " WHERE h.epoch < $1 AND h.people > 0 AND NOT EXISTS (SELECT 1 FROM holding n WHERE n.member = h.member AND"
	    " n.epoch = $2 AND n.people > 0) AND NOT EXISTS (SELECT 1 FROM epoch_unmoved u WHERE u.epoch = h.epoch AND"
	    " u.member = h.member)",
	    CDR_VALUES(cdr_value_int(job->oldest), cdr_value_int(job->newest), cdr_value_int((int64_t)job->now)));
}

/* The first epoch of which there is something left: ${job}'s oldest if that is none before it. */
static cdr_err
find_over(struct cdr_tx *tx, const struct forget_job *job, int64_t *epoch)
{
	return cdr_query_one_int(tx, "SELECT COALESCE(MIN(epoch), $1) FROM (SELECT epoch FROM holding UNION SELECT epoch FROM"
	    " index_root UNION SELECT epoch FROM index_change UNION SELECT epoch FROM index_secret) e WHERE epoch < $1",
	    CDR_VALUES(cdr_value_int(job->oldest)), epoch);
}

/* What goes some rows at a time. */
static const char *const forgotten[] = {
	"DELETE FROM index_row WHERE (epoch, tag, type, member, handle) IN"
	" (SELECT epoch, tag, type, member, handle FROM index_row WHERE epoch = $1 LIMIT $2)",
	"DELETE FROM index_page WHERE (epoch, depth, prefix) IN"
	" (SELECT epoch, depth, prefix FROM index_page WHERE epoch = $1 LIMIT $2)",
	"DELETE FROM person WHERE (member, handle, epoch) IN"
	" (SELECT member, handle, epoch FROM person WHERE epoch = $1 LIMIT $2)",
};

/*
 * A writing job: the tags of an epoch that is over, some at a time, so that nobody waits long for the database. How many people
 * each member had is deleted last: by that it is known that something is left.
 */
static cdr_err
forget_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct forget_job *job = context;
	int64_t epoch;

	job->must_cut = false;
	job->has_more = false;
	CDR_TRY(find_over(tx, job, &epoch));
	if (epoch >= job->oldest)
		return CDR_OK;
	job->has_more = true;
	CDR_TRY(note_unmoved(tx, job));
	for (size_t i = 0; i < sizeof(forgotten) / sizeof(forgotten[0]); i++) {
		CDR_TRY(cdr_query_run(tx, forgotten[i], CDR_VALUES(cdr_value_int(epoch), cdr_value_int(ROWS_PER_JOB))));
		if (cdr_query_changed_count(tx) > 0)
			return CDR_OK;
	}
	job->must_cut = !job->is_cut;
	if (job->must_cut)
		return CDR_OK;
	job->is_cut = false;
	CDR_TRY(cdr_hub_tree_forget(tx, (uint32_t)epoch));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM holding WHERE epoch = $1", CDR_VALUES(cdr_value_int(epoch))));
	CDR_TRY(log_deleted(tx, epoch, job->now));
	cdr_log(CDR_LOG_INFO, "hub.epoch_deleted", cdr_log_int("epoch", epoch));
out:
	return err;
}

/* see node/hub/epoch.h */
cdr_err
cdr_hub_epoch_forget(struct cdr_hub *hub, uint64_t now)
{
	const struct cdr_roster *roster = cdr_hub_roster_hold(hub);
	struct forget_job job = { .now = now };
	cdr_err err = CDR_OK;

	if (roster == NULL)
		return CDR_E_STORE;
	if (roster->body->n_epoch > 0) {
		job.oldest = roster->body->epoch[0]->number;
		job.newest = roster->body->epoch[roster->body->n_epoch - 1]->number;
		do {
			err = cdr_store_write(hub->store, forget_job, &job);
			if (err == CDR_OK && job.must_cut)
				err = cdr_store_scrub_soon(hub->store);
			job.is_cut = err == CDR_OK && job.must_cut;
		} while (err == CDR_OK && job.has_more);
	}
	cdr_hub_roster_release(hub, roster);
	return err;
}

/* ---- who has moved ------------------------------------------------------------------------------------------------ */

static cdr_err
count_people(struct cdr_tx *tx, const char *member, uint32_t epoch, uint64_t *people)
{
	int64_t count;
	cdr_err err = cdr_query_one_int(tx, "SELECT people FROM holding WHERE member = $1 AND epoch = $2",
	    CDR_VALUES(cdr_value_text(member), cdr_value_int(epoch)), &count);

	*people = (uint64_t)count;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/hub/epoch.h */
cdr_err
cdr_hub_epoch_members(struct cdr_tx *tx, const struct cdr_roster *roster, struct cdr_hub_epoch_member **list, size_t *count)
{
	cdr_err err = CDR_OK;
	const Cdr__Wire__Roster *body = roster->body;
	uint32_t newest = body->n_epoch > 0 ? body->epoch[body->n_epoch - 1]->number : 0;
	uint32_t before = body->n_epoch > 1 ? body->epoch[0]->number : 0;

	*count = 0;
	*list = body->n_member > 0 ? calloc(body->n_member, sizeof(**list)) : NULL;
	if (body->n_member > 0 && *list == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < body->n_member && err == CDR_OK; i++) {
		struct cdr_hub_epoch_member *m = &(*list)[*count];

		if (!cdr_roster_member_is_active(body->member[i]))
			continue;
		(void)memccpy(m->id, body->member[i]->id, '\0', sizeof(m->id));
		err = count_people(tx, m->id, newest, &m->newest);
		if (err == CDR_OK)
			err = count_people(tx, m->id, before, &m->before);
		(*count)++;
	}
	if (err != CDR_OK) {
		free(*list);
		*list = NULL;
	}
	return err;
}
