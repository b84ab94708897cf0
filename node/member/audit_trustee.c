#include "node/member/audit_work.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/member/enrol.h"
#include "node/member/misconduct.h"
#include "node/member/receipt.h"

#define LATEST_PATH "/v1/witness/latest"
#define ROSTER_PATH "/v1/roster"
#define CONTRADICTIONS_PATH "/v1/witness/contradictions"
#define CONTRADICTIONS_ALL_MAX 128 /* of one trustee */

/* What a reply says of what a trustee saw. */
struct verdict {
	bool is_lie;
	enum cdr_audit_kind kind;
	char names[CDR_FAULT_LEN / 2];
};

static void
accuse(struct verdict *verdict, enum cdr_audit_kind kind)
{
	verdict->is_lie = true;
	verdict->kind = kind;
	(void)snprintf(verdict->names, sizeof(verdict->names), "hub");
}

/*
 * The reply must continue the longer one of what a trustee saw and what this node was shown, and begin with the shorter one: one log
 * holds both, however it grows meanwhile. It is the newest from then on, so that what two trustees saw is compared too.
 */
static cdr_err
judge_both(struct cdr_audit_work *c, const Cdr__Wire__CheckpointReply *reply, const struct cdr_checkpoint *seen, struct verdict *verdict)
{
	const struct cdr_checkpoint *longer = seen->size > c->newest.size ? seen : &c->newest;
	const struct cdr_checkpoint *part = longer == seen ? &c->newest : seen;
	const enum cdr_audit_kind kind = longer == seen ? CDR_AUDIT_SPLIT : CDR_AUDIT_REWRITTEN;
	struct cdr_checkpoint shown, other;

	c->has_looked = false; /* a roster may have come since */
	cdr_err err = cdr_audit_read_shown(c, reply, &shown);
	if (err == CDR_E_MEMORY)
		return err;
	if (err != CDR_OK)
		accuse(verdict, CDR_AUDIT_UNREADABLE);
	else if (!cdr_checkpoint_is_witnessed(&shown, c->roster))
		accuse(verdict, CDR_AUDIT_UNWITNESSED);
	else if (shown.size < longer->size)
		accuse(verdict, longer == seen ? kind : CDR_AUDIT_SHORTER);
	else if (!cdr_audit_extends(longer->size, longer->root, &shown, cdr_message_bytes(reply->extension))) {
		accuse(verdict, kind);
		(void)cdr_checkpoint_fork(longer, &shown, verdict->names, sizeof(verdict->names));
	} else if ((err = cdr_checkpoint_begin(&shown, reply, part, &other)) != CDR_OK) {
		if (err == CDR_E_MEMORY)
			return err;
		accuse(verdict, CDR_AUDIT_SPLIT);
		(void)cdr_checkpoint_fork(&other, part, verdict->names, sizeof(verdict->names));
	}
	return verdict->is_lie ? CDR_OK : cdr_audit_take_newest(c, reply, &shown);
}

/* Ask the hub about what a trustee saw, which has another size than what it shows. */
static cdr_err
ask_both(struct cdr_audit_work *c, const struct cdr_checkpoint *seen, struct verdict *verdict)
{
	bool is_longer = seen->size > c->newest.size;
	uint64_t place[CDR_CHECKPOINT_BEGIN_PLACES];
	struct cdr_ask ask = { 0 };

	*verdict = (struct verdict){ .is_lie = false };
	cdr_checkpoint_ask_begin(is_longer ? &c->newest : seen, place);
	cdr_err err = cdr_audit_ask(c, is_longer ? seen : &c->newest, place, CDR_CHECKPOINT_BEGIN_PLACES, &ask, NULL);
	if (cdr_audit_is_unable(&ask, err)) { /* it has no such log, and somebody was shown one */
		accuse(verdict, is_longer ? CDR_AUDIT_SPLIT : CDR_AUDIT_SHORTER);
		err = CDR_OK;
	} else if (err == CDR_OK)
		err = judge_both(c, ask.reply, seen, verdict);
	cdr_ask_free(&ask);
	return err;
}

/*
 * One note of a trustee: if it contradicts what the hub shows us, who signed both is named. The hub is asked a second time before it
 * is accused: a new roster may have come between its answer and our reading it.
 */
