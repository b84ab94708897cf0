/* The tree over the index: every answer is proved, nothing else can be, and a proof shows nothing that the rule does not name. */
#include "tests/unit/hub/exchange.h"

#include "audit/index_answer.h"
#include "node/hub/sweep.h"
#include "node/hub/tree.h"

#define LATEST (X_MONTH + 60)
#define MEMBERS 4

struct world {
	struct exchange *x;
	struct x_party member[MEMBERS]; /* m0 .. m3 */
	char id[MEMBERS][4];
	uint8_t batch;
	uint8_t rows[CDR_CHECK_ROWS_MAX * CDR_CHECK_ROW_LEN];
	size_t row_count;
	uint8_t check;
	struct x_reply reply;
	Cdr__Wire__CheckOpenReply *answer;  /* of the last check */
	struct cdr_arena arena;
	const Cdr__Wire__IndexRoot *root;
	size_t unproved;
	struct cdr_index_own own;
	struct cdr_fault fault;
};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->x = x_new();
	for (uint8_t i = 0; i < MEMBERS; i++) {
		(void)snprintf(w->id[i], sizeof(w->id[i]), "m%u", i);
		x_enrol(w->x, w->id[i], &w->member[i]);
	}
	x_epoch(w->x);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	x_reply_free(&w->reply);
	cdr_arena_free(&w->arena);
	x_free(w->x);
	free(w);
	return 0;
}

/* Member ${member} puts ${person} under a handle. */
static void
put(struct world *w, size_t member, uint8_t handle, uint8_t person, uint16_t expires)
{
	struct x_put put;

	x_put_start(&put, ++w->batch);
	x_put_person(&put, handle, person, 16, expires);
	assert_string_equal(x_put_send(w->x, &w->member[member], &put, NULL), "ok");
}

static void
take_out(struct world *w, size_t member, uint8_t handle)
{
	struct x_put put;

	x_put_start(&put, ++w->batch);
	x_put_removed(&put, handle);
	assert_string_equal(x_put_send(w->x, &w->member[member], &put, NULL), "ok");
}

/* Check ${person}: the first ${common} tokens are its own, the others nobody's. */
static void
check(struct world *w, size_t asker, uint8_t person, size_t common)
{
	Cdr__Wire__CheckOpen request = CDR__WIRE__CHECK_OPEN__INIT;
	uint8_t id[CDR_ID_LEN] = { ++w->check };
	struct cdr_leaf leaf;
	uint8_t hash[CDR_MERKLE_HASH_LEN];

	w->row_count = 16;
	for (size_t i = 0; i < w->row_count; i++) {
		uint8_t *row = w->rows + i * CDR_CHECK_ROW_LEN;
		memset(row, 0, CDR_CHECK_ROW_LEN);
		x_tag(i < common ? person : 250, (uint8_t)i, row);
		row[CDR_TAG_LEN] = (uint8_t)(i % (CDR_TOKEN_TYPE_COUNT - 1) + 1);
		row[CDR_TAG_LEN + 1] = 1;
		row[CDR_TAG_LEN + 2] = 1;
	}
	request.check = cdr_message_field(id, sizeof(id));
	request.epoch = X_EPOCH;
	request.rows = cdr_message_field(w->rows, w->row_count * CDR_CHECK_ROW_LEN);
	x_reply_free(&w->reply);
	cdr_arena_free(&w->arena);
	assert_int_equal(x_call(w->x, &w->member[asker], "/v1/check/open", &request.base,
	    &cdr__wire__check_open_reply__descriptor, &w->reply), 200);
	w->answer = w->reply.message;
	assert_int_equal(cdr_receipt_read(w->answer->root_receipt, w->x->hub->genesis, w->x->hub_party.signing, &leaf, hash), CDR_OK);
	assert_int_equal(cdr_index_root_read(cdr_message_bytes(w->answer->proof->root), &leaf, &w->arena, &w->root), CDR_OK);
}

