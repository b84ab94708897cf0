#ifndef CDR_PROTO_CEREMONY_H
#define CDR_PROTO_CEREMONY_H

/*
 * The trustees make a key together; later they change its shares, or give it to other trustees, and the key stays. The hub
 * carries their messages and nothing more; it may lose them, hold them back, or hand different ones to different
 * trustees, and gets neither a key nor an honest trustee blamed for that.
 *
 * Step by step (the mathematics is core/crypto/dkg.h):
 *
 *   round 1, key          a key for this ceremony alone, to which shares are sealed, with a proof that its secret is known. The
 *                         secret is destroyed with the seed that it follows from, so that whoever steals a trustee's keys
 *                         later, and has kept all messages, has no share
 *   round 2, offer        from everybody who deals: commitments, proof of possession, ephemeral key, a sealed share for each
 *                         receiver; and proofs that the sender knows the secrets of its ephemeral and of its ceremony key
 *   round 3, echo         the digest of every offer as it was received, and a complaint about each share that is wrong
 *   round 4, certificate  the signature over the transcript, given only if all echoes agree and nobody complained
 *   round 5, evidence     messages of others that show who is at fault, so that everybody comes to the same end
 *
 * Every message goes to all and is signed with the sender's signing key over ceremony, round, sender and content. What comes
 * of it is accepted once the certificates of all hold over the same transcript, which binds every key and every offer. So
 * whoever has all messages can verify what came of it, without any secret: a participant with index 0 does just that.
 *
 * Who is named:
 *   - two different messages of one round with one signer: that signer (the signatures prove it);
 *   - a key or an offer that does not hold, a share that is not the one which the dealer has, a malformed message, a
 *     certificate that does not verify: the sender;
 *   - a complaint discloses both Diffie-Hellman values with a proof that they belong to the complainer's key, so that
 *     everybody opens the share alone: if it is wrong the dealer is named, if it is right the complainer. What is
 *     disclosed the dealer could compute too (it proved that it knows both its secrets), so a complaint gives nothing away,
 *     and an offer made of somebody else's keys is none;
 *   - at the time limit: who is missing, by cdr_ceremony_waiting.
 *
 * The state is the set of messages seen, and nothing else: what a trustee sends follows from it and from one stored
 * seed. So a trustee that was killed goes on by loading what it saved, and never says two different things, provided
 * that it saves before it posts.
 */

#include "core/bytes.h"
#include "core/crypto/dkg.h"
#include "proto/ceremony.pb-c.h"
#include "proto/roster.h"

#define CDR_CEREMONY_ID_LEN 32
#define CDR_CEREMONY_SEED_LEN 32
#define CDR_CEREMONY_ROUND_COUNT 5
#define CDR_CEREMONY_CONTENT_LEN_MAX (32U << 10)
#define CDR_CEREMONY_SAVED_LEN_MAX (4U << 20)
#define CDR_CEREMONY_FINDING_COUNT_MAX 64
#define CDR_CEREMONY_PARTICIPANT_MAX CDR_DKG_PARTICIPANTS_MAX
#define CDR_CEREMONY_ATTEMPT_MAX 64 /* at making one key, or at changing its shares; those at giving it to others have no end */

/* What a ceremony does; the numbers are those of the wire. */
enum cdr_ceremony_act {
	CDR_CEREMONY_MAKE = 1,
	CDR_CEREMONY_REFRESH,
	CDR_CEREMONY_RESHARE,
};

enum cdr_ceremony_round {
	CDR_CEREMONY_KEY = 1,
	CDR_CEREMONY_OFFER,
	CDR_CEREMONY_ECHO,
	CDR_CEREMONY_CERTIFICATE,
	CDR_CEREMONY_EVIDENCE,
};

enum cdr_ceremony_state {
	CDR_CEREMONY_RUNNING,
	CDR_CEREMONY_DONE,   /* all certified */
	CDR_CEREMONY_FAILED, /* somebody is at fault: see the findings. Becomes DONE if all certificates turn up after all */
};

