#ifndef CDR_TESTS_UNIT_MEMBER_RIGHTS_H
#define CDR_TESTS_UNIT_MEMBER_RIGHTS_H

/* What tests of candidates' rights, of holds and of disputes share. A part of the world of tests/unit/member/world.h. */

#include "node/member/cases.h"
#include "node/member/hold.h"
#include "node/member/subject.h"
#include "tests/unit/ahead.h"
#include "tests/unit/member/world.h"

#define DAY 86400
#define RIGHTS_TEST(name) cmocka_unit_test_setup_teardown(name, rights_setup, w_teardown)

extern struct cdr_fault fault; /* of the last call */

/* A world at the machine's time. */
int rights_setup(void **state);

/* Amina left green a year ago; blue checks her under R-1, green declared, and the request waits there. Then green answers. */
void rights_begin(struct world *w, unsigned watch_days, uint8_t request_id[static CDR_ID_LEN]);
void rights_answer(struct world *w, const uint8_t *request_id);

/* A case about her at ${m}, of that status. */
void rights_put_case(struct cdr_member *m, const char *status, uint8_t id[static CDR_ID_LEN]);

/* Hold what has that id, which must end so. */
void rights_hold(struct cdr_member *m, const uint8_t *id, cdr_err expected);

/* For cdr_check_each: the check that was seen last. */
extern struct cdr_check rights_seen;
cdr_err rights_see(const struct cdr_check *check, void *context);

/* For cdr_subject_find: how many were found of each kind, and which last. */
extern size_t rights_found[CDR_SUBJECT_KIND_COUNT];
extern uint8_t rights_found_id[CDR_SUBJECT_KIND_COUNT][CDR_ID_LEN];
cdr_err rights_note_found(const struct cdr_subject_record *record, void *context);

#endif
