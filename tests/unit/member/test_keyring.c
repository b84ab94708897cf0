#include "tests/unit/member/world.h"

#include <time.h>

#include "keys/passphrase.h"
#include "node/member/keyring.h"
#include "node/member/statement_file.h"
#include "tests/unit/ahead.h"
#include "tests/unit/files.h"

/* Sealing keys roll each month: what is opened with which, what is destroyed when, and what a kill in between leaves. */

#define DAY 86400

static const struct cdr_passphrase passphrase = { .len = 28, .bytes = "correct horse battery staple" };
static char path[128];

/* Begin again, as the daemon does after a kill: nothing but the keystore's file is left. */
static void
restart(struct cdr_member *m)
{
	struct cdr_home *home = m->home;

	cdr_keyring_free(m->keyring);
	cdr_keystore_free(home->keystore);
	home->keystore = NULL;
	assert_int_equal(cdr_keystore_open(path, &passphrase, &home->keystore, NULL), CDR_OK);
	assert_int_equal(cdr_keystore_get(home->keystore, "sealing", home->keys->sealing, CDR_HPKE_SECRET_LEN), CDR_OK);
	assert_int_equal(cdr_hpke_public(home->keys->sealing, home->sealing_public), CDR_OK);
	assert_int_equal(cdr_keyring_new(home, &m->keyring), CDR_OK);
}

/* GREEN gets a keystore of its own, with the key that it joined with. */
static int
setup(void **state)
{
	ahead = 0;
	*state = w_new();
	struct world *w = *state;
	struct cdr_home *home = w->member[GREEN]->home;

	w->scheme.expiry_days = 90;
	w->joined_at = cdr_member_now();
	w_roster(w);
	w_refresh(w);
	(void)snprintf(path, sizeof(path), "%s/keystore", w->dir);
	assert_int_equal(cdr_keystore_create(path, &passphrase, &home->keystore, NULL), CDR_OK);
	assert_int_equal(cdr_keystore_put(home->keystore, "sealing", home->keys->sealing, CDR_HPKE_SECRET_LEN), CDR_OK);
	assert_int_equal(cdr_keystore_save(home->keystore, NULL), CDR_OK);
	restart(w->member[GREEN]);
	return 0;
}

