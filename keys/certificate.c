#include "keys/certificate.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/x509v3.h>

#include "core/crypto/group.h"
#include "core/crypto/hash.h"
#include "core/crypto/secret.h"

#define DAY (24L * 60 * 60)
#define VALID_DAYS 3652 /* ten years */
#define SERIAL_LEN 16

/* What a peer may send as a certificate; ours have about 400 bytes. */
#define PEER_CERTIFICATE_LEN_MAX 4096

/* Where a client's context keeps the pin that it asks for. */
static pthread_once_t pin_once = PTHREAD_ONCE_INIT;
static int pin_index = -1;

/* ---- making ---- */

/* The key of ${secret} as OpenSSL's TLS wants it. */
static cdr_err
key_make(const uint8_t secret[static CDR_CERTIFICATE_SECRET_LEN], EVP_PKEY **key)
{
	uint8_t public[CDR_POINT_UNCOMPRESSED_LEN]; /* not secret */
	BIGNUM *number = NULL;
	OSSL_PARAM_BLD *builder = NULL;
	OSSL_PARAM *params = NULL;
	EVP_PKEY_CTX *ctx = NULL;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_group_public_uncompressed(secret, public));
	err = CDR_E_MEMORY;
	/* A number from the secure heap makes the builder put its copy there too. */
	if ((number = BN_secure_new()) == NULL || BN_bin2bn(secret, CDR_CERTIFICATE_SECRET_LEN, number) == NULL ||
	    (builder = OSSL_PARAM_BLD_new()) == NULL || (ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL)) == NULL)
		goto out;
	err = CDR_E_INTERNAL;
	if (OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, number) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, public, sizeof(public)) != 1 ||
	    (params = OSSL_PARAM_BLD_to_param(builder)) == NULL)
		goto out;
	if (EVP_PKEY_fromdata_init(ctx) == 1 && EVP_PKEY_fromdata(ctx, key, EVP_PKEY_KEYPAIR, params) == 1)
		err = CDR_OK;
out:
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	BN_clear_free(number);
	return err;
}

/* SHA-256 of a SubjectPublicKeyInfo. */
static cdr_err
pin_of(X509_PUBKEY *public, uint8_t pin[static CDR_CERTIFICATE_PIN_LEN])
{
	uint8_t *der = NULL;
	int len = i2d_X509_PUBKEY(public, &der);
	cdr_err err = CDR_E_INTERNAL;

	if (len > 0) {
		const struct cdr_bytes part = { der, (size_t)len };
		err = cdr_sha256(&part, 1, pin);
	} else
		cdr_wipe(pin, CDR_CERTIFICATE_PIN_LEN);
	OPENSSL_free(der);
	return err;
}

/* see keys/certificate.h */
cdr_err
cdr_certificate_pin(const X509 *certificate, uint8_t pin[static CDR_CERTIFICATE_PIN_LEN])
{
	return pin_of(X509_get_X509_PUBKEY(certificate), pin);
}

static bool
add_extension(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	bool good = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;

	X509_EXTENSION_free(extension);
	return good;
}

/* All of the certificate but its signature: RFC 5280 sec. 4.1 and 4.2. */
static bool
fill(X509 *certificate, EVP_PKEY *key, const char *name)
{
	uint8_t serial[CDR_CERTIFICATE_PIN_LEN]; /* not secret */
	X509_NAME *subject = X509_get_subject_name(certificate);
	BIGNUM *number = NULL;

	if (X509_set_version(certificate, X509_VERSION_3) != 1 || X509_set_pubkey(certificate, key) != 1)
		return false;
	/* A serial number of at most 20 bytes, positive: from the key, since nobody counts certificates here. */
	if (cdr_certificate_pin(certificate, serial) != CDR_OK)
		return false;
	serial[0] = (serial[0] & 0x7f) | 0x40;
	number = BN_bin2bn(serial, SERIAL_LEN, NULL);
	bool good = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
	BN_free(number);

	return good &&
	    X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1 &&
	    X509_set_issuer_name(certificate, subject) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY) != NULL &&
	    X509_time_adj_ex(X509_getm_notAfter(certificate), VALID_DAYS, -DAY, NULL) != NULL &&
	    add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
	    add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
	    add_extension(certificate, NID_ext_key_usage, "serverAuth,clientAuth");
}

/* see keys/certificate.h */
cdr_err
cdr_certificate_make(const uint8_t secret[static CDR_CERTIFICATE_SECRET_LEN], const char *name, X509 **certificate,
    EVP_PKEY **key)
{
	cdr_err err = CDR_E_INTERNAL;

	*certificate = NULL;
	*key = NULL;
	if (name[0] == '\0' || strlen(name) > CDR_CERTIFICATE_NAME_LEN_MAX)
		return CDR_E_RANGE;

	CDR_TRY(key_make(secret, key));
	err = CDR_E_MEMORY;
	if ((*certificate = X509_new()) == NULL)
		goto out;
	err = CDR_E_INTERNAL;
	if (!fill(*certificate, *key, name) || X509_sign(*certificate, *key, EVP_sha256()) <= 0)
		goto out;
	err = CDR_OK;
out:
	if (err != CDR_OK) {
		X509_free(*certificate);
		EVP_PKEY_free(*key);
		*certificate = NULL;
		*key = NULL;
		ERR_clear_error();
	}
	return err;
}

