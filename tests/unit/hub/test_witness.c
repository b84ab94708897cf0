/* The hub shows its log to the trustees: what it brings them, what it takes from them, and how new it is when somebody asks. */
#include "tests/unit/hub/exchange.h"

#include <time.h>

#include "node/hub/log.h"
#include "node/hub/witness_push.h"
#include "proto/log.pb-c.h"
#include "tests/unit/ahead.h"

enum mode {
	TRUE_WITNESS,
	AWAY,
	BAD_SIGNATURE,
	NO_SIGNATURE,     /* it takes the leaves, and does not cosign */
	SAYS_OTHER_SIZE,  /* whatever it is shown, it has another size */
	HAS_SEEN_MORE,    /* and shows the hub's signature on it */
	LIES_OF_MORE      /* and shows nothing */
};

static struct play {
	struct exchange *x;
	pthread_mutex_t lock;
	enum mode mode[X_TRUSTEES];
	struct cdr_merkle_edge edge[X_TRUSTEES]; /* what each has seen */
	size_t asked[X_TRUSTEES], leaves[X_TRUSTEES];
	uint64_t told[X_TRUSTEES];               /* size of the checkpoint that enough cosigned, as it was shown */
	struct cdr_hub_witness *witness;
} play;

/* The checkpoint of ${edge} as the hub signs it. */
static void
sign(const struct cdr_merkle_edge *edge, struct cdr_checkpoint *checkpoint)
{
	*checkpoint = (struct cdr_checkpoint){ .size = edge->size };
	assert_int_equal(cdr_merkle_root(edge, checkpoint->root), CDR_OK);
	assert_int_equal(cdr_checkpoint_sign(play.x->hub->seed, play.x->hub->genesis, checkpoint), CDR_OK);
}

static void
say(struct cdr_ask *ask, const Cdr__Wire__WitnessReply *reply)
{
	struct cdr_buffer bytes;
	Cdr__Wire__WitnessReply *read;

	assert_int_equal(cdr_message_encode(&reply->base, &bytes), CDR_OK);
	assert_int_equal(cdr_message_decode(&ask->arena, &cdr__wire__witness_reply__descriptor, cdr_buffer_bytes(&bytes), &read), CDR_OK);
	ask->reply = read;
	cdr_buffer_free(&bytes);
}

/* An honest witness takes in what stands behind what it saw, if the root is the checkpoint's. */
static void
witness(size_t i, struct cdr_ask *ask)
{
	const Cdr__Wire__WitnessRequest *request = (const Cdr__Wire__WitnessRequest *)ask->message;
	Cdr__Wire__WitnessReply reply = CDR__WIRE__WITNESS_REPLY__INIT;
	const struct cdr_roster *roster = cdr_hub_roster_hold(play.x->hub);
	struct cdr_merkle_edge edge = play.edge[i];
	struct cdr_checkpoint checkpoint, more;
	struct cdr_cosignature cosignature;
	struct cdr_buffer note = { 0 };
	uint8_t hash[CDR_MERKLE_HASH_LEN], root[CDR_MERKLE_HASH_LEN];

	assert_int_equal(cdr_checkpoint_read(cdr_message_bytes(request->checkpoint), play.x->hub->genesis, roster, &checkpoint, NULL), CDR_OK);
	assert_int_equal(checkpoint.size, request->from + request->n_record);
	assert_in_range(request->n_record, 0, CDR_LOG_RECORDS_MAX);
	if (request->has_witnessed) {
		assert_int_equal(cdr_checkpoint_read(cdr_message_bytes(request->witnessed), play.x->hub->genesis, roster, &more, NULL), CDR_OK);
		assert_true(cdr_checkpoint_is_witnessed(&more, roster));
		assert_true(more.size >= play.told[i]);
		play.told[i] = more.size;
	}
	reply.size = edge.size;
	if (play.mode[i] == HAS_SEEN_MORE || play.mode[i] == LIES_OF_MORE) {
		for (int k = 0; k < 3; k++)
			assert_int_equal(cdr_merkle_append(&edge, checkpoint.root, NULL), CDR_OK);
		sign(&edge, &more);
		assert_int_equal(cdr_checkpoint_write(&more, play.x->hub->genesis, roster, &note), CDR_OK);
		reply.size = edge.size;
		reply.has_checkpoint = play.mode[i] == HAS_SEEN_MORE;
		reply.checkpoint = cdr_message_field(note.data, note.len);
	} else if (play.mode[i] == SAYS_OTHER_SIZE) {
		reply.size = request->from > 0 ? 0 : 1;
	} else if (edge.size == request->from) {
		for (size_t k = 0; k < request->n_record; k++) {
			assert_int_equal(cdr_merkle_leaf(cdr_message_bytes(request->record[k]->entry), hash), CDR_OK);
			assert_int_equal(cdr_merkle_append(&edge, hash, NULL), CDR_OK);
		}
		assert_int_equal(cdr_merkle_root(&edge, root), CDR_OK);
		assert_memory_equal(root, checkpoint.root, sizeof(root));
		play.leaves[i] += request->n_record;
		play.edge[i] = edge;
		reply.size = edge.size;
		assert_int_equal(cdr_checkpoint_cosign(play.x->trustee[i].seed, play.x->hub->genesis, &checkpoint, (uint32_t)i + 1,
		    (uint64_t)time(NULL), &cosignature), CDR_OK);
		reply.has_at = reply.has_signature = play.mode[i] != NO_SIGNATURE;
		reply.at = cosignature.at + (play.mode[i] == BAD_SIGNATURE);
		reply.signature = cdr_message_field(cosignature.signature, sizeof(cosignature.signature));
	}
	say(ask, &reply);
	cdr_buffer_free(&note);
	cdr_hub_roster_release(play.x->hub, roster);
}

