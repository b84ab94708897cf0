#include "node/member/guest.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/crypto/secret.h"
#include "core/identity/country.h"
#include "core/identity/date.h"
#include "core/record/json.h"
#include "core/record/text.h"
#include "node/member/check_letters.h"
#include "node/member/count.h"
#include "node/member/deadline.h"
#include "node/member/guest_parts.h"
#include "node/web/page.h"

#define DAY_S 86400
#define TIME_TEXT_LEN 21

/* One request on its way into the database. */
struct asking {
	struct cdr_member *member;
	const char *reference;
	struct cdr_guest_details details;    /* personal */
	unsigned days;
	bool wants_link;
	struct cdr_guest_handout *handout;
	struct cdr_fault *fault;

	uint8_t check_id[CDR_ID_LEN];
	uint8_t digest[CDR_SHA256_LEN];
	uint8_t keys[CDR_GUEST_KEYS_LEN];    /* secret of the request, then the secret key for its answer */
	uint8_t public_key[CDR_HPKE_PUBLIC_LEN];
	struct cdr_candidate candidate;      /* personal */
	struct cdr_buffer request;           /* sealed */
};

/* ---- what HR gave ------------------------------------------------------------------------------------------------------- */

/* The text fields of the details: column of the JSON, place, whether it must be there. */
static const struct {
	const char *key;
	size_t at, size;
	bool needed;
} texts[] = {
#define TEXT(field, needed) { #field, offsetof(struct cdr_guest_details, field), sizeof(((struct cdr_guest_details *)NULL)->field), needed }
	TEXT(employer, true), TEXT(email, true), TEXT(found, true), TEXT(found_note, false), TEXT(contact_name, true),
	TEXT(contact_email, false), TEXT(contact_phone, false), TEXT(language, true), TEXT(position, false), TEXT(country, false),
	TEXT(engagement_type, false), TEXT(employee_number, false),
};

#define TEXT_COUNT (sizeof(texts) / sizeof(texts[0]))

static char *
text_at(struct cdr_guest_details *details, size_t i)
{
	return (char *)details + texts[i].at;
}

static cdr_err
clean_texts(struct asking *asking)
{
	char clean[CDR_CONTACT_LEN + CDR_NAME_LEN];

	for (size_t i = 0; i < TEXT_COUNT; i++) {
		char *text = text_at(&asking->details, i);
		cdr_err err = cdr_text_clean(text, strnlen(text, texts[i].size), false, clean, texts[i].size);
		if (err != CDR_OK)
			return cdr_fault_set(asking->fault, err, "%s: too long, or with a character that is no text", texts[i].key);
		memcpy(text, clean, texts[i].size);
		if (text[0] == '\0' && texts[i].needed)
			return cdr_fault_set(asking->fault, CDR_E_INPUT, "%s: missing", texts[i].key);
	}
	return CDR_OK;
}

/* Codes, countries, dates, an address that can be one. */
static cdr_err
check_details(struct asking *asking)
{
	const struct cdr_guest_details *d = &asking->details;
	struct cdr_fault why = { 0 };
	static const char *const languages[] = { "en", "fr", "es", "ar" };
	bool known = false;

	if (cdr_codebook_check(asking->member->codebook, "address_found", d->found, &why) != CDR_OK)
		return cdr_fault_set(asking->fault, CDR_E_INPUT, "found: not one of the codes; %.400s", why.text);
	if (d->engagement_type[0] != '\0' &&
	    cdr_codebook_check(asking->member->codebook, "engagement_type", d->engagement_type, &why) != CDR_OK)
		return cdr_fault_set(asking->fault, CDR_E_INPUT, "engagement_type: not one of the codes; %.400s", why.text);
	if (d->country[0] != '\0' && !cdr_country_known(d->country))
		return cdr_fault_set(asking->fault, CDR_E_INPUT, "country: write the three letters of ISO 3166-1, such as KEN");
	for (size_t i = 0; i < 4; i++)
		known = known || strcmp(d->language, languages[i]) == 0;
	if (!known)
		return cdr_fault_set(asking->fault, CDR_E_INPUT, "language of the guest: en, fr, es or ar");
	const char *at = strchr(d->email, '@');
	if (at == NULL || at == d->email || at[1] == '\0' || strchr(at + 1, '@') != NULL || strchr(d->email, ' ') != NULL)
		return cdr_fault_set(asking->fault, CDR_E_INPUT, "email: no e-mail address");
	if (d->contact_email[0] == '\0' && d->contact_phone[0] == '\0')
		return cdr_fault_set(asking->fault, CDR_E_INPUT,
		    "contact_email: missing, and contact_phone too: the guest needs one of them to ask whether this request is real");
	return CDR_OK;
}

