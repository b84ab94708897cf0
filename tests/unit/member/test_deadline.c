#include "tests/unit/member/world.h"

#include <time.h>

#include "node/member/deadline.h"
#include "node/member/email.h"
#include "node/member/texts.h"
#include "tests/unit/ahead.h"

/* Reminders, escalation and expiry on both sides of a request; letters that get lost, or come from the past. */

#define DAY 86400

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

static void
step(struct cdr_member *m)
{
	struct cdr_fault fault = { 0 };
	bool worked = true;

	for (int i = 0; worked && i < 10; i++)
		assert_int_equal(cdr_deadline_step(m, &worked, &fault), CDR_OK);
	assert_false(worked);
}

/* Everybody's calendar, then every letter. */
static void
go_to_day(struct world *w, double day)
{
	ahead = (int64_t)(day * DAY);
	for (size_t i = 0; i < W_MEMBERS; i++)
		step(w->member[i]);
	w_carry(w);
}

static void
declare(struct world *w, const char *reference)
{
	struct cdr_candidate c;

	w_amina(&c, reference);
	w_declare(&c, "green-valley");
	w_check(w->member[BLUE], &c, CDR_OK);
	w_carry(w);
}

static void
mail_to(struct cdr_member *m, const char *second)
{
	struct cdr_email_settings s = { .server = "smtp://127.0.0.1:1", .plain = true, .sender = "node@blue.example",
		.contact = { "first@blue.example" }, .language = "en" };

	(void)snprintf(s.contact[1], sizeof(s.contact[1]), "%s", second);
	assert_int_equal(cdr_email_settings_write(m, &s, NULL), CDR_OK);
}

/* As if the server had taken what waits; how many messages that were, for a contact. */
static int64_t
take_mail(struct cdr_member *m, const char *contact)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM email_out WHERE state = 'waiting' AND contact = '%s'", contact);
	int64_t count = w_count(m, sql);
	(void)snprintf(sql, sizeof(sql), "UPDATE email_out SET state = 'sent', done_at = not_before WHERE contact = '%s'", contact);
	w_run(m, sql);
	return count;
}

/* ---- the calendar ------------------------------------------------------------------------------------------------------ */

static void
test_calendar(void **state)
{
	const struct cdr_deadline d = { 1000, 1000 + 14 * DAY, 1000 + 90 * DAY };
	static const unsigned days[] = { 3, 7, 12, 14, 90 };

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(cdr_deadline_next(&d, i), 1000 + days[i] * DAY);
		assert_int_equal(cdr_deadline_past(&d, i, 1000 + days[i] * DAY - 1), CDR_DEADLINE_NONE);
		assert_int_equal(cdr_deadline_past(&d, i, 1000 + days[i] * DAY), i + 1);
	}
	assert_int_equal(cdr_deadline_next(&d, CDR_DEADLINE_EXPIRED), 0);
	assert_int_equal(cdr_deadline_past(&d, CDR_DEADLINE_EXPIRED, UINT64_MAX), CDR_DEADLINE_NONE);
	/* Who was away does the last thing alone. */
	assert_int_equal(cdr_deadline_past(&d, CDR_DEADLINE_NONE, 1000 + 20 * DAY), CDR_DEADLINE_DUE);
	/* An exchange that wants answers in five days reminds once. */
	const struct cdr_deadline fast = { 1000, 1000 + 5 * DAY, 1000 + 30 * DAY };
	assert_int_equal(cdr_deadline_next(&fast, CDR_DEADLINE_DAY_3), 1000 + 5 * DAY);
	/* A due date that cannot be, from somebody else's node. */
	const struct cdr_deadline odd = { 1000, INT64_MAX, 1000 + 90 * DAY };
	assert_int_equal(cdr_deadline_next(&odd, CDR_DEADLINE_DAY_12), 1000 + 90 * DAY);
	const struct cdr_deadline past = { 1000, 1, 1000 + 90 * DAY };
	assert_int_equal(cdr_deadline_next(&past, CDR_DEADLINE_NONE), 1);
	assert_int_equal(cdr_deadline_past(&past, CDR_DEADLINE_NONE, 1000), CDR_DEADLINE_DUE);
}

