/* A trustee that was put back from a backup signs nothing before it knows what it did, and nothing after it that it may have said otherwise. */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/exchange.h"
#include "tests/unit/trustee/played_log.h"

#include "node/trustee/countersign.h"
#include "node/trustee/recover.h"
#include "node/trustee/sample.h"

#define LOST 1 /* the trustee of which these tests tell */

struct world {
	struct exchange *x;
	struct enrolled *member, *other;
	struct played_log log;
	struct cdr_trustee_polled polled;
	char backup[128];
};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->x = exchange_new();
	w->member = enrol(w->x, "blue-harbour", 21);
	w->other = enrol(w->x, "green-valley", 22);
	const struct cdr_roster_change change = change_member(w->member);
	propose(w->x, &change, 1);
	put_in_force(w->x);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		assert_int_equal(cdr_trustee_roster_update(w->x->node[i].trustee, NULL, NULL), CDR_OK);
	w->log.x = w->x;
	(void)snprintf(w->backup, sizeof(w->backup), "%s/backup", w->x->folder);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	exchange_free(w->x);
	free(w);
	return 0;
}

/* ---- the log and backups ------------------------------------------------------------------------------------------ */

/* One more leaf, which all are shown who are not passed over. */
static void
append(struct world *w)
{
	struct cdr_leaf leaf = { .kind = CDR_LEAF_DELIVERY, .at = 1772323200 };
	struct played_leaf l;

	cdr_leaf_member_add(&leaf, "blue-harbour");
	leaf.content[0] = (uint8_t)w->log.edge.size;
	played_leaf_make(&l, &leaf, NULL);
	(void)played_append(&w->log, &l);
	played_leaf_free(&l);
}

/* All leaves of the log from ${from} on, or as ${edge} has them, to the trustee that was lost; what a hub does that was asked to. */
static void
show_all(struct world *w, uint64_t from, uint64_t to)
{
	struct played_leaf l[16];
	Cdr__Wire__LogRecord *record[16];
	struct cdr_leaf leaf = { .kind = CDR_LEAF_DELIVERY, .at = 1772323200 };
	struct cdr_merkle_edge edge = { 0 };
	size_t count = 0;

	assert_true(to - from <= 16);
	cdr_leaf_member_add(&leaf, "blue-harbour");
	for (uint64_t at = from; at < to; at++) {
		leaf.content[0] = (uint8_t)at;
		played_leaf_make(&l[count], &leaf, NULL);
		record[count] = &l[count].record;
		count++;
	}
	for (uint64_t at = 0; at < to; at++)
		assert_int_equal(cdr_merkle_append(&edge, w->log.hash[at], NULL), CDR_OK);
	w->log.checkpoint.size = to;
	assert_int_equal(cdr_merkle_root(&edge, w->log.checkpoint.root), CDR_OK);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		w->log.skip[i] = i != LOST;
	played_show(&w->log, from, record, count);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		w->log.skip[i] = false;
	for (size_t i = 0; i < count; i++)
		played_leaf_free(&l[i]);
}

static void
database(const struct world *w, char path[static 128])
{
	(void)snprintf(path, 128, "%s/%d.db", w->x->folder, LOST);
}

static void
stop(struct world *w)
{
	struct node *node = &w->x->node[LOST];

	cdr_trustee_stop(node->trustee);
	cdr_store_close(node->home.store);
}

static void
start(struct world *w)
{
	open_store(w->x, &w->x->node[LOST], LOST);
	start_trustee(&w->x->node[LOST]);
}

static void
back_up(struct world *w)
{
	char path[128];

	database(w, path);
	stop(w);
	files_copy(path, w->backup);
	start(w);
}

static cdr_err
mark_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_trustee_recover_mark(tx);
}

static void
put_back(struct world *w)
{
	static const char *const beside[] = { "-wal", "-shm" };
	char path[128], other[160];

	database(w, path);
	stop(w);
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		(void)snprintf(other, sizeof(other), "%s%s", path, beside[i]);
		(void)unlink(other);
	}
	files_copy(w->backup, path);
	start(w);
	assert_int_equal(cdr_store_write(w->x->node[LOST].home.store, mark_job, NULL), CDR_OK);
}

static struct cdr_trustee *
lost(struct world *w)
{
	return w->x->node[LOST].trustee;
}

