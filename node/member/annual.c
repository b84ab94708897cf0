#include "node/member/annual.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/member/put_back.h"
#include "node/net/clock.h"

#define RETURN_PATH "/v1/return"

/* ---- from counters to figures -------------------------------------------------------------------------------------------- */

/* A figure is a counter, or its part of a code. */
static const struct {
	enum cdr_annual_field field;
	enum cdr_counter counter;
	const char *code; /* NULL: all of them */
} sources[] = {
	{ CDR_ANNUAL_RECRUITMENTS_UNCHECKED, CDR_COUNT_RECRUITMENT_UNCHECKED, NULL },
	{ CDR_ANNUAL_HIRED, CDR_COUNT_DECISION, "hired" },
	{ CDR_ANNUAL_REQUESTS_MEMBERS, CDR_COUNT_REQUEST_MADE, CDR_COUNT_MEMBERS },
	{ CDR_ANNUAL_REQUESTS_OTHERS, CDR_COUNT_REQUEST_MADE, CDR_COUNT_OTHERS },
	{ CDR_ANNUAL_REQUESTS_WITHDRAWN, CDR_COUNT_REQUEST_WITHDRAWN, NULL },
	{ CDR_ANNUAL_REQUESTS_EXPIRED, CDR_COUNT_REQUEST_EXPIRED, NULL },
	{ CDR_ANNUAL_RESPONSES_MEMBERS, CDR_COUNT_RESPONSE_RECEIVED, CDR_COUNT_MEMBERS },
	{ CDR_ANNUAL_RESPONSES_OTHERS, CDR_COUNT_RESPONSE_RECEIVED, CDR_COUNT_OTHERS },
	{ CDR_ANNUAL_RESPONSES_LATE, CDR_COUNT_RESPONSE_LATE, NULL },
	{ CDR_ANNUAL_SUPERSEDED, CDR_COUNT_STATEMENT_SUPERSEDED, NULL },
	{ CDR_ANNUAL_RECEIVED_DISCLOSURE, CDR_COUNT_ANSWER_RECEIVED, "disclosure" },
	{ CDR_ANNUAL_RECEIVED_UNABLE, CDR_COUNT_ANSWER_RECEIVED, "unable_to_answer" },
	{ CDR_ANNUAL_RECEIVED_NO_RECORD, CDR_COUNT_ANSWER_RECEIVED, "no_record_held" },
	{ CDR_ANNUAL_RECEIVED_NOT_KNOWN, CDR_COUNT_ANSWER_RECEIVED, "not_known_here" },
	{ CDR_ANNUAL_RECEIVED_EXPLOITATION, CDR_COUNT_DISCLOSURE_RECEIVED, "sexual_exploitation" },
	{ CDR_ANNUAL_RECEIVED_ABUSE, CDR_COUNT_DISCLOSURE_RECEIVED, "sexual_abuse" },
	{ CDR_ANNUAL_RECEIVED_HARASSMENT, CDR_COUNT_DISCLOSURE_RECEIVED, "sexual_harassment" },
	{ CDR_ANNUAL_RECEIVED_FINDING, CDR_COUNT_TRIGGER_RECEIVED, "finding" },
	{ CDR_ANNUAL_RECEIVED_ONGOING, CDR_COUNT_TRIGGER_RECEIVED, "ongoing_now" },
	{ CDR_ANNUAL_RECEIVED_LEFT, CDR_COUNT_TRIGGER_RECEIVED, "left_during" },
	{ CDR_ANNUAL_REQUESTS_RECEIVED, CDR_COUNT_REQUEST_RECEIVED, NULL },
	{ CDR_ANNUAL_RESPONSES_PROVIDED, CDR_COUNT_RESPONSE_PROVIDED, NULL },
	{ CDR_ANNUAL_NOT_ANSWERED_WITHDRAWN, CDR_COUNT_NOT_ANSWERED, "withdrawn" },
	{ CDR_ANNUAL_NOT_ANSWERED_EXPIRED, CDR_COUNT_NOT_ANSWERED, "expired" },
	{ CDR_ANNUAL_PROVIDED_DISCLOSURE, CDR_COUNT_ANSWER_PROVIDED, "disclosure" },
	{ CDR_ANNUAL_PROVIDED_UNABLE, CDR_COUNT_ANSWER_PROVIDED, "unable_to_answer" },
	{ CDR_ANNUAL_PROVIDED_NO_RECORD, CDR_COUNT_ANSWER_PROVIDED, "no_record_held" },
	{ CDR_ANNUAL_PROVIDED_NOT_KNOWN, CDR_COUNT_ANSWER_PROVIDED, "not_known_here" },
	{ CDR_ANNUAL_LIMIT_EMPLOYMENT_LAW, CDR_COUNT_LEGAL_LIMIT, "national_employment_law" },
	{ CDR_ANNUAL_LIMIT_DATA_PROTECTION, CDR_COUNT_LEGAL_LIMIT, "data_protection" },
	{ CDR_ANNUAL_LIMIT_SETTLEMENT, CDR_COUNT_LEGAL_LIMIT, "settlement_confidentiality" },
	{ CDR_ANNUAL_LIMIT_CRIMINAL_CASE, CDR_COUNT_LEGAL_LIMIT, "ongoing_criminal_case" },
	{ CDR_ANNUAL_LIMIT_LITIGATION, CDR_COUNT_LEGAL_LIMIT, "litigation_hold" },
	{ CDR_ANNUAL_LIMIT_POLICY, CDR_COUNT_LEGAL_LIMIT, "organisational_policy" },
	{ CDR_ANNUAL_LIMIT_OTHER, CDR_COUNT_LEGAL_LIMIT, "other" },
	{ CDR_ANNUAL_PROVIDED_EXPLOITATION, CDR_COUNT_DISCLOSURE_PROVIDED, "sexual_exploitation" },
	{ CDR_ANNUAL_PROVIDED_ABUSE, CDR_COUNT_DISCLOSURE_PROVIDED, "sexual_abuse" },
	{ CDR_ANNUAL_PROVIDED_HARASSMENT, CDR_COUNT_DISCLOSURE_PROVIDED, "sexual_harassment" },
	{ CDR_ANNUAL_PROVIDED_FINDING, CDR_COUNT_TRIGGER_PROVIDED, "finding" },
	{ CDR_ANNUAL_PROVIDED_ONGOING, CDR_COUNT_TRIGGER_PROVIDED, "ongoing_now" },
	{ CDR_ANNUAL_PROVIDED_LEFT, CDR_COUNT_TRIGGER_PROVIDED, "left_during" },
	{ CDR_ANNUAL_REJECTED_NEGATIVE, CDR_COUNT_DECISION, "not_hired_negative" },
	{ CDR_ANNUAL_REJECTED_ABSENT, CDR_COUNT_DECISION, "not_hired_absent" },
	{ CDR_ANNUAL_COMPLAINTS_RECEIVED, CDR_COUNT_COMPLAINT_RECEIVED, NULL },
	{ CDR_ANNUAL_COMPLAINTS_UPHELD, CDR_COUNT_COMPLAINT_UPHELD, NULL },
	{ CDR_ANNUAL_LAWSUITS, CDR_COUNT_LAWSUIT, NULL },
	{ CDR_ANNUAL_OBJECTIONS, CDR_COUNT_OBJECTION, NULL },
	{ CDR_ANNUAL_ERASURES, CDR_COUNT_ERASURE, NULL },
	{ CDR_ANNUAL_MATCH_QUERIES, CDR_COUNT_MATCH_QUERY, NULL },
	{ CDR_ANNUAL_MATCHES, CDR_COUNT_MATCH, NULL },
	{ CDR_ANNUAL_MATCHES_CONFIRMED, CDR_COUNT_MATCH_CONFIRMED, NULL },
	{ CDR_ANNUAL_MATCHES_FALSE_NODE, CDR_COUNT_MATCH_FALSE, "node" },
	{ CDR_ANNUAL_MATCHES_FALSE_PERSON, CDR_COUNT_MATCH_FALSE, "person" },
};

