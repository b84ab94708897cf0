/* Whoever was put back from a backup, or is new, does nothing before it knows what others witnessed; and cannot be shown another log. */

#include "tests/unit/unit.h"

#include "tests/unit/trustee/exchange.h"
#include "tests/unit/trustee/played_log.h"

#include "node/trustee/recover.h"
#include "node/trustee/share.h"

#define NEWCOMER 3 /* the others were there before it */

static struct exchange *x;
static struct played_log *played, *forged;
static bool is_away[TRUSTEE_COUNT + 1];

/* Trustee ${i} is asked what it saw last, by another trustee or by a member. */
static cdr_err
ask_latest(uint32_t i, bool by_member, struct cdr_answer *given, struct cdr_fault *fault)
{
	struct cdr_trustee *trustee = x->node[i].trustee;
	const struct cdr_roster *held = cdr_current_hold(trustee->current);
	const struct cdr_call call = { .roster = held, .now = cdr_trustee_now(), .trustee = by_member ? NULL : held->body->trustee[0] };
	cdr_err err = cdr_trustee_witness_latest(trustee, &call, given, fault);

	cdr_current_release(trustee->current, held);
	return err;
}

/* How many cosignatures its reply has; -1 with ${code} if there is none. */
static int
told(uint32_t i, bool by_member, cdr_err *code)
{
	struct cdr_answer given = { 0 };
	struct cdr_arena arena = { 0 };
	struct cdr_checkpoint checkpoint;
	const Cdr__Wire__WitnessLatest *latest;

	*code = ask_latest(i, by_member, &given, NULL);
	if (*code != CDR_OK)
		return -1;
	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__witness_latest__descriptor, cdr_buffer_bytes(&given.body), &latest), CDR_OK);
	assert_int_equal(cdr_checkpoint_read(cdr_message_bytes(latest->checkpoint), x->genesis->hash, x->genesis, &checkpoint, NULL), CDR_OK);
	cdr_arena_free(&arena);
	cdr_buffer_free(&given.body);
	return (int)checkpoint.cosignature_count;
}

/* The network between trustees. */
static cdr_err
send(void *context, const struct cdr_signer *signer, struct cdr_ask *ask)
{
	struct cdr_answer given = { 0 };

	(void)context;
	(void)signer;
	/* The hub shows what it likes when it likes. */
	if (strcmp(ask->path, "/v1/log/show") == 0)
		return ask->err = CDR_OK;
	assert_string_equal(ask->path, "/v1/witness/latest");
	if (strcmp(ask->party_signer, "new") == 0) /* who has left, and is gone */
		return ask->err = cdr_fault_set(&ask->fault, CDR_E_NETWORK, "away");
	const uint32_t i = (uint32_t)(ask->party_signer[8] - '0');
	if (is_away[i])
		return ask->err = cdr_fault_set(&ask->fault, CDR_E_NETWORK, "away");
	ask->answered = true;
	ask->err = ask_latest(i, false, &given, &ask->fault);
	if (ask->err == CDR_OK)
		ask->err = cdr_message_decode(&ask->arena, ask->reply_type, cdr_buffer_bytes(&given.body), &ask->reply);
	cdr_buffer_free(&given.body);
	return ask->err;
}

/* A leaf for ${log}, shown to those whom it shows leaves. */
static void
append(struct played_log *log, uint8_t content)
{
	struct cdr_leaf leaf = { .kind = CDR_LEAF_DELIVERY, .at = 1772323200 };
	struct played_leaf l;

	cdr_leaf_party_add(&leaf, "hub");
	memset(leaf.content, content, sizeof(leaf.content));
	played_leaf_make(&l, &leaf, NULL);
	(void)played_append(log, &l);
	played_leaf_free(&l);
}

/* The whole of ${log}, which has one leaf, to the newcomer alone. */
static void
show_one(struct played_log *log, uint8_t content)
{
	struct cdr_leaf leaf = { .kind = CDR_LEAF_DELIVERY, .at = 1772323200 };
	struct played_leaf l;
	Cdr__Wire__LogRecord *record[] = { &l.record };

	cdr_leaf_party_add(&leaf, "hub");
	memset(leaf.content, content, sizeof(leaf.content));
	played_leaf_make(&l, &leaf, NULL);
	memset(log->skip, 0, sizeof(log->skip));
	log->skip[1] = log->skip[2] = true;
	played_show(log, 0, record, 1);
	memset(log->skip, 0, sizeof(log->skip));
	played_leaf_free(&l);
}

