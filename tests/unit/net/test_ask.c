#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/crypto/secret.h"
#include "node/net/ask.h"

/*
 * Asking a party: what is believed of what comes back. This file defines what node/net/client.h declares, so that the linker
 * takes it instead of libcurl: each test says what the "network" brings.
 */

static uint8_t hub_seed[CDR_SIGN_SEED_LEN] = { 1 }, hub_key[CDR_SIGN_PUBLIC_LEN], own_seed[CDR_SIGN_SEED_LEN] = { 2 };
static const uint8_t genesis[CDR_GENESIS_HASH_LEN] = { 3 };
static uint8_t pin[CDR_PIN_LEN] = { 4 };
static char hub_name[] = "Hub", hub_url[] = "https://127.0.0.1:1";
static Cdr__Wire__Party hub;
static const struct cdr_signer own = { "member/blue-harbour", own_seed, genesis };

/* What is played. */
struct played {
	int status;
	cdr_err err;                  /* of the client */
	const char *signer;           /* under which name it answers */
	const uint8_t *seed;          /* with which key */
	const char *path;             /* NULL: as asked */
	const uint8_t *genesis;       /* NULL: ours */
	const ProtobufCMessage *body;
	struct cdr_bytes attachment;
	struct cdr_bytes raw;         /* these bytes instead of a signed reply */
	struct cdr_bytes request;     /* signed as if this had been asked */
};
static struct played played[CDR_CLIENT_PARALLEL_MAX];
static struct cdr_client_post sent[CDR_CLIENT_PARALLEL_MAX];
static struct cdr_buffer sent_body[CDR_CLIENT_PARALLEL_MAX];
static size_t sent_count;

struct cdr_client {
	int nothing;
};
static struct cdr_client client;

cdr_err
cdr_client_new(const struct cdr_client_config *config, struct cdr_client **out, struct cdr_fault *fault)
{
	(void)config;
	(void)fault;
	*out = &client;
	return CDR_OK;
}

void
cdr_client_free(struct cdr_client *c)
{
	(void)c;
}

void
cdr_client_post_free(struct cdr_client_post *post)
{
	cdr_buffer_free(&post->reply);
}

static void
play(const struct played *p, struct cdr_client_post *post)
{
	struct cdr_signer signer = { p->signer, p->seed, p->genesis != NULL ? p->genesis : genesis };
	struct cdr_buffer body = { 0 };

	post->status = p->status;
	post->err = p->err;
	if (p->err != CDR_OK)
		(void)cdr_fault_set(&post->fault, p->err, "played");
	if (p->raw.data != NULL) {
		assert_int_equal(cdr_buffer_copy(p->raw, &post->reply), CDR_OK);
	} else if (p->body != NULL) {
		assert_int_equal(cdr_message_encode(p->body, &body), CDR_OK);
		assert_int_equal(cdr_envelope_reply(&signer, p->path != NULL ? p->path : post->path,
		    p->request.data != NULL ? p->request : post->body, cdr_buffer_bytes(&body), p->attachment, &post->reply), CDR_OK);
	}
	cdr_buffer_free(&body);
}

cdr_err
cdr_client_send(struct cdr_client *c, struct cdr_client_post *posts, size_t count)
{
	cdr_err first = CDR_OK;

	assert_ptr_equal(c, &client);
	sent_count = count;
	for (size_t i = 0; i < count; i++) {
		sent[i] = posts[i];
		cdr_buffer_free(&sent_body[i]);
		assert_int_equal(cdr_buffer_copy(posts[i].body, &sent_body[i]), CDR_OK);
		play(&played[i], &posts[i]);
		if (first == CDR_OK)
			first = posts[i].err;
	}
	return first;
}

static Cdr__Wire__JoinReply good_reply;
static char id[] = "blue-harbour", country[] = "KEN", active[] = "active";
static const Cdr__Wire__Empty empty = CDR__WIRE__EMPTY__INIT;

static int
setup(void **state)
{
	(void)state;
	if (cdr_secret_start(NULL) != CDR_OK || cdr_sign_public(hub_seed, hub_key) != CDR_OK)
		return -1;
	hub = (Cdr__Wire__Party)CDR__WIRE__PARTY__INIT;
	hub.name = hub_name;
	hub.url = hub_url;
	hub.signing_key = cdr_message_field(hub_key, sizeof(hub_key));
	hub.tls_pin = cdr_message_field(pin, sizeof(pin));
	good_reply = (Cdr__Wire__JoinReply)CDR__WIRE__JOIN_REPLY__INIT;
	good_reply.member_id = id;
	good_reply.country = country;
	good_reply.status = active;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < CDR_CLIENT_PARALLEL_MAX; i++)
		cdr_buffer_free(&sent_body[i]);
	return 0;
}

