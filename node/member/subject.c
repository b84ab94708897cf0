#include "node/member/subject.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/api.h"
#include "node/member/cases.h"
#include "node/member/check_letters.h"
#include "node/member/check_life.h"
#include "node/member/count.h"
#include "node/member/epoch.h"
#include "node/member/hold.h"
#include "node/member/query_opening.h"
#include "node/member/inbox_parts.h"
#include "node/member/index_own.h"
#include "node/member/leavers.h"
#include "node/store/scrub.h"

/* Room for one record of any kind. Personal. */
struct holder {
	struct cdr_leaver leaver;
	struct cdr_candidate candidate;
	struct cdr_inbox_request request;
	struct cdr_case the_case;
	struct cdr_comparison comparison;
};

struct search {
	struct cdr_member *member;
	const struct cdr_person *person;   /* NULL: whoever it is about */
	const uint8_t *id;                 /* NULL: any record */
	cdr_subject_callback *callback;
	void *context;
	struct holder *holder;
	bool found;
};

static const char *const kind_names[CDR_SUBJECT_KIND_COUNT] = { "leaver", "check", "request", "case" };

/* see node/member/subject.h */
const char *
cdr_subject_kind_name(enum cdr_subject_kind kind)
{
	return kind_names[kind];
}

/* ---- opening one record ----------------------------------------------------------------------------------------------------- */

static cdr_err
open_leaver(struct search *search, struct cdr_bytes sealed, struct cdr_subject_record *record)
{
	record->leaver = &search->holder->leaver;
	record->person = &search->holder->leaver.person;
	return cdr_leavers_open(search->member, record->id, sealed, &search->holder->leaver);
}

static cdr_err
open_check(struct search *search, struct cdr_bytes sealed, struct cdr_subject_record *record)
{
	struct cdr_buffer plain = { 0 };

	record->candidate = &search->holder->candidate;
	record->person = &search->holder->candidate.person;
	cdr_err err = cdr_seal_open(search->member->home->keys->column, CDR_CHECK_CANDIDATE_PURPOSE,
	    (struct cdr_bytes){ record->id, CDR_ID_LEN }, sealed, &plain);
	if (err == CDR_OK)
		err = cdr_candidate_unpack(cdr_buffer_bytes(&plain), &search->holder->candidate);
	cdr_buffer_free(&plain);
	return err;
}

static cdr_err
open_request(struct search *search, struct cdr_bytes sealed, struct cdr_subject_record *record)
{
	record->person = &search->holder->request.person;
	return cdr_inbox_open_sealed(search->member, record->id, sealed, &search->holder->request, NULL, NULL);
}

static cdr_err
open_case(struct search *search, struct cdr_bytes sealed, struct cdr_subject_record *record)
{
	record->person = &search->holder->the_case.person;
	return cdr_cases_open(search->member, record->id, sealed, &search->holder->the_case);
}

/* Where records stand. The first two columns: id, sealed. */
static const struct {
	const char *sql;
	size_t sealed_max;
	cdr_err (*open)(struct search *search, struct cdr_bytes sealed, struct cdr_subject_record *record);
} kinds[CDR_SUBJECT_KIND_COUNT] = {
	{ "SELECT id, sealed, '' FROM leaver ORDER BY id", CDR_LEAVER_PACK_MAX + CDR_SEAL_OVERHEAD, open_leaver },
	{ "SELECT id, sealed, '' FROM hiring_check WHERE length(sealed) > 0 ORDER BY number", CDR_CANDIDATE_PACK_MAX + CDR_SEAL_OVERHEAD,
	    open_check },
	{ "SELECT request_id, sealed, sender FROM inbox WHERE length(sealed) > 0 ORDER BY number", CDR_INBOX_SEALED_MAX, open_request },
	{ "SELECT id, sealed, '' FROM conduct_case ORDER BY number", CDR_CASE_PACK_MAX + CDR_SEAL_OVERHEAD, open_case },
};

