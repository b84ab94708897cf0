#ifndef CDR_TESTS_UNIT_MEMBER_WORLD_PLAY_H
#define CDR_TESTS_UNIT_MEMBER_WORLD_PLAY_H

/* What the parts of the world that play its parties say to each other. Internal to world*.c. */

#include "tests/unit/member/world.h"

/* A reply on its way. */
struct w_reply {
	int status;
	struct cdr_buffer body, attachment;
};

/* Answer with a message; with a refusal. */
void w_say(struct w_reply *reply, const ProtobufCMessage *message);
void w_refuse(struct w_reply *reply, cdr_err err);

/* Whose key a signer's name stands for. */
const struct w_keys *w_find(const struct world *w, const char *signer);

/* What the hub answers to ${path}. */
void w_hub(struct world *w, const char *path, const struct cdr_envelope *envelope, struct w_reply *reply);

/* The newest roster, unless the asker has it, or it is not given. */
void w_roster_reply(struct world *w, const struct cdr_envelope *envelope, bool gives, struct w_reply *reply);

/* Lots of the trustees, and an auditor (a trustee, from 1) who is shown something: /v1/sample/list, /v1/sample/open. */
void w_sample_list(struct w_samples *s, const Cdr__Wire__SampleListRequest *request, struct w_reply *reply);
void w_sample_open(struct w_samples *s, size_t auditor, struct cdr_bytes body, struct w_reply *reply);
void w_samples_free(struct w_samples *s);

/* ---- the log of hub and witnesses, honest or not ---- */

/* A receipt with all that it points to. */
struct w_receipt {
	Cdr__Wire__Receipt message;
	struct cdr_buffer leaf;
	uint8_t salt[CDR_LEAF_SALT_LEN], signature[CDR_SIGNATURE_LEN];
};

/*
 * Append a leaf, unless one with that content is there (that of a check is another one each time, since it names the newest
 * root). The receipt is freed by the caller: its leaf.
 */
void w_log_append(struct world *w, struct cdr_leaf *leaf, struct w_receipt *receipt);

/* The leaf of an act by ${signer}. */
void w_log_act(struct world *w, enum cdr_leaf_kind kind, const char *signer, const struct cdr_bytes *parts,
    size_t count, struct w_receipt *receipt);

/* /v1/log/evaluation */
void w_log_evaluation(struct world *w, const char *signer, const Cdr__Wire__SignedEvaluation *message,
    struct w_reply *reply);

/* /v1/log/checkpoint */
void w_log_checkpoint(struct world *w, const Cdr__Wire__CheckpointRequest *request, struct w_reply *reply);

/* /v1/witness/latest at a trustee */
void w_log_latest(struct world *w, size_t at, struct w_reply *reply);

/* /v1/witness/contradictions at a trustee */
void w_log_contradictions(struct world *w, size_t at, const struct cdr_envelope *envelope, struct w_reply *reply);

/* What a trustee asks of a request before it evaluates. */
void w_log_see(struct world *w, struct cdr_bytes body, struct cdr_bytes proof);

#endif
