#include "node/member/inbox_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/leavers.h"
#include "node/member/wire.h"

/* Requests of others, as a person reads them: see node/member/inbox.h. */

/* see node/member/inbox_parts.h */
cdr_err
cdr_inbox_request_parse(const Cdr__Wire__DisclosureRequest *from, struct cdr_inbox_request *to)
{
	cdr_err err = CDR_E_INTERNAL;

	to->declared = from->declared;
	to->lookback_years = from->lookback_years;
	CDR_TRY(cdr_wire_read_identity(from->candidate, &to->person));
	CDR_TRY(cdr_wire_text(from->employee_number, to->employee_number, sizeof(to->employee_number)));
	CDR_TRY(cdr_wire_text(from->position_category, to->position_category, sizeof(to->position_category)));
	CDR_TRY(cdr_wire_text(from->legal_basis, to->legal_basis, sizeof(to->legal_basis)));
	CDR_TRY(cdr_wire_text(from->candidate_notified, to->candidate_notified, sizeof(to->candidate_notified)));
	CDR_TRY(cdr_wire_text(from->jurisdiction, to->jurisdiction, sizeof(to->jurisdiction)));
	CDR_TRY(cdr_wire_read_date(from->notified_on, &to->notified_on));
	err = CDR_OK;
out:
	return err;
}
#define ENTRY_COLUMNS "request_id, sender, state, received_at, due_at, answered_at, disputed_at, watch_until"

static cdr_err
read_entry(struct cdr_query *query, struct cdr_inbox_entry *entry)
{
	cdr_err err = CDR_E_INTERNAL;

	*entry = (struct cdr_inbox_entry){ 0 };
	CDR_TRY(cdr_query_blob(query, 0, entry->request_id, sizeof(entry->request_id)));
	CDR_TRY(cdr_query_text(query, 1, entry->sender, sizeof(entry->sender)));
	CDR_TRY(cdr_query_text(query, 2, entry->state, sizeof(entry->state)));
	CDR_TRY(cdr_query_count(query, 3, &entry->received_at));
	CDR_TRY(cdr_query_count(query, 4, &entry->due_at));
	CDR_TRY(cdr_query_count(query, 5, &entry->answered_at));
	CDR_TRY(cdr_query_count(query, 6, &entry->disputed_at));
	CDR_TRY(cdr_query_count(query, 7, &entry->watch_until));
	err = CDR_OK;
out:
	return err;
}

struct listing {
	const char *state;
	cdr_inbox_callback *callback;
	void *context;
};

