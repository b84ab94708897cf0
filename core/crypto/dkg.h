#ifndef CDR_CORE_CRYPTO_DKG_H
#define CDR_CORE_CRYPTO_DKG_H

/*
 * COCKTAIL-DKG, suite COCKTAIL(P-256, SHA-256): the mathematics of a key that n participants make together, any t of
 * whom can use and none of whom has ever seen.
 *
 * Every participant deals a secret of its own: it publishes commitments to a polynomial, a proof that it knows the
 * constant term, an ephemeral key, and to each participant a sealed share. The joint key is the sum of the constant
 * terms; a participant's share of it is the sum of the shares that it was dealt. Each share is checked against its
 * dealer's commitments before it is added. At the end all sign one transcript.
 *
 * The same offers, with other polynomials, change the shares of a key that stays as it is:
 *
 *   zeros   every holder deals shares of zero (x times a polynomial of degree t - 2), which are added to the old shares
 *           (Herzberg, Jarecki, Krawczyk, Yung 1995). With an old share and a new one nothing can be computed together.
 *   again   at least t holders deal their share itself to a new set of holders, with another threshold if need be; what
 *           they were dealt is added up with Lagrange's factors (Desmedt, Jajodia 1997; Wong, Wang, Wing 2002). The first
 *           commitment of each is the public share that everybody knows.
 *
 * Nothing here knows messages, order or blame: that is proto/ceremony.h.
 * Source of key generation: c2sp.org/cocktail-dkg v0.2 and its published vectors (C2SP/CCTV); the section names below are its own.
 */

#include "core/bytes.h"
#include "core/crypto/threshold.h"

#define CDR_DKG_SUITE "COCKTAIL(P-256, SHA-256)"
#define CDR_DKG_CONTEXT_LEN 32
#define CDR_DKG_SIGNATURE_LEN (CDR_POINT_LEN + CDR_SCALAR_LEN) /* R, z */
#define CDR_DKG_SHARED_LEN (2 * CDR_POINT_LEN)                 /* both Diffie-Hellman values of a pair */
#define CDR_DKG_TAG_LEN 16
#define CDR_DKG_SEALED_LEN (CDR_SCALAR_LEN + CDR_DKG_TAG_LEN)
#define CDR_DKG_PLAIN_MAX 256
#define CDR_DKG_PARTICIPANTS_MAX (2 * CDR_TRUSTEES_MAX) /* old and new holders */

enum cdr_dkg_dealt {
	CDR_DKG_SECRETS = 0, /* a key is made */
	CDR_DKG_ZEROS,       /* its shares change */
	CDR_DKG_AGAIN,       /* it gets other holders */
};

/* Who takes part. Participant i, 1 .. n, has the static key key[i - 1]. */
struct cdr_dkg_group {
	uint8_t n;
	uint8_t t;                                         /* of the key afterwards */
	uint8_t context[CDR_DKG_CONTEXT_LEN];
	uint8_t key[CDR_DKG_PARTICIPANTS_MAX][CDR_POINT_LEN];

	enum cdr_dkg_dealt dealt;
	uint8_t dealer[CDR_DKG_PARTICIPANTS_MAX];          /* index of the share that participant i + 1 holds; 0: it deals nothing */
	uint8_t receiver[CDR_DKG_PARTICIPANTS_MAX];        /* of the share that it will hold; 0: none */
	uint8_t before[CDR_TRUSTEES_MAX][CDR_POINT_LEN];   /* public shares as they are, by index - 1 */
	uint8_t public_key[CDR_POINT_LEN];                 /* which stays; zero where a key is made */
};

/* What one participant publishes in round 1. */
struct cdr_dkg_offer {
	uint8_t commitments[CDR_TRUSTEES_MAX * CDR_POINT_LEN]; /* cdr_dkg_commitment_count of them */
	uint8_t proof[CDR_DKG_SIGNATURE_LEN];                  /* of possession of the constant term */
	uint8_t ephemeral[CDR_POINT_LEN];
	uint8_t sealed[CDR_DKG_PARTICIPANTS_MAX][CDR_DKG_SEALED_LEN]; /* to participant i: sealed[i - 1] */
};

/* What one participant brings into round 1. All secret, all borrowed. */
struct cdr_dkg_dealer {
	const uint8_t *static_secret; /* scalar: of its static key */
	const uint8_t *ephemeral;     /* scalar, uniform, for this ceremony alone */
	const uint8_t *coefficients;  /* as many scalars as commitments, uniform, for this ceremony alone; again: the first is its share */
};

/* The joint key, as all can compute it. */
struct cdr_dkg_key {
	uint8_t public_key[CDR_POINT_LEN];
	uint8_t public_share[CDR_TRUSTEES_MAX][CDR_POINT_LEN];
};

