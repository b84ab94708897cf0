/* Messages between trustees, and the epoch that comes of them. */
#include "tests/unit/hub/exchange.h"

#include "proto/ceremony.h"
#include "node/hub/sweep.h"

static uint8_t ceremony[CDR_CEREMONY_ID_LEN];

static int
setup(void **state)
{
	struct exchange *x = x_new();

	x_ceremony(x, CDR_KEY_TAGS, 1, 1, NULL, ceremony); /* the same as in x_key_result */
	*state = x;
	return 0;
}

/* Post as trustee ${index} (from 0): "ok" or the code of the refusal. */
static const char *
post(struct exchange *x, size_t index, uint32_t round, uint32_t from, uint32_t to, const char *content)
{
	Cdr__Wire__CeremonyMessage message = CDR__WIRE__CEREMONY_MESSAGE__INIT;

	message.ceremony = cdr_message_field(ceremony, sizeof(ceremony));
	message.round = round;
	message.from = from;
	message.to = to;
	message.content = cdr_message_field(content, strlen(content));
	return x_try(x, &x->trustee[index], "/v1/ceremony/post", &message.base, &cdr__wire__empty__descriptor);
}

/* How many messages of ${round} trustee ${index} is given. */
static size_t
fetch(struct exchange *x, size_t index, uint32_t round)
{
	Cdr__Wire__CeremonyFetch request = CDR__WIRE__CEREMONY_FETCH__INIT;
	struct x_reply reply;

	request.ceremony = cdr_message_field(ceremony, sizeof(ceremony));
	request.round = round;
	assert_int_equal(x_call(x, &x->trustee[index], "/v1/ceremony/fetch", &request.base,
	    &cdr__wire__ceremony_messages__descriptor, &reply), 200);
	size_t count = ((const Cdr__Wire__CeremonyMessages *)reply.message)->n_message;
	x_reply_free(&reply);
	return count;
}

static void
messages_reach_whom_they_are_for(void **state)
{
	struct exchange *x = *state;

	assert_string_equal(post(x, 0, 1, 1, 0, "to all"), "ok");
	assert_string_equal(post(x, 0, 1, 1, 2, "to the second"), "ok");
	assert_string_equal(post(x, 0, 2, 1, 0, "another round"), "ok");
	assert_string_equal(post(x, 1, 1, 2, 0, "to all"), "ok");
	assert_int_equal(fetch(x, 0, 1), 3); /* its own two, and the other's to all */
	assert_int_equal(fetch(x, 1, 1), 3);
	assert_int_equal(fetch(x, 2, 1), 2);
	assert_int_equal(fetch(x, 2, 2), 1);
	assert_int_equal(fetch(x, 2, 3), 0);
}

static void
one_message_for_a_place(void **state)
{
	struct exchange *x = *state;

	assert_string_equal(post(x, 0, 1, 1, 0, "first"), "ok");
	assert_string_equal(post(x, 0, 1, 1, 0, "first"), "ok");
	assert_string_equal(post(x, 0, 1, 1, 0, "second"), "exists");
	assert_int_equal(x_count(x, "SELECT count(*) FROM misuse WHERE party = 'trustee/1' AND kind = 'ceremony'"), 1);
	assert_int_equal(x_count(x, "SELECT count(*) FROM ceremony_message"), 1);
}

