#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/json.h"
#include "node/member/check.h"
#include "node/member/command.h"
#include "node/member/paper.h"
#include "node/member/statement_file.h"

/* statement export, statement verify. */

/* Which employer of which check. */
struct wanted {
	const char *employer;
	uint8_t request_id[CDR_ID_LEN];
	bool found;
	struct cdr_check *check;  /* personal: a copy of it; NULL: not wanted */
};

static cdr_err
find_employer(const struct cdr_check *check, void *context)
{
	struct wanted *wanted = context;

	if (wanted->check != NULL)
		*wanted->check = *check;
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
	struct cdr_buffer file = { 0 }, pdf = { 0 };
	const char *paper = cdr_arguments_text(arguments, "pdf");

	wanted.check = calloc(1, sizeof(*wanted.check));
	if (wanted.check == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	err = cdr_check_each(member, reference, find_employer, &wanted);
	if (err == CDR_E_ABSENT || (err == CDR_OK && !wanted.found))
		err = cdr_fault_set(fault, CDR_E_ABSENT, "no check %s asks %s: see `candor check list`", reference,
		    wanted.employer);
	CDR_TRY(err);
	CDR_TRY(cdr_check_statement(member, wanted.request_id, NULL, &file, fault));
	if (paper != NULL)
		CDR_TRY(cdr_paper_check(member, wanted.check, wanted.employer, cdr_command_language(arguments), &pdf, fault));
	CDR_TRY(cdr_command_note(member, "statement.export", wanted.request_id));
	CDR_TRY(cdr_command_write_file(path, (const char *)file.data, file.len, fault));
	if (paper != NULL)
		CDR_TRY(cdr_command_write_file(paper, (const char *)pdf.data, pdf.len, fault));
	cdr_report_text(report, "Written to %s. Anybody can verify it: candor statement verify %s --exchange FINGERPRINT\n",
	    path, path);
	if (paper != NULL)
		cdr_report_text(report, "Printed to %s. The code on it is that of %s: candor statement verify %s --code CODE\n", paper, path, path);
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:I, s:s?}", "file", path, "bytes", (json_int_t)file.len, "pdf", paper)));
	err = CDR_OK;
out:
	cdr_wipe(wanted.check, sizeof(*wanted.check));
	free(wanted.check);
	cdr_buffer_free(&pdf);
	cdr_buffer_free(&file);
	cdr_member_close(member);
	return err;
}

/* The code of a paper, where one was given, is that of the file. */
static cdr_err
compare_code(const struct cdr_arguments *arguments, const struct cdr_statement_file *file, struct cdr_fault *fault)
{
	const char *given = cdr_arguments_text(arguments, "code");
	uint8_t code[CDR_ID_LEN];

	if (given == NULL)
		return CDR_OK;
	if (cdr_statement_code_read(given, code) != CDR_OK)
		return cdr_fault_set(fault, CDR_E_INPUT, "--code: that is no code of 26 letters and figures as it stands on paper");
	if (memcmp(code, file->code, sizeof(code)) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "the code belongs to another statement than this file: do not rely on the paper");
	return CDR_OK;
}

/*
 * What the node's newest roster says of the signer: a JSON object; null where no node is asked. A file may bear any date: what tells is
 * whether somebody else may have the key by now.
 */