static cdr_err
send_ask(void *context, const struct cdr_signer *signer, struct cdr_ask *ask)
{
	size_t i = (size_t)(ask->party_signer[strlen("trustee/")] - '1');

	(void)context;
	assert_string_equal(signer->name, "hub");
	assert_string_equal(ask->path, "/v1/witness");
	(void)pthread_mutex_lock(&play.lock);
	play.asked[i]++;
	bool is_away = play.mode[i] == AWAY;
	if (!is_away)
		witness(i, ask);
	(void)pthread_mutex_unlock(&play.lock);
	return ask->err = is_away ? cdr_fault_set(&ask->fault, CDR_E_NETWORK, "played: away") : CDR_OK;
}

static void
set_mode(size_t i, enum mode mode)
{
	(void)pthread_mutex_lock(&play.lock);
	play.mode[i] = mode;
	(void)pthread_mutex_unlock(&play.lock);
}

static void
start(void)
{
	assert_int_equal(cdr_hub_witness_start(play.x->hub, &(struct cdr_hub_line){ send_ask, NULL }, &play.witness), CDR_OK);
}

static void
stop(void)
{
	cdr_hub_witness_stop(play.witness);
	play.witness = NULL;
}

static int
setup(void **state)
{
	(void)state;
	ahead = 0;
	play = (struct play){ .x = x_new() };
	(void)pthread_mutex_init(&play.lock, NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	stop();
	x_free(play.x);
	return 0;
}

static cdr_err
append_job(struct cdr_tx *tx, void *context)
{
	for (int i = 0; i < *(int *)context; i++) {
		struct cdr_leaf leaf = { .kind = CDR_LEAF_DELIVERY, .at = X_NOW };
		struct cdr_hub_logged logged;
		cdr_leaf_member_add(&leaf, "blue-harbour");
		cdr_err err = cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ NULL, 0 }, &logged);
		cdr_hub_logged_free(&logged);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

static cdr_err
size_job(struct cdr_tx *tx, void *context)
{
	return cdr_hub_log_size_read(tx, context);
}

/* Append; how long the log is then. */
static uint64_t
append(int count)
{
	uint64_t size;

	assert_int_equal(cdr_store_write(play.x->store, append_job, &count), CDR_OK);
	assert_int_equal(cdr_store_read(play.x->store, size_job, &size), CDR_OK);
	return size;
}

static void
assert_witnessed(const struct cdr_checkpoint *checkpoint, uint64_t size)
{
	const struct cdr_roster *roster = cdr_hub_roster_hold(play.x->hub);

	assert_true(checkpoint->size >= size);
	assert_true(cdr_checkpoint_is_witnessed(checkpoint, roster));
	assert_in_range(cdr_checkpoint_time(checkpoint, roster), (uint64_t)time(NULL) - 60, (uint64_t)time(NULL) + 60);
	cdr_hub_roster_release(play.x->hub, roster);
}

/* Wait until ${size} leaves are witnessed: a trustee that failed is asked again after a second. */
static void
assert_soon(uint64_t size, struct cdr_checkpoint *checkpoint)
{
	cdr_err err;

	while ((err = cdr_hub_witness_wait(play.witness, size, 10000, checkpoint, NULL)) == CDR_E_BUSY)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	assert_int_equal(err, CDR_OK);
	assert_witnessed(checkpoint, size);
}

static void
test_all_leaves_reach_the_trustees(void **state)
{
	struct cdr_checkpoint checkpoint;
	uint64_t size = append(CDR_LOG_RECORDS_MAX + 100); /* more than one portion */

	(void)state;
	start();
	assert_int_equal(cdr_hub_witness_wait(play.witness, size, 10000, &checkpoint, NULL), CDR_OK);
	assert_witnessed(&checkpoint, size);
	size = append(1);
	assert_int_equal(cdr_hub_witness_wait(play.witness, size, 10000, &checkpoint, NULL), CDR_OK);
	assert_witnessed(&checkpoint, size);
	cdr_hub_witness_tick(play.witness);
	stop();
	/* What was witnessed is still known when the hub begins again, and nobody is shown a leaf twice. */
	start();
	assert_int_equal(cdr_hub_witness_wait(play.witness, size, 0, &checkpoint, NULL), CDR_OK);
	assert_int_equal(cdr_hub_witness_newest(play.witness, size, 10000, &checkpoint, NULL), CDR_OK);
	assert_witnessed(&checkpoint, size);
	stop();
	for (size_t i = 0; i < X_TRUSTEES; i++)
		assert_true(play.leaves[i] <= size);
}

static uint64_t
roster_version(void)
{
	const struct cdr_roster *roster = cdr_hub_roster_hold(play.x->hub);
	uint64_t version = roster->body->version;

	cdr_hub_roster_release(play.x->hub, roster);
	return version;
}

static bool
all_are_told(uint64_t size)
{
	(void)pthread_mutex_lock(&play.lock);
	bool are = true;
	for (size_t i = 0; i < X_TRUSTEES; i++)
		are = are && (play.mode[i] == AWAY || play.told[i] >= size);
	(void)pthread_mutex_unlock(&play.lock);
	return are;
}

/* Whether every trustee has taken in so many leaves. */
static bool
all_have(uint64_t size)
{
	bool have = true;

	(void)pthread_mutex_lock(&play.lock);
	for (size_t i = 0; i < X_TRUSTEES; i++)
		have = have && play.edge[i].size >= size;
	(void)pthread_mutex_unlock(&play.lock);
	return have;
}

/* Wait until they are told. */
static void
assert_all_are_told(uint64_t size)
{
	while (!all_are_told(size))
		(void)nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
}

/* Nobody waits at the hub: it begins, and those who evaluate are told when enough have cosigned, once. */
static void
test_those_who_evaluate_are_told(void **state)
{
	struct cdr_checkpoint checkpoint;
	struct cdr_fault fault;
	uint64_t size = append(1);
	size_t asked = 0;

	(void)state;
	start();
	for (int i = 0; i < 10; i++, size = append(1)) {
		cdr_err err = cdr_hub_witness_wait(play.witness, size, 0, &checkpoint, NULL);
		assert_true(err == CDR_OK || err == CDR_E_ABSENT);
		if (i % 2 == 0)
			assert_all_are_told(size);
	}
	size = append(1);
	(void)!cdr_hub_witness_wait(play.witness, size, 0, &checkpoint, NULL);
	assert_all_are_told(size);
	assert_int_equal(cdr_hub_witness_wait(play.witness, size, 0, &checkpoint, NULL), CDR_OK);
	/* Two messages for each checkpoint at most: leaves, and that enough have cosigned. */
	for (size_t i = 0; i < X_TRUSTEES; i++)
		asked += play.asked[i];
	assert_in_range(asked, X_TRUSTEES, (11 * 2 + 4) * X_TRUSTEES);
	/* One is away meanwhile, and is told when it is back. */
	set_mode(0, AWAY);
	size = append(1);
	(void)!cdr_hub_witness_wait(play.witness, size, 0, &checkpoint, NULL);
	assert_all_are_told(size);
	assert_true(play.told[0] < size);
	set_mode(0, TRUE_WITNESS);
	assert_all_are_told(size);
	/* So is everybody after the hub began again. */
	stop();
	memset(play.told, 0, sizeof(play.told));
	start();
	cdr_hub_witness_tick(play.witness);
	assert_all_are_told(size);
	/* Too few: nobody is told. Once that is known, who is away is named to whoever does not wait, too. */
	set_mode(0, AWAY);
	set_mode(1, AWAY);
	size = append(1);
	assert_int_equal(cdr_hub_witness_wait(play.witness, size, 0, &checkpoint, NULL), CDR_E_ABSENT);
	assert_int_equal(cdr_hub_witness_wait(play.witness, size, 60000, &checkpoint, NULL), CDR_E_BUSY);
	assert_int_equal(cdr_hub_witness_wait(play.witness, size, 0, &checkpoint, &fault), CDR_E_BUSY);
	assert_non_null(strstr(fault.text, "trustee/1"));
	assert_non_null(strstr(fault.text, "trustee/2"));
	assert_null(strstr(fault.text, "trustee/3"));
	assert_true(play.told[2] < size);
}

/* Who asks a hub to which nothing happened for a month is shown cosignatures of this minute. */
static void
test_a_quiet_hub_is_not_old(void **state)
{
	struct cdr_checkpoint checkpoint;
	uint64_t size = append(3);

	(void)state;
	start();
	assert_int_equal(cdr_hub_witness_newest(play.witness, 1, 10000, &checkpoint, NULL), CDR_OK);
	assert_witnessed(&checkpoint, size);
	size_t asked = play.asked[0] + play.asked[1] + play.asked[2];
	for (int i = 0; i < 10; i++)
		assert_int_equal(cdr_hub_witness_newest(play.witness, size, 10000, &checkpoint, NULL), CDR_OK);
	/* It is new enough: nobody is bothered, but whoever is being shown it or told of it just now. */
	assert_true(play.asked[0] + play.asked[1] + play.asked[2] <= asked + 2 * X_TRUSTEES);
	ahead = 30 * 86400;
	assert_int_equal(cdr_hub_witness_newest(play.witness, size, 10000, &checkpoint, NULL), CDR_OK);
	assert_witnessed(&checkpoint, size);
	/* A leaf that nobody waited for is witnessed when somebody asks. */
	size = append(1);
	assert_int_equal(cdr_hub_witness_newest(play.witness, 1, 10000, &checkpoint, NULL), CDR_OK);
	assert_witnessed(&checkpoint, size);
	/* With the witnesses away there is the one from before, soon; and nothing for who knows more. */
	for (size_t i = 0; i < X_TRUSTEES; i++)
		set_mode(i, AWAY);
	ahead = 60 * 86400;
	assert_int_equal(cdr_hub_witness_newest(play.witness, size, 2000, &checkpoint, NULL), CDR_OK);
	assert_int_equal(checkpoint.size, size);
	assert_int_equal(cdr_hub_witness_newest(play.witness, size + 1, 500, &checkpoint, NULL), CDR_E_ABSENT);
	uint64_t more = append(1);
	assert_int_equal(cdr_hub_witness_newest(play.witness, more, 500, &checkpoint, NULL), CDR_E_BUSY);
	assert_int_equal(cdr_hub_witness_newest(play.witness, size, 500, &checkpoint, NULL), CDR_OK);
	/* Not even a new roster takes that from them: its trustees are the same. */
	struct x_party blue;
	uint64_t version = roster_version();
	x_enrol(play.x, "blue-harbour", &blue);
	assert_true(roster_version() > version);
	assert_int_equal(cdr_hub_witness_wait(play.witness, size, 0, &checkpoint, NULL), CDR_OK);
	assert_int_equal(cdr_hub_witness_newest(play.witness, size, 500, &checkpoint, NULL), CDR_OK);
	for (size_t i = 0; i < X_TRUSTEES; i++)
		set_mode(i, TRUE_WITNESS);
	assert_soon(more, &checkpoint);
}

/* A writing job. */
static cdr_err
roster_job(struct cdr_tx *tx, void *roster)
{
	return cdr_hub_roster_store(tx, roster, X_NOW);
}

/* Others come in the place of all trustees but the first, and know nothing of the log. */
static void
change_trustees(void)
{
	static char url[] = "https://127.0.0.1:1", name[] = "Somebody else";
	Cdr__Wire__TrusteeChange change = CDR__WIRE__TRUSTEE_CHANGE__INIT;
	Cdr__Wire__CeremonyParticipant participant[X_TRUSTEES], *at[X_TRUSTEES];
	Cdr__Wire__Party card[X_TRUSTEES];
	struct cdr_roster *next;
	const struct cdr_roster *before = cdr_hub_roster_hold(play.x->hub);

	(void)pthread_mutex_lock(&play.lock);
	for (uint32_t i = 0; i < X_TRUSTEES; i++) {
		if (i > 0) {
			char signer[16];
			(void)snprintf(signer, sizeof(signer), "trustee/%u", i + 1);
			x_party_make(&play.x->trustee[i], signer);
			memset(&play.edge[i], 0, sizeof(play.edge[i]));
			play.told[i] = 0;
		}
		x_card(&play.x->trustee[i], name, url, &card[i]);
		participant[i] = (Cdr__Wire__CeremonyParticipant)CDR__WIRE__CEREMONY_PARTICIPANT__INIT;
		participant[i].after = i + 1;
		participant[i].party = &card[i];
		at[i] = &participant[i];
	}
	(void)pthread_mutex_unlock(&play.lock);
	change.threshold = X_THRESHOLD;
	change.n_participant = X_TRUSTEES;
	change.participant = at;
	const struct cdr_roster_change changes = { .kind = CDR_ROSTER_CHANGE_TRUSTEES, .trustees = &change };
	assert_int_equal(cdr_roster_build_next(before, &changes, 1, X_NOW, play.x->hub_party.seed, &next, NULL), CDR_OK);
	assert_int_equal(cdr_store_write(play.x->store, roster_job, next), CDR_OK);
	cdr_roster_free(next);
	cdr_hub_roster_release(play.x->hub, before);
}

/* What those who left cosigned is shown to nobody as witnessed, and those who came cosign the log anew, from its beginning. */
static void
test_other_trustees(void **state)
{
	struct cdr_checkpoint checkpoint;
	uint64_t size = append(3);

	(void)state;
	start();
	assert_soon(size, &checkpoint);
	assert_all_are_told(size);
	for (size_t i = 0; i < X_TRUSTEES; i++)
		set_mode(i, AWAY);
	change_trustees();
	assert_int_not_equal(cdr_hub_witness_wait(play.witness, size, 0, &checkpoint, NULL), CDR_OK);
	assert_int_equal(cdr_hub_witness_newest(play.witness, size, 100, &checkpoint, NULL), CDR_E_BUSY);
	for (size_t i = 0; i < X_TRUSTEES; i++)
		set_mode(i, TRUE_WITNESS);
	assert_soon(size, &checkpoint);
	assert_all_are_told(size + 1); /* the roster stands there too */
	/* Who is told may still be sent what comes before: it had said that it knows nothing. */
	while (!all_have(size + 1))
		(void)nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
}

static void
test_too_few_witnesses(void **state)
{
	static const enum mode modes[] = { AWAY, BAD_SIGNATURE, NO_SIGNATURE, SAYS_OTHER_SIZE, LIES_OF_MORE };
	struct cdr_checkpoint checkpoint;
	struct cdr_fault fault;

	(void)state;
	start();
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		uint64_t size = append(1);
		set_mode(0, TRUE_WITNESS);
		set_mode(1, modes[i]);
		set_mode(2, modes[i]);
		assert_int_equal(cdr_hub_witness_wait(play.witness, size, 400, &checkpoint, &fault), CDR_E_BUSY);
		assert_true(checkpoint.size < size);
		assert_non_null(strstr(fault.text, "2 of 3 trustees are needed"));
		set_mode(2, TRUE_WITNESS); /* one more is enough */
		assert_soon(append(1), &checkpoint);
	}
}

