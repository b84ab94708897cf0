#include "node/store/sqlite_memory.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"

/* In front of every block: how long it is. As large as the strictest alignment asks for. */
union front {
	size_t len;
	max_align_t align;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static cdr_err answer = CDR_E_INTERNAL;

static int
block_len(void *block)
{
	return block == NULL ? 0 : (int)((union front *)block - 1)->len;
}

static void *
block_new(int len)
{
	union front *front = len > 0 ? malloc(sizeof(*front) + (size_t)len) : NULL;

	if (front == NULL)
		return NULL;
	front->len = (size_t)len;
	return front + 1;
}

static void
block_free(void *block)
{
	if (block == NULL)
		return;
	cdr_wipe(block, (size_t)block_len(block));
	free((union front *)block - 1);
}

static void *
block_resize(void *block, int len)
{
	int old_len = block_len(block);
	void *resized = block_new(len);

	if (resized == NULL)
		return NULL;
	if (old_len > 0)
		memcpy(resized, block, (size_t)(old_len < len ? old_len : len));
	block_free(block);
	return resized;
}

static int
round_up(int len)
{
	return (len + 7) & ~7;
}

static int
start(void *context)
{
	(void)context;
	return SQLITE_OK;
}

static void
stop(void *context)
{
	(void)context;
}

static void
configure(void)
{
	static const sqlite3_mem_methods methods = { block_new, block_free, block_resize, block_len, round_up, start, stop,
		NULL };

	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK && sqlite3_initialize() == SQLITE_OK)
		answer = CDR_OK;
}

/* see node/store/sqlite_memory.h */
cdr_err
cdr_sqlite_memory_start(void)
{
	(void)pthread_once(&once, configure);
	return answer;
}
