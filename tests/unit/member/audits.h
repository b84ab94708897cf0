#ifndef CDR_TESTS_UNIT_MEMBER_AUDITS_H
#define CDR_TESTS_UNIT_MEMBER_AUDITS_H

/* What tests of a node that checks the log share: acts that enter it, a look, and what somebody who was not there finds in the file. */

#include "audit/evidence.h"
#include "core/record/json.h"
#include "node/member/audit.h"
#include "tests/unit/member/world.h"

#define AUDITS_TEST(name) cmocka_unit_test_setup_teardown(name, audits_setup, audits_teardown)

extern struct cdr_audit audit;       /* of the last look */
extern struct cdr_evidence evidence; /* as it was judged last */

/* A world with a folder in which evidence is written. */
int audits_setup(void **state);
int audits_teardown(void **state);

/* Give the node ${count} receipts: evaluations that enter the log. */
void audits_act(struct world *w, int count);

cdr_err audits_look(struct world *w);

/* What somebody who was not there finds in the file. */
cdr_err audits_judge(struct world *w, json_t *json);

/* The log is found out: of ${kind}, with a file that shows it. */
void audits_assert_found(struct world *w, enum cdr_audit_kind kind);

/* The hub signs a receipt for a leaf at ${place}, whatever stands there, and this node keeps it. */
void audits_forge_receipt(struct world *w, enum cdr_leaf_kind kind, uint64_t place);

#endif
