/* Certificates, pins, and handshakes between two ends in memory. */
#include "tests/unit/unit.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "core/bytes.h"
#include "keys/certificate.h"

/* The two parties of most tests. */
static X509 *hub, *member;
static EVP_PKEY *hub_key, *member_key;
static uint8_t hub_pin[32], member_pin[32];

static const uint8_t zero[32];

static void
certificate_says_who(void **state)
{
	(void)state;
	char name[80] = { 0 };
	int days = 0, seconds = 0;

	assert_int_equal(X509_verify(hub, hub_key), 1);
	assert_int_equal(X509_get_version(hub), X509_VERSION_3);
	assert_true(X509_NAME_get_text_by_NID(X509_get_subject_name(hub), NID_commonName, name, sizeof(name)) > 0);
	assert_string_equal(name, "hub");
	assert_int_equal(X509_NAME_cmp(X509_get_subject_name(hub), X509_get_issuer_name(hub)), 0);
	assert_int_equal(X509_cmp_current_time(X509_get0_notBefore(hub)), -1);
	assert_int_equal(
	    ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(hub), X509_get0_notAfter(hub)), 1);
	assert_int_equal(days, 3652);
	assert_int_equal(X509_check_ca(hub), 0);
}

/* The pin is the key's, as `openssl x509 -pubkey | openssl pkey -pubin -outform DER | openssl sha256` prints it. */
static void
pin_is_the_keys(void **state)
{
	(void)state;
	uint8_t secret[32] = { [31] = 1 }, pin[32], want[32], *der = NULL;
	X509 *a = NULL, *b = NULL;
	EVP_PKEY *key_a = NULL, *key_b = NULL;

	assert_int_equal(cdr_certificate_make(secret, "a", &a, &key_a), CDR_OK);
	assert_int_equal(cdr_certificate_make(secret, "another name", &b, &key_b), CDR_OK);
	assert_int_equal(cdr_certificate_pin(a, pin), CDR_OK);
	assert_int_equal(cdr_certificate_pin(b, want), CDR_OK);
	assert_memory_equal(pin, want, 32);

	int len = i2d_PUBKEY(key_a, &der);
	assert_int_equal(len, 91);
	/* The secret is 1, so the key is the generator of P-256. */
	assert_int_equal(
	    cdr_hex_read("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296", want, 32), CDR_OK);
	assert_memory_equal(der + 27, want, 32);
	assert_int_equal(EVP_Digest(der, (size_t)len, want, NULL, EVP_sha256(), NULL), 1);
	assert_memory_equal(pin, want, 32);
	OPENSSL_free(der);
	X509_free(a);
	X509_free(b);
	EVP_PKEY_free(key_a);
	EVP_PKEY_free(key_b);
}

static void
make_refuses(void **state)
{
	(void)state;
	uint8_t secret[32] = { 1 }, order[32];
	char name[CDR_CERTIFICATE_NAME_LEN_MAX + 2] = { 0 };
	X509 *certificate = NULL;
	EVP_PKEY *key = NULL;

	assert_int_equal(cdr_certificate_make(secret, "", &certificate, &key), CDR_E_RANGE);
	memset(name, 'x', CDR_CERTIFICATE_NAME_LEN_MAX + 1);
	assert_int_equal(cdr_certificate_make(secret, name, &certificate, &key), CDR_E_RANGE);
	assert_int_equal(cdr_certificate_make(zero, "x", &certificate, &key), CDR_E_INPUT);
	assert_int_equal(
	    cdr_hex_read("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", order, 32), CDR_OK);
	assert_int_equal(cdr_certificate_make(order, "x", &certificate, &key), CDR_E_INPUT);
	assert_null(certificate);
	assert_null(key);
	/* A name that is not UTF-8 is a failure of the library. */
	assert_int_equal(cdr_certificate_make(secret, "\xff", &certificate, &key), CDR_E_INTERNAL);
	assert_null(certificate);
	assert_null(key);

	name[CDR_CERTIFICATE_NAME_LEN_MAX] = '\0';
	assert_int_equal(cdr_certificate_make(secret, name, &certificate, &key), CDR_OK);
	X509_free(certificate);
	EVP_PKEY_free(key);

	/* A key that is not the certificate's. */
	SSL_CTX *context = NULL;
	assert_int_equal(cdr_certificate_server_context(hub, member_key, &context), CDR_E_INTERNAL);
	assert_null(context);
	assert_int_equal(cdr_certificate_client_context(hub, member_key, hub_pin, &context), CDR_E_INTERNAL);
	assert_null(context);
	assert_int_equal(ERR_peek_error(), 0);
}

/* ---- handshakes ---- */

struct ends {
	SSL *client, *server;
};

