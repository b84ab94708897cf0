#include "tests/unit/member/world.h"

#include "node/member/index_wait.h"
#include "node/net/ask.h"

/* From the register to the hub's index: rows, dummies, batches, what fails on the way. */

static cdr_err
step(struct cdr_member *m, bool *worked)
{
	struct cdr_fault fault = { 0 };
	bool scratch;
	cdr_err err = cdr_index_step(m, worked != NULL ? worked : &scratch, &fault);

	if (err != CDR_OK && err != CDR_E_STORE)
		assert_int_equal(fault.code, err);
	return err;
}

/* Rows of ${count} leavers of many kinds: with and without documents, with two and with five names. */
static char *
people(size_t count)
{
	static const char *const given[] = { "Amina", "John", "Sara Noor", "Tesfaye", "Jean-Baptiste", "Li Wei" };
	static const char *const family[] = { "Otieno", "Kamau", "Haddad", "Gebre Mariam", "Nshimirimana", "Fernando da Silva" };
	size_t room = count * 160 + 1, at = 0;
	char *rows = malloc(room);

	assert_non_null(rows);
	rows[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		char document[64] = ",,";
		if (i % 2 == 0)
			(void)snprintf(document, sizeof(document), "passport,KEN,A%07zu", i);
		at += (size_t)snprintf(rows + at, room - at, "E-%zu,%s,%s,19%02zu-%02zu-%02zu,%s,Guard,KEN,2019-01-01,%s\n", i,
		    given[i % 6], family[i / 6 % 6], 60 + i % 40, 1 + i % 12, 2 + i % 27, document, w_ago(1));
	}
	return rows;
}

static void
import(struct cdr_member *m, size_t count)
{
	char *rows = people(count);

	assert_int_equal(w_import(m, rows, NULL, NULL), CDR_OK);
	free(rows);
}

/* How many rows of the batch carry ${handle}. */
static size_t
rows_of(const struct w_put *put, const uint8_t *handle)
{
	size_t count = 0;

	for (size_t at = 0; at < put->rows.len; at += CDR_INDEX_ROW_LEN)
		count += memcmp(put->rows.data + at + 19, handle, CDR_HANDLE_LEN) == 0;
	return count;
}

/* ---- rows ---------------------------------------------------------------------------------------------------------------- */

/* Everybody has exactly 16, 32 or 64 rows, all of them in one batch, with a month of expiry. */
static void
test_rows(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_record_rules rules;
	bool worked = true;
	size_t handles = 0;

	cdr_member_rules(m, &rules);
	unsigned month = cdr_leavers_month(&rules.today) + 48U;
	import(m, 40);
	for (int i = 0; worked && i < 20; i++)
		assert_int_equal(step(m, &worked), CDR_OK);
	assert_false(worked);
	for (size_t i = 0; i < w->put_count; i++) {
		const struct w_put *put = &w->put[i];
		size_t rows = 0;
		assert_int_equal(put->rows.len % CDR_INDEX_ROW_LEN, 0);
		assert_int_equal(put->expiries.len % CDR_INDEX_EXPIRY_LEN, 0);
		assert_int_equal(put->epoch, 1);
		for (size_t at = 0; at < put->expiries.len; at += CDR_INDEX_EXPIRY_LEN) {
			size_t count = rows_of(put, put->expiries.data + at);
			assert_true(count == 16 || count == 32 || count == 64);
			assert_int_equal(put->expiries.data[at + 16] << 8 | put->expiries.data[at + 17], month);
			rows += count;
			handles++;
		}
		assert_int_equal(rows * CDR_INDEX_ROW_LEN, put->rows.len);
		assert_true(rows <= CDR_INDEX_ROWS_MAX);
	}
	assert_int_equal(handles, 40);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'indexed' AND batch IS NULL"), 40);
	assert_int_equal(w_count(m, "SELECT count(*) FROM index_batch"), 0);
	assert_string_equal(w->purpose, "import");
	/* Nothing more to do, and nothing done. */
	size_t puts = w->put_count, points = w->point_count;
	assert_int_equal(step(m, &worked), CDR_OK);
	assert_int_equal(w->put_count, puts);
	assert_int_equal(w->point_count, points);
}