static void
poll_trustee(struct world *w)
{
	struct cdr_fault fault = { CDR_OK, "" };

	if (cdr_trustee_poll(lost(w), &w->polled, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
}

static bool
has_recovered(struct world *w)
{
	struct cdr_fault fault = { CDR_OK, "" };
	cdr_err err = cdr_trustee_recovered(lost(w), &fault);

	if (err == CDR_OK)
		return true;
	assert_int_equal(err, CDR_E_BUSY);
	assert_non_null(strstr(fault.text, "put back from a backup"));
	return false;
}

/* What trustee ${i} says that it saw last; how many cosignatures are on it. */
static size_t
latest(struct world *w, uint32_t i, uint64_t *size)
{
	const struct cdr_roster *roster = w->x->newest;
	const struct cdr_call call = { .roster = roster, .now = cdr_trustee_now() };
	struct cdr_answer given = { 0 };
	struct cdr_arena arena = { 0 };
	struct cdr_checkpoint checkpoint;
	const Cdr__Wire__WitnessLatest *reply;

	assert_int_equal(cdr_trustee_witness_latest(w->x->node[i].trustee, &call, &given, NULL), CDR_OK);
	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__witness_latest__descriptor, cdr_buffer_bytes(&given.body), &reply), CDR_OK);
	assert_int_equal(cdr_checkpoint_read(cdr_message_bytes(reply->checkpoint), w->x->genesis->hash, roster, &checkpoint, NULL), CDR_OK);
	*size = checkpoint.size;
	cdr_arena_free(&arena);
	cdr_buffer_free(&given.body);
	return checkpoint.cosignature_count;
}

/* ---- the tests ---------------------------------------------------------------------------------------------------- */

static void
test_it_catches_up(void **state)
{
	struct world *w = *state;
	uint64_t size;

	append(w);
	append(w);
	back_up(w);
	for (int i = 0; i < 4; i++)
		append(w);
	assert_int_equal(w->log.checkpoint.cosignature_count, TRUSTEE_COUNT);
	put_back(w);
	assert_false(has_recovered(w));
	/* Nobody can be asked: nothing is known. One is not enough. */
	w->x->trustee_away[2] = w->x->trustee_away[3] = true;
	poll_trustee(w);
	assert_false(has_recovered(w));
	assert_int_equal(w->x->show_count, 0);
	w->x->trustee_away[2] = false;
	poll_trustee(w);
	assert_false(has_recovered(w));
	/* It knows that there is more, and has the hub show it. */
	assert_int_equal(w->x->show_count, 1);
	w->x->trustee_away[3] = false;
	poll_trustee(w);
	assert_false(has_recovered(w));
	/* The hub asks for a cosignature of what it believes to have been shown: it is told how far this trustee is. */
	show_all(w, 6, 6);
	assert_int_equal(w->log.status[LOST], 200);
	assert_int_equal(w->log.seen[LOST], 2);
	assert_int_equal(w->log.checkpoint.cosignature_count, 0);
	/* Leaves are taken in; nothing of them is cosigned, by whichever way. */
	show_all(w, 2, 4);
	assert_int_equal(w->log.seen[LOST], 4);
	assert_int_equal(w->log.checkpoint.cosignature_count, 0);
	assert_int_equal(latest(w, LOST, &size), 0);
	assert_int_equal(size, 4);
	poll_trustee(w);
	assert_false(has_recovered(w));
	show_all(w, 4, 6);
	assert_int_equal(w->log.checkpoint.cosignature_count, 0);
	show_all(w, 6, 6);
	assert_string_equal(w->log.code[LOST], "busy");
	/* It is killed, and goes on where it was. */
	stop(w);
	start(w);
	assert_false(has_recovered(w));
	size_t shown = w->x->show_count;
	poll_trustee(w);
	assert_true(has_recovered(w));
	assert_int_equal(w->x->show_count, shown);
	assert_int_equal(latest(w, LOST, &size), 1);
	append(w);
	assert_int_equal(w->log.checkpoint.cosignature_count, TRUSTEE_COUNT);
}

/* The others may have gone on while it catches up: what they told is what counts. And it may have forgotten nothing. */
static void
test_nothing_was_forgotten(void **state)
{
	struct world *w = *state;

	append(w);
	back_up(w);
	put_back(w);
	poll_trustee(w);
	assert_true(has_recovered(w));
	append(w);
	assert_int_equal(w->log.checkpoint.cosignature_count, TRUSTEE_COUNT);
	/* Put back once more, of the same backup: it asks again. */
	put_back(w);
	assert_false(has_recovered(w));
	w->log.skip[LOST] = true;
	append(w);
	w->log.skip[LOST] = false;
	poll_trustee(w);
	assert_false(has_recovered(w));
	show_all(w, 1, 3);
	poll_trustee(w);
	assert_true(has_recovered(w));
}

/* An exchange of which nothing was witnessed yet. */
static void
test_an_empty_log(void **state)
{
	struct world *w = *state;

	back_up(w);
	put_back(w);
	assert_false(has_recovered(w));
	poll_trustee(w);
	assert_true(has_recovered(w));
}

