#ifndef CDR_PROTO_TALLY_H
#define CDR_PROTO_TALLY_H

/*
 * What is encrypted in a round, added up and opened: contributions of members, first and second answers of trustees,
 * totals. Everything here works on messages and bytes alone, so that hub, trustees, members and whoever checks afterwards
 * do exactly the same. PROTOCOL.md has the steps.
 */

#include "proto/round.h"

/* The paths under which members and trustees sign. */
#define CDR_TALLY_SUBMIT_PATH "/v1/round/submit"
#define CDR_TALLY_FIRST_PATH "/v1/round/first"
#define CDR_TALLY_SECOND_PATH "/v1/round/second"

/* ---- contributions -------------------------------------------------------------------------------------------- */

/* A member's contribution, taken apart; its signature held, and its attachment is the one that was signed. */
struct cdr_contribution {
	struct cdr_envelope envelope;
	struct cdr_arena arena;
	const Cdr__Wire__RoundSubmit *body;  /* borrowed */
	const char *member;                  /* its id; borrowed */
	struct cdr_bytes packed;             /* borrowed */
	uint8_t hash[CDR_SHA256_LEN];        /* of the request as it was received */
};

/**
 * cdr_contribution_read(world, request, contribution, fault):
 * Take a signed request to CDR_TALLY_SUBMIT_PATH apart and check everything but its proof.
 *
 * contribution  out   freed by the caller, also on error
 *
 * Returns  CDR_OK; CDR_E_ABSENT if no active member of the roster signed it; CDR_E_SIGNATURE; CDR_E_INPUT; CDR_E_REFUSED for another
 *          round; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_contribution_read(const struct cdr_tally_world *world, struct cdr_bytes request,
    struct cdr_contribution *contribution, struct cdr_fault *fault);
void cdr_contribution_free(struct cdr_contribution *contribution);

/**
 * cdr_contribution_context(round, member, context):
 * What a contribution's proof is bound to: the round, and in it the member. (Tables and places are bound by the layout.)
 */
#define CDR_CONTRIBUTION_CONTEXT_LEN_MAX 128
struct cdr_contribution_context {
	uint8_t bytes[CDR_CONTRIBUTION_CONTEXT_LEN_MAX];
	size_t len;
};
void cdr_contribution_context(const struct cdr_round *round, const char *member, struct cdr_contribution_context *context);

/**
 * cdr_contribution_make(round, key, member, counts, packed):
 * Encrypt a member's figures.
 *
 * key      in           of the round's public key
 * counts   in, secret   round->cell_count numbers, each within its table's bits
 * packed   out          owned by the caller
 *
 * Returns  CDR_OK; CDR_E_RANGE if a count does not fit; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_contribution_make(const struct cdr_round *round, const struct cdr_elgamal *key,
    const char *member, const uint32_t *counts, struct cdr_buffer *packed);

/* Adding up, with every proof verified. */
struct cdr_tally;

/**
 * cdr_tally_new(world, key, verify, tally):
 * Begin.
 *
 * key      in   borrowed until the tally is freed
 * verify   in   whether proofs are verified too; who has verified each of them before, and kept them, need not
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_tally_new(const struct cdr_tally_world *world, const struct cdr_elgamal *key, bool verify,
    struct cdr_tally **tally);
void cdr_tally_free(struct cdr_tally *tally);

/**
 * cdr_tally_add(tally, expected, request, fault):
 * Add one contribution.
 *
 * expected   in   what the hub's list says of it; NULL: there is no list yet
 *
 * Returns  CDR_OK: proofs are verified some time later, many at once; CDR_E_REFUSED, CDR_E_SIGNATURE, CDR_E_PROOF, CDR_E_INPUT,
 *          CDR_E_POINT with who is at fault and why; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_tally_add(struct cdr_tally *tally, const Cdr__Wire__ClosedContribution *expected,
    struct cdr_bytes request, struct cdr_fault *fault);

/**
 * cdr_tally_finish(tally, sums, fault):
 * Verify what is left, and hand out the sums: CDR_CIPHER_LEN bytes for each count, then for each flag.
 *
 * sums    out   owned by the caller
 *
 * Returns  CDR_OK; CDR_E_PROOF with whose does not hold; CDR_E_POINT if a sum is nothing; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_tally_finish(struct cdr_tally *tally, struct cdr_buffer *sums, struct cdr_fault *fault);

/* ---- opening -------------------------------------------------------------------------------------------------- */

