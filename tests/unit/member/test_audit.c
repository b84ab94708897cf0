#include "tests/unit/member/world.h"
#include "tests/unit/member/world_play.h"

#include "audit/evidence.h"
#include "core/record/json.h"

#include "node/member/audit.h"
#include "node/member/evaluate.h"
#include "node/member/hook.h"
#include "node/member/index.h"
#include "node/member/receipt.h"

/* A node that checks the log: what an honest hub shows holds, and each lie is found, named, and written down. */

static struct cdr_audit audit;
static struct cdr_evidence evidence; /* as it was judged last */
static int made;

/* The folder in which evidence is written. */
static int
setup(void **state)
{
	int failed = w_setup(state);
	struct world *w = *state;

	w->member[BLUE]->home->path = w->dir;
	return failed;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	char command[128];

	w->member[BLUE]->home->path = NULL;
	for (int i = 1; i < 20; i++) {
		(void)snprintf(command, sizeof(command), "%s/evidence/log-%d.json", w->dir, i);
		(void)unlink(command);
	}
	(void)snprintf(command, sizeof(command), "%s/evidence", w->dir);
	(void)rmdir(command);
	return w_teardown(state);
}

/* Give the node ${count} receipts: evaluations that enter the log. */
static void
act(struct world *w, int count)
{
	struct cdr_member *m = w->member[BLUE];
	const struct cdr_roster *roster = cdr_current_hold(m->current);
	uint8_t tags[CDR_TAG_LEN];
	char text[32];

	for (int i = 0; i < count; i++) {
		(void)snprintf(text, sizeof(text), "token %d", made++);
		const struct cdr_bytes input = { (const uint8_t *)text, strlen(text) };
		assert_int_equal(cdr_evaluate(m, roster, cdr_roster_epoch(roster, 1), CDR_PURPOSE_IMPORT, &input, 1, tags, NULL), CDR_OK);
	}
	cdr_current_release(m->current, roster);
}

static cdr_err
look(struct world *w)
{
	struct cdr_fault fault = { CDR_OK, "" };

	return cdr_audit_check(w->member[BLUE], false, &audit, &fault);
}

