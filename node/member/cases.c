#include "node/member/cases.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/crypto/secret.h"
#include "node/member/hold.h"
#include "node/member/leavers.h"
#include "node/store/scrub.h"
#include "node/store/seal.h"

#define PURPOSE "case"
#define LIMITS_SETTING "legal_limits"
#define OF_ONE_MAX 32 /* cases of one leaver */

/* ---- legal limits ----------------------------------------------------------------------------------------------------------- */

static cdr_err
read_limits_job(struct cdr_tx *tx, void *context)
{
	struct cdr_buffer *json = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx, "SELECT value FROM setting WHERE name = $1", CDR_VALUES(cdr_value_text(LIMITS_SETTING)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_copy(query, 0, CDR_LEGAL_LIMITS_MAX, json));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/member/cases.h */
cdr_err
cdr_cases_limits(struct cdr_member *member, struct cdr_legal_limits **limits, struct cdr_fault *fault)
{
	struct cdr_buffer json = { 0 };

	*limits = NULL;
	cdr_err err = cdr_store_read(member->home->store, read_limits_job, &json);
	if (err == CDR_OK)
		err = cdr_legal_limits_new(cdr_buffer_bytes(&json), limits, fault);
	cdr_buffer_free(&json);
	return err;
}

/* Seconds at the beginning of a day. */
static int64_t
seconds_of(const struct cdr_date *day)
{
	struct tm tm = { .tm_year = day->year - 1900, .tm_mon = day->month - 1, .tm_mday = day->day };

	return timegm(&tm);
}

static int64_t
erase_at(const struct cdr_member *member, const struct cdr_legal_limits *limits, const struct cdr_case *c)
{
	struct cdr_date day;

	return cdr_case_erase_on(c, limits, member->codebook, &day) ? seconds_of(&day) : 0;
}

/* ---- one case ----------------------------------------------------------------------------------------------------------------- */

/* see node/member/cases.h */
cdr_err
cdr_cases_open(const struct cdr_member *member, const uint8_t id[static CDR_ID_LEN], struct cdr_bytes sealed, struct cdr_case *c)
{
	struct cdr_buffer plain = { 0 };

	memset(c, 0, sizeof(*c));
	cdr_err err = cdr_seal_open(member->home->keys->column, PURPOSE, (struct cdr_bytes){ id, CDR_ID_LEN }, sealed, &plain);
	if (err == CDR_OK)
		err = cdr_case_unpack(cdr_buffer_bytes(&plain), c);
	cdr_buffer_free(&plain);
	return err == CDR_OK || err == CDR_E_MEMORY ? err : CDR_E_STORE;
}

/* What finds the cases of an employee number without the number. Empty for none: such a case is its leaver's alone. */
static cdr_err
digest_employee(const struct cdr_member *member, const char *number, uint8_t digest[static CDR_SHA256_LEN], size_t *len)
{
	*len = number[0] != '\0' ? CDR_SHA256_LEN : 0;
	if (*len == 0)
		return CDR_OK;
	return cdr_member_digest(member, "case.employee", (struct cdr_bytes){ (const uint8_t *)number, strlen(number) }, digest);
}

struct putting {
	struct cdr_member *member;
	uint8_t *id;
	struct cdr_case *the_case;
	const struct cdr_legal_limits *limits;
	struct cdr_fault *fault;
};

/* The person of the register who has that employee number. */
static cdr_err
find_person(struct cdr_tx *tx, struct putting *putting)
{
	struct cdr_query *query = NULL;
	uint8_t id[CDR_ID_LEN];
	struct cdr_bytes sealed;
	struct cdr_leaver leaver = { 0 };
	bool found = false;

	cdr_err err = cdr_query_start(tx, "SELECT id, sealed FROM leaver ORDER BY id", CDR_VALUES(), &query);
	while (err == CDR_OK && !found && (err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob(query, 0, id, sizeof(id)));
		CDR_TRY(cdr_query_blob_peek(query, 1, CDR_LEAVER_PACK_MAX + CDR_SEAL_OVERHEAD, &sealed));
		CDR_TRY(cdr_leavers_open(putting->member, id, sealed, &leaver));
		found = strcmp(leaver.employee_number, putting->the_case->employee_number) == 0;
	}
	if (found)
		putting->the_case->person = leaver.person;
out:
	cdr_query_end(query);
	cdr_wipe(&leaver, sizeof(leaver));
	return err == CDR_E_ABSENT ? cdr_fault_set(putting->fault, err, "nobody in the register has that employee number: give names and "
	    "date_of_birth too, or import the leavers first") : err;
}

/* Whose case it is. */
static cdr_err
check_person(struct cdr_tx *tx, struct putting *putting)
{
	struct cdr_case *c = putting->the_case;
	bool named = c->person.given_names[0] != '\0' || c->person.family_names[0] != '\0';

	if (c->employee_number[0] == '\0')
		return cdr_fault_set(putting->fault, CDR_E_INPUT, "whose case is it? Give employee_number in --file, as the register of leavers has it");
	return named ? CDR_OK : find_person(tx, putting);
}

static cdr_err
put_job(struct cdr_tx *tx, void *context)
{
	struct putting *putting = context;
	cdr_err err = CDR_E_INTERNAL;
	uint8_t packed[CDR_CASE_PACK_MAX], digest[CDR_SHA256_LEN];
	size_t len = 0, digest_len;
	uint64_t number;
	int64_t now = (int64_t)cdr_member_now(), known = 0;
	struct cdr_buffer sealed = { 0 };
	static const uint8_t none[CDR_ID_LEN];
	bool is_new = memcmp(putting->id, none, CDR_ID_LEN) == 0;

	CDR_TRY(check_person(tx, putting));
	if (is_new)
		CDR_TRY(cdr_random(putting->id, CDR_ID_LEN));
	struct cdr_value id = cdr_value_blob(putting->id, CDR_ID_LEN);
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM conduct_case WHERE id = $1", CDR_VALUES(id), &known));
	if (!is_new && known == 0) {
		err = cdr_fault_set(putting->fault, CDR_E_ABSENT, "there is no case with that id: see `candor case list`");
		goto out;
	}
	if (!is_new)
		CDR_TRY(cdr_hold_check(tx, putting->id, putting->fault)); /* what it says now is what is held */
	CDR_TRY(cdr_case_pack(putting->the_case, packed, &len));
	CDR_TRY(digest_employee(putting->member, putting->the_case->employee_number, digest, &digest_len));
	CDR_TRY(cdr_seal(putting->member->home->keys->column, PURPOSE, (struct cdr_bytes){ putting->id, CDR_ID_LEN },
	    (struct cdr_bytes){ packed, len }, &sealed));
	struct cdr_value erase = cdr_value_int(erase_at(putting->member, putting->limits, putting->the_case));
	struct cdr_value employee = cdr_value_blob(digest, digest_len), content = cdr_value_bytes(cdr_buffer_bytes(&sealed));
	if (!is_new) {
		CDR_TRY(cdr_query_run(tx, "UPDATE conduct_case SET employee = $1, sealed = $2, erase_at = $3, changed_at = $4 WHERE id = $5",
		    CDR_VALUES(employee, content, erase, cdr_value_int(now), id)));
		CDR_TRY(cdr_scrub_want(tx));
	} else {
		CDR_TRY(cdr_setting_next(tx, "case", &number));
		CDR_TRY(cdr_query_run(tx,
		    "INSERT INTO conduct_case (id, number, employee, leaver, sealed, erase_at, made_at, changed_at)"
		    " VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
		    CDR_VALUES(id, cdr_value_int((int64_t)number), employee, cdr_value_blob("", 0), content, erase, cdr_value_int(now))));
	}
	CDR_TRY(cdr_trail_add(tx, putting->member->who, is_new ? "case.add" : "case.edit", putting->id));
	err = CDR_OK;
out:
	cdr_wipe(packed, sizeof(packed));
	cdr_buffer_free(&sealed);
	return err;
}

/* see node/member/cases.h */
cdr_err
cdr_cases_put(struct cdr_member *member, uint8_t id[static CDR_ID_LEN], struct cdr_case *the_case, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_record_rules rules;
	struct cdr_legal_limits *limits = NULL;
	struct putting putting = { .member = member, .id = id, .the_case = the_case, .fault = fault };

	cdr_member_rules(member, &rules);
	CDR_TRY(cdr_case_validate(the_case, &rules, fault));
	CDR_TRY(cdr_cases_limits(member, &limits, fault));
	putting.limits = limits;
	CDR_TRY(cdr_store_write(member->home->store, put_job, &putting));
	err = CDR_OK;
out:
	cdr_legal_limits_free(limits);
	return err;
}

/* ---- reading them --------------------------------------------------------------------------------------------------------------- */

struct listing {
	struct cdr_member *member;
	const uint8_t *id;
	cdr_cases_callback *callback;
	void *context;
	bool found;
};

static cdr_err
list_job(struct cdr_tx *tx, void *context)
{
	struct listing *listing = context;
	struct cdr_query *query = NULL;
	uint8_t id[CDR_ID_LEN];
	uint64_t erase;
	struct cdr_bytes sealed;
	struct cdr_case *the_case = calloc(1, sizeof(*the_case));

	if (the_case == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_query_start(tx, "SELECT id, sealed, erase_at FROM conduct_case ORDER BY number", CDR_VALUES(), &query);
	while (err == CDR_OK && (err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob(query, 0, id, sizeof(id)));
		if (listing->id != NULL && memcmp(listing->id, id, CDR_ID_LEN) != 0)
			continue;
		listing->found = true;
		CDR_TRY(cdr_query_blob_peek(query, 1, CDR_CASE_PACK_MAX + CDR_SEAL_OVERHEAD, &sealed));
		CDR_TRY(cdr_query_count(query, 2, &erase));
		CDR_TRY(cdr_cases_open(listing->member, id, sealed, the_case));
		err = listing->callback(id, the_case, erase, listing->context);
	}
out:
	cdr_query_end(query);
	cdr_wipe(the_case, sizeof(*the_case));
	free(the_case);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/member/cases.h */
cdr_err
cdr_cases_each(struct cdr_member *member, const uint8_t *id, cdr_cases_callback *callback, void *context)
{
	struct listing listing = { member, id, callback, context, false };

	cdr_err err = cdr_store_read(member->home->store, list_job, &listing);
	return err == CDR_OK && id != NULL && !listing.found ? CDR_E_ABSENT : err;
}

/* ---- the table is replaced -------------------------------------------------------------------------------------------------------- */

struct loading {
	struct cdr_member *member;
	struct cdr_bytes json;
	const struct cdr_legal_limits *limits;
};

/* When each case goes follows from the table. */
static cdr_err
retime_cases(struct cdr_tx *tx, const struct loading *loading)
{
	struct cdr_query *query = NULL;
	uint8_t id[CDR_ID_LEN];
	struct cdr_bytes sealed;
	struct cdr_case *the_case = calloc(1, sizeof(*the_case));

	if (the_case == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_query_start(tx, "SELECT id, sealed FROM conduct_case ORDER BY id", CDR_VALUES(), &query);
	while (err == CDR_OK && (err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob(query, 0, id, sizeof(id)));
		CDR_TRY(cdr_query_blob_peek(query, 1, CDR_CASE_PACK_MAX + CDR_SEAL_OVERHEAD, &sealed));
		CDR_TRY(cdr_cases_open(loading->member, id, sealed, the_case));
		err = cdr_query_run(tx, "UPDATE conduct_case SET erase_at = $1 WHERE id = $2",
		    CDR_VALUES(cdr_value_int(erase_at(loading->member, loading->limits, the_case)), cdr_value_blob(id, CDR_ID_LEN)));
	}
out:
	cdr_query_end(query);
	cdr_wipe(the_case, sizeof(*the_case));
	free(the_case);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static cdr_err
load_job(struct cdr_tx *tx, void *context)
{
	const struct loading *loading = context;
	cdr_err err = CDR_E_INTERNAL;

	if (loading->json.data == NULL)
		CDR_TRY(cdr_query_run(tx, "DELETE FROM setting WHERE name = $1", CDR_VALUES(cdr_value_text(LIMITS_SETTING))));
	else
		CDR_TRY(cdr_setting_put(tx, LIMITS_SETTING, loading->json.data, loading->json.len));
	CDR_TRY(retime_cases(tx, loading));
	CDR_TRY(cdr_trail_add(tx, loading->member->who, "case.limits", NULL));
	err = CDR_OK;
out:
	return err;
}

/* Every reason that the table gives can stand in a statement. */
static cdr_err
check_reasons(const struct cdr_member *member, const struct cdr_legal_limits *limits, struct cdr_fault *fault)
{
	static const char *const whats[] = { "finding", "ongoing", "left", "summary", "referral" };
	const char *country;
	cdr_err err = CDR_OK;

	for (size_t at = 0; (country = cdr_legal_limits_country_peek(limits, at)) != NULL; at++)
		for (size_t i = 0; i < 5 && err == CDR_OK; i++) {
			const char *reason = cdr_legal_limits_reason_peek(limits, country, whats[i]);
			if (reason != NULL)
				err = cdr_codebook_check(member->codebook, "legal_limit_reason", reason, fault);
		}
	return err;
}

/* see node/member/cases.h */
cdr_err
cdr_cases_load_limits(struct cdr_member *member, struct cdr_bytes json, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_legal_limits *limits = NULL;

	CDR_TRY(cdr_legal_limits_new(json, &limits, fault));
	CDR_TRY(check_reasons(member, limits, fault));
	struct loading loading = { member, json, limits };
	CDR_TRY(cdr_store_write(member->home->store, load_job, &loading));
	err = CDR_OK;
out:
	cdr_legal_limits_free(limits);
	return err;
}

/* ---- drafting --------------------------------------------------------------------------------------------------------------------- */

struct gathering {
	const struct cdr_member *member;
	uint8_t digest[CDR_SHA256_LEN];
	struct cdr_case *cases[OF_ONE_MAX]; /* personal; owned */
	size_t count;
};

static cdr_err
gather_job(struct cdr_tx *tx, void *context)
{
	struct gathering *gathering = context;
	struct cdr_query *query = NULL;
	uint8_t id[CDR_ID_LEN];
	struct cdr_bytes sealed;

	cdr_err err = cdr_query_start(tx, "SELECT id, sealed FROM conduct_case WHERE employee = $1 ORDER BY number",
	    CDR_VALUES(cdr_value_blob(gathering->digest, CDR_SHA256_LEN)), &query);
	while (err == CDR_OK && (err = cdr_query_step(query)) == CDR_OK) {
		if (gathering->count == OF_ONE_MAX) {
			err = CDR_E_RANGE;
			break;
		}
		struct cdr_case *c = calloc(1, sizeof(*c));
		if (c == NULL) {
			err = CDR_E_MEMORY;
			break;
		}
		gathering->cases[gathering->count++] = c;
		CDR_TRY(cdr_query_blob(query, 0, id, sizeof(id)));
		CDR_TRY(cdr_query_blob_peek(query, 1, CDR_CASE_PACK_MAX + CDR_SEAL_OVERHEAD, &sealed));
		err = cdr_cases_open(gathering->member, id, sealed, c);
	}
out:
	cdr_query_end(query);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/member/cases.h */
cdr_err
cdr_cases_draft(struct cdr_member *member, const struct cdr_inbox_request *request, size_t at, struct cdr_statement *statement,
    size_t *count, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	size_t len = 0;
	struct cdr_record_rules rules;
	struct cdr_legal_limits *limits = NULL;
	struct gathering gathering = { .member = member };

	*count = 0;
	if (at < request->leaver_count)
		CDR_TRY(digest_employee(member, request->candidate[at].leaver.employee_number, gathering.digest, &len));
	if (len > 0)
		CDR_TRY(cdr_store_read(member->home->store, gather_job, &gathering));
	CDR_TRY(cdr_cases_limits(member, &limits, fault));
	cdr_member_rules(member, &rules);
	CDR_TRY(cdr_case_draft((const struct cdr_case *const *)gathering.cases, gathering.count, limits, &rules, statement, fault));
	*count = gathering.count;
	err = CDR_OK;
out:
	for (size_t i = 0; i < gathering.count; i++) {
		cdr_wipe(gathering.cases[i], sizeof(*gathering.cases[i]));
		free(gathering.cases[i]);
	}
	cdr_legal_limits_free(limits);
	return err;
}

/* see node/member/cases.h */
cdr_err
cdr_cases_contradict(struct cdr_member *member, const struct cdr_inbox_request *request, size_t at,
    const struct cdr_statement *s, struct cdr_fault *fault)
{
	size_t count;
	struct cdr_statement *draft = calloc(1, sizeof(*draft));

	if (draft == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_cases_draft(member, request, at, draft, &count, fault);
	const char *const said[] = { s->finding, s->ongoing_now, s->left_during };
	const char *const held[] = { draft->finding, draft->ongoing_now, draft->left_during };
	static const char *const names[] = { "finding", "ongoing_now", "left_during" };
	for (size_t i = 0; i < 3 && err == CDR_OK; i++)
		if (cdr_codebook_means(member->codebook, "answer", said[i], "no_record") &&
		    !cdr_codebook_means(member->codebook, "answer", held[i], "no_record"))
			err = cdr_fault_set(fault, CDR_E_REFUSED, "%s: the register of cases says otherwise. See `candor inbox answer REQUEST --draft`; "
			    "if the register is wrong, correct it with `candor case edit`", names[i]);
	cdr_wipe(draft, sizeof(*draft));
	free(draft);
	return err;
}
