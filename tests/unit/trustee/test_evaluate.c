/* Requests to a trustee, without sockets: what it answers, what it counts, what it refuses. */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/asking.h"

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static void
test_answers(void **state)
{
	struct world *w = *state;

	send_request(w, request_of(w, 1, 1));
	assert_proved(w, 1);
	send_request(w, request_of(w, 2, 16));
	assert_proved(w, 16);
	assert_int_equal(ask_store(w, SPENT), 17);
}

static void
test_largest_batch(void **state)
{
	struct world *w = *state;
	struct request r = request_of(w, 1, CDR_EVALUATE_POINTS_MAX);

	w->member->import_points = CDR_EVALUATE_POINTS_MAX;
	const struct cdr_roster_change change = change_member(w->member);
	propose(w->x, &change, 1);
	put_in_force(w->x);
	assert_int_equal(cdr_trustee_roster_update(w->x->node[1].trustee, NULL, NULL), CDR_OK);
	r.purpose = "import";
	send_request(w, r);
	assert_proved(w, CDR_EVALUATE_POINTS_MAX);
	assert_int_equal(ask_store(w, SPENT_IMPORT), CDR_EVALUATE_POINTS_MAX);
}

/* Two trustees' answers give what the whole key gives. */
static void
test_threshold(void **state)
{
	struct world *w = *state;
	static const uint8_t indices[THRESHOLD] = { 1, 3 };
	uint8_t joined[CDR_POINT_LEN], whole[CDR_POINT_LEN];
	struct cdr_points *part[THRESHOLD];

	for (size_t i = 0; i < THRESHOLD; i++) {
		uint8_t share[CDR_SCALAR_LEN];
		assert_int_equal(cdr_trustee_share_copy(w->x->node[indices[i]].trustee, w->x->newest, CDR_KEY_TAGS, 1, share), CDR_OK);
		assert_int_equal(cdr_group_mul(share, w->points[0], joined), CDR_OK);
		assert_int_equal(cdr_points_decode(joined, 1, &part[i]), CDR_OK);
	}
	assert_int_equal(cdr_threshold_combine(indices, (const struct cdr_points *const *)part, THRESHOLD, joined), CDR_OK);
	assert_int_equal(cdr_group_mul(w->x->secret[0], w->points[0], whole), CDR_OK);
	assert_memory_equal(joined, whole, sizeof(whole));
	cdr_points_free(part[0]);
	cdr_points_free(part[1]);
}

/* ---- sequence and quota ------------------------------------------------------------------------------------------ */

static void
test_repeat_is_free(void **state)
{
	struct world *w = *state;
	struct cdr_buffer first;

	send_request(w, request_of(w, 7, 4));
	assert_proved(w, 4);
	assert_int_equal(cdr_buffer_copy(cdr_buffer_bytes(&w->evaluated), &first), CDR_OK);
	send_request(w, request_of(w, 7, 4));
	assert_proved(w, 4);
	assert_int_equal(w->evaluated.len, first.len);
	assert_memory_equal(w->evaluated.data, first.data, first.len);
	assert_int_equal(ask_store(w, SPENT), 4);
	/* Also after a restart: it was counted before it was answered. */
	restart(w->x, 1);
	cdr_trustee_service(w->x->node[1].trustee, &w->service);
	send_request(w, request_of(w, 7, 4));
	assert_proved(w, 4);
	assert_memory_equal(w->evaluated.data, first.data, first.len);
	assert_int_equal(ask_store(w, SPENT), 4);
	cdr_buffer_free(&first);
}

