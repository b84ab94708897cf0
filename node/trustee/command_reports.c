#include "node/trustee/ceremony.h"
#include "node/trustee/command.h"
#include "node/trustee/seen.h"

#define TEXT_LEN 64

/* The lists, as they are filled by the job. */
struct reports {
	struct cdr_report *report;
	json_t *spent;
	json_t *misuse;
	json_t *lies;
	json_t *strangers;
	json_t *forks, *withheld, *unlogged;
	json_t *samples;
};

/* Bytes as hexadecimal, as a JSON string. */
static json_t *
hex_json(struct cdr_bytes bytes)
{
	char text[2 * CDR_BODY_SMALL_MAX + 1];

	if (bytes.len > CDR_BODY_SMALL_MAX)
		return NULL;
	cdr_hex_write(bytes.data, bytes.len, text);
	return json_string(text);
}

static cdr_err
list_spent(struct cdr_query *query, struct cdr_report *report, json_t *list)
{
	cdr_err err = CDR_E_INTERNAL;
	char member[TEXT_LEN], purpose[TEXT_LEN];
	int64_t epoch, points;

	CDR_TRY(cdr_query_text(query, 0, member, sizeof(member)));
	CDR_TRY(cdr_query_int(query, 1, &epoch));
	CDR_TRY(cdr_query_text(query, 2, purpose, sizeof(purpose)));
	CDR_TRY(cdr_query_int(query, 3, &points));
	cdr_report_text(report, "  %s used %lld points for %s in epoch %lld\n", member, (long long)points, purpose, (long long)epoch);
	if (json_array_append_new(list, json_pack("{s:s, s:I, s:s, s:I}", "member", member, "epoch", (json_int_t)epoch, "purpose", purpose,
		"points", (json_int_t)points)) != 0)
		err = CDR_E_MEMORY;
out:
	return err;
}

static cdr_err
list_misuse(struct cdr_query *query, struct cdr_report *report, json_t *list)
{
	static const char *const names[] = { "signing_key", "first_body", "first_signature", "second_body", "second_signature" };
	cdr_err err = CDR_E_INTERNAL;
	char member[TEXT_LEN];
	int64_t sequence, at;
	json_t *entry = NULL;

	CDR_TRY(cdr_query_text(query, 0, member, sizeof(member)));
	CDR_TRY(cdr_query_int(query, 1, &sequence));
	CDR_TRY(cdr_query_int(query, 2, &at));
	cdr_report_text(report, "  %s used sequence number %lld for two different requests\n", member, (long long)sequence);
	entry = json_pack("{s:s, s:I, s:I}", "member", member, "sequence", (json_int_t)sequence, "noticed_at", (json_int_t)at);
	for (int i = 0; i < 5; i++) {
		struct cdr_bytes bytes;

		CDR_TRY(cdr_query_blob_peek(query, 3 + i, CDR_BODY_SMALL_MAX, &bytes));
		(void)json_object_set_new(entry, names[i], hex_json(bytes));
	}
	if (json_array_append(list, entry) != 0)
		err = CDR_E_MEMORY;
out:
	json_decref(entry);
	return err;
}

/* A leaf by which the hub lied, with what opens it: the log holds its hash. */
static cdr_err
list_lie(struct cdr_query *query, struct cdr_report *report, json_t *list)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_bytes leaf, salt;
	int64_t place, at;
	char what[TEXT_LEN];

	CDR_TRY(cdr_query_int(query, 0, &place));
	CDR_TRY(cdr_query_text(query, 1, what, sizeof(what)));
	CDR_TRY(cdr_query_int(query, 2, &at));
	CDR_TRY(cdr_query_blob_peek(query, 3, CDR_BODY_SMALL_MAX, &leaf));
	CDR_TRY(cdr_query_blob_peek(query, 4, CDR_BODY_SMALL_MAX, &salt));
	cdr_report_text(report, "  entry %lld of the log: a check was answered from an old index\n", (long long)place);
	if (json_array_append_new(list, json_pack("{s:I, s:s, s:I, s:o, s:o}", "place", (json_int_t)place, "what", what, "noticed_at",
		(json_int_t)at, "leaf", hex_json(leaf), "salt", hex_json(salt))) != 0)
		err = CDR_E_MEMORY;
out:
	return err;
}

