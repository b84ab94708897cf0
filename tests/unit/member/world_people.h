#ifndef CDR_TESTS_UNIT_MEMBER_WORLD_PEOPLE_H
#define CDR_TESTS_UNIT_MEMBER_WORLD_PEOPLE_H

/* Leavers, candidates and letters that do not exist. A part of tests/unit/member/world.h. */

#include "tests/unit/member/world.h"

#define W_COLUMNS "employee_number,given_names,family_names,date_of_birth,document_type,document_country,document_number,position," \
	"country,from,to\n"

/* Import rows under W_COLUMNS; ${options} and ${outcome} may be NULL. */
cdr_err w_import(struct cdr_member *member, const char *rows, const struct cdr_leavers_options *options,
    struct cdr_leavers_outcome *outcome);

/* A day of this month ${years} ago, as a text for a file. */
const char *w_ago(int years);

/* One leaver, Amina Wanjiru Otieno, who left ${years} ago. */
void w_import_amina(struct cdr_member *member, int years);

/* Somebody of these names and that day of birth, to be checked; Amina; a former employer that is named. */
void w_candidate(struct cdr_candidate *c, const char *reference, const char *given, const char *family, const char *birth);
void w_amina(struct cdr_candidate *c, const char *reference);
void w_declare(struct cdr_candidate *c, const char *employer);

/* Open one check; the outcome must be ${expected}. */
void w_check(struct cdr_member *member, struct cdr_candidate *c, cdr_err expected);

/* One step of a member's mail, which must succeed. */
bool w_mail(struct cdr_member *member);

/* Carry letters until nobody has any that is due. */
void w_carry(struct world *w);

/* A letter that is not written by the code under test. Its id stands in ${id}. */
void w_write(struct world *w, size_t from, size_t to, const uint8_t *request_id,
    Cdr__Wire__Letter__ContentCase content, void *message, uint8_t id[static CDR_MAIL_ID_LEN]);

/* The hub names ${member} with the first leaver that it has. */
void w_match(struct world *w, size_t member);

/* The handle of the only leaver of ${member}. */
void w_handle(struct cdr_member *member, uint8_t out[static CDR_HANDLE_LEN]);

/* The id of the request that came last. */
void w_request_id(struct cdr_member *member, uint8_t out[static CDR_ID_LEN]);

/* An answer with nothing to disclose, as a person would give it. */
void w_no_record(struct cdr_statement *s);

#endif
