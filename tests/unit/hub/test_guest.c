/* Requests to guests: fetched by whoever knows the id, answered, taken once; what is over is over, and looks like what never was. */
#include "tests/unit/hub/exchange.h"

#include "audit/leaf.h"
#include "node/hub/guest.h"
#include "node/hub/guest_visit.h"
#include "node/hub/sweep.h"
#include "node/web/page.h"

#define DAY 86400

struct world {
	struct exchange *x;
	struct x_party a, b;
	struct cdr_hub_guests guests;
	uint8_t sealed[CDR_GUEST_REQUEST_SEALED_LEN];
	uint8_t parcel[2 * CDR_ID_LEN + CDR_GUEST_ANSWER_SEALED_LEN];
	uint64_t now_ms;
};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->x = x_new();
	x_enrol(w->x, "aa", &w->a);
	x_enrol(w->x, "bb", &w->b);
	memset(w->sealed, 0x5e, sizeof(w->sealed));
	memset(w->parcel, 0x7a, sizeof(w->parcel));
	cdr_hub_guests_init(&w->guests, w->x->hub, true);
	assert_int_equal(cdr_hub_guest_publish(w->x->hub, "https://guests.example/guest", w->x->now), CDR_OK);
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

static const char *
put(struct world *w, const struct x_party *by, uint8_t id, size_t len, uint64_t expires_at)
{
	Cdr__Wire__GuestPut request = CDR__WIRE__GUEST_PUT__INIT;
	uint8_t bytes[CDR_ID_LEN];

	memset(bytes, id, sizeof(bytes));
	request.id = cdr_message_field(bytes, sizeof(bytes));
	request.sealed = cdr_message_field(w->sealed, len);
	request.expires_at = expires_at;
	return x_try(w->x, by, "/v1/guest/put", &request.base, &cdr__wire__empty__descriptor);
}

static const char *
put_ok(struct world *w, uint8_t id)
{
	return put(w, &w->a, id, sizeof(w->sealed), w->x->now + 30 * DAY);
}

static const char *
withdraw(struct world *w, const struct x_party *by, uint8_t id)
{
	Cdr__Wire__GuestWithdraw request = CDR__WIRE__GUEST_WITHDRAW__INIT;
	uint8_t bytes[CDR_ID_LEN];

	memset(bytes, id, sizeof(bytes));
	request.id = cdr_message_field(bytes, sizeof(bytes));
	return x_try(w->x, by, "/v1/guest/withdraw", &request.base, &cdr__wire__empty__descriptor);
}

/* Fetch as ${by}: how many answers; of the first, its id's first byte in ${response}. */
static size_t
fetch(struct world *w, const struct x_party *by, uint8_t *response)
{
	Cdr__Wire__GuestFetch request = CDR__WIRE__GUEST_FETCH__INIT;
	struct x_reply reply;

	request.max = 100;
	assert_int_equal(x_call(w->x, by, "/v1/guest/fetch", &request.base, &cdr__wire__guest_bag__descriptor, &reply), 200);
	const Cdr__Wire__GuestBag *bag = reply.message;
	size_t count = bag->n_answer;
	for (size_t i = 0; i < count; i++)
		assert_int_equal(bag->answer[i]->sealed.len, CDR_GUEST_ANSWER_SEALED_LEN);
	if (count > 0 && response != NULL)
		*response = bag->answer[0]->response.data[0];
	x_reply_free(&reply);
	return count;
}

static const char *
take(struct world *w, const struct x_party *by, uint8_t response)
{
	Cdr__Wire__GuestTaken request = CDR__WIRE__GUEST_TAKEN__INIT;
	uint8_t bytes[CDR_ID_LEN];

	memset(bytes, response, sizeof(bytes));
	request.responses = cdr_message_field(bytes, sizeof(bytes));
	return x_try(w->x, by, "/v1/guest/taken", &request.base, &cdr__wire__empty__descriptor);
}

/* One visit of a browser; what it gets stays in ${reply}. */
/* Another address each time, so that nobody is held to a rate. */
static uint8_t
next_visitor(void)
{
	static uint8_t visitor;

	return visitor++;
}

