/*
 * A trustee that lies, with a real trustee's keys and share: it serves /v1/evaluate and /v1/witness/contradictions, and twists
 * what it answers in the way that --lie-file says at that moment. Everything else is the real program's.
 */

#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/oprf.h"
#include "core/crypto/secret.h"
#include "node/net/daemon.h"
#include "node/net/node_options.h"
#include "node/net/service.h"
#include "node/trustee/command.h"
#include "node/trustee/evaluate.h"
#include "node/trustee/fork.h"
#include "node/trustee/routes.h"
#include "node/trustee/witness.h"
#include "node/trustee/witnessed.h"
#include "proto/log.pb-c.h"
#include "node/trustee/share.h"
#include "tests/net/lie.h"

static const char *lie_path;

/* An honest answer on its way out. */
struct twist {
	struct cdr_trustee *trustee;
	const struct cdr_call *call;
	Cdr__Wire__EvaluateReply *reply;
	struct cdr_buffer *points;
	uint8_t proof[CDR_PROOF_LEN];
	bool keeps_hash;   /* the points change, the hash that is signed does not */
};

/* ---- the lies ---------------------------------------------------------------------------------------------------- */

/* Multiplies by another number than its share, and proves that rightly. */
static cdr_err
other_share(struct twist *t)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t share[CDR_SCALAR_LEN], one[CDR_SCALAR_LEN], random[CDR_SCALAR_LEN];
	struct cdr_points *blinded = NULL;
	const uint8_t *asked = t->call->envelope->attachment.data;
	uint32_t count = ((const Cdr__Wire__EvaluateRequest *)t->call->message)->point_count;

	CDR_TRY(cdr_trustee_share_copy(t->trustee, t->call->roster, CDR_KEY_TAGS, t->reply->epoch, share));
	cdr_scalar_set(1, one);
	cdr_scalar_add(share, one, share);
	CDR_TRY(cdr_scalar_random(random));
	CDR_TRY(cdr_points_decode(asked, count, &blinded));
	CDR_TRY(cdr_oprf_evaluate(share, blinded, random, t->points->data, t->proof));
out:
	cdr_points_free(blinded);
	cdr_wipe(share, sizeof(share));
	return err;
}

static cdr_err
other_proof(struct twist *t)
{
	t->proof[CDR_PROOF_LEN - 1] ^= 1;
	return CDR_OK;
}

static cdr_err
identity(struct twist *t)
{
	memset(t->points->data, 0, CDR_POINT_LEN);
	return CDR_OK;
}

static cdr_err
other_epoch(struct twist *t)
{
	t->reply->epoch++;
	return CDR_OK;
}

static cdr_err
other_order(struct twist *t)
{
	uint8_t held[CDR_POINT_LEN];

	memcpy(held, t->points->data, CDR_POINT_LEN);
	memcpy(t->points->data, t->points->data + CDR_POINT_LEN, CDR_POINT_LEN);
	memcpy(t->points->data + CDR_POINT_LEN, held, CDR_POINT_LEN);
	return CDR_OK;
}

static cdr_err
too_few(struct twist *t)
{
	t->points->len -= CDR_POINT_LEN;
	return CDR_OK;
}

/* The first point's negative: a good point, and not the right one. */
static cdr_err
negated(struct twist *t)
{
	t->points->data[0] ^= 1; /* SEC 1 sec. 2.3.3: 02 or 03 says which of the two y */
	return CDR_OK;
}

static cdr_err
unsigned_points(struct twist *t)
{
	t->keeps_hash = true;
	return negated(t);
}

static cdr_err
other_name(struct twist *t)
{
	t->reply->trustee = t->reply->trustee % (uint32_t)t->call->roster->body->n_trustee + 1;
	return CDR_OK;
}

static const struct {
	const char *name;
	cdr_err (*tell)(struct twist *twist);
} lies[] = {
	{ "other-share", other_share },
	{ "other-proof", other_proof },
	{ "identity", identity },
	{ "other-epoch", other_epoch },
	{ "other-order", other_order },
	{ "too-few", too_few },
	{ "negated", negated },
	{ "unsigned-points", unsigned_points },
	{ "other-name", other_name },
};

/* ---- telling them --------------------------------------------------------------------------------------------------- */

/* Take an honest answer apart, twist it, put it together again. */
static cdr_err
twist_answer(struct twist *t, cdr_err (*tell)(struct twist *), struct cdr_answer *answer)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 };
	struct cdr_buffer body = { 0 };
	uint8_t hash[CDR_SHA256_LEN];

	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__evaluate_reply__descriptor, cdr_buffer_bytes(&answer->body),
	    &t->reply));
	memcpy(t->proof, t->reply->proof.data, sizeof(t->proof));
	CDR_TRY(tell(t));
	t->reply->proof = cdr_message_field(t->proof, sizeof(t->proof));
	struct cdr_bytes points = cdr_buffer_bytes(&answer->attachment);
	CDR_TRY(cdr_sha256(&points, 1, hash));
	if (!t->keeps_hash)
		t->reply->points_hash = cdr_message_field(hash, sizeof(hash));
	CDR_TRY(cdr_message_encode(&t->reply->base, &body));
	cdr_buffer_free(&answer->body);
	answer->body = body;
	body = (struct cdr_buffer){ 0 };
out:
	cdr_buffer_free(&body);
	cdr_arena_free(&arena);
	return err;
}

