#ifndef CDR_NODE_MEMBER_GUEST_H
#define CDR_NODE_MEMBER_GUEST_H

/*
 * Former employers that are no members. A request is one file for e-mail and, where the hub has a page for guests, one link; the
 * answer comes back through the hub, as a file, or on paper. Whoever answers is not verified, and shown so.
 *
 * Each request has a key pair and a secret of its own; both are destroyed when its time is over or it is withdrawn.
 */

#include "core/record/candidate.h"
#include "core/record/statement.h"
#include "node/member/member.h"
#include "proto/guest.h"

#define CDR_GUEST_RESPONDER "guest" /* stands for the member's id in a statement of somebody who is none */
#define CDR_GUEST_LANGUAGE_LEN 3
#define CDR_GUEST_URL_LEN 128
#define CDR_GUEST_KEY_TEXT_LEN 24   /* what both sides can compare of a request's public key */
#define CDR_GUEST_SCAN_MAX (8U << 20)
#define CDR_GUEST_DAYS 60           /* how long a link works unless HR says otherwise */

/* What HR knows of a former employer, and of the candidate's time there. Personal. Empty: not known. */
struct cdr_guest_details {
	char employer[CDR_NAME_LEN];
	char email[CDR_CONTACT_LEN];
	char found[CDR_CODE_LEN];            /* codebook "address_found": how HR found that address */
	char found_note[CDR_NAME_LEN];
	char contact_name[CDR_NAME_LEN];     /* whom the guest can ask here, and how */
	char contact_email[CDR_CONTACT_LEN];
	char contact_phone[CDR_CONTACT_LEN];
	char language[CDR_GUEST_LANGUAGE_LEN];
	char position[CDR_POSITION_LEN];     /* as the candidate states it */
	char country[CDR_COUNTRY_LEN];
	struct cdr_date from, to;
	char engagement_type[CDR_CODE_LEN];
	char employee_number[CDR_EMPLOYEE_NUMBER_LEN];
};

/* A request as HR sees it. Personal: wiped by whoever owns it. */
struct cdr_guest {
	uint8_t id[CDR_ID_LEN];
	uint8_t check_id[CDR_ID_LEN];
	struct cdr_guest_details details;
	char link[16];                       /* none; waiting: not at the hub yet; open; answered; ended */
	char status[CDR_CODE_LEN];           /* codebook "check_status" */
	char result[CDR_CODE_LEN];           /* codebook "result"; empty: no answer yet */
	char channel[CDR_CODE_LEN];          /* codebook "channel" of the answer that counts */
	uint64_t asked_at, due_at, expires_at;
	uint64_t answered_at;                /* first; 0: not yet */
	uint64_t changed_at;                 /* when the answer that counts came */
	uint64_t answer_count;               /* more than one: the last supersedes the others */
	uint64_t unread_count;               /* answers that did not open, or were against the rules */
	uint64_t scan_count;
	char key_text[CDR_GUEST_KEY_TEXT_LEN];
};

/* ---- asking (guest_ask.c) ---------------------------------------------------------------------------------------------- */

/* What HR hands over. Holds the secret: wiped by whoever owns it. */
struct cdr_guest_handout {
	uint8_t id[CDR_ID_LEN];
	bool was_there;                          /* the same request was made before; this is its file and its link again */
	char code[CDR_GUEST_CODE_TEXT_LEN];      /* opens the file; to be told by another way than the file */
	char link[CDR_GUEST_LINK_LEN];           /* empty: the hub has no page for guests, or none was wanted */
	char key_text[CDR_GUEST_KEY_TEXT_LEN];
	struct cdr_buffer file;                  /* HTML */
	uint64_t due_at, expires_at;
};
void cdr_guest_handout_wipe(struct cdr_guest_handout *handout);

/**
 * cdr_guest_ask(member, reference, details, days, url, handout, fault):
 * Make a request about the candidate of check ${reference}, durably. The same employer with the same address again gives the
 * same request, as long as it is open.
 *
 * details  in    cleaned here; contact_name and contact_email or _phone are needed
 * days     in    how long the link works, 1 .. CDR_GUEST_DAYS_MAX
 * url      in    of the hub's page, as cdr_guest_hub_page tells; NULL: no link
 *
 * Returns  CDR_OK; CDR_E_ABSENT if there is no such check; CDR_E_INPUT, CDR_E_RANGE for a field, with its name; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_guest_ask(struct cdr_member *member, const char *reference,
    const struct cdr_guest_details *details, unsigned days, const char *url, struct cdr_guest_handout *handout,
    struct cdr_fault *fault);

/**
 * cdr_guest_withdraw(member, id, fault) and cdr_guest_withdraw_check(tx, check_id):
 * The request's keys are destroyed at once, the link stops working as soon as the hub hears of it. The second withdraws all
 * requests of a check, inside a transaction.
 *
 * Returns  CDR_OK, also if it was withdrawn before, or has ended by itself; CDR_E_ABSENT; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_guest_withdraw(struct cdr_member *member, const uint8_t id[static CDR_ID_LEN],
    struct cdr_fault *fault);
CDR_MUST_CHECK cdr_err cdr_guest_withdraw_check(struct cdr_tx *tx, const uint8_t check_id[static CDR_ID_LEN]);

/**
 * cdr_guest_end_check(tx, check_id):
 * Withdraw every request of a check and forget what is personal in it: what was asked, what was answered, scans. The rows stay
 * until the hub has heard of it, and for the counters.
 */
CDR_MUST_CHECK cdr_err cdr_guest_end_check(struct cdr_tx *tx, const uint8_t check_id[static CDR_ID_LEN]);

