#include <inttypes.h>
#include <string.h>

#include "audit/query_opening.h"
#include "audit/verify.h"

/* see audit/verify.h */
cdr_err
cdr_verify_open(struct cdr_verify *v, struct cdr_bytes bytes, struct cdr_arena *arena, const Cdr__Wire__Opening **opening,
    struct cdr_query_opening_shown *shown, struct cdr_fault *fault)
{
	uint8_t hash[CDR_MERKLE_HASH_LEN];
	struct cdr_leaf leaf;
	cdr_err err = cdr_message_decode(arena, &cdr__wire__opening__descriptor, bytes, opening);

	if (err != CDR_OK)
		return err == CDR_E_MEMORY ? err : cdr_fault_set(fault, CDR_E_INPUT, "it is no opening");
	const Cdr__Wire__Opening *o = *opening;
	if (o->sample < 1 || o->sample > v->sample_count)
		return cdr_fault_set(fault, CDR_E_ABSENT, "the folder has no sample %" PRIu64, o->sample);
	if (cdr_leaf_decode(cdr_message_bytes(o->leaf), &leaf) != CDR_OK || leaf.party_count != 1 ||
	    strncmp(leaf.party[0], "member/", 7) != 0)
		return cdr_fault_set(fault, CDR_E_PROOF, "what is shown as the leaf is none of an evaluation");
	const struct cdr_sample *sample = &v->sample[o->sample - 1].sample;
	/* The name tables are those of the epoch of the request: any roster that names it will do, else the newest says that none does. */
	const struct cdr_roster *roster = leaf.number_count == 4 ? cdr_verify_key_roster(v, CDR_KEY_TAGS, (uint32_t)leaf.number[1]) : NULL;
	err = cdr_query_opening_verify(o, leaf.party[0] + 7, sample, roster != NULL ? roster : v->roster[v->roster_count - 1], shown, fault);
	if (err == CDR_OK)
		err = cdr_verify_entry_hash(v, o->position, hash, fault);
	if (err == CDR_OK && memcmp(hash, shown->hash, sizeof(hash)) != 0)
		err = cdr_fault_set(fault, CDR_E_PROOF, "the log holds something else at leaf %" PRIu64, o->position);
	return err;
}
