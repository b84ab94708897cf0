#ifndef CDR_NODE_HUB_MATCH_H
#define CDR_NODE_HUB_MATCH_H

/*
 * Which members may have employed the person that a query describes: from equal tags to members.
 *
 * Nothing here knows of requests or tables' keys beyond index_row; the rule itself is core/identity/match.h.
 */

#include "core/identity/match.h"
#include "node/hub/hub.h"

/*
 * Bounds of one check. With tokens of 20 bits and more the commonest tag is expected 8 times in 200,000 people, so
 * they are met only by somebody who fills the index with one tag. What they do: of one member at most
 * CDR_HUB_HITS_MEMBER_MAX rows of a tag are looked at, and the search goes on with the next member, so that nobody can
 * push others' rows out; after CDR_HUB_HITS_TAG_MAX rows of a tag the rest is left unread and the log says so.
 */
#define CDR_HUB_HITS_MEMBER_MAX CDR_INDEX_MEMBER_TAG_ROWS_MAX
#define CDR_HUB_HITS_TAG_MAX 2000

/* A row of the index whose tag and type a row of the query has too. */
struct cdr_hub_hit {
	char member[CDR_SLUG_LEN_MAX + 1];
	uint8_t handle[CDR_HANDLE_LEN];
	struct cdr_agreement agreement;
};

/* A growing list of hits. Zeroed: empty. */
struct cdr_hub_hits {
	struct cdr_hub_hit *hit;
	size_t count;
	size_t room;
	size_t cut_count;  /* tags of which not every row was read */
};

void cdr_hub_hits_free(struct cdr_hub_hits *hits);

/* A member that the check is to ask. */
struct cdr_hub_match {
	char member[CDR_SLUG_LEN_MAX + 1];
	struct cdr_match match;      /* of the best handle */
	uint8_t handles[CDR_MATCH_HANDLES_MAX][CDR_HANDLE_LEN]; /* at least possible, best first */
	size_t handle_count;
};

/* What is asked, by whom, of which part of the index. */
struct cdr_hub_search {
	struct cdr_bytes rows;       /* of CDR_CHECK_ROW_LEN bytes */
	uint32_t epoch;
	uint32_t month;              /* now: a row that expired before is not seen */
	const char *asker;           /* its own leavers are not asked */
	const struct cdr_roster *roster; /* rows of members that are not active are not seen */
	uint64_t people;             /* that it is compared with; for the proof */
};

/**
 * cdr_hub_hits_find(tx, search, hits):
 * Every row of the index that agrees with the query, within the bounds above.
 *
 * hits  in/out   empty; freed by the caller also on error
 *
 * Returns  CDR_OK; CDR_E_STORE, CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_hits_find(struct cdr_tx *tx, const struct cdr_hub_search *search,
    struct cdr_hub_hits *hits);

/**
 * cdr_hub_hits_judge(hits, people, rule, matches, match_count):
 * Group hits by member and handle, judge each handle, keep for each member its best: every strong member, and of the
 * possible ones at most rule->possible_max, those with the smallest lambda.
 *
 * hits         in/out  come back sorted by member and handle
 * people       in      how many were searched
 * matches      out     strongest first, members in the order of their ids where equal
 *
 * Returns  CDR_OK; CDR_E_RANGE if a hit or the rule is outside its range; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_hits_judge(struct cdr_hub_hits *hits, uint64_t people,
    const struct cdr_match_rule *rule, struct cdr_hub_match matches[static CDR_MATCHES_MAX], size_t *match_count);

#endif
