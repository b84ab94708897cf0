#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "node/hub/log.h"
#include "node/hub/round.h"

static struct cdr_bytes
hash_bytes(const uint8_t *hash)
{
	return (struct cdr_bytes){ hash, CDR_ROUND_HASH_LEN };
}

/* ---- collecting ------------------------------------------------------------------------------------------------- */

/* Requests as they were received, by a query with the round and, where it has one, a transcript. */
struct items {
	const uint8_t *round, *transcript;
	const char *sql;
	struct cdr_buffer *item;
	ProtobufCBinaryData *field;
	size_t count, room;
};

static void
items_free(struct items *items)
{
	for (size_t i = 0; i < items->count; i++)
		cdr_buffer_free(&items->item[i]);
	free(items->item);
	free(items->field);
}

static cdr_err
items_grow(struct items *items)
{
	size_t room = items->room == 0 ? 16 : 2 * items->room;
	struct cdr_buffer *item;

	if (items->count < items->room)
		return CDR_OK;
	item = realloc(items->item, room * sizeof(*item));
	if (item == NULL)
		return CDR_E_MEMORY;
	memset(item + items->room, 0, (room - items->room) * sizeof(*item));
	items->item = item;
	items->room = room;
	return CDR_OK;
}

/* A reading job. */
static cdr_err
items_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct items *items = context;
	struct cdr_query *query = NULL;
	const struct cdr_value round = cdr_value_bytes(hash_bytes(items->round));
	const struct cdr_values one = CDR_VALUES(round);
	const struct cdr_values two = CDR_VALUES(round, cdr_value_blob(items->transcript, CDR_SHA256_LEN));

	CDR_TRY(cdr_query_start(tx, items->sql, items->transcript == NULL ? one : two, &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(items_grow(items));
		CDR_TRY(cdr_query_blob_copy(query, 0, CDR_BODY_ROUND_MAX, &items->item[items->count]));
		items->count++;
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Read them, and make fields of them. */
static cdr_err
items_read(struct cdr_hub *hub, const uint8_t *round, const char *sql, struct items *items)
{
	items->round = round;
	items->sql = sql;
	cdr_err err = cdr_store_read(hub->store, items_job, items);
	if (err != CDR_OK)
		return err;
	items->field = calloc(items->count + 1, sizeof(*items->field));
	if (items->field == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < items->count; i++)
		items->field[i] = cdr_message_field(items->item[i].data, items->item[i].len);
	return CDR_OK;
}

/* Drop what the list does not name: contributions of members who left before the close. */
static cdr_err
keep_listed(struct items *items, const Cdr__Wire__CloseList *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < items->count && kept < list->n_contribution; i++) {
		const struct cdr_bytes request = cdr_buffer_bytes(&items->item[i]);
		uint8_t hash[CDR_SHA256_LEN];
		cdr_err err = cdr_sha256(&request, 1, hash);
		if (err != CDR_OK)
			return err;
		if (memcmp(hash, list->contribution[kept]->hash.data, sizeof(hash)) == 0)
			items->field[kept++] = items->field[i];
	}
	return kept == list->n_contribution ? CDR_OK : CDR_E_STORE;
}

/* ---- the whole record ------------------------------------------------------------------------------------------- */

/* Rosters from the genesis roster on, as SignedRosters. */
struct chain {
	struct cdr_roster *roster[CDR_SHELF_MAX];
	ProtobufCBinaryData field[CDR_SHELF_MAX];
	size_t count;
};

static void
chain_free(struct chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		cdr_roster_free(chain->roster[i]);
}

struct chain_job {
	struct chain *chain;
	uint64_t version;
	struct cdr_fault *fault;
};

static cdr_err
chain_add(struct cdr_tx *tx, struct chain *chain, uint64_t version, struct cdr_fault *fault)
{
	if (chain->count == CDR_SHELF_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "the trustees changed too often for one file");
	cdr_err err = cdr_hub_roster_read(tx, (int64_t)version, &chain->roster[chain->count], fault);
	if (err != CDR_OK)
		return err;
	const struct cdr_buffer *bytes = &chain->roster[chain->count]->bytes;
	chain->field[chain->count++] = cdr_message_field(bytes->data, bytes->len);
	return CDR_OK;
}

/* A reading job: up to a version, with every roster in between that brought other trustees: the next follows from those. */
static cdr_err
chain_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct chain_job *job = context;
	struct chain *chain = job->chain;
	int64_t version;

	if (chain->count == 0)
		CDR_TRY(chain_add(tx, chain, 0, job->fault));
	for (;;) {
		uint64_t have = chain->roster[chain->count - 1]->body->version;
		if (have >= job->version)
			return CDR_OK;
		err = cdr_query_one_int(tx, "SELECT version FROM trustees_changed WHERE version > $1 ORDER BY version LIMIT 1",
		    CDR_VALUES(cdr_value_int((int64_t)have)), &version);
		if (err != CDR_OK && err != CDR_E_ABSENT)
			return err;
		CDR_TRY(chain_add(tx, chain, err == CDR_OK && (uint64_t)version < job->version ? (uint64_t)version : job->version, job->fault));
	}
out:
	return err;
}

