#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/noise.h"
#include "core/crypto/secret.h"
#include "proto/tally.h"

#define PROOF_LABEL "candor/1 opening"
#define NOISE_LABEL "candor/1 noise"
#define NOISE_CELLS 4096 /* numbers with one proof: as many bits as a proof can have */
#define NOISE_MIDDLE (1 << (CDR_ROUND_NOISE_BITS - 1))

/* ---- contexts --------------------------------------------------------------------------------------------------- */

/* What a proof of decryption is for: PROOF_LABEL, then a hash of kind, of what was agreed before, of a number and of ${more}. */
struct proof_context {
	uint8_t bytes[sizeof(PROOF_LABEL) + CDR_SHA256_LEN];
};

static cdr_err
proof_context(const char *kind, const uint8_t *agreed, uint32_t number, struct cdr_bytes more, struct proof_context *context)
{
	uint8_t bytes[4];
	const struct cdr_bytes parts[] = {
		{ (const uint8_t *)kind, strlen(kind) + 1 }, { agreed, CDR_ROUND_HASH_LEN }, { bytes, sizeof(bytes) }, more
	};

	cdr_number_write(number, bytes, 4);
	memcpy(context->bytes, PROOF_LABEL, sizeof(PROOF_LABEL));
	return cdr_sha256(parts, 4, context->bytes + sizeof(PROOF_LABEL));
}

/* The sums of flags are those of the list, which holds their hash. */
static cdr_err
flags_context(const struct cdr_close *close, size_t start, struct proof_context *context)
{
	return proof_context("flags", close->hash, (uint32_t)start, (struct cdr_bytes){ NULL, 0 }, context);
}

/* The whole ciphertext of a count: the decryption itself only touches its first half. */
static cdr_err
count_context(const uint8_t *set_hash, uint32_t cell, const uint8_t *cipher, struct proof_context *context)
{
	return proof_context("count", set_hash, cell, (struct cdr_bytes){ cipher, CDR_CIPHER_LEN }, context);
}

static struct cdr_bytes
context_bytes(const struct proof_context *context)
{
	return (struct cdr_bytes){ context->bytes, sizeof(context->bytes) };
}

/* The range proof of some of a trustee's noise is bound to round, contributions, trustee and place. */
struct noise_context {
	uint8_t bytes[sizeof(NOISE_LABEL) + CDR_ROUND_HASH_LEN + 8];
};

static struct cdr_bytes
noise_context(const struct cdr_close *close, uint32_t trustee, size_t start, struct noise_context *context)
{
	uint8_t *at = context->bytes;

	memcpy(at, NOISE_LABEL, sizeof(NOISE_LABEL));
	memcpy(at + sizeof(NOISE_LABEL), close->hash, CDR_ROUND_HASH_LEN);
	cdr_number_write(trustee, at + sizeof(NOISE_LABEL) + CDR_ROUND_HASH_LEN, 4);
	cdr_number_write((uint32_t)start, at + sizeof(NOISE_LABEL) + CDR_ROUND_HASH_LEN + 4, 4);
	return (struct cdr_bytes){ context->bytes, sizeof(context->bytes) };
}

static const uint8_t noise_bits[NOISE_CELLS] = { [0 ... NOISE_CELLS - 1] = CDR_ROUND_NOISE_BITS };

static struct cdr_range_layout
noise_layout(const struct cdr_round *round, size_t start)
{
	size_t left = round->cell_count - start;

	return (struct cdr_range_layout){ .count = left < NOISE_CELLS ? left : NOISE_CELLS, .bits = noise_bits };
}

/* The lengths of the parts of a first answer. */
static size_t
flags_len(const struct cdr_round *round)
{
	return round->cell_count * CDR_POINT_LEN +
	    (round->cell_count + CDR_PROOF_BATCH_MAX - 1) / CDR_PROOF_BATCH_MAX * CDR_PROOF_LEN;
}

static size_t
noise_len(const struct cdr_round *round)
{
	size_t len = 0;

	for (size_t start = 0; round->body->has_epsilon_milli && start < round->cell_count; start += NOISE_CELLS) {
		const struct cdr_range_layout layout = noise_layout(round, start);
		len += cdr_range_packed_len(&layout);
	}
	return len;
}

