/* A trustee opens only what the log holds first, what enough others have witnessed, and what cannot be subtracted from another sum. */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/exchange.h"
#include "tests/unit/trustee/played_log.h"
#include "tests/unit/trustee/played_round.h"

#include "node/trustee/round_work.h"

#define REFUSE_PATH "/v1/round/refuse"

static struct exchange *x;
static struct played_log *played;

/* Append a leaf with these numbers to ${log}. */
static uint64_t
append(struct played_log *log, enum cdr_leaf_kind kind, const uint64_t *numbers, size_t count, const uint8_t *content)
{
	struct cdr_leaf leaf = { .kind = kind, .at = 1772323200 };
	struct played_leaf l;

	cdr_leaf_party_add(&leaf, "hub");
	for (size_t i = 0; i < count; i++)
		cdr_leaf_number_add(&leaf, numbers[i]);
	if (content != NULL)
		memcpy(leaf.content, content, sizeof(leaf.content));
	played_leaf_make(&l, &leaf, NULL);
	uint64_t place = played_append(log, &l);
	played_leaf_free(&l);
	return place;
}

/* The hub's word on what enough trustees saw, as it is now. */
static void
show(struct played *p, struct played_log *log)
{
	cdr_buffer_free(&p->note);
	assert_int_equal(cdr_checkpoint_write(&log->checkpoint, x->genesis->hash, x->newest, &p->note), CDR_OK);
	p->view = (Cdr__Wire__LogView)CDR__WIRE__LOG_VIEW__INIT;
	p->view.checkpoint = cdr_message_field(p->note.data, p->note.len);
}

/* The leaf of its closing, which says so many members and these months. */
static void
log_close_as(struct played *p, struct played_log *log, uint64_t members, uint64_t first, uint64_t last)
{
	const uint64_t numbers[] = { members, first, last };
	const struct cdr_bytes parts[] = { { p->round->hash, CDR_ROUND_HASH_LEN }, cdr_message_bytes(p->close->close) };
	uint8_t content[CDR_LEAF_CONTENT_LEN];

	assert_int_equal(cdr_leaf_content(CDR_LEAF_ROUND_CLOSED, parts, 2, content), CDR_OK);
	p->place = append(log, CDR_LEAF_ROUND_CLOSED, numbers, 3, content);
	show(p, log);
}

static void
close_and_log(struct played *p, unsigned from, unsigned to)
{
	make_close(x, p, from, to, 0);
	log_close_as(p, played, to - from, p->round->body->first_month, p->round->body->last_month);
}

/* Whoever has that key signs as trustee ${i} that it never opens ${p}, or what is said to be that. */
static void
sign_never_as(struct played *p, uint32_t i, const uint8_t *seed, const uint8_t *hash)
{
	Cdr__Wire__RoundRefuse message = CDR__WIRE__ROUND_REFUSE__INIT;
	static char text[] = "given up";
	char name[CDR_SIGNER_LEN_MAX + 1];
	uint8_t copy[CDR_ROUND_HASH_LEN];
	struct cdr_buffer body;

	(void)snprintf(name, sizeof(name), "trustee/%u", i);
	const struct cdr_signer signer = { name, seed, x->genesis->hash };
	memcpy(copy, hash, sizeof(copy));
	message.round = cdr_message_field(p->round->hash, CDR_ROUND_HASH_LEN);
	message.text = text;
	message.has_never = 1;
	message.never = cdr_message_field(copy, sizeof(copy));
	assert_int_equal(cdr_message_encode(&message.base, &body), CDR_OK);
	struct cdr_buffer *out = &p->never[p->before.n_never];
	assert_int_equal(cdr_envelope_request(&signer, REFUSE_PATH, cdr_buffer_bytes(&body), (struct cdr_bytes){ NULL, 0 }, out), CDR_OK);
	p->never_field[p->before.n_never++] = cdr_message_field(out->data, out->len);
	cdr_buffer_free(&body);
}

static void
sign_never(struct played *p, uint32_t i, const uint8_t *hash)
{
	sign_never_as(p, i, x->node[i].home.keys->signing, hash);
}

