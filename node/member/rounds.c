#include "node/member/rounds.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "node/member/names.h"
#include "node/member/preview.h"
#include "node/member/put_back.h"
#include "node/net/log.h"

#define REPLY_LEN_MAX (64U << 10)
#define MISCONDUCT_MAX 1000
#define SUBMISSION_SINCE UINT64_C(1577836800) /* 2020: the seconds since then fit into the number until 2156 */

static struct cdr_value
hash_value(const struct cdr_round *round)
{
	return cdr_value_blob(round->hash, CDR_ROUND_HASH_LEN);
}

/* ---- what was submitted ----------------------------------------------------------------------------------------- */

/* The last submission for a round, of all or of those that the hub acknowledged. Zeroed: none. */
struct submitted {
	uint64_t number;
	uint8_t hash[CDR_SHA256_LEN];
	struct cdr_buffer request;
	struct cdr_buffer reply;      /* the hub's acknowledgement as it was signed; empty before it came */
	bool is_refused;              /* the hub will not take it */
	char coarsened[CDR_ROUNDS_COARSENED_LEN];
};

static void
submitted_free(struct submitted *s)
{
	cdr_buffer_free(&s->request);
	cdr_buffer_free(&s->reply);
	*s = (struct submitted){ 0 };
}

struct read_job {
	const struct cdr_round *round;
	bool is_acknowledged;         /* the last that the hub acknowledged */
	struct submitted *s;
};