static cdr_err
evaluate(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	struct twist twist = { .trustee = context, .call = call, .points = &answer->attachment };
	struct lie lie;
	cdr_err err = cdr_trustee_evaluate(context, call, answer, fault);

	lie_read(lie_path, &lie);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]) && err == CDR_OK; i++)
		if (lie_is(&lie, lies[i].name))
			return twist_answer(&twist, lies[i].tell, answer);
	return err;
}

/* What it saw last, as two histories: as it is, or another one that the hub did not sign. */
static cdr_err
tell_history(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__WitnessLatest *latest;
	Cdr__Wire__Contradiction one = CDR__WIRE__CONTRADICTION__INIT, *at[] = { &one };
	Cdr__Wire__ContradictionsReply reply = CDR__WIRE__CONTRADICTIONS_REPLY__INIT;
	struct cdr_buffer invented = { 0 };
	uint64_t places[CDR_OLD_INDEX_MAX];
	struct lie lie;

	lie_read(lie_path, &lie);
	if (lie_is(&lie, "invented-old-index")) { /* of whatever stands there */
		for (reply.n_old_index = 0; reply.n_old_index < CDR_OLD_INDEX_MAX; reply.n_old_index++)
			places[reply.n_old_index] = reply.n_old_index;
		reply.old_index = places;
		return cdr_message_encode(&reply.base, &answer->body);
	}
	if (!lie_is(&lie, "true-history") && !lie_is(&lie, "invented-history"))
		return cdr_trustee_fork_give(context, call, answer, fault);
	CDR_TRY(cdr_trustee_witness_latest(context, call, answer, fault));
	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__witness_latest__descriptor, cdr_buffer_bytes(&answer->body), &latest));
	CDR_TRY(cdr_buffer_copy(cdr_message_bytes(latest->checkpoint), &invented));
	if (lie_is(&lie, "invented-history")) {
		uint8_t *line = memchr(invented.data, '\n', invented.len);
		line = line == NULL ? NULL : memchr(line + 1, '\n', invented.len - (size_t)(line + 1 - invented.data));
		if (line == NULL)
			goto out;
		line[1] = line[1] == 'A' ? 'B' : 'A'; /* the root */
	}
	one.checkpoint = cdr_message_field(invented.data, invented.len);
	one.has_own = true;
	one.own = latest->checkpoint;
	reply.contradiction = at;
	reply.n_contradiction = 1;
	cdr_buffer_free(&answer->body);
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
out:
	cdr_buffer_free(&invented);
	cdr_arena_free(&arena);
	return err;
}

static const struct cdr_route routes[] = {
	{ "/v1/evaluate", CDR_CALLER_MEMBER, CDR_BODY_EVALUATE_MAX, &cdr__wire__evaluate_request__descriptor, evaluate, NULL },
	{ "/v1/witness", CDR_CALLER_HUB, CDR_BODY_WITNESS_MAX, &cdr__wire__witness_request__descriptor, cdr_trustee_witness,
	    NULL },
	{ "/v1/witness/latest", CDR_CALLER_MEMBER, CDR_BODY_SMALL_MAX, &cdr__wire__empty__descriptor,
	    cdr_trustee_witness_latest, NULL },
	{ "/v1/witness/contradictions", CDR_CALLER_MEMBER, CDR_BODY_SMALL_MAX, &cdr__wire__contradictions_request__descriptor,
	    tell_history, NULL },
};

static cdr_err
serve(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_daemon daemon = { .pid_fd = -1, .signal_fd = -1, .ready_fd = -1 };
	struct cdr_trustee_open open = { 0 };
	struct cdr_service service;
	struct cdr_server_config config = { 0 };
	struct cdr_server *server = NULL;
	char pid_path[CDR_HOME_PATH_LEN_MAX + sizeof("/" CDR_HOME_PID)];

	(void)report;
	lie_path = cdr_arguments_text(arguments, "lie-file");
	CDR_TRY(cdr_trustee_open(arguments, &open, fault));
	CDR_TRY(cdr_group_start());
	CDR_TRY(cdr_home_file(open.home->path, CDR_HOME_PID, pid_path, sizeof(pid_path)));
	CDR_TRY(cdr_daemon_start(&daemon, pid_path, (int)cdr_arguments_number(arguments, "ready-fd", -1), fault));
	cdr_trustee_service(open.trustee, &service);
	service.routes = routes;
	service.route_count = sizeof(routes) / sizeof(routes[0]);
	config.listen = open.listen;
	config.app = cdr_service_app(&service);
	CDR_TRY(cdr_certificate_server_context(open.home->certificate, open.home->certificate_key, &config.tls));
	CDR_TRY(cdr_server_start(&config, &server, fault));
	cdr_daemon_ready(&daemon, cdr_server_address_peek(server));
	(void)cdr_daemon_wait(&daemon, -1);
out:
	cdr_server_stop(server);
	SSL_CTX_free(config.tls);
	cdr_daemon_end(&daemon);
	cdr_trustee_close(&open);
	return err;
}

int
main(int argc, char **argv)
{
	static const struct cdr_option options[] = {
		{ .name = "lie-file", .value = "FILE", .help = "its word is the lie that is told", .required = true },
		{ .name = "ready-fd", .value = "N", .help = "told when requests are served", .min = 0, .max = 65535 },
		{ .name = NULL },
	};
	static const struct cdr_command commands[] = {
		{ .name = "serve", .summary = "Answer members wrongly", .options = options, .handle = serve },
		{ .name = NULL },
	};
	const struct cdr_program program = {
		.name = "lying_trustee", .version = "1", .summary = "A trustee that lies", .commands = commands,
		.options = cdr_node_options,
	};

	return cdr_arguments_main(&program, argc, argv);
}
