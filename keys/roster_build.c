#include "keys/roster_build.h"

#include <stdlib.h>
#include <string.h>

#define STATUS_LEN 16 /* of a member, with its NUL */

/* A roster on its way: entries of our own, so that what is borrowed is never written to. */
struct draft {
	Cdr__Wire__Roster body;
	Cdr__Wire__Member *entry;   /* the members' entries */
	Cdr__Wire__Member **member; /* pointers to them, in the order of the ids */
	Cdr__Wire__Party *party;    /* one for each entry that gets another sealing key */
	char (*status)[STATUS_LEN]; /* one for each entry whose status changes */
	size_t member_count;
	struct cdr_roster_key key[CDR_KEY_COUNT_MAX];
	size_t key_count;
	Cdr__Wire__Epoch epoch[CDR_EPOCH_COUNT_MAX], *epoch_at[CDR_EPOCH_COUNT_MAX];
	Cdr__Wire__StatisticsKey statistics[CDR_STATISTICS_KEY_COUNT_MAX], *statistics_at[CDR_STATISTICS_KEY_COUNT_MAX];
	ProtobufCBinaryData share[CDR_KEY_COUNT_MAX][CDR_TRUSTEE_COUNT_MAX];
	size_t share_count;         /* of the rows above */
	Cdr__Wire__Trustee trustee[CDR_TRUSTEE_COUNT_MAX], *trustee_at[CDR_TRUSTEE_COUNT_MAX];
};

