#include "node/member/inbox_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/count.h"
#include "node/member/hook.h"
#include "node/member/leavers.h"
#include "node/member/wire.h"

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
	query->people = probe->people;
	search->handles = cdr_message_bytes(probe->handles);
	return cdr_wire_read_identity(probe->candidate, person);
}

/* A request is refused now if a person could not read it later. Undeclared, it names the leavers that the hub found. */
static cdr_err
read_whole_request(const Cdr__Wire__DisclosureRequest *request, struct cdr_person *person, struct search *search)
{
	struct cdr_inbox_request *scratch = calloc(1, sizeof(*scratch));

	if (scratch == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_inbox_request_parse(request, scratch);
	*person = scratch->person;
	cdr_inbox_request_free(scratch);
	if (err == CDR_OK && (request->due_at > INT64_MAX || (!request->declared && request->handles.len == 0)))
		err = CDR_E_INPUT;
	if (!request->declared) {
		search->handles = cdr_message_bytes(request->handles);
		search->query.people = request->people;
	}
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
	cdr_err err = cdr_seal(member->home->keys->column, CDR_INBOX_PURPOSE, cdr_message_bytes(letter->body->request_id),
	    cdr_buffer_bytes(&plain), sealed);
	cdr_buffer_free(&plain);
	return err;
}

/* see node/member/inbox_parts.h */
cdr_err
cdr_inbox_put(struct cdr_tx *tx, const Cdr__Wire__Letter *body, const char *stage, const char *state, uint64_t due_at,
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

/* see node/member/inbox_parts.h */
cdr_err
cdr_inbox_known(struct cdr_tx *tx, const Cdr__Wire__Letter *body, struct cdr_inbox_known *known)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	*known = (struct cdr_inbox_known){ 0 };
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
	struct cdr_inbox_known known;

	if (sender == NULL || !cdr_roster_member_is_active(sender))
		return cdr_fault_set(fault, CDR_E_REFUSED, "request: %s is not an active member", body->from);
	err = cdr_inbox_known(tx, body, &known);
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
		CDR_TRY(cdr_inbox_put(tx, body, "probe", plausible ? "plausible" : "dismissed", 0, &sealed));
		CDR_TRY(reply_to_probe(tx, member, roster, body, plausible, fault));
	} else if (!body->request->declared && !plausible) {
		CDR_TRY(cdr_inbox_put(tx, body, "request", "dismissed", 0, &sealed));
		CDR_TRY(reply_to_probe(tx, member, roster, body, false, fault));
	} else {
		CDR_TRY(seal_request(member, letter, finding, &sealed));
		CDR_TRY(cdr_inbox_put(tx, body, "request", "waiting", body->request->due_at, &sealed));
		CDR_TRY(cdr_inbox_begin(tx, roster, body));
		CDR_TRY(cdr_count_add(tx, CDR_COUNT_REQUEST_RECEIVED, cdr_count_year(cdr_member_now()), 1));
		CDR_TRY(cdr_hook_event(tx, CDR_HOOK_REQUEST, body->request_id.data));
	}
	err = CDR_OK;
out:
	cdr_buffer_free(&sealed);
	return err;
}
