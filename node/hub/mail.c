#include "node/hub/mail.h"

#include <stdlib.h>
#include <string.h>

#include "core/record/rules.h"
#include "node/hub/log.h"

/* What a job works on. */
struct mail_job {
	const struct cdr_call *call;
	const Cdr__Wire__Mail *mail;
	const Cdr__Wire__MailTaken *taken;
	struct cdr_fault *fault;
	int64_t place;                 /* of the letter's leaf, where it is known already; -1: none */
	struct cdr_hub_logged logged;
};

/* ---- posting ------------------------------------------------------------------------------------------------ */

static cdr_err
check_mail(const struct cdr_call *call, const Cdr__Wire__Mail *mail, struct cdr_fault *fault)
{
	if (mail->id.len != CDR_MAIL_ID_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "the id of a letter has %d bytes", CDR_MAIL_ID_LEN);
	if (mail->sealed.len != CDR_MAIL_SEALED_LEN)
		return cdr_fault_set(fault, CDR_E_RANGE, "a sealed letter has %d bytes, whatever it says", CDR_MAIL_SEALED_LEN);
	if (strcmp(mail->from, call->member->id) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "a letter is posted by the member that wrote it");
	if (!cdr_member_id_valid(mail->to) || strcmp(mail->to, mail->from) == 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "a letter goes to another member");
	if (cdr_roster_member(call->roster, mail->to) == NULL)
		return cdr_fault_set(fault, CDR_E_ABSENT, "there is no member %s", mail->to);
	return CDR_OK;
}

/* Whether the letter is here, or was: the same one is no error. ${place} is that of its leaf, if it has one. */
static cdr_err
find_letter(struct cdr_tx *tx, const Cdr__Wire__Mail *mail, bool *known, int64_t *place)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes sealed;
	char recipient[CDR_SLUG_LEN_MAX + 1];
	struct cdr_values key = CDR_VALUES(cdr_value_text(mail->from), cdr_value_bytes(cdr_message_bytes(mail->id)));

	*known = false;
	CDR_TRY(cdr_query_start(tx, "SELECT recipient, sealed, logged FROM mail WHERE sender = $1 AND id = $2", key, &query));
	err = cdr_query_step(query);
	if (err == CDR_OK) {
		CDR_TRY(cdr_query_text(query, 0, recipient, sizeof(recipient)));
		CDR_TRY(cdr_query_blob_peek(query, 1, CDR_MAIL_SEALED_LEN, &sealed));
		*known = true;
		if (!cdr_query_is_null(query, 2))
			CDR_TRY(cdr_query_int(query, 2, place));
		if (strcmp(recipient, mail->to) != 0 || sealed.len != mail->sealed.len ||
		    memcmp(sealed.data, mail->sealed.data, sealed.len) != 0)
			err = CDR_E_EXISTS;
		goto out;
	}
	if (err != CDR_E_ABSENT)
		goto out;
	err = cdr_query_one_int(tx, "SELECT COALESCE(logged, -1) FROM mail_taken WHERE sender = $1 AND id = $2", key, place);
	*known = err == CDR_OK;
	if (err == CDR_E_ABSENT) {
		*place = -1;
		err = CDR_OK;
	}
out:
	cdr_query_end(query);
	return err;
}

/* No mailbox takes all of the disk, and no sender all of a mailbox. */
static cdr_err
check_room(struct cdr_tx *tx, const Cdr__Wire__Mail *mail, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	int64_t all, own;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM mail WHERE recipient = $1", CDR_VALUES(cdr_value_text(mail->to)),
	    &all));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM mail WHERE recipient = $1 AND sender = $2",
	    CDR_VALUES(cdr_value_text(mail->to), cdr_value_text(mail->from)), &own));
	if (all >= CDR_HUB_MAILBOX_MAX || own >= CDR_HUB_MAILBOX_SENDER_MAX)
		return cdr_fault_set(fault, CDR_E_BUSY, "the mailbox of %s is full (%lld letters, %lld of them yours): try again "
		    "when it has been emptied", mail->to, (long long)all, (long long)own);
	err = CDR_OK;
out:
	return err;
}