static cdr_err
list_entries(struct cdr_tx *tx, void *context)
{
	struct listing *listing = context;
	struct cdr_query *query = NULL;
	struct cdr_inbox_entry entry;

	cdr_err err = cdr_query_start(tx,
	    "SELECT " ENTRY_COLUMNS " FROM inbox WHERE stage = 'request' AND state <> 'dismissed' ORDER BY number",
	    CDR_VALUES(), &query);
	while (err == CDR_OK && (err = cdr_query_step(query)) == CDR_OK) {
		err = read_entry(query, &entry);
		if (err == CDR_OK && (listing->state == NULL || strcmp(listing->state, entry.state) == 0))
			err = listing->callback(&entry, listing->context);
	}
	cdr_query_end(query);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_each(struct cdr_member *member, const char *state, cdr_inbox_callback *callback, void *context)
{
	struct listing listing = { state, callback, context };

	return cdr_store_read(member->home->store, list_entries, &listing);
}

/* A request on its way from the table to a person. */
struct reading {
	struct cdr_member *member;
	const uint8_t *request_id;
	struct cdr_inbox_request *request;
	struct cdr_buffer sealed;
	struct cdr_buffer leaver[CDR_INBOX_LEAVERS_MAX];
	uint8_t leaver_id[CDR_INBOX_LEAVERS_MAX][CDR_ID_LEN];
	size_t leaver_count;
};

static cdr_err
read_row(struct cdr_tx *tx, void *context)
{
	struct reading *reading = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx,
	    "SELECT " ENTRY_COLUMNS ", sealed FROM inbox WHERE request_id = $1 AND stage = 'request' AND state <> 'dismissed'",
	    CDR_VALUES(cdr_value_blob(reading->request_id, CDR_ID_LEN)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(read_entry(query, &reading->request->entry));
	CDR_TRY(cdr_query_blob_copy(query, 8, CDR_INBOX_SEALED_MAX, &reading->sealed));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* The leavers that stage 2 found, as far as they are still in the register. */
static cdr_err
read_leavers(struct cdr_tx *tx, void *context)
{
	struct reading *reading = context;
	size_t kept = 0;
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < reading->leaver_count && err == CDR_OK; i++) {
		struct cdr_query *query = NULL;
		err = cdr_query_start(tx, "SELECT sealed FROM leaver WHERE id = $1",
		    CDR_VALUES(cdr_value_blob(reading->leaver_id[i], CDR_ID_LEN)), &query);
		if (err == CDR_OK)
			err = cdr_query_step(query);
		if (err == CDR_OK)
			err = cdr_query_blob_copy(query, 0, CDR_LEAVER_PACK_MAX + CDR_SEAL_OVERHEAD, &reading->leaver[kept]);
		if (err == CDR_OK) {
			memmove(reading->leaver_id[kept], reading->leaver_id[i], CDR_ID_LEN);
			kept++;
		}
		cdr_query_end(query);
		err = err == CDR_E_ABSENT ? CDR_OK : err;
	}
	reading->leaver_count = kept;
	return err;
}

/* see node/member/inbox_parts.h */
cdr_err
cdr_inbox_open_sealed(const struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN], struct cdr_bytes sealed,
    struct cdr_inbox_request *request, uint8_t (*leavers)[CDR_ID_LEN], size_t *leaver_count)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer plain = { 0 };
	struct cdr_arena arena = { 0 };
	Cdr__Wire__Letter *body;

	CDR_TRY(cdr_seal_open(member->home->keys->column, CDR_INBOX_PURPOSE, (struct cdr_bytes){ request_id, CDR_ID_LEN }, sealed, &plain));
	size_t count = plain.len > 0 ? plain.data[0] : CDR_INBOX_LEAVERS_MAX + 1;
	size_t start = 1 + count * CDR_ID_LEN;
	if (count > CDR_INBOX_LEAVERS_MAX || plain.len < start) {
		err = CDR_E_STORE;
		goto out;
	}
	if (leavers != NULL) {
		memcpy(leavers, plain.data + 1, count * CDR_ID_LEN);
		*leaver_count = count;
	}
	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__letter__descriptor,
	    (struct cdr_bytes){ plain.data + start, plain.len - start }, &body));
	err = body->content_case == CDR__WIRE__LETTER__CONTENT_REQUEST ? cdr_inbox_request_parse(body->request, request) : CDR_E_STORE;
out:
	cdr_arena_free(&arena);
	cdr_buffer_free(&plain);
	return err;
}

/* Compare the person with each leaver again, so that every difference can be explained. */
static cdr_err
explain_leavers(struct reading *reading)
{
	struct cdr_inbox_request *request = reading->request;
	struct cdr_compare_query query = { .person = &request->person };
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < reading->leaver_count && err == CDR_OK; i++) {
		struct cdr_inbox_candidate *candidate = &request->candidate[i];
		err = cdr_leavers_open(reading->member, reading->leaver_id[i], cdr_buffer_bytes(&reading->leaver[i]),
		    &candidate->leaver);
		if (err == CDR_OK)
			err = cdr_compare(&query, &candidate->leaver.person, &candidate->comparison);
		if (err == CDR_E_INPUT)
			err = CDR_OK; /* the register's row was changed into what cannot be compared: it is shown as it is */
	}
	request->leaver_count = reading->leaver_count;
	return err;
}

/* see node/member/inbox.h */
void
cdr_inbox_request_free(struct cdr_inbox_request *request)
{
	if (request == NULL)
		return;
	cdr_wipe(request, sizeof(*request));
	free(request);
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_read(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN],
    struct cdr_inbox_request **out, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct reading reading = { .member = member, .request_id = request_id };

	*out = NULL;
	reading.request = calloc(1, sizeof(*reading.request));
	if (reading.request == NULL)
		return CDR_E_MEMORY;
	err = cdr_store_read(member->home->store, read_row, &reading);
	if (err == CDR_E_ABSENT || (err == CDR_OK && reading.sealed.len == 0)) {
		err = cdr_fault_set(fault, CDR_E_ABSENT,
		    "there is no such request: `candor inbox list` shows those that are there");
		goto out;
	}
	CDR_TRY(err);
	CDR_TRY(cdr_inbox_open_sealed(member, request_id, cdr_buffer_bytes(&reading.sealed), reading.request, reading.leaver_id,
	    &reading.leaver_count));
	CDR_TRY(cdr_store_read(member->home->store, read_leavers, &reading));
	CDR_TRY(explain_leavers(&reading));
	*out = reading.request;
	reading.request = NULL;
	err = CDR_OK;
out:
	cdr_inbox_request_free(reading.request);
	cdr_buffer_free(&reading.sealed);
	for (size_t i = 0; i < CDR_INBOX_LEAVERS_MAX; i++)
		cdr_buffer_free(&reading.leaver[i]);
	return err;
}
