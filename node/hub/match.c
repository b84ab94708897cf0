#include "node/hub/match.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_COUNT 128 /* rows of one statement; more than CDR_HUB_HITS_MEMBER_MAX, so that each makes progress */
#define AGREEMENTS_MAX CDR_CHECK_ROWS_MAX /* a handle has each tag once, and so has the query */

/* see node/hub/match.h */
void
cdr_hub_hits_free(struct cdr_hub_hits *hits)
{
	free(hits->hit);
	*hits = (struct cdr_hub_hits){ 0 };
}

/* Room for one more hit, or NULL. */
static struct cdr_hub_hit *
hits_grow(struct cdr_hub_hits *hits)
{
	if (hits->count == hits->room) {
		size_t room = hits->room == 0 ? 64 : 2 * hits->room;
		struct cdr_hub_hit *grown = realloc(hits->hit, room * sizeof(*grown));
		if (grown == NULL)
			return NULL;
		hits->hit = grown;
		hits->room = room;
	}
	return &hits->hit[hits->count++];
}

/* ---- finding ------------------------------------------------------------------------------------------------ */

/* The walk through the rows of one tag, member by member. */
struct walk {
	const struct cdr_hub_search *search;
	struct cdr_hub_hits *hits;
	const uint8_t *row;                     /* of the query: tag, type, rarity, pair */
	char member[CDR_SLUG_LEN_MAX + 1];      /* whose rows are being read */
	char judged[CDR_SLUG_LEN_MAX + 1];      /* the member that ${wanted} is about; the next tag is often the same one's */
	bool wanted;                            /* whether its rows count: active, and not the asker */
	size_t member_rows;                     /* of that member, read so far */
	size_t member_start;                    /* hits before its first */
	size_t tag_start;                       /* hits before this tag's first */
	char done[CDR_SLUG_LEN_MAX + 1];        /* the last member whose rows were all looked at */
	size_t batch_rows;
};

/* A row of another member begins: whether its rows count is decided once. */
static cdr_err
walk_enter(struct walk *walk, struct cdr_tx *tx, const char *member)
{
	memcpy(walk->done, walk->member, sizeof(walk->done));
	(void)memccpy(walk->member, member, '\0', sizeof(walk->member));
	walk->member_rows = 0;
	walk->member_start = walk->hits->count;
	if (strcmp(member, walk->judged) == 0)
		return CDR_OK;
	memcpy(walk->judged, walk->member, sizeof(walk->judged));
	walk->wanted = false;
	if (strcmp(member, walk->search->asker) == 0)
		return CDR_OK;
	return cdr_hub_active_read(tx, walk->search->roster, member, &walk->wanted);
}

static cdr_err
walk_row(struct walk *walk, struct cdr_tx *tx, struct cdr_query *query)
{
	cdr_err err = CDR_E_INTERNAL;
	char member[CDR_SLUG_LEN_MAX + 1];
	uint64_t rarity, pair, expires;

	CDR_TRY(cdr_query_text(query, 0, member, sizeof(member)));
	if (walk->member_rows == 0 || strcmp(member, walk->member) != 0)
		CDR_TRY(walk_enter(walk, tx, member));
	walk->member_rows++;
	walk->batch_rows++;
	CDR_TRY(cdr_query_count(query, 4, &expires));
	if (!walk->wanted || walk->member_rows > CDR_HUB_HITS_MEMBER_MAX || expires < walk->search->month)
		return CDR_OK;
	CDR_TRY(cdr_query_count(query, 2, &rarity));
	CDR_TRY(cdr_query_count(query, 3, &pair));
	struct cdr_hub_hit *hit = hits_grow(walk->hits);
	if (hit == NULL)
		return CDR_E_MEMORY;
	memcpy(hit->member, walk->member, sizeof(hit->member));
	hit->agreement = (struct cdr_agreement){
		.type = walk->row[CDR_TAG_LEN],
		.rarity = cdr_match_rarity(walk->row[CDR_TAG_LEN + 1], (uint8_t)rarity),
		.pair_query = walk->row[CDR_TAG_LEN + 2],
		.pair_index = (uint8_t)pair,
	};
	CDR_TRY(cdr_query_blob(query, 1, hit->handle, sizeof(hit->handle)));
	err = CDR_OK;
out:
	return err;
}