/* The hub shows the newcomer that the others have cosigned the whole log. */
static void
tell_newcomer(void)
{
	struct cdr_cosignature cosignature;

	played->checkpoint.cosignature_count = 0;
	for (uint32_t i = 1; i <= THRESHOLD; i++) {
		assert_int_equal(cdr_checkpoint_cosign(x->node[i].home.keys->signing, x->genesis->hash, &played->checkpoint, i,
		    cdr_trustee_now(), &cosignature), CDR_OK);
		assert_int_equal(cdr_checkpoint_add(&played->checkpoint, x->genesis->hash, x->newest, &cosignature), CDR_OK);
	}
	played->skip[1] = played->skip[2] = true;
	played_tell(played);
	memset(played->skip, 0, sizeof(played->skip));
}

/* A writing job. */
static cdr_err
come_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_trustee_recover_come(tx, 0);
}

/* A writing job. */
static cdr_err
put_back_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_trustee_recover_mark(tx);
}

static cdr_err
step(void)
{
	struct cdr_trustee *trustee = x->node[NEWCOMER].trustee;

	assert_int_equal(cdr_trustee_recover_step(trustee, NULL), CDR_OK);
	return cdr_trustee_recovered(trustee, NULL);
}

static void
a_newcomer_asks_those_before_it(void **state)
{
	(void)state;
	struct cdr_trustee *trustee = x->node[NEWCOMER].trustee;
	struct cdr_fault fault = { CDR_OK, "" };
	bool forgotten, vouched;
	cdr_err code;

	played->skip[NEWCOMER] = true;
	append(played, 1);
	assert_int_equal(cdr_store_write(trustee->home->store, come_job, NULL), CDR_OK);
	assert_int_equal(cdr_trustee_recovered(trustee, &fault), CDR_E_BUSY);
	assert_non_null(strstr(fault.text, "new"));
	/* Of what it did itself it has forgotten nothing: ceremonies, and what it answers in rounds. */
	assert_int_equal(cdr_trustee_remembers(trustee, &fault), CDR_OK);
	assert_int_equal(cdr_trustee_round_is_vouched(trustee, 306, &vouched), CDR_OK);
	assert_int_equal(cdr_trustee_round_is_forgotten(trustee, 306, &forgotten), CDR_OK);
	assert_true(vouched && !forgotten);
	/* As many as were needed then have to tell. */
	is_away[1] = is_away[2] = true;
	assert_int_equal(step(), CDR_E_BUSY);
	is_away[1] = false;
	assert_int_equal(step(), CDR_E_BUSY);
	/* A log without what was closed and opened before, in a hurry: nothing is taken in before enough have told. */
	forged->skip[1] = forged->skip[2] = true;
	append(forged, 2);
	assert_string_equal(forged->code[NEWCOMER], "busy");
	is_away[2] = false;
	assert_int_equal(step(), CDR_E_BUSY);
	/* As long as the true one, and another. */
	show_one(forged, 2);
	assert_string_equal(forged->code[NEWCOMER], "proof");
	/* The true one. As long as it is not whole, this trustee tells nobody what it does not know. */
	assert_int_equal(told(NEWCOMER, false, &code), -1);
	show_one(played, 1);
	assert_int_equal(played->status[NEWCOMER], 200);
	/* That enough have cosigned it, as the hub says it, proves nothing to whoever has to catch up. */
	tell_newcomer();
	assert_string_equal(played->code[NEWCOMER], "busy");
	assert_int_equal(played->turn[NEWCOMER], CDR_TURN_PLAIN);
	assert_int_equal(cdr_trustee_witnessed_size(trustee, x->newest), 0);
	assert_null(trustee->witnessed);
	assert_int_equal(told(NEWCOMER, true, &code), -1);
	assert_int_equal(code, CDR_E_BUSY);
	assert_int_equal(told(NEWCOMER, false, &code), -1);
	assert_int_equal(code, CDR_E_BUSY);
	assert_int_equal(step(), CDR_OK);
	assert_int_equal(told(NEWCOMER, true, &code), 1);
	/* Shown it again, it counts. */
	tell_newcomer();
	assert_int_equal(played->status[NEWCOMER], 200);
	assert_int_equal(played->turn[NEWCOMER], CDR_TURN_NEWS);
	assert_int_equal(cdr_trustee_witnessed_size(trustee, x->newest), 1);
	/* From now on it is a witness like others. */
	append(played, 3);
	assert_int_equal(played->checkpoint.cosignature_count, TRUSTEE_COUNT);
	/* Whoever comes back has been away again. */
	assert_int_equal(cdr_store_write(trustee->home->store, come_job, NULL), CDR_OK);
	assert_int_equal(cdr_trustee_recovered(trustee, &fault), CDR_E_BUSY);
	assert_int_equal(step(), CDR_OK);
}

