#include "node/member/serve.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "node/member/audit.h"
#include "node/member/check.h"
#include "node/member/deadline.h"
#include "node/member/donors.h"
#include "node/member/email.h"
#include "node/member/enrol.h"
#include "node/member/guest.h"
#include "node/member/hook.h"
#include "node/member/index.h"
#include "node/member/index_own.h"
#include "node/member/mail.h"
#include "node/member/put_back.h"
#include "node/member/retention.h"
#include "node/member/rounds.h"
#include "node/member/sample.h"
#include "node/net/clock.h"
#include "node/net/log.h"

#define BACKOFF_MAX_MS 60000
#define DONORS_SECONDS 3600
#define HOOKS_WAIT_MS 100
#define ROUNDS_POLLS 12 /* of the roster, for each of the rounds */

/* One kind of work: done again at once while there is more, after a while if not, later each time if it fails. */
struct task {
	const char *name;
	cdr_err (*step)(struct cdr_member *member, bool *worked, struct cdr_fault *fault);
	struct cdr_hook_sender *hooks; /* instead of a step: what is on its way lives from one step to the next */
	unsigned wait_ms;
	uint64_t due_ms;
	cdr_err last;
	char why[CDR_FAULT_LEN]; /* of the last failure */
};

static cdr_err
step_roster(struct cdr_member *member, bool *worked, struct cdr_fault *fault)
{
	*worked = false;
	return cdr_enrol_refresh(member, fault);
}

/* Donors who have to be told: the log says how many, and nothing of what. */
static cdr_err
step_donors(struct cdr_member *member, bool *worked, struct cdr_fault *fault)
{
	size_t due, overdue;

	*worked = false;
	cdr_err err = cdr_donors_count(member, &due, &overdue, fault);
	if (err == CDR_OK && due + overdue > 0)
		cdr_log(CDR_LOG_WARNING, "incident.donors_to_be_told", cdr_log_int("soon", (int64_t)due), cdr_log_int("overdue", (int64_t)overdue));
	return err;
}

/* Do one step if it is due, and set when the next one is. A failure is logged when it begins, when it is another one, and when it ends. */
static void
run_task(struct cdr_member *member, struct task *task, unsigned poll_ms)
{
	struct cdr_fault fault = { 0 };
	bool worked = false;

	if (cdr_clock_ms() < task->due_ms)
		return;
	cdr_err err = task->hooks != NULL ? cdr_hook_step(task->hooks, HOOKS_WAIT_MS, &worked, &fault) : task->step(member, &worked, &fault);
	if (err == CDR_OK)
		fault.text[0] = '\0'; /* what a step got over by itself */
	if (err != task->last || strcmp(fault.text, task->why) != 0) {
		if (err != CDR_OK)
			cdr_log(CDR_LOG_WARNING, "task.failed", cdr_log_text("task", task->name), cdr_log_err(err),
			    cdr_log_text("why", fault.text));
		else
			cdr_log(CDR_LOG_INFO, "task.recovered", cdr_log_text("task", task->name));
	}
	if (err == CDR_OK)
		task->wait_ms = worked ? 0 : poll_ms;
	else
		task->wait_ms = task->wait_ms < poll_ms ? poll_ms : 2 * task->wait_ms;
	unsigned most = poll_ms > BACKOFF_MAX_MS ? poll_ms : BACKOFF_MAX_MS;
	if (task->wait_ms > most)
		task->wait_ms = most;
	task->last = err;
	(void)snprintf(task->why, sizeof(task->why), "%s", fault.text);
	task->due_ms = cdr_clock_ms() + task->wait_ms;
}

/* When the next of ${count} tasks is due, from now; at most ${poll_ms}. */
static unsigned
next_wait(const struct task *tasks, size_t count, unsigned poll_ms)
{
	uint64_t now = cdr_clock_ms();
	unsigned wait = poll_ms;

	for (size_t i = 0; i < count; i++) {
		uint64_t left = tasks[i].due_ms > now ? tasks[i].due_ms - now : 0;
		if (left < wait)
			wait = (unsigned)left;
	}
	return wait;
}

/*
 * What has a thread of its own, so that letters need not wait: bringing a large register to the index takes minutes, and a mail
 * server that does not answer half of one.
 */
