#include "node/member/check.h"

#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/check_letters.h"
#include "node/member/wire.h"

/* Statements that came: see node/member/check.h. */

#define STATEMENT_SEALED_MAX (CDR_MAIL_PLAIN_LEN + 1024)

/* ---- rosters for a file ------------------------------------------------------------------------------------------- */

/*
 * The rosters that an exported statement needs: the genesis roster, the newest one in which its writer has the key that it signed with (it
 * may have enrolled anew since; a signature that holds under none was verified when the letter came, and gets the newest of all), and
 * those between them that brought other trustees.
 */
struct naming {
	const struct cdr_member *member;
	const Cdr__Wire__StatementFile *file;
	const char *writer;
	struct cdr_buffer genesis, roster, handover[CDR_HANDOVER_COUNT_MAX];
	size_t handover_count;         /* so far */
	size_t before_count;           /* of them, those before ${roster} */
	bool is_named;                 /* ${roster} names the key */
};

static void
naming_free(struct naming *n)
{
	cdr_buffer_free(&n->genesis);
	cdr_buffer_free(&n->roster);
	for (size_t i = 0; i < n->handover_count; i++)
		cdr_buffer_free(&n->handover[i]);
}

static bool
names_key(const struct naming *n, const struct cdr_roster *roster)
{
	const Cdr__Wire__Member *entry = cdr_roster_member(roster, n->writer);

	return entry != NULL && cdr_letter_verify(cdr_message_bytes(n->file->letter), cdr_message_bytes(n->file->signature),
	    entry->party->signing_key.data, n->file->receiver_sealing_key.data, n->member->genesis) == CDR_OK;
}

/* The next roster by version; ${before} is the one before it, NULL if it is the first. */
static cdr_err
take_roster(struct naming *n, const struct cdr_roster *roster, const struct cdr_roster *before)
{
	const struct cdr_bytes bytes = cdr_buffer_bytes(&roster->bytes);

	if (before == NULL)
		return cdr_buffer_copy(bytes, &n->genesis);
	const size_t before_count = n->handover_count;
	if (!cdr_roster_same_trustees(roster->body, before->body)) {
		if (n->handover_count == CDR_HANDOVER_COUNT_MAX)
			return CDR_E_RANGE;
		cdr_err err = cdr_buffer_copy(bytes, &n->handover[n->handover_count]);
		if (err != CDR_OK)
			return err;
		n->handover_count++;
	}
	const bool is_named = names_key(n, roster);
	if (n->is_named && !is_named)
		return CDR_OK;
	n->is_named = is_named;
	n->before_count = before_count;
	cdr_buffer_free(&n->roster);
	return cdr_buffer_copy(bytes, &n->roster);
}

/* A reading job. */
static cdr_err
name_job(struct cdr_tx *tx, void *context)
{
	struct naming *n = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_roster *roster, *before = NULL;
	struct cdr_bytes bytes;

	CDR_TRY(cdr_query_start(tx, "SELECT bytes FROM roster ORDER BY version", CDR_VALUES(), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob_peek(query, 0, CDR_BODY_ROSTER_MAX, &bytes));
		CDR_TRY(cdr_roster_decode(bytes, &roster, NULL));
		err = take_roster(n, roster, before);
		cdr_roster_free(before);
		before = roster;
		CDR_TRY(err);
	}
	if (err == CDR_E_ABSENT)
		err = n->roster.len > 0 ? CDR_OK : CDR_E_STORE;
out:
	cdr_roster_free(before);
	cdr_query_end(query);
	return err;
}

/* ---- the statement ------------------------------------------------------------------------------------------------ */

/* The sealed letter of a statement. */
struct kept {
	const uint8_t *request_id;
	struct cdr_buffer sealed;
};

