#ifndef CDR_NODE_MEMBER_MEMBER_H
#define CDR_NODE_MEMBER_MEMBER_H

/* A member's node: its folder, the exchange that it belongs to, and what its parts share. */

#include "core/crypto/hash.h"
#include "core/identity/token.h"
#include "core/record/codebook.h"
#include "core/record/rules.h"
#include "node/member/keyring.h"
#include "node/member/trail.h"
#include "node/net/ask.h"
#include "node/net/current.h"
#include "node/store/home.h"

struct cdr_member {
	struct cdr_home *home;
	struct cdr_keyring *keyring; /* of sealing keys: the one in ${home} is for what has not joined yet */
	struct cdr_codebook *codebook;
	struct cdr_client *client;
	struct cdr_current *current; /* the roster in force; holds none before `join` */

	char name[CDR_PARTY_NAME_LEN_MAX + 1];

	/*
	 * Who acts, for the audit trail (node/member/trail.h). What serves several people at once gives each a copy of this
	 * struct with another name here: a copy borrows everything else, and is not closed.
	 */
	char who[CDR_TRAIL_WHO_LEN];
	bool is_lent;   /* a copy that somebody else ends: cdr_member_close leaves it alone */

	/* Empty before `join`. */
	char id[CDR_SLUG_LEN_MAX + 1];
	char country[CDR_COUNTRY_LEN];
	char signer_name[CDR_SIGNER_LEN_MAX + 1]; /* "member/ID" */
	uint8_t genesis[CDR_GENESIS_HASH_LEN];
};

/**
 * cdr_member_create(path, name, passphrase, fault):
 * Make the folder of a new member.
 *
 * name    in   of the organisation, as people know it, 1 .. CDR_PARTY_NAME_LEN_MAX bytes
 *
 * Returns  CDR_OK; CDR_E_RANGE for the name; as cdr_home_create.
 */
CDR_MUST_CHECK cdr_err cdr_member_create(const char *path, const char *name, const struct cdr_passphrase *passphrase,
    struct cdr_fault *fault);

/**
 * cdr_member_open(path, passphrase, member, fault):
 * Open a member's folder and, once it has joined, read the newest roster that it has verified.
 *
 * member  out   owned by the caller; NULL on error
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY; as cdr_home_open.
 */
CDR_MUST_CHECK cdr_err cdr_member_open(const char *path, const struct cdr_passphrase *passphrase,
    struct cdr_member **member, struct cdr_fault *fault);

/* NULL is ignored. */
void cdr_member_close(struct cdr_member *member);

/**
 * cdr_member_joined(member, fault):
 * Returns  CDR_OK if the node belongs to an exchange; CDR_E_ABSENT with what to do.
 */
CDR_MUST_CHECK cdr_err cdr_member_joined(const struct cdr_member *member, struct cdr_fault *fault);

/* How this node signs what it asks. Borrowed from ${member}. */
struct cdr_signer cdr_member_signer(const struct cdr_member *member);

/**
 * cdr_member_ask_hub(member, roster, ask, fault):
 * Put the question of ${ask}, of which path, message, reply_type and reply_max are filled in, to the hub.
 *
 * Returns  as cdr_ask_send. The caller ends ${ask} with cdr_ask_free.
 */
CDR_MUST_CHECK cdr_err cdr_member_ask_hub(struct cdr_member *member, const struct cdr_roster *roster, struct cdr_ask *ask,
    struct cdr_fault *fault);

/* What records are judged by here and now: the codebook, today's date (UTC), the scheme's look-back. */
void cdr_member_rules(const struct cdr_member *member, struct cdr_record_rules *rules);

/**
 * cdr_member_digest(member, purpose, content, out):
 * What stands in a column so that ${content} is found or known again without standing there: HMAC-SHA-256 under the key of
 * the sealed columns, since names, dates and numbers can be guessed from a plain hash.
 *
 * purpose  in             a constant, different for each column
 * content  in, personal
 * out      out            all zero on error
 */
CDR_MUST_CHECK cdr_err cdr_member_digest(const struct cdr_member *member, const char *purpose, struct cdr_bytes content,
    uint8_t out[static CDR_SHA256_LEN]);

/* Seconds since 1970, and the day (UTC) in which a second lies. */
uint64_t cdr_member_now(void);
struct cdr_date cdr_member_day(int64_t seconds);

/**
 * cdr_member_scheme(roster, epoch, scheme, fault):
 * The epoch in force, and the scheme by which its tokens are made.
 *
 * roster  in    NULL: none is held yet
 * epoch   out   borrowed from ${roster}
 *
 * Returns  CDR_OK; CDR_E_EPOCH before the trustees have made a key, or if the exchange works with other name tables than this
 *          program: tags of one would never meet those of the other; as cdr_scheme_current.
 */
CDR_MUST_CHECK cdr_err cdr_member_scheme(const struct cdr_roster *roster, const Cdr__Wire__Epoch **epoch,
    struct cdr_scheme *scheme, struct cdr_fault *fault);

/*
 * Settings: small values by name, inside a transaction.
 * Reading returns CDR_E_ABSENT if there is none of that name, CDR_E_STORE if its length does not fit.
 */
CDR_MUST_CHECK cdr_err cdr_setting_get(struct cdr_tx *tx, const char *name, void *value, size_t len);
CDR_MUST_CHECK cdr_err cdr_setting_get_text(struct cdr_tx *tx, const char *name, char *text, size_t size);
CDR_MUST_CHECK cdr_err cdr_setting_put(struct cdr_tx *tx, const char *name, const void *value, size_t len);

/**
 * cdr_setting_next(tx, name, number):
 * Count: 1, 2, 3 … under ${name}. A number that a committed transaction took is never given again.
 */
CDR_MUST_CHECK cdr_err cdr_setting_next(struct cdr_tx *tx, const char *name, uint64_t *number);

#endif
