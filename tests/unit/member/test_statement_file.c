#include "tests/unit/member/world.h"

#include "core/record/json.h"
#include "node/member/statement_file.h"

/* A statement that went the whole way, exported by blue; and what becomes of the file when somebody changes it. */

static struct cdr_statement_file file;
static struct cdr_statement answered;

/* Blue asks, green answers with ${s}, blue exports. */
static void
export_of(struct world *w, const char *reference, const struct cdr_statement *s, uint8_t request_id[static CDR_ID_LEN],
    struct cdr_buffer *bytes)
{
	struct cdr_candidate c;

	w_amina(&c, reference);
	w_declare(&c, "green-valley");
	w_check(w->member[BLUE], &c, CDR_OK);
	w_carry(w);
	w_request_id(w->member[GREEN], request_id);
	answered = *s;
	struct cdr_fault fault = { 0 };
	if (cdr_inbox_answer(w->member[GREEN], request_id, &answered, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	w_carry(w);
	assert_int_equal(cdr_check_statement(w->member[BLUE], request_id, NULL, bytes, NULL), CDR_OK);
}

static void
export(struct world *w, const struct cdr_statement *s, struct cdr_buffer *bytes)
{
	uint8_t request_id[CDR_ID_LEN];

	export_of(w, "R-1", s, request_id, bytes);
}

static void
export_no_record(struct world *w, struct cdr_buffer *bytes)
{
	struct cdr_statement s;

	w_no_record(&s);
	export(w, &s, bytes);
}

/* Verify; on an error nothing may be left in the outcome, and there must be words for a person. */
static cdr_err
verify(struct world *w, const struct cdr_buffer *bytes, const uint8_t *genesis)
{
	static const struct cdr_statement_file zero;
	struct cdr_fault fault = { 0 };

	memset(&file, 1, sizeof(file));
	cdr_err err = cdr_statement_file_verify(cdr_buffer_bytes(bytes), genesis, w->member[RED]->codebook, &file, &fault);
	if (err == CDR_OK)
		return err;
	assert_memory_equal(&file, &zero, sizeof(file));
	assert_int_equal(fault.code, err);
	assert_true(strlen(fault.text) > 10);
	return err;
}

/* The code on paper: of the letter and its signature alone, worked out here anew. */
static void
check_code(const struct cdr_buffer *bytes)
{
	static const char label[] = "candor/1 statement code";
	struct cdr_arena arena = { 0 };
	Cdr__Wire__StatementFile *message;
	uint8_t letter[32], hash[32], code[CDR_ID_LEN];
	char text[CDR_ID_TEXT_LEN], qr[128];

	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__statement_file__descriptor, cdr_buffer_bytes(bytes), &message), CDR_OK);
	struct cdr_bytes content = cdr_message_bytes(message->letter);
	assert_int_equal(cdr_sha256(&content, 1, letter), CDR_OK);
	struct cdr_bytes parts[] = { { (const uint8_t *)label, 24 }, { letter, 32 }, cdr_message_bytes(message->signature) };
	assert_int_equal(cdr_sha256(parts, 3, hash), CDR_OK);
	assert_memory_equal(file.code, hash, CDR_ID_LEN);
	cdr_id_write(file.code, text);
	(void)snprintf(qr, sizeof(qr), "CANDOR:Statement:%s", text);
	assert_int_equal(cdr_statement_code_read(text, code), CDR_OK);
	assert_memory_equal(code, file.code, CDR_ID_LEN);
	assert_int_equal(cdr_statement_code_read(qr, code), CDR_OK);
	assert_memory_equal(code, file.code, CDR_ID_LEN);
	assert_int_equal(cdr_statement_code_read(text + 1, code), CDR_E_INPUT);
	assert_int_equal(cdr_statement_code_read("", code), CDR_E_INPUT);
	cdr_arena_free(&arena);
}

/* What was read of the file is what green answered. */
static void
assert_as_answered(void)
{
	char *read, *signed_text;

	assert_int_equal(cdr_statement_to_json(&file.statement, &read), CDR_OK);
	assert_int_equal(cdr_statement_to_json(&answered, &signed_text), CDR_OK);
	assert_string_equal(read, signed_text);
	cdr_json_free(read);
	cdr_json_free(signed_text);
}