static void
messages_have_bounds(void **state)
{
	struct exchange *x = *state;
	struct x_party member;
	Cdr__Wire__CeremonyMessage message = CDR__WIRE__CEREMONY_MESSAGE__INIT;
	Cdr__Wire__CeremonyFetch request = CDR__WIRE__CEREMONY_FETCH__INIT;
	uint8_t *big = calloc(1, CDR_HUB_CEREMONY_CONTENT_MAX + 1);
	const ProtobufCMessageDescriptor *empty = &cdr__wire__empty__descriptor;

	assert_string_equal(post(x, 0, 1, 2, 0, "in the name of another"), "refused");
	assert_string_equal(post(x, 0, 0, 1, 0, "no round"), "range");
	assert_string_equal(post(x, 0, CDR_HUB_CEREMONY_ROUND_MAX + 1, 1, 0, "no round"), "range");
	assert_string_equal(post(x, 0, 1, 1, X_TRUSTEES + 1, "to nobody"), "range");
	assert_string_equal(post(x, 0, 1, 1, 0, ""), "range");
	assert_non_null(big);
	message.ceremony = cdr_message_field(ceremony, sizeof(ceremony));
	message.round = 1;
	message.from = 1;
	message.content = cdr_message_field(big, CDR_HUB_CEREMONY_CONTENT_MAX + 1);
	assert_string_equal(x_try(x, &x->trustee[0], "/v1/ceremony/post", &message.base, empty), "range");
	message.content.len--;
	assert_string_equal(x_try(x, &x->trustee[0], "/v1/ceremony/post", &message.base, empty), "ok");
	message.ceremony.len--;
	assert_string_equal(x_try(x, &x->trustee[0], "/v1/ceremony/post", &message.base, empty), "input");
	request.ceremony = message.ceremony;
	assert_string_equal(x_try(x, &x->trustee[0], "/v1/ceremony/fetch", &request.base,
	    &cdr__wire__ceremony_messages__descriptor), "input");
	/* Members have no business here. */
	message.ceremony.len++;
	x_enrol(x, "aa", &member);
	assert_string_equal(x_try(x, &member, "/v1/ceremony/post", &message.base, empty), "refused");
	free(big);
}

/* A writing job: the newest roster brought other trustees, behind all that was said so far. */
static cdr_err
others_came(struct cdr_tx *tx, void *context)
{
	(void)context;
	cdr_err err = cdr_query_run(tx, "UPDATE roster SET logged = (SELECT max(place) FROM log_leaf), in_force_at = in_force_at + 60", CDR_VALUES());

	return err == CDR_OK ? cdr_query_run(tx, "INSERT INTO trustees_changed (version) VALUES (0)", CDR_VALUES()) : err;
}

static void
a_trustee_cannot_fill_the_disk(void **state)
{
	struct exchange *x = *state;
	int stored = 0;

	for (int i = 0; i < 2 * CDR_HUB_CEREMONY_SENDER_MAX; i++) {
		memset(ceremony, 0, sizeof(ceremony));
		ceremony[0] = (uint8_t)(i >> 8);
		ceremony[1] = (uint8_t)i;
		const char *code = post(x, 0, 1, 1, 0, "x");
		if (strcmp(code, "ok") != 0) {
			assert_string_equal(code, "quota");
			break;
		}
		stored++;
	}
	assert_int_equal(stored, CDR_HUB_CEREMONY_SENDER_MAX);
	assert_string_equal(post(x, 1, 1, 2, 0, "another trustee is not hindered"), "ok");
	/* Nor whoever comes in its place. */
	assert_int_equal(cdr_store_write(x->store, others_came, NULL), CDR_OK);
	x->now += 60;
	assert_string_equal(post(x, 0, 1, 1, 0, "a successor"), "ok");
	assert_int_equal(cdr_hub_sweep(x->hub, X_NOW + 31 * UINT64_C(86400), NULL), CDR_OK);
	assert_int_equal(x_count(x, "SELECT count(*) FROM ceremony_message"), 0);
}

static void
enough_results_make_an_epoch(void **state)
{
	struct exchange *x = *state;

	assert_string_equal(post(x, 0, 1, 1, 0, "offer"), "ok");
	assert_string_equal(x_result(x, 0, 1, 7), "ok");
	assert_string_equal(x_result(x, 0, 1, 7), "ok");
	assert_false(x_countersign(x, 0)); /* one is not enough */
	assert_string_equal(x_result(x, 1, 1, 8), "ok"); /* another result does not count with it */
	assert_false(x_countersign(x, 0));
	assert_string_equal(x_result(x, 2, 1, 7), "ok");
	x_approve(x);
	assert_int_equal(x_version(x), 1);
	const struct cdr_roster *roster = cdr_hub_roster_hold(x->hub);
	assert_int_equal(roster->body->n_epoch, 1);
	assert_int_equal(roster->body->epoch[0]->starts_at, X_NOW);
	assert_int_equal(roster->body->epoch[0]->ends_at, X_NOW + 365 * UINT64_C(86400));
	assert_int_equal(roster->body->epoch[0]->public_key.data[1], 7);
	cdr_hub_roster_release(x->hub, roster);
	/* The second trustee changes its mind: noted, and the messages stay for it. */
	assert_string_equal(x_result(x, 1, 1, 7), "exists");
	assert_int_equal(x_count(x, "SELECT count(*) FROM misuse WHERE party = 'trustee/2' AND kind = 'result'"), 1);
	assert_int_equal(x_count(x, "SELECT count(*) FROM ceremony_message"), 1);
	/* In the log: the genesis roster, what each trustee said, once, the roster, and what it does. */
	assert_int_equal(x_count(x, "SELECT count(*) FROM log_leaf"), 1 + 3 + 1 + 1);
	assert_int_equal(x_count(x, "SELECT count(*) FROM log_leaf, key_outcome WHERE place = logged"), 3);
	assert_int_equal(x_count(x, "SELECT logged FROM roster WHERE version = 1"), 4);
}

