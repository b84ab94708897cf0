#ifndef CDR_PROTO_SEALING_H
#define CDR_PROTO_SEALING_H

/*
 * Whose sealing key that is. The key with which a member joined was read out to the trustees, as part of its fingerprint. Each
 * later one is vouched for by the member alone: its signing key signs the number of the new key and the key itself, for this hub.
 * A roster with another sealing key, or with an earlier one again, is refused by everybody who holds the roster before it, whoever
 * countersigned it.
 */

#include "proto/roster.h"

#define CDR_SEALING_NUMBER_MAX INT64_MAX

/* What is signed. Everything is borrowed. */
struct cdr_sealing_claim {
	const uint8_t *hub_key;      /* the hub's signing key, which says for which exchange: CDR_SIGN_PUBLIC_LEN bytes */
	const char *member;          /* id */
	uint64_t number;             /* 1 .. CDR_SEALING_NUMBER_MAX */
	uint64_t made_at;
	const uint8_t *sealing_key;  /* CDR_HPKE_PUBLIC_LEN bytes */
};

/**
 * cdr_sealing_sign(seed, claim, signature):
 * The member's word for its new sealing key: Ed25519 over SHA-256 of "candor/1 sealing key\0", hub key, member, number, made_at
 * and sealing key, the member's id with its closing NUL, numbers in 8 bytes, big-endian.
 *
 * seed   in, secret   the member's signing seed, CDR_SIGN_SEED_LEN bytes
 *
 * Returns  CDR_OK; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_sealing_sign(const uint8_t *seed, const struct cdr_sealing_claim *claim,
    uint8_t signature[static CDR_SIGNATURE_LEN]);

/**
 * cdr_sealing_verify(signing_key, claim, signature):
 * Returns  CDR_OK; CDR_E_SIGNATURE if the owner of ${signing_key} did not say so.
 */
CDR_MUST_CHECK cdr_err cdr_sealing_verify(const uint8_t *signing_key, const struct cdr_sealing_claim *claim,
    struct cdr_bytes signature);

/* Whether both entries say the same of the sealing key, to the byte: the key, its number and time, and the member's word for it. */
bool cdr_sealing_same(const Cdr__Wire__Member *a, const Cdr__Wire__Member *b);

/**
 * cdr_sealing_member_follows(hub_key, before, after, fault):
 * Whether a member's entry may have the sealing key that ${after} gives it.
 *
 * before   in   its entry in the roster that is held; NULL if it has none there
 *
 * Returns  CDR_OK: the same key; or a later one with the member's own signature; or it joined anew, with another signing key;
 *          CDR_E_ROSTER with what is wrong.
 */
CDR_MUST_CHECK cdr_err cdr_sealing_member_follows(const uint8_t *hub_key, const Cdr__Wire__Member *before,
    const Cdr__Wire__Member *after, struct cdr_fault *fault);

/**
 * cdr_sealing_follows(roster, before, fault):
 * The same for all members of ${roster}.
 */
CDR_MUST_CHECK cdr_err cdr_sealing_follows(const struct cdr_roster *roster, const struct cdr_roster *before,
    struct cdr_fault *fault);

#endif
