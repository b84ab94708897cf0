#include "node/member/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/token.h"
#include "node/member/check_letters.h"
#include "node/member/count.h"
#include "node/member/wire.h"

/* ---- opening checks --------------------------------------------------------------------------------------------------- */

struct additions {
	struct cdr_check_addition one;
	struct cdr_candidate *candidates;
	size_t count;
};

/* see node/member/check_letters.h */
cdr_err
cdr_check_reference_digest(const struct cdr_member *member, const char *reference, uint8_t out[static CDR_SHA256_LEN])
{
	return cdr_member_digest(member, "check.reference",
	    (struct cdr_bytes){ (const uint8_t *)reference, strlen(reference) }, out);
}

/* Every declared employer is a member that can be asked. */
static cdr_err
check_declared(const struct cdr_check_addition *addition, const struct cdr_candidate *candidate)
{
	const char *reference = candidate->reference, *colon = reference[0] != '\0' ? ": " : "";

	for (size_t i = 0; i < candidate->declared_count; i++) {
		const char *id = candidate->declared_employers[i];
		const Cdr__Wire__Member *entry = cdr_roster_member(addition->roster, id);
		if (strcmp(id, addition->member->id) == 0)
			return cdr_fault_set(addition->fault, CDR_E_REFUSED,
			    "%s%sdeclared_employers: %s is this organisation: look into your own files for it", reference, colon, id);
		if (entry == NULL || !cdr_roster_member_is_active(entry))
			return cdr_fault_set(addition->fault, CDR_E_ABSENT,
			    "%s%sdeclared_employers: %s is no active member of the exchange; `candor members` lists them", reference, colon,
			    id);
	}
	return CDR_OK;
}

/* Text that cannot be normalised is refused now, while somebody is there to correct it. */
static cdr_err
check_names(const struct cdr_candidate *candidate, struct cdr_fault *fault)
{
	struct cdr_scheme scheme;
	struct cdr_token_set *set = malloc(sizeof(*set));

	if (set == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_scheme_current(1, &scheme);
	if (err == CDR_OK)
		err = cdr_token_derive(&candidate->person, &scheme, set, fault);
	cdr_wipe(set, sizeof(*set));
	free(set);
	return err;
}

/* see node/member/check_letters.h */
cdr_err
cdr_check_judge(const struct cdr_check_addition *addition, const struct cdr_candidate *candidate)
{
	cdr_err err = check_declared(addition, candidate);

	return err == CDR_OK ? check_names(candidate, addition->fault) : err;
}

/* The reference that a candidate without one got when its check was opened; CDR_E_ABSENT if there is no such check. */
static cdr_err
find_reference(const struct cdr_check_addition *addition, struct cdr_tx *tx, struct cdr_candidate *candidate, const uint8_t *digest)
{
	uint8_t id[CDR_ID_LEN];
	struct cdr_candidate *known = malloc(sizeof(*known));

	if (known == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_query_one_blob(tx, "SELECT id FROM hiring_check WHERE digest = $1",
	    CDR_VALUES(cdr_value_blob(digest, CDR_SHA256_LEN)), id, sizeof(id));
	if (err == CDR_OK)
		err = cdr_check_open_candidate(tx, addition->member, id, known);
	if (err == CDR_OK)
		memcpy(candidate->reference, known->reference, sizeof(candidate->reference));
	cdr_wipe(known, sizeof(*known));
	free(known);
	return err;
}

/* Whether the candidate is there already: with the same content (CDR_OK), not (CDR_E_ABSENT), with another (CDR_E_EXISTS). */
static cdr_err
find_check(const struct cdr_check_addition *addition, struct cdr_tx *tx, struct cdr_candidate *candidate, const uint8_t *digest)
{
	uint8_t reference_digest[CDR_SHA256_LEN], known[CDR_SHA256_LEN];

	if (candidate->reference[0] == '\0')
		return find_reference(addition, tx, candidate, digest);
	cdr_err err = cdr_check_reference_digest(addition->member, candidate->reference, reference_digest);
	if (err == CDR_OK)
		err = cdr_query_one_blob(tx, "SELECT digest FROM hiring_check WHERE reference_digest = $1",
		    CDR_VALUES(cdr_value_blob(reference_digest, sizeof(reference_digest))), known, sizeof(known));
	if (err == CDR_OK && memcmp(known, digest, sizeof(known)) != 0)
		return cdr_fault_set(addition->fault, CDR_E_EXISTS,
		    "reference %s: there is a check with this reference and other details. Give the new one a reference of its "
		    "own",
		    candidate->reference);
	return err;
}

/* A reference of our own, which nobody has used: "C-000017". It carries the number of the check, or a later one. */
static cdr_err
give_reference(const struct cdr_member *member, struct cdr_tx *tx, struct cdr_candidate *candidate, uint64_t *number)
{
	uint8_t digest[CDR_SHA256_LEN];
	int64_t used = 1;
	cdr_err err = CDR_E_INTERNAL;

	while (used > 0) {
		CDR_TRY(cdr_setting_next(tx, "check", number));
		(void)snprintf(candidate->reference, sizeof(candidate->reference), "C-%06" PRIu64, *number);
		CDR_TRY(cdr_check_reference_digest(member, candidate->reference, digest));
		CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM hiring_check WHERE reference_digest = $1",
		    CDR_VALUES(cdr_value_blob(digest, sizeof(digest))), &used));
	}
	err = CDR_OK;
out:
	return err;
}

