/* What `candor-audit verify` says of samples: each kind of leaf with each lie in it is named, with its place and the rule that it breaks. */
#include "tests/unit/audit/sample_world.h"

#include <sys/stat.h>
#include <unistd.h>

#include "audit/verify.h"

#define LEAVES_MAX 8
#define LOT_AT 1772323200
#define ASKED_AT (LOT_AT + 100)
#define DAY 86400

/* Two lots, of the leaves up to 10 and up to 20; what auditors found of a check and of an import. */
static struct {
	struct sample_world s;
	char folder[64];
	struct cdr_verify v;
	struct cdr_roster *roster[3];
	size_t roster_count;
	struct cdr_verify_leaf leaf[LEAVES_MAX];
	struct cdr_fault fault;
} w;

enum { FIRST_LOT, CHECK, SECOND_LOT, IMPORT }; /* in w.leaf */
#define LOT_1 10
#define CHECK_FOUND 11
#define LOT_2 20
#define IMPORT_FOUND 21

static void
write_file(const char *name, struct cdr_bytes bytes)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", w.folder, name);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes.data, 1, bytes.len, file), bytes.len);
	assert_int_equal(fclose(file), 0);
}

static void
remove_file(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", w.folder, name);
	assert_int_equal(unlink(path), 0);
}

/* Lot ${number} in its file, as ${basis} has it; and the leaf for it. */
static void
put_lot(const char *name, const struct cdr_sample_basis *basis, uint64_t position, struct cdr_verify_leaf *open)
{
	struct cdr_buffer bytes;

	s_lot(&w.s, basis, (const uint32_t[]){ 1, 3, 4 }, 3, &bytes);
	write_file(name, cdr_buffer_bytes(&bytes));
	*open = (struct cdr_verify_leaf){ position, { .kind = CDR_LEAF_SAMPLE, .at = LOT_AT } };
	cdr_leaf_party_add(&open->leaf, "hub");
	cdr_leaf_number_add(&open->leaf, basis->number);
	cdr_leaf_number_add(&open->leaf, basis->from);
	cdr_leaf_number_add(&open->leaf, basis->size);
	assert_int_equal(cdr_sample_content(cdr_buffer_bytes(&bytes), open->leaf.content), CDR_OK);
	cdr_buffer_free(&bytes);
}

/* What trustee ${auditor} found, as ${signer} signed it, in its file; and the leaf for it. */
static void
put_found(uint64_t sample, uint64_t about, uint32_t point, const char *purpose, const char *outcome, uint32_t auditor, uint32_t signer,
    uint64_t position, struct cdr_verify_leaf *open)
{
	static char member[] = "blue-harbour";
	char kind[16], result[16], name[64], party[CDR_SIGNER_LEN_MAX + 1];
	Cdr__Wire__Verdict verdict = CDR__WIRE__VERDICT__INIT;
	struct cdr_buffer body, bytes;

	(void)snprintf(kind, sizeof(kind), "%s", purpose);
	(void)snprintf(result, sizeof(result), "%s", outcome);
	(void)snprintf(party, sizeof(party), "trustee/%u", auditor);
	verdict.sample = sample;
	verdict.position = about;
	verdict.point = point;
	verdict.member = member;
	verdict.purpose = kind;
	verdict.outcome = result;
	verdict.at = ASKED_AT;
	assert_int_equal(cdr_message_encode(&verdict.base, &body), CDR_OK);
	const struct cdr_signer own = { party, trustee_keys[signer - 1].seed, w.s.genesis };
	assert_int_equal(cdr_envelope_request(&own, CDR_SAMPLE_VERDICT_PATH, cdr_buffer_bytes(&body), (struct cdr_bytes){ NULL, 0 }, &bytes), CDR_OK);
	(void)snprintf(name, sizeof(name), "verdicts/%u", (unsigned)position);
	write_file(name, cdr_buffer_bytes(&bytes));
	open->position = position;
	assert_int_equal(cdr_sample_verdict_leaf(&verdict, cdr_buffer_bytes(&body), auditor, &open->leaf), CDR_OK);
	open->leaf.at = ASKED_AT;
	cdr_buffer_free(&bytes);
	cdr_buffer_free(&body);
}

