#include "node/member/guest.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/json.h"
#include "core/record/text.h"
#include "node/member/guest_parts.h"

/* Requests to guests and their answers as HR sees them: see node/member/guest.h. */

/* ---- requests --------------------------------------------------------------------------------------------------------------- */

struct walk {
	struct cdr_member *member;
	const uint8_t *check_id;      /* NULL: all */
	cdr_guest_callback *callback;
	void *context;
	struct cdr_guest guest;       /* personal */
};

static cdr_err
count_of(struct cdr_tx *tx, const char *sql, const uint8_t *id, uint64_t *count)
{
	int64_t n;
	cdr_err err = cdr_query_one_int(tx, sql, CDR_VALUES(cdr_value_blob(id, CDR_ID_LEN)), &n);

	*count = err == CDR_OK && n > 0 ? (uint64_t)n : 0;
	return err;
}

static cdr_err
read_details(const struct walk *walk, struct cdr_query *query, struct cdr_guest *guest)
{
	struct cdr_bytes sealed;
	struct cdr_buffer plain = { 0 };

	cdr_err err = cdr_query_blob_peek(query, 2, CDR_GUEST_DETAILS_MAX + CDR_SEAL_OVERHEAD, &sealed);
	/* Empty once the check was erased. */
	if (err == CDR_OK && sealed.len == 0)
		return CDR_OK;
	if (err == CDR_OK)
		err = cdr_seal_open(walk->member->home->keys->column, CDR_GUEST_DETAILS_PURPOSE,
		    (struct cdr_bytes){ guest->id, CDR_ID_LEN }, sealed, &plain);
	if (err == CDR_OK)
		err = cdr_guest_details_read(cdr_buffer_bytes(&plain), &guest->details);
	cdr_buffer_free(&plain);
	return err == CDR_E_SEALED ? CDR_E_STORE : err;
}

static cdr_err
read_guest(struct cdr_tx *tx, const struct walk *walk, struct cdr_query *query, struct cdr_guest *guest)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t public_key[CDR_HPKE_PUBLIC_LEN];

	memset(guest, 0, sizeof(*guest));
	CDR_TRY(cdr_query_blob(query, 0, guest->id, sizeof(guest->id)));
	CDR_TRY(cdr_query_blob(query, 1, guest->check_id, sizeof(guest->check_id)));
	CDR_TRY(read_details(walk, query, guest));
	CDR_TRY(cdr_query_text(query, 3, guest->link, sizeof(guest->link)));
	CDR_TRY(cdr_query_text(query, 4, guest->status, sizeof(guest->status)));
	CDR_TRY(cdr_query_text(query, 5, guest->result, sizeof(guest->result)));
	CDR_TRY(cdr_query_text(query, 6, guest->channel, sizeof(guest->channel)));
	CDR_TRY(cdr_query_count(query, 7, &guest->asked_at));
	CDR_TRY(cdr_query_count(query, 8, &guest->due_at));
	CDR_TRY(cdr_query_count(query, 9, &guest->expires_at));
	CDR_TRY(cdr_query_count(query, 10, &guest->answered_at));
	CDR_TRY(cdr_query_count(query, 11, &guest->changed_at));
	CDR_TRY(cdr_query_count(query, 12, &guest->unread_count));
	CDR_TRY(cdr_query_blob(query, 13, public_key, sizeof(public_key)));
	CDR_TRY(cdr_guest_key_text(public_key, guest->key_text));
	CDR_TRY(count_of(tx, "SELECT count(*) FROM guest_statement WHERE request_id = $1", guest->id, &guest->answer_count));
	CDR_TRY(count_of(tx, "SELECT count(*) FROM guest_scan WHERE request_id = $1", guest->id, &guest->scan_count));
	/* Who has not answered when it was due has given no response; a late answer takes its place. */
	if (guest->answered_at == 0 && cdr_member_now() > guest->due_at && strcmp(guest->status, "withdrawn") != 0)
		memcpy(guest->result, "no_response", sizeof("no_response"));
	err = CDR_OK;
out:
	return err;
}

#define GUEST_COLUMNS                                                                                              \
	"SELECT id, check_id, details, link, status, result, channel, asked_at, due_at, expires_at, answered_at, changed_at," \
	" unread, public_key FROM guest"

