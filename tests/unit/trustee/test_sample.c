/* A trustee's part in samples: one part for one number, lots in the log, and what it finds as an auditor. */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/exchange.h"
#include "tests/unit/trustee/played_log.h"

#include "node/trustee/query_opening.h"
#include "node/trustee/recover.h"
#include "node/trustee/sample_given.h"
#include "node/trustee/sample_late.h"
#include "tests/unit/audit/sample_world.h"

struct world {
	struct exchange *x;
	struct dealt dealt;
	Cdr__Wire__StatisticsKey key;
	struct enrolled *member, *other;
	struct played_log log;
	struct sample_world s;           /* its scheme and genesis, for openings */
	struct s_opening o;
	uint64_t place;                  /* of the evaluation that o opens */
	struct cdr_buffer lot;
	struct cdr_sample sample;
	uint32_t auditor;
	uint64_t now;                    /* of the auditor, where a test lets time pass */
	uint64_t later;                  /* by which requests come later than they are made */
	/* the last answer */
	int status;
	char code[32];
	struct cdr_arena arena;
	const void *reply;
	const struct cdr_roster *(*hold)(void *context); /* in place of the trustee's own; NULL: its own */
};

struct give_key {
	struct cdr_trustee *trustee;
	uint8_t share[CDR_SCALAR_LEN];
	struct cdr_roster_key key;
};

static cdr_err
give_key_job(struct cdr_tx *tx, void *context)
{
	const struct give_key *job = context;

	return cdr_trustee_share_put(tx, job->trustee, job->share, &job->key, THRESHOLD, (struct cdr_bytes){ NULL, 0 });
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->x = exchange_new();
	assert_int_equal(cdr_scheme_current(1, &w->s.scheme), CDR_OK);
	memcpy(w->s.genesis, w->x->genesis->hash, sizeof(w->s.genesis));
	deal(w->x, 1, 1, &w->dealt);
	memcpy(w->dealt.scheme_version, w->s.scheme.version, sizeof(w->dealt.scheme_version));
	w->key = (Cdr__Wire__StatisticsKey)CDR__WIRE__STATISTICS_KEY__INIT;
	w->key.number = 1;
	w->key.public_key = w->dealt.epoch.public_key;
	w->key.public_share = w->dealt.public_share;
	w->key.n_public_share = TRUSTEE_COUNT;
	w->key.transcript = w->dealt.epoch.transcript;
	w->key.starts_at = w->dealt.epoch.starts_at;
	w->key.ends_at = w->dealt.epoch.ends_at;
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		struct give_key job = { .trustee = w->x->node[i].trustee, .key = cdr_roster_key_of_statistics(&w->key) };
		assert_int_equal(cdr_threshold_deal(w->x->secret[0], THRESHOLD, (uint8_t)i, job.share), CDR_OK);
		assert_int_equal(cdr_store_write(w->x->node[i].home.store, give_key_job, &job), CDR_OK);
		give_share(w->x, i, &w->dealt);
	}
	w->member = enrol(w->x, "blue-harbour", 21);
	w->other = enrol(w->x, "green-valley", 22);
	const struct cdr_roster_change changes[] = { change_epoch(&w->dealt),
		{ .kind = CDR_ROSTER_CHANGE_KEY, .key = cdr_roster_key_of_statistics(&w->key) }, change_member(w->member),
		change_member(w->other) };
	propose(w->x, changes, 4);
	put_in_force(w->x);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		assert_int_equal(cdr_trustee_roster_update(w->x->node[i].trustee, NULL, NULL), CDR_OK);
	w->log.x = w->x;
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	cdr_arena_free(&w->arena);
	cdr_buffer_free(&w->lot);
	s_opening_free(&w->o);
	exchange_free(w->x);
	free(w);
	return 0;
}

/* Ask one trustee as a party with that seed and pin. */
static void
ask(struct world *w, uint32_t trustee, const char *signer, const uint8_t *seed, const uint8_t *pin, const char *path,
    const ProtobufCMessage *message, const ProtobufCMessageDescriptor *type)
{
	const struct cdr_signer own = { signer, seed, w->x->genesis->hash };
	struct cdr_service service;
	struct cdr_buffer body, bytes, answer;
	struct cdr_envelope envelope;
	struct cdr_arena refused = { 0 };
	const Cdr__Wire__Refusal *refusal;

	cdr_arena_free(&w->arena);
	w->reply = NULL;
	w->code[0] = '\0';
	cdr_trustee_service(w->x->node[trustee].trustee, &service);
	if (w->hold != NULL)
		service.hold = w->hold;
	assert_int_equal(cdr_message_encode(message, &body), CDR_OK);
	assert_int_equal(cdr_envelope_request(&own, path, cdr_buffer_bytes(&body), (struct cdr_bytes){ NULL, 0 }, &bytes), CDR_OK);
	const struct cdr_request request = { path, cdr_buffer_bytes(&bytes), pin, cdr_trustee_now() + w->later, NULL };
	w->status = cdr_dispatch(&service, &request, &answer);
	assert_int_equal(cdr_envelope_open(cdr_buffer_bytes(&answer), &envelope), CDR_OK);
	if (w->status == 200) {
		assert_int_equal(cdr_message_decode(&w->arena, type, envelope.body, &w->reply), CDR_OK);
	} else {
		assert_int_equal(cdr_message_decode(&refused, &cdr__wire__refusal__descriptor, envelope.body, &refusal), CDR_OK);
		(void)snprintf(w->code, sizeof(w->code), "%s", refusal->code);
	}
	cdr_arena_free(&refused);
	cdr_envelope_free(&envelope);
	cdr_buffer_free(&answer);
	cdr_buffer_free(&bytes);
	cdr_buffer_free(&body);
}

/* ---- parts of a lot ----------------------------------------------------------------------------------------------- */

