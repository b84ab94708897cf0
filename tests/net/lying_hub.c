/*
 * A hub that lies, with the real hub's keys and database: it answers as the real program does, and then twists the answer,
 * signs it again, or makes up another, in the way that --lie-file says at that moment. Every lie that was told is one
 * line on stderr: "lie NAME told to CALLER".
 */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "node/hub/witness.h"
#include "node/net/daemon.h"
#include "node/net/node_options.h"
#include "tests/net/hub_lies/hub_lies.h"

/* One thread at a time lies: nobody waits long for a lie. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *lie_path;

/* see tests/net/hub_lies/hub_lies.h */

const char *
lie_caller(const struct question *q)
{
	const char *name = q->envelope.signer != NULL ? q->envelope.signer : "nobody";

	return strncmp(name, "member/", 7) == 0 ? name + 7 : name;
}

/* ---- making answers --------------------------------------------------------------------------------------------------- */

cdr_err
lie_answer_body(struct question *q, struct cdr_bytes body)
{
	struct cdr_buffer reply = { 0 };
	cdr_err err = cdr_envelope_reply(&q->liar->service.signer, q->path, q->bytes, body, (struct cdr_bytes){ NULL, 0 },
	    &reply);

	if (err == CDR_OK) {
		cdr_buffer_free(q->reply);
		*q->reply = reply;
		q->liar->told++;
		(void)fprintf(stderr, "lie %s told to %s\n", q->liar->lie.word[0], lie_caller(q));
	}
	return err;
}

cdr_err
lie_answer(struct question *q, const ProtobufCMessage *message)
{
	struct cdr_buffer body = { 0 };
	cdr_err err = cdr_message_encode(message, &body);

	if (err == CDR_OK)
		err = lie_answer_body(q, cdr_buffer_bytes(&body));
	cdr_buffer_free(&body);
	return err;
}

cdr_err
lie_honest(struct question *q, const ProtobufCMessageDescriptor *type, void *message)
{
	cdr_err err = cdr_envelope_open(cdr_buffer_bytes(q->reply), &q->honest);

	return err == CDR_OK ? cdr_message_decode(&q->arena, type, q->honest.body, message) : err;
}

/* ---- old answers -------------------------------------------------------------------------------------------------------- */

static void
name_reply(const struct question *q, char *name, size_t size)
{
	(void)snprintf(name, size, "%.47s %.48s", q->path, q->envelope.signer != NULL ? q->envelope.signer : "");
}

/* The last answer that this caller had on this path. */
static struct kept *
find_reply(struct question *q)
{
	char name[sizeof(q->liar->reply[0].name)];

	name_reply(q, name, sizeof(name));
	for (size_t i = 0; i < q->liar->reply_count; i++)
		if (strcmp(q->liar->reply[i].name, name) == 0)
			return &q->liar->reply[i];
	return NULL;
}

/* old-reply PATH: what was answered there the last time, signature and all. */
static cdr_err
old_reply(struct question *q)
{
	struct kept *kept = find_reply(q);

	if (kept == NULL || strcmp(q->liar->lie.word[1], q->path) != 0)
		return CDR_OK;
	cdr_buffer_free(q->reply);
	q->liar->told++;
	(void)fprintf(stderr, "lie old-reply told to %s\n", lie_caller(q));
	return cdr_buffer_copy(cdr_buffer_bytes(&kept->bytes), q->reply);
}