/* What the asker makes of the answer as it stands. */
static cdr_err
verify(struct world *w, size_t asker)
{
	struct cdr_index_question question = { .asker = w->id[asker], .epoch = X_EPOCH,
		.rows = { w->rows, w->row_count * CDR_CHECK_ROW_LEN }, .rule = { 1e-3, 0.5, 5 } };

	w->fault = (struct cdr_fault){ 0 };
	return cdr_index_answer_verify(&question, w->answer, w->root, &w->unproved, &w->fault);
}

static void
holds(struct world *w, size_t asker, size_t matches)
{
	cdr_err err = verify(w, asker);

	if (err != CDR_OK)
		fail_msg("%s: %s", cdr_err_name(err), w->fault.text);
	assert_int_equal(w->answer->n_match, matches);
}

static void
breaks(struct world *w, size_t asker, const char *what)
{
	assert_int_equal(verify(w, asker), CDR_E_PROOF);
	if (strstr(w->fault.text, what) == NULL)
		fail_msg("\"%s\" does not say: %s", w->fault.text, what);
}

/* Whether the reply has these bytes anywhere. */
static bool
shows(const struct world *w, const void *bytes, size_t len)
{
	return memmem(w->reply.bytes.data, w->reply.bytes.len, bytes, len) != NULL;
}

static bool
shows_handle(const struct world *w, uint8_t handle)
{
	uint8_t bytes[CDR_HANDLE_LEN] = { handle };

	return shows(w, bytes, sizeof(bytes));
}

static void
answers_are_proved(void **state)
{
	struct world *w = *state;

	check(w, 0, 12, 16); /* in an empty index */
	holds(w, 0, 0);
	put(w, 1, 11, 1, LATEST);
	put(w, 2, 12, 1, LATEST);
	put(w, 3, 13, 3, LATEST);
	check(w, 0, 1, 16);
	holds(w, 0, 2);
	check(w, 0, 3, 16);
	holds(w, 0, 1);
	check(w, 0, 99, 16);
	holds(w, 0, 0);
	assert_int_equal(w->answer->proof->n_bucket, 0);
	take_out(w, 2, 12);
	check(w, 0, 1, 16);
	holds(w, 0, 1);
	assert_string_equal(w->answer->match[0]->member, "m1");
}

/* Two entries of one person at one employer, as like as the other and for other reasons: whichever the hub states, it does not lie. */
static void
two_entries_are_equally_good(void **state)
{
	struct world *w = *state;
	struct x_put entry;

	/* Which entry comes first at the hub follows its handle, and at the asker a salted hash. */
	for (uint8_t i = 0; i < 12; i++) {
		uint8_t person = (uint8_t)(100 + i), full = (uint8_t)(i % 2 == 0 ? 50 + i : 80 + i), part = (uint8_t)(i % 2 == 0 ? 80 + i : 50 + i);
		put(w, 1, full, person, LATEST);
		x_put_start(&entry, ++w->batch);
		uint8_t *rows = x_put_person(&entry, part, person, 16, LATEST);
		for (uint8_t token = 5; token < 16; token++)
			x_tag(200, (uint8_t)(16 * i + token), rows + token * CDR_INDEX_ROW_LEN);
		assert_string_equal(x_put_send(w->x, &w->member[1], &entry, NULL), "ok");
		check(w, 0, person, 16);
		holds(w, 0, 1);
		assert_int_equal(w->answer->match[0]->handles.len, 2 * CDR_HANDLE_LEN);
		w->answer->match[0]->types ^= 1U << CDR_TOKEN_EX; /* what neither of them is stays a lie */
		breaks(w, 0, "MISSTATED A MATCH");
		take_out(w, 1, full);
		take_out(w, 1, part);
	}
}

