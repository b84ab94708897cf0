/*
 * A hub that lies, with the real hub's keys and database: it answers as the real program does, and then twists the answer,
 * signs it again, or makes up another, in the way that --lie-file says at that moment. Every lie that was told is one
 * line on stderr: "lie NAME told to CALLER".
 */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "keys/roster_build.h"
#include "node/hub/command.h"
#include "node/hub/index.h"
#include "node/hub/log.h"
#include "node/hub/routes.h"
#include "node/hub/witness.h"
#include "node/net/daemon.h"
#include "node/net/node_options.h"
#include "node/net/service.h"
#include "proto/sealing.h"
#include "tests/net/lie.h"

#define KEPT_MAX 64 /* letters, and replies, that are remembered */

/* A letter that went through here, or a reply that was given. */
struct kept {
	char name[2 * CDR_SIGNER_LEN_MAX + 2]; /* of a reply: path and caller */
	char from[CDR_SLUG_LEN_MAX + 1], to[CDR_SLUG_LEN_MAX + 1];
	uint8_t id[CDR_MAIL_ID_LEN];
	struct cdr_buffer bytes;
};

struct liar {
	struct cdr_hub_open open;
	struct cdr_service service;
	struct lie lie;              /* as it was read last */
	size_t told;                 /* how often it was told since it changed */
	struct kept letter[KEPT_MAX], reply[KEPT_MAX];
	size_t letter_count, reply_count;
};

/* One thread at a time lies: nobody waits long for a lie. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *lie_path;

/* A question, and the honest answer to it. */
struct question {
	struct liar *liar;
	const char *path;
	struct cdr_bytes bytes;
	const uint8_t *pin;
	struct cdr_envelope envelope;  /* of the question */
	struct cdr_buffer *reply;
	struct cdr_envelope honest;    /* of the reply */
	struct cdr_arena arena;
};

/* The caller's member id, or its whole name. */
static const char *
caller(const struct question *q)
{
	const char *name = q->envelope.signer != NULL ? q->envelope.signer : "nobody";

	return strncmp(name, "member/", 7) == 0 ? name + 7 : name;
}

/* ---- making answers --------------------------------------------------------------------------------------------------- */

/* Put ${body}, signed by this hub for this question, in the answer's place. */
static cdr_err
answer_body(struct question *q, struct cdr_bytes body)
{
	struct cdr_buffer reply = { 0 };
	cdr_err err = cdr_envelope_reply(&q->liar->service.signer, q->path, q->bytes, body, (struct cdr_bytes){ NULL, 0 },
	    &reply);

	if (err == CDR_OK) {
		cdr_buffer_free(q->reply);
		*q->reply = reply;
		q->liar->told++;
		(void)fprintf(stderr, "lie %s told to %s\n", q->liar->lie.word[0], caller(q));
	}
	return err;
}

static cdr_err
answer(struct question *q, const ProtobufCMessage *message)
{
	struct cdr_buffer body = { 0 };
	cdr_err err = cdr_message_encode(message, &body);

	if (err == CDR_OK)
		err = answer_body(q, cdr_buffer_bytes(&body));
	cdr_buffer_free(&body);
	return err;
}

/* What the honest answer says. */
static cdr_err
honest(struct question *q, const ProtobufCMessageDescriptor *type, void *message)
{
	cdr_err err = cdr_envelope_open(cdr_buffer_bytes(q->reply), &q->honest);

	return err == CDR_OK ? cdr_message_decode(&q->arena, type, q->honest.body, message) : err;
}

/* ---- rosters ---------------------------------------------------------------------------------------------------------- */

struct roster_read {
	int64_t version;
	struct cdr_roster *roster;
};

/* A reading job. */
static cdr_err
roster_job(struct cdr_tx *tx, void *context)
{
	struct roster_read *read = context;

	return cdr_hub_roster_read(tx, read->version, &read->roster, NULL);
}

static cdr_err
answer_roster(struct question *q, const struct cdr_roster *roster)
{
	Cdr__Wire__RosterReply reply = CDR__WIRE__ROSTER_REPLY__INIT;
	Cdr__Wire__SignedRoster signed_roster = *roster->signatures;

	reply.roster = &signed_roster;
	return answer(q, &reply.base);
}

