#ifndef CDR_CORE_ERROR_H
#define CDR_CORE_ERROR_H

/*
 * Every way in which a call can fail, and how a failure is told to a person.
 * One enumeration serves the whole project, so that a code never has to be
 * translated on its way up.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CDR_MUST_CHECK __attribute__((warn_unused_result))
#define CDR_PRINTF(format_at, args_at) __attribute__((format(printf, format_at, args_at)))

typedef enum cdr_err {
	CDR_OK = 0,
	CDR_E_INTERNAL,   /* a state that cannot be; a fault of ours */
	CDR_E_MEMORY,     /* no memory, or no locked memory */
	CDR_E_RANGE,      /* a length, count or number outside its documented range */
	CDR_E_INPUT,      /* bytes that are not what they claim to be */
	CDR_E_POINT,      /* not a point of the group, or the identity */
	CDR_E_PROOF,      /* a proof does not hold */
	CDR_E_SIGNATURE,  /* a signature does not hold */
	CDR_E_SEALED,     /* a sealed message does not open */
	CDR_E_SHARE,      /* a share does not agree with its commitments */
	CDR_E_PASSPHRASE, /* the passphrase does not open the keystore */
	CDR_E_IO,         /* a file or a socket failed */
	CDR_E_STORE,      /* the database failed */
	CDR_E_EXISTS,     /* it is there already, and differs */
	CDR_E_ABSENT,     /* it is not there */
	CDR_E_REFUSED,    /* understood, and against a rule */
	CDR_E_ROSTER,     /* a roster that does not follow from the one before */
	CDR_E_QUOTA,      /* the quota is used up */
	CDR_E_SEQUENCE,   /* a sequence number was used for something else */
	CDR_E_EPOCH,      /* another epoch than the one in force */
	CDR_E_TIME,       /* too late, too early, or no answer in time */
	CDR_E_NETWORK,    /* no connection, or the peer broke the protocol */
	CDR_E_BUSY,       /* try again later */
	CDR_E_COUNT
} cdr_err;

/* Run ${call}; on failure keep its code in the local `err` and go to `out`. */
#define CDR_TRY(call)                     \
	do {                              \
		err = (call);             \
		if (err != CDR_OK)        \
			goto out;         \
	} while (0)

#define CDR_FAULT_LEN 512

/* What went wrong, for a person: where, why, and what to do next. Holds no secret and no personal data. */
struct cdr_fault {
	cdr_err code;
	char text[CDR_FAULT_LEN];
};

/**
 * cdr_err_name(err):
 * The stable name of ${err}, such as "refused", for logs and --json.
 *
 * Returns  a constant string; "unknown" for a value outside the enumeration.
 */
const char *cdr_err_name(cdr_err err);

/**
 * cdr_fault_set(fault, err, format, ...):
 * Write ${err} and a sentence for a person into ${fault}.
 *
 * fault   out      may be NULL: then only ${err} is handed back
 * format  in       as for printf; cut at CDR_FAULT_LEN - 1 bytes
 *
 * Returns  ${err}, so that a caller can write: return cdr_fault_set(...).
 */
cdr_err cdr_fault_set(struct cdr_fault *fault, cdr_err err, const char *format, ...) CDR_PRINTF(3, 4);

#endif
