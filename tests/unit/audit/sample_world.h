#ifndef CDR_TESTS_UNIT_AUDIT_SAMPLE_WORLD_H
#define CDR_TESTS_UNIT_AUDIT_SAMPLE_WORLD_H

/* Five trustees of whom three must act, with a key; lots that they make, evaluations and their openings. */

#include "tests/unit/proto/parties.h"

#include "audit/query_opening.h"
#include "core/crypto/threshold.h"
#include "core/identity/token.h"
#include "core/record/pack.h"
#include "proto/exchange.pb-c.h"

#define S_THRESHOLD 3

struct sample_world {
	struct draft draft;
	struct cdr_roster *roster;
	uint8_t genesis[CDR_GENESIS_HASH_LEN];
	uint8_t coefficients[S_THRESHOLD * CDR_SCALAR_LEN], public_key[CDR_POINT_LEN], transcript[32];
	uint8_t share[TRUSTEES][CDR_SCALAR_LEN], public_share[TRUSTEES][CDR_POINT_LEN];
	ProtobufCBinaryData public_share_field[TRUSTEES];
	uint8_t version[CDR_SCHEME_VERSION_LEN];
	struct cdr_scheme scheme;
	Cdr__Wire__Epoch epoch, *epochs[1];
	Cdr__Wire__StatisticsKey statistics, *statistics_at[1];
};

/* ${checks} and ${points}: one in so many; 0: the scheme does not say. */
static inline void
s_make(struct sample_world *w, uint32_t checks, uint32_t points)
{
	make_draft(&w->draft, 1, NULL);
	memset(w->genesis, 9, sizeof(w->genesis));
	assert_int_equal(cdr_scheme_current(1, &w->scheme), CDR_OK);
	for (size_t i = 0; i < S_THRESHOLD; i++)
		assert_int_equal(cdr_scalar_random(w->coefficients + i * CDR_SCALAR_LEN), CDR_OK);
	assert_int_equal(cdr_group_mul_base(w->coefficients, w->public_key), CDR_OK);
	for (uint8_t i = 0; i < TRUSTEES; i++) {
		assert_int_equal(cdr_threshold_deal(w->coefficients, S_THRESHOLD, i + 1, w->share[i]), CDR_OK);
		assert_int_equal(cdr_group_mul_base(w->share[i], w->public_share[i]), CDR_OK);
		w->public_share_field[i] = cdr_message_field(w->public_share[i], CDR_POINT_LEN);
	}
	w->epoch = (Cdr__Wire__Epoch)CDR__WIRE__EPOCH__INIT;
	w->epoch.number = 1;
	w->epoch.scheme_version = cdr_message_field(w->scheme.version, sizeof(w->scheme.version));
	w->epoch.public_key = cdr_message_field(w->public_key, CDR_POINT_LEN);
	w->epoch.public_share = w->public_share_field;
	w->epoch.n_public_share = TRUSTEES;
	w->epoch.transcript = cdr_message_field(w->transcript, sizeof(w->transcript));
	w->epoch.starts_at = 1;
	w->epoch.ends_at = UINT32_MAX;
	w->epochs[0] = &w->epoch;
	w->draft.body.epoch = w->epochs;
	w->draft.body.n_epoch = 1;
	w->statistics = (Cdr__Wire__StatisticsKey)CDR__WIRE__STATISTICS_KEY__INIT;
	w->statistics.number = 1;
	w->statistics.public_key = w->epoch.public_key;
	w->statistics.public_share = w->public_share_field;
	w->statistics.n_public_share = TRUSTEES;
	w->statistics.transcript = w->epoch.transcript;
	w->statistics.starts_at = 1;
	w->statistics.ends_at = UINT32_MAX;
	w->statistics_at[0] = &w->statistics;
	w->draft.body.statistics_key = w->statistics_at;
	w->draft.body.n_statistics_key = 1;
	w->draft.scheme.has_sample_checks = checks > 0;
	w->draft.scheme.sample_checks = checks;
	w->draft.scheme.has_sample_points = points > 0;
	w->draft.scheme.sample_points = points;
	assert_int_equal(make_roster(&w->draft, 7, &w->roster), CDR_OK);
}

static inline void
s_free(struct sample_world *w)
{
	cdr_roster_free(w->roster);
	w->roster = NULL;
}

static inline struct cdr_sample_basis
s_basis(uint64_t number, uint64_t from, uint64_t size)
{
	struct cdr_sample_basis basis = { .number = number, .from = from, .size = size, .key = 1, .trustee_count = TRUSTEES };

	memset(basis.root, (int)number, sizeof(basis.root));
	return basis;
}

/* A trustee's part, and what it points to. */
struct s_part {
	Cdr__Wire__SampleShare message;
	uint8_t point[CDR_POINT_LEN], proof[CDR_PROOF_LEN], public_share[CDR_POINT_LEN];
};