static void
test_sequence_used_twice(void **state)
{
	struct world *w = *state;
	struct request r = request_of(w, 7, 4);

	send_request(w, r);
	assert_proved(w, 4);
	/* other points, another number of them, another purpose: each time the same number */
	r.attachment.data = w->points[1];
	send_request(w, r);
	assert_refused(w, 409, "sequence");
	send_request(w, request_of(w, 7, 5));
	assert_refused(w, 409, "sequence");
	r = request_of(w, 7, 4);
	r.purpose = "import";
	send_request(w, r);
	assert_refused(w, 409, "sequence");
	assert_int_equal(ask_store(w, SPENT), 4);
	assert_int_equal(ask_store(w, SPENT_IMPORT), 0);
	/* One contradiction is kept, with both requests, signed. */
	assert_int_equal(ask_store(w, "SELECT count(*) FROM misuse WHERE member = 'blue-harbour' AND sequence = 7"), 1);
	assert_int_equal(ask_store(w, "SELECT length(first_signature) + length(second_signature) FROM misuse"),
	    2 * CDR_SIGNATURE_LEN);
	assert_int_equal(ask_store(w, "SELECT count(*) FROM misuse WHERE first_body <> second_body"), 1);
	/* The first is still answered. */
	send_request(w, request_of(w, 7, 4));
	assert_proved(w, 4);
}

static void
test_quota(void **state)
{
	struct world *w = *state;
	struct request r;

	send_request(w, request_of(w, 1, 60));
	assert_proved(w, 60);
	/* The hub should not have logged this: it counts where it stands, and is refused. */
	send_request(w, request_of(w, 2, 41));
	assert_refused(w, 429, "quota");
	assert_int_equal(ask_store(w, SPENT), 101);
	send_request(w, request_of(w, 3, 1));
	assert_refused(w, 429, "quota");
	/* Imports have a quota of their own. */
	r = request_of(w, 4, 100);
	r.purpose = "import";
	send_request(w, r);
	assert_proved(w, 100);
	assert_int_equal(ask_store(w, SPENT_IMPORT), 100);
	/* What was answered is answered again, also with the quota used up. */
	send_request(w, request_of(w, 1, 60));
	assert_proved(w, 60);
	/* With a larger one, what the log counted after it is evaluated too. */
	w->member->check_points = 102;
	const struct cdr_roster_change change = change_member(w->member);
	propose(w->x, &change, 1);
	put_in_force(w->x);
	assert_int_equal(cdr_trustee_roster_update(w->x->node[1].trustee, NULL, NULL), CDR_OK);
	send_request(w, request_of(w, 2, 41));
	assert_proved(w, 41);
	send_request(w, request_of(w, 3, 1));
	assert_proved(w, 1);
	send_request(w, request_of(w, 5, 1));
	assert_refused(w, 429, "quota");
}

static struct world *overtaken;

/* The roster that a request is judged by; and before it is answered, the next one comes into force. */
static const struct cdr_roster *
hold_and_adopt(void *context)
{
	struct cdr_trustee *trustee = context;
	const struct cdr_roster *held = cdr_current_hold(trustee->current);
	bool newer = false;

	assert_int_equal(cdr_trustee_roster_update(trustee, &newer, NULL), CDR_OK);
	assert_true(newer && held->body->version < overtaken->x->newest->body->version);
	return held;
}

/* A refresh comes into force while a request is in flight: nothing is signed that says of the one shares and uses the other. */
/* Asks trustee 1 under that epoch, for so many points; "ok" or the code of the refusal. */
static const char *
ask_under(struct world *w, uint64_t sequence, uint32_t epoch, const char *purpose, uint32_t count)
{
	struct request r = request_of(w, sequence, count);

	r.epoch = epoch;
	r.purpose = purpose;
	send_request(w, r);
	return w->status == 200 ? "ok" : w->code;
}