/* The member evaluates, by way of the log, what w->o opens. */
static void
evaluate(struct world *w)
{
	const struct cdr_person person = s_person("Candida", "Testperson");
	const struct cdr_signer signer = { "member/blue-harbour", w->member->seed, w->x->genesis->hash };
	struct cdr_envelope envelope;
	struct cdr_buffer bytes, proof;

	s_opening_free(&w->o);
	w->place = w->log.edge.size;
	s_check(&w->s, &person, w->place, &w->o);
	w->o.salt[0] = 7; /* that of the played log */
	assert_int_equal(cdr_envelope_request(&signer, "/v1/evaluate", cdr_buffer_bytes(&w->o.request), (struct cdr_bytes){ NULL, 0 },
	    &bytes), CDR_OK);
	assert_int_equal(cdr_envelope_open(cdr_buffer_bytes(&bytes), &envelope), CDR_OK);
	played_enter(&w->log, "member/blue-harbour", cdr_buffer_bytes(&w->o.request), envelope.signature, &proof);
	assert_int_equal(w->log.edge.size, w->place + 1);
	cdr_buffer_free(&proof);
	cdr_envelope_free(&envelope);
	cdr_buffer_free(&bytes);
}

static struct cdr_sample_basis
basis_now(const struct world *w, uint64_t number, uint64_t from)
{
	struct cdr_sample_basis basis = { .number = number, .from = from, .size = w->log.edge.size, .key = 1, .trustee_count = TRUSTEE_COUNT };

	memcpy(basis.root, w->log.checkpoint.root, sizeof(basis.root));
	return basis;
}

/* Ask for a part, with the checkpoint as it was cosigned last. */
static const Cdr__Wire__SampleShare *
ask_part(struct world *w, uint32_t trustee, const struct cdr_sample_basis *basis)
{
	Cdr__Wire__SampleShareRequest message = CDR__WIRE__SAMPLE_SHARE_REQUEST__INIT;
	Cdr__Wire__SampleBasis body = cdr_sample_basis_message(basis);
	struct cdr_buffer note;

	assert_int_equal(cdr_checkpoint_write(&w->log.checkpoint, w->x->genesis->hash, w->x->newest, &note), CDR_OK);
	message.basis = &body;
	message.checkpoint = cdr_message_field(note.data, note.len);
	ask(w, trustee, "hub", w->x->hub_seed, w->x->hub_key, "/v1/sample/share", &message.base, &cdr__wire__sample_share__descriptor);
	cdr_buffer_free(&note);
	return w->reply;
}

/* The lot of ${basis}, by trustees 1 and 3. */
static void
make_lot(struct world *w, const struct cdr_sample_basis *basis)
{
	static const uint32_t who[] = { 1, 3 };
	Cdr__Wire__Sample message = CDR__WIRE__SAMPLE__INIT;
	Cdr__Wire__SampleBasis body = cdr_sample_basis_message(basis);
	Cdr__Wire__SampleShare share[2], *at[2] = { &share[0], &share[1] };
	uint8_t bytes[2][CDR_POINT_LEN + CDR_PROOF_LEN];

	for (size_t i = 0; i < 2; i++) {
		const Cdr__Wire__SampleShare *reply = ask_part(w, who[i], basis);
		assert_non_null(reply);
		assert_int_equal(cdr_sample_share_verify(basis, w->x->genesis->hash, w->x->newest, reply), CDR_OK);
		memcpy(bytes[i], reply->point.data, CDR_POINT_LEN);
		memcpy(bytes[i] + CDR_POINT_LEN, reply->proof.data, CDR_PROOF_LEN);
		share[i] = (Cdr__Wire__SampleShare)CDR__WIRE__SAMPLE_SHARE__INIT;
		share[i].trustee = who[i];
		share[i].public_share = w->dealt.public_share[who[i] - 1];
		share[i].point = cdr_message_field(bytes[i], CDR_POINT_LEN);
		share[i].proof = cdr_message_field(bytes[i] + CDR_POINT_LEN, CDR_PROOF_LEN);
	}
	message.basis = &body;
	message.share = at;
	message.n_share = 2;
	cdr_buffer_free(&w->lot);
	assert_int_equal(cdr_message_encode(&message.base, &w->lot), CDR_OK);
	assert_int_equal(cdr_sample_read(cdr_buffer_bytes(&w->lot), w->x->genesis->hash, w->x->newest, &w->sample, NULL), CDR_OK);
	assert_int_equal(cdr_sample_auditor(&w->sample, w->place, 0, &w->auditor), CDR_OK);
}

/* Log it, with ${evidence} beside the leaf. */
static void
log_lot(struct world *w, struct cdr_bytes evidence, uint64_t at)
{
	struct cdr_leaf leaf = { .kind = CDR_LEAF_SAMPLE, .at = at };
	struct played_leaf l;

	cdr_leaf_party_add(&leaf, "hub");
	cdr_leaf_number_add(&leaf, w->sample.basis.number);
	cdr_leaf_number_add(&leaf, w->sample.basis.from);
	cdr_leaf_number_add(&leaf, w->sample.basis.size);
	assert_int_equal(cdr_sample_content(cdr_buffer_bytes(&w->lot), leaf.content), CDR_OK);
	played_leaf_make(&l, &leaf, NULL);
	l.record.has_evidence = true;
	l.record.evidence = cdr_message_field(evidence.data, evidence.len);
	(void)played_append(&w->log, &l);
	played_leaf_free(&l);
}

static void
count_one(void *context, const struct cdr_trustee_drawn *drawn)
{
	(void)drawn;
	++*(size_t *)context;
}

/* How much is drawn for a trustee. */
static size_t
drawn_for(struct world *w, uint32_t trustee)
{
	size_t count = 0;

	assert_int_equal(cdr_trustee_drawn_list(w->x->node[trustee].trustee, count_one, &count), CDR_OK);
	return count;
}

