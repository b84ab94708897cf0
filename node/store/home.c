#include "node/store/home.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/crypto/secret.h"

#define PATH_SIZE (CDR_HOME_PATH_LEN_MAX + 64)

/* The common name in the certificate: peers look at its key alone. */
#define CERTIFICATE_NAME "candor"

/* see node/store/home.h */
cdr_err
cdr_home_file(const char *path, const char *name, char *out, size_t size)
{
	int len = snprintf(out, size, "%s/%s", path, name);

	return len >= 0 && (size_t)len < size ? CDR_OK : CDR_E_RANGE;
}

/* see node/store/home.h */
void
cdr_home_close(struct cdr_home *home)
{
	if (home == NULL)
		return;
	cdr_store_close(home->store);
	X509_free(home->certificate);
	EVP_PKEY_free(home->certificate_key);
	cdr_secret_free(home->keys);
	cdr_keystore_free(home->keystore);
	free(home->path);
	free(home);
}

/* see node/store/home.h */
void
cdr_home_party(const struct cdr_home *home, const char *name, const char *url, Cdr__Wire__Party *party)
{
	union {
		const char *in;
		char *out; /* protobuf-c does not write through it when encoding */
	} name_field = { .in = name }, url_field = { .in = url };

	*party = (Cdr__Wire__Party)CDR__WIRE__PARTY__INIT;
	party->name = name_field.out;
	party->url = url_field.out;
	party->signing_key = cdr_message_field(home->signing_public, sizeof(home->signing_public));
	party->sealing_key = cdr_message_field(home->sealing_public, sizeof(home->sealing_public));
	party->tls_pin = cdr_message_field(home->pin, sizeof(home->pin));
}

/* An object with its own copy of the path and room for the keys. */
static cdr_err
home_new(const char *path, struct cdr_home **out)
{
	struct cdr_home *home = calloc(1, sizeof(*home));

	*out = NULL;
	if (home == NULL)
		return CDR_E_MEMORY;
	home->path = strdup(path);
	home->keys = cdr_secret_alloc(sizeof(*home->keys));
	if (home->path == NULL || home->keys == NULL) {
		cdr_home_close(home);
		return CDR_E_MEMORY;
	}
	*out = home;
	return CDR_OK;
}

/* Draw the three long-term keys and put them into the keystore. */
static cdr_err
draw_keys(struct cdr_home *home, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_home_keys *keys = home->keys;

	CDR_TRY(cdr_random(keys->signing, sizeof(keys->signing)));
	CDR_TRY(cdr_hpke_keypair(keys->sealing, home->sealing_public));
	CDR_TRY(cdr_scalar_random(keys->tls));
	CDR_TRY(cdr_keystore_put(home->keystore, "signing", keys->signing, sizeof(keys->signing)));
	CDR_TRY(cdr_keystore_put(home->keystore, "sealing", keys->sealing, sizeof(keys->sealing)));
	CDR_TRY(cdr_keystore_put(home->keystore, "tls", keys->tls, sizeof(keys->tls)));
	CDR_TRY(cdr_keystore_save(home->keystore, fault));
	err = CDR_OK;
out:
	return err;
}

/* From the open keystore to everything else; ${create} makes the database where there is none. */
static cdr_err
load(struct cdr_home *home, const struct cdr_store_schema *schema, bool create, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_home_keys *keys = home->keys;
	char database[PATH_SIZE];

	CDR_TRY(cdr_keystore_get(home->keystore, "signing", keys->signing, sizeof(keys->signing)));
	CDR_TRY(cdr_keystore_get(home->keystore, "sealing", keys->sealing, sizeof(keys->sealing)));
	CDR_TRY(cdr_keystore_get(home->keystore, "tls", keys->tls, sizeof(keys->tls)));
	CDR_TRY(cdr_keystore_derive(home->keystore, "database", keys->database));
	CDR_TRY(cdr_keystore_derive(home->keystore, "columns", keys->column));
	CDR_TRY(cdr_keystore_derive(home->keystore, "digests", keys->digest));
	CDR_TRY(cdr_sign_public(keys->signing, home->signing_public));
	CDR_TRY(cdr_hpke_public(keys->sealing, home->sealing_public));
	CDR_TRY(cdr_certificate_make(keys->tls, CERTIFICATE_NAME, &home->certificate, &home->certificate_key));
	CDR_TRY(cdr_certificate_pin(home->certificate, home->pin));

	CDR_TRY(cdr_home_file(home->path, CDR_HOME_DATABASE, database, sizeof(database)));
	struct cdr_store_config config = {
		.path = database, .key = keys->database, .schema = schema, .create = create
	};
	CDR_TRY(cdr_store_open(&config, &home->store, fault));
	err = CDR_OK;
out:
	return err;
}

