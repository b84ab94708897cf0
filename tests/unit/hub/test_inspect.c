/* What the hub shows of itself is complete: every table and column is there and explained. And cards of trustees. */
#include "tests/unit/hub/exchange.h"

#include "node/hub/card.h"
#include "node/hub/inspect.h"

/* The document that "inspect --json" prints. */
static json_t *
inspect(struct exchange *x)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	json_error_t where;

	assert_non_null(file);
	assert_int_equal(cdr_hub_inspect_json(x->store, file), CDR_OK);
	(void)fclose(file);
	json_t *document = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
	assert_non_null(document);
	free(text);
	return document;
}

static void
every_table_is_shown_and_explained(void **state)
{
	struct exchange *x = *state;
	struct x_party party;
	struct x_put put;
	const char *table;
	json_t *rows;

	x_enrol(x, "blue-harbour", &party);
	x_epoch(x);
	x_put_start(&put, 1);
	x_put_person(&put, 1, 1, 16, X_MONTH);
	assert_string_equal(x_put_send(x, &party, &put, NULL), "ok");
	json_t *document = inspect(x);
	json_t *legend = json_object_get(document, "legend"), *tables = json_object_get(document, "tables");
	assert_int_equal(json_object_size(legend), json_object_size(tables));
	assert_int_equal(json_object_size(tables), x_count(x,
	    "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"));
	json_object_foreach(tables, table, rows)
	{
		json_t *entry = json_object_get(legend, table);
		assert_non_null(json_string_value(json_object_get(entry, "what")));
		assert_non_null(json_string_value(json_object_get(entry, "concludes")));
		json_t *row = json_array_get(rows, 0);
		const char *column;
		json_t *value;
		json_object_foreach(row, column, value)
			assert_non_null(json_object_get(json_object_get(entry, "columns"), column));
		if (row != NULL)
			assert_int_equal(json_object_size(row), json_object_size(json_object_get(entry, "columns")));
	}
	assert_int_equal(json_array_size(json_object_get(tables, "index_row")), 16);
	json_decref(document);
}

/* Columns of tables that were empty above: the schema itself is asked. */
static cdr_err
column_job(struct cdr_tx *tx, void *context)
{
	const struct cdr_hub_legend *l = context;
	char sql[128];
	struct cdr_query *query = NULL;

	(void)snprintf(sql, sizeof(sql), "SELECT %s FROM %s LIMIT 1", l->column == NULL ? "count(*)" : l->column, l->table);
	cdr_err err = cdr_query_start(tx, sql, CDR_VALUES(), &query);
	cdr_query_end(query);
	return err;
}

static void
every_legend_is_of_something(void **state)
{
	struct exchange *x = *state;
	struct cdr_hub_legend legend;

	for (size_t i = 0; i < cdr_hub_legend_count; i++) {
		legend = cdr_hub_legends[i];
		assert_int_equal(cdr_store_read(x->store, column_job, &legend), CDR_OK);
		assert_true((legend.column == NULL) == (legend.count_sql != NULL));
	}
}

static void
people_can_read_it_too(void **state)
{
	struct exchange *x = *state;
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	struct cdr_report report = { .json = false, .out = file, .err = file };

	assert_non_null(file);
	assert_int_equal(cdr_hub_inspect_text(x->store, &report), CDR_OK);
	(void)fclose(file);
	assert_non_null(strstr(text, "index_row: 0 rows"));
	assert_non_null(strstr(text, "roster: 1 rows"));
	free(text);
}

/* ---- cards -------------------------------------------------------------------------------------------------- */

#define KEY32 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define KEY65 "04" KEY32 KEY32
#define CARD_REST                                                                                             \
	"\"signing_key\":\"" KEY32 "\",\"sealing_key\":\"" KEY65 "\",\"tls_pin\":\"" KEY32 "\",\"fingerprint\":\"x\"}"

static cdr_err
read_card(struct exchange *x, const char *text, struct cdr_hub_card *card)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/card.json", x->dir);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	cdr_err err = cdr_hub_card_read(path, card, NULL);
	(void)unlink(path);
	return err;
}

static void
cards_are_read(void **state)
{
	struct exchange *x = *state;
	struct cdr_hub_card card;
	Cdr__Wire__Party party;
	static char long_text[9000];

	assert_int_equal(read_card(x, "{\"name\":\"T\",\"url\":\"https://t:1\"," CARD_REST, &card), CDR_OK);
	cdr_hub_card_party(&card, &party);
	assert_string_equal(party.name, "T");
	assert_string_equal(party.url, "https://t:1");
	assert_int_equal(party.sealing_key.len, CDR_HPKE_PUBLIC_LEN);
	assert_int_equal(party.tls_pin.data[1], 0x11);

	assert_int_equal(read_card(x, "{\"name\":\"\",\"url\":\"https://t:1\"," CARD_REST, &card), CDR_E_INPUT);
	assert_int_equal(card.tls_pin[1], 0);
	assert_int_equal(read_card(x, "{\"url\":\"https://t:1\"," CARD_REST, &card), CDR_E_INPUT);
	assert_int_equal(read_card(x, "{\"name\":\"T\",\"url\":5," CARD_REST, &card), CDR_E_INPUT);
	assert_int_equal(read_card(x, "{\"name\":\"T\",\"url\":\"https://t:1\",\"signing_key\":\"00\"}", &card), CDR_E_INPUT);
	assert_int_equal(read_card(x, "[]", &card), CDR_E_INPUT);
	assert_int_equal(read_card(x, "", &card), CDR_E_INPUT);
	memset(long_text, ' ', sizeof(long_text) - 1);
	assert_int_equal(read_card(x, long_text, &card), CDR_E_INPUT);
	assert_int_equal(cdr_hub_card_read("/nowhere/card.json", &card, NULL), CDR_E_ABSENT);
	assert_int_equal(cdr_hub_card_read(x->dir, &card, NULL), CDR_E_IO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_table_is_shown_and_explained, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(every_legend_is_of_something, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(people_can_read_it_too, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(cards_are_read, x_setup, x_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
