/* The head of a request: a head that is taken has one reading, and says no more than its bytes do. */
#include <string.h>

#include "node/net/http.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_http_head head, again;
	int status = cdr_http_parse((struct cdr_bytes){ data, len }, &head);

	if (status != 0) {
		static const struct cdr_http_head nothing;
		assert(status >= 400 && status < 600);
		assert(memcmp(&head, &nothing, sizeof(head)) == 0);
		return 0;
	}
	assert(len <= CDR_HTTP_HEAD_MAX && len >= 4 && memcmp(data + len - 4, "\r\n\r\n", 4) == 0);
	/* No empty line before the last: two readers would not agree on where the body begins. */
	assert(memmem(data, len - 1, "\r\n\r\n", 4) == NULL);
	assert(memmem(data, len, "\r\n ", 3) == NULL && memmem(data, len, "\r\n\t", 3) == NULL);
	assert(head.path[0] == '/' && memmem(data, len, head.path, strlen(head.path)) != NULL);
	assert(head.body_len <= 999999999);
	/* One byte less is no head. */
	assert(cdr_http_parse((struct cdr_bytes){ data, len - 1 }, &again) != 0);
	return 0;
}
