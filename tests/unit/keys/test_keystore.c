/* The keystore: what it keeps, and everything that it refuses. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gcrypt.h>

#include "core/crypto/secret.h"
#include "keys/keystore_format.h"

static char folder[] = "/tmp/candor-keystore-XXXXXX";
static char path[64]; /* the file that most tests write, open and remove */

/* A keystore with two secrets, made once: each costs Argon2id. */
static uint8_t file[CDR_KEYSTORE_FILE_LEN_MAX];
static size_t file_len;
static uint8_t database_key[CDR_KEYSTORE_KEY_LEN];

static const struct cdr_passphrase good = { 23, "correct horse, battery." };
static const struct cdr_passphrase other = { 23, "correct horse, battery!" };
static const struct cdr_passphrase brief = { 11, "eleven char" };

static void
write_path(const uint8_t *bytes, size_t len, mode_t mode)
{
	(void)unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

static size_t
read_path(uint8_t *bytes, size_t size)
{
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	ssize_t len = read(fd, bytes, size);
	assert_true(len >= 0);
	assert_int_equal(close(fd), 0);
	return (size_t)len;
}

/* ${file} under a checksum that holds, as somebody would write it who changes a byte on purpose. */
static void
write_forged(size_t at, uint8_t xor)
{
	uint8_t forged[CDR_KEYSTORE_FILE_LEN_MAX];
	const struct cdr_bytes content = { forged, file_len - CDR_SHA256_LEN };

	memcpy(forged, file, file_len);
	forged[at] ^= xor;
	assert_int_equal(cdr_sha256(&content, 1, forged + content.len), CDR_OK);
	write_path(forged, file_len, 0600);
}

static cdr_err
try_open(const struct cdr_passphrase *passphrase, struct cdr_fault *fault)
{
	struct cdr_keystore *store = NULL;
	cdr_err err = cdr_keystore_open(path, passphrase, &store, fault);

	assert_int_equal(store != NULL, err == CDR_OK);
	cdr_keystore_free(store);
	return err;
}

/* RFC 9106 sec. 5.3: libgcrypt's Argon2id is the standard's. */
static void
argon2id_of_the_rfc(void **state)
{
	(void)state;
	const unsigned long params[4] = { 32, 3, 32, 4 };
	uint8_t password[32], salt[16], secret[8], ad[12], want[32], got[32];
	gcry_kdf_hd_t kdf;

	memset(password, 1, sizeof(password));
	memset(salt, 2, sizeof(salt));
	memset(secret, 3, sizeof(secret));
	memset(ad, 4, sizeof(ad));
	assert_int_equal(gcry_kdf_open(&kdf, GCRY_KDF_ARGON2, GCRY_KDF_ARGON2ID, params, 4, password, sizeof(password),
			     salt, sizeof(salt), secret, sizeof(secret), ad, sizeof(ad)),
	    0);
	assert_int_equal(gcry_kdf_compute(kdf, NULL), 0);
	assert_int_equal(gcry_kdf_final(kdf, sizeof(got), got), 0);
	gcry_kdf_close(kdf);
	assert_int_equal(
	    cdr_hex_read("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659", want, 32), CDR_OK);
	assert_memory_equal(got, want, 32);
}

/* A file that other programs made from the table (tests/vectors/keystore-1.py): version 1 opens for ever. */
static void
opens_an_independent_file(void **state)
{
	(void)state;
	const struct cdr_passphrase passphrase = { 30, "an old keystore opens for ever" };
	struct cdr_keystore *store = NULL;
	struct cdr_fault fault = { 0 };
	uint8_t bytes[1024], out[33], want[33];
	FILE *vector = fopen("tests/vectors/keystore-1.bin", "rb");

	assert_non_null(vector);
	size_t len = fread(bytes, 1, sizeof(bytes), vector);
	assert_int_equal(fclose(vector), 0);
	write_path(bytes, len, 0600);
	if (cdr_keystore_open(path, &passphrase, &store, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	assert_int_equal(cdr_keystore_get(store, "signing", out, 32), CDR_OK);
	memset(want, 0x11, sizeof(want));
	assert_memory_equal(out, want, 32);
	assert_int_equal(cdr_keystore_get(store, "epoch-7/share", out, 33), CDR_OK);
	memset(want, 0x22, sizeof(want));
	assert_memory_equal(out, want, 33);
	assert_int_equal(cdr_keystore_derive(store, "database", out), CDR_OK);
	assert_int_equal(
	    cdr_hex_read("b140c4948eec48be582dcd9836ac855a23ac9b8e6152bd0cd02208e60fb44eea", want, 32), CDR_OK);
	assert_memory_equal(out, want, 32);
	cdr_keystore_free(store);
}

static void
keeps_what_was_put(void **state)
{
	(void)state;
	struct cdr_keystore *store = NULL;
	uint8_t out[CDR_KEYSTORE_SECRET_LEN_MAX], key[CDR_KEYSTORE_KEY_LEN];
	const uint8_t zero[5] = { 0 };
	struct cdr_fault fault = { 0 };

	write_path(file, file_len, 0600);
	assert_int_equal(cdr_keystore_open(path, &good, &store, &fault), CDR_OK);
	assert_int_equal(cdr_keystore_len(store, "signing"), 32);
	assert_int_equal(cdr_keystore_len(store, "share/1"), CDR_KEYSTORE_SECRET_LEN_MAX);
	assert_int_equal(cdr_keystore_len(store, "sign"), 0);
	assert_int_equal(cdr_keystore_get(store, "share/1", out, sizeof(out)), CDR_OK);
	for (size_t i = 0; i < sizeof(out); i++)
		assert_int_equal(out[i], 0x5a);

	assert_int_equal(cdr_keystore_get(store, "signing", out, 31), CDR_E_RANGE);
	assert_memory_equal(out, zero, sizeof(zero));
	out[0] = 1;
	assert_int_equal(cdr_keystore_get(store, "signinh", out, 32), CDR_E_ABSENT);
	assert_memory_equal(out, zero, sizeof(zero));

	/* Derived keys are those of the file's first day, and differ by purpose. */
	assert_int_equal(cdr_keystore_derive(store, "database", key), CDR_OK);
	assert_memory_equal(key, database_key, sizeof(key));
	assert_int_equal(cdr_keystore_derive(store, "columns", key), CDR_OK);
	assert_memory_not_equal(key, database_key, sizeof(key));
	assert_int_equal(cdr_keystore_derive(store, "", key), CDR_E_RANGE);
	assert_memory_equal(key, zero, sizeof(zero));
	assert_int_equal(cdr_keystore_derive(store, "a purpose that has 33 characters..", key), CDR_E_RANGE);
	cdr_keystore_free(store);
	cdr_keystore_free(NULL);
}

/* Replaced, added, removed: seen at once, in the file after a save. */
static void
changes_are_saved(void **state)
{
	(void)state;
	struct cdr_keystore *store = NULL;
	uint8_t before[CDR_KEYSTORE_FILE_LEN_MAX], after[CDR_KEYSTORE_FILE_LEN_MAX], out[3];
	struct stat status;

	write_path(file, file_len, 0600);
	assert_int_equal(cdr_keystore_open(path, &good, &store, NULL), CDR_OK);
	assert_int_equal(cdr_keystore_put(store, "signing", (const uint8_t *)"new", 3), CDR_OK);
	assert_int_equal(cdr_keystore_put(store, "a", (const uint8_t *)"abc", 3), CDR_OK);
	assert_int_equal(cdr_keystore_put(store, "z", (const uint8_t *)"xyz", 3), CDR_OK);
	assert_int_equal(cdr_keystore_remove(store, "share/1"), CDR_OK);
	assert_int_equal(cdr_keystore_remove(store, "share/1"), CDR_E_ABSENT);
	assert_int_equal(read_path(before, sizeof(before)), file_len);
	assert_memory_equal(before, file, file_len);

	mode_t mask = umask(0);
	assert_int_equal(cdr_keystore_save(store, NULL), CDR_OK);
	(void)umask(mask);
	cdr_keystore_free(store);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);

	assert_int_equal(cdr_keystore_open(path, &good, &store, NULL), CDR_OK);
	assert_int_equal(cdr_keystore_len(store, "share/1"), 0);
	assert_int_equal(cdr_keystore_get(store, "a", out, 3), CDR_OK);
	assert_memory_equal(out, "abc", 3);
	assert_int_equal(cdr_keystore_get(store, "signing", out, 3), CDR_OK);
	assert_memory_equal(out, "new", 3);
	assert_int_equal(cdr_keystore_get(store, "z", out, 3), CDR_OK);
	assert_memory_equal(out, "xyz", 3);

	/* The same content again: another nonce, so another file. */
	size_t len = read_path(before, sizeof(before));
	assert_int_equal(cdr_keystore_save(store, NULL), CDR_OK);
	assert_int_equal(read_path(after, sizeof(after)), len);
	assert_memory_not_equal(before + 80, after + 80, 12);
	assert_memory_equal(before, after, 80);
	cdr_keystore_free(store);
}

static void
refuses_names_and_lengths(void **state)
{
	(void)state;
	struct cdr_keystore *store = NULL;
	uint8_t value[CDR_KEYSTORE_SECRET_LEN_MAX + 1] = { 1 };
	char name[24];

	write_path(file, file_len, 0600);
	assert_int_equal(cdr_keystore_open(path, &good, &store, NULL), CDR_OK);
	assert_int_equal(cdr_keystore_put(store, "", value, 1), CDR_E_INPUT);
	assert_int_equal(cdr_keystore_put(store, "Capital", value, 1), CDR_E_INPUT);
	assert_int_equal(cdr_keystore_put(store, "under_score", value, 1), CDR_E_INPUT);
	assert_int_equal(cdr_keystore_put(store, "a-name-that-has-33-characters-1-2", value, 1), CDR_E_INPUT);
	assert_int_equal(cdr_keystore_put(store, "a-name-that-has-32-characters-12", value, 1), CDR_OK);
	assert_int_equal(cdr_keystore_put(store, "x", value, 0), CDR_E_RANGE);
	assert_int_equal(cdr_keystore_put(store, "x", value, sizeof(value)), CDR_E_RANGE);
	for (int i = 3; i < CDR_KEYSTORE_COUNT_MAX; i++) {
		(void)snprintf(name, sizeof(name), "many.%d", i);
		assert_int_equal(cdr_keystore_put(store, name, value, CDR_KEYSTORE_SECRET_LEN_MAX), CDR_OK);
	}
	assert_int_equal(cdr_keystore_put(store, "one-more", value, 1), CDR_E_RANGE);
	assert_int_equal(cdr_keystore_put(store, "many.3", value, 1), CDR_OK);
	/* As large as it gets, it is saved and opens. */
	assert_int_equal(cdr_keystore_save(store, NULL), CDR_OK);
	cdr_keystore_free(store);
	assert_int_equal(try_open(&good, NULL), CDR_OK);
}

/* Another passphrase is told from a damaged file: the user knows what to do. */
static void
refuses_another_passphrase(void **state)
{
	(void)state;
	struct cdr_fault fault = { 0 };

	write_path(file, file_len, 0600);
	assert_int_equal(try_open(&other, &fault), CDR_E_PASSPHRASE);
	assert_non_null(strstr(fault.text, "wrong passphrase"));
}

static void
refuses_damage(void **state)
{
	(void)state;
	struct cdr_fault fault = { 0 };

	for (size_t i = 0; i < file_len; i++) {
		uint8_t damaged[CDR_KEYSTORE_FILE_LEN_MAX];
		memcpy(damaged, file, file_len);
		damaged[i] ^= 0x10;
		write_path(damaged, file_len, 0600);
		assert_int_equal(try_open(&good, &fault), CDR_E_INPUT);
	}
	for (size_t len = 0; len < file_len; len += 13) {
		write_path(file, len, 0600);
		assert_int_equal(try_open(&good, &fault), CDR_E_INPUT);
	}
	write_path(file, file_len + 1, 0600);
	assert_int_equal(try_open(&good, &fault), CDR_E_INPUT);
	assert_int_equal(truncate(path, CDR_KEYSTORE_FILE_LEN_MAX + 1), 0);
	assert_int_equal(try_open(&good, &fault), CDR_E_INPUT);
}

/* With a checksum made anew, the check value, the tag or the ranges refuse. */
static void
refuses_forgery(void **state)
{
	(void)state;
	struct cdr_fault fault = { 0 };

	write_forged(40, 1); /* salt */
	assert_int_equal(try_open(&good, &fault), CDR_E_PASSPHRASE);
	write_forged(60, 1); /* check value */
	assert_int_equal(try_open(&good, &fault), CDR_E_PASSPHRASE);
	write_forged(85, 1); /* nonce */
	assert_int_equal(try_open(&good, &fault), CDR_E_INPUT);
	assert_non_null(strstr(fault.text, "changed"));
	write_forged(100, 1); /* body */
	assert_int_equal(try_open(&good, &fault), CDR_E_INPUT);

	write_forged(19, 3); /* version 2 */
	assert_int_equal(try_open(&good, &fault), CDR_E_INPUT);
	assert_non_null(strstr(fault.text, "version 2"));
	write_forged(20, 0x80); /* 2 TiB of memory for Argon2id */
	assert_int_equal(try_open(&good, &fault), CDR_E_INPUT);
	write_forged(21, 0x01); /* none */
	assert_int_equal(try_open(&good, &fault), CDR_E_INPUT);
	write_forged(27, 0x01); /* 2 passes */
	assert_int_equal(try_open(&good, &fault), CDR_E_INPUT);
	write_forged(26, 0x01); /* 259 passes */
	assert_int_equal(try_open(&good, &fault), CDR_E_INPUT);
	write_forged(31, 0x04); /* no lane */
	assert_int_equal(try_open(&good, &fault), CDR_E_INPUT);
	write_forged(31, 0x15); /* 17 lanes */
	assert_int_equal(try_open(&good, &fault), CDR_E_INPUT);
	write_forged(95, 0x01); /* another length */
	assert_int_equal(try_open(&good, &fault), CDR_E_INPUT);
	assert_non_null(strstr(fault.text, "header"));
}

static void
refuses_what_others_can_reach(void **state)
{
	(void)state;
	const mode_t modes[] = { 0640, 0604, 0620, 0602, 0644 };
	struct cdr_fault fault = { 0 };
	char link_path[80];

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		write_path(file, file_len, modes[i]);
		assert_int_equal(try_open(&good, &fault), CDR_E_REFUSED);
		assert_non_null(strstr(fault.text, "chmod 600"));
	}

	/* A link in the place of the file would be replaced by the next save. */
	(void)snprintf(link_path, sizeof(link_path), "%s-2", path);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(rename(path, link_path), 0);
	assert_int_equal(symlink(link_path, path), 0);
	assert_int_equal(try_open(&good, &fault), CDR_E_IO);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(link_path), 0);

	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(try_open(&good, &fault), CDR_E_INPUT);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(try_open(&good, &fault), CDR_E_INPUT);
	assert_int_equal(unlink(path), 0);
}

