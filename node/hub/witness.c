#include "node/hub/witness.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/hub/witness_push.h"
#include "node/net/clock.h"
#include "node/net/log.h"

#define STALLED_MS 500           /* a checkpoint that lacks cosignatures for so long does not hold up the next */
#define RETRY_MS 1000            /* after a trustee failed */
#define RENEW_S 900              /* the newest checkpoint is cosigned anew */

/* The thread that shows the log to one trustee. */
struct shower {
	struct cdr_hub_witness *witness;
	uint32_t trustee;
	pthread_t thread;
	uint64_t seen;               /* round that it has shown, or failed to */
	uint64_t size;               /* of the log that the trustee has, as far as is known */
	uint64_t told;               /* size of the witnessed checkpoint that went to it last, */
	uint64_t told_version;       /* under this roster */
	uint64_t retry_at_ms;        /* 0: nothing to try again */
	bool is_anew;                /* it says that it does not have what it was shown: ask where it stands, */
	uint64_t anew_at_ms;         /* but not before */
	cdr_err before;
};

struct cdr_hub_witness {
	struct cdr_hub *hub;
	struct cdr_hub_line line;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_stopping;
	bool is_making;              /* a thread makes the next checkpoint */
	bool is_behind;              /* the trustees have seen a longer log than the database holds */
	bool wants_round;            /* another process of this hub was faster */
	uint64_t wanted;             /* leaves that somebody wants witnessed */
	uint64_t round;              /* how many checkpoints were made */
	uint64_t made_at_ms;
	uint64_t failed_at_ms;       /* when one could not be made; 0: never */
	uint64_t renewed_at;
	struct cdr_checkpoint shown; /* the one of this round */
	uint64_t asked_at[CDR_TRUSTEE_COUNT_MAX]; /* of each trustee's cosignature on it, by this hub's clock; 0: none */
	struct cdr_checkpoint newest; /* witnessed; size 0: none */
	uint64_t newest_at;          /* by this hub's clock; 0: before this process began */
	uint64_t newest_version;     /* of the roster whose trustees cosigned it */
	uint64_t version;            /* of the newest roster that was seen; newest_version is lower where its trustees have to cosign yet */
	struct cdr_checkpoint by[CDR_TRUSTEE_COUNT_MAX]; /* entry k: the newest that k + 1 or more cosigned; size 0: none */
	struct cdr_checkpoint kept;  /* what the database has */
	uint32_t threshold, trustee_count; /* of the roster in force when something was shown last */
	size_t shower_count;
	struct shower shower[CDR_TRUSTEE_COUNT_MAX];
};

/* Wait until something changes, or until ${until_ms}. Called with the lock. */
static void
wait_until(struct cdr_hub_witness *w, uint64_t until_ms)
{
	const struct timespec at = { .tv_sec = (time_t)(until_ms / 1000), .tv_nsec = (long)(until_ms % 1000) * 1000000 };

	(void)pthread_cond_timedwait(&w->changed, &w->lock, &at);
}

/* ---- rosters ------------------------------------------------------------------------------------------------ */

/* Who stands in ${roster} no more counts no longer for what is shown just now. Called with the lock. */
static void
carry_shown(struct cdr_hub_witness *w, const struct cdr_roster *roster)
{
	uint64_t asked_at[CDR_TRUSTEE_COUNT_MAX] = { 0 };
	const size_t before = w->shown.cosignature_count;

	(void)!cdr_checkpoint_carry(&w->shown, w->hub->genesis, roster);
	for (size_t i = 0; i < w->shown.cosignature_count; i++) {
		const size_t k = w->shown.cosignature[i].trustee - 1;
		asked_at[k] = w->asked_at[k];
	}
	memcpy(w->asked_at, asked_at, sizeof(asked_at));
	w->wants_round |= w->shown.cosignature_count < before; /* whoever came in their place is asked */
}

/*
 * ${roster} is in force: what trustees cosigned under the one before stays witnessed by those who stand in this one with the same key, if they are
 * enough. So nothing is lost when they cannot be asked, and nobody is shown a note that does not hold. Called with the lock.
 */
