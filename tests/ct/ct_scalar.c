/* Scalars: every operation on secrets. */
#include <string.h>

#include "core/crypto/scalar.h"
#include "core/crypto/secret.h"
#include "tests/ct/ct.h"

static void
operate(const uint8_t *a, const uint8_t *b, const uint8_t *wide, uint8_t out[8][CDR_SCALAR_LEN])
{
	uint8_t inverses[2 * CDR_SCALAR_LEN], both[2 * CDR_SCALAR_LEN];

	cdr_scalar_add(a, b, out[0]);
	cdr_scalar_sub(a, b, out[1]);
	cdr_scalar_mul(a, b, out[2]);
	cdr_scalar_invert(a, out[3]);
	cdr_scalar_reduce_wide(wide, out[4]);
	cdr_scalar_lengthen(a, out[5]);
	memcpy(both, a, CDR_SCALAR_LEN);
	memcpy(both + CDR_SCALAR_LEN, b, CDR_SCALAR_LEN);
	cdr_scalar_invert_all(both, 2, inverses);
	memcpy(out[6], inverses, sizeof(inverses));
	MUST(cdr_scalar_valid(a));
	MUST(cdr_scalar_reduced(a));
	MUST(!cdr_equal(a, b, CDR_SCALAR_LEN));
}

int
main(void)
{
	uint8_t a[CDR_SCALAR_LEN], b[CDR_SCALAR_LEN], wide[CDR_SCALAR_WIDE_LEN];
	uint8_t expected[8][CDR_SCALAR_LEN], out[8][CDR_SCALAR_LEN];

	memset(a, 0x5a, sizeof(a));
	memset(b, 0xfe, sizeof(b));
	memset(wide, 0x77, sizeof(wide));
	operate(a, b, wide, expected);
	ct_begun = true;
	SECRET(a, sizeof(a));
	SECRET(b, sizeof(b));
	SECRET(wide, sizeof(wide));
	operate(a, b, wide, out);
	PUBLIC(out, sizeof(out));
	MUST(memcmp(out, expected, sizeof(out)) == 0);
	return 0;
}
