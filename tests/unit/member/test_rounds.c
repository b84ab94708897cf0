/* Rounds of statistics at a member: what is submitted is kept first and sent as it was kept; what the hub acknowledged it must count. */
#include "tests/unit/member/world_play.h"

#include "node/member/incidents.h"
#include "node/member/rounds.h"

#define LIST_PATH "/v1/round/list"
#define PLAYED_MAX 3
#define COUNTED_MAX 8
#define DEADLINE UINT32_MAX

/* A round as the hub tells of it. */
struct played {
	struct cdr_buffer sealed, close;
	uint8_t hash[CDR_ROUND_HASH_LEN];
	char state[24];
};

static struct {
	struct played round[PLAYED_MAX];
	size_t count;
	struct cdr_buffer request[COUNTED_MAX];   /* contributions of BLUE as they came, each once */
	size_t request_count, submit_count;
	bool acknowledges_other;
	struct cdr_arena arena[2 * PLAYED_MAX];   /* of the reply */
} hub;

static struct cdr_fault fault;

/* ---- the hub --------------------------------------------------------------------------------------------------------- */

static void
hash_of(struct cdr_bytes bytes, uint8_t hash[static CDR_SHA256_LEN])
{
	assert_int_equal(cdr_sha256(&bytes, 1, hash), CDR_OK);
}

static void
list(struct w_reply *reply)
{
	Cdr__Wire__RoundList answer = CDR__WIRE__ROUND_LIST__INIT;
	Cdr__Wire__RoundState state[PLAYED_MAX], *at[PLAYED_MAX];

	memset(hub.arena, 0, sizeof(hub.arena));
	for (size_t i = 0; i < hub.count; i++) {
		struct played *p = &hub.round[i];
		at[i] = &state[i];
		state[i] = (Cdr__Wire__RoundState)CDR__WIRE__ROUND_STATE__INIT;
		state[i].state = p->state;
		assert_int_equal(cdr_message_decode(&hub.arena[2 * i], &cdr__wire__signed_round__descriptor, cdr_buffer_bytes(&p->sealed),
		    &state[i].round), CDR_OK);
		if (p->close.len > 0)
			assert_int_equal(cdr_message_decode(&hub.arena[2 * i + 1], &cdr__wire__signed_close__descriptor,
			    cdr_buffer_bytes(&p->close), &state[i].close), CDR_OK);
	}
	answer.state = at;
	answer.n_state = hub.count;
	w_say(reply, &answer.base);
	for (size_t i = 0; i < 2 * PLAYED_MAX; i++)
		cdr_arena_free(&hub.arena[i]);
}

static void
submit(const struct world *w, struct w_reply *reply)
{
	Cdr__Wire__RoundSubmitReply answer = CDR__WIRE__ROUND_SUBMIT_REPLY__INIT;
	uint8_t hash[CDR_SHA256_LEN];
	size_t i = 0;

	hub.submit_count++;
	while (i < hub.request_count && (hub.request[i].len != w->request.len || memcmp(hub.request[i].data, w->request.data, w->request.len) != 0))
		i++;
	if (i == hub.request_count) {
		assert_true(i < COUNTED_MAX);
		assert_int_equal(cdr_buffer_copy(w->request, &hub.request[hub.request_count++]), CDR_OK);
	}
	hash_of(w->request, hash);
	hash[0] ^= hub.acknowledges_other;
	answer.contribution = cdr_message_field(hash, sizeof(hash));
	w_say(reply, &answer.base);
}

static void
on_round(struct world *w, const char *path, const struct cdr_envelope *envelope, struct w_reply *reply)
{
	assert_string_equal(envelope->signer, "member/blue-harbour");
	if (strcmp(path, LIST_PATH) == 0)
		list(reply);
	else if (strcmp(path, CDR_TALLY_SUBMIT_PATH) == 0)
		submit(w, reply);
	else
		fail_msg("%s", path);
}

/* ---- rounds as the hub signs them ------------------------------------------------------------------------------------ */

/* What a test changes about a round. */
struct given {
	uint64_t deadline;
	uint32_t cells, bits;         /* of its one table, the number of reports */
	bool is_forged, is_elsewhere; /* not signed by the hub; of another exchange */
};

static const struct given usual = { .deadline = DEADLINE, .cells = 1, .bits = 8 };

