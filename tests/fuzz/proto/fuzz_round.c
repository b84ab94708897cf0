/*
 * What is said in a round of statistics, from anybody. The first byte of the input says which message the rest is; the words
 * of the hub, of a member and of a trustee are then signed by them, so that mutants reach what comes after the signatures.
 *
 * Properties: what is accepted is inside every limit, in order, fits together, and is what was signed; what is refused says why.
 */
#include "tests/fuzz/proto/parties.h"

#include "core/crypto/secret.h"
#include "proto/tally.h"

enum { SEALED, ROUND, CLOSE, LIST, SET, SUBMIT, FIRST, SECOND, FILE_OF_ROUND, KINDS };

static struct cdr_roster *roster;
static const uint8_t genesis[CDR_GENESIS_HASH_LEN] = { 7 };
static struct cdr_elgamal *key;
static struct cdr_round *fixed;
static struct cdr_tally_world world;
static struct cdr_close closed;
static struct cdr_shelf shelf;

static struct cdr_round *
sign_round(struct cdr_bytes body, struct cdr_fault *fault)
{
	Cdr__Wire__SignedRound sealed = CDR__WIRE__SIGNED_ROUND__INIT;
	uint8_t signature[CDR_SIGNATURE_LEN];
	struct cdr_buffer bytes;
	struct cdr_round *round;

	if (cdr_round_sign(f_hub.seed, CDR_ROUND_WORD_ROUND, genesis, body, signature) != CDR_OK)
		abort();
	sealed.round = cdr_message_field(body.data, body.len);
	sealed.signature = cdr_message_field(signature, sizeof(signature));
	if (cdr_message_encode(&sealed.base, &bytes) != CDR_OK)
		abort();
	cdr_err err = cdr_round_decode(cdr_buffer_bytes(&bytes), &round, fault);
	assert((err == CDR_OK) == (round != NULL));
	cdr_buffer_free(&bytes);
	return round;
}

/* A round of two tables, as seeds_round.py has it too. */
static void
make_fixed(void)
{
	static char one[] = "one", two[] = "two", period[] = "2026-H1", version[] = "2";
	static uint8_t id[CDR_ID_LEN] = { 1 };
	uint8_t secret[CDR_SCALAR_LEN], public_key[CDR_POINT_LEN], exchange[CDR_GENESIS_HASH_LEN];
	Cdr__Wire__RoundTable table[2] = { CDR__WIRE__ROUND_TABLE__INIT, CDR__WIRE__ROUND_TABLE__INIT }, *at[2] = { &table[0], &table[1] };
	Cdr__Wire__Round body = CDR__WIRE__ROUND__INIT;
	struct cdr_buffer bytes;

	cdr_scalar_set(4711, secret);
	if (cdr_group_mul_base(secret, public_key) != CDR_OK || cdr_elgamal_new(public_key, &key) != CDR_OK)
		abort();
	memcpy(exchange, genesis, sizeof(exchange));
	table[0].id = one;
	table[1].id = two;
	table[0].cells = table[1].cells = 2;
	table[0].bits = table[1].bits = 4;
	body.exchange = cdr_message_field(exchange, sizeof(exchange));
	body.id = cdr_message_field(id, sizeof(id));
	body.period = period;
	if (cdr_round_period(period, &body.first_month, &body.last_month) != CDR_OK)
		abort();
	body.codebook_version = version;
	body.table = at;
	body.n_table = 2;
	body.minimum = 5;
	body.opened_at = 1000;
	body.deadline = 2000;
	body.statistics_key = 1;
	body.public_key = cdr_message_field(public_key, sizeof(public_key));
	if (cdr_message_encode(&body.base, &bytes) != CDR_OK)
		abort();
	fixed = sign_round(cdr_buffer_bytes(&bytes), NULL);
	cdr_buffer_free(&bytes);
	if (fixed == NULL)
		abort();
}

static void
stop(void)
{
	cdr_round_free(fixed);
	cdr_elgamal_free(key);
	cdr_roster_free(roster);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (cdr_secret_start(NULL) != CDR_OK)
		abort();
	f_make_parties();
	roster = f_make_roster(1);
	make_fixed();
	world = (struct cdr_tally_world){ .round = fixed, .roster = roster, .genesis = genesis, .rosters = &shelf };
	return atexit(stop);
}

/* ---- rounds ----------------------------------------------------------------------------------------------------- */

