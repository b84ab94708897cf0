/*
 * What a check costs the hub: microseconds of this thread's CPU for one check over 10 thousand, 100 thousand and
 * 1 million people (other sizes as arguments), each beside 16 bare look-ups in the same SQLCipher file.
 *
 *     hub-lookups-N     16 statements that find one row each by its tag, with nothing done about them
 *     hub-match-N       finding, grouping and judging the 16 tags of somebody who is in the index
 *     hub-stranger-N    the same for somebody who is not
 *
 * What proving the answer adds is bench_index's.
 *
 * Data: every person has 16 rows; tags are spread evenly and rows of one person lie far apart, as real tags do; people
 * belong to 200 members in turn. Rows are loaded in the order of their tags. The cache is the programs' own (16 MiB),
 * so that most leaf pages of the larger files are read, authenticated and decrypted anew.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

/* The exchange of the unit tests, with plain assertions in place of cmocka's. */
#include "tests/unit/plain.h"
#include "tests/unit/hub/exchange.h"

#include "audit/index_answer.h"
#include "node/hub/match.h"
#include "tests/bench/measure.h"

#define MEMBERS 200
#define ROWS_A_PERSON 16
#define ROWS_A_JOB 100000
#define CHECKS 400              /* a round; a new person each */
#define STEP UINT64_C(2654435761) /* prime, so no divisor of a number of rows: see row_of */
#define LATEST (X_MONTH + 60)

struct bench {
	struct exchange *x;
	struct x_party member[MEMBERS];
	uint64_t people;
	uint64_t rows;
	uint64_t next_row;      /* to be loaded */
	uint64_t next_person;   /* to be asked for */
	bool strangers;
	uint8_t query[ROWS_A_PERSON * CDR_CHECK_ROW_LEN];
	const struct cdr_roster *roster;
	size_t found;
};

/* ---- data ---------------------------------------------------------------------------------------------------- */

/* Token k of all (16 * person + token) stands in row k * STEP mod rows in the order of tags: a permutation. */
static uint64_t
row_of(const struct bench *b, uint64_t k)
{
	return (uint64_t)((unsigned __int128)k * STEP % b->rows);
}

/* The inverse of STEP mod rows, by Euclid. */
static uint64_t
step_inverse(uint64_t rows)
{
	__int128 r0 = rows, r1 = STEP % rows, t0 = 0, t1 = 1;

	while (r1 != 0) {
		__int128 q = r0 / r1, r2 = r0 - q * r1, t2 = t0 - q * t1;
		r0 = r1;
		r1 = r2;
		t0 = t1;
		t1 = t2;
	}
	MUST(r0 == 1);
	return (uint64_t)(t0 < 0 ? t0 + (__int128)rows : t0);
}

/* The tag of row ${row}, in order; a stranger's lies between two that are there. */
static void
tag_of(const struct bench *b, uint64_t row, bool stranger, uint8_t tag[static CDR_TAG_LEN])
{
	uint64_t high = (uint64_t)(((unsigned __int128)row << 64) / b->rows), low = row * UINT64_C(0x9e3779b97f4a7c15);

	for (int i = 0; i < 8; i++) {
		tag[i] = (uint8_t)(high >> (56 - 8 * i));
		tag[8 + i] = (uint8_t)(low >> (56 - 8 * i));
	}
	if (stranger)
		tag[15] ^= 1;
}

static void
handle_of(uint64_t person, uint8_t handle[static CDR_HANDLE_LEN])
{
	uint64_t mixed = person * UINT64_C(0xd1342543de82ef95);

	for (int i = 0; i < CDR_HANDLE_LEN; i++)
		handle[i] = (uint8_t)(mixed >> (8 * (i % 8)) ^ (i < 8 ? person : 0));
}

static uint8_t
type_of(uint64_t token)
{
	return (uint8_t)(token % (CDR_TOKEN_TYPE_COUNT - 1) + 1);
}