/* What somebody who was not there finds in the file. */
static cdr_err
judge(struct world *w, json_t *json)
{
	struct cdr_roster *rosters[2];
	struct cdr_fault fault = { CDR_OK, "" };
	char *text = json_dumps(json, 0);

	assert_non_null(text);
	assert_int_equal(cdr_roster_decode(cdr_buffer_bytes(&w->genesis_bytes), &rosters[0], NULL), CDR_OK);
	rosters[1] = w_roster_read(w);
	cdr_err err = cdr_evidence_judge((struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, rosters, 2, &evidence, &fault);
	cdr_roster_free(rosters[0]);
	cdr_roster_free(rosters[1]);
	cdr_json_free(text);
	if (err != CDR_OK && err != CDR_E_MEMORY)
		assert_string_not_equal(fault.text, "");
	return err;
}

/* Who knows only the genesis roster cannot tell whether enough have signed, and accuses nobody; nor by a file that does not say under which it was written. */
static void
assert_older_rosters_judge_nothing(struct world *w, json_t *json)
{
	struct cdr_roster *genesis;
	struct cdr_fault fault = { CDR_OK, "" };
	char *text = json_dumps(json, 0);

	assert_non_null(text);
	assert_int_equal(cdr_roster_decode(cdr_buffer_bytes(&w->genesis_bytes), &genesis, NULL), CDR_OK);
	assert_int_equal(cdr_evidence_judge((struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, &genesis, 1, &evidence, &fault), CDR_E_ABSENT);
	assert_non_null(strstr(fault.text, "roster version 1, and the folder knows those up to 0: take a newer export"));
	cdr_roster_free(genesis);
	cdr_json_free(text);

	json_t *without = json_deep_copy(json);
	assert_int_equal(json_object_del(without, "roster"), 0);
	assert_int_equal(judge(w, without), CDR_E_INPUT);
	json_decref(without);
}

/* The file shows what it says; under another name, or without one of its parts, it does not. */
static void
assert_judged(struct world *w, enum cdr_audit_kind kind, json_t *json)
{
	static const char *const parts[] = { "genesis", "request", "reply", "checkpoint_of_trustee", "receipt", "other_receipt" };

	assert_int_equal(judge(w, json), kind == CDR_AUDIT_STALE || kind == CDR_AUDIT_WITHHELD ? CDR_E_PROOF : CDR_OK);
	if (kind == CDR_AUDIT_SPLIT || kind == CDR_AUDIT_TWO_HISTORIES) /* the same are named by who was not there */
		assert_string_equal(evidence.parties, json_string_value(json_object_get(json, "parties")));
	for (int other = 0; other < CDR_AUDIT_KIND_COUNT; other++) {
		/* Only one of two can stand at a place; and a log that is not the trustee's does not continue it. */
		bool implies = ((kind == CDR_AUDIT_MISSING || kind == CDR_AUDIT_TWICE) && other == CDR_AUDIT_MISSING_THEIRS) || (kind == CDR_AUDIT_MISSING_THEIRS && other == CDR_AUDIT_MISSING) || (kind == CDR_AUDIT_TWICE && other == CDR_AUDIT_MISSING) || (kind == CDR_AUDIT_SPLIT && (other == CDR_AUDIT_REWRITTEN || other == CDR_AUDIT_TWO_HISTORIES)) ||
		    (kind == CDR_AUDIT_TWO_HISTORIES && other == CDR_AUDIT_SPLIT); /* split is what one of the two was shown to this node */
		json_t *changed = json_deep_copy(json);
		assert_int_equal(json_object_set_new(changed, "finding", json_string(cdr_audit_kind_name((enum cdr_audit_kind)other))), 0);
		if (other != (int)kind && !implies)
			assert_int_not_equal(judge(w, changed), CDR_OK);
		json_decref(changed);
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *text = json_string_value(json_object_get(json, parts[i]));
		if (text == NULL || kind == CDR_AUDIT_STALE || kind == CDR_AUDIT_WITHHELD)
			continue;
		json_t *changed = json_deep_copy(json);
		char *spoilt = strdup(text);
		assert_non_null(spoilt);
		bool is_note = strcmp(parts[i], "checkpoint_of_trustee") == 0; /* its root: a witness's line that nobody knows says nothing */
		char *at = spoilt + (is_note ? 90 : strlen(spoilt) / 2);
		*at = *at == '1' ? '2' : '1';
		assert_int_equal(json_object_set_new(changed, parts[i], json_string(spoilt)), 0);
		bool counts = (kind != CDR_AUDIT_TWICE && kind != CDR_AUDIT_SPLIT && kind != CDR_AUDIT_TWO_HISTORIES) || (strcmp(parts[i], "request") != 0 && strcmp(parts[i], "reply") != 0);
		if (counts)
			assert_int_not_equal(judge(w, changed), CDR_OK);
		free(spoilt);
		json_decref(changed);
	}
}

/* The log is found out: of ${kind}, with a file that shows it. */
static void
assert_found(struct world *w, enum cdr_audit_kind kind)
{
	bool found = false;

	cdr_err err = look(w);
	for (size_t i = 0; i < audit.finding_count; i++) {
		const struct cdr_audit_finding *f = &audit.finding[i];
		if (f->kind != kind)
			continue;
		found = true;
		json_t *json = json_load_file(f->path, 0, NULL);
		assert_non_null(json);
		assert_string_equal(json_string_value(json_object_get(json, "finding")), cdr_audit_kind_name(kind));
		assert_non_null(json_object_get(json, "genesis"));
		assert_non_null(json_object_get(json, "roster"));
		assert_judged(w, kind, json);
		if (kind == CDR_AUDIT_UNWITNESSED)
			assert_older_rosters_judge_nothing(w, json);
		json_decref(json);
	}
	if (err != CDR_E_PROOF || !found)
		fail_msg("%s was not found (%d)", cdr_audit_kind_name(kind), err);
}

static void
test_an_honest_log_holds(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];

	assert_int_equal(look(w), CDR_E_BUSY); /* nothing is logged yet */
	act(w, 3);
	assert_int_equal(look(w), CDR_OK);
	assert_int_equal(audit.size, 3);
	assert_int_equal(audit.proved_count, 3);
	assert_int_equal(audit.kept_count, 3);
	assert_int_equal(audit.witness_count, W_THRESHOLD);
	assert_int_equal(audit.compared_count, W_TRUSTEES);
	assert_int_equal(w_count(m, "SELECT count(*) FROM receipt WHERE state = 'proved'"), 3);
	act(w, 70); /* more than one reply proves */
	assert_int_equal(look(w), CDR_OK);
	assert_int_equal(audit.proved_count, 70);
	assert_int_equal(look(w), CDR_OK);
	assert_int_equal(audit.proved_count, 0);
	assert_int_equal(audit.kept_count, 73); /* what was proved stays proved */
	assert_int_equal(cdr_audit_check(m, true, &audit, NULL), CDR_OK);
	assert_int_equal(audit.proved_count, 73);
	assert_int_equal(w_count(m, "SELECT count(*) FROM lie"), 0);
	/* A trustee that is away is not accused, and one that is behind is right too. */
	w->mode[0] = W_DOWN;
	w->latest_size[1] = 20;
	assert_int_equal(look(w), CDR_OK);
	assert_int_equal(audit.compared_count, W_TRUSTEES - 1);
}

static void
test_rewritten_and_missing(void **state)
{
	struct world *w = *state;

	act(w, 5);
	assert_int_equal(look(w), CDR_OK);
	act(w, 2);
	w->log_lie = W_LOG_ALTERED;
	assert_found(w, CDR_AUDIT_REWRITTEN);
	assert_string_equal(audit.finding[0].parties, "hub"); /* that 7 leaves do not begin with those 5 is no trustee's word */
	/* What was found is kept once, however often it is found. (Which receipts are looked at again is drawn.) */
	static const char kept_query[] = "SELECT count(*) FROM lie WHERE what <> 'missing'";
	int64_t kept = w_count(w->member[BLUE], kept_query);
	assert_true(kept > 0);
	assert_found(w, CDR_AUDIT_REWRITTEN);
	assert_int_equal(w_count(w->member[BLUE], kept_query), kept);
	w->log_lie = W_LOG_TRUE;
	assert_int_equal(look(w), CDR_OK);
}

static void
test_missing(void **state)
{
	struct world *w = *state;
	const struct cdr_roster *roster = cdr_current_hold(w->member[BLUE]->current);
	uint8_t tags[CDR_TAG_LEN];
	const struct cdr_bytes input = { (const uint8_t *)"x", 1 };

	act(w, 2);
	w->log_lie = W_LOG_MISSING; /* its receipt is right, and what stands in the tree is not */
	assert_int_equal(cdr_evaluate(w->member[BLUE], roster, cdr_roster_epoch(roster, 1), CDR_PURPOSE_IMPORT, &input, 1, tags,
	    NULL), CDR_E_PROOF);
	cdr_current_release(w->member[BLUE]->current, roster);
	w->log_lie = W_LOG_TRUE;
	assert_found(w, CDR_AUDIT_MISSING);
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

	act(w, 6);
	assert_int_equal(look(w), CDR_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		w->log_lie = cases[i].lie;
		assert_found(w, cases[i].kind);
	}
	w->log_lie = W_LOG_TRUE;
	assert_int_equal(look(w), CDR_OK);
	act(w, 1);
	w->log_lie = W_LOG_BAD_PROOF;
	assert_found(w, CDR_AUDIT_MISSING);
}

/*
 * Nobody has cosigned for days. With enough trustees who tell what they saw last that is no lie, whatever the clocks say; without them
 * it is told, and the hub is not accused of it.
 */
static void
test_old_cosignatures(void **state)
{
	struct world *w = *state;

	act(w, 4);
	w->log_age_s = 30 * CDR_AUDIT_DAY_S;
	assert_int_equal(look(w), CDR_OK);
	for (size_t i = 0; i + 1 < W_THRESHOLD; i++)
		w->mode[i] = W_DOWN; /* a few are away: the others are enough */
	assert_int_equal(W_TRUSTEES - (W_THRESHOLD - 1) >= W_THRESHOLD ? look(w) : CDR_OK, CDR_OK);
	for (size_t i = 0; i < W_TRUSTEES; i++)
		w->mode[i] = W_DOWN;
	assert_found(w, CDR_AUDIT_STALE);
	assert_int_equal(strncmp(audit.finding[0].parties, "trustee/1, trustee/2", 20), 0);
	/* One that tells of more than enough have cosigned by now is not away, though the hub cannot show that. */
	w->log_shown = 4;
	w->log_lie = W_LOG_BUSY;
	w->latest_size[1] = 5;
	w->mode[1] = W_TRUE;
	assert_found(w, CDR_AUDIT_STALE);
	assert_int_equal(strncmp(audit.finding[0].parties, "trustee/1, trustee/3", 20), 0);
	w->log_shown = w->latest_size[1] = 0;
	w->log_lie = W_LOG_TRUE;
	w->log_age_s = 3600;
	assert_int_equal(look(w), CDR_OK);
}

/* One trustee was shown another log: who signed both is named. */
static void
test_split(void **state)
{
	struct world *w = *state;

	act(w, 6);
	w->latest_differs[2] = true;
	assert_found(w, CDR_AUDIT_SPLIT);
	assert_string_equal(audit.finding[0].parties, "hub");
	/* One that cosigned what this node was shown, and the other one too. */
	w->latest_differs[2] = false;
	w->latest_differs[0] = true;
	assert_found(w, CDR_AUDIT_SPLIT);
	assert_string_equal(audit.finding[0].parties, "hub, trustee/1");
	w->latest_differs[0] = false;
	w->latest_size[1] = 4;
	w->latest_differs[1] = true;
	assert_found(w, CDR_AUDIT_SPLIT);
}

/* A hub that keeps two logs, each whole in itself, and answers from the one that was seen by whom it is asked about. */
static void
test_two_faces(void **state)
{
	struct world *w = *state;

	act(w, 7);
	w->log_lie = W_LOG_TWO_FACES;
	w->log_other_from = 4; /* a trustee saw less than this node */
	w->latest_size[0] = 4;
	w->latest_other[0] = true;
	assert_found(w, CDR_AUDIT_SPLIT);
	assert_int_equal(audit.finding_count, 1);
	assert_string_equal(audit.finding[0].parties, "hub, trustee/1"); /* it signed for two logs of 4 leaves */
	w->latest_size[0] = 0; /* and more */
	w->log_other_from = 7;
	w->log_shown = 4;
	w->mode[1] = w->mode[2] = W_DOWN;
	assert_found(w, CDR_AUDIT_SPLIT);
	assert_int_equal(audit.finding_count, 1);
	assert_string_equal(audit.finding[0].parties, "hub, trustee/1, trustee/2");
	/* Two trustees saw what both begins with what this node saw. */
	w->log_other_leaf = 5;
	w->latest_other[0] = false;
	w->latest_other[1] = true;
	w->latest_size[0] = 6;
	w->mode[1] = W_TRUE;
	assert_found(w, CDR_AUDIT_SPLIT);
	assert_int_equal(audit.finding_count, 1);
	assert_string_equal(audit.finding[0].parties, "hub, trustee/2");
	/* It tells of the first receipts in one log, of the next in the other. */
	act(w, 70);
	w->log_lie = W_LOG_CHANGES;
	w->log_other_leaf = w->log_shown = 0;
	w->mode[0] = w->mode[1] = W_DOWN;
	assert_found(w, CDR_AUDIT_REWRITTEN);
	assert_string_equal(audit.finding[0].parties, "hub, trustee/1, trustee/2");
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM setting WHERE name = 'log/seen'"), 0);
}

/* No trustee is named for what the hub alone does: its proofs do not hold, or it refuses them. */
static void
test_honest_trustees(void **state)
{
	struct world *w = *state;

	act(w, 6);
	w->log_lie = W_LOG_SPOILT;
	w->latest_size[0] = 4;
	assert_found(w, CDR_AUDIT_REWRITTEN);
	for (size_t i = 0; i < audit.finding_count; i++)
		assert_string_equal(audit.finding[i].parties, "hub");
	w->log_shown = 4;
	w->latest_size[0] = 0;
	assert_found(w, CDR_AUDIT_SPLIT);
	for (size_t i = 0; i < audit.finding_count; i++)
		assert_string_equal(audit.finding[i].parties, "hub");
	w->log_lie = W_LOG_REFUSED;
	assert_found(w, CDR_AUDIT_SPLIT);
	assert_int_equal(audit.finding_count, 1);
	assert_string_equal(audit.finding[0].parties, "hub");
	/* One honest log that grows while this node asks, and trustees that stand at different places of it. */
	w->log_lie = W_LOG_TRUE;
	w->latest_size[0] = 5;
	w->latest_size[1] = 3;
	assert_int_equal(look(w), CDR_OK);
	assert_int_equal(audit.compared_count, W_TRUSTEES);
	assert_int_equal(audit.size, 6);
	w->log_shown = 0;
	assert_int_equal(look(w), CDR_OK);
}

/* A trustee keeps two words of the hub's that cannot both be true: this node sees for itself, tells it once, and keeps it. */
static void
test_two_histories(void **state)
{
	struct world *w = *state;
	static const enum w_told kinds[] = { W_TOLD_PAIR, W_TOLD_BEFORE, W_TOLD_ALONE };

	act(w, 20);
	w->told_count = 1;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		w->told[1] = kinds[i];
		w->told_size = 10 + i;
		assert_found(w, CDR_AUDIT_TWO_HISTORIES);
		assert_int_equal(audit.finding_count, 1);
		assert_string_equal(audit.finding[0].parties, "hub, trustee/1, trustee/2"); /* they cosigned both */
		assert_int_equal(audit.finding[0].told_by, 2);
		assert_int_equal(audit.finding[0].size, w->told_size);
		assert_int_equal(look(w), CDR_OK); /* told, and kept */
		assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM lie WHERE what = 'two_histories'"), (int64_t)i + 1);
		w->told[0] = kinds[i]; /* another trustee tells the same */
		assert_int_equal(look(w), CDR_OK);
		w->told[0] = W_TOLD_NOTHING;
	}
	/* All that one keeps, a portion at a time. */
	w->told[1] = W_TOLD_PAIR;
	w->told_size = 20;
	w->told_count = CDR_CONTRADICTIONS_MAX + 3;
	w->told_asked = 0;
	assert_found(w, CDR_AUDIT_TWO_HISTORIES);
	assert_int_equal(w->told_asked, W_TRUSTEES + 1);
	assert_int_equal(audit.finding_count, CDR_CONTRADICTIONS_MAX); /* without the three that were told before */
	assert_int_equal(look(w), CDR_OK);
	/* A hub that does not answer is found out all the same. */
	w->told_count = 1;
	w->told_size = 5;
	w->log_is_down = true;
	assert_found(w, CDR_AUDIT_TWO_HISTORIES);
	assert_string_equal(audit.finding[0].parties, "hub");
	assert_int_equal(look(w), CDR_E_NETWORK);
	w->log_is_down = false;
	w->log_lie = W_LOG_BUSY; /* nor is one that answers everything but this */
	w->told_size = 7;
	assert_found(w, CDR_AUDIT_TWO_HISTORIES);
	assert_string_equal(audit.finding[0].parties, "hub");
	w->log_lie = W_LOG_TRUE;
	w->log_is_down = true;
	/* What its present log is held against waits for it. */
	w->told[1] = W_TOLD_ALONE;
	w->told_size = 6;
	assert_int_equal(look(w), CDR_E_NETWORK);
	w->log_is_down = false;
	assert_found(w, CDR_AUDIT_TWO_HISTORIES);
}

