#include "node/member/incidents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/trail.h"

#define SEAL_PURPOSE "incident"

/* see node/member/incidents.h */
cdr_err
cdr_incidents_book(const struct cdr_member *member, const struct cdr_book **book, struct cdr_fault *fault)
{
	*book = cdr_codebook_book_peek(member->codebook);
	return *book != NULL ? CDR_OK : cdr_fault_set(fault, CDR_E_ABSENT,
	    "codebook %s says nothing about incidents: load one that does with `candor codebook load FILE`",
	    cdr_codebook_version_peek(member->codebook));
}

/* ---- one record -------------------------------------------------------------------------------------------------- */

/* A record on its way into the table. */
struct put {
	struct cdr_member *member;
	const struct cdr_incident *incident;
	struct cdr_incident_head *head;
	uint8_t key[CDR_SHA256_LEN], digest[CDR_SHA256_LEN];
	struct cdr_buffer packed; /* personal */
	struct cdr_fault *fault;
};

/* What finds the row again: the organisation's own reference under a key; a record without one is like no other. */
static cdr_err
row_key(const struct cdr_member *member, const struct cdr_incident *incident, uint8_t key[static CDR_SHA256_LEN])
{
	const char *reference = cdr_incident_value_peek(incident, incident->book->key, 0);

	if (reference[0] == '\0')
		return cdr_random(key, CDR_SHA256_LEN);
	return cdr_member_digest(member, "incident.row_key", (struct cdr_bytes){ (const uint8_t *)reference, strlen(reference) }, key);
}

static cdr_err
pack(struct put *put)
{
	uint8_t *packed = malloc(CDR_INCIDENT_PACK_MAX);
	size_t len = 0;
	cdr_err err = packed == NULL ? CDR_E_MEMORY : cdr_incident_pack(put->incident, packed, &len);

	if (err == CDR_OK)
		err = cdr_buffer_copy((struct cdr_bytes){ packed, len }, &put->packed);
	if (err == CDR_OK)
		err = cdr_member_digest(put->member, "incident.digest", (struct cdr_bytes){ packed, len }, put->digest);
	if (err == CDR_OK)
		err = row_key(put->member, put->incident, put->key);
	if (packed != NULL)
		cdr_wipe(packed, len);
	free(packed);
	return err;
}

/* Seal and insert, under the id and number of ${put->head}. */
static cdr_err
insert(struct cdr_tx *tx, struct put *put)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer sealed = { 0 };
	const struct cdr_incident_head *head = put->head;

	CDR_TRY(cdr_seal(put->member->home->keys->column, SEAL_PURPOSE, (struct cdr_bytes){ head->id, CDR_ID_LEN },
	    cdr_buffer_bytes(&put->packed), &sealed));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO incident (id, number, row_key, digest, sealed, from_file, made_at, changed_at)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
	    CDR_VALUES(cdr_value_blob(head->id, CDR_ID_LEN), cdr_value_int((int64_t)head->number),
		cdr_value_blob(put->key, sizeof(put->key)), cdr_value_blob(put->digest, sizeof(put->digest)),
		cdr_value_bytes(cdr_buffer_bytes(&sealed)), cdr_value_int(head->from_file), cdr_value_int((int64_t)head->made_at),
		cdr_value_int((int64_t)head->changed_at))));
	err = CDR_OK;
out:
	cdr_buffer_free(&sealed);
	return err;
}

/* A head for a record that is new. */
static cdr_err
new_head(struct cdr_tx *tx, bool from_file, struct cdr_incident_head *head)
{
	cdr_err err = CDR_E_INTERNAL;

	*head = (struct cdr_incident_head){ .made_at = cdr_member_now(), .changed_at = cdr_member_now(), .from_file = from_file };
	CDR_TRY(cdr_random(head->id, sizeof(head->id)));
	CDR_TRY(cdr_setting_next(tx, "incident.number", &head->number));
	err = CDR_OK;
out:
	return err;
}

