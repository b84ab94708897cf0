#include "node/member/query_opening.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/oprf.h"
#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "core/record/candidate.h"
#include "core/record/leaver.h"
#include "core/record/pack.h"
#include "node/store/scrub.h"

#define SEED_PURPOSE "evaluated.seed"
#define SUBJECT_PURPOSE "evaluated.subject"
#define FILLER_LEN CDR_SHA256_LEN
#define SHOWN_AT 0                          /* in a subject's plain bytes: what is shown as its record, */
#define PACKED_LEN_AT CDR_ID_LEN            /* the length of the packed record in two bytes, */
#define PACKED_AT (PACKED_LEN_AT + 2)       /* the packed record, and behind it what fills a check's tokens up */
#define SUBJECT_MAX (PACKED_AT + CDR_LEAVER_PACK_MAX + CDR_CHECK_ROWS_MAX * FILLER_LEN)
#define POINTS_MAX (CDR_EVALUATE_POINTS_MAX * CDR_POINT_LEN)
#define REQUEST_MAX 256

/* A row's id: its place, and the first point. */
static struct cdr_bytes
write_id(uint64_t place, uint64_t first, uint8_t id[static 16])
{
	cdr_number_write(place, id, 8);
	cdr_number_write(first, id + 8, 8);
	return (struct cdr_bytes){ id, 16 };
}

/* ---- keeping ------------------------------------------------------------------------------------------------------- */

/* Whose some of the points are. Of a check, what stands behind its tokens goes in too. */
static cdr_err
keep_subject(struct cdr_tx *tx, const struct cdr_member *member, const struct cdr_query_opening_kept *kept, int64_t place,
    const struct cdr_evaluate_subject *s)
{
	cdr_err err = CDR_E_INTERNAL;
	bool is_import = strcmp(kept->purpose, CDR_PURPOSE_IMPORT) == 0;
	size_t filler = is_import ? 0 : kept->count - s->count;
	size_t len = PACKED_AT + s->packed.len + filler * FILLER_LEN;
	struct cdr_buffer plain = { calloc(1, len), len }, sealed = { 0 };
	uint8_t id[16];

	if (plain.data == NULL)
		return CDR_E_MEMORY;
	memcpy(plain.data + SHOWN_AT, s->shown, CDR_ID_LEN);
	plain.data[PACKED_LEN_AT] = (uint8_t)(s->packed.len >> 8);
	plain.data[PACKED_LEN_AT + 1] = (uint8_t)s->packed.len;
	memcpy(plain.data + PACKED_AT, s->packed.data, s->packed.len);
	for (size_t i = 0; i < filler; i++)
		memcpy(plain.data + PACKED_AT + s->packed.len + i * FILLER_LEN, kept->inputs[s->count + i].data, FILLER_LEN);
	CDR_TRY(cdr_seal(member->home->keys->column, SUBJECT_PURPOSE, write_id((uint64_t)place, s->first, id),
	    cdr_buffer_bytes(&plain), &sealed));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO evaluated_subject (place, first, points, record, sealed) VALUES ($1, $2, $3, $4, $5)",
	    CDR_VALUES(cdr_value_int(place), cdr_value_int((int64_t)s->first),
		cdr_value_int((int64_t)(is_import ? s->count : kept->count)), cdr_value_blob(s->record, CDR_ID_LEN),
		cdr_value_bytes(cdr_buffer_bytes(&sealed)))));
out:
	cdr_buffer_free(&sealed);
	cdr_buffer_free(&plain);
	return err;
}

/* What can be shown of it, at ${at}; a repeat changes nothing. */
static cdr_err
keep_at(struct cdr_tx *tx, const struct cdr_member *member, const struct cdr_query_opening_kept *kept, int64_t at)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_value place = cdr_value_int(at);
	struct cdr_buffer sealed = { 0 };
	uint8_t id[16];
	int64_t known;

	if (kept->about == NULL)
		return CDR_OK;
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM evaluated WHERE place = $1", CDR_VALUES(place), &known));
	if (known > 0)
		return CDR_OK;
	CDR_TRY(cdr_seal(member->home->keys->column, SEED_PURPOSE, write_id((uint64_t)at, 0, id),
	    (struct cdr_bytes){ kept->seed, CDR_OPRF_SEED_LEN }, &sealed));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO evaluated (place, purpose, request, points, seed, made_at) VALUES ($1, $2, $3, $4, $5, $6)",
	    CDR_VALUES(place, cdr_value_text(kept->purpose), cdr_value_bytes(kept->request), cdr_value_bytes(kept->points),
		cdr_value_bytes(cdr_buffer_bytes(&sealed)), cdr_value_int((int64_t)cdr_member_now()))));
	for (size_t i = 0; i < kept->about->count; i++)
		CDR_TRY(keep_subject(tx, member, kept, at, &kept->about->subject[i]));
