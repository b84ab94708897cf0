#include "node/member/api_key.h"

#include <stdio.h>
#include <string.h>

#include "core/crypto/secret.h"

#define TOUCH_SECONDS 60

struct making {
	struct cdr_member *member;
	const char *name;
	uint32_t roles;
	uint64_t now, expires_at;
	uint8_t digest[CDR_SHA256_LEN];
	struct cdr_fault *fault;
};

static cdr_err
insert_key(struct cdr_tx *tx, void *context)
{
	struct making *making = context;
	uint8_t id[CDR_ID_LEN];
	int64_t count;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM api_key", CDR_VALUES(), &count));
	if (count >= CDR_API_KEY_MAX)
		return cdr_fault_set(making->fault, CDR_E_RANGE, "there are %d keys already", CDR_API_KEY_MAX);
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM api_key WHERE name = $1", CDR_VALUES(cdr_value_text(making->name)), &count));
	if (count > 0)
		return cdr_fault_set(making->fault, CDR_E_EXISTS, "there is, or was, a key %s: take another name, so that the trail stays clear", making->name);
	CDR_TRY(cdr_random(id, sizeof(id)));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO api_key (id, name, digest, roles, made_at, expires_at, revoked_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, 0, 0)",
	    CDR_VALUES(cdr_value_blob(id, sizeof(id)), cdr_value_text(making->name), cdr_value_blob(making->digest, sizeof(making->digest)),
		cdr_value_int(making->roles), cdr_value_int((int64_t)making->now), cdr_value_int((int64_t)making->expires_at))));
	CDR_TRY(cdr_trail_add(tx, making->member->who, "api-key.add", id));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/api_key.h */
cdr_err
cdr_api_key_add(struct cdr_member *member, const char *name, uint32_t roles, unsigned days, char key[static CDR_TOKEN_LEN],
    struct cdr_fault *fault)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_");
	struct making making = { .member = member, .name = name, .roles = roles, .now = cdr_member_now(), .fault = fault };

	memset(key, 0, CDR_TOKEN_LEN);
	if (len < 2 || len >= CDR_ACCOUNT_NAME_LEN || name[len] != '\0')
		return cdr_fault_set(fault, CDR_E_INPUT, "a name has 2 to 32 of a-z, 0-9, '.', '-' and '_'");
	if (days == 0 || days > CDR_API_KEY_DAYS_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "a key lasts 1 to %d days", CDR_API_KEY_DAYS_MAX);
	making.expires_at = making.now + (uint64_t)days * 86400;
	cdr_err err = cdr_token_make("ck", key, making.digest);
	if (err == CDR_OK)
		err = cdr_store_write(member->home->store, insert_key, &making);
	if (err != CDR_OK)
		cdr_wipe(key, CDR_TOKEN_LEN);
	return err;
}

static cdr_err
revoke_key(struct cdr_tx *tx, void *context)
{
	struct making *making = context;
	uint8_t id[CDR_ID_LEN];

	cdr_err err = cdr_query_one_blob(tx, "SELECT id FROM api_key WHERE name = $1 AND revoked_at = 0", CDR_VALUES(cdr_value_text(making->name)),
	    id, sizeof(id));
	if (err == CDR_E_ABSENT)
		return cdr_fault_set(making->fault, err, "there is no such key that is in force: see `candor api-key list`");
	if (err == CDR_OK)
		err = cdr_query_run(tx, "UPDATE api_key SET revoked_at = $1 WHERE id = $2",
		    CDR_VALUES(cdr_value_int((int64_t)making->now), cdr_value_blob(id, sizeof(id))));
	return err == CDR_OK ? cdr_trail_add(tx, making->member->who, "api-key.revoke", id) : err;
}

/* see node/member/api_key.h */
cdr_err
cdr_api_key_revoke(struct cdr_member *member, const char *name, struct cdr_fault *fault)
{
	struct making making = { .member = member, .name = name, .now = cdr_member_now(), .fault = fault };

	return cdr_store_write(member->home->store, revoke_key, &making);
}

