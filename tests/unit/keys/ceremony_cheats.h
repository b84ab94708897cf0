#ifndef CDR_TESTS_CEREMONY_CHEATS_H
#define CDR_TESTS_CEREMONY_CHEATS_H

/* What a participant may do wrong in a ceremony: the cheats of tests/unit/keys/ceremony_play.h. */

#include "tests/unit/keys/ceremony_play.h"

static inline void
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

static inline void
wrong_share(struct world *w, uint8_t *body, size_t *len)
{
	uint8_t share[CDR_SCALAR_LEN];

	(void)len;
	cdr_scalar_set(12345, share);
	seal_to_victim(w, body, share);
}

static inline void
zero_share(struct world *w, uint8_t *body, size_t *len)
{
	uint8_t share[CDR_SCALAR_LEN] = { 0 };

	(void)len;
	seal_to_victim(w, body, share);
}

static inline void
unreadable_share(struct world *w, uint8_t *body, size_t *len)
{
	struct cdr_ceremony *c = w->trustee[cheater].ceremony;
	struct cdr_dkg_offer offer;

	(void)len;
	assert_int_equal(cdr_dkg_offer_read(&c->group, (struct cdr_bytes){ body, cdr_dkg_offer_len(&c->group) }, &offer), CDR_OK);
	offer.sealed[victim - 1][CDR_DKG_SEALED_LEN - 1] ^= 1;
	cdr_dkg_offer_write(&c->group, &offer, body);
	prove_offer(w, cheater, body, c->secret->ephemeral);
}

static inline void
no_possession(struct world *w, uint8_t *body, size_t *len)
{
	(void)len;
	body[cdr_dkg_commitment_count(&w->trustee[cheater].ceremony->group) * CDR_POINT_LEN + 40] ^= 1;
	prove_offer(w, cheater, body, w->trustee[cheater].ceremony->secret->ephemeral);
}

static inline void
no_point(struct world *w, uint8_t *body, size_t *len)
{
	(void)len;
	memset(body + CDR_POINT_LEN, 0, CDR_POINT_LEN);
	prove_offer(w, cheater, body, w->trustee[cheater].ceremony->secret->ephemeral);
}

/* Somebody else's ephemeral key, whose share it would like opened: it cannot prove that it is its own. */
static inline void
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
	memcpy(message + at, offer.commitments, cdr_dkg_commitment_count(&c->group) * CDR_POINT_LEN);
	at += cdr_dkg_commitment_count(&c->group) * CDR_POINT_LEN;
	memcpy(message + at, offer.ephemeral, CDR_POINT_LEN);
	at += CDR_POINT_LEN;
	assert_int_equal(cdr_dkg_sign(c->secret->coefficients[0], (struct cdr_bytes){ message, at }, offer.proof), CDR_OK);
	cdr_dkg_offer_write(&c->group, &offer, body);
	prove_offer(w, cheater, body, c->secret->ephemeral);
}

static inline void
short_offer(struct world *w, uint8_t *body, size_t *len)
{
	(void)w;
	(void)body;
	*len -= 1;
}

/* A complaint with a true proof about a share that is right. */
static inline void
false_complaint(struct world *w, uint8_t *body, size_t *len)
{
	assert_int_equal(cdr_ceremony_complaint_make(w->trustee[cheater].ceremony, (uint8_t)victim, body + *len), CDR_OK);
	*len += CDR_CEREMONY_COMPLAINT_LEN;
}

/* A complaint with other values than the true ones, under which the share does not open. */
static inline void
forged_complaint(struct world *w, uint8_t *body, size_t *len)
{
	uint8_t *complaint = body + *len;

	false_complaint(w, body, len);
	memcpy(complaint + 1, w->trustee[victim].ceremony->group.key[victim - 1], CDR_POINT_LEN);
}

static inline void
pointless_complaint(struct world *w, uint8_t *body, size_t *len)
{
	uint8_t *complaint = body + *len;

	false_complaint(w, body, len);
	memset(complaint + 1, 0, CDR_POINT_LEN);
}

static inline void
short_echo(struct world *w, uint8_t *body, size_t *len)
{
	(void)w;
	(void)body;
	*len -= 1;
}

