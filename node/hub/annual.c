#include "node/hub/annual.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- taking in -------------------------------------------------------------------------------------------------------------- */

struct putting {
	const struct cdr_call *call;
	const Cdr__Wire__AnnualPut *put;
	struct cdr_annual_signed annual;
	struct cdr_fault *fault;
};

/* The same again changes nothing; a later revision takes the place of an earlier; anything else is refused. */
static cdr_err
put_job(struct cdr_tx *tx, void *context)
{
	struct putting *p = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_value member = cdr_value_text(p->annual.member), year = cdr_value_int(p->annual.figures.year);
	uint64_t revision = 0;
	bool same = false;

	CDR_TRY(cdr_query_start(tx, "SELECT revision, bytes FROM annual WHERE member = $1 AND year = $2", CDR_VALUES(member, year), &query));
	err = cdr_query_step(query);
	if (err == CDR_OK) {
		struct cdr_bytes bytes;
		CDR_TRY(cdr_query_count(query, 0, &revision));
		CDR_TRY(cdr_query_blob_peek(query, 1, CDR_ANNUAL_LEN_MAX, &bytes));
		same = bytes.len == p->put->annual.len && memcmp(bytes.data, p->put->annual.data, bytes.len) == 0;
	}
	CDR_TRY(err == CDR_E_ABSENT ? CDR_OK : err);
	cdr_query_end(query);
	query = NULL;
	if (same)
		goto out;
	if (p->annual.revision <= revision) {
		err = cdr_fault_set(p->fault, CDR_E_EXISTS, "revision %llu of this return is here already: a correction is a later revision",
		    (unsigned long long)revision);
		goto out;
	}
	CDR_TRY(cdr_query_run(tx, "DELETE FROM annual WHERE member = $1 AND year = $2", CDR_VALUES(member, year)));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO annual (member, year, revision, bytes, signature, received_at) VALUES ($1, $2, $3, $4, $5, $6)",
	    CDR_VALUES(member, year, cdr_value_int(p->annual.revision), cdr_value_bytes(cdr_message_bytes(p->put->annual)),
		cdr_value_bytes(cdr_message_bytes(p->put->signature)), cdr_value_int((int64_t)p->call->now))));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* see node/hub/annual.h */
unsigned
cdr_hub_year(uint64_t seconds)
{
	time_t at = (time_t)seconds;
	struct tm utc;

	return gmtime_r(&at, &utc) != NULL ? (unsigned)utc.tm_year + 1900 : 0;
}

