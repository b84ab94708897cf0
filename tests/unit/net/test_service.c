#include "tests/unit/unit.h"

#include "core/crypto/secret.h"
#include "node/net/service.h"

/* A request that reached the handler. */
static int call_count;

static cdr_err
count_call(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	(void)context;
	(void)answer;
	(void)fault;
	assert_int_equal(call->pin[0], 7);
	assert_true(call->now > 1700000000);
	call_count++;
	return CDR_OK;
}

static const struct cdr_roster *
hold_none(void *context)
{
	(void)context;
	return NULL;
}

static void
release_none(void *context, const struct cdr_roster *roster)
{
	(void)context;
	(void)roster;
}

/* From the server's side to the handler and back: limits by path, the pin, the status, a signed reply. */
static void
test_joint(void **state)
{
	static const uint8_t seed[CDR_SIGN_SEED_LEN] = { 1 }, genesis[CDR_GENESIS_HASH_LEN] = { 2 }, pin[CDR_PIN_LEN] = { 7 };
	const struct cdr_route routes[] = {
		{ .path = "/v1/open", .callers = CDR_CALLER_ANYONE, .request_max = 500, .type = &cdr__wire__empty__descriptor,
		    .handle = count_call },
	};
	const struct cdr_service service = { .routes = routes, .route_count = 1, .signer = { "hub", seed, genesis },
		.hold = hold_none, .release = release_none };
	const struct cdr_signer asker = { "new", seed, genesis };
	const struct cdr_bytes empty = { NULL, 0 };
	struct cdr_server_app app = cdr_service_app(&service);
	struct cdr_buffer request, reply = { NULL, 0 };
	struct cdr_envelope envelope = { 0 };
	uint8_t public_key[CDR_SIGN_PUBLIC_LEN];

	(void)state;
	assert_int_equal(app.body_max(app.context, "/v1/open"), 500);
	assert_int_equal(app.body_max(app.context, "/v1/other"), 0);
	assert_int_equal(cdr_sign_public(seed, public_key), CDR_OK);
	assert_int_equal(cdr_envelope_request(&asker, "/v1/open", empty, empty, &request), CDR_OK);
	assert_int_equal(app.handle(app.context, "/v1/open", cdr_buffer_bytes(&request), pin, &reply), 200);
	assert_int_equal(call_count, 1);
	assert_int_equal(cdr_envelope_open(cdr_buffer_bytes(&reply), &envelope), CDR_OK);
	assert_int_equal(cdr_envelope_verify_reply(&envelope, public_key, genesis, "/v1/open", cdr_buffer_bytes(&request)),
	    CDR_OK);
	cdr_envelope_free(&envelope);
	cdr_buffer_free(&reply);
	assert_int_equal(app.handle(app.context, "/v1/open", empty, pin, &reply), 400);
	assert_true(reply.len > 0); /* a signed refusal */
	cdr_buffer_free(&reply);
	cdr_buffer_free(&request);
}

static int
start(void **state)
{
	(void)state;
	return cdr_secret_start(NULL) == CDR_OK ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_joint),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
