#include "tests/unit/member/audits.h"

#include "node/member/evaluate.h"
#include "tests/unit/ahead.h"

/* A node that checks the log: what an honest hub shows holds, and each lie is found, named, and written down. */

static void
test_an_honest_log_holds(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];

	assert_int_equal(audits_look(w), CDR_E_BUSY); /* nothing is logged yet */
	audits_act(w, 3);
	assert_int_equal(audits_look(w), CDR_OK);
	assert_int_equal(audit.size, 3);
	assert_int_equal(audit.proved_count, 3);
	assert_int_equal(audit.kept_count, 3);
	assert_int_equal(audit.witness_count, W_THRESHOLD);
	assert_int_equal(audit.compared_count, W_TRUSTEES);
	assert_int_equal(w_count(m, "SELECT count(*) FROM receipt WHERE state = 'proved'"), 3);
	audits_act(w, 70); /* more than one reply proves */
	assert_int_equal(audits_look(w), CDR_OK);
	assert_int_equal(audit.proved_count, 70);
	assert_int_equal(audits_look(w), CDR_OK);
	assert_int_equal(audit.proved_count, 0);
	assert_int_equal(audit.kept_count, 73); /* what was proved stays proved */
	assert_int_equal(cdr_audit_check(m, true, &audit, NULL), CDR_OK);
	assert_int_equal(audit.proved_count, 73);
	assert_int_equal(w_count(m, "SELECT count(*) FROM lie"), 0);
	/* A trustee that is away is not accused, and one that is behind is right too. */
	w->mode[0] = W_DOWN;
	w->latest_size[1] = 20;
	assert_int_equal(audits_look(w), CDR_OK);
	assert_int_equal(audit.compared_count, W_TRUSTEES - 1);
}

static void
test_rewritten_and_missing(void **state)
{
	struct world *w = *state;

	audits_act(w, 5);
	assert_int_equal(audits_look(w), CDR_OK);
	audits_act(w, 2);
	w->log_lie = W_LOG_ALTERED;
	audits_assert_found(w, CDR_AUDIT_REWRITTEN);
	assert_string_equal(audit.finding[0].parties, "hub"); /* that 7 leaves do not begin with those 5 is no trustee's word */
	/* What was found is kept once, however often it is found. (Which receipts are looked at again is drawn.) */
	static const char kept_query[] = "SELECT count(*) FROM lie WHERE what <> 'missing'";
	int64_t kept = w_count(w->member[BLUE], kept_query);
	assert_true(kept > 0);
	audits_assert_found(w, CDR_AUDIT_REWRITTEN);
	assert_int_equal(w_count(w->member[BLUE], kept_query), kept);
	w->log_lie = W_LOG_TRUE;
	assert_int_equal(audits_look(w), CDR_OK);
}

static void
test_missing(void **state)
{
	struct world *w = *state;
	const struct cdr_roster *roster = cdr_current_hold(w->member[BLUE]->current);
	uint8_t tags[CDR_TAG_LEN];
	const struct cdr_bytes input = { (const uint8_t *)"x", 1 };

	audits_act(w, 2);
	w->log_lie = W_LOG_MISSING; /* its receipt is right, and what stands in the tree is not */
	assert_int_equal(cdr_evaluate(w->member[BLUE], roster, cdr_roster_epoch(roster, 1), CDR_PURPOSE_IMPORT, &input, 1, tags,
	    NULL), CDR_E_PROOF);
	cdr_current_release(w->member[BLUE]->current, roster);
	w->log_lie = W_LOG_TRUE;
	audits_assert_found(w, CDR_AUDIT_MISSING);
	assert_int_equal(audit.finding[0].place, 2);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM receipt WHERE state = 'missing'"), 1);
}

static void
test_other_lies(void **state)
{
	static const struct {
		enum w_log_lie lie;
		enum cdr_audit_kind kind;
	} cases[] = {
		{ W_LOG_FEW_WITNESSES, CDR_AUDIT_UNWITNESSED },
		{ W_LOG_ROLLED_BACK, CDR_AUDIT_SHORTER },
	};
	struct world *w = *state;

	audits_act(w, 6);
	assert_int_equal(audits_look(w), CDR_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		w->log_lie = cases[i].lie;
		audits_assert_found(w, cases[i].kind);
	}
	w->log_lie = W_LOG_TRUE;
	assert_int_equal(audits_look(w), CDR_OK);
	audits_act(w, 1);
	w->log_lie = W_LOG_BAD_PROOF;
	audits_assert_found(w, CDR_AUDIT_MISSING);
}

