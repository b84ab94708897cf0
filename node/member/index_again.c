#include "node/member/index_again.h"

#include <stdlib.h>
#include <string.h>

#include "audit/index_answer.h"
#include "core/crypto/secret.h"
#include "node/member/leavers.h"
#include "node/net/log.h"

#define STEP "index_again"              /* one byte: enum step; gone once it is settled */
#define CAME "index_again_came"
#define NUMBER_LEN 8
#define HANDLES_PATH "/v1/index/handles"
#define HANDLES_MAX (4U << 20)          /* more of one member nobody believes */
#define PEOPLE_PER_JOB 256              /* the database keeps what a transaction changes in memory, statement by statement */

enum step {
	STEP_LOOK = 1, /* nobody knows yet who came and went */
	STEP_REMOVE,   /* that is noted: whom the register does not know goes */
	STEP_PUT       /* they are to be removed: the others are put again */
};

/* ---- the state ---------------------------------------------------------------------------------------------------- */

/* 0: it is settled. */
static cdr_err
read_step(struct cdr_tx *tx, uint8_t *step)
{
	cdr_err err = cdr_setting_get(tx, STEP, step, 1);

	if (err != CDR_OK)
		*step = 0;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static cdr_err
write_step(struct cdr_tx *tx, uint8_t step)
{
	return cdr_setting_put(tx, STEP, &step, 1);
}

/* A reading job. */
static cdr_err
step_job(struct cdr_tx *tx, void *context)
{
	return read_step(tx, context);
}

/* see node/member/index_again.h */
cdr_err
cdr_index_again_mark(struct cdr_tx *tx)
{
	cdr_err err = CDR_E_INTERNAL;

	/* A batch that was on its way may be there, and have been taken out again: its id is not used any more. */
	CDR_TRY(cdr_query_run(tx, "DELETE FROM index_batch", CDR_VALUES()));
	CDR_TRY(cdr_query_run(tx, "UPDATE removal SET batch = NULL", CDR_VALUES()));
	/* Who waited may have come there under this handle since. */
	CDR_TRY(cdr_query_run(tx, "UPDATE leaver SET state = 'sent', batch = NULL WHERE state IN ('sent', 'waiting')", CDR_VALUES()));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM leaver_gone", CDR_VALUES()));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM setting WHERE name = '" CAME "'", CDR_VALUES()));
	CDR_TRY(write_step(tx, STEP_LOOK));
out:
	return err;
}

/* see node/member/index_again.h */
cdr_err
cdr_index_again_is_due(struct cdr_tx *tx, bool *due)
{
	uint8_t step;
	cdr_err err = read_step(tx, &step);

	*due = step != 0;
	return err;
}

/* see node/member/index_again.h */
cdr_err
cdr_index_again_settle(struct cdr_tx *tx)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t step;

	CDR_TRY(cdr_query_run(tx, "DELETE FROM leaver_gone", CDR_VALUES()));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM setting WHERE name = '" CAME "'", CDR_VALUES()));
	CDR_TRY(read_step(tx, &step));
	if (step == STEP_LOOK)
		CDR_TRY(write_step(tx, STEP_REMOVE));
out:
	return err;
}

/* see node/member/index_again.h */
cdr_err
cdr_index_again_read(struct cdr_tx *tx, struct cdr_index_again *again)
{
	uint8_t bytes[NUMBER_LEN];
	int64_t went = 0;

	*again = (struct cdr_index_again){ 0 };
	cdr_err err = cdr_setting_get(tx, CAME, bytes, sizeof(bytes));
	if (err == CDR_OK)
		again->came = cdr_number_read(bytes, sizeof(bytes));
	if (err == CDR_OK || err == CDR_E_ABSENT)
		err = cdr_query_one_int(tx, "SELECT count(*) FROM leaver WHERE id IN (SELECT leaver FROM leaver_gone)", CDR_VALUES(), &went);
	again->went = (uint64_t)went;
	return err;
}

/* ---- whom the hub has --------------------------------------------------------------------------------------------- */

/* Handles, ascending. */
struct list {
	uint8_t *handle;
	size_t count, room;
};

