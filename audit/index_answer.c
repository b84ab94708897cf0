#include "audit/index_answer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/crypto/sparse.h"

#define H CDR_INDEX_HASH_LEN
#define BILLION 1e9
#define ROWS_MAX (CDR_INDEX_OPENED_ROWS_MAX + CDR_INDEX_SHOWN_ROWS_MAX)

/* One row that is shown whose type is the query's too. */
struct agreeing {
	uint8_t person[H];
	uint32_t row;       /* of the query */
	struct cdr_agreement agreement;
};

/* What the proof says about a person. */
enum standing {
	STANDING_HIDDEN = 0, /* nothing: the rule must not name it */
	STANDING_NAMED,      /* by the answer */
	STANDING_FURTHER,    /* of a member that is named with as many handles as fit */
	STANDING_OWN,        /* the asker's */
	STANDING_OVER        /* its time is over */
};

struct known {
	uint8_t person[H];
	enum standing standing;
	size_t match, handle;  /* where the answer names it */
};

/* One person whose rows agree. */
struct group {
	const struct agreeing *agreeing;
	size_t count;
	struct cdr_match match;  /* by what is shown */
	enum standing standing;
	size_t named_by, handle;
};

struct work {
	const struct cdr_index_question *question;
	const Cdr__Wire__CheckOpenReply *reply;
	size_t row_count;
	bool closed[CDR_CHECK_ROWS_MAX];       /* not every row of the tag is shown */
	bool heavy[CDR_CHECK_ROWS_MAX];
	struct agreeing agreeing[ROWS_MAX];
	size_t agreeing_count;
	struct known known[ROWS_MAX];
	size_t known_count;
	struct group group[ROWS_MAX];
	size_t group_count;
	struct cdr_fault *fault;
};

/* ---- small things that both sides use --------------------------------------------------------------------------- */

/* see audit/index_answer.h */
struct cdr_match_rule
cdr_index_rule(const Cdr__Wire__Scheme *scheme)
{
	return (struct cdr_match_rule){
		.strong_lambda = scheme->strong_lambda_ppm * 1e-6,
		.possible_lambda = scheme->possible_lambda_ppm * 1e-6,
		.possible_max = (uint8_t)scheme->possible_max,
	};
}

/* see audit/index_answer.h */
uint64_t
cdr_index_lambda_ppb(double lambda)
{
	return lambda >= BILLION ? (uint64_t)(BILLION * BILLION) : (uint64_t)(lambda * BILLION + 0.5);
}

/* see audit/index_answer.h */
uint32_t
cdr_index_month(uint64_t at)
{
	time_t seconds = (time_t)at;
	struct tm date;

	if (gmtime_r(&seconds, &date) == NULL || date.tm_year < 100)
		return 0;
	return (uint32_t)(date.tm_year - 100) * 12 + (uint32_t)date.tm_mon;
}

/* A place and the row that it belongs to. */
struct placed {
	uint64_t place;
	size_t row;
};

static int
compare_placed(const void *a, const void *b)
{
	uint64_t left = ((const struct placed *)a)->place, right = ((const struct placed *)b)->place;

	return left < right ? -1 : left > right;
}

/* see audit/index_answer.h */
cdr_err
cdr_index_places_sort(uint32_t epoch, const uint8_t *rows, size_t row_len, struct cdr_sparse_leaf *leaves, size_t count,
    size_t *order)
{
	cdr_err err = CDR_E_INTERNAL;
	struct placed *placed = calloc(count + 1, sizeof(*placed));

	if (placed == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < count; i++) {
		CDR_TRY(cdr_index_place(epoch, rows + i * row_len, &placed[i].place));
		placed[i].row = i;
	}
	if (count > 1)
		qsort(placed, count, sizeof(*placed), compare_placed);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && placed[i].place == placed[i - 1].place) {
			err = CDR_E_INPUT;
			goto out;
		}
		leaves[i] = (struct cdr_sparse_leaf){ .place = placed[i].place };
		order[i] = placed[i].row;
	}
	err = CDR_OK;
out:
	free(placed);
	return err;
}

