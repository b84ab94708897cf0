#include "node/trustee/sample_given.h"

#include <string.h>

#include "node/net/log.h"
#include "node/trustee/sample.h"

static const uint8_t forgotten[CDR_SAMPLE_INPUT_LEN]; /* in the place of a basis that this trustee may have forgotten; no hash is that */

/* What was given under that number; CDR_E_ABSENT. */
static cdr_err
read_given(struct cdr_tx *tx, uint64_t number, struct cdr_sample_given *given)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	const struct cdr_values values = CDR_VALUES(cdr_value_int((int64_t)number));
	uint64_t key;

	*given = (struct cdr_sample_given){ .number = number };
	CDR_TRY(cdr_query_start(tx, "SELECT key_number, input FROM sample_given WHERE number = $1", values, &query));
	CDR_TRY(cdr_query_step(query));
	CDR_TRY(cdr_query_count(query, 0, &key));
	CDR_TRY(cdr_query_blob(query, 1, given->input, sizeof(given->input)));
	given->key = (uint32_t)key;
out:
	cdr_query_end(query);
	return err;
}

static cdr_err
write_given(struct cdr_tx *tx, const struct cdr_sample_given *given)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_value number = cdr_value_int((int64_t)given->number);

	CDR_TRY(cdr_query_run(tx, "DELETE FROM sample_given WHERE number = $1", CDR_VALUES(number)));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO sample_given (number, key_number, input) VALUES ($1, $2, $3)",
	    CDR_VALUES(number, cdr_value_int(given->key), cdr_value_blob(given->input, sizeof(given->input)))));
out:
	return err;
}

/* What those who were there before this trustee said that they gave under a number. */
struct hearing {
	const struct cdr_roster *roster;
	const struct cdr_sample_given *given;
	bool is_same, is_other;
};

static cdr_err
hear_one(struct cdr_query *query, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct hearing *h = context;
	uint8_t input[CDR_SAMPLE_INPUT_LEN];
	uint64_t key;

	CDR_TRY(cdr_query_count(query, 0, &key));
	CDR_TRY(cdr_query_blob(query, 1, input, sizeof(input)));
	if (memcmp(input, h->given->input, sizeof(input)) == 0)
		h->is_same = true;
	else if (cdr_roster_statistics_key(h->roster, (uint32_t)key) != NULL)
		h->is_other = true;
out:
	return err;
}

/* Nothing was given here: did others give their part for another basis, and none for this? */
static cdr_err
was_told_otherwise(struct cdr_tx *tx, struct hearing *h)
{
	return cdr_query_each(tx, "SELECT key_number, input FROM sample_told WHERE number = $1",
	    CDR_VALUES(cdr_value_int((int64_t)h->given->number)), hear_one, h);
}

/* see node/trustee/sample_given.h */
cdr_err
cdr_trustee_sample_give(struct cdr_tx *tx, const struct cdr_roster *roster, const struct cdr_sample_given *given,
    enum cdr_sample_give *whether)
{
	struct cdr_sample_given before;
	struct hearing hearing = { .roster = roster, .given = given };
	cdr_err err = read_given(tx, given->number, &before);

	*whether = CDR_SAMPLE_GIVE;
	if (err == CDR_E_ABSENT) {
		CDR_TRY(was_told_otherwise(tx, &hearing));
		if (hearing.is_other && !hearing.is_same)
			*whether = CDR_SAMPLE_GIVE_TOLD;
		else
			err = write_given(tx, given);
		goto out;
	}
	if (err != CDR_OK || memcmp(before.input, given->input, sizeof(before.input)) == 0)
		goto out;
	if (cdr_roster_statistics_key(roster, before.key) != NULL) {
		*whether = memcmp(before.input, forgotten, sizeof(forgotten)) == 0 ? CDR_SAMPLE_GIVE_FORGOTTEN : CDR_SAMPLE_GIVE_OTHER;
		goto out;
	}
	cdr_log(CDR_LOG_WARNING, "sample.begun_anew", cdr_log_int("number", (int64_t)given->number), cdr_log_int("key_gone", before.key),
	    cdr_log_int("key", given->key));
	err = write_given(tx, given);
out:
	return err;
}

/* see node/trustee/sample_given.h */
cdr_err
cdr_trustee_sample_forget(struct cdr_tx *tx, const struct cdr_roster *roster)
{
	cdr_err err = CDR_E_INTERNAL;
	uint64_t last, size;
	struct cdr_sample_given given;
	struct cdr_roster_key newest;

	CDR_TRY(cdr_trustee_sample_last(tx, &last, &size));
	err = read_given(tx, last + 1, &given);
	/* What was given under a key that is there still is all that can have been given. */
	if (err == CDR_OK && cdr_roster_statistics_key(roster, given.key) != NULL)
		goto out;
	CDR_TRY(err == CDR_E_ABSENT ? CDR_OK : err);
	if (!cdr_roster_key_newest(roster->body, CDR_KEY_STATISTICS, &newest))
		goto out;
	given.key = newest.number;
	memcpy(given.input, forgotten, sizeof(given.input));
	CDR_TRY(write_given(tx, &given));
out:
	return err;
}

/* see node/trustee/sample_given.h */
cdr_err
cdr_trustee_sample_given_next(struct cdr_tx *tx, struct cdr_sample_given *given)
{
	uint64_t last, size;
	cdr_err err = cdr_trustee_sample_last(tx, &last, &size);

	if (err == CDR_OK)
		err = read_given(tx, last + 1, given);
	return err == CDR_OK && memcmp(given->input, forgotten, sizeof(forgotten)) == 0 ? CDR_E_ABSENT : err;
}

/* see node/trustee/sample_given.h */
cdr_err
cdr_trustee_sample_told(struct cdr_tx *tx, uint32_t trustee, const struct cdr_sample_given *given)
{
	cdr_err err = CDR_E_INTERNAL;
	const struct cdr_value who = cdr_value_int(trustee);

	CDR_TRY(cdr_query_run(tx, "DELETE FROM sample_told WHERE trustee = $1", CDR_VALUES(who)));
	CDR_TRY(cdr_query_run(tx, "INSERT INTO sample_told (trustee, number, key_number, input) VALUES ($1, $2, $3, $4)",
	    CDR_VALUES(who, cdr_value_int((int64_t)given->number), cdr_value_int(given->key),
		cdr_value_blob(given->input, sizeof(given->input)))));
out:
	return err;
}