/* ---- the first answer ------------------------------------------------------------------------------------------- */

/* Our part in opening the flags, ${out} as long as flags_len says. */
static cdr_err
make_flags(const struct cdr_tally_world *world, const struct cdr_close *close, struct cdr_bytes sums,
    const struct cdr_opener *opener, uint8_t *out)
{
	cdr_err err = CDR_E_INTERNAL;
	size_t cells = world->round->cell_count;
	uint8_t random[CDR_SCALAR_LEN], *proof = out + cells * CDR_POINT_LEN;
	struct proof_context context;

	for (size_t start = 0; start < cells; start += CDR_PROOF_BATCH_MAX, proof += CDR_PROOF_LEN) {
		size_t some = cells - start < CDR_PROOF_BATCH_MAX ? cells - start : CDR_PROOF_BATCH_MAX;
		CDR_TRY(flags_context(close, start, &context));
		CDR_TRY(cdr_scalar_random(random));
		CDR_TRY(cdr_elgamal_partial(context_bytes(&context), opener->share, sums.data + (cells + start) * CDR_CIPHER_LEN,
		    some, random, out + start * CDR_POINT_LEN, proof));
	}
	err = CDR_OK;
out:
	cdr_wipe(random, sizeof(random));
	return err;
}

/* Draw and encrypt the noise of every count. */
static cdr_err
make_noise(const struct cdr_tally_world *world, const struct cdr_close *close, const struct cdr_elgamal *key,
    uint32_t trustee, uint8_t *out)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t seed[CDR_NOISE_SEED_LEN];
	struct cdr_noise noise = { .left = 0 };
	uint32_t *values = cdr_wiping_alloc(NOISE_CELLS * sizeof(*values));
	struct noise_context context;
	int32_t drawn = 0;

	if (values == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_random(seed, sizeof(seed)));
	cdr_noise_init(&noise, seed);
	for (size_t start = 0; start < world->round->cell_count; start += NOISE_CELLS) {
		const struct cdr_range_layout layout = noise_layout(world->round, start);
		for (size_t i = 0; i < layout.count; i++) {
			CDR_TRY(cdr_noise_draw(&noise, world->round->body->epsilon_milli, 1000, NOISE_MIDDLE - 1, &drawn));
			values[i] = (uint32_t)(NOISE_MIDDLE + drawn);
		}
		CDR_TRY(cdr_random(seed, sizeof(seed)));
		CDR_TRY(cdr_range_encrypt(key, noise_context(close, trustee, start, &context), &layout, values, seed, out));
		out += cdr_range_packed_len(&layout);
	}
	err = CDR_OK;
out:
	cdr_noise_wipe(&noise);
	cdr_wipe(seed, sizeof(seed));
	cdr_wipe(&drawn, sizeof(drawn));
	cdr_wiping_free(values);
	return err;
}