static void
adopt(struct cdr_hub_witness *w, const struct cdr_roster *roster)
{
	const uint64_t version = roster->body->version;
	struct cdr_checkpoint carried = w->newest;

	if (version <= w->version)
		return;
	w->version = version;
	carry_shown(w, roster);
	if (carried.size == 0 || !cdr_checkpoint_carry(&carried, w->hub->genesis, roster))
		return;
	w->newest = carried;
	w->newest_version = version;
}

/* The roster in force, which is adopted; its version. NULL: the database cannot be read. */
static const struct cdr_roster *
hold_roster(struct cdr_hub_witness *w, uint64_t *version)
{
	const struct cdr_roster *roster = cdr_hub_roster_hold(w->hub);

	if (roster == NULL)
		return NULL;
	*version = roster->body->version;
	(void)pthread_mutex_lock(&w->lock);
	adopt(w, roster);
	(void)pthread_mutex_unlock(&w->lock);
	return roster;
}

/* ---- rounds ------------------------------------------------------------------------------------------------- */

/* A reading job: the edge of the log. */
static cdr_err
edge_job(struct cdr_tx *tx, void *context)
{
	return cdr_hub_log_edge_read(tx, context);
}

/* Sign the log as it is now, and show it. Called with the lock, which is open meanwhile. */
static cdr_err
make_round(struct cdr_hub_witness *w)
{
	struct cdr_merkle_edge edge;
	struct cdr_checkpoint made = { 0 };
	uint64_t wanted = w->wanted;

	w->is_making = true;
	(void)pthread_mutex_unlock(&w->lock);
	cdr_err err = cdr_store_read(w->hub->store, edge_job, &edge);
	if (err == CDR_OK)
		err = cdr_merkle_root(&edge, made.root);
	if (err == CDR_OK) {
		made.size = edge.size;
		err = cdr_checkpoint_sign(w->hub->seed, w->hub->genesis, &made);
	}
	(void)pthread_mutex_lock(&w->lock);
	w->is_making = false;
	if (err == CDR_OK) {
		w->shown = made;
		memset(w->asked_at, 0, sizeof(w->asked_at));
		w->round++;
		w->made_at_ms = cdr_clock_ms();
		w->wants_round = false;
		if (w->wanted == wanted && wanted > made.size) /* somebody wants what nobody has logged yet */
			w->wanted = made.size;
	} else {
		w->failed_at_ms = cdr_clock_ms();
	}
	(void)pthread_cond_broadcast(&w->changed);
	return err;
}

/* Whether a checkpoint of at least ${size} leaves has to be begun now. Called with the lock. */
static bool
needs_round(const struct cdr_hub_witness *w, uint64_t size)
{
	if (w->is_making)
		return false;
	if (w->round == 0 || w->wants_round)
		return true;
	return w->shown.size < size &&
	    (w->newest.size >= w->shown.size || cdr_clock_ms() >= w->made_at_ms + STALLED_MS);
}

/* Whether so many trustees have failed that the present checkpoint waits for one to come back. Called with the lock. */
static bool
is_hopeless(const struct cdr_hub_witness *w)
{
	uint32_t failed = 0;

	for (size_t i = 0; i < w->shower_count; i++)
		failed += w->shower[i].seen == w->round && w->shower[i].retry_at_ms != 0;
	return w->threshold > 0 && w->trustee_count - failed < w->threshold && w->shown.cosignature_count < w->threshold;
}

/* Which trustees do not witness, for a person. Called with the lock. */
static cdr_err
tell_who_fails(const struct cdr_hub_witness *w, struct cdr_fault *fault)
{
	char names[CDR_FAULT_LEN / 2] = "";
	size_t len = 0;

	for (size_t i = 0; i < w->shower_count && len < sizeof(names); i++)
		if (w->shower[i].retry_at_ms != 0)
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%strustee/%" PRIu32, len > 0 ? ", " : "",
			    w->shower[i].trustee);
	return cdr_fault_set(fault, CDR_E_BUSY, "%" PRIu32 " of %" PRIu32 " trustees are needed as witnesses of the log, and too few "
	    "cosigned (not: %s): try again later", w->threshold, w->trustee_count, names[0] != '\0' ? names : "in time");
}

static cdr_err
tell_old_copy(cdr_err code, struct cdr_fault *fault)
{
	return cdr_fault_set(fault, code, "the trustees have seen a longer log than this hub's database holds: an "
	    "old copy of it was put back. The operator must put the newest one in its place");
}