/* see audit/index_answer.h */
bool
cdr_index_is_heavy(uint8_t type, uint8_t rarity, uint64_t people, const struct cdr_match_rule *rule)
{
	const struct cdr_agreement alone = { .type = type, .rarity = rarity };
	struct cdr_match match;

	return cdr_match_judge(&alone, 1, people, rule, &match) != CDR_OK || match.tier != CDR_TIER_NONE;
}

/* see audit/index_answer.h */
void
cdr_index_opened_choose(const size_t *heights, const bool *heavy, size_t count, bool *opened)
{
	size_t slots = 0;

	for (size_t i = 0; i < count; i++)
		opened[i] = heavy[i] && heights[i] > 0 && heights[i] < CDR_INDEX_CROWD_HEIGHT;
	for (size_t height = 1; height < CDR_INDEX_CROWD_HEIGHT; height++)
		for (size_t i = 0; i < count; i++)
			if (!heavy[i] && heights[i] == height && slots + ((size_t)1 << height) <= CDR_INDEX_LIGHT_SLOTS_MAX) {
				opened[i] = true;
				slots += (size_t)1 << height;
			}
}

/* see audit/index_answer.h */
cdr_err
cdr_index_root_content(struct cdr_bytes root, uint8_t content[static CDR_LEAF_CONTENT_LEN])
{
	return cdr_leaf_content(CDR_LEAF_INDEX_ROOT, &root, 1, content);
}

/* see audit/index_answer.h */
cdr_err
cdr_index_root_read(struct cdr_bytes root, const struct cdr_leaf *leaf, struct cdr_arena *arena,
    const Cdr__Wire__IndexRoot **body)
{
	uint8_t content[CDR_LEAF_CONTENT_LEN];
	void *message;

	*body = NULL;
	cdr_err err = cdr_message_decode(arena, &cdr__wire__index_root__descriptor, root, &message);
	if (err == CDR_OK)
		err = cdr_index_root_content(root, content);
	if (err != CDR_OK)
		return err;
	const Cdr__Wire__IndexRoot *decoded = message;
	if (leaf->kind != CDR_LEAF_INDEX_ROOT || memcmp(leaf->content, content, sizeof(content)) != 0 ||
	    decoded->root.len != H || leaf->number_count < 1 || leaf->number[0] != decoded->epoch)
		return CDR_E_PROOF;
	*body = decoded;
	return CDR_OK;
}

/* Bits and hashes of a proof, borrowed from a message. */
static bool
borrow_proof(ProtobufCBinaryData known, uint32_t known_count, ProtobufCBinaryData beside, struct cdr_sparse_proof *proof)
{
	*proof = (struct cdr_sparse_proof){ .bits = known.data, .bit_count = known_count, .hashes = beside.data,
		.hash_count = beside.len / H };
	return known.len == ((size_t)known_count + 7) / 8 && beside.len % H == 0;
}

/* ---- the tree ------------------------------------------------------------------------------------------------ */

static cdr_err
malformed(struct work *w, const char *what)
{
	return cdr_fault_set(w->fault, CDR_E_PROOF, "the hub's proof of its answer cannot be right: %s", what);
}

static const uint8_t *
asked_row(const struct work *w, size_t row)
{
	return w->question->rows.data + row * CDR_CHECK_ROW_LEN;
}

/* The rows of a bucket that agree with the row that was asked. */
static cdr_err
take_rows(struct work *w, const struct cdr_index_row *rows, size_t count, uint32_t row)
{
	const uint8_t *asked = asked_row(w, row);

	for (size_t i = 0; i < count; i++) {
		if (rows[i].type != asked[CDR_TAG_LEN])
			continue;
		if (w->agreeing_count == ROWS_MAX)
			return malformed(w, "it opens more rows than it may");
		struct agreeing *a = &w->agreeing[w->agreeing_count++];
		memcpy(a->person, rows[i].person, H);
		a->row = row;
		a->agreement = (struct cdr_agreement){
			.type = rows[i].type,
			.rarity = cdr_match_rarity(asked[CDR_TAG_LEN + 1], rows[i].rarity),
			.pair_query = asked[CDR_TAG_LEN + 2],
			.pair_index = rows[i].pair,
		};
	}
	return CDR_OK;
}

