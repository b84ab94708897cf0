#include "node/member/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <jansson.h>

#include "core/crypto/secret.h"
#include "core/record/json.h"
#include "node/member/enrol.h"
#include "node/member/receipt.h"
#include "node/net/log.h"

#define CHECKPOINT_PATH "/v1/log/checkpoint"
#define LATEST_PATH "/v1/witness/latest"
#define ROSTER_PATH "/v1/roster"
#define SEEN_NAME "log/seen"
#define HASH CDR_MERKLE_HASH_LEN

/* A receipt in the database. */
struct held {
	uint64_t place, kept_at;
	uint8_t hash[HASH];
	struct cdr_buffer bytes;
};

/* One check on its way. */
struct checking {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	struct cdr_audit *audit;
	bool again;
	bool is_sampling;                   /* some of those that were proved before, from a random place on */
	bool has_looked;                    /* for a newer roster */
	uint64_t now;
	struct cdr_checkpoint before;       /* what was verified last, yesterday or a moment ago; size 0: nothing */
	struct cdr_buffer before_note;
	struct cdr_checkpoint newest;       /* what the hub shows now */
	struct cdr_buffer newest_note;
	struct cdr_buffer request, reply;   /* what the hub was asked last, and its signed answer */
	struct cdr_buffer withheld;         /* a roster that the hub does not give; evidence */
	int64_t from;                       /* receipts from this place on are next */
	bool prior;                         /* of the same place: those behind this hash */
	struct held held[CDR_LOG_POSITIONS_MAX];
	size_t held_count;
	bool proved[CDR_LOG_POSITIONS_MAX];
	char absent[CDR_FAULT_LEN / 2];     /* trustees that did not tell what they saw */
};

static void
drop_held(struct checking *c)
{
	for (size_t i = 0; i < c->held_count; i++)
		cdr_buffer_free(&c->held[i].bytes);
	c->held_count = 0;
	memset(c->proved, 0, sizeof(c->proved));
}

/* ---- findings ------------------------------------------------------------------------------------------------ */

/* Bytes in hexadecimal. */
static json_t *
hex_json(struct cdr_bytes bytes)
{
	char *text = malloc(2 * bytes.len + 1);

	if (text == NULL)
		return NULL;
	cdr_hex_write(bytes.data, bytes.len, text);
	json_t *value = json_string(text);
	free(text);
	return value;
}

static json_t *
note_json(const struct cdr_buffer *note)
{
	return json_stringn((const char *)note->data, note->len);
}

static void
add_hex(json_t *root, const char *name, const struct cdr_buffer *bytes)
{
	if (bytes != NULL && bytes->len > 0)
		(void)json_object_set_new(root, name, hex_json(cdr_buffer_bytes(bytes)));
}

/* Everything that somebody needs to see the lie for himself: audit/evidence.h judges it. */
static json_t *
evidence_json(const struct checking *c, const struct cdr_audit_finding *f, const struct cdr_buffer *receipt,
    const struct cdr_buffer *other)
{
	json_t *root = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "finding", cdr_audit_kind_name(f->kind), "what",
	    cdr_audit_text(f->kind, "en"), "parties", f->parties, "at", (json_int_t)c->now, "size", (json_int_t)f->size, "place",
	    (json_int_t)f->place);

	(void)json_object_set_new(root, "genesis", hex_json((struct cdr_bytes){ c->member->genesis, CDR_GENESIS_HASH_LEN }));
	(void)json_object_set_new(root, "roster", hex_json(cdr_buffer_bytes(&c->roster->bytes)));
	if (f->kind == CDR_AUDIT_WITHHELD)
		(void)json_object_set_new(root, "roster_of_trustee", hex_json(cdr_buffer_bytes(&c->withheld)));
	if (c->newest_note.len > 0)
		(void)json_object_set_new(root, "checkpoint", note_json(&c->newest_note));
	if (c->before_note.len > 0)
		(void)json_object_set_new(root, "checkpoint_before", note_json(&c->before_note));
	if (f->kind == CDR_AUDIT_SPLIT && other != NULL)
		(void)json_object_set_new(root, "checkpoint_of_trustee", note_json(other));
	add_hex(root, "receipt", receipt);
	add_hex(root, "other_receipt", f->kind == CDR_AUDIT_TWICE ? other : NULL);
	add_hex(root, "request", &c->request);
	add_hex(root, "reply", &c->reply);
	return root;
}

