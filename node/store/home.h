#ifndef CDR_NODE_STORE_HOME_H
#define CDR_NODE_STORE_HOME_H

/*
 * The folder of a node: its keys, its certificate, its database. Hub, trustee and member have the same.
 *
 *     keystore   all keys, wrapped by the passphrase (keys/keystore.h)
 *     node.db    the database (node/store/store.h)
 *     node.pid   while the daemon runs
 */

#include "core/crypto/hpke.h"
#include "core/crypto/scalar.h"
#include "core/crypto/sign.h"
#include "keys/certificate.h"
#include "keys/keystore.h"
#include "node/store/seal.h"
#include "node/store/store.h"
#include "proto/roster.h"

#define CDR_HOME_PATH_LEN_MAX 3072
#define CDR_HOME_DIGEST_KEY_LEN 32
#define CDR_HOME_PID "node.pid"
#define CDR_HOME_KEYSTORE "keystore"
#define CDR_HOME_DATABASE "node.db"

/* The keys that a node works with, in one block of locked memory. */
struct cdr_home_keys {
	uint8_t database[CDR_STORE_KEY_LEN];
	uint8_t column[CDR_SEAL_KEY_LEN];        /* seals columns */
	uint8_t digest[CDR_HOME_DIGEST_KEY_LEN]; /* HMAC-SHA-256 of what is found again without being kept */
	uint8_t signing[CDR_SIGN_SEED_LEN];
	uint8_t sealing[CDR_HPKE_SECRET_LEN];
	uint8_t tls[CDR_CERTIFICATE_SECRET_LEN];
};

struct cdr_home {
	char *path;
	struct cdr_keystore *keystore;
	struct cdr_home_keys *keys;
	struct cdr_store *store;
	X509 *certificate;
	EVP_PKEY *certificate_key;
	uint8_t signing_public[CDR_SIGN_PUBLIC_LEN];
	uint8_t sealing_public[CDR_HPKE_PUBLIC_LEN];
	uint8_t pin[CDR_PIN_LEN];
};

/**
 * cdr_home_create(path, schema, passphrase, home, fault):
 * Make a node's folder: new keys, a certificate, an empty database; and open it.
 *
 * path        in           1 .. CDR_HOME_PATH_LEN_MAX bytes: a folder that is empty or does not exist (its parent does)
 * passphrase  in, secret   a new one: keys/passphrase.h
 * home        out          owned by the caller; NULL on error
 *
 * Returns  CDR_OK; CDR_E_EXISTS if there is a node already; CDR_E_REFUSED for a passphrase that is too short; CDR_E_RANGE;
 *          CDR_E_IO; CDR_E_MEMORY; as cdr_store_open. A folder that was left half made is completed by calling again with
 *          the same passphrase.
 */
CDR_MUST_CHECK cdr_err cdr_home_create(const char *path, const struct cdr_store_schema *schema,
    const struct cdr_passphrase *passphrase, struct cdr_home **home, struct cdr_fault *fault);

/**
 * cdr_home_open(path, schema, passphrase, home, fault):
 * Open a node's folder. Daemon and command line may hold it at the same time.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is no node; as cdr_keystore_open and cdr_store_open.
 */
CDR_MUST_CHECK cdr_err cdr_home_open(const char *path, const struct cdr_store_schema *schema,
    const struct cdr_passphrase *passphrase, struct cdr_home **home, struct cdr_fault *fault);

/* Close the database, wipe the keys. NULL is ignored. */
void cdr_home_close(struct cdr_home *home);

/**
 * cdr_home_file(path, name, out, size):
 * "PATH/NAME".
 *
 * Returns  CDR_OK; CDR_E_RANGE if it does not fit.
 */
CDR_MUST_CHECK cdr_err cdr_home_file(const char *path, const char *name, char *out, size_t size);

/**
 * cdr_home_party(home, name, url, party):
 * What the node shows of itself in a roster or when it joins. ${party} borrows from all three.
 */
void cdr_home_party(const struct cdr_home *home, const char *name, const char *url, Cdr__Wire__Party *party);

#endif