static inline void
complaint_about_nobody(struct world *w, uint8_t *body, size_t *len)
{
	false_complaint(w, body, len);
	body[*len - CDR_CEREMONY_COMPLAINT_LEN] = (uint8_t)(w->n + 1);
}

static inline void
same_complaint_twice(struct world *w, uint8_t *body, size_t *len)
{
	false_complaint(w, body, len);
	false_complaint(w, body, len);
}

static inline void
bad_certificate(struct world *w, uint8_t *body, size_t *len)
{
	(void)w;
	(void)len;
	body[50] ^= 1;
}

static inline void
short_certificate(struct world *w, uint8_t *body, size_t *len)
{
	(void)w;
	(void)body;
	*len -= 1;
}

/* An offer that speaks of other keys than anybody has seen: all wait, and name who made it. */
static inline void
strange_keys(struct world *w, uint8_t *body, size_t *len)
{
	(void)w;
	(void)len;
	body[-CDR_CEREMONY_DIGEST_LEN] ^= 1;
}

static inline void
bad_key(struct world *w, uint8_t *body, size_t *len)
{
	(void)w;
	(void)len;
	body[CDR_POINT_LEN + 40] ^= 1;
}

static inline void
short_key(struct world *w, uint8_t *body, size_t *len)
{
	(void)w;
	(void)body;
	*len -= 1;
}

/* The victim's key, with the victim's proof: it is not the cheater's to show. */
static inline void
borrowed_key(struct world *w, uint8_t *body, size_t *len)
{
	assert_int_equal(*len, CDR_CEREMONY_KEY_BODY_LEN);
	assert_int_equal(cdr_ceremony_key_make(w->trustee[victim].ceremony, body), CDR_OK);
}

/* An echo that tells of an offer that nobody can show: all wait, and name who told of it. */
static inline void
strange_digest(struct world *w, uint8_t *body, size_t *len)
{
	(void)w;
	(void)len;
	body[(victim - 1) * 32u] ^= 1;
}

/* Another constant term than the share that it has, with all proofs. */
static inline void
other_secret(struct world *w, uint8_t *body, size_t *len)
{
	struct cdr_ceremony *c = w->trustee[cheater].ceremony;
	size_t count = cdr_dkg_commitment_count(&c->group) * CDR_POINT_LEN;
	struct cdr_dkg_offer offer;
	uint8_t message[1024], secret[CDR_SCALAR_LEN];

	(void)len;
	assert_int_equal(cdr_dkg_offer_read(&c->group, (struct cdr_bytes){ body, cdr_dkg_offer_len(&c->group) }, &offer), CDR_OK);
	assert_int_equal(cdr_scalar_random(secret), CDR_OK);
	assert_int_equal(cdr_group_mul_base(secret, offer.commitments), CDR_OK);
	memcpy(message, c->group.context, 32);
	memcpy(message + 32, offer.commitments, count);
	memcpy(message + 32 + count, offer.ephemeral, CDR_POINT_LEN);
	assert_int_equal(cdr_dkg_sign(secret, (struct cdr_bytes){ message, 32 + count + CDR_POINT_LEN }, offer.proof), CDR_OK);
	cdr_dkg_offer_write(&c->group, &offer, body);
	prove_offer(w, cheater, body, c->secret->ephemeral);
}

/* In one round the cheater, with the hub's help, shows the victim another message, signed as well. */
static inline void
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

/* One wrong thing, and what everybody calls it. */
struct wrong {
	uint32_t round;
	void (*change)(struct world *w, uint8_t *body, size_t *len);
	enum cdr_ceremony_fault kind;
};