/* A reading job. */
static cdr_err
read_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct read_job *job = context;
	struct cdr_query *query = NULL;
	int64_t refused;

	CDR_TRY(cdr_query_start(tx, job->is_acknowledged ?
	    "SELECT submission, hash, request, reply, refused, coarsened FROM round_submission WHERE round = $1 AND reply IS NOT NULL"
	    " ORDER BY submission DESC LIMIT 1" :
	    "SELECT submission, hash, request, reply, refused, coarsened FROM round_submission WHERE round = $1 ORDER BY submission DESC LIMIT 1",
	    CDR_VALUES(hash_value(job->round)), &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT) {
		err = CDR_OK;
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	CDR_TRY(cdr_query_count(query, 0, &job->s->number));
	CDR_TRY(cdr_query_blob(query, 1, job->s->hash, sizeof(job->s->hash)));
	CDR_TRY(cdr_query_blob_copy(query, 2, CDR_BODY_ROUND_MAX, &job->s->request));
	if (!cdr_query_is_null(query, 3))
		CDR_TRY(cdr_query_blob_copy(query, 3, REPLY_LEN_MAX, &job->s->reply));
	CDR_TRY(cdr_query_int(query, 4, &refused));
	job->s->is_refused = refused != 0;
	CDR_TRY(cdr_query_text(query, 5, job->s->coarsened, sizeof(job->s->coarsened)));
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
submitted_read(struct cdr_member *member, const struct cdr_round *round, bool is_acknowledged, struct submitted *s)
{
	struct read_job job = { round, is_acknowledged, s };

	*s = (struct submitted){ 0 };
	return cdr_store_read(member->home->store, read_job, &job);
}

/* ---- misconduct ------------------------------------------------------------------------------------------------- */

struct misconduct_job {
	const struct cdr_round *round;
	const char *what;
	const struct submitted *s;
	bool is_new;
};

/* A writing job: once for each round. */
static cdr_err
misconduct_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct misconduct_job *job = context;
	uint64_t number;

	CDR_TRY(cdr_query_run(tx, "UPDATE round_submission SET told = 1 WHERE round = $1 AND submission = $2 AND told = 0",
	    CDR_VALUES(hash_value(job->round), cdr_value_int((int64_t)job->s->number))));
	job->is_new = cdr_query_changed_count(tx) > 0;
	if (!job->is_new)
		return CDR_OK;
	CDR_TRY(cdr_setting_next(tx, "misconduct", &number));
	if (number > MISCONDUCT_MAX)
		return CDR_OK;
	CDR_TRY(cdr_query_run(tx, "INSERT INTO misconduct (number, at, party, what, request, reply) VALUES ($1, $2, 'hub', $3, $4, $5)",
	    CDR_VALUES(cdr_value_int((int64_t)number), cdr_value_int((int64_t)cdr_member_now()), cdr_value_text(job->what),
		cdr_value_blob(job->s->hash, sizeof(job->s->hash)), cdr_value_bytes(cdr_buffer_bytes(&job->s->reply)))));
out:
	return err;
}

/* The hub acknowledged a contribution and does not count it: its own signed words show it. */
static cdr_err
accuse_hub(struct cdr_member *member, const struct cdr_round *round, const struct submitted *s, const char *what)
{
	struct misconduct_job job = { round, what, s, false };
	cdr_err err = cdr_store_write(member->home->store, misconduct_job, &job);

	if (err == CDR_OK && job.is_new)
		cdr_log(CDR_LOG_ERROR, "hub.misconduct", cdr_log_text("what", what));
	return err;
}

/* ---- what the hub says ------------------------------------------------------------------------------------------ */

/* see node/member/rounds.h */
void
cdr_rounds_free(struct cdr_rounds *rounds)
{
	for (size_t i = 0; i < rounds->count; i++) {
		cdr_round_free(rounds->entry[i].round);
		cdr_buffer_free(&rounds->entry[i].totals);
	}
	*rounds = (struct cdr_rounds){ 0 };
}

struct later_job {
	const struct cdr_round *round;
	uint64_t from;                /* number of a submission */
	struct cdr_bytes hash;
	int64_t count;
};

/* A reading job: whether that hash is of a submission of ours, no earlier than that one. */
static cdr_err
later_job(struct cdr_tx *tx, void *context)
{
	struct later_job *job = context;

	return cdr_query_one_int(tx, "SELECT count(*) FROM round_submission WHERE round = $1 AND submission >= $2 AND hash = $3",
	    CDR_VALUES(hash_value(job->round), cdr_value_int((int64_t)job->from), cdr_value_bytes(job->hash)), &job->count);
}

/* Whether the hub keeps the last word that it gave us, with what it lists of ours (NULL: nothing). A later one may have taken its place. */
static cdr_err
check_word(struct cdr_member *member, const struct cdr_round *round, const Cdr__Wire__ClosedContribution *listed)
{
	cdr_err err = CDR_E_INTERNAL;
	struct submitted s = { 0 };
	struct later_job job = { .round = round };

	CDR_TRY(submitted_read(member, round, true, &s));
	if (s.reply.len == 0)
		goto out;
	job.from = s.number;
	if (listed != NULL) {
		job.hash = cdr_message_bytes(listed->hash);
		CDR_TRY(cdr_store_read(member->home->store, later_job, &job));
	}
	if (job.count == 0)
		err = accuse_hub(member, round, &s, listed == NULL ? "left out a contribution to a round that it had acknowledged" :
		    "counts another contribution to a round than the last one that it had acknowledged");
out:
	submitted_free(&s);
	return err;
}

/* Whether the list of contributions holds ours, as it was submitted last. */
static cdr_err
check_counted(struct cdr_member *member, const struct cdr_roster *roster, const Cdr__Wire__SignedClose *sealed,
    const struct submitted *s, struct cdr_rounds_entry *e, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_close close = { 0 };

	CDR_TRY(cdr_close_read_signed(sealed, e->round, roster, member->genesis, &close, fault));
	e->has_close = true;
	e->members = close.body->members;
	size_t at = cdr_close_find(&close, member->id);
	e->is_counted = at != SIZE_MAX && memcmp(close.list->contribution[at]->hash.data, s->hash, sizeof(s->hash)) == 0;
	e->is_unknown = s->number == 0 && at != SIZE_MAX;
	if (!e->is_unknown && !e->is_counted)
		err = check_word(member, e->round, at == SIZE_MAX ? NULL : close.list->contribution[at]);
out:
	cdr_close_free(&close);
	return err;
}

/* One round of the hub's list. */
static cdr_err
read_state(struct cdr_member *member, const struct cdr_roster *roster, const Cdr__Wire__RoundState *state,
    struct cdr_rounds_entry *e, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer bytes = { 0 };
	struct submitted s = { 0 };

	CDR_TRY(cdr_message_encode(&state->round->base, &bytes));
	CDR_TRY(cdr_round_decode(cdr_buffer_bytes(&bytes), &e->round, fault));
	/* A round under a key that the roster no longer names is over: nothing is asked of it any more. */
	if (strcmp(state->state, "open") == 0)
		CDR_TRY(cdr_round_verify(e->round, roster, member->genesis, fault));
	if (strlen(state->state) >= sizeof(e->state)) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "the hub tells a state of a round that there is not");
		goto out;
	}
	memcpy(e->state, state->state, strlen(state->state) + 1);
	CDR_TRY(submitted_read(member, e->round, false, &s));
	e->submission = (uint32_t)s.number;
	memcpy(e->coarsened, s.coarsened, sizeof(e->coarsened));
	e->is_acknowledged = s.reply.len > 0;
	if (state->close != NULL)
		CDR_TRY(check_counted(member, roster, state->close, &s, e, fault));
	if (state->has_totals)
		CDR_TRY(cdr_buffer_copy(cdr_message_bytes(state->totals), &e->totals));
