#include "node/member/inbox.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/leavers.h"
#include "node/member/wire.h"

#define SEAL_PURPOSE "inbox"
#define SEALED_MAX (CDR_MAIL_PLAIN_LEN + 1024)

/* ---- stage 2 ------------------------------------------------------------------------------------------------------------ */

/* A search through the register for one letter's person. */
struct search {
	struct cdr_member *member;
	struct cdr_compare_query query;
	struct cdr_bytes handles;      /* leavers to compare with; empty: all of them */
	struct cdr_inbox_finding *finding;
};

/* Put a plausible leaver into its place, the likeliest first. */
static void
keep_finding(struct cdr_inbox_finding *finding, const uint8_t *id, double score)
{
	size_t at = finding->count;

	for (size_t i = 0; i < finding->count; i++)
		if (memcmp(finding->leaver[i], id, CDR_ID_LEN) == 0)
			return; /* two handles named it: its row changed while the hub looked */
	while (at > 0 && finding->score[at - 1] < score)
		at--;
	if (at == CDR_INBOX_LEAVERS_MAX)
		return;
	if (finding->count < CDR_INBOX_LEAVERS_MAX)
		finding->count++;
	for (size_t i = finding->count - 1; i > at; i--) {
		finding->score[i] = finding->score[i - 1];
		memcpy(finding->leaver[i], finding->leaver[i - 1], CDR_ID_LEN);
	}
	finding->score[at] = score;
	memcpy(finding->leaver[at], id, CDR_ID_LEN);
}

/* Compare with one row of the register. A row that cannot be normalised is no match and no failure. */
static cdr_err
compare_row(struct search *search, struct cdr_query *query)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t id[CDR_ID_LEN];
	struct cdr_bytes sealed;
	struct cdr_leaver leaver = { 0 };
	struct cdr_comparison comparison = { 0 };

	CDR_TRY(cdr_query_blob(query, 0, id, sizeof(id)));
	CDR_TRY(cdr_query_blob_peek(query, 1, CDR_LEAVER_PACK_MAX + CDR_SEAL_OVERHEAD, &sealed));
	CDR_TRY(cdr_leavers_open(search->member, id, sealed, &leaver));
	err = cdr_compare(&search->query, &leaver.person, &comparison);
	if (err == CDR_OK && comparison.verdict == CDR_VERDICT_PLAUSIBLE)
		keep_finding(search->finding, id, comparison.score);
	if (err == CDR_E_INPUT)
		err = CDR_OK;
out:
	cdr_wipe(&leaver, sizeof(leaver));
	cdr_wipe(&comparison, sizeof(comparison));
	return err;
}

