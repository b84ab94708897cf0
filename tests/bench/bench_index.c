/*
 * What the complete index costs: the proof of one check over 1 and 10 million people (other sizes as arguments), and an update.
 *
 *     sha256-65              a bare SHA-256 of 65 bytes, which a node of the tree costs
 *     index-prove-K-N        microseconds of CPU at the hub for the proof of a check of K tags over N people
 *     index-proof-K-N        its bytes, with everything that it opens
 *     index-verify-K-N       microseconds at the node: decoding it, the paths, the buckets, the rule
 *     index-update-N         microseconds a row for 1,024 new rows (64 people) in such a tree, their buckets included
 *
 * Data: 16 rows a person. The pages lie in memory. The entries of a page are drawn from a seeded generator when it is entered, and
 * hashed as the hub does; the hashes of subtrees that nobody enters are drawn, which costs neither side anything else. Half of a
 * check's tags are in the index, each with one row, all of one person.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/index_answer.h"
#include "core/crypto/secret.h"
#include "core/crypto/sparse.h"
#include "tests/bench/measure.h"


#define H CDR_SPARSE_HASH_LEN
#define ROWS_A_PERSON 16
#define LEVELS_MAX 8
#define ENTERED_MAX 512
#define UPDATE_ROWS 1024

/* The pages: of children, level by level; and those of entries that somebody entered. */
struct world {
	uint64_t rows;
	unsigned depth;                      /* of the pages of entries */
	uint8_t (*level[LEVELS_MAX])[H];     /* level[k]: the hashes of all nodes at depth 4 (k + 1) */
	struct entered {
		uint64_t prefix;
		struct cdr_sparse_page page;
	} *entered;
	size_t entered_count;
	bool discards;                       /* what is saved goes nowhere */
};

static void
draw(uint64_t seed, uint8_t out[static H])
{
	for (size_t i = 0; i < H / 8; i++) {
		uint64_t word = measure_mix(seed * 4 + i) | 1;
		memcpy(out + 8 * i, &word, 8);
	}
}

/* ---- pages -------------------------------------------------------------------------------------------------- */

static void
write_number(uint64_t number, uint8_t *out)
{
	for (size_t i = 0; i < 8; i++)
		out[i] = (uint8_t)(number >> (56 - 8 * i));
}

/* The entries below a node: as many as the average, spread evenly. */
static void
draw_entries(const struct world *w, uint64_t prefix, struct cdr_sparse_page *page)
{
	uint64_t slots = UINT64_C(1) << w->depth, number = prefix >> (64 - w->depth);
	size_t count = (size_t)(w->rows / slots + (measure_mix(number) % slots < w->rows % slots));
	uint64_t span = (~UINT64_C(0) >> w->depth) / (count + 1);

	page->data[0] = 0;
	page->len = 1;
	for (size_t i = 0; i < count; i++) {
		uint8_t *at = page->data + page->len;
		write_number(prefix + span * i + measure_mix(number * 64 + i) % span, at);
		memset(at + 8, 0, 8);
		draw(number * 64 + i, at + 16);
		page->len += CDR_SPARSE_ENTRY_LEN;
	}
}

static struct entered *
find_entered(const struct world *w, uint64_t prefix)
{
	for (size_t i = 0; i < w->entered_count; i++)
		if (w->entered[i].prefix == prefix)
			return &w->entered[i];
	return NULL;
}

/* The children's hashes of a node above the pages of entries. */
static uint8_t (*children_of(const struct world *w, unsigned depth, uint64_t prefix))[H]
{
	return w->level[depth / 4] + (depth == 0 ? 0 : prefix >> (64 - depth) << 4);
}

static cdr_err
load(void *context, unsigned depth, uint64_t prefix, struct cdr_sparse_page *page)
{
	const struct world *w = context;
	const struct entered *entered = depth == w->depth ? find_entered(w, prefix) : NULL;

	if (depth > w->depth)
		return CDR_E_ABSENT;
	if (depth < w->depth) {
		page->data[0] = 1;
		memcpy(page->data + 1, children_of(w, depth, prefix), 16 * H);
		page->len = 1 + 16 * H;
	} else if (entered != NULL) {
		*page = entered->page;
	} else {
		draw_entries(w, prefix, page);
	}
	return page->len > 1 ? CDR_OK : CDR_E_ABSENT;
}