/* The liar: a member (and a hub that logs all it likes) that asks about other people under the epoch before than under the newest. */
static void
test_again_is_no_second_quota(void **state)
{
	struct world *w = *state;
	struct dealt second;

	/* A check that began before the epoch did is one of the old epoch; */
	assert_string_equal(ask_under(w, 1, 1, "check", 16), "ok");
	deal(w->x, 2, 7, &second);
	const struct cdr_roster_change change = change_epoch(&second);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		give_share(w->x, i, &second);
	propose(w->x, &change, 1);
	put_in_force(w->x);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		assert_int_equal(cdr_trustee_roster_update(w->x->node[i].trustee, NULL, NULL), CDR_OK);
	assert_string_equal(ask_under(w, 2, 1, "again", 16), "quota");
	assert_non_null(strstr(w->text, "under the newest"));
	/* Where it was refused it is counted, as any that exceeds: no trustee has to judge another way. */
	assert_string_equal(ask_under(w, 3, 2, "check", 32), "ok");
	assert_string_equal(ask_under(w, 4, 1, "again", 16), "ok");
	assert_string_equal(ask_under(w, 5, 1, "again", 1), "quota");
	/* a repeat is free, also of what came before that; */
	assert_string_equal(ask_under(w, 4, 1, "again", 16), "ok");
	/* and whoever checks more asks more again. */
	assert_string_equal(ask_under(w, 6, 2, "check", 16), "ok");
	assert_string_equal(ask_under(w, 7, 1, "again", 15), "ok");
	assert_string_equal(ask_under(w, 8, 1, "again", 1), "quota");
	/* What was refused where it stands in the log is refused for good. */
	assert_string_equal(ask_under(w, 9, 2, "check", 16), "ok");
	assert_string_equal(ask_under(w, 5, 1, "again", 1), "quota");
}

static void
test_overtaken_by_a_refresh(void **state)
{
	struct world *w = *state;
	struct dealt again;

	deal(w->x, 1, 1, &again);
	cdr_scalar_set(77, w->x->secret[1]); /* the same key in other shares */
	assert_int_equal(cdr_threshold_commit(w->x->secret[0], THRESHOLD, again.commitments), CDR_OK);
	again.transcript[5] ^= 1;
	again.epoch.starts_at = w->dealt.epoch.starts_at;
	again.epoch.ends_at = w->dealt.epoch.ends_at;
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		assert_int_equal(cdr_threshold_public_share(again.commitments, THRESHOLD, (uint8_t)i, again.share[i]), CDR_OK);
		give_share(w->x, i, &again);
	}
	const struct cdr_roster_change change = change_epoch(&again);
	propose(w->x, &change, 1);
	put_in_force(w->x);
	overtaken = w;
	w->service.hold = hold_and_adopt;
	send_request(w, request_of(w, 1, 4));
	assert_refused(w, 503, "busy");
	assert_non_null(strstr(w->text, "renewed"));
	/* Asked again it answers, with the share that the new roster names. */
	cdr_trustee_service(w->x->node[1].trustee, &w->service);
	send_request(w, request_of(w, 1, 4));
	w->dealt = again;
	assert_proved(w, 4);
}

/* The same roster's request, when the newest names this trustee by another index, or not at all. */
static const struct cdr_roster *
hold_and_renumber(void *context)
{
	struct cdr_trustee *trustee = context;

	trustee->index = TRUSTEE_COUNT;
	return cdr_current_hold(trustee->current);
}

static void
test_overtaken_by_another_index(void **state)
{
	struct world *w = *state;

	w->service.hold = hold_and_renumber;
	send_request(w, request_of(w, 1, 4));
	assert_proved(w, 4); /* as trustee 1, which is whose share it is */
}

/* A member that enrols again has new keys, and numbers that begin anew; what it spent stays spent. */
static void
test_new_keys(void **state)
{
	struct world *w = *state;

	send_request(w, request_of(w, 1, 60));
	assert_proved(w, 60);
	memset(w->member->seed, 99, sizeof(w->member->seed));
	memset(w->member->pin, 99, sizeof(w->member->pin));
	assert_int_equal(cdr_sign_public(w->member->seed, w->member->key), CDR_OK);
	const struct cdr_roster_change change = change_member(w->member);
	propose(w->x, &change, 1);
	put_in_force(w->x);
	assert_int_equal(cdr_trustee_roster_update(w->x->node[1].trustee, NULL, NULL), CDR_OK);
	send_request(w, request_of(w, 1, 30));
	assert_proved(w, 30);
	send_request(w, request_of(w, 2, 20));
	assert_refused(w, 429, "quota");
}