enum cdr_ceremony_fault {
	/* faults that everybody can verify */
	CDR_CEREMONY_EQUIVOCATED = 1, /* ${trustee} signed two different messages of ${round} */
	CDR_CEREMONY_BAD_KEY,         /* ${trustee}'s key for the ceremony does not hold */
	CDR_CEREMONY_BAD_OFFER,       /* ${trustee}'s offer does not hold */
	CDR_CEREMONY_BAD_ECHO,        /* ${trustee}'s echo is malformed */
	CDR_CEREMONY_BAD_SHARE,       /* ${trustee} dealt ${other} a share that does not agree with its commitments */
	CDR_CEREMONY_FALSE_COMPLAINT, /* ${trustee} complained about ${other}'s share, which is right */
	CDR_CEREMONY_BAD_CERTIFICATE, /* ${trustee}'s certificate does not verify */
	/* what keeps a ceremony waiting */
	CDR_CEREMONY_ABSENT,          /* nothing came from ${trustee} in ${round} */
	CDR_CEREMONY_FORGED,          /* what came in ${trustee}'s name in ${round} does not carry its signature */
	CDR_CEREMONY_UNSHOWN,         /* ${trustee} says that ${other} (0: somebody) sent it something else, and has not shown that */
};

struct cdr_ceremony_finding {
	enum cdr_ceremony_fault kind;
	uint8_t trustee; /* number of the participant */
	uint8_t other;   /* 0: nobody */
	uint8_t round;
};

/* ---- plans ------------------------------------------------------------------------------------------------------ */

/* A plan under construction. It points into itself: it is not copied. */
struct cdr_ceremony_draft {
	Cdr__Wire__CeremonyPlan plan;
	Cdr__Wire__CeremonyParticipant participant[CDR_CEREMONY_PARTICIPANT_MAX];
	Cdr__Wire__CeremonyParticipant *at[CDR_CEREMONY_PARTICIPANT_MAX];
};

/**
 * cdr_ceremony_plan_make(roster, genesis, kind, number, attempt, draft) and
 * cdr_ceremony_plan_refresh(roster, genesis, key, attempt, draft):
 * The plan of all trustees of ${roster} to make a key, or to change the shares of ${key}.
 *
 * draft   out   borrows from everything given
 */
void cdr_ceremony_plan_make(const struct cdr_roster *roster, const uint8_t *genesis, enum cdr_key_kind kind,
    uint32_t number, uint32_t attempt, struct cdr_ceremony_draft *draft);
void cdr_ceremony_plan_refresh(const struct cdr_roster *roster, const uint8_t *genesis, const struct cdr_roster_key *key,
    uint32_t attempt, struct cdr_ceremony_draft *draft);

/**
 * cdr_ceremony_plan_reshare(change, key, draft):
 * The plan by which ${key} goes to the trustees of ${change}. One change has one such plan for each key of the roster.
 *
 * Returns  CDR_OK; CDR_E_RANGE for too many participants.
 */
CDR_MUST_CHECK cdr_err cdr_ceremony_plan_reshare(const Cdr__Wire__TrusteeChange *change,
    const struct cdr_roster_key *key, struct cdr_ceremony_draft *draft);

/**
 * cdr_ceremony_change_check(change, roster, genesis, fault):
 * Whether ${change} can follow ${roster}: the trustees of that roster first, as they are; at least t of them deal, and
 * under their own indices; the new indices are 1 .. n', the threshold above n' / 2; no two participants have a key in common.
 *
 * Returns  CDR_OK; CDR_E_ROSTER with what is wrong.
 */
CDR_MUST_CHECK cdr_err cdr_ceremony_change_check(const Cdr__Wire__TrusteeChange *change, const struct cdr_roster *roster,
    const uint8_t genesis[static CDR_ROSTER_HASH_LEN], struct cdr_fault *fault);

/* Whether ${roster} names exactly the trustees and the threshold that ${change}, or ${plan}, leads to. */
bool cdr_ceremony_change_gives(const Cdr__Wire__TrusteeChange *change, const struct cdr_roster *roster);
bool cdr_ceremony_plan_gives(const Cdr__Wire__CeremonyPlan *plan, const struct cdr_roster *roster);

