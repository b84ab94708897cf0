#include "node/net/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static _Atomic enum cdr_log_level lowest = CDR_LOG_INFO;

/* A line that is being written; what does not fit is left out, the line feed never is. */
struct line {
	char text[CDR_LOG_LINE_MAX];
	size_t len;
};

static void
add_char(struct line *line, char c)
{
	if (line->len < sizeof(line->text) - 1)
		line->text[line->len++] = c;
}

static void
add_text(struct line *line, const char *text)
{
	for (; *text != '\0'; text++)
		add_char(line, *text);
}

/* One word: what could end it or begin another one, and every byte that is not printable ASCII, as %XX. */
static void
add_escaped(struct line *line, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *text != '\0'; text++) {
		uint8_t c = (uint8_t)*text;
		if (c > 0x20 && c < 0x7f && c != '"' && c != '%' && c != '=') {
			add_char(line, (char)c);
			continue;
		}
		add_char(line, '%');
		add_char(line, digits[c >> 4]);
		add_char(line, digits[c & 15]);
	}
}

/* RFC 3339, in UTC. */
static void
add_time(struct line *line)
{
	struct timespec now;
	struct tm parts;
	char text[40];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &parts);
	size_t len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
	(void)snprintf(text + len, sizeof(text) - len, ".%03ldZ", now.tv_nsec / 1000000);
	add_text(line, text);
}

/* see node/net/log.h */
struct cdr_log_field
cdr_log_int(const char *key, int64_t number)
{
	return (struct cdr_log_field){ .key = key, .number = number };
}

/* see node/net/log.h */
struct cdr_log_field
cdr_log_text(const char *key, const char *text)
{
	return (struct cdr_log_field){ .key = key, .text = text != NULL ? text : "-" };
}

/* see node/net/log.h */
struct cdr_log_field
cdr_log_err(cdr_err err)
{
	return cdr_log_text("error", cdr_err_name(err));
}

/* see node/net/log.h */
void
cdr_log_write(enum cdr_log_level level, const char *event, const struct cdr_log_field *fields, size_t count)
{
	static const char *const names[] = { "debug", "info", "warning", "error" };
	struct line line = { .len = 0 };
	char number[24];

	if (level < atomic_load(&lowest))
		return;
	add_time(&line);
	add_char(&line, ' ');
	add_text(&line, names[level]);
	add_char(&line, ' ');
	add_text(&line, event);
	for (size_t i = 1; i < count; i++) {
		add_char(&line, ' ');
		add_text(&line, fields[i].key);
		add_char(&line, '=');
		(void)snprintf(number, sizeof(number), "%lld", (long long)fields[i].number);
		add_escaped(&line, fields[i].text != NULL ? fields[i].text : number);
	}
	line.text[line.len++] = '\n';
	/* One write, so that lines of several threads do not mix. */
	(void)!write(STDERR_FILENO, line.text, line.len);
}

/* see node/net/log.h */
void
cdr_log_set_level(enum cdr_log_level level)
{
	atomic_store(&lowest, level);
}