/* Who is to look at it. */
static uint32_t
auditor_of(const struct cdr_sample_basis *basis, uint64_t position, uint32_t point)
{
	struct cdr_buffer bytes;
	struct cdr_sample sample;
	uint32_t auditor;

	s_lot(&w.s, basis, (const uint32_t[]){ 1, 3, 4 }, 3, &bytes);
	assert_int_equal(cdr_sample_read(cdr_buffer_bytes(&bytes), w.s.genesis, w.s.roster, &sample, NULL), CDR_OK);
	assert_int_equal(cdr_sample_auditor(&sample, position, point, &auditor), CDR_OK);
	cdr_buffer_free(&bytes);
	return auditor;
}

static struct cdr_sample_basis first, second;
static uint32_t check_auditor, import_auditor;

static int
setup(void **state)
{
	char path[128];

	if (make_parties(state) != 0)
		return -1;
	memset(&w, 0, sizeof(w));
	s_make(&w.s, 1, 1);
	(void)snprintf(w.folder, sizeof(w.folder), "/tmp/cdr-verify-XXXXXX");
	assert_non_null(mkdtemp(w.folder));
	(void)snprintf(path, sizeof(path), "%s/samples", w.folder);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/verdicts", w.folder);
	assert_int_equal(mkdir(path, 0700), 0);
	first = s_basis(1, 0, 10);
	second = s_basis(2, 10, 20);
	check_auditor = auditor_of(&first, 4, 0);
	import_auditor = auditor_of(&second, 12, 2);
	put_lot("samples/1", &first, LOT_1, &w.leaf[FIRST_LOT]);
	put_found(1, 4, 0, "check", "opened", check_auditor, check_auditor, CHECK_FOUND, &w.leaf[CHECK]);
	put_lot("samples/2", &second, LOT_2, &w.leaf[SECOND_LOT]);
	put_found(2, 12, 2, "import", "backed", import_auditor, import_auditor, IMPORT_FOUND, &w.leaf[IMPORT]);
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "samples/1", "samples/2", "verdicts/11", "verdicts/21", "verdicts/22", "verdicts/30" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", w.folder, names[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/samples", w.folder);
	assert_int_equal(rmdir(path), 0);
	(void)snprintf(path, sizeof(path), "%s/verdicts", w.folder);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(w.folder), 0);
	for (size_t i = 0; i < w.v.sample_count; i++)
		cdr_buffer_free(&w.v.sample[i].bytes);
	free(w.v.sample);
	for (size_t i = 1; i <= w.roster_count; i++)
		cdr_roster_free(w.roster[i]);
	s_free(&w.s);
	return 0;
}

/* Verify the files and the first ${count} leaves; what did not hold is in w.fault. */
static cdr_err
verify(size_t count)
{
	for (size_t i = 0; i < w.v.sample_count; i++)
		cdr_buffer_free(&w.v.sample[i].bytes);
	free(w.v.sample);
	w.roster[0] = w.s.roster;
	w.v = (struct cdr_verify){ .folder = w.folder, .roster = w.roster, .roster_count = 1 + w.roster_count, .open = w.leaf, .open_count = count,
		.witnessed_at = LOT_AT + 200 };
	memcpy(w.v.genesis, w.s.genesis, sizeof(w.v.genesis));
	w.fault = (struct cdr_fault){ CDR_OK, "" };
	cdr_err err = cdr_verify_sample_files(&w.v, &w.fault);
	if (err != CDR_OK)
		return err;
	w.v.sample_rooted = w.v.sample_count; /* a_lot_of_another_tree_is_named tries that */
	return cdr_verify_samples(&w.v, &w.fault);
}

/* It does not hold, and is said so. */
static void
assert_lie(size_t count, cdr_err err, const char *said)
{
	assert_int_equal(verify(count), err);
	if (strstr(w.fault.text, said) == NULL)
		fail_msg("it says \"%s\", not \"%s\"", w.fault.text, said);
}