/* An opened bucket: its hash, and the rows that agree. */
static cdr_err
open_bucket(struct work *w, const Cdr__Wire__IndexBucket *bucket, size_t *height, uint8_t hash[static H])
{
	struct cdr_index_row rows[CDR_INDEX_TAG_ROWS_MAX];
	size_t count = bucket->rows.len / CDR_INDEX_OPENED_ROW_LEN;

	if (!bucket->has_salt || bucket->salt.len != CDR_INDEX_SALT_LEN || bucket->has_height || bucket->has_slots || bucket->n_shown > 0 ||
	    count < 1 || count > CDR_INDEX_TAG_ROWS_MAX || bucket->rows.len % CDR_INDEX_OPENED_ROW_LEN != 0)
		return malformed(w, "a tag's rows have no form");
	for (size_t i = 0; i < count; i++)
		cdr_index_row_read(bucket->rows.data + i * CDR_INDEX_OPENED_ROW_LEN, &rows[i]);
	*height = cdr_index_height(count);
	cdr_err err = cdr_index_bucket_hash(bucket->salt.data, rows, count, hash);
	if (err == CDR_E_INPUT)
		return malformed(w, "a tag's rows are not in their order");
	return err == CDR_OK ? take_rows(w, rows, count, bucket->row) : err;
}

/* One row of a bucket that is closed. */
static cdr_err
open_shown(struct work *w, const Cdr__Wire__IndexShown *shown, size_t height, uint32_t row, const uint8_t expected[static H])
{
	struct cdr_index_slot path = { .slot = shown->slot, .height = height };
	struct cdr_index_row opened;
	uint8_t hash[H];

	if (shown->row.len != CDR_INDEX_OPENED_ROW_LEN || shown->salt.len != sizeof(path.salt) || shown->beside.len != height * H)
		return malformed(w, "a row that it shows has no form");
	cdr_index_row_read(shown->row.data, &opened);
	memcpy(path.salt, shown->salt.data, sizeof(path.salt));
	memcpy(path.beside, shown->beside.data, shown->beside.len);
	cdr_err err = cdr_index_slot_hash(&path, &opened, hash);
	if (err != CDR_OK && err != CDR_E_RANGE)
		return err;
	if (err == CDR_E_RANGE || memcmp(hash, expected, H) != 0)
		return malformed(w, "a row that it shows is not of its tag");
	return take_rows(w, &opened, 1, row);
}

/* A bucket of which only the size is shown, and single rows. */
static cdr_err
open_closed(struct work *w, const Cdr__Wire__IndexBucket *bucket, size_t *height, uint8_t hash[static H])
{
	struct cdr_index_closed closed = { .height = bucket->height };

	if (bucket->has_salt || !bucket->has_height || !cdr_index_is_height(closed.height) || !bucket->has_slots || bucket->slots.len != H)
		return malformed(w, "a tag that it keeps closed has no form");
	memcpy(closed.slots, bucket->slots.data, H);
	*height = closed.height;
	w->closed[bucket->row] = true;
	cdr_err err = cdr_index_closed_hash(&closed, hash);
	for (size_t i = 0; i < bucket->n_shown && err == CDR_OK; i++) {
		if (i > 0 && bucket->shown[i]->slot <= bucket->shown[i - 1]->slot)
			return malformed(w, "it shows a row twice");
		err = open_shown(w, bucket->shown[i], closed.height, bucket->row, hash);
	}
	return err;
}

/* All buckets: the hash of each row's, all zero where there is none; and whether the right ones were opened. */
static cdr_err
open_buckets(struct work *w, const Cdr__Wire__IndexProof *proof, uint8_t (*hash)[H])
{
	size_t heights[CDR_CHECK_ROWS_MAX] = { 0 };
	bool opened[CDR_CHECK_ROWS_MAX] = { false }, expected[CDR_CHECK_ROWS_MAX];

	for (size_t i = 0; i < proof->n_bucket; i++) {
		const Cdr__Wire__IndexBucket *bucket = proof->bucket[i];
		if (bucket->row >= w->row_count || (i > 0 && bucket->row <= proof->bucket[i - 1]->row))
			return malformed(w, "it opens a tag that was not asked");
		opened[bucket->row] = bucket->has_rows;
		cdr_err err = bucket->has_rows ? open_bucket(w, bucket, &heights[bucket->row], hash[bucket->row]) :
						 open_closed(w, bucket, &heights[bucket->row], hash[bucket->row]);
		if (err != CDR_OK)
			return err;
	}
	for (size_t i = 0; i < w->row_count; i++)
		w->heavy[i] = cdr_index_is_heavy(asked_row(w, i)[CDR_TAG_LEN], asked_row(w, i)[CDR_TAG_LEN + 1], w->reply->people,
		    &w->question->rule);
	cdr_index_opened_choose(heights, w->heavy, w->row_count, expected);
	if (memcmp(opened, expected, w->row_count * sizeof(opened[0])) != 0)
		return malformed(w, "it keeps rows closed that it must open");
	return CDR_OK;
}

