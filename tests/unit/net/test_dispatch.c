/* From a request's bytes to a signed reply: who gets through to a handler, and what the others are told. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "keys/roster_build.h"
#include "node/net/current.h"
#include "node/net/dispatch.h"

#define NOW 5000

/* Every party's keys: hub 0, trustees 1 .. 3, members 4 and 5, a newcomer 6. The pin is the signing key. */
#define PARTY_COUNT 7

struct world {
	uint8_t seed[PARTY_COUNT][CDR_SIGN_SEED_LEN], key[PARTY_COUNT][CDR_SIGN_PUBLIC_LEN];
	uint8_t sealing[CDR_HPKE_PUBLIC_LEN];
	struct cdr_roster *genesis;
	struct cdr_current *current;
	struct cdr_service service;

	/* What the callbacks do, and saw. */
	struct cdr_roster *newer;   /* comes into force at the next refresh */
	cdr_err admits, handles;
	int refresh_count, handle_count, failed_count, hold_count;
	cdr_err failed_err;
	char failed_text[CDR_FAULT_LEN], failed_signer[64];
	struct cdr_call seen;
	char seen_name[32];

	/* The last answer. */
	int status;
	char code[32], text[CDR_FAULT_LEN];
	size_t attachment_len;
};

static struct world *w;

/* ---- the callbacks ---------------------------------------------------------------------------------------------- */

static const struct cdr_roster *
hold(void *context)
{
	(void)context;
	w->hold_count++;
	return cdr_current_hold(w->current);
}

static void
release(void *context, const struct cdr_roster *roster)
{
	(void)context;
	w->hold_count -= roster != NULL ? 1 : 0;
	cdr_current_release(w->current, roster);
}

static bool
refresh(void *context)
{
	(void)context;
	w->refresh_count++;
	if (w->newer == NULL)
		return false;
	assert_int_equal(cdr_current_set(w->current, w->newer), CDR_OK);
	w->newer = NULL;
	return true;
}

static cdr_err
admit(void *context, const struct cdr_call *call, struct cdr_fault *fault)
{
	(void)context;
	(void)call;
	return w->admits == CDR_OK ? CDR_OK : cdr_fault_set(fault, w->admits, "not you");
}

static void
failed(void *context, const char *path, const char *signer, const struct cdr_fault *fault)
{
	(void)context;
	(void)path;
	w->failed_count++;
	w->failed_err = fault->code;
	(void)snprintf(w->failed_text, sizeof(w->failed_text), "%s", fault->text);
	(void)snprintf(w->failed_signer, sizeof(w->failed_signer), "%s", signer);
}

static cdr_err
handle(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	static const uint8_t bulk[] = { 1, 2, 3 };

	(void)context;
	w->handle_count++;
	w->seen = *call;
	(void)snprintf(w->seen_name, sizeof(w->seen_name), "%s", call->party != NULL ? call->party->name : "nobody");
	assert_int_equal(cdr_buffer_copy((struct cdr_bytes){ bulk, sizeof(bulk) }, &answer->attachment), CDR_OK);
	return w->handles == CDR_OK ? CDR_OK : cdr_fault_set(fault, w->handles, "the handler's own words");
}

static struct cdr_bytes
join_key(const ProtobufCMessage *message)
{
	return cdr_message_bytes(((const Cdr__Wire__JoinRequest *)message)->party->signing_key);
}

static const struct cdr_route routes[] = {
	{ "/public", CDR_CALLER_ANYONE, 4096, &cdr__wire__empty__descriptor, handle, NULL },
	{ "/join", CDR_CALLER_NEW, 4096, &cdr__wire__join_request__descriptor, handle, join_key },
	{ "/member", CDR_CALLER_MEMBER, 4096, &cdr__wire__mail_fetch__descriptor, handle, NULL },
	{ "/trustee", CDR_CALLER_TRUSTEE, 200, &cdr__wire__empty__descriptor, handle, NULL },
	{ "/both", CDR_CALLER_TRUSTEE | CDR_CALLER_HUB, 4096, &cdr__wire__empty__descriptor, handle, NULL },
};

/* ---- the exchange ------------------------------------------------------------------------------------------------ */