static void
test_holds(void **state)
{
	struct world *w = *state;
	struct cdr_buffer bytes;
	uint8_t other[CDR_GENESIS_HASH_LEN];

	export_no_record(w, &bytes);
	assert_int_equal(verify(w, &bytes, w->genesis), CDR_OK);
	assert_as_answered();
	assert_string_equal(file.signer, "green-valley");
	assert_string_equal(file.signer_name, "Party member/green-valley");
	assert_memory_equal(file.genesis, w->genesis, sizeof(file.genesis));
	assert_int_equal(file.roster_version, w->version);
	check_code(&bytes);
	/* Without a fingerprint the file's own is told. */
	assert_int_equal(verify(w, &bytes, NULL), CDR_OK);
	assert_memory_equal(file.genesis, w->genesis, sizeof(file.genesis));
	/* Another exchange than the one that was meant. */
	memcpy(other, w->genesis, sizeof(other));
	other[31] ^= 1;
	assert_int_equal(verify(w, &bytes, other), CDR_E_ROSTER);
	cdr_buffer_free(&bytes);
}

/* The parts of a file, to be changed and put together again. */
struct parts {
	struct cdr_arena arena;
	Cdr__Wire__StatementFile *message;
	Cdr__Wire__StatementFile kept;
};

static void
take_apart(const struct cdr_buffer *bytes, struct parts *p)
{
	memset(p, 0, sizeof(*p));
	assert_int_equal(cdr_message_decode(&p->arena, &cdr__wire__statement_file__descriptor, cdr_buffer_bytes(bytes),
	    &p->message), CDR_OK);
	p->kept = *p->message;
}

static cdr_err
verify_parts(struct world *w, struct parts *p)
{
	struct cdr_buffer bytes;

	assert_int_equal(cdr_message_encode(&p->message->base, &bytes), CDR_OK);
	cdr_err err = verify(w, &bytes, w->genesis);
	cdr_buffer_free(&bytes);
	*p->message = p->kept;
	return err;
}

/* Every byte of letter, signature and receiver's key counts, and so does every byte of the two rosters. */
static void
test_every_byte(void **state)
{
	struct world *w = *state;
	struct cdr_buffer bytes;
	struct parts p;

	export_no_record(w, &bytes);
	take_apart(&bytes, &p);
	ProtobufCBinaryData *part[] = { &p.message->letter, &p.message->signature, &p.message->receiver_sealing_key,
		&p.message->genesis, &p.message->roster };
	for (size_t i = 0; i < 5; i++) {
		size_t step = part[i]->len > 200 ? part[i]->len / 97 : 1;
		for (size_t at = 0; at < part[i]->len; at += step) {
			part[i]->data[at] ^= 0x20;
			cdr_err err = verify_parts(w, &p);
			part[i]->data[at] ^= 0x20;
			/* A changed letter is no letter any more, or one that its signer did not sign. */
			if (i == 0 && err != CDR_E_INPUT && err != CDR_E_ABSENT)
				assert_int_equal(err, CDR_E_SIGNATURE);
			else if (i == 1 || i == 2)
				assert_int_equal(err, CDR_E_SIGNATURE);
			else if (i >= 3 && err == CDR_OK)
				/* Three countersignatures are there and two are needed: one may be spoilt. */
				assert_true(i == 4 && at > part[i]->len - 230);
			else if (i >= 3)
				assert_int_equal(err, CDR_E_ROSTER);
		}
	}
	assert_int_equal(verify_parts(w, &p), CDR_OK);
	cdr_arena_free(&p.arena);
	cdr_buffer_free(&bytes);
}

static void
test_parts_missing(void **state)
{
	static uint8_t nothing[1];
	struct world *w = *state;
	struct cdr_buffer bytes;
	struct parts p;

	export_no_record(w, &bytes);
	take_apart(&bytes, &p);
	p.message->letter = cdr_message_field(nothing, 0);
	assert_int_equal(verify_parts(w, &p), CDR_E_INPUT);
	p.message->signature.len--;
	assert_int_equal(verify_parts(w, &p), CDR_E_SIGNATURE);
	p.message->receiver_sealing_key.len--;
	assert_int_equal(verify_parts(w, &p), CDR_E_INPUT);
	p.message->genesis = p.message->roster;
	assert_int_equal(verify_parts(w, &p), CDR_E_ROSTER);
	p.message->roster = p.message->genesis;
	assert_int_equal(verify_parts(w, &p), CDR_E_ROSTER);
	/* Not such a file at all; one that was cut; one with something behind it. */
	struct cdr_buffer cut = bytes;
	cut.len--;
	assert_int_equal(verify(w, &cut, w->genesis), CDR_E_INPUT);
	cut.len = 0;
	assert_int_equal(verify(w, &cut, w->genesis), CDR_E_INPUT);
	cdr_arena_free(&p.arena);
	cdr_buffer_free(&bytes);
}

