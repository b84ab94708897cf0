#include "node/trustee/query_opening.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/query_opening.h"
#include "core/crypto/secret.h"
#include "core/identity/token.h"
#include "node/net/log.h"
#include "node/store/scrub.h"
#include "node/trustee/recover.h"
#include "node/trustee/sample_late.h"

#define BODY_LEN_MAX 256
#define OPEN_COLUMNS "number, sample, position, point, member, purpose, due_at, state, reason, changed_at, posted, length(opening)"

/* Columns OPEN_COLUMNS of a row. */
static cdr_err
read_row(struct cdr_query *query, struct cdr_trustee_drawn *d)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t len;

	CDR_TRY(cdr_query_count(query, 0, &d->number));
	CDR_TRY(cdr_query_count(query, 1, &d->sample));
	CDR_TRY(cdr_query_count(query, 2, &d->position));
	CDR_TRY(cdr_query_count(query, 3, &d->point));
	CDR_TRY(cdr_query_text(query, 4, d->member, sizeof(d->member)));
	CDR_TRY(cdr_query_text(query, 5, d->purpose, sizeof(d->purpose)));
	CDR_TRY(cdr_query_count(query, 6, &d->due_at));
	CDR_TRY(cdr_query_text(query, 7, d->state, sizeof(d->state)));
	CDR_TRY(cdr_query_text(query, 8, d->reason, sizeof(d->reason)));
	CDR_TRY(cdr_query_count(query, 9, &d->changed_at));
	CDR_TRY(cdr_query_text(query, 10, d->posted, sizeof(d->posted)));
	CDR_TRY(cdr_query_count(query, 11, &len));
	d->has_opening = len > 0;
out:
	return err;
}

/* ---- an opening comes ---------------------------------------------------------------------------------------------- */

/* An opening on its way in. */
struct opening {
	struct cdr_trustee *trustee;
	const struct cdr_call *call;
	const Cdr__Wire__OpeningPut *put;
	struct cdr_sample sample;
	struct cdr_trustee_drawn drawn;
	uint8_t hash[CDR_MERKLE_HASH_LEN];   /* of the leaf that this trustee saw there */
	struct cdr_buffer body;              /* and the request that it counted */
	enum cdr_sample_outcome outcome;
	char reason[CDR_FAULT_LEN];
};

