#ifndef CDR_AUDIT_LEAF_H
#define CDR_AUDIT_LEAF_H

/*
 * What one leaf of the log says, how it stands there, and the hub's receipt for it.
 *
 * Of most kinds the tree holds a commitment alone, so that the log can be published: SHA-256 over a label, 32 random bytes
 * of salt and the SHA-256 of the leaf. The parties of the act and the trustees get leaf and salt; who destroys them
 * leaves a number in the tree that says nothing. A leaf holds ids of parties, sizes and a hash, never a tag, a name or a
 * count of people; what is hashed must itself be impossible to guess (it holds a random id, or something sealed).
 */

#include "core/crypto/merkle.h"
#include "proto/envelope.h"
#include "proto/log.pb-c.h"

#define CDR_LEAF_SALT_LEN 32
#define CDR_LEAF_CONTENT_LEN 32
#define CDR_LEAF_PARTY_MAX 4
#define CDR_LEAF_NUMBER_MAX 8
#define CDR_LEAF_LEN_MAX 512        /* bytes of an encoded Leaf */
#define CDR_LEAF_ENTRY_LEN_MAX (CDR_LEAF_LEN_MAX + 8)

/*
 * The kinds. In brackets: parties; numbers. "open" ones stand in the log as they are.
 * Appended to, never changed: the names are part of published logs.
 */
enum cdr_leaf_kind {
	CDR_LEAF_EVALUATION,      /* evaluation [member; sequence, epoch, purpose: 1 check, 2 import, 3 again, points] */
	CDR_LEAF_CHECK_OPENED,    /* check_opened [member; epoch, rows, place of the index root] */
	CDR_LEAF_CHECK_CLOSED,    /* check_closed [member] */
	CDR_LEAF_DELIVERY,        /* delivery [sender, receiver; bytes] */
	CDR_LEAF_INDEX_BATCH,     /* index_batch [member; epoch, bytes] */
	CDR_LEAF_INDEX_ROOT,      /* index_root, open [hub; epoch] */
	CDR_LEAF_ROSTER,          /* roster, open [hub; version] */
	CDR_LEAF_CEREMONY,        /* ceremony, open [trustee; act, kind of key, its number]: audit/key_leaf.h */
	CDR_LEAF_EPOCH,           /* epoch, open [hub; event, kind of key, its number, starts_at and ends_at, or members]: the same */
	CDR_LEAF_ROUND_OPENED,    /* round_opened, open [hub; first month, last month] */
	CDR_LEAF_CONTRIBUTION,    /* contribution [member] */
	CDR_LEAF_ROUND_CLOSED,    /* round_closed, open [hub; members (0: nothing is opened), first month, last month] */
	CDR_LEAF_OPENING,         /* opening, open [trustee; 1 first, 2 second answer] */
	CDR_LEAF_RELEASE,         /* release, open [hub] */
	CDR_LEAF_GUEST_PAGE,      /* guest_page, open [hub] */
	CDR_LEAF_SAMPLE,          /* sample, open [member] */
	CDR_LEAF_SAMPLE_ANSWER,   /* sample_answer, open [member] */
	CDR_LEAF_QUERY_OPENING,   /* query_opening, open [member] */
	CDR_LEAF_ROUND_SET,       /* round_set, open [hub; place of the closing] */
	CDR_LEAF_KIND_COUNT
};

/* The purpose of an evaluation as a number of its leaf. */
#define CDR_LEAF_PURPOSE_CHECK 1
#define CDR_LEAF_PURPOSE_IMPORT 2
#define CDR_LEAF_PURPOSE_AGAIN 3 /* a check, under the epoch before the newest */

struct cdr_leaf {
	enum cdr_leaf_kind kind;
	uint64_t at;                                                  /* seconds since 1970 */
	char party[CDR_LEAF_PARTY_MAX][CDR_SIGNER_LEN_MAX + 1];       /* "member/blue-harbour" */
	size_t party_count;
	uint64_t number[CDR_LEAF_NUMBER_MAX];
	size_t number_count;
	uint8_t content[CDR_LEAF_CONTENT_LEN];
};

