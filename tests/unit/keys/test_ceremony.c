/*
 * Five trustees make a key with threshold three, in memory. Then each of them cheats, in every way, and the hub does:
 * no key comes of it, and whoever cheated is named by all the others.
 */
#include "tests/unit/unit.h"
#include "tests/unit/keys/ceremony_world.h"

/* ---- the hub ------------------------------------------------------------------------------------------------ */

#define ALL 0xffffffffu
#define ONLY(i) (1u << (i))

static void
post(struct world *w, struct cdr_bytes message, uint32_t shown)
{
	assert_true(w->box_count < BOX_MAX);
	assert_int_equal(cdr_buffer_copy(message, &w->box[w->box_count].bytes), CDR_OK);
	w->box[w->box_count++].shown = shown;
}

static void
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

static void
honest(struct world *w, uint32_t from, uint32_t round, struct cdr_bytes message)
{
	(void)from;
	(void)round;
	post(w, message, ALL);
}

/* Forget everything but what was saved. */
static void
kill_and_start(struct world *w, uint32_t i)
{
	struct trustee *t = &w->trustee[i];

	cdr_ceremony_free(t->ceremony);
	t->ceremony = start(w, i);
	if (t->saved.len > 0)
		assert_int_equal(cdr_ceremony_load(t->ceremony, cdr_buffer_bytes(&t->saved)), CDR_OK);
}

/* One turn of one trustee: fetch, step, save, post. Returns whether it posted. */
static bool
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

static void
run(struct world *w, cheat hub)
{
	bool moved = true;

	while (moved) {
		moved = false;
		for (uint32_t i = 1; i <= N; i++)
			moved |= turn(w, i, hub);
	}
	/* Once more, so that all have seen all. */
	for (uint32_t i = 1; i <= N; i++)
		(void)turn(w, i, hub);
}

/* ---- judging ------------------------------------------------------------------------------------------------ */

static void
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
static void
assert_all_name(struct world *w, enum cdr_ceremony_fault kind, uint32_t cheater)
{
	struct cdr_dkg_key key;
	uint8_t transcript[CDR_ROSTER_HASH_LEN], share[CDR_SCALAR_LEN];

	for (uint32_t i = 1; i <= N; i++) {
		if (i == cheater)
			continue;
		assert_named(w, i, kind, cheater);
		assert_int_equal(cdr_ceremony_result(w->trustee[i].ceremony, &key, transcript, share), CDR_E_ABSENT);
	}
}

/* ${i} waits, for ${kind} of ${trustee} alone. */
static void
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

/* f(0) from the shares of ${indices}: nobody does that in an exchange. */
static void
recover(struct world *w, const uint8_t indices[T], uint8_t secret[CDR_SCALAR_LEN])
{
	uint8_t lambda[CDR_SCALAR_LEN], share[CDR_SCALAR_LEN], transcript[CDR_ROSTER_HASH_LEN];
	struct cdr_dkg_key key;

	memset(secret, 0, CDR_SCALAR_LEN);
	for (size_t i = 0; i < T; i++) {
		assert_int_equal(cdr_threshold_lagrange(indices, T, i, lambda), CDR_OK);
		assert_int_equal(cdr_ceremony_result(w->trustee[indices[i]].ceremony, &key, transcript, share), CDR_OK);
		cdr_scalar_mul(share, lambda, share);
		cdr_scalar_add(secret, share, secret);
	}
}

static void
evaluate(const uint8_t *key, const struct cdr_points *blinded, uint8_t evaluated[CDR_POINT_LEN])
{
	uint8_t random[CDR_SCALAR_LEN], proof[CDR_PROOF_LEN];

	assert_int_equal(cdr_scalar_random(random), CDR_OK);
	assert_int_equal(cdr_oprf_evaluate(key, blinded, random, evaluated, proof), CDR_OK);
}

/* Partial evaluations of these three, combined, are the evaluation under the whole key. */
static void
assert_evaluates(struct world *w, const uint8_t indices[T], const uint8_t *secret)
{
	uint8_t blind[CDR_SCALAR_LEN], blinded[CDR_POINT_LEN], whole[CDR_POINT_LEN], joined[CDR_POINT_LEN];
	uint8_t partial[CDR_POINT_LEN], share[CDR_SCALAR_LEN], transcript[CDR_ROSTER_HASH_LEN];
	struct cdr_points *in, *part[T];
	struct cdr_dkg_key key;

	assert_int_equal(cdr_scalar_random(blind), CDR_OK);
	assert_int_equal(cdr_oprf_blind((const uint8_t *)"input", 5, blind, blinded), CDR_OK);
	assert_int_equal(cdr_points_decode(blinded, 1, &in), CDR_OK);
	for (size_t i = 0; i < T; i++) {
		assert_int_equal(cdr_ceremony_result(w->trustee[indices[i]].ceremony, &key, transcript, share), CDR_OK);
		evaluate(share, in, partial);
		assert_int_equal(cdr_points_decode(partial, 1, &part[i]), CDR_OK);
	}
	assert_int_equal(cdr_threshold_combine(indices, (const struct cdr_points *const *)part, T, joined), CDR_OK);
	evaluate(secret, in, whole);
	assert_memory_equal(joined, whole, sizeof(whole));
	for (size_t i = 0; i < T; i++)
		cdr_points_free(part[i]);
	cdr_points_free(in);
}

/* All are done with the same key, which is the sum of the constant terms; any three have it. */
static void
assert_key(struct world *w)
{
	static const uint8_t sets[][T] = { { 1, 2, 3 }, { 3, 4, 5 }, { 1, 3, 5 }, { 2, 4, 5 } };
	struct cdr_dkg_key key, first;
	uint8_t transcript[CDR_ROSTER_HASH_LEN], transcript_first[CDR_ROSTER_HASH_LEN], share[CDR_SCALAR_LEN];
	uint8_t sum[CDR_SCALAR_LEN] = { 0 }, secret[CDR_SCALAR_LEN], point[CDR_POINT_LEN];

	for (uint32_t i = 1; i <= N; i++) {
		struct cdr_ceremony *c = w->trustee[i].ceremony;

		assert_int_equal(cdr_ceremony_state(c), CDR_CEREMONY_DONE);
		assert_int_equal(cdr_ceremony_result(c, i == 1 ? &first : &key, i == 1 ? transcript_first : transcript, share),
		    CDR_OK);
		if (i > 1) {
			assert_memory_equal(&key, &first, sizeof(key));
			assert_memory_equal(transcript, transcript_first, sizeof(transcript));
		}
		assert_int_equal(cdr_group_mul_base(share, point), CDR_OK);
		assert_memory_equal(point, first.public_share[i - 1], sizeof(point));
		cdr_scalar_add(sum, c->secret->coefficients[0], sum);
	}
	assert_int_equal(cdr_group_mul_base(sum, point), CDR_OK);
	assert_memory_equal(point, first.public_key, sizeof(point));
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		recover(w, sets[i], secret);
		assert_memory_equal(secret, sum, sizeof(sum));
		assert_evaluates(w, sets[i], secret);
	}
}

/* ---- honest ceremonies --------------------------------------------------------------------------------------- */

static void
test_three_of_five(void **state)
{
	struct world *w = world_new();

	(void)state;
	run(w, honest);
	assert_key(w);
	world_free(w);
}