/* see proto/tally.h */
cdr_err
cdr_first_make(const struct cdr_tally_world *world, const struct cdr_close *close, struct cdr_bytes sums,
    const struct cdr_elgamal *key, const struct cdr_opener *opener, struct cdr_buffer *attachment)
{
	cdr_err err = CDR_E_INTERNAL;
	size_t flags = flags_len(world->round), noise = noise_len(world->round);

	*attachment = (struct cdr_buffer){ .data = malloc(flags + noise), .len = flags + noise };
	if (attachment->data == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(make_flags(world, close, sums, opener, attachment->data));
	if (noise > 0)
		CDR_TRY(make_noise(world, close, key, opener->index, attachment->data + flags));
out:
	if (err != CDR_OK)
		cdr_buffer_free(attachment);
	return err;
}

/* see proto/tally.h */
void
cdr_answer_free(struct cdr_answer_read *answer)
{
	cdr_envelope_free(&answer->envelope);
	cdr_arena_free(&answer->arena);
	cdr_buffer_free(&answer->noise);
	*answer = (struct cdr_answer_read){ 0 };
}

/* The trustee that a signer's name stands for: "trustee/3"; NULL for nobody. */
static const Cdr__Wire__Trustee *
find_trustee(const struct cdr_roster *roster, const char *signer)
{
	char name[CDR_SIGNER_LEN_MAX + 1];

	for (size_t i = 0; i < roster->body->n_trustee; i++) {
		(void)snprintf(name, sizeof(name), "trustee/%" PRIu32, roster->body->trustee[i]->index);
		if (strcmp(name, signer) == 0)
			return roster->body->trustee[i];
	}
	return NULL;
}

/* Read an answer; nothing of it is believed yet. */
static cdr_err
answer_read(struct cdr_bytes request, const ProtobufCMessageDescriptor *type, struct cdr_answer_read *answer, void *body,
    struct cdr_fault *fault)
{
	cdr_err err = cdr_sha256(&request, 1, answer->hash);

	if (err != CDR_OK)
		return err;
	err = cdr_envelope_open(request, &answer->envelope);
	if (err == CDR_OK)
		err = cdr_message_decode(&answer->arena, type, answer->envelope.body, body);
	return err == CDR_OK ? err : cdr_fault_set(fault, err, "a trustee's answer cannot be read");
}

/* Check the signature of an answer to ${path}, made with the shares of the roster of that version. */
static cdr_err
answer_check(const struct cdr_tally_world *world, const char *path, uint64_t version, struct cdr_answer_read *answer,
    struct cdr_fault *fault)
{
	if (version < world->roster->body->version)
		return cdr_fault_set(fault, CDR_E_INPUT, "an answer of %s was made by an older roster than the round was closed by",
		    answer->envelope.signer);
	cdr_err err = cdr_round_roster(world, version, &answer->roster, fault);
	if (err != CDR_OK)
		return err;
	const Cdr__Wire__Trustee *trustee = find_trustee(answer->roster, answer->envelope.signer);
	if (trustee == NULL)
		return cdr_fault_set(fault, CDR_E_ABSENT, "an answer is signed by %s, which is no trustee", answer->envelope.signer);
	answer->trustee = trustee->index;
	if (cdr_envelope_verify_request(&answer->envelope, trustee->party->signing_key.data, world->genesis, path) != CDR_OK)
		return cdr_fault_set(fault, CDR_E_SIGNATURE, "what is said to be an answer of trustee %" PRIu32 " is not signed by it",
		    trustee->index);
	return CDR_OK;
}

static bool
equal(ProtobufCBinaryData field, const uint8_t *hash)
{
	return field.len == CDR_SHA256_LEN && memcmp(field.data, hash, CDR_SHA256_LEN) == 0;
}

/* Whether the attachment is the one that was signed, of the length that it must have. */
static cdr_err
check_attachment(const struct cdr_answer_read *answer, ProtobufCBinaryData hash, size_t len, struct cdr_fault *fault)
{
	uint8_t digest[CDR_SHA256_LEN];
	cdr_err err = cdr_sha256(&answer->envelope.attachment, 1, digest);

	if (err != CDR_OK)
		return err;
	if (!equal(hash, digest) || answer->envelope.attachment.len != len)
		return cdr_fault_set(fault, CDR_E_INPUT, "the answer of trustee %" PRIu32 " has another length than it must, or is not what "
		    "it signed", answer->trustee);
	return CDR_OK;
}

/* The key against which this trustee's proofs are checked. */
static cdr_err
public_share(const struct cdr_tally_world *world, const struct cdr_answer_read *answer, const uint8_t **share)
{
	const Cdr__Wire__StatisticsKey *key = cdr_roster_statistics_key(answer->roster, world->round->body->statistics_key);
	uint32_t trustee = answer->trustee;

	if (key == NULL || trustee < 1 || trustee > key->n_public_share || key->public_share[trustee - 1].len != CDR_POINT_LEN)
		return CDR_E_ABSENT;
	*share = key->public_share[trustee - 1].data;
	return CDR_OK;
}

static cdr_err
verify_flags(const struct cdr_tally_world *world, const struct cdr_close *close, struct cdr_bytes sums,
    const struct cdr_answer_read *answer)
{
	cdr_err err = CDR_E_INTERNAL;
	size_t cells = world->round->cell_count;
	const uint8_t *share, *proof = answer->partials + cells * CDR_POINT_LEN;
	struct proof_context context;

	CDR_TRY(public_share(world, answer, &share));
	for (size_t start = 0; start < cells; start += CDR_PROOF_BATCH_MAX, proof += CDR_PROOF_LEN) {
		size_t some = cells - start < CDR_PROOF_BATCH_MAX ? cells - start : CDR_PROOF_BATCH_MAX;
		CDR_TRY(flags_context(close, start, &context));
		CDR_TRY(cdr_elgamal_partial_verify(context_bytes(&context), share, sums.data + (cells + start) * CDR_CIPHER_LEN, some,
		    answer->partials + start * CDR_POINT_LEN, proof));
	}
	err = CDR_OK;
out:
	return err;
}

/* Verify the noise's range, and keep its ciphertexts. */
static cdr_err
verify_noise(const struct cdr_tally_world *world, const struct cdr_close *close, const struct cdr_elgamal *key,
    const uint8_t *packed, struct cdr_answer_read *answer)
{
	cdr_err err = CDR_E_INTERNAL;
	struct noise_context context;
	size_t cells = world->round->cell_count;

	answer->noise = (struct cdr_buffer){ .data = malloc(cells * CDR_CIPHER_LEN), .len = cells * CDR_CIPHER_LEN };
	if (answer->noise.data == NULL) {
		answer->noise.len = 0;
		return CDR_E_MEMORY;
	}
	for (size_t start = 0; start < cells; start += NOISE_CELLS) {
		const struct cdr_range_layout layout = noise_layout(world->round, start);
		size_t len = cdr_range_packed_len(&layout);
		CDR_TRY(cdr_range_verify(key, noise_context(close, answer->trustee, start, &context), &layout,
		    (struct cdr_bytes){ packed, len }, NULL));
		memcpy(answer->noise.data + start * CDR_CIPHER_LEN, packed, layout.count * CDR_CIPHER_LEN);
		packed += len;
	}
	err = CDR_OK;
out:
	return err;
}

/* see proto/tally.h */
cdr_err
cdr_first_read(const struct cdr_tally_world *world, const struct cdr_close *close, struct cdr_bytes sums,
    const struct cdr_elgamal *key, struct cdr_bytes request, struct cdr_answer_read *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__RoundFirst *body;
	size_t flags = flags_len(world->round), noise = noise_len(world->round);

	*answer = (struct cdr_answer_read){ 0 };
	CDR_TRY(answer_read(request, &cdr__wire__round_first__descriptor, answer, &body, fault));
	CDR_TRY(answer_check(world, CDR_TALLY_FIRST_PATH, body->roster_version, answer, fault));
	if (!equal(body->round, world->round->hash) || !equal(body->close, close->hash))
		return cdr_fault_set(fault, CDR_E_REFUSED, "trustee %" PRIu32 " answers about another list of contributions",
		    answer->trustee);
	CDR_TRY(check_attachment(answer, body->attachment_hash, flags + noise, fault));
	answer->partials = answer->envelope.attachment.data;
	err = verify_flags(world, close, sums, answer);
	if (err == CDR_OK && noise > 0)
		err = verify_noise(world, close, key, answer->envelope.attachment.data + flags, answer);
	if (err != CDR_OK)
		(void)cdr_fault_set(fault, err, "the first answer of trustee %" PRIu32 " does not hold: its part in opening the flags is "
		    "not made with its share, or its noise is out of range", answer->trustee);
out:
	return err;
}

/* ---- what is opened --------------------------------------------------------------------------------------------- */

/* see proto/tally.h */
void
cdr_opening_free(struct cdr_opening *opening)
{
	free(opening->contributors);
	free(opening->open);
	free(opening->cipher);
	*opening = (struct cdr_opening){ 0 };
}

/* The contributors of each cell, and which cells have enough of them. */
static cdr_err
open_flags(const struct cdr_tally_world *world, const struct cdr_close *close, struct cdr_bytes sums,
    const struct cdr_answer_read *first, size_t count, struct cdr_opening *o)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t index[CDR_TRUSTEE_COUNT_MAX];
	const uint8_t *partial[CDR_TRUSTEE_COUNT_MAX];
	int64_t *value = calloc(o->cell_count, sizeof(*value));

	if (value == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < count; i++) {
		index[i] = (uint8_t)first[i].trustee;
		partial[i] = first[i].partials;
	}
	CDR_TRY(cdr_elgamal_recover(index, partial, count, sums.data + world->round->cell_count * CDR_CIPHER_LEN, o->cell_count,
	    0, (int64_t)close->body->members, value));
	for (size_t i = 0; i < o->cell_count; i++) {
		o->contributors[i] = (uint32_t)value[i];
		if (value[i] >= CDR_ROUND_CONTRIBUTORS_MIN)
			o->open[o->open_count++] = (uint32_t)i;
	}
out:
	free(value);
	return err;
}

