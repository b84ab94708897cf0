#include "node/store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "keys/keystore_format.h"
#include "node/store/codebook_file.h"
#include "node/store/connection.h"

#define VERSION 1
#define PATH_SIZE (CDR_HOME_PATH_LEN_MAX + 64)
#define COPY_LEN 65536
#define RESTORING ".restoring" /* behind the folder's name until it is whole */

static const uint8_t magic[16] = "candor-backup";

static cdr_err
io_fault(struct cdr_fault *fault, const char *path)
{
	return cdr_fault_set(fault, CDR_E_IO, "%s: %s", path, strerror(errno));
}

/* ---- the head ----------------------------------------------------------------------------------------------------- */

/* see node/store/backup.h */
void
cdr_backup_head_write(const struct cdr_backup_head *head, uint8_t bytes[static CDR_BACKUP_HEAD_LEN])
{
	memcpy(bytes, magic, sizeof(magic));
	cdr_number_write(VERSION, bytes + 16, 4);
	cdr_number_write(head->application_id, bytes + 20, 4);
	cdr_number_write(head->made_at, bytes + 24, 8);
	cdr_number_write(head->keystore_len, bytes + 32, 4);
	cdr_number_write(head->codebook_len, bytes + 36, 4);
	cdr_number_write(head->database_len, bytes + 40, 8);
}

/* see node/store/backup.h */
cdr_err
cdr_backup_head_read(struct cdr_bytes bytes, uint32_t application_id, const char *path, struct cdr_backup_head *head,
    struct cdr_fault *fault)
{
	const uint8_t *at = bytes.data;

	*head = (struct cdr_backup_head){ 0 };
	if (bytes.len < CDR_BACKUP_HEAD_LEN + CDR_SHA256_LEN || memcmp(at, magic, sizeof(magic)) != 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "%s is no backup of Candor", path);
	if (cdr_number_read(at + 16, 4) != VERSION)
		return cdr_fault_set(fault, CDR_E_INPUT, "%s was made by a newer version of Candor: install that one", path);
	const struct cdr_backup_head h = { .application_id = (uint32_t)cdr_number_read(at + 20, 4), .made_at = cdr_number_read(at + 24, 8),
		.keystore_len = (uint32_t)cdr_number_read(at + 32, 4), .codebook_len = (uint32_t)cdr_number_read(at + 36, 4), .database_len = cdr_number_read(at + 40, 8) };
	const uint64_t room = bytes.len - CDR_BACKUP_HEAD_LEN - CDR_SHA256_LEN;
	if (h.application_id != application_id)
		return cdr_fault_set(fault, CDR_E_REFUSED, "%s is the backup of another kind of node: use that program's `restore`", path);
	if (h.keystore_len > CDR_KEYSTORE_FILE_LEN_MAX || h.codebook_len > CDR_BACKUP_CODEBOOK_MAX || h.keystore_len > room ||
	    h.codebook_len > room - h.keystore_len || h.database_len != room - h.keystore_len - h.codebook_len)
		return cdr_fault_set(fault, CDR_E_INPUT, "%s is not whole: copy it again from where it is kept", path);
	*head = h;
	return CDR_OK;
}

/* ---- pieces of files ---------------------------------------------------------------------------------------------- */

static bool
write_all(int fd, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* Append the file at ${path}, which nobody has open, to ${fd}. ${len}: how much that was; a file that is not there has no bytes. */
static cdr_err
append_file(int fd, const char *path, bool may_be_absent, uint64_t max, uint64_t *len, struct cdr_fault *fault)
{
	cdr_err err = CDR_OK;
	uint8_t *bytes = malloc(COPY_LEN); /* not secret */
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	*len = 0;
	if (from < 0 && errno == ENOENT && may_be_absent)
		goto out;
	if (from < 0 || bytes == NULL) {
		err = bytes == NULL ? CDR_E_MEMORY : io_fault(fault, path);
		goto out;
	}
	for (ssize_t n; err == CDR_OK && (n = read(from, bytes, COPY_LEN)) != 0;) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0)
			*len += (uint64_t)n;
		if (n < 0 || *len > max || !write_all(fd, bytes, (size_t)n))
			err = io_fault(fault, path);
	}
out:
	if (from >= 0)
		(void)close(from);
	free(bytes);
	return err;
}

