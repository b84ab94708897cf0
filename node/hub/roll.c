#include "node/hub/roll.h"

#include <stdlib.h>
#include <string.h>

#include "node/hub/enrol.h"
#include "node/hub/proposal.h"
#include "node/net/clock.h"
#include "proto/sealing.h"

/* ---- taking what a member signed --------------------------------------------------------------------------------- */

struct roll_job {
	const struct cdr_call *call;
	const Cdr__Wire__SealingPut *put;
	const uint8_t *seed;
	struct cdr_fault *fault;
};

static cdr_err
used_number(const struct roll_job *job)
{
	return cdr_fault_set(job->fault, CDR_E_SEQUENCE, "a sealing key of that number, or a later one, is known here: take the next "
	    "number");
}

static cdr_err
too_soon(const struct roll_job *job)
{
	return cdr_fault_set(job->fault, CDR_E_BUSY, "the sealing key was changed just now: try again in an hour");
}

/* What is in force: CDR_OK with ${done} if it is this very key. */
static cdr_err
check_in_force(const struct roll_job *job, bool *done)
{
	const Cdr__Wire__Member *member = job->call->member;
	uint64_t number = member->sealing != NULL ? member->sealing->number : 0;
	uint64_t since = member->sealing != NULL ? member->sealing->made_at : member->joined_at;

	*done = number == job->put->sealing->number &&
	    memcmp(member->party->sealing_key.data, job->put->sealing_key.data, CDR_HPKE_PUBLIC_LEN) == 0;
	if (!*done && job->put->sealing->number <= number)
		return used_number(job);
	if (!*done && job->call->now < since + CDR_HUB_ROLL_SECONDS)
		return too_soon(job);
	return CDR_OK;
}

/* What waits already: CDR_OK with ${done} if it is this very key. */
static cdr_err
check_waiting(struct cdr_tx *tx, const struct roll_job *job, bool *done)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	uint64_t number, taken_at;
	uint8_t key[CDR_HPKE_PUBLIC_LEN];
	struct cdr_values values = CDR_VALUES(cdr_value_text(job->call->member->id));

	*done = false;
	CDR_TRY(cdr_query_start(tx, "SELECT number, sealing_key, taken_at FROM sealing_roll WHERE member = $1", values, &query));
	err = cdr_query_step(query);
	if (err != CDR_OK) {
		err = err == CDR_E_ABSENT ? CDR_OK : err;
		goto out;
	}
	CDR_TRY(cdr_query_count(query, 0, &number));
	CDR_TRY(cdr_query_blob(query, 1, key, sizeof(key)));
	CDR_TRY(cdr_query_count(query, 2, &taken_at));
	*done = number == job->put->sealing->number && memcmp(key, job->put->sealing_key.data, sizeof(key)) == 0;
	if (!*done && job->put->sealing->number <= number)
		err = used_number(job);
	else if (!*done && !cdr_clock_is_due(job->call->now, taken_at, CDR_HUB_ROLL_SECONDS))
		err = too_soon(job);
out:
	cdr_query_end(query);
	return err;
}

/* A writing job. */
static cdr_err
roll_write(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct roll_job *job = context;
	const Cdr__Wire__SealingKey *sealing = job->put->sealing;
	const struct cdr_value id = cdr_value_text(job->call->member->id);
	bool done;

	CDR_TRY(check_in_force(job, &done));
	if (!done)
		CDR_TRY(check_waiting(tx, job, &done));
	if (done)
		return CDR_OK;
	CDR_TRY(cdr_query_run(tx, "DELETE FROM sealing_roll WHERE member = $1", CDR_VALUES(id)));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO sealing_roll (member, number, made_at, sealing_key, signature, taken_at) VALUES ($1, $2, $3, $4, $5, $6)",
	    CDR_VALUES(id, cdr_value_int((int64_t)sealing->number), cdr_value_int((int64_t)sealing->made_at),
		cdr_value_bytes(cdr_message_bytes(job->put->sealing_key)), cdr_value_bytes(cdr_message_bytes(sealing->signature)),
		cdr_value_int((int64_t)job->call->now))));
	CDR_TRY(cdr_hub_proposal_add(tx, job->seed, job->call->now, job->fault));
	err = CDR_OK;
out:
	return err;
}

/* see node/hub/roll.h */
cdr_err
cdr_hub_roll(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	struct cdr_hub *hub = context;
	const Cdr__Wire__SealingPut *put = (const Cdr__Wire__SealingPut *)call->message;
	struct roll_job job = { call, put, hub->seed, fault };

	(void)answer;
	if (put->sealing_key.len != CDR_HPKE_PUBLIC_LEN || put->sealing->signature.len != CDR_SIGNATURE_LEN ||
	    put->sealing->number == 0 || put->sealing->number > CDR_SEALING_NUMBER_MAX ||
	    put->sealing->made_at > call->now + CDR_HUB_DAY_S)
		return cdr_fault_set(fault, CDR_E_INPUT, "a sealing key with a number, the time when it was made, and a signature is needed");
	cdr_err err = cdr_hub_check_sealing_key(put->sealing_key.data, fault);
	if (err != CDR_OK)
		return err;
	const struct cdr_sealing_claim claim = {
		.hub_key = call->roster->body->hub->signing_key.data, .member = call->member->id, .number = put->sealing->number,
		.made_at = put->sealing->made_at, .sealing_key = put->sealing_key.data,
	};
	err = cdr_sealing_verify(call->party->signing_key.data, &claim, cdr_message_bytes(put->sealing->signature));
	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "the sealing key is not signed by %s", call->member->id);
	return cdr_store_write(hub->store, roll_write, &job);
}

