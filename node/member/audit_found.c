#include "node/member/audit_work.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "audit/evidence.h"
#include "audit/file.h"
#include "core/crypto/secret.h"
#include "core/record/json.h"
#include "node/member/email.h"
#include "node/member/hook.h"
#include "node/net/log.h"

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

/* What trustees signed about the check at ${place}. */
static json_t *
words_json(const struct cdr_audit_work *c, uint64_t place)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->word_count; i++) {
		const struct cdr_audit_word *w = &c->word[i];
		if (!cdr_audit_word_has(w, place))
			continue;
		json_t *word = json_object();
		(void)json_object_set_new(word, "trustee", json_sprintf("trustee/%" PRIu32, w->trustee));
		add_hex(word, "request", &w->request);
		add_hex(word, "reply", &w->reply);
		(void)json_array_append_new(list, word);
	}
	return list;
}

/* Everything that somebody needs to see the lie for himself: audit/evidence.h judges it. */
static json_t *
evidence_json(const struct cdr_audit_work *c, const struct cdr_audit_finding *f, const struct cdr_buffer *receipt,
    const struct cdr_buffer *other)
{
	json_t *root = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "finding", cdr_audit_kind_name(f->kind), "what",
	    cdr_audit_text(f->kind, "en"), "parties", f->parties, "at", (json_int_t)c->now, "size", (json_int_t)f->size, "place",
	    (json_int_t)f->place);

	(void)json_object_set_new(root, "genesis", hex_json((struct cdr_bytes){ c->member->genesis, CDR_GENESIS_HASH_LEN }));
	(void)json_object_set_new(root, "roster", hex_json(cdr_buffer_bytes(&c->roster->bytes)));
	if (f->kind == CDR_AUDIT_WITHHELD)
		(void)json_object_set_new(root, "roster_of_trustee", hex_json(cdr_buffer_bytes(&c->withheld)));
	if (f->kind == CDR_AUDIT_OLD_INDEX) { /* it is between what the hub signed of one check, and what trustees saw */
		add_hex(root, "receipt", receipt);
		(void)json_object_set_new(root, "words", words_json(c, f->place));
		return root;
	}
	if (f->told_by != 0)
		(void)json_object_set_new(root, "told_by", json_sprintf("trustee/%" PRIu32, f->told_by));
	if ((f->kind == CDR_AUDIT_SPLIT || f->kind == CDR_AUDIT_TWO_HISTORIES) && other != NULL)
		(void)json_object_set_new(root, "checkpoint_of_trustee", note_json(other));
	if (f->told_by != 0 && c->told.own != NULL) { /* the two notes are enough */
		(void)json_object_set_new(root, "checkpoint", note_json(c->told.own));
		return root;
	}
	if (c->newest_note.len > 0)
		(void)json_object_set_new(root, "checkpoint", note_json(&c->newest_note));
	if (c->before_note.len > 0)
		(void)json_object_set_new(root, "checkpoint_before", note_json(&c->before_note));
	add_hex(root, "receipt", receipt);
	add_hex(root, "other_receipt", f->kind == CDR_AUDIT_TWICE ? other : NULL);
	add_hex(root, "request", &c->request);
	add_hex(root, "reply", &c->reply);
	return root;
}

