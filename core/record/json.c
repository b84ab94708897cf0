#include "core/record/json.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/crypto/secret.h"

/* A block begins with its own length, in a header that keeps what follows aligned for anything. */
#define HEADER_LEN 16

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
