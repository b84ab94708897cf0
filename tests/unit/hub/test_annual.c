#include "tests/unit/hub/exchange.h"

#include "node/hub/annual.h"

/* Annual returns at the hub: whose they are, which of them counts, what is forged; the sector's figures, and who did not report. */

#define YEAR 2025 /* it is 2026 */

static struct cdr_fault fault;

struct world {
	struct exchange *x;
	struct x_party a, b;
};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->x = x_new();
	x_enrol(w->x, "aa", &w->a);
	x_enrol(w->x, "bb", &w->b);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	x_free(w->x);
	free(w);
	return 0;
}

/* What a test changes about a return. */
struct given {
	const char *of;               /* the member in it */
	unsigned year;
	uint32_t revision;
	uint64_t made;                /* requests */
	const uint8_t *seed;          /* who signs */
	bool changed;                 /* after it was signed */
	bool other_exchange;          /* signed for another one */
	bool too_many_answers;
};

/* Send a return as ${by}: "ok" or the code of the refusal. */
static const char *
put(struct world *w, const struct x_party *by, struct given given)
{
	struct cdr_annual_signed a = { .revision = given.revision, .signed_by = "Fictional Director", .signed_at = X_NOW };
	struct cdr_buffer bytes;
	uint8_t signature[CDR_SIGNATURE_LEN], genesis[CDR_GENESIS_HASH_LEN];
	Cdr__Wire__AnnualPut message = CDR__WIRE__ANNUAL_PUT__INIT;

	(void)snprintf(a.member, sizeof(a.member), "%s", given.of);
	a.figures.year = given.year;
	a.figures.value[CDR_ANNUAL_REQUESTS_MEMBERS] = given.made;
	if (given.too_many_answers)
		a.figures.value[CDR_ANNUAL_RESPONSES_MEMBERS] = a.figures.days[1] = given.made + 1;
	cdr_annual_complete(&a.figures);
	memcpy(genesis, w->x->hub->genesis, sizeof(genesis));
	genesis[0] ^= given.other_exchange;
	assert_int_equal(cdr_annual_encode(&a, &bytes), CDR_OK);
	assert_int_equal(cdr_annual_sign(cdr_buffer_bytes(&bytes), given.seed, genesis, signature), CDR_OK);
	if (given.changed)
		bytes.data[bytes.len - 1] ^= 1;
	message.annual = cdr_message_field(bytes.data, bytes.len);
	message.signature = cdr_message_field(signature, sizeof(signature));
	const char *said = x_try(w->x, by, "/v1/return", &message.base, &cdr__wire__empty__descriptor);
	cdr_buffer_free(&bytes);
	return said;
}

/* How many requests the hub has of ${member} for the year; UINT64_MAX: it did not report. */
static uint64_t
made(struct world *w, const char *member, uint64_t *sector)
{
	struct cdr_hub_returns returns;
	uint64_t found = UINT64_MAX;

	assert_int_equal(cdr_hub_returns_read(w->x->hub, YEAR, &returns, &fault), CDR_OK);
	for (size_t i = 0; i < returns.count; i++)
		if (strcmp(returns.list[i].member, member) == 0 && returns.list[i].reported)
			found = returns.list[i].annual.figures.value[CDR_ANNUAL_REQUESTS_MADE];
	*sector = returns.sector.value[CDR_ANNUAL_REQUESTS_MADE];
	assert_int_equal(returns.count, 2);
	cdr_hub_returns_free(&returns);
	return found;
}

static void
test_refused(void **state)
{
	struct world *w = *state;
	const struct given good = { .of = "aa", .year = YEAR, .revision = 1, .made = 3, .seed = w->a.seed };
	struct given bad = good;
	uint64_t sector;

	/* Another member's: in its name, or with its signature. */
	bad.of = "bb";
	assert_string_equal(put(w, &w->a, bad), "refused");
	bad.seed = w->b.seed;
	assert_string_equal(put(w, &w->a, bad), "signature");
	/* Forged: signed by somebody else, changed on the way, made for another exchange. */
	bad = good;
	bad.seed = w->b.seed;
	assert_string_equal(put(w, &w->a, bad), "signature");
	bad = good;
	bad.changed = true;
	assert_string_equal(put(w, &w->a, bad), "signature");
	bad = good;
	bad.other_exchange = true;
	assert_string_equal(put(w, &w->a, bad), "signature");
	/* What cannot be. */
	bad = good;
	bad.year = 2027;
	assert_string_equal(put(w, &w->a, bad), "input");
	bad = good;
	bad.too_many_answers = true;
	assert_string_equal(put(w, &w->a, bad), "input");
	assert_int_equal(made(w, "aa", &sector), UINT64_MAX);
	assert_int_equal(made(w, "bb", &sector), UINT64_MAX);
	assert_int_equal(sector, 0);
}

static void
test_revisions(void **state)
{
	struct world *w = *state;
	struct given given = { .of = "aa", .year = YEAR, .revision = 2, .made = 3, .seed = w->a.seed };
	uint64_t sector;

	assert_string_equal(put(w, &w->a, given), "ok");
	assert_string_equal(put(w, &w->a, given), "ok"); /* the same again */
	given.made = 4;
	assert_string_equal(put(w, &w->a, given), "exists"); /* another of that number */
	given.revision = 1;
	assert_string_equal(put(w, &w->a, given), "exists"); /* an older one */
	assert_int_equal(made(w, "aa", &sector), 3);
	given.revision = 3;
	assert_string_equal(put(w, &w->a, given), "ok");
	assert_int_equal(made(w, "aa", &sector), 4);
	/* A year of its own. */
	given.year = YEAR - 1;
	given.revision = 1;
	given.made = 90;
	assert_string_equal(put(w, &w->a, given), "ok");
	assert_int_equal(made(w, "aa", &sector), 4);
	assert_int_equal(made(w, "bb", &sector), UINT64_MAX);
	given = (struct given){ .of = "bb", .year = YEAR, .revision = 1, .made = 5, .seed = w->b.seed };
	assert_string_equal(put(w, &w->b, given), "ok");
	assert_int_equal(made(w, "bb", &sector), 5);
	assert_int_equal(sector, 9);
}

static cdr_err
change(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "UPDATE annual SET bytes = (SELECT bytes FROM annual WHERE member = 'bb') WHERE member = 'aa'", CDR_VALUES());
}

/* What was changed at the hub is not published. */
static void
test_changed_here(void **state)
{
	struct world *w = *state;
	struct cdr_hub_returns returns;

	assert_string_equal(put(w, &w->a, (struct given){ .of = "aa", .year = YEAR, .revision = 1, .made = 3, .seed = w->a.seed }), "ok");
	assert_string_equal(put(w, &w->b, (struct given){ .of = "bb", .year = YEAR, .revision = 1, .made = 5, .seed = w->b.seed }), "ok");
	assert_int_equal(cdr_store_write(w->x->store, change, NULL), CDR_OK);
	assert_int_equal(cdr_hub_returns_read(w->x->hub, YEAR, &returns, &fault), CDR_E_SIGNATURE);
	assert_non_null(strstr(fault.text, "aa"));
	cdr_hub_returns_free(&returns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_revisions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changed_here, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
