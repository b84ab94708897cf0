#include "node/hub/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "node/hub/log.h"
#include "node/web/page.h"

#define STATE_LEN 16

/* A request as it stands in the table. */
struct entry {
	char member[CDR_SLUG_LEN_MAX + 1];
	char state[STATE_LEN];            /* open, answered, withdrawn */
	uint8_t hash[CDR_SHA256_LEN];     /* of the sealed request, which may be gone */
	uint64_t expires_at;
};

/* CDR_E_ABSENT if there is none. */
static cdr_err
read_entry(struct cdr_tx *tx, struct cdr_value id, struct entry *entry)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	*entry = (struct entry){ 0 };
	CDR_TRY(cdr_query_start(tx, "SELECT member, state, hash, expires_at FROM guest WHERE id = $1", CDR_VALUES(id), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, entry->member, sizeof(entry->member)));
	CDR_TRY(cdr_query_text(query, 1, entry->state, sizeof(entry->state)));
	CDR_TRY(cdr_query_blob(query, 2, entry->hash, sizeof(entry->hash)));
	CDR_TRY(cdr_query_count(query, 3, &entry->expires_at));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* ---- putting and withdrawing ------------------------------------------------------------------------------------------ */

struct putting {
	const struct cdr_call *call;
	const Cdr__Wire__GuestPut *put;
	uint8_t hash[CDR_SHA256_LEN];
	struct cdr_fault *fault;
};

static cdr_err
check_put(const struct putting *putting)
{
	const Cdr__Wire__GuestPut *put = putting->put;
	uint64_t now = putting->call->now;

	if (put->id.len != CDR_ID_LEN)
		return cdr_fault_set(putting->fault, CDR_E_INPUT, "the id of a request has %d bytes", CDR_ID_LEN);
	if (put->sealed.len != CDR_GUEST_REQUEST_SEALED_LEN)
		return cdr_fault_set(putting->fault, CDR_E_RANGE, "a sealed request has %d bytes, whatever it says",
		    CDR_GUEST_REQUEST_SEALED_LEN);
	if (put->expires_at <= now || put->expires_at - now > (uint64_t)CDR_GUEST_DAYS_MAX * CDR_HUB_DAY_S)
		return cdr_fault_set(putting->fault, CDR_E_RANGE, "a link works until a day that is to come, at most %d days ahead",
		    CDR_GUEST_DAYS_MAX);
	return CDR_OK;
}

/* A writing job. */
static cdr_err
put_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct putting *putting = context;
	const Cdr__Wire__GuestPut *put = putting->put;
	struct cdr_value id = cdr_value_bytes(cdr_message_bytes(put->id)), member = cdr_value_text(putting->call->member->id);
	struct entry entry;
	int64_t count;

	err = read_entry(tx, id, &entry);
	if (err == CDR_OK)
		return strcmp(entry.member, putting->call->member->id) == 0 && entry.expires_at == put->expires_at &&
			memcmp(entry.hash, putting->hash, sizeof(entry.hash)) == 0 ? CDR_OK : CDR_E_EXISTS;
	if (err != CDR_E_ABSENT)
		return err;
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM setting WHERE name = '" CDR_HUB_GUEST_URL "'", CDR_VALUES(), &count));
	if (count == 0)
		return CDR_E_ABSENT;
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM guest WHERE member = $1 AND state = 'open'", CDR_VALUES(member),
	    &count));
	if (count >= CDR_HUB_GUEST_MAX)
		return CDR_E_QUOTA;
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO guest (id, member, state, sealed, hash, made_at, expires_at) VALUES ($1, $2, 'open', $3, $4, $5, $6)",
	    CDR_VALUES(id, member, cdr_value_bytes(cdr_message_bytes(put->sealed)),
		cdr_value_blob(putting->hash, sizeof(putting->hash)), cdr_value_int((int64_t)putting->call->now),
		cdr_value_int((int64_t)put->expires_at))));
	err = CDR_OK;
out:
	return err;
}

