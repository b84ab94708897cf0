/* Invitations, joining, rosters, suspension: who is let in, by whom, and how it ends. */
#include "tests/unit/hub/exchange.h"

static const uint8_t no_secret[CDR_HUB_INVITATION_SECRET_LEN] = { 9 };

static const char *
join_status(struct exchange *x, const struct x_party *party, const uint8_t *secret)
{
	static char text[CDR_FAULT_LEN];
	struct x_reply reply;

	int status = x_join(x, party, secret, &reply);
	(void)snprintf(text, sizeof(text), "%s",
	    status == 200 ? ((const Cdr__Wire__JoinReply *)reply.message)->status : reply.code);
	x_reply_free(&reply);
	return text;
}

/* Whether the member may fetch its mail. */
static const char *
try_fetch(struct exchange *x, const struct x_party *party)
{
	Cdr__Wire__MailFetch fetch = CDR__WIRE__MAIL_FETCH__INIT;

	fetch.max = 1;
	return x_try(x, party, "/v1/mail/fetch", &fetch.base, &cdr__wire__mail_bag__descriptor);
}

static void
an_invitation_lets_one_in(void **state)
{
	struct exchange *x = *state;
	struct x_party party, thief;
	uint8_t secret[CDR_HUB_INVITATION_SECRET_LEN];

	x_party_make(&party, "member/blue-harbour");
	x_party_make(&thief, "member/blue-harbour");
	assert_string_equal(join_status(x, &party, no_secret), "refused");
	x_invite(x, "blue-harbour", secret);
	assert_string_equal(join_status(x, &party, secret), "pending");
	/* The same again is harmless, other keys are refused and noted. */
	assert_string_equal(join_status(x, &party, secret), "pending");
	assert_string_equal(join_status(x, &thief, secret), "refused");
	assert_int_equal(x_count(x, "SELECT count(*) FROM misuse WHERE kind = 'invitation'"), 1);
	assert_string_equal(try_fetch(x, &party), "refused");

	assert_true(x_countersign(x, 0));
	assert_int_equal(x_version(x), 0);
	assert_true(x_countersign(x, 1));
	assert_int_equal(x_version(x), 1);
	assert_string_equal(join_status(x, &party, secret), "active");
	assert_string_equal(try_fetch(x, &party), "ok");
	assert_false(x_countersign(x, 2));
	/* What is kept of the code is a hash. */
	assert_int_equal(x_count(x, "SELECT count(*) FROM invitation WHERE length(secret_hash) = 32"), 1);
}

static void
invitations_end(void **state)
{
	struct exchange *x = *state;
	struct x_party party;
	uint8_t first[CDR_HUB_INVITATION_SECRET_LEN], second[CDR_HUB_INVITATION_SECRET_LEN];

	x_party_make(&party, "member/late");
	x_invite(x, "late", first);
	x_invite(x, "late", second);
	assert_string_equal(join_status(x, &party, first), "refused"); /* replaced */
	x->now += 86401;
	assert_string_equal(join_status(x, &party, second), "refused"); /* too old */
	x->now -= 1;
	assert_string_equal(join_status(x, &party, second), "pending");
	x->now += 1000000;
	assert_string_equal(join_status(x, &party, second), "pending"); /* used in time: a repeat may be late */
}

static void
bad_invitations_are_not_made(void **state)
{
	struct exchange *x = *state;
	char code[CDR_HUB_INVITATION_TEXT_LEN];
	struct cdr_hub_invitation good = { .id = "good", .name = "Good", .country = "KEN", .check_points = 1,
		.import_points = 1, .expires_at = X_NOW + 1 };
	struct cdr_hub_invitation bad;
	struct x_party party;

	bad = good;
	bad.id = "Bad Id";
	assert_int_equal(cdr_hub_invite(x->hub, &bad, X_NOW, code, NULL), CDR_E_INPUT);
	assert_string_equal(code, "");
	bad = good;
	bad.name = "";
	assert_int_equal(cdr_hub_invite(x->hub, &bad, X_NOW, code, NULL), CDR_E_INPUT);
	bad = good;
	bad.country = "ke";
	assert_int_equal(cdr_hub_invite(x->hub, &bad, X_NOW, code, NULL), CDR_E_INPUT);
	bad.country = "ALF"; /* three letters, and no country */
	assert_int_equal(cdr_hub_invite(x->hub, &bad, X_NOW, code, NULL), CDR_E_INPUT);
	bad = good;
	bad.check_points = bad.import_points = 0;
	assert_int_equal(cdr_hub_invite(x->hub, &bad, X_NOW, code, NULL), CDR_E_RANGE);
	x_enrol(x, "good", &party);
	assert_int_equal(cdr_hub_invite(x->hub, &good, X_NOW, code, NULL), CDR_E_EXISTS);
}

