#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "core/crypto/group.h"
#include "node/net/daemon.h"
#include "node/net/log.h"
#include "node/net/service.h"
#include "node/trustee/change.h"
#include "node/trustee/command.h"
#include "node/trustee/countersign.h"
#include "node/trustee/keep.h"
#include "node/trustee/query_opening.h"
#include "node/trustee/recover.h"
#include "node/trustee/round.h"
#include "node/trustee/routes.h"

#define POLL_MS 5000
#define POLL_LEFT_MS 60000 /* of a trustee that has left */
#define ROUND_WAIT_MS 50

/* One daemon, under one index after the other. */
struct serving {
	const struct cdr_arguments *arguments;
	struct cdr_report *report;
	struct cdr_trustee_open open;
	struct cdr_daemon daemon;
	char address[CDR_SERVER_ADDRESS_LEN]; /* where it listens; empty: not yet */
};

static cdr_err
start_server(const struct serving *s, const struct cdr_service *service, struct cdr_server **server, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_trustee_open *open = &s->open;
	struct cdr_server_config config = { .listen = open->listen, .app = cdr_service_app(service) };

	if (cdr_arguments_has(s->arguments, "listen"))
		config.listen = cdr_arguments_text(s->arguments, "listen");
	if (s->address[0] != '\0')
		config.listen = s->address;
	config.worker_count = (uint32_t)cdr_arguments_number(s->arguments, "workers", 0);
	CDR_TRY(cdr_certificate_server_context(open->home->certificate, open->home->certificate_key, &config.tls));
	CDR_TRY(cdr_server_start(&config, server, fault));
out:
	SSL_CTX_free(config.tls);
	return err;
}

/* Tell the log, once, that this is no trustee any more. Those who come still ask it what it witnessed. */
static void
tell_left(bool left, bool *told)
{
	if (left && !*told)
		cdr_log(CDR_LOG_WARNING, "trustee.left", cdr_log_text("next", "stop this one when the log of each trustee that has come says "
		    "trustee.caught_up, or a minute after the change if none has come"));
	*told = left;
}

/*
 * Rosters and proposals, until a signal comes (returns true) or the roster names this trustee by another index, or none: everything that is
 * under way here bears the one before. A hub that is away is told once, and once when it is back.
 */
static bool
run(const struct serving *s)
{
	struct cdr_trustee *trustee = s->open.trustee;
	int poll_ms = (int)cdr_arguments_number(s->arguments, "poll-ms", POLL_MS);
	struct cdr_trustee_polled polled = { .agreed = false };
	struct cdr_trustee_keep keep = { .run = { NULL } };
	const uint32_t index = trustee->index;
	struct cdr_fault fault;
	cdr_err before = CDR_OK;
	bool told = false, ended = false;

	do {
		fault = (struct cdr_fault){ CDR_OK, "" };
		cdr_err err = cdr_trustee_poll(trustee, &polled, &fault);
		if (err == CDR_OK && cdr_trustee_recovered(trustee, NULL) == CDR_OK)
			err = cdr_trustee_keep_turn(&keep, trustee, &fault);
		if (err != before)
			cdr_log(err == CDR_OK ? CDR_LOG_INFO : CDR_LOG_WARNING, err == CDR_OK ? "hub.back" : "hub.poll_failed",
			    cdr_log_err(err), cdr_log_text("reason", fault.text));
		before = err;
		if (trustee->index != index)
			break;
		const bool left = index == 0 && !cdr_trustee_change_awaited(trustee);
		tell_left(left, &told);
		ended = cdr_daemon_wait(&s->daemon, left && poll_ms < POLL_LEFT_MS ? POLL_LEFT_MS : poll_ms);
	} while (!ended);
	cdr_trustee_keep_end(&keep);
	return ended;
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
		if (rounds->trustee->index == 0) {
			/* It has no part in any. */
			cdr_trustee_sleep_ms(ROUND_WAIT_MS);
			continue;
		}
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

/* Serve under the index that this trustee has now. ${ended}: whether a signal came; else it has another one. */
static cdr_err
serve_as_named(struct serving *s, bool *ended, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_service service;
	struct cdr_server *server = NULL;
	struct rounds rounds = { .trustee = s->open.trustee,
		.poll_ms = (uint64_t)cdr_arguments_number(s->arguments, "poll-ms", POLL_MS) };
	pthread_t thread;

	cdr_trustee_service(s->open.trustee, &service);
	CDR_TRY(start_server(s, &service, &server, fault));
	if (s->address[0] == '\0') {
		(void)snprintf(s->address, sizeof(s->address), "%s", cdr_server_address_peek(server));
		cdr_report_text(s->report, "Serving at %s\n", s->address);
		(void)fflush(s->report->out);
		cdr_daemon_ready(&s->daemon, s->address);
	} else if (s->open.trustee->index != 0)
		cdr_log(CDR_LOG_INFO, "trustee.serves", cdr_log_int("index", s->open.trustee->index));
	bool works = pthread_create(&thread, NULL, run_rounds, &rounds) == 0;
	if (!works)
		cdr_log(CDR_LOG_ERROR, "round.no_thread", cdr_log_err(CDR_E_MEMORY));
	*ended = run(s);
	atomic_store(&rounds.stop, true);
	if (works)
		(void)pthread_join(thread, NULL);
	err = CDR_OK;
out:
	cdr_server_stop(server);
	return err;
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_serve(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct serving s = { .arguments = arguments, .report = report,
		.daemon = { .pid_fd = -1, .signal_fd = -1, .ready_fd = -1 } };
	char pid_path[CDR_HOME_PATH_LEN_MAX + sizeof("/" CDR_HOME_PID)];
	bool ended;

	CDR_TRY(cdr_trustee_open(arguments, &s.open, fault));
	CDR_TRY(cdr_trustee_confirmed(s.open.trustee, fault));
	CDR_TRY(cdr_group_start());
	CDR_TRY(cdr_home_file(s.open.home->path, CDR_HOME_PID, pid_path, sizeof(pid_path)));
	CDR_TRY(cdr_daemon_start(&s.daemon, pid_path, (int)cdr_arguments_number(arguments, "ready-fd", -1), fault));
	CDR_TRY(serve_as_named(&s, &ended, fault));
	while (!ended) {
		if (s.open.trustee->index != 0)
			cdr_log(CDR_LOG_WARNING, "trustee.other_index", cdr_log_int("index", s.open.trustee->index));
		CDR_TRY(cdr_trustee_open_anew(&s.open, fault));
		CDR_TRY(serve_as_named(&s, &ended, fault));
	}
	err = CDR_OK;
out:
	cdr_daemon_end(&s.daemon);
	cdr_trustee_close(&s.open);
	return err;
}