/* One sample of the one evaluation, in the log. */
static void
sample_one(struct world *w)
{
	evaluate(w);
	const struct cdr_sample_basis basis = basis_now(w, 1, 0);
	make_lot(w, &basis);
	log_lot(w, cdr_buffer_bytes(&w->lot), cdr_trustee_now());
}

/* The roster that a request is judged by; and before it is answered, the next one comes into force. */
static const struct cdr_roster *
hold_and_adopt(void *context)
{
	struct cdr_trustee *trustee = context;
	const struct cdr_roster *held = cdr_current_hold(trustee->current);
	bool newer = false;

	assert_int_equal(cdr_trustee_roster_update(trustee, &newer, NULL), CDR_OK);
	assert_true(newer);
	return held;
}

/* A refresh comes into force while a part is asked for: none is signed that says of the one shares and uses the other. */
static void
overtaken_by_a_refresh(void **state)
{
	struct world *w = *state;
	Cdr__Wire__StatisticsKey key = w->key;
	uint8_t transcript[CDR_ROSTER_HASH_LEN], commitments[THRESHOLD * CDR_POINT_LEN], point[TRUSTEE_COUNT][CDR_POINT_LEN];
	ProtobufCBinaryData share[TRUSTEE_COUNT];

	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 1, 0);
	memcpy(transcript, w->key.transcript.data, sizeof(transcript));
	transcript[5] ^= 1;
	key.transcript = cdr_message_field(transcript, sizeof(transcript));
	cdr_scalar_set(77, w->x->secret[1]); /* the same key in other shares */
	assert_int_equal(cdr_threshold_commit(w->x->secret[0], THRESHOLD, commitments), CDR_OK);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		assert_int_equal(cdr_threshold_public_share(commitments, THRESHOLD, (uint8_t)i, point[i - 1]), CDR_OK);
		share[i - 1] = cdr_message_field(point[i - 1], CDR_POINT_LEN);
	}
	key.public_share = share;
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		struct give_key job = { .trustee = w->x->node[i].trustee, .key = cdr_roster_key_of_statistics(&key) };
		assert_int_equal(cdr_threshold_deal(w->x->secret[0], THRESHOLD, (uint8_t)i, job.share), CDR_OK);
		assert_int_equal(cdr_store_write(w->x->node[i].home.store, give_key_job, &job), CDR_OK);
	}
	const struct cdr_roster_change change = { .kind = CDR_ROSTER_CHANGE_KEY, .key = cdr_roster_key_of_statistics(&key) };
	propose(w->x, &change, 1);
	put_in_force(w->x);
	w->hold = hold_and_adopt;
	assert_null(ask_part(w, 1, &basis));
	assert_string_equal(w->code, "busy");
	w->hold = NULL;
	const Cdr__Wire__SampleShare *reply = ask_part(w, 1, &basis);
	assert_non_null(reply);
	assert_int_equal(cdr_sample_share_verify(&basis, w->x->genesis->hash, w->x->newest, reply), CDR_OK);
}

static void
one_part_for_one_number(void **state)
{
	struct world *w = *state;

	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 1, 0);
	const Cdr__Wire__SampleShare *share = ask_part(w, 1, &basis);
	assert_non_null(share);
	assert_int_equal(cdr_sample_share_verify(&basis, w->x->genesis->hash, w->x->newest, share), CDR_OK);
	assert_non_null(ask_part(w, 1, &basis)); /* again, and again the same basis */
	restart(w->x, 1);
	evaluate(w);
	struct cdr_sample_basis later = basis_now(w, 1, 0);
	assert_null(ask_part(w, 1, &later));
	assert_string_equal(w->code, "exists");
	assert_non_null(ask_part(w, 2, &later)); /* who was not asked before */
	assert_null(ask_part(w, 2, &basis));     /* whose checkpoint is another */
	assert_string_equal(w->code, "input");
}

static cdr_err
mark_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_trustee_recover_mark(tx);
}

static cdr_err
forget_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "DELETE FROM sample_given", CDR_VALUES());
}

/* Trustee 1 gave its part, was put back from a backup made before, and knows nothing of it: it gives none for another basis, nor for any. */
static void
a_forgotten_part_is_not_given_otherwise(void **state)
{
	struct world *w = *state;
	struct cdr_trustee *trustee = w->x->node[1].trustee;

	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 1, 0);
	assert_non_null(ask_part(w, 1, &basis));
	assert_int_equal(cdr_store_write(trustee->home->store, forget_job, NULL), CDR_OK);
	assert_int_equal(cdr_store_write(trustee->home->store, mark_job, NULL), CDR_OK);
	assert_null(ask_part(w, 1, &basis)); /* before it has caught up */
	assert_string_equal(w->code, "busy");
	assert_int_equal(cdr_trustee_recover_step(trustee, NULL), CDR_OK);
	assert_int_equal(cdr_trustee_recovered(trustee, NULL), CDR_OK);
	evaluate(w);
	struct cdr_sample_basis later = basis_now(w, 1, 0);
	assert_null(ask_part(w, 1, &later));
	assert_string_equal(w->code, "exists");
	/* The others make that lot; it takes part in the next. */
	assert_non_null(ask_part(w, 2, &later));
	struct cdr_sample_basis again = basis_now(w, 1, 0);
	assert_null(ask_part(w, 1, &again));
}

