/*
 * Heads of requests on loopback: what is taken is a path without control characters within its length, and what is refused
 * leaves nothing behind.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "node/net/rest.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct cdr_rest_head zero;
	struct cdr_rest_head head;
	char value[64];

	int status = cdr_rest_parse((struct cdr_bytes){ data, len }, &head);
	if (status != 0) {
		assert(status >= 400 && status <= 505 && memcmp(&head, &zero, sizeof(head)) == 0);
		return 0;
	}
	assert(head.path[0] == '/' && head.host[0] != '\0' && head.body_len <= 999999999);
	for (const char *c = head.path; *c != '\0'; c++)
		assert((unsigned char)*c >= ' ' && *c != 0x7f);
	cdr_err err = cdr_rest_query(&head, "limit", value, sizeof(value));
	assert(err == CDR_OK || value[0] == '\0');
	(void)cdr_rest_is_local(&head, 8321);
	return 0;
}
