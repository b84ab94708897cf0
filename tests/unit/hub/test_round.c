/* Rounds at the hub: what it takes from members and trustees, in which order, and what it hands out before enough have witnessed. */
#include "tests/unit/hub/exchange.h"

#include "audit/checkpoint.h"
#include "core/crypto/threshold.h"
#include "node/hub/log.h"
#include "node/hub/round.h"

#define MEMBERS 5

struct world {
	struct exchange *x;
	struct x_party member[MEMBERS]; /* m0 .. m4 */
	uint8_t coefficient[X_THRESHOLD * CDR_SCALAR_LEN], share[X_TRUSTEES][CDR_SCALAR_LEN];
	struct cdr_round *round;
	struct cdr_elgamal *key;
};

/* The trustees say that they made a statistics key, whose shares the test has. */
static void
make_key(struct world *w)
{
	Cdr__Wire__CeremonyResult result = CDR__WIRE__CEREMONY_RESULT__INIT;
	Cdr__Wire__CeremonyKey key = CDR__WIRE__CEREMONY_KEY__INIT;
	uint8_t ceremony[CDR_CEREMONY_ID_LEN], hash[32] = { 9 }, public_key[CDR_POINT_LEN];
	uint8_t point[X_TRUSTEES][CDR_POINT_LEN];
	ProtobufCBinaryData share[X_TRUSTEES];

	for (size_t i = 0; i < X_THRESHOLD; i++)
		assert_int_equal(cdr_scalar_random(w->coefficient + i * CDR_SCALAR_LEN), CDR_OK);
	assert_int_equal(cdr_group_mul_base(w->coefficient, public_key), CDR_OK);
	for (uint8_t i = 0; i < X_TRUSTEES; i++) {
		assert_int_equal(cdr_threshold_deal(w->coefficient, X_THRESHOLD, i + 1, w->share[i]), CDR_OK);
		assert_int_equal(cdr_group_mul_base(w->share[i], point[i]), CDR_OK);
		share[i] = cdr_message_field(point[i], CDR_POINT_LEN);
	}
	key.number = 1;
	key.kind = CDR_KEY_STATISTICS;
	key.public_key = cdr_message_field(public_key, sizeof(public_key));
	key.public_share = share;
	key.n_public_share = X_TRUSTEES;
	key.transcript = cdr_message_field(hash, sizeof(hash));
	key.threshold = X_THRESHOLD;
	x_ceremony(w->x, CDR_KEY_STATISTICS, 1, 1, NULL, ceremony);
	result.ceremony = cdr_message_field(ceremony, sizeof(ceremony));
	result.act = CDR_CEREMONY_MAKE;
	result.key = &key;
	for (size_t i = 0; i < X_THRESHOLD; i++)
		assert_string_equal(x_try(w->x, &w->x->trustee[i], "/v1/ceremony/result", &result.base, &cdr__wire__logged__descriptor), "ok");
	x_approve(w->x);
	assert_int_equal(cdr_elgamal_new(public_key, &w->key), CDR_OK);
}

