#include "tests/unit/unit.h"

#include <netinet/in.h>

#include "node/net/address.h"

static void
test_both_ways(void **state)
{
	static const char *const good[] = { "127.0.0.1:0", "0.0.0.0:65535", "[::1]:8443", "[fe80::1:2]:1" };
	struct sockaddr_storage address;
	char text[CDR_ADDRESS_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(cdr_address_read(good[i], &address) > 0);
		(void)cdr_address_write(&address, text);
		assert_string_equal(text, good[i]);
	}
	assert_int_equal(cdr_address_read("[::1]:8443", &address), sizeof(struct sockaddr_in6));
	assert_int_equal(cdr_address_write(&address, text), 8443);
	assert_int_equal(cdr_address_read("1.2.3.4:443", &address), sizeof(struct sockaddr_in));
}

static void
test_refused(void **state)
{
	static const char *const wrong[] = { "", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
		"127.0.0.1:+1", "127.0.0.1: 1", "127.0.0.1:000001", "1.2.3:4", "localhost:1", ":80", "::1:80", "[::1]", "[::1]80",
		"[127.0.0.1]:1", "[]:1", "[::1:1",
		"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]:1" };
	static const struct sockaddr_storage nothing;
	struct sockaddr_storage address;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (cdr_address_read(wrong[i], &address) != 0)
			fail_msg("%s", wrong[i]);
		assert_int_equal(address.ss_family, nothing.ss_family);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