static cdr_err
save(void *context, unsigned depth, uint64_t prefix, const struct cdr_sparse_page *page)
{
	struct world *w = context;
	struct entered *entered;

	if (w->discards)
		return CDR_OK;
	MUST(depth <= w->depth);
	if (depth < w->depth) {
		memcpy(children_of(w, depth, prefix), page->data + 1, 16 * H);
		return CDR_OK;
	}
	entered = find_entered(w, prefix);
	if (entered == NULL) {
		MUST(w->entered_count < ENTERED_MAX);
		entered = &w->entered[w->entered_count++];
	}
	entered->prefix = prefix;
	entered->page = *page;
	return CDR_OK;
}

static cdr_err
drop(void *context, unsigned depth, uint64_t prefix)
{
	(void)context;
	(void)depth;
	(void)prefix;
	return CDR_OK;
}

static void
world_make(struct world *w, uint64_t people)
{
	*w = (struct world){ .rows = people * ROWS_A_PERSON, .depth = 4 };
	while (w->rows >> w->depth > 10)
		w->depth += 4;
	w->entered = calloc(ENTERED_MAX, sizeof(*w->entered));
	MUST(w->entered != NULL);
	for (unsigned k = 0; k < w->depth / 4; k++) {
		uint64_t count = UINT64_C(1) << (4 * (k + 1));
		MUST((w->level[k] = malloc(count * sizeof(*w->level[k]))) != NULL);
		for (uint64_t i = 0; i < count; i++)
			draw((uint64_t)k << 40 | i, w->level[k][i]);
	}
}

static void
world_free(struct world *w)
{
	for (unsigned k = 0; k < w->depth / 4; k++)
		free(w->level[k]);
	free(w->entered);
}

/* ---- what is asked -------------------------------------------------------------------------------------------- */

static const uint8_t secret[CDR_INDEX_SECRET_LEN] = { 1 }, handle[CDR_HANDLE_LEN] = { 2 };
static char member[] = "blue-harbour";

/* The rows of a check of ${count} tags. */
static void
make_check(size_t count, uint8_t *rows)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t tag[H], *row = rows + i * CDR_CHECK_ROW_LEN;
		draw(count * 1000 + i, tag);
		memcpy(row, tag, CDR_TAG_LEN);
		row[CDR_TAG_LEN] = (uint8_t)(i % (CDR_TOKEN_TYPE_COUNT - 1) + 1);
		row[CDR_TAG_LEN + 1] = 3;
		row[CDR_TAG_LEN + 2] = 1;
	}
}

/* A check, and everything that its answer is made of. */
struct check {
	size_t count;
	uint8_t rows[CDR_CHECK_ROWS_MAX * CDR_CHECK_ROW_LEN];
	uint8_t person_salt[CDR_INDEX_SALT_LEN];
	struct cdr_index_row row[CDR_CHECK_ROWS_MAX];      /* in the index, of the even rows */
	struct cdr_buffer reply;
	uint8_t root[H];
};

/* The bucket of one row that is in the index. */
static void
hash_bucket(struct check *c, size_t row, uint8_t salt[static CDR_INDEX_SALT_LEN], uint8_t out[static H])
{
	struct cdr_index_person person = { member, handle, 400 };
	const uint8_t *asked = c->rows + row * CDR_CHECK_ROW_LEN;

	c->row[row] = (struct cdr_index_row){ .type = asked[CDR_TAG_LEN], .rarity = asked[CDR_TAG_LEN + 1], .pair = asked[CDR_TAG_LEN + 2] };
	MUST(cdr_index_person_salt(secret, 1, member, handle, c->person_salt) == CDR_OK);
	MUST(cdr_index_person_commit(c->person_salt, &person, c->row[row].person) == CDR_OK);
	MUST(cdr_index_bucket_salt(secret, 1, asked, 1, salt) == CDR_OK);
	MUST(cdr_index_bucket_hash(salt, &c->row[row], 1, out) == CDR_OK);
}

/* Put the check's person into the tree. Rows that are not there are entered too, so that their pages are hashed. */
static void
check_enter(struct world *w, struct check *c, size_t count)
{
	struct cdr_sparse_leaf leaves[CDR_CHECK_ROWS_MAX];
	size_t order[CDR_CHECK_ROWS_MAX];
	uint8_t salt[CDR_INDEX_SALT_LEN];
	struct cdr_sparse_pages pages = { w, load, save, drop };

	c->count = count;
	make_check(count, c->rows);
	MUST(cdr_index_places_sort(1, c->rows, CDR_CHECK_ROW_LEN, leaves, count, order) == CDR_OK);
	for (size_t i = 0; i < count; i++) {
		leaves[i].present = order[i] % 2 == 0;
		if (leaves[i].present)
			hash_bucket(c, order[i], salt, leaves[i].content);
	}
	MUST(cdr_sparse_update(&pages, leaves, count, c->root) == CDR_OK);
}

