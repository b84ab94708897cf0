#include "node/net/client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "keys/certificate.h"
#include "node/net/clock.h"
#include "node/net/http.h"

#define URL_MAX (CDR_URL_LEN_MAX + CDR_HTTP_PATH_LEN_MAX + 1)
#define KEPT_CONNECTION_MAX 32L
#define BYTES_PER_SECOND_MIN 8192 /* as node/net/server.c waits for */
#define PIN_TEXT_PREFIX "sha256//"
#define PIN_TEXT_MAX (sizeof(PIN_TEXT_PREFIX) + 44) /* base64 of 32 bytes */

_Static_assert(CDR_PIN_LEN == CDR_CERTIFICATE_PIN_LEN, "the roster's pin is the certificate's");

/* What one thread needs to send: handles and the connections that they keep alive. */
struct channel {
	struct channel *next;
	CURLM *multi;
	CURL *easies[CDR_CLIENT_PARALLEL_MAX];
};

struct cdr_client {
	X509 *certificate;
	EVP_PKEY *key;
	char *proxy;
	uint32_t connect_ms, total_ms;
	pthread_mutex_t lock;
	struct channel *idle; /* the one used last in front: its connections are the warmest */
};

/* One post on its way. */
struct transfer {
	struct cdr_client *client;
	struct cdr_client_post *post;
	CURL *easy;
	struct curl_slist *fields;
	size_t room;              /* bytes allocated for the reply */
	bool is_too_long, is_out_of_memory, is_late;
	uint32_t total_ms;
	uint64_t start_ms;
	char url[URL_MAX];
	char pin[PIN_TEXT_MAX];
	char detail[CURL_ERROR_SIZE];
};

/* ---- client and channels ------------------------------------------------------------------------------------- */

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static bool library_works;

static void
start_library(void)
{
	const curl_version_info_data *info;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return;
	info = curl_version_info(CURLVERSION_NOW);
	library_works = info->ssl_version != NULL && strncmp(info->ssl_version, "OpenSSL/3", 9) == 0;
	/* A connection that the peer has closed is an error to report, not the end of the process. */
	(void)signal(SIGPIPE, SIG_IGN);
}

/* see node/net/client.h */
cdr_err
cdr_client_new(const struct cdr_client_config *config, struct cdr_client **out, struct cdr_fault *fault)
{
	struct cdr_client *client = NULL;

	*out = NULL;
	(void)pthread_once(&library_once, start_library);
	if (!library_works)
		return cdr_fault_set(fault, CDR_E_INTERNAL, "libcurl is not built on OpenSSL 3: install "
		    "libcurl4-openssl-dev and build again");
	client = calloc(1, sizeof(*client));
	if (client == NULL)
		return cdr_fault_set(fault, CDR_E_MEMORY, "no memory to call other parties");
	(void)pthread_mutex_init(&client->lock, NULL);
	(void)X509_up_ref(config->certificate);
	client->certificate = config->certificate;
	(void)EVP_PKEY_up_ref(config->key);
	client->key = config->key;
	client->connect_ms = config->connect_ms > 0 ? config->connect_ms : 10000;
	client->total_ms = config->total_ms > 0 ? config->total_ms : 60000;
	client->proxy = strdup(config->proxy != NULL ? config->proxy : "");
	if (client->proxy == NULL) {
		cdr_client_free(client);
		return cdr_fault_set(fault, CDR_E_MEMORY, "no memory to call other parties");
	}
	*out = client;
	return CDR_OK;
}

static void
channel_free(struct channel *channel)
{
	if (channel == NULL)
		return;
	for (size_t i = 0; i < CDR_CLIENT_PARALLEL_MAX; i++)
		curl_easy_cleanup(channel->easies[i]);
	(void)curl_multi_cleanup(channel->multi);
	free(channel);
}

