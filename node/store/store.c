#include "node/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/crypto/secret.h"
#include "node/store/connection.h"
#include "node/store/keycheck.h"
#include "node/store/schema.h"

#define CACHE_KIB_DEFAULT (16U << 10)
#define BUSY_MS_DEFAULT 20000U
#define SCRUB_WAIT_MS 500U /* of a daemon, whose writers wait too */
#define GROUP_MAX 128 /* jobs in one commit */

/* A job that waits for its commit. It lives on its caller's stack. */
struct waiting {
	struct waiting *next;
	cdr_store_job *job;
	void *context;
	cdr_err err;
	bool is_done;
};

struct cdr_store {
	struct cdr_connection_config config; /* for further readers; path and key are owned */
	char *path;
	uint8_t *key;

	/* Writing: who finds no leader becomes it, and commits for all who wait. */
	pthread_mutex_t write_lock;
	pthread_cond_t write_done;
	struct cdr_tx *writer;
	struct waiting *first, **last;
	bool has_leader;
	pthread_t leader;
	bool is_held;    /* the leader's transaction goes on from one job to the next: cdr_store_hold */
	bool is_in_job;  /* of a held transaction */

	/* Reading: idle connections, the one used last on top. */
	pthread_mutex_t read_lock;
	pthread_cond_t read_done;
	struct cdr_tx *idle[CDR_STORE_READER_MAX];
	size_t idle_count;
	size_t reader_count;
};

/* ---- opening ------------------------------------------------------------------------------------------------- */

#define HEAD_LEN 16
static const char plain_head[HEAD_LEN] = "SQLite format 3"; /* with its NUL */

/* What stands at ${path}: its first bytes tell a file that nobody encrypted. */
enum file_state { FILE_ABSENT, FILE_EMPTY, FILE_PLAIN, FILE_SEALED };

/*
 * Only before SQLite has the file open: closing any descriptor of a file gives up all of the process's locks on it
 * (POSIX, fcntl), and another process would then take the database for unused and throw its log away.
 */
static cdr_err
look_at_file(const char *path, enum file_state *state)
{
	char head[HEAD_LEN];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	*state = FILE_ABSENT;
	if (fd < 0)
		return errno == ENOENT ? CDR_OK : CDR_E_IO;
	ssize_t len = pread(fd, head, sizeof(head), 0);
	(void)close(fd);
	if (len < 0)
		return CDR_E_IO;
	if (len == 0)
		*state = FILE_EMPTY;
	else if ((size_t)len == sizeof(head) && memcmp(head, plain_head, sizeof(head)) == 0)
		*state = FILE_PLAIN;
	else
		*state = FILE_SEALED;
	return CDR_OK;
}

/* Make an empty file that only its owner may read; SQLite gives -wal and -shm the same mode. */
static cdr_err
create_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return CDR_E_IO;
	(void)close(fd);
	return CDR_OK;
}

/* Make the new file's name as durable as what will be written to it. */
static cdr_err
sync_folder(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);

	if (len >= sizeof(folder))
		return CDR_E_RANGE;
	memcpy(folder, path, len);
	folder[len] = '\0';
	int fd = open(slash == NULL ? "." : len == 0 ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return CDR_E_IO;
	int code = fsync(fd);
	(void)close(fd);
	return code == 0 ? CDR_OK : CDR_E_IO;
}

/* Open the connection for writing on a file that is known to be ours or new, and look again at what was made. */
static cdr_err
open_writer(struct cdr_store *store, struct cdr_keycheck *check, struct cdr_fault *fault)
{
	const char *path = store->path;
	char head[HEAD_LEN];
	cdr_err err = cdr_connection_open(&store->config, &store->writer);

	if (err == CDR_E_PASSPHRASE && check->is_set)
		return cdr_fault_set(fault, CDR_E_STORE,
		    "%s is damaged: the key is right, but its first page does not open. Restore a backup", path);
	if (err == CDR_E_PASSPHRASE)
		return cdr_fault_set(fault, err, "%s does not open: the key is another one, or the file is damaged", path);
	if (err == CDR_E_BUSY)
		return cdr_fault_set(fault, err, "%s is in use by another program: try again later", path);
	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "%s: the database cannot be opened (%s)", path, cdr_err_name(err));
	CDR_TRY(cdr_schema_prepare(store->writer, fault, path));
	err = cdr_connection_head(store->writer, head, sizeof(head));
	if (err == CDR_OK && memcmp(head, plain_head, sizeof(head)) == 0)
		return cdr_fault_set(fault, CDR_E_INTERNAL, "%s was not encrypted: do not use this build", path);
	if (err == CDR_OK && !check->is_set)
		err = cdr_keycheck_write(check);
