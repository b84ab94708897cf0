#include "node/trustee/sample_late.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/sample.h"
#include "node/net/log.h"
#include "node/trustee/recover.h"

#define THERE_NAME "sample/there" /* when this trustee noted last that it is there, and by which roster */
#define NOTE_EVERY_S 3600

/* ---- whether this trustee was there -------------------------------------------------------------------------------- */

/* What was noted last; zero where nothing was. */
static cdr_err
read_there(struct cdr_tx *tx, uint64_t *at, uint64_t *version)
{
	char text[64] = "";

	*at = *version = 0;
	cdr_err err = cdr_trustee_setting_text(tx, THERE_NAME, text, sizeof(text));
	if (err == CDR_OK && sscanf(text, "%" SCNu64 " %" SCNu64, at, version) != 2)
		err = CDR_E_STORE;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* Note that this trustee is there. Was it away, or may it have missed a roster, whatever period ran begins anew. */
static cdr_err
be_there(struct cdr_tx *tx, const struct cdr_roster *roster, uint64_t now)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t at, version;
	char text[64];

	CDR_TRY(read_there(tx, &at, &version));
	bool was_away = now > at + CDR_TRUSTEE_AWAY_S || roster->body->version > version + 1;
	if (!was_away && now < at + NOTE_EVERY_S && version == roster->body->version)
		return CDR_OK;
	if (was_away)
		CDR_TRY(cdr_query_run(tx, "UPDATE drawn SET runs_from = $1 WHERE state = 'asked' AND runs_from > 0 AND runs_from < $1",
		    CDR_VALUES(cdr_value_int((int64_t)now))));
	int len = snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64, now, roster->body->version);
	CDR_TRY(cdr_trustee_setting_put(tx, THERE_NAME, text, (size_t)len));
out:
	return err;
}

/* ---- who could answer ---------------------------------------------------------------------------------------------- */

#define WAITED_MAX 64 /* are looked at at once */

/* What is asked of a member, and the key under which that was evaluated. */
struct waited {
	uint64_t number, runs_from;
	char member[CDR_SLUG_LEN_MAX + 1];
	uint8_t signing_key[CDR_SIGN_PUBLIC_LEN];
};

struct waiting {
	struct waited waited[WAITED_MAX];
	size_t count;
};

static cdr_err
read_waited(struct cdr_query *query, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct waiting *w = context;
	struct waited *one = &w->waited[w->count++];

	CDR_TRY(cdr_query_count(query, 0, &one->number));
	CDR_TRY(cdr_query_count(query, 1, &one->runs_from));
	CDR_TRY(cdr_query_text(query, 2, one->member, sizeof(one->member)));
	CDR_TRY(cdr_query_blob(query, 3, one->signing_key, sizeof(one->signing_key)));
out:
	return err;
}

/* Whether the member can answer: it is active, with the keys under which it evaluated. Who enrolled again has lost what it would show. */
static bool
can_answer(const struct cdr_roster *roster, const struct waited *one)
{
	const Cdr__Wire__Member *member = cdr_roster_member(roster, one->member);

	return member != NULL && cdr_roster_member_is_active(member) && member->party->signing_key.len == sizeof(one->signing_key) &&
	    memcmp(member->party->signing_key.data, one->signing_key, sizeof(one->signing_key)) == 0;
}

/* Of those whose time may be over: begin anew for whoever cannot answer now; the others are late. */
static cdr_err
judge(struct cdr_tx *tx, const struct cdr_roster *roster, const struct waiting *w, uint64_t now)
{
	const uint64_t answer_s = cdr_sample_answer_s(roster);
	const struct cdr_value at = cdr_value_int((int64_t)now);
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < w->count && err == CDR_OK; i++) {
		const struct waited *one = &w->waited[i];
		const struct cdr_value number = cdr_value_int((int64_t)one->number);
		if (!can_answer(roster, one))
			err = cdr_query_run(tx, "UPDATE drawn SET runs_from = $1, due_at = $2 WHERE number = $3",
			    CDR_VALUES(at, cdr_value_int((int64_t)(now + answer_s)), number));
		else if (now > one->runs_from + answer_s + CDR_TRUSTEE_LATE_GRACE_S)
			err = cdr_query_run(tx, "UPDATE drawn SET state = 'late', changed_at = $1 WHERE number = $2", CDR_VALUES(at, number));
		else
			err = cdr_query_run(tx, "UPDATE drawn SET due_at = $1 WHERE number = $2 AND due_at <> $1",
			    CDR_VALUES(cdr_value_int((int64_t)(one->runs_from + answer_s)), number));
	}
	return err;
}

/* see node/trustee/sample_late.h */
cdr_err
cdr_trustee_sample_late(struct cdr_tx *tx, const struct cdr_roster *roster, uint64_t now)
{
	static const char sql[] = "SELECT drawn.number, drawn.runs_from, drawn.member, evaluation.signing_key FROM drawn, evaluation"
	    " WHERE evaluation.place = drawn.position AND evaluation.member = drawn.member AND drawn.state = 'asked' AND"
	    " drawn.posted = 'asked' AND drawn.runs_from > 0 AND drawn.runs_from <= $1 AND drawn.changed_at >= $2 AND drawn.number > $3"
	    " ORDER BY drawn.number LIMIT $4";
	cdr_err err = CDR_E_INTERNAL;
	uint64_t put_back, after = 0;
	struct waiting w;

	CDR_TRY(be_there(tx, roster, now));
	CDR_TRY(cdr_trustee_recover_ended(tx, &put_back));
	if (now < NOTE_EVERY_S)
		return CDR_OK;
	do {
		w.count = 0;
		CDR_TRY(cdr_query_each(tx, sql, CDR_VALUES(cdr_value_int((int64_t)(now - NOTE_EVERY_S)), cdr_value_int((int64_t)put_back),
		    cdr_value_int((int64_t)after), cdr_value_int(WAITED_MAX)), read_waited, &w));
		CDR_TRY(judge(tx, roster, &w, now));
		if (w.count > 0)
			after = w.waited[w.count - 1].number;
	} while (w.count == WAITED_MAX);
out:
	return err;
}

/* see node/trustee/sample_late.h */
cdr_err
cdr_trustee_sample_asked(struct cdr_tx *tx, const struct cdr_roster *roster, uint64_t number, uint64_t now)
{
	/* changed_at is the time of the lot's leaf, which may be ahead of this clock. */
	return cdr_query_run(tx, "UPDATE drawn SET runs_from = CASE WHEN changed_at > $1 THEN changed_at ELSE $1 END, due_at ="
	    " CASE WHEN changed_at > $1 THEN changed_at ELSE $1 END + $2 WHERE number = $3 AND state = 'asked' AND runs_from = 0",
	    CDR_VALUES(cdr_value_int((int64_t)now), cdr_value_int((int64_t)cdr_sample_answer_s(roster)), cdr_value_int((int64_t)number)));
}
