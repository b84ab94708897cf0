#ifndef CDR_KEYS_ROSTER_DIFF_H
#define CDR_KEYS_ROSTER_DIFF_H

/*
 * What changed between two rosters, one finding for each thing, and what a trustee needs before it countersigns that.
 * A trustee's promise is that nobody comes in, or gets more, without somebody there having said yes; that whoever is to
 * stay out stays out needs no asking.
 */

#include "proto/roster.h"

#define CDR_ROSTER_DIFF_TEXT_LEN 256

enum cdr_roster_diff_kind {
	CDR_DIFF_MEMBER_ADDED = 1,
	CDR_DIFF_MEMBER_REMOVED,    /* its entry is gone; members who leave are revoked, and stay in the roster */
	CDR_DIFF_MEMBER_PARTY,      /* another name, url or key, but for the next line */
	CDR_DIFF_MEMBER_SEALING,    /* the same member, by its signing key, has another sealing key */
	CDR_DIFF_MEMBER_QUOTA_UP,
	CDR_DIFF_MEMBER_QUOTA_DOWN,
	CDR_DIFF_MEMBER_STRICTER,   /* active to suspended, either to revoked */
	CDR_DIFF_MEMBER_RESTORED,   /* the other way; never with a key that was revoked */
	CDR_DIFF_MEMBER_OTHER,      /* country or the time of joining */
	CDR_DIFF_KEY_ADDED,         /* of an epoch or of the statistics */
	CDR_DIFF_KEY_ENDED,         /* the oldest went, because a newer one came in and there is no room for more */
	CDR_DIFF_KEY_TIMES,         /* of a key that is in both */
	CDR_DIFF_KEY_SHARES,        /* the same key in other shares */
	CDR_DIFF_KEY_OTHER,         /* its key, shares, transcript or scheme version; or it is gone */
	CDR_DIFF_SCHEME,            /* a rule of the exchange */
	CDR_DIFF_TRUSTEES,          /* other trustees, or another threshold */
	CDR_DIFF_PARTIES,           /* the hub */
};

/* What it takes to countersign a change. */
enum cdr_roster_diff_need {
	CDR_NEED_NOTHING = 0,       /* it takes away; or the member itself signed it */
	CDR_NEED_APPROVAL,          /* the operator's, of this member's fingerprint and quotas */
	CDR_NEED_CEREMONY,          /* a key that this trustee made, or gave other shares, together with the others */
	CDR_NEED_CHANGE,            /* the operator's approval of exactly these trustees */
	CDR_NEED_REFUSAL,           /* nothing: never */
};

struct cdr_roster_diff_entry {
	enum cdr_roster_diff_kind kind;
	enum cdr_roster_diff_need need;
	const Cdr__Wire__Member *member;           /* as it is to be; as it was, where it is gone; NULL for no member */
	struct cdr_roster_key key;                 /* likewise; its kind is 0 where it is about no key */
	uint8_t fingerprint[CDR_ROSTER_HASH_LEN];  /* of the member's keys as they are to be; zeros for no member */
	char text[CDR_ROSTER_DIFF_TEXT_LEN];       /* for a person */
};

/* Borrows from both rosters. */
struct cdr_roster_diff {
	struct cdr_roster_diff_entry *entry;
	size_t count;
};

/**
 * cdr_roster_diff_new(before, after, diff):
 * Everything in which the bodies of ${after} and ${before} differ, except version, previous and made_at.
 *
 * diff   out   freed by cdr_roster_diff_free, also on error
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_roster_diff_new(const struct cdr_roster *before, const struct cdr_roster *after,
    struct cdr_roster_diff *diff);
void cdr_roster_diff_free(struct cdr_roster_diff *diff);

/* The name of a kind, for --json and logs: "member-added"; "unknown" for another value. */
const char *cdr_roster_diff_kind_name(enum cdr_roster_diff_kind kind);

#endif
