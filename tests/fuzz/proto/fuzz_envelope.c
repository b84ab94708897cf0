/*
 * The envelope around a request or a reply. Properties: nothing but what blue signed verifies as blue's request, and nothing
 * but what the hub signed as the hub's reply: the seeds hold one of each, and every mutant that verifies says the same.
 */
#include "tests/fuzz/proto/parties.h"

#define PATH "/v1/roster"

static const uint8_t genesis[CDR_GENESIS_HASH_LEN] = { 7 };
static const struct cdr_bytes request = { (const uint8_t *)"request", 7 };
static const uint8_t body[] = { 0x08, 0x2a };

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	f_make_parties();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_envelope envelope = { 0 };

	cdr_err err = cdr_envelope_open((struct cdr_bytes){ data, len }, &envelope);
	assert(err == CDR_OK || err == CDR_E_INPUT);
	if (err == CDR_OK) {
		assert(envelope.signer != NULL && strlen(envelope.signer) <= CDR_SIGNER_LEN_MAX);
		assert(envelope.body.len + envelope.attachment.len <= len);
		bool is_request = cdr_envelope_verify_request(&envelope, f_member[0].signing, genesis, PATH) == CDR_OK;
		bool is_reply = cdr_envelope_verify_reply(&envelope, f_hub.signing, genesis, PATH, request) == CDR_OK;
		assert(!is_request || strcmp(envelope.signer, "member/blue") == 0);
		assert(!is_reply || strcmp(envelope.signer, "hub") == 0);
		if (is_request || is_reply)
			assert(envelope.body.len == sizeof(body) && memcmp(envelope.body.data, body, sizeof(body)) == 0);
		/* What is good in one place or for one question is good in no other. */
		assert(!is_request ||
		    cdr_envelope_verify_request(&envelope, f_member[0].signing, genesis, "/v1/join") == CDR_E_SIGNATURE);
		assert(!is_reply || cdr_envelope_verify_reply(&envelope, f_hub.signing, genesis, PATH,
			(struct cdr_bytes){ body, 2 }) == CDR_E_SIGNATURE);
		assert(!is_request || !is_reply);
	}
	cdr_envelope_free(&envelope);
	return 0;
}
