/* Checks over a real index: whom they find, what they leave behind, and what a liar gains. */
#include "tests/unit/hub/exchange.h"

#include "audit/leaf.h"
#include "node/hub/match.h"
#include "node/hub/sweep.h"

#define LATEST (X_MONTH + 60)
#define MEMBERS 4

struct world {
	struct exchange *x;
	struct x_party member[MEMBERS]; /* m0 .. m3 */
	uint8_t rows[CDR_CHECK_ROWS_MAX * CDR_CHECK_ROW_LEN];
	size_t row_count;
	uint8_t check[CDR_ID_LEN];
	uint32_t epoch;
};

/* Every member has person 10 + k, and all have person 1 under a handle of their own. */
static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->x = x_new();
	w->epoch = X_EPOCH;
	for (uint8_t i = 0; i < MEMBERS; i++) {
		char id[4] = { 'm', (char)('0' + i), '\0' };
		x_enrol(w->x, id, &w->member[i]);
	}
	x_epoch(w->x);
	for (uint8_t i = 0; i < MEMBERS; i++) {
		struct x_put put;
		x_put_start(&put, 1);
		x_put_person(&put, (uint8_t)(10 + i), (uint8_t)(10 + i), 16, LATEST);
		x_put_person(&put, 1, 1, 16, LATEST);
		assert_string_equal(x_put_send(w->x, &w->member[i], &put, NULL), "ok");
	}
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

/* A query for a person: the first ${common} tokens are the person's, the rest are padding. */
static void
query(struct world *w, uint8_t check, uint8_t person, size_t common)
{
	w->row_count = 16;
	w->check[0] = check;
	for (size_t i = 0; i < w->row_count; i++) {
		uint8_t *row = w->rows + i * CDR_CHECK_ROW_LEN;
		memset(row, 0, CDR_CHECK_ROW_LEN);
		x_tag(i < common ? person : 250, (uint8_t)i, row);
		row[CDR_TAG_LEN] = (uint8_t)(i % (CDR_TOKEN_TYPE_COUNT - 1) + 1);
		row[CDR_TAG_LEN + 1] = 1;
		row[CDR_TAG_LEN + 2] = 1;
	}
}

/* Open the check as member ${index}; 200 or another status. The reply is freed by the caller. */
static int
open_check(struct world *w, size_t index, struct x_reply *reply)
{
	Cdr__Wire__CheckOpen request = CDR__WIRE__CHECK_OPEN__INIT;

	request.check = cdr_message_field(w->check, sizeof(w->check));
	request.epoch = w->epoch;
	request.rows = cdr_message_field(w->rows, w->row_count * CDR_CHECK_ROW_LEN);
	return x_call(w->x, &w->member[index], "/v1/check/open", &request.base, &cdr__wire__check_open_reply__descriptor,
	    reply);
}

static const char *
try_open(struct world *w, size_t index)
{
	static char code[32];
	struct x_reply reply;

	int status = open_check(w, index, &reply);
	(void)snprintf(code, sizeof(code), "%s", status == 200 ? "ok" : reply.code);
	x_reply_free(&reply);
	return code;
}

static const char *
close_check(struct world *w, size_t index, uint8_t check)
{
	Cdr__Wire__CheckClose request = CDR__WIRE__CHECK_CLOSE__INIT;
	uint8_t id[CDR_ID_LEN] = { check };

	request.check = cdr_message_field(id, sizeof(id));
	return x_try(w->x, &w->member[index], "/v1/check/close", &request.base, &cdr__wire__logged__descriptor);
}

/* Closing a check twice, since the reply was lost, brings the same receipt; one that never was brings none. */
static void
assert_same_receipt(struct world *w, uint8_t check)
{
	uint8_t id[CDR_ID_LEN] = { check };
	Cdr__Wire__CheckClose request = CDR__WIRE__CHECK_CLOSE__INIT;
	struct x_reply reply[3];

	for (size_t i = 0; i < 3; i++) {
		id[1] = i == 2;
		request.check = cdr_message_field(id, sizeof(id));
		assert_int_equal(x_call(w->x, &w->member[0], "/v1/check/close", &request.base, &cdr__wire__logged__descriptor, &reply[i]), 200);
	}
	const Cdr__Wire__Logged *first = reply[0].message, *again = reply[1].message, *none = reply[2].message;
	assert_non_null(first->receipt);
	assert_non_null(again->receipt);
	assert_null(none->receipt);
	assert_int_equal(first->receipt->position, again->receipt->position);
	assert_int_equal(first->receipt->salt.len, CDR_LEAF_SALT_LEN);
	assert_memory_equal(first->receipt->salt.data, again->receipt->salt.data, CDR_LEAF_SALT_LEN);
	for (size_t i = 0; i < 3; i++)
		x_reply_free(&reply[i]);
}

