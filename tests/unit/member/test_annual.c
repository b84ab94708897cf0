#include "tests/unit/member/world.h"

#include <time.h>

#include "node/member/annual.h"
#include "node/member/count.h"
#include "node/member/deadline.h"
#include "node/member/put_back.h"
#include "tests/unit/ahead.h"

/* The annual return of a member: from what was counted to what is signed, sent and corrected; requests over the turn of a year. */

#define DAY 86400

static struct cdr_fault fault;

static int
setup(void **state)
{
	ahead = 0;
	*state = w_new();
	((struct world *)*state)->scheme.expiry_days = 90;
	w_roster(*state);
	w_refresh(*state);
	return 0;
}

/* It is noon, ${days} after the beginning of the next year (before it, where negative). */
static void
go_to(int days)
{
	struct tm tm;
	time_t now = time(NULL) - ahead;

	assert_non_null(gmtime_r(&now, &tm));
	struct tm first = { .tm_year = tm.tm_year + 1, .tm_mday = 1, .tm_hour = 12 };
	ahead = timegm(&first) + (int64_t)days * DAY - now;
}

static unsigned
this_year(void)
{
	return cdr_count_year(cdr_member_now());
}

static uint64_t
figure(struct cdr_member *m, unsigned year, enum cdr_annual_field field)
{
	struct cdr_annual annual;

	assert_int_equal(cdr_annual_collect(m, year, &annual), CDR_OK);
	assert_int_equal(cdr_annual_check(&annual, &fault), CDR_OK);
	return annual.value[field];
}

/* Blue asks green about Amina. */
static void
ask(struct world *w, uint8_t request_id[static CDR_ID_LEN])
{
	struct cdr_candidate c;
	struct cdr_check_outcome outcome;

	w_import_amina(w->member[GREEN], 1);
	w_amina(&c, "R-1");
	w_declare(&c, "green-valley");
	assert_int_equal(cdr_check_add(w->member[BLUE], &c, 1, &outcome, &fault), CDR_OK);
	w_carry(w);
	w_request_id(w->member[GREEN], request_id);
}

/* Green's answer is at the hub: blue has not fetched it. */
static void
answer(struct world *w, const uint8_t *request_id)
{
	struct cdr_statement s;

	w_no_record(&s);
	assert_int_equal(cdr_inbox_answer(w->member[GREEN], request_id, &s, &fault), CDR_OK);
	while (w_mail(w->member[GREEN]))
		;
}

static void
expire(struct cdr_member *m)
{
	bool worked = true;

	while (worked)
		assert_int_equal(cdr_deadline_step(m, &worked, &fault), CDR_OK);
}

/* Asked in December, answered in January: more answers than requests, and that can be. */
static void
test_turn_of_the_year(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	uint8_t request_id[CDR_ID_LEN];

	go_to(-5);
	ask(w, request_id);
	unsigned before = this_year();
	go_to(5);
	answer(w, request_id);
	w_carry(w);
	unsigned year = this_year();
	assert_int_equal(year, before + 1);
	assert_int_equal(figure(blue, before, CDR_ANNUAL_REQUESTS_MADE), 1);
	assert_int_equal(figure(blue, before, CDR_ANNUAL_OUTSTANDING), 1);
	assert_int_equal(figure(blue, year, CDR_ANNUAL_REQUESTS_MADE), 0);
	assert_int_equal(figure(blue, year, CDR_ANNUAL_OUTSTANDING_BEFORE), 1);
	assert_int_equal(figure(blue, year, CDR_ANNUAL_RESPONSES_RECEIVED), 1);
	assert_int_equal(figure(blue, year, CDR_ANNUAL_OUTSTANDING), 0);
	assert_int_equal(figure(blue, year + 1, CDR_ANNUAL_OUTSTANDING_BEFORE), 0);
	assert_int_equal(figure(w->member[GREEN], year, CDR_ANNUAL_RESPONSES_PROVIDED), 1);
	ahead = 0;
}

/* Expired, and answered all the same in that year: it is both, and what is outstanding does not go wrong by it. */
static void
test_answered_after_expiry(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	uint8_t request_id[CDR_ID_LEN];

	go_to(5);
	ask(w, request_id);
	unsigned year = this_year();
	answer(w, request_id);
	go_to(5 + 91);
	expire(blue);
	assert_int_equal(figure(blue, year, CDR_ANNUAL_REQUESTS_EXPIRED), 1);
	assert_int_equal(figure(blue, year, CDR_ANNUAL_OUTSTANDING), 0);
	w_carry(w);
	assert_int_equal(figure(blue, year, CDR_ANNUAL_RESPONSES_RECEIVED), 1);
	assert_int_equal(figure(blue, year, CDR_ANNUAL_OUTSTANDING), 0);
	assert_int_equal(w_count(blue, "SELECT number FROM tally WHERE counter = 'response_after_expiry'"), 1);
	ahead = 0;
}

/* What was reported as expired for one year is no answer of the next; HR sees it. */
static void
test_answered_a_year_too_late(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	uint8_t request_id[CDR_ID_LEN];

	go_to(-95);
	ask(w, request_id);
	answer(w, request_id);
	go_to(-1);
	unsigned before = this_year();
	expire(blue);
	go_to(1); /* 96 days: after 97 no letter is taken any more, to the second */
	w_carry(w);
	unsigned year = this_year();
	assert_int_equal(figure(blue, before, CDR_ANNUAL_REQUESTS_EXPIRED), 1);
	assert_int_equal(figure(blue, year, CDR_ANNUAL_RESPONSES_RECEIVED), 0);
	assert_int_equal(figure(blue, year, CDR_ANNUAL_OUTSTANDING_BEFORE), 0);
	assert_string_equal(w_text(blue, "SELECT result FROM employer"), "no_record_held");
	ahead = 0;
}

