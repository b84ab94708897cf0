#include "node/member/check_draft.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/api.h"
#include "node/member/check_letters.h"
#include "node/member/hold.h"
#include "node/store/scrub.h"
#include "node/store/seal.h"

/* One act on one draft. */
struct act {
	struct cdr_check_addition addition;
	const char *reference;
	struct cdr_candidate *candidate; /* personal */
	uint8_t id[CDR_ID_LEN];
	char state[16];
	uint64_t made_at, watch_until;
	unsigned watch_days;             /* a new one, of an edit; 0: none */
};

/* The check that a reference names, whatever state it is in. */
static cdr_err
find(struct cdr_tx *tx, struct act *act)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	uint8_t digest[CDR_SHA256_LEN];

	CDR_TRY(cdr_check_reference_digest(act->addition.member, act->reference, digest));
	CDR_TRY(cdr_query_start(tx, "SELECT id, state, made_at, watch_until FROM hiring_check WHERE reference_digest = $1",
	    CDR_VALUES(cdr_value_blob(digest, sizeof(digest))), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob(query, 0, act->id, sizeof(act->id)));
	CDR_TRY(cdr_query_text(query, 1, act->state, sizeof(act->state)));
	CDR_TRY(cdr_query_count(query, 2, &act->made_at));
	CDR_TRY(cdr_query_count(query, 3, &act->watch_until));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
find_draft(struct cdr_tx *tx, struct act *act)
{
	cdr_err err = find(tx, act);

	if (err == CDR_E_ABSENT || (err == CDR_OK && strcmp(act->state, "draft") != 0))
		err = cdr_fault_set(act->addition.fault, CDR_E_ABSENT, "there is no draft with the reference %s: see `candor check list`", act->reference);
	return err;
}

/* ---- writing and reading ------------------------------------------------------------------------------------------------- */

static cdr_err
add_job(struct cdr_tx *tx, void *context)
{
	struct act *act = context;

	*act->addition.outcome = (struct cdr_check_outcome){ 0 };
	return cdr_check_add_one(tx, &act->addition, act->candidate);
}

/* Judge with the roster, and write. */
static cdr_err
run(struct act *act, cdr_store_job *job)
{
	struct cdr_member *member = act->addition.member;
	const struct cdr_roster *roster = cdr_current_hold(member->current);

	act->addition.roster = roster;
	cdr_err err = roster == NULL ? cdr_member_joined(member, act->addition.fault) :
	    act->candidate != NULL   ? cdr_check_judge(&act->addition, act->candidate) : CDR_OK;
	if (err == CDR_OK)
		err = cdr_store_write(member->home->store, job, act);
	cdr_current_release(member->current, roster);
	return err;
}

/* see node/member/check_draft.h */
cdr_err
cdr_check_draft(struct cdr_member *member, struct cdr_candidate *candidate, unsigned watch_days, struct cdr_check_outcome *outcome,
    struct cdr_fault *fault)
{
	uint64_t now = cdr_member_now();
	struct act act = { .candidate = candidate,
		.addition = { .member = member, .now = now, .draft = true, .outcome = outcome, .fault = fault,
		    .watch_until = watch_days > 0 ? now + watch_days * UINT64_C(86400) : 0 } };

	return run(&act, add_job);
}

static cdr_err
read_job(struct cdr_tx *tx, void *context)
{
	struct act *act = context;

	cdr_err err = find_draft(tx, act);
	return err == CDR_OK ? cdr_check_open_candidate(tx, act->addition.member, act->id, act->candidate) : err;
}

/* see node/member/check_draft.h */
cdr_err
cdr_check_draft_read(struct cdr_member *member, const char *reference, struct cdr_candidate *candidate, struct cdr_fault *fault)
{
	struct act act = { .addition = { .member = member, .fault = fault }, .reference = reference, .candidate = candidate };

	memset(candidate, 0, sizeof(*candidate));
	return cdr_store_read(member->home->store, read_job, &act);
}

/* The row is sealed anew under its own id. */
static cdr_err
edit_job(struct cdr_tx *tx, void *context)
{
	struct act *act = context;
	cdr_err err = CDR_E_INTERNAL;
	uint8_t packed[CDR_CANDIDATE_PACK_MAX], digest[CDR_SHA256_LEN];
	size_t len = 0;
	struct cdr_buffer sealed = { 0 };

	CDR_TRY(find_draft(tx, act));
	CDR_TRY(cdr_hold_check(tx, act->id, act->addition.fault));
	uint64_t watch_until = act->watch_days > 0 ? act->made_at + act->watch_days * UINT64_C(86400) : act->watch_until;
	CDR_TRY(cdr_candidate_pack(act->candidate, packed, &len));
	CDR_TRY(cdr_member_digest(act->addition.member, "check.content", (struct cdr_bytes){ packed, len }, digest));
	CDR_TRY(cdr_seal(act->addition.member->home->keys->column, CDR_CHECK_CANDIDATE_PURPOSE, (struct cdr_bytes){ act->id, CDR_ID_LEN },
	    (struct cdr_bytes){ packed, len }, &sealed));
	CDR_TRY(cdr_query_run(tx, "UPDATE hiring_check SET digest = $1, sealed = $2, watch_until = $3 WHERE id = $4",
	    CDR_VALUES(cdr_value_blob(digest, sizeof(digest)), cdr_value_bytes(cdr_buffer_bytes(&sealed)), cdr_value_int((int64_t)watch_until),
		cdr_value_blob(act->id, CDR_ID_LEN))));
	CDR_TRY(cdr_scrub_want(tx));
	CDR_TRY(cdr_trail_add(tx, act->addition.member->who, "check.edit", act->id));
	err = CDR_OK;
out:
	cdr_wipe(packed, sizeof(packed));
	cdr_buffer_free(&sealed);
	return err;
}

/* see node/member/check_draft.h */
cdr_err
cdr_check_draft_edit(struct cdr_member *member, const char *reference, struct cdr_candidate *candidate, unsigned watch_days,
    struct cdr_fault *fault)
{
	struct act act = { .addition = { .member = member, .fault = fault }, .reference = reference, .candidate = candidate,
		.watch_days = watch_days };
	size_t len = strlen(reference);

	if (len >= sizeof(candidate->reference))
		return cdr_fault_set(fault, CDR_E_ABSENT, "there is no draft with that reference: see `candor check list`");
	memset(candidate->reference, 0, sizeof(candidate->reference));
	memcpy(candidate->reference, reference, len);
	return run(&act, edit_job);
}

/* ---- opening and deleting -------------------------------------------------------------------------------------------------- */

static cdr_err
open_draft(struct cdr_tx *tx, struct act *act)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t now = cdr_member_now();
	struct cdr_candidate *candidate = calloc(1, sizeof(*candidate));

	if (candidate == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_check_open_candidate(tx, act->addition.member, act->id, candidate));
	CDR_TRY(cdr_check_judge(&act->addition, candidate)); /* who was a member when it was written may be none any more */
	CDR_TRY(cdr_query_run(tx, "UPDATE hiring_check SET state = 'waiting', made_at = $1, due_at = $2, watch_until = $3 WHERE id = $4",
	    CDR_VALUES(cdr_value_int((int64_t)now), cdr_value_int((int64_t)cdr_check_due(act->addition.roster)),
		cdr_value_int(act->watch_until > 0 ? (int64_t)(now + (act->watch_until - act->made_at)) : 0), cdr_value_blob(act->id, CDR_ID_LEN))));
	CDR_TRY(cdr_check_ask_declared(tx, &act->addition, candidate, act->id));
	CDR_TRY(cdr_trail_add(tx, act->addition.member->who, "check.open", act->id));
	err = CDR_OK;
out:
	cdr_wipe(candidate, sizeof(*candidate));
	free(candidate);
	return err;
}

