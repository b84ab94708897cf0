#include "audit/checkpoint.h"
#include "audit/leaf.h"
#include "node/trustee/command.h"
#include "node/trustee/peers.h"
#include "node/trustee/recover.h"

#define NAMES_LEN 512

/* A signed note, as a JSON string; null where there is none. */
static json_t *
note_json(struct cdr_query *query, int column)
{
	struct cdr_bytes note;

	if (cdr_query_is_null(query, column) || cdr_query_blob_peek(query, column, CDR_CHECKPOINT_LEN_MAX, &note) != CDR_OK || note.len == 0)
		return json_null();
	return json_stringn((const char *)note.data, note.len);
}

static cdr_err
list_fork(struct cdr_query *query, struct cdr_report *report, json_t *list)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t size, at;
	char both[NAMES_LEN];

	CDR_TRY(cdr_query_count(query, 0, &size));
	CDR_TRY(cdr_query_count(query, 1, &at));
	CDR_TRY(cdr_query_text(query, 2, both, sizeof(both)));
	cdr_report_text(report, "  the hub signed another log of %llu entries than this trustee saw, or one without what it must have%s%s\n",
	    (unsigned long long)size, both[0] != '\0' ? "; who cosigned both: " : "", both);
	json_t *entry = json_pack("{s:I, s:I, s:s, s:o, s:o, s:o}", "size", (json_int_t)size, "noticed_at", (json_int_t)at, "signed_both", both,
	    "note", note_json(query, 3), "own", note_json(query, 4), "witnessed", note_json(query, 5));
	if (json_array_append_new(list, entry) != 0)
		err = CDR_E_MEMORY;
out:
	return err;
}

static cdr_err
list_one_withheld(struct cdr_query *query, struct cdr_report *report, json_t *list)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t place, at;
	char what[NAMES_LEN];
	struct cdr_bytes entry;
	char hex[2 * CDR_LEAF_ENTRY_LEN_MAX + 1];

	CDR_TRY(cdr_query_count(query, 0, &place));
	CDR_TRY(cdr_query_count(query, 1, &at));
	CDR_TRY(cdr_query_text(query, 2, what, sizeof(what)));
	CDR_TRY(cdr_query_blob_peek(query, 3, CDR_LEAF_ENTRY_LEN_MAX, &entry));
	cdr_hex_write(entry.data, entry.len, hex);
	cdr_report_text(report, "  entry %llu: the hub showed %s\n", (unsigned long long)place, what);
	json_t *one = json_pack("{s:I, s:I, s:s, s:s, s:o}", "place", (json_int_t)place, "noticed_at", (json_int_t)at, "what", what, "entry", hex,
	    "note", note_json(query, 4));
	if (json_array_append_new(list, one) != 0)
		err = CDR_E_MEMORY;
out:
	return err;
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_list(struct cdr_tx *tx, const char *title, const char *sql, cdr_trustee_command_row *list_one, struct cdr_report *report,
    json_t **json)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	json_t *list = json_array();

	*json = NULL;
	cdr_report_text(report, "%s:\n", title);
	CDR_TRY(cdr_query_start(tx, sql, CDR_VALUES(), &query));
	while ((err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(list_one(query, report, list));
	if (err == CDR_E_ABSENT) {
		if (json_array_size(list) == 0)
			cdr_report_text(report, "  none\n");
		*json = list;
		list = NULL;
		err = CDR_OK;
	}
out:
	json_decref(list);
	cdr_query_end(query);
	return err;
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_withheld(struct cdr_tx *tx, struct cdr_report *report, json_t **json)
{
	return cdr_trustee_command_list(tx, "Entries of the log that the hub kept from this trustee when it had to show them (to be compared with what the others saw)",
	    "SELECT place, noticed_at, what, entry, note FROM withheld ORDER BY place", list_one_withheld, report, json);
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_forks(struct cdr_tx *tx, struct cdr_report *report, json_t **json)
{
	return cdr_trustee_command_list(tx, "Logs of the hub that contradict each other (both checkpoints are kept; to be shown to the other trustees)",
	    "SELECT size, noticed_at, signed_both, note, own, witnessed FROM fork ORDER BY number", list_fork, report, json);
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_unlogged(struct cdr_tx *tx, struct cdr_report *report, json_t **json)
{
	uint64_t version = 0;
	bool recovering;

	/* One that catches up has taken in less of the log than rosters: that is no fault of the hub's. */
	cdr_err err = cdr_trustee_recovering(tx, &recovering);
	if (err == CDR_OK && !recovering)
		err = cdr_trustee_roster_unlogged(tx, cdr_trustee_now(), &version);
	*json = NULL;
	if (err != CDR_OK)
		return err;
	if (version > 0)
		cdr_report_text(report, "The log, as far as the hub showed it to this trustee, DOES NOT HOLD roster %llu, which came into force here over a day ago:\n"
		    "  until it does, this trustee countersigns nothing but what stops a member. Compare with the other trustees.\n",
		    (unsigned long long)version);
	*json = version > 0 ? json_integer((json_int_t)version) : json_null();
	return *json == NULL ? CDR_E_MEMORY : CDR_OK;
}
