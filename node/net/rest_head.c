#include "node/net/rest.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/crypto/secret.h"

/* The head of a request, without a socket: see node/net/rest.h. */

struct line {
	const char *at;
	size_t len;
};

/* The next line, which ends in CRLF; false if there is none, or it holds what no line may. */
static bool
next_line(struct cdr_bytes *left, struct line *line)
{
	const uint8_t *end = memchr(left->data, '\n', left->len);

	if (end == NULL || end == left->data || end[-1] != '\r')
		return false;
	*line = (struct line){ (const char *)left->data, (size_t)(end - left->data) - 1 };
	left->len -= (size_t)(end - left->data) + 1;
	left->data = end + 1;
	for (size_t i = 0; i < line->len; i++)
		if ((unsigned char)line->at[i] < ' ' && line->at[i] != '\t')
			return false;
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undo percent encoding; no control character may come of it. */
static bool
decode(const char *in, size_t len, bool plus, char *out, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)in[i];
		if (c == '%') {
			int high = i + 2 < len ? hex_digit(in[i + 1]) : -1, low = i + 2 < len ? hex_digit(in[i + 2]) : -1;
			if (high < 0 || low < 0)
				return false;
			c = high << 4 | low;
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (c < ' ' || c == 0x7f || at + 1 >= size)
			return false;
		out[at++] = (char)c;
	}
	out[at] = '\0';
	return true;
}

static int
read_request_line(const struct line *line, struct cdr_rest_head *head)
{
	static const struct {
		const char *word;
		enum cdr_rest_method method;
	} methods[] = { { "GET ", CDR_REST_GET }, { "POST ", CDR_REST_POST }, { "DELETE ", CDR_REST_DELETE } };
	const char *target = NULL, *end = line->at + line->len, *version;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (line->len > strlen(methods[i].word) && strncmp(line->at, methods[i].word, strlen(methods[i].word)) == 0) {
			head->method = methods[i].method;
			target = line->at + strlen(methods[i].word);
		}
	version = line->len > 9 ? end - 9 : NULL;
	if (target == NULL)
		return memchr(line->at, ' ', line->len) != NULL ? 405 : 400;
	if (version == NULL || version < target || strncmp(version, " HTTP/", 6) != 0)
		return 400;
	if (strncmp(version, " HTTP/1.1", 9) != 0)
		return 505;
	size_t len = (size_t)(version - target);
	const char *mark = memchr(target, '?', len);
	size_t path_len = mark != NULL ? (size_t)(mark - target) : len, query_len = mark != NULL ? len - path_len - 1 : 0;
	if (path_len >= sizeof(head->path) || query_len >= sizeof(head->query))
		return 414;
	if (path_len == 0 || target[0] != '/' || memchr(target, ' ', len) != NULL || !decode(target, path_len, false, head->path, sizeof(head->path)))
		return 400;
	if (query_len > 0)
		memcpy(head->query, mark + 1, query_len);
	return 0;
}

/* A length of at most nine digits. */
static int
read_length(const char *value, size_t len, size_t *length)
{
	*length = 0;
	if (len == 0 || len > 9)
		return len > 9 ? 413 : 400;
	for (size_t i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return 400;
		*length = *length * 10 + (size_t)(value[i] - '0');
	}
	return 0;
}

/* Which fields were seen. */
struct seen {
	bool host, length, authorization, key;
};

