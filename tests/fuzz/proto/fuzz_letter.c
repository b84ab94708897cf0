/*
 * A sealed letter. The first byte of the input says what the rest is: the bytes of a Letter, which are then signed, padded and
 * sealed as blue would; the padded plaintext, which is sealed as it is; or the sealed bytes themselves. So mutants reach
 * each decoder.
 *
 * Properties: a letter that opens says of itself what the mail says, has a content, and its signature holds for this receiver
 * and for no other; only what blue signed opens.
 */
#include "tests/fuzz/proto/parties.h"


static const uint8_t genesis[CDR_GENESIS_HASH_LEN] = { 7 };
static const uint8_t mail_id[CDR_MAIL_ID_LEN] = { 1, 2, 3 };
static uint8_t secret[CDR_HPKE_SECRET_LEN], key[CDR_HPKE_PUBLIC_LEN];
static struct cdr_roster *roster;

static void
stop(void)
{
	cdr_roster_free(roster);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const uint8_t ikm[32] = { 9 };

	(void)argc;
	(void)argv;
	f_make_parties();
	roster = f_make_roster(1);
	if (cdr_hpke_derive_keypair(ikm, sizeof(ikm), secret, key) != CDR_OK)
		abort();
	return atexit(stop);
}

/* Seal CDR_MAIL_PLAIN_LEN bytes as a letter from blue to green is sealed. */
static void
seal(const uint8_t *plain, uint8_t *sealed)
{
	uint8_t info[sizeof("candor/1 mail") + CDR_GENESIS_HASH_LEN], ad[CDR_MAIL_ID_LEN + sizeof("blue") + sizeof("green")];

	memcpy(info, "candor/1 mail", sizeof("candor/1 mail"));
	memcpy(info + sizeof("candor/1 mail"), genesis, sizeof(genesis));
	memcpy(ad, mail_id, sizeof(mail_id));
	memcpy(ad + sizeof(mail_id), "blue", sizeof("blue"));
	memcpy(ad + sizeof(mail_id) + sizeof("blue"), "green", sizeof("green"));
	if (cdr_hpke_seal(key, info, sizeof(info), ad, sizeof(ad), plain, CDR_MAIL_PLAIN_LEN, sealed) != CDR_OK)
		abort();
}

/* The letter's bytes, with blue's signature for green, padded. False if they do not fit. */
static bool
sign(struct cdr_bytes letter, uint8_t *plain)
{
	uint8_t hash[CDR_SHA256_LEN], signature[CDR_SIGNATURE_LEN];
	struct cdr_bytes parts[] = { { (const uint8_t *)"candor/1 letter", sizeof("candor/1 letter") },
		{ genesis, sizeof(genesis) }, { key, sizeof(key) }, letter };
	Cdr__Wire__SignedLetter message = CDR__WIRE__SIGNED_LETTER__INIT;

	if (cdr_sha256(parts, 4, hash) != CDR_OK || cdr_sign(f_member[0].seed, hash, sizeof(hash), signature) != CDR_OK)
		abort();
	message.letter = cdr_message_field(letter.data, letter.len);
	message.signature = cdr_message_field(signature, sizeof(signature));
	size_t len = protobuf_c_message_get_packed_size(&message.base);
	if (len > CDR_MAIL_PLAIN_LEN - 4)
		return false;
	plain[2] = (uint8_t)(len >> 8);
	plain[3] = (uint8_t)len;
	(void)protobuf_c_message_pack(&message.base, plain + 4);
	return true;
}

static void
check_letter(const struct cdr_letter *letter, const Cdr__Wire__Mail *mail, bool by_blue)
{
	const Cdr__Wire__Letter *body = letter->body;
	uint8_t other[CDR_HPKE_PUBLIC_LEN];

	assert(by_blue);
	assert(body->letter_id.len == CDR_MAIL_ID_LEN && memcmp(body->letter_id.data, mail_id, sizeof(mail_id)) == 0);
	assert(body->request_id.len == CDR_ID_LEN && strcmp(body->from, mail->from) == 0 && strcmp(body->to, mail->to) == 0);
	assert(body->content_case != CDR__WIRE__LETTER__CONTENT__NOT_SET && body->probe != NULL);
	assert(cdr_letter_verify(letter->letter, letter->signature, f_member[0].signing, key, genesis) == CDR_OK);
	memcpy(other, key, sizeof(other));
	other[64] ^= 1;
	assert(cdr_letter_verify(letter->letter, letter->signature, f_member[0].signing, other, genesis) == CDR_E_SIGNATURE);
	assert(cdr_letter_verify(letter->letter, letter->signature, f_member[1].signing, key, genesis) == CDR_E_SIGNATURE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t plain[CDR_MAIL_PLAIN_LEN], sealed[CDR_MAIL_SEALED_LEN];
	char from[] = "blue", to[] = "green";
	Cdr__Wire__Mail mail = CDR__WIRE__MAIL__INIT;
	struct cdr_letter *letter;
	struct cdr_fault fault = { 0 };

	if (len == 0)
		return 0;
	struct cdr_bytes rest = { data + 1, len - 1 };
	mail.id = cdr_message_field(mail_id, sizeof(mail_id));
	mail.from = from;
	mail.to = to;
	mail.sealed = cdr_message_field(sealed, sizeof(sealed));
	memset(plain, 0, sizeof(plain));
	if (data[0] % 3 == 0) {
		if (!sign(rest, plain))
			return 0;
		seal(plain, sealed);
	} else if (data[0] % 3 == 1) {
		memcpy(plain, rest.data, rest.len < sizeof(plain) ? rest.len : sizeof(plain));
		seal(plain, sealed);
	} else {
		mail.sealed = cdr_message_field(rest.data, rest.len);
	}
	cdr_err err = cdr_letter_open(&mail, secret, key, roster, genesis, &letter, &fault);
	assert((err == CDR_OK) == (letter != NULL));
	if (err == CDR_OK)
		check_letter(letter, &mail, data[0] % 3 == 0);
	else
		assert(err == CDR_E_RANGE || err == CDR_E_SEALED || err == CDR_E_SIGNATURE || err == CDR_E_REFUSED ||
		    err == CDR_E_INPUT);
	cdr_letter_free(letter);
	return 0;
}