static cdr_err
read_statement(struct cdr_tx *tx, void *context)
{
	struct kept *kept = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx, "SELECT statement FROM employer WHERE request_id = $1 AND statement IS NOT NULL",
	    CDR_VALUES(cdr_value_blob(kept->request_id, CDR_ID_LEN)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_copy(query, 0, STATEMENT_SEALED_MAX, &kept->sealed));
out:
	cdr_query_end(query);
	return err;
}

/* Letter, signature, whom it was for, and the rosters that say whose key that is. */
static cdr_err
write_file(struct cdr_member *member, const Cdr__Wire__KeptStatement *letter, const char *writer, struct cdr_buffer *file)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t key[CDR_HPKE_PUBLIC_LEN];
	ProtobufCBinaryData handover[CDR_HANDOVER_COUNT_MAX];
	Cdr__Wire__StatementFile message = CDR__WIRE__STATEMENT_FILE__INIT;
	struct naming n = { .member = member, .file = &message, .writer = writer };

	message.letter = letter->letter;
	message.signature = letter->signature;
	cdr_keyring_public(member->keyring, key);
	message.receiver_sealing_key =
	    letter->has_receiver_sealing_key ? letter->receiver_sealing_key : cdr_message_field(key, sizeof(key));
	CDR_TRY(cdr_store_read(member->home->store, name_job, &n));
	message.genesis = cdr_message_field(n.genesis.data, n.genesis.len);
	message.roster = cdr_message_field(n.roster.data, n.roster.len);
	message.handover = handover;
	message.n_handover = n.before_count;
	for (size_t i = 0; i < n.before_count; i++)
		handover[i] = cdr_message_field(n.handover[i].data, n.handover[i].len);
	CDR_TRY(cdr_message_encode(&message.base, file));
out:
	naming_free(&n);
	return err;
}

/* Unseal the letter and hand out what was asked for. */
static cdr_err
open_statement(struct cdr_member *member, const struct kept *kept, struct cdr_statement *statement,
    struct cdr_buffer *file)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer plain = { 0 };
	struct cdr_arena outer_arena = { 0 }, arena = { 0 };
	Cdr__Wire__KeptStatement *outer;
	Cdr__Wire__Letter *body;

	CDR_TRY(cdr_seal_open(member->home->keys->column, CDR_CHECK_STATEMENT_PURPOSE,
	    (struct cdr_bytes){ kept->request_id, CDR_ID_LEN }, cdr_buffer_bytes(&kept->sealed), &plain));
	CDR_TRY(cdr_message_decode(&outer_arena, &cdr__wire__kept_statement__descriptor, cdr_buffer_bytes(&plain), &outer));
	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__letter__descriptor, cdr_message_bytes(outer->letter), &body));
	if (body->content_case != CDR__WIRE__LETTER__CONTENT_STATEMENT) {
		err = CDR_E_STORE;
		goto out;
	}
	if (statement != NULL)
		CDR_TRY(cdr_wire_read_statement(body->statement, kept->request_id, statement));
	if (file != NULL)
		CDR_TRY(write_file(member, outer, body->from, file));
	err = CDR_OK;
out:
	cdr_arena_free(&arena);
	cdr_arena_free(&outer_arena);
	cdr_buffer_free(&plain);
	return err;
}

/* see node/member/check.h */
cdr_err
cdr_check_statement(struct cdr_member *member, const uint8_t request_id[static CDR_ID_LEN],
    struct cdr_statement *statement, struct cdr_buffer *file, struct cdr_fault *fault)
{
	struct kept kept = { .request_id = request_id };

	if (statement != NULL)
		memset(statement, 0, sizeof(*statement));
	if (file != NULL)
		*file = (struct cdr_buffer){ 0 };
	cdr_err err = cdr_store_read(member->home->store, read_statement, &kept);
	if (err == CDR_E_ABSENT)
		err = cdr_fault_set(fault, err, "that employer has not answered");
	if (err == CDR_OK)
		err = open_statement(member, &kept, statement, file);
	cdr_buffer_free(&kept.sealed);
	return err;
}
