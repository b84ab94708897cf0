#ifndef CDR_NODE_HUB_MAIL_H
#define CDR_NODE_HUB_MAIL_H

/* Mailboxes: sealed letters of one size, from one active member to another, until the receiver has taken them. */

#include "node/hub/hub.h"

/*
 * /v1/mail/post: Mail to Empty, once it is stored durably. A repeat changes nothing, also after the letter was taken.
 * CDR_E_REFUSED for another sender than the caller or a receiver who is not active; CDR_E_ABSENT for an unknown
 * receiver; CDR_E_INPUT for an id that is none; CDR_E_RANGE for another size; CDR_E_EXISTS if the id stands for another letter; CDR_E_BUSY if the mailbox
 * is full.
 */
cdr_err cdr_hub_mail_post(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/* /v1/mail/fetch: MailFetch to MailBag with the oldest letters for the caller. */
cdr_err cdr_hub_mail_fetch(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/*
 * /v1/mail/taken: MailTaken to Empty; of the caller's mailbox only. What is not there was taken before. CDR_E_INPUT for an id that is none;
 * CDR_E_RANGE for more than CDR_MAIL_TAKEN_COUNT_MAX.
 */
cdr_err cdr_hub_mail_taken(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

#endif