struct kept_list {
	size_t count;
	struct cdr_audit_kept last;
};

static void
add_kept(void *context, const struct cdr_audit_kept *kept)
{
	struct kept_list *list = context;

	assert_int_equal(kept->number, ++list->count);
	list->last = *kept;
}

/* What was found is told to other systems, once, and stays in the list, with its file. */
static void
test_kept(void **state)
{
	struct world *w = *state;
	struct kept_list list = { .count = 0 };
	uint8_t secret[CDR_HOOK_SECRET_LEN];
	uint64_t number;

	assert_int_equal(cdr_hook_add(w->member[BLUE], "http://127.0.0.1:1/", &number, secret, NULL), CDR_OK);
	act(w, 6);
	assert_int_equal(cdr_audit_kept_list(w->member[BLUE], add_kept, &list), CDR_OK);
	assert_int_equal(list.count, 0);
	w->told[0] = W_TOLD_PAIR;
	w->told_count = 1;
	w->told_size = 4;
	assert_found(w, CDR_AUDIT_TWO_HISTORIES);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM hook_event WHERE kind = 'audit.finding'"), 1);
	assert_int_equal(look(w), CDR_OK);
	assert_int_equal(cdr_audit_kept_list(w->member[BLUE], add_kept, &list), CDR_OK);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.last.finding.kind, CDR_AUDIT_TWO_HISTORIES);
	assert_int_equal(list.last.finding.size, 4);
	assert_int_equal(list.last.finding.told_by, 1);
	assert_string_equal(list.last.finding.parties, "hub, trustee/1, trustee/2");
	assert_int_equal(access(list.last.finding.path, R_OK), 0);
	assert_in_range(list.last.at, cdr_member_now() - 100, cdr_member_now());
	w_run(w->member[BLUE], "UPDATE lie SET what = 'of a later version'");
	list.count = 0;
	assert_int_equal(cdr_audit_kept_list(w->member[BLUE], add_kept, &list), CDR_OK);
	assert_int_equal(list.last.finding.kind, CDR_AUDIT_UNREADABLE);
}

