/*
 * main() for the fuzz drivers where there is no libFuzzer: see README.md beside this file.
 *
 * The inputs run in a child. It puts each into memory that it shares with its parent before it runs it, so when it
 * dies the parent can say of what; and a counter that stands still tells the parent that an input does not end.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define INPUT_LEN_MAX (1U << 20)
#define MUTATED_LEN_MIN 4096 /* mutants may grow to this, or to the longest seed */
#define SEED_COUNT_MAX 8192
#define STACKED_MAX 8        /* mutations of one input */
#define HANG_SECONDS 30

__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

struct input {
	uint8_t *data;
	size_t len;
	char *path;
};

static struct input *seeds;
static size_t seed_count, longest;

/* Shared by parent and child. */
static struct shared {
	volatile uint64_t executions;
	volatile uint64_t len;
	volatile bool done;
	uint8_t input[INPUT_LEN_MAX];
} *shared;

static void __attribute__((noreturn))
die(const char *what)
{
	(void)fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

/* ---- seeds ---- */

static void
load_file(const char *path, size_t len)
{
	if (len > INPUT_LEN_MAX || seed_count == SEED_COUNT_MAX) {
		(void)fprintf(stderr, "%s: too long, or too many seeds\n", path);
		exit(2);
	}
	struct input *seed = &seeds[seed_count++];
	FILE *file = fopen(path, "rb");
	/* One byte more, so that an empty seed has an address. */
	if (file == NULL || (seed->path = strdup(path)) == NULL || (seed->data = malloc(len + 1)) == NULL)
		die(path);
	seed->len = fread(seed->data, 1, len, file);
	(void)fclose(file);
	if (seed->len > longest)
		longest = seed->len;
}

/* A file, or a folder with all that is in it in the order of names, so that a run repeats. */
static void
load(const char *path)
{
	struct stat status;
	struct dirent **entries = NULL;

	if (stat(path, &status) != 0)
		die(path);
	if (!S_ISDIR(status.st_mode)) {
		load_file(path, (size_t)status.st_size);
		return;
	}
	int count = scandir(path, &entries, NULL, alphasort);
	if (count < 0)
		die(path);
	for (int i = 0; i < count; i++) {
		char inner[4096];
		if (entries[i]->d_name[0] != '.') {
			(void)snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name);
			load(inner);
		}
		free(entries[i]);
	}
	free(entries);
}

/* ---- mutation ---- */

static uint64_t random_state;

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled" (2016). */
static uint64_t
next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

/* A number in 0 .. bound - 1; 0 if bound is 0. */
static size_t
below(size_t bound)
{
	return bound == 0 ? 0 : (size_t)(next() >> 16) % bound;
}

/* Put ${count} bytes at ${at}, which may be ${from} the buffer itself; what does not fit is left out. */
static size_t
insert(uint8_t *data, size_t len, size_t max, size_t at, const uint8_t *from, size_t count)
{
	static uint8_t copy[INPUT_LEN_MAX];

	if (count > max - len)
		count = max - len;
	memcpy(copy, from, count);
	memmove(data + at + count, data + at, len - at);
	memcpy(data + at, copy, count);
	return len + count;
}

static size_t
mutate_once(uint8_t *data, size_t len, size_t max)
{
	static const uint8_t edges[] = { 0x00, 0x01, 0x7f, 0x80, 0xff, ' ', '\n', '"' };
	size_t at = below(len), count = 1 + below(below(8) == 0 ? 256 : 8);
	const struct input *other = &seeds[below(seed_count)];
	uint8_t noise[8];

	switch (below(len == 0 ? 2 : 9)) {
	case 0: /* insert noise */
		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = (uint8_t)next();
		return insert(data, len, max, at, noise, 1 + below(sizeof(noise)));
	case 1: { /* insert a piece of another seed */
		size_t start = below(other->len);
		size_t left = other->len - start;
		return insert(data, len, max, at, other->data + start, count < left ? count : left);
	}
	case 2: /* flip a bit */
		data[at] ^= (uint8_t)(1U << below(8));
		return len;
	case 3: /* another byte */
		data[at] = (uint8_t)next();
		return len;
	case 4: /* a byte at the edge of something */
		data[at] = edges[below(sizeof(edges))];
		return len;
	case 5: /* a little more or less: lengths and counts */
		data[at] = (uint8_t)(data[at] + below(9) - 4);
		return len;
	case 6: /* delete */
		if (count > len - at)
			count = len - at;
		memmove(data + at, data + at + count, len - at - count);
		return len - count;
	case 7: /* say it twice */
		if (count > len - at)
			count = len - at;
		return insert(data, len, max, at, data + at, count);
	default: /* the head of this and the tail of another: splice */
		if (at < other->len) {
			size_t tail = other->len - at < max - at ? other->len - at : max - at;
			memcpy(data + at, other->data + at, tail);
			return at + tail;
		}
		return at;
	}
}