/* A reading job: what is drawn there, and what stands there. */
static cdr_err
find_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct opening *o = context;
	struct cdr_query *query = NULL;
	const struct cdr_value position = cdr_value_int((int64_t)o->put->position);
	const struct cdr_value member = cdr_value_text(o->call->member->id);
	const struct cdr_values key = CDR_VALUES(cdr_value_int((int64_t)o->put->sample), position, cdr_value_int(o->put->point), member);

	CDR_TRY(cdr_trustee_sample_find(tx, o->put->sample, &o->sample));
	CDR_TRY(cdr_query_start(tx, "SELECT " OPEN_COLUMNS " FROM drawn WHERE sample = $1 AND position = $2 AND point = $3 AND member = $4",
	    key, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(read_row(query, &o->drawn));
	cdr_query_end(query);
	query = NULL;
	const struct cdr_values place = CDR_VALUES(position, member);
	CDR_TRY(cdr_query_start(tx, "SELECT hash, body FROM evaluation WHERE place = $1 AND member = $2", place, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob(query, 0, o->hash, sizeof(o->hash)));
	CDR_TRY(cdr_query_blob_copy(query, 1, BODY_LEN_MAX, &o->body));
out:
	cdr_query_end(query);
	return err;
}

/* A writing job. Nothing of what a person has judged changes any more. */
static cdr_err
write_job(struct cdr_tx *tx, void *context)
{
	const struct opening *o = context;
	bool holds = o->outcome == CDR_SAMPLE_OPENED, is_false = o->outcome == CDR_SAMPLE_FALSE;

	return cdr_query_run(tx,
	    "UPDATE drawn SET state = $1, reason = $2, changed_at = $3, opening = $4, evidence = $5 WHERE number = $6"
	    " AND state IN ('asked', 'late', 'refused', 'false')",
	    CDR_VALUES(cdr_value_text(cdr_sample_outcome_name(o->outcome)), cdr_value_text(o->reason),
		cdr_value_int((int64_t)o->call->now),
		holds ? cdr_value_bytes(cdr_message_bytes(o->put->sealed)) : cdr_value_blob(NULL, 0),
		is_false ? cdr_value_bytes(o->call->request) : cdr_value_blob(NULL, 0), cdr_value_int((int64_t)o->drawn.number)));
}

/* ---- rosters of then ----------------------------------------------------------------------------------------------- */

/* The roster by whose name tables an evaluation is judged, where ours does not name its epoch any more. */
struct naming {
	uint32_t epoch;
	uint64_t version;            /* of ours */
	struct cdr_roster *roster;   /* the last one that named the epoch, or an earlier one; NULL: none is kept */
};

/* A reading job. Epochs come and go in their order, so the last roster that did not come after this one is found by halves. */
static cdr_err
naming_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_OK;
	struct naming *n = context;
	uint64_t from = 0, to = n->version;

	while (from < to) {
		const uint64_t middle = from + (to - from) / 2;
		struct cdr_roster *roster;

		err = cdr_trustee_roster_query(tx, "SELECT signed FROM roster WHERE version <= $1 ORDER BY version DESC LIMIT 1",
		    CDR_VALUES(cdr_value_int((int64_t)middle)), &roster);
		if (err != CDR_OK)
			return err;
		if (roster->body->n_epoch > 0 && roster->body->epoch[0]->number > n->epoch) {
			to = roster->body->version;
			cdr_roster_free(roster);
		} else {
			cdr_roster_free(n->roster);
			n->roster = roster;
			from = middle + 1;
		}
	}
	return CDR_OK;
}

/* What was evaluated in the last weeks of an epoch is drawn and shown when it is over. ${n}'s roster stays NULL where the one in force will do. */
static cdr_err
find_roster(const struct opening *o, struct naming *n)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__EvaluateRequest *request;

	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__evaluate_request__descriptor, cdr_buffer_bytes(&o->body), &request));
	n->epoch = request->epoch;
	n->version = o->call->roster->body->version;
	if (cdr_roster_epoch(o->call->roster, n->epoch) == NULL)
		CDR_TRY(cdr_store_read(o->trustee->home->store, naming_job, n));
	err = CDR_OK;
out:
	cdr_arena_free(&arena);
	return err;
}

/* Whether this program has the name tables of the epoch, as ${roster} names them. */
static cdr_err
can_judge(uint32_t epoch, const struct cdr_roster *roster, bool *can)
{
	struct cdr_scheme scheme;
	const Cdr__Wire__Epoch *named = cdr_roster_epoch(roster, epoch);
	cdr_err err = named == NULL ? CDR_E_EPOCH : cdr_scheme_current(epoch, &scheme);

	*can = err == CDR_OK && named->scheme_version.len == sizeof(scheme.version) &&
	    memcmp(scheme.version, named->scheme_version.data, sizeof(scheme.version)) == 0;
	return err == CDR_E_MEMORY || err == CDR_E_INTERNAL ? err : CDR_OK;
}

/* A writing job: it was shown, and this trustee cannot tell. The member is not late for that: its time begins anew. */
static cdr_err
begin_anew_job(struct cdr_tx *tx, void *context)
{
	const struct opening *o = context;

	return cdr_query_run(tx, "UPDATE drawn SET runs_from = $1 WHERE number = $2 AND state = 'asked' AND runs_from > 0 AND runs_from < $1",
	    CDR_VALUES(cdr_value_int((int64_t)o->call->now), cdr_value_int((int64_t)o->drawn.number)));
}

