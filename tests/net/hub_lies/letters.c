#include "tests/net/hub_lies/hub_lies.h"

#include <stdio.h>
#include <string.h>

/* see tests/net/hub_lies/hub_lies.h */

cdr_err
lie_alter_letter(struct question *q)
{
	Cdr__Wire__MailBag *bag;
	cdr_err err = lie_honest(q, &cdr__wire__mail_bag__descriptor, &bag);

	if (err != CDR_OK || bag->n_mail == 0)
		return err;
	for (size_t i = 0; i < bag->n_mail; i++)
		bag->mail[i]->sealed.data[bag->mail[i]->sealed.len / 2] ^= 1;
	return lie_answer(q, &bag->base);
}

cdr_err
lie_rename_sender(struct question *q)
{
	Cdr__Wire__MailBag *bag;
	cdr_err err = lie_honest(q, &cdr__wire__mail_bag__descriptor, &bag);

	if (err != CDR_OK || bag->n_mail == 0)
		return err;
	for (size_t i = 0; i < bag->n_mail; i++)
		bag->mail[i]->from = q->liar->lie.word[1];
	return lie_answer(q, &bag->base);
}

/* Letters that went through here once, to ${was_for}, all in one bag, as if they were for the caller. */
static cdr_err
give_again(struct question *q, const char *was_for, bool other_id)
{
	Cdr__Wire__MailBag bag = CDR__WIRE__MAIL_BAG__INIT;
	Cdr__Wire__Mail mail[CDR_MAIL_BAG_COUNT_MAX], *at[CDR_MAIL_BAG_COUNT_MAX];
	char to[CDR_SLUG_LEN_MAX + 1];
	struct liar *liar = q->liar;

	(void)snprintf(to, sizeof(to), "%.32s", lie_caller(q));
	for (size_t i = 0; i < liar->letter_count && i < KEPT_MAX && bag.n_mail < CDR_MAIL_BAG_COUNT_MAX; i++) {
		struct kept *letter = &liar->letter[i];
		Cdr__Wire__Mail *m = &mail[bag.n_mail];
		if (strcmp(letter->to, was_for) != 0)
			continue;
		letter->id[0] ^= (uint8_t)other_id; /* and stays so */
		*m = (Cdr__Wire__Mail)CDR__WIRE__MAIL__INIT;
		m->id = cdr_message_field(letter->id, sizeof(letter->id));
		m->from = letter->from;
		m->to = to;
		m->sealed = cdr_message_field(letter->bytes.data, letter->bytes.len);
		at[bag.n_mail++] = m;
	}
	bag.mail = at;
	return bag.n_mail > 0 ? lie_answer(q, &bag.base) : CDR_OK;
}

cdr_err
lie_redirect(struct question *q)
{
	return strcmp(lie_caller(q), q->liar->lie.word[2]) == 0 ? give_again(q, q->liar->lie.word[1], false) : CDR_OK;
}

cdr_err
lie_replay(struct question *q)
{
	return strcmp(lie_caller(q), q->liar->lie.word[1]) == 0 ? give_again(q, lie_caller(q), false) : CDR_OK;
}

cdr_err
lie_replay_other_id(struct question *q)
{
	return strcmp(lie_caller(q), q->liar->lie.word[1]) == 0 ? give_again(q, lie_caller(q), true) : CDR_OK;
}

cdr_err
lie_hold(struct question *q)
{
	Cdr__Wire__MailBag bag = CDR__WIRE__MAIL_BAG__INIT;

	return strcmp(lie_caller(q), q->liar->lie.word[1]) == 0 ? lie_answer(q, &bag.base) : CDR_OK;
}

cdr_err
lie_reverse(struct question *q)
{
	Cdr__Wire__MailBag *bag;
	cdr_err err = lie_honest(q, &cdr__wire__mail_bag__descriptor, &bag);

	if (err != CDR_OK || bag->n_mail < 2)
		return err;
	for (size_t i = 0, k = bag->n_mail - 1; i < k; i++, k--) {
		Cdr__Wire__Mail *held = bag->mail[i];
		bag->mail[i] = bag->mail[k];
		bag->mail[k] = held;
	}
	return lie_answer(q, &bag->base);
}

/* A writing job: the letter goes, its leaf and its receipt stay. */
static cdr_err
drop_job(struct cdr_tx *tx, void *context)
{
	const Cdr__Wire__Mail *mail = context;

	return cdr_query_run(tx, "DELETE FROM mail WHERE sender = $1 AND id = $2",
	    CDR_VALUES(cdr_value_text(mail->from), cdr_value_bytes(cdr_message_bytes(mail->id))));
}

void
lie_drop(struct question *q, const struct lie *lie)
{
	struct cdr_arena arena = { 0 };
	Cdr__Wire__Mail *mail;

	if (lie_is(lie, "drop") && strcmp(q->path, "/v1/mail/post") == 0 && strcmp(lie_caller(q), lie->word[1]) == 0 &&
	    cdr_message_decode(&arena, &cdr__wire__mail__descriptor, q->envelope.body, &mail) == CDR_OK &&
	    strcmp(mail->to, lie->word[2]) == 0 && cdr_store_write(q->liar->open.home->store, drop_job, mail) == CDR_OK) {
		q->liar->told++;
		(void)fprintf(stderr, "lie drop told to %s\n", lie_caller(q));
	}
	cdr_arena_free(&arena);
}