/* The ciphertexts of the cells that are opened: the sum, and every trustee's noise on it. */
static cdr_err
add_noise(struct cdr_bytes sums, const struct cdr_answer_read *first, size_t count, struct cdr_opening *o)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_cipher_sums *all = NULL;
	struct cdr_ciphers *part = NULL;

	if (o->open_count == 0)
		return CDR_OK;
	CDR_TRY(cdr_cipher_sums_new(o->open_count, &all));
	for (size_t i = 0; i <= count; i++) {
		if (i > 0 && first[i - 1].noise.len == 0)
			continue;
		const uint8_t *from = i == 0 ? sums.data : first[i - 1].noise.data;
		for (size_t c = 0; c < o->open_count; c++)
			memcpy(o->cipher + c * CDR_CIPHER_LEN, from + o->open[c] * (size_t)CDR_CIPHER_LEN, CDR_CIPHER_LEN);
		CDR_TRY(cdr_ciphers_decode(o->cipher, o->open_count, &part));
		CDR_TRY(cdr_cipher_sums_add(all, 0, part));
		cdr_ciphers_free(part);
		part = NULL;
	}
	CDR_TRY(cdr_cipher_sums_encode(all, o->cipher));
out:
	cdr_ciphers_free(part);
	cdr_cipher_sums_free(all);
	return err;
}