static void
test_killed_at_every_step(void **state)
{
	struct world *w = world_new();

	(void)state;
	w->kills = true;
	run(w, honest);
	assert_key(w);
	world_free(w);
}

/*
 * A trustee that lost what it saved learns from the hub what it had said, and does not say something else. It cannot go on,
 * and the others name it.
 */
static void
test_lost_state(void **state)
{
	struct world *w = world_new();
	struct cdr_buffer own;

	(void)state;
	for (uint32_t i = 1; i <= N; i++)
		(void)turn(w, i, honest);
	w->trustee[2].is_silent = true;
	cdr_buffer_free(&w->trustee[2].saved);
	memset(w->trustee[2].seed, 7, CDR_CEREMONY_SEED_LEN);
	kill_and_start(w, 2);
	give(w, w->trustee[2].ceremony, 2);
	assert_int_equal(cdr_ceremony_step(w->trustee[2].ceremony), CDR_E_EXISTS);
	assert_int_equal(cdr_ceremony_own(w->trustee[2].ceremony, CDR_CEREMONY_OFFER, &own), CDR_E_ABSENT);
	for (int k = 0; k < 4; k++) {
		for (uint32_t i = 1; i <= N; i++) {
			if (i != 2)
				(void)turn(w, i, honest);
		}
	}
	for (uint32_t i = 1; i <= N; i++) {
		if (i != 2)
			assert_waits(w, i, CDR_CEREMONY_ABSENT, 2);
	}
	world_free(w);
}

/* ---- cheats -------------------------------------------------------------------------------------------------- */

static uint32_t cheater, victim;
static void (*cheat_body)(struct world *w, uint8_t *body, size_t *len);
static uint32_t cheat_round;

/* The digest and the signature, written a second time from the description in proto/ceremony.h. */
static void
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
static void
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
static void
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

/* Run with each trustee as the cheater. */
static void
each_cheats(uint32_t round, void (*change)(struct world *w, uint8_t *body, size_t *len), enum cdr_ceremony_fault kind)
{
	for (cheater = 1; cheater <= N; cheater++) {
		struct world *w = world_new();

		victim = cheater % N + 1;
		cheat_round = round;
		cheat_body = change;
		run(w, hub_with_cheat);
		assert_all_name(w, kind, cheater);
		world_free(w);
	}
}

static void
seal_to_victim(struct world *w, uint8_t *body, const uint8_t *share)
{
	struct cdr_ceremony *c = w->trustee[cheater].ceremony;
	struct cdr_dkg_offer offer;
	uint8_t shared[CDR_DKG_SHARED_LEN];
	const struct cdr_dkg_pair pair = { (uint8_t)cheater, (uint8_t)victim, offer.ephemeral, shared };
	size_t len = cdr_dkg_offer_len(&c->group);

	assert_int_equal(cdr_dkg_offer_read(&c->group, (struct cdr_bytes){ body, len }, &offer), CDR_OK);
	assert_int_equal(cdr_group_mul(c->secret->ephemeral, c->group.key[victim - 1], shared), CDR_OK);
	assert_int_equal(cdr_group_mul(c->secret->static_secret, c->group.key[victim - 1], shared + CDR_POINT_LEN), CDR_OK);
	assert_int_equal(cdr_dkg_seal(&c->group, &pair, (struct cdr_bytes){ share, CDR_SCALAR_LEN }, offer.sealed[victim - 1]),
	    CDR_OK);
	cdr_dkg_offer_write(&c->group, &offer, body);
	prove_offer(w, cheater, body, c->secret->ephemeral);
}

static void
wrong_share(struct world *w, uint8_t *body, size_t *len)
{
	uint8_t share[CDR_SCALAR_LEN];

	(void)len;
	cdr_scalar_set(12345, share);
	seal_to_victim(w, body, share);
}

static void
zero_share(struct world *w, uint8_t *body, size_t *len)
{
	uint8_t share[CDR_SCALAR_LEN] = { 0 };

	(void)len;
	seal_to_victim(w, body, share);
}

static void
unreadable_share(struct world *w, uint8_t *body, size_t *len)
{
	struct cdr_ceremony *c = w->trustee[cheater].ceremony;
	size_t offer_len = cdr_dkg_offer_len(&c->group);

	(void)len;
	body[offer_len - (N - victim) * 56u - 1] ^= 1;
	prove_offer(w, cheater, body, c->secret->ephemeral);
}

static void
test_wrong_shares(void **state)
{
	(void)state;
	each_cheats(CDR_CEREMONY_OFFER, wrong_share, CDR_CEREMONY_BAD_SHARE);
	each_cheats(CDR_CEREMONY_OFFER, zero_share, CDR_CEREMONY_BAD_SHARE);
	each_cheats(CDR_CEREMONY_OFFER, unreadable_share, CDR_CEREMONY_BAD_SHARE);
}

static void
no_possession(struct world *w, uint8_t *body, size_t *len)
{
	(void)len;
	body[T * CDR_POINT_LEN + 40] ^= 1;
	prove_offer(w, cheater, body, w->trustee[cheater].ceremony->secret->ephemeral);
}

static void
no_point(struct world *w, uint8_t *body, size_t *len)
{
	(void)len;
	memset(body + CDR_POINT_LEN, 0, CDR_POINT_LEN);
	prove_offer(w, cheater, body, w->trustee[cheater].ceremony->secret->ephemeral);
}

/* Somebody else's ephemeral key, whose share it would like opened: it cannot prove that it is its own. */
static void
borrowed_ephemeral(struct world *w, uint8_t *body, size_t *len)
{
	struct cdr_ceremony *c = w->trustee[cheater].ceremony, *other = w->trustee[victim].ceremony;
	struct cdr_dkg_offer offer;
	struct cdr_bytes bytes = { body, cdr_dkg_offer_len(&c->group) };
	uint8_t message[512];
	size_t at = 0;

	(void)len;
	assert_int_equal(cdr_dkg_offer_read(&c->group, bytes, &offer), CDR_OK);
	assert_int_equal(cdr_group_mul_base(other->secret->ephemeral, offer.ephemeral), CDR_OK);
	memcpy(message, c->group.context, 32);
	at = 32;
	memcpy(message + at, offer.commitments, T * CDR_POINT_LEN);
	at += T * CDR_POINT_LEN;
	memcpy(message + at, offer.ephemeral, CDR_POINT_LEN);
	at += CDR_POINT_LEN;
	assert_int_equal(cdr_dkg_sign(c->secret->coefficients[0], (struct cdr_bytes){ message, at }, offer.proof), CDR_OK);
	cdr_dkg_offer_write(&c->group, &offer, body);
	prove_offer(w, cheater, body, c->secret->ephemeral);
}

static void
short_offer(struct world *w, uint8_t *body, size_t *len)
{
	(void)w;
	(void)body;
	*len -= 1;
}

static void
test_bad_offers(void **state)
{
	(void)state;
	each_cheats(CDR_CEREMONY_OFFER, no_possession, CDR_CEREMONY_BAD_OFFER);
	each_cheats(CDR_CEREMONY_OFFER, no_point, CDR_CEREMONY_BAD_OFFER);
	each_cheats(CDR_CEREMONY_OFFER, borrowed_ephemeral, CDR_CEREMONY_BAD_OFFER);
	each_cheats(CDR_CEREMONY_OFFER, short_offer, CDR_CEREMONY_BAD_OFFER);
}

