#include "tests/unit/member/world_play.h"

/* see tests/unit/member/world_play.h */

static cdr_err
w_log_node(void *context, unsigned level, uint64_t index, uint8_t hash[static CDR_MERKLE_HASH_LEN])
{
	const struct world *w = context;
	uint8_t left[CDR_MERKLE_HASH_LEN], right[CDR_MERKLE_HASH_LEN];

	if (level == 0) {
		memcpy(hash, w->log_hash[index], CDR_MERKLE_HASH_LEN);
		return CDR_OK;
	}
	assert_int_equal(w_log_node(context, level - 1, 2 * index, left), CDR_OK);
	assert_int_equal(w_log_node(context, level - 1, 2 * index + 1, right), CDR_OK);
	return cdr_merkle_parent(left, right, hash);
}

void
w_log_append(struct world *w, struct cdr_leaf *leaf, struct w_receipt *receipt)
{
	struct cdr_buffer entry;
	uint8_t hash[CDR_MERKLE_HASH_LEN];
	uint64_t place = 0;

	*receipt = (struct w_receipt){ .salt = { 5 } };
	leaf->at = 1772323200;
	while (place < w->log_edge.size && (leaf->kind == CDR_LEAF_CHECK_OPENED || memcmp(w->log_content[place], leaf->content, CDR_LEAF_CONTENT_LEN) != 0))
		place++;
	memcpy(w->log_content[place], leaf->content, CDR_LEAF_CONTENT_LEN);
	if (w->log_lie == W_LOG_NO_RECEIPT)
		leaf->content[0] ^= 1;
	assert_int_equal(cdr_leaf_encode(leaf, &receipt->leaf), CDR_OK);
	bool is_open = cdr_leaf_kind_is_open(leaf->kind);
	assert_int_equal(cdr_leaf_entry(cdr_buffer_bytes(&receipt->leaf), is_open ? NULL : receipt->salt, &entry), CDR_OK);
	assert_int_equal(cdr_merkle_leaf(cdr_buffer_bytes(&entry), hash), CDR_OK);
	cdr_buffer_free(&entry);
	if (place == w->log_edge.size) {
		assert_true(place < W_LOG_MAX);
		memcpy(w->log_hash[place], hash, sizeof(hash));
		if (w->log_lie == W_LOG_MISSING)
			w->log_hash[place][0] ^= 1;
		assert_int_equal(cdr_merkle_append(&w->log_edge, w->log_hash[place], NULL), CDR_OK);
	}
	assert_int_equal(cdr_receipt_sign(w->hub.seed, w->genesis, place, hash, receipt->signature), CDR_OK);
	receipt->message = (Cdr__Wire__Receipt)CDR__WIRE__RECEIPT__INIT;
	receipt->message.position = place;
	receipt->message.leaf = cdr_message_field(receipt->leaf.data, receipt->leaf.len);
	receipt->message.has_salt = !is_open;
	receipt->message.salt = cdr_message_field(receipt->salt, sizeof(receipt->salt));
	receipt->message.signature = cdr_message_field(receipt->signature, sizeof(receipt->signature));
}

void
w_log_act(struct world *w, enum cdr_leaf_kind kind, const char *signer, const struct cdr_bytes *parts, size_t count,
    struct w_receipt *receipt)
{
	struct cdr_leaf leaf = { .kind = kind };

	cdr_leaf_party_add(&leaf, signer);
	assert_int_equal(cdr_leaf_content(kind, parts, count, leaf.content), CDR_OK);
	w_log_append(w, &leaf, receipt);
}