static cdr_err
compare_note(struct cdr_audit_work *c, struct cdr_bytes bytes)
{
	struct verdict verdict = { .is_lie = false };
	struct cdr_checkpoint seen;
	struct cdr_buffer note = { 0 };

	cdr_err err = cdr_checkpoint_read(bytes, c->member->genesis, c->roster, &seen, NULL);
	if (err != CDR_OK || seen.size == 0)
		return err;
	if (seen.size == c->newest.size && memcmp(seen.root, c->newest.root, CDR_MERKLE_HASH_LEN) != 0) {
		accuse(&verdict, CDR_AUDIT_SPLIT);
		(void)cdr_checkpoint_fork(&c->newest, &seen, verdict.names, sizeof(verdict.names));
	} else if (seen.size != c->newest.size) {
		err = ask_both(c, &seen, &verdict);
		if (err == CDR_OK && verdict.is_lie)
			err = ask_both(c, &seen, &verdict);
	}
	if (err == CDR_OK && verdict.is_lie) {
		err = cdr_buffer_copy(bytes, &note);
		if (c->told.trustee != 0 && verdict.kind == CDR_AUDIT_SPLIT)
			verdict.kind = CDR_AUDIT_TWO_HISTORIES;
		c->told.size = seen.size;
		cdr_audit_find(c, verdict.kind, 0, verdict.names, NULL, &note);
	}
	cdr_buffer_free(&note);
	return err;
}

/*
 * Compare what one trustee says that it saw, and what members showed it: there stand the cosignatures of other witnesses. One that
 * says nothing is not accused: it may be away. ${has_told}: it is not, whether or not the hub would have it compared.
 */
static cdr_err
check_trustee(struct cdr_audit_work *c, const Cdr__Wire__Trustee *trustee, bool *has_told)
{
	char name[CDR_SIGNER_LEN_MAX + 1];
	struct cdr_signer own = cdr_member_signer(c->member);

	(void)snprintf(name, sizeof(name), "trustee/%" PRIu32, trustee->index);
	struct cdr_ask ask = { .party = trustee->party, .party_signer = name, .path = LATEST_PATH,
		.reply_type = &cdr__wire__witness_latest__descriptor, .reply_max = CDR_BODY_CHECKPOINT_MAX };
	cdr_err err = cdr_ask_send(c->member->client, &own, &ask, 1);
	*has_told = err == CDR_OK;
	if (err == CDR_OK) {
		const Cdr__Wire__WitnessLatest *latest = ask.reply;
		err = compare_note(c, cdr_message_bytes(latest->checkpoint));
		c->audit->compared_count += err == CDR_OK;
		if (err == CDR_OK && latest->has_witnessed)
			err = compare_note(c, cdr_message_bytes(latest->witnessed));
	}
	cdr_ask_free(&ask);
	return err == CDR_E_MEMORY ? err : CDR_OK;
}

/*
 * Whether a trustee has a newer roster than the hub has given. The hub is asked once more, since it may have come this very moment;
 * what the hub still does not give is taken from the trustee: the roster's signatures are all that counts.
 */
static cdr_err
check_roster(struct cdr_audit_work *c, const Cdr__Wire__Trustee *trustee)
{
	char name[CDR_SIGNER_LEN_MAX + 1];
	struct cdr_signer own = cdr_member_signer(c->member);
	Cdr__Wire__RosterRequest request = CDR__WIRE__ROSTER_REQUEST__INIT;
	const struct cdr_roster *held = cdr_current_hold(c->member->current), *now = NULL;

	(void)snprintf(name, sizeof(name), "trustee/%" PRIu32, trustee->index);
	request.have_version = held->body->version;
	struct cdr_ask ask = { .party = trustee->party, .party_signer = name, .path = ROSTER_PATH, .message = &request.base,
		.reply_type = &cdr__wire__roster_reply__descriptor, .reply_max = CDR_BODY_ROSTER_MAX };
	cdr_err err = cdr_ask_send(c->member->client, &own, &ask, 1);
	const Cdr__Wire__RosterReply *reply = err == CDR_OK ? ask.reply : NULL;
	err = err == CDR_E_MEMORY ? err : CDR_OK;
	if (reply == NULL || reply->roster == NULL)
		goto out;
	if (cdr_enrol_refresh(c->member, NULL) == CDR_OK)
		now = cdr_current_hold(c->member->current);
	/* A hub that cannot be asked keeps nothing back; one that has given it by now did not. */
	if (now == NULL || now->body->version > held->body->version)
		goto out;
	CDR_TRY(cdr_message_encode(&reply->roster->base, &c->withheld));
	/* What does not follow is the trustee's fault, or leads over rosters that it has not. */
	err = cdr_enrol_take_roster(c->member, held, reply->roster, NULL);
	cdr_current_release(c->member->current, now);
	now = cdr_current_hold(c->member->current);
	if (err == CDR_OK)
		cdr_audit_find(c, CDR_AUDIT_WITHHELD, now->body->version, "hub", NULL, NULL);
	err = err == CDR_E_ROSTER ? CDR_OK : err;
out:
	cdr_buffer_free(&c->withheld);
	cdr_current_release(c->member->current, now);
	cdr_current_release(c->member->current, held);
	cdr_ask_free(&ask);
	return err;
}