out:
	cdr_buffer_free(&sealed);
	return err;
}

/* Where what nobody answered is kept: below all places, by its sequence number. */
static int64_t
place_of(uint64_t sequence)
{
	return sequence >= 1 && sequence <= INT64_MAX ? -(int64_t)sequence : INT64_MIN;
}

/* see node/member/query_opening.h */
cdr_err
cdr_query_opening_unlogged(struct cdr_tx *tx, uint64_t sequence)
{
	const struct cdr_value place = cdr_value_int(place_of(sequence));
	cdr_err err = cdr_query_run(tx, "DELETE FROM evaluated_subject WHERE place = $1", CDR_VALUES(place));

	return err != CDR_OK ? err : cdr_query_run(tx, "DELETE FROM evaluated WHERE place = $1", CDR_VALUES(place));
}

/* see node/member/query_opening.h */
cdr_err
cdr_query_opening_keep(struct cdr_tx *tx, const struct cdr_member *member, const struct cdr_query_opening_kept *kept)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_receipt_keep(tx, kept->receipt));
	CDR_TRY(cdr_query_opening_unlogged(tx, kept->receipt->leaf.number[0])); /* it is kept at its place now */
	CDR_TRY(keep_at(tx, member, kept, (int64_t)kept->receipt->place));
out:
	return err;
}

/* see node/member/query_opening.h */
cdr_err
cdr_query_opening_keep_unanswered(struct cdr_tx *tx, const struct cdr_member *member, const struct cdr_query_opening_kept *kept,
    uint64_t sequence)
{
	return keep_at(tx, member, kept, place_of(sequence));
}

/* see node/member/query_opening.h */
cdr_err
cdr_query_opening_unanswered(struct cdr_tx *tx, uint64_t before, uint64_t *sequence, struct cdr_buffer *request)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int((int64_t)before));
	int64_t place;

	CDR_TRY(cdr_query_start(tx, "SELECT place, request FROM evaluated WHERE place < 0 AND made_at < $1 ORDER BY place DESC LIMIT 1", values,
	    &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_int(query, 0, &place));
	CDR_TRY(cdr_query_blob_copy(query, 1, REQUEST_MAX, request));
	*sequence = (uint64_t)-(place + 1) + 1;
out:
	cdr_query_end(query);
	return err;
}

/* see node/member/query_opening.h */
cdr_err
cdr_query_opening_forget(struct cdr_tx *tx, const uint8_t record[static CDR_ID_LEN])
{
	return cdr_query_run(tx, "DELETE FROM evaluated_subject WHERE record = $1", CDR_VALUES(cdr_value_blob(record, CDR_ID_LEN)));
}

/* see node/member/query_opening.h */
cdr_err
cdr_query_opening_settle(struct cdr_tx *tx, uint64_t size, uint64_t now)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_query_run(tx,
	    "DELETE FROM evaluated WHERE ((place >= 0 AND place < $1) OR made_at < $2) AND NOT EXISTS (SELECT 1 FROM drawn WHERE"
	    " drawn.position = evaluated.place AND drawn.state IN ('waiting', 'agreed', 'declined'))",
	    CDR_VALUES(cdr_value_int((int64_t)size), cdr_value_int(now > CDR_QUERY_OPENING_KEEP_S ? (int64_t)(now - CDR_QUERY_OPENING_KEEP_S) : 0))));
	CDR_TRY(cdr_scrub_want_changed(tx));
	CDR_TRY(cdr_query_run(tx, "DELETE FROM evaluated_subject WHERE NOT EXISTS (SELECT 1 FROM evaluated WHERE"
	    " evaluated.place = evaluated_subject.place)", CDR_VALUES()));
	err = cdr_scrub_want_changed(tx);
out:
	return err;
}

/* ---- showing -------------------------------------------------------------------------------------------------------- */