/* Send a join with a card that ${spoil} has changed. */
static const char *
join_with(struct exchange *x, const struct x_party *party, const uint8_t *secret, size_t secret_len,
    void (*spoil)(Cdr__Wire__Party *))
{
	static char name[] = "A member", nowhere[] = "";
	Cdr__Wire__JoinRequest request = CDR__WIRE__JOIN_REQUEST__INIT;
	Cdr__Wire__Party card;
	static char code[32];
	struct x_reply reply;

	x_card(party, name, nowhere, &card);
	if (spoil != NULL)
		spoil(&card);
	request.code = cdr_message_field(secret, secret_len);
	request.party = &card;
	int status = x_call_as(x, party, "new", "/v1/join", &request.base, &cdr__wire__join_reply__descriptor, &reply);
	(void)snprintf(code, sizeof(code), "%s", status == 200 ? "ok" : reply.code);
	x_reply_free(&reply);
	return code;
}

static void
spoil_name(Cdr__Wire__Party *card)
{
	static char empty[] = "";
	card->name = empty;
}

static void
spoil_url(Cdr__Wire__Party *card)
{
	static char url[] = "https://127.0.0.1:2";
	card->url = url;
}

static void
spoil_sealing_len(Cdr__Wire__Party *card)
{
	card->sealing_key.len--;
}

static void
spoil_sealing_point(Cdr__Wire__Party *card)
{
	static uint8_t point[CDR_HPKE_PUBLIC_LEN] = { 4, 1, 2, 3 };
	card->sealing_key.data = point;
}

static void
spoil_signing_len(Cdr__Wire__Party *card)
{
	card->signing_key.len--;
}

static void
spoil_signing(Cdr__Wire__Party *card)
{
	static uint8_t key[CDR_SIGN_PUBLIC_LEN] = { 7 };
	card->signing_key.data = key;
}

static void
spoil_pin(Cdr__Wire__Party *card)
{
	static uint8_t pin[CDR_PIN_LEN] = { 7 };
	card->tls_pin.data = pin;
}

static void
cards_are_checked(void **state)
{
	struct exchange *x = *state;
	struct x_party party;
	uint8_t secret[CDR_HUB_INVITATION_SECRET_LEN];

	x_party_make(&party, "member/card");
	x_invite(x, "card", secret);
	assert_string_equal(join_with(x, &party, secret, 15, NULL), "input");
	assert_string_equal(join_with(x, &party, secret, 16, spoil_name), "input");
	assert_string_equal(join_with(x, &party, secret, 16, spoil_url), "input");
	assert_string_equal(join_with(x, &party, secret, 16, spoil_sealing_len), "input");
	assert_string_equal(join_with(x, &party, secret, 16, spoil_sealing_point), "input");
	assert_string_equal(join_with(x, &party, secret, 16, spoil_signing_len), "input");
	assert_string_equal(join_with(x, &party, secret, 16, spoil_signing), "signature");
	assert_string_equal(join_with(x, &party, secret, 16, spoil_pin), "refused");
	assert_int_equal(x_count(x, "SELECT count(*) FROM member"), 0);
	assert_string_equal(join_with(x, &party, secret, 16, NULL), "ok");
}

static void
one_key_is_one_party(void **state)
{
	struct exchange *x = *state;
	struct x_party party;
	uint8_t secret[CDR_HUB_INVITATION_SECRET_LEN];

	x_enrol(x, "first", &party);
	x_invite(x, "second", secret);
	assert_string_equal(join_status(x, &party, secret), "exists");
	assert_string_equal(join_status(x, &x->trustee[0], secret), "exists");
	assert_string_equal(join_status(x, &x->hub_party, secret), "exists");
}