static void
what_holds_is_counted(void **state)
{
	(void)state;
	assert_int_equal(verify(4), CDR_OK);
	assert_int_equal(w.v.sample_count, 2);
	assert_int_equal(w.v.outcome_count[CDR_SAMPLE_OPENED], 1);
	assert_int_equal(w.v.outcome_count[CDR_SAMPLE_BACKED], 1);
	assert_int_equal(w.v.unanswered_count, 0);
	/* What was found last counts. */
	put_found(2, 12, 2, "import", "unbacked", import_auditor, import_auditor, 22, &w.leaf[4]);
	assert_int_equal(verify(5), CDR_OK);
	assert_int_equal(w.v.outcome_count[CDR_SAMPLE_BACKED], 0);
	assert_int_equal(w.v.outcome_count[CDR_SAMPLE_UNBACKED], 1);
}

/* An auditor that only ever asked. */
static void
what_nobody_answered_is_counted(void **state)
{
	(void)state;
	put_found(1, 4, 0, "check", "asked", check_auditor, check_auditor, CHECK_FOUND, &w.leaf[CHECK]);
	assert_int_equal(verify(4), CDR_OK);
	assert_int_equal(w.v.outcome_count[CDR_SAMPLE_ASKED], 1);
	assert_int_equal(w.v.unanswered_count, 0);
	w.v.witnessed_at += 15 * 86400;
	memset(w.v.outcome_count, 0, sizeof(w.v.outcome_count));
	assert_int_equal(cdr_verify_samples(&w.v, &w.fault), CDR_OK);
	assert_int_equal(w.v.unanswered_count, 1);
}

/* The next roster, as the draft has it, comes into force at ${position}. */
static void
put_roster(uint64_t position, uint64_t at, struct cdr_verify_leaf *open)
{
	w.s.draft.body.version++;
	assert_int_equal(make_roster(&w.s.draft, 7, &w.roster[++w.roster_count]), CDR_OK);
	*open = (struct cdr_verify_leaf){ position, { .kind = CDR_LEAF_ROSTER, .at = at } };
	cdr_leaf_party_add(&open->leaf, "hub");
	cdr_leaf_number_add(&open->leaf, w.s.draft.body.version);
}

/* An auditor that takes part no more has trustee 1 in its place; what that one found stands, also once there are as many trustees again. */
static void
who_stood_in_for_an_auditor_is_no_liar(void **state)
{
	const uint32_t gone = (uint32_t)w.s.draft.body.n_trustee;
	uint64_t position = 0;

	(void)state;
	while (position < 10 && auditor_of(&first, position, 0) != gone)
		position++;
	if (position == 10)
		skip();
	put_found(1, position, 0, "check", "opened", 1, 1, CHECK_FOUND, &w.leaf[CHECK]);
	assert_lie(4, CDR_E_PROOF, "leaf 11 is about what no lot drew for that auditor");
	w.s.draft.body.n_trustee = w.s.epoch.n_public_share = w.s.statistics.n_public_share = gone - 1;
	put_roster(22, LOT_AT, &w.leaf[4]);
	assert_int_equal(verify(5), CDR_OK);
	w.s.draft.body.n_trustee = w.s.epoch.n_public_share = w.s.statistics.n_public_share = gone;
	put_roster(23, LOT_AT, &w.leaf[5]);
	assert_int_equal(verify(6), CDR_OK);
}

/* The check was asked for, and at leaf 30 its auditor says that nothing came: ${open} is that leaf. */
static void
put_late(uint64_t at, struct cdr_verify_leaf *open)
{
	put_found(1, 4, 0, "check", "asked", check_auditor, check_auditor, CHECK_FOUND, &w.leaf[CHECK]);
	put_found(1, 4, 0, "check", "late", check_auditor, check_auditor, 30, open);
	open->leaf.at = at;
}

static void
assert_early(size_t leaves, uint64_t count)
{
	assert_int_equal(verify(leaves), CDR_OK);
	assert_int_equal(w.v.early_count, count);
	if (count == 0)
		return;
	assert_int_equal(w.v.early[0].place, 30);
	assert_int_equal(w.v.early[0].trustee, check_auditor);
	assert_string_equal(w.v.early[0].member, "blue-harbour");
}

