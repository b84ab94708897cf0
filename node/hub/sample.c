#include "node/hub/sample.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/sample.h"
#include "node/hub/log.h"
#include "node/net/clock.h"
#include "node/net/log.h"

#define SHARE_PATH "/v1/sample/share"

/* ---- the sample that is being made --------------------------------------------------------------------------------- */

/* A sample on its way. */
struct making {
	struct cdr_hub *hub;
	const struct cdr_hub_line *line;
	const struct cdr_roster *roster;
	uint64_t now;
	struct cdr_fault *fault;
	bool is_begun, is_due;          /* its basis stands; there is one to begin */
	struct cdr_sample_basis basis;
	struct cdr_buffer note;         /* of the checkpoint */
	uint64_t reach;                 /* a basis is at least so long: it has the evaluation in it that has waited longest */
	uint64_t roster_version;        /* whose trustees cosigned it; 0: of old, not noted */
	uint64_t tried_at;
	uint64_t logged_size;           /* of the log with the last lot in it; 0: there is none */
	struct cdr_buffer lot;
	struct cdr_sample sample;
};

/* The last row of the table. */
struct last {
	uint64_t number, size, logged_at, logged;
	bool is_open;                   /* its lot is not made yet */
};

static cdr_err
read_last(struct cdr_tx *tx, struct last *last)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values none = CDR_VALUES();

	*last = (struct last){ 0 };
	CDR_TRY(cdr_query_start(tx, "SELECT number, size, logged_at, logged FROM sample ORDER BY number DESC LIMIT 1", none, &query));
	err = cdr_query_step(query);
	if (err == CDR_OK) {
		CDR_TRY(cdr_query_count(query, 0, &last->number));
		CDR_TRY(cdr_query_count(query, 1, &last->size));
		last->is_open = cdr_query_is_null(query, 2);
		if (!last->is_open) {
			CDR_TRY(cdr_query_count(query, 2, &last->logged_at));
			CDR_TRY(cdr_query_count(query, 3, &last->logged));
		}
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
read_basis(struct cdr_tx *tx, struct making *m, uint64_t number)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int((int64_t)number));
	uint64_t key, trustees;

	CDR_TRY(cdr_query_start(tx, "SELECT from_place, size, root, key_number, trustees, note, made_at, roster_version FROM sample WHERE number = $1",
	    values, &query));
	CDR_TRY(cdr_query_step(query));
	m->basis.number = number;
	CDR_TRY(cdr_query_count(query, 0, &m->basis.from));
	CDR_TRY(cdr_query_count(query, 1, &m->basis.size));
	CDR_TRY(cdr_query_blob(query, 2, m->basis.root, sizeof(m->basis.root)));
	CDR_TRY(cdr_query_count(query, 3, &key));
	CDR_TRY(cdr_query_count(query, 4, &trustees));
	CDR_TRY(cdr_query_blob_copy(query, 5, CDR_CHECKPOINT_LEN_MAX, &m->note));
	CDR_TRY(cdr_query_count(query, 6, &m->tried_at));
	CDR_TRY(cdr_query_count(query, 7, &m->roster_version));
	m->basis.key = (uint32_t)key;
	m->basis.trustee_count = (uint32_t)trustees;
	m->is_begun = true;
out:
	cdr_query_end(query);
	return err;
}

/* A reading job: what was begun, or whether one is to be begun. */
static cdr_err
look_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct making *m = context;
	struct last last;
	int64_t first, founded;

	CDR_TRY(read_last(tx, &last));
	if (last.is_open) {
		CDR_TRY(read_basis(tx, m, last.number));
		m->reach = m->basis.from + 1;
		return CDR_OK;
	}
	m->logged_size = last.number > 0 ? last.logged + 1 : 0;
	CDR_TRY(cdr_query_one_int(tx, "SELECT in_force_at FROM roster WHERE version = 0", CDR_VALUES(), &founded));
	uint64_t since = last.number > 0 ? last.logged_at : (uint64_t)founded;
	if (m->now < since + CDR_SAMPLE_EVERY_S)
		return CDR_OK;
	CDR_TRY(cdr_query_one_int(tx, "SELECT COALESCE(MIN(logged), -1) FROM evaluation WHERE logged >= $1",
	    CDR_VALUES(cdr_value_int((int64_t)last.size)), &first));
	m->is_due = first >= 0;
	m->reach = (uint64_t)first + 1;
	m->basis.number = last.number + 1;
	m->basis.from = last.size;