static inline void
s_part(const struct sample_world *w, const struct cdr_sample_basis *basis, uint32_t trustee, struct s_part *part)
{
	struct cdr_points *points;
	uint8_t random[CDR_SCALAR_LEN];

	assert_int_equal(cdr_sample_point(basis, w->genesis, &points), CDR_OK);
	assert_int_equal(cdr_scalar_random(random), CDR_OK);
	assert_int_equal(cdr_oprf_evaluate(w->share[trustee - 1], points, random, part->point, part->proof), CDR_OK);
	cdr_points_free(points);
	part->message = (Cdr__Wire__SampleShare)CDR__WIRE__SAMPLE_SHARE__INIT;
	part->message.trustee = trustee;
	memcpy(part->public_share, w->public_share[trustee - 1], sizeof(part->public_share));
	part->message.public_share = cdr_message_field(part->public_share, sizeof(part->public_share));
	part->message.point = cdr_message_field(part->point, sizeof(part->point));
	part->message.proof = cdr_message_field(part->proof, sizeof(part->proof));
}

/* The lot that these trustees make, encoded. */
static inline void
s_lot(const struct sample_world *w, const struct cdr_sample_basis *basis, const uint32_t *trustee, size_t count,
    struct cdr_buffer *bytes)
{
	Cdr__Wire__Sample message = CDR__WIRE__SAMPLE__INIT;
	Cdr__Wire__SampleBasis body = cdr_sample_basis_message(basis);
	struct s_part part[TRUSTEES];
	Cdr__Wire__SampleShare *at[TRUSTEES];

	for (size_t i = 0; i < count; i++) {
		s_part(w, basis, trustee[i], &part[i]);
		at[i] = &part[i].message;
	}
	message.basis = &body;
	message.share = at;
	message.n_share = count;
	assert_int_equal(cdr_message_encode(&message.base, bytes), CDR_OK);
}

/* A lot that holds, by three of the five. */
static inline struct cdr_sample
s_sample(const struct sample_world *w, uint64_t number, uint64_t from, uint64_t size)
{
	const struct cdr_sample_basis basis = s_basis(number, from, size);
	struct cdr_buffer bytes;
	struct cdr_sample sample;

	s_lot(w, &basis, (const uint32_t[]){ 1, 3, 4 }, 3, &bytes);
	assert_int_equal(cdr_sample_read(cdr_buffer_bytes(&bytes), w->genesis, w->roster, &sample, NULL), CDR_OK);
	cdr_buffer_free(&bytes);
	return sample;
}

/* ---- an evaluation and its opening ------------------------------------------------------------------------------ */

#define S_POINTS_MAX 256

struct s_opening {
	Cdr__Wire__Opening message;
	struct cdr_buffer request, leaf;
	uint8_t salt[CDR_LEAF_SALT_LEN], hash[CDR_SHA256_LEN];
	uint8_t points[S_POINTS_MAX * CDR_POINT_LEN], blinds[S_POINTS_MAX * CDR_SCALAR_LEN];
	uint8_t filler_bytes[64][CDR_SHA256_LEN];
	ProtobufCBinaryData filler[64];
	uint8_t person[CDR_PERSON_PACK_MAX], record[CDR_ID_LEN];
	size_t point_count;
};

static inline struct cdr_person
s_person(const char *given, const char *family)
{
	struct cdr_person person = { .birth = { 1981, 4, 2, CDR_PRECISION_DAY }, .document_count = 1 };

	(void)snprintf(person.given_names, sizeof(person.given_names), "%s", given);
	(void)snprintf(person.family_names, sizeof(person.family_names), "%s", family);
	(void)snprintf(person.document[0].type, sizeof(person.document[0].type), "passport");
	(void)snprintf(person.document[0].country, sizeof(person.document[0].country), "KEN");
	(void)snprintf(person.document[0].number, sizeof(person.document[0].number), "FX%05zu", strlen(given) * 1000 + strlen(family));
	return person;
}

static inline void
s_blind(struct s_opening *o, const uint8_t *input, size_t len)
{
	uint8_t *blind = o->blinds + o->point_count * CDR_SCALAR_LEN;

	assert_true(o->point_count < S_POINTS_MAX);
	assert_int_equal(cdr_scalar_random(blind), CDR_OK);
	assert_int_equal(cdr_oprf_blind(input, len, blind, o->points + o->point_count++ * CDR_POINT_LEN), CDR_OK);
}

/* The tokens of one person behind the points that are there; how many. */
static inline size_t
s_add_person(const struct sample_world *w, struct s_opening *o, const struct cdr_person *person)
{
	struct cdr_token_set set;

	assert_int_equal(cdr_token_derive(person, &w->scheme, &set, NULL), CDR_OK);
	for (size_t i = 0; i < set.count; i++)
		s_blind(o, set.token[i].input, set.token[i].input_len);
	return set.count;
}

