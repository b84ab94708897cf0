#include "core/identity/mrz.h"

#include <stdio.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/country.h"
#include "core/identity/number.h"

/* Where a field stands: its line, first character and length. */
struct field {
	uint8_t line, at, len;
};

/* One format: 9303 parts 4 (TD3), 5 (TD1), 6 (TD2) and 7 (visas). Check digits stand right behind their fields. */
struct format {
	uint8_t line_count, line_len;
	bool is_visa;
	struct field name, number, nationality, birth, sex, expiry, optional, optional2;
	bool has_optional_check;      /* of TD3 alone */
	struct field composite[4];    /* what the composite check digit covers; len 0: no more */
	struct field composite_digit; /* len 0: there is none */
};

static const struct format formats[] = {
	{ .line_count = 3,
	    .line_len = 30,
	    .name = { 2, 0, 30 },
	    .number = { 0, 5, 9 },
	    .nationality = { 1, 15, 3 },
	    .birth = { 1, 0, 6 },
	    .sex = { 1, 7, 1 },
	    .expiry = { 1, 8, 6 },
	    .optional = { 0, 15, 15 },
	    .optional2 = { 1, 18, 11 },
	    .composite = { { 0, 5, 25 }, { 1, 0, 7 }, { 1, 8, 7 }, { 1, 18, 11 } },
	    .composite_digit = { 1, 29, 1 } },
	{ .line_count = 2,
	    .line_len = 36,
	    .name = { 0, 5, 31 },
	    .number = { 1, 0, 9 },
	    .nationality = { 1, 10, 3 },
	    .birth = { 1, 13, 6 },
	    .sex = { 1, 20, 1 },
	    .expiry = { 1, 21, 6 },
	    .optional = { 1, 28, 7 },
	    .composite = { { 1, 0, 10 }, { 1, 13, 7 }, { 1, 21, 14 } },
	    .composite_digit = { 1, 35, 1 } },
	{ .line_count = 2,
	    .line_len = 44,
	    .name = { 0, 5, 39 },
	    .number = { 1, 0, 9 },
	    .nationality = { 1, 10, 3 },
	    .birth = { 1, 13, 6 },
	    .sex = { 1, 20, 1 },
	    .expiry = { 1, 21, 6 },
	    .optional = { 1, 28, 14 },
	    .has_optional_check = true,
	    .composite = { { 1, 0, 10 }, { 1, 13, 7 }, { 1, 21, 22 } },
	    .composite_digit = { 1, 43, 1 } },
	{ .line_count = 2,
	    .line_len = 36,
	    .is_visa = true,
	    .name = { 0, 5, 31 },
	    .number = { 1, 0, 9 },
	    .nationality = { 1, 10, 3 },
	    .birth = { 1, 13, 6 },
	    .sex = { 1, 20, 1 },
	    .expiry = { 1, 21, 6 },
	    .optional = { 1, 28, 8 } },
	{ .line_count = 2,
	    .line_len = 44,
	    .is_visa = true,
	    .name = { 0, 5, 39 },
	    .number = { 1, 0, 9 },
	    .nationality = { 1, 10, 3 },
	    .birth = { 1, 13, 6 },
	    .sex = { 1, 20, 1 },
	    .expiry = { 1, 21, 6 },
	    .optional = { 1, 28, 16 } },
};

#define CHARACTERS_MAX 90

/* A zone whose format is known, its characters in one row. */
struct zone {
	const struct format *format;
	char text[CHARACTERS_MAX + 1];
};

/* The value of a character: 9303-3 section 4.9. -1 if it has none. */
static int
value_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return c == '<' ? 0 : -1;
}

/* Add up ${len} characters from ${text}; ${place} counts them over several fields. Returns the sum modulo 10, or -1. */
static int
weigh(const char *text, size_t len, size_t *place, int sum)
{
	static const int weight[3] = { 7, 3, 1 };

	for (size_t i = 0; i < len && sum >= 0; i++) {
		int value = value_of(text[i]);

		sum = value < 0 ? -1 : (sum + value * weight[(*place)++ % 3]) % 10;
	}
	return sum;
}

