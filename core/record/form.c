#include "core/record/form.h"

#include <stdio.h>
#include <string.h>

#include "core/identity/calendar.h"
#include "core/identity/date.h"

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static cdr_err
bad(struct cdr_fault *fault, size_t at, const char *what)
{
	return cdr_fault_set(fault, CDR_E_INPUT, "codebook: incident.forms, entry %zu: %s", at + 1, what);
}

static uint32_t
number(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value < 0 || value > 100000 ? 0 : (uint32_t)value;
}

static bool
has_labels(const json_t *labels)
{
	static const char *const languages[] = { "en", "fr", "es", "ar" };

	for (size_t i = 0; i < 4; i++)
		if (json_string_value(json_object_get(labels, languages[i])) == NULL)
			return false;
	return true;
}

static bool
read_deadline(const struct cdr_book *book, const json_t *entry, struct cdr_form *form)
{
	const char *from = json_string_value(json_object_get(entry, "from"));
	uint32_t hours = number(entry, "hours"), days = number(entry, "working_days"), month = number(entry, "month");

	form->from = from == NULL ? NULL : cdr_book_field_find(book, from);
	form->deadline = hours > 0 ? CDR_DEADLINE_HOURS : days > 0 ? CDR_DEADLINE_WORKING_DAYS : CDR_DEADLINE_YEARLY;
	form->amount = hours > 0 ? hours : days > 0 ? days : month * 100 + number(entry, "day");
	if (form->deadline == CDR_DEADLINE_YEARLY && (month < 1 || month > 12 || number(entry, "day") < 1 || number(entry, "day") > 28 + 3))
		return false;
	return form->from != NULL && form->from->kind == CDR_FIELD_DATE && form->from->group == 0;
}

static bool
read_column(const struct cdr_book *book, const json_t *entry, struct cdr_form_column *column)
{
	const char *field = json_string_value(json_object_get(entry, "field")), *own = json_string_value(json_object_get(entry, "own"));
	const json_t *blank = json_object_get(entry, "blank");

	*column = (struct cdr_form_column){ .number = json_string_value(json_object_get(entry, "number")) };
	if (field != NULL) {
		column->field = cdr_book_field_find(book, field);
		/* A narrative, a name, an own number: never a donor's. */
		return column->field != NULL && !column->field->secret && column->field->kind != CDR_FIELD_NOTE;
	}
	column->labels = own != NULL ? json_object_get(entry, "label") : blank;
	column->own = own == NULL ? CDR_FORM_OWN_NONE : strcmp(own, "name") == 0 ? CDR_FORM_OWN_NAME : CDR_FORM_OWN_TODAY;
	return has_labels(column->labels) && (own == NULL || strcmp(own, "name") == 0 || strcmp(own, "today") == 0);
}

/* see core/record/form.h */
cdr_err
cdr_form_read(const struct cdr_book *book, size_t at, struct cdr_form *form, struct cdr_fault *fault)
{
	const json_t *entry = json_array_get(book->forms, at), *columns = json_object_get(entry, "columns");
	const char *per = json_string_value(json_object_get(entry, "per")), *layout = json_string_value(json_object_get(entry, "layout"));

	*form = (struct cdr_form){ .id = json_string_value(json_object_get(entry, "id")),
		.donor = json_string_value(json_object_get(entry, "donor")), .labels = json_object_get(entry, "title") };
	if (at >= json_array_size(book->forms))
		return CDR_E_ABSENT;
	if (form->id == NULL || form->donor == NULL || cdr_codebook_check(book->codebook, "donor", form->donor, NULL) != CDR_OK)
		return bad(fault, at, "it has an `id`, and a `donor` of the list donor");
	if (per == NULL || layout == NULL || !has_labels(form->labels))
		return bad(fault, at, "it has `per` (incident, year), `layout` (public, proposal) and a `title` in four languages");
	form->per_year = strcmp(per, "year") == 0;
	form->proposal = strcmp(layout, "public") != 0;
	if (!read_deadline(book, json_object_get(entry, "deadline"), form))
		return bad(fault, at, "its `deadline` has `from`, a date of the incident, and hours, working_days, or month and day");
	if (!json_is_array(columns) || json_array_size(columns) == 0 || json_array_size(columns) > CDR_FORM_COLUMN_MAX)
		return bad(fault, at, "it has 1 to 40 `columns`");
	for (size_t i = 0; i < json_array_size(columns); i++, form->column_count++)
		if (!read_column(book, json_array_get(columns, i), &form->columns[i]))
			return bad(fault, at, "a column is a `field` that is not secret, `own` (name, today) with a label, or `blank`");
	return CDR_OK;
}

