#include "node/member/hook.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/net/log.h"

#define SEAL_PURPOSE "hook"
#define CONNECT_MS 10000L
#define TOTAL_MS 20000L
#define REPLY_MAX 4096           /* what a receiver says is not read, and only so much of it is waited for */
#define KIND_LEN 32

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

/* The id under which a hook's secret is sealed, and which the trail names. */
static void
hook_id(uint64_t number, uint8_t id[static CDR_ID_LEN])
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
	hook_id(change->number, id);
	CDR_TRY(cdr_seal(change->member->home->keys->column, SEAL_PURPOSE, (struct cdr_bytes){ id, sizeof(id) },
	    (struct cdr_bytes){ change->secret, CDR_HOOK_SECRET_LEN }, &sealed));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO hook (number, url, sealed, made_at) VALUES ($1, $2, $3, $4)",
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
	hook_id(change->number, id);
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
	    "SELECT h.number, h.url, h.made_at, (SELECT count(*) FROM hook_event e WHERE e.hook = h.number AND e.state = 'waiting'),"
	    " (SELECT count(*) FROM hook_event e WHERE e.hook = h.number AND e.state = 'given_up') FROM hook h ORDER BY h.number",
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

/* An event that is due, and the hook that it goes to. */
struct due {
	struct cdr_member *member;
	uint64_t number, at, tries, hook, now;
	uint8_t id[CDR_ID_LEN], subject[CDR_ID_LEN];
	char kind[KIND_LEN], url[CDR_HOOK_URL_LEN];
	struct cdr_buffer sealed;
	bool taken;
};