/* HOME/evidence/log-N.json; what cannot be written is in the database all the same. */
static void
write_evidence(const struct checking *c, struct cdr_audit_finding *f, uint64_t number, const char *text)
{
	char folder[sizeof(f->path) - 40];

	if ((size_t)snprintf(folder, sizeof(folder), "%s/evidence", c->member->home->path) >= sizeof(folder))
		return;
	(void)mkdir(folder, 0700);
	(void)snprintf(f->path, sizeof(f->path), "%s/log-%" PRIu64 ".json", folder, number);
	FILE *file = fopen(f->path, "wxe");
	bool written = file != NULL && fputs(text, file) >= 0;
	if (file != NULL && fclose(file) != 0)
		written = false;
	if (!written) {
		cdr_log(CDR_LOG_ERROR, "log.evidence_not_written", cdr_log_text("path", f->path));
		f->path[0] = '\0';
	}
}

struct keeping {
	const struct checking *c;
	struct cdr_audit_finding *finding;
	const char *text;
	bool is_known;
};

/* A writing job. What was found before is not kept twice. */
static cdr_err
keep_finding(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct keeping *k = context;
	struct cdr_audit_finding *f = k->finding;
	const struct cdr_value what = cdr_value_text(cdr_audit_kind_name(f->kind));
	const struct cdr_value place = cdr_value_int((int64_t)f->place), size = cdr_value_int((int64_t)f->size);
	int64_t count;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM lie WHERE what = $1 AND place = $2 AND size = $3 AND parties = $4",
	    CDR_VALUES(what, place, size, cdr_value_text(f->parties)), &count));
	k->is_known = count > 0;
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM lie", CDR_VALUES(), &count));
	if (k->is_known || count >= CDR_AUDIT_FINDING_MAX)
		return CDR_OK;
	write_evidence(k->c, f, (uint64_t)count + 1, k->text);
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO lie (number, at, what, parties, place, size, path, evidence) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
	    CDR_VALUES(cdr_value_int(count + 1), cdr_value_int((int64_t)k->c->now), what, cdr_value_text(f->parties), place, size,
		cdr_value_text(f->path), cdr_value_blob(k->text, strlen(k->text)))));
	err = CDR_OK;
out:
	return err;
}

/* The path under which a finding was kept before. */
static cdr_err
known_path(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct keeping *k = context;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_text(cdr_audit_kind_name(k->finding->kind)),
	    cdr_value_int((int64_t)k->finding->place), cdr_value_int((int64_t)k->finding->size));

	CDR_TRY(cdr_query_start(tx, "SELECT path FROM lie WHERE what = $1 AND place = $2 AND size = $3", values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_text(query, 0, k->finding->path, sizeof(k->finding->path)));
out:
	cdr_query_end(query);
	return err;
}

/* Something does not hold: keep it, write the evidence, tell the log. */
static void
find(struct checking *c, enum cdr_audit_kind kind, uint64_t place, const char *parties, const struct cdr_buffer *receipt,
    const struct cdr_buffer *other)
{
	struct cdr_audit *audit = c->audit;
	struct cdr_audit_finding *f = &audit->finding[audit->finding_count];

	if (audit->finding_count == CDR_AUDIT_FINDINGS)
		return;
	for (size_t i = 0; i < audit->finding_count; i++)
		if (audit->finding[i].kind == kind && audit->finding[i].place == place && strcmp(audit->finding[i].parties, parties) == 0)
			return; /* told already */
	audit->finding_count++;
	*f = (struct cdr_audit_finding){ .kind = kind, .size = c->newest.size, .place = place };
	(void)snprintf(f->parties, sizeof(f->parties), "%s", parties);
	json_t *json = evidence_json(c, f, receipt, other);
	char *text = json_dumps(json, JSON_INDENT(2));
	json_decref(json);
	struct keeping k = { .c = c, .finding = f, .text = text != NULL ? text : "" };
	cdr_err err = cdr_store_write(c->member->home->store, keep_finding, &k);
	if (err == CDR_OK && k.is_known)
		err = cdr_store_read(c->member->home->store, known_path, &k);
	if (err != CDR_OK)
		cdr_log(CDR_LOG_ERROR, "log.finding_not_kept", cdr_log_err(err));
	cdr_json_free(text);
	cdr_log(CDR_LOG_ERROR, "log.lie", cdr_log_text("finding", cdr_audit_kind_name(kind)), cdr_log_text("parties", parties),
	    cdr_log_int("size", (int64_t)f->size), cdr_log_int("place", (int64_t)place), cdr_log_text("evidence", f->path));
}

