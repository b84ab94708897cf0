#include "tests/unit/member/world.h"

#include "node/member/access.h"
#include "node/member/api_key.h"
#include "node/member/api_parts.h"

/* Who may do what: every command, and every path of the API, against a table that was written for itself (tests/vectors/roles.tsv). */

#define ROW_MAX 200

struct row {
	char command[48], roles[8], trail[48];
};

static struct row rows[ROW_MAX];
static size_t row_count;

static const struct {
	char letter;
	uint32_t role;
} letters[] = {
	{ 'h', CDR_ROLE_HR }, { 's', CDR_ROLE_SAFEGUARDING }, { 'a', CDR_ROLE_ANALYST }, { 'd', CDR_ROLE_ADMINISTRATOR }, { 'u', CDR_ROLE_AUDITOR },
};

static int
read_rows(void **state)
{
	char line[256];
	FILE *file = fopen("tests/vectors/roles.tsv", "r");

	(void)state;
	while (file != NULL && fgets(line, sizeof(line), file) != NULL && row_count < ROW_MAX) {
		struct row *row = &rows[row_count];
		if (line[0] != '#')
			row_count += sscanf(line, "%47[^\t]\t%7[^\t]\t%47[^\n]", row->command, row->roles, row->trail) == 3;
	}
	return file != NULL && fclose(file) == 0 && row_count > 80 ? 0 : -1;
}

static uint32_t
roles_of(const struct row *row)
{
	uint32_t roles = 0;

	if (row->roles[0] == '*')
		return CDR_ACCESS_ANYBODY;
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (strchr(row->roles, letters[i].letter) != NULL)
			roles |= letters[i].role;
	return roles;
}

static const struct row *
find_row(const char *command)
{
	for (size_t i = 0; i < row_count; i++)
		if (strcmp(rows[i].command, command) == 0)
			return &rows[i];
	return NULL;
}

static void
test_commands(void **state)
{
	(void)state;
	for (size_t i = 0; i < row_count; i++)
		if (cdr_access_roles(rows[i].command) != roles_of(&rows[i]))
			fail_msg("%s: %x, not %s", rows[i].command, cdr_access_roles(rows[i].command), rows[i].roles);
	/* What is not in the table nobody may, nor what only begins like it. */
	static const char *const none[] = { "", "checks", "check", "no such command", "useradd", "trail listing" };
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_null(find_row(none[i]));
	assert_int_equal(cdr_access_roles("checks list"), 0);
	assert_int_equal(cdr_access_roles("no such command"), 0);
	assert_int_equal(cdr_access_roles(""), 0);
}

/* No row waits for a command that somebody may add, with the roles that seemed right for another one. */
static void
test_rows(void **state)
{
	const char *words;

	(void)state;
	for (size_t i = 0; (words = cdr_access_row_at(i)) != NULL; i++) {
		bool is_used = false;
		for (size_t k = 0; k < row_count; k++) {
			const char *counts = cdr_access_row(rows[k].command);
			is_used = is_used || (counts != NULL && strcmp(counts, words) == 0);
		}
		if (!is_used)
			fail_msg("%s: a row without a command", words);
	}
}

/* What the roles are for: an auditor changes nothing but what is his own, an administrator and an analyst see nobody. */
static void
test_sense(void **state)
{
	static const char *const people[] = { "check ", "inbox ", "statement ", "case ", "subject ", "hold ", "leavers ", "incident " };

	(void)state;
	for (size_t i = 0; i < row_count; i++) {
		uint32_t roles = roles_of(&rows[i]);
		if (roles == CDR_ACCESS_ANYBODY)
			continue;
		bool own = strcmp(rows[i].command, "user password") == 0 || strcmp(rows[i].command, "user totp") == 0 ||
		    strcmp(rows[i].command, "user recovery") == 0;
		if ((roles & CDR_ROLE_AUDITOR) != 0 && !own && strcmp(rows[i].trail, "-") != 0)
			fail_msg("an auditor may %s", rows[i].command);
		for (size_t k = 0; k < sizeof(people) / sizeof(people[0]); k++)
			if (strncmp(rows[i].command, people[k], strlen(people[k])) == 0 &&
			    (roles & (CDR_ROLE_ADMINISTRATOR | CDR_ROLE_ANALYST | CDR_ROLE_AUDITOR)) != 0)
				fail_msg("%s is for others too", rows[i].command);
	}
}

/* The paths with something in place of each {}. */
static void
fill_in(const char *pattern, char path[static CDR_REST_PATH_LEN])
{
	size_t len = 0;

	for (; *pattern != '\0'; pattern++) {
		if (strncmp(pattern, "{}", 2) == 0) {
			path[len++] = 'x';
			pattern++;
		} else {
			path[len++] = *pattern;
		}
	}
	path[len] = '\0';
}

static const char *
type_of(const struct cdr_api_route *route)
{
	return route->body == CDR_API_TABLE || route->body == CDR_API_FILE ? CDR_API_BYTES : route->body == CDR_API_NOTHING ? "" : "application/json";
}

