#include "node/member/trail.h"

#include <string.h>

#include "node/member/member.h"

/* The hash of an entry: over a label, the hash before, and every field with its length (texts end in NUL). */
static cdr_err
hash_entry(const uint8_t before[static CDR_SHA256_LEN], struct cdr_trail_entry *entry)
{
	static const char label[] = "candor/1 trail";
	uint8_t numbers[16];

	cdr_number_write(entry->number, numbers, 8);
	cdr_number_write(entry->at, numbers + 8, 8);
	const struct cdr_bytes parts[] = {
		{ (const uint8_t *)label, sizeof(label) },
		{ before, CDR_SHA256_LEN },
		{ numbers, sizeof(numbers) },
		{ (const uint8_t *)entry->who, strlen(entry->who) + 1 },
		{ (const uint8_t *)entry->what, strlen(entry->what) + 1 },
		{ entry->subject, sizeof(entry->subject) },
	};
	return cdr_sha256(parts, sizeof(parts) / sizeof(parts[0]), entry->hash);
}

/* The number and hash of the newest entry; 0 and zeros before the first. */
static cdr_err
read_newest(struct cdr_tx *tx, uint64_t *number, uint8_t hash[static CDR_SHA256_LEN])
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;

	*number = 0;
	memset(hash, 0, CDR_SHA256_LEN);
	CDR_TRY(cdr_query_start(tx, "SELECT number, hash FROM trail ORDER BY number DESC LIMIT 1", CDR_VALUES(), &query));
	err = cdr_query_step(query);
	if (err == CDR_E_ABSENT) {
		err = CDR_OK;
		goto out;
	}
	CDR_TRY(err);
	CDR_TRY(cdr_query_count(query, 0, number));
	CDR_TRY(cdr_query_blob(query, 1, hash, CDR_SHA256_LEN));
	err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* Whether ${text} may stand in an entry. */
static bool
is_text(const char *text, size_t size, bool is_what)
{
	size_t len = is_what ? strspn(text, "abcdefghijklmnopqrstuvwxyz._-") : 0;

	while (!is_what && text[len] > ' ' && text[len] < 0x7f)
		len++;
	return len > 0 && len < size && text[len] == '\0';
}

/* see node/member/trail.h */
cdr_err
cdr_trail_add(struct cdr_tx *tx, const char *who, const char *what, const uint8_t *subject)
{
	struct cdr_trail_entry entry = { .at = cdr_member_now() };
	uint8_t before[CDR_SHA256_LEN];
	cdr_err err = CDR_E_INTERNAL;

	if (!is_text(who, sizeof(entry.who), false) || !is_text(what, sizeof(entry.what), true))
		return CDR_E_RANGE;
	memcpy(entry.who, who, strlen(who));
	memcpy(entry.what, what, strlen(what));
	if (subject != NULL)
		memcpy(entry.subject, subject, sizeof(entry.subject));
	CDR_TRY(read_newest(tx, &entry.number, before));
	entry.number++;
	CDR_TRY(hash_entry(before, &entry));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO trail (number, at, who, what, subject, hash) VALUES ($1, $2, $3, $4, $5, $6)",
	    CDR_VALUES(cdr_value_int((int64_t)entry.number), cdr_value_int((int64_t)entry.at), cdr_value_text(entry.who),
		cdr_value_text(entry.what), cdr_value_blob(entry.subject, sizeof(entry.subject)),
		cdr_value_blob(entry.hash, sizeof(entry.hash)))));
	err = CDR_OK;
out:
	return err;
}

/* One row; it must follow from the one before. */
static cdr_err
read_entry(struct cdr_query *query, const struct cdr_trail_entry *before, struct cdr_trail_entry *entry)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t hash[CDR_SHA256_LEN];

	memset(entry, 0, sizeof(*entry));
	CDR_TRY(cdr_query_count(query, 0, &entry->number));
	CDR_TRY(cdr_query_count(query, 1, &entry->at));
	CDR_TRY(cdr_query_text(query, 2, entry->who, sizeof(entry->who)));
	CDR_TRY(cdr_query_text(query, 3, entry->what, sizeof(entry->what)));
	CDR_TRY(cdr_query_blob(query, 4, entry->subject, sizeof(entry->subject)));
	CDR_TRY(cdr_query_blob(query, 5, hash, sizeof(hash)));
	CDR_TRY(hash_entry(before->hash, entry));
	if (entry->number != before->number + 1 || memcmp(hash, entry->hash, sizeof(hash)) != 0)
		err = CDR_E_SIGNATURE;
out:
	return err;
}

/* see node/member/trail.h */
cdr_err
cdr_trail_each(struct cdr_tx *tx, uint64_t after, uint64_t max, cdr_trail_callback *callback, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_trail_entry before = { 0 }, entry;
	uint64_t told = 0;

	CDR_TRY(cdr_query_start(tx, "SELECT number, at, who, what, subject, hash FROM trail ORDER BY number", CDR_VALUES(), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(read_entry(query, &before, &entry));
		if (entry.number > after && told < max) {
			told++;
			CDR_TRY(callback(&entry, context));
		}
		before = entry;
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}
