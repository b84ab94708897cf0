/* The index: batches, repeats, removal, quotas, expiry, and that nobody touches another's handles. */
#include "tests/unit/hub/exchange.h"

#include "audit/index_answer.h"
#include "node/hub/sweep.h"

#define LATEST (X_MONTH + 60) /* five years ahead */

struct world {
	struct exchange *x;
	struct x_party a, b;
	struct x_put put;
};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->x = x_new();
	x_enrol(w->x, "aa", &w->a);
	x_enrol(w->x, "bb", &w->b);
	x_epoch(w->x);
	x_put_start(&w->put, 1);
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

static void
a_batch_counts_once(void **state)
{
	struct world *w = *state;
	uint64_t people = 0;

	x_put_person(&w->put, 1, 10, 16, X_MONTH);
	x_put_person(&w->put, 2, 20, 32, LATEST);
	assert_string_equal(x_put_send(w->x, &w->a, &w->put, &people), "ok");
	assert_int_equal(people, 2);
	assert_string_equal(x_put_send(w->x, &w->a, &w->put, &people), "ok");
	assert_int_equal(people, 2);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM index_row"), 48);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM person"), 2);
	assert_int_equal(x_count(w->x, "SELECT index_rows FROM holding WHERE member = 'aa'"), 48);

	/* The same id with other content is a lie or a bug, and noted. */
	w->put.rows[0] ^= 1;
	assert_string_equal(x_put_send(w->x, &w->a, &w->put, NULL), "exists");
	assert_string_equal(x_put_send(w->x, &w->a, &w->put, NULL), "exists");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM misuse WHERE party = 'member/aa' AND kind = 'batch'"), 1);
	/* To another member the id means nothing. */
	assert_string_equal(x_put_send(w->x, &w->b, &w->put, &people), "ok");
	assert_int_equal(people, 2);
}

static void
a_handle_that_comes_again_is_replaced(void **state)
{
	struct world *w = *state;
	uint64_t people;

	x_put_person(&w->put, 1, 10, 32, LATEST);
	assert_string_equal(x_put_send(w->x, &w->a, &w->put, NULL), "ok");
	x_put_start(&w->put, 2);
	x_put_person(&w->put, 1, 11, 16, LATEST);
	assert_string_equal(x_put_send(w->x, &w->a, &w->put, &people), "ok");
	assert_int_equal(people, 1);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM index_row"), 16);
	assert_int_equal(x_count(w->x, "SELECT index_rows FROM holding WHERE member = 'aa'"), 16);
}

static void
removal_is_immediate_and_ones_own(void **state)
{
	struct world *w = *state;
	uint64_t people;

	x_put_person(&w->put, 1, 10, 16, LATEST);
	x_put_person(&w->put, 2, 20, 16, LATEST);
	assert_string_equal(x_put_send(w->x, &w->a, &w->put, NULL), "ok");
	x_put_start(&w->put, 2);
	x_put_removed(&w->put, 1);
	x_put_removed(&w->put, 1);
	x_put_removed(&w->put, 77); /* never was there */
	/* Another member's handles are other handles, even where the bytes are the same. */
	assert_string_equal(x_put_send(w->x, &w->b, &w->put, &people), "ok");
	assert_int_equal(people, 0);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM index_row"), 32);
	assert_string_equal(x_put_send(w->x, &w->a, &w->put, &people), "ok");
	assert_int_equal(people, 1);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM index_row"), 16);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM person"), 1);
}

static void
the_quota_counts_rows(void **state)
{
	struct world *w = *state;

	/* 320 rows are a member's quota: 64 a person. */
	for (uint8_t i = 0; i < 5; i++)
		x_put_person(&w->put, i, i, 64, LATEST);
	assert_string_equal(x_put_send(w->x, &w->a, &w->put, NULL), "ok");
	x_put_start(&w->put, 2);
	x_put_person(&w->put, 9, 9, 16, LATEST);
	assert_string_equal(x_put_send(w->x, &w->a, &w->put, NULL), "quota");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM index_row"), 320);
	/* What goes out in the same batch makes room. */
	x_put_removed(&w->put, 0);
	assert_string_equal(x_put_send(w->x, &w->a, &w->put, NULL), "ok");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM index_row"), 272);
}

