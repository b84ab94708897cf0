#include "node/member/retention.h"

#include <string.h>

#include "node/member/api.h"
#include "node/member/check_life.h"
#include "node/member/leavers.h"
#include "node/net/clock.h"
#include "node/net/log.h"

#define SCRUB_SETTING "scrub"
#define HOUR_SETTING "retention.hour"
#define DAYS_SETTING "retention.days"
#define HOUR_SECONDS 3600
#define CHECKS_MAX 32        /* in one transaction */
#define IN_DAYS_MORE 8       /* a letter's number is kept a day longer than the letter is taken: node/member/mail.c */
#define NOT_HELD(id) " AND " id " NOT IN (SELECT id FROM legal_hold)"

/* ---- settings ------------------------------------------------------------------------------------------------------------- */

struct days {
	uint8_t bytes[4];        /* two numbers of two bytes, high byte first */
};

static cdr_err
read_days(struct cdr_tx *tx, struct cdr_retention_settings *settings)
{
	struct days days = { 0 };

	*settings = (struct cdr_retention_settings){ CDR_RETENTION_CHECK_DAYS, CDR_RETENTION_REQUEST_DAYS };
	cdr_err err = cdr_setting_get(tx, DAYS_SETTING, days.bytes, sizeof(days.bytes));
	if (err == CDR_OK) {
		settings->check_days = (unsigned)days.bytes[0] << 8 | days.bytes[1];
		settings->request_days = (unsigned)days.bytes[2] << 8 | days.bytes[3];
	}
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static cdr_err
read_days_job(struct cdr_tx *tx, void *context)
{
	return read_days(tx, context);
}

/* see node/member/retention.h */
cdr_err
cdr_retention_settings_read(struct cdr_member *member, struct cdr_retention_settings *settings)
{
	return cdr_store_read(member->home->store, read_days_job, settings);
}

static cdr_err
write_days_job(struct cdr_tx *tx, void *context)
{
	const struct days *days = context;

	return cdr_setting_put(tx, DAYS_SETTING, days->bytes, sizeof(days->bytes));
}

/* see node/member/retention.h */
cdr_err
cdr_retention_settings_write(struct cdr_member *member, const struct cdr_retention_settings *settings, struct cdr_fault *fault)
{
	const unsigned number[] = { settings->check_days, settings->request_days };
	struct days days = { 0 };

	for (size_t i = 0; i < 2; i++) {
		if (number[i] < CDR_RETENTION_DAYS_MIN || number[i] > CDR_RETENTION_DAYS_MAX)
			return cdr_fault_set(fault, CDR_E_RANGE, "something is kept for %d to %d days", CDR_RETENTION_DAYS_MIN,
			    CDR_RETENTION_DAYS_MAX);
		days.bytes[2 * i] = (uint8_t)(number[i] >> 8);
		days.bytes[2 * i + 1] = (uint8_t)number[i];
	}
	return cdr_store_write(member->home->store, write_days_job, &days);
}

/* ---- the scrub ------------------------------------------------------------------------------------------------------------ */

/* see node/member/retention.h */
cdr_err
cdr_retention_want_scrub(struct cdr_tx *tx)
{
	return cdr_setting_put(tx, SCRUB_SETTING, "", 0);
}

static cdr_err
is_wanted_job(struct cdr_tx *tx, void *context)
{
	bool *wanted = context;
	int64_t count;

	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM setting WHERE name = $1", CDR_VALUES(cdr_value_text(SCRUB_SETTING)),
	    &count);
	*wanted = err == CDR_OK && count > 0;
	return err;
}

static cdr_err
is_done_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "DELETE FROM setting WHERE name = $1", CDR_VALUES(cdr_value_text(SCRUB_SETTING)));
}

/* see node/member/retention.h */
cdr_err
cdr_retention_scrub(struct cdr_member *member, bool *done)
{
	bool wanted = false;

	*done = false;
	cdr_err err = cdr_store_read(member->home->store, is_wanted_job, &wanted);
	if (err == CDR_OK && wanted) {
		err = cdr_store_scrub(member->home->store);
		if (err == CDR_E_BUSY)
			return CDR_OK;
		if (err == CDR_OK)
			err = cdr_store_write(member->home->store, is_done_job, NULL);
	}
	*done = err == CDR_OK;
	return err;
}