/* see proto/tally.h */
cdr_err
cdr_opening_make(const struct cdr_tally_world *world, const struct cdr_close *close, const struct cdr_set *set,
    struct cdr_bytes sums, const struct cdr_answer_read *first, size_t count, struct cdr_opening *opening,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	size_t cells = world->round->cell_count;

	*opening = (struct cdr_opening){ .cell_count = cells };
	if (count != set->body->n_answer)
		return cdr_fault_set(fault, CDR_E_REFUSED, "there are %zu first answers, not %zu", count, set->body->n_answer);
	for (size_t i = 0; i < count; i++) {
		if (first[i].trustee != set->body->answer[i]->trustee || !equal(set->body->answer[i]->hash, first[i].hash))
			return cdr_fault_set(fault, CDR_E_REFUSED, "the first answer of trustee %" PRIu32 " is not the one in the hub's list",
			    set->body->answer[i]->trustee);
		if (!cdr_round_same_sharing(world->round, first[i].roster, set->roster))
			return cdr_fault_set(fault, CDR_E_REFUSED, "the first answer of trustee %" PRIu32 " was made with a share that does not go "
			    "with those of the others", set->body->answer[i]->trustee);
	}
	opening->contributors = calloc(cells, sizeof(*opening->contributors));
	opening->open = calloc(cells, sizeof(*opening->open));
	opening->cipher = calloc(cells, CDR_CIPHER_LEN);
	if (opening->contributors == NULL || opening->open == NULL || opening->cipher == NULL)
		return CDR_E_MEMORY;
	opening->noises = world->round->body->has_epsilon_milli ? count : 0;
	err = open_flags(world, close, sums, first, count, opening);
	if (err == CDR_E_ABSENT)
		(void)cdr_fault_set(fault, err, "a number of contributors is larger than that of the members who contributed");
	if (err == CDR_OK)
		err = add_noise(sums, first, count, opening);
	return err;
}

/* ---- the second answer ------------------------------------------------------------------------------------------ */