/* HOME/evidence/log-N.json; what cannot be written is in the database all the same. */
static void
write_evidence(const struct cdr_audit_work *c, struct cdr_audit_finding *f, uint64_t number, const char *text)
{
	char folder[sizeof(f->path) - 40];

	if ((size_t)snprintf(folder, sizeof(folder), "%s/evidence", c->member->home->path) >= sizeof(folder))
		return;
	(void)mkdir(folder, 0700);
	(void)snprintf(f->path, sizeof(f->path), "%s/log-%" PRIu64 ".json", folder, number);
	if (cdr_file_write_new(f->path, (struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, NULL) != CDR_OK) {
		cdr_log(CDR_LOG_ERROR, "log.evidence_not_written", cdr_log_text("path", f->path));
		f->path[0] = '\0';
	}
}

struct keeping {
	const struct cdr_audit_work *c;
	struct cdr_audit_finding *finding;
	const char *text;
	bool is_known;
};

/* Whether all of ${parties}, "hub, trustee/1", are among those named in ${before}. */
static bool
are_named(const char *parties, const char *before)
{
	char name[CDR_SIGNER_LEN_MAX + 1];
	size_t len;

	for (const char *at = parties; *at != '\0'; at += len + strspn(at + len, ", ")) {
		const char *found = before;
		len = strcspn(at, ",");
		if (len >= sizeof(name))
			return false;
		memcpy(name, at, len);
		name[len] = '\0';
		while ((found = strstr(found, name)) != NULL && found[len] != '\0' && found[len] != ',')
			found += len;
		if (found == NULL)
			return false;
	}
	return true;
}

/* Whether this was told before, of one log of that size: by this trustee or another, and naming whoever is named now. */
static cdr_err
is_told(struct cdr_tx *tx, const struct cdr_audit_finding *f, bool *is_known)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	char before[sizeof(f->parties)];

	CDR_TRY(cdr_query_start(tx, "SELECT parties FROM lie WHERE what = $1 AND size = $2",
	    CDR_VALUES(cdr_value_text(cdr_audit_kind_name(f->kind)), cdr_value_int((int64_t)f->size)), &query));
	while (!*is_known && (err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_text(query, 0, before, sizeof(before)));
		*is_known = are_named(f->parties, before);
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* Whoever reads the check that was answered from an old index is told. */
static cdr_err
doubt_check(struct cdr_tx *tx, const struct keeping *k)
{
	const struct cdr_value place = cdr_value_int((int64_t)k->finding->place);

	cdr_err err = cdr_query_run(tx, "DELETE FROM check_doubt WHERE check_id IN (SELECT check_id FROM check_place WHERE place = $1)", CDR_VALUES(place));
	return err != CDR_OK ? err :
			       cdr_query_run(tx,
				   "INSERT INTO check_doubt (check_id, what, at, tries, again_at, settled) SELECT check_id, $2, $3, 0, 0, 3 FROM check_place WHERE place = $1",
				   CDR_VALUES(place, cdr_value_text("it was answered from an old index: `candor audit check` names the evidence"),
				       cdr_value_int((int64_t)k->c->now)));
}

/* A writing job. What was found before is not kept twice. */
static cdr_err
keep_finding(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct keeping *k = context;
	struct cdr_audit_finding *f = k->finding;
	const struct cdr_value what = cdr_value_text(cdr_audit_kind_name(f->kind));
	const struct cdr_value place = cdr_value_int((int64_t)f->place), size = cdr_value_int((int64_t)f->size);
	uint8_t id[CDR_ID_LEN];
	int64_t count;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM lie WHERE what = $1 AND place = $2 AND size = $3 AND parties = $4",
	    CDR_VALUES(what, place, size, cdr_value_text(f->parties)), &count));
	k->is_known = count > 0;
	if (f->kind == CDR_AUDIT_TWO_HISTORIES)
		CDR_TRY(is_told(tx, f, &k->is_known));
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM lie", CDR_VALUES(), &count));
	if (k->is_known || count >= CDR_AUDIT_FINDING_MAX)
		return CDR_OK;
	write_evidence(k->c, f, (uint64_t)count + 1, k->text);
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO lie (number, at, what, parties, place, size, path, evidence) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
	    CDR_VALUES(cdr_value_int(count + 1), cdr_value_int((int64_t)k->c->now), what, cdr_value_text(f->parties), place, size,
		cdr_value_text(f->path), cdr_value_blob(k->text, strlen(k->text)))));
	if (f->kind == CDR_AUDIT_OLD_INDEX)
		CDR_TRY(doubt_check(tx, k));
	/* Whoever decides here is told that there is something to look at. */
	CDR_TRY(cdr_random(id, sizeof(id)));
	CDR_TRY(cdr_hook_event(tx, CDR_HOOK_FINDING, id));
	CDR_TRY(cdr_email_queue(tx, CDR_EMAIL_FIRST, NULL));
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

