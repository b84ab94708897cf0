/* What a trustee destroys is in no file of its database any more, and nobody who has left keeps what it was shown. */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/played_sample.h"

#include <sys/stat.h>

#include "node/trustee/countersign.h"

/* How long the log of the auditor's database is. It is cut, or grows; nothing else makes it shorter. */
static off_t
log_len(const struct world *w)
{
	char path[128];
	struct stat status = { 0 };

	(void)snprintf(path, sizeof(path), "%s/%u.db-wal", w->x->folder, w->auditor);
	assert_int_equal(stat(path, &status), 0);
	return status.st_size;
}

static void
poll_once(struct world *w)
{
	struct cdr_trustee_polled polled = { .agreed = false };
	struct cdr_fault fault = { CDR_OK, "" };

	if (cdr_trustee_poll(w->x->node[w->auditor].trustee, &polled, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
}

static void
assert_cut_once(struct world *w)
{
	off_t before = log_len(w);

	poll_once(w);
	off_t after = log_len(w);
	assert_true(after < before);
	poll_once(w);
	assert_true(log_len(w) >= after);
}

static cdr_err
count_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_one_int(tx, "SELECT COALESCE(sum(length(opening) + length(evidence)), 0) FROM drawn", CDR_VALUES(), context);
}

/* Bytes of what was shown to the auditor. */
static int64_t
shown_len(struct world *w)
{
	int64_t len = -1;

	assert_int_equal(cdr_store_read(w->x->node[w->auditor].home.store, count_job, &len), CDR_OK);
	return len;
}

/* The member shows what was drawn, or something false. */
static void
show(struct world *w, bool is_false, const char *expected)
{
	Cdr__Wire__OpeningPut put = CDR__WIRE__OPENING_PUT__INIT;
	struct cdr_buffer sealed = { 0 };
	char signer[64];

	(void)snprintf(signer, sizeof(signer), "member/%s", w->member->id);
	w->o.message.sample = 1;
	w->o.salt[0] ^= is_false;
	put.sample = 1;
	put.position = w->place;
	assert_int_equal(cdr_query_opening_seal(&w->o.message, w->x->node[w->auditor].home.sealing_public, w->x->genesis->hash, w->member->id,
	    &sealed), CDR_OK);
	put.has_sealed = true;
	put.sealed = cdr_message_field(sealed.data, sealed.len);
	ask(w, w->auditor, signer, w->member->seed, w->member->pin, "/v1/sample/open", &put.base, &cdr__wire__opening_reply__descriptor);
	cdr_buffer_free(&sealed);
	assert_int_equal(w->status, 200);
	assert_string_equal(((const Cdr__Wire__OpeningReply *)w->reply)->outcome, expected);
	assert_true(shown_len(w) > 0);
}

/* A roster comes in which nothing but one key is another, or has other shares. */
static void
bring(struct world *w, const struct dealt *key)
{
	const struct cdr_roster_change change = change_epoch(key);

	propose(w->x, &change, 1);
	put_in_force(w->x);
}

static void
old_shares_leave_the_log(void **state)
{
	struct world *w = *state;
	struct dealt next;

	sample_one(w);
	poll_once(w);
	deal(w->x, w->dealt.epoch.number, 9, &next);
	next.epoch.starts_at = w->dealt.epoch.starts_at;
	next.epoch.ends_at = w->dealt.epoch.ends_at;
	give_share(w->x, w->auditor, &next);
	bring(w, &next);
	poll_once(w);
	assert_cut_once(w);
}

static void
what_was_judged_leaves_the_log(void **state)
{
	struct world *w = *state;

	sample_one(w);
	show(w, false, "opened");
	poll_once(w);
	assert_int_equal(cdr_trustee_drawn_judge(w->x->node[w->auditor].trustee, 1, true, NULL), CDR_OK);
	assert_int_equal(shown_len(w), 0);
	assert_cut_once(w);
}

static cdr_err
age_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "UPDATE drawn SET changed_at = 1000", CDR_VALUES());
}

/* Also of somebody who has to catch up, and does not get on with it. */
static void
what_was_false_goes_too(void **state)
{
	struct world *w = *state;

	sample_one(w);
	show(w, true, "false");
	poll_once(w);
	assert_int_equal(cdr_store_write(w->x->node[w->auditor].home.store, age_job, NULL), CDR_OK);
	assert_int_equal(cdr_trustee_sample_step(w->x->node[w->auditor].trustee, NULL), CDR_OK);
	assert_int_equal(shown_len(w), 0);
	assert_cut_once(w);
}

static void
who_leaves_keeps_nothing_that_it_was_shown(void **state)
{
	struct world *w = *state;

	sample_one(w);
	show(w, false, "opened");
	poll_once(w);
	w->dealt.epoch.ends_at -= 1;
	bring(w, &w->dealt);
	w->x->node[w->auditor].home.signing_public[0] ^= 1; /* the roster names somebody else */
	assert_int_equal(cdr_trustee_roster_update(w->x->node[w->auditor].trustee, NULL, NULL), CDR_OK);
	assert_int_equal(w->x->node[w->auditor].trustee->index, 0);
	assert_int_equal(shown_len(w), 0);
	assert_cut_once(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(old_shares_leave_the_log),
		TEST(what_was_judged_leaves_the_log),
		TEST(what_was_false_goes_too),
		TEST(who_leaves_keeps_nothing_that_it_was_shown),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