/* How many members a check by member ${index} names. */
static size_t
match_count(struct world *w, size_t index)
{
	struct x_reply reply;

	assert_int_equal(open_check(w, index, &reply), 200);
	size_t count = ((const Cdr__Wire__CheckOpenReply *)reply.message)->n_match;
	x_reply_free(&reply);
	return count;
}

static void
one_employer_is_found(void **state)
{
	struct world *w = *state;
	struct x_reply reply;

	query(w, 1, 12, 16);
	assert_int_equal(open_check(w, 0, &reply), 200);
	const Cdr__Wire__CheckOpenReply *found = reply.message;
	assert_memory_equal(found->check.data, w->check, CDR_ID_LEN);
	assert_int_equal(found->people, 2 * (MEMBERS - 1)); /* one's own are not searched */
	assert_int_equal(found->n_match, 1);
	assert_string_equal(found->match[0]->member, "m2");
	assert_string_equal(found->match[0]->tier, "strong");
	assert_int_equal(found->match[0]->handles.len, CDR_HANDLE_LEN);
	assert_int_equal(found->match[0]->handles.data[0], 12);
	assert_true(found->match[0]->types & 1 << CDR_TOKEN_DOC);
	assert_true(found->match[0]->lambda_ppb > 0);
	x_reply_free(&reply);
}

static void
a_stranger_is_not_found(void **state)
{
	struct world *w = *state;

	query(w, 1, 99, 16);
	assert_int_equal(match_count(w, 0), 0);
}

static void
everybody_but_the_asker_is_asked(void **state)
{
	struct world *w = *state;

	query(w, 1, 1, 16);
	assert_int_equal(match_count(w, 0), MEMBERS - 1);
	query(w, 2, 10, 16); /* its own leaver, nobody else's */
	assert_int_equal(match_count(w, 0), 0);
}

static void
types_must_agree_too(void **state)
{
	struct world *w = *state;

	query(w, 1, 12, 16);
	for (size_t i = 0; i < w->row_count; i++)
		w->rows[i * CDR_CHECK_ROW_LEN + CDR_TAG_LEN] = (uint8_t)((i + 5) % (CDR_TOKEN_TYPE_COUNT - 1) + 1);
	assert_int_equal(match_count(w, 0), 0);
}

static void
who_is_not_active_is_not_asked(void **state)
{
	struct world *w = *state;

	query(w, 1, 1, 16);
	assert_int_equal(cdr_hub_member_set(w->x->hub, "m1", "suspended", w->x->now, NULL), CDR_OK);
	assert_int_equal(match_count(w, 0), MEMBERS - 2); /* though the roster still says active */
	x_approve(w->x);
	query(w, 2, 1, 16);
	assert_int_equal(match_count(w, 0), MEMBERS - 2);
}

static void
an_epoch_that_is_over_is_not_searched(void **state)
{
	struct world *w = *state;

	query(w, 1, 12, 16);
	w->x->now += CDR_HUB_EPOCH_DAYS * UINT64_C(86400) - 1;
	assert_string_equal(try_open(w, 0), "ok");
	w->x->now += 1;
	query(w, 2, 12, 16);
	assert_string_equal(try_open(w, 0), "epoch");
}

