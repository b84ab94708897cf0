#include "core/record/book.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/identity/country.h"
#include "core/identity/date.h"
#include "core/record/form.h"

/* Reading the section "incident" of a codebook: see core/record/book.h. The first fault ends it. */
struct reader {
	struct cdr_book *book;
	struct cdr_fault *fault;
	const char *where;   /* which part of the section */
	size_t at;           /* which entry of it */
};

static cdr_err CDR_PRINTF(2, 3)
bad(const struct reader *reader, const char *format, ...)
{
	char text[CDR_FAULT_LEN - 128];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return cdr_fault_set(reader->fault, CDR_E_INPUT, "codebook: incident.%s, entry %zu: %s", reader->where, reader->at + 1, text);
}

static cdr_err
too_many(const struct reader *reader, size_t max)
{
	return cdr_fault_set(reader->fault, CDR_E_RANGE, "codebook: incident.%s has more than %zu entries", reader->where, max);
}

/* Labels in every language of the codebook; ${labels} NULL is right where they are ${optional}. */
static cdr_err
check_labels(const struct reader *reader, const json_t *labels, bool optional)
{
	static const char *const languages[] = { "en", "fr", "es", "ar" };

	if (labels == NULL && optional)
		return CDR_OK;
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
		const char *text = json_string_value(json_object_get(labels, languages[i]));
		if (text == NULL || text[0] == '\0' || strlen(text) > 400)
			return bad(reader, "it needs words of 1 to 400 bytes in \"%s\"", languages[i]);
	}
	return CDR_OK;
}

/* Are all of ${codes} texts that ${list} knows? "@country": countries. */
static cdr_err
check_codes(const struct reader *reader, const char *list, const json_t *codes)
{
	if (!json_is_array(codes) || json_array_size(codes) == 0)
		return bad(reader, "codes are an array of at least one text");
	for (size_t i = 0; i < json_array_size(codes); i++) {
		const char *code = json_string_value(json_array_get(codes, i));
		bool known = code != NULL && (strcmp(list, "@country") == 0 ? cdr_country_known(code) :
		    cdr_codebook_check(reader->book->codebook, list, code, NULL) == CDR_OK);
		if (!known)
			return bad(reader, "code number %zu is not in the list %s", i + 1, list);
	}
	return CDR_OK;
}

/* A name of at most ${max} bytes of a-z, 0-9, '_' and '.'. */
static bool
is_name(const char *text, size_t max)
{
	size_t len = text == NULL ? 0 : strlen(text);

	for (size_t i = 0; i < len; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_.", text[i]) == NULL)
			return false;
	return len > 0 && len <= max;
}

static bool
is_list(const struct reader *reader, const char *list)
{
	return list != NULL && cdr_codebook_code_peek(reader->book->codebook, list, 0) != NULL;
}

static uint32_t
number_of(const json_t *object, const char *key, uint32_t max)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value < 0 || value > (json_int_t)max ? UINT32_MAX : (uint32_t)value;
}

/* ---- rows and fields --------------------------------------------------------------------------------------------- */

static cdr_err
read_group(struct reader *reader, const char *name, const json_t *entry)
{
	struct cdr_group *group = &reader->book->groups[reader->at];
	uint32_t min = number_of(entry, "min", CDR_GROUP_ROW_MAX), max = number_of(entry, "max", CDR_GROUP_ROW_MAX);

	if (!is_name(name, CDR_CODE_LEN - 1) || strchr(name, '.') != NULL)
		return bad(reader, "a kind of row is named by small letters, digits and '_'");
	if (min > max || max == 0 || max > CDR_GROUP_ROW_MAX)
		return bad(reader, "`min` and `max` are 0 to %d, in this order", CDR_GROUP_ROW_MAX);
	if (reader->at == 0 && (min != 1 || max != 1))
		return bad(reader, "the first kind of row is the incident itself: one of it");
	*group = (struct cdr_group){ name, (uint8_t)min, (uint8_t)max, json_object_get(entry, "label") };
	return check_labels(reader, group->labels, false);
}

