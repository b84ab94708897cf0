#include "node/trustee/change.h"

#include <string.h>

#include "node/trustee/genesis.h"

#define CHANGE_LEN_MAX (64U << 10)
#define SETTING "change"

/* Take the change out of the reply, into an arena of its own. */
static cdr_err
take_reply(struct cdr_bytes body, struct cdr_trustee_change *out)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 };
	struct cdr_buffer encoded = { 0 };
	Cdr__Wire__TrusteeChangeReply *reply;

	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__trustee_change_reply__descriptor, body, &reply));
	if (reply->change == NULL) {
		err = CDR_E_ABSENT;
		goto out;
	}
	CDR_TRY(cdr_message_encode(&reply->change->base, &encoded));
	CDR_TRY(cdr_message_decode(&out->arena, &cdr__wire__trustee_change__descriptor, cdr_buffer_bytes(&encoded),
	    &out->change));
	CDR_TRY(cdr_ceremony_change_fingerprint(out->change, out->fingerprint));
out:
	cdr_buffer_free(&encoded);
	cdr_arena_free(&arena);
	return err;
}

/* see node/trustee/change.h */
cdr_err
cdr_trustee_change_fetch(struct cdr_client *client, const char *url, struct cdr_trustee_change *out,
    struct cdr_fault *fault)
{
	struct cdr_envelope reply;

	*out = (struct cdr_trustee_change){ .change = NULL };
	cdr_err err = cdr_genesis_ask(client, url, "/v1/trustees/change", &reply, NULL, fault);
	if (err == CDR_OK) {
		err = take_reply(reply.body, out);
		if (err == CDR_E_INPUT)
			cdr_fault_set(fault, err, "%s is no hub: it answered with something else than a proposal", url);
		if (err == CDR_E_ABSENT)
			cdr_fault_set(fault, err, "the hub shows no change of trustees: the secretariat proposes one with `candor-hub trustees "
			    "change`");
	}
	cdr_envelope_free(&reply);
	return err;
}

void
cdr_trustee_change_free(struct cdr_trustee_change *change)
{
	cdr_arena_free(&change->arena);
	*change = (struct cdr_trustee_change){ .change = NULL };
}

/* A writing job. */
static cdr_err
approve_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_trustee_change *change = context;
	struct cdr_buffer encoded = { 0 };

	CDR_TRY(cdr_message_encode(&change->change->base, &encoded));
	CDR_TRY(cdr_trustee_setting_put(tx, SETTING, encoded.data, encoded.len));
out:
	cdr_buffer_free(&encoded);
	return err;
}

/* see node/trustee/change.h */
cdr_err
cdr_trustee_change_approve(const struct cdr_trustee *trustee, const struct cdr_trustee_change *change)
{
	struct cdr_trustee_change copy = *change;

	return cdr_store_write(trustee->home->store, approve_job, &copy);
}

/* see node/trustee/change.h */
cdr_err
cdr_trustee_change_read(struct cdr_tx *tx, struct cdr_arena *arena, Cdr__Wire__TrusteeChange **change)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes bytes;
	const struct cdr_values values = CDR_VALUES(cdr_value_text(SETTING));

	*change = NULL;
	CDR_TRY(cdr_query_start(tx, "SELECT value FROM setting WHERE name = $1", values, &query));
	err = cdr_query_step(query);
	if (err == CDR_OK) {
		CDR_TRY(cdr_query_blob_peek(query, 0, CHANGE_LEN_MAX, &bytes));
		CDR_TRY(cdr_message_decode(arena, &cdr__wire__trustee_change__descriptor, bytes, change));
	} else if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/trustee/change.h */
bool
cdr_trustee_change_names(const Cdr__Wire__TrusteeChange *change, const Cdr__Wire__Party *own)
{
	for (size_t i = 0; i < change->n_participant; i++)
		if (cdr_roster_same_party(change->participant[i]->party, own))
			return true;
	return false;
}

struct awaited_job {
	const struct cdr_trustee *trustee;
	const struct cdr_roster *roster;
	bool awaited;
};

/* A reading job. */
static cdr_err
awaited_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct awaited_job *job = context;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__TrusteeChange *change;

	CDR_TRY(cdr_trustee_change_read(tx, &arena, &change));
	if (change == NULL || cdr_ceremony_change_check(change, job->roster, job->trustee->genesis, NULL) != CDR_OK)
		goto out;
	for (size_t i = 0; i < change->n_participant; i++) {
		const ProtobufCBinaryData key = change->participant[i]->party->signing_key;

		job->awaited |= change->participant[i]->after != 0 && key.len == CDR_SIGN_PUBLIC_LEN &&
		    memcmp(key.data, job->trustee->home->signing_public, key.len) == 0;
	}
out:
	cdr_arena_free(&arena);
	return err;
}

/* see node/trustee/change.h */
bool
cdr_trustee_change_awaited(const struct cdr_trustee *trustee)
{
	const struct cdr_roster *roster = cdr_current_hold(trustee->current);
	struct awaited_job job = { trustee, roster, false };
	cdr_err err = cdr_store_read(trustee->home->store, awaited_job, &job);

	cdr_current_release(trustee->current, roster);
	return err != CDR_OK || job.awaited;
}
