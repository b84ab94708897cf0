#include "node/member/retention.h"

#include <string.h>

#include "node/member/api.h"
#include "node/member/check_life.h"
#include "node/member/hold.h"
#include "node/member/leavers.h"
#include "node/member/query_opening.h"
#include "node/net/clock.h"
#include "node/net/log.h"
#include "node/store/scrub.h"

#define HOUR_SETTING "retention.hour"
#define DAYS_SETTING "retention.days"
#define HOUR_SECONDS 3600
#define CHECKS_MAX 32        /* in one transaction */
#define IN_DAYS_MORE 8       /* a letter's number is kept a day longer than the letter is taken: node/member/mail.c */

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

struct days_change {
	const char *who;
	struct days days;
};

static cdr_err
write_days_job(struct cdr_tx *tx, void *context)
{
	const struct days_change *change = context;

	cdr_err err = cdr_setting_put(tx, DAYS_SETTING, change->days.bytes, sizeof(change->days.bytes));
	return err == CDR_OK ? cdr_trail_add(tx, change->who, "settings.retention", NULL) : err;
}

/* see node/member/retention.h */
cdr_err
cdr_retention_settings_write(struct cdr_member *member, const struct cdr_retention_settings *settings, struct cdr_fault *fault)
{
	const unsigned number[] = { settings->check_days, settings->request_days };
	struct days_change change = { .who = member->who };

	for (size_t i = 0; i < 2; i++) {
		if (number[i] < CDR_RETENTION_DAYS_MIN || number[i] > CDR_RETENTION_DAYS_MAX)
			return cdr_fault_set(fault, CDR_E_RANGE, "something is kept for %d to %d days", CDR_RETENTION_DAYS_MIN,
			    CDR_RETENTION_DAYS_MAX);
		change.days.bytes[2 * i] = (uint8_t)(number[i] >> 8);
		change.days.bytes[2 * i + 1] = (uint8_t)number[i];
	}
	return cdr_store_write(member->home->store, write_days_job, &change);
}

/* ---- the timers ------------------------------------------------------------------------------------------------------------ */

struct run {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	struct cdr_retention_settings settings;
	uint64_t now, expiry_days;
	bool any, more;
	struct cdr_fault *fault;
};

/* The moments that a timer compares with: now, or so long before it. */
enum moment { NOW = 1, CHECK, REQUEST, LETTER, EXPIRY, LETTER_NUMBER, EMAIL, REPLY };

static struct cdr_value
moment_value(const struct run *run, enum moment moment)
{
	const uint64_t days[] = {
		[NOW] = 0,
		[CHECK] = run->settings.check_days,
		[REQUEST] = run->settings.request_days,
		[LETTER] = CDR_RETENTION_LETTER_DAYS,
		[EXPIRY] = run->expiry_days,
		[LETTER_NUMBER] = run->expiry_days + IN_DAYS_MORE,
		[EMAIL] = CDR_RETENTION_EMAIL_DAYS,
		[REPLY] = CDR_API_REPLY_DAYS,
	};
	uint64_t span = days[moment] * CDR_DAY_SECONDS;

	return cdr_value_int(run->now > span ? (int64_t)(run->now - span) : 0);
}

/*
 * Every timer but the leavers', whose month is theirs (node/member/leavers.h): what is held, what of it a hold keeps, and what is due at the
 * moments $1 and $2. Due is only what no hold keeps. The same words count and act.
 */
struct timer {
	const char *what;
	const char *held_sql, *on_hold_sql; /* NULL: no hold is on such a thing */
	const char *due_sql, *act_sql;      /* act_sql NULL: by a function */
	enum moment at[2];
};

#define FROM(table, where) " FROM " table " WHERE " where
#define COUNT(table, where) "SELECT count(*)" FROM(table, where)
#define FREE(id, due) "(" due ") AND " id " NOT IN (" CDR_HOLD_IDS ")"
#define KEEPS(table, held, id) COUNT(table, held), COUNT(table, "(" held ") AND " id " IN (" CDR_HOLD_IDS ")")
#define TAKES(table, due) COUNT(table, due), "DELETE" FROM(table, due)

