/* Letters and envelopes: what opens, and everything that must not. */
#include "tests/unit/proto/parties.h"

static struct cdr_roster *roster;
static uint8_t genesis[CDR_GENESIS_HASH_LEN];

static int
make_all(void **state)
{
	struct draft d;

	if (make_parties(state) != 0)
		return -1;
	make_draft(&d, 1, NULL);
	memset(genesis, 7, sizeof(genesis));
	return make_roster(&d, 0x1f, &roster) == CDR_OK ? 0 : -1;
}

static int
free_all(void **state)
{
	(void)state;
	cdr_roster_free(roster);
	return 0;
}

/* A letter from blue-harbour to green-valley, sealed. */
struct post {
	Cdr__Wire__Mail mail;
	struct cdr_buffer sealed;
	uint8_t id[CDR_MAIL_ID_LEN];
};

static char blue[] = "blue-harbour", green[] = "green-valley", stranger[] = "nobody-here";

static void
write_post(struct post *post, const uint8_t *sender_seed, const uint8_t *receiver_key)
{
	static uint8_t request[CDR_ID_LEN] = { 9 };
	static char reason[] = "not needed";
	Cdr__Wire__Letter letter = CDR__WIRE__LETTER__INIT;
	Cdr__Wire__Withdrawal withdrawal = CDR__WIRE__WITHDRAWAL__INIT;

	assert_int_equal(cdr_random(post->id, sizeof(post->id)), CDR_OK);
	withdrawal.reason = reason;
	letter.letter_id = cdr_message_field(post->id, sizeof(post->id));
	letter.request_id = cdr_message_field(request, sizeof(request));
	letter.from = blue;
	letter.to = green;
	letter.written_at = 1700000000;
	letter.content_case = CDR__WIRE__LETTER__CONTENT_WITHDRAWAL;
	letter.withdrawal = &withdrawal;
	assert_int_equal(cdr_letter_seal(&letter, sender_seed, receiver_key, genesis, &post->sealed), CDR_OK);
	post->mail = (Cdr__Wire__Mail)CDR__WIRE__MAIL__INIT;
	post->mail.id = cdr_message_field(post->id, sizeof(post->id));
	post->mail.from = blue;
	post->mail.to = green;
	post->mail.sealed = cdr_message_field(post->sealed.data, post->sealed.len);
}

static cdr_err
open_post(const struct post *post, const struct party_keys *receiver)
{
	struct cdr_letter *letter;
	struct cdr_fault fault = { 0 };

	cdr_err err =
	    cdr_letter_open(&post->mail, receiver->secret, receiver->sealing, roster, genesis, &letter, &fault);
	if (err == CDR_OK)
		assert_string_equal(letter->body->withdrawal->reason, "not needed");
	else
		assert_null(letter);
	cdr_letter_free(letter);
	return err;
}

static void
a_letter_opens_for_its_receiver(void **state)
{
	(void)state;
	struct post post;

	write_post(&post, member_keys[0].seed, member_keys[1].sealing);
	assert_int_equal(post.sealed.len, CDR_MAIL_SEALED_LEN);
	assert_int_equal(open_post(&post, &member_keys[1]), CDR_OK);
	assert_int_equal(open_post(&post, &member_keys[0]), CDR_E_SEALED);
	cdr_buffer_free(&post.sealed);
}

/* Whatever the hub changes of a mail, it does not open. */
static void
a_hub_cannot_change_a_mail(void **state)
{
	(void)state;
	struct post post;

	for (int i = 0; i < 6; i++) {
		write_post(&post, member_keys[0].seed, member_keys[1].sealing);
		switch (i) {
		case 0: post.sealed.data[0] ^= 1; break;                       /* the encapsulated key */
		case 1: post.sealed.data[CDR_MAIL_SEALED_LEN - 1] ^= 1; break; /* the tag */
		case 2: post.sealed.data[1000] ^= 0x80; break;
		case 3: post.id[3] ^= 1; break;                                /* replayed as a new mail */
		case 4: post.mail.from = green; break;
		default: post.mail.to = blue; break;
		}
		assert_int_equal(open_post(&post, &member_keys[1]), CDR_E_SEALED);
		cdr_buffer_free(&post.sealed);
	}
	write_post(&post, member_keys[0].seed, member_keys[1].sealing);
	post.mail.sealed.len--;
	assert_int_equal(open_post(&post, &member_keys[1]), CDR_E_RANGE);
	post.mail.sealed.len++;
	post.mail.from = stranger;
	assert_int_equal(open_post(&post, &member_keys[1]), CDR_E_ABSENT);
	cdr_buffer_free(&post.sealed);
}

