/* Locked memory, wiping, comparing, random bytes. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "core/crypto/secret.h"

/* In a child that may lock ${len} bytes: 0 if start refuses, tells why, and nothing is handed out afterwards. */
static int
start_with_little(rlim_t len)
{
	const struct rlimit little = { len, len };
	struct cdr_fault fault = { 0 };

	if (setrlimit(RLIMIT_MEMLOCK, &little) != 0)
		return 2;
	/* Root may lock as much as it wants. */
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
		return 3;
	if (cdr_secret_start(&fault) != CDR_E_MEMORY)
		return 4;
	if (fault.code != CDR_E_MEMORY || strstr(fault.text, "LimitMEMLOCK") == NULL)
		return 5;
	if (cdr_secret_start(NULL) != CDR_E_MEMORY)
		return 6;
	return cdr_secret_alloc(32) == NULL ? 0 : 7;
}

/* Runs first: once this process has started there is no way back. */
static void
start_refuses_what_it_cannot_lock(void **state)
{
	(void)state;
	const rlim_t limits[] = {
		65536, /* room for no pool */
#ifndef __SANITIZE_ADDRESS__
		CDR_SECRET_POOL_LEN + 65536, /* for the first, which takes no room where the sanitizer makes mlock do nothing */
#endif
	};

	assert_null(cdr_secret_alloc(32));
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		int status = 0;
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			_exit(start_with_little(limits[i]));
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

static void
start_forbids_dumps(void **state)
{
	(void)state;
	struct cdr_fault fault = { 0 };
	struct rlimit core;

	assert_int_equal(cdr_secret_start(&fault), CDR_OK);
	assert_string_equal(fault.text, "");
	assert_int_equal(cdr_secret_start(NULL), CDR_OK);
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
	assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
	assert_int_equal(core.rlim_max, 0);
}

static void
memory_comes_zeroed_and_ends(void **state)
{
	(void)state;
	static const uint8_t zero[4096];
	uint8_t *p = cdr_secret_alloc(sizeof(zero));

	assert_non_null(p);
	assert_memory_equal(p, zero, sizeof(zero));
	memset(p, 0xa5, sizeof(zero));
	cdr_secret_free(p);
	/* The same place is handed out again, without what stood there. */
	p = cdr_secret_alloc(sizeof(zero));
	assert_non_null(p);
	assert_memory_equal(p, zero, sizeof(zero));
	cdr_secret_free(p);
	cdr_secret_free(NULL);

	assert_null(cdr_secret_alloc(0));
	assert_null(cdr_secret_alloc(CDR_SECRET_POOL_LEN + 1));
	assert_null(cdr_secret_alloc(SIZE_MAX));
	/* Exhausted: NULL, and not memory from elsewhere. */
	void *most = cdr_secret_alloc(CDR_SECRET_POOL_LEN / 4 * 3);
	assert_non_null(most);
	assert_null(cdr_secret_alloc(CDR_SECRET_POOL_LEN / 2));
	cdr_secret_free(most);
}

/* Looking at freed memory is what AddressSanitizer is there to forbid. */
#ifndef __SANITIZE_ADDRESS__
/* Memory that was given back, still mapped: whether ${len} bytes of it hold nothing but zeros. */
static bool
is_wiped(const volatile uint8_t *p, size_t len)
{
	uint8_t seen = 0;

	for (size_t i = 0; i < len; i++)
		seen |= p[i];
	return seen == 0;
}

#define WIPED_LEN 4096
#define NOTE_LEN 16 /* of the front: malloc writes its lists over the first bytes of what it takes back */

static void
wiping_memory_is_wiped(void **state)
{
	(void)state;
	const volatile uint8_t *seen;
	uint8_t *p = cdr_wiping_alloc(WIPED_LEN), *keep;

	assert_non_null(p);
	memset(p, 0xa5, WIPED_LEN);
	seen = p + NOTE_LEN;
	cdr_wiping_free(p);
	assert_true(is_wiped(seen, WIPED_LEN - NOTE_LEN));

	/* Also when it moves, be it to a smaller place. */
	p = cdr_wiping_alloc(WIPED_LEN);
	assert_non_null(p);
	memset(p, 0xa5, WIPED_LEN);
	seen = p + NOTE_LEN;
	keep = cdr_wiping_resize(p, 64);
	assert_non_null(keep);
	assert_int_equal(cdr_wiping_len(keep), 64);
	assert_int_equal(keep[0], 0xa5);
	assert_int_equal(keep[63], 0xa5);
	assert_true(is_wiped(seen, WIPED_LEN - NOTE_LEN));
	cdr_wiping_free(keep);
}

/* OpenSSL's own heap. That a scalar is left nowhere in it is shown by tests/net/50-nothing-personal. */
static void
openssl_wipes_what_it_frees(void **state)
{
	(void)state;
	uint8_t *p = OPENSSL_malloc(WIPED_LEN);

	assert_non_null(p);
	memset(p, 0xa5, WIPED_LEN);
	const volatile uint8_t *seen = p + NOTE_LEN;
	OPENSSL_free(p);
	assert_true(is_wiped(seen, WIPED_LEN - NOTE_LEN));
}
#endif

static void
wiping_memory_counts(void **state)
{
	(void)state;
	uint8_t *p = cdr_wiping_alloc(3);

	assert_non_null(p);
	assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
	assert_int_equal(cdr_wiping_len(p), 3);
	memcpy(p, "abc", 3);
	p = cdr_wiping_resize(p, 100);
	assert_non_null(p);
	assert_memory_equal(p, "abc", 3);
	assert_int_equal(cdr_wiping_len(p), 100);
	assert_null(cdr_wiping_resize(p, 0)); /* frees */

	assert_int_equal(cdr_wiping_len(NULL), 0);
	assert_null(cdr_wiping_alloc(0));
	assert_null(cdr_wiping_alloc(SIZE_MAX));
	cdr_wiping_free(NULL);
	p = cdr_wiping_resize(NULL, 8);
	assert_non_null(p);
	assert_null(cdr_wiping_resize(p, SIZE_MAX - 8));
	assert_int_equal(cdr_wiping_len(p), 8);
	cdr_wiping_free(p);
}

static void
wipe_leaves_zeros(void **state)
{
	(void)state;
	uint8_t data[5] = { 1, 2, 3, 4, 5 };
	const uint8_t want[5] = { 1, 0, 0, 0, 5 };

	cdr_wipe(data + 1, 3);
	assert_memory_equal(data, want, sizeof(data));
	cdr_wipe(NULL, 0);
}

static void
equal_sees_every_bit(void **state)
{
	(void)state;
	uint8_t a[33] = { 0 }, b[33] = { 0 };

	assert_true(cdr_equal(a, b, sizeof(a)));
	assert_true(cdr_equal(a, b, 0));
	for (size_t bit = 0; bit < 8 * sizeof(b); bit++) {
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(cdr_equal(a, b, sizeof(a)));
		b[bit / 8] = 0;
	}
}

/* Long enough to need more than one call to the kernel where a signal comes in between. */
static void
random_fills_all(void **state)
{
	(void)state;
	static uint8_t a[4096], b[4096];

	assert_int_equal(cdr_random(a, sizeof(a)), CDR_OK);
	assert_int_equal(cdr_random(b, sizeof(b)), CDR_OK);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a + sizeof(a) - 16, b + sizeof(b) - 16, 16);
	assert_int_equal(cdr_random(NULL, 0), CDR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_refuses_what_it_cannot_lock),
		cmocka_unit_test(start_forbids_dumps),
		cmocka_unit_test(memory_comes_zeroed_and_ends),
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(wiping_memory_is_wiped),
		cmocka_unit_test(openssl_wipes_what_it_frees),
#endif
		cmocka_unit_test(wiping_memory_counts),
		cmocka_unit_test(wipe_leaves_zeros),
		cmocka_unit_test(equal_sees_every_bit),
		cmocka_unit_test(random_fills_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