/* see node/net/client.h */
void
cdr_client_free(struct cdr_client *client)
{
	if (client == NULL)
		return;
	while (client->idle != NULL) {
		struct channel *channel = client->idle;
		client->idle = channel->next;
		channel_free(channel);
	}
	X509_free(client->certificate);
	EVP_PKEY_free(client->key);
	(void)pthread_mutex_destroy(&client->lock);
	free(client->proxy);
	free(client);
}

/* Borrow a channel with at least ${count} handles; NULL if there is no memory. */
static struct channel *
take_channel(struct cdr_client *client, size_t count)
{
	struct channel *channel;

	(void)pthread_mutex_lock(&client->lock);
	channel = client->idle;
	if (channel != NULL)
		client->idle = channel->next;
	(void)pthread_mutex_unlock(&client->lock);
	if (channel == NULL) {
		channel = calloc(1, sizeof(*channel));
		if (channel != NULL)
			channel->multi = curl_multi_init();
		/* Without this libcurl keeps four times as many connections as it has requests at the moment. */
		if (channel != NULL && channel->multi != NULL)
			(void)curl_multi_setopt(channel->multi, CURLMOPT_MAXCONNECTS, KEPT_CONNECTION_MAX);
	}
	for (size_t i = 0; i < count && channel != NULL; i++) {
		if (channel->multi != NULL && channel->easies[i] == NULL)
			channel->easies[i] = curl_easy_init();
		if (channel->multi == NULL || channel->easies[i] == NULL) {
			channel_free(channel);
			channel = NULL;
		}
	}
	return channel;
}

static void
give_channel(struct cdr_client *client, struct channel *channel)
{
	(void)pthread_mutex_lock(&client->lock);
	channel->next = client->idle;
	client->idle = channel;
	(void)pthread_mutex_unlock(&client->lock);
}

/* ---- what libcurl calls back --------------------------------------------------------------------------------- */

/* libcurl has made a TLS context for a new connection: our certificate, and whom we believe. */
static CURLcode
set_up_tls(CURL *easy, void *context, void *user)
{
	const struct transfer *transfer = user;
	struct cdr_client *client = transfer->client;
	cdr_err err;

	(void)easy;
	if (transfer->post->pin != NULL) {
		err = cdr_certificate_client_setup(context, client->certificate, client->key, transfer->post->pin);
		return err == CDR_OK ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
	}
	/* Anybody may answer: the caller looks at pin_seen. */
	SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
	if (SSL_CTX_use_certificate(context, client->certificate) != 1 ||
	    SSL_CTX_use_PrivateKey(context, client->key) != 1)
		return CURLE_SSL_CERTPROBLEM;
	return CURLE_OK;
}

