#include "node/member/wire.h"

#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/date.h"

/* ---- text and dates ------------------------------------------------------------------------------------------------ */

/* Copy text that may have several lines. */
static cdr_err
read_lines(const char *from, char *to, size_t size)
{
	size_t len = from == NULL ? 0 : strlen(from);

	to[0] = '\0';
	if (len >= size)
		return CDR_E_RANGE;
	if (len > 0)
		memcpy(to, from, len + 1);
	return CDR_OK;
}

/* see node/member/wire.h */
cdr_err
cdr_wire_text(const char *from, char *to, size_t size)
{
	cdr_err err = read_lines(from, to, size);

	/* Decoding let pass these two control characters: a name with a line of its own could tell a reader anything. */
	if (err == CDR_OK && strpbrk(to, "\n\t") != NULL) {
		cdr_wipe(to, strlen(to));
		err = CDR_E_INPUT;
	}
	return err;
}

/* see node/member/wire.h */
char *
cdr_wire_optional(char *text)
{
	return text[0] == '\0' ? NULL : text;
}

/* see node/member/wire.h */
Cdr__Wire__Date *
cdr_wire_date(const struct cdr_date *date, struct cdr_wire_date *out)
{
	const char *precision = cdr_precision_name(date->precision);

	*out = (struct cdr_wire_date){ .message = CDR__WIRE__DATE__INIT };
	out->message.year = (uint32_t)date->year;
	out->message.month = date->month;
	out->message.day = date->day;
	/* Names of precisions are shorter than a code. */
	(void)!cdr_wire_text(precision, out->precision, sizeof(out->precision));
	out->message.precision = out->precision;
	return date->precision == CDR_PRECISION_UNKNOWN ? NULL : &out->message;
}

/* see node/member/wire.h */
cdr_err
cdr_wire_read_date(const Cdr__Wire__Date *message, struct cdr_date *date)
{
	enum cdr_precision precision;

	*date = (struct cdr_date){ 0 };
	if (message == NULL)
		return CDR_OK;
	if (cdr_precision_read(message->precision, &precision) != CDR_OK)
		return CDR_E_INPUT;
	if (precision == CDR_PRECISION_UNKNOWN)
		return message->year == 0 && message->month == 0 && message->day == 0 ? CDR_OK : CDR_E_INPUT;
	if (message->year > INT16_MAX || message->month > 12 || message->day > 31)
		return CDR_E_INPUT;
	*date = (struct cdr_date){ (int16_t)message->year, (uint8_t)message->month, (uint8_t)message->day,
		(uint8_t)precision };
	if (cdr_date_valid(date))
		return CDR_OK;
	*date = (struct cdr_date){ 0 };
	return CDR_E_INPUT;
}

/* ---- a person --------------------------------------------------------------------------------------------------------- */

/* What an undeclared employer does not get. */
static void
write_details(struct cdr_person *person, struct cdr_wire_identity *out)
{
	size_t nationality_count = 0;

	out->message.gender = cdr_wire_optional(person->gender);
	out->message.email = cdr_wire_optional(person->email);
	out->message.phone = cdr_wire_optional(person->phone);
	for (size_t i = 0; i < CDR_NATIONALITY_COUNT_MAX; i++)
		if (person->nationality[i][0] != '\0')
			out->nationality[nationality_count++] = person->nationality[i];
	out->message.nationality = out->nationality;
	out->message.n_nationality = nationality_count;
	for (size_t i = 0; i < person->document_count; i++) {
		out->document[i] = (Cdr__Wire__Document)CDR__WIRE__DOCUMENT__INIT;
		out->document[i].type = person->document[i].type;
		out->document[i].country = person->document[i].country;
		out->document[i].number = person->document[i].number;
		out->documents[i] = &out->document[i];
	}
	out->message.document = out->documents;
	out->message.n_document = person->document_count;
}

/* see node/member/wire.h */
void
cdr_wire_identity(struct cdr_person *person, bool names_only, struct cdr_wire_identity *out)
{
	*out = (struct cdr_wire_identity){ .message = CDR__WIRE__IDENTITY__INIT };
	out->message.given_names = cdr_wire_optional(person->given_names);
	out->message.family_names = cdr_wire_optional(person->family_names);
	out->message.other_names = cdr_wire_optional(person->other_names);
	out->message.native_name = cdr_wire_optional(person->native_name);
	(void)cdr_wire_date(&person->birth, &out->birth);
	out->message.date_of_birth = &out->birth.message;
	if (!names_only)
		write_details(person, out);
}

