/* What a lying client can send: another's name, another's certificate, an envelope for another path, far too much. */
#include "tests/unit/hub/exchange.h"

struct world {
	struct exchange *x;
	struct x_party a, b;
};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->x = x_new();
	x_enrol(w->x, "aa", &w->a);
	x_enrol(w->x, "bb", &w->b);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	x_free(w->x);
	free(w);
	return 0;
}

/* Fetch mail as ${signer}, signed with the key of ${key}, from a connection of ${peer}. */
static const char *
fetch_as(struct world *w, const char *signer, const struct x_party *key, const struct x_party *peer)
{
	static char code[32];
	struct x_party party = *key;
	Cdr__Wire__MailFetch fetch = CDR__WIRE__MAIL_FETCH__INIT;
	struct x_reply reply;

	memcpy(party.pin, peer->pin, sizeof(party.pin));
	int status = x_call_as(w->x, &party, signer, "/v1/mail/fetch", &fetch.base, &cdr__wire__mail_bag__descriptor, &reply);
	(void)snprintf(code, sizeof(code), "%s", status == 200 ? "ok" : reply.code);
	x_reply_free(&reply);
	return code;
}

static void
name_key_and_certificate_belong_together(void **state)
{
	struct world *w = *state;

	assert_string_equal(fetch_as(w, "member/aa", &w->a, &w->a), "ok");
	assert_string_equal(fetch_as(w, "member/aa", &w->a, &w->b), "refused");   /* another's certificate */
	assert_string_equal(fetch_as(w, "member/aa", &w->b, &w->a), "signature"); /* another's key */
	assert_string_equal(fetch_as(w, "member/aa", &w->b, &w->b), "refused");   /* another's name */
	assert_string_equal(fetch_as(w, "member/zz", &w->a, &w->a), "refused");
	assert_string_equal(fetch_as(w, "new", &w->a, &w->a), "refused");
	assert_string_equal(fetch_as(w, "", &w->a, &w->a), "refused");
	assert_string_equal(fetch_as(w, "hub", &w->x->hub_party, &w->x->hub_party), "refused");
	assert_string_equal(fetch_as(w, "trustee/1", &w->x->trustee[0], &w->x->trustee[0]), "refused");
}

/* Make a signed request of ${len} zero bytes of body. */
static struct cdr_buffer
sign(struct world *w, const struct x_party *party, const char *path, const uint8_t *genesis, struct cdr_bytes body)
{
	struct cdr_signer signer = { party->signer, party->seed, genesis };
	struct cdr_buffer request = { 0 };

	(void)w;
	assert_int_equal(cdr_envelope_request(&signer, path, body, (struct cdr_bytes){ NULL, 0 }, &request), CDR_OK);
	return request;
}

/* Send bytes to ${path} from ${a}'s connection: the HTTP status, and the code in ${code}. */
static int
send_bytes(struct world *w, const char *path, const struct cdr_buffer *request, char code[static 32])
{
	struct x_reply reply;

	int status = x_send(w->x, path, cdr_buffer_bytes(request), w->a.pin, &cdr__wire__empty__descriptor, &reply);
	memcpy(code, reply.code, 32);
	x_reply_free(&reply);
	return status;
}

