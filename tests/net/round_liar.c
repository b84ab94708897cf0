/*
 * Whoever lies in a round of statistics, with a real party's keys:
 *
 *   round_liar serve --lie-file FILE   the real hub, but for the lie that stands in the file: sums; invent NAME; copy; drop MEMBER
 *   round_liar trustee                 one step in the rounds that wait, with another share than its own
 *   round_liar member LIE              a contribution that is huge, negative, or holds a copied cell
 *
 * Each takes --home and --passphrase-file, as the real programs do.
 */
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/hub/command.h"
#include "node/hub/round.h"
#include "node/hub/routes.h"
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
	struct cdr_arena arena, inner, entries;
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

/* Twist the list of contributions and sign it again. */
static cdr_err
twist_list(struct question *q, Cdr__Wire__RoundTask *task, struct cdr_buffer *entries, struct cdr_buffer *bytes, uint8_t *signature)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__RoundClose *head;
	Cdr__Wire__CloseList *list;
	Cdr__Wire__ClosedContribution invented = CDR__WIRE__CLOSED_CONTRIBUTION__INIT, *at[64];

	CDR_TRY(cdr_message_decode(&q->inner, &cdr__wire__round_close__descriptor, cdr_message_bytes(task->close->close), &head));
	CDR_TRY(cdr_message_decode(&q->entries, &cdr__wire__close_list__descriptor, cdr_message_bytes(task->close->list), &list));
	if (lie_is(&q->lie, "sums"))
		head->sums_hash.data[0] ^= 1;
	if (lie_is(&q->lie, "copy"))
		memcpy(list->contribution[1]->hash.data, list->contribution[0]->hash.data, CDR_SHA256_LEN);
	if (lie_is(&q->lie, "invent") && list->n_contribution < 63) {
		memcpy(at, list->contribution, list->n_contribution * sizeof(*at));
		invented.member = q->lie.word[1];
		invented.hash = list->contribution[0]->hash;
		at[list->n_contribution++] = &invented;
		list->contribution = at;
	}
	head->members = (uint32_t)list->n_contribution;
	CDR_TRY(cdr_message_encode(&list->base, entries));
	const struct cdr_bytes listed = cdr_buffer_bytes(entries);
	CDR_TRY(cdr_sha256(&listed, 1, head->list_hash.data));
	task->close->list = cdr_message_field(entries->data, entries->len);
	CDR_TRY(cdr_message_encode(&head->base, bytes));
	CDR_TRY(cdr_round_sign(q->liar->open.home->keys->signing, CDR_ROUND_WORD_CLOSE, q->liar->open.hub->genesis,
	    cdr_buffer_bytes(bytes), signature));
	task->close->close = cdr_message_field(bytes->data, bytes->len);
	task->close->signature = cdr_message_field(signature, CDR_SIGNATURE_LEN);
out:
	return err;
}

static cdr_err
twist_work(struct question *q)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__RoundWork *work;
	struct cdr_buffer entries = { 0 }, bytes = { 0 };
	uint8_t signature[CDR_SIGNATURE_LEN];

	CDR_TRY(cdr_message_decode(&q->arena, &cdr__wire__round_work__descriptor, q->honest.body, &work));
	if (work->n_task == 0)
		return CDR_OK;
	CDR_TRY(twist_list(q, work->task[work->n_task - 1], &entries, &bytes, signature));
	CDR_TRY(answer(q, &work->base));
out:
	cdr_buffer_free(&entries);
	cdr_buffer_free(&bytes);
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
	bool about_list = lie_is(&q->lie, "sums") || lie_is(&q->lie, "copy") || lie_is(&q->lie, "invent");

	if (about_list && strcmp(q->path, "/v1/round/work") == 0)
		err = twist_work(q);
	else if (about_list && !lie_is(&q->lie, "sums") && strcmp(q->path, "/v1/round/evidence") == 0)
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
	const struct cdr_request request = { path, body, pin, cdr_hub_now() };
	int status = cdr_dispatch(&q.liar->service, &request, reply);

	(void)pthread_mutex_lock(&lock);
	lie_read(lie_path, &q.lie);
	if (status == 200 && q.lie.word[0][0] != '\0' && cdr_envelope_open(body, &q.asked) == CDR_OK &&
	    cdr_envelope_open(cdr_buffer_bytes(reply), &q.honest) == CDR_OK)
		twist(&q);
	(void)pthread_mutex_unlock(&lock);
	cdr_arena_free(&q.arena);
	cdr_arena_free(&q.inner);
	cdr_arena_free(&q.entries);
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
	CDR_TRY(cdr_server_start(&config, &server, fault));
	cdr_daemon_ready(&daemon, cdr_server_address_peek(server));
	(void)cdr_daemon_wait(&daemon, -1);
out:
	cdr_server_stop(server);
	SSL_CTX_free(config.tls);
	cdr_daemon_end(&daemon);
	cdr_hub_close(&liar.open);
	return err;
}

/* ---- the trustee -------------------------------------------------------------------------------------------------- */

static cdr_err
step_trustee(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_open open = { 0 };
	uint8_t one[CDR_SCALAR_LEN];

	(void)report;
	CDR_TRY(cdr_trustee_open(arguments, &open, fault));
	cdr_scalar_set(1, one);
	for (size_t i = 0; i < CDR_KEY_COUNT_MAX; i++)
		cdr_scalar_add(open.trustee->share[i].share, one, open.trustee->share[i].share);
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
	static const struct cdr_command commands[] = {
		{ .name = "serve", .summary = "a hub that lies", .options = options, .handle = serve_hub },
		{ .name = "trustee", .summary = "a trustee with another share", .handle = step_trustee },
		{ .name = "member", .operands = "LIE", .operand_min = 1, .operand_max = 1, .summary = "a member that lies", .handle = submit },
		{ .name = NULL },
	};
	const struct cdr_program program = {
		.name = "round_liar", .version = "1", .summary = "Whoever lies in a round", .commands = commands, .options = cdr_node_options,
	};

	return cdr_arguments_main(&program, argc, argv);
}
