#include "tests/unit/member/world.h"

/* A letter's id is its sender's: nobody can use up the id of a letter that another member wrote. */

/* A withdrawal of ${from} to green under ${id}. */
static void
write_as(struct world *w, size_t from, const uint8_t *id)
{
	static char reason[] = "position filled", to[] = "green-valley";
	const uint8_t request_id[CDR_ID_LEN] = { (uint8_t)(from + 1) };
	char name[CDR_SLUG_LEN_MAX + 1];
	Cdr__Wire__Letter letter = CDR__WIRE__LETTER__INIT;
	Cdr__Wire__Withdrawal withdrawal = CDR__WIRE__WITHDRAWAL__INIT;
	Cdr__Wire__Mail mail = CDR__WIRE__MAIL__INIT;
	struct cdr_buffer sealed;

	(void)snprintf(name, sizeof(name), "%s", w_ids[from]);
	withdrawal.reason = reason;
	letter.letter_id = mail.id = cdr_message_field(id, CDR_MAIL_ID_LEN);
	letter.request_id = cdr_message_field(request_id, CDR_ID_LEN);
	letter.from = mail.from = name;
	letter.to = mail.to = to;
	letter.written_at = cdr_member_now();
	letter.content_case = CDR__WIRE__LETTER__CONTENT_WITHDRAWAL;
	letter.withdrawal = &withdrawal;
	assert_int_equal(cdr_letter_seal(&letter, w->keys[from].seed, w->keys[GREEN].sealing, w->genesis, &sealed), CDR_OK);
	mail.sealed = cdr_message_field(sealed.data, sealed.len);
	w_push_mail(w, &mail);
	cdr_buffer_free(&sealed);
}

static void
test_same_id(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	const uint8_t id[CDR_MAIL_ID_LEN] = { 7 };

	/* The hub knows the id of blue's letter before green has it, and tells red. */
	write_as(w, RED, id);
	(void)w_mail(green);
	write_as(w, BLUE, id);
	(void)w_mail(green);
	assert_int_equal(w_count(green, "SELECT count(*) FROM inbox"), 2);
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'received' AND receiver = 'blue-harbour'"), 1);
	/* The same letter of the same member again is known. */
	write_as(w, BLUE, id);
	(void)w_mail(green);
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'received' AND receiver = 'blue-harbour'"), 1);
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_in"), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_same_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