/* The log of ${size} leaves as hub and ${witnesses} trustees sign it. */
static void
w_log_note(struct world *w, uint64_t size, size_t first, size_t witnesses, bool differs, struct cdr_buffer *note)
{
	struct cdr_roster *roster = w_roster_read(w);
	struct cdr_checkpoint checkpoint = { .size = size };
	struct cdr_merkle_edge edge;
	struct cdr_cosignature cosignature;

	assert_int_equal(cdr_merkle_range(w_log_node, w, size, &edge), CDR_OK);
	assert_int_equal(cdr_merkle_root(&edge, checkpoint.root), CDR_OK);
	checkpoint.root[0] ^= differs;
	assert_int_equal(cdr_checkpoint_sign(w->hub.seed, w->genesis, &checkpoint), CDR_OK);
	for (size_t i = first; i < first + witnesses; i++) {
		assert_int_equal(cdr_checkpoint_cosign(w->trustee[i].seed, w->genesis, &checkpoint, (uint32_t)i + 1,
		    cdr_member_now() - w->log_age_s, &cosignature), CDR_OK);
		assert_int_equal(cdr_checkpoint_add(&checkpoint, w->genesis, roster, &cosignature), CDR_OK);
	}
	assert_int_equal(cdr_checkpoint_write(&checkpoint, w->genesis, roster, note), CDR_OK);
	cdr_roster_free(roster);
}

void
w_log_evaluation(struct world *w, const char *signer, const Cdr__Wire__SignedEvaluation *message, struct w_reply *reply)
{
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__EvaluateRequest *request;
	Cdr__Wire__EvaluationReply answer = CDR__WIRE__EVALUATION_REPLY__INIT;
	Cdr__Wire__Inclusion inclusion = CDR__WIRE__INCLUSION__INIT;
	struct cdr_bytes body = cdr_message_bytes(message->request);
	struct cdr_leaf leaf = { .kind = CDR_LEAF_EVALUATION };
	struct cdr_merkle_proof proof;
	struct cdr_buffer note;
	struct w_receipt receipt;
	struct cdr_envelope inner = { .signer = signer, .body = body, .signature = cdr_message_bytes(message->signature) };

	assert_int_equal(cdr_envelope_verify_request(&inner, w_find(w, signer)->signing, w->genesis, "/v1/evaluate"), CDR_OK);
	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__evaluate_request__descriptor, body, &request), CDR_OK);
	cdr_leaf_party_add(&leaf, signer);
	cdr_leaf_number_add(&leaf, request->sequence);
	cdr_leaf_number_add(&leaf, request->epoch);
	cdr_leaf_number_add(&leaf, strcmp(request->purpose, "import") == 0 ? CDR_LEAF_PURPOSE_IMPORT :
	    strcmp(request->purpose, "check") == 0 ? CDR_LEAF_PURPOSE_CHECK : CDR_LEAF_PURPOSE_AGAIN);
	cdr_leaf_number_add(&leaf, request->point_count);
	assert_int_equal(cdr_leaf_content(leaf.kind, &body, 1, leaf.content), CDR_OK);
	w_log_append(w, &leaf, &receipt);
	uint64_t size = w->log_edge.size, place = receipt.message.position;
	inclusion.position = w->log_lie == W_LOG_OTHER_PLACE ? place + 1 : place;
	assert_int_equal(cdr_merkle_include(w_log_node, w, place, size, &proof), CDR_OK);
	if (w->log_lie == W_LOG_BAD_PROOF)
		proof.hash[0][0] ^= 1, proof.count += proof.count == 0;
	w_log_note(w, size, 0, w->log_lie == W_LOG_FEW_WITNESSES ? W_THRESHOLD - 1 : W_THRESHOLD, false, &note);
	inclusion.checkpoint = cdr_message_field(note.data, note.len);
	inclusion.hashes = cdr_message_field(proof.hash, proof.count * CDR_MERKLE_HASH_LEN);
	answer.receipt = &receipt.message;
	/* A hub proves what it is asked for again. */
	bool is_new = request->sequence != w->log_sequence;
	w->log_sequence = request->sequence;
	answer.inclusion = w->log_never_proves || (w->log_is_slow && is_new) ? NULL : &inclusion;
	w_say(reply, &answer.base);
	cdr_buffer_free(&note);
	cdr_buffer_free(&receipt.leaf);
	cdr_arena_free(&arena);
}

