/* Answers of a hub that lies in its tree itself: what it commits to is what owner and asker see, both of them. */
#include "tests/unit/unit.h"

#include "audit/index_answer.h"
#include "tests/unit/pages.h"

#define TAGS 16
#define EPOCH 1
#define AT 1772323200  /* March 2026 */
#define EXPIRES 400
#define PEOPLE 4711
#define BUCKET_MAX 40

/* An index of the hub's making, over the tags of one candidate: in each bucket the row of m1's leaver, and rows of nobody. */
struct forged {
	struct pages pages;
	struct cdr_index_row row[TAGS][BUCKET_MAX];
	size_t count, which[TAGS];            /* rows in each bucket; the leaver's */
	struct cdr_index_closed closed[TAGS];
	uint8_t asked[TAGS * CDR_CHECK_ROW_LEN], own[TAGS * CDR_INDEX_ROW_LEN];
	uint8_t root_hash[CDR_SPARSE_HASH_LEN];
	Cdr__Wire__IndexRoot root;
};

static const uint8_t bucket_salt[CDR_INDEX_SALT_LEN] = { 9 }, person_salt[CDR_INDEX_SALT_LEN] = { 8 }, leaver[CDR_HANDLE_LEN] = { 11 };
static const struct cdr_match_rule rule = CDR_MATCH_RULE_DEFAULT;

static int
compare_rows(const void *a, const void *b)
{
	return cdr_index_row_compare(a, b);
}

static void
fill_bucket(struct forged *f, size_t tag, const uint8_t *asked)
{
	const struct cdr_index_person person = { "m1", leaver, EXPIRES };
	struct cdr_index_row own = { .type = asked[CDR_TAG_LEN], .rarity = asked[CDR_TAG_LEN + 1], .pair = asked[CDR_TAG_LEN + 2] };

	assert_int_equal(cdr_index_person_commit(person_salt, &person, own.person), CDR_OK);
	for (size_t i = 0; i < f->count; i++) {
		f->row[tag][i] = own;
		if (i > 0)
			memset(f->row[tag][i].person, (int)i, CDR_INDEX_HASH_LEN);
	}
	qsort(f->row[tag], f->count, sizeof(f->row[tag][0]), compare_rows);
	for (f->which[tag] = 0; compare_rows(&f->row[tag][f->which[tag]], &own) != 0;)
		f->which[tag]++;
	assert_int_equal(cdr_index_closed_make(bucket_salt, f->row[tag], f->count, &f->closed[tag]), CDR_OK);
}

/* ${height}: what the hub says of each bucket; 0: what is so. */
static struct forged *
forge(size_t count, size_t height)
{
	struct forged *f = calloc(1, sizeof(*f));
	struct cdr_sparse_leaf leaves[TAGS];
	size_t order[TAGS];

	assert_non_null(f);
	struct cdr_sparse_pages store = pages_of(&f->pages);
	f->count = count;
	for (size_t i = 0; i < TAGS; i++) {
		uint8_t *own = f->own + i * CDR_INDEX_ROW_LEN;
		memset(own, (int)(i + 1), CDR_TAG_LEN);
		own[CDR_TAG_LEN] = (uint8_t)(i % (CDR_TOKEN_TYPE_COUNT - 1) + 1);
		own[CDR_TAG_LEN + 1] = 3;
		own[CDR_TAG_LEN + 2] = 1;
		memcpy(own + CDR_TAG_LEN + 3, leaver, CDR_HANDLE_LEN);
		memcpy(f->asked + i * CDR_CHECK_ROW_LEN, own, CDR_CHECK_ROW_LEN);
		fill_bucket(f, i, own);
		if (height > 0)
			f->closed[i].height = height;
	}
	assert_int_equal(cdr_index_places_sort(EPOCH, f->own, CDR_INDEX_ROW_LEN, leaves, TAGS, order), CDR_OK);
	for (size_t i = 0; i < TAGS; i++) {
		leaves[i].present = true;
		assert_int_equal(cdr_index_closed_hash(&f->closed[order[i]], leaves[i].content), CDR_OK);
	}
	assert_int_equal(cdr_sparse_update(&store, leaves, TAGS, f->root_hash), CDR_OK);
	f->root = (Cdr__Wire__IndexRoot)CDR__WIRE__INDEX_ROOT__INIT;
	f->root.epoch = EPOCH;
	f->root.number = 1;
	f->root.people = PEOPLE;
	f->root.root = cdr_message_field(f->root_hash, sizeof(f->root_hash));
	return f;
}

static void
forged_free(struct forged *f)
{
	pages_free(&f->pages);
	free(f);
}