/* Lists of a person: nationalities and documents. */
static cdr_err
read_details(const Cdr__Wire__Identity *message, struct cdr_person *person)
{
	cdr_err err = CDR_E_INTERNAL;

	if (message->n_nationality > CDR_NATIONALITY_COUNT_MAX || message->n_document > CDR_DOCUMENT_COUNT_MAX)
		return CDR_E_RANGE;
	for (size_t i = 0; i < message->n_nationality; i++)
		CDR_TRY(cdr_wire_text(message->nationality[i], person->nationality[i], sizeof(person->nationality[i])));
	for (size_t i = 0; i < message->n_document; i++) {
		const Cdr__Wire__Document *from = message->document[i];
		struct cdr_document *to = &person->document[i];
		CDR_TRY(cdr_wire_text(from->type, to->type, sizeof(to->type)));
		CDR_TRY(cdr_wire_text(from->country, to->country, sizeof(to->country)));
		CDR_TRY(cdr_wire_text(from->number, to->number, sizeof(to->number)));
	}
	person->document_count = message->n_document;
	err = CDR_OK;
out:
	return err;
}

/* see node/member/wire.h */
cdr_err
cdr_wire_read_identity(const Cdr__Wire__Identity *message, struct cdr_person *person)
{
	cdr_err err = CDR_E_INTERNAL;

	memset(person, 0, sizeof(*person));
	CDR_TRY(cdr_wire_text(message->given_names, person->given_names, sizeof(person->given_names)));
	CDR_TRY(cdr_wire_text(message->family_names, person->family_names, sizeof(person->family_names)));
	CDR_TRY(cdr_wire_text(message->other_names, person->other_names, sizeof(person->other_names)));
	CDR_TRY(cdr_wire_text(message->native_name, person->native_name, sizeof(person->native_name)));
	CDR_TRY(cdr_wire_text(message->gender, person->gender, sizeof(person->gender)));
	CDR_TRY(cdr_wire_text(message->email, person->email, sizeof(person->email)));
	CDR_TRY(cdr_wire_text(message->phone, person->phone, sizeof(person->phone)));
	CDR_TRY(cdr_wire_read_date(message->date_of_birth, &person->birth));
	CDR_TRY(read_details(message, person));
	err = CDR_OK;
out:
	if (err != CDR_OK)
		cdr_wipe(person, sizeof(*person));
	return err;
}

/* ---- a statement -------------------------------------------------------------------------------------------------------- */

static void
write_disclosure(struct cdr_disclosure *from, struct cdr_wire_disclosure *out)
{
	out->message = (Cdr__Wire__Disclosure)CDR__WIRE__DISCLOSURE__INIT;
	for (size_t i = 0; i < from->misconduct_type_count; i++)
		out->types[i] = from->misconduct_type[i];
	out->message.misconduct_type = out->types;
	out->message.n_misconduct_type = from->misconduct_type_count;
	for (size_t i = 0; i < from->sanction_count; i++)
		out->sanctions[i] = from->sanction[i];
	out->message.sanction = out->sanctions;
	out->message.n_sanction = from->sanction_count;
	(void)cdr_wire_date(&from->committed, &out->committed);
	(void)cdr_wire_date(&from->concluded, &out->concluded);
	out->message.committed = &out->committed.message;
	out->message.concluded = &out->concluded.message;
	out->message.involved_child = from->involved_child;
	out->message.process_status = from->process_status;
	out->message.referred_to_authorities = from->referred_to_authorities;
	out->message.referred_country = cdr_wire_optional(from->referred_country);
	out->message.factual_summary = cdr_wire_optional(from->factual_summary);
}

/* Where and when the person worked, and what the records cover. */
static void
write_employment(struct cdr_statement *from, struct cdr_wire_statement *out)
{
	Cdr__Wire__Statement *message = &out->message;

	message->employed_from = cdr_wire_date(&from->employment.from, &out->employed_from);
	message->employed_to = cdr_wire_date(&from->employment.to, &out->employed_to);
	message->coverage_from = cdr_wire_date(&from->coverage.from, &out->coverage_from);
	message->coverage_to = cdr_wire_date(&from->coverage.to, &out->coverage_to);
	message->coverage_quality = cdr_wire_optional(from->coverage.quality);
	for (size_t i = 0; i < from->employment.position_count; i++)
		out->positions[i] = from->employment.positions[i];
	message->position = out->positions;
	message->n_position = from->employment.position_count;
	for (size_t i = 0; i < from->employment.duty_country_count; i++)
		out->countries[i] = from->employment.duty_countries[i];
	message->duty_country = out->countries;
	message->n_duty_country = from->employment.duty_country_count;
}