static void
show(struct cdr_rest_head *head, const char key[static CDR_TOKEN_LEN])
{
	memcpy(head->authorization, "Bearer ", 7);
	memcpy(head->authorization + 7, key, CDR_TOKEN_LEN);
}

/* Every path, by its head, with a key of every role: who may take it is told to go on, anybody else 403. */
static void
test_paths(void **state)
{
	struct world *w = *state;
	struct cdr_member *m = w->member[BLUE];
	const struct cdr_api_route *route;
	struct cdr_fault fault;
	char key[5][CDR_TOKEN_LEN], name[32];
	size_t max;

	for (size_t k = 0; k < 5; k++) {
		(void)snprintf(name, sizeof(name), "key-%zu", k);
		assert_int_equal(cdr_api_key_add(m, name, letters[k].role, 1, key[k], &fault), CDR_OK);
	}
	for (size_t i = 0; (route = cdr_api_route_at(i)) != NULL; i++) {
		const struct row *row = route->command != NULL ? find_row(route->command) : NULL;
		struct cdr_rest_head head = { .method = route->method, .host = "127.0.0.1:8321" };
		if (route->command != NULL && row == NULL)
			fail_msg("%s: its command %s is not in the table", route->path, route->command);
		/* What changes something takes a key for repeats, and is in the trail; what does not is neither. */
		if (row != NULL && route->method == CDR_REST_GET && strcmp(row->trail, "-") != 0 && route->file_type == NULL)
			fail_msg("GET %s changes something", route->path);
		if (row != NULL && cdr_api_writes(route) && strcmp(row->trail, "-") == 0)
			fail_msg("%s is an act that no trail knows", route->path);
		fill_in(route->path, head.path);
		memcpy(head.content_type, type_of(route), strlen(type_of(route)) + 1);
		(void)snprintf(head.idempotency_key, sizeof(head.idempotency_key), "one");
		int open = cdr_api_admit(m, 8321, &head, &max);
		assert_int_equal(open, route->command == NULL && strstr(route->path, "/me") == NULL && strstr(route->path, "current") == NULL ? 0 : 401);
		for (size_t k = 0; k < 5; k++) {
			show(&head, key[k]);
			int status = cdr_api_admit(m, 8321, &head, &max), wanted = row == NULL || (roles_of(row) & letters[k].role) != 0 ? 0 : 403;
			if (status != wanted)
				fail_msg("%s as %c: %d, not %d", route->path, letters[k].letter, status, wanted);
			assert_int_equal(max, wanted == 0 ? route->body_max : 0);
		}
	}
	/* Another host, origin, path, method, type, length, no key for repeats: by the head too. */
	struct cdr_rest_head head = { .method = CDR_REST_POST, .path = "/v1/checks", .host = "127.0.0.1:8321", .content_type = "application/json",
		.idempotency_key = "one" };
	show(&head, key[0]);
	assert_int_equal(cdr_api_admit(m, 8321, &head, &max), 0);
	assert_int_equal(cdr_api_admit(m, 8322, &head, &max), 403);
	head.body_len = CDR_API_JSON_MAX + 1;
	assert_int_equal(cdr_api_admit(m, 8321, &head, &max), 413);
	head.body_len = 0;
	head.idempotency_key[0] = '\0';
	assert_int_equal(cdr_api_admit(m, 8321, &head, &max), 400);
	(void)snprintf(head.content_type, sizeof(head.content_type), "text/plain");
	assert_int_equal(cdr_api_admit(m, 8321, &head, &max), 415);
	head.method = CDR_REST_DELETE;
	assert_int_equal(cdr_api_admit(m, 8321, &head, &max), 405);
	(void)snprintf(head.path, sizeof(head.path), "/v1/check");
	assert_int_equal(cdr_api_admit(m, 8321, &head, &max), 404);
	(void)snprintf(head.origin, sizeof(head.origin), "http://elsewhere.example");
	assert_int_equal(cdr_api_admit(m, 8321, &head, &max), 403);
	/* A key that is revoked, or over. */
	(void)snprintf(head.path, sizeof(head.path), "/v1/checks");
	head.method = CDR_REST_GET;
	head.origin[0] = '\0';
	assert_int_equal(cdr_api_admit(m, 8321, &head, &max), 0);
	assert_int_equal(cdr_api_key_revoke(m, "key-0", &fault), CDR_OK);
	assert_int_equal(cdr_api_admit(m, 8321, &head, &max), 401);
	w_run(m, "UPDATE api_key SET revoked_at = 0");
	assert_int_equal(cdr_api_admit(m, 8321, &head, &max), 0);
	w_run(m, "UPDATE api_key SET expires_at = 1");
	assert_int_equal(cdr_api_admit(m, 8321, &head, &max), 401);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_sense),
		cmocka_unit_test_setup_teardown(test_paths, w_setup, w_teardown),
	};

	return cmocka_run_group_tests(tests, read_rows, NULL);
}