/* see node/hub/guest.h */
cdr_err
cdr_hub_guest_put(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	struct putting putting = { .call = call, .put = (const Cdr__Wire__GuestPut *)call->message, .fault = fault };
	struct cdr_bytes sealed = cdr_message_bytes(putting.put->sealed);

	(void)answer;
	CDR_TRY(check_put(&putting));
	CDR_TRY(cdr_sha256(&sealed, 1, putting.hash));
	err = cdr_store_write(hub->store, put_job, &putting);
	if (err == CDR_E_ABSENT)
		cdr_fault_set(fault, err, "this hub has no page for guests: use the file for e-mail");
	if (err == CDR_E_QUOTA)
		cdr_fault_set(fault, err, "%d requests to guests are open: withdraw those that are not needed", CDR_HUB_GUEST_MAX);
	if (err == CDR_E_EXISTS) {
		cdr_fault_set(fault, err, "a request with this id is here with other content: use a new id");
		cdr_hub_misuse_note(hub, call->envelope->signer, "guest", cdr_message_bytes(putting.put->id), call->now,
		    "one id used for two requests to guests");
	}
out:
	return err;
}

/* A writing job. That the id was used stays until it would have expired. */
static cdr_err
withdraw_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_call *call = context;
	const Cdr__Wire__GuestWithdraw *request = (const Cdr__Wire__GuestWithdraw *)call->message;
	struct cdr_value id = cdr_value_bytes(cdr_message_bytes(request->id)), member = cdr_value_text(call->member->id);

	CDR_TRY(cdr_query_run(tx, "UPDATE guest SET state = 'withdrawn', sealed = $1 WHERE id = $2 AND member = $3",
	    CDR_VALUES(cdr_value_blob(NULL, 0), id, member)));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM guest_answer WHERE id = $1 AND member = $2", CDR_VALUES(id, member)));
	err = CDR_OK;
out:
	return err;
}

/* see node/hub/guest.h */
cdr_err
cdr_hub_guest_withdraw(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	struct cdr_hub *hub = context;
	struct cdr_call job_call = *call;

	(void)answer;
	if (((const Cdr__Wire__GuestWithdraw *)call->message)->id.len != CDR_ID_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "the id of a request has %d bytes", CDR_ID_LEN);
	return cdr_store_write(hub->store, withdraw_job, &job_call);
}

/* ---- answers on their way to the member -------------------------------------------------------------------------------- */

/* A bag being filled. */
struct bag {
	const char *member;
	uint32_t max;
	Cdr__Wire__GuestAnswer answer[CDR_GUEST_BAG_COUNT_MAX];
	Cdr__Wire__GuestAnswer *at[CDR_GUEST_BAG_COUNT_MAX];
	struct cdr_buffer bytes[CDR_GUEST_BAG_COUNT_MAX][3];
	size_t count;
};

static void
bag_free(struct bag *bag)
{
	for (size_t i = 0; bag != NULL && i < CDR_GUEST_BAG_COUNT_MAX; i++)
		for (size_t k = 0; k < 3; k++)
			cdr_buffer_free(&bag->bytes[i][k]);
	free(bag);
}

static cdr_err
bag_add(struct cdr_query *query, void *context)
{
	struct bag *bag = context;
	static const size_t max[3] = { CDR_ID_LEN, CDR_ID_LEN, CDR_GUEST_ANSWER_SEALED_LEN };
	cdr_err err = CDR_E_INTERNAL;
	size_t i = bag->count;
	struct cdr_buffer *bytes = bag->bytes[i];

	bag->answer[i] = (Cdr__Wire__GuestAnswer)CDR__WIRE__GUEST_ANSWER__INIT;
	for (int k = 0; k < 3; k++)
		CDR_TRY(cdr_query_blob_copy(query, k, max[k], &bytes[k]));
	CDR_TRY(cdr_query_count(query, 3, &bag->answer[i].received_at));
	bag->answer[i].id = cdr_message_field(bytes[0].data, bytes[0].len);
	bag->answer[i].response = cdr_message_field(bytes[1].data, bytes[1].len);
	bag->answer[i].sealed = cdr_message_field(bytes[2].data, bytes[2].len);
	bag->at[i] = &bag->answer[i];
	bag->count++;
	err = CDR_OK;
out:
	return err;
}

/* A reading job. */
static cdr_err
fetch_job(struct cdr_tx *tx, void *context)
{
	const struct bag *bag = context;

	return cdr_query_each(tx,
	    "SELECT id, response, sealed, received_at FROM guest_answer WHERE member = $1 AND state = 'waiting'"
	    " ORDER BY received_at, number LIMIT $2",
	    CDR_VALUES(cdr_value_text(bag->member), cdr_value_int(bag->max)), bag_add, context);
}