/* ---- what is malformed ------------------------------------------------------------------------------------------- */

static void
test_bad_points(void **state)
{
	struct world *w = *state;
	uint8_t points[3][CDR_POINT_LEN];
	struct request r = request_of(w, 1, 3);

	memcpy(points, w->points, sizeof(points));
	r.attachment = (struct cdr_bytes){ points[0], sizeof(points) };
	memset(points[1], 0, CDR_POINT_LEN); /* the identity */
	send_request(w, r);
	assert_refused(w, 400, "point");
	memset(points[1], 0xff, CDR_POINT_LEN);
	r.sequence = 2;
	points[1][0] = 2; /* x is not below p */
	send_request(w, r);
	assert_refused(w, 400, "point");
	memcpy(points[1], w->points[1], CDR_POINT_LEN);
	r.sequence = 3;
	points[1][0] = 4; /* uncompressed */
	send_request(w, r);
	assert_refused(w, 400, "point");
	/* The log has them, and what it has is counted, whatever comes of it. */
	assert_int_equal(ask_store(w, SPENT), 9);
	assert_int_equal(ask_store(w, "SELECT count(*) FROM evaluation"), 3);
}

static void
test_bad_requests(void **state)
{
	struct world *w = *state;
	struct request r = request_of(w, 1, 2);

	r.point_count = 3;
	r.is_unlogged = true;
	send_request(w, r);
	assert_refused(w, 400, "input");
	r = request_of(w, 1, 2);
	r.is_unlogged = true;
	r.has_wrong_hash = true;
	send_request(w, r);
	assert_refused(w, 400, "input");
	r = request_of(w, 1, 0);
	r.is_unlogged = true;
	send_request(w, r);
	assert_refused(w, 400, "range");
	r = request_of(w, 1, CDR_EVALUATE_POINTS_MAX + 1);
	r.is_unlogged = true;
	send_request(w, r);
	assert_refused(w, 400, "range");
	r = request_of(w, (uint64_t)INT64_MAX + 1, 1);
	r.is_unlogged = true;
	send_request(w, r);
	assert_refused(w, 400, "range");
	r = request_of(w, 1, 1);
	r.is_unlogged = true;
	r.purpose = "curiosity";
	send_request(w, r);
	assert_refused(w, 403, "refused");
	r = request_of(w, 1, 1);
	r.is_unlogged = true;
	r.member = "green-valley";
	send_request(w, r);
	assert_refused(w, 403, "refused");
	assert_int_equal(ask_store(w, "SELECT count(*) FROM evaluation"), 0);
	/* A body is kept for ever: it may be as long as one can be, and no longer. */
	r = request_of(w, 1, 1);
	r.is_unlogged = true;
	r.says_again = 100;
	send_request(w, r);
	assert_refused(w, 400, "range");
	assert_int_equal(ask_store(w, SPENT), 0);
}

static void
test_other_paths_and_bytes(void **state)
{
	struct world *w = *state;
	struct cdr_buffer bytes;
	struct request r = request_of(w, 1, 1);
	static uint8_t large[CDR_BODY_EVALUATE_MAX + 1];

	send_bytes(w, PATH, (struct cdr_bytes){ (const uint8_t *)"junk", 4 }, w->member->pin);
	assert_refused(w, 400, "input");
	send_bytes(w, PATH, (struct cdr_bytes){ large, sizeof(large) }, w->member->pin);
	assert_refused(w, 413, "range");
	encode_request(w, &r, &bytes);
	send_bytes(w, "/v1/decrypt", cdr_buffer_bytes(&bytes), w->member->pin);
	assert_refused(w, 404, "absent");
	cdr_buffer_free(&bytes);
}