/* m1 asks for two of its own rows, as its node does. */
static cdr_err
ask_own(struct forged *f, struct cdr_index_own *own, struct cdr_fault *fault)
{
	const uint16_t expires[2] = { EXPIRES, EXPIRES };
	const struct cdr_index_owner owner = { "m1", expires, rule };
	Cdr__Wire__IndexProve request = CDR__WIRE__INDEX_PROVE__INIT;
	Cdr__Wire__IndexProveReply reply = CDR__WIRE__INDEX_PROVE_REPLY__INIT;
	Cdr__Wire__IndexSlot slot[2], *at[2] = { &slot[0], &slot[1] };
	struct cdr_index_slot made[2];
	struct cdr_sparse_pages store = pages_of(&f->pages);
	struct cdr_sparse_leaf leaves[2];
	struct cdr_sparse_proof path;
	size_t order[2];

	request.epoch = EPOCH;
	request.rows = cdr_message_field(f->own, 2 * CDR_INDEX_ROW_LEN);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(cdr_index_slot_make(bucket_salt, f->row[i], f->count, f->which[i], &made[i]), CDR_OK);
		slot[i] = (Cdr__Wire__IndexSlot)CDR__WIRE__INDEX_SLOT__INIT;
		slot[i].row = i;
		slot[i].person_salt = cdr_message_field(person_salt, sizeof(person_salt));
		slot[i].salt = cdr_message_field(made[i].salt, sizeof(made[i].salt));
		slot[i].slot = made[i].slot;
		slot[i].beside = cdr_message_field(made[i].beside[0], made[i].height * CDR_INDEX_HASH_LEN);
	}
	assert_int_equal(cdr_index_places_sort(EPOCH, f->own, CDR_INDEX_ROW_LEN, leaves, 2, order), CDR_OK);
	leaves[0].present = leaves[1].present = true;
	assert_int_equal(cdr_sparse_prove(&store, leaves, 2, &path), CDR_OK);
	reply.n_slot = 2;
	reply.slot = at;
	reply.known = cdr_message_field(path.bits, (path.bit_count + 7) / 8);
	reply.known_count = (uint32_t)path.bit_count;
	reply.beside = cdr_message_field(path.hashes, path.hash_count * CDR_SPARSE_HASH_LEN);
	cdr_err err = cdr_index_own_verify(&owner, &request, &reply, &f->root, own, fault);
	cdr_sparse_proof_free(&path);
	return err;
}

/* What a lying hub answers. */
struct lie {
	bool closes;                    /* every bucket */
	uint32_t shows;                 /* so many rows of the first bucket, the leaver's first */
	Cdr__Wire__Match *match;
	Cdr__Wire__IndexPerson *person; /* of whom it says who it is */
};

static void
make_bucket(struct forged *f, size_t tag, const struct lie *lie, uint8_t (*opened)[CDR_INDEX_OPENED_ROW_LEN],
    Cdr__Wire__IndexBucket *bucket)
{
	*bucket = (Cdr__Wire__IndexBucket)CDR__WIRE__INDEX_BUCKET__INIT;
	bucket->row = (uint32_t)tag;
	if (lie->closes) {
		bucket->has_height = bucket->has_slots = true;
		bucket->height = (uint32_t)f->closed[tag].height;
		bucket->slots = cdr_message_field(f->closed[tag].slots, CDR_INDEX_HASH_LEN);
		return;
	}
	for (size_t i = 0; i < f->count; i++)
		cdr_index_row_write(&f->row[tag][i], opened[i]);
	bucket->has_salt = bucket->has_rows = true;
	bucket->salt = cdr_message_field(bucket_salt, sizeof(bucket_salt));
	bucket->rows = cdr_message_field(opened[0], f->count * CDR_INDEX_OPENED_ROW_LEN);
}

/* The leaver's row of the first bucket. */
static void
show_leaver(const struct forged *f, struct cdr_index_slot *slot, uint8_t row[static CDR_INDEX_OPENED_ROW_LEN], Cdr__Wire__IndexShown *shown)
{
	assert_int_equal(cdr_index_slot_make(bucket_salt, f->row[0], f->count, f->which[0], slot), CDR_OK);
	cdr_index_row_write(&f->row[0][f->which[0]], row);
	*shown = (Cdr__Wire__IndexShown)CDR__WIRE__INDEX_SHOWN__INIT;
	shown->row = cdr_message_field(row, CDR_INDEX_OPENED_ROW_LEN);
	shown->salt = cdr_message_field(slot->salt, sizeof(slot->salt));
	shown->slot = slot->slot;
	shown->beside = cdr_message_field(slot->beside[0], slot->height * CDR_INDEX_HASH_LEN);
}