/* see node/member/query_opening.h */
void
cdr_query_opening_made_wipe(struct cdr_query_opening_made *made)
{
	cdr_buffer_free(&made->request);
	cdr_buffer_free(&made->points);
	cdr_buffer_free(&made->receipt);
	cdr_buffer_free(&made->subject);
	cdr_buffer_free(&made->blinds);
	cdr_arena_free(&made->receipt_arena);
	cdr_wipe(made, sizeof(*made));
}

/* An opening that is being put together. */
struct showing {
	struct cdr_tx *tx;
	const struct cdr_member *member;
	uint64_t place;
	uint32_t point;
	bool is_import;
	uint64_t first, count;              /* the points that are shown */
	uint8_t seed[CDR_OPRF_SEED_LEN];    /* secret; wiped */
	struct cdr_query_opening_made *made;
};

/* Unseal what a row holds. */
static cdr_err
unseal(struct cdr_query *query, int column, size_t max, const struct cdr_member *member, const char *purpose, struct cdr_bytes id,
    struct cdr_buffer *plain)
{
	struct cdr_bytes sealed;

	cdr_err err = cdr_query_blob_peek(query, column, max + CDR_SEAL_OVERHEAD, &sealed);
	if (err == CDR_OK)
		err = cdr_seal_open(member->home->keys->column, purpose, id, sealed, plain);
	return err == CDR_E_SEALED ? CDR_E_STORE : err;
}

/* ---- what was answered late ------------------------------------------------------------------------------------------ */

/* Seal what one column of a row holds anew: for its new place. */
static cdr_err
reseal(struct cdr_query *query, int column, size_t max, const struct cdr_member *member, const char *purpose, int64_t from, int64_t to,
    uint64_t first, struct cdr_buffer *sealed)
{
	uint8_t id[16];
	struct cdr_buffer plain = { 0 };
	cdr_err err = unseal(query, column, max, member, purpose, write_id((uint64_t)from, first, id), &plain);

	if (err == CDR_OK)
		err = cdr_seal(member->home->keys->column, purpose, write_id((uint64_t)to, first, id), cdr_buffer_bytes(&plain), sealed);
	cdr_buffer_free(&plain);
	return err;
}

/* Move the first subject that is left; CDR_E_ABSENT: none. */
static cdr_err
move_subject(struct cdr_tx *tx, const struct cdr_member *member, int64_t from, int64_t to)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int(from));
	struct cdr_buffer sealed = { 0 };
	uint64_t first;

	CDR_TRY(cdr_query_start(tx, "SELECT first, sealed FROM evaluated_subject WHERE place = $1 LIMIT 1", values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_count(query, 0, &first));
	CDR_TRY(reseal(query, 1, SUBJECT_MAX, member, SUBJECT_PURPOSE, from, to, first, &sealed));
	cdr_query_end(query);
	query = NULL;
	CDR_TRY(cdr_query_run(tx, "UPDATE evaluated_subject SET place = $1, sealed = $2 WHERE place = $3 AND first = $4",
	    CDR_VALUES(cdr_value_int(to), cdr_value_bytes(cdr_buffer_bytes(&sealed)), cdr_value_int(from), cdr_value_int((int64_t)first))));
out:
	cdr_query_end(query);
	cdr_buffer_free(&sealed);
	return err;
}