static bool
list_has(const struct list *list, const uint8_t *handle)
{
	size_t from = 0, to = list->count;

	while (from < to) {
		const size_t middle = from + (to - from) / 2;
		const int order = memcmp(list->handle + middle * CDR_HANDLE_LEN, handle, CDR_HANDLE_LEN);
		if (order == 0)
			return true;
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return false;
}

/* Add what one reply lists. */
static cdr_err
list_add(struct list *list, ProtobufCBinaryData handles, struct cdr_fault *fault)
{
	const size_t count = handles.len / CDR_HANDLE_LEN;

	if (handles.len % CDR_HANDLE_LEN != 0 || count > CDR_INDEX_HANDLES_MAX || list->count + count > HANDLES_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "the hub's list of whom this organisation has in the index is none");
	if (list->count + count > list->room) {
		const size_t room = 2 * (list->room + CDR_INDEX_HANDLES_MAX);
		uint8_t *grown = realloc(list->handle, room * CDR_HANDLE_LEN);
		if (grown == NULL)
			return CDR_E_MEMORY;
		list->handle = grown;
		list->room = room;
	}
	for (size_t i = 0; i < count; i++) {
		const uint8_t *next = handles.data + i * CDR_HANDLE_LEN;
		uint8_t *at = list->handle + list->count * CDR_HANDLE_LEN;
		if (list->count > 0 && memcmp(at - CDR_HANDLE_LEN, next, CDR_HANDLE_LEN) >= 0)
			return cdr_fault_set(fault, CDR_E_INPUT, "the hub's list of whom this organisation has in the index is not in its order");
		memcpy(at, next, CDR_HANDLE_LEN);
		list->count++;
	}
	return CDR_OK;
}

/* Everybody, a few thousand at a time. */
static cdr_err
ask_list(struct cdr_member *member, const struct cdr_roster *roster, struct list *list, struct cdr_fault *fault)
{
	cdr_err err;
	size_t before;

	do {
		Cdr__Wire__IndexHandles message = CDR__WIRE__INDEX_HANDLES__INIT;
		struct cdr_ask ask = {
			.path = HANDLES_PATH,
			.message = &message.base,
			.reply_type = &cdr__wire__index_handles_reply__descriptor,
			.reply_max = CDR_BODY_INDEX_HANDLES_MAX,
		};
		before = list->count;
		message.has_after = before > 0;
		if (before > 0)
			message.after = cdr_message_field(list->handle + (before - 1) * CDR_HANDLE_LEN, CDR_HANDLE_LEN);
		err = cdr_member_ask_hub(member, roster, &ask, fault);
		if (err == CDR_OK)
			err = list_add(list, ((const Cdr__Wire__IndexHandlesReply *)ask.reply)->handles, fault);
		cdr_ask_free(&ask);
	} while (err == CDR_OK && list->count - before == CDR_INDEX_HANDLES_MAX);
	return err;
}

/* ---- who came and went -------------------------------------------------------------------------------------------- */

/* A walk through what the hub has, or through what the register has of it. */
struct compared {
	const struct cdr_roster *roster;
	const struct list *list;
	size_t at;                           /* of the list: how far it is */
	uint8_t after[CDR_HANDLE_LEN];       /* of the register: the same */
	bool is_begun, has_more;
	uint64_t now, came, went;
};

/* Whether the register, or what it remembers, knows this handle. */
static cdr_err
is_known(struct cdr_tx *tx, const uint8_t *handle, bool *known)
{
	int64_t count;
	cdr_err err = cdr_query_one_int(tx,
	    "SELECT (SELECT count(*) FROM leaver WHERE handle = $1) + (SELECT count(*) FROM former_handle WHERE handle = $1)"
	    " + (SELECT count(*) FROM removal WHERE handle = $1)",
	    CDR_VALUES(cdr_value_blob(handle, CDR_HANDLE_LEN)), &count);

	*known = count > 0;
	return err;
}

/* A reading job: how many of the list nobody here knows. */
static cdr_err
came_job(struct cdr_tx *tx, void *context)
{
	struct compared *c = context;
	bool known;

	c->came = 0;
	for (size_t i = 0; i < c->list->count; i++) {
		cdr_err err = is_known(tx, c->list->handle + i * CDR_HANDLE_LEN, &known);
		if (err != CDR_OK)
			return err;
		c->came += !known;
	}
	return CDR_OK;
}

/* One handle under which somebody stood in the index when the backup was made: handle, leaver, epoch (0: the newest), expiry. */
static cdr_err
went_one(struct cdr_tx *tx, struct compared *c, struct cdr_query *query, uint8_t leaver[static CDR_ID_LEN], bool *gone)
{
	cdr_err err = CDR_E_INTERNAL;
	int64_t epoch, expiry;

	(void)tx;
	*gone = false;
	CDR_TRY(cdr_query_blob(query, 0, c->after, sizeof(c->after)));
	CDR_TRY(cdr_query_blob(query, 1, leaver, CDR_ID_LEN));
	CDR_TRY(cdr_query_int(query, 2, &epoch));
	CDR_TRY(cdr_query_int(query, 3, &expiry));
	const Cdr__Wire__Epoch *of = epoch == 0 ? NULL : cdr_roster_epoch(c->roster, (uint32_t)epoch);
	/* Of an epoch that is over, and of whoever's time may be, nothing is left to be seen. */
	*gone = (epoch == 0 || (of != NULL && c->now < of->ends_at)) && expiry > cdr_index_month(c->now) && !list_has(c->list, c->after);
out:
	return err;
}

/* A writing job: some of those who were in the index when the backup was made, and are not any more. */
static cdr_err
went_job(struct cdr_tx *tx, void *context)
{
	static const char sql[] = "SELECT handle, id, 0, expiry FROM leaver WHERE state = 'indexed' AND handle > $1 UNION ALL"
				  " SELECT former_handle.handle, leaver.id, former_handle.epoch, leaver.expiry FROM former_handle, leaver"
				  " WHERE leaver.id = former_handle.leaver AND former_handle.epoch IS NOT NULL AND former_handle.handle > $1"
				  " ORDER BY 1 LIMIT $2";
	cdr_err err = CDR_E_INTERNAL;
	struct compared *c = context;
	struct cdr_query *query = NULL;
	uint8_t leaver[PEOPLE_PER_JOB][CDR_ID_LEN], after[CDR_HANDLE_LEN];
	size_t gone = 0, rows = 0;

	memcpy(after, c->after, sizeof(after));
	CDR_TRY(cdr_query_start(tx, sql, CDR_VALUES(cdr_value_blob(after, c->is_begun ? sizeof(after) : 0), cdr_value_int(PEOPLE_PER_JOB)),
	    &query));
	while ((err = cdr_query_step(query)) == CDR_OK && rows < PEOPLE_PER_JOB) {
		bool is_gone;
		CDR_TRY(went_one(tx, c, query, leaver[gone], &is_gone));
		gone += is_gone;
		rows++;
	}
	if (err != CDR_E_ABSENT)
		goto out;
	cdr_query_end(query);
	query = NULL;
	for (size_t i = 0; i < gone; i++)
		CDR_TRY(cdr_query_run(tx,
		    "INSERT INTO leaver_gone (leaver) SELECT id FROM leaver WHERE id = $1 AND id NOT IN (SELECT leaver FROM leaver_gone)",
		    CDR_VALUES(cdr_value_blob(leaver[i], CDR_ID_LEN))));
	c->is_begun = true;
	c->has_more = rows == PEOPLE_PER_JOB;
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* A writing job: that is noted. Unless a file of leavers was imported meanwhile, which says the same better. */
static cdr_err
noted_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct compared *c = context;
	uint8_t bytes[NUMBER_LEN], step;

	CDR_TRY(read_step(tx, &step));
	if (step != STEP_LOOK)
		return cdr_index_again_settle(tx);
	cdr_number_write(c->came, bytes, sizeof(bytes));
	CDR_TRY(cdr_setting_put(tx, CAME, bytes, sizeof(bytes)));
	CDR_TRY(write_step(tx, STEP_REMOVE));
out:
	return err;
}

/* A writing job: some of those whom nobody here knows go. */
static cdr_err
remove_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_OK;
	struct compared *c = context;
	size_t removed = 0;

	for (; err == CDR_OK && c->at < c->list->count && removed < PEOPLE_PER_JOB; c->at++) {
		const uint8_t *handle = c->list->handle + c->at * CDR_HANDLE_LEN;
		bool known;
		err = is_known(tx, handle, &known);
		if (err == CDR_OK && !known) {
			err = cdr_query_run(tx, "INSERT INTO removal (handle) VALUES ($1)", CDR_VALUES(cdr_value_blob(handle, CDR_HANDLE_LEN)));
			removed++;
		}
	}
	c->has_more = c->at < c->list->count;
	return err != CDR_OK || c->has_more ? err : write_step(tx, STEP_PUT);
}

