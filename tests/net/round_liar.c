/*
 * Whoever lies in a round of statistics, with a real party's keys:
 *
 *   round_liar serve --lie-file FILE   the real hub, but for the lie that stands in the file: sums; invent NAME; copy; drop MEMBER
 *   round_liar close ROUND --lie LIE   closes a round as the hub: sums, copy, invent NAME; other: the log holds another list than is shown
 *   round_liar trustee                 one step in the rounds that wait, its part in opening replaced by another
 *   round_liar member LIE              a contribution that is huge, negative, or holds a copied cell
 *
 * Each takes --home and --passphrase-file, as the real programs do.
 */
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/hub/command.h"
#include "node/hub/log.h"
#include "node/hub/round.h"
#include "node/hub/routes.h"
#include "node/hub/witness.h"
#include "node/member/command.h"
#include "node/member/rounds.h"
#include "node/net/daemon.h"
#include "node/net/node_options.h"
#include "node/net/service.h"
#include "node/trustee/command.h"
#include "node/trustee/round.h"
#include "node/trustee/share.h"
#include "tests/net/lie.h"

/* ---- the hub ------------------------------------------------------------------------------------------------------ */

static const char *lie_path;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct liar {
	struct cdr_hub_open open;
	struct cdr_service service;
};

/* An honest answer on its way out. */
struct question {
	struct liar *liar;
	const char *path;
	struct cdr_bytes bytes;
	struct cdr_buffer *reply;
	struct lie lie;
	struct cdr_envelope asked, honest;
	struct cdr_arena arena;
};

static cdr_err
answer(struct question *q, const ProtobufCMessage *message)
{
	struct cdr_buffer body = { 0 }, reply = { 0 };
	cdr_err err = cdr_message_encode(message, &body);

	if (err == CDR_OK)
		err = cdr_envelope_reply(&q->liar->service.signer, q->path, q->bytes, cdr_buffer_bytes(&body),
		    (struct cdr_bytes){ NULL, 0 }, &reply);
	cdr_buffer_free(&body);
	if (err == CDR_OK) {
		cdr_buffer_free(q->reply);
		*q->reply = reply;
		(void)fprintf(stderr, "lie %s told to %s\n", q->lie.word[0], q->asked.signer);
	}
	return err;
}

/* copy: the second contribution is the first once more; invent: the first stands at the end too. */
static cdr_err
twist_evidence(struct question *q)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__RoundEvidence *evidence;
	ProtobufCBinaryData request[64];

	CDR_TRY(cdr_message_decode(&q->arena, &cdr__wire__round_evidence__descriptor, q->honest.body, &evidence));
	if (evidence->n_request < 2 || evidence->n_request > 63)
		return CDR_OK;
	memcpy(request, evidence->request, evidence->n_request * sizeof(*request));
	if (lie_is(&q->lie, "copy"))
		request[1] = request[0];
	else
		request[evidence->n_request++] = request[0];
	evidence->request = request;
	CDR_TRY(answer(q, &evidence->base));
out:
	return err;
}

/* A writing job: what was acknowledged is thrown away. */
static cdr_err
drop_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_run(tx, "DELETE FROM round_contribution WHERE member = $1", CDR_VALUES(cdr_value_text(context)));
}

static void
twist(struct question *q)
{
	cdr_err err = CDR_OK;

	if ((lie_is(&q->lie, "copy") || lie_is(&q->lie, "invent")) && strcmp(q->path, "/v1/round/evidence") == 0)
		err = twist_evidence(q);
	else if (lie_is(&q->lie, "drop") && strcmp(q->path, CDR_TALLY_SUBMIT_PATH) == 0 &&
	    strncmp(q->asked.signer, "member/", 7) == 0 && strcmp(q->asked.signer + 7, q->lie.word[1]) == 0) {
		err = cdr_store_write(q->liar->open.home->store, drop_job, q->lie.word[1]);
		(void)fprintf(stderr, "lie drop told to %s\n", q->asked.signer);
	}
	if (err != CDR_OK)
		(void)fprintf(stderr, "lie %s could not be told: %s\n", q->lie.word[0], cdr_err_name(err));
}