/* What the backup has of it is remembered: the same basis gets its part again, as before. */
static void
a_remembered_part_is_given_again(void **state)
{
	struct world *w = *state;
	struct cdr_trustee *trustee = w->x->node[1].trustee;

	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 1, 0);
	assert_non_null(ask_part(w, 1, &basis));
	assert_int_equal(cdr_store_write(trustee->home->store, mark_job, NULL), CDR_OK);
	assert_int_equal(cdr_trustee_recover_step(trustee, NULL), CDR_OK);
	assert_non_null(ask_part(w, 1, &basis));
	evaluate(w);
	struct cdr_sample_basis later = basis_now(w, 1, 0);
	assert_null(ask_part(w, 1, &later));
	assert_string_equal(w->code, "exists");
}

/* A lot that is in the log by then, the others made: in the one after it this trustee takes part again. */
static void
the_lot_after_it_has_its_part(void **state)
{
	struct world *w = *state;
	struct cdr_trustee *trustee = w->x->node[2].trustee;

	assert_int_equal(cdr_store_write(trustee->home->store, mark_job, NULL), CDR_OK);
	assert_int_equal(cdr_trustee_recover_step(trustee, NULL), CDR_OK);
	sample_one(w);
	evaluate(w);
	struct cdr_sample_basis next = basis_now(w, 2, w->sample.basis.size);
	assert_non_null(ask_part(w, 2, &next));
}

/* These changes come into force, and all trustees know it. */
static void
change(struct world *w, const struct cdr_roster_change *changes, size_t count)
{
	propose(w->x, changes, count);
	put_in_force(w->x);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		assert_int_equal(cdr_trustee_roster_update(w->x->node[i].trustee, NULL, NULL), CDR_OK);
}

/* A second statistics key that begins at ${starts_at}; the first ends at ${ends_at}, or goes (0). The shares are the same: nobody looks. */
static void
second_key(struct world *w, uint64_t starts_at, uint64_t ends_at)
{
	Cdr__Wire__StatisticsKey second = w->key;

	second.number = 2;
	second.starts_at = starts_at;
	second.ends_at = starts_at + 100000;
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++) {
		struct give_key job = { .trustee = w->x->node[i].trustee, .key = cdr_roster_key_of_statistics(&second) };
		assert_int_equal(cdr_threshold_deal(w->x->secret[0], THRESHOLD, (uint8_t)i, job.share), CDR_OK);
		assert_int_equal(cdr_store_write(w->x->node[i].home.store, give_key_job, &job), CDR_OK);
	}
	w->key.ends_at = ends_at != 0 ? ends_at : w->key.ends_at;
	const struct cdr_roster_change changes[] = {
		{ .kind = CDR_ROSTER_CHANGE_KEY, .key = cdr_roster_key_of_statistics(&second) },
		{ .kind = ends_at == 0 ? CDR_ROSTER_CHANGE_KEY_END : CDR_ROSTER_CHANGE_KEY, .key = cdr_roster_key_of_statistics(&w->key) },
	};
	change(w, changes, 2);
}

/* What was begun under a key that ends before its lot is made is gone on with, by whoever is asked; nothing else is begun in its place. */
static void
a_key_that_ends_meanwhile_makes_its_lot(void **state)
{
	struct world *w = *state;
	uint64_t now = cdr_trustee_now();

	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 1, 0);
	assert_non_null(ask_part(w, 1, &basis));
	second_key(w, now + 4000, now + 5000);
	w->later = 10000; /* the second is in force, the first has ended */
	assert_non_null(ask_part(w, 1, &basis));
	assert_non_null(ask_part(w, 2, &basis));
	basis.key = 2;
	assert_null(ask_part(w, 3, &basis)); /* it was not the one when the checkpoint was made */
	assert_string_equal(w->code, "epoch");
}

/* As long as the first key is in the roster, what was begun under it stands; when it is gone, and nobody can make that lot, the number begins anew. */
static void
a_key_that_is_gone_lets_it_begin_anew(void **state)
{
	struct world *w = *state;
	uint64_t now = cdr_trustee_now();

	evaluate(w);
	struct cdr_sample_basis first = basis_now(w, 1, 0);
	assert_non_null(ask_part(w, 1, &first));
	second_key(w, now - 10, now + 5000);
	struct cdr_sample_basis anew = basis_now(w, 1, 0);
	anew.key = 2;
	assert_null(ask_part(w, 1, &anew));
	assert_string_equal(w->code, "exists");
	assert_null(ask_part(w, 2, &first)); /* nothing is begun under the older one any more */
	assert_string_equal(w->code, "epoch");
	second_key(w, now - 10, 0);
	assert_null(ask_part(w, 1, &first));
	assert_string_equal(w->code, "epoch");
	assert_non_null(ask_part(w, 1, &anew));
	evaluate(w);
	struct cdr_sample_basis third = basis_now(w, 1, 0);
	third.key = 2;
	assert_null(ask_part(w, 1, &third));
	assert_string_equal(w->code, "exists");
}

static cdr_err
come_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_trustee_recover_come(tx, 0);
}

/* A trustee that comes anew is told for which basis others gave their parts: with newcomers nobody gets a second lot of one number. */
static void
a_newcomer_gives_for_no_other(void **state)
{
	struct world *w = *state;
	struct cdr_trustee *newcomer = w->x->node[3].trustee;

	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 1, 0);
	assert_non_null(ask_part(w, 1, &basis));
	assert_int_equal(cdr_store_write(newcomer->home->store, come_job, NULL), CDR_OK);
	assert_null(ask_part(w, 3, &basis));
	assert_string_equal(w->code, "busy");
	assert_int_equal(cdr_trustee_recover_step(newcomer, NULL), CDR_OK);
	assert_int_equal(cdr_trustee_recovered(newcomer, NULL), CDR_OK);
	struct played_log before = w->log;
	evaluate(w);
	struct cdr_sample_basis other = basis_now(w, 1, 0);
	assert_null(ask_part(w, 3, &other));
	assert_string_equal(w->code, "exists");
	w->log.checkpoint = before.checkpoint;
	assert_non_null(ask_part(w, 3, &basis));
	/* Of the sample after it nobody told anything. */
	make_lot(w, &basis);
	log_lot(w, cdr_buffer_bytes(&w->lot), cdr_trustee_now());
	evaluate(w);
	other = basis_now(w, 2, 1);
	assert_non_null(ask_part(w, 3, &other));
}

