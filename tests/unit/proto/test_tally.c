/* A round in memory: sums come out as they are, nothing else comes out, and whoever lies is named. */
#include "tests/unit/proto/round_world.h"

#define MEMBERS_HERE 7
#define CELLS 12

static const uint32_t choice[] = { 1, 3, 4 }, other_choice[] = { 2, 3, 5 };

/* Every count is the plain sum, or hidden where fewer than three members have some. */
static void
check_totals(const struct round_world *w)
{
	size_t hidden = 0, shown = 0;

	for (size_t c = 0; c < w->round->cell_count; c++) {
		int32_t sum = 0;
		uint32_t contributors = 0;
		for (size_t i = 0; i < w->member_count; i++) {
			sum += (int32_t)w->counts[i][c];
			contributors += w->counts[i][c] > 0;
		}
		assert_int_equal(w->opening.contributors[c], contributors);
		if (contributors < CDR_ROUND_CONTRIBUTORS_MIN)
			assert_int_equal(w->totals[c], CDR_ROUND_COUNT_HIDDEN);
		else
			assert_int_equal(w->totals[c], sum);
		hidden += contributors < CDR_ROUND_CONTRIBUTORS_MIN;
		shown += contributors >= CDR_ROUND_CONTRIBUTORS_MIN;
	}
	assert_true(hidden > 0);
	assert_true(shown > 0);
}

static void
sums_come_out(void **state)
{
	(void)state;
	struct round_world w;

	world_start(&w, MEMBERS_HERE, CELLS, 8, 0);
	world_contribute(&w, 256);
	world_close(&w);
	/* The trustees verify what the hub has only added up. */
	struct cdr_tally *tally;
	struct cdr_buffer sums;
	assert_int_equal(cdr_tally_new(&w.world, w.key, true, &tally), CDR_OK);
	for (size_t i = 0; i < w.member_count; i++)
		assert_int_equal(cdr_tally_add(tally, w.close.list->contribution[i], cdr_buffer_bytes(&w.contribution[i]), NULL), CDR_OK);
	assert_int_equal(cdr_tally_finish(tally, &sums, NULL), CDR_OK);
	assert_int_equal(sums.len, w.sums.len);
	assert_memory_equal(sums.data, w.sums.data, sums.len);
	cdr_buffer_free(&sums);
	cdr_tally_free(tally);
	/* Some answer first, others second: any three of five. */
	world_set(&w, choice);
	world_totals(&w, other_choice);
	check_totals(&w);
	world_end(&w);
}

/*
 * A hundred members, 40 tables of 25 cells, 1,000 incidents drawn by a seeded generator, each counting once in every table; the
 * trustees verify everything. A minute: with CDR_LONG=1, as `make soak` sets it.
 */
static void
a_hundred_members(void **state)
{
	(void)state;
	struct round_world w;
	struct cdr_tally *tally;
	struct cdr_buffer sums;
	uint64_t seed = 2026;

	if (getenv("CDR_LONG") == NULL)
		return;
	world_start_tables(&w, 100, 40, 25, 8, 0);
	for (size_t i = 0; i < w.member_count; i++)
		w.counts[i] = calloc(w.round->cell_count, sizeof(**w.counts));
	for (int incident = 0; incident < 1000; incident++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		uint32_t *counts = w.counts[(seed >> 33) % 100];
		for (size_t t = 0; t < 40; t++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			/* Some categories are much commoner than others. */
			counts[t * 25 + ((seed >> 33) % 25) * ((seed >> 48) % 25) / 25]++;
		}
	}
	world_submit(&w);
	world_close(&w);
	assert_int_equal(cdr_tally_new(&w.world, w.key, true, &tally), CDR_OK);
	for (size_t i = 0; i < w.member_count; i++)
		assert_int_equal(cdr_tally_add(tally, w.close.list->contribution[i], cdr_buffer_bytes(&w.contribution[i]), NULL), CDR_OK);
	assert_int_equal(cdr_tally_finish(tally, &sums, NULL), CDR_OK);
	assert_memory_equal(sums.data, w.sums.data, sums.len);
	cdr_buffer_free(&sums);
	cdr_tally_free(tally);
	world_set(&w, choice);
	world_totals(&w, other_choice);
	check_totals(&w);
	world_end(&w);
}

/* With an epsilon the counts are noisy, the noise is that of three trustees, and what is hidden stays hidden. */
static void
noise_is_added(void **state)
{
	(void)state;
	struct round_world w;
	size_t exact = 0, shown = 0;

	world_start(&w, MEMBERS_HERE, CELLS, 8, 500);
	world_contribute(&w, 256);
	world_close(&w);
	world_set(&w, choice);
	world_totals(&w, choice);
	for (size_t c = 0; c < w.round->cell_count; c++) {
		int32_t sum = 0;
		for (size_t i = 0; i < w.member_count; i++)
			sum += (int32_t)w.counts[i][c];
		if (w.opening.contributors[c] < CDR_ROUND_CONTRIBUTORS_MIN) {
			assert_int_equal(w.totals[c], CDR_ROUND_COUNT_HIDDEN);
			continue;
		}
		assert_in_range(w.totals[c] - sum + 300, 0, 600);
		exact += w.totals[c] == sum;
		shown++;
	}
	assert_true(exact < shown);
	/* Noise that was not the trustee's own: another's, moved over. */
	struct cdr_answer_read answer;
	struct cdr_fault fault;
	w.first_request[0].data[w.first_request[0].len - 100] ^= 1;
	assert_int_not_equal(cdr_first_read(&w.world, &w.close, cdr_buffer_bytes(&w.sums), w.key, cdr_buffer_bytes(&w.first_request[0]),
	    &answer, &fault), CDR_OK);
	cdr_answer_free(&answer);
	world_end(&w);
}

