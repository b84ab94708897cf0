#include "keys/keystore_format.h"

#include <assert.h>
#include <string.h>

#include "core/crypto/secret.h"

static const uint8_t magic[16] = "candor-keystore";

/* Where the header's fields are: see keys/keystore.h. */
enum {
	AT_VERSION = 16,
	AT_MEMORY = 20,
	AT_PASSES = 24,
	AT_LANES = 28,
	AT_SALT = 32,
	AT_CHECK = 48,
	AT_NONCE = 80,
	AT_SEALED_LEN = 92,
};

static bool
in_range(uint32_t value, uint32_t least, uint32_t most)
{
	return value >= least && value <= most;
}

/* see keys/keystore_format.h */
bool
cdr_keystore_name_is_valid(const char *name, size_t len)
{
	if (len == 0 || len > CDR_KEYSTORE_NAME_LEN_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = name[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '/')
			return false;
	}
	return true;
}

/* see keys/keystore_format.h */
void
cdr_keystore_header_encode(const struct cdr_keystore_header *header, uint8_t out[static CDR_KEYSTORE_HEADER_LEN])
{
	memcpy(out, magic, sizeof(magic));
	cdr_number_write(CDR_KEYSTORE_VERSION, out + AT_VERSION, 4);
	cdr_number_write(header->memory_kib, out + AT_MEMORY, 4);
	cdr_number_write(header->passes, out + AT_PASSES, 4);
	cdr_number_write(header->lanes, out + AT_LANES, 4);
	memcpy(out + AT_SALT, header->salt, sizeof(header->salt));
	memcpy(out + AT_CHECK, header->check, sizeof(header->check));
	memcpy(out + AT_NONCE, header->nonce, sizeof(header->nonce));
	cdr_number_write(header->sealed_len, out + AT_SEALED_LEN, 4);
}

/* The header's fields; false if a number is outside its range. */
static bool
header_decode(const uint8_t *in, struct cdr_keystore_header *header)
{
	header->memory_kib = (uint32_t)cdr_number_read(in + AT_MEMORY, 4);
	header->passes = (uint32_t)cdr_number_read(in + AT_PASSES, 4);
	header->lanes = (uint32_t)cdr_number_read(in + AT_LANES, 4);
	memcpy(header->salt, in + AT_SALT, sizeof(header->salt));
	memcpy(header->check, in + AT_CHECK, sizeof(header->check));
	memcpy(header->nonce, in + AT_NONCE, sizeof(header->nonce));
	header->sealed_len = (uint32_t)cdr_number_read(in + AT_SEALED_LEN, 4);
	return in_range(header->memory_kib, CDR_KEYSTORE_MEMORY_KIB_MIN, CDR_KEYSTORE_MEMORY_KIB_MAX) &&
	    in_range(header->passes, CDR_KEYSTORE_PASSES_MIN, CDR_KEYSTORE_PASSES_MAX) &&
	    in_range(header->lanes, 1, CDR_KEYSTORE_LANES_MAX) &&
	    in_range(header->sealed_len, CDR_KEYSTORE_BODY_LEN_MIN + CDR_AEAD_TAG_LEN,
		CDR_KEYSTORE_BODY_LEN_MAX + CDR_AEAD_TAG_LEN);
}

/* see keys/keystore_format.h */
cdr_err
cdr_keystore_file_decode(struct cdr_bytes file, struct cdr_keystore_header *header, struct cdr_bytes *sealed,
    struct cdr_fault *fault)
{
	uint8_t checksum[CDR_SHA256_LEN]; /* not secret */
	cdr_err err = CDR_E_INTERNAL;

	if (file.len < AT_MEMORY || !cdr_equal(file.data, magic, sizeof(magic)))
		return cdr_fault_set(fault, CDR_E_INPUT, "not a keystore");
	if ((uint32_t)cdr_number_read(file.data + AT_VERSION, 4) != CDR_KEYSTORE_VERSION)
		return cdr_fault_set(fault, CDR_E_INPUT, "keystore of version %u, written by another version of Candor",
		    (unsigned)(uint32_t)cdr_number_read(file.data + AT_VERSION, 4));
	if (file.len < CDR_KEYSTORE_HEADER_LEN + CDR_SHA256_LEN || file.len > CDR_KEYSTORE_FILE_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "damaged: its length is wrong. Restore it from a backup");