static int
handle(void *context, const char *path, struct cdr_bytes body, const uint8_t *pin, struct cdr_buffer *reply)
{
	struct question q = { .liar = context, .path = path, .bytes = body, .reply = reply };
	const struct cdr_request request = { path, body, pin, cdr_hub_now(), NULL };
	int status = cdr_dispatch(&q.liar->service, &request, reply);

	(void)pthread_mutex_lock(&lock);
	lie_read(lie_path, &q.lie);
	if (status == 200 && q.lie.word[0][0] != '\0' && cdr_envelope_open(body, &q.asked) == CDR_OK &&
	    cdr_envelope_open(cdr_buffer_bytes(reply), &q.honest) == CDR_OK)
		twist(&q);
	(void)pthread_mutex_unlock(&lock);
	cdr_arena_free(&q.arena);
	cdr_envelope_free(&q.asked);
	cdr_envelope_free(&q.honest);
	return status;
}

static size_t
path_max(void *context, const char *path)
{
	struct liar *liar = context;

	return cdr_dispatch_path_max(&liar->service, path);
}

static cdr_err
serve_hub(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_daemon daemon = { .pid_fd = -1, .signal_fd = -1, .ready_fd = -1 };
	struct liar liar = { .open = { 0 } };
	struct cdr_server_config config = { .app = { &liar, path_max, handle } };
	struct cdr_server *server = NULL;
	struct cdr_hub_showing showing = { NULL, NULL };
	char listen[CDR_SERVER_ADDRESS_LEN], pid_path[CDR_HOME_PATH_LEN_MAX + sizeof("/" CDR_HOME_PID)];

	(void)report;
	lie_path = cdr_arguments_text(arguments, "lie-file");
	CDR_TRY(cdr_hub_open(arguments, &liar.open, fault));
	CDR_TRY(cdr_home_file(liar.open.home->path, CDR_HOME_PID, pid_path, sizeof(pid_path)));
	CDR_TRY(cdr_daemon_start(&daemon, pid_path, (int)cdr_arguments_number(arguments, "ready-fd", -1), fault));
	cdr_hub_service(liar.open.hub, &liar.service);
	CDR_TRY(cdr_hub_setting_read(liar.open.home->store, "listen", listen, sizeof(listen)));
	config.listen = listen;
	CDR_TRY(cdr_certificate_server_context(liar.open.home->certificate, liar.open.home->certificate_key, &config.tls));
	CDR_TRY(cdr_hub_showing_start(&liar.open, &showing, fault));
	CDR_TRY(cdr_server_start(&config, &server, fault));
	cdr_daemon_ready(&daemon, cdr_server_address_peek(server));
	do {
		cdr_hub_witness_tick(showing.witness);
		err = cdr_hub_round_step(liar.open.hub, cdr_hub_now(), fault);
	} while (!cdr_daemon_wait(&daemon, 500));
out:
	cdr_server_stop(server);
	cdr_hub_showing_stop(&showing);
	SSL_CTX_free(config.tls);
	cdr_daemon_end(&daemon);
	cdr_hub_close(&liar.open);
	return err;
}

/* ---- the hub closes a round -------------------------------------------------------------------------------------- */

#define LISTED_MAX 64

struct closing {
	struct cdr_hub_open open;
	struct cdr_round *round;
	const struct cdr_roster *roster;
	const char *lie;
	struct cdr_tally *tally;
	char member[LISTED_MAX][CDR_SLUG_LEN_MAX + 1];
	uint8_t hash[LISTED_MAX][CDR_SHA256_LEN];
	size_t count;
	struct cdr_buffer sums, head, logged_head, close;
};