#define CHECK_HELD "state IN ('draft', 'waiting', 'matched', 'open')"
#define CHECK_DUE FREE("id", CHECK_HELD " AND made_at <= $1 AND watch_until <= $2")
#define REQUEST_HELD "length(sealed) > 0"
/* One that was withdrawn or expired and is still there was held when it ended. */
#define REQUEST_DUE \
	FREE("request_id", REQUEST_HELD " AND ((state = 'answered' AND answered_at <= $1 AND watch_until <= $2)" \
	    " OR state IN ('withdrawn', 'expired'))")
#define DRAFT_DUE FREE("request_id", "request_id IN (SELECT request_id FROM inbox WHERE state IN ('withdrawn', 'expired'))")
#define LETTER_DUE FREE("request_id", "(state IN ('received', 'done', 'refused') AND made_at <= $1) OR made_at <= $2")

static const struct timer timers[] = {
	{ "check", KEEPS("hiring_check", CHECK_HELD, "id"), COUNT("hiring_check", CHECK_DUE), NULL, { CHECK, NOW } },
	{ "request", KEEPS("inbox", REQUEST_HELD, "request_id"), COUNT("inbox", REQUEST_DUE),
	    "UPDATE inbox SET sealed = substr(sealed, 1, 0) WHERE " REQUEST_DUE, { REQUEST, NOW } },
	{ "draft", KEEPS("answer_draft", "at >= 0", "request_id"), TAKES("answer_draft", DRAFT_DUE), { 0 } },
	{ "case", KEEPS("conduct_case", "made_at >= 0", "id"), TAKES("conduct_case", FREE("id", "erase_at > 0 AND erase_at <= $1")), { NOW } },
	{ "letter", KEEPS("letter_out", "made_at >= 0", "request_id"), TAKES("letter_out", LETTER_DUE), { LETTER, EXPIRY } },
	{ "letter_number", COUNT("letter_in", "at >= 0"), NULL, TAKES("letter_in", "at <= $1"), { LETTER_NUMBER } },
	{ "attempt", KEEPS("attempt", "at >= 0", "request_id"), TAKES("attempt", FREE("request_id", "at <= $1")), { CHECK } },
	{ "email", COUNT("email_out", "made_at >= 0"), NULL, TAKES("email_out", "state <> 'waiting' AND done_at <= $1"), { EMAIL } },
	{ "reply", COUNT("api_reply", "at >= 0"), NULL, TAKES("api_reply", "at <= $1"), { REPLY } },
};
#define TIMER_COUNT (sizeof(timers) / sizeof(timers[0]))
_Static_assert(CDR_RETENTION_LINES == 1 + TIMER_COUNT, "a line for the leavers, and one for each timer");

static size_t
timer_values(const struct run *run, const struct timer *timer, struct cdr_value value[static 3])
{
	size_t count = 0;

	for (size_t i = 0; i < 2 && timer->at[i] != 0; i++)
		value[++count] = moment_value(run, timer->at[i]);
	return count;
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

/* Checks whose time is over, as many as one transaction takes. */
static cdr_err
end_checks(struct cdr_tx *tx, struct run *run, struct cdr_values values)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	uint8_t id[CHECKS_MAX][CDR_ID_LEN];
	size_t count = 0;

	CDR_TRY(cdr_query_start(tx, "SELECT id FROM hiring_check WHERE " CHECK_DUE " ORDER BY number", values, &query));
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
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < TIMER_COUNT && err == CDR_OK; i++) {
		struct cdr_value value[3] = { 0 };
		struct cdr_values values = { value, timer_values(run, &timers[i], value) };
		if (timers[i].act_sql == NULL) {
			err = end_checks(tx, run, values);
			continue;
		}
		err = cdr_query_run(tx, timers[i].act_sql, values);
		if (err == CDR_OK)
			err = report(tx, run, timers[i].what, cdr_query_changed_count(tx));
	}
	/* What was evaluated goes in its time also where no lot comes, or none is asked for: of a suspended member, say. */
	if (err == CDR_OK)
		err = cdr_query_opening_settle(tx, 0, run->now);
	return err == CDR_OK && run->any ? cdr_scrub_want(tx) : err;
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
	return err == CDR_OK ? cdr_scrub_want(tx) : err;
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
	err = CDR_OK;
	if (run.roster == NULL)
		goto out;
	run.expiry_days = run.roster->body->scheme->expiry_days;
	do {
		err = cdr_store_write(member->home->store, timers_job, &run);
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
	cdr_number_write(now / HOUR_SECONDS, hour.bytes, 8);
	CDR_TRY(cdr_store_read(member->home->store, read_hour_job, &hour));
	if (hour.is_new) {
		CDR_TRY(run_timers(member, now, fault));
		CDR_TRY(cdr_store_write(member->home->store, write_hour_job, &hour));
	}
	err = cdr_scrub(member->home->store, cdr_store_scrub_soon, &scrubbed);
out:
	return err;
}

