#include "core/record/legal_limits.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/embed.h"
#include "core/identity/country.h"

CDR_EMBED(cdr_legal_limits_builtin, "core/record/data/legal_limits.json");

#define VERSION_LEN_MAX 31
#define TEXT_LEN_MAX 400
#define LIMITS_OF_ONE_MAX 8

struct cdr_legal_limits {
	json_t *root;
	json_t *countries, *otherwise; /* borrowed from root */
};

static const char *const whats[] = { "finding", "ongoing", "left", "summary", "referral" };

/* ---- reading --------------------------------------------------------------------------------------------------------------- */

static bool
is_text(json_t *value, size_t max)
{
	return json_is_string(value) && json_string_length(value) > 0 && json_string_length(value) <= max &&
	    strlen(json_string_value(value)) == json_string_length(value);
}

static bool
is_what(const char *what)
{
	for (size_t i = 0; what != NULL && i < sizeof(whats) / sizeof(whats[0]); i++)
		if (strcmp(what, whats[i]) == 0)
			return true;
	return false;
}

/* The entry of one country: how long, and what not. */
static cdr_err
check_entry(const char *country, json_t *entry, struct cdr_fault *fault)
{
	json_t *months = json_object_get(entry, "retention_months"), *limits = json_object_get(entry, "limits"), *limit;
	size_t at;

	if (!json_is_integer(months) || json_integer_value(months) < 1 ||
	    json_integer_value(months) > CDR_LEGAL_RETENTION_MONTHS_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "%s.retention_months: a number from 1 to %d", country,
		    CDR_LEGAL_RETENTION_MONTHS_MAX);
	if (!json_is_array(limits) || json_array_size(limits) > LIMITS_OF_ONE_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "%s.limits: a list of at most %d", country, LIMITS_OF_ONE_MAX);
	json_array_foreach(limits, at, limit) {
		if (!is_what(json_string_value(json_object_get(limit, "what"))))
			return cdr_fault_set(fault, CDR_E_INPUT, "%s.limits[%zu].what: finding, ongoing, left, summary or referral", country, at);
		if (!is_text(json_object_get(limit, "reason"), CDR_CODE_LEN - 1))
			return cdr_fault_set(fault, CDR_E_INPUT, "%s.limits[%zu].reason: a code of legal_limit_reason", country, at);
		if (!is_text(json_object_get(limit, "basis"), TEXT_LEN_MAX))
			return cdr_fault_set(fault, CDR_E_INPUT, "%s.limits[%zu].basis: the law, in words", country, at);
	}
	return CDR_OK;
}

static cdr_err
check_table(struct cdr_legal_limits *limits, struct cdr_fault *fault)
{
	const char *table = json_string_value(json_object_get(limits->root, "table")), *country;
	json_t *entry;

	if (table == NULL || strcmp(table, "candor-legal-limits") != 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "table: it is no table of legal limits");
	if (!is_text(json_object_get(limits->root, "version"), VERSION_LEN_MAX))
		return cdr_fault_set(fault, CDR_E_INPUT, "version: a text such as 2025-1");
	if (!is_text(json_object_get(json_object_get(limits->root, "notice"), "en"), TEXT_LEN_MAX))
		return cdr_fault_set(fault, CDR_E_INPUT, "notice.en: who reviewed it, in words");
	if (!json_is_object(limits->countries))
		return cdr_fault_set(fault, CDR_E_INPUT, "countries: an object");
	cdr_err err = check_entry("default", limits->otherwise, fault);
	json_object_foreach(limits->countries, country, entry) {
		if (err == CDR_OK && !cdr_country_known(country))
			err = cdr_fault_set(fault, CDR_E_INPUT, "countries: there is no country with one of its codes");
		if (err == CDR_OK)
			err = check_entry(country, entry, fault);
	}
	return err;
}