static void
refuses_places_that_are_not_there(void **state)
{
	(void)state;
	struct cdr_keystore *store = NULL;
	struct cdr_fault fault = { 0 };

	(void)unlink(path);
	assert_int_equal(try_open(&good, &fault), CDR_E_ABSENT);
	assert_non_null(strstr(fault.text, path));
	assert_int_equal(cdr_keystore_open("/tmp/no-such-folder-of-candor/k", &good, &store, &fault), CDR_E_IO);
	assert_int_equal(cdr_keystore_open("/tmp/", &good, &store, &fault), CDR_E_IO);
	assert_int_equal(cdr_keystore_open("", &good, &store, NULL), CDR_E_IO);
	assert_int_equal(cdr_keystore_open("no-such-file-of-candor", &good, &store, NULL), CDR_E_ABSENT);
	assert_int_equal(cdr_keystore_open("/no-such-file-of-candor", &good, &store, NULL), CDR_E_ABSENT);
	assert_null(store);
}

/* What was in the file that is replaced is overwritten, unless somebody keeps it under another name. */
static void
the_replaced_file_is_overwritten(void **state)
{
	(void)state;
	struct cdr_keystore *store = NULL;
	static const uint8_t zeros[CDR_KEYSTORE_HEADER_LEN];
	uint8_t head[CDR_KEYSTORE_HEADER_LEN], kept[CDR_KEYSTORE_HEADER_LEN];
	char link_path[80];

	(void)unlink(path);
	assert_int_equal(cdr_keystore_create(path, &good, &store, NULL), CDR_OK);
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, kept, sizeof(kept), 0), sizeof(kept));
	assert_int_equal(cdr_keystore_save(store, NULL), CDR_OK);
	assert_int_equal(pread(fd, head, sizeof(head), 0), sizeof(head));
	assert_memory_equal(head, zeros, sizeof(head));
	assert_int_equal(close(fd), 0);

	(void)snprintf(link_path, sizeof(link_path), "%s.kept", path);
	assert_int_equal(link(path, link_path), 0);
	fd = open(link_path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, kept, sizeof(kept), 0), sizeof(kept));
	assert_int_equal(cdr_keystore_save(store, NULL), CDR_OK);
	assert_int_equal(pread(fd, head, sizeof(head), 0), sizeof(head));
	assert_memory_equal(head, kept, sizeof(head));
	assert_int_equal(close(fd), 0);
	assert_int_equal(unlink(link_path), 0);
	cdr_keystore_free(store);
	(void)unlink(path);
}

