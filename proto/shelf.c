#include "proto/shelf.h"

#include <inttypes.h>

/* see proto/shelf.h */
void
cdr_shelf_free(struct cdr_shelf *shelf)
{
	for (size_t i = 0; i < shelf->count; i++)
		cdr_roster_free(shelf->roster[i]);
	*shelf = (struct cdr_shelf){ .fetch = NULL };
}

/* see proto/shelf.h */
cdr_err
cdr_shelf_at(struct cdr_shelf *shelf, uint64_t version, const struct cdr_roster **roster, struct cdr_fault *fault)
{
	struct cdr_roster *fetched = NULL;

	*roster = NULL;
	for (size_t i = 0; i < shelf->count; i++) {
		if (shelf->roster[i]->body->version == version) {
			*roster = shelf->roster[i];
			return CDR_OK;
		}
	}
	if (shelf->fetch == NULL || shelf->count == CDR_SHELF_MAX)
		return cdr_fault_set(fault, CDR_E_ABSENT, "roster version %" PRIu64 " is not at hand", version);
	cdr_err err = shelf->fetch(shelf->context, version, &fetched, fault);
	if (err != CDR_OK)
		return err;
	if (fetched->body->version != version) {
		cdr_roster_free(fetched);
		return cdr_fault_set(fault, CDR_E_ABSENT, "roster version %" PRIu64 " is not at hand", version);
	}
	*roster = shelf->roster[shelf->count++] = fetched;
	return CDR_OK;
}

/* see proto/shelf.h */
cdr_err
cdr_shelf_chain(const ProtobufCBinaryData *fields, size_t count, const uint8_t genesis[static CDR_ROSTER_HASH_LEN],
    struct cdr_shelf *shelf, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	if (count < 1 || count > CDR_SHELF_MAX)
		return cdr_fault_set(fault, CDR_E_ROSTER, "there are %zu rosters, not 1 to %d", count, CDR_SHELF_MAX);
	for (size_t i = 0; i < count; i++) {
		CDR_TRY(cdr_roster_decode(cdr_message_bytes(fields[i]), &shelf->roster[i], fault));
		shelf->count++;
		err = i == 0 ? cdr_roster_verify_genesis(shelf->roster[i], genesis, fault) :
			       cdr_roster_verify_next(shelf->roster[i], shelf->roster[i - 1], fault);
		if (err != CDR_OK)
			goto out;
	}
out:
	return err;
}