/* Whose part of a ceremony ends after it has left keeps nothing of it; for whom the change is still to come keeps it. */
struct putting {
	struct cdr_trustee *trustee;
	const struct cdr_roster_key *key;
	struct cdr_bytes basis;
	int64_t count;
};

static cdr_err
put_job(struct cdr_tx *tx, void *context)
{
	struct putting *p = context;
	const uint8_t share[CDR_SCALAR_LEN] = { 1, 2, 3 };
	cdr_err err = cdr_trustee_share_put(tx, p->trustee, share, p->key, THRESHOLD, p->basis);

	return err != CDR_OK ? err : cdr_query_one_int(tx, "SELECT count(*) FROM key_share WHERE transcript = $1",
	    CDR_VALUES(cdr_value_bytes(p->key->transcript)), &p->count);
}

static int64_t
put_share(struct cdr_trustee *trustee, const struct dealt *d, const uint8_t *basis, size_t basis_len)
{
	const struct cdr_roster_key key = cdr_roster_key_of_epoch(&d->epoch);
	struct putting p = { trustee, &key, { basis, basis_len }, 0 };

	assert_int_equal(cdr_store_write(trustee->home->store, put_job, &p), CDR_OK);
	return p.count;
}

static void
who_left_keeps_no_share(void **state)
{
	(void)state;
	struct cdr_trustee *trustee = x->node[2].trustee;
	struct dealt now, next, other;

	deal(x, 1, 1, &now);
	deal(x, 1, 2, &next);
	deal(x, 1, 3, &other);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		give_share(x, i, &now);
	const struct cdr_roster_change change = change_epoch(&now);
	propose(x, &change, 1);
	put_in_force(x);
	assert_int_equal(cdr_trustee_roster_update(trustee, NULL, NULL), CDR_OK);
	x->node[2].home.signing_public[0] ^= 1; /* the roster names somebody else */
	assert_int_equal(put_share(trustee, &other, other.transcript, sizeof(other.transcript)), 0);
	assert_int_equal(put_share(trustee, &other, NULL, 0), 0);
	assert_int_equal(put_share(trustee, &next, now.transcript, sizeof(now.transcript)), 1);
	x->node[2].home.signing_public[0] ^= 1;
	assert_int_equal(put_share(trustee, &other, other.transcript, sizeof(other.transcript)), 1);
}