static bool
read_kind(const char *text, enum cdr_field_kind *kind)
{
	static const char *const kinds[CDR_FIELD_KIND_COUNT] = { "code", "codes", "date", "country", "text", "note", "derived" };

	for (size_t i = 0; text != NULL && i < CDR_FIELD_KIND_COUNT; i++)
		if (strcmp(kinds[i], text) == 0) {
			*kind = (enum cdr_field_kind)i;
			return true;
		}
	return false;
}

/* Which kind of row the name says: what stands before its dot. */
static bool
read_field_group(const struct reader *reader, const char *name, uint8_t *group)
{
	const char *dot = strchr(name, '.');

	*group = 0;
	for (size_t i = 1; dot != NULL && i < reader->book->group_count; i++) {
		const char *prefix = reader->book->groups[i].name;
		if (strlen(prefix) == (size_t)(dot - name) && strncmp(prefix, name, strlen(prefix)) == 0) {
			*group = (uint8_t)i;
			return dot[1] != '\0' && strchr(dot + 1, '.') == NULL;
		}
	}
	return dot == NULL;
}

static cdr_err
read_bands(const struct reader *reader, const json_t *entry, struct cdr_field *field)
{
	/* jansson's loop takes no const, and changes nothing. */
	union { const json_t *in; json_t *out; } bands = { .in = json_object_get(entry, "bands") };
	json_t *days;
	const char *code;

	json_object_foreach(bands.out, code, days) {
		if (field->band_count == CDR_BAND_MAX || !json_is_integer(days) || json_integer_value(days) > 1000000 ||
		    cdr_codebook_check(reader->book->codebook, field->list, code, NULL) != CDR_OK)
			return bad(reader, "`bands` are at most %d codes of its list with days", CDR_BAND_MAX);
		field->bands[field->band_count++] = (struct cdr_band){ code, (int32_t)json_integer_value(days) };
		if (field->band_count > 1 && field->bands[field->band_count - 1].days_max <= field->bands[field->band_count - 2].days_max)
			return bad(reader, "`bands` rise");
	}
	return field->band_count > 0 ? CDR_OK : bad(reader, "it needs `bands`");
}

static cdr_err
read_derived(const struct reader *reader, const json_t *entry, struct cdr_field *field)
{
	const char *rule = json_string_value(json_object_get(entry, "rule"));
	const json_t *of = json_object_get(entry, "of");
	size_t wanted;

	field->rule = rule != NULL && strcmp(rule, "half_year") == 0 ? CDR_DERIVE_HALF_YEAR :
	    rule != NULL && strcmp(rule, "days") == 0 ? CDR_DERIVE_DAYS : CDR_DERIVE_NONE;
	if (field->rule == CDR_DERIVE_NONE)
		return bad(reader, "its `rule` is half_year or days");
	wanted = field->rule == CDR_DERIVE_DAYS ? 2 : 1;
	if (json_array_size(of) != wanted)
		return bad(reader, "`of` names %zu dates", wanted);
	for (size_t i = 0; i < wanted; i++) {
		const char *name = json_string_value(json_array_get(of, i));
		field->of[i] = name == NULL ? NULL : cdr_book_field_find(reader->book, name);
		if (field->of[i] == NULL || field->of[i]->kind != CDR_FIELD_DATE || field->of[i]->group != 0)
			return bad(reader, "`of` names dates of the incident that stand above it");
	}
	return field->rule == CDR_DERIVE_HALF_YEAR ? CDR_OK : read_bands(reader, entry, field);
}

static cdr_err
check_field_list(const struct reader *reader, const struct cdr_field *field)
{
	bool coded = field->kind == CDR_FIELD_CODE || field->kind == CDR_FIELD_CODES || field->rule == CDR_DERIVE_DAYS;

	if (coded != (field->list != NULL) || (coded && !is_list(reader, field->list)))
		return bad(reader, "a field of codes names a list, and no other field does");
	if (field->kind == CDR_FIELD_CODES && field->group != 0)
		return bad(reader, "several codes in one field are for the incident itself alone");
	if (field->leaves && (field->secret || field->kind == CDR_FIELD_TEXT || field->kind == CDR_FIELD_NOTE || field->kind == CDR_FIELD_DATE))
		return bad(reader, "texts, dates and secrets never leave: level L2");
	return check_labels(reader, field->labels, field->list != NULL);
}

