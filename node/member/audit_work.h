#ifndef CDR_NODE_MEMBER_AUDIT_WORK_H
#define CDR_NODE_MEMBER_AUDIT_WORK_H

/* One check of the log on its way, for the files that share it: audit.c (the hub), audit_trustee.c (the trustees), audit_found.c (what is kept). */

#include "node/member/audit.h"

/* A receipt in the database. */
struct cdr_audit_held {
	uint64_t place, kept_at;
	uint8_t hash[CDR_MERKLE_HASH_LEN];
	struct cdr_buffer bytes;
};

/* Something that a trustee keeps and shows us now. trustee 0: nothing. */
struct cdr_audit_told {
	uint32_t trustee;
	uint64_t size;                      /* of the log that the hub signed */
	const struct cdr_buffer *own;       /* the hub's other word for a log of that size; NULL: what the hub shows us now contradicts it */
};

/* A trustee's signed word that checks of ours were answered from an old index. */
struct cdr_audit_word {
	uint32_t trustee;
	struct cdr_buffer request, reply;
	uint64_t place[CDR_OLD_INDEX_MAX];
	size_t place_count;
};

struct cdr_audit_work {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	struct cdr_audit *audit;
	bool again;
	bool is_sampling;                   /* some of those that were proved before, from a random place on */
	bool has_looked;                    /* for a newer roster */
	uint64_t now;
	struct cdr_checkpoint before;       /* what was verified last, yesterday or a moment ago; size 0: nothing */
	struct cdr_buffer before_note;
	struct cdr_checkpoint newest;       /* what the hub shows now */
	struct cdr_buffer newest_note;
	struct cdr_buffer request, reply;   /* what the hub was asked last, and its signed answer */
	struct cdr_buffer withheld;         /* a roster that the hub does not give; evidence */
	int64_t from;                       /* receipts from this place on are next */
	struct cdr_audit_held held[CDR_LOG_POSITIONS_MAX];
	size_t held_count;
	bool proved[CDR_LOG_POSITIONS_MAX];
	char absent[CDR_FAULT_LEN / 2];     /* trustees that did not tell what they saw */
	struct cdr_audit_told told;
	struct cdr_audit_word word[CDR_TRUSTEE_COUNT_MAX]; /* one of each that said so */
	size_t word_count;
};

/* Whether that word is about the check at ${place}. */
bool cdr_audit_word_has(const struct cdr_audit_word *word, uint64_t place);

/* Something does not hold: keep it, write the evidence, tell the log. What a trustee tells again, or another one tells too, is no finding any more. */
void cdr_audit_find(struct cdr_audit_work *c, enum cdr_audit_kind kind, uint64_t place, const char *parties, const struct cdr_buffer *receipt,
    const struct cdr_buffer *other);

/*
 * Ask for the newest checkpoint and for proofs of leaves. It must extend ${known}, which is held up to the hub: its answer then
 * shows that it had signed this before.
 */
CDR_MUST_CHECK cdr_err cdr_audit_ask(struct cdr_audit_work *c, const struct cdr_checkpoint *known, uint64_t *position, size_t count,
    struct cdr_ask *ask, struct cdr_fault *fault);

/* What a hub answers that has no log of that length. Busy says nothing: its witnesses may be away. */
bool cdr_audit_is_unable(const struct cdr_ask *ask, cdr_err err);

/* What the hub shows, as the newest roster reads it. Of its errors CDR_E_MEMORY alone is ours. */
CDR_MUST_CHECK cdr_err cdr_audit_read_shown(struct cdr_audit_work *c, const Cdr__Wire__CheckpointReply *reply, struct cdr_checkpoint *shown);

/* Take it for the newest. CDR_E_MEMORY. */
CDR_MUST_CHECK cdr_err cdr_audit_take_newest(struct cdr_audit_work *c, const Cdr__Wire__CheckpointReply *reply, const struct cdr_checkpoint *shown);

/* Whether ${hashes} prove that ${to} continues the log of ${from} leaves. */
bool cdr_audit_extends(uint64_t from, const uint8_t *from_root, const struct cdr_checkpoint *to, struct cdr_bytes hashes);

/* Hold what every trustee saw, and the roster that it has, against what the hub shows. */
CDR_MUST_CHECK cdr_err cdr_audit_compare(struct cdr_audit_work *c);

/* Ask every trustee what it keeps of the hub's words that cannot all be true, and see for ourselves whether they cannot. */
CDR_MUST_CHECK cdr_err cdr_audit_hear(struct cdr_audit_work *c);

#endif
