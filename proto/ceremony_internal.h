#ifndef CDR_PROTO_CEREMONY_INTERNAL_H
#define CDR_PROTO_CEREMONY_INTERNAL_H

/* What the files of the ceremony share: ceremony.c (state, messages out), ceremony_message.c (forms), ceremony_judge.c.
   Plans, and verifying what is over, are ceremony_plan.c. */

#include "proto/ceremony.h"

#define CDR_CEREMONY_DIGEST_LEN 32
#define CDR_CEREMONY_COMPLAINT_LEN (1 + CDR_DKG_SHARED_LEN + CDR_PROOF_LEN) /* accused, values, proof */
#define CDR_CEREMONY_OFFER_PROOFS_LEN (2 * CDR_DKG_SIGNATURE_LEN)
#define CDR_CEREMONY_KEY_BODY_LEN (CDR_POINT_LEN + CDR_DKG_SIGNATURE_LEN)

/* A message that carries its sender's signature. */
struct cdr_ceremony_version {
	struct cdr_buffer content;                /* body and signature */
	uint8_t digest[CDR_CEREMONY_DIGEST_LEN];  /* what was signed */
	bool holds;                               /* an offer that was checked, and stands in offer[] */
};

/* What one trustee said in one round. The second version proves that it lied. */
struct cdr_ceremony_slot {
	struct cdr_ceremony_version version[2];
	size_t count;
	bool is_forged;                           /* something in its name did not carry its signature */
};

/* The secrets of one participant, in locked memory. */
struct cdr_ceremony_secret {
	uint8_t signing_seed[CDR_SIGN_SEED_LEN];
	uint8_t seed[CDR_CEREMONY_SEED_LEN];
	uint8_t static_secret[CDR_SCALAR_LEN];    /* of our key for this ceremony */
	uint8_t ephemeral[CDR_SCALAR_LEN];
	uint8_t coefficients[CDR_TRUSTEES_MAX][CDR_SCALAR_LEN];
	uint8_t before[CDR_SCALAR_LEN];           /* our share as it is; zero where we have none */
	uint8_t share[CDR_SCALAR_LEN];            /* once DONE */
};

/* What follows from the messages at hand. */
struct cdr_ceremony_view {
	bool has_keys;                            /* all, and they hold: the group is set up */
	bool has_offers;                          /* of all dealers, and they hold */
	bool has_echoes;                          /* all, well-formed */
	bool agrees;                              /* nobody speaks of other keys or offers than ours; the first that does: */
	uint8_t odd_from, odd_offer;              /* odd_offer 0: it is about keys */
	bool is_certified;                        /* certificates of all over our transcript */
};

struct cdr_ceremony {
	const Cdr__Wire__CeremonyPlan *plan;
	uint8_t index;                            /* 0: we watch */
	uint8_t id[CDR_CEREMONY_ID_LEN];
	uint8_t n;                                /* participants */
	uint8_t dealer[CDR_CEREMONY_PARTICIPANT_MAX], receiver[CDR_CEREMONY_PARTICIPANT_MAX];
	uint8_t before[CDR_TRUSTEES_MAX * CDR_POINT_LEN]; /* public shares of the key as it is */
	uint8_t public_key[CDR_POINT_LEN];
	struct cdr_dkg_group group;               /* once there are all keys */
	struct cdr_ceremony_secret *secret;
	struct cdr_ceremony_slot slot[CDR_CEREMONY_ROUND_COUNT][CDR_CEREMONY_PARTICIPANT_MAX];

	/* All that follows is worked out from the slots at each step; offers that hold are checked once. */
	struct cdr_dkg_offer offer[CDR_CEREMONY_PARTICIPANT_MAX];
	struct cdr_ceremony_view view;
	struct cdr_ceremony_finding finding[CDR_CEREMONY_FINDING_COUNT_MAX];
	size_t finding_count;
	enum cdr_ceremony_state state;
	struct cdr_dkg_key key;
	uint8_t transcript[CDR_ROSTER_HASH_LEN];
};

/* Numbers in what is hashed: four bytes, big-endian. */
static inline void
cdr_ceremony_number(uint32_t value, uint8_t out[static 4])
{
	cdr_number_write(value, out, 4);
}