/* ---- the database -------------------------------------------------------------------------------------------- */

/* A reading job: the checkpoint that was verified last. */
static cdr_err
read_before(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct checking *c = context;
	struct cdr_query *query = NULL;
	const struct cdr_values none = CDR_VALUES();

	CDR_TRY(cdr_query_start(tx, "SELECT value FROM setting WHERE name = '" SEEN_NAME "'", none, &query));
	err = cdr_query_step(query);
	if (err == CDR_OK)
		err = cdr_query_blob_copy(query, 0, CDR_CHECKPOINT_LEN_MAX, &c->before_note);
	else if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* A reading job: the next receipts to prove. */
static cdr_err
read_receipts(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct checking *c = context;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int(c->from), cdr_value_text(c->again || c->is_sampling ? "proved" : "waiting"));

	drop_held(c);
	CDR_TRY(cdr_query_start(tx,
	    "SELECT place, hash, kept_at, bytes FROM receipt WHERE place >= $1 AND state IN ('waiting', 'missing', $2)"
	    " ORDER BY place, hash", values, &query));
	while (c->held_count < CDR_LOG_POSITIONS_MAX && (err = cdr_query_step(query)) == CDR_OK) {
		struct held *h = &c->held[c->held_count];
		*h = (struct held){ 0 };
		c->held_count++;
		CDR_TRY(cdr_query_count(query, 0, &h->place));
		CDR_TRY(cdr_query_blob(query, 1, h->hash, sizeof(h->hash)));
		CDR_TRY(cdr_query_count(query, 2, &h->kept_at));
		CDR_TRY(cdr_query_blob_copy(query, 3, CDR_RECEIPT_LEN_MAX, &h->bytes));
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* A writing job: which of them the log holds. */
static cdr_err
write_receipts(struct cdr_tx *tx, void *context)
{
	const struct checking *c = context;

	for (size_t i = 0; i < c->held_count; i++) {
		const struct held *h = &c->held[i];
		if (h->place >= c->newest.size)
			continue;
		cdr_err err = cdr_query_run(tx, "UPDATE receipt SET state = $3 WHERE place = $1 AND hash = $2",
		    CDR_VALUES(cdr_value_int((int64_t)h->place), cdr_value_blob(h->hash, sizeof(h->hash)),
			cdr_value_text(c->proved[i] ? "proved" : "missing")));
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* A writing job: what today's log is compared with tomorrow. */
static cdr_err
write_seen(struct cdr_tx *tx, void *context)
{
	const struct checking *c = context;

	return cdr_setting_put(tx, SEEN_NAME, c->newest_note.data, c->newest_note.len);
}

/* ---- the hub ------------------------------------------------------------------------------------------------- */

static bool
extends(uint64_t from, const uint8_t *from_root, const struct cdr_checkpoint *to, struct cdr_bytes hashes)
{
	return hashes.len % HASH == 0 &&
	    cdr_merkle_verify_extend(from, from_root, to->size, to->root, hashes.data, hashes.len / HASH) == CDR_OK;
}

/* What the hub was asked and answered, for the file should it show a lie. */
static cdr_err
keep_exchange(struct checking *c, const struct cdr_ask *ask)
{
	cdr_buffer_free(&c->request);
	cdr_buffer_free(&c->reply);
	cdr_err err = cdr_buffer_copy(cdr_buffer_bytes(&ask->request), &c->request);
	return err != CDR_OK ? err : cdr_buffer_copy(cdr_buffer_bytes(&ask->post.reply), &c->reply);
}

/*
 * Ask for the newest checkpoint and for proofs of leaves. It must extend ${known}, which is held up to the hub: its answer then
 * shows that it had signed this before.
 */
static cdr_err
ask_checkpoint(struct checking *c, const struct cdr_checkpoint *known, uint64_t *position, size_t count, struct cdr_ask *ask,
    struct cdr_fault *fault)
{
	Cdr__Wire__CheckpointRequest request = CDR__WIRE__CHECKPOINT_REQUEST__INIT;
	struct cdr_checkpoint signed_only = *known;
	struct cdr_buffer note = { 0 };

	*ask = (struct cdr_ask){ .path = CHECKPOINT_PATH, .message = &request.base,
		.reply_type = &cdr__wire__checkpoint_reply__descriptor, .reply_max = CDR_BODY_CHECKPOINT_MAX };
	if (known->size > 0) {
		signed_only.cosignature_count = 0;
		cdr_err err = cdr_checkpoint_write(&signed_only, c->member->genesis, c->roster, &note);
		if (err != CDR_OK)
			return err;
		request.has_seen = true;
		request.seen = cdr_message_field(note.data, note.len);
	}

	request.from = known->size;
	request.position = position;
	request.n_position = count;
	cdr_err err = cdr_member_ask_hub(c->member, c->roster, ask, fault);
	ask->message = NULL;
	cdr_buffer_free(&note);
	cdr_err kept = keep_exchange(c, ask);
	return err != CDR_OK ? err : kept;
}

/* Trustees whom we do not know may be in a roster that we have not seen: look once. True if there is a newer one. */
static bool
look_for_roster(struct checking *c)
{
	const struct cdr_roster *before = c->roster;

	if (c->has_looked || cdr_enrol_refresh(c->member, NULL) != CDR_OK)
		return false;
	c->has_looked = true;
	c->roster = cdr_current_hold(c->member->current);
	bool is_newer = c->roster->body->version > before->body->version;
	cdr_current_release(c->member->current, before);
	return is_newer;
}

/* What the hub shows, as the newest roster reads it. Of its errors CDR_E_MEMORY alone is ours. */
static cdr_err
read_shown(struct checking *c, const Cdr__Wire__CheckpointReply *reply, struct cdr_checkpoint *shown)
{
	cdr_err err;

	do
		err = cdr_checkpoint_read(cdr_message_bytes(reply->checkpoint), c->member->genesis, c->roster, shown, NULL);
	while ((err == CDR_E_SIGNATURE || (err == CDR_OK && !cdr_checkpoint_is_witnessed(shown, c->roster))) && look_for_roster(c));
	return err;
}

/* Take it for the newest. */
static cdr_err
take_newest(struct checking *c, const Cdr__Wire__CheckpointReply *reply, const struct cdr_checkpoint *shown)
{
	cdr_buffer_free(&c->newest_note);
	c->newest = *shown;
	c->audit->size = shown->size;
	c->audit->witness_count = shown->cosignature_count;
	c->audit->witnessed_at = cdr_checkpoint_time(shown, c->roster);
	return cdr_buffer_copy(cdr_message_bytes(reply->checkpoint), &c->newest_note);
}

/* The newest checkpoint by itself: signed, witnessed, not shorter, and a continuation of the last: then the next must continue it. */
static cdr_err
judge_checkpoint(struct checking *c, const Cdr__Wire__CheckpointReply *reply)
{
	struct cdr_checkpoint shown;
	char names[CDR_FAULT_LEN / 2];
	size_t found = c->audit->finding_count;

	cdr_err read = read_shown(c, reply, &shown);
	cdr_err err = read == CDR_E_MEMORY ? read : take_newest(c, reply, &shown);
	if (err != CDR_OK)
		return err;
	if (read != CDR_OK) {
		find(c, CDR_AUDIT_UNREADABLE, 0, "hub", NULL, NULL);
		return CDR_OK;
	}
	if (!cdr_checkpoint_is_witnessed(&shown, c->roster))
		find(c, CDR_AUDIT_UNWITNESSED, 0, "hub", NULL, NULL);
	if (shown.size < c->before.size)
		find(c, CDR_AUDIT_SHORTER, 0, "hub", NULL, NULL);
	else if (c->before.size > 0 && !extends(c->before.size, c->before.root, &shown, cdr_message_bytes(reply->extension))) {
		(void)cdr_checkpoint_fork(&c->before, &shown, names, sizeof(names));
		find(c, CDR_AUDIT_REWRITTEN, 0, names, NULL, NULL);
	}
	if (c->audit->finding_count > found)
		return CDR_OK;
	c->before = shown;
	cdr_buffer_free(&c->before_note);
	return cdr_buffer_copy(cdr_buffer_bytes(&c->newest_note), &c->before_note);
}

/* Each receipt that is held: does the log hold it? */
static void
judge_receipts(struct checking *c, const Cdr__Wire__CheckpointReply *reply)
{
	for (size_t i = 0; i < c->held_count; i++) {
		const struct held *h = &c->held[i];
		if (i > 0 && c->held[i - 1].place == h->place)
			find(c, CDR_AUDIT_TWICE, h->place, "hub", &h->bytes, &c->held[i - 1].bytes);
		if (h->place >= c->newest.size) {
			c->audit->waiting_count += !c->is_sampling;
			continue;
		}
		struct cdr_bytes p = cdr_checkpoint_proof(reply, h->place);
		c->proved[i] = p.len % HASH == 0 &&
		    cdr_merkle_verify_include(h->hash, h->place, c->newest.size, p.data, p.len / HASH, c->newest.root) == CDR_OK;
		c->audit->proved_count += c->proved[i] && !c->is_sampling;
		if (!c->proved[i])
			find(c, CDR_AUDIT_MISSING, h->place, "hub", &h->bytes, NULL);
	}
}

/* What a hub answers that has no log of that length. Busy says nothing: its witnesses may be away. */
static bool
is_unable(const struct cdr_ask *ask, cdr_err err)
{
	return err == CDR_E_ABSENT && ask->answered;
}

/* The next portion of receipts; each reply must extend the one before it, and the first what was verified last. ${count} is how many there were. */
static cdr_err
check_portion(struct checking *c, size_t *count, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t place[CDR_LOG_POSITIONS_MAX];
	struct cdr_ask ask = { 0 };

	CDR_TRY(cdr_store_read(c->member->home->store, read_receipts, c));
	*count = c->held_count;
	for (size_t i = 0; i < c->held_count; i++)
		place[i] = c->held[i].place;
	err = ask_checkpoint(c, &c->before, place, c->held_count, &ask, fault);
	/* A hub that cannot show what it showed before has lost it. */
	if (is_unable(&ask, err) && c->before.size > 0)
		find(c, CDR_AUDIT_SHORTER, 0, "hub", NULL, NULL);
	if (err == CDR_OK)
		err = judge_checkpoint(c, ask.reply);
	if (err == CDR_OK && c->newest.size > 0) {
		judge_receipts(c, ask.reply);
		err = cdr_store_write(c->member->home->store, write_receipts, c);
	}
out:
	cdr_ask_free(&ask);
	return err;
}

/*
 * All receipts that were not proved yet, a portion at a time; the log may grow meanwhile. Then some of the others: what was altered
 * long after it was proved is found out too.
 */
static cdr_err
check_hub(struct checking *c, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t draw;
	size_t count;

	do {
		CDR_TRY(check_portion(c, &count, fault));
		if (c->held_count > 0) /* two receipts for one place do not stand in two portions */
			c->from = (int64_t)c->held[c->held_count - 1].place + 1;
	} while (count == CDR_LOG_POSITIONS_MAX && c->newest.size > 0);
	if (c->again || c->newest.size == 0)
		return CDR_OK;
	CDR_TRY(cdr_random((uint8_t *)&draw, sizeof(draw)));
	c->is_sampling = true;
	c->from = (int64_t)(draw % c->newest.size); /* a small bias does no harm here */
	CDR_TRY(check_portion(c, &count, fault));
	c->is_sampling = false;
out:
	return err;
}

/* ---- the trustees -------------------------------------------------------------------------------------------- */

/* What a reply says of what a trustee saw. */
struct verdict {
	bool is_lie;
	enum cdr_audit_kind kind;
	char names[CDR_FAULT_LEN / 2];
};

static void
accuse(struct verdict *verdict, enum cdr_audit_kind kind)
{
	verdict->is_lie = true;
	verdict->kind = kind;
	(void)snprintf(verdict->names, sizeof(verdict->names), "hub");
}

/*
 * The reply must continue the longer one of what a trustee saw and what this node was shown, and begin with the shorter one: one log
 * holds both, however it grows meanwhile. It is the newest from then on, so that what two trustees saw is compared too.
 */
static cdr_err
judge_both(struct checking *c, const Cdr__Wire__CheckpointReply *reply, const struct cdr_checkpoint *seen, struct verdict *verdict)
{
	const struct cdr_checkpoint *longer = seen->size > c->newest.size ? seen : &c->newest;
	const struct cdr_checkpoint *part = longer == seen ? &c->newest : seen;
	const enum cdr_audit_kind kind = longer == seen ? CDR_AUDIT_SPLIT : CDR_AUDIT_REWRITTEN;
	struct cdr_checkpoint shown, other;

	c->has_looked = false; /* a roster may have come since */
	cdr_err err = read_shown(c, reply, &shown);
	if (err == CDR_E_MEMORY)
		return err;
	if (err != CDR_OK)
		accuse(verdict, CDR_AUDIT_UNREADABLE);
	else if (!cdr_checkpoint_is_witnessed(&shown, c->roster))
		accuse(verdict, CDR_AUDIT_UNWITNESSED);
	else if (shown.size < longer->size)
		accuse(verdict, longer == seen ? kind : CDR_AUDIT_SHORTER);
	else if (!extends(longer->size, longer->root, &shown, cdr_message_bytes(reply->extension))) {
		accuse(verdict, kind);
		(void)cdr_checkpoint_fork(longer, &shown, verdict->names, sizeof(verdict->names));
	} else if ((err = cdr_checkpoint_begin(&shown, reply, part, &other)) != CDR_OK) {
		if (err == CDR_E_MEMORY)
			return err;
		accuse(verdict, CDR_AUDIT_SPLIT);
		(void)cdr_checkpoint_fork(&other, part, verdict->names, sizeof(verdict->names));
	}
	return verdict->is_lie ? CDR_OK : take_newest(c, reply, &shown);
}

/* Ask the hub about what a trustee saw, which has another size than what it shows. */
static cdr_err
ask_both(struct checking *c, const struct cdr_checkpoint *seen, struct verdict *verdict)
{
	bool is_longer = seen->size > c->newest.size;
	uint64_t place[CDR_CHECKPOINT_BEGIN_PLACES];
	struct cdr_ask ask = { 0 };

	*verdict = (struct verdict){ .is_lie = false };
	cdr_checkpoint_ask_begin(is_longer ? &c->newest : seen, place);
	cdr_err err = ask_checkpoint(c, is_longer ? seen : &c->newest, place, CDR_CHECKPOINT_BEGIN_PLACES, &ask, NULL);
	if (is_unable(&ask, err)) { /* it has no such log, and somebody was shown one */
		accuse(verdict, is_longer ? CDR_AUDIT_SPLIT : CDR_AUDIT_SHORTER);
		err = CDR_OK;
	} else if (err == CDR_OK)
		err = judge_both(c, ask.reply, seen, verdict);
	cdr_ask_free(&ask);
	return err;
}

/*
 * One note of a trustee: if it contradicts what the hub shows us, who signed both is named. The hub is asked a second time before it
 * is accused: a new roster may have come between its answer and our reading it.
 */
static cdr_err
compare_note(struct checking *c, struct cdr_bytes bytes)
{
	struct verdict verdict = { .is_lie = false };
	struct cdr_checkpoint seen;
	struct cdr_buffer note = { 0 };

	cdr_err err = cdr_checkpoint_read(bytes, c->member->genesis, c->roster, &seen, NULL);
	if (err != CDR_OK || seen.size == 0)
		return err;
	if (seen.size == c->newest.size && memcmp(seen.root, c->newest.root, HASH) != 0) {
		accuse(&verdict, CDR_AUDIT_SPLIT);
		(void)cdr_checkpoint_fork(&c->newest, &seen, verdict.names, sizeof(verdict.names));
	} else if (seen.size != c->newest.size) {
		err = ask_both(c, &seen, &verdict);
		if (err == CDR_OK && verdict.is_lie)
			err = ask_both(c, &seen, &verdict);
	}
	if (err == CDR_OK && verdict.is_lie) {
		err = cdr_buffer_copy(bytes, &note);
		find(c, verdict.kind, 0, verdict.names, NULL, &note);
	}
	cdr_buffer_free(&note);
	return err;
}

/*
 * Compare what one trustee says that it saw, and what members showed it: there stand the cosignatures of other witnesses. One that
 * says nothing is not accused: it may be away.
 */
static cdr_err
check_trustee(struct checking *c, const Cdr__Wire__Trustee *trustee)
{
	char name[CDR_SIGNER_LEN_MAX + 1];
	struct cdr_signer own = cdr_member_signer(c->member);

	(void)snprintf(name, sizeof(name), "trustee/%" PRIu32, trustee->index);
	struct cdr_ask ask = { .party = trustee->party, .party_signer = name, .path = LATEST_PATH,
		.reply_type = &cdr__wire__witness_latest__descriptor, .reply_max = CDR_BODY_CHECKPOINT_MAX };
	cdr_err err = cdr_ask_send(c->member->client, &own, &ask, 1);
	if (err == CDR_OK) {
		const Cdr__Wire__WitnessLatest *latest = ask.reply;
		err = compare_note(c, cdr_message_bytes(latest->checkpoint));
		c->audit->compared_count += err == CDR_OK;
		if (err == CDR_OK && latest->has_witnessed)
			err = compare_note(c, cdr_message_bytes(latest->witnessed));
	}
	cdr_ask_free(&ask);
	return err == CDR_E_MEMORY ? err : CDR_OK;
}

/*
 * Whether a trustee has a newer roster than the hub has given. The hub is asked once more, since it may have come this very moment;
 * what the hub still does not give is taken from the trustee: the roster's signatures are all that counts.
 */
static cdr_err
check_roster(struct checking *c, const Cdr__Wire__Trustee *trustee)
{
	char name[CDR_SIGNER_LEN_MAX + 1];
	struct cdr_signer own = cdr_member_signer(c->member);
	Cdr__Wire__RosterRequest request = CDR__WIRE__ROSTER_REQUEST__INIT;
	const struct cdr_roster *held = cdr_current_hold(c->member->current), *now = NULL;

	(void)snprintf(name, sizeof(name), "trustee/%" PRIu32, trustee->index);
	request.have_version = held->body->version;
	struct cdr_ask ask = { .party = trustee->party, .party_signer = name, .path = ROSTER_PATH, .message = &request.base,
		.reply_type = &cdr__wire__roster_reply__descriptor, .reply_max = CDR_BODY_ROSTER_MAX };
	cdr_err err = cdr_ask_send(c->member->client, &own, &ask, 1);
	const Cdr__Wire__RosterReply *reply = err == CDR_OK ? ask.reply : NULL;
	err = err == CDR_E_MEMORY ? err : CDR_OK;
	if (reply == NULL || reply->roster == NULL)
		goto out;
	if (cdr_enrol_refresh(c->member, NULL) == CDR_OK)
		now = cdr_current_hold(c->member->current);
	/* A hub that cannot be asked keeps nothing back; one that has given it by now did not. */
	if (now == NULL || now->body->version > held->body->version)
		goto out;
	CDR_TRY(cdr_message_encode(&reply->roster->base, &c->withheld));
	/* What does not follow is the trustee's fault, or leads over rosters that it has not. */
	err = cdr_enrol_take_roster(c->member, held, reply->roster, NULL);
	cdr_current_release(c->member->current, now);
	now = cdr_current_hold(c->member->current);
	if (err == CDR_OK)
		find(c, CDR_AUDIT_WITHHELD, now->body->version, "hub", NULL, NULL);
	err = err == CDR_E_ROSTER ? CDR_OK : err;
out:
	cdr_buffer_free(&c->withheld);
	cdr_current_release(c->member->current, now);
	cdr_current_release(c->member->current, held);
	cdr_ask_free(&ask);
	return err;
}

static cdr_err
check_trustees(struct checking *c)
{
	cdr_err err = CDR_OK;
	const struct cdr_roster *roster = cdr_current_hold(c->member->current); /* ours may be replaced by a newer one meanwhile */

	c->audit->trustee_count = roster->body->n_trustee;
	for (size_t i = 0; i < roster->body->n_trustee && err == CDR_OK; i++) {
		const Cdr__Wire__Trustee *trustee = roster->body->trustee[i];
		size_t before = c->audit->compared_count, len = strlen(c->absent);
		err = check_trustee(c, trustee);
		if (c->audit->compared_count == before && len < sizeof(c->absent))
			(void)snprintf(c->absent + len, sizeof(c->absent) - len, "%strustee/%" PRIu32, len > 0 ? ", " : "", trustee->index);
	}
	for (size_t i = 0; i < roster->body->n_trustee && err == CDR_OK; i++)
		err = check_roster(c, roster->body->trustee[i]);
	cdr_current_release(c->member->current, roster);
	return err;
}

/* ---- time ----------------------------------------------------------------------------------------------------- */

/*
 * An honest hub has whatever it logged cosigned before it answers (node/hub/witness.h), however quiet it was and however long this
 * node slept. So who is late is told by who answers now, and no clock is believed against anybody: with t trustees that told
 * what they saw last the log is as new as can be, and then it must hold what the hub gave receipts for.
 */
static cdr_err
judge_time(struct checking *c)
{
	cdr_err err = CDR_OK;
	bool is_confirmed = c->audit->compared_count >= c->roster->body->threshold;

	if (!is_confirmed && c->audit->witnessed_at != 0 && c->audit->witnessed_at + CDR_AUDIT_STALE_S < c->now)
		find(c, CDR_AUDIT_STALE, 0, c->absent, NULL, NULL);
	if (!is_confirmed || c->audit->waiting_count == 0)
		return CDR_OK;
	c->from = (int64_t)c->newest.size;
	do {
		err = cdr_store_read(c->member->home->store, read_receipts, c);
		for (size_t i = 0; err == CDR_OK && i < c->held_count; i++)
			if (c->held[i].kept_at + CDR_AUDIT_LATE_S < c->now)
				find(c, CDR_AUDIT_LATE, c->held[i].place, "hub", &c->held[i].bytes, NULL);
		if (c->held_count > 0)
			c->from = (int64_t)c->held[c->held_count - 1].place + 1;
	} while (err == CDR_OK && c->held_count == CDR_LOG_POSITIONS_MAX);
	return err;
}

/* ---- all of it ----------------------------------------------------------------------------------------------- */

static cdr_err
check(struct checking *c, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(cdr_store_read(c->member->home->store, read_before, c));
	if (c->before_note.len > 0)
		CDR_TRY(cdr_checkpoint_read(cdr_buffer_bytes(&c->before_note), c->member->genesis, c->roster, &c->before, fault));
	CDR_TRY(check_hub(c, fault));
	if (c->newest.size > 0) {
		CDR_TRY(check_trustees(c));
		CDR_TRY(judge_time(c));
	}
	/* What does not hold is not what tomorrow's log is compared with. */
	if (c->newest.size > 0 && c->audit->finding_count == 0)
		CDR_TRY(cdr_store_write(c->member->home->store, write_seen, c));
out:
	return err;
}

/* see node/member/audit.h */
cdr_err
cdr_audit_check(struct cdr_member *member, bool again, struct cdr_audit *audit, struct cdr_fault *fault)
{
	struct checking *c = calloc(1, sizeof(*c));

	memset(audit, 0, sizeof(*audit));
	if (c == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_member_joined(member, fault);
	if (err == CDR_OK) {
		c->member = member;
		c->audit = audit;
		c->again = again;
		c->now = cdr_member_now();
		c->roster = cdr_current_hold(member->current);
		err = check(c, fault);
		cdr_current_release(member->current, c->roster);
	}
	drop_held(c);
	cdr_buffer_free(&c->before_note);
	cdr_buffer_free(&c->newest_note);
	cdr_buffer_free(&c->request);
	cdr_buffer_free(&c->reply);
	free(c);
	if (audit->finding_count > 0)
		return cdr_fault_set(fault, CDR_E_PROOF, "%s The evidence is in %s", cdr_audit_text(audit->finding[0].kind, "en"),
		    audit->finding[0].path);
	return err;
}
