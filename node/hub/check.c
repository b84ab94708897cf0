#include "node/hub/check.h"

#include <string.h>

#include "core/crypto/hash.h"
#include "node/hub/log.h"
#include "node/hub/match.h"
#include "node/hub/tree.h"
#include "node/net/log.h"

#define REQUEST_HASH_LEN 32
#define REPLY_LEN_MAX CDR_BODY_CHECK_REPLY_MAX

/* One check on its way through the two jobs. */
struct opening {
	const struct cdr_call *call;
	const Cdr__Wire__CheckOpen *request;
	uint8_t request_hash[REQUEST_HASH_LEN];
	bool known;                /* the reply comes from an earlier opening */
	struct cdr_buffer reply;   /* all but the receipts */
	uint64_t root_place;       /* of the root that proves it, in the log */
	int64_t place;             /* of an earlier opening's leaf; -1: none */
	struct cdr_hub_logged root, logged;
	size_t cut_count;
};

/* ---- form --------------------------------------------------------------------------------------------------- */

/* 16, 32 or 64 rows, every one possible, no tag twice: a repeated tag would count twice. */
static cdr_err
check_rows(ProtobufCBinaryData rows, struct cdr_fault *fault)
{
	size_t count = rows.len / CDR_CHECK_ROW_LEN;

	if (rows.len % CDR_CHECK_ROW_LEN != 0 || (count != 16 && count != 32 && count != 64))
		return cdr_fault_set(fault, CDR_E_RANGE, "a check has 16, 32 or 64 rows of %d bytes", CDR_CHECK_ROW_LEN);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *row = rows.data + i * CDR_CHECK_ROW_LEN;
		if (!cdr_hub_token_is_valid(row + CDR_TAG_LEN))
			return cdr_fault_set(fault, CDR_E_INPUT, "row %zu has a type, rarity or pair that no token has", i + 1);
		for (size_t k = 0; k < i; k++)
			if (memcmp(row, rows.data + k * CDR_CHECK_ROW_LEN, CDR_TAG_LEN) == 0)
				return cdr_fault_set(fault, CDR_E_INPUT, "rows %zu and %zu have the same tag", k + 1, i + 1);
	}
	return CDR_OK;
}

static cdr_err
check_form(const struct cdr_call *call, const Cdr__Wire__CheckOpen *request, struct cdr_fault *fault)
{
	if (request->check.len != CDR_ID_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "the id of a check has %d bytes", CDR_ID_LEN);
	cdr_err err = check_rows(request->rows, fault);
	if (err != CDR_OK)
		return err;
	return cdr_hub_epoch_check(call->roster, request->epoch, call->now, fault);
}

/* With the check's id in it, equal queries have different hashes: the hash links nothing. */
static cdr_err
hash_request(const Cdr__Wire__CheckOpen *request, uint8_t hash[static REQUEST_HASH_LEN])
{
	uint8_t epoch[4] = { (uint8_t)(request->epoch >> 24), (uint8_t)(request->epoch >> 16),
		(uint8_t)(request->epoch >> 8), (uint8_t)request->epoch };
	struct cdr_bytes parts[] = { cdr_message_bytes(request->check), { epoch, sizeof(epoch) },
		cdr_message_bytes(request->rows) };

	return cdr_sha256(parts, 3, hash);
}

/* ---- opening ------------------------------------------------------------------------------------------------ */

