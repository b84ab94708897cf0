/*
 * Where a secret stops being one, for the check under valgrind: the linker puts each __wrap_ function in place of the
 * function of that name (ld --wrap), so the product's code knows nothing of it. What stands here is the whole list.
 */
#include <string.h>

#include <openssl/bn.h>
#include "core/crypto/point.h"
#include "core/crypto/scalar.h"
#include "core/crypto/secret.h"
#include "tests/ct/ct.h"

bool ct_begun;

/*
 * OpenSSL takes over. Inside it the scalar meets only ecp_nistz256, which is written in constant time, but on the way
 * stand BIGNUMs, which drop zero words at the top: core/crypto/group.c sees to it that a scalar has none, and for a
 * coordinate there is one in 2^64 times. valgrind would report that comparison, so it sees a defined copy.
 */
BIGNUM *__real_BN_bin2bn(const unsigned char *bytes, int len, BIGNUM *out);
BIGNUM *__wrap_BN_bin2bn(const unsigned char *bytes, int len, BIGNUM *out);

BIGNUM *
__wrap_BN_bin2bn(const unsigned char *bytes, int len, BIGNUM *out)
{
	unsigned char copy[64];

	if (len < 0 || (size_t)len > sizeof(copy))
		return NULL;
	memcpy(copy, bytes, (size_t)len);
	PUBLIC(copy, (size_t)len);
	return __real_BN_bin2bn(copy, len, out);
}

/* OpenSSL gives back: every coordinate is a secret again, once the check has begun. */
int __real_BN_bn2binpad(const BIGNUM *number, unsigned char *bytes, int len);
int __wrap_BN_bn2binpad(const BIGNUM *number, unsigned char *bytes, int len);

int
__wrap_BN_bn2binpad(const BIGNUM *number, unsigned char *bytes, int len)
{
	int written = __real_BN_bn2binpad(number, bytes, len);

	if (written > 0 && ct_begun)
		SECRET(bytes, (size_t)written);
	return written;
}

/* Whether a scalar, a coordinate or a point is one at all shows in the returned code, as the headers say. */
bool __real_cdr_scalar_valid(const uint8_t k[static CDR_SCALAR_LEN]);
bool __wrap_cdr_scalar_valid(const uint8_t k[static CDR_SCALAR_LEN]);

bool
__wrap_cdr_scalar_valid(const uint8_t k[static CDR_SCALAR_LEN])
{
	bool answer = __real_cdr_scalar_valid(k);
	PUBLIC(&answer, sizeof(answer));
	return answer;
}

bool __real_cdr_scalar_reduced(const uint8_t k[static CDR_SCALAR_LEN]);
bool __wrap_cdr_scalar_reduced(const uint8_t k[static CDR_SCALAR_LEN]);

bool
__wrap_cdr_scalar_reduced(const uint8_t k[static CDR_SCALAR_LEN])
{
	bool answer = __real_cdr_scalar_reduced(k);
	PUBLIC(&answer, sizeof(answer));
	return answer;
}

uint64_t __real_cdr_field_read(const uint8_t in[static CDR_FIELD_LEN], struct cdr_field *out);
uint64_t __wrap_cdr_field_read(const uint8_t in[static CDR_FIELD_LEN], struct cdr_field *out);

uint64_t
__wrap_cdr_field_read(const uint8_t in[static CDR_FIELD_LEN], struct cdr_field *out)
{
	uint64_t below = __real_cdr_field_read(in, out);
	PUBLIC(&below, sizeof(below));
	return below;
}

uint64_t __real_cdr_projective_normalise(const struct cdr_projective *a, struct cdr_affine *out);
uint64_t __wrap_cdr_projective_normalise(const struct cdr_projective *a, struct cdr_affine *out);

uint64_t
__wrap_cdr_projective_normalise(const struct cdr_projective *a, struct cdr_affine *out)
{
	uint64_t is_point = __real_cdr_projective_normalise(a, out);
	PUBLIC(&is_point, sizeof(is_point));
	return is_point;
}

uint64_t __real_cdr_projective_normalise_all(const struct cdr_projective *points, size_t count, struct cdr_affine *out);
uint64_t __wrap_cdr_projective_normalise_all(const struct cdr_projective *points, size_t count, struct cdr_affine *out);

uint64_t
__wrap_cdr_projective_normalise_all(const struct cdr_projective *points, size_t count, struct cdr_affine *out)
{
	uint64_t are_points = __real_cdr_projective_normalise_all(points, count, out);
	PUBLIC(&are_points, sizeof(are_points));
	return are_points;
}

/* Whether two strings are equal is what the caller asked for. */
bool __real_cdr_equal(const void *a, const void *b, size_t len);
bool __wrap_cdr_equal(const void *a, const void *b, size_t len);

bool
__wrap_cdr_equal(const void *a, const void *b, size_t len)
{
	bool answer = __real_cdr_equal(a, b, len);
	PUBLIC(&answer, sizeof(answer));
	return answer;
}