/* Whether trustee ${i} would open ${p}, with what was closed before it as the hub shows it. */
static cdr_err
admit(uint32_t i, struct played *p, struct played *const *before, size_t count)
{
	Cdr__Wire__RoundTask task = CDR__WIRE__ROUND_TASK__INIT;
	Cdr__Wire__RoundBefore *at[4];
	struct cdr_round_view view;
	struct cdr_fault fault = { CDR_OK, "" };
	struct cdr_round_work w = { .trustee = x->node[i].trustee, .roster = x->newest, .view = &view, .task = &task, .round = p->round,
		.fault = &fault };
	struct cdr_merkle_proof proof = { .count = 0 };

	for (size_t k = 0; k < count; k++)
		at[k] = &before[k]->before;
	task.round = &p->sealed;
	task.close = p->close;
	task.before = at;
	task.n_before = count;
	assert_int_equal(cdr_round_log_view(w.trustee, &view), CDR_OK);
	if (p->note.len > 0) {
		struct cdr_checkpoint checkpoint;
		assert_int_equal(cdr_checkpoint_read(cdr_buffer_bytes(&p->note), x->genesis->hash, x->newest, &checkpoint, NULL), CDR_OK);
		uint64_t small = checkpoint.size < view.size ? checkpoint.size : view.size;
		uint64_t large = checkpoint.size < view.size ? view.size : checkpoint.size;
		if (small > 0 && large <= played->edge.size)
			assert_int_equal(cdr_merkle_extend(played_node, played, small, large, &proof), CDR_OK);
		for (size_t k = 0; k < proof.count; k++)
			memcpy(p->extension + k * CDR_MERKLE_HASH_LEN, proof.hash[k], CDR_MERKLE_HASH_LEN);
		p->view.extension = cdr_message_field(p->extension, proof.count * CDR_MERKLE_HASH_LEN);
		task.shown = &p->view;
	}
	assert_int_equal(cdr_close_read_signed(p->close, p->round, x->newest, x->genesis->hash, &w.close, NULL), CDR_OK);
	cdr_err err = cdr_round_admit(&w);
	cdr_close_free(&w.close);
	return err;
}

static char h1[] = "2026-H1", h2[] = "2026-H2", status_table[] = "status", region_table[] = "region";

/* ---- witnesses -------------------------------------------------------------------------------------------------- */

static void
enough_must_have_seen_it(void **state)
{
	(void)state;
	struct played p;

	make_round(x, &p, 1, h1, status_table, 0);
	make_close(x, &p, 0, 7, 0);
	assert_int_equal(cdr_round_quorum(x->newest), 3);
	/* Not in the log. */
	assert_int_equal(admit(1, &p, NULL, 0), CDR_E_BUSY);
	/* Two of three have seen it: the hub and one more could have shown the third another log. */
	played->skip[3] = true;
	log_close_as(&p, played, 7, p.round->body->first_month, p.round->body->last_month);
	assert_int_equal(played->checkpoint.cosignature_count, 2);
	assert_int_equal(admit(1, &p, NULL, 0), CDR_E_BUSY);
	cdr_buffer_free(&p.note);
	assert_int_equal(admit(1, &p, NULL, 0), CDR_E_BUSY);
	played_round_free(&p);
}

