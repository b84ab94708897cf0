#ifndef CDR_AUDIT_INDEX_ANSWER_H
#define CDR_AUDIT_INDEX_ANSWER_H

/*
 * Whether the hub's answer to a check is what its own index says: nobody left out, nobody made up.
 *
 * The proof shows, for each tag that was asked, that it is not in the tree, or every row that stands there; which rows are one
 * person's; and who those are whom the answer names. The match rule is worked out again over that.
 */

#include "audit/index.h"
#include "audit/leaf.h"
#include "core/identity/match.h"
#include "proto/exchange.pb-c.h"

/* What was asked, as the asker knows it. */
struct cdr_index_question {
	const char *asker;           /* member id */
	uint32_t epoch;
	struct cdr_bytes rows;       /* CDR_CHECK_ROW_LEN bytes each */
	struct cdr_match_rule rule;  /* of the roster in force */
};

/* The rule that a roster's scheme states. */
struct cdr_match_rule cdr_index_rule(const Cdr__Wire__Scheme *scheme);

/* lambda as it travels: in thousand-millionths, cut at 10^18. */
uint64_t cdr_index_lambda_ppb(double lambda);

/* Months since January 2000 at ${at}, seconds since 1970, UTC: the unit of expiry. 0 before that. */
uint32_t cdr_index_month(uint64_t at);

/**
 * cdr_index_places_sort(epoch, rows, row_len, leaves, count, order):
 * The places of ${count} rows, each of which begins with its tag, ascending; order[i] is the row that leaves[i] belongs to.
 *
 * leaves  out   only place is set
 *
 * Returns  CDR_OK; CDR_E_INPUT if two rows have one place; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
struct cdr_sparse_leaf;
CDR_MUST_CHECK cdr_err cdr_index_places_sort(uint32_t epoch, const uint8_t *rows, size_t row_len,
    struct cdr_sparse_leaf *leaves, size_t count, size_t *order);

/**
 * cdr_index_is_heavy(type, rarity, people, rule):
 * Whether a token of that type and rarity is enough for a match among ${people}. One that is not makes none together with others of
 * the kind either, and nothing of what does: so no match is hidden by rows of such tags that nobody sees.
 */
bool cdr_index_is_heavy(uint8_t type, uint8_t rarity, uint64_t people, const struct cdr_match_rule *rule);

/**
 * cdr_index_opened_choose(heights, heavy, count, opened):
 * Which of ${count} buckets a proof opens. Heavy ones: all but crowds, from CDR_INDEX_CROWD_HEIGHT on, which more people share than
 * can be unless somebody floods the index with that tag, or the hub lies. Others: the smallest first, as long as they have no more
 * than CDR_INDEX_LIGHT_SLOTS_MAX slots together.
 *
 * heights  in   0: nothing stands there
 */
void cdr_index_opened_choose(const size_t *heights, const bool *heavy, size_t count, bool *opened);

/**
 * cdr_index_root_read(root, leaf, arena, body):
 * Decode an IndexRoot, and see that the index_root leaf ${leaf} commits to it.
 *
 * arena  in/out  owns ${body}
 *
 * Returns  CDR_OK; CDR_E_PROOF; CDR_E_INPUT; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_index_root_read(struct cdr_bytes root, const struct cdr_leaf *leaf, struct cdr_arena *arena,
    const Cdr__Wire__IndexRoot **body);

/* The content of the index_root leaf for an encoded IndexRoot. */
CDR_MUST_CHECK cdr_err cdr_index_root_content(struct cdr_bytes root, uint8_t content[static CDR_LEAF_CONTENT_LEN]);

/**
 * cdr_index_answer_verify(question, reply, root, unproved, fault):
 * Check a whole answer against the root that its proof names.
 *
 * reply     in    its receipt is the caller's to check: that the root is in the log, and the newest
 * root      in    from cdr_index_root_read of reply->proof->root
 * unproved  out   tags that are enough for a match, of which the proof says only that a crowd shares them: whoever is named is a
 *                 match all the same, and not a better one than what is shown and these tags make; somebody may not be named
 * fault     out   what the hub did, in a sentence
 *
 * Returns  CDR_OK; CDR_E_PROOF if the answer and the proof do not agree, or there is no proof; CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_index_answer_verify(const struct cdr_index_question *question,
    const Cdr__Wire__CheckOpenReply *reply, const Cdr__Wire__IndexRoot *root, size_t *unproved, struct cdr_fault *fault);

/* Whose rows are asked about. */
struct cdr_index_owner {
	const char *member;
	const uint16_t *expires;     /* the month of each row's person */
	struct cdr_match_rule rule;
};

/* What is found out of rows that are asked about. */
struct cdr_index_own {
	size_t missing;              /* the first row that is not there; the number of rows if all are */
	size_t crowds;               /* rows that are enough for a match, and of which the hub says that a crowd shares the tag */
};

/**
 * cdr_index_own_verify(owner, request, reply, root, own, fault):
 * Check that each row of ${request} is in the tree.
 *
 * Returns  CDR_OK if all are; CDR_E_ABSENT if one is missing, which the proof shows; CDR_E_PROOF if the proof does not hold;
 *          CDR_E_MEMORY; CDR_E_INTERNAL.
 */
CDR_MUST_CHECK cdr_err cdr_index_own_verify(const struct cdr_index_owner *owner, const Cdr__Wire__IndexProve *request,
    const Cdr__Wire__IndexProveReply *reply, const Cdr__Wire__IndexRoot *root, struct cdr_index_own *own, struct cdr_fault *fault);

#endif