/* Columns 0 to 4 of a row: id, number, made_at, changed_at, from_file. */
static cdr_err
read_head(struct cdr_query *query, struct cdr_incident_head *head)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t from_file;

	*head = (struct cdr_incident_head){ 0 };
	CDR_TRY(cdr_query_blob(query, 0, head->id, CDR_ID_LEN));
	CDR_TRY(cdr_query_count(query, 1, &head->number));
	CDR_TRY(cdr_query_count(query, 2, &head->made_at));
	CDR_TRY(cdr_query_count(query, 3, &head->changed_at));
	CDR_TRY(cdr_query_count(query, 4, &from_file));
	head->from_file = from_file != 0;
	err = CDR_OK;
out:
	return err;
}

#define HEAD_COLUMNS "id, number, made_at, changed_at, from_file"

static cdr_err
find_head(struct cdr_tx *tx, uint64_t number, struct cdr_incident_head *head)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	CDR_TRY(cdr_query_start(tx, "SELECT " HEAD_COLUMNS " FROM incident WHERE number = $1",
	    CDR_VALUES(cdr_value_int((int64_t)number)), &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(read_head(query, head));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
delete_row(struct cdr_tx *tx, const uint8_t id[static CDR_ID_LEN])
{
	return cdr_query_run(tx, "DELETE FROM incident WHERE id = $1", CDR_VALUES(cdr_value_blob(id, CDR_ID_LEN)));
}

static cdr_err
absent(struct cdr_fault *fault, uint64_t number)
{
	return cdr_fault_set(fault, CDR_E_ABSENT, "there is no incident %llu: `candor incident list` shows those that there are",
	    (unsigned long long)number);
}

static cdr_err
put_job(struct cdr_tx *tx, void *context)
{
	struct put *put = context;
	cdr_err err = CDR_E_INTERNAL;
	uint64_t wanted = put->head->number;
	int64_t same;

	if (wanted == 0) {
		CDR_TRY(new_head(tx, false, put->head));
	} else {
		err = find_head(tx, wanted, put->head);
		if (err == CDR_E_ABSENT)
			return absent(put->fault, wanted);
		CDR_TRY(err);
		CDR_TRY(delete_row(tx, put->head->id));
		put->head->changed_at = cdr_member_now();
	}
	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM incident WHERE row_key = $1",
	    CDR_VALUES(cdr_value_blob(put->key, sizeof(put->key))), &same));
	if (same > 0)
		return cdr_fault_set(put->fault, CDR_E_EXISTS, "%s: another incident has this reference already",
		    put->incident->book->key->name);
	CDR_TRY(insert(tx, put));
	CDR_TRY(cdr_trail_add(tx, put->member->who, wanted == 0 ? "incident.add" : "incident.edit", put->head->id));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/incidents.h */
cdr_err
cdr_incidents_put(struct cdr_member *member, uint64_t number, const struct cdr_incident *incident,
    struct cdr_incident_head *head, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct put put = { .member = member, .incident = incident, .head = head, .fault = fault };

	*head = (struct cdr_incident_head){ .number = number };
	CDR_TRY(pack(&put));
	CDR_TRY(cdr_store_write(member->home->store, put_job, &put));
	(void)snprintf(head->version, sizeof(head->version), "%s", cdr_codebook_version_peek(member->codebook));
	err = CDR_OK;
out:
	cdr_buffer_free(&put.packed);
	return err;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

struct reading {
	struct cdr_member *member;
	const struct cdr_book *book;
	uint64_t number;                /* 0: all */
	struct cdr_incident *incident;  /* personal; the one that is visited */
	cdr_incidents_visit *visit;
	void *context;
	struct cdr_fault *fault;
};

/* Unseal the row that stands: column 5. */
static cdr_err
open_row(const struct reading *reading, struct cdr_query *query, struct cdr_incident_head *head)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_bytes sealed;
	struct cdr_buffer plain = { 0 };

	CDR_TRY(read_head(query, head));
	CDR_TRY(cdr_query_blob_peek(query, 5, CDR_INCIDENT_PACK_MAX + CDR_SEAL_OVERHEAD, &sealed));
	CDR_TRY(cdr_seal_open(reading->member->home->keys->column, SEAL_PURPOSE, (struct cdr_bytes){ head->id, CDR_ID_LEN }, sealed,
	    &plain));
	CDR_TRY(cdr_incident_unpack(reading->book, cdr_buffer_bytes(&plain), reading->incident, head->version));
	err = CDR_OK;
out:
	cdr_buffer_free(&plain);
	if (err != CDR_OK && err != CDR_E_MEMORY)
		err = cdr_fault_set(reading->fault, CDR_E_STORE, "incident %llu is not what was written: the database was damaged",
		    (unsigned long long)head->number);
	return err;
}

static cdr_err
read_job(struct cdr_tx *tx, void *context)
{
	struct reading *reading = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_incident_head head;
	uint64_t last = reading->number != 0 ? reading->number : INT64_MAX;

	CDR_TRY(cdr_query_start(tx, "SELECT " HEAD_COLUMNS ", sealed FROM incident WHERE number >= $1 AND number <= $2 ORDER BY number",
	    CDR_VALUES(cdr_value_int((int64_t)reading->number), cdr_value_int((int64_t)last)), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(open_row(reading, query, &head));
		CDR_TRY(reading->visit(reading->context, &head, reading->incident));
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
read_all(struct cdr_member *member, uint64_t number, cdr_incidents_visit *visit, void *context, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct reading reading = { .member = member, .number = number, .visit = visit, .context = context, .fault = fault };

	CDR_TRY(cdr_incidents_book(member, &reading.book, fault));
	reading.incident = calloc(1, sizeof(*reading.incident));
	if (reading.incident == NULL)
		return CDR_E_MEMORY;
	err = cdr_store_read(member->home->store, read_job, &reading);
out:
	if (reading.incident != NULL)
		cdr_wipe(reading.incident, sizeof(*reading.incident));
	free(reading.incident);
	return err;
}

/* see node/member/incidents.h */
cdr_err
cdr_incidents_each(struct cdr_member *member, cdr_incidents_visit *visit, void *context, struct cdr_fault *fault)
{
	return read_all(member, 0, visit, context, fault);
}

struct getting {
	struct cdr_incident *incident;
	struct cdr_incident_head *head;
};

static cdr_err
keep(void *context, const struct cdr_incident_head *head, const struct cdr_incident *incident)
{
	struct getting *getting = context;

	*getting->incident = *incident;
	*getting->head = *head;
	return CDR_OK;
}

/* see node/member/incidents.h */
cdr_err
cdr_incidents_get(struct cdr_member *member, uint64_t number, struct cdr_incident *incident, struct cdr_incident_head *head,
    struct cdr_fault *fault)
{
	struct getting getting = { incident, head };

	memset(incident, 0, sizeof(*incident));
	*head = (struct cdr_incident_head){ 0 };
	cdr_err err = number == 0 ? CDR_OK : read_all(member, number, keep, &getting, fault);
	return err == CDR_OK && head->number == 0 ? absent(fault, number) : err;
}

/* ---- import ------------------------------------------------------------------------------------------------------ */

#define REMOVALS_FREE 20 /* so many may always go without a question */

struct row {
	uint8_t key[CDR_SHA256_LEN], digest[CDR_SHA256_LEN];
	struct cdr_buffer packed; /* personal */
};

struct known {
	uint8_t key[CDR_SHA256_LEN], digest[CDR_SHA256_LEN];
	struct cdr_incident_head head;
};

/* Keys and digests are wiped like what they stand for. */
struct import {
	struct cdr_member *member;
	const struct cdr_incidents_options *options;
	bool keep_missing;
	struct cdr_incidents_outcome *outcome;
	struct cdr_fault *fault;
	struct row *rows;
	size_t row_count, row_room;
	struct known *known;
	size_t known_count;
};

static void
import_wipe(struct import *import)
{
	for (size_t i = 0; i < import->row_count; i++)
		cdr_buffer_free(&import->rows[i].packed);
	cdr_wipe(import->rows, import->row_room * sizeof(*import->rows));
	cdr_wipe(import->known, import->known_count * sizeof(*import->known));
	free(import->rows);
	free(import->known);
}

static int
compare_rows(const void *a, const void *b)
{
	return memcmp(((const struct row *)a)->key, ((const struct row *)b)->key, CDR_SHA256_LEN);
}

static cdr_err
add_row(struct import *import, const struct cdr_incident *incident)
{
	struct put put = { .member = import->member, .incident = incident };
	size_t room = import->row_room == 0 ? 64 : 2 * import->row_room;

	if (import->row_count == import->row_room) {
		struct row *larger = calloc(room, sizeof(*larger));
		if (larger == NULL)
			return CDR_E_MEMORY;
		if (import->rows != NULL)
			memcpy(larger, import->rows, import->row_count * sizeof(*larger));
		cdr_wipe(import->rows, import->row_room * sizeof(*larger));
		free(import->rows);
		import->rows = larger;
		import->row_room = room;
	}
	cdr_err err = pack(&put);
	struct row *row = &import->rows[import->row_count];
	memcpy(row->key, put.key, sizeof(row->key));
	memcpy(row->digest, put.digest, sizeof(row->digest));
	row->packed = put.packed;
	import->row_count += err == CDR_OK;
	if (err != CDR_OK)
		cdr_buffer_free(&put.packed);
	return err;
}

static cdr_err
read_rows(struct import *import, struct cdr_incident_file *reader)
{
	struct cdr_incident *incident = calloc(1, sizeof(*incident));
	cdr_err err = incident == NULL ? CDR_E_MEMORY : CDR_OK;

	while (err == CDR_OK) {
		err = cdr_incident_file_next(reader, incident, import->fault);
		if (err == CDR_OK)
			err = add_row(import, incident);
	}
	if (incident != NULL)
		cdr_wipe(incident, sizeof(*incident));
	free(incident);
	if (err == CDR_E_ABSENT && import->row_count > 1)
		qsort(import->rows, import->row_count, sizeof(*import->rows), compare_rows);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

static cdr_err
read_known(struct import *import, struct cdr_tx *tx)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	int64_t count;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM incident", CDR_VALUES(), &count));
	import->known = calloc((size_t)count + 1, sizeof(*import->known));
	if (import->known == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_query_start(tx, "SELECT " HEAD_COLUMNS ", row_key, digest FROM incident ORDER BY row_key", CDR_VALUES(), &query));
	while (import->known_count < (size_t)count && (err = cdr_query_step(query)) == CDR_OK) {
		struct known *known = &import->known[import->known_count];
		CDR_TRY(read_head(query, &known->head));
		CDR_TRY(cdr_query_blob(query, 5, known->key, sizeof(known->key)));
		CDR_TRY(cdr_query_blob(query, 6, known->digest, sizeof(known->digest)));
		import->known_count++;
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* Write one row, as a new record or over a known one. */
static cdr_err
put_row(struct import *import, struct cdr_tx *tx, const struct row *row, const struct known *known)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_incident_head head;
	struct put put = { .member = import->member, .head = &head, .packed = row->packed };

	memcpy(put.key, row->key, sizeof(put.key));
	memcpy(put.digest, row->digest, sizeof(put.digest));
	if (known == NULL) {
		CDR_TRY(new_head(tx, true, &head));
	} else {
		head = known->head;
		head.from_file = true;
		head.changed_at = cdr_member_now();
		CDR_TRY(delete_row(tx, head.id));
	}
	CDR_TRY(insert(tx, &put));
	err = CDR_OK;
out:
	return err;
}

/* Walk through file and table side by side, both in the order of the keys. Without a transaction it only counts. */
static cdr_err
walk(struct import *import, struct cdr_tx *tx, struct cdr_incidents_outcome *outcome)
{
	size_t r = 0, k = 0;
	cdr_err err = CDR_OK;

	*outcome = (struct cdr_incidents_outcome){ 0 };
	while (err == CDR_OK && (r < import->row_count || k < import->known_count)) {
		const struct row *row = r < import->row_count ? &import->rows[r] : NULL;
		const struct known *known = k < import->known_count ? &import->known[k] : NULL;
		int order = row == NULL ? 1 : known == NULL ? -1 : memcmp(row->key, known->key, CDR_SHA256_LEN);
		r += order <= 0;
		k += order >= 0;
		if (order < 0) {
			outcome->added++;
			err = tx == NULL ? CDR_OK : put_row(import, tx, row, NULL);
		} else if (order > 0 && (import->keep_missing || !known->head.from_file)) {
			outcome->unchanged++;
		} else if (order > 0) {
			outcome->removed++;
			err = tx == NULL ? CDR_OK : delete_row(tx, known->head.id);
		} else if (memcmp(row->digest, known->digest, CDR_SHA256_LEN) == 0) {
			outcome->unchanged++;
		} else {
			outcome->changed++;
			err = tx == NULL ? CDR_OK : put_row(import, tx, row, known);
		}
	}
	outcome->register_count = import->known_count + outcome->added - outcome->removed;
	return err;
}

static cdr_err
import_job(struct cdr_tx *tx, void *context)
{
	struct import *import = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_incidents_outcome expected;

	CDR_TRY(read_known(import, tx));
	CDR_TRY(walk(import, NULL, &expected));
	if (!import->options->allow_removals && expected.removed > REMOVALS_FREE && expected.removed > import->known_count / 2)
		return cdr_fault_set(import->fault, CDR_E_REFUSED,
		    "%zu of %zu incidents in the register are not in this file and would be taken out. If the file holds only a part, "
		    "repeat with --partial; if they shall go, with --allow-removals. Nothing was changed",
		    expected.removed, import->known_count);
	CDR_TRY(walk(import, tx, import->outcome));
	CDR_TRY(cdr_trail_add(tx, import->member->who, "incident.import", NULL));
	err = CDR_OK;
out:
	return err;
}

/* see node/member/incidents.h */
cdr_err
cdr_incidents_import(struct cdr_member *member, struct cdr_incident_file *reader, const struct cdr_incidents_options *options,
    struct cdr_incidents_outcome *outcome, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct import import = { .member = member, .options = options, .outcome = outcome, .fault = fault };

	*outcome = (struct cdr_incidents_outcome){ 0 };
	CDR_TRY(read_rows(&import, reader));
	const struct cdr_row_report *report = cdr_incident_file_report_peek(reader);
	if (report->faults.count > 0 && !options->skip_bad)
		err = cdr_fault_set(fault, CDR_E_INPUT,
		    "%zu of %zu rows cannot be taken, so nothing of the file was. Correct them, or repeat with --skip-bad to leave them "
		    "out", report->bad_count, report->row_count);
	else if (import.row_count == 0)
		err = cdr_fault_set(fault, CDR_E_INPUT, "the file has no incident that can be taken, so nothing was changed. Is it the right "
		    "file?");
	CDR_TRY(err);
	/* What stands in a row that cannot be read is not known, and must not be taken for something that is gone. */
	import.keep_missing = options->partial || report->faults.count > 0;
	CDR_TRY(cdr_store_write(member->home->store, import_job, &import));
	err = CDR_OK;
out:
	import_wipe(&import);
	return err;
}

/* ---- counting ---------------------------------------------------------------------------------------------------- */

struct counting {
	const struct cdr_book *book;
	const char *period;
	const struct cdr_table_definition *const *tables;
	size_t table_count;
	struct cdr_counts **counts;
};

static cdr_err
count_one(void *context, const struct cdr_incident_head *head, const struct cdr_incident *incident)
{
	const struct counting *counting = context;
	cdr_err err = CDR_OK;

	(void)head;
	for (size_t i = 0; err == CDR_OK && i < counting->table_count; i++)
		err = cdr_counts_add(counting->book, counting->tables[i], incident, counting->period, counting->counts[i]);
	return err;
}

/* see node/member/incidents.h */
cdr_err
cdr_incidents_count(struct cdr_member *member, const char *period, const struct cdr_table_definition *const *tables,
    size_t table_count, struct cdr_counts **counts, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct counting counting = { NULL, period, tables, table_count, counts };

	for (size_t i = 0; i < table_count; i++)
		counts[i] = NULL;
	CDR_TRY(cdr_incidents_book(member, &counting.book, fault));
	for (size_t i = 0; i < table_count; i++)
		CDR_TRY(cdr_counts_new(tables[i], &counts[i]));
	CDR_TRY(cdr_incidents_each(member, count_one, &counting, fault));
	err = CDR_OK;
out:
	for (size_t i = 0; err != CDR_OK && i < table_count; i++) {
		cdr_counts_free(counts[i]);
		counts[i] = NULL;
	}
	return err;
}
