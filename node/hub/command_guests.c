#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/hub/command.h"
#include "node/hub/guest.h"
#include "node/hub/guest_visit.h"
#include "node/net/address.h"
#include "node/net/log.h"
#include "node/web/page.h"

/* serve's second listener: for guests' browsers. */

struct cdr_hub_guest_listener {
	struct cdr_hub_guests guests;
	struct cdr_server *server;
};

/* Whether an address to listen at is reached from this machine alone. */
static bool
is_loopback(const char *text)
{
	struct sockaddr_storage address;
	const struct sockaddr_in *in = (const struct sockaddr_in *)&address;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address;

	if (cdr_address_read(text, &address) == 0)
		return false;
	return address.ss_family == AF_INET ? ntohl(in->sin_addr.s_addr) >> 24 == 127 : IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

/* "https://guests.example.org": a browser opens secrets on no other page than one that came by TLS, or from its own machine. */
static cdr_err
check_url(const char *url, struct cdr_fault *fault)
{
	char page[CDR_URL_LEN_MAX + 1];
	int len = snprintf(page, sizeof(page), "%s%s", url, CDR_WEB_GUEST_PATH);

	if (len < 0 || len >= (int)sizeof(page))
		return cdr_fault_set(fault, CDR_E_RANGE, "--guest-url: longer than %d characters", CDR_URL_LEN_MAX);
	if (cdr_web_guest_url_is_valid(page))
		return CDR_OK;
	return cdr_fault_set(fault, CDR_E_INPUT,
	    "--guest-url: write how browsers reach the guest listener, such as https://guests.example.org, with nothing after the name");
}

/* Where guests go is kept, so that every process over this database tells members the same; the log names the page. */
static cdr_err
publish(const struct cdr_arguments *arguments, const struct cdr_hub_open *open, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const char *origin = cdr_arguments_text(arguments, "guest-url");
	char url[CDR_URL_LEN_MAX + 1];

	if (origin == NULL) {
		err = cdr_hub_setting_read(open->home->store, CDR_HUB_GUEST_URL, url, sizeof(url));
		if (err == CDR_E_ABSENT)
			err = cdr_fault_set(fault, CDR_E_INPUT,
			    "--guest-listen needs --guest-url once: how browsers reach it, such as https://guests.example.org");
	} else {
		err = check_url(origin, fault);
		(void)snprintf(url, sizeof(url), "%.*s%s", (int)(sizeof(url) - sizeof(CDR_WEB_GUEST_PATH)), origin, CDR_WEB_GUEST_PATH);
	}
	return err != CDR_OK ? err : cdr_hub_guest_publish(open->hub, url, cdr_hub_now());
}

/* TLS with the public certificate, or plain HTTP that no other machine reaches. */
static cdr_err
configure(const struct cdr_arguments *arguments, struct cdr_server_config *config, struct cdr_fault *fault)
{
	const char *certificate = cdr_arguments_text(arguments, "guest-certificate");
	const char *key = cdr_arguments_text(arguments, "guest-key");

	config->listen = cdr_arguments_text(arguments, "guest-listen");
	config->is_public = true;
	config->is_proxied = cdr_arguments_has(arguments, "guest-behind-proxy");
	if (config->is_proxied && (certificate != NULL || key != NULL))
		return cdr_fault_set(fault, CDR_E_INPUT, "--guest-behind-proxy: the proxy has the certificate, so none is given here");
	if (config->is_proxied && !is_loopback(config->listen))
		return cdr_fault_set(fault, CDR_E_INPUT,
		    "--guest-behind-proxy is plain HTTP: listen at a loopback address, such as 127.0.0.1:8081, where only this machine's proxy reaches it");
	if (config->is_proxied)
		return CDR_OK;
	if (certificate == NULL || key == NULL)
		return cdr_fault_set(fault, CDR_E_INPUT,
		    "--guest-listen needs --guest-certificate and --guest-key, a certificate that browsers trust; or --guest-behind-proxy");
	return cdr_visitor_tls(certificate, key, &config->tls, fault);
}

/* see node/hub/command.h */
cdr_err
cdr_hub_guest_listener_start(const struct cdr_arguments *arguments, const struct cdr_hub_open *open,
    struct cdr_hub_guest_listener **out, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_server_config config = { 0 };
	struct cdr_hub_guest_listener *listener = NULL;

	*out = NULL;
	if (!cdr_arguments_has(arguments, "guest-listen"))
		return CDR_OK;
	CDR_TRY(configure(arguments, &config, fault));
	CDR_TRY(publish(arguments, open, fault));
	listener = calloc(1, sizeof(*listener));
	if (listener == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	cdr_hub_guests_init(&listener->guests, open->hub, config.tls != NULL);
	config.app = cdr_hub_guests_app(&listener->guests);
	CDR_TRY(cdr_server_start(&config, &listener->server, fault));
	cdr_log(CDR_LOG_INFO, "hub.guests", cdr_log_text("address", cdr_server_address_peek(listener->server)));
	*out = listener;
	listener = NULL;
	err = CDR_OK;
out:
	free(listener);
	SSL_CTX_free(config.tls);
	return err;
}

/* see node/hub/command.h */
const char *
cdr_hub_guest_listener_address_peek(const struct cdr_hub_guest_listener *listener)
{
	return cdr_server_address_peek(listener->server);
}

/* see node/hub/command.h */
void
cdr_hub_guest_listener_stop(struct cdr_hub_guest_listener *listener)
{
	if (listener == NULL)
		return;
	cdr_server_stop(listener->server);
	free(listener);
}
