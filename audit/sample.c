#include "audit/sample.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/threshold.h"

#define DAY_S 86400

static const char input_label[] = "candor/1 sample";
static const char lot_label[] = "candor/1 lot";

/* A blind that hides nothing: what is evaluated is public. */
static const uint8_t one[CDR_SCALAR_LEN] = { [CDR_SCALAR_LEN - 1] = 1 };

static const char *const outcomes[CDR_SAMPLE_OUTCOME_COUNT] = {
	[CDR_SAMPLE_ASKED] = "asked",
	[CDR_SAMPLE_OPENED] = "opened",
	[CDR_SAMPLE_FALSE] = "false",
	[CDR_SAMPLE_REFUSED] = "refused",
	[CDR_SAMPLE_LATE] = "late",
	[CDR_SAMPLE_BACKED] = "backed",
	[CDR_SAMPLE_UNBACKED] = "unbacked",
};

static uint8_t *
put_number(uint64_t number, size_t len, uint8_t *out)
{
	cdr_number_write(number, out, len);
	return out + len;
}

/* ---- the basis ---------------------------------------------------------------------------------------------------- */

/* see audit/sample.h */
Cdr__Wire__SampleBasis
cdr_sample_basis_message(const struct cdr_sample_basis *basis)
{
	Cdr__Wire__SampleBasis message = CDR__WIRE__SAMPLE_BASIS__INIT;

	message.number = basis->number;
	message.from = basis->from;
	message.size = basis->size;
	message.root = cdr_message_field(basis->root, sizeof(basis->root));
	message.key = basis->key;
	message.trustees = basis->trustee_count;
	return message;
}

/* see audit/sample.h */
cdr_err
cdr_sample_basis_read(const Cdr__Wire__SampleBasis *message, struct cdr_sample_basis *basis)
{
	*basis = (struct cdr_sample_basis){ 0 };
	if (message->number < 1 || message->number > INT64_MAX || message->from >= message->size ||
	    message->size > CDR_MERKLE_SIZE_MAX || message->root.len != sizeof(basis->root) || message->trustees < 1 ||
	    message->trustees > CDR_TRUSTEE_COUNT_MAX)
		return CDR_E_INPUT;
	basis->number = message->number;
	basis->from = message->from;
	basis->size = message->size;
	memcpy(basis->root, message->root.data, sizeof(basis->root));
	basis->key = message->key;
	basis->trustee_count = message->trustees;
	return CDR_OK;
}

/* see audit/sample.h */
void
cdr_sample_input(const struct cdr_sample_basis *basis, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    uint8_t input[static CDR_SAMPLE_INPUT_LEN])
{
	uint8_t *at = input;

	memcpy(at, input_label, sizeof(input_label));
	at += sizeof(input_label);
	memcpy(at, genesis, CDR_GENESIS_HASH_LEN);
	at += CDR_GENESIS_HASH_LEN;
	at = put_number(basis->number, 8, at);
	at = put_number(basis->from, 8, at);
	at = put_number(basis->size, 8, at);
	memcpy(at, basis->root, sizeof(basis->root));
	at = put_number(basis->key, 4, at + sizeof(basis->root));
	(void)put_number(basis->trustee_count, 4, at);
}

/* ---- a trustee's part --------------------------------------------------------------------------------------------- */

/* see audit/sample.h */
cdr_err
cdr_sample_point(const struct cdr_sample_basis *basis, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    struct cdr_points **points)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t input[CDR_SAMPLE_INPUT_LEN], point[CDR_POINT_LEN];

	*points = NULL;
	cdr_sample_input(basis, genesis, input);
	CDR_TRY(cdr_oprf_blind(input, sizeof(input), one, point));
	CDR_TRY(cdr_points_decode(point, 1, points));
out:
	return err;
}

/* Verify one part against the public share that it names; ${answer} is its point, freed by the caller. */
static cdr_err
verify_share(const struct cdr_points *asked, const Cdr__Wire__SampleShare *share, struct cdr_points **answer)
{
	*answer = NULL;
	if (share->point.len != CDR_POINT_LEN || share->proof.len != CDR_PROOF_LEN || share->public_share.len != CDR_POINT_LEN)
		return CDR_E_INPUT;
	cdr_err err = cdr_points_decode(share->point.data, 1, answer);
	return err != CDR_OK ? err : cdr_oprf_verify(share->public_share.data, asked, *answer, share->proof.data);
}