/* see node/member/audit_work.h */
cdr_err
cdr_audit_compare(struct cdr_audit_work *c)
{
	cdr_err err = CDR_OK;
	const struct cdr_roster *roster = cdr_current_hold(c->member->current); /* ours may be replaced by a newer one meanwhile */

	c->audit->trustee_count = roster->body->n_trustee;
	for (size_t i = 0; i < roster->body->n_trustee && err == CDR_OK; i++) {
		const Cdr__Wire__Trustee *trustee = roster->body->trustee[i];
		size_t len = strlen(c->absent);
		bool has_told = false;
		err = check_trustee(c, trustee, &has_told);
		if (!has_told && len < sizeof(c->absent))
			(void)snprintf(c->absent + len, sizeof(c->absent) - len, "%strustee/%" PRIu32, len > 0 ? ", " : "", trustee->index);
	}
	for (size_t i = 0; i < roster->body->n_trustee && err == CDR_OK; i++)
		err = check_roster(c, roster->body->trustee[i]);
	cdr_current_release(c->member->current, roster);
	return err;
}

/* ---- what they keep ------------------------------------------------------------------------------------------ */

/*
 * One note that a trustee keeps, beside what the hub shows now. An honest hub can always prove that its log begins with whatever it
 * signed, so a note that a trustee makes up, or that is true, accuses nobody.
 */
static cdr_err
judge_kept(struct cdr_audit_work *c, struct cdr_bytes bytes)
{
	struct cdr_checkpoint kept;

	if (c->newest.size > 0)
		return compare_note(c, bytes);
	return cdr_checkpoint_read(bytes, c->member->genesis, c->roster, &kept, NULL);
}

/* Two notes of the hub's: of one size they contradict each other by themselves. */
static cdr_err
judge_pair(struct cdr_audit_work *c, const Cdr__Wire__Contradiction *pair)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_checkpoint one, own;
	struct cdr_buffer note = { 0 }, own_note = { 0 };
	char names[CDR_FAULT_LEN / 2];

	CDR_TRY(cdr_checkpoint_read(cdr_message_bytes(pair->checkpoint), c->member->genesis, c->roster, &one, NULL));
	CDR_TRY(cdr_checkpoint_read(cdr_message_bytes(pair->own), c->member->genesis, c->roster, &own, NULL));
	if (one.size == 0 || one.size != own.size || memcmp(one.root, own.root, sizeof(one.root)) == 0)
		goto out;
	CDR_TRY(cdr_buffer_copy(cdr_message_bytes(pair->checkpoint), &note));
	CDR_TRY(cdr_buffer_copy(cdr_message_bytes(pair->own), &own_note));
	(void)cdr_checkpoint_fork(&one, &own, names, sizeof(names));
	c->told.size = one.size;
	c->told.own = &own_note;
	cdr_audit_find(c, CDR_AUDIT_TWO_HISTORIES, 0, names, NULL, &note);
	c->told.own = NULL;
out:
	cdr_buffer_free(&note);
	cdr_buffer_free(&own_note);
	return err;
}

/* Whether an error is of what was told, or of this node's own. Of any other the hub is the cause: it does not answer, or not about this. */
static bool
is_final(cdr_err err)
{
	return err == CDR_E_INPUT || err == CDR_E_SIGNATURE || err == CDR_E_MEMORY || err == CDR_E_STORE;
}

/* Beside what the hub shows first: that may name more. Where the hub does not answer the two notes may be enough. */
static cdr_err
judge_contradiction(struct cdr_audit_work *c, const Cdr__Wire__Contradiction *kept)
{
	cdr_err err = judge_kept(c, cdr_message_bytes(kept->checkpoint));

	if (!kept->has_own)
		return err;
	if (!is_final(err))
		err = judge_kept(c, cdr_message_bytes(kept->own));
	return is_final(err) ? err : judge_pair(c, kept);
}

