#include "proto/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"

#define LENGTH_LEN 4
#define KEY_LEN 32
#define FILE_FORMAT 1

static const char code_label[] = "candor/1 guest code";
static const char request_label[] = "candor/1 guest request";
static const char answer_label[] = "candor/1 guest answer";
static const char file_begin[] = "-----BEGIN CANDOR GUEST ANSWER-----";
static const char file_end[] = "-----END CANDOR GUEST ANSWER-----";

#define REQUEST_AD_LEN (sizeof(request_label) + CDR_ID_LEN)
#define ANSWER_LABEL_LEN (sizeof(answer_label) + CDR_ID_LEN)
#define ANSWER_INFO_LEN (ANSWER_LABEL_LEN + KEY_LEN + CDR_SHA256_LEN)

/* ---- codes --------------------------------------------------------------------------------------------------------- */

/* Secret and check together. */
static cdr_err
make_code(const uint8_t *id, const uint8_t *secret, uint8_t code[static CDR_GUEST_CODE_LEN])
{
	uint8_t hash[CDR_SHA256_LEN];
	struct cdr_bytes parts[] = { { (const uint8_t *)code_label, sizeof(code_label) }, { id, CDR_ID_LEN },
		{ secret, CDR_GUEST_SECRET_LEN } };

	cdr_err err = cdr_sha256(parts, 3, hash);
	memcpy(code, secret, CDR_GUEST_SECRET_LEN);
	memcpy(code + CDR_GUEST_SECRET_LEN, hash, CDR_GUEST_CODE_LEN - CDR_GUEST_SECRET_LEN);
	cdr_wipe(hash, sizeof(hash));
	return err;
}

/* see proto/guest.h */
cdr_err
cdr_guest_code_write(const uint8_t id[static CDR_ID_LEN], const uint8_t secret[static CDR_GUEST_SECRET_LEN],
    char text[static CDR_GUEST_CODE_TEXT_LEN])
{
	uint8_t code[CDR_GUEST_CODE_LEN];

	text[0] = '\0';
	cdr_err err = make_code(id, secret, code);
	if (err == CDR_OK)
		err = cdr_base32_write(code, sizeof(code), 5, text, CDR_GUEST_CODE_TEXT_LEN);
	cdr_wipe(code, sizeof(code));
	return err;
}

/* see proto/guest.h */
cdr_err
cdr_guest_code_read(const char *text, const uint8_t id[static CDR_ID_LEN], uint8_t secret[static CDR_GUEST_SECRET_LEN])
{
	uint8_t code[CDR_GUEST_CODE_LEN], expected[CDR_GUEST_CODE_LEN];

	memset(secret, 0, CDR_GUEST_SECRET_LEN);
	cdr_err err = cdr_base32_read(text, code, sizeof(code));
	if (err == CDR_OK)
		err = make_code(id, code, expected);
	if (err == CDR_OK && !cdr_equal(code, expected, sizeof(code)))
		err = CDR_E_INPUT;
	if (err == CDR_OK)
		memcpy(secret, code, CDR_GUEST_SECRET_LEN);
	cdr_wipe(code, sizeof(code));
	cdr_wipe(expected, sizeof(expected));
	return err;
}

/* see proto/guest.h */
cdr_err
cdr_guest_link(const char *url, const uint8_t id[static CDR_ID_LEN], const uint8_t secret[static CDR_GUEST_SECRET_LEN],
    char link[static CDR_GUEST_LINK_LEN])
{
	uint8_t code[CDR_GUEST_CODE_LEN];
	char id_text[CDR_ID_TEXT_LEN] = "", code_text[CDR_GUEST_CODE_TEXT_LEN] = "";

	link[0] = '\0';
	if (strlen(url) > CDR_URL_LEN_MAX)
		return CDR_E_RANGE;
	cdr_err err = make_code(id, secret, code);
	if (err == CDR_OK)
		err = cdr_base32_write(id, CDR_ID_LEN, 0, id_text, sizeof(id_text));
	if (err == CDR_OK)
		err = cdr_base32_write(code, sizeof(code), 0, code_text, sizeof(code_text));
	if (err == CDR_OK)
		(void)snprintf(link, CDR_GUEST_LINK_LEN, "%s#%s.%s", url, id_text, code_text);
	cdr_wipe(code, sizeof(code));
	cdr_wipe(code_text, sizeof(code_text));
	return err;
}