static cdr_err
answer_proposal(struct question *q, const struct cdr_roster *roster)
{
	Cdr__Wire__ProposalReply reply = CDR__WIRE__PROPOSAL_REPLY__INIT;

	reply.has_roster = reply.has_hub_signature = true;
	reply.roster = roster->signatures->roster;
	reply.hub_signature = roster->signatures->hub_signature;
	return answer(q, &reply.base);
}

/* Show ${change} as the next roster: as in force to members, as a proposal to trustees. */
static cdr_err
show_next(struct question *q, const struct cdr_roster *before, const struct cdr_roster_change *change)
{
	struct cdr_roster *next = NULL;

	if (strcmp(q->path, "/v1/roster") == 0 && strncmp(caller(q), "trustee/", 8) == 0)
		return CDR_OK;
	cdr_err err = cdr_roster_build_next(before, change, 1, before->body->made_at, q->liar->open.home->keys->signing, &next,
	    NULL);

	if (err == CDR_OK)
		err = strcmp(q->path, "/v1/roster") == 0 ? answer_roster(q, next) : answer_proposal(q, next);
	cdr_roster_free(next);
	return err;
}

/* The hub's word that this is the member's next sealing key. */
static cdr_err
roll_by_itself(struct question *q, Cdr__Wire__Member *member, Cdr__Wire__SealingKey *sealing,
    uint8_t signature[static CDR_SIGNATURE_LEN])
{
	const uint8_t *seed = q->liar->open.home->keys->signing;
	const struct cdr_sealing_claim claim = { .hub_key = q->liar->open.home->signing_public, .member = member->id, .number = 1000,
		.made_at = cdr_hub_now(), .sealing_key = member->party->sealing_key.data };

	*sealing = (Cdr__Wire__SealingKey)CDR__WIRE__SEALING_KEY__INIT;
	sealing->number = claim.number;
	sealing->made_at = claim.made_at;
	sealing->signature = cdr_message_field(signature, CDR_SIGNATURE_LEN);
	member->sealing = sealing;
	return cdr_sealing_sign(seed, &claim, signature);
}

/* swap-key MEMBER: the hub's own sealing key in a member's place, so that it can read what is written to it; roll-key: signed by the hub. */
static cdr_err
swap_key(struct question *q)
{
	Cdr__Wire__SealingKey sealing;
	uint8_t signature[CDR_SIGNATURE_LEN];
	struct roster_read read = { .version = CDR_HUB_ROSTER_NEWEST };
	cdr_err err = cdr_store_read(q->liar->open.home->store, roster_job, &read);
	const Cdr__Wire__Member *member = err == CDR_OK ? cdr_roster_member(read.roster, q->liar->lie.word[1]) : NULL;

	if (member != NULL) {
		Cdr__Wire__Member other = *member;
		Cdr__Wire__Party party = *member->party;
		party.sealing_key =
		    cdr_message_field(q->liar->open.home->sealing_public, sizeof(q->liar->open.home->sealing_public));
		other.party = &party;
		if (lie_is(&q->liar->lie, "roll-key"))
			err = roll_by_itself(q, &other, &sealing, signature);
		struct cdr_roster_change change = { .kind = CDR_ROSTER_CHANGE_MEMBER, .member = &other };
		err = err == CDR_OK ? show_next(q, read.roster, &change) : err;
	}
	cdr_roster_free(read.roster);
	return err;
}

/* withhold CALLER: no newer roster is given to it. */
static cdr_err
withhold(struct question *q)
{
	Cdr__Wire__RosterReply *reply = NULL;
	struct roster_read read = { .version = CDR_HUB_ROSTER_NEWEST };
	cdr_err err = honest(q, &cdr__wire__roster_reply__descriptor, &reply);

	/* Members ask for rosters under no name. */
	if (err == CDR_OK)
		err = cdr_store_read(q->liar->open.home->store, roster_job, &read);
	const Cdr__Wire__Member *member = err == CDR_OK ? cdr_roster_member_by_pin(read.roster, q->pin) : NULL;
	if (err == CDR_OK && reply->roster != NULL && strcmp(member != NULL ? member->id : caller(q), q->liar->lie.word[1]) == 0) {
		reply->roster = NULL;
		err = answer(q, &reply->base);
	}
	cdr_roster_free(read.roster);
	return err;
}

