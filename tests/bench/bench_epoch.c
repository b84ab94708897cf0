/*
 * What a change of epochs costs the hub, with 100,000 people in the index (other numbers as arguments).
 *
 *     epoch-put-N        microseconds a person for batches of 64 people in the present epoch, wall clock; and of CPU
 *     epoch-root-N       seconds until the first check after that has its answer: the whole tree is made then
 *     epoch-move-N       microseconds a person for the same people under the next epoch, beside the old rows
 *     epoch-forget-N     seconds until nothing of the old epoch is left; and of CPU
 *     epoch-forget-wait  the longest that somebody else's writing waited meanwhile, in milliseconds; writers come every 5 ms
 *     epoch-bytes-...    the hub's files: one epoch, both, the old one deleted (deleted rows are overwritten; the file keeps its pages)
 *
 * Data: 16 rows a person, tags from a seeded generator; one member has all, another asks. Durable commits, as the hub makes them.
 */
#include <assert.h>
#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* The exchange of the unit tests, with plain assertions in place of cmocka's. */
#include "tests/unit/plain.h"
#include "tests/unit/hub/exchange.h"

#include "node/hub/epoch.h"
#include "node/hub/sweep.h"
#include "tests/bench/measure.h"

#define ROWS_A_PERSON 16
#define PEOPLE_A_BATCH 64
#define LATEST (X_MONTH + 60)
#define DAY UINT64_C(86400)

struct bench {
	struct exchange *x;
	struct x_party holder, asker;
	uint64_t people;
	uint64_t batches;
	uint8_t rows[PEOPLE_A_BATCH * ROWS_A_PERSON * CDR_INDEX_ROW_LEN];
	uint8_t expiries[PEOPLE_A_BATCH * CDR_INDEX_EXPIRY_LEN];
	atomic_bool stop;
	double longest_ms;     /* of the other writer */
};

/* 16 bytes for (epoch, number). */
static void
draw(uint32_t epoch, uint64_t number, uint8_t *out)
{
	uint64_t high = measure_mix(number * 8 + epoch), low = measure_mix(~high);

	memcpy(out, &high, 8);
	memcpy(out + 8, &low, 8);
}