static cdr_err
cannot_tell(struct opening *o, uint32_t epoch, struct cdr_fault *fault)
{
	cdr_err err = cdr_store_write(o->trustee->home->store, begin_anew_job, o);

	return err != CDR_OK ? err : cdr_fault_set(fault, CDR_E_REFUSED, "this trustee has not the name tables of epoch %" PRIu32 ", and cannot tell what it is "
	    "shown. Nothing is late for that; its operator has to install the program of that epoch", epoch);
}

/* Verify what is shown; what is wrong with it goes into ${o}. */
static cdr_err
look(struct opening *o, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 };
	struct cdr_fault wrong = { CDR_OK, "" };
	const Cdr__Wire__Opening *opening;
	const char *member = o->call->member->id;
	struct cdr_query_opening_shown *shown = calloc(1, sizeof(*shown));
	struct naming naming = { .roster = NULL };
	bool can;

	if (shown == NULL)
		return CDR_E_MEMORY;
	err = cdr_query_opening_open(o->put, o->trustee->home->keys->sealing, o->trustee->genesis, member, &arena, &opening);
	if (err == CDR_E_SEALED)
		cdr_fault_set(fault, err, "it does not open: is it sealed to this trustee's key?");
	if (err != CDR_OK)
		goto out;
	CDR_TRY(find_roster(o, &naming));
	const struct cdr_roster *roster = naming.roster != NULL ? naming.roster : o->call->roster;
	CDR_TRY(can_judge(naming.epoch, roster, &can));
	if (!can) {
		err = cannot_tell(o, naming.epoch, fault);
		goto out;
	}
	err = cdr_query_opening_verify(opening, member, &o->sample, roster, shown, &wrong);
	if (err == CDR_OK && (memcmp(shown->hash, o->hash, sizeof(o->hash)) != 0 || opening->request.len != o->body.len ||
		memcmp(opening->request.data, o->body.data, o->body.len) != 0))
		err = cdr_fault_set(&wrong, CDR_E_PROOF, "it is not the evaluation that this trustee saw at that place");
	o->outcome = err == CDR_OK ? CDR_SAMPLE_OPENED : CDR_SAMPLE_FALSE;
	if (err == CDR_E_PROOF) {
		(void)memccpy(o->reason, wrong.text, '\0', sizeof(o->reason));
		cdr_log(CDR_LOG_WARNING, "sample.false_opening", cdr_log_text("member", member),
		    cdr_log_int("position", (int64_t)o->put->position), cdr_log_text("why", o->reason));
		err = CDR_OK;
	} else if (err != CDR_OK && fault != NULL) {
		*fault = wrong;
	}
out:
	cdr_roster_free(naming.roster);
	cdr_arena_free(&arena);
	cdr_wipe(shown, sizeof(*shown));
	free(shown);
	return err;
}

/* see node/trustee/query_opening.h */
cdr_err
cdr_trustee_sample_open(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee *trustee = context;
	struct opening o = { .trustee = trustee, .call = call, .put = (const Cdr__Wire__OpeningPut *)call->message };
	Cdr__Wire__OpeningReply reply = CDR__WIRE__OPENING_REPLY__INIT;
	char outcome[16];

	if (o.put->has_sealed == (o.put->refusal != NULL) || (o.put->refusal != NULL && !cdr_query_opening_refusal_valid(o.put->refusal)) ||
	    o.put->sample > INT64_MAX || o.put->position > INT64_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "it is neither an opening nor a refusal");
	err = cdr_store_read(trustee->home->store, find_job, &o);
	if (err == CDR_E_ABSENT)
		cdr_fault_set(fault, err, "nothing of %s is drawn there for this trustee, as far as it has seen the log", call->member->id);
	if (err != CDR_OK)
		goto out;
	o.outcome = cdr_sample_outcome_find(o.drawn.state);
	if (o.outcome != CDR_SAMPLE_OPENED && o.outcome != CDR_SAMPLE_BACKED && o.outcome != CDR_SAMPLE_UNBACKED) {
		if (o.put->has_sealed) {
			CDR_TRY(look(&o, fault));
		} else {
			o.outcome = CDR_SAMPLE_REFUSED;
			(void)memccpy(o.reason, o.put->refusal, '\0', sizeof(o.reason));
		}
		CDR_TRY(cdr_store_write(trustee->home->store, write_job, &o));
	}
	(void)memccpy(outcome, cdr_sample_outcome_name(o.outcome), '\0', sizeof(outcome));
	reply.outcome = outcome;
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
out:
	cdr_buffer_free(&o.body);
	return err;
}

