/*
 * A file that says it is an exported statement. Properties: one that verifies names its signer and its exchange, verifies with
 * that exchange's fingerprint and with no other, and passes the rules of statements; one that does not leaves nothing and says
 * why. The seeds hold a true one: no mutant that verifies says anything else.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "node/member/statement_file.h"

static struct cdr_codebook *codebook;
static struct cdr_statement_file file, again;

static void
stop(void)
{
	cdr_codebook_free(codebook);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, &codebook, NULL) != CDR_OK)
		abort();
	return atexit(stop);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct cdr_statement_file zero;
	struct cdr_bytes bytes = { data, len };
	struct cdr_fault fault = { 0 };

	cdr_err err = cdr_statement_file_verify(bytes, NULL, codebook, &file, &fault);
	if (err != CDR_OK) {
		assert(fault.code == err && fault.text[0] != '\0' && memcmp(&file, &zero, sizeof(zero)) == 0);
		return 0;
	}
	assert(strcmp(file.signer, "green") == 0 && strcmp(file.statement.responder, "green") == 0);
	assert(strcmp(file.statement.signer_name, "Grace Mwangi") == 0 && strcmp(file.statement.finding, "no_record") == 0);
	assert(cdr_statement_file_verify(bytes, file.genesis, codebook, &again, NULL) == CDR_OK);
	assert(memcmp(&file, &again, sizeof(file)) == 0);
	file.genesis[0] ^= 1;
	assert(cdr_statement_file_verify(bytes, file.genesis, codebook, &again, NULL) == CDR_E_ROSTER);
	return 0;
}