/* A complaint with a true proof about a share that is right. */
static void
false_complaint(struct world *w, uint8_t *body, size_t *len)
{
	assert_int_equal(cdr_ceremony_complaint_make(w->trustee[cheater].ceremony, (uint8_t)victim, body + *len), CDR_OK);
	*len += CDR_CEREMONY_COMPLAINT_LEN;
}

/* A complaint with other values than the true ones, under which the share does not open. */
static void
forged_complaint(struct world *w, uint8_t *body, size_t *len)
{
	uint8_t *complaint = body + *len;

	false_complaint(w, body, len);
	memcpy(complaint + 1, w->trustee[victim].ceremony->group.key[victim - 1], CDR_POINT_LEN);
}

static void
pointless_complaint(struct world *w, uint8_t *body, size_t *len)
{
	uint8_t *complaint = body + *len;

	false_complaint(w, body, len);
	memset(complaint + 1, 0, CDR_POINT_LEN);
}

static void
test_false_complaints(void **state)
{
	(void)state;
	each_cheats(CDR_CEREMONY_ECHO, false_complaint, CDR_CEREMONY_FALSE_COMPLAINT);
	each_cheats(CDR_CEREMONY_ECHO, forged_complaint, CDR_CEREMONY_FALSE_COMPLAINT);
	each_cheats(CDR_CEREMONY_ECHO, pointless_complaint, CDR_CEREMONY_FALSE_COMPLAINT);
}

static void
short_echo(struct world *w, uint8_t *body, size_t *len)
{
	(void)w;
	(void)body;
	*len -= 1;
}

static void
complaint_about_nobody(struct world *w, uint8_t *body, size_t *len)
{
	false_complaint(w, body, len);
	body[*len - CDR_CEREMONY_COMPLAINT_LEN] = N + 1;
}

static void
same_complaint_twice(struct world *w, uint8_t *body, size_t *len)
{
	false_complaint(w, body, len);
	false_complaint(w, body, len);
}

static void
test_bad_echoes(void **state)
{
	(void)state;
	each_cheats(CDR_CEREMONY_ECHO, short_echo, CDR_CEREMONY_BAD_ECHO);
	each_cheats(CDR_CEREMONY_ECHO, complaint_about_nobody, CDR_CEREMONY_BAD_ECHO);
	each_cheats(CDR_CEREMONY_ECHO, same_complaint_twice, CDR_CEREMONY_BAD_ECHO);
}

static void
bad_certificate(struct world *w, uint8_t *body, size_t *len)
{
	(void)w;
	(void)len;
	body[50] ^= 1;
}

static void
short_certificate(struct world *w, uint8_t *body, size_t *len)
{
	(void)w;
	(void)body;
	*len -= 1;
}

static void
test_bad_certificates(void **state)
{
	(void)state;
	each_cheats(CDR_CEREMONY_CERTIFICATE, bad_certificate, CDR_CEREMONY_BAD_CERTIFICATE);
	each_cheats(CDR_CEREMONY_CERTIFICATE, short_certificate, CDR_CEREMONY_BAD_CERTIFICATE);
}

/* ---- different things to different trustees ---------------------------------------------------------------------- */

/* In one round the cheater, with the hub's help, shows the victim another message, signed as well. */
static void
hub_with_two_faces(struct world *w, uint32_t from, uint32_t round, struct cdr_bytes message)
{
	if (from != cheater || round != cheat_round) {
		post(w, message, ALL);
		return;
	}
	if (round == CDR_CEREMONY_KEY) {
		/* Another key, of another seed. */
		struct cdr_ceremony_config config = config_of(w, from);
		uint8_t seed[CDR_CEREMONY_SEED_LEN] = { 42 };
		struct cdr_ceremony *other;
		struct cdr_buffer second;

		config.seed = seed;
		assert_int_equal(cdr_ceremony_new(&config, &other, NULL), CDR_OK);
		assert_int_equal(cdr_ceremony_step(other), CDR_OK);
		assert_int_equal(cdr_ceremony_own(other, round, &second), CDR_OK);
		post(w, cdr_buffer_bytes(&second), ONLY(victim));
		cdr_buffer_free(&second);
		cdr_ceremony_free(other);
	} else if (round == CDR_CEREMONY_OFFER) {
		/* Another whole offer, of another polynomial. */
		struct cdr_ceremony *other = start(w, from);
		struct cdr_buffer second;

		assert_int_equal(cdr_scalar_random(other->secret->coefficients[1]), CDR_OK);
		give(w, other, from);
		assert_int_equal(cdr_ceremony_step(other), CDR_OK);
		assert_int_equal(cdr_ceremony_own(other, round, &second), CDR_OK);
		post(w, cdr_buffer_bytes(&second), ONLY(victim));
		cdr_buffer_free(&second);
		cdr_ceremony_free(other);
	} else {
		uint8_t body[4096];
		struct cdr_bytes old =
		    cdr_ceremony_body(&cdr_ceremony_slot(w->trustee[from].ceremony, round, from)->version[0]);
		size_t len = old.len;

		memcpy(body, old.data, old.len);
		false_complaint(w, body, &len);
		post_signed(w, from, round, (struct cdr_bytes){ body, len }, ONLY(victim));
	}
	post(w, message, ALL & ~ONLY(victim));
}

static void
test_two_faces(uint32_t round)
{
	for (cheater = 1; cheater <= N; cheater++) {
		struct world *w = world_new();

		victim = cheater % N + 1;
		cheat_round = round;
		run(w, hub_with_two_faces);
		for (uint32_t i = 1; i <= N; i++) {
			if (i != cheater)
				assert_named(w, i, CDR_CEREMONY_EQUIVOCATED, cheater);
			assert_false(cdr_ceremony_has_certified(w->trustee[i].ceremony));
		}
		world_free(w);
	}
}

static void
test_two_keys(void **state)
{
	(void)state;
	test_two_faces(CDR_CEREMONY_KEY);
}

static void
test_two_offers(void **state)
{
	(void)state;
	test_two_faces(CDR_CEREMONY_OFFER);
}

/* An offer that speaks of other keys than anybody has seen: all wait, and name who made it. */
static void
strange_keys(struct world *w, uint8_t *body, size_t *len)
{
	(void)w;
	(void)len;
	body[-CDR_CEREMONY_DIGEST_LEN] ^= 1;
}

static void
bad_key(struct world *w, uint8_t *body, size_t *len)
{
	(void)w;
	(void)len;
	body[CDR_POINT_LEN + 40] ^= 1;
}

static void
short_key(struct world *w, uint8_t *body, size_t *len)
{
	(void)w;
	(void)body;
	*len -= 1;
}

/* The victim's key, with the victim's proof: it is not the cheater's to show. */
static void
borrowed_key(struct world *w, uint8_t *body, size_t *len)
{
	assert_int_equal(*len, CDR_CEREMONY_KEY_BODY_LEN);
	assert_int_equal(cdr_ceremony_key_make(w->trustee[victim].ceremony, body), CDR_OK);
}