/* What the hub does: find the places, open the buckets, encode. */
static void
check_prove(struct world *w, struct check *c, uint64_t people)
{
	static char strong[] = "strong";
	struct cdr_sparse_leaf leaves[CDR_CHECK_ROWS_MAX];
	size_t order[CDR_CHECK_ROWS_MAX], n = 0;
	uint8_t salt[CDR_CHECK_ROWS_MAX][CDR_INDEX_SALT_LEN], rows[CDR_CHECK_ROWS_MAX][CDR_INDEX_OPENED_ROW_LEN], hash[H];
	struct cdr_agreement agreement[CDR_CHECK_ROWS_MAX];
	struct cdr_match_rule rule = CDR_MATCH_RULE_DEFAULT;
	struct cdr_match match;
	struct cdr_sparse_pages pages = { w, load, save, drop };
	struct cdr_sparse_proof path;
	struct cdr_buffer root = { 0 };
	Cdr__Wire__CheckOpenReply reply = CDR__WIRE__CHECK_OPEN_REPLY__INIT;
	Cdr__Wire__IndexProof proof = CDR__WIRE__INDEX_PROOF__INIT;
	Cdr__Wire__IndexRoot body = CDR__WIRE__INDEX_ROOT__INIT;
	Cdr__Wire__IndexBucket bucket[CDR_CHECK_ROWS_MAX], *bucket_at[CDR_CHECK_ROWS_MAX];
	Cdr__Wire__IndexPerson person = CDR__WIRE__INDEX_PERSON__INIT, *person_at = &person;
	Cdr__Wire__Match named = CDR__WIRE__MATCH__INIT, *named_at = &named;

	MUST(cdr_index_places_sort(1, c->rows, CDR_CHECK_ROW_LEN, leaves, c->count, order) == CDR_OK);
	MUST(cdr_sparse_prove(&pages, leaves, c->count, &path) == CDR_OK);
	for (size_t i = 0; i < c->count; i += 2) {
		hash_bucket(c, i, salt[i], hash);
		cdr_index_row_write(&c->row[i], rows[i]);
		agreement[n] = (struct cdr_agreement){ c->row[i].type, 3, 1, 1 };
		bucket[n] = (Cdr__Wire__IndexBucket)CDR__WIRE__INDEX_BUCKET__INIT;
		bucket[n].row = (uint32_t)i;
		bucket[n].has_salt = true;
		bucket[n].salt = cdr_message_field(salt[i], CDR_INDEX_SALT_LEN);
		bucket[n].has_rows = true;
		bucket[n].rows = cdr_message_field(rows[i], CDR_INDEX_OPENED_ROW_LEN);
		bucket_at[n] = &bucket[n];
		n++;
	}
	MUST(cdr_match_judge(agreement, n, people, &rule, &match) == CDR_OK);
	MUST(match.tier == CDR_TIER_STRONG);
	person.expires = 400;
	person.salt = cdr_message_field(c->person_salt, CDR_INDEX_SALT_LEN);
	person.member = named.member = member;
	person.has_handle = true;
	person.handle = named.handles = cdr_message_field(handle, sizeof(handle));
	named.tier = strong;
	named.lambda_ppb = cdr_index_lambda_ppb(match.lambda);
	named.types = match.types;
	body.epoch = 1;
	body.root = cdr_message_field(c->root, H);
	body.people = people;
	MUST(cdr_message_encode(&body.base, &root) == CDR_OK);
	proof.root = cdr_message_field(root.data, root.len);
	proof.known = cdr_message_field(path.bits, (path.bit_count + 7) / 8);
	proof.known_count = (uint32_t)path.bit_count;
	proof.beside = cdr_message_field(path.hashes, path.hash_count * H);
	proof.bucket = bucket_at;
	proof.n_bucket = n;
	proof.person = &person_at;
	proof.n_person = 1;
	reply.check = cdr_message_field(handle, sizeof(handle));
	reply.people = people;
	reply.match = &named_at;
	reply.n_match = 1;
	reply.has_at = true;
	reply.at = 1700000000;
	reply.proof = &proof;
	cdr_buffer_free(&c->reply);
	MUST(cdr_message_encode(&reply.base, &c->reply) == CDR_OK);
	cdr_sparse_proof_free(&path);
	cdr_buffer_free(&root);
}