/* Put one person after ${spoil} has changed the batch. */
static const char *
put_spoilt(struct world *w, void (*spoil)(struct x_put *))
{
	x_put_start(&w->put, 1);
	x_put_person(&w->put, 1, 10, 16, LATEST);
	spoil(&w->put);
	return x_put_send(w->x, &w->a, &w->put, NULL);
}

static void
lose_a_row(struct x_put *put)
{
	put->row_count--;
}

static void
name_a_type_that_is_none(struct x_put *put)
{
	put->rows[CDR_TAG_LEN] = CDR_TOKEN_TYPE_COUNT;
}

static void
name_type_zero(struct x_put *put)
{
	put->rows[CDR_TAG_LEN] = 0;
}

static void
name_a_rarity_that_is_none(struct x_put *put)
{
	put->rows[CDR_TAG_LEN + 1] = CDR_RARITY_MAX + 1;
}

static void
name_a_pair_that_is_none(struct x_put *put)
{
	put->rows[CDR_TAG_LEN + 2] = CDR_PAIR_MAX + 1;
}

static void
repeat_a_tag(struct x_put *put)
{
	memcpy(put->rows + CDR_INDEX_ROW_LEN, put->rows, CDR_TAG_LEN);
}

static void
leave_out_the_expiry(struct x_put *put)
{
	put->person_count = 0;
}

static void
add_an_expiry(struct x_put *put)
{
	put->expiries[CDR_INDEX_EXPIRY_LEN] = 2;
	put->person_count++;
}

static void
name_another_handle(struct x_put *put)
{
	put->expiries[0] = 99;
}

static void
expire_too_late(struct x_put *put)
{
	put->expiries[CDR_HANDLE_LEN + 1]++;
}

static void
name_another_epoch(struct x_put *put)
{
	put->epoch = X_EPOCH + 1;
}

static void
malformed_batches_change_nothing(void **state)
{
	struct world *w = *state;

	assert_string_equal(put_spoilt(w, lose_a_row), "input");
	assert_string_equal(put_spoilt(w, name_a_type_that_is_none), "input");
	assert_string_equal(put_spoilt(w, name_type_zero), "input");
	assert_string_equal(put_spoilt(w, name_a_rarity_that_is_none), "input");
	assert_string_equal(put_spoilt(w, name_a_pair_that_is_none), "input");
	assert_string_equal(put_spoilt(w, repeat_a_tag), "input");
	assert_string_equal(put_spoilt(w, leave_out_the_expiry), "input");
	assert_string_equal(put_spoilt(w, add_an_expiry), "input");
	assert_string_equal(put_spoilt(w, name_another_handle), "input");
	assert_string_equal(put_spoilt(w, expire_too_late), "range");
	assert_string_equal(put_spoilt(w, name_another_epoch), "epoch");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM index_row"), 0);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM index_batch"), 0);
}

static void
parts_of_records_are_refused(void **state)
{
	struct world *w = *state;
	static const uint8_t zeros[CDR_INDEX_ROW_LEN];
	Cdr__Wire__IndexPut request = CDR__WIRE__INDEX_PUT__INIT;
	const ProtobufCMessageDescriptor *type = &cdr__wire__index_put_reply__descriptor;

	request.epoch = X_EPOCH;
	request.batch = cdr_message_field(zeros, CDR_ID_LEN);
	request.rows = request.expiries = request.removed = cdr_message_field(zeros, 0);
	assert_string_equal(x_try(w->x, &w->a, "/v1/index/put", &request.base, type), "ok"); /* empty is nothing */
	request.removed = cdr_message_field(zeros, 3);
	assert_string_equal(x_try(w->x, &w->a, "/v1/index/put", &request.base, type), "input");
	request.removed = cdr_message_field(zeros, 0);
	request.rows = cdr_message_field(zeros, CDR_INDEX_ROW_LEN - 1);
	assert_string_equal(x_try(w->x, &w->a, "/v1/index/put", &request.base, type), "input");
	request.rows = cdr_message_field(zeros, 0);
	request.expiries = cdr_message_field(zeros, 1);
	assert_string_equal(x_try(w->x, &w->a, "/v1/index/put", &request.base, type), "input");
	request.expiries = cdr_message_field(zeros, 0);
	request.batch = cdr_message_field(zeros, 15);
	assert_string_equal(x_try(w->x, &w->a, "/v1/index/put", &request.base, type), "input");
	request.batch = cdr_message_field(zeros, CDR_ID_LEN);
	uint8_t *many = calloc(CDR_INDEX_REMOVED_MAX + 1, CDR_HANDLE_LEN);
	assert_non_null(many);
	request.removed = cdr_message_field(many, (CDR_INDEX_REMOVED_MAX + 1) * CDR_HANDLE_LEN);
	assert_string_equal(x_try(w->x, &w->a, "/v1/index/put", &request.base, type), "range");
	free(many);
}

