/* What the hub signed and cannot all be true is kept by a trustee that was shown it, and told to members with what proves it. */

#include "tests/unit/unit.h"

#include "tests/unit/trustee/exchange.h"
#include "tests/unit/trustee/played_log.h"

#include "node/trustee/fork.h"
#include "node/trustee/seen.h"

#define PATH "/v1/witness/contradictions"

struct world {
	struct exchange *x;
	struct enrolled *member;
	struct played_log log;
	struct cdr_service service;
	struct cdr_arena arena;
	const Cdr__Wire__ContradictionsReply *told; /* what trustee 1 told last */
	int status;
};

/* One more leaf, which all trustees see. */
static void
append(struct world *w)
{
	struct cdr_leaf leaf = { .kind = CDR_LEAF_RELEASE, .at = 1772323200 };
	struct played_leaf l;

	cdr_leaf_party_add(&leaf, "hub");
	leaf.content[0] = (uint8_t)w->log.edge.size;
	played_leaf_make(&l, &leaf, NULL);
	(void)played_append(&w->log, &l);
	assert_int_equal(w->log.status[1], 200);
	played_leaf_free(&l);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->x = exchange_new();
	w->member = enrol(w->x, "aa", 21);
	const struct cdr_roster_change change = change_member(w->member);
	propose(w->x, &change, 1);
	put_in_force(w->x);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		assert_int_equal(cdr_trustee_roster_update(w->x->node[i].trustee, NULL, NULL), CDR_OK);
	cdr_trustee_service(w->x->node[1].trustee, &w->service);
	w->log.x = w->x;
	append(w);
	append(w);
	append(w);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	cdr_arena_free(&w->arena);
	exchange_free(w->x);
	free(w);
	return 0;
}

/* Somebody asks trustee 1 what it keeps, from ${from} on. */
static void
ask(struct world *w, const struct cdr_signer *signer, const uint8_t *pin, uint64_t from)
{
	Cdr__Wire__ContradictionsRequest message = CDR__WIRE__CONTRADICTIONS_REQUEST__INIT;
	struct cdr_buffer body, bytes, answer;
	struct cdr_envelope envelope;

	message.from = from;
	cdr_arena_free(&w->arena);
	w->arena = (struct cdr_arena){ 0 };
	assert_int_equal(cdr_message_encode(&message.base, &body), CDR_OK);
	assert_int_equal(cdr_envelope_request(signer, PATH, cdr_buffer_bytes(&body), (struct cdr_bytes){ NULL, 0 }, &bytes), CDR_OK);
	const struct cdr_request request = { PATH, cdr_buffer_bytes(&bytes), pin, cdr_trustee_now(), NULL };
	w->status = cdr_dispatch(&w->service, &request, &answer);
	assert_int_equal(cdr_envelope_open(cdr_buffer_bytes(&answer), &envelope), CDR_OK);
	w->told = NULL;
	if (w->status == 200)
		assert_int_equal(cdr_message_decode(&w->arena, &cdr__wire__contradictions_reply__descriptor, envelope.body, &w->told), CDR_OK);
	cdr_envelope_free(&envelope);
	cdr_buffer_free(&answer);
	cdr_buffer_free(&bytes);
	cdr_buffer_free(&body);
}

static void
ask_as_member(struct world *w, uint64_t from)
{
	const struct cdr_signer signer = { "member/aa", w->member->seed, w->x->genesis->hash };

	ask(w, &signer, w->member->pin, from);
	assert_int_equal(w->status, 200);
}

/* The hub shows trustee 1 a log of ${size} leaves that is another one; ${from} is where it goes on. */
static void
show_other(struct world *w, uint64_t size, uint8_t which)
{
	const struct cdr_checkpoint kept = w->log.checkpoint;

	w->log.skip[2] = w->log.skip[3] = true;
	w->log.checkpoint.size = size;
	memset(w->log.checkpoint.root, which, sizeof(w->log.checkpoint.root));
	played_show(&w->log, size, NULL, 0);
	assert_int_equal(w->log.status[1], 400);
	assert_string_equal(w->log.code[1], "proof");
	w->log.checkpoint = kept;
	w->log.skip[2] = w->log.skip[3] = false;
}

static void
read_note(struct world *w, ProtobufCBinaryData note, struct cdr_checkpoint *checkpoint)
{
	assert_int_equal(cdr_checkpoint_read(cdr_message_bytes(note), w->x->genesis->hash, w->x->newest, checkpoint, NULL), CDR_OK);
}

