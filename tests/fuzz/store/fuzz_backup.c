/*
 * A file that says it is a node's backup, as far as it is read before anything in it is authentic. Properties: what is accepted has
 * lengths that add up to the file, each within its maximum, and its head is written again byte by byte; what is refused leaves nothing
 * and says why; no file is whole for two programs.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/crypto/hash.h"
#include "keys/keystore_format.h"
#include "node/store/backup.h"

#define OURS 0x43444d31U
#define OTHERS 0x43445254U

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct cdr_backup_head zero;
	const struct cdr_bytes bytes = { data, len };
	struct cdr_backup_head head, other;
	struct cdr_fault fault = { 0 };
	uint8_t again[CDR_BACKUP_HEAD_LEN];

	memset(&head, 1, sizeof(head));
	cdr_err err = cdr_backup_head_read(bytes, OURS, "the file", &head, &fault);
	if (err != CDR_OK) {
		assert(fault.code == err && strstr(fault.text, "the file") != NULL);
		assert(head.application_id == zero.application_id && head.keystore_len == 0 && head.codebook_len == 0 && head.made_at == 0 &&
		    head.database_len == 0);
		return 0;
	}
	assert(head.keystore_len <= CDR_KEYSTORE_FILE_LEN_MAX && head.codebook_len <= CDR_BACKUP_CODEBOOK_MAX);
	assert((uint64_t)head.keystore_len + head.codebook_len <= len && head.database_len <= len);
	assert(CDR_BACKUP_HEAD_LEN + (uint64_t)head.keystore_len + head.codebook_len + head.database_len + CDR_SHA256_LEN == len);
	cdr_backup_head_write(&head, again);
	assert(memcmp(again, data, sizeof(again)) == 0);
	assert(cdr_backup_head_read(bytes, OTHERS, "the file", &other, NULL) == CDR_E_REFUSED);
	return 0;
}
