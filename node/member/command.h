#ifndef CDR_NODE_MEMBER_COMMAND_H
#define CDR_NODE_MEMBER_COMMAND_H

/* The sub-commands of `candor`: each is a handler for the table in main.c. What they share stands here. */

#include "core/record/candidate.h"
#include "core/record/report.h"
#include "node/member/access.h"
#include "node/member/member.h"
#include "node/net/arguments.h"
#include "node/net/node_options.h"
#include "node/net/report.h"

cdr_command_handler cdr_command_backup;
cdr_command_handler cdr_command_restore;
cdr_command_handler cdr_command_passphrase;
cdr_command_handler cdr_command_init;
cdr_command_handler cdr_command_join;
cdr_command_handler cdr_command_serve;
cdr_command_handler cdr_command_members;
cdr_command_handler cdr_command_reports;
cdr_command_handler cdr_command_report_submit;
cdr_command_handler cdr_command_report_status;
cdr_command_handler cdr_command_leavers_import;
cdr_command_handler cdr_command_leavers_status;
cdr_command_handler cdr_command_check_new;
cdr_command_handler cdr_command_check_edit;
cdr_command_handler cdr_command_check_submit;
cdr_command_handler cdr_command_check_delete;
cdr_command_handler cdr_command_check_import;
cdr_command_handler cdr_command_check_list;
cdr_command_handler cdr_command_check_show;
cdr_command_handler cdr_command_check_ask_guest;
cdr_command_handler cdr_command_check_guest_answer;
cdr_command_handler cdr_command_check_paper_answer;
cdr_command_handler cdr_command_check_guest_scan;
cdr_command_handler cdr_command_check_withdraw_guest;
cdr_command_handler cdr_command_inbox_list;
cdr_command_handler cdr_command_inbox_show;
cdr_command_handler cdr_command_inbox_answer;
cdr_command_handler cdr_command_incident_add;
cdr_command_handler cdr_command_incident_edit;
cdr_command_handler cdr_command_incident_list;
cdr_command_handler cdr_command_incident_show;
cdr_command_handler cdr_command_incident_import;
cdr_command_handler cdr_command_incident_export;
cdr_command_handler cdr_command_incident_deadlines;
cdr_command_handler cdr_command_incident_form;
cdr_command_handler cdr_command_report_preview;
cdr_command_handler cdr_command_stats;
cdr_command_handler cdr_command_codebook_load;
cdr_command_handler cdr_command_codebook_show;
cdr_command_handler cdr_command_settings_mail;
cdr_command_handler cdr_command_settings_approval;
cdr_command_handler cdr_command_settings_retention;
cdr_command_handler cdr_command_notice;
cdr_command_handler cdr_command_check_hear;
cdr_command_handler cdr_command_check_outcome;
cdr_command_handler cdr_command_check_withdraw;
cdr_command_handler cdr_command_inbox_draft;
cdr_command_handler cdr_command_inbox_approve;
cdr_command_handler cdr_command_inbox_reject;
cdr_command_handler cdr_command_statement_supersede;
cdr_command_handler cdr_command_case_add;
cdr_command_handler cdr_command_case_edit;
cdr_command_handler cdr_command_case_list;
cdr_command_handler cdr_command_case_show;
cdr_command_handler cdr_command_case_limits;
cdr_command_handler cdr_command_subject_access;
cdr_command_handler cdr_command_subject_rectify;
cdr_command_handler cdr_command_subject_erase;
cdr_command_handler cdr_command_subject_object;
cdr_command_handler cdr_command_subject_dispute;
cdr_command_handler cdr_command_hold_set;
cdr_command_handler cdr_command_hold_lift;
cdr_command_handler cdr_command_hold_list;
cdr_command_handler cdr_command_retention_status;
cdr_command_handler cdr_command_retention_report;
cdr_command_handler cdr_command_statement_export;
cdr_command_handler cdr_command_statement_verify;

cdr_command_handler cdr_command_user_add;
cdr_command_handler cdr_command_user_list;
cdr_command_handler cdr_command_user_remove;
cdr_command_handler cdr_command_user_unlock;
cdr_command_handler cdr_command_user_rescue;
cdr_command_handler cdr_command_user_role;
cdr_command_handler cdr_command_user_password;
cdr_command_handler cdr_command_user_totp;
cdr_command_handler cdr_command_user_recovery;
cdr_command_handler cdr_command_user_login;
cdr_command_handler cdr_command_user_logout;
cdr_command_handler cdr_command_trail_list;

