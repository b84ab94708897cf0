#ifndef CDR_NODE_HUB_CHECK_H
#define CDR_NODE_HUB_CHECK_H

/* Checks: a query against the index, answered once and the same again until it is closed. Its tags are not stored. */

#include "node/hub/hub.h"

/* /v1/check/open: CheckOpen to CheckOpenReply. CDR_E_EXISTS if the id stands for another query; CDR_E_QUOTA. */
cdr_err cdr_hub_check_open(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/* /v1/check/close: CheckClose to Empty. What is not there is closed. */
cdr_err cdr_hub_check_close(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

#endif
