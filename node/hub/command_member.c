#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/hub/command.h"
#include "node/hub/enrol.h"

#define CHECK_POINTS_A_HEAD 64
#define IMPORT_POINTS_A_HEAD 128
#define POINTS_MIN 6400
#define CODE_DAYS 14
#define PARTY_LEN_MAX 1024
#define WAIT_S 20
#define POLL_MS 200

/* ---- inviting ----------------------------------------------------------------------------------------------- */

/* What --check-points or --import-points says, else what follows from the head count. */
static uint64_t
points_of(const struct cdr_arguments *arguments, const char *option, int64_t a_head)
{
	int64_t derived = cdr_arguments_number(arguments, "head-count", 1) * a_head;

	if (derived < POINTS_MIN)
		derived = POINTS_MIN;
	return (uint64_t)cdr_arguments_number(arguments, option, derived);
}

static cdr_err
print_invitation(struct cdr_report *report, const struct cdr_hub_invitation *invitation, const char *code)
{
	char until[32] = "";
	time_t at = (time_t)invitation->expires_at;
	struct tm date;

	if (gmtime_r(&at, &date) != NULL)
		(void)strftime(until, sizeof(until), "%Y-%m-%d %H:%M UTC", &date);
	cdr_report_text(report, "Code for %s (works once, until %s):\n\n    %s\n\n", invitation->name, until, code);
	cdr_report_text(report, "A code that %s was given before, and did not use, works no more.\n", invitation->id);
	cdr_report_text(report, "Next, at the organisation: `candor init --name NAME`, then `candor join --hub URL --code CODE`.\n");
	return cdr_report_json(report, json_pack("{s:s, s:s, s:I, s:I, s:I}", "id", invitation->id, "code", code, "expires_at",
	    (json_int_t)invitation->expires_at, "check_points", (json_int_t)invitation->check_points, "import_points",
	    (json_int_t)invitation->import_points));
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_invite(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_open open = { 0 };
	char code[CDR_HUB_INVITATION_TEXT_LEN];
	uint64_t now = cdr_hub_now();
	struct cdr_hub_invitation invitation = {
		.id = cdr_arguments_text(arguments, "id"),
		.name = cdr_arguments_text(arguments, "name"),
		.country = cdr_arguments_text(arguments, "country"),
		.check_points = points_of(arguments, "check-points", CHECK_POINTS_A_HEAD),
		.import_points = points_of(arguments, "import-points", IMPORT_POINTS_A_HEAD),
		.expires_at = now + (uint64_t)cdr_arguments_number(arguments, "days", CODE_DAYS) * CDR_HUB_DAY_S,
	};

	CDR_TRY(cdr_hub_open_to_change(arguments, &open, fault));
	CDR_TRY(cdr_hub_invite(open.hub, &invitation, now, code, fault));
	CDR_TRY(print_invitation(report, &invitation, code));
	err = CDR_OK;
out:
	cdr_hub_close(&open);
	return err;
}

/* ---- listing and showing ------------------------------------------------------------------------------------ */

/* One member as people and scripts see it. */
struct view {
	char id[CDR_SLUG_LEN_MAX + 1];
	char status[CDR_HUB_STATUS_LEN];
	char in_roster[CDR_HUB_STATUS_LEN];  /* its status in the roster in force; empty: it is not there */
	char name[CDR_PARTY_NAME_LEN_MAX + 1];
	char invited_as[CDR_PARTY_NAME_LEN_MAX + 1];
	char country[8];
	char fingerprint[CDR_FINGERPRINT_TEXT_LEN];
	uint64_t check_points;
	uint64_t import_points;
	uint64_t joined_at;
	uint64_t people;
};

struct views {
	const char *id;            /* one member, or NULL for all */
	const struct cdr_roster *roster;
	struct view *view;
	size_t count;
	size_t room;
};

/* The card: the name, and what is read out by telephone. */
static cdr_err
view_card(struct view *view, struct cdr_bytes bytes)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__Party *party;
	char signer[CDR_SIGNER_LEN_MAX + 1];
	uint8_t hash[CDR_ROSTER_HASH_LEN];

	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__party__descriptor, bytes, &party));
	(void)snprintf(view->name, sizeof(view->name), "%s", party->name);
	(void)snprintf(signer, sizeof(signer), "member/%s", view->id);
	CDR_TRY(cdr_roster_party_fingerprint(signer, party, hash));
	cdr_fingerprint_write(hash, view->fingerprint);
	err = CDR_OK;
out:
	cdr_arena_free(&arena);
	return err;
}