/* ---- who asks ---------------------------------------------------------------------------------------------------- */

static void
test_strangers(void **state)
{
	struct world *w = *state;
	struct request r = request_of(w, 1, 1);
	uint8_t other[CDR_SIGN_SEED_LEN] = { 5 }, pin[CDR_PIN_LEN] = { 5 };

	r.seed = other;
	send_request(w, r);
	assert_refused(w, 403, "signature");
	r = request_of(w, 1, 1);
	r.pin = pin;
	send_request(w, r);
	assert_refused(w, 403, "refused");
	r = request_of(w, 1, 1);
	r.signer = "member/nobody";
	send_request(w, r);
	assert_refused(w, 403, "refused");
	r = request_of(w, 1, 1);
	r.signer = "new";
	send_request(w, r);
	assert_refused(w, 403, "refused");
	/* A trustee is no member. */
	r = request_of(w, 1, 1);
	r.signer = "trustee/2";
	r.seed = w->x->node[2].home.keys->signing;
	r.pin = w->x->node[2].home.pin;
	send_request(w, r);
	assert_refused(w, 403, "refused");
	/* Nor is the hub. */
	r = request_of(w, 1, 1);
	r.signer = "hub";
	r.seed = w->x->hub_seed;
	r.pin = w->x->hub_key;
	send_request(w, r);
	assert_refused(w, 403, "refused");
}

static void
change_and_update(struct world *w, const char *status)
{
	const struct cdr_roster_change change = change_status(w->member, status);

	propose(w->x, &change, 1);
	put_in_force(w->x);
	assert_int_equal(cdr_trustee_roster_update(w->x->node[1].trustee, NULL, NULL), CDR_OK);
}

static void
test_suspended_and_revoked(void **state)
{
	struct world *w = *state;

	send_request(w, request_of(w, 1, 1));
	assert_proved(w, 1);
	change_and_update(w, "suspended");
	send_request(w, request_of(w, 2, 1));
	assert_refused(w, 403, "refused");
	assert_non_null(strstr(w->text, "suspended"));
	change_and_update(w, "active");
	send_request(w, request_of(w, 2, 1));
	assert_proved(w, 1);
	change_and_update(w, "revoked");
	send_request(w, request_of(w, 3, 1));
	assert_refused(w, 403, "refused");
	/* Not even what it had asked before. */
	send_request(w, request_of(w, 1, 1));
	assert_refused(w, 403, "refused");
}

static cdr_err
stop_job(struct cdr_tx *tx, void *version)
{
	return cdr_query_run(tx, "INSERT INTO stopped (member, version) VALUES ('blue-harbour', $1)",
	    CDR_VALUES(cdr_value_int(*(int64_t *)version)));
}

/* Whom this trustee has countersigned to be suspended is refused while the hub keeps that roster back. */
static void
test_stopped(void **state)
{
	struct world *w = *state;
	int64_t version = (int64_t)w->x->newest->body->version + 1;

	send_request(w, request_of(w, 1, 1));
	assert_proved(w, 1);
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, stop_job, &version), CDR_OK);
	send_request(w, request_of(w, 2, 1));
	assert_refused(w, 403, "refused");
	assert_non_null(strstr(w->text, "countersigned"));
	change_and_update(w, "active");
	send_request(w, request_of(w, 2, 1));
	assert_proved(w, 1);
}