/* A writing job: the next rows. */
static cdr_err
load_job(struct cdr_tx *tx, void *context)
{
	struct bench *b = context;
	uint64_t inverse = step_inverse(b->rows), end = b->next_row + ROWS_A_JOB;

	for (; b->next_row < end && b->next_row < b->rows; b->next_row++) {
		uint64_t k = (uint64_t)((unsigned __int128)b->next_row * inverse % b->rows);
		uint64_t person = k / ROWS_A_PERSON, token = k % ROWS_A_PERSON;
		uint8_t tag[CDR_TAG_LEN], handle[CDR_HANDLE_LEN];
		char member[8];
		tag_of(b, b->next_row, false, tag);
		handle_of(person, handle);
		(void)snprintf(member, sizeof(member), "m%03u", (unsigned)(person % MEMBERS));
		cdr_err err = cdr_query_run(tx,
		    "INSERT INTO index_row (epoch, tag, type, member, handle, rarity, pair, expires)"
		    " VALUES ($1, $2, $3, $4, $5, 7, 1, $6)",
		    CDR_VALUES(cdr_value_int(X_EPOCH), cdr_value_blob(tag, sizeof(tag)), cdr_value_int(type_of(token)),
			cdr_value_text(member), cdr_value_blob(handle, sizeof(handle)), cdr_value_int(LATEST)));
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

static cdr_err
holding_job(struct cdr_tx *tx, void *context)
{
	struct bench *b = context;

	for (unsigned i = 0; i < MEMBERS; i++) {
		char member[8];
		(void)snprintf(member, sizeof(member), "m%03u", i);
		int64_t people = (int64_t)((b->people + MEMBERS - 1 - i) / MEMBERS);
		cdr_err err = cdr_query_run(tx, "INSERT INTO holding (member, epoch, people, index_rows) VALUES ($1, $2, $3, $4)",
		    CDR_VALUES(cdr_value_text(member), cdr_value_int(X_EPOCH), cdr_value_int(people),
			cdr_value_int(people * ROWS_A_PERSON)));
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* An exchange of so many people. */
static void
prepare(struct bench *b, uint64_t people)
{
	*b = (struct bench){ .people = people, .rows = people * ROWS_A_PERSON };
	b->x = x_new();
	for (unsigned i = 0; i < MEMBERS; i++) {
		char id[8], signer[16];
		uint8_t secret[CDR_HUB_INVITATION_SECRET_LEN];
		struct x_reply reply;
		(void)snprintf(id, sizeof(id), "m%03u", i);
		(void)snprintf(signer, sizeof(signer), "member/%s", id);
		x_party_make(&b->member[i], signer);
		x_invite(b->x, id, secret);
		MUST(x_join(b->x, &b->member[i], secret, &reply) == 200);
		x_reply_free(&reply);
	}
	x_approve(b->x);
	x_epoch(b->x);
	MUST(cdr_store_write(b->x->store, holding_job, b) == CDR_OK);
	while (b->next_row < b->rows)
		MUST(cdr_store_write(b->x->store, load_job, b) == CDR_OK);
	b->roster = cdr_hub_roster_hold(b->x->hub);
}

/* The next person's query. People are taken from all over the index, none twice. */
static void
next_query(struct bench *b)
{
	uint64_t person = b->next_person++ * UINT64_C(7919) % b->people;

	for (uint64_t i = 0; i < ROWS_A_PERSON; i++) {
		uint8_t *row = b->query + i * CDR_CHECK_ROW_LEN;
		tag_of(b, row_of(b, person * ROWS_A_PERSON + i), b->strangers, row);
		row[CDR_TAG_LEN] = type_of(i);
		row[CDR_TAG_LEN + 1] = 7;
		row[CDR_TAG_LEN + 2] = 1;
	}
}

/* ---- what is measured ---------------------------------------------------------------------------------------- */

/* A reading job: 16 rows by their keys, nothing more. */
static cdr_err
lookup_job(struct cdr_tx *tx, void *context)
{
	struct bench *b = context;
	struct cdr_query *query;

	for (size_t i = 0; i < ROWS_A_PERSON; i++) {
		const uint8_t *row = b->query + i * CDR_CHECK_ROW_LEN;
		struct cdr_values key = CDR_VALUES(cdr_value_int(X_EPOCH), cdr_value_blob(row, CDR_TAG_LEN),
		    cdr_value_int(row[CDR_TAG_LEN]));
		cdr_err err = cdr_query_start(tx, "SELECT handle FROM index_row WHERE epoch = $1 AND tag = $2 AND type = $3", key,
		    &query);
		if (err != CDR_OK)
			return err;
		b->found += cdr_query_step(query) == CDR_OK;
		cdr_query_end(query);
	}
	return CDR_OK;
}

static void
lookup(struct bench *b)
{
	MUST(cdr_store_read(b->x->store, lookup_job, b) == CDR_OK);
}

/* A reading job: the match. */
static cdr_err
match_job(struct cdr_tx *tx, void *context)
{
	struct bench *b = context;
	struct cdr_hub_hits hits = { 0 };
	struct cdr_hub_match matches[CDR_MATCHES_MAX];
	struct cdr_match_rule rule = cdr_index_rule(b->roster->body->scheme);
	struct cdr_hub_search search = { .rows = { b->query, sizeof(b->query) }, .epoch = X_EPOCH, .month = X_MONTH,
		.asker = "nobody", .roster = b->roster };
	size_t count;

	cdr_err err = cdr_hub_hits_find(tx, &search, &hits);
	if (err == CDR_OK)
		err = cdr_hub_hits_judge(&hits, b->people, &rule, matches, &count);
	if (err == CDR_OK)
		b->found += count;
	cdr_hub_hits_free(&hits);
	return err;
}

static void
match(struct bench *b)
{
	MUST(cdr_store_read(b->x->store, match_job, b) == CDR_OK);
}

/* The mean over CHECKS people, and how many rows or members were found for each. */
static double
measure(struct bench *b, const char *name, void (*call)(struct bench *), bool strangers)
{
	double spent = 0;
	char text[48];

	b->strangers = strangers;
	b->found = 0;
	for (int i = 0; i < CHECKS; i++) {
		next_query(b);
		double start = measure_us(CLOCK_THREAD_CPUTIME_ID);
		call(b);
		spent += measure_us(CLOCK_THREAD_CPUTIME_ID) - start;
	}
	(void)snprintf(text, sizeof(text), "%s-%" PRIu64, name, b->people);
	printf("%-28s %10.1f us    (found %.2f)\n", text, spent / CHECKS, (double)b->found / CHECKS);
	return spent / CHECKS;
}

static void
bench_people(uint64_t people)
{
	static struct bench b;
	char text[48];

	double start = measure_us(CLOCK_THREAD_CPUTIME_ID);
	prepare(&b, people);
	(void)snprintf(text, sizeof(text), "hub-load-%" PRIu64, people);
	printf("%-28s %10.1f us a person\n", text, (measure_us(CLOCK_THREAD_CPUTIME_ID) - start) / (double)people);
	/* The first round fills the cache with the tree's upper pages, as in a hub that has run for a while. */
	b.next_person = people / 2;
	for (int i = 0; i < CHECKS; i++) {
		next_query(&b);
		lookup(&b);
	}
	double bare = measure(&b, "hub-lookups", lookup, false);
	double whole = measure(&b, "hub-match", match, false);
	(void)measure(&b, "hub-stranger", match, true);
	(void)snprintf(text, sizeof(text), "hub-match-%" PRIu64, people);
	printf("%-28s %10.3f times the bare look-ups\n", text, whole / bare);
	cdr_hub_roster_release(b.x->hub, b.roster);
	x_free(b.x);
}

int
main(int argc, char **argv)
{
	static const uint64_t sizes[] = { 10000, 100000, 1000000 };

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++)
		bench_people(strtoull(argv[i], NULL, 10));
	for (size_t i = 0; argc == 1 && i < sizeof(sizes) / sizeof(sizes[0]); i++)
		bench_people(sizes[i]);
	return 0;
}
