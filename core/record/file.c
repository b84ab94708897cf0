#include "core/record/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "core/record/text.h"

/* A row that was read: its key, its digest, its line; line 0: a free place. */
struct seen {
	uint8_t key[CDR_SHA256_LEN];
	uint8_t digest[CDR_SHA256_LEN];
	size_t line;
};

struct cdr_record_file {
	const struct cdr_record_file_kind *kind;
	struct cdr_record_rules rules;
	struct cdr_csv *csv;
	struct cdr_row_report report;
	struct seen *seen;   /* open addressing, at most half full; a digest of a person lets guesses be tested: wiped */
	size_t seen_room;    /* a power of two */
	size_t seen_count;
};

static const uint8_t no_key[CDR_SHA256_LEN];

/* ---- rows that were there before ------------------------------------------------------------------------------- */

/* Where ${key} is or belongs. */
static struct seen *
place_of(struct seen *seen, size_t room, const uint8_t key[static CDR_SHA256_LEN])
{
	uint64_t hash;

	memcpy(&hash, key, sizeof(hash));
	for (size_t at = (size_t)hash & (room - 1);; at = (at + 1) & (room - 1))
		if (seen[at].line == 0 || memcmp(seen[at].key, key, CDR_SHA256_LEN) == 0)
			return &seen[at];
}

static void
seen_free(struct seen *seen, size_t room)
{
	if (seen != NULL)
		cdr_wipe(seen, room * sizeof(*seen));
	free(seen);
}

/* Room for one more. */
static cdr_err
seen_grow(struct cdr_record_file *file)
{
	size_t room = file->seen_room == 0 ? 256 : 2 * file->seen_room;

	if (2 * (file->seen_count + 1) <= file->seen_room)
		return CDR_OK;
	struct seen *seen = calloc(room, sizeof(*seen));
	if (seen == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < file->seen_room; i++)
		if (file->seen[i].line != 0)
			*place_of(seen, room, file->seen[i].key) = file->seen[i];
	seen_free(file->seen, file->seen_room);
	file->seen = seen;
	file->seen_room = room;
	return CDR_OK;
}

enum novelty { IS_NEW, IS_SAME, IS_OTHER };

/* Is the row new, a repetition, or another one with the same key? In the last two cases ${line} is the earlier one's. */
static cdr_err
remember(struct cdr_record_file *file, const void *record, enum novelty *novelty, size_t *line)
{
	uint8_t key[CDR_SHA256_LEN], digest[CDR_SHA256_LEN];
	cdr_err err = CDR_E_INTERNAL;

	*novelty = IS_NEW;
	CDR_TRY(file->kind->identify(record, key, digest));
	if (memcmp(key, no_key, sizeof(key)) == 0)
		goto out;
	CDR_TRY(seen_grow(file));
	struct seen *place = place_of(file->seen, file->seen_room, key);
	if (place->line != 0) {
		*novelty = memcmp(place->digest, digest, sizeof(digest)) == 0 ? IS_SAME : IS_OTHER;
		*line = place->line;
		goto out;
	}
	memcpy(place->key, key, sizeof(key));
	memcpy(place->digest, digest, sizeof(digest));
	place->line = cdr_csv_line(file->csv);
	file->seen_count++;
out:
	cdr_wipe(key, sizeof(key));
	cdr_wipe(digest, sizeof(digest));
	return err;
}

/* ---- the file -------------------------------------------------------------------------------------------------- */

/* Columns that nobody reads are a note each, on the line of the header. */
static void
note_unknown_columns(struct cdr_record_file *file)
{
	size_t count;
	const struct cdr_csv_unknown *unknown = cdr_csv_unknown_peek(file->csv, &count);

	for (size_t i = 0; i < count; i++) {
		struct cdr_row_fault line = { .line = cdr_csv_line(file->csv), .column = unknown[i].column };
		(void)snprintf(line.column_name, sizeof(line.column_name), "%s", unknown[i].name);
		(void)snprintf(line.reason, sizeof(line.reason), "unknown column, not read");
		if (unknown[i].near != NULL)
			(void)snprintf(line.advice, sizeof(line.advice), "did you mean %s?", unknown[i].near);
		cdr_row_report_note(&file->report, &line);
	}
}

