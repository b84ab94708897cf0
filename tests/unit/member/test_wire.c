#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/crypto/secret.h"
#include "node/member/wire.h"

static const uint8_t request_id[CDR_ID_LEN] = { 9, 8, 7 };

/* A text of ${len} letters; the last one of several stays good until the eighth call after it. */
static char *
text_of(size_t len)
{
	static char text[8][CDR_SUMMARY_LEN + 8];
	static size_t next;
	char *out = text[next++ % 8];

	assert_true(len < sizeof(text[0]));
	memset(out, 'x', len);
	out[len] = '\0';
	return out;
}

/* ---- dates ------------------------------------------------------------------------------------------------------------ */

static void
test_date_there_and_back(void **state)
{
	static const struct cdr_date dates[] = {
		{ 1984, 5, 12, CDR_PRECISION_DAY },
		{ 2000, 2, 29, CDR_PRECISION_DAY },
		{ 1984, 5, 1, CDR_PRECISION_MONTH },
		{ 1984, 4, 1, CDR_PRECISION_QUARTER },
		{ 1984, 7, 1, CDR_PRECISION_HALF },
		{ 1850, 1, 1, CDR_PRECISION_YEAR },
		{ 2150, 1, 1, CDR_PRECISION_DECLARED_1_JANUARY },
		{ 0, 0, 0, CDR_PRECISION_UNKNOWN },
	};
	struct cdr_wire_date wire;
	struct cdr_date back;

	(void)state;
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		Cdr__Wire__Date *message = cdr_wire_date(&dates[i], &wire);
		assert_int_equal(message == NULL, dates[i].precision == CDR_PRECISION_UNKNOWN);
		memset(&back, 1, sizeof(back));
		assert_int_equal(cdr_wire_read_date(message, &back), CDR_OK);
		assert_memory_equal(&back, &dates[i], sizeof(back));
		/* A required field carries an unknown date too. */
		assert_int_equal(cdr_wire_read_date(&wire.message, &back), CDR_OK);
		assert_memory_equal(&back, &dates[i], sizeof(back));
	}
}