/* ---- the timers ------------------------------------------------------------------------------------------------------------ */

struct run {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	struct cdr_retention_settings settings;
	uint64_t now;
	bool any, more;
	struct cdr_fault *fault;
};

/* The moment that lies ${days} before now. */
static struct cdr_value
days_ago(const struct run *run, uint64_t days)
{
	uint64_t span = days * CDR_DAY_SECONDS;

	return cdr_value_int(run->now > span ? (int64_t)(run->now - span) : 0);
}

/* Write down what a timer did. */
static cdr_err
report(struct cdr_tx *tx, struct run *run, const char *what, uint64_t count)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t number;

	if (count == 0)
		return CDR_OK;
	run->any = true;
	CDR_TRY(cdr_setting_next(tx, "retention", &number));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO retention_done (number, at, what, count) VALUES ($1, $2, $3, $4)",
	    CDR_VALUES(cdr_value_int((int64_t)number), cdr_value_int((int64_t)run->now), cdr_value_text(what),
		cdr_value_int((int64_t)count))));
	CDR_TRY(cdr_trail_add(tx, CDR_TRAIL_NODE, "retention", NULL));
	cdr_log(CDR_LOG_INFO, "retention", cdr_log_text("what", what), cdr_log_int("count", (int64_t)count));
	err = CDR_OK;
out:
	return err;
}

/* A timer that is one statement. */
static cdr_err
run_timer(struct cdr_tx *tx, struct run *run, const char *what, const char *sql, struct cdr_values values)
{
	cdr_err err = cdr_query_run(tx, sql, values);

	return err == CDR_OK ? report(tx, run, what, cdr_query_changed_count(tx)) : err;
}