/* ---- a quarter --------------------------------------------------------------------------------------------------------- */

static void
test_no_answer(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	static const struct {
		double day;
		int64_t attempts, first, second; /* so far at blue; messages at green that day */
		const char *status;
	} days[] = {
		{ 2.9, 0, 1, 0, "delivered" }, { 3.1, 1, 1, 0, "delivered" }, { 3.2, 1, 0, 0, "delivered" }, { 7.1, 2, 1, 0, "delivered" },
		{ 12.1, 3, 1, 0, "delivered" }, { 13.9, 3, 0, 0, "delivered" }, { 14.1, 4, 1, 1, "no_response" },
		{ 89.9, 4, 0, 0, "no_response" }, { 90.1, 4, 0, 0, "expired" }, { 200, 4, 0, 0, "expired" },
	};

	mail_to(green, "second@green.example");
	mail_to(blue, "");
	w_import_amina(green, 1);
	declare(w, "R-1");
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		go_to_day(w, days[i].day);
		assert_int_equal(w_count(blue, "SELECT count(*) FROM attempt WHERE result IN ('reminded', 'escalated')"), days[i].attempts);
		assert_string_equal(w_text(blue, "SELECT status FROM employer"), days[i].status);
		assert_int_equal(take_mail(green, "first"), days[i].first);
		assert_int_equal(take_mail(green, "second"), days[i].second);
		/* Blue's own people are told once: when the answer is due and has not come. */
		assert_int_equal(take_mail(blue, "first"), days[i].day == 14.1);
	}
	assert_int_equal(w_count(blue, "SELECT count(*) FROM attempt WHERE result = 'escalated'"), 1);
	assert_string_equal(w_text(green, "SELECT state FROM inbox"), "expired");
	assert_int_equal(w_count(green, "SELECT length(sealed) FROM inbox"), 0);
	assert_int_equal(w_count(green, "SELECT next_at FROM inbox"), 0);
}

/* A node that was away for three weeks reminds once, not four times; the one that it asks keeps its own calendar. */
static void
test_away(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];

	mail_to(green, "second@green.example");
	declare(w, "R-1");
	(void)take_mail(green, "first");
	ahead = 21 * DAY;
	step(green);
	assert_int_equal(take_mail(green, "first"), 1);
	assert_int_equal(take_mail(green, "second"), 1);
	step(blue);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM attempt WHERE result = 'escalated'"), 1);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM attempt WHERE result = 'reminded'"), 0);
	w_carry(w);
	/* The letter that reminds tells nobody a second time. */
	assert_int_equal(take_mail(green, "first"), 0);
	assert_int_equal(take_mail(green, "second"), 0);
}

/* Only the requester's reminder reaches a node whose clock stands; one from another member reaches nobody. */
static void
test_reminder_letter(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	Cdr__Wire__Reminder reminder = CDR__WIRE__REMINDER__INIT;
	uint8_t id[CDR_MAIL_ID_LEN], request_id[CDR_ID_LEN];

	mail_to(green, "second@green.example");
	declare(w, "R-1");
	(void)take_mail(green, "first");
	ahead = 2 * DAY;
	w_request_id(green, request_id);
	reminder.day = 3;
	w_write(w, RED, GREEN, request_id, CDR__WIRE__LETTER__CONTENT_REMINDER, &reminder, id);
	w_carry(w);
	assert_int_equal(take_mail(green, "first"), 0);
	w_write(w, BLUE, GREEN, request_id, CDR__WIRE__LETTER__CONTENT_REMINDER, &reminder, id);
	w_carry(w);
	assert_int_equal(take_mail(green, "first"), 1);
	assert_int_equal(w_count(green, "SELECT stage_done FROM inbox"), CDR_DEADLINE_DAY_3);
	/* "It is due" is believed when it is. */
	reminder.due = true;
	ahead = 3 * DAY;
	w_write(w, BLUE, GREEN, request_id, CDR__WIRE__LETTER__CONTENT_REMINDER, &reminder, id);
	w_carry(w);
	assert_int_equal(take_mail(green, "second"), 0);
	assert_int_equal(w_count(green, "SELECT stage_done FROM inbox"), CDR_DEADLINE_DAY_12);
	/* Nothing that does not wait. */
	memset(request_id, 7, sizeof(request_id));
	w_write(w, BLUE, GREEN, request_id, CDR__WIRE__LETTER__CONTENT_REMINDER, &reminder, id);
	w_carry(w);
	assert_int_equal(w_count(green, "SELECT count(*) FROM inbox"), 1);
}