static void
an_envelope_is_for_one_path_and_one_exchange(void **state)
{
	struct world *w = *state;
	char code[32];
	static const uint8_t id[] = { 0x0a, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	const struct cdr_bytes body = { id, sizeof(id) }; /* as well a CheckClose as a MailTaken */
	static const uint8_t other_exchange[CDR_GENESIS_HASH_LEN] = { 1 };

	struct cdr_buffer request = sign(w, &w->a, "/v1/check/close", w->x->hub->genesis, body);
	assert_int_equal(send_bytes(w, "/v1/check/close", &request, code), 200);
	assert_int_equal(send_bytes(w, "/v1/check/close", &request, code), 200); /* a repeat is harmless */
	assert_int_equal(send_bytes(w, "/v1/mail/taken", &request, code), 403);
	assert_string_equal(code, "signature");
	assert_int_equal(send_bytes(w, "/v1/check/closed", &request, code), 404);
	assert_string_equal(code, "absent");
	assert_int_equal(send_bytes(w, "", &request, code), 404);
	cdr_buffer_free(&request);

	request = sign(w, &w->a, "/v1/check/close", other_exchange, body);
	assert_int_equal(send_bytes(w, "/v1/check/close", &request, code), 403);
	assert_string_equal(code, "signature");
	cdr_buffer_free(&request);
}

static void
every_bit_is_signed(void **state)
{
	struct world *w = *state;
	char code[32];
	static const uint8_t id[] = { 0x0a, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	struct cdr_buffer request = sign(w, &w->a, "/v1/check/close", w->x->hub->genesis, (struct cdr_bytes){ id, sizeof(id) });

	for (size_t i = 0; i < request.len; i++) {
		request.data[i] ^= 1;
		assert_int_not_equal(send_bytes(w, "/v1/check/close", &request, code), 200);
		request.data[i] ^= 1;
	}
	assert_int_equal(send_bytes(w, "/v1/check/close", &request, code), 200);
	cdr_buffer_free(&request);
}

static void
too_much_is_refused(void **state)
{
	struct world *w = *state;
	char code[32];

	for (size_t i = 0; i < cdr_hub_route_count; i++) {
		const struct cdr_route *route = &cdr_hub_routes[i];
		struct cdr_buffer big = { calloc(1, route->request_max + 1), route->request_max + 1 };
		assert_non_null(big.data);
		assert_int_equal(send_bytes(w, route->path, &big, code), 413);
		big.len--;
		assert_int_equal(send_bytes(w, route->path, &big, code), 400);
		assert_string_equal(code, "input");
		big.len = 0;
		assert_int_equal(send_bytes(w, route->path, &big, code), 400);
		big.len = 1;
		cdr_buffer_free(&big);
	}
}

/* The largest message of every kind fits under its route's limit, with its envelope. */
static void
the_largest_messages_fit(void **state)
{
	(void)state;
	const size_t envelope = 200;
	struct {
		const char *path;
		size_t body;
	} largest[] = {
		{ "/v1/index/put", CDR_INDEX_ROWS_MAX * CDR_INDEX_ROW_LEN + CDR_INDEX_ROWS_MAX / 16 * CDR_INDEX_EXPIRY_LEN +
			CDR_INDEX_REMOVED_MAX * CDR_HANDLE_LEN + 64 },
		{ "/v1/check/open", CDR_CHECK_ROWS_MAX * CDR_CHECK_ROW_LEN + 64 },
		{ "/v1/mail/post", CDR_MAIL_SEALED_LEN + 160 },
		{ "/v1/mail/taken", CDR_MAIL_TAKEN_COUNT_MAX * CDR_MAIL_ID_LEN + 8 },
		{ "/v1/ceremony/post", CDR_HUB_CEREMONY_CONTENT_MAX + 64 },
		{ "/v1/ceremony/result", 3 * 40 + 16 * 35 + 64 },
		{ "/v1/join", CDR_PARTY_NAME_LEN_MAX + 200 },
	};

	for (size_t i = 0; i < sizeof(largest) / sizeof(largest[0]); i++) {
		size_t k = 0;
		while (k < cdr_hub_route_count && strcmp(cdr_hub_routes[k].path, largest[i].path) != 0)
			k++;
		assert_true(k < cdr_hub_route_count);
		assert_true(largest[i].body + envelope <= cdr_hub_routes[k].request_max);
	}
	/* And the largest replies fit where members and trustees read them. */
	assert_true(CDR_MAIL_BAG_COUNT_MAX * (CDR_MAIL_SEALED_LEN + 160) + envelope <= CDR_BODY_MAIL_BAG_MAX);
	assert_true(3 * CDR_TRUSTEE_COUNT_MAX * (CDR_HUB_CEREMONY_CONTENT_MAX + 64) + envelope <= CDR_BODY_CEREMONY_BAG_MAX);
}

/* A body of another type, or with trailing fields, is refused by every route after its signature held. */
static void
bodies_of_another_type_are_refused(void **state)
{
	struct world *w = *state;
	char code[32];
	static const uint8_t unknown_field[] = { 0xf8, 0x07, 0x01 }; /* field 127 */

	for (size_t i = 0; i < cdr_hub_route_count; i++) {
		const struct cdr_route *route = &cdr_hub_routes[i];
		if ((route->callers & CDR_CALLER_MEMBER) == 0)
			continue;
		struct cdr_buffer request = sign(w, &w->a, route->path, w->x->hub->genesis,
		    (struct cdr_bytes){ unknown_field, sizeof(unknown_field) });
		assert_int_equal(send_bytes(w, route->path, &request, code), 400);
		assert_string_equal(code, "input");
		cdr_buffer_free(&request);
	}
}

static const struct cdr_roster *
hold_nothing(void *context)
{
	(void)context;
	return NULL;
}

/* A hub that cannot read its database believes nobody, and does not say that they are unknown. */
static void
without_a_roster_everybody_waits(void **state)
{
	struct world *w = *state;
	char code[32];
	struct cdr_buffer request = sign(w, &w->a, "/v1/genesis", w->x->hub->genesis, (struct cdr_bytes){ NULL, 0 });

	w->x->service.hold = hold_nothing;
	assert_string_equal(fetch_as(w, "member/aa", &w->a, &w->a), "busy");
	assert_int_equal(send_bytes(w, "/v1/genesis", &request, code), 503);
	cdr_buffer_free(&request);
}

static void
notes_of_misuse_are_bounded(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < CDR_HUB_MISUSE_MAX + 20; i++) {
		uint8_t subject[2] = { (uint8_t)(i >> 8), (uint8_t)i };
		cdr_hub_misuse_note(w->x->hub, "member/aa", "test", (struct cdr_bytes){ subject, sizeof(subject) }, X_NOW, "%d", i);
	}
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM misuse WHERE party = 'member/aa'"), CDR_HUB_MISUSE_MAX);
	cdr_hub_misuse_note(w->x->hub, "member/bb", "test", (struct cdr_bytes){ NULL, 0 }, X_NOW, "another party's are kept");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM misuse WHERE party = 'member/bb'"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(name_key_and_certificate_belong_together, setup, teardown),
		cmocka_unit_test_setup_teardown(an_envelope_is_for_one_path_and_one_exchange, setup, teardown),
		cmocka_unit_test_setup_teardown(every_bit_is_signed, setup, teardown),
		cmocka_unit_test_setup_teardown(too_much_is_refused, setup, teardown),
		cmocka_unit_test(the_largest_messages_fit),
		cmocka_unit_test_setup_teardown(bodies_of_another_type_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_roster_everybody_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(notes_of_misuse_are_bounded, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
