#include "node/trustee/recover.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/checkpoint.h"
#include "node/net/log.h"
#include "node/trustee/change.h"
#include "node/trustee/peers.h"
#include "node/trustee/sample_given.h"
#include "node/trustee/seen.h"
#include "proto/log.pb-c.h"
#include "proto/round.h"

/* Put back from a backup, and caught up after that; new since the roster after this version, and caught up after that. */
#define BEGUN_NAME "recover/begun"
#define ENDED_NAME "recover/ended"
#define FORGOTTEN_NAME "recover/roster"
#define CAME_NAME "recover/came"
#define KNOWN_NAME "recover/known"
#define HEARD_NAME "recover/heard" /* as many as were needed have told */
#define WITHOUT_NAME "recover/without" /* former trustees who are gone for good, as the operator says: their numbers */
#define LATEST_PATH "/v1/witness/latest"
#define SHOW_PATH "/v1/log/show"
#define HASH CDR_MERKLE_HASH_LEN

/* ---- the state ---------------------------------------------------------------------------------------------------- */

static cdr_err
put_number(struct cdr_tx *tx, const char *name, uint64_t number)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%" PRIu64, number);

	return cdr_trustee_setting_put(tx, name, text, (size_t)len);
}

/* Begin to catch up: whatever was told before is told anew. */
static cdr_err
begin(struct cdr_tx *tx, const char *name, uint64_t number, const char *ended)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_run(tx, "DELETE FROM recover_point", CDR_VALUES()));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM sample_told", CDR_VALUES()));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM setting WHERE name = $1 OR name = '" HEARD_NAME "' OR name = '" WITHOUT_NAME "'",
	    CDR_VALUES(cdr_value_text(ended))));
	CDR_TRY(put_number(tx, name, number));
out:
	return err;
}

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_recover_mark(struct cdr_tx *tx)
{
	return begin(tx, BEGUN_NAME, cdr_trustee_now(), ENDED_NAME);
}

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_recover_come(struct cdr_tx *tx, uint64_t before)
{
	return begin(tx, CAME_NAME, before, KNOWN_NAME);
}

/* Why this trustee has to catch up, if it has to. */
struct state {
	bool is_put_back, is_new, has_heard;
};

/* A reading job. */
static cdr_err
state_job(struct cdr_tx *tx, void *context)
{
	static const char sql[] = "SELECT count(*) FROM setting WHERE name = $1 AND NOT EXISTS (SELECT 1 FROM setting WHERE name = $2)";
	cdr_err err = CDR_E_INTERNAL;
	struct state *state = context;
	int64_t put_back, came, heard;

	*state = (struct state){ true, true, false };
	CDR_TRY(cdr_query_one_int(tx, sql, CDR_VALUES(cdr_value_text(BEGUN_NAME), cdr_value_text(ENDED_NAME)), &put_back));
	CDR_TRY(cdr_query_one_int(tx, sql, CDR_VALUES(cdr_value_text(CAME_NAME), cdr_value_text(KNOWN_NAME)), &came));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM setting WHERE name = '" HEARD_NAME "'", CDR_VALUES(), &heard));
	*state = (struct state){ put_back > 0, came > 0, heard > 0 };
out:
	return err;
}

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_recovering(struct cdr_tx *tx, bool *recovering)
{
	struct state state;
	cdr_err err = state_job(tx, &state);

	*recovering = state.is_put_back || state.is_new;
	return err;
}

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_has_forgotten(struct cdr_tx *tx, bool *has_forgotten)
{
	struct state state;
	cdr_err err = state_job(tx, &state);

	*has_forgotten = state.is_put_back;
	return err;
}

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_recover_listens(struct cdr_tx *tx, bool *listens)
{
	struct state state;
	cdr_err err = state_job(tx, &state);

	*listens = (!state.is_put_back && !state.is_new) || state.has_heard;
	return err;
}

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_remembers(const struct cdr_trustee *trustee, struct cdr_fault *fault)
{
	struct state state;
	cdr_err err = cdr_store_read(trustee->home->store, state_job, &state);

	if (err != CDR_OK || !state.is_put_back)
		return err;
	return cdr_fault_set(fault, CDR_E_BUSY, "this trustee was put back from a backup and does nothing before it knows what it did since: "
	    "`candor-trustee serve` asks the other trustees, and takes in the log");
}

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_recovered(const struct cdr_trustee *trustee, struct cdr_fault *fault)
{
	struct state state;
	cdr_err err = cdr_store_read(trustee->home->store, state_job, &state);

	if (err == CDR_OK)
		err = cdr_trustee_remembers(trustee, fault);
	if (err != CDR_OK || !state.is_new)
		return err;
	return cdr_fault_set(fault, CDR_E_BUSY, "this trustee is new and does nothing before it knows what was witnessed before it came: "
	    "`candor-trustee serve` asks those who were trustees then, and takes in the log");
}