static struct ends
connect_ends(SSL_CTX *client, SSL_CTX *server, SSL_SESSION *session)
{
	struct ends ends = { SSL_new(client), SSL_new(server) };
	BIO *client_side = NULL, *server_side = NULL;

	assert_int_equal(BIO_new_bio_pair(&client_side, 0, &server_side, 0), 1);
	SSL_set_bio(ends.client, client_side, client_side);
	SSL_set_bio(ends.server, server_side, server_side);
	SSL_set_connect_state(ends.client);
	SSL_set_accept_state(ends.server);
	if (session != NULL)
		assert_int_equal(SSL_set_session(ends.client, session), 1);
	return ends;
}

/* Let both ends talk until neither has more to say, and one byte has come from the client, and one back. */
static bool
talk(struct ends ends)
{
	char byte = 0;

	for (int round = 0; round < 10; round++) {
		ERR_clear_error();
		if (SSL_is_init_finished(ends.client))
			(void)SSL_write(ends.client, "c", 1);
		if (SSL_read(ends.client, &byte, 1) == 1) {
			ERR_clear_error();
			return byte == 's';
		}
		if (SSL_read(ends.server, &byte, 1) == 1)
			(void)SSL_write(ends.server, "s", 1);
	}
	ERR_clear_error();
	return false;
}

static void
close_ends(struct ends ends)
{
	/* OpenSSL resumes no session that ended without a goodbye. */
	if (SSL_is_init_finished(ends.client))
		(void)SSL_shutdown(ends.client);
	SSL_free(ends.client);
	SSL_free(ends.server);
	ERR_clear_error();
}

static SSL_CTX *
server_context(void)
{
	SSL_CTX *context = NULL;

	assert_int_equal(cdr_certificate_server_context(hub, hub_key, &context), CDR_OK);
	return context;
}

static SSL_CTX *
client_context(const uint8_t *pin)
{
	SSL_CTX *context = NULL;

	assert_int_equal(cdr_certificate_client_context(member, member_key, pin, &context), CDR_OK);
	return context;
}

/* A client that is not ours: it takes any server, and shows what it is given. */
static SSL_CTX *
foreign_context(X509 *certificate, EVP_PKEY *key)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	assert_non_null(context);
	if (certificate != NULL) {
		assert_int_equal(SSL_CTX_use_certificate(context, certificate), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(context, key), 1);
	}
	return context;
}

static void
each_end_knows_the_other(void **state)
{
	(void)state;
	SSL_CTX *server = server_context(), *client = client_context(hub_pin);
	struct ends ends = connect_ends(client, server, NULL);
	uint8_t pin[32];

	memset(pin, 7, sizeof(pin));
	assert_int_equal(cdr_certificate_peer_pin(ends.server, pin), CDR_E_ABSENT);
	assert_memory_equal(pin, zero, 32);

	assert_true(talk(ends));
	assert_int_equal(SSL_version(ends.server), TLS1_3_VERSION);
	assert_int_equal(cdr_certificate_peer_pin(ends.server, pin), CDR_OK);
	assert_memory_equal(pin, member_pin, 32);
	assert_int_equal(cdr_certificate_peer_pin(ends.client, pin), CDR_OK);
	assert_memory_equal(pin, hub_pin, 32);
	close_ends(ends);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
}

static void
client_refuses_another_server(void **state)
{
	(void)state;
	SSL_CTX *server = server_context();
	uint8_t pin[32];

	/* Every byte counts. */
	for (size_t i = 0; i < sizeof(pin); i++) {
		memcpy(pin, hub_pin, sizeof(pin));
		pin[i] ^= 1;
		SSL_CTX *client = client_context(pin);
		struct ends ends = connect_ends(client, server, NULL);
		assert_false(talk(ends));
		assert_false(SSL_is_init_finished(ends.client));
		assert_false(SSL_is_init_finished(ends.server));
		close_ends(ends);
		SSL_CTX_free(client);
	}
	SSL_CTX_free(server);
}

static SSL_SESSION *kept;

static int
keep_session(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(kept);
	kept = session;
	return 1;
}

/* libcurl brings its own context, which stores sessions; a second pin takes the place of the first. */
static void
setup_of_a_foreign_context(void **state)
{
	(void)state;
	SSL_CTX *server = server_context(), *client = foreign_context(NULL, NULL);

	SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(client, keep_session);
	assert_int_equal(cdr_certificate_client_setup(client, member, member_key, member_pin), CDR_OK);
	struct ends ends = connect_ends(client, server, NULL);
	assert_false(talk(ends));
	close_ends(ends);

	assert_int_equal(cdr_certificate_client_setup(client, member, member_key, hub_pin), CDR_OK);
	ends = connect_ends(client, server, NULL);
	assert_true(talk(ends));
	close_ends(ends);
	assert_null(kept);
	assert_int_equal(SSL_CTX_get_session_cache_mode(client), SSL_SESS_CACHE_OFF);
	assert_null(SSL_CTX_sess_get_new_cb(client));
	SSL_CTX_free(client);
	SSL_CTX_free(server);
}

