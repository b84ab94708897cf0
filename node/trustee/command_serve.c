#include <pthread.h>
#include <stdatomic.h>

#include "core/crypto/group.h"
#include "node/net/daemon.h"
#include "node/net/log.h"
#include "node/net/service.h"
#include "node/trustee/command.h"
#include "node/trustee/countersign.h"
#include "node/trustee/keep.h"
#include "node/trustee/query_opening.h"
#include "node/trustee/recover.h"
#include "node/trustee/round.h"
#include "node/trustee/routes.h"

#define POLL_MS 5000
#define ROUND_WAIT_MS 50

static cdr_err
start_server(const struct cdr_arguments *arguments, const struct cdr_trustee_open *open,
    const struct cdr_service *service, struct cdr_server **server, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_server_config config = { .listen = open->listen, .app = cdr_service_app(service) };

	if (cdr_arguments_has(arguments, "listen"))
		config.listen = cdr_arguments_text(arguments, "listen");
	config.worker_count = (uint32_t)cdr_arguments_number(arguments, "workers", 0);
	CDR_TRY(cdr_certificate_server_context(open->home->certificate, open->home->certificate_key, &config.tls));
	CDR_TRY(cdr_server_start(&config, server, fault));
out:
	SSL_CTX_free(config.tls);
	return err;
}

/* Until a signal comes: rosters and proposals. A hub that is away is told once, and once when it is back. */
static void
run(const struct cdr_arguments *arguments, struct cdr_daemon *daemon, struct cdr_trustee *trustee)
{
	int poll_ms = (int)cdr_arguments_number(arguments, "poll-ms", POLL_MS);
	struct cdr_trustee_polled polled = { .agreed = false };
	struct cdr_trustee_keep keep = { .run = { NULL } };
	uint32_t index = trustee->index;
	struct cdr_fault fault;
	cdr_err before = CDR_OK;

	do {
		fault = (struct cdr_fault){ CDR_OK, "" };
		cdr_err err = cdr_trustee_poll(trustee, &polled, &fault);
		if (err == CDR_OK && cdr_trustee_recovered(trustee, NULL) == CDR_OK)
			err = cdr_trustee_keep_turn(&keep, trustee, &fault);
		if (err != before)
			cdr_log(err == CDR_OK ? CDR_LOG_INFO : CDR_LOG_WARNING, err == CDR_OK ? "hub.back" : "hub.poll_failed",
			    cdr_log_err(err), cdr_log_text("reason", fault.text));
		before = err;
		if (trustee->index != index) {
			/* Everything that this process signs bears its index: another process does that under the new one. */
			cdr_log(CDR_LOG_WARNING, trustee->index == 0 ? "trustee.left" : "trustee.other_index",
			    cdr_log_int("index", trustee->index));
			if (trustee->index != 0)
				break;
			index = trustee->index;
		}
	} while (!cdr_daemon_wait(daemon, poll_ms));
	cdr_trustee_keep_end(&keep);
}

/* Rounds and samples have a thread of their own: verifying a thousand contributions takes a minute, and rosters shall not wait. */
struct rounds {
	struct cdr_trustee *trustee;
	uint64_t poll_ms;
	atomic_bool stop;
};

static void *
run_rounds(void *context)
{
	struct rounds *rounds = context;
	cdr_err before = CDR_OK, audited = CDR_OK;
	uint64_t overdue_told_at = 0;

	while (!atomic_load(&rounds->stop)) {
		struct cdr_fault fault = { CDR_OK, "" };
		cdr_err err = cdr_trustee_round_step(rounds->trustee, &fault);
		if (err != before)
			cdr_log(err == CDR_OK ? CDR_LOG_INFO : CDR_LOG_WARNING, err == CDR_OK ? "round.back" : "round.failed",
			    cdr_log_err(err), cdr_log_text("reason", fault.text));
		before = err;
		fault = (struct cdr_fault){ CDR_OK, "" };
		err = cdr_trustee_sample_step(rounds->trustee, &fault);
		cdr_err watched = cdr_trustee_sample_watch(rounds->trustee, cdr_trustee_now(), &overdue_told_at);
		if (err == CDR_OK)
			err = watched;
		if (err != audited)
			cdr_log(err == CDR_OK ? CDR_LOG_INFO : CDR_LOG_WARNING, err == CDR_OK ? "sample.back" : "sample.failed", cdr_log_err(err),
			    cdr_log_text("reason", fault.text));
		audited = err;
		for (uint64_t waited = 0; waited < rounds->poll_ms && !atomic_load(&rounds->stop); waited += ROUND_WAIT_MS)
			cdr_trustee_sleep_ms(ROUND_WAIT_MS);
	}
	return NULL;
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_serve(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_daemon daemon = { .pid_fd = -1, .signal_fd = -1, .ready_fd = -1 };
	struct cdr_trustee_open open = { 0 };
	struct cdr_service service;
	struct cdr_server *server = NULL;
	char pid_path[CDR_HOME_PATH_LEN_MAX + sizeof("/" CDR_HOME_PID)];

	CDR_TRY(cdr_trustee_open(arguments, &open, fault));
	CDR_TRY(cdr_trustee_confirmed(open.trustee, fault));
	CDR_TRY(cdr_group_start());
	CDR_TRY(cdr_home_file(open.home->path, CDR_HOME_PID, pid_path, sizeof(pid_path)));
	CDR_TRY(cdr_daemon_start(&daemon, pid_path, (int)cdr_arguments_number(arguments, "ready-fd", -1), fault));
	cdr_trustee_service(open.trustee, &service);
	CDR_TRY(start_server(arguments, &open, &service, &server, fault));
	cdr_report_text(report, "Serving at %s\n", cdr_server_address_peek(server));
	cdr_daemon_ready(&daemon, cdr_server_address_peek(server));
	struct rounds rounds = { .trustee = open.trustee,
		.poll_ms = (uint64_t)cdr_arguments_number(arguments, "poll-ms", POLL_MS) };
	pthread_t thread;
	bool works = pthread_create(&thread, NULL, run_rounds, &rounds) == 0;
	if (!works)
		cdr_log(CDR_LOG_ERROR, "round.no_thread", cdr_log_err(CDR_E_MEMORY));
	run(arguments, &daemon, open.trustee);
	atomic_store(&rounds.stop, true);
	if (works)
		(void)pthread_join(thread, NULL);
	err = CDR_OK;
out:
	cdr_server_stop(server);
	cdr_daemon_end(&daemon);
	cdr_trustee_close(&open);
	return err;
}