/* Request, points and leaf of what was blinded, as the member and the hub made them. */
static inline void
s_sign(struct s_opening *o, const char *purpose)
{
	static char id[] = "blue-harbour";
	char text[16];
	Cdr__Wire__EvaluateRequest request = CDR__WIRE__EVALUATE_REQUEST__INIT;
	struct cdr_leaf leaf = { .kind = CDR_LEAF_EVALUATION, .at = 1772323200 };
	struct cdr_bytes points = { o->points, o->point_count * CDR_POINT_LEN };

	(void)snprintf(text, sizeof(text), "%s", purpose);
	cdr_buffer_free(&o->request);
	cdr_buffer_free(&o->leaf);
	assert_int_equal(cdr_sha256(&points, 1, o->hash), CDR_OK);
	request.member = id;
	request.sequence = 5;
	request.epoch = 1;
	request.purpose = text;
	request.point_count = (uint32_t)o->point_count;
	request.points_hash = cdr_message_field(o->hash, sizeof(o->hash));
	assert_int_equal(cdr_message_encode(&request.base, &o->request), CDR_OK);
	struct cdr_bytes body = cdr_buffer_bytes(&o->request);
	cdr_leaf_member_add(&leaf, id);
	cdr_leaf_number_add(&leaf, 5);
	cdr_leaf_number_add(&leaf, 1);
	cdr_leaf_number_add(&leaf, strcmp(purpose, "import") == 0 ? CDR_LEAF_PURPOSE_IMPORT : CDR_LEAF_PURPOSE_CHECK);
	cdr_leaf_number_add(&leaf, o->point_count);
	assert_int_equal(cdr_leaf_content(leaf.kind, &body, 1, leaf.content), CDR_OK);
	assert_int_equal(cdr_leaf_encode(&leaf, &o->leaf), CDR_OK);
	o->message.request = cdr_message_field(o->request.data, o->request.len);
	o->message.leaf = cdr_message_field(o->leaf.data, o->leaf.len);
	o->message.salt = cdr_message_field(o->salt, sizeof(o->salt));
	o->message.points = cdr_message_field(o->points, points.len);
}

static inline void
s_name(struct s_opening *o, const struct cdr_person *person)
{
	struct cdr_person kept;
	size_t len;

	cdr_query_opening_person(person, &kept);
	assert_int_equal(cdr_person_pack(&kept, o->person, &len), CDR_OK);
	o->message.person = cdr_message_field(o->person, len);
}

/* An honest opening of a check of ${person}. */
static inline void
s_check(const struct sample_world *w, const struct cdr_person *person, uint64_t position, struct s_opening *o)
{
	static char basis[] = "consent", notified[] = "job_advert";

	*o = (struct s_opening){ .message = CDR__WIRE__OPENING__INIT, .salt = { 5 } };
	size_t tokens = s_add_person(w, o, person), all = cdr_token_padded(tokens);
	for (size_t i = tokens; i < all; i++) {
		memset(o->filler_bytes[i - tokens], (int)i, CDR_SHA256_LEN);
		o->filler[i - tokens] = cdr_message_field(o->filler_bytes[i - tokens], CDR_SHA256_LEN);
		s_blind(o, o->filler_bytes[i - tokens], CDR_SHA256_LEN);
	}
	s_sign(o, "check");
	s_name(o, person);
	o->message.sample = 1;
	o->message.position = position;
	o->message.blinds = cdr_message_field(o->blinds, all * CDR_SCALAR_LEN);
	o->message.filler = o->filler;
	o->message.n_filler = all - tokens;
	o->message.record = cdr_message_field(o->record, sizeof(o->record));
	o->message.legal_basis = basis;
	o->message.notified = notified;
}

/* An honest opening of an import of three people, of which a point of the second was drawn. */
static inline void
s_import(const struct sample_world *w, const struct cdr_person *person, uint64_t position, struct s_opening *o)
{
	static char number[] = "E-0815", from[] = "2019-01-01", to[] = "2024-06-30", type[] = "staff";
	const struct cdr_person first = s_person("Firsta", "Nobodi"), last = s_person("Lastma", "Nowhereman");

	*o = (struct s_opening){ .message = CDR__WIRE__OPENING__INIT, .salt = { 5 } };
	size_t before = s_add_person(w, o, &first), tokens = s_add_person(w, o, person);
	(void)s_add_person(w, o, &last);
	s_sign(o, "import");
	s_name(o, person);
	o->message.sample = 1;
	o->message.position = position;
	o->message.point = (uint32_t)before + 2;
	o->message.first = (uint32_t)before;
	o->message.blinds = cdr_message_field(o->blinds + before * CDR_SCALAR_LEN, tokens * CDR_SCALAR_LEN);
	o->message.record = cdr_message_field(o->record, sizeof(o->record));
	o->message.employee_number = number;
	o->message.employed_from = from;
	o->message.employed_to = to;
	o->message.engagement_type = type;
}

static inline void
s_opening_free(struct s_opening *o)
{
	cdr_buffer_free(&o->request);
	cdr_buffer_free(&o->leaf);
}

#endif