/* Asked in all years to ${year}, and neither answered nor ended in them. */
static cdr_err
read_outstanding(struct cdr_tx *tx, unsigned year, uint64_t *outstanding)
{
	static const enum cdr_counter ends[] = { CDR_COUNT_RESPONSE_RECEIVED, CDR_COUNT_REQUEST_WITHDRAWN, CDR_COUNT_REQUEST_EXPIRED };
	uint64_t n, twice = 0;

	cdr_err err = cdr_count_read(tx, CDR_COUNT_REQUEST_MADE, NULL, CDR_COUNT_YEAR_MIN, year, outstanding);
	if (err == CDR_OK)
		err = cdr_count_read(tx, CDR_COUNT_RESPONSE_AFTER_EXPIRY, NULL, CDR_COUNT_YEAR_MIN, year, &twice);
	*outstanding += twice;
	for (size_t i = 0; i < 3 && err == CDR_OK; i++) {
		err = cdr_count_read(tx, ends[i], NULL, CDR_COUNT_YEAR_MIN, year, &n);
		*outstanding -= n < *outstanding ? n : *outstanding;
	}
	return err;
}

static cdr_err
add_days(const char *code, uint64_t n, void *context)
{
	struct cdr_annual *annual = context;
	unsigned long days = strtoul(code, NULL, 10);

	annual->days[days < CDR_ANNUAL_DAYS - 1 ? days : CDR_ANNUAL_DAYS - 1] += n;
	return CDR_OK;
}

