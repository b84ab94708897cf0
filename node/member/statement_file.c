#include "node/member/statement_file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "node/member/member.h"
#include "node/member/wire.h"

/* The two rosters of a file. */
struct rosters {
	struct cdr_roster *genesis;
	struct cdr_roster *roster;
	struct cdr_roster *handover;  /* the last that was followed on the way */
};

/* Each roster that brought other trustees follows from the one before, beginning with the genesis roster. */
static cdr_err
verify_handovers(const Cdr__Wire__StatementFile *message, struct rosters *rosters, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_roster *before = rosters->genesis;

	if (message->n_handover > CDR_HANDOVER_COUNT_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "the file holds more than %d rosters that brought other trustees",
		    CDR_HANDOVER_COUNT_MAX);
	for (size_t i = 0; i < message->n_handover; i++) {
		struct cdr_roster *next = NULL;
		CDR_TRY(cdr_roster_decode(cdr_message_bytes(message->handover[i]), &next, fault));
		err = cdr_roster_verify_next(next, before, fault);
		cdr_roster_free(rosters->handover);
		rosters->handover = next;
		before = next;
		CDR_TRY(err);
	}
	CDR_TRY(cdr_roster_verify_next(rosters->roster, before, fault));
	err = CDR_OK;
out:
	return err;
}

/* The genesis roster is the expected one, and the other follows from it. */
static cdr_err
verify_rosters(const Cdr__Wire__StatementFile *message, const uint8_t *expected, struct rosters *rosters,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_roster_decode(cdr_message_bytes(message->genesis), &rosters->genesis, fault));
	CDR_TRY(cdr_roster_decode(cdr_message_bytes(message->roster), &rosters->roster, fault));
	CDR_TRY(cdr_roster_verify_genesis(rosters->genesis, expected != NULL ? expected : rosters->genesis->hash, fault));
	CDR_TRY(verify_handovers(message, rosters, fault));
	err = CDR_OK;
out:
	return err;
}

/* The letter says who wrote it; the roster says with which key; the signature must hold. */
static cdr_err
verify_letter(const Cdr__Wire__StatementFile *message, const struct rosters *rosters, struct cdr_arena *arena,
    struct cdr_statement_file *file, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__Letter *body;

	if (message->receiver_sealing_key.len != CDR_HPKE_PUBLIC_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "the receiver's key in the file is none");
	err = cdr_message_decode(arena, &cdr__wire__letter__descriptor, cdr_message_bytes(message->letter), &body);
	if (err == CDR_E_INPUT)
		err = cdr_fault_set(fault, err, "the file holds a letter that is none");
	CDR_TRY(err);
	if (body->content_case != CDR__WIRE__LETTER__CONTENT_STATEMENT || body->request_id.len != CDR_ID_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "the file holds a letter that is no statement");
	const Cdr__Wire__Member *signer = cdr_roster_member(rosters->roster, body->from);
	if (signer == NULL)
		return cdr_fault_set(fault, CDR_E_ABSENT, "the roster in the file names no member %s", body->from);
	err = cdr_letter_verify(cdr_message_bytes(message->letter), cdr_message_bytes(message->signature),
	    signer->party->signing_key.data, message->receiver_sealing_key.data, rosters->genesis->hash);
	if (err == CDR_E_SIGNATURE)
		err = cdr_fault_set(fault, err,
		    "the signature does not hold: %s did not sign this statement, or it was changed afterwards", body->from);
	CDR_TRY(err);
	err = cdr_wire_read_statement(body->statement, body->request_id.data, &file->statement);
	if (err != CDR_OK)
		return cdr_fault_set(fault, CDR_E_INPUT, "the statement holds more than a statement may, or a date that is none");
	if (strcmp(file->statement.responder, body->from) != 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "the statement speaks for another organisation than its signer");
	CDR_TRY(cdr_wire_text(body->from, file->signer, sizeof(file->signer)));
	memcpy(file->signer_key, signer->party->signing_key.data, sizeof(file->signer_key));
	CDR_TRY(cdr_wire_text(signer->party->name, file->signer_name, sizeof(file->signer_name)));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/statement_file.h */
cdr_err
cdr_statement_code_read(const char *text, uint8_t code[static CDR_ID_LEN])
{
	size_t len = strlen(CDR_STATEMENT_CODE_PREFIX);

	return cdr_id_read(strncasecmp(text, CDR_STATEMENT_CODE_PREFIX, len) == 0 ? text + len : text, code);
}

/* The code of a statement: 128 bits of a hash over the letter and its signature, so of this statement and of no other. */
static cdr_err
make_code(const Cdr__Wire__StatementFile *message, uint8_t code[static CDR_ID_LEN])
{
	static const char label[] = "candor/1 statement code";
	uint8_t letter[CDR_SHA256_LEN], hash[CDR_SHA256_LEN];
	const struct cdr_bytes content = cdr_message_bytes(message->letter);
	const struct cdr_bytes parts[] = {
		{ (const uint8_t *)label, sizeof(label) }, { letter, sizeof(letter) }, cdr_message_bytes(message->signature)
	};

	cdr_err err = cdr_sha256(&content, 1, letter);
	if (err == CDR_OK)
		err = cdr_sha256(parts, 3, hash);
	if (err == CDR_OK)
		memcpy(code, hash, CDR_ID_LEN);
	return err;
}

/* What was signed may still be what no statement may say. */
static cdr_err
judge(const struct rosters *rosters, const struct cdr_codebook *codebook, const struct cdr_statement *statement,
    struct cdr_fault *fault)
{
	struct cdr_record_rules rules = {
		.codebook = codebook,
		.today = cdr_member_day(statement->signed_at),
		.lookback_years = rosters->roster->body->scheme->lookback_years,
	};

	return cdr_statement_validate(statement, &rules, fault);
}

/* see node/member/statement_file.h */
cdr_err
cdr_statement_file_verify(struct cdr_bytes bytes, const uint8_t *genesis, const struct cdr_codebook *codebook,
    struct cdr_statement_file *file, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 }, letter_arena = { 0 };
	struct rosters rosters = { 0 };
	Cdr__Wire__StatementFile *message;

	memset(file, 0, sizeof(*file));
	err = cdr_message_decode(&arena, &cdr__wire__statement_file__descriptor, bytes, &message);
	if (err == CDR_E_INPUT)
		err = cdr_fault_set(fault, err, "this is not a statement as `candor statement export` writes it");
	CDR_TRY(err);
	CDR_TRY(verify_rosters(message, genesis, &rosters, fault));
	CDR_TRY(verify_letter(message, &rosters, &letter_arena, file, fault));
	CDR_TRY(judge(&rosters, codebook, &file->statement, fault));
	CDR_TRY(make_code(message, file->code));
	memcpy(file->genesis, rosters.genesis->hash, sizeof(file->genesis));
	file->roster_version = rosters.roster->body->version;
	err = CDR_OK;
out:
	if (err != CDR_OK)
		cdr_wipe(file, sizeof(*file));
	cdr_roster_free(rosters.genesis);
	cdr_roster_free(rosters.roster);
	cdr_roster_free(rosters.handover);
	cdr_arena_free(&letter_arena);
	cdr_arena_free(&arena);
	return err;
}
