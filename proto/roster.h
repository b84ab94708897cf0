#ifndef CDR_PROTO_ROSTER_H
#define CDR_PROTO_ROSTER_H

/*
 * The roster: who takes part, with which keys, under which rules; and when one roster follows another.
 *
 * A struct cdr_roster has passed every check of form. It is never changed: a new version is a new object.
 */

#include "proto/ceremony.pb-c.h"
#include "proto/envelope.h"
#include "proto/roster.pb-c.h"

#include "core/crypto/group.h"
#include "core/crypto/hpke.h"

#define CDR_ROSTER_HASH_LEN 32
#define CDR_PIN_LEN 32
#define CDR_FINGERPRINT_TEXT_LEN 65 /* 52 base-32 digits in groups of four, and the NUL */

struct cdr_roster {
	struct cdr_arena arena;
	struct cdr_arena signed_arena;
	struct cdr_buffer bytes;                /* the SignedRoster, as it travels and is stored */
	struct cdr_bytes signed_bytes;          /* the Roster inside, as it was signed; borrowed */
	uint8_t hash[CDR_ROSTER_HASH_LEN];      /* SHA-256 of signed_bytes */
	const Cdr__Wire__Roster *body;          /* borrowed */
	const Cdr__Wire__SignedRoster *signatures; /* borrowed */
};

/**
 * cdr_roster_decode(bytes, roster, fault):
 * Read a SignedRoster and check its form: lengths of keys, distinct indices 1 .. n, threshold above n/2 and at most n,
 * distinct members in order, known statuses, keys with a share for each trustee, every maximum of limits.h.
 * Signatures are not checked here.
 *
 * roster  out    new, owned by the caller; NULL on error
 * fault   out    may be NULL
 *
 * Returns  CDR_OK; CDR_E_ROSTER with what is wrong and where; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_roster_decode(struct cdr_bytes bytes, struct cdr_roster **roster, struct cdr_fault *fault);
void cdr_roster_free(struct cdr_roster *roster);

/**
 * cdr_roster_verify_genesis(roster, fingerprint, fault):
 * Whether ${roster} is the genesis roster with that hash, signed by the hub that it names.
 *
 * fingerprint  in   CDR_ROSTER_HASH_LEN bytes that came from elsewhere than the roster
 *
 * Returns  CDR_OK; CDR_E_ROSTER.
 */
CDR_MUST_CHECK cdr_err cdr_roster_verify_genesis(const struct cdr_roster *roster,
    const uint8_t fingerprint[static CDR_ROSTER_HASH_LEN], struct cdr_fault *fault);

/* Whether a member, as it was and as it is to be, comes back with the signing key that was revoked: nobody may let that happen. */
bool cdr_roster_member_comes_back(const Cdr__Wire__Member *before, const Cdr__Wire__Member *after);

/**
 * cdr_roster_verify_next(roster, before, fault):
 * Whether ${roster} may take the place of ${before}: a higher version; chained to it by hash where it is the very next;
 * the same hub; nobody whom ${before} has as revoked is anything else with the same signing key, which may have been stolen;
 * members' sealing keys as proto/sealing.h lets them follow each other; signed by the hub and by at least t
 * of the trustees that ${before} names. So other trustees come in through
 * those that were there: whoever holds an older roster needs each one that brings others.
 *
 * Returns  CDR_OK; CDR_E_ROSTER.
 */
CDR_MUST_CHECK cdr_err cdr_roster_verify_next(const struct cdr_roster *roster, const struct cdr_roster *before,
    struct cdr_fault *fault);

/**
 * cdr_roster_verify_proposal(roster, before, fault):
 * Whether ${roster} is what may be countersigned now: the very next version after ${before}, chained to it, with the same
 * hub, nobody with keys that were revoked, signed by the hub. What it changes is for the trustee to judge.
 *
 * Returns  CDR_OK; CDR_E_ROSTER.
 */
CDR_MUST_CHECK cdr_err cdr_roster_verify_proposal(const struct cdr_roster *roster, const struct cdr_roster *before,
    struct cdr_fault *fault);

/**
 * cdr_roster_sign_hub(seed, body, out) and cdr_roster_countersign(seed, roster_hash, index, signature):
 * The hub signs a Roster's bytes; a trustee signs the hash of a Roster that the hub signed.
 *
 * out        out   hub signature, CDR_SIGNATURE_LEN bytes
 *
 * Returns  CDR_OK; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_roster_sign_hub(const uint8_t *seed, struct cdr_bytes body,
    uint8_t out[static CDR_SIGNATURE_LEN]);
CDR_MUST_CHECK cdr_err cdr_roster_countersign(const uint8_t *seed,
    const uint8_t roster_hash[static CDR_ROSTER_HASH_LEN], uint32_t index, uint8_t out[static CDR_SIGNATURE_LEN]);

/**
 * cdr_roster_verify_countersignature(before, roster_hash, index, signature):
 * Whether trustee ${index} of ${before} countersigned that hash.
 *
 * Returns  CDR_OK; CDR_E_SIGNATURE; CDR_E_ABSENT if there is no such trustee.
 */
CDR_MUST_CHECK cdr_err cdr_roster_verify_countersignature(const struct cdr_roster *before,
    const uint8_t roster_hash[static CDR_ROSTER_HASH_LEN], uint32_t index, struct cdr_bytes signature);