static void
all_have_seen_it(void **state)
{
	(void)state;
	struct played p;
	const uint64_t any[] = { 1, 1 };

	make_round(x, &p, 1, h1, status_table, 0);
	(void)append(played, CDR_LEAF_ROUND_OPENED, any, 2, NULL);
	close_and_log(&p, 0, 7);
	for (uint32_t i = 1; i <= 3; i++)
		assert_int_equal(admit(i, &p, NULL, 0), CDR_OK);
	/* The log goes on: by a checkpoint from before, and by one that this trustee has not seen yet. */
	(void)append(played, CDR_LEAF_ROUND_OPENED, any, 2, NULL);
	assert_int_equal(admit(1, &p, NULL, 0), CDR_OK);
	played->skip[1] = true;
	(void)append(played, CDR_LEAF_ROUND_OPENED, any, 2, NULL);
	(void)append(played, CDR_LEAF_ROUND_OPENED, any, 2, NULL);
	show(&p, played);
	assert_int_equal(played->checkpoint.cosignature_count, 2);
	assert_int_equal(admit(1, &p, NULL, 0), CDR_E_BUSY);
	/* A checkpoint that ends before the closing. */
	struct played_log *shorter = calloc(1, sizeof(*shorter));
	shorter->x = x;
	shorter->checkpoint.size = p.place;
	struct cdr_merkle_edge edge;
	assert_int_equal(cdr_merkle_range(played_node, played, p.place, &edge), CDR_OK);
	assert_int_equal(cdr_merkle_root(&edge, shorter->checkpoint.root), CDR_OK);
	assert_int_equal(cdr_checkpoint_sign(x->hub_seed, x->genesis->hash, &shorter->checkpoint), CDR_OK);
	for (uint32_t i = 1; i <= 3; i++) {
		struct cdr_cosignature c;
		assert_int_equal(cdr_checkpoint_cosign(x->node[i].home.keys->signing, x->genesis->hash, &shorter->checkpoint, i, 1, &c), CDR_OK);
		assert_int_equal(cdr_checkpoint_add(&shorter->checkpoint, x->genesis->hash, x->newest, &c), CDR_OK);
	}
	show(&p, shorter);
	assert_int_equal(admit(1, &p, NULL, 0), CDR_E_BUSY);
	free(shorter);
	played_round_free(&p);
}

/*
 * The hub and one trustee (2) of three, of whom two must open, show two lists: one to 1, the other to 3. Each gets the cosignatures
 * of its log; neither gets all three, and no honest trustee opens either.
 */
static void
two_logs_open_nothing(void **state)
{
	(void)state;
	struct played one, other;
	struct played_log *second = calloc(1, sizeof(*second));
	struct cdr_cosignature liar;

	second->x = x;
	make_round(x, &one, 1, h1, status_table, 0);
	make_round(x, &other, 1, h1, status_table, 0);
	make_close(x, &one, 0, 7, 0);
	make_close(x, &other, 0, 6, 0);
	/* Trustee 2 signs whatever it is shown. */
	played->skip[2] = played->skip[3] = second->skip[1] = second->skip[2] = true;
	log_close_as(&one, played, 7, one.round->body->first_month, one.round->body->last_month);
	log_close_as(&other, second, 6, one.round->body->first_month, one.round->body->last_month);
	struct played_log *const logs[] = { played, second };
	struct played *const rounds[] = { &one, &other };
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(cdr_checkpoint_cosign(x->node[2].home.keys->signing, x->genesis->hash, &logs[i]->checkpoint, 2, 1, &liar), CDR_OK);
		assert_int_equal(cdr_checkpoint_add(&logs[i]->checkpoint, x->genesis->hash, x->newest, &liar), CDR_OK);
		assert_true(cdr_checkpoint_is_witnessed(&logs[i]->checkpoint, x->newest));
		show(rounds[i], logs[i]);
	}
	assert_int_equal(admit(1, &one, NULL, 0), CDR_E_BUSY);
	assert_int_equal(admit(3, &other, NULL, 0), CDR_E_BUSY);
	/* What is shown to one is not in the log of the other. */
	assert_int_equal(admit(1, &other, NULL, 0), CDR_E_BUSY);
	/* And a checkpoint of all three over another log than the trustee's own is none. */
	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(cdr_checkpoint_cosign(x->node[i].home.keys->signing, x->genesis->hash, &second->checkpoint, i, 1, &liar), CDR_OK);
		assert_int_equal(cdr_checkpoint_add(&second->checkpoint, x->genesis->hash, x->newest, &liar), CDR_OK);
	}
	show(&one, second);
	assert_int_equal(admit(1, &one, NULL, 0), CDR_E_PROOF);
	played_round_free(&one);
	played_round_free(&other);
	free(second);
}

/* ---- what the leaf says ----------------------------------------------------------------------------------------- */