/* ---- the log ------------------------------------------------------------------------------------------------------ */

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_recover_pass(struct cdr_tx *tx, const struct cdr_merkle_edge *edge, bool *contradicts)
{
	uint8_t root[HASH];
	int64_t known, same;
	const struct cdr_value size = cdr_value_int((int64_t)edge->size);

	*contradicts = false;
	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM recover_point WHERE size = $1", CDR_VALUES(size), &known);
	if (err != CDR_OK || known == 0)
		return err;
	err = cdr_merkle_root(edge, root);
	if (err == CDR_OK)
		err = cdr_query_one_int(tx, "SELECT count(*) FROM recover_point WHERE size = $1 AND root = $2",
		    CDR_VALUES(size, cdr_value_blob(root, sizeof(root))), &same);
	*contradicts = err == CDR_OK && same != known;
	return err;
}

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_recover_target(struct cdr_tx *tx, uint64_t *size)
{
	int64_t target = 0;
	cdr_err err = cdr_query_one_int(tx, "SELECT COALESCE(max(size), 0) FROM recover_point", CDR_VALUES(), &target);

	*size = (uint64_t)target;
	return err;
}

/* ---- asking ------------------------------------------------------------------------------------------------------- */

/* What one trustee said: none, one or two checkpoints, verified. */
struct told {
	uint32_t trustee;
	struct cdr_checkpoint checkpoint[2];
	size_t count;
	bool has_given;
	struct cdr_sample_given given;
};

/* The trustee of ${roster} with that key; NULL: none. */
static const Cdr__Wire__Trustee *
find_key(const struct cdr_roster *roster, ProtobufCBinaryData key)
{
	for (size_t i = 0; i < roster->body->n_trustee; i++) {
		const ProtobufCBinaryData own = roster->body->trustee[i]->party->signing_key;

		if (own.len == key.len && memcmp(own.data, key.data, key.len) == 0)
			return roster->body->trustee[i];
	}
	return NULL;
}

/* A writing job. A trustee that has told is not asked again. */
static cdr_err
told_job(struct cdr_tx *tx, void *context)
{
	const struct told *told = context;

	for (size_t i = 0; i < told->count; i++) {
		const struct cdr_checkpoint *c = &told->checkpoint[i];
		cdr_err err = cdr_query_run(tx, "INSERT INTO recover_point (trustee, part, size, root) VALUES ($1, $2, $3, $4)",
		    CDR_VALUES(cdr_value_int(told->trustee), cdr_value_int((int64_t)i), cdr_value_int((int64_t)c->size),
			cdr_value_blob(c->root, sizeof(c->root))));
		if (err != CDR_OK)
			return err;
	}
	return told->has_given ? cdr_trustee_sample_told(tx, told->trustee, &told->given) : CDR_OK;
}

/* What ${latest} says of the sample that comes next. */
static void
take_given(const Cdr__Wire__WitnessLatest *latest, struct told *told)
{
	const Cdr__Wire__SampleGiven *given = latest->given;

	told->has_given = given != NULL && given->input.len == sizeof(told->given.input) && given->number >= 1 && given->number <= INT64_MAX;
	if (!told->has_given)
		return;
	told->given = (struct cdr_sample_given){ .number = given->number, .key = given->key };
	memcpy(told->given.input, given->input.data, given->input.len);
}

/*
 * Ask ${peer} what it saw last. One that cannot be asked, or answers what does not verify, has not told. Whoever is a trustee still has
 * the name and address of now; whoever left bears no name any more.
 */