out:
	return err;
}

/* A writing job: which basis it is, and when it was tried. */
static cdr_err
begin_job(struct cdr_tx *tx, void *context)
{
	struct making *m = context;
	const Cdr__Wire__Scheme *scheme = m->roster->body->scheme;
	const struct cdr_value number = cdr_value_int((int64_t)m->basis.number), now = cdr_value_int((int64_t)m->now);

	if (m->is_begun)
		return cdr_query_run(tx, "UPDATE sample SET made_at = $1 WHERE number = $2", CDR_VALUES(now, number));
	cdr_err err = cdr_query_run(tx, "DELETE FROM sample WHERE number = $1 AND lot IS NULL", CDR_VALUES(number));
	if (err != CDR_OK)
		return err;
	return cdr_query_run(tx,
	    "INSERT INTO sample (number, from_place, size, root, key_number, trustees, checks, points, note, made_at, roster_version)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
	    CDR_VALUES(number, cdr_value_int((int64_t)m->basis.from), cdr_value_int((int64_t)m->basis.size),
		cdr_value_blob(m->basis.root, sizeof(m->basis.root)), cdr_value_int(m->basis.key),
		cdr_value_int(m->basis.trustee_count),
		cdr_value_int(scheme->has_sample_checks ? scheme->sample_checks : CDR_SAMPLE_CHECKS),
		cdr_value_int(scheme->has_sample_points ? scheme->sample_points : CDR_SAMPLE_POINTS),
		cdr_value_bytes(cdr_buffer_bytes(&m->note)), now, cdr_value_int((int64_t)m->roster_version)));
}

/*
 * What was begun is begun anew only if its key is out of the roster: no trustee has a share of it any more. Where others are trustees now they
 * give their parts for what was begun, by their shares of the same key.
 */
static void
begin_anew(struct making *m)
{
	if (!m->is_begun || cdr_roster_statistics_key(m->roster, m->basis.key) != NULL)
		return;
	cdr_log(CDR_LOG_WARNING, "sample.begun_anew", cdr_log_int("number", (int64_t)m->basis.number), cdr_log_int("key_gone", m->basis.key));
	cdr_buffer_free(&m->note);
	m->is_begun = false;
	m->is_due = true;
}

/* The newest checkpoint, as those who are trustees now cosigned it: just after a change of trustees it may still be of those before. */
static cdr_err
newest_checkpoint(struct making *m, struct cdr_checkpoint *checkpoint, bool *holds)
{
	struct cdr_checkpoint newest;

	*holds = false;
	if (m->hub->witness == NULL || cdr_hub_witness_wait(m->hub->witness, m->reach, 0, &newest, NULL) != CDR_OK)
		return CDR_OK;
	cdr_err err = cdr_checkpoint_write(&newest, m->hub->genesis, m->roster, &m->note);
	if (err == CDR_OK)
		err = cdr_checkpoint_read(cdr_buffer_bytes(&m->note), m->hub->genesis, m->roster, checkpoint, NULL);
	*holds = err == CDR_OK && cdr_checkpoint_is_witnessed(checkpoint, m->roster);
	return err == CDR_E_MEMORY || err == CDR_E_INTERNAL ? err : CDR_OK;
}

