#include "tests/unit/member/world.h"

#include "core/crypto/totp.h"
#include "node/member/access.h"
#include "node/member/account.h"

/* Who works with a node: accounts, codes, waiting after failures, sessions, and what each role may do. */

static struct cdr_passphrase right, wrong;
static struct cdr_fault fault;
static char codes[CDR_RECOVERY_CODE_COUNT][CDR_RECOVERY_CODE_LEN];

static void
say(struct cdr_passphrase *passphrase, const char *text)
{
	passphrase->len = strlen(text);
	memcpy(passphrase->bytes, text, passphrase->len);
}

static int
setup(void **state)
{
	say(&right, "a password of somebody");
	say(&wrong, "a password of nobody");
	return w_setup(state);
}

static cdr_err
login(struct cdr_member *m, const char *name, const struct cdr_passphrase *password, const char *code, char *token)
{
	char other[CDR_TOKEN_LEN];

	fault = (struct cdr_fault){ 0 };
	cdr_err err = cdr_account_login(m, name, password, code, token != NULL ? token : other, &fault);
	assert_int_equal(fault.code, err);
	if (err != CDR_OK)
		assert_string_equal(token != NULL ? token : other, "");
	return err;
}

/* The authenticator's code now; ${ahead} steps later. */
static void
code_of(const uint8_t *secret, int ahead, char code[static CDR_TOTP_DIGITS + 1])
{
	assert_int_equal(cdr_totp(secret, CDR_TOTP_SECRET_LEN, cdr_member_now() / 30 + (uint64_t)ahead, CDR_TOTP_DIGITS, code), CDR_OK);
}

static void
test_roles(void **state)
{
	uint32_t roles;
	char text[CDR_ROLES_TEXT_LEN];

	(void)state;
	assert_int_equal(cdr_roles_read("hr,safeguarding", &roles, &fault), CDR_OK);
	assert_int_equal(roles, CDR_ROLE_HR | CDR_ROLE_SAFEGUARDING);
	cdr_roles_write(roles, text);
	assert_string_equal(text, "hr,safeguarding");
	assert_int_equal(cdr_roles_read("", &roles, &fault), CDR_E_INPUT);
	assert_int_equal(cdr_roles_read("h", &roles, &fault), CDR_E_INPUT);
	assert_int_equal(cdr_roles_read("hr,,analyst", &roles, &fault), CDR_E_INPUT);
	assert_int_equal(cdr_roles_read("administrator,hr", &roles, &fault), CDR_E_REFUSED);
	assert_int_equal(roles, 0);
	/* An administrator sees no case; the daemon needs nobody; what is not known is nobody's. */
	static const char *const cases[] = { "check list", "check show", "check new", "inbox list", "inbox show", "statement export", "leavers import",
		"incident list", "subject access" };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(cdr_access_roles(cases[i]) & (CDR_ROLE_ADMINISTRATOR | CDR_ROLE_AUDITOR | CDR_ROLE_ANALYST), 0);
	assert_int_equal(cdr_access_roles("serve"), CDR_ACCESS_ANYBODY);
	assert_int_equal(cdr_access_roles("user add"), CDR_ROLE_ADMINISTRATOR);
	assert_int_equal(cdr_access_roles("user totp"), CDR_ROLE_ALL);
	assert_int_equal(cdr_access_roles("checks"), 0);
	assert_int_equal(cdr_access_roles("no such command"), 0);
}

static cdr_err
count_account(const struct cdr_account *account, void *context)
{
	(void)account;
	++*(size_t *)context;
	return CDR_OK;
}

