/*
 * A trustee that cheats where keys are made, changed or handed on, with a real trustee's keys: it is candor-trustee, but for what
 * leaves it. $LIE says how it lies, $LIE_TO to which participant; without $LIE it is honest. The Makefile links it with
 * --wrap=cdr_trustee_ask: every question to the hub goes through here.
 */

#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "node/net/node_options.h"
#include "node/trustee/ceremony.h"
#include "node/trustee/command.h"
#include "proto/ceremony_internal.h"

cdr_err __real_cdr_trustee_ask(const struct cdr_trustee *trustee, const struct cdr_roster *roster, struct cdr_ask *ask);
cdr_err __wrap_cdr_trustee_ask(const struct cdr_trustee *trustee, const struct cdr_roster *roster, struct cdr_ask *ask);

/* What it makes of one of its messages. */
struct twist {
	struct cdr_ceremony *ceremony;
	uint8_t to;
	uint8_t body[CDR_CEREMONY_CONTENT_LEN_MAX]; /* as it would honestly be said */
	size_t len;
};

/* ---- the lies ---------------------------------------------------------------------------------------------------- */

/* The proofs behind an offer, over what it has become. */
static cdr_err
prove(const struct cdr_ceremony *c, uint8_t *offer, size_t len)
{
	static const char label[] = "candor/1 ceremony offer";
	cdr_err err = CDR_E_INTERNAL;
	uint8_t hash[CDR_SHA256_LEN];
	const struct cdr_bytes message = { hash, sizeof(hash) };
	const struct cdr_bytes parts[] = { { (const uint8_t *)label, sizeof(label) }, { c->group.context, CDR_DKG_CONTEXT_LEN },
		{ offer, len } };

	CDR_TRY(cdr_sha256(parts, 3, hash));
	CDR_TRY(cdr_dkg_sign(c->secret->ephemeral, message, offer + len));
	CDR_TRY(cdr_dkg_sign(c->secret->static_secret, message, offer + len + CDR_DKG_SIGNATURE_LEN));
out:
	return err;
}

/* A share that does not agree with the commitments, rightly sealed and proved. */
static cdr_err
other_share(struct twist *t)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_ceremony *c = t->ceremony;
	uint8_t *at = t->body + CDR_CEREMONY_DIGEST_LEN, share[CDR_SCALAR_LEN], shared[CDR_DKG_SHARED_LEN];
	const size_t len = cdr_dkg_offer_len(&c->group);
	struct cdr_dkg_offer offer;
	const struct cdr_dkg_pair pair = { c->index, t->to, offer.ephemeral, shared };

	CDR_TRY(cdr_dkg_offer_read(&c->group, (struct cdr_bytes){ at, len }, &offer));
	CDR_TRY(cdr_group_mul(c->secret->ephemeral, c->group.key[t->to - 1], shared));
	CDR_TRY(cdr_group_mul(c->secret->static_secret, c->group.key[t->to - 1], shared + CDR_POINT_LEN));
	CDR_TRY(cdr_scalar_random(share));
	CDR_TRY(cdr_dkg_seal(&c->group, &pair, (struct cdr_bytes){ share, sizeof(share) }, offer.sealed[t->to - 1]));
	cdr_dkg_offer_write(&c->group, &offer, at);
	CDR_TRY(prove(c, at, len));
out:
	return err;
}

static cdr_err
other_key(struct twist *t)
{
	cdr_err err = cdr_scalar_random(t->ceremony->secret->static_secret);

	return err == CDR_OK ? cdr_ceremony_key_make(t->ceremony, t->body) : err;
}

/* An offer of another polynomial. */
static cdr_err
other_offer(struct twist *t)
{
	struct cdr_ceremony *c = t->ceremony;
	struct cdr_buffer body = { 0 };
	cdr_err err = cdr_scalar_random(c->secret->coefficients[cdr_dkg_commitment_count(&c->group) - 1]);

	if (err == CDR_OK)
		err = cdr_ceremony_offer_make(c, &body);
	if (err == CDR_OK)
		memcpy(t->body, body.data, body.len);
	cdr_buffer_free(&body);
	return err;
}

/* With a true proof, about a share that is right. */
static cdr_err
complaint(struct twist *t)
{
	cdr_err err = cdr_ceremony_complaint_make(t->ceremony, t->to, t->body + t->len);

	t->len += CDR_CEREMONY_COMPLAINT_LEN;
	return err;
}

static cdr_err
other_certificate(struct twist *t)
{
	t->body[t->len - 1] ^= 1;
	return CDR_OK;
}

static const struct {
	const char *name;
	uint32_t round;
	bool is_second;                /* told to one alone, beside what the others are told */
	cdr_err (*tell)(struct twist *twist); /* NULL: from that round on it says nothing */
} lies[] = {
	{ "share", CDR_CEREMONY_OFFER, false, other_share },
	{ "complaint", CDR_CEREMONY_ECHO, false, complaint },
	{ "certificate", CDR_CEREMONY_CERTIFICATE, false, other_certificate },
	{ "two-keys", CDR_CEREMONY_KEY, true, other_key },
	{ "two-offers", CDR_CEREMONY_OFFER, true, other_offer },
	{ "no-key", CDR_CEREMONY_KEY, false, NULL },
	{ "no-offer", CDR_CEREMONY_OFFER, false, NULL },
	{ "no-echo", CDR_CEREMONY_ECHO, false, NULL },
	{ "no-certificate", CDR_CEREMONY_CERTIFICATE, false, NULL },
};
#define LIE_COUNT (sizeof(lies) / sizeof(lies[0]))

