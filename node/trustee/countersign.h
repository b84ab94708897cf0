#ifndef CDR_NODE_TRUSTEE_COUNTERSIGN_H
#define CDR_NODE_TRUSTEE_COUNTERSIGN_H

/*
 * What a trustee countersigns.
 *
 * By itself: what suspends, revokes or lowers; a member's next sealing key, if that member signed it; and a key that it made
 * together with the others. With its operator's
 * approval of the fingerprint: who comes in, comes in again, gets other keys, another name or a higher quota. Nothing
 * else.
 *
 * Such an approval is for the member's keys and no proposal, since proposals are made anew while other operators are asked; so it serves once, and for
 * CDR_TRUSTEE_APPROVAL_S: what is proposed again later is asked about again, because who was to come in, or back, may be in other hands by then. All other
 * approvals are of one thing each, and need no end: a change of trustees names the trustees in force and those after with every key, and gives shares of
 * the keys as they stand then, which a refresh or another change ends; a proposal is approved by its hash, where a backup forgot what was signed; a key or
 * other shares asked for before their time are made while the operator's command runs, and not by a word that is kept.
 *
 * The hub makes a proposal anew when more is to change before enough have countersigned, so a trustee may sign several
 * proposals of one version. Then a hub could complete more than one of them, and show them to different parties. That
 * gains it nothing that it would not gain by showing an older version, as long as the later proposal takes back nothing
 * of the earlier one but an addition: a suspension that one party has seen is in every later roster. A lower quota that came with other keys is part of
 * that addition, and goes with them; one under the key in force is noted, and stays. So a proposal is
 * judged twice: against the roster in force, and against the last proposal of the same version that was countersigned. A trustee
 * that was put back from a backup may have forgotten that one: proposals of that version wait for its operator, who asks the other
 * trustees whether they countersign the same.
 *
 * Nothing but what stops members is countersigned while the log, as far as this trustee took it in, lacks a roster that came into force here more than a
 * day ago: so a hub cannot have rosters followed for long of which the log does not tell. An honest one shows the log to every trustee each quarter of an hour.
 *
 * Nor a new key that is said to have begun long before it was made, or to end within months, nor a roster with a key whose time was up a week ago: whoever decides when keys end
 * could delete an index before nodes have moved, or have old shares kept for ever.
 */

#include "keys/roster_diff.h"
#include "node/trustee/trustee.h"

#define CDR_TRUSTEE_APPROVAL_S (UINT64_C(60) * 86400)

enum cdr_trustee_view {
	CDR_VIEW_AGREED,    /* countersigned without, or with, the approval that there is */
	CDR_VIEW_ASKS,      /* the operator's approval is missing */
	CDR_VIEW_REFUSED,
};

/* What a trustee thinks of a proposal: one view for each entry of the diff against the roster in force. */
struct cdr_trustee_opinion {
	struct cdr_roster_diff diff;
	enum cdr_trustee_view *view;
	struct cdr_roster *earlier;    /* the last proposal of the same version that was countersigned; NULL: none, or this one */
	struct cdr_roster_diff back;   /* what this one changes of it */
	bool has_forgotten;            /* it may have countersigned another one, before it was put back: it waits for the operator */
	bool agrees;
	struct cdr_fault reason;  /* if it does not: the first thing in the way */
};

/**
 * cdr_trustee_judge(tx, before, proposal, opinion):
 * Form an opinion of a proposal.
 *
 * before    in    the roster in force
 * opinion   out   borrows from both rosters; freed by cdr_trustee_opinion_free, also on error
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_ROSTER if what was countersigned earlier cannot be read; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_judge(struct cdr_tx *tx, const struct cdr_roster *before,
    const struct cdr_roster *proposal, struct cdr_trustee_opinion *opinion);
void cdr_trustee_opinion_free(struct cdr_trustee_opinion *opinion);

/**
 * cdr_trustee_proposal_fetch(trustee, before, proposal, fault):
 * What waits at the hub. It came signed by the hub; whether it may be countersigned is for cdr_trustee_judge.
 *
 * proposal   out   new, owned by the caller; NULL if nothing waits, or on error
 *
 * Returns  CDR_OK; CDR_E_ROSTER if it is no roster; as cdr_ask_send.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_proposal_fetch(const struct cdr_trustee *trustee, const struct cdr_roster *before,
    struct cdr_roster **proposal, struct cdr_fault *fault);

/**
 * cdr_trustee_countersign(trustee, before, proposal, opinion, fault):
 * Judge, and if the trustee agrees, note that durably and post the countersignature. Judging and noting are one
 * transaction, so two processes of one trustee cannot sign what contradicts.
 *
 * opinion   out   as cdr_trustee_judge
 *
 * Returns  CDR_OK, whether it agrees or not; as cdr_trustee_judge and cdr_ask_send.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_countersign(const struct cdr_trustee *trustee, const struct cdr_roster *before,
    const struct cdr_roster *proposal, struct cdr_trustee_opinion *opinion, struct cdr_fault *fault);

/**
 * cdr_trustee_approve(trustee, change):
 * The operator's yes to one change: of this kind, for these keys, in this country, with these quotas or lower ones, once: until
 * it is in force.
 *
 * change   in   of the opinion about the proposal; its fingerprint was compared with what the member read out
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_INTERNAL if it is no change that needs approval.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_approve(const struct cdr_trustee *trustee, const struct cdr_roster_diff_entry *change);

/**
 * cdr_trustee_approve_proposal(trustee, proposal):
 * The operator's yes to this very proposal, of a trustee that may have forgotten another one of that version: the other trustees
 * have the same, by its fingerprint.
 *
 * Returns  CDR_OK; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_approve_proposal(const struct cdr_trustee *trustee, const struct cdr_roster *proposal);

/**
 * cdr_trustee_is_stopped(tx, member, version, stopped):
 * Whether this trustee countersigned, for a version after ${version}, which is in force, that ${member} is suspended or revoked.
 *
 * Returns  CDR_OK; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_is_stopped(struct cdr_tx *tx, const char *member, uint64_t version, bool *stopped);

/* What came of the last poll, so that a daemon neither posts nor logs the same thing every time. Zeroed: nothing. */
struct cdr_trustee_polled {
	uint8_t hash[CDR_ROSTER_HASH_LEN]; /* of the proposal */
	bool agreed;
	cdr_err reason;
	uint64_t unlogged;                 /* the roster that the log lacks, as it was told; 0: none */
};

/**
 * cdr_trustee_poll(trustee, polled, fault):
 * Look for a newer roster, then for a proposal, and countersign it if that is right.
 *
 * polled   in/out
 *
 * Returns  CDR_OK; as the calls above.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_poll(struct cdr_trustee *trustee, struct cdr_trustee_polled *polled,
    struct cdr_fault *fault);

#endif