static void
the_leaf_says_what_the_list_says(void **state)
{
	(void)state;
	struct played p[4];
	const uint64_t version[] = { 1 };
	uint64_t first, last;

	for (uint8_t i = 0; i < 4; i++) {
		make_round(x, &p[i], (uint8_t)(i + 1), h1, status_table, 0);
		make_close(x, &p[i], 0, 7, 0);
	}
	first = p[0].round->body->first_month;
	last = p[0].round->body->last_month;
	log_close_as(&p[0], played, 6, first, last);
	assert_int_equal(admit(1, &p[0], NULL, 0), CDR_E_REFUSED);
	log_close_as(&p[1], played, 7, first + 12, last + 12);
	assert_int_equal(admit(1, &p[1], NULL, 0), CDR_E_REFUSED);
	/* Of no members: nothing is opened, and it stands in nobody's way. */
	log_close_as(&p[2], played, 0, first, last);
	assert_int_equal(admit(1, &p[2], NULL, 0), CDR_E_BUSY);
	/* By an older roster than the log has. */
	(void)append(played, CDR_LEAF_ROSTER, version, 1, NULL);
	log_close_as(&p[3], played, 7, first, last);
	assert_int_equal(admit(1, &p[3], NULL, 0), CDR_E_REFUSED);
	for (size_t i = 0; i < 4; i++)
		played_round_free(&p[i]);
}

/* Both in one portion of the log, as whoever was away is shown them. */
static void
append_both(struct played *p, uint64_t version)
{
	struct cdr_leaf leaf[2] = { { .kind = CDR_LEAF_ROUND_CLOSED, .at = 1772323200 }, { .kind = CDR_LEAF_ROSTER, .at = 1772323200 } };
	const struct cdr_bytes parts[] = { { p->round->hash, CDR_ROUND_HASH_LEN }, cdr_message_bytes(p->close->close) };
	struct played_leaf l[2];
	Cdr__Wire__LogRecord *record[2];

	p->place = played->edge.size;
	assert_int_equal(cdr_leaf_content(CDR_LEAF_ROUND_CLOSED, parts, 2, leaf[0].content), CDR_OK);
	cdr_leaf_number_add(&leaf[0], 7);
	cdr_leaf_number_add(&leaf[0], p->round->body->first_month);
	cdr_leaf_number_add(&leaf[0], p->round->body->last_month);
	cdr_leaf_number_add(&leaf[1], version);
	for (size_t i = 0; i < 2; i++) {
		cdr_leaf_party_add(&leaf[i], "hub");
		played_leaf_make(&l[i], &leaf[i], NULL);
		record[i] = &l[i].record;
		uint8_t *hash = played->hash[played->edge.size];
		assert_int_equal(cdr_merkle_leaf(cdr_buffer_bytes(&l[i].entry), hash), CDR_OK);
		assert_int_equal(cdr_merkle_append(&played->edge, hash, NULL), CDR_OK);
	}
	played->checkpoint.size = played->edge.size;
	assert_int_equal(cdr_merkle_root(&played->edge, played->checkpoint.root), CDR_OK);
	played_show(played, p->place, record, 2);
	for (size_t i = 0; i < 2; i++)
		played_leaf_free(&l[i]);
	show(p, played);
}

/* Whoever was away sees a closing together with the roster that came behind it: it was closed by the one before all the same. */
static void
a_roster_behind_the_closing_is_later(void **state)
{
	(void)state;
	struct played p;
	const uint64_t any[] = { 1, 1 };

	make_round(x, &p, 1, h1, status_table, 0);
	make_close(x, &p, 0, 7, 0);
	(void)append(played, CDR_LEAF_ROUND_OPENED, any, 2, NULL);
	append_both(&p, 1);
	for (uint32_t i = 1; i <= 3; i++)
		assert_int_equal(admit(i, &p, NULL, 0), CDR_OK);
	played_round_free(&p);
}

/* A hub cannot have a round closed by an older roster, under which stolen keys contribute, by a leaf that names that one again. */
static void
no_older_roster_comes_back(void **state)
{
	(void)state;
	struct played p;
	const uint64_t newer[] = { 1 }, older[] = { 0 };

	make_round(x, &p, 1, h1, status_table, 0);
	make_close(x, &p, 0, 7, 0);
	(void)append(played, CDR_LEAF_ROUND_OPENED, newer, 1, NULL);
	(void)append(played, CDR_LEAF_ROSTER, newer, 1, NULL);
	(void)append(played, CDR_LEAF_ROSTER, older, 1, NULL);
	log_close_as(&p, played, 7, p.round->body->first_month, p.round->body->last_month);
	assert_int_equal(admit(1, &p, NULL, 0), CDR_E_REFUSED);
	played_round_free(&p);
}