static void
test_bad_dates(void **state)
{
	static const struct {
		uint32_t year, month, day;
		const char *precision;
	} bad[] = {
		{ 1984, 13, 1, "day" }, { 1984, 0, 1, "day" }, { 1984, 2, 30, "day" }, { 1900, 2, 29, "day" },
		{ 1849, 1, 1, "day" }, { 2151, 1, 1, "day" }, { 65536 + 1984, 5, 12, "day" }, { 1984, 256 + 5, 12, "day" },
		{ 1984, 5, 256 + 12, "day" }, { UINT32_MAX, UINT32_MAX, UINT32_MAX, "day" }, { 1984, 5, 2, "month" },
		{ 1984, 5, 1, "quarter" }, { 1984, 2, 1, "year" }, { 1984, 5, 12, "declared_1_january" },
		{ 1984, 5, 12, "unknown" }, { 1984, 5, 12, "" }, { 1984, 5, 12, "Day" }, { 0, 0, 0, "day" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char precision[32];
		struct cdr_date date = { 1, 1, 1, 1 }, zero = { 0 };
		Cdr__Wire__Date message = CDR__WIRE__DATE__INIT;
		(void)snprintf(precision, sizeof(precision), "%s", bad[i].precision);
		message.year = bad[i].year;
		message.month = bad[i].month;
		message.day = bad[i].day;
		message.precision = precision;
		assert_int_equal(cdr_wire_read_date(&message, &date), CDR_E_INPUT);
		assert_memory_equal(&date, &zero, sizeof(date));
	}
}

static void
test_text(void **state)
{
	char to[8] = "before", empty[] = "", some[] = "x";

	(void)state;
	assert_int_equal(cdr_wire_text(NULL, to, sizeof(to)), CDR_OK);
	assert_string_equal(to, "");
	assert_int_equal(cdr_wire_text("1234567", to, sizeof(to)), CDR_OK);
	assert_string_equal(to, "1234567");
	assert_int_equal(cdr_wire_text("12345678", to, sizeof(to)), CDR_E_RANGE);
	assert_string_equal(to, "");
	assert_int_equal(cdr_wire_text("a\nb", to, sizeof(to)), CDR_E_INPUT);
	assert_string_equal(to, "");
	assert_int_equal(cdr_wire_text("a\tb", to, sizeof(to)), CDR_E_INPUT);
	assert_null(cdr_wire_optional(empty));
	assert_ptr_equal(cdr_wire_optional(some), some);
}

/* ---- a person ----------------------------------------------------------------------------------------------------------- */

/* Every field as long and every list as full as it may be. */
static void
fill_person(struct cdr_person *p)
{
	memset(p, 0, sizeof(*p));
	memset(p->given_names, 'g', sizeof(p->given_names) - 1);
	memset(p->family_names, 'f', sizeof(p->family_names) - 1);
	memset(p->other_names, 'o', sizeof(p->other_names) - 1);
	memset(p->native_name, 'n', sizeof(p->native_name) - 1);
	p->birth = (struct cdr_date){ 1984, 5, 12, CDR_PRECISION_DAY };
	memset(p->gender, 'g', sizeof(p->gender) - 1);
	for (size_t i = 0; i < CDR_NATIONALITY_COUNT_MAX; i++)
		memset(p->nationality[i], 'A' + (int)i, sizeof(p->nationality[i]) - 1);
	for (size_t i = 0; i < CDR_DOCUMENT_COUNT_MAX; i++) {
		memset(p->document[i].type, 't', sizeof(p->document[i].type) - 1);
		memset(p->document[i].country, 'C', sizeof(p->document[i].country) - 1);
		memset(p->document[i].number, '1' + (int)i, sizeof(p->document[i].number) - 1);
	}
	p->document_count = CDR_DOCUMENT_COUNT_MAX;
	memset(p->email, 'e', sizeof(p->email) - 1);
	memset(p->phone, 'p', sizeof(p->phone) - 1);
}

/* Through the bytes of a letter, as a peer reads it. */
static void
test_person_there_and_back(void **state)
{
	struct cdr_person person, back;
	struct cdr_wire_identity wire;
	struct cdr_buffer bytes;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__Identity *message;

	(void)state;
	fill_person(&person);
	cdr_wire_identity(&person, false, &wire);
	assert_int_equal(cdr_message_encode(&wire.message.base, &bytes), CDR_OK);
	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__identity__descriptor, cdr_buffer_bytes(&bytes), &message),
	    CDR_OK);
	assert_int_equal(cdr_wire_read_identity(message, &back), CDR_OK);
	assert_memory_equal(&back, &person, sizeof(back));
	cdr_arena_free(&arena);
	cdr_buffer_free(&bytes);

	/* A person of whom little is known. */
	memset(&person, 0, sizeof(person));
	(void)snprintf(person.family_names, sizeof(person.family_names), "Otieno");
	cdr_wire_identity(&person, false, &wire);
	assert_null(wire.message.given_names);
	assert_null(wire.message.email);
	assert_int_equal(cdr_wire_read_identity(&wire.message, &back), CDR_OK);
	assert_memory_equal(&back, &person, sizeof(back));
}

/* An employer that the candidate did not name gets names and date, and nothing else. */
static void
test_names_only(void **state)
{
	struct cdr_person person, back, expected;
	struct cdr_wire_identity wire;

	(void)state;
	fill_person(&person);
	cdr_wire_identity(&person, true, &wire);
	assert_int_equal(cdr_wire_read_identity(&wire.message, &back), CDR_OK);
	memset(&expected, 0, sizeof(expected));
	memcpy(expected.given_names, person.given_names, sizeof(person.given_names));
	memcpy(expected.family_names, person.family_names, sizeof(person.family_names));
	memcpy(expected.other_names, person.other_names, sizeof(person.other_names));
	memcpy(expected.native_name, person.native_name, sizeof(person.native_name));
	expected.birth = person.birth;
	assert_memory_equal(&back, &expected, sizeof(back));
}