/* Checks whose time is over, as many as one transaction takes. */
static cdr_err
end_checks(struct cdr_tx *tx, struct run *run)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	uint8_t id[CHECKS_MAX][CDR_ID_LEN];
	size_t count = 0;

	CDR_TRY(cdr_query_start(tx,
	    "SELECT id FROM hiring_check WHERE state IN ('waiting', 'matched', 'open') AND made_at <= $1 AND watch_until <= $2"
	    NOT_HELD("id") " ORDER BY number",
	    CDR_VALUES(days_ago(run, run->settings.check_days), cdr_value_int((int64_t)run->now)), &query));
	while (count < CHECKS_MAX && (err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(cdr_query_blob(query, 0, id[count++], CDR_ID_LEN));
	if (err != CDR_OK && err != CDR_E_ABSENT)
		goto out;
	cdr_query_end(query);
	query = NULL;
	for (size_t i = 0; i < count; i++)
		CDR_TRY(cdr_check_end(tx, run->member, run->roster, id[i], "expired", run->fault));
	run->more = count == CHECKS_MAX;
	err = report(tx, run, "check", count);
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
timers_job(struct cdr_tx *tx, void *context)
{
	struct run *run = context;
	cdr_err err = CDR_E_INTERNAL;
	uint64_t expiry_days = run->roster->body->scheme->expiry_days;
	struct cdr_value now = cdr_value_int((int64_t)run->now);

	CDR_TRY(end_checks(tx, run));
	CDR_TRY(run_timer(tx, run, "request",
	    "UPDATE inbox SET sealed = $1 WHERE length(sealed) > 0 AND ((state = 'answered' AND answered_at <= $2 AND watch_until <= $3)"
	    " OR state IN ('withdrawn', 'expired'))" /* which were held when they ended */
	    NOT_HELD("request_id"), CDR_VALUES(cdr_value_blob("", 0), days_ago(run, run->settings.request_days), now)));
	CDR_TRY(run_timer(tx, run, "draft",
	    "DELETE FROM answer_draft WHERE request_id IN (SELECT request_id FROM inbox WHERE state IN ('withdrawn', 'expired')"
	    NOT_HELD("request_id") ")", CDR_VALUES()));
	CDR_TRY(run_timer(tx, run, "case", "DELETE FROM conduct_case WHERE erase_at > 0 AND erase_at <= $1" NOT_HELD("id"),
	    CDR_VALUES(now)));
	CDR_TRY(run_timer(tx, run, "letter",
	    "DELETE FROM letter_out WHERE (state IN ('received', 'done', 'refused') AND made_at <= $1) OR made_at <= $2",
	    CDR_VALUES(days_ago(run, CDR_RETENTION_LETTER_DAYS), days_ago(run, expiry_days))));
	CDR_TRY(run_timer(tx, run, "letter_number", "DELETE FROM letter_in WHERE at <= $1",
	    CDR_VALUES(days_ago(run, expiry_days + IN_DAYS_MORE))));
	CDR_TRY(run_timer(tx, run, "attempt", "DELETE FROM attempt WHERE at <= $1",
	    CDR_VALUES(days_ago(run, run->settings.check_days))));
	CDR_TRY(run_timer(tx, run, "email", "DELETE FROM email_out WHERE state <> 'waiting' AND done_at <= $1",
	    CDR_VALUES(days_ago(run, CDR_RETENTION_EMAIL_DAYS))));
	CDR_TRY(run_timer(tx, run, "reply", "DELETE FROM api_reply WHERE at <= $1", CDR_VALUES(days_ago(run, CDR_API_REPLY_DAYS))));
	if (run->any)
		CDR_TRY(cdr_retention_want_scrub(tx));
	err = CDR_OK;
out:
	return err;
}

/* What the leavers' timer did is written down after it: leavers go in a transaction of their own. */
struct expired {
	struct run *run;
	size_t count;
};

static cdr_err
expired_job(struct cdr_tx *tx, void *context)
{
	struct expired *expired = context;

	cdr_err err = report(tx, expired->run, "leaver", expired->count);
	return err == CDR_OK ? cdr_retention_want_scrub(tx) : err;
}

static cdr_err
run_timers(struct cdr_member *member, uint64_t now, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct run run = { .member = member, .now = now, .fault = fault };
	struct expired expired = { .run = &run };

	CDR_TRY(cdr_retention_settings_read(member, &run.settings));
	CDR_TRY(cdr_leavers_expire(member, &expired.count));
	if (expired.count > 0)
		CDR_TRY(cdr_store_write(member->home->store, expired_job, &expired));
	run.roster = cdr_current_hold(member->current);
	do {
		err = run.roster != NULL ? cdr_store_write(member->home->store, timers_job, &run) : CDR_OK;
	} while (err == CDR_OK && run.more);
out:
	cdr_current_release(member->current, run.roster);
	return err;
}

struct hour {
	uint8_t bytes[8];
	bool is_new;
};

static cdr_err
read_hour_job(struct cdr_tx *tx, void *context)
{
	struct hour *hour = context;
	uint8_t last[8];

	cdr_err err = cdr_setting_get(tx, HOUR_SETTING, last, sizeof(last));
	hour->is_new = err == CDR_E_ABSENT || memcmp(last, hour->bytes, sizeof(last)) != 0;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static cdr_err
write_hour_job(struct cdr_tx *tx, void *context)
{
	const struct hour *hour = context;

	return cdr_setting_put(tx, HOUR_SETTING, hour->bytes, sizeof(hour->bytes));
}

/* see node/member/retention.h */
cdr_err
cdr_retention_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct hour hour;
	uint64_t now = cdr_member_now();
	bool scrubbed;

	*worked = false;
	for (size_t i = 0; i < 8; i++)
		hour.bytes[i] = (uint8_t)(now / HOUR_SECONDS >> (56 - 8 * i));
	CDR_TRY(cdr_store_read(member->home->store, read_hour_job, &hour));
	if (hour.is_new) {
		CDR_TRY(run_timers(member, now, fault));
		CDR_TRY(cdr_store_write(member->home->store, write_hour_job, &hour));
	}
	err = cdr_retention_scrub(member, &scrubbed);
out:
	return err;
}

/* ---- looking at it --------------------------------------------------------------------------------------------------------- */

static cdr_err
status_job(struct cdr_tx *tx, void *context)
{
	/* $1: in 30 days; $2: then, less the days that checks are kept; $3: less those of requests; $4: less those of letters */
	static const struct {
		const char *what, *held, *due;
	} kinds[CDR_RETENTION_LINES] = {
		{ "leaver", "SELECT count(*) FROM leaver", NULL },
		{ "check", "SELECT count(*) FROM hiring_check WHERE state IN ('waiting', 'matched', 'open')",
		    "SELECT count(*) FROM hiring_check WHERE state IN ('waiting', 'matched', 'open') AND made_at <= $2 AND watch_until <= $1"
		    " AND $3 = $3 AND $4 = $4" NOT_HELD("id") },
		{ "request", "SELECT count(*) FROM inbox WHERE length(sealed) > 0",
		    "SELECT count(*) FROM inbox WHERE length(sealed) > 0 AND state = 'answered' AND answered_at <= $3 AND watch_until <= $1"
		    " AND $2 = $2 AND $4 = $4" NOT_HELD("request_id") },
		{ "case", "SELECT count(*) FROM conduct_case",
		    "SELECT count(*) FROM conduct_case WHERE erase_at > 0 AND erase_at <= $1 AND $2 = $2 AND $3 = $3 AND $4 = $4" NOT_HELD("id") },
		{ "letter", "SELECT count(*) FROM letter_out",
		    "SELECT count(*) FROM letter_out WHERE made_at <= $4 AND $1 = $1 AND $2 = $2 AND $3 = $3" },
		{ "attempt", "SELECT count(*) FROM attempt",
		    "SELECT count(*) FROM attempt WHERE at <= $2 AND $1 = $1 AND $3 = $3 AND $4 = $4" },
	};
	struct cdr_retention_line *line = context;
	cdr_err err = CDR_E_INTERNAL;
	struct run run = { .now = cdr_member_now() + 30 * CDR_DAY_SECONDS };
	int64_t count;

	CDR_TRY(read_days(tx, &run.settings));
	for (size_t i = 0; i < CDR_RETENTION_LINES; i++) {
		line[i] = (struct cdr_retention_line){ .what = kinds[i].what };
		CDR_TRY(cdr_query_one_int(tx, kinds[i].held, CDR_VALUES(), &count));
		line[i].held_count = (uint64_t)count;
		CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM legal_hold WHERE kind = $1", CDR_VALUES(cdr_value_text(kinds[i].what)),
		    &count));
		line[i].hold_count = (uint64_t)count;
		if (kinds[i].due == NULL) {
			struct cdr_date then = cdr_member_day((int64_t)run.now);
			CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM leaver WHERE expiry < $1" NOT_HELD("id"),
			    CDR_VALUES(cdr_value_int(cdr_leavers_month(&then))), &count));
		} else {
			CDR_TRY(cdr_query_one_int(tx, kinds[i].due,
			    CDR_VALUES(cdr_value_int((int64_t)run.now), days_ago(&run, run.settings.check_days),
				days_ago(&run, run.settings.request_days), days_ago(&run, CDR_RETENTION_LETTER_DAYS)), &count));
		}
		line[i].due_count = (uint64_t)count;
	}
	err = CDR_OK;
