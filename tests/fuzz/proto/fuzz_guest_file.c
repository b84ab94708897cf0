/*
 * An answer of a guest as it came in an e-mail. Properties: what reads, reads the same again when it is quoted; what does not leaves the
 * parcel zero; nothing but a whole answer reads.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "proto/guest.h"

static struct cdr_guest_parcel parcel, again, zero;

/* The same with "> " before each line. */
static size_t
quote(const uint8_t *data, size_t len, uint8_t *out)
{
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		out[at++] = data[i];
		if (data[i] == '\n') {
			out[at++] = '>';
			out[at++] = ' ';
		}
	}
	return at;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_fault fault = { 0 };

	memset(&parcel, 0xa5, sizeof(parcel));
	cdr_err err = cdr_guest_file_read((struct cdr_bytes){ data, len }, &parcel, &fault);
	assert(err == CDR_OK || ((err == CDR_E_INPUT || err == CDR_E_RANGE) && fault.code == err));
	if (err != CDR_OK) {
		assert(memcmp(&parcel, &zero, sizeof(parcel)) == 0);
		return 0;
	}
	uint8_t *quoted = malloc(3 * len);
	assert(quoted != NULL);
	size_t quoted_len = quote(data, len, quoted);
	if (quoted_len <= CDR_GUEST_FILE_MAX) {
		assert(cdr_guest_file_read((struct cdr_bytes){ quoted, quoted_len }, &again, &fault) == CDR_OK);
		assert(memcmp(&again, &parcel, sizeof(again)) == 0);
	}
	free(quoted);
	return 0;
}