/* ---- padding ------------------------------------------------------------------------------------------------------- */

/* Length, content, zeros. */
static cdr_err
pad(struct cdr_bytes content, size_t size, struct cdr_buffer *plain)
{
	if (content.len > size - LENGTH_LEN)
		return CDR_E_RANGE;
	plain->data = calloc(1, size);
	if (plain->data == NULL)
		return CDR_E_MEMORY;
	plain->len = size;
	cdr_number_write(content.len, plain->data, LENGTH_LEN);
	if (content.len > 0)
		memcpy(plain->data + LENGTH_LEN, content.data, content.len);
	return CDR_OK;
}

/* What is inside; the padding must be zero to the end. */
static cdr_err
unpad(const struct cdr_buffer *plain, struct cdr_buffer *content)
{
	size_t len = 0;

	for (size_t i = 0; i < LENGTH_LEN; i++)
		len = len << 8 | plain->data[i];
	if (len > plain->len - LENGTH_LEN)
		return CDR_E_SEALED;
	for (size_t i = LENGTH_LEN + len; i < plain->len; i++)
		if (plain->data[i] != 0)
			return CDR_E_SEALED;
	return cdr_buffer_copy((struct cdr_bytes){ plain->data + LENGTH_LEN, len }, content);
}

static cdr_err
buffer_make(size_t len, struct cdr_buffer *buffer)
{
	buffer->data = calloc(1, len);
	buffer->len = buffer->data != NULL ? len : 0;
	return buffer->data != NULL ? CDR_OK : CDR_E_MEMORY;
}

/* ---- the request --------------------------------------------------------------------------------------------------- */

/* The key of the request, and the associated data that is also what the key is derived for. */
static cdr_err
request_key(const uint8_t *id, const uint8_t *secret, uint8_t ad[static REQUEST_AD_LEN], uint8_t key[static KEY_LEN])
{
	memcpy(ad, request_label, sizeof(request_label));
	memcpy(ad + sizeof(request_label), id, CDR_ID_LEN);
	return cdr_hkdf_sha256(NULL, 0, secret, CDR_GUEST_SECRET_LEN, ad, REQUEST_AD_LEN, key, KEY_LEN);
}

/* see proto/guest.h */
cdr_err
cdr_guest_request_seal(const uint8_t id[static CDR_ID_LEN], const uint8_t secret[static CDR_GUEST_SECRET_LEN],
    struct cdr_bytes request, struct cdr_buffer *sealed)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t ad[REQUEST_AD_LEN], key[KEY_LEN] = { 0 };
	struct cdr_buffer plain = { 0 };

	*sealed = (struct cdr_buffer){ 0 };
	CDR_TRY(pad(request, CDR_GUEST_REQUEST_PLAIN_LEN, &plain));
	CDR_TRY(buffer_make(CDR_GUEST_REQUEST_SEALED_LEN, sealed));
	CDR_TRY(request_key(id, secret, ad, key));
	CDR_TRY(cdr_random(sealed->data, CDR_AEAD_NONCE_LEN));
	CDR_TRY(cdr_aead_seal(key, sealed->data, ad, sizeof(ad), plain.data, plain.len, sealed->data + CDR_AEAD_NONCE_LEN));
	err = CDR_OK;
out:
	if (err != CDR_OK)
		cdr_buffer_free(sealed);
	cdr_buffer_free(&plain);
	cdr_wipe(key, sizeof(key));
	return err;
}

