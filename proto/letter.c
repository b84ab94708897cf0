#include "proto/letter.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/secret.h"
#include "core/record/rules.h"

static const char sign_label[] = "candor/1 letter";
static const char seal_label[] = "candor/1 mail";

#define INFO_LEN (sizeof(seal_label) + CDR_GENESIS_HASH_LEN)
#define LENGTH_LEN 4
#define AD_LEN_MAX (CDR_MAIL_ID_LEN + 2 * (CDR_SLUG_LEN_MAX + 1))

/* see proto/letter.h */
void
cdr_letter_free(struct cdr_letter *letter)
{
	if (letter == NULL)
		return;
	cdr_arena_free(&letter->arena);
	cdr_arena_free(&letter->signed_arena);
	cdr_buffer_free(&letter->plain);
	free(letter);
}

/* The signature covers the exchange, the receiver's key and the letter: nobody can pass the letter on as written to them. */
static cdr_err
letter_hash(struct cdr_bytes letter, const uint8_t *receiver_key, const uint8_t *genesis, uint8_t out[static 32])
{
	struct cdr_bytes parts[] = {
		{ (const uint8_t *)sign_label, sizeof(sign_label) },
		{ genesis, CDR_GENESIS_HASH_LEN },
		{ receiver_key, CDR_HPKE_PUBLIC_LEN },
		letter,
	};

	return cdr_sha256(parts, 4, out);
}

/* RFC 9180 sec. 5.1: info binds the key schedule to the application, here to this exchange. */
static void
seal_info(const uint8_t *genesis, uint8_t info[static INFO_LEN])
{
	memcpy(info, seal_label, sizeof(seal_label));
	memcpy(info + sizeof(seal_label), genesis, CDR_GENESIS_HASH_LEN);
}

/* Associated data: what the hub sees of a mail, each text with its closing NUL. Both ids are valid slugs. */
static size_t
seal_ad(const uint8_t *id, const char *from, const char *to, uint8_t ad[static AD_LEN_MAX])
{
	size_t from_len = strlen(from) + 1, to_len = strlen(to) + 1;

	memcpy(ad, id, CDR_MAIL_ID_LEN);
	memcpy(ad + CDR_MAIL_ID_LEN, from, from_len);
	memcpy(ad + CDR_MAIL_ID_LEN + from_len, to, to_len);
	return CDR_MAIL_ID_LEN + from_len + to_len;
}

/* Length, message, zeros: every letter is CDR_MAIL_PLAIN_LEN bytes long. */
static cdr_err
pad(const Cdr__Wire__SignedLetter *message, struct cdr_buffer *plain)
{
	size_t len = protobuf_c_message_get_packed_size(&message->base);

	if (len > CDR_MAIL_PLAIN_LEN - LENGTH_LEN)
		return CDR_E_RANGE;
	plain->data = calloc(1, CDR_MAIL_PLAIN_LEN);
	if (plain->data == NULL)
		return CDR_E_MEMORY;
	plain->len = CDR_MAIL_PLAIN_LEN;
	cdr_number_write(len, plain->data, LENGTH_LEN);
	(void)protobuf_c_message_pack(&message->base, plain->data + LENGTH_LEN);
	return CDR_OK;
}

/* The message inside the padding, which must be zero to the end. */
static cdr_err
unpad(const struct cdr_buffer *plain, struct cdr_bytes *message)
{
	size_t len = 0;

	for (size_t i = 0; i < LENGTH_LEN; i++)
		len = len << 8 | plain->data[i];
	if (len > CDR_MAIL_PLAIN_LEN - LENGTH_LEN)
		return CDR_E_INPUT;
	for (size_t i = LENGTH_LEN + len; i < CDR_MAIL_PLAIN_LEN; i++)
		if (plain->data[i] != 0)
			return CDR_E_INPUT;
	*message = (struct cdr_bytes){ plain->data + LENGTH_LEN, len };
	return CDR_OK;
}

/* Sign the letter's bytes for one receiver and pad them. */
static cdr_err
sign_and_pad(const Cdr__Wire__Letter *letter, const uint8_t *sender_seed, const uint8_t *receiver_key,
    const uint8_t *genesis, struct cdr_buffer *plain)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer body = { 0 };
	uint8_t hash[32], signature[CDR_SIGNATURE_LEN];

	CDR_TRY(cdr_message_encode(&letter->base, &body));
	CDR_TRY(letter_hash(cdr_buffer_bytes(&body), receiver_key, genesis, hash));
	CDR_TRY(cdr_sign(sender_seed, hash, sizeof(hash), signature));

	Cdr__Wire__SignedLetter message = CDR__WIRE__SIGNED_LETTER__INIT;
	message.letter = cdr_message_field(body.data, body.len);
	message.signature = cdr_message_field(signature, sizeof(signature));
	CDR_TRY(pad(&message, plain));
	err = CDR_OK;
out:
	cdr_buffer_free(&body);
	return err;
}

