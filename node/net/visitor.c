#include "node/net/visitor.h"

#include <openssl/err.h>
#include <string.h>

#define BURST 60
#define REFILL_MS 1000

/* see node/net/visitor.h */
void
cdr_visitors_init(struct cdr_visitors *visitors, uint32_t burst, uint32_t refill_ms)
{
	memset(visitors, 0, sizeof(*visitors));
	(void)pthread_mutex_init(&visitors->lock, NULL);
	visitors->burst = burst > 0 ? burst : BURST;
	visitors->refill_ms = refill_ms > 0 ? refill_ms : REFILL_MS;
}

/* see node/net/visitor.h */
bool
cdr_visitors_take(struct cdr_visitors *visitors, const uint8_t *visitor, uint64_t now_ms)
{
	size_t at = ((size_t)visitor[0] << 8 | visitor[1]) % CDR_VISITOR_SLOTS;

	(void)pthread_mutex_lock(&visitors->lock);
	if (!visitors->slot[at].is_used) {
		visitors->slot[at].is_used = true;
		visitors->slot[at].left = visitors->burst;
		visitors->slot[at].at_ms = now_ms;
	}
	uint64_t more = (now_ms - visitors->slot[at].at_ms) / visitors->refill_ms;
	if (more > visitors->burst - visitors->slot[at].left)
		more = visitors->burst - visitors->slot[at].left;
	visitors->slot[at].left += (uint32_t)more;
	/* What is left of a span counts on, unless the bucket is full. */
	visitors->slot[at].at_ms = visitors->slot[at].left == visitors->burst ? now_ms :
		visitors->slot[at].at_ms + more * visitors->refill_ms;
	bool is_allowed = visitors->slot[at].left > 0;
	visitors->slot[at].left -= is_allowed;
	(void)pthread_mutex_unlock(&visitors->lock);
	return is_allowed;
}

/* see node/net/visitor.h */
cdr_err
cdr_visitor_tls(const char *certificate, const char *key, SSL_CTX **out, struct cdr_fault *fault)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	*out = NULL;
	if (context == NULL)
		return cdr_fault_set(fault, CDR_E_MEMORY, "no memory for TLS");
	cdr_err err = CDR_OK;
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
		err = cdr_fault_set(fault, CDR_E_INTERNAL, "OpenSSL has no TLS 1.2");
	else if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
		err = cdr_fault_set(fault, CDR_E_INPUT, "no certificate in PEM form can be read from the file of --guest-certificate");
	else if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(context) != 1)
		err = cdr_fault_set(fault, CDR_E_INPUT, "the file of --guest-key holds no key in PEM form, or not that of the certificate");
	(void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	ERR_clear_error();
	if (err != CDR_OK)
		SSL_CTX_free(context);
	else
		*out = context;
	return err;
}
