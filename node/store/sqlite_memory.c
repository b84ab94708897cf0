#include "node/store/sqlite_memory.h"

#include <pthread.h>
#include <sqlite3.h>

#include "core/crypto/secret.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static cdr_err answer = CDR_E_INTERNAL;

/* SQLite counts in int, and asks for more than 0 and less than 2^31 bytes. */
static int
block_len(void *block)
{
	return (int)cdr_wiping_len(block);
}

static void *
block_new(int len)
{
	return len > 0 ? cdr_wiping_alloc((size_t)len) : NULL;
}

static void *
block_resize(void *block, int len)
{
	return len > 0 ? cdr_wiping_resize(block, (size_t)len) : NULL;
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
	static const sqlite3_mem_methods methods = { block_new, cdr_wiping_free, block_resize, block_len, round_up, start,
		stop, NULL };

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
