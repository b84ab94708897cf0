#include "audit/key_leaf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* see audit/key_leaf.h */
const char *
cdr_key_event_name(enum cdr_key_event event)
{
	static const char *const names[] = { [CDR_KEY_BEGINS] = "begins", [CDR_KEY_LASTS] = "lasts", [CDR_KEY_SHARED] = "shared",
		[CDR_KEY_OVER] = "over", [CDR_KEY_DELETED] = "deleted" };

	return event >= CDR_KEY_BEGINS && event <= CDR_KEY_DELETED ? names[event] : "unknown";
}

/* ---- what trustees say ---------------------------------------------------------------------------------------- */

static cdr_err
hash_key(const Cdr__Wire__CeremonyKey *key, uint8_t content[static CDR_LEAF_CONTENT_LEN])
{
	struct cdr_buffer encoded = { 0 };

	cdr_err err = cdr_message_encode(&key->base, &encoded);
	if (err == CDR_OK) {
		const struct cdr_bytes part = cdr_buffer_bytes(&encoded);
		err = cdr_leaf_content(CDR_LEAF_CEREMONY, &part, 1, content);
	}
	cdr_buffer_free(&encoded);
	return err;
}

/* see audit/key_leaf.h */
cdr_err
cdr_key_said_leaf(uint32_t trustee, uint32_t act, const Cdr__Wire__CeremonyKey *key, struct cdr_leaf *leaf)
{
	char party[CDR_SIGNER_LEN_MAX + 1];

	*leaf = (struct cdr_leaf){ .kind = CDR_LEAF_CEREMONY };
	(void)snprintf(party, sizeof(party), "trustee/%" PRIu32, trustee);
	cdr_leaf_party_add(leaf, party);
	cdr_leaf_number_add(leaf, act);
	cdr_leaf_number_add(leaf, key->kind);
	cdr_leaf_number_add(leaf, key->number);
	return hash_key(key, leaf->content);
}

/* see audit/key_leaf.h */
cdr_err
cdr_key_said_content(const struct cdr_roster_key *key, uint32_t threshold, uint8_t content[static CDR_LEAF_CONTENT_LEN])
{
	Cdr__Wire__CeremonyKey message = CDR__WIRE__CEREMONY_KEY__INIT;
	ProtobufCBinaryData share[CDR_TRUSTEE_COUNT_MAX];

	message.kind = (uint32_t)key->kind;
	message.number = key->number;
	message.threshold = threshold;
	message.scheme_version = cdr_message_field(key->scheme_version.data, key->scheme_version.len);
	message.public_key = cdr_message_field(key->public_key.data, key->public_key.len);
	for (size_t i = 0; i < key->share_count && i < CDR_TRUSTEE_COUNT_MAX; i++)
		share[message.n_public_share++] = key->public_share[i];
	message.public_share = share;
	message.transcript = cdr_message_field(key->transcript.data, key->transcript.len);
	return hash_key(&message, content);
}

/* ---- what happens to keys ---------------------------------------------------------------------------------------- */

static cdr_err
write_event(const struct cdr_roster *roster, enum cdr_key_event event, enum cdr_key_kind kind, uint32_t number,
    struct cdr_leaf *leaf)
{
	const struct cdr_bytes hash = { roster->hash, CDR_ROSTER_HASH_LEN };

	*leaf = (struct cdr_leaf){ .kind = CDR_LEAF_EPOCH };
	cdr_leaf_party_add(leaf, "hub");
	cdr_leaf_number_add(leaf, event);
	cdr_leaf_number_add(leaf, (uint64_t)kind);
	cdr_leaf_number_add(leaf, number);
	return cdr_leaf_content(leaf->kind, &hash, 1, leaf->content);
}

static bool
same_shares(const struct cdr_roster_key *a, const struct cdr_roster_key *b)
{
	return a->transcript.len == b->transcript.len && memcmp(a->transcript.data, b->transcript.data, a->transcript.len) == 0;
}

/* What ${after} does to one of its own keys. */
static cdr_err
add_kept(const struct cdr_roster *before, const struct cdr_roster *after, const struct cdr_roster_key *key,
    struct cdr_leaf *leaves, size_t *count)
{
	struct cdr_roster_key old = { .number = 0 };
	bool is_old = before != NULL && cdr_roster_key_find(before->body, key->kind, key->number, &old);
	const struct {
		bool holds;
		enum cdr_key_event event;
	} rules[] = {
		{ !is_old, CDR_KEY_BEGINS },
		{ is_old && (old.ends_at != key->ends_at || old.starts_at != key->starts_at), CDR_KEY_LASTS },
		{ is_old && !same_shares(&old, key), CDR_KEY_SHARED },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (!rules[i].holds)
			continue;
		struct cdr_leaf *leaf = &leaves[(*count)++];
		cdr_err err = write_event(after, rules[i].event, key->kind, key->number, leaf);
		if (err != CDR_OK)
			return err;
		cdr_leaf_number_add(leaf, key->starts_at);
		cdr_leaf_number_add(leaf, key->ends_at);
	}
	return CDR_OK;
}

/* see audit/key_leaf.h */
cdr_err
cdr_key_events(const struct cdr_roster *before, const struct cdr_roster *after,
    struct cdr_leaf leaves[static CDR_KEY_EVENT_MAX], size_t *count)
{
	cdr_err err = CDR_OK;
	struct cdr_roster_key key, kept;

	*count = 0;
	for (size_t i = 0; i < cdr_roster_key_count(after->body) && err == CDR_OK; i++) {
		key = cdr_roster_key_at(after->body, i);
		err = add_kept(before, after, &key, leaves, count);
	}
	for (size_t i = 0; before != NULL && i < cdr_roster_key_count(before->body) && err == CDR_OK; i++) {
		key = cdr_roster_key_at(before->body, i);
		if (!cdr_roster_key_find(after->body, key.kind, key.number, &kept))
			err = write_event(after, CDR_KEY_OVER, key.kind, key.number, &leaves[(*count)++]);
	}
	return err;
}

/* see audit/key_leaf.h */
cdr_err
cdr_key_deleted_leaf(const struct cdr_roster *roster, enum cdr_key_kind kind, uint32_t number, uint64_t unmoved,
    struct cdr_leaf *leaf)
{
	cdr_err err = write_event(roster, CDR_KEY_DELETED, kind, number, leaf);

	cdr_leaf_number_add(leaf, unmoved);
	return err;
}
