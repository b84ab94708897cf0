#include "node/member/index_own.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/epoch.h"
#include "node/member/index_again.h"
#include "node/member/index_trust.h"
#include "node/member/misconduct.h"
#include "node/net/clock.h"
#include "node/net/log.h"

#define PROVE_PATH "/v1/index/prove"
#define PEOPLE_MAX 16         /* asked about at once */
#define ROWS_EACH 2
#define FRESH_MAX 4           /* batches that are looked into after many were sent */
#define BATCH_PEOPLE 64       /* at most in a batch */
#define DAILY_MAX 8           /* so many batches or fewer are looked into every day */
#define TURN_DAYS 15          /* others at a random time within these: everybody's turn comes about once a month */

/* One question to the hub, from one batch. */
struct question {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	uint64_t now;

	uint8_t batch[CDR_ID_LEN];
	int64_t epoch;
	struct cdr_buffer rows, expiries;    /* of the whole batch */
	bool found;
	bool is_gone;                        /* nobody of the batch is in the register any more */

	uint8_t asked[PEOPLE_MAX * ROWS_EACH * CDR_INDEX_ROW_LEN];
	uint16_t expires[PEOPLE_MAX * ROWS_EACH];
	size_t count;
};

/* ---- what is asked -------------------------------------------------------------------------------------------- */

/* A number below ${bound}; the bias is below 2^-16 for what is asked here. */
static cdr_err
draw(size_t bound, size_t *out)
{
	uint8_t bytes[4];

	cdr_err err = cdr_random(bytes, sizeof(bytes));
	*out = (size_t)(cdr_number_read(bytes, sizeof(bytes)) * bound >> 32);
	return err;
}

/* ---- what is kept --------------------------------------------------------------------------------------------- */

/* Rows and expiries of a batch. Wiped when freed. */
struct kept {
	struct cdr_buffer rows, expiries;
};

static void
kept_free(struct kept *kept)
{
	cdr_buffer_free(&kept->rows);
	cdr_buffer_free(&kept->expiries);
}

/* Take the person whose expiry stands at ${at} out of both. */
static void
kept_cut(struct kept *kept, size_t at)
{
	uint8_t handle[CDR_HANDLE_LEN];
	size_t len = 0;

	memcpy(handle, kept->expiries.data + at, sizeof(handle));
	for (size_t i = 0; i + CDR_INDEX_ROW_LEN <= kept->rows.len; i += CDR_INDEX_ROW_LEN) {
		if (memcmp(kept->rows.data + i + CDR_TAG_LEN + 3, handle, sizeof(handle)) == 0)
			continue;
		memmove(kept->rows.data + len, kept->rows.data + i, CDR_INDEX_ROW_LEN);
		len += CDR_INDEX_ROW_LEN;
	}
	cdr_wipe(kept->rows.data + len, kept->rows.len - len);
	kept->rows.len = len;
	kept->expiries.len -= CDR_INDEX_EXPIRY_LEN;
	memmove(kept->expiries.data + at, kept->expiries.data + at + CDR_INDEX_EXPIRY_LEN, kept->expiries.len - at);
}

/* ${sql} gives rows and expiries of the batch with that id. */
static cdr_err
kept_read(struct cdr_tx *tx, const char *sql, const uint8_t *id, struct kept *kept)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx, sql, CDR_VALUES(cdr_value_blob(id, CDR_ID_LEN)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_blob_copy(query, 0, CDR_BODY_INDEX_MAX, &kept->rows));
	CDR_TRY(cdr_query_blob_copy(query, 1, CDR_BODY_INDEX_MAX, &kept->expiries));
out:
	cdr_query_end(query);
	return err;
}

/* Whether the register has a leaver with this handle, or with one that he goes by until the next is there. */
static cdr_err
is_registered(struct cdr_tx *tx, const uint8_t *handle, bool *registered)
{
	int64_t count;

	cdr_err err = cdr_query_one_int(tx,
	    "SELECT (SELECT count(*) FROM leaver WHERE handle = $1) + (SELECT count(*) FROM former_handle WHERE handle = $1)",
	    CDR_VALUES(cdr_value_blob(handle, CDR_HANDLE_LEN)), &count);
	*registered = count > 0;
	return err;
}