/* see node/member/wire.h */
void
cdr_wire_statement(struct cdr_statement *from, struct cdr_wire_statement *out)
{
	static const uint8_t none[CDR_ID_LEN];
	Cdr__Wire__Statement *message = &out->message;

	memset(out, 0, sizeof(*out));
	*message = (Cdr__Wire__Statement)CDR__WIRE__STATEMENT__INIT;
	message->codebook_version = from->codebook_version;
	message->response_id = cdr_message_field(from->response_id, sizeof(from->response_id));
	message->responder = from->responder;
	message->signer_name = from->signer_name;
	message->signer_role = from->signer_role;
	message->signed_at = from->signed_at < 0 ? 0 : (uint64_t)from->signed_at;
	message->identity_match = from->identity_match;
	write_employment(from, out);
	message->finding = cdr_wire_optional(from->finding);
	message->ongoing_now = cdr_wire_optional(from->ongoing_now);
	message->left_during = cdr_wire_optional(from->left_during);
	for (size_t i = 0; i < from->disclosure_count; i++) {
		write_disclosure(&from->disclosures[i], &out->disclosure[i]);
		out->disclosures[i] = &out->disclosure[i].message;
	}
	message->disclosure = out->disclosures;
	message->n_disclosure = from->disclosure_count;
	message->legal_limit_reason = cdr_wire_optional(from->legal_limit_reason);
	message->legal_limit_country = cdr_wire_optional(from->legal_limit_country);
	message->right_of_reply = cdr_wire_optional(from->right_of_reply);
	message->valid_until = cdr_wire_date(&from->valid_until, &out->valid_until);
	message->has_supersedes = memcmp(from->supersedes, none, sizeof(none)) != 0;
	message->supersedes = cdr_message_field(from->supersedes, sizeof(from->supersedes));
}

static cdr_err
read_disclosure(const Cdr__Wire__Disclosure *from, struct cdr_disclosure *to)
{
	cdr_err err = CDR_E_INTERNAL;

	if (from->n_misconduct_type > CDR_DISCLOSURE_TYPE_MAX || from->n_sanction > CDR_DISCLOSURE_SANCTION_MAX)
		return CDR_E_RANGE;
	for (size_t i = 0; i < from->n_misconduct_type; i++)
		CDR_TRY(cdr_wire_text(from->misconduct_type[i], to->misconduct_type[i], CDR_CODE_LEN));
	to->misconduct_type_count = from->n_misconduct_type;
	for (size_t i = 0; i < from->n_sanction; i++)
		CDR_TRY(cdr_wire_text(from->sanction[i], to->sanction[i], CDR_CODE_LEN));
	to->sanction_count = from->n_sanction;
	CDR_TRY(cdr_wire_text(from->involved_child, to->involved_child, CDR_CODE_LEN));
	CDR_TRY(cdr_wire_read_date(from->committed, &to->committed));
	CDR_TRY(cdr_wire_read_date(from->concluded, &to->concluded));
	CDR_TRY(cdr_wire_text(from->process_status, to->process_status, CDR_CODE_LEN));
	CDR_TRY(cdr_wire_text(from->referred_to_authorities, to->referred_to_authorities, CDR_CODE_LEN));
	CDR_TRY(cdr_wire_text(from->referred_country, to->referred_country, sizeof(to->referred_country)));
	CDR_TRY(read_lines(from->factual_summary, to->factual_summary, sizeof(to->factual_summary)));
	err = CDR_OK;
out:
	return err;
}

