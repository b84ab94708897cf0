#ifndef CDR_AUDIT_CHECKPOINT_H
#define CDR_AUDIT_CHECKPOINT_H

/*
 * Checkpoints: the hub's signed word of how long the log is and what its root is, cosigned by trustees as witnesses.
 *
 *     candor/GENESIS HASH IN HEXADECIMAL
 *     SIZE
 *     BASE64(ROOT)
 *
 * A witness cosigns only what extends what it cosigned before. With t > n / 2 cosignatures two checkpoints cannot
 * contradict each other unless a witness signed both; then the two are evidence against it.
 *
 * Source: c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature (v1).
 */

#include "audit/leaf.h"
#include "audit/note.h"
#include "proto/exchange.pb-c.h"
#include "proto/roster.h"

#define CDR_CHECKPOINT_LEN_MAX CDR_NOTE_LEN_MAX
#define CDR_CHECKPOINT_SKEW_S 300   /* by how much a witness's clock may be ahead */

struct cdr_cosignature {
	uint32_t trustee;
	uint64_t at;                /* seconds since 1970 */
	uint8_t signature[CDR_SIGNATURE_LEN];
	uint8_t key[CDR_SIGN_PUBLIC_LEN]; /* of that trustee, set by cdr_checkpoint_add: another one may come to have its number */
};

struct cdr_checkpoint {
	uint64_t size;
	uint8_t root[CDR_MERKLE_HASH_LEN];
	uint8_t hub_signature[CDR_SIGNATURE_LEN];
	size_t cosignature_count;   /* each by another trustee */
	struct cdr_cosignature cosignature[CDR_TRUSTEE_COUNT_MAX];
};

/**
 * cdr_checkpoint_sign(seed, genesis, checkpoint):
 * The hub signs size and root.
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_checkpoint_sign(const uint8_t *seed, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    struct cdr_checkpoint *checkpoint);

/**
 * cdr_checkpoint_cosign(seed, genesis, checkpoint, trustee, at, cosignature):
 * A trustee says that at ${at} it had seen the log up to this checkpoint, and that it extends all it saw before.
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_checkpoint_cosign(const uint8_t *seed, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    const struct cdr_checkpoint *checkpoint, uint32_t trustee, uint64_t at, struct cdr_cosignature *cosignature);

/**
 * cdr_checkpoint_add(checkpoint, genesis, roster, cosignature):
 * Verify a cosignature and put it on the checkpoint; one by the same trustee is replaced.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if the roster has no such trustee; CDR_E_SIGNATURE; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_checkpoint_add(struct cdr_checkpoint *checkpoint,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], const struct cdr_roster *roster,
    const struct cdr_cosignature *cosignature);

/**
 * cdr_checkpoint_carry(checkpoint, genesis, roster):
 * The same under another roster: cosignatures stay of those who stand in it in the same place with the same key.
 *
 * Returns  whether it is witnessed under ${roster}. What cannot be verified now (no memory) does not stay.
 */
CDR_MUST_CHECK bool cdr_checkpoint_carry(struct cdr_checkpoint *checkpoint, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    const struct cdr_roster *roster);

/**
 * cdr_checkpoint_write(checkpoint, genesis, roster, out):
 * As a signed note.
 *
 * roster  in   its hub and trustees are named in the note
 *
 * Returns  CDR_OK; CDR_E_ABSENT if the roster lacks a trustee that cosigned; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_checkpoint_write(const struct cdr_checkpoint *checkpoint,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], const struct cdr_roster *roster, struct cdr_buffer *out);

/**
 * cdr_checkpoint_read(bytes, genesis, roster, checkpoint, fault):
 * Read a note and verify it: this log's origin, the hub's signature, every signature by a key that the roster knows.
 * Lines of others are passed over. Whether there are enough cosignatures is for the caller to ask.
 *
 * checkpoint  out   zero on error
 *
 * Returns  CDR_OK; CDR_E_INPUT if it is no checkpoint of this log; CDR_E_SIGNATURE if the hub's is missing, or one by a
 *          known key does not hold; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_checkpoint_read(struct cdr_bytes bytes, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    const struct cdr_roster *roster, struct cdr_checkpoint *checkpoint, struct cdr_fault *fault);

/* Whether as many trustees cosigned as must act together in ${roster}. */
bool cdr_checkpoint_is_witnessed(const struct cdr_checkpoint *checkpoint, const struct cdr_roster *roster);

/* When the t-th witness, newest first, signed: nobody has seen the log as old as this. 0 if it is not witnessed. */
uint64_t cdr_checkpoint_time(const struct cdr_checkpoint *checkpoint, const struct cdr_roster *roster);

/**
 * cdr_checkpoint_begin(shown, reply, part):
 * Whether what the hub shows begins with another checkpoint, by the proofs of two leaves: those that cdr_checkpoint_ask_begin names.
 * So one reply ties two older checkpoints to one newer, and the log may grow between two requests.
 *
 * shown  in   what ${reply} shows, verified
 * part   in   shorter than it, not empty
 * other  out  ${shown}; where it begins with another log, cut to that length: who cosigned the whole signed for this beginning too
 *
 * Returns  CDR_OK; CDR_E_PROOF if nothing is proved; CDR_E_EXISTS if it is proved that it begins with another log; CDR_E_MEMORY;
 *          CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_checkpoint_begin(const struct cdr_checkpoint *shown, const Cdr__Wire__CheckpointReply *reply,
    const struct cdr_checkpoint *part, struct cdr_checkpoint *other);
/* The places to ask for, of a checkpoint that is not empty. */
#define CDR_CHECKPOINT_BEGIN_PLACES 2
void cdr_checkpoint_ask_begin(const struct cdr_checkpoint *part, uint64_t place[static CDR_CHECKPOINT_BEGIN_PLACES]);

/* The proof of one leaf in what the hub answered; empty if there is none. */
struct cdr_bytes cdr_checkpoint_proof(const Cdr__Wire__CheckpointReply *reply, uint64_t place);

/* Whether two cosignatures of checkpoints that were verified, perhaps by different rosters, are by one trustee. */
bool cdr_cosignature_same_witness(const struct cdr_cosignature *a, const struct cdr_cosignature *b);

/**
 * cdr_checkpoint_fork(a, b, names, size):
 * Who signed two verified checkpoints that contradict each other by themselves, of one size and with two roots: "hub, trustee/3".
 * Of any others nobody but the hub is named: that one does not continue the other is the hub's word, or its silence.
 *
 * Returns  how many parties did; ${names} is cut to ${size} - 1 bytes.
 */
size_t cdr_checkpoint_fork(const struct cdr_checkpoint *a, const struct cdr_checkpoint *b, char *names, size_t size);

#endif