static bool
step(struct cdr_member *m)
{
	struct cdr_fault fault = { 0 };
	bool worked;

	if (cdr_keyring_step(m, &worked, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	return worked;
}

/* A month passes and the key is rolled: the new one is used from then on. */
static void
roll(struct world *w)
{
	struct cdr_member *m = w->member[GREEN];
	uint8_t key[CDR_HPKE_PUBLIC_LEN];

	ahead += (CDR_KEYRING_ROLL_DAYS + 1) * DAY;
	assert_true(step(m));
	w_roll_in_force(w, GREEN);
	w_refresh(w);
	assert_true(step(m));
	cdr_keyring_public(m->keyring, key);
	assert_memory_equal(key, w->roll[GREEN].key, sizeof(key));
}

/* A letter from BLUE that was sealed to ${key}: whether GREEN opens it, and with which. */
static cdr_err
open_letter(struct world *w, const uint8_t *key)
{
	static char from[] = "blue-harbour", to[] = "green-valley";
	uint8_t id[CDR_MAIL_ID_LEN] = { 7 }, used[CDR_HPKE_PUBLIC_LEN];
	Cdr__Wire__Letter letter = CDR__WIRE__LETTER__INIT;
	Cdr__Wire__Opened opened = CDR__WIRE__OPENED__INIT;
	Cdr__Wire__Mail mail = CDR__WIRE__MAIL__INIT;
	struct cdr_buffer sealed = { 0 };
	struct cdr_letter *read = NULL;
	const struct cdr_roster *roster = cdr_current_hold(w->member[GREEN]->current);

	letter.letter_id = letter.request_id = cdr_message_field(id, sizeof(id));
	letter.from = from;
	letter.to = to;
	letter.written_at = cdr_member_now();
	letter.content_case = CDR__WIRE__LETTER__CONTENT_OPENED;
	letter.opened = &opened;
	assert_int_equal(cdr_letter_seal(&letter, w->keys[BLUE].seed, key, w->genesis, &sealed), CDR_OK);
	mail.id = letter.letter_id;
	mail.from = from;
	mail.to = to;
	mail.sealed = cdr_message_field(sealed.data, sealed.len);
	cdr_err err = cdr_keyring_open(w->member[GREEN]->keyring, &mail, roster, w->genesis, used, &read, NULL);
	if (err == CDR_OK)
		assert_memory_equal(used, key, sizeof(used));
	cdr_letter_free(read);
	cdr_buffer_free(&sealed);
	cdr_current_release(w->member[GREEN]->current, roster);
	return err;
}

/* Whether the secret of a key stands in the open keystore or in the file, opened with the passphrase. */
static bool
is_kept(struct cdr_member *m, const uint8_t *secret)
{
	static const char *const others[] = { "sealing", "sealing.next" };
	uint8_t bytes[CDR_KEYSTORE_SECRET_LEN_MAX];
	char name[CDR_KEYSTORE_NAME_LEN_MAX];
	bool found = false;

	restart(m);
	for (size_t i = 0; i < 2 + CDR_KEYRING_FORMER_MAX; i++) {
		if (i < 2)
			(void)snprintf(name, sizeof(name), "%s", others[i]);
		else
			(void)snprintf(name, sizeof(name), "sealing/%zu", i - 2);
		size_t len = cdr_keystore_len(m->home->keystore, name);
		if (len == 0)
			continue;
		assert_int_equal(cdr_keystore_get(m->home->keystore, name, bytes, len), CDR_OK);
		found = found || memmem(bytes, len, secret, CDR_HPKE_SECRET_LEN) != NULL;
	}
	return found;
}

static void
test_nothing_before_its_time(void **state)
{
	struct world *w = *state;

	assert_false(step(w->member[GREEN]));
	ahead = (CDR_KEYRING_ROLL_DAYS - 1) * DAY;
	assert_false(step(w->member[GREEN]));
	assert_int_equal(w->roll[GREEN].put_count, 0);
	/* A node without a keystore has one key. */
	ahead = 2 * CDR_KEYRING_ROLL_DAYS * DAY;
	assert_false(step(w->member[BLUE]));
}

static void
test_a_month(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[GREEN];
	uint8_t first[CDR_HPKE_PUBLIC_LEN], first_secret[CDR_HPKE_SECRET_LEN];

	memcpy(first, w->keys[GREEN].sealing, sizeof(first));
	memcpy(first_secret, w->keys[GREEN].secret, sizeof(first_secret));
	ahead = CDR_KEYRING_ROLL_DAYS * DAY + 60;
	assert_true(step(m));
	assert_int_equal(w->roll[GREEN].put_count, 1);
	assert_int_equal(w->roll[GREEN].number, 1);
	/* It is said once, and again later; until a roster has it the old one is used. */
	assert_false(step(m));
	assert_int_equal(w->roll[GREEN].put_count, 1);
	ahead += 3700;
	assert_false(step(m));
	assert_int_equal(w->roll[GREEN].put_count, 2);
	assert_int_equal(open_letter(w, first), CDR_OK);
	/* Others may know it before we do. */
	assert_int_equal(open_letter(w, w->roll[GREEN].key), CDR_OK);
	w_roll_in_force(w, GREEN);
	w_refresh(w);
	assert_true(step(m));
	assert_false(step(m));
	assert_int_equal(cdr_keyring_former_count(m->keyring), 1);
	assert_int_equal(open_letter(w, first), CDR_OK);
	assert_int_equal(open_letter(w, w->roll[GREEN].key), CDR_OK);
	assert_true(is_kept(m, first_secret));
	/* Nothing is open: after the days of grace it goes, from the file too. */
	ahead += (CDR_KEYRING_GRACE_DAYS - 1) * DAY;
	assert_false(step(m));
	assert_int_equal(open_letter(w, first), CDR_OK);
	ahead += 2 * DAY;
	assert_true(step(m));
	assert_int_equal(cdr_keyring_former_count(m->keyring), 0);
	assert_int_equal(open_letter(w, first), CDR_E_SEALED);
	assert_int_equal(open_letter(w, w->roll[GREEN].key), CDR_OK);
	assert_false(is_kept(m, first_secret));
	roll(w);
	assert_int_equal(w->roll[GREEN].number, 2);
}

/* A kill after each save, and a lost reply. */
static void
test_killed_in_between(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[GREEN];
	struct cdr_fault fault;
	uint8_t key[CDR_HPKE_PUBLIC_LEN];
	bool worked;

	ahead = (CDR_KEYRING_ROLL_DAYS + 1) * DAY;
	w->hub_is_down = true;
	assert_int_equal(cdr_keyring_step(m, &worked, &fault), CDR_E_NETWORK);
	restart(m);
	w->hub_is_down = false;
	w->forgets_reply = true;
	assert_int_equal(cdr_keyring_step(m, &worked, &fault), CDR_E_TIME);
	memcpy(key, w->roll[GREEN].key, sizeof(key));
	restart(m);
	w->forgets_reply = false;
	assert_false(step(m));
	assert_int_equal(w->roll[GREEN].put_count, 2);
	assert_int_equal(w->roll[GREEN].number, 1);
	assert_memory_equal(key, w->roll[GREEN].key, sizeof(key));
	/* In the roster, and not used here yet. */
	w_roll_in_force(w, GREEN);
	w_refresh(w);
	restart(m);
	assert_int_equal(open_letter(w, key), CDR_OK);
	assert_true(step(m));
	restart(m);
	assert_false(step(m));
	cdr_keyring_public(m->keyring, key);
	assert_memory_equal(key, w->roll[GREEN].key, sizeof(key));
	assert_int_equal(cdr_keyring_former_count(m->keyring), 1);
	/* Several months. */
	for (int i = 0; i < 4; i++) {
		roll(w);
		restart(m);
	}
	assert_int_equal(w->roll[GREEN].number, 5);
}

/* An old key stays while a request or a check that began under it waits for an answer, and no longer than letters are taken. */
static void
test_open_cases_keep_a_key(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[GREEN];
	struct cdr_candidate c;
	uint8_t first[CDR_HPKE_PUBLIC_LEN];

	memcpy(first, w->keys[GREEN].sealing, sizeof(first));
	ahead = (CDR_KEYRING_ROLL_DAYS - 5) * DAY;
	w_amina(&c, "A-1");
	w_declare(&c, "green-valley");
	w_check(w->member[BLUE], &c, CDR_OK);
	w_carry(w);
	ahead -= DAY;
	roll(w);
	assert_int_equal(cdr_keyring_former_count(m->keyring), 1);
	ahead += (CDR_KEYRING_GRACE_DAYS + 1) * DAY;
	assert_false(step(m));
	assert_int_equal(open_letter(w, first), CDR_OK);
	w_run(m, "UPDATE inbox SET state = 'answered'");
	assert_true(step(m));
	assert_int_equal(open_letter(w, first), CDR_E_SEALED);
	/* The same for what we asked; but what nobody can answer any more keeps nothing. */
	w_run(m, "UPDATE inbox SET state = 'waiting'");
	memcpy(first, w->keys[GREEN].sealing, sizeof(first));
	roll(w);
	ahead += (CDR_KEYRING_GRACE_DAYS + 1) * DAY;
	w_run(m, "UPDATE inbox SET received_at = received_at + 3000000");
	assert_false(step(m));
	ahead += 91 * DAY;
	(void)step(m);
	assert_int_equal(open_letter(w, first), CDR_E_SEALED);
}

/* The node was put back from a backup: its newest key is gone, and some numbers are used up. */
static void
test_a_lost_key_is_replaced(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[GREEN];
	char copy[160];

	(void)snprintf(copy, sizeof(copy), "%s.old", path);
	files_copy(path, copy);
	roll(w);
	roll(w);
	files_copy(copy, path);
	restart(m);
	assert_int_equal(open_letter(w, w->roll[GREEN].key), CDR_E_SEALED);
	/* At once, with a number that was never used. */
	assert_true(step(m));
	assert_int_equal(w->roll[GREEN].number, 3);
	w->refused_path = "/v1/member/sealing";
	w->refused_code = CDR_E_SEQUENCE;
	ahead += 3700;
	assert_true(step(m));
	w->refused_path = NULL;
	assert_false(step(m));
	assert_int_equal(w->roll[GREEN].number, 4);
	w_roll_in_force(w, GREEN);
	w_refresh(w);
	assert_true(step(m));
	assert_int_equal(open_letter(w, w->roll[GREEN].key), CDR_OK);
}

/* The hub has time; somebody else enrolled under our name; another process wrote the keystore. */
static void
test_what_goes_wrong(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[GREEN];
	struct cdr_fault fault;
	bool worked;

	ahead = (CDR_KEYRING_ROLL_DAYS + 1) * DAY;
	w->refused_path = "/v1/member/sealing";
	w->refused_code = CDR_E_BUSY;
	assert_true(step(m));
	w->refused_code = CDR_E_MEMORY;
	assert_false(step(m));
	ahead += 3700;
	assert_int_equal(cdr_keyring_step(m, &worked, &fault), CDR_E_MEMORY);
	w->refused_path = NULL;
	assert_false(step(m));
	w_roll_in_force(w, GREEN);
	w_refresh(w);
	/* Two processes: the second save is refused, and nothing is half done. */
	struct cdr_keystore *other = NULL;
	assert_int_equal(cdr_keystore_open(path, &passphrase, &other, NULL), CDR_OK);
	assert_int_equal(cdr_keystore_save(other, NULL), CDR_OK);
	cdr_keystore_free(other);
	assert_int_equal(cdr_keyring_step(m, &worked, &fault), CDR_E_BUSY);
	assert_int_equal(cdr_keyring_former_count(m->keyring), 0);
	assert_int_equal(open_letter(w, w->roll[GREEN].key), CDR_OK);
	restart(m);
	assert_true(step(m));
	assert_int_equal(cdr_keyring_former_count(m->keyring), 1);
	/* An entry with another signing key is somebody else's. */
	uint8_t own[CDR_SIGN_PUBLIC_LEN];
	memcpy(own, m->home->signing_public, sizeof(own));
	m->home->signing_public[0] ^= 1;
	ahead += 100 * (int64_t)DAY;
	assert_false(step(m));
	memcpy(m->home->signing_public, own, sizeof(own));
}

/* Whoever is suspended rolls no key, and keeps an old one no longer for it. */
static void
test_suspended(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[GREEN];
	uint8_t first_secret[CDR_HPKE_SECRET_LEN];

	memcpy(first_secret, w->keys[GREEN].secret, sizeof(first_secret));
	roll(w);
	w_set_status(w, GREEN, "suspended");
	w_roster(w);
	w_refresh(w);
	assert_false(step(m));
	assert_true(is_kept(m, first_secret));
	ahead += (CDR_KEYRING_GRACE_DAYS + 1) * DAY;
	assert_true(step(m));
	assert_false(is_kept(m, first_secret));
	ahead += (CDR_KEYRING_ROLL_DAYS + 1) * DAY;
	assert_false(step(m));
	assert_int_equal(w->roll[GREEN].put_count, 1);
}

/* A hub that dates the joining ahead keeps nobody from rolling. */
static void
test_a_joining_that_is_yet_to_come(void **state)
{
	struct world *w = *state;

	w->joined_at = cdr_member_now() + 1000 * (uint64_t)DAY;
	w_roster(w);
	w_refresh(w);
	roll(w);
	assert_false(step(w->member[GREEN]));
	assert_int_equal(w->roll[GREEN].number, 1);
}

/* The clock was years ahead for a while: what was made then is taken by no hub, and is dated anew. */
static void
test_a_clock_that_was_ahead(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[GREEN];
	struct cdr_fault fault;
	bool worked;

	ahead = 2000 * (int64_t)DAY;
	w->refused_path = "/v1/member/sealing";
	w->refused_code = CDR_E_INPUT;
	assert_int_equal(cdr_keyring_step(m, &worked, &fault), CDR_E_INPUT);
	ahead = (CDR_KEYRING_ROLL_DAYS + 1) * DAY;
	assert_true(step(m));
	w->refused_path = NULL;
	const uint64_t now = cdr_member_now();
	assert_false(step(m));
	assert_int_equal(w->roll[GREEN].number, 1);
	assert_true(w->roll[GREEN].made_at <= now);
	w_roll_in_force(w, GREEN);
	w_refresh(w);
	assert_true(step(m));
}

/* The same when a key is replaced: it goes after the days of grace, from when the clock is right on. */
static void
test_replaced_while_the_clock_was_ahead(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[GREEN];
	uint8_t first_secret[CDR_HPKE_SECRET_LEN];

	memcpy(first_secret, w->keys[GREEN].secret, sizeof(first_secret));
	ahead = (CDR_KEYRING_ROLL_DAYS + 1) * DAY;
	assert_true(step(m));
	w_roll_in_force(w, GREEN);
	w_refresh(w);
	ahead += 2000 * (int64_t)DAY;
	w->hub_is_down = true;
	assert_int_equal(cdr_keyring_step(m, &(bool){ false }, &(struct cdr_fault){ 0 }), CDR_E_NETWORK);
	w->hub_is_down = false;
	ahead -= 2000 * (int64_t)DAY;
	(void)step(m);
	assert_true(is_kept(m, first_secret));
	ahead += (CDR_KEYRING_GRACE_DAYS + 1) * DAY;
	(void)step(m);
	assert_false(is_kept(m, first_secret));
}

/* A keystore that holds a key of another length is none of ours. */
static void
test_a_damaged_keystore(void **state)
{
	struct world *w = *state;
	struct cdr_home *home = w->member[GREEN]->home;
	struct cdr_keyring *keyring;

	assert_int_equal(cdr_keystore_put(home->keystore, "sealing/3", (const uint8_t *)"x", 1), CDR_OK);
	assert_int_equal(cdr_keyring_new(home, &keyring), CDR_E_STORE);
	assert_null(keyring);
	assert_int_equal(cdr_keystore_remove(home->keystore, "sealing/3"), CDR_OK);
	assert_int_equal(cdr_keystore_put(home->keystore, "sealing.number", (const uint8_t *)"x", 1), CDR_OK);
	assert_int_equal(cdr_keyring_new(home, &keyring), CDR_E_STORE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_before_its_time, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_a_month, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_killed_in_between, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_open_cases_keep_a_key, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_a_lost_key_is_replaced, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_what_goes_wrong, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_suspended, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_a_joining_that_is_yet_to_come, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_a_clock_that_was_ahead, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_replaced_while_the_clock_was_ahead, setup, w_teardown),
		cmocka_unit_test_setup_teardown(test_a_damaged_keystore, setup, w_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