static void
test_bad_keys(void **state)
{
	(void)state;
	each_cheats(CDR_CEREMONY_KEY, bad_key, CDR_CEREMONY_BAD_KEY);
	each_cheats(CDR_CEREMONY_KEY, short_key, CDR_CEREMONY_BAD_KEY);
	each_cheats(CDR_CEREMONY_KEY, borrowed_key, CDR_CEREMONY_BAD_KEY);
}

static void
test_strange_keys(void **state)
{
	(void)state;
	for (cheater = 1; cheater <= N; cheater++) {
		struct world *w = world_new();

		victim = cheater % N + 1;
		cheat_round = CDR_CEREMONY_OFFER;
		cheat_body = strange_keys;
		run(w, hub_with_cheat);
		for (uint32_t i = 1; i <= N; i++) {
			if (i != cheater)
				assert_waits(w, i, CDR_CEREMONY_UNSHOWN, cheater);
		}
		world_free(w);
	}
}

/* Two echoes: the victim sees a complaint, the others none. Its evidence shows both to all. */
static void
test_two_echoes(void **state)
{
	(void)state;
	for (cheater = 1; cheater <= N; cheater++) {
		struct world *w = world_new();
		size_t count;

		victim = cheater % N + 1;
		cheat_round = CDR_CEREMONY_ECHO;
		run(w, hub_with_two_faces);
		for (uint32_t i = 1; i <= N; i++) {
			const struct cdr_ceremony_finding *f = cdr_ceremony_findings(w->trustee[i].ceremony, &count);

			assert_int_equal(cdr_ceremony_state(w->trustee[i].ceremony), CDR_CEREMONY_FAILED);
			for (size_t k = 0; k < count; k++)
				assert_int_equal(f[k].trustee, cheater);
		}
		world_free(w);
	}
}

/* An echo that tells of an offer that nobody can show: all wait, and name who told of it. */
static void
strange_digest(struct world *w, uint8_t *body, size_t *len)
{
	(void)w;
	(void)len;
	body[(victim - 1) * 32u] ^= 1;
}

static void
test_unshown_offer(void **state)
{
	(void)state;
	for (cheater = 1; cheater <= N; cheater++) {
		struct world *w = world_new();

		victim = cheater % N + 1;
		cheat_round = CDR_CEREMONY_ECHO;
		cheat_body = strange_digest;
		run(w, hub_with_cheat);
		for (uint32_t i = 1; i <= N; i++) {
			if (i != cheater)
				assert_waits(w, i, CDR_CEREMONY_UNSHOWN, cheater);
		}
		world_free(w);
	}
}

/* ---- what the hub does alone ---------------------------------------------------------------------------------- */

/* The hub loses one message. */
static void
hub_that_loses(struct world *w, uint32_t from, uint32_t round, struct cdr_bytes message)
{
	if (from != cheater || round != cheat_round)
		post(w, message, ALL);
}

static void
test_missing_messages(void **state)
{
	(void)state;
	for (cheat_round = CDR_CEREMONY_KEY; cheat_round <= CDR_CEREMONY_CERTIFICATE; cheat_round++) {
		for (cheater = 1; cheater <= N; cheater++) {
			struct world *w = world_new();

			run(w, hub_that_loses);
			for (uint32_t i = 1; i <= N; i++) {
				if (i != cheater)
					assert_waits(w, i, CDR_CEREMONY_ABSENT, cheater);
			}
			world_free(w);
		}
	}
}

/* The hub changes a byte of a message on its way to the victim. */
static void
hub_that_alters(struct world *w, uint32_t from, uint32_t round, struct cdr_bytes message)
{
	uint8_t copy[CDR_CEREMONY_CONTENT_LEN_MAX];

	if (from != cheater || round != cheat_round) {
		post(w, message, ALL);
		return;
	}
	post(w, message, ALL & ~ONLY(victim));
	memcpy(copy, message.data, message.len);
	copy[message.len - CDR_SIGNATURE_LEN - 5] ^= 1;
	post(w, (struct cdr_bytes){ copy, message.len }, ONLY(victim));
}

static void
test_altered_messages(void **state)
{
	(void)state;
	for (cheat_round = CDR_CEREMONY_KEY; cheat_round <= CDR_CEREMONY_CERTIFICATE; cheat_round++) {
		struct world *w = world_new();

		cheater = 2;
		victim = 4;
		run(w, hub_that_alters);
		assert_waits(w, victim, CDR_CEREMONY_FORGED, cheater);
		for (uint32_t i = 1; i <= N && cheat_round == CDR_CEREMONY_CERTIFICATE; i++) {
			/* All but one have all certificates: the key exists, and the victim gets its share once the hub lets it. */
			if (i != victim)
				assert_int_equal(cdr_ceremony_state(w->trustee[i].ceremony), CDR_CEREMONY_DONE);
		}
		world_free(w);
	}
}

/* The hub says that one trustee's message is another's, or of another round or ceremony, or for one receiver. */
static void
test_misplaced_messages(void **state)
{
	struct world *w = world_new();
	struct cdr_arena arena = { 0 };
	Cdr__Wire__CeremonyMessage *message;
	uint8_t other[CDR_CEREMONY_ID_LEN] = { 1 };

	(void)state;
	for (uint32_t i = 1; i <= N; i++)
		(void)turn(w, i, honest);
	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__ceremony_message__descriptor,
	    cdr_buffer_bytes(&w->box[1].bytes), &message), CDR_OK);
	struct cdr_ceremony *fresh = start(w, 1);
	const Cdr__Wire__CeremonyMessage true_one = *message;

#define PASSED_OVER(change)                                                                                   \
	do {                                                                                                  \
		*message = true_one;                                                                          \
		change;                                                                                       \
		assert_int_equal(cdr_ceremony_take(fresh, message), CDR_OK);                                  \
		for (uint32_t r = 1; r <= CDR_CEREMONY_ROUND_COUNT; r++) {                                    \
			for (uint32_t i = 1; i <= N; i++)                                                     \
				assert_int_equal(cdr_ceremony_slot(fresh, r, i)->count, 0);                   \
		}                                                                                             \
	} while (0)
	PASSED_OVER(message->from = 3);
	PASSED_OVER(message->from = 0);
	PASSED_OVER(message->from = N + 1);
	PASSED_OVER(message->round = 2);
	PASSED_OVER(message->round = 0);
	PASSED_OVER(message->round = CDR_CEREMONY_ROUND_COUNT + 1);
	PASSED_OVER(message->to = 1);
	PASSED_OVER(message->ceremony.data = other);
	PASSED_OVER(message->ceremony.len = 31);
	PASSED_OVER(message->content.len = 63);
	*message = true_one;
	assert_int_equal(cdr_ceremony_take(fresh, message), CDR_OK);
	assert_int_equal(cdr_ceremony_slot(fresh, 1, 2)->count, 1);
	cdr_ceremony_free(fresh);
	cdr_arena_free(&arena);
	world_free(w);
}

