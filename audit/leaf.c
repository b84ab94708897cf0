#include "audit/leaf.h"

#include <string.h>

#include "core/crypto/hash.h"

static const struct {
	const char *name;
	bool is_open;
} kinds[CDR_LEAF_KIND_COUNT] = {
	[CDR_LEAF_EVALUATION] = { "evaluation", false },
	[CDR_LEAF_CHECK_OPENED] = { "check_opened", false },
	[CDR_LEAF_CHECK_CLOSED] = { "check_closed", false },
	[CDR_LEAF_DELIVERY] = { "delivery", false },
	[CDR_LEAF_INDEX_BATCH] = { "index_batch", false },
	[CDR_LEAF_INDEX_ROOT] = { "index_root", true },
	[CDR_LEAF_ROSTER] = { "roster", true },
	[CDR_LEAF_CEREMONY] = { "ceremony", true },
	[CDR_LEAF_EPOCH] = { "epoch", true },
	[CDR_LEAF_ROUND_OPENED] = { "round_opened", true },
	[CDR_LEAF_CONTRIBUTION] = { "contribution", false },
	[CDR_LEAF_ROUND_CLOSED] = { "round_closed", true },
	[CDR_LEAF_OPENING] = { "opening", true },
	[CDR_LEAF_RELEASE] = { "release", true },
	[CDR_LEAF_GUEST_PAGE] = { "guest_page", true },
	[CDR_LEAF_SAMPLE] = { "sample", true },
	[CDR_LEAF_SAMPLE_ANSWER] = { "sample_answer", true },
	[CDR_LEAF_QUERY_OPENING] = { "query_opening", true },
	[CDR_LEAF_ROUND_SET] = { "round_set", true },
};

static const char commitment_label[] = "candor/1 leaf";
static const char content_label[] = "candor/1 content";
static const char receipt_label[] = "candor/1 receipt";

/* A label with its NUL. */
#define LABEL(text) { (const uint8_t *)(text), sizeof(text) }

/* see audit/leaf.h */
const char *
cdr_leaf_kind_name(enum cdr_leaf_kind kind)
{
	return (unsigned)kind < CDR_LEAF_KIND_COUNT ? kinds[kind].name : "";
}

/* see audit/leaf.h */
bool
cdr_leaf_kind_is_open(enum cdr_leaf_kind kind)
{
	return (unsigned)kind < CDR_LEAF_KIND_COUNT && kinds[kind].is_open;
}

/* see audit/leaf.h */
void
cdr_leaf_party_add(struct cdr_leaf *leaf, const char *party)
{
	size_t i = leaf->party_count++;

	if (i >= CDR_LEAF_PARTY_MAX)
		return;
	leaf->party[i][0] = '\0';
	if (strlen(party) <= CDR_SIGNER_LEN_MAX)
		memcpy(leaf->party[i], party, strlen(party) + 1);
}

/* see audit/leaf.h */
void
cdr_leaf_member_add(struct cdr_leaf *leaf, const char *id)
{
	char party[CDR_SIGNER_LEN_MAX + 1] = "member/";

	if (strlen(id) <= CDR_SIGNER_LEN_MAX - strlen(party))
		memcpy(party + strlen(party), id, strlen(id) + 1);
	else
		party[0] = '\0';
	cdr_leaf_party_add(leaf, party);
}

/* see audit/leaf.h */
void
cdr_leaf_number_add(struct cdr_leaf *leaf, uint64_t number)
{
	if (leaf->number_count < CDR_LEAF_NUMBER_MAX)
		leaf->number[leaf->number_count] = number;
	leaf->number_count++;
}

/* see audit/leaf.h */
cdr_err
cdr_leaf_content(enum cdr_leaf_kind kind, const struct cdr_bytes *parts, size_t count,
    uint8_t content[static CDR_LEAF_CONTENT_LEN])
{
	const char *name = cdr_leaf_kind_name(kind);
	struct cdr_bytes all[2 + 2 * CDR_LEAF_CONTENT_PARTS_MAX] = { LABEL(content_label),
		{ (const uint8_t *)name, strlen(name) + 1 } };
	uint8_t len[CDR_LEAF_CONTENT_PARTS_MAX][8];

	if (count > CDR_LEAF_CONTENT_PARTS_MAX)
		return CDR_E_RANGE;
	for (size_t i = 0; i < count; i++) {
		cdr_number_write(parts[i].len, len[i], 8);
		all[2 + 2 * i] = (struct cdr_bytes){ len[i], sizeof(len[i]) };
		all[3 + 2 * i] = parts[i];
	}
	return cdr_sha256(all, 2 + 2 * count, content);
}

