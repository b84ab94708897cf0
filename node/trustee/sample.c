#include "node/trustee/sample.h"

#include <inttypes.h>
#include <string.h>

#include "audit/checkpoint.h"
#include "core/crypto/oprf.h"
#include "core/crypto/secret.h"
#include "node/net/clock.h"
#include "node/net/log.h"
#include "node/trustee/recover.h"
#include "node/trustee/sample_given.h"
#include "node/trustee/share.h"
#include "node/trustee/seen.h"

#define BODY_LEN_MAX 256
#define TELL_EVERY_S 86400

/* ---- the last one ------------------------------------------------------------------------------------------------- */

/* see node/trustee/sample.h */
cdr_err
cdr_trustee_sample_last(struct cdr_tx *tx, uint64_t *number, uint64_t *size)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values none = CDR_VALUES();

	*number = *size = 0;
	CDR_TRY(cdr_query_start(tx, "SELECT number, size FROM sample ORDER BY number DESC LIMIT 1", none, &query));
	err = cdr_query_step(query);
	if (err == CDR_OK) {
		CDR_TRY(cdr_query_count(query, 0, number));
		CDR_TRY(cdr_query_count(query, 1, size));
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/trustee/sample.h */
cdr_err
cdr_trustee_sample_find(struct cdr_tx *tx, uint64_t number, struct cdr_sample *sample)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int(number <= INT64_MAX ? (int64_t)number : 0));
	uint64_t column[6] = { 0 };

	*sample = (struct cdr_sample){ .basis = { .number = number } };
	CDR_TRY(cdr_query_start(tx, "SELECT from_place, size, key_number, trustees, checks, points, seed FROM sample WHERE number = $1", values,
	    &query));
	CDR_TRY(cdr_query_step(query));
	for (int i = 0; i < 6; i++)
		CDR_TRY(cdr_query_count(query, i, &column[i]));
	CDR_TRY(cdr_query_blob(query, 6, sample->seed, sizeof(sample->seed)));
	sample->basis.from = column[0];
	sample->basis.size = column[1];
	sample->basis.key = (uint32_t)column[2];
	sample->basis.trustee_count = (uint32_t)column[3];
	sample->checks = (uint32_t)column[4];
	sample->points = (uint32_t)column[5];
out:
	cdr_query_end(query);
	return err;
}

/* ---- whether they come -------------------------------------------------------------------------------------------- */

/* see node/trustee/sample.h */
cdr_err
cdr_trustee_sample_due(struct cdr_tx *tx, uint64_t now, struct cdr_trustee_sample_due *due)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t number, size;
	int64_t count, first, given;

	*due = (struct cdr_trustee_sample_due){ 0 };
	CDR_TRY(cdr_trustee_sample_last(tx, &number, &size));
	const struct cdr_value from = cdr_value_int((int64_t)size), next = cdr_value_int((int64_t)number + 1);
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM evaluation WHERE place >= $1", CDR_VALUES(from), &count));
	CDR_TRY(cdr_query_one_int(tx, "SELECT COALESCE(MIN(counted_at), 0) FROM evaluation WHERE place >= $1", CDR_VALUES(from), &first));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM sample_given WHERE number = $1", CDR_VALUES(next), &given));
	due->number = number + 1;
	due->waiting_count = (uint64_t)count;
	due->since = (uint64_t)first;
	due->is_overdue = count > 0 && due->since + CDR_SAMPLE_OVERDUE_S < now;
	due->was_asked = given > 0;
out:
	return err;
}

struct watching {
	uint64_t now;
	struct cdr_trustee_sample_due due;
};

/* A reading job. */
static cdr_err
watch_job(struct cdr_tx *tx, void *context)
{
	struct watching *w = context;

	return cdr_trustee_sample_due(tx, w->now, &w->due);
}