static int
visit(struct world *w, const char *path, bool is_get, struct cdr_bytes body, uint8_t visitor, struct cdr_buffer *reply)
{
	uint8_t name[CDR_PIN_LEN];
	const char *fields = NULL;
	struct cdr_server_visit v = { .path = path, .is_get = is_get, .body = body, .visitor = name };

	memset(name, visitor, sizeof(name));
	*reply = (struct cdr_buffer){ 0 };
	int status = cdr_hub_guest_visit(&w->guests, &v, w->x->now, w->now_ms, reply, &fields);
	assert_non_null(fields);
	assert_non_null(strstr(fields, "nosniff"));
	return status;
}

static uint64_t answered_at; /* what the last look said */

/* What a link to ${id} gives now. */
static int
look(struct world *w, uint8_t id)
{
	uint8_t bytes[CDR_ID_LEN];
	struct cdr_buffer reply;

	memset(bytes, id, sizeof(bytes));
	int status = visit(w, "/guest/request", false, (struct cdr_bytes){ bytes, sizeof(bytes) }, next_visitor(), &reply);
	if (status == 200) {
		assert_int_equal(reply.len, 8 + sizeof(w->sealed));
		assert_memory_equal(reply.data + 8, w->sealed, sizeof(w->sealed));
		answered_at = 0;
		for (size_t i = 0; i < 8; i++)
			answered_at = answered_at << 8 | reply.data[i];
	}
	if (status != 200)
		assert_int_equal(reply.len, 0);
	cdr_buffer_free(&reply);
	return status;
}

static int
answer(struct world *w, uint8_t id, uint8_t response)
{
	struct cdr_buffer reply;

	memset(w->parcel, id, CDR_ID_LEN);
	memset(w->parcel + CDR_ID_LEN, response, CDR_ID_LEN);
	int status = visit(w, "/guest/answer", false, (struct cdr_bytes){ w->parcel, sizeof(w->parcel) }, next_visitor(), &reply);
	assert_int_equal(reply.len, 0);
	return status;
}

/* ---- the life of a request -------------------------------------------------------------------------------------------- */

static void
test_life(void **state)
{
	struct world *w = *state;
	uint8_t first = 0;

	assert_int_equal(look(w, 1), 404);
	assert_string_equal(put_ok(w, 1), "ok");
	assert_string_equal(put_ok(w, 1), "ok");
	assert_int_equal(look(w, 1), 200);
	assert_int_equal(look(w, 1), 200);
	assert_int_equal(answered_at, 0);
	assert_int_equal(answer(w, 1, 10), 200);
	assert_int_equal(answer(w, 1, 10), 200);
	/* Who answered may look again, and is told when that was. */
	assert_int_equal(look(w, 1), 200);
	assert_int_equal(answered_at, w->x->now);
	assert_int_equal(fetch(w, &w->b, NULL), 0);
	assert_int_equal(fetch(w, &w->a, &first), 1);
	assert_int_equal(first, 10);
	/* Nobody takes what is another's; what was taken is gone, and a late repeat of it is no new answer. */
	assert_string_equal(take(w, &w->b, 10), "ok");
	assert_int_equal(fetch(w, &w->a, NULL), 1);
	assert_string_equal(take(w, &w->a, 10), "ok");
	assert_string_equal(take(w, &w->a, 10), "ok");
	assert_int_equal(fetch(w, &w->a, NULL), 0);
	assert_int_equal(answer(w, 1, 10), 200);
	assert_int_equal(fetch(w, &w->a, NULL), 0);
	/* A correction is; the same id with another content is not. */
	assert_int_equal(answer(w, 1, 11), 200);
	assert_int_equal(fetch(w, &w->a, &first), 1);
	assert_int_equal(first, 11);
	w->parcel[100] ^= 1;
	assert_int_equal(answer(w, 1, 11), 409);
	for (uint8_t i = 12; i < 10 + CDR_HUB_GUEST_ANSWER_MAX; i++)
		assert_int_equal(answer(w, 1, i), 200);
	assert_int_equal(answer(w, 1, 99), 429);
	/* That the id was used stays, also once it has ended. */
	assert_string_equal(withdraw(w, &w->a, 1), "ok");
	assert_int_equal(look(w, 1), 404);
	assert_string_equal(put_ok(w, 1), "ok");
	assert_int_equal(look(w, 1), 404);
}