/* What the node does. */
static void
check_verify(const struct check *c)
{
	struct cdr_arena arena = { 0 }, root_arena = { 0 };
	void *reply, *root;
	struct cdr_fault fault = { CDR_OK, "" };
	struct cdr_index_question question = { .asker = "green-valley", .epoch = 1, .rows = { c->rows, c->count * CDR_CHECK_ROW_LEN },
		.rule = CDR_MATCH_RULE_DEFAULT };

	MUST(cdr_message_decode(&arena, &cdr__wire__check_open_reply__descriptor, cdr_buffer_bytes(&c->reply), &reply) == CDR_OK);
	MUST(cdr_message_decode(&root_arena, &cdr__wire__index_root__descriptor,
	    cdr_message_bytes(((Cdr__Wire__CheckOpenReply *)reply)->proof->root), &root) == CDR_OK);
	size_t unproved;
	cdr_err err = cdr_index_answer_verify(&question, reply, root, &unproved, &fault);
	if (err != CDR_OK)
		fprintf(stderr, "%s\n", fault.text);
	MUST(err == CDR_OK);
	cdr_arena_free(&root_arena);
	cdr_arena_free(&arena);
}

/* ---- measuring ---------------------------------------------------------------------------------------------- */

#define ROUNDS 50

static void
bench_check(struct world *w, size_t count, uint64_t people)
{
	struct check *c = calloc(1, sizeof(*c));

	MUST(c != NULL);
	check_enter(w, c, count);
	double begin = measure_us(CLOCK_THREAD_CPUTIME_ID);
	for (int i = 0; i < ROUNDS; i++)
		check_prove(w, c, people);
	double proved = measure_us(CLOCK_THREAD_CPUTIME_ID);
	for (int i = 0; i < ROUNDS; i++)
		check_verify(c);
	printf("index-prove-%zu-%" PRIu64 " %.0f us\n", count, people, (proved - begin) / ROUNDS);
	printf("index-proof-%zu-%" PRIu64 " %zu bytes\n", count, people, c->reply.len);
	printf("index-verify-%zu-%" PRIu64 " %.0f us\n", count, people, (measure_us(CLOCK_THREAD_CPUTIME_ID) - proved) / ROUNDS);
	fflush(stdout);
	cdr_buffer_free(&c->reply);
	free(c);
}

static int
compare_leaves(const void *a, const void *b)
{
	uint64_t left = ((const struct cdr_sparse_leaf *)a)->place, right = ((const struct cdr_sparse_leaf *)b)->place;

	return left < right ? -1 : left > right;
}

static void
bench_update(struct world *w, uint64_t people)
{
	static struct cdr_sparse_leaf leaves[UPDATE_ROWS];
	struct check *c = calloc(1, sizeof(*c));
	struct cdr_sparse_pages pages = { w, load, save, drop };
	uint8_t salt[CDR_INDEX_SALT_LEN], root[H];

	MUST(c != NULL);
	make_check(CDR_CHECK_ROWS_MAX, c->rows);
	w->discards = true;
	double begin = measure_us(CLOCK_THREAD_CPUTIME_ID);
	for (size_t i = 0; i < UPDATE_ROWS; i++) {
		leaves[i] = (struct cdr_sparse_leaf){ .place = measure_mix(i), .present = true };
		hash_bucket(c, i % CDR_CHECK_ROWS_MAX, salt, leaves[i].content);
	}
	qsort(leaves, UPDATE_ROWS, sizeof(leaves[0]), compare_leaves);
	MUST(cdr_sparse_update(&pages, leaves, UPDATE_ROWS, root) == CDR_OK);
	printf("index-update-%" PRIu64 " %.1f us\n", people, (measure_us(CLOCK_THREAD_CPUTIME_ID) - begin) / UPDATE_ROWS);
	fflush(stdout);
	free(c);
}

static void
bench_sha256(void)
{
	uint8_t bytes[65] = { 1 };
	struct cdr_bytes part = { bytes, sizeof(bytes) };
	double begin = measure_us(CLOCK_THREAD_CPUTIME_ID);

	for (int i = 0; i < 200000; i++)
		MUST(cdr_sha256(&part, 1, bytes) == CDR_OK);
	printf("sha256-65 %.2f us\n", (measure_us(CLOCK_THREAD_CPUTIME_ID) - begin) / 200000);
}

int
main(int argc, char **argv)
{
	static const uint64_t sizes[] = { 1000000, 10000000 };
	size_t count = argc > 1 ? (size_t)argc - 1 : sizeof(sizes) / sizeof(sizes[0]);

	MUST(cdr_secret_start(NULL) == CDR_OK);
	bench_sha256();
	for (size_t i = 0; i < count; i++) {
		struct world w;
		uint64_t people = argc > 1 ? strtoull(argv[i + 1], NULL, 10) : sizes[i];
		world_make(&w, people);
		for (size_t tags = 16; tags <= 64; tags *= 2)
			bench_check(&w, tags, people);
		bench_update(&w, people);
		world_free(&w);
	}
	return 0;
}