/* However many requests come, a contact gets one message, and the next one an hour later. */
static void
test_one_message_for_many(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	char reference[16];

	mail_to(green, "");
	int64_t begin = (int64_t)cdr_member_now();
	for (int i = 0; i < 5; i++) {
		(void)snprintf(reference, sizeof(reference), "R-%d", i);
		declare(w, reference);
	}
	assert_int_equal(w_count(green, "SELECT count(*) FROM email_about"), 5);
	assert_int_equal(take_mail(green, "first"), 1);
	int64_t sent = (int64_t)cdr_member_now();
	declare(w, "R-5");
	assert_in_range(w_count(green, "SELECT max(not_before) FROM email_out"), begin + 3600, sent + 3600);
	/* Off: what waits is dropped, and nothing new is written. */
	struct cdr_email_settings off = { 0 };
	assert_int_equal(cdr_email_settings_write(green, &off, NULL), CDR_OK);
	declare(w, "R-6");
	assert_int_equal(w_count(green, "SELECT count(*) FROM email_out"), 0);
	assert_int_equal(w_count(green, "SELECT count(*) FROM email_about"), 0);
}

/* A late answer counts, also one that comes when the request has expired here. */
static void
test_late_answer(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	uint8_t request_id[CDR_ID_LEN];
	struct cdr_statement s;

	declare(w, "R-1");
	w_request_id(green, request_id);
	go_to_day(w, 20);
	w_no_record(&s);
	assert_int_equal(cdr_inbox_answer(green, request_id, &s, NULL), CDR_OK);
	ahead = 91 * DAY;
	step(blue);
	assert_string_equal(w_text(blue, "SELECT status FROM employer"), "expired");
	w_carry(w);
	assert_string_equal(w_text(blue, "SELECT status FROM employer"), "answered");
	assert_string_equal(w_text(blue, "SELECT result FROM employer"), "no_record_held");
	assert_int_equal(w_count(blue, "SELECT answered_at > due_at FROM employer"), 1);
	assert_int_equal(w_count(blue, "SELECT next_at FROM employer"), 0);
	assert_string_equal(w_text(green, "SELECT state FROM inbox"), "answered");
	ahead = 0;
}

/* ---- opened -------------------------------------------------------------------------------------------------------------- */

static void
test_opened(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	uint8_t request_id[CDR_ID_LEN];

	declare(w, "R-1");
	w_request_id(green, request_id);
	for (int i = 0; i < 3; i++)
		assert_int_equal(cdr_inbox_opened(green, request_id, NULL), CDR_OK);
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'opened'"), 1);
	w_carry(w);
	assert_string_equal(w_text(blue, "SELECT status FROM employer"), "opened");
	/* Nobody confirms it, and nothing is posted twice for it. */
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'opened' AND state = 'done'"), 1);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM letter_out WHERE kind = 'received'"), 0);
	memset(request_id, 9, sizeof(request_id));
	assert_int_equal(cdr_inbox_opened(green, request_id, NULL), CDR_OK);
}

/* ---- letters that get lost ----------------------------------------------------------------------------------------------- */

