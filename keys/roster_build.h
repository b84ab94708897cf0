#ifndef CDR_KEYS_ROSTER_BUILD_H
#define CDR_KEYS_ROSTER_BUILD_H

/*
 * Making rosters: the genesis roster, the version that follows another, and that version once enough trustees have
 * countersigned it. Only the hub makes rosters; what makes one valid stands in proto/roster.h and is checked by the
 * same code here before anything is handed out.
 */

#include "proto/roster.h"

#define CDR_ROSTER_CHANGE_OTHER_MAX 16 /* changes that are not of a member */

/* One difference between a roster and the next. Everything is borrowed. */
enum cdr_roster_change_kind {
	CDR_ROSTER_CHANGE_MEMBER = 1, /* ${member} comes in, or takes the place of the entry with its id */
	CDR_ROSTER_CHANGE_STATUS,     /* the member ${id} gets ${status} */
	CDR_ROSTER_CHANGE_KEY,        /* ${key} comes in, or takes the place of the one of its kind and number; the oldest makes room */
	CDR_ROSTER_CHANGE_KEY_END,    /* the key of the kind and number of ${key} goes */
	CDR_ROSTER_CHANGE_SEALING,    /* the member ${id} gets the sealing key of ${sealing}, with its word for it */
	CDR_ROSTER_CHANGE_TRUSTEES,   /* those of ${trustees} with an index after take the place of all, with its threshold */
};

struct cdr_roster_change {
	enum cdr_roster_change_kind kind;
	const Cdr__Wire__Member *member;
	const char *id;
	const char *status; /* active, suspended, revoked */
	const Cdr__Wire__SealingPut *sealing;
	const Cdr__Wire__TrusteeChange *trustees;
	struct cdr_roster_key key;
};

/**
 * cdr_roster_build_genesis(body, hub_seed, roster, fault):
 * Encode and sign version 0. ${body} names the hub, the trustees, the threshold and the scheme; format, version and
 * previous are filled in here.
 *
 * hub_seed  in, secret  CDR_SIGN_SEED_LEN bytes
 * roster    out         new, owned by the caller; NULL on error
 *
 * Returns  CDR_OK; CDR_E_ROSTER with what is wrong in ${body}, also if ${hub_seed} is not the hub's that it names;
 *          CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_roster_build_genesis(const Cdr__Wire__Roster *body, const uint8_t *hub_seed,
    struct cdr_roster **roster, struct cdr_fault *fault);

/**
 * cdr_roster_build_next(before, changes, count, made_at, hub_seed, roster, fault):
 * The version after ${before}: the same with ${changes}, chained to it by hash, signed by the hub, not yet
 * countersigned.
 *
 * count    in   1 .. CDR_MEMBER_COUNT_MAX + CDR_ROSTER_CHANGE_OTHER_MAX; no two for one member
 * made_at  in   seconds since 1970
 * roster   out  new, owned by the caller; NULL on error
 *
 * Returns  CDR_OK; CDR_E_RANGE for a count outside its range; CDR_E_ABSENT if a status or a sealing key is for nobody, or a key that is to go is not there;
 *          CDR_E_ROSTER if the result would not have the form of a roster (the fault says where); CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_roster_build_next(const struct cdr_roster *before, const struct cdr_roster_change *changes,
    size_t count, uint64_t made_at, const uint8_t *hub_seed, struct cdr_roster **roster, struct cdr_fault *fault);

/**
 * cdr_roster_build_complete(proposed, before, signatures, count, roster, fault):
 * ${proposed} with its countersignatures, verified as every other party will verify it.
 *
 * count   in   0 .. CDR_TRUSTEE_COUNT_MAX
 * roster  out  new, owned by the caller; NULL on error
 *
 * Returns  CDR_OK; CDR_E_ROSTER if it does not follow from ${before}, above all if the countersignatures are too few;
 *          CDR_E_RANGE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_roster_build_complete(const struct cdr_roster *proposed, const struct cdr_roster *before,
    const Cdr__Wire__Countersignature *signatures, size_t count, struct cdr_roster **roster, struct cdr_fault *fault);

#endif