/* Whether two parties are the same in every field. */
bool cdr_roster_same_party(const Cdr__Wire__Party *a, const Cdr__Wire__Party *b);

/* Whether both name the same trustees, with the same threshold. */
bool cdr_roster_same_trustees(const Cdr__Wire__Roster *a, const Cdr__Wire__Roster *b);

/* Look-ups; NULL where there is none. What is returned is borrowed from ${roster}. */
const Cdr__Wire__Member *cdr_roster_member(const struct cdr_roster *roster, const char *id);
const Cdr__Wire__Member *cdr_roster_member_by_pin(const struct cdr_roster *roster, const uint8_t pin[static CDR_PIN_LEN]);
const Cdr__Wire__Trustee *cdr_roster_trustee(const struct cdr_roster *roster, uint32_t index);
const Cdr__Wire__Epoch *cdr_roster_epoch(const struct cdr_roster *roster, uint32_t number);
/* The epoch in force at ${now} (seconds since 1970): the newest that has begun. */
const Cdr__Wire__Epoch *cdr_roster_epoch_at(const struct cdr_roster *roster, uint64_t now);
/* The epoch before that one, while it is asked too; NULL if there is none. */
const Cdr__Wire__Epoch *cdr_roster_epoch_before(const struct cdr_roster *roster, uint64_t now);
bool cdr_roster_member_is_active(const Cdr__Wire__Member *member);

/* Which of the exchange's keys: each is made apart from the others. */
enum cdr_key_kind {
	CDR_KEY_TAGS = 1,       /* of an epoch */
	CDR_KEY_STATISTICS = 2,
};
#define CDR_KEY_COUNT_MAX (CDR_EPOCH_COUNT_MAX + CDR_STATISTICS_KEY_COUNT_MAX)

/* A key as a roster names it, of either kind. Everything is borrowed. */
struct cdr_roster_key {
	enum cdr_key_kind kind;
	uint32_t number;
	struct cdr_bytes scheme_version;         /* empty for the statistics */
	struct cdr_bytes public_key;             /* compressed point */
	const ProtobufCBinaryData *public_share; /* the same, one a trustee, in the order of the indices */
	size_t share_count;
	struct cdr_bytes transcript;             /* SHA-256 of the ceremony's */
	uint64_t starts_at, ends_at;
};

/* What an Epoch or a StatisticsKey says. */
struct cdr_roster_key cdr_roster_key_of_epoch(const Cdr__Wire__Epoch *epoch);
struct cdr_roster_key cdr_roster_key_of_statistics(const Cdr__Wire__StatisticsKey *key);
/* How many keys ${body} names, and the one at ${at} below that: epochs first, each kind in the order of its numbers. */
size_t cdr_roster_key_count(const Cdr__Wire__Roster *body);
struct cdr_roster_key cdr_roster_key_at(const Cdr__Wire__Roster *body, size_t at);
/* Whether ${body} names a key of that kind and number; the newest of a kind. ${key} is zero if not. */
bool cdr_roster_key_find(const Cdr__Wire__Roster *body, enum cdr_key_kind kind, uint32_t number,
    struct cdr_roster_key *key);
bool cdr_roster_key_newest(const Cdr__Wire__Roster *body, enum cdr_key_kind kind, struct cdr_roster_key *key);
/* "tags", "statistics"; "unknown" for another value. */
const char *cdr_key_kind_name(enum cdr_key_kind kind);

/* The statistics key of that number; the newest that has begun at  and has not ended. NULL where there is none. */
const Cdr__Wire__StatisticsKey *cdr_roster_statistics_key(const struct cdr_roster *roster, uint32_t number);
const Cdr__Wire__StatisticsKey *cdr_roster_statistics_key_at(const struct cdr_roster *roster, uint64_t now);

/**
 * cdr_roster_find(roster, signer, pin):
 * The party that a signer's name stands for ("hub", "trustee/3", "member/blue-harbour"), if its certificate has ${pin}.
 *
 * member   out   set for a member, else NULL; trustee likewise; either may be NULL
 *
 * Returns  the party, borrowed; NULL if the roster has none of that name or its pin is another.
 *          A suspended or revoked member is found: the caller asks cdr_roster_member_is_active.
 */
const Cdr__Wire__Party *cdr_roster_find(const struct cdr_roster *roster, const char *signer,
    const uint8_t pin[static CDR_PIN_LEN], const Cdr__Wire__Member **member, const Cdr__Wire__Trustee **trustee);

/**
 * cdr_roster_party_fingerprint(id, party, out):
 * What two people compare by telephone before a party is let in: SHA-256 over ${id} ("member/blue-harbour",
 * "trustee/3"), name, url and the three keys, each with its length.
 */
CDR_MUST_CHECK cdr_err cdr_roster_party_fingerprint(const char *id, const Cdr__Wire__Party *party,
    uint8_t out[static CDR_ROSTER_HASH_LEN]);

/* A 32-byte hash for reading aloud: base 32 in groups of four. */
void cdr_fingerprint_write(const uint8_t hash[static CDR_ROSTER_HASH_LEN], char text[static CDR_FINGERPRINT_TEXT_LEN]);
CDR_MUST_CHECK cdr_err cdr_fingerprint_read(const char *text, uint8_t hash[static CDR_ROSTER_HASH_LEN]);

#endif
