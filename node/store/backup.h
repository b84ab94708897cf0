#ifndef CDR_NODE_STORE_BACKUP_H
#define CDR_NODE_STORE_BACKUP_H

/*
 * A node's backup: one file, made while the daemon runs, with everything that its folder holds: keystore, database, codebook.
 *
 *     at   len  what, numbers big-endian
 *      0    16  "candor-backup" and three NULs
 *     16     4  version: 1
 *     20     4  whose: the application id of the database
 *     24     8  when it was made, seconds since 1970
 *     32     4  K, the length of the keystore's file
 *     36     4  B, the length of the codebook's file; 0: there is none
 *     40     8  D, the length of the database
 *     48   K+B+D  the three, one after the other. The keystore is sealed under the passphrase of that day, the database encrypted
 *               under a key in it
 *     end   32  HMAC-SHA-256 of all bytes before, under the key "backup" of the keystore
 *
 * So nobody without the passphrase learns more from it than sizes and a date, or makes one that is restored.
 */

#include "node/store/home.h"

#define CDR_BACKUP_HEAD_LEN 48
#define CDR_BACKUP_CODEBOOK_MAX (4U << 20)

struct cdr_backup_head {
	uint32_t application_id, keystore_len, codebook_len;
	uint64_t made_at, database_len;
};

/* The head in bytes. */
void cdr_backup_head_write(const struct cdr_backup_head *head, uint8_t bytes[static CDR_BACKUP_HEAD_LEN]);

/**
 * cdr_backup_head_read(bytes, application_id, path, head, fault):
 * Read the head of a whole backup, and see whether the lengths in it are those of ${bytes}. Nothing is authentic yet.
 *
 * path   in   for the fault
 *
 * Returns  CDR_OK; CDR_E_INPUT if it is no backup, of a newer version, or not whole; CDR_E_REFUSED if it is another program's.
 */
CDR_MUST_CHECK cdr_err cdr_backup_head_read(struct cdr_bytes bytes, uint32_t application_id, const char *path,
    struct cdr_backup_head *head, struct cdr_fault *fault);

/**
 * cdr_backup_write(home, schema, path, now, bytes, fault):
 * Back up an open folder into a new file that only its owner may read. Jobs go on meanwhile: the copy is of one moment.
 *
 * bytes   out   how long the file is
 *
 * Returns  CDR_OK once it is on the disk; CDR_E_EXISTS if there is such a file (it is left alone); CDR_E_IO; CDR_E_STORE;
 *          CDR_E_BUSY; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_backup_write(struct cdr_home *home, const struct cdr_store_schema *schema, const char *path,
    uint64_t now, uint64_t *bytes, struct cdr_fault *fault);

/**
 * cdr_backup_restore(path, home_path, schema, passphrase, mark, context, home, made_at, fault):
 * Make a node's folder of a backup, and open it. Every byte is authenticated, the database read through, and ${mark} committed,
 * before the folder gets its name: what was interrupted is done anew by calling again.
 *
 * mark        in    a writing job: this node may have forgotten something
 * home_path   in    a folder that is empty or does not exist (its parent does)
 * passphrase  in    of the day of the backup
 * home        out   owned by the caller; NULL on error
 * made_at     out   when the backup was made, seconds since 1970
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is no such file; CDR_E_INPUT if it is no backup, is damaged or was changed; CDR_E_REFUSED
 *          if it is another program's; CDR_E_EXISTS if the folder is not empty; CDR_E_PASSPHRASE; CDR_E_IO; CDR_E_STORE;
 *          CDR_E_MEMORY; as ${mark}.
 */
CDR_MUST_CHECK cdr_err cdr_backup_restore(const char *path, const char *home_path, const struct cdr_store_schema *schema,
    const struct cdr_passphrase *passphrase, cdr_store_job *mark, void *context, struct cdr_home **home, uint64_t *made_at,
    struct cdr_fault *fault);

#endif