/* Sealed by somebody who is not the sender: anybody can seal to a public key, only the sender can sign. */
static void
a_forged_sender_is_refused(void **state)
{
	(void)state;
	struct post post;

	write_post(&post, hub_keys.seed, member_keys[1].sealing);
	assert_int_equal(open_post(&post, &member_keys[1]), CDR_E_SIGNATURE);
	cdr_buffer_free(&post.sealed);
}

/* A receiver cannot pass a letter on as if it had been written to somebody else. */
static void
a_letter_cannot_be_passed_on(void **state)
{
	(void)state;
	struct post post;
	struct cdr_letter *letter;

	write_post(&post, member_keys[0].seed, member_keys[1].sealing);
	assert_int_equal(cdr_letter_open(&post.mail, member_keys[1].secret, member_keys[1].sealing, roster, genesis,
	    &letter, NULL), CDR_OK);
	assert_int_equal(cdr_letter_verify(letter->letter, letter->signature, member_keys[0].signing,
	    member_keys[1].sealing, genesis), CDR_OK);
	assert_int_equal(cdr_letter_verify(letter->letter, letter->signature, member_keys[0].signing,
	    hub_keys.sealing, genesis), CDR_E_SIGNATURE);
	assert_int_equal(cdr_letter_verify(letter->letter, letter->signature, member_keys[1].signing,
	    member_keys[1].sealing, genesis), CDR_E_SIGNATURE);
	genesis[0] ^= 1; /* another exchange */
	assert_int_equal(cdr_letter_verify(letter->letter, letter->signature, member_keys[0].signing,
	    member_keys[1].sealing, genesis), CDR_E_SIGNATURE);
	genesis[0] ^= 1;
	cdr_letter_free(letter);
	cdr_buffer_free(&post.sealed);
}

/* All letters are alike from outside: a withdrawal and the longest statement that fits. */
static void
letters_have_one_size(void **state)
{
	(void)state;
	static char reason[CDR_MAIL_PLAIN_LEN];
	static uint8_t id[CDR_ID_LEN];
	Cdr__Wire__Letter letter = CDR__WIRE__LETTER__INIT;
	Cdr__Wire__Withdrawal withdrawal = CDR__WIRE__WITHDRAWAL__INIT;
	struct cdr_buffer sealed;

	withdrawal.reason = reason;
	letter.letter_id = letter.request_id = cdr_message_field(id, sizeof(id));
	letter.from = blue;
	letter.to = green;
	letter.content_case = CDR__WIRE__LETTER__CONTENT_WITHDRAWAL;
	letter.withdrawal = &withdrawal;
	for (size_t len = 0; len < CDR_MAIL_PLAIN_LEN - 300; len = len < 200 ? len + 1 : 2 * len) {
		memset(reason, 'x', len);
		assert_int_equal(cdr_letter_seal(&letter, member_keys[0].seed, member_keys[1].sealing, genesis, &sealed), CDR_OK);
		assert_int_equal(sealed.len, CDR_MAIL_SEALED_LEN);
		cdr_buffer_free(&sealed);
	}
	memset(reason, 'x', sizeof(reason) - 1);
	assert_int_equal(cdr_letter_seal(&letter, member_keys[0].seed, member_keys[1].sealing, genesis, &sealed), CDR_E_RANGE);
	assert_null(sealed.data);
}

/* ---- envelopes -------------------------------------------------------------------------------------------------- */

static const struct cdr_bytes body = { (const uint8_t *)"\x0a\x01x", 3 }, bulk = { (const uint8_t *)"bulk", 4 };

