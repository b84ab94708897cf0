#include "keys/keystore.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "keys/keystore_format.h"
#include "keys/password.h"

#define LABEL_CHECK "candor-keystore 1 check"
#define LABEL_BODY "candor-keystore 1 body"
#define LABEL_DERIVE "candor-keystore 1 derive "

#define READ_TRIES 8 /* of a file that another process replaces meanwhile */

/* What one passphrase stands for. */
struct wrapping {
	struct cdr_keystore_header header; /* its nonce and sealed_len change with each save */
	uint8_t body_key[CDR_AEAD_KEY_LEN];
};

/* All of it in locked memory. */
struct cdr_keystore {
	int folder;              /* stays open, so that a later change of directory does not matter */
	char name[NAME_MAX + 1]; /* of the file in it */
	bool saved;              /* the file is there */
	uint8_t checksum[CDR_SHA256_LEN]; /* of the file as this process last saw it */
	struct wrapping wrapping;
	struct cdr_keystore_body body;
};

/* ---- from a passphrase to keys ---- */

/* The key of the body and the check value that this passphrase has with this header. */
static cdr_err
stretch(const struct cdr_keystore_header *header, const struct cdr_passphrase *passphrase,
    uint8_t body_key[static CDR_AEAD_KEY_LEN], uint8_t check[static CDR_SHA256_LEN])
{
	const struct cdr_bytes check_label = { (const uint8_t *)LABEL_CHECK, sizeof(LABEL_CHECK) - 1 };
	const struct cdr_bytes body_label = { (const uint8_t *)LABEL_BODY, sizeof(LABEL_BODY) - 1 };
	struct cdr_argon2id parameters = { .memory_kib = header->memory_kib, .passes = header->passes, .lanes = header->lanes };
	uint8_t key[CDR_SHA256_LEN];
	cdr_err err = CDR_E_INTERNAL;

	memcpy(parameters.salt, header->salt, sizeof(parameters.salt));
	CDR_TRY(cdr_argon2id(&parameters, passphrase, key));
	CDR_TRY(cdr_hkdf_expand(key, &check_label, 1, check, CDR_SHA256_LEN));
	CDR_TRY(cdr_hkdf_expand(key, &body_label, 1, body_key, CDR_AEAD_KEY_LEN));
out:
	cdr_wipe(key, sizeof(key));
	return err;
}

/* A wrapping for a new passphrase. */
static cdr_err
wrapping_new(const struct cdr_passphrase *passphrase, struct wrapping *wrapping, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	*wrapping = (struct wrapping) { 0 };
	wrapping->header.memory_kib = CDR_ARGON2ID_MEMORY_KIB;
	wrapping->header.passes = CDR_ARGON2ID_PASSES;
	wrapping->header.lanes = CDR_ARGON2ID_LANES;
	CDR_TRY(cdr_random(wrapping->header.salt, sizeof(wrapping->header.salt)));
	CDR_TRY(stretch(&wrapping->header, passphrase, wrapping->body_key, wrapping->header.check));
out:
	if (err != CDR_OK)
		cdr_fault_set(fault, err, "cannot derive a key from the passphrase: it takes %d MiB of memory",
		    CDR_ARGON2ID_MEMORY_KIB / 1024);
	return err;
}

/* ---- the store in memory ---- */

/* An empty store for ${path}; its folder must be there. */
static cdr_err
store_new(const char *path, struct cdr_keystore **store, struct cdr_fault *fault)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	/* "/name" is in "/". */
	size_t folder_len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
	char folder[PATH_MAX] = ".";

	if (name[0] == '\0' || strlen(name) > NAME_MAX - sizeof(".new") || folder_len >= sizeof(folder))
		return cdr_fault_set(fault, CDR_E_IO, "%s: not the name of a file", path);
	if (folder_len > 0) {
		memcpy(folder, path, folder_len);
		folder[folder_len] = '\0';
	}

	struct cdr_keystore *s = cdr_secret_alloc(sizeof(*s));
	if (s == NULL)
		return cdr_fault_set(fault, CDR_E_MEMORY, "%s: no locked memory left", path);
	memcpy(s->name, name, strlen(name) + 1);
	s->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->folder < 0) {
		cdr_err err = cdr_fault_set(fault, CDR_E_IO, "%s: %s", folder, strerror(errno));
		cdr_secret_free(s);
		return err;
	}
	*store = s;
	return CDR_OK;
}

