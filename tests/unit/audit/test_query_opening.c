/* Openings: what was evaluated can be shown, and nothing else can be passed off for it. */
#include "tests/unit/audit/sample_world.h"

static struct sample_world world;
static struct cdr_sample sample;
static struct s_opening o;
static struct cdr_query_opening_shown shown;
static struct cdr_fault fault;
static const char *const member = "blue-harbour";

static int
setup(void **state)
{
	if (make_parties(state) != 0)
		return -1;
	s_make(&world, 1, 1);
	sample = s_sample(&world, 1, 0, 100);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	s_free(&world);
	return 0;
}

static int
forget(void **state)
{
	(void)state;
	s_opening_free(&o);
	return 0;
}

static cdr_err
look(void)
{
	return cdr_query_opening_verify(&o.message, member, &sample, world.roster, &shown, &fault);
}

/* It is seen to be false, for this reason, and nothing is shown. */
#define assert_false_for(pattern)                                                    \
	do {                                                                         \
		assert_int_equal(look(), CDR_E_PROOF);                               \
		if (strstr(fault.text, pattern) == NULL)                             \
			fail_msg("%s", fault.text);                                  \
		assert_int_equal(shown.point_count, 0);                              \
		assert_int_equal(shown.person.given_names[0], 0);                    \
	} while (0)

/* An import's drawn points with everything in one sample: find one that is drawn, of the second person. */
static void
make_import(const struct cdr_person *person)
{
	uint32_t drawn[CDR_SAMPLE_DRAWN_MAX];
	size_t count;

	for (uint64_t position = 0; position < 100; position++) {
		s_import(&world, person, position, &o);
		uint32_t first = o.message.first, end = first + (uint32_t)(o.message.blinds.len / CDR_SCALAR_LEN);
		assert_int_equal(cdr_sample_draw(&sample, position, CDR_LEAF_PURPOSE_IMPORT, (uint32_t)o.point_count, drawn, &count), CDR_OK);
		for (size_t i = 0; i < count; i++)
			if (drawn[i] >= first && drawn[i] < end) {
				o.message.point = drawn[i];
				return;
			}
		s_opening_free(&o);
	}
	fail_msg("nothing is drawn");
}

static void
an_honest_check_holds(void **state)
{
	const struct cdr_person person = s_person("Candida", "Testperson");

	(void)state;
	s_check(&world, &person, 42, &o);
	if (look() != CDR_OK)
		fail_msg("%s", fault.text);
	assert_string_equal(shown.person.given_names, "Candida");
	assert_int_equal(shown.point_count, shown.shown_count + shown.filler_count);
	assert_int_equal(shown.point_count, cdr_token_padded(shown.shown_count));
	assert_string_equal(shown.leaf.party[0], "member/blue-harbour");
	/* The hash is that of the entry in the tree. */
	struct cdr_buffer entry;
	uint8_t hash[CDR_MERKLE_HASH_LEN];
	assert_int_equal(cdr_leaf_entry(cdr_buffer_bytes(&o.leaf), o.salt, &entry), CDR_OK);
	assert_int_equal(cdr_merkle_leaf(cdr_buffer_bytes(&entry), hash), CDR_OK);
	assert_memory_equal(hash, shown.hash, sizeof(hash));
	cdr_buffer_free(&entry);
}

static void
an_honest_import_holds(void **state)
{
	const struct cdr_person person = s_person("Leavina", "Testperson");

	(void)state;
	make_import(&person);
	if (look() != CDR_OK)
		fail_msg("%s", fault.text);
	assert_string_equal(shown.person.given_names, "Leavina");
	assert_int_equal(shown.filler_count, 0);
	assert_true(shown.shown_count < shown.point_count);
	/* Nothing of the two others is in it. */
	struct cdr_buffer bytes;
	assert_int_equal(cdr_message_encode(&o.message.base, &bytes), CDR_OK);
	assert_null(memmem(bytes.data, bytes.len, "Firsta", 6));
	assert_null(memmem(bytes.data, bytes.len, "Nowhereman", 10));
	cdr_buffer_free(&bytes);
}