/* see proto/guest.h */
cdr_err
cdr_guest_request_open(const uint8_t id[static CDR_ID_LEN], const uint8_t secret[static CDR_GUEST_SECRET_LEN],
    struct cdr_bytes sealed, struct cdr_buffer *request)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t ad[REQUEST_AD_LEN], key[KEY_LEN] = { 0 };
	struct cdr_buffer plain = { 0 };

	*request = (struct cdr_buffer){ 0 };
	if (sealed.len != CDR_GUEST_REQUEST_SEALED_LEN)
		return CDR_E_SEALED;
	CDR_TRY(buffer_make(CDR_GUEST_REQUEST_PLAIN_LEN, &plain));
	CDR_TRY(request_key(id, secret, ad, key));
	CDR_TRY(cdr_aead_open(key, sealed.data, ad, sizeof(ad), sealed.data + CDR_AEAD_NONCE_LEN,
	    sealed.len - CDR_AEAD_NONCE_LEN, plain.data));
	CDR_TRY(unpad(&plain, request));
	err = CDR_OK;
out:
	cdr_buffer_free(&plain);
	cdr_wipe(key, sizeof(key));
	return err;
}

/* ---- the answer ---------------------------------------------------------------------------------------------------- */

/*
 * HPKE's info: what the message is for, a key that follows from the request's secret, the hash of what the guest opened. Who
 * never had the secret cannot make an answer that opens, and an answer to another request's bytes does not open either.
 */
static cdr_err
answer_info(const struct cdr_guest_binding *binding, uint8_t info[static ANSWER_INFO_LEN])
{
	memcpy(info, answer_label, sizeof(answer_label));
	memcpy(info + sizeof(answer_label), binding->id, CDR_ID_LEN);
	memcpy(info + ANSWER_LABEL_LEN + KEY_LEN, binding->request_hash, CDR_SHA256_LEN);
	return cdr_hkdf_sha256(NULL, 0, binding->secret, CDR_GUEST_SECRET_LEN, info, ANSWER_LABEL_LEN,
	    info + ANSWER_LABEL_LEN, KEY_LEN);
}

/* HPKE's associated data: what the hub sees of an answer. */
static void
answer_ad(const struct cdr_guest_binding *binding, const uint8_t *response, uint8_t ad[static 2 * CDR_ID_LEN])
{
	memcpy(ad, binding->id, CDR_ID_LEN);
	memcpy(ad + CDR_ID_LEN, response, CDR_ID_LEN);
}

/* see proto/guest.h */
cdr_err
cdr_guest_answer_open(const struct cdr_guest_binding *binding, const uint8_t *key, const uint8_t response[static CDR_ID_LEN],
    struct cdr_bytes sealed, struct cdr_buffer *answer)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t info[ANSWER_INFO_LEN] = { 0 }, ad[2 * CDR_ID_LEN];
	struct cdr_buffer plain = { 0 };

	*answer = (struct cdr_buffer){ 0 };
	if (sealed.len != CDR_GUEST_ANSWER_SEALED_LEN)
		return CDR_E_SEALED;
	answer_ad(binding, response, ad);
	CDR_TRY(answer_info(binding, info));
	CDR_TRY(buffer_make(CDR_GUEST_ANSWER_PLAIN_LEN, &plain));
	CDR_TRY(cdr_hpke_open(key, info, sizeof(info), ad, sizeof(ad), sealed.data, sealed.len, plain.data));
	CDR_TRY(unpad(&plain, answer));
	err = CDR_OK;
out:
	cdr_buffer_free(&plain);
	cdr_wipe(info, sizeof(info));
	return err;
}