/* see core/identity/mrz.h */
char
cdr_mrz_check_digit(const char *text, size_t len)
{
	size_t place = 0;
	int sum = weigh(text, len, &place, 0);

	return (char)(sum < 0 ? 0 : '0' + sum);
}

static char *
peek(struct zone *zone, struct field field)
{
	return zone->text + (size_t)field.line * zone->format->line_len + field.at;
}

static void
read_as_digits(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		text[i] = cdr_number_fold(text[i]);
}

static void
read_as_letters(char *text, size_t len)
{
	static const char digits[] = "01258", letters[] = "OIZSB";

	for (size_t i = 0; i < len; i++) {
		const char *found = strchr(digits, text[i]);

		if (found != NULL && *found != '\0')
			text[i] = letters[found - digits];
	}
}

/* Take the characters of a zone out of a text, and find its format. */
static cdr_err
read_zone(const char *text, struct zone *zone, struct cdr_fault *fault)
{
	size_t len = 0;

	if (strnlen(text, CDR_MRZ_TEXT_LEN_MAX + 1) > CDR_MRZ_TEXT_LEN_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "The machine-readable zone is longer than %d characters.",
		    CDR_MRZ_TEXT_LEN_MAX);
	for (; *text != '\0'; text++) {
		char c = (char)(*text >= 'a' && *text <= 'z' ? *text - 'a' + 'A' : *text);

		if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
			continue;
		if (value_of(c) < 0)
			return cdr_fault_set(fault, CDR_E_INPUT,
			    "A machine-readable zone holds only A to Z, 0 to 9 and '<'. Type its lines as printed.");
		if (len < CHARACTERS_MAX)
			zone->text[len] = c;
		len++;
	}
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (len == (size_t)formats[i].line_count * formats[i].line_len &&
		    formats[i].is_visa == (zone->text[0] == 'V')) {
			zone->format = &formats[i];
			return CDR_OK;
		}
	return cdr_fault_set(fault, CDR_E_INPUT,
	    "A machine-readable zone has two lines of 44 or of 36 characters, or three of 30. "
	    "A line may lack a '<'.");
}

/* Letters and digits in their places are read as what must stand there. */
static void
mend(struct zone *zone)
{
	const struct format *f = zone->format;
	const struct field digits[] = { f->birth, f->expiry, f->composite_digit };
	const struct field letters[] = { { 0, 0, 5 }, f->name, f->nationality, f->sex };

	for (size_t i = 0; i < sizeof digits / sizeof *digits; i++)
		read_as_digits(peek(zone, digits[i]), digits[i].len + (size_t)(i < 2));
	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
		read_as_letters(peek(zone, letters[i]), letters[i].len);
	read_as_digits(peek(zone, f->number) + f->number.len, 1);
	if (f->has_optional_check)
		read_as_digits(peek(zone, f->optional) + f->optional.len, 1);
}

/* Copy a field without the filling at its end. */
static void
copy_field(const char *field, size_t len, char *out, size_t out_size)
{
	while (len > 0 && field[len - 1] == '<')
		len--;
	if (len >= out_size)
		len = out_size - 1;
	memset(out, 0, out_size);
	memcpy(out, field, len);
}

static bool
checks(const char *field, size_t len)
{
	return cdr_mrz_check_digit(field, len) == field[len];
}

/*
 * The number. One of more than nine characters goes on in the optional field behind a '<' in the place of its check
 * digit, and its check digit follows its last character (9303-5 and 9303-6, note j).
 */