/* m0 checks m1's leaver. */
static cdr_err
ask(struct forged *f, struct lie *lie, size_t *unproved, struct cdr_fault *fault)
{
	const struct cdr_index_question question = { "m0", EPOCH, { f->asked, sizeof(f->asked) }, rule };
	Cdr__Wire__CheckOpenReply reply = CDR__WIRE__CHECK_OPEN_REPLY__INIT;
	Cdr__Wire__IndexProof proof = CDR__WIRE__INDEX_PROOF__INIT;
	Cdr__Wire__IndexBucket bucket[TAGS], *at[TAGS];
	Cdr__Wire__IndexShown shown, *shown_at[2] = { &shown, &shown };
	struct cdr_index_slot slot;
	struct cdr_sparse_pages store = pages_of(&f->pages);
	struct cdr_sparse_leaf leaves[TAGS];
	struct cdr_sparse_proof path;
	static uint8_t opened[TAGS][BUCKET_MAX][CDR_INDEX_OPENED_ROW_LEN];
	uint8_t row[CDR_INDEX_OPENED_ROW_LEN];
	size_t order[TAGS];

	for (size_t i = 0; i < TAGS; i++) {
		make_bucket(f, i, lie, opened[i], &bucket[i]);
		at[i] = &bucket[i];
	}
	show_leaver(f, &slot, row, &shown);
	bucket[0].n_shown = lie->shows;
	bucket[0].shown = shown_at;
	assert_int_equal(cdr_index_places_sort(EPOCH, f->asked, CDR_CHECK_ROW_LEN, leaves, TAGS, order), CDR_OK);
	for (size_t i = 0; i < TAGS; i++)
		leaves[i].present = true;
	assert_int_equal(cdr_sparse_prove(&store, leaves, TAGS, &path), CDR_OK);
	proof.n_bucket = TAGS;
	proof.bucket = at;
	proof.n_person = lie->person != NULL;
	proof.person = &lie->person;
	proof.known = cdr_message_field(path.bits, (path.bit_count + 7) / 8);
	proof.known_count = (uint32_t)path.bit_count;
	proof.beside = cdr_message_field(path.hashes, path.hash_count * CDR_SPARSE_HASH_LEN);
	reply.has_at = true;
	reply.at = AT;
	reply.people = PEOPLE;
	reply.proof = &proof;
	reply.n_match = lie->match != NULL;
	reply.match = &lie->match;
	*fault = (struct cdr_fault){ CDR_OK, "" };
	cdr_err err = cdr_index_answer_verify(&question, &reply, &f->root, unproved, fault);
	cdr_sparse_proof_free(&path);
	return err;
}

/* A hub that says of the tags of one leaver that many share them must show that to the leaver's owner too. */
static void
a_crowd_is_one_for_everybody(void **state)
{
	struct cdr_fault fault = { CDR_OK, "" };
	struct lie opens = { .closes = false }, closes = { .closes = true };
	struct cdr_index_own own;
	size_t unproved;

	(void)state;
	struct forged *honest = forge(1, 0);
	assert_int_equal(ask_own(honest, &own, &fault), CDR_OK);
	assert_int_equal(own.crowds, 0);
	assert_int_equal(ask(honest, &opens, &unproved, &fault), CDR_E_PROOF);
	assert_non_null(strstr(fault.text, "HID A MATCH"));
	assert_int_equal(ask(honest, &closes, &unproved, &fault), CDR_E_PROOF);
	assert_non_null(strstr(fault.text, "keeps rows closed"));
	forged_free(honest);

	/* One row, and the height of many: what the owner asks for does not lead to the root. */
	struct forged *tall = forge(1, CDR_INDEX_CROWD_HEIGHT);
	assert_int_equal(ask(tall, &closes, &unproved, &fault), CDR_OK);
	assert_int_equal(unproved, TAGS);
	assert_int_equal(ask_own(tall, &own, &fault), CDR_E_PROOF);
	forged_free(tall);

	/* Rows of nobody to that number: both sides are told. */
	struct forged *crowd = forge(33, 0);
	assert_int_equal(ask(crowd, &closes, &unproved, &fault), CDR_OK);
	assert_int_equal(unproved, TAGS);
	assert_int_equal(ask_own(crowd, &own, &fault), CDR_OK);
	assert_int_equal(own.crowds, 2);
	forged_free(crowd);

	/* As many as are opened hide nobody. */
	struct forged *many = forge(32, 0);
	assert_int_equal(ask(many, &opens, &unproved, &fault), CDR_E_PROOF);
	assert_non_null(strstr(fault.text, "HID A MATCH"));
	assert_int_equal(ask(many, &closes, &unproved, &fault), CDR_E_PROOF);
	assert_int_equal(ask_own(many, &own, &fault), CDR_OK);
	assert_int_equal(own.crowds, 0);
	forged_free(many);
}