/* A root is logged where the index changed, and only there. */
static void
roots_follow_changes(void **state)
{
	struct world *w = *state;

	check(w, 0, 1, 16);
	uint64_t first = w->answer->root_receipt->position;
	check(w, 0, 2, 16);
	assert_int_equal(w->answer->root_receipt->position, first);
	put(w, 1, 11, 1, LATEST);
	check(w, 0, 1, 16);
	assert_true(w->answer->root_receipt->position > first);
	assert_int_equal(w->root->number, 2);
	assert_int_equal(w->root->people, 1);
	/* The same content has the same places, but new salts: another root. */
	uint8_t before[CDR_INDEX_HASH_LEN];
	memcpy(before, w->root->root.data, sizeof(before));
	put(w, 1, 11, 1, LATEST);
	check(w, 0, 1, 16);
	assert_memory_not_equal(before, w->root->root.data, sizeof(before));
}

/* Whose rows agree too little, whose time is over, and who is not active is not named, and nothing is shown of who it is. */
static void
who_is_not_named_stays_hidden(void **state)
{
	struct world *w = *state;

	put(w, 1, 11, 1, LATEST);
	put(w, 2, 12, 1, X_MONTH - 1);
	put(w, 3, 13, 1, LATEST);
	assert_int_equal(cdr_hub_member_set(w->x->hub, "m3", "suspended", w->x->now, NULL), CDR_OK);
	check(w, 0, 1, 16);
	holds(w, 0, 1);
	assert_true(shows_handle(w, 11));
	assert_false(shows_handle(w, 12));
	assert_false(shows_handle(w, 13));
	for (size_t i = 0; i < w->answer->proof->n_person; i++)
		assert_true(w->answer->proof->person[i]->member == NULL || strcmp(w->answer->proof->person[i]->member, "m1") == 0);
	/* Two rows each: of the one that counts, and of the one whose time is over. The third is not in the tree. */
	assert_int_equal(w->answer->proof->bucket[0]->rows.len, 2 * CDR_INDEX_OPENED_ROW_LEN);
	assert_int_equal(cdr_hub_member_set(w->x->hub, "m3", "active", w->x->now, NULL), CDR_OK);
	check(w, 0, 1, 16);
	holds(w, 0, 2);
	/* A tag of a row that was not asked for is nowhere. */
	uint8_t tag[CDR_TAG_LEN];
	put(w, 1, 14, 4, LATEST);
	check(w, 0, 1, 4);
	x_tag(4, 0, tag);
	assert_false(shows(w, tag, sizeof(tag)));
	x_tag(1, 9, tag);
	assert_false(shows(w, tag, sizeof(tag)));
}

/* One light row agrees: below the rule where there are many people. The row is shown, the person is not. */
static void
below_the_rule(void **state)
{
	struct world *w = *state;

	put(w, 1, 11, 1, LATEST);
	check(w, 0, 1, 1);
	assert_int_equal(w->answer->proof->n_bucket, 1);
	holds(w, 0, 1); /* in so small an index one row is enough to ask */
	/* The same answer over an index of four million people names nobody. */
	w->answer->n_match = 0;
	w->answer->proof->n_person = 0;
	breaks(w, 0, "HID A MATCH");
	((Cdr__Wire__IndexRoot *)(uintptr_t)w->root)->people = 5000000;
	w->answer->people = 4000000;
	holds(w, 0, 0);
	w->answer->people = 5000001;
	breaks(w, 0, "more people were searched");
}