/* see node/hub/guest.h */
cdr_err
cdr_hub_guest_fetch(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	const Cdr__Wire__GuestFetch *request = (const Cdr__Wire__GuestFetch *)call->message;
	Cdr__Wire__GuestBag reply = CDR__WIRE__GUEST_BAG__INIT;

	(void)fault;
	struct bag *bag = calloc(1, sizeof(*bag));
	if (bag == NULL)
		return CDR_E_MEMORY;
	bag->member = call->member->id;
	bag->max = request->max < CDR_GUEST_BAG_COUNT_MAX ? request->max : CDR_GUEST_BAG_COUNT_MAX;
	CDR_TRY(cdr_store_read(hub->store, fetch_job, bag));
	reply.answer = bag->at;
	reply.n_answer = bag->count;
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
	err = CDR_OK;
out:
	bag_free(bag);
	return err;
}

/* A writing job. What stays of an answer is that there was one: a late repeat from the browser is not a new one. */
static cdr_err
taken_job(struct cdr_tx *tx, void *context)
{
	const struct cdr_call *call = context;
	const Cdr__Wire__GuestTaken *taken = (const Cdr__Wire__GuestTaken *)call->message;

	for (size_t at = 0; at < taken->responses.len; at += CDR_ID_LEN) {
		cdr_err err = cdr_query_run(tx,
		    "UPDATE guest_answer SET state = 'taken', sealed = $1 WHERE response = $2 AND member = $3",
		    CDR_VALUES(cdr_value_blob(NULL, 0), cdr_value_blob(taken->responses.data + at, CDR_ID_LEN),
			cdr_value_text(call->member->id)));
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* see node/hub/guest.h */
cdr_err
cdr_hub_guest_taken(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	struct cdr_hub *hub = context;
	struct cdr_call job_call = *call;
	size_t len = ((const Cdr__Wire__GuestTaken *)call->message)->responses.len;

	(void)answer;
	if (len % CDR_ID_LEN != 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "the id of an answer has %d bytes", CDR_ID_LEN);
	if (len / CDR_ID_LEN > CDR_GUEST_TAKEN_COUNT_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "at most %d answers are taken at once", CDR_GUEST_TAKEN_COUNT_MAX);
	return cdr_store_write(hub->store, taken_job, &job_call);
}

/* ---- the page ------------------------------------------------------------------------------------------------------------ */

static cdr_err
setting_read(struct cdr_tx *tx, const char *name, char *value, size_t size)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx, "SELECT value FROM setting WHERE name = $1", CDR_VALUES(cdr_value_text(name)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, value, size));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
setting_write(struct cdr_tx *tx, const char *name, const char *value)
{
	cdr_err err = cdr_query_run(tx, "DELETE FROM setting WHERE name = $1", CDR_VALUES(cdr_value_text(name)));

	return err != CDR_OK ? err : cdr_query_run(tx, "INSERT INTO setting (name, value) VALUES ($1, $2)",
	    CDR_VALUES(cdr_value_text(name), cdr_value_text(value)));
}

/* What is published, and what was. */
struct publishing {
	const char *url;
	uint64_t now;
	uint8_t hash[CDR_SHA256_LEN];
	char page[2 * CDR_SHA256_LEN + CDR_URL_LEN_MAX + 2]; /* "HASH URL" */
};

static cdr_err
log_page(struct cdr_tx *tx, const struct publishing *p)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_leaf leaf = { .kind = CDR_LEAF_GUEST_PAGE, .at = p->now };
	struct cdr_hub_logged logged = { 0 };
	const struct cdr_bytes parts[] = { { p->hash, sizeof(p->hash) }, { (const uint8_t *)p->url, strlen(p->url) } };
	char place[24];

	cdr_leaf_party_add(&leaf, "hub");
	CDR_TRY(cdr_leaf_content(leaf.kind, parts, 2, leaf.content));
	CDR_TRY(cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ NULL, 0 }, &logged));
	(void)snprintf(place, sizeof(place), "%llu", (unsigned long long)logged.position);
	CDR_TRY(setting_write(tx, CDR_HUB_GUEST_PLACE, place));
	CDR_TRY(setting_write(tx, CDR_HUB_GUEST_PAGE, p->page));
