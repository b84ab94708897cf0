#include "node/member/hook_parts.h"

#include <string.h>

#include "core/crypto/secret.h"

/* Hooks, and events as they are written down. Sending them is in hook_send.c. */

/* ---- where to ------------------------------------------------------------------------------------------------------------- */

static bool
is_this_machine(const char *host)
{
	static const char *const own[] = { "127.0.0.1", "[::1]", "localhost" };

	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(own[i]);
		if (strncmp(host, own[i], len) == 0 && (host[len] == '\0' || host[len] == ':' || host[len] == '/'))
			return true;
	}
	return false;
}

/* see node/member/hook.h */
cdr_err
cdr_hook_valid(const char *url, struct cdr_fault *fault)
{
	bool secure = strncmp(url, "https://", 8) == 0, plain = strncmp(url, "http://", 7) == 0;
	const char *host = url + (secure ? 8 : 7);
	size_t len = strlen(url);

	if (!secure && !plain)
		return cdr_fault_set(fault, CDR_E_INPUT, "a hook is an address such as https://ats.example.org/candor");
	for (size_t i = 0; i < len; i++)
		if (url[i] <= ' ' || url[i] > '~' || strchr("\"<>\\^`{|}#", url[i]) != NULL)
			return cdr_fault_set(fault, CDR_E_INPUT, "the address holds a character that none may hold");
	if (len >= CDR_HOOK_URL_LEN || host[0] == '\0' || host[0] == '/' || host[0] == ':' || memchr(host, '@', strcspn(host, "/?")) != NULL)
		return cdr_fault_set(fault, CDR_E_INPUT, "the address is too long, has no host, or has a name or password in it");
	if (plain && !is_this_machine(host))
		return cdr_fault_set(fault, CDR_E_REFUSED, "http goes to this machine only; elsewhere it takes https");
	return CDR_OK;
}

/* ---- hooks ------------------------------------------------------------------------------------------------------------------ */

struct change {
	struct cdr_member *member;
	const char *url;
	uint64_t number;
	const uint8_t *secret;
	struct cdr_fault *fault;
};

/* see node/member/hook_parts.h */
void
cdr_hook_id(uint64_t number, uint8_t id[static CDR_ID_LEN])
{
	memset(id, 0, CDR_ID_LEN);
	for (size_t i = 0; i < 8; i++)
		id[CDR_ID_LEN - 1 - i] = (uint8_t)(number >> (8 * i));
}

static cdr_err
insert_hook(struct cdr_tx *tx, void *context)
{
	struct change *change = context;
	struct cdr_buffer sealed = { 0 };
	uint8_t id[CDR_ID_LEN];
	int64_t count;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM hook", CDR_VALUES(), &count));
	if (count >= CDR_HOOK_MAX)
		return cdr_fault_set(change->fault, CDR_E_RANGE, "there are %d hooks already", CDR_HOOK_MAX);
	CDR_TRY(cdr_setting_next(tx, "hook", &change->number));
	cdr_hook_id(change->number, id);
	CDR_TRY(cdr_seal(change->member->home->keys->column, CDR_HOOK_PURPOSE, (struct cdr_bytes){ id, sizeof(id) },
	    (struct cdr_bytes){ change->secret, CDR_HOOK_SECRET_LEN }, &sealed));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO hook (number, url, sealed, made_at, given_up) VALUES ($1, $2, $3, $4, 0)",
	    CDR_VALUES(cdr_value_int((int64_t)change->number), cdr_value_text(change->url), cdr_value_bytes(cdr_buffer_bytes(&sealed)),
		cdr_value_int((int64_t)cdr_member_now()))));
	CDR_TRY(cdr_trail_add(tx, change->member->who, "webhook.add", id));
	err = CDR_OK;
out:
	cdr_buffer_free(&sealed);
	return err;
}

