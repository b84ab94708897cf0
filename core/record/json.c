#include "core/record/json.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"

/* A block begins with its own length, in a header that keeps what follows aligned for anything. */
#define HEADER_LEN 16

/* More than jansson's functions take on the stack: the deepest hold two messages of JSON_ERROR_TEXT_LENGTH. */
#define STACK_LEN 8192

static void *
block_new(size_t len)
{
	if (len > SIZE_MAX - HEADER_LEN)
		return NULL;
	unsigned char *block = malloc(HEADER_LEN + len);
	if (block == NULL)
		return NULL;
	memcpy(block, &len, sizeof(len));
	return block + HEADER_LEN;
}

static void
block_free(void *p)
{
	size_t len;

	if (p == NULL)
		return;
	unsigned char *block = (unsigned char *)p - HEADER_LEN;
	memcpy(&len, block, sizeof(len));
	cdr_wipe(p, len);
	free(block);
}

/* see core/record/json.h */
void
cdr_json_start(void)
{
	json_set_alloc_funcs(block_new, block_free);
}

/* Wipe the stack below the caller, where a function that it called has just been. */
static void __attribute__((noinline))
stack_wipe(void)
{
	uint8_t stack[STACK_LEN];

	cdr_wipe(stack, sizeof(stack));
}

/* see core/record/json.h */
json_t *
cdr_json_read(struct cdr_bytes json, int *line, int *column)
{
	json_error_t where = { .line = 1, .column = 1 };
	json_t *root = json.len == 0 ? NULL : json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, &where);

	if (root == NULL) {
		*line = where.line;
		*column = where.column;
	}
	cdr_wipe(&where, sizeof(where));
	stack_wipe();
	return root;
}

/* see core/record/json.h */
void
cdr_json_free(char *text)
{
	json_free_t release;

	if (text == NULL)
		return;
	cdr_wipe(text, strlen(text));
	json_get_alloc_funcs(NULL, &release);
	release(text);
}
