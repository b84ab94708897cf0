#include "node/trustee/keep.h"

#include "node/net/clock.h"
#include "node/net/log.h"

#define CLOCKS_DIFFER_S CDR_DAY_SECONDS
#define STATISTICS_GRACE_S (UINT64_C(120) * CDR_DAY_SECONDS) /* after which a statistics key ends that was followed by another */

/* see node/trustee/keep.h */
bool
cdr_trustee_keep_is_time(const struct cdr_roster *roster, enum cdr_key_kind kind, uint64_t now)
{
	uint64_t before = CDR_EPOCH_OVERLAP_S + CLOCKS_DIFFER_S + (kind == CDR_KEY_STATISTICS ? STATISTICS_GRACE_S : 0);
	struct cdr_roster_key newest;

	return cdr_roster_key_newest(roster->body, kind, &newest) && now + before >= newest.ends_at;
}

static void
end_run(struct cdr_trustee_keep *keep, size_t at)
{
	cdr_trustee_ceremony_end(keep->run[at]);
	keep->run[at] = NULL;
}

/* Tell the log who is at fault, and leave the rest to people. */
static void
give_up(struct cdr_trustee_keep *keep, size_t at)
{
	struct cdr_trustee_ceremony *run = keep->run[at];
	char text[CDR_FAULT_LEN];
	size_t count;
	const struct cdr_ceremony_finding *finding = cdr_ceremony_findings(run->ceremony, &count);

	for (size_t i = 0; i < count; i++) {
		cdr_ceremony_finding_write(run->ceremony, &finding[i], text, sizeof(text));
		cdr_log(CDR_LOG_ERROR, "ceremony.failed", cdr_log_text("kind", cdr_key_kind_name(run->aim.kind)),
		    cdr_log_int("number", run->aim.number), cdr_log_text("why", text));
	}
	end_run(keep, at);
}

/* Begin what is due, or go on with it. */
static cdr_err
begin(struct cdr_trustee_keep *keep, struct cdr_trustee *trustee, struct cdr_trustee_aim aim, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	size_t at = aim.kind == CDR_KEY_TAGS ? 0 : 1;
	uint32_t attempt;
	bool is_done;

	if (keep->run[at] != NULL)
		return CDR_OK;
	CDR_TRY(cdr_trustee_attempt(trustee, aim, &attempt, &is_done, fault));
	/* A further attempt is for operators to agree upon; what former trustees attempted is over, and does not count. */
	if (attempt > 1)
		return CDR_OK;
	CDR_TRY(cdr_trustee_ceremony_start(trustee, aim, attempt, NULL, &keep->run[at], fault));
	cdr_log(CDR_LOG_INFO, "ceremony.begun", cdr_log_text("kind", cdr_key_kind_name(aim.kind)),
	    cdr_log_int("number", aim.number));
out:
	return err;
}

static cdr_err
begin_due(struct cdr_trustee_keep *keep, struct cdr_trustee *trustee, const struct cdr_roster *roster,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_aim due[2];
	uint64_t now = cdr_trustee_now();
	size_t count;

	if (!cdr_trustee_keep_is_time(roster, CDR_KEY_TAGS, now) && !cdr_trustee_keep_is_time(roster, CDR_KEY_STATISTICS, now))
		return CDR_OK;
	CDR_TRY(cdr_trustee_due(trustee, roster, due, &count, fault));
	for (size_t i = 0; i < count; i++) {
		if (cdr_trustee_keep_is_time(roster, due[i].kind, now))
			CDR_TRY(begin(keep, trustee, due[i], fault));
	}
	err = CDR_OK;
out:
	return err;
}

/* see node/trustee/keep.h */
cdr_err
cdr_trustee_keep_turn(struct cdr_trustee_keep *keep, struct cdr_trustee *trustee, struct cdr_fault *fault)
{
	cdr_err err = CDR_OK;
	const struct cdr_roster *roster = cdr_current_hold(trustee->current);
	struct cdr_roster_key key;

	if (trustee->index != 0)
		err = begin_due(keep, trustee, roster, fault);
	for (size_t i = 0; i < 2 && err == CDR_OK; i++) {
		struct cdr_trustee_ceremony *run = keep->run[i];

		if (run == NULL)
			continue;
		/* Who has left would have a share of it: those who are trustees now begin another. */
		if (!cdr_roster_same_trustees(run->roster->body, roster->body)) {
			end_run(keep, i);
			continue;
		}
		err = cdr_trustee_ceremony_turn(run, fault);
		if (cdr_ceremony_state(run->ceremony) == CDR_CEREMONY_FAILED)
			give_up(keep, i);
		else if (run->has_result && cdr_roster_key_find(roster->body, run->aim.kind, run->aim.number, &key))
			end_run(keep, i);
	}
	cdr_current_release(trustee->current, roster);
	return err;
}

void
cdr_trustee_keep_end(struct cdr_trustee_keep *keep)
{
	end_run(keep, 0);
	end_run(keep, 1);
}