/* The basis is that checkpoint, and the statistics key that was in force then. ${m} stays without a basis where there is none yet. */
static cdr_err
choose_basis(struct making *m)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_checkpoint checkpoint;
	const Cdr__Wire__StatisticsKey *key = NULL;

	CDR_TRY(newest_checkpoint(m, &checkpoint, &m->is_due));
	if (m->is_due)
		key = cdr_roster_statistics_key_at(m->roster, cdr_checkpoint_time(&checkpoint, m->roster));
	m->is_due = key != NULL;
	if (key == NULL)
		goto out;
	m->basis.size = checkpoint.size;
	memcpy(m->basis.root, checkpoint.root, sizeof(m->basis.root));
	m->basis.key = key->number;
	m->basis.trustee_count = (uint32_t)m->roster->body->n_trustee;
	m->roster_version = m->roster->body->version;
out:
	return err;
}

/* ---- its lot ------------------------------------------------------------------------------------------------------- */

/* Parts of a lot, as they come. */
struct parts {
	struct cdr_ask ask[CDR_TRUSTEE_COUNT_MAX];
	const Cdr__Wire__SampleShare *share[CDR_TRUSTEE_COUNT_MAX];
	size_t asked_count, count;
};

static cdr_err
ask_part(struct making *m, uint32_t trustee, struct parts *p)
{
	Cdr__Wire__SampleShareRequest request = CDR__WIRE__SAMPLE_SHARE_REQUEST__INIT;
	Cdr__Wire__SampleBasis basis = cdr_sample_basis_message(&m->basis);
	const struct cdr_signer own = { "hub", m->hub->seed, m->hub->genesis };
	char name[CDR_SIGNER_LEN_MAX + 1];
	struct cdr_ask *ask = &p->ask[p->asked_count++];

	request.basis = &basis;
	request.checkpoint = cdr_message_field(m->note.data, m->note.len);
	request.has_roster = m->roster_version > 0;
	request.roster = m->roster_version;
	(void)snprintf(name, sizeof(name), "trustee/%" PRIu32, trustee);
	*ask = (struct cdr_ask){ .party = cdr_roster_trustee(m->roster, trustee)->party, .party_signer = name, .path = SHARE_PATH,
		.message = &request.base, .reply_type = &cdr__wire__sample_share__descriptor };
	cdr_err err = m->line->send(m->line->context, &own, ask);
	if (err == CDR_OK) {
		const Cdr__Wire__SampleShare *share = ask->reply;
		err = share->trustee == trustee ? cdr_sample_share_verify(&m->basis, m->hub->genesis, m->roster, share) : CDR_E_PROOF;
		if (err == CDR_OK)
			p->share[p->count++] = share;
		else
			cdr_fault_set(&ask->fault, err, "its part of the lot does not hold");
	}
	if (err != CDR_OK)
		cdr_log(CDR_LOG_WARNING, "sample.no_part", cdr_log_int("trustee", trustee), cdr_log_err(err),
		    cdr_log_text("reason", ask->fault.text));
	ask->message = NULL; /* they end here */
	ask->party_signer = NULL;
	return err == CDR_E_MEMORY && !ask->answered ? err : CDR_OK;
}

static cdr_err
join_parts(struct making *m, const struct parts *p)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__Sample message = CDR__WIRE__SAMPLE__INIT;
	Cdr__Wire__SampleBasis basis = cdr_sample_basis_message(&m->basis);
	Cdr__Wire__SampleShare share[CDR_TRUSTEE_COUNT_MAX], *at[CDR_TRUSTEE_COUNT_MAX];

	for (size_t i = 0; i < p->count; i++) {
		share[i] = *p->share[i];
		at[i] = &share[i];
	}
	message.basis = &basis;
	message.share = at;
	message.n_share = p->count;
	CDR_TRY(cdr_message_encode(&message.base, &m->lot));
	CDR_TRY(cdr_sample_read(cdr_buffer_bytes(&m->lot), m->hub->genesis, m->roster, &m->sample, m->fault));
out:
	return err;
}