/* The leaf of a letter: from whom to whom; a repeat gives the one that there is. */
static cdr_err
log_letter(struct cdr_tx *tx, struct mail_job *job)
{
	struct cdr_leaf leaf = { .kind = CDR_LEAF_DELIVERY, .at = job->call->now };
	const Cdr__Wire__Mail *mail = job->mail;
	const struct cdr_bytes parts[] = { cdr_message_bytes(mail->id), { (const uint8_t *)mail->from, strlen(mail->from) },
		{ (const uint8_t *)mail->to, strlen(mail->to) }, cdr_message_bytes(mail->sealed) };

	cdr_leaf_member_add(&leaf, mail->from);
	cdr_leaf_member_add(&leaf, mail->to);
	cdr_leaf_number_add(&leaf, mail->sealed.len);
	cdr_err err = cdr_leaf_content(leaf.kind, parts, 4, leaf.content);
	return err != CDR_OK ? err : cdr_hub_log_act(tx, job->place, &leaf, &job->logged);
}

/* A writing job. */
static cdr_err
post_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct mail_job *job = context;
	const Cdr__Wire__Mail *mail = job->mail;
	bool known, active;

	job->place = -1;
	CDR_TRY(find_letter(tx, mail, &known, &job->place));
	if (known)
		return log_letter(tx, job);
	CDR_TRY(cdr_hub_active_read(tx, job->call->roster, mail->to, &active));
	if (!active)
		return cdr_fault_set(job->fault, CDR_E_REFUSED, "%s is not an active member: it can receive no letters", mail->to);
	CDR_TRY(check_room(tx, mail, job->fault));
	CDR_TRY(log_letter(tx, job));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO mail (sender, id, recipient, sealed, stored_at, logged) VALUES ($1, $2, $3, $4, $5, $6)",
	    CDR_VALUES(cdr_value_text(mail->from), cdr_value_bytes(cdr_message_bytes(mail->id)), cdr_value_text(mail->to),
		cdr_value_bytes(cdr_message_bytes(mail->sealed)), cdr_value_int((int64_t)job->call->now),
		cdr_value_int((int64_t)job->logged.position))));
	err = CDR_OK;
out:
	return err;
}

/* see node/hub/mail.h */
cdr_err
cdr_hub_mail_post(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	struct mail_job job = { .call = call, .mail = (const Cdr__Wire__Mail *)call->message, .fault = fault };

	CDR_TRY(check_mail(call, job.mail, fault));
	CDR_TRY(cdr_store_write(hub->store, post_job, &job));
	CDR_TRY(cdr_hub_log_reply(hub, &job.logged, &answer->body));
out:
	cdr_hub_logged_free(&job.logged);
	if (err == CDR_E_EXISTS) {
		cdr_fault_set(fault, err, "a letter with this id is here with other content: use a new id");
		cdr_hub_misuse_note(hub, call->envelope->signer, "mail", cdr_message_bytes(job.mail->id), call->now,
		    "one letter id used for two letters");
	}
	return err;
}

/* ---- fetching ----------------------------------------------------------------------------------------------- */

/* A bag being filled. */
struct bag {
	const char *member;
	uint32_t max;
	Cdr__Wire__Mail mail[CDR_MAIL_BAG_COUNT_MAX];
	Cdr__Wire__Mail *at[CDR_MAIL_BAG_COUNT_MAX];
	char from[CDR_MAIL_BAG_COUNT_MAX][CDR_SLUG_LEN_MAX + 1];
	char to[CDR_SLUG_LEN_MAX + 1];
	struct cdr_buffer id[CDR_MAIL_BAG_COUNT_MAX];
	struct cdr_buffer sealed[CDR_MAIL_BAG_COUNT_MAX];
	size_t count;
};

static void
bag_free(struct bag *bag)
{
	for (size_t i = 0; bag != NULL && i < CDR_MAIL_BAG_COUNT_MAX; i++) {
		cdr_buffer_free(&bag->id[i]);
		cdr_buffer_free(&bag->sealed[i]);
	}
	free(bag);
}

static cdr_err
bag_add(struct cdr_query *query, void *context)
{
	struct bag *bag = context;
	cdr_err err = CDR_E_INTERNAL;
	size_t i = bag->count;

	CDR_TRY(cdr_query_text(query, 0, bag->from[i], sizeof(bag->from[i])));
	CDR_TRY(cdr_query_blob_copy(query, 1, CDR_MAIL_ID_LEN, &bag->id[i]));
	CDR_TRY(cdr_query_blob_copy(query, 2, CDR_MAIL_SEALED_LEN, &bag->sealed[i]));
	bag->mail[i] = (Cdr__Wire__Mail)CDR__WIRE__MAIL__INIT;
	bag->mail[i].id = cdr_message_field(bag->id[i].data, bag->id[i].len);
	bag->mail[i].from = bag->from[i];
	bag->mail[i].to = bag->to;
	bag->mail[i].sealed = cdr_message_field(bag->sealed[i].data, bag->sealed[i].len);
	bag->at[i] = &bag->mail[i];
	bag->count++;
	err = CDR_OK;
out:
	return err;
}