/* Read ${wire}, which must fail with ${err} and leave nothing. */
static void
refuse_person(const struct cdr_wire_identity *wire, cdr_err err)
{
	static const struct cdr_person zero;
	struct cdr_person back;

	memset(&back, 1, sizeof(back));
	assert_int_equal(cdr_wire_read_identity(&wire->message, &back), err);
	assert_memory_equal(&back, &zero, sizeof(back));
}

static void
test_person_too_much(void **state)
{
	struct cdr_person person;
	struct cdr_wire_identity wire;
	char *more_nationalities[CDR_NATIONALITY_COUNT_MAX + 1], country[] = "KEN", lines[] = "Amina\nYour files: nobody";
	Cdr__Wire__Document *more_documents[CDR_DOCUMENT_COUNT_MAX + 1];

	(void)state;
	fill_person(&person);
#define REFUSE(field, value, err)                             \
	do {                                                  \
		cdr_wire_identity(&person, false, &wire);     \
		wire.message.field = (value);                 \
		refuse_person(&wire, (err));                  \
	} while (0)
	REFUSE(given_names, text_of(CDR_NAME_LEN), CDR_E_RANGE);
	REFUSE(family_names, text_of(CDR_NAME_LEN), CDR_E_RANGE);
	REFUSE(other_names, text_of(CDR_OTHER_NAMES_LEN), CDR_E_RANGE);
	REFUSE(native_name, text_of(CDR_NAME_LEN), CDR_E_RANGE);
	REFUSE(gender, text_of(CDR_CODE_LEN), CDR_E_RANGE);
	REFUSE(email, text_of(CDR_CONTACT_LEN), CDR_E_RANGE);
	REFUSE(phone, text_of(CDR_CONTACT_LEN), CDR_E_RANGE);
	REFUSE(nationality[3], text_of(CDR_COUNTRY_LEN), CDR_E_RANGE);
	REFUSE(document[3]->type, text_of(CDR_CODE_LEN), CDR_E_RANGE);
	REFUSE(document[3]->country, text_of(CDR_COUNTRY_LEN), CDR_E_RANGE);
	REFUSE(document[3]->number, text_of(CDR_DOCUMENT_NUMBER_LEN), CDR_E_RANGE);
	REFUSE(date_of_birth->month, 13, CDR_E_INPUT);
	REFUSE(given_names, lines, CDR_E_INPUT);
	REFUSE(document[0]->number, lines, CDR_E_INPUT);
#undef REFUSE
	cdr_wire_identity(&person, false, &wire);
	for (size_t i = 0; i <= CDR_NATIONALITY_COUNT_MAX; i++)
		more_nationalities[i] = country;
	wire.message.nationality = more_nationalities;
	wire.message.n_nationality = CDR_NATIONALITY_COUNT_MAX + 1;
	refuse_person(&wire, CDR_E_RANGE);
	cdr_wire_identity(&person, false, &wire);
	for (size_t i = 0; i <= CDR_DOCUMENT_COUNT_MAX; i++)
		more_documents[i] = &wire.document[0];
	wire.message.document = more_documents;
	wire.message.n_document = CDR_DOCUMENT_COUNT_MAX + 1;
	refuse_person(&wire, CDR_E_RANGE);
}

/* ---- a statement -------------------------------------------------------------------------------------------------------- */