static void
test_accounts(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_passphrase tiny;
	size_t count = 0;

	say(&tiny, "short");
	assert_int_equal(cdr_account_add(m, "A", CDR_ROLE_ADMINISTRATOR, &right, codes, &fault), CDR_E_INPUT);
	assert_int_equal(cdr_account_add(m, "jo hr", CDR_ROLE_ADMINISTRATOR, &right, codes, &fault), CDR_E_INPUT);
	assert_int_equal(cdr_account_add(m, "jo", CDR_ROLE_ADMINISTRATOR, &tiny, codes, &fault), CDR_E_REFUSED);
	assert_int_equal(cdr_account_add(m, "jo", CDR_ROLE_HR, &right, codes, &fault), CDR_E_REFUSED); /* the first one */
	assert_int_equal(w_count(m, "SELECT count(*) FROM account"), 0);
	assert_int_equal(cdr_account_add(m, "admin", CDR_ROLE_ADMINISTRATOR, &right, codes, &fault), CDR_OK);
	assert_int_equal(cdr_account_add(m, "admin", CDR_ROLE_ADMINISTRATOR, &right, codes, &fault), CDR_E_EXISTS);
	assert_int_equal(cdr_account_add(m, "jo", CDR_ROLE_HR, &right, codes, &fault), CDR_OK);
	assert_int_equal(cdr_account_set_roles(m, "admin", CDR_ROLE_AUDITOR, &fault), CDR_E_REFUSED);
	assert_int_equal(cdr_account_remove(m, "admin", &fault), CDR_E_REFUSED);
	assert_int_equal(cdr_account_remove(m, "nobody", &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_account_set_roles(m, "jo", CDR_ROLE_ANALYST, &fault), CDR_OK);
	assert_int_equal(cdr_account_rescue(m, "jo", &right, &fault), CDR_E_REFUSED);
	assert_int_equal(cdr_account_each(m, count_account, &count), CDR_OK);
	assert_int_equal(count, 2);
	assert_int_equal(cdr_account_remove(m, "jo", &fault), CDR_OK);
	assert_int_equal(cdr_account_remove(m, "admin", &fault), CDR_OK); /* the last one: the node is its owner's again */
	assert_int_equal(w_count(m, "SELECT count(*) FROM trail WHERE what = 'user.add'"), 2);
	assert_int_equal(w_count(m, "SELECT count(*) FROM trail WHERE what = 'user.remove'"), 2);
	assert_int_equal(w_count(m, "SELECT count(*) FROM trail WHERE what = 'user.role'"), 1);
}

static void
test_login(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	struct cdr_account account;
	struct cdr_actor actor;
	uint8_t secret[CDR_TOTP_SECRET_LEN];
	char token[CDR_TOKEN_LEN], code[CDR_TOTP_DIGITS + 1], later[CDR_TOTP_DIGITS + 1];

	assert_int_equal(cdr_access_check(m, "check list", NULL, &actor, &fault), CDR_OK); /* no accounts yet */
	assert_string_equal(m->who, CDR_TRAIL_OPERATOR);
	assert_int_equal(cdr_account_add(m, "admin", CDR_ROLE_ADMINISTRATOR, &right, codes, &fault), CDR_OK);
	assert_int_equal(cdr_access_check(m, "check list", NULL, &actor, &fault), CDR_E_PASSPHRASE);
	assert_int_equal(cdr_access_check(m, "serve", NULL, &actor, &fault), CDR_OK);
	assert_int_equal(login(m, "admin", &wrong, NULL, token), CDR_E_PASSPHRASE);
	assert_int_equal(login(m, "nobody", &right, NULL, token), CDR_E_PASSPHRASE);
	assert_int_equal(login(m, "admin", &right, NULL, token), CDR_OK);
	assert_int_equal(cdr_account_session(m, token, &account, &fault), CDR_OK);
	assert_string_equal(account.name, "admin");
	assert_int_equal(cdr_access_check(m, "user list", token, &actor, &fault), CDR_OK);
	assert_string_equal(m->who, "user/admin");
	assert_int_equal(cdr_access_check(m, "check list", token, &actor, &fault), CDR_E_REFUSED);
	assert_non_null(strstr(fault.text, "hr"));
	assert_int_equal(cdr_access_check(m, "unheard of", token, &actor, &fault), CDR_E_REFUSED);

	/* An authenticator: asked for once it is confirmed; a code is good once. */
	assert_int_equal(cdr_account_totp_confirm(m, "admin", "123456", &fault), CDR_E_ABSENT);
	assert_int_equal(cdr_account_totp_new(m, "admin", secret, &fault), CDR_OK);
	assert_int_equal(cdr_account_totp_confirm(m, "admin", "12345", &fault), CDR_E_PASSPHRASE);
	code_of(secret, 0, code);
	code_of(secret, 1, later);
	assert_int_equal(cdr_account_totp_confirm(m, "admin", code, &fault), CDR_OK);
	assert_int_equal(login(m, "admin", &right, NULL, NULL), CDR_E_PASSPHRASE);
	assert_int_equal(login(m, "admin", &right, code, NULL), CDR_E_PASSPHRASE);
	assert_int_equal(login(m, "admin", &right, later, NULL), CDR_OK);
	/* Idle, over, ended, of nobody. */
	w_run(m, "UPDATE session SET used_at = used_at - 1801");
	assert_int_equal(cdr_account_session(m, token, &account, &fault), CDR_E_PASSPHRASE);
	w_run(m, "UPDATE session SET used_at = used_at + 1801, ends_at = used_at + 1");
	assert_int_equal(cdr_account_session(m, token, &account, &fault), CDR_E_PASSPHRASE);
	w_run(m, "UPDATE session SET ends_at = used_at + 9999");
	assert_int_equal(cdr_account_session(m, token, &account, &fault), CDR_OK);
	assert_int_equal(cdr_account_session(m, "cs_0000", &account, &fault), CDR_E_PASSPHRASE);
	assert_int_equal(cdr_account_logout(m, token), CDR_OK);
	assert_int_equal(cdr_account_session(m, token, &account, &fault), CDR_E_PASSPHRASE);
	assert_int_equal(cdr_account_logout(m, token), CDR_OK);
	/* Neither token nor secret stands in the database as it is. */
	assert_int_equal(w_count(m, "SELECT count(*) FROM session"), 1);
	assert_int_equal(cdr_account_rescue(m, "admin", &right, &fault), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM session"), 0);
	assert_int_equal(w_count(m, "SELECT count(*) FROM account WHERE totp IS NULL AND totp_new IS NULL"), 1);
}

/* Failures make an account wait; waiting does not grow by what is tried; a recovery code goes through. */
static void
test_waiting(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	char low[CDR_RECOVERY_CODE_LEN], nobody[sizeof(fault.text)];

	assert_int_equal(cdr_account_add(m, "admin", CDR_ROLE_ADMINISTRATOR, &right, codes, &fault), CDR_OK);
	assert_int_equal(w_count(m, "SELECT count(*) FROM recovery"), CDR_RECOVERY_CODE_COUNT); /* from the first day */
	assert_int_equal(login(m, "nobody", &wrong, NULL, NULL), CDR_E_PASSPHRASE);
	memcpy(nobody, fault.text, sizeof(nobody));
	w_run(m, "UPDATE account SET failures = 4");
	int64_t begin = (int64_t)cdr_member_now();
	assert_int_equal(login(m, "admin", &wrong, NULL, NULL), CDR_E_PASSPHRASE);
	assert_string_equal(fault.text, nobody);
	int64_t until = w_count(m, "SELECT locked_until FROM account");
	assert_in_range(until, begin + CDR_LOGIN_WAIT_MIN, (int64_t)cdr_member_now() + CDR_LOGIN_WAIT_MAX);
	/* Who waits looks like nobody: the same error, the same words, and as much is written. The wait outlasts what follows. */
	until += 86400;
	w_run(m, "UPDATE account SET locked_until = locked_until + 86400");
	int64_t written = w_count(m, "SELECT length(value) FROM setting WHERE name = 'login.nobody'");
	assert_true(written > 0);
	static const char *const tried[] = { NULL, "123456", "00000-00000-00000", "0000000000000000", "x" };
	for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
		assert_int_equal(login(m, "admin", &right, tried[i], NULL), CDR_E_PASSPHRASE);
		assert_string_equal(fault.text, nobody);
	}
	assert_int_equal(cdr_account_prove(m, "admin", &right, &fault), CDR_E_PASSPHRASE);
	assert_int_equal(w_count(m, "SELECT failures FROM account"), 5);
	assert_int_equal(w_count(m, "SELECT locked_until FROM account"), until);
	assert_int_equal(w_count(m, "SELECT count(*) FROM recovery"), CDR_RECOVERY_CODE_COUNT);
	/* A recovery code that somebody found is one try, which counts. */
	assert_int_equal(login(m, "admin", &wrong, codes[1], NULL), CDR_E_PASSPHRASE);
	assert_string_equal(fault.text, nobody);
	assert_int_equal(w_count(m, "SELECT count(*) FROM recovery"), CDR_RECOVERY_CODE_COUNT - 1);
	assert_int_equal(w_count(m, "SELECT failures FROM account"), 6);
	assert_int_equal(login(m, "admin", &right, codes[1], NULL), CDR_E_PASSPHRASE);
	(void)snprintf(low, sizeof(low), "%s", codes[0]);
	for (char *c = low; *c != '\0'; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
	assert_int_equal(login(m, "admin", &right, low, NULL), CDR_OK);
	assert_int_equal(w_count(m, "SELECT failures + locked_until FROM account"), 0);
	assert_int_equal(login(m, "admin", &right, codes[0], NULL), CDR_E_PASSPHRASE); /* once */
	assert_int_equal(w_count(m, "SELECT count(*) FROM recovery"), CDR_RECOVERY_CODE_COUNT - 2);
	/* However often it failed, the wait has a limit; an administrator ends it. */
	w_run(m, "UPDATE account SET failures = 1000, locked_until = 0");
	begin = (int64_t)cdr_member_now();
	assert_int_equal(login(m, "admin", &wrong, NULL, NULL), CDR_E_PASSPHRASE);
	until = w_count(m, "SELECT locked_until FROM account");
	assert_in_range(until, begin + CDR_LOGIN_WAIT_MAX, (int64_t)cdr_member_now() + CDR_LOGIN_WAIT_MAX);
	assert_int_equal(cdr_account_unlock(m, "admin", &fault), CDR_OK);
	assert_int_equal(login(m, "admin", &right, NULL, NULL), CDR_OK);
	assert_true(w_count(m, "SELECT count(*) FROM trail WHERE what = 'login.refused'") >= 2);
	/* The present password, asked of who is logged in. */
	assert_int_equal(cdr_account_prove(m, "admin", &right, &fault), CDR_OK);
	assert_int_equal(cdr_account_prove(m, "admin", &wrong, &fault), CDR_E_PASSPHRASE);
	assert_int_equal(w_count(m, "SELECT failures FROM account"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_roles),
		TEST(test_accounts),
		TEST(test_login),
		TEST(test_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