/* The hub shows it another log than it once cosigned, from where the backup ends: the others' roots tell. */
static void
test_another_log(void **state)
{
	struct world *w = *state;
	struct cdr_merkle_edge edge = { 0 };
	uint8_t hash[CDR_MERKLE_HASH_LEN];

	append(w);
	back_up(w);
	append(w);
	append(w);
	put_back(w);
	poll_trustee(w);
	struct cdr_leaf leaf = { .kind = CDR_LEAF_DELIVERY, .at = 1772323200 };
	struct played_leaf l[2];
	Cdr__Wire__LogRecord *record[2];
	cdr_leaf_member_add(&leaf, "green-valley");
	assert_int_equal(cdr_merkle_append(&edge, w->log.hash[0], NULL), CDR_OK);
	for (int i = 0; i < 2; i++) {
		played_leaf_make(&l[i], &leaf, NULL);
		record[i] = &l[i].record;
		assert_int_equal(cdr_merkle_leaf(cdr_buffer_bytes(&l[i].entry), hash), CDR_OK);
		assert_int_equal(cdr_merkle_append(&edge, hash, NULL), CDR_OK);
	}
	w->log.checkpoint.size = 3;
	assert_int_equal(cdr_merkle_root(&edge, w->log.checkpoint.root), CDR_OK);
	w->log.skip[2] = w->log.skip[3] = true;
	played_show(&w->log, 1, record, 2);
	assert_string_equal(w->log.code[LOST], "proof");
	poll_trustee(w);
	assert_false(has_recovered(w));
	/* The true one is taken all the same. */
	show_all(w, 1, 3);
	poll_trustee(w);
	assert_true(has_recovered(w));
	played_leaf_free(&l[0]);
	played_leaf_free(&l[1]);
}

/* It does nothing else either. */
static void
test_it_signs_nothing(void **state)
{
	struct world *w = *state;
	struct cdr_trustee_opinion opinion;

	append(w);
	back_up(w);
	append(w);
	put_back(w);
	const struct cdr_roster_change change = change_status(w->member, "suspended");
	propose(w->x, &change, 1);
	poll_trustee(w);
	assert_false(has_recovered(w));
	assert_memory_not_equal(w->x->countersigned[LOST], w->x->proposal->hash, CDR_ROSTER_HASH_LEN);
	const struct cdr_roster *before = cdr_current_hold(lost(w)->current);
	assert_int_equal(cdr_trustee_countersign(lost(w), before, w->x->proposal, &opinion, NULL), CDR_E_BUSY);
	cdr_trustee_opinion_free(&opinion);
	cdr_current_release(lost(w)->current, before);
}

static bool
is_countersigned(const struct world *w)
{
	return memcmp(w->x->countersigned[LOST], w->x->proposal->hash, CDR_ROSTER_HASH_LEN) == 0;
}

/*
 * It countersigned a suspension, and forgot it. Another proposal of that version, without it, waits for the operator, who asks the
 * others; so does every further one. The version after that is countersigned as ever.
 */
static void
test_a_forgotten_proposal(void **state)
{
	struct world *w = *state;
	const struct cdr_roster_change suspended = change_status(w->member, "suspended"), revoked = change_status(w->member, "revoked");

	append(w);
	back_up(w);
	propose(w->x, &suspended, 1);
	poll_trustee(w);
	assert_true(is_countersigned(w));
	put_back(w);
	propose(w->x, &revoked, 1);
	poll_trustee(w);
	assert_true(has_recovered(w));
	poll_trustee(w);
	assert_false(is_countersigned(w));
	assert_false(w->polled.agreed);
	assert_int_equal(w->polled.reason, CDR_E_ABSENT);
	/* The operator's yes is for this one alone. */
	assert_int_equal(cdr_trustee_approve_proposal(lost(w), w->x->proposal), CDR_OK);
	poll_trustee(w);
	assert_true(is_countersigned(w));
	propose(w->x, &suspended, 1);
	poll_trustee(w);
	assert_false(is_countersigned(w));
	/* Others bring it into force; then nothing is forgotten any more. */
	put_in_force(w->x);
	assert_int_equal(cdr_trustee_roster_update(lost(w), NULL, NULL), CDR_OK);
	propose(w->x, &revoked, 1);
	poll_trustee(w);
	assert_true(is_countersigned(w));
}

/* What stands in the backup itself may be said again. */
static void
test_a_remembered_proposal(void **state)
{
	struct world *w = *state;
	const struct cdr_roster_change suspended = change_status(w->member, "suspended");

	append(w);
	propose(w->x, &suspended, 1);
	poll_trustee(w);
	assert_true(is_countersigned(w));
	back_up(w);
	put_back(w);
	memset(w->x->countersigned, 0, sizeof(w->x->countersigned));
	w->polled = (struct cdr_trustee_polled){ .agreed = false };
	poll_trustee(w);
	assert_true(has_recovered(w));
	poll_trustee(w);
	assert_true(is_countersigned(w));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_it_catches_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_was_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_empty_log, setup, teardown),
		cmocka_unit_test_setup_teardown(test_another_log, setup, teardown),
		cmocka_unit_test_setup_teardown(test_it_signs_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_forgotten_proposal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_remembered_proposal, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