/* see keys/keystore.h */
void
cdr_keystore_free(struct cdr_keystore *store)
{
	if (store == NULL)
		return;
	(void)close(store->folder);
	cdr_secret_free(store);
}

/* The place of the first secret whose name is not before ${name}. */
static size_t
place_of(const struct cdr_keystore *store, const char *name, bool *there)
{
	size_t at = 0;

	while (at < store->body.count && strcmp(store->body.secrets[at].name, name) < 0)
		at++;
	*there = at < store->body.count && strcmp(store->body.secrets[at].name, name) == 0;
	return at;
}

/* see keys/keystore.h */
cdr_err
cdr_keystore_derive(const struct cdr_keystore *store, const char *purpose, uint8_t out[static CDR_KEYSTORE_KEY_LEN])
{
	const struct cdr_bytes info[2] = { { (const uint8_t *)LABEL_DERIVE, sizeof(LABEL_DERIVE) - 1 },
		{ (const uint8_t *)purpose, strlen(purpose) } };

	if (info[1].len == 0 || info[1].len > CDR_KEYSTORE_NAME_LEN_MAX) {
		cdr_wipe(out, CDR_KEYSTORE_KEY_LEN);
		return CDR_E_RANGE;
	}
	return cdr_hkdf_expand(store->body.data_key, info, 2, out, CDR_KEYSTORE_KEY_LEN);
}

/* see keys/keystore.h */
size_t
cdr_keystore_len(const struct cdr_keystore *store, const char *name)
{
	bool there = false;
	size_t at = place_of(store, name, &there);

	return there ? store->body.secrets[at].len : 0;
}

/* see keys/keystore.h */
cdr_err
cdr_keystore_get(const struct cdr_keystore *store, const char *name, uint8_t *out, size_t len)
{
	bool there = false;
	size_t at = place_of(store, name, &there);

	if (there && store->body.secrets[at].len == len) {
		memcpy(out, store->body.secrets[at].bytes, len);
		return CDR_OK;
	}
	cdr_wipe(out, len);
	return there ? CDR_E_RANGE : CDR_E_ABSENT;
}

/* see keys/keystore.h */
cdr_err
cdr_keystore_put(struct cdr_keystore *store, const char *name, const uint8_t *secret, size_t len)
{
	struct cdr_keystore_body *body = &store->body;
	size_t name_len = strlen(name);
	bool there = false;

	if (!cdr_keystore_name_is_valid(name, name_len))
		return CDR_E_INPUT;
	if (len == 0 || len > CDR_KEYSTORE_SECRET_LEN_MAX)
		return CDR_E_RANGE;

	size_t at = place_of(store, name, &there);
	struct cdr_keystore_secret *place = &body->secrets[at];
	if (!there) {
		if (body->count == CDR_KEYSTORE_COUNT_MAX)
			return CDR_E_RANGE;
		memmove(place + 1, place, (body->count - at) * sizeof(*place));
		body->count++;
	}
	cdr_wipe(place, sizeof(*place));
	memcpy(place->name, name, name_len);
	memcpy(place->bytes, secret, len);
	place->len = len;
	return CDR_OK;
}

/* see keys/keystore.h */
cdr_err
cdr_keystore_remove(struct cdr_keystore *store, const char *name)
{
	struct cdr_keystore_body *body = &store->body;
	bool there = false;
	size_t at = place_of(store, name, &there);

	if (!there)
		return CDR_E_ABSENT;
	struct cdr_keystore_secret *place = &body->secrets[at];
	memmove(place, place + 1, (body->count - at - 1) * sizeof(*place));
	body->count--;
	cdr_wipe(&body->secrets[body->count], sizeof(*place));
	return CDR_OK;
}

/* ---- writing the file ---- */