out:
	cdr_buffer_free(&bytes);
	submitted_free(&s);
	return err;
}

/* see node/member/rounds.h */
cdr_err
cdr_rounds_fetch(struct cdr_member *member, struct cdr_rounds *rounds, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_roster *roster = cdr_current_hold(member->current);
	struct cdr_ask ask = { .path = "/v1/round/list", .reply_type = &cdr__wire__round_list__descriptor,
		.reply_max = CDR_BODY_ROUND_BAG_MAX };

	*rounds = (struct cdr_rounds){ 0 };
	CDR_TRY(cdr_member_ask_hub(member, roster, &ask, fault));
	const Cdr__Wire__RoundList *list = ask.reply;
	for (size_t i = 0; i < list->n_state && i < CDR_ROUNDS_MAX; i++) {
		rounds->count++;
		CDR_TRY(read_state(member, roster, list->state[i], &rounds->entry[i], fault));
	}
out:
	cdr_ask_free(&ask);
	cdr_current_release(member->current, roster);
	return err;
}

/* see node/member/rounds.h */
const struct cdr_rounds_entry *
cdr_rounds_find(const struct cdr_rounds *rounds, const char *id, struct cdr_fault *fault)
{
	char text[CDR_ID_TEXT_LEN];

	for (size_t i = rounds->count; i-- > 0;) {
		const struct cdr_rounds_entry *e = &rounds->entry[i];
		cdr_id_write(e->round->body->id.data, text);
		if (id == NULL ? strcmp(e->state, "open") == 0 : strcmp(text, id) == 0)
			return e;
	}
	(void)cdr_fault_set(fault, CDR_E_ABSENT, id == NULL ? "no round is open: the secretariat opens one" :
	    "there is no such round: `candor report status` lists them");
	return NULL;
}

/* ---- counting --------------------------------------------------------------------------------------------------- */

/* All tables one after the other, each as the round has it, each figure within what the round can hold; room for those of names. */
static cdr_err
flatten(const struct cdr_round *round, const struct cdr_preview *preview, uint32_t *out, struct cdr_fault *fault)
{
	char country[CDR_COUNTRY_LEN];
	size_t at = 0, next = 0;

	for (size_t t = 0; t < round->body->n_table; t++) {
		const Cdr__Wire__RoundTable *table = round->body->table[t];
		if (cdr_round_names(table->id, country)) {
			at += table->cells;
			continue;
		}
		const struct cdr_counts *counts = preview->counts[next++];
		if (counts->cell_count != table->cells)
			return cdr_fault_set(fault, CDR_E_ABSENT, "the codebook here has no table %s with %" PRIu32 " cells, as version %s has: "
			    "`candor codebook load` takes a newer one", table->id, table->cells, round->body->codebook_version);
		for (size_t i = 0; i < table->cells; i++) {
			if (counts->counts[i] >> table->bits != 0)
				return cdr_fault_set(fault, CDR_E_RANGE, "cell %zu of table %s is larger than this round can hold (%u): tell the "
				    "secretariat, which can open one with more bits", i, table->id, (1U << table->bits) - 1);
			out[at++] = counts->counts[i];
		}
	}
	return CDR_OK;
}