/* A reading job: every contribution into the sum. */
static cdr_err
collect_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct closing *c = context;
	struct cdr_query *query = NULL;
	struct cdr_bytes request;

	CDR_TRY(cdr_query_start(tx, "SELECT member, hash, request FROM round_contribution WHERE round = $1 ORDER BY member",
	    CDR_VALUES(cdr_value_blob(c->round->hash, CDR_ROUND_HASH_LEN)), &query));
	while (c->count < LISTED_MAX - 1 && (err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_text(query, 0, c->member[c->count], sizeof(c->member[0])));
		CDR_TRY(cdr_query_blob(query, 1, c->hash[c->count++], CDR_SHA256_LEN));
		CDR_TRY(cdr_query_blob_peek(query, 2, CDR_BODY_ROUND_MAX, &request));
		CDR_TRY(cdr_tally_add(c->tally, NULL, request, NULL));
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* The head and its list; ${head} is what is signed and logged. */
static cdr_err
make_close(struct closing *c, uint64_t closed_at, struct cdr_buffer *out_head, struct cdr_buffer *out)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__RoundClose head = CDR__WIRE__ROUND_CLOSE__INIT;
	Cdr__Wire__CloseList list = CDR__WIRE__CLOSE_LIST__INIT;
	Cdr__Wire__SignedClose sealed = CDR__WIRE__SIGNED_CLOSE__INIT;
	Cdr__Wire__ClosedContribution entry[LISTED_MAX], *at[LISTED_MAX];
	struct cdr_buffer entries = { 0 };
	uint8_t sums_hash[CDR_SHA256_LEN], list_hash[CDR_SHA256_LEN], round_hash[CDR_ROUND_HASH_LEN], signature[CDR_SIGNATURE_LEN];
	const struct cdr_bytes sums = cdr_buffer_bytes(&c->sums);

	for (size_t i = 0; i < c->count; i++) {
		entry[i] = (Cdr__Wire__ClosedContribution)CDR__WIRE__CLOSED_CONTRIBUTION__INIT;
		entry[i].member = c->member[i];
		entry[i].hash = cdr_message_field(c->hash[i], CDR_SHA256_LEN);
		at[i] = &entry[i];
	}
	list.contribution = at;
	list.n_contribution = c->count;
	CDR_TRY(cdr_message_encode(&list.base, &entries));
	const struct cdr_bytes listed = cdr_buffer_bytes(&entries);
	CDR_TRY(cdr_sha256(&listed, 1, list_hash));
	CDR_TRY(cdr_sha256(&sums, 1, sums_hash));
	sums_hash[0] ^= strcmp(c->lie, "sums") == 0;
	memcpy(round_hash, c->round->hash, sizeof(round_hash));
	head.round = cdr_message_field(round_hash, sizeof(round_hash));
	head.closed_at = closed_at;
	head.members = (uint32_t)c->count;
	head.list_hash = cdr_message_field(list_hash, sizeof(list_hash));
	head.sums_hash = cdr_message_field(sums_hash, sizeof(sums_hash));
	head.roster_version = c->roster->body->version;
	CDR_TRY(cdr_message_encode(&head.base, out_head));
	CDR_TRY(cdr_round_sign(c->open.home->keys->signing, CDR_ROUND_WORD_CLOSE, c->open.hub->genesis, cdr_buffer_bytes(out_head), signature));
	sealed.close = cdr_message_field(out_head->data, out_head->len);
	sealed.signature = cdr_message_field(signature, sizeof(signature));
	sealed.has_list = 1;
	sealed.list = cdr_message_field(entries.data, entries.len);
	CDR_TRY(cdr_message_encode(&sealed.base, out));
out:
	cdr_buffer_free(&entries);
	return err;
}