/*
 * Nobody has cosigned for days. With enough trustees who tell what they saw last that is no lie, whatever the clocks say; without them
 * it is told, and the hub is not accused of it.
 */
static void
test_old_cosignatures(void **state)
{
	struct world *w = *state;

	audits_act(w, 4);
	w->log_age_s = 30 * CDR_AUDIT_DAY_S;
	assert_int_equal(audits_look(w), CDR_OK);
	for (size_t i = 0; i + 1 < W_THRESHOLD; i++)
		w->mode[i] = W_DOWN; /* a few are away: the others are enough */
	assert_int_equal(W_TRUSTEES - (W_THRESHOLD - 1) >= W_THRESHOLD ? audits_look(w) : CDR_OK, CDR_OK);
	for (size_t i = 0; i < W_TRUSTEES; i++)
		w->mode[i] = W_DOWN;
	audits_assert_found(w, CDR_AUDIT_STALE);
	assert_int_equal(strncmp(audit.finding[0].parties, "trustee/1, trustee/2", 20), 0);
	/* One that tells of more than enough have cosigned by now is not away, though the hub cannot show that. */
	w->log_shown = 4;
	w->log_lie = W_LOG_BUSY;
	w->latest_size[1] = 5;
	w->mode[1] = W_TRUE;
	audits_assert_found(w, CDR_AUDIT_STALE);
	assert_int_equal(strncmp(audit.finding[0].parties, "trustee/1, trustee/3", 20), 0);
	w->log_shown = w->latest_size[1] = 0;
	w->log_lie = W_LOG_TRUE;
	w->log_age_s = 3600;
	assert_int_equal(audits_look(w), CDR_OK);
}

/* One trustee was shown another log: who signed both is named. */
static void
test_split(void **state)
{
	struct world *w = *state;

	audits_act(w, 6);
	w->latest_differs[2] = true;
	audits_assert_found(w, CDR_AUDIT_SPLIT);
	assert_string_equal(audit.finding[0].parties, "hub");
	/* One that cosigned what this node was shown, and the other one too. */
	w->latest_differs[2] = false;
	w->latest_differs[0] = true;
	audits_assert_found(w, CDR_AUDIT_SPLIT);
	assert_string_equal(audit.finding[0].parties, "hub, trustee/1");
	w->latest_differs[0] = false;
	w->latest_size[1] = 4;
	w->latest_differs[1] = true;
	audits_assert_found(w, CDR_AUDIT_SPLIT);
}

/* A hub that keeps two logs, each whole in itself, and answers from the one that was seen by whom it is asked about. */
static void
test_two_faces(void **state)
{
	struct world *w = *state;

	audits_act(w, 7);
	w->log_lie = W_LOG_TWO_FACES;
	w->log_other_from = 4; /* a trustee saw less than this node */
	w->latest_size[0] = 4;
	w->latest_other[0] = true;
	audits_assert_found(w, CDR_AUDIT_SPLIT);
	assert_int_equal(audit.finding_count, 1);
	assert_string_equal(audit.finding[0].parties, "hub, trustee/1"); /* it signed for two logs of 4 leaves */
	w->latest_size[0] = 0; /* and more */
	w->log_other_from = 7;
	w->log_shown = 4;
	w->mode[1] = w->mode[2] = W_DOWN;
	audits_assert_found(w, CDR_AUDIT_SPLIT);
	assert_int_equal(audit.finding_count, 1);
	assert_string_equal(audit.finding[0].parties, "hub, trustee/1, trustee/2");
	/* Two trustees saw what both begins with what this node saw. */
	w->log_other_leaf = 5;
	w->latest_other[0] = false;
	w->latest_other[1] = true;
	w->latest_size[0] = 6;
	w->mode[1] = W_TRUE;
	audits_assert_found(w, CDR_AUDIT_SPLIT);
	assert_int_equal(audit.finding_count, 1);
	assert_string_equal(audit.finding[0].parties, "hub, trustee/2");
	/* It tells of the first receipts in one log, of the next in the other. */
	audits_act(w, 70);
	w->log_lie = W_LOG_CHANGES;
	w->log_other_leaf = w->log_shown = 0;
	w->mode[0] = w->mode[1] = W_DOWN;
	audits_assert_found(w, CDR_AUDIT_REWRITTEN);
	assert_string_equal(audit.finding[0].parties, "hub, trustee/1, trustee/2");
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM setting WHERE name = 'log/seen'"), 0);
}