/* Everything about an opened round. */
struct gathered {
	struct cdr_hub_round r;
	struct cdr_shelf rosters;
	const struct cdr_roster *roster;   /* by which it was closed */
	struct cdr_arena close_arena, list_arena, set_arena, inner_arena;
	Cdr__Wire__SignedClose *close;
	const Cdr__Wire__CloseList *list;
	Cdr__Wire__SignedSet *set;
	const Cdr__Wire__OpeningSet *answers;
	struct items contribution, first, second;
	size_t threshold;                  /* of the second answers as many as it takes */
	struct chain chain;
};

static void
gathered_free(struct gathered *g)
{
	items_free(&g->contribution);
	items_free(&g->first);
	items_free(&g->second);
	cdr_arena_free(&g->close_arena);
	cdr_arena_free(&g->list_arena);
	cdr_arena_free(&g->set_arena);
	cdr_arena_free(&g->inner_arena);
	chain_free(&g->chain);
	cdr_shelf_free(&g->rosters);
	cdr_hub_round_free(&g->r);
}

static cdr_err
gather(struct cdr_hub *hub, const uint8_t *hash, struct gathered *g, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	uint64_t version;

	CDR_TRY(cdr_hub_round_load(hub, hash, &g->r));
	if (g->r.totals.len == 0 || !g->r.has_transcript)
		return cdr_fault_set(fault, CDR_E_REFUSED, "this round is %s: it has no totals yet", g->r.state);
	CDR_TRY(cdr_message_decode(&g->close_arena, &cdr__wire__signed_close__descriptor, cdr_buffer_bytes(&g->r.close), &g->close));
	cdr_hub_shelf(hub, &g->rosters);
	CDR_TRY(cdr_close_roster_version(g->close, &version));
	CDR_TRY(cdr_shelf_at(&g->rosters, version, &g->roster, fault));
	CDR_TRY(cdr_message_decode(&g->list_arena, &cdr__wire__close_list__descriptor, cdr_message_bytes(g->close->list), &g->list));
	CDR_TRY(cdr_message_decode(&g->set_arena, &cdr__wire__signed_set__descriptor, cdr_buffer_bytes(&g->r.set), &g->set));
	CDR_TRY(cdr_message_decode(&g->inner_arena, &cdr__wire__opening_set__descriptor, cdr_message_bytes(g->set->set), &g->answers));
	CDR_TRY(items_read(hub, hash, "SELECT request FROM round_contribution WHERE round = $1 ORDER BY member", &g->contribution));
	CDR_TRY(keep_listed(&g->contribution, g->list));
	CDR_TRY(items_read(hub, hash, "SELECT request FROM round_reply WHERE round = $1 AND stage = 1 ORDER BY trustee", &g->first));
	g->second.transcript = g->r.transcript;
	CDR_TRY(items_read(hub, hash, "SELECT request FROM round_reply WHERE round = $1 AND stage = 2 AND transcript = $2 ORDER BY trustee",
	    &g->second));
out:
	return err;
}