/* see core/record/form.h */
cdr_err
cdr_form_find(const struct cdr_book *book, const char *id, struct cdr_form *form, struct cdr_fault *fault)
{
	char known[CDR_FAULT_LEN / 2] = "";
	size_t len = 0;
	cdr_err err;

	for (size_t at = 0; (err = cdr_form_read(book, at, form, fault)) == CDR_OK; at++) {
		if (strcmp(form->id, id) == 0)
			return CDR_OK;
		if (len < sizeof(known))
			len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s", at > 0 ? ", " : "", form->id);
	}
	return err != CDR_E_ABSENT ? err : cdr_fault_set(fault, err, "there is no form '%.40s'; there are %s", id, known);
}

/* ---- deadlines --------------------------------------------------------------------------------------------------- */

/* see core/record/form.h */
struct cdr_date
cdr_form_due(const struct cdr_form *form, const struct cdr_incident *incident)
{
	struct cdr_date date = { 0 }, due = { 0 };
	const char *value = cdr_incident_value_peek(incident, form->from, 0);
	int32_t day, last;

	if (cdr_codebook_check(incident->book->codebook, "nothing", value, NULL) == CDR_OK || cdr_date_read(value, &date, NULL) != CDR_OK ||
	    date.precision == CDR_PRECISION_UNKNOWN)
		return due;
	if (form->deadline == CDR_DEADLINE_YEARLY)
		return (struct cdr_date){ (int16_t)(date.year + 1), (uint8_t)(form->amount / 100), (uint8_t)(form->amount % 100), CDR_PRECISION_DAY };
	if (cdr_calendar_days(CDR_CALENDAR_GREGORIAN, date.year, date.month, date.day, &day, &last) != CDR_OK)
		return due;
	if (form->deadline == CDR_DEADLINE_HOURS)
		day += (int32_t)((form->amount + 23) / 24);
	/* Julian days leave 5 and 6 on Saturday and Sunday. */
	for (uint32_t left = form->deadline == CDR_DEADLINE_WORKING_DAYS ? form->amount : 0; left > 0;) {
		day++;
		left -= day % 7 < 5;
	}
	cdr_gregorian_from_day(day, &due);
	due.precision = CDR_PRECISION_DAY;
	return due;
}

/* see core/record/form.h */
bool
cdr_form_concerns(const struct cdr_form *form, const struct cdr_incident *incident, bool *told)
{
	const struct cdr_field *code = cdr_book_field_find(incident->book, "donor.code");
	const struct cdr_field *on = cdr_book_field_find(incident->book, "donor.notified_on");

	*told = false;
	for (size_t r = 0; code != NULL && r < incident->row_count[code->group]; r++) {
		if (strcmp(cdr_incident_value_peek(incident, code, r), form->donor) != 0)
			continue;
		const char *value = on == NULL ? "" : cdr_incident_value_peek(incident, on, r);
		*told = value[0] != '\0' && cdr_codebook_check(incident->book->codebook, "nothing", value, NULL) != CDR_OK;
		return true;
	}
	return false;
}

/* ---- what is written --------------------------------------------------------------------------------------------- */

/* see core/record/form.h */
void
cdr_form_column_title(const struct cdr_book *book, const struct cdr_form_column *column, const char *language, char *text,
    size_t text_size)
{
	char title[512];

	if (column->field != NULL)
		cdr_book_field_title(book, column->field, language, title, sizeof(title));
	else
		(void)snprintf(title, sizeof(title), "%s", cdr_book_text(column->labels, language));
	(void)snprintf(text, text_size, "%s%s%s", column->number != NULL ? column->number : "", column->number != NULL ? " " : "", title);
}

/* see core/record/form.h */
void
cdr_form_column_value(const struct cdr_form_column *column, const struct cdr_incident *incident, const char *own_name,
    const struct cdr_date *today, const char *language, char *text, size_t text_size)
{
	const struct cdr_field *field = column->field;
	char code[CDR_CODE_LEN], day[CDR_DATE_TEXT_LEN];
	size_t len = 0;

	text[0] = '\0';
	if (column->own == CDR_FORM_OWN_NAME)
		(void)snprintf(text, text_size, "%s", own_name);
	if (column->own == CDR_FORM_OWN_TODAY && cdr_date_write(today, day) == CDR_OK)
		(void)snprintf(text, text_size, "%s", day);
	for (size_t r = 0; field != NULL && r < incident->row_count[field->group]; r++) {
		const char *value = cdr_incident_value_peek(incident, field, r);
		if (field->kind == CDR_FIELD_DERIVED)
			cdr_incident_derive(incident, field, code);
		for (size_t i = 0; len < text_size; i++) {
			bool derived = field->kind == CDR_FIELD_DERIVED;
			if (derived ? i > 0 || code[0] == '\0' : field->list == NULL ? i > 0 || value[0] == '\0' : !cdr_incident_code_at(value, i, code))
				break;
			const char *shown = field->list == NULL ? (derived ? code : value) :
			    cdr_codebook_label_peek(incident->book->codebook, field->list, code, language);
			len += (size_t)snprintf(text + len, text_size - len, "%s%s", len > 0 ? "; " : "", shown);
		}
	}
}