/* A connection, new or kept, is about to carry the request: whose is it? */
static int
note_pin(void *user, char *peer, char *local, int peer_port, int local_port)
{
	struct transfer *transfer = user;
	struct curl_tlssessioninfo *session = NULL;

	(void)peer;
	(void)local;
	(void)peer_port;
	(void)local_port;
	if (curl_easy_getinfo(transfer->easy, CURLINFO_TLS_SSL_PTR, &session) == CURLE_OK && session->internals != NULL)
		transfer->post->has_pin_seen =
		    cdr_certificate_peer_pin(session->internals, transfer->post->pin_seen) == CDR_OK;
	return transfer->post->has_pin_seen ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* Make room for ${more} bytes. What is left behind is wiped: a reply may be sealed to us, or personal once opened. */
static bool
grow(struct transfer *transfer, size_t more)
{
	struct cdr_buffer *reply = &transfer->post->reply;
	size_t room = transfer->room;

	if (reply->len + more <= room)
		return true;
	while (room < reply->len + more)
		room = room == 0 ? 4096 : 2 * room;
	uint8_t *data = malloc(room);
	if (data == NULL)
		return false;
	size_t len = reply->len;
	if (len > 0)
		memcpy(data, reply->data, len);
	cdr_buffer_free(reply);
	*reply = (struct cdr_buffer){ data, len };
	transfer->room = room;
	return true;
}

/* Bytes of the reply. */
static size_t
take_bytes(char *data, size_t size, size_t count, void *user)
{
	struct transfer *transfer = user;
	struct cdr_buffer *reply = &transfer->post->reply;
	size_t len = size * count;

	transfer->is_too_long = len > transfer->post->reply_max - reply->len;
	if (transfer->is_too_long)
		return CURL_WRITEFUNC_ERROR;
	transfer->is_out_of_memory = !grow(transfer, len);
	if (transfer->is_out_of_memory)
		return CURL_WRITEFUNC_ERROR;
	memcpy(reply->data + reply->len, data, len);
	reply->len += len;
	return len;
}

/* Time for ${len} bytes on a slow line. */
static uint64_t
transfer_ms(uint64_t len)
{
	return len * 1000 / BYTES_PER_SECOND_MIN;
}

/* Told now and then how far it is: every byte that moves buys time, silence does not. */
static int
check_pace(void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
	struct transfer *transfer = user;

	(void)down_total;
	(void)up_total;
	transfer->is_late = cdr_clock_ms() - transfer->start_ms > transfer->total_ms + transfer_ms((uint64_t)(down + up));
	return transfer->is_late ? 1 : 0;
}

/* ---- one post ------------------------------------------------------------------------------------------------ */

/* "https://" and a host with a port or without, nothing else. */
static bool
is_origin(const char *url)
{
	static const char host_chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";
	size_t len = strnlen(url, CDR_URL_LEN_MAX + 1);

	return len > 8 && len <= CDR_URL_LEN_MAX && strncmp(url, "https://", 8) == 0 && strspn(url + 8, host_chars) == len - 8;
}

/* Form and ranges of what the caller gave. */
static cdr_err
check_post(struct cdr_client_post *post)
{
	post->status = 0;
	post->reply = (struct cdr_buffer){ NULL, 0 };
	post->has_pin_seen = false;
	memset(post->pin_seen, 0, sizeof(post->pin_seen));
	post->fault = (struct cdr_fault){ CDR_OK, "" };
	if (!is_origin(post->url) || post->path[0] != '/')
		return cdr_fault_set(&post->fault, CDR_E_INPUT, "an address has the form https://host:port, with nothing after it");
	if (strlen(post->path) > CDR_HTTP_PATH_LEN_MAX || post->body.len > CDR_BODY_ROSTER_MAX ||
	    post->reply_max > CDR_BODY_ROSTER_MAX)
		return cdr_fault_set(&post->fault, CDR_E_RANGE, "the request, or the reply that it allows, is too long");
	return CDR_OK;
}

/* The pin as libcurl writes it. It is part of what a kept connection is found by: a new pin means a new connection. */
static cdr_err
set_pin(struct transfer *transfer)
{
	CURL *easy = transfer->easy;

	if (transfer->post->pin == NULL) {
		(void)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
		(void)curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
		(void)curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
		return CDR_OK;
	}
	memcpy(transfer->pin, PIN_TEXT_PREFIX, sizeof(PIN_TEXT_PREFIX) - 1);
	(void)EVP_EncodeBlock((unsigned char *)transfer->pin + sizeof(PIN_TEXT_PREFIX) - 1, transfer->post->pin,
	    CDR_PIN_LEN);
	return curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, transfer->pin) == CURLE_OK ? CDR_OK : CDR_E_MEMORY;
}

/* Where libcurl's own ideas of trust, redirection and environment end. */
static void
set_rules(struct transfer *transfer)
{
	struct cdr_client *client = transfer->client;
	CURL *easy = transfer->easy;

	curl_easy_reset(easy);
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
	(void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, client->proxy); /* "": none, also where the environment names one */
	(void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3);
	/* No authority and no name is believed: set_up_tls checks the pin instead. */
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	(void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	(void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)client->connect_ms);
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(transfer->total_ms +
	    transfer_ms(transfer->post->body.len + transfer->post->reply_max)));
	(void)curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, check_pace);
	(void)curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer);
	(void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
}