/**
 * cdr_ceremony_plan_is_replaced(plan, roster, change):
 * Whether a ceremony that is not done can come to nothing any more: its key has moved on since, those who were to make it are not the trustees any
 * more, or the trustees are to be others than it says. Who was silent in it is at no fault.
 *
 * roster  in   in force
 * change  in   of trustees, that was approved last; NULL: none
 */
bool cdr_ceremony_plan_is_replaced(const Cdr__Wire__CeremonyPlan *plan, const struct cdr_roster *roster,
    const Cdr__Wire__TrusteeChange *change);

/* Whether two parties have one of their keys in common: they are one institution, and cannot both be in a change. */
bool cdr_ceremony_common_key(const Cdr__Wire__Party *a, const Cdr__Wire__Party *b);

/* What is compared by telephone before a change: SHA-256 over label and change. */
CDR_MUST_CHECK cdr_err cdr_ceremony_change_fingerprint(const Cdr__Wire__TrusteeChange *change,
    uint8_t out[static CDR_ROSTER_HASH_LEN]);

/* What tells one ceremony from every other: SHA-256 over label and plan. */
CDR_MUST_CHECK cdr_err cdr_ceremony_id(const Cdr__Wire__CeremonyPlan *plan, uint8_t id[static CDR_CEREMONY_ID_LEN]);

/* ---- taking part ------------------------------------------------------------------------------------------------ */

/* What one participant brings. Everything is borrowed while the ceremony lives. */
struct cdr_ceremony_config {
	const Cdr__Wire__CeremonyPlan *plan;
	const struct cdr_roster_key *key; /* as it is; NULL where it is made */
	uint32_t index;                  /* our own number; 0 without signing_seed: we only watch */
	const uint8_t *signing_seed;     /* secret, CDR_SIGN_SEED_LEN bytes */
	const uint8_t *seed;             /* secret, CDR_CEREMONY_SEED_LEN random bytes, for this ceremony alone, stored by now */
	const uint8_t *share;            /* secret, CDR_SCALAR_LEN bytes: our share of ${key}, if we deal it or add to it */
};

struct cdr_ceremony;

/**
 * cdr_ceremony_new(config, ceremony, fault):
 * A ceremony in which nothing has been said yet.
 *
 * ceremony  out   new, owned by the caller; NULL on error; freed by cdr_ceremony_free, which ignores NULL
 *
 * Returns  CDR_OK; CDR_E_ROSTER if the plan has no such participant, names one twice, or is none that can be carried out;
 *          CDR_E_SHARE if the public shares of its dealers are not those of the key; CDR_E_REFUSED if the keys in it are
 *          not ours, or the share is not; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_ceremony_new(const struct cdr_ceremony_config *config, struct cdr_ceremony **ceremony,
    struct cdr_fault *fault);
void cdr_ceremony_free(struct cdr_ceremony *ceremony);

/**
 * cdr_ceremony_take(ceremony, message):
 * Take a message that the hub handed out, our own included. What is not of this ceremony, not signed by whom it names,
 * or known already is passed over: it is the hub's doing, and no reason to stop.
 *
 * Returns  CDR_OK, also for what is passed over; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_ceremony_take(struct cdr_ceremony *ceremony, const Cdr__Wire__CeremonyMessage *message);

/**
 * cdr_ceremony_step(ceremony):
 * Judge all that was taken and say what is ours to say now. Afterwards the caller saves, then posts every message of
 * cdr_ceremony_own that it has not posted.
 *
 * Returns  CDR_OK, whatever the state is then; CDR_E_EXISTS if we said something here with another seed, which is lost: then
 *          only another attempt helps; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_ceremony_step(struct cdr_ceremony *ceremony);

enum cdr_ceremony_state cdr_ceremony_state(const struct cdr_ceremony *ceremony);

/* Whether our certificate is given: from then on the others may have a key that counts on our share. */
bool cdr_ceremony_has_certified(const struct cdr_ceremony *ceremony);

/* The ceremony's id, CDR_CEREMONY_ID_LEN bytes, borrowed. */
const uint8_t *cdr_ceremony_id_peek(const struct cdr_ceremony *ceremony);

