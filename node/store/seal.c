#include "node/store/seal.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/aead.h"
#include "core/crypto/secret.h"

#define LABEL "candor column 1"
#define PART_MAX 255
#define AD_MAX (sizeof(LABEL) + 1 + PART_MAX + PART_MAX)

_Static_assert(CDR_SEAL_OVERHEAD == CDR_AEAD_NONCE_LEN + CDR_AEAD_TAG_LEN, "a nonce in front, a tag at the end");

/* label || NUL || length of purpose || purpose || id: no two pairs of purpose and id give the same bytes. */
static cdr_err
make_ad(const char *purpose, struct cdr_bytes id, uint8_t ad[static AD_MAX], size_t *ad_len)
{
	size_t purpose_len = strnlen(purpose, PART_MAX + 1);

	if (purpose_len < 1 || purpose_len > PART_MAX || id.len > PART_MAX)
		return CDR_E_RANGE;
	memcpy(ad, LABEL, sizeof(LABEL));
	ad[sizeof(LABEL)] = (uint8_t)purpose_len;
	memcpy(ad + sizeof(LABEL) + 1, purpose, purpose_len);
	if (id.len > 0)
		memcpy(ad + sizeof(LABEL) + 1 + purpose_len, id.data, id.len);
	*ad_len = sizeof(LABEL) + 1 + purpose_len + id.len;
	return CDR_OK;
}

/* see node/store/seal.h */
cdr_err
cdr_seal(const uint8_t key[static CDR_SEAL_KEY_LEN], const char *purpose, struct cdr_bytes id, struct cdr_bytes plain,
    struct cdr_buffer *out)
{
	uint8_t ad[AD_MAX];
	size_t ad_len = 0;
	cdr_err err = CDR_E_INTERNAL;

	*out = (struct cdr_buffer){ NULL, 0 };
	if (plain.len > CDR_SEAL_PLAIN_MAX)
		return CDR_E_RANGE;
	CDR_TRY(make_ad(purpose, id, ad, &ad_len));
	out->len = plain.len + CDR_SEAL_OVERHEAD;
	out->data = malloc(out->len);
	if (out->data == NULL) {
		out->len = 0;
		return CDR_E_MEMORY;
	}
	CDR_TRY(cdr_random(out->data, CDR_AEAD_NONCE_LEN));
	err = cdr_aead_seal(key, out->data, ad, ad_len, plain.data, plain.len, out->data + CDR_AEAD_NONCE_LEN);
out:
	if (err != CDR_OK)
		cdr_buffer_free(out);
	return err;
}

/* see node/store/seal.h */
cdr_err
cdr_seal_open(const uint8_t key[static CDR_SEAL_KEY_LEN], const char *purpose, struct cdr_bytes id,
    struct cdr_bytes sealed, struct cdr_buffer *out)
{
	uint8_t ad[AD_MAX];
	size_t ad_len = 0;
	cdr_err err = CDR_E_INTERNAL;

	*out = (struct cdr_buffer){ NULL, 0 };
	if (sealed.len > CDR_SEAL_PLAIN_MAX + CDR_SEAL_OVERHEAD)
		return CDR_E_RANGE;
	if (sealed.len < CDR_SEAL_OVERHEAD)
		return CDR_E_SEALED;
	CDR_TRY(make_ad(purpose, id, ad, &ad_len));
	out->len = sealed.len - CDR_SEAL_OVERHEAD;
	out->data = malloc(out->len > 0 ? out->len : 1);
	if (out->data == NULL) {
		out->len = 0;
		return CDR_E_MEMORY;
	}
	err = cdr_aead_open(key, sealed.data, ad, ad_len, sealed.data + CDR_AEAD_NONCE_LEN,
	    sealed.len - CDR_AEAD_NONCE_LEN, out->data);
out:
	if (err != CDR_OK)
		cdr_buffer_free(out);
	return err;
}