static cdr_err
read_employment(const Cdr__Wire__Statement *from, struct cdr_statement *to)
{
	cdr_err err = CDR_E_INTERNAL;

	if (from->n_position > CDR_STATEMENT_POSITION_MAX || from->n_duty_country > CDR_STATEMENT_COUNTRY_MAX)
		return CDR_E_RANGE;
	for (size_t i = 0; i < from->n_position; i++)
		CDR_TRY(cdr_wire_text(from->position[i], to->employment.positions[i], CDR_POSITION_LEN));
	to->employment.position_count = from->n_position;
	for (size_t i = 0; i < from->n_duty_country; i++)
		CDR_TRY(cdr_wire_text(from->duty_country[i], to->employment.duty_countries[i], CDR_COUNTRY_LEN));
	to->employment.duty_country_count = from->n_duty_country;
	CDR_TRY(cdr_wire_read_date(from->employed_from, &to->employment.from));
	CDR_TRY(cdr_wire_read_date(from->employed_to, &to->employment.to));
	CDR_TRY(cdr_wire_read_date(from->coverage_from, &to->coverage.from));
	CDR_TRY(cdr_wire_read_date(from->coverage_to, &to->coverage.to));
	CDR_TRY(cdr_wire_text(from->coverage_quality, to->coverage.quality, sizeof(to->coverage.quality)));
	err = CDR_OK;
out:
	return err;
}

/* Who says it, about what, until when. */
static cdr_err
read_frame(const Cdr__Wire__Statement *from, const uint8_t *request_id, struct cdr_statement *to)
{
	cdr_err err = CDR_E_INTERNAL;

	if (from->response_id.len != CDR_ID_LEN || from->signed_at > INT64_MAX ||
	    (from->has_supersedes && from->supersedes.len != CDR_ID_LEN))
		return CDR_E_INPUT;
	memcpy(to->response_id, from->response_id.data, CDR_ID_LEN);
	memcpy(to->request_id, request_id, CDR_ID_LEN);
	if (from->has_supersedes)
		memcpy(to->supersedes, from->supersedes.data, CDR_ID_LEN);
	to->signed_at = (int64_t)from->signed_at;
	CDR_TRY(cdr_wire_text(from->codebook_version, to->codebook_version, sizeof(to->codebook_version)));
	CDR_TRY(cdr_wire_text(from->responder, to->responder, sizeof(to->responder)));
	CDR_TRY(cdr_wire_text(from->signer_name, to->signer_name, sizeof(to->signer_name)));
	CDR_TRY(cdr_wire_text(from->signer_role, to->signer_role, sizeof(to->signer_role)));
	CDR_TRY(cdr_wire_text(from->identity_match, to->identity_match, sizeof(to->identity_match)));
	CDR_TRY(cdr_wire_text(from->right_of_reply, to->right_of_reply, sizeof(to->right_of_reply)));
	CDR_TRY(cdr_wire_read_date(from->valid_until, &to->valid_until));
	err = CDR_OK;
out:
	return err;
}

/* The three questions, and why one cannot be answered. */
static cdr_err
read_answers(const Cdr__Wire__Statement *from, struct cdr_statement *to)
{
	cdr_err err = CDR_E_INTERNAL;

	if (from->n_disclosure > CDR_STATEMENT_DISCLOSURE_MAX)
		return CDR_E_RANGE;
	for (size_t i = 0; i < from->n_disclosure; i++)
		CDR_TRY(read_disclosure(from->disclosure[i], &to->disclosures[i]));
	to->disclosure_count = from->n_disclosure;
	CDR_TRY(cdr_wire_text(from->finding, to->finding, sizeof(to->finding)));
	CDR_TRY(cdr_wire_text(from->ongoing_now, to->ongoing_now, sizeof(to->ongoing_now)));
	CDR_TRY(cdr_wire_text(from->left_during, to->left_during, sizeof(to->left_during)));
	CDR_TRY(cdr_wire_text(from->legal_limit_reason, to->legal_limit_reason, sizeof(to->legal_limit_reason)));
	CDR_TRY(cdr_wire_text(from->legal_limit_country, to->legal_limit_country, sizeof(to->legal_limit_country)));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/wire.h */
cdr_err
cdr_wire_read_statement(const Cdr__Wire__Statement *message, const uint8_t *request_id, struct cdr_statement *statement)
{
	cdr_err err = CDR_E_INTERNAL;

	memset(statement, 0, sizeof(*statement));
	CDR_TRY(read_frame(message, request_id, statement));
	CDR_TRY(read_employment(message, statement));
	CDR_TRY(read_answers(message, statement));
	err = CDR_OK;
out:
	if (err != CDR_OK)
		cdr_wipe(statement, sizeof(*statement));
	return err;
}