/* Those before it are gone for good: its operator may say so of them, and of nobody else. */
static void
those_before_it_are_gone(void **state)
{
	(void)state;
	struct cdr_trustee *trustee = x->node[NEWCOMER].trustee;
	struct cdr_fault fault = { CDR_OK, "" };
	const uint32_t one[] = { 1 }, both[] = { 1, 2 }, twice[] = { 1, 1 }, none[] = { 9 };

	bool forgotten;

	assert_int_equal(cdr_trustee_recover_without(trustee, one, 1, false, &fault), CDR_E_ABSENT); /* it is not new */
	played->skip[NEWCOMER] = true;
	append(played, 1);
	assert_int_equal(cdr_store_write(trustee->home->store, come_job, NULL), CDR_OK);
	is_away[1] = true;
	assert_int_equal(step(), CDR_E_BUSY);
	assert_int_equal(cdr_trustee_recover_without(trustee, one, 1, true, &fault), CDR_E_REFUSED);
	assert_non_null(strstr(fault.text, "still"));
	/* From here on the roster in force has another one in the place of the first. */
	const struct cdr_roster *held = cdr_current_hold(trustee->current);
	uint8_t *key = held->body->trustee[0]->party->signing_key.data;
	key[0] ^= 1;
	cdr_current_release(trustee->current, held);
	assert_int_equal(cdr_trustee_recover_without(trustee, none, 1, true, &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_trustee_recover_without(trustee, twice, 2, true, &fault), CDR_E_INPUT);
	assert_int_equal(cdr_trustee_recover_without(trustee, both, 2, true, &fault), CDR_E_REFUSED);
	assert_int_equal(cdr_trustee_recover_without(trustee, one, 1, false, &fault), CDR_E_REFUSED);
	assert_non_null(strstr(fault.text, "--at-risk"));
	assert_int_equal(step(), CDR_E_BUSY);
	assert_int_equal(cdr_trustee_recover_without(trustee, one, 1, true, &fault), CDR_OK);
	assert_int_equal(step(), CDR_E_BUSY); /* the second has told; the log is not whole yet */
	show_one(played, 1);
	assert_int_equal(played->status[NEWCOMER], 200);
	assert_int_equal(step(), CDR_OK);
	/* Rounds of that time it leaves to the others. */
	assert_int_equal(cdr_trustee_round_is_forgotten(trustee, 306, &forgotten), CDR_OK);
	assert_true(forgotten);
	assert_int_equal(cdr_trustee_recover_without(trustee, one, 1, true, &fault), CDR_E_ABSENT); /* it waits for nobody any more */
}

static void
what_was_put_back_signs_nothing(void **state)
{
	(void)state;
	struct cdr_trustee *trustee = x->node[NEWCOMER].trustee;
	struct cdr_fault fault = { CDR_OK, "" };
	cdr_err code;

	append(played, 1);
	assert_int_equal(told(NEWCOMER, true, &code), 1);
	assert_int_equal(cdr_store_write(trustee->home->store, put_back_job, NULL), CDR_OK);
	assert_int_equal(cdr_trustee_remembers(trustee, &fault), CDR_E_BUSY);
	assert_non_null(strstr(fault.text, "backup"));
	/* It tells what it has, so that two who were put back can go on, and nobody gets a signature. */
	assert_int_equal(told(NEWCOMER, true, &code), 0);
	/* Put back, and new as well: both end together. */
	assert_int_equal(cdr_store_write(trustee->home->store, come_job, NULL), CDR_OK);
	assert_int_equal(told(NEWCOMER, false, &code), 0);
	assert_int_equal(step(), CDR_OK);
	assert_int_equal(cdr_trustee_remembers(trustee, &fault), CDR_OK);
	assert_int_equal(told(NEWCOMER, true, &code), 1);
}

static void
who_left_tells_and_signs_no_more(void **state)
{
	(void)state;
	cdr_err code;

	append(played, 1);
	x->node[1].trustee->index = 0;
	assert_int_equal(told(1, false, &code), 0);
	append(played, 2);
	assert_string_equal(played->code[1], "absent");
}

static int
setup(void **state)
{
	(void)state;
	if (cdr_secret_start(NULL) != CDR_OK)
		return -1;
	x = exchange_new();
	played = calloc(1, sizeof(*played));
	forged = calloc(1, sizeof(*forged));
	assert_true(played != NULL && forged != NULL);
	played->x = forged->x = x;
	memset(is_away, 0, sizeof(is_away));
	x->node[NEWCOMER].trustee->hub.send = send;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	exchange_free(x);
	free(played);
	free(forged);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_newcomer_asks_those_before_it, setup, teardown),
		cmocka_unit_test_setup_teardown(who_left_keeps_no_share, setup, teardown),
		cmocka_unit_test_setup_teardown(those_before_it_are_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_put_back_signs_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(who_left_tells_and_signs_no_more, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