/* see proto/tally.h */
cdr_err
cdr_second_make(const struct cdr_tally_world *world, const struct cdr_set *set, const struct cdr_opening *opening,
    const struct cdr_opener *opener, struct cdr_buffer *attachment)
{
	cdr_err err = CDR_E_INTERNAL;
	size_t len = opening->open_count * CDR_SECOND_CELL_LEN;
	uint8_t random[CDR_SCALAR_LEN];
	struct proof_context context;

	(void)world;
	*attachment = (struct cdr_buffer){ .data = malloc(len + 1), .len = len };
	if (attachment->data == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < opening->open_count; i++) {
		uint8_t *at = attachment->data + i * CDR_SECOND_CELL_LEN;
		CDR_TRY(count_context(set->hash, opening->open[i], opening->cipher + i * CDR_CIPHER_LEN, &context));
		CDR_TRY(cdr_scalar_random(random));
		CDR_TRY(cdr_elgamal_partial(context_bytes(&context), opener->share, opening->cipher + i * CDR_CIPHER_LEN, 1, random,
		    at, at + CDR_POINT_LEN));
	}
	err = CDR_OK;
out:
	cdr_wipe(random, sizeof(random));
	if (err != CDR_OK)
		cdr_buffer_free(attachment);
	return err;
}

/* see proto/tally.h */
cdr_err
cdr_second_cell_verify(const struct cdr_tally_world *world, const uint8_t set_hash[static CDR_ROUND_HASH_LEN],
    uint32_t cell, const uint8_t *cipher, const struct cdr_answer_read *trustee, const uint8_t *partial)
{
	cdr_err err = CDR_E_INTERNAL;
	const uint8_t *share;
	struct proof_context context;

	CDR_TRY(public_share(world, trustee, &share));
	CDR_TRY(count_context(set_hash, cell, cipher, &context));
	CDR_TRY(cdr_elgamal_partial_verify(context_bytes(&context), share, cipher, 1, partial, partial + CDR_POINT_LEN));
out:
	return err;
}

/* see proto/tally.h */
cdr_err
cdr_second_read(const struct cdr_tally_world *world, const struct cdr_close *close, const struct cdr_set *set,
    const struct cdr_opening *opening, struct cdr_bytes request, struct cdr_answer_read *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__RoundSecond *body;

	*answer = (struct cdr_answer_read){ 0 };
	CDR_TRY(answer_read(request, &cdr__wire__round_second__descriptor, answer, &body, fault));
	CDR_TRY(answer_check(world, CDR_TALLY_SECOND_PATH, body->roster_version, answer, fault));
	if (!equal(body->round, world->round->hash) || !equal(body->close, close->hash) || !equal(body->set, set->hash))
		return cdr_fault_set(fault, CDR_E_REFUSED, "trustee %" PRIu32 " answers about another list", answer->trustee);
	CDR_TRY(check_attachment(answer, body->attachment_hash, opening->open_count * CDR_SECOND_CELL_LEN, fault));
	answer->partials = answer->envelope.attachment.data;
	for (size_t i = 0; i < opening->open_count; i++) {
		err = cdr_second_cell_verify(world, set->hash, opening->open[i], opening->cipher + i * CDR_CIPHER_LEN, answer,
		    answer->partials + i * CDR_SECOND_CELL_LEN);
		if (err != CDR_OK)
			return cdr_fault_set(fault, err, "the second answer of trustee %" PRIu32 " does not hold: its part in opening cell %" PRIu32
			    " is not made with its share", answer->trustee, opening->open[i]);
	}
	err = CDR_OK;
out:
	return err;
}

/* ---- totals ----------------------------------------------------------------------------------------------------- */

/* The partial decryptions of one answer, without the proofs between them. */
static uint8_t *
partials_of(const struct cdr_answer_read *answer, size_t count)
{
	uint8_t *out = malloc(count * CDR_POINT_LEN);

	for (size_t i = 0; out != NULL && i < count; i++)
		memcpy(out + i * CDR_POINT_LEN, answer->partials + i * CDR_SECOND_CELL_LEN, CDR_POINT_LEN);
	return out;
}