/* ---- liars ------------------------------------------------------------------------------------------------------ */

/* Feed contribution ${i} to a verifying tally that has those before it; what it says of it, now or at the end. */
static cdr_err
tally_one(struct round_world *w, const Cdr__Wire__ClosedContribution *expected, const struct cdr_buffer *request,
    struct cdr_fault *fault)
{
	struct cdr_tally *tally;
	struct cdr_buffer sums = { 0 };

	*fault = (struct cdr_fault){ CDR_OK, "" };
	assert_int_equal(cdr_tally_new(&w->world, w->key, true, &tally), CDR_OK);
	cdr_err err = cdr_tally_add(tally, NULL, cdr_buffer_bytes(&w->contribution[0]), fault);
	assert_int_equal(err, CDR_OK);
	err = cdr_tally_add(tally, expected, cdr_buffer_bytes(request), fault);
	if (err == CDR_OK)
		err = cdr_tally_finish(tally, &sums, fault);
	cdr_buffer_free(&sums);
	cdr_tally_free(tally);
	return err;
}

static void
a_hub_that_lies_about_contributions(void **state)
{
	(void)state;
	struct round_world w;
	struct cdr_fault fault;
	struct cdr_buffer packed, request = { 0 };

	world_start(&w, MEMBERS_HERE, 3, 4, 0);
	world_contribute(&w, 16);
	world_close(&w);
	const Cdr__Wire__ClosedContribution *list = w.close.list->contribution[1];
	assert_int_equal(tally_one(&w, list, &w.contribution[1], &fault), CDR_OK);
	/* It shows another's, or one twice. */
	assert_int_equal(tally_one(&w, list, &w.contribution[2], &fault), CDR_E_REFUSED);
	assert_int_equal(tally_one(&w, NULL, &w.contribution[0], &fault), CDR_E_REFUSED);
	assert_non_null(strstr(fault.text, "member-000"));
	/* A member's contribution under another's name, with the hub's own signature. */
	assert_int_equal(cdr_contribution_make(w.round, w.key, w.member_id[1], w.counts[1], &packed), CDR_OK);
	memcpy(w.member_keys[1].seed, hub_keys.seed, sizeof(hub_keys.seed));
	world_sign(&w, 1, &packed, &request);
	assert_int_equal(tally_one(&w, NULL, &request, &fault), CDR_E_SIGNATURE);
	assert_non_null(strstr(fault.text, "member-001"));
	cdr_buffer_free(&request);
	/* A member that it invents. */
	memcpy(w.member_id[1], "member-zzz", sizeof("member-zzz"));
	world_sign(&w, 1, &packed, &request);
	assert_int_equal(tally_one(&w, NULL, &request, &fault), CDR_E_ABSENT);
	assert_non_null(strstr(fault.text, "member-zzz"));
	cdr_buffer_free(&request);
	cdr_buffer_free(&packed);
	/* Any byte of a request. */
	for (size_t at = 0; at < w.contribution[1].len; at += 97) {
		w.contribution[1].data[at] ^= 1;
		assert_int_not_equal(tally_one(&w, NULL, &w.contribution[1], &fault), CDR_OK);
		w.contribution[1].data[at] ^= 1;
	}
	world_end(&w);
}