static cdr_err
show_now(const struct cdr_arguments *arguments, struct cdr_report *report, const struct cdr_statement_file *file, json_t **now,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	const struct cdr_roster *roster = NULL;

	*now = json_null();
	if (!cdr_arguments_has(arguments, "with-node")) {
		cdr_report_text(report, "So it was in version %llu of the roster. Whether the signer was revoked since, or has another key: --with-node.\n",
		    (unsigned long long)file->roster_version);
		return CDR_OK;
	}
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	if (memcmp(member->genesis, file->genesis, sizeof(file->genesis)) != 0) {
		err = cdr_fault_set(fault, CDR_E_REFUSED, "the statement belongs to another exchange than this node: do not rely on it before you know why");
		goto out;
	}
	roster = cdr_current_hold(member->current);
	const Cdr__Wire__Member *signer = cdr_roster_member(roster, file->signer);
	const char *status = signer != NULL ? signer->status : "unknown";
	bool same_key = signer != NULL && memcmp(signer->party->signing_key.data, file->signer_key, sizeof(file->signer_key)) == 0;
	if (signer == NULL || strcmp(status, "active") != 0)
		cdr_report_text(report, "THE SIGNER IS NO MEMBER NOW (%s), in version %llu of the roster.\n", status,
		    (unsigned long long)roster->body->version);
	if (!same_key)
		cdr_report_text(report, "THE SIGNER HAS ANOTHER KEY NOW: it lost the one that signed this, and enrolled anew. Rely on a copy that you had before that; of one\n"
		    "that turns up later ask the organisation, on a telephone number that you have from elsewhere, whether it wrote it.\n");
	if (same_key && strcmp(status, "active") == 0)
		cdr_report_text(report, "The signer is a member and has this key still, in version %llu of the roster.\n",
		    (unsigned long long)roster->body->version);
	*now = json_pack("{s:s, s:b, s:I}", "status", status, "same_key", (int)same_key, "roster_version",
	    (json_int_t)roster->body->version);
	err = *now != NULL ? CDR_OK : CDR_E_MEMORY;
out:
	if (member != NULL)
		cdr_current_release(member->current, roster);
	cdr_member_close(member);
	return err;
}

/* What a verified file says. */
static cdr_err
show_file(const struct cdr_arguments *arguments, struct cdr_report *report, const struct cdr_statement_file *file,
    const struct cdr_codebook *codebook, bool exchange_known, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char fingerprint[CDR_FINGERPRINT_TEXT_LEN], code[CDR_ID_TEXT_LEN], *text = NULL;
	json_t *now;
	bool compared = cdr_arguments_has(arguments, "code");

	CDR_TRY(cdr_statement_to_json(&file->statement, &text));
	cdr_fingerprint_write(file->genesis, fingerprint);
	cdr_id_write(file->code, code);
	const char *result = cdr_statement_result(&file->statement, codebook);
	cdr_report_text(report, "The signature holds: %s (%s) signed this statement by %s, %s.\nResult: %s\n", file->signer_name,
	    file->signer, file->statement.signer_name,
	    cdr_codebook_label_peek(codebook, "signer_role", file->statement.signer_role, cdr_command_language(arguments)),
	    cdr_codebook_label_peek(codebook, "result", result, cdr_command_language(arguments)));
	cdr_report_text(report, exchange_known ? "The exchange is the one that you named.\n" :
		"It belongs to the exchange with this fingerprint; ask its secretariat by telephone whether that is right:\n    %s\n",
	    fingerprint);
	cdr_report_text(report, compared ? "The code is that of this statement: a paper with it must say the same as what stands here.\n" :
		"The code of this statement, as it stands on paper: %s\n", code);
	CDR_TRY(show_now(arguments, report, file, &now, fault));
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:b, s:b, s:s, s:s, s:s, s:b, s:I, s:s, s:o, s:o}", "code", code, "code_compared", compared, "signature_holds", 1, "signer",
	    file->signer, "signer_organisation", file->signer_name, "exchange", fingerprint, "exchange_confirmed",
	    exchange_known, "roster_version", (json_int_t)file->roster_version, "result", result, "statement",
	    json_loads(text, 0, NULL), "signer_now", now)));
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
	CDR_TRY(compare_code(arguments, file, fault));
	CDR_TRY(show_file(arguments, report, file, codebook, exchange != NULL, fault));
	err = CDR_OK;
out:
	cdr_codebook_free(codebook);
	cdr_buffer_free(&bytes);
	cdr_wipe(file, sizeof(*file));
	free(file);
	return err;
}