static void
a_suspension_holds_at_the_next_request(void **state)
{
	struct exchange *x = *state;
	struct x_party party;
	struct x_reply reply;
	Cdr__Wire__MailFetch fetch = CDR__WIRE__MAIL_FETCH__INIT;

	x_enrol(x, "member-a", &party);
	assert_string_equal(try_fetch(x, &party), "ok");
	assert_int_equal(cdr_hub_member_set(x->hub, "member-a", "suspended", x->now, NULL), CDR_OK);
	assert_int_equal(x_call(x, &party, "/v1/mail/fetch", &fetch.base, &cdr__wire__mail_bag__descriptor, &reply), 403);
	assert_string_equal(reply.code, "refused");
	assert_non_null(strstr(reply.text, "suspended"));
	x_reply_free(&reply);

	x_approve(x);
	assert_string_equal(try_fetch(x, &party), "refused");
	assert_int_equal(cdr_hub_member_set(x->hub, "member-a", "active", x->now, NULL), CDR_OK);
	assert_string_equal(try_fetch(x, &party), "refused"); /* only the trustees let it in again */
	x_approve(x);
	assert_string_equal(try_fetch(x, &party), "ok");
	assert_int_equal(cdr_hub_member_set(x->hub, "member-a", "revoked", x->now, NULL), CDR_OK);
	assert_string_equal(try_fetch(x, &party), "refused");
	assert_int_equal(cdr_hub_member_set(x->hub, "member-a", "revoked", x->now, NULL), CDR_OK);
	assert_int_equal(cdr_hub_member_set(x->hub, "member-a", "suspended", x->now, NULL), CDR_E_REFUSED);
	assert_int_equal(cdr_hub_member_set(x->hub, "member-a", "active", x->now, NULL), CDR_E_REFUSED);
	assert_int_equal(cdr_hub_member_set(x->hub, "nobody", "revoked", x->now, NULL), CDR_E_ABSENT);
	assert_int_equal(cdr_hub_member_set(x->hub, "member-a", "pending", x->now, NULL), CDR_E_INTERNAL);
}

static void
a_pending_member_can_be_sent_away(void **state)
{
	struct exchange *x = *state;
	struct x_party party;
	uint8_t secret[CDR_HUB_INVITATION_SECRET_LEN];

	x_party_make(&party, "member/guest");
	x_invite(x, "guest", secret);
	assert_string_equal(join_status(x, &party, secret), "pending");
	assert_int_equal(cdr_hub_member_set(x->hub, "guest", "active", x->now, NULL), CDR_E_REFUSED);
	assert_int_equal(cdr_hub_member_set(x->hub, "guest", "revoked", x->now, NULL), CDR_OK);
	assert_false(x_countersign(x, 0)); /* nothing waits any more */
	assert_int_equal(cdr_hub_member_set(x->hub, "guest", "active", x->now, NULL), CDR_E_REFUSED);
}

static void
assert_only_member(struct exchange *x, const struct x_party *party, const char *status)
{
	const struct cdr_roster *roster = cdr_hub_roster_hold(x->hub);
	const Cdr__Wire__Member *member = roster->body->member[0];
	const bool is_so = roster->body->n_member == 1 && strcmp(member->status, status) == 0 &&
	    memcmp(member->party->signing_key.data, party->signing, CDR_SIGN_PUBLIC_LEN) == 0;

	cdr_hub_roster_release(x->hub, roster);
	assert_true(is_so);
}

/*
 * A lost laptop: revoke, invite again, and what was laid by for the lost keys is gone. Does it ask to come back before the trustees have revoked the lost
 * keys, these go first: they stand as active in no roster while people are asked about the new ones.
 */
static void
a_member_enrols_anew(void **state)
{
	struct exchange *x = *state;
	struct x_party lost, found;

	x_enrol(x, "member-a", &lost);
	assert_int_equal(cdr_hub_member_set(x->hub, "member-a", "revoked", x->now, NULL), CDR_OK);
	x_enrol(x, "member-a", &found);
	assert_only_member(x, &lost, "revoked");
	assert_string_equal(try_fetch(x, &lost), "refused");
	x_approve(x);
	assert_only_member(x, &found, "active");
	assert_string_equal(try_fetch(x, &found), "ok");
	assert_string_equal(try_fetch(x, &lost), "refused");
}

