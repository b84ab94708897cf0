#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/member/api.h"
#include "node/member/command.h"
#include "node/member/enrol.h"
#include "node/member/guest.h"
#include "node/member/serve.h"
#include "node/net/log.h"

/* init, join, serve, members. */

#define WAIT_STEP_US 200000

/* see node/member/command.h */
cdr_err
cdr_command_init(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *path;
	struct cdr_passphrase *passphrase = NULL;

	CDR_TRY(cdr_node_home(arguments, &path, fault));
	CDR_TRY(cdr_node_passphrase(arguments, true, &passphrase, fault));
	CDR_TRY(cdr_member_create(path, cdr_arguments_text(arguments, "name"), passphrase, fault));
	cdr_report_text(report,
	    "A node was made in %s.\nKeep the passphrase safe: without it nobody can open the node, not even its maker.\n"
	    "Next, with the invitation that the secretariat gave you: candor join --hub URL --code CODE\n",
	    path);
	CDR_TRY(cdr_report_json(report, json_pack("{s:s}", "home", path)));
	err = CDR_OK;
out:
	cdr_passphrase_free(passphrase);
	return err;
}

/* Look for newer rosters until this node is in one, or ${seconds} are over. */
static cdr_err
wait_until_listed(struct cdr_member *member, int64_t seconds, struct cdr_fault *fault)
{
	uint64_t end = cdr_member_now() + (uint64_t)seconds;

	for (;;) {
		cdr_err err = cdr_enrol_refresh(member, fault);
		if (err != CDR_OK || cdr_enrol_is_active(member) || cdr_member_now() >= end)
			return err;
		(void)usleep(WAIT_STEP_US);
	}
}

/* The invitation: --code-file, or as the one operand; a file does not show it to everybody on the machine. */
static cdr_err
read_code(const struct cdr_arguments *arguments, struct cdr_buffer *code, struct cdr_fault *fault)
{
	const char *text = cdr_arguments_text(arguments, "code");
	const char *path = cdr_arguments_text(arguments, "code-file");

	*code = (struct cdr_buffer){ 0 };
	if ((text == NULL) == (path == NULL))
		return cdr_fault_set(fault, CDR_E_INPUT, "give the invitation with --code CODE or with --code-file FILE");
	if (text != NULL)
		return cdr_buffer_copy((struct cdr_bytes){ (const uint8_t *)text, strlen(text) + 1 }, code);
	cdr_err err = cdr_command_read_file(path, 1024, code, fault);
	if (err != CDR_OK)
		return err;
	/* A file ends with a line feed; the code itself has none. */
	while (code->len > 0 && (code->data[code->len - 1] == '\n' || code->data[code->len - 1] == '\r'))
		code->len--;
	struct cdr_buffer closed = { calloc(1, code->len + 1), code->len + 1 };
	if (closed.data != NULL)
		memcpy(closed.data, code->data, code->len);
	cdr_buffer_free(code);
	*code = closed;
	return closed.data != NULL ? CDR_OK : CDR_E_MEMORY;
}

/* Keys that were revoked never come back: whoever waits with them would wait for ever. */
static cdr_err
not_revoked(const struct cdr_member *member, struct cdr_fault *fault)
{
	if (cdr_enrol_standing(member) != CDR_ENROL_REVOKED)
		return CDR_OK;
	return cdr_fault_set(fault, CDR_E_REFUSED, "the membership of %s with this node's keys was ended, and they are refused for good. To come "
	    "back: ask the secretariat for an invitation, make a node in a new folder (`candor init --home NEW`), and join from there", member->id);
}