/* see node/trustee/sample.h */
cdr_err
cdr_trustee_sample_watch(struct cdr_trustee *trustee, uint64_t now, uint64_t *told_at)
{
	struct watching w = { .now = now };

	cdr_err err = cdr_store_read(trustee->home->store, watch_job, &w);
	if (err != CDR_OK)
		return err;
	if (!w.due.is_overdue) {
		if (*told_at != 0)
			cdr_log(CDR_LOG_INFO, "sample.on_time", cdr_log_int("next", (int64_t)w.due.number));
		*told_at = 0;
	} else if (*told_at == 0 || cdr_clock_is_due(now, *told_at, TELL_EVERY_S)) {
		cdr_log(CDR_LOG_ERROR, "sample.overdue", cdr_log_int("next", (int64_t)w.due.number),
		    cdr_log_int("evaluations", (int64_t)w.due.waiting_count), cdr_log_int("since", (int64_t)w.due.since),
		    cdr_log_text("asked", w.due.was_asked ? "yes" : "no"));
		*told_at = now;
	}
	return CDR_OK;
}

/* ---- a part of a lot ---------------------------------------------------------------------------------------------- */

/* A part that is asked for. */
struct giving {
	const struct cdr_call *call;
	struct cdr_sample_basis basis;
	struct cdr_checkpoint checkpoint;
	uint8_t input[CDR_SAMPLE_INPUT_LEN];
	uint64_t log_size, last_number, last_size;
	bool contradicts;
	enum cdr_sample_give whether;
};

/* A writing job: note for which basis the part is given, before it is. */
static cdr_err
give_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct giving *g = context;
	struct cdr_sample_given given = { .number = g->basis.number, .key = g->basis.key };

	memcpy(given.input, g->input, sizeof(given.input));
	CDR_TRY(cdr_trustee_log_size(tx, &g->log_size));
	CDR_TRY(cdr_trustee_log_compare(tx, &g->checkpoint, &g->contradicts));
	CDR_TRY(cdr_trustee_sample_last(tx, &g->last_number, &g->last_size));
	if (g->log_size < g->basis.size || g->contradicts || g->basis.number != g->last_number + 1 || g->basis.from != g->last_size)
		return CDR_OK;
	CDR_TRY(cdr_trustee_sample_give(tx, g->call->roster, &given, &g->whether));
out:
	return err;
}

/* Those who were trustees by a roster that was in force: every one that brought others is here. */
struct before {
	uint64_t version;
	struct cdr_roster *roster;
};

/* A reading job. */
static cdr_err
before_job(struct cdr_tx *tx, void *context)
{
	struct before *before = context;

	return cdr_trustee_roster_query(tx, "SELECT signed FROM roster WHERE version <= $1 ORDER BY version DESC LIMIT 1",
	    CDR_VALUES(cdr_value_int(before->version <= INT64_MAX ? (int64_t)before->version : INT64_MAX)), &before->roster);
}

/* The basis is that of a checkpoint which enough of ${witnesses}, the trustees of then, have cosigned; it says how many these are. */
static cdr_err
check_checkpoint(struct giving *g, const uint8_t *genesis, const struct cdr_roster *witnesses, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__SampleShareRequest *request = (const Cdr__Wire__SampleShareRequest *)g->call->message;
	const struct cdr_roster *roster = g->call->roster;

	CDR_TRY(cdr_checkpoint_read(cdr_message_bytes(request->checkpoint), genesis, witnesses, &g->checkpoint, fault));
	if (!cdr_checkpoint_is_witnessed(&g->checkpoint, witnesses))
		return cdr_fault_set(fault, CDR_E_PROOF, "the checkpoint has too few cosignatures");
	if (g->checkpoint.size != g->basis.size || memcmp(g->checkpoint.root, g->basis.root, sizeof(g->basis.root)) != 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "the basis is not that of the checkpoint");
	if (g->basis.trustee_count != witnesses->body->n_trustee)
		return cdr_fault_set(fault, CDR_E_BUSY, "this trustee's roster names %zu trustees", witnesses->body->n_trustee);
	/* Which key it is follows from the checkpoint: what was begun under one that has ended meanwhile is gone on with, and nothing is begun under it. */
	const Cdr__Wire__StatisticsKey *key = cdr_roster_statistics_key_at(roster, cdr_checkpoint_time(&g->checkpoint, witnesses));
	if (cdr_roster_statistics_key(roster, g->basis.key) == NULL)
		return cdr_fault_set(fault, CDR_E_EPOCH, "statistics key %" PRIu32 " is not in this trustee's roster", g->basis.key);
	if (key == NULL || key->number != g->basis.key)
		return cdr_fault_set(fault, CDR_E_EPOCH, "statistics key %" PRIu32 " was not the one in force when the checkpoint was cosigned",
		    g->basis.key);
	cdr_sample_input(&g->basis, genesis, g->input);
out:
	return err;
}