/* ---- making ------------------------------------------------------------------------------------------------------- */

struct copy_job {
	const char *path;
	const uint8_t *key;
	cdr_err err;
};

/* A reading job: every page as it is at this moment. Both sides have the key, so nothing is ever written in plain. */
static cdr_err
copy_job(struct cdr_tx *tx, void *context)
{
	struct copy_job *job = context;
	struct cdr_connection_config config = { .path = job->path, .key = job->key, .cache_kib = 1024, .busy_ms = 1000 };
	struct cdr_tx *to = NULL;

	job->err = cdr_connection_open(&config, &to);
	if (job->err != CDR_OK)
		return job->err;
	sqlite3_backup *backup = sqlite3_backup_init(to->db, "main", tx->db, "main");
	int code = backup == NULL ? sqlite3_errcode(to->db) : sqlite3_backup_step(backup, -1);
	if (backup != NULL && sqlite3_backup_finish(backup) != SQLITE_OK && code == SQLITE_DONE)
		code = SQLITE_ERROR;
	job->err = code == SQLITE_DONE ? CDR_OK : code == SQLITE_OK ? CDR_E_STORE : cdr_connection_err(code);
	/* One file, with nothing beside it. */
	if (job->err == CDR_OK)
		job->err = cdr_connection_script(to, "PRAGMA journal_mode = DELETE");
	cdr_connection_close(to);
	return job->err;
}

/* The database of one moment, in a new file of its own. */
static cdr_err
copy_database(struct cdr_home *home, const char *path, struct cdr_fault *fault)
{
	struct copy_job job = { .path = path, .key = home->keys->database };

	(void)unlink(path);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return io_fault(fault, path);
	(void)close(fd);
	cdr_err err = cdr_store_read(home->store, copy_job, &job);
	return err == CDR_OK ? CDR_OK : cdr_fault_set(fault, err, "the database cannot be copied (%s)", cdr_err_name(err));
}

/* The last 32 bytes of a backup: over everything before them. */
static cdr_err
authenticate(const struct cdr_keystore *keystore, const uint8_t *bytes, size_t len, uint8_t mac[static CDR_SHA256_LEN])
{
	uint8_t key[CDR_KEYSTORE_KEY_LEN];
	const struct cdr_bytes part = { bytes, len };

	cdr_err err = cdr_keystore_derive(keystore, "backup", key);
	if (err == CDR_OK)
		err = cdr_hmac_sha256(key, sizeof(key), &part, 1, mac);
	cdr_wipe(key, sizeof(key));
	return err;
}

/* Put the head in front and the code behind. */
static cdr_err
finish(int fd, const struct cdr_home *home, const struct cdr_backup_head *head, uint64_t *bytes, const char *path, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t first[CDR_BACKUP_HEAD_LEN], mac[CDR_SHA256_LEN];
	const uint64_t len = CDR_BACKUP_HEAD_LEN + (uint64_t)head->keystore_len + head->codebook_len + head->database_len;
	void *map = MAP_FAILED;

	cdr_backup_head_write(head, first);
	if (pwrite(fd, first, sizeof(first), 0) != (ssize_t)sizeof(first))
		CDR_TRY(io_fault(fault, path));
	map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		CDR_TRY(io_fault(fault, path));
	CDR_TRY(authenticate(home->keystore, map, len, mac));
	if (!write_all(fd, mac, sizeof(mac)) || fsync(fd) != 0)
		CDR_TRY(io_fault(fault, path));
	*bytes = len + sizeof(mac);
	err = CDR_OK;
out:
	if (map != MAP_FAILED)
		(void)munmap(map, len);
	return err;
}

/* Keystore, codebook and the copied database into ${fd}, behind room for the head. */
static cdr_err
collect(int fd, struct cdr_home *home, const char *database, struct cdr_backup_head *head, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char path[PATH_SIZE];
	uint64_t len;
	static const uint8_t room[CDR_BACKUP_HEAD_LEN];

	if (!write_all(fd, room, sizeof(room)))
		return CDR_E_IO;
	CDR_TRY(cdr_home_file(home->path, CDR_HOME_KEYSTORE, path, sizeof(path)));
	CDR_TRY(append_file(fd, path, false, CDR_KEYSTORE_FILE_LEN_MAX, &len, fault));
	head->keystore_len = (uint32_t)len;
	CDR_TRY(cdr_home_file(home->path, CDR_CODEBOOK_FILE, path, sizeof(path)));
	CDR_TRY(append_file(fd, path, true, CDR_BACKUP_CODEBOOK_MAX, &len, fault));
	head->codebook_len = (uint32_t)len;
	CDR_TRY(append_file(fd, database, false, UINT64_MAX, &head->database_len, fault));
	err = CDR_OK;
out:
	return err;
}

