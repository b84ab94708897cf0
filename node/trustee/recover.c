#include "node/trustee/recover.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "audit/checkpoint.h"
#include "node/net/log.h"
#include "node/trustee/peers.h"
#include "node/trustee/sample.h"
#include "node/trustee/witness.h"
#include "proto/log.pb-c.h"

#define BEGUN_NAME "recover/begun"
#define ENDED_NAME "recover/ended"
#define FORGOTTEN_NAME "recover/roster"
#define LATEST_PATH "/v1/witness/latest"
#define SHOW_PATH "/v1/log/show"
#define HASH CDR_MERKLE_HASH_LEN

/* ---- the state ---------------------------------------------------------------------------------------------------- */

static cdr_err
put_time(struct cdr_tx *tx, const char *name)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%" PRIu64, cdr_trustee_now());

	return cdr_trustee_setting_put(tx, name, text, (size_t)len);
}

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_recover_mark(struct cdr_tx *tx)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_run(tx, "DELETE FROM recover_point", CDR_VALUES()));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM setting WHERE name = '" ENDED_NAME "'", CDR_VALUES()));
	CDR_TRY(put_time(tx, BEGUN_NAME));
	err = CDR_OK;
out:
	return err;
}

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_recovering(struct cdr_tx *tx, bool *recovering)
{
	int64_t count;
	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM setting WHERE name = '" BEGUN_NAME "' AND NOT EXISTS"
	    " (SELECT 1 FROM setting WHERE name = '" ENDED_NAME "')", CDR_VALUES(), &count);

	*recovering = err != CDR_OK || count > 0;
	return err;
}

/* A reading job. */
static cdr_err
recovering_job(struct cdr_tx *tx, void *context)
{
	return cdr_trustee_recovering(tx, context);
}

/* see node/trustee/recover.h */
cdr_err
cdr_trustee_recovered(const struct cdr_trustee *trustee, struct cdr_fault *fault)
{
	bool recovering = true;

	cdr_err err = cdr_store_read(trustee->home->store, recovering_job, &recovering);
	if (err != CDR_OK)
		return err;
	return !recovering ? CDR_OK : cdr_fault_set(fault, CDR_E_BUSY, "this trustee was put back from a backup and does nothing before it "
	    "knows what it did since: `candor-trustee serve` asks the other trustees, and takes in the log");
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

/* ---- asking ------------------------------------------------------------------------------------------------------- */

/* What one trustee said: none, one or two checkpoints, verified. */
struct told {
	uint32_t trustee;
	struct cdr_checkpoint checkpoint[2];
	size_t count;
};

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
	return CDR_OK;
}

/* Ask trustee ${peer} what it saw last. One that cannot be asked, or answers what does not verify, has not told. */
static void
ask_peer(const struct cdr_trustee *trustee, const struct cdr_roster *roster, const Cdr__Wire__Trustee *peer, struct told *told)
{
	const struct cdr_signer signer = cdr_trustee_signer(trustee);
	char name[CDR_SIGNER_LEN_MAX + 1];

	*told = (struct told){ .trustee = peer->index };
	(void)snprintf(name, sizeof(name), "trustee/%" PRIu32, peer->index);
	struct cdr_ask ask = { .party = peer->party, .party_signer = name, .path = LATEST_PATH,
		.reply_type = &cdr__wire__witness_latest__descriptor, .reply_max = CDR_BODY_CHECKPOINT_MAX };
	if (trustee->hub.send(trustee->hub.context, &signer, &ask) == CDR_OK) {
		const Cdr__Wire__WitnessLatest *latest = ask.reply;
		const struct cdr_bytes note[] = { cdr_message_bytes(latest->checkpoint), cdr_message_bytes(latest->witnessed) };
		for (size_t i = 0; i < (latest->has_witnessed ? 2U : 1U); i++)
			if (cdr_checkpoint_read(note[i], trustee->genesis, roster, &told->checkpoint[told->count], NULL) == CDR_OK)
				told->count++;
			else if (i == 0)
				break;
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
	bool has_told, is_recovering;
};

/* A reading job. */
static cdr_err
progress_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct progress *p = context;
	int64_t count, target;

	CDR_TRY(cdr_trustee_recovering(tx, &p->is_recovering));
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

/* Ask those that have not told yet. */
static cdr_err
ask_peers(const struct cdr_trustee *trustee, const struct cdr_roster *roster, struct progress *p)
{
	cdr_err err = CDR_E_INTERNAL;
	struct told told;

	for (size_t i = 0; i < roster->body->n_trustee; i++) {
		const Cdr__Wire__Trustee *peer = roster->body->trustee[i];

		p->asked = peer->index;
		CDR_TRY(cdr_store_read(trustee->home->store, progress_job, p));
		if (peer->index == trustee->index || p->has_told)
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

struct ending {
	const struct cdr_roster *roster;
};

/* A writing job: caught up. What may have been signed and is forgotten, and the log does not tell, is noted with it. */
static cdr_err
end_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_roster *roster = ((const struct ending *)context)->roster;
	uint64_t logged;
	char text[24];

	CDR_TRY(cdr_trustee_roster_logged_read(tx, &logged));
	const uint64_t newest = logged > roster->body->version ? logged : roster->body->version;
	int len = snprintf(text, sizeof(text), "%" PRIu64, newest + 1);
	CDR_TRY(cdr_trustee_setting_put(tx, FORGOTTEN_NAME, text, (size_t)len));
	CDR_TRY(cdr_trustee_sample_forget(tx, roster));
	CDR_TRY(put_time(tx, ENDED_NAME));
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

	CDR_TRY(cdr_store_read(trustee->home->store, progress_job, &p));
	if (!p.is_recovering || roster == NULL || trustee->index == 0)
		goto out;
	const size_t others = roster->body->n_trustee - 1;
	const int64_t needed = (int64_t)(roster->body->threshold < others ? roster->body->threshold : others);
	CDR_TRY(ask_peers(trustee, roster, &p));
	if (p.now.size < p.now.target)
		p.now.asked_hub = ask_hub(trustee, roster);
	log_progress(&trustee->catching_up, &p.now, needed);
	if (p.now.heard < needed || p.now.size < p.now.target)
		goto out;
	CDR_TRY(cdr_store_write(trustee->home->store, end_job, &(struct ending){ roster }));
	cdr_log(CDR_LOG_INFO, "trustee.caught_up", cdr_log_int("size", (int64_t)p.now.size));
	trustee->catching_up.is_logged = false;
out:
	if (err != CDR_OK && fault != NULL && fault->code == CDR_OK)
		cdr_fault_set(fault, err, "the trustee's database cannot be read or written");
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