static void
ask_peer(const struct cdr_trustee *trustee, const struct cdr_roster *roster, const Cdr__Wire__Trustee *peer, struct told *told)
{
	const struct cdr_signer signer = cdr_trustee_signer(trustee);
	const Cdr__Wire__Trustee *now = find_key(roster, peer->party->signing_key);
	char name[CDR_SIGNER_LEN_MAX + 1] = "new";

	*told = (struct told){ .trustee = peer->index };
	if (now != NULL)
		(void)snprintf(name, sizeof(name), "trustee/%" PRIu32, now->index);
	struct cdr_ask ask = { .party = now != NULL ? now->party : peer->party, .party_signer = name, .path = LATEST_PATH,
		.reply_type = &cdr__wire__witness_latest__descriptor, .reply_max = CDR_BODY_CHECKPOINT_MAX };
	if (trustee->hub.send(trustee->hub.context, &signer, &ask) == CDR_OK) {
		const Cdr__Wire__WitnessLatest *latest = ask.reply;
		const struct cdr_bytes note[] = { cdr_message_bytes(latest->checkpoint), cdr_message_bytes(latest->witnessed) };
		for (size_t i = 0; i < (latest->has_witnessed ? 2U : 1U); i++)
			if (cdr_checkpoint_read(note[i], trustee->genesis, roster, &told->checkpoint[told->count], NULL) == CDR_OK)
				told->count++;
			else if (i == 0)
				break;
		take_given(latest, told);
	} else if (ask.answered && ask.err == CDR_E_ABSENT) {
		/* It has seen nothing: the empty log. */
		told->count = 1;
	}
	cdr_ask_free(&ask);
}

/* Have the hub show the log from where this trustee stands: it believes that it has been shown. */
static cdr_err
ask_hub(const struct cdr_trustee *trustee, const struct cdr_roster *roster)
{
	Cdr__Wire__Empty empty = CDR__WIRE__EMPTY__INIT;
	struct cdr_ask ask = { .path = SHOW_PATH, .message = &empty.base };
	cdr_err err = cdr_trustee_ask(trustee, roster, &ask);

	cdr_ask_free(&ask);
	return err;
}

/* How far this trustee is. */
struct progress {
	struct cdr_trustee_progress now;
	uint32_t asked;                /* of the next query: whether this one told */
	bool has_told;
	struct state state;
	struct cdr_roster *before;     /* whose trustees are asked by one that is new */
	size_t dealers;                /* how many of them took part in the change */
	struct cdr_trustee_standing standing;
};

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_recover_standing(struct cdr_tx *tx, struct cdr_trustee_standing *standing)
{
	char text[CDR_TRUSTEE_COUNT_MAX * 4 + 1] = "", *at = text;
	struct state state;

	memset(standing, 0, sizeof(*standing));
	cdr_err err = state_job(tx, &state);
	if (err == CDR_OK)
		err = cdr_trustee_setting_text(tx, WITHOUT_NAME, text, sizeof(text));
	standing->is_put_back = state.is_put_back;
	standing->is_new = state.is_new;
	while (*at != '\0' && standing->without_count < CDR_TRUSTEE_COUNT_MAX) {
		standing->without[standing->without_count++] = (uint32_t)strtoul(at, &at, 10);
		at += strspn(at, " ");
	}
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* A reading job. */
static cdr_err
progress_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct progress *p = context;
	int64_t count, target;

	CDR_TRY(state_job(tx, &p->state));
	CDR_TRY(cdr_trustee_log_size(tx, &p->now.size));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(DISTINCT trustee) FROM recover_point", CDR_VALUES(), &p->now.heard));
	CDR_TRY(cdr_query_one_int(tx, "SELECT COALESCE(max(size), 0) FROM recover_point", CDR_VALUES(), &target));
	p->now.target = (uint64_t)target;
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM recover_point WHERE trustee = $1", CDR_VALUES(cdr_value_int(p->asked)),
	    &count));
	p->has_told = count > 0;
	err = CDR_OK;
out:
	return err;
}