/* Whether the folder has nothing in it but what a node that was left half made may have. */
static bool
folder_is_free(const char *path)
{
	DIR *folder = opendir(path);
	bool is_free = folder != NULL;

	for (struct dirent *entry; is_free && (entry = readdir(folder)) != NULL;)
		is_free = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    strcmp(entry->d_name, CDR_HOME_KEYSTORE ".new") == 0; /* of one that was killed while it made its keystore */
	if (folder != NULL)
		(void)closedir(folder);
	return is_free;
}

/* Make the folder, or take one that is empty. */
static cdr_err
take_folder(const char *path, struct cdr_fault *fault)
{
	if (mkdir(path, 0700) == 0)
		return CDR_OK;
	if (errno != EEXIST)
		return cdr_fault_set(fault, CDR_E_IO, "%s: the folder cannot be made: %s", path, strerror(errno));
	if (!folder_is_free(path))
		return cdr_fault_set(fault, CDR_E_EXISTS,
		    "%s: the folder is not empty. Give one that is, or does not exist yet", path);
	if (chmod(path, 0700) != 0)
		return cdr_fault_set(fault, CDR_E_IO, "%s: its permissions cannot be set: %s", path, strerror(errno));
	return CDR_OK;
}

/* A keystore of a node that was left half made: its keys may be missing, its database too. */
static cdr_err
complete(struct cdr_home *home, const char *keystore, const struct cdr_passphrase *passphrase, struct cdr_fault *fault)
{
	char database[PATH_SIZE];
	struct stat info;

	if (cdr_home_file(home->path, CDR_HOME_DATABASE, database, sizeof(database)) != CDR_OK)
		return CDR_E_RANGE;
	if (stat(database, &info) == 0 && info.st_size > 0) /* an empty one was left by who was killed */
		return cdr_fault_set(fault, CDR_E_EXISTS, "%s: there is a node already", home->path);
	cdr_err err = cdr_keystore_open(keystore, passphrase, &home->keystore, fault);
	if (err == CDR_OK && cdr_keystore_len(home->keystore, "signing") == 0)
		err = draw_keys(home, fault);
	return err;
}

/* see node/store/home.h */
cdr_err
cdr_home_create(const char *path, const struct cdr_store_schema *schema, const struct cdr_passphrase *passphrase,
    struct cdr_home **out, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char keystore[PATH_SIZE];
	struct cdr_home *home = NULL;
	struct stat info;

	*out = NULL;
	if (path[0] == '\0' || strlen(path) > CDR_HOME_PATH_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "the folder's path is empty or too long");
	CDR_TRY(cdr_passphrase_check(passphrase, fault));
	CDR_TRY(home_new(path, &home));
	CDR_TRY(cdr_home_file(path, CDR_HOME_KEYSTORE, keystore, sizeof(keystore)));
	if (stat(keystore, &info) == 0) {
		CDR_TRY(complete(home, keystore, passphrase, fault));
	} else {
		CDR_TRY(take_folder(path, fault));
		CDR_TRY(cdr_keystore_create(keystore, passphrase, &home->keystore, fault));
		CDR_TRY(draw_keys(home, fault));
	}
	CDR_TRY(load(home, schema, true, fault));
	*out = home;
	home = NULL;
	err = CDR_OK;
out:
	cdr_home_close(home);
	return err;
}

/* see node/store/home.h */
cdr_err
cdr_home_open(const char *path, const struct cdr_store_schema *schema, const struct cdr_passphrase *passphrase,
    struct cdr_home **out, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char keystore[PATH_SIZE], database[PATH_SIZE];
	struct cdr_home *home = NULL;
	struct stat info;

	*out = NULL;
	if (path[0] == '\0' || strlen(path) > CDR_HOME_PATH_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "the folder's path is empty or too long");
	CDR_TRY(home_new(path, &home));
	CDR_TRY(cdr_home_file(path, CDR_HOME_KEYSTORE, keystore, sizeof(keystore)));
	CDR_TRY(cdr_home_file(path, CDR_HOME_DATABASE, database, sizeof(database)));
	bool is_missing = stat(keystore, &info) != 0 && errno == ENOENT;
	if (is_missing && stat(database, &info) == 0 && info.st_size > 0)
		CDR_TRY(cdr_fault_set(fault, CDR_E_ABSENT, "%s: the keystore of this node is missing, and without it nothing opens its database. "
		    "`restore` makes the node of a backup, in a new folder", path));
	if (is_missing)
		CDR_TRY(cdr_fault_set(fault, CDR_E_ABSENT, "%s: there is no node here. Is it the right folder? `init` makes a new node",
		    path));
	CDR_TRY(cdr_keystore_open(keystore, passphrase, &home->keystore, fault));
	CDR_TRY(load(home, schema, false, fault));
	*out = home;
	home = NULL;
	err = CDR_OK;
out:
	cdr_home_close(home);
	return err;
}
