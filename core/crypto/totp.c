#include "core/crypto/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core/bytes.h"
#include "core/crypto/secret.h"

#define SECRET_MAX 64
#define SHA1_LEN 20

/* see core/crypto/totp.h */
cdr_err
cdr_totp(const uint8_t *secret, size_t secret_len, uint64_t step, unsigned digits, char *code)
{
	uint8_t counter[8], mac[SHA1_LEN];
	unsigned int mac_len = 0;

	code[0] = '\0';
	if (secret_len > SECRET_MAX || digits < 6 || digits > 8)
		return CDR_E_RANGE;
	cdr_number_write(step, counter, sizeof(counter));
	if (HMAC(EVP_sha1(), secret, (int)secret_len, counter, sizeof(counter), mac, &mac_len) == NULL || mac_len != SHA1_LEN)
		return CDR_E_INTERNAL;
	/* RFC 4226 sec. 5.3: four bytes from where the last nibble says, without the sign. */
	size_t at = mac[SHA1_LEN - 1] & 0x0f;
	uint32_t number = ((uint32_t)mac[at] & 0x7f) << 24 | (uint32_t)mac[at + 1] << 16 | (uint32_t)mac[at + 2] << 8 | mac[at + 3];
	for (unsigned i = digits; i-- > 0; number /= 10)
		code[i] = (char)('0' + number % 10);
	code[digits] = '\0';
	cdr_wipe(mac, sizeof(mac));
	return CDR_OK;
}

/* The figures of a code as typed: "123 456". */
static bool
read_figures(const char *code, char figures[static CDR_TOTP_DIGITS + 1])
{
	size_t count = 0;

	for (; *code != '\0'; code++) {
		if (*code == ' ')
			continue;
		if (*code < '0' || *code > '9' || count == CDR_TOTP_DIGITS)
			return false;
		figures[count++] = *code;
	}
	figures[count] = '\0';
	return count == CDR_TOTP_DIGITS;
}

/* see core/crypto/totp.h */
cdr_err
cdr_totp_accept(const uint8_t secret[static CDR_TOTP_SECRET_LEN], uint64_t now, uint64_t last, const char *code, uint64_t *step)
{
	char given[CDR_TOTP_DIGITS + 1] = "", right[CDR_TOTP_DIGITS + 1];
	uint64_t middle = now / CDR_TOTP_STEP_SECONDS;
	cdr_err err = CDR_E_INTERNAL;

	*step = 0;
	if (!read_figures(code, given)) {
		err = CDR_E_INPUT;
		goto out;
	}
	for (uint64_t at = middle > 0 ? middle - 1 : 0; at <= middle + 1; at++) {
		CDR_TRY(cdr_totp(secret, CDR_TOTP_SECRET_LEN, at, CDR_TOTP_DIGITS, right));
		if (cdr_equal(given, right, CDR_TOTP_DIGITS) && at > last)
			*step = at;
	}
	err = *step != 0 ? CDR_OK : CDR_E_PASSPHRASE;
out:
	cdr_wipe(given, sizeof(given));
	cdr_wipe(right, sizeof(right));
	return err;
}

/* see core/crypto/totp.h */
void
cdr_totp_secret_write(const uint8_t secret[static CDR_TOTP_SECRET_LEN], char text[static CDR_TOTP_SECRET_TEXT_LEN])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	size_t len = 0;

	/* Five bytes are eight letters; twenty bytes come out even. */
	for (size_t i = 0; i < CDR_TOTP_SECRET_LEN; i += 5) {
		uint64_t five = 0;
		for (size_t j = 0; j < 5; j++)
			five = five << 8 | secret[i + j];
		for (int shift = 35; shift >= 0; shift -= 5)
			text[len++] = letters[five >> shift & 31];
	}
	text[len] = '\0';
}