static cdr_err
read_field(struct reader *reader, const json_t *entry)
{
	struct cdr_field *field = &reader->book->fields[reader->at];
	const char *level = json_string_value(json_object_get(entry, "level"));

	*field = (struct cdr_field){
		.name = json_string_value(json_object_get(entry, "name")),
		.list = json_string_value(json_object_get(entry, "list")),
		.secret = json_is_true(json_object_get(entry, "secret")),
		.needed = json_is_true(json_object_get(entry, "needed")),
		.past = json_is_true(json_object_get(entry, "past")),
		.labels = json_object_get(entry, "label"),
	};
	if (!is_name(field->name, CDR_FIELD_NAME_LEN - 1) || !read_field_group(reader, field->name, &field->group))
		return bad(reader, "its name is not one of small letters, digits and '_', or GROUP.NAME");
	if (cdr_book_field_find(reader->book, field->name) != field)
		return bad(reader, "the name is there twice");
	if (!read_kind(json_string_value(json_object_get(entry, "kind")), &field->kind))
		return bad(reader, "its `kind` is none that there is");
	if (level == NULL || (strcmp(level, "L1") != 0 && strcmp(level, "L2") != 0))
		return bad(reader, "its `level` is L1 or L2");
	field->leaves = level[1] == '1';
	cdr_err err = field->kind == CDR_FIELD_DERIVED ? read_derived(reader, entry, field) : CDR_OK;
	return err == CDR_OK ? check_field_list(reader, field) : err;
}

/* ---- groupings, thresholds, tables ------------------------------------------------------------------------------- */

static cdr_err
read_grouping(struct reader *reader, const char *name, const json_t *entry)
{
	struct cdr_grouping *grouping = &reader->book->groupings[reader->at];

	*grouping = (struct cdr_grouping){ name, json_string_value(json_object_get(entry, "list")), json_object_get(entry, "label"),
		json_object_get(entry, "groups"), json_object_size(json_object_get(entry, "groups")) };
	if (!is_name(name, CDR_CODE_LEN - 1) || grouping->list == NULL ||
	    (strcmp(grouping->list, "@country") != 0 && !is_list(reader, grouping->list)))
		return bad(reader, "a grouping has a name, and puts together the codes of a `list`");
	if (grouping->group_count == 0 || grouping->group_count > 64)
		return bad(reader, "a grouping has 1 to 64 groups");
	cdr_err err = check_labels(reader, grouping->labels, false);
	for (size_t i = 0; err == CDR_OK && i < grouping->group_count; i++) {
		const json_t *group = json_object_get(grouping->groups, cdr_grouping_name_peek(grouping, i));
		const json_t *codes = json_object_get(group, "codes");
		err = check_codes(reader, grouping->list, codes);
		if (err == CDR_OK)
			err = check_labels(reader, json_object_get(group, "label"), false);
		for (size_t c = 0; err == CDR_OK && c < json_array_size(codes); c++)
			if (cdr_grouping_find(grouping, json_string_value(json_array_get(codes, c))) != i)
				err = bad(reader, "a code is in two of its groups");
	}
	return err;
}

