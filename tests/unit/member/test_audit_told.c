#include "tests/unit/member/audits.h"

#include "node/member/hook.h"
#include "node/member/index.h"
#include "tests/unit/member/world_play.h"

/* What trustees tell a node that checks the log, and it cannot see itself: two histories, an old index, a leaf that is missing. */

/* A trustee keeps two words of the hub's that cannot both be true: this node sees for itself, tells it once, and keeps it. */
static void
test_two_histories(void **state)
{
	struct world *w = *state;
	static const enum w_told kinds[] = { W_TOLD_PAIR, W_TOLD_BEFORE, W_TOLD_ALONE };

	audits_act(w, 20);
	w->told_count = 1;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		w->told[1] = kinds[i];
		w->told_size = 10 + i;
		audits_assert_found(w, CDR_AUDIT_TWO_HISTORIES);
		assert_int_equal(audit.finding_count, 1);
		assert_string_equal(audit.finding[0].parties, "hub, trustee/1, trustee/2"); /* they cosigned both */
		assert_int_equal(audit.finding[0].told_by, 2);
		assert_int_equal(audit.finding[0].size, w->told_size);
		assert_int_equal(audits_look(w), CDR_OK); /* told, and kept */
		assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM lie WHERE what = 'two_histories'"), (int64_t)i + 1);
		w->told[0] = kinds[i]; /* another trustee tells the same */
		assert_int_equal(audits_look(w), CDR_OK);
		w->told[0] = W_TOLD_NOTHING;
	}
	/* All that one keeps, a portion at a time. */
	w->told[1] = W_TOLD_PAIR;
	w->told_size = 20;
	w->told_count = CDR_CONTRADICTIONS_MAX + 3;
	w->told_asked = 0;
	audits_assert_found(w, CDR_AUDIT_TWO_HISTORIES);
	assert_int_equal(w->told_asked, W_TRUSTEES + 1);
	assert_int_equal(audit.finding_count, CDR_CONTRADICTIONS_MAX); /* without the three that were told before */
	assert_int_equal(audits_look(w), CDR_OK);
	/* A hub that does not answer is found out all the same. */
	w->told_count = 1;
	w->told_size = 5;
	w->log_is_down = true;
	audits_assert_found(w, CDR_AUDIT_TWO_HISTORIES);
	assert_string_equal(audit.finding[0].parties, "hub");
	assert_int_equal(audits_look(w), CDR_E_NETWORK);
	w->log_is_down = false;
	w->log_lie = W_LOG_BUSY; /* nor is one that answers everything but this */
	w->told_size = 7;
	audits_assert_found(w, CDR_AUDIT_TWO_HISTORIES);
	assert_string_equal(audit.finding[0].parties, "hub");
	w->log_lie = W_LOG_TRUE;
	w->log_is_down = true;
	/* What its present log is held against waits for it. */
	w->told[1] = W_TOLD_ALONE;
	w->told_size = 6;
	assert_int_equal(audits_look(w), CDR_E_NETWORK);
	w->log_is_down = false;
	audits_assert_found(w, CDR_AUDIT_TWO_HISTORIES);
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
	audits_act(w, 6);
	assert_int_equal(cdr_audit_kept_list(w->member[BLUE], add_kept, &list), CDR_OK);
	assert_int_equal(list.count, 0);
	w->told[0] = W_TOLD_PAIR;
	w->told_count = 1;
	w->told_size = 4;
	audits_assert_found(w, CDR_AUDIT_TWO_HISTORIES);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM hook_event WHERE kind = 'audit.finding'"), 1);
	assert_int_equal(audits_look(w), CDR_OK);
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

	audits_act(w, 20);
	w->told_count = 3;
	w->told_size = 15;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		w->told[1] = cases[i].told;
		w->told_asked = 0;
		assert_int_equal(audits_look(w), CDR_OK);
		assert_in_range(w->told_asked, W_TRUSTEES, W_TRUSTEES + 1);
		assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM lie"), 0);
		assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM misconduct"), cases[i].misconduct);
		assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM misconduct WHERE party = 'trustee/2' AND length(reply) > 0"),
		    cases[i].misconduct);
	}
	w->mode[1] = W_FORGED; /* somebody else's signature is nobody's word */
	w->told[1] = W_TOLD_PAIR;
	w_run(w->member[BLUE], "DELETE FROM misconduct");
	assert_int_equal(audits_look(w), CDR_OK);
	w->mode[1] = W_DOWN;
	assert_int_equal(audits_look(w), CDR_OK);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM misconduct"), 0);
}