static void
a_repeat_gets_the_same_reply(void **state)
{
	struct world *w = *state;
	struct x_reply first, again;

	query(w, 1, 12, 16);
	assert_int_equal(open_check(w, 0, &first), 200);
	/* Meanwhile the index has changed. */
	struct x_put put;
	x_put_start(&put, 2);
	x_put_removed(&put, 12);
	assert_string_equal(x_put_send(w->x, &w->member[2], &put, NULL), "ok");
	assert_int_equal(open_check(w, 0, &again), 200);
	assert_int_equal(first.envelope.body.len, again.envelope.body.len);
	assert_memory_equal(first.envelope.body.data, again.envelope.body.data, first.envelope.body.len);
	x_reply_free(&first);
	x_reply_free(&again);
	/* The same id with another query is refused and noted; to another member it means nothing. */
	query(w, 1, 13, 16);
	assert_string_equal(try_open(w, 0), "exists");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM misuse WHERE party = 'member/m0' AND kind = 'check'"), 1);
	assert_string_equal(try_open(w, 1), "ok");
	/* Once closed, the id is free and the answer is today's. */
	assert_same_receipt(w, 1);
	query(w, 1, 12, 16);
	assert_int_equal(match_count(w, 0), 0);
}

static void
nothing_of_the_query_stays(void **state)
{
	struct world *w = *state;

	query(w, 1, 99, 16);
	assert_int_equal(match_count(w, 0), 0);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM open_check"), 1);
	/* The tag of the query's first row, anywhere. */
	assert_int_equal(x_count(w->x,
	    "SELECT count(*) FROM open_check WHERE instr(reply, x'63000000000000000000000000000000') > 0"), 0);
	assert_string_equal(close_check(w, 1, 1), "ok"); /* another member's check of that id: nothing happens */
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM open_check"), 1);
	assert_string_equal(close_check(w, 0, 1), "ok");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM open_check"), 0);
	/* Forgotten ones are closed when the scheme says that a check ends. */
	query(w, 2, 99, 16);
	assert_int_equal(match_count(w, 0), 0);
	assert_int_equal(cdr_hub_sweep(w->x->hub, X_NOW + 60 * UINT64_C(86400), NULL), CDR_OK);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM open_check"), 1);
	assert_int_equal(cdr_hub_sweep(w->x->hub, X_NOW + 61 * UINT64_C(86400), NULL), CDR_OK);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM open_check"), 0);
}

static void
malformed_queries_are_refused(void **state)
{
	struct world *w = *state;

	query(w, 1, 12, 16);
	w->row_count = 15;
	assert_string_equal(try_open(w, 0), "range");
	w->row_count = 0;
	assert_string_equal(try_open(w, 0), "range");
	query(w, 1, 12, 16);
	w->rows[CDR_TAG_LEN] = 0;
	assert_string_equal(try_open(w, 0), "input");
	query(w, 1, 12, 16);
	w->rows[CDR_TAG_LEN + 1] = CDR_RARITY_MAX + 1;
	assert_string_equal(try_open(w, 0), "input");
	query(w, 1, 12, 16);
	memcpy(w->rows, w->rows + CDR_CHECK_ROW_LEN, CDR_TAG_LEN);
	assert_string_equal(try_open(w, 0), "input");
	query(w, 1, 12, 16);
	w->epoch = 2;
	assert_string_equal(try_open(w, 0), "epoch");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM open_check"), 0);
}

