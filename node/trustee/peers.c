#include "node/trustee/peers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/net/log.h"

#define LOGGED_NAME "log/roster"

/* ---- giving ----------------------------------------------------------------------------------------------------- */

/* Whether that roster brings other trustees than the one before it here. */
static cdr_err
note_one(struct cdr_tx *tx, int64_t version)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_roster *roster = NULL, *before = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int(version));

	CDR_TRY(cdr_trustee_roster_query(tx, "SELECT signed FROM roster WHERE version = $1", values, &roster));
	err = cdr_trustee_roster_query(tx, "SELECT signed FROM roster WHERE version < $1 ORDER BY version DESC LIMIT 1", values, &before);
	if (err != CDR_OK && err != CDR_E_ABSENT)
		goto out;
	bool is_other = before != NULL && !cdr_roster_same_trustees(before->body, roster->body);
	CDR_TRY(cdr_query_run(tx, "UPDATE roster SET other_trustees = $1 WHERE version = $2",
	    CDR_VALUES(cdr_value_int(is_other), cdr_value_int(version))));
out:
	cdr_roster_free(roster);
	cdr_roster_free(before);
	return err;
}

/* see node/trustee/peers.h */
cdr_err
cdr_trustee_roster_note(struct cdr_tx *tx)
{
	int64_t version;
	cdr_err err;

	do {
		err = cdr_query_one_int(tx, "SELECT version FROM roster WHERE other_trustees IS NULL ORDER BY version LIMIT 1", CDR_VALUES(),
		    &version);
		if (err == CDR_OK)
			err = note_one(tx, version);
	} while (err == CDR_OK);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

struct give_job {
	uint64_t have;
	struct cdr_roster *roster;  /* NULL: the newest will do */
};

/* A reading job: the first roster after the one that is held that brings other trustees. */
static cdr_err
give_job(struct cdr_tx *tx, void *context)
{
	struct give_job *job = context;
	cdr_err err = cdr_trustee_roster_query(tx, "SELECT signed FROM roster WHERE version > $1 AND other_trustees = 1 ORDER BY version LIMIT 1",
	    CDR_VALUES(cdr_value_int((int64_t)job->have)), &job->roster);

	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/trustee/peers.h */
cdr_err
cdr_trustee_roster_give(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee *trustee = context;
	const Cdr__Wire__RosterRequest *request = (const Cdr__Wire__RosterRequest *)call->message;
	struct give_job job = { .have = request->have_version };
	Cdr__Wire__RosterReply reply = CDR__WIRE__ROSTER_REPLY__INIT;
	Cdr__Wire__SignedRoster roster = *call->roster->signatures;

	(void)fault;
	if (job.have < call->roster->body->version && job.have <= INT64_MAX) {
		CDR_TRY(cdr_store_read(trustee->home->store, give_job, &job));
		if (job.roster != NULL)
			roster = *job.roster->signatures;
		reply.roster = &roster;
	}
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
out:
	cdr_roster_free(job.roster);
	return err;
}

/* ---- what the log says ------------------------------------------------------------------------------------------ */

/* see node/trustee/peers.h */
uint64_t
cdr_trustee_roster_of_leaf(const struct cdr_leaf *leaf, uint64_t place)
{
	return leaf->kind == CDR_LEAF_ROSTER && leaf->number_count == 1 && leaf->number[0] <= place ? leaf->number[0] : 0;
}

/* see node/trustee/peers.h */
cdr_err
cdr_trustee_roster_logged_read(struct cdr_tx *tx, uint64_t *version)
{
	char text[24] = "";

	*version = 0;
	cdr_err err = cdr_trustee_setting_text(tx, LOGGED_NAME, text, sizeof(text));
	if (err == CDR_OK && sscanf(text, "%" SCNu64, version) != 1)
		err = CDR_E_STORE;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/trustee/peers.h */
cdr_err
cdr_trustee_roster_logged(struct cdr_tx *tx, uint64_t version)
{
	char text[24];
	uint64_t known;

	cdr_err err = cdr_trustee_roster_logged_read(tx, &known);
	if (err != CDR_OK || version <= known)
		return err;
	int len = snprintf(text, sizeof(text), "%" PRIu64, version);
	return cdr_trustee_setting_put(tx, LOGGED_NAME, text, (size_t)len);
}

/* see node/trustee/peers.h */
cdr_err
cdr_trustee_roster_unlogged(struct cdr_tx *tx, uint64_t now, uint64_t *version)
{
	uint64_t logged;
	int64_t oldest = 0;

	*version = 0;
	cdr_err err = cdr_trustee_roster_logged_read(tx, &logged);
	if (err != CDR_OK || logged > INT64_MAX || now < CDR_TRUSTEE_ROSTER_LATE_S)
		return err;
	err = cdr_query_one_int(tx, "SELECT version FROM roster WHERE version > $1 AND in_force_at < $2 ORDER BY version LIMIT 1",
	    CDR_VALUES(cdr_value_int((int64_t)logged), cdr_value_int((int64_t)(now - CDR_TRUSTEE_ROSTER_LATE_S))), &oldest);
	if (err == CDR_OK)
		*version = (uint64_t)oldest;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/trustee/peers.h */
cdr_err
cdr_trustee_roster_then(struct cdr_tx *tx, uint64_t version, struct cdr_roster **roster)
{
	uint64_t before;

	*roster = NULL;
	cdr_err err = cdr_trustee_roster_logged_read(tx, &before);
	if (err != CDR_OK)
		return err;
	if (version < before)
		version = before;
	return cdr_trustee_roster_query(tx, "SELECT signed FROM roster WHERE version <= $1 ORDER BY version DESC LIMIT 1",
	    CDR_VALUES(cdr_value_int(version <= INT64_MAX ? (int64_t)version : INT64_MAX)), roster);
}

/* A reading job. */
static cdr_err
logged_job(struct cdr_tx *tx, void *context)
{
	return cdr_trustee_roster_logged_read(tx, context);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

/* What trustee ${peer} has that is newer than ${have}; NULL if nothing, or if it cannot be asked. */
static struct cdr_roster *
ask_peer(const struct cdr_trustee *trustee, const struct cdr_roster *have, const Cdr__Wire__Trustee *peer)
{
	Cdr__Wire__RosterRequest request = CDR__WIRE__ROSTER_REQUEST__INIT;
	const struct cdr_signer signer = cdr_trustee_signer(trustee);
	struct cdr_buffer bytes = { 0 };
	struct cdr_roster *roster = NULL;
	char name[CDR_SIGNER_LEN_MAX + 1];

	(void)snprintf(name, sizeof(name), "trustee/%" PRIu32, peer->index);
	request.have_version = have->body->version;
	struct cdr_ask ask = { .party = peer->party, .party_signer = name, .path = "/v1/roster", .message = &request.base,
		.reply_type = &cdr__wire__roster_reply__descriptor, .reply_max = CDR_BODY_ROSTER_MAX };
	if (trustee->hub.send(trustee->hub.context, &signer, &ask) == CDR_OK) {
		const Cdr__Wire__RosterReply *reply = ask.reply;
		if (reply->roster != NULL && cdr_message_encode(&reply->roster->base, &bytes) == CDR_OK &&
		    cdr_roster_decode(cdr_buffer_bytes(&bytes), &roster, NULL) != CDR_OK)
			roster = NULL;
	}
	cdr_buffer_free(&bytes);
	cdr_ask_free(&ask);
	return roster;
}

/* see node/trustee/peers.h */
cdr_err
cdr_trustee_roster_from_peers(struct cdr_trustee *trustee, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t logged = 0;
	const struct cdr_roster *have = cdr_current_hold(trustee->current);

	CDR_TRY(cdr_store_read(trustee->home->store, logged_job, &logged));
	if (have == NULL || trustee->index == 0 || logged <= have->body->version)
		goto out;
	/* The leaf may have come after the hub was asked: it is asked once more, and one that cannot be asked keeps nothing back. */
	cdr_err asked = cdr_trustee_roster_update(trustee, NULL, NULL);
	cdr_current_release(trustee->current, have);
	have = cdr_current_hold(trustee->current);
	if (asked == CDR_E_STORE || asked == CDR_E_MEMORY)
		err = asked;
	if (trustee->index == 0 || logged <= have->body->version || err != CDR_OK)
		goto out;
	if (asked == CDR_OK)
		cdr_log(CDR_LOG_WARNING, "roster.withheld_by_hub", cdr_log_int("held", (int64_t)have->body->version),
		    cdr_log_int("in_the_log", (int64_t)logged));
	for (size_t i = 0; i < have->body->n_trustee; i++) {
		const Cdr__Wire__Trustee *peer = have->body->trustee[i];
		struct cdr_roster *roster = peer->index == trustee->index ? NULL : ask_peer(trustee, have, peer);

		/* One that does not follow is that trustee's fault, and the next is asked. */
		if (roster != NULL && cdr_trustee_roster_take(trustee, roster, NULL) == CDR_OK) {
			cdr_log(CDR_LOG_INFO, "roster.from_trustee", cdr_log_int("trustee", peer->index));
			break;
		}
	}
out:
	cdr_current_release(trustee->current, have);
	if (err != CDR_OK && fault != NULL && fault->code == CDR_OK)
		cdr_fault_set(fault, err, "the trustee's database cannot be read");
	return err;
}