out:
	cdr_hub_logged_free(&logged);
	return err;
}

/* A writing job. */
static cdr_err
publish_job(struct cdr_tx *tx, void *context)
{
	struct publishing *p = context;
	char known[sizeof(p->page)] = "";

	cdr_err err = setting_read(tx, CDR_HUB_GUEST_PAGE, known, sizeof(known));
	if (err != CDR_OK && err != CDR_E_ABSENT)
		return err;
	err = strcmp(known, p->page) == 0 ? CDR_OK : log_page(tx, p);
	return err != CDR_OK ? err : setting_write(tx, CDR_HUB_GUEST_URL, p->url);
}

/* see node/hub/guest.h */
cdr_err
cdr_hub_guest_publish(struct cdr_hub *hub, const char *url, uint64_t now)
{
	struct publishing p = { .url = url, .now = now };
	char hex[2 * CDR_SHA256_LEN + 1];

	cdr_err err = cdr_web_page_hash((struct cdr_bytes){ NULL, 0 }, p.hash);
	if (err != CDR_OK)
		return err;
	cdr_hex_write(p.hash, sizeof(p.hash), hex);
	(void)snprintf(p.page, sizeof(p.page), "%s %s", hex, url);
	return cdr_store_write(hub->store, publish_job, &p);
}

/* Where guests go, which page it is, and the leaf that says so. */
struct published {
	char url[CDR_URL_LEN_MAX + 1];
	char page[2 * CDR_SHA256_LEN + CDR_URL_LEN_MAX + 2];
	struct cdr_hub_logged logged;
};

/* A reading job. */
static cdr_err
published_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct published *p = context;
	char place[24];

	cdr_hub_logged_free(&p->logged);
	CDR_TRY(setting_read(tx, CDR_HUB_GUEST_URL, p->url, sizeof(p->url)));
	CDR_TRY(setting_read(tx, CDR_HUB_GUEST_PAGE, p->page, sizeof(p->page)));
	CDR_TRY(setting_read(tx, CDR_HUB_GUEST_PLACE, place, sizeof(place)));
	CDR_TRY(cdr_hub_log_read(tx, strtoull(place, NULL, 10), &p->logged));
out:
	return err;
}

/* see node/hub/guest.h */
cdr_err
cdr_hub_guest_page(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	struct published published = { .url = "" };
	struct cdr_hub_receipt receipt;
	uint8_t hash[CDR_SHA256_LEN];
	Cdr__Wire__GuestPage reply = CDR__WIRE__GUEST_PAGE__INIT;

	(void)call;
	err = cdr_store_read(hub->store, published_job, &published);
	if (err == CDR_E_ABSENT)
		cdr_fault_set(fault, err, "this hub has no page for guests: use the file for e-mail");
	CDR_TRY(err);
	/* The hash that the log names, whichever process serves the page. */
	published.page[2 * CDR_SHA256_LEN] = '\0';
	CDR_TRY(cdr_hex_read(published.page, hash, sizeof(hash)));
	CDR_TRY(cdr_hub_receipt_make(hub, &published.logged, &receipt));
	reply.url = published.url;
	reply.hash = cdr_message_field(hash, sizeof(hash));
	reply.receipt = &receipt.message;
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
	err = CDR_OK;
out:
	cdr_hub_logged_free(&published.logged);
	return err;
}

/* ---- browsers -------------------------------------------------------------------------------------------------------------- */

struct reading {
	const uint8_t *id;
	uint64_t now;
	struct cdr_buffer *sealed;
	uint64_t *answered_at;
};

/* A reading job. */
static cdr_err
read_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct reading *reading = context;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx, "SELECT sealed, (SELECT coalesce(max(received_at), 0) FROM guest_answer WHERE guest_answer.id = guest.id) FROM guest"
	    " WHERE id = $1 AND state <> 'withdrawn' AND expires_at > $2 AND length(sealed) > 0",
	    CDR_VALUES(cdr_value_blob(reading->id, CDR_ID_LEN), cdr_value_int((int64_t)reading->now)), &query));
	CDR_TRY(cdr_query_step(query));
	cdr_buffer_free(reading->sealed);
	CDR_TRY(cdr_query_blob_copy(query, 0, CDR_GUEST_REQUEST_SEALED_LEN, reading->sealed));
	CDR_TRY(cdr_query_count(query, 1, reading->answered_at));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/hub/guest.h */