static cdr_err
verify_tree(struct work *w, const Cdr__Wire__IndexProof *proof, const Cdr__Wire__IndexRoot *root)
{
	uint8_t hash[CDR_CHECK_ROWS_MAX][H] = { { 0 } };
	struct cdr_sparse_leaf leaves[CDR_CHECK_ROWS_MAX];
	size_t order[CDR_CHECK_ROWS_MAX];
	struct cdr_sparse_proof path;
	bool present[CDR_CHECK_ROWS_MAX] = { false };

	if (!borrow_proof(proof->known, proof->known_count, proof->beside, &path))
		return malformed(w, "its hashes are not whole");
	cdr_err err = open_buckets(w, proof, hash);
	if (err == CDR_OK)
		err = cdr_index_places_sort(w->question->epoch, w->question->rows.data, CDR_CHECK_ROW_LEN, leaves, w->row_count,
		    order);
	if (err != CDR_OK)
		return err;
	for (size_t i = 0; i < proof->n_bucket; i++)
		present[proof->bucket[i]->row] = true;
	for (size_t i = 0; i < w->row_count; i++) {
		leaves[i].present = present[order[i]];
		memcpy(leaves[i].content, hash[order[i]], H);
	}
	err = cdr_sparse_verify(leaves, w->row_count, &path, root->root.data);
	return err == CDR_E_PROOF ? malformed(w, "it does not lead to the root of the index that the hub has logged") : err;
}

/* ---- who stands behind the rows --------------------------------------------------------------------------------- */

/* How the answer names a member, and whether with this handle. */
static enum standing
find_standing(const struct work *w, const char *member, const uint8_t *handle, struct known *known)
{
	if (strcmp(member, w->question->asker) == 0)
		return STANDING_OWN;
	for (size_t m = 0; m < w->reply->n_match; m++) {
		const ProtobufCBinaryData handles = w->reply->match[m]->handles;
		if (strcmp(w->reply->match[m]->member, member) != 0)
			continue;
		known->match = m;
		for (known->handle = 0; (known->handle + 1) * CDR_HANDLE_LEN <= handles.len; known->handle++)
			if (memcmp(handles.data + known->handle * CDR_HANDLE_LEN, handle, CDR_HANDLE_LEN) == 0)
				return STANDING_NAMED;
		if (handles.len >= CDR_MATCH_HANDLES_MAX * CDR_HANDLE_LEN)
			return STANDING_FURTHER;
	}
	return STANDING_HIDDEN;
}

/* Somebody whose handle is shown. */
static cdr_err
open_named(struct work *w, const Cdr__Wire__IndexPerson *person, struct known *known)
{
	struct cdr_index_person identity = {
		.member = person->member, .handle = person->handle.data, .expires = (uint16_t)person->expires
	};

	if (person->member == NULL || person->handle.len != CDR_HANDLE_LEN || person->salt.len != CDR_INDEX_SALT_LEN ||
	    person->has_name)
		return malformed(w, "somebody who is named has no form");
	known->standing = find_standing(w, person->member, person->handle.data, known);
	if (known->standing == STANDING_HIDDEN)
		return malformed(w, "it names somebody whom its answer does not");
	return cdr_index_person_commit(person->salt.data, &identity, known->person);
}

/* Somebody whose time is over: nothing else is shown. */
static cdr_err
open_over(struct work *w, const Cdr__Wire__IndexPerson *person, struct known *known)
{
	if (person->name.len != H || !person->has_name || person->salt.len != CDR_INDEX_PART_SALT_LEN || person->member != NULL ||
	    person->expires >= cdr_index_month(w->reply->at))
		return malformed(w, "somebody whose time is over has no form");
	known->standing = STANDING_OVER;
	return cdr_index_person_join(person->name.data, person->salt.data, (uint16_t)person->expires, known->person);
}