/* What the log has in this trustee's name that it never said (node/trustee/said.h). */
static cdr_err
list_stranger(struct cdr_query *query, struct cdr_report *report, json_t *list)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_bytes hash;
	uint64_t place, at, act, kind, number;

	CDR_TRY(cdr_query_count(query, 0, &place));
	CDR_TRY(cdr_query_count(query, 1, &at));
	CDR_TRY(cdr_query_count(query, 2, &act));
	CDR_TRY(cdr_query_count(query, 3, &kind));
	CDR_TRY(cdr_query_count(query, 4, &number));
	CDR_TRY(cdr_query_blob_peek(query, 5, CDR_BODY_SMALL_MAX, &hash));
	cdr_report_text(report, "  entry %llu of the log: that it took part in a ceremony of %s key %llu\n", (unsigned long long)place,
	    cdr_key_kind_name((enum cdr_key_kind)kind), (unsigned long long)number);
	if (json_array_append_new(list, json_pack("{s:I, s:I, s:I, s:s, s:I, s:o}", "place", (json_int_t)place, "at", (json_int_t)at, "act",
		(json_int_t)act, "kind", cdr_key_kind_name((enum cdr_key_kind)kind), "number", (json_int_t)number, "hash", hex_json(hash))) != 0)
		err = CDR_E_MEMORY;
out:
	return err;
}

/* A reading job. */
static cdr_err
reports_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct reports *r = context;

	CDR_TRY(cdr_trustee_command_list(tx, "What members have used", "SELECT member, epoch, purpose, points FROM spent ORDER BY member, epoch, purpose",
	    list_spent, r->report, &r->spent));
	CDR_TRY(cdr_trustee_command_list(tx, "Who contradicted himself (both requests are kept, each signed by the member)",
	    "SELECT member, sequence, noticed_at, signing_key, first_body, first_signature, second_body, second_signature FROM misuse"
	    " ORDER BY member, sequence", list_misuse, r->report, &r->misuse));
	CDR_TRY(cdr_trustee_command_list(tx, "What the hub's own log shows against it (the members whose checks these were are told)",
	    "SELECT place, what, noticed_at, leaf, salt FROM log_lie ORDER BY place", list_lie, r->report, &r->lies));
	CDR_TRY(cdr_trustee_command_forks(tx, r->report, &r->forks));
	CDR_TRY(cdr_trustee_command_withheld(tx, r->report, &r->withheld));
	CDR_TRY(cdr_trustee_command_unlogged(tx, r->report, &r->unlogged));
	CDR_TRY(cdr_trustee_command_list(tx, "What the log says in this trustee's name, and it does not remember to have said",
	    "SELECT place, noted_at, act, kind, number, hash FROM said WHERE is_ours = 0 ORDER BY place", list_stranger, r->report, &r->strangers));
	CDR_TRY(cdr_trustee_command_samples(tx, r->report, &r->samples));
out:
	return err;
}

/* A reading job. */
static cdr_err
size_job(struct cdr_tx *tx, void *context)
{
	return cdr_trustee_log_size(tx, context);
}

/*
 * What the hub says of itself at this moment, if it takes part in nothing: such as that its database is an old copy, of which no leaf
 * tells. Null if it answers.
 */
static json_t *
show_refusal(const struct cdr_trustee_open *open, struct cdr_report *report)
{
	struct cdr_trustee_aim due[2];
	struct cdr_fault fault = { CDR_OK, "" };
	uint64_t size = 0;
	size_t count;

	const struct cdr_roster *roster = cdr_current_hold(open->trustee->current);
	cdr_err err = roster == NULL ? CDR_OK : cdr_trustee_due(open->trustee, roster, due, &count, &fault);
	cdr_current_release(open->trustee->current, roster);
	if (err == CDR_OK || cdr_store_read(open->home->store, size_job, &size) != CDR_OK)
		return json_null();
	cdr_report_text(report, "The hub answers at this moment: %s.\n  This trustee has seen %llu leaves of its log. A hub that shows fewer has an older log than that.\n",
	    fault.text, (unsigned long long)size);
	return json_pack("{s:s, s:I}", "says", fault.text, "seen", (json_int_t)size);
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_reports(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_open open;
	struct reports r = { .report = report };

	CDR_TRY(cdr_trustee_open(arguments, &open, fault));
	CDR_TRY(cdr_store_read(open.home->store, reports_job, &r));
	err = cdr_report_json(report, json_pack("{s:o, s:O, s:O, s:O, s:O, s:O, s:O, s:O, s:O}", "hub_refuses",
	    open.trustee->is_confirmed ? show_refusal(&open, report) : json_null(), "spent", r.spent, "misuse", r.misuse, "hub", r.lies,
	    "forks", r.forks, "withheld", r.withheld, "roster_not_logged", r.unlogged, "not_said", r.strangers, "samples", r.samples));
out:
	json_decref(r.samples);
	json_decref(r.unlogged);
	json_decref(r.withheld);
	json_decref(r.forks);
	json_decref(r.strangers);
	json_decref(r.spent);
	json_decref(r.misuse);
	json_decref(r.lies);
	cdr_trustee_close(&open);
	return err;
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_inspect(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_open open;

	CDR_TRY(cdr_trustee_open(arguments, &open, fault));
	CDR_TRY(cdr_store_dump_json(open.home->store, report->out));
out:
	cdr_trustee_close(&open);
	return err;
}