/* The confirmation is lost: the letter comes again, and so does the confirmation; not with every copy. */
static void
test_lost_confirmation(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	struct cdr_candidate c;

	w_amina(&c, "R-1");
	w_declare(&c, "green-valley");
	w_check(blue, &c, CDR_OK);
	(void)w_mail(blue);
	(void)w_mail(green);
	(void)w_mail(green);
	assert_int_equal(w->mail_count, 1); /* the confirmation */
	w_drop_mail(w, w->mail[0].id);
	ahead = 3700;
	w_carry(w);
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'received'"), 2);
	assert_int_equal(w_count(green, "SELECT count(*) FROM inbox"), 1);
	assert_string_equal(w_text(blue, "SELECT status FROM employer"), "delivered");
	w_run(blue, "UPDATE letter_out SET state = 'posted', not_before = 1");
	ahead = 3800;
	w_carry(w);
	assert_int_equal(w_count(green, "SELECT count(*) FROM letter_out WHERE kind = 'received'"), 2);
}

/* An employer that calls the match plausible and is suspended when its word arrives is asked once it is back. */
static void
test_suspended_in_between(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE], *green = w->member[GREEN];
	struct cdr_candidate c;
	struct cdr_fault fault = { 0 };
	bool worked;

	w_import_amina(green, 1);
	w_match(w, GREEN);
	w_handle(green, w->handles[0]);
	w_amina(&c, "R-1");
	w_check(blue, &c, CDR_OK);
	assert_int_equal(cdr_check_step(blue, &worked, &fault), CDR_OK);
	(void)w_mail(blue);
	(void)w_mail(green);
	(void)w_mail(green); /* the reply is at the hub */
	w_set_status(w, GREEN, "suspended");
	w_roster(w);
	w_refresh(w);
	(void)w_mail(blue);
	assert_string_equal(w_text(blue, "SELECT stage || ' ' || status FROM employer"), "request queued");
	assert_int_equal(w_count(blue, "SELECT asked_at + due_at + next_at FROM employer"), 0);
	assert_int_equal(cdr_check_step(blue, &worked, &fault), CDR_OK);
	assert_int_equal(w_count(blue, "SELECT asked_at FROM employer"), 0);
	w_set_status(w, GREEN, "active");
	w_roster(w);
	w_refresh(w);
	assert_int_equal(cdr_check_step(blue, &worked, &fault), CDR_OK);
	assert_true(worked);
	w_carry(w);
	assert_string_equal(w_text(blue, "SELECT status FROM employer"), "delivered");
	assert_string_equal(w_text(green, "SELECT state FROM inbox"), "waiting");
	assert_true(w_count(blue, "SELECT next_at FROM employer") > 0);
}

/* A copy of a letter that was taken long ago is refused by its date, whether or not its number is still known. */
static void
test_old_letter(void **state)
{
	struct world *w = *state;
	struct cdr_member *green = w->member[GREEN];
	struct w_mail copy;
	struct cdr_candidate c;

	w_amina(&c, "R-1");
	w_declare(&c, "green-valley");
	w_check(w->member[BLUE], &c, CDR_OK);
	(void)w_mail(w->member[BLUE]);
	copy = w->mail[0];
	assert_int_equal(cdr_buffer_copy(cdr_buffer_bytes(&w->mail[0].sealed), &copy.sealed), CDR_OK);
	w_carry(w);
	w_run(green, "DELETE FROM letter_in");
	w_run(green, "DELETE FROM inbox");
	ahead = 98 * DAY;
	assert_true(w->mail_count < W_MAIL_MAX);
	w->mail[w->mail_count++] = copy;
	w_carry(w);
	assert_int_equal(w_count(green, "SELECT count(*) FROM inbox"), 0);
	ahead = 0;
}

/* ---- the message --------------------------------------------------------------------------------------------------------- */