/* Of the first answers those of the set, in its order. */
static cdr_err
keep_set(struct gathered *g)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->first.count && kept < g->answers->n_answer; i++) {
		const struct cdr_bytes request = cdr_buffer_bytes(&g->first.item[i]);
		uint8_t hash[CDR_SHA256_LEN];
		cdr_err err = cdr_sha256(&request, 1, hash);
		if (err != CDR_OK)
			return err;
		if (memcmp(hash, g->answers->answer[kept]->hash.data, sizeof(hash)) == 0)
			g->first.field[kept++] = g->first.field[i];
	}
	return kept == g->answers->n_answer ? CDR_OK : CDR_E_STORE;
}

/* By which roster an answer was made; nothing else of it is looked at. */
static cdr_err
answer_version(ProtobufCBinaryData request, bool is_first, uint64_t *version)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_envelope envelope = { 0 };
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__RoundFirst *first;
	const Cdr__Wire__RoundSecond *second;

	*version = 0;
	CDR_TRY(cdr_envelope_open(cdr_message_bytes(request), &envelope));
	if (is_first) {
		CDR_TRY(cdr_message_decode(&arena, &cdr__wire__round_first__descriptor, envelope.body, &first));
		*version = first->roster_version;
	} else {
		CDR_TRY(cdr_message_decode(&arena, &cdr__wire__round_second__descriptor, envelope.body, &second));
		*version = second->roster_version;
	}
out:
	cdr_arena_free(&arena);
	cdr_envelope_free(&envelope);
	return err;
}

