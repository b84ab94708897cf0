/*
 * What an outsider reads of the log: notes and checkpoints, leaves, entries, receipts, bundles of entries, evidence against the hub. The
 * first byte of the input says which; the rest is that (even), or changes of three bytes each, place in two and a value, to an honest one
 * (odd), so that mutants reach what comes after the form.
 *
 * Properties: what is accepted has one form; nothing is signed by the hub but what it signed; and no file shows a lie of an honest hub.
 */
#include "tests/fuzz/proto/parties.h"

#include "audit/evidence.h"
#include "audit/leaf.h"
#include "audit/tile.h"
#include "core/crypto/secret.h"
#include "core/record/json.h"

enum { NOTE, CHECKPOINT, LEAF, ENTRY, RECEIPT, BUNDLE, EVIDENCE, SUBJECTS };

static struct cdr_roster *roster;
static struct cdr_checkpoint signed_one;
static struct cdr_buffer honest[SUBJECTS];

/* Evidence of an honest exchange: the hub is asked for what it signed, and shows it. */
static void
make_evidence(const struct cdr_buffer *note, const struct cdr_buffer *receipt)
{
	static const char *const findings[] = { "shorter", "rewritten", "missing", "split", "late", "twice", "unwitnessed", "unreadable" };
	Cdr__Wire__CheckpointRequest request = CDR__WIRE__CHECKPOINT_REQUEST__INIT;
	Cdr__Wire__CheckpointReply reply = CDR__WIRE__CHECKPOINT_REPLY__INIT;
	const struct cdr_signer hub = { "hub", f_hub.seed, roster->hash }, blue = { "member/blue", f_member[0].seed, roster->hash };
	struct cdr_buffer body, asked, answer;
	char hex[3][8192];

	request.from = signed_one.size;
	request.has_seen = true;
	request.seen = cdr_message_field(note->data, note->len);
	reply.checkpoint = cdr_message_field(note->data, note->len);
	if (cdr_message_encode(&request.base, &body) != CDR_OK ||
	    cdr_envelope_request(&blue, "/v1/log/checkpoint", cdr_buffer_bytes(&body), (struct cdr_bytes){ NULL, 0 }, &asked) != CDR_OK)
		abort();
	cdr_buffer_free(&body);
	if (cdr_message_encode(&reply.base, &body) != CDR_OK || cdr_envelope_reply(&hub, "/v1/log/checkpoint", cdr_buffer_bytes(&asked),
	    cdr_buffer_bytes(&body), (struct cdr_bytes){ NULL, 0 }, &answer) != CDR_OK)
		abort();
	cdr_buffer_free(&body);
	assert(asked.len < 4000 && answer.len < 4000 && receipt->len < 4000);
	cdr_hex_write(asked.data, asked.len, hex[0]);
	cdr_hex_write(answer.data, answer.len, hex[1]);
	cdr_hex_write(receipt->data, receipt->len, hex[2]);
	char genesis[2 * CDR_GENESIS_HASH_LEN + 1];
	cdr_hex_write(roster->hash, CDR_GENESIS_HASH_LEN, genesis);
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s#, s:s#}", "finding", findings[0], "genesis", genesis, "request", hex[0],
	    "reply", hex[1], "receipt", hex[2], "other_receipt", hex[2], "checkpoint", (const char *)note->data, (int)note->len,
	    "checkpoint_of_trustee", (const char *)note->data, (int)note->len);
	char *text = json_dumps(json, JSON_COMPACT);
	if (text == NULL || cdr_buffer_copy((struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, &honest[EVIDENCE]) != CDR_OK)
		abort();
	cdr_json_free(text);
	json_decref(json);
	cdr_buffer_free(&asked);
	cdr_buffer_free(&answer);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct cdr_leaf leaf = { .kind = CDR_LEAF_DELIVERY, .at = 1772323200, .content = { 7 } };
	static uint8_t salt[CDR_LEAF_SALT_LEN] = { 5 }, hash[CDR_MERKLE_HASH_LEN], signature[CDR_SIGNATURE_LEN], bundle[256];
	Cdr__Wire__Receipt receipt = CDR__WIRE__RECEIPT__INIT;
	struct cdr_merkle_edge edge = { 0 };

	(void)argc;
	(void)argv;
	if (cdr_secret_start(NULL) != CDR_OK)
		abort();
	f_make_parties();
	roster = f_make_roster(0);
	cdr_leaf_member_add(&leaf, "blue");
	cdr_leaf_member_add(&leaf, "green");
	cdr_leaf_number_add(&leaf, 24657);
	if (cdr_leaf_encode(&leaf, &honest[LEAF]) != CDR_OK || cdr_leaf_entry(cdr_buffer_bytes(&honest[LEAF]), salt, &honest[ENTRY]) != CDR_OK ||
	    cdr_merkle_leaf(cdr_buffer_bytes(&honest[ENTRY]), hash) != CDR_OK || cdr_merkle_append(&edge, hash, NULL) != CDR_OK ||
	    cdr_receipt_sign(f_hub.seed, roster->hash, 0, hash, signature) != CDR_OK)
		abort();
	receipt.leaf = cdr_message_field(honest[LEAF].data, honest[LEAF].len);
	receipt.has_salt = true;
	receipt.salt = cdr_message_field(salt, sizeof(salt));
	receipt.signature = cdr_message_field(signature, sizeof(signature));
	signed_one.size = 1;
	if (cdr_message_encode(&receipt.base, &honest[RECEIPT]) != CDR_OK || cdr_merkle_root(&edge, signed_one.root) != CDR_OK ||
	    cdr_checkpoint_sign(f_hub.seed, roster->hash, &signed_one) != CDR_OK)
		abort();
	for (uint32_t i = 1; i <= F_THRESHOLD; i++) {
		struct cdr_cosignature cosignature;
		if (cdr_checkpoint_cosign(f_trustee[i - 1].seed, roster->hash, &signed_one, i, leaf.at, &cosignature) != CDR_OK ||
		    cdr_checkpoint_add(&signed_one, roster->hash, roster, &cosignature) != CDR_OK)
			abort();
	}
	if (cdr_checkpoint_write(&signed_one, roster->hash, roster, &honest[NOTE]) != CDR_OK ||
	    cdr_checkpoint_write(&signed_one, roster->hash, roster, &honest[CHECKPOINT]) != CDR_OK)
		abort();
	bundle[1] = (uint8_t)honest[ENTRY].len;
	memcpy(bundle + 2, honest[ENTRY].data, honest[ENTRY].len);
	if (cdr_buffer_copy((struct cdr_bytes){ bundle, honest[ENTRY].len + 2 }, &honest[BUNDLE]) != CDR_OK)
		abort();
	make_evidence(&honest[NOTE], &honest[RECEIPT]);
	return 0;
}

