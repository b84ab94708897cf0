#include "node/hub/hub.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/identity/token.h"
#include "node/hub/epoch.h"
#include "node/hub/log.h"
#include "node/net/log.h"

/* see node/hub/hub.h */
cdr_err
cdr_hub_roster_read(struct cdr_tx *tx, int64_t version, struct cdr_roster **roster, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes bytes;

	*roster = NULL;
	struct cdr_values none = CDR_VALUES(), one = CDR_VALUES(cdr_value_int(version));
	if (version == CDR_HUB_ROSTER_NEWEST)
		CDR_TRY(cdr_query_start(tx, "SELECT signed FROM roster ORDER BY version DESC LIMIT 1", none, &query));
	else
		CDR_TRY(cdr_query_start(tx, "SELECT signed FROM roster WHERE version = $1", one, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_peek(query, 0, CDR_BODY_ROSTER_MAX, &bytes));
	CDR_TRY(cdr_roster_decode(bytes, roster, fault));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* The leaf of a roster that comes into force. */
static cdr_err
roster_log(struct cdr_tx *tx, const struct cdr_roster *roster, uint64_t now, uint64_t *place)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_leaf leaf = { .kind = CDR_LEAF_ROSTER, .at = now };
	struct cdr_hub_logged logged = { 0 };
	const struct cdr_bytes hash = { roster->hash, CDR_ROSTER_HASH_LEN };

	cdr_leaf_party_add(&leaf, "hub");
	cdr_leaf_number_add(&leaf, roster->body->version);
	CDR_TRY(cdr_leaf_content(leaf.kind, &hash, 1, leaf.content));
	CDR_TRY(cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ NULL, 0 }, &logged));
	*place = logged.position;
out:
	cdr_hub_logged_free(&logged);
	return err;
}

/* Whether ${roster} brings other trustees than the one before it: whoever is behind will need it. */
static cdr_err
note_trustees(struct cdr_tx *tx, const struct cdr_roster *roster)
{
	struct cdr_roster *before = NULL;
	cdr_err err = cdr_hub_roster_read(tx, CDR_HUB_ROSTER_NEWEST, &before, NULL);

	if (err == CDR_OK && !cdr_roster_same_trustees(roster->body, before->body))
		err = cdr_query_run(tx, "INSERT INTO trustees_changed (version) VALUES ($1)",
		    CDR_VALUES(cdr_value_int((int64_t)roster->body->version)));
	cdr_roster_free(before);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* Whoever was revoked may come back with other keys; these stay revoked. */
static cdr_err
note_revoked(struct cdr_tx *tx, const struct cdr_roster *roster)
{
	for (size_t i = 0; i < roster->body->n_member; i++) {
		const Cdr__Wire__Member *m = roster->body->member[i];
		const struct cdr_value key = cdr_value_bytes(cdr_message_bytes(m->party->signing_key));
		int64_t count;

		if (strcmp(m->status, "revoked") != 0)
			continue;
		cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM revoked_key WHERE signing_key = $1", CDR_VALUES(key), &count);
		if (err == CDR_OK && count == 0)
			err = cdr_query_run(tx, "INSERT INTO revoked_key (signing_key, member) VALUES ($1, $2)",
			    CDR_VALUES(key, cdr_value_text(m->id)));
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* see node/hub/hub.h */
cdr_err
cdr_hub_roster_store(struct cdr_tx *tx, const struct cdr_roster *roster, uint64_t now)
{
	uint64_t place;
	cdr_err err = roster_log(tx, roster, now, &place);

	if (err != CDR_OK)
		return err;
	CDR_TRY(cdr_hub_epoch_log(tx, roster, now));
	CDR_TRY(note_trustees(tx, roster));
	CDR_TRY(note_revoked(tx, roster));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO roster (version, hash, signed, in_force_at, logged) VALUES ($1, $2, $3, $4, $5)",
	    CDR_VALUES(cdr_value_int((int64_t)roster->body->version), cdr_value_blob(roster->hash, CDR_ROSTER_HASH_LEN),
		cdr_value_bytes(cdr_buffer_bytes(&roster->bytes)), cdr_value_int((int64_t)now),
		cdr_value_int((int64_t)place))));
out:
	return err;
}

/* A writing job: rosters of a database that is older than the log get their leaves. */
static cdr_err
roster_log_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_roster *roster = NULL;
	uint64_t place;
	int64_t version;

	(void)context;
	for (;;) {
		err = cdr_query_one_int(tx, "SELECT version FROM roster WHERE logged IS NULL ORDER BY version LIMIT 1",
		    CDR_VALUES(), &version);
		if (err != CDR_OK)
			break;
		CDR_TRY(cdr_hub_roster_read(tx, version, &roster, NULL));
		CDR_TRY(roster_log(tx, roster, roster->body->made_at, &place));
		CDR_TRY(cdr_hub_epoch_log(tx, roster, roster->body->made_at));
		CDR_TRY(cdr_query_run(tx, "UPDATE roster SET logged = $2 WHERE version = $1",
		    CDR_VALUES(cdr_value_int(version), cdr_value_int((int64_t)place))));
		cdr_roster_free(roster);
		roster = NULL;
	}
out:
	cdr_roster_free(roster);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* What the look for a newer roster needs and finds. */
struct reload {
	bool held;
	uint64_t version;           /* of what is held */
	struct cdr_roster *newer;   /* NULL: what is held is the newest */
	struct cdr_fault fault;
};

/* A reading job: compare versions, which is cheap, and read the roster only if there is another one. */
static cdr_err
reload_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct reload *reload = context;
	int64_t version;

	CDR_TRY(cdr_query_one_int(tx, "SELECT version FROM roster ORDER BY version DESC LIMIT 1", CDR_VALUES(),
	    &version));
	if (!reload->held || (uint64_t)version != reload->version)
		CDR_TRY(cdr_hub_roster_read(tx, CDR_HUB_ROSTER_NEWEST, &reload->newer, &reload->fault));
	err = CDR_OK;
out:
	return err;
}