/* The whole file under ${wrapping}, which gets a new nonce. Returned memory is the caller's to free. */
static cdr_err
file_make(const struct cdr_keystore_body *body, struct wrapping *wrapping, uint8_t **file, size_t *file_len)
{
	uint8_t *plain = cdr_secret_alloc(CDR_KEYSTORE_BODY_LEN_MAX);
	uint8_t *bytes = malloc(CDR_KEYSTORE_FILE_LEN_MAX); /* not secret */
	cdr_err err = CDR_E_MEMORY;

	if (plain == NULL || bytes == NULL)
		goto out;
	size_t plain_len = cdr_keystore_body_encode(body, plain);
	wrapping->header.sealed_len = (uint32_t)(plain_len + CDR_AEAD_TAG_LEN);
	CDR_TRY(cdr_random(wrapping->header.nonce, sizeof(wrapping->header.nonce)));
	cdr_keystore_header_encode(&wrapping->header, bytes);
	CDR_TRY(cdr_aead_seal(wrapping->body_key, wrapping->header.nonce, bytes, CDR_KEYSTORE_HEADER_LEN, plain, plain_len,
	    bytes + CDR_KEYSTORE_HEADER_LEN));

	const struct cdr_bytes content = { bytes, CDR_KEYSTORE_HEADER_LEN + wrapping->header.sealed_len };
	CDR_TRY(cdr_sha256(&content, 1, bytes + content.len));
	*file = bytes;
	*file_len = content.len + CDR_SHA256_LEN;
	bytes = NULL;
out:
	cdr_secret_free(plain);
	free(bytes);
	return err;
}

/* Whether the file is still the one that this process saw last. The folder is locked. */
static cdr_err
check_unchanged(const struct cdr_keystore *store, struct cdr_fault *fault)
{
	uint8_t checksum[CDR_SHA256_LEN]; /* not secret */
	int fd = openat(store->folder, store->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno != ENOENT)
		return cdr_fault_set(fault, CDR_E_IO, "%s: %s", store->name, strerror(errno));
	if (!store->saved) {
		if (fd < 0)
			return CDR_OK;
		(void)close(fd);
		return cdr_fault_set(fault, CDR_E_EXISTS, "%s is there already, and is left alone", store->name);
	}
	bool same = fd >= 0 && lseek(fd, -(off_t)sizeof(checksum), SEEK_END) >= 0 &&
	    read(fd, checksum, sizeof(checksum)) == (ssize_t)sizeof(checksum) &&
	    cdr_equal(checksum, store->checksum, sizeof(checksum));
	if (fd >= 0)
		(void)close(fd);
	if (!same)
		return cdr_fault_set(fault, CDR_E_BUSY,
		    "%s was changed by another process meanwhile: stop it, or try again", store->name);
	return CDR_OK;
}

/* Write all of ${bytes} into a new file beside the keystore, and wait until it is on the disk. */
static bool
write_beside(const struct cdr_keystore *store, const char *beside, const uint8_t *bytes, size_t len)
{
	/* What an interrupted save left behind. */
	(void)unlinkat(store->folder, beside, 0);
	int fd = openat(store->folder, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;

	bool good = true;
	for (size_t done = 0; good && done < len;) {
		ssize_t n = write(fd, bytes + done, len - done);
		if (n > 0)
			done += (size_t)n;
		else
			good = n < 0 && errno == EINTR;
	}
	good = good && fsync(fd) == 0;
	int saved_errno = errno;
	good = close(fd) == 0 && good;
	if (!good) {
		(void)unlinkat(store->folder, beside, 0);
		errno = saved_errno;
	}
	return good;
}

/* Overwrite the file that was replaced, unless it has another name, such as in somebody's backup. It is an attempt: what the
 * disk makes of it nobody can promise. */
static void
wipe_replaced(int fd)
{
	static const uint8_t zeros[4096];
	struct stat status;

	if (fd < 0)
		return;
	if (fstat(fd, &status) == 0 && status.st_nlink == 0 && lseek(fd, 0, SEEK_SET) == 0) {
		for (off_t left = status.st_size; left > 0;) {
			ssize_t n = write(fd, zeros, left < (off_t)sizeof(zeros) ? (size_t)left : sizeof(zeros));
			if (n <= 0)
				break;
			left -= n;
		}
		(void)fdatasync(fd);
	}
	(void)close(fd);
}

/* Put the file in place, under the lock of its folder, and remember it. */
static cdr_err
replace_file(struct cdr_keystore *store, const uint8_t *file, size_t file_len, struct cdr_fault *fault)
{
	char beside[NAME_MAX + 1];
	int replaced = -1;
	cdr_err err = CDR_E_INTERNAL;

	(void)snprintf(beside, sizeof(beside), "%.*s.new", (int)(NAME_MAX - sizeof(".new")), store->name);
	/* The folder and not the file is locked: the file is another one after each save. */
	if (flock(store->folder, LOCK_EX) != 0)
		return cdr_fault_set(fault, CDR_E_IO, "cannot lock the folder of %s: %s", store->name, strerror(errno));
	CDR_TRY(check_unchanged(store, fault));
	replaced = openat(store->folder, store->name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (!write_beside(store, beside, file, file_len) ||
	    renameat(store->folder, beside, store->folder, store->name) != 0)
		CDR_TRY(cdr_fault_set(fault, CDR_E_IO, "cannot write %s: %s", store->name, strerror(errno)));
	memcpy(store->checksum, file + file_len - CDR_SHA256_LEN, CDR_SHA256_LEN);
	store->saved = true;
	if (fsync(store->folder) != 0)
		CDR_TRY(cdr_fault_set(fault, CDR_E_IO, "cannot write the folder of %s: %s", store->name, strerror(errno)));
	/* Only now is it certain that nobody needs the old one. */
	wipe_replaced(replaced);
	replaced = -1;
	err = CDR_OK;
out:
	if (replaced >= 0)
		(void)close(replaced);
	(void)flock(store->folder, LOCK_UN);
	return err;
}

/* Save under ${wrapping}. */
static cdr_err
save_under(struct cdr_keystore *store, struct wrapping *wrapping, struct cdr_fault *fault)
{
	uint8_t *file = NULL;
	size_t file_len = 0;
	cdr_err err = file_make(&store->body, wrapping, &file, &file_len);

	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "cannot seal %s: %s", store->name, cdr_err_name(err));
	err = replace_file(store, file, file_len, fault);
	free(file);
	return err;
}

/* see keys/keystore.h */
cdr_err
cdr_keystore_save(struct cdr_keystore *store, struct cdr_fault *fault)
{
	return save_under(store, &store->wrapping, fault);
}

/* see keys/keystore.h */
cdr_err
cdr_keystore_change_passphrase(struct cdr_keystore *store, const struct cdr_passphrase *passphrase,
    struct cdr_fault *fault)
{
	struct wrapping wrapping = { 0 };
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_passphrase_check(passphrase, fault));
	CDR_TRY(wrapping_new(passphrase, &wrapping, fault));
	CDR_TRY(save_under(store, &wrapping, fault));
	store->wrapping = wrapping;
out:
	cdr_wipe(&wrapping, sizeof(wrapping));
	return err;
}

