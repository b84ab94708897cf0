#ifndef CDR_AUDIT_QUERY_OPENING_JSON_H
#define CDR_AUDIT_QUERY_OPENING_JSON_H

/* What an opening shows, as JSON: the same to the member that shows it, the auditor, and whoever verifies it offline. */

#include <jansson.h>

#include "audit/query_opening.h"

/**
 * cdr_query_opening_json(opening, person, json):
 * Add to the object ${json} the names, date of birth and documents of ${person}, and what ${opening} says of the check or the employment; "" for what
 * it does not say.
 *
 * Returns  CDR_OK; CDR_E_MEMORY, with a part of it added.
 */
CDR_MUST_CHECK cdr_err cdr_query_opening_json(const Cdr__Wire__Opening *opening, const struct cdr_person *person, json_t *json);

#endif