static void
create_refuses(void **state)
{
	(void)state;
	struct cdr_keystore *store = NULL;
	struct cdr_fault fault = { 0 };
	uint8_t now[CDR_KEYSTORE_FILE_LEN_MAX];

	(void)unlink(path);
	assert_int_equal(cdr_keystore_create(path, &brief, &store, &fault), CDR_E_REFUSED);
	assert_int_equal(access(path, F_OK), -1);

	write_path(file, file_len, 0600);
	assert_int_equal(cdr_keystore_create(path, &good, &store, &fault), CDR_E_EXISTS);
	assert_int_equal(read_path(now, sizeof(now)), file_len);
	assert_memory_equal(now, file, file_len);

	(void)unlink(path);
	void *most = cdr_secret_alloc(CDR_SECRET_POOL_LEN - 60000);
	assert_non_null(most);
	assert_int_equal(cdr_keystore_create(path, &good, &store, &fault), CDR_E_MEMORY);
	cdr_secret_free(most);
	assert_null(store);
	assert_int_equal(access(path, F_OK), -1);
}

/* Two processes that write would lose one another's secrets. */
static void
save_notices_another_process(void **state)
{
	(void)state;
	struct cdr_keystore *first = NULL, *second = NULL;
	struct cdr_fault fault = { 0 };

	write_path(file, file_len, 0600);
	assert_int_equal(cdr_keystore_open(path, &good, &first, NULL), CDR_OK);
	assert_int_equal(cdr_keystore_open(path, &good, &second, NULL), CDR_OK);
	assert_int_equal(cdr_keystore_save(first, NULL), CDR_OK);
	assert_int_equal(cdr_keystore_save(second, &fault), CDR_E_BUSY);
	assert_int_equal(cdr_keystore_save(first, NULL), CDR_OK);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(cdr_keystore_save(first, &fault), CDR_E_BUSY);
	cdr_keystore_free(first);
	cdr_keystore_free(second);
}