/* What people count, what is signed, what is sent. */
static void
test_return(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	struct cdr_annual_state now;
	unsigned year = this_year();

	assert_int_equal(cdr_annual_record(blue, "complaint_received", 2, &fault), CDR_OK);
	assert_int_equal(cdr_annual_record(blue, "lawsuit", 1, &fault), CDR_OK);
	assert_int_equal(cdr_annual_record(blue, "hired", 1, &fault), CDR_E_INPUT);
	assert_int_equal(cdr_annual_read(blue, year, &now, &fault), CDR_OK);
	assert_string_equal(now.state, "");
	assert_int_equal(cdr_annual_send(blue, year, &now, &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_annual_make(blue, year + 1, "Fictional Director", SIZE_MAX, &now, &fault), CDR_E_TIME);
	assert_int_equal(cdr_annual_make(blue, year, "", SIZE_MAX, &now, &fault), CDR_E_RANGE);
	assert_int_equal(cdr_annual_make(blue, year, "Fictional Director", (size_t)CDR_ANNUAL_VALUE_MAX + 1, &now, &fault), CDR_E_RANGE);
	assert_int_equal(cdr_annual_make(blue, year, "Fictional Director", 7, &now, &fault), CDR_OK);
	assert_int_equal(now.annual.revision, 1);
	assert_int_equal(now.annual.figures.value[CDR_ANNUAL_RECRUITMENTS], 7);
	assert_int_equal(now.annual.figures.value[CDR_ANNUAL_COMPLAINTS_RECEIVED], 2);
	assert_int_equal(now.annual.figures.value[CDR_ANNUAL_LAWSUITS], 1);
	w->hub_is_down = true;
	assert_int_not_equal(cdr_annual_send(blue, year, &now, &fault), CDR_OK);
	w->hub_is_down = false;
	assert_int_equal(cdr_annual_read(blue, year, &now, &fault), CDR_OK);
	assert_string_equal(now.state, "signed");
	for (int again = 0; again < 2; again++)
		assert_int_equal(cdr_annual_send(blue, year, &now, &fault), CDR_OK);
	/* What is counted after that stands in the next revision alone; what was said of other recruitments is replaced. */
	assert_int_equal(cdr_annual_record(blue, "complaint_received", 1, &fault), CDR_OK);
	assert_int_equal(cdr_annual_read(blue, year, &now, &fault), CDR_OK);
	assert_string_equal(now.state, "sent");
	assert_int_equal(now.annual.figures.value[CDR_ANNUAL_COMPLAINTS_RECEIVED], 2);
	assert_int_equal(cdr_annual_make(blue, year, "Fictional Director", 6, &now, &fault), CDR_OK);
	assert_int_equal(now.annual.revision, 2);
	assert_int_equal(now.annual.figures.value[CDR_ANNUAL_COMPLAINTS_RECEIVED], 3);
	assert_int_equal(now.annual.figures.value[CDR_ANNUAL_RECRUITMENTS], 6);
	assert_int_equal(cdr_annual_read(blue, year, &now, &fault), CDR_OK);
	assert_string_equal(now.state, "signed");
}

static cdr_err
mark_job(struct cdr_tx *tx, void *context)
{
	return cdr_put_back_mark(tx, context);
}

/* Put back from a backup, this node has forgotten which revisions it signed: it goes on with one that lies beyond. */
static void
test_revisions_of_a_node_that_was_put_back(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	struct cdr_annual_state now;
	unsigned year = this_year();
	const time_t seconds = (time_t)cdr_member_now();
	struct tm day;

	assert_non_null(gmtime_r(&seconds, &day));
	assert_int_equal(cdr_annual_make(blue, year - 1, "Fictional Director", SIZE_MAX, &now, &fault), CDR_OK);
	assert_int_equal(now.annual.revision, 1);
	assert_int_equal(cdr_store_write(blue->home->store, mark_job, NULL), CDR_OK);
	assert_int_equal(cdr_annual_make(blue, year - 1, "Fictional Director", SIZE_MAX, &now, &fault), CDR_OK);
	uint32_t first = now.annual.revision, days = (year % 4 == 1 ? 366U : 365U) + (uint32_t)day.tm_yday; /* until 2100 */
	assert_in_range(first, days * 86400, (days + 2) * 86400);
	assert_int_equal(cdr_annual_make(blue, year - 1, "Fictional Director", SIZE_MAX, &now, &fault), CDR_OK);
	assert_in_range(now.annual.revision, first + 1, first + 60);
	cdr_put_back_settle(); /* it has signed two within one second */
	/* Put back once more of the same backup, within the day: what it signed in between it signs nothing else under. */
	first = now.annual.revision;
	w_run(blue, "UPDATE annual SET revision = 1");
	assert_int_equal(cdr_store_write(blue->home->store, mark_job, NULL), CDR_OK);
	cdr_put_back_settle();
	assert_int_equal(cdr_annual_make(blue, year - 1, "Fictional Director", SIZE_MAX, &now, &fault), CDR_OK);
	assert_in_range(now.annual.revision, first + 1, first + 600);
	/* Years later there are numbers still. */
	assert_int_equal(cdr_annual_make(blue, year - 4, "Fictional Director", SIZE_MAX, &now, &fault), CDR_OK);
	assert_in_range(now.annual.revision, days * 86400, INT32_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_turn_of_the_year, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_answered_after_expiry, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_answered_a_year_too_late, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_return, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_revisions_of_a_node_that_was_put_back, setup, w_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