/* Somebody else than was evaluated, with any blinds at all. */
static void
nobody_else_can_be_shown(void **state)
{
	struct cdr_person person = s_person("Candida", "Testperson"), other = s_person("Orrelia", "Testperson");

	(void)state;
	s_check(&world, &person, 42, &o);
	s_name(&o, &other);
	assert_false_for("somebody else was evaluated");
	s_name(&o, &person);
	o.blinds[33] ^= 1;
	assert_false_for("point 1 was not made of what is shown");
	o.blinds[33] ^= 1;
	o.filler_bytes[0][0] ^= 1;
	assert_false_for("somebody else was evaluated");
	o.filler_bytes[0][0] ^= 1;
	assert_int_equal(look(), CDR_OK);
	person.document[0].number[3] ^= 1;
	s_name(&o, &person);
	assert_false_for("point 0");
	o.message.person.len--;
	assert_false_for("no person");
}

/* A second person among the points of a check: as filler, or in place of it. */
static void
a_check_has_one_person(void **state)
{
	const struct cdr_person person = s_person("Candida", "Testperson"), hidden = s_person("Hiddena", "Fished");
	struct cdr_token_set set;

	(void)state;
	s_check(&world, &person, 42, &o);
	size_t tokens = o.point_count - o.message.n_filler;
	assert_int_equal(cdr_token_derive(&hidden, &world.scheme, &set, NULL), CDR_OK);
	/* One token of somebody else where a filler should be, evaluated so and logged so. */
	assert_true(o.message.n_filler > 0);
	o.point_count = tokens;
	s_blind(&o, set.token[0].input, set.token[0].input_len);
	o.point_count = tokens + o.message.n_filler;
	s_sign(&o, "check");
	assert_false_for("somebody else was evaluated");
	o.filler[0] = cdr_message_field(set.token[0].input, set.token[0].input_len);
	assert_false_for("could be somebody's");
	/* More points than one person fills up to, or fewer shown than were evaluated. */
	o.message.n_filler--;
	assert_false_for("are shown");
	o.message.blinds.len -= CDR_SCALAR_LEN;
	assert_false_for("nothing else");
	o.message.blinds.len -= 1;
	assert_false_for("are shown");
}

static void
an_import_shows_whom_the_point_belongs_to(void **state)
{
	const struct cdr_person person = s_person("Leavina", "Testperson"), first = s_person("Firsta", "Nobodi");
	struct cdr_token_set set;

	(void)state;
	make_import(&person);
	uint32_t at = o.message.first;
	/* The first person, whose points they are not. */
	assert_int_equal(cdr_token_derive(&first, &world.scheme, &set, NULL), CDR_OK);
	s_name(&o, &first);
	o.message.first = 0;
	o.message.blinds = cdr_message_field(o.blinds, set.count * CDR_SCALAR_LEN);
	assert_false_for("not the one that is shown");
	o.message.first = o.message.point - 1;
	assert_false_for("somebody else was evaluated");
	o.message.first = UINT32_MAX;
	assert_false_for("not the one that is shown");
	o.message.first = at;
	s_name(&o, &person);
	o.message.blinds = cdr_message_field(o.blinds + at * CDR_SCALAR_LEN, CDR_SCALAR_LEN);
	assert_false_for("are shown");
	o.message.n_filler = 1;
	o.filler[0] = cdr_message_field(o.filler_bytes[0], CDR_SHA256_LEN);
	o.message.filler = o.filler;
	assert_false_for("are shown");
}

static void
leaf_request_and_points_belong_together(void **state)
{
	const struct cdr_person person = s_person("Candida", "Testperson");

	(void)state;
	s_check(&world, &person, 42, &o);
	o.points[7] ^= 1;
	assert_false_for("not the points that were evaluated");
	o.points[7] ^= 1;
	o.message.points.len -= CDR_POINT_LEN;
	assert_false_for("another number of points");
	o.message.points.len += CDR_POINT_LEN;
	o.request.data[o.request.len - 1] ^= 1;
	assert_false_for("the leaf is of another request");
	o.request.data[o.request.len - 1] ^= 1;
	o.message.salt.len--;
	assert_false_for("none of an evaluation");
	o.message.salt.len++;
	/* What is logged as a check is not shown as an import, with one point of it. */
	struct cdr_buffer leaf = o.leaf;
	o.leaf = (struct cdr_buffer){ NULL, 0 };
	s_sign(&o, "import");
	o.message.leaf = cdr_message_field(leaf.data, leaf.len);
	assert_false_for("the leaf is of another request");
	cdr_buffer_free(&leaf);
	s_sign(&o, "check");
	assert_int_equal(look(), CDR_OK);
	assert_int_equal(cdr_query_opening_verify(&o.message, "green-valley", &sample, world.roster, &shown, &fault), CDR_E_PROOF);
	assert_non_null(strstr(fault.text, "another member's"));
	o.message.sample = 2;
	assert_false_for("another sample");
	o.message.sample = 1;
	o.message.position = 100;
	assert_false_for("nothing was drawn there");
	o.message.position = 42;
	o.message.point = 1;
	assert_false_for("nothing was drawn there");
}