/* see node/hub/witness.h */
bool
cdr_hub_witness_is_behind(struct cdr_hub_witness *w)
{
	(void)pthread_mutex_lock(&w->lock);
	bool is_behind = w->is_behind;
	(void)pthread_mutex_unlock(&w->lock);
	return is_behind;
}

/* Whether enough trustees of the roster in force have cosigned ${size} leaves. Called with the lock. */
static bool
is_witnessed(const struct cdr_hub_witness *w, uint64_t size, uint64_t version)
{
	return w->newest.size >= size && w->newest_version >= version;
}

/* Whether the round that is on its way will do for ${size} leaves. Called with the lock. */
static bool
is_on_its_way(const struct cdr_hub_witness *w, uint64_t size)
{
	return w->is_making || w->wants_round || (w->round > 0 && w->shown.size >= size &&
	    w->shown.cosignature_count < w->threshold && cdr_clock_ms() < w->made_at_ms + STALLED_MS);
}

/* see node/hub/witness.h */
cdr_err
cdr_hub_witness_wait(struct cdr_hub_witness *w, uint64_t size, uint32_t timeout_ms, struct cdr_checkpoint *checkpoint,
    struct cdr_fault *fault)
{
	uint64_t until = cdr_clock_ms() + timeout_ms, version = 0;
	cdr_err err = CDR_OK;
	const struct cdr_roster *roster = hold_roster(w, &version);

	memset(checkpoint, 0, sizeof(*checkpoint));
	if (roster == NULL)
		return CDR_E_STORE;
	cdr_hub_roster_release(w->hub, roster);
	(void)pthread_mutex_lock(&w->lock);
	if (size > w->wanted)
		w->wanted = size;
	if (w->newest.size >= size && w->newest_version < version && !is_on_its_way(w, size))
		w->wants_round = true; /* by trustees who are none any more */
	while (err == CDR_OK && !is_witnessed(w, size, version) && !w->is_stopping && !w->is_behind) {
		if (needs_round(w, size)) {
			err = make_round(w);
			continue;
		}
		uint64_t now = cdr_clock_ms();
		if (now >= until || is_hopeless(w))
			break;
		wait_until(w, until < now + STALLED_MS ? until : now + STALLED_MS);
	}
	*checkpoint = w->newest;
	if (err == CDR_OK && w->is_behind)
		err = tell_old_copy(CDR_E_REFUSED, fault);
	else if (err == CDR_OK && !is_witnessed(w, size, version))
		err = timeout_ms == 0 && !is_hopeless(w) ? CDR_E_ABSENT : tell_who_fails(w, fault);
	(void)pthread_mutex_unlock(&w->lock);
	return err;
}

/* Whether trustees of the roster in force have lately cosigned the log of at least ${size} leaves. Called with the lock. */
static bool
is_fresh(const struct cdr_hub_witness *w, uint64_t size, uint64_t version)
{
	uint64_t now = cdr_clock_now();

	return is_witnessed(w, size, version) && w->newest_at <= now && now < w->newest_at + RENEW_S;
}

/* Have the whole log as it is now cosigned, if that was not done lately. Called with the lock. */
static cdr_err
renew(struct cdr_hub_witness *w, uint64_t size, uint64_t version, uint32_t timeout_ms)
{
	uint64_t until = cdr_clock_ms() + timeout_ms;
	cdr_err err = CDR_OK;

	if (!is_fresh(w, size, version) && !is_on_its_way(w, size))
		w->wants_round = true;
	while (err == CDR_OK && !is_fresh(w, size, version) && !w->is_stopping && !w->is_behind) {
		if (needs_round(w, size)) {
			err = make_round(w);
			continue;
		}
		uint64_t now = cdr_clock_ms();
		if (now >= until || is_hopeless(w))
			break;
		wait_until(w, until < now + STALLED_MS ? until : now + STALLED_MS);
	}
	return err;
}

/* see node/hub/witness.h */
cdr_err
cdr_hub_witness_newest(struct cdr_hub_witness *w, uint64_t from, uint32_t timeout_ms, struct cdr_checkpoint *checkpoint,
    struct cdr_fault *fault)
{
	struct cdr_merkle_edge edge;
	uint64_t version = 0;
	const struct cdr_roster *roster = hold_roster(w, &version);