static void
a_late_result_changes_nothing(void **state)
{
	struct exchange *x = *state;

	assert_string_equal(post(x, 0, 1, 1, 0, "offer"), "ok");
	assert_string_equal(x_result(x, 0, 1, 7), "ok");
	assert_string_equal(x_result(x, 1, 1, 7), "ok");
	assert_true(x_countersign(x, 0));
	assert_string_equal(x_result(x, 2, 1, 7), "ok"); /* must not make the countersignatures start over */
	assert_int_equal(x_count(x, "SELECT count(*) FROM countersignature"), 1);
	assert_true(x_countersign(x, 1));
	assert_int_equal(x_version(x), 1);
	assert_int_equal(x_count(x, "SELECT count(*) FROM ceremony_message"), 0); /* all have the key */
	assert_string_equal(x_result(x, 2, 1, 7), "ok");
	assert_string_equal(x_result(x, 0, 3, 7), "epoch");
	assert_string_equal(x_result(x, 0, 2, 7), "ok");
}

/* A key of trustees some of whom have left is proposed no more, whenever those who stayed say it, and does not stand in the way of what those make who came. */
static void
a_key_of_former_trustees_is_none(void **state)
{
	struct exchange *x = *state;
	static char url[] = "https://127.0.0.1:2";
	uint8_t former[CDR_CEREMONY_ID_LEN], second[CDR_CEREMONY_ID_LEN];

	x_ceremony(x, CDR_KEY_TAGS, 1, 1, url, former);
	x_ceremony(x, CDR_KEY_TAGS, 1, 2, NULL, second);
	for (size_t i = 0; i < X_THRESHOLD; i++)
		assert_string_equal(x_ceremony_result(x, i, CDR_KEY_TAGS, 1, 7, former), "ok");
	assert_false(x_countersign(x, 0));
	for (size_t i = 0; i < X_THRESHOLD; i++)
		assert_string_equal(x_key_result(x, i, CDR_KEY_STATISTICS, 1, 9), "ok");
	x_approve(x);
	const struct cdr_roster *roster = cdr_hub_roster_hold(x->hub);
	assert_int_equal(roster->body->n_epoch, 0);
	assert_int_equal(roster->body->n_statistics_key, 1);
	cdr_hub_roster_release(x->hub, roster);
	/* Theirs comes in beside it, whichever attempt it was. */
	for (size_t i = 0; i < X_THRESHOLD; i++)
		assert_string_equal(x_ceremony_result(x, i, CDR_KEY_TAGS, 1, 8, second), "ok");
	x_approve(x);
	roster = cdr_hub_roster_hold(x->hub);
	assert_int_equal(roster->body->n_epoch, 1);
	assert_int_equal(roster->body->epoch[0]->public_key.data[1], 8);
	cdr_hub_roster_release(x->hub, roster);
}

/* Who waits to be let in, for as long as people like, holds up no key. */
static void
a_key_does_not_wait_for_newcomers(void **state)
{
	struct exchange *x = *state;
	struct x_party member;
	uint8_t secret[CDR_HUB_INVITATION_SECRET_LEN];
	struct x_reply reply;

	x_party_make(&member, "member/aa");
	x_invite(x, "aa", secret);
	assert_int_equal(x_join(x, &member, secret, &reply), 200);
	x_reply_free(&reply);
	for (size_t i = 0; i < X_THRESHOLD; i++)
		assert_string_equal(x_result(x, i, 1, 7), "ok");
	x_approve(x);
	const struct cdr_roster *roster = cdr_hub_roster_hold(x->hub);
	assert_int_equal(roster->body->n_epoch, 1);
	assert_int_equal(roster->body->n_member, 0);
	cdr_hub_roster_release(x->hub, roster);
	/* And nobody is forgotten over it. */
	x_approve(x);
	roster = cdr_hub_roster_hold(x->hub);
	assert_int_equal(roster->body->n_member, 1);
	cdr_hub_roster_release(x->hub, roster);
}