static void
test_nothing(void **state)
{
	struct world *w = *state;

	ask_as_member(w, 0);
	assert_int_equal(w->told->n_contradiction, 0);
	ask_as_member(w, UINT64_MAX);
	assert_int_equal(w->told->n_contradiction, 0);
}

/* Both notes, signed by the hub; the same one once, however often it is shown. */
static void
test_two_of_one_size(void **state)
{
	struct world *w = *state;
	struct cdr_checkpoint one, own;

	show_other(w, 2, 9);
	show_other(w, 2, 9);
	ask_as_member(w, 0);
	assert_int_equal(w->told->n_contradiction, 1);
	assert_int_equal(w->told->contradiction[0]->number, 0);
	assert_true(w->told->contradiction[0]->has_own);
	read_note(w, w->told->contradiction[0]->checkpoint, &one);
	read_note(w, w->told->contradiction[0]->own, &own);
	assert_int_equal(one.size, 2);
	assert_int_equal(own.size, 2);
	assert_int_equal(one.root[0], 9);
	assert_memory_not_equal(one.root, own.root, sizeof(own.root));
	append(w); /* who lied once can still show the true log */
	ask_as_member(w, 0);
	assert_int_equal(w->told->n_contradiction, 1);
}

/* Leaves that do not give the root which is said to stand behind them. */
static void
test_another_end(void **state)
{
	struct world *w = *state;
	struct cdr_checkpoint one, own;

	show_other(w, 3, 8);
	w->log.skip[1] = true; /* the others see a fourth leaf; trustee 1 another one */
	struct cdr_leaf leaf = { .kind = CDR_LEAF_RELEASE, .at = 1772323200 };
	struct played_leaf l;
	cdr_leaf_party_add(&leaf, "hub");
	played_leaf_make(&l, &leaf, NULL);
	Cdr__Wire__LogRecord *record[] = { &l.record };
	w->log.skip[1] = false;
	w->log.skip[2] = w->log.skip[3] = true;
	w->log.checkpoint.size = 4;
	memset(w->log.checkpoint.root, 7, sizeof(w->log.checkpoint.root));
	played_show(&w->log, 3, record, 1);
	assert_string_equal(w->log.code[1], "proof");
	played_leaf_free(&l);
	ask_as_member(w, 1);
	assert_int_equal(w->told->n_contradiction, 1);
	read_note(w, w->told->contradiction[0]->checkpoint, &one);
	read_note(w, w->told->contradiction[0]->own, &own);
	assert_int_equal(one.size, 4);
	assert_int_equal(own.size, 3);
}

static void
test_portions(void **state)
{
	struct world *w = *state;

	for (uint8_t i = 0; i < CDR_CONTRADICTIONS_MAX + 2; i++)
		show_other(w, 2, (uint8_t)(20 + i));
	ask_as_member(w, 0);
	assert_int_equal(w->told->n_contradiction, CDR_CONTRADICTIONS_MAX);
	ask_as_member(w, CDR_CONTRADICTIONS_MAX);
	assert_int_equal(w->told->n_contradiction, 2);
	assert_int_equal(w->told->contradiction[0]->number, CDR_CONTRADICTIONS_MAX);
	for (int i = CDR_CONTRADICTIONS_MAX + 2; i < CDR_TRUSTEE_FORK_MAX + 5; i++)
		show_other(w, 1, (uint8_t)(20 + i));
	ask_as_member(w, CDR_TRUSTEE_FORK_MAX - 1);
	assert_int_equal(w->told->n_contradiction, 1);
	ask_as_member(w, CDR_TRUSTEE_FORK_MAX);
	assert_int_equal(w->told->n_contradiction, 0);
}

/*
 * A line of somebody whom the roster does not name yet is not handed on, whatever stands in it: once the roster names that witness,
 * members would see that it does not hold, and take whoever shows it for its author.
 */