/* Compare with every row that a query gives. */
static cdr_err
compare_rows(struct search *search, struct cdr_tx *tx, const char *sql, struct cdr_values values)
{
	struct cdr_query *query = NULL;

	cdr_err err = cdr_query_start(tx, sql, values, &query);
	while (err == CDR_OK && (err = cdr_query_step(query)) == CDR_OK)
		err = compare_row(search, query);
	cdr_query_end(query);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static cdr_err
search_register(struct cdr_tx *tx, void *context)
{
	struct search *search = context;
	cdr_err err = CDR_OK;

	if (search->handles.len == 0)
		return compare_rows(search, tx, "SELECT id, sealed FROM leaver ORDER BY id", CDR_VALUES());
	for (size_t at = 0; at < search->handles.len && err == CDR_OK; at += CDR_HANDLE_LEN)
		err = compare_rows(search, tx,
		    "SELECT id, sealed FROM leaver WHERE handle = $1"
		    " OR id = (SELECT leaver FROM former_handle WHERE handle = $1)",
		    CDR_VALUES(cdr_value_blob(search->handles.data + at, CDR_HANDLE_LEN)));
	return err;
}

/* Salted hashes stand for the documents' numbers. */
static cdr_err
read_probe(const Cdr__Wire__Probe *probe, struct cdr_person *person, struct search *search)
{
	struct cdr_compare_query *query = &search->query;

	if (probe->handles.len == 0 || probe->document_salt.len != sizeof(query->document_salt) ||
	    probe->n_document_hash > CDR_DOCUMENT_COUNT_MAX)
		return CDR_E_INPUT;
	query->documents_hashed = true;
	memcpy(query->document_salt, probe->document_salt.data, sizeof(query->document_salt));
	for (size_t i = 0; i < probe->n_document_hash; i++) {
		if (probe->document_hash[i].len != CDR_COMPARE_HASH_LEN)
			return CDR_E_INPUT;
		memcpy(query->document_hash[i], probe->document_hash[i].data, CDR_COMPARE_HASH_LEN);
	}
	query->document_hash_count = probe->n_document_hash;
	search->handles = cdr_message_bytes(probe->handles);
	return cdr_wire_read_identity(probe->candidate, person);
}

/* What a request says, checked for its lengths and dates. */
static cdr_err
read_request(const Cdr__Wire__DisclosureRequest *from, struct cdr_inbox_request *to)
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

/* A request is refused now if a person could not read it later. Undeclared, it names the leavers that the hub found. */
static cdr_err
read_whole_request(const Cdr__Wire__DisclosureRequest *request, struct cdr_person *person, struct search *search)
{
	struct cdr_inbox_request *scratch = calloc(1, sizeof(*scratch));

	if (scratch == NULL)
		return CDR_E_MEMORY;
	cdr_err err = read_request(request, scratch);
	*person = scratch->person;
	cdr_inbox_request_free(scratch);
	if (err == CDR_OK && (request->due_at > INT64_MAX || (!request->declared && request->handles.len == 0)))
		err = CDR_E_INPUT;
	if (!request->declared)
		search->handles = cdr_message_bytes(request->handles);
	return err;
}

/* What to look for: from a probe, or from a request (a declared employer looks through its whole register). */
static cdr_err
read_search(const Cdr__Wire__Letter *body, struct cdr_person *person, struct search *search)
{
	cdr_err err = body->content_case == CDR__WIRE__LETTER__CONTENT_PROBE ?
	    read_probe(body->probe, person, search) :
	    read_whole_request(body->request, person, search);

	if (err == CDR_OK && (search->handles.len % CDR_HANDLE_LEN != 0 ||
		search->handles.len > CDR_MATCH_HANDLES_MAX * CDR_HANDLE_LEN))
		err = CDR_E_INPUT;
	return err;
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_examine(struct cdr_member *member, const struct cdr_letter *letter, struct cdr_inbox_finding *finding,
    struct cdr_fault *fault)
{
	struct cdr_person person = { 0 };
	struct search search = { .member = member, .query = { .person = &person }, .finding = finding };
	Cdr__Wire__Letter__ContentCase kind = letter->body->content_case;

	*finding = (struct cdr_inbox_finding){ 0 };
	if (kind != CDR__WIRE__LETTER__CONTENT_PROBE && kind != CDR__WIRE__LETTER__CONTENT_REQUEST)
		return CDR_OK;
	cdr_err err = read_search(letter->body, &person, &search);
	if (err == CDR_E_INPUT || err == CDR_E_RANGE)
		err = cdr_fault_set(fault, err, "request: its handles, dates or texts are not what they may be");
	if (err == CDR_OK)
		err = cdr_store_read(member->home->store, search_register, &search);
	cdr_wipe(&person, sizeof(person));
	cdr_wipe(&search.query, sizeof(search.query));
	return err;
}

/* ---- taking in -------------------------------------------------------------------------------------------------------------- */

/* When an automatic reply leaves: at a random moment, so that speed tells nothing. */
static cdr_err
random_delay(const struct cdr_roster *roster, uint64_t *not_before)
{
	uint32_t random = 0;
	uint64_t low = roster->body->scheme->reply_delay_min_s, high = roster->body->scheme->reply_delay_max_s;

	cdr_err err = cdr_random(&random, sizeof(random));
	*not_before = cdr_member_now() + low + ((high - low + 1) * random >> 32);
	return err;
}

/* The node's own answer to a probe. It is never a statement. */
static cdr_err
reply_to_probe(struct cdr_tx *tx, struct cdr_member *member, const struct cdr_roster *roster,
    const Cdr__Wire__Letter *body, bool plausible, struct cdr_fault *fault)
{
	Cdr__Wire__ProbeReply reply = CDR__WIRE__PROBE_REPLY__INIT;
	struct cdr_outgoing outgoing = {
		.receiver = body->from,
		.request_id = body->request_id.data,
		.kind = "probe_reply",
		.content = CDR__WIRE__LETTER__CONTENT_PROBE_REPLY,
		.message = &reply,
	};

	reply.plausible = plausible;
	cdr_err err = random_delay(roster, &outgoing.not_before);
	return err == CDR_OK ? cdr_mail_queue(tx, member, roster, &outgoing, fault) : err;
}

/* What a person will read: how many leavers were found, their ids, the letter's bytes; sealed. */
static cdr_err
seal_request(const struct cdr_member *member, const struct cdr_letter *letter, const struct cdr_inbox_finding *finding,
    struct cdr_buffer *sealed)
{
	struct cdr_buffer plain = { 0 };

	plain.len = 1 + finding->count * CDR_ID_LEN + letter->letter.len;
	plain.data = malloc(plain.len);
	if (plain.data == NULL)
		return CDR_E_MEMORY;
	plain.data[0] = (uint8_t)finding->count;
	memcpy(plain.data + 1, finding->leaver, finding->count * CDR_ID_LEN);
	memcpy(plain.data + 1 + finding->count * CDR_ID_LEN, letter->letter.data, letter->letter.len);
	cdr_err err = cdr_seal(member->home->keys->column, SEAL_PURPOSE, cdr_message_bytes(letter->body->request_id),
	    cdr_buffer_bytes(&plain), sealed);
	cdr_buffer_free(&plain);
	return err;
}

/* Make the row of a request what is given; a row that a probe made is replaced. */
static cdr_err
put_entry(struct cdr_tx *tx, const Cdr__Wire__Letter *body, const char *stage, const char *state, uint64_t due_at,
    const struct cdr_buffer *sealed)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t number;
	struct cdr_value id = cdr_value_bytes(cdr_message_bytes(body->request_id));

	CDR_TRY(cdr_setting_next(tx, "inbox", &number));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM inbox WHERE request_id = $1", CDR_VALUES(id)));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO inbox (request_id, number, sender, stage, state, sealed, received_at, due_at, answered_at, answer)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, NULL)",
	    CDR_VALUES(id, cdr_value_int((int64_t)number), cdr_value_text(body->from), cdr_value_text(stage),
		cdr_value_text(state), cdr_value_bytes(cdr_buffer_bytes(sealed)),
		cdr_value_int((int64_t)cdr_member_now()), cdr_value_int((int64_t)due_at))));
	err = CDR_OK;