static void
fill_party(Cdr__Wire__Party *party, size_t i, char *name, char *url)
{
	*party = (Cdr__Wire__Party)CDR__WIRE__PARTY__INIT;
	party->name = name;
	party->url = url;
	party->signing_key = cdr_message_field(w->key[i], sizeof(w->key[i]));
	party->sealing_key = cdr_message_field(w->sealing, sizeof(w->sealing));
	party->tls_pin = cdr_message_field(w->key[i], CDR_PIN_LEN);
}

static void
make_genesis(void)
{
	static char leavers[] = "leavers", version[] = "1", url[] = "https://h:1";
	static char names[4][12] = { "Hub", "Trustee 1", "Trustee 2", "Trustee 3" };
	Cdr__Wire__Roster body = CDR__WIRE__ROSTER__INIT;
	Cdr__Wire__Scheme scheme = CDR__WIRE__SCHEME__INIT;
	Cdr__Wire__Party party[4];
	Cdr__Wire__Trustee trustee[3], *at[3];
	struct cdr_fault fault = { CDR_OK, "" };

	scheme.index = leavers;
	scheme.lookback_years = 5;
	scheme.answer_days = 14;
	scheme.expiry_days = 60;
	scheme.strong_lambda_ppm = 1000;
	scheme.possible_lambda_ppm = 500000;
	scheme.possible_max = 5;
	scheme.codebook_version = version;
	for (size_t i = 0; i < 4; i++)
		fill_party(&party[i], i, names[i], url);
	for (uint32_t i = 0; i < 3; i++) {
		trustee[i] = (Cdr__Wire__Trustee)CDR__WIRE__TRUSTEE__INIT;
		trustee[i].index = i + 1;
		trustee[i].party = &party[i + 1];
		at[i] = &trustee[i];
	}
	body.hub = &party[0];
	body.trustee = at;
	body.n_trustee = 3;
	body.threshold = 2;
	body.scheme = &scheme;
	if (cdr_roster_build_genesis(&body, w->seed[0], &w->genesis, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
}

/* A roster after ${before} in which member ${i} has this id and status. Countersignatures are of no matter here. */
static struct cdr_roster *
with_member(const struct cdr_roster *before, size_t i, char *id, char *status)
{
	static char country[] = "KEN", nowhere[] = "";
	Cdr__Wire__Party party;
	Cdr__Wire__Member member = CDR__WIRE__MEMBER__INIT;
	struct cdr_roster *roster;

	fill_party(&party, i, id, nowhere);
	member.id = id;
	member.party = &party;
	member.country = country;
	member.status = status;
	const struct cdr_roster_change change = { .kind = CDR_ROSTER_CHANGE_MEMBER, .member = &member };
	assert_int_equal(cdr_roster_build_next(before, &change, 1, NOW, w->seed[0], &roster, NULL), CDR_OK);
	return roster;
}

static int
setup(void **state)
{
	static char blue[] = "blue", gone[] = "gone", active[] = "active", suspended[] = "suspended";
	uint8_t scalar[CDR_SCALAR_LEN];

	(void)state;
	w = calloc(1, sizeof(*w));
	assert_non_null(w);
	for (size_t i = 0; i < PARTY_COUNT; i++) {
		memset(w->seed[i], (int)i + 1, sizeof(w->seed[i]));
		assert_int_equal(cdr_sign_public(w->seed[i], w->key[i]), CDR_OK);
	}
	cdr_scalar_set(9, scalar);
	assert_int_equal(cdr_group_public_uncompressed(scalar, w->sealing), CDR_OK);
	make_genesis();
	struct cdr_roster *one = with_member(w->genesis, 4, blue, active), *two = with_member(one, 5, gone, suspended);
	cdr_roster_free(one);
	assert_int_equal(cdr_current_new(&w->current), CDR_OK);
	assert_int_equal(cdr_current_set(w->current, two), CDR_OK);
	w->service = (struct cdr_service){ .context = NULL, .routes = routes,
		.route_count = sizeof(routes) / sizeof(routes[0]), .signer = { "hub", w->seed[0], w->genesis->hash },
		.hold = hold, .release = release, .refresh = refresh, .admit = admit, .failed = failed };
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	assert_int_equal(w->hold_count, 0);
	cdr_current_free(w->current);
	cdr_roster_free(w->genesis);
	cdr_roster_free(w->newer);
	free(w);
	return 0;
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

static void
send_bytes(const char *path, struct cdr_bytes bytes, size_t pin_of)
{
	const struct cdr_request request = { path, bytes, w->key[pin_of], NOW, NULL };
	struct cdr_buffer reply;
	struct cdr_envelope envelope;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__Refusal *refusal;

	w->status = cdr_dispatch(&w->service, &request, &reply);
	assert_int_equal(cdr_envelope_open(cdr_buffer_bytes(&reply), &envelope), CDR_OK);
	assert_string_equal(envelope.signer, "hub");
	assert_int_equal(cdr_envelope_verify_reply(&envelope, w->key[0], w->genesis->hash, path, bytes), CDR_OK);
	w->code[0] = w->text[0] = '\0';
	w->attachment_len = envelope.attachment.len;
	if (w->status != 200) {
		assert_int_equal(cdr_message_decode(&arena, &cdr__wire__refusal__descriptor, envelope.body, &refusal), CDR_OK);
		(void)snprintf(w->code, sizeof(w->code), "%s", refusal->code);
		(void)snprintf(w->text, sizeof(w->text), "%s", refusal->text);
	}
	cdr_arena_free(&arena);
	cdr_envelope_free(&envelope);
	cdr_buffer_free(&reply);
}

/* Sign ${message} as ${name} with the keys of party ${by}. */
static void
ask(const char *path, const char *name, size_t by, const ProtobufCMessage *message)
{
	const struct cdr_signer signer = { name, w->seed[by], w->genesis->hash };
	struct cdr_buffer body, request;

	assert_int_equal(cdr_message_encode(message, &body), CDR_OK);
	assert_int_equal(cdr_envelope_request(&signer, path, cdr_buffer_bytes(&body), (struct cdr_bytes){ NULL, 0 }, &request),
	    CDR_OK);
	send_bytes(path, cdr_buffer_bytes(&request), by);
	cdr_buffer_free(&request);
	cdr_buffer_free(&body);
}

static const Cdr__Wire__Empty empty = CDR__WIRE__EMPTY__INIT;

static void
ask_as_member(const char *name, size_t by)
{
	Cdr__Wire__MailFetch fetch = CDR__WIRE__MAIL_FETCH__INIT;

	fetch.max = 7;
	ask("/member", name, by, &fetch.base);
}

static void
assert_refused(int status, const char *code)
{
	if (w->status != status || strcmp(w->code, code) != 0)
		fail_msg("status %d, %s: %s", w->status, w->code, w->text);
	assert_int_equal(w->failed_count, 1);
	assert_string_equal(cdr_err_name(w->failed_err), code);
	assert_int_equal(w->attachment_len, 0);
	w->failed_count = 0;
}

static void
test_member(void **state)
{
	(void)state;
	ask_as_member("member/blue", 4);
	assert_int_equal(w->status, 200);
	assert_int_equal(w->handle_count, 1);
	assert_string_equal(w->seen_name, "blue");
	assert_non_null(w->seen.member);
	assert_null(w->seen.trustee);
	assert_int_equal(w->seen.now, NOW);
	assert_int_equal(w->attachment_len, 3);
	assert_int_equal(w->refresh_count, 0);
	assert_int_equal(w->failed_count, 0);
}

static void
test_trustee_and_hub(void **state)
{
	(void)state;
	ask("/trustee", "trustee/2", 2, &empty.base);
	assert_int_equal(w->status, 200);
	assert_int_equal(w->seen.trustee->index, 2);
	ask("/both", "hub", 0, &empty.base);
	assert_int_equal(w->status, 200);
	assert_string_equal(w->seen_name, "Hub");
	ask("/both", "trustee/1", 1, &empty.base);
	assert_int_equal(w->status, 200);
}

/* Each kind of caller is turned away where the table does not name it. */
static void
test_wrong_kind(void **state)
{
	(void)state;
	ask("/trustee", "member/blue", 4, &empty.base);
	assert_refused(403, "refused");
	ask("/trustee", "hub", 0, &empty.base);
	assert_refused(403, "refused");
	ask_as_member("trustee/1", 1);
	assert_refused(403, "refused");
	ask_as_member("new", 6);
	assert_refused(403, "refused");
	ask("/join", "member/blue", 4, &empty.base);
	assert_refused(403, "refused");
	assert_int_equal(w->handle_count, 0);
}

static void
test_false_names(void **state)
{
	(void)state;
	ask_as_member("member/nobody", 4);
	assert_refused(403, "refused");
	assert_string_equal(w->failed_signer, "member/nobody");
	ask_as_member("member/blue", 6); /* with another certificate, and another key */
	assert_refused(403, "refused");
	/* the right certificate, and another key */
	Cdr__Wire__MailFetch fetch = CDR__WIRE__MAIL_FETCH__INIT;
	const struct cdr_signer signer = { "member/blue", w->seed[6], w->genesis->hash };
	struct cdr_buffer body, request;
	assert_int_equal(cdr_message_encode(&fetch.base, &body), CDR_OK);
	assert_int_equal(cdr_envelope_request(&signer, "/member", cdr_buffer_bytes(&body), (struct cdr_bytes){ NULL, 0 },
	    &request), CDR_OK);
	send_bytes("/member", cdr_buffer_bytes(&request), 4);
	assert_refused(403, "signature");
	cdr_buffer_free(&request);
	cdr_buffer_free(&body);
	assert_int_equal(w->handle_count, 0);
}

/* A request to one path does not serve for another. */
static void
test_other_path(void **state)
{
	const struct cdr_signer signer = { "trustee/1", w->seed[1], w->genesis->hash };
	struct cdr_buffer request;

	(void)state;
	assert_int_equal(cdr_envelope_request(&signer, "/both", (struct cdr_bytes){ NULL, 0 }, (struct cdr_bytes){ NULL, 0 },
	    &request), CDR_OK);
	send_bytes("/trustee", cdr_buffer_bytes(&request), 1);
	assert_refused(403, "signature");
	cdr_buffer_free(&request);
	ask("/nowhere", "trustee/1", 1, &empty.base);
	assert_refused(404, "absent");
}

static void
test_suspended(void **state)
{
	(void)state;
	ask_as_member("member/gone", 5);
	assert_refused(403, "refused");
	assert_non_null(strstr(w->text, "suspended"));
	w->admits = CDR_E_REFUSED;
	ask_as_member("member/blue", 4);
	assert_refused(403, "refused");
	assert_string_equal(w->text, "not you");
	assert_int_equal(w->handle_count, 0);
}

static void
test_refresh(void **state)
{
	static char late[] = "late", active[] = "active";
	const struct cdr_roster *held = cdr_current_hold(w->current);

	(void)state;
	w->newer = with_member(held, 6, late, active);
	cdr_current_release(w->current, held);
	ask_as_member("member/late", 6);
	assert_int_equal(w->status, 200);
	assert_int_equal(w->refresh_count, 1);
	ask_as_member("member/late", 6);
	assert_int_equal(w->refresh_count, 1);
	ask_as_member("member/later", 6);
	assert_refused(403, "refused");
	assert_int_equal(w->refresh_count, 2);
}

static void
test_new(void **state)
{
	static char name[] = "Newcomer", nowhere[] = "";
	Cdr__Wire__JoinRequest join = CDR__WIRE__JOIN_REQUEST__INIT;
	Cdr__Wire__Party party;

	(void)state;
	fill_party(&party, 6, name, nowhere);
	join.party = &party;
	ask("/join", "new", 6, &join.base);
	assert_int_equal(w->status, 200);
	assert_null(w->seen.party);
	/* signed with another key than it brings */
	ask("/join", "new", 4, &join.base);
	assert_refused(403, "signature");
	party.signing_key.len = 31;
	ask("/join", "new", 6, &join.base);
	assert_refused(400, "input");
}

/* Whatever the name and the signature. */
static void
test_public(void **state)
{
	(void)state;
	ask("/public", "new", 6, &empty.base);
	assert_int_equal(w->status, 200);
	ask("/public", "member/nobody", 6, &empty.base);
	assert_int_equal(w->status, 200);
	ask("/public", "member/gone", 5, &empty.base);
	assert_int_equal(w->status, 200);
	assert_null(w->seen.party);
	assert_non_null(w->seen.roster);
}

static void
test_malformed(void **state)
{
	static uint8_t large[4097];
	Cdr__Wire__MailFetch fetch = CDR__WIRE__MAIL_FETCH__INIT;

	(void)state;
	send_bytes("/member", (struct cdr_bytes){ NULL, 0 }, 4);
	assert_refused(400, "input");
	send_bytes("/member", (struct cdr_bytes){ large, 9 }, 4);
	assert_refused(400, "input");
	send_bytes("/member", (struct cdr_bytes){ large, sizeof(large) }, 4);
	assert_refused(413, "range");
	/* a body of another kind: a field that Empty does not have */
	fetch.max = 7;
	ask("/trustee", "trustee/1", 1, &fetch.base);
	assert_refused(400, "input");
	assert_int_equal(w->handle_count, 0);
}

/* What a handler answers with, and that our own faults are told to our log and not to the peer. */
static void
test_handler_fails(void **state)
{
	(void)state;
	for (int err = CDR_E_INTERNAL; err < CDR_E_COUNT; err++) {
		w->handles = (cdr_err)err;
		w->failed_count = 0;
		ask_as_member("member/blue", 4);
		assert_int_equal(w->status, cdr_dispatch_status((cdr_err)err));
		assert_string_equal(w->code, cdr_err_name((cdr_err)err));
		assert_int_equal(w->attachment_len, 0);
		assert_int_equal(w->failed_count, 1);
		assert_string_equal(w->failed_text, "the handler's own words");
		if (w->status == 500)
			assert_null(strstr(w->text, "own words"));
		else
			assert_string_equal(w->text, "the handler's own words");
	}
}

static void
test_statuses(void **state)
{
	(void)state;
	assert_int_equal(cdr_dispatch_status(CDR_OK), 200);
	assert_int_equal(cdr_dispatch_status(CDR_E_POINT), 400);
	assert_int_equal(cdr_dispatch_status(CDR_E_SIGNATURE), 403);
	assert_int_equal(cdr_dispatch_status(CDR_E_ABSENT), 404);
	assert_int_equal(cdr_dispatch_status(CDR_E_SEQUENCE), 409);
	assert_int_equal(cdr_dispatch_status(CDR_E_QUOTA), 429);
	assert_int_equal(cdr_dispatch_status(CDR_E_BUSY), 503);
	assert_int_equal(cdr_dispatch_status(CDR_E_STORE), 500);
	assert_int_equal(cdr_dispatch_path_max(&w->service, "/trustee"), 200);
	assert_int_equal(cdr_dispatch_path_max(&w->service, "/nowhere"), 0);
	assert_int_equal(cdr_dispatch_request_max(&w->service), 4096);
}

/* Who began with a roster keeps it; the one before goes when the last lets it go. */
static void
test_current(void **state)
{
	static char late[] = "late", active[] = "active";
	const struct cdr_roster *first = cdr_current_hold(w->current), *again = cdr_current_hold(w->current), *second;

	(void)state;
	assert_ptr_equal(first, again);
	assert_int_equal(cdr_current_set(w->current, with_member(first, 6, late, active)), CDR_OK);
	second = cdr_current_hold(w->current);
	assert_ptr_not_equal(first, second);
	cdr_current_release(w->current, again);
	assert_null(cdr_roster_member(first, "late"));
	assert_non_null(cdr_roster_member(second, "late"));
	cdr_current_release(w->current, first);
	cdr_current_release(w->current, second);
	cdr_current_release(w->current, NULL);

	struct cdr_current *none;
	assert_int_equal(cdr_current_new(&none), CDR_OK);
	assert_null(cdr_current_hold(none));
	cdr_current_free(none);
	cdr_current_free(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_member),
		CASE(test_trustee_and_hub),
		CASE(test_wrong_kind),
		CASE(test_false_names),
		CASE(test_other_path),
		CASE(test_suspended),
		CASE(test_refresh),
		CASE(test_new),
		CASE(test_public),
		CASE(test_malformed),
		CASE(test_handler_fails),
		CASE(test_statuses),
		CASE(test_current),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
