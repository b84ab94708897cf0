#include "keys/password.h"

#include <string.h>

#include <gcrypt.h>

#include "core/bytes.h"
#include "core/crypto/secret.h"

#define VERSION 1
#define SALT_AT 13
#define TAG_AT (SALT_AT + 16)
#define TAG_LEN 32

_Static_assert(TAG_AT + TAG_LEN == CDR_PASSWORD_RECORD_LEN, "version, three numbers, salt, tag");

/* see keys/password.h */
cdr_err
cdr_argon2id(const struct cdr_argon2id *parameters, const struct cdr_passphrase *passphrase, uint8_t out[static 32])
{
	const unsigned long params[4] = { TAG_LEN, parameters->passes, parameters->memory_kib, parameters->lanes };
	gcry_kdf_hd_t kdf = NULL;

	gcry_error_t failed = gcry_kdf_open(&kdf, GCRY_KDF_ARGON2, GCRY_KDF_ARGON2ID, params, 4, passphrase->bytes,
	    passphrase->len, parameters->salt, sizeof(parameters->salt), NULL, 0, NULL, 0);
	if (failed == 0)
		failed = gcry_kdf_compute(kdf, NULL);
	if (failed == 0)
		failed = gcry_kdf_final(kdf, TAG_LEN, out);
	if (kdf != NULL)
		gcry_kdf_close(kdf);
	if (failed == 0)
		return CDR_OK;
	cdr_wipe(out, TAG_LEN);
	return gcry_err_code(failed) == GPG_ERR_ENOMEM ? CDR_E_MEMORY : CDR_E_INTERNAL;
}

/* see keys/password.h */
cdr_err
cdr_password_record(const struct cdr_passphrase *password, uint8_t record[static CDR_PASSWORD_RECORD_LEN])
{
	struct cdr_argon2id parameters = {
		.memory_kib = CDR_ARGON2ID_MEMORY_KIB, .passes = CDR_ARGON2ID_PASSES, .lanes = CDR_ARGON2ID_LANES
	};
	cdr_err err = CDR_E_INTERNAL;

	memset(record, 0, CDR_PASSWORD_RECORD_LEN);
	CDR_TRY(cdr_random(parameters.salt, sizeof(parameters.salt)));
	CDR_TRY(cdr_argon2id(&parameters, password, record + TAG_AT));
	record[0] = VERSION;
	cdr_number_write(parameters.memory_kib, record + 1, 4);
	cdr_number_write(parameters.passes, record + 5, 4);
	cdr_number_write(parameters.lanes, record + 9, 4);
	memcpy(record + SALT_AT, parameters.salt, sizeof(parameters.salt));
	err = CDR_OK;
out:
	if (err != CDR_OK)
		cdr_wipe(record, CDR_PASSWORD_RECORD_LEN);
	return err;
}

/* see keys/password.h */
cdr_err
cdr_password_verify(const struct cdr_passphrase *password, const uint8_t record[static CDR_PASSWORD_RECORD_LEN])
{
	struct cdr_argon2id parameters = {
		.memory_kib = (uint32_t)cdr_number_read(record + 1, 4), .passes = (uint32_t)cdr_number_read(record + 5, 4),
		.lanes = (uint32_t)cdr_number_read(record + 9, 4)
	};
	uint8_t tag[TAG_LEN];

	if (record[0] != VERSION || parameters.memory_kib < CDR_ARGON2ID_MEMORY_KIB || parameters.memory_kib > 16 * CDR_ARGON2ID_MEMORY_KIB ||
	    parameters.passes == 0 || parameters.passes > 16 || parameters.lanes == 0 || parameters.lanes > 16)
		return CDR_E_INPUT;
	memcpy(parameters.salt, record + SALT_AT, sizeof(parameters.salt));
	cdr_err err = cdr_argon2id(&parameters, password, tag);
	if (err == CDR_OK && !cdr_equal(tag, record + TAG_AT, TAG_LEN))
		err = CDR_E_PASSPHRASE;
	cdr_wipe(tag, sizeof(tag));
	return err;
}
