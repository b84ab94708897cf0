#ifndef CDR_PROTO_SHELF_H
#define CDR_PROTO_SHELF_H

/*
 * Rosters by version, for what was signed under one and is looked at under another: who re-enrolled, or whose share was
 * renewed, since then is no liar.
 */

#include "proto/roster.h"

#define CDR_SHELF_MAX (CDR_TRUSTEE_COUNT_MAX + 2)

/* Zeroed: empty, and nothing can be fetched. */
struct cdr_shelf {
	struct cdr_roster *roster[CDR_SHELF_MAX];
	size_t count;
	/* Gives a roster of the exchange, verified; owned by the shelf from then on. NULL: there are no others. */
	cdr_err (*fetch)(void *context, uint64_t version, struct cdr_roster **roster, struct cdr_fault *fault);
	void *context;
};
void cdr_shelf_free(struct cdr_shelf *shelf);

/**
 * cdr_shelf_at(shelf, version, roster, fault):
 * The roster of that version; good until the shelf is freed.
 *
 * Returns  CDR_OK; CDR_E_ABSENT where there is none, or room for no more; what fetching it returned.
 */
CDR_MUST_CHECK cdr_err cdr_shelf_at(struct cdr_shelf *shelf, uint64_t version, const struct cdr_roster **roster,
    struct cdr_fault *fault);

/**
 * cdr_shelf_chain(fields, count, genesis, shelf, fault):
 * Read the genesis roster and others behind it, each of which must follow from the one before, onto an empty shelf.
 *
 * genesis   in   CDR_ROSTER_HASH_LEN bytes
 *
 * Returns  CDR_OK; CDR_E_ROSTER with what is wrong; CDR_E_MEMORY. ${shelf} is freed by the caller, also on error.
 */
CDR_MUST_CHECK cdr_err cdr_shelf_chain(const ProtobufCBinaryData *fields, size_t count,
    const uint8_t genesis[static CDR_ROSTER_HASH_LEN], struct cdr_shelf *shelf, struct cdr_fault *fault);

#endif