static void
test_only_what_holds(void **state)
{
	struct world *w = *state;
	Cdr__Wire__WitnessRequest message = CDR__WIRE__WITNESS_REQUEST__INIT;
	struct cdr_checkpoint other = { .size = 2 };
	struct cdr_note note;
	struct cdr_buffer bytes;
	size_t len = 0;

	memset(other.root, 6, sizeof(other.root));
	assert_int_equal(cdr_checkpoint_sign(w->x->hub_seed, w->x->genesis->hash, &other), CDR_OK);
	assert_int_equal(cdr_checkpoint_write(&other, w->x->genesis->hash, w->x->newest, &bytes), CDR_OK);
	assert_int_equal(cdr_note_read(cdr_buffer_bytes(&bytes), &note), CDR_OK);
	cdr_buffer_free(&bytes);
	note.line[1] = note.line[0];
	len = strlen(note.line[1].name);
	(void)snprintf(note.line[1].name + len, sizeof(note.line[1].name) - len, "/trustee/4");
	note.line[1].key_id[0] ^= 1;
	note.line_count = 2;
	assert_int_equal(cdr_note_write(&note, &bytes), CDR_OK);
	message.from = 2;
	message.checkpoint = cdr_message_field(bytes.data, bytes.len);
	played_ask(&w->log, 1, &message);
	assert_string_equal(w->log.code[1], "proof");
	cdr_buffer_free(&bytes);
	ask_as_member(w, 0);
	assert_int_equal(w->told->n_contradiction, 1);
	assert_int_equal(cdr_note_read(cdr_message_bytes(w->told->contradiction[0]->checkpoint), &note), CDR_OK);
	assert_int_equal(note.line_count, 1);
}

/* A leaf about the index: who, and its numbers. All trustees see it; its place. */
static uint64_t
append_index(struct world *w, enum cdr_leaf_kind kind, const char *party, uint64_t first, uint64_t third)
{
	struct cdr_leaf leaf = { .kind = kind, .at = 1772323200 };
	const uint64_t place = w->log.edge.size;
	struct played_leaf l;

	cdr_leaf_party_add(&leaf, party);
	cdr_leaf_number_add(&leaf, first);
	if (kind == CDR_LEAF_CHECK_OPENED) {
		cdr_leaf_number_add(&leaf, 16);
		cdr_leaf_number_add(&leaf, third);
	}
	leaf.content[0] = (uint8_t)place;
	played_leaf_make(&l, &leaf, NULL);
	(void)played_append(&w->log, &l);
	assert_int_equal(w->log.status[1], 200);
	played_leaf_free(&l);
	return place;
}

/* Whose check was answered from an old index is told that, and of nobody else's; with the first portion. */
static void
test_old_index(void **state)
{
	struct world *w = *state;
	const uint64_t root = append_index(w, CDR_LEAF_INDEX_ROOT, "hub", 1, 0);

	(void)append_index(w, CDR_LEAF_CHECK_OPENED, "member/aa", 1, root);
	ask_as_member(w, 0);
	assert_int_equal(w->told->n_old_index, 0);
	(void)append_index(w, CDR_LEAF_INDEX_BATCH, "member/bb", 1, 0);
	const uint64_t one = append_index(w, CDR_LEAF_CHECK_OPENED, "member/aa", 1, root);
	(void)append_index(w, CDR_LEAF_CHECK_OPENED, "member/bb", 1, root);
	(void)append_index(w, CDR_LEAF_CHECK_OPENED, "member/aaa", 1, root);
	const uint64_t newer = append_index(w, CDR_LEAF_INDEX_ROOT, "hub", 1, 0);
	(void)append_index(w, CDR_LEAF_CHECK_OPENED, "member/aa", 1, newer);
	const uint64_t two = append_index(w, CDR_LEAF_CHECK_OPENED, "member/aa", 1, root);
	ask_as_member(w, 0);
	assert_int_equal(w->told->n_contradiction, 0);
	assert_int_equal(w->told->n_old_index, 2);
	assert_int_equal(w->told->old_index[0], two);
	assert_int_equal(w->told->old_index[1], one);
	ask_as_member(w, 1);
	assert_int_equal(w->told->n_old_index, 0);
	for (size_t i = 0; i < CDR_OLD_INDEX_MAX; i++)
		(void)append_index(w, CDR_LEAF_CHECK_OPENED, "member/aa", 1, root);
	ask_as_member(w, 0);
	assert_int_equal(w->told->n_old_index, CDR_OLD_INDEX_MAX);
	assert_int_equal(w->told->old_index[CDR_OLD_INDEX_MAX - 1], two + 1);
}

static void
test_only_members(void **state)
{
	struct world *w = *state;
	const struct cdr_signer hub = { "hub", w->x->hub_seed, w->x->genesis->hash };
	const struct cdr_signer trustee = { "trustee/2", w->x->node[2].home.keys->signing, w->x->genesis->hash };

	ask(w, &hub, w->x->hub_key, 0);
	assert_int_equal(w->status, 403);
	ask(w, &trustee, w->x->node[2].home.pin, 0);
	assert_int_equal(w->status, 403);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing),
		TEST(test_two_of_one_size),
		TEST(test_another_end),
		TEST(test_portions),
		TEST(test_only_what_holds),
		TEST(test_old_index), TEST(test_only_members),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
