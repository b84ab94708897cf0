/* The command line of candor-hub, from an empty folder on: what it prints, and how it ends. */
#include "tests/unit/hub/exchange.h"

#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>

#include "node/hub/command.h"
#include "node/net/node_options.h"

#define ARGUMENTS_MAX 40

struct world {
	char dir[64];
	char out[8192]; /* what the last command printed */
	char err[2048];
};

static void
write_file(const struct world *w, const char *name, const char *text)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
}

static void
read_file(const struct world *w, const char *name, char *text, size_t size)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	(void)fclose(file);
}

/* Point descriptor ${fd} at a file of the folder; the one before comes back. */
static int
redirect(const struct world *w, int fd, const char *name)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	int kept = dup(fd), to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(kept >= 0 && to >= 0 && dup2(to, fd) == fd);
	(void)close(to);
	return kept;
}

static void
restore(int fd, int kept)
{
	assert_int_equal(dup2(kept, fd), fd);
	(void)close(kept);
}

/* Run candor-hub with the words of ${line} (separated by one space; "@" is the folder): its exit code. */
static int
run(struct world *w, const char *line)
{
	static const struct cdr_program program = { .name = "candor-hub", .version = "0", .summary = "test",
		.commands = cdr_hub_commands, .options = cdr_node_options };
	char words[ARGUMENTS_MAX][128], *argv[ARGUMENTS_MAX + 1], home[96], passphrase[96];
	int argc = 0;

	(void)snprintf(home, sizeof(home), "--home=%s/hub", w->dir);
	(void)snprintf(passphrase, sizeof(passphrase), "--passphrase-file=%s/pass", w->dir);
	(void)snprintf(words[argc++], sizeof(words[0]), "candor-hub");
	while (*line != '\0') {
		size_t len = strcspn(line, " ");
		const char *in = line[0] == '@' ? w->dir : "";
		assert_true(argc < ARGUMENTS_MAX - 2);
		(void)snprintf(words[argc++], sizeof(words[0]), "%s%.*s", in, (int)len - (line[0] == '@'), line + (line[0] == '@'));
		line += len + (line[len] == ' ');
	}
	(void)snprintf(words[argc++], sizeof(words[0]), "%s", home);
	(void)snprintf(words[argc++], sizeof(words[0]), "%s", passphrase);
	for (int i = 0; i < argc; i++)
		argv[i] = words[i];
	argv[argc] = NULL;
	(void)fflush(stdout);
	int out = redirect(w, 1, "out"), err = redirect(w, 2, "err");
	int code = cdr_arguments_main(&program, argc, argv);
	(void)fflush(stdout);
	(void)fflush(stderr);
	restore(1, out);
	restore(2, err);
	read_file(w, "out", w->out, sizeof(w->out));
	read_file(w, "err", w->err, sizeof(w->err));
	return code;
}

#define KEY(digit) "\"" digit digit digit digit digit digit digit digit "\""
#define EIGHT(digit) digit digit digit digit digit digit digit digit
#define CARD(number, digit)                                                                                   \
	"{\"name\":\"Trustee " number "\",\"url\":\"https://127.0.0.1:900" number "\",\"signing_key\":" KEY(EIGHT(digit))   \
	",\"sealing_key\":\"04" EIGHT(EIGHT(digit)) EIGHT(EIGHT(digit)) "\",\"tls_pin\":" KEY(EIGHT(digit)) "}"
#define INIT "init --name Hub --listen 127.0.0.1:0 --url https://127.0.0.1:9000 "
#define CARDS "--trustee @/c1 --trustee @/c2 --trustee @/c3 "

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/cdr-hub-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	write_file(w, "pass", "correct horse battery staple\n");
	write_file(w, "c1", CARD("1", "1"));
	write_file(w, "c2", CARD("2", "2"));
	write_file(w, "c3", CARD("3", "3"));
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	files_remove(w->dir);
	free(w);
	return 0;
}

/* The text member ${name} of the JSON object that was printed. */
static const char *
printed(const struct world *w, const char *name)
{
	static char text[256];
	json_error_t where;
	json_t *json = json_loads(w->out, JSON_REJECT_DUPLICATES, &where);

	assert_non_null(json);
	const char *value = json_string_value(json_object_get(json, name));
	(void)snprintf(text, sizeof(text), "%s", value == NULL ? "(none)" : value);
	json_decref(json);
	return text;
}