static void
test_end(void **state)
{
	struct world *w = *state;

	assert_string_equal(put_ok(w, 1), "ok");
	assert_string_equal(put_ok(w, 2), "ok");
	assert_string_equal(withdraw(w, &w->b, 1), "ok");
	assert_int_equal(look(w, 1), 200);
	assert_string_equal(withdraw(w, &w->a, 1), "ok");
	assert_string_equal(withdraw(w, &w->a, 1), "ok");
	assert_int_equal(look(w, 1), 404);
	assert_int_equal(answer(w, 1, 10), 404);
	assert_string_equal(put_ok(w, 1), "ok");
	assert_int_equal(look(w, 1), 404);
	/* An expired one looks like one that never was; in time everything of it goes. */
	w->x->now += 30 * DAY - 1;
	assert_int_equal(look(w, 2), 200);
	w->x->now += 1;
	assert_int_equal(look(w, 2), 404);
	assert_int_equal(answer(w, 2, 20), 404);
	assert_int_equal(look(w, 3), 404);
	assert_int_equal(answer(w, 3, 20), 404);
	w->x->now += 61 * DAY;
	assert_int_equal(cdr_hub_sweep(w->x->hub, w->x->now, NULL), CDR_OK);
	assert_string_equal(put_ok(w, 2), "ok");
	assert_int_equal(look(w, 2), 200);
}

static void
test_refused(void **state)
{
	struct world *w = *state;
	uint64_t now = w->x->now;

	assert_string_equal(put(w, &w->a, 1, sizeof(w->sealed) - 1, now + DAY), "range");
	assert_string_equal(put(w, &w->a, 1, sizeof(w->sealed), now), "range");
	assert_string_equal(put(w, &w->a, 1, sizeof(w->sealed), now + (CDR_GUEST_DAYS_MAX + 1) * (uint64_t)DAY), "range");
	assert_string_equal(put_ok(w, 1), "ok");
	assert_string_equal(put(w, &w->b, 1, sizeof(w->sealed), now + 30 * DAY), "exists");
	assert_string_equal(put(w, &w->a, 1, sizeof(w->sealed), now + 31 * DAY), "exists");
	w->sealed[0] ^= 1;
	assert_string_equal(put_ok(w, 1), "exists");
	w->sealed[0] ^= 1;
	assert_int_equal(look(w, 1), 200);
}

/* ---- browsers ----------------------------------------------------------------------------------------------------------- */

static void
test_visit(void **state)
{
	struct world *w = *state;
	struct cdr_buffer reply;
	const struct cdr_bytes none = { NULL, 0 }, some = { w->parcel, 7 };

	assert_int_equal(visit(w, "/guest", true, none, 1, &reply), 200);
	assert_int_equal(reply.len, cdr_web_page().len);
	cdr_buffer_free(&reply);
	assert_int_equal(visit(w, "/guest", false, none, 1, &reply), 405);
	assert_int_equal(visit(w, "/guest/request", true, none, 1, &reply), 405);
	assert_int_equal(visit(w, "/guest/request", false, some, 1, &reply), 400);
	assert_int_equal(visit(w, "/guest/answer", false, some, 1, &reply), 400);
	assert_int_equal(visit(w, "/guest/list", false, none, 1, &reply), 404);
	assert_non_null(strstr(w->guests.page_fields, "script-src 'sha256-"));
	assert_non_null(strstr(w->guests.page_fields, "frame-ancestors 'none'"));
	assert_null(strstr(w->guests.page_fields, "unsafe"));
	assert_non_null(strstr(w->guests.page_gzip_fields, "Content-Encoding: gzip"));
	assert_non_null(strstr(w->guests.page_gzip_fields, "nosniff"));
}

/* One visitor is held to a rate; another one is not. */
static void
test_rate(void **state)
{
	struct world *w = *state;
	struct cdr_buffer reply;
	uint8_t id[CDR_ID_LEN] = { 0 };
	const struct cdr_bytes body = { id, sizeof(id) };
	int allowed = 0;

	while (allowed < 1000 && visit(w, "/guest/request", false, body, 1, &reply) == 404)
		allowed++;
	assert_int_equal(allowed, 60);
	assert_int_equal(visit(w, "/guest/request", false, body, 2, &reply), 404);
	w->now_ms += 999;
	assert_int_equal(visit(w, "/guest/request", false, body, 1, &reply), 429);
	w->now_ms += 1;
	assert_int_equal(visit(w, "/guest/request", false, body, 1, &reply), 404);
	assert_int_equal(visit(w, "/guest/request", false, body, 1, &reply), 429);
	w->now_ms += 3600000;
	for (allowed = 0; visit(w, "/guest/request", false, body, 1, &reply) == 404; allowed++)
		;
	assert_int_equal(allowed, 60);
}