/* ---- what was closed before -------------------------------------------------------------------------------------- */

static void
nothing_is_subtracted(void **state)
{
	(void)state;
	struct played first, later[6];
	struct played *const before[] = { &first };
	static char renamed[] = "renamed";

	make_round(x, &first, 1, h1, status_table, 0);
	close_and_log(&first, 0, 7);
	make_round(x, &later[0], 2, h1, renamed, 0);
	close_and_log(&later[0], 0, 8);
	/* One more, whatever the table is called; and if the hub does not show what was before. */
	assert_int_equal(admit(1, &later[0], before, 1), CDR_E_REFUSED);
	assert_int_equal(admit(1, &later[0], NULL, 0), CDR_E_REFUSED);
	/* The one that was first is the one that counts. */
	assert_int_equal(admit(1, &first, NULL, 0), CDR_OK);
	/* Other months. */
	make_round(x, &later[1], 3, h2, status_table, 0);
	close_and_log(&later[1], 0, 8);
	assert_int_equal(admit(1, &later[1], NULL, 0), CDR_OK);
	for (size_t i = 0; i < 2; i++)
		played_round_free(&later[i]);
	played_round_free(&first);
}

static void
nobody_in_common_is_no_help(void **state)
{
	(void)state;
	struct played first, second;
	struct played *const before[] = { &first };

	make_round(x, &first, 1, h1, status_table, 0);
	close_and_log(&first, 0, 7);
	make_round(x, &second, 2, h1, region_table, 0);
	close_and_log(&second, 10, 17);
	assert_int_equal(admit(1, &second, before, 1), CDR_E_REFUSED);
	played_round_free(&first);
	played_round_free(&second);
}

static void
the_same_contributors(void **state)
{
	(void)state;
	struct played first, other, same;
	struct played *const before[] = { &first }, *const both[] = { &other, &first };

	make_round(x, &first, 1, h1, status_table, 0);
	close_and_log(&first, 0, 7);
	make_round(x, &other, 2, h1, region_table, 0);
	close_and_log(&other, 0, 7);
	assert_int_equal(admit(1, &other, before, 1), CDR_OK);
	/* The same table once more. */
	make_round(x, &same, 3, h1, status_table, 0);
	close_and_log(&same, 0, 7);
	assert_int_equal(admit(1, &same, both, 2), CDR_E_REFUSED);
	played_round_free(&first);
	played_round_free(&other);
	played_round_free(&same);
}

static void
what_all_have_signed_away(void **state)
{
	(void)state;
	struct played first, second;
	struct played *const before[] = { &first };
	static const uint8_t elsewhere[CDR_ROUND_HASH_LEN] = { 1 };

	make_round(x, &first, 1, h1, status_table, 0);
	close_and_log(&first, 0, 7);
	make_round(x, &second, 2, h1, status_table, 0);
	close_and_log(&second, 0, 8);
	assert_int_equal(admit(1, &second, before, 1), CDR_E_REFUSED);
	/* Two of three; the third about something else; one twice; then all. */
	sign_never(&first, 1, first.close_hash);
	sign_never(&first, 2, first.close_hash);
	assert_int_equal(admit(1, &second, before, 1), CDR_E_REFUSED);
	sign_never(&first, 3, elsewhere);
	assert_int_equal(admit(1, &second, before, 1), CDR_E_REFUSED);
	first.never_field[2] = first.never_field[1];
	assert_int_equal(admit(1, &second, before, 1), CDR_E_REFUSED);
	sign_never(&first, 3, first.close_hash);
	assert_int_equal(admit(1, &second, before, 1), CDR_OK);
	/* A closing that the log does not hold, in the place of the one that it does. */
	struct played forged;
	make_round(x, &forged, 1, h1, status_table, 0);
	make_close(x, &forged, 0, 8, 0);
	struct played *const instead[] = { &forged };
	assert_int_equal(admit(1, &second, instead, 1), CDR_E_REFUSED);
	/* A closing without its list. */
	forged.close->has_list = 0;
	assert_int_equal(admit(1, &second, instead, 1), CDR_E_INPUT);
	played_round_free(&forged);
	played_round_free(&first);
	played_round_free(&second);
}