/* Make what is held agree with the database. */
static cdr_err
roster_reload(struct cdr_hub *hub, struct cdr_fault *fault)
{
	struct reload reload = { .fault = { CDR_OK, "" } };

	pthread_mutex_lock(&hub->reload);
	const struct cdr_roster *held = cdr_current_hold(hub->current);
	if (held != NULL) {
		reload.held = true;
		reload.version = held->body->version;
	}
	cdr_current_release(hub->current, held);
	cdr_err err = cdr_store_read(hub->store, reload_job, &reload);
	if (err == CDR_OK && reload.newer != NULL) {
		err = cdr_current_set(hub->current, reload.newer);
		if (err != CDR_OK)
			cdr_roster_free(reload.newer);
	}
	pthread_mutex_unlock(&hub->reload);
	if (err != CDR_OK && fault != NULL && reload.fault.text[0] != '\0')
		*fault = reload.fault;
	return err;
}

/* see node/hub/hub.h */
const struct cdr_roster *
cdr_hub_roster_hold(struct cdr_hub *hub)
{
	cdr_err err = roster_reload(hub, NULL);

	if (err != CDR_OK) {
		cdr_log(CDR_LOG_ERROR, "hub.roster_unreadable", cdr_log_err(err));
		return NULL;
	}
	return cdr_current_hold(hub->current);
}

/* see node/hub/hub.h */
void
cdr_hub_roster_release(struct cdr_hub *hub, const struct cdr_roster *roster)
{
	cdr_current_release(hub->current, roster);
}

/* Take the exchange's name, the genesis roster's hash, and see that the key is that hub's. */
static cdr_err
genesis_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	struct cdr_roster *genesis = NULL;
	uint8_t public_key[CDR_SIGN_PUBLIC_LEN];

	CDR_TRY(cdr_hub_roster_read(tx, 0, &genesis, NULL));
	CDR_TRY(cdr_sign_public(hub->seed, public_key));
	if (memcmp(genesis->body->hub->signing_key.data, public_key, sizeof(public_key)) != 0) {
		err = CDR_E_SIGNATURE;
		goto out;
	}
	memcpy(hub->genesis, genesis->hash, sizeof(hub->genesis));
	err = CDR_OK;
out:
	cdr_roster_free(genesis);
	return err;
}

/* see node/hub/hub.h */
cdr_err
cdr_hub_start(struct cdr_store *store, const uint8_t *seed, struct cdr_hub **hub, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *made;

	*hub = NULL;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return CDR_E_MEMORY;
	if (pthread_mutex_init(&made->reload, NULL) != 0) {
		free(made);
		return CDR_E_MEMORY;
	}
	made->store = store;
	made->seed = seed;
	CDR_TRY(cdr_current_new(&made->current));
	err = cdr_store_read(store, genesis_job, made);
	if (err == CDR_E_ABSENT)
		cdr_fault_set(fault, err, "the database holds no roster: run `candor-hub init` first");
	if (err == CDR_E_SIGNATURE)
		cdr_fault_set(fault, err, "the keystore and the database belong to different hubs");
	if (err != CDR_OK)
		goto out;
	CDR_TRY(cdr_store_write(store, roster_log_job, NULL));
	CDR_TRY(roster_reload(made, fault));
	*hub = made;
	made = NULL;
	err = CDR_OK;
out:
	cdr_hub_stop(made);
	return err;
}