static cdr_err
read_threshold(struct reader *reader, const char *name, const json_t *entry)
{
	struct cdr_threshold *threshold = &reader->book->thresholds[reader->at];

	*threshold = (struct cdr_threshold){ name, number_of(entry, "incidents", 1000), number_of(entry, "contributors", 1000),
		json_is_true(json_object_get(entry, "zeros_hidden")) };
	if (threshold->incidents == UINT32_MAX || threshold->contributors == UINT32_MAX)
		return bad(reader, "`incidents` and `contributors` are at most 1000");
	if (threshold->incidents < CDR_THRESHOLD_INCIDENTS_MIN || threshold->contributors < CDR_THRESHOLD_CONTRIBUTORS_MIN)
		return cdr_fault_set(reader->fault, CDR_E_REFUSED,
		    "codebook: incident.thresholds: never fewer than %d incidents and %d contributors", CDR_THRESHOLD_INCIDENTS_MIN,
		    CDR_THRESHOLD_CONTRIBUTORS_MIN);
	return CDR_OK;
}

static const struct cdr_grouping *
grouping_of(const struct cdr_book *book, const char *name)
{
	for (size_t i = 0; name != NULL && i < book->grouping_count; i++)
		if (strcmp(book->groupings[i].name, name) == 0)
			return &book->groupings[i];
	return NULL;
}

/* Codes of a list that say something, countries, or groups; and one more for what is not known. */
static size_t
count_categories(const struct cdr_book *book, const struct cdr_dimension *dimension)
{
	char country[CDR_COUNTRY_LEN];
	const char *code;
	size_t count = 0;

	if (dimension->grouping != NULL)
		return dimension->grouping->group_count + 1;
	if (dimension->field->kind == CDR_FIELD_COUNTRY)
		while (cdr_country_at(count, country))
			count++;
	else
		while ((code = cdr_codebook_code_peek(book->codebook, dimension->field->list, count)) != NULL &&
		    cdr_codebook_check(book->codebook, "nothing", code, NULL) != CDR_OK)
			count++;
	return count + 1;
}

static cdr_err
read_dimension(const struct reader *reader, const json_t *entry, struct cdr_dimension *dimension)
{
	const char *field = json_string_value(json_object_get(entry, "field"));
	const char *grouping = json_string_value(json_object_get(entry, "grouping"));
	const char *list;

	*dimension = (struct cdr_dimension){ field == NULL ? NULL : cdr_book_field_find(reader->book, field),
		grouping_of(reader->book, grouping), 0, NULL };
	if (dimension->field == NULL)
		return bad(reader, "a dimension names a field");
	list = dimension->field->kind == CDR_FIELD_COUNTRY ? "@country" : dimension->field->list;
	if (!dimension->field->leaves || list == NULL)
		return bad(reader, "a dimension is a coded field of level L1");
	if (grouping != NULL && (dimension->grouping == NULL || strcmp(dimension->grouping->list, list) != 0))
		return bad(reader, "its grouping is none of that field's list");
	dimension->category_count = count_categories(reader->book, dimension);
	return CDR_OK;
}

static cdr_err
read_dimensions(const struct reader *reader, const json_t *entry, struct cdr_table_definition *table)
{
	const json_t *dimensions = json_object_get(entry, "dimensions");

	table->dimension_count = json_array_size(dimensions);
	if (!json_is_array(dimensions) || table->dimension_count > CDR_DIMENSION_MAX)
		return bad(reader, "`dimensions` is an array of at most %d", CDR_DIMENSION_MAX);
	table->cell_count = 1;
	for (size_t i = 0; i < table->dimension_count; i++) {
		cdr_err err = read_dimension(reader, json_array_get(dimensions, i), &table->dimensions[i]);
		if (err != CDR_OK)
			return err;
		for (size_t other = 0; other < i; other++)
			if (table->dimensions[other].field == table->dimensions[i].field)
				return bad(reader, "two dimensions of one field");
		table->cell_count *= table->dimensions[i].category_count;
		if (table->cell_count > CDR_TABLE_CELL_MAX)
			return bad(reader, "more than %d cells", CDR_TABLE_CELL_MAX);
	}
	return check_labels(reader, table->labels, table->dimension_count > 0);
}