/* An ask of the hub, and the good answer to it, to be spoilt by the test. */
static struct cdr_ask
make(struct played *p)
{
	*p = (struct played){ .status = 200, .signer = "hub", .seed = hub_seed, .body = &good_reply.base };
	return (struct cdr_ask){
		.party = &hub, .party_signer = "hub", .path = "/v1/join", .reply_type = &cdr__wire__join_reply__descriptor
	};
}

/* Send one; what comes out must be told in a fault if it is an error. */
static cdr_err
send_one(struct cdr_ask *ask)
{
	cdr_err err = cdr_ask_send(&client, &own, ask, 1);

	assert_int_equal(ask->err, err);
	if (err != CDR_OK) {
		assert_int_equal(ask->fault.code, err);
		assert_true(ask->fault.text[0] != '\0');
		assert_null(ask->reply);
	}
	return err;
}

static void
test_answered(void **state)
{
	const uint8_t bulk[] = { 5, 6, 7 };
	struct cdr_envelope envelope;
	struct cdr_ask ask = make(&played[0]);

	(void)state;
	played[0].attachment = (struct cdr_bytes){ bulk, sizeof(bulk) };
	ask.attachment = (struct cdr_bytes){ bulk, 2 };
	assert_int_equal(send_one(&ask), CDR_OK);
	assert_true(ask.answered);
	assert_string_equal(((const Cdr__Wire__JoinReply *)ask.reply)->member_id, "blue-harbour");
	assert_int_equal(ask.reply_attachment.len, sizeof(bulk));
	assert_memory_equal(ask.reply_attachment.data, bulk, sizeof(bulk));
	/* What was sent: signed, to the right place, with the pin that the party must prove. */
	assert_string_equal(sent[0].url, hub_url);
	assert_string_equal(sent[0].path, "/v1/join");
	assert_ptr_equal(sent[0].pin, pin);
	assert_int_equal(sent[0].reply_max, CDR_BODY_SMALL_MAX);
	assert_int_equal(cdr_envelope_open(cdr_buffer_bytes(&sent_body[0]), &envelope), CDR_OK);
	uint8_t own_key[CDR_SIGN_PUBLIC_LEN];
	assert_int_equal(cdr_sign_public(own_seed, own_key), CDR_OK);
	assert_int_equal(cdr_envelope_verify_request(&envelope, own_key, genesis, "/v1/join"), CDR_OK);
	assert_string_equal(envelope.signer, "member/blue-harbour");
	assert_int_equal(envelope.attachment.len, 2);
	cdr_envelope_free(&envelope);
	cdr_ask_free(&ask);
	assert_null(ask.reply);
	assert_int_equal(ask.reply_attachment.len, 0);
	assert_string_equal(ask.path, "/v1/join");
}

/* The same ask again is the same bytes: a repeat that the party knows as one. */
static void
test_again(void **state)
{
	struct cdr_ask ask = make(&played[0]);
	struct cdr_buffer first;

	(void)state;
	played[0].err = CDR_E_TIME;
	played[0].body = NULL;
	played[0].status = 0;
	assert_int_equal(send_one(&ask), CDR_E_TIME);
	assert_false(ask.answered);
	assert_int_equal(cdr_buffer_copy(cdr_buffer_bytes(&sent_body[0]), &first), CDR_OK);
	(void)make(&played[0]);
	assert_int_equal(send_one(&ask), CDR_OK);
	assert_true(ask.answered);
	assert_int_equal(first.len, sent_body[0].len);
	assert_memory_equal(first.data, sent_body[0].data, first.len);
	/* And after an answer, too; what was borrowed from the first is gone, nothing leaks. */
	assert_int_equal(send_one(&ask), CDR_OK);
	assert_memory_equal(first.data, sent_body[0].data, first.len);
	cdr_buffer_free(&first);
	cdr_ask_free(&ask);
	/* Freed, it is signed anew. */
	assert_int_equal(send_one(&ask), CDR_OK);
	cdr_ask_free(&ask);
}

static void
test_default_type(void **state)
{
	struct cdr_ask ask = make(&played[0]);

	(void)state;
	ask.reply_type = NULL;
	ask.reply_max = 1U << 20;
	played[0].body = &empty.base;
	assert_int_equal(send_one(&ask), CDR_OK);
	assert_true(ask.answered);
	assert_int_equal(sent[0].reply_max, 1U << 20);
	cdr_ask_free(&ask);
}