/* ---- a leaf's bytes ------------------------------------------------------------------------------------------ */

/* see audit/leaf.h */
cdr_err
cdr_leaf_encode(const struct cdr_leaf *leaf, struct cdr_buffer *out)
{
	Cdr__Wire__Leaf message = CDR__WIRE__LEAF__INIT;
	char kind[CDR_CODE_LEN_MAX + 1], party[CDR_LEAF_PARTY_MAX][CDR_SIGNER_LEN_MAX + 1], *at[CDR_LEAF_PARTY_MAX];
	uint64_t number[CDR_LEAF_NUMBER_MAX];
	const char *name = cdr_leaf_kind_name(leaf->kind);

	if (name[0] == '\0' || leaf->party_count > CDR_LEAF_PARTY_MAX || leaf->number_count > CDR_LEAF_NUMBER_MAX)
		return CDR_E_RANGE;
	for (size_t i = 0; i < leaf->party_count; i++) {
		if (leaf->party[i][0] == '\0')
			return CDR_E_RANGE;
		memcpy(party[i], leaf->party[i], sizeof(party[i]));
		at[i] = party[i];
	}
	memcpy(kind, name, strlen(name) + 1);
	memcpy(number, leaf->number, sizeof(number));
	message.kind = kind;
	message.at = leaf->at;
	message.n_party = leaf->party_count;
	message.party = at;
	message.n_number = leaf->number_count;
	message.number = number;
	message.content = cdr_message_field(leaf->content, sizeof(leaf->content));
	return cdr_message_encode(&message.base, out);
}

/* Take over a decoded message, if it is one that cdr_leaf_encode could have made. */
static cdr_err
take_message(const Cdr__Wire__Leaf *message, struct cdr_leaf *leaf)
{
	size_t kind = 0;

	while (kind < CDR_LEAF_KIND_COUNT && strcmp(kinds[kind].name, message->kind) != 0)
		kind++;
	if (kind == CDR_LEAF_KIND_COUNT || message->n_party > CDR_LEAF_PARTY_MAX ||
	    message->n_number > CDR_LEAF_NUMBER_MAX || message->content.len != sizeof(leaf->content))
		return CDR_E_INPUT;
	leaf->kind = (enum cdr_leaf_kind)kind;
	leaf->at = message->at;
	for (size_t i = 0; i < message->n_party; i++) {
		size_t len = strlen(message->party[i]);
		if (len == 0 || len > CDR_SIGNER_LEN_MAX)
			return CDR_E_INPUT;
		memcpy(leaf->party[i], message->party[i], len + 1);
	}
	leaf->party_count = message->n_party;
	for (size_t i = 0; i < message->n_number; i++)
		leaf->number[i] = message->number[i];
	leaf->number_count = message->n_number;
	memcpy(leaf->content, message->content.data, sizeof(leaf->content));
	return CDR_OK;
}

/* see audit/leaf.h */
cdr_err
cdr_leaf_decode(struct cdr_bytes bytes, struct cdr_leaf *leaf)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 };
	struct cdr_buffer again = { 0 };
	Cdr__Wire__Leaf *message;

	memset(leaf, 0, sizeof(*leaf));
	if (bytes.len > CDR_LEAF_LEN_MAX)
		return CDR_E_INPUT;
	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__leaf__descriptor, bytes, &message));
	CDR_TRY(take_message(message, leaf));
	/* One leaf has one form: two encodings of the same would be two places in the tree. */
	CDR_TRY(cdr_leaf_encode(leaf, &again));
	if (again.len != bytes.len || memcmp(again.data, bytes.data, bytes.len) != 0)
		err = CDR_E_INPUT;
out:
	cdr_buffer_free(&again);
	cdr_arena_free(&arena);
	if (err != CDR_OK)
		memset(leaf, 0, sizeof(*leaf));
	return err;
}

/* ---- as it stands in the tree -------------------------------------------------------------------------------- */