static void
read_number(struct zone *zone, struct cdr_mrz *mrz, uint32_t *wrong)
{
	const struct format *f = zone->format;
	const char *number = peek(zone, f->number), *rest = peek(zone, f->optional);
	size_t more = 0;

	if (number[f->number.len] == '<' && !f->is_visa && !f->has_optional_check && rest[0] != '<') {
		char whole[64];
		size_t len = f->number.len;

		while (more < f->optional.len && rest[more] != '<')
			more++;
		memcpy(whole, number, len);
		memcpy(whole + len, rest, more);
		len += more - 1; /* without the check digit */
		whole[len] = cdr_number_fold(whole[len]);
		*wrong |= checks(whole, len) ? 0 : CDR_MRZ_NUMBER_WRONG;
		copy_field(whole, len, mrz->number, sizeof mrz->number);
		cdr_wipe(whole, sizeof whole);
	} else {
		*wrong |= checks(number, f->number.len) ? 0 : CDR_MRZ_NUMBER_WRONG;
		copy_field(number, f->number.len, mrz->number, sizeof mrz->number);
	}
	copy_field(rest + more, f->optional.len - more, mrz->optional, sizeof mrz->optional);
	if (mrz->optional[0] == '\0' && f->optional2.len > 0)
		copy_field(peek(zone, f->optional2), f->optional2.len, mrz->optional, sizeof mrz->optional);
	/* An empty optional field may have '<' or 0 for its check digit. */
	if (f->has_optional_check && !checks(rest, f->optional.len) &&
	    !(mrz->optional[0] == '\0' && rest[f->optional.len] == '<'))
		*wrong |= CDR_MRZ_OPTIONAL_WRONG;
}

/* Two digits, -1 for "<<", -2 for anything else. */
static int
two_digits(const char *text)
{
	if (text[0] == '<' && text[1] == '<')
		return -1;
	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return -2;
	return 10 * (text[0] - '0') + (text[1] - '0');
}

/* YYMMDD, the last year with these two digits that is not after ${last_year}. Parts that are "<<" are not known. */
static bool
read_date(const char *text, int last_year, struct cdr_date *date)
{
	int year = two_digits(text), month = two_digits(text + 2), day = two_digits(text + 4);
	enum cdr_precision precision = month < 0 ? CDR_PRECISION_YEAR
				       : day < 0 ? CDR_PRECISION_MONTH
						 : CDR_PRECISION_DAY;

	*date = (struct cdr_date){ 0 };
	if (year == -1 && month == -1 && day == -1)
		return true;
	if (year < 0 || month == -2 || day == -2 || (month == -1 && day != -1))
		return false;
	year += last_year / 100 * 100;
	year -= year > last_year ? 100 : 0;
	*date = (struct cdr_date){ (int16_t)year, (uint8_t)(month < 0 ? 1 : month), (uint8_t)(day < 0 ? 1 : day),
		(uint8_t)precision };
	if (cdr_date_valid(date))
		return true;
	*date = (struct cdr_date){ 0 };
	return false;
}

static void
read_dates(struct zone *zone, int this_year, struct cdr_mrz *mrz, uint32_t *wrong)
{
	const struct format *f = zone->format;
	const char *birth = peek(zone, f->birth), *expiry = peek(zone, f->expiry);

	if (!read_date(birth, this_year, &mrz->birth) || !checks(birth, f->birth.len))
		*wrong |= CDR_MRZ_BIRTH_WRONG;
	if (!read_date(expiry, this_year + 49, &mrz->expiry) || !checks(expiry, f->expiry.len))
		*wrong |= CDR_MRZ_EXPIRY_WRONG;
}

static void
check_composite(struct zone *zone, uint32_t *wrong)
{
	const struct format *f = zone->format;
	size_t place = 0;
	int sum = 0;

	if (f->composite_digit.len == 0)
		return;
	for (size_t i = 0; i < sizeof f->composite / sizeof *f->composite; i++)
		sum = weigh(peek(zone, f->composite[i]), f->composite[i].len, &place, sum);
	if (*peek(zone, f->composite_digit) != '0' + sum)
		*wrong |= CDR_MRZ_COMPOSITE_WRONG;
}

