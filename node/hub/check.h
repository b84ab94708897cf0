#ifndef CDR_NODE_HUB_CHECK_H
#define CDR_NODE_HUB_CHECK_H

/* Checks: a query against the index, answered once and the same again until it is closed. Its tags are not stored. */

#include "node/hub/hub.h"

/*
 * /v1/check/open: CheckOpen to CheckOpenReply. CDR_E_RANGE for another number of rows than 16, 32 or 64; CDR_E_INPUT for an id that is none, a row
 * that no token has, or a tag that is there twice; CDR_E_EPOCH; CDR_E_EXISTS if the id stands for another query; CDR_E_QUOTA beyond
 * CDR_HUB_OPEN_CHECK_MAX.
 */
cdr_err cdr_hub_check_open(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/* /v1/check/close: CheckClose to Empty. What is not there is closed. CDR_E_INPUT for an id that is none. */
cdr_err cdr_hub_check_close(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

#endif