/* invent-member MEMBER: somebody who does not exist, with keys that the hub has. */
static cdr_err
invent_member(struct question *q)
{
	struct roster_read read = { .version = CDR_HUB_ROSTER_NEWEST };
	char name[] = "Somebody", url[] = "", country[] = "KEN", active[] = "active";
	uint8_t keys[CDR_SIGN_PUBLIC_LEN + CDR_PIN_LEN];
	Cdr__Wire__Party party = CDR__WIRE__PARTY__INIT;
	Cdr__Wire__Member member = CDR__WIRE__MEMBER__INIT;
	struct cdr_roster_change change = { .kind = CDR_ROSTER_CHANGE_MEMBER, .member = &member };
	cdr_err err = cdr_store_read(q->liar->open.home->store, roster_job, &read);

	memset(keys, 7, sizeof(keys));
	party.name = name;
	party.url = url;
	party.signing_key = cdr_message_field(keys, CDR_SIGN_PUBLIC_LEN);
	party.sealing_key =
	    cdr_message_field(q->liar->open.home->sealing_public, sizeof(q->liar->open.home->sealing_public));
	party.tls_pin = cdr_message_field(keys + CDR_SIGN_PUBLIC_LEN, CDR_PIN_LEN);
	member.id = q->liar->lie.word[1];
	member.party = &party;
	member.country = country;
	member.status = active;
	member.check_points = member.import_points = 1000000;
	if (err == CDR_OK)
		err = show_next(q, read.roster, &change);
	cdr_roster_free(read.roster);
	return err;
}

/* old-roster VERSION: one that was in force, with every signature. */
static cdr_err
old_roster(struct question *q)
{
	struct roster_read read = { .version = strtol(q->liar->lie.word[1], NULL, 10) };
	cdr_err err = cdr_store_read(q->liar->open.home->store, roster_job, &read);

	if (err == CDR_OK)
		err = answer_roster(q, read.roster);
	cdr_roster_free(read.roster);
	return err;
}

/* Keys of the hub's own making in a trustee's place, the same every time. */
static cdr_err
replace_keys(const struct liar *liar, uint8_t index, Cdr__Wire__Party *party, uint8_t *room)
{
	uint8_t seed[CDR_SIGN_SEED_LEN];

	memset(seed, index, sizeof(seed));
	memset(room + CDR_SIGN_PUBLIC_LEN, index, CDR_PIN_LEN);
	party->signing_key = cdr_message_field(room, CDR_SIGN_PUBLIC_LEN);
	party->sealing_key = cdr_message_field(liar->open.home->sealing_public, sizeof(liar->open.home->sealing_public));
	party->tls_pin = cdr_message_field(room + CDR_SIGN_PUBLIC_LEN, CDR_PIN_LEN);
	return cdr_sign_public(seed, room);
}

#define KEYS_LEN (CDR_SIGN_PUBLIC_LEN + CDR_PIN_LEN)

/* The genesis roster with other trustees' keys; with ${spare_caller} the caller finds its own entry as it should be. */
static cdr_err
forge_genesis(struct question *q, bool spare_caller)
{
	struct roster_read read = { .version = 0 };
	struct cdr_roster *forged = NULL;
	Cdr__Wire__Trustee trustee[CDR_TRUSTEE_COUNT_MAX], *at[CDR_TRUSTEE_COUNT_MAX];
	Cdr__Wire__Party party[CDR_TRUSTEE_COUNT_MAX];
	uint8_t keys[CDR_TRUSTEE_COUNT_MAX][KEYS_LEN];
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_store_read(q->liar->open.home->store, roster_job, &read));
	Cdr__Wire__Roster body = *read.roster->body;
	for (size_t i = 0; i < body.n_trustee; i++) {
		trustee[i] = *body.trustee[i];
		party[i] = *trustee[i].party;
		trustee[i].party = &party[i];
		at[i] = &trustee[i];
		if (!spare_caller || memcmp(party[i].tls_pin.data, q->pin, CDR_PIN_LEN) != 0)
			CDR_TRY(replace_keys(q->liar, (uint8_t)(i + 1), &party[i], keys[i]));
	}
	body.trustee = at;
	CDR_TRY(cdr_roster_build_genesis(&body, q->liar->open.home->keys->signing, &forged, NULL));
	CDR_TRY(answer_body(q, cdr_buffer_bytes(&forged->bytes)));
