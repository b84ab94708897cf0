#include "tests/unit/member/world.h"

#include <pthread.h>

#include "node/member/hook.h"
#include "tests/net/sink.h"

/* Webhooks: where they may go, what they say and how it is signed, and that nobody loses an event who is away. */

static void
test_where(void **state)
{
	static const struct {
		const char *url;
		cdr_err err;
	} cases[] = {
		{ "https://ats.example.org/candor?x=1", CDR_OK }, { "http://127.0.0.1:9000/", CDR_OK }, { "http://localhost/a", CDR_OK }, { "http://[::1]:9", CDR_OK },
		{ "http://ats.example.org/", CDR_E_REFUSED }, { "http://127.0.0.1.example.org/", CDR_E_REFUSED }, { "http://localhost.example.org", CDR_E_REFUSED },
		{ "ftp://ats.example.org/", CDR_E_INPUT }, { "", CDR_E_INPUT }, { "https://", CDR_E_INPUT }, { "https:///a", CDR_E_INPUT },
		{ "https://user:secret@ats.example.org/", CDR_E_INPUT }, { "http://127.0.0.1@ats.example.org/", CDR_E_INPUT }, { "https://a/#b", CDR_E_INPUT },
		{ "https://a/\r\nX: y", CDR_E_INPUT }, { "https://a b/", CDR_E_INPUT },
	};
	struct cdr_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (cdr_hook_valid(cases[i].url, &fault) != cases[i].err)
			fail_msg("case %zu: %s", i, cases[i].url);
}

/* The same as: printf '1700000000.{}' | openssl mac -digest SHA256 -macopt hexkey:0101...01 HMAC */
static void
test_signature(void **state)
{
	uint8_t secret[CDR_HOOK_SECRET_LEN];
	char signature[96];

	(void)state;
	memset(secret, 1, sizeof(secret));
	assert_int_equal(cdr_hook_sign(secret, 1700000000, "{}", signature), CDR_OK);
	assert_string_equal(signature, "t=1700000000,v1=a690115105a3eee9b47d6123cad394cb56f2fc0d77094ae48169ee63dfb120e2");
}

static struct cdr_hook_sender *sender;

/* Until nothing is due and nothing is on its way. */
static void
settle(void)
{
	struct cdr_fault fault;
	bool worked = true;

	while (worked)
		assert_int_equal(cdr_hook_step(sender, 10, &worked, &fault), CDR_OK);
}

static uint8_t subject[CDR_ID_LEN] = "request number 1";

static cdr_err
event(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_hook_event(tx, CDR_HOOK_ANSWER, subject);
}

/* Nobody listens at the discard port of loopback: the event waits, longer each time, and is given up in the end. */
static void
test_away(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_fault fault;
	uint8_t secret[CDR_HOOK_SECRET_LEN];
	uint64_t number;

	assert_int_equal(cdr_hook_sender_new(m, &sender), CDR_OK);
	assert_int_equal(cdr_store_write(m->home->store, event, NULL), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM hook_event"), 0); /* nobody wants to hear */
	assert_int_equal(cdr_hook_add(m, "http://elsewhere.example/", &number, secret, &fault), CDR_E_REFUSED);
	assert_int_equal(cdr_hook_add(m, "http://127.0.0.1:9/", &number, secret, &fault), CDR_OK);
	assert_int_equal(cdr_store_write(m->home->store, event, NULL), CDR_OK);
	settle();
	assert_int_equal(w_count(m, "SELECT count(*) FROM hook_event WHERE tries = 1 AND not_before >= at + 10"), 1);
	w_run(m, "UPDATE hook_event SET not_before = not_before + 3600");
	settle(); /* not due */
	assert_int_equal(w_count(m, "SELECT tries FROM hook_event"), 1);
	w_run(m, "UPDATE hook_event SET not_before = 0, tries = 20");
	int64_t before = (int64_t)cdr_member_now();
	settle();
	int64_t after = (int64_t)cdr_member_now();
	assert_in_range(w_count(m, "SELECT not_before FROM hook_event"), before + CDR_HOOK_WAIT_MAX, after + CDR_HOOK_WAIT_MAX);
	w_run(m, "UPDATE hook_event SET not_before = 0, at = at - 300000");
	settle();
	assert_int_equal(w_count(m, "SELECT count(*) FROM hook_event"), 0); /* given up: gone, and counted */
	assert_int_equal(w_count(m, "SELECT given_up FROM hook"), 1);
	assert_int_equal(cdr_store_write(m->home->store, event, NULL), CDR_OK);
	/* Of its secret nothing stands in the table as it is. */
	assert_int_equal(w_count(m, "SELECT length(sealed) FROM hook"), CDR_HOOK_SECRET_LEN + CDR_SEAL_OVERHEAD);
	assert_int_equal(cdr_hook_remove(m, number + 1, &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_hook_remove(m, number, &fault), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM hook_event"), 0);
	cdr_hook_sender_free(sender);
	cdr_hook_sender_free(NULL);
}

/* Takes what it is sent, ${count} times. */
static void *
take(void *context)
{
	const int *listener = context;
	char data[4096];
	static const char answer[] = "HTTP/1.1 204 Taken\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

	for (int i = 0; i < 3; i++) {
		int fd = accept(*listener, NULL, NULL);
		assert_true(fd >= 0 && read(fd, data, sizeof(data)) > 0);
		assert_int_equal(write(fd, answer, sizeof(answer) - 1), sizeof(answer) - 1);
		(void)close(fd);
	}
	return NULL;
}

/* A receiver that takes the connection and never answers delays nobody but itself. */
static void
test_slow(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_fault fault;
	uint8_t secret[CDR_HOOK_SECRET_LEN];
	uint64_t number;
	uint16_t slow_port = 0, quick_port = 0;
	int slow = sink_listen(&slow_port), quick = sink_listen(&quick_port);
	char url[64];
	pthread_t thread;
	bool worked;

	assert_true(slow >= 0 && quick >= 0);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/slow", slow_port);
	assert_int_equal(cdr_hook_add(m, url, &number, secret, &fault), CDR_OK);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/quick", quick_port);
	assert_int_equal(cdr_hook_add(m, url, &number, secret, &fault), CDR_OK);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(cdr_store_write(m->home->store, event, NULL), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM hook_event"), 6);
	assert_int_equal(pthread_create(&thread, NULL, take, &quick), 0);
	assert_int_equal(cdr_hook_sender_new(m, &sender), CDR_OK);
	while (w_count(m, "SELECT count(*) FROM hook_event WHERE hook = 2") > 0)
		assert_int_equal(cdr_hook_step(sender, 10, &worked, &fault), CDR_OK);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM hook_event WHERE hook = 1 AND tries = 0"), 3);
	assert_true(worked); /* one is on its way yet; a daemon that ends here sends it again */
	cdr_hook_sender_free(sender);
	(void)close(slow);
	(void)close(quick);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_where), TEST(test_signature), TEST(test_away), TEST(test_slow) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