static cdr_err
collect(struct cdr_tx *tx, void *context)
{
	struct cdr_annual *annual = context;
	unsigned year = annual->year;
	uint64_t *v = annual->value, decisions, all;
	cdr_err err = CDR_E_INTERNAL;

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		CDR_TRY(cdr_count_read(tx, sources[i].counter, sources[i].code, year, year, &v[sources[i].field]));
	CDR_TRY(cdr_count_read(tx, CDR_COUNT_DECISION, NULL, year, year, &decisions));
	v[CDR_ANNUAL_RECRUITMENTS] = decisions + v[CDR_ANNUAL_RECRUITMENTS_UNCHECKED];
	CDR_TRY(cdr_count_read(tx, CDR_COUNT_NOT_ANSWERED, NULL, year, year, &all));
	v[CDR_ANNUAL_NOT_ANSWERED_OTHER] = all - v[CDR_ANNUAL_NOT_ANSWERED_WITHDRAWN] - v[CDR_ANNUAL_NOT_ANSWERED_EXPIRED];
	if (year > CDR_COUNT_YEAR_MIN)
		CDR_TRY(read_outstanding(tx, year - 1, &v[CDR_ANNUAL_OUTSTANDING_BEFORE]));
	CDR_TRY(read_outstanding(tx, year, &v[CDR_ANNUAL_OUTSTANDING]));
	CDR_TRY(cdr_count_each(tx, CDR_COUNT_RESPONSE_DAYS, year, add_days, annual));
	cdr_annual_complete(annual);
	err = CDR_OK;
out:
	return err;
}

/* see node/member/annual.h */
cdr_err
cdr_annual_collect(struct cdr_member *member, unsigned year, struct cdr_annual *annual)
{
	*annual = (struct cdr_annual){ .year = year };
	if (year < CDR_COUNT_YEAR_MIN || year > CDR_COUNT_YEAR_MAX)
		return CDR_E_RANGE;
	return cdr_store_read(member->home->store, collect, annual);
}

/* ---- what people count ------------------------------------------------------------------------------------------------------ */

struct recording {
	struct cdr_member *member;
	enum cdr_counter counter;
	const char *what;
	uint64_t n;
};

static cdr_err
record(struct cdr_tx *tx, void *context)
{
	struct recording *recording = context;
	char what[CDR_TRAIL_WHAT_LEN];

	(void)snprintf(what, sizeof(what), "return.%s", recording->what);
	cdr_err err = cdr_count_add(tx, recording->counter, cdr_count_year(cdr_member_now()), recording->n);
	return err == CDR_OK ? cdr_trail_add(tx, recording->member->who, what, NULL) : err;
}

/* see node/member/annual.h */
cdr_err
cdr_annual_record(struct cdr_member *member, const char *what, uint64_t n, struct cdr_fault *fault)
{
	static const enum cdr_counter counters[] = { CDR_COUNT_COMPLAINT_RECEIVED, CDR_COUNT_COMPLAINT_UPHELD, CDR_COUNT_LAWSUIT };
	struct recording recording = { .member = member, .what = what, .n = n };

	for (size_t i = 0; i < 3; i++)
		if (strcmp(cdr_count_name(counters[i]), what) == 0) {
			recording.counter = counters[i];
			return cdr_store_write(member->home->store, record, &recording);
		}
	return cdr_fault_set(fault, CDR_E_INPUT, "what is recorded by hand: complaint_received, complaint_upheld, lawsuit");
}

