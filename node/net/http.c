#include "node/net/http.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "node/net/clock.h"

#define LENGTH_DIGIT_MAX 9

/* What has been seen of the fields that may come once. */
struct fields {
	size_t count;
	bool host, length, type;
	bool is_public;
};

/* RFC 9110 sec. 5.6.2: the characters of a token. */
static bool
is_token_char(uint8_t c)
{
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
		return true;
	return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

/* Whether ${bytes} is ${text}, whatever the case of its letters. */
static bool
is_word(struct cdr_bytes bytes, const char *text)
{
	return bytes.len == strlen(text) && strncasecmp((const char *)bytes.data, text, bytes.len) == 0;
}

/* Take the next line off ${rest}. A line ends with CRLF; a CR or LF elsewhere makes the head malformed. */
static bool
take_line(struct cdr_bytes *rest, struct cdr_bytes *line)
{
	const uint8_t *end = memchr(rest->data, '\n', rest->len);

	if (end == NULL || end == rest->data || end[-1] != '\r')
		return false;
	*line = (struct cdr_bytes){ rest->data, (size_t)(end - rest->data) - 1 };
	rest->len -= (size_t)(end - rest->data) + 1;
	rest->data = end + 1;
	for (size_t i = 0; i < line->len; i++)
		if ((line->data[i] < 0x20 && line->data[i] != '\t') || line->data[i] == 0x7f)
			return false;
	return true;
}

/* Take what stands before the next space off ${rest}, and the space. */
static struct cdr_bytes
take_word(struct cdr_bytes *rest)
{
	struct cdr_bytes word = *rest;
	const uint8_t *space = rest->len > 0 ? memchr(rest->data, ' ', rest->len) : NULL;

	if (space == NULL) {
		*rest = (struct cdr_bytes){ rest->data + rest->len, 0 };
		return word;
	}
	word.len = (size_t)(space - rest->data);
	rest->data = space + 1;
	rest->len -= word.len + 1;
	return word;
}

/* RFC 9112 sec. 3: method SP request-target SP HTTP-version. */
static int
parse_request_line(struct cdr_bytes line, bool is_public, struct cdr_http_head *head)
{
	struct cdr_bytes method = take_word(&line);
	struct cdr_bytes path = take_word(&line);

	for (size_t i = 0; i < method.len; i++)
		if (!is_token_char(method.data[i]))
			return 400;
	if (method.len == 0 || path.len == 0 || line.len != 8 || memcmp(line.data, "HTTP/", 5) != 0)
		return 400;
	if (memcmp(line.data, "HTTP/1.1", 8) != 0)
		return 505;
	head->is_get = is_public && method.len == 3 && memcmp(method.data, "GET", 3) == 0;
	if (!head->is_get && (method.len != 4 || memcmp(method.data, "POST", 4) != 0))
		return 405;
	if (head->is_get && memchr(path.data, '?', path.len) != NULL)
		path.len = (size_t)((const uint8_t *)memchr(path.data, '?', path.len) - path.data);
	if (path.len > CDR_HTTP_PATH_LEN_MAX)
		return 414;
	for (size_t i = 0; i < path.len; i++)
		if (path.data[i] <= 0x20 || path.data[i] >= 0x7f)
			return 400;
	if (path.len == 0 || path.data[0] != '/')
		return 400;
	memcpy(head->path, path.data, path.len);
	return 0;
}

/* RFC 9110 sec. 8.6: digits only. */
static int
parse_length(struct cdr_bytes value, struct cdr_http_head *head)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] < '0' || value.data[i] > '9')
			return 400;
	if (value.len == 0)
		return 400;
	if (value.len > LENGTH_DIGIT_MAX)
		return 413;
	for (size_t i = 0; i < value.len; i++)
		head->body_len = head->body_len * 10 + (size_t)(value.data[i] - '0');
	return 0;
}

/* Without the white space at both ends. */
static struct cdr_bytes
trim(struct cdr_bytes bytes)
{
	while (bytes.len > 0 && (bytes.data[0] == ' ' || bytes.data[0] == '\t')) {
		bytes.data++;
		bytes.len--;
	}
	while (bytes.len > 0 && (bytes.data[bytes.len - 1] == ' ' || bytes.data[bytes.len - 1] == '\t'))
		bytes.len--;
	return bytes;
}

/* Whether a list of words separated by commas has ${text} among them. */
static bool
list_has(struct cdr_bytes list, const char *text)
{
	while (list.len > 0) {
		const uint8_t *comma = memchr(list.data, ',', list.len);
		size_t len = comma == NULL ? list.len : (size_t)(comma - list.data);
		if (is_word(trim((struct cdr_bytes){ list.data, len }), text))
			return true;
		len += comma == NULL ? 0 : 1;
		list.data += len;
		list.len -= len;
	}
	return false;
}