/* Look for the check; with the same query its reply is taken over. */
static cdr_err
find_known(struct cdr_tx *tx, struct opening *o)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	uint8_t hash[REQUEST_HASH_LEN];
	struct cdr_values values = CDR_VALUES(cdr_value_text(o->call->member->id),
	    cdr_value_bytes(cdr_message_bytes(o->request->check)));

	CDR_TRY(cdr_query_start(tx, "SELECT request_hash, reply, root_place, logged FROM open_check WHERE member = $1 AND id = $2", values,
	    &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
	else if (err == CDR_OK) {
		CDR_TRY(cdr_query_blob(query, 0, hash, sizeof(hash)));
		if (memcmp(hash, o->request_hash, sizeof(hash)) != 0) {
			err = CDR_E_EXISTS;
			goto out;
		}
		cdr_buffer_free(&o->reply);
		CDR_TRY(cdr_query_blob_copy(query, 1, REPLY_LEN_MAX, &o->reply));
		CDR_TRY(cdr_query_count(query, 2, &o->root_place));
		if (!cdr_query_is_null(query, 3))
			CDR_TRY(cdr_query_int(query, 3, &o->place));
		o->known = true;
	}
out:
	cdr_query_end(query);
	return err;
}

/* How many people of others the query is compared with. */
static cdr_err
count_people(struct cdr_tx *tx, const struct opening *o, uint64_t *people)
{
	int64_t sum = 0;
	cdr_err err = cdr_query_one_int(tx,
	    "SELECT COALESCE(CAST(sum(people) AS bigint), 0) FROM holding WHERE epoch = $1 AND member <> $2",
	    CDR_VALUES(cdr_value_int(o->request->epoch), cdr_value_text(o->call->member->id)), &sum);

	*people = sum < 0 ? 0 : (uint64_t)sum;
	return err;
}

static cdr_err
encode_reply(const struct opening *o, uint64_t people, struct cdr_hub_match *matches, size_t count,
    struct cdr_bytes proof, struct cdr_buffer *out)
{
	static char tier_name[CDR_TIER_COUNT][16] = { "none", "possible", "strong" };
	Cdr__Wire__CheckOpenReply reply = CDR__WIRE__CHECK_OPEN_REPLY__INIT;
	Cdr__Wire__Match match[CDR_MATCHES_MAX], *at[CDR_MATCHES_MAX];
	struct cdr_arena arena = { 0 };
	void *message;

	cdr_err err = cdr_message_decode(&arena, &cdr__wire__index_proof__descriptor, proof, &message);
	if (err != CDR_OK)
		goto out;
	for (size_t i = 0; i < count; i++) {
		match[i] = (Cdr__Wire__Match)CDR__WIRE__MATCH__INIT;
		match[i].member = matches[i].member;
		match[i].tier = tier_name[matches[i].match.tier];
		match[i].lambda_ppb = cdr_index_lambda_ppb(matches[i].match.lambda);
		match[i].types = matches[i].match.types;
		match[i].handles = cdr_message_field(matches[i].handles, matches[i].handle_count * CDR_HANDLE_LEN);
		at[i] = &match[i];
	}
	reply.check = o->request->check;
	reply.people = people;
	reply.n_match = count;
	reply.match = at;
	reply.has_at = true;
	reply.at = o->call->now;
	reply.proof = message;
	err = cdr_message_encode(&reply.base, out);
out:
	cdr_arena_free(&arena);
	return err;
}

/* The answer, over the index and its tree as they are now. */
static cdr_err
answer(struct cdr_tx *tx, struct opening *o)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_hits hits = { 0 };
	struct cdr_hub_match matches[CDR_MATCHES_MAX];
	struct cdr_hub_tree *tree = NULL;
	struct cdr_buffer proof = { 0 };
	size_t match_count;
	struct cdr_match_rule rule = cdr_index_rule(o->call->roster->body->scheme);
	struct cdr_hub_search search = {
		.rows = cdr_message_bytes(o->request->rows),
		.epoch = o->request->epoch,
		.month = cdr_index_month(o->call->now),
		.asker = o->call->member->id,
		.roster = o->call->roster,
	};

	CDR_TRY(cdr_hub_hits_find(tx, &search, &hits));
	CDR_TRY(count_people(tx, o, &search.people));
	CDR_TRY(cdr_hub_hits_judge(&hits, search.people, &rule, matches, &match_count));
	CDR_TRY(cdr_hub_tree_open(tx, o->call->roster, o->request->epoch, o->call->now, &tree));
	CDR_TRY(cdr_hub_tree_answer_prove(tree, &search, matches, match_count, &proof));
	CDR_TRY(encode_reply(o, search.people, matches, match_count, cdr_buffer_bytes(&proof), &o->reply));
	o->root_place = cdr_hub_tree_root_peek(tree)->position;
	o->cut_count = hits.cut_count;
	err = CDR_OK;
out:
	cdr_hub_tree_close(tree);
	cdr_buffer_free(&proof);
	cdr_hub_hits_free(&hits);
	return err;
}

