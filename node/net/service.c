#include "node/net/service.h"

#include "node/net/clock.h"

static size_t
body_max(void *context, const char *path)
{
	return cdr_dispatch_path_max(context, path);
}

static int
handle(void *context, const char *path, struct cdr_bytes body, const uint8_t *pin, struct cdr_buffer *reply)
{
	static const int more[] = { [CDR_TURN_PLAIN] = 0, [CDR_TURN_EARLY] = CDR_SERVER_HOLD, [CDR_TURN_NEWS] = CDR_SERVER_NEWS };
	enum cdr_turn turn = CDR_TURN_PLAIN;
	const struct cdr_request request = { path, body, pin, cdr_clock_now(), &turn };
	int status = cdr_dispatch(context, &request, reply);

	return status + more[turn];
}

/* see node/net/service.h */
struct cdr_server_app
cdr_service_app(const struct cdr_service *service)
{
	/* The callbacks only read it. */
	union {
		const struct cdr_service *in;
		void *out;
	} context = { .in = service };

	return (struct cdr_server_app){ .context = context.out, .body_max = body_max, .handle = handle };
}
