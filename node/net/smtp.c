#include "node/net/smtp.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#define CONNECT_MS 10000L
#define TOTAL_MS 30000L

/* see node/net/smtp.h */
bool
cdr_smtp_address_valid(const char *address)
{
	const char *at = strchr(address, '@');
	size_t len = strlen(address);

	if (at == NULL || at == address || at[1] == '\0' || strchr(at + 1, '@') != NULL || len > CDR_SMTP_ADDRESS_LEN_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (address[i] <= ' ' || address[i] > '~' || strchr("<>\"\\,;:()[]", address[i]) != NULL)
			return false;
	return true;
}

/* The host and what follows it: letters, figures and what an address or a port needs. */
static bool
is_host(const char *text)
{
	static const char others[] = ".-:[]";
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool usual = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!usual && strchr(others, c) == NULL)
			return false;
	}
	return len > 0;
}

static bool
is_loopback(const char *host)
{
	static const char *const own[] = { "127.0.0.1", "[::1]", "localhost" };

	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(own[i]);
		if (strncmp(host, own[i], len) == 0 && (host[len] == '\0' || host[len] == ':'))
			return true;
	}
	return false;
}

/* see node/net/smtp.h */
cdr_err
cdr_smtp_server_valid(const char *server, bool plain, struct cdr_fault *fault)
{
	bool implicit = strncmp(server, "smtps://", 8) == 0;
	const char *host = implicit ? server + 8 : strncmp(server, "smtp://", 7) == 0 ? server + 7 : "";

	if (strlen(server) > CDR_SMTP_URL_LEN_MAX || !is_host(host))
		return cdr_fault_set(fault, CDR_E_INPUT, "the mail server is given as smtps://HOST:465 or smtp://HOST:587");
	if (plain && (implicit || !is_loopback(host)))
		return cdr_fault_set(fault, CDR_E_REFUSED,
		    "without TLS only a mail server on this machine is used: smtp://127.0.0.1:25");
	return CDR_OK;
}

/* What is left to send. */
struct upload {
	struct cdr_bytes left;
};

static size_t
read_upload(char *into, size_t size, size_t count, void *context)
{
	struct upload *upload = context;
	size_t len = size * count < upload->left.len ? size * count : upload->left.len;

	if (len > 0)
		memcpy(into, upload->left.data, len);
	upload->left.data += len;
	upload->left.len -= len;
	return len;
}

/* Nothing that the server says is kept. */
static size_t
drop_reply(char *from, size_t size, size_t count, void *context)
{
	(void)from;
	(void)context;
	return size * count;
}

/* What libcurl and the server's last reply mean for whoever tries. */
static cdr_err
judge(CURLcode code, long reply, struct cdr_fault *fault)
{
	switch (code) {
	case CURLE_OK:
		return CDR_OK;
	case CURLE_OUT_OF_MEMORY:
		return CDR_E_MEMORY;
	case CURLE_OPERATION_TIMEDOUT:
		return cdr_fault_set(fault, CDR_E_TIME, "the mail server did not answer in time");
	case CURLE_LOGIN_DENIED:
		return cdr_fault_set(fault, CDR_E_PASSPHRASE, "the mail server does not take user and password");
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_USE_SSL_FAILED:
		return cdr_fault_set(fault, CDR_E_SIGNATURE, "the mail server offers no TLS, or a certificate that is not to be believed");
	default:
		break;
	}
	if (reply >= 500 && reply < 600)
		return cdr_fault_set(fault, CDR_E_REFUSED, "the mail server refuses the message (%ld)", reply);
	if (reply >= 400)
		return cdr_fault_set(fault, CDR_E_BUSY, "the mail server does not take the message now (%ld)", reply);
	return cdr_fault_set(fault, CDR_E_NETWORK, "the mail server cannot be reached");
}

/* Everything that is asked of libcurl. An option that it does not know makes the whole fail. */
static bool
set_up(CURL *easy, const struct cdr_smtp *smtp, struct curl_slist *to, struct upload *upload, const char *url, const char *from)
{
	bool ok = curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, smtp->plain ? "smtp" : "smtp,smtps") == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_USE_SSL, smtp->plain ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK && curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, smtp->total_ms > 0 ? (long)smtp->total_ms : TOTAL_MS) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, from) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, to) == CURLE_OK && curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_upload) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_READDATA, upload) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_reply) == CURLE_OK;

	/* Who is named vouches alone: not the system's list beside it. */
	if (ok && smtp->ca_file != NULL)
		ok = curl_easy_setopt(easy, CURLOPT_CAINFO, smtp->ca_file) == CURLE_OK && curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
	if (ok && smtp->user != NULL)
		ok = curl_easy_setopt(easy, CURLOPT_USERNAME, smtp->user) == CURLE_OK &&
		    curl_easy_setopt(easy, CURLOPT_PASSWORD, smtp->password != NULL ? smtp->password : "") == CURLE_OK;
	return ok;
}

/* see node/net/smtp.h */
cdr_err
cdr_smtp_send(const struct cdr_smtp *smtp, struct cdr_bytes message, struct cdr_fault *fault)
{
	char url[CDR_SMTP_URL_LEN_MAX + 16], from[CDR_SMTP_ADDRESS_LEN_MAX + 3], to[CDR_SMTP_ADDRESS_LEN_MAX + 3];
	struct upload upload = { message };
	long reply = 0;

	if (!cdr_smtp_address_valid(smtp->sender) || !cdr_smtp_address_valid(smtp->recipient))
		return cdr_fault_set(fault, CDR_E_INPUT, "an address for e-mail is none");
	cdr_err err = cdr_smtp_server_valid(smtp->server, smtp->plain, fault);
	if (err != CDR_OK)
		return err;
	/* The path is the name that is given with EHLO. */
	(void)snprintf(url, sizeof(url), "%s/localhost", smtp->server);
	(void)snprintf(from, sizeof(from), "<%s>", smtp->sender);
	(void)snprintf(to, sizeof(to), "<%s>", smtp->recipient);
	CURL *easy = curl_easy_init();
	struct curl_slist *recipients = curl_slist_append(NULL, to);
	if (easy == NULL || recipients == NULL || !set_up(easy, smtp, recipients, &upload, url, from)) {
		err = CDR_E_MEMORY;
	} else {
		CURLcode code = curl_easy_perform(easy);
		(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply);
		err = judge(code, reply, fault);
	}
	curl_slist_free_all(recipients);
	curl_easy_cleanup(easy);
	return err;
}