/* A reading job. */
static cdr_err
walk_job(struct cdr_tx *tx, void *context)
{
	struct walk *walk = context;
	struct cdr_query *query = NULL;

	cdr_err err = walk->check_id == NULL ? cdr_query_start(tx, GUEST_COLUMNS " ORDER BY number", CDR_VALUES(), &query) :
		cdr_query_start(tx, GUEST_COLUMNS " WHERE check_id = $1 ORDER BY number",
		    CDR_VALUES(cdr_value_blob(walk->check_id, CDR_ID_LEN)), &query);
	while (err == CDR_OK && (err = cdr_query_step(query)) == CDR_OK) {
		err = read_guest(tx, walk, query, &walk->guest);
		if (err == CDR_OK)
			err = walk->callback(&walk->guest, walk->context);
	}
	cdr_query_end(query);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/member/guest.h */
cdr_err
cdr_guest_each(struct cdr_member *member, const uint8_t *check_id, cdr_guest_callback *callback, void *context)
{
	struct walk *walk = calloc(1, sizeof(*walk));

	if (walk == NULL)
		return CDR_E_MEMORY;
	*walk = (struct walk){ .member = member, .check_id = check_id, .callback = callback, .context = context };
	cdr_err err = cdr_store_read(member->home->store, walk_job, walk);
	cdr_wipe(walk, sizeof(*walk));
	free(walk);
	return err;
}

/* ---- answers ----------------------------------------------------------------------------------------------------------------- */

struct answers {
	struct cdr_member *member;
	const uint8_t *id;
	cdr_guest_answer_callback *callback;
	void *context;
	struct cdr_guest_answer answer;   /* personal */
};

/* The columns' JSON. What does not read here was not written here: the database's fault. */
static cdr_err
read_statement(struct cdr_bytes json, struct cdr_guest_answer *answer)
{
	int line, column;
	json_t *object = cdr_json_read(json, &line, &column);
	char *text = json_dumps(json_object_get(object, "statement"), JSON_COMPACT);
	const char *organisation = json_string_value(json_object_get(object, "organisation"));
	const char *contact = json_string_value(json_object_get(object, "contact"));
	cdr_err err = CDR_E_STORE;

	if (text != NULL && organisation != NULL && contact != NULL && strlen(organisation) < sizeof(answer->organisation) &&
	    strlen(contact) < sizeof(answer->contact)) {
		memcpy(answer->organisation, organisation, strlen(organisation) + 1);
		memcpy(answer->contact, contact, strlen(contact) + 1);
		err = cdr_statement_from_json((struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, &answer->statement, NULL);
	}
	cdr_json_free(text);
	json_decref(object);
	return err == CDR_OK || err == CDR_E_MEMORY ? err : CDR_E_STORE;
}

static cdr_err
read_answer(const struct answers *answers, struct cdr_query *query, struct cdr_guest_answer *answer)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t response[CDR_ID_LEN];
	char state[16];
	struct cdr_bytes sealed;
	struct cdr_buffer plain = { 0 };

	memset(answer, 0, sizeof(*answer));
	CDR_TRY(cdr_query_blob(query, 0, response, sizeof(response)));
	CDR_TRY(cdr_query_count(query, 1, &answer->at));
	CDR_TRY(cdr_query_text(query, 2, answer->channel, sizeof(answer->channel)));
	CDR_TRY(cdr_query_text(query, 3, state, sizeof(state)));
	CDR_TRY(cdr_query_blob_peek(query, 4, CDR_GUEST_STATEMENT_MAX + CDR_SEAL_OVERHEAD, &sealed));
	answer->is_current = strcmp(state, "current") == 0;
	err = cdr_seal_open(answers->member->home->keys->column, CDR_GUEST_STATEMENT_PURPOSE,
	    (struct cdr_bytes){ response, sizeof(response) }, sealed, &plain);
	CDR_TRY(err == CDR_E_SEALED ? CDR_E_STORE : err);
	CDR_TRY(read_statement(cdr_buffer_bytes(&plain), answer));
	err = CDR_OK;
out:
	cdr_buffer_free(&plain);
	return err;
}

/* A reading job. */
static cdr_err
answers_job(struct cdr_tx *tx, void *context)
{
	struct answers *answers = context;
	struct cdr_query *query = NULL;

	cdr_err err = cdr_query_start(tx,
	    "SELECT response, at, channel, state, sealed FROM guest_statement WHERE request_id = $1 ORDER BY number",
	    CDR_VALUES(cdr_value_blob(answers->id, CDR_ID_LEN)), &query);
	while (err == CDR_OK && (err = cdr_query_step(query)) == CDR_OK) {
		err = read_answer(answers, query, &answers->answer);
		if (err == CDR_OK)
			err = answers->callback(&answers->answer, answers->context);
	}
	cdr_query_end(query);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/member/guest.h */
cdr_err
cdr_guest_answers_each(struct cdr_member *member, const uint8_t id[static CDR_ID_LEN], cdr_guest_answer_callback *callback,
    void *context)
{
	struct answers *answers = calloc(1, sizeof(*answers));

	if (answers == NULL)
		return CDR_E_MEMORY;
	*answers = (struct answers){ .member = member, .id = id, .callback = callback, .context = context };
	cdr_err err = cdr_store_read(member->home->store, answers_job, answers);
	cdr_wipe(answers, sizeof(*answers));
	free(answers);
	return err;
}

/* ---- scans --------------------------------------------------------------------------------------------------------------------- */

struct scanning {
	struct cdr_member *member;
	const uint8_t *id;
	uint64_t number;
	struct cdr_buffer *scan;
};

/* A reading job. Scans are numbered like the answers that they belong to; this one is the n-th of them. */
static cdr_err
scan_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct scanning *scanning = context;
	struct cdr_query *query = NULL;
	struct cdr_bytes sealed;

	CDR_TRY(cdr_query_start(tx, "SELECT sealed FROM guest_scan WHERE request_id = $1 ORDER BY number",
	    CDR_VALUES(cdr_value_blob(scanning->id, CDR_ID_LEN)), &query));
	for (uint64_t i = 0; i < scanning->number; i++)
		CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_peek(query, 0, CDR_GUEST_SCAN_MAX + CDR_SEAL_OVERHEAD, &sealed));
	err = cdr_seal_open(scanning->member->home->keys->column, CDR_GUEST_SCAN_PURPOSE,
	    (struct cdr_bytes){ scanning->id, CDR_ID_LEN }, sealed, scanning->scan);
	if (err == CDR_E_SEALED)
		err = CDR_E_STORE;
out:
	cdr_query_end(query);
	return err;
}

/* see node/member/guest.h */
cdr_err
cdr_guest_scan(struct cdr_member *member, const uint8_t id[static CDR_ID_LEN], uint64_t number, struct cdr_buffer *scan)
{
	struct scanning scanning = { member, id, number, scan };

	*scan = (struct cdr_buffer){ 0 };
	return number == 0 ? CDR_E_ABSENT : cdr_store_read(member->home->store, scan_job, &scanning);
}
