#include "tests/net/hub_lies/hub_lies.h"

#include <stdio.h>
#include <string.h>

#include "node/hub/index.h"
#include "node/hub/log.h"

/* see tests/net/hub_lies/hub_lies.h */

struct handle_read {
	const char *member;
	uint8_t handle[CDR_HANDLE_LEN];
};

/* A reading job: any leaver of a member. */
static cdr_err
handle_job(struct cdr_tx *tx, void *context)
{
	struct handle_read *read = context;

	return cdr_query_one_blob(tx, "SELECT handle FROM person WHERE member = $1 ORDER BY handle LIMIT 1",
	    CDR_VALUES(cdr_value_text(read->member)), read->handle, sizeof(read->handle));
}

/* Leave a member out of an answer: its match, and in the proof who its people are. */
static void
leave_out(Cdr__Wire__CheckOpenReply *reply, const char *member)
{
	size_t kept = 0;

	for (size_t i = 0; i < reply->n_match; i++)
		if (strcmp(reply->match[i]->member, member) != 0)
			reply->match[kept++] = reply->match[i];
	reply->n_match = kept;
	kept = 0;
	for (size_t i = 0; i < reply->proof->n_person; i++)
		if (reply->proof->person[i]->member == NULL || strcmp(reply->proof->person[i]->member, member) != 0)
			reply->proof->person[kept++] = reply->proof->person[i];
	reply->proof->n_person = kept;
}

cdr_err
lie_hide_match(struct question *q)
{
	Cdr__Wire__CheckOpenReply *reply;
	cdr_err err = lie_honest(q, &cdr__wire__check_open_reply__descriptor, &reply);

	if (err != CDR_OK)
		return err;
	leave_out(reply, q->liar->lie.word[1]);
	return lie_answer(q, &reply->base);
}

cdr_err
lie_hide_rows(struct question *q)
{
	Cdr__Wire__CheckOpenReply *reply;
	cdr_err err = lie_honest(q, &cdr__wire__check_open_reply__descriptor, &reply);

	if (err != CDR_OK)
		return err;
	leave_out(reply, q->liar->lie.word[1]);
	reply->proof->n_bucket = 0;
	return lie_answer(q, &reply->base);
}

cdr_err
lie_hide_proof(struct question *q)
{
	Cdr__Wire__CheckOpenReply *reply;
	cdr_err err = lie_honest(q, &cdr__wire__check_open_reply__descriptor, &reply);

	if (err != CDR_OK)
		return err;
	leave_out(reply, q->liar->lie.word[1]);
	reply->proof = NULL;
	return lie_answer(q, &reply->base);
}

static cdr_err
forget_job(struct cdr_tx *tx, void *member)
{
	return cdr_hub_index_forget(tx, member);
}

cdr_err
lie_forget_people(struct question *q)
{
	cdr_err err = cdr_store_write(q->liar->open.home->store, forget_job, q->liar->lie.word[1]);

	if (err == CDR_OK) {
		q->liar->told++;
		(void)fprintf(stderr, "lie forget-people told to nobody\n");
	}
	return err;
}

cdr_err
lie_invent_match(struct question *q)
{
	struct handle_read read = { .member = q->liar->lie.word[1] };
	Cdr__Wire__CheckOpenReply *reply;
	Cdr__Wire__Match match = CDR__WIRE__MATCH__INIT, *at[CDR_MATCHES_MAX + 1];
	char strong[] = "strong";
	cdr_err err = lie_honest(q, &cdr__wire__check_open_reply__descriptor, &reply);

	if (err != CDR_OK)
		return err;
	err = cdr_store_read(q->liar->open.home->store, handle_job, &read);
	if (err != CDR_OK && err != CDR_E_ABSENT)
		return err;
	for (size_t i = 0; i < reply->n_match; i++)
		at[i] = reply->match[i];
	match.member = q->liar->lie.word[1];
	match.tier = strong;
	match.lambda_ppb = 1;
	match.types = 2;
	match.handles = cdr_message_field(read.handle, sizeof(read.handle));
	at[reply->n_match] = &match;
	reply->match = at;
	reply->n_match++;
	return lie_answer(q, &reply->base);
}

/* A writing job: a change of that member's index stands in the log, and is in no root. */
static cdr_err
change_job(struct cdr_tx *tx, void *context)
{
	struct cdr_leaf leaf = { .kind = CDR_LEAF_INDEX_BATCH, .at = cdr_hub_now() };
	struct cdr_hub_logged logged = { 0 };

	cdr_leaf_member_add(&leaf, context);
	cdr_leaf_number_add(&leaf, 1);
	cdr_leaf_number_add(&leaf, 64);
	cdr_err err = cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ NULL, 0 }, &logged);
	cdr_hub_logged_free(&logged);
	return err;
}

void
lie_old_index(struct question *q, struct lie *lie)
{
	if (!lie_is(lie, "old-index") || strcmp(q->path, "/v1/check/open") != 0 || q->liar->told > 0 ||
	    cdr_store_write(q->liar->open.home->store, change_job, lie->word[1]) != CDR_OK)
		return;
	q->liar->told++;
	(void)fprintf(stderr, "lie old-index told to %s\n", lie_caller(q));
}