static void
lies_break(void **state)
{
	struct world *w = *state;

	put(w, 1, 11, 1, LATEST);
	put(w, 2, 12, 1, LATEST);
	put(w, 0, 10, 1, LATEST); /* the asker's own */
	check(w, 0, 1, 16);
	holds(w, 0, 2);
	Cdr__Wire__CheckOpenReply *a = w->answer;
	Cdr__Wire__IndexProof *p = a->proof;
	assert_int_equal(p->n_person, 3);
	assert_int_equal(p->n_bucket, 16);

	a->n_match = 1; /* a match is left out, and who it is */
	breaks(w, 0, "names somebody whom its answer does not");
	for (size_t i = 0, kept = 0; i < 3; i++)
		if (strcmp(p->person[i]->member, a->match[1]->member) != 0)
			p->person[kept++] = p->person[i];
	p->n_person = 2;
	breaks(w, 0, "HID A MATCH");
	check(w, 0, 1, 16);
	a = w->answer;
	p = a->proof;

	/* The asker's own person cannot hide another's: its salt and handle must be those of the rows. */
	for (size_t i = 0; i < 3; i++)
		if (strcmp(p->person[i]->member, "m0") == 0)
			p->person[i]->handle.data[1] ^= 1;
	breaks(w, 0, "HID A MATCH");
	check(w, 0, 1, 16);
	a = w->answer;
	p = a->proof;
	for (size_t i = 0; i < 3; i++) /* somebody said to be over */
		p->person[i]->expires = X_MONTH - 1;
	breaks(w, 0, "");
	check(w, 0, 1, 16);
	a = w->answer;
	p = a->proof;

	p->n_bucket = 15; /* a tag that is there is said not to be */
	breaks(w, 0, "does not lead to the root");
	p->n_bucket = 16;
	p->bucket[3]->rows.len -= CDR_INDEX_OPENED_ROW_LEN; /* a row is left out */
	breaks(w, 0, "does not lead to the root");
	p->bucket[3]->rows.len += CDR_INDEX_OPENED_ROW_LEN;
	p->bucket[3]->rows.data[1] ^= 1; /* a row is made lighter */
	breaks(w, 0, "");
	p->bucket[3]->rows.data[1] ^= 1;
	p->bucket[3]->row = 2;
	breaks(w, 0, "a tag that was not asked");
	p->bucket[3]->row = 3;
	p->bucket[3]->has_rows = false;
	breaks(w, 0, "no form");
	p->bucket[3]->has_rows = true;
	p->beside.len -= 1;
	breaks(w, 0, "not whole");
	p->beside.len += 1;
	p->known_count++;
	breaks(w, 0, "");
	p->known_count--;
	a->match[1]->member = a->match[0]->member;
	breaks(w, 0, "");
	check(w, 0, 1, 16);
	a = w->answer;
	a->has_at = false;
	breaks(w, 0, "there is none");
	a->has_at = true;
	a->proof = NULL;
	breaks(w, 0, "there is none");
}

static cdr_err
flood_job(struct cdr_tx *tx, void *context)
{
	uint8_t tags[CDR_TAG_LEN + 1];

	(void)context;
	x_tag(1, 0, tags);
	tags[CDR_TAG_LEN] = 1;
	for (int i = 0; i < 40; i++) {
		uint8_t handle[CDR_HANDLE_LEN] = { 0xee, (uint8_t)i };
		cdr_err err = cdr_query_run(tx,
		    "INSERT INTO index_row (epoch, tag, type, member, handle, rarity, pair, expires)"
		    " VALUES ($1, $2, 1, 'm3', $3, 1, 1, $4)",
		    CDR_VALUES(cdr_value_int(X_EPOCH), cdr_value_blob(tags, CDR_TAG_LEN), cdr_value_blob(handle, sizeof(handle)),
			cdr_value_int(LATEST)));
		if (err != CDR_OK)
			return err;
	}
	return cdr_hub_tree_note(tx, X_EPOCH, tags, 1);
}