/* It shows as the hub's word what the hub did not sign: that is the trustee's lie. */
static void
note_invention(const struct cdr_audit_work *c, const struct cdr_ask *ask, const char *what)
{
	const struct cdr_misconduct misconduct = { .party = ask->party_signer, .what = what,
		.request = cdr_buffer_bytes(&ask->request), .reply = cdr_buffer_bytes(&ask->post.reply), .once_a_day = true };

	cdr_misconduct_note(c->member, &misconduct);
}

/* see node/member/audit_work.h */
bool
cdr_audit_word_has(const struct cdr_audit_word *word, uint64_t place)
{
	for (size_t i = 0; i < word->place_count; i++)
		if (word->place[i] == place)
			return true;
	return false;
}

/* Keep the signed word of a trustee that checks of ours were answered from an old index. */
static cdr_err
keep_word(struct cdr_audit_work *c, const struct cdr_ask *ask, const Cdr__Wire__ContradictionsReply *reply)
{
	struct cdr_audit_word *word = &c->word[c->word_count];

	if (reply->n_old_index == 0 || c->word_count == CDR_TRUSTEE_COUNT_MAX)
		return CDR_OK;
	c->word_count++;
	word->trustee = c->told.trustee;
	while (word->place_count < reply->n_old_index && word->place_count < CDR_OLD_INDEX_MAX) {
		word->place[word->place_count] = reply->old_index[word->place_count];
		word->place_count++;
	}
	cdr_err err = cdr_buffer_copy(cdr_buffer_bytes(&ask->request), &word->request);
	return err != CDR_OK ? err : cdr_buffer_copy(cdr_buffer_bytes(&ask->post.reply), &word->reply);
}

/* The hub's receipt for a check of ours. */
struct receipt_at {
	uint64_t place;
	struct cdr_buffer bytes;
};

/* A reading job. */
static cdr_err
receipt_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct receipt_at *r = context;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx, "SELECT bytes FROM receipt WHERE place = $1 AND kind = $2 AND state = 'proved'",
	    CDR_VALUES(cdr_value_int((int64_t)r->place), cdr_value_text(cdr_leaf_kind_name(CDR_LEAF_CHECK_OPENED))), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_copy(query, 0, CDR_RECEIPT_LEN_MAX, &r->bytes));
out:
	cdr_query_end(query);
	return err;
}

/* As many as are needed for anything say it of a check that is ours: at least one of them is honest. */
static cdr_err
judge_word(struct cdr_audit_work *c, const struct cdr_roster *roster, uint64_t place)
{
	struct receipt_at receipt = { .place = place };
	size_t count = 0;

	for (size_t i = 0; i < c->word_count; i++)
		count += cdr_audit_word_has(&c->word[i], place);
	if (count < roster->body->threshold || place >= CDR_MERKLE_SIZE_MAX)
		return CDR_OK;
	cdr_err err = cdr_store_read(c->member->home->store, receipt_job, &receipt);
	if (err == CDR_OK)
		cdr_audit_find(c, CDR_AUDIT_OLD_INDEX, place, "hub", &receipt.bytes, NULL);
	cdr_buffer_free(&receipt.bytes);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static cdr_err
judge_words(struct cdr_audit_work *c, const struct cdr_roster *roster)
{
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < c->word_count; i++)
		for (size_t k = 0; err == CDR_OK && k < c->word[i].place_count; k++) {
			bool is_judged = false;
			for (size_t j = 0; j < i; j++)
				is_judged |= cdr_audit_word_has(&c->word[j], c->word[i].place[k]);
			if (!is_judged)
				err = judge_word(c, roster, c->word[i].place[k]);
		}
	return err;
}

/* Whether the hub proves that its log holds what it gave a trustee that receipt for. It is not accused where it shows nothing that is to hold it. */
static cdr_err
ask_proof(struct cdr_audit_work *c, uint64_t place, const uint8_t hash[static CDR_MERKLE_HASH_LEN], bool *is_missing)
{
	struct cdr_ask ask = { 0 };
	struct cdr_checkpoint shown = { .size = 0 };

	*is_missing = false;
	if (place >= c->newest.size)
		return CDR_OK;
	cdr_err err = cdr_audit_ask(c, &c->newest, &place, 1, &ask, NULL);
	if (err == CDR_OK)
		err = cdr_audit_read_shown(c, ask.reply, &shown);
	if (err == CDR_OK && place < shown.size) {
		const struct cdr_bytes p = cdr_checkpoint_proof(ask.reply, place);
		*is_missing = p.len % CDR_MERKLE_HASH_LEN != 0 ||
		    cdr_merkle_verify_include(hash, place, shown.size, p.data, p.len / CDR_MERKLE_HASH_LEN, shown.root) != CDR_OK;
	}
	cdr_ask_free(&ask);
	return err == CDR_E_MEMORY ? err : CDR_OK;
}

