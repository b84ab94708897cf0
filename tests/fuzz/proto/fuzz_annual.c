/*
 * Annual returns of any bytes: what is taken can be, and goes out again as it came in (but for fields that nobody knows).
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "proto/annual.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_annual_signed annual, again;
	struct cdr_fault fault = { 0 };
	struct cdr_buffer bytes;

	cdr_err err = cdr_annual_decode((struct cdr_bytes){ data, len }, &annual, &fault);
	if (err != CDR_OK) {
		assert(annual.member[0] == '\0');
		return 0;
	}
	assert(cdr_annual_check(&annual.figures, NULL) == CDR_OK);
	assert(cdr_annual_encode(&annual, &bytes) == CDR_OK);
	assert(cdr_annual_decode(cdr_buffer_bytes(&bytes), &again, NULL) == CDR_OK);
	assert(memcmp(&annual, &again, sizeof(annual)) == 0);
	cdr_buffer_free(&bytes);
	return 0;
}