static int
compare_versions(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

/* The rosters by which the round was closed and answered. How many second answers count follows from theirs. */
static cdr_err
chain_make(struct cdr_hub *hub, struct gathered *g, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t version[2 * CDR_TRUSTEE_COUNT_MAX + 2];
	const struct cdr_roster *roster;
	size_t count = 0;

	version[count++] = g->roster->body->version;
	version[count++] = g->answers->roster_version;
	for (size_t i = 0; i < g->answers->n_answer && i < CDR_TRUSTEE_COUNT_MAX; i++)
		CDR_TRY(answer_version(g->first.field[i], true, &version[count++]));
	for (size_t i = 0; i < g->second.count && i < CDR_TRUSTEE_COUNT_MAX; i++)
		CDR_TRY(answer_version(g->second.field[i], false, &version[count++]));
	if (g->second.count == 0)
		return CDR_E_STORE;
	CDR_TRY(cdr_shelf_at(&g->rosters, version[count - 1], &roster, fault));
	g->threshold = roster->body->threshold;
	if (g->second.count < g->threshold)
		return CDR_E_STORE;
	qsort(version, count, sizeof(version[0]), compare_versions);
	for (size_t i = 0; i < count; i++) {
		struct chain_job job = { &g->chain, version[i], fault };
		CDR_TRY(cdr_store_read(hub->store, chain_job, &job));
	}
out:
	return err;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_record(struct cdr_hub *hub, const uint8_t hash[static CDR_ROUND_HASH_LEN], struct cdr_buffer *out,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct gathered g = { .roster = NULL };
	Cdr__Wire__RoundRecord record = CDR__WIRE__ROUND_RECORD__INIT;
	Cdr__Wire__SignedRound sealed;

	CDR_TRY(gather(hub, hash, &g, fault));
	CDR_TRY(keep_set(&g));
	CDR_TRY(chain_make(hub, &g, fault));
	sealed = *g.r.round->sealed;
	record.roster = g.chain.field;
	record.n_roster = g.chain.count;
	record.round = &sealed;
	record.close = g.close;
	record.set = g.set;
	record.contribution = g.contribution.field;
	record.n_contribution = g.list->n_contribution;
	record.first = g.first.field;
	record.n_first = g.answers->n_answer;
	record.second = g.second.field;
	record.n_second = g.threshold;
	record.totals = cdr_message_field(g.r.totals.data, g.r.totals.len);
	CDR_TRY(cdr_message_encode(&record.base, out));
out:
	gathered_free(&g);
	return err;
}

/* ---- published cells -------------------------------------------------------------------------------------------- */

/* What opening an excerpt is made from. */
struct excerpt {
	struct gathered g;
	struct cdr_tally_world world;
	struct cdr_close close;
	struct cdr_set set;
	struct cdr_elgamal *key;
	struct cdr_answer_read first[CDR_TRUSTEE_COUNT_MAX], second[CDR_TRUSTEE_COUNT_MAX];
	struct cdr_opening opening;
	struct cdr_arena totals_arena;
	const Cdr__Wire__RoundTotals *totals;
	Cdr__Wire__RoundExcerpt message;
	Cdr__Wire__SignedRound sealed;
	Cdr__Wire__SignedClose head;
	uint32_t trustee[CDR_TRUSTEE_COUNT_MAX];
	Cdr__Wire__PublishedCell *cell, **cell_at;
	ProtobufCBinaryData (*partial)[CDR_TRUSTEE_COUNT_MAX];
};

static void
excerpt_free(struct excerpt *e)
{
	for (size_t i = 0; i < CDR_TRUSTEE_COUNT_MAX; i++) {
		cdr_answer_free(&e->first[i]);
		cdr_answer_free(&e->second[i]);
	}
	cdr_opening_free(&e->opening);
	cdr_elgamal_free(e->key);
	cdr_set_free(&e->set);
	cdr_close_free(&e->close);
	cdr_arena_free(&e->totals_arena);
	free(e->cell);
	free(e->cell_at);
	free(e->partial);
	gathered_free(&e->g);
	free(e);
}

/* The verified answers, and what they open. */
static cdr_err
excerpt_open(struct cdr_hub *hub, struct excerpt *e, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct gathered *g = &e->g;
	const struct cdr_bytes sums = cdr_buffer_bytes(&g->r.sums);

	e->world = (struct cdr_tally_world){ .round = g->r.round, .roster = g->roster, .genesis = hub->genesis, .rosters = &g->rosters };
	CDR_TRY(keep_set(g));
	CDR_TRY(chain_make(hub, g, fault));
	CDR_TRY(cdr_close_read(g->close, g->r.round, g->roster, hub->genesis, &e->close, fault));
	CDR_TRY(cdr_set_read(&e->world, g->set, &e->close, &e->set, fault));
	CDR_TRY(cdr_elgamal_new(g->r.round->body->public_key.data, &e->key));
	for (size_t i = 0; i < e->set.body->n_answer; i++)
		CDR_TRY(cdr_first_read(&e->world, &e->close, sums, e->key, cdr_message_bytes(g->first.field[i]), &e->first[i], fault));
	CDR_TRY(cdr_opening_make(&e->world, &e->close, &e->set, sums, e->first, e->set.body->n_answer, &e->opening, fault));
	for (size_t i = 0; i < g->threshold; i++) {
		CDR_TRY(cdr_second_read(&e->world, &e->close, &e->set, &e->opening, cdr_message_bytes(g->second.field[i]), &e->second[i],
		    fault));
		e->trustee[i] = e->second[i].trustee;
	}
	CDR_TRY(cdr_message_decode(&e->totals_arena, &cdr__wire__round_totals__descriptor, cdr_buffer_bytes(&g->r.totals),
	    &e->totals));
out:
	return err;
}

/* Fill entry ${at} for one published cell. */
static cdr_err
excerpt_cell(struct excerpt *e, size_t at, const struct cdr_hub_published *cell, struct cdr_fault *fault)
{
	const Cdr__Wire__Round *body = e->g.r.round->body;
	Cdr__Wire__PublishedCell *out = &e->cell[at];
	size_t t = 0, place = 0, open = 0, threshold = e->g.threshold;

	while (t < body->n_table && strcmp(body->table[t]->id, cell->table) != 0)
		t++;
	if (t == body->n_table || cell->cell >= body->table[t]->cells)
		return cdr_fault_set(fault, CDR_E_ABSENT, "table %s has no cell %" PRIu32, cell->table, cell->cell);
	place = cdr_round_table_start(e->g.r.round, t) + cell->cell;
	while (open < e->opening.open_count && e->opening.open[open] != place)
		open++;
	if (open == e->opening.open_count)
		return cdr_fault_set(fault, CDR_E_ABSENT, "cell %" PRIu32 " of table %s was never opened", cell->cell, cell->table);
	*out = (Cdr__Wire__PublishedCell)CDR__WIRE__PUBLISHED_CELL__INIT;
	out->table = body->table[t]->id;
	out->cell = cell->cell;
	out->count = e->totals->table[t]->count[cell->cell];
	out->cipher = cdr_message_field(e->opening.cipher + open * CDR_CIPHER_LEN, CDR_CIPHER_LEN);
	out->partial = e->partial[at];
	out->n_partial = threshold;
	for (size_t i = 0; i < threshold; i++)
		e->partial[at][i] = cdr_message_field(e->second[i].partials + open * CDR_SECOND_CELL_LEN, CDR_SECOND_CELL_LEN);
	e->cell_at[at] = out;
	return CDR_OK;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_excerpt(struct cdr_hub *hub, const uint8_t hash[static CDR_ROUND_HASH_LEN],
    const struct cdr_hub_published *cells, size_t count, struct cdr_buffer *out, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct excerpt *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(gather(hub, hash, &e->g, fault));
	CDR_TRY(excerpt_open(hub, e, fault));
	e->cell = calloc(count + 1, sizeof(*e->cell));
	e->cell_at = calloc(count + 1, sizeof(*e->cell_at));
	e->partial = calloc(count + 1, sizeof(*e->partial));
	if (e->cell == NULL || e->cell_at == NULL || e->partial == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	for (size_t i = 0; i < count; i++)
		CDR_TRY(excerpt_cell(e, i, &cells[i], fault));
	e->message = (Cdr__Wire__RoundExcerpt)CDR__WIRE__ROUND_EXCERPT__INIT;
	e->sealed = *e->g.r.round->sealed;
	e->message.roster = e->g.chain.field;
	e->message.n_roster = e->g.chain.count;
	e->message.roster_version = e->second[0].roster->body->version;
	e->message.round = &e->sealed;
	e->message.set = e->g.set;
	e->head = *e->g.close;
	e->head.has_list = 0;
	e->message.close = &e->head;
	e->message.trustee = e->trustee;
	e->message.n_trustee = e->g.threshold;
	e->message.cell = e->cell_at;
	e->message.n_cell = count;
	CDR_TRY(cdr_message_encode(&e->message.base, out));
out:
	excerpt_free(e);
	return err;
}

/* ---- released --------------------------------------------------------------------------------------------------- */

struct release_job {
	const uint8_t *hash;
	const struct cdr_hub_release *release;
	uint64_t now;
};

/* A writing job. */
static cdr_err
release_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct release_job *job = context;
	struct cdr_leaf leaf = { .kind = CDR_LEAF_RELEASE, .at = job->now };
	struct cdr_hub_logged logged = { 0 };
	const struct cdr_bytes parts[] = { hash_bytes(job->hash), { job->release->hash, CDR_SHA256_LEN } };

	CDR_TRY(cdr_query_run(tx, "UPDATE round SET state = 'published' WHERE hash = $1 AND (state = 'opened' OR state = 'published')",
	    CDR_VALUES(cdr_value_bytes(parts[0]))));
	if (cdr_query_changed_count(tx) == 0)
		return CDR_E_REFUSED;
	cdr_leaf_party_add(&leaf, "hub");
	CDR_TRY(cdr_leaf_content(leaf.kind, parts, 2, leaf.content));
	CDR_TRY(cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ NULL, 0 }, &logged));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO round_release (period, version, round, json, salt, made_at, logged) VALUES ($1, $2, $3, $4, $5, $6, $7)",
	    CDR_VALUES(cdr_value_text(job->release->period), cdr_value_int(job->release->version), cdr_value_bytes(parts[0]),
		cdr_value_bytes(job->release->json), cdr_value_blob(job->release->salt, CDR_SHA256_LEN),
		cdr_value_int((int64_t)job->now), cdr_value_int((int64_t)logged.position))));
out:
	cdr_hub_logged_free(&logged);
	return err;
}

/* see node/hub/round.h */
cdr_err
cdr_hub_round_released(struct cdr_hub *hub, const uint8_t hash[static CDR_ROUND_HASH_LEN],
    const struct cdr_hub_release *release, uint64_t now, struct cdr_fault *fault)
{
	struct release_job job = { hash, release, now };
	cdr_err err = cdr_store_write(hub->store, release_job, &job);

	return err == CDR_E_REFUSED ? cdr_fault_set(fault, err, "this round is not opened: it has no totals to publish") : err;
}