/* Revoked is for good, before and after the trustees have countersigned it: whoever has the keys may have stolen them. */
static void
what_was_revoked_is_not_restored(void **state)
{
	struct exchange *x = *state;
	struct x_party lost, found;
	uint8_t secret[CDR_HUB_INVITATION_SECRET_LEN];
	struct cdr_fault fault = { CDR_OK, "" };

	x_enrol(x, "member-a", &lost);
	assert_int_equal(cdr_hub_member_set(x->hub, "member-a", "revoked", x->now, NULL), CDR_OK);
	assert_int_equal(cdr_hub_member_set(x->hub, "member-a", "active", x->now, &fault), CDR_E_REFUSED);
	assert_non_null(strstr(fault.text, "invite"));
	x_approve(x);
	assert_int_equal(cdr_hub_member_set(x->hub, "member-a", "active", x->now, NULL), CDR_E_REFUSED);
	/* Nor do the old keys join with a new code, which then still serves those that are new. */
	x_invite(x, "member-a", secret);
	assert_string_equal(join_status(x, &lost, secret), "exists");
	assert_false(x_countersign(x, 0));
	x_party_make(&found, "member/member-a");
	assert_string_equal(join_status(x, &found, secret), "pending");
	x_approve(x);
	assert_string_equal(try_fetch(x, &found), "ok");
	assert_string_equal(try_fetch(x, &lost), "refused");
	/* Nor once others were revoked after them, for this member or for another one. */
	assert_int_equal(cdr_hub_member_set(x->hub, "member-a", "revoked", x->now, NULL), CDR_OK);
	x_approve(x);
	x_invite(x, "member-a", secret);
	assert_string_equal(join_status(x, &lost, secret), "exists");
	x_party_make(&found, "member/member-a");
	assert_string_equal(join_status(x, &found, secret), "pending");
}

/* A key is revoked from the moment that the hub says so: it may be replaced before any roster does, or was in none. */
static void
a_key_is_revoked_before_any_roster_says_so(void **state)
{
	struct exchange *x = *state;
	struct x_party lost, second, found;
	uint8_t secret[CDR_HUB_INVITATION_SECRET_LEN];

	x_enrol(x, "member-a", &lost);
	assert_int_equal(cdr_hub_member_set(x->hub, "member-a", "revoked", x->now, NULL), CDR_OK);
	x_invite(x, "member-a", secret);
	assert_string_equal(join_status(x, &lost, secret), "exists");
	x_party_make(&second, "member/member-a");
	assert_string_equal(join_status(x, &second, secret), "pending");
	/* Those that only waited are sent away, too: neither comes back, for this member or for another one. */
	assert_int_equal(cdr_hub_member_set(x->hub, "member-a", "revoked", x->now, NULL), CDR_OK);
	x_invite(x, "member-a", secret);
	assert_string_equal(join_status(x, &second, secret), "exists");
	x_party_make(&found, "member/member-a");
	assert_string_equal(join_status(x, &found, secret), "pending");
	x_approve(x);
	x_approve(x);
	assert_string_equal(try_fetch(x, &found), "ok");
	x_invite(x, "member-b", secret);
	assert_string_equal(join_status(x, &second, secret), "exists");
	assert_string_equal(join_status(x, &lost, secret), "exists");
	/* What was noted is revoked once more when a roster says so. */
	assert_int_equal(cdr_hub_member_set(x->hub, "member-a", "revoked", x->now, NULL), CDR_OK);
	x_approve(x);
	assert_int_equal(x_count(x, "SELECT count(*) FROM revoked_key"), 3);
}

/* A writing job. */
static cdr_err
forget_revocations(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "UPDATE member SET status = 'active'", CDR_VALUES());
}

/* A hub that restored a revoked member before it knew better goes by the roster in force: it can invite it, and revoke it once more. */
static void
what_the_roster_revoked_is_invited(void **state)
{
	struct exchange *x = *state;
	struct x_party lost, found;

	x_enrol(x, "member-a", &lost);
	assert_int_equal(cdr_hub_member_set(x->hub, "member-a", "revoked", x->now, NULL), CDR_OK);
	x_approve(x);
	assert_int_equal(cdr_store_write(x->store, forget_revocations, NULL), CDR_OK);
	x_enrol(x, "member-a", &found);
	assert_string_equal(try_fetch(x, &found), "ok");
	assert_string_equal(try_fetch(x, &lost), "refused");
}

static void
a_new_proposal_holds_everything(void **state)
{
	struct exchange *x = *state;
	struct x_party a, b;
	uint8_t secret[CDR_HUB_INVITATION_SECRET_LEN];

	x_party_make(&a, "member/aa");
	x_party_make(&b, "member/bb");
	x_invite(x, "aa", secret);
	assert_string_equal(join_status(x, &a, secret), "pending");
	assert_true(x_countersign(x, 0));
	x_invite(x, "bb", secret);
	assert_string_equal(join_status(x, &b, secret), "pending");
	/* The countersignatures start over: what was signed named one member. */
	assert_true(x_countersign(x, 1));
	assert_int_equal(x_version(x), 0);
	assert_true(x_countersign(x, 0));
	assert_int_equal(x_version(x), 1);
	assert_string_equal(try_fetch(x, &a), "ok");
	assert_string_equal(try_fetch(x, &b), "ok");
}