/* ---- into the next roster ----------------------------------------------------------------------------------------- */

struct cdr_hub_rolling {
	char member[CDR_SLUG_LEN_MAX + 1];
	uint8_t key[CDR_HPKE_PUBLIC_LEN], signature[CDR_SIGNATURE_LEN];
	uint64_t number, made_at;
	Cdr__Wire__SealingKey sealing;
	Cdr__Wire__SealingPut put;
};

static cdr_err
grow(struct cdr_hub_rolls *rolls)
{
	if (rolls->count < rolls->room)
		return CDR_OK;
	size_t room = rolls->room == 0 ? 16 : 2 * rolls->room;
	struct cdr_hub_rolling *rolling = realloc(rolls->rolling, room * sizeof(*rolling));
	if (rolling == NULL)
		return CDR_E_MEMORY;
	rolls->rolling = rolling;
	rolls->room = room;
	return CDR_OK;
}

/* One row; it counts if the roster has that member, active, with an earlier key. */
static cdr_err
read_row(struct cdr_query *query, const struct cdr_roster *before, struct cdr_hub_rolls *rolls)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(grow(rolls));
	struct cdr_hub_rolling *r = &rolls->rolling[rolls->count];
	CDR_TRY(cdr_query_text(query, 0, r->member, sizeof(r->member)));
	CDR_TRY(cdr_query_count(query, 1, &r->number));
	CDR_TRY(cdr_query_count(query, 2, &r->made_at));
	CDR_TRY(cdr_query_blob(query, 3, r->key, sizeof(r->key)));
	CDR_TRY(cdr_query_blob(query, 4, r->signature, sizeof(r->signature)));
	const Cdr__Wire__Member *present = cdr_roster_member(before, r->member);
	if (present != NULL && cdr_roster_member_is_active(present) &&
	    (present->sealing == NULL || present->sealing->number < r->number))
		rolls->count++;
	err = CDR_OK;
out:
	return err;
}

/* see node/hub/roll.h */
cdr_err
cdr_hub_rolls_read(struct cdr_tx *tx, const struct cdr_roster *before, struct cdr_hub_rolls *rolls)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	*rolls = (struct cdr_hub_rolls){ .count = 0 };
	CDR_TRY(cdr_query_start(tx,
	    "SELECT sealing_roll.member, number, made_at, sealing_key, signature FROM sealing_roll, member"
	    " WHERE member.id = sealing_roll.member AND member.status = 'active' ORDER BY sealing_roll.member",
	    CDR_VALUES(), &query));
	while ((err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(read_row(query, before, rolls));
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/hub/roll.h */
void
cdr_hub_rolls_free(struct cdr_hub_rolls *rolls)
{
	free(rolls->rolling);
	*rolls = (struct cdr_hub_rolls){ .count = 0 };
}

/* see node/hub/roll.h */
struct cdr_roster_change
cdr_hub_rolls_change(struct cdr_hub_rolls *rolls, size_t at)
{
	struct cdr_hub_rolling *r = &rolls->rolling[at];

	r->sealing = (Cdr__Wire__SealingKey)CDR__WIRE__SEALING_KEY__INIT;
	r->sealing.number = r->number;
	r->sealing.made_at = r->made_at;
	r->sealing.signature = cdr_message_field(r->signature, sizeof(r->signature));
	r->put = (Cdr__Wire__SealingPut)CDR__WIRE__SEALING_PUT__INIT;
	r->put.sealing_key = cdr_message_field(r->key, sizeof(r->key));
	r->put.sealing = &r->sealing;
	return (struct cdr_roster_change){ .kind = CDR_ROSTER_CHANGE_SEALING, .id = r->member, .sealing = &r->put };
}

/* ---- in force ------------------------------------------------------------------------------------------------------ */

static cdr_err
settle_one(struct cdr_tx *tx, const Cdr__Wire__Member *member)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer party = { 0 };
	const struct cdr_value id = cdr_value_text(member->id);

	CDR_TRY(cdr_message_encode(&member->party->base, &party));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM sealing_roll WHERE member = $1 AND number <= $2",
	    CDR_VALUES(id, cdr_value_int((int64_t)member->sealing->number))));
	CDR_TRY(cdr_query_run(tx, "UPDATE member SET party = $2 WHERE id = $1 AND signing_key = $3",
	    CDR_VALUES(id, cdr_value_bytes(cdr_buffer_bytes(&party)), cdr_value_bytes(cdr_message_bytes(member->party->signing_key)))));
	err = CDR_OK;
out:
	cdr_buffer_free(&party);
	return err;
}

/* see node/hub/roll.h */
cdr_err
cdr_hub_rolls_settle(struct cdr_tx *tx, const struct cdr_roster *before, const struct cdr_roster *roster)
{
	cdr_err err = CDR_OK;

	for (size_t i = 0; err == CDR_OK && i < roster->body->n_member; i++) {
		const Cdr__Wire__Member *member = roster->body->member[i], *former = cdr_roster_member(before, member->id);

		if (member->sealing != NULL &&
		    (former == NULL || former->sealing == NULL || former->sealing->number != member->sealing->number))
			err = settle_one(tx, member);
	}
	return err;
}