/* Fill libcurl's handle for ${transfer}. */
static cdr_err
set_up(struct transfer *transfer)
{
	struct cdr_client_post *post = transfer->post;
	CURL *easy = transfer->easy;
	struct curl_slist *fields;

	transfer->total_ms = post->total_ms > 0 ? post->total_ms : transfer->client->total_ms;
	transfer->start_ms = cdr_clock_ms();
	(void)snprintf(transfer->url, sizeof(transfer->url), "%s%s", post->url, post->path);
	set_rules(transfer);
	fields = curl_slist_append(NULL, "Content-Type: " CDR_HTTP_CONTENT_TYPE);
	if (fields == NULL)
		return CDR_E_MEMORY;
	transfer->fields = fields;
	/* Without this libcurl asks first whether it may send a long body. */
	if (curl_slist_append(fields, "Expect:") == NULL || curl_slist_append(fields, "Accept:") == NULL)
		return CDR_E_MEMORY;
	(void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields);
	(void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, post->body.len > 0 ? (const char *)post->body.data : "");
	(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.len);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, set_up_tls);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, transfer);
	(void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, note_pin);
	(void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail);
	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	if (curl_easy_setopt(easy, CURLOPT_URL, transfer->url) != CURLE_OK)
		return CDR_E_MEMORY;
	return set_pin(transfer);
}

/* No answer: what happened, and what can be done. */
static cdr_err
explain_failure(struct transfer *transfer, CURLcode code)
{
	struct cdr_fault *fault = &transfer->post->fault;
	const char *url = transfer->post->url;

	if (transfer->is_late)
		code = CURLE_OPERATION_TIMEDOUT;
	if (transfer->is_too_long)
		return cdr_fault_set(fault, CDR_E_NETWORK, "%s sent a reply of more than %zu bytes: it is refused", url,
		    transfer->post->reply_max);
	if (transfer->is_out_of_memory || code == CURLE_OUT_OF_MEMORY)
		return cdr_fault_set(fault, CDR_E_MEMORY, "no memory for the reply of %s", url);
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return cdr_fault_set(fault, CDR_E_NETWORK, "the address of %s cannot be found: check the name, and that this "
		    "machine is online", url);
	case CURLE_COULDNT_CONNECT:
		return cdr_fault_set(fault, CDR_E_NETWORK, "%s does not answer: it is not running, or a firewall stands "
		    "between; try again later", url);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return cdr_fault_set(fault, CDR_E_SIGNATURE, "%s has another key than the roster names: nothing was sent. "
		    "Fetch the newest roster; if it stays so, somebody may stand between: ask the other side by phone", url);
	case CURLE_OPERATION_TIMEDOUT:
		if (!transfer->post->has_pin_seen)
			return cdr_fault_set(fault, CDR_E_NETWORK, "no connection to %s within %u s: try again later", url,
			    (transfer->client->connect_ms + 999) / 1000);
		return cdr_fault_set(fault, CDR_E_TIME, "%s did not answer within %u s: try again, a request that was done "
		    "already is not done twice", url, (transfer->total_ms + 999) / 1000);
	case CURLE_SSL_CONNECT_ERROR:
		return cdr_fault_set(fault, CDR_E_NETWORK, "%s does not speak TLS 1.3 with us: %s", url, transfer->detail);
	default:
		return cdr_fault_set(fault, CDR_E_NETWORK, "the connection to %s broke (%s): try again", url,
		    transfer->detail[0] != '\0' ? transfer->detail : curl_easy_strerror(code));
	}
}

