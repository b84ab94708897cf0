#ifndef CDR_CORE_RECORD_CANDIDATE_H
#define CDR_CORE_RECORD_CANDIDATE_H

/*
 * Somebody who is to be checked before hiring: one row of a candidates file.
 *
 * Columns, in any order: reference, the identity columns of a leavers file
 * (core/record/leaver.h, without employee_number), declared_employers,
 * position_category, legal_basis, candidate_notified, notified_on. Needed are
 * date_of_birth, a name in given_names or family_names, legal_basis and
 * candidate_notified: without the last two no check may be opened.
 *
 * A struct cdr_candidate is personal data: its owner wipes it with cdr_wipe.
 */

#include "core/bytes.h"
#include "core/record/report.h"
#include "core/record/rules.h"

#define CDR_REFERENCE_LEN 64
#define CDR_DECLARED_MAX 16
#define CDR_CANDIDATE_PACK_MAX 4096         /* bytes of a packed candidate at most */
#define CDR_CANDIDATE_FILE_MAX (16U << 20)  /* bytes of a candidates file at most */

struct cdr_candidate {
	char reference[CDR_REFERENCE_LEN]; /* the requester's own; empty: whoever opens the check gives one */
	struct cdr_person person;
	char declared_employers[CDR_DECLARED_MAX][CDR_MEMBER_ID_LEN]; /* no two alike */
	size_t declared_count;
	char position_category[CDR_CODE_LEN];  /* codebook list "position_category"; may be empty */
	char legal_basis[CDR_CODE_LEN];        /* "legal_basis" */
	char candidate_notified[CDR_CODE_LEN]; /* "candidate_notified" */
	struct cdr_date notified_on;           /* may be not known */
};

struct cdr_candidate_file;

/**
 * cdr_candidate_file_new(file, rules, reader, fault), cdr_candidate_file_next(reader, candidate, fault):
 * As cdr_leaver_file_new and cdr_leaver_file_next. Two rows with one reference and different content: the second is bad.
 */
CDR_MUST_CHECK cdr_err cdr_candidate_file_new(struct cdr_bytes file, const struct cdr_record_rules *rules,
    struct cdr_candidate_file **reader, struct cdr_fault *fault);
void cdr_candidate_file_free(struct cdr_candidate_file *reader);
CDR_MUST_CHECK cdr_err cdr_candidate_file_next(struct cdr_candidate_file *reader, struct cdr_candidate *candidate,
    struct cdr_fault *fault);

/* The report so far (owned by ${reader}), the line of the row handed out last, and the bytes read so far. */
const struct cdr_row_report *cdr_candidate_file_report_peek(const struct cdr_candidate_file *reader);
size_t cdr_candidate_file_line(const struct cdr_candidate_file *reader);
size_t cdr_candidate_file_offset(const struct cdr_candidate_file *reader);

/**
 * cdr_candidate_pack(candidate, out, len), cdr_candidate_unpack(in, candidate):
 * As cdr_leaver_pack and cdr_leaver_unpack.
 */
CDR_MUST_CHECK cdr_err cdr_candidate_pack(const struct cdr_candidate *candidate,
    uint8_t out[static CDR_CANDIDATE_PACK_MAX], size_t *len);
CDR_MUST_CHECK cdr_err cdr_candidate_unpack(struct cdr_bytes in, struct cdr_candidate *candidate);

#endif