/* Nor the end of an epoch, though the proposal that waits was made before it. */
static void
an_end_does_not_wait_for_newcomers(void **state)
{
	struct exchange *x = *state;
	struct x_party member;
	uint8_t secret[CDR_HUB_INVITATION_SECRET_LEN];
	struct x_reply reply;

	for (uint32_t number = 1; number <= 2; number++) {
		for (size_t i = 0; i < X_THRESHOLD; i++)
			assert_string_equal(x_result(x, i, number, (uint8_t)(6 + number)), "ok");
		x_approve(x);
	}
	x_party_make(&member, "member/aa");
	x_invite(x, "aa", secret);
	assert_int_equal(x_join(x, &member, secret, &reply), 200);
	x_reply_free(&reply);
	x->now += 61 * UINT64_C(86400);
	assert_int_equal(cdr_hub_sweep(x->hub, x->now, NULL), CDR_OK);
	x_approve(x);
	const struct cdr_roster *roster = cdr_hub_roster_hold(x->hub);
	assert_int_equal(roster->body->n_epoch, 1);
	assert_int_equal(roster->body->epoch[0]->number, 2);
	assert_int_equal(roster->body->n_member, 0);
	cdr_hub_roster_release(x->hub, roster);
	x_approve(x);
}

static void
keys_of_two_kinds_come_in_together(void **state)
{
	struct exchange *x = *state;

	for (size_t i = 0; i < X_THRESHOLD; i++) {
		assert_string_equal(x_key_result(x, i, CDR_KEY_STATISTICS, 1, 9), "ok");
		assert_string_equal(x_result(x, i, 1, 7), "ok");
	}
	assert_string_equal(x_key_result(x, 0, CDR_KEY_STATISTICS, 3, 9), "epoch");
	assert_string_equal(x_key_result(x, 0, CDR_KEY_STATISTICS, 1, 8), "exists");
	assert_string_equal(x_key_result(x, 0, (enum cdr_key_kind)3, 1, 8), "input");
	x_approve(x);
	assert_int_equal(x_version(x), 1);
	const struct cdr_roster *roster = cdr_hub_roster_hold(x->hub);
	assert_int_equal(roster->body->n_epoch, 1);
	assert_int_equal(roster->body->n_statistics_key, 1);
	assert_int_equal(roster->body->epoch[0]->public_key.data[1], 7);
	assert_int_equal(roster->body->statistics_key[0]->public_key.data[1], 9);
	assert_int_equal(roster->body->statistics_key[0]->ends_at, X_NOW + 485 * UINT64_C(86400));
	cdr_hub_roster_release(x->hub, roster);
}

static void
malformed_results_are_refused(void **state)
{
	struct exchange *x = *state;
	Cdr__Wire__CeremonyResult result = CDR__WIRE__CEREMONY_RESULT__INIT;
	Cdr__Wire__CeremonyKey key = CDR__WIRE__CEREMONY_KEY__INIT;
	uint8_t bytes[CDR_POINT_LEN] = { 2 };
	ProtobufCBinaryData share[X_TRUSTEES];

	key.kind = CDR_KEY_TAGS;
	result.ceremony = cdr_message_field(bytes, 32);
	result.act = CDR_CEREMONY_MAKE;
	result.key = &key;
	key.number = 1;
	key.scheme_version = key.transcript = cdr_message_field(bytes, 32);
	key.public_key = cdr_message_field(bytes, CDR_POINT_LEN);
	key.public_share = share;
	key.n_public_share = X_TRUSTEES - 1;
	for (size_t i = 0; i < X_TRUSTEES; i++)
		share[i] = cdr_message_field(bytes, CDR_POINT_LEN);
	assert_string_equal(x_try(x, &x->trustee[0], "/v1/ceremony/result", &result.base, &cdr__wire__logged__descriptor), "input");
	key.n_public_share = X_TRUSTEES;
	share[1].len--;
	assert_string_equal(x_try(x, &x->trustee[0], "/v1/ceremony/result", &result.base, &cdr__wire__logged__descriptor), "input");
	share[1].len++;
	key.transcript.len--;
	assert_string_equal(x_try(x, &x->trustee[0], "/v1/ceremony/result", &result.base, &cdr__wire__logged__descriptor), "input");
	key.transcript.len++;
	key.number = 0;
	assert_string_equal(x_try(x, &x->trustee[0], "/v1/ceremony/result", &result.base, &cdr__wire__logged__descriptor), "epoch");
	key.number = 1;
	assert_string_equal(x_try(x, &x->trustee[0], "/v1/ceremony/result", &result.base, &cdr__wire__logged__descriptor), "ok");
}