static void
a_request_is_bound_to_path_exchange_and_signer(void **state)
{
	(void)state;
	struct cdr_signer signer = { "member/blue-harbour", member_keys[0].seed, genesis };
	struct cdr_buffer bytes;
	struct cdr_envelope envelope;
	uint8_t other[CDR_GENESIS_HASH_LEN] = { 0 };

	assert_int_equal(cdr_envelope_request(&signer, "/v1/x", body, bulk, &bytes), CDR_OK);
	assert_int_equal(cdr_envelope_open(cdr_buffer_bytes(&bytes), &envelope), CDR_OK);
	assert_string_equal(envelope.signer, signer.name);
	assert_int_equal(envelope.attachment.len, 4);
	assert_int_equal(cdr_envelope_verify_request(&envelope, member_keys[0].signing, genesis, "/v1/x"), CDR_OK);
	assert_int_equal(cdr_envelope_verify_request(&envelope, member_keys[0].signing, genesis, "/v1/y"), CDR_E_SIGNATURE);
	assert_int_equal(cdr_envelope_verify_request(&envelope, member_keys[0].signing, other, "/v1/x"), CDR_E_SIGNATURE);
	assert_int_equal(cdr_envelope_verify_request(&envelope, member_keys[1].signing, genesis, "/v1/x"), CDR_E_SIGNATURE);
	assert_int_equal(cdr_envelope_verify_reply(&envelope, member_keys[0].signing, genesis, "/v1/x", body), CDR_E_SIGNATURE);
	envelope.signer = "member/green-valley";
	assert_int_equal(cdr_envelope_verify_request(&envelope, member_keys[0].signing, genesis, "/v1/x"), CDR_E_SIGNATURE);
	cdr_envelope_free(&envelope);
	cdr_buffer_free(&bytes);
}

/* An old, other or reordered reply does not verify. */
static void
a_reply_is_bound_to_its_request(void **state)
{
	(void)state;
	struct cdr_signer signer = { "hub", hub_keys.seed, genesis };
	struct cdr_bytes request = { (const uint8_t *)"request 1", 9 }, other = { (const uint8_t *)"request 2", 9 };
	struct cdr_buffer bytes;
	struct cdr_envelope envelope;

	assert_int_equal(cdr_envelope_reply(&signer, "/v1/x", request, body, (struct cdr_bytes){ NULL, 0 }, &bytes), CDR_OK);
	assert_int_equal(cdr_envelope_open(cdr_buffer_bytes(&bytes), &envelope), CDR_OK);
	assert_int_equal(cdr_envelope_verify_reply(&envelope, hub_keys.signing, genesis, "/v1/x", request), CDR_OK);
	assert_int_equal(cdr_envelope_verify_reply(&envelope, hub_keys.signing, genesis, "/v1/x", other), CDR_E_SIGNATURE);
	assert_int_equal(cdr_envelope_verify_request(&envelope, hub_keys.signing, genesis, "/v1/x"), CDR_E_SIGNATURE);
	cdr_envelope_free(&envelope);
	cdr_buffer_free(&bytes);
}

static void
malformed_envelopes_are_refused(void **state)
{
	(void)state;
	struct cdr_envelope envelope;
	static const struct cdr_bytes cases[] = {
		{ NULL, 0 },
		{ (const uint8_t *)"\x0a\x03hub", 5 },                    /* no body, no signature */
		{ (const uint8_t *)"\x0a\x03hub\x12\x00\x1a\x01x", 10 },  /* a short signature */
		{ (const uint8_t *)"\x0a\x03h\xff" "b\x12\x00\x1a\x01x", 10 }, /* not UTF-8 */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(cdr_envelope_open(cases[i], &envelope), CDR_E_INPUT);
		cdr_envelope_free(&envelope);
	}
	struct cdr_signer long_name = { "member/a-name-that-is-longer-than-any-member-may-have", hub_keys.seed, genesis };
	struct cdr_buffer bytes;
	assert_int_equal(cdr_envelope_request(&long_name, "/v1/x", body, body, &bytes), CDR_E_INTERNAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_letter_opens_for_its_receiver),
		cmocka_unit_test(a_hub_cannot_change_a_mail),
		cmocka_unit_test(a_forged_sender_is_refused),
		cmocka_unit_test(a_letter_cannot_be_passed_on),
		cmocka_unit_test(letters_have_one_size),
		cmocka_unit_test(a_request_is_bound_to_path_exchange_and_signer),
		cmocka_unit_test(a_reply_is_bound_to_its_request),
		cmocka_unit_test(malformed_envelopes_are_refused),
	};
	return cmocka_run_group_tests(tests, make_all, free_all);
}