/* The evaluation and everybody in it. */
static cdr_err
move_all(struct cdr_tx *tx, const struct cdr_member *member, int64_t from, int64_t to)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int(from));
	struct cdr_buffer seed = { 0 };

	CDR_TRY(cdr_query_start(tx, "SELECT seed FROM evaluated WHERE place = $1", values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(reseal(query, 0, CDR_OPRF_SEED_LEN, member, SEED_PURPOSE, from, to, 0, &seed));
	cdr_query_end(query);
	query = NULL;
	CDR_TRY(cdr_query_run(tx, "UPDATE evaluated SET place = $1, seed = $2 WHERE place = $3",
	    CDR_VALUES(cdr_value_int(to), cdr_value_bytes(cdr_buffer_bytes(&seed)), cdr_value_int(from))));
	while ((err = move_subject(tx, member, from, to)) == CDR_OK)
		;
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	cdr_buffer_free(&seed);
	return err;
}

/* see node/member/query_opening.h */
cdr_err
cdr_query_opening_answered(struct cdr_tx *tx, const struct cdr_member *member, const struct cdr_receipt *receipt)
{
	cdr_err err = CDR_E_INTERNAL;
	const int64_t from = place_of(receipt->leaf.number[0]), to = (int64_t)receipt->place;
	int64_t known;

	CDR_TRY(cdr_receipt_keep(tx, receipt));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM evaluated WHERE place = $1", CDR_VALUES(cdr_value_int(to)), &known));
	if (known > 0)
		return cdr_query_opening_unlogged(tx, receipt->leaf.number[0]); /* it was asked again meanwhile */
	err = move_all(tx, member, from, to);
out:
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static cdr_err
read_evaluation(struct showing *s)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int((int64_t)s->place));
	struct cdr_buffer seed = { 0 };
	uint8_t id[16];
	char purpose[16];

	CDR_TRY(cdr_query_start(s->tx, "SELECT purpose, request, points, seed FROM evaluated WHERE place = $1", values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, purpose, sizeof(purpose)));
	CDR_TRY(cdr_query_blob_copy(query, 1, REQUEST_MAX, &s->made->request));
	CDR_TRY(cdr_query_blob_copy(query, 2, POINTS_MAX, &s->made->points));
	CDR_TRY(unseal(query, 3, CDR_OPRF_SEED_LEN, s->member, SEED_PURPOSE, write_id(s->place, 0, id), &seed));
	s->is_import = strcmp(purpose, CDR_PURPOSE_IMPORT) == 0;
	err = seed.len == sizeof(s->seed) ? CDR_OK : CDR_E_STORE;
	if (err == CDR_OK)
		memcpy(s->seed, seed.data, sizeof(s->seed));
out:
	cdr_buffer_free(&seed);
	cdr_query_end(query);
	return err;
}

/* The receipt of the evaluation: leaf and salt. */
static cdr_err
read_receipt(struct showing *s)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int((int64_t)s->place));
	const Cdr__Wire__Receipt *receipt;

	CDR_TRY(cdr_query_start(s->tx, "SELECT bytes FROM receipt WHERE place = $1 AND kind = 'evaluation' LIMIT 1", values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_copy(query, 0, CDR_RECEIPT_LEN_MAX, &s->made->receipt));
	CDR_TRY(cdr_message_decode(&s->made->receipt_arena, &cdr__wire__receipt__descriptor, cdr_buffer_bytes(&s->made->receipt), &receipt));
	s->made->message.leaf = receipt->leaf;
	s->made->message.salt = receipt->salt;
out:
	cdr_query_end(query);
	return err;
}

/* Whose the drawn point is. */
static cdr_err
read_subject(struct showing *s)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int((int64_t)s->place), cdr_value_int(s->point));
	uint8_t id[16];

	CDR_TRY(cdr_query_start(s->tx,
	    "SELECT first, points, sealed FROM evaluated_subject WHERE place = $1 AND first <= $2 AND $2 < first + points", values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_count(query, 0, &s->first));
	CDR_TRY(cdr_query_count(query, 1, &s->count));
	CDR_TRY(unseal(query, 2, SUBJECT_MAX, s->member, SUBJECT_PURPOSE, write_id(s->place, s->first, id), &s->made->subject));
out:
	cdr_query_end(query);
	return err;
}

static char *
say(struct cdr_query_opening_made *made, size_t at, const char *text)
{
	(void)snprintf(made->text[at], sizeof(made->text[at]), "%s", text);
	return made->text[at];
}

static char *
say_date(struct cdr_query_opening_made *made, size_t at, const struct cdr_date *date)
{
	char text[CDR_DATE_TEXT_LEN];

	return say(made, at, date->precision != CDR_PRECISION_UNKNOWN && cdr_date_write(date, text) == CDR_OK ? text : "");
}

/* What a check says of itself: who, and what notice was given. Nothing of the post, of employers, or of answers. */
static cdr_err
show_candidate(struct showing *s, struct cdr_bytes packed)
{
	struct cdr_candidate candidate;
	Cdr__Wire__Opening *o = &s->made->message;
	cdr_err err = cdr_candidate_unpack(packed, &candidate);

	if (err == CDR_OK) {
		cdr_query_opening_person(&candidate.person, &s->made->who);
		o->legal_basis = say(s->made, 0, candidate.legal_basis);
		o->notified = say(s->made, 1, candidate.candidate_notified);
		o->notified_on = say_date(s->made, 2, &candidate.notified_on);
	}
	cdr_wipe(&candidate, sizeof(candidate));
	return err;
}

