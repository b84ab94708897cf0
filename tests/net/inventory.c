/*
 * What a node holds, told as lines of text, one fact a line, for a scenario that compares them with its own books and with
 * those of the other nodes. The database is checked first: every page, every index.
 *
 *   inventory hub|trustee|member HOME PASSPHRASE-FILE
 *   inventory acks FILE      what tests/net/preload/interrupt.c saw acknowledged
 *
 * Identifiers and handles are in hexadecimal, requests as the command line shows them; empty text is "-".
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/token.h"
#include "keys/passphrase.h"
#include "node/hub/schema.h"
#include "node/member/check_letters.h"
#include "node/member/leavers.h"
#include "node/member/member.h"
#include "node/store/home.h"
#include "node/trustee/schema.h"

#define TEXT_LEN 256
#define BLOB_MAX 4096
#define ACK_LINE_LEN 4096
#define FIELD_SIGNER 1      /* of Signed */
#define FIELD_BODY 2
#define FIELD_SIGNATURE 3

static void __attribute__((noreturn))
fail(const char *what, const struct cdr_fault *fault)
{
	(void)fprintf(stderr, "inventory: %s%s%s\n", what, fault != NULL && fault->text[0] != '\0' ? ": " : "",
	    fault != NULL ? fault->text : "");
	exit(1);
}

static void
print_hex(struct cdr_bytes bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		(void)printf("%02x", bytes.data[i]);
}

/* ---- tables that are told as they are -------------------------------------------------------------------------------- */

/* One table: the word in front, its columns (t text, b bytes, i number, r request as people see it), the statement. */
struct listing {
	const char *word, *columns, *sql;
};

static const struct listing hub_listings[] = {
	{ "person", "tbii", "SELECT member, handle, epoch, length(tags) / 17 FROM person" },
	{ "rows", "tbii", "SELECT member, handle, epoch, count(*) FROM index_row GROUP BY member, handle, epoch" },
	{ "holding", "tiii", "SELECT member, epoch, people, index_rows FROM holding" },
	{ "put", "tb", "SELECT member, batch FROM index_batch" },
	{ "mail", "tb", "SELECT sender, id FROM mail" },
	{ "taken", "tb", "SELECT sender, id FROM mail_taken" },
	{ "open", "tb", "SELECT member, id FROM open_check" },
	{ "misuse", "tt", "SELECT party, detail FROM misuse" },
	{ NULL, NULL, NULL },
};

static const struct listing trustee_listings[] = {
	{ "spent", "titi", "SELECT member, epoch, purpose, points FROM spent" },
	{ "misuse", "ti", "SELECT member, sequence FROM misuse" },
	{ NULL, NULL, NULL },
};

static const struct listing member_listings[] = {
	{ "removal", "b", "SELECT handle FROM removal" },
	{ "batch", "b", "SELECT id FROM index_batch" },
	{ "out", "bttrt", "SELECT id, receiver, kind, request_id, state FROM letter_out" },
	{ "in", "bt", "SELECT id, sender FROM letter_in" },
	{ "inbox", "rttt", "SELECT request_id, sender, stage, state FROM inbox" },
	{ "misconduct", "tt", "SELECT party, what FROM misconduct" },
	{ NULL, NULL, NULL },
};

static cdr_err
print_column(struct cdr_query *query, int column, char kind)
{
	char text[TEXT_LEN], id_text[CDR_ID_TEXT_LEN];
	uint8_t id[CDR_ID_LEN];
	struct cdr_bytes bytes;
	int64_t number;
	cdr_err err = CDR_E_INTERNAL;

	(void)putchar(' ');
	if (kind == 't') {
		CDR_TRY(cdr_query_text(query, column, text, sizeof(text)));
		(void)fputs(text[0] != '\0' ? text : "-", stdout);
	} else if (kind == 'b') {
		CDR_TRY(cdr_query_blob_peek(query, column, BLOB_MAX, &bytes));
		print_hex(bytes);
	} else if (kind == 'r') {
		CDR_TRY(cdr_query_blob(query, column, id, sizeof(id)));
		cdr_id_write(id, id_text);
		(void)fputs(id_text, stdout);
	} else {
		CDR_TRY(cdr_query_int(query, column, &number));
		(void)printf("%" PRId64, number);
	}
	err = CDR_OK;
out:
	return err;
}

