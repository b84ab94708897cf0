#include "node/member/api_parts.h"

#include <stdio.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/json.h"

/* Sessions of people, and replies that are kept so that a repeated request changes nothing. */

#define REPLY_MAX (4U << 20)
#define SEAL_PURPOSE "api.reply"

/* ---- sessions ------------------------------------------------------------------------------------------------------------ */

/* A text of the body's object; "" if there is none. */
static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

/* see node/member/api_parts.h */
cdr_err
cdr_api_login(struct cdr_api_call *call)
{
	cdr_err err = CDR_E_INTERNAL;
	char token[CDR_TOKEN_LEN];
	int line, column;
	json_t *object = cdr_json_read(call->body, &line, &column);
	const char *password = text_of(object, "password");
	struct cdr_passphrase *given = cdr_secret_alloc(sizeof(*given));

	if (given == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	given->len = strlen(password);
	if (!json_is_object(object) || text_of(object, "name")[0] == '\0' || given->len == 0 || given->len > CDR_PASSPHRASE_LEN_MAX) {
		err = cdr_fault_set(call->fault, CDR_E_INPUT, "a JSON object with name, password and, where there is an authenticator, code");
		goto out;
	}
	memcpy(given->bytes, password, given->len);
	CDR_TRY(cdr_account_login(call->member, text_of(object, "name"), given, text_of(object, "code"), token, call->fault));
	call->result = json_pack("{s:s, s:i, s:i}", "token", token, "expires_in", CDR_SESSION_SECONDS, "idle_seconds", CDR_SESSION_IDLE_SECONDS);
	err = CDR_OK;
out:
	cdr_secret_free(given);
	json_decref(object);
	cdr_wipe(token, sizeof(token));
	return err;
}

/* see node/member/api_parts.h */
cdr_err
cdr_api_logout(struct cdr_api_call *call)
{
	return cdr_account_logout(call->member, call->head->authorization + strlen("Bearer "));
}

/* see node/member/api_parts.h */
cdr_err
cdr_api_me(struct cdr_api_call *call)
{
	char roles[CDR_ROLES_TEXT_LEN];

	cdr_roles_write(call->actor.roles, roles);
	call->result = json_pack("{s:s, s:s, s:s, s:s}", "who", call->actor.who, "roles", roles, "member", call->member->id, "organisation",
	    call->member->name);
	return call->result != NULL ? CDR_OK : CDR_E_MEMORY;
}

/* ---- replies --------------------------------------------------------------------------------------------------------------- */

/* A key of one actor, and the request that it came with. */
struct kept {
	struct cdr_api_call *call;
	uint8_t key[CDR_SHA256_LEN], request[CDR_SHA256_LEN];
	uint64_t now;
	int64_t status;
	struct cdr_buffer sealed;
};

static cdr_err
identify(struct kept *kept)
{
	struct cdr_api_call *call = kept->call;
	char text[CDR_TRAIL_WHO_LEN + CDR_REST_VALUE_LEN + 2];
	uint8_t body[CDR_SHA256_LEN], content[sizeof("255 ") + CDR_REST_PATH_LEN + CDR_REST_QUERY_LEN + CDR_SHA256_LEN];
	cdr_err err = CDR_E_INTERNAL;

	kept->now = cdr_member_now();
	int len = snprintf(text, sizeof(text), "%s\n%s", call->actor.who, call->head->idempotency_key);
	CDR_TRY(cdr_member_digest(call->member, "api.key", (struct cdr_bytes){ (uint8_t *)text, (size_t)len }, kept->key));
	CDR_TRY(cdr_sha256(&call->body, 1, body));
	len = snprintf((char *)content, sizeof(content) - CDR_SHA256_LEN, "%u %s?%s", (unsigned)call->head->method,
	    call->head->path, call->head->query);
	memcpy(content + len, body, sizeof(body));
	CDR_TRY(cdr_member_digest(call->member, "api.request", (struct cdr_bytes){ content, (size_t)len + sizeof(body) }, kept->request));
	err = CDR_OK;
out:
	cdr_wipe(content, sizeof(content));
	return err;
}

static cdr_err
read_kept(struct cdr_tx *tx, void *context)
{
	struct kept *kept = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	uint8_t request[CDR_SHA256_LEN];

	CDR_TRY(cdr_query_start(tx, "SELECT request, status, sealed FROM api_reply WHERE digest = $1",
	    CDR_VALUES(cdr_value_blob(kept->key, sizeof(kept->key))), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob(query, 0, request, sizeof(request)));
	CDR_TRY(cdr_query_int(query, 1, &kept->status));
	CDR_TRY(cdr_query_blob_copy(query, 2, REPLY_MAX + CDR_SEAL_OVERHEAD, &kept->sealed));
	if (kept->sealed.len == 0)
		err = CDR_E_REFUSED;
	else if (!cdr_equal(request, kept->request, sizeof(request)))
		err = CDR_E_EXISTS;
out:
	cdr_query_end(query);
	return err;
}

/* see node/member/api_parts.h */
cdr_err
cdr_api_reply_find(struct cdr_api_call *call, int *status, struct cdr_buffer *body)
{
	struct kept kept = { .call = call };

	*status = 0;
	cdr_err err = identify(&kept);
	if (err == CDR_OK)
		err = cdr_store_read(call->member->home->store, read_kept, &kept);
	if (err == CDR_E_REFUSED)
		err = cdr_fault_set(call->fault, err, "this was done with that Idempotency-Key, and what was answered is erased with the person whom it was about");
	if (err == CDR_E_EXISTS)
		err = cdr_fault_set(call->fault, err, "this Idempotency-Key was used for another request: a new request takes a new key");
	if (err == CDR_OK)
		err = cdr_seal_open(call->member->home->keys->column, SEAL_PURPOSE, (struct cdr_bytes){ kept.key, sizeof(kept.key) },
		    cdr_buffer_bytes(&kept.sealed), body);
	if (err == CDR_OK)
		*status = (int)kept.status;
	cdr_buffer_free(&kept.sealed);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static cdr_err
write_kept(struct cdr_tx *tx, void *context)
{
	struct kept *kept = context;
	cdr_err err = CDR_E_INTERNAL;
	int64_t old = (int64_t)kept->now - (int64_t)CDR_API_REPLY_DAYS * 86400;

	CDR_TRY(cdr_query_run(tx, "DELETE FROM api_reply WHERE at < $1", CDR_VALUES(cdr_value_int(old))));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM api_reply WHERE digest = $1", CDR_VALUES(cdr_value_blob(kept->key, sizeof(kept->key)))));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO api_reply (digest, request, status, sealed, at) VALUES ($1, $2, $3, $4, $5)",
	    CDR_VALUES(cdr_value_blob(kept->key, sizeof(kept->key)), cdr_value_blob(kept->request, sizeof(kept->request)),
		cdr_value_int(kept->status), cdr_value_bytes(cdr_buffer_bytes(&kept->sealed)), cdr_value_int((int64_t)kept->now))));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/api_parts.h */
cdr_err
cdr_api_reply_keep(struct cdr_api_call *call, int status, struct cdr_bytes body)
{
	struct kept kept = { .call = call, .status = status };

	if (body.len > REPLY_MAX)
		return CDR_OK; /* the act itself is repeatable; only its long answer is worked out again */
	cdr_err err = identify(&kept);
	if (err == CDR_OK)
		err = cdr_seal(call->member->home->keys->column, SEAL_PURPOSE, (struct cdr_bytes){ kept.key, sizeof(kept.key) }, body, &kept.sealed);
	if (err == CDR_OK)
		err = cdr_store_write(call->member->home->store, write_kept, &kept);
	cdr_buffer_free(&kept.sealed);
	return err;
}

/* ---- forgetting --------------------------------------------------------------------------------------------------------------- */

struct forgetting {
	const struct cdr_member *member;
	const char *text[2];   /* an id, and a reference; NULL: none */
};

/* Whether one of the texts stands anywhere in what was answered. */
static bool
mentions(const struct forgetting *f, json_t *value)
{
	const char *name, *text = json_string_value(value);
	size_t index;
	json_t *item;

	if (text != NULL)
		return strcmp(text, f->text[0]) == 0 || (f->text[1] != NULL && strcmp(text, f->text[1]) == 0);
	json_array_foreach(value, index, item)
		if (mentions(f, item))
			return true;
	json_object_foreach(value, name, item)
		if (mentions(f, item))
			return true;
	return false;
}

/* One row: what cannot be read goes too. */
static cdr_err
forget_row(struct cdr_tx *tx, const struct forgetting *f, const uint8_t *digest, struct cdr_bytes sealed)
{
	static const uint8_t none[CDR_SHA256_LEN];
	struct cdr_buffer plain = { 0 };
	cdr_err err = CDR_OK;

	if (cdr_seal_open(f->member->home->keys->column, SEAL_PURPOSE, (struct cdr_bytes){ digest, CDR_SHA256_LEN }, sealed, &plain) == CDR_E_MEMORY)
		return CDR_E_MEMORY;
	json_t *value = json_loadb((const char *)plain.data, plain.len, 0, NULL);
	if (value == NULL || mentions(f, value))
		err = cdr_query_run(tx, "UPDATE api_reply SET request = $1, sealed = $2 WHERE digest = $3",
		    CDR_VALUES(cdr_value_blob(none, sizeof(none)), cdr_value_blob("", 0), cdr_value_blob(digest, CDR_SHA256_LEN)));
	json_decref(value);
	cdr_buffer_free(&plain);
	return err;
}

/* see node/member/api.h */
cdr_err
cdr_api_reply_forget(struct cdr_tx *tx, const struct cdr_member *member, const uint8_t id[static CDR_ID_LEN], const char *reference)
{
	cdr_err err = CDR_E_INTERNAL;
	char text[CDR_ID_TEXT_LEN];
	struct forgetting f = { member, { text, reference } };
	struct cdr_query *query = NULL;
	uint8_t digest[CDR_SHA256_LEN];
	struct cdr_bytes sealed;

	cdr_id_write(id, text);
	CDR_TRY(cdr_query_start(tx, "SELECT digest, sealed FROM api_reply WHERE length(sealed) > 0 ORDER BY digest", CDR_VALUES(), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob(query, 0, digest, sizeof(digest)));
		CDR_TRY(cdr_query_blob_peek(query, 1, REPLY_MAX + CDR_SEAL_OVERHEAD, &sealed));
		CDR_TRY(forget_row(tx, &f, digest, sealed));
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}
