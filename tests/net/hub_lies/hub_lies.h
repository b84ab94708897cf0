#ifndef CDR_TESTS_NET_HUB_LIES_H
#define CDR_TESTS_NET_HUB_LIES_H

/*
 * What a lying hub (tests/net/lying_hub.c) is made of: a question with the honest answer to it, and the lies, each of which puts another
 * answer in that one's place, or leaves it where the lie does not concern the caller. Each is named by the word of the lie file, and what follows it there.
 */

#include "node/hub/command.h"
#include "node/hub/routes.h"
#include "node/net/service.h"
#include "tests/net/lie.h"

#define KEPT_MAX 64 /* letters, and replies, that are remembered */

/* A letter that went through here, or a reply that was given. */
struct kept {
	char name[2 * CDR_SIGNER_LEN_MAX + 2]; /* of a reply: path and caller */
	char from[CDR_SLUG_LEN_MAX + 1], to[CDR_SLUG_LEN_MAX + 1];
	uint8_t id[CDR_MAIL_ID_LEN];
	struct cdr_buffer bytes;
};

struct liar {
	struct cdr_hub_open open;
	struct cdr_service service;
	struct lie lie;              /* as it was read last */
	size_t told;                 /* how often it was told since it changed */
	struct kept letter[KEPT_MAX], reply[KEPT_MAX];
	size_t letter_count, reply_count;
};

/* A question, and the honest answer to it. */
struct question {
	struct liar *liar;
	const char *path;
	struct cdr_bytes bytes;
	const uint8_t *pin;
	struct cdr_envelope envelope;  /* of the question */
	struct cdr_buffer *reply;
	struct cdr_envelope honest;    /* of the reply */
	struct cdr_arena arena;
};

/* The caller's member id, or its whole name. */
const char *lie_caller(const struct question *q);

/* Put a body, or a message, signed by this hub for this question, in the answer's place. */
cdr_err lie_answer_body(struct question *q, struct cdr_bytes body);
cdr_err lie_answer(struct question *q, const ProtobufCMessage *message);

/* What the honest answer says. */
cdr_err lie_honest(struct question *q, const ProtobufCMessageDescriptor *type, void *message);

/* ---- rosters.c ---- */

/* swap-key MEMBER: the hub's own sealing key in a member's place, so that it can read what is written to it; roll-key: signed by the hub. */
cdr_err lie_swap_key(struct question *q);

/* withhold CALLER: no newer roster is given to it. */
cdr_err lie_withhold(struct question *q);

/* invent-member MEMBER: somebody who does not exist, with keys that the hub has. */
cdr_err lie_invent_member(struct question *q);

/* old-roster VERSION: one that was in force, with every signature. */
cdr_err lie_old_roster(struct question *q);

/* genesis-all: the genesis roster with other trustees' keys; genesis-others: the caller finds its own entry as it should be. */
cdr_err lie_genesis_all(struct question *q);
cdr_err lie_genesis_others(struct question *q);

/* ---- letters.c ---- */

/* alter-letter: one bit of each. */
cdr_err lie_alter_letter(struct question *q);

/* rename-sender MEMBER: as if somebody else had written them. */
cdr_err lie_rename_sender(struct question *q);

/* redirect MEMBER MEMBER: the first one's letters, given to the second. */
cdr_err lie_redirect(struct question *q);

/* replay MEMBER: all its letters a second time; replay-other-id MEMBER: as new ones. */
cdr_err lie_replay(struct question *q);
cdr_err lie_replay_other_id(struct question *q);

/* hold MEMBER: there is no mail for it; it can only be for later. */
cdr_err lie_hold(struct question *q);

/* reverse: the newest letter first. */
cdr_err lie_reverse(struct question *q);

/* drop MEMBER MEMBER: what the first writes to the second is acknowledged, with a receipt, and thrown away. */
void lie_drop(struct question *q, const struct lie *lie);

/* ---- matches.c ---- */

/* hide-match MEMBER: nobody like that ever worked there, says the hub; that somebody agrees it cannot hide. */
cdr_err lie_hide_match(struct question *q);

/* hide-rows MEMBER: there is no such tag at all, says the hub. */
cdr_err lie_hide_rows(struct question *q);

/* hide-proof MEMBER: nobody like that worked there, and no proof. */
cdr_err lie_hide_proof(struct question *q);

/* forget-people MEMBER: its people are taken out of the index, and it is not told. */
cdr_err lie_forget_people(struct question *q);

/* invent-match MEMBER: it holds somebody like that, says the hub, and names a leaver that it does hold, or nobody. */
cdr_err lie_invent_match(struct question *q);

/* old-index MEMBER: what that member changed last is left out of what the check is answered from. */
void lie_old_index(struct question *q, struct lie *lie);

#endif