static void
a_member_that_lies(void **state)
{
	(void)state;
	struct round_world w;
	struct cdr_fault fault;
	struct cdr_buffer packed, request = { 0 };
	uint32_t counts[6] = { 0 };

	world_start(&w, MEMBERS_HERE, 3, 4, 0);
	world_contribute(&w, 16);
	/* Another's ciphertexts, signed by itself. */
	assert_int_equal(cdr_contribution_make(w.round, w.key, w.member_id[2], w.counts[2], &packed), CDR_OK);
	world_sign(&w, 1, &packed, &request);
	assert_int_equal(tally_one(&w, NULL, &request, &fault), CDR_E_PROOF);
	assert_non_null(strstr(fault.text, "member-001"));
	cdr_buffer_free(&request);
	/* One cell of another's among its own. */
	struct cdr_buffer own;
	assert_int_equal(cdr_contribution_make(w.round, w.key, w.member_id[1], w.counts[1], &own), CDR_OK);
	memcpy(own.data + CDR_CIPHER_LEN, packed.data + CDR_CIPHER_LEN, CDR_CIPHER_LEN);
	world_sign(&w, 1, &own, &request);
	assert_int_equal(tally_one(&w, NULL, &request, &fault), CDR_E_PROOF);
	cdr_buffer_free(&request);
	cdr_buffer_free(&own);
	cdr_buffer_free(&packed);
	/* A flag where there is no count, to bring a cell to three contributors that has two: proved as if flags and counts were apart. */
	struct cdr_range_form forms[3 * 6];
	struct cdr_range_layout apart = w.round->layout;
	uint32_t values[2 * 6] = { [6] = 1 };
	struct cdr_contribution_context context;
	assert_int_equal(w.round->cell_count, 6);
	memcpy(forms, w.round->forms, sizeof(forms));
	for (uint32_t i = 0; i < 6; i++) {
		forms[6 + i] = (struct cdr_range_form){ { i, i }, { 1, 0 } };
		forms[12 + i] = (struct cdr_range_form){ { 6 + i, i }, { 15, 0 } };
	}
	apart.form = forms;
	cdr_contribution_context(w.round, w.member_id[1], &context);
	own = (struct cdr_buffer){ .data = malloc(cdr_range_packed_len(&apart)), .len = cdr_range_packed_len(&apart) };
	assert_int_equal(cdr_range_encrypt(w.key, (struct cdr_bytes){ context.bytes, context.len }, &w.round->layout, values,
	    w.member_keys[1].seed, own.data), CDR_E_RANGE);
	assert_int_equal(cdr_range_encrypt(w.key, (struct cdr_bytes){ context.bytes, context.len }, &apart, values,
	    w.member_keys[1].seed, own.data), CDR_OK);
	world_sign(&w, 1, &own, &request);
	assert_int_equal(tally_one(&w, NULL, &request, &fault), CDR_E_PROOF);
	assert_non_null(strstr(fault.text, "member-001"));
	cdr_buffer_free(&request);
	cdr_buffer_free(&own);
	/* Too large is not even made. */
	counts[0] = 16;
	assert_int_equal(cdr_contribution_make(w.round, w.key, w.member_id[1], counts, &packed), CDR_E_RANGE);
	/* Shorter than the round's tables. */
	assert_int_equal(cdr_contribution_make(w.round, w.key, w.member_id[1], w.counts[1], &packed), CDR_OK);
	packed.len--;
	world_sign(&w, 1, &packed, &request);
	assert_int_equal(tally_one(&w, NULL, &request, &fault), CDR_E_INPUT);
	packed.len++;
	cdr_buffer_free(&request);
	cdr_buffer_free(&packed);
	world_end(&w);
}

static void
a_trustee_that_lies(void **state)
{
	(void)state;
	struct round_world w;
	struct cdr_fault fault;
	struct cdr_answer_read answer;
	struct cdr_buffer request = { 0 };

	world_start(&w, MEMBERS_HERE, 3, 4, 0);
	world_contribute(&w, 16);
	world_close(&w);
	/* With another share than its own. */
	world_first(&w, 2, w.share[4], &request);
	assert_int_equal(cdr_first_read(&w.world, &w.close, cdr_buffer_bytes(&w.sums), w.key, cdr_buffer_bytes(&request), &answer,
	    &fault), CDR_E_PROOF);
	assert_non_null(strstr(fault.text, "trustee 2"));
	cdr_answer_free(&answer);
	cdr_buffer_free(&request);
	world_set(&w, choice);
	world_second(&w, 2, w.share[4], &request);
	assert_int_equal(cdr_second_read(&w.world, &w.close, &w.set, &w.opening, cdr_buffer_bytes(&request), &answer, &fault),
	    CDR_E_PROOF);
	assert_non_null(strstr(fault.text, "trustee 2"));
	cdr_answer_free(&answer);
	cdr_buffer_free(&request);
	/* A first answer where a second is wanted, and the other way round. */
	assert_int_equal(cdr_second_read(&w.world, &w.close, &w.set, &w.opening, cdr_buffer_bytes(&w.first_request[0]), &answer,
	    &fault), CDR_E_INPUT);
	cdr_answer_free(&answer);
	/* An answer that the hub's set does not name. */
	struct cdr_opening opening;
	world_first(&w, 1, w.share[0], &request);
	cdr_answer_free(&w.first[0]);
	assert_int_equal(cdr_first_read(&w.world, &w.close, cdr_buffer_bytes(&w.sums), w.key, cdr_buffer_bytes(&request), &w.first[0],
	    &fault), CDR_OK);
	assert_int_equal(cdr_opening_make(&w.world, &w.close, &w.set, cdr_buffer_bytes(&w.sums), w.first, 3, &opening, &fault),
	    CDR_E_REFUSED);
	cdr_opening_free(&opening);
	assert_int_equal(cdr_opening_make(&w.world, &w.close, &w.set, cdr_buffer_bytes(&w.sums), w.first, 2, &opening, &fault),
	    CDR_E_REFUSED);
	cdr_opening_free(&opening);
	cdr_buffer_free(&request);
	world_end(&w);
}

/* ---- records ---------------------------------------------------------------------------------------------------- */