/* see node/member/command.h */
cdr_err
cdr_command_join(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_buffer code = { 0 };
	struct cdr_fault ignored;
	char fingerprint[CDR_FINGERPRINT_TEXT_LEN];

	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	if (member->id[0] != '\0') {
		/* Also without the hub people can be shown the fingerprint. */
		(void)!cdr_enrol_refresh(member, &ignored);
	} else {
		if (cdr_arguments_text(arguments, "hub") == NULL) {
			err = cdr_fault_set(fault, CDR_E_INPUT, "which exchange? Give the hub's address with --hub https://HOST:PORT");
			goto out;
		}
		CDR_TRY(read_code(arguments, &code, fault));
		CDR_TRY(cdr_enrol_join(member, cdr_arguments_text(arguments, "hub"), (const char *)code.data, fault));
	}
	CDR_TRY(cdr_enrol_fingerprint(member, fingerprint));
	CDR_TRY(not_revoked(member, fault));
	cdr_report_text(report,
	    "This node asked to join as %s.\nRead this fingerprint out to the trustees by telephone; they let you in by it:\n\n"
	    "    %s\n\n",
	    member->id, fingerprint);
	CDR_TRY(wait_until_listed(member, cdr_arguments_number(arguments, "wait", 0), fault));
	CDR_TRY(not_revoked(member, fault));
	enum cdr_enrol_standing standing = cdr_enrol_standing(member);
	bool active = standing == CDR_ENROL_ACTIVE;
	cdr_report_text(report, "%s", active ? "The exchange has let this node in. Next: candor serve\n" :
	    standing == CDR_ENROL_SUSPENDED ? "This node is suspended: until it is restored its requests are refused. Ask the secretariat why.\n" :
	    "Not let in yet. Next: candor serve, which goes on asking; `candor join` again tells when it is.\n");
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:s, s:b}", "member", member->id, "fingerprint", fingerprint,
	    "active", active)));
	err = CDR_OK;
out:
	cdr_buffer_free(&code);
	cdr_member_close(member);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_serve(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *path;
	char pid_path[CDR_HOME_PATH_LEN_MAX + 64];
	struct cdr_daemon daemon = { 0 };
	struct cdr_member *member = NULL;
	struct cdr_api *api = NULL;
	bool started = false;

	(void)report;
	CDR_TRY(cdr_node_home(arguments, &path, fault));
	CDR_TRY(cdr_home_file(path, CDR_HOME_PID, pid_path, sizeof(pid_path)));
	started = true;
	CDR_TRY(cdr_daemon_start(&daemon, pid_path, (int)cdr_arguments_number(arguments, "ready-fd", -1), fault));
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	cdr_log_set_level(CDR_LOG_INFO);
	cdr_log(CDR_LOG_INFO, cdr_enrol_is_active(member) ? "member.serving" : "member.waits_to_be_let_in",
	    cdr_log_text("member", member->id));
	cdr_guest_page_trust(cdr_arguments_text(arguments, "guest-ca"));
	if (cdr_arguments_has(arguments, "api-listen")) {
		CDR_TRY(cdr_api_start(member, cdr_arguments_program(arguments), cdr_arguments_text(arguments, "api-listen"), &api, fault));
		cdr_log(CDR_LOG_INFO, "api.serving", cdr_log_int("port", cdr_api_port(api)));
	}
	cdr_daemon_ready(&daemon, member->id);
	cdr_serve_run(member, &daemon,
	    (unsigned)cdr_arguments_number(arguments, "poll-ms", CDR_SERVE_POLL_MS_DEFAULT));
	err = CDR_OK;
out:
	cdr_api_stop(api);
	cdr_member_close(member);
	if (started)
		cdr_daemon_end(&daemon);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_members(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	static const char *const titles[] = { "MEMBER", "NAME", "COUNTRY", "STATUS" };
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	const struct cdr_roster *roster = NULL;

	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	roster = cdr_current_hold(member->current);
	struct cdr_table *table = cdr_table_new(titles, 4);
	json_t *list = json_array();
	for (size_t i = 0; i < roster->body->n_member; i++) {
		const Cdr__Wire__Member *m = roster->body->member[i];
		cdr_table_cell(table, "%s", m->id);
		cdr_table_cell(table, "%s", m->party->name);
		cdr_table_cell(table, "%s", m->country);
		cdr_table_cell(table, "%s", m->status);
		(void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:I}", "id", m->id, "name", m->party->name,
		    "country", m->country, "status", m->status, "sealing_key_number",
		    (json_int_t)(m->sealing != NULL ? m->sealing->number : 0)));
	}
	cdr_table_print(table, report);
	CDR_TRY(cdr_report_json(report, json_pack("{s:I, s:o}", "roster_version",
	    (json_int_t)roster->body->version, "members", list)));
	err = CDR_OK;
out:
	if (member != NULL)
		cdr_current_release(member->current, roster);
	cdr_member_close(member);
	return err;
}