/* The lie that is told; LIE_COUNT: none. */
static size_t
find_lie(void)
{
	const char *name = getenv("LIE");
	size_t i = 0;

	while (i < LIE_COUNT && (name == NULL || strcmp(name, lies[i].name) != 0))
		i++;
	return i;
}

/* ---- telling them --------------------------------------------------------------------------------------------------- */

/* The twisted content of ${message}, signed. */
static cdr_err
tell(const struct cdr_trustee *trustee, const Cdr__Wire__CeremonyMessage *message, size_t lie, struct cdr_buffer *content)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *to = getenv("LIE_TO");
	struct twist *t = calloc(1, sizeof(*t));
	struct cdr_trustee_ceremony *run = NULL;
	struct cdr_trustee_ceremony_id id;

	if (t == NULL)
		return CDR_E_MEMORY;
	memcpy(id.bytes, message->ceremony.data, sizeof(id.bytes));
	/* Lent as const here, and the real program's own. */
	CDR_TRY(cdr_trustee_ceremony_resume((struct cdr_trustee *)(uintptr_t)trustee, &id, &run, NULL));
	t->ceremony = run->ceremony;
	t->to = to != NULL ? (uint8_t)strtoul(to, NULL, 10) : 1;
	CDR_TRY(cdr_ceremony_judge(t->ceremony));
	struct cdr_ceremony_slot *slot = cdr_ceremony_slot(t->ceremony, message->round, message->from);
	const struct cdr_bytes honest = cdr_ceremony_body(&slot->version[0]);
	memcpy(t->body, honest.data, honest.len);
	t->len = honest.len;
	CDR_TRY(lies[lie].tell(t));
	CDR_TRY(cdr_ceremony_say(t->ceremony, message->round, (struct cdr_bytes){ t->body, t->len }));
	CDR_TRY(cdr_buffer_copy(cdr_buffer_bytes(&slot->version[1].content), content));
out:
	cdr_trustee_ceremony_end(run);
	free(t);
	return err;
}

/* The honest message is on its way. */
static cdr_err
post(const struct cdr_trustee *trustee, const struct cdr_roster *roster, struct cdr_ask *ask, size_t lie)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__CeremonyMessage *honest = (const Cdr__Wire__CeremonyMessage *)ask->message;
	Cdr__Wire__CeremonyMessage twisted = *honest;
	struct cdr_buffer content = { 0 };
	struct cdr_ask second = { .path = ask->path, .message = &twisted.base };

	/* It keeps what it was shown to itself. */
	if (honest->round == CDR_CEREMONY_EVIDENCE || (lies[lie].tell == NULL && honest->round >= lies[lie].round))
		return CDR_OK;
	if (honest->round != lies[lie].round)
		return __real_cdr_trustee_ask(trustee, roster, ask);
	CDR_TRY(tell(trustee, honest, lie, &content));
	twisted.content = cdr_message_field(content.data, content.len);
	if (lies[lie].is_second)
		twisted.to = (uint32_t)strtoul(getenv("LIE_TO"), NULL, 10);
	CDR_TRY(__real_cdr_trustee_ask(trustee, roster, &second));
	(void)fprintf(stderr, "lie %s told in round %u\n", lies[lie].name, honest->round);
	if (lies[lie].is_second)
		CDR_TRY(__real_cdr_trustee_ask(trustee, roster, ask));
out:
	cdr_ask_free(&second);
	cdr_buffer_free(&content);
	return err;
}

/* It does not look at what it said. */
static void
drop_own(const struct cdr_trustee *trustee, Cdr__Wire__CeremonyMessages *reply)
{
	size_t kept = 0;

	for (size_t i = 0; i < reply->n_message; i++)
		if (reply->message[i]->from != trustee->index)
			reply->message[kept++] = reply->message[i];
	reply->n_message = kept;
}

cdr_err
__wrap_cdr_trustee_ask(const struct cdr_trustee *trustee, const struct cdr_roster *roster, struct cdr_ask *ask)
{
	const size_t lie = find_lie();

	if (lie < LIE_COUNT && strcmp(ask->path, "/v1/ceremony/post") == 0)
		return post(trustee, roster, ask, lie);
	cdr_err err = __real_cdr_trustee_ask(trustee, roster, ask);
	if (err == CDR_OK && lie < LIE_COUNT && strcmp(ask->path, "/v1/ceremony/fetch") == 0)
		drop_own(trustee, (Cdr__Wire__CeremonyMessages *)(uintptr_t)ask->reply);
	return err;
}

int
main(int argc, char **argv)
{
	const struct cdr_program program = {
		.name = "lying_dealer", .version = "1", .summary = "A trustee that cheats in ceremonies", .commands = cdr_trustee_commands,
		.options = cdr_node_options,
	};

	return cdr_arguments_main(&program, argc, argv);
}