static cdr_err
print_listings(struct cdr_tx *tx, const struct listing *listings)
{
	cdr_err err = CDR_OK;

	for (const struct listing *l = listings; l->word != NULL && err == CDR_OK; l++) {
		struct cdr_query *query = NULL;
		err = cdr_query_start(tx, l->sql, CDR_VALUES(), &query);
		while (err == CDR_OK && (err = cdr_query_step(query)) == CDR_OK) {
			(void)fputs(l->word, stdout);
			for (int i = 0; l->columns[i] != '\0' && err == CDR_OK; i++)
				err = print_column(query, i, l->columns[i]);
			(void)putchar('\n');
		}
		cdr_query_end(query);
		err = err == CDR_E_ABSENT ? CDR_OK : err;
	}
	return err;
}

/* ---- tables with something inside -------------------------------------------------------------------------------------- */

/* evaluation MEMBER SEQUENCE EPOCH PURPOSE POINTS SIGNATURE, from the request as the member signed it. */
static cdr_err
print_evaluations(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	(void)context;
	CDR_TRY(cdr_query_start(tx, "SELECT body, signature, sequence FROM evaluation", CDR_VALUES(), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		struct cdr_arena arena = { 0 };
		struct cdr_bytes body, signature;
		int64_t sequence;
		Cdr__Wire__EvaluateRequest *request;
		CDR_TRY(cdr_query_blob_peek(query, 0, BLOB_MAX, &body));
		CDR_TRY(cdr_query_blob_peek(query, 1, BLOB_MAX, &signature));
		CDR_TRY(cdr_query_int(query, 2, &sequence));
		CDR_TRY(cdr_message_decode(&arena, &cdr__wire__evaluate_request__descriptor, body, &request));
		if (request->sequence != (uint64_t)sequence)
			fail("a request is filed under another sequence number than its own", NULL);
		(void)printf("evaluation %s %" PRIu64 " %" PRIu32 " %s %" PRIu32 " ", request->member, request->sequence,
		    request->epoch, request->purpose, request->point_count);
		print_hex(signature);
		(void)putchar('\n');
		cdr_arena_free(&arena);
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* leaver HANDLE STATE ROWS NUMBER|GIVEN|FAMILY|BIRTH|POSITION; ROWS: so many the index must have of it. */
static cdr_err
print_leaver(struct cdr_query *query, const struct cdr_member *member, const struct cdr_scheme *scheme)
{
	static struct cdr_leaver leaver;
	static struct cdr_token_set set;
	cdr_err err = CDR_E_INTERNAL;
	uint8_t id[CDR_ID_LEN], handle[CDR_HANDLE_LEN];
	char state[16];
	struct cdr_bytes sealed;
	const struct cdr_person *p = &leaver.person;

	CDR_TRY(cdr_query_blob(query, 0, id, sizeof(id)));
	CDR_TRY(cdr_query_blob(query, 1, handle, sizeof(handle)));
	CDR_TRY(cdr_query_text(query, 2, state, sizeof(state)));
	CDR_TRY(cdr_query_blob_peek(query, 3, CDR_LEAVER_PACK_MAX + CDR_SEAL_OVERHEAD, &sealed));
	CDR_TRY(cdr_leavers_open(member, id, sealed, &leaver));
	CDR_TRY(cdr_token_derive(p, scheme, &set, NULL));
	(void)printf("leaver ");
	print_hex((struct cdr_bytes){ handle, sizeof(handle) });
	(void)printf(" %s %zu %s|%s|%s|%04d-%02d-%02d|%s\n", state, set.count > 0 ? cdr_token_padded(set.count) : 0,
	    leaver.employee_number, p->given_names, p->family_names, p->birth.year, p->birth.month, p->birth.day,
	    leaver.position);
out:
	return err;
}

static cdr_err
print_leavers(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_member *member = context;
	struct cdr_query *query = NULL;
	struct cdr_scheme scheme;

	CDR_TRY(cdr_scheme_current(1, &scheme));
	CDR_TRY(cdr_query_start(tx, "SELECT id, handle, state, sealed FROM leaver", CDR_VALUES(), &query));
	while ((err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(print_leaver(query, member, &scheme));
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* check REFERENCE STATE, and employer REFERENCE MEMBER DECLARED STAGE STATUS RESULT REQUEST for everyone whom it asks. */
static cdr_err
print_employers(struct cdr_tx *tx, const uint8_t *check_id, const char *reference)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx,
	    "SELECT member, declared, stage, status, result, request_id FROM employer WHERE check_id = $1",
	    CDR_VALUES(cdr_value_blob(check_id, CDR_ID_LEN)), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		(void)printf("employer %s", reference);
		for (int i = 0; i < 6 && err == CDR_OK; i++)
			err = print_column(query, i, "titttr"[i]);
		(void)putchar('\n');
		CDR_TRY(err);
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
print_checks(struct cdr_tx *tx, void *context)
{
	static struct cdr_candidate candidate;
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_member *member = context;
	struct cdr_query *query = NULL;
	uint8_t id[CDR_ID_LEN];
	char state[16];

	CDR_TRY(cdr_query_start(tx, "SELECT id, state FROM hiring_check", CDR_VALUES(), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob(query, 0, id, sizeof(id)));
		CDR_TRY(cdr_query_text(query, 1, state, sizeof(state)));
		CDR_TRY(cdr_check_open_candidate(tx, member, id, &candidate));
		(void)printf("check %s %s\n", candidate.reference, state);
		CDR_TRY(print_employers(tx, id, candidate.reference));
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* ---- acknowledgements ------------------------------------------------------------------------------------------------------ */

/* Field ${number} of a message that may be cut off, if it has a length; what is there of it. */
static struct cdr_bytes
find_field(struct cdr_bytes message, unsigned number)
{
	size_t at = 0;

	while (at < message.len) {
		uint64_t tag = message.data[at++], value = 0;
		unsigned shift = 0;
		while (at < message.len && (message.data[at] & 0x80) != 0 && shift < 56) {
			value |= (uint64_t)(message.data[at++] & 0x7f) << shift;
			shift += 7;
		}
		if (at < message.len)
			value |= (uint64_t)message.data[at++] << shift;
		if ((tag & 7) != 2)
			continue; /* a number */
		size_t there = message.len - at < value ? message.len - at : (size_t)value;
		if (tag >> 3 == number)
			return (struct cdr_bytes){ message.data + at, there };
		at += there;
	}
	return (struct cdr_bytes){ NULL, 0 };
}

/* Who asked, and what identifies what was asked: "ack PATH SIGNER HEX", one line for each of several. */
static void
print_ack(const char *path, struct cdr_bytes request)
{
	struct cdr_bytes signer = find_field(request, FIELD_SIGNER), body = find_field(request, FIELD_BODY);
	struct cdr_bytes what = { NULL, 0 };

	if (strcmp(path, "/v1/evaluate") == 0)
		what = find_field(request, FIELD_SIGNATURE);
	else if (strcmp(path, "/v1/index/put") == 0)
		what = find_field(body, 2);
	else if (strcmp(path, "/v1/mail/post") == 0 || strcmp(path, "/v1/mail/taken") == 0 || strcmp(path, "/v1/check/open") == 0)
		what = find_field(body, 1);
	size_t step = strcmp(path, "/v1/mail/taken") == 0 ? CDR_MAIL_ID_LEN : what.len;
	for (size_t at = 0; at < what.len && at + step <= what.len; at += step) {
		(void)printf("ack %s %.*s ", path, (int)signer.len, (const char *)signer.data);
		print_hex((struct cdr_bytes){ what.data + at, step });
		(void)putchar('\n');
	}
}

static void
list_acks(const char *name)
{
	static char line[ACK_LINE_LEN];
	static uint8_t request[ACK_LINE_LEN];
	FILE *file = fopen(name, "re");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		char *hex = strchr(line, ' ');
		size_t len = hex == NULL ? 0 : strcspn(hex + 1, "\n");
		if (hex == NULL || hex[1 + len] != '\n')
			continue; /* the node died while it wrote the line */
		*hex++ = '\0';
		hex[len] = '\0';
		if (cdr_hex_read(hex, request, len / 2) != CDR_OK)
			fail("a line of acknowledgements is not hexadecimal", NULL);
		print_ack(line, (struct cdr_bytes){ request, len / 2 });
	}
	if (file != NULL)
		(void)fclose(file);
}

/* ---- nodes --------------------------------------------------------------------------------------------------------------- */

/* What is told of one node. */
struct telling {
	const struct listing *listings;
	cdr_store_job *const *jobs;    /* NULL after the last one */
	struct cdr_member *member;
};

/* A reading job: everything in one snapshot. */
static cdr_err
tell(struct cdr_tx *tx, void *context)
{
	const struct telling *telling = context;
	cdr_err err = print_listings(tx, telling->listings);

	for (size_t i = 0; err == CDR_OK && telling->jobs[i] != NULL; i++)
		err = telling->jobs[i](tx, telling->member);
	return err;
}

static void
list_store(struct cdr_store *store, struct telling *telling)
{
	struct cdr_fault fault = { 0 };

	cdr_err err = cdr_store_check(store, &fault);
	if (err == CDR_OK)
		err = cdr_store_read(store, tell, telling);
	if (err != CDR_OK)
		fail(cdr_err_name(err), &fault);
}

int
main(int argc, char **argv)
{
	static cdr_store_job *const trustee_jobs[] = { print_evaluations, NULL }, *const no_jobs[] = { NULL };
	static cdr_store_job *const member_jobs[] = { print_leavers, print_checks, NULL };
	struct telling hub = { hub_listings, no_jobs, NULL }, trustee = { trustee_listings, trustee_jobs, NULL };
	struct cdr_fault fault = { 0 };
	struct cdr_passphrase *passphrase = NULL;
	struct cdr_home *home = NULL;
	struct cdr_member *member = NULL;

	if (argc == 3 && strcmp(argv[1], "acks") == 0) {
		list_acks(argv[2]);
		return 0;
	}
	if (argc != 4)
		fail("usage: inventory hub|trustee|member HOME PASSPHRASE-FILE, or: inventory acks FILE", NULL);
	const struct cdr_passphrase_source source = { .file = argv[3], .fd = -1 };
	if (cdr_secret_start(&fault) != CDR_OK || cdr_passphrase_read(&source, &passphrase, &fault) != CDR_OK)
		fail("cannot begin", &fault);
	if (strcmp(argv[1], "member") == 0) {
		if (cdr_member_open(argv[2], passphrase, &member, &fault) != CDR_OK)
			fail(argv[2], &fault);
		list_store(member->home->store, &(struct telling){ member_listings, member_jobs, member });
	} else {
		bool is_hub = strcmp(argv[1], "hub") == 0;
		if (cdr_home_open(argv[2], is_hub ? &cdr_hub_schema : &cdr_trustee_schema, passphrase, &home, &fault) != CDR_OK)
			fail(argv[2], &fault);
		list_store(home->store, is_hub ? &hub : &trustee);
	}
	cdr_member_close(member);
	cdr_home_close(home);
	cdr_passphrase_free(passphrase);
	return fflush(stdout) == 0 ? 0 : 1;
}