/* see node/member/guest_parts.h */
json_t *
cdr_guest_details_json(const struct cdr_guest_details *details)
{
	json_t *object = json_object();
	char from[CDR_DATE_TEXT_LEN] = "", to[CDR_DATE_TEXT_LEN] = "";

	for (size_t i = 0; i < TEXT_COUNT; i++)
		(void)json_object_set_new(object, texts[i].key, json_string((const char *)details + texts[i].at));
	if (cdr_date_write(&details->from, from) == CDR_OK && cdr_date_write(&details->to, to) == CDR_OK) {
		(void)json_object_set_new(object, "from", json_string(from));
		(void)json_object_set_new(object, "to", json_string(to));
	}
	return object;
}

/* see node/member/guest_parts.h */
cdr_err
cdr_guest_details_read(struct cdr_bytes json, struct cdr_guest_details *details)
{
	int line, column;
	json_t *object = cdr_json_read(json, &line, &column);
	cdr_err err = json_is_object(object) ? CDR_OK : CDR_E_STORE;

	memset(details, 0, sizeof(*details));
	for (size_t i = 0; err == CDR_OK && i < TEXT_COUNT; i++) {
		const char *text = json_string_value(json_object_get(object, texts[i].key));
		if (text == NULL || strlen(text) >= texts[i].size)
			err = CDR_E_STORE;
		else
			memcpy(text_at(details, i), text, strlen(text) + 1);
	}
	const char *from = json_string_value(json_object_get(object, "from")), *to = json_string_value(json_object_get(object, "to"));
	if (err == CDR_OK && (from == NULL || to == NULL || cdr_date_read(from, &details->from, NULL) != CDR_OK ||
		cdr_date_read(to, &details->to, NULL) != CDR_OK))
		err = CDR_E_STORE;
	json_decref(object);
	return err;
}

/* see node/member/guest_parts.h */
cdr_err
cdr_guest_seal_json(const struct cdr_member *member, const char *purpose, const uint8_t *id, json_t *value,
    struct cdr_buffer *sealed)
{
	char *text = value != NULL ? json_dumps(value, JSON_COMPACT) : NULL;