/* A reading job: the roster before the one that named this trustee, and who handed the keys on. */
static cdr_err
before_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct progress *p = context;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__TrusteeChange *change = NULL;
	char text[24];

	CDR_TRY(cdr_trustee_recover_standing(tx, &p->standing));
	CDR_TRY(cdr_trustee_change_read(tx, &arena, &change));
	for (size_t i = 0; change != NULL && i < change->n_participant; i++)
		p->dealers += change->participant[i]->before != 0;

	CDR_TRY(cdr_trustee_setting_text(tx, CAME_NAME, text, sizeof(text)));
	CDR_TRY(cdr_trustee_roster_query(tx, "SELECT signed FROM roster WHERE version = $1",
	    CDR_VALUES(cdr_value_int((int64_t)strtoull(text, NULL, 10))), &p->before));
out:
	cdr_arena_free(&arena);
	return err;
}

/* How many have to tell, of ${others} who can. ${lowered}: fewer than would be safe, because some are gone. */
static int64_t
count_needed(const struct progress *p, const struct cdr_roster *asked, size_t others, bool *lowered)
{
	size_t needed = asked->body->threshold;

	if (p->before != NULL) {
		const size_t safe = asked->body->n_trustee + needed - cdr_round_quorum(asked);

		needed = p->dealers >= needed && p->dealers < safe ? p->dealers : safe;
	}
	if (needed > others)
		needed = others;
	const size_t left = others > p->standing.without_count ? others - p->standing.without_count : 1;
	*lowered = left < needed;
	return (int64_t)(*lowered ? left : needed);
}

/* Ask all trustees of ${asked} that have not told yet; ${others} is how many there are beside this one. */
static cdr_err
ask_peers(const struct cdr_trustee *trustee, const struct cdr_roster *roster, const struct cdr_roster *asked, struct progress *p,
    size_t *others)
{
	cdr_err err = CDR_E_INTERNAL;
	struct told told;

	*others = 0;
	for (size_t i = 0; i < asked->body->n_trustee; i++) {
		const Cdr__Wire__Trustee *peer = asked->body->trustee[i];

		if (memcmp(peer->party->signing_key.data, trustee->home->signing_public, CDR_SIGN_PUBLIC_LEN) == 0)
			continue;
		(*others)++;
		p->asked = peer->index;
		CDR_TRY(cdr_store_read(trustee->home->store, progress_job, p));
		if (p->has_told)
			continue;
		ask_peer(trustee, roster, peer, &told);
		if (told.count > 0)
			CDR_TRY(cdr_store_write(trustee->home->store, told_job, &told));
	}
	CDR_TRY(cdr_store_read(trustee->home->store, progress_job, p));
out:
	return err;
}

/* One line for each thing that has changed. */
static void
log_progress(struct cdr_trustee_progress *logged, const struct cdr_trustee_progress *now, int64_t needed)
{
	if (logged->is_logged && logged->heard == now->heard && logged->size == now->size && logged->target == now->target &&
	    logged->asked_hub == now->asked_hub)
		return;
	*logged = *now;
	logged->is_logged = true;
	cdr_log(CDR_LOG_INFO, "trustee.catching_up", cdr_log_int("heard", now->heard), cdr_log_int("of", needed),
	    cdr_log_int("size", (int64_t)now->size), cdr_log_int("target", (int64_t)now->target), cdr_log_err(now->asked_hub));
}

/* A writing job: enough have told. */
static cdr_err
heard_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return put_number(tx, HEARD_NAME, cdr_trustee_now());
}

struct ending {
	const struct cdr_roster *roster;
	struct state state;
	bool is_lowered; /* fewer told than would be safe */
};

/* A writing job: caught up. Of one that was put back, what may have been signed and is forgotten, and the log does not tell, is noted with it. */
static cdr_err
end_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct ending *ending = context;
	const struct cdr_roster *roster = ending->roster;
	uint64_t logged;

	if (ending->state.is_new)
		CDR_TRY(put_number(tx, KNOWN_NAME, cdr_trustee_now()));
	/* What was opened before it came it may not know: rounds of that time it leaves to the others, as one that was put back. */
	if (ending->is_lowered)
		CDR_TRY(put_number(tx, ENDED_NAME, cdr_trustee_now()));
	if (!ending->state.is_put_back)
		return CDR_OK;
	CDR_TRY(cdr_trustee_roster_logged_read(tx, &logged));
	const uint64_t newest = logged > roster->body->version ? logged : roster->body->version;
	CDR_TRY(put_number(tx, FORGOTTEN_NAME, newest + 1));
	CDR_TRY(cdr_trustee_sample_forget(tx, roster));
	CDR_TRY(put_number(tx, ENDED_NAME, cdr_trustee_now()));