/* Who waits to be let in holds up nobody's suspension. */
static void
taking_away_comes_first(void **state)
{
	struct exchange *x = *state;
	struct x_party a, b, c;
	uint8_t secret[CDR_HUB_INVITATION_SECRET_LEN];

	x_enrol(x, "aa", &a);
	x_enrol(x, "bb", &b);
	x_party_make(&c, "member/cc");
	x_invite(x, "cc", secret);
	assert_string_equal(join_status(x, &c, secret), "pending");
	assert_int_equal(cdr_hub_member_set(x->hub, "aa", "suspended", x->now, NULL), CDR_OK);
	assert_true(x_countersign(x, 0));
	/* Whoever comes now does not make the countersignature start over. */
	x_invite(x, "dd", secret);
	x_party_make(&c, "member/dd");
	x->now++;
	assert_string_equal(join_status(x, &c, secret), "pending");
	assert_int_equal(x_count(x, "SELECT count(*) FROM countersignature"), 1);
	assert_true(x_countersign(x, 1));
	const struct cdr_roster *roster = cdr_hub_roster_hold(x->hub);
	assert_int_equal(roster->body->n_member, 2);
	assert_string_equal(cdr_roster_member(roster, "aa")->status, "suspended");
	cdr_hub_roster_release(x->hub, roster);
	/* The next version has both, and is there already. */
	x_approve(x);
	roster = cdr_hub_roster_hold(x->hub);
	assert_int_equal(roster->body->n_member, 4);
	cdr_hub_roster_release(x->hub, roster);
	assert_false(x_countersign(x, 2));
}

/* A clock that is put back does not make a roster that trustees would refuse. */
static void
a_proposal_is_no_older_than_the_roster(void **state)
{
	struct exchange *x = *state;
	struct x_party a;

	x->now += 100;
	x_enrol(x, "aa", &a);
	const struct cdr_roster *roster = cdr_hub_roster_hold(x->hub);
	const uint64_t made_at = roster->body->made_at;
	cdr_hub_roster_release(x->hub, roster);
	assert_int_equal(cdr_hub_member_set(x->hub, "aa", "suspended", made_at - 50, NULL), CDR_OK);
	x_approve(x);
	roster = cdr_hub_roster_hold(x->hub);
	assert_string_equal(cdr_roster_member(roster, "aa")->status, "suspended");
	assert_int_equal(roster->body->made_at, made_at);
	cdr_hub_roster_release(x->hub, roster);
}

static void
bad_countersignatures_do_not_count(void **state)
{
	struct exchange *x = *state;
	struct x_party party;
	uint8_t secret[CDR_HUB_INVITATION_SECRET_LEN], hash[CDR_ROSTER_HASH_LEN] = { 1 }, signature[CDR_SIGNATURE_LEN];
	Cdr__Wire__CountersignRequest request = CDR__WIRE__COUNTERSIGN_REQUEST__INIT;
	const ProtobufCMessageDescriptor *empty = &cdr__wire__empty__descriptor;

	x_party_make(&party, "member/aa");
	x_invite(x, "aa", secret);
	assert_string_equal(join_status(x, &party, secret), "pending");
	request.roster_hash = cdr_message_field(hash, sizeof(hash));
	/* Another trustee's signature; one for a proposal that is none; half a hash. */
	assert_int_equal(cdr_roster_countersign(x->trustee[1].seed, hash, 2, signature), CDR_OK);
	request.signature = cdr_message_field(signature, sizeof(signature));
	assert_string_equal(x_try(x, &x->trustee[0], "/v1/roster/countersign", &request.base, empty), "signature");
	assert_string_equal(x_try(x, &x->trustee[1], "/v1/roster/countersign", &request.base, empty), "absent");
	request.roster_hash.len = 16;
	assert_string_equal(x_try(x, &x->trustee[1], "/v1/roster/countersign", &request.base, empty), "input");
	/* The same trustee twice is one. */
	assert_true(x_countersign(x, 2));
	assert_true(x_countersign(x, 2));
	assert_int_equal(x_version(x), 0);
}