/* A full disk, as a limit on file size plays it: the old file stays, and nothing beside it. */
static void
failed_save_leaves_the_old_file(void **state)
{
	(void)state;
	struct cdr_keystore *store = NULL;
	struct cdr_fault fault = { 0 };
	struct rlimit before, little;
	uint8_t now[CDR_KEYSTORE_FILE_LEN_MAX];
	char beside[80];

	write_path(file, file_len, 0600);
	assert_int_equal(cdr_keystore_open(path, &good, &store, NULL), CDR_OK);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	little = before;
	little.rlim_cur = 100;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	cdr_err err = cdr_keystore_save(store, &fault);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(err, CDR_E_IO);

	assert_int_equal(read_path(now, sizeof(now)), file_len);
	assert_memory_equal(now, file, file_len);
	(void)snprintf(beside, sizeof(beside), "%s.new", path);
	assert_int_equal(access(beside, F_OK), -1);

	/* What an interrupted save left is in nobody's way. */
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(cdr_keystore_save(store, NULL), CDR_OK);
	assert_int_equal(access(beside, F_OK), -1);
	cdr_keystore_free(store);
}

static void
passphrase_changes(void **state)
{
	(void)state;
	struct cdr_keystore *store = NULL;
	uint8_t key[CDR_KEYSTORE_KEY_LEN];

	write_path(file, file_len, 0600);
	assert_int_equal(cdr_keystore_open(path, &good, &store, NULL), CDR_OK);
	assert_int_equal(cdr_keystore_change_passphrase(store, &brief, NULL), CDR_E_REFUSED);
	assert_int_equal(cdr_keystore_change_passphrase(store, &other, NULL), CDR_OK);
	assert_int_equal(cdr_keystore_save(store, NULL), CDR_OK);
	cdr_keystore_free(store);

	assert_int_equal(try_open(&good, NULL), CDR_E_PASSPHRASE);
	assert_int_equal(cdr_keystore_open(path, &other, &store, NULL), CDR_OK);
	assert_int_equal(cdr_keystore_derive(store, "database", key), CDR_OK);
	assert_memory_equal(key, database_key, sizeof(key));
	assert_int_equal(cdr_keystore_len(store, "signing"), 32);
	cdr_keystore_free(store);
}