/* see node/member/rounds.h */
cdr_err
cdr_rounds_count(struct cdr_member *member, const struct cdr_round *round, const char *const *drops, size_t drop_count,
    uint32_t **counts, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *ids[CDR_ROUND_TABLES_MAX];
	struct cdr_preview *preview = calloc(1, sizeof(*preview));
	char country[CDR_COUNTRY_LEN];
	size_t count = 0, people;

	*counts = NULL;
	if (preview == NULL)
		return CDR_E_MEMORY;
	for (size_t t = 0; t < round->body->n_table; t++)
		if (!cdr_round_names(round->body->table[t]->id, country))
			ids[count++] = round->body->table[t]->id;
	if (count > 0)
		CDR_TRY(cdr_preview_make(member, round->body->period, ids, count, drops, drop_count, preview, fault));
	*counts = cdr_wiping_alloc(round->cell_count * sizeof(**counts));
	if (*counts == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	CDR_TRY(flatten(round, preview, *counts, fault));
	if (cdr_names_asked(round))
		CDR_TRY(cdr_names_count(member, round, *counts, &people, fault));
out:
	cdr_preview_wipe(preview);
	free(preview);
	if (err != CDR_OK) {
		cdr_wiping_free(*counts);
		*counts = NULL;
	}
	return err;
}

/* ---- submitting ------------------------------------------------------------------------------------------------- */

struct keep_job {
	const struct cdr_member *member;
	const struct cdr_round *round;
	uint64_t number;
	const uint8_t *hash;
	struct cdr_bytes request;
	const char *coarsened;
};

/* A writing job: the request as it will be sent, and who made it. */
static cdr_err
keep_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct keep_job *job = context;

	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO round_submission (round, submission, hash, request, made_at, refused, told, coarsened) VALUES ($1, $2, $3, $4, $5, 0, 0, $6)",
	    CDR_VALUES(hash_value(job->round), cdr_value_int((int64_t)job->number), cdr_value_blob(job->hash, CDR_SHA256_LEN),
		cdr_value_bytes(job->request), cdr_value_int((int64_t)cdr_member_now()), cdr_value_text(job->coarsened))));
	CDR_TRY(cdr_trail_add(tx, job->member->who, "report.submit", job->round->body->id.data));
out:
	return err;
}

struct reply_job {
	const uint8_t *hash;
	struct cdr_bytes reply;
	bool refused;
};

/* A writing job: what the hub said to it. Ciphertexts that it has are not needed here any more. */
static cdr_err
reply_job(struct cdr_tx *tx, void *context)
{
	const struct reply_job *job = context;

	return cdr_query_run(tx, job->refused ? "UPDATE round_submission SET refused = 1 WHERE hash = $1" :
	    "UPDATE round_submission SET reply = $2, request = $3 WHERE hash = $1 AND reply IS NULL",
	    job->refused ? CDR_VALUES(cdr_value_blob(job->hash, CDR_SHA256_LEN)) :
	    CDR_VALUES(cdr_value_blob(job->hash, CDR_SHA256_LEN), cdr_value_bytes(job->reply), cdr_value_blob(NULL, 0)));
}

/* Send a kept request; keep what the hub answers. */
static cdr_err
send_kept(struct cdr_member *member, const struct submitted *s, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_roster *roster = cdr_current_hold(member->current);
	struct cdr_ask ask = { .path = CDR_TALLY_SUBMIT_PATH, .reply_type = &cdr__wire__round_submit_reply__descriptor };
	struct reply_job job = { .hash = s->hash };

	CDR_TRY(cdr_buffer_copy(cdr_buffer_bytes(&s->request), &ask.request));
	err = cdr_member_ask_hub(member, roster, &ask, fault);
	if (err != CDR_OK) {
		/* Its own word that it will not have it ends the matter; anything else is tried again. */
		job.refused = ask.answered && err != CDR_E_BUSY && err != CDR_E_INTERNAL;
		if (job.refused && cdr_store_write(member->home->store, reply_job, &job) != CDR_OK)
			cdr_log(CDR_LOG_ERROR, "round.not_kept", cdr_log_err(CDR_E_STORE));
		goto out;
	}
	const Cdr__Wire__RoundSubmitReply *reply = ask.reply;
	if (reply->contribution.len != sizeof(s->hash) || memcmp(reply->contribution.data, s->hash, sizeof(s->hash)) != 0) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "the hub acknowledges another contribution than the one that was sent");
		goto out;
	}
	job.reply = cdr_buffer_bytes(&ask.post.reply);
	CDR_TRY(cdr_store_write(member->home->store, reply_job, &job));
out:
	cdr_ask_free(&ask);
	cdr_current_release(member->current, roster);
	return err;
}