/* Evidence that shows nothing stops nobody. */
static void
hub_with_idle_evidence(struct world *w, uint32_t from, uint32_t round, struct cdr_bytes message)
{
	static const uint8_t junk[] = { 0xff, 0x01 };

	post(w, message, ALL);
	if (from == cheater && round == CDR_CEREMONY_CERTIFICATE) {
		post_signed(w, from, CDR_CEREMONY_EVIDENCE, (struct cdr_bytes){ junk, 0 }, ALL);
		post_signed(w, from, CDR_CEREMONY_EVIDENCE, (struct cdr_bytes){ junk, sizeof(junk) }, ALL);
	}
}

static void
test_idle_evidence(void **state)
{
	struct world *w = world_new();

	(void)state;
	cheater = 3;
	run(w, hub_with_idle_evidence);
	assert_key(w);
	world_free(w);
}

/*
 * A cheater certifies, and then shows one trustee that it said two things. That one fails, but the others may have a
 * key that counts on its share: it takes the certificates when they come.
 */
static uint32_t hidden;

static void
hub_with_late_lie(struct world *w, uint32_t from, uint32_t round, struct cdr_bytes message)
{
	static const uint8_t other[1] = { 0 };

	if (from == cheater && round == CDR_CEREMONY_CERTIFICATE) {
		hidden = (uint32_t)w->box_count;
		post(w, message, ALL & ~ONLY(victim));
		return;
	}
	post(w, message, ALL);
	if (from == victim && round == CDR_CEREMONY_CERTIFICATE)
		post_signed(w, cheater, CDR_CEREMONY_ECHO, (struct cdr_bytes){ other, 1 }, ONLY(victim));
}

static void
test_late_lie(void **state)
{
	struct world *w = world_new();

	(void)state;
	cheater = 5;
	victim = 1;
	run(w, hub_with_late_lie);
	assert_named(w, victim, CDR_CEREMONY_EQUIVOCATED, cheater);
	assert_true(cdr_ceremony_has_certified(w->trustee[victim].ceremony));
	assert_int_equal(cdr_ceremony_state(w->trustee[2].ceremony), CDR_CEREMONY_DONE);
	w->box[hidden].shown = ALL;
	kill_and_start(w, victim);
	(void)turn(w, victim, honest);
	assert_key(w);
	world_free(w);
}

/* ---- shares that change -------------------------------------------------------------------------------------- */

/* The key of a ceremony that is done, as a roster names it; what it borrows stays in ${m}. */
struct made {
	struct cdr_dkg_key key;
	uint8_t transcript[CDR_ROSTER_HASH_LEN];
	uint8_t share[N + 3][CDR_SCALAR_LEN]; /* by index */
	ProtobufCBinaryData public_share[CDR_TRUSTEES_MAX];
	struct cdr_roster_key named;
};

static void
take_made(struct world *w, struct made *m)
{
	memset(m, 0, sizeof(*m));
	for (uint32_t i = 1; i <= N; i++)
		assert_int_equal(cdr_ceremony_result(w->trustee[i].ceremony, &m->key, m->transcript, m->share[i]), CDR_OK);
	for (size_t i = 0; i < N; i++)
		m->public_share[i] = cdr_message_field(m->key.public_share[i], CDR_POINT_LEN);
	m->named = (struct cdr_roster_key){ .kind = CDR_KEY_TAGS, .number = 1,
		.public_key = { m->key.public_key, CDR_POINT_LEN }, .public_share = m->public_share, .share_count = N,
		.transcript = { m->transcript, sizeof(m->transcript) } };
}

/* Forget the ceremony that is over, and begin the one of w->draft. */
static void
begin_next(struct world *w, const struct made *m)
{
	for (size_t i = 0; i < w->box_count; i++)
		cdr_buffer_free(&w->box[i].bytes);
	w->box_count = 0;
	w->key = &m->named;
	for (uint32_t i = 1; i <= N; i++) {
		struct trustee *t = &w->trustee[i];

		cdr_ceremony_free(t->ceremony);
		cdr_buffer_free(&t->saved);
		memset(t->has_posted, 0, sizeof(t->has_posted));
		memcpy(t->share, m->share[i], CDR_SCALAR_LEN);
		assert_int_equal(cdr_random(t->seed, sizeof(t->seed)), CDR_OK);
		t->ceremony = start(w, i);
	}
}

static struct world *
world_with_key(struct made *m)
{
	struct world *w = world_new();

	run(w, honest);
	take_made(w, m);
	return w;
}

static void
begin_refresh(struct world *w, const struct made *m)
{
	cdr_ceremony_plan_refresh(w->roster, w->roster->hash, &m->named, 1, &w->draft);
	begin_next(w, m);
}

/* The secret behind shares, of which ${indices} names ${t}. */
static void
interpolate(uint8_t share[][CDR_SCALAR_LEN], const uint8_t *indices, size_t t, uint8_t secret[CDR_SCALAR_LEN])
{
	uint8_t lambda[CDR_SCALAR_LEN], part[CDR_SCALAR_LEN];

	memset(secret, 0, CDR_SCALAR_LEN);
	for (size_t i = 0; i < t; i++) {
		assert_int_equal(cdr_threshold_lagrange(indices, t, i, lambda), CDR_OK);
		cdr_scalar_mul(share[indices[i]], lambda, part);
		cdr_scalar_add(secret, part, secret);
	}
}

static void
assert_secret_of(uint8_t share[][CDR_SCALAR_LEN], const uint8_t *indices, size_t t, const uint8_t *public_key, bool is)
{
	uint8_t secret[CDR_SCALAR_LEN], point[CDR_POINT_LEN];

	interpolate(share, indices, t, secret);
	assert_int_equal(cdr_group_mul_base(secret, point), CDR_OK);
	assert_int_equal(memcmp(point, public_key, sizeof(point)) == 0, is);
}

static void
test_refresh(bool kills)
{
	static const uint8_t sets[][T] = { { 1, 2, 3 }, { 3, 4, 5 }, { 2, 3, 5 } };
	struct made old, new;
	struct world *w = world_with_key(&old);
	uint8_t mixed[N + 3][CDR_SCALAR_LEN];

	begin_refresh(w, &old);
	w->kills = kills;
	run(w, honest);
	take_made(w, &new);
	assert_memory_equal(new.key.public_key, old.key.public_key, CDR_POINT_LEN);
	assert_memory_not_equal(new.transcript, old.transcript, sizeof(old.transcript));
	for (uint32_t i = 1; i <= N; i++) {
		uint8_t point[CDR_POINT_LEN];

		assert_memory_not_equal(new.share[i], old.share[i], CDR_SCALAR_LEN);
		assert_int_equal(cdr_group_mul_base(new.share[i], point), CDR_OK);
		assert_memory_equal(point, new.key.public_share[i - 1], sizeof(point));
	}
	for (size_t k = 0; k < 3; k++)
		assert_secret_of(new.share, sets[k], T, old.key.public_key, true);
	/* Old shares with new ones give nothing, however few are old. */
	memcpy(mixed, new.share, sizeof(mixed));
	memcpy(mixed[2], old.share[2], CDR_SCALAR_LEN);
	assert_secret_of(mixed, sets[0], T, old.key.public_key, false);
	assert_secret_of(mixed, sets[1], T, old.key.public_key, true);
	world_free(w);
}

static void
test_refresh_plain(void **state)
{
	(void)state;
	test_refresh(false);
}

static void
test_refresh_killed(void **state)
{
	(void)state;
	test_refresh(true);
}

