#ifndef CDR_NODE_MEMBER_ENROL_H
#define CDR_NODE_MEMBER_ENROL_H

/* Joining an exchange, and keeping up with its roster. */

#include "node/member/member.h"

#define CDR_INVITATION_SECRET_LEN 16
#define CDR_INVITATION_LEN (CDR_INVITATION_SECRET_LEN + CDR_GENESIS_HASH_LEN)

/**
 * cdr_enrol_load_roster(member, fault):
 * Put the newest roster of the database in force; nothing happens before `join`.
 *
 * Returns  CDR_OK; CDR_E_STORE if the database holds none; CDR_E_ROSTER if it is none; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_enrol_load_roster(struct cdr_member *member, struct cdr_fault *fault);

/**
 * cdr_enrol_join(member, url, code, fault):
 * Ask the hub at ${url} to be let in. The invitation carries the hash of the genesis roster: a hub that shows another
 * one, or that has another key than that one names, learns nothing but that somebody called.
 *
 * code    in, secret   as `candor-hub invite` printed it
 *
 * Returns  CDR_OK: asked, and written down; CDR_E_INPUT for a code that is none; CDR_E_EXISTS if the node belongs to an
 *          exchange; CDR_E_ROSTER, CDR_E_SIGNATURE if the hub is not the invitation's; CDR_E_REFUSED, CDR_E_ABSENT if
 *          the hub does not take the code; CDR_E_NETWORK, CDR_E_TIME. A repeat after a failure is harmless.
 */
CDR_MUST_CHECK cdr_err cdr_enrol_join(struct cdr_member *member, const char *url, const char *code,
    struct cdr_fault *fault);

/**
 * cdr_enrol_refresh(member, fault):
 * Ask the hub for a newer roster, verify it against the one in force, keep it, put it in force.
 *
 * Returns  CDR_OK, also if there is none; CDR_E_ROSTER for one that does not follow; as cdr_ask_send.
 */
CDR_MUST_CHECK cdr_err cdr_enrol_refresh(struct cdr_member *member, struct cdr_fault *fault);

/**
 * cdr_enrol_take_roster(member, held, sent, fault):
 * Verify a roster, from the hub or from anybody else, against the one that is held; keep it, put it in force.
 *
 * Returns  CDR_OK; CDR_E_ROSTER for one that does not follow; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_enrol_take_roster(struct cdr_member *member, const struct cdr_roster *held,
    const Cdr__Wire__SignedRoster *sent, struct cdr_fault *fault);

/* How the exchange has this node, by the roster in force. */
enum cdr_enrol_standing {
	CDR_ENROL_WAITS,     /* asked, and not let in yet */
	CDR_ENROL_ACTIVE,
	CDR_ENROL_SUSPENDED,
	CDR_ENROL_REVOKED,   /* these keys are refused for good: they were revoked, or the organisation has others since */
};
enum cdr_enrol_standing cdr_enrol_standing(const struct cdr_member *member);

/* A member that has other keys since then: it lost those that it had, and enrolled anew. */
#define CDR_ENROL_ANEW_MAX 64
struct cdr_enrolled_anew {
	char member[CDR_SLUG_LEN_MAX + 1];
	uint64_t at;                           /* when this node learnt it */
};

/**
 * cdr_enrol_anew_list(member, list, count):
 * Those of whom this node knows it, the latest first.
 *
 * list   out   CDR_ENROL_ANEW_MAX places
 *
 * Returns  CDR_OK; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_enrol_anew_list(struct cdr_member *member, struct cdr_enrolled_anew list[static CDR_ENROL_ANEW_MAX],
    size_t *count);

/* Whether the roster in force names this node with its keys, and its status is active. */
bool cdr_enrol_is_active(const struct cdr_member *member);

/**
 * cdr_enrol_fingerprint(member, text):
 * What is read out to the trustees by telephone before they let this node in.
 *
 * Returns  CDR_OK; CDR_E_ABSENT before `join`; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_enrol_fingerprint(const struct cdr_member *member, char text[static CDR_FINGERPRINT_TEXT_LEN]);

#endif
