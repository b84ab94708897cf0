/*
 * What was read about a person is gone when its owner is done with it: the memory of this process is searched for a
 * name that went through every reader. A search that finds nothing proves nothing unless it finds what is there, so
 * it is first made to.
 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "core/record/candidate.h"
#include "core/record/json.h"
#include "core/record/leaver.h"
#include "core/record/statement.h"

#define MARKER_LEN 16
#define MASK 0x55
#define CHUNK_LEN (1U << 20)
#define MAPPING_MAX (UINT64_C(1) << 28) /* the shadow of the address sanitizer is larger */

static uint8_t masked[MARKER_LEN]; /* the marker stands in memory only where it is looked for */
static uint8_t chunk[CHUNK_LEN + MARKER_LEN];
static char input[4096];           /* what is read; personal */

static void
marker_make(void)
{
	assert_int_equal(cdr_random(masked, MARKER_LEN), CDR_OK);
	for (size_t i = 0; i < MARKER_LEN; i++)
		masked[i] = (uint8_t)(('a' + masked[i] % 26) ^ MASK);
}

/* Write the marker at ${at}; byte by byte, so that the compiler keeps no copy of it in a register that it may put aside. */
static void
marker_put(char *at)
{
	volatile char *to = at;

	for (size_t i = 0; i < MARKER_LEN; i++)
		to[i] = (char)(masked[i] ^ MASK);
}

/* ${input} becomes the text, each '#' in it the marker. */
static struct cdr_bytes
input_make(const char *text)
{
	size_t len = 0;

	for (; *text != '\0'; text++) {
		assert_true(len + MARKER_LEN < sizeof(input));
		if (*text == '#') {
			marker_put(input + len);
			len += MARKER_LEN;
		} else {
			input[len++] = *text;
		}
	}
	return (struct cdr_bytes) { (const uint8_t *)input, len };
}

static size_t
count_in_chunk(size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i + MARKER_LEN <= len; i++) {
		size_t j = 0;
		while (j < MARKER_LEN && (chunk[i + j] ^ MASK) == masked[j])
			j++;
		count += j == MARKER_LEN;
	}
	return count;
}

static size_t
count_in_mapping(int memory, uintptr_t begin, uintptr_t end)
{
	size_t count = 0;

	for (uintptr_t at = begin; at < end;) {
		/* The buffer of the search itself is left out. */
		if (at >= (uintptr_t)chunk && at < (uintptr_t)chunk + sizeof(chunk)) {
			at = (uintptr_t)chunk + sizeof(chunk);
			continue;
		}
		uintptr_t stop = at < (uintptr_t)chunk && (uintptr_t)chunk < end ? (uintptr_t)chunk : end;
		size_t len = stop - at < sizeof(chunk) ? stop - at : sizeof(chunk);
		ssize_t got = pread(memory, chunk, len, (off_t)at);
		if (got <= 0)
			break;
		count += count_in_chunk((size_t)got);
		/* A marker may lie across two chunks. */
		at += (size_t)got > MARKER_LEN && at + (size_t)got < stop ? (size_t)got - MARKER_LEN + 1 : (size_t)got;
	}
	memset(chunk, 0, sizeof(chunk));
	return count;
}

/* How often the marker stands in the memory that this process may write to. */
static size_t
count_markers(void)
{
	char line[512];
	size_t count = 0;
	FILE *maps = fopen("/proc/self/maps", "r");
	int memory = open("/proc/self/mem", O_RDONLY);

	assert_non_null(maps);
	assert_true(memory >= 0);
	while (fgets(line, sizeof(line), maps) != NULL) {
		uintptr_t begin, end;
		char access[5];
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &begin, &end, access) == 3 && access[1] == 'w' && end - begin < MAPPING_MAX)
			count += count_in_mapping(memory, begin, end);
	}
	(void)fclose(maps);
	(void)close(memory);
	return count;
}

static struct cdr_codebook *book;
static struct cdr_record_rules rules;

static int
set_up(void **state)
{
	(void)state;
	cdr_json_start();
	if (cdr_codebook_new((struct cdr_bytes) { NULL, 0 }, &book, NULL) != CDR_OK)
		return -1;
	rules = (struct cdr_record_rules) { .codebook = book, .today = { 2025, 6, 15, CDR_PRECISION_DAY }, .lookback_years = 5 };
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	cdr_codebook_free(book);
	return 0;
}

/* The heap, a block that was freed, the stack and static memory are all searched. */
static void
the_search_finds(void **state)
{
	(void)state;
	char on_stack[MARKER_LEN + 1];

	marker_make();
	assert_int_equal(count_markers(), 0);
	char *block = malloc(256);
	assert_non_null(block);
	marker_put(block + 100);
	assert_int_equal(count_markers(), 1);
	cdr_wipe(block, 256);
	free(block);
	assert_int_equal(count_markers(), 0);
	marker_put(on_stack);
	assert_int_equal(count_markers(), 1);
	cdr_wipe(on_stack, sizeof(on_stack));
	(void)input_make("#,#");
	assert_int_equal(count_markers(), 2);
	cdr_wipe(input, sizeof(input));
	assert_int_equal(count_markers(), 0);
}

