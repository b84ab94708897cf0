#ifndef CDR_NODE_MEMBER_GUEST_PARTS_H
#define CDR_NODE_MEMBER_GUEST_PARTS_H

/* What the parts of node/member/guest.h share. */

#include "node/member/guest.h"

#include <jansson.h>

#define CDR_GUEST_DETAILS_PURPOSE "guest.details"
#define CDR_GUEST_KEYS_PURPOSE "guest.keys"
#define CDR_GUEST_STATEMENT_PURPOSE "guest.statement"
#define CDR_GUEST_SCAN_PURPOSE "guest.scan"
#define CDR_GUEST_KEYS_LEN (CDR_GUEST_SECRET_LEN + CDR_HPKE_SECRET_LEN)
#define CDR_GUEST_DETAILS_MAX 8192
#define CDR_GUEST_STATEMENT_MAX (CDR_STATEMENT_JSON_MAX + 2048)

/* Details as JSON, and back. */
CDR_MUST_CHECK json_t *cdr_guest_details_json(const struct cdr_guest_details *details);
CDR_MUST_CHECK cdr_err cdr_guest_details_read(struct cdr_bytes json, struct cdr_guest_details *details);

/* Seal ${value}, whose reference is taken, for a column. CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL. */
CDR_MUST_CHECK cdr_err cdr_guest_seal_json(const struct cdr_member *member, const char *purpose, const uint8_t *id,
    json_t *value, struct cdr_buffer *sealed);

/* What both sides can compare of a public key: 16 base-32 digits. */
CDR_MUST_CHECK cdr_err cdr_guest_key_text(const uint8_t *public_key, char text[static CDR_GUEST_KEY_TEXT_LEN]);

/* Note an attempt at a request, with the codebook's channel. */
CDR_MUST_CHECK cdr_err cdr_guest_note(struct cdr_tx *tx, const uint8_t *id, const char *channel, const char *result);

/* Destroy what opens answers to a request, and the request itself. */
CDR_MUST_CHECK cdr_err cdr_guest_forget_keys(struct cdr_tx *tx, const uint8_t *id);

#endif