static void
expect_refused_by_server(SSL_CTX *client)
{
	SSL_CTX *server = server_context();
	struct ends ends = connect_ends(client, server, NULL);
	uint8_t pin[32];

	assert_false(talk(ends));
	assert_false(SSL_is_init_finished(ends.server));
	assert_int_equal(cdr_certificate_peer_pin(ends.server, pin), CDR_E_ABSENT);
	close_ends(ends);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
}

/* A certificate for any other kind of key, signed by itself. */
static SSL_CTX *
context_with_key(EVP_PKEY *key, const EVP_MD *digest)
{
	X509 *certificate = X509_new();

	assert_non_null(key);
	assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600));
	assert_int_equal(X509_set_pubkey(certificate, key), 1);
	assert_true(X509_sign(certificate, key, digest) > 0);
	SSL_CTX *context = foreign_context(certificate, key);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return context;
}

static void
server_refuses(void **state)
{
	(void)state;
	/* No certificate. */
	expect_refused_by_server(foreign_context(NULL, NULL));

	/* An older protocol. */
	SSL_CTX *old = foreign_context(member, member_key);
	assert_int_equal(SSL_CTX_set_max_proto_version(old, TLS1_2_VERSION), 1);
	expect_refused_by_server(old);

	/* Other kinds of keys. */
	expect_refused_by_server(context_with_key(EVP_EC_gen("P-384"), EVP_sha384()));
	expect_refused_by_server(context_with_key(EVP_RSA_gen(2048), EVP_sha256()));
	expect_refused_by_server(context_with_key(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL));
}

/* A certificate is no secret: who shows it with a key of his own gets no further, and has no pin. */
static void
server_refuses_a_stolen_certificate(void **state)
{
	(void)state;
	OSSL_PARAM *params = NULL;
	BIGNUM *other = NULL;
	EVP_PKEY *forged = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	uint8_t public[65];
	size_t len = 0;

	/* The member's public key with the hub's private one. */
	assert_int_equal(
	    EVP_PKEY_get_octet_string_param(member_key, OSSL_PKEY_PARAM_PUB_KEY, public, sizeof(public), &len), 1);
	assert_int_equal(EVP_PKEY_get_bn_param(hub_key, OSSL_PKEY_PARAM_PRIV_KEY, &other), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, public, len), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, other), 1);
	params = OSSL_PARAM_BLD_to_param(builder);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &forged, EVP_PKEY_KEYPAIR, params), 1);
	expect_refused_by_server(foreign_context(member, forged));
	EVP_PKEY_free(forged);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(ctx);
	BN_clear_free(other);
}

/* A ticket carries the client's certificate: the server knows the pin, though none was shown. */
static void
resumed_session_keeps_the_pin(void **state)
{
	(void)state;
	SSL_CTX *server = server_context(), *client = foreign_context(member, member_key);
	uint8_t pin[32];

	SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(client, keep_session);
	struct ends ends = connect_ends(client, server, NULL);
	assert_true(talk(ends));
	assert_false(SSL_session_reused(ends.server));
	close_ends(ends);
	assert_non_null(kept);

	SSL_SESSION *session = kept;
	kept = NULL;
	ends = connect_ends(client, server, session);
	assert_true(talk(ends));
	assert_true(SSL_session_reused(ends.server));
	assert_int_equal(cdr_certificate_peer_pin(ends.server, pin), CDR_OK);
	assert_memory_equal(pin, member_pin, 32);
	close_ends(ends);
	SSL_SESSION_free(session);
	SSL_SESSION_free(kept);
	kept = NULL;
	SSL_CTX_free(client);
	SSL_CTX_free(server);
}

static int
make_parties(void **state)
{
	(void)state;
	const uint8_t hub_secret[32] = { 1, 2, 3 }, member_secret[32] = { [30] = 9 };

	assert_int_equal(cdr_certificate_make(hub_secret, "hub", &hub, &hub_key), CDR_OK);
	assert_int_equal(cdr_certificate_make(member_secret, "member/blue-harbour", &member, &member_key), CDR_OK);
	assert_int_equal(cdr_certificate_pin(hub, hub_pin), CDR_OK);
	assert_int_equal(cdr_certificate_pin(member, member_pin), CDR_OK);
	return 0;
}

static int
free_parties(void **state)
{
	(void)state;
	X509_free(hub);
	X509_free(member);
	EVP_PKEY_free(hub_key);
	EVP_PKEY_free(member_key);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificate_says_who),
		cmocka_unit_test(pin_is_the_keys),
		cmocka_unit_test(make_refuses),
		cmocka_unit_test(each_end_knows_the_other),
		cmocka_unit_test(client_refuses_another_server),
		cmocka_unit_test(setup_of_a_foreign_context),
		cmocka_unit_test(server_refuses),
		cmocka_unit_test(server_refuses_a_stolen_certificate),
		cmocka_unit_test(resumed_session_keeps_the_pin),
	};
	return cmocka_run_group_tests(tests, make_parties, free_parties);
}