/* see node/member/index_again.h */
cdr_err
cdr_index_again_look(struct cdr_member *member, const struct cdr_roster *roster, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct list list = { 0 };
	struct compared c = { .roster = roster, .list = &list, .now = cdr_member_now() };
	uint8_t step;

	CDR_TRY(cdr_store_read(member->home->store, step_job, &step));
	if (step != STEP_LOOK && step != STEP_REMOVE)
		return CDR_OK;
	CDR_TRY(ask_list(member, roster, &list, fault));
	if (step == STEP_LOOK) {
		CDR_TRY(cdr_store_read(member->home->store, came_job, &c));
		do
			CDR_TRY(cdr_store_write(member->home->store, went_job, &c));
		while (c.has_more);
		CDR_TRY(cdr_store_write(member->home->store, noted_job, &c));
	}
	do
		CDR_TRY(cdr_store_write(member->home->store, remove_job, &c));
	while (c.has_more);
	cdr_log(CDR_LOG_INFO, "index.put_back", cdr_log_int("listed", (int64_t)list.count), cdr_log_int("unknown", (int64_t)c.came));
out:
	free(list.handle);
	return err;
}

/* ---- everybody again ---------------------------------------------------------------------------------------------- */

struct putting {
	const struct cdr_roster *roster;
	uint64_t now;
	bool has_more;
};

