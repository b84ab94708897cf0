#ifndef CDR_NODE_NET_SMTP_H
#define CDR_NODE_NET_SMTP_H

/* One message to one address by a mail server that the user names: libcurl's SMTP, over TLS. */

#include "core/bytes.h"

#define CDR_SMTP_URL_LEN_MAX 200
#define CDR_SMTP_ADDRESS_LEN_MAX 254      /* RFC 5321 sec. 4.5.3.1.3 */
#define CDR_SMTP_SECRET_LEN_MAX 200

struct cdr_smtp {
	const char *server;          /* "smtps://host:465", "smtp://host:587" (STARTTLS is demanded) */
	bool plain;                  /* no TLS: for a server on this machine alone */
	const char *ca_file;         /* whom to believe; NULL: the system's authorities */
	const char *user;            /* NULL: none is asked for */
	const char *password;        /* secret */
	const char *sender;
	const char *recipient;
	uint32_t total_ms;           /* 0: 30,000 */
};

/* Whether ${address} is one that can stand in an envelope: one '@' with something on both sides, visible ASCII, no <, > or quotes. */
bool cdr_smtp_address_valid(const char *address);

/**
 * cdr_smtp_server_valid(server, plain, fault):
 * Whether ${server} is a URL of the form above; ${plain} is for a loopback address alone.
 *
 * Returns  CDR_OK; CDR_E_INPUT; CDR_E_REFUSED for a server elsewhere without TLS.
 */
CDR_MUST_CHECK cdr_err cdr_smtp_server_valid(const char *server, bool plain, struct cdr_fault *fault);

/**
 * cdr_smtp_send(smtp, message, fault):
 * Hand ${message} (headers, empty line, body; lines end in CR LF) to the server. It names itself "localhost", so that the name of
 * this machine does not travel.
 *
 * Returns  CDR_OK once the server has taken it; CDR_E_REFUSED if it will never (a reply of 5xx); CDR_E_BUSY for 4xx;
 *          CDR_E_NETWORK, CDR_E_TIME if it was not reached; CDR_E_SIGNATURE if its certificate is not to be believed, or it offers
 *          no TLS; CDR_E_PASSPHRASE if it does not know user and password; CDR_E_INPUT; CDR_E_MEMORY. The fault never has an address.
 */
CDR_MUST_CHECK cdr_err cdr_smtp_send(const struct cdr_smtp *smtp, struct cdr_bytes message, struct cdr_fault *fault);

#endif
