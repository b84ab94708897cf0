#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/file.h"
#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "core/record/json.h"
#include "node/member/check.h"
#include "node/member/command.h"
#include "node/member/command_fields.h"
#include "node/member/guest.h"
#include "node/member/guest_text.h"

/* check ask-guest, guest-answer, paper-answer, guest-scan, withdraw-guest. */

/* Say a sentence of data/guest.tsv, indented by ${indent}. */
#define SAY(report, language, indent, key, ...) \
	say(report, language, indent, key, (const char *const[]){ __VA_ARGS__, NULL })

static void
say(struct cdr_report *report, const char *language, const char *indent, const char *key, const char *const *values)
{
	char text[CDR_GUEST_SENTENCE_LEN];

	cdr_report_text(report, "%s%s\n", indent, cdr_guest_sentence(key, language, values, text));
	cdr_wipe(text, sizeof(text));
}

/* The day of a moment. */
static void
day_write(uint64_t seconds, char out[static CDR_DATE_TEXT_LEN])
{
	struct cdr_date day = cdr_member_day((int64_t)seconds);

	if (cdr_date_write(&day, out) != CDR_OK)
		out[0] = '\0';
}

static cdr_err
read_id(const struct cdr_arguments *arguments, uint8_t id[static CDR_ID_LEN], struct cdr_fault *fault)
{
	if (cdr_id_read(cdr_arguments_operand(arguments, 0), id) == CDR_OK)
		return CDR_OK;
	return cdr_fault_set(fault, CDR_E_INPUT,
	    "that is no request id: it has 26 letters and figures in groups of five, as `candor check show` prints it");
}

/* ---- ask-guest ---------------------------------------------------------------------------------------------------------------- */

static cdr_err
take_date(const struct cdr_arguments *arguments, const char *option, struct cdr_date *date, struct cdr_fault *fault)
{
	const char *value = cdr_arguments_text(arguments, option);

	if (value == NULL || cdr_date_read(value, date, NULL) == CDR_OK)
		return CDR_OK;
	return cdr_fault_set(fault, CDR_E_INPUT, "--%s: write 2019-03-25, 2019-03 or 2019", option);
}

static cdr_err
read_details(const struct cdr_arguments *arguments, struct cdr_guest_details *d, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	memcpy(d->language, "en", 3);
	CDR_TRY(cdr_arguments_copy(arguments, "employer", d->employer, sizeof(d->employer), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "email", d->email, sizeof(d->email), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "found", d->found, sizeof(d->found), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "found-note", d->found_note, sizeof(d->found_note), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "contact-name", d->contact_name, sizeof(d->contact_name), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "contact-email", d->contact_email, sizeof(d->contact_email), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "contact-phone", d->contact_phone, sizeof(d->contact_phone), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "guest-language", d->language, sizeof(d->language), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "position", d->position, sizeof(d->position), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "country", d->country, sizeof(d->country), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "engagement-type", d->engagement_type, sizeof(d->engagement_type), fault));
	CDR_TRY(cdr_arguments_copy(arguments, "employee-number", d->employee_number, sizeof(d->employee_number), fault));
	CDR_TRY(take_date(arguments, "from", &d->from, fault));
	CDR_TRY(take_date(arguments, "to", &d->to, fault));
	err = CDR_OK;
out:
	return err;
}

/* Where the hub has its page, if a link is wanted. Without one the file is made all the same, and ${why} says why. */
static cdr_err
find_page(const struct cdr_arguments *arguments, struct cdr_member *member, char url[static CDR_URL_LEN_MAX + 1],
    struct cdr_fault *why)
{
	uint8_t hash[CDR_SHA256_LEN];

	url[0] = '\0';
	if (cdr_arguments_has(arguments, "no-link"))
		return cdr_fault_set(why, CDR_E_ABSENT, "--no-link");
	return cdr_guest_hub_page(member, url, hash, why);
}