/* see node/store/backup.h */
cdr_err
cdr_backup_write(struct cdr_home *home, const struct cdr_store_schema *schema, const char *path, uint64_t now,
    uint64_t *bytes, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char part[PATH_SIZE], database[PATH_SIZE];
	struct cdr_backup_head head = { .application_id = schema->application_id, .made_at = now };
	struct stat info;
	int fd = -1;

	*bytes = 0;
	if (snprintf(part, sizeof(part), "%s.part", path) >= (int)sizeof(part) ||
	    snprintf(database, sizeof(database), "%s.database", path) >= (int)sizeof(database))
		return cdr_fault_set(fault, CDR_E_RANGE, "the path of the backup is too long");
	if (lstat(path, &info) == 0)
		return cdr_fault_set(fault, CDR_E_EXISTS, "%s is there already: give each backup a name of its own", path);
	CDR_TRY(copy_database(home, database, fault));
	(void)unlink(part);
	fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		CDR_TRY(io_fault(fault, part));
	CDR_TRY(collect(fd, home, database, &head, fault));
	CDR_TRY(finish(fd, home, &head, bytes, part, fault));
	if (rename(part, path) != 0)
		CDR_TRY(io_fault(fault, path));
	err = CDR_OK;
out:
	if (fd >= 0 && close(fd) != 0 && err == CDR_OK)
		err = io_fault(fault, path);
	(void)unlink(database);
	if (err != CDR_OK)
		(void)unlink(part);
	return err;
}

/* ---- restoring ------------------------------------------------------------------------------------------------------ */

/* A backup in memory, as the disk has it. */
struct mapped {
	const uint8_t *bytes;
	size_t len;
	struct cdr_backup_head head;
};

static cdr_err
map_file(const char *path, struct mapped *m, struct cdr_fault *fault)
{
	struct stat info;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*m = (struct mapped){ .bytes = NULL };
	if (fd < 0)
		return cdr_fault_set(fault, errno == ENOENT ? CDR_E_ABSENT : CDR_E_IO, "%s: %s", path, strerror(errno));
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size < CDR_BACKUP_HEAD_LEN + CDR_SHA256_LEN) {
		(void)close(fd);
		return cdr_fault_set(fault, CDR_E_INPUT, "%s is no backup of Candor", path);
	}
	void *map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	(void)close(fd);
	if (map == MAP_FAILED)
		return io_fault(fault, path);
	m->bytes = map;
	m->len = (size_t)info.st_size;
	return CDR_OK;
}

static cdr_err
write_file(const char *folder, const char *name, const uint8_t *bytes, uint64_t len, struct cdr_fault *fault)
{
	char path[PATH_SIZE];

	if (cdr_home_file(folder, name, path, sizeof(path)) != CDR_OK)
		return CDR_E_RANGE;
	(void)unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool good = fd >= 0 && write_all(fd, bytes, len) && fsync(fd) == 0;
	if (fd >= 0)
		good = close(fd) == 0 && good;
	return good ? CDR_OK : io_fault(fault, path);
}