/* see node/hub/hub.h */
void
cdr_hub_stop(struct cdr_hub *hub)
{
	if (hub == NULL)
		return;
	cdr_current_free(hub->current);
	pthread_mutex_destroy(&hub->reload);
	free(hub);
}

/* see node/hub/hub.h */
cdr_err
cdr_hub_status_read(struct cdr_tx *tx, const char *id, char status[static CDR_HUB_STATUS_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_values values = CDR_VALUES(cdr_value_text(id));

	status[0] = '\0';
	CDR_TRY(cdr_query_start(tx, "SELECT status FROM member WHERE id = $1", values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, status, CDR_HUB_STATUS_LEN));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/hub/hub.h */
cdr_err
cdr_hub_active_read(struct cdr_tx *tx, const struct cdr_roster *roster, const char *id, bool *active)
{
	char status[CDR_HUB_STATUS_LEN];
	const Cdr__Wire__Member *member = cdr_roster_member(roster, id);

	*active = false;
	if (member == NULL || !cdr_roster_member_is_active(member))
		return CDR_OK;
	cdr_err err = cdr_hub_status_read(tx, id, status);
	*active = err == CDR_OK && strcmp(status, "active") == 0;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

struct misuse {
	const char *party;
	const char *kind;
	struct cdr_bytes subject;
	uint64_t now;
	char detail[CDR_FAULT_LEN];
};

/* One note for a kind and a subject, and a bounded number for a party: a liar does not fill the disk. */
static cdr_err
misuse_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct misuse *m = context;
	int64_t count;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM misuse WHERE party = $1 AND kind = $2 AND subject = $3",
	    CDR_VALUES(cdr_value_text(m->party), cdr_value_text(m->kind), cdr_value_bytes(m->subject)), &count));
	if (count > 0)
		return CDR_OK;
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM misuse WHERE party = $1",
	    CDR_VALUES(cdr_value_text(m->party)), &count));
	if (count >= CDR_HUB_MISUSE_MAX)
		return CDR_OK;
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO misuse (party, kind, subject, noticed_at, detail) VALUES ($1, $2, $3, $4, $5)",
	    CDR_VALUES(cdr_value_text(m->party), cdr_value_text(m->kind), cdr_value_bytes(m->subject),
		cdr_value_int((int64_t)m->now), cdr_value_text(m->detail))));
	err = CDR_OK;
out:
	return err;
}

/* see node/hub/hub.h */
void
cdr_hub_misuse_note(struct cdr_hub *hub, const char *party, const char *kind, struct cdr_bytes subject, uint64_t now,
    const char *format, ...)
{
	struct misuse misuse = { .party = party, .kind = kind, .subject = subject, .now = now };
	va_list args;

	va_start(args, format);
	(void)vsnprintf(misuse.detail, sizeof(misuse.detail), format, args);
	va_end(args);
	cdr_err err = cdr_store_write(hub->store, misuse_job, &misuse);
	if (err != CDR_OK)
		cdr_log(CDR_LOG_ERROR, "hub.misuse_not_noted", cdr_log_text("party", party), cdr_log_err(err));
}

/* see node/hub/hub.h */
cdr_err
cdr_hub_epoch_check(const struct cdr_roster *roster, uint32_t number, uint64_t now, struct cdr_fault *fault)
{
	const Cdr__Wire__Epoch *epoch = cdr_roster_epoch(roster, number);

	if (epoch == NULL || now < epoch->starts_at || now >= epoch->ends_at)
		return cdr_fault_set(fault, CDR_E_EPOCH, "epoch %u is not in force: fetch the newest roster", number);
	return CDR_OK;
}

/* see node/hub/hub.h */
bool
cdr_hub_token_is_valid(const uint8_t row[static 3])
{
	return row[0] >= CDR_TOKEN_EX && row[0] < CDR_TOKEN_TYPE_COUNT && row[1] <= CDR_RARITY_MAX &&
	    row[2] <= CDR_PAIR_MAX;
}