/* Of a tag that somebody floods only the size is shown, and who is named; the others still prove who is there. */
static void
a_crowd_hides_nobody(void **state)
{
	struct world *w = *state;

	put(w, 1, 11, 1, LATEST);
	put(w, 3, 13, 3, LATEST);
	assert_int_equal(cdr_store_write(w->x->store, flood_job, NULL), CDR_OK);
	check(w, 0, 1, 16);
	Cdr__Wire__IndexBucket *crowd = w->answer->proof->bucket[0];
	assert_int_equal(crowd->height, CDR_INDEX_CROWD_HEIGHT);
	assert_false(crowd->has_rows);
	holds(w, 0, 2); /* m1's leaver, and of those who flood as many as fit */
	assert_int_equal(w->unproved, 1);
	assert_int_equal(crowd->n_shown, CDR_MATCH_HANDLES_MAX);
	/* Nor may the hub close what it must open, or call few a crowd. */
	crowd->height = 11;
	breaks(w, 0, "has no form");
	crowd->height = CDR_INDEX_CROWD_HEIGHT;
	crowd->n_shown--; /* whoever is named is shown */
	breaks(w, 0, "INVENTED A MATCH");
	crowd->n_shown++;
	crowd->shown[3]->row.data[5] ^= 1;
	breaks(w, 0, "is not of its tag");
	crowd->shown[3]->row.data[5] ^= 1;
	holds(w, 0, 2);
	size_t kept = 0;
	for (size_t i = 0; i < w->answer->n_match; i++)
		if (strcmp(w->answer->match[i]->member, "m1") != 0)
			w->answer->match[kept++] = w->answer->match[i];
	w->answer->n_match = kept;
	kept = 0;
	for (size_t i = 0; i < w->answer->proof->n_person; i++)
		if (strcmp(w->answer->proof->person[i]->member, "m1") != 0)
			w->answer->proof->person[kept++] = w->answer->proof->person[i];
	w->answer->proof->n_person = kept;
	breaks(w, 0, "HID A MATCH");
}

/* A member that has the same person ten times: eight handles are named, of the others it is shown whose they are. */
static void
more_handles_than_fit(void **state)
{
	struct world *w = *state;

	for (uint8_t i = 0; i < 10; i++)
		put(w, 1, (uint8_t)(20 + i), 1, LATEST);
	check(w, 0, 1, 8); /* 8 tags of 10 rows: 80 rows */
	holds(w, 0, 1);
	assert_int_equal(w->answer->match[0]->handles.len, 8 * CDR_HANDLE_LEN);
	assert_int_equal(w->answer->proof->n_person, 10);
	w->answer->proof->n_person = 9;
	assert_int_equal(verify(w, 0), CDR_E_PROOF);
}

/* ---- own rows ------------------------------------------------------------------------------------------------------ */

/* Ask for rows of ${person} under ${handle} as ${member}: the first ${count}. */
static int
prove(struct world *w, size_t member, uint8_t handle, uint8_t person, size_t count, uint8_t *rows, struct x_reply *reply,
    Cdr__Wire__IndexProve *request)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t *row = rows + i * CDR_INDEX_ROW_LEN;
		memset(row, 0, CDR_INDEX_ROW_LEN);
		x_tag(person, (uint8_t)i, row);
		row[CDR_TAG_LEN] = (uint8_t)(i % (CDR_TOKEN_TYPE_COUNT - 1) + 1);
		row[CDR_TAG_LEN + 1] = 1;
		row[CDR_TAG_LEN + 2] = 1;
		row[CDR_TAG_LEN + 3] = handle;
	}
	*request = (Cdr__Wire__IndexProve)CDR__WIRE__INDEX_PROVE__INIT;
	request->epoch = X_EPOCH;
	request->rows = cdr_message_field(rows, count * CDR_INDEX_ROW_LEN);
	return x_call(w->x, &w->member[member], "/v1/index/prove", &request->base, &cdr__wire__index_prove_reply__descriptor, reply);
}

static cdr_err
verify_own(struct world *w, const char *member, const Cdr__Wire__IndexProve *request, const Cdr__Wire__IndexProveReply *reply)
{
	uint16_t expires[CDR_INDEX_PROVE_ROWS_MAX];
	uint8_t hash[CDR_MERKLE_HASH_LEN];
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__IndexRoot *root;
	struct cdr_leaf leaf;
	const struct cdr_index_owner owner = { member, expires, CDR_MATCH_RULE_DEFAULT };

	for (size_t i = 0; i < CDR_INDEX_PROVE_ROWS_MAX; i++)
		expires[i] = LATEST;
	assert_int_equal(cdr_receipt_read(reply->root_receipt, w->x->hub->genesis, w->x->hub_party.signing, &leaf, hash), CDR_OK);
	assert_int_equal(cdr_index_root_read(cdr_message_bytes(reply->root), &leaf, &arena, &root), CDR_OK);
	w->fault = (struct cdr_fault){ 0 };
	cdr_err err = cdr_index_own_verify(&owner, request, reply, root, &w->own, &w->fault);
	cdr_arena_free(&arena);
	return err;
}