static void
fill_disclosure(struct cdr_disclosure *d)
{
	for (size_t i = 0; i < CDR_DISCLOSURE_TYPE_MAX; i++)
		memset(d->misconduct_type[i], 'a' + (int)i, CDR_CODE_LEN - 1);
	d->misconduct_type_count = CDR_DISCLOSURE_TYPE_MAX;
	memset(d->involved_child, 'y', CDR_CODE_LEN - 1);
	d->committed = (struct cdr_date){ 2023, 1, 1, CDR_PRECISION_YEAR };
	d->concluded = (struct cdr_date){ 0 };
	memset(d->process_status, 'p', CDR_CODE_LEN - 1);
	for (size_t i = 0; i < CDR_DISCLOSURE_SANCTION_MAX; i++)
		memset(d->sanction[i], 'a' + (int)i, CDR_CODE_LEN - 1);
	d->sanction_count = CDR_DISCLOSURE_SANCTION_MAX;
	memset(d->referred_to_authorities, 'r', CDR_CODE_LEN - 1);
	memcpy(d->referred_country, "KEN", 4);
	memset(d->factual_summary, 's', CDR_SUMMARY_LEN - 1);
	d->factual_summary[7] = '\n';
}

static void
fill_statement(struct cdr_statement *s)
{
	memset(s, 0, sizeof(*s));
	memset(s->codebook_version, 'v', sizeof(s->codebook_version) - 1);
	memset(s->response_id, 1, sizeof(s->response_id));
	memcpy(s->request_id, request_id, sizeof(s->request_id));
	memset(s->responder, 'r', sizeof(s->responder) - 1);
	memset(s->signer_name, 'n', sizeof(s->signer_name) - 1);
	memset(s->signer_role, 'h', sizeof(s->signer_role) - 1);
	s->signed_at = INT64_MAX;
	memset(s->identity_match, 'c', sizeof(s->identity_match) - 1);
	s->employment.from = (struct cdr_date){ 2015, 2, 1, CDR_PRECISION_MONTH };
	s->employment.to = (struct cdr_date){ 2024, 6, 30, CDR_PRECISION_DAY };
	for (size_t i = 0; i < CDR_STATEMENT_POSITION_MAX; i++)
		memset(s->employment.positions[i], 'a' + (int)i, CDR_POSITION_LEN - 1);
	s->employment.position_count = CDR_STATEMENT_POSITION_MAX;
	for (size_t i = 0; i < CDR_STATEMENT_COUNTRY_MAX; i++)
		memset(s->employment.duty_countries[i], 'A' + (int)i, CDR_COUNTRY_LEN - 1);
	s->employment.duty_country_count = CDR_STATEMENT_COUNTRY_MAX;
	s->coverage.from = (struct cdr_date){ 2015, 1, 1, CDR_PRECISION_YEAR };
	s->coverage.to = (struct cdr_date){ 2024, 1, 1, CDR_PRECISION_DECLARED_1_JANUARY };
	memset(s->coverage.quality, 'q', sizeof(s->coverage.quality) - 1);
	memset(s->finding, '1', sizeof(s->finding) - 1);
	memset(s->ongoing_now, '2', sizeof(s->ongoing_now) - 1);
	memset(s->left_during, '3', sizeof(s->left_during) - 1);
	for (size_t i = 0; i < CDR_STATEMENT_DISCLOSURE_MAX; i++)
		fill_disclosure(&s->disclosures[i]);
	s->disclosure_count = CDR_STATEMENT_DISCLOSURE_MAX;
	memset(s->legal_limit_reason, 'l', sizeof(s->legal_limit_reason) - 1);
	memcpy(s->legal_limit_country, "FRA", 4);
	memset(s->right_of_reply, 'y', sizeof(s->right_of_reply) - 1);
	s->valid_until = (struct cdr_date){ 2026, 12, 31, CDR_PRECISION_DAY };
	memset(s->supersedes, 2, sizeof(s->supersedes));
}

static struct cdr_statement filled, back;
static struct cdr_wire_statement wire_statement;

static void
there_and_back(void)
{
	struct cdr_buffer bytes;
	struct cdr_arena arena = { 0 };
	Cdr__Wire__Statement *message;

	cdr_wire_statement(&filled, &wire_statement);
	assert_int_equal(cdr_message_encode(&wire_statement.message.base, &bytes), CDR_OK);
	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__statement__descriptor, cdr_buffer_bytes(&bytes), &message),
	    CDR_OK);
	assert_int_equal(cdr_wire_read_statement(message, request_id, &back), CDR_OK);
	assert_memory_equal(&back, &filled, sizeof(back));
	cdr_arena_free(&arena);
	cdr_buffer_free(&bytes);
}