/* Who stands in these rows is on the way there. */
static cdr_err
mark_sent(struct cdr_tx *tx, const struct cdr_buffer *expiries, const uint8_t *batch)
{
	cdr_err err = CDR_OK;

	for (size_t at = 0; err == CDR_OK && at < expiries->len; at += CDR_INDEX_EXPIRY_LEN)
		err = cdr_query_run(tx, "UPDATE leaver SET state = 'sent', batch = $1 WHERE handle = $2 AND state = 'indexed'",
		    CDR_VALUES(cdr_value_blob(batch, CDR_ID_LEN), cdr_value_blob(expiries->data + at, CDR_HANDLE_LEN)));
	return err;
}

/* A writing job: the rows of one batch that the hub had acknowledged, as a batch of its own. */
static cdr_err
put_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct putting *p = context;
	struct cdr_query *query = NULL;
	struct cdr_buffer rows = { 0 }, expiries = { 0 };
	uint8_t kept[CDR_ID_LEN], batch[CDR_ID_LEN];
	uint64_t number;
	int64_t epoch;

	p->has_more = false;
	CDR_TRY(cdr_query_start(tx, "SELECT id, epoch, row_bytes, expiries FROM index_kept ORDER BY id LIMIT 1", CDR_VALUES(), &query));
	err = cdr_query_step(query);
	if (err != CDR_OK) {
		err = err == CDR_E_ABSENT ? CDR_OK : err;
		goto out;
	}
	CDR_TRY(cdr_query_blob(query, 0, kept, sizeof(kept)));
	CDR_TRY(cdr_query_int(query, 1, &epoch));
	CDR_TRY(cdr_query_blob_copy(query, 2, CDR_BODY_INDEX_MAX, &rows));
	CDR_TRY(cdr_query_blob_copy(query, 3, CDR_BODY_INDEX_MAX, &expiries));
	cdr_query_end(query);
	query = NULL;
	const Cdr__Wire__Epoch *of = cdr_roster_epoch(p->roster, (uint32_t)epoch);
	if (of != NULL && p->now < of->ends_at) {
		CDR_TRY(cdr_random(batch, sizeof(batch)));
		CDR_TRY(cdr_setting_next(tx, "index_batch", &number));
		CDR_TRY(cdr_query_run(tx,
		    "INSERT INTO index_batch (number, id, epoch, row_bytes, expiries, removed) VALUES ($1, $2, $3, $4, $5, $6)",
		    CDR_VALUES(cdr_value_int((int64_t)number), cdr_value_blob(batch, sizeof(batch)), cdr_value_int(epoch),
			cdr_value_bytes(cdr_buffer_bytes(&rows)), cdr_value_bytes(cdr_buffer_bytes(&expiries)),
			cdr_value_bytes((struct cdr_bytes){ NULL, 0 }))));
		CDR_TRY(mark_sent(tx, &expiries, batch));
	}
	CDR_TRY(cdr_query_run(tx, "DELETE FROM index_kept WHERE id = $1", CDR_VALUES(cdr_value_blob(kept, sizeof(kept)))));
	p->has_more = true;
	err = CDR_OK;
