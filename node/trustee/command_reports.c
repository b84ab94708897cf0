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

static cdr_err
list_spent(struct cdr_tx *tx, struct reports *r)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values none = CDR_VALUES();
	char member[TEXT_LEN], purpose[TEXT_LEN];
	int64_t epoch, points;

	CDR_TRY(cdr_query_start(tx, "SELECT member, epoch, purpose, points FROM spent ORDER BY member, epoch, purpose", none,
	    &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_text(query, 0, member, sizeof(member)));
		CDR_TRY(cdr_query_int(query, 1, &epoch));
		CDR_TRY(cdr_query_text(query, 2, purpose, sizeof(purpose)));
		CDR_TRY(cdr_query_int(query, 3, &points));
		cdr_report_text(r->report, "  %s used %lld points for %s in epoch %lld\n", member, (long long)points, purpose,
		    (long long)epoch);
		(void)json_array_append_new(r->spent, json_pack("{s:s, s:I, s:s, s:I}", "member", member, "epoch",
		    (json_int_t)epoch, "purpose", purpose, "points", (json_int_t)points));
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

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
list_one_misuse(struct cdr_query *query, struct reports *r)
{
	static const char *const names[] = { "signing_key", "first_body", "first_signature", "second_body",
		"second_signature" };
	cdr_err err = CDR_E_INTERNAL;
	char member[TEXT_LEN];
	int64_t sequence, at;
	json_t *entry;

	CDR_TRY(cdr_query_text(query, 0, member, sizeof(member)));
	CDR_TRY(cdr_query_int(query, 1, &sequence));
	CDR_TRY(cdr_query_int(query, 2, &at));
	cdr_report_text(r->report, "  %s used sequence number %lld for two different requests\n", member,
	    (long long)sequence);
	entry = json_pack("{s:s, s:I, s:I}", "member", member, "sequence", (json_int_t)sequence, "noticed_at", (json_int_t)at);
	for (int i = 0; i < 5; i++) {
		struct cdr_bytes bytes;

		err = cdr_query_blob_peek(query, 3 + i, CDR_BODY_SMALL_MAX, &bytes);
		if (err != CDR_OK)
			break;
		(void)json_object_set_new(entry, names[i], hex_json(bytes));
	}
	(void)json_array_append_new(r->misuse, entry);
out:
	return err;
}

static cdr_err
list_misuse(struct cdr_tx *tx, struct reports *r)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values none = CDR_VALUES();

	CDR_TRY(cdr_query_start(tx, "SELECT member, sequence, noticed_at, signing_key, first_body, first_signature, second_body,"
	    " second_signature FROM misuse ORDER BY member, sequence", none, &query));
	while ((err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(list_one_misuse(query, r));
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Leaves by which the hub lied, with what opens them: the log holds their hash. */
static cdr_err
list_lies(struct cdr_tx *tx, struct reports *r)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes leaf, salt;
	int64_t place, at;
	char what[TEXT_LEN];

	CDR_TRY(cdr_query_start(tx, "SELECT place, what, noticed_at, leaf, salt FROM log_lie ORDER BY place", CDR_VALUES(), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_int(query, 0, &place));
		CDR_TRY(cdr_query_text(query, 1, what, sizeof(what)));
		CDR_TRY(cdr_query_int(query, 2, &at));
		CDR_TRY(cdr_query_blob_peek(query, 3, CDR_BODY_SMALL_MAX, &leaf));
		CDR_TRY(cdr_query_blob_peek(query, 4, CDR_BODY_SMALL_MAX, &salt));
		cdr_report_text(r->report, "  entry %lld of the log: a check was answered from an old index\n", (long long)place);
		(void)json_array_append_new(r->lies, json_pack("{s:I, s:s, s:I, s:o, s:o}", "place", (json_int_t)place, "what", what,
		    "noticed_at", (json_int_t)at, "leaf", hex_json(leaf), "salt", hex_json(salt)));
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* What the log has in this trustee's name that it never said (node/trustee/said.h). */
static cdr_err
list_strangers(struct cdr_tx *tx, struct reports *r)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes hash;
	uint64_t place, at, act, kind, number;

	CDR_TRY(cdr_query_start(tx, "SELECT place, noted_at, act, kind, number, hash FROM said WHERE is_ours = 0 ORDER BY place", CDR_VALUES(),
	    &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_count(query, 0, &place));
		CDR_TRY(cdr_query_count(query, 1, &at));
		CDR_TRY(cdr_query_count(query, 2, &act));
		CDR_TRY(cdr_query_count(query, 3, &kind));
		CDR_TRY(cdr_query_count(query, 4, &number));
		CDR_TRY(cdr_query_blob_peek(query, 5, CDR_BODY_SMALL_MAX, &hash));
		cdr_report_text(r->report, "  entry %llu of the log: that it took part in a ceremony of %s key %llu\n", (unsigned long long)place,
		    cdr_key_kind_name((enum cdr_key_kind)kind), (unsigned long long)number);
		(void)json_array_append_new(r->strangers, json_pack("{s:I, s:I, s:I, s:s, s:I, s:o}", "place", (json_int_t)place, "at",
		    (json_int_t)at, "act", (json_int_t)act, "kind", cdr_key_kind_name((enum cdr_key_kind)kind), "number", (json_int_t)number,
		    "hash", hex_json(hash)));
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* A reading job. */
static cdr_err
reports_job(struct cdr_tx *tx, void *context)
{
	struct reports *r = context;
	cdr_err err;

	cdr_report_text(r->report, "What members have used:\n");
	err = list_spent(tx, r);
	if (err != CDR_OK)
		return err;
	cdr_report_text(r->report, "Who contradicted himself (both requests are kept, each signed by the member):\n");
	err = list_misuse(tx, r);
	if (err == CDR_OK && json_array_size(r->misuse) == 0)
		cdr_report_text(r->report, "  nobody\n");
	if (err != CDR_OK)
		return err;
	cdr_report_text(r->report, "What the hub's own log shows against it (to be shown to the other trustees):\n");
	err = list_lies(tx, r);
	if (err == CDR_OK && json_array_size(r->lies) == 0)
		cdr_report_text(r->report, "  nothing\n");
	if (err != CDR_OK)
		return err;
	err = cdr_trustee_command_forks(tx, r->report, &r->forks);
	if (err == CDR_OK)
		err = cdr_trustee_command_withheld(tx, r->report, &r->withheld);
	if (err == CDR_OK)
		err = cdr_trustee_command_unlogged(tx, r->report, &r->unlogged);
	if (err != CDR_OK)
		return err;
	cdr_report_text(r->report, "What the log says in this trustee's name, and it does not remember to have said:\n");
	err = list_strangers(tx, r);
	if (err == CDR_OK && json_array_size(r->strangers) == 0)
		cdr_report_text(r->report, "  nothing\n");
	return err == CDR_OK ? cdr_trustee_command_samples(tx, r->report, &r->samples) : err;
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
	struct reports r = { report, json_array(), json_array(), json_array(), json_array(), .samples = NULL };

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