/* see core/record/file.h */
cdr_err
cdr_record_file_new(struct cdr_bytes bytes, const struct cdr_record_file_kind *kind, const struct cdr_record_rules *rules,
    struct cdr_record_file **out, struct cdr_fault *fault)
{
	struct cdr_record_file *file = calloc(1, sizeof(*file));
	cdr_err err = CDR_E_INTERNAL;

	*out = NULL;
	if (file == NULL)
		return cdr_fault_set(fault, CDR_E_MEMORY, "no memory to read the file");
	file->kind = kind;
	file->rules = *rules;
	if (rules->codebook == NULL || rules->today.precision != CDR_PRECISION_DAY || !cdr_date_valid(&rules->today)) {
		err = cdr_fault_set(fault, CDR_E_INTERNAL, "rules without a codebook or without a day");
		goto out;
	}
	CDR_TRY(cdr_csv_new(bytes, kind->file_max, kind->columns, kind->column_count, &file->csv, fault));
	note_unknown_columns(file);
	*out = file;
	file = NULL;
out:
	cdr_record_file_free(file);
	return err;
}

/* see core/record/file.h */
void
cdr_record_file_free(struct cdr_record_file *file)
{
	if (file == NULL)
		return;
	cdr_csv_free(file->csv);
	cdr_row_report_wipe(&file->report);
	seen_free(file->seen, file->seen_room);
	free(file);
}

/* The row that stands becomes a record; ${good} says whether it is one to hand out. */
static cdr_err
take_row(struct cdr_record_file *file, void *record, bool *good)
{
	struct cdr_row row = { .csv = file->csv, .rules = &file->rules, .report = &file->report };
	enum novelty novelty = IS_NEW;
	char reason[CDR_REPORT_REASON_LEN];
	size_t line = 0;
	cdr_err err = CDR_OK;

	*good = false;
	file->report.row_count++;
	file->kind->read(&row, record);
	if (!row.bad)
		err = remember(file, record, &novelty, &line);
	if (err != CDR_OK)
		return err;
	if (novelty == IS_OTHER) {
		(void)snprintf(reason, sizeof(reason), "%s as line %zu, and the rest differs", file->kind->same_key, line);
		cdr_row_fault(&row, SIZE_MAX, reason, file->kind->same_key_advice);
	}
	if (row.bad) {
		file->report.bad_count++;
	} else if (novelty == IS_SAME) {
		(void)snprintf(reason, sizeof(reason), "says the same as line %zu, left out", line);
		cdr_row_note(&row, SIZE_MAX, reason, "");
		file->report.same_count++;
	} else if (file->kind->is_old(&row, record)) {
		file->report.old_count++;
	} else {
		file->report.good_count++;
		*good = true;
	}
	return CDR_OK;
}

/* see core/record/file.h */
cdr_err
cdr_record_file_next(struct cdr_record_file *file, void *record, struct cdr_fault *fault)
{
	struct cdr_row_fault line;
	bool good = false;
	cdr_err err = CDR_E_INTERNAL;

	while (!good) {
		cdr_wipe(record, file->kind->record_len);
		err = cdr_csv_next(file->csv, &line);
		if (err == CDR_OK) {
			err = take_row(file, record, &good);
			if (err != CDR_OK)
				break;
		} else if (err == CDR_E_INPUT) {
			file->report.row_count++;
			file->report.bad_count++;
			cdr_row_report_fault(&file->report, &line);
		} else {
			break;
		}
	}
	if (good)
		return CDR_OK;
	cdr_wipe(record, file->kind->record_len);
	if (err == CDR_E_REFUSED)
		return cdr_fault_set(fault, err, "line %zu, column %zu: %s; %s; nothing after this line was read", line.line, line.column,
		    line.reason, line.advice);
	if (err != CDR_E_ABSENT)
		return cdr_fault_set(fault, err, "line %zu: the row could not be worked on", cdr_csv_line(file->csv));
	return err;
}

/* see core/record/file.h */
const struct cdr_row_report *
cdr_record_file_report_peek(const struct cdr_record_file *file)
{
	return &file->report;
}

/* see core/record/file.h */
size_t
cdr_record_file_line(const struct cdr_record_file *file)
{
	return cdr_csv_line(file->csv);
}

/* see core/record/file.h */
size_t
cdr_record_file_offset(const struct cdr_record_file *file)
{
	return cdr_csv_offset(file->csv);
}
