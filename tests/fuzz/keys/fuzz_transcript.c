/*
 * The transcript of a ceremony as somebody exported it, and the key that a roster names. The first byte of the input says which:
 *
 * 0  the rest is a CeremonyTranscript as it stands
 * 1  the honest transcript with the edits of the rest: each `what 1, message 1, offset 2 (big-endian), value 1`
 *    what 0: value is added to the byte at offset of the message's content
 *    what 1: the message is left out      what 2: it stands there twice     what 3: it is said to be value's
 *    what 4: it is said to be of round value   what 5: attempt, number or threshold of the plan changes by value
 *
 * Properties: the honest transcript is accepted; what is accepted has, of everybody, the very key, offer and certificate of the
 * honest one; what is refused says why.
 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <string.h>

/* The trustees of the unit tests, with plain assertions in place of cmocka's. */
#include "tests/unit/plain.h"
#include "tests/unit/keys/ceremony_world.h"

#define EDIT_LEN 5
#define MESSAGES_MAX 64

static struct world *w;
static struct cdr_buffer saved;          /* the messages of an honest ceremony */
static struct cdr_dkg_key made;
static ProtobufCBinaryData public_share[N];
static uint8_t transcript_hash[CDR_ROSTER_HASH_LEN];
static struct cdr_roster_key key;

static void
stop(void)
{
	cdr_buffer_free(&saved);
	world_free(w);
}

/* Everybody's message of each round reaches everybody. */
static void
rehearse(void)
{
	for (uint32_t round = 1; round <= CDR_CEREMONY_CERTIFICATE; round++) {
		for (uint32_t i = 1; i <= N; i++)
			assert(cdr_ceremony_step(w->trustee[i].ceremony) == CDR_OK);
		for (uint32_t i = 1; i <= N; i++) {
			struct cdr_buffer bytes;
			struct cdr_arena arena = { 0 };
			Cdr__Wire__CeremonyMessage *message;

			assert(cdr_ceremony_own(w->trustee[i].ceremony, round, &bytes) == CDR_OK);
			assert(cdr_message_decode(&arena, &cdr__wire__ceremony_message__descriptor, cdr_buffer_bytes(&bytes), &message) ==
			    CDR_OK);
			for (uint32_t k = 1; k <= N; k++)
				assert(cdr_ceremony_take(w->trustee[k].ceremony, message) == CDR_OK);
			cdr_arena_free(&arena);
			cdr_buffer_free(&bytes);
		}
	}
	assert(cdr_ceremony_step(w->trustee[1].ceremony) == CDR_OK);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	uint8_t share[CDR_SCALAR_LEN];

	(void)argc;
	(void)argv;
	assert(cdr_secret_start(NULL) == CDR_OK);
	w = world_new();
	rehearse();
	assert(cdr_ceremony_result(w->trustee[1].ceremony, &made, transcript_hash, share) == CDR_OK);
	assert(cdr_ceremony_save(w->trustee[1].ceremony, &saved) == CDR_OK);
	for (size_t i = 0; i < N; i++)
		public_share[i] = cdr_message_field(made.public_share[i], CDR_POINT_LEN);
	key = (struct cdr_roster_key){ .kind = CDR_KEY_TAGS, .number = 1, .public_key = { made.public_key, CDR_POINT_LEN },
		.public_share = public_share, .share_count = N, .transcript = { transcript_hash, sizeof(transcript_hash) } };
	(void)atexit(stop);
	return 0;
}

/* Whether ${t} has just the honest message of that round and sender. */
static bool
has_honest(const Cdr__Wire__CeremonyTranscript *t, uint32_t round, uint32_t from)
{
	const struct cdr_ceremony_slot *slot = cdr_ceremony_slot_peek(w->trustee[1].ceremony, round, from);
	const struct cdr_bytes body = cdr_ceremony_body(&slot->version[0]);

	for (size_t i = 0; i < t->n_message; i++) {
		const Cdr__Wire__CeremonyMessage *m = t->message[i];
		if (m->round == round && m->from == from && m->content.len == body.len + CDR_SIGNATURE_LEN &&
		    memcmp(m->content.data, body.data, body.len) == 0)
			return true;
	}
	return false;
}