/* Ask one trustee after the other until enough have given their part. */
static cdr_err
make_lot(struct making *m)
{
	cdr_err err = CDR_OK;
	const Cdr__Wire__Roster *body = m->roster->body;
	struct parts p = { .count = 0 };

	for (size_t i = 0; i < body->n_trustee && p.count < body->threshold && err == CDR_OK; i++)
		err = ask_part(m, body->trustee[i]->index, &p);
	if (err == CDR_OK && p.count < body->threshold)
		err = cdr_fault_set(m->fault, CDR_E_BUSY, "%zu of %" PRIu32 " trustees gave their part of the lot of sample %" PRIu64, p.count,
		    body->threshold, m->basis.number);
	if (err == CDR_OK)
		err = join_parts(m, &p);
	for (size_t i = 0; i < p.asked_count; i++)
		cdr_ask_free(&p.ask[i]);
	return err;
}

/* A writing job: the lot and its leaf. The trustees get it beside the leaf. */
static cdr_err
finish_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct making *m = context;
	struct cdr_leaf leaf = { .kind = CDR_LEAF_SAMPLE, .at = m->now };
	struct cdr_hub_logged logged = { 0 };
	struct last last;

	CDR_TRY(read_last(tx, &last));
	if (last.number != m->basis.number || !last.is_open)
		return CDR_OK; /* another process of this hub was faster */
	cdr_leaf_party_add(&leaf, "hub");
	cdr_leaf_number_add(&leaf, m->basis.number);
	cdr_leaf_number_add(&leaf, m->basis.from);
	cdr_leaf_number_add(&leaf, m->basis.size);
	CDR_TRY(cdr_sample_content(cdr_buffer_bytes(&m->lot), leaf.content));
	CDR_TRY(cdr_hub_log_append(tx, &leaf, cdr_buffer_bytes(&m->lot), &logged));
	CDR_TRY(cdr_query_run(tx, "UPDATE sample SET lot = $1, seed = $2, logged_at = $3, logged = $4 WHERE number = $5",
	    CDR_VALUES(cdr_value_bytes(cdr_buffer_bytes(&m->lot)), cdr_value_blob(m->sample.seed, sizeof(m->sample.seed)),
		cdr_value_int((int64_t)m->now), cdr_value_int((int64_t)logged.position), cdr_value_int((int64_t)m->basis.number))));
out:
	cdr_hub_logged_free(&logged);
	return err;
}

/* The auditors find in the log what they are to look at: show it to them, though nobody else waits for anything in it. */
static void
show_last(const struct making *m)
{
	struct cdr_checkpoint checkpoint;

	if (m->logged_size > 0 && m->hub->witness != NULL)
		(void)!cdr_hub_witness_wait(m->hub->witness, m->logged_size, 0, &checkpoint, NULL);
}

/* see node/hub/sample.h */
cdr_err
cdr_hub_sample_step(struct cdr_hub *hub, const struct cdr_hub_line *line, uint64_t now, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct making m = { .hub = hub, .line = line, .now = now, .fault = fault, .roster = cdr_hub_roster_hold(hub) };

	if (m.roster == NULL)
		return CDR_E_STORE;
	CDR_TRY(cdr_store_read(hub->store, look_job, &m));
	show_last(&m);
	begin_anew(&m);
	if (m.is_due)
		CDR_TRY(choose_basis(&m));
	if (!m.is_begun && !m.is_due)
		goto out;
	if (m.is_begun && !cdr_clock_is_due(now, m.tried_at, CDR_HUB_SAMPLE_RETRY_S))
		goto out;
	CDR_TRY(cdr_store_write(hub->store, begin_job, &m));
	CDR_TRY(make_lot(&m));
	CDR_TRY(cdr_store_write(hub->store, finish_job, &m));
	cdr_log(CDR_LOG_INFO, "sample.made", cdr_log_int("number", (int64_t)m.basis.number), cdr_log_int("size", (int64_t)m.basis.size));
out:
	cdr_buffer_free(&m.lot);
	cdr_buffer_free(&m.note);
	cdr_hub_roster_release(hub, m.roster);
	return err;
}

/* ---- handing it out ------------------------------------------------------------------------------------------------ */

