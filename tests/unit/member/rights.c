#include "tests/unit/member/rights.h"

#include <stdio.h>

#include "node/member/check_life.h"

/* see tests/unit/member/rights.h */

struct cdr_fault fault;
struct cdr_check rights_seen;
size_t rights_found[CDR_SUBJECT_KIND_COUNT];
uint8_t rights_found_id[CDR_SUBJECT_KIND_COUNT][CDR_ID_LEN];

int
rights_setup(void **state)
{
	ahead = 0;
	*state = w_new();
	return 0;
}

void
rights_begin(struct world *w, unsigned watch_days, uint8_t request_id[static CDR_ID_LEN])
{
	struct cdr_candidate c;
	struct cdr_check_outcome outcome;

	w_import_amina(w->member[GREEN], 1);
	w_amina(&c, "R-1");
	w_declare(&c, "green-valley");
	assert_int_equal(cdr_check_add_watched(w->member[BLUE], &c, 1, watch_days, &outcome, &fault), CDR_OK);
	w_carry(w);
	w_request_id(w->member[GREEN], request_id);
}

void
rights_answer(struct world *w, const uint8_t *request_id)
{
	struct cdr_statement s;

	w_no_record(&s);
	assert_int_equal(cdr_inbox_answer(w->member[GREEN], request_id, &s, &fault), CDR_OK);
	w_carry(w);
}

cdr_err
rights_see(const struct cdr_check *check, void *context)
{
	(void)context;
	rights_seen = *check;
	return CDR_OK;
}

cdr_err
rights_note_found(const struct cdr_subject_record *record, void *context)
{
	(void)context;
	rights_found[record->kind]++;
	memcpy(rights_found_id[record->kind], record->id, CDR_ID_LEN);
	assert_string_equal(record->person->family_names, "Otieno");
	return CDR_OK;
}

void
rights_put_case(struct cdr_member *m, const char *status, uint8_t id[static CDR_ID_LEN])
{
	struct cdr_case c = { 0 };

	memset(id, 0, CDR_ID_LEN);
	(void)snprintf(c.employee_number, sizeof(c.employee_number), "E-1");
	(void)snprintf(c.conduct.misconduct_type[0], CDR_CODE_LEN, "sexual_abuse");
	c.conduct.misconduct_type_count = 1;
	(void)snprintf(c.conduct.involved_child, CDR_CODE_LEN, "unknown");
	(void)snprintf(c.conduct.process_status, CDR_CODE_LEN, "%s", status);
	(void)snprintf(c.conduct.sanction[0], CDR_CODE_LEN, "none");
	c.conduct.sanction_count = 1;
	(void)snprintf(c.conduct.referred_to_authorities, CDR_CODE_LEN, "unknown");
	(void)snprintf(c.country, sizeof(c.country), "KEN");
	if (strcmp(status, "ongoing") != 0) {
		c.conduct.concluded = cdr_member_day((int64_t)cdr_member_now());
	}
	assert_int_equal(cdr_cases_put(m, id, &c, &fault), CDR_OK);
	assert_string_equal(c.person.family_names, "Otieno"); /* from the register */
}

void
rights_hold(struct cdr_member *m, const uint8_t *id, cdr_err expected)
{
	struct cdr_hold h = { .who = "Jo Doe", .reason = "A claim in court." };

	memcpy(h.id, id, CDR_ID_LEN);
	assert_int_equal(cdr_hold_set(m, &h, &fault), expected);
}