out:
	return err;
}

/* What is known of a request id; CDR_E_ABSENT if it is new. */
struct known {
	char sender[CDR_SLUG_LEN_MAX + 1], stage[16], state[16];
};

static cdr_err
read_known(struct cdr_tx *tx, const Cdr__Wire__Letter *body, struct known *known)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	*known = (struct known){ 0 };
	CDR_TRY(cdr_query_start(tx, "SELECT sender, stage, state FROM inbox WHERE request_id = $1",
	    CDR_VALUES(cdr_value_bytes(cdr_message_bytes(body->request_id))), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, known->sender, sizeof(known->sender)));
	CDR_TRY(cdr_query_text(query, 1, known->stage, sizeof(known->stage)));
	CDR_TRY(cdr_query_text(query, 2, known->state, sizeof(known->state)));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/*
 * What the node answers by itself is an oracle: whoever has a handle could try names on it. A check costs its asker 16 points
 * or more at the trustees and brings one such letter to an employer, so in one epoch there cannot be more of them than the
 * asker's quota gives checks. Those beyond are not answered.
 */
static cdr_err
check_askers_quota(struct cdr_tx *tx, const struct cdr_roster *roster, const Cdr__Wire__Member *asker,
    struct cdr_fault *fault)
{
	const Cdr__Wire__Epoch *epoch = cdr_roster_epoch_at(roster, cdr_member_now());
	int64_t since = epoch != NULL ? (int64_t)epoch->starts_at : 0, count;

