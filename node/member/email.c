#include "node/member/email.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/crypto/secret.h"
#include "core/record/pack.h"
#include "node/member/texts.h"
#include "node/net/log.h"
#include "node/store/seal.h"

#define SETTING "mail"                /* sealed: it holds a password */
#define CONTACTS_SETTING "mail.contacts" /* one byte: how many contacts there are; none: no e-mail */
#define PURPOSE "mail"
#define PACK_MAX 2048
#define RETRY_SECONDS 300             /* doubled so many times */
#define RETRY_DOUBLINGS 8
#define LINE_LEN 76                   /* RFC 2045 sec. 6.8 */
#define WORD_LEN 42                   /* bytes in one encoded word: 56 characters and 12 around them (RFC 2047 sec. 2: 75) */
#define MESSAGE_MAX 8192

/* ---- settings ----------------------------------------------------------------------------------------------------------- */

struct setting {
	struct cdr_member *member;
	struct cdr_email_settings *settings; /* secret */
	struct cdr_buffer sealed;
	uint8_t contact_count;
};

static cdr_err
read_setting(struct cdr_tx *tx, void *context)
{
	struct setting *setting = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx, "SELECT value FROM setting WHERE name = $1", CDR_VALUES(cdr_value_text(SETTING)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_copy(query, 0, PACK_MAX + CDR_SEAL_OVERHEAD, &setting->sealed));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
unpack(struct cdr_bytes plain, struct cdr_email_settings *s)
{
	struct cdr_unpack unpack = { .left = plain };

	s->plain = cdr_unpack_byte(&unpack) != 0;
	cdr_unpack_text(&unpack, s->server, sizeof(s->server));
	cdr_unpack_text(&unpack, s->ca_file, sizeof(s->ca_file));
	cdr_unpack_text(&unpack, s->user, sizeof(s->user));
	cdr_unpack_text(&unpack, s->password, sizeof(s->password));
	cdr_unpack_text(&unpack, s->sender, sizeof(s->sender));
	for (size_t i = 0; i < 2; i++)
		cdr_unpack_text(&unpack, s->contact[i], sizeof(s->contact[i]));
	cdr_unpack_text(&unpack, s->language, sizeof(s->language));
	return cdr_unpack_end(&unpack) == CDR_OK ? CDR_OK : CDR_E_STORE;
}

/* see node/member/email.h */
cdr_err
cdr_email_settings_read(struct cdr_member *member, struct cdr_email_settings *settings)
{
	struct setting setting = { .member = member };
	struct cdr_buffer plain = { 0 };

	*settings = (struct cdr_email_settings){ 0 };
	cdr_err err = cdr_store_read(member->home->store, read_setting, &setting);
	if (err == CDR_E_ABSENT)
		return CDR_OK;
	if (err == CDR_OK)
		err = cdr_seal_open(member->home->keys->column, PURPOSE, (struct cdr_bytes){ NULL, 0 },
		    cdr_buffer_bytes(&setting.sealed), &plain);
	if (err == CDR_OK)
		err = unpack(cdr_buffer_bytes(&plain), settings);
	cdr_buffer_free(&plain);
	cdr_buffer_free(&setting.sealed);
	if (err != CDR_OK)
		cdr_wipe(settings, sizeof(*settings));
	return err == CDR_E_SEALED ? CDR_E_STORE : err;
}

static cdr_err
check_settings(const struct cdr_email_settings *s, struct cdr_fault *fault)
{
	cdr_err err = cdr_smtp_server_valid(s->server, s->plain, fault);

	if (err != CDR_OK)
		return err;
	if (!cdr_smtp_address_valid(s->sender))
		return cdr_fault_set(fault, CDR_E_INPUT, "the sender is no address for e-mail");
	if (!cdr_smtp_address_valid(s->contact[0]))
		return cdr_fault_set(fault, CDR_E_INPUT, "the first contact is no address for e-mail");
	if (s->contact[1][0] != '\0' && !cdr_smtp_address_valid(s->contact[1]))
		return cdr_fault_set(fault, CDR_E_INPUT, "the second contact is no address for e-mail");
	return CDR_OK;
}

static cdr_err
seal_settings(const struct cdr_member *member, const struct cdr_email_settings *s, struct cdr_buffer *sealed)
{
	uint8_t packed[PACK_MAX];
	struct cdr_pack pack = { .data = packed, .size = sizeof(packed) };

	cdr_pack_byte(&pack, s->plain);
	cdr_pack_text(&pack, s->server);
	cdr_pack_text(&pack, s->ca_file);
	cdr_pack_text(&pack, s->user);
	cdr_pack_text(&pack, s->password);
	cdr_pack_text(&pack, s->sender);
	for (size_t i = 0; i < 2; i++)
		cdr_pack_text(&pack, s->contact[i]);
	cdr_pack_text(&pack, s->language);
	cdr_err err = pack.err;
	if (err == CDR_OK)
		err = cdr_seal(member->home->keys->column, PURPOSE, (struct cdr_bytes){ NULL, 0 },
		    (struct cdr_bytes){ packed, pack.len }, sealed);
	cdr_wipe(packed, sizeof(packed));
	return err;
}

static cdr_err
write_setting(struct cdr_tx *tx, void *context)
{
	const struct setting *setting = context;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_run(tx, "DELETE FROM setting WHERE name = $1 OR name = $2",
	    CDR_VALUES(cdr_value_text(SETTING), cdr_value_text(CONTACTS_SETTING))));
	CDR_TRY(cdr_trail_add(tx, setting->member->who, "settings.mail", NULL));
	if (setting->contact_count == 0) {
		CDR_TRY(cdr_query_run(tx, "DELETE FROM email_about", CDR_VALUES()));
		CDR_TRY(cdr_query_run(tx, "DELETE FROM email_out", CDR_VALUES()));
		return CDR_OK;
	}
	CDR_TRY(cdr_setting_put(tx, SETTING, setting->sealed.data, setting->sealed.len));
	CDR_TRY(cdr_setting_put(tx, CONTACTS_SETTING, &setting->contact_count, 1));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/email.h */
cdr_err
cdr_email_settings_write(struct cdr_member *member, const struct cdr_email_settings *settings, struct cdr_fault *fault)
{
	struct setting setting = { .member = member };
	bool off = settings->server[0] == '\0';

	cdr_err err = off ? CDR_OK : check_settings(settings, fault);
	if (err == CDR_OK && !off) {
		setting.contact_count = settings->contact[1][0] != '\0' ? 2 : 1;
		err = seal_settings(member, settings, &setting.sealed);
	}
	if (err == CDR_OK)
		err = cdr_store_write(member->home->store, write_setting, &setting);
	cdr_buffer_free(&setting.sealed);
	return err;
}

/* ---- writing one down ---------------------------------------------------------------------------------------------------- */

static const char *const contact_names[] = { "first", "second" };

/* The message that waits for that contact; a new one if there is none, no sooner than an hour after the last. */
static cdr_err
find_waiting(struct cdr_tx *tx, const char *contact, uint64_t *number)
{
	cdr_err err = CDR_E_INTERNAL;
	int64_t known, last;
	uint64_t now = cdr_member_now();

	err = cdr_query_one_int(tx, "SELECT number FROM email_out WHERE contact = $1 AND state = 'waiting' LIMIT 1",
	    CDR_VALUES(cdr_value_text(contact)), &known);
	if (err == CDR_OK)
		*number = (uint64_t)known;
	if (err != CDR_E_ABSENT)
		return err;
	CDR_TRY(cdr_query_one_int(tx, "SELECT coalesce(max(done_at), 0) FROM email_out WHERE contact = $1 AND state = 'sent'",
	    CDR_VALUES(cdr_value_text(contact)), &last));
	CDR_TRY(cdr_setting_next(tx, "email", number));
	uint64_t not_before = (uint64_t)last + CDR_EMAIL_HOUR_SECONDS > now && (uint64_t)last <= now ?
	    (uint64_t)last + CDR_EMAIL_HOUR_SECONDS : now;
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO email_out (number, contact, state, made_at, not_before, tries, done_at)"
	    " VALUES ($1, $2, 'waiting', $3, $4, 0, 0)",
	    CDR_VALUES(cdr_value_int((int64_t)*number), cdr_value_text(contact), cdr_value_int((int64_t)now),
		cdr_value_int((int64_t)not_before))));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/email.h */
