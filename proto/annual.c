#include "proto/annual.h"

#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/sign.h"
#include "core/record/text.h"

/* see proto/annual.h */
cdr_err
cdr_annual_encode(const struct cdr_annual_signed *annual, struct cdr_buffer *out)
{
	Cdr__Wire__Annual message = CDR__WIRE__ANNUAL__INIT;
	Cdr__Wire__AnnualFigure figure[CDR_ANNUAL_FIELD_COUNT], *figures[CDR_ANNUAL_FIELD_COUNT];
	struct cdr_annual_signed copy = *annual;

	*out = (struct cdr_buffer){ 0 };
	if (annual->revision == 0 || annual->revision > CDR_ANNUAL_REVISION_MAX || annual->member[0] == '\0' || annual->signed_by[0] == '\0')
		return CDR_E_RANGE;
	message.member = copy.member;
	message.year = annual->figures.year;
	message.revision = annual->revision;
	message.signed_by = copy.signed_by;
	message.signed_at = annual->signed_at;
	message.figure = figures;
	for (unsigned i = 0; i < CDR_ANNUAL_FIELD_COUNT; i++) {
		if (annual->figures.value[i] == 0)
			continue;
		struct cdr_bytes name = { (const uint8_t *)cdr_annual_name((enum cdr_annual_field)i), 0 };
		Cdr__Wire__AnnualFigure *f = &figure[message.n_figure];
		cdr__wire__annual_figure__init(f);
		f->name = (char *)(uintptr_t)name.data;
		f->value = annual->figures.value[i];
		figures[message.n_figure++] = f;
	}
	message.days = copy.figures.days;
	for (size_t i = 0; i < CDR_ANNUAL_DAYS; i++)
		if (annual->figures.days[i] != 0)
			message.n_days = i + 1;
	return cdr_message_encode(&message.base, out);
}

/* A line of text that may be shown. */
static bool
is_line(const char *text, size_t size)
{
	size_t len = strlen(text);

	if (len == 0 || len >= size || !cdr_text_valid((const uint8_t *)text, len))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return true;
}

static cdr_err
read_figures(const Cdr__Wire__Annual *message, struct cdr_annual *figures, struct cdr_fault *fault)
{
	unsigned last = 0;

	figures->year = message->year;
	for (size_t i = 0; i < message->n_figure; i++) {
		enum cdr_annual_field field = cdr_annual_of(message->figure[i]->name);
		if (field == CDR_ANNUAL_FIELD_COUNT || (i > 0 && (unsigned)field <= last) || message->figure[i]->value == 0)
			return cdr_fault_set(fault, CDR_E_INPUT, "figure %zu of the return is unknown, empty, twice there or out of order", i + 1);
		figures->value[field] = message->figure[i]->value;
		last = (unsigned)field;
	}
	if (message->n_days > CDR_ANNUAL_DAYS || (message->n_days > 0 && message->days[message->n_days - 1] == 0))
		return cdr_fault_set(fault, CDR_E_INPUT, "the return's days are more than there can be");
	for (size_t i = 0; i < message->n_days; i++)
		figures->days[i] = message->days[i];
	return cdr_annual_check(figures, fault);
}

/* see proto/annual.h */
cdr_err
cdr_annual_decode(struct cdr_bytes bytes, struct cdr_annual_signed *annual, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__Annual *message;

	memset(annual, 0, sizeof(*annual));
	if (bytes.len > CDR_ANNUAL_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "a return has at most %d bytes", CDR_ANNUAL_LEN_MAX);
	err = cdr_message_decode(&arena, &cdr__wire__annual__descriptor, bytes, &message);
	if (err == CDR_E_INPUT)
		err = cdr_fault_set(fault, err, "these bytes are no annual return");
	CDR_TRY(err);
	if (!is_line(message->member, sizeof(annual->member)) || !is_line(message->signed_by, sizeof(annual->signed_by)) || message->revision == 0 ||
	    message->revision > CDR_ANNUAL_REVISION_MAX || message->signed_at > INT64_MAX) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "the return's member, signer, revision or date is not what it may be");
		goto out;
	}
	memcpy(annual->member, message->member, strlen(message->member));
	memcpy(annual->signed_by, message->signed_by, strlen(message->signed_by));
	annual->revision = message->revision;
	annual->signed_at = message->signed_at;
	CDR_TRY(read_figures(message, &annual->figures, fault));
	err = CDR_OK;
out:
	if (err != CDR_OK)
		memset(annual, 0, sizeof(*annual));
	cdr_arena_free(&arena);
	return err;
}

/* What is signed. */
static cdr_err
digest(struct cdr_bytes bytes, const uint8_t *genesis, uint8_t out[static CDR_SHA256_LEN])
{
	static const char label[] = "candor/1 annual return";
	uint8_t content[CDR_SHA256_LEN];
	const struct cdr_bytes parts[] = { { (const uint8_t *)label, sizeof(label) }, { genesis, CDR_GENESIS_HASH_LEN }, { content, sizeof(content) } };

	cdr_err err = cdr_sha256(&bytes, 1, content);
	return err == CDR_OK ? cdr_sha256(parts, 3, out) : err;
}

/* see proto/annual.h */
cdr_err
cdr_annual_sign(struct cdr_bytes bytes, const uint8_t *seed, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    uint8_t signature[static CDR_SIGNATURE_LEN])
{
	uint8_t hash[CDR_SHA256_LEN];

	cdr_err err = digest(bytes, genesis, hash);
	return err == CDR_OK ? cdr_sign(seed, hash, sizeof(hash), signature) : err;
}

/* see proto/annual.h */
cdr_err
cdr_annual_verify(struct cdr_bytes bytes, struct cdr_bytes signature, const uint8_t *public_key,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN])
{
	uint8_t hash[CDR_SHA256_LEN];

	if (signature.len != CDR_SIGNATURE_LEN)
		return CDR_E_SIGNATURE;
	cdr_err err = digest(bytes, genesis, hash);
	return err == CDR_OK ? cdr_verify(public_key, hash, sizeof(hash), signature.data) : err;
}