/* Whether the tag of ${row} is among ${tags}. */
static bool
is_real(const uint8_t *row, const uint8_t *tags, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(row, tags + i * CDR_TAG_LEN, CDR_TAG_LEN) == 0)
			return true;
	return false;
}

/*
 * One person alone: the true rows are those of her tokens, and each dummy has type, rarity and pair of some true row, with a
 * tag of its own. No position in the batch tells them apart.
 */
static void
test_dummies(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_candidate amina;
	struct cdr_scheme scheme;
	struct cdr_token_set *set = malloc(sizeof(*set));
	struct cdr_bytes inputs[CDR_TOKENS_MAX];
	uint8_t tags[CDR_TOKENS_MAX * CDR_TAG_LEN];
	size_t unshuffled = 0;

	assert_non_null(set);
	w_amina(&amina, "");
	(void)snprintf(amina.person.document[0].type, CDR_CODE_LEN, "passport");
	(void)snprintf(amina.person.document[0].country, CDR_COUNTRY_LEN, "KEN");
	(void)snprintf(amina.person.document[0].number, CDR_DOCUMENT_NUMBER_LEN, "A7654321");
	amina.person.document_count = 1;
	assert_int_equal(cdr_scheme_current(1, &scheme), CDR_OK);
	assert_int_equal(cdr_token_derive(&amina.person, &scheme, set, NULL), CDR_OK);
	assert_in_range(set->count, 2, CDR_TOKENS_MAX);
	for (size_t i = 0; i < set->count; i++)
		inputs[i] = (struct cdr_bytes){ set->token[i].input, set->token[i].input_len };
	const struct cdr_roster *roster = cdr_current_hold(m->current);
	assert_int_equal(cdr_evaluate(m, roster, cdr_roster_epoch(roster, 1), CDR_PURPOSE_CHECK, inputs, set->count, tags, NULL),
	    CDR_OK);
	cdr_current_release(m->current, roster);

	for (int round = 0; round < 12; round++) {
		w_run(m, "DELETE FROM leaver");
		w_import_amina(m, 1);
		assert_int_equal(step(m, NULL), CDR_OK);
		const struct w_put *put = &w->put[w->put_count - 1];
		size_t rows = put->rows.len / CDR_INDEX_ROW_LEN, real = 0, in_front = 0;
		assert_int_equal(rows, cdr_token_padded(set->count));
		for (size_t i = 0; i < rows; i++) {
			const uint8_t *row = put->rows.data + i * CDR_INDEX_ROW_LEN;
			bool alike = false;
			for (size_t k = 0; k < set->count; k++)
				alike = alike || (row[16] == set->token[k].type && row[17] == set->token[k].rarity &&
					row[18] == set->token[k].pair);
			assert_true(alike);
			for (size_t k = 0; k < i; k++)
				assert_memory_not_equal(row, put->rows.data + k * CDR_INDEX_ROW_LEN, CDR_TAG_LEN);
			real += is_real(row, tags, set->count);
			in_front += i < set->count && is_real(row, tags, set->count);
		}
		assert_int_equal(real, set->count);
		unshuffled += in_front == set->count;
	}
	/* One dummy stands at the end of 16 rows by chance once in 16, and twelve times in a row once in 2^48. */
	if (set->count < cdr_token_padded(set->count))
		assert_in_range(unshuffled, 0, 11);
	free(set);
}