static void
a_late_countersignature_is_harmless(void **state)
{
	struct exchange *x = *state;
	struct x_party party;
	uint8_t signature[CDR_SIGNATURE_LEN];
	Cdr__Wire__CountersignRequest request = CDR__WIRE__COUNTERSIGN_REQUEST__INIT;

	x_enrol(x, "member-a", &party);
	const struct cdr_roster *roster = cdr_hub_roster_hold(x->hub);
	assert_int_equal(cdr_roster_countersign(x->trustee[2].seed, roster->hash, 3, signature), CDR_OK);
	request.roster_hash = cdr_message_field(roster->hash, CDR_ROSTER_HASH_LEN);
	request.signature = cdr_message_field(signature, sizeof(signature));
	assert_string_equal(x_try(x, &x->trustee[2], "/v1/roster/countersign", &request.base,
	    &cdr__wire__empty__descriptor), "ok");
	cdr_hub_roster_release(x->hub, roster);
}

static void
rosters_are_handed_out(void **state)
{
	struct exchange *x = *state;
	struct x_party party, nobody;
	struct x_reply reply;
	struct cdr_roster *genesis = NULL;
	Cdr__Wire__Empty empty = CDR__WIRE__EMPTY__INIT;
	Cdr__Wire__RosterRequest request = CDR__WIRE__ROSTER_REQUEST__INIT;

	x_party_make(&nobody, "new");
	x_enrol(x, "member-a", &party);
	assert_int_equal(x_call(x, &nobody, "/v1/genesis", &empty.base, &cdr__wire__signed_roster__descriptor, &reply), 200);
	assert_int_equal(cdr_roster_decode(reply.envelope.body, &genesis, NULL), CDR_OK);
	assert_int_equal(cdr_roster_verify_genesis(genesis, x->hub->genesis, NULL), CDR_OK);
	x_reply_free(&reply);

	assert_int_equal(x_call(x, &nobody, "/v1/roster", &request.base, &cdr__wire__roster_reply__descriptor, &reply), 200);
	const Cdr__Wire__RosterReply *newer = reply.message;
	assert_non_null(newer->roster);
	struct cdr_buffer bytes = { 0 };
	struct cdr_roster *roster = NULL;
	assert_int_equal(cdr_message_encode(&newer->roster->base, &bytes), CDR_OK);
	assert_int_equal(cdr_roster_decode(cdr_buffer_bytes(&bytes), &roster, NULL), CDR_OK);
	assert_int_equal(cdr_roster_verify_next(roster, genesis, NULL), CDR_OK);
	x_reply_free(&reply);

	request.have_version = 1;
	assert_int_equal(x_call(x, &nobody, "/v1/roster", &request.base, &cdr__wire__roster_reply__descriptor, &reply), 200);
	newer = reply.message;
	assert_null(newer->roster);
	x_reply_free(&reply);
	cdr_buffer_free(&bytes);
	cdr_roster_free(roster);
	cdr_roster_free(genesis);
}

/* Another process over the same database: what one decides, the other knows at its next request. */
static void
two_hubs_over_one_database_agree(void **state)
{
	struct exchange *x = *state;
	struct x_party party;
	struct cdr_hub *other = NULL, *own = x->hub;

	assert_int_equal(cdr_hub_start(x->store, x->hub_party.seed, &other, NULL), CDR_OK);
	x_enrol(x, "member-a", &party);
	x->hub = other;
	cdr_hub_service(x->hub, &x->service);
	assert_int_equal(x_version(x), 1);
	assert_string_equal(try_fetch(x, &party), "ok");
	assert_int_equal(cdr_hub_member_set(own, "member-a", "suspended", x->now, NULL), CDR_OK);
	assert_string_equal(try_fetch(x, &party), "refused");
	cdr_hub_stop(own);
	/* Another hub's key does not open this database. */
	assert_int_equal(cdr_hub_start(x->store, x->trustee[0].seed, &own, NULL), CDR_E_SIGNATURE);
	assert_null(own);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_invitation_lets_one_in, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(invitations_end, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(bad_invitations_are_not_made, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(cards_are_checked, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(one_key_is_one_party, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(a_suspension_holds_at_the_next_request, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(a_pending_member_can_be_sent_away, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(a_member_enrols_anew, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(what_was_revoked_is_not_restored, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(a_key_is_revoked_before_any_roster_says_so, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(what_the_roster_revoked_is_invited, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(a_new_proposal_holds_everything, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(taking_away_comes_first, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(a_proposal_is_no_older_than_the_roster, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(bad_countersignatures_do_not_count, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(a_late_countersignature_is_harmless, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(rosters_are_handed_out, x_setup, x_teardown),
		cmocka_unit_test_setup_teardown(two_hubs_over_one_database_agree, x_setup, x_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