/* An auditor that accuses before the time was over is named, by the log alone. */
static void
who_is_called_late_too_early(void **state)
{
	(void)state;
	put_late(ASKED_AT + 14 * DAY, &w.leaf[4]);
	assert_early(5, 0);
	assert_int_equal(w.v.outcome_count[CDR_SAMPLE_LATE], 1);
	put_late(ASKED_AT + 14 * DAY - 1, &w.leaf[4]);
	assert_early(5, 1);
	/* The lot was made long before the auditor asked. */
	put_late(LOT_AT + 40 * DAY, &w.leaf[4]);
	w.leaf[CHECK].leaf.at = LOT_AT + 30 * DAY;
	assert_early(5, 1);
	/* It never asked at all. */
	put_late(LOT_AT + 40 * DAY, &w.leaf[4]);
	put_found(1, 4, 0, "check", "late", check_auditor, check_auditor, CHECK_FOUND, &w.leaf[CHECK]);
	assert_int_equal(verify(4), CDR_OK);
	assert_int_equal(w.v.early_count, 1);
}

/* Whoever is suspended has its days when it is active again; who has other keys has nothing to show. */
static void
who_could_not_answer_is_not_late(void **state)
{
	char *status = w.s.draft.status[0];

	(void)state;
	(void)snprintf(status, sizeof(w.s.draft.status[0]), "suspended");
	put_roster(22, LOT_AT + 5 * DAY, &w.leaf[4]);
	put_late(LOT_AT + 40 * DAY, &w.leaf[5]);
	assert_early(6, 1);
	(void)snprintf(status, sizeof(w.s.draft.status[0]), "active");
	put_roster(23, LOT_AT + 30 * DAY, &w.leaf[5]);
	put_late(LOT_AT + 40 * DAY, &w.leaf[6]);
	assert_early(7, 1);
	put_late(LOT_AT + 45 * DAY, &w.leaf[6]);
	assert_early(7, 0);
}

static void
who_has_other_keys_is_not_late(void **state)
{
	(void)state;
	w.s.draft.member[0].party = &member_keys[1].party;
	w.s.draft.body.n_member = 1;
	put_roster(22, LOT_AT + 5 * DAY, &w.leaf[4]);
	put_late(LOT_AT + 400 * DAY, &w.leaf[5]);
	assert_early(6, 1);
	/* Asked only, it is not counted as unanswered. */
	w.v.witnessed_at += 400 * DAY;
	w.v.unanswered_count = 0;
	w.v.open_count = 5;
	assert_int_equal(cdr_verify_samples(&w.v, &w.fault), CDR_OK);
	assert_int_equal(w.v.unanswered_count, 0);
	/* What it evaluated with its new keys, it has. */
	memmove(&w.leaf[1], &w.leaf[0], 4 * sizeof(w.leaf[0]));
	put_roster(3, 1, &w.leaf[0]);
	assert_int_equal(verify(4), CDR_OK);
	w.v.witnessed_at += 400 * DAY;
	w.v.unanswered_count = 0;
	assert_int_equal(cdr_verify_samples(&w.v, &w.fault), CDR_OK);
	assert_int_equal(w.v.unanswered_count, 1);
}

