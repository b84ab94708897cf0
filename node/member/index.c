#include "node/member/index.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/token.h"
#include "node/member/epoch.h"
#include "node/member/evaluate.h"
#include "node/member/index_again.h"
#include "node/member/index_own.h"
#include "node/member/index_wait.h"
#include "node/member/leavers.h"
#include "node/member/receipt.h"
#include "node/net/log.h"

#define PUT_PATH "/v1/index/put"
#define WORKERS 2           /* while one waits for the trustees the other computes */
#define CHUNK_LEAVERS 64    /* at most in one batch */
#define CHUNK_TOKENS CDR_EVALUATE_POINTS_MAX
#define BATCH_REMOVALS 4096 /* at most in one batch */

/* What changes in the hub's index at once: rows and expiries of leavers who come, or handles that go. */
struct batch {
	uint8_t id[CDR_ID_LEN];
	int64_t epoch;
	struct cdr_buffer rows, expiries, removed;
};

static void
batch_free(struct batch *batch)
{
	cdr_buffer_free(&batch->rows);
	cdr_buffer_free(&batch->expiries);
	cdr_buffer_free(&batch->removed);
}

/* One leaver of a chunk. */
struct subject {
	uint8_t id[CDR_ID_LEN];
	uint8_t handle[CDR_HANDLE_LEN];
	uint16_t expiry;
	struct cdr_buffer sealed;
	struct cdr_buffer packed; /* personal: the same in clear, for who may be shown it */
	size_t token_count;      /* of the chunk's tokens, in order */
};

/* Leavers on their way into one batch. */
struct chunk {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	const Cdr__Wire__Epoch *epoch;
	const struct cdr_scheme *scheme;
	struct subject subject[CHUNK_LEAVERS];
	size_t count;            /* subjects that were read */
	size_t taken;            /* of these, whose tokens fit: the rest waits for the next chunk */
	struct cdr_token *token; /* personal: CHUNK_TOKENS */
	size_t token_count;
	uint8_t *tags;
	struct batch batch;
	bool is_outdated;        /* the register changed meanwhile */
	cdr_err err;
	struct cdr_fault fault;
};

static void
chunk_free(struct chunk *chunk)
{
	if (chunk == NULL)
		return;
	for (size_t i = 0; i < chunk->count; i++) {
		cdr_buffer_free(&chunk->subject[i].sealed);
		cdr_buffer_free(&chunk->subject[i].packed);
	}
	if (chunk->token != NULL)
		cdr_wipe(chunk->token, CHUNK_TOKENS * sizeof(*chunk->token));
	free(chunk->token);
	free(chunk->tags);
	batch_free(&chunk->batch);
	free(chunk);
}

static struct chunk *
chunk_new(struct cdr_member *member, const struct cdr_roster *roster, const Cdr__Wire__Epoch *epoch,
    const struct cdr_scheme *scheme)
{
	struct chunk *chunk = calloc(1, sizeof(*chunk));

	if (chunk == NULL)
		return NULL;
	chunk->member = member;
	chunk->roster = roster;
	chunk->epoch = epoch;
	chunk->scheme = scheme;
	chunk->batch.epoch = epoch->number;
	chunk->token = calloc(CHUNK_TOKENS, sizeof(*chunk->token));
	chunk->tags = calloc(CHUNK_TOKENS, CDR_TAG_LEN);
	if (chunk->token == NULL || chunk->tags == NULL) {
		chunk_free(chunk);
		return NULL;
	}
	return chunk;
}

/* ---- from leavers to tags ------------------------------------------------------------------------------------------- */

/* A leaver in clear. */
static cdr_err
pack(const struct cdr_leaver *leaver, struct cdr_buffer *packed)
{
	packed->data = malloc(CDR_LEAVER_PACK_MAX);
	return packed->data == NULL ? CDR_E_MEMORY : cdr_leaver_pack(leaver, packed->data, &packed->len);
}