/* Keep a field that is looked at; a second one of its name is refused where it would matter. */
static int
keep_field(struct cdr_rest_head *head, struct seen *seen, const char *name, size_t name_len, const char *value, size_t len)
{
	const struct {
		const char *name;
		char *into;
		bool *once;
	} fields[] = {
		{ "host", head->host, &seen->host }, { "authorization", head->authorization, &seen->authorization },
		{ "idempotency-key", head->idempotency_key, &seen->key }, { "origin", head->origin, NULL }, { "accept", head->accept, NULL },
		{ "content-type", head->content_type, NULL },
	};

	if (name_len == 14 && strncasecmp(name, "content-length", 14) == 0) {
		if (seen->length)
			return 400;
		seen->length = true;
		return read_length(value, len, &head->body_len);
	}
	if (name_len == 17 && strncasecmp(name, "transfer-encoding", 17) == 0)
		return 501;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strlen(fields[i].name) != name_len || strncasecmp(name, fields[i].name, name_len) != 0)
			continue;
		if (fields[i].once != NULL && *fields[i].once)
			return 400;
		if (fields[i].once != NULL)
			*fields[i].once = true;
		if (len >= CDR_REST_VALUE_LEN)
			return fields[i].into == head->accept ? 0 : 431;
		memcpy(fields[i].into, value, len);
		fields[i].into[len] = '\0';
	}
	return 0;
}

static int
read_field(const struct line *line, struct cdr_rest_head *head, struct seen *seen)
{
	const char *colon = memchr(line->at, ':', line->len);
	size_t name_len = colon != NULL ? (size_t)(colon - line->at) : 0;

	if (name_len == 0)
		return 400;
	for (size_t i = 0; i < name_len; i++)
		if (!isalnum((unsigned char)line->at[i]) && strchr("!#$%&'*+-.^_`|~", line->at[i]) == NULL)
			return 400;
	const char *value = colon + 1, *end = line->at + line->len;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return keep_field(head, seen, line->at, name_len, value, (size_t)(end - value));
}

static int
parse(struct cdr_bytes left, struct cdr_rest_head *head)
{
	struct seen seen = { false, false, false, false };
	struct line line;
	int status;

	if (left.len > CDR_REST_HEAD_MAX)
		return 431;
	if (!next_line(&left, &line))
		return 400;
	status = read_request_line(&line, head);
	for (size_t fields = 0; status == 0; fields++) {
		if (!next_line(&left, &line))
			return 400;
		if (line.len == 0)
			break;
		status = fields == CDR_REST_FIELD_COUNT_MAX ? 431 : read_field(&line, head, &seen);
	}
	if (status != 0)
		return status;
	head->content_type[strcspn(head->content_type, "; \t")] = '\0';
	for (char *c = head->content_type; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	if (left.len != 0 || !seen.host || head->host[0] == '\0')
		return 400;
	return head->method == CDR_REST_POST && !seen.length ? 411 : 0;
}

/* see node/net/rest.h */
int
cdr_rest_parse(struct cdr_bytes bytes, struct cdr_rest_head *head)
{
	memset(head, 0, sizeof(*head));
	int status = parse(bytes, head);
	if (status != 0)
		cdr_wipe(head, sizeof(*head));
	return status;
}

/* see node/net/rest.h */
cdr_err
cdr_rest_query(const struct cdr_rest_head *head, const char *name, char *value, size_t size)
{
	size_t name_len = strlen(name);

	value[0] = '\0';
	for (const char *at = head->query; *at != '\0';) {
		size_t len = strcspn(at, "&");
		if (len > name_len && strncmp(at, name, name_len) == 0 && at[name_len] == '=') {
			if (decode(at + name_len + 1, len - name_len - 1, true, value, size))
				return CDR_OK;
			value[0] = '\0';
			return CDR_E_INPUT;
		}
		at += len + (at[len] == '&');
	}
	return CDR_E_ABSENT;
}

/* see node/net/rest.h */
bool
cdr_rest_is_local(const struct cdr_rest_head *head, uint16_t port)
{
	static const char *const names[] = { "127.0.0.1", "localhost", "[::1]" };
	char host[64], origin[80];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(host, sizeof(host), "%s:%u", names[i], port);
		(void)snprintf(origin, sizeof(origin), "http://%s", host);
		if (strcasecmp(head->host, host) == 0)
			return head->origin[0] == '\0' || strcasecmp(head->origin, origin) == 0;
	}
	return false;
}