/* The leaf of a check: whose, in which epoch, how many rows, which root proves it; a repeat gives the one that there is. */
static cdr_err
log_opening(struct cdr_tx *tx, struct opening *o)
{
	struct cdr_leaf leaf = { .kind = CDR_LEAF_CHECK_OPENED, .at = o->call->now };
	const struct cdr_bytes parts[] = { cdr_message_bytes(o->request->check), cdr_message_bytes(o->request->rows) };

	cdr_leaf_member_add(&leaf, o->call->member->id);
	cdr_leaf_number_add(&leaf, o->request->epoch);
	cdr_leaf_number_add(&leaf, o->request->rows.len / CDR_CHECK_ROW_LEN);
	cdr_leaf_number_add(&leaf, o->root_place);
	cdr_err err = cdr_leaf_content(leaf.kind, parts, 2, leaf.content);
	if (err == CDR_OK)
		err = cdr_hub_log_act(tx, o->place, &leaf, &o->logged);
	return err == CDR_OK ? cdr_hub_log_read(tx, o->root_place, &o->root) : err;
}

/* A writing job: the answer, and the root that it is proved by, unless another process was first. */
static cdr_err
open_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct opening *o = context;
	const char *member = o->call->member->id;
	int64_t count;

	CDR_TRY(find_known(tx, o));
	if (o->known)
		return log_opening(tx, o);
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM open_check WHERE member = $1",
	    CDR_VALUES(cdr_value_text(member)), &count));
	if (count >= CDR_HUB_OPEN_CHECK_MAX)
		return CDR_E_QUOTA;
	CDR_TRY(answer(tx, o));
	CDR_TRY(log_opening(tx, o));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO open_check (member, id, request_hash, reply, opened_at, root_place, logged)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7)",
	    CDR_VALUES(cdr_value_text(member), cdr_value_bytes(cdr_message_bytes(o->request->check)),
		cdr_value_blob(o->request_hash, sizeof(o->request_hash)), cdr_value_bytes(cdr_buffer_bytes(&o->reply)),
		cdr_value_int((int64_t)o->call->now), cdr_value_int((int64_t)o->root_place),
		cdr_value_int((int64_t)o->logged.position))));
	err = CDR_OK;
out:
	return err;
}

/* What was kept, and the receipts, which are signed once their leaves are durable. */
static cdr_err
add_receipt(const struct cdr_hub *hub, const struct opening *o, struct cdr_buffer *out)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_receipt root, receipt;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__CheckOpenReply *reply;

	err = cdr_message_decode(&arena, &cdr__wire__check_open_reply__descriptor, cdr_buffer_bytes(&o->reply), &reply);
	if (err != CDR_OK)
		return err == CDR_E_INPUT ? CDR_E_STORE : err;
	CDR_TRY(cdr_hub_receipt_make(hub, &o->root, &root));
	CDR_TRY(cdr_hub_receipt_make(hub, &o->logged, &receipt));
	reply->root_receipt = &root.message;
	reply->receipt = &receipt.message;
	CDR_TRY(cdr_message_encode(&reply->base, out));
out:
	cdr_arena_free(&arena);
	return err;
}

/* Why an opening failed, in words; a contradiction is noted. */
static void
explain(struct cdr_hub *hub, const struct opening *o, cdr_err err, struct cdr_fault *fault)
{
	if (err == CDR_E_QUOTA)
		cdr_fault_set(fault, err, "%d checks are open: close those that are finished", CDR_HUB_OPEN_CHECK_MAX);
	if (err != CDR_E_EXISTS)
		return;
	cdr_fault_set(fault, err, "a check with this id is open with another query: use a new id");
	cdr_hub_misuse_note(hub, o->call->envelope->signer, "check", cdr_message_bytes(o->request->check), o->call->now,
	    "one check id used for two queries");
}