static cdr_err
read_table(struct reader *reader, const json_t *entry)
{
	struct cdr_table_definition *table = &reader->book->tables[reader->at];
	const char *records = json_string_value(json_object_get(entry, "records"));
	const char *threshold = json_string_value(json_object_get(entry, "threshold"));
	const json_t *coarser = json_object_get(entry, "coarser");

	*table = (struct cdr_table_definition){ .id = json_string_value(json_object_get(entry, "id")),
		.labels = json_object_get(entry, "title"), .coarser_count = json_array_size(coarser) };
	if (!is_name(table->id, CDR_CODE_LEN - 1) || cdr_book_table_find(reader->book, table->id) != table)
		return bad(reader, "its `id` is not a name, or there twice");
	for (size_t i = 0; threshold != NULL && i < reader->book->threshold_count; i++)
		if (strcmp(reader->book->thresholds[i].name, threshold) == 0)
			table->threshold = &reader->book->thresholds[i];
	if (table->threshold == NULL)
		return bad(reader, "its `threshold` is none of those above");
	if (records == NULL || (strcmp(records, "shared") != 0 && strcmp(records, "not_shared") != 0))
		return bad(reader, "its `records` are shared or not_shared");
	table->records = strcmp(records, "shared") == 0 ? CDR_RECORDS_SHARED : CDR_RECORDS_NOT_SHARED;
	if (table->coarser_count > CDR_TABLE_COARSER_MAX)
		return bad(reader, "`coarser` are at most %d tables", CDR_TABLE_COARSER_MAX);
	for (size_t i = 0; i < table->coarser_count; i++)
		table->coarser[i] = json_string_value(json_array_get(coarser, i));
	cdr_err err = read_dimensions(reader, entry, table);
	/* Of what the survivor does not want to be shared only a number leaves. */
	if (err == CDR_OK && table->records == CDR_RECORDS_NOT_SHARED && table->dimension_count > 0)
		err = bad(reader, "of records that are not shared only the number may leave");
	return err;
}

static cdr_err
check_coarser(struct reader *reader)
{
	for (reader->at = 0; reader->at < reader->book->table_count; reader->at++) {
		const struct cdr_table_definition *table = &reader->book->tables[reader->at];
		for (size_t i = 0; i < table->coarser_count; i++)
			if (table->coarser[i] == NULL || cdr_book_table_find(reader->book, table->coarser[i]) == NULL)
				return bad(reader, "`coarser` names a table that there is not");
	}
	return CDR_OK;
}

/* ---- invariants -------------------------------------------------------------------------------------------------- */

/* A condition has its field and exactly one of these. */
static cdr_err
read_condition(const struct reader *reader, const json_t *entry, struct cdr_condition *condition)
{
	static const char *const lists[] = { "in", "not_in", "alone" };
	const char *name = json_string_value(json_object_get(entry, "field"));
	const char *other = json_string_value(json_object_get(entry, "not_before"));
	const char *precise = json_string_value(json_object_get(entry, "precise"));
	const json_t *known = json_object_get(entry, "known");
	enum cdr_precision precision = CDR_PRECISION_UNKNOWN;

	*condition = (struct cdr_condition){ .field = name == NULL ? NULL : cdr_book_field_find(reader->book, name) };
	if (condition->field == NULL || json_object_size(entry) != 2)
		return bad(reader, "a condition is a `field` and one thing that is said of it");
	for (size_t i = 0; i < 3; i++) {
		condition->codes = json_object_get(entry, lists[i]);
		condition->kind = (enum cdr_condition_kind)i;
		if (condition->codes != NULL)
			return condition->field->list == NULL ? bad(reader, "the field has no codes") :
			    check_codes(reader, condition->field->list, condition->codes);
	}
	if (json_is_boolean(known)) {
		condition->kind = json_is_true(known) ? CDR_CONDITION_KNOWN : CDR_CONDITION_NOT_KNOWN;
		return CDR_OK;
	}
	if (condition->field->kind != CDR_FIELD_DATE)
		return bad(reader, "not_before and precise are for dates");
	condition->other = other == NULL ? NULL : cdr_book_field_find(reader->book, other);
	condition->kind = precise != NULL ? CDR_CONDITION_PRECISE : CDR_CONDITION_NOT_BEFORE;
	if (precise != NULL && cdr_precision_read(precise, &precision) == CDR_OK)
		condition->precision = (uint8_t)precision;
	return precise != NULL || (condition->other != NULL && condition->other->kind == CDR_FIELD_DATE) ? CDR_OK :
	    bad(reader, "in, not_in, alone, known, not_before, precise: one of these is said of a field");
}