/* ---- signing ------------------------------------------------------------------------------------------------------------------ */

struct making {
	struct cdr_member *member;
	struct cdr_annual_state *state;
	const char *signed_by;
	size_t unchecked;
	struct cdr_buffer bytes, signature;
	struct cdr_fault *fault;
};

/* Recruitments elsewhere are not counted but said: what was said before is replaced. */
static cdr_err
put_unchecked(struct cdr_tx *tx, const struct making *making)
{
	unsigned year = making->state->year;

	if (making->unchecked == SIZE_MAX)
		return CDR_OK;
	cdr_err err = cdr_query_run(tx, "DELETE FROM tally WHERE year = $1 AND counter = $2",
	    CDR_VALUES(cdr_value_int(year), cdr_value_text(cdr_count_name(CDR_COUNT_RECRUITMENT_UNCHECKED))));
	return err == CDR_OK ? cdr_count_add(tx, CDR_COUNT_RECRUITMENT_UNCHECKED, year, making->unchecked) : err;
}

/* The first second of a year of the Gregorian calendar, 1970 or later. */
static uint64_t
year_begin(unsigned year)
{
	const uint64_t before = year - 1U;

	return ((uint64_t)(year - 1970U) * 365 + before / 4 - before / 100 + before / 400 - 477) * CDR_DAY_SECONDS;
}

/* Each has a revision that this node signed nothing else under: on one that was put back from a backup, at least the second of that year. */
static cdr_err
make(struct cdr_tx *tx, void *context)
{
	struct making *making = context;
	struct cdr_annual_signed *annual = &making->state->annual;
	uint8_t signature[CDR_SIGNATURE_LEN];
	int64_t revision = 0;
	uint64_t next;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(put_unchecked(tx, making));
	annual->figures = (struct cdr_annual){ .year = making->state->year };
	CDR_TRY(collect(tx, &annual->figures));
	CDR_TRY(cdr_annual_check(&annual->figures, making->fault));
	err = cdr_query_one_int(tx, "SELECT revision FROM annual WHERE year = $1", CDR_VALUES(cdr_value_int(making->state->year)), &revision);
	CDR_TRY(err == CDR_E_ABSENT ? CDR_OK : err);
	CDR_TRY(cdr_put_back_next(tx, (uint64_t)revision, year_begin(making->state->year), &next));
	annual->revision = next <= CDR_ANNUAL_REVISION_MAX ? (uint32_t)next : (uint32_t)revision + 1;
	CDR_TRY(cdr_annual_encode(annual, &making->bytes));
	CDR_TRY(cdr_annual_sign(cdr_buffer_bytes(&making->bytes), making->member->home->keys->signing, making->member->genesis, signature));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM annual WHERE year = $1", CDR_VALUES(cdr_value_int(making->state->year))));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO annual (year, revision, bytes, signature, state, sent_at) VALUES ($1, $2, $3, $4, 'signed', 0)",
	    CDR_VALUES(cdr_value_int(making->state->year), cdr_value_int(annual->revision), cdr_value_bytes(cdr_buffer_bytes(&making->bytes)),
		cdr_value_blob(signature, sizeof(signature)))));
	CDR_TRY(cdr_trail_add(tx, making->member->who, "return.sign", NULL));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/annual.h */
cdr_err
cdr_annual_make(struct cdr_member *member, unsigned year, const char *signed_by, size_t unchecked, struct cdr_annual_state *state,
    struct cdr_fault *fault)
{
	struct making making = { .member = member, .state = state, .unchecked = unchecked, .fault = fault };
	uint64_t now = cdr_member_now();
	cdr_err err = CDR_E_INTERNAL;

