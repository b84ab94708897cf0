#include "keys/roster_build.h"

#include <stdlib.h>
#include <string.h>

#define STATUS_LEN 16 /* of a member, with its NUL */

/* A roster on its way: entries of our own, so that what is borrowed is never written to. */
struct draft {
	Cdr__Wire__Roster body;
	Cdr__Wire__Member *entry;   /* the members' entries */
	Cdr__Wire__Member **member; /* pointers to them, in the order of the ids */
	char (*status)[STATUS_LEN]; /* one for each entry whose status changes */
	size_t member_count;
	Cdr__Wire__Epoch epoch[CDR_EPOCH_COUNT_MAX];
	Cdr__Wire__Epoch *epoch_at[CDR_EPOCH_COUNT_MAX];
};

static void
draft_free(struct draft *draft)
{
	free(draft->entry);
	free(draft->member);
	free(draft->status);
}

/* Everything of ${before}, with room for ${extra} more members. */
static cdr_err
draft_start(struct draft *draft, const Cdr__Wire__Roster *before, size_t extra)
{
	size_t room = before->n_member + extra;

	*draft = (struct draft){ .body = *before, .member_count = before->n_member };
	draft->entry = calloc(room, sizeof(*draft->entry));
	draft->member = calloc(room, sizeof(*draft->member));
	draft->status = calloc(room, sizeof(*draft->status));
	if (draft->entry == NULL || draft->member == NULL || draft->status == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < before->n_member; i++)
		draft->entry[i] = *before->member[i];
	for (size_t i = 0; i < before->n_epoch; i++)
		draft->epoch[i] = *before->epoch[i];
	return CDR_OK;
}

/* The entry of member ${id}, or NULL. */
static Cdr__Wire__Member *
draft_find(struct draft *draft, const char *id)
{
	for (size_t i = 0; i < draft->member_count; i++)
		if (strcmp(draft->entry[i].id, id) == 0)
			return &draft->entry[i];
	return NULL;
}

static void
put_member(struct draft *draft, const Cdr__Wire__Member *member)
{
	Cdr__Wire__Member *entry = draft_find(draft, member->id);

	if (entry == NULL)
		entry = &draft->entry[draft->member_count++];
	*entry = *member;
}

static cdr_err
put_status(struct draft *draft, const char *id, const char *status, struct cdr_fault *fault)
{
	Cdr__Wire__Member *entry = draft_find(draft, id);

	if (entry == NULL)
		return cdr_fault_set(fault, CDR_E_ABSENT, "roster: there is no member %s", id);
	size_t len = strnlen(status, STATUS_LEN);
	if (len == STATUS_LEN)
		return cdr_fault_set(fault, CDR_E_ROSTER, "roster: member %s has no known country or status", id);
	char *own = draft->status[entry - draft->entry];
	memcpy(own, status, len + 1);
	entry->status = own;
	return CDR_OK;
}

/* Peers hold at most CDR_EPOCH_COUNT_MAX epochs: the oldest makes room. */
static void
put_epoch(struct draft *draft, const Cdr__Wire__Epoch *epoch)
{
	if (draft->body.n_epoch == CDR_EPOCH_COUNT_MAX) {
		memmove(&draft->epoch[0], &draft->epoch[1], (CDR_EPOCH_COUNT_MAX - 1) * sizeof(draft->epoch[0]));
		draft->body.n_epoch--;
	}
	draft->epoch[draft->body.n_epoch++] = *epoch;
}

static cdr_err
draft_change(struct draft *draft, const struct cdr_roster_change *change, struct cdr_fault *fault)
{
	switch (change->kind) {
	case CDR_ROSTER_CHANGE_MEMBER:
		put_member(draft, change->member);
		return CDR_OK;
	case CDR_ROSTER_CHANGE_STATUS:
		return put_status(draft, change->id, change->status, fault);
	case CDR_ROSTER_CHANGE_EPOCH:
		put_epoch(draft, change->epoch);
		return CDR_OK;
	}
	return CDR_E_INTERNAL;
}

static int
compare_members(const void *a, const void *b)
{
	const Cdr__Wire__Member *const *left = a, *const *right = b;

	return strcmp((*left)->id, (*right)->id);
}

/* Point the body at the draft's own entries, in the order that a roster has. */
static void
draft_finish(struct draft *draft)
{
	for (size_t i = 0; i < draft->member_count; i++)
		draft->member[i] = &draft->entry[i];
	if (draft->member_count > 0)
		qsort(draft->member, draft->member_count, sizeof(draft->member[0]), compare_members);
	draft->body.member = draft->member;
	draft->body.n_member = draft->member_count;
	for (size_t i = 0; i < draft->body.n_epoch; i++)
		draft->epoch_at[i] = &draft->epoch[i];
	draft->body.epoch = draft->epoch_at;
}

