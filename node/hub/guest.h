#ifndef CDR_NODE_HUB_GUEST_H
#define CDR_NODE_HUB_GUEST_H

/*
 * Requests to guests, former employers that are no members: sealed under a secret that the hub never has, fetched by a browser
 * that does, answered sealed to the member. node/hub/guest_visit.h is the listener for browsers.
 */

#include "node/hub/hub.h"
#include "proto/guest.pb-c.h"

#define CDR_HUB_GUEST_MAX 4096        /* requests of one member that are open */
#define CDR_HUB_GUEST_ANSWER_MAX 8    /* answers to one request, all in all */
/* Settings: where guests go, which page the log names last, and where in the log. */
#define CDR_HUB_GUEST_URL "guest_url"
#define CDR_HUB_GUEST_PAGE "guest_page"
#define CDR_HUB_GUEST_PLACE "guest_page_place"

/*
 * /v1/guest/put: GuestPut to Empty. CDR_E_INPUT for an id that is none; CDR_E_RANGE for another size, an expiry in the past, or one more than
 * CDR_GUEST_DAYS_MAX days ahead; CDR_E_EXISTS if the id stands for something else; CDR_E_QUOTA; CDR_E_ABSENT if no browser could
 * fetch it here.
 */
cdr_err cdr_hub_guest_put(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/* /v1/guest/withdraw: GuestWithdraw to Empty; of the caller's requests only. What is not there was withdrawn before. CDR_E_INPUT for an id that is none. */
cdr_err cdr_hub_guest_withdraw(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/* /v1/guest/fetch: GuestFetch to GuestBag with the oldest answers to the caller's requests. */
cdr_err cdr_hub_guest_fetch(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/*
 * /v1/guest/taken: GuestTaken to Empty; of answers to the caller only. What is not there was taken before. CDR_E_INPUT for an id that is none;
 * CDR_E_RANGE for more than CDR_GUEST_TAKEN_COUNT_MAX.
 */
cdr_err cdr_hub_guest_taken(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/* /v1/guest/page: Empty to GuestPage. CDR_E_ABSENT if this hub has no listener for guests. */
cdr_err cdr_hub_guest_page(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/**
 * cdr_hub_guest_read(hub, id, now, sealed, answered_at):
 * The sealed request that a link leads to, until it is withdrawn or has expired: who answered may look again, and correct.
 *
 * sealed       out   new; empty on error
 * answered_at  out   when the last answer came; 0: none did
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is none under ${id} that works: never was, withdrawn or expired; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_hub_guest_read(struct cdr_hub *hub, const uint8_t id[static CDR_ID_LEN], uint64_t now,
    struct cdr_buffer *sealed, uint64_t *answered_at);

/**
 * cdr_hub_guest_answer(hub, id, response, sealed, now):
 * Keep an answer durably; the same again changes nothing. A later one takes the place of it at the member, which tells its people.
 *
 * sealed  in    CDR_GUEST_ANSWER_SEALED_LEN bytes
 *
 * Returns  CDR_OK; CDR_E_ABSENT as above; CDR_E_QUOTA if there are too many;
 *          CDR_E_EXISTS if ${response} is there with another content; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_hub_guest_answer(struct cdr_hub *hub, const uint8_t id[static CDR_ID_LEN],
    const uint8_t response[static CDR_ID_LEN], const uint8_t *sealed, uint64_t now);

/**
 * cdr_hub_guest_publish(hub, url, now):
 * From now on guests go to ${url}, where this program's page is served: kept, and named in the log if it was not before.
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_guest_publish(struct cdr_hub *hub, const char *url, uint64_t now);

/* In the sweep's transaction: requests whose time is over lose their content, and ${days} later everything. */
CDR_MUST_CHECK cdr_err cdr_hub_guest_expire(struct cdr_tx *tx, uint64_t now, uint64_t days);

#endif