out:
	cdr_roster_free(forged);
	cdr_roster_free(read.roster);
	return err;
}

static cdr_err
genesis_all(struct question *q)
{
	return forge_genesis(q, false);
}

static cdr_err
genesis_others(struct question *q)
{
	return forge_genesis(q, true);
}

/* ---- letters ---------------------------------------------------------------------------------------------------------- */

/* alter-letter: one bit of each. */
static cdr_err
alter_letter(struct question *q)
{
	Cdr__Wire__MailBag *bag;
	cdr_err err = honest(q, &cdr__wire__mail_bag__descriptor, &bag);

	if (err != CDR_OK || bag->n_mail == 0)
		return err;
	for (size_t i = 0; i < bag->n_mail; i++)
		bag->mail[i]->sealed.data[bag->mail[i]->sealed.len / 2] ^= 1;
	return answer(q, &bag->base);
}

/* rename-sender MEMBER: as if somebody else had written them. */
static cdr_err
rename_sender(struct question *q)
{
	Cdr__Wire__MailBag *bag;
	cdr_err err = honest(q, &cdr__wire__mail_bag__descriptor, &bag);

	if (err != CDR_OK || bag->n_mail == 0)
		return err;
	for (size_t i = 0; i < bag->n_mail; i++)
		bag->mail[i]->from = q->liar->lie.word[1];
	return answer(q, &bag->base);
}

/* Letters that went through here once, to ${was_for}, all in one bag, as if they were for the caller. */
static cdr_err
give_again(struct question *q, const char *was_for, bool other_id)
{
	Cdr__Wire__MailBag bag = CDR__WIRE__MAIL_BAG__INIT;
	Cdr__Wire__Mail mail[CDR_MAIL_BAG_COUNT_MAX], *at[CDR_MAIL_BAG_COUNT_MAX];
	char to[CDR_SLUG_LEN_MAX + 1];
	struct liar *liar = q->liar;

	(void)snprintf(to, sizeof(to), "%.32s", caller(q));
	for (size_t i = 0; i < liar->letter_count && i < KEPT_MAX && bag.n_mail < CDR_MAIL_BAG_COUNT_MAX; i++) {
		struct kept *letter = &liar->letter[i];
		Cdr__Wire__Mail *m = &mail[bag.n_mail];
		if (strcmp(letter->to, was_for) != 0)
			continue;
		letter->id[0] ^= (uint8_t)other_id; /* and stays so */
		*m = (Cdr__Wire__Mail)CDR__WIRE__MAIL__INIT;
		m->id = cdr_message_field(letter->id, sizeof(letter->id));
		m->from = letter->from;
		m->to = to;
		m->sealed = cdr_message_field(letter->bytes.data, letter->bytes.len);
		at[bag.n_mail++] = m;
	}
	bag.mail = at;
	return bag.n_mail > 0 ? answer(q, &bag.base) : CDR_OK;
}

/* redirect MEMBER MEMBER: the first one's letters, given to the second. */
static cdr_err
redirect(struct question *q)
{
	return strcmp(caller(q), q->liar->lie.word[2]) == 0 ? give_again(q, q->liar->lie.word[1], false) : CDR_OK;
}

/* replay MEMBER: all its letters a second time; replay-other-id MEMBER: as new ones. */
static cdr_err
replay(struct question *q)
{
	return strcmp(caller(q), q->liar->lie.word[1]) == 0 ? give_again(q, caller(q), false) : CDR_OK;
}

static cdr_err
replay_other_id(struct question *q)
{
	return strcmp(caller(q), q->liar->lie.word[1]) == 0 ? give_again(q, caller(q), true) : CDR_OK;
}

/* hold MEMBER: there is no mail for it; it can only be for later. */
static cdr_err
hold(struct question *q)
{
	Cdr__Wire__MailBag bag = CDR__WIRE__MAIL_BAG__INIT;

	return strcmp(caller(q), q->liar->lie.word[1]) == 0 ? answer(q, &bag.base) : CDR_OK;
}