static void
a_lot_that_is_none_is_named(void **state)
{
	struct cdr_buffer bytes;
	struct cdr_sample_basis other = first;

	(void)state;
	write_file("samples/1", (struct cdr_bytes){ (const uint8_t *)"nothing", 7 });
	assert_lie(4, CDR_E_INPUT, "samples/1 is no lot");
	/* Altered, made by too few, of another log. */
	s_lot(&w.s, &first, (const uint32_t[]){ 1, 3, 4 }, 3, &bytes);
	bytes.data[bytes.len - 1] ^= 1;
	write_file("samples/1", cdr_buffer_bytes(&bytes));
	assert_lie(4, CDR_E_PROOF, "samples/1 is a lot that was not made with the key");
	cdr_buffer_free(&bytes);
	s_lot(&w.s, &first, (const uint32_t[]){ 1, 3 }, 2, &bytes);
	write_file("samples/1", cdr_buffer_bytes(&bytes));
	assert_lie(4, CDR_E_PROOF, "samples/1 is a lot that was not made with the key");
	cdr_buffer_free(&bytes);
	w.s.genesis[0] ^= 1;
	s_lot(&w.s, &first, (const uint32_t[]){ 1, 3, 4 }, 3, &bytes);
	w.s.genesis[0] ^= 1;
	write_file("samples/1", cdr_buffer_bytes(&bytes));
	assert_lie(4, CDR_E_PROOF, "samples/1 is a lot that was not made with the key");
	cdr_buffer_free(&bytes);
	/* Of a key that nobody knows. */
	other.key = 2;
	put_lot("samples/1", &other, LOT_1, &w.leaf[FIRST_LOT]);
	assert_lie(4, CDR_E_EPOCH, "samples/1 was made with statistics key 2, which none of rosters/0 to rosters/");
}

static void
a_stretch_that_is_left_out_is_named(void **state)
{
	(void)state;
	second.from = 11;
	put_lot("samples/2", &second, LOT_2, &w.leaf[SECOND_LOT]);
	assert_lie(4, CDR_E_PROOF, "samples/2 does not begin where the sample before ended");
	second.from = 9;
	put_lot("samples/2", &second, LOT_2, &w.leaf[SECOND_LOT]);
	assert_lie(4, CDR_E_PROOF, "samples/2 does not begin where the sample before ended");
	second.from = 10;
	second.number = 3;
	put_lot("samples/2", &second, LOT_2, &w.leaf[SECOND_LOT]);
	assert_lie(4, CDR_E_PROOF, "samples/2 does not begin where the sample before ended");
}

static void
a_lot_that_the_log_does_not_have_is_named(void **state)
{
	struct cdr_verify_leaf kept;

	(void)state;
	assert_lie(2, CDR_E_PROOF, "the log does not record samples/2");
	/* A leaf for which there is no file, or another one. */
	kept = w.leaf[FIRST_LOT];
	w.leaf[FIRST_LOT].leaf.content[0] ^= 1;
	assert_lie(4, CDR_E_PROOF, "samples/1 is not the lot that leaf 10 recorded");
	for (size_t i = 0; i < 3; i++) {
		w.leaf[FIRST_LOT] = kept;
		w.leaf[FIRST_LOT].leaf.number[i]++;
		assert_lie(4, CDR_E_PROOF, "samples/1 is not the lot that leaf 10 recorded");
	}
	w.leaf[FIRST_LOT] = kept;
	w.leaf[FIRST_LOT].position = 9; /* before what it draws from was there */
	assert_lie(4, CDR_E_PROOF, "samples/1 is not the lot that leaf 9 recorded");
	w.leaf[FIRST_LOT] = kept;
	remove_file("samples/2");
	assert_lie(4, CDR_E_ABSENT, "samples/2 is missing: leaf 20 records it");
}

/* The tree must have had the root of each lot. */
static void
a_lot_of_another_tree_is_named(void **state)
{
	struct cdr_merkle_edge edge = { 0 };
	uint8_t leaf[CDR_MERKLE_HASH_LEN] = { 3 };

	(void)state;
	assert_int_equal(verify(4), CDR_OK);
	w.v.sample_rooted = 0;
	assert_int_equal(cdr_verify_samples(&w.v, &w.fault), CDR_E_PROOF); /* none was seen */
	for (size_t i = 0; i < 9; i++) {
		assert_int_equal(cdr_merkle_append(&edge, leaf, NULL), CDR_OK);
		assert_int_equal(cdr_verify_sample_root(&w.v, &edge, &w.fault), CDR_OK);
	}
	assert_int_equal(cdr_merkle_append(&edge, leaf, NULL), CDR_OK);
	assert_int_equal(cdr_verify_sample_root(&w.v, &edge, &w.fault), CDR_E_PROOF);
	assert_non_null(strstr(w.fault.text, "samples/1 was drawn from"));
	assert_int_equal(cdr_merkle_root(&edge, w.v.sample[0].sample.basis.root), CDR_OK);
	assert_int_equal(cdr_verify_sample_root(&w.v, &edge, &w.fault), CDR_OK);
	assert_int_equal(w.v.sample_rooted, 1);
}

