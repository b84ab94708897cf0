#ifndef CDR_NODE_MEMBER_KEYRING_H
#define CDR_NODE_MEMBER_KEYRING_H

/*
 * The sealing keys of this node. Each month, by itself, it makes a new one, signs it, and has it put into the roster; the one
 * before is kept while letters may still come that were sealed to it, and is then destroyed. So who steals the node later opens
 * no letter that somebody recorded earlier.
 *
 * Everything stands in the keystore, which changes in one step, so that a kill at any moment leaves a state to go on from:
 *
 *     sealing         the key that is used; the first is the one with which the node joined
 *     sealing.number  its number, 8 bytes; none: 0
 *     sealing.next    number 8, time when it was made 8, key: signed and sent, until a roster has it
 *     sealing/K       K = 0 … CDR_KEYRING_FORMER_MAX - 1: number 8, time when it was replaced 8, key
 *
 * A letter is opened with whichever key it was sealed to: senders may hold an older roster, or a newer one, than this node.
 */

#include "node/store/home.h"
#include "proto/letter.h"

#define CDR_KEYRING_FORMER_MAX 24
#define CDR_KEYRING_ROLL_DAYS 30        /* a key is used for so long */
#define CDR_KEYRING_GRACE_DAYS 14       /* a former one is kept for so long at least: others may have an older roster */

struct cdr_keyring;
struct cdr_member;

/**
 * cdr_keyring_new(home, keyring):
 * The keys of ${home}'s keystore.
 *
 * home     in    borrowed until cdr_keyring_free. Without a keystore (in tests) there is one key, which is never rolled
 * keyring  out   new, owned by the caller; NULL on error
 *
 * Returns  CDR_OK; CDR_E_STORE if the keystore holds what is none; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_keyring_new(struct cdr_home *home, struct cdr_keyring **keyring);
/* Wipes. NULL is ignored. */
void cdr_keyring_free(struct cdr_keyring *keyring);

/* The public part of the key that is used now, and how many former ones are kept. Any thread. */
void cdr_keyring_public(struct cdr_keyring *keyring, uint8_t key[static CDR_HPKE_PUBLIC_LEN]);
size_t cdr_keyring_former_count(struct cdr_keyring *keyring);

/**
 * cdr_keyring_open(keyring, mail, roster, genesis, used, letter, fault):
 * cdr_letter_open with the key to which the letter was sealed.
 *
 * used   out   CDR_HPKE_PUBLIC_LEN bytes: the public part of that key, which the sender's signature covers
 *
 * Returns  as cdr_letter_open: CDR_E_SEALED if none of the keys opens it.
 */
CDR_MUST_CHECK cdr_err cdr_keyring_open(struct cdr_keyring *keyring, const Cdr__Wire__Mail *mail,
    const struct cdr_roster *roster, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    uint8_t used[static CDR_HPKE_PUBLIC_LEN], struct cdr_letter **letter, struct cdr_fault *fault);

/**
 * cdr_keyring_step(member, worked, fault):
 * The daemon's task: make a new key when it is time, have it put into the roster, use it once it is there, destroy what nobody
 * needs any more. Each of these is one save of the keystore, or one request that can be repeated. Of a suspended member only what was
 * replaced before is destroyed.
 *
 * Returns  CDR_OK; CDR_E_BUSY if another process changed the keystore: the daemon has to be started again; as cdr_ask_send.
 */
CDR_MUST_CHECK cdr_err cdr_keyring_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault);

#endif
