/* Mailboxes: delivered once, only to whom it is for, never lost, never more than one may lay by. */
#include "tests/unit/hub/exchange.h"

#include "node/hub/sweep.h"

struct world {
	struct exchange *x;
	struct x_party a, b, c;
	uint8_t sealed[CDR_MAIL_SEALED_LEN];
	uint8_t id[CDR_MAIL_ID_LEN];
};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->x = x_new();
	x_enrol(w->x, "aa", &w->a);
	x_enrol(w->x, "bb", &w->b);
	x_enrol(w->x, "cc", &w->c);
	memset(w->sealed, 0x5e, sizeof(w->sealed));
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

/* Post a letter: "ok" or the code of the refusal. */
static const char *
post(struct world *w, const struct x_party *by, const char *from, const char *to, uint16_t id, size_t sealed_len)
{
	Cdr__Wire__Mail mail = CDR__WIRE__MAIL__INIT;
	char from_text[40], to_text[40];

	(void)snprintf(from_text, sizeof(from_text), "%s", from);
	(void)snprintf(to_text, sizeof(to_text), "%s", to);
	w->id[0] = (uint8_t)(id >> 8);
	w->id[1] = (uint8_t)id;
	mail.id = cdr_message_field(w->id, sizeof(w->id));
	mail.from = from_text;
	mail.to = to_text;
	mail.sealed = cdr_message_field(w->sealed, sealed_len);
	return x_try(w->x, by, "/v1/mail/post", &mail.base, &cdr__wire__logged__descriptor);
}

static const char *
post_ab(struct world *w, uint16_t id)
{
	return post(w, &w->a, "aa", "bb", id, CDR_MAIL_SEALED_LEN);
}

/* Fetch as ${by}: how many letters, and the id of the first in ${first}. */
static size_t
fetch(struct world *w, const struct x_party *by, uint32_t max, uint16_t *first)
{
	Cdr__Wire__MailFetch request = CDR__WIRE__MAIL_FETCH__INIT;
	struct x_reply reply;

	request.max = max;
	assert_int_equal(x_call(w->x, by, "/v1/mail/fetch", &request.base, &cdr__wire__mail_bag__descriptor, &reply), 200);
	const Cdr__Wire__MailBag *bag = reply.message;
	size_t count = bag->n_mail;
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(bag->mail[i]->sealed.len, CDR_MAIL_SEALED_LEN);
		assert_memory_equal(bag->mail[i]->sealed.data, w->sealed, CDR_MAIL_SEALED_LEN);
		assert_string_equal(bag->mail[i]->from, "aa");
	}
	if (count > 0 && first != NULL)
		*first = (uint16_t)(bag->mail[0]->id.data[0] << 8 | bag->mail[0]->id.data[1]);
	x_reply_free(&reply);
	return count;
}

static const char *
take(struct world *w, const struct x_party *by, uint16_t id)
{
	Cdr__Wire__MailTaken request = CDR__WIRE__MAIL_TAKEN__INIT;
	uint8_t ids[CDR_MAIL_ID_LEN] = { (uint8_t)(id >> 8), (uint8_t)id };

	request.ids = cdr_message_field(ids, sizeof(ids));
	return x_try(w->x, by, "/v1/mail/taken", &request.base, &cdr__wire__empty__descriptor);
}

static void
a_letter_waits_until_it_is_taken(void **state)
{
	struct world *w = *state;
	uint16_t first = 0;

	assert_string_equal(post_ab(w, 1), "ok");
	assert_string_equal(post_ab(w, 1), "ok");
	assert_int_equal(fetch(w, &w->b, 32, &first), 1);
	assert_int_equal(first, 1);
	assert_int_equal(fetch(w, &w->b, 32, NULL), 1);
	assert_int_equal(fetch(w, &w->a, 32, NULL), 0);
	/* Nobody else can take it. */
	assert_string_equal(take(w, &w->c, 1), "ok");
	assert_string_equal(take(w, &w->a, 1), "ok");
	assert_int_equal(fetch(w, &w->b, 32, NULL), 1);
	assert_string_equal(take(w, &w->b, 1), "ok");
	assert_string_equal(take(w, &w->b, 1), "ok");
	assert_int_equal(fetch(w, &w->b, 32, NULL), 0);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM mail"), 0);
	/* A late repeat is not delivered twice, also if somebody changed it on the way. */
	assert_string_equal(post_ab(w, 1), "ok");
	w->sealed[0] ^= 1;
	assert_string_equal(post_ab(w, 1), "ok");
	assert_int_equal(fetch(w, &w->b, 32, NULL), 0);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM mail_taken"), 1);
}

static void
the_oldest_come_first_and_not_too_many(void **state)
{
	struct world *w = *state;
	uint16_t first = 0;

	for (uint16_t i = 0; i < 40; i++) {
		assert_string_equal(post_ab(w, (uint16_t)(100 - i)), "ok");
		w->x->now++;
	}
	assert_int_equal(fetch(w, &w->b, 1000, &first), CDR_MAIL_BAG_COUNT_MAX);
	assert_int_equal(first, 100);
	assert_int_equal(fetch(w, &w->b, 3, NULL), 3);
	assert_int_equal(fetch(w, &w->b, 0, NULL), 0);
}