/* reverse: the newest letter first. */
static cdr_err
reverse(struct question *q)
{
	Cdr__Wire__MailBag *bag;
	cdr_err err = honest(q, &cdr__wire__mail_bag__descriptor, &bag);

	if (err != CDR_OK || bag->n_mail < 2)
		return err;
	for (size_t i = 0, k = bag->n_mail - 1; i < k; i++, k--) {
		Cdr__Wire__Mail *held = bag->mail[i];
		bag->mail[i] = bag->mail[k];
		bag->mail[k] = held;
	}
	return answer(q, &bag->base);
}

/* ---- matches ---------------------------------------------------------------------------------------------------------- */

struct handle_read {
	const char *member;
	uint8_t handle[CDR_HANDLE_LEN];
};

/* A reading job: any leaver of a member. */
static cdr_err
handle_job(struct cdr_tx *tx, void *context)
{
	struct handle_read *read = context;

	return cdr_query_one_blob(tx, "SELECT handle FROM person WHERE member = $1 ORDER BY handle LIMIT 1",
	    CDR_VALUES(cdr_value_text(read->member)), read->handle, sizeof(read->handle));
}

/* Leave a member out of an answer: its match, and in the proof who its people are. */
static void
leave_out(Cdr__Wire__CheckOpenReply *reply, const char *member)
{
	size_t kept = 0;

	for (size_t i = 0; i < reply->n_match; i++)
		if (strcmp(reply->match[i]->member, member) != 0)
			reply->match[kept++] = reply->match[i];
	reply->n_match = kept;
	kept = 0;
	for (size_t i = 0; i < reply->proof->n_person; i++)
		if (reply->proof->person[i]->member == NULL || strcmp(reply->proof->person[i]->member, member) != 0)
			reply->proof->person[kept++] = reply->proof->person[i];
	reply->proof->n_person = kept;
}

/* hide-match MEMBER: nobody like that ever worked there, says the hub; that somebody agrees it cannot hide. */
static cdr_err
hide_match(struct question *q)
{
	Cdr__Wire__CheckOpenReply *reply;
	cdr_err err = honest(q, &cdr__wire__check_open_reply__descriptor, &reply);

	if (err != CDR_OK)
		return err;
	leave_out(reply, q->liar->lie.word[1]);
	return answer(q, &reply->base);
}

/* hide-rows MEMBER: there is no such tag at all, says the hub. */
static cdr_err
hide_rows(struct question *q)
{
	Cdr__Wire__CheckOpenReply *reply;
	cdr_err err = honest(q, &cdr__wire__check_open_reply__descriptor, &reply);

	if (err != CDR_OK)
		return err;
	leave_out(reply, q->liar->lie.word[1]);
	reply->proof->n_bucket = 0;
	return answer(q, &reply->base);
}

/* hide-proof MEMBER: nobody like that worked there, and no proof. */
static cdr_err
hide_proof(struct question *q)
{
	Cdr__Wire__CheckOpenReply *reply;
	cdr_err err = honest(q, &cdr__wire__check_open_reply__descriptor, &reply);

	if (err != CDR_OK)
		return err;
	leave_out(reply, q->liar->lie.word[1]);
	reply->proof = NULL;
	return answer(q, &reply->base);
}

static cdr_err
forget_job(struct cdr_tx *tx, void *member)
{
	return cdr_hub_index_forget(tx, member);
}

/* forget-people MEMBER: its people are taken out of the index, and it is not told. */
static cdr_err
forget_people(struct question *q)
{
	cdr_err err = cdr_store_write(q->liar->open.home->store, forget_job, q->liar->lie.word[1]);

	if (err == CDR_OK) {
		q->liar->told++;
		(void)fprintf(stderr, "lie forget-people told to nobody\n");
	}
	return err;
}

/* invent-match MEMBER: it holds somebody like that, says the hub, and names a leaver that it does hold, or nobody. */
static cdr_err
invent_match(struct question *q)
{
	struct handle_read read = { .member = q->liar->lie.word[1] };
	Cdr__Wire__CheckOpenReply *reply;
	Cdr__Wire__Match match = CDR__WIRE__MATCH__INIT, *at[CDR_MATCHES_MAX + 1];
	char strong[] = "strong";
	cdr_err err = honest(q, &cdr__wire__check_open_reply__descriptor, &reply);

	if (err != CDR_OK)
		return err;
	err = cdr_store_read(q->liar->open.home->store, handle_job, &read);
	if (err != CDR_OK && err != CDR_E_ABSENT)
		return err;
	for (size_t i = 0; i < reply->n_match; i++)
		at[i] = reply->match[i];
	match.member = q->liar->lie.word[1];
	match.tier = strong;
	match.lambda_ppb = 1;
	match.types = 2;
	match.handles = cdr_message_field(read.handle, sizeof(read.handle));
	at[reply->n_match] = &match;
	reply->match = at;
	reply->n_match++;
	return answer(q, &reply->base);
}