static void
owners_see_their_rows_and_no_others(void **state)
{
	struct world *w = *state;
	uint8_t rows[CDR_INDEX_PROVE_ROWS_MAX * CDR_INDEX_ROW_LEN];
	struct x_reply first, second;
	Cdr__Wire__IndexProve request;

	put(w, 1, 11, 1, LATEST);
	assert_int_equal(prove(w, 1, 11, 1, 16, rows, &first, &request), 200);
	Cdr__Wire__IndexProveReply *reply = first.message;
	assert_int_equal(verify_own(w, "m1", &request, reply), CDR_OK);
	assert_int_equal(verify_own(w, "m2", &request, reply), CDR_E_PROOF);
	/* Another member puts the same person: the owner cannot tell. Everything in its buckets is new either way. */
	put(w, 2, 12, 1, LATEST);
	assert_int_equal(prove(w, 1, 11, 1, 16, rows, &second, &request), 200);
	Cdr__Wire__IndexProveReply *later = second.message;
	assert_int_equal(verify_own(w, "m1", &request, later), CDR_OK);
	for (size_t i = 0; i < 16; i++) {
		assert_int_equal(reply->slot[i]->beside.len, later->slot[i]->beside.len);
		assert_memory_not_equal(reply->slot[i]->beside.data, later->slot[i]->beside.data, CDR_INDEX_HASH_LEN);
		assert_memory_equal(reply->slot[i]->person_salt.data, later->slot[i]->person_salt.data, CDR_INDEX_SALT_LEN);
	}
	/* A row that is left out, a person that is split in two. */
	later->n_slot = 15;
	assert_int_equal(verify_own(w, "m1", &request, later), CDR_E_PROOF);
	later->n_slot = 16;
	later->slot[3]->person_salt.data[0] ^= 1;
	assert_int_equal(verify_own(w, "m1", &request, later), CDR_E_PROOF);
	later->slot[3]->person_salt.data[0] ^= 1;
	assert_int_equal(verify_own(w, "m1", &request, later), CDR_OK);
	later->slot[3]->beside.len -= CDR_INDEX_HASH_LEN;
	assert_int_equal(verify_own(w, "m1", &request, later), CDR_E_PROOF);
	x_reply_free(&first);
	x_reply_free(&second);
}

/* A hub that has taken somebody out can prove just that. */
static void
who_was_taken_out_is_missed(void **state)
{
	struct world *w = *state;
	uint8_t rows[CDR_INDEX_PROVE_ROWS_MAX * CDR_INDEX_ROW_LEN];
	struct x_reply other;
	Cdr__Wire__IndexProve request;

	put(w, 1, 11, 1, LATEST);
	put(w, 1, 15, 5, LATEST);
	assert_int_equal(prove(w, 1, 15, 5, 16, rows, &other, &request), 200);
	x_reply_free(&other);
	take_out(w, 1, 11);
	assert_int_equal(prove(w, 1, 11, 1, 4, rows, &other, &request), 404);
	x_reply_free(&other);
	/* Its tree shows that nothing stands there. */
	check(w, 0, 1, 16);
	Cdr__Wire__IndexProveReply reply = CDR__WIRE__INDEX_PROVE_REPLY__INIT;
	uint8_t sixteen[16 * CDR_INDEX_ROW_LEN];
	for (size_t i = 0; i < 16; i++) {
		memset(sixteen + i * CDR_INDEX_ROW_LEN, 0, CDR_INDEX_ROW_LEN);
		memcpy(sixteen + i * CDR_INDEX_ROW_LEN, w->rows + i * CDR_CHECK_ROW_LEN, CDR_CHECK_ROW_LEN);
	}
	request.rows = cdr_message_field(sixteen, sizeof(sixteen));
	reply.root = w->answer->proof->root;
	reply.known = w->answer->proof->known;
	reply.known_count = w->answer->proof->known_count;
	reply.beside = w->answer->proof->beside;
	reply.root_receipt = w->answer->root_receipt;
	assert_int_equal(verify_own(w, "m1", &request, &reply), CDR_E_ABSENT);
	assert_non_null(strstr(w->fault.text, "LACKS SOMEBODY"));
}