	memset(state, 0, sizeof(*state));
	state->year = year;
	CDR_TRY(cdr_member_joined(member, fault));
	if (year > cdr_count_year(now) || year < CDR_COUNT_YEAR_MIN)
		return cdr_fault_set(fault, CDR_E_TIME, "the year %u has not begun, or is too long ago", year);
	if (signed_by[0] == '\0' || strlen(signed_by) >= sizeof(state->annual.signed_by))
		return cdr_fault_set(fault, CDR_E_RANGE, "the name of who signs has 1 to %zu bytes", sizeof(state->annual.signed_by) - 1);
	if (unchecked != SIZE_MAX && unchecked > CDR_ANNUAL_VALUE_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "recruitments_unchecked: more than %u", CDR_ANNUAL_VALUE_MAX);
	memcpy(state->annual.member, member->id, sizeof(member->id));
	memcpy(state->annual.signed_by, signed_by, strlen(signed_by));
	state->annual.signed_at = now;
	CDR_TRY(cdr_store_write(member->home->store, make, &making));
	memcpy(state->state, "signed", 7);
	err = CDR_OK;
out:
	cdr_buffer_free(&making.bytes);
	return err;
}

/* ---- sending ------------------------------------------------------------------------------------------------------------------- */

static cdr_err
read_state(struct cdr_tx *tx, void *context)
{
	struct making *making = context;
	struct cdr_query *query = NULL;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_start(tx, "SELECT bytes, signature, state, sent_at FROM annual WHERE year = $1",
	    CDR_VALUES(cdr_value_int(making->state->year)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_copy(query, 0, CDR_ANNUAL_LEN_MAX, &making->bytes));
	CDR_TRY(cdr_query_blob_copy(query, 1, CDR_SIGNATURE_LEN, &making->signature));
	CDR_TRY(cdr_query_text(query, 2, making->state->state, sizeof(making->state->state)));
	CDR_TRY(cdr_query_count(query, 3, &making->state->sent_at));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Everything about a year; the bytes are owned by ${making}. */
static cdr_err
find(struct making *making)
{
	cdr_err err = cdr_store_read(making->member->home->store, read_state, making);

	if (err == CDR_OK)
		err = cdr_annual_decode(cdr_buffer_bytes(&making->bytes), &making->state->annual, making->fault);
	return err;
}

/* see node/member/annual.h */
cdr_err
cdr_annual_read(struct cdr_member *member, unsigned year, struct cdr_annual_state *state, struct cdr_fault *fault)
{
	struct making making = { .member = member, .state = state, .fault = fault };

	memset(state, 0, sizeof(*state));
	state->year = year;
	cdr_err err = find(&making);
	cdr_buffer_free(&making.bytes);
	cdr_buffer_free(&making.signature);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* What the hub said of the revision that was sent. */
static cdr_err
write_sent(struct cdr_tx *tx, void *context)
{
	struct making *making = context;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_run(tx, "UPDATE annual SET state = $1, sent_at = $2 WHERE year = $3 AND revision = $4",
	    CDR_VALUES(cdr_value_text(making->state->state), cdr_value_int((int64_t)making->state->sent_at), cdr_value_int(making->state->year),
		cdr_value_int(making->state->annual.revision))));
	CDR_TRY(cdr_trail_add(tx, making->member->who, "return.send", NULL));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/annual.h */
cdr_err
cdr_annual_send(struct cdr_member *member, unsigned year, struct cdr_annual_state *state, struct cdr_fault *fault)
{
	struct making making = { .member = member, .state = state, .fault = fault };
	const struct cdr_roster *roster = NULL;
	Cdr__Wire__AnnualPut put = CDR__WIRE__ANNUAL_PUT__INIT;
	struct cdr_ask ask = { .path = RETURN_PATH, .message = &put.base };
	cdr_err err = CDR_E_INTERNAL;

	memset(state, 0, sizeof(*state));
	state->year = year;
	CDR_TRY(cdr_member_joined(member, fault));
	err = find(&making);
	if (err == CDR_E_ABSENT)
		err = cdr_fault_set(fault, err, "the return of %u is not signed: see `candor return preview`, then `candor return sign`", year);
	CDR_TRY(err);
	put.annual = cdr_message_field(making.bytes.data, making.bytes.len);
	put.signature = cdr_message_field(making.signature.data, making.signature.len);
	roster = cdr_current_hold(member->current);
	CDR_TRY(cdr_member_ask_hub(member, roster, &ask, fault));
	memcpy(state->state, "sent", 5);
	state->sent_at = cdr_member_now();
	CDR_TRY(cdr_store_write(member->home->store, write_sent, &making));
	err = CDR_OK;
out:
	cdr_ask_free(&ask);
	cdr_current_release(member->current, roster);
	cdr_buffer_free(&making.bytes);
	cdr_buffer_free(&making.signature);
	return err;
}