/* ---- old answers -------------------------------------------------------------------------------------------------------- */

static void
name_reply(const struct question *q, char *name, size_t size)
{
	(void)snprintf(name, size, "%.47s %.48s", q->path, q->envelope.signer != NULL ? q->envelope.signer : "");
}

/* The last answer that this caller had on this path. */
static struct kept *
find_reply(struct question *q)
{
	char name[sizeof(q->liar->reply[0].name)];

	name_reply(q, name, sizeof(name));
	for (size_t i = 0; i < q->liar->reply_count; i++)
		if (strcmp(q->liar->reply[i].name, name) == 0)
			return &q->liar->reply[i];
	return NULL;
}

/* old-reply PATH: what was answered there the last time, signature and all. */
static cdr_err
old_reply(struct question *q)
{
	struct kept *kept = find_reply(q);

	if (kept == NULL || strcmp(q->liar->lie.word[1], q->path) != 0)
		return CDR_OK;
	cdr_buffer_free(q->reply);
	q->liar->told++;
	(void)fprintf(stderr, "lie old-reply told to %s\n", caller(q));
	return cdr_buffer_copy(cdr_buffer_bytes(&kept->bytes), q->reply);
}

/* ---- telling them --------------------------------------------------------------------------------------------------- */

/* A writing job: the letter goes, its leaf and its receipt stay. */
static cdr_err
drop_job(struct cdr_tx *tx, void *context)
{
	const Cdr__Wire__Mail *mail = context;

	return cdr_query_run(tx, "DELETE FROM mail WHERE sender = $1 AND id = $2",
	    CDR_VALUES(cdr_value_text(mail->from), cdr_value_bytes(cdr_message_bytes(mail->id))));
}

/* drop MEMBER MEMBER: what the first writes to the second is acknowledged, with a receipt, and thrown away. */
static void
drop(struct question *q, const struct lie *lie)
{
	struct cdr_arena arena = { 0 };
	Cdr__Wire__Mail *mail;

	if (lie_is(lie, "drop") && strcmp(q->path, "/v1/mail/post") == 0 && strcmp(caller(q), lie->word[1]) == 0 &&
	    cdr_message_decode(&arena, &cdr__wire__mail__descriptor, q->envelope.body, &mail) == CDR_OK &&
	    strcmp(mail->to, lie->word[2]) == 0 && cdr_store_write(q->liar->open.home->store, drop_job, mail) == CDR_OK) {
		q->liar->told++;
		(void)fprintf(stderr, "lie drop told to %s\n", caller(q));
	}
	cdr_arena_free(&arena);
}

/* A writing job: a change of that member's index stands in the log, and is in no root. */
static cdr_err
change_job(struct cdr_tx *tx, void *context)
{
	struct cdr_leaf leaf = { .kind = CDR_LEAF_INDEX_BATCH, .at = cdr_hub_now() };
	struct cdr_hub_logged logged = { 0 };

	cdr_leaf_member_add(&leaf, context);
	cdr_leaf_number_add(&leaf, 1);
	cdr_leaf_number_add(&leaf, 64);
	cdr_err err = cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ NULL, 0 }, &logged);
	cdr_hub_logged_free(&logged);
	return err;
}

/* old-index MEMBER: what that member changed last is left out of what the check is answered from. */
static void
answer_from_before(struct question *q, struct lie *lie)
{
	if (!lie_is(lie, "old-index") || strcmp(q->path, "/v1/check/open") != 0 || q->liar->told > 0 ||
	    cdr_store_write(q->liar->open.home->store, change_job, lie->word[1]) != CDR_OK)
		return;
	q->liar->told++;
	(void)fprintf(stderr, "lie old-index told to %s\n", caller(q));
}