static void
others_rows_are_not_proved(void **state)
{
	struct world *w = *state;
	uint8_t rows[CDR_INDEX_PROVE_ROWS_MAX * CDR_INDEX_ROW_LEN];
	struct x_reply reply;
	Cdr__Wire__IndexProve request;

	put(w, 1, 11, 1, LATEST);
	assert_int_equal(prove(w, 2, 11, 1, 1, rows, &reply, &request), 404);
	x_reply_free(&reply);
	assert_int_equal(prove(w, 2, 12, 77, 1, rows, &reply, &request), 404);
	x_reply_free(&reply);
	assert_int_equal(prove(w, 1, 11, 1, 0, rows, &reply, &request), 400);
	x_reply_free(&reply);
	prove(w, 1, 11, 1, 2, rows, &reply, &request);
	x_reply_free(&reply);
	memcpy(rows + CDR_INDEX_ROW_LEN, rows, CDR_INDEX_ROW_LEN);
	assert_string_equal(x_try(w->x, &w->member[1], "/v1/index/prove", &request.base, &cdr__wire__index_prove_reply__descriptor),
	    "input");
	request.epoch = 9;
	assert_string_equal(x_try(w->x, &w->member[1], "/v1/index/prove", &request.base, &cdr__wire__index_prove_reply__descriptor),
	    "epoch");
}

/* ${asker} asks after a row as often as a member may in a day, gets ${answer} each time, and then none any more. */
static void
ask_until_the_quota_ends(struct world *w, uint8_t asker, int answer)
{
	uint8_t rows[CDR_INDEX_PROVE_ROWS_MAX * CDR_INDEX_ROW_LEN];
	struct x_reply reply;
	Cdr__Wire__IndexProve request;

	for (int i = 0; i < CDR_HUB_PROOFS_A_DAY; i++) {
		assert_int_equal(prove(w, asker, 11, 1, 1, rows, &reply, &request), answer);
		x_reply_free(&reply);
	}
	const int64_t leaves = x_count(w->x, "SELECT count(*) FROM log_leaf");
	assert_string_equal(x_try(w->x, &w->member[asker], "/v1/index/prove", &request.base, &cdr__wire__index_prove_reply__descriptor),
	    "quota");
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM log_leaf"), leaves);
}

/* Each proof is a leaf for ever: a member has so many a day. */
static void
nobody_fills_the_log_with_proofs(void **state)
{
	struct world *w = *state;
	uint8_t rows[CDR_INDEX_PROVE_ROWS_MAX * CDR_INDEX_ROW_LEN];
	struct x_reply reply;
	Cdr__Wire__IndexProve request;

	put(w, 1, 11, 1, LATEST);
	put(w, 2, 12, 2, LATEST);
	ask_until_the_quota_ends(w, 1, 200);
	assert_int_equal(prove(w, 2, 12, 2, 1, rows, &reply, &request), 200);
	x_reply_free(&reply);
	w->x->now += CDR_HUB_DAY_S;
	assert_int_equal(prove(w, 1, 11, 1, 1, rows, &reply, &request), 200);
	x_reply_free(&reply);
}

/* Nor does it have the hub work for nothing: what ends without a proof counts like any other. */
static void
asking_after_others_rows_counts(void **state)
{
	struct world *w = *state;
	uint8_t rows[CDR_INDEX_PROVE_ROWS_MAX * CDR_INDEX_ROW_LEN];
	struct x_reply reply;
	Cdr__Wire__IndexProve request;

	put(w, 1, 11, 1, LATEST);
	ask_until_the_quota_ends(w, 2, 404);
	assert_int_equal(prove(w, 1, 11, 1, 1, rows, &reply, &request), 200);
	x_reply_free(&reply);
}

static cdr_err
forget_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_hub_tree_forget(tx, X_EPOCH);
}