/* see node/member/index_own.h */
cdr_err
cdr_index_own_keep(struct cdr_tx *tx, const uint8_t batch[static CDR_ID_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	struct kept kept = { 0 };
	int64_t fresh, epoch;
	size_t wait = 0;
	bool registered;

	CDR_TRY(kept_read(tx, "SELECT row_bytes, expiries FROM index_batch WHERE id = $1", batch, &kept));
	for (size_t at = 0; at < kept.expiries.len;) {
		CDR_TRY(is_registered(tx, kept.expiries.data + at, &registered));
		if (registered)
			at += CDR_INDEX_EXPIRY_LEN;
		else
			kept_cut(&kept, at);
	}
	if (kept.rows.len == 0)
		goto out;
	CDR_TRY(cdr_query_one_int(tx, "SELECT epoch FROM index_batch WHERE id = $1", CDR_VALUES(cdr_value_blob(batch, CDR_ID_LEN)), &epoch));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM index_kept WHERE due_at = 0", CDR_VALUES(), &fresh));
	if (fresh >= FRESH_MAX)
		CDR_TRY(draw(TURN_DAYS * CDR_DAY_SECONDS, &wait));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO index_kept (id, epoch, row_bytes, expiries, due_at) VALUES ($1, $2, $3, $4, $5)",
	    CDR_VALUES(cdr_value_blob(batch, CDR_ID_LEN), cdr_value_int(epoch), cdr_value_bytes(cdr_buffer_bytes(&kept.rows)),
		cdr_value_bytes(cdr_buffer_bytes(&kept.expiries)),
		cdr_value_int(wait > 0 ? (int64_t)(cdr_member_now() + wait) : 0))));
	err = CDR_OK;
out:
	kept_free(&kept);
	return err;
}

/* Cut these handles out of one batch. Whether it had one of them. */
static bool
cut_handles(struct kept *kept, const uint8_t *handles, size_t count)
{
	size_t before = kept->expiries.len;

	for (size_t i = 0; i < count; i++)
		for (size_t at = 0; at < kept->expiries.len; at += CDR_INDEX_EXPIRY_LEN)
			if (memcmp(kept->expiries.data + at, handles + i * CDR_HANDLE_LEN, CDR_HANDLE_LEN) == 0) {
				kept_cut(kept, at);
				break;
			}
	return kept->expiries.len != before;
}

/* The first batch behind ${id} by its id. CDR_E_ABSENT: there is none. */
static cdr_err
next_kept(struct cdr_tx *tx, uint8_t id[static CDR_ID_LEN], bool is_first)
{
	uint8_t next[CDR_ID_LEN];
	cdr_err err = cdr_query_one_blob(tx, is_first ? "SELECT id FROM index_kept WHERE id >= $1 ORDER BY id LIMIT 1" :
							"SELECT id FROM index_kept WHERE id > $1 ORDER BY id LIMIT 1",
	    CDR_VALUES(cdr_value_blob(id, CDR_ID_LEN)), next, sizeof(next));

	memcpy(id, next, sizeof(next));
	return err;
}