out:
	return err;
}

/* see node/member/retention.h */
cdr_err
cdr_retention_status(struct cdr_member *member, struct cdr_retention_line line[static CDR_RETENTION_LINES])
{
	return cdr_store_read(member->home->store, status_job, line);
}

struct listing {
	size_t max;
	cdr_retention_callback *callback;
	void *context;
};

static cdr_err
list_job(struct cdr_tx *tx, void *context)
{
	struct listing *listing = context;
	struct cdr_query *query = NULL;
	uint64_t at, count;
	char what[24];

	cdr_err err = cdr_query_start(tx, "SELECT at, what, count FROM retention_done ORDER BY number DESC LIMIT $1",
	    CDR_VALUES(cdr_value_int((int64_t)listing->max)), &query);
	while (err == CDR_OK && (err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_count(query, 0, &at));
		CDR_TRY(cdr_query_text(query, 1, what, sizeof(what)));
		CDR_TRY(cdr_query_count(query, 2, &count));
		err = listing->callback(at, what, count, listing->context);
	}
out:
	cdr_query_end(query);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/member/retention.h */
cdr_err
cdr_retention_each(struct cdr_member *member, size_t max, cdr_retention_callback *callback, void *context)
{
	struct listing listing = { max, callback, context };

	return cdr_store_read(member->home->store, list_job, &listing);
}
