#ifndef CDR_TESTS_CEREMONY_PLAY_H
#define CDR_TESTS_CEREMONY_PLAY_H

/*
 * Ceremonies in memory: a hub that shows what it likes to whom it likes, participants who are killed or cheat, and who is named
 * then. Include after tests/unit/unit.h.
 */

#include "tests/unit/keys/ceremony_world.h"

/* ---- the hub ------------------------------------------------------------------------------------------------ */

#define ALL 0xffffffffu
#define ONLY(i) (1u << (i))

static inline void
post(struct world *w, struct cdr_bytes message, uint32_t shown)
{
	assert_true(w->box_count < BOX_MAX);
	assert_int_equal(cdr_buffer_copy(message, &w->box[w->box_count].bytes), CDR_OK);
	w->box[w->box_count++].shown = shown;
}

static inline void
give(struct world *w, struct cdr_ceremony *ceremony, uint32_t i)
{
	for (size_t k = 0; k < w->box_count; k++) {
		struct cdr_arena arena = { 0 };
		Cdr__Wire__CeremonyMessage *message;

		if ((w->box[k].shown & ONLY(i)) == 0)
			continue;
		assert_int_equal(cdr_message_decode(&arena, &cdr__wire__ceremony_message__descriptor,
		    cdr_buffer_bytes(&w->box[k].bytes), &message), CDR_OK);
		assert_int_equal(cdr_ceremony_take(ceremony, message), CDR_OK);
		cdr_arena_free(&arena);
	}
}

/* A cheat: called with each message that a trustee is about to post; posts what it likes, or nothing. */
typedef void (*cheat)(struct world *w, uint32_t from, uint32_t round, struct cdr_bytes message);

static inline void
honest(struct world *w, uint32_t from, uint32_t round, struct cdr_bytes message)
{
	(void)from;
	(void)round;
	post(w, message, ALL);
}

/* Forget everything but what was saved. */
static inline void
kill_and_start(struct world *w, uint32_t i)
{
	struct trustee *t = &w->trustee[i];

	cdr_ceremony_free(t->ceremony);
	t->ceremony = start(w, i);
	if (t->saved.len > 0)
		assert_int_equal(cdr_ceremony_load(t->ceremony, cdr_buffer_bytes(&t->saved)), CDR_OK);
}

/* One turn of one trustee: fetch, step, save, post. Returns whether it posted. */
static inline bool
turn(struct world *w, uint32_t i, cheat hub)
{
	struct trustee *t = &w->trustee[i];
	struct cdr_buffer message, again;
	bool posted = false;

	if (w->kills)
		kill_and_start(w, i);
	give(w, t->ceremony, i);
	assert_int_equal(cdr_ceremony_step(t->ceremony), CDR_OK);
	cdr_buffer_free(&t->saved);
	assert_int_equal(cdr_ceremony_save(t->ceremony, &t->saved), CDR_OK);
	for (uint32_t round = 1; round <= CDR_CEREMONY_ROUND_COUNT; round++) {
		if (t->has_posted[round] || t->is_silent || cdr_ceremony_own(t->ceremony, round, &message) != CDR_OK)
			continue;
		if (w->kills) {
			/* Killed after saving: it says the very same. */
			kill_and_start(w, i);
			assert_int_equal(cdr_ceremony_own(t->ceremony, round, &again), CDR_OK);
			assert_int_equal(again.len, message.len);
			assert_memory_equal(again.data, message.data, again.len);
			cdr_buffer_free(&again);
			assert_int_equal(cdr_ceremony_step(t->ceremony), CDR_OK);
		}
		hub(w, i, round, cdr_buffer_bytes(&message));
		cdr_buffer_free(&message);
		t->has_posted[round] = true;
		posted = true;
	}
	return posted;
}

static inline void
run(struct world *w, cheat hub)
{
	bool moved = true;

	while (moved) {
		moved = false;
		for (uint32_t i = 1; i <= w->n; i++)
			moved |= is_in(w, i) && turn(w, i, hub);
	}
	/* Once more, so that all have seen all. */
	for (uint32_t i = 1; i <= w->n; i++) {
		if (is_in(w, i))
			(void)turn(w, i, hub);
	}
}

/* ---- judging ------------------------------------------------------------------------------------------------ */

static inline void
assert_named(struct world *w, uint32_t i, enum cdr_ceremony_fault kind, uint32_t trustee)
{
	size_t count;
	const struct cdr_ceremony_finding *finding = cdr_ceremony_findings(w->trustee[i].ceremony, &count);
	char text[CDR_FAULT_LEN];

	if (cdr_ceremony_state(w->trustee[i].ceremony) != CDR_CEREMONY_FAILED)
		fail_msg("trustee %u has not failed", i);
	assert_true(count > 0);
	for (size_t k = 0; k < count; k++) {
		cdr_ceremony_finding_write(w->trustee[i].ceremony, &finding[k], text, sizeof(text));
		if (finding[k].kind != kind || finding[k].trustee != trustee)
			fail_msg("trustee %u blames another: %s", i, text);
		assert_non_null(strstr(text, "T-"));
	}
}

/* Every honest trustee names the cheater, and nobody else, and has no key. */
static inline void
assert_all_name(struct world *w, enum cdr_ceremony_fault kind, uint32_t by)
{
	struct cdr_dkg_key key;
	uint8_t transcript[CDR_ROSTER_HASH_LEN], share[CDR_SCALAR_LEN];

	for (uint32_t i = 1; i <= w->n; i++) {
		if (i == by || !is_in(w, i))
			continue;
		assert_named(w, i, kind, by);
		assert_int_equal(cdr_ceremony_result(w->trustee[i].ceremony, &key, transcript, share), CDR_E_ABSENT);
	}
}

