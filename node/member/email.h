#ifndef CDR_NODE_MEMBER_EMAIL_H
#define CDR_NODE_MEMBER_EMAIL_H

/*
 * E-mail to the organisation's own people. Every message has the same words: there is something to do. No name, no employer, no
 * number of anything, no link. It is written down in the transaction that makes it necessary, and sent until the server has taken
 * it. However much there is to do, a contact gets at most one in an hour.
 */

#include "node/member/member.h"
#include "node/net/smtp.h"

#define CDR_EMAIL_HOUR_SECONDS 3600
#define CDR_EMAIL_TRIES_MAX 16         /* then it is given up: by then other reminders have come */

/* The people who are told. */
enum cdr_email_contact { CDR_EMAIL_FIRST, CDR_EMAIL_SECOND };

/* What `candor settings mail` sets. Secret: wiped by whoever read it. An empty server: no e-mail. */
struct cdr_email_settings {
	char server[CDR_SMTP_URL_LEN_MAX + 1];
	bool plain;
	char ca_file[256];
	char user[CDR_SMTP_SECRET_LEN_MAX + 1];
	char password[CDR_SMTP_SECRET_LEN_MAX + 1];
	char sender[CDR_SMTP_ADDRESS_LEN_MAX + 1];
	char contact[2][CDR_SMTP_ADDRESS_LEN_MAX + 1]; /* the second may be empty: then the first is told */
	char language[3];
};

/**
 * cdr_email_settings_read(member, settings), cdr_email_settings_write(member, settings, fault):
 * Read them (CDR_OK with an empty server if there are none), check and write them; with an empty server, e-mail is off and what
 * waited is dropped.
 *
 * Returns  CDR_OK; CDR_E_INPUT, CDR_E_REFUSED for what cannot be; CDR_E_STORE, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_email_settings_read(struct cdr_member *member, struct cdr_email_settings *settings);
CDR_MUST_CHECK cdr_err cdr_email_settings_write(struct cdr_member *member, const struct cdr_email_settings *settings,
    struct cdr_fault *fault);

/**
 * cdr_email_queue(tx, contact, request_id):
 * Tell a contact that there is something to do. One message that still waits for the same contact serves for this too. Without
 * settings nothing is written.
 *
 * request_id  in   what makes it necessary: the attempt is noted there once the message has left; NULL: nothing of the kind
 */
CDR_MUST_CHECK cdr_err cdr_email_queue(struct cdr_tx *tx, enum cdr_email_contact contact, const uint8_t *request_id);

/**
 * cdr_email_step(member, worked, fault):
 * Send one message that is due.
 *
 * Returns  CDR_OK, also if there was none; as cdr_smtp_send where another attempt makes sense, which then is later each time.
 */
CDR_MUST_CHECK cdr_err cdr_email_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault);

/* How many wait, and how many were given up or refused. */
struct cdr_email_progress {
	uint64_t waiting_count, sent_count, refused_count;
};
CDR_MUST_CHECK cdr_err cdr_email_progress(struct cdr_member *member, struct cdr_email_progress *progress);

/**
 * cdr_email_compose(settings, to, now, id, message):
 * The message as it travels: RFC 5322, in base 64, lines end in CR LF.
 *
 * id      in    CDR_ID_LEN random bytes: its Message-ID
 */
CDR_MUST_CHECK cdr_err cdr_email_compose(const struct cdr_email_settings *settings, const char *to, uint64_t now,
    const uint8_t id[static CDR_ID_LEN], struct cdr_buffer *message);

#endif