/* The last address of the list: what stands before it is what the visitor says of himself. */
static void
keep_forwarded(struct cdr_bytes list, struct cdr_http_head *head)
{
	for (const uint8_t *comma; (comma = memchr(list.data, ',', list.len)) != NULL;) {
		list.len -= (size_t)(comma - list.data) + 1;
		list.data = comma + 1;
	}
	list = trim(list);
	memset(head->forwarded, 0, sizeof(head->forwarded));
	if (list.len > 0 && list.len < sizeof(head->forwarded))
		memcpy(head->forwarded, list.data, list.len);
}

/* One field by its meaning. Fields that are not named here mean nothing to us. */
static int
use_field(struct cdr_bytes name, struct cdr_bytes value, struct fields *seen, struct cdr_http_head *head)
{
	if (is_word(name, "host")) {
		int status = seen->host || value.len == 0 ? 400 : 0;
		seen->host = true;
		return status;
	}
	if (is_word(name, "content-length")) {
		if (seen->length)
			return 400;
		seen->length = true;
		return parse_length(value, head);
	}
	if (is_word(name, "content-type")) {
		int status = seen->type || !is_word(value, seen->is_public ? CDR_HTTP_PUBLIC_TYPE : CDR_HTTP_CONTENT_TYPE) ? 415 : 0;
		seen->type = true;
		return status;
	}
	if (is_word(name, "transfer-encoding"))
		return 501;
	if (is_word(name, "expect")) {
		head->wants_continue = is_word(value, "100-continue");
		return head->wants_continue ? 0 : 417;
	}
	if (is_word(name, "connection") && list_has(value, "close"))
		head->wants_close = true;
	if (seen->is_public && is_word(name, "accept-encoding"))
		head->takes_gzip = list_has(value, "gzip");
	if (seen->is_public && is_word(name, "x-forwarded-for"))
		keep_forwarded(value, head);
	return 0;
}

/* RFC 9112 sec. 5: field-name ":" OWS field-value OWS. A line that begins with white space (obs-fold) has no name. */
static int
parse_field(struct cdr_bytes line, struct fields *seen, struct cdr_http_head *head)
{
	size_t name_len = 0;

	if (++seen->count > CDR_HTTP_FIELD_COUNT_MAX)
		return 431;
	while (name_len < line.len && is_token_char(line.data[name_len]))
		name_len++;
	if (name_len == 0 || name_len == line.len || line.data[name_len] != ':')
		return 400;
	struct cdr_bytes value = { line.data + name_len + 1, line.len - name_len - 1 };
	return use_field((struct cdr_bytes){ line.data, name_len }, trim(value), seen, head);
}

/* All lines, up to the empty one, after which nothing may come. */
static int
parse_lines(struct cdr_bytes rest, bool is_public, struct cdr_http_head *head)
{
	struct fields seen = { .is_public = is_public };
	struct cdr_bytes line;
	int status = 400;

	if (!take_line(&rest, &line))
		return 400;
	status = parse_request_line(line, is_public, head);
	while (status == 0) {
		if (rest.len == 0 || !take_line(&rest, &line))
			return 400;
		if (line.len == 0)
			break;
		status = parse_field(line, &seen, head);
	}
	if (status != 0)
		return status;
	if (rest.len != 0 || !seen.host)
		return 400;
	if (head->is_get)
		return head->body_len > 0 ? 400 : 0;
	return !seen.length ? 411 : !seen.type ? 415 : 0;
}

static int
parse(struct cdr_bytes bytes, bool is_public, struct cdr_http_head *head)
{
	int status = bytes.len > CDR_HTTP_HEAD_MAX ? 431 : 400;

	*head = (struct cdr_http_head){ 0 };
	if (bytes.len > 0 && bytes.len <= CDR_HTTP_HEAD_MAX)
		status = parse_lines(bytes, is_public, head);
	if (status != 0)
		*head = (struct cdr_http_head){ 0 };
	return status;
}

/* see node/net/http.h */
int
cdr_http_parse(struct cdr_bytes bytes, struct cdr_http_head *head)
{
	return parse(bytes, false, head);
}

/* see node/net/http.h */
int
cdr_http_parse_public(struct cdr_bytes bytes, struct cdr_http_head *head)
{
	return parse(bytes, true, head);
}

/* see node/net/http.h */
void
cdr_http_date(char text[static CDR_HTTP_DATE_LEN])
{
	time_t now = (time_t)cdr_clock_now();
	struct tm parts;

	(void)gmtime_r(&now, &parts);
	(void)strftime(text, CDR_HTTP_DATE_LEN, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}

/* see node/net/http.h */
const char *
cdr_http_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 409, "Conflict" },
		{ 411, "Length Required" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 417, "Expectation Failed" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Error";
}