static void
check_round(const struct cdr_round *r)
{
	const Cdr__Wire__Round *body = r->body;
	size_t cells = 0;

	assert(body->n_table >= 1 && body->n_table <= CDR_ROUND_TABLES_MAX && body->minimum >= CDR_ROUND_MINIMUM);
	for (size_t t = 0; t < body->n_table; t++) {
		assert(cdr_round_table_start(r, t) == cells);
		assert(body->table[t]->bits >= 1 && body->table[t]->bits <= CDR_ROUND_BITS_MAX);
		cells += body->table[t]->cells;
	}
	assert(cells == r->cell_count && cells <= CDR_ROUND_CELLS_MAX);
	assert(r->layout.count == 3 * cells && r->layout.cipher_count == 2 * cells && cdr_range_packed_len(&r->layout) > 0);
	assert(body->first_month <= body->last_month && body->opened_at < body->deadline);
}

static void
take_round(struct cdr_bytes bytes, bool sign)
{
	struct cdr_fault fault = { CDR_OK, "" };
	struct cdr_round *round = NULL;

	if (sign)
		round = sign_round(bytes, &fault);
	else if (cdr_round_decode(bytes, &round, &fault) != CDR_OK)
		assert(round == NULL);
	if (round != NULL)
		check_round(round);
	else
		assert(fault.text[0] != '\0');
	cdr_round_free(round);
}

/* ---- the hub's lists ---------------------------------------------------------------------------------------------- */

/* ${first} is the head, or, with ${list}, the list under a head that fits it. */
static void
take_close(struct cdr_bytes bytes, bool list)
{
	Cdr__Wire__RoundClose head = CDR__WIRE__ROUND_CLOSE__INIT;
	Cdr__Wire__SignedClose sealed = CDR__WIRE__SIGNED_CLOSE__INIT;
	uint8_t hash[CDR_SHA256_LEN], round[CDR_ROUND_HASH_LEN], signature[CDR_SIGNATURE_LEN];
	struct cdr_buffer encoded = { 0 };
	struct cdr_fault fault = { CDR_OK, "" };
	struct cdr_close close;
	struct cdr_bytes body = bytes;

	if (cdr_sha256(&bytes, 1, hash) != CDR_OK)
		abort();
	if (list) {
		memcpy(round, fixed->hash, sizeof(round));
		head.round = cdr_message_field(round, sizeof(round));
		head.members = bytes.len > 0 ? bytes.data[0] % 16 : 0;
		head.list_hash = head.sums_hash = cdr_message_field(hash, sizeof(hash));
		head.roster_version = roster->body->version;
		body = (struct cdr_bytes){ bytes.data + (bytes.len > 0), bytes.len - (bytes.len > 0) };
		if (cdr_sha256(&body, 1, hash) != CDR_OK || cdr_message_encode(&head.base, &encoded) != CDR_OK)
			abort();
		sealed.has_list = 1;
		sealed.list = cdr_message_field(body.data, body.len);
		body = cdr_buffer_bytes(&encoded);
	}
	if (cdr_round_sign(f_hub.seed, CDR_ROUND_WORD_CLOSE, genesis, body, signature) != CDR_OK)
		abort();
	sealed.close = cdr_message_field(body.data, body.len);
	sealed.signature = cdr_message_field(signature, sizeof(signature));
	cdr_err err = list ? cdr_close_read(&sealed, fixed, roster, genesis, &close, &fault) :
			     cdr_close_read_head(&sealed, fixed, roster, genesis, &close, &fault);
	if (err == CDR_OK) {
		assert(close.body->members >= CDR_ROUND_MINIMUM && close.body->roster_version == roster->body->version);
		assert(!list || close.list->n_contribution == close.body->members);
		for (size_t i = 0; list && i < close.list->n_contribution; i++)
			assert(cdr_close_find(&close, close.list->contribution[i]->member) == i);
	}
	cdr_close_free(&close);
	cdr_buffer_free(&encoded);
}