/* A trustee that invents what it tells accuses nobody but itself. */
static void
test_invented_histories(void **state)
{
	struct world *w = *state;
	static const struct {
		enum w_told told;
		int64_t misconduct;
	} cases[] = { { W_TOLD_TRUE, 0 }, { W_TOLD_BACKWARDS, 0 }, { W_TOLD_INVENTED, 1 }, { W_TOLD_DAMAGED, 1 } };

	act(w, 20);
	w->told_count = 3;
	w->told_size = 15;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		w->told[1] = cases[i].told;
		w->told_asked = 0;
		assert_int_equal(look(w), CDR_OK);
		assert_in_range(w->told_asked, W_TRUSTEES, W_TRUSTEES + 1);
		assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM lie"), 0);
		assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM misconduct"), cases[i].misconduct);
		assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM misconduct WHERE party = 'trustee/2' AND length(reply) > 0"),
		    cases[i].misconduct);
	}
	w->mode[1] = W_FORGED; /* somebody else's signature is nobody's word */
	w->told[1] = W_TOLD_PAIR;
	w_run(w->member[BLUE], "DELETE FROM misconduct");
	assert_int_equal(look(w), CDR_OK);
	w->mode[1] = W_DOWN;
	assert_int_equal(look(w), CDR_OK);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM misconduct"), 0);
}

