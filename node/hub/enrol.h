#ifndef CDR_NODE_HUB_ENROL_H
#define CDR_NODE_HUB_ENROL_H

/* How an organisation becomes a member: an invitation, its one use, and what the secretariat does with members later. */

#include "node/hub/hub.h"

#define CDR_HUB_INVITATION_SECRET_LEN 16
#define CDR_HUB_INVITATION_LEN (CDR_HUB_INVITATION_SECRET_LEN + CDR_GENESIS_HASH_LEN)
#define CDR_HUB_INVITATION_TEXT_LEN 97 /* 77 base-32 digits in groups of four, and the NUL */

struct cdr_hub_invitation {
	const char *id;            /* of the member to be */
	const char *name;
	const char *country;       /* ISO 3166-1 alpha-3 */
	uint64_t check_points;
	uint64_t import_points;
	uint64_t expires_at;
};

/**
 * cdr_hub_invite(hub, invitation, now, code, fault):
 * Let one organisation in once. An invitation for the same id that was not used stops working.
 *
 * code   out, secret   what the organisation is given; the hub keeps a hash of its secret part
 *
 * Returns  CDR_OK; CDR_E_INPUT for an id, name or country that is none; CDR_E_RANGE for no points; CDR_E_EXISTS if there
 *          is such a member and it is not revoked, here or in the roster in force; CDR_E_STORE, CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_hub_invite(struct cdr_hub *hub, const struct cdr_hub_invitation *invitation, uint64_t now,
    char code[static CDR_HUB_INVITATION_TEXT_LEN], struct cdr_fault *fault);

/*
 * /v1/join: JoinRequest to JoinReply. The member waits, pending, until a roster names it; a repeat with the same keys
 * tells how far that is. CDR_E_INPUT for a card that is none; CDR_E_REFUSED for a certificate that is not the card's,
 * or a code that is unknown, too old, or was used by other keys; CDR_E_EXISTS if another party has one of the keys,
 * or they were revoked, for this member or for another one.
 */
cdr_err cdr_hub_join(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/* CDR_E_INPUT if ${key}, CDR_HPKE_PUBLIC_LEN bytes, is no point of P-256: a member with such a key nobody could write to. */
CDR_MUST_CHECK cdr_err cdr_hub_check_sealing_key(const uint8_t *key, struct cdr_fault *fault);

/* The signing key that a JoinRequest brings: its signature is verified with it. */
struct cdr_bytes cdr_hub_join_key(const ProtobufCMessage *message);

/**
 * cdr_hub_member_set(hub, id, status, now, fault):
 * Suspend, revoke or restore ("active") a member. It holds here from the next request on; the roster that tells
 * everybody is proposed, and waits for countersignatures. A member that is only pending can be revoked: it then never was one.
 * Who was revoked is not restored but invited, with new keys; those that it had let nobody in from then on, whether or not a roster ever says so.
 *
 * Returns  CDR_OK, also if it has that status; CDR_E_ABSENT; CDR_E_REFUSED if it cannot get that status from where it
 *          is; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_hub_member_set(struct cdr_hub *hub, const char *id, const char *status, uint64_t now,
    struct cdr_fault *fault);

#endif