/**
 * cdr_dkg_group_init(n, t, keys, session, group):
 * Set up a group and derive its context, which binds everything below to this ceremony and these participants.
 *
 * n, t      in    1 .. CDR_DKG_PARTICIPANTS_MAX, t at most n and CDR_TRUSTEES_MAX. They deal secrets, each for itself and all others
 * keys      in    n * CDR_POINT_LEN bytes: the static public keys in the order of the participants
 * session   in    unique for this ceremony
 * group     out   all zero on error
 *
 * Returns  CDR_OK; CDR_E_RANGE for n or t; CDR_E_POINT if a key is not a point; CDR_E_EXISTS if two are the same;
 *          CDR_E_MEMORY.
 * Source   Setup, the recommended context.
 */
CDR_MUST_CHECK cdr_err cdr_dkg_group_init(uint8_t n, uint8_t t, const uint8_t *keys, struct cdr_bytes session,
    struct cdr_dkg_group *group);

/**
 * cdr_dkg_group_change(group, dealt, dealer, receiver, before, public_key):
 * Let the participants of ${group} change the shares of a key instead.
 *
 * dealt              in   CDR_DKG_ZEROS or CDR_DKG_AGAIN
 * dealer, receiver   in   n indices each; 0: none. Of receivers exactly 1 .. their number
 * before             in   CDR_TRUSTEES_MAX * CDR_POINT_LEN bytes: the public shares of the dealers, by index - 1
 * public_key         in   to which those add up
 *
 * Returns  CDR_OK; CDR_E_RANGE for indices that are not so, t above the number of receivers or, where zeros are dealt, below 2
 *          or other receivers than dealers; CDR_E_SHARE if the dealers are too few, or their shares are not those of the key;
 *          CDR_E_POINT; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_dkg_group_change(struct cdr_dkg_group *group, enum cdr_dkg_dealt dealt, const uint8_t *dealer,
    const uint8_t *receiver, const uint8_t *before, const uint8_t public_key[static CDR_POINT_LEN]);

/* How many commitments an offer has: t, or one less where zeros are dealt. How many participants deal. */
size_t cdr_dkg_commitment_count(const struct cdr_dkg_group *group);
size_t cdr_dkg_dealer_count(const struct cdr_dkg_group *group);

/**
 * cdr_dkg_offer_make(group, index, dealer, offer):
 * Round 1 of participant ${index}. The same input gives the same offer.
 *
 * offer   out   all zero on error
 *
 * Returns  CDR_OK; CDR_E_RANGE for the index; CDR_E_INPUT if a secret is 0 or not below n, if static_secret is not that of
 *          key[index - 1], or if a share comes out as 0;
 *          CDR_E_SHARE if what is dealt again is not the share that everybody knows; CDR_E_MEMORY.
 * CT       only the index and the returned code leak.
 * Source   Round 1.
 */
CDR_MUST_CHECK cdr_err cdr_dkg_offer_make(const struct cdr_dkg_group *group, uint8_t index,
    const struct cdr_dkg_dealer *dealer, struct cdr_dkg_offer *offer);

/**
 * cdr_dkg_offer_check(group, from, offer):
 * Whether the public part of the offer of ${from} holds: every point is one, the dealer knows its secret, and deals its share
 * where it has to.
 *
 * Returns  CDR_OK; CDR_E_RANGE if ${from} deals nothing; CDR_E_POINT; CDR_E_PROOF; CDR_E_MEMORY.
 * Source   Round 2, steps 1 and 2.
 */
CDR_MUST_CHECK cdr_err cdr_dkg_offer_check(const struct cdr_dkg_group *group, uint8_t from,
    const struct cdr_dkg_offer *offer);

/* The bytes of an offer on the wire: their number, and both ways. Decoding refuses another length or frame (CDR_E_INPUT). */
size_t cdr_dkg_offer_len(const struct cdr_dkg_group *group);
void cdr_dkg_offer_write(const struct cdr_dkg_group *group, const struct cdr_dkg_offer *offer, uint8_t *out);
CDR_MUST_CHECK cdr_err cdr_dkg_offer_read(const struct cdr_dkg_group *group, struct cdr_bytes in,
    struct cdr_dkg_offer *offer);

/**
 * cdr_dkg_shared_receiver(group, from, static_secret, ephemeral, shared):
 * The two Diffie-Hellman values under which participant ${from} sealed a share to the owner of ${static_secret}.
 *
 * ephemeral   in            the one in the offer of ${from}
 * shared      out, secret   CDR_DKG_SHARED_LEN bytes; all zero on error; the caller wipes it
 *
 * Returns  CDR_OK; CDR_E_RANGE; CDR_E_INPUT; CDR_E_POINT; CDR_E_MEMORY.
 * Source   Round 2, step 3.1.
 */
CDR_MUST_CHECK cdr_err cdr_dkg_shared_receiver(const struct cdr_dkg_group *group, uint8_t from,
    const uint8_t static_secret[static CDR_SCALAR_LEN], const uint8_t ephemeral[static CDR_POINT_LEN],
    uint8_t shared[static CDR_DKG_SHARED_LEN]);

/* A sealed share on its way: from whom, to whom, under what. */
struct cdr_dkg_pair {
	uint8_t from;
	uint8_t to;
	const uint8_t *ephemeral; /* public, of ${from} */
	const uint8_t *shared;    /* secret */
};