/**
 * cdr_ceremony_own(ceremony, round, message):
 * Our own message of ${round} as an encoded CeremonyMessage.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is none yet; CDR_E_MEMORY. ${message} owns the bytes.
 */
CDR_MUST_CHECK cdr_err cdr_ceremony_own(const struct cdr_ceremony *ceremony, uint32_t round,
    struct cdr_buffer *message);

/**
 * cdr_ceremony_save(ceremony, saved) and cdr_ceremony_load(ceremony, saved):
 * All messages seen, as bytes (no secret among them), and back into a new ceremony of the same plan.
 *
 * Returns  CDR_OK; (load) CDR_E_INPUT; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_ceremony_save(const struct cdr_ceremony *ceremony, struct cdr_buffer *saved);
CDR_MUST_CHECK cdr_err cdr_ceremony_load(struct cdr_ceremony *ceremony, struct cdr_bytes saved);

/* Who is at fault, once the state is FAILED. Borrowed until the next step. */
const struct cdr_ceremony_finding *cdr_ceremony_findings(const struct cdr_ceremony *ceremony, size_t *count);

/**
 * cdr_ceremony_waiting(ceremony, findings):
 * Whom a running ceremony waits for.
 *
 * findings   out   CDR_CEREMONY_FINDING_COUNT_MAX places
 *
 * Returns  how many.
 */
size_t cdr_ceremony_waiting(const struct cdr_ceremony *ceremony, struct cdr_ceremony_finding *findings);

/* A finding as a sentence that names the trustee, cut at ${size} - 1 bytes. */
void cdr_ceremony_finding_write(const struct cdr_ceremony *ceremony, const struct cdr_ceremony_finding *finding,
    char *text, size_t size);

/**
 * cdr_ceremony_result(ceremony, key, transcript, share):
 * What came of it: the key, SHA-256 of the transcript, and our share of the key (zero where we get none).
 *
 * transcript   out           CDR_ROSTER_HASH_LEN bytes
 * share        out, secret   CDR_SCALAR_LEN bytes of locked memory; NULL: not wanted
 *
 * Returns  CDR_OK; CDR_E_ABSENT unless the state is DONE.
 */
CDR_MUST_CHECK cdr_err cdr_ceremony_result(const struct cdr_ceremony *ceremony, struct cdr_dkg_key *key,
    uint8_t transcript[static CDR_ROSTER_HASH_LEN], uint8_t *share);

/**
 * cdr_ceremony_verify(transcript, before, genesis, key, fault):
 * Verify a ceremony that is over, as anybody can: every signature, proof, echo and certificate, and that what came of it is
 * the key which the roster names. Whether it was made for the trustees of that roster cdr_ceremony_plan_gives tells.
 *
 * transcript   in   with the plan and the messages, as a trustee exports them
 * before       in   the roster whose trustees took part
 * genesis      in   CDR_ROSTER_HASH_LEN bytes
 * key          in   as the later roster names it
 *
 * Returns  CDR_OK; CDR_E_REFUSED with what does not hold, and who is at fault if somebody is; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_ceremony_verify(const Cdr__Wire__CeremonyTranscript *transcript,
    const struct cdr_roster *before, const uint8_t genesis[static CDR_ROSTER_HASH_LEN], const struct cdr_roster_key *key,
    struct cdr_fault *fault);

/**
 * cdr_ceremony_verify_unnamed(transcript, before, genesis, hash):
 * The same of a ceremony whose key no roster names, or none yet: that the trustees of ${before} held it, and that it came to its end.
 *
 * hash   out   SHA-256 of the transcript; zero unless CDR_OK
 *
 * Returns  CDR_OK; CDR_E_ABSENT if its plan does not begin from ${before}; CDR_E_REFUSED if it does not hold; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_ceremony_verify_unnamed(const Cdr__Wire__CeremonyTranscript *transcript,
    const struct cdr_roster *before, const uint8_t genesis[static CDR_ROSTER_HASH_LEN], uint8_t hash[static CDR_ROSTER_HASH_LEN]);

#endif