/* A writing job: a roster between two, in which ${leaver} was trustee 3. */
static cdr_err
leaver_job(struct cdr_tx *tx, void *leaver)
{
	Cdr__Wire__Roster body = *x->genesis->body;
	Cdr__Wire__Trustee third = *body.trustee[2], *at[TRUSTEE_COUNT];
	Cdr__Wire__Party party = *third.party;
	struct cdr_roster *roster;
	struct cdr_fault fault = { CDR_OK, "" };

	party.signing_key = cdr_message_field(leaver, CDR_SIGN_PUBLIC_LEN);
	third.party = &party;
	memcpy(at, body.trustee, sizeof(at));
	at[2] = &third;
	body.trustee = at;
	if (cdr_roster_build_genesis(&body, x->hub_seed, &roster, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	cdr_err err = cdr_query_run(tx, "INSERT INTO roster (version, hash, signed, in_force_at) VALUES (1, $1, $2, 1)",
	    CDR_VALUES(cdr_value_blob(roster->hash, CDR_ROSTER_HASH_LEN), cdr_value_bytes(cdr_buffer_bytes(&roster->bytes))));
	cdr_roster_free(roster);
	return err;
}

/* A writing job. */
static cdr_err
no_leaver_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "DELETE FROM roster WHERE version = 1", CDR_VALUES());
}

/* What a trustee opened before it left nobody can say but itself: those who are trustees now are not enough. */
static void
what_who_left_has_not_signed_away(void **state)
{
	(void)state;
	struct played first, second;
	struct played *const before[] = { &first };
	uint8_t seed[CDR_SIGN_SEED_LEN] = { 91 }, leaver[CDR_SIGN_PUBLIC_LEN];

	assert_int_equal(cdr_sign_public(seed, leaver), CDR_OK);
	make_round(x, &first, 1, h1, status_table, 0);
	close_and_log(&first, 0, 7);
	make_round(x, &second, 2, h1, status_table, 0);
	close_and_log(&second, 0, 8);
	for (uint32_t i = 1; i <= TRUSTEE_COUNT; i++)
		sign_never(&first, i, first.close_hash);
	assert_int_equal(admit(1, &second, before, 1), CDR_OK);
	assert_int_equal(cdr_store_write(x->node[1].trustee->home->store, leaver_job, leaver), CDR_OK);
	assert_int_equal(admit(1, &second, before, 1), CDR_E_REFUSED);
	sign_never_as(&first, 3, seed, first.close_hash);
	assert_int_equal(admit(1, &second, before, 1), CDR_OK);
	assert_int_equal(cdr_store_write(x->node[1].trustee->home->store, no_leaver_job, NULL), CDR_OK);
	played_round_free(&first);
	played_round_free(&second);
}

/* ---- sets ------------------------------------------------------------------------------------------------------- */

/* Whether trustee 1 takes ${set} for the one of ${p}. */
static cdr_err
admit_set(struct played *p, const char *set, bool shown)
{
	Cdr__Wire__RoundTask task = CDR__WIRE__ROUND_TASK__INIT;
	Cdr__Wire__SignedSet sealed = CDR__WIRE__SIGNED_SET__INIT;
	struct cdr_round_view view;
	struct cdr_fault fault;
	struct cdr_round_work w = { .trustee = x->node[1].trustee, .roster = x->newest, .view = &view, .task = &task, .round = p->round,
		.fault = &fault };

	sealed.set = cdr_message_field(set, strlen(set));
	task.set = &sealed;
	task.set_shown = shown ? &p->view : NULL;
	p->view.extension.len = 0;
	assert_int_equal(cdr_round_log_view(w.trustee, &view), CDR_OK);
	memcpy(w.close.hash, p->close_hash, sizeof(w.close.hash));
	w.closing.place = p->place;
	return cdr_round_admit_set(&w);
}

