#ifndef CDR_PROTO_ANNUAL_H
#define CDR_PROTO_ANNUAL_H

/* The annual return on the wire: figures, who signed, the member's signature. */

#include "core/record/annual.h"
#include "proto/annual.pb-c.h"
#include "proto/roster.h"

#define CDR_ANNUAL_LEN_MAX 8192         /* bytes of an encoded Annual */
#define CDR_ANNUAL_SIGNED_BY_LEN 256
#define CDR_ANNUAL_REVISION_MAX 2147483647 /* a node that was put back from a backup counts seconds of the year */

/* A return as it is signed. */
struct cdr_annual_signed {
	char member[CDR_SLUG_LEN_MAX + 1];
	uint32_t revision;                     /* 1 .. CDR_ANNUAL_REVISION_MAX */
	char signed_by[CDR_ANNUAL_SIGNED_BY_LEN];
	uint64_t signed_at;
	struct cdr_annual figures;
};

/**
 * cdr_annual_encode(annual, out):
 * Returns  CDR_OK; CDR_E_RANGE for a text or the revision; CDR_E_MEMORY. ${out} is owned by the caller.
 */
CDR_MUST_CHECK cdr_err cdr_annual_encode(const struct cdr_annual_signed *annual, struct cdr_buffer *out);

/**
 * cdr_annual_decode(bytes, annual, fault):
 * Read a return, and check its figures (cdr_annual_check).
 *
 * annual  out   all zero on error
 *
 * Returns  CDR_OK; CDR_E_INPUT for what is no return, a figure twice there, out of order or unknown; CDR_E_RANGE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_annual_decode(struct cdr_bytes bytes, struct cdr_annual_signed *annual, struct cdr_fault *fault);

/* Sign, and verify, SHA-256(label || genesis hash || SHA-256(bytes)). CDR_E_SIGNATURE if it does not hold. */
CDR_MUST_CHECK cdr_err cdr_annual_sign(struct cdr_bytes bytes, const uint8_t *seed, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    uint8_t signature[static CDR_SIGNATURE_LEN]);
CDR_MUST_CHECK cdr_err cdr_annual_verify(struct cdr_bytes bytes, struct cdr_bytes signature, const uint8_t *public_key,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN]);

#endif