/* No trustee is named for what the hub alone does: its proofs do not hold, or it refuses them. */
static void
test_honest_trustees(void **state)
{
	struct world *w = *state;

	audits_act(w, 6);
	w->log_lie = W_LOG_SPOILT;
	w->latest_size[0] = 4;
	audits_assert_found(w, CDR_AUDIT_REWRITTEN);
	for (size_t i = 0; i < audit.finding_count; i++)
		assert_string_equal(audit.finding[i].parties, "hub");
	w->log_shown = 4;
	w->latest_size[0] = 0;
	audits_assert_found(w, CDR_AUDIT_SPLIT);
	for (size_t i = 0; i < audit.finding_count; i++)
		assert_string_equal(audit.finding[i].parties, "hub");
	w->log_lie = W_LOG_REFUSED;
	audits_assert_found(w, CDR_AUDIT_SPLIT);
	assert_int_equal(audit.finding_count, 1);
	assert_string_equal(audit.finding[0].parties, "hub");
	/* One honest log that grows while this node asks, and trustees that stand at different places of it. */
	w->log_lie = W_LOG_TRUE;
	w->latest_size[0] = 5;
	w->latest_size[1] = 3;
	assert_int_equal(audits_look(w), CDR_OK);
	assert_int_equal(audit.compared_count, W_TRUSTEES);
	assert_int_equal(audit.size, 6);
	w->log_shown = 0;
	assert_int_equal(audits_look(w), CDR_OK);
}

/* A hub that keeps a newer roster from this node: a trustee gives it, and the hub is named. */
static void
test_withheld_roster(void **state)
{
	struct world *w = *state;

	audits_act(w, 3);
	assert_int_equal(audits_look(w), CDR_OK);
	w_roster(w);
	/* As long as the hub gives it nobody kept anything back. */
	assert_int_equal(audits_look(w), CDR_OK);
	const struct cdr_roster *roster = cdr_current_hold(w->member[BLUE]->current);
	assert_int_equal(roster->body->version, w->version);
	cdr_current_release(w->member[BLUE]->current, roster);

	w_roster(w);
	w->hub_withholds = w->trustees_are_behind = true;
	assert_int_equal(audits_look(w), CDR_OK);
	w->trustees_are_behind = false;
	audits_assert_found(w, CDR_AUDIT_WITHHELD);
	assert_string_equal(audit.finding[0].parties, "hub");
	assert_int_equal(audit.finding_count, 1);
	assert_int_equal(audit.finding[0].place, w->version);
	roster = cdr_current_hold(w->member[BLUE]->current);
	assert_int_equal(roster->body->version, w->version);
	cdr_current_release(w->member[BLUE]->current, roster);
	/* It has it now. */
	assert_int_equal(audits_look(w), CDR_OK);
	/* A roster that does not follow is taken from nobody, and is no finding about the hub. */
	w->hub.seed[0] ^= 1;
	w_roster(w);
	w->hub.seed[0] ^= 1;
	assert_int_equal(audits_look(w), CDR_OK);
	roster = cdr_current_hold(w->member[BLUE]->current);
	assert_int_equal(roster->body->version, w->version - 1);
	cdr_current_release(w->member[BLUE]->current, roster);
}

static void
test_two_receipts_for_one_place(void **state)
{
	struct world *w = *state;

	audits_act(w, 3);
	audits_forge_receipt(w, CDR_LEAF_CHECK_CLOSED, 1);
	audits_assert_found(w, CDR_AUDIT_TWICE);
}

/* A receipt whose leaf nobody has witnessed for an hour. */
static void
test_late(void **state)
{
	struct world *w = *state;

	audits_act(w, 3);
	audits_forge_receipt(w, CDR_LEAF_CHECK_CLOSED, 400);
	assert_int_equal(audits_look(w), CDR_OK);
	assert_int_equal(audit.waiting_count, 1);
	w_run(w->member[BLUE], "UPDATE receipt SET kept_at = kept_at - 4000");
	/* The witnesses may be away, and this node may have slept for weeks since. */
	for (size_t i = 0; i < W_TRUSTEES; i++)
		w->mode[i] = W_DOWN;
	assert_int_equal(audits_look(w), CDR_OK);
	assert_int_equal(audit.waiting_count, 1);
	for (size_t i = 0; i < W_TRUSTEES; i++)
		w->mode[i] = W_TRUE;
	audits_assert_found(w, CDR_AUDIT_LATE);
}