/* ---- the body, byte by byte ---- */

/* Decode a body of the data key, a count and ${len} more bytes. */
static cdr_err
decode(uint16_t count, const void *rest, size_t len)
{
	static struct cdr_keystore_body body;
	static const struct cdr_keystore_body empty;
	uint8_t bytes[1024] = { 1 };

	bytes[32] = (uint8_t)(count >> 8);
	bytes[33] = (uint8_t)count;
	memcpy(bytes + 34, rest, len);
	memset(&body, 0xa5, sizeof(body));
	cdr_err err = cdr_keystore_body_decode((struct cdr_bytes) { bytes, 34 + len }, &body);
	if (err != CDR_OK)
		assert_memory_equal(&body, &empty, sizeof(body));
	return err;
}

static void
body_has_one_form(void **state)
{
	(void)state;
	static struct cdr_keystore_body body;
	uint8_t longest[2 + 1 + 2 + CDR_KEYSTORE_SECRET_LEN_MAX + 1] = { 1, 'a', 2, 0 };

	assert_int_equal(decode(0, "", 0), CDR_OK);
	assert_int_equal(decode(1, "\1a\0\1x", 5), CDR_OK);
	assert_int_equal(decode(2, "\1a\0\1x\1b\0\1x", 10), CDR_OK);
	assert_int_equal(decode(1, longest, 4 + CDR_KEYSTORE_SECRET_LEN_MAX), CDR_OK);

	/* Too early, too late. */
	for (size_t len = 0; len < 5; len++)
		assert_int_equal(decode(1, "\1a\0\1x", len), CDR_E_INPUT);
	assert_int_equal(decode(1, "\1a\0\1xy", 6), CDR_E_INPUT);
	assert_int_equal(decode(0, "\1a\0\1x", 5), CDR_E_INPUT);
	/* Out of range. */
	assert_int_equal(decode(CDR_KEYSTORE_COUNT_MAX + 1, "", 0), CDR_E_INPUT);
	assert_int_equal(decode(1, "\0\0\1x", 4), CDR_E_INPUT);
	assert_int_equal(decode(1, "\41aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0\1x", 37), CDR_E_INPUT);
	assert_int_equal(decode(1, "\1a\0\0", 4), CDR_E_INPUT);
	longest[3] = 1;
	assert_int_equal(decode(1, longest, 4 + CDR_KEYSTORE_SECRET_LEN_MAX + 1), CDR_E_INPUT);
	assert_int_equal(decode(1, "\1A\0\1x", 5), CDR_E_INPUT);
	assert_int_equal(decode(1, "\1\0\0\1x", 5), CDR_E_INPUT);
	/* Out of order, and twice. */
	assert_int_equal(decode(2, "\1b\0\1x\1a\0\1x", 10), CDR_E_INPUT);
	assert_int_equal(decode(2, "\1a\0\1x\1a\0\1y", 10), CDR_E_INPUT);

	const uint8_t short_body[33] = { 0 };
	for (size_t len = 0; len <= sizeof(short_body); len++)
		assert_int_equal(
		    cdr_keystore_body_decode((struct cdr_bytes) { short_body, len }, &body), CDR_E_INPUT);
}