/* see audit/sample.h */
cdr_err
cdr_sample_share_verify(const struct cdr_sample_basis *basis, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    const struct cdr_roster *roster, const Cdr__Wire__SampleShare *share)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__StatisticsKey *named_key = cdr_roster_statistics_key(roster, basis->key);
	struct cdr_points *asked = NULL, *answer = NULL;

	if (named_key == NULL || share->trustee < 1 || share->trustee > named_key->n_public_share)
		return CDR_E_ABSENT;
	const ProtobufCBinaryData *named = &named_key->public_share[share->trustee - 1];
	if (share->public_share.len != named->len)
		return CDR_E_INPUT;
	if (memcmp(share->public_share.data, named->data, named->len) != 0)
		return CDR_E_PROOF;
	CDR_TRY(cdr_sample_point(basis, genesis, &asked));
	CDR_TRY(verify_share(asked, share, &answer));
out:
	cdr_points_free(answer);
	cdr_points_free(asked);
	return err;
}

/* ---- a whole lot ---------------------------------------------------------------------------------------------------- */

/* Decode; only the one form that an encoder writes is a Sample: it is hashed into the log. */
static cdr_err
decode(struct cdr_bytes bytes, struct cdr_arena *arena, const Cdr__Wire__Sample **message, struct cdr_sample_basis *basis)
{
	cdr_err err = CDR_E_INPUT;
	struct cdr_buffer again = { 0 };

	if (bytes.len > CDR_SAMPLE_LEN_MAX)
		return err;
	CDR_TRY(cdr_message_decode(arena, &cdr__wire__sample__descriptor, bytes, message));
	CDR_TRY(cdr_sample_basis_read((*message)->basis, basis));
	CDR_TRY(cdr_message_encode(&(*message)->base, &again));
	if (again.len != bytes.len || memcmp(again.data, bytes.data, bytes.len) != 0)
		err = CDR_E_INPUT;
out:
	cdr_buffer_free(&again);
	return err;
}

/* see audit/sample.h */
cdr_err
cdr_sample_basis_peek(struct cdr_bytes bytes, struct cdr_sample_basis *basis)
{
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__Sample *message;

	cdr_err err = decode(bytes, &arena, &message, basis);
	cdr_arena_free(&arena);
	return err;
}

/* The parts of a lot, decoded. */
struct parts {
	struct cdr_points *asked, *answer[CDR_TRUSTEE_COUNT_MAX], *share[CDR_TRUSTEE_COUNT_MAX];
	uint8_t index[CDR_TRUSTEE_COUNT_MAX];
	size_t count;
};

static void
parts_free(struct parts *p)
{
	for (size_t i = 0; i < CDR_TRUSTEE_COUNT_MAX; i++) {
		cdr_points_free(p->answer[i]);
		cdr_points_free(p->share[i]);
	}
	cdr_points_free(p->asked);
}

/* Each part was made with what its public share stands for. */
static cdr_err
verify_parts(const Cdr__Wire__Sample *message, struct parts *p)
{
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < message->n_share && err == CDR_OK; i++) {
		const Cdr__Wire__SampleShare *share = message->share[i];
		if (share->trustee > CDR_TRUSTEES_MAX || share->trustee < 1 ||
		    (i > 0 && share->trustee <= message->share[i - 1]->trustee))
			return CDR_E_INPUT;
		p->index[p->count++] = (uint8_t)share->trustee;
		CDR_TRY(verify_share(p->asked, share, &p->answer[i]));
		CDR_TRY(cdr_points_decode(share->public_share.data, 1, &p->share[i]));
	}
out:
	return err;
}