/* ---- the hub's word about its page ------------------------------------------------------------------------------------- */

static void
test_page(void **state)
{
	struct world *w = *state;
	Cdr__Wire__Empty empty = CDR__WIRE__EMPTY__INIT;
	struct x_reply reply;
	struct cdr_leaf leaf;
	uint8_t own[CDR_SHA256_LEN], hash[CDR_MERKLE_HASH_LEN], content[CDR_LEAF_CONTENT_LEN];
	uint64_t position = 0;

	assert_int_equal(cdr_web_page_hash((struct cdr_bytes){ NULL, 0 }, own), CDR_OK);
	for (int again = 0; again < 3; again++) {
		assert_int_equal(x_call(w->x, &w->a, "/v1/guest/page", &empty.base, &cdr__wire__guest_page__descriptor, &reply), 200);
		const Cdr__Wire__GuestPage *page = reply.message;
		struct cdr_bytes parts[] = { cdr_message_bytes(page->hash), { (uint8_t *)page->url, strlen(page->url) } };
		assert_memory_equal(page->hash.data, own, sizeof(own));
		assert_int_equal(cdr_receipt_read(page->receipt, w->x->hub->genesis, w->x->hub_party.signing, &leaf, hash), CDR_OK);
		assert_int_equal(leaf.kind, CDR_LEAF_GUEST_PAGE);
		assert_int_equal(cdr_leaf_content(leaf.kind, parts, 2, content), CDR_OK);
		assert_memory_equal(leaf.content, content, sizeof(content));
		/* The same page at the same place is one leaf, another place another one. */
		if (again == 1)
			assert_int_equal(page->receipt->position, position);
		if (again == 2)
			assert_true(page->receipt->position > position);
		position = page->receipt->position;
		x_reply_free(&reply);
		assert_int_equal(cdr_hub_guest_publish(w->x->hub, again == 0 ? "https://guests.example/guest" : "https://other.example/guest",
		    w->x->now), CDR_OK);
	}
}

/* A hub without such a listener says so. */
static void
test_no_page(void **state)
{
	struct exchange *x = x_new();
	struct world w = { .x = x };
	Cdr__Wire__Empty empty = CDR__WIRE__EMPTY__INIT;

	(void)state;
	x_enrol(x, "aa", &w.a);
	assert_string_equal(x_try(x, &w.a, "/v1/guest/page", &empty.base, &cdr__wire__guest_page__descriptor), "absent");
	assert_string_equal(put(&w, &w.a, 1, sizeof(w.sealed), x->now + DAY), "absent");
	x_free(x);
}

/* Where a hub may send guests, and have nodes look. */
static void
test_url(void **state)
{
	static const char *const good[] = { "https://guests.example.org/guest", "https://guests.example.org:8443/guest", "http://127.0.0.1:80/guest",
		"http://[::1]:80/guest", "http://localhost:80/guest" };
	static const char *const bad[] = { "", "https://", "https:///guest", "http://guests.example.org/guest", "http://192.168.0.1/guest",
		"http://127.0.0.1.evil.example/guest", "https://guests.example.org/", "https://guests.example.org/reboot", "https://guests.example.org/guest?x",
		"https://guests.example.org/guest#x", "https://a@guests.example.org/guest", "https://guests.example.org/guest\nand more",
		"https://guests.example.org/../guest", "https://\xe2\x80\xae.example/guest", "file:///guest", "HTTPS://guests.example.org/guest" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!cdr_web_guest_url_is_valid(good[i]))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (cdr_web_guest_url_is_valid(bad[i]))
			fail_msg("%s", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_life, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_visit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_page, setup, teardown),
		cmocka_unit_test(test_no_page),
		cmocka_unit_test(test_url),
	};

	cdr_log_set_level(CDR_LOG_ERROR);
	return cmocka_run_group_tests_name("hub guests", tests, NULL, NULL);
}