static cdr_err
view_read(struct cdr_query *query, const struct cdr_roster *roster, struct view *view)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_bytes party;

	memset(view, 0, sizeof(*view));
	CDR_TRY(cdr_query_text(query, 0, view->id, sizeof(view->id)));
	CDR_TRY(cdr_query_text(query, 1, view->status, sizeof(view->status)));
	CDR_TRY(cdr_query_blob_peek(query, 2, PARTY_LEN_MAX, &party));
	CDR_TRY(view_card(view, party));
	CDR_TRY(cdr_query_text(query, 3, view->country, sizeof(view->country)));
	CDR_TRY(cdr_query_count(query, 4, &view->check_points));
	CDR_TRY(cdr_query_count(query, 5, &view->import_points));
	CDR_TRY(cdr_query_count(query, 6, &view->joined_at));
	CDR_TRY(cdr_query_count(query, 7, &view->people));
	CDR_TRY(cdr_query_text(query, 8, view->invited_as, sizeof(view->invited_as)));
	const Cdr__Wire__Member *member = cdr_roster_member(roster, view->id);
	if (member != NULL)
		(void)snprintf(view->in_roster, sizeof(view->in_roster), "%s", member->status);
	err = CDR_OK;
out:
	return err;
}

/* Room for one more view, or NULL. */
static struct view *
views_grow(struct views *views)
{
	if (views->count == views->room) {
		size_t room = views->room == 0 ? 16 : 2 * views->room;
		struct view *grown = realloc(views->view, room * sizeof(*grown));
		if (grown == NULL)
			return NULL;
		views->view = grown;
		views->room = room;
	}
	return &views->view[views->count];
}