/* ${i} waits, for ${kind} of ${trustee} alone. */
static inline void
assert_waits(struct world *w, uint32_t i, enum cdr_ceremony_fault kind, uint32_t trustee)
{
	struct cdr_ceremony_finding finding[CDR_CEREMONY_FINDING_COUNT_MAX];
	char text[CDR_FAULT_LEN];

	assert_int_equal(cdr_ceremony_state(w->trustee[i].ceremony), CDR_CEREMONY_RUNNING);
	assert_int_equal(cdr_ceremony_waiting(w->trustee[i].ceremony, finding), 1);
	cdr_ceremony_finding_write(w->trustee[i].ceremony, &finding[0], text, sizeof(text));
	if (finding[0].kind != kind || finding[0].trustee != trustee)
		fail_msg("trustee %u: %s", i, text);
}

/* Everybody but the cheater waits for it. */
static inline void
assert_all_wait(struct world *w, enum cdr_ceremony_fault kind, uint32_t by)
{
	for (uint32_t i = 1; i <= w->n; i++) {
		if (i != by && is_in(w, i))
			assert_waits(w, i, kind, by);
	}
}

/* ---- cheats -------------------------------------------------------------------------------------------------- */

static uint32_t cheater, victim;
static void (*cheat_body)(struct world *w, uint8_t *body, size_t *len);
static uint32_t cheat_round;

/* The digest and the signature, written a second time from the description in proto/ceremony.h. */
static inline void
post_signed(struct world *w, uint32_t from, uint32_t round, struct cdr_bytes body, uint32_t shown)
{
	uint8_t hash[CDR_SHA256_LEN], place[12] = { 0, 0, 0, (uint8_t)round, 0, 0, 0, (uint8_t)from };
	const uint8_t *id = cdr_ceremony_id_peek(w->trustee[from].ceremony);
	const struct cdr_bytes parts[] = { { (const uint8_t *)"candor/1 ceremony", 18 }, { id, CDR_CEREMONY_ID_LEN },
		{ place, sizeof(place) }, body };
	Cdr__Wire__CeremonyMessage message = CDR__WIRE__CEREMONY_MESSAGE__INIT;
	struct cdr_buffer out;
	uint8_t *content = malloc(body.len + CDR_SIGNATURE_LEN);

	assert_non_null(content);
	memcpy(content, body.data, body.len);
	assert_int_equal(cdr_sha256(parts, 4, hash), CDR_OK);
	assert_int_equal(cdr_sign(w->trustee[from].signing_seed, hash, sizeof(hash), content + body.len), CDR_OK);
	message.ceremony = cdr_message_field(id, CDR_CEREMONY_ID_LEN);
	message.round = round;
	message.from = from;
	message.content = cdr_message_field(content, body.len + CDR_SIGNATURE_LEN);
	assert_int_equal(cdr_message_encode(&message.base, &out), CDR_OK);
	post(w, cdr_buffer_bytes(&out), shown);
	cdr_buffer_free(&out);
	free(content);
}

/* The proofs behind an offer, over what it has become. */
static inline void
prove_offer(struct world *w, uint32_t from, uint8_t *body, const uint8_t *ephemeral)
{
	struct cdr_ceremony *c = w->trustee[from].ceremony;
	size_t len = cdr_dkg_offer_len(&c->group);
	uint8_t hash[CDR_SHA256_LEN];
	const struct cdr_bytes parts[] = { { (const uint8_t *)"candor/1 ceremony offer", 24 },
		{ c->group.context, CDR_DKG_CONTEXT_LEN }, { body, len } };
	const struct cdr_bytes message = { hash, sizeof(hash) };

	assert_int_equal(cdr_sha256(parts, 3, hash), CDR_OK);
	assert_int_equal(cdr_dkg_sign(ephemeral, message, body + len), CDR_OK);
	assert_int_equal(cdr_dkg_sign(c->secret->static_secret, message, body + len + CDR_DKG_SIGNATURE_LEN), CDR_OK);
}

/* The cheater changes its message of one round and signs that. */
static inline void
hub_with_cheat(struct world *w, uint32_t from, uint32_t round, struct cdr_bytes message)
{
	uint8_t body[CDR_CEREMONY_CONTENT_LEN_MAX];
	struct cdr_bytes old;
	size_t len;

	(void)message;
	if (from != cheater || round != cheat_round) {
		post(w, message, ALL);
		return;
	}
	old = cdr_ceremony_body(&cdr_ceremony_slot(w->trustee[from].ceremony, round, from)->version[0]);
	memcpy(body, old.data, old.len);
	len = old.len;
	if (round == CDR_CEREMONY_OFFER) {
		/* Behind the digest of all keys. */
		len -= CDR_CEREMONY_DIGEST_LEN;
		cheat_body(w, body + CDR_CEREMONY_DIGEST_LEN, &len);
		len += CDR_CEREMONY_DIGEST_LEN;
	} else
		cheat_body(w, body, &len);
	post_signed(w, from, round, (struct cdr_bytes){ body, len }, ALL);
	w->trustee[from].is_silent = true; /* what it truly said is never seen */
}

#endif
