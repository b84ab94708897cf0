/*
 * Core's side of what the guest page does, for tests in a browser. Everything that is not a number is hexadecimal.
 *
 *     guest_oracle new                         ID SECRET CODE KEY PUBLIC: those of a new request
 *     guest_oracle link                        ID.CODE of a request that nobody made, as a link has it
 *     guest_oracle seal ID SECRET              stdin: a request as JSON; the sealed request in base 16
 *     guest_oracle open ID SECRET HASH KEY FILE   an answer file as the page saves it; prints the answer's JSON
 *     guest_oracle judge TODAY LOOKBACK        stdin: one statement as JSON in each line; "ok" or the fault of each
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "core/record/json.h"
#include "core/record/statement.h"
#include "proto/guest.h"

#define LINE_MAX_LEN (256U << 10)

static _Noreturn void
fail(const char *what)
{
	(void)fprintf(stderr, "guest_oracle: %s\n", what);
	exit(1);
}

static void
print_hex(const uint8_t *data, size_t len, char end)
{
	for (size_t i = 0; i < len; i++)
		(void)printf("%02x", data[i]);
	(void)putchar(end);
}

static void
read_hex(const char *text, uint8_t *data, size_t len)
{
	if (cdr_hex_read(text, data, len) != CDR_OK)
		fail("not hexadecimal, or of another length");
}

static size_t
read_all(FILE *file, char *text, size_t size)
{
	size_t len = file != NULL ? fread(text, 1, size, file) : size;

	if (len == size)
		fail("no input, or too much");
	return len;
}

static void
make_new(void)
{
	uint8_t id[CDR_ID_LEN], secret[CDR_GUEST_SECRET_LEN], key[CDR_HPKE_SECRET_LEN], public[CDR_HPKE_PUBLIC_LEN];
	char code[CDR_GUEST_CODE_TEXT_LEN];

	if (cdr_random(id, sizeof(id)) != CDR_OK || cdr_random(secret, sizeof(secret)) != CDR_OK ||
	    cdr_hpke_keypair(key, public) != CDR_OK || cdr_guest_code_write(id, secret, code) != CDR_OK)
		fail("no keys");
	print_hex(id, sizeof(id), ' ');
	print_hex(secret, sizeof(secret), ' ');
	(void)printf("%s ", code);
	print_hex(key, sizeof(key), ' ');
	print_hex(public, sizeof(public), '\n');
}

static void
make_link(void)
{
	uint8_t id[CDR_ID_LEN], secret[CDR_GUEST_SECRET_LEN];
	char link[CDR_GUEST_LINK_LEN];

	if (cdr_random(id, sizeof(id)) != CDR_OK || cdr_random(secret, sizeof(secret)) != CDR_OK ||
	    cdr_guest_link("", id, secret, link) != CDR_OK)
		fail("no link");
	(void)printf("%s\n", link + 1);
}

static void
seal(char **arguments, char *text)
{
	uint8_t id[CDR_ID_LEN], secret[CDR_GUEST_SECRET_LEN];
	struct cdr_buffer sealed;

	read_hex(arguments[0], id, sizeof(id));
	read_hex(arguments[1], secret, sizeof(secret));
	size_t len = read_all(stdin, text, LINE_MAX_LEN);
	if (cdr_guest_request_seal(id, secret, (struct cdr_bytes){ (const uint8_t *)text, len }, &sealed) != CDR_OK)
		fail("the request cannot be sealed");
	print_hex(sealed.data, sealed.len, '\n');
	cdr_buffer_free(&sealed);
}

static void
open_answer(char **arguments, char *text)
{
	uint8_t id[CDR_ID_LEN], secret[CDR_GUEST_SECRET_LEN], hash[CDR_SHA256_LEN], key[CDR_HPKE_SECRET_LEN];
	struct cdr_guest_binding binding = { id, secret, hash };
	struct cdr_guest_parcel *parcel = malloc(sizeof(*parcel));
	struct cdr_buffer answer;
	struct cdr_fault fault = { 0 };

	read_hex(arguments[0], id, sizeof(id));
	read_hex(arguments[1], secret, sizeof(secret));
	read_hex(arguments[2], hash, sizeof(hash));
	read_hex(arguments[3], key, sizeof(key));
	size_t len = read_all(fopen(arguments[4], "rb"), text, LINE_MAX_LEN);
	if (parcel == NULL || cdr_guest_file_read((struct cdr_bytes){ (const uint8_t *)text, len }, parcel, &fault) != CDR_OK)
		fail(fault.text);
	if (memcmp(parcel->id, id, sizeof(id)) != 0)
		fail("the answer is to another request");
	if (cdr_guest_answer_open(&binding, key, parcel->response, (struct cdr_bytes){ parcel->sealed, sizeof(parcel->sealed) },
		&answer) != CDR_OK)
		fail("the answer does not open");
	(void)fwrite(answer.data, 1, answer.len, stdout);
	cdr_buffer_free(&answer);
	free(parcel);
}

static void
judge(char **arguments, char *line)
{
	struct cdr_codebook *codebook;
	struct cdr_record_rules rules = { .lookback_years = (unsigned)strtoul(arguments[1], NULL, 10) };
	struct cdr_statement *statement = malloc(sizeof(*statement));
	struct cdr_fault fault = { 0 };

	if (statement == NULL || cdr_date_read(arguments[0], &rules.today, NULL) != CDR_OK ||
	    cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, &codebook, &fault) != CDR_OK)
		fail("no rules");
	rules.codebook = codebook;
	while (fgets(line, LINE_MAX_LEN, stdin) != NULL) {
		cdr_err err = cdr_statement_from_json((struct cdr_bytes){ (const uint8_t *)line, strlen(line) }, statement, &fault);
		if (err == CDR_OK)
			err = cdr_statement_validate(statement, &rules, &fault);
		(void)printf("%s\n", err == CDR_OK ? "ok" : fault.text);
	}
	cdr_codebook_free(codebook);
	free(statement);
}

int
main(int argc, char **argv)
{
	char *text = malloc(LINE_MAX_LEN);
	struct cdr_fault fault = { 0 };

	if (text == NULL || argc < 2)
		return 2;
	if (cdr_secret_start(&fault) != CDR_OK)
		fail(fault.text);
	if (strcmp(argv[1], "new") == 0)
		make_new();
	else if (strcmp(argv[1], "link") == 0)
		make_link();
	else if (strcmp(argv[1], "seal") == 0 && argc == 4)
		seal(argv + 2, text);
	else if (strcmp(argv[1], "open") == 0 && argc == 7)
		open_answer(argv + 2, text);
	else if (strcmp(argv[1], "judge") == 0 && argc == 4)
		judge(argv + 2, text);
	else
		return 2;
	free(text);
	return 0;
}