/* ---- what is due --------------------------------------------------------------------------------------------------- */

/* see node/trustee/query_opening.h */
cdr_err
cdr_trustee_openings_destroy(struct cdr_tx *tx, uint64_t before)
{
	cdr_err err = cdr_query_run(tx, "UPDATE drawn SET opening = $1, evidence = $1 WHERE changed_at < $2 AND"
	    " length(opening) + length(evidence) > 0",
	    CDR_VALUES(cdr_value_blob(NULL, 0), cdr_value_int((int64_t)before)));

	return err == CDR_OK ? cdr_scrub_want_changed(tx) : err;
}

/* A writing job: what was shown and was not judged. */
static cdr_err
forget_job(struct cdr_tx *tx, void *context)
{
	const uint64_t *now = context;

	return *now < CDR_TRUSTEE_OPENING_KEEP_S ? CDR_OK : cdr_trustee_openings_destroy(tx, *now - CDR_TRUSTEE_OPENING_KEEP_S);
}

struct expiring {
	const struct cdr_roster *roster;
	uint64_t now;
};

/* A writing job: nothing came in time. */
static cdr_err
expire_job(struct cdr_tx *tx, void *context)
{
	const struct expiring *e = context;

	return cdr_trustee_sample_late(tx, e->roster, e->now);
}

#define UNWELCOME_S 3600 /* so long a finding that the hub did not take is not told again */

struct posting {
	struct cdr_trustee_drawn drawn;
	const struct cdr_roster *roster;
	uint64_t after;
	bool found;
	bool is_unwelcome;   /* the hub answered that it does not take it */
};

/* A reading job: the first thing behind number ${after} that the log does not have yet. */
static cdr_err
next_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct posting *p = context;
	struct cdr_query *query = NULL;
	const struct cdr_values after = CDR_VALUES(cdr_value_int((int64_t)p->after));

	p->found = false;
	CDR_TRY(cdr_query_start(tx, "SELECT " OPEN_COLUMNS " FROM drawn WHERE posted <> state AND number > $1 ORDER BY number LIMIT 1", after,
	    &query));
	err = cdr_query_step(query);
	if (err == CDR_OK) {
		err = read_row(query, &p->drawn);
		p->found = err == CDR_OK;
	} else if (err == CDR_E_ABSENT) {
		err = CDR_OK;
	}
out:
	cdr_query_end(query);
	return err;
}

/* A writing job: it stands in the log; what is asked there now waits for its answer. */
static cdr_err
posted_job(struct cdr_tx *tx, void *context)
{
	const struct posting *p = context;
	cdr_err err = cdr_query_run(tx, "UPDATE drawn SET posted = $1 WHERE number = $2",
	    CDR_VALUES(cdr_value_text(p->drawn.state), cdr_value_int((int64_t)p->drawn.number)));

	if (err == CDR_OK && strcmp(p->drawn.state, cdr_sample_outcome_name(CDR_SAMPLE_ASKED)) == 0)
		err = cdr_trustee_sample_asked(tx, p->roster, p->drawn.number, cdr_trustee_now());
	return err;
}

