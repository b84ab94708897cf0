#include "tests/unit/member/world_look.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

/* see tests/unit/member/world_look.h */

/* A statement, and what it gave. */
struct question {
	const char *sql;
	int64_t number;
	char *text;
	size_t room;
};

static cdr_err
number_job(struct cdr_tx *tx, void *context)
{
	struct question *q = context;

	return cdr_query_one_int(tx, q->sql, CDR_VALUES(), &q->number);
}

static cdr_err
text_job(struct cdr_tx *tx, void *context)
{
	struct question *q = context;
	struct cdr_query *query = NULL;

	cdr_err err = cdr_query_start(tx, q->sql, CDR_VALUES(), &query);
	if (err == CDR_OK)
		err = cdr_query_step(query);
	if (err == CDR_OK)
		err = cdr_query_text(query, 0, q->text, q->room);
	cdr_query_end(query);
	return err;
}

static cdr_err
run_job(struct cdr_tx *tx, void *context)
{
	const struct question *q = context;

	return cdr_query_run(tx, q->sql, CDR_VALUES());
}

int64_t
w_count(struct cdr_member *member, const char *sql)
{
	struct question q = { .sql = sql };

	assert_int_equal(cdr_store_read(member->home->store, number_job, &q), CDR_OK);
	return q.number;
}

const char *
w_text(struct cdr_member *member, const char *sql)
{
	static char found[256];
	struct question q = { .sql = sql, .text = found, .room = sizeof(found) };

	found[0] = '\0';
	assert_int_equal(cdr_store_read(member->home->store, text_job, &q), CDR_OK);
	return found;
}

void
w_run(struct cdr_member *member, const char *sql)
{
	struct question q = { .sql = sql };

	assert_int_equal(cdr_store_write(member->home->store, run_job, &q), CDR_OK);
}

static struct cdr_store *other;
static pthread_t holder;
static sem_t ready, end;

static cdr_err
hold_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	assert_int_equal(cdr_setting_put(tx, "held", "", 0), CDR_OK);
	(void)sem_post(&ready);
	(void)sem_wait(&end);
	return CDR_E_IO;
}

static void *
hold_thread(void *context)
{
	(void)context;
	(void)!cdr_store_write(other, hold_job, NULL);
	return NULL;
}

void
w_hold(struct world *w, size_t at)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s.db", w->dir, w_ids[at]);
	struct cdr_store_config config = {
		.path = path, .key = w->member[at]->home->keys->database, .schema = &cdr_member_schema
	};
	assert_int_equal(cdr_store_open(&config, &other, NULL), CDR_OK);
	assert_int_equal(sem_init(&ready, 0, 0), 0);
	assert_int_equal(sem_init(&end, 0, 0), 0);
	assert_int_equal(pthread_create(&holder, NULL, hold_thread, NULL), 0);
	(void)sem_wait(&ready);
}

void
w_let_go(void)
{
	(void)sem_post(&end);
	(void)pthread_join(holder, NULL);
	cdr_store_close(other);
}

static FILE *log_file;
static int stderr_kept;

void
w_log_start(void)
{
	(void)fflush(stderr);
	log_file = tmpfile();
	assert_non_null(log_file);
	stderr_kept = dup(STDERR_FILENO);
	assert_true(dup2(fileno(log_file), STDERR_FILENO) >= 0);
	cdr_log_set_level(CDR_LOG_DEBUG);
}

const char *
w_log_end(void)
{
	static char text[1U << 16];

	cdr_log_set_level(CDR_LOG_ERROR);
	(void)fflush(stderr);
	assert_true(dup2(stderr_kept, STDERR_FILENO) >= 0);
	(void)close(stderr_kept);
	rewind(log_file);
	size_t len = fread(text, 1, sizeof(text) - 1, log_file);
	text[len] = '\0';
	(void)fclose(log_file);
	return text;
}