/* The signed request for submission ${number}. */
static cdr_err
make_request(struct cdr_member *member, const struct cdr_round *round, const uint32_t *counts, uint64_t number,
    struct submitted *s)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_elgamal *key = NULL;
	struct cdr_buffer packed = { 0 }, body = { 0 };
	Cdr__Wire__RoundSubmit message = CDR__WIRE__ROUND_SUBMIT__INIT;
	uint8_t round_hash[CDR_ROUND_HASH_LEN], packed_hash[CDR_SHA256_LEN];
	const struct cdr_signer signer = cdr_member_signer(member);

	CDR_TRY(cdr_elgamal_new(round->body->public_key.data, &key));
	CDR_TRY(cdr_contribution_make(round, key, member->id, counts, &packed));
	const struct cdr_bytes part = cdr_buffer_bytes(&packed);
	CDR_TRY(cdr_sha256(&part, 1, packed_hash));
	memcpy(round_hash, round->hash, sizeof(round_hash));
	message.round = cdr_message_field(round_hash, sizeof(round_hash));
	message.submission = (uint32_t)number;
	message.packed_hash = cdr_message_field(packed_hash, sizeof(packed_hash));
	CDR_TRY(cdr_message_encode(&message.base, &body));
	CDR_TRY(cdr_envelope_request(&signer, CDR_TALLY_SUBMIT_PATH, cdr_buffer_bytes(&body), part, &s->request));
	const struct cdr_bytes request = cdr_buffer_bytes(&s->request);
	CDR_TRY(cdr_sha256(&request, 1, s->hash));
	s->number = number;
out:
	cdr_elgamal_free(key);
	cdr_buffer_free(&packed);
	cdr_buffer_free(&body);
	return err;
}

struct next_job {
	uint64_t last, next;
};

/* A reading job. */
static cdr_err
next_job(struct cdr_tx *tx, void *context)
{
	struct next_job *job = context;

	return cdr_put_back_next(tx, job->last, SUBMISSION_SINCE, &job->next);
}

/* see node/member/rounds.h */
cdr_err
cdr_rounds_submit(struct cdr_member *member, const struct cdr_round *round, const uint32_t *counts, const char *coarsened,
    uint64_t *number, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct submitted before = { 0 }, s = { 0 };
	struct next_job next;

	*number = 0;

	if (cdr_member_now() > round->body->deadline)
		return cdr_fault_set(fault, CDR_E_TIME, "the deadline of this round is over");
	CDR_TRY(submitted_read(member, round, false, &before));
	next.last = before.number;
	CDR_TRY(cdr_store_read(member->home->store, next_job, &next));
	CDR_TRY(make_request(member, round, counts, next.next, &s));
	struct keep_job job = { member, round, s.number, s.hash, cdr_buffer_bytes(&s.request), coarsened };
	CDR_TRY(cdr_store_write(member->home->store, keep_job, &job));
	CDR_TRY(send_kept(member, &s, fault));
	*number = s.number;
out:
	submitted_free(&before);
	submitted_free(&s);
	return err;
}

/* ---- by itself -------------------------------------------------------------------------------------------------- */

struct waiting_job {
	struct submitted s;
	bool any;
};

/* A reading job: a submission that was kept and neither acknowledged nor refused, if no later one of its round was. */
static cdr_err
waiting_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct waiting_job *job = context;
	struct cdr_query *query = NULL;
	const struct cdr_values none = CDR_VALUES();

	CDR_TRY(cdr_query_start(tx,
	    "SELECT submission, hash, request FROM round_submission WHERE reply IS NULL AND refused = 0"
	    " AND NOT EXISTS (SELECT 1 FROM round_submission AS later WHERE later.round = round_submission.round"
	    " AND later.submission > round_submission.submission) ORDER BY made_at LIMIT 1", none, &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT) {
		err = CDR_OK;
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	CDR_TRY(cdr_query_count(query, 0, &job->s.number));
	CDR_TRY(cdr_query_blob(query, 1, job->s.hash, sizeof(job->s.hash)));
	CDR_TRY(cdr_query_blob_copy(query, 2, CDR_BODY_ROUND_MAX, &job->s.request));
	job->any = true;
out:
	cdr_query_end(query);
	return err;
}

/* see node/member/rounds.h */
cdr_err
cdr_rounds_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct waiting_job job = { .any = false };
	struct cdr_rounds rounds = { .count = 0 };

	*worked = false;
	CDR_TRY(cdr_store_read(member->home->store, waiting_job, &job));
	if (job.any)
		CDR_TRY(send_kept(member, &job.s, fault));
	CDR_TRY(cdr_rounds_fetch(member, &rounds, fault));
out:
	submitted_free(&job.s);
	cdr_rounds_free(&rounds);
	return err;
}