static cdr_err
check_basis(struct giving *g, struct cdr_trustee *trustee, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__SampleShareRequest *request = (const Cdr__Wire__SampleShareRequest *)g->call->message;
	struct before before = { .version = request->roster };

	err = cdr_sample_basis_read(request->basis, &g->basis);
	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "it is no basis of a sample");
	if (request->has_roster && request->roster < g->call->roster->body->version)
		CDR_TRY(cdr_store_read(trustee->home->store, before_job, &before));
	CDR_TRY(check_checkpoint(g, trustee->genesis, before.roster != NULL ? before.roster : g->call->roster, fault));
out:
	cdr_roster_free(before.roster);
	return err;
}

/* What stood in the way, if anything did. */
static cdr_err
judge(const struct giving *g, struct cdr_fault *fault)
{
	if (g->contradicts)
		return cdr_fault_set(fault, CDR_E_PROOF, "the checkpoint contradicts the log that this trustee saw");
	if (g->log_size < g->basis.size)
		return cdr_fault_set(fault, CDR_E_BUSY, "this trustee has seen %" PRIu64 " leaves of the log", g->log_size);
	if (g->basis.number != g->last_number + 1 || g->basis.from != g->last_size)
		return cdr_fault_set(fault, CDR_E_SEQUENCE, "sample %" PRIu64 " is the last in the log, and ends at leaf %" PRIu64,
		    g->last_number, g->last_size);
	static const char *const why[] = {
		[CDR_SAMPLE_GIVE_OTHER] = "this trustee gave its part for another checkpoint: nobody chooses between two lots",
		[CDR_SAMPLE_GIVE_FORGOTTEN] = "this trustee was put back from a backup, and may have given its part for another checkpoint: the others make that one",
		[CDR_SAMPLE_GIVE_TOLD] = "before this trustee came others gave their part for another checkpoint: nobody chooses between two lots",
	};
	return g->whether == CDR_SAMPLE_GIVE ? CDR_OK :
	    cdr_fault_set(fault, CDR_E_EXISTS, "of sample %" PRIu64 " nothing is given: %s", g->basis.number, why[g->whether]);
}

