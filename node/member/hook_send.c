#include "node/member/hook_parts.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/net/log.h"

/* Events on their way: one for each hook at a time, all hooks at once, so that a slow receiver delays its own alone. */

#define CONNECT_MS 10000L
#define TOTAL_MS 20000L
#define REPLY_MAX 4096           /* what a receiver says is not read, and only so much of it is waited for */
#define KIND_LEN 32

/* An event that is due, and the request that it is sent with. */
struct sending {
	uint64_t number, at, tries, hook, now;  /* hook 0: this place is free */
	uint8_t id[CDR_ID_LEN], subject[CDR_ID_LEN];
	char kind[KIND_LEN], url[CDR_HOOK_URL_LEN];
	struct cdr_buffer sealed;
	char body[512];
	size_t reply_left;
	CURL *curl;
	struct curl_slist *headers;
	bool taken;
};

struct cdr_hook_sender {
	struct cdr_member *member;
	CURLM *multi;
	struct sending sending[CDR_HOOK_MAX];
};

/* see node/member/hook.h */
cdr_err
cdr_hook_sender_new(struct cdr_member *member, struct cdr_hook_sender **out)
{
	struct cdr_hook_sender *sender = calloc(1, sizeof(*sender));

	*out = NULL;
	if (sender == NULL)
		return CDR_E_MEMORY;
	sender->member = member;
	sender->multi = curl_multi_init();
	if (sender->multi == NULL) {
		free(sender);
		return CDR_E_MEMORY;
	}
	*out = sender;
	return CDR_OK;
}

static void
end_sending(struct cdr_hook_sender *sender, struct sending *sending)
{
	if (sending->curl != NULL) {
		(void)curl_multi_remove_handle(sender->multi, sending->curl);
		curl_easy_cleanup(sending->curl);
	}
	curl_slist_free_all(sending->headers);
	cdr_buffer_free(&sending->sealed);
	memset(sending, 0, sizeof(*sending));
}

/* see node/member/hook.h */
void
cdr_hook_sender_free(struct cdr_hook_sender *sender)
{
	if (sender == NULL)
		return;
	for (size_t i = 0; i < CDR_HOOK_MAX; i++)
		end_sending(sender, &sender->sending[i]);
	(void)curl_multi_cleanup(sender->multi);
	free(sender);
}

/* ---- one event ------------------------------------------------------------------------------------------------------------ */

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

static bool
add_header(struct sending *sending, const char *name, const char *value)
{
	char line[160];

	(void)snprintf(line, sizeof(line), "%s: %s", name, value);
	struct curl_slist *more = curl_slist_append(sending->headers, line);
	if (more != NULL)
		sending->headers = more;
	return more != NULL;
}

/* One POST. Only a status of 2xx means that it was taken; nobody is followed elsewhere. */
static cdr_err
start_post(struct cdr_hook_sender *sender, struct sending *sending, const char *signature, const char *event)
{
	CURL *curl = sending->curl = curl_easy_init();

	if (curl == NULL || !add_header(sending, "Content-Type", "application/json") || !add_header(sending, "Candor-Signature", signature) ||
	    !add_header(sending, "Candor-Event", event))
		return CDR_E_MEMORY;
	sending->reply_left = REPLY_MAX;
	(void)curl_easy_setopt(curl, CURLOPT_URL, sending->url);
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TOTAL_MS);
	(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, sending->headers);
	(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, sending->body);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &sending->reply_left);
	(void)curl_easy_setopt(curl, CURLOPT_PRIVATE, sending);
	return curl_multi_add_handle(sender->multi, curl) == CURLM_OK ? CDR_OK : CDR_E_MEMORY;
}

/* Sign with the time of sending, send. */
static cdr_err
start_event(struct cdr_hook_sender *sender, struct sending *sending)
{
	struct cdr_buffer secret = { 0 };
	char signature[96], id[CDR_ID_TEXT_LEN], subject[CDR_ID_TEXT_LEN];
	uint8_t hook[CDR_ID_LEN];
	cdr_err err = CDR_E_INTERNAL;

	cdr_hook_id(sending->hook, hook);
	CDR_TRY(cdr_seal_open(sender->member->home->keys->column, CDR_HOOK_PURPOSE, (struct cdr_bytes){ hook, sizeof(hook) },
	    cdr_buffer_bytes(&sending->sealed), &secret));
	if (secret.len != CDR_HOOK_SECRET_LEN) {
		err = CDR_E_STORE;
		goto out;
	}
	cdr_id_write(sending->id, id);
	cdr_id_write(sending->subject, subject);
	(void)snprintf(sending->body, sizeof(sending->body), "{\"id\":\"%s\",\"kind\":\"%s\",\"subject\":\"%s\",\"at\":%" PRIu64 "}", id, sending->kind,
	    subject, sending->at);
	CDR_TRY(cdr_hook_sign(secret.data, sending->now, sending->body, signature));
	CDR_TRY(start_post(sender, sending, signature, id));
	err = CDR_OK;
out:
	cdr_buffer_free(&secret);
	return err;
}

