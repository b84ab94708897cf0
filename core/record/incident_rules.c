#include "core/record/incident.h"

#include <stdio.h>
#include <string.h>

#include "core/identity/date.h"
#include "core/record/period.h"

/* Holding a record against its codebook: see core/record/incident.h. */
struct judge {
	const struct cdr_incident *incident;
	const struct cdr_record_rules *rules;
	const char *language;
	cdr_incident_tell *tell;
	void *context;
	bool bad;
};

static void
tell(struct judge *judge, const struct cdr_field *field, size_t row, const char *reason)
{
	judge->bad = true;
	if (judge->tell != NULL)
		judge->tell(judge->context, field, row, reason);
}

/* Sentences of the program itself, in the languages of the codebook. */
static const char *
sentence(const char *language, const char *const texts[static 4])
{
	static const char *const languages[] = { "en", "fr", "es", "ar" };

	for (size_t i = 0; i < 4; i++)
		if (strcmp(languages[i], language) == 0)
			return texts[i];
	return texts[0];
}

static const char *const is_needed[] = { "is needed", "est obligatoire", "es obligatorio", "مطلوب" };
static const char *const in_future[] = { "lies in the future", "se situe dans l’avenir", "está en el futuro", "يقع في المستقبل" };
static const char *const needs_rows[] = { "at least one row is needed; it may say unknown",
	"il faut au moins une ligne ; elle peut indiquer unknown", "se necesita al menos una fila; puede decir unknown",
	"يلزم صف واحد على الأقل، ويجوز أن يقول unknown" };

static bool
says_nothing(const struct cdr_incident *incident, const char *value)
{
	return value[0] == '\0' || cdr_codebook_check(incident->book->codebook, "nothing", value, NULL) == CDR_OK;
}

static struct cdr_date
read_date(const struct cdr_incident *incident, const char *value)
{
	struct cdr_date date = { 0 };

	if (says_nothing(incident, value) || cdr_date_read(value, &date, NULL) != CDR_OK)
		date = (struct cdr_date){ 0 };
	return date;
}

static bool
is_among(const json_t *codes, const char *code)
{
	for (size_t i = 0; i < json_array_size(codes); i++)
		if (strcmp(json_string_value(json_array_get(codes, i)), code) == 0)
			return true;
	return false;
}

/* Values of one row: how many there are, and how many of them are among ${codes}. A derived field has one value. */
static void
count_codes(const struct judge *judge, const struct cdr_condition *condition, size_t row, size_t *count, size_t *among)
{
	char code[CDR_CODE_LEN];
	const char *value = cdr_incident_value_peek(judge->incident, condition->field, row);

	*count = *among = 0;
	if (condition->field->kind == CDR_FIELD_DERIVED) {
		cdr_incident_derive(judge->incident, condition->field, code);
		*count = code[0] != '\0';
		*among = is_among(condition->codes, code);
		return;
	}
	for (; cdr_incident_code_at(value, *count, code); ++*count)
		*among += is_among(condition->codes, code);
}

/* Does the condition hold for one row? ${row}: of the kind that its field belongs to. */
static bool
holds_in_row(const struct judge *judge, const struct cdr_condition *condition, size_t row)
{
	const char *value = cdr_incident_value_peek(judge->incident, condition->field, row);
	struct cdr_date date = read_date(judge->incident, value), other;
	size_t count, among;

	count_codes(judge, condition, row, &count, &among);
	switch (condition->kind) {
	case CDR_CONDITION_IN:
		return among > 0;
	case CDR_CONDITION_NOT_IN:
		return among == 0;
	case CDR_CONDITION_ALONE:
		return among == 0 || count == 1;
	case CDR_CONDITION_KNOWN:
		return !says_nothing(judge->incident, value);
	case CDR_CONDITION_NOT_KNOWN:
		return says_nothing(judge->incident, value);
	case CDR_CONDITION_NOT_BEFORE:
		other = read_date(judge->incident, cdr_incident_value_peek(judge->incident, condition->other,
		    condition->other->group == condition->field->group ? row : 0));
		return !cdr_period_reversed(&other, &date);
	case CDR_CONDITION_PRECISE:
		return date.precision >= condition->precision;
	}
	return false;
}

/* IN holds if it does in some row; everything else must in each. ${row}: one in which it does not. */
static bool
holds(const struct judge *judge, const struct cdr_condition *condition, size_t *row)
{
	size_t count = judge->incident->row_count[condition->field->group];
	bool some = condition->kind == CDR_CONDITION_IN;

	for (*row = 0; *row < count; ++*row)
		if (holds_in_row(judge, condition, *row) == some)
			return some;
	*row = 0;
	return !some;
}

static void
check_invariant(struct judge *judge, const struct cdr_invariant *invariant)
{
	size_t row;

	for (size_t i = 0; i < invariant->when_count; i++)
		if (!holds(judge, &invariant->when[i], &row))
			return;
	if (holds(judge, &invariant->must, &row))
		return;
	tell(judge, invariant->field, invariant->must.field == invariant->field ? row : 0,
	    cdr_book_text(invariant->message, judge->language));
}

static void
check_field(struct judge *judge, const struct cdr_field *field, size_t row)
{
	const char *value = cdr_incident_value_peek(judge->incident, field, row);
	struct cdr_date date;

	if (field->needed && value[0] == '\0')
		tell(judge, field, row, sentence(judge->language, is_needed));
	if (field->kind != CDR_FIELD_DATE || !field->past)
		return;
	date = read_date(judge->incident, value);
	if (cdr_period_future(&date, judge->rules))
		tell(judge, field, row, sentence(judge->language, in_future));
}

/* The first field of a kind of row, to be named where the whole row is missing. */
static const struct cdr_field *
first_of(const struct cdr_book *book, size_t group)
{
	for (size_t i = 0; i < book->field_count; i++)
		if (book->fields[i].group == group)
			return &book->fields[i];
	return &book->fields[0];
}

/* see core/record/incident.h */
cdr_err
cdr_incident_validate(const struct cdr_incident *incident, const struct cdr_record_rules *rules, const char *language,
    cdr_incident_tell *told, void *context)
{
	const struct cdr_book *book = incident->book;
	struct judge judge = { incident, rules, language, told, context, false };

	for (size_t g = 1; g < book->group_count; g++)
		if (incident->row_count[g] < book->groups[g].min)
			tell(&judge, first_of(book, g), 0, sentence(language, needs_rows));
	for (size_t f = 0; f < book->field_count; f++)
		for (size_t r = 0; r < incident->row_count[book->fields[f].group]; r++)
			if (book->fields[f].kind != CDR_FIELD_DERIVED)
				check_field(&judge, &book->fields[f], r);
	for (size_t i = 0; i < book->invariant_count; i++)
		check_invariant(&judge, &book->invariants[i]);
	return judge.bad ? CDR_E_REFUSED : CDR_OK;
}