static cdr_err
read_invariant(struct reader *reader, const json_t *entry)
{
	struct cdr_invariant *invariant = &reader->book->invariants[reader->at];
	const char *name = json_string_value(json_object_get(entry, "name"));
	const json_t *when = json_object_get(entry, "when");
	cdr_err err;

	*invariant = (struct cdr_invariant){ .field = name == NULL ? NULL : cdr_book_field_find(reader->book, name),
		.when_count = json_array_size(when), .message = json_object_get(entry, "message") };
	if (invariant->field == NULL || invariant->when_count > CDR_CONDITION_MAX)
		return bad(reader, "an invariant names a field, and at most %d conditions", CDR_CONDITION_MAX);
	for (size_t i = 0; i < invariant->when_count; i++) {
		err = read_condition(reader, json_array_get(when, i), &invariant->when[i]);
		if (err != CDR_OK)
			return err;
	}
	err = read_condition(reader, json_object_get(entry, "must"), &invariant->must);
	return err == CDR_OK ? check_labels(reader, invariant->message, false) : err;
}

/* ---- what older records become ------------------------------------------------------------------------------------ */

static cdr_err
read_carry(struct reader *reader, const json_t *entry)
{
	struct cdr_carry *carry = &reader->book->carries[reader->at];
	const struct cdr_field *to;
	/* jansson's loop takes no const, and changes nothing. */
	union { const json_t *in; json_t *out; } codes = { .in = json_object_get(entry, "codes") };
	json_t *code;
	const char *old;

	*carry = (struct cdr_carry){ json_string_value(json_object_get(entry, "from")), json_string_value(json_object_get(entry, "field")),
		json_string_value(json_object_get(entry, "to")), codes.in };
	if (carry->from == NULL || carry->field == NULL || strlen(carry->from) >= CDR_CODEBOOK_VERSION_LEN)
		return bad(reader, "`from` is an older version, `field` the name of a field there");
	to = carry->to == NULL ? NULL : cdr_book_field_find(reader->book, carry->to);
	if (carry->to != NULL && (to == NULL || to->kind == CDR_FIELD_DERIVED))
		return bad(reader, "`to` is no field of this version");
	json_object_foreach(codes.out, old, code)
		if (to == NULL || to->list == NULL || json_string_value(code) == NULL ||
		    cdr_codebook_check(reader->book->codebook, to->list, json_string_value(code), NULL) != CDR_OK)
			return bad(reader, "`codes` lead from old codes to codes of this version");
	return CDR_OK;
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

/* Read each entry of the array ${where}. */
static cdr_err
each(struct reader *reader, const json_t *section, const char *where, size_t max, size_t *count,
    cdr_err (*read)(struct reader *, const json_t *))
{
	const json_t *list = json_object_get(section, where);

	reader->where = where;
	reader->at = 0;
	if (!json_is_array(list))
		return bad(reader, "an array is expected");
	if (json_array_size(list) > max)
		return too_many(reader, max);
	for (reader->at = 0; reader->at < json_array_size(list); reader->at++) {
		*count = reader->at + 1;
		cdr_err err = read(reader, json_array_get(list, reader->at));
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* Read each entry of the object ${where}. */
static cdr_err
each_named(struct reader *reader, const json_t *section, const char *where, size_t max, size_t *count,
    cdr_err (*read)(struct reader *, const char *, const json_t *))
{
	union { const json_t *in; json_t *out; } object = { .in = json_object_get(section, where) };
	const char *name;
	json_t *entry;

	reader->where = where;
	reader->at = 0;
	if (!json_is_object(object.in) || json_object_size(object.in) == 0)
		return bad(reader, "an object is expected");
	if (json_object_size(object.in) > max)
		return too_many(reader, max);
	json_object_foreach(object.out, name, entry) {
		*count = reader->at + 1;
		cdr_err err = read(reader, name, entry);
		if (err != CDR_OK)
			return err;
		reader->at++;
	}
	return CDR_OK;
}

/* The fields with a part of their own: the period, the key of an import, the survivor's word. */
static cdr_err
read_roles(struct reader *reader, const json_t *section)
{
	struct cdr_book *book = reader->book;
	const char *period = json_string_value(json_object_get(section, "period"));
	const char *key = json_string_value(json_object_get(section, "key"));
	const json_t *consent = json_object_get(section, "consent");
	const char *field = json_string_value(json_object_get(consent, "field"));

	reader->where = "period, key, consent";
	reader->at = 0;
	book->period = period == NULL ? NULL : cdr_book_field_find(book, period);
	book->key = key == NULL ? NULL : cdr_book_field_find(book, key);
	book->consent = field == NULL ? NULL : cdr_book_field_find(book, field);
	book->consent_code = json_string_value(json_object_get(consent, "code"));
	if (book->period == NULL || book->period->rule != CDR_DERIVE_HALF_YEAR)
		return bad(reader, "`period` is a field derived by half_year");
	if (book->key == NULL || book->key->kind != CDR_FIELD_TEXT || book->key->group != 0)
		return bad(reader, "`key` is a text of the incident");
	if (book->consent == NULL || book->consent->kind != CDR_FIELD_CODE || book->consent->group != 0 || !book->consent->needed ||
	    book->consent_code == NULL || cdr_codebook_check(book->codebook, book->consent->list, book->consent_code, NULL) != CDR_OK)
		return bad(reader, "`consent` is a needed field of codes, and the code with which a record is shared");
	return CDR_OK;
}

static cdr_err
check_forms(const struct cdr_book *book, struct cdr_fault *fault)
{
	struct cdr_form form;
	cdr_err err;
	size_t at = 0;

	while ((err = cdr_form_read(book, at, &form, fault)) == CDR_OK)
		at++;
	return err != CDR_E_ABSENT ? err : at > CDR_FORM_MAX ?
	    cdr_fault_set(fault, CDR_E_RANGE, "codebook: incident.forms has more than %d entries", CDR_FORM_MAX) : CDR_OK;
}

/* see core/record/book.h */
cdr_err
cdr_book_new(const struct cdr_codebook *codebook, const json_t *section, struct cdr_book **out, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_book *book = calloc(1, sizeof(*book));
	struct reader reader = { .book = book, .fault = fault, .where = "groups" };

	*out = NULL;
	if (book == NULL)
		return CDR_E_MEMORY;
	book->codebook = codebook;
	CDR_TRY(each_named(&reader, section, "groups", CDR_GROUP_MAX, &book->group_count, read_group));
	CDR_TRY(each(&reader, section, "fields", CDR_FIELD_MAX, &book->field_count, read_field));
	CDR_TRY(read_roles(&reader, section));
	CDR_TRY(each_named(&reader, section, "groupings", CDR_GROUPING_MAX, &book->grouping_count, read_grouping));
	CDR_TRY(each_named(&reader, section, "thresholds", CDR_THRESHOLD_MAX, &book->threshold_count, read_threshold));
	CDR_TRY(each(&reader, section, "tables", CDR_TABLE_MAX, &book->table_count, read_table));
	CDR_TRY(check_coarser(&reader));
	CDR_TRY(each(&reader, section, "invariants", CDR_INVARIANT_MAX, &book->invariant_count, read_invariant));
	CDR_TRY(each(&reader, section, "carry", CDR_CARRY_MAX, &book->carry_count, read_carry));
	book->forms = json_object_get(section, "forms");
	CDR_TRY(check_forms(book, fault));
	*out = book;
	book = NULL;
	err = CDR_OK;
out:
	free(book);
	return err;
}

/* see core/record/book.h */
void
cdr_book_free(struct cdr_book *book)
{
	free(book);
}