	const struct cdr_bytes content = { file.data, file.len - CDR_SHA256_LEN };
	CDR_TRY(cdr_sha256(&content, 1, checksum));
	if (!cdr_equal(checksum, file.data + content.len, sizeof(checksum)))
		return cdr_fault_set(fault, CDR_E_INPUT, "damaged: its checksum is wrong. Restore it from a backup");
	if (!header_decode(file.data, header) || header->sealed_len != content.len - CDR_KEYSTORE_HEADER_LEN)
		return cdr_fault_set(fault, CDR_E_INPUT, "a number in its header is outside its range");
	*sealed = (struct cdr_bytes) { file.data + CDR_KEYSTORE_HEADER_LEN, header->sealed_len };
	err = CDR_OK;
out:
	return err;
}

/* see keys/keystore_format.h */
size_t
cdr_keystore_body_encode(const struct cdr_keystore_body *body, uint8_t *out)
{
	uint8_t *at = out;

	memcpy(at, body->data_key, sizeof(body->data_key));
	at += sizeof(body->data_key);
	*at++ = (uint8_t)(body->count >> 8);
	*at++ = (uint8_t)body->count;
	for (size_t i = 0; i < body->count; i++) {
		const struct cdr_keystore_secret *secret = &body->secrets[i];
		size_t name_len = strlen(secret->name);

		*at++ = (uint8_t)name_len;
		memcpy(at, secret->name, name_len);
		at += name_len;
		*at++ = (uint8_t)(secret->len >> 8);
		*at++ = (uint8_t)secret->len;
		memcpy(at, secret->bytes, secret->len);
		at += secret->len;
	}
	assert((size_t)(at - out) <= CDR_KEYSTORE_BODY_LEN_MAX);
	return (size_t)(at - out);
}

/* Take ${len} bytes off the front; NULL if there are not so many. */
static const uint8_t *
take(struct cdr_bytes *bytes, size_t len)
{
	const uint8_t *at = bytes->data;

	if (len > bytes->len)
		return NULL;
	bytes->data += len;
	bytes->len -= len;
	return at;
}

/* Take a big-endian number of 16 bits; -1 if there is none. */
static int
take16(struct cdr_bytes *bytes)
{
	const uint8_t *at = take(bytes, 2);

	return at == NULL ? -1 : at[0] << 8 | at[1];
}

/* Take one named secret. */
static cdr_err
take_secret(struct cdr_bytes *bytes, struct cdr_keystore_secret *secret)
{
	const uint8_t *name_len = take(bytes, 1);
	const uint8_t *name = name_len == NULL ? NULL : take(bytes, *name_len);

	if (name == NULL || !cdr_keystore_name_is_valid((const char *)name, *name_len))
		return CDR_E_INPUT;
	memcpy(secret->name, name, *name_len);
	secret->name[*name_len] = '\0';

	int len = take16(bytes);
	if (len < 1 || len > CDR_KEYSTORE_SECRET_LEN_MAX)
		return CDR_E_INPUT;
	const uint8_t *value = take(bytes, (size_t)len);
	if (value == NULL)
		return CDR_E_INPUT;
	memcpy(secret->bytes, value, (size_t)len);
	secret->len = (size_t)len;
	return CDR_OK;
}

/* see keys/keystore_format.h */
cdr_err
cdr_keystore_body_decode(struct cdr_bytes bytes, struct cdr_keystore_body *body)
{
	cdr_err err = CDR_E_INPUT;

	memset(body, 0, sizeof(*body));
	const uint8_t *data_key = take(&bytes, CDR_KEYSTORE_KEY_LEN);
	if (data_key == NULL)
		goto out;
	memcpy(body->data_key, data_key, CDR_KEYSTORE_KEY_LEN);

	int count = take16(&bytes);
	if (count < 0 || count > CDR_KEYSTORE_COUNT_MAX)
		goto out;
	for (int i = 0; i < count; i++) {
		CDR_TRY(take_secret(&bytes, &body->secrets[i]));
		err = CDR_E_INPUT;
		if (i > 0 && strcmp(body->secrets[i - 1].name, body->secrets[i].name) >= 0)
			goto out;
	}
	if (bytes.len != 0)
		goto out;
	body->count = (size_t)count;
	err = CDR_OK;
out:
	if (err != CDR_OK)
		cdr_wipe(body, sizeof(*body));
	return err;
}