	memset(checkpoint, 0, sizeof(*checkpoint));
	if (roster == NULL)
		return CDR_E_STORE;
	cdr_hub_roster_release(w->hub, roster);
	cdr_err err = cdr_store_read(w->hub->store, edge_job, &edge);
	if (err != CDR_OK)
		return err;
	(void)pthread_mutex_lock(&w->lock);
	if (from > edge.size)
		err = cdr_fault_set(fault, CDR_E_ABSENT, "the log has %" PRIu64 " leaves, and never had %" PRIu64, edge.size, from);
	else
		err = renew(w, edge.size, version, timeout_ms);
	if (err == CDR_OK && w->is_behind)
		err = tell_old_copy(CDR_E_ABSENT, fault);
	else if (err == CDR_OK && (w->newest.size == 0 || !is_witnessed(w, from, version)))
		err = tell_who_fails(w, fault);
	if (err == CDR_OK)
		*checkpoint = w->newest;
	(void)pthread_mutex_unlock(&w->lock);
	return err;
}

/* see node/hub/witness.h */
bool
cdr_hub_witness_quorate(struct cdr_hub_witness *w, uint32_t quorum, struct cdr_checkpoint *checkpoint)
{
	if (quorum < 1 || quorum > CDR_TRUSTEE_COUNT_MAX)
		return false;
	(void)pthread_mutex_lock(&w->lock);
	*checkpoint = w->by[quorum - 1];
	(void)pthread_mutex_unlock(&w->lock);
	return checkpoint->size > 0;
}

/* ---- showing ------------------------------------------------------------------------------------------------ */

/* Since when ${threshold} trustees have cosigned what is shown: who comes late makes it no newer. Called with the lock. */
static uint64_t
witnessed_since(const struct cdr_hub_witness *w, uint32_t threshold)
{
	uint64_t since = 0;

	for (size_t i = 0; i < CDR_TRUSTEE_COUNT_MAX; i++) {
		uint32_t newer = 0;
		for (size_t k = 0; k < CDR_TRUSTEE_COUNT_MAX; k++)
			newer += w->asked_at[k] >= w->asked_at[i];
		if (newer >= threshold && w->asked_at[i] > since)
			since = w->asked_at[i];
	}
	return since;
}

/* Put a cosignature on what is shown; with enough of them it is the newest. Called with the lock. */
static void
take_cosignature(struct cdr_hub_witness *w, const struct cdr_roster *roster, const struct cdr_checkpoint *shown, uint64_t asked_at,
    const struct cdr_cosignature *cosignature)
{
	struct cdr_checkpoint *at = &w->shown;

	if (at->size != shown->size || memcmp(at->root, shown->root, sizeof(at->root)) != 0)
		return;
	if (roster->body->version < w->version) { /* there is a newer one: it is asked again under that */
		w->wants_round = true;
		return;
	}
	if (cdr_checkpoint_add(at, w->hub->genesis, roster, cosignature) != CDR_OK) {
		cdr_log(CDR_LOG_WARNING, "witness.bad_signature", cdr_log_int("trustee", cosignature->trustee));
		return;
	}
	w->asked_at[cosignature->trustee - 1] = asked_at;
	for (size_t k = 0; k < at->cosignature_count; k++)
		w->by[k] = *at;
	if (!cdr_checkpoint_is_witnessed(at, roster) || w->newest.size > at->size)
		return;
	w->newest = *at;
	w->newest_at = witnessed_since(w, roster->body->threshold);
	w->newest_version = roster->body->version;
	(void)pthread_cond_broadcast(&w->changed);
}

/* A writing job: this database is an old copy, which commands then know too. */
static cdr_err
note_behind_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const uint64_t *size = context;
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, *size);
	CDR_TRY(cdr_query_run(tx, "DELETE FROM setting WHERE name = $1", CDR_VALUES(cdr_value_text(CDR_HUB_SETTING_LONGER_LOG))));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO setting (name, value) VALUES ($1, $2)",
	    CDR_VALUES(cdr_value_text(CDR_HUB_SETTING_LONGER_LOG), cdr_value_text(text))));
out:
	return err;
}