cdr_err
cdr_email_queue(struct cdr_tx *tx, enum cdr_email_contact contact, const uint8_t *request_id)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t contact_count;
	uint64_t number;
	int64_t known = 0;

	err = cdr_setting_get(tx, CONTACTS_SETTING, &contact_count, 1);
	if (err == CDR_E_ABSENT)
		return CDR_OK;
	CDR_TRY(err);
	bool second = contact == CDR_EMAIL_SECOND && contact_count > 1;
	CDR_TRY(find_waiting(tx, contact_names[second], &number));
	if (request_id == NULL)
		return CDR_OK;
	struct cdr_value id = cdr_value_blob(request_id, CDR_ID_LEN);
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM email_about WHERE number = $1 AND request_id = $2",
	    CDR_VALUES(cdr_value_int((int64_t)number), id), &known));
	if (known == 0)
		CDR_TRY(cdr_query_run(tx, "INSERT INTO email_about (number, request_id) VALUES ($1, $2)",
		    CDR_VALUES(cdr_value_int((int64_t)number), id)));
	err = CDR_OK;
out:
	return err;
}

/* ---- composing ----------------------------------------------------------------------------------------------------------- */

/* A message that grows; once it did not fit, it is over. */
struct draft {
	char text[MESSAGE_MAX];
	size_t len;
	bool overflow;
};