/* A reading job. */
static cdr_err
views_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct views *views = context;
	struct cdr_query *query = NULL;
	struct cdr_values values = CDR_VALUES(cdr_value_text(views->id == NULL ? "" : views->id));

	CDR_TRY(cdr_query_start(tx,
	    "SELECT id, status, party, country, check_points, import_points, joined_at,"
	    " (SELECT COALESCE(CAST(sum(people) AS bigint), 0) FROM holding WHERE holding.member = id),"
	    " (SELECT max(name) FROM invitation WHERE invitation.member = id AND used_at IS NOT NULL)"
	    " FROM member WHERE id = $1 OR $1 = '' ORDER BY id",
	    values, &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		struct view *view = views_grow(views);
		if (view == NULL) {
			err = CDR_E_MEMORY;
			goto out;
		}
		CDR_TRY(view_read(query, views->roster, view));
		views->count++;
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Members of the open hub; ${views} is freed with free(views->view). */
static cdr_err
views_load(const struct cdr_hub_open *open, const char *id, struct views *views)
{
	*views = (struct views){ .id = id };
	views->roster = cdr_hub_roster_hold(open->hub);
	if (views->roster == NULL)
		return CDR_E_STORE;
	cdr_err err = cdr_store_read(open->home->store, views_job, views);
	cdr_hub_roster_release(open->hub, views->roster);
	views->roster = NULL;
	return err;
}

static json_t *
view_json(const struct view *view)
{
	return json_pack("{s:s, s:s, s:s?, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "id", view->id, "status", view->status,
	    "in_roster", view->in_roster[0] == '\0' ? NULL : view->in_roster, "name", view->name, "country", view->country,
	    "fingerprint", view->fingerprint, "check_points", (json_int_t)view->check_points, "import_points",
	    (json_int_t)view->import_points, "joined_at", (json_int_t)view->joined_at, "people", (json_int_t)view->people);
}

static void
print_table(struct cdr_report *report, const struct views *views)
{
	static const char *const titles[] = { "ID", "STATUS", "IN ROSTER", "COUNTRY", "PEOPLE", "NAME" };
	struct cdr_table *table = cdr_table_new(titles, sizeof(titles) / sizeof(titles[0]));

	for (size_t i = 0; i < views->count; i++) {
		const struct view *v = &views->view[i];
		cdr_table_cell(table, "%s", v->id);
		cdr_table_cell(table, "%s", v->status);
		cdr_table_cell(table, "%s", v->in_roster[0] == '\0' ? "-" : v->in_roster);
		cdr_table_cell(table, "%s", v->country);
		cdr_table_cell(table, "%" PRIu64, v->people);
		cdr_table_cell(table, "%s", v->name);
	}
	cdr_table_print(table, report);
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_member_list(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_open open = { 0 };
	struct views views = { 0 };

	CDR_TRY(cdr_hub_open(arguments, &open, fault));
	CDR_TRY(views_load(&open, NULL, &views));
	print_table(report, &views);
	json_t *list = json_array();
	for (size_t i = 0; list != NULL && i < views.count; i++)
		if (json_array_append_new(list, view_json(&views.view[i])) != 0) {
			json_decref(list);
			list = NULL;
		}
	CDR_TRY(cdr_report_json(report, list));
	err = CDR_OK;
out:
	free(views.view);
	cdr_hub_close(&open);
	return err;
}

static cdr_err
print_view(struct cdr_report *report, const struct view *v)
{
	cdr_report_text(report, "%s (%s)\n", v->name, v->id);
	if (v->invited_as[0] != '\0' && strcmp(v->invited_as, v->name) != 0)
		cdr_report_text(report, "  invited as     %s\n", v->invited_as);
	cdr_report_text(report, "  status         %s\n", v->status);
	cdr_report_text(report, "  in the roster  %s\n", v->in_roster[0] == '\0' ? "not yet" : v->in_roster);
	cdr_report_text(report, "  country        %s\n", v->country);
	cdr_report_text(report, "  points         %" PRIu64 " for checks, %" PRIu64 " for imports, an epoch\n", v->check_points,
	    v->import_points);
	cdr_report_text(report, "  in the index   %" PRIu64 " people\n", v->people);
	cdr_report_text(report, "  fingerprint    %s\n", v->fingerprint);
	return cdr_report_json(report, view_json(v));
}

/* Load member ${id} and print it. */
static cdr_err
show_member(const struct cdr_hub_open *open, const char *id, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct views views = { 0 };

	CDR_TRY(views_load(open, id, &views));
	if (views.count == 0) {
		err = cdr_fault_set(fault, CDR_E_ABSENT, "there is no member %s: `candor-hub member list` shows them", id);
		goto out;
	}
	CDR_TRY(print_view(report, &views.view[0]));
	err = CDR_OK;
out:
	free(views.view);
	return err;
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_member_show(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_open open = { 0 };

	CDR_TRY(cdr_hub_open(arguments, &open, fault));
	CDR_TRY(show_member(&open, cdr_arguments_operand(arguments, 0), report, fault));
	err = CDR_OK;
out:
	cdr_hub_close(&open);
	return err;
}

/* ---- suspending, revoking, restoring ------------------------------------------------------------------------ */

/* Whether the roster in force says ${status} of member ${id}, or does not know it. */
static bool
roster_says(struct cdr_hub *hub, const char *id, const char *status)
{
	const struct cdr_roster *roster = cdr_hub_roster_hold(hub);

	if (roster == NULL)
		return false;
	const Cdr__Wire__Member *member = cdr_roster_member(roster, id);
	bool says = member == NULL || strcmp(member->status, status) == 0;
	cdr_hub_roster_release(hub, roster);
	return says;
}

/* Wait until it does, ${seconds} at most. */
static bool
wait_for_roster(struct cdr_hub *hub, const char *id, const char *status, uint64_t seconds)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };

	for (uint64_t waited_ms = 0; !roster_says(hub, id, status); waited_ms += POLL_MS) {
		if (waited_ms >= seconds * 1000)
			return false;
		(void)nanosleep(&pause, NULL);
	}
	return true;
}

static cdr_err
change_member(const struct cdr_arguments *arguments, const char *status, struct cdr_report *report,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_open open = { 0 };
	const char *id = cdr_arguments_operand(arguments, 0);

	CDR_TRY(cdr_hub_open_to_change(arguments, &open, fault));
	CDR_TRY(cdr_hub_member_set(open.hub, id, status, cdr_hub_now(), fault));
	int64_t seconds = cdr_arguments_number(arguments, "wait", WAIT_S);
	cdr_report_text(report, "Noted. Waiting for a roster that says so, %lld seconds at most ...\n", (long long)seconds);
	(void)fflush(report->out);
	bool told = wait_for_roster(open.hub, id, status, (uint64_t)seconds);
	CDR_TRY(show_member(&open, id, report, fault));
	if (!told && strcmp(status, "active") == 0)
		cdr_report_note(report, "%s can act again once the trustees have countersigned the proposed roster.\n", id);
	else if (!told)
		cdr_report_note(report, "%s is refused here from now on. The other parties learn it once the trustees have "
		    "countersigned the proposed roster.\n", id);
	err = CDR_OK;
out:
	cdr_hub_close(&open);
	return err;
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_member_suspend(const struct cdr_arguments *arguments, struct cdr_report *report,
    struct cdr_fault *fault)
{
	return change_member(arguments, "suspended", report, fault);
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_member_revoke(const struct cdr_arguments *arguments, struct cdr_report *report,
    struct cdr_fault *fault)
{
	return change_member(arguments, "revoked", report, fault);
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_member_restore(const struct cdr_arguments *arguments, struct cdr_report *report,
    struct cdr_fault *fault)
{
	return change_member(arguments, "active", report, fault);
}