	*sealed = (struct cdr_buffer){ 0 };
	json_decref(value);
	if (text == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_seal(member->home->keys->column, purpose, (struct cdr_bytes){ id, CDR_ID_LEN },
	    (struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, sealed);
	cdr_json_free(text);
	return err;
}

/* see node/member/guest_parts.h */
cdr_err
cdr_guest_key_text(const uint8_t *public_key, char text[static CDR_GUEST_KEY_TEXT_LEN])
{
	static const char label[] = "candor/1 guest key";
	uint8_t hash[CDR_SHA256_LEN];
	struct cdr_bytes parts[] = { { (const uint8_t *)label, sizeof(label) }, { public_key, CDR_HPKE_PUBLIC_LEN } };

	cdr_err err = cdr_sha256(parts, 2, hash);
	return err != CDR_OK ? err : cdr_base32_write(hash, 10, 5, text, CDR_GUEST_KEY_TEXT_LEN);
}

/* ---- the request as the guest reads it ---------------------------------------------------------------------------------------- */

static void
time_write(uint64_t seconds, char text[static TIME_TEXT_LEN])
{
	time_t time = (time_t)seconds;
	struct tm tm;

	(void)gmtime_r(&time, &tm);
	(void)strftime(text, TIME_TEXT_LEN, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* A text that is left out where it is empty. */
static void
put(json_t *object, const char *key, const char *text)
{
	if (text[0] != '\0')
		(void)json_object_set_new(object, key, json_string(text));
}

static void
put_date(json_t *object, const char *key, const struct cdr_date *date)
{
	char text[CDR_DATE_TEXT_LEN];

	if (cdr_date_write(date, text) == CDR_OK)
		put(object, key, text);
}

/* The code of a precision, as the codebook has it. */
static const char *
precision_code(const struct cdr_date *date)
{
	static const char *const codes[] = {
		[CDR_PRECISION_UNKNOWN] = "unknown",
		[CDR_PRECISION_YEAR] = "year",
		[CDR_PRECISION_HALF] = "half",
		[CDR_PRECISION_QUARTER] = "quarter",
		[CDR_PRECISION_MONTH] = "month",
		[CDR_PRECISION_DAY] = "day",
		[CDR_PRECISION_DECLARED_1_JANUARY] = "declared_1_january",
	};

	return codes[date->precision];
}

static json_t *
candidate_json(const struct cdr_person *person)
{
	json_t *object = json_object(), *documents = json_array(), *nationality = json_array();

	put(object, "given_names", person->given_names);
	put(object, "family_names", person->family_names);
	put(object, "other_names", person->other_names);
	put(object, "native_name", person->native_name);
	put_date(object, "date_of_birth", &person->birth);
	put(object, "birth_precision", precision_code(&person->birth));
	put(object, "gender", person->gender);
	for (size_t i = 0; i < CDR_NATIONALITY_COUNT_MAX && person->nationality[i][0] != '\0'; i++)
		(void)json_array_append_new(nationality, json_string(person->nationality[i]));
	for (size_t i = 0; i < person->document_count; i++)
		(void)json_array_append_new(documents, json_pack("{s:s, s:s, s:s}", "type", person->document[i].type, "country",
		    person->document[i].country, "number", person->document[i].number));
	(void)json_object_set_new(object, "nationality", nationality);
	(void)json_object_set_new(object, "documents", documents);
	return object;
}

static json_t *
request_json(const struct asking *asking)
{
	const struct cdr_guest_details *d = &asking->details;
	const struct cdr_roster *roster = cdr_current_hold(asking->member->current);
	char id[CDR_ID_TEXT_LEN], key[CDR_HPKE_PUBLIC_LEN * 2], due[TIME_TEXT_LEN], expires[TIME_TEXT_LEN];
	json_t *requester = json_object(), *claimed = json_object(), *object = json_object();

	put(requester, "name", asking->member->name);
	put(requester, "country", asking->member->country);
	put(requester, "contact", d->contact_name);
	put(requester, "email", d->contact_email);
	put(requester, "phone", d->contact_phone);
	put(claimed, "position", d->position);
	put(claimed, "country", d->country);
	put_date(claimed, "from", &d->from);
	put_date(claimed, "to", &d->to);
	put(claimed, "engagement_type", d->engagement_type);
	cdr_id_write(asking->handout->id, id);
	(void)EVP_EncodeBlock((unsigned char *)key, asking->public_key, CDR_HPKE_PUBLIC_LEN);
	time_write(asking->handout->due_at, due);
	time_write(asking->handout->expires_at, expires);
	(void)json_object_set_new(object, "format", json_integer(1));
	put(object, "request_id", id);
	put(object, "key", key);
	put(object, "language", d->language);
	put(object, "codebook_version", cdr_codebook_version_peek(asking->member->codebook));
	(void)json_object_set_new(object, "requester", requester);
	put(object, "employer", d->employer);
	(void)json_object_set_new(object, "candidate", candidate_json(&asking->candidate.person));
	(void)json_object_set_new(object, "claimed", claimed);
	put(object, "employee_number", d->employee_number);
	put(object, "position_category", asking->candidate.position_category);
	(void)json_object_set_new(object, "lookback_years", json_integer((json_int_t)roster->body->scheme->lookback_years));
	put(object, "legal_basis", asking->candidate.legal_basis);
	put(object, "candidate_notified", asking->candidate.candidate_notified);
	put_date(object, "notified_on", &asking->candidate.notified_on);
	put(object, "due_at", due);
	put(object, "expires_at", expires);
	cdr_current_release(asking->member->current, roster);
	return object;
}

static cdr_err
seal_request(struct asking *asking)
{
	json_t *object = request_json(asking);
	char *text = json_dumps(object, JSON_COMPACT);

	json_decref(object);
	if (text == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_guest_request_seal(asking->handout->id, asking->keys,
	    (struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, &asking->request);
	if (err == CDR_E_RANGE)
		err = cdr_fault_set(asking->fault, err, "names, documents and details together are too long for one request");
	cdr_json_free(text);
	return err;
}

/* ---- into the database ---------------------------------------------------------------------------------------------------------- */

/* The same employer at the same address about the same check. */
static cdr_err
digest_request(struct asking *asking)
{
	char folded[2][4 * CDR_NAME_LEN] = { "", "" };
	uint8_t content[CDR_ID_LEN + sizeof(folded)];

	cdr_err err = cdr_text_fold(asking->details.employer, folded[0], sizeof(folded[0]));
	if (err == CDR_OK)
		err = cdr_text_fold(asking->details.email, folded[1], sizeof(folded[1]));
	memcpy(content, asking->check_id, CDR_ID_LEN);
	memcpy(content + CDR_ID_LEN, folded, sizeof(folded));
	if (err == CDR_OK)
		err = cdr_member_digest(asking->member, "guest.employer", (struct cdr_bytes){ content, sizeof(content) },
		    asking->digest);
	cdr_wipe(folded, sizeof(folded));
	cdr_wipe(content, sizeof(content));
	return err;
}

/* The request that is open for this employer, with its keys. CDR_E_ABSENT if there is none. */
static cdr_err
find_request(struct cdr_tx *tx, struct asking *asking)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_bytes sealed;
	struct cdr_buffer keys = { 0 };

	CDR_TRY(cdr_query_start(tx, "SELECT id, keys, request, public_key, due_at, expires_at FROM guest"
	    " WHERE digest = $1 AND status NOT IN ('withdrawn', 'expired') AND expires_at > $2",
	    CDR_VALUES(cdr_value_blob(asking->digest, sizeof(asking->digest)), cdr_value_int((int64_t)cdr_member_now())), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob(query, 0, asking->handout->id, CDR_ID_LEN));
	CDR_TRY(cdr_query_blob_peek(query, 1, CDR_GUEST_KEYS_LEN + CDR_SEAL_OVERHEAD, &sealed));
	CDR_TRY(cdr_seal_open(asking->member->home->keys->column, CDR_GUEST_KEYS_PURPOSE,
	    (struct cdr_bytes){ asking->handout->id, CDR_ID_LEN }, sealed, &keys));
	if (keys.len != CDR_GUEST_KEYS_LEN) {
		err = CDR_E_STORE;
		goto out;
	}
	memcpy(asking->keys, keys.data, keys.len);
	CDR_TRY(cdr_query_blob_copy(query, 2, CDR_GUEST_REQUEST_SEALED_LEN, &asking->request));
	CDR_TRY(cdr_query_blob(query, 3, asking->public_key, sizeof(asking->public_key)));
	CDR_TRY(cdr_query_count(query, 4, &asking->handout->due_at));
	CDR_TRY(cdr_query_count(query, 5, &asking->handout->expires_at));
	err = CDR_OK;
out:
	cdr_query_end(query);
	cdr_buffer_free(&keys);
	return err == CDR_E_SEALED ? CDR_E_STORE : err;
}

/* A link may be asked for later than the file. */
static cdr_err
want_link(struct cdr_tx *tx, const struct asking *asking)
{
	if (!asking->wants_link)
		return CDR_OK;
	return cdr_query_run(tx, "UPDATE guest SET link = 'waiting' WHERE id = $1 AND link = 'none' AND answered_at = 0",
	    CDR_VALUES(cdr_value_blob(asking->handout->id, CDR_ID_LEN)));
}

static cdr_err
insert_request(struct cdr_tx *tx, struct asking *asking)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_guest_handout *handout = asking->handout;
	struct cdr_buffer details = { 0 }, keys = { 0 };
	struct cdr_bytes request = cdr_buffer_bytes(&asking->request);
	uint8_t hash[CDR_SHA256_LEN];
	uint64_t number, now = cdr_member_now();
	const struct cdr_deadline calendar = { now, handout->due_at, handout->expires_at };

	CDR_TRY(cdr_sha256(&request, 1, hash));
	CDR_TRY(cdr_guest_seal_json(asking->member, CDR_GUEST_DETAILS_PURPOSE, handout->id,
	    cdr_guest_details_json(&asking->details), &details));
	CDR_TRY(cdr_seal(asking->member->home->keys->column, CDR_GUEST_KEYS_PURPOSE, (struct cdr_bytes){ handout->id, CDR_ID_LEN },
	    (struct cdr_bytes){ asking->keys, sizeof(asking->keys) }, &keys));
	CDR_TRY(cdr_setting_next(tx, "guest", &number));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO guest (id, number, check_id, digest, details, keys, public_key, request, request_hash, link, status, result,"
	    " channel, asked_at, due_at, expires_at, answered_at, changed_at, unread, next_at)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'queued', '', '', $11, $12, $13, 0, 0, 0, $14)",
	    CDR_VALUES(cdr_value_blob(handout->id, CDR_ID_LEN), cdr_value_int((int64_t)number),
		cdr_value_blob(asking->check_id, CDR_ID_LEN), cdr_value_blob(asking->digest, sizeof(asking->digest)),
		cdr_value_bytes(cdr_buffer_bytes(&details)), cdr_value_bytes(cdr_buffer_bytes(&keys)),
		cdr_value_blob(asking->public_key, CDR_HPKE_PUBLIC_LEN), cdr_value_bytes(request), cdr_value_blob(hash, sizeof(hash)),
		cdr_value_text(asking->wants_link ? "waiting" : "none"), cdr_value_int((int64_t)now),
		cdr_value_int((int64_t)handout->due_at), cdr_value_int((int64_t)handout->expires_at),
		cdr_value_int((int64_t)cdr_deadline_next(&calendar, CDR_DEADLINE_NONE)))));
	CDR_TRY(cdr_guest_note(tx, handout->id, "encrypted_file", "made"));
	CDR_TRY(cdr_count_add_code(tx, CDR_COUNT_REQUEST_MADE, CDR_COUNT_OTHERS, cdr_count_year(now), 1));
	CDR_TRY(cdr_trail_add(tx, asking->member->who, "guest.ask", handout->id));
	err = CDR_OK;
out:
	cdr_buffer_free(&details);
	cdr_buffer_free(&keys);
	return err;
}

/* A writing job. */
static cdr_err
ask_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct asking *asking = context;
	uint8_t digest[CDR_SHA256_LEN];
	const struct cdr_roster *roster;

	CDR_TRY(cdr_member_digest(asking->member, "check.reference",
	    (struct cdr_bytes){ (const uint8_t *)asking->reference, strlen(asking->reference) }, digest));
	err = cdr_query_one_blob(tx, "SELECT id FROM hiring_check WHERE reference_digest = $1 AND state <> 'draft'",
	    CDR_VALUES(cdr_value_blob(digest, sizeof(digest))), asking->check_id, sizeof(asking->check_id));
	if (err == CDR_E_ABSENT)
		return cdr_fault_set(asking->fault, err, "there is no check with the reference %s: see `candor check list`", asking->reference);
	CDR_TRY(err);
	CDR_TRY(digest_request(asking));
	err = find_request(tx, asking);
	asking->handout->was_there = err == CDR_OK;
	if (err == CDR_OK)
		return want_link(tx, asking);
	if (err != CDR_E_ABSENT)
		goto out;
	CDR_TRY(cdr_check_open_candidate(tx, asking->member, asking->check_id, &asking->candidate));
	roster = cdr_current_hold(asking->member->current);
	asking->handout->due_at = cdr_check_due(roster);
	cdr_current_release(asking->member->current, roster);
	asking->handout->expires_at = cdr_member_now() + (uint64_t)asking->days * DAY_S;
	CDR_TRY(cdr_random(asking->handout->id, CDR_ID_LEN));
	CDR_TRY(cdr_random(asking->keys, CDR_GUEST_SECRET_LEN));
	CDR_TRY(cdr_hpke_keypair(asking->keys + CDR_GUEST_SECRET_LEN, asking->public_key));
	CDR_TRY(seal_request(asking));
	CDR_TRY(insert_request(tx, asking));
	err = CDR_OK;
out:
	return err;
}

/* The file, the code and the link, from what is durable now. */
static cdr_err
hand_out(const struct asking *asking, const char *url)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_guest_handout *handout = asking->handout;
	struct cdr_buffer embedded = { malloc(CDR_ID_LEN + asking->request.len), 0 };

	if (embedded.data == NULL)
		return CDR_E_MEMORY;
	embedded.len = CDR_ID_LEN + asking->request.len;
	memcpy(embedded.data, handout->id, CDR_ID_LEN);
	memcpy(embedded.data + CDR_ID_LEN, asking->request.data, asking->request.len);
	CDR_TRY(cdr_web_page_file(cdr_buffer_bytes(&embedded), &handout->file));
	CDR_TRY(cdr_guest_code_write(handout->id, asking->keys, handout->code));
	CDR_TRY(cdr_guest_key_text(asking->public_key, handout->key_text));
	if (url != NULL)
		CDR_TRY(cdr_guest_link(url, handout->id, asking->keys, handout->link));
	err = CDR_OK;
out:
	cdr_buffer_free(&embedded);
	return err;
}

/* see node/member/guest.h */
void
cdr_guest_handout_wipe(struct cdr_guest_handout *handout)
{
	cdr_buffer_free(&handout->file);
	cdr_wipe(handout, sizeof(*handout));
}

/* see node/member/guest.h */
cdr_err
cdr_guest_ask(struct cdr_member *member, const char *reference, const struct cdr_guest_details *details, unsigned days,
    const char *url, struct cdr_guest_handout *handout, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct asking *asking = cdr_secret_alloc(sizeof(*asking));

	memset(handout, 0, sizeof(*handout));
	if (asking == NULL)
		return CDR_E_MEMORY;
	asking->member = member;
	asking->reference = reference;
	asking->details = *details;
	asking->days = days;
	asking->wants_link = url != NULL;
	asking->handout = handout;
	asking->fault = fault;
	CDR_TRY(clean_texts(asking));
	CDR_TRY(check_details(asking));
	CDR_TRY(cdr_store_write(member->home->store, ask_job, asking));
	CDR_TRY(hand_out(asking, url));
	err = CDR_OK;
out:
	cdr_buffer_free(&asking->request);
	cdr_secret_free(asking);
	if (err != CDR_OK)
		cdr_guest_handout_wipe(handout);
	return err;
}

/* ---- ending ------------------------------------------------------------------------------------------------------------------------ */

/* see node/member/guest_parts.h */
cdr_err
cdr_guest_note(struct cdr_tx *tx, const uint8_t *id, const char *channel, const char *result)
{
	uint64_t number;

	cdr_err err = cdr_setting_next(tx, "attempt", &number);
	if (err != CDR_OK)
		return err;
	return cdr_query_run(tx, "INSERT INTO attempt (number, request_id, at, channel, result) VALUES ($1, $2, $3, $4, $5)",
	    CDR_VALUES(cdr_value_int((int64_t)number), cdr_value_blob(id, CDR_ID_LEN), cdr_value_int((int64_t)cdr_member_now()),
		cdr_value_text(channel), cdr_value_text(result)));
}

/* see node/member/guest_parts.h */
cdr_err
cdr_guest_forget_keys(struct cdr_tx *tx, const uint8_t *id)
{
	return cdr_query_run(tx, "UPDATE guest SET keys = $1, request = $1, next_at = 0 WHERE id = $2",
	    CDR_VALUES(cdr_value_blob(NULL, 0), cdr_value_blob(id, CDR_ID_LEN)));
}

struct withdrawal {
	const uint8_t *id;
	const char *who;
	struct cdr_fault *fault;
};

static cdr_err
withdraw_one(struct cdr_tx *tx, const uint8_t *id)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_value key = cdr_value_blob(id, CDR_ID_LEN);
	int64_t answered;

	CDR_TRY(cdr_query_one_int(tx, "SELECT answered_at FROM guest WHERE id = $1", CDR_VALUES(key), &answered));
	CDR_TRY(cdr_guest_forget_keys(tx, id));
	CDR_TRY(cdr_query_run(tx, "UPDATE guest SET status = 'withdrawn' WHERE id = $1 AND answered_at = 0", CDR_VALUES(key)));
	CDR_TRY(cdr_query_run(tx, "UPDATE guest SET link = 'ended' WHERE id = $1 AND link IN ('none', 'waiting')", CDR_VALUES(key)));
	CDR_TRY(cdr_query_run(tx, "UPDATE guest SET link = 'ending' WHERE id = $1 AND link IN ('open', 'answered')",
	    CDR_VALUES(key)));
	CDR_TRY(cdr_guest_note(tx, id, "guest_link", "withdrawn"));
	if (answered == 0)
		CDR_TRY(cdr_count_add(tx, CDR_COUNT_REQUEST_WITHDRAWN, cdr_count_year(cdr_member_now()), 1));
	err = CDR_OK;
out:
	return err;
}

/* A writing job. */
static cdr_err
withdraw_job(struct cdr_tx *tx, void *context)
{
	const struct withdrawal *withdrawal = context;
	struct cdr_value key = cdr_value_blob(withdrawal->id, CDR_ID_LEN);
	int64_t all, active;

	cdr_err err = cdr_query_one_int(tx, "SELECT count(*) FROM guest WHERE id = $1", CDR_VALUES(key), &all);
	if (err == CDR_OK && all == 0)
		return cdr_fault_set(withdrawal->fault, CDR_E_ABSENT, "there is no request to a guest with that id: `candor check show` prints it");
	if (err == CDR_OK)
		err = cdr_query_one_int(tx, "SELECT count(*) FROM guest WHERE id = $1 AND length(keys) > 0", CDR_VALUES(key), &active);
	if (err != CDR_OK || active == 0)
		return err;
	err = withdraw_one(tx, withdrawal->id);
	return err != CDR_OK ? err : cdr_trail_add(tx, withdrawal->who, "guest.withdraw", withdrawal->id);
}

/* see node/member/guest.h */
cdr_err
cdr_guest_withdraw(struct cdr_member *member, const uint8_t id[static CDR_ID_LEN], struct cdr_fault *fault)
{
	struct withdrawal withdrawal = { id, member->who, fault };

	return cdr_store_write(member->home->store, withdraw_job, &withdrawal);
}

/* see node/member/guest.h */
cdr_err
cdr_guest_withdraw_check(struct cdr_tx *tx, const uint8_t check_id[static CDR_ID_LEN])
{
	uint8_t id[CDR_ID_LEN];
	cdr_err err;

	while ((err = cdr_query_one_blob(tx, "SELECT id FROM guest WHERE check_id = $1 AND length(keys) > 0 ORDER BY number LIMIT 1",
		    CDR_VALUES(cdr_value_blob(check_id, CDR_ID_LEN)), id, sizeof(id))) == CDR_OK) {
		err = withdraw_one(tx, id);
		if (err != CDR_OK)
			return err;
	}
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* see node/member/guest.h */
cdr_err
cdr_guest_end_check(struct cdr_tx *tx, const uint8_t check_id[static CDR_ID_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_values check = CDR_VALUES(cdr_value_blob(check_id, CDR_ID_LEN));

	CDR_TRY(cdr_guest_withdraw_check(tx, check_id));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM guest_scan WHERE request_id IN (SELECT id FROM guest WHERE check_id = $1)", check));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM guest_statement WHERE request_id IN (SELECT id FROM guest WHERE check_id = $1)", check));
	CDR_TRY(cdr_query_run(tx, "UPDATE guest SET details = $1 WHERE check_id = $2",
	    CDR_VALUES(cdr_value_blob(NULL, 0), cdr_value_blob(check_id, CDR_ID_LEN))));
	err = CDR_OK;
out:
	return err;
}