struct told {
	uint32_t trustee;
	struct cdr_sample_given given;
};

static cdr_err
told_job(struct cdr_tx *tx, void *context)
{
	const struct told *told = context;

	return cdr_trustee_sample_told(tx, told->trustee, &told->given);
}

/* Whoever invents what it gave cannot stop what others gave as well; nor does what is told of a key that is gone. */
static void
what_is_told_binds_while_its_lot_can_be_made(void **state)
{
	struct world *w = *state;
	struct told told = { 1, { .number = 1, .key = 7, .input = "invented" } };

	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 1, 0);
	assert_int_equal(cdr_store_write(w->x->node[2].home.store, told_job, &told), CDR_OK);
	assert_non_null(ask_part(w, 2, &basis));
	told.given.key = 1;
	assert_int_equal(cdr_store_write(w->x->node[3].home.store, told_job, &told), CDR_OK);
	assert_null(ask_part(w, 3, &basis));
	assert_string_equal(w->code, "exists");
	told.trustee = 2;
	cdr_sample_input(&basis, w->x->genesis->hash, told.given.input);
	assert_int_equal(cdr_store_write(w->x->node[3].home.store, told_job, &told), CDR_OK);
	assert_non_null(ask_part(w, 3, &basis));
}

static void
what_does_not_follow_is_refused(void **state)
{
	struct world *w = *state;

	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 2, 0);
	assert_null(ask_part(w, 1, &basis));
	assert_string_equal(w->code, "sequence");
	basis = basis_now(w, 1, 0);
	basis.trustee_count = 4;
	assert_null(ask_part(w, 1, &basis));
	assert_string_equal(w->code, "busy");
	basis = basis_now(w, 1, 0);
	basis.key = 2;
	assert_null(ask_part(w, 1, &basis));
	assert_string_equal(w->code, "epoch");
	basis = basis_now(w, 1, 0);
	basis.root[0] ^= 1;
	assert_null(ask_part(w, 1, &basis));
	assert_string_equal(w->code, "input");
	basis = basis_now(w, 1, 0);
	w->log.checkpoint.cosignature_count = 1;
	assert_null(ask_part(w, 1, &basis));
	assert_string_equal(w->code, "proof");
	/* A member may not ask for parts. */
	Cdr__Wire__SampleShareRequest message = CDR__WIRE__SAMPLE_SHARE_REQUEST__INIT;
	Cdr__Wire__SampleBasis body = cdr_sample_basis_message(&basis);
	message.basis = &body;
	ask(w, 1, "member/blue-harbour", w->member->seed, w->member->pin, "/v1/sample/share", &message.base, &cdr__wire__sample_share__descriptor);
	assert_int_equal(w->status, 403);
}

/* A trustee that was not shown the log so far waits. */
static void
what_was_not_seen_is_not_drawn_from(void **state)
{
	struct world *w = *state;

	w->log.skip[2] = true;
	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 1, 0);
	assert_null(ask_part(w, 2, &basis));
	assert_string_equal(w->code, "busy");
	assert_non_null(ask_part(w, 1, &basis));
}

static void
a_lot_in_the_log_draws(void **state)
{
	struct world *w = *state;

	sample_one(w);
	assert_int_equal(drawn_for(w, 1) + drawn_for(w, 2) + drawn_for(w, 3), 1);
	assert_int_equal(drawn_for(w, w->auditor), 1);
	/* The next one begins where it ended. */
	evaluate(w);
	struct cdr_sample_basis basis = basis_now(w, 2, 1);
	assert_non_null(ask_part(w, 1, &basis));
	basis.from = 0;
	assert_null(ask_part(w, 2, &basis));
	assert_string_equal(w->code, "sequence");
}

/* What is no lot counts for nothing, and holds nobody up. */
static void
a_false_lot_draws_nothing(void **state)
{
	struct world *w = *state;

	evaluate(w);
	const struct cdr_sample_basis basis = basis_now(w, 1, 0);
	make_lot(w, &basis);
	w->lot.data[w->lot.len - 1] ^= 1;
	log_lot(w, cdr_buffer_bytes(&w->lot), cdr_trustee_now());
	assert_int_equal(w->log.status[1], 200);
	log_lot(w, (struct cdr_bytes){ NULL, 0 }, cdr_trustee_now());
	w->lot.data[w->lot.len - 1] ^= 1;
	w->sample.basis.from++;
	log_lot(w, cdr_buffer_bytes(&w->lot), cdr_trustee_now()); /* the leaf says another stretch */
	w->sample.basis.from--;
	assert_int_equal(drawn_for(w, 1) + drawn_for(w, 2) + drawn_for(w, 3), 0);
	log_lot(w, cdr_buffer_bytes(&w->lot), cdr_trustee_now());
	assert_int_equal(drawn_for(w, w->auditor), 1);
	log_lot(w, cdr_buffer_bytes(&w->lot), cdr_trustee_now()); /* once */
	assert_int_equal(drawn_for(w, w->auditor), 1);
}

static void
of_an_old_lot_nothing_is_asked(void **state)
{
	struct world *w = *state;

	evaluate(w);
	const struct cdr_sample_basis basis = basis_now(w, 1, 0);
	make_lot(w, &basis);
	log_lot(w, cdr_buffer_bytes(&w->lot), cdr_trustee_now() - CDR_TRUSTEE_SAMPLE_OLD_S - 10);
	assert_int_equal(drawn_for(w, w->auditor), 0);
}

