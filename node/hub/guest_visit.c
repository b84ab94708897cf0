#include "node/hub/guest_visit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/hub/guest.h"
#include "node/hub/witness.h"
#include "node/net/clock.h"
#include "node/net/log.h"
#include "node/web/page.h"

#define REQUEST_PATH CDR_WEB_GUEST_PATH "/request"
#define ANSWER_PATH CDR_WEB_GUEST_PATH "/answer"
#define PARCEL_LEN (2 * CDR_ID_LEN + CDR_GUEST_ANSWER_SEALED_LEN)
#define COMMON_FIELDS                                                                                              \
	"X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n"
#define TLS_FIELD "Strict-Transport-Security: max-age=31536000\r\n"

static const char bytes_fields[] = "Content-Type: application/octet-stream\r\n" COMMON_FIELDS;
static const char no_fields[] = COMMON_FIELDS;

/* see node/hub/guest_visit.h */
void
cdr_hub_guests_init(struct cdr_hub_guests *guests, struct cdr_hub *hub, bool is_tls)
{
	guests->hub = hub;
	cdr_visitors_init(&guests->visitors, 0, 0);
	(void)snprintf(guests->page_fields, sizeof(guests->page_fields),
	    "Content-Type: text/html; charset=utf-8\r\nContent-Security-Policy: %s; frame-ancestors 'none'\r\n"
	    "Vary: Accept-Encoding\r\nX-Frame-Options: DENY\r\nCross-Origin-Opener-Policy: same-origin\r\n"
	    "Permissions-Policy: camera=(), microphone=(), geolocation=()\r\nX-Robots-Tag: noindex\r\n%s" COMMON_FIELDS,
	    cdr_web_page_policy(), is_tls ? TLS_FIELD : "");
	(void)snprintf(guests->page_gzip_fields, sizeof(guests->page_gzip_fields), "Content-Encoding: gzip\r\n%.990s",
	    guests->page_fields);
}

/* The request that a link leads to, after when it was last answered: 8 bytes, high byte first. */
static int
give_request(struct cdr_hub_guests *guests, const struct cdr_server_visit *visit, uint64_t now, struct cdr_buffer *reply)
{
	struct cdr_buffer sealed = { 0 };
	uint64_t answered_at = 0;

	if (visit->body.len != CDR_ID_LEN)
		return 400;
	cdr_err err = cdr_hub_guest_read(guests->hub, visit->body.data, now, &sealed, &answered_at);
	if (err == CDR_OK) {
		*reply = (struct cdr_buffer){ malloc(8 + sealed.len), 8 + sealed.len };
		err = reply->data != NULL ? CDR_OK : CDR_E_MEMORY;
	}
	if (err == CDR_OK) {
		cdr_number_write(answered_at, reply->data, 8);
		memcpy(reply->data + 8, sealed.data, sealed.len);
	} else {
		*reply = (struct cdr_buffer){ 0 };
	}
	cdr_buffer_free(&sealed);
	return err == CDR_OK ? 200 : err == CDR_E_ABSENT ? 404 : 503;
}

static int
take_answer(struct cdr_hub_guests *guests, const struct cdr_server_visit *visit, uint64_t now)
{
	const uint8_t *body = visit->body.data;

	if (visit->body.len != PARCEL_LEN)
		return 400;
	cdr_err err = cdr_hub_guest_answer(guests->hub, body, body + CDR_ID_LEN, body + 2 * CDR_ID_LEN, now);
	if (err == CDR_OK)
		return 200;
	return err == CDR_E_ABSENT ? 404 : err == CDR_E_QUOTA ? 429 : err == CDR_E_EXISTS ? 409 : 503;
}

/* see node/hub/guest_visit.h */
int
cdr_hub_guest_visit(struct cdr_hub_guests *guests, const struct cdr_server_visit *visit, uint64_t now, uint64_t now_ms,
    struct cdr_buffer *reply, const char **fields)
{
	bool is_page = strcmp(visit->path, CDR_WEB_GUEST_PATH) == 0;
	int status = 404;

	*fields = no_fields;
	if (is_page != visit->is_get)
		return 405;
	if (!cdr_visitors_take(&guests->visitors, visit->visitor, now_ms))
		return 429;
	if (!is_page && guests->hub->witness != NULL && cdr_hub_witness_is_behind(guests->hub->witness)) {
		status = 503; /* an old copy of the database: what it takes would be lost */
	} else if (is_page) {
		status = cdr_buffer_copy(visit->takes_gzip ? cdr_web_page_gzip() : cdr_web_page(), reply) == CDR_OK ? 200 : 503;
		*fields = status == 200 ? visit->takes_gzip ? guests->page_gzip_fields : guests->page_fields : no_fields;
	} else if (strcmp(visit->path, REQUEST_PATH) == 0) {
		status = give_request(guests, visit, now, reply);
		*fields = status == 200 ? bytes_fields : no_fields;
	} else if (strcmp(visit->path, ANSWER_PATH) == 0) {
		status = take_answer(guests, visit, now);
	}
	if (status == 503)
		cdr_log(CDR_LOG_WARNING, "hub.guest_failed", cdr_log_text("path", visit->path));
	return status;
}

/* ---- as an app ------------------------------------------------------------------------------------------------------------ */

static size_t
body_max(void *context, const char *path)
{
	(void)context;
	return strcmp(path, CDR_WEB_GUEST_PATH) == 0 ? 1 : strcmp(path, REQUEST_PATH) == 0 ? CDR_ID_LEN :
		strcmp(path, ANSWER_PATH) == 0 ? PARCEL_LEN : 0;
}

static int
visit_now(void *context, const struct cdr_server_visit *visit, struct cdr_buffer *reply, const char **fields)
{
	return cdr_hub_guest_visit(context, visit, cdr_clock_now(), cdr_clock_ms(), reply, fields);
}

/* see node/hub/guest_visit.h */
struct cdr_server_app
cdr_hub_guests_app(struct cdr_hub_guests *guests)
{
	return (struct cdr_server_app){ .context = guests, .body_max = body_max, .visit = visit_now };
}
