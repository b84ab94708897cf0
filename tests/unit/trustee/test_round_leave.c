/* Whoever hands its share on signs, before that, that it opens nothing of what waits; and what did not reach the hub is told. */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/exchange.h"
#include "tests/unit/trustee/played_round.h"

#include "node/trustee/round.h"
#include "node/trustee/round_store.h"

#define ROUNDS 6
#define SHOWN_MAX 2

static struct exchange *x;

/* What the hub has: rounds that were closed, and who has signed that it never opens them. */
static struct {
	struct played round[ROUNDS];
	size_t count;
	bool is_promised[ROUNDS];
	size_t unreachable;           /* what is signed about this round does not arrive; ROUNDS: all does */
	bool refuses;                 /* it answers that it will not have it */
	bool forgets;                 /* it shows the same again */
	size_t work_count;
} hub;

/* Some rounds of which nothing was signed yet, oldest first; one in which the trustee has answered stays. */
static cdr_err
give_work(struct cdr_ask *ask)
{
	Cdr__Wire__RoundWork reply = CDR__WIRE__ROUND_WORK__INIT;
	Cdr__Wire__RoundTask task[SHOWN_MAX], *at[SHOWN_MAX];

	hub.work_count++;
	reply.task = at;
	for (size_t i = 0; i < hub.count && reply.n_task < SHOWN_MAX; i++) {
		if (hub.is_promised[i])
			continue;
		Cdr__Wire__RoundTask *one = at[reply.n_task] = &task[reply.n_task];
		*one = (Cdr__Wire__RoundTask)CDR__WIRE__ROUND_TASK__INIT;
		one->round = &hub.round[i].sealed;
		one->close = hub.round[i].close;
		reply.n_task++;
	}
	return answer(ask, &reply.base);
}

static cdr_err
take_refusal(struct cdr_ask *ask)
{
	const Cdr__Wire__RoundRefuse *said = (const Cdr__Wire__RoundRefuse *)ask->message;
	size_t i = 0;

	while (memcmp(said->round.data, hub.round[i].round->hash, CDR_ROUND_HASH_LEN) != 0)
		assert_true(++i < hub.count);
	if (i == hub.unreachable)
		return ask->err = cdr_fault_set(&ask->fault, CDR_E_NETWORK, "played: the line broke");
	ask->answered = true;
	if (hub.refuses)
		return ask->err = cdr_fault_set(&ask->fault, CDR_E_REFUSED, "played: the hub will not have it");
	assert_true(said->has_never);
	assert_int_equal(said->never.len, CDR_ROUND_HASH_LEN);
	assert_memory_equal(said->never.data, hub.round[i].close_hash, CDR_ROUND_HASH_LEN);
	hub.is_promised[i] = !hub.forgets;
	return ask->err = CDR_OK;
}

static cdr_err
round_send(void *context, const struct cdr_signer *signer, struct cdr_ask *ask)
{
	if (!x->is_away && strcmp(ask->path, "/v1/round/work") == 0)
		return give_work(ask);
	if (!x->is_away && strcmp(ask->path, "/v1/round/refuse") == 0)
		return take_refusal(ask);
	return hub_send(context, signer, ask);
}

static int
setup(void **state)
{
	static char period[] = "2026-H1", table[] = "status";

	(void)state;
	x = exchange_new();
	x->node[1].trustee->hub.send = round_send;
	memset(&hub, 0, sizeof(hub));
	hub.unreachable = ROUNDS;
	for (size_t i = 0; i < ROUNDS; i++) {
		make_round(x, &hub.round[i], (uint8_t)(i + 1), period, table, 0);
		make_close(x, &hub.round[i], 0, 7, 0);
	}
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROUNDS; i++)
		played_round_free(&hub.round[i]);
	exchange_free(x);
	return 0;
}