/* see keys/keystore.h */
cdr_err
cdr_keystore_create(const char *path, const struct cdr_passphrase *passphrase, struct cdr_keystore **store,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	*store = NULL;
	CDR_TRY(cdr_passphrase_check(passphrase, fault));
	CDR_TRY(store_new(path, store, fault));
	/* Said before the work is done; the save looks again, under the lock. */
	CDR_TRY(check_unchanged(*store, fault));
	CDR_TRY(cdr_random((*store)->body.data_key, CDR_KEYSTORE_KEY_LEN));
	CDR_TRY(wrapping_new(passphrase, &(*store)->wrapping, fault));
	CDR_TRY(cdr_keystore_save(*store, fault));
out:
	if (err != CDR_OK) {
		cdr_keystore_free(*store);
		*store = NULL;
	}
	return err;
}

/* ---- reading the file ---- */

/* Whether an open file may be a keystore: a plain one that only its owner can reach, not too long. */
static cdr_err
check_file(int fd, const char *path, struct cdr_fault *fault)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return cdr_fault_set(fault, CDR_E_IO, "%s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return cdr_fault_set(fault, CDR_E_INPUT, "%s: not a plain file", path);
	if ((status.st_mode & 077) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED,
		    "%s can be reached by other users (mode %04o). Run: chmod 600 %s", path,
		    (unsigned)status.st_mode & 07777, path);
	if (status.st_size > CDR_KEYSTORE_FILE_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "%s: not a keystore: it is too long", path);
	return CDR_OK;
}

/* Read the whole file into CDR_KEYSTORE_FILE_LEN_MAX bytes of ${bytes}. ${replaced}: another one has its name by now. */
static cdr_err
file_read_once(const struct cdr_keystore *store, const char *path, uint8_t *bytes, size_t *len, bool *replaced,
    struct cdr_fault *fault)
{
	struct stat status;