/* One more round, with an id of its own. */
static struct played *
open_round(struct world *w, struct given given)
{
	static char period[] = "2025-H1", version[] = "2025-1", table_id[] = "reports";
	struct played *p = &hub.round[hub.count++];
	Cdr__Wire__RoundTable table = CDR__WIRE__ROUND_TABLE__INIT, *at[] = { &table };
	Cdr__Wire__Round body = CDR__WIRE__ROUND__INIT;
	Cdr__Wire__SignedRound sealed = CDR__WIRE__SIGNED_ROUND__INIT;
	uint8_t id[CDR_ID_LEN] = { (uint8_t)hub.count }, genesis[CDR_GENESIS_HASH_LEN], signature[CDR_SIGNATURE_LEN];
	struct cdr_buffer inner;

	assert_true(hub.count <= PLAYED_MAX);
	table.id = table_id;
	table.cells = given.cells;
	table.bits = given.bits;
	memcpy(genesis, w->genesis, sizeof(genesis));
	genesis[0] ^= given.is_elsewhere;
	body.exchange = cdr_message_field(genesis, sizeof(genesis));
	body.id = cdr_message_field(id, sizeof(id));
	body.period = period;
	assert_int_equal(cdr_round_period(period, &body.first_month, &body.last_month), CDR_OK);
	body.codebook_version = version;
	body.table = at;
	body.n_table = 1;
	body.minimum = 5;
	body.opened_at = 1;
	body.deadline = given.deadline;
	body.statistics_key = 1;
	body.public_key = cdr_message_field(w->public_key, sizeof(w->public_key));
	assert_int_equal(cdr_message_encode(&body.base, &inner), CDR_OK);
	assert_int_equal(cdr_round_sign(given.is_forged ? w->keys[RED].seed : w->hub.seed, CDR_ROUND_WORD_ROUND, genesis,
	    cdr_buffer_bytes(&inner), signature), CDR_OK);
	hash_of(cdr_buffer_bytes(&inner), p->hash);
	sealed.round = cdr_message_field(inner.data, inner.len);
	sealed.signature = cdr_message_field(signature, sizeof(signature));
	assert_int_equal(cdr_message_encode(&sealed.base, &p->sealed), CDR_OK);
	cdr_buffer_free(&inner);
	(void)snprintf(p->state, sizeof(p->state), "open");
	return p;
}

/* The hub closes a round with five others, and with a contribution of BLUE's whose hash it says is ${own}; NULL: with none. */
static void
close_round(struct world *w, struct played *p, const uint8_t *own, bool is_forged)
{
	static char ids[][16] = { "aa", "bb", "blue-harbour", "cc", "dd", "ee" };
	Cdr__Wire__RoundClose head = CDR__WIRE__ROUND_CLOSE__INIT;
	Cdr__Wire__CloseList entries = CDR__WIRE__CLOSE_LIST__INIT;
	Cdr__Wire__SignedClose sealed = CDR__WIRE__SIGNED_CLOSE__INIT;
	Cdr__Wire__ClosedContribution entry[6], *at[6];
	uint8_t other[CDR_SHA256_LEN] = { 1 }, mine[CDR_SHA256_LEN], list_hash[CDR_SHA256_LEN], signature[CDR_SIGNATURE_LEN];
	struct cdr_buffer listed, inner;

	if (own != NULL)
		memcpy(mine, own, sizeof(mine));
	for (size_t i = 0; i < 6; i++) {
		bool is_own = i == 2;
		if (is_own && own == NULL)
			continue;
		Cdr__Wire__ClosedContribution *one = at[entries.n_contribution++] = &entry[i];
		*one = (Cdr__Wire__ClosedContribution)CDR__WIRE__CLOSED_CONTRIBUTION__INIT;
		one->member = ids[i];
		one->hash = cdr_message_field(is_own ? mine : other, sizeof(other));
	}
	entries.contribution = at;
	assert_int_equal(cdr_message_encode(&entries.base, &listed), CDR_OK);
	hash_of(cdr_buffer_bytes(&listed), list_hash);
	head.round = cdr_message_field(p->hash, sizeof(p->hash));
	head.closed_at = 3;
	head.members = (uint32_t)entries.n_contribution;
	head.list_hash = cdr_message_field(list_hash, sizeof(list_hash));
	head.sums_hash = cdr_message_field(other, sizeof(other));
	head.roster_version = w->version;
	assert_int_equal(cdr_message_encode(&head.base, &inner), CDR_OK);
	assert_int_equal(cdr_round_sign(is_forged ? w->keys[RED].seed : w->hub.seed, CDR_ROUND_WORD_CLOSE, w->genesis,
	    cdr_buffer_bytes(&inner), signature), CDR_OK);
	sealed.close = cdr_message_field(inner.data, inner.len);
	sealed.signature = cdr_message_field(signature, sizeof(signature));
	sealed.has_list = 1;
	sealed.list = cdr_message_field(listed.data, listed.len);
	cdr_buffer_free(&p->close);
	assert_int_equal(cdr_message_encode(&sealed.base, &p->close), CDR_OK);
	cdr_buffer_free(&inner);
	cdr_buffer_free(&listed);
	(void)snprintf(p->state, sizeof(p->state), "closed");
}

