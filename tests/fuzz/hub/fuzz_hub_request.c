/*
 * Everything that a party of an exchange can send to its hub, in a row: an input is a list of messages
 *
 *     sender 1, path 1, length 2 (big-endian), body
 *
 * and each body is signed as its sender would sign it, or, from the last kind of sender, sent as it is; senders from 128 on sign for the
 * sealing key in it, too. So inputs reach
 * the handlers, and state that one message leaves is met by the next. After each input the hub is empty again.
 *
 * Properties: every request is answered by a signed reply; a fault of the hub's own (500) never comes; what the hub
 * counts agrees with what it stores; nothing that a single party sends changes the roster.
 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <string.h>

/* The exchange of the unit tests, with plain assertions in place of cmocka's. */
#include "tests/unit/plain.h"
#include "tests/unit/hub/exchange.h"

#include "proto/sealing.h"

#define MESSAGES_MAX 16
#define SEALING_PATH "/v1/member/sealing"

static struct exchange *x;
static struct x_party aa, bb, nobody;
static uint64_t version;

static void
stop(void)
{
	x_free(x);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	x = x_new();
	cdr_log_set_level(CDR_LOG_ERROR + 1);
	x_enrol(x, "aa", &aa);
	x_enrol(x, "bb", &bb);
	x_epoch(x);
	x_party_make(&nobody, "new");
	version = x_version(x);
	(void)atexit(stop);
	return 0;
}

static const struct x_party *
sender(uint8_t which)
{
	const struct x_party *senders[] = { &aa, &bb, &x->trustee[0], &x->trustee[1], &nobody, &x->hub_party };

	return which < sizeof(senders) / sizeof(senders[0]) ? senders[which] : NULL;
}

/* The paths that seeds name, in the order of seeds_hub_request.py, whatever is added to the hub; behind them all that it has. */
static const char *const paths[] = { "/v1/genesis", "/v1/roster", "/v1/join", "/v1/roster/proposal", "/v1/roster/countersign",
	"/v1/ceremony/post", "/v1/ceremony/fetch", "/v1/ceremony/result", "/v1/index/put", "/v1/check/open", "/v1/check/close",
	"/v1/mail/post", "/v1/mail/fetch", "/v1/mail/taken", SEALING_PATH };

static const char *
path_of(uint8_t at)
{
	const size_t known = sizeof(paths) / sizeof(paths[0]);

	return at < known ? paths[at] : cdr_hub_routes[(at - known) % cdr_hub_route_count].path;
}

/* A sealing key that its sender has signed for in truth, whatever its number, time and bytes: ${body} with that signature in it. */
static void
sign_sealing_key(const struct x_party *party, struct cdr_bytes body, struct cdr_buffer *out)
{
	struct cdr_arena arena = { 0 };
	uint8_t signature[CDR_SIGNATURE_LEN];
	Cdr__Wire__SealingPut *put;

	if (cdr_message_decode(&arena, &cdr__wire__sealing_put__descriptor, body, &put) == CDR_OK && put->sealing_key.len == CDR_HPKE_PUBLIC_LEN) {
		const struct cdr_sealing_claim claim = { .hub_key = x->hub_party.signing, .member = party->signer + strlen("member/"),
			.number = put->sealing->number, .made_at = put->sealing->made_at, .sealing_key = put->sealing_key.data };
		assert(cdr_sealing_sign(party->seed, &claim, signature) == CDR_OK);
		put->sealing->signature = cdr_message_field(signature, sizeof(signature));
		assert(cdr_message_encode(&put->base, out) == CDR_OK);
	} else {
		assert(cdr_buffer_copy(body, out) == CDR_OK);
	}
	cdr_arena_free(&arena);
}

/* Send one message and look at what comes back. */
static void
send_message(uint8_t from, uint8_t path_at, struct cdr_bytes body)
{
	const char *path = path_of(path_at);
	const struct x_party *party = sender(from % 7);
	struct cdr_buffer vouched = { 0 };
	struct cdr_buffer request = { 0 };
	struct x_reply reply;

	if (party != NULL && from >= 128 && strcmp(path, SEALING_PATH) == 0 && strncmp(party->signer, "member/", 7) == 0) {
		sign_sealing_key(party, body, &vouched);
		body = cdr_buffer_bytes(&vouched);
	}
	if (party == NULL) {
		party = &aa;
		assert(cdr_buffer_copy(body, &request) == CDR_OK);
	} else {
		struct cdr_signer signer = { party->signer, party->seed, x->hub->genesis };
		assert(cdr_envelope_request(&signer, path, body, (struct cdr_bytes){ NULL, 0 }, &request) == CDR_OK);
	}
	struct cdr_request call = { .path = path, .bytes = cdr_buffer_bytes(&request), .pin = party->pin, .now = x->now };
	reply = (struct x_reply){ 0 };
	reply.status = cdr_dispatch(&x->service, &call, &reply.bytes);
	assert(reply.status != 500);
	assert(cdr_envelope_open(cdr_buffer_bytes(&reply.bytes), &reply.envelope) == CDR_OK);
	assert(cdr_envelope_verify_reply(&reply.envelope, x->hub_party.signing, x->hub->genesis, path,
		   cdr_buffer_bytes(&request)) == CDR_OK);
	x_reply_free(&reply);
	cdr_buffer_free(&request);
	cdr_buffer_free(&vouched);
}

static cdr_err
empty_job(struct cdr_tx *tx, void *context)
{
	static const char *const sql[] = { "DELETE FROM index_row", "DELETE FROM index_page",
		"DELETE FROM index_change", "DELETE FROM index_member", "DELETE FROM index_root", "DELETE FROM index_secret",
		"DELETE FROM index_end", "DELETE FROM closed_check", "DELETE FROM guest", "DELETE FROM guest_answer", "DELETE FROM annual",
		"DELETE FROM person", "DELETE FROM holding",
		"DELETE FROM index_batch", "DELETE FROM open_check", "DELETE FROM mail", "DELETE FROM mail_taken",
		"DELETE FROM ceremony_message", "DELETE FROM key_outcome WHERE number > 1", "DELETE FROM misuse",
		"DELETE FROM sealing_roll", "DELETE FROM countersignature", "DELETE FROM proposal", "DELETE FROM evaluation", "DELETE FROM spent" };

	(void)context;
	for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++) {
		cdr_err err = cdr_query_run(tx, sql[i], CDR_VALUES());
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t at = 0;

	for (int i = 0; i < MESSAGES_MAX && len - at >= 4; i++) {
		size_t body_len = (size_t)data[at + 2] << 8 | data[at + 3];
		if (body_len > len - at - 4)
			body_len = len - at - 4;
		send_message(data[at], data[at + 1], (struct cdr_bytes){ data + at + 4, body_len });
		at += 4 + body_len;
	}
	assert(x_count(x, "SELECT count(*) FROM index_row") ==
	    x_count(x, "SELECT COALESCE(sum(index_rows), 0) FROM holding"));
	assert(x_count(x, "SELECT count(*) FROM person") == x_count(x, "SELECT COALESCE(sum(people), 0) FROM holding"));
	assert(x_count(x, "SELECT count(*) FROM member") == 2);
	assert(x_count(x, "SELECT count(*) FROM sealing_roll WHERE number < 1 OR length(sealing_key) <> 65 OR length(signature) <> 64") == 0);
	assert(x_version(x) == version);
	assert(cdr_store_write(x->store, empty_job, NULL) == CDR_OK);
	return 0;
}
