#include "node/trustee/fork.h"

#include <string.h>

#include "audit/leaf.h"
#include "node/trustee/seen.h"
#include "proto/log.pb-c.h"

struct giving {
	const struct cdr_trustee *trustee;
	const struct cdr_roster *roster;
	uint64_t from;
	size_t count;
	Cdr__Wire__Contradiction contradiction[CDR_CONTRADICTIONS_MAX], *at[CDR_CONTRADICTIONS_MAX];
	struct cdr_buffer note[CDR_CONTRADICTIONS_MAX], own[CDR_CONTRADICTIONS_MAX];
	const char *member;
	uint64_t old_index[CDR_OLD_INDEX_MAX];
	size_t old_index_count;
	struct cdr_arena arena[CDR_MISSING_MAX];
	Cdr__Wire__Receipt *missing[CDR_MISSING_MAX];
	size_t missing_count;
};

/* A note as it was kept, with what of it holds by the roster of today. */
static cdr_err
write_again(const struct giving *g, struct cdr_query *query, int column, struct cdr_buffer *out)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_bytes bytes;
	struct cdr_checkpoint checkpoint;

	CDR_TRY(cdr_query_blob_peek(query, column, CDR_CHECKPOINT_LEN_MAX, &bytes));
	if (bytes.len == 0)
		return CDR_OK;
	CDR_TRY(cdr_checkpoint_read(bytes, g->trustee->genesis, g->roster, &checkpoint, NULL));
	CDR_TRY(cdr_checkpoint_write(&checkpoint, g->trustee->genesis, g->roster, out));
out:
	return err;
}

/* Whether the leaf is of a check of that member's. */
static bool
is_of(const char *member, struct cdr_bytes bytes)
{
	struct cdr_leaf leaf;

	return cdr_leaf_decode(bytes, &leaf) == CDR_OK && leaf.party_count > 0 && strncmp(leaf.party[0], "member/", 7) == 0 &&
	    strcmp(leaf.party[0] + 7, member) == 0;
}

/* A reading job: checks of this member that were answered from an old index. Those of others are not its business. */
static cdr_err
old_index_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct giving *g = context;
	struct cdr_query *query = NULL;
	struct cdr_bytes leaf;

	CDR_TRY(cdr_query_start(tx, "SELECT place, leaf FROM log_lie WHERE what = 'old_index' ORDER BY place DESC", CDR_VALUES(), &query));
	while (g->old_index_count < CDR_OLD_INDEX_MAX && (err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob_peek(query, 1, CDR_LEAF_LEN_MAX, &leaf));
		CDR_TRY(cdr_query_count(query, 0, &g->old_index[g->old_index_count]));
		g->old_index_count += is_of(g->member, leaf);
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* A reading job: receipts for what this trustee said, and did not see where they say. */
static cdr_err
missing_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct giving *g = context;
	struct cdr_query *query = NULL;
	struct cdr_bytes bytes;

	CDR_TRY(cdr_query_start(tx, "SELECT receipt FROM said WHERE receipt IS NOT NULL AND (place IS NULL OR place <> receipt_place OR hash <> receipt_hash)"
	    " ORDER BY receipt_place", CDR_VALUES(), &query));
	while (g->missing_count < CDR_MISSING_MAX && (err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob_peek(query, 0, CDR_BODY_SMALL_MAX, &bytes));
		CDR_TRY(cdr_message_decode(&g->arena[g->missing_count], &cdr__wire__receipt__descriptor, bytes, &g->missing[g->missing_count]));
		g->missing_count++;
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* A reading job. */
static cdr_err
give_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct giving *g = context;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int((int64_t)g->from));

	CDR_TRY(cdr_query_start(tx, "SELECT number, note, own FROM fork WHERE number >= $1 ORDER BY number", values, &query));
	while (g->count < CDR_CONTRADICTIONS_MAX && (err = cdr_query_step(query)) == CDR_OK) {
		Cdr__Wire__Contradiction *c = &g->contradiction[g->count];
		struct cdr_buffer *note = &g->note[g->count], *own = &g->own[g->count];

		*c = (Cdr__Wire__Contradiction)CDR__WIRE__CONTRADICTION__INIT;
		CDR_TRY(cdr_query_count(query, 0, &c->number));
		err = write_again(g, query, 1, note);
		if (err == CDR_OK)
			err = write_again(g, query, 2, own);
		if (err == CDR_E_INPUT || err == CDR_E_SIGNATURE) { /* it does not hold by the roster of today: nobody could see it for himself */
			cdr_buffer_free(note);
			continue;
		}
		g->at[g->count++] = c;
		CDR_TRY(err);
		c->checkpoint = cdr_message_field(note->data, note->len);
		c->has_own = own->len > 0;
		c->own = cdr_message_field(own->data, own->len);
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* see node/trustee/fork.h */
cdr_err
cdr_trustee_fork_give(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	const struct cdr_trustee *trustee = context;
	const Cdr__Wire__ContradictionsRequest *request = (const Cdr__Wire__ContradictionsRequest *)call->message;
	struct giving g = { .trustee = trustee, .roster = call->roster, .from = request->from, .member = call->member->id };
	Cdr__Wire__ContradictionsReply reply = CDR__WIRE__CONTRADICTIONS_REPLY__INIT;

	(void)fault;
	cdr_err err = g.from < CDR_TRUSTEE_FORK_MAX ? cdr_store_read(trustee->home->store, give_job, &g) : CDR_OK;
	if (err == CDR_OK && g.from == 0)
		err = cdr_store_read(trustee->home->store, old_index_job, &g);
	if (err == CDR_OK && g.from == 0)
		err = cdr_store_read(trustee->home->store, missing_job, &g);
	reply.missing = g.missing;
	reply.n_missing = g.missing_count;
	reply.old_index = g.old_index;
	reply.n_old_index = g.old_index_count;
	reply.contradiction = g.at;
	reply.n_contradiction = g.count;
	if (err == CDR_OK)
		err = cdr_message_encode(&reply.base, &answer->body);
	for (size_t i = 0; i < CDR_MISSING_MAX; i++)
		cdr_arena_free(&g.arena[i]);
	for (size_t i = 0; i < g.count; i++) {
		cdr_buffer_free(&g.note[i]);
		cdr_buffer_free(&g.own[i]);
	}
	return err;
}