	cdr_err err = cdr_query_one_int(tx,
	    "SELECT count(*) FROM inbox WHERE sender = $1 AND received_at >= $2 AND (stage = 'probe' OR state = 'dismissed')",
	    CDR_VALUES(cdr_value_text(asker->id), cdr_value_int(since)), &count);
	if (err == CDR_OK && (uint64_t)count >= asker->check_points / CDR_CHECK_ROWS_MIN)
		err = cdr_fault_set(fault, CDR_E_REFUSED, "request: %s asks about more people than its quota lets it check",
		    asker->id);
	return err;
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_take(struct cdr_tx *tx, struct cdr_member *member, const struct cdr_roster *roster,
    const struct cdr_letter *letter, const struct cdr_inbox_finding *finding, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__Letter *body = letter->body;
	const Cdr__Wire__Member *sender = cdr_roster_member(roster, body->from);
	bool is_probe = body->content_case == CDR__WIRE__LETTER__CONTENT_PROBE;
	struct cdr_buffer sealed = { 0 };
	struct known known;

	if (sender == NULL || !cdr_roster_member_is_active(sender))
		return cdr_fault_set(fault, CDR_E_REFUSED, "request: %s is not an active member", body->from);
	err = read_known(tx, body, &known);
	if (err != CDR_OK && err != CDR_E_ABSENT)
		return err;
	if (err == CDR_OK && strcmp(known.sender, body->from) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "request: its id belongs to another member's");
	if (err == CDR_OK && (is_probe || strcmp(known.stage, "request") == 0 || strcmp(known.state, "withdrawn") == 0))
		return CDR_OK; /* a repeat in a new letter, or what the hub delivers after the withdrawal */
	if (err == CDR_E_ABSENT && (is_probe || !body->request->declared))
		CDR_TRY(check_askers_quota(tx, roster, sender, fault));

	bool plausible = finding->count > 0;
	if (is_probe) {
		CDR_TRY(put_entry(tx, body, "probe", plausible ? "plausible" : "dismissed", 0, &sealed));
		CDR_TRY(reply_to_probe(tx, member, roster, body, plausible, fault));
	} else if (!body->request->declared && !plausible) {
		CDR_TRY(put_entry(tx, body, "request", "dismissed", 0, &sealed));
		CDR_TRY(reply_to_probe(tx, member, roster, body, false, fault));
	} else {
		CDR_TRY(seal_request(member, letter, finding, &sealed));
		CDR_TRY(put_entry(tx, body, "request", "waiting", body->request->due_at, &sealed));
	}
	err = CDR_OK;
out:
	cdr_buffer_free(&sealed);
	return err;
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_withdraw(struct cdr_tx *tx, const Cdr__Wire__Letter *letter, struct cdr_fault *fault)
{
	const struct cdr_buffer nothing = { 0 };
	struct known known;

	cdr_err err = read_known(tx, letter, &known);
	if (err == CDR_E_ABSENT) /* the hub turned the order round: the request must find that it is withdrawn */
		return put_entry(tx, letter, "request", "withdrawn", 0, &nothing);
	if (err == CDR_OK && strcmp(known.sender, letter->from) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "withdrawal: the request is another member's");
	if (err != CDR_OK || strcmp(known.state, "answered") == 0)
		return err;
	return cdr_query_run(tx, "UPDATE inbox SET state = 'withdrawn', sealed = $1 WHERE request_id = $2",
	    CDR_VALUES(cdr_value_blob("", 0), cdr_value_bytes(cdr_message_bytes(letter->request_id))));
}

/* ---- reading ------------------------------------------------------------------------------------------------------------------ */

#define ENTRY_COLUMNS "request_id, sender, state, received_at, due_at, answered_at"

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
	CDR_TRY(cdr_query_blob_copy(query, 6, SEALED_MAX, &reading->sealed));
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

/* Undo seal_request. */
static cdr_err
open_request(struct reading *reading)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer plain = { 0 };
	struct cdr_arena arena = { 0 };
	Cdr__Wire__Letter *body;

	CDR_TRY(cdr_seal_open(reading->member->home->keys->column, SEAL_PURPOSE,
	    (struct cdr_bytes){ reading->request_id, CDR_ID_LEN }, cdr_buffer_bytes(&reading->sealed), &plain));
	size_t count = plain.len > 0 ? plain.data[0] : CDR_INBOX_LEAVERS_MAX + 1;
	size_t start = 1 + count * CDR_ID_LEN;
	if (count > CDR_INBOX_LEAVERS_MAX || plain.len < start) {
		err = CDR_E_STORE;
		goto out;
	}
	memcpy(reading->leaver_id, plain.data + 1, count * CDR_ID_LEN);
	reading->leaver_count = count;
	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__letter__descriptor,
	    (struct cdr_bytes){ plain.data + start, plain.len - start }, &body));
	err = body->content_case == CDR__WIRE__LETTER__CONTENT_REQUEST ? read_request(body->request, reading->request) :
									  CDR_E_STORE;
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
	CDR_TRY(open_request(&reading));
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