static void
the_reason_must_be_said(void **state)
{
	static char empty[] = "";
	const struct cdr_person person = s_person("Candida", "Testperson");

	(void)state;
	s_check(&world, &person, 42, &o);
	char *notified = o.message.notified;
	o.message.notified = empty;
	assert_false_for("what notice");
	o.message.notified = NULL;
	assert_false_for("what notice");
	o.message.notified = notified;
	o.message.record.len = 3;
	assert_false_for("which record");
	s_opening_free(&o);
	make_import(&person);
	o.message.employed_to = NULL;
	assert_false_for("employed");
}

/* Tables of another epoch: not false, but not to be told either. */
static void
other_tables_cannot_tell(void **state)
{
	struct sample_world w = world;
	uint8_t version[CDR_SCHEME_VERSION_LEN] = { 1 };
	const struct cdr_person person = s_person("Candida", "Testperson");

	(void)state;
	w.epoch.scheme_version = cdr_message_field(version, sizeof(version));
	w.epochs[0] = &w.epoch;
	w.draft.body.epoch = w.epochs;
	assert_int_equal(make_roster(&w.draft, 7, &w.roster), CDR_OK);
	s_check(&w, &person, 42, &o);
	assert_int_equal(cdr_query_opening_verify(&o.message, member, &sample, w.roster, &shown, &fault), CDR_E_REFUSED);
	cdr_roster_free(w.roster);
}

static void
no_more_than_tokens_need_is_said_of_a_person(void **state)
{
	struct cdr_person person = s_person("Candida", "Testperson"), kept;
	struct cdr_token_set before, after;

	(void)state;
	(void)snprintf(person.email, sizeof(person.email), "c@nowhere.example");
	(void)snprintf(person.phone, sizeof(person.phone), "+000");
	(void)snprintf(person.gender, sizeof(person.gender), "female");
	(void)snprintf(person.nationality[0], sizeof(person.nationality[0]), "KEN");
	cdr_query_opening_person(&person, &kept);
	assert_int_equal(kept.email[0] | kept.phone[0] | kept.gender[0], 0);
	assert_int_equal(cdr_token_derive(&person, &world.scheme, &before, NULL), CDR_OK);
	assert_int_equal(cdr_token_derive(&kept, &world.scheme, &after, NULL), CDR_OK);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_true(cdr_query_opening_refusal_valid("refused") && cdr_query_opening_refusal_valid("lost") && cdr_query_opening_refusal_valid("erased"));
	assert_false(cdr_query_opening_refusal_valid("no"));
}