/* The public shares join to the public key: then the answers join to what that key gives. RFC 9497 sec. 3.3.1, Finalize. */
static cdr_err
join(const Cdr__Wire__Sample *message, const uint8_t *genesis, const struct cdr_roster *roster, struct cdr_sample *sample)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__StatisticsKey *named = cdr_roster_statistics_key(roster, sample->basis.key);
	struct parts p = { .count = 0 };
	const struct cdr_points *answer[CDR_TRUSTEE_COUNT_MAX], *share[CDR_TRUSTEE_COUNT_MAX];
	uint8_t input[CDR_SAMPLE_INPUT_LEN], key[CDR_POINT_LEN];

	if (named == NULL)
		return CDR_E_EPOCH;
	if (message->n_share < 1 || message->n_share > CDR_TRUSTEE_COUNT_MAX)
		return CDR_E_INPUT;
	CDR_TRY(cdr_sample_point(&sample->basis, genesis, &p.asked));
	CDR_TRY(verify_parts(message, &p));
	for (size_t i = 0; i < p.count; i++) {
		answer[i] = p.answer[i];
		share[i] = p.share[i];
	}
	CDR_TRY(cdr_threshold_combine(p.index, share, p.count, key));
	if (memcmp(key, named->public_key.data, sizeof(key)) != 0) {
		err = CDR_E_PROOF;
		goto out;
	}
	cdr_sample_input(&sample->basis, genesis, input);
	const struct cdr_bytes inputs = { input, sizeof(input) };
	CDR_TRY(cdr_threshold_finalize(&inputs, one, p.index, answer, p.count, sample->seed));
out:
	parts_free(&p);
	return err;
}

/* see audit/sample.h */
cdr_err
cdr_sample_read(struct cdr_bytes bytes, const uint8_t genesis[static CDR_GENESIS_HASH_LEN], const struct cdr_roster *roster,
    struct cdr_sample *sample, struct cdr_fault *fault)
{
	const Cdr__Wire__Scheme *scheme = roster->body->scheme;
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__Sample *message;

	*sample = (struct cdr_sample){ .checks = scheme->has_sample_checks ? scheme->sample_checks : CDR_SAMPLE_CHECKS,
		.points = scheme->has_sample_points ? scheme->sample_points : CDR_SAMPLE_POINTS };
	cdr_err err = decode(bytes, &arena, &message, &sample->basis);
	if (err == CDR_OK)
		err = join(message, genesis, roster, sample);
	cdr_arena_free(&arena);
	if (err == CDR_OK)
		return CDR_OK;
	*sample = (struct cdr_sample){ 0 };
	if (err == CDR_E_MEMORY || err == CDR_E_INTERNAL)
		return err;
	if (err == CDR_E_INPUT)
		return cdr_fault_set(fault, err, "it is no lot");
	if (err == CDR_E_EPOCH)
		return cdr_fault_set(fault, err, "the lot was made with a statistics key that the roster does not name");
	return cdr_fault_set(fault, CDR_E_PROOF, "the lot was not made with the key that it names");
}

/* see audit/sample.h */
cdr_err
cdr_sample_content(struct cdr_bytes bytes, uint8_t content[static CDR_LEAF_CONTENT_LEN])
{
	return cdr_leaf_content(CDR_LEAF_SAMPLE, &bytes, 1, content);
}

/* ---- drawing ------------------------------------------------------------------------------------------------------- */

/* What a lot is for. */
enum { LOT_LEAF = 1, LOT_POINT = 2, LOT_AUDITOR = 3 };
#define LOT_LEN (sizeof(lot_label) + CDR_SAMPLE_SEED_LEN + 1 + 8 + 4)

/* A number that is uniform and independent for each use, position and point, to whoever does not know the seed. */
static cdr_err
cast(struct cdr_hasher *hasher, const struct cdr_sample *sample, uint8_t use, uint64_t position, uint32_t point, uint64_t *lot)
{
	uint8_t bytes[LOT_LEN], hash[CDR_SHA256_LEN], *at = bytes + sizeof(lot_label);

	memcpy(bytes, lot_label, sizeof(lot_label));
	memcpy(at, sample->seed, sizeof(sample->seed));
	at = put_number(use, 1, at + sizeof(sample->seed));
	at = put_number(position, 8, at);
	(void)put_number(point, 4, at);
	cdr_err err = cdr_hasher_run(hasher, bytes, sizeof(bytes), hash);
	*lot = 0;
	for (size_t i = 0; i < 8; i++)
		*lot = *lot << 8 | hash[i];
	return err;
}

/* Put a drawn point among those with the smallest lots so far. */
static void
keep_smallest(uint32_t point, uint64_t lot, uint32_t *drawn, uint64_t *lots, size_t *count)
{
	size_t at = *count;

	while (at > 0 && lots[at - 1] > lot)
		at--;
	if (at == CDR_SAMPLE_DRAWN_MAX)
		return;
	*count += *count < CDR_SAMPLE_DRAWN_MAX;
	for (size_t i = *count - 1; i > at; i--) {
		drawn[i] = drawn[i - 1];
		lots[i] = lots[i - 1];
	}
	drawn[at] = point;
	lots[at] = lot;
}

