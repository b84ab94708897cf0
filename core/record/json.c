#include "core/record/json.h"

#include <string.h>

#include "core/crypto/secret.h"

/* More than jansson's functions take on the stack: the deepest hold two messages of JSON_ERROR_TEXT_LENGTH. */
#define STACK_LEN 8192

/* see core/record/json.h */
void
cdr_json_start(void)
{
	json_set_alloc_funcs(cdr_wiping_alloc, cdr_wiping_free);
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