/* A reading job. */
static cdr_err
fetch_job(struct cdr_tx *tx, void *context)
{
	const struct bag *bag = context;
	struct cdr_values values = CDR_VALUES(cdr_value_text(bag->member), cdr_value_int(bag->max));

	return cdr_query_each(tx,
	    "SELECT sender, id, sealed FROM mail WHERE recipient = $1 ORDER BY stored_at, sender, id LIMIT $2", values, bag_add, context);
}

/* see node/hub/mail.h */
cdr_err
cdr_hub_mail_fetch(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub *hub = context;
	const Cdr__Wire__MailFetch *request = (const Cdr__Wire__MailFetch *)call->message;
	Cdr__Wire__MailBag reply = CDR__WIRE__MAIL_BAG__INIT;

	(void)fault;
	struct bag *bag = calloc(1, sizeof(*bag));
	if (bag == NULL)
		return CDR_E_MEMORY;
	bag->member = call->member->id;
	bag->max = request->max < CDR_MAIL_BAG_COUNT_MAX ? request->max : CDR_MAIL_BAG_COUNT_MAX;
	(void)memccpy(bag->to, bag->member, '\0', sizeof(bag->to));
	CDR_TRY(cdr_store_read(hub->store, fetch_job, bag));
	reply.mail = bag->at;
	reply.n_mail = bag->count;
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
	err = CDR_OK;
out:
	bag_free(bag);
	return err;
}

/* ---- taking ------------------------------------------------------------------------------------------------- */

/* The sender of a letter with ${id} in the mailbox of ${member}; empty if there is none. */
static cdr_err
find_sender(struct cdr_tx *tx, const char *member, struct cdr_value id, char sender[static CDR_SLUG_LEN_MAX + 1])
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_values values = CDR_VALUES(cdr_value_text(member), id);

	sender[0] = '\0';
	CDR_TRY(cdr_query_start(tx, "SELECT sender FROM mail WHERE recipient = $1 AND id = $2 LIMIT 1", values, &query));
	err = cdr_query_step(query);
	if (err == CDR_OK)
		err = cdr_query_text(query, 0, sender, CDR_SLUG_LEN_MAX + 1);
	else if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Delete every letter with ${id} in the caller's mailbox; what stays is that there was one. */
static cdr_err
take(struct cdr_tx *tx, const struct mail_job *job, const uint8_t *id_bytes)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_value id = cdr_value_blob(id_bytes, CDR_MAIL_ID_LEN);
	char sender[CDR_SLUG_LEN_MAX + 1];

	for (;;) {
		CDR_TRY(find_sender(tx, job->call->member->id, id, sender));
		if (sender[0] == '\0')
			return CDR_OK;
		CDR_TRY(cdr_query_run(tx, "INSERT INTO mail_taken (sender, id, taken_at, logged)"
		    " SELECT sender, id, $3, logged FROM mail WHERE sender = $1 AND id = $2",
		    CDR_VALUES(cdr_value_text(sender), id, cdr_value_int((int64_t)job->call->now))));
		CDR_TRY(cdr_query_run(tx, "DELETE FROM mail WHERE sender = $1 AND id = $2",
		    CDR_VALUES(cdr_value_text(sender), id)));
	}
out:
	return err;
}

/* A writing job. */
static cdr_err
taken_job(struct cdr_tx *tx, void *context)
{
	const struct mail_job *job = context;

	for (size_t at = 0; at < job->taken->ids.len; at += CDR_MAIL_ID_LEN) {
		cdr_err err = take(tx, job, job->taken->ids.data + at);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* see node/hub/mail.h */
cdr_err
cdr_hub_mail_taken(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	struct cdr_hub *hub = context;
	struct mail_job job = { .call = call, .taken = (const Cdr__Wire__MailTaken *)call->message };

	(void)answer;
	if (job.taken->ids.len % CDR_MAIL_ID_LEN != 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "the id of a letter has %d bytes", CDR_MAIL_ID_LEN);
	if (job.taken->ids.len / CDR_MAIL_ID_LEN > CDR_MAIL_TAKEN_COUNT_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "at most %d letters are taken at once", CDR_MAIL_TAKEN_COUNT_MAX);
	return cdr_store_write(hub->store, taken_job, &job);
}