static void
each_cheats_in_refresh(uint32_t round, void (*change)(struct world *w, uint8_t *body, size_t *len),
    enum cdr_ceremony_fault kind)
{
	for (cheater = 1; cheater <= N; cheater++) {
		struct made old;
		struct world *w = world_with_key(&old);

		victim = cheater % N + 1;
		cheat_round = round;
		cheat_body = change;
		begin_refresh(w, &old);
		run(w, hub_with_cheat);
		assert_all_name(w, kind, cheater);
		world_free(w);
	}
}

static void
no_possession_of_zero(struct world *w, uint8_t *body, size_t *len)
{
	(void)len;
	body[(T - 1) * CDR_POINT_LEN + 40] ^= 1;
	prove_offer(w, cheater, body, w->trustee[cheater].ceremony->secret->ephemeral);
}

static void
test_liars_in_refresh(void **state)
{
	(void)state;
	each_cheats_in_refresh(CDR_CEREMONY_OFFER, wrong_share, CDR_CEREMONY_BAD_SHARE);
	each_cheats_in_refresh(CDR_CEREMONY_OFFER, no_possession_of_zero, CDR_CEREMONY_BAD_OFFER);
	each_cheats_in_refresh(CDR_CEREMONY_OFFER, short_offer, CDR_CEREMONY_BAD_OFFER);
	each_cheats_in_refresh(CDR_CEREMONY_ECHO, false_complaint, CDR_CEREMONY_FALSE_COMPLAINT);
	each_cheats_in_refresh(CDR_CEREMONY_CERTIFICATE, bad_certificate, CDR_CEREMONY_BAD_CERTIFICATE);
}

/* ---- other trustees ------------------------------------------------------------------------------------------- */

/*
 * Of five trustees 1, 3 and 4 deal; 2 and 5 leave, 5 without a word. Two newcomers, 6 and 7, take the indices 2 and 5; 1, 3 and 4
 * keep theirs. The new threshold is four.
 */
#define NEW_N 7
static const uint8_t deals[NEW_N + 1] = { 0, 1, 0, 3, 4, 0, 0, 0 }, gets[NEW_N + 1] = { 0, 1, 0, 3, 4, 0, 2, 5 };

struct change_world {
	struct world *w;
	struct made old;
	uint8_t signing_seed[NEW_N + 1][CDR_SIGN_SEED_LEN], signing_key[NEW_N + 1][CDR_SIGN_PUBLIC_LEN];
	uint8_t sealing_key[NEW_N + 1][CDR_POINT_UNCOMPRESSED_LEN], seed[NEW_N + 1][CDR_CEREMONY_SEED_LEN];
	Cdr__Wire__Party party[NEW_N + 1];
	Cdr__Wire__CeremonyParticipant participant[NEW_N], *at[NEW_N];
	Cdr__Wire__TrusteeChange change;
	struct cdr_ceremony_draft draft;
	struct cdr_ceremony *ceremony[NEW_N + 1];
};