/* A country, or one of the issuers and nationalities that are none: 9303-3 section 5, parts B to D. UTO is the
 * specimen. */
static bool
read_issuer(const char *text, char issuer[static CDR_COUNTRY_LEN])
{
	static const char others[][CDR_COUNTRY_LEN] = { "EUE", "IAO", "UNA", "UNK", "UNO", "UTO", "XAA", "XBA", "XCC",
		"XCE", "XCO", "XDC", "XEC", "XES", "XIM", "XMP", "XOM", "XPO", "XSC", "XXA", "XXB", "XXC", "XXX" };
	char code[CDR_COUNTRY_LEN];

	copy_field(text, 3, code, sizeof code);
	if (strchr(code, '<') != NULL)
		return false;
	if (cdr_country_read(code, issuer) == CDR_OK && strlen(code) != 2)
		return true;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (strcmp(others[i], code) == 0) {
			memcpy(issuer, code, CDR_COUNTRY_LEN);
			return true;
		}
	return false;
}

static cdr_err
read_names(struct zone *zone, struct cdr_mrz *mrz, struct cdr_fault *fault)
{
	const struct format *f = zone->format;
	const char *name = peek(zone, f->name), sex = *peek(zone, f->sex);

	copy_field(zone->text, 2, mrz->document_code, sizeof mrz->document_code);
	if (mrz->document_code[0] == '\0' || strchr("PIACV", mrz->document_code[0]) == NULL || name[0] == '<')
		return cdr_fault_set(
		    fault, CDR_E_INPUT, "This is no machine-readable zone of a passport, identity card or visa.");
	if (!read_issuer(zone->text + 2, mrz->issuer) || !read_issuer(peek(zone, f->nationality), mrz->nationality))
		return cdr_fault_set(
		    fault, CDR_E_INPUT, "The machine-readable zone names a country that does not exist.");
	copy_field(name, f->name.len, mrz->name, sizeof mrz->name);
	mrz->name_cut = name[f->name.len - 1] != '<';
	mrz->sex = sex == 'F' || sex == 'M' ? sex : 'X';
	return CDR_OK;
}

/* see core/identity/mrz.h */
cdr_err
cdr_mrz_read(const char *text, int this_year, struct cdr_mrz *mrz, uint32_t *wrong, struct cdr_fault *fault)
{
	struct zone zone = { 0 };
	cdr_err err = CDR_E_INTERNAL;

	memset(mrz, 0, sizeof *mrz);
	*wrong = 0;
	CDR_TRY(read_zone(text, &zone, fault));
	mend(&zone);
	CDR_TRY(read_names(&zone, mrz, fault));
	read_number(&zone, mrz, wrong);
	read_dates(&zone, this_year, mrz, wrong);
	check_composite(&zone, wrong);
out:
	if (err != CDR_OK)
		cdr_wipe(mrz, sizeof *mrz);
	cdr_wipe(&zone, sizeof zone);
	return err;
}

/* The family names and the given names, with spaces for the filling. The zone has no more than CDR_MRZ_NAME_LEN
 * letters. */
static void
split_name(const char *name, char family[static CDR_MRZ_NAME_LEN], char given[static CDR_MRZ_NAME_LEN])
{
	const char *mark = strstr(name, "<<");
	size_t len = mark == NULL ? strlen(name) : (size_t)(mark - name);

	memset(family, 0, CDR_MRZ_NAME_LEN);
	memset(given, 0, CDR_MRZ_NAME_LEN);
	memcpy(family, name, len);
	if (mark != NULL)
		memcpy(given, mark + 2, strlen(mark + 2));
	for (size_t i = 0; i < CDR_MRZ_NAME_LEN; i++) {
		family[i] = (char)(family[i] == '<' ? ' ' : family[i]);
		given[i] = (char)(given[i] == '<' ? ' ' : given[i]);
	}
}