static void
a_record_is_recomputed(void **state)
{
	(void)state;
	struct round_world w;
	struct cdr_fault fault;
	Cdr__Wire__RoundRecord record = CDR__WIRE__ROUND_RECORD__INIT;
	Cdr__Wire__SignedRound sealed;
	ProtobufCBinaryData contribution[MEMBERS_HERE], first[WORLD_THRESHOLD], second[WORLD_THRESHOLD];

	world_start(&w, MEMBERS_HERE, 5, 8, 0);
	world_contribute(&w, 200);
	world_close(&w);
	world_set(&w, choice);
	world_totals(&w, other_choice);
	for (size_t i = 0; i < MEMBERS_HERE; i++)
		contribution[i] = cdr_message_field(w.contribution[i].data, w.contribution[i].len);
	for (size_t i = 0; i < WORLD_THRESHOLD; i++) {
		first[i] = cdr_message_field(w.first_request[i].data, w.first_request[i].len);
		second[i] = cdr_message_field(w.second_request[i].data, w.second_request[i].len);
	}
	sealed = *w.round->sealed;
	record.round = &sealed;
	record.close = w.signed_close;
	record.set = w.signed_set;
	record.contribution = contribution;
	record.n_contribution = MEMBERS_HERE;
	record.first = first;
	record.n_first = WORLD_THRESHOLD;
	record.second = second;
	record.n_second = WORLD_THRESHOLD;
	record.totals = cdr_message_field(w.totals_bytes.data, w.totals_bytes.len);
	assert_int_equal(cdr_record_verify(&record, &w.shelf, w.genesis, &fault), CDR_OK);
	/* Something else in the totals; a contribution or an answer that is missing or another. */
	record.totals.data[record.totals.len - 1] ^= 2;
	assert_int_equal(cdr_record_verify(&record, &w.shelf, w.genesis, &fault), CDR_E_REFUSED);
	record.totals.data[record.totals.len - 1] ^= 2;
	record.n_contribution--;
	assert_int_equal(cdr_record_verify(&record, &w.shelf, w.genesis, &fault), CDR_E_INPUT);
	record.n_contribution++;
	contribution[1] = contribution[2];
	assert_int_equal(cdr_record_verify(&record, &w.shelf, w.genesis, &fault), CDR_E_REFUSED);
	contribution[1] = cdr_message_field(w.contribution[1].data, w.contribution[1].len);
	first[1] = first[0];
	assert_int_not_equal(cdr_record_verify(&record, &w.shelf, w.genesis, &fault), CDR_OK);
	first[1] = cdr_message_field(w.first_request[1].data, w.first_request[1].len);
	sealed.signature.data[0] ^= 1;
	assert_int_equal(cdr_record_verify(&record, &w.shelf, w.genesis, &fault), CDR_E_SIGNATURE);
	sealed.signature.data[0] ^= 1;
	assert_int_equal(cdr_record_verify(&record, &w.shelf, w.genesis, &fault), CDR_OK);
	world_end(&w);
}

/* ${by} times G more in B: the same ciphertext of another number. */
static void
shift_count(uint8_t *cipher, uint64_t by)
{
	uint8_t k[CDR_SCALAR_LEN], one[CDR_SCALAR_LEN];
	struct cdr_points *point;

	cdr_scalar_set(1, one);
	cdr_scalar_set(by, k);
	assert_int_equal(cdr_points_decode(cipher + CDR_POINT_LEN, 1, &point), CDR_OK);
	const struct cdr_term term = { one, point, 0 };
	assert_int_equal(cdr_points_set_sum(point, 0, k, &term, 1, false), CDR_OK);
	assert_int_equal(cdr_points_encode(point), CDR_OK);
	memcpy(cipher + CDR_POINT_LEN, cdr_points_peek(point, 0), CDR_POINT_LEN);
	cdr_points_free(point);
}

