/* A public key, a proof, and as many points sent as came back: verifying says yes, no, or that there is no point. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/crypto/oprf.h"

#define COUNT_MAX 4

static void
verify(const uint8_t *key, const uint8_t *proof, struct cdr_points *blinded, struct cdr_points *evaluated)
{
	uint8_t changed[CDR_PROOF_LEN];
	cdr_err err = cdr_oprf_verify(key, blinded, evaluated, proof);

	assert(err == CDR_OK || err == CDR_E_PROOF || err == CDR_E_POINT);
	if (err != CDR_OK)
		return;
	/* It holds: then no other response does, and not for the points the other way round. */
	memcpy(changed, proof, sizeof(changed));
	changed[CDR_PROOF_LEN - 1] ^= 1;
	assert(cdr_oprf_verify(key, blinded, evaluated, changed) == CDR_E_PROOF);
	assert(cdr_oprf_verify(key, evaluated, blinded, proof) == CDR_E_PROOF);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *key = data, *proof = data + CDR_POINT_LEN, *points = proof + CDR_PROOF_LEN;
	struct cdr_points *blinded = NULL, *evaluated = NULL;

	if (len < CDR_POINT_LEN + CDR_PROOF_LEN + 2 * CDR_POINT_LEN)
		return 0;
	size_t count = (len - CDR_POINT_LEN - CDR_PROOF_LEN) / CDR_POINT_LEN / 2;
	if (count > COUNT_MAX)
		count = COUNT_MAX;
	if (cdr_points_decode(points, count, &blinded) == CDR_OK &&
	    cdr_points_decode(points + count * CDR_POINT_LEN, count, &evaluated) == CDR_OK)
		verify(key, proof, blinded, evaluated);
	cdr_points_free(blinded);
	cdr_points_free(evaluated);
	return 0;
}