/* What a leaver's row says of the employment. */
static cdr_err
show_leaver(struct showing *s, struct cdr_bytes packed)
{
	struct cdr_leaver leaver;
	Cdr__Wire__Opening *o = &s->made->message;
	cdr_err err = cdr_leaver_unpack(packed, &leaver);

	if (err == CDR_OK) {
		cdr_query_opening_person(&leaver.person, &s->made->who);
		o->employee_number = say(s->made, 0, leaver.employee_number);
		o->employed_from = say_date(s->made, 1, &leaver.from);
		o->employed_to = say_date(s->made, 2, &leaver.to);
		o->engagement_type = say(s->made, 3, leaver.engagement_type);
	}
	cdr_wipe(&leaver, sizeof(leaver));
	return err;
}

/* The person and the reason, from the record as it was when it was evaluated. */
static cdr_err
show_record(struct showing *s)
{
	cdr_err err = CDR_E_STORE;
	struct cdr_query_opening_made *made = s->made;
	const struct cdr_buffer *plain = &made->subject;
	size_t len;

	if (plain->len < PACKED_AT)
		return err;
	size_t packed_len = (size_t)plain->data[PACKED_LEN_AT] << 8 | plain->data[PACKED_LEN_AT + 1];
	if (packed_len > plain->len - PACKED_AT)
		return err;
	const struct cdr_bytes packed = { plain->data + PACKED_AT, packed_len };
	size_t filler = (plain->len - PACKED_AT - packed_len) / FILLER_LEN;
	CDR_TRY(filler > CDR_CHECK_ROWS_MAX ? CDR_E_STORE : CDR_OK);
	CDR_TRY(s->is_import ? show_leaver(s, packed) : show_candidate(s, packed));
	CDR_TRY(cdr_person_pack(&made->who, made->person, &len));
	for (size_t i = 0; i < filler; i++)
		made->filler[i] = cdr_message_field(plain->data + PACKED_AT + packed_len + i * FILLER_LEN, FILLER_LEN);
	made->message.filler = made->filler;
	made->message.n_filler = filler;
	made->message.person = cdr_message_field(made->person, len);
	made->message.record = cdr_message_field(plain->data + SHOWN_AT, CDR_ID_LEN);
out:
	return err == CDR_E_INPUT ? CDR_E_STORE : err;
}

/* The blinds of the points that are shown, and of no others: with the seed, all could be opened. */
static cdr_err
show_blinds(struct showing *s)
{
	cdr_err err = CDR_OK;
	struct cdr_buffer *blinds = &s->made->blinds;

	if (s->first + s->count > s->made->points.len / CDR_POINT_LEN)
		return CDR_E_STORE;
	blinds->data = calloc(s->count, CDR_SCALAR_LEN);
	if (blinds->data == NULL)
		return CDR_E_MEMORY;
	blinds->len = s->count * CDR_SCALAR_LEN;
	for (uint64_t i = 0; i < s->count && err == CDR_OK; i++)
		err = cdr_oprf_blind_derive(s->seed, s->first + i, blinds->data + i * CDR_SCALAR_LEN);
	return err;
}

/* see node/member/query_opening.h */
cdr_err
cdr_query_opening_make(struct cdr_tx *tx, const struct cdr_member *member, uint64_t sample, uint64_t position, uint32_t point,
    struct cdr_query_opening_made *made, const char **reason)
{
	cdr_err err = CDR_E_INTERNAL;
	struct showing s = { .tx = tx, .member = member, .place = position, .point = point, .made = made };

	*made = (struct cdr_query_opening_made){ .message = CDR__WIRE__OPENING__INIT };
	*reason = CDR_QUERY_OPENING_LOST;
	CDR_TRY(read_evaluation(&s));
	CDR_TRY(read_receipt(&s));
	*reason = CDR_QUERY_OPENING_ERASED;
	CDR_TRY(read_subject(&s));
	*reason = NULL;
	CDR_TRY(show_record(&s));
	CDR_TRY(show_blinds(&s));
	made->message.sample = sample;
	made->message.position = position;
	made->message.point = point;
	made->message.first = (uint32_t)s.first;
	made->message.request = cdr_message_field(made->request.data, made->request.len);
	made->message.points = cdr_message_field(made->points.data, made->points.len);
	made->message.blinds = cdr_message_field(made->blinds.data, made->blinds.len);
out:
	cdr_wipe(&s, sizeof(s));
	if (err != CDR_OK) {
		cdr_query_opening_made_wipe(made);
		if (err != CDR_E_ABSENT)
			*reason = NULL;
	}
	return err;
}
