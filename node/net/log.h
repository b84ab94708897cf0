#ifndef CDR_NODE_NET_LOG_H
#define CDR_NODE_NET_LOG_H

/*
 * The log of a daemon: one line for each event on stderr, from where systemd or a file takes it.
 *
 *     2026-03-01T08:15:02.114Z info server.started address=127.0.0.1:8443 workers=2
 *
 * No line holds a secret or personal data: an event is a constant, and what goes with it is a number, an error code, a
 * path of the protocol, or the name of a party. Names of people, free text of users and contents of messages are none.
 */

#include "core/error.h"

#define CDR_LOG_LINE_MAX 1024        /* longer lines are cut */

enum cdr_log_level { CDR_LOG_DEBUG, CDR_LOG_INFO, CDR_LOG_WARNING, CDR_LOG_ERROR };

/* A field, made by the functions below. ${key} and text are borrowed during the call of cdr_log. */
struct cdr_log_field {
	const char *key;
	const char *text;            /* NULL: the number */
	int64_t number;
};

struct cdr_log_field cdr_log_int(const char *key, int64_t number);
/* Control characters, quotes and spaces are escaped. NULL reads as "-". */
struct cdr_log_field cdr_log_text(const char *key, const char *text);
/* The name of ${err}, under the key "error". */
struct cdr_log_field cdr_log_err(cdr_err err);

/* cdr_log(level, "event.name", fields...): write one line. Any thread. */
#define cdr_log(level, event, ...)                                                                            \
	cdr_log_write(level, event, CDR_LOG_FIELDS(__VA_ARGS__),                                                \
	    sizeof(CDR_LOG_FIELDS(__VA_ARGS__)) / sizeof(struct cdr_log_field))
#define CDR_LOG_FIELDS(...) ((const struct cdr_log_field[]){ { NULL, NULL, 0 }, __VA_ARGS__ })

/* What the macro calls. fields[0] is skipped. */
void cdr_log_write(enum cdr_log_level level, const char *event, const struct cdr_log_field *fields, size_t count);

/* Events below ${level} are not written. At start: CDR_LOG_INFO. */
void cdr_log_set_level(enum cdr_log_level level);

#endif
