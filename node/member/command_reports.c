#include <stdlib.h>

#include "node/member/command.h"

/* reports: who was caught lying. */

#define EVIDENCE_MAX (2 * CDR_BODY_EVALUATE_MAX)

struct listing {
	struct cdr_table *table;
	json_t *list;
	bool evidence;
};

/* Bytes of a column in hexadecimal. */
static cdr_err
hex_json(struct cdr_query *query, int column, json_t **out)
{
	struct cdr_bytes bytes;

	*out = NULL;
	cdr_err err = cdr_query_blob_peek(query, column, EVIDENCE_MAX, &bytes);
	if (err != CDR_OK)
		return err;
	char *text = malloc(2 * bytes.len + 1);
	if (text == NULL)
		return CDR_E_MEMORY;
	cdr_hex_write(bytes.data, bytes.len, text);
	*out = json_string(text);
	free(text);
	return *out != NULL ? CDR_OK : CDR_E_MEMORY;
}

static cdr_err
list_row(struct listing *listing, struct cdr_query *query)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t at;
	char party[CDR_SIGNER_LEN_MAX + 1], what[CDR_FAULT_LEN];
	json_t *entry = NULL, *request = NULL, *reply = NULL;

	CDR_TRY(cdr_query_count(query, 0, &at));
	CDR_TRY(cdr_query_text(query, 1, party, sizeof(party)));
	CDR_TRY(cdr_query_text(query, 2, what, sizeof(what)));
	entry = json_pack("{s:o, s:s, s:s}", "at", cdr_command_json_time(at), "party", party, "what", what);
	cdr_table_cell(listing->table, "%s", json_string_value(json_object_get(entry, "at")));
	cdr_table_cell(listing->table, "%s", party);
	cdr_table_cell(listing->table, "%s", what);
	if (listing->evidence) {
		CDR_TRY(hex_json(query, 3, &request));
		CDR_TRY(hex_json(query, 4, &reply));
		(void)json_object_set(entry, "request", request);
		(void)json_object_set(entry, "reply", reply);
	}
	err = json_array_append(listing->list, entry) == 0 ? CDR_OK : CDR_E_MEMORY;
out:
	json_decref(request);
	json_decref(reply);
	json_decref(entry);
	return err;
}

/* A reading job. */
static cdr_err
list_misconduct(struct cdr_tx *tx, void *context)
{
	struct cdr_query *query = NULL;

	cdr_err err = cdr_query_start(tx, "SELECT at, party, what, request, reply FROM misconduct ORDER BY number",
	    CDR_VALUES(), &query);
	while (err == CDR_OK && (err = cdr_query_step(query)) == CDR_OK)
		err = list_row(context, query);
	cdr_query_end(query);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/member/command.h */
cdr_err
cdr_command_reports(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	static const char *const titles[] = { "WHEN", "WHO", "WHAT" };
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct listing listing = { .evidence = cdr_arguments_has(arguments, "evidence") };

	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	listing.table = cdr_table_new(titles, 3);
	listing.list = json_array();
	err = cdr_store_read(member->home->store, list_misconduct, &listing);
	/* With "json" a table is only freed. */
	cdr_table_print(listing.table,
	    err == CDR_OK ? report : &(struct cdr_report){ .json = true, .out = stdout, .err = stderr });
	if (err == CDR_OK)
		err = cdr_report_json(report, json_pack("{s:O}", "misconduct", listing.list));
	json_decref(listing.list);
out:
	cdr_member_close(member);
	return err;
}