/* ---- answering ------------------------------------------------------------------------------------------------------------------ */

struct answer {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	struct cdr_statement *statement;
	struct cdr_fault *fault;
};

/* What the person need not write. */
static cdr_err
complete(struct answer *answer, const uint8_t *request_id)
{
	struct cdr_statement *statement = answer->statement;

	memcpy(statement->request_id, request_id, CDR_ID_LEN);
	statement->signed_at = (int64_t)cdr_member_now();
	cdr_err err = cdr_wire_text(cdr_codebook_version_peek(answer->member->codebook), statement->codebook_version,
	    sizeof(statement->codebook_version));
	if (err == CDR_OK)
		err = cdr_wire_text(answer->member->id, statement->responder, sizeof(statement->responder));
	return err == CDR_OK ? cdr_random(statement->response_id, sizeof(statement->response_id)) : err;
}

/* The request must wait for an answer; whose it is tells where the answer goes. */
static cdr_err
read_waiting(struct cdr_tx *tx, const uint8_t *request_id, char *sender, size_t size, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	char state[16];

	CDR_TRY(cdr_query_start(tx, "SELECT sender, state FROM inbox WHERE request_id = $1 AND stage = 'request'",
	    CDR_VALUES(cdr_value_blob(request_id, CDR_ID_LEN)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, sender, size));
	CDR_TRY(cdr_query_text(query, 1, state, sizeof(state)));
	if (strcmp(state, "answered") == 0)
		err = cdr_fault_set(fault, CDR_E_EXISTS, "this request was answered already: an answer is signed once");
	else if (strcmp(state, "waiting") != 0)
		err = CDR_E_ABSENT;
out:
	cdr_query_end(query);
	return err == CDR_E_ABSENT ?
	    cdr_fault_set(fault, err, "no such request waits for an answer: `candor inbox list` shows those that do") :
	    err;
}

static cdr_err
write_answer(struct cdr_tx *tx, void *context)
{
	struct answer *answer = context;
	cdr_err err = CDR_E_INTERNAL;
	char sender[CDR_SLUG_LEN_MAX + 1];
	struct cdr_wire_statement wire;
	const uint8_t *request_id = answer->statement->request_id;

	cdr_wire_statement(answer->statement, &wire);
	CDR_TRY(read_waiting(tx, request_id, sender, sizeof(sender), answer->fault));
	struct cdr_outgoing outgoing = {
		.receiver = sender,
		.request_id = request_id,
		.kind = "statement",
		.content = CDR__WIRE__LETTER__CONTENT_STATEMENT,
		.message = &wire.message,
	};
	CDR_TRY(cdr_mail_queue(tx, answer->member, answer->roster, &outgoing, answer->fault));
	CDR_TRY(cdr_query_run(tx, "UPDATE inbox SET state = 'answered', answered_at = $1, answer = $2 WHERE request_id = $3",
	    CDR_VALUES(cdr_value_int((int64_t)cdr_member_now()),
		cdr_value_blob(answer->statement->response_id, CDR_ID_LEN), cdr_value_blob(request_id, CDR_ID_LEN))));
	err = CDR_OK;
out:
	cdr_wipe(&wire, sizeof(wire));
	return err;
}

/* see node/member/inbox.h */
cdr_err
cdr_inbox_answer(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN],
    struct cdr_statement *statement, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_record_rules rules;
	struct answer answer = { .member = member, .statement = statement, .fault = fault };

	CDR_TRY(cdr_member_joined(member, fault));
	CDR_TRY(complete(&answer, request_id));
	cdr_member_rules(member, &rules);
	CDR_TRY(cdr_statement_validate(statement, &rules, fault));
	answer.roster = cdr_current_hold(member->current);
	CDR_TRY(cdr_store_write(member->home->store, write_answer, &answer));
	err = CDR_OK;
out:
	cdr_current_release(member->current, answer.roster);
	return err;
}