/* What was made, and what to do with it. */
static cdr_err
show_handout(const struct cdr_arguments *arguments, struct cdr_report *report, const struct cdr_guest_details *d,
    const struct cdr_guest_handout *handout, const char *path, const struct cdr_fault *why, bool is_flagged)
{
	const char *language = cdr_command_language(arguments);
	char until[CDR_DATE_TEXT_LEN], id[CDR_ID_TEXT_LEN];

	day_write(handout->expires_at, until);
	cdr_id_write(handout->id, id);
	SAY(report, language, "", handout->was_there ? "made_again" : handout->link[0] != '\0' ? "made" : "made_file", d->employer);
	SAY(report, language, handout->link[0] != '\0' ? "  1. " : "  ", "file", path, d->email);
	cdr_report_text(report, "       %s\n", handout->code);
	if (handout->link[0] != '\0') {
		SAY(report, language, "  2. ", "link", until);
		cdr_report_text(report, "       %s\n", handout->link);
	} else if (!cdr_arguments_has(arguments, "no-link")) {
		SAY(report, language, "  ", why->code == CDR_E_ABSENT ? "no_page" : "no_link", why->text);
	}
	SAY(report, language, "  ", "key", handout->key_text);
	if (is_flagged)
		say(report, language, "  ", "candidate", NULL);
	SAY(report, language, "  ", "next", id, cdr_arguments_operand(arguments, 0));
	return cdr_report_json(report, json_pack("{s:o, s:s, s:b, s:s, s:s, s:s?, s:s, s:o, s:o, s:s, s:b}", "request_id",
	    cdr_command_json_id(handout->id), "reference", cdr_arguments_operand(arguments, 0), "was_there", handout->was_there, "file", path, "code", handout->code, "link",
	    handout->link[0] != '\0' ? handout->link : NULL, "key", handout->key_text, "due_at", cdr_command_json_time(handout->due_at),
	    "expires_at", cdr_command_json_time(handout->expires_at), "address_found", d->found, "address_flagged", is_flagged));
}