static void
published_cells_are_checked(void **state)
{
	(void)state;
	struct round_world w;
	struct cdr_fault fault;
	Cdr__Wire__RoundExcerpt excerpt = CDR__WIRE__ROUND_EXCERPT__INIT;
	Cdr__Wire__SignedRound sealed;
	Cdr__Wire__SignedClose head;
	Cdr__Wire__PublishedCell cell = CDR__WIRE__PUBLISHED_CELL__INIT, *cells[1] = { &cell };
	ProtobufCBinaryData partial[WORLD_THRESHOLD];
	uint32_t trustees[WORLD_THRESHOLD];
	uint8_t shifted[CDR_CIPHER_LEN];
	static char one[] = "one", two[] = "two";

	world_start(&w, MEMBERS_HERE, 5, 8, 500);
	world_contribute(&w, 200);
	world_close(&w);
	world_set(&w, choice);
	world_totals(&w, other_choice);
	assert_true(w.opening.open_count > 0 && w.opening.open[0] < 5);
	sealed = *w.round->sealed;
	excerpt.round = &sealed;
	excerpt.set = w.signed_set;
	head = *w.signed_close;
	head.has_list = 0;
	excerpt.close = &head;
	excerpt.roster_version = w.roster->body->version;
	excerpt.trustee = trustees;
	excerpt.n_trustee = WORLD_THRESHOLD;
	for (size_t i = 0; i < WORLD_THRESHOLD; i++) {
		trustees[i] = other_choice[i];
		partial[i] = cdr_message_field(w.second[i].partials, CDR_SECOND_CELL_LEN);
	}
	cell.table = one;
	cell.cell = w.opening.open[0];
	cell.count = w.totals[w.opening.open[0]];
	cell.cipher = cdr_message_field(w.opening.cipher, CDR_CIPHER_LEN);
	cell.partial = partial;
	cell.n_partial = WORLD_THRESHOLD;
	excerpt.cell = cells;
	excerpt.n_cell = 1;
	assert_int_equal(cdr_excerpt_verify(&excerpt, &w.shelf, w.genesis, &fault), CDR_OK);
	cell.count++;
	assert_int_equal(cdr_excerpt_verify(&excerpt, &w.shelf, w.genesis, &fault), CDR_E_REFUSED);
	/* Counts that no sum has, at both ends of what can be written. */
	const int64_t known = --cell.count, beyond[] = { INT64_MAX, INT64_MAX - 100000, INT64_MIN, CDR_RECOVER_SPAN_MAX, -(int64_t)CDR_RECOVER_SPAN_MAX };
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		cell.count = beyond[i];
		assert_int_equal(cdr_excerpt_verify(&excerpt, &w.shelf, w.genesis, &fault), CDR_E_INPUT);
	}
	cell.count = known;
	/* A hub that shows another ciphertext: the second half shifted, and the count with it. */
	memcpy(shifted, w.opening.cipher, sizeof(shifted));
	shift_count(shifted, 1);
	cell.cipher.data = shifted;
	cell.count++;
	assert_int_equal(cdr_excerpt_verify(&excerpt, &w.shelf, w.genesis, &fault), CDR_E_PROOF);
	cell.count--;
	cell.cipher.data = w.opening.cipher;
	/* The head of another closing, a list of first answers that is not signed. */
	head.close.data[10] ^= 1;
	assert_int_equal(cdr_excerpt_verify(&excerpt, &w.shelf, w.genesis, &fault), CDR_E_SIGNATURE);
	head.close.data[10] ^= 1;
	excerpt.set->signature.data[0] ^= 1;
	assert_int_equal(cdr_excerpt_verify(&excerpt, &w.shelf, w.genesis, &fault), CDR_E_SIGNATURE);
	excerpt.set->signature.data[0] ^= 1;
	cell.table = two;
	assert_int_equal(cdr_excerpt_verify(&excerpt, &w.shelf, w.genesis, &fault), CDR_E_PROOF);
	cell.table = one;
	cell.cell = 5;
	assert_int_equal(cdr_excerpt_verify(&excerpt, &w.shelf, w.genesis, &fault), CDR_E_INPUT);
	cell.cell = w.opening.open[0];
	trustees[1] = trustees[0];
	assert_int_equal(cdr_excerpt_verify(&excerpt, &w.shelf, w.genesis, &fault), CDR_E_INPUT);
	trustees[1] = other_choice[1];
	excerpt.n_trustee = cell.n_partial = 2;
	assert_int_equal(cdr_excerpt_verify(&excerpt, &w.shelf, w.genesis, &fault), CDR_E_INPUT);
	world_end(&w);
}

/* ---- what changes meanwhile ------------------------------------------------------------------------------------- */

/* From now on another roster is in force: the shares were renewed, and member 1 enrolled anew with other keys. */
static void
renew(struct round_world *w)
{
	uint8_t public_key[CDR_POINT_LEN];

	for (size_t i = 1; i < WORLD_THRESHOLD; i++)
		assert_int_equal(cdr_scalar_random(w->coefficients + i * CDR_SCALAR_LEN), CDR_OK);
	assert_int_equal(cdr_group_mul_base(w->coefficients, public_key), CDR_OK);
	assert_memory_equal(public_key, w->public_key, sizeof(public_key));
	for (uint8_t i = 0; i < TRUSTEES; i++) {
		assert_int_equal(cdr_threshold_deal(w->coefficients, WORLD_THRESHOLD, i + 1, w->share[i]), CDR_OK);
		assert_int_equal(cdr_group_mul_base(w->share[i], w->public_share[i]), CDR_OK);
	}
	w->transcript[0]++;
	make_party(&w->member_keys[1], "member-001-again", false);
	w->draft.body.version = ++w->answered_by;
	assert_int_equal(make_roster(&w->draft, 7, &w->shelf.roster[w->shelf.count]), CDR_OK);
	w->shelf.count++;
}