static void
open_round(struct world *w)
{
	static char id[] = "one", version[] = "2";
	Cdr__Wire__RoundTable table = CDR__WIRE__ROUND_TABLE__INIT;
	struct cdr_fault fault = { CDR_OK, "" };

	table.id = id;
	table.cells = 2;
	table.bits = 4;
	const struct cdr_hub_round_plan plan = { .period = "2026-H1", .codebook_version = version, .table = &table, .table_count = 1,
		.deadline = w->x->now + 1000 };
	cdr_round_free(w->round);
	if (cdr_hub_round_open(w->x->hub, &plan, w->x->now, &w->round, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->x = x_new();
	for (uint8_t i = 0; i < MEMBERS; i++) {
		char id[4] = { 'm', (char)('0' + i), '\0' };
		x_enrol(w->x, id, &w->member[i]);
	}
	make_key(w);
	open_round(w);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	cdr_round_free(w->round);
	cdr_elgamal_free(w->key);
	x_free(w->x);
	free(w);
	return 0;
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

/* Sign with an attachment and send; "ok" or the refusal's code. */
static const char *
send(struct world *w, const struct x_party *party, const char *path, const ProtobufCMessage *message, struct cdr_bytes attachment,
    const ProtobufCMessageDescriptor *type)
{
	static char code[32];
	const struct cdr_signer by = { party->signer, party->seed, w->x->hub->genesis };
	struct cdr_buffer body, request;
	struct x_reply reply;

	assert_int_equal(cdr_message_encode(message, &body), CDR_OK);
	assert_int_equal(cdr_envelope_request(&by, path, cdr_buffer_bytes(&body), attachment, &request), CDR_OK);
	int status = x_send(w->x, path, cdr_buffer_bytes(&request), party->pin, type, &reply);
	(void)snprintf(code, sizeof(code), "%s", status == 200 ? "ok" : reply.code);
	x_reply_free(&reply);
	cdr_buffer_free(&body);
	cdr_buffer_free(&request);
	return code;
}

/* Member ${i} submits for the ${number}th time what was proved in the name of ${as}. */
static const char *
submit(struct world *w, size_t i, uint32_t number, const char *as)
{
	Cdr__Wire__RoundSubmit message = CDR__WIRE__ROUND_SUBMIT__INIT;
	const uint32_t counts[] = { (uint32_t)i + 1, i == 0 };
	uint8_t hash[CDR_SHA256_LEN];
	struct cdr_buffer packed;

	assert_int_equal(cdr_contribution_make(w->round, w->key, as, counts, &packed), CDR_OK);
	const struct cdr_bytes part = cdr_buffer_bytes(&packed);
	assert_int_equal(cdr_sha256(&part, 1, hash), CDR_OK);
	message.round = cdr_message_field(w->round->hash, CDR_ROUND_HASH_LEN);
	message.submission = number;
	message.packed_hash = cdr_message_field(hash, sizeof(hash));
	const char *code = send(w, &w->member[i], CDR_TALLY_SUBMIT_PATH, &message.base, part, &cdr__wire__round_submit_reply__descriptor);
	cdr_buffer_free(&packed);
	return code;
}

static void
submit_all(struct world *w)
{
	char id[4] = "m0";

	for (size_t i = 0; i < MEMBERS; i++) {
		id[1] = (char)('0' + i);
		assert_string_equal(submit(w, i, 1, id), "ok");
	}
}

/* How many tasks trustee ${i} gets; ${state} of the first: 1 first, 2 second answer, 3 given up. */
static size_t
work(struct world *w, size_t i, int *step)
{
	Cdr__Wire__RoundWorkRequest request = CDR__WIRE__ROUND_WORK_REQUEST__INIT;
	struct x_reply reply;

	request.log_size = (uint64_t)x_count(w->x, "SELECT count(*) FROM log_leaf");
	assert_int_equal(x_call(w->x, &w->x->trustee[i], "/v1/round/work", &request.base, &cdr__wire__round_work__descriptor, &reply), 200);
	const Cdr__Wire__RoundWork *found = reply.message;
	size_t count = found->n_task;
	*step = count == 0 ? 0 : found->task[0]->given_up ? 3 : found->task[0]->set != NULL ? 2 : 1;
	x_reply_free(&reply);
	return count;
}

static cdr_err
note_job(struct cdr_tx *tx, void *note)
{
	return cdr_query_run(tx, "UPDATE round SET close_note = $1 WHERE close_place IS NOT NULL",
	    CDR_VALUES(cdr_value_bytes(cdr_buffer_bytes(note))));
}

static cdr_err
edge_job(struct cdr_tx *tx, void *edge)
{
	return cdr_hub_log_edge_read(tx, edge);
}

/* All trustees cosign the log as it is, and the hub has kept that. */
static void
witness(struct world *w)
{
	struct cdr_merkle_edge edge;
	struct cdr_checkpoint checkpoint = { 0 };
	struct cdr_buffer note;
	const struct cdr_roster *roster = cdr_hub_roster_hold(w->x->hub);

	assert_int_equal(cdr_store_read(w->x->store, edge_job, &edge), CDR_OK);
	checkpoint.size = edge.size;
	assert_int_equal(cdr_merkle_root(&edge, checkpoint.root), CDR_OK);
	assert_int_equal(cdr_checkpoint_sign(w->x->hub_party.seed, w->x->hub->genesis, &checkpoint), CDR_OK);
	for (uint32_t i = 1; i <= X_TRUSTEES; i++) {
		struct cdr_cosignature c;
		assert_int_equal(cdr_checkpoint_cosign(w->x->trustee[i - 1].seed, w->x->hub->genesis, &checkpoint, i, 1, &c), CDR_OK);
		assert_int_equal(cdr_checkpoint_add(&checkpoint, w->x->hub->genesis, roster, &c), CDR_OK);
	}
	assert_int_equal(cdr_checkpoint_write(&checkpoint, w->x->hub->genesis, roster, &note), CDR_OK);
	assert_int_equal(cdr_store_write(w->x->store, note_job, &note), CDR_OK);
	cdr_buffer_free(&note);
	cdr_hub_roster_release(w->x->hub, roster);
}

/* Everything that answers are made of, as the database has it. */
struct closed {
	struct cdr_hub_round r;
	const struct cdr_roster *roster;
	struct cdr_shelf shelf;
	struct cdr_tally_world world;
	struct cdr_arena arena, set_arena;
	struct cdr_close close;
};

static void
closed_read(struct world *w, struct closed *c)
{
	const Cdr__Wire__SignedClose *sealed;
	uint64_t version;

	memset(c, 0, sizeof(*c));
	assert_int_equal(cdr_hub_round_load(w->x->hub, w->round->hash, &c->r), CDR_OK);
	cdr_hub_shelf(w->x->hub, &c->shelf);
	assert_int_equal(cdr_message_decode(&c->arena, &cdr__wire__signed_close__descriptor, cdr_buffer_bytes(&c->r.close), &sealed), CDR_OK);
	assert_int_equal(cdr_close_roster_version(sealed, &version), CDR_OK);
	assert_int_equal(cdr_shelf_at(&c->shelf, version, &c->roster, NULL), CDR_OK);
	c->world = (struct cdr_tally_world){ .round = w->round, .roster = c->roster, .genesis = w->x->hub->genesis, .rosters = &c->shelf };
	assert_int_equal(cdr_close_read(sealed, w->round, c->roster, w->x->hub->genesis, &c->close, NULL), CDR_OK);
}

static void
closed_free(struct closed *c)
{
	cdr_close_free(&c->close);
	cdr_arena_free(&c->arena);
	cdr_arena_free(&c->set_arena);
	cdr_hub_round_free(&c->r);
	cdr_shelf_free(&c->shelf);
}

/* Trustee ${i} answers first, with ${share}. */
static const char *
first(struct world *w, size_t i, const uint8_t *share)
{
	struct closed c;
	Cdr__Wire__RoundFirst message = CDR__WIRE__ROUND_FIRST__INIT;
	const struct cdr_opener opener = { (uint32_t)i + 1, share };
	uint8_t hash[CDR_SHA256_LEN];
	struct cdr_buffer attachment;

	closed_read(w, &c);
	assert_int_equal(cdr_first_make(&c.world, &c.close, cdr_buffer_bytes(&c.r.sums), w->key, &opener, &attachment), CDR_OK);
	const struct cdr_bytes part = cdr_buffer_bytes(&attachment);
	assert_int_equal(cdr_sha256(&part, 1, hash), CDR_OK);
	message.round = cdr_message_field(w->round->hash, CDR_ROUND_HASH_LEN);
	message.close = cdr_message_field(c.close.hash, CDR_ROUND_HASH_LEN);
	message.attachment_hash = cdr_message_field(hash, sizeof(hash));
	message.roster_version = c.roster->body->version;
	const char *code = send(w, &w->x->trustee[i], CDR_TALLY_FIRST_PATH, &message.base, part, &cdr__wire__empty__descriptor);
	cdr_buffer_free(&attachment);
	closed_free(&c);
	return code;
}

/* What trustee ${i} says about the round in words. */
static const char *
refuse(struct world *w, size_t i, const uint8_t *never)
{
	Cdr__Wire__RoundRefuse message = CDR__WIRE__ROUND_REFUSE__INIT;
	static char text[] = "because";
	uint8_t copy[CDR_ROUND_HASH_LEN] = { 0 };

	if (never != NULL)
		memcpy(copy, never, sizeof(copy));
	message.round = cdr_message_field(w->round->hash, CDR_ROUND_HASH_LEN);
	message.text = text;
	message.has_never = never != NULL;
	message.never = cdr_message_field(copy, sizeof(copy));
	return x_try(w->x, &w->x->trustee[i], "/v1/round/refuse", &message.base, &cdr__wire__empty__descriptor);
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

static void
contributions(void **state)
{
	struct world *w = *state;

	assert_string_equal(submit(w, 0, 1, "m0"), "ok");
	/* Proved in another's name; counted back; again with a higher number. */
	assert_string_equal(submit(w, 1, 1, "m0"), "proof");
	assert_string_equal(submit(w, 0, 1, "m0"), "sequence");
	assert_string_equal(submit(w, 0, 2, "m0"), "ok");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM round_contribution"), 1);
	assert_int_equal(x_count(w->x, "SELECT submission FROM round_contribution"), 2);
	/* Behind the deadline. */
	w->x->now += 1001;
	assert_string_equal(submit(w, 1, 1, "m1"), "time");
	/* One is too few: void, and its leaf says that nothing is opened. */
	assert_int_equal(cdr_hub_round_step(w->x->hub, w->x->now, NULL), CDR_OK);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM round WHERE state = 'void' AND close_list IS NULL"), 1);
	assert_int_equal(cdr_hub_round_give_up(w->x->hub, w->round->hash, NULL), CDR_E_REFUSED);
}

static void
nothing_before_the_witnesses(void **state)
{
	struct world *w = *state;
	int step;
	char text[2 * CDR_FAULT_LEN];
	struct cdr_hub_round r;
	const struct cdr_roster *roster;

	submit_all(w);
	assert_int_equal(cdr_hub_round_close(w->x->hub, w->round->hash, false, w->x->now, NULL), CDR_E_TIME);
	assert_int_equal(cdr_hub_round_close(w->x->hub, w->round->hash, true, w->x->now, NULL), CDR_OK);
	assert_int_equal(work(w, 0, &step), 0);
	roster = cdr_hub_roster_hold(w->x->hub);
	assert_int_equal(cdr_hub_round_load(w->x->hub, w->round->hash, &r), CDR_OK);
	assert_int_equal(cdr_hub_round_waits(w->x->hub, &r, roster, text, sizeof(text)), CDR_OK);
	assert_non_null(strstr(text, "3 of 3 trustees"));
	assert_non_null(strstr(text, "trustee 1, 2, 3"));
	cdr_hub_round_free(&r);
	witness(w);
	assert_int_equal(cdr_hub_round_load(w->x->hub, w->round->hash, &r), CDR_OK);
	assert_int_equal(cdr_hub_round_waits(w->x->hub, &r, roster, text, sizeof(text)), CDR_OK);
	assert_string_equal(text, "");
	cdr_hub_round_free(&r);
	cdr_hub_roster_release(w->x->hub, roster);
	for (size_t i = 0; i < X_TRUSTEES; i++) {
		assert_int_equal(work(w, i, &step), 1);
		assert_int_equal(step, 1);
	}
}

static void
answers(void **state)
{
	struct world *w = *state;
	int step;

	submit_all(w);
	assert_int_equal(cdr_hub_round_close(w->x->hub, w->round->hash, true, w->x->now, NULL), CDR_OK);
	witness(w);
	/* With another's share: refused, and named. */
	assert_string_equal(first(w, 0, w->share[1]), "proof");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM misuse WHERE party = 'trustee/1' AND kind = 'round answer'"), 1);
	assert_string_equal(first(w, 0, w->share[0]), "ok");
	assert_int_equal(work(w, 0, &step), 0);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM round WHERE opening_set IS NOT NULL"), 0);
	/* Another answer than the one that is here: proofs are random. */
	assert_string_equal(first(w, 0, w->share[0]), "exists");
	/* Who refuses is not asked again, until it asks itself. */
	assert_string_equal(refuse(w, 2, NULL), "ok");
	assert_string_equal(refuse(w, 2, NULL), "ok");
	assert_int_equal(work(w, 2, &step), 0);
	Cdr__Wire__RoundWorkRequest again = CDR__WIRE__ROUND_WORK_REQUEST__INIT;
	ProtobufCBinaryData hash = cdr_message_field(w->round->hash, CDR_ROUND_HASH_LEN);
	again.log_size = 1;
	again.again = &hash;
	again.n_again = 1;
	assert_string_equal(x_try(w->x, &w->x->trustee[2], "/v1/round/work", &again.base, &cdr__wire__round_work__descriptor), "ok");
	assert_int_equal(work(w, 2, &step), 1);
	/* Two of three: a set, with its leaf, and the second answers are wanted of all. */
	assert_string_equal(first(w, 1, w->share[1]), "ok");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM round WHERE opening_set IS NOT NULL AND set_place > close_place"), 1);
	assert_int_equal(work(w, 2, &step), 1);
	assert_int_equal(step, 2);
}

/* A writing job: what trustee 1 said was said by another who had its index. */
static cdr_err
other_key_job(struct cdr_tx *tx, void *context)
{
	static const uint8_t key[CDR_SIGN_PUBLIC_LEN] = { 77 };

	(void)context;
	return cdr_query_run(tx, "UPDATE round_never SET signer = $1 WHERE trustee = 1", CDR_VALUES(cdr_value_blob(key, sizeof(key))));
}

static void
given_up(void **state)
{
	struct world *w = *state;
	static const uint8_t hash[CDR_ROUND_HASH_LEN] = { 1 };
	struct cdr_hub_round_answer said[CDR_TRUSTEE_COUNT_MAX];
	int step;

	assert_int_equal(cdr_hub_round_give_up(w->x->hub, w->round->hash, NULL), CDR_E_REFUSED);
	submit_all(w);
	assert_int_equal(cdr_hub_round_close(w->x->hub, w->round->hash, true, w->x->now, NULL), CDR_OK);
	/* Who leaves signs it away before it is given up, and is not asked again. */
	witness(w);
	assert_int_equal(work(w, 2, &step), 1);
	assert_string_equal(refuse(w, 2, hash), "ok");
	assert_int_equal(work(w, 2, &step), 0);
	assert_int_equal(cdr_hub_round_give_up(w->x->hub, w->round->hash, NULL), CDR_OK);
	assert_int_equal(cdr_hub_round_give_up(w->x->hub, w->round->hash, NULL), CDR_OK);
	for (size_t i = 0; i < X_TRUSTEES; i++) {
		assert_int_equal(work(w, i, &step), i == 2 ? 0 : 1);
		assert_true(i == 2 || step == 3);
		assert_string_equal(refuse(w, i, hash), "ok");
		assert_string_equal(refuse(w, i, hash), "ok");
		assert_int_equal(work(w, i, &step), 0);
	}
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM round_never"), X_TRUSTEES);
	assert_int_equal(cdr_hub_round_answers(w->x->hub, w->round->hash, said), CDR_OK);
	assert_true(said[0].never && said[1].never && said[2].never && !said[3].never);
	/* Who comes in the place of one that left signs for itself; the word of the other stays. */
	assert_int_equal(cdr_store_write(w->x->hub->store, other_key_job, NULL), CDR_OK);
	assert_int_equal(work(w, 0, &step), 1);
	assert_int_equal(cdr_hub_round_answers(w->x->hub, w->round->hash, said), CDR_OK);
	assert_true(!said[0].never && said[1].never);
	assert_string_equal(refuse(w, 0, hash), "ok");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM round_never"), X_TRUSTEES + 1);
	assert_string_equal(first(w, 0, w->share[0]), "refused");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(contributions, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_before_the_witnesses, setup, teardown),
		cmocka_unit_test_setup_teardown(answers, setup, teardown),
		cmocka_unit_test_setup_teardown(given_up, setup, teardown),
	};

	if (cdr_secret_start(NULL) != CDR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
