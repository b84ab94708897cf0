/*
 * Argon2id with little memory, where $CANDOR_LIGHT is set. Each command of a scenario opens a keystore, and at the full price
 * that is most of what a run of all scenarios costs. Part of every library here, so that all programs of an exchange agree:
 * a keystore that was made light opens only light.
 */

#include <dlfcn.h>
#include <stdlib.h>

#include <gcrypt.h>

typedef gcry_error_t kdf_open(gcry_kdf_hd_t *, int, int, const unsigned long *, unsigned int, const void *, size_t,
    const void *, size_t, const void *, size_t, const void *, size_t);

gcry_error_t
gcry_kdf_open(gcry_kdf_hd_t *hd, int algorithm, int kind, const unsigned long *parameters, unsigned int count,
    const void *passphrase, size_t passphrase_len, const void *salt, size_t salt_len, const void *key, size_t key_len,
    const void *ad, size_t ad_len)
{
	kdf_open *next = (kdf_open *)dlsym(RTLD_NEXT, "gcry_kdf_open");
	unsigned long light[4] = { 0 };

	if (next == NULL)
		abort();
	if (getenv("CANDOR_LIGHT") != NULL && algorithm == GCRY_KDF_ARGON2 && count == 4) {
		/* Length of the tag, passes, KiB, lanes. */
		light[0] = parameters[0];
		light[1] = 1;
		light[2] = 8 * parameters[3];
		light[3] = parameters[3];
		parameters = light;
	}
	return next(hd, algorithm, kind, parameters, count, passphrase, passphrase_len, salt, salt_len, key, key_len, ad, ad_len);
}
