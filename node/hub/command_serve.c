#include <string.h>
#include <unistd.h>

#include "node/hub/command.h"
#include "node/hub/publish.h"
#include "node/hub/round.h"
#include "node/hub/routes.h"
#include "node/hub/sample.h"
#include "node/hub/sweep.h"
#include "node/hub/witness.h"
#include "node/net/clock.h"
#include "node/net/daemon.h"
#include "node/net/log.h"
#include "node/net/service.h"

#define WAIT_MS 1000
#define SWEEP_EVERY_S 3600
#define WITNESS_CONNECT_MS 3000
#define PUBLISH_EVERY_S 10

static cdr_err
start_server(const struct cdr_arguments *arguments, const struct cdr_hub_open *open, const struct cdr_service *service,
    struct cdr_server **server, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char listen[CDR_SERVER_ADDRESS_LEN];
	struct cdr_server_config config = { .app = cdr_service_app(service) };

	config.listen = cdr_arguments_text(arguments, "listen");
	if (config.listen == NULL) {
		CDR_TRY(cdr_hub_setting_read(open->home->store, "listen", listen, sizeof(listen)));
		config.listen = listen;
	}
	config.worker_count = (uint32_t)cdr_arguments_number(arguments, "workers", 0);
	CDR_TRY(cdr_certificate_server_context(open->home->certificate, open->home->certificate_key, &config.tls));
	CDR_TRY(cdr_server_start(&config, server, fault));
	err = CDR_OK;
out:
	SSL_CTX_free(config.tls);
	return err;
}

/* Bring the published files up to what is witnessed, if there is something new. */
static void
publish(struct cdr_hub *hub, const char *folder, struct cdr_checkpoint *published)
{
	struct cdr_checkpoint newest;
	struct cdr_fault fault = { CDR_OK, "" };

	if (cdr_hub_witness_newest(hub->witness, 1, 0, &newest, NULL) != CDR_OK || memcmp(&newest, published, sizeof(newest)) == 0)
		return;
	const struct cdr_roster *roster = cdr_hub_roster_hold(hub);
	if (roster == NULL)
		return;
	cdr_err err = cdr_hub_publish(hub, roster, folder, &newest, &fault);
	cdr_hub_roster_release(hub, roster);
	if (err == CDR_OK)
		*published = newest;
	else
		cdr_log(CDR_LOG_ERROR, "log.not_published", cdr_log_err(err), cdr_log_text("reason", fault.text));
}

static cdr_err
send_ask(void *client, const struct cdr_signer *signer, struct cdr_ask *ask)
{
	return cdr_ask_send(client, signer, ask, 1);
}

/* Until a signal comes; now and then what is due. A sweep that fails is tried again an hour later. */
static void
run(struct cdr_daemon *daemon, struct cdr_hub *hub, struct cdr_client *client, const char *folder)
{
	uint64_t swept_at = 0, published_at = 0;
	struct cdr_checkpoint published = { 0 };
	cdr_err before = CDR_OK, sampled = CDR_OK;
	const struct cdr_hub_line line = { send_ask, client };

	do {
		uint64_t now = cdr_hub_now();
		cdr_hub_witness_tick(hub->witness);
		if (cdr_hub_witness_is_behind(hub->witness))
			continue; /* whatever is done to an old copy is lost with it */
		struct cdr_fault fault = { CDR_OK, "" };
		cdr_err err = cdr_hub_round_step(hub, now, &fault);
		if (err != CDR_OK && err != before)
			cdr_log(CDR_LOG_ERROR, "hub.round_failed", cdr_log_err(err), cdr_log_text("reason", fault.text));
		before = err;
		fault = (struct cdr_fault){ CDR_OK, "" };
		err = cdr_hub_sample_step(hub, &line, now, &fault);
		if (err != CDR_OK && err != sampled)
			cdr_log(CDR_LOG_ERROR, "hub.sample_failed", cdr_log_err(err), cdr_log_text("reason", fault.text));
		sampled = err;
		if (folder != NULL && cdr_clock_is_due(now, published_at, PUBLISH_EVERY_S)) {
			publish(hub, folder, &published);
			published_at = now;
		}
		if (!cdr_clock_is_due(now, swept_at, SWEEP_EVERY_S))
			continue;
		err = cdr_hub_sweep(hub, now, NULL);
		if (err != CDR_OK)
			cdr_log(CDR_LOG_ERROR, "hub.sweep_failed", cdr_log_err(err));
		swept_at = now;
	} while (!cdr_daemon_wait(daemon, WAIT_MS));
}

/* see node/hub/command.h */
cdr_err
cdr_hub_showing_start(const struct cdr_hub_open *open, struct cdr_hub_showing *showing, struct cdr_fault *fault)
{
	const struct cdr_client_config config = { .certificate = open->home->certificate,
		.key = open->home->certificate_key, .connect_ms = WITNESS_CONNECT_MS };

	*showing = (struct cdr_hub_showing){ NULL, NULL };
	cdr_err err = cdr_client_new(&config, &showing->client, fault);
	if (err != CDR_OK)
		return err;
	return cdr_hub_witness_start(open->hub, &(struct cdr_hub_line){ send_ask, showing->client }, &showing->witness);
}

/* see node/hub/command.h */
void
cdr_hub_showing_stop(struct cdr_hub_showing *showing)
{
	cdr_hub_witness_stop(showing->witness);
	cdr_client_free(showing->client);
	*showing = (struct cdr_hub_showing){ NULL, NULL };
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_serve(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_daemon daemon = { .pid_fd = -1, .signal_fd = -1, .ready_fd = -1 };
	struct cdr_hub_open open = { 0 };
	struct cdr_service service;
	struct cdr_server *server = NULL;
	struct cdr_hub_guest_listener *guests = NULL;
	struct cdr_hub_showing showing = { NULL, NULL };
	const char *path;
	char pid_path[CDR_HOME_PATH_LEN_MAX + sizeof("/" CDR_HOME_PID)];

	CDR_TRY(cdr_hub_open(arguments, &open, fault));
	path = open.home->path;
	CDR_TRY(cdr_home_file(path, CDR_HOME_PID, pid_path, sizeof(pid_path)));
	CDR_TRY(cdr_daemon_start(&daemon, pid_path, (int)cdr_arguments_number(arguments, "ready-fd", -1), fault));
	cdr_hub_service(open.hub, &service);
	CDR_TRY(cdr_hub_guest_listener_start(arguments, &open, &guests, fault));
	CDR_TRY(cdr_hub_showing_start(&open, &showing, fault));
	CDR_TRY(start_server(arguments, &open, &service, &server, fault));
	cdr_report_text(report, "Serving at %s\n", cdr_server_address_peek(server));
	if (guests != NULL)
		cdr_report_text(report, "Serving guests at %s\n", cdr_hub_guest_listener_address_peek(guests));
	(void)fflush(report->out);
	cdr_log(CDR_LOG_INFO, "hub.started", cdr_log_text("address", cdr_server_address_peek(server)));
	cdr_daemon_ready(&daemon, cdr_server_address_peek(server));
	run(&daemon, open.hub, showing.client, cdr_arguments_text(arguments, "publish"));
	cdr_log(CDR_LOG_INFO, "hub.stopping", cdr_log_int("pid", getpid()));
	err = CDR_OK;
out:
	cdr_server_stop(server);
	cdr_hub_guest_listener_stop(guests);
	cdr_hub_showing_stop(&showing);
	cdr_daemon_end(&daemon);
	cdr_hub_close(&open);
	return err;
}