static int
setup(void **state)
{
	struct world *w = w_new();

	memset(&hub, 0, sizeof(hub));
	w->on_round = on_round;
	w->with_statistics = true;
	w_roster(w);
	w_refresh(w);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	for (size_t i = 0; i < PLAYED_MAX; i++) {
		cdr_buffer_free(&hub.round[i].sealed);
		cdr_buffer_free(&hub.round[i].close);
	}
	for (size_t i = 0; i < COUNTED_MAX; i++)
		cdr_buffer_free(&hub.request[i]);
	return w_teardown(state);
}

/* ---- the node -------------------------------------------------------------------------------------------------------- */

/* Submit ${count} reports for the newest round that is open. */
static cdr_err
put(struct world *w, uint32_t count, const char *coarsened)
{
	struct cdr_rounds rounds;
	uint64_t number;

	assert_int_equal(cdr_rounds_fetch(w->member[BLUE], &rounds, &fault), CDR_OK);
	const struct cdr_rounds_entry *e = cdr_rounds_find(&rounds, NULL, &fault);
	assert_non_null(e);
	cdr_err err = cdr_rounds_submit(w->member[BLUE], e->round, &count, coarsened, &number, &fault);
	assert_int_equal(number != 0, err == CDR_OK);
	cdr_rounds_free(&rounds);
	return err;
}

static cdr_err
step(struct world *w)
{
	bool worked;

	return cdr_rounds_step(w->member[BLUE], &worked, &fault);
}

static int64_t
misconduct(struct world *w)
{
	return w_count(w->member[BLUE], "SELECT count(*) FROM misconduct");
}

/* Look again, where the hub is caught; what was logged. */
static const char *
look_at_liar(struct world *w)
{
	w_log_start();
	assert_int_equal(step(w), CDR_OK);
	return w_log_end();
}

/* What the node says of its first round. */
static struct cdr_rounds_entry
look(struct world *w)
{
	struct cdr_rounds rounds;

	assert_int_equal(cdr_rounds_fetch(w->member[BLUE], &rounds, &fault), CDR_OK);
	struct cdr_rounds_entry e = rounds.entry[0];
	cdr_rounds_free(&rounds);
	return e;
}

/* ---- which rounds there are ------------------------------------------------------------------------------------------ */

static void
test_found(void **state)
{
	struct world *w = *state;
	struct cdr_rounds rounds;
	uint8_t id[CDR_ID_LEN] = { 1 };
	char text[CDR_ID_TEXT_LEN];

	assert_int_equal(cdr_rounds_fetch(w->member[BLUE], &rounds, &fault), CDR_OK);
	assert_null(cdr_rounds_find(&rounds, NULL, &fault));
	assert_int_equal(fault.code, CDR_E_ABSENT);
	cdr_rounds_free(&rounds);
	open_round(w, usual);
	open_round(w, usual);
	close_round(w, open_round(w, usual), NULL, false);
	assert_int_equal(cdr_rounds_fetch(w->member[BLUE], &rounds, &fault), CDR_OK);
	assert_int_equal(rounds.count, 3);
	assert_ptr_equal(cdr_rounds_find(&rounds, NULL, &fault), &rounds.entry[1]);
	cdr_id_write(id, text);
	assert_ptr_equal(cdr_rounds_find(&rounds, text, &fault), &rounds.entry[0]);
	id[0] = 9;
	cdr_id_write(id, text);
	assert_null(cdr_rounds_find(&rounds, text, &fault));
	assert_int_equal(fault.code, CDR_E_ABSENT);
	assert_true(rounds.entry[2].has_close && !rounds.entry[2].is_counted && !rounds.entry[2].is_unknown);
	assert_int_equal(rounds.entry[2].members, 5);
	cdr_rounds_free(&rounds);
}