/* ---- connections ---- */

/* see keys/certificate.h */
cdr_err
cdr_certificate_peer_pin(const SSL *ssl, uint8_t pin[static CDR_CERTIFICATE_PIN_LEN])
{
	/* A resumed session holds the certificate of its first handshake. */
	X509 *peer = SSL_is_init_finished(ssl) ? SSL_get0_peer_certificate(ssl) : NULL;

	if (peer == NULL) {
		cdr_wipe(pin, CDR_CERTIFICATE_PIN_LEN);
		return CDR_E_ABSENT;
	}
	return cdr_certificate_pin(peer, pin);
}

/* In the place of a chain of issuers: that there is a certificate is enough; the handshake proves its key. */
static int
accept_any(X509_STORE_CTX *store, void *arg)
{
	(void)arg;
	bool good = X509_STORE_CTX_get0_cert(store) != NULL;

	X509_STORE_CTX_set_error(store, good ? X509_V_OK : X509_V_ERR_UNSPECIFIED);
	return good;
}

/* In the place of a chain of issuers: the certificate must have the pin that this client asks for. */
static int
accept_pinned(X509_STORE_CTX *store, void *arg)
{
	(void)arg;
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	X509 *peer = X509_STORE_CTX_get0_cert(store);
	const uint8_t *want = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), pin_index);
	uint8_t pin[CDR_CERTIFICATE_PIN_LEN]; /* not secret */
	bool good = peer != NULL && want != NULL && cdr_certificate_pin(peer, pin) == CDR_OK &&
	    cdr_equal(pin, want, sizeof(pin));

	X509_STORE_CTX_set_error(store, good ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
	return good;
}

/* What both sides have: TLS 1.3 alone, our certificate, signatures by P-256 keys alone. */
static bool
set_common(SSL_CTX *context, X509 *certificate, EVP_PKEY *key)
{
	/* Not const only because the library's macro casts it so. */
	static char signatures[] = "ECDSA+SHA256";

	SSL_CTX_set_max_cert_list(context, PEER_CERTIFICATE_LEN_MAX);
	return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
	    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
	    SSL_CTX_set1_sigalgs_list(context, signatures) == 1 &&
	    SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1;
}

/* see keys/certificate.h */
cdr_err
cdr_certificate_server_context(X509 *certificate, EVP_PKEY *key, SSL_CTX **context)
{
	static const uint8_t session_context[] = "candor";

	*context = SSL_CTX_new(TLS_server_method());
	if (*context == NULL)
		return CDR_E_MEMORY;
	SSL_CTX_set_verify(*context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(*context, accept_any, NULL);
	/* OpenSSL resumes no session with a client certificate unless it is told which service the session is for. */
	if (!set_common(*context, certificate, key) ||
	    SSL_CTX_set_session_id_context(*context, session_context, sizeof(session_context) - 1) != 1 ||
	    SSL_CTX_set_num_tickets(*context, 1) != 1) {
		SSL_CTX_free(*context);
		*context = NULL;
		ERR_clear_error();
		return CDR_E_INTERNAL;
	}
	return CDR_OK;
}

/* A context that goes away takes its pin along. */
static void
pin_free(void *parent, void *pin, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
	(void)parent, (void)data, (void)index, (void)argl, (void)argp;
	OPENSSL_free(pin);
}

static void
pin_index_make(void)
{
	pin_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, pin_free);
}

/* Keep a copy of ${pin} in ${context}, in the place of one that was there. */
static cdr_err
pin_keep(SSL_CTX *context, const uint8_t pin[static CDR_CERTIFICATE_PIN_LEN])
{
	pthread_once(&pin_once, pin_index_make);
	if (pin_index < 0)
		return CDR_E_INTERNAL;

	void *copy = OPENSSL_memdup(pin, CDR_CERTIFICATE_PIN_LEN);
	void *before = SSL_CTX_get_ex_data(context, pin_index);
	if (copy == NULL || SSL_CTX_set_ex_data(context, pin_index, copy) != 1) {
		OPENSSL_free(copy);
		return CDR_E_MEMORY;
	}
	OPENSSL_free(before);
	return CDR_OK;
}

/* see keys/certificate.h */
cdr_err
cdr_certificate_client_setup(SSL_CTX *context, X509 *certificate, EVP_PKEY *key,
    const uint8_t pin[static CDR_CERTIFICATE_PIN_LEN])
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(pin_keep(context, pin));
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(context, accept_pinned, NULL);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_sess_set_new_cb(context, NULL);
	if (!set_common(context, certificate, key)) {
		ERR_clear_error();
		CDR_TRY(CDR_E_INTERNAL);
	}
out:
	return err;
}

/* see keys/certificate.h */
cdr_err
cdr_certificate_client_context(X509 *certificate, EVP_PKEY *key, const uint8_t pin[static CDR_CERTIFICATE_PIN_LEN],
    SSL_CTX **context)
{
	cdr_err err = CDR_E_INTERNAL;

	if ((*context = SSL_CTX_new(TLS_client_method())) == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_certificate_client_setup(*context, certificate, key, pin));
out:
	if (err != CDR_OK) {
		SSL_CTX_free(*context);
		*context = NULL;
	}
	return err;
}