void
w_log_checkpoint(struct world *w, const Cdr__Wire__CheckpointRequest *request, struct w_reply *reply)
{
	Cdr__Wire__CheckpointReply answer = CDR__WIRE__CHECKPOINT_REPLY__INIT;
	Cdr__Wire__PositionProof proof[CDR_LOG_POSITIONS_MAX], *at[CDR_LOG_POSITIONS_MAX];
	static struct cdr_merkle_proof extension, hashes[CDR_LOG_POSITIONS_MAX];
	struct cdr_buffer note;
	uint64_t size = w->log_edge.size;

	if (w->log_lie == W_LOG_ROLLED_BACK)
		size /= 2;
	if (w->log_shown > 0 && request->from <= w->log_shown)
		size = w->log_shown;
	if (w->log_lie == W_LOG_BUSY && request->n_position == CDR_CHECKPOINT_BEGIN_PLACES && request->position[0] + 1 == w->told_size)
		size = 0;
	if (w->log_lie == W_LOG_BUSY && w->log_shown > 0 && request->from > w->log_shown) /* not witnessed yet */
		size = 0;
	if (size == 0 || (w->log_lie == W_LOG_REFUSED && request->from > w->log_shown)) {
		w_refuse(reply, size == 0 ? CDR_E_BUSY : CDR_E_ABSENT);
		return;
	}
	bool is_other = w->log_lie == W_LOG_ALTERED || (w->log_lie == W_LOG_TWO_FACES && request->from == w->log_other_from) ||
	    (w->log_lie == W_LOG_CHANGES && request->n_position > 0 && request->position[0] >= CDR_LOG_POSITIONS_MAX);
	w->log_hash[w->log_other_leaf][0] ^= is_other;
	w_log_note(w, size, 0, w->log_lie == W_LOG_FEW_WITNESSES ? W_THRESHOLD - 1 : W_THRESHOLD, false, &note);
	answer.checkpoint = cdr_message_field(note.data, note.len);
	extension.count = 0;
	if (request->from <= size)
		assert_int_equal(cdr_merkle_extend(w_log_node, w, request->from, size, &extension), CDR_OK);
	if (w->log_lie == W_LOG_SPOILT && request->from > 0)
		extension.hash[0][0] ^= 1, extension.count += extension.count == 0;
	answer.extension = cdr_message_field(extension.hash, extension.count * CDR_MERKLE_HASH_LEN);
	assert_in_range(request->n_position, 0, CDR_LOG_POSITIONS_MAX);
	for (size_t i = 0; i < request->n_position; i++) {
		if (request->position[i] >= size)
			continue;
		struct cdr_merkle_proof *p = &hashes[answer.n_proof];
		assert_int_equal(cdr_merkle_include(w_log_node, w, request->position[i], size, p), CDR_OK);
		if (w->log_lie == W_LOG_BAD_PROOF)
			p->hash[0][0] ^= 1, p->count += p->count == 0;
		proof[answer.n_proof] = (Cdr__Wire__PositionProof)CDR__WIRE__POSITION_PROOF__INIT;
		proof[answer.n_proof].position = request->position[i];
		proof[answer.n_proof].hashes = cdr_message_field(p->hash, p->count * CDR_MERKLE_HASH_LEN);
		at[answer.n_proof] = &proof[answer.n_proof];
		answer.n_proof++;
	}
	answer.proof = at;
	w_say(reply, &answer.base);
	cdr_buffer_free(&note);
	w->log_hash[w->log_other_leaf][0] ^= is_other;
}

void
w_log_latest(struct world *w, size_t at, struct w_reply *reply)
{
	Cdr__Wire__WitnessLatest answer = CDR__WIRE__WITNESS_LATEST__INIT;
	struct cdr_buffer note;
	uint64_t size = w->latest_size[at] > 0 ? w->latest_size[at] : w->log_edge.size;

	if (w->mode[at] == W_DOWN || size == 0) {
		w_refuse(reply, CDR_E_ABSENT);
		return;
	}
	w->log_hash[w->log_other_leaf][0] ^= w->latest_other[at];
	w_log_note(w, size, at, 1, w->latest_differs[at], &note);
	w->log_hash[w->log_other_leaf][0] ^= w->latest_other[at];
	answer.checkpoint = cdr_message_field(note.data, note.len);
	w_say(reply, &answer.base);
	cdr_buffer_free(&note);
}

