#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/key_leaf.h"
#include "audit/verify.h"

/* What the log says of keys: see audit/key_leaf.h. */

/* How many trustees of ${before} have said, in the leaves before ${end}, that the key is as ${content} has it. */
static size_t
count_said(const struct cdr_verify *v, size_t end, const struct cdr_roster *before, const uint8_t *content)
{
	bool has_said[CDR_TRUSTEE_COUNT_MAX + 1] = { false };
	char party[CDR_SIGNER_LEN_MAX + 1];
	size_t count = 0;

	for (size_t i = 0; i < end; i++) {
		const struct cdr_leaf *leaf = &v->open[i].leaf;
		if (leaf->kind != CDR_LEAF_CEREMONY || memcmp(leaf->content, content, CDR_LEAF_CONTENT_LEN) != 0)
			continue;
		for (uint32_t k = 1; k <= before->body->n_trustee && k <= CDR_TRUSTEE_COUNT_MAX; k++) {
			(void)snprintf(party, sizeof(party), "trustee/%" PRIu32, k);
			if (!has_said[k] && leaf->party_count == 1 && strcmp(leaf->party[0], party) == 0) {
				has_said[k] = true;
				count++;
			}
		}
	}
	return count;
}

/* Each key that came, or came by other shares, with the roster that leaf ${at} records: t trustees have said so before. */
static cdr_err
check_said(const struct cdr_verify *v, size_t at, const struct cdr_roster *before, const struct cdr_roster *after,
    struct cdr_fault *fault)
{
	for (size_t i = 0; i < cdr_roster_key_count(after->body); i++) {
		const struct cdr_roster_key key = cdr_roster_key_at(after->body, i);
		struct cdr_roster_key old;
		uint8_t content[CDR_LEAF_CONTENT_LEN];
		bool is_same = cdr_roster_key_find(before->body, key.kind, key.number, &old) && old.transcript.len == key.transcript.len &&
		    memcmp(old.transcript.data, key.transcript.data, key.transcript.len) == 0;

		if (is_same)
			continue;
		cdr_err err = cdr_key_said_content(&key, after->body->threshold, content);
		if (err != CDR_OK)
			return err;
		size_t said = count_said(v, at, before, content);
		if (said < before->body->threshold)
			return cdr_fault_set(fault, CDR_E_PROOF, "roster %" PRIu64 " brings %s key %" PRIu32 " in a form of which the log has "
			    "the word of %zu trustees, and %" PRIu32 " are needed", after->body->version, cdr_key_kind_name(key.kind), key.number,
			    said, before->body->threshold);
	}
	return CDR_OK;
}

/* Whether two leaves say the same; their times need not agree. */
static bool
says(const struct cdr_leaf *leaf, const struct cdr_leaf *wanted)
{
	bool same = leaf->kind == wanted->kind && leaf->party_count == 1 && strcmp(leaf->party[0], wanted->party[0]) == 0 &&
	    leaf->number_count == wanted->number_count && memcmp(leaf->content, wanted->content, sizeof(leaf->content)) == 0;

	for (size_t i = 0; same && i < wanted->number_count; i++)
		same = leaf->number[i] == wanted->number[i];
	return same;
}

/* Right behind the leaf of a roster stands what it does to keys. ${at} is moved behind that. */
static cdr_err
check_events(const struct cdr_verify *v, size_t *at, const struct cdr_roster *before, const struct cdr_roster *after,
    struct cdr_fault *fault)
{
	struct cdr_leaf leaves[CDR_KEY_EVENT_MAX];
	uint64_t position = v->open[*at].position;
	size_t count;

	cdr_err err = cdr_key_events(before, after, leaves, &count);
	for (size_t i = 0; err == CDR_OK && i < count; i++) {
		++*at;
		if (*at >= v->open_count || v->open[*at].position != position + i + 1 || !says(&v->open[*at].leaf, &leaves[i]))
			return cdr_fault_set(fault, CDR_E_PROOF, "leaf %" PRIu64 " does not say that with roster %" PRIu64 " %s key %" PRIu64
			    " %s", position + i + 1, after->body->version, cdr_key_kind_name((enum cdr_key_kind)leaves[i].number[1]),
			    leaves[i].number[2], cdr_key_event_name((enum cdr_key_event)leaves[i].number[0]));
	}
	return err;
}

/* What no roster says: that the hub has deleted a key's rows, once it is over. */
static cdr_err
check_deleted(const struct cdr_verify_leaf *open, const struct cdr_roster *roster, struct cdr_fault *fault)
{
	const struct cdr_leaf *leaf = &open->leaf;
	struct cdr_leaf wanted;
	struct cdr_roster_key key;
	bool sound = roster != NULL && leaf->number_count == 4 && leaf->number[0] == CDR_KEY_DELETED &&
	    leaf->number[1] == CDR_KEY_TAGS && leaf->number[2] <= UINT32_MAX &&
	    !cdr_roster_key_find(roster->body, CDR_KEY_TAGS, (uint32_t)leaf->number[2], &key);

	if (sound) {
		cdr_err err = cdr_key_deleted_leaf(roster, CDR_KEY_TAGS, (uint32_t)leaf->number[2], leaf->number[3], &wanted);
		if (err != CDR_OK)
			return err;
		sound = says(leaf, &wanted);
	}
	return sound ? CDR_OK : cdr_fault_set(fault, CDR_E_PROOF, "leaf %" PRIu64 " says of a key what no roster says", open->position);
}

/* see audit/verify.h: the rosters in the log have been verified before. */
cdr_err
cdr_verify_key_leaves(struct cdr_verify *v, struct cdr_fault *fault)
{
	cdr_err err = CDR_OK;
	const struct cdr_roster *before = NULL;
	size_t version = 0;

	for (size_t i = 0; i < v->open_count && err == CDR_OK; i++) {
		const struct cdr_leaf *leaf = &v->open[i].leaf;

		if (leaf->kind == CDR_LEAF_EPOCH) {
			err = check_deleted(&v->open[i], before, fault);
		} else if (leaf->kind == CDR_LEAF_ROSTER) {
			const struct cdr_roster *after = v->roster[version++];

			if (before != NULL)
				err = check_said(v, i, before, after, fault);
			if (err == CDR_OK)
				err = check_events(v, &i, before, after, fault);
			before = after;
		}
	}
	return err;
}