/* Rosters of an exchange that somebody set up for the purpose, with a member of the same name and another key. */
static void
test_other_exchange(void **state)
{
	struct world *w = *state;
	struct cdr_buffer bytes;
	struct parts p;
	struct world *other = w_new();

	w_world = w;
	export_no_record(w, &bytes);
	take_apart(&bytes, &p);
	p.message->genesis = cdr_message_field(other->genesis_bytes.data, other->genesis_bytes.len);
	p.message->roster = cdr_message_field(other->newest_bytes.data, other->newest_bytes.len);
	assert_int_equal(verify_parts(w, &p), CDR_E_ROSTER);
	p.message->roster = cdr_message_field(other->newest_bytes.data, other->newest_bytes.len);
	assert_int_equal(verify_parts(w, &p), CDR_E_ROSTER);
	cdr_arena_free(&p.arena);
	cdr_buffer_free(&bytes);
	w_free(other);
	w_world = w;
}

/* Put ${letter} into a file, signed by ${from} for blue. */
static void
sign_letter(struct world *w, size_t from, Cdr__Wire__Letter *letter, struct parts *p, struct cdr_buffer *letter_bytes,
    uint8_t signature[static CDR_SIGNATURE_LEN])
{
	static const char label[] = "candor/1 letter";
	uint8_t hash[CDR_SHA256_LEN];

	assert_int_equal(cdr_message_encode(&letter->base, letter_bytes), CDR_OK);
	struct cdr_bytes parts[] = { { (const uint8_t *)label, sizeof(label) }, { w->genesis, sizeof(w->genesis) },
		{ w->keys[BLUE].sealing, CDR_HPKE_PUBLIC_LEN }, cdr_buffer_bytes(letter_bytes) };
	assert_int_equal(cdr_sha256(parts, 4, hash), CDR_OK);
	assert_int_equal(cdr_sign(w->keys[from].seed, hash, sizeof(hash), signature), CDR_OK);
	p->message->letter = cdr_message_field(letter_bytes->data, letter_bytes->len);
	p->message->signature = cdr_message_field(signature, CDR_SIGNATURE_LEN);
}

/* Signed, and still no statement: another kind of letter, another responder, against the rules, too long, of nobody. */
static void
test_signed_and_wrong(void **state)
{
	static char from[] = "green-valley", to[] = "blue-harbour", nobody[] = "nobody-here", late[] = "withdrawn";
	struct world *w = *state;
	struct cdr_buffer bytes, letter_bytes;
	struct parts p;
	struct cdr_wire_statement *wire = malloc(sizeof(*wire));
	uint8_t signature[CDR_SIGNATURE_LEN], id[CDR_ID_LEN] = { 7 };
	char long_name[CDR_NAME_LEN + 1];
	Cdr__Wire__Letter letter = CDR__WIRE__LETTER__INIT;
	Cdr__Wire__Withdrawal withdrawal = CDR__WIRE__WITHDRAWAL__INIT;

	assert_non_null(wire);
	export_no_record(w, &bytes);
	take_apart(&bytes, &p);
	letter.letter_id = cdr_message_field(id, sizeof(id));
	letter.request_id = cdr_message_field(answered.request_id, CDR_ID_LEN);
	letter.from = from;
	letter.to = to;
	withdrawal.reason = late;
	letter.content_case = CDR__WIRE__LETTER__CONTENT_WITHDRAWAL;
	letter.withdrawal = &withdrawal;
	sign_letter(w, GREEN, &letter, &p, &letter_bytes, signature);
	assert_int_equal(verify_parts(w, &p), CDR_E_INPUT);
	cdr_buffer_free(&letter_bytes);

	cdr_wire_statement(&answered, wire);
	letter.content_case = CDR__WIRE__LETTER__CONTENT_STATEMENT;
	letter.statement = &wire->message;
	sign_letter(w, GREEN, &letter, &p, &letter_bytes, signature);
	assert_int_equal(verify_parts(w, &p), CDR_OK);
	cdr_buffer_free(&letter_bytes);
	sign_letter(w, RED, &letter, &p, &letter_bytes, signature);
	assert_int_equal(verify_parts(w, &p), CDR_E_SIGNATURE);
	cdr_buffer_free(&letter_bytes);
	letter.from = nobody;
	sign_letter(w, GREEN, &letter, &p, &letter_bytes, signature);
	assert_int_equal(verify_parts(w, &p), CDR_E_ABSENT);
	cdr_buffer_free(&letter_bytes);
	letter.from = from;
	wire->message.responder = to;
	sign_letter(w, GREEN, &letter, &p, &letter_bytes, signature);
	assert_int_equal(verify_parts(w, &p), CDR_E_INPUT);
	cdr_buffer_free(&letter_bytes);
	wire->message.responder = from;
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	wire->message.signer_name = long_name;
	sign_letter(w, GREEN, &letter, &p, &letter_bytes, signature);
	assert_int_equal(verify_parts(w, &p), CDR_E_INPUT);
	cdr_buffer_free(&letter_bytes);
	(void)snprintf(answered.finding, sizeof(answered.finding), "yes");
	cdr_wire_statement(&answered, wire);
	sign_letter(w, GREEN, &letter, &p, &letter_bytes, signature);
	assert_int_equal(verify_parts(w, &p), CDR_E_REFUSED);
	cdr_buffer_free(&letter_bytes);
	letter.request_id.len--;
	sign_letter(w, GREEN, &letter, &p, &letter_bytes, signature);
	assert_int_equal(verify_parts(w, &p), CDR_E_INPUT);
	cdr_buffer_free(&letter_bytes);
	cdr_arena_free(&p.arena);
	cdr_buffer_free(&bytes);
	free(wire);
}