/* Who has no token is in the register and not in the index. */
static void
test_without_tokens(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	char rows[256];
	bool worked;

	(void)snprintf(rows, sizeof(rows), "E-1,Amina,,1984,,,,Nurse,KEN,2015-02-01,%s\n", w_ago(1));
	assert_int_equal(w_import(m, rows, NULL, NULL), CDR_OK);
	assert_int_equal(step(m, &worked), CDR_OK);
	assert_true(worked);
	assert_int_equal(w->put_count, 0);
	assert_int_equal(w->evaluation_count, 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'kept'"), 1);
	assert_int_equal(step(m, &worked), CDR_OK);
	assert_false(worked);
}

/* ---- batches --------------------------------------------------------------------------------------------------------------- */

/* A batch is written before it is sent: what was killed in between is sent again, byte for byte. */
static void
test_written_before_sent(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];

	w_import_amina(m, 1);
	w->hub_is_down = true;
	assert_int_equal(step(m, NULL), CDR_E_NETWORK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM index_batch"), 1);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'sent'"), 1);
	w->hub_is_down = false;
	w->forgets_reply = true;
	assert_int_equal(step(m, NULL), CDR_E_TIME);
	w->forgets_reply = false;
	size_t points = w->point_count;
	assert_int_equal(step(m, NULL), CDR_OK);
	assert_int_equal(w->put_count, 2);
	assert_memory_equal(w->put[0].batch, w->put[1].batch, CDR_ID_LEN);
	assert_memory_equal(w->put[0].rows.data, w->put[1].rows.data, w->put[0].rows.len);
	assert_int_equal(w->point_count, points);
	assert_int_equal(w_count(m, "SELECT count(*) FROM index_batch"), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'indexed'"), 1);
}

/* The hub refuses: the batch stays, also where the refusal is "absent". */
static void
test_hub_refuses(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];

	w_import_amina(m, 1);
	w->refused_path = "/v1/index/put";
	w->refused_code = CDR_E_ABSENT;
	assert_int_equal(step(m, NULL), CDR_E_ABSENT);
	w->refused_code = CDR_E_QUOTA;
	assert_int_equal(step(m, NULL), CDR_E_QUOTA);
	assert_int_equal(w_count(m, "SELECT count(*) FROM index_batch"), 1);
	w->refused_path = NULL;
	assert_int_equal(step(m, NULL), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM index_batch"), 0);
}

static struct cdr_index_wait
wait_of(struct cdr_member *m)
{
	struct cdr_leavers_progress progress;

	assert_int_equal(cdr_leavers_progress(m, &progress), CDR_OK);
	return progress.wait;
}

/* A writing job: it has waited for long. */
static cdr_err
since_1000_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_setting_put(tx, "index/waits", "1000 quota for long", 19);
}

/* Why nothing goes to the index is told as long as it is so, where there is something to go; since when, and in whose words. */
static void
test_why_it_waits(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_index_wait wait = { .code = "busy" };

	assert_int_equal(step(m, NULL), CDR_OK);
	w_import_amina(m, 1);
	assert_int_equal(wait_of(m).since, 0);
	w->refused_path = "/v1/index/put";
	w->refused_code = CDR_E_QUOTA;
	assert_int_equal(step(m, NULL), CDR_E_QUOTA);
	assert_true(wait_of(m).since > 0);
	assert_string_equal(wait_of(m).code, "quota");
	assert_non_null(strstr(wait_of(m).why, "/v1/index/put"));
	/* Of another cause, and still since then. */
	assert_int_equal(cdr_store_write(m->home->store, since_1000_job, NULL), CDR_OK);
	w->refused_code = CDR_E_BUSY;
	assert_int_equal(step(m, NULL), CDR_E_BUSY);
	assert_int_equal(wait_of(m).since, 1000);
	assert_string_equal(wait_of(m).code, "busy");
	w->refused_path = NULL;
	w->hub_is_down = true;
	assert_int_equal(step(m, NULL), CDR_E_NETWORK);
	assert_string_equal(wait_of(m).code, "network");
	wait = wait_of(m);
	assert_non_null(strstr(cdr_index_wait_text(&wait, "en"), "connected to the Internet"));
	w->hub_is_down = false;
	assert_int_equal(step(m, NULL), CDR_OK);
	assert_int_equal(wait_of(m).since, 0);
	/* An old copy of the hub's data is told as what it is, in four languages. */
	(void)snprintf(wait.code, sizeof(wait.code), "busy");
	(void)snprintf(wait.why, sizeof(wait.why), "hub refuses /v1/index/put: " CDR_OLD_COPY_WORDS ", and");
	assert_non_null(strstr(cdr_index_wait_text(&wait, "en"), "old copy of its data"));
	assert_non_null(strstr(cdr_index_wait_text(&wait, "fr"), "ancienne copie"));
	assert_non_null(strstr(cdr_index_wait_text(&wait, "es"), "copia antigua"));
	assert_non_null(strstr(cdr_index_wait_text(&wait, "ar"), "نسخة قديمة"));
	(void)snprintf(wait.why, sizeof(wait.why), "hub refuses /v1/index/put: try again later");
	assert_non_null(strstr(cdr_index_wait_text(&wait, "en"), "tell the secretariat, with these words"));
}