/* A member that came in since the last poll: the trustee looks once, and not again for every stranger. */
static void
test_newcomer(void **state)
{
	struct world *w = *state;
	struct enrolled *late = enrol(w->x, "green-valley", 33);
	const struct cdr_roster_change change = change_member(late);
	struct request r = request_of(w, 1, 1);
	uint32_t before;

	propose(w->x, &change, 1);
	put_in_force(w->x);
	before = w->x->roster_count;
	r.signer = "member/green-valley";
	r.member = late->id;
	r.seed = late->seed;
	r.pin = late->pin;
	send_request(w, r);
	assert_proved(w, 1);
	assert_true(w->x->roster_count > before); /* each, when it witnessed */
	r.signer = "member/nobody";
	send_request(w, r);
	before = w->x->roster_count;
	for (int i = 0; i < 10; i++)
		send_request(w, r);
	assert_refused(w, 403, "refused");
	assert_int_equal(w->x->roster_count, before);
}

/* ---- epochs ------------------------------------------------------------------------------------------------------ */

static void
test_epochs(void **state)
{
	struct world *w = *state;
	struct request r = request_of(w, 1, 1);
	struct dealt second;

	r.epoch = 2;
	send_request(w, r);
	assert_refused(w, 409, "epoch");
	r.epoch = 0;
	send_request(w, r);
	assert_refused(w, 409, "epoch");
	/* One that has not begun, and one of which this trustee has no share. */
	deal(w->x, 2, 7, &second);
	second.epoch.starts_at += 3600;
	second.epoch.ends_at += 3600;
	give_share(w->x, 1, &second);
	const struct cdr_roster_change change = change_epoch(&second);
	propose(w->x, &change, 1);
	put_in_force(w->x);
	assert_int_equal(cdr_trustee_roster_update(w->x->node[1].trustee, NULL, NULL), CDR_OK);
	r.epoch = 2;
	send_request(w, r);
	assert_refused(w, 409, "epoch");
	send_request(w, request_of(w, 2, 1));
	assert_proved(w, 1);
}

static void
test_no_share(void **state)
{
	struct world *w = *state;
	struct dealt second;
	struct request r = request_of(w, 1, 1);

	deal(w->x, 2, 7, &second);
	const struct cdr_roster_change change = change_epoch(&second);
	propose(w->x, &change, 1);
	put_in_force(w->x);
	assert_int_equal(cdr_trustee_roster_update(w->x->node[1].trustee, NULL, NULL), CDR_OK);
	r.epoch = 2;
	r.is_unlogged = true;
	send_request(w, r);
	assert_refused(w, 409, "epoch");
	assert_non_null(strstr(w->text, "no share"));
	assert_int_equal(ask_store(w, "SELECT count(*) FROM evaluation"), 0);
	/* The share comes later, from another process. */
	give_share(w->x, 1, &second);
	assert_int_equal(cdr_trustee_share_refresh(w->x->node[1].trustee), CDR_OK);
	r.is_unlogged = false;
	send_request(w, r);
	assert_int_equal(w->status, 200);
}

/* The request knows an epoch that the trustee learns of only now: it is told to ask again. */
static void
test_epoch_just_begun(void **state)
{
	struct world *w = *state;
	struct dealt second;
	struct request r = request_of(w, 1, 1);

	deal(w->x, 2, 7, &second);
	give_share(w->x, 1, &second);
	const struct cdr_roster_change change = change_epoch(&second);
	propose(w->x, &change, 1);
	put_in_force(w->x);
	r.epoch = 2;
	send_request(w, r);
	assert_refused(w, 503, "busy");
	send_request(w, r);
	assert_int_equal(w->status, 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_largest_batch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_threshold, setup, teardown),
		cmocka_unit_test_setup_teardown(test_repeat_is_free, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sequence_used_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quota, setup, teardown),
		cmocka_unit_test_setup_teardown(test_again_is_no_second_quota, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overtaken_by_a_refresh, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overtaken_by_another_index, setup, teardown),
		cmocka_unit_test_setup_teardown(test_new_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_points, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_requests, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_paths_and_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_strangers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_suspended_and_revoked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stopped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_newcomer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_epochs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_share, setup, teardown),
		cmocka_unit_test_setup_teardown(test_epoch_just_begun, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
