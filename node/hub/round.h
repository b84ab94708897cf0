#ifndef CDR_NODE_HUB_ROUND_H
#define CDR_NODE_HUB_ROUND_H

/*
 * Rounds of statistics at the hub: it opens and closes them, keeps each member's last contribution and the trustees'
 * answers, adds up what it cannot read, and puts together what the trustees open.
 *
 *     open      contributions come in; a later one of a member replaces an earlier one
 *     closing   none comes in any more; the sums are being made
 *     closed    the hub has signed which contributions count; once enough trustees have witnessed that in the log, they
 *               answer, first for flags and noise, then for counts
 *     opened    t trustees have answered twice: there are totals
 *     published
 *     void      too few contributed: nothing will ever be opened
 *     given_up  the secretariat gave it up before it was opened: the trustees sign that they never will, and another round of
 *               the same months can be opened once all of them have
 *
 * Every step is one transaction and can be done again: a hub that was killed in the middle goes on where it was.
 */

#include "core/crypto/hash.h"
#include "node/hub/hub.h"
#include "proto/tally.h"

#define CDR_HUB_ROUND_STATE_LEN 12
#define CDR_HUB_ROUND_LISTED_MAX 8 /* rounds that a member is told of, the newest */

/* A round as the database has it. Buffers are empty where there is nothing yet. */
struct cdr_hub_round {
	struct cdr_round *round;
	char state[CDR_HUB_ROUND_STATE_LEN];
	struct cdr_buffer close;   /* SignedClose */
	struct cdr_buffer sums;
	struct cdr_buffer set;     /* SignedSet */
	struct cdr_buffer totals;  /* RoundTotals */
	uint64_t contributions;
	uint64_t close_place, set_place;         /* in the log, where there is a close, a set */
	struct cdr_buffer close_note, set_note;  /* checkpoints behind them, cosigned by cdr_round_quorum trustees */
	bool has_transcript;
	uint8_t transcript[CDR_SHA256_LEN];      /* of the sharing by which it was opened */
};
void cdr_hub_round_free(struct cdr_hub_round *r);

/* What a new round shall be. Borrowed. */
struct cdr_hub_round_plan {
	const char *period;                  /* "2026-H1" */
	const char *codebook_version;
	const Cdr__Wire__RoundTable *table;
	size_t table_count;
	uint32_t minimum;                    /* 0: the roster's */
	uint32_t epsilon_milli;              /* 0: exact sums */
	uint64_t deadline;
};

/**
 * cdr_hub_round_open(hub, plan, now, round, fault):
 * Open a round: define it, sign it, log it.
 *
 * round   out   freed by cdr_round_free; NULL on error
 *
 * Returns  CDR_OK; CDR_E_INPUT, CDR_E_REFUSED with what is wrong with the plan; CDR_E_ABSENT if there is no statistics key in
 *          force, or, where names are counted, no epoch; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_round_open(struct cdr_hub *hub, const struct cdr_hub_round_plan *plan, uint64_t now,
    struct cdr_round **round, struct cdr_fault *fault);

/**
 * cdr_hub_round_load(hub, hash, r):
 * Read one round.
 *
 * Returns  CDR_OK; CDR_E_ABSENT; CDR_E_STORE; CDR_E_MEMORY. ${r} is freed by the caller, also on error.
 */
CDR_MUST_CHECK cdr_err cdr_hub_round_load(struct cdr_hub *hub, const uint8_t hash[static CDR_ROUND_HASH_LEN],
    struct cdr_hub_round *r);

/**
 * cdr_hub_round_find(hub, id, hash, fault):
 * The round with the printed id ${id}; NULL or "": the newest.
 *
 * Returns  CDR_OK; CDR_E_INPUT if ${id} is no id; CDR_E_ABSENT.
 */
CDR_MUST_CHECK cdr_err cdr_hub_round_find(struct cdr_hub *hub, const char *id, uint8_t hash[static CDR_ROUND_HASH_LEN],
    struct cdr_fault *fault);

/* The hashes of all rounds, oldest first; ${out} is freed by the caller. */
CDR_MUST_CHECK cdr_err cdr_hub_round_list(struct cdr_hub *hub, uint8_t (**out)[CDR_ROUND_HASH_LEN], size_t *count);

/**
 * cdr_hub_round_close(hub, hash, early, now, fault):
 * Take no more contributions, add them up, sign which ones count. A round that was being closed is closed.
 *
 * early   in   also before the deadline
 *
 * Returns  CDR_OK, also if it is closed already; CDR_E_TIME before the deadline; CDR_E_BUSY if a roster has just come; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_round_close(struct cdr_hub *hub, const uint8_t hash[static CDR_ROUND_HASH_LEN], bool early,
    uint64_t now, struct cdr_fault *fault);

/* Rosters by version from the database, for struct cdr_tally_world. */
void cdr_hub_shelf(struct cdr_hub *hub, struct cdr_shelf *shelf);

/**
 * cdr_hub_round_give_up(hub, hash, fault):
 * Give up a round that was closed and not opened.
 *
 * Returns  CDR_OK, also if it is given up already; CDR_E_REFUSED in any other state; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_round_give_up(struct cdr_hub *hub, const uint8_t hash[static CDR_ROUND_HASH_LEN],
    struct cdr_fault *fault);

/**
 * cdr_hub_round_waits(hub, r, roster, text, size):
 * What a closed round waits for, in a sentence that names trustees; empty where there is nothing to say.
 */
