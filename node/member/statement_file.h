#ifndef CDR_NODE_MEMBER_STATEMENT_FILE_H
#define CDR_NODE_MEMBER_STATEMENT_FILE_H

/*
 * A statement that was exported, verified with no network: the roster follows from the genesis roster, names the signer,
 * and the signature over the letter holds.
 */

#include "core/record/statement.h"
#include "proto/letter.h"

#define CDR_STATEMENT_FILE_MAX (2 * CDR_BODY_ROSTER_MAX)

struct cdr_statement_file {
	struct cdr_statement statement;            /* personal */
	uint8_t genesis[CDR_GENESIS_HASH_LEN];     /* the exchange that it belongs to */
	char signer[CDR_SLUG_LEN_MAX + 1];         /* member id */
	char signer_name[CDR_PARTY_NAME_LEN_MAX + 1];
	uint8_t signer_key[CDR_SIGN_PUBLIC_LEN];   /* with which it signed */
	uint64_t roster_version;
	uint8_t code[CDR_ID_LEN];                  /* of what was signed: printed on paper, to be compared (PROTOCOL.md) */
};

/* What a QR code on paper begins with; the code follows, as cdr_id_write has it. */
#define CDR_STATEMENT_CODE_PREFIX "candor:statement:"

/**
 * cdr_statement_code_read(text, code):
 * A code as it stands on paper, or as its QR code is read.
 *
 * Returns  CDR_OK; CDR_E_INPUT if it is none (code is then zero).
 */
CDR_MUST_CHECK cdr_err cdr_statement_code_read(const char *text, uint8_t code[static CDR_ID_LEN]);

/**
 * cdr_statement_file_verify(bytes, genesis, codebook, file, fault):
 * Read and verify an exported statement: who signed it, and that it says what a statement may say (cdr_statement_validate, by
 * the rules of the day on which it was signed).
 *
 * genesis  in   the fingerprint of the exchange, from elsewhere than the file; NULL: the one in the file is taken, and whether
 *               it is the right one is for the caller to ask
 * file     out, personal   all zero on error; wiped by the caller
 *
 * Returns  CDR_OK; CDR_E_INPUT if it is no such file; CDR_E_ROSTER if its rosters do not hold; CDR_E_ABSENT if the roster
 *          does not name the signer; CDR_E_SIGNATURE if the signature does not hold; CDR_E_REFUSED if the statement is against
 *          a rule; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_statement_file_verify(struct cdr_bytes bytes, const uint8_t *genesis,
    const struct cdr_codebook *codebook, struct cdr_statement_file *file, struct cdr_fault *fault);

#endif