/* Who answered before the shares were renewed, and who contributed before it enrolled anew, is no liar; but parts of two sharings do not go together. */
static void
shares_are_renewed_between(void **state)
{
	(void)state;
	struct round_world w;
	struct cdr_fault fault;
	struct cdr_opening opening;
	struct cdr_answer_read answer, mixed[WORLD_THRESHOLD];
	struct cdr_buffer request = { 0 };
	uint8_t old_share[TRUSTEES][CDR_SCALAR_LEN];

	world_start(&w, MEMBERS_HERE, CELLS, 8, 0);
	w.answered_by = w.roster->body->version;
	world_contribute(&w, 200);
	world_close(&w);
	world_set(&w, choice);
	memcpy(old_share, w.share, sizeof(old_share));
	renew(&w);
	/* The contributions hold by the roster by which the round was closed, and so do the first answers. */
	struct cdr_tally *tally;
	struct cdr_buffer sums;
	assert_int_equal(cdr_tally_new(&w.world, w.key, true, &tally), CDR_OK);
	for (size_t i = 0; i < w.member_count; i++)
		assert_int_equal(cdr_tally_add(tally, w.close.list->contribution[i], cdr_buffer_bytes(&w.contribution[i]), NULL), CDR_OK);
	assert_int_equal(cdr_tally_finish(tally, &sums, NULL), CDR_OK);
	cdr_buffer_free(&sums);
	cdr_tally_free(tally);
	assert_int_equal(cdr_first_read(&w.world, &w.close, cdr_buffer_bytes(&w.sums), w.key, cdr_buffer_bytes(&w.first_request[0]),
	    &answer, &fault), CDR_OK);
	/* One first answer of before, two of after. */
	mixed[0] = answer;
	for (size_t i = 1; i < WORLD_THRESHOLD; i++) {
		world_first(&w, choice[i], w.share[choice[i] - 1], &request);
		assert_int_equal(cdr_first_read(&w.world, &w.close, cdr_buffer_bytes(&w.sums), w.key, cdr_buffer_bytes(&request), &mixed[i],
		    &fault), CDR_OK);
		memcpy(w.set.body->answer[i]->hash.data, mixed[i].hash, CDR_SHA256_LEN);
		cdr_buffer_free(&request);
	}
	assert_int_equal(cdr_opening_make(&w.world, &w.close, &w.set, cdr_buffer_bytes(&w.sums), mixed, WORLD_THRESHOLD, &opening, &fault),
	    CDR_E_REFUSED);
	cdr_opening_free(&opening);
	for (size_t i = 0; i < WORLD_THRESHOLD; i++)
		cdr_answer_free(&mixed[i]);
	/* A second answer with the share of before is none by the roster of now. */
	world_second(&w, 2, old_share[1], &request);
	assert_int_equal(cdr_second_read(&w.world, &w.close, &w.set, &w.opening, cdr_buffer_bytes(&request), &answer, &fault),
	    CDR_E_PROOF);
	cdr_answer_free(&answer);
	cdr_buffer_free(&request);
	/* Second answers of after the renewal open what first answers of before it left. */
	world_totals(&w, other_choice);
	check_totals(&w);
	/* One of before among them. */
	int32_t counts[2 * CELLS];
	w.answered_by--;
	world_second(&w, 2, old_share[1], &request);
	mixed[0] = (struct cdr_answer_read){ 0 };
	assert_int_equal(cdr_second_read(&w.world, &w.close, &w.set, &w.opening, cdr_buffer_bytes(&request), &mixed[0], &fault), CDR_OK);
	mixed[1] = w.second[1];
	mixed[2] = w.second[2];
	assert_int_equal(cdr_totals_make(&w.world, &w.close, &w.opening, mixed, WORLD_THRESHOLD, counts, &fault), CDR_E_REFUSED);
	cdr_answer_free(&mixed[0]);
	cdr_buffer_free(&request);
	/* By a roster that is not at hand, or older than the closing. */
	w.answered_by = 100;
	world_first(&w, 1, w.share[0], &request);
	assert_int_equal(cdr_first_read(&w.world, &w.close, cdr_buffer_bytes(&w.sums), w.key, cdr_buffer_bytes(&request), &answer, &fault),
	    CDR_E_ABSENT);
	cdr_answer_free(&answer);
	cdr_buffer_free(&request);
	world_end(&w);
}

/* Who enrolled anew before the closing contributes anew; who was revoked does not count. */
static void
who_no_longer_counts(void **state)
{
	(void)state;
	struct round_world w;
	struct cdr_fault fault;
	struct cdr_tally_world now;
	struct cdr_contribution c;
	static char revoked[] = "revoked";

	world_start(&w, MEMBERS_HERE, 2, 4, 0);
	w.answered_by = w.roster->body->version;
	world_contribute(&w, 16);
	renew(&w);
	now = w.world;
	now.roster = w.shelf.roster[1];
	assert_int_equal(cdr_contribution_read(&now, cdr_buffer_bytes(&w.contribution[1]), &c, &fault), CDR_E_SIGNATURE);
	cdr_contribution_free(&c);
	assert_int_equal(cdr_contribution_read(&now, cdr_buffer_bytes(&w.contribution[2]), &c, &fault), CDR_OK);
	cdr_contribution_free(&c);
	w.member[2].status = revoked;
	renew(&w);
	now.roster = w.shelf.roster[2];
	assert_int_equal(cdr_contribution_read(&now, cdr_buffer_bytes(&w.contribution[2]), &c, &fault), CDR_E_ABSENT);
	assert_non_null(strstr(fault.text, "member-002"));
	cdr_contribution_free(&c);
	world_end(&w);
}

