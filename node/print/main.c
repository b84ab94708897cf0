#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "core/record/json.h"
#include "node/print/draw.h"
#include "node/print/sandbox.h"

/*
 * `candor-print`: a description on standard input (node/print/document.h), a PDF on standard output. A program of its own,
 * so that what shapes and draws text never runs beside a key. Exit codes: 0 done; 2 the description is wrong; 1 anything else.
 */

static bool
write_out(void *context, const uint8_t *data, size_t len)
{
	(void)context;
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, data, len);
		if (n < 0 && errno != EINTR)
			return false;
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* All of standard input; one byte more than allowed at most. */
static uint8_t *
read_in(size_t *len)
{
	size_t room = 1U << 16;
	uint8_t *data = cdr_wiping_alloc(room);

	*len = 0;
	while (data != NULL) {
		ssize_t n = read(STDIN_FILENO, data + *len, room - *len);
		if (n == 0 || *len > CDR_PRINT_INPUT_MAX || (n < 0 && errno != EINTR))
			return data;
		*len += n > 0 ? (size_t)n : 0;
		if (*len < room)
			continue;
		uint8_t *larger = cdr_wiping_resize(data, 2 * room);
		if (larger == NULL)
			break;
		data = larger;
		room *= 2;
	}
	cdr_wiping_free(data);
	return NULL;
}

int
main(int argc, char **argv)
{
	struct cdr_fault fault = { 0 };
	json_t *document = NULL;
	size_t len = 0;

	if (argc > 1) {
		bool help = strcmp(argv[1], "--help") == 0;
		(void)fprintf(help ? stdout : stderr, "candor-print: a description as JSON on standard input, a PDF on standard output. Used by candor and candor-hub.\n");
		return help ? 0 : 2;
	}
	cdr_json_start();
	cdr_err err = cdr_sandbox_enter(&fault);
	uint8_t *input = err == CDR_OK ? read_in(&len) : NULL;
	if (err == CDR_OK && input == NULL)
		err = cdr_fault_set(&fault, CDR_E_MEMORY, "no memory for the description");
	if (err == CDR_OK)
		err = cdr_document_read((struct cdr_bytes){ input, len }, &document, &fault);
	cdr_wiping_free(input);
	if (err == CDR_OK)
		err = cdr_draw(document, write_out, NULL, &fault);
	json_decref(document);
	if (err != CDR_OK)
		(void)fprintf(stderr, "candor-print: %s\n", fault.text);
	return err == CDR_OK ? 0 : err == CDR_E_INPUT || err == CDR_E_RANGE ? 2 : 1;
}