/* ${bytes} of a Roster with its signatures, as peers will read them. */
static cdr_err
assemble(struct cdr_bytes bytes, struct cdr_bytes hub_signature, Cdr__Wire__Countersignature **signatures, size_t count,
    struct cdr_roster **roster, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer encoded = { 0 };
	Cdr__Wire__SignedRoster message = CDR__WIRE__SIGNED_ROSTER__INIT;

	message.roster = cdr_message_field(bytes.data, bytes.len);
	message.hub_signature = cdr_message_field(hub_signature.data, hub_signature.len);
	message.countersignature = signatures;
	message.n_countersignature = count;
	CDR_TRY(cdr_message_encode(&message.base, &encoded));
	CDR_TRY(cdr_roster_decode(cdr_buffer_bytes(&encoded), roster, fault));
	err = CDR_OK;
out:
	cdr_buffer_free(&encoded);
	return err;
}

/* Encode ${body}, sign it as the hub, and read it back. */
static cdr_err
encode_and_sign(const Cdr__Wire__Roster *body, const uint8_t *hub_seed, struct cdr_roster **roster,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer encoded = { 0 };
	uint8_t signature[CDR_SIGNATURE_LEN];

	CDR_TRY(cdr_message_encode(&body->base, &encoded));
	CDR_TRY(cdr_roster_sign_hub(hub_seed, cdr_buffer_bytes(&encoded), signature));
	CDR_TRY(assemble(cdr_buffer_bytes(&encoded), (struct cdr_bytes){ signature, sizeof(signature) }, NULL, 0, roster,
	    fault));
	err = CDR_OK;
out:
	cdr_buffer_free(&encoded);
	return err;
}

/* see keys/roster_build.h */
cdr_err
cdr_roster_build_genesis(const Cdr__Wire__Roster *body, const uint8_t *hub_seed, struct cdr_roster **roster,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	static const uint8_t zeros[CDR_ROSTER_HASH_LEN];
	struct cdr_roster *made = NULL;

	*roster = NULL;
	Cdr__Wire__Roster genesis = *body;
	genesis.format = 1;
	genesis.version = 0;
	genesis.previous = cdr_message_field(zeros, sizeof(zeros));
	CDR_TRY(encode_and_sign(&genesis, hub_seed, &made, fault));
	CDR_TRY(cdr_roster_verify_genesis(made, made->hash, fault));
	*roster = made;
	made = NULL;
	err = CDR_OK;
out:
	cdr_roster_free(made);
	return err;
}

/* see keys/roster_build.h */
cdr_err
cdr_roster_build_next(const struct cdr_roster *before, const struct cdr_roster_change *changes, size_t count,
    uint64_t made_at, const uint8_t *hub_seed, struct cdr_roster **roster, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct draft draft;

	*roster = NULL;
	if (count == 0 || count > CDR_MEMBER_COUNT_MAX + 1)
		return CDR_E_RANGE;
	CDR_TRY(draft_start(&draft, before->body, count));
	for (size_t i = 0; i < count; i++)
		CDR_TRY(draft_change(&draft, &changes[i], fault));
	draft_finish(&draft);
	draft.body.version = before->body->version + 1;
	draft.body.previous = cdr_message_field(before->hash, sizeof(before->hash));
	draft.body.made_at = made_at;
	CDR_TRY(encode_and_sign(&draft.body, hub_seed, roster, fault));
	err = CDR_OK;
out:
	draft_free(&draft);
	return err;
}

/* see keys/roster_build.h */
cdr_err
cdr_roster_build_complete(const struct cdr_roster *proposed, const struct cdr_roster *before,
    const Cdr__Wire__Countersignature *signatures, size_t count, struct cdr_roster **roster, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__Countersignature copy[CDR_TRUSTEE_COUNT_MAX], *at[CDR_TRUSTEE_COUNT_MAX];
	struct cdr_roster *made = NULL;

	*roster = NULL;
	if (count > CDR_TRUSTEE_COUNT_MAX)
		return CDR_E_RANGE;
	for (size_t i = 0; i < count; i++) {
		copy[i] = signatures[i];
		at[i] = &copy[i];
	}
	CDR_TRY(assemble(proposed->signed_bytes, cdr_message_bytes(proposed->signatures->hub_signature), at, count, &made,
	    fault));
	CDR_TRY(cdr_roster_verify_next(made, before, fault));
	*roster = made;
	made = NULL;
	err = CDR_OK;
out:
	cdr_roster_free(made);
	return err;
}