/* The name of a kind; "" outside the enumeration. */
const char *cdr_leaf_kind_name(enum cdr_leaf_kind kind);

/* Whether leaves of ${kind} stand in the log as they are. */
bool cdr_leaf_kind_is_open(enum cdr_leaf_kind kind);

/* Add a party, a number. What is too much is left out, and encoding then fails. */
void cdr_leaf_party_add(struct cdr_leaf *leaf, const char *party);
void cdr_leaf_member_add(struct cdr_leaf *leaf, const char *id);
void cdr_leaf_number_add(struct cdr_leaf *leaf, uint64_t number);

/**
 * cdr_leaf_content(kind, parts, count, content):
 * SHA-256 over "candor/1 content\0", the kind's name with its NUL, and the parts, each with its length in 8 bytes.
 *
 * Returns  CDR_OK; CDR_E_RANGE for more than CDR_LEAF_CONTENT_PARTS_MAX parts; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
#define CDR_LEAF_CONTENT_PARTS_MAX 8
CDR_MUST_CHECK cdr_err cdr_leaf_content(enum cdr_leaf_kind kind, const struct cdr_bytes *parts, size_t count,
    uint8_t content[static CDR_LEAF_CONTENT_LEN]);

/**
 * cdr_leaf_encode(leaf, out) and cdr_leaf_decode(bytes, leaf):
 * Returns  (encode) CDR_OK; CDR_E_RANGE for too many parties or numbers, or a name that is too long; CDR_E_MEMORY.
 *          (decode) CDR_OK; CDR_E_INPUT for an unknown kind, or anything else that no encoder here writes.
 */
CDR_MUST_CHECK cdr_err cdr_leaf_encode(const struct cdr_leaf *leaf, struct cdr_buffer *out);
CDR_MUST_CHECK cdr_err cdr_leaf_decode(struct cdr_bytes bytes, struct cdr_leaf *leaf);

/**
 * cdr_leaf_entry(leaf, salt, entry):
 * What is hashed into the tree for an encoded Leaf.
 *
 * salt   in   CDR_LEAF_SALT_LEN random bytes; NULL: the leaf itself stands in the log
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_leaf_entry(struct cdr_bytes leaf, const uint8_t *salt, struct cdr_buffer *entry);

/**
 * cdr_leaf_entry_read(entry, leaf, is_open):
 * What the bytes in the tree say: a leaf, or nothing but a commitment.
 *
 * leaf      out   filled if is_open, else zero
 *
 * Returns  CDR_OK; CDR_E_INPUT for anything that cdr_leaf_entry does not write, also for a leaf in the open whose kind is
 *          not; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_leaf_entry_read(struct cdr_bytes entry, struct cdr_leaf *leaf, bool *is_open);

/* ---- receipts ------------------------------------------------------------------------------------------------ */

/**
 * cdr_receipt_sign(seed, genesis, position, hash, signature):
 * The hub says that the leaf with Merkle hash ${hash} stands at ${position}: Ed25519 over SHA-256("candor/1 receipt\0",
 * genesis hash, position in 8 bytes, hash).
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_receipt_sign(const uint8_t *seed, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    uint64_t position, const uint8_t hash[static CDR_MERKLE_HASH_LEN], uint8_t signature[static CDR_SIGNATURE_LEN]);

/**
 * cdr_receipt_read(receipt, genesis, hub_key, leaf, hash):
 * Check a receipt's form and signature.
 *
 * hub_key  in    CDR_SIGN_PUBLIC_LEN bytes
 * leaf     out   what it says was done
 * hash     out   the Merkle hash that must stand at receipt->position
 *
 * Returns  CDR_OK; CDR_E_INPUT; CDR_E_SIGNATURE; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_receipt_read(const Cdr__Wire__Receipt *receipt,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], const uint8_t *hub_key, struct cdr_leaf *leaf,
    uint8_t hash[static CDR_MERKLE_HASH_LEN]);

#endif