/* ---- telling them --------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name, *path;
	cdr_err (*tell)(struct question *question);
	bool once; /* told once, and then only when the file has changed */
} lies[] = {
	{ "swap-key", "/v1/roster", lie_swap_key, false },
	{ "swap-key", "/v1/roster/proposal", lie_swap_key, false },
	{ "roll-key", "/v1/roster", lie_swap_key, false },
	{ "roll-key", "/v1/roster/proposal", lie_swap_key, false },
	{ "withhold", "/v1/roster", lie_withhold, false },
	{ "invent-member", "/v1/roster", lie_invent_member, false },
	{ "invent-member", "/v1/roster/proposal", lie_invent_member, false },
	{ "old-roster", "/v1/roster", lie_old_roster, false },
	{ "genesis-all", "/v1/genesis", lie_genesis_all, false },
	{ "genesis-others", "/v1/genesis", lie_genesis_others, false },
	{ "alter-letter", "/v1/mail/fetch", lie_alter_letter, false },
	{ "rename-sender", "/v1/mail/fetch", lie_rename_sender, false },
	{ "redirect", "/v1/mail/fetch", lie_redirect, true },
	{ "replay", "/v1/mail/fetch", lie_replay, true },
	{ "replay-other-id", "/v1/mail/fetch", lie_replay_other_id, true },
	{ "hold", "/v1/mail/fetch", lie_hold, false },
	{ "reverse", "/v1/mail/fetch", lie_reverse, false },
	{ "invent-match", "/v1/check/open", lie_invent_match, false },
	{ "hide-match", "/v1/check/open", lie_hide_match, false },
	{ "hide-rows", "/v1/check/open", lie_hide_rows, false },
	{ "hide-proof", "/v1/check/open", lie_hide_proof, false },
	{ "forget-people", "/v1/roster", lie_forget_people, true },
	{ "old-reply", "/v1/check/open", old_reply, false },
	{ "old-reply", "/v1/mail/fetch", old_reply, true },
};

static void
twist(struct question *q)
{
	struct liar *liar = q->liar;
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]) && err == CDR_OK; i++)
		if (lie_is(&liar->lie, lies[i].name) && strcmp(q->path, lies[i].path) == 0 && !(lies[i].once && liar->told > 0))
			err = lies[i].tell(q);
	if (err != CDR_OK)
		(void)fprintf(stderr, "lie %s could not be told: %s\n", liar->lie.word[0], cdr_err_name(err));
}

/* Remember what is posted. */
static void
keep_letter(struct question *q)
{
	struct liar *liar = q->liar;
	struct kept *kept = &liar->letter[liar->letter_count % KEPT_MAX];
	struct cdr_arena arena = { 0 };
	Cdr__Wire__Mail *mail;

	if (strcmp(q->path, "/v1/mail/post") == 0 && cdr_message_decode(&arena, &cdr__wire__mail__descriptor,
		q->envelope.body, &mail) == CDR_OK && mail->id.len == CDR_MAIL_ID_LEN) {
		cdr_buffer_free(&kept->bytes);
		(void)snprintf(kept->from, sizeof(kept->from), "%s", mail->from);
		(void)snprintf(kept->to, sizeof(kept->to), "%s", mail->to);
		memcpy(kept->id, mail->id.data, CDR_MAIL_ID_LEN);
		if (cdr_buffer_copy(cdr_message_bytes(mail->sealed), &kept->bytes) == CDR_OK)
			liar->letter_count++;
	}
	cdr_arena_free(&arena);
}

/* Remember what was answered: the replies that can be given again. A bag without letters is not worth it. */
static void
keep_reply(struct question *q)
{
	struct kept *kept = find_reply(q);
	bool is_bag = strcmp(q->path, "/v1/mail/fetch") == 0;

	if ((!is_bag && strcmp(q->path, "/v1/check/open") != 0) || (is_bag && q->reply->len < CDR_MAIL_SEALED_LEN))
		return;
	if (kept == NULL && q->liar->reply_count < KEPT_MAX) {
		kept = &q->liar->reply[q->liar->reply_count++];
		name_reply(q, kept->name, sizeof(kept->name));
	}
	if (kept == NULL)
		return;
	cdr_buffer_free(&kept->bytes);
	if (cdr_buffer_copy(cdr_buffer_bytes(q->reply), &kept->bytes) != CDR_OK)
		kept->name[0] = '\0';
}