static cdr_err
post(struct cdr_trustee *trustee, struct posting *p, struct cdr_fault *fault)
{
	Cdr__Wire__Verdict verdict = CDR__WIRE__VERDICT__INIT;
	struct cdr_ask ask = { .path = CDR_SAMPLE_VERDICT_PATH, .message = &verdict.base, .reply_type = &cdr__wire__logged__descriptor };

	verdict.sample = p->drawn.sample;
	verdict.position = p->drawn.position;
	verdict.point = (uint32_t)p->drawn.point;
	verdict.member = p->drawn.member;
	verdict.purpose = p->drawn.purpose;
	verdict.outcome = p->drawn.state;
	verdict.at = p->drawn.changed_at;
	cdr_err err = cdr_trustee_ask(trustee, p->roster, &ask);
	p->is_unwelcome = err != CDR_OK && err != CDR_E_BUSY && ask.answered;
	if (err != CDR_OK && fault != NULL)
		*fault = ask.fault;
	if (err == CDR_OK)
		err = cdr_store_write(trustee->home->store, posted_job, p);
	cdr_ask_free(&ask);
	return err;
}

static bool
is_unwelcome(const struct cdr_trustee *trustee, uint64_t number)
{
	for (size_t i = 0; i < trustee->unwelcome.count; i++)
		if (trustee->unwelcome.number[i] == number)
			return true;
	return false;
}

static void
note_unwelcome(struct cdr_trustee *trustee, uint64_t number, uint64_t now)
{
	if (trustee->unwelcome.count == CDR_TRUSTEE_UNWELCOME_MAX)
		return;
	if (trustee->unwelcome.count == 0)
		trustee->unwelcome.since = now;
	trustee->unwelcome.number[trustee->unwelcome.count++] = number;
}

/* Tell all that is to be told. One that the hub does not take, such as of a leaf that it has erased, stands in no other's way. */
static cdr_err
post_all(struct cdr_trustee *trustee, const struct cdr_roster *roster, uint64_t now, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL, refused = CDR_OK;
	struct posting p = { .roster = roster };

	if (now < trustee->unwelcome.since || now >= trustee->unwelcome.since + UNWELCOME_S)
		trustee->unwelcome.count = 0;
	for (;; p.after = p.drawn.number) {
		CDR_TRY(cdr_store_read(trustee->home->store, next_job, &p));
		if (!p.found)
			break;
		if (is_unwelcome(trustee, p.drawn.number))
			continue;
		err = post(trustee, &p, fault);
		if (err != CDR_OK && !p.is_unwelcome)
			goto out;
		if (err != CDR_OK) {
			note_unwelcome(trustee, p.drawn.number, now);
			refused = err;
		}
	}
	err = refused;
out:
	return err;
}

/* see node/trustee/query_opening.h */
cdr_err
cdr_trustee_sample_step(struct cdr_trustee *trustee, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t now = cdr_trustee_now();

	err = cdr_store_write(trustee->home->store, forget_job, &now);
	if (err != CDR_OK || cdr_trustee_recovered(trustee, NULL) != CDR_OK)
		return err;
	const struct cdr_roster *roster = cdr_current_hold(trustee->current);
	struct expiring expiring = { roster, now };
	CDR_TRY(cdr_store_write(trustee->home->store, expire_job, &expiring));
	CDR_TRY(post_all(trustee, roster, expiring.now, fault));
out:
	cdr_current_release(trustee->current, roster);
	return err;
}

/* ---- people -------------------------------------------------------------------------------------------------------- */

struct listing {
	void (*each)(void *context, const struct cdr_trustee_drawn *drawn);
	void *context;
};

static cdr_err
list_one(struct cdr_query *query, void *context)
{
	const struct listing *l = context;
	struct cdr_trustee_drawn drawn;

	cdr_err err = read_row(query, &drawn);
	if (err == CDR_OK)
		l->each(l->context, &drawn);
	return err;
}

/* A reading job. */
static cdr_err
list_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_each(tx, "SELECT " OPEN_COLUMNS " FROM drawn ORDER BY number", CDR_VALUES(), list_one, context);
}