/* ---- whether lots come -------------------------------------------------------------------------------------------- */

struct due {
	uint64_t now;
	struct cdr_trustee_sample_due due;
};

static cdr_err
due_job(struct cdr_tx *tx, void *context)
{
	struct due *d = context;

	return cdr_trustee_sample_due(tx, d->now, &d->due);
}

static struct cdr_trustee_sample_due
due_at(struct world *w, uint64_t now)
{
	struct due d = { .now = now };

	assert_int_equal(cdr_store_read(w->x->node[1].home.store, due_job, &d), CDR_OK);
	return d.due;
}

/* Whether it is said now that none comes. */
static bool
is_told(struct world *w, uint64_t now, uint64_t *told_at)
{
	uint64_t before = *told_at;

	assert_int_equal(cdr_trustee_sample_watch(w->x->node[1].trustee, now, told_at), CDR_OK);
	return *told_at != before && *told_at != 0;
}

static void
lots_that_stop_coming_are_told(void **state)
{
	struct world *w = *state;
	uint64_t now = cdr_trustee_now(), late = now + CDR_SAMPLE_OVERDUE_S + 60, told_at = 0;

	assert_false(due_at(w, late).is_overdue); /* nobody has evaluated */
	evaluate(w);
	assert_int_equal(due_at(w, now).waiting_count, 1);
	assert_false(due_at(w, now + CDR_SAMPLE_EVERY_S).is_overdue);
	assert_false(is_told(w, now + CDR_SAMPLE_EVERY_S, &told_at));
	struct cdr_trustee_sample_due due = due_at(w, late);
	assert_true(due.is_overdue);
	assert_false(due.was_asked);
	assert_int_equal(due.number, 1);
	assert_true(due.since >= now && due.since <= cdr_trustee_now());
	assert_true(is_told(w, late, &told_at));
	assert_false(is_told(w, late + 3600, &told_at));
	assert_true(is_told(w, late + 86400, &told_at));
	/* Begun, and withheld. */
	const struct cdr_sample_basis basis = basis_now(w, 1, 0);
	make_lot(w, &basis);
	assert_true(due_at(w, late).is_overdue && due_at(w, late).was_asked);
	/* It came. */
	log_lot(w, cdr_buffer_bytes(&w->lot), cdr_trustee_now());
	assert_false(due_at(w, late).is_overdue);
	assert_false(is_told(w, late + 86401, &told_at));
	assert_int_equal(told_at, 0);
	assert_int_equal(due_at(w, late).number, 2);
	assert_int_equal(due_at(w, late).waiting_count, 0);
}

/* ---- as an auditor ------------------------------------------------------------------------------------------------ */

static const char *
show(struct world *w, uint32_t trustee, const struct enrolled *who, const char *refusal)
{
	Cdr__Wire__OpeningPut put = CDR__WIRE__OPENING_PUT__INIT;
	struct cdr_buffer sealed = { 0 };
	char text[32], signer[64];

	(void)snprintf(signer, sizeof(signer), "member/%s", who->id);
	put.sample = 1;
	put.position = w->place;
	if (refusal != NULL) {
		(void)snprintf(text, sizeof(text), "%s", refusal);
		put.refusal = text;
	} else {
		assert_int_equal(cdr_query_opening_seal(&w->o.message, w->x->node[trustee].home.sealing_public, w->x->genesis->hash, who->id,
		    &sealed), CDR_OK);
		put.has_sealed = true;
		put.sealed = cdr_message_field(sealed.data, sealed.len);
	}
	ask(w, trustee, signer, who->seed, who->pin, "/v1/sample/open", &put.base, &cdr__wire__opening_reply__descriptor);
	cdr_buffer_free(&sealed);
	return w->status == 200 ? ((const Cdr__Wire__OpeningReply *)w->reply)->outcome : w->code;
}

static void
take_last(void *context, const struct cdr_trustee_drawn *drawn)
{
	*(struct cdr_trustee_drawn *)context = *drawn;
}

static struct cdr_trustee_drawn
last_of(struct world *w)
{
	struct cdr_trustee_drawn drawn = { 0 };

	assert_int_equal(cdr_trustee_drawn_list(w->x->node[w->auditor].trustee, take_last, &drawn), CDR_OK);
	return drawn;
}