static cdr_err
read_due(struct cdr_tx *tx, void *context)
{
	struct due *due = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx,
	    "SELECT e.number, e.at, e.tries, e.hook, e.id, e.subject, e.kind, h.url, h.sealed FROM hook_event e JOIN hook h ON h.number = e.hook"
	    " WHERE e.state = 'waiting' AND e.not_before <= $1 ORDER BY e.not_before, e.number LIMIT 1",
	    CDR_VALUES(cdr_value_int((int64_t)due->now)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_count(query, 0, &due->number));
	CDR_TRY(cdr_query_count(query, 1, &due->at));
	CDR_TRY(cdr_query_count(query, 2, &due->tries));
	CDR_TRY(cdr_query_count(query, 3, &due->hook));
	CDR_TRY(cdr_query_blob(query, 4, due->id, sizeof(due->id)));
	CDR_TRY(cdr_query_blob(query, 5, due->subject, sizeof(due->subject)));
	CDR_TRY(cdr_query_text(query, 6, due->kind, sizeof(due->kind)));
	CDR_TRY(cdr_query_text(query, 7, due->url, sizeof(due->url)));
	CDR_TRY(cdr_query_blob_copy(query, 8, CDR_HOOK_SECRET_LEN + CDR_SEAL_OVERHEAD, &due->sealed));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* What is taken goes; what is not waits, longer each time, and is given up in the end. */
static cdr_err
write_outcome(struct cdr_tx *tx, void *context)
{
	const struct due *due = context;
	struct cdr_value number = cdr_value_int((int64_t)due->number);
	uint64_t wait = due->tries < 12 ? (uint64_t)CDR_HOOK_WAIT_MIN << due->tries : CDR_HOOK_WAIT_MAX;

	if (due->taken)
		return cdr_query_run(tx, "DELETE FROM hook_event WHERE number = $1", CDR_VALUES(number));
	wait = wait < CDR_HOOK_WAIT_MAX ? wait : CDR_HOOK_WAIT_MAX;
	bool over = due->now + wait > due->at + (uint64_t)CDR_HOOK_DAYS_MAX * 86400;
	return cdr_query_run(tx, "UPDATE hook_event SET state = $1, tries = tries + 1, not_before = $2 WHERE number = $3",
	    CDR_VALUES(cdr_value_text(over ? "given_up" : "waiting"), cdr_value_int((int64_t)(due->now + wait)), number));
}

/* see node/member/hook.h */
cdr_err
cdr_hook_sign(const uint8_t secret[static CDR_HOOK_SECRET_LEN], uint64_t at, const char *body, char signature[static 96])
{
	uint8_t mac[CDR_SHA256_LEN];
	char seconds[24];

	(void)snprintf(seconds, sizeof(seconds), "%" PRIu64 ".", at);
	const struct cdr_bytes parts[] = { { (const uint8_t *)seconds, strlen(seconds) }, { (const uint8_t *)body, strlen(body) } };
	cdr_err err = cdr_hmac_sha256(secret, CDR_HOOK_SECRET_LEN, parts, 2, mac);
	int len = snprintf(signature, 96, "t=%" PRIu64 ",v1=", at);
	if (err == CDR_OK)
		cdr_hex_write(mac, 32, signature + len);
	return err;
}

static size_t
drop(char *data, size_t size, size_t count, void *context)
{
	size_t *left = context;

	(void)data;
	if (size * count > *left)
		return 0;
	*left -= size * count;
	return size * count;
}

/* One POST. Only a status of 2xx means that it was taken; nobody is followed elsewhere. */
static bool
post(const char *url, const char *body, const char *signature, const char *event)
{
	char header[3][160];
	struct curl_slist *headers = NULL, *more;
	CURL *curl = curl_easy_init();
	size_t left = REPLY_MAX;
	long status = 0;

	(void)snprintf(header[0], sizeof(header[0]), "Content-Type: application/json");
	(void)snprintf(header[1], sizeof(header[1]), "Candor-Signature: %s", signature);
	(void)snprintf(header[2], sizeof(header[2]), "Candor-Event: %s", event);
	for (size_t i = 0; i < 3 && (more = curl_slist_append(headers, header[i])) != NULL; i++)
		headers = more;
	if (curl != NULL && headers != NULL) {
		(void)curl_easy_setopt(curl, CURLOPT_URL, url);
		(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
		(void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
		(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
		(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
		(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TOTAL_MS);
		(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
		(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
		(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &left);
		if (curl_easy_perform(curl) == CURLE_OK)
			(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return status >= 200 && status < 300;
}

/* Sign with the time of sending, send. */
static cdr_err
send_event(struct due *due)
{
	struct cdr_buffer secret = { 0 };
	char body[512], signature[96], id[CDR_ID_TEXT_LEN], subject[CDR_ID_TEXT_LEN];
	uint8_t hook[CDR_ID_LEN];
	cdr_err err = CDR_E_INTERNAL;

	hook_id(due->hook, hook);
	CDR_TRY(cdr_seal_open(due->member->home->keys->column, SEAL_PURPOSE, (struct cdr_bytes){ hook, sizeof(hook) }, cdr_buffer_bytes(&due->sealed),
	    &secret));
	if (secret.len != CDR_HOOK_SECRET_LEN) {
		err = CDR_E_STORE;
		goto out;
	}
	cdr_id_write(due->id, id);
	cdr_id_write(due->subject, subject);
	(void)snprintf(body, sizeof(body), "{\"id\":\"%s\",\"kind\":\"%s\",\"subject\":\"%s\",\"at\":%" PRIu64 "}", id, due->kind, subject, due->at);
	CDR_TRY(cdr_hook_sign(secret.data, due->now, body, signature));
	due->taken = post(due->url, body, signature, id);
	err = CDR_OK;
out:
	cdr_buffer_free(&secret);
	return err;
}

/* see node/member/hook.h */
cdr_err
cdr_hook_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault)
{
	struct due due = { .member = member, .now = cdr_member_now() };

	(void)fault;
	*worked = false;
	cdr_err err = cdr_store_read(member->home->store, read_due, &due);
	if (err == CDR_OK)
		err = send_event(&due);
	else if (err == CDR_E_ABSENT)
		return CDR_OK;
	if (err == CDR_OK && !due.taken && due.tries == 0)
		cdr_log(CDR_LOG_WARNING, "webhook.not_taken", cdr_log_int("hook", (int64_t)due.hook));
	if (err == CDR_OK)
		err = cdr_store_write(member->home->store, write_outcome, &due);
	*worked = err == CDR_OK;
	cdr_buffer_free(&due.sealed);
	return err;
}
