#ifndef CDR_CORE_CRYPTO_GROUP_OPENSSL_H
#define CDR_CORE_CRYPTO_GROUP_OPENSSL_H

/*
 * What the parts of the group share: the only files that call OpenSSL's elliptic curves include this header, after they
 * have defined OPENSSL_SUPPRESS_DEPRECATED. Internal to core/crypto; group.h is for everybody else.
 */

#include "core/crypto/group.h"

#include <openssl/ec.h>

#include "core/crypto/point.h"

struct cdr_points {
	size_t count;
	bool encoded;    /* whether bytes holds them */
	EC_POINT **place;
	uint8_t *bytes;  /* count * CDR_POINT_LEN */
};

struct cdr_fixed_point {
	uint8_t bytes[CDR_POINT_LEN];
	EC_POINT *point;
	EC_GROUP *table; /* the curve with this point as its generator, and OpenSSL's table for it; or NULL */
};

/* Made once by cdr_group_start, then only read. */
extern EC_GROUP *cdr_openssl_curve;
/* Whether the deprecated calls give what the others give: EC_POINTs_mul, Jacobian coordinates, tables. */
extern bool cdr_openssl_shortcuts;
/* A scalar of which a multiple of the generator is known: to compare two ways to compute. */
extern const uint8_t cdr_openssl_known[CDR_SCALAR_LEN];

/* A computation that can take numbers, and its end, which wipes and frees them. NULL does nothing there. */
BN_CTX *cdr_openssl_begin(bool secret);
void cdr_openssl_end(BN_CTX *ctx);

/* A new number of this computation with the value of ${k}, freed and wiped with ${ctx}. No top word is zero. */
CDR_MUST_CHECK cdr_err cdr_openssl_number(BN_CTX *ctx, const uint8_t k[static CDR_SCALAR_LEN], const BIGNUM **out);

/* Put ${a} into ${place}; CDR_E_POINT if it is not on the curve. */
CDR_MUST_CHECK cdr_err cdr_openssl_place_set(EC_POINT *place, const struct cdr_affine *a, BN_CTX *ctx);

/* The affine forms of ${count} places; CDR_E_POINT if one is the identity. */
CDR_MUST_CHECK cdr_err cdr_openssl_affine(EC_POINT *const *places, size_t count, BN_CTX *ctx, struct cdr_affine *out);

/* place = base * G + scalar * point; either scalar may be NULL. Constant time: ecp_nistz256. */
CDR_MUST_CHECK cdr_err cdr_openssl_multiply(EC_POINT *place, const BIGNUM *base, const EC_POINT *point,
    const BIGNUM *scalar, BN_CTX *ctx);

/* Whether two places hold one point; the plain way against the one in use. */
bool cdr_openssl_agree(EC_POINT *plain, EC_POINT *used, BN_CTX *ctx);

#endif