/* ---- running ---- */

/* Run ${shared}->input in memory of exactly its length, so that the sanitizer sees the first byte beyond. */
static void
run(void)
{
	size_t len = (size_t)shared->len;
	uint8_t *data = malloc(len);

	if (data == NULL && len > 0)
		die("malloc");
	if (len > 0)
		memcpy(data, shared->input, len);
	(void)LLVMFuzzerTestOneInput(data, len);
	free(data);
	shared->executions++;
}

static uint64_t
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* All seeds as they are, then mutants of them until ${seconds} are over. */
static void
run_all(unsigned long seconds)
{
	const size_t max = longest > MUTATED_LEN_MIN ? longest : MUTATED_LEN_MIN;
	const uint64_t end = now_ms() + seconds * 1000;

	for (size_t i = 0; i < seed_count; i++) {
		memcpy(shared->input, seeds[i].data, seeds[i].len);
		shared->len = seeds[i].len;
		run();
	}
	while (now_ms() < end) {
		const struct input *seed = &seeds[below(seed_count)];
		size_t len = seed->len;

		memcpy(shared->input, seed->data, len);
		for (size_t i = 1 + below(STACKED_MAX); i > 0; i--)
			len = mutate_once(shared->input, len, max);
		shared->len = len;
		run();
	}
}

/* Wait for the child. Returns its status; kills it if one input takes too long. */
static int
watch(pid_t child)
{
	uint64_t seen = 0, since = now_ms();
	int status = 0;

	for (;;) {
		pid_t ended = waitpid(child, &status, WNOHANG);
		if (ended == child)
			return status;
		if (ended < 0)
			die("waitpid");
		if (shared->executions != seen) {
			seen = shared->executions;
			since = now_ms();
		} else if (now_ms() - since > HANG_SECONDS * 1000) {
			(void)fprintf(stderr, "an input runs for more than %d s\n", HANG_SECONDS);
			(void)kill(child, SIGKILL);
			since = now_ms();
		}
		(void)usleep(20000);
	}
}

/* Keep the input that the child died of, and say how to run it again. */
static void
save_crash(const char *program)
{
	const char *name = strrchr(program, '/') != NULL ? strrchr(program, '/') + 1 : program;
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s-%ld.crash", getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp", name,
	    (long)getpid());
	FILE *file = fopen(path, "wb");
	if (file == NULL || fwrite(shared->input, 1, (size_t)shared->len, file) != shared->len || fclose(file) != 0)
		die(path);
	(void)fprintf(stderr, "after %" PRIu64 " inputs, this one of %" PRIu64 " bytes: run it again with\n    %s %s\n",
	    shared->executions, shared->len, program, path);
}

static unsigned long
number(const char *text)
{
	char *end = NULL;

	errno = 0;
	unsigned long value = strtoul(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0') {
		(void)fprintf(stderr, "%s: not a number\n", text);
		exit(2);
	}
	return value;
}

int
main(int argc, char **argv)
{
	unsigned long seconds = 0;

	random_state = now_ms() << 20 ^ (uint64_t)getpid();
	seeds = calloc(SEED_COUNT_MAX, sizeof(*seeds));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seeds == NULL || shared == MAP_FAILED)
		die("memory");
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
			seconds = number(argv[++i]);
		else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
			random_state = number(argv[++i]);
		else if (argv[i][0] != '-')
			load(argv[i]);
		else {
			(void)fprintf(stderr, "usage: %s [--seconds N] [--seed N] FILE|FOLDER...\n", argv[0]);
			return 2;
		}
	}
	if (seed_count == 0) {
		(void)fprintf(stderr, "%s: no seeds\n", argv[0]);
		return 2;
	}
	if (random_state == 0) /* the one state that xorshift never leaves */
		random_state = 1;
	if (seconds > 0)
		printf("--seed 0x%" PRIx64 "\n", random_state);
	(void)fflush(stdout);

	pid_t child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		if (LLVMFuzzerInitialize != NULL)
			(void)LLVMFuzzerInitialize(&argc, &argv);
		run_all(seconds);
		shared->done = true;
		exit(0);
	}
	int status = watch(child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && shared->done) {
		printf("%zu seeds, %" PRIu64 " inputs\n", seed_count, shared->executions);
		return 0;
	}
	if (shared->done)
		(void)fprintf(stderr, "every input ran, then the program failed (a leak?)\n");
	else
		save_crash(argv[0]);
	return 1;
}