/* Add the tokens of one leaver, if they all fit. */
static cdr_err
add_tokens(struct chunk *chunk, struct subject *subject, bool *fits)
{
	struct cdr_leaver leaver;
	struct cdr_token_set *set = malloc(sizeof(*set));

	*fits = false;
	if (set == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_leavers_open(chunk->member, subject->id, cdr_buffer_bytes(&subject->sealed), &leaver);
	if (err == CDR_OK)
		err = cdr_token_derive(&leaver.person, chunk->scheme, set, &chunk->fault);
	if (err == CDR_E_INPUT) {
		/* Its text cannot be normalised: it stays in the register, where a person may find it. */
		chunk->fault = (struct cdr_fault){ 0 };
		err = CDR_OK;
		*fits = true;
	} else if (err == CDR_OK && chunk->token_count + set->count <= CHUNK_TOKENS) {
		memcpy(chunk->token + chunk->token_count, set->token, set->count * sizeof(set->token[0]));
		subject->token_count = set->count;
		chunk->token_count += set->count;
		*fits = true;
		err = pack(&leaver, &subject->packed);
	}
	cdr_wipe(&leaver, sizeof(leaver));
	cdr_wipe(set, sizeof(*set));
	free(set);
	return err;
}

/* Have the trustees evaluate all tokens; whose they are is kept as long as an auditor may ask. */
static cdr_err
evaluate(struct chunk *chunk, const struct cdr_bytes *inputs)
{
	struct cdr_evaluate_subject subject[CHUNK_LEAVERS];
	struct cdr_evaluate_about about = { subject, 0 };
	size_t first = 0;

	for (size_t i = 0; i < chunk->taken; i++) {
		const struct subject *s = &chunk->subject[i];
		if (s->token_count == 0)
			continue;
		subject[about.count++] = (struct cdr_evaluate_subject){ .record = s->id, .shown = s->handle, .first = first,
			.count = s->token_count, .packed = cdr_buffer_bytes(&s->packed) };
		first += s->token_count;
	}
	return cdr_evaluate_about(chunk->member, chunk->roster, chunk->epoch, CDR_PURPOSE_IMPORT, inputs, chunk->token_count, &about,
	    chunk->tags, &chunk->fault);
}

/* Tokens of as many leavers as fit into one evaluation, and their tags. */
static cdr_err
derive_tags(struct chunk *chunk)
{
	bool fits = true;
	cdr_err err = CDR_OK;

	while (err == CDR_OK && fits && chunk->taken < chunk->count) {
		err = add_tokens(chunk, &chunk->subject[chunk->taken], &fits);
		if (err == CDR_OK && fits)
			chunk->taken++;
	}
	if (err != CDR_OK || chunk->token_count == 0)
		return err;
	struct cdr_bytes *inputs = calloc(chunk->token_count, sizeof(*inputs));
	if (inputs == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < chunk->token_count; i++)
		inputs[i] = (struct cdr_bytes){ chunk->token[i].input, chunk->token[i].input_len };
	err = evaluate(chunk, inputs);
	free(inputs);
	return err;
}

/* ---- from tags to rows ----------------------------------------------------------------------------------------------- */

/* A uniform number below ${bound} (1 .. 2^31) from four random bytes; the bias is below 2^-16 for what is asked here. */
static size_t
below(const uint8_t *random, size_t bound)
{
	uint32_t value = (uint32_t)random[0] << 24 | (uint32_t)random[1] << 16 | (uint32_t)random[2] << 8 | random[3];

	return (size_t)((uint64_t)value * bound >> 32);
}

/* tag 16, type 1, rarity 1, pair 1, handle 16 */
static void
write_row(uint8_t *row, const uint8_t *tag, const struct cdr_token *token, const uint8_t *handle)
{
	memcpy(row, tag, CDR_TAG_LEN);
	row[CDR_TAG_LEN] = token->type;
	row[CDR_TAG_LEN + 1] = token->rarity;
	row[CDR_TAG_LEN + 2] = token->pair;
	memcpy(row + CDR_TAG_LEN + 3, handle, CDR_HANDLE_LEN);
}

/*
 * The rows of one leaver: its tags, and dummies up to 16, 32 or 64. A dummy has a random tag, which looks like any other,
 * and the type, rarity and pair of a real row of the batch, so that these occur as often as they really do.
 */
static cdr_err
write_subject(struct chunk *chunk, const struct subject *subject, size_t first_token, uint8_t *rows)
{
	size_t padded = cdr_token_padded(subject->token_count);
	uint8_t random[CDR_TAG_LEN + 4];

	for (size_t i = 0; i < padded; i++) {
		uint8_t *row = rows + i * CDR_INDEX_ROW_LEN;
		if (i < subject->token_count) {
			size_t at = first_token + i;
			write_row(row, chunk->tags + at * CDR_TAG_LEN, &chunk->token[at], subject->handle);
			continue;
		}
		cdr_err err = cdr_random(random, sizeof(random));
		if (err != CDR_OK)
			return err;
		size_t like = below(random + CDR_TAG_LEN, chunk->token_count);
		write_row(row, random, &chunk->token[like], subject->handle);
	}
	return CDR_OK;
}

/* No order tells real rows from dummies, or whose row came first. Fisher and Yates. */
static cdr_err
shuffle_rows(uint8_t *rows, size_t count)
{
	uint8_t held[CDR_INDEX_ROW_LEN], random[4];

	for (size_t i = count; i > 1; i--) {
		cdr_err err = cdr_random(random, sizeof(random));
		if (err != CDR_OK)
			return err;
		uint8_t *a = rows + (i - 1) * CDR_INDEX_ROW_LEN, *b = rows + below(random, i) * CDR_INDEX_ROW_LEN;
		memcpy(held, a, sizeof(held));
		memcpy(a, b, sizeof(held));
		memcpy(b, held, sizeof(held));
	}
	return CDR_OK;
}

/* How many rows and handles the batch has. Leavers without a token have none: they are found only where declared. */
static void
count_rows(const struct chunk *chunk, size_t *rows, size_t *handles)
{
	*rows = *handles = 0;
	for (size_t i = 0; i < chunk->taken; i++) {
		if (chunk->subject[i].token_count == 0)
			continue;
		*rows += cdr_token_padded(chunk->subject[i].token_count);
		*handles += 1;
	}
}

/* The rows and expiries of the batch. */
static cdr_err
write_rows(struct chunk *chunk)
{
	size_t row_count, handle_count, token = 0;
	struct batch *batch = &chunk->batch;
	cdr_err err = CDR_OK;

	count_rows(chunk, &row_count, &handle_count);
	if (row_count == 0)
		return CDR_OK;
	batch->rows.data = calloc(row_count, CDR_INDEX_ROW_LEN);
	batch->expiries.data = calloc(handle_count, CDR_INDEX_EXPIRY_LEN);
	if (batch->rows.data == NULL || batch->expiries.data == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < chunk->taken && err == CDR_OK; i++) {
		const struct subject *s = &chunk->subject[i];
		if (s->token_count == 0)
			continue;
		err = write_subject(chunk, s, token, batch->rows.data + batch->rows.len);
		uint8_t *expiry = batch->expiries.data + batch->expiries.len;
		memcpy(expiry, s->handle, CDR_HANDLE_LEN);
		expiry[CDR_HANDLE_LEN] = (uint8_t)(s->expiry >> 8);
		expiry[CDR_HANDLE_LEN + 1] = (uint8_t)s->expiry;
		batch->rows.len += cdr_token_padded(s->token_count) * CDR_INDEX_ROW_LEN;
		batch->expiries.len += CDR_INDEX_EXPIRY_LEN;
		token += s->token_count;
	}
	return err == CDR_OK ? shuffle_rows(batch->rows.data, row_count) : err;
}

/* Everything that needs no transaction; one thread for each chunk. */
static void *
prepare(void *context)
{
	struct chunk *chunk = context;

	chunk->err = derive_tags(chunk);
	if (chunk->err == CDR_OK)
		chunk->err = write_rows(chunk);
	if (chunk->err == CDR_OK)
		chunk->err = cdr_random(chunk->batch.id, sizeof(chunk->batch.id));
	return NULL;
}

/* ---- the database ------------------------------------------------------------------------------------------------------ */

/* The next leavers that wait, dealt out to the chunks in turn. */
struct selection {
	struct chunk **chunks;
	size_t chunk_count;
	size_t found;
};

static cdr_err
select_waiting(struct cdr_tx *tx, void *context)
{
	struct selection *selection = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	int64_t expiry;

	CDR_TRY(cdr_query_start(tx,
	    "SELECT id, handle, expiry, sealed FROM leaver WHERE state = 'waiting' ORDER BY handle LIMIT $1",
	    CDR_VALUES(cdr_value_int((int64_t)(selection->chunk_count * CHUNK_LEAVERS))), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		struct chunk *chunk = selection->chunks[selection->found++ % selection->chunk_count];
		struct subject *s = &chunk->subject[chunk->count++];
		CDR_TRY(cdr_query_blob(query, 0, s->id, sizeof(s->id)));
		CDR_TRY(cdr_query_blob(query, 1, s->handle, sizeof(s->handle)));
		CDR_TRY(cdr_query_int(query, 2, &expiry));
		CDR_TRY(cdr_query_blob_copy(query, 3, CDR_LEAVER_PACK_MAX + CDR_SEAL_OVERHEAD, &s->sealed));
		s->expiry = (uint16_t)expiry;
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
insert_batch(struct cdr_tx *tx, const struct batch *batch)
{
	uint64_t number;

	cdr_err err = cdr_setting_next(tx, "index_batch", &number);
	if (err != CDR_OK)
		return err;
	return cdr_query_run(tx,
	    "INSERT INTO index_batch (number, id, epoch, row_bytes, expiries, removed) VALUES ($1, $2, $3, $4, $5, $6)",
	    CDR_VALUES(cdr_value_int((int64_t)number), cdr_value_blob(batch->id, sizeof(batch->id)),
		cdr_value_int(batch->epoch), cdr_value_bytes(cdr_buffer_bytes(&batch->rows)),
		cdr_value_bytes(cdr_buffer_bytes(&batch->expiries)), cdr_value_bytes(cdr_buffer_bytes(&batch->removed))));
}

/*
 * Write the batch and mark its leavers. Somebody who was changed or taken out meanwhile has another handle or none: then
 * nothing of the chunk is kept, and it is made anew.
 */
static cdr_err
write_chunk(struct cdr_tx *tx, void *context)
{
	struct chunk *chunk = context;
	cdr_err err = CDR_E_INTERNAL;

	for (size_t i = 0; i < chunk->taken; i++) {
		const struct subject *s = &chunk->subject[i];
		CDR_TRY(cdr_query_run(tx,
		    "UPDATE leaver SET state = $1, batch = $2 WHERE id = $3 AND handle = $4 AND state = 'waiting'",
		    CDR_VALUES(cdr_value_text(s->token_count > 0 ? "sent" : "kept"),
			cdr_value_blob(chunk->batch.id, CDR_ID_LEN), cdr_value_blob(s->id, CDR_ID_LEN),
			cdr_value_blob(s->handle, CDR_HANDLE_LEN))));
		chunk->is_outdated = cdr_query_changed_count(tx) != 1;
		if (chunk->is_outdated)
			return CDR_E_BUSY;
	}
	err = chunk->batch.rows.len > 0 ? insert_batch(tx, &chunk->batch) : CDR_OK;
out:
	return err;
}

/*
 * The handles that shall go, as many as one batch holds. That of a leaver whose row changed stays until the new rows are on
 * their way before it: in between nobody who worked here may be missing from the index.
 */
static cdr_err
read_removals(struct cdr_tx *tx, struct batch *batch)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	batch->removed.data = calloc(BATCH_REMOVALS, CDR_HANDLE_LEN);
	if (batch->removed.data == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_query_start(tx,
	    "SELECT handle FROM removal WHERE batch IS NULL AND NOT EXISTS ("
	    "SELECT 1 FROM former_handle, leaver WHERE former_handle.handle = removal.handle AND"
	    " leaver.id = former_handle.leaver AND leaver.state = 'waiting') ORDER BY handle LIMIT $1",
	    CDR_VALUES(cdr_value_int(BATCH_REMOVALS)), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob(query, 0, batch->removed.data + batch->removed.len, CDR_HANDLE_LEN));
		batch->removed.len += CDR_HANDLE_LEN;
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/*
 * Handles that go are a batch of their own: they need no trustee, so nothing holds them up. There is none where nobody goes
 * (CDR_E_ABSENT).
 */
static cdr_err
write_removals(struct cdr_tx *tx, void *context)
{
	struct batch *batch = context;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_random(batch->id, sizeof(batch->id)));
	CDR_TRY(read_removals(tx, batch));
	if (batch->removed.len == 0)
		return CDR_E_ABSENT;
	for (size_t at = 0; at < batch->removed.len; at += CDR_HANDLE_LEN)
		CDR_TRY(cdr_query_run(tx, "UPDATE removal SET batch = $1 WHERE handle = $2",
		    CDR_VALUES(cdr_value_blob(batch->id, sizeof(batch->id)),
			cdr_value_blob(batch->removed.data + at, CDR_HANDLE_LEN))));
	CDR_TRY(cdr_index_own_forget(tx, batch->removed.data, batch->removed.len / CDR_HANDLE_LEN));
	CDR_TRY(insert_batch(tx, batch));
	err = CDR_OK;
out:
	return err;
}

/* The oldest batch that the hub has not acknowledged. */
static cdr_err
read_oldest(struct cdr_tx *tx, void *context)
{
	struct batch *batch = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx,
	    "SELECT id, epoch, row_bytes, expiries, removed FROM index_batch ORDER BY number LIMIT 1", CDR_VALUES(),
	    &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob(query, 0, batch->id, sizeof(batch->id)));
	CDR_TRY(cdr_query_int(query, 1, &batch->epoch));
	CDR_TRY(cdr_query_blob_copy(query, 2, CDR_BODY_INDEX_MAX, &batch->rows));
	CDR_TRY(cdr_query_blob_copy(query, 3, CDR_BODY_INDEX_MAX, &batch->expiries));
	CDR_TRY(cdr_query_blob_copy(query, 4, CDR_BODY_INDEX_MAX, &batch->removed));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* What the hub acknowledged, and its receipt. */
struct acknowledgement {
	const uint8_t *batch_id;
	struct cdr_receipt receipt;
};

static cdr_err
acknowledge(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct acknowledgement *a = context;
	struct cdr_value id = cdr_value_blob(a->batch_id, CDR_ID_LEN);

	CDR_TRY(cdr_receipt_keep(tx, &a->receipt));
	CDR_TRY(cdr_query_run(tx, "UPDATE leaver SET state = 'indexed', batch = NULL WHERE batch = $1 AND state = 'sent'",
	    CDR_VALUES(id)));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM removal WHERE batch = $1", CDR_VALUES(id)));
	CDR_TRY(cdr_index_own_keep(tx, a->batch_id));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM index_batch WHERE id = $1", CDR_VALUES(id)));
	err = CDR_OK;
out:
	return err;
}

/* ---- the hub ------------------------------------------------------------------------------------------------------------- */

/* The receipt for just this batch. */
static cdr_err
take_receipt(const struct cdr_member *member, const struct cdr_roster *roster, const struct batch *batch,
    const Cdr__Wire__Receipt *message, struct cdr_receipt *receipt, struct cdr_fault *fault)
{
	const struct cdr_bytes parts[] = { { batch->id, sizeof(batch->id) }, cdr_buffer_bytes(&batch->rows),
		cdr_buffer_bytes(&batch->expiries), cdr_buffer_bytes(&batch->removed) };
	uint8_t content[CDR_LEAF_CONTENT_LEN];

	cdr_err err = cdr_leaf_content(CDR_LEAF_INDEX_BATCH, parts, 4, content);
	return err != CDR_OK ? err :
			       cdr_receipt_take(member, roster, message, CDR_LEAF_INDEX_BATCH, content, receipt, fault);
}

struct thinned {
	const uint8_t *batch_id;
	size_t rows;
};

/* A writing job. */
static cdr_err
thin_job(struct cdr_tx *tx, void *context)
{
	struct thinned *thinned = context;

	return cdr_index_own_thin(tx, thinned->batch_id, &thinned->rows);
}

/* The hub refused a batch: if too many rows stand under one tag, it is sent anew with fewer. Else ${err} stays. */
static cdr_err
thin_batch(struct cdr_member *member, const struct batch *batch, cdr_err err, struct cdr_fault *fault)
{
	struct thinned thinned = { .batch_id = batch->id };
	cdr_err wrong = cdr_store_write(member->home->store, thin_job, &thinned);

	if (wrong != CDR_OK || thinned.rows == 0)
		return wrong != CDR_OK ? wrong : err;
	cdr_log(CDR_LOG_INFO, "index.thinned", cdr_log_int("rows", (int64_t)thinned.rows));
	if (fault != NULL)
		*fault = (struct cdr_fault){ 0 };
	return CDR_OK;
}

/* Send one batch; what the hub acknowledged is marked. */
static cdr_err
send_batch(struct cdr_member *member, const struct cdr_roster *roster, struct batch *batch, struct cdr_fault *fault)
{
	Cdr__Wire__IndexPut put = CDR__WIRE__INDEX_PUT__INIT;

	put.epoch = (uint32_t)batch->epoch;
	put.batch = cdr_message_field(batch->id, sizeof(batch->id));
	put.rows = cdr_message_field(batch->rows.data, batch->rows.len);
	put.expiries = cdr_message_field(batch->expiries.data, batch->expiries.len);
	put.removed = cdr_message_field(batch->removed.data, batch->removed.len);
	struct cdr_ask ask = {
		.path = PUT_PATH,
		.message = &put.base,
		.reply_type = &cdr__wire__index_put_reply__descriptor,
	};
	struct acknowledgement a = { .batch_id = batch->id };
	cdr_err err = cdr_member_ask_hub(member, roster, &ask, fault);
	if (err == CDR_OK)
		err = take_receipt(member, roster, batch, ((const Cdr__Wire__IndexPutReply *)ask.reply)->receipt, &a.receipt, fault);
	if (err == CDR_OK)
		err = cdr_store_write(member->home->store, acknowledge, &a);
	if (err == CDR_E_RANGE && ask.answered)
		err = thin_batch(member, batch, err, fault);
	cdr_receipt_free(&a.receipt);
	cdr_ask_free(&ask);
	return err;
}

/* A writing job: the epoch of a batch is over before the hub took it. */
static cdr_err
drop_batch(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct batch *batch = context;
	struct cdr_value id = cdr_value_blob(batch->id, CDR_ID_LEN);

	CDR_TRY(cdr_query_run(tx, "UPDATE leaver SET state = 'waiting', batch = NULL WHERE batch = $1 AND state = 'sent'", CDR_VALUES(id)));
	CDR_TRY(cdr_query_run(tx, "UPDATE removal SET batch = NULL WHERE batch = $1", CDR_VALUES(id)));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM index_batch WHERE id = $1", CDR_VALUES(id)));
out:
	return err;
}

static bool
is_over(const struct cdr_roster *roster, const struct batch *batch)
{
	const Cdr__Wire__Epoch *epoch = cdr_roster_epoch(roster, (uint32_t)batch->epoch);

	return epoch == NULL || cdr_member_now() >= epoch->ends_at;
}

/* Send what waits, oldest first. */
static cdr_err
send_waiting(struct cdr_member *member, const struct cdr_roster *roster, bool *worked, struct cdr_fault *fault)
{
	for (;;) {
		struct batch batch = { 0 };
		cdr_err err = cdr_store_read(member->home->store, read_oldest, &batch);
		if (err == CDR_E_ABSENT)
			return CDR_OK;
		if (err == CDR_OK) {
			*worked = true;
			err = is_over(roster, &batch) ? cdr_store_write(member->home->store, drop_batch, &batch) :
							send_batch(member, roster, &batch, fault);
		}
		batch_free(&batch);
		if (err != CDR_OK)
			return err;
	}
}

/* Prepare all chunks at once, one thread each, and write each as a batch. */
static cdr_err
make_batches(struct cdr_member *member, struct chunk **chunks, size_t count, struct cdr_fault *fault)
{
	pthread_t thread[WORKERS];
	bool started[WORKERS] = { false };
	cdr_err err = CDR_OK;

	for (size_t i = 1; i < count; i++)
		started[i] = chunks[i]->count > 0 && pthread_create(&thread[i], NULL, prepare, chunks[i]) == 0;
	for (size_t i = 0; i < count; i++)
		if (!started[i])
			(void)prepare(chunks[i]);
	for (size_t i = 0; i < count; i++) {
		if (started[i])
			(void)pthread_join(thread[i], NULL);
		if (chunks[i]->err == CDR_OK)
			chunks[i]->err = cdr_store_write(member->home->store, write_chunk, chunks[i]);
		if (chunks[i]->is_outdated)
			chunks[i]->err = CDR_OK; /* made anew next time */
		if (err == CDR_OK && chunks[i]->err != CDR_OK) {
			err = chunks[i]->err;
			if (fault != NULL)
				*fault = chunks[i]->fault;
		}
	}
	return err;
}

/* Select, prepare, write. */
static cdr_err
make_next(struct cdr_member *member, const struct cdr_roster *roster, const Cdr__Wire__Epoch *epoch,
    const struct cdr_scheme *scheme, bool *worked, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct chunk *chunks[WORKERS] = { NULL };
	struct selection selection = { .chunks = chunks, .chunk_count = WORKERS };

	for (size_t i = 0; i < WORKERS; i++) {
		chunks[i] = chunk_new(member, roster, epoch, scheme);
		if (chunks[i] == NULL) {
			err = CDR_E_MEMORY;
			goto out;
		}
	}
	CDR_TRY(cdr_store_read(member->home->store, select_waiting, &selection));
	if (selection.found > 0) {
		*worked = true;
		err = make_batches(member, chunks, WORKERS, fault);
	}
out:
	for (size_t i = 0; i < WORKERS; i++)
		chunk_free(chunks[i]);
	return err;
}

static cdr_err
step(struct cdr_member *member, bool *worked, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_scheme scheme;
	const Cdr__Wire__Epoch *epoch;
	struct batch removals = { 0 };
	const struct cdr_roster *roster = cdr_current_hold(member->current);

	*worked = false;
	cdr_err unfit = cdr_member_scheme(roster, &epoch, &scheme, fault);
	if (epoch == NULL) {
		err = unfit;
		goto out;
	}
	removals.epoch = epoch->number;
	CDR_TRY(cdr_epoch_shift(member, epoch->number));
	CDR_TRY(cdr_index_again_look(member, roster, fault));
	err = cdr_store_write(member->home->store, write_removals, &removals);
	if (err != CDR_E_ABSENT)
		CDR_TRY(err);
	CDR_TRY(cdr_index_again_put(member, roster));
	CDR_TRY(send_waiting(member, roster, worked, fault));
	/* Whoever leaves the index may leave it whatever the name tables; whoever comes needs the exchange's. */
	CDR_TRY(unfit);
	CDR_TRY(make_next(member, roster, epoch, &scheme, worked, fault));
	CDR_TRY(send_waiting(member, roster, worked, fault));
	err = CDR_OK;
out:
	batch_free(&removals);
	cdr_current_release(member->current, roster);
	return err;
}

/* see node/member/index.h */
cdr_err
cdr_index_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault)
{
	struct cdr_fault why = { 0 };
	cdr_err err = step(member, worked, &why);

	/* What cannot be written down now is tried again with the next step. */
	cdr_err noted = cdr_index_wait_note(member, err, why.text);
	if (noted != CDR_OK)
		cdr_log(CDR_LOG_WARNING, "index.wait_not_noted", cdr_log_err(noted));
	if (fault != NULL && err != CDR_OK)
		*fault = why;
	return err;
}