struct worker {
	struct cdr_member *member;
	struct task task;
	bool active_only;  /* it needs the exchange */
	unsigned poll_ms;
	atomic_bool stop;
	bool started;
	pthread_t thread;
};

static void *
run_worker(void *context)
{
	struct worker *worker = context;

	while (!atomic_load(&worker->stop)) {
		if (!worker->active_only || cdr_enrol_is_active(worker->member))
			run_task(worker->member, &worker->task, worker->poll_ms);
		unsigned wait = next_wait(&worker->task, 1, 100);
		struct timespec pause = { 0, (long)wait * 1000000 };
		if (wait > 0)
			(void)nanosleep(&pause, NULL);
	}
	return NULL;
}

static void
start_worker(struct worker *worker)
{
	worker->started = pthread_create(&worker->thread, NULL, run_worker, worker) == 0;
	if (!worker->started)
		cdr_log(CDR_LOG_ERROR, "task.no_thread", cdr_log_text("task", worker->task.name), cdr_log_err(CDR_E_MEMORY));
}

static void
stop_worker(struct worker *worker)
{
	atomic_store(&worker->stop, true);
	if (worker->started)
		(void)pthread_join(worker->thread, NULL);
}

/* see node/member/serve.h */
void
cdr_serve_run(struct cdr_member *member, const struct cdr_daemon *daemon, unsigned poll_ms)
{
	struct task roster = { .name = "roster", .step = step_roster };
	struct task work[] = {
		{ .name = "put_back", .step = cdr_put_back_step },
		{ .name = "mail", .step = cdr_mail_step },
		{ .name = "check", .step = cdr_check_step },
		{ .name = "index_own", .step = cdr_index_own_step },
		{ .name = "deadline", .step = cdr_deadline_step },
		{ .name = "guest", .step = cdr_guest_step },
	};
	enum { WORK_COUNT = sizeof(work) / sizeof(work[0]) };
	struct task keys = { .name = "keys", .step = cdr_keyring_step };
	struct task rounds = { .name = "rounds", .step = cdr_rounds_step };
	struct task retention = { .name = "retention", .step = cdr_retention_step };
	struct task donors = { .name = "donors", .step = step_donors };
	struct worker indexer = {
		.member = member, .task = { .name = "index", .step = cdr_index_step }, .active_only = true, .poll_ms = poll_ms
	};
	struct worker auditor = {
		.member = member, .task = { .name = "audit", .step = cdr_audit_step }, .active_only = true, .poll_ms = poll_ms
	};
	struct worker sampler = {
		.member = member, .task = { .name = "sample", .step = cdr_sample_step }, .active_only = true, .poll_ms = poll_ms
	};
	struct worker mailer = { .member = member, .task = { .name = "email", .step = cdr_email_step }, .poll_ms = poll_ms };

	struct worker hooks = { .member = member, .task = { .name = "webhook" }, .poll_ms = poll_ms };

	start_worker(&indexer);
	if (cdr_hook_sender_new(member, &hooks.task.hooks) == CDR_OK)
		start_worker(&hooks);
	else
		cdr_log(CDR_LOG_ERROR, "task.no_thread", cdr_log_text("task", "webhook"), cdr_log_err(CDR_E_MEMORY));
	start_worker(&mailer);
	start_worker(&auditor);
	start_worker(&sampler);
	unsigned wait = 0;
	while (!cdr_daemon_wait(daemon, (int)wait)) {
		run_task(member, &roster, poll_ms);
		bool active = cdr_enrol_is_active(member);
		for (size_t i = 0; active && i < WORK_COUNT; i++)
			run_task(member, &work[i], poll_ms);
		run_task(member, &keys, poll_ms);
		if (active)
			run_task(member, &rounds, ROUNDS_POLLS * poll_ms);
		run_task(member, &retention, poll_ms);
		run_task(member, &donors, DONORS_SECONDS * 1000);
		wait = next_wait(&roster, 1, poll_ms);
		if (active && next_wait(work, WORK_COUNT, poll_ms) < wait)
			wait = next_wait(work, WORK_COUNT, poll_ms);
	}
	stop_worker(&hooks);
	cdr_hook_sender_free(hooks.task.hooks);
	stop_worker(&indexer);
	stop_worker(&mailer);
	stop_worker(&auditor);
	stop_worker(&sampler);
}
