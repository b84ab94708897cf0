#ifndef CDR_NODE_TRUSTEE_SESSION_H
#define CDR_NODE_TRUSTEE_SESSION_H

/*
 * An operator's ceremonies: all keys with which something is to happen, at the same time, until what came of it is in force,
 * somebody is at fault, or the time is up.
 */

#include "node/net/arguments.h"
#include "node/trustee/ceremony.h"

#define CDR_SESSION_AIM_MAX (CDR_KEY_COUNT_MAX + 2)

struct cdr_trustee_session_config {
	struct cdr_trustee *trustee;
	struct cdr_report *report;
	const struct cdr_trustee_aim *aim;
	size_t aim_count;
	const Cdr__Wire__TrusteeChange *change; /* who are to be the trustees; NULL: who they are stays */
	uint32_t attempt;                       /* 0: as it stands */
	uint64_t poll_ms, timeout_s;
	const char *command;                    /* which to run again: "ceremony" */
};

/**
 * cdr_trustee_session_run(config, fault):
 * Run it, and report how it ended.
 *
 * Returns  CDR_OK once it is in force; CDR_E_REFUSED if somebody is at fault (he is named); CDR_E_TIME when the time is up
 *          (those who are missing are named; run it again to go on); as cdr_trustee_ceremony_turn.
 */
CDR_MUST_CHECK cdr_err cdr_trustee_session_run(const struct cdr_trustee_session_config *config, struct cdr_fault *fault);

#endif