static void CDR_PRINTF(2, 3)
add(struct draft *draft, const char *format, ...)
{
	va_list args;
	size_t room = sizeof(draft->text) - draft->len;

	va_start(args, format);
	int len = vsnprintf(draft->text + draft->len, room, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= room)
		draft->overflow = true;
	else
		draft->len += (size_t)len;
}

/* The subject in encoded words (RFC 2047), each with whole characters. */
static void
add_subject(struct draft *draft, const char *subject)
{
	unsigned char word[4 * ((WORD_LEN + 2) / 3) + 1];

	add(draft, "Subject:");
	while (*subject != '\0') {
		size_t len = strlen(subject) < WORD_LEN ? strlen(subject) : WORD_LEN;
		while (len > 0 && ((uint8_t)subject[len] & 0xc0) == 0x80)
			len--; /* not in the middle of a character */
		(void)EVP_EncodeBlock(word, (const unsigned char *)subject, (int)len);
		add(draft, " =?UTF-8?B?%s?=\r\n", (const char *)word);
		subject += len;
	}
}

/* The body in base 64, in lines (RFC 2045 sec. 6.8). */
static void
add_body(struct draft *draft, const char *body)
{
	unsigned char line[LINE_LEN + 1];
	const size_t bytes_a_line = LINE_LEN / 4 * 3;

	for (size_t left = strlen(body); left > 0;) {
		size_t len = left < bytes_a_line ? left : bytes_a_line;
		(void)EVP_EncodeBlock(line, (const unsigned char *)body, (int)len);
		add(draft, "%s\r\n", (const char *)line);
		body += len;
		left -= len;
	}
}