static void
take_set(struct cdr_bytes body)
{
	Cdr__Wire__SignedSet sealed = CDR__WIRE__SIGNED_SET__INIT;
	uint8_t signature[CDR_SIGNATURE_LEN];
	struct cdr_fault fault = { CDR_OK, "" };
	struct cdr_set set;

	if (cdr_round_sign(f_hub.seed, CDR_ROUND_WORD_SET, genesis, body, signature) != CDR_OK)
		abort();
	sealed.set = cdr_message_field(body.data, body.len);
	sealed.signature = cdr_message_field(signature, sizeof(signature));
	if (cdr_set_read(&world, &sealed, &closed, &set, &fault) == CDR_OK) {
		assert(set.body->n_answer == F_THRESHOLD);
		for (size_t i = 1; i < set.body->n_answer; i++)
			assert(set.body->answer[i - 1]->trustee < set.body->answer[i]->trustee);
	}
	cdr_set_free(&set);
}

/* ---- what members and trustees say -------------------------------------------------------------------------------- */

/* The first two bytes are the length of the body; the rest is the attachment. */
static bool
sign_request(const char *name, const struct f_party *party, const char *path, struct cdr_bytes bytes, struct cdr_buffer *request)
{
	const struct cdr_signer signer = { name, party->seed, genesis };

	if (bytes.len < 2)
		return false;
	size_t len = ((size_t)bytes.data[0] << 8 | bytes.data[1]) % (bytes.len - 1);
	const struct cdr_bytes body = { bytes.data + 2, len }, attachment = { bytes.data + 2 + len, bytes.len - 2 - len };
	return cdr_envelope_request(&signer, path, body, attachment, request) == CDR_OK;
}

static void
take_submit(struct cdr_bytes bytes)
{
	struct cdr_buffer request = { 0 };
	struct cdr_contribution c;
	struct cdr_fault fault = { CDR_OK, "" };
	struct cdr_tally *tally;
	struct cdr_buffer sums;

	if (!sign_request("member/blue", &f_member[0], CDR_TALLY_SUBMIT_PATH, bytes, &request))
		return;
	if (cdr_contribution_read(&world, cdr_buffer_bytes(&request), &c, &fault) == CDR_OK)
		assert(strcmp(c.member, "blue") == 0 && c.body->submission >= 1);
	else
		assert(fault.text[0] != '\0');
	cdr_contribution_free(&c);
	/* No proof that anybody made up holds. */
	if (cdr_tally_new(&world, key, true, &tally) != CDR_OK)
		abort();
	if (cdr_tally_add(tally, NULL, cdr_buffer_bytes(&request), &fault) == CDR_OK)
		assert(cdr_tally_finish(tally, &sums, &fault) != CDR_OK);
	cdr_tally_free(tally);
	cdr_buffer_free(&request);
}

static void
take_answer(struct cdr_bytes bytes, bool first)
{
	static const uint8_t sums[8 * CDR_CIPHER_LEN];
	struct cdr_buffer request = { 0 };
	struct cdr_answer_read answer;
	struct cdr_opening opening = { .cell_count = 4 };
	struct cdr_set set = { .roster = roster };
	struct cdr_fault fault = { CDR_OK, "" };

	if (!sign_request("trustee/1", &f_trustee[0], first ? CDR_TALLY_FIRST_PATH : CDR_TALLY_SECOND_PATH, bytes, &request))
		return;
	cdr_err err = first ? cdr_first_read(&world, &closed, (struct cdr_bytes){ sums, sizeof(sums) }, key, cdr_buffer_bytes(&request), &answer,
				  &fault) :
			      cdr_second_read(&world, &closed, &set, &opening, cdr_buffer_bytes(&request), &answer, &fault);
	/* There is no such key in the roster: nothing but an empty second answer can hold. */
	assert(err != CDR_OK || !first);
	assert(err == CDR_OK || fault.text[0] != '\0');
	cdr_answer_free(&answer);
	cdr_buffer_free(&request);
}

static void
take_file(struct cdr_bytes bytes)
{
	struct cdr_round_file file;
	struct cdr_fault fault = { CDR_OK, "" };

	assert(cdr_round_file_verify(bytes, NULL, &file, &fault) != CDR_OK);
	cdr_round_file_free(&file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 1)
		return 0;
	const struct cdr_bytes rest = { data + 1, len - 1 };
	switch (data[0] % KINDS) {
	case SEALED: take_round(rest, false); break;
	case ROUND: take_round(rest, true); break;
	case CLOSE: take_close(rest, false); break;
	case LIST: take_close(rest, true); break;
	case SET: take_set(rest); break;
	case SUBMIT: take_submit(rest); break;
	case FIRST: take_answer(rest, true); break;
	case SECOND: take_answer(rest, false); break;
	default: take_file(rest); break;
	}
	return 0;
}