static void
log_set(struct played *p, const char *set)
{
	const struct cdr_bytes parts[] = { { p->close_hash, CDR_ROUND_HASH_LEN }, { (const uint8_t *)set, strlen(set) } };
	uint8_t content[CDR_LEAF_CONTENT_LEN];

	assert_int_equal(cdr_leaf_content(CDR_LEAF_ROUND_SET, parts, 2, content), CDR_OK);
	(void)append(played, CDR_LEAF_ROUND_SET, &p->place, 1, content);
	show(p, played);
}

static void
the_first_set_counts(void **state)
{
	(void)state;
	struct played exact, noisy;

	make_round(x, &exact, 1, h1, status_table, 0);
	close_and_log(&exact, 0, 7);
	assert_int_equal(admit_set(&exact, "first", true), CDR_E_BUSY);
	log_set(&exact, "first");
	log_set(&exact, "second");
	assert_int_equal(admit_set(&exact, "first", false), CDR_OK);
	assert_int_equal(admit_set(&exact, "second", true), CDR_E_REFUSED);
	/* With noise the set is witnessed like the closing. */
	make_round(x, &noisy, 2, h2, status_table, 500);
	close_and_log(&noisy, 0, 7);
	played->skip[3] = true;
	log_set(&noisy, "first");
	assert_int_equal(admit_set(&noisy, "first", false), CDR_E_BUSY);
	assert_int_equal(admit_set(&noisy, "first", true), CDR_E_BUSY);
	struct cdr_cosignature third;
	assert_int_equal(cdr_checkpoint_cosign(x->node[3].home.keys->signing, x->genesis->hash, &played->checkpoint, 3, 1, &third), CDR_OK);
	assert_int_equal(cdr_checkpoint_add(&played->checkpoint, x->genesis->hash, x->newest, &third), CDR_OK);
	show(&noisy, played);
	assert_int_equal(admit_set(&noisy, "first", true), CDR_OK);
	played_round_free(&exact);
	played_round_free(&noisy);
}

/* ---- how many ---------------------------------------------------------------------------------------------------- */

static void
quorums(void **state)
{
	(void)state;
	static const struct {
		uint32_t n, t, quorum;
	} cases[] = { { 1, 1, 1 }, { 2, 2, 2 }, { 3, 2, 3 }, { 4, 3, 4 }, { 5, 3, 4 }, { 7, 4, 6 }, { 9, 5, 7 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		Cdr__Wire__Roster body = CDR__WIRE__ROSTER__INIT;
		const struct cdr_roster roster = { .body = &body };
		body.n_trustee = cases[i].n;
		body.threshold = cases[i].t;
		uint32_t quorum = cdr_round_quorum(&roster), liars = cases[i].t - 1;
		assert_int_equal(quorum, cases[i].quorum);
		/* Two logs with liars in both, and no honest trustee in both. */
		assert_true(2 * (quorum - liars) > cases[i].n - liars);
		assert_true(quorum <= cases[i].n);
	}
}

static int
start(void **state)
{
	(void)state;
	x = exchange_new();
	played = calloc(1, sizeof(*played));
	if (x == NULL || played == NULL)
		return -1;
	played->x = x;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	exchange_free(x);
	free(played);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(enough_must_have_seen_it, start, end),
		cmocka_unit_test_setup_teardown(all_have_seen_it, start, end),
		cmocka_unit_test_setup_teardown(two_logs_open_nothing, start, end),
		cmocka_unit_test_setup_teardown(a_roster_behind_the_closing_is_later, start, end),
		cmocka_unit_test_setup_teardown(no_older_roster_comes_back, start, end),
		cmocka_unit_test_setup_teardown(the_leaf_says_what_the_list_says, start, end),
		cmocka_unit_test_setup_teardown(nothing_is_subtracted, start, end),
		cmocka_unit_test_setup_teardown(nobody_in_common_is_no_help, start, end),
		cmocka_unit_test_setup_teardown(the_same_contributors, start, end),
		cmocka_unit_test_setup_teardown(what_all_have_signed_away, start, end),
		cmocka_unit_test_setup_teardown(what_who_left_has_not_signed_away, start, end),
		cmocka_unit_test_setup_teardown(the_first_set_counts, start, end),
		cmocka_unit_test(quorums),
	};

	if (cdr_secret_start(NULL) != CDR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