/* Until trustee ${i} has seen ${size} leaves: it need not be one of those who were waited for. */
static void
await_seen(size_t i, uint64_t size)
{
	for (uint64_t seen = 0; seen < size;) {
		(void)nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
		(void)pthread_mutex_lock(&play.lock);
		seen = play.edge[i].size;
		(void)pthread_mutex_unlock(&play.lock);
	}
}

/* A trustee shows the hub its own signature on a longer log: from then on this copy of the database takes nothing. */
static void
test_an_old_copy_takes_nothing(void **state)
{
	struct cdr_checkpoint checkpoint;
	struct x_party blue;
	Cdr__Wire__MailFetch fetch = CDR__WIRE__MAIL_FETCH__INIT;
	Cdr__Wire__Empty empty = CDR__WIRE__EMPTY__INIT;

	(void)state;
	x_enrol(play.x, "blue-harbour", &blue);
	uint64_t size = append(2);
	start();
	assert_int_equal(cdr_hub_witness_wait(play.witness, size, 10000, &checkpoint, NULL), CDR_OK);
	assert_false(cdr_hub_witness_is_behind(play.witness));
	fetch.max = 1;
	assert_string_equal(x_try(play.x, &blue, "/v1/mail/fetch", &fetch.base, &cdr__wire__mail_bag__descriptor), "ok");
	await_seen(2, size);
	stop();
	set_mode(2, HAS_SEEN_MORE);
	start();
	cdr_hub_witness_tick(play.witness); /* the first thing that a hub does */
	while (!cdr_hub_witness_is_behind(play.witness))
		(void)nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	assert_string_equal(x_try(play.x, &blue, "/v1/mail/fetch", &fetch.base, &cdr__wire__mail_bag__descriptor), "busy");
	assert_string_equal(x_try(play.x, &blue, "/v1/genesis", &empty.base, &cdr__wire__roster_reply__descriptor), "busy");
	assert_int_equal(cdr_hub_witness_wait(play.witness, size, 100, &checkpoint, NULL), CDR_E_REFUSED);
	assert_int_equal(cdr_hub_witness_newest(play.witness, size, 100, &checkpoint, NULL), CDR_E_ABSENT);
	assert_int_equal(cdr_hub_witness_newest(play.witness, size + 3, 100, &checkpoint, NULL), CDR_E_ABSENT);
}