static void
step(struct world *w)
{
	struct cdr_fault fault = { CDR_OK, "" };

	if (cdr_trustee_sample_step(w->x->node[w->auditor].trustee, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
}

static void
what_is_shown_is_found_true_or_false(void **state)
{
	struct world *w = *state;
	const struct cdr_person other = s_person("Orrelia", "Testperson"), person = s_person("Candida", "Testperson");
	struct cdr_trustee_drawn drawn;
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__Opening *opening;

	sample_one(w);
	w->o.message.sample = 1;
	assert_string_equal(show(w, w->auditor % TRUSTEE_COUNT + 1, w->member, NULL), "absent");
	assert_string_equal(show(w, w->auditor, w->other, NULL), "absent");
	step(w);
	assert_string_equal(w->x->verdict, "asked");
	/* Somebody else. */
	s_name(&w->o, &other);
	assert_string_equal(show(w, w->auditor, w->member, NULL), "false");
	assert_non_null(strstr(last_of(w).reason, "somebody else"));
	assert_int_equal(cdr_trustee_drawn_open(w->x->node[w->auditor].trustee, 1, &drawn, &arena, &opening, NULL), CDR_E_ABSENT);
	assert_int_equal(cdr_trustee_drawn_judge(w->x->node[w->auditor].trustee, 1, true, NULL), CDR_E_REFUSED);
	step(w);
	assert_string_equal(w->x->verdict, "false");
	/* Put right. */
	s_name(&w->o, &person);
	assert_string_equal(show(w, w->auditor, w->member, NULL), "opened");
	assert_string_equal(show(w, w->auditor, w->member, NULL), "opened");
	assert_string_equal(show(w, w->auditor, w->member, "refused"), "opened"); /* what was shown was shown */
	step(w);
	step(w);
	assert_string_equal(w->x->verdict, "opened");
	assert_int_equal(w->x->verdict_count, 3);
	/* A person judges it, and it is gone. */
	assert_int_equal(cdr_trustee_drawn_open(w->x->node[w->auditor].trustee, 1, &drawn, &arena, &opening, NULL), CDR_OK);
	assert_string_equal(opening->legal_basis, "consent");
	cdr_arena_free(&arena);
	assert_int_equal(cdr_trustee_drawn_judge(w->x->node[w->auditor].trustee, 1, false, NULL), CDR_OK);
	assert_int_equal(cdr_trustee_drawn_open(w->x->node[w->auditor].trustee, 1, &drawn, &arena, &opening, NULL), CDR_E_ABSENT);
	assert_int_equal(cdr_trustee_drawn_open(w->x->node[w->auditor].trustee, 7, &drawn, &arena, &opening, NULL), CDR_E_ABSENT);
	step(w);
	assert_string_equal(w->x->verdict, "unbacked");
	assert_string_equal(show(w, w->auditor, w->member, NULL), "unbacked");
}

static void
another_evaluation_is_not_the_one(void **state)
{
	struct world *w = *state;

	sample_one(w);
	w->o.message.sample = 1;
	w->o.salt[0] = 8; /* a leaf with the same words, that the tree does not hold */
	assert_string_equal(show(w, w->auditor, w->member, NULL), "false");
	assert_non_null(strstr(last_of(w).reason, "at that place"));
}

static void
refused_and_late(void **state)
{
	struct world *w = *state;

	sample_one(w);
	w->o.message.sample = 1;
	assert_string_equal(show(w, w->auditor, w->member, "because"), "input");
	assert_string_equal(show(w, w->auditor, w->member, "erased"), "refused");
	assert_string_equal(last_of(w).reason, "erased");
	step(w);
	assert_string_equal(w->x->verdict, "refused");
	assert_string_equal(show(w, w->auditor, w->member, NULL), "opened");
}

static cdr_err
late_job(struct cdr_tx *tx, void *context)
{
	const struct world *w = context;
	struct cdr_current *current = w->x->node[w->auditor].trustee->current;
	const struct cdr_roster *roster = cdr_current_hold(current);
	cdr_err err = cdr_trustee_sample_late(tx, roster, w->now);

	cdr_current_release(current, roster);
	return err;
}

/* The auditor looks who is late, once. */
static void
look_late(struct world *w)
{
	assert_int_equal(cdr_store_write(w->x->node[w->auditor].home.store, late_job, w), CDR_OK);
}

/* Days go by, while the auditor is there. */
static void
let_pass(struct world *w, uint64_t days)
{
	if (w->now == 0) {
		w->now = cdr_trustee_now();
		look_late(w);
	}
	for (uint64_t i = 0; i < 2 * days; i++) {
		w->now += 86400 / 2;
		look_late(w);
	}
}

static void
assert_state(struct world *w, const char *state)
{
	assert_string_equal(last_of(w).state, state);
}

static void
change_and_adopt(struct world *w, const struct cdr_roster_change *change)
{
	propose(w->x, change, 1);
	put_in_force(w->x);
	assert_int_equal(cdr_trustee_roster_update(w->x->node[w->auditor].trustee, NULL, NULL), CDR_OK);
}

/* The auditor sees a lot weeks after it was made: the member has its days from when it is asked, not from then. */
static void
what_is_asked_late_is_not_late(void **state)
{
	struct world *w = *state;

	evaluate(w);
	const struct cdr_sample_basis basis = basis_now(w, 1, 0);
	make_lot(w, &basis);
	log_lot(w, cdr_buffer_bytes(&w->lot), cdr_trustee_now() - 20 * 86400);
	step(w);
	assert_string_equal(w->x->verdict, "asked");
	step(w);
	assert_string_equal(w->x->verdict, "asked");
	let_pass(w, 14);
	assert_state(w, "asked");
	assert_true(last_of(w).due_at > cdr_trustee_now() + 13 * 86400);
	let_pass(w, 1);
	assert_state(w, "late");
	step(w);
	assert_string_equal(w->x->verdict, "late");
}

/* As long as the log does not say that it is asked, nobody has to answer. */
static void
what_the_log_does_not_ask_is_not_late(void **state)
{
	struct world *w = *state;

	sample_one(w);
	w->x->is_away = true;
	assert_int_equal(cdr_trustee_sample_step(w->x->node[w->auditor].trustee, NULL), CDR_E_NETWORK);
	let_pass(w, 40);
	assert_state(w, "asked");
}

/* Who is suspended cannot answer; active again, it has its days. */
static void
who_is_suspended_is_not_late(void **state)
{
	struct world *w = *state;
	const struct cdr_roster_change suspend = change_status(w->member, "suspended"), restore = change_status(w->member, "active");

	sample_one(w);
	step(w);
	let_pass(w, 10);
	change_and_adopt(w, &suspend);
	let_pass(w, 30);
	assert_state(w, "asked");
	change_and_adopt(w, &restore);
	let_pass(w, 13);
	assert_state(w, "asked");
	let_pass(w, 2);
	assert_state(w, "late");
}

/* Who enrolled again has lost what it evaluated. */
static void
who_has_other_keys_is_never_late(void **state)
{
	struct world *w = *state;
	const struct cdr_roster_change revoke = change_status(w->member, "revoked");

	sample_one(w);
	step(w);
	change_and_adopt(w, &revoke);
	struct enrolled *again = enrol(w->x, "blue-harbour", 23);
	const struct cdr_roster_change change = change_member(again);
	change_and_adopt(w, &change);
	let_pass(w, 60);
	assert_state(w, "asked");
	step(w);
	assert_string_equal(w->x->verdict, "asked");
}

/* An auditor that was away, or did not see who was suspended meanwhile, begins anew. */
static void
who_was_away_calls_nobody_late(void **state)
{
	struct world *w = *state;
	const struct cdr_roster_change suspend = change_status(w->member, "suspended"), restore = change_status(w->member, "active");

	sample_one(w);
	step(w);
	let_pass(w, 10);
	w->now += 5 * 86400;
	let_pass(w, 13);
	assert_state(w, "asked");
	propose(w->x, &suspend, 1);
	put_in_force(w->x);
	change_and_adopt(w, &restore); /* both at once */
	let_pass(w, 13);
	assert_state(w, "asked");
	let_pass(w, 2);
	assert_state(w, "late");
}

static cdr_err
age_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "UPDATE drawn SET changed_at = 1000", CDR_VALUES());
}

