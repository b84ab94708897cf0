#include "node/member/hold.h"

#include <stdio.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/store/seal.h"

#define PURPOSE "hold"

struct setting {
	struct cdr_member *member;
	struct cdr_hold *hold;
	const uint8_t *id;
	struct cdr_fault *fault;
};

/* What an id stands for. */
static const struct {
	const char *kind, *sql;
} kinds[] = {
	{ "check", "SELECT count(*) FROM hiring_check WHERE id = $1" },
	{ "request", "SELECT count(*) FROM inbox WHERE request_id = $1 AND stage = 'request'" },
	{ "leaver", "SELECT count(*) FROM leaver WHERE id = $1" },
	{ "case", "SELECT count(*) FROM conduct_case WHERE id = $1" },
};

static cdr_err
find_kind(struct cdr_tx *tx, const uint8_t *id, const char **kind)
{
	int64_t count = 0;
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && err == CDR_OK; i++) {
		*kind = kinds[i].kind;
		err = cdr_query_one_int(tx, kinds[i].sql, CDR_VALUES(cdr_value_blob(id, CDR_ID_LEN)), &count);
		if (err == CDR_OK && count > 0)
			return CDR_OK;
	}
	return err == CDR_OK ? CDR_E_ABSENT : err;
}

static cdr_err
set_job(struct cdr_tx *tx, void *context)
{
	struct setting *setting = context;
	struct cdr_hold *hold = setting->hold;
	cdr_err err = CDR_E_INTERNAL;
	const char *kind = "";
	struct cdr_buffer sealed = { 0 };
	struct cdr_value id = cdr_value_blob(hold->id, CDR_ID_LEN);

	err = find_kind(tx, hold->id, &kind);
	if (err == CDR_E_ABSENT)
		err = cdr_fault_set(setting->fault, err, "there is no check, request, leaver or case with that id");
	CDR_TRY(err);
	(void)snprintf(hold->kind, sizeof(hold->kind), "%s", kind);
	hold->set_at = cdr_member_now();
	CDR_TRY(cdr_seal(setting->member->home->keys->column, PURPOSE, (struct cdr_bytes){ hold->id, CDR_ID_LEN },
	    (struct cdr_bytes){ (const uint8_t *)hold->reason, strlen(hold->reason) }, &sealed));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM legal_hold WHERE id = $1", CDR_VALUES(id)));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO legal_hold (id, kind, who, set_at, sealed) VALUES ($1, $2, $3, $4, $5)",
	    CDR_VALUES(id, cdr_value_text(kind), cdr_value_text(hold->who), cdr_value_int((int64_t)hold->set_at),
		cdr_value_bytes(cdr_buffer_bytes(&sealed)))));
	CDR_TRY(cdr_trail_add(tx, setting->member->who, "hold.set", hold->id));
	err = CDR_OK;
out:
	cdr_buffer_free(&sealed);
	return err;
}

/* see node/member/hold.h */
cdr_err
cdr_hold_set(struct cdr_member *member, struct cdr_hold *hold, struct cdr_fault *fault)
{
	struct setting setting = { .member = member, .hold = hold, .fault = fault };

	if (hold->who[0] == '\0' || hold->reason[0] == '\0')
		return cdr_fault_set(fault, CDR_E_INPUT, "a hold says who set it and why");
	return cdr_store_write(member->home->store, set_job, &setting);
}

static cdr_err
lift_job(struct cdr_tx *tx, void *context)
{
	struct setting *setting = context;

	cdr_err err = cdr_query_run(tx, "DELETE FROM legal_hold WHERE id = $1", CDR_VALUES(cdr_value_blob(setting->id, CDR_ID_LEN)));
	if (err == CDR_OK && cdr_query_changed_count(tx) == 0)
		err = cdr_fault_set(setting->fault, CDR_E_ABSENT, "there is no hold on that: see `candor hold list`");
	return err == CDR_OK ? cdr_trail_add(tx, setting->member->who, "hold.lift", setting->id) : err;
}

/* see node/member/hold.h */
cdr_err
cdr_hold_lift(struct cdr_member *member, const uint8_t id[static CDR_ID_LEN], struct cdr_fault *fault)
{
	struct setting setting = { .member = member, .id = id, .fault = fault };

	return cdr_store_write(member->home->store, lift_job, &setting);
}

/* see node/member/hold.h */
cdr_err
cdr_hold_check(struct cdr_tx *tx, const uint8_t id[static CDR_ID_LEN], struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	char who[CDR_HOLD_WHO_LEN];

	CDR_TRY(cdr_query_start(tx, "SELECT who FROM legal_hold WHERE id = $1", CDR_VALUES(cdr_value_blob(id, CDR_ID_LEN)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, who, sizeof(who)));
	err = cdr_fault_set(fault, CDR_E_REFUSED, "it stands under a legal hold that %s set: nothing of it is erased until "
	    "`candor hold lift`", who);
out:
	cdr_query_end(query);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

struct listing {
	struct cdr_member *member;
	cdr_hold_callback *callback;
	void *context;
};

static cdr_err
read_hold(const struct listing *listing, struct cdr_query *query, struct cdr_hold *hold)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_bytes sealed;
	struct cdr_buffer plain = { 0 };

	*hold = (struct cdr_hold){ 0 };
	CDR_TRY(cdr_query_blob(query, 0, hold->id, sizeof(hold->id)));
	CDR_TRY(cdr_query_text(query, 1, hold->kind, sizeof(hold->kind)));
	CDR_TRY(cdr_query_text(query, 2, hold->who, sizeof(hold->who)));
	CDR_TRY(cdr_query_count(query, 3, &hold->set_at));
	CDR_TRY(cdr_query_blob_peek(query, 4, CDR_HOLD_REASON_LEN + CDR_SEAL_OVERHEAD, &sealed));
	CDR_TRY(cdr_seal_open(listing->member->home->keys->column, PURPOSE, (struct cdr_bytes){ hold->id, CDR_ID_LEN }, sealed, &plain));
	if (plain.len >= sizeof(hold->reason)) {
		err = CDR_E_STORE;
		goto out;
	}
	memcpy(hold->reason, plain.data, plain.len);
	err = CDR_OK;
out:
	cdr_buffer_free(&plain);
	return err == CDR_E_SEALED ? CDR_E_STORE : err;
}

static cdr_err
list_job(struct cdr_tx *tx, void *context)
{
	struct listing *listing = context;
	struct cdr_query *query = NULL;
	struct cdr_hold hold;

	cdr_err err = cdr_query_start(tx, "SELECT id, kind, who, set_at, sealed FROM legal_hold ORDER BY set_at, id", CDR_VALUES(), &query);
	while (err == CDR_OK && (err = cdr_query_step(query)) == CDR_OK) {
		err = read_hold(listing, query, &hold);
		if (err == CDR_OK)
			err = listing->callback(&hold, listing->context);
	}
	cdr_query_end(query);
	cdr_wipe(&hold, sizeof(hold));
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/member/hold.h */
cdr_err
cdr_hold_each(struct cdr_member *member, cdr_hold_callback *callback, void *context)
{
	struct listing listing = { member, callback, context };

	return cdr_store_read(member->home->store, list_job, &listing);
}