/* Good rows, bad rows, repeated rows; ASCII and not; keys, digests, packing and unpacking. */
static void
leavers_leave_nothing(void **state)
{
	(void)state;
	struct cdr_leaver leaver;
	uint8_t packed[CDR_LEAVER_PACK_MAX], key[CDR_LEAVER_KEY_LEN], digest[CDR_LEAVER_DIGEST_LEN];
	struct cdr_leaver_file *reader;
	struct cdr_fault fault;
	size_t len, good = 0;

	marker_make();
	struct cdr_bytes file = input_make("employee_number,given_names,family_names,other_names,native_name,date_of_birth,gender,"
	    "nationality,document_type,document_country,document_number,email,phone,position,country,from,to,engagement_type\n"
	    "#,#,# \xc3\xa9,#;#,#,1984,,,passport,KEN,#,#@example.org,#,#,KEN,2019,2024,\n"
	    "#,#,# \xc3\xa9,#;#,#,1984,,,passport,KEN,#,#@example.org,#,#,KEN,2019,2024,\n"
	    ",#,\"#\n# \xc3\xa9\",,,1984,,,,,,,,,,,2024,\n"
	    "#,#,#,#,#,#,#,#,#,#,#,#,#,#,#,#,#,#\n"
	    "#,\"#\"#,#\n"
	    "#,\"#,#\n");
	assert_int_equal(cdr_leaver_file_new(file, &rules, &reader, &fault), CDR_OK);
	while (cdr_leaver_file_next(reader, &leaver, &fault) == CDR_OK) {
		assert_true(count_markers() > 40);
		assert_int_equal(cdr_leaver_key(&leaver, key), CDR_OK);
		assert_int_equal(cdr_leaver_digest(&leaver, digest), CDR_OK);
		assert_int_equal(cdr_leaver_pack(&leaver, packed, &len), CDR_OK);
		assert_int_equal(cdr_leaver_unpack((struct cdr_bytes) { packed, len }, &leaver), CDR_OK);
		assert_int_equal(cdr_leaver_unpack((struct cdr_bytes) { packed, len - 1 }, &leaver), CDR_E_INPUT);
		cdr_wipe(packed, sizeof(packed));
		good++;
	}
	assert_int_equal(good, 2);
	cdr_wipe(input, sizeof(input));
	/* The report is still there, and says nothing about anybody. */
	assert_true(cdr_leaver_file_report_peek(reader)->faults.count > 5);
	assert_int_equal(count_markers(), 0);
	cdr_leaver_file_free(reader);
	assert_int_equal(count_markers(), 0);
}

static void
candidates_leave_nothing(void **state)
{
	(void)state;
	struct cdr_candidate candidate;
	uint8_t packed[CDR_CANDIDATE_PACK_MAX];
	struct cdr_candidate_file *reader;
	struct cdr_fault fault;
	size_t len, good = 0;

	marker_make();
	struct cdr_bytes file = input_make("reference,given_names,date_of_birth,declared_employers,legal_basis,candidate_notified\n"
	    "#,#,1984,#;member-a,consent,job_advert\n#,#,1984,#;#,#,#\n");
	assert_int_equal(cdr_candidate_file_new(file, &rules, &reader, &fault), CDR_OK);
	while (cdr_candidate_file_next(reader, &candidate, &fault) == CDR_OK) {
		assert_int_equal(cdr_candidate_pack(&candidate, packed, &len), CDR_OK);
		cdr_wipe(packed, sizeof(packed));
		good++;
	}
	assert_int_equal(good, 1);
	cdr_candidate_file_free(reader);
	cdr_wipe(input, sizeof(input));
	assert_int_equal(count_markers(), 0);
}

static void
statements_leave_nothing(void **state)
{
	(void)state;
	static struct cdr_statement statement;
	static const char *const files[] = {
		"{\"signer_name\":\"# \xc3\xa9\",\"employment\":{\"positions\":[\"#\"]},\"disclosures\":[{\"factual_summary\":\"#\\n# \xc3\xa9\"}]}",
		"{\"signer_name\":\"#\",\"#\":1}",
		"{\"signer_name\":\"#\",\"finding\":\"# # # # # # # # #\"}",
		"{\"signer_name\": # }",
		"{\"signer_name\":\"#\"",
	};
	struct cdr_fault fault;
	char *json;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		marker_make();
		struct cdr_bytes file = input_make(files[i]);
		cdr_err err = cdr_statement_from_json(file, &statement, &fault);
		assert_int_equal(err, i == 0 ? CDR_OK : i == 2 ? CDR_E_RANGE : CDR_E_INPUT);
		cdr_wipe(input, sizeof(input));
		if (err == CDR_OK) {
			assert_int_equal(cdr_statement_validate(&statement, &rules, &fault), CDR_E_INPUT);
			assert_int_equal(cdr_statement_to_json(&statement, &json), CDR_OK);
			cdr_json_free(json);
			cdr_wipe(&statement, sizeof(statement));
		}
		assert_int_equal(count_markers(), i == 1 ? 1 : 0); /* a key that looks like one is told */
		cdr_wipe(&fault, sizeof(fault));
		assert_int_equal(count_markers(), 0);
	}
}

/*
 * Where functions are bound at their first call, the dynamic linker puts the vector registers aside on the stack, with
 * whatever memcpy had in them. The programs are linked to bind at the start; a build with sanitizers is not, so it is
 * started once more and told to.
 */
static void
bind_at_start(char **argv)
{
	if (getenv("LD_BIND_NOW") != NULL)
		return;
	if (setenv("LD_BIND_NOW", "1", 1) == 0)
		(void)execv("/proc/self/exe", argv);
	perror("execv");
	exit(1);
}

int
main(int argc, char **argv)
{
	(void)argc;
	bind_at_start(argv);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_search_finds),
		cmocka_unit_test(leavers_leave_nothing),
		cmocka_unit_test(candidates_leave_nothing),
		cmocka_unit_test(statements_leave_nothing),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