/* see proto/guest.h */
cdr_err
cdr_guest_answer_seal(const struct cdr_guest_binding *binding, const uint8_t *receiver,
    const uint8_t response[static CDR_ID_LEN], struct cdr_bytes answer, struct cdr_buffer *sealed)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t info[ANSWER_INFO_LEN] = { 0 }, ad[2 * CDR_ID_LEN];
	struct cdr_buffer plain = { 0 };

	*sealed = (struct cdr_buffer){ 0 };
	answer_ad(binding, response, ad);
	CDR_TRY(pad(answer, CDR_GUEST_ANSWER_PLAIN_LEN, &plain));
	CDR_TRY(buffer_make(CDR_GUEST_ANSWER_SEALED_LEN, sealed));
	CDR_TRY(answer_info(binding, info));
	CDR_TRY(cdr_hpke_seal(receiver, info, sizeof(info), ad, sizeof(ad), plain.data, plain.len, sealed->data));
	err = CDR_OK;
out:
	if (err != CDR_OK)
		cdr_buffer_free(sealed);
	cdr_buffer_free(&plain);
	cdr_wipe(info, sizeof(info));
	return err;
}

/* ---- answers as files ------------------------------------------------------------------------------------------------ */

/* The six bits of a letter of base 64; -1: none. */
static int
base64_value(uint8_t letter)
{
	if (letter >= 'A' && letter <= 'Z')
		return letter - 'A';
	if (letter >= 'a' && letter <= 'z')
		return letter - 'a' + 26;
	if (letter >= '0' && letter <= '9')
		return letter - '0' + 52;
	return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

/* The bytes that stand between the two lines. Blanks, line ends and '>' are an e-mail's, not ours. */
static bool
read_base64(const uint8_t *data, size_t len, uint8_t *out, size_t out_len)
{
	uint32_t held = 0;
	unsigned bits = 0;
	size_t at = 0;

	for (size_t i = 0; i < len && data[i] != '='; i++) {
		int value = base64_value(data[i]);
		if (value < 0 && strchr(" \t\r\n>", data[i]) != NULL && data[i] != '\0')
			continue;
		if (value < 0)
			return false;
		held = (held << 6 | (uint32_t)value) & 0xffffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			if (at == out_len)
				return false;
			out[at++] = (uint8_t)(held >> bits);
		}
	}
	return at == out_len;
}

/* see proto/guest.h */
cdr_err
cdr_guest_file_read(struct cdr_bytes text, struct cdr_guest_parcel *parcel, struct cdr_fault *fault)
{
	uint8_t bytes[1 + CDR_GUEST_PARCEL_LEN];

	memset(parcel, 0, sizeof(*parcel));
	if (text.len > CDR_GUEST_FILE_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "%zu bytes: an answer with the e-mail around it has at most %u", text.len,
		    CDR_GUEST_FILE_MAX);
	const uint8_t *begin = text.len > 0 ? memmem(text.data, text.len, file_begin, strlen(file_begin)) : NULL;
	if (begin == NULL)
		return cdr_fault_set(fault, CDR_E_INPUT, "there is no answer in it: it would begin with %s", file_begin);
	begin += strlen(file_begin);
	const uint8_t *end = memmem(begin, (size_t)(text.data + text.len - begin), file_end, strlen(file_end));
	if (end == NULL || !read_base64(begin, (size_t)(end - begin), bytes, sizeof(bytes)))
		return cdr_fault_set(fault, CDR_E_INPUT, "the answer in it is not whole: ask for the file itself, or for the text copied again");
	if (bytes[0] != FILE_FORMAT)
		return cdr_fault_set(fault, CDR_E_INPUT, "the answer was made by a newer page than this program knows: update the program");
	memcpy(parcel->id, bytes + 1, sizeof(parcel->id));
	memcpy(parcel->response, bytes + 1 + CDR_ID_LEN, sizeof(parcel->response));
	memcpy(parcel->sealed, bytes + 1 + 2 * CDR_ID_LEN, sizeof(parcel->sealed));
	return CDR_OK;
}