/* A trustee was put back from a backup, and the hub believes that it has shown it everything: it says that it has not. */
static void
test_a_trustee_that_was_put_back(void **state)
{
	struct cdr_checkpoint checkpoint;
	Cdr__Wire__Empty empty = CDR__WIRE__EMPTY__INIT;
	struct x_party blue;
	uint64_t size;

	(void)state;
	x_enrol(play.x, "blue-harbour", &blue);
	size = append(5);
	assert_string_equal(x_try(play.x, &play.x->trustee[0], "/v1/log/show", &empty.base, &cdr__wire__empty__descriptor), "busy");
	start();
	assert_int_equal(cdr_hub_witness_wait(play.witness, size, 10000, &checkpoint, NULL), CDR_OK);
	for (size_t i = 0; i < X_TRUSTEES; i++)
		await_seen(i, size);
	assert_all_are_told(size);
	(void)pthread_mutex_lock(&play.lock);
	memset(&play.edge[0], 0, sizeof(play.edge[0]));
	size_t asked = play.asked[1] + play.asked[2];
	(void)pthread_mutex_unlock(&play.lock);
	assert_string_equal(x_try(play.x, &blue, "/v1/log/show", &empty.base, &cdr__wire__empty__descriptor), "refused");
	assert_string_equal(x_try(play.x, &play.x->trustee[0], "/v1/log/show", &empty.base, &cdr__wire__empty__descriptor), "ok");
	await_seen(0, size);
	/* The others are left alone. */
	assert_int_equal(play.asked[1] + play.asked[2], asked);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_leaves_reach_the_trustees),
		TEST(test_those_who_evaluate_are_told),
		TEST(test_a_quiet_hub_is_not_old),
		TEST(test_other_trustees),
		TEST(test_too_few_witnesses),
		TEST(test_an_old_copy_takes_nothing),
		TEST(test_a_trustee_that_was_put_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
