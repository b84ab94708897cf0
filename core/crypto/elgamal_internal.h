#ifndef CDR_CORE_CRYPTO_ELGAMAL_INTERNAL_H
#define CDR_CORE_CRYPTO_ELGAMAL_INTERNAL_H

/* What elgamal.c and range.c share. */

#include "core/crypto/elgamal.h"
#include "core/crypto/point.h"

#define CDR_ELGAMAL_DIGITS 4   /* a number of 32 bits in digits of 8 */
#define CDR_ELGAMAL_DIGIT 256

struct cdr_elgamal {
	struct cdr_fixed_point *point;
	struct cdr_affine affine;      /* the same */
	/* multiple[d][j] = j * 256^d * G; (0, 0) for j = 0 */
	struct cdr_affine (*multiple)[CDR_ELGAMAL_DIGIT];
};

struct cdr_ciphers {
	size_t count;
	struct cdr_affine point[];     /* A, B, A, B, ... */
};

/* where bit (a mask), else the identity */
void cdr_elgamal_choose(uint64_t mask, const struct cdr_affine *a, struct cdr_projective *out);

#endif
