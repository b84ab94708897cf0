#ifndef CDR_KEYS_CERTIFICATE_H
#define CDR_KEYS_CERTIFICATE_H

/*
 * TLS between parties. Each has one P-256 key, in its keystore, and a self-signed certificate made from it at every
 * start. The roster carries the key's pin; peers compare pins and look at nothing else in a certificate, neither
 * issuer nor name nor dates. TLS 1.3 proves that the peer holds the key.
 */

#include "core/error.h"

#include <openssl/ssl.h>

#define CDR_CERTIFICATE_SECRET_LEN 32
#define CDR_CERTIFICATE_PIN_LEN 32
#define CDR_CERTIFICATE_NAME_LEN_MAX 64 /* RFC 5280, ub-common-name */

/**
 * cdr_certificate_make(secret, name, certificate, key):
 * A self-signed certificate for the key ${secret}, with ${name} as its common name, valid for ten years from
 * yesterday. The same secret has the same pin, whenever and under whatever name.
 *
 * secret       in, secret   scalar in 1 .. n-1, big-endian, as cdr_scalar_random makes it
 * name         in, public   1 .. CDR_CERTIFICATE_NAME_LEN_MAX bytes of UTF-8: the party's id
 * certificate  out          new, owned by the caller: X509_free; NULL on error
 * key          out          new, owned by the caller: EVP_PKEY_free; NULL on error
 *
 * Returns  CDR_OK; CDR_E_INPUT if secret is not in 1 .. n-1; CDR_E_RANGE for the name's length; CDR_E_MEMORY;
 *          CDR_E_INTERNAL.
 * Source   RFC 5280.
 */
CDR_MUST_CHECK cdr_err cdr_certificate_make(const uint8_t secret[static CDR_CERTIFICATE_SECRET_LEN], const char *name,
    X509 **certificate, EVP_PKEY **key);

/**
 * cdr_certificate_pin(certificate, pin):
 * SHA-256 of the certificate's SubjectPublicKeyInfo: what stands for its key in the roster.
 *
 * pin   out, public   CDR_CERTIFICATE_PIN_LEN bytes; all zero on error
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 * Source   RFC 7469 sec. 2.4.
 */
CDR_MUST_CHECK cdr_err cdr_certificate_pin(const X509 *certificate, uint8_t pin[static CDR_CERTIFICATE_PIN_LEN]);

/**
 * cdr_certificate_peer_pin(ssl, pin):
 * The pin of the peer of a connection, after the handshake; also where the session was resumed.
 *
 * pin   out, public   all zero on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT if the peer has shown no certificate, or the handshake is not over; CDR_E_MEMORY;
 *          CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_certificate_peer_pin(const SSL *ssl, uint8_t pin[static CDR_CERTIFICATE_PIN_LEN]);

/**
 * cdr_certificate_server_context(certificate, key, context):
 * TLS for a server: version 1.3, a client certificate is required. Whoever holds the key of the certificate that he
 * shows gets in: the caller looks up cdr_certificate_peer_pin in the roster, at every request.
 * Sessions may be resumed, by tickets; the peer's pin is known then too.
 *
 * context   out   new, owned by the caller: SSL_CTX_free; holds its own references; NULL on error
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_certificate_server_context(X509 *certificate, EVP_PKEY *key, SSL_CTX **context);

/**
 * cdr_certificate_client_context(certificate, key, pin, context):
 * TLS for a client: version 1.3, with a certificate of its own, to the one server that has ${pin}. With another
 * server the handshake fails, before anything is sent.
 *
 * pin       in, public   CDR_CERTIFICATE_PIN_LEN bytes; copied
 * context   out          as above
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_certificate_client_context(X509 *certificate, EVP_PKEY *key,
    const uint8_t pin[static CDR_CERTIFICATE_PIN_LEN], SSL_CTX **context);

/**
 * cdr_certificate_client_setup(context, certificate, key, pin):
 * The same for a context that somebody else made and owns, such as libcurl's (CURLOPT_SSL_CTX_FUNCTION).
 * It keeps that owner from storing sessions: he would find them by the server's address, and a resumed session
 * shows no certificate, so a pin that changed meanwhile would not be looked at.
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL. On an error the context must not be used.
 */
CDR_MUST_CHECK cdr_err cdr_certificate_client_setup(SSL_CTX *context, X509 *certificate, EVP_PKEY *key,
    const uint8_t pin[static CDR_CERTIFICATE_PIN_LEN]);

#endif