static cdr_err
submit_job(struct cdr_tx *tx, void *context)
{
	struct act *act = context;

	cdr_err err = find(tx, act);
	if (err == CDR_E_ABSENT)
		return cdr_fault_set(act->addition.fault, err, "there is no check with the reference %s: see `candor check list`", act->reference);
	if (err != CDR_OK || strcmp(act->state, "draft") != 0)
		return err;
	return open_draft(tx, act);
}

/* see node/member/check_draft.h */
cdr_err
cdr_check_submit(struct cdr_member *member, const char *reference, struct cdr_fault *fault)
{
	struct act act = { .addition = { .member = member, .fault = fault }, .reference = reference };

	return run(&act, submit_job);
}

static cdr_err
delete_job(struct cdr_tx *tx, void *context)
{
	struct act *act = context;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(find_draft(tx, act));
	CDR_TRY(cdr_hold_check(tx, act->id, act->addition.fault));
	CDR_TRY(cdr_api_reply_forget(tx, act->addition.member, act->id, act->reference));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM hiring_check WHERE id = $1", CDR_VALUES(cdr_value_blob(act->id, CDR_ID_LEN))));
	CDR_TRY(cdr_scrub_want(tx));
	CDR_TRY(cdr_trail_add(tx, act->addition.member->who, "check.delete", act->id));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/check_draft.h */
cdr_err
cdr_check_draft_delete(struct cdr_member *member, const char *reference, struct cdr_fault *fault)
{
	struct act act = { .addition = { .member = member, .fault = fault }, .reference = reference };

	return cdr_store_write(member->home->store, delete_job, &act);
}