/* The number of the first, and the notes of each. */
void
w_log_contradictions(struct world *w, size_t at, const struct cdr_envelope *envelope, struct w_reply *reply)
{
	Cdr__Wire__ContradictionsReply answer = CDR__WIRE__CONTRADICTIONS_REPLY__INIT;
	Cdr__Wire__Contradiction contradiction[CDR_CONTRADICTIONS_MAX], *list[CDR_CONTRADICTIONS_MAX];
	struct cdr_buffer note[CDR_CONTRADICTIONS_MAX] = { 0 }, own[CDR_CONTRADICTIONS_MAX] = { 0 };
	const Cdr__Wire__ContradictionsRequest *request;
	struct cdr_arena arena = { 0 };
	const enum w_told told = w->told[at];

	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__contradictions_request__descriptor, envelope->body, &request), CDR_OK);
	w->told_asked++;
	size_t count = told == W_TOLD_NOTHING ? 0 : told == W_TOLD_BACKWARDS ? CDR_CONTRADICTIONS_MAX : w->told_count;
	for (size_t i = told == W_TOLD_BACKWARDS ? 0 : (size_t)request->from; i < count && answer.n_contradiction < CDR_CONTRADICTIONS_MAX; i++) {
		size_t k = answer.n_contradiction++;
		const uint64_t size = w->told_size - i;

		w->hub.seed[0] ^= told == W_TOLD_INVENTED;
		w_log_note(w, size, 0, W_THRESHOLD, told != W_TOLD_TRUE && told != W_TOLD_BACKWARDS, &note[k]);
		w->hub.seed[0] ^= told == W_TOLD_INVENTED;
		if (told != W_TOLD_ALONE)
			w_log_note(w, told == W_TOLD_BEFORE ? size - 1 : size, 0, 0, false, &own[k]);
		if (told == W_TOLD_DAMAGED)
			note[k].data[0] = '\n';
		contradiction[k] = (Cdr__Wire__Contradiction)CDR__WIRE__CONTRADICTION__INIT;
		contradiction[k].number = i;
		contradiction[k].checkpoint = cdr_message_field(note[k].data, note[k].len);
		contradiction[k].has_own = own[k].len > 0;
		contradiction[k].own = cdr_message_field(own[k].data, own[k].len);
		list[k] = &contradiction[k];
	}
	answer.contradiction = list;
	Cdr__Wire__Receipt *missing[] = { (Cdr__Wire__Receipt *)(uintptr_t)w->missing[at] };
	answer.missing = missing;
	answer.n_missing = request->from == 0 && w->missing[at] != NULL;
	answer.old_index = &w->old_index[at];
	answer.n_old_index = request->from == 0 && w->old_index[at] > 0;
	w_say(reply, &answer.base);
	for (size_t k = 0; k < CDR_CONTRADICTIONS_MAX; k++) {
		cdr_buffer_free(&note[k]);
		cdr_buffer_free(&own[k]);
	}
	cdr_arena_free(&arena);
}

void
w_log_see(struct world *w, struct cdr_bytes body, struct cdr_bytes proof)
{
	struct cdr_roster *roster = w_roster_read(w);
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__Inclusion *inclusion;
	struct cdr_checkpoint checkpoint;
	uint8_t content[CDR_LEAF_CONTENT_LEN];
	uint64_t place = 0;

	assert_int_equal(cdr_leaf_content(CDR_LEAF_EVALUATION, &body, 1, content), CDR_OK);
	if (proof.len == 0) { /* the hub has told this trustee */
		while (place < w->log_edge.size && memcmp(w->log_content[place], content, sizeof(content)) != 0)
			place++;
		assert_true(place < w->log_edge.size);
		cdr_roster_free(roster);
		return;
	}
	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__inclusion__descriptor, proof, &inclusion), CDR_OK);
	assert_int_equal(cdr_checkpoint_read(cdr_message_bytes(inclusion->checkpoint), w->genesis, roster, &checkpoint, NULL),
	    CDR_OK);
	assert_true(cdr_checkpoint_is_witnessed(&checkpoint, roster));
	assert_true(inclusion->position < w->log_edge.size);
	assert_memory_equal(w->log_content[inclusion->position], content, sizeof(content));
	assert_int_equal(cdr_merkle_verify_include(w->log_hash[inclusion->position], inclusion->position, checkpoint.size,
	    inclusion->hashes.data, inclusion->hashes.len / CDR_MERKLE_HASH_LEN, checkpoint.root), CDR_OK);
	cdr_arena_free(&arena);
	cdr_roster_free(roster);
}