/* The hub signs a receipt for a leaf at ${place}, whatever stands there, and this node keeps it. */
static cdr_err
keep_job(struct cdr_tx *tx, void *context)
{
	return cdr_receipt_keep(tx, context);
}
static void
forge_receipt(struct world *w, enum cdr_leaf_kind kind, uint64_t place)
{
	struct cdr_leaf leaf = { .kind = kind, .at = 1772323200 };
	struct cdr_buffer encoded;
	uint8_t salt[CDR_LEAF_SALT_LEN] = { 9 }, signature[CDR_SIGNATURE_LEN];
	struct cdr_buffer entry;
	struct cdr_receipt receipt = { .place = place };
	Cdr__Wire__Receipt message = CDR__WIRE__RECEIPT__INIT;

	cdr_leaf_party_add(&leaf, w->member[BLUE]->signer_name);
	receipt.leaf = leaf;
	assert_int_equal(cdr_leaf_encode(&leaf, &encoded), CDR_OK);
	assert_int_equal(cdr_leaf_entry(cdr_buffer_bytes(&encoded), salt, &entry), CDR_OK);
	assert_int_equal(cdr_merkle_leaf(cdr_buffer_bytes(&entry), receipt.hash), CDR_OK);
	assert_int_equal(cdr_receipt_sign(w->hub.seed, w->genesis, place, receipt.hash, signature), CDR_OK);
	message.position = place;
	message.leaf = cdr_message_field(encoded.data, encoded.len);
	message.has_salt = true;
	message.salt = cdr_message_field(salt, sizeof(salt));
	message.signature = cdr_message_field(signature, sizeof(signature));
	assert_int_equal(cdr_message_encode(&message.base, &receipt.bytes), CDR_OK);
	assert_int_equal(cdr_store_write(w->member[BLUE]->home->store, keep_job, &receipt), CDR_OK);
	cdr_receipt_free(&receipt);
	cdr_buffer_free(&entry);
	cdr_buffer_free(&encoded);
}

