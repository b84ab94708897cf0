/*
 * The keystore's two decoders, told apart by the first byte of the input. Properties: a file that is accepted holds
 * numbers in range and exactly the bytes that it says; a body that is accepted is written again byte by byte.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "keys/keystore_format.h"

static void
fuzz_file(struct cdr_bytes file)
{
	struct cdr_keystore_header header;
	struct cdr_bytes sealed;
	uint8_t again[CDR_KEYSTORE_HEADER_LEN];

	if (cdr_keystore_file_decode(file, &header, &sealed, NULL) != CDR_OK)
		return;
	assert(header.memory_kib >= CDR_KEYSTORE_MEMORY_KIB_MIN && header.memory_kib <= CDR_KEYSTORE_MEMORY_KIB_MAX);
	assert(header.passes >= CDR_KEYSTORE_PASSES_MIN && header.passes <= CDR_KEYSTORE_PASSES_MAX);
	assert(header.lanes >= 1 && header.lanes <= CDR_KEYSTORE_LANES_MAX);
	assert(CDR_KEYSTORE_HEADER_LEN + sealed.len + CDR_SHA256_LEN == file.len);
	assert(sealed.data == file.data + CDR_KEYSTORE_HEADER_LEN);
	cdr_keystore_header_encode(&header, again);
	assert(memcmp(again, file.data, sizeof(again)) == 0);
}

/* The checksum keeps every mutant out: give it one that holds. */
static void
fuzz_file_with_checksum(const uint8_t *data, size_t len)
{
	uint8_t *file = malloc(len + CDR_SHA256_LEN);
	const struct cdr_bytes content = { file, len };

	assert(file != NULL);
	memcpy(file, data, len);
	if (cdr_sha256(&content, 1, file + len) != CDR_OK)
		abort();
	fuzz_file((struct cdr_bytes) { file, len + CDR_SHA256_LEN });
	free(file);
}

static void
fuzz_body(struct cdr_bytes bytes)
{
	static struct cdr_keystore_body body;
	static uint8_t again[CDR_KEYSTORE_BODY_LEN_MAX];

	if (cdr_keystore_body_decode(bytes, &body) != CDR_OK)
		return;
	assert(cdr_keystore_body_encode(&body, again) == bytes.len);
	assert(memcmp(again, bytes.data, bytes.len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0)
		return 0;
	switch (data[0] % 3) {
	case 0:
		fuzz_file((struct cdr_bytes) { data + 1, len - 1 });
		break;
	case 1:
		fuzz_file_with_checksum(data + 1, len - 1);
		break;
	default:
		fuzz_body((struct cdr_bytes) { data + 1, len - 1 });
		break;
	}
	return 0;
}