/* The transfer is over: its outcome in the caller's words. */
static cdr_err
conclude(struct transfer *transfer, CURLcode code)
{
	struct cdr_client_post *post = transfer->post;
	long status = 0;

	if (code != CURLE_OK) {
		cdr_buffer_free(&post->reply);
		return explain_failure(transfer, code);
	}
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	post->status = (int)status;
	if (status == 200)
		return CDR_OK;
	if (status == 503)
		return cdr_fault_set(&post->fault, CDR_E_BUSY, "%s is busy: try again later", post->url);
	return cdr_fault_set(&post->fault, CDR_E_REFUSED, "%s refused %s (status %ld)", post->url, post->path, status);
}

/* ---- all posts ----------------------------------------------------------------------------------------------- */

/* Let libcurl work until every transfer on ${multi} has a result. */
static void
drive(CURLM *multi)
{
	int running_count = 0, left_count = 0;
	CURLMcode code = CURLM_OK;

	do {
		code = curl_multi_perform(multi, &running_count);
		for (CURLMsg *message; (message = curl_multi_info_read(multi, &left_count)) != NULL;) {
			struct transfer *transfer = NULL;
			(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
			if (message->msg == CURLMSG_DONE && transfer != NULL)
				transfer->post->err = conclude(transfer, message->data.result);
		}
		if (code == CURLM_OK && running_count > 0)
			code = curl_multi_poll(multi, NULL, 0, 1000, NULL);
	} while (code == CURLM_OK && running_count > 0);
}

/* Send on a channel that has handles enough. */
static cdr_err
send_on(struct channel *channel, struct cdr_client *client, struct cdr_client_post *posts, size_t count)
{
	struct transfer *transfers = calloc(count, sizeof(*transfers));
	cdr_err err = CDR_OK;

	if (transfers == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < count; i++) {
		struct transfer *transfer = &transfers[i];
		*transfer = (struct transfer){ .client = client, .post = &posts[i], .easy = channel->easies[i] };
		posts[i].err = check_post(&posts[i]);
		if (posts[i].err != CDR_OK)
			continue;
		posts[i].err = set_up(transfer);
		if (posts[i].err == CDR_OK && curl_multi_add_handle(channel->multi, transfer->easy) == CURLM_OK)
			posts[i].err = CDR_E_INTERNAL; /* until its result is there */
	}
	drive(channel->multi);
	for (size_t i = 0; i < count; i++) {
		(void)curl_multi_remove_handle(channel->multi, transfers[i].easy);
		curl_easy_reset(transfers[i].easy);
		curl_slist_free_all(transfers[i].fields);
		if (posts[i].err != CDR_OK && posts[i].fault.code == CDR_OK)
			cdr_fault_set(&posts[i].fault, posts[i].err, "%s could not be called: %s", posts[i].url,
			    cdr_err_name(posts[i].err));
		if (err == CDR_OK)
			err = posts[i].err;
	}
	free(transfers);
	return err;
}

/* see node/net/client.h */
cdr_err
cdr_client_send(struct cdr_client *client, struct cdr_client_post *posts, size_t count)
{
	struct channel *channel = NULL;
	cdr_err err = CDR_E_RANGE;

	for (size_t i = 0; i < count; i++)
		posts[i].reply = (struct cdr_buffer){ NULL, 0 };
	if (count >= 1 && count <= CDR_CLIENT_PARALLEL_MAX) {
		channel = take_channel(client, count);
		err = channel == NULL ? CDR_E_MEMORY : send_on(channel, client, posts, count);
	}
	if (channel != NULL) {
		give_channel(client, channel);
		return err;
	}
	for (size_t i = 0; i < count; i++)
		posts[i].err = cdr_fault_set(&posts[i].fault, err, "nothing could be sent: %s", cdr_err_name(err));
	return err;
}

/* see node/net/client.h */
void
cdr_client_post_free(struct cdr_client_post *post)
{
	cdr_buffer_free(&post->reply);
}