/* see node/hub/check.h */
cdr_err
cdr_hub_check_open(void *context, const struct cdr_call *call, struct cdr_answer *reply, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	struct opening o = { .call = call, .request = (const Cdr__Wire__CheckOpen *)call->message, .place = -1 };

	CDR_TRY(check_form(call, o.request, fault));
	CDR_TRY(hash_request(o.request, o.request_hash));
	CDR_TRY(cdr_store_write(hub->store, open_job, &o));
	if (o.cut_count > 0)
		cdr_log(CDR_LOG_WARNING, "hub.tags_cut", cdr_log_text("member", call->member->id),
		    cdr_log_int("tags", (int64_t)o.cut_count));
	CDR_TRY(add_receipt(hub, &o, &reply->body));
	err = CDR_OK;
out:
	explain(hub, &o, err, fault);
	cdr_hub_logged_free(&o.root);
	cdr_hub_logged_free(&o.logged);
	cdr_buffer_free(&o.reply);
	return err;
}

/* ---- closing ------------------------------------------------------------------------------------------------ */

struct closing {
	const struct cdr_call *call;
	struct cdr_hub_logged logged;
};

/* The leaf of a check that was closed before: the reply may have been lost. */
static cdr_err
find_closed(struct cdr_tx *tx, struct closing *c, struct cdr_value member, struct cdr_value id)
{
	int64_t place;
	cdr_err err = cdr_query_one_int(tx, "SELECT logged FROM closed_check WHERE member = $1 AND id = $2", CDR_VALUES(member, id), &place);

	if (err == CDR_E_ABSENT)
		return CDR_OK;
	return err == CDR_OK ? cdr_hub_log_read(tx, (uint64_t)place, &c->logged) : err;
}

/* A writing job: a check that is there is closed, and the log says so; of one that never was, nothing is said. */
static cdr_err
close_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct closing *c = context;
	const Cdr__Wire__CheckClose *request = (const Cdr__Wire__CheckClose *)c->call->message;
	struct cdr_leaf leaf = { .kind = CDR_LEAF_CHECK_CLOSED, .at = c->call->now };
	struct cdr_bytes check = cdr_message_bytes(request->check);
	const struct cdr_value member = cdr_value_text(c->call->member->id), id = cdr_value_bytes(check);

	CDR_TRY(cdr_query_run(tx, "DELETE FROM open_check WHERE member = $1 AND id = $2", CDR_VALUES(member, id)));
	if (cdr_query_changed_count(tx) == 0)
		return find_closed(tx, c, member, id);
	cdr_leaf_member_add(&leaf, c->call->member->id);
	CDR_TRY(cdr_leaf_content(leaf.kind, &check, 1, leaf.content));
	CDR_TRY(cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ NULL, 0 }, &c->logged));
	/* One that was closed, asked anew after a restore from a backup, and is closed again. */
	CDR_TRY(cdr_query_run(tx, "DELETE FROM closed_check WHERE member = $1 AND id = $2", CDR_VALUES(member, id)));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO closed_check (member, id, logged, closed_at) VALUES ($1, $2, $3, $4)",
	    CDR_VALUES(member, id, cdr_value_int((int64_t)c->logged.position), cdr_value_int((int64_t)c->call->now))));
out:
	return err;
}

/* see node/hub/check.h */
cdr_err
cdr_hub_check_close(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	struct cdr_hub *hub = context;
	const Cdr__Wire__CheckClose *request = (const Cdr__Wire__CheckClose *)call->message;
	struct closing closing = { .call = call };

	if (request->check.len != CDR_ID_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "the id of a check has %d bytes", CDR_ID_LEN);
	cdr_err err = cdr_store_write(hub->store, close_job, &closing);
	if (err == CDR_OK)
		err = cdr_hub_log_reply(hub, &closing.logged, &answer->body);
	cdr_hub_logged_free(&closing.logged);
	return err;
}