static struct cdr_ceremony *
start_change(struct change_world *x, uint32_t i)
{
	struct cdr_ceremony_config config = { .plan = &x->draft.plan, .key = &x->old.named, .index = i,
		.signing_seed = x->signing_seed[i], .seed = x->seed[i], .share = deals[i] != 0 ? x->old.share[i] : NULL };
	struct cdr_ceremony *c;
	struct cdr_fault fault;

	if (cdr_ceremony_new(&config, &c, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	return c;
}

static struct change_world *
change_new(void)
{
	struct change_world *x = calloc(1, sizeof(*x));
	static char names[NEW_N + 1][8];

	assert_non_null(x);
	x->w = world_with_key(&x->old);
	x->change = (Cdr__Wire__TrusteeChange)CDR__WIRE__TRUSTEE_CHANGE__INIT;
	for (uint32_t i = 1; i <= NEW_N; i++) {
		uint8_t scalar[CDR_SCALAR_LEN];

		memset(x->signing_seed[i], (int)i, CDR_SIGN_SEED_LEN);
		assert_int_equal(cdr_sign_public(x->signing_seed[i], x->signing_key[i]), CDR_OK);
		assert_int_equal(cdr_scalar_random(scalar), CDR_OK);
		assert_int_equal(cdr_group_public_uncompressed(scalar, x->sealing_key[i]), CDR_OK);
		assert_int_equal(cdr_random(x->seed[i], CDR_CEREMONY_SEED_LEN), CDR_OK);
		(void)snprintf(names[i], sizeof(names[i]), "T-%u", i);
		fill_party(&x->party[i], names[i], x->signing_key[i], x->sealing_key[i]);
		if (i <= N)
			x->party[i] = *x->w->roster->body->trustee[i - 1]->party;
		x->participant[i - 1] = (Cdr__Wire__CeremonyParticipant)CDR__WIRE__CEREMONY_PARTICIPANT__INIT;
		x->participant[i - 1].party = &x->party[i];
		x->participant[i - 1].before = deals[i];
		x->participant[i - 1].after = gets[i];
		x->at[i - 1] = &x->participant[i - 1];
	}
	x->change.genesis = cdr_message_field(x->w->roster->hash, CDR_ROSTER_HASH_LEN);
	x->change.attempt = 1;
	x->change.threshold = 4;
	x->change.n_participant = NEW_N;
	x->change.participant = x->at;
	assert_int_equal(cdr_ceremony_plan_reshare(&x->change, &x->old.named, &x->draft), CDR_OK);
	return x;
}

static void
change_free(struct change_world *x)
{
	for (uint32_t i = 1; i <= NEW_N; i++)
		cdr_ceremony_free(x->ceremony[i]);
	world_free(x->w);
	free(x);
}

static bool
is_in(uint32_t i)
{
	return deals[i] != 0 || gets[i] != 0;
}

/* Everybody's message of each round reaches everybody. */
static void
run_change(struct change_world *x)
{
	for (uint32_t i = 1; i <= NEW_N; i++) {
		if (is_in(i))
			x->ceremony[i] = start_change(x, i);
	}
	for (uint32_t turns = 0; turns < 2 * CDR_CEREMONY_ROUND_COUNT; turns++) {
		for (uint32_t i = 1; i <= NEW_N; i++) {
			if (is_in(i))
				assert_int_equal(cdr_ceremony_step(x->ceremony[i]), CDR_OK);
		}
		for (uint32_t i = 1; i <= NEW_N; i++) {
			for (uint32_t round = 1; is_in(i) && round <= CDR_CEREMONY_ROUND_COUNT; round++) {
				struct cdr_buffer bytes;
				struct cdr_arena arena = { 0 };
				Cdr__Wire__CeremonyMessage *message;

				if (cdr_ceremony_own(x->ceremony[i], round, &bytes) != CDR_OK)
					continue;
				assert_int_equal(cdr_message_decode(&arena, &cdr__wire__ceremony_message__descriptor,
				    cdr_buffer_bytes(&bytes), &message), CDR_OK);
				for (uint32_t k = 1; k <= NEW_N; k++) {
					if (is_in(k) && k != i)
						assert_int_equal(cdr_ceremony_take(x->ceremony[k], message), CDR_OK);
				}
				cdr_arena_free(&arena);
				cdr_buffer_free(&bytes);
			}
		}
	}
}

static void
test_reshare(void **state)
{
	static const uint8_t sets[][4] = { { 1, 2, 3, 4 }, { 2, 3, 4, 5 }, { 1, 2, 3, 5 } };
	struct change_world *x = change_new();
	struct cdr_dkg_key key = { .public_key = { 0 } };
	uint8_t transcript[CDR_ROSTER_HASH_LEN], share[N + 3][CDR_SCALAR_LEN] = { { 0 } }, point[CDR_POINT_LEN];
	struct cdr_fault fault;

	(void)state;
	assert_int_equal(cdr_ceremony_change_check(&x->change, x->w->roster, x->w->roster->hash, &fault), CDR_OK);
	run_change(x);
	for (uint32_t i = 1; i <= NEW_N; i++) {
		if (!is_in(i))
			continue;
		assert_int_equal(cdr_ceremony_state(x->ceremony[i]), CDR_CEREMONY_DONE);
		assert_int_equal(cdr_ceremony_result(x->ceremony[i], &key, transcript, share[gets[i]]), CDR_OK);
		assert_int_equal(cdr_group_mul_base(share[gets[i]], point), CDR_OK);
		assert_memory_equal(point, key.public_share[gets[i] - 1], sizeof(point));
	}
	assert_memory_equal(key.public_key, x->old.key.public_key, CDR_POINT_LEN);
	for (size_t k = 0; k < 3; k++)
		assert_secret_of(share, sets[k], 4, key.public_key, true);
	/* Three of them, which was enough before, are too few. */
	assert_secret_of(share, sets[0], 3, key.public_key, false);
	change_free(x);
}

static void
test_liar_in_reshare(void **state)
{
	(void)state;
	for (uint32_t liar = 1; liar <= N; liar++) {
		struct change_world *x;

		if (deals[liar] == 0)
			continue;
		/* It deals something else than its share. */
		x = change_new();
		struct cdr_ceremony *c = start_change(x, liar);
		struct cdr_dkg_offer offer;
		uint8_t zero[CDR_TRUSTEES_MAX][CDR_SCALAR_LEN];
		assert_int_equal(cdr_ceremony_step(c), CDR_OK);
		for (size_t i = 0; i < CDR_TRUSTEES_MAX; i++)
			assert_int_equal(cdr_scalar_random(zero[i]), CDR_OK);
		struct cdr_dkg_group group;
		uint8_t keys[NEW_N][CDR_POINT_LEN], secret[CDR_SCALAR_LEN];
		for (size_t i = 0; i < NEW_N; i++) {
			assert_int_equal(cdr_scalar_random(secret), CDR_OK);
			assert_int_equal(cdr_group_mul_base(secret, keys[i]), CDR_OK);
			if (i + 1 == liar)
				memcpy(zero[15], secret, sizeof(secret));
		}
		assert_int_equal(cdr_dkg_group_init(NEW_N, 4, keys[0], (struct cdr_bytes){ keys[0], 1 }, &group), CDR_OK);
		assert_int_equal(cdr_dkg_group_change(&group, CDR_DKG_AGAIN, deals + 1, gets + 1, c->before, c->public_key), CDR_OK);
		const struct cdr_dkg_dealer dealer = { zero[15], zero[14], zero[0] };
		assert_int_equal(cdr_dkg_offer_make(&group, (uint8_t)liar, &dealer, &offer), CDR_E_SHARE);
		cdr_ceremony_free(c);
		change_free(x);
	}
}

/* What cannot be carried out is refused before anything is said. */
static void
test_change_refusals(void **state)
{
	struct change_world *x = change_new();
	struct cdr_fault fault;
	const uint8_t *genesis = x->w->roster->hash;
	uint8_t other[CDR_ROSTER_HASH_LEN] = { 1 };
	struct cdr_ceremony *c;
	struct cdr_ceremony_config config = { .plan = &x->draft.plan, .key = &x->old.named };

	(void)state;
#define REFUSED(change_it, undo)                                                                              \
	do {                                                                                                  \
		change_it;                                                                                    \
		assert_int_equal(cdr_ceremony_change_check(&x->change, x->w->roster, genesis, &fault), CDR_E_ROSTER); \
		undo;                                                                                         \
		assert_int_equal(cdr_ceremony_change_check(&x->change, x->w->roster, genesis, &fault), CDR_OK); \
	} while (0)
	assert_int_equal(cdr_ceremony_change_check(&x->change, x->w->roster, other, &fault), CDR_E_ROSTER);
	REFUSED(x->change.threshold = 2, x->change.threshold = 4);
	REFUSED(x->change.threshold = 6, x->change.threshold = 4);
	REFUSED(x->change.attempt = 0, x->change.attempt = 1);
	REFUSED(x->change.n_participant = 4, x->change.n_participant = NEW_N);
	REFUSED(x->participant[0].before = 0, x->participant[0].before = 1);
	REFUSED(x->participant[0].before = 2, x->participant[0].before = 1);
	REFUSED(x->participant[6].before = 7, x->participant[6].before = 0);
	REFUSED(x->participant[6].after = 2, x->participant[6].after = 5);
	REFUSED(x->participant[6].after = 6, x->participant[6].after = 5);
	REFUSED(x->participant[6].after = 0, x->participant[6].after = 5);
	REFUSED(x->party[7].signing_key.data = x->signing_key[6], x->party[7].signing_key.data = x->signing_key[7]);
	REFUSED(x->party[2].signing_key.data = x->signing_key[7], x->party[2].signing_key.data = x->signing_key[2]);
	/* Dealers who do not have the key together. */
	x->participant[3].before = 0;
	assert_int_equal(cdr_ceremony_plan_reshare(&x->change, &x->old.named, &x->draft), CDR_OK);
	assert_int_equal(cdr_ceremony_new(&config, &c, &fault), CDR_E_SHARE);
	/* A trustee whose share is another than the roster says. */
	x->participant[3].before = 4;
	assert_int_equal(cdr_ceremony_plan_reshare(&x->change, &x->old.named, &x->draft), CDR_OK);
	config.index = 1;
	config.signing_seed = x->signing_seed[1];
	config.seed = x->seed[1];
	config.share = x->old.share[2];
	assert_int_equal(cdr_ceremony_new(&config, &c, &fault), CDR_E_REFUSED);
	config.share = NULL;
	assert_int_equal(cdr_ceremony_new(&config, &c, &fault), CDR_E_REFUSED);
	/* One who takes no part. */
	config.index = 2;
	assert_int_equal(cdr_ceremony_new(&config, &c, &fault), CDR_E_ROSTER);
	change_free(x);
}

/* ---- anybody verifies it ---------------------------------------------------------------------------------------- */

static void
test_verify(void **state)
{
	struct made m, refreshed;
	struct world *w = world_new();
	struct cdr_buffer saved;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__CeremonyMessages *bag;
	Cdr__Wire__CeremonyTranscript t = CDR__WIRE__CEREMONY_TRANSCRIPT__INIT;
	struct cdr_fault fault;
	const uint8_t *genesis = w->roster->hash;

	(void)state;
	run(w, honest);
	take_made(w, &m);
	assert_int_equal(cdr_ceremony_save(w->trustee[3].ceremony, &saved), CDR_OK);
	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__ceremony_messages__descriptor, cdr_buffer_bytes(&saved), &bag),
	    CDR_OK);
	t.plan = &w->draft.plan;
	t.n_message = bag->n_message;
	t.message = bag->message;
	assert_int_equal(cdr_ceremony_verify(&t, w->roster, genesis, &m.named, &fault), CDR_OK);
	/* A message less, a byte changed, another key, another share, another ceremony. */
	t.n_message--;
	assert_int_equal(cdr_ceremony_verify(&t, w->roster, genesis, &m.named, &fault), CDR_E_REFUSED);
	assert_non_null(strstr(fault.text, "T-"));
	t.n_message++;
	for (size_t i = 0; i < t.n_message; i++) {
		/* Echoes serve while it runs; at the end the certificates say more. */
		if (t.message[i]->round == CDR_CEREMONY_ECHO)
			continue;
		t.message[i]->content.data[10] ^= 1;
		if (cdr_ceremony_verify(&t, w->roster, genesis, &m.named, &fault) != CDR_E_REFUSED)
			fail_msg("message %zu, round %u, from %u, %zu bytes", i, t.message[i]->round, t.message[i]->from, t.message[i]->content.len);
		t.message[i]->content.data[10] ^= 1;
	}
	take_made(w, &refreshed);
	refreshed.key.public_key[5] ^= 1;
	assert_int_equal(cdr_ceremony_verify(&t, w->roster, genesis, &refreshed.named, &fault), CDR_E_REFUSED);
	take_made(w, &refreshed);
	refreshed.key.public_share[2][5] ^= 1;
	assert_int_equal(cdr_ceremony_verify(&t, w->roster, genesis, &refreshed.named, &fault), CDR_E_REFUSED);
	take_made(w, &refreshed);
	refreshed.transcript[0] ^= 1;
	assert_int_equal(cdr_ceremony_verify(&t, w->roster, genesis, &refreshed.named, &fault), CDR_E_REFUSED);
	m.named.kind = CDR_KEY_STATISTICS;
	assert_int_equal(cdr_ceremony_verify(&t, w->roster, genesis, &m.named, &fault), CDR_E_REFUSED);
	w->draft.plan.attempt = 2;
	m.named.kind = CDR_KEY_TAGS;
	assert_int_equal(cdr_ceremony_verify(&t, w->roster, genesis, &m.named, &fault), CDR_E_REFUSED);
	cdr_arena_free(&arena);
	cdr_buffer_free(&saved);
	world_free(w);
}