/* Hand out the record if it may be about the person. */
static cdr_err
judge_record(struct search *search, struct cdr_tx *tx, struct cdr_subject_record *record)
{
	struct cdr_compare_query query = { .person = search->person };

	if (search->person != NULL) {
		cdr_err err = cdr_compare(&query, record->person, &search->holder->comparison);
		if (err == CDR_E_INPUT)
			return CDR_OK; /* it has a name that cannot be compared */
		if (err != CDR_OK || search->holder->comparison.verdict != CDR_VERDICT_PLAUSIBLE)
			return err;
		record->comparison = &search->holder->comparison;
	}
	search->found = true;
	cdr_err err = cdr_hold_check(tx, record->id, NULL);
	record->held = err == CDR_E_REFUSED;
	return err == CDR_OK || err == CDR_E_REFUSED ? search->callback(record, search->context) : err;
}

static cdr_err
search_kind(struct search *search, struct cdr_tx *tx, enum cdr_subject_kind kind)
{
	struct cdr_query *query = NULL;
	struct cdr_bytes sealed;

	cdr_err err = cdr_query_start(tx, kinds[kind].sql, CDR_VALUES(), &query);
	while (err == CDR_OK && (err = cdr_query_step(query)) == CDR_OK) {
		struct cdr_subject_record record = { .kind = kind };
		memset(search->holder, 0, sizeof(*search->holder));
		CDR_TRY(cdr_query_blob(query, 0, record.id, sizeof(record.id)));
		if (search->id != NULL && memcmp(search->id, record.id, CDR_ID_LEN) != 0)
			continue;
		CDR_TRY(cdr_query_blob_peek(query, 1, kinds[kind].sealed_max, &sealed));
		CDR_TRY(cdr_query_text(query, 2, record.from, sizeof(record.from)));
		CDR_TRY(kinds[kind].open(search, sealed, &record));
		err = judge_record(search, tx, &record);
	}
out:
	cdr_query_end(query);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static cdr_err
search_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_OK;

	for (enum cdr_subject_kind kind = 0; kind < CDR_SUBJECT_KIND_COUNT && err == CDR_OK; kind++)
		err = search_kind(context, tx, kind);
	return err;
}

static cdr_err
run_search(struct search *search)
{
	search->holder = calloc(1, sizeof(*search->holder));
	if (search->holder == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_store_read(search->member->home->store, search_job, search);
	cdr_wipe(search->holder, sizeof(*search->holder));
	free(search->holder);
	return err;
}

/* see node/member/subject.h */
cdr_err
cdr_subject_find(struct cdr_member *member, const struct cdr_person *person, cdr_subject_callback *callback, void *context)
{
	struct search search = { .member = member, .person = person, .callback = callback, .context = context };
	struct cdr_compare_query self = { .person = person };
	struct cdr_comparison *comparison = calloc(1, sizeof(*comparison));

	if (comparison == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_compare(&self, person, comparison); /* whether it can be compared at all */
	cdr_wipe(comparison, sizeof(*comparison));
	free(comparison);
	return err == CDR_OK ? run_search(&search) : err;
}

/* see node/member/subject.h */
cdr_err
cdr_subject_read(struct cdr_member *member, const uint8_t id[static CDR_ID_LEN], cdr_subject_callback *callback, void *context)
{
	struct search search = { .member = member, .id = id, .callback = callback, .context = context };

	cdr_err err = run_search(&search);
	return err == CDR_OK && !search.found ? CDR_E_ABSENT : err;
}

/* ---- erasing ------------------------------------------------------------------------------------------------------------------ */

struct erasure {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	const uint8_t (*ids)[CDR_ID_LEN];
	size_t count;
	struct cdr_fault *fault;
};

static cdr_err
exists(struct cdr_tx *tx, const char *sql, const uint8_t *id, bool *found)
{
	int64_t count;

	cdr_err err = cdr_query_one_int(tx, sql, CDR_VALUES(cdr_value_blob(id, CDR_ID_LEN)), &count);
	*found = err == CDR_OK && count > 0;
	return err;
}

/* Its rows in what the hub must be able to prove (node/member/index_own.h), under each handle that it has or had. */
static cdr_err
forget_rows(struct cdr_tx *tx, struct cdr_values leaver)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	uint8_t handles[8 * CDR_HANDLE_LEN];
	size_t count = 0;

	CDR_TRY(cdr_query_start(tx, "SELECT handle FROM leaver WHERE id = $1 UNION SELECT handle FROM former_handle WHERE leaver = $1",
	    leaver, &query));
	while (count < sizeof(handles) / CDR_HANDLE_LEN && (err = cdr_query_step(query)) == CDR_OK)
		CDR_TRY(cdr_query_blob(query, 0, handles + count++ * CDR_HANDLE_LEN, CDR_HANDLE_LEN));
	cdr_query_end(query);
	query = NULL;
	err = err == CDR_OK || err == CDR_E_ABSENT ? cdr_index_own_forget(tx, handles, count) : err;
out:
	cdr_query_end(query);
	return err;
}

/* A leaver leaves the register and the index. */
static cdr_err
erase_leaver(struct cdr_tx *tx, const uint8_t *id, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_values values = CDR_VALUES(cdr_value_blob(id, CDR_ID_LEN));

	CDR_TRY(cdr_hold_check(tx, id, fault));
	CDR_TRY(forget_rows(tx, values));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO removal (handle) SELECT handle FROM leaver WHERE id = $1", values));
	CDR_TRY(cdr_query_opening_forget(tx, id));
	CDR_TRY(cdr_epoch_leave(tx, id));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM former_handle WHERE leaver = $1", values));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM leaver WHERE id = $1", values));
	if (cdr_query_changed_count(tx) == 0)
		return CDR_E_ABSENT;
	err = cdr_scrub_want(tx);
