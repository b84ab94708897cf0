#include "node/member/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit/file.h"
#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "core/identity/token.h"
#include "node/member/enrol.h"
#include "node/member/texts.h"

#define SHOWN_MAX 50 /* faults and notes that text shows; --json has all that are listed */

/* The call of this thread, if it has one. */
static _Thread_local struct cdr_command_call *current_call;

/* see node/member/command.h */
void
cdr_command_call_set(struct cdr_command_call *call)
{
	current_call = call;
}

/* The node of a call, for whom its roles allow it. */
static cdr_err
lend_member(const struct cdr_arguments *arguments, bool joined, struct cdr_member **member, struct cdr_actor *actor, struct cdr_fault *fault)
{
	const struct cdr_actor *who = &current_call->actor;
	uint32_t roles = cdr_access_roles(cdr_arguments_command(arguments));
	cdr_err err = CDR_OK;

	if ((roles & who->roles) == 0 || roles == CDR_ACCESS_ANYBODY)
		return cdr_fault_set(fault, CDR_E_REFUSED, "%s may not do this", who->who);
	if (joined)
		err = cdr_member_joined(current_call->member, fault);
	if (err != CDR_OK)
		return err;
	if (actor != NULL)
		*actor = *who;
	*member = current_call->member;
	return CDR_OK;
}

/* see node/member/command.h */
const char *
cdr_command_session_file(const struct cdr_arguments *arguments)
{
	const char *path = cdr_arguments_text(arguments, "session-file");

	if (path == NULL)
		path = getenv("CANDOR_SESSION_FILE");
	return path != NULL && path[0] != '\0' ? path : NULL;
}

