#include "audit/index_answer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/crypto/sparse.h"

#define H CDR_INDEX_HASH_LEN
#define BILLION 1e9
#define PEOPLE_MAX (CDR_MATCHES_MAX * CDR_MATCH_HANDLES_MAX + CDR_INDEX_OPENED_ROWS_MAX)

/* One opened row whose type is the query's too. */
struct agreeing {
	uint8_t person[H];
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
	size_t match;
};

/* One person whose rows agree. */
struct group {
	const uint8_t *person;
	struct cdr_match match;
	enum standing standing;
	size_t named_by;
};

struct work {
	const struct cdr_index_question *question;
	const Cdr__Wire__CheckOpenReply *reply;
	size_t row_count;
	bool has_crowd;                        /* a tag of which not every row is shown */
	struct agreeing agreeing[CDR_INDEX_OPENED_ROWS_MAX];
	size_t agreeing_count;
	struct known known[PEOPLE_MAX];
	size_t known_count;
	struct group group[CDR_INDEX_OPENED_ROWS_MAX];
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
void
cdr_index_opened_choose(const size_t *counts, size_t count, bool *opened)
{
	size_t total = 0;

	memset(opened, 0, count * sizeof(*opened));
	for (;;) {
		size_t best = count;
		for (size_t i = 0; i < count; i++)
			if (!opened[i] && counts[i] > 0 && (best == count || counts[i] < counts[best]))
				best = i;
		if (best == count || counts[best] > CDR_INDEX_TAG_ROWS_MAX || total + counts[best] > CDR_INDEX_OPENED_ROWS_MAX)
			return;
		opened[best] = true;
		total += counts[best];
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

/* The rows of an opened bucket that agree with the row that was asked. */
static cdr_err
take_rows(struct work *w, const struct cdr_index_row *rows, size_t count, const uint8_t *asked)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].type != asked[CDR_TAG_LEN])
			continue;
		if (w->agreeing_count == CDR_INDEX_OPENED_ROWS_MAX)
			return malformed(w, "it opens more rows than it may");
		struct agreeing *a = &w->agreeing[w->agreeing_count++];
		memcpy(a->person, rows[i].person, H);
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
open_bucket(struct work *w, const Cdr__Wire__IndexBucket *bucket, const uint8_t *asked, size_t *count, uint8_t hash[static H])
{
	struct cdr_index_row rows[CDR_INDEX_TAG_ROWS_MAX];

	*count = bucket->rows.len / CDR_INDEX_OPENED_ROW_LEN;
	if (bucket->salt.len != CDR_INDEX_SALT_LEN || bucket->has_count || bucket->has_slots || *count < 1 ||
	    *count > CDR_INDEX_TAG_ROWS_MAX || bucket->rows.len % CDR_INDEX_OPENED_ROW_LEN != 0)
		return malformed(w, "a tag's rows have no form");
	for (size_t i = 0; i < *count; i++)
		cdr_index_row_read(bucket->rows.data + i * CDR_INDEX_OPENED_ROW_LEN, &rows[i]);
	cdr_err err = cdr_index_bucket_hash(bucket->salt.data, rows, *count, hash);
	if (err == CDR_E_INPUT)
		return malformed(w, "a tag's rows are not in their order");
	return err == CDR_OK ? take_rows(w, rows, *count, asked) : err;
}

/* A bucket of which only the number of rows is shown. */
static cdr_err
open_crowd(struct work *w, const Cdr__Wire__IndexBucket *bucket, size_t *count, uint8_t hash[static H])
{
	struct cdr_index_crowd crowd = { .count = bucket->count };

	if (bucket->salt.len != sizeof(crowd.salt) || !bucket->has_count || !bucket->has_slots || bucket->slots.len != H ||
	    bucket->count < 1)
		return malformed(w, "a tag with many rows has no form");
	memcpy(crowd.salt, bucket->salt.data, sizeof(crowd.salt));
	memcpy(crowd.slots, bucket->slots.data, H);
	*count = bucket->count;
	w->has_crowd = true;
	return cdr_index_crowd_hash(&crowd, hash);
}

/* All buckets: the hash of each row's, all zero where there is none; and whether the right ones were opened. */
static cdr_err
open_buckets(struct work *w, const Cdr__Wire__IndexProof *proof, uint8_t (*hash)[H])
{
	size_t counts[CDR_CHECK_ROWS_MAX] = { 0 };
	bool opened[CDR_CHECK_ROWS_MAX] = { false }, expected[CDR_CHECK_ROWS_MAX];

	for (size_t i = 0; i < proof->n_bucket; i++) {
		const Cdr__Wire__IndexBucket *bucket = proof->bucket[i];
		if (bucket->row >= w->row_count || (i > 0 && bucket->row <= proof->bucket[i - 1]->row))
			return malformed(w, "it opens a tag that was not asked");
		const uint8_t *asked = w->question->rows.data + bucket->row * CDR_CHECK_ROW_LEN;
		opened[bucket->row] = bucket->has_rows;
		cdr_err err = bucket->has_rows ? open_bucket(w, bucket, asked, &counts[bucket->row], hash[bucket->row]) :
						 open_crowd(w, bucket, &counts[bucket->row], hash[bucket->row]);
		if (err != CDR_OK)
			return err;
	}
	cdr_index_opened_choose(counts, w->row_count, expected);
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
find_standing(const struct work *w, const char *member, const uint8_t *handle, size_t *match)
{
	if (strcmp(member, w->question->asker) == 0)
		return STANDING_OWN;
	for (size_t m = 0; m < w->reply->n_match; m++) {
		const ProtobufCBinaryData handles = w->reply->match[m]->handles;
		if (strcmp(w->reply->match[m]->member, member) != 0)
			continue;
		*match = m;
		for (size_t h = 0; h + CDR_HANDLE_LEN <= handles.len; h += CDR_HANDLE_LEN)
			if (memcmp(handles.data + h, handle, CDR_HANDLE_LEN) == 0)
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
	known->standing = find_standing(w, person->member, person->handle.data, &known->match);
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

	if (proof->n_person > PEOPLE_MAX)
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

/* One person's rows, judged as the hub must judge them. */
static cdr_err
judge_group(struct work *w, size_t at, size_t count)
{
	struct cdr_agreement agreement[CDR_CHECK_ROWS_MAX];
	struct group *group = &w->group[w->group_count++];
	size_t n = 0;

	*group = (struct group){ .person = w->agreeing[at].person };
	for (size_t i = 0; i < count && n < CDR_CHECK_ROWS_MAX; i++)
		agreement[n++] = w->agreeing[at + i].agreement;
	for (size_t i = 0; i < w->known_count; i++) {
		if (memcmp(w->known[i].person, group->person, H) != 0)
			continue;
		group->standing = w->known[i].standing;
		group->named_by = w->known[i].match;
	}
	cdr_err err = cdr_match_judge(agreement, n, w->reply->people, &w->question->rule, &group->match);
	return err == CDR_E_RANGE ? malformed(w, "a row has a type, rarity or pair that no token has") : err;
}

static cdr_err
judge_groups(struct work *w)
{
	if (w->agreeing_count > 1)
		qsort(w->agreeing, w->agreeing_count, sizeof(w->agreeing[0]), compare_agreeing);
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

/* Whether a match is stated as what ${own} is. */
static bool
states(const Cdr__Wire__Match *match, const struct cdr_match *own)
{
	return strcmp(match->tier, cdr_tier_name(own->tier)) == 0 && lambda_agrees(match->lambda_ppb, own->lambda) &&
	    match->types == own->types;
}

/* A match is what its best handle is. Of several that are equally good, as two entries of one person can be, any may be stated. */
static cdr_err
check_match(struct work *w, size_t number)
{
	const Cdr__Wire__Match *match = w->reply->match[number];
	size_t handle_count = match->handles.len / CDR_HANDLE_LEN, found = 0;
	const struct group *best = NULL;

	for (size_t i = 0; i < w->group_count; i++) {
		const struct group *group = &w->group[i];
		if (group->standing != STANDING_NAMED || group->named_by != number)
			continue;
		found++;
		if (best == NULL || cdr_match_order(&group->match, &best->match) < 0)
			best = group;
		if (group->match.tier == CDR_TIER_NONE && !w->has_crowd)
			return cdr_fault_set(w->fault, CDR_E_PROOF, "the hub INVENTED A MATCH: it names %s, whose leaver does not "
			    "agree with this candidate as the rule asks", match->member);
	}
	/* Where somebody flooded the index with a tag, rows that agree may be closed: then a match cannot be called false. */
	if (w->has_crowd)
		return CDR_OK;
	if (found != handle_count || best == NULL)
		return cdr_fault_set(w->fault, CDR_E_PROOF, "the hub INVENTED A MATCH: it names %s, and its own index does not show "
		    "that such a person left there", match->member);
	for (size_t i = 0; i < w->group_count; i++) {
		const struct group *group = &w->group[i];
		if (group->standing == STANDING_NAMED && group->named_by == number &&
		    cdr_match_order(&group->match, &best->match) == 0 && states(match, &group->match))
			return CDR_OK;
	}
	return cdr_fault_set(w->fault, CDR_E_PROOF, "the hub MISSTATED A MATCH: %s matches as %s, and it says %s, or on other grounds",
	    match->member, cdr_tier_name(best->match.tier), match->tier);
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
    const Cdr__Wire__IndexRoot *root, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct work *w = calloc(1, sizeof(*w));

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

	if (slot->person_salt.len != CDR_INDEX_SALT_LEN || slot->salt.len != sizeof(path.salt) || slot->count.len != H ||
	    slot->beside.len % H != 0 || path.height > CDR_INDEX_BUCKET_HEIGHT_MAX)
		return CDR_E_PROOF;
	memcpy(path.salt, slot->salt.data, sizeof(path.salt));
	memcpy(path.count, slot->count.data, H);
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
cdr_index_own_verify(const char *member, const Cdr__Wire__IndexProve *request, const uint16_t *expires,
    const Cdr__Wire__IndexProveReply *reply, const Cdr__Wire__IndexRoot *root, size_t *missing, struct cdr_fault *fault)
{
	size_t count = request->rows.len / CDR_INDEX_ROW_LEN, order[CDR_INDEX_PROVE_ROWS_MAX];
	struct cdr_sparse_leaf leaves[CDR_INDEX_PROVE_ROWS_MAX];
	const Cdr__Wire__IndexSlot *slot[CDR_INDEX_PROVE_ROWS_MAX] = { NULL };
	struct cdr_sparse_proof path;

	*missing = count;
	if (count < 1 || count > CDR_INDEX_PROVE_ROWS_MAX || root->epoch != request->epoch ||
	    !borrow_proof(reply->known, reply->known_count, reply->beside, &path))
		return cdr_fault_set(fault, CDR_E_PROOF, "the hub's proof about this organisation's own rows has no form");
	for (size_t i = 0; i < reply->n_slot; i++)
		if (reply->slot[i]->row < count)
			slot[reply->slot[i]->row] = reply->slot[i];
	cdr_err err = cdr_index_places_sort(request->epoch, request->rows.data, CDR_INDEX_ROW_LEN, leaves, count, order);
	for (size_t i = 0; i < count && err == CDR_OK; i++) {
		size_t row = order[i];
		leaves[i].present = slot[row] != NULL;
		if (slot[row] != NULL)
			err = open_slot(member, request->rows.data + row * CDR_INDEX_ROW_LEN, expires[row], slot[row],
			    leaves[i].content);
		else if (row < *missing)
			*missing = row;
	}
	if (err == CDR_OK && !is_one_person(request, slot, count))
		return cdr_fault_set(fault, CDR_E_PROOF, "the hub's index SPLITS SOMEBODY of this organisation in two, so that no rule finds "
		    "the two together");
	if (err == CDR_OK)
		err = cdr_sparse_verify(leaves, count, &path, root->root.data);
	if (err == CDR_E_PROOF)
		return cdr_fault_set(fault, err, "the hub's proof about this organisation's own rows does not lead to the root of "
		    "the index that it has logged");
	if (err == CDR_OK && *missing < count)
		return cdr_fault_set(fault, CDR_E_ABSENT, "the hub's index LACKS SOMEBODY of this organisation, whose rows it has "
		    "acknowledged: a check of that person would not find you");
	return err;
}