static void
assert_same(struct cdr_bytes bytes, struct cdr_buffer *again)
{
	assert(again->len == bytes.len && memcmp(again->data, bytes.data, bytes.len) == 0);
	cdr_buffer_free(again);
}

static void
try_note(struct cdr_bytes bytes)
{
	struct cdr_note *note = calloc(1, sizeof(*note));
	struct cdr_buffer again;

	assert(note != NULL);
	if (cdr_note_read(bytes, note) == CDR_OK) {
		assert(note->line_count > 0 && note->line_count <= CDR_NOTE_LINE_MAX);
		assert(cdr_note_write(note, &again) == CDR_OK);
		assert_same(bytes, &again);
	}
	free(note);
}

static void
try_checkpoint(struct cdr_bytes bytes)
{
	struct cdr_checkpoint read;

	if (cdr_checkpoint_read(bytes, roster->hash, roster, &read, NULL) != CDR_OK) {
		assert(read.size == 0 && read.cosignature_count == 0);
		return;
	}
	/* Nobody else signed anything. */
	assert(read.size == signed_one.size && memcmp(read.root, signed_one.root, sizeof(read.root)) == 0);
	assert(read.cosignature_count <= F_THRESHOLD);
}

static void
try_leaf(struct cdr_bytes bytes)
{
	struct cdr_leaf leaf;
	struct cdr_buffer again;

	if (cdr_leaf_decode(bytes, &leaf) != CDR_OK)
		return;
	assert(leaf.kind < CDR_LEAF_KIND_COUNT && leaf.party_count <= CDR_LEAF_PARTY_MAX && leaf.number_count <= CDR_LEAF_NUMBER_MAX);
	assert(cdr_leaf_encode(&leaf, &again) == CDR_OK);
	assert_same(bytes, &again);
}