static void
an_id_stands_for_one_letter(void **state)
{
	struct world *w = *state;

	assert_string_equal(post_ab(w, 1), "ok");
	w->sealed[9] ^= 1;
	assert_string_equal(post_ab(w, 1), "exists");
	w->sealed[9] ^= 1;
	assert_string_equal(post(w, &w->a, "aa", "cc", 1, CDR_MAIL_SEALED_LEN), "exists");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM misuse WHERE kind = 'mail'"), 1);
	/* Ids are per sender: nobody can occupy another's. */
	assert_string_equal(post(w, &w->c, "cc", "bb", 1, CDR_MAIL_SEALED_LEN), "ok");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM mail WHERE recipient = 'bb'"), 2);
	assert_string_equal(take(w, &w->b, 1), "ok"); /* both: the receiver has said so by id alone */
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM mail"), 0);
}

static void
only_proper_letters_are_taken(void **state)
{
	struct world *w = *state;
	static const uint8_t ids[(CDR_MAIL_TAKEN_COUNT_MAX + 1) * CDR_MAIL_ID_LEN];
	Cdr__Wire__MailTaken taken = CDR__WIRE__MAIL_TAKEN__INIT;
	const ProtobufCMessageDescriptor *empty = &cdr__wire__empty__descriptor;

	assert_string_equal(post(w, &w->a, "aa", "bb", 1, CDR_MAIL_SEALED_LEN - 1), "range");
	assert_string_equal(post(w, &w->a, "aa", "bb", 1, CDR_MAIL_SEALED_LEN + 1), "range");
	assert_string_equal(post(w, &w->a, "cc", "bb", 1, CDR_MAIL_SEALED_LEN), "refused");
	assert_string_equal(post(w, &w->a, "aa", "aa", 1, CDR_MAIL_SEALED_LEN), "refused");
	assert_string_equal(post(w, &w->a, "aa", "B B", 1, CDR_MAIL_SEALED_LEN), "refused");
	assert_string_equal(post(w, &w->a, "aa", "nobody", 1, CDR_MAIL_SEALED_LEN), "absent");
	assert_int_equal(cdr_hub_member_set(w->x->hub, "bb", "suspended", w->x->now, NULL), CDR_OK);
	assert_string_equal(post_ab(w, 1), "refused");
	taken.ids = cdr_message_field(ids, 5);
	assert_string_equal(x_try(w->x, &w->a, "/v1/mail/taken", &taken.base, empty), "input");
	taken.ids = cdr_message_field(ids, CDR_MAIL_TAKEN_COUNT_MAX * CDR_MAIL_ID_LEN);
	assert_string_equal(x_try(w->x, &w->a, "/v1/mail/taken", &taken.base, empty), "ok");
	taken.ids = cdr_message_field(ids, sizeof(ids));
	assert_string_equal(x_try(w->x, &w->a, "/v1/mail/taken", &taken.base, empty), "range");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM mail"), 0);
}

/* What is counted is the letters, so the test need not make real ones. */
static cdr_err
fill_job(struct cdr_tx *tx, void *context)
{
	const char *sender = context;

	for (int i = 0; i < CDR_HUB_MAILBOX_SENDER_MAX - 1; i++) {
		uint8_t id[CDR_MAIL_ID_LEN] = { 0xff, (uint8_t)(i >> 8), (uint8_t)i };
		cdr_err err = cdr_query_run(tx,
		    "INSERT INTO mail (sender, id, recipient, sealed, stored_at) VALUES ($1, $2, 'bb', $3, 0)",
		    CDR_VALUES(cdr_value_text(sender), cdr_value_blob(id, sizeof(id)), cdr_value_blob(id, 1)));
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

static void
a_mailbox_fills_up(void **state)
{
	struct world *w = *state;
	char sender[16] = "aa";

	assert_int_equal(cdr_store_write(w->x->store, fill_job, sender), CDR_OK);
	assert_string_equal(post_ab(w, 1), "ok");
	assert_string_equal(post_ab(w, 2), "busy"); /* a's own share is used up */
	assert_string_equal(post_ab(w, 1), "ok");
	assert_string_equal(post(w, &w->c, "cc", "bb", 1, CDR_MAIL_SEALED_LEN), "ok");
	for (int i = 0; i < 7; i++) {
		(void)snprintf(sender, sizeof(sender), "s%d", i);
		assert_int_equal(cdr_store_write(w->x->store, fill_job, sender), CDR_OK);
	}
	for (uint16_t i = 2; i < 8; i++)
		assert_string_equal(post(w, &w->c, "cc", "bb", i, CDR_MAIL_SEALED_LEN), "ok");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM mail"), CDR_HUB_MAILBOX_MAX - 8 + 1 + 7);
	assert_string_equal(post(w, &w->c, "cc", "bb", 8, CDR_MAIL_SEALED_LEN), "busy"); /* the box is full */
}

static void
what_nobody_fetches_goes(void **state)
{
	struct world *w = *state;

	for (uint16_t i = 0; i < 70; i++)
		assert_string_equal(post_ab(w, i), "ok");
	assert_string_equal(take(w, &w->b, 69), "ok");
	assert_int_equal(cdr_hub_sweep(w->x->hub, X_NOW + 60 * UINT64_C(86400), NULL), CDR_OK);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM mail"), 69);
	assert_int_equal(cdr_hub_sweep(w->x->hub, X_NOW + 61 * UINT64_C(86400), NULL), CDR_OK);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM mail"), 0);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM mail_taken"), 1);
	assert_int_equal(cdr_hub_sweep(w->x->hub, X_NOW + 91 * UINT64_C(86400), NULL), CDR_OK);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM mail_taken"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_letter_waits_until_it_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(the_oldest_come_first_and_not_too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(an_id_stands_for_one_letter, setup, teardown),
		cmocka_unit_test_setup_teardown(only_proper_letters_are_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(a_mailbox_fills_up, setup, teardown),
		cmocka_unit_test_setup_teardown(what_nobody_fetches_goes, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