static cdr_err
ask_guest(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_fault why = { 0 };
	char url[CDR_URL_LEN_MAX + 1], path[64], id[CDR_ID_TEXT_LEN];
	struct cdr_guest_details *details = calloc(1, sizeof(*details));
	struct cdr_guest_handout *handout = cdr_secret_alloc(sizeof(*handout));

	if (details == NULL || handout == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(read_details(arguments, details, fault));
	bool has_page = find_page(arguments, member, url, &why) == CDR_OK;
	CDR_TRY(cdr_guest_ask(member, cdr_arguments_operand(arguments, 0), details,
	    (unsigned)cdr_arguments_number(arguments, "days", CDR_GUEST_DAYS), has_page ? url : NULL, handout, fault));
	cdr_id_write(handout->id, id);
	(void)snprintf(path, sizeof(path), "candor-request-%.5s.html", id);
	const char *file = cdr_arguments_has(arguments, "out") ? cdr_arguments_text(arguments, "out") : path;
	if (handout->was_there && strcmp(file, "-") != 0)
		CDR_TRY(cdr_file_write_over(file, cdr_buffer_bytes(&handout->file), fault));
	else
		CDR_TRY(cdr_command_write_file(file, (const char *)handout->file.data, handout->file.len, fault));
	CDR_TRY(show_handout(arguments, report, details, handout, file, &why,
	    cdr_codebook_means(member->codebook, "address_found", details->found, "candidate")));
	err = CDR_OK;
out:
	if (handout != NULL)
		cdr_guest_handout_wipe(handout);
	cdr_secret_free(handout);
	if (details != NULL)
		cdr_wipe(details, sizeof(*details));
	free(details);
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_check_ask_guest(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	return cdr_arguments_has(arguments, "file") ? cdr_command_with_file(arguments, report, fault) : ask_guest(arguments, report, fault);
}

/* ---- answers ------------------------------------------------------------------------------------------------------------------- */

/* The one request with this id, and the reference of its check. */
struct found {
	const uint8_t *id;
	struct cdr_guest guest;
	char reference[CDR_REFERENCE_LEN];
	bool is_found;
};

static cdr_err
keep_guest(const struct cdr_guest *guest, void *context)
{
	struct found *found = context;

	if (memcmp(guest->id, found->id, CDR_ID_LEN) == 0) {
		found->guest = *guest;
		found->is_found = true;
	}
	return CDR_OK;
}

static cdr_err
keep_reference(const struct cdr_check *check, void *context)
{
	struct found *found = context;

	if (memcmp(check->id, found->guest.check_id, CDR_ID_LEN) == 0)
		memcpy(found->reference, check->candidate.reference, sizeof(found->reference));
	return CDR_OK;
}

/* Tell what became of an answer that was imported. */
static cdr_err
show_outcome(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_member *member, const uint8_t *id,
    enum cdr_guest_outcome outcome)
{
	static const char *const names[] = { "taken", "superseded", "known" };
	cdr_err err = CDR_E_INTERNAL;
	const char *language = cdr_command_language(arguments);
	struct found *found = calloc(1, sizeof(*found));

	if (found == NULL)
		return CDR_E_MEMORY;
	found->id = id;
	CDR_TRY(cdr_guest_each(member, NULL, keep_guest, found));
	CDR_TRY(cdr_check_each(member, NULL, keep_reference, found));
	const char *result = cdr_codebook_label_peek(member->codebook, "result", found->guest.result, language);
	if (outcome == CDR_GUEST_KNOWN)
		say(report, language, "", "known", NULL);
	else
		SAY(report, language, "", outcome == CDR_GUEST_SUPERSEDED ? "superseded_now" : "taken", found->guest.details.employer, result,
		    found->reference);
	say(report, language, "", "not_verified", NULL);
	CDR_TRY(cdr_report_json(report, json_pack("{s:o, s:s, s:s, s:s, s:s, s:b}", "request_id", cdr_command_json_id(id), "outcome",
	    names[outcome], "reference", found->reference, "result", found->guest.result, "channel", found->guest.channel,
	    "signer_verified", 0)));
	err = CDR_OK;
out:
	cdr_wipe(found, sizeof(*found));
	free(found);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_check_guest_answer(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *path = cdr_arguments_operand(arguments, 0);
	struct cdr_member *member = NULL;
	struct cdr_buffer bytes = { 0 };
	struct cdr_fault why = { 0 };
	enum cdr_guest_outcome outcome;
	struct cdr_guest_parcel *parcel = malloc(sizeof(*parcel));

	if (parcel == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_command_language_check(arguments, fault));
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_command_read_file(path, CDR_GUEST_FILE_MAX, &bytes, fault));
	CDR_TRY(cdr_command_name_file(path, cdr_guest_file_read(cdr_buffer_bytes(&bytes), parcel, fault), fault));
	CDR_TRY(cdr_guest_take(member, parcel, "encrypted_file", &outcome, &why));
	if (outcome == CDR_GUEST_NOT_OURS)
		err = cdr_fault_set(fault, CDR_E_ABSENT, "%s: it answers no request of this node", path);
	else if (outcome == CDR_GUEST_OVER)
		err = cdr_fault_set(fault, CDR_E_REFUSED,
		    "%s: the request was withdrawn or has expired, and its key is destroyed: ask again with `candor check ask-guest`", path);
	else if (outcome == CDR_GUEST_UNREAD)
		err = cdr_fault_set(fault, CDR_E_REFUSED, "%s: %.300s. It is not taken in; ask the guest to answer again", path, why.text);
	else
		err = show_outcome(arguments, report, member, parcel->id, outcome);
out:
	cdr_buffer_free(&bytes);
	free(parcel);
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_check_paper_answer(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *path = cdr_arguments_text(arguments, "scan");
	uint8_t id[CDR_ID_LEN];
	struct cdr_member *member = NULL;
	struct cdr_buffer scan = { 0 };
	enum cdr_guest_outcome outcome;
	struct cdr_statement *statement = calloc(1, sizeof(*statement));

	if (statement == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(read_id(arguments, id, fault));
	CDR_TRY(cdr_command_language_check(arguments, fault));
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_command_statement_options(arguments, statement, fault));
	CDR_TRY(cdr_command_read_file(path, CDR_GUEST_SCAN_MAX, &scan, fault));
	CDR_TRY(cdr_guest_take_paper(member, id, statement, cdr_buffer_bytes(&scan), &outcome, fault));
	CDR_TRY(show_outcome(arguments, report, member, id, outcome));
	err = CDR_OK;
out:
	cdr_buffer_free(&scan);
	cdr_wipe(statement, sizeof(*statement));
	free(statement);
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_check_guest_scan(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *path = cdr_arguments_operand(arguments, 1);
	uint8_t id[CDR_ID_LEN];
	struct cdr_member *member = NULL;
	struct cdr_buffer scan = { 0 };

	CDR_TRY(read_id(arguments, id, fault));
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	err = cdr_guest_scan(member, id, (uint64_t)cdr_arguments_number(arguments, "number", 1), &scan);
	if (err == CDR_E_ABSENT)
		err = cdr_fault_set(fault, err, "there is no such scan: `candor check show` says which answers came on paper");
	CDR_TRY(err);
	CDR_TRY(cdr_command_write_file(path, (const char *)scan.data, scan.len, fault));
	if (strcmp(path, "-") != 0)
		cdr_report_text(report, "%s\n", path);
	CDR_TRY(strcmp(path, "-") == 0 ? CDR_OK : cdr_report_json(report, json_pack("{s:s, s:I}", "file", path, "bytes", (json_int_t)scan.len)));
	err = CDR_OK;
out:
	cdr_buffer_free(&scan);
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_check_withdraw_guest(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t id[CDR_ID_LEN];
	struct cdr_member *member = NULL;

	CDR_TRY(read_id(arguments, id, fault));
	CDR_TRY(cdr_command_language_check(arguments, fault));
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_guest_withdraw(member, id, fault));
	say(report, cdr_command_language(arguments), "", "withdrawn", NULL);
	CDR_TRY(cdr_report_json(report, json_pack("{s:o, s:s}", "request_id", cdr_command_json_id(id), "status", "withdrawn")));
	err = CDR_OK;
out:
	cdr_member_close(member);
	return err;
}