static int
make_file(void **state)
{
	(void)state;
	struct cdr_keystore *store = NULL;
	uint8_t value[CDR_KEYSTORE_SECRET_LEN_MAX];
	struct cdr_fault fault = { 0 };

	if (cdr_secret_start(&fault) != CDR_OK)
		fail_msg("%s", fault.text);
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/keystore", folder);
	memset(value, 0x5a, sizeof(value));
	if (cdr_keystore_create(path, &good, &store, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	assert_int_equal(cdr_keystore_put(store, "signing", value, 32), CDR_OK);
	assert_int_equal(cdr_keystore_put(store, "share/1", value, sizeof(value)), CDR_OK);
	assert_int_equal(cdr_keystore_save(store, &fault), CDR_OK);
	assert_int_equal(cdr_keystore_derive(store, "database", database_key), CDR_OK);
	cdr_keystore_free(store);
	file_len = read_path(file, sizeof(file));
	return 0;
}

static int
remove_file(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(argon2id_of_the_rfc),
		cmocka_unit_test(opens_an_independent_file),
		cmocka_unit_test(keeps_what_was_put),
		cmocka_unit_test(changes_are_saved),
		cmocka_unit_test(refuses_names_and_lengths),
		cmocka_unit_test(refuses_another_passphrase),
		cmocka_unit_test(refuses_damage),
		cmocka_unit_test(refuses_forgery),
		cmocka_unit_test(refuses_what_others_can_reach),
		cmocka_unit_test(refuses_places_that_are_not_there),
		cmocka_unit_test(the_replaced_file_is_overwritten),
		cmocka_unit_test(create_refuses),
		cmocka_unit_test(save_notices_another_process),
		cmocka_unit_test(failed_save_leaves_the_old_file),
		cmocka_unit_test(passphrase_changes),
		cmocka_unit_test(body_has_one_form),
	};
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