/* All files of the hub together. */
static uint64_t
bytes_of(const struct bench *b)
{
	uint64_t sum = 0;
	char path[384];
	const struct dirent *entry;
	struct stat status;
	DIR *folder = opendir(b->x->dir);

	MUST(folder != NULL);
	while ((entry = readdir(folder)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", b->x->dir, entry->d_name);
		if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
			sum += (uint64_t)status.st_size;
	}
	(void)closedir(folder);
	return sum;
}

/* ---- people --------------------------------------------------------------------------------------------------- */

static void
enrol(struct bench *b, struct x_party *party, const char *id, uint64_t points)
{
	struct cdr_hub_invitation invitation = { .id = id, .name = id, .country = "KEN", .check_points = 6400,
		.import_points = points, .expires_at = b->x->now + DAY };
	char code[CDR_HUB_INVITATION_TEXT_LEN], signer[CDR_SIGNER_LEN_MAX + 1];
	uint8_t bytes[CDR_HUB_INVITATION_LEN];
	struct x_reply reply;

	(void)snprintf(signer, sizeof(signer), "member/%s", id);
	x_party_make(party, signer);
	MUST(cdr_hub_invite(b->x->hub, &invitation, b->x->now, code, NULL) == CDR_OK);
	MUST(cdr_base32_read(code, bytes, sizeof(bytes)) == CDR_OK);
	MUST(x_join(b->x, party, bytes, &reply) == 200);
	x_reply_free(&reply);
	x_approve(b->x);
}

/* One batch of the people from ${first} on. */
static void
put(struct bench *b, uint32_t epoch, uint64_t first)
{
	Cdr__Wire__IndexPut request = CDR__WIRE__INDEX_PUT__INIT;
	uint64_t count = b->people - first < PEOPLE_A_BATCH ? b->people - first : PEOPLE_A_BATCH;
	uint8_t batch[CDR_ID_LEN] = { 0 }, handle[CDR_HANDLE_LEN];
	struct x_reply reply;

	for (uint64_t i = 0; i < count; i++) {
		uint8_t *expiry = b->expiries + i * CDR_INDEX_EXPIRY_LEN;
		draw(epoch + 4, first + i, handle);
		memcpy(expiry, handle, CDR_HANDLE_LEN);
		expiry[CDR_HANDLE_LEN] = LATEST >> 8;
		expiry[CDR_HANDLE_LEN + 1] = LATEST & 0xff;
		for (uint64_t k = 0; k < ROWS_A_PERSON; k++) {
			uint8_t *row = b->rows + (i * ROWS_A_PERSON + k) * CDR_INDEX_ROW_LEN;
			draw(epoch, (first + i) * ROWS_A_PERSON + k, row);
			row[CDR_TAG_LEN] = (uint8_t)(k % (CDR_TOKEN_TYPE_COUNT - 1) + 1);
			row[CDR_TAG_LEN + 1] = 7;
			row[CDR_TAG_LEN + 2] = 1;
			memcpy(row + CDR_TAG_LEN + 3, handle, CDR_HANDLE_LEN);
		}
	}
	b->batches++;
	memcpy(batch, &b->batches, sizeof(b->batches));
	request.epoch = epoch;
	request.batch = cdr_message_field(batch, sizeof(batch));
	request.rows = cdr_message_field(b->rows, count * ROWS_A_PERSON * CDR_INDEX_ROW_LEN);
	request.expiries = cdr_message_field(b->expiries, count * CDR_INDEX_EXPIRY_LEN);
	MUST(x_call(b->x, &b->holder, "/v1/index/put", &request.base, &cdr__wire__index_put_reply__descriptor, &reply) == 200);
	x_reply_free(&reply);
}

/* A check of somebody who is there. */
static void
check(struct bench *b, uint32_t epoch)
{
	Cdr__Wire__CheckOpen request = CDR__WIRE__CHECK_OPEN__INIT;
	uint8_t rows[ROWS_A_PERSON * CDR_CHECK_ROW_LEN], id[CDR_ID_LEN] = { (uint8_t)epoch, 9 };
	struct x_reply reply;

	for (uint64_t k = 0; k < ROWS_A_PERSON; k++) {
		uint8_t *row = rows + k * CDR_CHECK_ROW_LEN;
		draw(epoch, b->people / 2 * ROWS_A_PERSON + k, row);
		row[CDR_TAG_LEN] = (uint8_t)(k % (CDR_TOKEN_TYPE_COUNT - 1) + 1);
		row[CDR_TAG_LEN + 1] = 7;
		row[CDR_TAG_LEN + 2] = 1;
	}
	request.epoch = epoch;
	request.check = cdr_message_field(id, sizeof(id));
	request.rows = cdr_message_field(rows, sizeof(rows));
	MUST(x_call(b->x, &b->asker, "/v1/check/open", &request.base, &cdr__wire__check_open_reply__descriptor, &reply) == 200);
	MUST(((const Cdr__Wire__CheckOpenReply *)reply.message)->n_match == 1);
	x_reply_free(&reply);
}

/* ---- what is measured ------------------------------------------------------------------------------------------- */

static void
print(const char *name, uint64_t people, double wall, double cpu, const char *unit)
{
	char text[48];

	(void)snprintf(text, sizeof(text), "%s-%" PRIu64, name, people);
	printf("%-28s %10.1f %s    (CPU %.1f)\n", text, wall, unit, cpu);
}

static void
print_bytes(const struct bench *b, const char *name)
{
	printf("%-28s %10.1f MB\n", name, (double)bytes_of(b) / 1e6);
}

static void
put_all(struct bench *b, uint32_t epoch, const char *name)
{
	double wall = measure_s(CLOCK_MONOTONIC), cpu = measure_s(CLOCK_PROCESS_CPUTIME_ID);

	for (uint64_t first = 0; first < b->people; first += PEOPLE_A_BATCH)
		put(b, epoch, first);
	print(name, b->people, (measure_s(CLOCK_MONOTONIC) - wall) * 1e6 / (double)b->people,
	    (measure_s(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e6 / (double)b->people, "us a person");
	wall = measure_s(CLOCK_MONOTONIC);
	cpu = measure_s(CLOCK_PROCESS_CPUTIME_ID);
	check(b, epoch);
	print("epoch-root", b->people, measure_s(CLOCK_MONOTONIC) - wall, measure_s(CLOCK_PROCESS_CPUTIME_ID) - cpu, "s");
}

static cdr_err
small_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "UPDATE misuse SET noticed_at = noticed_at WHERE party = 'nobody'", CDR_VALUES());
}

/* Somebody else, who wants to write all the time. */
static void *
write_meanwhile(void *context)
{
	struct bench *b = context;
	const struct timespec pause = { 0, 5000000 };

	while (!atomic_load(&b->stop)) {
		double begin = measure_s(CLOCK_MONOTONIC);
		MUST(cdr_store_write(b->x->store, small_job, NULL) == CDR_OK);
		double ms = (measure_s(CLOCK_MONOTONIC) - begin) * 1e3;
		b->longest_ms = ms > b->longest_ms ? ms : b->longest_ms;
		(void)nanosleep(&pause, NULL);
	}
	return NULL;
}

static void
forget(struct bench *b)
{
	pthread_t other;
	double wall = measure_s(CLOCK_MONOTONIC), cpu = measure_s(CLOCK_PROCESS_CPUTIME_ID);

	MUST(pthread_create(&other, NULL, write_meanwhile, b) == 0);
	MUST(cdr_hub_epoch_forget(b->x->hub, b->x->now) == CDR_OK);
	print("epoch-forget", b->people, measure_s(CLOCK_MONOTONIC) - wall, measure_s(CLOCK_PROCESS_CPUTIME_ID) - cpu, "s");
	atomic_store(&b->stop, true);
	MUST(pthread_join(other, NULL) == 0);
	printf("%-28s %10.1f ms\n", "epoch-forget-wait", b->longest_ms);
	MUST(x_count(b->x, "SELECT count(*) FROM index_row WHERE epoch = 1") == 0);
	MUST(x_count(b->x, "SELECT count(*) FROM index_page WHERE epoch = 1") == 0);
	MUST(x_count(b->x, "SELECT count(*) FROM person WHERE epoch = 1") == 0);
	MUST(x_count(b->x, "SELECT count(*) FROM person WHERE epoch = 2") == (int64_t)b->people);
}

static void
bench_people(uint64_t people)
{
	static struct bench b;

	b = (struct bench){ .people = people };
	b.x = x_new();
	enrol(&b, &b.holder, "holder", 2 * people * ROWS_A_PERSON);
	enrol(&b, &b.asker, "asker", 6400);
	x_epoch(b.x);
	put_all(&b, 1, "epoch-put");
	print_bytes(&b, "epoch-bytes-one");
	b.x->now += 306 * DAY;
	for (size_t i = 0; i < X_THRESHOLD; i++)
		MUST(strcmp(x_result(b.x, i, 2, 8), "ok") == 0);
	x_approve(b.x);
	put_all(&b, 2, "epoch-move");
	print_bytes(&b, "epoch-bytes-both");
	b.x->now += 61 * DAY;
	MUST(cdr_hub_sweep(b.x->hub, b.x->now, NULL) == CDR_OK);
	x_approve(b.x);
	forget(&b);
	MUST(cdr_store_scrub(b.x->store) == CDR_OK);
	print_bytes(&b, "epoch-bytes-deleted");
	x_free(b.x);
}

int
main(int argc, char **argv)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++)
		bench_people(strtoull(argv[i], NULL, 10));
	if (argc == 1)
		bench_people(100000);
	return 0;
}