/* What a trustee did, and the log lacks: the hub's receipts show that it should be there. */
static cdr_err
judge_missing(struct cdr_audit_work *c, const struct cdr_ask *ask, const Cdr__Wire__ContradictionsReply *reply)
{
	cdr_err err = CDR_OK;

	for (size_t i = 0; err == CDR_OK && i < reply->n_missing && i < CDR_MISSING_MAX; i++) {
		const Cdr__Wire__Receipt *receipt = reply->missing[i];
		uint8_t hash[CDR_MERKLE_HASH_LEN];
		struct cdr_buffer bytes = { 0 };
		struct cdr_leaf leaf;
		bool is_missing = false;

		err = cdr_receipt_read(receipt, c->member->genesis, c->roster->body->hub->signing_key.data, &leaf, hash);
		if (err == CDR_E_INPUT || err == CDR_E_SIGNATURE) {
			note_invention(c, ask, "it shows a receipt of the hub's that the hub has not signed");
			return CDR_OK;
		}
		if (err == CDR_OK)
			err = ask_proof(c, receipt->position, hash, &is_missing);
		if (err == CDR_OK && is_missing)
			err = cdr_message_encode(&receipt->base, &bytes);
		if (err == CDR_OK && is_missing)
			cdr_audit_find(c, CDR_AUDIT_MISSING_THEIRS, receipt->position, "hub", &bytes, NULL);
		cdr_buffer_free(&bytes);
	}
	return err;
}

/* The next portion of what a trustee keeps. ${from} is moved behind it; ${more}: there may be others. */
static cdr_err
hear_portion(struct cdr_audit_work *c, const Cdr__Wire__Trustee *trustee, uint64_t *from, bool *more)
{
	char name[CDR_SIGNER_LEN_MAX + 1];
	struct cdr_signer own = cdr_member_signer(c->member);
	Cdr__Wire__ContradictionsRequest request = CDR__WIRE__CONTRADICTIONS_REQUEST__INIT;

	(void)snprintf(name, sizeof(name), "trustee/%" PRIu32, trustee->index);
	request.from = *from;
	*more = false;
	struct cdr_ask ask = { .party = trustee->party, .party_signer = name, .path = CONTRADICTIONS_PATH, .message = &request.base,
		.reply_type = &cdr__wire__contradictions_reply__descriptor, .reply_max = CDR_BODY_CONTRADICTIONS_MAX };
	cdr_err err = cdr_ask_send(c->member->client, &own, &ask, 1);
	const Cdr__Wire__ContradictionsReply *reply = err == CDR_OK ? ask.reply : NULL;
	if (reply != NULL && *from == 0) {
		err = keep_word(c, &ask, reply);
		if (err == CDR_OK)
			err = judge_missing(c, &ask, reply);
	}
	for (size_t i = 0; reply != NULL && !is_final(err) && i < reply->n_contradiction; i++) {
		uint64_t number = reply->contradiction[i]->number;
		if (number < *from || number >= CONTRADICTIONS_ALL_MAX) /* so that no trustee keeps this node busy for ever */
			break;
		err = judge_contradiction(c, reply->contradiction[i]);
		if (err == CDR_E_INPUT || err == CDR_E_SIGNATURE)
			note_invention(c, &ask, "it says that the hub showed two histories, with a record that the hub has not signed");
		*from = number + 1;
		*more = i + 1 == CDR_CONTRADICTIONS_MAX && !is_final(err);
	}
	ask.message = NULL;
	cdr_ask_free(&ask);
	return err == CDR_E_MEMORY || err == CDR_E_STORE ? err : CDR_OK;
}

/* see node/member/audit_work.h */
cdr_err
cdr_audit_hear(struct cdr_audit_work *c)
{
	cdr_err err = CDR_OK;
	const struct cdr_roster *roster = cdr_current_hold(c->member->current);

	for (size_t i = 0; i < roster->body->n_trustee && err == CDR_OK; i++) {
		uint64_t from = 0;
		bool more = true;

		c->told.trustee = roster->body->trustee[i]->index;
		while (more && err == CDR_OK)
			err = hear_portion(c, roster->body->trustee[i], &from, &more);
	}
	c->told.trustee = 0;
	if (err == CDR_OK)
		err = judge_words(c, roster);
	cdr_current_release(c->member->current, roster);
	return err;
}