/* ---- answers (guest_answer.c) -------------------------------------------------------------------------------------------- */

enum cdr_guest_outcome {
	CDR_GUEST_TAKEN,        /* the first answer */
	CDR_GUEST_SUPERSEDED,   /* it takes the place of an earlier one */
	CDR_GUEST_KNOWN,        /* it was here before: nothing changed */
	CDR_GUEST_NOT_OURS,     /* no request of ours */
	CDR_GUEST_UNREAD,       /* it does not open, or is against the rules: noted for HR */
	CDR_GUEST_OVER,         /* the request was withdrawn or has expired: its keys are gone */
};

/**
 * cdr_guest_take(member, parcel, channel, outcome, fault):
 * Take an answer in, durably.
 *
 * channel  in   "guest_link", "encrypted_file"
 * fault    out  with CDR_GUEST_UNREAD: why, without any personal datum
 *
 * Returns  CDR_OK; CDR_E_STORE; CDR_E_MEMORY. An answer that is wrong is an outcome, not an error.
 */
CDR_MUST_CHECK cdr_err cdr_guest_take(struct cdr_member *member, const struct cdr_guest_parcel *parcel, const char *channel,
    enum cdr_guest_outcome *outcome, struct cdr_fault *fault);

/**
 * cdr_guest_take_paper(member, id, statement, scan, outcome, fault):
 * What somebody here read off a paper that a guest signed, with its scan, which never leaves this node. The same scan that says
 * the same is one answer: taking it again changes nothing.
 *
 * statement  in/out  what the paper says; ids, times and responder are filled in
 * scan       in      PDF, JPEG, PNG or TIFF, 1 .. CDR_GUEST_SCAN_MAX bytes
 *
 * Returns  CDR_OK; CDR_E_ABSENT; CDR_E_RANGE, CDR_E_INPUT for the scan; as cdr_statement_validate; CDR_E_STORE.
 */
CDR_MUST_CHECK cdr_err cdr_guest_take_paper(struct cdr_member *member, const uint8_t id[static CDR_ID_LEN],
    struct cdr_statement *statement, struct cdr_bytes scan, enum cdr_guest_outcome *outcome, struct cdr_fault *fault);

/* ---- reading (guest_read.c) ------------------------------------------------------------------------------------------------ */

/**
 * cdr_guest_each(member, check_id, callback, context):
 * Call ${callback} for every request of a check, oldest first; check_id NULL: of all checks.
 *
 * Returns  CDR_OK; the callback's error; CDR_E_STORE; CDR_E_MEMORY.
 */
typedef cdr_err cdr_guest_callback(const struct cdr_guest *guest, void *context);
CDR_MUST_CHECK cdr_err cdr_guest_each(struct cdr_member *member, const uint8_t *check_id, cdr_guest_callback *callback,
    void *context);

/* An answer as HR sees it. Personal. */
struct cdr_guest_answer {
	struct cdr_statement statement;
	char organisation[CDR_NAME_LEN];  /* as the guest wrote it; both empty on paper */
	char contact[CDR_NAME_LEN];
	char channel[CDR_CODE_LEN];
	bool is_current;                  /* else superseded */
	uint64_t at;
};

/* As cdr_guest_each for the answers to one request, oldest first. */
typedef cdr_err cdr_guest_answer_callback(const struct cdr_guest_answer *answer, void *context);
CDR_MUST_CHECK cdr_err cdr_guest_answers_each(struct cdr_member *member, const uint8_t id[static CDR_ID_LEN],
    cdr_guest_answer_callback *callback, void *context);

/**
 * cdr_guest_scan(member, id, number, scan):
 * Scan number ${number} (from 1) of the answers on paper to a request.
 *
 * Returns  CDR_OK; CDR_E_ABSENT; CDR_E_STORE; CDR_E_MEMORY. ${scan} is owned by the caller.
 */
CDR_MUST_CHECK cdr_err cdr_guest_scan(struct cdr_member *member, const uint8_t id[static CDR_ID_LEN], uint64_t number,
    struct cdr_buffer *scan);

/* ---- the daemon's part (guest_step.c) --------------------------------------------------------------------------------------- */

/**
 * cdr_guest_step(member, worked, fault):
 * Bring requests and withdrawals to the hub, fetch answers, end what has expired, compare the hub's page at random times.
 *
 * Returns  CDR_OK; as cdr_ask_send. What was not done is done by calling again.
 */
CDR_MUST_CHECK cdr_err cdr_guest_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault);

/**
 * cdr_guest_hub_page(member, url, hash, fault):
 * The hub's signed word about its page for guests.
 *
 * url   out   CDR_URL_LEN_MAX + 1 bytes
 * hash  out   CDR_SHA256_LEN bytes
 *
 * Returns  CDR_OK; CDR_E_ABSENT if it has none; as cdr_ask_send.
 */
CDR_MUST_CHECK cdr_err cdr_guest_hub_page(struct cdr_member *member, char *url, uint8_t *hash, struct cdr_fault *fault);

/**
 * cdr_guest_page_check(member, fault):
 * Fetch the page as a guest would and compare it with what the hub signed, and that with this program's own. What differs is
 * kept in `candor reports`, in plain words.
 *
 * Returns  CDR_OK if it was compared, whatever came of it; CDR_E_ABSENT; CDR_E_NETWORK if it cannot be fetched; as above.
 */
CDR_MUST_CHECK cdr_err cdr_guest_page_check(struct cdr_member *member, struct cdr_fault *fault);

/* A file of further authorities (PEM) that may vouch for the guest page's server; NULL: the system's alone. Kept by reference. */
void cdr_guest_page_trust(const char *ca_file);

#endif