static void
only_the_auditor_opens_it(void **state)
{
	const struct cdr_person person = s_person("Candida", "Testperson");
	const struct party_keys *auditor = &trustee_keys[2];
	Cdr__Wire__OpeningPut put = CDR__WIRE__OPENING_PUT__INIT;
	struct cdr_buffer sealed;
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__Opening *opening;

	(void)state;
	s_check(&world, &person, 42, &o);
	assert_int_equal(cdr_query_opening_seal(&o.message, auditor->sealing, world.genesis, member, &sealed), CDR_OK);
	assert_null(memmem(sealed.data, sealed.len, "Candida", 7));
	put.sample = 1;
	put.position = 42;
	put.has_sealed = true;
	put.sealed = cdr_message_field(sealed.data, sealed.len);
	assert_int_equal(cdr_query_opening_open(&put, auditor->secret, world.genesis, member, &arena, &opening), CDR_OK);
	assert_int_equal(cdr_query_opening_verify(opening, member, &sample, world.roster, &shown, &fault), CDR_OK);
	cdr_arena_free(&arena);
	assert_int_equal(cdr_query_opening_open(&put, trustee_keys[0].secret, world.genesis, member, &arena, &opening), CDR_E_SEALED);
	assert_int_equal(cdr_query_opening_open(&put, auditor->secret, world.genesis, "green-valley", &arena, &opening), CDR_E_SEALED);
	assert_int_equal(cdr_query_opening_open(&put, auditor->secret, world.genesis, "a-name-that-is-far-too-long-for-anybody", &arena, &opening),
	    CDR_E_SEALED);
	put.position = 43;
	assert_int_equal(cdr_query_opening_open(&put, auditor->secret, world.genesis, member, &arena, &opening), CDR_E_SEALED);
	put.position = 42;
	sealed.data[80] ^= 1;
	assert_int_equal(cdr_query_opening_open(&put, auditor->secret, world.genesis, member, &arena, &opening), CDR_E_SEALED);
	put.sealed.len = CDR_HPKE_OVERHEAD;
	assert_int_equal(cdr_query_opening_open(&put, auditor->secret, world.genesis, member, &arena, &opening), CDR_E_SEALED);
	put.has_sealed = false;
	assert_int_equal(cdr_query_opening_open(&put, auditor->secret, world.genesis, member, &arena, &opening), CDR_E_SEALED);
	cdr_arena_free(&arena);
	cdr_buffer_free(&sealed);
	/* What is too large is not sealed at all; nor to what is no key. */
	uint8_t *large = calloc(1, CDR_OPENING_SEALED_MAX);
	o.message.points = cdr_message_field(large, CDR_OPENING_SEALED_MAX);
	assert_int_equal(cdr_query_opening_seal(&o.message, auditor->sealing, world.genesis, member, &sealed), CDR_E_RANGE);
	free(large);
	uint8_t no_key[CDR_HPKE_PUBLIC_LEN] = { 4 };
	o.message.points.len = 0;
	assert_int_equal(cdr_query_opening_seal(&o.message, no_key, world.genesis, member, &sealed), CDR_E_POINT);
	/* Inside stands another place than outside. */
	o.message.sample = 1;
	o.message.point = 0;
	put.has_sealed = true;
	assert_int_equal(cdr_query_opening_seal(&o.message, auditor->sealing, world.genesis, member, &sealed), CDR_OK);
	cdr_buffer_free(&sealed);
}

#define TEST(name) cmocka_unit_test_teardown(name, forget)

/* What a member says goes to the auditor's screen: nothing of it writes over what the program found. */
static void
nothing_shown_writes_over_the_screen(void **state)
{
	static char screen[] = "yes\x1b[3A\x1b[JLeaf 42 was drawn by sample 1, and is what is shown", lines[] = "yes\nLegal basis consent",
	    turned[] = "yes \xe2\x80\xae sey", cut[] = "yes \xc3";
	char *const said[] = { screen, lines, turned, cut };
	const struct cdr_person person = s_person("Candida", "Testperson");
	struct cdr_person renamed = person;

	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		s_check(&world, &person, 42, &o);
		o.message.notified = said[i];
		assert_int_equal(look(), CDR_E_PROOF);
		assert_non_null(strstr(fault.text, "notice is no clean text"));
		forget(NULL);
	}
	/* A name has the same tokens with what does not count in it. */
	(void)snprintf(renamed.given_names, sizeof(renamed.given_names), "Candida\x1b[A");
	s_check(&world, &renamed, 42, &o);
	assert_int_equal(look(), CDR_E_PROOF);
	assert_non_null(strstr(fault.text, "a name or a document is no clean text"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_honest_check_holds),
		TEST(an_honest_import_holds),
		TEST(nobody_else_can_be_shown),
		TEST(a_check_has_one_person),
		TEST(an_import_shows_whom_the_point_belongs_to),
		TEST(leaf_request_and_points_belong_together),
		TEST(the_reason_must_be_said),
		TEST(nothing_shown_writes_over_the_screen),
		TEST(other_tables_cannot_tell),
		TEST(no_more_than_tokens_need_is_said_of_a_person),
		TEST(only_the_auditor_opens_it),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