static const struct {
	const char *name, *path;
	cdr_err (*tell)(struct question *question);
	bool once; /* told once, and then only when the file has changed */
} lies[] = {
	{ "swap-key", "/v1/roster", swap_key, false },
	{ "swap-key", "/v1/roster/proposal", swap_key, false },
	{ "roll-key", "/v1/roster", swap_key, false },
	{ "roll-key", "/v1/roster/proposal", swap_key, false },
	{ "withhold", "/v1/roster", withhold, false },
	{ "invent-member", "/v1/roster", invent_member, false },
	{ "invent-member", "/v1/roster/proposal", invent_member, false },
	{ "old-roster", "/v1/roster", old_roster, false },
	{ "genesis-all", "/v1/genesis", genesis_all, false },
	{ "genesis-others", "/v1/genesis", genesis_others, false },
	{ "alter-letter", "/v1/mail/fetch", alter_letter, false },
	{ "rename-sender", "/v1/mail/fetch", rename_sender, false },
	{ "redirect", "/v1/mail/fetch", redirect, true },
	{ "replay", "/v1/mail/fetch", replay, true },
	{ "replay-other-id", "/v1/mail/fetch", replay_other_id, true },
	{ "hold", "/v1/mail/fetch", hold, false },
	{ "reverse", "/v1/mail/fetch", reverse, false },
	{ "invent-match", "/v1/check/open", invent_match, false },
	{ "hide-match", "/v1/check/open", hide_match, false },
	{ "hide-rows", "/v1/check/open", hide_rows, false },
	{ "hide-proof", "/v1/check/open", hide_proof, false },
	{ "forget-people", "/v1/roster", forget_people, true },
	{ "old-reply", "/v1/check/open", old_reply, false },
	{ "old-reply", "/v1/mail/fetch", old_reply, true },
};

static void
twist(struct question *q)
{
	struct liar *liar = q->liar;
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]) && err == CDR_OK; i++)
		if (lie_is(&liar->lie, lies[i].name) && strcmp(q->path, lies[i].path) == 0 && !(lies[i].once && liar->told > 0))
			err = lies[i].tell(q);
	if (err != CDR_OK)
		(void)fprintf(stderr, "lie %s could not be told: %s\n", liar->lie.word[0], cdr_err_name(err));
}

/* Remember what is posted. */
static void
keep_letter(struct question *q)
{
	struct liar *liar = q->liar;
	struct kept *kept = &liar->letter[liar->letter_count % KEPT_MAX];
	struct cdr_arena arena = { 0 };
	Cdr__Wire__Mail *mail;

	if (strcmp(q->path, "/v1/mail/post") == 0 && cdr_message_decode(&arena, &cdr__wire__mail__descriptor,
		q->envelope.body, &mail) == CDR_OK && mail->id.len == CDR_MAIL_ID_LEN) {
		cdr_buffer_free(&kept->bytes);
		(void)snprintf(kept->from, sizeof(kept->from), "%s", mail->from);
		(void)snprintf(kept->to, sizeof(kept->to), "%s", mail->to);
		memcpy(kept->id, mail->id.data, CDR_MAIL_ID_LEN);
		if (cdr_buffer_copy(cdr_message_bytes(mail->sealed), &kept->bytes) == CDR_OK)
			liar->letter_count++;
	}
	cdr_arena_free(&arena);
}

/* Remember what was answered: the replies that can be given again. A bag without letters is not worth it. */
static void
keep_reply(struct question *q)
{
	struct kept *kept = find_reply(q);
	bool is_bag = strcmp(q->path, "/v1/mail/fetch") == 0;

	if ((!is_bag && strcmp(q->path, "/v1/check/open") != 0) || (is_bag && q->reply->len < CDR_MAIL_SEALED_LEN))
		return;
	if (kept == NULL && q->liar->reply_count < KEPT_MAX) {
		kept = &q->liar->reply[q->liar->reply_count++];
		name_reply(q, kept->name, sizeof(kept->name));
	}
	if (kept == NULL)
		return;
	cdr_buffer_free(&kept->bytes);
	if (cdr_buffer_copy(cdr_buffer_bytes(q->reply), &kept->bytes) != CDR_OK)
		kept->name[0] = '\0';
}