/* see node/trustee/query_opening.h */
cdr_err
cdr_trustee_drawn_list(struct cdr_trustee *trustee, void (*each)(void *context, const struct cdr_trustee_drawn *drawn),
    void *context)
{
	struct listing l = { each, context };

	return cdr_store_read(trustee->home->store, list_job, &l);
}

struct reading {
	uint64_t number;
	struct cdr_trustee_drawn *drawn;
	struct cdr_buffer sealed;
};

/* A reading job. */
static cdr_err
read_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct reading *r = context;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int(r->number <= INT64_MAX ? (int64_t)r->number : 0));

	CDR_TRY(cdr_query_start(tx, "SELECT " OPEN_COLUMNS ", opening FROM drawn WHERE number = $1", values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(read_row(query, r->drawn));
	CDR_TRY(cdr_query_blob_copy(query, 12, CDR_OPENING_SEALED_MAX, &r->sealed));
out:
	cdr_query_end(query);
	return err;
}

/* see node/trustee/query_opening.h */
cdr_err
cdr_trustee_drawn_open(struct cdr_trustee *trustee, uint64_t number, struct cdr_trustee_drawn *drawn, struct cdr_arena *arena,
    const Cdr__Wire__Opening **opening, struct cdr_fault *fault)
{
	struct reading r = { .number = number, .drawn = drawn };
	Cdr__Wire__OpeningPut put = CDR__WIRE__OPENING_PUT__INIT;

	cdr_err err = cdr_store_read(trustee->home->store, read_job, &r);
	if (err == CDR_E_ABSENT)
		cdr_fault_set(fault, err, "nothing of number %" PRIu64 " is drawn for this trustee: `audit list` shows what is", number);
	if (err == CDR_OK && r.sealed.len == 0)
		err = cdr_fault_set(fault, CDR_E_ABSENT, "nothing was shown, or it was judged and destroyed");
	if (err == CDR_OK) {
		put.sample = drawn->sample;
		put.position = drawn->position;
		put.point = (uint32_t)drawn->point;
		put.has_sealed = true;
		put.sealed = cdr_message_field(r.sealed.data, r.sealed.len);
		err = cdr_query_opening_open(&put, trustee->home->keys->sealing, trustee->genesis, drawn->member, arena, opening);
	}
	cdr_buffer_free(&r.sealed);
	return err;
}

struct judging {
	uint64_t number, now;
	bool backed, is_shown;
};

/* A writing job. */
static cdr_err
judge_job(struct cdr_tx *tx, void *context)
{
	struct judging *j = context;
	cdr_err err = cdr_query_run(tx,
	    "UPDATE drawn SET state = $1, changed_at = $2, opening = $3 WHERE number = $4 AND state IN ('opened', 'backed', 'unbacked')",
	    CDR_VALUES(cdr_value_text(cdr_sample_outcome_name(j->backed ? CDR_SAMPLE_BACKED : CDR_SAMPLE_UNBACKED)),
		cdr_value_int((int64_t)j->now), cdr_value_blob(NULL, 0),
		cdr_value_int(j->number <= INT64_MAX ? (int64_t)j->number : 0)));

	j->is_shown = err == CDR_OK && cdr_query_changed_count(tx) == 1;
	return err == CDR_OK ? cdr_scrub_want_changed(tx) : err;
}

/* see node/trustee/query_opening.h */
cdr_err
cdr_trustee_drawn_judge(struct cdr_trustee *trustee, uint64_t number, bool backed, struct cdr_fault *fault)
{
	struct judging j = { .number = number, .now = cdr_trustee_now(), .backed = backed };
	cdr_err err = cdr_store_write(trustee->home->store, judge_job, &j);

	return err == CDR_OK && !j.is_shown ?
	    cdr_fault_set(fault, CDR_E_REFUSED, "under number %" PRIu64 " nothing was shown that could be judged", number) : err;
}