/* see proto/letter.h */
cdr_err
cdr_letter_seal(const Cdr__Wire__Letter *letter, const uint8_t *sender_seed, const uint8_t *receiver_key,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_buffer *sealed)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer plain = { 0 };
	uint8_t info[INFO_LEN], ad[AD_LEN_MAX];

	*sealed = (struct cdr_buffer){ 0 };
	if (letter->letter_id.len != CDR_MAIL_ID_LEN || !cdr_member_id_valid(letter->from) ||
	    !cdr_member_id_valid(letter->to))
		return CDR_E_INTERNAL;
	CDR_TRY(sign_and_pad(letter, sender_seed, receiver_key, genesis, &plain));
	sealed->data = malloc(CDR_MAIL_SEALED_LEN);
	if (sealed->data == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	sealed->len = CDR_MAIL_SEALED_LEN;
	seal_info(genesis, info);
	size_t ad_len = seal_ad(letter->letter_id.data, letter->from, letter->to, ad);
	CDR_TRY(cdr_hpke_seal(receiver_key, info, sizeof(info), ad, ad_len, plain.data, plain.len, sealed->data));
	err = CDR_OK;
out:
	cdr_buffer_free(&plain);
	if (err != CDR_OK)
		cdr_buffer_free(sealed);
	return err;
}

/* see proto/letter.h */
cdr_err
cdr_letter_verify(struct cdr_bytes letter, struct cdr_bytes signature, const uint8_t *signer_key,
    const uint8_t *receiver_key, const uint8_t genesis[static CDR_GENESIS_HASH_LEN])
{
	uint8_t hash[32];

	if (signature.len != CDR_SIGNATURE_LEN)
		return CDR_E_SIGNATURE;
	cdr_err err = letter_hash(letter, receiver_key, genesis, hash);
	return err == CDR_OK ? cdr_verify(signer_key, hash, sizeof(hash), signature.data) : err;
}

/* Whether what the letter says of itself is what the hub said of the mail. */
static bool
agrees_with_mail(const Cdr__Wire__Letter *body, const Cdr__Wire__Mail *mail)
{
	return body->letter_id.len == CDR_MAIL_ID_LEN && body->request_id.len == CDR_ID_LEN &&
	    memcmp(body->letter_id.data, mail->id.data, CDR_MAIL_ID_LEN) == 0 && strcmp(body->from, mail->from) == 0 &&
	    strcmp(body->to, mail->to) == 0 && body->content_case != CDR__WIRE__LETTER__CONTENT__NOT_SET;
}

/* Decode what was unsealed, verify its sender, compare it with the mail. */
static cdr_err
read_letter(struct cdr_letter *letter, const Cdr__Wire__Mail *mail, const uint8_t *sender_key,
    const uint8_t *receiver_key, const uint8_t *genesis, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_bytes message;
	Cdr__Wire__SignedLetter *outer;
	Cdr__Wire__Letter *body;

	CDR_TRY(unpad(&letter->plain, &message));
	CDR_TRY(cdr_message_decode(&letter->signed_arena, &cdr__wire__signed_letter__descriptor, message, &outer));
	letter->letter = cdr_message_bytes(outer->letter);
	letter->signature = cdr_message_bytes(outer->signature);
	err = cdr_letter_verify(letter->letter, letter->signature, sender_key, receiver_key, genesis);
	if (err == CDR_E_SIGNATURE)
		err = cdr_fault_set(fault, err, "letter: %s did not sign it for this organisation", mail->from);
	CDR_TRY(err);
	CDR_TRY(cdr_message_decode(&letter->arena, &cdr__wire__letter__descriptor, letter->letter, &body));
	if (!agrees_with_mail(body, mail))
		return cdr_fault_set(fault, CDR_E_REFUSED,
		    "letter: the sender, the receiver or the id inside differ from what the hub wrote outside");
	letter->body = body;
	err = CDR_OK;
out:
	return err;
}

/* see proto/letter.h */
cdr_err
cdr_letter_open(const Cdr__Wire__Mail *mail, const uint8_t *receiver_secret, const uint8_t *receiver_key,
    const struct cdr_roster *roster, const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_letter **out_letter,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t info[INFO_LEN], ad[AD_LEN_MAX];

	*out_letter = NULL;
	if (mail->sealed.len != CDR_MAIL_SEALED_LEN || mail->id.len != CDR_MAIL_ID_LEN)
		return cdr_fault_set(fault, CDR_E_RANGE, "letter: it has not the one size that letters have");
	if (!cdr_member_id_valid(mail->from) || !cdr_member_id_valid(mail->to))
		return cdr_fault_set(fault, CDR_E_INPUT, "letter: its sender or receiver is no member's id");
	const Cdr__Wire__Member *sender = cdr_roster_member(roster, mail->from);
	if (sender == NULL)
		return cdr_fault_set(fault, CDR_E_ABSENT, "letter: the roster names no member %s", mail->from);

	struct cdr_letter *letter = calloc(1, sizeof(*letter));
	if (letter == NULL)
		return CDR_E_MEMORY;
	letter->plain.data = malloc(CDR_MAIL_PLAIN_LEN);
	letter->plain.len = letter->plain.data != NULL ? CDR_MAIL_PLAIN_LEN : 0;
	if (letter->plain.data == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	seal_info(genesis, info);
	size_t ad_len = seal_ad(mail->id.data, mail->from, mail->to, ad);
	err = cdr_hpke_open(receiver_secret, info, sizeof(info), ad, ad_len, mail->sealed.data, mail->sealed.len,
	    letter->plain.data);
	/* Want of memory is no fault of the letter: it must not be thrown away for it. */
	if (err == CDR_E_SEALED)
		err = cdr_fault_set(fault, CDR_E_SEALED,
		    "letter: it does not open with this organisation's key: it was altered, or sealed for somebody else");
	CDR_TRY(err);
	CDR_TRY(read_letter(letter, mail, sender->party->signing_key.data, receiver_key, genesis, fault));
	*out_letter = letter;
	letter = NULL;
	err = CDR_OK;
out:
	cdr_letter_free(letter);
	return err;
}