static cdr_err
open_people(struct work *w, const Cdr__Wire__IndexProof *proof)
{
	uint32_t month = cdr_index_month(w->reply->at);

	if (proof->n_person > ROWS_MAX)
		return malformed(w, "it opens more people than it may");
	for (size_t i = 0; i < proof->n_person; i++) {
		const Cdr__Wire__IndexPerson *person = proof->person[i];
		struct known *known = &w->known[w->known_count++];
		if (person->expires > UINT16_MAX)
			return malformed(w, "a month is none");
		cdr_err err = person->has_handle ? open_named(w, person, known) : open_over(w, person, known);
		if (err != CDR_OK)
			return err;
		if (known->standing == STANDING_NAMED && person->expires < month)
			return malformed(w, "it names somebody whose time is over");
	}
	return CDR_OK;
}

/* ---- the rule ------------------------------------------------------------------------------------------------ */

static int
compare_agreeing(const void *a, const void *b)
{
	return memcmp(((const struct agreeing *)a)->person, ((const struct agreeing *)b)->person, H);
}

static int
compare_rows(const void *a, const void *b)
{
	const struct agreeing *left = a, *right = b;
	int order = compare_agreeing(a, b);

	return order != 0 ? order : (left->row > right->row) - (left->row < right->row);
}

/* One person's rows, judged as the hub must judge them. */
static cdr_err
judge_group(struct work *w, size_t at, size_t count)
{
	struct cdr_agreement agreement[CDR_CHECK_ROWS_MAX];
	struct group *group = &w->group[w->group_count++];
	size_t n = 0;

	*group = (struct group){ .agreeing = &w->agreeing[at], .count = count };
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && w->agreeing[at + i].row == w->agreeing[at + i - 1].row)
			return malformed(w, "somebody has one tag twice");
		agreement[n++] = w->agreeing[at + i].agreement;
	}
	for (size_t i = 0; i < w->known_count; i++) {
		if (memcmp(w->known[i].person, group->agreeing->person, H) != 0)
			continue;
		group->standing = w->known[i].standing;
		group->named_by = w->known[i].match;
		group->handle = w->known[i].handle;
	}
	cdr_err err = cdr_match_judge(agreement, n, w->reply->people, &w->question->rule, &group->match);
	return err == CDR_E_RANGE ? malformed(w, "a row has a type, rarity or pair that no token has") : err;
}