static void
try_entry(struct cdr_bytes bytes)
{
	struct cdr_leaf leaf;
	struct cdr_buffer encoded, again;
	bool is_open;

	if (cdr_leaf_entry_read(bytes, &leaf, &is_open) != CDR_OK || !is_open)
		return;
	assert(cdr_leaf_kind_is_open(leaf.kind));
	assert(cdr_leaf_encode(&leaf, &encoded) == CDR_OK && cdr_leaf_entry(cdr_buffer_bytes(&encoded), NULL, &again) == CDR_OK);
	assert_same(bytes, &again);
	cdr_buffer_free(&encoded);
}

static void
try_receipt(struct cdr_bytes bytes)
{
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__Receipt *receipt;
	struct cdr_leaf leaf;
	uint8_t hash[CDR_MERKLE_HASH_LEN];

	if (cdr_message_decode(&arena, &cdr__wire__receipt__descriptor, bytes, &receipt) == CDR_OK &&
	    cdr_receipt_read(receipt, roster->hash, f_hub.signing, &leaf, hash) == CDR_OK) {
		assert(receipt->position == 0 && receipt->leaf.len == honest[LEAF].len);
		assert(memcmp(receipt->leaf.data, honest[LEAF].data, honest[LEAF].len) == 0);
	}
	cdr_arena_free(&arena);
}

static void
try_bundle(struct cdr_bytes bytes)
{
	struct cdr_bytes entry;
	size_t at = 0, before = 0, total = 0;
	cdr_err err;

	while ((err = cdr_tile_entry_next(bytes, &at, &entry)) == CDR_OK) {
		assert(at > before && at <= bytes.len && entry.data + entry.len == bytes.data + at);
		total += entry.len + 2;
		before = at;
	}
	assert(err != CDR_E_ABSENT || total == bytes.len);
}

static void
try_evidence(struct cdr_bytes bytes)
{
	struct cdr_evidence evidence;

	assert(cdr_evidence_judge(bytes, &roster, 1, &evidence, NULL) != CDR_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static void (*const tries[SUBJECTS])(struct cdr_bytes bytes) = { try_note, try_checkpoint, try_leaf, try_entry, try_receipt, try_bundle,
		try_evidence };
	struct cdr_buffer changed = { NULL, 0 };

	if (len == 0)
		return 0;
	unsigned subject = data[0] / 2 % SUBJECTS;
	struct cdr_bytes bytes = { data + 1, len - 1 };
	if (data[0] % 2 == 1) {
		if (cdr_buffer_copy(cdr_buffer_bytes(&honest[subject]), &changed) != CDR_OK)
			abort();
		for (size_t i = 0; i + 3 <= bytes.len; i += 3)
			changed.data[(size_t)(bytes.data[i] << 8 | bytes.data[i + 1]) % changed.len] = bytes.data[i + 2];
		bytes = cdr_buffer_bytes(&changed);
	}
	tries[subject](bytes);
	cdr_buffer_free(&changed);
	return 0;
}