/* Keystore first: it has the key that says whether the rest is what was backed up. */
static cdr_err
unpack(const struct mapped *m, const char *folder, const struct cdr_passphrase *passphrase, const char *path,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_backup_head *h = &m->head;
	const uint8_t *at = m->bytes + CDR_BACKUP_HEAD_LEN;
	struct cdr_keystore *keystore = NULL;
	uint8_t mac[CDR_SHA256_LEN];
	char keystore_path[PATH_SIZE];

	CDR_TRY(cdr_home_file(folder, CDR_HOME_KEYSTORE, keystore_path, sizeof(keystore_path)));
	CDR_TRY(write_file(folder, CDR_HOME_KEYSTORE, at, h->keystore_len, fault));
	err = cdr_keystore_open(keystore_path, passphrase, &keystore, fault);
	if (err == CDR_E_PASSPHRASE)
		cdr_fault_set(fault, err, "%s: wrong passphrase: it opens with the one that the node had on the day of the backup", path);
	CDR_TRY(err);
	CDR_TRY(authenticate(keystore, m->bytes, m->len - CDR_SHA256_LEN, mac));
	if (!cdr_equal(mac, m->bytes + m->len - CDR_SHA256_LEN, sizeof(mac)))
		CDR_TRY(cdr_fault_set(fault, CDR_E_INPUT, "%s is damaged or was changed: do not use it, take another backup", path));
	at += h->keystore_len;
	if (h->codebook_len > 0)
		CDR_TRY(write_file(folder, CDR_CODEBOOK_FILE, at, h->codebook_len, fault));
	CDR_TRY(write_file(folder, CDR_HOME_DATABASE, at + h->codebook_len, h->database_len, fault));
	err = CDR_OK;
out:
	cdr_keystore_free(keystore);
	return err;
}

/* Remove what is in a folder that was made here, and the folder. */
static void
remove_folder(const char *folder)
{
	static const char *const names[] = { CDR_HOME_KEYSTORE, CDR_HOME_KEYSTORE ".new", CDR_CODEBOOK_FILE, CDR_HOME_DATABASE,
		CDR_HOME_DATABASE "-wal", CDR_HOME_DATABASE "-shm", CDR_HOME_DATABASE "-journal", CDR_HOME_DATABASE "-check" };
	char path[PATH_SIZE];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (cdr_home_file(folder, names[i], path, sizeof(path)) == CDR_OK)
			(void)unlink(path);
	(void)rmdir(folder);
}

/* Open what was unpacked, with this program's schema, read all of it, and note what happened. */
static cdr_err
look_through(const char *folder, const struct cdr_store_schema *schema, const struct cdr_passphrase *passphrase,
    cdr_store_job *mark, void *context, struct cdr_fault *fault)
{
	struct cdr_home *home = NULL;

	cdr_err err = cdr_home_open(folder, schema, passphrase, &home, fault);
	if (err == CDR_OK)
		err = cdr_store_check(home->store, fault);
	if (err == CDR_OK)
		err = cdr_store_write(home->store, mark, context);
	cdr_home_close(home);
	return err;
}

/* see node/store/backup.h */
cdr_err
cdr_backup_restore(const char *path, const char *home_path, const struct cdr_store_schema *schema,
    const struct cdr_passphrase *passphrase, cdr_store_job *mark, void *context, struct cdr_home **home, uint64_t *made_at,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char folder[PATH_SIZE] = "";
	struct mapped m = { .bytes = NULL };

	*home = NULL;
	*made_at = 0;
	if (strlen(home_path) == 0 || strlen(home_path) > CDR_HOME_PATH_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "the folder's path is empty or too long");
	(void)snprintf(folder, sizeof(folder), "%s" RESTORING, home_path);
	CDR_TRY(map_file(path, &m, fault));
	CDR_TRY(cdr_backup_head_read((struct cdr_bytes){ m.bytes, m.len }, schema->application_id, path, &m.head, fault));
	/* An empty folder makes room for the one that is made here. */
	if (rmdir(home_path) != 0 && errno != ENOENT)
		CDR_TRY(cdr_fault_set(fault, CDR_E_EXISTS, "%s is not an empty folder: restore into one that is new", home_path));
	remove_folder(folder);
	if (mkdir(folder, 0700) != 0)
		CDR_TRY(io_fault(fault, folder));
	CDR_TRY(unpack(&m, folder, passphrase, path, fault));
	CDR_TRY(look_through(folder, schema, passphrase, mark, context, fault));
	if (rename(folder, home_path) != 0)
		CDR_TRY(io_fault(fault, home_path));
	folder[0] = '\0';
	CDR_TRY(cdr_home_open(home_path, schema, passphrase, home, fault));
	*made_at = m.head.made_at;
	err = CDR_OK;
out:
	if (err != CDR_OK && folder[0] != '\0')
		remove_folder(folder);
	if (m.bytes != NULL) {
		union {
			const uint8_t *in;
			void *out;
		} map = { .in = m.bytes };
		(void)munmap(map.out, m.len);
	}
	return err;
}