static cdr_err
flood_job(struct cdr_tx *tx, void *context)
{
	const char *member = context;

	for (int i = 0; i < 2 * CDR_HUB_HITS_TAG_MAX; i++) {
		uint8_t tag[CDR_TAG_LEN], handle[CDR_HANDLE_LEN] = { 0xee, (uint8_t)(i >> 8), (uint8_t)i };
		x_tag(1, 0, tag);
		cdr_err err = cdr_query_run(tx,
		    "INSERT INTO index_row (epoch, tag, type, member, handle, rarity, pair, expires)"
		    " VALUES ($1, $2, 1, $3, $4, 1, 1, $5)",
		    CDR_VALUES(cdr_value_int(X_EPOCH), cdr_value_blob(tag, sizeof(tag)), cdr_value_text(member),
			cdr_value_blob(handle, sizeof(handle)), cdr_value_int(LATEST)));
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* A member that fills the index with one tag hides nobody: m1's rows come before those of m2 and m3. */
static void
a_flood_hides_nobody(void **state)
{
	struct world *w = *state;
	char flooder[] = "m1";

	assert_int_equal(cdr_store_write(w->x->store, flood_job, flooder), CDR_OK);
	query(w, 1, 1, 1); /* only the flooded tag agrees */
	assert_int_equal(match_count(w, 0), MEMBERS - 1);
	struct x_reply reply;
	assert_int_equal(open_check(w, 0, &reply), 200);
	const Cdr__Wire__CheckOpenReply *found = reply.message;
	for (size_t i = 0; i < found->n_match; i++)
		assert_true(found->match[i]->handles.len <= CDR_MATCH_HANDLES_MAX * CDR_HANDLE_LEN);
	x_reply_free(&reply);
	/* The flooder's own check is not slowed by its own rows either. */
	assert_int_equal(match_count(w, 1), MEMBERS - 1);
}

#define CROWD 70 /* members; 32 rows of each are looked at, so 2,000 are passed with the 63rd */

struct crowd {
	struct cdr_hub_search search;
	struct cdr_hub_hits hits;
};

/* A writing job: 40 rows of one tag for each member of the crowd. */
static cdr_err
crowd_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	for (int i = 0; i < CROWD * 40; i++) {
		uint8_t tag[CDR_TAG_LEN], handle[CDR_HANDLE_LEN] = { 0xee, (uint8_t)(i >> 8), (uint8_t)i };
		char member[8];
		(void)snprintf(member, sizeof(member), "c%02u", (unsigned)i / 40 % CROWD);
		x_tag(200, 0, tag);
		cdr_err err = cdr_query_run(tx,
		    "INSERT INTO index_row (epoch, tag, type, member, handle, rarity, pair, expires)"
		    " VALUES ($1, $2, 1, $3, $4, 1, 1, $5)",
		    CDR_VALUES(cdr_value_int(X_EPOCH), cdr_value_blob(tag, sizeof(tag)), cdr_value_text(member),
			cdr_value_blob(handle, sizeof(handle)), cdr_value_int(LATEST)));
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* A reading job. */
static cdr_err
find_job(struct cdr_tx *tx, void *context)
{
	struct crowd *crowd = context;

	return cdr_hub_hits_find(tx, &crowd->search, &crowd->hits);
}

/* Beyond 2,000 rows of a tag the rest is left unread, and counted; no member is read in part. */
static void
a_tag_of_too_many_is_cut(void **state)
{
	struct world *w = *state;
	struct x_party party;
	char id[8];

	for (unsigned i = 0; i < CROWD; i++) {
		(void)snprintf(id, sizeof(id), "c%02u", i % 100);
		x_enrol(w->x, id, &party);
	}
	assert_int_equal(cdr_store_write(w->x->store, crowd_job, NULL), CDR_OK);
	query(w, 1, 200, 1);
	const struct cdr_roster *roster = cdr_hub_roster_hold(w->x->hub);
	struct crowd crowd = { .search = { .rows = { w->rows, w->row_count * CDR_CHECK_ROW_LEN }, .epoch = X_EPOCH,
		.month = X_MONTH, .asker = "m0", .roster = roster } };
	assert_int_equal(cdr_store_read(w->x->store, find_job, &crowd), CDR_OK);
	assert_int_equal(crowd.hits.cut_count, 1);
	assert_true(crowd.hits.count >= CDR_HUB_HITS_TAG_MAX);
	assert_int_equal(crowd.hits.count % CDR_HUB_HITS_MEMBER_MAX, 0);
	cdr_hub_hits_free(&crowd.hits);
	cdr_hub_roster_release(w->x->hub, roster);
}

static void
the_search_sees_no_expired_row(void **state)
{
	struct world *w = *state;
	struct x_put put;

	x_put_start(&put, 2);
	x_put_person(&put, 50, 50, 16, X_MONTH - 1);
	x_put_person(&put, 51, 51, 16, X_MONTH);
	assert_string_equal(x_put_send(w->x, &w->member[3], &put, NULL), "ok");
	query(w, 1, 50, 16);
	assert_int_equal(match_count(w, 0), 0);
	query(w, 2, 51, 16);
	assert_int_equal(match_count(w, 0), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_employer_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stranger_is_not_found, setup, teardown),
		cmocka_unit_test_setup_teardown(everybody_but_the_asker_is_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(types_must_agree_too, setup, teardown),
		cmocka_unit_test_setup_teardown(who_is_not_active_is_not_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(an_epoch_that_is_over_is_not_searched, setup, teardown),
		cmocka_unit_test_setup_teardown(the_search_sees_no_expired_row, setup, teardown),
		cmocka_unit_test_setup_teardown(a_repeat_gets_the_same_reply, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_of_the_query_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(malformed_queries_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_flood_hides_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(a_tag_of_too_many_is_cut, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