/* Show the present checkpoint to one trustee. Called with the lock, which is open meanwhile. */
static void
show(struct shower *s)
{
	struct cdr_hub_witness *w = s->witness;
	struct cdr_cosignature cosignature;
	struct cdr_fault fault = { CDR_OK, "" };
	uint64_t asked_at = cdr_clock_now(), version = 0;

	if (s->is_anew) {
		s->size = CDR_HUB_SIZE_UNKNOWN;
		s->anew_at_ms = cdr_clock_ms() + RETRY_MS;
		s->is_anew = false;
	}
	(void)pthread_mutex_unlock(&w->lock);
	const struct cdr_roster *roster = hold_roster(w, &version);
	(void)pthread_mutex_lock(&w->lock);
	const struct cdr_checkpoint shown = w->shown, none = { .size = 0 }, newest = w->newest_version == version ? w->newest : none;
	const uint64_t round = w->round;
	(void)pthread_mutex_unlock(&w->lock);
	cdr_err err = roster == NULL ? CDR_E_STORE :
				       cdr_hub_witness_push(w->hub, &w->line, roster, s->trustee, &shown, &newest, &s->size, &cosignature, &fault);
	const bool is_behind = err == CDR_E_STORE && s->size != CDR_HUB_SIZE_UNKNOWN && s->size > shown.size;
	if (is_behind && !cdr_hub_witness_is_behind(w))
		(void)!cdr_store_write(w->hub->store, note_behind_job, &s->size); /* else commands do not know, and requests are refused all the same */
	(void)pthread_mutex_lock(&w->lock);
	s->seen = round;
	s->told = newest.size; /* who failed is shown the newest again, whatever it has been told */
	s->told_version = version;
	if (roster != NULL) {
		w->threshold = roster->body->threshold;
		w->trustee_count = (uint32_t)roster->body->n_trustee;
	}
	s->retry_at_ms = err == CDR_OK || err == CDR_E_EXISTS || err == CDR_E_ABSENT ? 0 : cdr_clock_ms() + RETRY_MS;
	if (s->retry_at_ms != 0)
		(void)pthread_cond_broadcast(&w->changed);
	if (err == CDR_OK)
		take_cosignature(w, roster, &shown, asked_at, &cosignature);
	else if (err == CDR_E_EXISTS)
		w->wants_round = true;
	else if (is_behind)
		w->is_behind = true;
	if (err != s->before && err != CDR_E_EXISTS && err != CDR_E_ABSENT)
		cdr_log(err == CDR_OK ? CDR_LOG_INFO : CDR_LOG_WARNING, err == CDR_OK ? "witness.back" : "witness.failed",
		    cdr_log_int("trustee", s->trustee), cdr_log_err(err), cdr_log_text("reason", fault.text));
	s->before = err;
	if (roster != NULL)
		cdr_hub_roster_release(w->hub, roster);
}

/* When this trustee is shown something though there is nothing new; 0: not before there is. Called with the lock. */
static uint64_t
again_at(const struct shower *s)
{
	if (s->is_anew && s->witness->round > 0 && (s->retry_at_ms == 0 || s->anew_at_ms < s->retry_at_ms))
		return s->anew_at_ms != 0 ? s->anew_at_ms : 1;
	return s->retry_at_ms;
}

/* Whether leaves that somebody wants witnessed stand behind the present checkpoint, and the next may begin. Called with the lock. */
static bool
is_round_due(const struct cdr_hub_witness *w, uint64_t now)
{
	return w->round > 0 && w->wanted > w->shown.size && now >= w->failed_at_ms + RETRY_MS && needs_round(w, w->wanted);
}

/* Whether there is something to show: a new round, what failed before, or that enough have cosigned: trustees evaluate what stands there. */
static bool
is_due(const struct shower *s, uint64_t now)
{
	const struct cdr_hub_witness *w = s->witness;
	uint64_t again = again_at(s);

	if (w->round != s->seen || (again != 0 && now >= again))
		return true;
	if (s->retry_at_ms != 0 || w->round == 0 || w->newest.size == 0 || w->newest_version != w->version)
		return false;
	return w->newest.size > s->told || w->newest_version > s->told_version;
}