static void
nothing_in_time_is_late(void **state)
{
	struct world *w = *state;
	struct cdr_trustee_drawn drawn;
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__Opening *opening;

	sample_one(w);
	w->o.message.sample = 1;
	step(w);
	let_pass(w, 15);
	step(w);
	assert_string_equal(w->x->verdict, "late");
	/* It may still come, and then is kept for a while. */
	assert_string_equal(show(w, w->auditor, w->member, NULL), "opened");
	step(w);
	assert_string_equal(w->x->verdict, "opened");
	assert_int_equal(cdr_trustee_drawn_open(w->x->node[w->auditor].trustee, 1, &drawn, &arena, &opening, NULL), CDR_OK);
	cdr_arena_free(&arena);
	assert_int_equal(cdr_store_write(w->x->node[w->auditor].home.store, age_job, NULL), CDR_OK);
	step(w);
	assert_int_equal(cdr_trustee_drawn_open(w->x->node[w->auditor].trustee, 1, &drawn, &arena, &opening, NULL), CDR_E_ABSENT);
	cdr_arena_free(&arena);
	assert_string_equal(last_of(w).state, "opened");
	/* A hub that is away is asked again. */
	assert_int_equal(cdr_trustee_drawn_judge(w->x->node[w->auditor].trustee, 1, true, NULL), CDR_OK);
	w->x->is_away = true;
	assert_int_equal(cdr_trustee_sample_step(w->x->node[w->auditor].trustee, NULL), CDR_E_NETWORK);
	w->x->is_away = false;
	step(w);
	assert_string_equal(w->x->verdict, "backed");
}

static cdr_err
forget_shown_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "UPDATE drawn SET state = 'asked', posted = 'asked', opening = $1, changed_at = $2, runs_from = $2",
	    CDR_VALUES(cdr_value_blob(NULL, 0), cdr_value_int((int64_t)cdr_trustee_now() - 1000)));
}

/* The auditor was shown it and judged it; put back from a backup, it does not remember: nobody is called late for that. */
static void
a_forgotten_opening_is_not_late(void **state)
{
	struct world *w = *state;

	sample_one(w);
	w->o.message.sample = 1;
	struct cdr_trustee *auditor = w->x->node[w->auditor].trustee;
	assert_string_equal(show(w, w->auditor, w->member, NULL), "opened");
	step(w);
	assert_int_equal(cdr_trustee_drawn_judge(auditor, 1, true, NULL), CDR_OK);
	step(w);
	const size_t told = w->x->verdict_count;
	assert_string_not_equal(w->x->verdict, "late");
	assert_int_equal(cdr_store_write(auditor->home->store, forget_shown_job, NULL), CDR_OK);
	assert_int_equal(cdr_store_write(auditor->home->store, mark_job, NULL), CDR_OK);
	step(w); /* while it catches up */
	assert_int_equal(w->x->verdict_count, told);
	assert_int_equal(cdr_trustee_recover_step(auditor, NULL), CDR_OK);
	assert_int_equal(cdr_trustee_recovered(auditor, NULL), CDR_OK);
	let_pass(w, 30);
	step(w);
	assert_int_equal(w->x->verdict_count, told);
	assert_string_equal(last_of(w).state, "asked");
	/* It may be shown, and judged, once more. */
	assert_string_equal(show(w, w->auditor, w->member, NULL), "opened");
	step(w);
	assert_string_equal(w->x->verdict, "opened");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(overtaken_by_a_refresh),
		TEST(one_part_for_one_number),
		TEST(a_forgotten_part_is_not_given_otherwise),
		TEST(a_remembered_part_is_given_again),
		TEST(the_lot_after_it_has_its_part),
		TEST(a_key_that_ends_meanwhile_makes_its_lot),
		TEST(a_key_that_is_gone_lets_it_begin_anew),
		TEST(a_newcomer_gives_for_no_other),
		TEST(what_is_told_binds_while_its_lot_can_be_made),
		TEST(what_does_not_follow_is_refused),
		TEST(what_was_not_seen_is_not_drawn_from),
		TEST(a_lot_in_the_log_draws),
		TEST(a_false_lot_draws_nothing),
		TEST(of_an_old_lot_nothing_is_asked),
		TEST(lots_that_stop_coming_are_told),
		TEST(what_is_shown_is_found_true_or_false),
		TEST(another_evaluation_is_not_the_one),
		TEST(refused_and_late),
		TEST(nothing_in_time_is_late),
		TEST(what_is_asked_late_is_not_late),
		TEST(what_the_log_does_not_ask_is_not_late),
		TEST(who_is_suspended_is_not_late),
		TEST(who_has_other_keys_is_never_late),
		TEST(who_was_away_calls_nobody_late),
		TEST(a_forgotten_opening_is_not_late),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
