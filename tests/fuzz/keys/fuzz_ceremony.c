/*
 * A trustee in a ceremony whose hub and whose four fellows may say anything. An input is a list of
 *
 *     kind 1, sender 1, round 1, length 2 (big-endian), data
 *
 * kind 0: what that sender says in that round of an honest ceremony
 * kind 1: the same with data: an offset of 2 bytes, then bytes that are added to those there; signed by the sender
 * kind 2: data, signed by the sender
 * kind 3: data as it is, unsigned
 *
 * Properties: an honest trustee is never named by itself; it never says two things in one round, also after having been
 * killed; a ceremony that is done has the key of the honest one, for no other has five certificates.
 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <string.h>

/* The trustees of the unit tests, with plain assertions in place of cmocka's. */
#include "tests/unit/plain.h"
#include "tests/unit/keys/ceremony_world.h"

#define MESSAGES_MAX 48
#define OWN 1

static struct world *w;
/* What everybody says if nobody lies: bodies, by round and trustee. */
static struct cdr_buffer honest[CDR_CEREMONY_CERTIFICATE + 1][N + 1];
static struct cdr_dkg_key honest_key;

static void
stop(void)
{
	for (uint32_t round = 1; round <= CDR_CEREMONY_CERTIFICATE; round++) {
		for (uint32_t i = 1; i <= N; i++)
			cdr_buffer_free(&honest[round][i]);
	}
	world_free(w);
}

static struct cdr_bytes
own_body(uint32_t round, uint32_t i)
{
	return cdr_ceremony_body(&cdr_ceremony_slot_peek(w->trustee[i].ceremony, round, i)->version[0]);
}

static void
give(struct cdr_ceremony *to, const struct cdr_ceremony *from, uint32_t round)
{
	struct cdr_buffer bytes;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__CeremonyMessage *message;

	assert(cdr_ceremony_own(from, round, &bytes) == CDR_OK);
	assert(cdr_message_decode(&arena, &cdr__wire__ceremony_message__descriptor, cdr_buffer_bytes(&bytes), &message) ==
	    CDR_OK);
	assert(cdr_ceremony_take(to, message) == CDR_OK);
	cdr_arena_free(&arena);
	cdr_buffer_free(&bytes);
}

/* One honest ceremony, round by round. */
static void
rehearse(void)
{
	uint8_t transcript[CDR_ROSTER_HASH_LEN], share[CDR_SCALAR_LEN];

	for (uint32_t round = 1; round <= CDR_CEREMONY_CERTIFICATE; round++) {
		for (uint32_t i = 1; i <= N; i++)
			assert(cdr_ceremony_step(w->trustee[i].ceremony) == CDR_OK);
		for (uint32_t i = 1; i <= N; i++) {
			assert(cdr_buffer_copy(own_body(round, i), &honest[round][i]) == CDR_OK);
			for (uint32_t k = 1; k <= N; k++)
				give(w->trustee[k].ceremony, w->trustee[i].ceremony, round);
		}
	}
	assert(cdr_ceremony_step(w->trustee[OWN].ceremony) == CDR_OK);
	assert(cdr_ceremony_result(w->trustee[OWN].ceremony, &honest_key, transcript, share) == CDR_OK);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	assert(cdr_secret_start(NULL) == CDR_OK);
	w = world_new();
	rehearse();
	(void)atexit(stop);
	return 0;
}

static void
take(struct cdr_ceremony *c, uint32_t round, uint32_t from, struct cdr_bytes content)
{
	Cdr__Wire__CeremonyMessage message = CDR__WIRE__CEREMONY_MESSAGE__INIT;

	message.ceremony = cdr_message_field(cdr_ceremony_id_peek(c), CDR_CEREMONY_ID_LEN);
	message.round = round;
	message.from = from;
	message.content = cdr_message_field(content.data, content.len);
	assert(cdr_ceremony_take(c, &message) == CDR_OK);
}

/* Sign with the sender's key, in a ceremony of its own that is emptied again. */
static void
take_signed(struct cdr_ceremony *c, uint32_t round, uint32_t from, struct cdr_bytes body)
{
	struct cdr_ceremony *puppet = start(w, from);
	struct cdr_ceremony_slot *slot = cdr_ceremony_slot(puppet, round, from);

	assert(cdr_ceremony_say(puppet, round, body) == CDR_OK);
	take(c, round, from, cdr_buffer_bytes(&slot->version[0].content));
	cdr_ceremony_free(puppet);
}