/* When to look again, if nothing changes. Called with the lock. */
static uint64_t
next_look(const struct shower *s, uint64_t now)
{
	const struct cdr_hub_witness *w = s->witness;
	uint64_t again = again_at(s), at = again != 0 ? again : now + 60000;

	/* A checkpoint that stalls holds up the next only so long. */
	if (w->wanted > w->shown.size && at > now + STALLED_MS)
		at = now + STALLED_MS;
	return at;
}

static void *
run_shower(void *context)
{
	struct shower *s = context;
	struct cdr_hub_witness *w = s->witness;

	(void)pthread_mutex_lock(&w->lock);
	while (!w->is_stopping) {
		uint64_t now = cdr_clock_ms();
		if (is_round_due(w, now))
			(void)!make_round(w);
		else if (is_due(s, now))
			show(s);
		else
			wait_until(w, next_look(s, now));
	}
	(void)pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* see node/hub/witness.h */
void
cdr_hub_witness_show(struct cdr_hub_witness *w, uint32_t trustee)
{
	(void)pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->shower_count; i++)
		w->shower[i].is_anew |= w->shower[i].trustee == trustee;
	(void)pthread_cond_broadcast(&w->changed);
	(void)pthread_mutex_unlock(&w->lock);
}

/* ---- keeping ------------------------------------------------------------------------------------------------ */

struct keeping {
	const uint8_t *genesis;
	const struct cdr_roster *roster;
	struct cdr_checkpoint *checkpoint;
	uint64_t now;
};

/* see node/hub/witness.h */
cdr_err
cdr_hub_checkpoint_read(struct cdr_tx *tx, int64_t day, const uint8_t *genesis, const struct cdr_roster *roster,
    struct cdr_checkpoint *checkpoint)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_values none = CDR_VALUES(), one = CDR_VALUES(cdr_value_int(day));
	struct cdr_bytes note;

	if (day == CDR_HUB_CHECKPOINT_NEWEST)
		CDR_TRY(cdr_query_start(tx, "SELECT note FROM checkpoint ORDER BY day DESC LIMIT 1", none, &query));
	else
		CDR_TRY(cdr_query_start(tx, "SELECT note FROM checkpoint WHERE day = $1", one, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_peek(query, 0, CDR_CHECKPOINT_LEN_MAX, &note));
	CDR_TRY(cdr_checkpoint_read(note, genesis, roster, checkpoint, NULL));
out:
	cdr_query_end(query);
	return err == CDR_E_INPUT || err == CDR_E_SIGNATURE ? CDR_E_STORE : err;
}

/* A reading job. */
static cdr_err
load_job(struct cdr_tx *tx, void *context)
{
	struct keeping *k = context;
	cdr_err err = cdr_hub_checkpoint_read(tx, CDR_HUB_CHECKPOINT_NEWEST, k->genesis, k->roster, k->checkpoint);

	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* A writing job: one checkpoint for each day, the last of it. Another process may have kept a later one. */
static cdr_err
keep_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct keeping *k = context;
	struct cdr_buffer note = { 0 };
	struct cdr_value day = cdr_value_int((int64_t)(k->now / CDR_HUB_DAY_S));
	int64_t size;

	err = cdr_query_one_int(tx, "SELECT size FROM checkpoint ORDER BY size DESC LIMIT 1", CDR_VALUES(), &size);
	if (err != CDR_OK && err != CDR_E_ABSENT)
		return err;
	if ((uint64_t)size > k->checkpoint->size)
		return CDR_OK;
	CDR_TRY(cdr_checkpoint_write(k->checkpoint, k->genesis, k->roster, &note));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM checkpoint WHERE day = $1", CDR_VALUES(day)));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO checkpoint (day, size, note) VALUES ($1, $2, $3)",
	    CDR_VALUES(day, cdr_value_int((int64_t)k->checkpoint->size), cdr_value_bytes(cdr_buffer_bytes(&note)))));
out:
	cdr_buffer_free(&note);
	return err;
}

/*
 * Keep ${newest} if it is another one, or cosigned by more, than was kept. Its witnesses are those of the roster ${version}: under
 * another one somebody else may stand in the place of one of them, and a note would not hold.
 */
