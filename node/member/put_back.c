#include "node/member/put_back.h"

#include <unistd.h>

#include "node/member/check_letters.h"
#include "node/member/index_again.h"
#include "node/net/log.h"

#define MARK "put_back"             /* until it has asked again */
#define ONCE "put_back_once"        /* for good */
#define SEQUENCE "sequence"
#define NUMBER_LEN 8
#define SETTLE_STEP_US 20000
#define NUMBERS_A_SECOND_BITS 20 /* nobody evaluates so often, so a later restore begins behind all of these */

/* see node/member/put_back.h */
cdr_err
cdr_put_back_mark(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t bytes[NUMBER_LEN];
	uint64_t last, ahead = cdr_member_now() << NUMBERS_A_SECOND_BITS;

	(void)context;
	CDR_TRY(cdr_setting_next(tx, SEQUENCE, &last));
	if (ahead < last)
		ahead = last;
	cdr_number_write(ahead, bytes, NUMBER_LEN);
	CDR_TRY(cdr_setting_put(tx, SEQUENCE, bytes, sizeof(bytes)));
	CDR_TRY(cdr_setting_put(tx, MARK, bytes, sizeof(bytes)));
	CDR_TRY(cdr_setting_put(tx, ONCE, bytes, sizeof(bytes)));
	CDR_TRY(cdr_index_again_mark(tx));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/put_back.h */
cdr_err
cdr_put_back_next(struct cdr_tx *tx, uint64_t last, uint64_t since, uint64_t *next)
{
	uint8_t bytes[NUMBER_LEN];
	uint64_t now = cdr_member_now(), ahead = now > since ? now - since : 0;

	*next = last + 1;
	cdr_err err = cdr_setting_get(tx, ONCE, bytes, sizeof(bytes));
	if (err == CDR_OK && ahead > *next)
		*next = ahead;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/member/put_back.h */
void
cdr_put_back_settle(void)
{
	const uint64_t marked = cdr_member_now();

	while (cdr_member_now() == marked)
		(void)usleep(SETTLE_STEP_US);
}

struct asking {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	size_t count;
	bool was_due;
	struct cdr_fault *fault;
};

static cdr_err
is_due(struct cdr_tx *tx, bool *due)
{
	uint8_t bytes[NUMBER_LEN];
	cdr_err err = cdr_setting_get(tx, MARK, bytes, sizeof(bytes));

	*due = err == CDR_OK;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* A reading job. */
static cdr_err
is_due_job(struct cdr_tx *tx, void *context)
{
	return is_due(tx, context);
}

/* A writing job: once, whatever is killed in between. */
static cdr_err
ask_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct asking *a = context;

	CDR_TRY(is_due(tx, &a->was_due));
	if (!a->was_due)
		return CDR_OK;
	CDR_TRY(cdr_check_ask_anew(tx, a->member, a->roster, NULL, &a->count, a->fault));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM setting WHERE name = '" MARK "'", CDR_VALUES()));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/put_back.h */
cdr_err
cdr_put_back_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault)
{
	struct asking a = { .member = member, .fault = fault };
	bool due = false;

	*worked = false;
	cdr_err err = cdr_store_read(member->home->store, is_due_job, &due);
	if (err != CDR_OK || !due)
		return err;
	a.roster = cdr_current_hold(member->current);
	err = cdr_store_write(member->home->store, ask_job, &a);
	cdr_current_release(member->current, a.roster);
	if (err == CDR_OK && a.was_due) {
		*worked = true;
		cdr_log(CDR_LOG_INFO, "node.put_back", cdr_log_int("asked_again", (int64_t)a.count));
	}
	return err;
}