/* ---- the hub's words -------------------------------------------------------------------------------------------- */

/* ${w}'s round, changed by ${change} and signed again by the hub; its decoding. */
static cdr_err
decode_changed(struct round_world *w, void (*change)(Cdr__Wire__Round *body))
{
	struct cdr_arena arena = { 0 };
	Cdr__Wire__Round *body;
	Cdr__Wire__SignedRound sealed = CDR__WIRE__SIGNED_ROUND__INIT;
	struct cdr_buffer inner, outer;
	struct cdr_round *round;
	uint8_t signature[CDR_SIGNATURE_LEN];

	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__round__descriptor, cdr_message_bytes(w->round->sealed->round), &body),
	    CDR_OK);
	change(body);
	assert_int_equal(cdr_message_encode(&body->base, &inner), CDR_OK);
	assert_int_equal(cdr_round_sign(hub_keys.seed, CDR_ROUND_WORD_ROUND, w->genesis, cdr_buffer_bytes(&inner), signature), CDR_OK);
	sealed.round = cdr_message_field(inner.data, inner.len);
	sealed.signature = cdr_message_field(signature, sizeof(signature));
	assert_int_equal(cdr_message_encode(&sealed.base, &outer), CDR_OK);
	cdr_err err = cdr_round_decode(cdr_buffer_bytes(&outer), &round, NULL);
	if (err == CDR_OK)
		err = cdr_round_verify(round, w->roster, w->genesis, NULL);
	cdr_round_free(round);
	cdr_buffer_free(&inner);
	cdr_buffer_free(&outer);
	cdr_arena_free(&arena);
	return err;
}

static void no_change(Cdr__Wire__Round *r) { (void)r; }
static void few(Cdr__Wire__Round *r) { r->minimum = 4; }
static void no_table(Cdr__Wire__Round *r) { r->n_table = 0; }
static void same_table(Cdr__Wire__Round *r) { r->table[1]->id = r->table[0]->id; }
static void no_cells(Cdr__Wire__Round *r) { r->table[0]->cells = 0; }
static void many_cells(Cdr__Wire__Round *r) { r->table[0]->cells = CDR_ROUND_CELLS_MAX; }
static void wide(Cdr__Wire__Round *r) { r->table[0]->bits = CDR_ROUND_BITS_MAX + 1; }
static void early(Cdr__Wire__Round *r) { r->deadline = r->opened_at; }
static void months(Cdr__Wire__Round *r) { r->last_month++; }
static void tiny_epsilon(Cdr__Wire__Round *r) { r->has_epsilon_milli = 1; r->epsilon_milli = 1; }
static void short_id(Cdr__Wire__Round *r) { r->id.len--; }
static void elsewhere(Cdr__Wire__Round *r) { r->exchange.data[0] ^= 1; }
static void other_key(Cdr__Wire__Round *r) { r->public_key.data[5] ^= 1; }
static void no_key(Cdr__Wire__Round *r) { r->statistics_key = 2; }

/* One table counts names. */
static char of_everybody[] = "names", of_somalia[] = "names-SOM", of_nowhere[] = "names-som";
static uint8_t scheme[33];
static void
names(Cdr__Wire__Round *r)
{
	r->table[0]->id = of_everybody;
	r->table[0]->cells = CDR_SKETCH_CELLS(CDR_SKETCH_WIDTH_MIN);
	r->has_scheme = r->has_epsilon_milli = 1;
	r->scheme = cdr_message_field(scheme, 32);
	r->epsilon_milli = 1000;
	r->opened_at = 1782864000; /* 1 July 2026, of 2026-H1 */
	r->deadline = r->opened_at + 1;
}
static void names_late(Cdr__Wire__Round *r) { names(r); r->opened_at += 183 * 86400; r->deadline = r->opened_at + 184 * 86400; }
static void names_later(Cdr__Wire__Round *r) { names(r); r->opened_at += UINT64_C(184) * 86400; r->deadline = r->opened_at + 1; }
static void names_early(Cdr__Wire__Round *r) { names(r); r->opened_at--; }
static void names_never(Cdr__Wire__Round *r) { names(r); r->opened_at = UINT64_MAX - 1; r->deadline = UINT64_MAX; }
static void names_of_one(Cdr__Wire__Round *r) { names(r); r->table[1]->id = of_somalia; r->table[1]->cells = r->table[0]->cells; }
static void names_of_none(Cdr__Wire__Round *r) { names_of_one(r); r->table[1]->id = of_nowhere; }
static void names_cells(Cdr__Wire__Round *r) { names(r); r->table[0]->cells--; }
static void names_exact(Cdr__Wire__Round *r) { names(r); r->has_epsilon_milli = 0; }
static void names_loud(Cdr__Wire__Round *r) { names(r); r->epsilon_milli = 1001; }
static void names_scheme(Cdr__Wire__Round *r) { names(r); r->scheme.len = 33; }
static void names_no_scheme(Cdr__Wire__Round *r) { names(r); r->has_scheme = 0; }
static void scheme_alone(Cdr__Wire__Round *r) { r->has_scheme = 1; r->scheme = cdr_message_field(scheme, 32); }