static cdr_err
judge_groups(struct work *w)
{
	if (w->agreeing_count > 1)
		qsort(w->agreeing, w->agreeing_count, sizeof(w->agreeing[0]), compare_rows);
	for (size_t at = 0, n; at < w->agreeing_count; at += n) {
		for (n = 1; at + n < w->agreeing_count && compare_agreeing(&w->agreeing[at], &w->agreeing[at + n]) == 0;)
			n++;
		cdr_err err = judge_group(w, at, n);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

static bool
is_possible(const Cdr__Wire__Match *match)
{
	return strcmp(match->tier, cdr_tier_name(CDR_TIER_POSSIBLE)) == 0;
}

/*
 * Somebody whom the rule finds and the answer does not name. Allowed where the answer is full: as many possible members as the
 * scheme asks, none of them less likely to be the right one; or as many members as fit.
 */
static bool
is_left_out_rightly(const struct work *w, const struct group *group)
{
	size_t possible = 0;
	uint64_t worst = 0, lambda = cdr_index_lambda_ppb(group->match.lambda);

	if (w->reply->n_match >= CDR_MATCHES_MAX)
		return true;
	if (group->match.tier != CDR_TIER_POSSIBLE)
		return false;
	for (size_t m = 0; m < w->reply->n_match; m++) {
		if (!is_possible(w->reply->match[m]))
			continue;
		possible++;
		if (w->reply->match[m]->lambda_ppb > worst)
			worst = w->reply->match[m]->lambda_ppb;
	}
	return possible >= w->question->rule.possible_max && lambda >= worst;
}

static cdr_err
find_hidden(struct work *w)
{
	for (size_t i = 0; i < w->group_count; i++) {
		const struct group *group = &w->group[i];
		if (group->standing != STANDING_HIDDEN || group->match.tier == CDR_TIER_NONE || is_left_out_rightly(w, group))
			continue;
		return cdr_fault_set(w->fault, CDR_E_PROOF,
		    "the hub HID A MATCH: its own index holds somebody who agrees with this candidate (%s), and its answer does not "
		    "name that employer",
		    cdr_tier_name(group->match.tier));
	}
	return CDR_OK;
}

static bool
lambda_agrees(uint64_t claimed, double lambda)
{
	uint64_t own = cdr_index_lambda_ppb(lambda), apart = claimed > own ? claimed - own : own - claimed;

	return apart <= 1 + own / 1000000;
}

static enum cdr_tier
tier_of(const Cdr__Wire__Match *match)
{
	if (is_possible(match))
		return CDR_TIER_POSSIBLE;
	return strcmp(match->tier, cdr_tier_name(CDR_TIER_STRONG)) == 0 ? CDR_TIER_STRONG : CDR_TIER_NONE;
}

/* What a person would be whose rows agree in all tags of which not every row is shown, too, and as well as they can. */
static cdr_err
judge_most(const struct work *w, const struct group *group, struct cdr_match *most)
{
	struct cdr_agreement agreement[CDR_CHECK_ROWS_MAX];
	size_t n = 0, shown = 0;

	for (uint32_t row = 0; row < w->row_count; row++) {
		const uint8_t *asked = asked_row(w, row) + CDR_TAG_LEN;
		if (shown < group->count && group->agreeing[shown].row == row)
			agreement[n++] = group->agreeing[shown++].agreement;
		else if (w->closed[row])
			agreement[n++] = (struct cdr_agreement){ asked[0], asked[1], CDR_PAIR_WHOLE, CDR_PAIR_WHOLE };
	}
	return cdr_match_judge(agreement, n, w->reply->people, &w->question->rule, most);
}

/* Whether a match is stated as no less than what is shown of the person, and no more than it can be. Most often these are the same. */
static bool
states(const Cdr__Wire__Match *match, const struct cdr_match *least, const struct cdr_match *most)
{
	enum cdr_tier tier = tier_of(match);

	return tier >= least->tier && tier <= most->tier && (least->types & ~match->types) == 0 && (match->types & ~most->types) == 0 &&
	    (match->lambda_ppb <= cdr_index_lambda_ppb(least->lambda) || lambda_agrees(match->lambda_ppb, least->lambda)) &&
	    (match->lambda_ppb >= cdr_index_lambda_ppb(most->lambda) || lambda_agrees(match->lambda_ppb, most->lambda));
}

/* Whether a match is stated as less than what is shown of somebody. */
static bool
understates(const Cdr__Wire__Match *match, const struct cdr_match *least)
{
	if (tier_of(match) != least->tier)
		return tier_of(match) < least->tier;
	return match->lambda_ppb > cdr_index_lambda_ppb(least->lambda) && !lambda_agrees(match->lambda_ppb, least->lambda);
}

/* What comes of a member's handles, each of which stands in a row that is shown. */
struct shown {
	bool handle[CDR_MATCH_HANDLES_MAX];
	const struct group *best;  /* by what is shown */
	bool stated;               /* the match is what one of them is */
};

static cdr_err
invented(struct work *w, const char *member, const char *what)
{
	return cdr_fault_set(w->fault, CDR_E_PROOF, "the hub INVENTED A MATCH: it names %s, %s", member, what);
}

static cdr_err
check_handle(struct work *w, const Cdr__Wire__Match *match, const struct group *group, struct shown *shown)
{
	struct cdr_match most;

	/* Whoever the rule finds has a row that is enough alone (cdr_index_is_heavy): the hub can always show it. */
	if (group->match.tier == CDR_TIER_NONE)
		return invented(w, match->member, "whose leaver does not agree with this candidate as the rule asks");
	if (group->handle >= CDR_MATCH_HANDLES_MAX || shown->handle[group->handle])
		return malformed(w, "it makes two of somebody, or more than it may");
	shown->handle[group->handle] = true;
	cdr_err err = judge_most(w, group, &most);
	if (err != CDR_OK)
		return err == CDR_E_RANGE ? malformed(w, "a row has a type, rarity or pair that no token has") : err;
	if (shown->best == NULL || cdr_match_order(&group->match, &shown->best->match) < 0)
		shown->best = group;
	shown->stated |= states(match, &group->match, &most);
	return CDR_OK;
}

/* A match is what its best handle is. Of several that are equally good, as two entries of one person can be, any may be stated. */
static cdr_err
check_match(struct work *w, size_t number)
{
	const Cdr__Wire__Match *match = w->reply->match[number];
	size_t handle_count = match->handles.len / CDR_HANDLE_LEN;
	struct shown shown = { .best = NULL };

	for (size_t i = 0; i < w->group_count; i++) {
		const struct group *group = &w->group[i];
		if (group->standing != STANDING_NAMED || group->named_by != number)
			continue;
		cdr_err err = check_handle(w, match, group, &shown);
		if (err != CDR_OK)
			return err;
	}
	bool all = handle_count >= 1 && handle_count <= CDR_MATCH_HANDLES_MAX;
	for (size_t i = 0; all && i < handle_count; i++)
		all = shown.handle[i];
	if (!all)
		return invented(w, match->member, "and its own index does not show that such a person left there");
	if (shown.stated && !understates(match, &shown.best->match))
		return CDR_OK;
	return cdr_fault_set(w->fault, CDR_E_PROOF, "the hub MISSTATED A MATCH: %s matches as %s, and it says %s, or on other grounds",
	    match->member, cdr_tier_name(shown.best->match.tier), match->tier);
}

/* The same member twice, or more possible ones than the scheme allows, would make the asker ask more than it should. */
static cdr_err
check_list(struct work *w)
{
	size_t possible = 0;

	for (size_t m = 0; m < w->reply->n_match; m++) {
		possible += is_possible(w->reply->match[m]);
		for (size_t k = 0; k < m; k++)
			if (strcmp(w->reply->match[m]->member, w->reply->match[k]->member) == 0)
				return malformed(w, "the answer names a member twice");
		cdr_err err = check_match(w, m);
		if (err != CDR_OK)
			return err;
	}
	if (possible > w->question->rule.possible_max)
		return malformed(w, "the answer names more possible employers than the scheme allows");
	return CDR_OK;
}

/* see audit/index_answer.h */
cdr_err
cdr_index_answer_verify(const struct cdr_index_question *question, const Cdr__Wire__CheckOpenReply *reply,
    const Cdr__Wire__IndexRoot *root, size_t *unproved, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct work *w = calloc(1, sizeof(*w));

	*unproved = 0;

	if (w == NULL)
		return CDR_E_MEMORY;
	w->question = question;
	w->reply = reply;
	w->fault = fault;
	w->row_count = question->rows.len / CDR_CHECK_ROW_LEN;
	if (reply->proof == NULL || !reply->has_at || reply->n_match > CDR_MATCHES_MAX || root->epoch != question->epoch ||
	    w->row_count < 1 || w->row_count > CDR_CHECK_ROWS_MAX) {
		err = malformed(w, "there is none, or it is of another epoch");
		goto out;
	}
	if (reply->people > root->people) {
		err = malformed(w, "it says that more people were searched than the index holds");
		goto out;
	}
	CDR_TRY(verify_tree(w, reply->proof, root));
	CDR_TRY(open_people(w, reply->proof));
	CDR_TRY(judge_groups(w));
	CDR_TRY(find_hidden(w));
	CDR_TRY(check_list(w));
	for (size_t i = 0; i < w->row_count; i++)
		*unproved += w->closed[i] && w->heavy[i];
	err = CDR_OK;
out:
	free(w);
	return err;
}

/* ---- own rows --------------------------------------------------------------------------------------------------- */

/* What the proof says stands at the place of one's own row. */
static cdr_err
open_slot(const char *member, const uint8_t *row, uint16_t expires, const Cdr__Wire__IndexSlot *slot, uint8_t hash[static H])
{
	struct cdr_index_person person = { .member = member, .handle = row + CDR_TAG_LEN + 3, .expires = expires };
	struct cdr_index_row opened = { .type = row[CDR_TAG_LEN], .rarity = row[CDR_TAG_LEN + 1], .pair = row[CDR_TAG_LEN + 2] };
	struct cdr_index_slot path = { .slot = slot->slot, .height = slot->beside.len / H };

	if (slot->person_salt.len != CDR_INDEX_SALT_LEN || slot->salt.len != sizeof(path.salt) || slot->beside.len % H != 0 || path.height > CDR_INDEX_BUCKET_HEIGHT_MAX)
		return CDR_E_PROOF;
	memcpy(path.salt, slot->salt.data, sizeof(path.salt));
	memcpy(path.beside, slot->beside.data, slot->beside.len);
	cdr_err err = cdr_index_person_commit(slot->person_salt.data, &person, opened.person);
	if (err == CDR_OK)
		err = cdr_index_slot_hash(&path, &opened, hash);
	return err == CDR_E_RANGE ? CDR_E_PROOF : err;
}

/* Rows of one handle must stand for one person: the rule adds up what a person has. */
static bool
is_one_person(const Cdr__Wire__IndexProve *request, const Cdr__Wire__IndexSlot *const *slot, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint8_t *handle = request->rows.data + i * CDR_INDEX_ROW_LEN + CDR_TAG_LEN + 3;
		for (size_t k = 0; k < i; k++)
			if (slot[i] != NULL && slot[k] != NULL &&
			    memcmp(handle, request->rows.data + k * CDR_INDEX_ROW_LEN + CDR_TAG_LEN + 3, CDR_HANDLE_LEN) == 0 &&
			    memcmp(slot[i]->person_salt.data, slot[k]->person_salt.data, CDR_INDEX_SALT_LEN) != 0)
				return false;
	}
	return true;
}

/* see audit/index_answer.h */
cdr_err
cdr_index_own_verify(const struct cdr_index_owner *owner, const Cdr__Wire__IndexProve *request,
    const Cdr__Wire__IndexProveReply *reply, const Cdr__Wire__IndexRoot *root, struct cdr_index_own *own, struct cdr_fault *fault)
{
	size_t count = request->rows.len / CDR_INDEX_ROW_LEN, order[CDR_INDEX_PROVE_ROWS_MAX];
	struct cdr_sparse_leaf leaves[CDR_INDEX_PROVE_ROWS_MAX];
	const Cdr__Wire__IndexSlot *slot[CDR_INDEX_PROVE_ROWS_MAX] = { NULL };
	struct cdr_sparse_proof path;

	*own = (struct cdr_index_own){ .missing = count };
	if (count < 1 || count > CDR_INDEX_PROVE_ROWS_MAX || root->epoch != request->epoch ||
	    !borrow_proof(reply->known, reply->known_count, reply->beside, &path))
		return cdr_fault_set(fault, CDR_E_PROOF, "the hub's proof about this organisation's own rows has no form");
	for (size_t i = 0; i < reply->n_slot; i++)
		if (reply->slot[i]->row < count)
			slot[reply->slot[i]->row] = reply->slot[i];
	cdr_err err = cdr_index_places_sort(request->epoch, request->rows.data, CDR_INDEX_ROW_LEN, leaves, count, order);
	for (size_t i = 0; i < count && err == CDR_OK; i++) {
		size_t row = order[i];
		const uint8_t *asked = request->rows.data + row * CDR_INDEX_ROW_LEN;
		leaves[i].present = slot[row] != NULL;
		if (slot[row] == NULL) {
			own->missing = row < own->missing ? row : own->missing;
			continue;
		}
		err = open_slot(owner->member, asked, owner->expires[row], slot[row], leaves[i].content);
		own->crowds += slot[row]->beside.len >= CDR_INDEX_CROWD_HEIGHT * H &&
		    cdr_index_is_heavy(asked[CDR_TAG_LEN], asked[CDR_TAG_LEN + 1], root->people, &owner->rule);
	}
	if (err == CDR_OK && !is_one_person(request, slot, count))
		return cdr_fault_set(fault, CDR_E_PROOF, "the hub's index SPLITS SOMEBODY of this organisation in two, so that no rule finds "
		    "the two together");
	if (err == CDR_OK)
		err = cdr_sparse_verify(leaves, count, &path, root->root.data);
	if (err == CDR_E_PROOF)
		return cdr_fault_set(fault, err, "the hub's proof about this organisation's own rows does not lead to the root of "
		    "the index that it has logged");
	if (err == CDR_OK && own->missing < count)
		return cdr_fault_set(fault, CDR_E_ABSENT, "the hub's index LACKS SOMEBODY of this organisation, whose rows it has "
		    "acknowledged: a check of that person would not find you");
	return err;
}
