#ifndef CDR_TESTS_UNIT_MEMBER_WORLD_LOOK_H
#define CDR_TESTS_UNIT_MEMBER_WORLD_LOOK_H

/* Looking into a member's database, and into what was logged. A part of tests/unit/member/world.h. */

#include "tests/unit/member/world.h"

/* The number that ${sql} gives; the text (until the next call); a change that it makes. */
int64_t w_count(struct cdr_member *member, const char *sql);
const char *w_text(struct cdr_member *member, const char *sql);
void w_run(struct cdr_member *member, const char *sql);

/* Another process of a member's node that holds its database, from w_hold to w_let_go. */
void w_hold(struct world *w, size_t at);
void w_let_go(void);

/* What was logged from w_log_start to w_log_end (until the next call). */
void w_log_start(void);
const char *w_log_end(void);

#endif
