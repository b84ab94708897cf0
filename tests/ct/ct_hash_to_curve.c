/* Hashing to the curve: from a token's first byte on, through SHA-256, both maps, the addition, the inversion. */
#include <string.h>

#include "core/crypto/hash_to_curve.h"
#include "tests/ct/ct.h"

#define DST "tag"

static const struct cdr_bytes dst = { (const uint8_t *)DST, sizeof(DST) - 1 };

int
main(void)
{
	uint8_t text[100], expected[CDR_AFFINE_LEN], out[CDR_AFFINE_LEN], k[CDR_SCALAR_LEN];
	struct cdr_affine a;

	memset(text, 'x', sizeof(text));
	for (size_t len = 0; len <= sizeof(text); len += 50) {
		const struct cdr_bytes msg = { text, len };
		MUST(cdr_hash_to_curve(msg, dst, &a) == CDR_OK);
		cdr_affine_compress(&a, expected);
		SECRET(text, sizeof(text));
		MUST(cdr_hash_to_curve(msg, dst, &a) == CDR_OK);
		cdr_affine_compress(&a, out);
		MUST(cdr_hash_to_scalar(&msg, 1, dst, k) == CDR_OK);
		PUBLIC(text, sizeof(text));
		PUBLIC(out, sizeof(out));
		MUST(memcmp(out, expected, sizeof(out)) == 0);
	}
	return 0;
}