/* What does not hold of a round is no round. */
static void
test_refused(void **state)
{
	struct world *w = *state;
	struct given bad[] = { usual, usual };
	static const cdr_err expected[] = { CDR_E_SIGNATURE, CDR_E_REFUSED };
	struct cdr_rounds rounds;

	bad[0].is_forged = true;
	bad[1].is_elsewhere = true;
	for (size_t i = 0; i < 2; i++) {
		open_round(w, bad[i]);
		assert_int_equal(cdr_rounds_fetch(w->member[BLUE], &rounds, &fault), expected[i]);
		cdr_rounds_free(&rounds);
		cdr_buffer_free(&hub.round[0].sealed);
		hub.count = 0;
	}
	struct played *p = open_round(w, usual);
	(void)snprintf(p->state, sizeof(p->state), "a state of its own");
	assert_int_equal(cdr_rounds_fetch(w->member[BLUE], &rounds, &fault), CDR_E_INPUT);
	cdr_rounds_free(&rounds);
	close_round(w, p, NULL, true);
	assert_int_equal(cdr_rounds_fetch(w->member[BLUE], &rounds, &fault), CDR_E_SIGNATURE);
	cdr_rounds_free(&rounds);
	assert_int_equal(misconduct(w), 0); /* what anybody could have made shows nothing of the hub */
}

/* ---- figures --------------------------------------------------------------------------------------------------------- */

/* Two incidents of the half-year, one of another. */
static void
enter(struct world *w)
{
	static const char file[] = "own_reference,date_org_aware,country,incident_type,status,survivor_consent_to_share,survivor.gender,narrative\n"
		"C-1,2025-03-10,KEN,sexual_abuse,received,yes,female,one\nC-2,2025-04-02,UGA,sexual_harassment,received,yes,male,two\n"
		"C-3,2025-H2,SSD,sexual_exploitation,received,yes,female,\n";
	static const struct cdr_incidents_options none;
	struct cdr_incidents_outcome outcome;
	struct cdr_incident_file *reader;
	struct cdr_record_rules rules;

	cdr_member_rules(w->member[BLUE], &rules);
	assert_int_equal(cdr_incident_file_new((struct cdr_bytes){ (const uint8_t *)file, strlen(file) }, &rules, &reader, &fault), CDR_OK);
	assert_int_equal(cdr_incidents_import(w->member[BLUE], reader, &none, &outcome, &fault), CDR_OK);
	cdr_incident_file_free(reader);
}

static cdr_err
count(struct world *w, struct given given, uint32_t *figure)
{
	struct cdr_rounds rounds;
	uint32_t *counts;

	hub.count = 0;
	cdr_buffer_free(&hub.round[0].sealed);
	open_round(w, given);
	assert_int_equal(cdr_rounds_fetch(w->member[BLUE], &rounds, &fault), CDR_OK);
	cdr_err err = cdr_rounds_count(w->member[BLUE], rounds.entry[0].round, NULL, 0, &counts, &fault);
	assert_int_equal(counts == NULL, err != CDR_OK);
	*figure = err == CDR_OK ? counts[0] : 0;
	cdr_wiping_free(counts);
	cdr_rounds_free(&rounds);
	return err;
}

static void
test_counted(void **state)
{
	struct world *w = *state;
	struct given other = usual, small = usual;
	uint32_t figure;

	enter(w);
	assert_int_equal(count(w, usual, &figure), CDR_OK);
	assert_int_equal(figure, 2);
	other.cells = 2; /* not as the codebook here has the table */
	assert_int_equal(count(w, other, &figure), CDR_E_ABSENT);
	assert_non_null(strstr(fault.text, "candor codebook load"));
	small.bits = 1;
	assert_int_equal(count(w, small, &figure), CDR_E_RANGE);
	assert_non_null(strstr(fault.text, "secretariat"));
}