/* What came of a ceremony is a leaf for ever: one trustee has so many a day, and the others theirs beside. */
static void
one_trustee_does_not_fill_the_log(void **state)
{
	struct exchange *x = *state;
	Cdr__Wire__CeremonyResult result = CDR__WIRE__CEREMONY_RESULT__INIT;
	Cdr__Wire__CeremonyKey key = CDR__WIRE__CEREMONY_KEY__INIT;
	uint8_t bytes[CDR_POINT_LEN] = { 2 }, id[CDR_CEREMONY_ID_LEN] = { 0 };
	ProtobufCBinaryData share[X_TRUSTEES];
	int taken = 0;
	char code[64];

	for (size_t i = 0; i < X_TRUSTEES; i++)
		share[i] = cdr_message_field(bytes, CDR_POINT_LEN);
	key.kind = CDR_KEY_TAGS;
	key.number = 1;
	key.scheme_version = key.transcript = cdr_message_field(bytes, 32);
	key.public_key = cdr_message_field(bytes, CDR_POINT_LEN);
	key.public_share = share;
	key.n_public_share = X_TRUSTEES;
	result.act = CDR_CEREMONY_MAKE;
	result.key = &key;
	for (int i = 0; i < CDR_HUB_RESULTS_A_DAY + 5; i++) {
		id[0] = (uint8_t)(i >> 8);
		id[1] = (uint8_t)i;
		result.ceremony = cdr_message_field(id, sizeof(id));
		(void)snprintf(code, sizeof(code), "%s", x_try(x, &x->trustee[0], "/v1/ceremony/result", &result.base, &cdr__wire__logged__descriptor));
		taken += strcmp(code, "ok") == 0;
	}
	assert_int_equal(taken, CDR_HUB_RESULTS_A_DAY);
	assert_string_equal(code, "quota");
	assert_int_equal(x_count(x, "SELECT count(*) FROM key_outcome"), CDR_HUB_RESULTS_A_DAY);
	/* What it said before it may say again; and the next trustee is heard. */
	id[1] = 0;
	assert_string_equal(x_try(x, &x->trustee[0], "/v1/ceremony/result", &result.base, &cdr__wire__logged__descriptor), "ok");
	id[1] = 200;
	assert_string_equal(x_try(x, &x->trustee[1], "/v1/ceremony/result", &result.base, &cdr__wire__logged__descriptor), "ok");
	x->now += CDR_HUB_DAY_S + 1;
	assert_string_equal(x_try(x, &x->trustee[0], "/v1/ceremony/result", &result.base, &cdr__wire__logged__descriptor), "ok");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(messages_reach_whom_they_are_for, setup, x_teardown),
		cmocka_unit_test_setup_teardown(one_message_for_a_place, setup, x_teardown),
		cmocka_unit_test_setup_teardown(messages_have_bounds, setup, x_teardown),
		cmocka_unit_test_setup_teardown(a_trustee_cannot_fill_the_disk, setup, x_teardown),
		cmocka_unit_test_setup_teardown(enough_results_make_an_epoch, setup, x_teardown),
		cmocka_unit_test_setup_teardown(a_late_result_changes_nothing, setup, x_teardown),
		cmocka_unit_test_setup_teardown(a_key_of_former_trustees_is_none, setup, x_teardown),
		cmocka_unit_test_setup_teardown(a_key_does_not_wait_for_newcomers, setup, x_teardown),
		cmocka_unit_test_setup_teardown(an_end_does_not_wait_for_newcomers, setup, x_teardown),
		cmocka_unit_test_setup_teardown(keys_of_two_kinds_come_in_together, setup, x_teardown),
		cmocka_unit_test_setup_teardown(malformed_results_are_refused, setup, x_teardown),
		cmocka_unit_test_setup_teardown(one_trustee_does_not_fill_the_log, setup, x_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
