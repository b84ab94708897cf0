#include "node/member/index_trust.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/member/receipt.h"
#include "node/net/clock.h"

#define AGE_MAX_S (2 * CDR_DAY_SECONDS) /* of an answer, and how far clocks may differ */
#define ROWS_MIN 16                     /* points that one person costs at least */

/* The newest root of an epoch that this node has seen. */
struct seen {
	char name[32];
	uint64_t position;   /* in the log, plus 1; 0: none */
	uint64_t now;        /* of what is seen now, likewise */
	struct cdr_receipt receipt; /* for that one: the log must hold it */
};

static cdr_err
read_seen(struct cdr_tx *tx, void *context)
{
	struct seen *seen = context;
	uint8_t bytes[8];

	seen->position = 0;
	cdr_err err = cdr_setting_get(tx, seen->name, bytes, sizeof(bytes));
	if (err == CDR_OK)
		seen->position = cdr_number_read(bytes, sizeof(bytes));
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static cdr_err
write_seen(struct cdr_tx *tx, void *context)
{
	struct seen *seen = context;
	uint8_t bytes[8];

	cdr_err err = read_seen(tx, seen);
	if (err == CDR_OK)
		err = cdr_receipt_keep(tx, &seen->receipt);
	if (err != CDR_OK || seen->now <= seen->position)
		return err;
	cdr_number_write(seen->now, bytes, 8);
	return cdr_setting_put(tx, seen->name, bytes, sizeof(bytes));
}

/* The root that a proof names: in the log by the hub's signed word, and no older than what was seen. */
static cdr_err
open_root(struct cdr_member *member, const struct cdr_roster *roster, struct cdr_bytes bytes,
    const Cdr__Wire__Receipt *receipt, struct cdr_arena *arena, struct seen *seen, const Cdr__Wire__IndexRoot **root,
    struct cdr_fault *fault)
{
	if (receipt == NULL)
		return cdr_fault_set(fault, CDR_E_PROOF, "the hub does not say where in the log the root of its index stands");
	cdr_err err = cdr_receipt_read(receipt, member->genesis, roster->body->hub->signing_key.data, &seen->receipt.leaf,
	    seen->receipt.hash);
	if (err == CDR_OK)
		err = cdr_index_root_read(bytes, &seen->receipt.leaf, arena, root);
	if (err == CDR_E_INPUT || err == CDR_E_SIGNATURE || err == CDR_E_PROOF)
		return cdr_fault_set(fault, CDR_E_PROOF, "the root of its index that the hub shows is not the one that it logged");
	if (err != CDR_OK)
		return err;
	(void)snprintf(seen->name, sizeof(seen->name), "index_root/%" PRIu32, (*root)->epoch);
	seen->now = receipt->position + 1;
	seen->receipt.place = receipt->position;
	err = cdr_message_encode(&receipt->base, &seen->receipt.bytes);
	if (err != CDR_OK)
		return err;
	err = cdr_store_read(member->home->store, read_seen, seen);
	if (err == CDR_OK && seen->now < seen->position)
		return cdr_fault_set(fault, CDR_E_TIME, "the hub answers with AN OLD INDEX: number %" PRIu64 " of the log, and it "
		    "has shown number %" PRIu64 " before", seen->now - 1, seen->position - 1);
	return err;
}

/*
 * Remember what was proved against, so that nothing older is believed later, and keep the receipt: a root that is shown to one
 * member alone is missing in the log that all see.
 */
static cdr_err
remember(struct cdr_member *member, struct seen *seen)
{
	return seen->now == seen->position ? CDR_OK : cdr_store_write(member->home->store, write_seen, seen);
}

/*
 * The more people are said to be searched, the less a name counts: a hub that says too many hides matches. It cannot say more
 * than the quotas of all members allow.
 */
static cdr_err
check_people(const struct cdr_roster *roster, const Cdr__Wire__IndexRoot *root, struct cdr_fault *fault)
{
	uint64_t most = 0;

	for (size_t i = 0; i < roster->body->n_member; i++)
		most += roster->body->member[i]->import_points / ROWS_MIN;
	if (root->people > most)
		return cdr_fault_set(fault, CDR_E_PROOF, "the hub says that its index holds more people than the quotas of all "
		    "members allow");
	return CDR_OK;
}

/*
 * The leaf of the check must name the root that proves the answer: trustees see from it that it is the newest, and that no change of
 * the index stands behind it (node/trustee/index_watch.h). Whether it is the leaf of this check, the receipt's taker asks.
 */
static cdr_err
check_leaf(struct cdr_member *member, const struct cdr_roster *roster, const Cdr__Wire__CheckOpen *open,
    const Cdr__Wire__CheckOpenReply *reply, struct cdr_fault *fault)
{
	struct cdr_leaf leaf;
	uint8_t hash[CDR_MERKLE_HASH_LEN];
	cdr_err err = CDR_E_PROOF;

	if (reply->receipt != NULL)
		err = cdr_receipt_read(reply->receipt, member->genesis, roster->body->hub->signing_key.data, &leaf, hash);
	if (err == CDR_E_MEMORY)
		return err;
	if (err != CDR_OK || leaf.kind != CDR_LEAF_CHECK_OPENED || leaf.number_count != 3 || leaf.number[0] != open->epoch ||
	    leaf.number[2] != reply->root_receipt->position)
		return cdr_fault_set(fault, CDR_E_PROOF, "the hub's log does not say of this check by which root of its index it was answered");
	return CDR_OK;
}

/* see node/member/index_trust.h */
cdr_err
cdr_index_trust_answer(struct cdr_member *member, const struct cdr_roster *roster, const Cdr__Wire__CheckOpen *open,
    const Cdr__Wire__CheckOpenReply *reply, size_t *unproved, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 };
	struct seen seen = { .position = 0 };
	const Cdr__Wire__IndexRoot *root;
	uint64_t now = cdr_member_now();
	struct cdr_index_question question = {
		.asker = member->id,
		.epoch = open->epoch,
		.rows = cdr_message_bytes(open->rows),
		.rule = cdr_index_rule(roster->body->scheme),
	};

	if (reply->proof == NULL || !reply->has_at)
		return cdr_fault_set(fault, CDR_E_PROOF, "the hub gives no proof of its answer");
	CDR_TRY(open_root(member, roster, cdr_message_bytes(reply->proof->root), reply->root_receipt, &arena, &seen, &root,
	    fault));
	if (reply->at > now + AGE_MAX_S || reply->at + AGE_MAX_S < now) {
		err = cdr_fault_set(fault, CDR_E_TIME, "the hub's answer is older than two days, or this machine's clock is wrong");
		goto out;
	}
	CDR_TRY(check_leaf(member, roster, open, reply, fault));
	CDR_TRY(check_people(roster, root, fault));
	CDR_TRY(cdr_index_answer_verify(&question, reply, root, unproved, fault));
	CDR_TRY(remember(member, &seen));
out:
	cdr_receipt_free(&seen.receipt);
	cdr_arena_free(&arena);
	return err;
}

/* see node/member/index_trust.h */
cdr_err
cdr_index_trust_own(struct cdr_member *member, const struct cdr_roster *roster, const Cdr__Wire__IndexProve *request,
    const uint16_t *expires, const Cdr__Wire__IndexProveReply *reply, size_t *crowds, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 };
	struct seen seen = { .position = 0 };
	const Cdr__Wire__IndexRoot *root;
	struct cdr_index_own own = { 0 };
	const struct cdr_index_owner owner = { member->id, expires, cdr_index_rule(roster->body->scheme) };

	*crowds = 0;
	CDR_TRY(open_root(member, roster, cdr_message_bytes(reply->root), reply->root_receipt, &arena, &seen, &root, fault));
	CDR_TRY(cdr_index_own_verify(&owner, request, reply, root, &own, fault));
	*crowds = own.crowds;
	CDR_TRY(remember(member, &seen));
out:
	cdr_receipt_free(&seen.receipt);
	cdr_arena_free(&arena);
	return err;
}
