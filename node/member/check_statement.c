#include "node/member/check.h"

#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/check_letters.h"
#include "node/member/wire.h"

/* Statements that came: see node/member/check.h. */

#define ROSTER_MAX (CDR_HANDOVER_COUNT_MAX + 2)
#define STATEMENT_SEALED_MAX (CDR_MAIL_PLAIN_LEN + 1024)

/* The sealed letter of a statement, and the rosters that an exported one needs: genesis first, the newest last. */
struct kept {
	const uint8_t *request_id;
	struct cdr_buffer sealed;
	struct cdr_roster *roster[ROSTER_MAX];
	size_t roster_count;
};

static cdr_err
read_rosters(struct cdr_tx *tx, struct kept *kept)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes bytes;

	CDR_TRY(cdr_query_start(tx, "SELECT bytes FROM roster ORDER BY version", CDR_VALUES(), &query));
	while (kept->roster_count < ROSTER_MAX && (err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob_peek(query, 0, CDR_BODY_ROSTER_MAX, &bytes));
		CDR_TRY(cdr_roster_decode(bytes, &kept->roster[kept->roster_count], NULL));
		kept->roster_count++;
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

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
	CDR_TRY(read_rosters(tx, kept));
	err = kept->roster_count > 1 ? CDR_OK : CDR_E_STORE;
out:
	cdr_query_end(query);
	return err;
}

/*
 * The newest roster in which the writer has the key that it signed with: it may have enrolled anew since. A signature that holds
 * under none (it was verified when the letter came) leaves the newest.
 */
static const struct cdr_roster *
find_roster(const struct cdr_member *member, const struct kept *kept, const Cdr__Wire__StatementFile *file, const char *writer)
{
	for (size_t i = kept->roster_count; i > 1; i--) {
		const Cdr__Wire__Member *entry = cdr_roster_member(kept->roster[i - 1], writer);

		if (entry != NULL && cdr_letter_verify(cdr_message_bytes(file->letter), cdr_message_bytes(file->signature),
			entry->party->signing_key.data, file->receiver_sealing_key.data, member->genesis) == CDR_OK)
			return kept->roster[i - 1];
	}
	return kept->roster[kept->roster_count - 1];
}

/* Letter, signature, whom it was for, and the rosters that say whose key that is. */
static cdr_err
write_file(struct cdr_member *member, const struct kept *kept, const Cdr__Wire__KeptStatement *letter, const char *writer,
    struct cdr_buffer *file)
{
	uint8_t key[CDR_HPKE_PUBLIC_LEN];
	ProtobufCBinaryData handover[ROSTER_MAX];
	Cdr__Wire__StatementFile message = CDR__WIRE__STATEMENT_FILE__INIT;

	message.letter = letter->letter;
	message.signature = letter->signature;
	cdr_keyring_public(member->keyring, key);
	message.receiver_sealing_key =
	    letter->has_receiver_sealing_key ? letter->receiver_sealing_key : cdr_message_field(key, sizeof(key));
	const struct cdr_roster *roster = find_roster(member, kept, &message, writer);
	message.genesis = cdr_message_field(kept->roster[0]->bytes.data, kept->roster[0]->bytes.len);
	message.roster = cdr_message_field(roster->bytes.data, roster->bytes.len);
	message.handover = handover;
	for (size_t i = 1; i < kept->roster_count && kept->roster[i] != roster; i++)
		if (!cdr_roster_same_trustees(kept->roster[i]->body, kept->roster[i - 1]->body))
			handover[message.n_handover++] = cdr_message_field(kept->roster[i]->bytes.data, kept->roster[i]->bytes.len);
	return cdr_message_encode(&message.base, file);
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
		CDR_TRY(write_file(member, kept, outer, body->from, file));
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
	for (size_t i = 0; i < kept.roster_count; i++)
		cdr_roster_free(kept.roster[i]);
	return err;
}