/* Up to BATCH_COUNT rows of members after ${walk->done}. */
static cdr_err
walk_batch(struct walk *walk, struct cdr_tx *tx)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	char after[CDR_SLUG_LEN_MAX + 1];

	memcpy(after, walk->done, sizeof(after));
	walk->batch_rows = 0;
	walk->member_rows = 0;
	memcpy(walk->member, walk->done, sizeof(walk->member));
	struct cdr_values values = CDR_VALUES(cdr_value_int(walk->search->epoch),
	    cdr_value_blob(walk->row, CDR_TAG_LEN), cdr_value_int(walk->row[CDR_TAG_LEN]), cdr_value_text(after),
	    cdr_value_int(BATCH_COUNT));
	CDR_TRY(cdr_query_start(tx,
	    "SELECT member, handle, rarity, pair, expires FROM index_row"
	    " WHERE epoch = $1 AND tag = $2 AND type = $3 AND member > $4"
	    " ORDER BY member, handle LIMIT $5",
	    values, &query));
	while ((err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(walk_row(walk, tx, query));
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/*
 * A full batch may have ended within a member. If enough of that member was seen, the next batch begins after it;
 * else it is read again from its first row, together with what follows.
 */
static void
walk_cut(struct walk *walk)
{
	if (walk->member_rows >= CDR_HUB_HITS_MEMBER_MAX)
		memcpy(walk->done, walk->member, sizeof(walk->done));
	else
		walk->hits->count = walk->member_start;
}

/* All rows of the tag at ${row}. */
static cdr_err
walk_tag(struct walk *walk, struct cdr_tx *tx, const uint8_t *row)
{
	walk->row = row;
	walk->tag_start = walk->hits->count;
	walk->done[0] = '\0';
	for (;;) {
		cdr_err err = walk_batch(walk, tx);
		if (err != CDR_OK)
			return err;
		if (walk->batch_rows < BATCH_COUNT)
			return CDR_OK;
		walk_cut(walk);
		if (walk->hits->count - walk->tag_start >= CDR_HUB_HITS_TAG_MAX) {
			walk->hits->cut_count++;
			return CDR_OK;
		}
	}
}

/* see node/hub/match.h */
cdr_err
cdr_hub_hits_find(struct cdr_tx *tx, const struct cdr_hub_search *search, struct cdr_hub_hits *hits)
{
	struct walk walk = { .search = search, .hits = hits };

	for (size_t at = 0; at + CDR_CHECK_ROW_LEN <= search->rows.len; at += CDR_CHECK_ROW_LEN) {
		cdr_err err = walk_tag(&walk, tx, search->rows.data + at);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* ---- judging ------------------------------------------------------------------------------------------------ */

/* One handle of one member, judged. */
struct judged {
	struct cdr_match match;
	const struct cdr_hub_hit *hit; /* its first */
};

static int
compare_hits(const void *a, const void *b)
{
	const struct cdr_hub_hit *left = a, *right = b;
	int order = strcmp(left->member, right->member);

	return order != 0 ? order : memcmp(left->handle, right->handle, CDR_HANDLE_LEN);
}

/* Within a member best first, then by handle: the order of the input does not matter. */
static int
compare_judged(const void *a, const void *b)
{
	const struct judged *left = a, *right = b;
	int order = strcmp(left->hit->member, right->hit->member);

	if (order == 0)
		order = cdr_match_order(&left->match, &right->match);
	return order != 0 ? order : memcmp(left->hit->handle, right->hit->handle, CDR_HANDLE_LEN);
}

static int
compare_matches(const void *a, const void *b)
{
	const struct cdr_hub_match *left = a, *right = b;
	int order = cdr_match_order(&left->match, &right->match);

	return order != 0 ? order : strcmp(left->member, right->member);
}

/* Judge the handle whose hits begin at ${hit}; ${used} of the ${count} that follow are its own. */
static cdr_err
judge_handle(const struct cdr_hub_hit *hit, size_t count, uint64_t people, const struct cdr_match_rule *rule,
    struct judged *judged, size_t *used)
{
	struct cdr_agreement agreement[AGREEMENTS_MAX];
	size_t n = 0;

	*used = 0;
	while (*used < count && compare_hits(hit, &hit[*used]) == 0) {
		if (n < AGREEMENTS_MAX)
			agreement[n++] = hit[*used].agreement;
		(*used)++;
	}
	judged->hit = hit;
	return cdr_match_judge(agreement, n, people, rule, &judged->match);
}

/* Judge every handle; those that are no match are left out. */
static cdr_err
judge_handles(const struct cdr_hub_hits *hits, uint64_t people, const struct cdr_match_rule *rule,
    struct judged *judged, size_t *judged_count)
{
	size_t used;

	*judged_count = 0;
	for (size_t at = 0; at < hits->count; at += used) {
		cdr_err err = judge_handle(&hits->hit[at], hits->count - at, people, rule, &judged[*judged_count], &used);
		if (err != CDR_OK)
			return err;
		if (judged[*judged_count].match.tier != CDR_TIER_NONE)
			(*judged_count)++;
	}
	return CDR_OK;
}

/* One entry a member, with its best handles; ${judged} is sorted by member, best first. */
static size_t
gather_members(const struct judged *judged, size_t count, struct cdr_hub_match *members)
{
	size_t member_count = 0;

	for (size_t i = 0; i < count; i++) {
		struct cdr_hub_match *last = member_count == 0 ? NULL : &members[member_count - 1];
		if (last == NULL || strcmp(last->member, judged[i].hit->member) != 0) {
			last = &members[member_count++];
			memcpy(last->member, judged[i].hit->member, sizeof(last->member));
			last->match = judged[i].match;
			last->handle_count = 0;
		}
		if (last->handle_count < CDR_MATCH_HANDLES_MAX)
			memcpy(last->handles[last->handle_count++], judged[i].hit->handle, CDR_HANDLE_LEN);
	}
	return member_count;
}

/* Strong ones first, then as many possible ones as the rule lets a check ask. */
static size_t
choose(struct cdr_hub_match *members, size_t count, const struct cdr_match_rule *rule,
    struct cdr_hub_match matches[static CDR_MATCHES_MAX])
{
	size_t chosen = 0, possible = 0;

	if (count > 0)
		qsort(members, count, sizeof(members[0]), compare_matches);
	for (size_t i = 0; i < count && chosen < CDR_MATCHES_MAX; i++) {
		if (members[i].match.tier == CDR_TIER_POSSIBLE && possible++ >= rule->possible_max)
			break;
		matches[chosen++] = members[i];
	}
	return chosen;
}

/* see node/hub/match.h */
cdr_err
cdr_hub_hits_judge(struct cdr_hub_hits *hits, uint64_t people, const struct cdr_match_rule *rule,
    struct cdr_hub_match matches[static CDR_MATCHES_MAX], size_t *match_count)
{
	cdr_err err = CDR_E_INTERNAL;
	struct judged *judged = NULL;
	struct cdr_hub_match *members = NULL;
	size_t judged_count, member_count;

	*match_count = 0;
	if (hits->count == 0)
		return CDR_OK;
	qsort(hits->hit, hits->count, sizeof(hits->hit[0]), compare_hits);
	judged = calloc(hits->count, sizeof(*judged));
	if (judged == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(judge_handles(hits, people, rule, judged, &judged_count));
	members = calloc(judged_count + 1, sizeof(*members));
	if (members == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	qsort(judged, judged_count, sizeof(judged[0]), compare_judged);
	member_count = gather_members(judged, judged_count, members);
	*match_count = choose(members, member_count, rule, matches);
	err = CDR_OK;
out:
	free(judged);
	free(members);
	return err;
}