/* A trustee's share of the statistics key, in locked memory; owned by the caller. */
struct cdr_opener {
	uint32_t index;
	const uint8_t *share;
};

/**
 * cdr_first_make(world, close, sums, key, opener, attachment):
 * What a trustee answers first: its part in opening every flag sum, and where the round has an epsilon its noise.
 *
 * attachment   out   owned by the caller
 *
 * Returns  CDR_OK; CDR_E_MEMORY; CDR_E_INTERNAL; CDR_E_POINT.
 */
CDR_MUST_CHECK cdr_err cdr_first_make(const struct cdr_tally_world *world, const struct cdr_close *close,
    struct cdr_bytes sums, const struct cdr_elgamal *key, const struct cdr_opener *opener, struct cdr_buffer *attachment);

/* A trustee's answer, verified. */
struct cdr_answer_read {
	struct cdr_envelope envelope;
	struct cdr_arena arena;
	uint32_t trustee;
	const struct cdr_roster *roster; /* with its share; borrowed from the world */
	const uint8_t *partials;        /* of the flags; borrowed from the envelope */
	struct cdr_buffer noise;        /* ciphertexts of a trustee's noise, one for each count; empty without an epsilon */
	uint8_t hash[CDR_SHA256_LEN];   /* of the request as it was received */
};
void cdr_answer_free(struct cdr_answer_read *answer);

/**
 * cdr_first_read(world, close, sums, key, request, answer, fault):
 * Read and verify a first answer: signature, every proof, the range of the noise.
 *
 * Returns  CDR_OK; CDR_E_SIGNATURE, CDR_E_PROOF, CDR_E_INPUT, CDR_E_POINT, CDR_E_ABSENT, CDR_E_REFUSED with which trustee is at
 *          fault and why; CDR_E_MEMORY. ${answer} is freed by the caller, also on error.
 */
CDR_MUST_CHECK cdr_err cdr_first_read(const struct cdr_tally_world *world, const struct cdr_close *close,
    struct cdr_bytes sums, const struct cdr_elgamal *key, struct cdr_bytes request, struct cdr_answer_read *answer,
    struct cdr_fault *fault);

/* What follows from the first answers of a set: who contributed where, and what is opened. */
struct cdr_opening {
	size_t cell_count;
	uint32_t *contributors;         /* of each cell */
	size_t open_count;
	uint32_t *open;                 /* the cells that are decrypted, in order */
	uint8_t *cipher;                /* their sums, with the noise: CDR_CIPHER_LEN each */
	size_t noises;                  /* added to each */
};

/**
 * cdr_opening_make(world, close, set, sums, first, count, opening, fault):
 * Open the flags, add the noise of all ${count} trustees, leave out what fewer than CDR_ROUND_CONTRIBUTORS_MIN members
 * contributed to.
 *
 * first    in   the verified first answers that ${set} names, in its order
 * opening  out  freed by cdr_opening_free, also on error
 *
 * Returns  CDR_OK; CDR_E_REFUSED if an answer is not the one that the set names; CDR_E_ABSENT if a flag sum is not between 0
 *          and the number of members; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_opening_make(const struct cdr_tally_world *world, const struct cdr_close *close,
    const struct cdr_set *set, struct cdr_bytes sums, const struct cdr_answer_read *first, size_t count,
    struct cdr_opening *opening, struct cdr_fault *fault);
void cdr_opening_free(struct cdr_opening *opening);

/* The lengths of partial decryption and proof of one count. */
#define CDR_SECOND_CELL_LEN (CDR_POINT_LEN + CDR_PROOF_LEN)

/* As cdr_first_make and cdr_first_read, for the counts: CDR_SECOND_CELL_LEN bytes for each of opening->open_count. */
CDR_MUST_CHECK cdr_err cdr_second_make(const struct cdr_tally_world *world, const struct cdr_set *set,
    const struct cdr_opening *opening, const struct cdr_opener *opener, struct cdr_buffer *attachment);
