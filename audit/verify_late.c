#include <string.h>

#include "audit/verify.h"

/* Whether the time was over when an auditor said so: audit/verify.h. A trustee goes by the same rule (node/trustee/sample_late.h), and is never sooner. */

/* The roster of that version; NULL if the folder has none. */
static const struct cdr_roster *
roster_of(const struct cdr_verify *v, uint64_t version)
{
	for (size_t i = 0; i < v->roster_count; i++)
		if (v->roster[i]->body->version == version)
			return v->roster[i];
	return NULL;
}

static bool
same_key(const Cdr__Wire__Member *a, const Cdr__Wire__Member *b)
{
	const ProtobufCBinaryData x = a->party->signing_key, y = b->party->signing_key;

	return x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
}

/* What the rosters that came into force say of one member. */
struct life {
	const Cdr__Wire__Member *member; /* NULL: not in yet */
	bool is_active, has_other_keys;
	uint64_t active_at;              /* when it was active again; 0: it always was */
};

static void
live(struct life *life, const struct cdr_roster *roster, const struct cdr_verify_found *f, const struct cdr_verify_leaf *leaf)
{
	const Cdr__Wire__Member *next = cdr_roster_member(roster, f->member);
	bool is_active = next != NULL && cdr_roster_member_is_active(next);

	if (is_active && !life->is_active)
		life->active_at = leaf->leaf.at;
	if (leaf->position > f->position && next != NULL && life->member != NULL && !same_key(life->member, next))
		life->has_other_keys = true;
	life->is_active = is_active;
	if (next != NULL)
		life->member = next;
}

/* When the time to answer is over, as the log stands before leaf ${end}; UINT64_MAX: not as long as nothing changes. */
static uint64_t
end_of_time(const struct cdr_verify *v, const struct cdr_verify_found *asked, uint64_t end)
{
	uint64_t from = v->sample[asked->sample - 1].at;
	struct life life = { .member = cdr_roster_member(v->roster[0], asked->member) };

	life.is_active = life.member != NULL && cdr_roster_member_is_active(life.member);
	for (size_t i = 0; i < v->open_count && v->open[i].position < end; i++) {
		const struct cdr_leaf *leaf = &v->open[i].leaf;
		const struct cdr_roster *roster = leaf->kind == CDR_LEAF_ROSTER && leaf->number_count > 0 ? roster_of(v, leaf->number[0]) : NULL;
		if (roster != NULL)
			live(&life, roster, asked, &v->open[i]);
	}
	if (!life.is_active || life.has_other_keys)
		return UINT64_MAX;
	from = asked->at > from ? asked->at : from;
	from = life.active_at > from ? life.active_at : from;
	return from + cdr_sample_answer_s(v->roster[v->roster_count - 1]);
}

/* see audit/verify.h */
void
cdr_verify_late(struct cdr_verify *v, const struct cdr_verify_found *found, size_t count, bool is_last)
{
	const struct cdr_verify_found *last = &found[count - 1];

	if (last->outcome == CDR_SAMPLE_LATE &&
	    (found->outcome != CDR_SAMPLE_ASKED || last->at < end_of_time(v, found, last->place))) {
		if (v->early_count < CDR_VERIFY_EARLY_MAX)
			v->early[v->early_count] = *last;
		v->early_count++;
	}
	if (last->outcome == CDR_SAMPLE_ASKED && is_last)
		v->unanswered_count += end_of_time(v, found, UINT64_MAX) < v->witnessed_at;
}