/* see node/member/hook.h */
cdr_err
cdr_hook_add(struct cdr_member *member, const char *url, uint64_t *number, uint8_t *secret, struct cdr_fault *fault)
{
	struct change change = { .member = member, .url = url, .secret = secret, .fault = fault };

	memset(secret, 0, CDR_HOOK_SECRET_LEN);
	cdr_err err = cdr_hook_valid(url, fault);
	if (err == CDR_OK)
		err = cdr_random(secret, CDR_HOOK_SECRET_LEN);
	if (err == CDR_OK)
		err = cdr_store_write(member->home->store, insert_hook, &change);
	if (err != CDR_OK)
		cdr_wipe(secret, CDR_HOOK_SECRET_LEN);
	*number = change.number;
	return err;
}

static cdr_err
delete_hook(struct cdr_tx *tx, void *context)
{
	struct change *change = context;
	struct cdr_value number = cdr_value_int((int64_t)change->number);
	uint8_t id[CDR_ID_LEN];
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_run(tx, "DELETE FROM hook_event WHERE hook = $1", CDR_VALUES(number)));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM hook WHERE number = $1", CDR_VALUES(number)));
	if (cdr_query_changed_count(tx) == 0)
		return cdr_fault_set(change->fault, CDR_E_ABSENT, "there is no hook of this number: see `candor webhook list`");
	cdr_hook_id(change->number, id);
	CDR_TRY(cdr_trail_add(tx, change->member->who, "webhook.remove", id));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/hook.h */
cdr_err
cdr_hook_remove(struct cdr_member *member, uint64_t number, struct cdr_fault *fault)
{
	struct change change = { .member = member, .number = number, .fault = fault };

	return cdr_store_write(member->home->store, delete_hook, &change);
}

struct listing {
	cdr_hook_callback *callback;
	void *context;
};

static cdr_err
list_hooks(struct cdr_tx *tx, void *context)
{
	struct listing *listing = context;
	struct cdr_query *query = NULL;
	struct cdr_hook hook;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_start(tx,
	    "SELECT h.number, h.url, h.made_at, (SELECT count(*) FROM hook_event e WHERE e.hook = h.number), h.given_up FROM hook h ORDER BY h.number",
	    CDR_VALUES(), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_count(query, 0, &hook.number));
		CDR_TRY(cdr_query_text(query, 1, hook.url, sizeof(hook.url)));
		CDR_TRY(cdr_query_count(query, 2, &hook.made_at));
		CDR_TRY(cdr_query_count(query, 3, &hook.waiting_count));
		CDR_TRY(cdr_query_count(query, 4, &hook.failed_count));
		CDR_TRY(listing->callback(&hook, listing->context));
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* see node/member/hook.h */
cdr_err
cdr_hook_each(struct cdr_member *member, cdr_hook_callback *callback, void *context)
{
	struct listing listing = { callback, context };

	return cdr_store_read(member->home->store, list_hooks, &listing);
}

/* ---- events ------------------------------------------------------------------------------------------------------------------ */

/* see node/member/hook.h */
cdr_err
cdr_hook_event(struct cdr_tx *tx, const char *kind, const uint8_t subject[static CDR_ID_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	uint64_t number, hooks[CDR_HOOK_MAX];
	uint8_t id[CDR_ID_LEN];
	size_t count = 0;

	CDR_TRY(cdr_query_start(tx, "SELECT number FROM hook ORDER BY number", CDR_VALUES(), &query));
	while (count < CDR_HOOK_MAX && (err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(cdr_query_count(query, 0, &hooks[count++]));
	cdr_query_end(query);
	query = NULL;
	if (err != CDR_OK && err != CDR_E_ABSENT)
		goto out;
	for (size_t i = 0; i < count; i++) {
		int64_t now = (int64_t)cdr_member_now();
		CDR_TRY(cdr_setting_next(tx, "hook_event", &number));
		CDR_TRY(cdr_random(id, sizeof(id)));
		CDR_TRY(cdr_query_run(tx,
		    "INSERT INTO hook_event (number, hook, id, kind, subject, at, not_before, tries, state) VALUES ($1, $2, $3, $4, $5, $6, $6, 0, 'waiting')",
		    CDR_VALUES(cdr_value_int((int64_t)number), cdr_value_int((int64_t)hooks[i]), cdr_value_blob(id, sizeof(id)), cdr_value_text(kind),
			cdr_value_blob(subject, CDR_ID_LEN), cdr_value_int(now))));
	}
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}
