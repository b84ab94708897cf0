/* The head of a request: a head that is taken has one reading, and says no more than its bytes do. */
#include <string.h>

#include "node/net/http.h"
#include "tests/fuzz/fuzz.h"

/* The same bytes from a browser: what both readers take they read alike, and a GET has no body. */
static void
try_public(const uint8_t *data, size_t len)
{
	static const struct cdr_http_head nothing;
	struct cdr_http_head head;
	int status = cdr_http_parse_public((struct cdr_bytes){ data, len }, &head);

	if (status != 0) {
		assert(status >= 400 && status < 600);
		assert(memcmp(&head, &nothing, sizeof(head)) == 0);
		return;
	}
	assert(head.path[0] == '/' && strlen(head.path) <= CDR_HTTP_PATH_LEN_MAX);
	assert(!head.is_get || (head.body_len == 0 && strchr(head.path, '?') == NULL));
	assert(head.forwarded[sizeof(head.forwarded) - 1] == '\0' && strchr(head.forwarded, ',') == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_http_head head, again;

	try_public(data, len);
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
