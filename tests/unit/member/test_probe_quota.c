#include "tests/unit/member/world.h"

/* Nobody can try more names on a handle than its quota of checks lets it ask about. */

#define LIMIT (W_CHECK_POINTS / CDR_CHECK_ROWS_MIN)

/* A probe, or an undeclared request, of ${from} to green; whether green's node confirmed it. */
static bool
ask(struct world *w, size_t from, uint8_t number, bool is_probe)
{
	static char given[] = "Amina", family[] = "Otieno", day[] = "day", text[] = "legitimate_interest", country[] = "KEN";
	struct cdr_member *green = w->member[GREEN];
	uint8_t salt[CDR_COMPARE_SALT_LEN] = { 0 }, handle[CDR_HANDLE_LEN] = { 1 }, id[CDR_MAIL_ID_LEN];
	uint8_t request_id[CDR_ID_LEN] = { (uint8_t)from, number };
	Cdr__Wire__Date birth = CDR__WIRE__DATE__INIT;
	Cdr__Wire__Identity identity = CDR__WIRE__IDENTITY__INIT;
	Cdr__Wire__Probe probe = CDR__WIRE__PROBE__INIT;
	Cdr__Wire__DisclosureRequest request = CDR__WIRE__DISCLOSURE_REQUEST__INIT;

	birth.year = 1984;
	birth.month = 5;
	birth.day = 12;
	birth.precision = day;
	identity.given_names = given;
	identity.family_names = family;
	identity.date_of_birth = &birth;
	probe.candidate = request.candidate = &identity;
	probe.handles = request.handles = cdr_message_field(handle, sizeof(handle));
	probe.document_salt = cdr_message_field(salt, sizeof(salt));
	request.codebook_version = request.request_type = request.requester_contact_role = text;
	request.legal_basis = request.candidate_notified = text;
	request.jurisdiction = country;
	request.lookback_years = 5;
	int64_t before = w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'received'");
	if (is_probe)
		w_write(w, from, GREEN, request_id, CDR__WIRE__LETTER__CONTENT_PROBE, &probe, id);
	else
		w_write(w, from, GREEN, request_id, CDR__WIRE__LETTER__CONTENT_REQUEST, &request, id);
	(void)w_mail(green);
	return w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'received'") > before;
}

static void
test_limit(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];

	for (uint8_t i = 0; i < LIMIT; i++)
		assert_true(ask(w, BLUE, i, i % 2 == 0));
	int64_t replies = w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'probe_reply'");
	assert_int_equal(replies, LIMIT);
	assert_false(ask(w, BLUE, LIMIT, true));
	assert_false(ask(w, BLUE, LIMIT, false));
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'probe_reply'"), replies);
	assert_int_equal(w_count(green, "SELECT count(*) FROM inbox"), LIMIT);
	/* What was asked before may be repeated, and another member has a quota of its own. */
	assert_true(ask(w, BLUE, 0, true));
	assert_true(ask(w, RED, 0, true));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