static void
a_finding_that_is_not_the_auditors_is_named(void **state)
{
	struct cdr_verify_leaf kept = w.leaf[CHECK];

	(void)state;
	/* The leaf says another outcome, position, point, sample than what was signed. */
	for (size_t i = 0; i < 4; i++) {
		w.leaf[CHECK] = kept;
		w.leaf[CHECK].leaf.number[i]++;
		assert_lie(4, CDR_E_PROOF, "verdicts/11 is not what leaf 11 recorded");
	}
	w.leaf[CHECK] = kept;
	w.leaf[CHECK].leaf.kind = CDR_LEAF_SAMPLE_ANSWER; /* an import, it says */
	assert_lie(4, CDR_E_PROOF, "verdicts/11 is not what leaf 11 recorded");
	w.leaf[CHECK] = kept;
	write_file("verdicts/11", (struct cdr_bytes){ (const uint8_t *)"nothing", 7 });
	assert_lie(4, CDR_E_PROOF, "verdicts/11 is not what leaf 11 recorded");
	/* Signed by somebody else: in another's name, or as a trustee that there is none of. */
	put_found(1, 4, 0, "check", "opened", check_auditor, check_auditor % TRUSTEES + 1, CHECK_FOUND, &w.leaf[CHECK]);
	assert_lie(4, CDR_E_SIGNATURE, "verdicts/11 is not signed by the trustee that it names");
	put_found(1, 4, 0, "check", "opened", TRUSTEES + 1, check_auditor, CHECK_FOUND, &w.leaf[CHECK]);
	assert_lie(4, CDR_E_SIGNATURE, "verdicts/11 is not signed by the trustee that it names");
	remove_file("verdicts/21");
	put_found(1, 4, 0, "check", "opened", check_auditor, check_auditor, CHECK_FOUND, &w.leaf[CHECK]);
	assert_lie(4, CDR_E_ABSENT, "verdicts/21");
}

static void
a_finding_about_what_was_not_drawn_is_named(void **state)
{
	uint32_t other = check_auditor % TRUSTEES + 1;

	(void)state;
	put_found(1, 4, 0, "check", "opened", other, other, CHECK_FOUND, &w.leaf[CHECK]); /* for another auditor */
	assert_lie(4, CDR_E_PROOF, "leaf 11 is about what no lot drew for that auditor");
	uint32_t auditor = auditor_of(&first, 10, 0);
	put_found(1, 10, 0, "check", "opened", auditor, auditor, CHECK_FOUND, &w.leaf[CHECK]); /* beyond the lot's stretch */
	assert_lie(4, CDR_E_PROOF, "leaf 11 is about what no lot drew for that auditor");
	put_found(3, 4, 0, "check", "opened", check_auditor, check_auditor, CHECK_FOUND, &w.leaf[CHECK]); /* of a lot that there is none of */
	assert_lie(4, CDR_E_PROOF, "leaf 11 is about what no lot drew for that auditor");
	auditor = auditor_of(&first, 4, 1);
	put_found(1, 4, 1, "check", "opened", auditor, auditor, CHECK_FOUND, &w.leaf[CHECK]); /* of a check only the whole is drawn */
	assert_lie(4, CDR_E_PROOF, "leaf 11 is about what no lot drew for that auditor");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_holds_is_counted),
		TEST(what_nobody_answered_is_counted),
		TEST(who_stood_in_for_an_auditor_is_no_liar),
		TEST(who_is_called_late_too_early),
		TEST(who_could_not_answer_is_not_late),
		TEST(who_has_other_keys_is_not_late),
		TEST(a_lot_that_is_none_is_named),
		TEST(a_stretch_that_is_left_out_is_named),
		TEST(a_lot_that_the_log_does_not_have_is_named),
		TEST(a_lot_of_another_tree_is_named),
		TEST(a_finding_that_is_not_the_auditors_is_named),
		TEST(a_finding_about_what_was_not_drawn_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