/* The largest sum that can come out, noise included: what is beyond the span is not looked for. */
static int64_t
largest_sum(const struct cdr_round *round, const struct cdr_close *close, size_t noises)
{
	uint32_t bits = 1;

	for (size_t t = 0; t < round->body->n_table; t++)
		if (round->body->table[t]->bits > bits)
			bits = round->body->table[t]->bits;
	int64_t largest = (int64_t)close->body->members * ((INT64_C(1) << bits) - 1) +
	    (int64_t)noises * ((INT64_C(1) << CDR_ROUND_NOISE_BITS) - 1);
	return largest < CDR_RECOVER_SPAN_MAX ? largest : CDR_RECOVER_SPAN_MAX - 1;
}

/* see proto/tally.h */
cdr_err
cdr_totals_make(const struct cdr_tally_world *world, const struct cdr_close *close, const struct cdr_opening *opening,
    const struct cdr_answer_read *second, size_t count, int32_t *counts, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t index[CDR_TRUSTEE_COUNT_MAX], *part[CDR_TRUSTEE_COUNT_MAX] = { NULL };
	const uint8_t *lent[CDR_TRUSTEE_COUNT_MAX];
	int64_t *value = calloc(opening->open_count + 1, sizeof(*value));

	for (size_t i = 0; i < opening->cell_count; i++)
		counts[i] = CDR_ROUND_COUNT_HIDDEN;
	if (value == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < count; i++) {
		if (second[i].roster->body->threshold != count || !cdr_round_same_sharing(world->round, second[i].roster, second[0].roster)) {
			err = cdr_fault_set(fault, CDR_E_REFUSED, "the second answers were made with shares that do not go together");
			goto out;
		}
	}
	if (opening->open_count == 0) {
		err = CDR_OK;
		goto out;
	}
	for (size_t i = 0; i < count; i++) {
		index[i] = (uint8_t)second[i].trustee;
		lent[i] = part[i] = partials_of(&second[i], opening->open_count);
		if (part[i] == NULL) {
			err = CDR_E_MEMORY;
			goto out;
		}
	}
	err = cdr_elgamal_recover(index, lent, count, opening->cipher, opening->open_count, 0,
	    largest_sum(world->round, close, opening->noises), value);
	if (err != CDR_OK) {
		(void)cdr_fault_set(fault, err, "a sum is larger than it can be");
		goto out;
	}
	for (size_t i = 0; i < opening->open_count; i++)
		counts[opening->open[i]] = (int32_t)(value[i] - (int64_t)opening->noises * NOISE_MIDDLE);
out:
	for (size_t i = 0; i < count; i++)
		free(part[i]);
	free(value);
	return err;
}

/* see proto/tally.h */
cdr_err
cdr_totals_encode(const struct cdr_round *round, const struct cdr_close *close, const struct cdr_opening *opening,
    const int32_t *counts, struct cdr_buffer *out)
{
	cdr_err err = CDR_E_MEMORY;
	size_t tables = round->body->n_table;
	Cdr__Wire__RoundTotals totals = CDR__WIRE__ROUND_TOTALS__INIT;
	Cdr__Wire__TableTotals *table = calloc(tables, sizeof(*table)), **at = calloc(tables, sizeof(*at));
	int64_t *wide = calloc(round->cell_count, sizeof(*wide));

	if (table == NULL || at == NULL || wide == NULL)
		goto out;
	for (size_t i = 0; i < round->cell_count; i++)
		wide[i] = counts[i];
	for (size_t t = 0, start = 0; t < tables; t++) {
		const Cdr__Wire__RoundTable *defined = round->body->table[t];
		table[t] = (Cdr__Wire__TableTotals)CDR__WIRE__TABLE_TOTALS__INIT;
		table[t].id = defined->id;
		table[t].n_contributors = table[t].n_count = defined->cells;
		table[t].contributors = opening->contributors + start;
		table[t].count = wide + start;
		at[t] = &table[t];
		start += defined->cells;
	}
	totals.round = cdr_message_field(round->hash, CDR_ROUND_HASH_LEN);
	totals.members = (uint32_t)close->body->members;
	totals.n_table = tables;
	totals.table = at;
	err = cdr_message_encode(&totals.base, out);
out:
	free(table);
	free(at);
	free(wide);
	return err;
}