static void
what_cannot_be_founded_leaves_nothing(void **state)
{
	struct world *w = *state;

	assert_int_equal(run(w, INIT CARDS "--threshold 1"), CDR_EXIT_REFUSED);
	assert_non_null(strstr(w->err, "more than half"));
	assert_int_equal(run(w, INIT CARDS "--threshold 4"), CDR_EXIT_REFUSED);
	assert_int_equal(run(w, INIT "--trustee @/c1 --trustee @/c1 --threshold 2"), CDR_EXIT_REFUSED);
	assert_int_equal(run(w, INIT "--trustee @/c9 --threshold 1"), CDR_EXIT_ABSENT);
	assert_int_equal(run(w, INIT "--trustee @/pass --threshold 1"), CDR_EXIT_REFUSED);
	assert_non_null(strstr(w->err, "no trustee's card"));
	assert_int_equal(run(w, INIT CARDS "--threshold 2 --reply-delay-min 9 --reply-delay-max 3"), CDR_EXIT_REFUSED);
	assert_int_equal(run(w, "init --name Hub"), CDR_EXIT_USAGE);
	assert_int_equal(run(w, "init --name Hub --listen 127.0.0.1:0 --url http://127.0.0.1:9 " CARDS "--threshold 2"),
	    CDR_EXIT_REFUSED);
	char hub[96];
	struct stat info;
	(void)snprintf(hub, sizeof(hub), "%s/hub", w->dir);
	assert_int_not_equal(stat(hub, &info), 0);
	assert_int_not_equal(run(w, "member list"), CDR_EXIT_DONE);
}

static void
a_hub_is_founded_once_and_invites(void **state)
{
	struct world *w = *state;

	assert_int_equal(run(w, INIT CARDS "--threshold 2 --json"), CDR_EXIT_DONE);
	assert_int_equal(strlen(printed(w, "fingerprint")), CDR_FINGERPRINT_TEXT_LEN - 1);
	assert_non_null(strstr(w->out, "\"cards\""));
	assert_int_equal(run(w, INIT CARDS "--threshold 2"), CDR_EXIT_REFUSED);

	assert_int_equal(run(w, "invite --id blue-harbour --name Blue --country KEN --head-count 200 --json"), CDR_EXIT_DONE);
	assert_int_equal(strlen(printed(w, "code")), CDR_HUB_INVITATION_TEXT_LEN - 1);
	assert_non_null(strstr(w->out, "12800")); /* 64 points a head */
	assert_int_equal(run(w, "invite --id blue-harbour --name Blue --country KEN --head-count 200"), CDR_EXIT_DONE);
	assert_non_null(strstr(w->out, "works no more"));
	assert_int_equal(run(w, "invite --id Blue --name Blue --country KEN --head-count 200 --json"), CDR_EXIT_REFUSED);
	assert_non_null(strstr(w->err, "\"input\""));
	assert_int_equal(run(w, "invite --id blue --name Blue --country KEN --head-count 0"), CDR_EXIT_USAGE);

	assert_int_equal(run(w, "member list --json"), CDR_EXIT_DONE);
	assert_string_equal(w->out, "[]\n");
	assert_int_equal(run(w, "member show blue-harbour"), CDR_EXIT_ABSENT);
	assert_int_equal(run(w, "member suspend blue-harbour"), CDR_EXIT_ABSENT);
	write_file(w, "pass", "another passphrase altogether\n");
	assert_int_equal(run(w, "member list"), CDR_EXIT_PASSPHRASE);
}