out:
	return err;
}

/* With the lock held: what is there, what may be made, and is the key the right one? */
static cdr_err
open_locked(struct cdr_store *store, const struct cdr_store_config *config, struct cdr_keycheck *check,
    struct cdr_fault *fault)
{
	enum file_state state;
	cdr_err err = look_at_file(store->path, &state);

	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "%s cannot be read: %s", store->path, strerror(errno));
	if (state == FILE_PLAIN)
		return cdr_fault_set(fault, CDR_E_REFUSED, "%s is a database without encryption: it is not ours",
		    store->path);
	if (state == FILE_SEALED && cdr_keycheck_differs(check))
		return cdr_fault_set(fault, CDR_E_PASSPHRASE, "wrong passphrase: %s was made with another key", store->path);
	if (state != FILE_SEALED) {
		if (!config->create)
			return cdr_fault_set(fault, CDR_E_ABSENT, "%s is empty: set it up with 'init'", store->path);
		err = cdr_keycheck_write(check);
		if (err == CDR_OK)
			err = create_file(store->path);
		if (err == CDR_OK)
			err = sync_folder(store->path);
		if (err != CDR_OK)
			return cdr_fault_set(fault, err, "%s cannot be made: %s", store->path, strerror(errno));
		check->is_set = true;
	}
	CDR_TRY(open_writer(store, check, fault));
	err = cdr_schema_migrate(store->writer, config->schema, fault, store->path);
out:
	return err;
}

/* Everything that can be checked or taken before a file is touched. */
static cdr_err
store_new(const struct cdr_store_config *config, struct cdr_store **out)
{
	struct cdr_store *store = calloc(1, sizeof(*store));

	if (store == NULL)
		return CDR_E_MEMORY;
	(void)pthread_mutex_init(&store->write_lock, NULL);
	(void)pthread_cond_init(&store->write_done, NULL);
	(void)pthread_mutex_init(&store->read_lock, NULL);
	(void)pthread_cond_init(&store->read_done, NULL);
	store->last = &store->first;
	store->path = strdup(config->path);
	store->key = cdr_secret_alloc(CDR_STORE_KEY_LEN);
	if (store->path == NULL || store->key == NULL) {
		cdr_store_close(store);
		return CDR_E_MEMORY;
	}
	memcpy(store->key, config->key, CDR_STORE_KEY_LEN);
	store->config = (struct cdr_connection_config){
		.path = store->path,
		.key = store->key,
		.cache_kib = config->cache_kib > 0 ? config->cache_kib : CACHE_KIB_DEFAULT,
		.busy_ms = config->busy_ms > 0 ? config->busy_ms : BUSY_MS_DEFAULT,
	};
	*out = store;
	return CDR_OK;
}

/* see node/store/store.h */
cdr_err
cdr_store_open(const struct cdr_store_config *config, struct cdr_store **out, struct cdr_fault *fault)
{
	struct cdr_keycheck check = { .fd = -1 };
	struct cdr_store *store = NULL;
	char check_path[PATH_MAX];
	cdr_err err = CDR_E_INTERNAL;

	*out = NULL;
	if ((size_t)snprintf(check_path, sizeof(check_path), "%s-check", config->path) >= sizeof(check_path))
		return cdr_fault_set(fault, CDR_E_RANGE, "the path of the database is too long");
	if (!config->create && access(config->path, F_OK) != 0 && errno == ENOENT)
		return cdr_fault_set(fault, CDR_E_ABSENT, "%s does not exist: set it up with 'init'", config->path);
	err = store_new(config, &store);
	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "no memory, or no locked memory, to open %s", config->path);
	err = cdr_keycheck_open(check_path, store->key, store->config.busy_ms, &check);
	if (err != CDR_OK) {
		cdr_fault_set(fault, err, err == CDR_E_BUSY ? "%s: another program is setting it up" : "%s cannot be opened",
		    check_path);
		goto out;
	}
	CDR_TRY(open_locked(store, config, &check, fault));
	*out = store;
	store = NULL;
