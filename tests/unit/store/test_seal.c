#include "tests/unit/unit.h"

#include "core/crypto/secret.h"
#include "node/store/seal.h"

static const uint8_t key[CDR_SEAL_KEY_LEN] = "another example of a key, 32 by.";
static const uint8_t other_key[CDR_SEAL_KEY_LEN] = "another example of a key, 32 by!";
static const struct cdr_bytes id = { (const uint8_t *)"id-1", 4 };
static const struct cdr_bytes plain = { (const uint8_t *)"a name", 6 };

static struct cdr_buffer
must_seal(struct cdr_bytes bytes)
{
	struct cdr_buffer sealed;

	assert_int_equal(cdr_seal(key, "leaver.identity", id, bytes, &sealed), CDR_OK);
	assert_int_equal(sealed.len, bytes.len + CDR_SEAL_OVERHEAD);
	return sealed;
}

static void
test_round_trip(void **state)
{
	struct cdr_buffer sealed = must_seal(plain), again = must_seal(plain), opened;

	(void)state;
	assert_memory_not_equal(sealed.data, again.data, sealed.len); /* the nonce is random */
	assert_int_equal(cdr_seal_open(key, "leaver.identity", id, cdr_buffer_bytes(&sealed), &opened), CDR_OK);
	assert_int_equal(opened.len, plain.len);
	assert_memory_equal(opened.data, plain.data, plain.len);
	cdr_buffer_free(&opened);
	cdr_buffer_free(&sealed);
	cdr_buffer_free(&again);

	sealed = must_seal((struct cdr_bytes){ NULL, 0 });
	assert_int_equal(cdr_seal_open(key, "leaver.identity", id, cdr_buffer_bytes(&sealed), &opened), CDR_OK);
	assert_int_equal(opened.len, 0);
	cdr_buffer_free(&opened);
	cdr_buffer_free(&sealed);
}

/* Another key, purpose or record; the border between purpose and record moved; any byte changed; cut short. */
static void
test_does_not_open_elsewhere(void **state)
{
	const struct cdr_bytes other_id = { (const uint8_t *)"id-2", 4 }, moved = { (const uint8_t *)"yid-1", 5 };
	struct cdr_buffer sealed = must_seal(plain), opened;
	struct cdr_bytes bytes = cdr_buffer_bytes(&sealed);

	(void)state;
	assert_int_equal(cdr_seal_open(other_key, "leaver.identity", id, bytes, &opened), CDR_E_SEALED);
	assert_null(opened.data);
	assert_int_equal(cdr_seal_open(key, "leaver.post", id, bytes, &opened), CDR_E_SEALED);
	assert_int_equal(cdr_seal_open(key, "leaver.identity", other_id, bytes, &opened), CDR_E_SEALED);
	assert_int_equal(cdr_seal_open(key, "leaver.identit", moved, bytes, &opened), CDR_E_SEALED);
	for (size_t i = 0; i < sealed.len; i++) {
		sealed.data[i] ^= 0x40;
		assert_int_equal(cdr_seal_open(key, "leaver.identity", id, bytes, &opened), CDR_E_SEALED);
		sealed.data[i] ^= 0x40;
	}
	for (bytes.len = 0; bytes.len < sealed.len; bytes.len++)
		assert_int_equal(cdr_seal_open(key, "leaver.identity", id, bytes, &opened), CDR_E_SEALED);
	cdr_buffer_free(&sealed);
}

static void
test_ranges(void **state)
{
	static const uint8_t data[256];
	const struct cdr_bytes long_id = { data, 256 }, too_long = { data, (size_t)CDR_SEAL_PLAIN_MAX + 1 };
	const struct cdr_bytes long_sealed = { data, (size_t)CDR_SEAL_PLAIN_MAX + CDR_SEAL_OVERHEAD + 1 };
	struct cdr_buffer out;
	char purpose[257];

	(void)state;
	memset(purpose, 'p', 256);
	purpose[256] = '\0';
	assert_int_equal(cdr_seal(key, "", id, plain, &out), CDR_E_RANGE);
	assert_int_equal(cdr_seal(key, purpose, id, plain, &out), CDR_E_RANGE);
	assert_int_equal(cdr_seal(key, "p", long_id, plain, &out), CDR_E_RANGE);
	assert_int_equal(cdr_seal(key, "p", id, too_long, &out), CDR_E_RANGE);
	assert_int_equal(cdr_seal_open(key, "", id, (struct cdr_bytes){ data, 64 }, &out), CDR_E_RANGE);
	assert_int_equal(cdr_seal_open(key, "p", id, long_sealed, &out), CDR_E_RANGE);
	assert_null(out.data);
}

static int
start(void **state)
{
	(void)state;
	return cdr_secret_start(NULL) == CDR_OK ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_does_not_open_elsewhere),
		cmocka_unit_test(test_ranges),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