/* see node/member/command.h */
cdr_err
cdr_command_session_read(const struct cdr_arguments *arguments, char token[static CDR_TOKEN_LEN], struct cdr_fault *fault)
{
	const char *path = cdr_command_session_file(arguments);
	struct cdr_buffer bytes;

	memset(token, 0, CDR_TOKEN_LEN);
	if (path == NULL)
		return CDR_OK;
	cdr_err err = cdr_command_read_file(path, CDR_TOKEN_LEN, &bytes, fault);
	if (err == CDR_E_ABSENT)
		return CDR_OK;
	if (err == CDR_OK && bytes.len > 0)
		memcpy(token, bytes.data, bytes.len < CDR_TOKEN_LEN ? bytes.len : CDR_TOKEN_LEN - 1);
	token[strcspn(token, "\r\n")] = '\0';
	cdr_buffer_free(&bytes);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_open(const struct cdr_arguments *arguments, bool joined, struct cdr_member **member,
    struct cdr_fault *fault)
{
	return cdr_command_open_as(arguments, joined, member, NULL, fault);
}

/* see node/member/command.h */
cdr_err
cdr_command_open_as(const struct cdr_arguments *arguments, bool joined, struct cdr_member **member, struct cdr_actor *actor,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char token[CDR_TOKEN_LEN] = "";
	const char *path;
	struct cdr_passphrase *passphrase = NULL;

	*member = NULL;
	CDR_TRY(cdr_command_language_check(arguments, fault));
	if (current_call != NULL)
		return lend_member(arguments, joined, member, actor, fault);
	CDR_TRY(cdr_node_home(arguments, &path, fault));
	CDR_TRY(cdr_node_passphrase(arguments, false, &passphrase, fault));
	CDR_TRY(cdr_member_open(path, passphrase, member, fault));
	CDR_TRY(cdr_command_session_read(arguments, token, fault));
	CDR_TRY(cdr_access_check(*member, cdr_arguments_command(arguments), token[0] != '\0' ? token : NULL, actor, fault));
	if (joined)
		CDR_TRY(cdr_member_joined(*member, fault));
	err = CDR_OK;
out:
	cdr_wipe(token, sizeof(token));
	cdr_passphrase_free(passphrase);
	if (err != CDR_OK) {
		cdr_member_close(*member);
		*member = NULL;
	}
	return err;
}

/* Read to the end, one byte more than allowed at most. */
static cdr_err
read_stream(FILE *file, size_t max, struct cdr_buffer *bytes)
{
	size_t room = 1U << 16;

	bytes->data = malloc(room);
	while (bytes->data != NULL) {
		bytes->len += fread(bytes->data + bytes->len, 1, room - bytes->len, file);
		if (bytes->len < room)
			return ferror(file) ? CDR_E_IO : bytes->len > max ? CDR_E_RANGE : CDR_OK;
		if (room > max)
			return CDR_E_RANGE;
		/* A new block and a wiped old one: the file may be personal. */
		uint8_t *larger = malloc(2 * room);
		if (larger == NULL)
			return CDR_E_MEMORY;
		memcpy(larger, bytes->data, bytes->len);
		cdr_wipe(bytes->data, bytes->len);
		free(bytes->data);
		bytes->data = larger;
		room *= 2;
	}
	return CDR_E_MEMORY;
}

/* see node/member/command.h */
cdr_err
cdr_command_read_file(const char *path, size_t max, struct cdr_buffer *bytes, struct cdr_fault *fault)
{
	if (current_call != NULL && strcmp(path, "-") == 0) {
		*bytes = (struct cdr_buffer){ malloc(current_call->input.len + 1), current_call->input.len };
		if (bytes->data == NULL)
			bytes->len = 0;
		else if (bytes->len > 0)
			memcpy(bytes->data, current_call->input.data, bytes->len);
		if (bytes->len > max) {
			cdr_buffer_free(bytes);
			return cdr_fault_set(fault, CDR_E_RANGE, "it is longer than %zu bytes", max);
		}
		return bytes->data != NULL ? CDR_OK : CDR_E_MEMORY;
	}
	if (current_call != NULL)
		return cdr_fault_set(fault, CDR_E_REFUSED, "a file is not read from here");

	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");

	*bytes = (struct cdr_buffer){ 0 };
	if (file == NULL)
		return cdr_fault_set(fault, errno == ENOENT ? CDR_E_ABSENT : CDR_E_IO, "%s: %s%s", path, strerror(errno),
		    errno == ENOENT ? ". Is the name right? A path counts from the folder that you are in" : "");
	cdr_err err = read_stream(file, max, bytes);
	int reason = errno;
	if (file != stdin)
		(void)fclose(file);
	if (err == CDR_E_RANGE)
		err = cdr_fault_set(fault, err, "%s: it is longer than %zu bytes", path, max);
	else if (err == CDR_E_IO)
		err = cdr_fault_set(fault, err, "%s: it cannot be read: %s", path, strerror(reason));
	if (err != CDR_OK)
		cdr_buffer_free(bytes);
	return err;
}

/* see node/member/command.h */
struct cdr_listing
cdr_listing_new(const char *const *titles, size_t count)
{
	return (struct cdr_listing){ .table = cdr_table_new(titles, count), .list = json_array() };
}

/* see node/member/command.h */
cdr_err
cdr_listing_show(struct cdr_listing *listing, cdr_err err, const char *name, struct cdr_report *report)
{
	cdr_table_print(listing->table, report);
	if (err == CDR_OK)
		return cdr_report_json(report, json_pack("{s:o}", name, listing->list));
	json_decref(listing->list);
	return err;
}

struct note {
	const char *who, *what;
	const uint8_t *subject;
};

static cdr_err
note_job(struct cdr_tx *tx, void *context)
{
	const struct note *note = context;

	return cdr_trail_add(tx, note->who, note->what, note->subject);
}

/* see node/member/command.h */
cdr_err
cdr_command_note(struct cdr_member *member, const char *what, const uint8_t *subject)
{
	struct note note = { member->who, what, subject };

	return cdr_store_write(member->home->store, note_job, &note);
}

/* see node/member/command.h */
cdr_err
cdr_command_name_file(const char *path, cdr_err err, struct cdr_fault *fault)
{
	struct cdr_fault before = *fault;

	if (err == CDR_OK || before.text[0] == '\0')
		return err;
	return cdr_fault_set(fault, err, "%s: %s", path, before.text);
}

static const char *const languages[] = { "en", "fr", "es", "ar" };

/* see node/member/command.h */
cdr_err
cdr_command_language_check(const struct cdr_arguments *arguments, struct cdr_fault *fault)
{
	const char *wanted = cdr_arguments_text(arguments, "language");

	for (size_t i = 0; wanted != NULL && i < 4; i++)
		if (strcmp(wanted, languages[i]) == 0)
			return CDR_OK;
	if (wanted == NULL)
		return CDR_OK;
	return cdr_fault_set(fault, CDR_E_INPUT, "--language takes en, fr, es or ar, not '%s'", wanted);
}

/* see node/member/command.h */
void
cdr_command_tell_standing(const struct cdr_arguments *arguments, const struct cdr_member *member, struct cdr_report *report)
{
	const enum cdr_enrol_standing standing = cdr_enrol_standing(member);

	if (standing == CDR_ENROL_REVOKED || standing == CDR_ENROL_SUSPENDED)
		cdr_report_text(report, "%s\n", cdr_texts_peek(standing == CDR_ENROL_REVOKED ? "standing_revoked" : "standing_suspended",
		    cdr_command_language(arguments)));
}

/* see node/member/command.h */
const char *
cdr_command_language(const struct cdr_arguments *arguments)
{
	static const char *const variables[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
	const char *wanted = cdr_arguments_text(arguments, "language");

	for (size_t i = 0; (wanted == NULL || wanted[0] == '\0') && i < 3; i++)
		wanted = getenv(variables[i]);
	for (size_t i = 0; wanted != NULL && i < 4; i++)
		if (strncmp(wanted, languages[i], 2) == 0)
			return languages[i];
	return "en";
}

/* see node/member/command.h */
json_t *
cdr_command_json_time(uint64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm day;
	char text[32];

	if (seconds == 0 || gmtime_r(&when, &day) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &day) == 0)
		return json_null();
	return json_string(text);
}

/* see node/member/command.h */
json_t *
cdr_command_json_date(const struct cdr_date *date)
{
	char text[CDR_DATE_TEXT_LEN];

	if (cdr_date_write(date, text) != CDR_OK || text[0] == '\0')
		return json_null();
	return json_string(text);
}

/* see node/member/command.h */
json_t *
cdr_command_json_id(const uint8_t id[static CDR_ID_LEN])
{
	char text[CDR_ID_TEXT_LEN];

	cdr_id_write(id, text);
	return json_string(text);
}

/* see node/member/command.h */
json_t *
cdr_command_json_types(uint32_t types)
{
	json_t *list = json_array();

	for (unsigned type = CDR_TOKEN_EX; type < CDR_TOKEN_TYPE_COUNT; type++)
		if ((types >> type & 1) != 0)
			(void)json_array_append_new(list, json_string(cdr_token_type_name(type)));
	return list;
}

/* see node/member/command.h */
json_t *
cdr_command_json_rows(const struct cdr_row_report_list *list)
{
	json_t *out = json_array();

	for (size_t i = 0; i < list->listed_count; i++) {
		const struct cdr_row_fault *line = &list->lines[i];
		(void)json_array_append_new(out, json_pack("{s:I, s:I, s:s, s:s, s:s}", "line", (json_int_t)line->line,
		    "column", (json_int_t)line->column, "column_name", line->column_name, "reason", line->reason, "advice",
		    line->advice));
	}
	return out;
}

/* Where a fault is: the file's name as compilers write it and the column; without a file the option that the column is. */
static void
show_place(struct cdr_report *report, const char *file, const struct cdr_row_fault *line)
{
	bool is_row = line->column_name[0] == '\0';

	if (file != NULL) {
		cdr_report_note(report, "  %s, line %zu%s%s: ", file, line->line, is_row ? "" : ", ", line->column_name);
		return;
	}
	cdr_report_note(report, is_row ? "  " : "  --");
	for (const char *c = line->column_name; *c != '\0'; c++)
		cdr_report_note(report, "%c", *c == '_' ? '-' : *c);
	cdr_report_note(report, is_row ? "" : ": ");
}

/* One list of a row report, for a person: the first SHOWN_MAX lines. */
static void
show_list(struct cdr_report *report, const char *title, const char *file, const struct cdr_row_report_list *list)
{
	if (list->count == 0)
		return;
	cdr_report_note(report, "%s\n", title);
	for (size_t i = 0; i < list->listed_count && i < SHOWN_MAX; i++) {
		const struct cdr_row_fault *line = &list->lines[i];
		show_place(report, file, line);
		cdr_report_note(report, "%s%s%s\n", line->reason, line->advice[0] != '\0' ? "; " : "", line->advice);
	}
	if (list->count > SHOWN_MAX)
		cdr_report_note(report, "  and %zu more\n", list->count - SHOWN_MAX);
}

/* see node/member/command.h */
cdr_err
cdr_command_show_rows(struct cdr_report *report, const char *file, const struct cdr_row_report *rows, bool refused)
{
	if (!report->json) {
		show_list(report, file != NULL ? "These rows cannot be taken:" : "This is missing or cannot be taken:", file, &rows->faults);
		show_list(report, "Worth knowing:", file, &rows->notes);
		return CDR_OK;
	}
	if (!refused)
		return CDR_OK;
	return cdr_report_json(report, json_pack("{s:o, s:o}", "faults", cdr_command_json_rows(&rows->faults), "notes",
	    cdr_command_json_rows(&rows->notes)));
}

/* What a call writes to "-". */
static cdr_err
write_to_call(const char *data, size_t len)
{
	struct cdr_buffer *out = &current_call->output;

	cdr_buffer_free(out);
	*out = (struct cdr_buffer){ malloc(len + 1), len };
	if (out->data == NULL) {
		out->len = 0;
		return CDR_E_MEMORY;
	}
	memcpy(out->data, data, len);
	return CDR_OK;
}

/* see node/member/command.h */
cdr_err
cdr_command_write_file(const char *path, const char *data, size_t len, struct cdr_fault *fault)
{
	if (current_call != NULL)
		return strcmp(path, "-") == 0 ? write_to_call(data, len) : cdr_fault_set(fault, CDR_E_REFUSED, "a file is not written from here");
	if (strcmp(path, "-") != 0)
		return cdr_file_write_new(path, (struct cdr_bytes){ (const uint8_t *)data, len }, fault);
	ssize_t put = 1;
	for (size_t done = 0; done < len && put > 0; done += put > 0 ? (size_t)put : 0)
		put = write(STDOUT_FILENO, data + done, len - done);
	return put > 0 ? CDR_OK : cdr_fault_set(fault, CDR_E_IO, "it cannot be written: %s", strerror(errno));
}