/* A hub that keeps a newer roster from this node: a trustee gives it, and the hub is named. */
static void
test_withheld_roster(void **state)
{
	struct world *w = *state;

	act(w, 3);
	assert_int_equal(look(w), CDR_OK);
	w_roster(w);
	/* As long as the hub gives it nobody kept anything back. */
	assert_int_equal(look(w), CDR_OK);
	const struct cdr_roster *roster = cdr_current_hold(w->member[BLUE]->current);
	assert_int_equal(roster->body->version, w->version);
	cdr_current_release(w->member[BLUE]->current, roster);

	w_roster(w);
	w->hub_withholds = w->trustees_are_behind = true;
	assert_int_equal(look(w), CDR_OK);
	w->trustees_are_behind = false;
	assert_found(w, CDR_AUDIT_WITHHELD);
	assert_string_equal(audit.finding[0].parties, "hub");
	assert_int_equal(audit.finding_count, 1);
	assert_int_equal(audit.finding[0].place, w->version);
	roster = cdr_current_hold(w->member[BLUE]->current);
	assert_int_equal(roster->body->version, w->version);
	cdr_current_release(w->member[BLUE]->current, roster);
	/* It has it now. */
	assert_int_equal(look(w), CDR_OK);
	/* A roster that does not follow is taken from nobody, and is no finding about the hub. */
	w->hub.seed[0] ^= 1;
	w_roster(w);
	w->hub.seed[0] ^= 1;
	assert_int_equal(look(w), CDR_OK);
	roster = cdr_current_hold(w->member[BLUE]->current);
	assert_int_equal(roster->body->version, w->version - 1);
	cdr_current_release(w->member[BLUE]->current, roster);
}

/* Of words of trustees the file has one less, or one twice. */
static void
assert_words_needed(struct world *w, const char *path)
{
	json_t *json = json_load_file(path, 0, NULL);
	json_t *words = json_object_get(json, "words");

	assert_int_equal(judge(w, json), CDR_OK);
	assert_string_equal(evidence.parties, "trustee/1, trustee/2");
	assert_int_equal(json_array_size(words), 2);
	json_t *second = json_incref(json_array_get(words, 1));
	assert_int_equal(json_array_set(words, 1, json_array_get(words, 0)), 0);
	assert_int_equal(judge(w, json), CDR_E_PROOF);
	/* Its answer to another question. */
	assert_int_equal(json_object_set(second, "request", json_object_get(json, "genesis")), 0);
	assert_int_equal(json_array_set_new(words, 1, second), 0);
	assert_int_equal(judge(w, json), CDR_E_PROOF);
	assert_int_equal(json_array_remove(words, 1), 0);
	assert_int_equal(judge(w, json), CDR_E_PROOF);
	json_decref(json);
}