/* RFC 9497 sec. 3.3.2, BlindEvaluate, of the one point, with our share as ${roster} has it. */
static cdr_err
multiply(struct cdr_trustee *trustee, const struct cdr_roster *roster, const struct cdr_sample_basis *basis,
    uint8_t point[static CDR_POINT_LEN], uint8_t proof[static CDR_PROOF_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_points *asked = NULL;
	struct { uint8_t share[CDR_SCALAR_LEN], random[CDR_SCALAR_LEN]; } *secret = cdr_secret_alloc(sizeof(*secret));

	if (secret == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_trustee_share_copy(trustee, roster, CDR_KEY_STATISTICS, basis->key, secret->share));
	CDR_TRY(cdr_sample_point(basis, trustee->genesis, &asked));
	CDR_TRY(cdr_scalar_random(secret->random));
	CDR_TRY(cdr_oprf_evaluate(secret->share, asked, secret->random, point, proof));
out:
	cdr_points_free(asked);
	cdr_secret_free(secret);
	return err;
}

/* see node/trustee/sample.h */
cdr_err
cdr_trustee_sample_share(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee *trustee = context;
	struct giving g = { .call = call };
	Cdr__Wire__SampleShare reply = CDR__WIRE__SAMPLE_SHARE__INIT;
	uint8_t point[CDR_POINT_LEN], proof[CDR_PROOF_LEN];

	CDR_TRY(check_basis(&g, trustee, fault));
	CDR_TRY(cdr_trustee_recovered(trustee, fault));
	const Cdr__Wire__StatisticsKey *key = cdr_roster_statistics_key(call->roster, g.basis.key);
	const uint32_t index = cdr_trustee_index_in(trustee, call->roster); /* a newer roster may give us another */
	if (!cdr_trustee_share_have(trustee, CDR_KEY_STATISTICS, g.basis.key) || index < 1 || index > key->n_public_share)
		return cdr_fault_set(fault, CDR_E_EPOCH, "this trustee has no share of statistics key %" PRIu32, g.basis.key);
	CDR_TRY(cdr_store_write(trustee->home->store, give_job, &g));
	CDR_TRY(judge(&g, fault));
	err = multiply(trustee, call->roster, &g.basis, point, proof);
	if (err == CDR_E_BUSY)
		cdr_fault_set(fault, err, "the shares of statistics key %" PRIu32 " have just been renewed here: ask again", g.basis.key);
	CDR_TRY(err);
	reply.trustee = index;
	reply.public_share = key->public_share[index - 1];
	reply.point = cdr_message_field(point, sizeof(point));
	reply.proof = cdr_message_field(proof, sizeof(proof));
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
out:
	return err;
}

/* ---- lots in the log ---------------------------------------------------------------------------------------------- */

/* Whether the lot is made with a key that is still to come for ${roster}. One whose key is gone cannot be verified any more. */
static bool
is_newer(const struct cdr_roster *roster, struct cdr_bytes evidence)
{
	struct cdr_sample_basis basis;
	struct cdr_roster_key newest;

	return cdr_sample_basis_peek(evidence, &basis) == CDR_OK &&
	    (!cdr_roster_key_newest(roster->body, CDR_KEY_STATISTICS, &newest) || basis.key > newest.number);
}

/* see node/trustee/sample.h */
cdr_err
cdr_trustee_sample_read(const struct cdr_trustee *trustee, const struct cdr_roster *roster, const struct cdr_leaf *leaf,
    struct cdr_bytes evidence, struct cdr_trustee_lot *lot, bool *holds)
{
	uint8_t content[CDR_LEAF_CONTENT_LEN];
	cdr_err err = cdr_sample_read(evidence, trustee->genesis, roster, &lot->sample, NULL);
	const struct cdr_sample_basis *basis = &lot->sample.basis;

	*holds = false;
	lot->at = leaf->at;
	lot->answer_s = cdr_sample_answer_s(roster);
	lot->trustee_count = (uint32_t)roster->body->n_trustee;
	if (err == CDR_E_EPOCH)
		return is_newer(roster, evidence) ? CDR_E_BUSY : CDR_OK;
	if (err == CDR_OK)
		err = cdr_sample_content(evidence, content);
	if (err == CDR_E_MEMORY || err == CDR_E_INTERNAL)
		return err;
	*holds = err == CDR_OK && memcmp(content, leaf->content, sizeof(content)) == 0 && leaf->number_count == 3 &&
	    leaf->number[0] == basis->number && leaf->number[1] == basis->from && leaf->number[2] == basis->size;
	if (!*holds)
		cdr_log(CDR_LOG_ERROR, "sample.false", cdr_log_int("at", (int64_t)leaf->at));
	return CDR_OK;
}

/* Note one thing that is drawn for this trustee. */
static cdr_err
note_drawn(struct cdr_tx *tx, const struct cdr_trustee_lot *lot, uint64_t place, uint32_t point, const char *member,
    bool is_import)
{
	int64_t number;

	cdr_err err = cdr_query_one_int(tx, "SELECT COALESCE(MAX(number), 0) + 1 FROM drawn", CDR_VALUES(), &number);
	if (err != CDR_OK)
		return err;
	return cdr_query_run(tx,
	    "INSERT INTO drawn (sample, position, point, number, member, purpose, due_at, state, reason, changed_at, posted, opening, evidence)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, 'asked', '', $8, '', $9, $9)",
	    CDR_VALUES(cdr_value_int((int64_t)lot->sample.basis.number), cdr_value_int((int64_t)place), cdr_value_int(point),
		cdr_value_int(number), cdr_value_text(member), cdr_value_text(is_import ? "import" : "check"),
		cdr_value_int((int64_t)(lot->at + lot->answer_s)), cdr_value_int((int64_t)lot->at), cdr_value_blob(NULL, 0)));
}

/* What the lot draws of one evaluation, as far as this trustee is its auditor. */
static cdr_err
draw_one(struct cdr_tx *tx, const struct cdr_trustee *trustee, const struct cdr_trustee_lot *lot, uint64_t place,
    struct cdr_bytes body)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__EvaluateRequest *request;
	uint32_t drawn[CDR_SAMPLE_DRAWN_MAX], auditor;
	size_t count;

	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__evaluate_request__descriptor, body, &request));
	bool is_import = strcmp(request->purpose, "import") == 0;
	CDR_TRY(cdr_sample_draw(&lot->sample, place, is_import ? CDR_LEAF_PURPOSE_IMPORT : CDR_LEAF_PURPOSE_CHECK,
	    request->point_count, drawn, &count));
	for (size_t i = 0; i < count; i++) {
		CDR_TRY(cdr_sample_auditor(&lot->sample, place, drawn[i], &auditor));
		if (auditor > lot->trustee_count)
			auditor = 1;
		if (auditor == trustee->index)
			CDR_TRY(note_drawn(tx, lot, place, drawn[i], request->member, is_import));
	}
	err = CDR_OK;