cdr_command_handler cdr_command_audit_check;
cdr_command_handler cdr_command_audit_list;
cdr_command_handler cdr_command_audit_show;
cdr_command_handler cdr_command_audit_open;
cdr_command_handler cdr_command_audit_refuse;

/*
 * A command that is given from within the daemon (node/member/api.h): the node is open already, who acts is known, files are bytes.
 * While a thread has such a call, cdr_command_open lends that node, and the file "-" is ${input} or goes to ${output}.
 */
struct cdr_command_call {
	struct cdr_member *member;     /* a copy for this call: see struct cdr_member */
	struct cdr_actor actor;
	struct cdr_bytes input;
	struct cdr_buffer output;      /* personal; wiped and freed by the caller */
};

/* Begin a call on this thread; NULL: end it. */
void cdr_command_call_set(struct cdr_command_call *call);

cdr_command_handler cdr_command_return_preview;
cdr_command_handler cdr_command_return_record;
cdr_command_handler cdr_command_return_sign;
cdr_command_handler cdr_command_return_send;
cdr_command_handler cdr_command_return_status;
cdr_command_handler cdr_command_webhook_add;
cdr_command_handler cdr_command_webhook_list;
cdr_command_handler cdr_command_webhook_remove;
cdr_command_handler cdr_command_api_key_add;
cdr_command_handler cdr_command_api_key_list;
cdr_command_handler cdr_command_api_key_revoke;
cdr_command_handler cdr_command_openapi;

/* As cdr_command_open, and tell who it is opened for. */
CDR_MUST_CHECK cdr_err cdr_command_open_as(const struct cdr_arguments *arguments, bool joined, struct cdr_member **member,
    struct cdr_actor *actor, struct cdr_fault *fault);

/* Where the session is kept: --session-file, else $CANDOR_SESSION_FILE; NULL: neither. Its token; "" if there is none. */
const char *cdr_command_session_file(const struct cdr_arguments *arguments);
CDR_MUST_CHECK cdr_err cdr_command_session_read(const struct cdr_arguments *arguments, char token[static CDR_TOKEN_LEN],
    struct cdr_fault *fault);

/*
 * Open the node that the options name; ${joined}: it must belong to an exchange. Where the node has accounts, the command must be one
 * that the roles of who is logged in allow (node/member/access.h); the trail then knows who it was.
 */
CDR_MUST_CHECK cdr_err cdr_command_open(const struct cdr_arguments *arguments, bool joined, struct cdr_member **member,
    struct cdr_fault *fault);

/**
 * cdr_command_read_file(path, max, bytes, fault):
 * A whole file ("-": standard input) of at most ${max} bytes.
 *
 * bytes   out   owned by the caller, wiped when freed; empty on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT, CDR_E_IO; CDR_E_RANGE if it is longer; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_command_read_file(const char *path, size_t max, struct cdr_buffer *bytes,
    struct cdr_fault *fault);

/* Write a new file ("-": standard output), to the disk. CDR_E_EXISTS if there is one already; CDR_E_IO. */
CDR_MUST_CHECK cdr_err cdr_command_write_file(const char *path, const char *data, size_t len, struct cdr_fault *fault);

/**
 * cdr_command_results(arguments, member, written, report, fault):
 * `check list --output FILE`: the results as a table with a row for each employer asked, or as JSON.
 *
 * written  out   whether --output was given and the file is there
 *
 * Returns  CDR_OK; CDR_E_INPUT for a format that there is none of; as cdr_check_each and cdr_command_write_file.
 */
CDR_MUST_CHECK cdr_err cdr_command_results(const struct cdr_arguments *arguments, struct cdr_member *member, bool *written,
    struct cdr_report *report, struct cdr_fault *fault);

/* Options --drop and --merge, as cdr_preview_make takes them. Returns how many. */
size_t cdr_command_coarsenings(const struct cdr_arguments *arguments, const char *out[static 2 * CDR_ARGUMENTS_OPTION_MAX + 1]);

/* Show what would leave (node/member/preview.h), with small figures marked and a way to say less; with --json the vectors themselves. */
struct cdr_preview;
struct cdr_preview_names;
CDR_MUST_CHECK cdr_err cdr_command_show_preview(struct cdr_report *report, const struct cdr_preview *preview,
    const struct cdr_preview_names *names, const char *language);

/*
 * A list for people and for scripts: cells and values are put in one by one, then it is shown (unless ${err} says that it failed), as a table
 * or as a JSON object with ${name}, and freed. Returns ${err}, else as cdr_report_json.
 */