/* The largest statement, in a file as it was signed. */
static void
test_large(void **state)
{
	struct world *w = *state;
	struct cdr_statement s;
	struct cdr_buffer bytes;

	w_no_record(&s);
	memset(s.finding, 0, sizeof(s.finding));
	(void)snprintf(s.finding, sizeof(s.finding), "yes");
	s.disclosure_count = CDR_STATEMENT_DISCLOSURE_MAX;
	for (size_t i = 0; i < s.disclosure_count; i++) {
		struct cdr_disclosure *d = &s.disclosures[i];
		(void)snprintf(d->misconduct_type[0], CDR_CODE_LEN, "sexual_harassment");
		d->misconduct_type_count = 1;
		(void)snprintf(d->involved_child, CDR_CODE_LEN, "no");
		(void)snprintf(d->process_status, CDR_CODE_LEN, "substantiated_final");
		(void)snprintf(d->sanction[0], CDR_CODE_LEN, "dismissal");
		d->sanction_count = 1;
		(void)snprintf(d->referred_to_authorities, CDR_CODE_LEN, "no_survivor_wish");
		d->concluded = cdr_member_day((int64_t)cdr_member_now() - 400 * 86400);
		for (size_t k = 0; k < CDR_SUMMARY_MAX; k++)
			memcpy(d->factual_summary + 4 * k, "\xf0\x9f\x93\x84", 4); /* four bytes a character */
	}
	export(w, &s, &bytes);
	assert_int_equal(verify(w, &bytes, w->genesis), CDR_OK);
	assert_as_answered();
	assert_true(bytes.len < CDR_STATEMENT_FILE_MAX);
	cdr_buffer_free(&bytes);
}

/* ---- rosters that came since ---------------------------------------------------------------------------------------- */

/* Another roster, which blue and green take. */
static void
next_roster(struct world *w)
{
	w_roster(w);
	assert_int_equal(cdr_enrol_refresh(w->member[BLUE], NULL), CDR_OK);
	assert_int_equal(cdr_enrol_refresh(w->member[GREEN], NULL), CDR_OK);
}

/* A party has other keys from the next roster on. */
static void
other_keys(struct w_keys *keys)
{
	assert_int_equal(cdr_random(keys->seed, sizeof(keys->seed)), CDR_OK);
	assert_int_equal(cdr_sign_public(keys->seed, keys->signing), CDR_OK);
}

static void
enrol_anew(struct world *w, size_t at)
{
	struct cdr_home *home = w->member[at]->home;

	other_keys(&w->keys[at]);
	memcpy(home->keys->signing, w->keys[at].seed, sizeof(home->keys->signing));
	memcpy(home->signing_public, w->keys[at].signing, sizeof(home->signing_public));
	next_roster(w);
}