/* A refusal is the party's word only if the party signed it. */
static void
test_refused(void **state)
{
	static const struct {
		const char *code;
		cdr_err err;
	} cases[] = {
		{ "quota", CDR_E_QUOTA }, { "absent", CDR_E_ABSENT }, { "busy", CDR_E_BUSY }, { "refused", CDR_E_REFUSED },
		{ "sequence", CDR_E_SEQUENCE }, { "ok", CDR_E_REFUSED }, { "unknown", CDR_E_REFUSED }, { "", CDR_E_REFUSED },
		{ "of a newer program", CDR_E_REFUSED },
	};
	char code[32], text[] = "it is used up until March";
	Cdr__Wire__Refusal refusal = CDR__WIRE__REFUSAL__INIT;

	(void)state;
	refusal.code = code;
	refusal.text = text;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cdr_ask ask = make(&played[0]);
		(void)snprintf(code, sizeof(code), "%s", cases[i].code);
		played[0].body = &refusal.base;
		played[0].status = 429;
		played[0].err = CDR_E_REFUSED;
		assert_int_equal(send_one(&ask), cases[i].err);
		assert_true(ask.answered);
		assert_non_null(strstr(ask.fault.text, text));
		assert_non_null(strstr(ask.fault.text, "hub"));
		played[0].seed = own_seed;
		assert_int_equal(send_one(&ask), CDR_E_SIGNATURE);
		assert_false(ask.answered);
		cdr_ask_free(&ask);
	}
	/* Signed, and no refusal. */
	struct cdr_ask ask = make(&played[0]);
	played[0].status = 400;
	played[0].err = CDR_E_REFUSED;
	assert_int_equal(send_one(&ask), CDR_E_INPUT);
	assert_false(ask.answered);
	cdr_ask_free(&ask);
	/* A refusal as a reply: another type. */
	ask = make(&played[0]);
	played[0].body = &refusal.base;
	assert_int_equal(send_one(&ask), CDR_E_INPUT);
	assert_false(ask.answered);
	cdr_ask_free(&ask);
}

/* A reply of somebody else, to something else, at another place, in another exchange, under another name, from before. */
static void
test_not_believed(void **state)
{
	static const uint8_t elsewhere[CDR_GENESIS_HASH_LEN] = { 9 }, before[] = { 1, 2, 3 }, junk[] = { 0xff, 0, 1 };

	(void)state;
	for (int way = 0; way < 6; way++) {
		struct cdr_ask ask = make(&played[0]);
		if (way == 0)
			played[0].seed = own_seed;
		if (way == 1)
			played[0].request = (struct cdr_bytes){ before, sizeof(before) };
		if (way == 2)
			played[0].path = "/v1/roster";
		if (way == 3)
			played[0].genesis = elsewhere;
		if (way == 4)
			played[0].signer = "trustee/1";
		if (way == 5)
			played[0].raw = (struct cdr_bytes){ junk, sizeof(junk) };
		assert_int_equal(send_one(&ask), CDR_E_SIGNATURE);
		assert_false(ask.answered);
		assert_int_equal(ask.reply_attachment.len, 0);
		cdr_ask_free(&ask);
	}
}

/* What failed on the way is the client's word. */
static void
test_on_the_way(void **state)
{
	static const cdr_err errs[] = { CDR_E_NETWORK, CDR_E_TIME, CDR_E_SIGNATURE, CDR_E_MEMORY };

	(void)state;
	for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
		struct cdr_ask ask = make(&played[0]);
		played[0] = (struct played){ .err = errs[i] };
		assert_int_equal(send_one(&ask), errs[i]);
		assert_false(ask.answered);
		assert_string_equal(ask.fault.text, "played");
		cdr_ask_free(&ask);
	}
	/* Status 503 with nothing behind it comes from the server, not from the party. */
	struct cdr_ask ask = make(&played[0]);
	played[0] = (struct played){ .err = CDR_E_BUSY, .status = 503 };
	assert_int_equal(send_one(&ask), CDR_E_BUSY);
	assert_false(ask.answered);
	cdr_ask_free(&ask);
}

/* Each of several has its own outcome; the first that failed is returned. */
static void
test_several(void **state)
{
	struct cdr_ask asks[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		asks[i] = make(&played[i]);
	played[1] = (struct played){ .err = CDR_E_NETWORK };
	played[3].seed = own_seed;
	assert_int_equal(cdr_ask_send(&client, &own, asks, 4), CDR_E_NETWORK);
	assert_int_equal(sent_count, 4);
	assert_int_equal(asks[0].err, CDR_OK);
	assert_int_equal(asks[1].err, CDR_E_NETWORK);
	assert_int_equal(asks[2].err, CDR_OK);
	assert_int_equal(asks[3].err, CDR_E_SIGNATURE);
	assert_non_null(asks[2].reply);
	for (size_t i = 0; i < 4; i++)
		cdr_ask_free(&asks[i]);
}

static void
test_counts(void **state)
{
	struct cdr_ask asks[CDR_CLIENT_PARALLEL_MAX + 1] = { 0 };

	(void)state;
	assert_int_equal(cdr_ask_send(&client, &own, asks, 0), CDR_E_RANGE);
	assert_int_equal(cdr_ask_send(&client, &own, asks, CDR_CLIENT_PARALLEL_MAX + 1), CDR_E_RANGE);
	cdr_ask_free(&asks[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answered),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_default_type),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_not_believed),
		cmocka_unit_test(test_on_the_way),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