/* Lots behind one number. */
struct listing {
	uint64_t after;
	size_t count;
	Cdr__Wire__SampleRecord record[CDR_SAMPLE_LIST_MAX], *at[CDR_SAMPLE_LIST_MAX];
	struct cdr_buffer lot[CDR_SAMPLE_LIST_MAX];
};

/* A reading job. */
static cdr_err
list_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct listing *l = context;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int(l->after <= INT64_MAX ? (int64_t)l->after : INT64_MAX));

	CDR_TRY(cdr_query_start(tx, "SELECT lot, logged_at FROM sample WHERE number > $1 AND lot IS NOT NULL ORDER BY number", values,
	    &query));
	while (l->count < CDR_SAMPLE_LIST_MAX && (err = cdr_query_step(query)) == CDR_OK) {
		size_t i = l->count;
		l->record[i] = (Cdr__Wire__SampleRecord)CDR__WIRE__SAMPLE_RECORD__INIT;
		CDR_TRY(cdr_query_blob_copy(query, 0, CDR_SAMPLE_LEN_MAX, &l->lot[i]));
		l->count++;
		CDR_TRY(cdr_query_count(query, 1, &l->record[i].at));
		l->record[i].sample = cdr_message_field(l->lot[i].data, l->lot[i].len);
		l->at[i] = &l->record[i];
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/hub/sample.h */
cdr_err
cdr_hub_sample_list(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	Cdr__Wire__SampleList reply = CDR__WIRE__SAMPLE_LIST__INIT;
	struct listing *l = calloc(1, sizeof(*l));

	(void)fault;
	if (l == NULL)
		return CDR_E_MEMORY;
	l->after = ((const Cdr__Wire__SampleListRequest *)call->message)->after;
	CDR_TRY(cdr_store_read(hub->store, list_job, l));
	reply.n_record = l->count;
	reply.record = l->at;
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
out:
	for (size_t i = 0; i < l->count; i++)
		cdr_buffer_free(&l->lot[i]);
	free(l);
	return err;
}

/* ---- what auditors find --------------------------------------------------------------------------------------------- */

/* A verdict on its way into the log. */
struct finding {
	const struct cdr_call *call;
	const Cdr__Wire__Verdict *verdict;
	struct cdr_leaf leaf;
	struct cdr_hub_logged logged;
	bool is_absent, is_drawn;
};

/* The sample, as far as drawing needs it. */
static cdr_err
read_sample(struct cdr_tx *tx, uint64_t number, struct cdr_sample *sample)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int(number <= INT64_MAX ? (int64_t)number : 0));
	uint64_t column[5] = { 0 };

	*sample = (struct cdr_sample){ .basis = { .number = number } };
	CDR_TRY(cdr_query_start(tx, "SELECT from_place, size, trustees, checks, points, seed FROM sample WHERE number = $1 AND lot IS NOT NULL",
	    values, &query));
	CDR_TRY(cdr_query_step(query));
	for (int i = 0; i < 5; i++)
		CDR_TRY(cdr_query_count(query, i, &column[i]));
	CDR_TRY(cdr_query_blob(query, 5, sample->seed, sizeof(sample->seed)));
	sample->basis.from = column[0];
	sample->basis.size = column[1];
	sample->basis.trustee_count = (uint32_t)column[2];
	sample->checks = (uint32_t)column[3];
	sample->points = (uint32_t)column[4];
out:
	cdr_query_end(query);
	return err;
}