/* The row of a check, with the candidate sealed. */
static cdr_err
insert_check(struct cdr_check_addition *addition, struct cdr_tx *tx, struct cdr_candidate *candidate, const uint8_t *digest,
    uint8_t id[static CDR_ID_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t packed[CDR_CANDIDATE_PACK_MAX], reference_digest[CDR_SHA256_LEN];
	size_t len = 0;
	uint64_t number;
	struct cdr_buffer sealed = { 0 };

	if (candidate->reference[0] == '\0')
		CDR_TRY(give_reference(addition->member, tx, candidate, &number));
	else
		CDR_TRY(cdr_setting_next(tx, "check", &number));
	CDR_TRY(cdr_check_reference_digest(addition->member, candidate->reference, reference_digest));
	CDR_TRY(cdr_random(id, CDR_ID_LEN));
	CDR_TRY(cdr_candidate_pack(candidate, packed, &len));
	CDR_TRY(cdr_seal(addition->member->home->keys->column, CDR_CHECK_CANDIDATE_PURPOSE, (struct cdr_bytes){ id, CDR_ID_LEN },
	    (struct cdr_bytes){ packed, len }, &sealed));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO hiring_check (id, number, reference_digest, digest, sealed, state, epoch, people, made_at, due_at, watch_until)"
	    " VALUES ($1, $2, $3, $4, $5, $9, 0, 0, $6, $7, $8)",
	    CDR_VALUES(cdr_value_blob(id, CDR_ID_LEN), cdr_value_int((int64_t)number),
		cdr_value_blob(reference_digest, sizeof(reference_digest)), cdr_value_blob(digest, CDR_SHA256_LEN),
		cdr_value_bytes(cdr_buffer_bytes(&sealed)), cdr_value_int((int64_t)addition->now),
		cdr_value_int((int64_t)cdr_check_due(addition->roster)),
		cdr_value_int((int64_t)addition->watch_until), cdr_value_text(addition->draft ? "draft" : "waiting"))));
	err = CDR_OK;
out:
	cdr_wipe(packed, sizeof(packed));
	cdr_buffer_free(&sealed);
	return err;
}

/* A declared employer is asked at once: no match is needed for it. */
static cdr_err
ask_declared(struct cdr_check_addition *addition, struct cdr_tx *tx, struct cdr_candidate *candidate, const uint8_t *check_id,
    const char *employer)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t request_id[CDR_ID_LEN];

	CDR_TRY(cdr_random(request_id, sizeof(request_id)));
	struct cdr_check_asked asked = {
		.member = addition->member,
		.roster = addition->roster,
		.candidate = candidate,
		.check_id = check_id,
		.employer = employer,
		.request_id = request_id,
		.declared = true,
	};
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO employer (check_id, member, request_id, declared, tier, lambda_ppb, types, handles,"
	    " stage, status, result, statement, asked_at, due_at, answered_at)"
	    " VALUES ($1, $2, $3, 1, '', 0, 0, $4, 'request', 'queued', '', NULL, 0, 0, 0)",
	    CDR_VALUES(cdr_value_blob(check_id, CDR_ID_LEN), cdr_value_text(employer),
		cdr_value_blob(request_id, sizeof(request_id)), cdr_value_blob("", 0))));
	CDR_TRY(cdr_check_ask(tx, &asked, addition->fault));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/check_letters.h */
cdr_err
cdr_check_ask_declared(struct cdr_tx *tx, struct cdr_check_addition *addition, struct cdr_candidate *candidate,
    const uint8_t check_id[static CDR_ID_LEN])
{
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < candidate->declared_count && err == CDR_OK; i++)
		err = ask_declared(addition, tx, candidate, check_id, candidate->declared_employers[i]);
	return err;
}