/* Who deals, and who is awaited in a round: dealers in that of the offers, else all who deal or get something. */
static inline bool
cdr_ceremony_deals(const struct cdr_ceremony *c, uint32_t i)
{
	return c->dealer[i - 1] != 0;
}

static inline bool
cdr_ceremony_takes_part(const struct cdr_ceremony *c, uint32_t round, uint32_t i)
{
	return c->dealer[i - 1] != 0 || (c->receiver[i - 1] != 0 && round != CDR_CEREMONY_OFFER);
}

/* ---- ceremony.c ---- */

/* Set up the group, once there are the keys of all. CDR_E_EXISTS if two are the same. */
CDR_MUST_CHECK cdr_err cdr_ceremony_group_set(struct cdr_ceremony *c);

/* ---- ceremony_message.c ---- */

/* The slot of ${round} (1 ..) and ${from} (1 ..). */
struct cdr_ceremony_slot *cdr_ceremony_slot(struct cdr_ceremony *c, uint32_t round, uint32_t from);
const struct cdr_ceremony_slot *cdr_ceremony_slot_peek(const struct cdr_ceremony *c, uint32_t round, uint32_t from);

/* Sign ${body} as our message of ${round} and put it among the messages. */
CDR_MUST_CHECK cdr_err cdr_ceremony_say(struct cdr_ceremony *c, uint32_t round, struct cdr_bytes body);

/* The body of a version: its content without the signature. */
struct cdr_bytes cdr_ceremony_body(const struct cdr_ceremony_version *version);

/* Make and check the body of round 1: CDR_E_INPUT, CDR_E_POINT or CDR_E_PROOF for what does not hold. */
CDR_MUST_CHECK cdr_err cdr_ceremony_key_make(const struct cdr_ceremony *c, uint8_t body[static CDR_CEREMONY_KEY_BODY_LEN]);
CDR_MUST_CHECK cdr_err cdr_ceremony_key_check(const struct cdr_ceremony *c, uint8_t from, struct cdr_bytes body);

/* Make and check the body of round 2. It begins with a digest of all keys as the sender saw them: CDR_E_EXISTS if those are
   not ours. The check gives CDR_E_INPUT, CDR_E_POINT or CDR_E_PROOF for what does not hold. */
CDR_MUST_CHECK cdr_err cdr_ceremony_offer_make(struct cdr_ceremony *c, struct cdr_buffer *body);
CDR_MUST_CHECK cdr_err cdr_ceremony_offer_check(const struct cdr_ceremony *c, uint8_t from, struct cdr_bytes body,
    struct cdr_dkg_offer *offer);

/* The body of round 3, taken apart. Everything is borrowed. */
struct cdr_ceremony_echo {
	const uint8_t *digests;                   /* n of them */
	const uint8_t *complaints;
	size_t complaint_count;
};
CDR_MUST_CHECK cdr_err cdr_ceremony_echo_read(const struct cdr_ceremony *c, struct cdr_bytes body,
    struct cdr_ceremony_echo *echo);

/* What the certificates sign: the transcript, with a digest of all keys and offers as its extension. */
CDR_MUST_CHECK cdr_err cdr_ceremony_transcript(const struct cdr_ceremony *c, struct cdr_buffer *transcript);

/* Disclose, with a proof, what opens the share that ${accused} dealt us; and judge such a complaint. */
CDR_MUST_CHECK cdr_err cdr_ceremony_complaint_make(const struct cdr_ceremony *c, uint8_t accused,
    uint8_t out[static CDR_CEREMONY_COMPLAINT_LEN]);
/* CDR_OK: the share is wrong. CDR_E_PROOF: the complaint is. */
CDR_MUST_CHECK cdr_err cdr_ceremony_complaint_judge(const struct cdr_ceremony *c, uint8_t complainer,
    const struct cdr_dkg_offer *offer, const uint8_t complaint[static CDR_CEREMONY_COMPLAINT_LEN]);

/* ---- ceremony_judge.c ---- */

/* Work out view, offers and findings from the messages. */
CDR_MUST_CHECK cdr_err cdr_ceremony_judge(struct cdr_ceremony *c);

#endif