static int
handle(void *context, const char *path, struct cdr_bytes body, const uint8_t *pin, struct cdr_buffer *reply)
{
	struct question q = { .liar = context, .path = path, .bytes = body, .pin = pin, .reply = reply };
	const struct cdr_request request = { path, body, pin, cdr_hub_now(), NULL };
	struct lie lie;
	int status = 200;
	bool known = cdr_envelope_open(body, &q.envelope) == CDR_OK;

	(void)pthread_mutex_lock(&lock);
	lie_read(lie_path, &lie);
	if (memcmp(&lie, &q.liar->lie, sizeof(lie)) != 0) {
		q.liar->lie = lie;
		q.liar->told = 0;
	}
	if (known)
		keep_letter(&q);
	if (known)
		answer_from_before(&q, &lie);
	status = cdr_dispatch(&q.liar->service, &request, reply);
	if (known && status == 200) {
		drop(&q, &lie);
		twist(&q);
		if (lie.word[0][0] == '\0')
			keep_reply(&q);
	}
	(void)pthread_mutex_unlock(&lock);
	cdr_arena_free(&q.arena);
	cdr_envelope_free(&q.honest);
	cdr_envelope_free(&q.envelope);
	return status;
}

static size_t
body_max(void *context, const char *path)
{
	struct liar *liar = context;

	return cdr_dispatch_path_max(&liar->service, path);
}

static cdr_err
serve(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_daemon daemon = { .pid_fd = -1, .signal_fd = -1, .ready_fd = -1 };
	char listen[CDR_SERVER_ADDRESS_LEN], pid_path[CDR_HOME_PATH_LEN_MAX + sizeof("/" CDR_HOME_PID)];
	struct cdr_server *server = NULL;
	struct cdr_hub_showing showing = { NULL, NULL };
	struct liar *liar = calloc(1, sizeof(*liar));
	struct cdr_server_config config = { .listen = listen, .app = { liar, body_max, handle } };

	(void)report;
	if (liar == NULL)
		return CDR_E_MEMORY;
	lie_path = cdr_arguments_text(arguments, "lie-file");
	CDR_TRY(cdr_hub_open(arguments, &liar->open, fault));
	CDR_TRY(cdr_home_file(liar->open.home->path, CDR_HOME_PID, pid_path, sizeof(pid_path)));
	CDR_TRY(cdr_hub_setting_read(liar->open.home->store, "listen", listen, sizeof(listen)));
	CDR_TRY(cdr_daemon_start(&daemon, pid_path, (int)cdr_arguments_number(arguments, "ready-fd", -1), fault));
	cdr_hub_service(liar->open.hub, &liar->service);
	CDR_TRY(cdr_hub_showing_start(&liar->open, &showing, fault));
	CDR_TRY(cdr_certificate_server_context(liar->open.home->certificate, liar->open.home->certificate_key, &config.tls));
	CDR_TRY(cdr_server_start(&config, &server, fault));
	cdr_daemon_ready(&daemon, cdr_server_address_peek(server));
	while (!cdr_daemon_wait(&daemon, 1000))
		cdr_hub_witness_tick(showing.witness);
out:
	cdr_server_stop(server);
	cdr_hub_showing_stop(&showing);
	SSL_CTX_free(config.tls);
	cdr_daemon_end(&daemon);
	for (size_t i = 0; i < KEPT_MAX; i++) {
		cdr_buffer_free(&liar->letter[i].bytes);
		cdr_buffer_free(&liar->reply[i].bytes);
	}
	cdr_hub_close(&liar->open);
	free(liar);
	return err;
}

int
main(int argc, char **argv)
{
	static const struct cdr_option options[] = {
		{ .name = "lie-file", .value = "FILE", .help = "its words are the lie that is told", .required = true },
		{ .name = "ready-fd", .value = "N", .help = "told when requests are served", .min = 0, .max = 65535 },
		{ .name = NULL },
	};
	static const struct cdr_command commands[] = {
		{ .name = "serve", .summary = "Answer members and trustees wrongly", .options = options, .handle = serve },
		{ .name = NULL },
	};
	const struct cdr_program program = {
		.name = "lying_hub", .version = "1", .summary = "A hub that lies", .commands = commands,
		.options = cdr_node_options,
	};

	return cdr_arguments_main(&program, argc, argv);
}