static void
take_changed(struct cdr_ceremony *c, uint32_t round, uint32_t from, const uint8_t *data, size_t len)
{
	const struct cdr_buffer *true_one = &honest[round][from];
	uint8_t body[4096];
	size_t at = len >= 2 ? ((size_t)data[0] << 8 | data[1]) % true_one->len : 0;

	assert(true_one->len <= sizeof(body));
	memcpy(body, true_one->data, true_one->len);
	for (size_t i = 2; i < len && at < true_one->len; i++, at++)
		body[at] ^= data[i];
	take_signed(c, round, from, (struct cdr_bytes){ body, true_one->len });
}

/* One element of the input. Trustee 1's own words come from itself alone. */
static void
take_element(struct cdr_ceremony *c, const uint8_t *head, const uint8_t *data, size_t len)
{
	uint32_t from = head[1] % (N - 1) + 2u, round = head[2] % CDR_CEREMONY_ROUND_COUNT + 1u;
	bool has_model = round <= CDR_CEREMONY_CERTIFICATE;

	if (head[0] % 4 == 3)
		take(c, round, head[1] % (N + 1), (struct cdr_bytes){ data, len });
	else if (head[0] % 4 == 2 || !has_model)
		take_signed(c, round, from, (struct cdr_bytes){ data, len });
	else if (head[0] % 4 == 1)
		take_changed(c, round, from, data, len);
	else
		take_signed(c, round, from, cdr_buffer_bytes(&honest[round][from]));
}

static void
check_state(struct cdr_ceremony *c)
{
	size_t count;
	const struct cdr_ceremony_finding *finding = cdr_ceremony_findings(c, &count);
	struct cdr_ceremony_finding waiting[CDR_CEREMONY_FINDING_COUNT_MAX];
	struct cdr_dkg_key key;
	uint8_t transcript[CDR_ROSTER_HASH_LEN], share[CDR_SCALAR_LEN];
	char text[CDR_FAULT_LEN];

	assert((cdr_ceremony_state(c) == CDR_CEREMONY_FAILED) == (count > 0));
	for (size_t i = 0; i < count; i++) {
		assert(finding[i].trustee >= 1 && finding[i].trustee <= N && finding[i].trustee != OWN);
		cdr_ceremony_finding_write(c, &finding[i], text, sizeof(text));
	}
	assert(cdr_ceremony_waiting(c, waiting) <= N);
	for (uint32_t round = 1; round <= CDR_CEREMONY_ROUND_COUNT; round++)
		assert(cdr_ceremony_slot_peek(c, round, OWN)->count <= 1);
	if (cdr_ceremony_state(c) == CDR_CEREMONY_DONE) {
		assert(cdr_ceremony_result(c, &key, transcript, share) == CDR_OK);
		assert(memcmp(&key, &honest_key, sizeof(key)) == 0);
	}
}

/* Killed and started again: the same state, and the same words. */
static void
check_restart(const struct cdr_ceremony *c)
{
	struct cdr_ceremony *again = start(w, OWN);
	struct cdr_buffer saved;

	assert(cdr_ceremony_save(c, &saved) == CDR_OK);
	assert(cdr_ceremony_load(again, cdr_buffer_bytes(&saved)) == CDR_OK);
	assert(cdr_ceremony_step(again) == CDR_OK);
	assert(cdr_ceremony_state(again) == cdr_ceremony_state(c));
	for (uint32_t round = 1; round <= CDR_CEREMONY_ROUND_COUNT; round++) {
		const struct cdr_ceremony_slot *a = cdr_ceremony_slot_peek(c, round, OWN);
		const struct cdr_ceremony_slot *b = cdr_ceremony_slot_peek(again, round, OWN);

		assert(a->count == b->count);
		assert(a->count == 0 || memcmp(a->version[0].digest, b->version[0].digest, CDR_CEREMONY_DIGEST_LEN) == 0);
	}
	cdr_buffer_free(&saved);
	cdr_ceremony_free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_ceremony *c = start(w, OWN);
	size_t at = 0;

	assert(cdr_ceremony_step(c) == CDR_OK);
	for (int i = 0; i < MESSAGES_MAX && len - at >= 5; i++) {
		size_t data_len = (size_t)data[at + 3] << 8 | data[at + 4];

		if (data_len > len - at - 5)
			data_len = len - at - 5;
		take_element(c, data + at, data + at + 5, data_len);
		assert(cdr_ceremony_step(c) == CDR_OK);
		check_state(c);
		at += 5 + data_len;
	}
	check_restart(c);
	cdr_ceremony_free(c);
	return 0;
}