static void
what_expired_goes(void **state)
{
	struct world *w = *state;

	for (uint8_t i = 0; i < 10; i++)
		x_put_person(&w->put, i, i, 16, (uint16_t)(X_MONTH + i));
	assert_string_equal(x_put_send(w->x, &w->a, &w->put, NULL), "ok");
	assert_int_equal(cdr_hub_sweep(w->x->hub, X_NOW, NULL), CDR_OK);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM person"), 10);
	/* 92 days later it is June: those of March, April and May go. */
	assert_int_equal(cdr_hub_sweep(w->x->hub, X_NOW + 92 * UINT64_C(86400), NULL), CDR_OK);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM person"), 7);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM index_row"), 7 * 16);
	assert_int_equal(x_count(w->x, "SELECT people FROM holding WHERE member = 'aa'"), 7);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM index_batch"), 0); /* older than 90 days */
}

static void
months_are_counted_from_2000(void **state)
{
	(void)state;
	assert_int_equal(cdr_index_month(946684800), 0);
	assert_int_equal(cdr_index_month(946684799), 0);
	assert_int_equal(cdr_index_month(X_NOW), X_MONTH);
	assert_int_equal(cdr_index_month(X_NOW - 1), X_MONTH - 1);
}

/* Who enrols anew begins with an empty index. */
static void
new_keys_begin_with_nothing(void **state)
{
	struct world *w = *state;
	struct x_party again;

	x_put_person(&w->put, 1, 10, 16, LATEST);
	assert_string_equal(x_put_send(w->x, &w->a, &w->put, NULL), "ok");
	assert_string_equal(x_put_send(w->x, &w->b, &w->put, NULL), "ok");
	assert_int_equal(cdr_hub_member_set(w->x->hub, "aa", "revoked", w->x->now, NULL), CDR_OK);
	x_enrol(w->x, "aa", &again);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM index_row"), 16);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM person WHERE member = 'aa'"), 0);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM holding WHERE member = 'aa'"), 0);
}

/* Put ${count} people from ${handle} on, who share the tags of ${person}, sixteen at a time at most. */
static const char *
put_alike(struct world *w, const struct x_party *party, uint8_t batch, uint8_t handle, size_t count, uint8_t person)
{
	x_put_start(&w->put, batch);
	for (size_t i = 0; i < count; i++)
		x_put_person(&w->put, (uint8_t)(handle + i), person, 16, LATEST);
	return x_put_send(w->x, party, &w->put, NULL);
}

/* One member has so many rows under one tag and no more; a batch that is refused leaves everything as it was. */
static void
one_tag_is_not_flooded(void **state)
{
	struct world *w = *state;
	struct x_reply reply;

	w->x->import_points = 4096;
	x_enrol(w->x, "cc", &w->a); /* with more quota than the others */
	assert_string_equal(put_alike(w, &w->a, 1, 1, 16, 10), "ok");
	assert_string_equal(put_alike(w, &w->a, 2, 17, 15, 10), "ok");
	assert_string_equal(put_alike(w, &w->a, 3, 40, 2, 10), "range");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM person WHERE member = 'cc'"), 31);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM index_row WHERE member = 'cc'"), 31 * 16);
	assert_int_equal(x_count(w->x, "SELECT people FROM holding WHERE member = 'cc'"), 31);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM index_batch WHERE member = 'cc'"), 2);
	assert_string_equal(put_alike(w, &w->a, 4, 40, 1, 10), "ok"); /* the 32nd */
	/* One tag alone that is too many, among others that are not. */
	x_put_start(&w->put, 5);
	x_put_person(&w->put, 50, 60, 16, LATEST);
	x_tag(10, 3, w->put.rows + 7 * CDR_INDEX_ROW_LEN);
	assert_string_equal(x_put_send(w->x, &w->a, &w->put, NULL), "range");
	/* What goes out makes room, and who comes again under the same handle takes none. */
	x_put_removed(&w->put, 1);
	assert_string_equal(x_put_send(w->x, &w->a, &w->put, NULL), "ok");
	assert_string_equal(put_alike(w, &w->a, 6, 2, 1, 10), "ok");
	/* Another member has its own. */
	assert_string_equal(put_alike(w, &w->b, 7, 1, 1, 10), "ok");
	/* It is told what was wrong, and what to do. */
	x_put_start(&w->put, 8);
	x_put_person(&w->put, 99, 10, 16, LATEST);
	Cdr__Wire__IndexPut request = CDR__WIRE__INDEX_PUT__INIT;
	request.epoch = X_EPOCH;
	request.batch = cdr_message_field(w->put.batch, CDR_ID_LEN);
	request.rows = cdr_message_field(w->put.rows, 16 * CDR_INDEX_ROW_LEN);
	request.expiries = cdr_message_field(w->put.expiries, CDR_INDEX_EXPIRY_LEN);
	request.removed = cdr_message_field(w->put.removed, 0);
	assert_int_not_equal(x_call(w->x, &w->a, "/v1/index/put", &request.base, &cdr__wire__index_put_reply__descriptor, &reply), 200);
	assert_non_null(strstr(reply.text, "at most 32 rows"));
	assert_non_null(strstr(reply.text, "random tag"));
	x_reply_free(&reply);
}