/* The tree is not what the index is: the hub says so itself rather than give a proof that does not hold. */
static void
a_damaged_tree_proves_nothing(void **state)
{
	struct world *w = *state;
	uint8_t rows[CDR_INDEX_PROVE_ROWS_MAX * CDR_INDEX_ROW_LEN];
	struct x_reply reply;
	Cdr__Wire__IndexProve request;

	put(w, 1, 11, 1, LATEST);
	check(w, 0, 1, 16);
	holds(w, 0, 1);
	assert_int_equal(cdr_store_write(w->x->store, forget_job, NULL), CDR_OK);
	assert_int_equal(x_count(w->x, "SELECT (SELECT count(*) FROM index_page) + (SELECT count(*) FROM index_root)"
	    " + (SELECT count(*) FROM index_secret)"), 0);
	/* It is built anew from the index alone. */
	assert_int_equal(prove(w, 1, 11, 1, 2, rows, &reply, &request), 200);
	assert_int_equal(verify_own(w, "m1", &request, reply.message), CDR_OK);
	x_reply_free(&reply);
	check(w, 0, 1, 16);
	holds(w, 0, 1);
}

/* As many notes as an import of 2,500 people makes, all of one row. */
static cdr_err
notes_job(struct cdr_tx *tx, void *context)
{
	uint8_t tag[CDR_TAG_LEN + 1] = { 0 };

	(void)context;
	x_tag(200, 0, tag);
	tag[CDR_TAG_LEN] = 1;
	for (int i = 0; i < 2500; i++)
		assert_int_equal(cdr_hub_tree_note(tx, X_EPOCH, tag, 1), CDR_OK);
	return CDR_OK;
}

/* Those who put work in what they put, some at a time; the answer after that is proved like any other. */
static void
a_large_import_is_not_left_to_the_next_answer(void **state)
{
	struct world *w = *state;

	put(w, 1, 11, 1, LATEST);
	assert_int_equal(cdr_store_write(w->x->store, notes_job, NULL), CDR_OK);
	for (uint8_t i = 0; i < 4; i++)
		put(w, 2, (uint8_t)(20 + i), (uint8_t)(2 + i), LATEST);
	int64_t left = x_count(w->x, "SELECT count(*) FROM index_change");
	assert_true(left > 0 && left <= 1024);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM index_root"), 0); /* nothing is proved by it yet */
	check(w, 0, 1, 16);
	holds(w, 0, 1);
	assert_int_equal(x_count(w->x, "SELECT count(*) FROM index_change"), 0);
	check(w, 0, 3, 16);
	holds(w, 0, 1);
	/* With a root that was shown before, and changes after it that were worked in half. */
	assert_int_equal(cdr_store_write(w->x->store, notes_job, NULL), CDR_OK);
	put(w, 2, 30, 9, LATEST);
	take_out(w, 1, 11);
	check(w, 0, 9, 16);
	holds(w, 0, 1);
	check(w, 0, 1, 16);
	holds(w, 0, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers_are_proved, setup, teardown),
		cmocka_unit_test_setup_teardown(two_entries_are_equally_good, setup, teardown),
		cmocka_unit_test_setup_teardown(roots_follow_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(who_is_not_named_stays_hidden, setup, teardown),
		cmocka_unit_test_setup_teardown(below_the_rule, setup, teardown),
		cmocka_unit_test_setup_teardown(lies_break, setup, teardown),
		cmocka_unit_test_setup_teardown(a_crowd_hides_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(more_handles_than_fit, setup, teardown),
		cmocka_unit_test_setup_teardown(owners_see_their_rows_and_no_others, setup, teardown),
		cmocka_unit_test_setup_teardown(who_was_taken_out_is_missed, setup, teardown),
		cmocka_unit_test_setup_teardown(others_rows_are_not_proved, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_fills_the_log_with_proofs, setup, teardown),
		cmocka_unit_test_setup_teardown(asking_after_others_rows_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(a_damaged_tree_proves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_large_import_is_not_left_to_the_next_answer, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