/* see node/member/index_own.h */
cdr_err
cdr_index_own_forget(struct cdr_tx *tx, const uint8_t *handles, size_t count)
{
	uint8_t id[CDR_ID_LEN] = { 0 };
	cdr_err err = next_kept(tx, id, true);

	while (err == CDR_OK) {
		struct kept kept = { 0 };
		const struct cdr_value key = cdr_value_blob(id, sizeof(id));
		err = kept_read(tx, "SELECT row_bytes, expiries FROM index_kept WHERE id = $1", id, &kept);
		if (err == CDR_OK && cut_handles(&kept, handles, count))
			err = kept.expiries.len == 0 ? cdr_query_run(tx, "DELETE FROM index_kept WHERE id = $1", CDR_VALUES(key)) :
						       cdr_query_run(tx, "UPDATE index_kept SET row_bytes = $2, expiries = $3 WHERE id = $1",
			    CDR_VALUES(key, cdr_value_bytes(cdr_buffer_bytes(&kept.rows)), cdr_value_bytes(cdr_buffer_bytes(&kept.expiries))));
		kept_free(&kept);
		if (err == CDR_OK)
			err = next_kept(tx, id, false);
	}
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* ---- no more under one tag than the hub takes ---------------------------------------------------------------------- */

/* A tag of a batch, and how many rows of ours stand under it. */
struct crowded {
	uint8_t tag[CDR_TAG_LEN];
	size_t count;
};

struct thinning {
	struct crowded *tag;
	size_t count;
};

static int
compare_crowded(const void *a, const void *b)
{
	return memcmp(((const struct crowded *)a)->tag, ((const struct crowded *)b)->tag, CDR_TAG_LEN);
}

/* The tag's entry; NULL: the batch has it not. */
static struct crowded *
find_crowded(const struct thinning *t, const uint8_t *tag)
{
	struct crowded key = { .count = 0 };

	memcpy(key.tag, tag, sizeof(key.tag));
	return bsearch(&key, t->tag, t->count, sizeof(*t->tag), compare_crowded);
}

/* The tags of a batch, each once. */
static cdr_err
list_tags(struct thinning *t, const struct cdr_buffer *rows)
{
	size_t kept = 0;

	t->tag = calloc(rows->len / CDR_INDEX_ROW_LEN + 1, sizeof(*t->tag));
	if (t->tag == NULL)
		return CDR_E_MEMORY;
	for (size_t at = 0; at + CDR_INDEX_ROW_LEN <= rows->len; at += CDR_INDEX_ROW_LEN)
		memcpy(t->tag[t->count++].tag, rows->data + at, CDR_TAG_LEN);
	if (t->count > 1)
		qsort(t->tag, t->count, sizeof(*t->tag), compare_crowded);
	for (size_t i = 0; i < t->count; i++)
		if (kept == 0 || compare_crowded(&t->tag[kept - 1], &t->tag[i]) != 0)
			t->tag[kept++] = t->tag[i];
	t->count = kept;
	return CDR_OK;
}

/* Count what a batch that the hub has acknowledged has under these tags. */
static cdr_err
count_kept(struct cdr_query *query, void *context)
{
	struct thinning *t = context;
	struct cdr_buffer rows = { 0 };
	cdr_err err = cdr_query_blob_copy(query, 0, CDR_BODY_INDEX_MAX, &rows);

	for (size_t at = 0; err == CDR_OK && at + CDR_INDEX_ROW_LEN <= rows.len; at += CDR_INDEX_ROW_LEN) {
		struct crowded *found = find_crowded(t, rows.data + at);
		if (found != NULL)
			found->count++;
	}
	cdr_buffer_free(&rows);
	return err;
}

/* see node/member/index_own.h */
cdr_err
cdr_index_own_thin(struct cdr_tx *tx, const uint8_t batch[static CDR_ID_LEN], size_t *thinned)
{
	cdr_err err = CDR_E_INTERNAL;
	struct kept kept = { 0 };
	struct thinning t = { 0 };
	const struct cdr_value id = cdr_value_blob(batch, CDR_ID_LEN);
	int64_t epoch;

	*thinned = 0;
	CDR_TRY(kept_read(tx, "SELECT row_bytes, expiries FROM index_batch WHERE id = $1", batch, &kept));
	CDR_TRY(cdr_query_one_int(tx, "SELECT epoch FROM index_batch WHERE id = $1", CDR_VALUES(id), &epoch));
	CDR_TRY(list_tags(&t, &kept.rows));
	CDR_TRY(cdr_query_each(tx, "SELECT row_bytes FROM index_kept WHERE epoch = $1", CDR_VALUES(cdr_value_int(epoch)), count_kept, &t));
	for (size_t at = 0; at + CDR_INDEX_ROW_LEN <= kept.rows.len; at += CDR_INDEX_ROW_LEN) {
		struct crowded *found = find_crowded(&t, kept.rows.data + at);
		if (++found->count <= CDR_INDEX_MEMBER_TAG_ROWS_MAX)
			continue;
		CDR_TRY(cdr_random(kept.rows.data + at, CDR_TAG_LEN));
		(*thinned)++;
	}
	if (*thinned > 0)
		CDR_TRY(cdr_query_run(tx, "UPDATE index_batch SET row_bytes = $2 WHERE id = $1",
		    CDR_VALUES(id, cdr_value_bytes(cdr_buffer_bytes(&kept.rows)))));
	err = CDR_OK;
out:
	if (err != CDR_OK)
		*thinned = 0;
	if (t.tag != NULL)
		cdr_wipe(t.tag, t.count * sizeof(*t.tag));
	free(t.tag);
	kept_free(&kept);
	return err;
}

/* ---- what is asked, of whom ------------------------------------------------------------------------------------- */

/* Two rows of a person, with different tags; the second one is taken from the others at random. */
static cdr_err
take_rows(struct question *q, const uint8_t *handle, uint16_t expires)
{
	size_t row[BATCH_PEOPLE], n = 0, first, second;

	for (size_t at = 0; at + CDR_INDEX_ROW_LEN <= q->rows.len && n < BATCH_PEOPLE; at += CDR_INDEX_ROW_LEN)
		if (memcmp(q->rows.data + at + CDR_TAG_LEN + 3, handle, CDR_HANDLE_LEN) == 0)
			row[n++] = at;
	if (n < ROWS_EACH)
		return CDR_OK;
	cdr_err err = draw(n, &first);
	if (err == CDR_OK)
		err = draw(n - 1, &second);
	if (err != CDR_OK)
		return err;
	size_t chosen[ROWS_EACH] = { row[first], row[second >= first ? second + 1 : second] };
	for (size_t i = 0; i < ROWS_EACH; i++) {
		const uint8_t *from = q->rows.data + chosen[i];
		/* Two people of one batch may share a tag, which is asked about once. */
		for (size_t k = 0; k < q->count; k++)
			if (memcmp(q->asked + k * CDR_INDEX_ROW_LEN, from, CDR_TAG_LEN) == 0)
				return CDR_OK;
		memcpy(q->asked + q->count * CDR_INDEX_ROW_LEN, from, CDR_INDEX_ROW_LEN);
		q->expires[q->count++] = expires;
	}
	return CDR_OK;
}

/* Some people of the batch, from a random one on. */
static cdr_err
choose_people(struct cdr_tx *tx, struct question *q)
{
	cdr_err err = CDR_OK;
	size_t people = q->expiries.len / CDR_INDEX_EXPIRY_LEN, start, present = 0;
	uint32_t month = cdr_index_month(q->now);

	if (people == 0)
		return CDR_OK;
	CDR_TRY(draw(people, &start));
	for (size_t i = 0; i < people && q->count + ROWS_EACH <= PEOPLE_MAX * ROWS_EACH; i++) { /* somebody may have given one row alone */
		const uint8_t *expiry = q->expiries.data + (start + i) % people * CDR_INDEX_EXPIRY_LEN;
		uint16_t expires = (uint16_t)(expiry[CDR_HANDLE_LEN] << 8 | expiry[CDR_HANDLE_LEN + 1]);
		bool indexed;
		CDR_TRY(cdr_epoch_has(tx, q->epoch, expiry, &indexed));
		/* Whose time is up at the turn of the month may be gone already. */
		if (!indexed || expires <= month)
			continue;
		present++;
		CDR_TRY(take_rows(q, expiry, expires));
	}
	q->is_gone = present == 0;
out:
	return err;
}

/* The batch whose turn has come. */
static cdr_err
read_question(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct question *q = context;
	struct cdr_query *query = NULL;
	int64_t busy;
	bool is_unsettled;

	CDR_TRY(cdr_index_again_is_due(tx, &is_unsettled));
	if (is_unsettled)
		return CDR_OK; /* what it acknowledged, and what was removed since, is not known */
	CDR_TRY(cdr_query_one_int(tx,
	    "SELECT (SELECT count(*) FROM index_batch) + (SELECT count(*) FROM leaver WHERE state = 'waiting')", CDR_VALUES(),
	    &busy));
	if (busy > 0)
		return CDR_OK; /* once they are all there */
	CDR_TRY(cdr_query_start(tx,
	    "SELECT id, epoch, row_bytes, expiries FROM index_kept WHERE due_at <= $1 ORDER BY due_at, id LIMIT 1",
	    CDR_VALUES(cdr_value_int((int64_t)q->now)), &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT) {
		err = CDR_OK;
		goto out;
	}
	if (err != CDR_OK)
		goto out;
	CDR_TRY(cdr_query_blob(query, 0, q->batch, sizeof(q->batch)));
	CDR_TRY(cdr_query_int(query, 1, &q->epoch));
	CDR_TRY(cdr_query_blob_copy(query, 2, CDR_BODY_INDEX_MAX, &q->rows));
	CDR_TRY(cdr_query_blob_copy(query, 3, CDR_BODY_INDEX_MAX, &q->expiries));
	q->found = true;
	CDR_TRY(choose_people(tx, q));
out:
	cdr_query_end(query);
	return err;
}

/* When the batch's turn comes next: nobody knows beforehand which day it is. */
static cdr_err
write_turn(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct question *q = context;
	struct cdr_value id = cdr_value_blob(q->batch, sizeof(q->batch));
	size_t wait = CDR_DAY_SECONDS;
	int64_t count;

	if (q->is_gone)
		return cdr_query_run(tx, "DELETE FROM index_kept WHERE id = $1", CDR_VALUES(id));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM index_kept", CDR_VALUES(), &count));
	if (count > DAILY_MAX)
		CDR_TRY(draw(TURN_DAYS * CDR_DAY_SECONDS, &wait));
	CDR_TRY(cdr_query_run(tx, "UPDATE index_kept SET due_at = $2 WHERE id = $1",
	    CDR_VALUES(id, cdr_value_int((int64_t)(q->now + wait)))));
	err = CDR_OK;
out:
	return err;
}

/* ---- the hub ------------------------------------------------------------------------------------------------- */

/* Whether everybody who was asked about is still there: who was removed meanwhile is rightly not proved. */
struct still {
	const struct question *question;
	bool all;
};

static cdr_err
read_still(struct cdr_tx *tx, void *context)
{
	struct still *still = context;
	cdr_err err = CDR_OK;

	still->all = true;
	for (size_t i = 0; i < still->question->count && err == CDR_OK && still->all; i++)
		err = cdr_epoch_has(tx, still->question->epoch,
		    still->question->asked + i * CDR_INDEX_ROW_LEN + CDR_TAG_LEN + 3, &still->all);
	return err;
}

/* What makes it possible to hide a match, whoever does it. */
static const char crowded[] = "the hub says that MORE THAN 32 ENTRIES of its index share a document number, or a name that few have, "
			      "with somebody of this organisation, so that a check of that person proves less: either somebody floods the "
			      "index, or the hub prepares to hide that person";

/* Ask, and judge what comes back. */
static cdr_err
ask_hub(struct question *q, struct cdr_fault *fault)
{
	struct cdr_fault wrong = { CDR_OK, "" };
	size_t crowds = 0;
	struct still still = { .question = q };
	Cdr__Wire__IndexProve prove = CDR__WIRE__INDEX_PROVE__INIT;

	prove.epoch = (uint32_t)q->epoch;
	prove.rows = cdr_message_field(q->asked, q->count * CDR_INDEX_ROW_LEN);
	struct cdr_ask ask = {
		.path = PROVE_PATH,
		.message = &prove.base,
		.reply_type = &cdr__wire__index_prove_reply__descriptor,
		.reply_max = CDR_BODY_CHECK_REPLY_MAX,
	};
	cdr_err err = cdr_member_ask_hub(q->member, q->roster, &ask, fault);
	if (err == CDR_E_ABSENT && ask.answered)
		err = cdr_fault_set(&wrong, CDR_E_ABSENT, "the hub says that somebody of this organisation is not in its index, whose "
		    "rows it has acknowledged: a check of that person would not find you");
	else if (err == CDR_OK)
		err = cdr_index_trust_own(q->member, q->roster, &prove, q->expires, ask.reply, &crowds, &wrong);
	if (wrong.code != CDR_OK) {
		err = cdr_store_read(q->member->home->store, read_still, &still);
		if (err == CDR_OK && still.all)
			cdr_misconduct_note(q->member, &(struct cdr_misconduct){ .party = "hub", .what = wrong.text,
			    .request = cdr_buffer_bytes(&ask.request), .reply = cdr_buffer_bytes(&ask.post.reply) });
	}
	if (crowds > 0)
		cdr_misconduct_note(q->member, &(struct cdr_misconduct){ .party = "hub", .once_a_day = true, .what = crowded,
		    .request = cdr_buffer_bytes(&ask.request), .reply = cdr_buffer_bytes(&ask.post.reply) });
	cdr_ask_free(&ask);
	return err;
}

/* see node/member/index_own.h */
cdr_err
cdr_index_own_step(struct cdr_member *member, bool *worked, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_roster *roster = cdr_current_hold(member->current);
	struct question *q = calloc(1, sizeof(*q));

	*worked = false;
	if (q == NULL || roster == NULL) {
		err = q == NULL ? CDR_E_MEMORY : CDR_OK;
		goto out;
	}
	q->member = member;
	q->roster = roster;
	q->now = cdr_member_now();
	CDR_TRY(cdr_store_read(member->home->store, read_question, q));
	if (!q->found)
		goto out;
	*worked = true;
	/* What belongs to an epoch that is over is no longer anywhere. */
	const Cdr__Wire__Epoch *epoch = cdr_roster_epoch(roster, (uint32_t)q->epoch);
	q->is_gone |= epoch == NULL || q->now >= epoch->ends_at;
	if (!q->is_gone && q->count > 0)
		CDR_TRY(ask_hub(q, fault));
	CDR_TRY(cdr_store_write(member->home->store, write_turn, q));
out:
	if (q != NULL) {
		cdr_buffer_free(&q->rows);
		cdr_buffer_free(&q->expiries);
	}
	free(q);
	cdr_current_release(member->current, roster);
	return err;
}