out:
	cdr_keycheck_close(&check);
	cdr_store_close(store);
	return err;
}

/* see node/store/store.h */
void
cdr_store_close(struct cdr_store *store)
{
	if (store == NULL)
		return;
	for (size_t i = 0; i < store->idle_count; i++)
		cdr_connection_close(store->idle[i]);
	cdr_connection_close(store->writer);
	(void)pthread_mutex_destroy(&store->write_lock);
	(void)pthread_cond_destroy(&store->write_done);
	(void)pthread_mutex_destroy(&store->read_lock);
	(void)pthread_cond_destroy(&store->read_done);
	cdr_secret_free(store->key);
	free(store->path);
	free(store);
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

/* Run one job inside its savepoint. Returns the job's error; a transaction that SQLite itself gave up is seen later. */
static cdr_err
run_job(struct cdr_tx *tx, cdr_store_job *job, void *context)
{
	cdr_err err = cdr_connection_script(tx, "SAVEPOINT job");

	if (err != CDR_OK)
		return err;
	cdr_connection_clear(tx);
	err = job(tx, context);
	if (cdr_connection_end_all(tx) && err == CDR_OK)
		err = CDR_E_INTERNAL; /* it did not end a query: what it read may be half of an answer */
	if (err == CDR_OK)
		err = tx->failed;
	if (!cdr_connection_is_in_transaction(tx))
		return err != CDR_OK ? err : CDR_E_STORE;
	cdr_err undone = err == CDR_OK ? CDR_OK : cdr_connection_script(tx, "ROLLBACK TO job");
	if (undone == CDR_OK)
		undone = cdr_connection_script(tx, "RELEASE job");
	if (undone != CDR_OK)
		(void)!cdr_connection_script(tx, "ROLLBACK"); /* the caller sees that the transaction is gone */
	return err != CDR_OK ? err : undone;
}

/* Run and commit a list of jobs. If the commit fails, so has every job. */
static void
run_group(struct cdr_tx *tx, struct waiting *first)
{
	cdr_err err = cdr_connection_script(tx, "BEGIN IMMEDIATE");

	for (struct waiting *w = first; w != NULL && err == CDR_OK; w = w->next) {
		w->err = run_job(tx, w->job, w->context);
		if (!cdr_connection_is_in_transaction(tx))
			err = CDR_E_STORE;
	}
	if (err == CDR_OK)
		err = cdr_connection_script(tx, "COMMIT");
	if (err == CDR_OK)
		return;
	if (cdr_connection_is_in_transaction(tx))
		(void)!cdr_connection_script(tx, "ROLLBACK");
	for (struct waiting *w = first; w != NULL; w = w->next)
		w->err = w->err != CDR_OK ? w->err : err;
}

/* Put a job at the end of the queue. Called with the lock. */
static void
enqueue(struct cdr_store *store, struct waiting *waiting)
{
	*store->last = waiting;
	store->last = &waiting->next;
}

/* Take up to GROUP_MAX jobs off the queue. Called with the lock. */
static struct waiting *
take_group(struct cdr_store *store)
{
	struct waiting *group = store->first;
	struct waiting **end = &store->first;

	for (size_t i = 0; i < GROUP_MAX && *end != NULL; i++)
		end = &(*end)->next;
	store->first = *end;
	*end = NULL;
	if (store->first == NULL)
		store->last = &store->first;
	return group;
}

/* Commit one group. Called with the lock, which is open meanwhile. */
static void
lead(struct cdr_store *store)
{
	struct waiting *group = take_group(store);

	store->has_leader = true;
	store->leader = pthread_self();
	(void)pthread_mutex_unlock(&store->write_lock);
	run_group(store->writer, group);
	(void)pthread_mutex_lock(&store->write_lock);
	store->has_leader = false;
	while (group != NULL) {
		struct waiting *next = group->next; /* once it is done its owner may return, and it is gone */
		group->is_done = true;
		group = next;
	}
	(void)pthread_cond_broadcast(&store->write_done);
}

/* Whether this thread holds a transaction, and is not inside one of its jobs. */
static bool
is_held_here(struct cdr_store *store)
{
	(void)pthread_mutex_lock(&store->write_lock);
	bool held = store->is_held && pthread_equal(store->leader, pthread_self()) != 0 && !store->is_in_job;
	(void)pthread_mutex_unlock(&store->write_lock);
	return held;
}

/* One job of a held transaction; what a reading one wrote is undone. */
static cdr_err
run_held(struct cdr_store *store, cdr_store_job *job, void *context, bool reads)
{
	struct cdr_tx *tx = store->writer;
	cdr_err err = cdr_connection_is_in_transaction(tx) ? CDR_OK : CDR_E_STORE; /* SQLite gave it up */

	if (err == CDR_OK && reads)
		err = cdr_connection_script(tx, "SAVEPOINT reading");
	if (err != CDR_OK)
		return err;
	store->is_in_job = true;
	err = run_job(tx, job, context);
	store->is_in_job = false;
	if (!reads || !cdr_connection_is_in_transaction(tx))
		return err;
	cdr_err undone = cdr_connection_script(tx, "ROLLBACK TO reading; RELEASE reading");
	return err != CDR_OK ? err : undone;
}

/* Wait until nobody writes, and be who does. CDR_E_INTERNAL if this thread is already. */
static cdr_err
take_lead(struct cdr_store *store)
{
	cdr_err err = CDR_E_INTERNAL;

	(void)pthread_mutex_lock(&store->write_lock);
	if (!store->has_leader || pthread_equal(store->leader, pthread_self()) == 0) {
		while (store->has_leader)
			(void)pthread_cond_wait(&store->write_done, &store->write_lock);
		store->has_leader = true;
		store->leader = pthread_self();
		err = CDR_OK;
	}
	(void)pthread_mutex_unlock(&store->write_lock);
	return err;
}

static void
give_lead(struct cdr_store *store)
{
	(void)pthread_mutex_lock(&store->write_lock);
	store->has_leader = false;
	store->is_held = false;
	(void)pthread_cond_broadcast(&store->write_done);
	(void)pthread_mutex_unlock(&store->write_lock);
}

/* see node/store/store.h */
cdr_err
cdr_store_hold(struct cdr_store *store)
{
	cdr_err err = take_lead(store);

	if (err != CDR_OK)
		return err;
	err = cdr_connection_script(store->writer, "BEGIN IMMEDIATE");
	if (err != CDR_OK) {
		give_lead(store);
		return err;
	}
	(void)pthread_mutex_lock(&store->write_lock);
	store->is_held = true;
	(void)pthread_mutex_unlock(&store->write_lock);
	return CDR_OK;
}

/* see node/store/store.h */
cdr_err
cdr_store_settle(struct cdr_store *store, bool keep)
{
	struct cdr_tx *tx = store->writer;

	if (!is_held_here(store))
		return CDR_E_INTERNAL;
	cdr_err err = cdr_connection_is_in_transaction(tx) || !keep ? CDR_OK : CDR_E_STORE;
	if (err == CDR_OK && keep)
		err = cdr_connection_script(tx, "COMMIT");
	if (cdr_connection_is_in_transaction(tx))
		(void)!cdr_connection_script(tx, "ROLLBACK");
	give_lead(store);
	return err;
}

/* see node/store/store.h */
cdr_err
cdr_store_write(struct cdr_store *store, cdr_store_job *job, void *context)
{
	struct waiting mine = { .job = job, .context = context };

	if (is_held_here(store))
		return run_held(store, job, context, false);
	(void)pthread_mutex_lock(&store->write_lock);
	if (store->has_leader && pthread_equal(store->leader, pthread_self()) != 0) {
		(void)pthread_mutex_unlock(&store->write_lock);
		return CDR_E_INTERNAL; /* from inside a job: it would wait for itself */
	}
	enqueue(store, &mine);
	while (!mine.is_done) {
		if (store->has_leader)
			(void)pthread_cond_wait(&store->write_done, &store->write_lock);
		else
			lead(store);
	}
	(void)pthread_mutex_unlock(&store->write_lock);
	return mine.err;
}

/* Cut the log, waiting for readers at most ${wait_ms}. */
static cdr_err
scrub(struct cdr_store *store, uint32_t wait_ms)
{
	int64_t busy = 0;

	if (is_held_here(store))
		return CDR_E_BUSY;
	cdr_err err = take_lead(store);
	if (err != CDR_OK)
		return err;
	const uint32_t usual_ms = store->writer->busy_ms;
	store->writer->busy_ms = wait_ms < usual_ms ? wait_ms : usual_ms;
	err = cdr_connection_pragma(store->writer, "PRAGMA wal_checkpoint(TRUNCATE)", &busy);
	store->writer->busy_ms = usual_ms;
	give_lead(store);
	return err == CDR_OK && busy != 0 ? CDR_E_BUSY : err;
}

/* see node/store/store.h */
cdr_err
cdr_store_scrub(struct cdr_store *store)
{
	return scrub(store, UINT32_MAX);
}

/* see node/store/store.h */
cdr_err
cdr_store_scrub_soon(struct cdr_store *store)
{
	return scrub(store, SCRUB_WAIT_MS);
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

/* Borrow a connection; wait while all are in use. */
static cdr_err
take_reader(struct cdr_store *store, struct cdr_tx **tx)
{
	struct cdr_connection_config config = store->config;
	cdr_err err = CDR_OK;

	*tx = NULL;
	(void)pthread_mutex_lock(&store->read_lock);
	while (store->idle_count == 0 && store->reader_count == CDR_STORE_READER_MAX)
		(void)pthread_cond_wait(&store->read_done, &store->read_lock);
	if (store->idle_count > 0)
		*tx = store->idle[--store->idle_count];
	else
		store->reader_count++;
	(void)pthread_mutex_unlock(&store->read_lock);
	if (*tx != NULL)
		return CDR_OK;

	config.read_only = true;
	err = cdr_connection_open(&config, tx);
	if (err == CDR_OK)
		return CDR_OK;
	(void)pthread_mutex_lock(&store->read_lock);
	store->reader_count--;
	(void)pthread_cond_signal(&store->read_done);
	(void)pthread_mutex_unlock(&store->read_lock);
	return err == CDR_E_PASSPHRASE ? CDR_E_STORE : err;
}

static void
give_reader(struct cdr_store *store, struct cdr_tx *tx)
{
	(void)pthread_mutex_lock(&store->read_lock);
	store->idle[store->idle_count++] = tx;
	(void)pthread_cond_signal(&store->read_done);
	(void)pthread_mutex_unlock(&store->read_lock);
}

/* see node/store/store.h */
cdr_err
cdr_store_read(struct cdr_store *store, cdr_store_job *job, void *context)
{
	struct cdr_tx *tx = NULL;

	if (is_held_here(store))
		return run_held(store, job, context, true);
	cdr_err err = take_reader(store, &tx);
	if (err != CDR_OK)
		return err;
	cdr_connection_clear(tx);
	err = cdr_connection_script(tx, "BEGIN");
	if (err == CDR_OK) {
		err = job(tx, context);
		if (cdr_connection_end_all(tx) && err == CDR_OK)
			err = CDR_E_INTERNAL;
		if (err == CDR_OK)
			err = tx->failed;
	}
	if (cdr_connection_is_in_transaction(tx))
		(void)!cdr_connection_script(tx, "ROLLBACK");
	give_reader(store, tx);
	return err;
}
