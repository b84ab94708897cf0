#include "node/net/workers.h"

#include <pthread.h>
#include <stdlib.h>

struct cdr_workers {
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	struct cdr_work *first, **last;
	uint32_t waiting_count, queue_max;
	bool is_stopping;
	void (*run)(void *context, struct cdr_work *work);
	void *context;
	uint32_t thread_count;
	pthread_t threads[];
};

/* The next piece of work, or NULL once there is none and there will be none. */
static struct cdr_work *
take(struct cdr_workers *workers)
{
	struct cdr_work *work = NULL;

	(void)pthread_mutex_lock(&workers->lock);
	while (workers->first == NULL && !workers->is_stopping)
		(void)pthread_cond_wait(&workers->arrived, &workers->lock);
	work = workers->first;
	if (work != NULL) {
		workers->first = work->next;
		workers->waiting_count--;
		if (workers->first == NULL)
			workers->last = &workers->first;
	}
	(void)pthread_mutex_unlock(&workers->lock);
	return work;
}

static void *
worker(void *context)
{
	struct cdr_workers *workers = context;
	struct cdr_work *work;

	while ((work = take(workers)) != NULL)
		workers->run(workers->context, work);
	return NULL;
}

/* see node/net/workers.h */
cdr_err
cdr_workers_start(uint32_t count, uint32_t queue_max, void (*run)(void *context, struct cdr_work *work),
    void *context, struct cdr_workers **out)
{
	struct cdr_workers *workers = calloc(1, sizeof(*workers) + count * sizeof(workers->threads[0]));

	*out = NULL;
	if (workers == NULL)
		return CDR_E_MEMORY;
	(void)pthread_mutex_init(&workers->lock, NULL);
	(void)pthread_cond_init(&workers->arrived, NULL);
	workers->last = &workers->first;
	workers->queue_max = queue_max;
	workers->run = run;
	workers->context = context;
	for (; workers->thread_count < count; workers->thread_count++) {
		if (pthread_create(&workers->threads[workers->thread_count], NULL, worker, workers) != 0) {
			cdr_workers_stop(workers);
			return CDR_E_MEMORY;
		}
	}
	*out = workers;
	return CDR_OK;
}

/* see node/net/workers.h */
bool
cdr_workers_put(struct cdr_workers *workers, struct cdr_work *work)
{
	(void)pthread_mutex_lock(&workers->lock);
	bool has_room = workers->waiting_count < workers->queue_max;
	if (has_room) {
		work->next = NULL;
		*workers->last = work;
		workers->last = &work->next;
		workers->waiting_count++;
		(void)pthread_cond_signal(&workers->arrived);
	}
	(void)pthread_mutex_unlock(&workers->lock);
	return has_room;
}

/* see node/net/workers.h */
void
cdr_workers_stop(struct cdr_workers *workers)
{
	if (workers == NULL)
		return;
	(void)pthread_mutex_lock(&workers->lock);
	workers->is_stopping = true;
	(void)pthread_cond_broadcast(&workers->arrived);
	(void)pthread_mutex_unlock(&workers->lock);
	for (uint32_t i = 0; i < workers->thread_count; i++)
		(void)pthread_join(workers->threads[i], NULL);
	(void)pthread_mutex_destroy(&workers->lock);
	(void)pthread_cond_destroy(&workers->arrived);
	free(workers);
}