/* Four languages, and in none of them anything but that there is something to do. */
static void
test_message(void **state)
{
	static const char *const languages[] = { "en", "fr", "es", "ar" };
	static const uint8_t id[CDR_ID_LEN] = { 0xab, 1 };
	struct cdr_email_settings s = { .sender = "node@blue.example" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct cdr_buffer message;
		(void)snprintf(s.language, sizeof(s.language), "%s", languages[i]);
		assert_int_equal(cdr_email_compose(&s, "first@blue.example", 1767225600, id, &message), CDR_OK);
		char *text = calloc(1, message.len + 1);
		assert_non_null(text);
		memcpy(text, message.data, message.len);
		assert_non_null(strstr(text, "From: Candor <node@blue.example>\r\nTo: <first@blue.example>\r\n"
					     "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: <ab01"));
		assert_non_null(strstr(text, "\r\n\r\n"));
		for (const char *line = text; *line != '\0';) {
			const char *end = strstr(line, "\r\n");
			assert_non_null(end);
			assert_true(end - line <= 78); /* RFC 5322 sec. 2.1.1 */
			for (const char *p = line; p < end; p++)
				assert_in_range((uint8_t)*p, 0x20, 0x7e);
			line = end + 2;
		}
		free(text);
		cdr_buffer_free(&message);
	}
	assert_string_equal(cdr_texts_peek("email_subject", "xx"), cdr_texts_peek("email_subject", "en"));
	assert_string_equal(cdr_texts_peek("no such text", "en"), "");
}

/* What cannot be set is refused, and the settings come back as they were written. */
static void
test_settings(void **state)
{
	struct world *w = *state;
	struct cdr_member *blue = w->member[BLUE];
	struct cdr_email_settings s, read;
	struct cdr_fault fault = { 0 };

	assert_int_equal(cdr_email_settings_read(blue, &read), CDR_OK);
	assert_string_equal(read.server, "");
	mail_to(blue, "second@blue.example");
	assert_int_equal(cdr_email_settings_read(blue, &s), CDR_OK);
	assert_string_equal(s.contact[1], "second@blue.example");
	(void)snprintf(s.password, sizeof(s.password), "not in clear");
	assert_int_equal(cdr_email_settings_write(blue, &s, &fault), CDR_OK);
	assert_int_equal(w_count(blue, "SELECT count(*) FROM setting WHERE name = 'mail' AND value LIKE '%clear%'"), 0);
	s.plain = false;
	(void)snprintf(s.server, sizeof(s.server), "ftp://mail.example");
	assert_int_equal(cdr_email_settings_write(blue, &s, &fault), CDR_E_INPUT);
	(void)snprintf(s.server, sizeof(s.server), "smtps://mail.example");
	(void)snprintf(s.contact[0], sizeof(s.contact[0]), "nobody");
	assert_int_equal(cdr_email_settings_write(blue, &s, &fault), CDR_E_INPUT);
	(void)snprintf(s.contact[0], sizeof(s.contact[0]), "some@body.example");
	(void)snprintf(s.contact[1], sizeof(s.contact[1]), "nobody");
	assert_int_equal(cdr_email_settings_write(blue, &s, &fault), CDR_E_INPUT);
	s.contact[1][0] = '\0';
	(void)snprintf(s.sender, sizeof(s.sender), "nobody");
	assert_int_equal(cdr_email_settings_write(blue, &s, &fault), CDR_E_INPUT);
	(void)snprintf(s.sender, sizeof(s.sender), "some@body.example");
	s.plain = true;
	assert_int_equal(cdr_email_settings_write(blue, &s, &fault), CDR_E_REFUSED);
	assert_int_equal(cdr_email_settings_read(blue, &read), CDR_OK);
	assert_string_equal(read.password, "not in clear");
	assert_string_equal(read.server, "smtp://127.0.0.1:1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calendar),
		cmocka_unit_test_setup_teardown(test_no_answer, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_away, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_reminder_letter, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_one_message_for_many, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_late_answer, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_opened, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_lost_confirmation, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_suspended_in_between, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_old_letter, setup, w_teardown),
		cmocka_unit_test(test_message),
		cmocka_unit_test_setup_teardown(test_settings, setup, w_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