out:
	return err;
}

/* Whatever the id names. What was erased before is gone: there is nothing to do, and nothing to count. */
static cdr_err
erase_one(struct cdr_tx *tx, struct erasure *erasure, const uint8_t *id, bool *was_there)
{
	cdr_err err = CDR_E_INTERNAL;
	bool found;

	*was_there = true;
	CDR_TRY(cdr_api_reply_forget(tx, erasure->member, id, NULL));
	CDR_TRY(exists(tx, "SELECT count(*) FROM leaver WHERE id = $1", id, &found));
	if (found)
		return erase_leaver(tx, id, erasure->fault);
	CDR_TRY(exists(tx, "SELECT count(*) FROM hiring_check WHERE id = $1 AND length(sealed) > 0", id, &found));
	if (found)
		return cdr_check_end(tx, erasure->member, erasure->roster, id, "erased", erasure->fault);
	CDR_TRY(exists(tx, "SELECT count(*) FROM inbox WHERE request_id = $1 AND length(sealed) > 0", id, &found));
	if (found)
		return cdr_inbox_erase(tx, erasure->member, id, erasure->fault);
	CDR_TRY(exists(tx, "SELECT count(*) FROM conduct_case WHERE id = $1", id, &found));
	if (!found) {
		*was_there = false;
		CDR_TRY(exists(tx, "SELECT count(*) FROM trail WHERE what = 'subject.erase' AND subject = $1", id, &found));
		return found ? CDR_OK : cdr_fault_set(erasure->fault, CDR_E_ABSENT, "there is no record with that id: see `candor subject access`");
	}
	CDR_TRY(cdr_hold_check(tx, id, erasure->fault));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM conduct_case WHERE id = $1", CDR_VALUES(cdr_value_blob(id, CDR_ID_LEN))));
	err = cdr_scrub_want(tx);
out:
	return err;
}

static cdr_err
erase_job(struct cdr_tx *tx, void *context)
{
	struct erasure *erasure = context;
	cdr_err err = CDR_E_INTERNAL;
	bool was_there, any = false;

	for (size_t i = 0; i < erasure->count; i++) {
		CDR_TRY(erase_one(tx, erasure, erasure->ids[i], &was_there));
		if (was_there)
			CDR_TRY(cdr_trail_add(tx, erasure->member->who, "subject.erase", erasure->ids[i]));
		any = any || was_there;
	}
	if (any)
		CDR_TRY(cdr_count_add(tx, CDR_COUNT_ERASURE, cdr_count_year(cdr_member_now()), 1));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/subject.h */
cdr_err
cdr_subject_erase(struct cdr_member *member, const uint8_t (*ids)[CDR_ID_LEN], size_t count, struct cdr_fault *fault)
{
	struct erasure erasure = { .member = member, .ids = ids, .count = count, .fault = fault };

	erasure.roster = cdr_current_hold(member->current);
	cdr_err err = erasure.roster != NULL ? cdr_store_write(member->home->store, erase_job, &erasure) : cdr_member_joined(member, fault);
	cdr_current_release(member->current, erasure.roster);
	return err;
}
