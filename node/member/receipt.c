#include "node/member/receipt.h"

#include <string.h>

/* see node/member/receipt.h */
void
cdr_receipt_free(struct cdr_receipt *receipt)
{
	cdr_buffer_free(&receipt->bytes);
	*receipt = (struct cdr_receipt){ 0 };
}

/* Whether the leaf names this member as a party; what was published, and the page for guests, are the hub's own acts. */
static bool
names_us(const struct cdr_member *member, const struct cdr_leaf *leaf)
{
	bool is_hubs = leaf->kind == CDR_LEAF_RELEASE || leaf->kind == CDR_LEAF_GUEST_PAGE;

	for (size_t i = 0; i < leaf->party_count; i++)
		if (strcmp(leaf->party[i], is_hubs ? "hub" : member->signer_name) == 0)
			return true;
	return false;
}

/* see node/member/receipt.h */
cdr_err
cdr_receipt_take(const struct cdr_member *member, const struct cdr_roster *roster, const Cdr__Wire__Receipt *message,
    enum cdr_leaf_kind kind, const uint8_t content[static CDR_LEAF_CONTENT_LEN], struct cdr_receipt *receipt,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_PROOF;

	*receipt = (struct cdr_receipt){ 0 };
	if (message != NULL)
		err = cdr_receipt_read(message, member->genesis, roster->body->hub->signing_key.data, &receipt->leaf,
		    receipt->hash);
	if (err == CDR_E_MEMORY)
		return err;
	if (err != CDR_OK || receipt->leaf.kind != kind || !names_us(member, &receipt->leaf) ||
	    memcmp(receipt->leaf.content, content, CDR_LEAF_CONTENT_LEN) != 0)
		return cdr_fault_set(fault, CDR_E_PROOF, "the hub did what it was asked, and gave no valid receipt for it (%s)",
		    cdr_leaf_kind_name(kind));
	receipt->place = message->position;
	return cdr_message_encode(&message->base, &receipt->bytes);
}

/* see node/member/receipt.h */
cdr_err
cdr_receipt_keep(struct cdr_tx *tx, const struct cdr_receipt *receipt)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_value place = cdr_value_int((int64_t)receipt->place);
	const struct cdr_value hash = cdr_value_blob(receipt->hash, sizeof(receipt->hash));
	int64_t count;

	if (receipt->bytes.len == 0)
		return CDR_OK;
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM receipt WHERE place = $1 AND hash = $2", CDR_VALUES(place, hash),
	    &count));
	if (count > 0)
		return CDR_OK;
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO receipt (place, hash, kind, at, bytes, kept_at, state) VALUES ($1, $2, $3, $4, $5, $6, 'waiting')",
	    CDR_VALUES(place, hash, cdr_value_text(cdr_leaf_kind_name(receipt->leaf.kind)),
		cdr_value_int((int64_t)receipt->leaf.at), cdr_value_bytes(cdr_buffer_bytes(&receipt->bytes)),
		cdr_value_int((int64_t)cdr_member_now()))));
	err = CDR_OK;
out:
	return err;
}