static void
whose_names(void **state)
{
	static const char *const none[] = { "name", "namesSOM", "names-", "names-SO", "names-SOMA", "names-som", "Names", "" };
	char country[CDR_COUNTRY_LEN];

	(void)state;
	assert_true(cdr_round_names("names", country));
	assert_string_equal(country, "");
	assert_true(cdr_round_names("names-SOM", country));
	assert_string_equal(country, "SOM");
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		assert_false(cdr_round_names(none[i], country));
		assert_string_equal(country, "");
	}
}

static void
what_is_no_round_is_refused(void **state)
{
	(void)state;
	static const struct {
		void (*change)(Cdr__Wire__Round *body);
		cdr_err err;
	} cases[] = {
		{ no_change, CDR_OK }, { few, CDR_E_INPUT }, { no_table, CDR_E_INPUT }, { same_table, CDR_E_INPUT },
		{ no_cells, CDR_E_INPUT }, { many_cells, CDR_E_INPUT }, { wide, CDR_E_INPUT }, { early, CDR_E_INPUT },
		{ months, CDR_E_INPUT }, { tiny_epsilon, CDR_E_INPUT }, { short_id, CDR_E_INPUT }, { elsewhere, CDR_E_REFUSED },
		{ other_key, CDR_E_REFUSED }, { no_key, CDR_E_REFUSED },
		{ names, CDR_OK }, { names_of_one, CDR_OK }, { names_cells, CDR_E_INPUT }, { names_exact, CDR_E_INPUT },
		{ names_loud, CDR_E_INPUT }, { names_scheme, CDR_E_INPUT }, { names_no_scheme, CDR_E_INPUT },
		{ names_late, CDR_OK }, { names_later, CDR_E_INPUT }, { names_early, CDR_E_INPUT }, { names_never, CDR_E_INPUT },
		{ scheme_alone, CDR_E_INPUT }, { names_of_none, CDR_OK },
	};
	struct round_world w;

	world_start(&w, 5, 2, 4, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(decode_changed(&w, cases[i].change), cases[i].err);
	world_end(&w);
}

static void
the_roster_says_how_many(void **state)
{
	(void)state;
	struct round_world w;
	struct cdr_roster *roster;
	struct cdr_close close;

	world_start(&w, 5, 2, 4, 0);
	world_contribute(&w, 16);
	world_close(&w);
	w.draft.scheme.has_statistics_minimum = 1;
	w.draft.scheme.statistics_minimum = 6;
	assert_int_equal(make_roster(&w.draft, 7, &roster), CDR_OK);
	assert_int_equal(cdr_round_minimum(w.roster), 5);
	assert_int_equal(cdr_round_minimum(roster), 6);
	assert_int_equal(cdr_round_verify(w.round, roster, w.genesis, NULL), CDR_E_REFUSED);
	assert_int_equal(cdr_close_read(w.signed_close, w.round, roster, w.genesis, &close, NULL), CDR_E_REFUSED);
	cdr_close_free(&close);
	cdr_roster_free(roster);
	w.draft.scheme.statistics_minimum = 4;
	assert_int_equal(make_roster(&w.draft, 7, &roster), CDR_E_ROSTER);
	/* The list itself: another's signature, another round, members out of order. */
	w.signed_close->signature.data[0] ^= 1;
	assert_int_equal(cdr_close_read(w.signed_close, w.round, w.roster, w.genesis, &close, NULL), CDR_E_SIGNATURE);
	world_end(&w);
}

static void
periods(void **state)
{
	(void)state;
	uint32_t first, last;
	static const char *const bad[] = { "", "2026", "2026-H3", "2026-h1", "1999-H1", "2026-H1 ", "20x6-H1" };

	assert_int_equal(cdr_round_period("2026-H2", &first, &last), CDR_OK);
	assert_int_equal(first, 26 * 12 + 6);
	assert_int_equal(last, 26 * 12 + 11);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(cdr_round_period(bad[i], &first, &last), CDR_E_INPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_come_out),
		cmocka_unit_test(a_hundred_members),
		cmocka_unit_test(noise_is_added),
		cmocka_unit_test(a_hub_that_lies_about_contributions),
		cmocka_unit_test(a_member_that_lies),
		cmocka_unit_test(a_trustee_that_lies),
		cmocka_unit_test(a_record_is_recomputed),
		cmocka_unit_test(published_cells_are_checked),
		cmocka_unit_test(shares_are_renewed_between),
		cmocka_unit_test(who_no_longer_counts),
		cmocka_unit_test(what_is_no_round_is_refused),
		cmocka_unit_test(whose_names),
		cmocka_unit_test(the_roster_says_how_many),
		cmocka_unit_test(periods),
	};

	return cmocka_run_group_tests(tests, make_parties, NULL);
}
