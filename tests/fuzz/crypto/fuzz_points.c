/* Points of any bytes: our decoder takes what OpenSSL takes in the same form, and it comes out again as it was. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include "core/crypto/group.h"

#define COUNT_MAX 32

static EC_GROUP *group;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	assert(group != NULL);
	return 0;
}

/* OpenSSL also takes the identity and hybrid forms: we do not. */
static bool
openssl_takes(const uint8_t *bytes, size_t len)
{
	EC_POINT *point = EC_POINT_new(group);

	assert(point != NULL);
	bool taken = EC_POINT_oct2point(group, point, bytes, len, NULL) == 1;
	EC_POINT_free(point);
	ERR_clear_error();
	return taken && (len == CDR_POINT_LEN ? bytes[0] == 2 || bytes[0] == 3 : bytes[0] == 4);
}

static void
decode(const uint8_t *data, size_t count)
{
	static const uint8_t one[CDR_SCALAR_LEN] = { [CDR_SCALAR_LEN - 1] = 1 };
	struct cdr_points *points, *same;
	bool all = true;

	for (size_t i = 0; i < count; i++)
		all = all && openssl_takes(data + i * CDR_POINT_LEN, CDR_POINT_LEN);
	cdr_err err = cdr_points_decode(data, count, &points);
	assert(err == (all ? CDR_OK : CDR_E_POINT));
	if (err != CDR_OK) {
		assert(points == NULL);
		return;
	}
	/* Once through the arithmetic, so that the bytes are made anew. */
	assert(cdr_points_mul(one, points, &same) == CDR_OK);
	assert(cdr_points_encode(same) == CDR_OK);
	assert(memcmp(cdr_points_peek(same, 0), data, count * CDR_POINT_LEN) == 0);
	cdr_points_free(points);
	cdr_points_free(same);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t one[CDR_SCALAR_LEN] = { [CDR_SCALAR_LEN - 1] = 1 };
	uint8_t x[32];

	if (len == CDR_POINT_UNCOMPRESSED_LEN) {
		cdr_err err = cdr_group_ecdh(one, data, x);
		assert(err == (openssl_takes(data, len) ? CDR_OK : CDR_E_POINT));
		assert(err != CDR_OK || memcmp(x, data + 1, 32) == 0);
	}
	size_t count = len / CDR_POINT_LEN;
	if (count >= 1)
		decode(data, count < COUNT_MAX ? count : COUNT_MAX);
	/* A trustee's answer is mostly one changed point among many. */
	if (count > 1)
		decode(data, 1);
	return 0;
}