/* ---- looking at it --------------------------------------------------------------------------------------------------------- */

struct looking {
	struct run run;                     /* as it will be in 30 days */
	struct cdr_retention_line *line;
};

static cdr_err
count_one(struct cdr_tx *tx, const char *sql, struct cdr_values values, uint64_t *out)
{
	int64_t count = 0;
	cdr_err err = sql != NULL ? cdr_query_one_int(tx, sql, values, &count) : CDR_OK;

	*out = (uint64_t)count;
	return err;
}

static cdr_err
look_at_leavers(struct cdr_tx *tx, const struct run *run, struct cdr_retention_line *line)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_date then = cdr_member_day((int64_t)run->now);

	*line = (struct cdr_retention_line){ .what = "leaver" };
	CDR_TRY(count_one(tx, "SELECT count(*) FROM leaver", CDR_VALUES(), &line->held_count));
	CDR_TRY(count_one(tx, COUNT("leaver", "id IN (SELECT id FROM legal_hold)"), CDR_VALUES(), &line->hold_count));
	CDR_TRY(count_one(tx, COUNT("leaver", "expiry < $1 AND id NOT IN (SELECT id FROM legal_hold)"),
	    CDR_VALUES(cdr_value_int(cdr_leavers_month(&then))), &line->due_count));
	err = CDR_OK;
out:
	return err;
}

static cdr_err
status_job(struct cdr_tx *tx, void *context)
{
	struct looking *looking = context;
	struct cdr_retention_line *line = looking->line;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(read_days(tx, &looking->run.settings));
	CDR_TRY(look_at_leavers(tx, &looking->run, line));
	for (size_t i = 0; i < TIMER_COUNT; i++) {
		struct cdr_value value[3] = { 0 };
		struct cdr_values values = { value, timer_values(&looking->run, &timers[i], value) };
		*++line = (struct cdr_retention_line){ .what = timers[i].what };
		CDR_TRY(count_one(tx, timers[i].held_sql, CDR_VALUES(), &line->held_count));
		CDR_TRY(count_one(tx, timers[i].on_hold_sql, CDR_VALUES(), &line->hold_count));
		CDR_TRY(count_one(tx, timers[i].due_sql, values, &line->due_count));
	}
	err = CDR_OK;
out:
	return err;
}

/* see node/member/retention.h */
cdr_err
cdr_retention_status(struct cdr_member *member, struct cdr_retention_line line[static CDR_RETENTION_LINES])
{
	struct looking looking = { .run = { .now = cdr_member_now() + 30 * CDR_DAY_SECONDS }, .line = line };

	looking.run.roster = cdr_current_hold(member->current);
	cdr_err err = looking.run.roster != NULL ? CDR_OK : CDR_E_ABSENT;
	if (err == CDR_OK) {
		looking.run.expiry_days = looking.run.roster->body->scheme->expiry_days;
		err = cdr_store_read(member->home->store, status_job, &looking);
	}
	cdr_current_release(member->current, looking.run.roster);
	return err;
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