/* A writing job: closed, with a leaf. */
static cdr_err
close_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct closing *c = context;
	struct cdr_leaf leaf = { .kind = CDR_LEAF_ROUND_CLOSED, .at = cdr_hub_now() };
	struct cdr_hub_logged logged = { 0 };
	const struct cdr_bytes parts[] = { { c->round->hash, CDR_ROUND_HASH_LEN },
		cdr_buffer_bytes(strcmp(c->lie, "other") == 0 ? &c->logged_head : &c->head) };

	cdr_leaf_party_add(&leaf, "hub");
	cdr_leaf_number_add(&leaf, c->count);
	cdr_leaf_number_add(&leaf, c->round->body->first_month);
	cdr_leaf_number_add(&leaf, c->round->body->last_month);
	CDR_TRY(cdr_leaf_content(leaf.kind, parts, 2, leaf.content));
	CDR_TRY(cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ NULL, 0 }, &logged));
	CDR_TRY(cdr_query_run(tx, "UPDATE round SET state = 'closed', close_list = $2, sums = $3, closed_at = $4, close_place = $5 WHERE hash = $1",
	    CDR_VALUES(cdr_value_bytes(parts[0]), cdr_value_bytes(cdr_buffer_bytes(&c->close)), cdr_value_bytes(cdr_buffer_bytes(&c->sums)),
		cdr_value_int((int64_t)leaf.at), cdr_value_int((int64_t)logged.position))));
out:
	cdr_hub_logged_free(&logged);
	return err;
}

/* What the list says that is not so. */
static void
twist_list(struct closing *c)
{
	if (strcmp(c->lie, "copy") == 0)
		memcpy(c->hash[1], c->hash[0], CDR_SHA256_LEN);
	if (strncmp(c->lie, "invent ", 7) == 0) {
		(void)snprintf(c->member[c->count], sizeof(c->member[0]), "%s", c->lie + 7);
		memcpy(c->hash[c->count++], c->hash[0], CDR_SHA256_LEN);
	}
}

static cdr_err
close_round(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct closing *c = calloc(1, sizeof(*c));
	struct cdr_hub_round r = { 0 };
	struct cdr_elgamal *key = NULL;
	struct cdr_buffer other = { 0 };
	uint8_t hash[CDR_ROUND_HASH_LEN];

	(void)report;
	if (c == NULL)
		return CDR_E_MEMORY;
	c->lie = cdr_arguments_text(arguments, "lie");
	CDR_TRY(cdr_hub_open(arguments, &c->open, fault));
	CDR_TRY(cdr_hub_round_find(c->open.hub, cdr_arguments_operand(arguments, 0), hash, fault));
	CDR_TRY(cdr_hub_round_load(c->open.hub, hash, &r));
	c->round = r.round;
	c->roster = cdr_hub_roster_hold(c->open.hub);
	const struct cdr_tally_world world = { .round = c->round, .roster = c->roster, .genesis = c->open.hub->genesis };
	CDR_TRY(cdr_elgamal_new(c->round->body->public_key.data, &key));
	CDR_TRY(cdr_tally_new(&world, key, false, &c->tally));
	CDR_TRY(cdr_store_read(c->open.home->store, collect_job, c));
	CDR_TRY(cdr_tally_finish(c->tally, &c->sums, fault));
	twist_list(c);
	CDR_TRY(make_close(c, cdr_hub_now(), &c->head, &c->close));
	CDR_TRY(make_close(c, cdr_hub_now() + 1, &c->logged_head, &other));
	CDR_TRY(cdr_store_write(c->open.home->store, close_job, c));
out:
	cdr_tally_free(c->tally);
	cdr_elgamal_free(key);
	cdr_buffer_free(&c->sums);
	cdr_buffer_free(&c->head);
	cdr_buffer_free(&c->logged_head);
	cdr_buffer_free(&c->close);
	cdr_buffer_free(&other);
	if (c->open.hub != NULL)
		cdr_hub_roster_release(c->open.hub, c->roster);
	cdr_hub_round_free(&r);
	cdr_hub_close(&c->open);
	free(c);
	return err;
}

/* ---- the trustee -------------------------------------------------------------------------------------------------- */