/* Whether an evaluation of that member stands there, and was drawn for this auditor. */
static cdr_err
check_drawn(struct cdr_tx *tx, struct finding *f, const struct cdr_sample *sample)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__Verdict *v = f->verdict;
	struct cdr_hub_logged logged = { 0 };
	struct cdr_leaf leaf;
	uint32_t drawn[CDR_SAMPLE_DRAWN_MAX], auditor, purpose = 0;
	size_t count = 0;

	if (v->position > INT64_MAX)
		return CDR_OK;
	err = cdr_hub_log_read(tx, v->position, &logged);
	if (err != CDR_OK || logged.leaf.len == 0 || cdr_leaf_decode(cdr_buffer_bytes(&logged.leaf), &leaf) != CDR_OK) {
		err = err == CDR_E_ABSENT ? CDR_OK : err;
		goto out;
	}
	if (leaf.kind != CDR_LEAF_EVALUATION || leaf.number_count != 4 || strcmp(leaf.party[0], f->leaf.party[0]) != 0)
		goto out;
	purpose = leaf.number[2] == CDR_LEAF_PURPOSE_IMPORT ? CDR_LEAF_PURPOSE_IMPORT : CDR_LEAF_PURPOSE_CHECK;
	if ((purpose == CDR_LEAF_PURPOSE_IMPORT) != (f->leaf.kind == CDR_LEAF_SAMPLE_ANSWER))
		goto out;
	CDR_TRY(cdr_sample_draw(sample, v->position, purpose, (uint32_t)leaf.number[3], drawn, &count));
	CDR_TRY(cdr_sample_auditor(sample, v->position, v->point, &auditor));
	if (auditor > f->call->roster->body->n_trustee)
		auditor = 1;
	for (size_t i = 0; i < count; i++)
		f->is_drawn |= drawn[i] == v->point && auditor == f->call->trustee->index;
out:
	cdr_hub_logged_free(&logged);
	return err;
}

/* A writing job. */
static cdr_err
find_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct finding *f = context;
	const Cdr__Wire__Verdict *v = f->verdict;
	struct cdr_sample sample;
	int64_t known;

	f->is_absent = f->is_drawn = false;
	err = read_sample(tx, v->sample, &sample);
	f->is_absent = err == CDR_E_ABSENT;
	if (err != CDR_OK)
		return f->is_absent ? CDR_OK : err;
	CDR_TRY(check_drawn(tx, f, &sample));
	if (!f->is_drawn)
		return CDR_OK;
	const struct cdr_value number = cdr_value_int((int64_t)v->sample), position = cdr_value_int((int64_t)v->position);
	err = cdr_query_one_int(tx, "SELECT logged FROM verdict WHERE sample = $1 AND position = $2 AND point = $3 AND outcome = $4",
	    CDR_VALUES(number, position, cdr_value_int(v->point), cdr_value_text(v->outcome)), &known);
	if (err == CDR_OK)
		return cdr_hub_log_read(tx, (uint64_t)known, &f->logged);
	if (err != CDR_E_ABSENT)
		return err;
	CDR_TRY(cdr_hub_log_append(tx, &f->leaf, (struct cdr_bytes){ NULL, 0 }, &f->logged));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO verdict (sample, position, point, outcome, trustee, request, logged) VALUES ($1, $2, $3, $4, $5, $6, $7)",
	    CDR_VALUES(number, position, cdr_value_int(v->point), cdr_value_text(v->outcome),
		cdr_value_int(f->call->trustee->index), cdr_value_bytes(f->call->request), cdr_value_int((int64_t)f->logged.position))));
out:
	return err;
}

/* see node/hub/sample.h */
cdr_err
cdr_hub_sample_verdict(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	struct finding f = { .call = call, .verdict = (const Cdr__Wire__Verdict *)call->message };

	err = cdr_sample_verdict_leaf(f.verdict, call->envelope->body, call->trustee->index, &f.leaf);
	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "it is no finding of an auditor");
	f.leaf.at = call->now;
	CDR_TRY(cdr_store_write(hub->store, find_job, &f));
	if (f.is_absent)
		err = cdr_fault_set(fault, CDR_E_ABSENT, "there is no sample %" PRIu64, f.verdict->sample);
	else if (!f.is_drawn)
		err = cdr_fault_set(fault, CDR_E_REFUSED, "nothing of this member was drawn there for this auditor");
	else
		err = cdr_hub_log_reply(hub, &f.logged, &answer->body);
out:
	cdr_hub_logged_free(&f.logged);
	return err;
}