/* see node/member/email.h */
cdr_err
cdr_email_compose(const struct cdr_email_settings *settings, const char *to, uint64_t now,
    const uint8_t id[static CDR_ID_LEN], struct cdr_buffer *message)
{
	char date[64], text[2 * CDR_ID_LEN + 1];
	time_t when = (time_t)now;
	struct tm parts;
	struct draft *draft = calloc(1, sizeof(*draft));

	*message = (struct cdr_buffer){ 0 };
	if (draft == NULL)
		return CDR_E_MEMORY;
	(void)gmtime_r(&when, &parts);
	(void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &parts);
	cdr_hex_write(id, CDR_ID_LEN, text);
	add(draft, "From: Candor <%s>\r\nTo: <%s>\r\nDate: %s\r\n", settings->sender, to, date);
	add(draft, "Message-ID: <%s%s>\r\n", text, strchr(settings->sender, '@'));
	add_subject(draft, cdr_texts_peek("email_subject", settings->language));
	add(draft, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
		   "Auto-Submitted: auto-generated\r\n\r\n"); /* RFC 3834: no automatic reply is wanted */
	add_body(draft, cdr_texts_peek("email_body", settings->language));
	cdr_err err = draft->overflow ? CDR_E_RANGE :
	    cdr_buffer_copy((struct cdr_bytes){ (const uint8_t *)draft->text, draft->len }, message);
	free(draft);
	return err;
}

/* ---- sending ------------------------------------------------------------------------------------------------------------- */

/* A message that is due. */
struct due {
	uint64_t now;
	int64_t number, tries;
	char contact[8];
	cdr_err outcome;
};