struct cdr_listing {
	struct cdr_table *table;
	json_t *list;
};
struct cdr_listing cdr_listing_new(const char *const *titles, size_t count);
CDR_MUST_CHECK cdr_err cdr_listing_show(struct cdr_listing *listing, cdr_err err, const char *name, struct cdr_report *report);

/* Write into the trail that whoever acts reads or hands out something: before it is. Returns as cdr_trail_add. */
CDR_MUST_CHECK cdr_err cdr_command_note(struct cdr_member *member, const char *what, const uint8_t *subject);

/* Put the name of the file at fault before what ${fault} says; hands ${err} back. */
cdr_err cdr_command_name_file(const char *path, cdr_err err, struct cdr_fault *fault);

/* "en", "fr", "es" or "ar": --language, else what $LC_ALL, $LC_MESSAGES or $LANG begins with, else English. */
const char *cdr_command_language(const struct cdr_arguments *arguments);

/* Say what nobody may overlook in a list: that the exchange refuses this node, as far as it knows. Nothing where it does not, and with --json. */
void cdr_command_tell_standing(const struct cdr_arguments *arguments, const struct cdr_member *member, struct cdr_report *report);

/* Refuse a --language that there is none of. */
CDR_MUST_CHECK cdr_err cdr_command_language_check(const struct cdr_arguments *arguments, struct cdr_fault *fault);

/*
 * The record that operand number ${at} names: by its id, or a check by its reference.
 *
 * Returns  CDR_OK; CDR_E_ABSENT if it is neither an id nor the reference of a check; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_command_operand_record(const struct cdr_arguments *arguments, size_t at, struct cdr_member *member,
    uint8_t id[static CDR_ID_LEN], struct cdr_fault *fault);

/* The id that operand number ${at} is. */
CDR_MUST_CHECK cdr_err cdr_command_operand_id(const struct cdr_arguments *arguments, size_t at, uint8_t id[static CDR_ID_LEN],
    struct cdr_fault *fault);

/* Scrub the files after something was erased, and say so where it has to wait. Returns as cdr_scrub. */
CDR_MUST_CHECK cdr_err cdr_command_tell_scrub(struct cdr_member *member, struct cdr_report *report, bool *done);

/* A candidate, with what the options say instead, as a file of candidates with one row. Personal. CDR_E_RANGE; CDR_E_MEMORY. */
CDR_MUST_CHECK cdr_err cdr_command_candidate_row(const struct cdr_candidate *candidate, const struct cdr_arguments *arguments,
    struct cdr_buffer *file);

/* Pieces of JSON: a moment as "2026-03-01T08:15:02Z" (null for 0), a date, an identifier, token types as names. */
json_t *cdr_command_json_time(uint64_t seconds);
json_t *cdr_command_json_date(const struct cdr_date *date);
json_t *cdr_command_json_id(const uint8_t id[static CDR_ID_LEN]);
json_t *cdr_command_json_types(uint32_t types);

/**
 * cdr_command_show_rows(report, file, rows, refused):
 * Tell a person what was found about the rows of ${file} (NULL: of one record, given as options). With --json it is told
 * only if the file is ${refused}; else the command's own result holds it.
 *
 * Returns  as cdr_report_json.
 */
CDR_MUST_CHECK cdr_err cdr_command_show_rows(struct cdr_report *report, const char *file,
    const struct cdr_row_report *rows, bool refused);

/**
 * cdr_command_statement_options(arguments, statement, fault):
 * A statement as the options of `inbox answer` give it: its --file, and above that the single options.
 */
struct cdr_statement;
CDR_MUST_CHECK cdr_err cdr_command_statement_options(const struct cdr_arguments *arguments, struct cdr_statement *statement,
    struct cdr_fault *fault);

/* The three questions of a statement and what it discloses, as indented text. */
void cdr_command_show_answers(struct cdr_report *report, const struct cdr_codebook *codebook, const char *language,
    const struct cdr_statement *statement);

/**
 * cdr_command_guests_json(member, check_id, guests) and cdr_command_guests_show(member, report, language, check_id, guests):
 * The guests that a check asks, as a new JSON list (also on error); the second tells a person about them too, with every answer.
 */
CDR_MUST_CHECK cdr_err cdr_command_guests_json(struct cdr_member *member, const uint8_t check_id[static CDR_ID_LEN],
    json_t **guests);
CDR_MUST_CHECK cdr_err cdr_command_guests_show(struct cdr_member *member, struct cdr_report *report, const char *language,
    const uint8_t check_id[static CDR_ID_LEN], json_t **guests);

/* One list of a row report as JSON. */
json_t *cdr_command_json_rows(const struct cdr_row_report_list *list);

#endif