struct twisting {
	struct cdr_trustee *trustee;
	struct cdr_trustee_hub honest;
};

/* The first answer with another point in the place of the first part, signed again. */
static cdr_err
twist_first(const struct twisting *t, struct cdr_ask *ask)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_envelope envelope = { 0 };
	struct cdr_arena arena = { 0 };
	Cdr__Wire__RoundFirst *message;
	struct cdr_buffer attachment = { 0 }, body = { 0 }, request = { 0 };
	const struct cdr_signer signer = cdr_trustee_signer(t->trustee);
	uint8_t one[CDR_SCALAR_LEN];

	CDR_TRY(cdr_envelope_open(cdr_buffer_bytes(&ask->request), &envelope));
	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__round_first__descriptor, envelope.body, &message));
	CDR_TRY(cdr_buffer_copy(envelope.attachment, &attachment));
	cdr_scalar_set(1, one);
	CDR_TRY(cdr_group_mul_base(one, attachment.data));
	const struct cdr_bytes part = cdr_buffer_bytes(&attachment);
	CDR_TRY(cdr_sha256(&part, 1, message->attachment_hash.data));
	CDR_TRY(cdr_message_encode(&message->base, &body));
	CDR_TRY(cdr_envelope_request(&signer, CDR_TALLY_FIRST_PATH, cdr_buffer_bytes(&body), part, &request));
	cdr_buffer_free(&ask->request);
	ask->request = request;
out:
	cdr_buffer_free(&attachment);
	cdr_buffer_free(&body);
	cdr_arena_free(&arena);
	cdr_envelope_free(&envelope);
	return err;
}

static cdr_err
twisting_send(void *context, const struct cdr_signer *signer, struct cdr_ask *ask)
{
	const struct twisting *t = context;

	if (strcmp(ask->path, CDR_TALLY_FIRST_PATH) == 0 && twist_first(t, ask) != CDR_OK)
		return CDR_E_INTERNAL;
	return t->honest.send(t->honest.context, signer, ask);
}

static cdr_err
step_trustee(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_open open = { 0 };
	struct twisting twisting;

	(void)report;
	CDR_TRY(cdr_trustee_open(arguments, &open, fault));
	twisting = (struct twisting){ open.trustee, open.trustee->hub };
	open.trustee->hub = (struct cdr_trustee_hub){ twisting_send, &twisting };
	CDR_TRY(cdr_trustee_round_step(open.trustee, fault));
out:
	cdr_trustee_close(&open);
	return err;
}

/* ---- the member --------------------------------------------------------------------------------------------------- */

/* B of the first ciphertext, and ${by} times G more. */
static void
shift(uint8_t *packed, int64_t by)
{
	uint8_t k[CDR_SCALAR_LEN], one[CDR_SCALAR_LEN], zero[CDR_SCALAR_LEN] = { 0 };
	struct cdr_points *point = NULL;

	cdr_scalar_set(1, one);
	cdr_scalar_set((uint64_t)(by < 0 ? -by : by), k);
	if (by < 0)
		cdr_scalar_sub(zero, k, k);
	if (cdr_points_decode(packed + CDR_POINT_LEN, 1, &point) != CDR_OK)
		exit(1);
	const struct cdr_term term = { one, point, 0 };
	if (cdr_points_set_sum(point, 0, k, &term, 1, false) != CDR_OK || cdr_points_encode(point) != CDR_OK)
		exit(1);
	memcpy(packed + CDR_POINT_LEN, cdr_points_peek(point, 0), CDR_POINT_LEN);
	cdr_points_free(point);
}