/* ---- submitting ------------------------------------------------------------------------------------------------------ */

static void
test_acknowledged(void **state)
{
	struct world *w = *state;

	open_round(w, usual);
	assert_int_equal(put(w, 3, "country"), CDR_OK);
	struct cdr_rounds_entry e = look(w);
	assert_true(e.submission == 1 && e.is_acknowledged);
	assert_string_equal(e.coarsened, "country");
	assert_int_equal(put(w, 4, ""), CDR_OK);
	e = look(w);
	assert_true(e.submission == 2 && e.is_acknowledged);
	assert_string_equal(e.coarsened, "");
	/* Ciphertexts that the hub has are not kept, and nothing is sent again. */
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM round_submission WHERE length(request) = 0 AND reply IS NOT NULL"), 2);
	assert_int_equal(step(w), CDR_OK);
	assert_int_equal(hub.submit_count, 2);
}

/* A node that is killed, or hears nothing, sends the very same again. */
static void
test_sent_again(void **state)
{
	struct world *w = *state;

	open_round(w, usual);
	w->refused_path = CDR_TALLY_SUBMIT_PATH;
	w->refused_code = CDR_E_BUSY;
	assert_int_equal(put(w, 3, ""), CDR_E_BUSY);
	assert_false(look(w).is_acknowledged);
	w->refused_path = NULL;
	w->forgets_reply = true;
	assert_int_equal(step(w), CDR_E_TIME);
	w->forgets_reply = false;
	assert_int_equal(hub.submit_count, 1);
	assert_int_equal(step(w), CDR_OK);
	assert_int_equal(hub.submit_count, 2);
	assert_int_equal(hub.request_count, 1); /* byte by byte the same */
	assert_true(look(w).is_acknowledged);
	/* Of two that wait the later one counts: the earlier is not sent behind it. */
	w->refused_path = CDR_TALLY_SUBMIT_PATH;
	assert_int_equal(put(w, 4, ""), CDR_E_BUSY);
	assert_int_equal(put(w, 5, ""), CDR_E_BUSY);
	w->refused_path = NULL;
	assert_int_equal(step(w), CDR_OK);
	assert_int_equal(step(w), CDR_OK);
	assert_int_equal(hub.request_count, 2);
	assert_int_equal(look(w).submission, 3);
	w->hub_is_down = true;
	assert_int_equal(step(w), CDR_E_NETWORK);
}

/* What the hub will not have is not sent for ever. */
static void
test_not_taken(void **state)
{
	struct world *w = *state;
	struct given over = usual;

	open_round(w, usual);
	w->refused_path = CDR_TALLY_SUBMIT_PATH;
	w->refused_code = CDR_E_TIME;
	assert_int_equal(put(w, 3, ""), CDR_E_TIME);
	w->refused_path = NULL;
	assert_int_equal(step(w), CDR_OK);
	assert_int_equal(hub.submit_count, 0);
	assert_false(look(w).is_acknowledged);
	/* It acknowledges another one than it was sent. */
	hub.acknowledges_other = true;
	assert_int_equal(put(w, 3, ""), CDR_E_INPUT);
	assert_false(look(w).is_acknowledged);
	/* After the deadline nothing is made. */
	over.deadline = 1000;
	open_round(w, over);
	assert_int_equal(put(w, 3, ""), CDR_E_TIME);
	assert_int_equal(w_count(w->member[BLUE], "SELECT count(*) FROM round_submission"), 2);
}

/* ---- what the hub counts --------------------------------------------------------------------------------------------- */

/* Submit ${count} reports, which the hub takes; it is acknowledged, or its word is lost. The hash of the contribution. */
static void
submitted(struct world *w, uint32_t figure, bool acknowledged, uint8_t hash[static CDR_SHA256_LEN])
{
	struct cdr_rounds rounds;
	uint64_t number;

	assert_int_equal(cdr_rounds_fetch(w->member[BLUE], &rounds, &fault), CDR_OK);
	w->forgets_reply = !acknowledged;
	assert_int_equal(cdr_rounds_submit(w->member[BLUE], rounds.entry[0].round, &figure, "", &number, &fault),
	    acknowledged ? CDR_OK : CDR_E_TIME);
	w->forgets_reply = false;
	cdr_rounds_free(&rounds);
	hash_of(cdr_buffer_bytes(&hub.request[hub.request_count - 1]), hash);
}