/* That a check was answered from an old index trustees alone can see: as many as are needed for anything say it, and one alone invents nothing. */
static void
test_old_index(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	static const struct {
		uint64_t says[W_TRUSTEES];
		bool is_forged;
	} nothing[] = { { { 400 }, false }, { { 400, 401 }, false }, { { 401, 401 }, false }, { { 402, 402 }, false }, { { UINT64_MAX, UINT64_MAX }, false },
		{ { 400, 400 }, true } };

	act(w, 3);
	forge_receipt(w, CDR_LEAF_CHECK_OPENED, 400);
	forge_receipt(w, CDR_LEAF_CHECK_CLOSED, 401);
	forge_receipt(w, CDR_LEAF_CHECK_OPENED, 403);
	w_run(m, "UPDATE receipt SET state = 'proved' WHERE place >= 400");
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		memcpy(w->old_index, nothing[i].says, sizeof(w->old_index));
		w->mode[1] = nothing[i].is_forged ? W_FORGED : W_TRUE;
		assert_int_equal(look(w), CDR_OK);
		assert_int_equal(w_count(m, "SELECT count(*) FROM lie"), 0);
	}
	w->mode[1] = W_TRUE;
	assert_found(w, CDR_AUDIT_OLD_INDEX);
	assert_int_equal(audit.finding_count, 1);
	assert_int_equal(audit.finding[0].place, 400);
	assert_string_equal(audit.finding[0].parties, "hub");
	assert_words_needed(w, audit.finding[0].path);
	/* Told once, however many say it, and however long the log grows. */
	w->old_index[2] = 400;
	act(w, 1);
	assert_int_equal(look(w), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM lie WHERE what = 'old_index' AND place = 400"), 1);
	/* Another check; the hub does not answer. */
	w->old_index[0] = w->old_index[1] = 403;
	w->log_is_down = true;
	assert_found(w, CDR_AUDIT_OLD_INDEX);
	assert_int_equal(audit.finding[0].place, 403);
	assert_int_equal(w_count(m, "SELECT count(*) FROM lie WHERE what = 'old_index'"), 2);
	w->log_is_down = false;
}

/* The one check of the node. */
static cdr_err
read_check(const struct cdr_check *check, void *context)
{
	*(struct cdr_check *)context = *check;
	return CDR_OK;
}

/* Whoever reads the check that was answered so is told too. */
static void
test_the_check_says_so(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_check *check = calloc(1, sizeof(*check));
	struct cdr_candidate c;
	bool worked;

	assert_non_null(check);
	w_amina(&c, "R-1");
	w_check(m, &c, CDR_OK);
	assert_int_equal(cdr_check_step(m, &worked, NULL), CDR_OK);
	assert_int_equal(look(w), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM check_place"), 1);
	w->old_index[0] = w->old_index[1] = (uint64_t)w_count(m, "SELECT place FROM check_place");
	assert_int_equal(cdr_check_each(m, "R-1", read_check, check), CDR_OK);
	assert_string_equal(check->doubt, "");
	assert_found(w, CDR_AUDIT_OLD_INDEX);
	assert_int_equal(cdr_check_each(m, "R-1", read_check, check), CDR_OK);
	assert_true(check->doubt_old && check->doubt_partial && !check->doubt_settled);
	assert_non_null(strstr(check->doubt, "old index"));
	assert_string_equal(check->state, "matched");
	free(check);
}

/* What the hub promised a trustee, and cannot prove, is found with that promise; what it can, and what it never promised, is not. */
static void
test_missing_of_a_trustee(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_leaf leaf = { .kind = CDR_LEAF_CEREMONY, .at = 1772323200 };
	struct cdr_buffer encoded, entry;
	uint8_t hash[CDR_MERKLE_HASH_LEN], signature[CDR_SIGNATURE_LEN];
	Cdr__Wire__Receipt receipt = CDR__WIRE__RECEIPT__INIT;
	const struct cdr_bytes part = { (const uint8_t *)"what it did", 11 };
	struct w_receipt true_one;

	act(w, 6);
	cdr_leaf_party_add(&leaf, "trustee/2");
	for (uint64_t i = 1; i < 4; i++)
		cdr_leaf_number_add(&leaf, i);
	assert_int_equal(cdr_leaf_encode(&leaf, &encoded), CDR_OK);
	assert_int_equal(cdr_leaf_entry(cdr_buffer_bytes(&encoded), NULL, &entry), CDR_OK);
	assert_int_equal(cdr_merkle_leaf(cdr_buffer_bytes(&entry), hash), CDR_OK);
	receipt.leaf = cdr_message_field(encoded.data, encoded.len);
	receipt.signature = cdr_message_field(signature, sizeof(signature));
	w->missing[1] = &receipt;
	/* It is to stand further on than the log goes. */
	receipt.position = 300;
	assert_int_equal(cdr_receipt_sign(w->hub.seed, w->genesis, receipt.position, hash, signature), CDR_OK);
	assert_int_equal(look(w), CDR_OK);
	/* The hub has signed no such thing. */
	receipt.position = 3;
	assert_int_equal(look(w), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM lie"), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM misconduct WHERE party = 'trustee/2' AND length(reply) > 0"), 1);
	/* It has, and another leaf stands there. */
	assert_int_equal(cdr_receipt_sign(w->hub.seed, w->genesis, receipt.position, hash, signature), CDR_OK);
	assert_found(w, CDR_AUDIT_MISSING_THEIRS);
	assert_int_equal(audit.finding_count, 1);
	assert_int_equal(audit.finding[0].place, 3);
	assert_int_equal(audit.finding[0].told_by, 2);
	assert_string_equal(audit.finding[0].parties, "hub");
	act(w, 1);
	assert_found(w, CDR_AUDIT_MISSING_THEIRS); /* as long as it is so, and kept once */
	assert_int_equal(w_count(m, "SELECT count(*) FROM lie WHERE what = 'missing_of_trustee'"), 1);
	/* A hub that does not answer is not accused of it; nor one that proves it. */
	w->log_is_down = true;
	assert_int_equal(look(w), CDR_E_NETWORK);
	w->log_is_down = false;
	w_log_act(w, CDR_LEAF_DELIVERY, "trustee/2", &part, 1, &true_one);
	act(w, 1);
	w->missing[1] = &true_one.message;
	assert_int_equal(look(w), CDR_OK);
	cdr_buffer_free(&true_one.leaf);
	cdr_buffer_free(&encoded);
	cdr_buffer_free(&entry);
	w->missing[1] = NULL;
}