/**
 * cdr_dkg_seal(group, pair, plain, out) and cdr_dkg_open(group, pair, sealed, out):
 * Seal a share, perhaps followed by something of the application's, for one participant; and open it.
 *
 * plain    in, secret   at most CDR_DKG_PLAIN_MAX bytes
 * out      out          plain.len + CDR_DKG_TAG_LEN bytes, or sealed.len - CDR_DKG_TAG_LEN; all zero on error
 *
 * Returns  CDR_OK; CDR_E_RANGE; (open) CDR_E_SEALED; CDR_E_MEMORY.
 * Source   Round 1, step 5; Ciphersuites, H6.
 */
CDR_MUST_CHECK cdr_err cdr_dkg_seal(const struct cdr_dkg_group *group, const struct cdr_dkg_pair *pair,
    struct cdr_bytes plain, uint8_t *out);
CDR_MUST_CHECK cdr_err cdr_dkg_open(const struct cdr_dkg_group *group, const struct cdr_dkg_pair *pair,
    struct cdr_bytes sealed, uint8_t *out);

/**
 * cdr_dkg_share_open(group, from, to, offer, shared, share):
 * What ${from} dealt to ${to}, opened and checked against the dealer's commitments.
 *
 * shared   in, secret    from cdr_dkg_shared_receiver, or disclosed by ${to}
 * share    out, secret   CDR_SCALAR_LEN bytes; all zero on error; the caller wipes it
 *
 * Returns  CDR_OK; CDR_E_SEALED if it does not open; CDR_E_SHARE if it is no scalar or not on the polynomial;
 *          CDR_E_RANGE; CDR_E_POINT; CDR_E_MEMORY.
 * Source   Round 2, step 3.
 */
CDR_MUST_CHECK cdr_err cdr_dkg_share_open(const struct cdr_dkg_group *group, uint8_t from, uint8_t to,
    const struct cdr_dkg_offer *offer, const uint8_t shared[static CDR_DKG_SHARED_LEN],
    uint8_t share[static CDR_SCALAR_LEN]);

/**
 * cdr_dkg_share_add(group, from, to, share, sum):
 * Put what ${from} dealt to ${to} where it belongs: secrets are added up, zeros to the share that there was, and what is dealt
 * again with Lagrange's factor.
 *
 * share   in, secret       from cdr_dkg_share_open
 * sum     in/out, secret   begins as zero, or as the old share where zeros are dealt; the new share once all are added
 *
 * Returns  CDR_OK; CDR_E_RANGE.
 */
CDR_MUST_CHECK cdr_err cdr_dkg_share_add(const struct cdr_dkg_group *group, uint8_t from, uint8_t to,
    const uint8_t share[static CDR_SCALAR_LEN], uint8_t sum[static CDR_SCALAR_LEN]);

/**
 * cdr_dkg_key(group, offers, key):
 * The joint public key and every receiver's public share, by its index - 1.
 *
 * offers   in    of all participants in their order; those of dealers are checked, others are not looked at
 *
 * Returns  CDR_OK; CDR_E_POINT if a sum is the identity; CDR_E_SHARE if the key would become another; CDR_E_MEMORY. ${key} is all zero on error.
 * Source   Round 2, step 4.
 */
CDR_MUST_CHECK cdr_err cdr_dkg_key(const struct cdr_dkg_group *group, const struct cdr_dkg_offer *offers,
    struct cdr_dkg_key *key);

/**
 * cdr_dkg_transcript_len(group, extension_len) and cdr_dkg_transcript(group, offers, extension, out):
 * What all sign at the end: context, participants, and everything public of the offers.
 *
 * extension   in    what the application adds
 *
 * out         out   as many bytes as the length says
 *
 * Source   Round 3, step 1.
 */
size_t cdr_dkg_transcript_len(const struct cdr_dkg_group *group, size_t extension_len);
void cdr_dkg_transcript(const struct cdr_dkg_group *group, const struct cdr_dkg_offer *offers, struct cdr_bytes extension,
    uint8_t *out);

/**
 * cdr_dkg_sign(secret, message, signature) and cdr_dkg_verify(public, message, signature):
 * The suite's Schnorr signature: proof of possession in round 1, certificate in round 3.
 *
 * secret      in, secret   scalar in 1 .. n-1
 * signature   out          all zero on error
 *
 * Returns  (sign) CDR_OK; CDR_E_INPUT for another scalar; CDR_E_MEMORY.
 *          (verify) CDR_OK; CDR_E_PROOF; CDR_E_POINT if ${public} is not a point; CDR_E_MEMORY.
 * CT       (sign) only message.len and the returned code leak.
 * Source   Schnorr Signature Scheme.
 */
CDR_MUST_CHECK cdr_err cdr_dkg_sign(const uint8_t secret[static CDR_SCALAR_LEN], struct cdr_bytes message,
    uint8_t signature[static CDR_DKG_SIGNATURE_LEN]);
CDR_MUST_CHECK cdr_err cdr_dkg_verify(const uint8_t public[static CDR_POINT_LEN], struct cdr_bytes message,
    const uint8_t signature[static CDR_DKG_SIGNATURE_LEN]);

#endif