#define COLUMNS "name, roles, made_at, expires_at, revoked_at, used_at"

static cdr_err
read_key(struct cdr_query *query, struct cdr_api_key *key)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t roles;

	memset(key, 0, sizeof(*key));
	CDR_TRY(cdr_query_text(query, 0, key->name, sizeof(key->name)));
	CDR_TRY(cdr_query_count(query, 1, &roles));
	CDR_TRY(cdr_query_count(query, 2, &key->made_at));
	CDR_TRY(cdr_query_count(query, 3, &key->expires_at));
	CDR_TRY(cdr_query_count(query, 4, &key->revoked_at));
	CDR_TRY(cdr_query_count(query, 5, &key->used_at));
	key->roles = (uint32_t)roles & CDR_ROLE_ALL;
	err = CDR_OK;
out:
	return err;
}

struct listing {
	cdr_api_key_callback *callback;
	void *context;
};

static cdr_err
list_keys(struct cdr_tx *tx, void *context)
{
	struct listing *listing = context;
	struct cdr_query *query = NULL;
	struct cdr_api_key key;

	cdr_err err = cdr_query_start(tx, "SELECT " COLUMNS " FROM api_key ORDER BY name", CDR_VALUES(), &query);
	while (err == CDR_OK && (err = cdr_query_step(query)) == CDR_OK) {
		err = read_key(query, &key);
		if (err == CDR_OK)
			err = listing->callback(&key, listing->context);
	}
	cdr_query_end(query);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/member/api_key.h */
cdr_err
cdr_api_key_each(struct cdr_member *member, cdr_api_key_callback *callback, void *context)
{
	struct listing listing = { callback, context };

	return cdr_store_read(member->home->store, list_keys, &listing);
}

struct lookup {
	uint8_t digest[CDR_SHA256_LEN];
	uint64_t now;
	struct cdr_api_key key;
};

static cdr_err
find_key(struct cdr_tx *tx, void *context)
{
	struct lookup *lookup = context;
	struct cdr_query *query = NULL;

	cdr_err err = cdr_query_start(tx, "SELECT " COLUMNS " FROM api_key WHERE digest = $1",
	    CDR_VALUES(cdr_value_blob(lookup->digest, sizeof(lookup->digest))), &query);
	if (err == CDR_OK)
		err = cdr_query_step(query);
	if (err == CDR_OK)
		err = read_key(query, &lookup->key);
	cdr_query_end(query);
	return err;
}

static cdr_err
touch_key(struct cdr_tx *tx, void *context)
{
	const struct lookup *lookup = context;

	return cdr_query_run(tx, "UPDATE api_key SET used_at = $1 WHERE digest = $2",
	    CDR_VALUES(cdr_value_int((int64_t)lookup->now), cdr_value_blob(lookup->digest, sizeof(lookup->digest))));
}

/* see node/member/api_key.h */
cdr_err
cdr_api_key_actor(struct cdr_member *member, const char *key, struct cdr_actor *actor, struct cdr_fault *fault)
{
	struct lookup lookup = { .now = cdr_member_now() };

	memset(actor, 0, sizeof(*actor));
	cdr_err err = cdr_token_digest(key, lookup.digest);
	if (err == CDR_OK)
		err = cdr_store_read(member->home->store, find_key, &lookup);
	if (err == CDR_OK && (lookup.key.revoked_at != 0 || lookup.key.expires_at <= lookup.now))
		err = CDR_E_ABSENT;
	if (err == CDR_E_ABSENT)
		return cdr_fault_set(fault, CDR_E_PASSPHRASE, "there is no such key, or it is over");
	if (err == CDR_OK && lookup.key.used_at + TOUCH_SECONDS <= lookup.now)
		err = cdr_store_write(member->home->store, touch_key, &lookup);
	if (err != CDR_OK)
		return err;
	(void)snprintf(actor->who, sizeof(actor->who), "api-key/%s", lookup.key.name);
	actor->roles = lookup.key.roles;
	return CDR_OK;
}