static void
test_two_receipts_for_one_place(void **state)
{
	struct world *w = *state;

	act(w, 3);
	forge_receipt(w, CDR_LEAF_CHECK_CLOSED, 1);
	assert_found(w, CDR_AUDIT_TWICE);
}

/* A receipt whose leaf nobody has witnessed for an hour. */
static void
test_late(void **state)
{
	struct world *w = *state;

	act(w, 3);
	forge_receipt(w, CDR_LEAF_CHECK_CLOSED, 400);
	assert_int_equal(look(w), CDR_OK);
	assert_int_equal(audit.waiting_count, 1);
	w_run(w->member[BLUE], "UPDATE receipt SET kept_at = kept_at - 4000");
	/* The witnesses may be away, and this node may have slept for weeks since. */
	for (size_t i = 0; i < W_TRUSTEES; i++)
		w->mode[i] = W_DOWN;
	assert_int_equal(look(w), CDR_OK);
	assert_int_equal(audit.waiting_count, 1);
	for (size_t i = 0; i < W_TRUSTEES; i++)
		w->mode[i] = W_TRUE;
	assert_found(w, CDR_AUDIT_LATE);
}

/* The act is not taken for done unless the hub's receipt is for just that. */
static void
test_no_receipt(void **state)
{
	struct world *w = *state;
	const struct cdr_roster *roster = cdr_current_hold(w->member[BLUE]->current);
	static const enum w_log_lie lies[] = { W_LOG_NO_RECEIPT, W_LOG_OTHER_PLACE, W_LOG_FEW_WITNESSES, W_LOG_BAD_PROOF };
	uint8_t tags[CDR_TAG_LEN];

	act(w, 2);
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

	act(w, 1);
	assert_int_equal(cdr_audit_step(w->member[BLUE], &worked, NULL), CDR_OK);
	w->log_lie = W_LOG_FEW_WITNESSES;
	assert_int_equal(cdr_audit_step(w->member[BLUE], &worked, NULL), CDR_OK);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM lie"), 0); /* today it was checked already */
	w_run(w->member[BLUE], "DELETE FROM setting WHERE name = 'log/checked_at'");
	assert_int_equal(cdr_audit_step(w->member[BLUE], &worked, NULL), CDR_OK);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM lie"), 1);
	w_run(w->member[BLUE], "DELETE FROM setting WHERE name = 'log/checked_at'");
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	cdr_json_start(); /* as the program does: what jansson wrote is jansson's to free, and free() would not survive it */
	const struct CMUnitTest tests[] = {
		TEST(test_an_honest_log_holds),
		TEST(test_rewritten_and_missing),
		TEST(test_missing),
		TEST(test_other_lies),
		TEST(test_old_cosignatures),
		TEST(test_split),
		TEST(test_two_faces),
		TEST(test_honest_trustees),
		TEST(test_two_histories),
		TEST(test_kept),
		TEST(test_invented_histories),
		TEST(test_withheld_roster),
		TEST(test_the_check_says_so),
		TEST(test_missing_of_a_trustee),
		TEST(test_old_index),
		TEST(test_two_receipts_for_one_place),
		TEST(test_late),
		TEST(test_no_receipt),
		TEST(test_every_day),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