static int
handle(void *context, const char *path, struct cdr_bytes body, const uint8_t *pin, struct cdr_buffer *reply)
{
	struct question q = { .liar = context, .path = path, .bytes = body, .pin = pin, .reply = reply };
	const struct cdr_request request = { path, body, pin, cdr_hub_now(), NULL };
	struct lie lie;
	int status = 200;
	bool known = cdr_envelope_open(body, &q.envelope) == CDR_OK;

	(void)pthread_mutex_lock(&lock);
	lie_read(lie_path, &lie);
	if (memcmp(&lie, &q.liar->lie, sizeof(lie)) != 0) {
		q.liar->lie = lie;
		q.liar->told = 0;
	}
	if (known)
		keep_letter(&q);
	if (known)
		lie_old_index(&q, &lie);
	status = cdr_dispatch(&q.liar->service, &request, reply);
	if (known && status == 200) {
		lie_drop(&q, &lie);
		twist(&q);
		if (lie.word[0][0] == '\0')
			keep_reply(&q);
	}
	(void)pthread_mutex_unlock(&lock);
	cdr_arena_free(&q.arena);
	cdr_envelope_free(&q.honest);
	cdr_envelope_free(&q.envelope);
	return status;
}

static size_t
body_max(void *context, const char *path)
{
	struct liar *liar = context;

	return cdr_dispatch_path_max(&liar->service, path);
}

static cdr_err
serve(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_daemon daemon = { .pid_fd = -1, .signal_fd = -1, .ready_fd = -1 };
	char listen[CDR_SERVER_ADDRESS_LEN], pid_path[CDR_HOME_PATH_LEN_MAX + sizeof("/" CDR_HOME_PID)];
	struct cdr_server *server = NULL;
	struct cdr_hub_showing showing = { NULL, NULL };
	struct liar *liar = calloc(1, sizeof(*liar));
	struct cdr_server_config config = { .listen = listen, .app = { liar, body_max, handle } };

	(void)report;
	if (liar == NULL)
		return CDR_E_MEMORY;
	lie_path = cdr_arguments_text(arguments, "lie-file");
	CDR_TRY(cdr_hub_open(arguments, &liar->open, fault));
	CDR_TRY(cdr_home_file(liar->open.home->path, CDR_HOME_PID, pid_path, sizeof(pid_path)));
	CDR_TRY(cdr_hub_setting_read(liar->open.home->store, "listen", listen, sizeof(listen)));
	CDR_TRY(cdr_daemon_start(&daemon, pid_path, (int)cdr_arguments_number(arguments, "ready-fd", -1), fault));
	cdr_hub_service(liar->open.hub, &liar->service);
	CDR_TRY(cdr_hub_showing_start(&liar->open, &showing, fault));
	CDR_TRY(cdr_certificate_server_context(liar->open.home->certificate, liar->open.home->certificate_key, &config.tls));
	CDR_TRY(cdr_server_start(&config, &server, fault));
	cdr_daemon_ready(&daemon, cdr_server_address_peek(server));
	while (!cdr_daemon_wait(&daemon, 1000))
		cdr_hub_witness_tick(showing.witness);
out:
	cdr_server_stop(server);
	cdr_hub_showing_stop(&showing);
	SSL_CTX_free(config.tls);
	cdr_daemon_end(&daemon);
	for (size_t i = 0; i < KEPT_MAX; i++) {
		cdr_buffer_free(&liar->letter[i].bytes);
		cdr_buffer_free(&liar->reply[i].bytes);
	}
	cdr_hub_close(&liar->open);
	free(liar);
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
		{ .name = "serve", .summary = "Answer members and trustees wrongly", .options = options, .handle = serve },
		{ .name = NULL },
	};
	const struct cdr_program program = {
		.name = "lying_hub", .version = "1", .summary = "A hub that lies", .commands = commands,
		.options = cdr_node_options,
	};

	return cdr_arguments_main(&program, argc, argv);
}
