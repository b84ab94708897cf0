/* Samples at the hub: lots for members, findings of auditors into the log, once each and only where something was drawn. */
#include "tests/unit/hub/exchange.h"

#include "node/hub/log.h"
#include "node/hub/sample.h"
#include "audit/sample.h"

struct world {
	struct exchange *x;
	struct x_party member;
	struct cdr_sample sample;           /* draws everything */
	uint64_t check, import;             /* places of two evaluations */
	char id[32], purpose[16], outcome[16];
};

static uint64_t
append(struct cdr_tx *tx, uint32_t purpose, uint32_t points)
{
	struct cdr_leaf leaf = { .kind = CDR_LEAF_EVALUATION, .at = X_NOW, .content = { (uint8_t)purpose } };
	struct cdr_hub_logged logged;

	cdr_leaf_member_add(&leaf, "blue-harbour");
	cdr_leaf_number_add(&leaf, purpose);
	cdr_leaf_number_add(&leaf, X_EPOCH);
	cdr_leaf_number_add(&leaf, purpose);
	cdr_leaf_number_add(&leaf, points);
	assert_int_equal(cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ NULL, 0 }, &logged), CDR_OK);
	uint64_t place = logged.position;
	cdr_hub_logged_free(&logged);
	return place;
}

/* Two evaluations, and a sample that was made of them. */
static cdr_err
prepare_job(struct cdr_tx *tx, void *context)
{
	struct world *w = context;
	static const char lot[] = "a lot";

	w->check = append(tx, CDR_LEAF_PURPOSE_CHECK, 16);
	w->import = append(tx, CDR_LEAF_PURPOSE_IMPORT, 3);
	w->sample = (struct cdr_sample){ .basis = { .number = 1, .size = w->import + 1, .key = 1, .trustee_count = X_TRUSTEES },
		.checks = 1, .points = 1, .seed = { 5 } };
	return cdr_query_run(tx,
	    "INSERT INTO sample (number, from_place, size, root, key_number, trustees, checks, points, note, lot, seed, made_at, logged_at, logged)"
	    " VALUES (1, 0, $1, $2, 1, $3, 1, 1, $2, $2, $4, 0, 77, 0)",
	    CDR_VALUES(cdr_value_int((int64_t)w->import + 1), cdr_value_blob(lot, sizeof(lot)), cdr_value_int(X_TRUSTEES),
		cdr_value_blob(w->sample.seed, sizeof(w->sample.seed))));
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->x = x_new();
	x_enrol(w->x, "blue-harbour", &w->member);
	assert_int_equal(cdr_store_write(w->x->store, prepare_job, w), CDR_OK);
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

static size_t
auditor(const struct world *w, uint64_t place, uint32_t point)
{
	uint32_t index;

	assert_int_equal(cdr_sample_auditor(&w->sample, place, point, &index), CDR_OK);
	return index - 1;
}

/* What the hub says to a finding of one trustee. */
static const char *
tell(struct world *w, size_t trustee, uint64_t place, uint32_t point, const char *purpose, const char *outcome)
{
	Cdr__Wire__Verdict verdict = CDR__WIRE__VERDICT__INIT;

	(void)snprintf(w->purpose, sizeof(w->purpose), "%s", purpose);
	(void)snprintf(w->outcome, sizeof(w->outcome), "%s", outcome);
	(void)snprintf(w->id, sizeof(w->id), "blue-harbour");
	verdict.sample = 1;
	verdict.position = place;
	verdict.point = point;
	verdict.member = w->id;
	verdict.purpose = w->purpose;
	verdict.outcome = w->outcome;
	verdict.at = X_NOW;
	return x_try(w->x, &w->x->trustee[trustee], CDR_SAMPLE_VERDICT_PATH, &verdict.base, &cdr__wire__logged__descriptor);
}

static int64_t
verdicts(struct world *w)
{
	return x_count(w->x, "SELECT count(*) FROM verdict");
}

static void
a_finding_is_logged_once(void **state)
{
	struct world *w = *state;
	size_t who = auditor(w, w->check, 0);
	int64_t leaves = x_count(w->x, "SELECT count(*) FROM log_leaf");

	assert_string_equal(tell(w, who, w->check, 0, "check", "asked"), "ok");
	assert_string_equal(tell(w, who, w->check, 0, "check", "asked"), "ok");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM log_leaf"), leaves + 1);
	assert_string_equal(tell(w, who, w->check, 0, "check", "late"), "ok");
	assert_int_equal(verdicts(w), 2);
	for (uint32_t point = 0; point < 3; point++)
		assert_string_equal(tell(w, auditor(w, w->import, point), w->import, point, "import", "backed"), "ok");
	assert_int_equal(verdicts(w), 5);
}

static void
what_was_not_drawn_is_refused(void **state)
{
	struct world *w = *state;
	size_t who = auditor(w, w->check, 0);

	assert_string_equal(tell(w, (who + 1) % X_TRUSTEES, w->check, 0, "check", "late"), "refused");
	assert_string_equal(tell(w, auditor(w, w->check, 1), w->check, 1, "check", "late"), "refused");   /* no such point */
	assert_string_equal(tell(w, who, w->check, 0, "import", "late"), "refused");                       /* it was no import */
	assert_string_equal(tell(w, auditor(w, w->import, 3), w->import, 3, "import", "late"), "refused"); /* it had three points */
	assert_string_equal(tell(w, auditor(w, 0, 0), 0, 0, "check", "late"), "refused");                  /* a roster's leaf */
	assert_string_equal(tell(w, auditor(w, 4000, 0), 4000, 0, "check", "late"), "refused");
	assert_string_equal(tell(w, who, w->check, 0, "check", "well"), "input");
	assert_string_equal(tell(w, who, w->check, 0, "again", "late"), "input");
	/* A member finds nothing. */
	Cdr__Wire__Verdict verdict = CDR__WIRE__VERDICT__INIT;
	verdict.member = w->id;
	verdict.purpose = w->purpose;
	verdict.outcome = w->outcome;
	assert_string_equal(x_try(w->x, &w->member, CDR_SAMPLE_VERDICT_PATH, &verdict.base, &cdr__wire__logged__descriptor), "refused");
	assert_int_equal(verdicts(w), 0);
	/* Nor is there another sample. */
	verdict.sample = 2;
	(void)snprintf(w->purpose, sizeof(w->purpose), "check");
	(void)snprintf(w->outcome, sizeof(w->outcome), "late");
	assert_string_equal(x_try(w->x, &w->x->trustee[0], CDR_SAMPLE_VERDICT_PATH, &verdict.base, &cdr__wire__logged__descriptor), "absent");
}

static void
members_get_lots(void **state)
{
	struct world *w = *state;
	Cdr__Wire__SampleListRequest request = CDR__WIRE__SAMPLE_LIST_REQUEST__INIT;
	struct x_reply reply;
	const Cdr__Wire__SampleList *list;

	assert_int_equal(x_call(w->x, &w->member, "/v1/sample/list", &request.base, &cdr__wire__sample_list__descriptor, &reply), 200);
	list = reply.message;
	assert_int_equal(list->n_record, 1);
	assert_string_equal((const char *)list->record[0]->sample.data, "a lot");
	assert_int_equal(list->record[0]->at, 77);
	x_reply_free(&reply);
	request.after = 1;
	assert_int_equal(x_call(w->x, &w->member, "/v1/sample/list", &request.base, &cdr__wire__sample_list__descriptor, &reply), 200);
	assert_int_equal(((const Cdr__Wire__SampleList *)reply.message)->n_record, 0);
	x_reply_free(&reply);
}

static cdr_err
nobody(void *context, const struct cdr_signer *signer, struct cdr_ask *ask)
{
	(void)context;
	(void)signer;
	return ask->err = CDR_E_NETWORK;
}

/* Nothing is begun before a week is over, before somebody evaluated, or without witnesses. */
static void
nothing_is_begun_without_need(void **state)
{
	struct world *w = *state;
	const struct cdr_hub_line line = { nobody, NULL };

	assert_int_equal(cdr_hub_sample_step(w->x->hub, &line, X_NOW, NULL), CDR_OK);
	assert_int_equal(cdr_hub_sample_step(w->x->hub, &line, X_NOW + 2 * CDR_SAMPLE_EVERY_S, NULL), CDR_OK);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM sample"), 1);
}

/* Counts who is asked for a part, by a basis under which key. */
struct asking {
	size_t count;
	uint32_t key;
	uint64_t roster;
};

static cdr_err
count_asked(void *context, const struct cdr_signer *signer, struct cdr_ask *ask)
{
	struct asking *asking = context;
	const Cdr__Wire__SampleShareRequest *request = (const Cdr__Wire__SampleShareRequest *)ask->message;

	(void)signer;
	asking->count++;
	asking->key = request->basis->key;
	asking->roster = request->roster;
	return ask->err = CDR_E_NETWORK;
}

struct begun {
	int64_t key, roster;
};

/* A writing job: the second sample was begun, under that key. */
static cdr_err
begin_job(struct cdr_tx *tx, void *context)
{
	static const uint8_t root[CDR_MERKLE_HASH_LEN] = { 1 };
	const struct begun *begun = context;

	cdr_err err = cdr_query_run(tx, "DELETE FROM sample WHERE number = 2", CDR_VALUES());
	return err != CDR_OK ? err :
			       cdr_query_run(tx,
				   "INSERT INTO sample (number, from_place, size, root, key_number, trustees, checks, points, note, made_at, roster_version)"
				   " VALUES (2, 9, 10, $1, $2, 3, 1, 1, $1, 0, $3)",
				   CDR_VALUES(cdr_value_blob(root, sizeof(root)), cdr_value_int(begun->key), cdr_value_int(begun->roster)));
}

/* What was begun is gone on with as long as its key is in the roster, though others are trustees now; and no longer. */
static void
what_was_begun_ends_with_its_key(void **state)
{
	struct world *w = *state;
	struct asking asking = { .count = 0 };
	const struct cdr_hub_line line = { count_asked, &asking };
	struct begun begun = { 1, 4 };

	for (size_t i = 0; i < X_THRESHOLD; i++)
		assert_string_equal(x_key_result(w->x, i, CDR_KEY_STATISTICS, 1, 9), "ok");
	x_approve(w->x);
	assert_int_equal(cdr_store_write(w->x->store, begin_job, &begun), CDR_OK);
	assert_int_equal(cdr_hub_sample_step(w->x->hub, &line, X_NOW, NULL), CDR_E_BUSY);
	assert_int_equal(asking.count, X_TRUSTEES);
	assert_int_equal(asking.key, 1);
	assert_int_equal(asking.roster, 4);
	begun.key = 9;
	asking.count = 0;
	assert_int_equal(cdr_store_write(w->x->store, begin_job, &begun), CDR_OK);
	assert_int_equal(cdr_hub_sample_step(w->x->hub, &line, X_NOW, NULL), CDR_OK);
	assert_int_equal(asking.count, 0);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM sample WHERE number = 2"), 1); /* until there is another basis */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_finding_is_logged_once),
		TEST(what_was_not_drawn_is_refused),
		TEST(members_get_lots),
		TEST(nothing_is_begun_without_need),
		TEST(what_was_begun_ends_with_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
