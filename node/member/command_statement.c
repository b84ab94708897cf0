#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "core/record/json.h"
#include "node/member/check.h"
#include "node/member/command.h"
#include "node/member/statement_file.h"

/* statement export, statement verify. */

/* Write a new file that only its owner can read; an existing one is left alone. */
static cdr_err
write_file(const char *path, const struct cdr_buffer *bytes, struct cdr_fault *fault)
{
	size_t at = 0;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EEXIST ?
		    cdr_fault_set(fault, CDR_E_EXISTS, "%s is there already: give the name of a new file", path) :
		    cdr_fault_set(fault, CDR_E_IO, "%s: %s", path, strerror(errno));
	while (at < bytes->len) {
		ssize_t n = write(fd, bytes->data + at, bytes->len - at);
		if (n < 0 && errno != EINTR)
			break;
		at += n > 0 ? (size_t)n : 0;
	}
	bool written = at == bytes->len && fsync(fd) == 0;
	if (close(fd) != 0 || !written) {
		(void)unlink(path);
		return cdr_fault_set(fault, CDR_E_IO, "%s: it cannot be written", path);
	}
	return CDR_OK;
}

/* Which employer of which check. */
struct wanted {
	const char *employer;
	uint8_t request_id[CDR_ID_LEN];
	bool found;
};

static cdr_err
find_employer(const struct cdr_check *check, void *context)
{
	struct wanted *wanted = context;

	for (size_t i = 0; i < check->employer_count; i++)
		if (strcmp(check->employer[i].member, wanted->employer) == 0) {
			memcpy(wanted->request_id, check->employer[i].request_id, CDR_ID_LEN);
			wanted->found = true;
		}
	return CDR_OK;
}

/* see node/member/command.h */
cdr_err
cdr_command_statement_export(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *reference = cdr_arguments_operand(arguments, 0), *path = cdr_arguments_operand(arguments, 2);
	struct wanted wanted = { .employer = cdr_arguments_operand(arguments, 1) };
	struct cdr_member *member = NULL;
	struct cdr_buffer file = { 0 };

	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	err = cdr_check_each(member, reference, find_employer, &wanted);
	if (err == CDR_E_ABSENT || (err == CDR_OK && !wanted.found))
		err = cdr_fault_set(fault, CDR_E_ABSENT, "no check %s asks %s: see `candor check list`", reference,
		    wanted.employer);
	CDR_TRY(err);
	CDR_TRY(cdr_check_statement(member, wanted.request_id, NULL, &file, fault));
	CDR_TRY(write_file(path, &file, fault));
	cdr_report_text(report, "Written to %s. Anybody can verify it: candor statement verify %s --exchange FINGERPRINT\n",
	    path, path);
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:I}", "file", path, "bytes", (json_int_t)file.len)));
	err = CDR_OK;
out:
	cdr_buffer_free(&file);
	cdr_member_close(member);
	return err;
}

/* What a verified file says. */
static cdr_err
show_file(const struct cdr_arguments *arguments, struct cdr_report *report, const struct cdr_statement_file *file,
    const struct cdr_codebook *codebook, bool exchange_known)
{
	cdr_err err = CDR_E_INTERNAL;
	char fingerprint[CDR_FINGERPRINT_TEXT_LEN], *text = NULL;

	CDR_TRY(cdr_statement_to_json(&file->statement, &text));
	cdr_fingerprint_write(file->genesis, fingerprint);
	const char *result = cdr_statement_result(&file->statement, codebook);
	cdr_report_text(report, "The signature holds: %s (%s) signed this statement by %s, %s.\nResult: %s\n", file->signer_name,
	    file->signer, file->statement.signer_name,
	    cdr_codebook_label_peek(codebook, "signer_role", file->statement.signer_role, cdr_command_language(arguments)),
	    cdr_codebook_label_peek(codebook, "result", result, cdr_command_language(arguments)));
	cdr_report_text(report, exchange_known ? "The exchange is the one that you named.\n" :
		"It belongs to the exchange with this fingerprint; ask its secretariat by telephone whether that is right:\n    %s\n",
	    fingerprint);
	CDR_TRY(cdr_report_json(report, json_pack("{s:b, s:s, s:s, s:s, s:b, s:I, s:s, s:o}", "signature_holds", 1, "signer",
	    file->signer, "signer_organisation", file->signer_name, "exchange", fingerprint, "exchange_confirmed",
	    exchange_known, "roster_version", (json_int_t)file->roster_version, "result", result, "statement",
	    json_loads(text, 0, NULL))));
	err = CDR_OK;
out:
	cdr_json_free(text);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_statement_verify(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *exchange = cdr_arguments_text(arguments, "exchange");
	uint8_t genesis[CDR_GENESIS_HASH_LEN];
	struct cdr_buffer bytes = { 0 };
	struct cdr_codebook *codebook = NULL;
	struct cdr_statement_file *file = calloc(1, sizeof(*file));

	if (file == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_command_language_check(arguments, fault));
	if (exchange != NULL && cdr_fingerprint_read(exchange, genesis) != CDR_OK) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "--exchange: that is no fingerprint of 52 letters and figures");
		goto out;
	}
	CDR_TRY(cdr_command_read_file(cdr_arguments_operand(arguments, 0), CDR_STATEMENT_FILE_MAX, &bytes, fault));
	CDR_TRY(cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, &codebook, fault));
	err = cdr_statement_file_verify(cdr_buffer_bytes(&bytes), exchange != NULL ? genesis : NULL, codebook, file, fault);
	if (err == CDR_E_SIGNATURE || err == CDR_E_ROSTER)
		err = cdr_command_name_file("do not rely on this file: it was altered, is damaged, or belongs to another exchange", err,
		    fault);
	CDR_TRY(err);
	CDR_TRY(show_file(arguments, report, file, codebook, exchange != NULL));
	err = CDR_OK;
out:
	cdr_codebook_free(codebook);
	cdr_buffer_free(&bytes);
	cdr_wipe(file, sizeof(*file));
	free(file);
	return err;
}
