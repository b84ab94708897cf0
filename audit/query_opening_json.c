#include "audit/query_opening_json.h"

#include "core/identity/date.h"

static const char *
text(const char *value)
{
	return value != NULL ? value : "";
}

/* Take the reference of ${value}. */
static cdr_err
put(json_t *object, const char *name, json_t *value)
{
	return json_object_set_new(object, name, value) == 0 ? CDR_OK : CDR_E_MEMORY;
}

static json_t *
documents(const struct cdr_person *person)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < person->document_count; i++)
		if (json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "type", person->document[i].type, "country",
			person->document[i].country, "number", person->document[i].number)) != 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

/* see audit/query_opening_json.h */
cdr_err
cdr_query_opening_json(const Cdr__Wire__Opening *o, const struct cdr_person *person, json_t *json)
{
	cdr_err err = CDR_E_INTERNAL;
	char birth[CDR_DATE_TEXT_LEN], record[CDR_ID_TEXT_LEN] = "";
	const struct {
		const char *name, *value;
	} said[] = {
		{ "given_names", person->given_names }, { "family_names", person->family_names }, { "other_names", person->other_names },
		{ "native_name", person->native_name }, { "date_of_birth", birth }, { "record", record }, { "legal_basis", text(o->legal_basis) },
		{ "candidate_notified", text(o->notified) }, { "notified_on", text(o->notified_on) },
		{ "employee_number", text(o->employee_number) }, { "employed_from", text(o->employed_from) },
		{ "employed_to", text(o->employed_to) }, { "engagement_type", text(o->engagement_type) },
	};

	if (cdr_date_write(&person->birth, birth) != CDR_OK)
		birth[0] = '\0';
	if (o->record.len == CDR_ID_LEN)
		cdr_id_write(o->record.data, record);
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		CDR_TRY(put(json, said[i].name, json_string(said[i].value)));
	CDR_TRY(put(json, "documents", documents(person)));
out:
	return err;
}