	cdr_err err = CDR_E_INTERNAL;
	int fd = openat(store->folder, store->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return cdr_fault_set(fault, errno == ENOENT ? CDR_E_ABSENT : CDR_E_IO, "%s: %s", path, strerror(errno));
	CDR_TRY(check_file(fd, path, fault));
	for (*len = 0; *len < CDR_KEYSTORE_FILE_LEN_MAX;) {
		ssize_t n = read(fd, bytes + *len, CDR_KEYSTORE_FILE_LEN_MAX - *len);
		if (n == 0)
			break;
		if (n > 0)
			*len += (size_t)n;
		else if (errno != EINTR)
			CDR_TRY(cdr_fault_set(fault, CDR_E_IO, "%s: %s", path, strerror(errno)));
	}
	*replaced = fstat(fd, &status) == 0 && status.st_nlink == 0;
out:
	(void)close(fd);
	return err;
}

/* The same of a file that nobody replaced meanwhile: what is replaced is overwritten. */
static cdr_err
file_read(const struct cdr_keystore *store, const char *path, uint8_t *bytes, size_t *len, struct cdr_fault *fault)
{
	bool replaced = true;
	cdr_err err = CDR_OK;

	for (unsigned i = 0; err == CDR_OK && replaced && i < READ_TRIES; i++)
		err = file_read_once(store, path, bytes, len, &replaced, fault);
	return err;
}

/* Open the sealed body of a file whose header is in ${store} already. */
static cdr_err
unseal(struct cdr_keystore *store, const uint8_t *file, struct cdr_bytes sealed,
    const struct cdr_passphrase *passphrase)
{
	struct wrapping *wrapping = &store->wrapping;
	uint8_t check[CDR_SHA256_LEN];
	uint8_t *plain = NULL;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(stretch(&wrapping->header, passphrase, wrapping->body_key, check));
	if (!cdr_equal(check, wrapping->header.check, sizeof(check)))
		CDR_TRY(CDR_E_PASSPHRASE);
	if ((plain = cdr_secret_alloc(sealed.len)) == NULL)
		CDR_TRY(CDR_E_MEMORY);
	CDR_TRY(cdr_aead_open(wrapping->body_key, wrapping->header.nonce, file, CDR_KEYSTORE_HEADER_LEN, sealed.data,
	    sealed.len, plain));
	CDR_TRY(cdr_keystore_body_decode((struct cdr_bytes) { plain, sealed.len - CDR_AEAD_TAG_LEN }, &store->body));
out:
	cdr_wipe(check, sizeof(check));
	cdr_secret_free(plain);
	return err == CDR_E_SEALED ? CDR_E_INPUT : err;
}

/* What to say when the body does not open. */
static cdr_err
unseal_fault(cdr_err err, const char *path, struct cdr_fault *fault)
{
	switch (err) {
	case CDR_E_PASSPHRASE:
		return cdr_fault_set(fault, err, "%s: wrong passphrase", path);
	case CDR_E_INPUT:
		return cdr_fault_set(fault, err, "%s: its content was changed. Restore it from a backup", path);
	default:
		return cdr_fault_set(fault, err, "%s: cannot be opened: %s", path, cdr_err_name(err));
	}
}

/* see keys/keystore.h */
cdr_err
cdr_keystore_open(const char *path, const struct cdr_passphrase *passphrase, struct cdr_keystore **store,
    struct cdr_fault *fault)
{
	uint8_t *file = malloc(CDR_KEYSTORE_FILE_LEN_MAX); /* not secret */
	size_t file_len = 0;
	struct cdr_bytes sealed;
	struct cdr_fault inner = { 0 };
	cdr_err err = CDR_E_INTERNAL;

	*store = NULL;
	if (file == NULL)
		CDR_TRY(cdr_fault_set(fault, CDR_E_MEMORY, "%s: no memory", path));
	CDR_TRY(store_new(path, store, fault));
	CDR_TRY(file_read(*store, path, file, &file_len, fault));
	if ((err = cdr_keystore_file_decode((struct cdr_bytes) { file, file_len }, &(*store)->wrapping.header, &sealed,
		 &inner)) != CDR_OK)
		CDR_TRY(cdr_fault_set(fault, err, "%s: %s", path, inner.text));
	if ((err = unseal(*store, file, sealed, passphrase)) != CDR_OK)
		CDR_TRY(unseal_fault(err, path, fault));
	memcpy((*store)->checksum, file + file_len - CDR_SHA256_LEN, CDR_SHA256_LEN);
	(*store)->saved = true;
out:
	free(file);
	if (err != CDR_OK) {
		cdr_keystore_free(*store);
		*store = NULL;
	}
	return err;
}