/* Whether the list of other names has this one. */
static bool
has_other_name(const char *others, const char *name)
{
	size_t name_len = strlen(name);

	for (size_t len; *others != '\0'; others += len + (others[len] == ';')) {
		len = strcspn(others, ";");
		if (len == name_len && memcmp(others, name, len) == 0)
			return true;
	}
	return false;
}

static void
set_code(char code[static CDR_CODE_LEN], const char *text)
{
	memset(code, 0, CDR_CODE_LEN);
	memcpy(code, text, strlen(text));
}

/* The document of a zone, in the codes of the dictionary. */
static void
make_document(const struct cdr_mrz *mrz, struct cdr_document *document)
{
	memset(document, 0, sizeof *document);
	set_code(document->type, mrz->document_code[0] == 'P'   ? "passport"
				 : mrz->document_code[0] == 'V' ? "other"
								: "national_id");
	if (cdr_country_known(mrz->issuer))
		memcpy(document->country, mrz->issuer, CDR_COUNTRY_LEN);
	memcpy(document->number, mrz->number, sizeof document->number);
}

static bool
same_document(const struct cdr_document *a, const struct cdr_document *b)
{
	return strcmp(a->type, b->type) == 0 && strcmp(a->country, b->country) == 0 &&
	       strcmp(a->number, b->number) == 0;
}

/* Add the document unless it is there. */
static cdr_err
add_document(const struct cdr_mrz *mrz, struct cdr_person *person, struct cdr_fault *fault)
{
	struct cdr_document document;

	make_document(mrz, &document);
	if (document.number[0] == '\0')
		return CDR_OK;
	for (size_t i = 0; i < person->document_count; i++)
		if (same_document(&person->document[i], &document))
			return CDR_OK;
	if (person->document_count == CDR_DOCUMENT_COUNT_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "There is no room for a document more. Remove one first.");
	person->document[person->document_count++] = document;
	return CDR_OK;
}

static cdr_err
add_name(const struct cdr_mrz *mrz, struct cdr_person *person, struct cdr_fault *fault)
{
	size_t used = strlen(person->other_names);
	char family[CDR_MRZ_NAME_LEN], given[CDR_MRZ_NAME_LEN];

	if (!has_other_name(person->other_names, mrz->name)) {
		if (used + 1 + strlen(mrz->name) >= sizeof person->other_names)
			return cdr_fault_set(
			    fault, CDR_E_RANGE, "There is no room for another name. Remove one first.");
		snprintf(person->other_names + used, sizeof person->other_names - used, "%s%s", used == 0 ? "" : ";",
		    mrz->name);
	}
	if (person->given_names[0] == '\0' && person->family_names[0] == '\0') {
		split_name(mrz->name, family, given);
		memcpy(person->family_names, family, sizeof family);
		memcpy(person->given_names, given, sizeof given);
		cdr_wipe(family, sizeof family);
		cdr_wipe(given, sizeof given);
	}
	return CDR_OK;
}

/* see core/identity/mrz.h */
cdr_err
cdr_mrz_apply(const struct cdr_mrz *mrz, struct cdr_person *person, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_person added = *person;

	CDR_TRY(add_document(mrz, &added, fault));
	CDR_TRY(add_name(mrz, &added, fault));
	if (added.birth.precision == CDR_PRECISION_UNKNOWN)
		added.birth = mrz->birth;
	if (added.gender[0] == '\0' && mrz->sex != 'X')
		set_code(added.gender, mrz->sex == 'F' ? "female" : "male");
	if (added.nationality[0][0] == '\0' && cdr_country_known(mrz->nationality))
		memcpy(added.nationality[0], mrz->nationality, CDR_COUNTRY_LEN);
	*person = added;
out:
	cdr_wipe(&added, sizeof added);
	return err;
}