/* see audit/sample.h */
cdr_err
cdr_sample_draw(const struct cdr_sample *sample, uint64_t position, uint32_t purpose, uint32_t point_count,
    uint32_t drawn[static CDR_SAMPLE_DRAWN_MAX], size_t *count)
{
	cdr_err err = CDR_OK;
	uint64_t lot, lots[CDR_SAMPLE_DRAWN_MAX] = { 0 };
	bool is_import = purpose == CDR_LEAF_PURPOSE_IMPORT;
	uint32_t candidates = is_import ? point_count : 1;
	uint64_t bound = UINT64_MAX / (is_import ? sample->points : sample->checks);

	*count = 0;
	if (position < sample->basis.from || position >= sample->basis.size)
		return CDR_OK;
	if (point_count > CDR_EVALUATE_POINTS_MAX)
		return CDR_E_RANGE;
	struct cdr_hasher *hasher = cdr_hasher_new();
	if (hasher == NULL)
		return CDR_E_MEMORY;
	for (uint32_t point = 0; point < candidates && err == CDR_OK; point++) {
		err = cast(hasher, sample, is_import ? LOT_POINT : LOT_LEAF, position, point, &lot);
		if (err == CDR_OK && lot <= bound)
			keep_smallest(point, lot, drawn, lots, count);
	}
	cdr_hasher_free(hasher);
	return err;
}

/* see audit/sample.h */
cdr_err
cdr_sample_auditor(const struct cdr_sample *sample, uint64_t position, uint32_t point, uint32_t *auditor)
{
	uint64_t lot = 0;
	struct cdr_hasher *hasher = cdr_hasher_new();

	*auditor = 0;
	if (hasher == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cast(hasher, sample, LOT_AUDITOR, position, point, &lot);
	cdr_hasher_free(hasher);
	if (err == CDR_OK)
		*auditor = 1 + (uint32_t)(lot % sample->basis.trustee_count);
	return err;
}

/* ---- what came of it ------------------------------------------------------------------------------------------------- */

/* see audit/sample.h */
const char *
cdr_sample_outcome_name(enum cdr_sample_outcome outcome)
{
	return (unsigned)outcome < CDR_SAMPLE_OUTCOME_COUNT ? outcomes[outcome] : "";
}

/* see audit/sample.h */
enum cdr_sample_outcome
cdr_sample_outcome_find(const char *name)
{
	int outcome = 0;

	while (outcome < CDR_SAMPLE_OUTCOME_COUNT && strcmp(outcomes[outcome], name) != 0)
		outcome++;
	return (enum cdr_sample_outcome)outcome;
}

/* see audit/sample.h */
uint64_t
cdr_sample_answer_s(const struct cdr_roster *roster)
{
	return (uint64_t)roster->body->scheme->answer_days * DAY_S;
}

/* see audit/sample.h */
cdr_err
cdr_sample_verdict_leaf(const Cdr__Wire__Verdict *verdict, struct cdr_bytes body, uint32_t trustee, struct cdr_leaf *leaf)
{
	enum cdr_sample_outcome outcome = cdr_sample_outcome_find(verdict->outcome);
	bool is_import = strcmp(verdict->purpose, "import") == 0;
	char party[CDR_SIGNER_LEN_MAX + 1];

	*leaf = (struct cdr_leaf){ .kind = is_import ? CDR_LEAF_SAMPLE_ANSWER : CDR_LEAF_QUERY_OPENING };
	if (outcome == CDR_SAMPLE_OUTCOME_COUNT || (!is_import && strcmp(verdict->purpose, "check") != 0))
		return CDR_E_INPUT;
	cdr_leaf_member_add(leaf, verdict->member);
	(void)snprintf(party, sizeof(party), "trustee/%" PRIu32, trustee);
	cdr_leaf_party_add(leaf, party);
	cdr_leaf_number_add(leaf, verdict->sample);
	cdr_leaf_number_add(leaf, verdict->position);
	cdr_leaf_number_add(leaf, verdict->point);
	cdr_leaf_number_add(leaf, outcome);
	return cdr_leaf_content(leaf->kind, &body, 1, leaf->content);
}