/* see node/member/audit_work.h */
void
cdr_audit_find(struct cdr_audit_work *c, enum cdr_audit_kind kind, uint64_t place, const char *parties, const struct cdr_buffer *receipt,
    const struct cdr_buffer *other)
{
	struct cdr_audit *audit = c->audit;
	struct cdr_audit_finding *f = &audit->finding[audit->finding_count];

	if (audit->finding_count == CDR_AUDIT_FINDINGS)
		return;
	*f = (struct cdr_audit_finding){ .kind = kind, .size = c->newest.size, .place = place };
	if (kind == CDR_AUDIT_TWO_HISTORIES) {
		f->size = c->told.size;
		f->told_by = c->told.trustee;
	}
	if (kind == CDR_AUDIT_OLD_INDEX || kind == CDR_AUDIT_MISSING_THEIRS)
		f->size = place + 1;
	if (kind == CDR_AUDIT_MISSING_THEIRS)
		f->told_by = c->told.trustee;
	for (size_t i = 0; i < audit->finding_count; i++) {
		const struct cdr_audit_finding *o = &audit->finding[i];
		if (o->kind == kind && o->place == place && strcmp(o->parties, parties) == 0 && (f->told_by == 0 || o->size == f->size))
			return; /* told already */
	}
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
	if ((kind == CDR_AUDIT_TWO_HISTORIES || kind == CDR_AUDIT_OLD_INDEX) && k.is_known)
		return;
	audit->finding_count++;
}

/* ---- what is kept --------------------------------------------------------------------------------------------- */

struct listing {
	void (*each)(void *context, const struct cdr_audit_kept *kept);
	void *context;
};

/* One that a newer program kept is told as what it is nearest to: that something did not hold. */
static enum cdr_audit_kind
kind_of(const char *name)
{
	for (int kind = 0; kind < CDR_AUDIT_KIND_COUNT; kind++)
		if (strcmp(cdr_audit_kind_name((enum cdr_audit_kind)kind), name) == 0)
			return (enum cdr_audit_kind)kind;
	return CDR_AUDIT_UNREADABLE;
}

/* The trustee that told it, as the evidence says; 0: none. */
static uint32_t
teller_of(struct cdr_bytes evidence)
{
	json_t *json = json_loadb((const char *)evidence.data, evidence.len, 0, NULL);
	const char *text = json_string_value(json_object_get(json, "told_by"));
	uint32_t trustee = 0;

	if (text != NULL && sscanf(text, "trustee/%" SCNu32, &trustee) != 1)
		trustee = 0;
	json_decref(json);
	return trustee;
}

/* A reading job. */
static cdr_err
list_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct listing *listing = context;
	struct cdr_query *query = NULL;
	struct cdr_audit_kept kept = { .number = 0 };
	struct cdr_bytes evidence;
	char what[32];

	CDR_TRY(cdr_query_start(tx, "SELECT number, at, what, parties, place, size, path, evidence FROM lie ORDER BY number", CDR_VALUES(), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		struct cdr_audit_finding *f = &kept.finding;

		CDR_TRY(cdr_query_count(query, 0, &kept.number));
		CDR_TRY(cdr_query_count(query, 1, &kept.at));
		CDR_TRY(cdr_query_text(query, 2, what, sizeof(what)));
		CDR_TRY(cdr_query_text(query, 3, f->parties, sizeof(f->parties)));
		CDR_TRY(cdr_query_count(query, 4, &f->place));
		CDR_TRY(cdr_query_count(query, 5, &f->size));
		CDR_TRY(cdr_query_text(query, 6, f->path, sizeof(f->path)));
		f->kind = kind_of(what);
		CDR_TRY(cdr_query_blob_peek(query, 7, CDR_EVIDENCE_LEN_MAX, &evidence));
		f->told_by = teller_of(evidence);
		listing->each(listing->context, &kept);
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* see node/member/audit.h */
cdr_err
cdr_audit_kept_list(struct cdr_member *member, void (*each)(void *context, const struct cdr_audit_kept *kept), void *context)
{
	struct listing listing = { each, context };

	return cdr_store_read(member->home->store, list_job, &listing);
}