/* see audit/leaf.h */
cdr_err
cdr_leaf_entry(struct cdr_bytes leaf, const uint8_t *salt, struct cdr_buffer *entry)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__LogEntry message = CDR__WIRE__LOG_ENTRY__INIT;
	uint8_t inner[CDR_SHA256_LEN], commitment[CDR_SHA256_LEN];
	const struct cdr_bytes parts[] = { LABEL(commitment_label), { salt, CDR_LEAF_SALT_LEN }, { inner, sizeof(inner) } };

	if (salt == NULL) {
		message.has_leaf = true;
		message.leaf = cdr_message_field(leaf.data, leaf.len);
	} else {
		CDR_TRY(cdr_sha256(&leaf, 1, inner));
		CDR_TRY(cdr_sha256(parts, 3, commitment));
		message.has_commitment = true;
		message.commitment = cdr_message_field(commitment, sizeof(commitment));
	}
	CDR_TRY(cdr_message_encode(&message.base, entry));
out:
	return err;
}

/* see audit/leaf.h */
cdr_err
cdr_leaf_entry_read(struct cdr_bytes entry, struct cdr_leaf *leaf, bool *is_open)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 };
	struct cdr_buffer again = { 0 };
	Cdr__Wire__LogEntry *message;

	memset(leaf, 0, sizeof(*leaf));
	*is_open = false;
	if (entry.len > CDR_LEAF_ENTRY_LEN_MAX)
		return CDR_E_INPUT;
	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__log_entry__descriptor, entry, &message));
	err = CDR_E_INPUT;
	if (message->has_leaf == message->has_commitment)
		goto out;
	if (message->has_commitment && message->commitment.len != CDR_SHA256_LEN)
		goto out;
	if (message->has_leaf) {
		CDR_TRY(cdr_leaf_decode(cdr_message_bytes(message->leaf), leaf));
		err = CDR_E_INPUT;
		if (!cdr_leaf_kind_is_open(leaf->kind))
			goto out;
		*is_open = true;
	}
	CDR_TRY(cdr_message_encode(&message->base, &again));
	if (again.len != entry.len || memcmp(again.data, entry.data, entry.len) != 0)
		err = CDR_E_INPUT;
out:
	cdr_buffer_free(&again);
	cdr_arena_free(&arena);
	return err;
}

/* ---- receipts ------------------------------------------------------------------------------------------------ */

/* What a receipt's signature covers. */
static cdr_err
hash_receipt(const uint8_t *genesis, uint64_t position, const uint8_t *hash, uint8_t out[static CDR_SHA256_LEN])
{
	uint8_t number[8];
	const struct cdr_bytes parts[] = { LABEL(receipt_label), { genesis, CDR_GENESIS_HASH_LEN },
		{ number, sizeof(number) }, { hash, CDR_MERKLE_HASH_LEN } };

	cdr_number_write(position, number, 8);
	return cdr_sha256(parts, 4, out);
}

/* see audit/leaf.h */
cdr_err
cdr_receipt_sign(const uint8_t *seed, const uint8_t genesis[static CDR_GENESIS_HASH_LEN], uint64_t position,
    const uint8_t hash[static CDR_MERKLE_HASH_LEN], uint8_t signature[static CDR_SIGNATURE_LEN])
{
	uint8_t digest[CDR_SHA256_LEN];
	cdr_err err = hash_receipt(genesis, position, hash, digest);

	return err != CDR_OK ? err : cdr_sign(seed, digest, sizeof(digest), signature);
}

/* see audit/leaf.h */
cdr_err
cdr_receipt_read(const Cdr__Wire__Receipt *receipt, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    const uint8_t *hub_key, struct cdr_leaf *leaf, uint8_t hash[static CDR_MERKLE_HASH_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer entry = { 0 };
	uint8_t digest[CDR_SHA256_LEN];

	CDR_TRY(cdr_leaf_decode(cdr_message_bytes(receipt->leaf), leaf));
	if (receipt->position >= CDR_MERKLE_SIZE_MAX || receipt->signature.len != CDR_SIGNATURE_LEN ||
	    (receipt->has_salt && receipt->salt.len != CDR_LEAF_SALT_LEN) ||
	    receipt->has_salt == cdr_leaf_kind_is_open(leaf->kind)) {
		err = CDR_E_INPUT;
		goto out;
	}
	CDR_TRY(cdr_leaf_entry(cdr_message_bytes(receipt->leaf), receipt->has_salt ? receipt->salt.data : NULL, &entry));
	CDR_TRY(cdr_merkle_leaf(cdr_buffer_bytes(&entry), hash));
	CDR_TRY(hash_receipt(genesis, receipt->position, hash, digest));
	CDR_TRY(cdr_verify(hub_key, digest, sizeof(digest), receipt->signature.data));
out:
	cdr_buffer_free(&entry);
	return err;
}