out:
	return err;
}

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_recover_step(struct cdr_trustee *trustee, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct progress p = { .asked = 0 };
	const struct cdr_roster *roster = cdr_current_hold(trustee->current);
	size_t others;
	bool lowered;

	CDR_TRY(cdr_store_read(trustee->home->store, progress_job, &p));
	if ((!p.state.is_put_back && !p.state.is_new) || roster == NULL || trustee->index == 0)
		goto out;
	if (p.state.is_new)
		CDR_TRY(cdr_store_read(trustee->home->store, before_job, &p));
	const struct cdr_roster *asked = p.before != NULL ? p.before : roster;
	CDR_TRY(ask_peers(trustee, roster, asked, &p, &others));
	const int64_t needed = count_needed(&p, asked, others, &lowered);
	if (p.now.heard >= needed && !p.state.has_heard)
		CDR_TRY(cdr_store_write(trustee->home->store, heard_job, NULL));
	if (p.now.size < p.now.target)
		p.now.asked_hub = ask_hub(trustee, roster);
	log_progress(&trustee->catching_up, &p.now, needed);
	if (p.now.heard < needed || p.now.size < p.now.target)
		goto out;
	CDR_TRY(cdr_store_write(trustee->home->store, end_job, &(struct ending){ roster, p.state, lowered }));
	cdr_log(CDR_LOG_INFO, "trustee.caught_up", cdr_log_int("size", (int64_t)p.now.size), cdr_log_int("without", (int64_t)p.standing.without_count));
	trustee->catching_up.is_logged = false;
out:
	if (err != CDR_OK && fault != NULL && fault->code == CDR_OK)
		cdr_fault_set(fault, err, "the trustee's database cannot be read or written");
	cdr_roster_free(p.before);
	cdr_current_release(trustee->current, roster);
	return err;
}

/* ---- those who are gone -------------------------------------------------------------------------------------------- */

/* One of those who are said to be gone: a trustee of before who is none any more, and not this one. */
static cdr_err
check_gone(const struct cdr_trustee *trustee, const struct cdr_roster *roster, const struct cdr_roster *before, uint32_t index,
    struct cdr_fault *fault)
{
	for (size_t i = 0; i < before->body->n_trustee; i++) {
		const Cdr__Wire__Trustee *peer = before->body->trustee[i];

		if (peer->index != index)
			continue;
		if (find_key(roster, peer->party->signing_key) == NULL &&
		    memcmp(peer->party->signing_key.data, trustee->home->signing_public, CDR_SIGN_PUBLIC_LEN) != 0)
			return CDR_OK;
		return cdr_fault_set(fault, CDR_E_REFUSED, "trustee %" PRIu32 " of before is a trustee still: it has to tell what it witnessed. Have it "
		    "started", index);
	}
	return cdr_fault_set(fault, CDR_E_ABSENT, "there was no trustee %" PRIu32 " before this one came", index);
}

struct going {
	const uint32_t *gone;
	size_t count;
};

