#ifndef CDR_TESTS_TRUSTEE_PLAYED_SAMPLE_H
#define CDR_TESTS_TRUSTEE_PLAYED_SAMPLE_H

/* A log with one evaluation of a member, and lots that the trustees of the exchange make of it. One for each test: setup, teardown. */

#include "tests/unit/trustee/exchange.h"
#include "tests/unit/trustee/played_log.h"

#include "node/trustee/query_opening.h"
#include "node/trustee/recover.h"
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

static inline cdr_err
give_key_job(struct cdr_tx *tx, void *context)
{
	const struct give_key *job = context;

	return cdr_trustee_share_put(tx, job->trustee, job->share, &job->key, THRESHOLD, (struct cdr_bytes){ NULL, 0 });
}

static inline int
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

static inline int
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
static inline void
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

/* The member evaluates, by way of the log, what w->o opens. */
static inline void
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

static inline struct cdr_sample_basis
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
static inline void
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
static inline void
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

static inline void
count_one(void *context, const struct cdr_trustee_drawn *drawn)
{
	(void)drawn;
	++*(size_t *)context;
}

/* How much is drawn for a trustee. */
static inline size_t
drawn_for(struct world *w, uint32_t trustee)
{
	size_t count = 0;

	assert_int_equal(cdr_trustee_drawn_list(w->x->node[trustee].trustee, count_one, &count), CDR_OK);
	return count;
}

/* One sample of the one evaluation, in the log. */
static inline void
sample_one(struct world *w)
{
	evaluate(w);
	const struct cdr_sample_basis basis = basis_now(w, 1, 0);
	make_lot(w, &basis);
	log_lot(w, cdr_buffer_bytes(&w->lot), cdr_trustee_now());
}

static inline cdr_err
mark_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_trustee_recover_mark(tx);
}

#endif