/* see node/member/check_letters.h */
cdr_err
cdr_check_add_one(struct cdr_tx *tx, struct cdr_check_addition *addition, struct cdr_candidate *candidate)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t packed[CDR_CANDIDATE_PACK_MAX], digest[CDR_SHA256_LEN], id[CDR_ID_LEN];
	size_t len = 0;

	CDR_TRY(cdr_candidate_pack(candidate, packed, &len));
	struct cdr_bytes content = { packed, len };
	CDR_TRY(cdr_member_digest(addition->member, "check.content", content, digest));
	err = find_check(addition, tx, candidate, digest);
	if (err == CDR_OK) {
		addition->outcome->unchanged++;
		goto out;
	}
	if (err != CDR_E_ABSENT)
		goto out;
	CDR_TRY(insert_check(addition, tx, candidate, digest, id));
	if (!addition->draft)
		CDR_TRY(cdr_check_ask_declared(tx, addition, candidate, id));
	CDR_TRY(cdr_trail_add(tx, addition->member->who, addition->draft ? "check.draft" : "check.open", id));
	addition->outcome->added++;
	err = CDR_OK;
out:
	cdr_wipe(packed, sizeof(packed));
	return err;
}

static cdr_err
add_all(struct cdr_tx *tx, void *context)
{
	struct additions *additions = context;
	cdr_err err = CDR_OK;

	*additions->one.outcome = (struct cdr_check_outcome){ 0 };
	for (size_t i = 0; i < additions->count && err == CDR_OK; i++)
		err = cdr_check_add_one(tx, &additions->one, &additions->candidates[i]);
	return err;
}

/* see node/member/check.h */
cdr_err
cdr_check_add(struct cdr_member *member, struct cdr_candidate *candidates, size_t count,
    struct cdr_check_outcome *outcome, struct cdr_fault *fault)
{
	return cdr_check_add_watched(member, candidates, count, 0, outcome, fault);
}

/* see node/member/check.h */
cdr_err
cdr_check_add_watched(struct cdr_member *member, struct cdr_candidate *candidates, size_t count, unsigned watch_days,
    struct cdr_check_outcome *outcome, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct additions additions = {
		.one = { .member = member, .now = cdr_member_now(), .outcome = outcome, .fault = fault },
		.candidates = candidates, .count = count
	};

	*outcome = (struct cdr_check_outcome){ 0 };
	CDR_TRY(cdr_member_joined(member, fault));
	additions.one.roster = cdr_current_hold(member->current);
	additions.one.watch_until = watch_days > 0 ? additions.one.now + watch_days * UINT64_C(86400) : 0;
	for (size_t i = 0; i < count; i++)
		CDR_TRY(cdr_check_judge(&additions.one, &candidates[i]));
	CDR_TRY(cdr_store_write(member->home->store, add_all, &additions));
	err = CDR_OK;
out:
	cdr_current_release(member->current, additions.one.roster);
	return err;
}

/* ---- looking at them ----------------------------------------------------------------------------------------------------- */

struct listing {
	struct cdr_member *member;
	const char *reference;
	cdr_check_callback *callback;
	void *context;
	bool found;
};