static void
test_honest(void **state)
{
	struct world *w = *state;
	uint8_t first[CDR_SHA256_LEN], second[CDR_SHA256_LEN], third[CDR_SHA256_LEN];
	struct played *p = open_round(w, usual);

	submitted(w, 3, true, first);
	close_round(w, p, first, false);
	struct cdr_rounds_entry e = look(w);
	assert_true(e.has_close && e.is_counted && !e.is_unknown);
	assert_int_equal(e.members, 6);
	/* What came later took its place, or came too late: its word was lost, so nobody knows. */
	submitted(w, 4, false, second);
	submitted(w, 5, false, third);
	close_round(w, p, first, false);
	assert_false(look(w).is_counted);
	close_round(w, p, second, false);
	assert_false(look(w).is_counted);
	close_round(w, p, third, false);
	assert_true(look(w).is_counted);
	assert_int_equal(misconduct(w), 0);
}

static void
test_nothing_was_acknowledged(void **state)
{
	struct world *w = *state;
	uint8_t hash[CDR_SHA256_LEN] = { 7 };
	struct played *p = open_round(w, usual);

	/* Somebody put in something: this node before it was put back from a backup, say. */
	close_round(w, p, hash, false);
	assert_true(look(w).is_unknown);
	submitted(w, 3, false, hash);
	close_round(w, p, NULL, false);
	struct cdr_rounds_entry e = look(w);
	assert_true(e.has_close && !e.is_counted && !e.is_unknown);
	assert_int_equal(misconduct(w), 0);
}

static void
test_left_out(void **state)
{
	struct world *w = *state;
	uint8_t hash[CDR_SHA256_LEN];
	struct played *p = open_round(w, usual);

	submitted(w, 3, true, hash);
	close_round(w, p, NULL, false);
	assert_non_null(strstr(look_at_liar(w), "hub.misconduct"));
	assert_false(look(w).is_counted);
	assert_int_equal(misconduct(w), 1);
	assert_string_equal(w_text(w->member[BLUE], "SELECT party FROM misconduct"), "hub");
	assert_non_null(strstr(w_text(w->member[BLUE], "SELECT what FROM misconduct"), "left out"));
	/* The hub's own word is kept with it; and it is told once. */
	assert_int_equal(w_count(w->member[BLUE], "SELECT length(reply) > 0 FROM misconduct"), 1);
	assert_null(strstr(look_at_liar(w), "hub.misconduct"));
	assert_int_equal(misconduct(w), 1);
}

static void
test_counts_another(void **state)
{
	struct world *w = *state;
	uint8_t first[CDR_SHA256_LEN], second[CDR_SHA256_LEN];
	struct played *p = open_round(w, usual);

	submitted(w, 3, true, first);
	submitted(w, 4, true, second);
	close_round(w, p, first, false);
	assert_non_null(strstr(look_at_liar(w), "hub.misconduct"));
	assert_false(look(w).is_counted);
	assert_int_equal(misconduct(w), 1);
	assert_non_null(strstr(w_text(w->member[BLUE], "SELECT what FROM misconduct"), "counts another"));
}

/* That it keeps its word for a later one to itself does not free it from the one that it gave. */
static void
test_withheld_word(void **state)
{
	struct world *w = *state;
	uint8_t first[CDR_SHA256_LEN], second[CDR_SHA256_LEN], invented[CDR_SHA256_LEN] = { 7 };
	struct played *p = open_round(w, usual);

	submitted(w, 3, true, first);
	submitted(w, 4, false, second);
	close_round(w, p, invented, false);
	assert_non_null(strstr(look_at_liar(w), "hub.misconduct"));
	assert_false(look(w).is_counted);
	assert_int_equal(misconduct(w), 1);
	close_round(w, p, NULL, false);
	assert_false(look(w).is_counted);
	assert_int_equal(misconduct(w), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_found), TEST(test_refused), TEST(test_counted), TEST(test_acknowledged), TEST(test_sent_again), TEST(test_not_taken),
		TEST(test_honest), TEST(test_nothing_was_acknowledged), TEST(test_left_out), TEST(test_counts_another), TEST(test_withheld_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