static cdr_err
read_due(struct cdr_tx *tx, void *context)
{
	struct due *due = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx,
	    "SELECT number, tries, contact FROM email_out WHERE state = 'waiting' AND not_before <= $1 ORDER BY not_before LIMIT 1",
	    CDR_VALUES(cdr_value_int((int64_t)due->now)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_int(query, 0, &due->number));
	CDR_TRY(cdr_query_int(query, 1, &due->tries));
	CDR_TRY(cdr_query_text(query, 2, due->contact, sizeof(due->contact)));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Every request that the message was made for had an attempt. */
static cdr_err
note_attempts(struct cdr_tx *tx, const struct due *due, const char *result)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	uint8_t request_id[CDR_ID_LEN];
	uint64_t number;

	CDR_TRY(cdr_query_start(tx, "SELECT request_id FROM email_about WHERE number = $1",
	    CDR_VALUES(cdr_value_int(due->number)), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob(query, 0, request_id, sizeof(request_id)));
		CDR_TRY(cdr_setting_next(tx, "attempt", &number));
		CDR_TRY(cdr_query_run(tx,
		    "INSERT INTO attempt (number, request_id, at, channel, result) VALUES ($1, $2, $3, 'email', $4)",
		    CDR_VALUES(cdr_value_int((int64_t)number), cdr_value_blob(request_id, CDR_ID_LEN),
			cdr_value_int((int64_t)due->now), cdr_value_text(result))));
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* Sent, refused for good, or to be tried again later. */
static cdr_err
write_outcome(struct cdr_tx *tx, void *context)
{
	const struct due *due = context;
	cdr_err err = CDR_E_INTERNAL;
	bool sent = due->outcome == CDR_OK;
	bool final = sent || due->outcome == CDR_E_REFUSED || due->tries + 1 >= CDR_EMAIL_TRIES_MAX;
	int64_t doublings = due->tries < RETRY_DOUBLINGS ? due->tries : RETRY_DOUBLINGS;
	char result[32];

	CDR_TRY(cdr_query_run(tx,
	    "UPDATE email_out SET state = $1, tries = tries + 1, not_before = $2, done_at = $3 WHERE number = $4 AND state = 'waiting'",
	    CDR_VALUES(cdr_value_text(sent ? "sent" : final ? "refused" : "waiting"),
		cdr_value_int((int64_t)due->now + ((int64_t)RETRY_SECONDS << doublings)),
		cdr_value_int(final ? (int64_t)due->now : 0), cdr_value_int(due->number))));
	(void)snprintf(result, sizeof(result), "%s_%s", sent ? "sent" : final ? "refused" : "failed", due->contact);
	CDR_TRY(note_attempts(tx, due, result));
	if (final)
		CDR_TRY(cdr_query_run(tx, "DELETE FROM email_about WHERE number = $1", CDR_VALUES(cdr_value_int(due->number))));
	err = CDR_OK;
out:
	return err;
}

static cdr_err
send_one(const struct cdr_email_settings *settings, const struct due *due, struct cdr_fault *fault)
{
	uint8_t id[CDR_ID_LEN];
	struct cdr_buffer message;
	const char *to = settings->contact[strcmp(due->contact, contact_names[CDR_EMAIL_SECOND]) == 0];
	struct cdr_smtp smtp = {
		.server = settings->server,
		.plain = settings->plain,
		.ca_file = settings->ca_file[0] != '\0' ? settings->ca_file : NULL,
		.user = settings->user[0] != '\0' ? settings->user : NULL,
		.password = settings->password,
		.sender = settings->sender,
		.recipient = to[0] != '\0' ? to : settings->contact[0],
	};

	cdr_err err = cdr_random(id, sizeof(id));
	if (err == CDR_OK)
		err = cdr_email_compose(settings, smtp.recipient, due->now, id, &message);
	if (err != CDR_OK)
		return err;
	err = cdr_smtp_send(&smtp, cdr_buffer_bytes(&message), fault);
	cdr_buffer_free(&message);
	return err;
}

/* see node/member/email.h */
cdr_err
cdr_email_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault)
{
	struct due due = { .now = cdr_member_now() };
	struct cdr_email_settings settings;
	struct cdr_fault why = { 0 };

	*worked = false;
	cdr_err err = cdr_store_read(member->home->store, read_due, &due);
	if (err == CDR_E_ABSENT)
		return CDR_OK;
	if (err != CDR_OK)
		return err;
	err = cdr_email_settings_read(member, &settings);
	if (err == CDR_OK && settings.server[0] != '\0') {
		due.outcome = send_one(&settings, &due, &why);
		err = cdr_store_write(member->home->store, write_outcome, &due);
		*worked = due.outcome == CDR_OK;
		if (due.outcome == CDR_E_REFUSED)
			cdr_log(CDR_LOG_WARNING, "email.refused", cdr_log_text("why", why.text));
	}
	cdr_wipe(&settings, sizeof(settings));
	if (err == CDR_OK && due.outcome != CDR_OK && due.outcome != CDR_E_REFUSED) {
		if (fault != NULL)
			*fault = why;
		err = due.outcome;
	}
	return err;
}

static cdr_err
count_progress(struct cdr_tx *tx, void *context)
{
	struct cdr_email_progress *progress = context;
	static const char sql[] = "SELECT count(*) FROM email_out WHERE state = $1";
	cdr_err err = CDR_E_INTERNAL;
	int64_t count;

	CDR_TRY(cdr_query_one_int(tx, sql, CDR_VALUES(cdr_value_text("waiting")), &count));
	progress->waiting_count = (uint64_t)count;
	CDR_TRY(cdr_query_one_int(tx, sql, CDR_VALUES(cdr_value_text("sent")), &count));
	progress->sent_count = (uint64_t)count;
	CDR_TRY(cdr_query_one_int(tx, sql, CDR_VALUES(cdr_value_text("refused")), &count));
	progress->refused_count = (uint64_t)count;
	err = CDR_OK;
out:
	return err;
}

/* see node/member/email.h */
cdr_err
cdr_email_progress(struct cdr_member *member, struct cdr_email_progress *progress)
{
	*progress = (struct cdr_email_progress){ 0 };
	return cdr_store_read(member->home->store, count_progress, progress);
}