/* Whoever is named stands in a row that is shown, crowd or not. */
static void
nobody_is_invented_in_a_crowd(void **state)
{
	struct cdr_fault fault;
	char m1[] = "m1", m2[] = "m2", strong[] = "strong", possible[] = "possible";
	uint8_t nobody[CDR_HANDLE_LEN] = { 77 };
	Cdr__Wire__Match match = CDR__WIRE__MATCH__INIT;
	Cdr__Wire__IndexPerson person = CDR__WIRE__INDEX_PERSON__INIT;
	struct lie lie = { .closes = true, .match = &match };
	struct cdr_match alone;
	size_t unproved;

	(void)state;
	struct forged *f = forge(33, 0);
	const struct cdr_agreement first = { f->asked[CDR_TAG_LEN], 3, 1, 1 };
	assert_int_equal(cdr_match_judge(&first, 1, PEOPLE, &rule, &alone), CDR_OK);
	match.member = m2;
	match.tier = strong;
	match.lambda_ppb = cdr_index_lambda_ppb(alone.lambda);
	match.types = alone.types;
	match.handles = cdr_message_field(nobody, sizeof(nobody));
	assert_int_equal(ask(f, &lie, &unproved, &fault), CDR_E_PROOF);
	assert_non_null(strstr(fault.text, "INVENTED A MATCH"));
	/* Nor with a row of somebody else, or with who he would be. */
	person.member = m2;
	person.has_handle = true;
	person.handle = match.handles;
	person.expires = EXPIRES;
	person.salt = cdr_message_field(person_salt, sizeof(person_salt));
	lie.person = &person;
	lie.shows = 1;
	assert_int_equal(ask(f, &lie, &unproved, &fault), CDR_E_PROOF);
	/* Who is there can be named, for what is shown, and for what the crowds may have. */
	match.member = person.member = m1;
	match.handles = person.handle = cdr_message_field(leaver, sizeof(leaver));
	assert_int_equal(ask(f, &lie, &unproved, &fault), CDR_OK);
	assert_int_equal(unproved, TAGS);
	match.types |= UINT32_C(1) << f->asked[CDR_CHECK_ROW_LEN + CDR_TAG_LEN];
	assert_int_equal(ask(f, &lie, &unproved, &fault), CDR_OK);
	match.types |= UINT32_C(1) << 31;
	assert_int_equal(ask(f, &lie, &unproved, &fault), CDR_E_PROOF);
	assert_non_null(strstr(fault.text, "MISSTATED A MATCH"));
	match.types = alone.types;
	match.tier = possible; /* less than what is shown */
	assert_int_equal(ask(f, &lie, &unproved, &fault), CDR_E_PROOF);
	match.tier = strong;
	match.lambda_ppb /= 2; /* less than any token of the check weighs */
	assert_int_equal(ask(f, &lie, &unproved, &fault), CDR_E_PROOF);
	match.lambda_ppb *= 3;
	assert_int_equal(ask(f, &lie, &unproved, &fault), CDR_E_PROOF);
	match.lambda_ppb = cdr_index_lambda_ppb(alone.lambda);
	assert_int_equal(ask(f, &lie, &unproved, &fault), CDR_OK);
	lie.shows = 2; /* the same row for two */
	assert_int_equal(ask(f, &lie, &unproved, &fault), CDR_E_PROOF);
	lie.shows = 0; /* nothing of him is shown */
	assert_int_equal(ask(f, &lie, &unproved, &fault), CDR_E_PROOF);
	assert_non_null(strstr(fault.text, "INVENTED A MATCH"));
	forged_free(f);
}

/* Which tags are opened: what is enough for a match, up to a crowd; of the others the smallest. */
static void
what_matters_is_opened(void **state)
{
	size_t heights[64] = { 2, 5, 8, 17, 0 };
	bool heavy[64] = { true, true, true, true, true }, opened[64];

	(void)state;
	cdr_index_opened_choose(heights, heavy, 64, opened);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(opened[i], i < 2);
	for (size_t i = 0; i < 64; i++) {
		heights[i] = i < 9 ? 5 : 2;
		heavy[i] = false;
	}
	cdr_index_opened_choose(heights, heavy, 64, opened); /* 55 of 4 slots, and one of 32 */
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(opened[i], i < 1 || i >= 9);
	/* Common names are not enough among many, documents always are. */
	assert_false(cdr_index_is_heavy(CDR_TOKEN_EX, 0, 10000000, &rule));
	assert_true(cdr_index_is_heavy(CDR_TOKEN_EX, 0, 1000, &rule));
	assert_true(cdr_index_is_heavy(CDR_TOKEN_EX, 15, 10000000, &rule));
	assert_true(cdr_index_is_heavy(CDR_TOKEN_DOC, 0, 10000000, &rule));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_crowd_is_one_for_everybody),
		cmocka_unit_test(nobody_is_invented_in_a_crowd),
		cmocka_unit_test(what_matters_is_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