/* Of words of trustees the file has one less, or one twice. */
static void
assert_words_needed(struct world *w, const char *path)
{
	json_t *json = json_load_file(path, 0, NULL);
	json_t *words = json_object_get(json, "words");

	assert_int_equal(audits_judge(w, json), CDR_OK);
	assert_string_equal(evidence.parties, "trustee/1, trustee/2");
	assert_int_equal(json_array_size(words), 2);
	json_t *second = json_incref(json_array_get(words, 1));
	assert_int_equal(json_array_set(words, 1, json_array_get(words, 0)), 0);
	assert_int_equal(audits_judge(w, json), CDR_E_PROOF);
	/* Its answer to another question. */
	assert_int_equal(json_object_set(second, "request", json_object_get(json, "genesis")), 0);
	assert_int_equal(json_array_set_new(words, 1, second), 0);
	assert_int_equal(audits_judge(w, json), CDR_E_PROOF);
	assert_int_equal(json_array_remove(words, 1), 0);
	assert_int_equal(audits_judge(w, json), CDR_E_PROOF);
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

	audits_act(w, 3);
	audits_forge_receipt(w, CDR_LEAF_CHECK_OPENED, 400);
	audits_forge_receipt(w, CDR_LEAF_CHECK_CLOSED, 401);
	audits_forge_receipt(w, CDR_LEAF_CHECK_OPENED, 403);
	w_run(m, "UPDATE receipt SET state = 'proved' WHERE place >= 400");
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		memcpy(w->old_index, nothing[i].says, sizeof(w->old_index));
		w->mode[1] = nothing[i].is_forged ? W_FORGED : W_TRUE;
		assert_int_equal(audits_look(w), CDR_OK);
		assert_int_equal(w_count(m, "SELECT count(*) FROM lie"), 0);
	}
	w->mode[1] = W_TRUE;
	audits_assert_found(w, CDR_AUDIT_OLD_INDEX);
	assert_int_equal(audit.finding_count, 1);
	assert_int_equal(audit.finding[0].place, 400);
	assert_string_equal(audit.finding[0].parties, "hub");
	assert_words_needed(w, audit.finding[0].path);
	/* Told once, however many say it, and however long the log grows. */
	w->old_index[2] = 400;
	audits_act(w, 1);
	assert_int_equal(audits_look(w), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM lie WHERE what = 'old_index' AND place = 400"), 1);
	/* Another check; the hub does not answer. */
	w->old_index[0] = w->old_index[1] = 403;
	w->log_is_down = true;
	audits_assert_found(w, CDR_AUDIT_OLD_INDEX);
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
	assert_int_equal(audits_look(w), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM check_place"), 1);
	w->old_index[0] = w->old_index[1] = (uint64_t)w_count(m, "SELECT place FROM check_place");
	assert_int_equal(cdr_check_each(m, "R-1", read_check, check), CDR_OK);
	assert_string_equal(check->doubt, "");
	audits_assert_found(w, CDR_AUDIT_OLD_INDEX);
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

	audits_act(w, 6);
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
	assert_int_equal(audits_look(w), CDR_OK);
	/* The hub has signed no such thing. */
	receipt.position = 3;
	assert_int_equal(audits_look(w), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM lie"), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM misconduct WHERE party = 'trustee/2' AND length(reply) > 0"), 1);
	/* It has, and another leaf stands there. */
	assert_int_equal(cdr_receipt_sign(w->hub.seed, w->genesis, receipt.position, hash, signature), CDR_OK);
	audits_assert_found(w, CDR_AUDIT_MISSING_THEIRS);
	assert_int_equal(audit.finding_count, 1);
	assert_int_equal(audit.finding[0].place, 3);
	assert_int_equal(audit.finding[0].told_by, 2);
	assert_string_equal(audit.finding[0].parties, "hub");
	audits_act(w, 1);
	audits_assert_found(w, CDR_AUDIT_MISSING_THEIRS); /* as long as it is so, and kept once */
	assert_int_equal(w_count(m, "SELECT count(*) FROM lie WHERE what = 'missing_of_trustee'"), 1);
	/* A hub that does not answer is not accused of it; nor one that proves it. */
	w->log_is_down = true;
	assert_int_equal(audits_look(w), CDR_E_NETWORK);
	w->log_is_down = false;
	w_log_act(w, CDR_LEAF_DELIVERY, "trustee/2", &part, 1, &true_one);
	audits_act(w, 1);
	w->missing[1] = &true_one.message;
	assert_int_equal(audits_look(w), CDR_OK);
	cdr_buffer_free(&true_one.leaf);
	cdr_buffer_free(&encoded);
	cdr_buffer_free(&entry);
	w->missing[1] = NULL;
}

int
main(void)
{
	cdr_json_start(); /* as the program does: what jansson wrote is jansson's to free, and free() would not survive it */
	const struct CMUnitTest tests[] = {
		AUDITS_TEST(test_two_histories),
		AUDITS_TEST(test_kept),
		AUDITS_TEST(test_invented_histories),
		AUDITS_TEST(test_the_check_says_so),
		AUDITS_TEST(test_missing_of_a_trustee),
		AUDITS_TEST(test_old_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
