#ifndef CDR_TESTS_UNIT_CRYPTO_ORACLE_H
#define CDR_TESTS_UNIT_CRYPTO_ORACLE_H

/* A second opinion from libgcrypt, which shares no code with what it judges. Include after tests/unit/unit.h. */

#include <gcrypt.h>

#include "core/bytes.h"
#include "core/crypto/secret.h"

#define ORACLE_P "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
#define ORACLE_N "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define ORACLE_B "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"

static inline int
oracle_start(void **state)
{
	(void)state;
	if (gcry_check_version(NULL) == NULL)
		return -1;
	gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	return 0;
}

static inline void
oracle_hex(const char *text, uint8_t *out, size_t len)
{
	assert_int_equal(cdr_hex_read(text, out, len), CDR_OK);
}

static inline gcry_mpi_t
oracle_read(const uint8_t *bytes, size_t len)
{
	gcry_mpi_t number;
	assert_int_equal(gcry_mpi_scan(&number, GCRYMPI_FMT_USG, bytes, len, NULL), 0);
	return number;
}

static inline gcry_mpi_t
oracle_number(const char *text)
{
	gcry_mpi_t number;
	assert_int_equal(gcry_mpi_scan(&number, GCRYMPI_FMT_HEX, text, 0, NULL), 0);
	return number;
}

/* 32 bytes, big-endian. */
static inline void
oracle_write(gcry_mpi_t number, uint8_t out[32])
{
	size_t len;
	assert_int_equal(gcry_mpi_print(GCRYMPI_FMT_USG, NULL, 0, &len, number), 0);
	assert_in_range(len, 0, 32);
	memset(out, 0, 32);
	assert_int_equal(gcry_mpi_print(GCRYMPI_FMT_USG, out + 32 - len, len, NULL, number), 0);
}

/* Bytes that look random, the same in every run, with a preference for what breaks arithmetic: long rows of 0 and 1. */
static inline void
oracle_bytes(unsigned *seed, uint8_t *out, size_t len)
{
	uint8_t digest[32], choice[4] = { (uint8_t)*seed, (uint8_t)(*seed >> 8), (uint8_t)(*seed >> 16), 1 };

	(*seed)++;
	for (size_t at = 0; at < len; at += 32, choice[3]++) {
		gcry_md_hash_buffer(GCRY_MD_SHA256, digest, choice, sizeof(choice));
		for (size_t i = 0; i < 32 && at + i < len; i++)
			out[at + i] = digest[i];
	}
	if (*seed % 3 == 0)
		memset(out, 0xff, digest[0] % len);
	if (*seed % 5 == 0)
		memset(out + digest[1] % len, 0, len - digest[1] % len);
	if (*seed % 7 == 0)
		memset(out, 0, digest[2] % len);
}

#endif