CDR_MUST_CHECK cdr_err cdr_hub_round_waits(struct cdr_hub *hub, const struct cdr_hub_round *r,
    const struct cdr_roster *roster, char *text, size_t size);

/* Close every round whose deadline is over, and keep the witnessed checkpoints that those which are closed wait for. */
CDR_MUST_CHECK cdr_err cdr_hub_round_step(struct cdr_hub *hub, uint64_t now, struct cdr_fault *fault);

/**
 * cdr_hub_round_record(hub, hash, out, fault):
 * The whole record of an opened round (a RoundRecord), for whoever wants to recompute it. ${out} is owned by the caller.
 *
 * Returns  CDR_OK; CDR_E_ABSENT; CDR_E_REFUSED before it has totals; CDR_E_RANGE if it takes more than CDR_SHELF_MAX rosters; CDR_E_STORE;
 *          CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_round_record(struct cdr_hub *hub, const uint8_t hash[static CDR_ROUND_HASH_LEN],
    struct cdr_buffer *out, struct cdr_fault *fault);

/* Which cells of a round were published: see cdr_hub_round_excerpt. */
struct cdr_hub_published {
	const char *table;
	uint32_t cell;
};

/**
 * cdr_hub_round_excerpt(hub, hash, cells, count, out, fault):
 * The ciphertexts, and what opens them, of the published cells of an opened round (a RoundExcerpt), for anybody.
 *
 * Returns  CDR_OK; CDR_E_ABSENT for a cell that there is not, or that was not opened; CDR_E_REFUSED before the round is opened;
 *          CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_round_excerpt(struct cdr_hub *hub, const uint8_t hash[static CDR_ROUND_HASH_LEN],
    const struct cdr_hub_published *cells, size_t count, struct cdr_buffer *out, struct cdr_fault *fault);

/* What was published of a round. Borrowed. */
struct cdr_hub_release {
	const char *period;
	uint32_t version;
	struct cdr_bytes json;         /* as published: the next release of the period is held against it */
	const uint8_t *salt;           /* CDR_SHA256_LEN bytes: of the snapshot's hash in it */
	const uint8_t *hash;           /* SHA-256 of the JSON, for the log */
};

/**
 * cdr_hub_round_released(hub, hash, release, now, fault):
 * Keep what was published of an opened round, and log it.
 *
 * Returns  CDR_OK; CDR_E_REFUSED if the round is not opened; CDR_E_EXISTS if that version is there; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_round_released(struct cdr_hub *hub, const uint8_t hash[static CDR_ROUND_HASH_LEN],
    const struct cdr_hub_release *release, uint64_t now, struct cdr_fault *fault);

/* A trustee's word about a round: its answers, or why there are none. */
struct cdr_hub_round_answer {
	uint32_t trustee;
	bool first, second, never;
	char refusal[CDR_FAULT_LEN];
};
/* ${out} has room for CDR_TRUSTEE_COUNT_MAX; entry i is trustee i + 1. */
CDR_MUST_CHECK cdr_err cdr_hub_round_answers(struct cdr_hub *hub, const uint8_t hash[static CDR_ROUND_HASH_LEN],
    struct cdr_hub_round_answer *out);

/* /v1/round/list: Empty to RoundList, the newest CDR_HUB_ROUND_LISTED_MAX, to a member or a trustee. */
cdr_err cdr_hub_round_list_asked(void *context, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/*
 * /v1/round/submit: RoundSubmit to RoundSubmitReply, by a member. The same again gets the same receipt. CDR_E_INPUT, CDR_E_POINT for what is no contribution;
 * CDR_E_ABSENT for a round that there is not; CDR_E_SIGNATURE, CDR_E_PROOF if it does not hold; CDR_E_TIME once the round is closed;
 * CDR_E_SEQUENCE if one of that number, or a later one, is here.
 */
cdr_err cdr_hub_round_submit(void *context, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/* /v1/round/release: RoundReleaseRequest to RoundRelease, by a member: the newest, or that of a period. CDR_E_ABSENT if nothing was published. */
cdr_err cdr_hub_round_release_asked(void *context, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/* /v1/round/work: RoundWorkRequest to RoundWork, by a trustee: what waits for its answer. */
cdr_err cdr_hub_round_work(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);
/* /v1/round/evidence: RoundEvidenceRequest to RoundEvidence, by a trustee: contributions, first answers, or a roster. CDR_E_INPUT for another kind. */
cdr_err cdr_hub_round_evidence(void *context, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/*
 * /v1/round/first, /v1/round/second: RoundFirst, RoundSecond to Empty, by a trustee: its answers. The same again changes nothing. CDR_E_INPUT,
 * CDR_E_POINT, CDR_E_PROOF, CDR_E_SIGNATURE for one that does not hold; CDR_E_ABSENT for a round that there is not; CDR_E_REFUSED if it is not closed, was given
 * up, or, of a second answer, has not enough first ones; CDR_E_EXISTS if the trustee gave another one.
 */
cdr_err cdr_hub_round_first(void *context, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);
cdr_err cdr_hub_round_second(void *context, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/* /v1/round/refuse: RoundRefuse to Empty, by a trustee: why it does not open a round, or that it never will. CDR_E_RANGE for too long a reason. */
cdr_err cdr_hub_round_refuse(void *context, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

#endif