/* What is taken goes; what is not waits, longer each time, and is given up, and counted, in the end. */
static cdr_err
write_outcome(struct cdr_tx *tx, void *context)
{
	const struct sending *sending = context;
	struct cdr_value number = cdr_value_int((int64_t)sending->number);
	uint64_t wait = sending->tries < 12 ? (uint64_t)CDR_HOOK_WAIT_MIN << sending->tries : CDR_HOOK_WAIT_MAX;

	wait = wait < CDR_HOOK_WAIT_MAX ? wait : CDR_HOOK_WAIT_MAX;
	bool over = sending->now + wait > sending->at + (uint64_t)CDR_HOOK_DAYS_MAX * 86400;
	if (!sending->taken && !over)
		return cdr_query_run(tx, "UPDATE hook_event SET tries = tries + 1, not_before = $1 WHERE number = $2",
		    CDR_VALUES(cdr_value_int((int64_t)(sending->now + wait)), number));
	cdr_err err = cdr_query_run(tx, "DELETE FROM hook_event WHERE number = $1", CDR_VALUES(number));
	if (err == CDR_OK && !sending->taken)
		err = cdr_query_run(tx, "UPDATE hook SET given_up = given_up + 1 WHERE number = $1", CDR_VALUES(cdr_value_int((int64_t)sending->hook)));
	return err;
}

/* ---- all hooks ------------------------------------------------------------------------------------------------------------ */

/* The events that are due: the oldest of each hook that has none on its way. */
struct due {
	struct cdr_hook_sender *sender;
	struct sending *started[CDR_HOOK_MAX];
	size_t count;
};

static bool
is_sending(const struct cdr_hook_sender *sender, uint64_t hook)
{
	for (size_t i = 0; i < CDR_HOOK_MAX; i++)
		if (sender->sending[i].hook == hook)
			return true;
	return false;
}

static struct sending *
free_place(struct cdr_hook_sender *sender)
{
	for (size_t i = 0; i < CDR_HOOK_MAX; i++)
		if (sender->sending[i].hook == 0)
			return &sender->sending[i];
	return NULL;
}

static cdr_err
read_event(struct cdr_query *query, struct sending *sending)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_count(query, 0, &sending->number));
	CDR_TRY(cdr_query_count(query, 1, &sending->at));
	CDR_TRY(cdr_query_count(query, 2, &sending->tries));
	CDR_TRY(cdr_query_blob(query, 4, sending->id, sizeof(sending->id)));
	CDR_TRY(cdr_query_blob(query, 5, sending->subject, sizeof(sending->subject)));
	CDR_TRY(cdr_query_text(query, 6, sending->kind, sizeof(sending->kind)));
	CDR_TRY(cdr_query_text(query, 7, sending->url, sizeof(sending->url)));
	CDR_TRY(cdr_query_blob_copy(query, 8, CDR_HOOK_SECRET_LEN + CDR_SEAL_OVERHEAD, &sending->sealed));
	CDR_TRY(cdr_query_count(query, 3, &sending->hook)); /* last: with it the place is taken */
	err = CDR_OK;
out:
	return err;
}

static cdr_err
read_due(struct cdr_tx *tx, void *context)
{
	struct due *due = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	uint64_t now = cdr_member_now(), hook;
	struct sending *place;

	/* Of each hook the event that has waited longest; where two are as old, the one with the smaller number. */
	CDR_TRY(cdr_query_start(tx,
	    "SELECT e.number, e.at, e.tries, e.hook, e.id, e.subject, e.kind, h.url, h.sealed FROM hook h JOIN hook_event e ON e.number ="
	    " (SELECT f.number FROM hook_event f WHERE f.hook = h.number AND f.not_before <= $1 ORDER BY f.not_before, f.number LIMIT 1) ORDER BY h.number",
	    CDR_VALUES(cdr_value_int((int64_t)now)), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_count(query, 3, &hook));
		if (is_sending(due->sender, hook) || (place = free_place(due->sender)) == NULL)
			continue;
		place->now = now;
		CDR_TRY(read_event(query, place));
		due->started[due->count++] = place;
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* Write down what became of an event, and have its place free again. */
static cdr_err
finish(struct cdr_hook_sender *sender, struct sending *sending)
{
	if (!sending->taken && sending->tries == 0)
		cdr_log(CDR_LOG_WARNING, "webhook.not_taken", cdr_log_int("hook", (int64_t)sending->hook));
	cdr_err err = cdr_store_write(sender->member->home->store, write_outcome, sending);
	end_sending(sender, sending);
	return err;
}

/* The requests that have come to an end. */
static cdr_err
collect(struct cdr_hook_sender *sender, bool *worked)
{
	cdr_err err = CDR_OK;
	const CURLMsg *message;
	int left;

	while (err == CDR_OK && (message = curl_multi_info_read(sender->multi, &left)) != NULL) {
		char *private = NULL;
		long status = 0;
		if (message->msg != CURLMSG_DONE || curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private) != CURLE_OK)
			continue;
		struct sending *sending = (struct sending *)(void *)private;
		if (message->data.result == CURLE_OK)
			(void)curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
		sending->taken = status >= 200 && status < 300;
		err = finish(sender, sending);
		*worked = true;
	}
	return err;
}

/* see node/member/hook.h */
cdr_err
cdr_hook_step(struct cdr_hook_sender *sender, unsigned wait_ms, bool *worked, struct cdr_fault *fault)
{
	struct due due = { .sender = sender };
	int running = 0;

	(void)fault;
	*worked = false;
	cdr_err err = cdr_store_read(sender->member->home->store, read_due, &due);
	for (size_t i = 0; i < due.count; i++) {
		if (err == CDR_OK)
			err = start_event(sender, due.started[i]);
		if (err != CDR_OK)
			end_sending(sender, due.started[i]);
	}
	if (err != CDR_OK)
		return err;
	*worked = due.count > 0;
	(void)curl_multi_perform(sender->multi, &running);
	if (running > 0)
		(void)curl_multi_poll(sender->multi, NULL, 0, (int)wait_ms, NULL);
	(void)curl_multi_perform(sender->multi, &running);
	err = collect(sender, worked);
	*worked = *worked || running > 0;
	return err;
}