cdr_err
cdr_hub_guest_read(struct cdr_hub *hub, const uint8_t id[static CDR_ID_LEN], uint64_t now, struct cdr_buffer *sealed,
    uint64_t *answered_at)
{
	struct reading reading = { .id = id, .now = now, .sealed = sealed, .answered_at = answered_at };

	*sealed = (struct cdr_buffer){ 0 };
	return cdr_store_read(hub->store, read_job, &reading);
}

struct answering {
	const uint8_t *id, *response, *sealed;
	uint8_t hash[CDR_SHA256_LEN];
	uint64_t now;
};

/* Whether this answer was here before: with the same content (CDR_OK), another (CDR_E_EXISTS), not (CDR_E_ABSENT). */
static cdr_err
find_answer(struct cdr_tx *tx, const struct answering *answering)
{
	uint8_t hash[CDR_SHA256_LEN];

	cdr_err err = cdr_query_one_blob(tx, "SELECT hash FROM guest_answer WHERE id = $1 AND response = $2",
	    CDR_VALUES(cdr_value_blob(answering->id, CDR_ID_LEN), cdr_value_blob(answering->response, CDR_ID_LEN)), hash,
	    sizeof(hash));
	return err == CDR_OK && memcmp(hash, answering->hash, sizeof(hash)) != 0 ? CDR_E_EXISTS : err;
}

/* A writing job. */
static cdr_err
answer_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct answering *answering = context;
	struct cdr_value id = cdr_value_blob(answering->id, CDR_ID_LEN);
	struct entry entry;
	int64_t count;

	CDR_TRY(read_entry(tx, id, &entry));
	if (strcmp(entry.state, "withdrawn") == 0 || entry.expires_at <= answering->now)
		return CDR_E_ABSENT;
	err = find_answer(tx, answering);
	if (err != CDR_E_ABSENT)
		return err;
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM guest_answer WHERE id = $1", CDR_VALUES(id), &count));
	if (count >= CDR_HUB_GUEST_ANSWER_MAX)
		return CDR_E_QUOTA;
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO guest_answer (id, response, number, member, state, sealed, hash, received_at)"
	    " VALUES ($1, $2, $3, $4, 'waiting', $5, $6, $7)",
	    CDR_VALUES(id, cdr_value_blob(answering->response, CDR_ID_LEN), cdr_value_int(count + 1),
		cdr_value_text(entry.member), cdr_value_blob(answering->sealed, CDR_GUEST_ANSWER_SEALED_LEN),
		cdr_value_blob(answering->hash, CDR_SHA256_LEN), cdr_value_int((int64_t)answering->now))));
	CDR_TRY(cdr_query_run(tx, "UPDATE guest SET state = 'answered' WHERE id = $1", CDR_VALUES(id)));
	err = CDR_OK;
out:
	return err;
}

/* see node/hub/guest.h */
cdr_err
cdr_hub_guest_answer(struct cdr_hub *hub, const uint8_t id[static CDR_ID_LEN], const uint8_t response[static CDR_ID_LEN],
    const uint8_t *sealed, uint64_t now)
{
	struct answering answering = { .id = id, .response = response, .sealed = sealed, .now = now };
	struct cdr_bytes part = { sealed, CDR_GUEST_ANSWER_SEALED_LEN };

	cdr_err err = cdr_sha256(&part, 1, answering.hash);
	return err != CDR_OK ? err : cdr_store_write(hub->store, answer_job, &answering);
}

/* see node/hub/guest.h */
cdr_err
cdr_hub_guest_expire(struct cdr_tx *tx, uint64_t now, uint64_t days)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t span = days * CDR_HUB_DAY_S;
	struct cdr_value old = cdr_value_int(now > span ? (int64_t)(now - span) : 0);

	CDR_TRY(cdr_query_run(tx, "UPDATE guest SET sealed = $1 WHERE length(sealed) > 0 AND expires_at <= $2",
	    CDR_VALUES(cdr_value_blob(NULL, 0), cdr_value_int((int64_t)now))));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM guest_answer WHERE id IN (SELECT id FROM guest WHERE expires_at <= $1)",
	    CDR_VALUES(old)));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM guest WHERE expires_at <= $1", CDR_VALUES(old)));
	err = CDR_OK;
out:
	return err;
}