out:
	cdr_arena_free(&arena);
	return err;
}

/* Every evaluation of the stretch. */
static cdr_err
draw_all(struct cdr_tx *tx, const struct cdr_trustee *trustee, const struct cdr_trustee_lot *lot)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int((int64_t)lot->sample.basis.from),
	    cdr_value_int((int64_t)lot->sample.basis.size));
	struct cdr_bytes body;
	uint64_t place;

	CDR_TRY(cdr_query_start(tx, "SELECT place, body FROM evaluation WHERE place >= $1 AND place < $2 ORDER BY place", values, &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_count(query, 0, &place));
		CDR_TRY(cdr_query_blob_peek(query, 1, BODY_LEN_MAX, &body));
		CDR_TRY(draw_one(tx, trustee, lot, place, body));
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/trustee/sample.h */
cdr_err
cdr_trustee_sample_take(struct cdr_tx *tx, const struct cdr_trustee *trustee, const struct cdr_trustee_lot *lot, uint64_t now)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_sample_basis *basis = &lot->sample.basis;
	uint64_t number, size;
	struct cdr_checkpoint seen = { .size = basis->size };
	bool contradicts;

	memcpy(seen.root, basis->root, sizeof(seen.root));
	CDR_TRY(cdr_trustee_sample_last(tx, &number, &size));
	CDR_TRY(cdr_trustee_log_compare(tx, &seen, &contradicts));
	if (basis->number <= number || basis->from < size || contradicts) {
		cdr_log(CDR_LOG_ERROR, "sample.out_of_order", cdr_log_int("number", (int64_t)basis->number));
		return CDR_OK;
	}
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO sample (number, from_place, size, key_number, trustees, checks, points, seed, logged_at)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
	    CDR_VALUES(cdr_value_int((int64_t)basis->number), cdr_value_int((int64_t)basis->from), cdr_value_int((int64_t)basis->size),
		cdr_value_int(basis->key), cdr_value_int(basis->trustee_count), cdr_value_int(lot->sample.checks),
		cdr_value_int(lot->sample.points), cdr_value_blob(lot->sample.seed, sizeof(lot->sample.seed)),
		cdr_value_int((int64_t)lot->at))));
	if (lot->at + CDR_TRUSTEE_SAMPLE_OLD_S >= now)
		CDR_TRY(draw_all(tx, trustee, lot));
out:
	return err;
}