static void
verify(const Cdr__Wire__CeremonyTranscript *t)
{
	static const uint32_t rounds[] = { CDR_CEREMONY_KEY, CDR_CEREMONY_OFFER, CDR_CEREMONY_CERTIFICATE };
	struct cdr_fault fault = { CDR_OK, "" };
	cdr_err err = cdr_ceremony_verify(t, w->roster, w->roster->hash, &key, &fault);

	if (err != CDR_OK) {
		assert(err == CDR_E_REFUSED && fault.text[0] != '\0');
		return;
	}
	for (size_t r = 0; r < sizeof(rounds) / sizeof(rounds[0]); r++) {
		for (uint32_t i = 1; i <= N; i++)
			assert(has_honest(t, rounds[r], i));
	}
}

static void
edit(Cdr__Wire__CeremonyTranscript *t, const uint8_t *e)
{
	size_t at = t->n_message > 0 ? e[1] % t->n_message : 0, offset = (size_t)e[2] << 8 | e[3];
	Cdr__Wire__CeremonyMessage *m = t->n_message > 0 ? t->message[at] : NULL;

	if (e[0] % 6 == 5) {
		uint32_t *fields[] = { &t->plan->attempt, &t->plan->number, &t->plan->threshold };
		*fields[e[1] % 3] += e[4];
	} else if (m == NULL) {
		return;
	} else if (e[0] % 6 == 0 && m->content.len > 0) {
		m->content.data[offset % m->content.len] = (uint8_t)(m->content.data[offset % m->content.len] + e[4]);
	} else if (e[0] % 6 == 1) {
		t->message[at] = t->message[--t->n_message];
	} else if (e[0] % 6 == 2 && t->n_message < MESSAGES_MAX) {
		t->message[t->n_message++] = m;
	} else if (e[0] % 6 == 3) {
		m->from = e[4];
	} else if (e[0] % 6 == 4) {
		m->round = e[4];
	}
}

static void
verify_edited(const uint8_t *data, size_t len)
{
	struct cdr_arena arena = { 0 };
	Cdr__Wire__CeremonyMessages *bag;
	Cdr__Wire__CeremonyMessage *at[MESSAGES_MAX];
	Cdr__Wire__CeremonyPlan plan = w->draft.plan;
	Cdr__Wire__CeremonyTranscript t = CDR__WIRE__CEREMONY_TRANSCRIPT__INIT;

	assert(cdr_message_decode(&arena, &cdr__wire__ceremony_messages__descriptor, cdr_buffer_bytes(&saved), &bag) == CDR_OK);
	assert(bag->n_message <= MESSAGES_MAX);
	memcpy(at, bag->message, bag->n_message * sizeof(at[0]));
	t.plan = &plan;
	t.message = at;
	t.n_message = bag->n_message;
	for (; len >= EDIT_LEN; data += EDIT_LEN, len -= EDIT_LEN)
		edit(&t, data);
	verify(&t);
	cdr_arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__CeremonyTranscript *t;

	if (len == 1 && data[0] == 1) {
		struct cdr_fault fault;
		Cdr__Wire__CeremonyMessages *bag;
		Cdr__Wire__CeremonyTranscript honest = CDR__WIRE__CEREMONY_TRANSCRIPT__INIT;

		assert(cdr_message_decode(&arena, &cdr__wire__ceremony_messages__descriptor, cdr_buffer_bytes(&saved), &bag) == CDR_OK);
		honest.plan = &w->draft.plan;
		honest.message = bag->message;
		honest.n_message = bag->n_message;
		assert(cdr_ceremony_verify(&honest, w->roster, w->roster->hash, &key, &fault) == CDR_OK);
	} else if (len > 0 && data[0] % 2 == 1) {
		verify_edited(data + 1, len - 1);
	} else if (len > 0 && cdr_message_decode(&arena, &cdr__wire__ceremony_transcript__descriptor,
		       (struct cdr_bytes){ data + 1, len - 1 }, &t) == CDR_OK) {
		verify(t);
	}
	cdr_arena_free(&arena);
	return 0;
}