static const struct wrong wrongs[] = {
	{ CDR_CEREMONY_KEY, bad_key, CDR_CEREMONY_BAD_KEY },
	{ CDR_CEREMONY_KEY, short_key, CDR_CEREMONY_BAD_KEY },
	{ CDR_CEREMONY_KEY, borrowed_key, CDR_CEREMONY_BAD_KEY },
	{ CDR_CEREMONY_OFFER, wrong_share, CDR_CEREMONY_BAD_SHARE },
	{ CDR_CEREMONY_OFFER, zero_share, CDR_CEREMONY_BAD_SHARE },
	{ CDR_CEREMONY_OFFER, unreadable_share, CDR_CEREMONY_BAD_SHARE },
	{ CDR_CEREMONY_OFFER, no_possession, CDR_CEREMONY_BAD_OFFER },
	{ CDR_CEREMONY_OFFER, no_point, CDR_CEREMONY_BAD_OFFER },
	{ CDR_CEREMONY_OFFER, borrowed_ephemeral, CDR_CEREMONY_BAD_OFFER },
	{ CDR_CEREMONY_OFFER, short_offer, CDR_CEREMONY_BAD_OFFER },
	{ CDR_CEREMONY_OFFER, strange_keys, CDR_CEREMONY_UNSHOWN },
	{ CDR_CEREMONY_ECHO, false_complaint, CDR_CEREMONY_FALSE_COMPLAINT },
	{ CDR_CEREMONY_ECHO, forged_complaint, CDR_CEREMONY_FALSE_COMPLAINT },
	{ CDR_CEREMONY_ECHO, pointless_complaint, CDR_CEREMONY_FALSE_COMPLAINT },
	{ CDR_CEREMONY_ECHO, short_echo, CDR_CEREMONY_BAD_ECHO },
	{ CDR_CEREMONY_ECHO, complaint_about_nobody, CDR_CEREMONY_BAD_ECHO },
	{ CDR_CEREMONY_ECHO, same_complaint_twice, CDR_CEREMONY_BAD_ECHO },
	{ CDR_CEREMONY_ECHO, strange_digest, CDR_CEREMONY_UNSHOWN },
	{ CDR_CEREMONY_CERTIFICATE, bad_certificate, CDR_CEREMONY_BAD_CERTIFICATE },
	{ CDR_CEREMONY_CERTIFICATE, short_certificate, CDR_CEREMONY_BAD_CERTIFICATE },
};

/* Everybody knows who did it: by proof, or because all wait for it alone. */
static inline void
assert_known(struct world *w, enum cdr_ceremony_fault kind)
{
	if (kind == CDR_CEREMONY_UNSHOWN)
		assert_all_wait(w, kind, cheater);
	else
		assert_all_name(w, kind, cheater);
}

/* ${by} does one wrong thing to ${to}, in a ceremony that has begun; the world goes with it. */
static inline void
play_wrong(struct world *w, const struct wrong *wrong, uint32_t by, uint32_t to)
{
	cheater = by;
	victim = to;
	cheat_round = wrong->round;
	cheat_body = wrong->change;
	run(w, hub_with_cheat);
	assert_known(w, wrong->kind);
	world_free(w);
}

/* ${by} says two things in a round; the world goes with it. */
static inline void
play_two_faces(struct world *w, uint32_t round, uint32_t by, uint32_t to)
{
	cheater = by;
	victim = to;
	cheat_round = round;
	run(w, hub_with_two_faces);
	for (uint32_t i = 1; i <= w->n; i++) {
		size_t count;
		const struct cdr_ceremony_finding *f;

		if (!is_in(w, i))
			continue;
		f = cdr_ceremony_findings(w->trustee[i].ceremony, &count);
		assert_int_equal(cdr_ceremony_state(w->trustee[i].ceremony), CDR_CEREMONY_FAILED);
		/* Who says two things about a share complained falsely in one of them. */
		for (size_t k = 0; k < count; k++)
			assert_int_equal(f[k].trustee, cheater);
		assert_true(count > 0);
		if (i != cheater && round != CDR_CEREMONY_ECHO)
			assert_named(w, i, CDR_CEREMONY_EQUIVOCATED, cheater);
		if (round != CDR_CEREMONY_ECHO)
			assert_false(cdr_ceremony_has_certified(w->trustee[i].ceremony));
	}
	world_free(w);
}

/* The hub loses one message. */
static inline void
hub_that_loses(struct world *w, uint32_t from, uint32_t round, struct cdr_bytes message)
{
	if (from != cheater || round != cheat_round)
		post(w, message, ALL);
}

/* Nothing comes from ${by} in a round: all wait, and say for whom; the world goes with it. */
static inline void
play_absent(struct world *w, uint32_t round, uint32_t by)
{
	cheater = by;
	cheat_round = round;
	run(w, hub_that_loses);
	assert_all_wait(w, CDR_CEREMONY_ABSENT, by);
	world_free(w);
}

#endif