/* Sign and send ${packed} as this member's contribution. */
static cdr_err
send_packed(struct cdr_member *member, const struct cdr_round *round, const struct cdr_buffer *packed, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__RoundSubmit message = CDR__WIRE__ROUND_SUBMIT__INIT;
	uint8_t hash[CDR_SHA256_LEN], round_hash[CDR_ROUND_HASH_LEN];
	const struct cdr_bytes part = cdr_buffer_bytes(packed);
	const struct cdr_roster *roster = cdr_current_hold(member->current);
	struct cdr_ask ask = { .path = CDR_TALLY_SUBMIT_PATH, .message = &message.base, .attachment = part,
		.reply_type = &cdr__wire__round_submit_reply__descriptor };

	CDR_TRY(cdr_sha256(&part, 1, hash));
	memcpy(round_hash, round->hash, sizeof(round_hash));
	message.round = cdr_message_field(round_hash, sizeof(round_hash));
	message.submission = 1;
	message.packed_hash = cdr_message_field(hash, sizeof(hash));
	CDR_TRY(cdr_member_ask_hub(member, roster, &ask, fault));
out:
	cdr_ask_free(&ask);
	cdr_current_release(member->current, roster);
	return err;
}

static cdr_err
submit(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *lie = cdr_arguments_operand(arguments, 0);
	struct cdr_member *member = NULL;
	struct cdr_rounds rounds = { .count = 0 };
	struct cdr_elgamal *key = NULL;
	struct cdr_buffer packed = { 0 }, other = { 0 };
	uint32_t *counts = NULL;

	(void)report;
	CDR_TRY(cdr_secret_start(fault));
	CDR_TRY(cdr_command_open(arguments, true, &member, fault));
	CDR_TRY(cdr_rounds_fetch(member, &rounds, fault));
	const struct cdr_rounds_entry *e = cdr_rounds_find(&rounds, NULL, fault);
	if (e == NULL)
		return CDR_E_ABSENT;
	CDR_TRY(cdr_rounds_count(member, e->round, NULL, 0, &counts, fault));
	CDR_TRY(cdr_elgamal_new(e->round->body->public_key.data, &key));
	CDR_TRY(cdr_contribution_make(e->round, key, member->id, counts, &packed));
	if (strcmp(lie, "huge") == 0)
		shift(packed.data, 1000);
	else if (strcmp(lie, "negative") == 0)
		shift(packed.data, -1000);
	else {
		/* A cell that was proved for somebody else. */
		CDR_TRY(cdr_contribution_make(e->round, key, "member-b", counts, &other));
		memcpy(packed.data + CDR_CIPHER_LEN, other.data + CDR_CIPHER_LEN, CDR_CIPHER_LEN);
	}
	CDR_TRY(send_packed(member, e->round, &packed, fault));
out:
	cdr_wiping_free(counts);
	cdr_buffer_free(&packed);
	cdr_buffer_free(&other);
	cdr_elgamal_free(key);
	cdr_rounds_free(&rounds);
	cdr_member_close(member);
	return err;
}

int
main(int argc, char **argv)
{
	static const struct cdr_option options[] = {
		{ .name = "lie-file", .value = "FILE", .help = "its words are the lie that is told", .required = true },
		{ .name = "ready-fd", .value = "N", .help = "told when requests are served", .min = 0, .max = 65535 },
		{ .name = NULL },
	};
	static const struct cdr_option close_options[] = {
		{ .name = "lie", .value = "LIE", .help = "which", .required = true },
		{ .name = NULL },
	};
	static const struct cdr_command commands[] = {
		{ .name = "serve", .summary = "a hub that lies", .options = options, .handle = serve_hub },
		{ .name = "close", .operands = "ROUND", .operand_min = 1, .operand_max = 1, .options = close_options,
		    .summary = "close a round with a lie", .handle = close_round },
		{ .name = "trustee", .summary = "a trustee with another share", .handle = step_trustee },
		{ .name = "member", .operands = "LIE", .operand_min = 1, .operand_max = 1, .summary = "a member that lies", .handle = submit },
		{ .name = NULL },
	};
	const struct cdr_program program = {
		.name = "round_liar", .version = "1", .summary = "Whoever lies in a round", .commands = commands, .options = cdr_node_options,
	};

	return cdr_arguments_main(&program, argc, argv);
}