out:
	cdr_query_end(query);
	cdr_buffer_free(&rows);
	cdr_buffer_free(&expiries);
	return err;
}

/* A writing job: who is in no batch waits for one. The last one settles it. */
static cdr_err
wait_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct putting *p = context;

	CDR_TRY(cdr_query_run(tx,
	    "UPDATE leaver SET state = 'waiting', batch = NULL WHERE id IN (SELECT id FROM leaver WHERE state = 'indexed' OR"
	    " (state = 'sent' AND (batch IS NULL OR batch NOT IN (SELECT id FROM index_batch))) LIMIT $1)",
	    CDR_VALUES(cdr_value_int(PEOPLE_PER_JOB))));
	p->has_more = cdr_query_changed_count(tx) > 0;
	if (!p->has_more)
		CDR_TRY(cdr_query_run(tx, "DELETE FROM setting WHERE name = '" STEP "'", CDR_VALUES()));
out:
	return err;
}

/* A reading job: whether it is time. Whom the register does not know makes room first: the hub counts everybody against the quota. */
static cdr_err
is_time_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	bool *is_time = context;
	uint8_t step;
	int64_t left;

	CDR_TRY(read_step(tx, &step));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM removal WHERE batch IS NULL AND handle NOT IN (SELECT handle FROM former_handle)",
	    CDR_VALUES(), &left));
	*is_time = step == STEP_PUT && left == 0;
out:
	return err;
}

/* see node/member/index_again.h */
cdr_err
cdr_index_again_put(struct cdr_member *member, const struct cdr_roster *roster)
{
	cdr_err err = CDR_E_INTERNAL;
	struct putting p = { .roster = roster, .now = cdr_member_now() };
	bool is_time = false;

	CDR_TRY(cdr_store_read(member->home->store, is_time_job, &is_time));
	if (!is_time)
		return CDR_OK;
	do
		CDR_TRY(cdr_store_write(member->home->store, put_job, &p));
	while (p.has_more);
	do
		CDR_TRY(cdr_store_write(member->home->store, wait_job, &p));
	while (p.has_more);
	cdr_log(CDR_LOG_INFO, "index.put_again");
out:
	return err;
}

/* ---- who has to be looked at -------------------------------------------------------------------------------------- */

struct each {
	struct cdr_member *member;
	cdr_index_again_callback *callback;
	void *context;
};

/* One row: id, sealed. */
static cdr_err
each_row(struct cdr_query *query, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct each *each = context;
	struct cdr_leaver leaver = { 0 };
	struct cdr_bytes sealed;
	uint8_t id[CDR_ID_LEN];

	CDR_TRY(cdr_query_blob(query, 0, id, sizeof(id)));
	CDR_TRY(cdr_query_blob_peek(query, 1, CDR_LEAVER_PACK_MAX + CDR_SEAL_OVERHEAD, &sealed));
	CDR_TRY(cdr_leavers_open(each->member, id, sealed, &leaver));
	CDR_TRY(each->callback(&leaver, each->context));
out:
	cdr_wipe(&leaver, sizeof(leaver));
	return err;
}

/* A reading job. */
static cdr_err
each_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_each(tx, "SELECT id, sealed FROM leaver WHERE id IN (SELECT leaver FROM leaver_gone) ORDER BY id", CDR_VALUES(), each_row,
	    context);
}

/* see node/member/index_again.h */
cdr_err
cdr_index_again_each(struct cdr_member *member, cdr_index_again_callback *callback, void *context)
{
	struct each each = { member, callback, context };

	return cdr_store_read(member->home->store, each_job, &each);
}