/* The trustee answers in round ${i}, as it does before it knows that it will leave. */
static void
answer_in(size_t i)
{
	static const uint8_t bytes[] = "an answer";
	const struct played *p = &hub.round[i];
	struct cdr_trustee *trustee = x->node[1].trustee;
	struct cdr_close close = { 0 };

	assert_int_equal(cdr_close_read_signed(p->close, p->round, x->newest, x->genesis->hash, &close, NULL), CDR_OK);
	assert_int_equal(cdr_round_known_put(trustee, p->round, &close, (struct cdr_bytes){ bytes, sizeof(bytes) }, NULL), CDR_OK);
	assert_int_equal(cdr_round_first_put(trustee, p->round->hash, (struct cdr_bytes){ bytes, sizeof(bytes) }, false), CDR_OK);
	cdr_close_free(&close);
}

/* Whether the trustee has it on its disk that it never opens round ${i}. */
static bool
never_opens(size_t i)
{
	struct cdr_round_known known;

	assert_int_equal(cdr_round_known_read(x->node[1].trustee, hub.round[i].round->hash, &known), CDR_OK);
	bool is_never = known.is_never;
	cdr_round_known_free(&known);
	return is_never;
}

static cdr_err
leave(struct cdr_fault *fault)
{
	*fault = (struct cdr_fault){ CDR_OK, "" };
	return cdr_trustee_round_leave(x->node[1].trustee, fault);
}

/* However few the hub shows at once. */
static void
all_that_waits_is_signed_away(void **state)
{
	(void)state;
	static const uint8_t bytes[] = "an answer";
	struct cdr_fault fault;

	hub.count = ROUNDS - 1;
	assert_int_equal(leave(&fault), CDR_OK);
	assert_int_equal(hub.work_count, ROUNDS / SHOWN_MAX + 1); /* the last time there is nothing */
	for (size_t i = 0; i < hub.count; i++)
		assert_true(hub.is_promised[i] && never_opens(i));
	/* It holds here too: no answer is kept any more. */
	assert_int_equal(cdr_round_first_put(x->node[1].trustee, hub.round[0].round->hash, (struct cdr_bytes){ bytes, sizeof(bytes) }, false),
	    CDR_E_EXISTS);
	/* Once more is no harm; and nobody needs to be told why. */
	assert_int_equal(cdr_trustee_round_leave(x->node[1].trustee, NULL), CDR_OK);
}

static void
what_was_answered_stays_so(void **state)
{
	(void)state;
	struct cdr_fault fault;

	hub.count = 2;
	answer_in(0);
	assert_int_equal(leave(&fault), CDR_OK);
	assert_false(hub.is_promised[0] || never_opens(0));
	assert_true(hub.is_promised[1] && never_opens(1));
}

/* The share is not handed on while something that was to be signed away is not: the operator tries again. */
static void
what_did_not_arrive_is_told(void **state)
{
	(void)state;
	struct cdr_fault fault;

	hub.count = 2;
	hub.unreachable = 1;
	answer_in(0);
	assert_int_equal(leave(&fault), CDR_E_NETWORK);
	assert_string_equal(fault.text, "played: the line broke");
	assert_true(never_opens(1)); /* it was written down before it was sent */
	hub.unreachable = ROUNDS;
	assert_int_equal(leave(&fault), CDR_OK);
	assert_true(hub.is_promised[1]);
	/* What the hub says that it will not have is not with it either. */
	hub.count = 3;
	hub.refuses = true;
	assert_int_equal(leave(&fault), CDR_E_REFUSED);
	hub.refuses = false;
	/* A hub that goes on for ever does not keep anybody here. */
	hub.forgets = true;
	assert_int_equal(leave(&fault), CDR_E_BUSY);
	assert_non_null(strstr(fault.text, "operator"));
	x->is_away = true;
	assert_int_equal(leave(&fault), CDR_E_NETWORK);
	assert_int_equal(cdr_trustee_round_leave(x->node[1].trustee, NULL), CDR_E_NETWORK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_that_waits_is_signed_away, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_answered_stays_so, setup, teardown),
		cmocka_unit_test_setup_teardown(what_did_not_arrive_is_told, setup, teardown),
	};

	if (cdr_secret_start(NULL) != CDR_OK)
		return 1;
	cdr_log_set_level(CDR_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
