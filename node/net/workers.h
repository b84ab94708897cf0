#ifndef CDR_NODE_NET_WORKERS_H
#define CDR_NODE_NET_WORKERS_H

/* Threads that take work from a queue of bounded length. */

#include "core/error.h"

struct cdr_workers;

/* What is queued: the first member of something larger, owned by whoever put it. */
struct cdr_work {
	struct cdr_work *next;
};

/**
 * cdr_workers_start(count, queue_max, run, context, workers):
 * Start ${count} threads, each of which calls ${run} with one piece of work after the other, in order of arrival.
 *
 * Returns  CDR_OK; CDR_E_MEMORY if a thread cannot be made. ${workers} is NULL on error; ended by cdr_workers_stop.
 */
CDR_MUST_CHECK cdr_err cdr_workers_start(uint32_t count, uint32_t queue_max,
    void (*run)(void *context, struct cdr_work *work), void *context, struct cdr_workers **workers);

/* Queue ${work}. Returns false, and leaves it alone, if as many wait as may. Any thread. */
CDR_MUST_CHECK bool cdr_workers_put(struct cdr_workers *workers, struct cdr_work *work);

/* Do what is queued, end the threads, free. Nothing may be put any more. NULL is ignored. */
void cdr_workers_stop(struct cdr_workers *workers);

#endif