/* see core/record/legal_limits.h */
cdr_err
cdr_legal_limits_new(struct cdr_bytes json, struct cdr_legal_limits **out, struct cdr_fault *fault)
{
	json_error_t where;

	*out = NULL;
	if (json.data == NULL)
		json = (struct cdr_bytes){ cdr_legal_limits_builtin, (size_t)(cdr_legal_limits_builtin_end - cdr_legal_limits_builtin) };
	if (json.len > CDR_LEGAL_LIMITS_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "the table is longer than %u bytes", CDR_LEGAL_LIMITS_MAX);
	struct cdr_legal_limits *limits = calloc(1, sizeof(*limits));
	if (limits == NULL)
		return CDR_E_MEMORY;
	limits->root = json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, &where);
	limits->countries = json_object_get(limits->root, "countries");
	limits->otherwise = json_object_get(limits->root, "default");
	cdr_err err = limits->root != NULL ? check_table(limits, fault) :
					     cdr_fault_set(fault, CDR_E_INPUT, "line %d: it is not JSON", where.line);
	if (err == CDR_OK)
		*out = limits;
	else
		cdr_legal_limits_free(limits);
	return err;
}

/* see core/record/legal_limits.h */
void
cdr_legal_limits_free(struct cdr_legal_limits *limits)
{
	if (limits == NULL)
		return;
	json_decref(limits->root);
	free(limits);
}

/* ---- looking up ------------------------------------------------------------------------------------------------------------ */

/* see core/record/legal_limits.h */
const char *
cdr_legal_limits_version_peek(const struct cdr_legal_limits *limits)
{
	return json_string_value(json_object_get(limits->root, "version"));
}

/* see core/record/legal_limits.h */
const char *
cdr_legal_limits_notice_peek(const struct cdr_legal_limits *limits, const char *language)
{
	json_t *notice = json_object_get(limits->root, "notice");
	const char *found = json_string_value(json_object_get(notice, language));

	return found != NULL ? found : json_string_value(json_object_get(notice, "en"));
}

static json_t *
entry_of(const struct cdr_legal_limits *limits, const char *country)
{
	json_t *entry = json_object_get(limits->countries, country);

	return entry != NULL ? entry : limits->otherwise;
}

/* see core/record/legal_limits.h */
bool
cdr_legal_limits_knows(const struct cdr_legal_limits *limits, const char *country)
{
	return json_object_get(limits->countries, country) != NULL;
}

static json_t *
limit_of(const struct cdr_legal_limits *limits, const char *country, const char *what)
{
	json_t *limit;
	size_t at;

	json_array_foreach(json_object_get(entry_of(limits, country), "limits"), at, limit)
		if (strcmp(json_string_value(json_object_get(limit, "what")), what) == 0)
			return limit;
	return NULL;
}

/* see core/record/legal_limits.h */
const char *
cdr_legal_limits_reason_peek(const struct cdr_legal_limits *limits, const char *country, const char *what)
{
	return json_string_value(json_object_get(limit_of(limits, country, what), "reason"));
}

/* see core/record/legal_limits.h */
const char *
cdr_legal_limits_basis_peek(const struct cdr_legal_limits *limits, const char *country, const char *what)
{
	json_t *limit = limit_of(limits, country, what);

	return limit != NULL ? json_string_value(json_object_get(limit, "basis")) : "";
}

/* see core/record/legal_limits.h */
unsigned
cdr_legal_limits_retention_months(const struct cdr_legal_limits *limits, const char *country)
{
	return (unsigned)json_integer_value(json_object_get(entry_of(limits, country), "retention_months"));
}

/* see core/record/legal_limits.h */
const char *
cdr_legal_limits_country_peek(const struct cdr_legal_limits *limits, size_t at)
{
	void *i = json_object_iter(limits->countries);

	while (i != NULL && at-- > 0)
		i = json_object_iter_next(limits->countries, i);
	return i == NULL ? NULL : json_object_iter_key(i);
}