CDR_MUST_CHECK cdr_err cdr_second_read(const struct cdr_tally_world *world, const struct cdr_close *close,
    const struct cdr_set *set, const struct cdr_opening *opening, struct cdr_bytes request,
    struct cdr_answer_read *answer, struct cdr_fault *fault);

/**
 * cdr_second_cell_verify(world, set_hash, cell, cipher, trustee, partial):
 * Whether ${partial} (CDR_SECOND_CELL_LEN bytes) is what a trustee must answer for one count.
 *
 * cipher   in   all of it is covered by the proof
 * trustee  in   the index, and the roster with its share, of an answer
 *
 * Returns  CDR_OK; CDR_E_PROOF; CDR_E_POINT; CDR_E_ABSENT if there is no such trustee; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_second_cell_verify(const struct cdr_tally_world *world,
    const uint8_t set_hash[static CDR_ROUND_HASH_LEN], uint32_t cell, const uint8_t *cipher,
    const struct cdr_answer_read *trustee, const uint8_t *partial);

/**
 * cdr_totals_make(world, close, opening, second, count, counts, fault):
 * The counts, from the verified second answers of t trustees, all made with shares of one sharing.
 *
 * counts   out   one for each cell; CDR_ROUND_COUNT_HIDDEN where it was not decrypted
 *
 * Returns  CDR_OK; CDR_E_ABSENT if a sum is none that could be; CDR_E_REFUSED if the answers do not belong together;
 *          CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_totals_make(const struct cdr_tally_world *world, const struct cdr_close *close,
    const struct cdr_opening *opening, const struct cdr_answer_read *second, size_t count, int32_t *counts,
    struct cdr_fault *fault);

/* The RoundTotals message of counts and contributors; ${out} is owned by the caller. */
CDR_MUST_CHECK cdr_err cdr_totals_encode(const struct cdr_round *round, const struct cdr_close *close,
    const struct cdr_opening *opening, const int32_t *counts, struct cdr_buffer *out);

/**
 * cdr_record_verify(record, rosters, genesis, fault):
 * Recompute a whole round from its record: the hub's words, every contribution, the sums, every answer, the totals.
 *
 * rosters   in   in which the caller believes: those of the record by cdr_shelf_chain, from a genesis roster that he trusts
 * genesis   in   CDR_GENESIS_HASH_LEN bytes
 *
 * Returns  CDR_OK; what is wrong and who is at fault otherwise.
 */
CDR_MUST_CHECK cdr_err cdr_record_verify(const Cdr__Wire__RoundRecord *record, struct cdr_shelf *rosters,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_fault *fault);

/* The same for the published cells of a round. */
CDR_MUST_CHECK cdr_err cdr_excerpt_verify(const Cdr__Wire__RoundExcerpt *excerpt, struct cdr_shelf *rosters,
    const uint8_t genesis[static CDR_GENESIS_HASH_LEN], struct cdr_fault *fault);

/* What a file with a RoundRecord or a RoundExcerpt is: one of the two, its rosters, whose exchange it says to be of. */
struct cdr_round_file {
	struct cdr_arena arena;
	const Cdr__Wire__RoundRecord *record;    /* borrowed; NULL for published cells */
	const Cdr__Wire__RoundExcerpt *excerpt;  /* borrowed; NULL for a record */
	uint8_t genesis[CDR_GENESIS_HASH_LEN];
	uint8_t round[CDR_ROUND_HASH_LEN];
	struct cdr_bytes close;                  /* the RoundClose's bytes; borrowed */
	struct cdr_shelf rosters;
};

/**
 * cdr_round_file_verify(bytes, fingerprint, file, fault):
 * Read such a file and verify all of it.
 *
 * fingerprint  in   of the genesis roster, as it was compared out of band; NULL: the file's own is believed, and to be shown
 * file         out  freed by the caller, also on error
 *
 * Returns  CDR_OK; CDR_E_INPUT if it is neither; CDR_E_ROSTER for another exchange or a roster that does not follow; as
 *          cdr_record_verify.
 */
CDR_MUST_CHECK cdr_err cdr_round_file_verify(struct cdr_bytes bytes, const uint8_t *fingerprint,
    struct cdr_round_file *file, struct cdr_fault *fault);
void cdr_round_file_free(struct cdr_round_file *file);

#endif