/* An employer is shown once it was declared or found the match plausible. */
static cdr_err
read_employers(struct cdr_tx *tx, struct cdr_check *check)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	int64_t declared, types;

	CDR_TRY(cdr_query_start(tx,
	    "SELECT member, request_id, declared, tier, lambda_ppb, types, status, result, asked_at, due_at, answered_at, heard_at,"
	    " (SELECT count(*) FROM earlier_statement WHERE earlier_statement.request_id = employer.request_id)"
	    " FROM employer WHERE check_id = $1 AND stage IN ('request', 'withdrawn') ORDER BY member",
	    CDR_VALUES(cdr_value_blob(check->id, sizeof(check->id))), &query));
	while ((err = cdr_query_step(query)) == CDR_OK && check->employer_count < CDR_CHECK_EMPLOYERS_MAX) {
		struct cdr_check_employer *e = &check->employer[check->employer_count];
		CDR_TRY(cdr_query_text(query, 0, e->member, sizeof(e->member)));
		CDR_TRY(cdr_query_blob(query, 1, e->request_id, sizeof(e->request_id)));
		CDR_TRY(cdr_query_int(query, 2, &declared));
		CDR_TRY(cdr_query_text(query, 3, e->tier, sizeof(e->tier)));
		CDR_TRY(cdr_query_count(query, 4, &e->lambda_ppb));
		CDR_TRY(cdr_query_int(query, 5, &types));
		CDR_TRY(cdr_query_text(query, 6, e->status, sizeof(e->status)));
		CDR_TRY(cdr_query_text(query, 7, e->result, sizeof(e->result)));
		CDR_TRY(cdr_query_count(query, 8, &e->asked_at));
		CDR_TRY(cdr_query_count(query, 9, &e->due_at));
		CDR_TRY(cdr_query_count(query, 10, &e->answered_at));
		CDR_TRY(cdr_query_count(query, 11, &e->heard_at));
		CDR_TRY(cdr_query_count(query, 12, &e->superseded_count));
		e->declared = declared != 0;
		e->types = (uint32_t)types;
		/* Past its time, no answer is a result too; one that still comes takes its place. */
		if (e->result[0] == '\0' && e->due_at > 0 && e->due_at <= cdr_member_now())
			(void)snprintf(e->result, sizeof(e->result), "%s", cdr_statement_result(NULL, NULL));
		check->employer_count++;
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* What was wrong with the hub's answer, if anything. */
static cdr_err
read_doubt(struct cdr_tx *tx, struct cdr_check *check)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	int64_t settled;

	CDR_TRY(cdr_query_start(tx, "SELECT what, at, settled FROM check_doubt WHERE check_id = $1",
	    CDR_VALUES(cdr_value_blob(check->id, sizeof(check->id))), &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT) {
		err = CDR_OK;
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	CDR_TRY(cdr_query_text(query, 0, check->doubt, sizeof(check->doubt)));
	CDR_TRY(cdr_query_count(query, 1, &check->doubted_at));
	CDR_TRY(cdr_query_int(query, 2, &settled));
	check->doubt_settled = settled == 1;
	check->doubt_partial = settled == 2 || settled == 3;
	check->doubt_old = settled == 3;
out:
	cdr_query_end(query);
	return err;
}

/* The row of the outer query, with its candidate and employers. */
static cdr_err
read_check(struct listing *listing, struct cdr_tx *tx, struct cdr_query *query, struct cdr_check *check)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t number;

	memset(check, 0, sizeof(*check));
	CDR_TRY(cdr_query_blob(query, 0, check->id, sizeof(check->id)));
	CDR_TRY(cdr_query_text(query, 1, check->state, sizeof(check->state)));
	CDR_TRY(cdr_query_count(query, 2, &check->people));
	CDR_TRY(cdr_query_count(query, 3, &check->made_at));
	CDR_TRY(cdr_query_count(query, 4, &check->due_at));
	CDR_TRY(cdr_query_text(query, 5, check->outcome, sizeof(check->outcome)));
	CDR_TRY(cdr_query_count(query, 6, &check->watch_until));
	CDR_TRY(cdr_query_count(query, 7, &number));
	if (strcmp(check->state, "withdrawn") == 0 || strcmp(check->state, "erased") == 0) /* nobody is in it any more */
		(void)snprintf(check->candidate.reference, sizeof(check->candidate.reference), "%s-%06" PRIu64, check->state, number);
	else
		CDR_TRY(cdr_check_open_candidate(tx, listing->member, check->id, &check->candidate));
	CDR_TRY(read_employers(tx, check));
	CDR_TRY(read_doubt(tx, check));
	err = CDR_OK;
out:
	return err;
}

static cdr_err
list_checks(struct cdr_tx *tx, void *context)
{
	struct listing *listing = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	uint8_t digest[CDR_SHA256_LEN] = { 0 };
	struct cdr_check *check = malloc(sizeof(*check));

	if (check == NULL)
		return CDR_E_MEMORY;
	if (listing->reference != NULL)
		CDR_TRY(cdr_check_reference_digest(listing->member, listing->reference, digest));
	CDR_TRY(cdr_query_start(tx,
	    "SELECT id, state, people, made_at, due_at, outcome, watch_until, number FROM hiring_check WHERE $1 = 0 OR reference_digest = $2 ORDER BY number",
	    CDR_VALUES(cdr_value_int(listing->reference != NULL), cdr_value_blob(digest, sizeof(digest))), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		listing->found = true;
		CDR_TRY(read_check(listing, tx, query, check));
		CDR_TRY(listing->callback(check, listing->context));
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	cdr_wipe(check, sizeof(*check));
	free(check);
	return err;
}

/* see node/member/check.h */
cdr_err
cdr_check_each(struct cdr_member *member, const char *reference, cdr_check_callback *callback, void *context)
{
	struct listing listing = { member, reference, callback, context, false };

	cdr_err err = cdr_store_read(member->home->store, list_checks, &listing);
	return err == CDR_OK && reference != NULL && !listing.found ? CDR_E_ABSENT : err;
}