/* Export once more, and verify; how many rosters that brought other trustees are in the file. */
static size_t
export_again(struct world *w, const uint8_t *request_id, struct parts *p)
{
	struct cdr_buffer bytes;

	assert_int_equal(cdr_check_statement(w->member[BLUE], request_id, NULL, &bytes, NULL), CDR_OK);
	assert_int_equal(verify(w, &bytes, w->genesis), CDR_OK);
	assert_string_equal(file.signer, "green-valley");
	take_apart(&bytes, p);
	cdr_buffer_free(&bytes);
	return p->message->n_handover;
}

/* Who signed enrolled anew, trustees handed over, others enrolled anew in numbers: what was signed when holds by the roster of then. */
static void
test_rosters_since(void **state)
{
	struct world *w = *state;
	struct cdr_statement s;
	struct cdr_buffer bytes;
	struct parts p;
	uint8_t first[CDR_ID_LEN], second[CDR_ID_LEN], third[CDR_ID_LEN];

	w_no_record(&s);
	export_of(w, "R-1", &s, first, &bytes);
	cdr_buffer_free(&bytes);
	const uint64_t version = w->version;
	enrol_anew(w, GREEN);
	assert_int_equal(export_again(w, first, &p), 0);
	assert_int_equal(file.roster_version, version);
	cdr_arena_free(&p.arena);
	/* All three trustees are replaced, one after the other. */
	for (size_t i = 0; i < W_TRUSTEES; i++) {
		other_keys(&w->trustee[i]);
		next_roster(w);
	}
	export_of(w, "R-2", &s, second, &bytes);
	cdr_buffer_free(&bytes);
	next_roster(w);
	assert_int_equal(export_again(w, first, &p), 0);
	assert_int_equal(file.roster_version, version);
	cdr_arena_free(&p.arena);
	/* Each hands over to the next: none may be missing, twice, in another order, or one that brought nobody else. */
	assert_int_equal(export_again(w, second, &p), W_TRUSTEES);
	assert_int_equal(file.roster_version, w->version);
	ProtobufCBinaryData one = p.message->handover[0], two = p.message->handover[1], many[CDR_HANDOVER_COUNT_MAX + 1];
	p.message->n_handover = 0;
	assert_int_equal(verify_parts(w, &p), CDR_E_ROSTER);
	p.message->n_handover = 1;
	assert_int_equal(verify_parts(w, &p), CDR_E_ROSTER);
	p.message->handover[0] = two;
	p.message->handover[1] = one;
	assert_int_equal(verify_parts(w, &p), CDR_E_ROSTER);
	p.message->handover[0] = one;
	assert_int_equal(verify_parts(w, &p), CDR_E_ROSTER);
	p.message->handover[1] = p.message->genesis;
	assert_int_equal(verify_parts(w, &p), CDR_E_ROSTER);
	p.message->handover[1] = two;
	p.message->handover[1].data[two.len / 2] ^= 1;
	assert_int_not_equal(verify_parts(w, &p), CDR_OK);
	p.message->handover[1].data[two.len / 2] ^= 1;
	assert_int_equal(verify_parts(w, &p), CDR_OK);
	for (size_t i = 0; i < CDR_HANDOVER_COUNT_MAX + 1; i++)
		many[i] = one;
	p.message->handover = many;
	p.message->n_handover = CDR_HANDOVER_COUNT_MAX + 1;
	assert_int_equal(verify_parts(w, &p), CDR_E_INPUT);
	cdr_arena_free(&p.arena);
	/* Many lost laptops: each leaves a roster here. */
	for (size_t i = 0; i < CDR_HANDOVER_COUNT_MAX + 10; i++)
		enrol_anew(w, RED);
	assert_true(w_count(w->member[BLUE], "SELECT count(*) FROM roster") > CDR_HANDOVER_COUNT_MAX + 10);
	enrol_anew(w, GREEN);
	export_of(w, "R-3", &s, third, &bytes);
	cdr_buffer_free(&bytes);
	assert_int_equal(export_again(w, third, &p), W_TRUSTEES);
	assert_int_equal(file.roster_version, w->version);
	cdr_arena_free(&p.arena);
	assert_int_equal(export_again(w, second, &p), W_TRUSTEES);
	cdr_arena_free(&p.arena);
	assert_int_equal(export_again(w, first, &p), 0);
	assert_int_equal(file.roster_version, version);
	cdr_arena_free(&p.arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_holds),
		TEST(test_every_byte),
		TEST(test_parts_missing),
		TEST(test_other_exchange),
		TEST(test_signed_and_wrong),
		TEST(test_large),
		TEST(test_rosters_since),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