/* The act is not taken for done unless the hub's receipt is for just that. */
static void
test_no_receipt(void **state)
{
	struct world *w = *state;
	const struct cdr_roster *roster = cdr_current_hold(w->member[BLUE]->current);
	static const enum w_log_lie lies[] = { W_LOG_NO_RECEIPT, W_LOG_OTHER_PLACE, W_LOG_FEW_WITNESSES, W_LOG_BAD_PROOF };
	uint8_t tags[CDR_TAG_LEN];

	audits_act(w, 2);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		const struct cdr_bytes input = { (const uint8_t *)"abcd" + i, 1 };
		w->log_lie = lies[i];
		size_t asked = w->evaluation_count;
		assert_int_equal(cdr_evaluate(w->member[BLUE], roster, cdr_roster_epoch(roster, 1), CDR_PURPOSE_IMPORT, &input, 1, tags,
		    NULL), CDR_E_PROOF);
		assert_int_equal(w->evaluation_count, asked);
	}
	cdr_current_release(w->member[BLUE]->current, roster);
}

static void
test_every_day(void **state)
{
	struct world *w = *state;
	bool worked;

	audits_act(w, 1);
	assert_int_equal(cdr_audit_step(w->member[BLUE], &worked, NULL), CDR_OK);
	w->log_lie = W_LOG_FEW_WITNESSES;
	assert_int_equal(cdr_audit_step(w->member[BLUE], &worked, NULL), CDR_OK);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM lie"), 0); /* today it was checked already */
	w_run(w->member[BLUE], "DELETE FROM setting WHERE name = 'log/checked_at'");
	assert_int_equal(cdr_audit_step(w->member[BLUE], &worked, NULL), CDR_OK);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM lie"), 1);
	/* A clock that was a year ahead yesterday holds nothing up. */
	w->log_is_down = true;
	ahead = INT64_C(365) * 86400;
	assert_int_equal(cdr_audit_step(w->member[BLUE], &worked, NULL), CDR_E_NETWORK);
	w->log_is_down = false;
	assert_int_equal(cdr_audit_step(w->member[BLUE], &worked, NULL), CDR_OK);
	ahead = 0;
	w->log_is_down = true;
	assert_int_equal(cdr_audit_step(w->member[BLUE], &worked, NULL), CDR_E_NETWORK);
}

static void
test_words(void **state)
{
	static const char *const languages[] = { "en", "fr", "es", "ar" };

	(void)state;
	for (int kind = 0; kind < CDR_AUDIT_KIND_COUNT; kind++)
		for (size_t i = 0; i < 4; i++) {
			assert_true(strlen(cdr_audit_text((enum cdr_audit_kind)kind, languages[i])) > 20);
			for (size_t k = 0; k < i; k++)
				assert_string_not_equal(cdr_audit_text((enum cdr_audit_kind)kind, languages[i]),
				    cdr_audit_text((enum cdr_audit_kind)kind, languages[k]));
		}
	assert_string_equal(cdr_audit_text(CDR_AUDIT_KIND_COUNT, "en"), "");
	assert_string_equal(cdr_audit_kind_name(CDR_AUDIT_KIND_COUNT), "");
}

int
main(void)
{
	cdr_json_start(); /* as the program does: what jansson wrote is jansson's to free, and free() would not survive it */
	const struct CMUnitTest tests[] = {
		AUDITS_TEST(test_an_honest_log_holds),
		AUDITS_TEST(test_rewritten_and_missing),
		AUDITS_TEST(test_missing),
		AUDITS_TEST(test_other_lies),
		AUDITS_TEST(test_old_cosignatures),
		AUDITS_TEST(test_split),
		AUDITS_TEST(test_two_faces),
		AUDITS_TEST(test_honest_trustees),
		AUDITS_TEST(test_withheld_roster),
		AUDITS_TEST(test_two_receipts_for_one_place),
		AUDITS_TEST(test_late),
		AUDITS_TEST(test_no_receipt),
		AUDITS_TEST(test_every_day),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
