#ifndef CDR_NODE_HUB_ANNUAL_H
#define CDR_NODE_HUB_ANNUAL_H

/* Annual returns of the members (part (d) of the data dictionary): taken in, kept as they were signed, published. */

#include "node/hub/hub.h"
#include "proto/annual.h"

/*
 * /v1/return: AnnualPut to Empty. CDR_E_SIGNATURE; CDR_E_INPUT for figures that cannot be, or a year to come; CDR_E_REFUSED for another member's;
 * CDR_E_EXISTS if another return of that revision, or a later one, is here.
 */
CDR_MUST_CHECK cdr_err cdr_hub_return_put(void *hub, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault);

/* What the hub has of one member for a year. */
struct cdr_hub_return {
	char member[CDR_SLUG_LEN_MAX + 1];
	char name[CDR_PARTY_NAME_LEN_MAX + 1];
	bool reported;
	uint64_t received_at;
	struct cdr_annual_signed annual;
};

/* A year's returns: of every member that is active, and of every other that reported. */
struct cdr_hub_returns {
	unsigned year;
	struct cdr_hub_return *list;   /* by id */
	size_t count, reported_count;
	struct cdr_annual sector;      /* of those that reported */
};

/* The calendar year (UTC) of a moment; 0 where there is none. */
unsigned cdr_hub_year(uint64_t seconds);

/**
 * cdr_hub_returns_read(hub, year, returns, fault):
 * Read and verify every return of ${year}: signature and figures.
 *
 * returns  out   ended by cdr_hub_returns_free, also on error
 *
 * Returns  CDR_OK; CDR_E_SIGNATURE with the member if one does not hold any more; CDR_E_STORE; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_returns_read(struct cdr_hub *hub, unsigned year, struct cdr_hub_returns *returns, struct cdr_fault *fault);
void cdr_hub_returns_free(struct cdr_hub_returns *returns);

/**
 * cdr_hub_returns_publish(returns, folder, created, fault):
 * Write the tables into ${folder}: annual-YEAR.json, .csv (with the row of HXL tags), .xlsx, and a PDF in each of four languages.
 * Who did not report is listed in each of them but the CSV, which holds figures alone.
 *
 * created  in   seconds since 1970: what the files say when they were made
 *
 * Returns  CDR_OK once all are on the disk; CDR_E_IO; as cdr_print_run; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_hub_returns_publish(const struct cdr_hub_returns *returns, const char *folder, uint64_t created,
    struct cdr_fault *fault);

#endif