static void
test_statement_there_and_back(void **state)
{
	(void)state;
	fill_statement(&filled);
	there_and_back();
	/* The shortest one: nobody of that name is known. */
	memset(&filled, 0, sizeof(filled));
	memcpy(filled.request_id, request_id, sizeof(request_id));
	filled.signed_at = 1700000000;
	(void)snprintf(filled.identity_match, sizeof(filled.identity_match), "not_known_here");
	there_and_back();
	assert_false(wire_statement.message.has_supersedes);
	assert_null(wire_statement.message.finding);
	assert_null(wire_statement.message.employed_from);
}

/* The largest statement that there can be fits into one letter. */
static void
test_statement_fits_a_letter(void **state)
{
	(void)state;
	fill_statement(&filled);
	cdr_wire_statement(&filled, &wire_statement);
	assert_in_range(protobuf_c_message_get_packed_size(&wire_statement.message.base), 20000, CDR_MAIL_PLAIN_LEN - 512);
}

static void
refuse_statement(cdr_err err)
{
	static const struct cdr_statement zero;

	memset(&back, 1, sizeof(back));
	assert_int_equal(cdr_wire_read_statement(&wire_statement.message, request_id, &back), err);
	assert_memory_equal(&back, &zero, sizeof(back));
}

#define REFUSE(field, value, err)                                        \
	do {                                                             \
		cdr_wire_statement(&filled, &wire_statement);            \
		wire_statement.message.field = (value);                  \
		refuse_statement(err);                                   \
	} while (0)

static void
test_statement_texts_too_long(void **state)
{
	(void)state;
	fill_statement(&filled);
	REFUSE(codebook_version, text_of(CDR_CODEBOOK_VERSION_LEN), CDR_E_RANGE);
	REFUSE(responder, text_of(CDR_MEMBER_ID_LEN), CDR_E_RANGE);
	REFUSE(signer_name, text_of(CDR_NAME_LEN), CDR_E_RANGE);
	REFUSE(signer_role, text_of(CDR_CODE_LEN), CDR_E_RANGE);
	REFUSE(identity_match, text_of(CDR_CODE_LEN), CDR_E_RANGE);
	REFUSE(position[CDR_STATEMENT_POSITION_MAX - 1], text_of(CDR_POSITION_LEN), CDR_E_RANGE);
	REFUSE(duty_country[CDR_STATEMENT_COUNTRY_MAX - 1], text_of(CDR_COUNTRY_LEN), CDR_E_RANGE);
	REFUSE(coverage_quality, text_of(CDR_CODE_LEN), CDR_E_RANGE);
	REFUSE(finding, text_of(CDR_CODE_LEN), CDR_E_RANGE);
	REFUSE(ongoing_now, text_of(CDR_CODE_LEN), CDR_E_RANGE);
	REFUSE(left_during, text_of(CDR_CODE_LEN), CDR_E_RANGE);
	REFUSE(legal_limit_reason, text_of(CDR_CODE_LEN), CDR_E_RANGE);
	REFUSE(legal_limit_country, text_of(CDR_COUNTRY_LEN), CDR_E_RANGE);
	REFUSE(right_of_reply, text_of(CDR_CODE_LEN), CDR_E_RANGE);
	REFUSE(disclosure[3]->misconduct_type[3], text_of(CDR_CODE_LEN), CDR_E_RANGE);
	REFUSE(disclosure[3]->involved_child, text_of(CDR_CODE_LEN), CDR_E_RANGE);
	REFUSE(disclosure[3]->process_status, text_of(CDR_CODE_LEN), CDR_E_RANGE);
	REFUSE(disclosure[3]->sanction[CDR_DISCLOSURE_SANCTION_MAX - 1], text_of(CDR_CODE_LEN), CDR_E_RANGE);
	REFUSE(disclosure[3]->referred_to_authorities, text_of(CDR_CODE_LEN), CDR_E_RANGE);
	REFUSE(disclosure[3]->referred_country, text_of(CDR_COUNTRY_LEN), CDR_E_RANGE);
	REFUSE(disclosure[3]->factual_summary, text_of(CDR_SUMMARY_LEN), CDR_E_RANGE);
}