/* see node/hub/annual.h */
cdr_err
cdr_hub_return_put(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	struct cdr_hub *hub = context;
	struct putting putting = { .call = call, .put = (const Cdr__Wire__AnnualPut *)call->message, .fault = fault };
	struct cdr_bytes bytes = cdr_message_bytes(putting.put->annual);
	cdr_err err = CDR_E_INTERNAL;

	(void)answer;
	err = cdr_annual_verify(bytes, cdr_message_bytes(putting.put->signature), call->party->signing_key.data, hub->genesis);
	if (err == CDR_E_SIGNATURE)
		err = cdr_fault_set(fault, err, "the signature of the annual return does not hold");
	CDR_TRY(err);
	CDR_TRY(cdr_annual_decode(bytes, &putting.annual, fault));
	if (strcmp(putting.annual.member, call->member->id) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "the annual return is another member's");
	if (putting.annual.figures.year > cdr_hub_year(call->now))
		return cdr_fault_set(fault, CDR_E_INPUT, "the year of the annual return has not begun");
	CDR_TRY(cdr_store_write(hub->store, put_job, &putting));
	err = CDR_OK;
out:
	return err;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------------ */

struct reading {
	struct cdr_hub *hub;
	const struct cdr_roster *roster;
	struct cdr_hub_returns *returns;
	size_t room;
	struct cdr_fault *fault;
};

/* The place of a member in the list, which is by id. CDR_E_MEMORY. */
static cdr_err
place(struct reading *r, const char *id, const char *name, struct cdr_hub_return **out)
{
	struct cdr_hub_returns *returns = r->returns;
	size_t at = 0;

	while (at < returns->count && strcmp(returns->list[at].member, id) < 0)
		at++;
	if (at == returns->count || strcmp(returns->list[at].member, id) != 0) {
		if (returns->count == r->room) {
			size_t room = r->room == 0 ? 64 : 2 * r->room;
			struct cdr_hub_return *list = realloc(returns->list, room * sizeof(*list));
			if (list == NULL)
				return CDR_E_MEMORY;
			returns->list = list;
			r->room = room;
		}
		memmove(&returns->list[at + 1], &returns->list[at], (returns->count - at) * sizeof(*returns->list));
		returns->list[at] = (struct cdr_hub_return){ .reported = false };
		(void)strncpy(returns->list[at].member, id, sizeof(returns->list[at].member) - 1);
		(void)strncpy(returns->list[at].name, name, sizeof(returns->list[at].name) - 1);
		returns->count++;
	}
	*out = &returns->list[at];
	return CDR_OK;
}

/* One row: verified again, with the key that the roster has for the member now. */
static cdr_err
read_return(struct reading *r, struct cdr_query *query)
{
	cdr_err err = CDR_E_INTERNAL;
	char member[CDR_SLUG_LEN_MAX + 1];
	struct cdr_bytes bytes, signature;
	struct cdr_hub_return *one;

	CDR_TRY(cdr_query_text(query, 0, member, sizeof(member)));
	CDR_TRY(cdr_query_blob_peek(query, 1, CDR_ANNUAL_LEN_MAX, &bytes));
	CDR_TRY(cdr_query_blob_peek(query, 2, CDR_SIGNATURE_LEN, &signature));
	const Cdr__Wire__Member *entry = cdr_roster_member(r->roster, member);
	if (entry == NULL)
		return CDR_OK; /* it is in no roster any more: nothing can be verified, and nothing is published */
	CDR_TRY(place(r, member, entry->party->name, &one));
	CDR_TRY(cdr_query_count(query, 3, &one->received_at));
	err = cdr_annual_verify(bytes, signature, entry->party->signing_key.data, r->hub->genesis);
	if (err == CDR_OK)
		err = cdr_annual_decode(bytes, &one->annual, r->fault);
	if (err != CDR_OK && err != CDR_E_MEMORY)
		err = cdr_fault_set(r->fault, CDR_E_SIGNATURE, "the return of %s does not hold: it was changed here, or signed with keys that the member has no more; ask "
		    "it to sign and send it again", member);
	CDR_TRY(err);
	one->reported = true;
	r->returns->reported_count++;
	cdr_annual_add(&r->returns->sector, &one->annual.figures);
out:
	return err;
}

static cdr_err
read_job(struct cdr_tx *tx, void *context)
{
	struct reading *r = context;
	struct cdr_query *query = NULL;
	struct cdr_hub_return *one;
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < r->roster->body->n_member && err == CDR_OK; i++)
		if (cdr_roster_member_is_active(r->roster->body->member[i]))
			err = place(r, r->roster->body->member[i]->id, r->roster->body->member[i]->party->name, &one);
	CDR_TRY(err);
	CDR_TRY(cdr_query_start(tx, "SELECT member, bytes, signature, received_at FROM annual WHERE year = $1 ORDER BY member",
	    CDR_VALUES(cdr_value_int(r->returns->year)), &query));
	while ((err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(read_return(r, query));
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* see node/hub/annual.h */
cdr_err
cdr_hub_returns_read(struct cdr_hub *hub, unsigned year, struct cdr_hub_returns *returns, struct cdr_fault *fault)
{
	struct reading reading = { .hub = hub, .returns = returns, .fault = fault };

	*returns = (struct cdr_hub_returns){ .year = year, .sector = { .year = year } };
	reading.roster = cdr_hub_roster_hold(hub);
	if (reading.roster == NULL)
		return cdr_fault_set(fault, CDR_E_STORE, "the roster cannot be read");
	cdr_err err = cdr_store_read(hub->store, read_job, &reading);
	cdr_current_release(hub->current, reading.roster);
	return err;
}

/* see node/hub/annual.h */
void
cdr_hub_returns_free(struct cdr_hub_returns *returns)
{
	free(returns->list);
	*returns = (struct cdr_hub_returns){ 0 };
}
