/*
 * One-time codes as typed: what is taken is a code of a step near the time and after the last one, and is taken only once.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/totp.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t secret[CDR_TOTP_SECRET_LEN] = { 7 };
	uint64_t now, step, again;
	char right[CDR_TOTP_DIGITS + 1];

	if (len < sizeof(now) || len > 4096)
		return 0;
	memcpy(&now, data, sizeof(now));
	now %= 1ULL << 40;
	char *code = malloc(len - sizeof(now) + 1);
	assert(code != NULL);
	memcpy(code, data + sizeof(now), len - sizeof(now));
	code[len - sizeof(now)] = '\0';
	cdr_err err = cdr_totp_accept(secret, now, 0, code, &step);
	assert((err == CDR_OK) == (step != 0));
	assert(err == CDR_OK || err == CDR_E_PASSPHRASE || err == CDR_E_INPUT);
	if (err == CDR_OK) {
		assert(step + 1 >= now / 30 && step <= now / 30 + 1);
		assert(cdr_totp_accept(secret, now, step, code, &again) != CDR_OK || again > step);
	}
	/* The right one is taken, however it is spaced. */
	assert(cdr_totp(secret, sizeof(secret), now / 30 + 1, CDR_TOTP_DIGITS, right) == CDR_OK);
	assert(cdr_totp_accept(secret, now, 0, right, &step) == CDR_OK);
	free(code);
	return 0;
}