/* A writing job. */
static cdr_err
without_job(struct cdr_tx *tx, void *context)
{
	const struct going *going = context;
	char text[CDR_TRUSTEE_COUNT_MAX * 4 + 1] = "";
	size_t len = 0;

	for (size_t i = 0; i < going->count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%u ", (unsigned)(going->gone[i] & 0xff));
	return cdr_trustee_setting_put(tx, WITHOUT_NAME, text, len);
}

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_recover_without(struct cdr_trustee *trustee, const uint32_t *gone, size_t count, bool at_risk, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct progress p = { .asked = 0 };
	const struct cdr_roster *roster = cdr_current_hold(trustee->current);
	size_t others = 0;

	CDR_TRY(cdr_store_read(trustee->home->store, progress_job, &p));
	if (!p.state.is_new || roster == NULL || count < 1 || count > CDR_TRUSTEE_COUNT_MAX) {
		err = cdr_fault_set(fault, CDR_E_ABSENT, "this trustee waits for nobody who was one before it");
		goto out;
	}
	CDR_TRY(cdr_store_read(trustee->home->store, before_job, &p));
	for (size_t i = 0; i < count; i++) {
		CDR_TRY(check_gone(trustee, roster, p.before, gone[i], fault));
		for (size_t k = 0; k < i; k++)
			if (gone[k] == gone[i]) {
				err = cdr_fault_set(fault, CDR_E_INPUT, "trustee %" PRIu32 " is named twice", gone[i]);
				goto out;
			}
	}
	for (size_t i = 0; i < p.before->body->n_trustee; i++)
		others += memcmp(p.before->body->trustee[i]->party->signing_key.data, trustee->home->signing_public, CDR_SIGN_PUBLIC_LEN) != 0;
	if (others <= count) {
		err = cdr_fault_set(fault, CDR_E_REFUSED, "then nobody is left who can tell what was witnessed before: one of them has to come back, from its "
		    "backup if need be");
		goto out;
	}
	if (others - count < p.before->body->threshold && !at_risk) {
		err = cdr_fault_set(fault, CDR_E_REFUSED, "only %zu of those before would be left to tell, fewer than the %" PRIu32 " of whom one is honest: if they and "
		    "the hub lie, this trustee takes a log for the true one in which members' quotas are unspent. If nobody can be brought back, say so "
		    "with --at-risk", others - count, p.before->body->threshold);
		goto out;
	}
	CDR_TRY(cdr_store_write(trustee->home->store, without_job, &(struct going){ gone, count }));
	cdr_log(CDR_LOG_WARNING, "trustee.goes_without", cdr_log_int("trustees", (int64_t)count), cdr_log_int("left", (int64_t)(others - count)));
	err = CDR_OK;
out:
	cdr_roster_free(p.before);
	cdr_current_release(trustee->current, roster);
	return err;
}

/* ---- proposals ---------------------------------------------------------------------------------------------------- */

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_recover_may_have_signed(struct cdr_tx *tx, uint64_t version, bool *may_have)
{
	char text[24] = "";
	uint64_t forgotten;

	*may_have = false;
	cdr_err err = cdr_trustee_setting_text(tx, FORGOTTEN_NAME, text, sizeof(text));
	if (err == CDR_OK && sscanf(text, "%" SCNu64, &forgotten) != 1)
		err = CDR_E_STORE;
	if (err == CDR_OK)
		*may_have = version <= forgotten;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* ---- rounds ------------------------------------------------------------------------------------------------------- */

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_recover_ended(struct cdr_tx *tx, uint64_t *ended_at)
{
	char text[24] = "";

	*ended_at = 0;
	cdr_err err = cdr_trustee_setting_text(tx, ENDED_NAME, text, sizeof(text));
	if (err == CDR_OK && sscanf(text, "%" SCNu64, ended_at) != 1)
		err = CDR_E_STORE;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* A reading job. */
static cdr_err
ended_job(struct cdr_tx *tx, void *context)
{
	return cdr_trustee_recover_ended(tx, context);
}

/* The month, since January 2000, in which this trustee had caught up after it was put back. */
static cdr_err
ended_month(const struct cdr_trustee *trustee, bool *was_put_back, int64_t *month)
{
	uint64_t ended_at = 0;
	struct tm day = { .tm_mday = 1 };
	cdr_err err = cdr_store_read(trustee->home->store, ended_job, &ended_at);

	if (err != CDR_OK)
		return err;
	const time_t ended = (time_t)ended_at;
	if (gmtime_r(&ended, &day) == NULL)
		return CDR_E_INTERNAL;
	*was_put_back = ended_at != 0;
	*month = (int64_t)(day.tm_year - 100) * 12 + day.tm_mon;
	return CDR_OK;
}

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_round_is_forgotten(const struct cdr_trustee *trustee, uint32_t last_month, bool *forgotten)
{
	bool was_put_back;
	int64_t month;

	*forgotten = true;
	cdr_err err = ended_month(trustee, &was_put_back, &month);
	if (err == CDR_OK)
		*forgotten = was_put_back && (int64_t)last_month < month;
	return err;
}

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_round_is_vouched(const struct cdr_trustee *trustee, uint32_t first_month, bool *vouched)
{
	bool was_put_back;
	int64_t month;

	*vouched = false;
	cdr_err err = ended_month(trustee, &was_put_back, &month);
	if (err == CDR_OK)
		*vouched = !was_put_back || (int64_t)first_month > month;
	return err;
}