/* ---- refusals ------------------------------------------------------------------------------------------------ */

static void
test_refusals(void **state)
{
	struct world *w = world_new();
	struct cdr_ceremony_config config = config_of(w, 1);
	struct cdr_ceremony *c = NULL;
	struct cdr_fault fault;
	struct cdr_buffer none;
	uint8_t id[CDR_CEREMONY_ID_LEN], again[CDR_CEREMONY_ID_LEN];

	(void)state;
	config.index = 0;
	assert_int_equal(cdr_ceremony_new(&config, &c, &fault), CDR_E_ROSTER);
	config.index = N + 1;
	assert_int_equal(cdr_ceremony_new(&config, &c, &fault), CDR_E_ROSTER);
	config.index = 2; /* with the keys of 1 */
	assert_int_equal(cdr_ceremony_new(&config, &c, &fault), CDR_E_REFUSED);
	config = config_of(w, 1);
	config.signing_seed = w->trustee[2].signing_seed;
	assert_int_equal(cdr_ceremony_new(&config, &c, &fault), CDR_E_REFUSED);
	assert_null(c);
	assert_int_equal(cdr_ceremony_own(w->trustee[1].ceremony, CDR_CEREMONY_OFFER, &none), CDR_E_ABSENT);
	assert_int_equal(cdr_ceremony_own(w->trustee[1].ceremony, 9, &none), CDR_E_ABSENT);
	assert_int_equal(cdr_ceremony_load(w->trustee[1].ceremony, (struct cdr_bytes){ (const uint8_t *)"\xff", 1 }),
	    CDR_E_INPUT);
	assert_int_equal(cdr_ceremony_id(&w->draft.plan, id), CDR_OK);
	assert_memory_equal(id, cdr_ceremony_id_peek(w->trustee[1].ceremony), sizeof(id));
	struct cdr_ceremony_draft other;
	cdr_ceremony_plan_make(w->roster, w->roster->hash, CDR_KEY_TAGS, 1, 2, &other);
	assert_int_equal(cdr_ceremony_id(&other.plan, again), CDR_OK);
	assert_memory_not_equal(id, again, sizeof(id));
	cdr_ceremony_plan_make(w->roster, w->roster->hash, CDR_KEY_TAGS, 2, 1, &other);
	assert_int_equal(cdr_ceremony_id(&other.plan, again), CDR_OK);
	assert_memory_not_equal(id, again, sizeof(id));
	cdr_ceremony_plan_make(w->roster, w->roster->hash, CDR_KEY_STATISTICS, 1, 1, &other);
	assert_int_equal(cdr_ceremony_id(&other.plan, again), CDR_OK);
	assert_memory_not_equal(id, again, sizeof(id));

	/* Two trustees with one sealing key. */
	cdr_roster_free(w->roster);
	w->roster = NULL;
	uint8_t kept[CDR_POINT_UNCOMPRESSED_LEN];
	memcpy(kept, w->trustee[2].sealing_key, sizeof(kept));
	memcpy(w->trustee[2].sealing_key, w->trustee[1].sealing_key, sizeof(kept));
	make_roster(w, T);
	cdr_ceremony_plan_make(w->roster, w->roster->hash, CDR_KEY_TAGS, 1, 1, &w->draft);
	config = config_of(w, 3);
	assert_int_equal(cdr_ceremony_new(&config, &c, &fault), CDR_E_ROSTER);
	world_free(w);
}

static int
group_setup(void **state)
{
	(void)state;
	return cdr_secret_start(NULL) == CDR_OK ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_of_five),
		cmocka_unit_test(test_killed_at_every_step),
		cmocka_unit_test(test_lost_state),
		cmocka_unit_test(test_wrong_shares),
		cmocka_unit_test(test_bad_offers),
		cmocka_unit_test(test_false_complaints),
		cmocka_unit_test(test_bad_echoes),
		cmocka_unit_test(test_bad_certificates),
		cmocka_unit_test(test_bad_keys),
		cmocka_unit_test(test_two_keys),
		cmocka_unit_test(test_two_offers),
		cmocka_unit_test(test_strange_keys),
		cmocka_unit_test(test_two_echoes),
		cmocka_unit_test(test_unshown_offer),
		cmocka_unit_test(test_missing_messages),
		cmocka_unit_test(test_altered_messages),
		cmocka_unit_test(test_misplaced_messages),
		cmocka_unit_test(test_idle_evidence),
		cmocka_unit_test(test_late_lie),
		cmocka_unit_test(test_refresh_plain),
		cmocka_unit_test(test_refresh_killed),
		cmocka_unit_test(test_liars_in_refresh),
		cmocka_unit_test(test_reshare),
		cmocka_unit_test(test_liar_in_reshare),
		cmocka_unit_test(test_change_refusals),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