static void
keep(struct cdr_hub_witness *w, struct cdr_checkpoint *newest, uint64_t version)
{
	if (newest->size == 0 || memcmp(newest, &w->kept, sizeof(*newest)) == 0)
		return;
	const struct cdr_roster *roster = cdr_hub_roster_hold(w->hub);
	if (roster == NULL)
		return;
	if (roster->body->version != version) {
		cdr_hub_roster_release(w->hub, roster);
		return;
	}
	struct keeping k = { .genesis = w->hub->genesis, .roster = roster, .checkpoint = newest, .now = cdr_clock_now() };
	cdr_err err = cdr_store_write(w->hub->store, keep_job, &k);
	cdr_hub_roster_release(w->hub, roster);
	if (err == CDR_OK)
		w->kept = *newest;
	else
		cdr_log(CDR_LOG_ERROR, "witness.not_kept", cdr_log_err(err));
}

/* see node/hub/witness.h */
void
cdr_hub_witness_tick(struct cdr_hub_witness *w)
{
	struct cdr_merkle_edge edge;
	struct cdr_checkpoint newest;
	uint64_t now = cdr_clock_now(), version;

	if (cdr_store_read(w->hub->store, edge_job, &edge) != CDR_OK)
		return;
	(void)pthread_mutex_lock(&w->lock);
	if (cdr_clock_is_due(now, w->renewed_at, RENEW_S)) {
		w->wants_round = true;
		w->renewed_at = now;
	}
	if (w->newest.size > 0 || edge.size > 0) {
		bool is_due = w->wants_round || w->newest.size < edge.size;
		if (is_due && needs_round(w, edge.size))
			(void)!make_round(w);
	}
	newest = w->newest;
	version = w->newest_version;
	(void)pthread_mutex_unlock(&w->lock);
	keep(w, &newest, version);
}

/* ---- beginning and end -------------------------------------------------------------------------------------- */

/* What was witnessed before this process began. */
static cdr_err
load(struct cdr_hub_witness *w)
{
	const struct cdr_roster *roster = cdr_hub_roster_hold(w->hub);

	if (roster == NULL)
		return CDR_E_STORE;
	struct keeping k = { .genesis = w->hub->genesis, .roster = roster, .checkpoint = &w->newest };
	cdr_err err = cdr_store_read(w->hub->store, load_job, &k);
	if (!cdr_checkpoint_is_witnessed(&w->newest, roster)) /* other trustees must cosign now */
		w->newest = (struct cdr_checkpoint){ 0 };
	w->kept = w->newest;
	w->newest_version = w->version = roster->body->version;
	w->wants_round = true; /* before anything happens: is this the database that the trustees saw last? */
	cdr_hub_roster_release(w->hub, roster);
	return err;
}

/* see node/hub/witness.h */
cdr_err
cdr_hub_witness_start(struct cdr_hub *hub, const struct cdr_hub_line *line, struct cdr_hub_witness **witness)
{
	cdr_err err = CDR_E_INTERNAL;
	pthread_condattr_t monotonic;
	struct cdr_hub_witness *w = calloc(1, sizeof(*w));

	*witness = NULL;
	if (w == NULL)
		return CDR_E_MEMORY;
	w->hub = hub;
	w->line = *line;
	w->renewed_at = cdr_clock_now();
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&w->changed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	CDR_TRY(load(w));
	for (; w->shower_count < CDR_TRUSTEE_COUNT_MAX; w->shower_count++) {
		struct shower *s = &w->shower[w->shower_count];
		*s = (struct shower){ .witness = w, .trustee = (uint32_t)w->shower_count + 1, .size = CDR_HUB_SIZE_UNKNOWN };
		if (pthread_create(&s->thread, NULL, run_shower, s) != 0) {
			err = CDR_E_MEMORY;
			goto out;
		}
	}
	hub->witness = *witness = w;
	w = NULL;
	err = CDR_OK;
out:
	cdr_hub_witness_stop(w);
	return err;
}

/* see node/hub/witness.h */
void
cdr_hub_witness_stop(struct cdr_hub_witness *w)
{
	if (w == NULL)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->is_stopping = true;
	(void)pthread_cond_broadcast(&w->changed);
	(void)pthread_mutex_unlock(&w->lock);
	for (size_t i = 0; i < w->shower_count; i++)
		(void)pthread_join(w->shower[i].thread, NULL);
	keep(w, &w->newest, w->newest_version);
	if (w->hub->witness == w)
		w->hub->witness = NULL;
	(void)pthread_cond_destroy(&w->changed);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}