/* Put a member into the hub's database as a join would, with the home's own store. */
static void
join_offline(const struct world *w)
{
	char path[96];
	struct cdr_passphrase *passphrase = NULL;
	struct cdr_passphrase_source source = { .fd = -1, .file = path };
	struct exchange x = { .now = X_NOW };
	struct cdr_home *home = NULL;
	struct x_party party;
	struct x_reply reply;
	uint8_t secret[CDR_HUB_INVITATION_SECRET_LEN];

	(void)snprintf(path, sizeof(path), "%s/pass", w->dir);
	assert_int_equal(cdr_passphrase_read(&source, &passphrase, NULL), CDR_OK);
	(void)snprintf(path, sizeof(path), "%s/hub", w->dir);
	assert_int_equal(cdr_home_open(path, &cdr_hub_schema, passphrase, &home, NULL), CDR_OK);
	x.store = home->store;
	memcpy(x.hub_party.signing, home->signing_public, sizeof(x.hub_party.signing));
	assert_int_equal(cdr_hub_start(x.store, home->keys->signing, &x.hub, NULL), CDR_OK);
	cdr_hub_service(x.hub, &x.service);
	x_party_make(&party, "member/red-river");
	x_invite(&x, "red-river", secret);
	assert_int_equal(x_join(&x, &party, secret, &reply), 200);
	x_reply_free(&reply);
	cdr_hub_stop(x.hub);
	cdr_home_close(home);
	cdr_passphrase_free(passphrase);
}

static void
members_are_shown_and_changed(void **state)
{
	struct world *w = *state;

	assert_int_equal(run(w, INIT CARDS "--threshold 2"), CDR_EXIT_DONE);
	assert_non_null(strstr(w->out, "Fingerprint"));
	join_offline(w);
	assert_int_equal(run(w, "member list"), CDR_EXIT_DONE);
	assert_non_null(strstr(w->out, "red-river"));
	assert_non_null(strstr(w->out, "pending"));
	assert_int_equal(run(w, "member show red-river --json"), CDR_EXIT_DONE);
	assert_string_equal(printed(w, "status"), "pending");
	assert_string_equal(printed(w, "in_roster"), "(none)");
	assert_int_equal(strlen(printed(w, "fingerprint")), CDR_FINGERPRINT_TEXT_LEN - 1);
	assert_int_equal(run(w, "member restore red-river --wait 0"), CDR_EXIT_REFUSED);
	assert_int_equal(run(w, "member revoke red-river --wait 1"), CDR_EXIT_DONE);
	assert_non_null(strstr(w->out, "revoked"));
	assert_int_equal(run(w, "inspect"), CDR_EXIT_DONE);
	assert_non_null(strstr(w->out, "member: 1 rows"));
}

/* What changes nothing, or names nobody, is refused with the option that it is about. */
static void
a_change_of_trustees_that_is_none_is_refused(void **state)
{
	static const struct {
		const char *options, *why;
	} wrong[] = {
		{ "", "nothing would change" },
		{ " --threshold 2", "nothing would change" },
		{ " --leaves 77", "--leaves takes the number of a trustee as the roster has it now, 1 to 3, not '77'" },
		{ " --leaves 0", "--leaves takes" },
		{ " --away 2x", "--away takes" },
		{ " --away -1", "--away takes" },
		{ " --leaves 2 --away 2", "Give one of them" },
		{ " --threshold 9", "Give --threshold 2 to 3" },
		{ " --threshold 1", "Give --threshold 2 to 3" },
		{ " --trustee @/c4 --trustee @/c5", "Give --threshold 3 to 5" },
		{ " --leaves 1 --leaves 2 --leaves 3", "nobody would be a trustee" },
		{ " --trustee @/c2", "this institution is trustee 2 already" },
		{ " --trustee @/c4 --trustee @/c4", "Give each card once" },
		{ " --away 1 --away 2 --trustee @/c4", "only 1 of the present trustees take part" },
		{ " --away 3 --trustee @/c4", "have not made a key yet" }, /* all options are sound */
	};
	struct world *w = *state;

	write_file(w, "c4", CARD("4", "4"));
	write_file(w, "c5", CARD("5", "5"));
	assert_int_equal(run(w, INIT CARDS "--threshold 2"), CDR_EXIT_DONE);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char line[128];

		(void)snprintf(line, sizeof(line), "trustees change%s", wrong[i].options);
		assert_int_equal(run(w, line), CDR_EXIT_REFUSED);
		if (strstr(w->err, wrong[i].why) == NULL)
			fail_msg("%s: %s", line, w->err);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_cannot_be_founded_leaves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_hub_is_founded_once_and_invites, setup, teardown),
		cmocka_unit_test_setup_teardown(members_are_shown_and_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_change_of_trustees_that_is_none_is_refused, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
