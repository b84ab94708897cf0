#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/command.h"
#include "node/member/email.h"

/* settings mail. */

#define SECRET_FILE_MAX 1024

/* The first line of a file: a password is no option, since anybody on the machine can read a command line. */
static cdr_err
take_password(const struct cdr_arguments *arguments, struct cdr_email_settings *s, struct cdr_fault *fault)
{
	struct cdr_buffer file;
	const char *path = cdr_arguments_text(arguments, "password-file");

	if (path == NULL)
		return CDR_OK;
	cdr_err err = cdr_command_read_file(path, SECRET_FILE_MAX, &file, fault);
	if (err != CDR_OK)
		return err;
	size_t len = 0;
	while (len < file.len && file.data[len] != '\n' && file.data[len] != '\r')
		len++;
	if (len == 0 || len >= sizeof(s->password) || memchr(file.data, '\0', len) != NULL) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "%s: its first line is no password of 1 to %d bytes", path,
		    CDR_SMTP_SECRET_LEN_MAX);
	} else {
		memset(s->password, 0, sizeof(s->password));
		memcpy(s->password, file.data, len);
	}
	cdr_buffer_free(&file);
	return err;
}

static cdr_err
take_options(const struct cdr_arguments *arguments, struct cdr_email_settings *s, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_arguments_copy(arguments, "server", s->server, sizeof(s->server), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "sender", s->sender, sizeof(s->sender), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "first", s->contact[0], sizeof(s->contact[0]), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "second", s->contact[1], sizeof(s->contact[1]), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "user", s->user, sizeof(s->user), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "ca-file", s->ca_file, sizeof(s->ca_file), fault));
	CDR_TRY(take_password(arguments, s, fault));
	if (cdr_arguments_has(arguments, "server"))
		s->plain = cdr_arguments_has(arguments, "no-tls");
	if (cdr_arguments_has(arguments, "language") || s->language[0] == '\0')
		(void)snprintf(s->language, sizeof(s->language), "%s", cdr_command_language(arguments));
	if (s->server[0] == '\0')
		err = cdr_fault_set(fault, CDR_E_INPUT, "which mail server? Give --server, --sender and --first at least");
	else
		err = CDR_OK;
out:
	return err;
}

static cdr_err
test_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	cdr_err err = cdr_email_queue(tx, CDR_EMAIL_FIRST, NULL);
	return err == CDR_OK ? cdr_email_queue(tx, CDR_EMAIL_SECOND, NULL) : err;
}

/* What is set, and what became of the messages; never the password. */
static cdr_err
show(struct cdr_member *member, const struct cdr_email_settings *s, struct cdr_report *report)
{
	struct cdr_email_progress progress;

	cdr_err err = cdr_email_progress(member, &progress);
	if (err != CDR_OK)
		return err;
	if (s->server[0] == '\0')
		cdr_report_text(report, "No e-mail is sent: who should act sees it in `candor check list` and `candor inbox list` alone.\n");
	else
		cdr_report_text(report, "Server %s%s, sender %s, first contact %s, second contact %s, language %s.\n", s->server,
		    s->plain ? " (no TLS)" : "", s->sender, s->contact[0], s->contact[1][0] != '\0' ? s->contact[1] : "none", s->language);
	cdr_report_text(report, "Messages sent: %llu; waiting: %llu; given up: %llu.\n", (unsigned long long)progress.sent_count,
	    (unsigned long long)progress.waiting_count, (unsigned long long)progress.refused_count);
	return cdr_report_json(report, json_pack("{s:b, s:s, s:b, s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "on", s->server[0] != '\0', "server",
	    s->server, "tls", !s->plain, "sender", s->sender, "first", s->contact[0], "second", s->contact[1], "language", s->language,
	    "sent", (json_int_t)progress.sent_count, "waiting", (json_int_t)progress.waiting_count, "given_up",
	    (json_int_t)progress.refused_count));
}

/* see node/member/command.h */
cdr_err
cdr_command_settings_mail(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	static const char *const changing[] = { "server", "sender", "first", "second", "user", "ca-file", "password-file", "language" };
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_email_settings *settings = cdr_secret_alloc(sizeof(*settings));
	bool changes = false, off = cdr_arguments_has(arguments, "off");

	if (settings == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < sizeof(changing) / sizeof(changing[0]); i++)
		changes = changes || cdr_arguments_has(arguments, changing[i]);
	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_email_settings_read(member, settings));
	if (off)
		cdr_wipe(settings, sizeof(*settings));
	else if (changes)
		CDR_TRY(take_options(arguments, settings, fault));
	if (off || changes)
		CDR_TRY(cdr_email_settings_write(member, settings, fault));
	if (cdr_arguments_has(arguments, "test"))
		CDR_TRY(cdr_store_write(member->home->store, test_job, NULL));
	CDR_TRY(show(member, settings, report));
	err = CDR_OK;
out:
	cdr_secret_free(settings);
	cdr_member_close(member);
	return err;
}