/* What /v1/index/handles lists to ${party} behind ${after} (NULL: from the first): how many, and the first byte of each. */
static size_t
listed(struct world *w, const struct x_party *party, const uint8_t *after, uint8_t *firsts)
{
	Cdr__Wire__IndexHandles request = CDR__WIRE__INDEX_HANDLES__INIT;
	struct x_reply reply;
	size_t count;

	request.has_after = after != NULL;
	if (after != NULL)
		request.after = cdr_message_field(after, CDR_HANDLE_LEN);
	assert_int_equal(x_call(w->x, party, "/v1/index/handles", &request.base, &cdr__wire__index_handles_reply__descriptor, &reply), 200);
	const Cdr__Wire__IndexHandlesReply *list = reply.message;
	count = list->handles.len / CDR_HANDLE_LEN;
	for (size_t i = 0; i < count && i < 8; i++)
		firsts[i] = list->handles.data[i * CDR_HANDLE_LEN];
	x_reply_free(&reply);
	return count;
}

/* A member is told whom it has there, and of nobody else. */
static void
a_member_asks_whom_it_has(void **state)
{
	struct world *w = *state;
	Cdr__Wire__IndexHandles request = CDR__WIRE__INDEX_HANDLES__INIT;
	uint8_t firsts[8], after[CDR_HANDLE_LEN] = { 3 };

	assert_int_equal(listed(w, &w->a, NULL, firsts), 0);
	x_put_person(&w->put, 7, 10, 16, LATEST);
	x_put_person(&w->put, 3, 11, 16, LATEST);
	assert_string_equal(x_put_send(w->x, &w->a, &w->put, NULL), "ok");
	x_put_start(&w->put, 2);
	x_put_person(&w->put, 5, 12, 16, LATEST);
	assert_string_equal(x_put_send(w->x, &w->b, &w->put, NULL), "ok");
	assert_int_equal(listed(w, &w->a, NULL, firsts), 2);
	assert_int_equal(firsts[0], 3);
	assert_int_equal(firsts[1], 7);
	assert_int_equal(listed(w, &w->a, after, firsts), 1);
	assert_int_equal(firsts[0], 7);
	assert_int_equal(listed(w, &w->b, NULL, firsts), 1);
	assert_int_equal(firsts[0], 5);
	request.has_after = true;
	request.after = cdr_message_field(after, CDR_HANDLE_LEN - 1);
	assert_string_equal(x_try(w->x, &w->a, "/v1/index/handles", &request.base, &cdr__wire__index_handles_reply__descriptor), "input");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_batch_counts_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_handle_that_comes_again_is_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(removal_is_immediate_and_ones_own, setup, teardown),
		cmocka_unit_test_setup_teardown(the_quota_counts_rows, setup, teardown),
		cmocka_unit_test_setup_teardown(malformed_batches_change_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(parts_of_records_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(what_expired_goes, setup, teardown),
		cmocka_unit_test(months_are_counted_from_2000),
		cmocka_unit_test_setup_teardown(new_keys_begin_with_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(one_tag_is_not_flooded, setup, teardown),
		cmocka_unit_test_setup_teardown(a_member_asks_whom_it_has, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
