#ifndef CDR_NODE_MEMBER_SUBJECT_H
#define CDR_NODE_MEMBER_SUBJECT_H

/*
 * The rights of somebody whom this node holds something about: everything that may be about them is found by comparing them with
 * every record, as stage 2 does; a person says which of it is, and what shall become of it.
 */

#include "core/identity/compare.h"
#include "core/record/candidate.h"
#include "core/record/leaver.h"
#include "node/member/member.h"

enum cdr_subject_kind { CDR_SUBJECT_LEAVER, CDR_SUBJECT_CHECK, CDR_SUBJECT_REQUEST, CDR_SUBJECT_CASE, CDR_SUBJECT_KIND_COUNT };

/* One record that may be about somebody. Personal; borrowed during the callback. */
struct cdr_subject_record {
	enum cdr_subject_kind kind;
	uint8_t id[CDR_ID_LEN];
	bool held;                             /* under a legal hold */
	const struct cdr_person *person;       /* whom it names */
	const struct cdr_leaver *leaver;       /* of a leaver */
	const struct cdr_candidate *candidate; /* of a check */
	char from[CDR_SLUG_LEN_MAX + 1];       /* of a request: who asks */
	const struct cdr_comparison *comparison;
};

/* "leaver", "check", "request", "case". */
const char *cdr_subject_kind_name(enum cdr_subject_kind kind);

/**
 * cdr_subject_find(member, person, callback, context):
 * Call ${callback} for every record that may be about ${person}: leavers, checks, requests of others, cases.
 *
 * Returns  CDR_OK; CDR_E_INPUT if the person cannot be compared; the callback's error; CDR_E_STORE, CDR_E_MEMORY.
 */
typedef cdr_err cdr_subject_callback(const struct cdr_subject_record *record, void *context);
CDR_MUST_CHECK cdr_err cdr_subject_find(struct cdr_member *member, const struct cdr_person *person, cdr_subject_callback *callback,
    void *context);

/* Call ${callback} for the record that ${id} names. Returns CDR_OK; CDR_E_ABSENT; as above. */
CDR_MUST_CHECK cdr_err cdr_subject_read(struct cdr_member *member, const uint8_t id[static CDR_ID_LEN], cdr_subject_callback *callback,
    void *context);

/**
 * cdr_subject_erase(member, ids, count, fault):
 * Erase records, all of them or none: a leaver leaves the register and the index, a check goes with its statements and the
 * employers that hold a request are told to forget it, a request of others with its answer, a case. What the API was to
 * repeat about them goes too. Counters stay. What was erased before is gone: erasing it again changes nothing.
 *
 * Returns  CDR_OK once durable; CDR_E_ABSENT if there is none with an id; CDR_E_REFUSED under a legal hold, or for a request that
 *          waits for an answer; as cdr_mail_queue.
 */
CDR_MUST_CHECK cdr_err cdr_subject_erase(struct cdr_member *member, const uint8_t (*ids)[CDR_ID_LEN], size_t count,
    struct cdr_fault *fault);

#endif