static void
test_statement_counts_too_high(void **state)
{
	char code[] = "x", *many[32];
	Cdr__Wire__Disclosure *disclosures[CDR_STATEMENT_DISCLOSURE_MAX + 1];

	(void)state;
	for (size_t i = 0; i < 32; i++)
		many[i] = code;
#define COUNT(list, most)                                                \
	do {                                                             \
		cdr_wire_statement(&filled, &wire_statement);            \
		wire_statement.message.list = many;                      \
		wire_statement.message.n_##list = (most) + 1;            \
		refuse_statement(CDR_E_RANGE);                           \
	} while (0)
	fill_statement(&filled);
	COUNT(position, CDR_STATEMENT_POSITION_MAX);
	COUNT(duty_country, CDR_STATEMENT_COUNTRY_MAX);
#undef COUNT
	cdr_wire_statement(&filled, &wire_statement);
	wire_statement.disclosure[3].message.misconduct_type = many;
	wire_statement.disclosure[3].message.n_misconduct_type = CDR_DISCLOSURE_TYPE_MAX + 1;
	refuse_statement(CDR_E_RANGE);
	cdr_wire_statement(&filled, &wire_statement);
	wire_statement.disclosure[3].message.sanction = many;
	wire_statement.disclosure[3].message.n_sanction = CDR_DISCLOSURE_SANCTION_MAX + 1;
	refuse_statement(CDR_E_RANGE);
	cdr_wire_statement(&filled, &wire_statement);
	for (size_t i = 0; i <= CDR_STATEMENT_DISCLOSURE_MAX; i++)
		disclosures[i] = &wire_statement.disclosure[0].message;
	wire_statement.message.disclosure = disclosures;
	wire_statement.message.n_disclosure = CDR_STATEMENT_DISCLOSURE_MAX + 1;
	refuse_statement(CDR_E_RANGE);
}

static void
test_statement_bad_values(void **state)
{
	char lines[] = "Grace\nThe exchange is the one that you named";

	(void)state;
	fill_statement(&filled);
	REFUSE(response_id.len, CDR_ID_LEN - 1, CDR_E_INPUT);
	REFUSE(response_id.len, 0, CDR_E_INPUT);
	REFUSE(supersedes.len, CDR_ID_LEN - 1, CDR_E_INPUT);
	REFUSE(signed_at, (uint64_t)INT64_MAX + 1, CDR_E_INPUT);
	REFUSE(signer_name, lines, CDR_E_INPUT);
	REFUSE(employed_from->month, 13, CDR_E_INPUT);
	REFUSE(employed_to->day, 32, CDR_E_INPUT);
	REFUSE(coverage_from->year, 1, CDR_E_INPUT);
	REFUSE(coverage_to->month, 2, CDR_E_INPUT);
	REFUSE(valid_until->day, 0, CDR_E_INPUT);
	REFUSE(disclosure[0]->committed->month, 2, CDR_E_INPUT);
	REFUSE(disclosure[0]->concluded->month, 2, CDR_E_INPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_date_there_and_back),
		cmocka_unit_test(test_bad_dates),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_person_there_and_back),
		cmocka_unit_test(test_names_only),
		cmocka_unit_test(test_person_too_much),
		cmocka_unit_test(test_statement_there_and_back),
		cmocka_unit_test(test_statement_fits_a_letter),
		cmocka_unit_test(test_statement_texts_too_long),
		cmocka_unit_test(test_statement_counts_too_high),
		cmocka_unit_test(test_statement_bad_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
