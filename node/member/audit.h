#ifndef CDR_NODE_MEMBER_AUDIT_H
#define CDR_NODE_MEMBER_AUDIT_H

/*
 * This node checks the log by itself: that its own acts stand in it, that the log of today begins with the log of yesterday, that
 * enough witnesses cosigned it lately, and that every trustee was shown the same one.
 *
 * What does not hold is a *finding*: kept in the database, told in the log and to whoever asks, and written with its evidence
 * (receipts, checkpoints, proofs) to a file that the secretariat, or anybody, can verify.
 */

#include "audit/checkpoint.h"
#include "node/member/member.h"

#define CDR_AUDIT_DAY_S 86400
#define CDR_AUDIT_STALE_S (2 * CDR_AUDIT_DAY_S) /* cosigned since then, or enough trustees can be asked now */
#define CDR_AUDIT_LATE_S 3600                  /* a receipt's leaf must be witnessed after so long, if the trustees are there */
#define CDR_AUDIT_FINDING_MAX 1000             /* kept */
#define CDR_AUDIT_FINDINGS 32                  /* of one check */

/* What can be wrong with the log. */
enum cdr_audit_kind {
	CDR_AUDIT_UNREADABLE = 0, /* what the hub shows is no checkpoint of this log, or not signed */
	CDR_AUDIT_UNWITNESSED,    /* too few trustees cosigned it */
	CDR_AUDIT_STALE,          /* they did so long ago, and too few can be asked now */
	CDR_AUDIT_SHORTER,        /* the log is shorter than it was: an old copy of the database was put back */
	CDR_AUDIT_REWRITTEN,      /* it does not begin with the log that was shown before */
	CDR_AUDIT_MISSING,        /* an act for which there is a receipt does not stand where it should */
	CDR_AUDIT_LATE,           /* it should have been witnessed long ago */
	CDR_AUDIT_TWICE,          /* two receipts for one place */
	CDR_AUDIT_SPLIT,          /* a trustee was shown another log than this node */
	CDR_AUDIT_WITHHELD,       /* a trustee has a newer roster than the hub gives this node; place is its version */
	CDR_AUDIT_TWO_HISTORIES,  /* a trustee keeps what the hub signed, and that contradicts what it signed besides; size is that of the log */
	CDR_AUDIT_OLD_INDEX,      /* enough trustees say that a check of ours, place is its, was answered from an old index */
	CDR_AUDIT_MISSING_THEIRS, /* the same as missing of what a trustee did: it showed the receipt */
	CDR_AUDIT_KIND_COUNT
};

struct cdr_audit_finding {
	enum cdr_audit_kind kind;
	uint64_t size;                       /* of the log as it was shown */
	uint64_t place;                      /* of the leaf, where it is about one */
	char parties[CDR_FAULT_LEN / 2];     /* who signed both sides of a contradiction, or who is to blame */
	uint32_t told_by;                    /* the trustee whose evidence it is; 0: this node saw it by itself */
	char path[CDR_FAULT_LEN];            /* of the file with the evidence; empty if it could not be written */
};

/* What a check found. */
struct cdr_audit {
	uint64_t size;                       /* of the log now; 0: nothing is witnessed yet */
	uint64_t witnessed_at;               /* seconds since 1970 */
	size_t witness_count;
	uint64_t proved_count, waiting_count; /* receipts: by this check; not old enough */
	uint64_t kept_count;                 /* receipts that were proved, by this check or one before */
	size_t trustee_count, compared_count; /* trustees, and how many told what they saw */
	size_t finding_count;
	struct cdr_audit_finding finding[CDR_AUDIT_FINDINGS];
};

/**
 * cdr_audit_check(member, again, audit, fault):
 * Check now.
 *
 * again   in    prove every receipt anew, also those that were proved before
 * audit   out   what was found; with an error what was found until then
 *
 * Returns  CDR_OK if everything holds; CDR_E_PROOF if there are findings; CDR_E_NETWORK, CDR_E_BUSY and the like if the hub cannot
 *          be asked now; CDR_E_ABSENT before the node has joined; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_audit_check(struct cdr_member *member, bool again, struct cdr_audit *audit,
    struct cdr_fault *fault);

/* A finding as it is kept; its path may be of a file that was moved since. */
struct cdr_audit_kept {
	uint64_t number, at;                 /* from 1; seconds since 1970 */
	struct cdr_audit_finding finding;
};

/**
 * cdr_audit_kept_list(member, each, context):
 * Every finding of this node and its daemon since it joined, the oldest first: what was found stays found, also when the log holds again.
 *
 * Returns  CDR_OK; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_audit_kept_list(struct cdr_member *member, void (*each)(void *context, const struct cdr_audit_kept *kept), void *context);

/* The daemon's task: check once a day, beginning with the first hour; findings go to the log. */
CDR_MUST_CHECK cdr_err cdr_audit_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault);

/* What a finding means, in plain words: English, French, Spanish, Arabic ("en", "fr", "es", "ar"; others: English). */
const char *cdr_audit_text(enum cdr_audit_kind kind, const char *language);
/* A stable name: "split". */
const char *cdr_audit_kind_name(enum cdr_audit_kind kind);

#endif