/* Trustees are away: leavers wait; who goes from the register goes from the index all the same. */
static void
test_removals_need_no_trustee(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	uint8_t handle[CDR_HANDLE_LEN];

	w_import_amina(m, 1);
	assert_int_equal(step(m, NULL), CDR_OK);
	w_handle(m, handle);
	w->mode[0] = w->mode[1] = W_DOWN;
	char row[256];
	(void)snprintf(row, sizeof(row), "E-2,John,Kamau,1979-11-03,passport,KEN,B1234567,Driver,KEN,2016-03-01,%s\n", w_ago(1));
	assert_int_equal(w_import(m, row, NULL, NULL), CDR_OK);
	size_t puts = w->put_count;
	assert_int_equal(step(m, NULL), CDR_E_NETWORK);
	assert_int_equal(w->put_count, puts + 1);
	assert_int_equal(w->put[puts].removed.len, CDR_HANDLE_LEN);
	assert_memory_equal(w->put[puts].removed.data, handle, sizeof(handle));
	assert_int_equal(w->put[puts].rows.len, 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM removal"), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'waiting'"), 1);
	w->mode[0] = w->mode[1] = W_TRUE;
	assert_int_equal(step(m, NULL), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'indexed'"), 1);
}

/* A removal goes after the batch that put its handle there, if that is still on its way. */
static void
test_removal_after_rows(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	uint8_t handle[CDR_HANDLE_LEN];
	struct cdr_leavers_options all = { .allow_removals = true };
	char row[256];

	w_import_amina(m, 1);
	w_handle(m, handle);
	w->hub_is_down = true;
	assert_int_equal(step(m, NULL), CDR_E_NETWORK);
	(void)snprintf(row, sizeof(row), "E-2,John,Kamau,1979-11-03,passport,KEN,B1234567,Driver,KEN,2016-03-01,%s\n", w_ago(1));
	assert_int_equal(w_import(m, row, &all, NULL), CDR_OK);
	w->hub_is_down = false;
	assert_int_equal(step(m, NULL), CDR_OK);
	assert_int_equal(w->put_count, 3);
	assert_int_equal(rows_of(&w->put[0], handle), w->put[0].rows.len / CDR_INDEX_ROW_LEN);
	assert_memory_equal(w->put[1].removed.data, handle, sizeof(handle));
	assert_int_equal(rows_of(&w->put[2], handle), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'indexed'"), 1);
}

/* A row changes while trustees are away: its old rows stay in the index until the new ones are there. */
static void
test_changed_row_is_never_missing(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	uint8_t before[CDR_HANDLE_LEN], after[CDR_HANDLE_LEN];
	char row[256];

	w_import_amina(m, 1);
	assert_int_equal(step(m, NULL), CDR_OK);
	w_handle(m, before);
	(void)snprintf(row, sizeof(row), "E-1,Amina Wanjiru,Otieno,1984-05-12,passport,KEN,A7654321,Matron,KEN,2015-02-01,%s\n",
	    w_ago(1));
	assert_int_equal(w_import(m, row, NULL, NULL), CDR_OK);
	w_handle(m, after);
	w->mode[0] = w->mode[1] = W_DOWN;
	size_t puts = w->put_count;
	assert_int_equal(step(m, NULL), CDR_E_NETWORK);
	assert_int_equal(w->put_count, puts);
	w->mode[0] = w->mode[1] = W_TRUE;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(step(m, NULL), CDR_OK);
	assert_int_equal(w->put_count, puts + 2);
	assert_int_equal(rows_of(&w->put[puts], after), w->put[puts].rows.len / CDR_INDEX_ROW_LEN);
	assert_int_equal(w->put[puts].removed.len, 0);
	assert_int_equal(w->put[puts + 1].removed.len, CDR_HANDLE_LEN);
	assert_memory_equal(w->put[puts + 1].removed.data, before, sizeof(before));
	assert_int_equal(w_count(m, "SELECT count(*) FROM removal"), 0);
}

/* ---- what changes meanwhile ------------------------------------------------------------------------------------------------- */

static struct cdr_member *changed;

/* Amina's row is corrected while the trustees compute. */
static void
correct_row(void)
{
	char row[256];

	if (changed == NULL)
		return;
	struct cdr_member *m = changed;
	changed = NULL;
	(void)snprintf(row, sizeof(row), "E-1,Amina W.,Otieno,1984-05-12,passport,KEN,A7654321,Nurse,KEN,2015-02-01,%s\n",
	    w_ago(1));
	assert_int_equal(w_import(m, row, NULL, NULL), CDR_OK);
}

/* Rows that were made for a handle that is gone are thrown away, and made anew. */
static void
test_register_changed(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	uint8_t before[CDR_HANDLE_LEN], after[CDR_HANDLE_LEN];
	bool worked;

	w_import_amina(m, 1);
	w_handle(m, before);
	changed = m;
	w->on_evaluate = correct_row;
	assert_int_equal(step(m, &worked), CDR_OK);
	assert_true(worked);
	assert_int_equal(w->put_count, 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'waiting'"), 1);
	assert_int_equal(step(m, &worked), CDR_OK);
	w_handle(m, after);
	assert_memory_not_equal(before, after, sizeof(before));
	assert_int_equal(w->put_count, 1);
	assert_int_equal(rows_of(&w->put[0], before), 0);
	assert_true(rows_of(&w->put[0], after) >= 16);
	assert_int_equal(step(m, &worked), CDR_OK);
	assert_int_equal(w->put_count, 2);
	assert_memory_equal(w->put[1].removed.data, before, sizeof(before));
}

static struct world *held;

static void
hold_blue(void)
{
	if (held != NULL)
		w_hold(held, BLUE);
	held = NULL;
}

/* The database is held by another process when the rows are ready: that is a failure, after which there is a pause. */
static void
test_busy(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];

	w_import_amina(m, 1);
	held = w;
	w->on_evaluate = hold_blue;
	assert_int_equal(cdr_index_step(m, &(bool){ false }, NULL), CDR_E_BUSY);
	w_let_go();
	assert_int_equal(w->put_count, 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'waiting'"), 1);
	assert_int_equal(step(m, NULL), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'indexed'"), 1);
}

/* ---- no scheme, damage ---------------------------------------------------------------------------------------------------- */

static void
test_no_scheme(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	bool worked;

	w_import_amina(m, 1);
	assert_int_equal(step(m, NULL), CDR_OK);
	size_t puts = w->put_count;
	char row[256];
	(void)snprintf(row, sizeof(row), "E-2,John,Kamau,1979-11-03,passport,KEN,B1234567,Driver,KEN,2016-03-01,%s\n", w_ago(1));
	assert_int_equal(w_import(m, row, NULL, NULL), CDR_OK);
	w->without_epoch = true;
	w_roster(w);
	w_refresh(w);
	assert_int_equal(step(m, &worked), CDR_E_EPOCH);
	assert_int_equal(w->put_count, puts);
	/* Other name tables: nobody comes, and who goes may go. */
	w->without_epoch = false;
	w->scheme_version[5] ^= 1;
	w_roster(w);
	w_refresh(w);
	assert_int_equal(step(m, &worked), CDR_E_EPOCH);
	assert_int_equal(w->put_count, puts + 1);
	assert_int_equal(w->put[puts].rows.len, 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM leaver WHERE state = 'waiting'"), 1);
}

static void
test_damaged_row(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];

	w_import_amina(m, 1);
	w_run(m, "UPDATE leaver SET sealed = digest");
	assert_int_equal(step(m, NULL), CDR_E_STORE);
	assert_int_equal(w->put_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rows),
		TEST(test_dummies),
		TEST(test_without_tokens),
		TEST(test_written_before_sent),
		TEST(test_hub_refuses),
		TEST(test_removals_need_no_trustee),
		TEST(test_removal_after_rows),
		TEST(test_changed_row_is_never_missing),
		TEST(test_register_changed),
		TEST(test_busy),
		TEST(test_why_it_waits),
		TEST(test_no_scheme),
		TEST(test_damaged_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