static void
draft_free(struct draft *draft)
{
	free(draft->entry);
	free(draft->member);
	free(draft->party);
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
	draft->party = calloc(room, sizeof(*draft->party));
	if (draft->entry == NULL || draft->member == NULL || draft->status == NULL || draft->party == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < before->n_member; i++)
		draft->entry[i] = *before->member[i];
	draft->key_count = cdr_roster_key_count(before);
	for (size_t i = 0; i < draft->key_count; i++)
		draft->key[i] = cdr_roster_key_at(before, i);
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

static cdr_err
put_sealing(struct draft *draft, const char *id, const Cdr__Wire__SealingPut *sealing, struct cdr_fault *fault)
{
	Cdr__Wire__Member *entry = draft_find(draft, id);

	if (entry == NULL)
		return cdr_fault_set(fault, CDR_E_ABSENT, "roster: there is no member %s", id);
	Cdr__Wire__Party *own = &draft->party[entry - draft->entry];
	*own = *entry->party;
	own->sealing_key = sealing->sealing_key;
	entry->party = own;
	entry->sealing = sealing->sealing;
	return CDR_OK;
}

static ProtobufCBinaryData
field_of(struct cdr_bytes bytes)
{
	return cdr_message_field(bytes.data, bytes.len);
}

/* The pointers of a key's public shares, which an entry of the draft only reads. */
static ProtobufCBinaryData *
shares_of(struct draft *draft, const struct cdr_roster_key *key)
{
	ProtobufCBinaryData *share = draft->share[draft->share_count++];

	for (size_t i = 0; i < key->share_count; i++)
		share[i] = key->public_share[i];
	return share;
}

static Cdr__Wire__Epoch
epoch_of(struct draft *draft, const struct cdr_roster_key *key)
{
	Cdr__Wire__Epoch e = CDR__WIRE__EPOCH__INIT;

	e.number = key->number;
	e.scheme_version = field_of(key->scheme_version);
	e.public_key = field_of(key->public_key);
	e.public_share = shares_of(draft, key);
	e.n_public_share = key->share_count;
	e.transcript = field_of(key->transcript);
	e.starts_at = key->starts_at;
	e.ends_at = key->ends_at;
	return e;
}

static Cdr__Wire__StatisticsKey
statistics_of(struct draft *draft, const struct cdr_roster_key *key)
{
	Cdr__Wire__StatisticsKey s = CDR__WIRE__STATISTICS_KEY__INIT;

	s.number = key->number;
	s.public_key = field_of(key->public_key);
	s.public_share = shares_of(draft, key);
	s.n_public_share = key->share_count;
	s.transcript = field_of(key->transcript);
	s.starts_at = key->starts_at;
	s.ends_at = key->ends_at;
	return s;
}

static size_t
find_key(const struct draft *draft, const struct cdr_roster_key *key)
{
	size_t i = 0;

	while (i < draft->key_count && (draft->key[i].kind != key->kind || draft->key[i].number != key->number))
		i++;
	return i;
}

static void
drop_key(struct draft *draft, size_t at)
{
	draft->key_count--;
	memmove(&draft->key[at], &draft->key[at + 1], (draft->key_count - at) * sizeof(draft->key[0]));
}

/* A key takes its place, or the end of its kind. Peers hold only so many of each kind: the oldest makes room. */
static void
put_key(struct draft *draft, const struct cdr_roster_key *key)
{
	size_t at = find_key(draft, key), count = 0, oldest = 0;

	if (at < draft->key_count) {
		draft->key[at] = *key;
		return;
	}
	for (size_t i = draft->key_count; i > 0; i--) {
		if (draft->key[i - 1].kind == key->kind) {
			count++;
			oldest = i - 1;
		}
	}
	if (count == (key->kind == CDR_KEY_TAGS ? CDR_EPOCH_COUNT_MAX : CDR_STATISTICS_KEY_COUNT_MAX))
		drop_key(draft, oldest);
	draft->key[draft->key_count++] = *key;
}

static cdr_err
end_key(struct draft *draft, const struct cdr_roster_key *key, struct cdr_fault *fault)
{
	size_t at = find_key(draft, key);

	if (at == draft->key_count)
		return cdr_fault_set(fault, CDR_E_ABSENT, "roster: there is no key %u of that kind", key->number);
	drop_key(draft, at);
	return CDR_OK;
}

/* Other trustees, in the order of their new indices. */
static cdr_err
put_trustees(struct draft *draft, const Cdr__Wire__TrusteeChange *change, struct cdr_fault *fault)
{
	size_t count = 0;

	for (size_t i = 0; i < change->n_participant; i++) {
		uint32_t index = change->participant[i]->after;

		if (index > CDR_TRUSTEE_COUNT_MAX)
			return cdr_fault_set(fault, CDR_E_ROSTER, "roster: there is no room for trustee %u", index);
		if (index == 0)
			continue;
		if (draft->trustee_at[index - 1] != NULL)
			return cdr_fault_set(fault, CDR_E_ROSTER, "roster: two become trustee %u", index);
		draft->trustee[index - 1] = (Cdr__Wire__Trustee)CDR__WIRE__TRUSTEE__INIT;
		draft->trustee[index - 1].index = index;
		draft->trustee[index - 1].party = change->participant[i]->party;
		draft->trustee_at[index - 1] = &draft->trustee[index - 1];
		count++;
	}
	for (size_t i = 0; i < count; i++) {
		if (draft->trustee_at[i] == NULL)
			return cdr_fault_set(fault, CDR_E_ROSTER, "roster: there is no trustee %zu", i + 1);
	}
	draft->body.trustee = draft->trustee_at;
	draft->body.n_trustee = count;
	draft->body.threshold = change->threshold;
	return CDR_OK;
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
	case CDR_ROSTER_CHANGE_SEALING:
		return put_sealing(draft, change->id, change->sealing, fault);
	case CDR_ROSTER_CHANGE_KEY:
		if (change->key.share_count > CDR_TRUSTEE_COUNT_MAX)
			return cdr_fault_set(fault, CDR_E_ROSTER, "roster: a key has more shares than there may be trustees");
		put_key(draft, &change->key);
		return CDR_OK;
	case CDR_ROSTER_CHANGE_TRUSTEES:
		return put_trustees(draft, change->trustees, fault);
	case CDR_ROSTER_CHANGE_KEY_END:
		return end_key(draft, &change->key, fault);
	}
	return CDR_E_INTERNAL;
}

static int
compare_members(const void *a, const void *b)
{
	const Cdr__Wire__Member *const *left = a, *const *right = b;

	return strcmp((*left)->id, (*right)->id);
}

static void
draft_finish_keys(struct draft *draft)
{
	Cdr__Wire__Roster *body = &draft->body;

	body->n_epoch = body->n_statistics_key = 0;
	body->epoch = draft->epoch_at;
	body->statistics_key = draft->statistics_at;
	for (size_t i = 0; i < draft->key_count; i++) {
		if (draft->key[i].kind == CDR_KEY_TAGS) {
			size_t at = body->n_epoch++;
			draft->epoch[at] = epoch_of(draft, &draft->key[i]);
			draft->epoch_at[at] = &draft->epoch[at];
		} else {
			size_t at = body->n_statistics_key++;
			draft->statistics[at] = statistics_of(draft, &draft->key[i]);
			draft->statistics_at[at] = &draft->statistics[at];
		}
	}
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
	draft_finish_keys(draft);
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
	if (count == 0 || count > CDR_MEMBER_COUNT_MAX + CDR_ROSTER_CHANGE_OTHER_MAX)
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
