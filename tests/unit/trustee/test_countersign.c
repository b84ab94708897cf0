/* What a trustee countersigns by itself, what only with its operator's approval, and what never. */
#include "tests/unit/unit.h"
#include "tests/unit/trustee/played_proposal.h"

#include "proto/sealing.h"

/* ---- members ---------------------------------------------------------------------------------------------------- */

static void
test_nothing_waits(void **state)
{
	struct world *w = *state;

	poll_trustee(w);
	assert_false(w->polled.agreed);
	w->x->is_away = true;
	assert_int_equal(cdr_trustee_poll(w->x->node[1].trustee, &w->polled, NULL), CDR_E_NETWORK);
}

static void
test_newcomer_needs_approval(void **state)
{
	struct world *w = *state;

	propose_one(w, change_member(w->other));
	assert_waits(w);
	approve(w, w->other);
	assert_agrees(w);
	in_force(w);
}

/* The keys that were approved are not those that the hub puts in. */
static void
test_approval_is_for_these_keys(void **state)
{
	struct world *w = *state;

	propose_one(w, change_member(w->other));
	approve(w, w->other);
	w->other->key[0] ^= 1;
	propose_one(w, change_member(w->other));
	assert_waits(w);
	w->other->key[0] ^= 1;
	memset(w->other->pin, 77, sizeof(w->other->pin));
	propose_one(w, change_member(w->other));
	assert_waits(w);
	/* Nor under another id. */
	memset(w->other->pin, 22, sizeof(w->other->pin));
	(void)snprintf(w->other->id, sizeof(w->other->id), "green-hill");
	propose_one(w, change_member(w->other));
	assert_waits(w);
}

/* A writing job: what was approved was approved so long ago. */
static cdr_err
age_approval_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_run(tx, "UPDATE approval SET approved_at = $1",
	    CDR_VALUES(cdr_value_int((int64_t)(cdr_trustee_now() - *(uint64_t *)context))));
}

/* A hub that lets months go by, and proposes then what had been approved: the operator is asked anew. */
static void
test_approval_is_for_its_time(void **state)
{
	struct world *w = *state;
	struct cdr_store *store = w->x->node[1].home.store;
	uint64_t age = CDR_TRUSTEE_APPROVAL_S - 600;

	propose_one(w, change_member(w->other));
	approve(w, w->other);
	assert_int_equal(cdr_store_write(store, age_approval_job, &age), CDR_OK);
	assert_agrees(w);
	age = CDR_TRUSTEE_APPROVAL_S + 600;
	assert_int_equal(cdr_store_write(store, age_approval_job, &age), CDR_OK);
	w->other->check_points--;
	propose_one(w, change_member(w->other));
	assert_waits(w);
	approve(w, w->other);
	assert_agrees(w);
}

static void
test_approval_is_for_this_quota(void **state)
{
	struct world *w = *state;

	propose_one(w, change_member(w->other));
	approve(w, w->other);
	w->other->check_points = 101;
	propose_one(w, change_member(w->other));
	assert_waits(w);
	w->other->check_points = 99;
	propose_one(w, change_member(w->other));
	assert_agrees(w);
}

/* A quota that would read as a negative number in the database is no roster's: nobody gets it by an approval of 100. */
static void
test_approval_is_for_no_endless_quota(void **state)
{
	struct world *w = *state;
	struct cdr_roster *proposal = NULL;
	struct cdr_fault fault = { CDR_OK, "" };

	propose_one(w, change_member(w->other));
	approve(w, w->other);
	w->other->check_points = UINT64_MAX;
	const struct cdr_roster_change change = change_member(w->other);
	assert_int_equal(cdr_roster_build_next(w->x->newest, &change, 1, cdr_trustee_now(), w->x->hub_seed, &proposal, &fault),
	    CDR_E_ROSTER);
	assert_null(proposal);
}

static void
test_suspending_and_revoking_is_free(void **state)
{
	struct world *w = *state;

	propose_one(w, change_status(w->member, "suspended"));
	assert_agrees(w);
	in_force(w);
	/* The way back is not. */
	propose_one(w, change_status(w->member, "active"));
	assert_waits(w);
	approve(w, w->member);
	assert_agrees(w);
	in_force(w);
	/* And one approval is for once. */
	propose_one(w, change_status(w->member, "suspended"));
	assert_agrees(w);
	in_force(w);
	propose_one(w, change_status(w->member, "active"));
	assert_waits(w);
	propose_one(w, change_status(w->member, "revoked"));
	assert_agrees(w);
	in_force(w);
}

/* Lost keys may be in other hands: who was revoked is let in again with other keys, and never with those, whatever was approved. */
static void
test_revoked_for_good(void **state)
{
	struct world *w = *state;
	static const char *const back[] = { "active", "suspended" };

	propose_one(w, change_status(w->member, "suspended"));
	in_force(w);
	propose_one(w, change_status(w->member, "active"));
	approve(w, w->member);
	propose_one(w, change_status(w->member, "revoked"));
	assert_agrees(w);
	in_force(w);
	for (size_t i = 0; i < 2; i++) {
		propose_one(w, change_status(w->member, back[i]));
		assert_declines(w, CDR_E_ROSTER);
	}
	memcpy(w->member->key, w->other->key, sizeof(w->member->key)); /* its sealing key stays */
	propose_one(w, change_member(w->member));
	assert_waits(w);
	approve(w, w->member);
	assert_agrees(w);
}

/* With other keys in between it is the same key still: neither the member nor anybody else comes in with it. */
static void
test_revoked_after_another_key(void **state)
{
	struct world *w = *state;
	uint8_t first[CDR_SIGN_PUBLIC_LEN];

	memcpy(first, w->member->key, sizeof(first));
	propose_one(w, change_status(w->member, "revoked"));
	assert_agrees(w);
	in_force(w);
	memcpy(w->member->key, w->other->key, sizeof(first));
	propose_one(w, change_member(w->member));
	approve(w, w->member);
	assert_agrees(w);
	in_force(w);
	memcpy(w->member->key, first, sizeof(first));
	propose_one(w, change_member(w->member));
	approve(w, w->member);
	assert_declines(w, CDR_E_REFUSED);
	memcpy(w->other->key, first, sizeof(first));
	propose_one(w, change_member(w->other));
	approve(w, w->other);
	assert_declines(w, CDR_E_REFUSED);
	/* What takes away is signed all the same. */
	propose_one(w, change_status(w->member, "suspended"));
	assert_agrees(w);
}

static void
test_quotas(void **state)
{
	struct world *w = *state;

	w->member->import_points--;
	propose_one(w, change_member(w->member));
	assert_agrees(w);
	in_force(w);
	w->member->import_points++;
	propose_one(w, change_member(w->member));
	assert_waits(w);
	approve(w, w->member);
	assert_agrees(w);
}

static void
test_names_and_countries(void **state)
{
	struct world *w = *state;

	(void)snprintf(w->member->name, sizeof(w->member->name), "Another");
	propose_one(w, change_member(w->member));
	assert_waits(w);
	approve(w, w->member);
	assert_agrees(w);
	in_force(w);
	(void)snprintf(w->member->country, sizeof(w->member->country), "UGA");
	propose_one(w, change_member(w->member));
	assert_waits(w);
}

/* A suspension does not carry a newcomer through. */
static void
test_mixed(void **state)
{
	struct world *w = *state;
	const struct cdr_roster_change changes[] = { change_status(w->member, "suspended"), change_member(w->other) };

	propose(w->x, changes, 2);
	assert_waits(w);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static void
test_own_key_only(void **state)
{
	struct world *w = *state;
	struct dealt dealt, other;

	deal(w->x, 1, 5, &other);
	deal(w->x, 1, 1, &dealt);
	propose_one(w, change_epoch(&dealt));
	assert_declines(w, CDR_E_REFUSED);
	give_share(w->x, 1, &dealt);
	propose_one(w, change_epoch(&other));
	assert_declines(w, CDR_E_REFUSED);
	/* A public share that is not the one that came out: the trustee's proofs would fail. */
	dealt.share[2][1] ^= 1;
	propose_one(w, change_epoch(&dealt));
	assert_declines(w, CDR_E_REFUSED);
	dealt.share[2][1] ^= 1;
	dealt.scheme_version[0] ^= 1;
	propose_one(w, change_epoch(&dealt));
	assert_declines(w, CDR_E_REFUSED);
	dealt.scheme_version[0] ^= 1;
	dealt.epoch.ends_at = dealt.epoch.starts_at + 401 * 86400;
	propose_one(w, change_epoch(&dealt));
	assert_declines(w, CDR_E_REFUSED);
	dealt.epoch.ends_at = dealt.epoch.starts_at + 365 * 86400;
	propose_one(w, change_epoch(&dealt));
	assert_agrees(w);
	in_force(w);
	assert_true(cdr_trustee_share_have(w->x->node[1].trustee, CDR_KEY_TAGS, 1));
}

/* A proposal with ${body}, signed by ${seed}. */
static void
propose_by_hand(struct world *w, const Cdr__Wire__Roster *body, const uint8_t *seed)
{
	struct cdr_buffer bytes, framed;
	uint8_t signature[CDR_SIGNATURE_LEN];
	Cdr__Wire__SignedRoster frame = CDR__WIRE__SIGNED_ROSTER__INIT;
	struct cdr_fault fault = { CDR_OK, "" };

	cdr_roster_free(w->x->proposal);
	assert_int_equal(cdr_message_encode(&body->base, &bytes), CDR_OK);
	assert_int_equal(cdr_roster_sign_hub(seed, cdr_buffer_bytes(&bytes), signature), CDR_OK);
	frame.roster = cdr_message_field(bytes.data, bytes.len);
	frame.hub_signature = cdr_message_field(signature, sizeof(signature));
	assert_int_equal(cdr_message_encode(&frame.base, &framed), CDR_OK);
	if (cdr_roster_decode(cdr_buffer_bytes(&framed), &w->x->proposal, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	cdr_buffer_free(&framed);
	cdr_buffer_free(&bytes);
}

static Cdr__Wire__Roster
next_body(struct world *w)
{
	Cdr__Wire__Roster body = *w->x->newest->body;

	body.version++;
	body.previous = cdr_message_field(w->x->newest->hash, CDR_ROSTER_HASH_LEN);
	body.made_at = cdr_trustee_now();
	return body;
}

/* A key that is in force keeps its times. */
static void
test_epoch_times_stay(void **state)
{
	struct world *w = *state;
	struct dealt dealt;

	deal(w->x, 1, 1, &dealt);
	give_share(w->x, 1, &dealt);
	propose_one(w, change_epoch(&dealt));
	assert_agrees(w);
	in_force(w);
	dealt.epoch.ends_at += 1;
	/* The hub's own tools make no such roster. */
	Cdr__Wire__Roster body = next_body(w);
	Cdr__Wire__Epoch *epochs[] = { &dealt.epoch };
	body.epoch = epochs;
	propose_by_hand(w, &body, w->x->hub_seed);
	assert_declines(w, CDR_E_REFUSED);
}

/* ---- what a lying hub proposes ------------------------------------------------------------------------------------ */

static void
test_never(void **state)
{
	struct world *w = *state;
	Cdr__Wire__Roster body = next_body(w);
	Cdr__Wire__Scheme scheme = *body.scheme;
	Cdr__Wire__Party hub = *body.hub;
	static char name[] = "Another hub";

	body.n_member = 0; /* a member is gone */
	propose_by_hand(w, &body, w->x->hub_seed);
	assert_declines(w, CDR_E_REFUSED);
	body = next_body(w);
	scheme.answer_days++;
	body.scheme = &scheme;
	propose_by_hand(w, &body, w->x->hub_seed);
	assert_declines(w, CDR_E_REFUSED);
	body = next_body(w);
	hub.name = name;
	body.hub = &hub;
	propose_by_hand(w, &body, w->x->hub_seed);
	assert_declines(w, CDR_E_ROSTER);
	body = next_body(w);
	body.threshold = 3;
	propose_by_hand(w, &body, w->x->hub_seed);
	assert_declines(w, CDR_E_REFUSED);
	body = next_body(w);
	body.made_at = cdr_trustee_now() + 3 * 86400;
	propose_by_hand(w, &body, w->x->hub_seed);
	assert_declines(w, CDR_E_REFUSED);
	body = next_body(w);
	body.version++;
	propose_by_hand(w, &body, w->x->hub_seed);
	assert_declines(w, CDR_E_ROSTER);
	body = next_body(w);
	body.previous = cdr_message_field(w->x->genesis->hash, CDR_ROSTER_HASH_LEN);
	propose_by_hand(w, &body, w->x->hub_seed);
	assert_declines(w, CDR_E_ROSTER);
	body = next_body(w);
	propose_by_hand(w, &body, w->member->seed); /* not signed by the hub */
	assert_declines(w, CDR_E_ROSTER);
}

/* A roster that too few countersigned is not taken. */
static void
test_roster_without_countersignatures(void **state)
{
	struct world *w = *state;
	struct cdr_roster *genuine = w->x->newest;

	propose_one(w, change_member(w->other));
	w->x->newest = w->x->proposal;
	w->x->proposal = NULL;
	assert_int_equal(cdr_trustee_roster_update(w->x->node[1].trustee, NULL, NULL), CDR_E_ROSTER);
	const struct cdr_roster *held = cdr_current_hold(w->x->node[1].trustee->current);
	assert_null(cdr_roster_member(held, "green-valley"));
	cdr_current_release(w->x->node[1].trustee->current, held);
	cdr_roster_free(genuine);
}

/* ---- the difference of rosters, said in words ------------------------------------------------------------------- */

static void
test_words(void **state)
{
	struct world *w = *state;
	struct cdr_roster_diff diff;
	const struct cdr_roster_change changes[] = { change_status(w->member, "revoked"), change_member(w->other) };

	propose(w->x, changes, 2);
	assert_int_equal(cdr_roster_diff_new(w->x->newest, w->x->proposal, &diff), CDR_OK);
	assert_int_equal(diff.count, 2);
	assert_int_equal(diff.entry[0].kind, CDR_DIFF_MEMBER_STRICTER);
	assert_non_null(strstr(diff.entry[0].text, "revoked"));
	assert_int_equal(diff.entry[1].kind, CDR_DIFF_MEMBER_ADDED);
	assert_non_null(strstr(diff.entry[1].text, "green-valley"));
	assert_string_equal(cdr_roster_diff_kind_name(CDR_DIFF_MEMBER_ADDED), "member-added");
	assert_string_equal(cdr_roster_diff_kind_name((enum cdr_roster_diff_kind)0), "unknown");
	cdr_roster_diff_free(&diff);
	assert_int_equal(cdr_roster_diff_new(w->x->newest, w->x->newest, &diff), CDR_OK);
	assert_int_equal(diff.count, 0);
	cdr_roster_diff_free(&diff);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ---- sealing keys ------------------------------------------------------------------------------------------------ */

/* A roster with another sealing key for the member in force, number ${number}, signed by ${seed}; NULL: by nobody. */
static void
propose_sealing(struct world *w, uint64_t number, const uint8_t *seed)
{
	uint8_t secret[CDR_HPKE_SECRET_LEN], key[CDR_HPKE_PUBLIC_LEN], signature[CDR_SIGNATURE_LEN];
	Cdr__Wire__SealingKey sealing = CDR__WIRE__SEALING_KEY__INIT;
	Cdr__Wire__SealingPut put = CDR__WIRE__SEALING_PUT__INIT;
	const struct cdr_sealing_claim claim = { .hub_key = w->x->hub_key, .member = w->member->id, .number = number,
		.made_at = 1000, .sealing_key = key };

	assert_int_equal(cdr_hpke_keypair(secret, key), CDR_OK);
	if (seed != NULL)
		assert_int_equal(cdr_sealing_sign(seed, &claim, signature), CDR_OK);
	sealing.number = number;
	sealing.made_at = 1000;
	sealing.signature = cdr_message_field(signature, sizeof(signature));
	put.sealing_key = cdr_message_field(key, sizeof(key));
	put.sealing = seed != NULL ? &sealing : NULL;
	propose_one(w, (struct cdr_roster_change){ .kind = CDR_ROSTER_CHANGE_SEALING, .id = w->member->id, .sealing = &put });
}

/* A member's own word is enough; the hub's is not, nor that of another member, and no operator can approve of it. */
static void
test_sealing_keys(void **state)
{
	struct world *w = *state;

	propose_sealing(w, 1, NULL);
	assert_declines(w, CDR_E_ROSTER);
	approve(w, w->member);
	assert_declines(w, CDR_E_ROSTER);
	propose_sealing(w, 1, w->x->hub_seed);
	assert_declines(w, CDR_E_ROSTER);
	propose_sealing(w, 1, w->other->seed);
	assert_declines(w, CDR_E_ROSTER);
	propose_sealing(w, 1, w->member->seed);
	assert_agrees(w);
	in_force(w);
	propose_sealing(w, 1, w->member->seed);
	assert_declines(w, CDR_E_ROSTER);
	propose_sealing(w, 2, w->member->seed);
	assert_agrees(w);
}

/* A proposal with more in it, or without the key, may take the place of one that was countersigned. */
static void
test_sealing_keys_in_a_replaced_proposal(void **state)
{
	struct world *w = *state;

	propose_sealing(w, 1, w->member->seed);
	assert_agrees(w);
	propose_one(w, change_status(w->member, "suspended"));
	assert_agrees(w);
	propose_sealing(w, 2, w->member->seed);
	/* The suspension is not taken back without the operator. */
	assert_waits(w);
}

/* ---- what was approved, and who is stopped ------------------------------------------------------------------------ */

/* Yes to somebody who comes in is no yes to the same keys in another country, nor to their coming back after a suspension. */
static void
test_an_approval_is_for_one_kind(void **state)
{
	struct world *w = *state;

	propose_one(w, change_member(w->other));
	approve(w, w->other);
	(void)snprintf(w->other->country, sizeof(w->other->country), "UGA");
	propose_one(w, change_member(w->other));
	assert_waits(w);
	(void)snprintf(w->other->country, sizeof(w->other->country), "KEN");
	propose_one(w, change_member(w->other));
	assert_agrees(w);
	in_force(w);
	/* The yes was used up, so what was approved of another kind before it would count: it does not. */
	const struct cdr_roster_diff_entry added = { .kind = CDR_DIFF_MEMBER_ADDED, .need = CDR_NEED_APPROVAL,
		.member = cdr_roster_member(w->x->newest, w->other->id) };
	struct cdr_roster_diff_entry given = added;
	assert_int_equal(cdr_roster_party_fingerprint("member/green-valley", added.member->party, given.fingerprint), CDR_OK);
	assert_int_equal(cdr_trustee_approve(w->x->node[1].trustee, &given), CDR_OK);
	propose_one(w, change_status(w->other, "suspended"));
	in_force(w);
	propose_one(w, change_status(w->other, "active"));
	assert_waits(w);
	approve(w, w->other);
	assert_agrees(w);
}

struct stopped {
	const char *member;
	uint64_t version;
	bool is;
};

static cdr_err
stopped_job(struct cdr_tx *tx, void *context)
{
	struct stopped *s = context;

	return cdr_trustee_is_stopped(tx, s->member, s->version, &s->is);
}

static bool
is_stopped(struct world *w, const char *member)
{
	struct stopped s = { member, w->x->newest->body->version, false };

	assert_int_equal(cdr_store_read(w->x->node[1].home.store, stopped_job, &s), CDR_OK);
	return s.is;
}

/* From the countersignature on, until a version of that number or a later one is in force, whatever that says. */
static void
test_who_is_stopped(void **state)
{
	struct world *w = *state;

	assert_false(is_stopped(w, w->member->id));
	propose_one(w, change_status(w->member, "suspended"));
	assert_false(is_stopped(w, w->member->id));
	assert_agrees(w);
	assert_true(is_stopped(w, w->member->id));
	assert_false(is_stopped(w, w->other->id));
	restart(w->x, 1);
	assert_true(is_stopped(w, w->member->id));
	in_force(w);
	assert_false(is_stopped(w, w->member->id));
	propose_one(w, change_status(w->member, "active"));
	approve(w, w->member);
	assert_agrees(w);
	assert_false(is_stopped(w, w->member->id));
}

/* Whether trustee 1, when it polls, tells its log that the hub keeps a roster back. */
static bool
accuses(struct world *w)
{
	static char text[1U << 14];
	struct cdr_trustee_polled polled = { .agreed = false };
	FILE *file = tmpfile();

	assert_non_null(file);
	(void)fflush(stderr);
	int kept = dup(STDERR_FILENO);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	cdr_log_set_level(CDR_LOG_WARNING);
	(void)!cdr_trustee_poll(w->x->node[1].trustee, &polled, NULL);
	cdr_log_set_level(CDR_LOG_ERROR);
	(void)fflush(stderr);
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	(void)close(kept);
	rewind(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	(void)fclose(file);
	return strstr(text, "roster.withheld_by_hub") != NULL;
}

/* An honest hub whose roster comes into force between two questions, or that goes away there, is accused of nothing. */
static void
test_a_roster_that_comes_just_now(void **state)
{
	struct world *w = *state;

	propose_one(w, change_status(w->member, "suspended"));
	put_in_force(w->x);
	uint64_t version = w->x->newest->body->version;
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, logged_job, &version), CDR_OK);
	w->x->late_count = 1;
	assert_false(accuses(w));
	assert_int_equal(held_version(w, 1), version);
	propose_one(w, change_status(w->member, "active"));
	put_in_force(w->x);
	version++;
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, logged_job, &version), CDR_OK);
	w->x->late_count = 1;
	w->x->away_after = w->x->roster_count + 1;
	assert_false(accuses(w));
	assert_int_equal(held_version(w, 1), version - 1);
	w->x->away_after = 0;
	w->x->withholds = true;
	assert_true(accuses(w));
	w->x->withholds = false;
	assert_false(accuses(w));
	assert_int_equal(held_version(w, 1), version);
}

/* A hub that keeps a roster back, of which the log tells: another trustee has it. */
static void
test_a_roster_from_another_trustee(void **state)
{
	struct world *w = *state;
	const uint64_t before = w->x->newest->body->version;

	propose_one(w, change_status(w->member, "suspended"));
	in_force(w);
	assert_int_equal(cdr_trustee_roster_update(w->x->node[2].trustee, NULL, NULL), CDR_OK);
	propose_one(w, change_member(w->other));
	put_in_force(w->x);
	w->x->withholds = true;
	/* Nothing in the log, nothing asked. */
	poll_trustee(w);
	assert_int_equal(held_version(w, 1), before + 1);
	uint64_t version = before + 2;
	assert_int_equal(cdr_store_write(w->x->node[1].home.store, logged_job, &version), CDR_OK);
	/* Nobody has it. */
	poll_trustee(w);
	assert_int_equal(held_version(w, 1), before + 1);
	w->x->withholds = false;
	assert_int_equal(cdr_trustee_roster_update(w->x->node[2].trustee, NULL, NULL), CDR_OK);
	w->x->withholds = true;
	poll_trustee(w);
	assert_int_equal(held_version(w, 1), before + 2);
}

/* A writing job: every roster here came into force so long ago. */
static cdr_err
age_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_run(tx, "UPDATE roster SET in_force_at = $1 WHERE version > 0",
	    CDR_VALUES(cdr_value_int((int64_t)(cdr_trustee_now() - *(uint64_t *)context))));
}

/* A hub that has a roster followed and keeps it out of the log gets no next one, but can still stop a member; once the log has it all goes on. */
static void
test_a_roster_that_the_log_lacks(void **state)
{
	struct world *w = *state;
	struct cdr_store *store = w->x->node[1].home.store;
	uint64_t age = CDR_TRUSTEE_ROSTER_LATE_S - 600, version = w->x->newest->body->version;

	propose_one(w, change_member(w->other));
	approve(w, w->other);
	assert_int_equal(cdr_store_write(store, age_job, &age), CDR_OK);
	assert_agrees(w);
	age = CDR_TRUSTEE_ROSTER_LATE_S + 600;
	assert_int_equal(cdr_store_write(store, age_job, &age), CDR_OK);
	propose_one(w, change_status(w->member, "suspended"));
	assert_agrees(w);
	in_force(w);
	propose_one(w, change_member(w->other));
	assert_declines(w, CDR_E_PROOF);
	/* One that is younger does not hide the older one; nor is it late itself. */
	assert_int_equal(cdr_store_write(store, logged_job, &version), CDR_OK);
	assert_agrees(w);
	in_force(w);
	assert_int_equal(cdr_store_write(store, age_job, &age), CDR_OK);
	propose_one(w, change_status(w->member, "active"));
	approve(w, w->member);
	assert_declines(w, CDR_E_PROOF);
	version = w->x->newest->body->version - 1;
	assert_int_equal(cdr_store_write(store, logged_job, &version), CDR_OK);
	assert_declines(w, CDR_E_PROOF);
	version++;
	assert_int_equal(cdr_store_write(store, logged_job, &version), CDR_OK);
	assert_agrees(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_nothing_waits),
		CASE(test_newcomer_needs_approval),
		CASE(test_approval_is_for_these_keys),
		CASE(test_approval_is_for_its_time),
		CASE(test_approval_is_for_this_quota),
		CASE(test_approval_is_for_no_endless_quota),
		CASE(test_suspending_and_revoking_is_free),
		CASE(test_revoked_for_good),
		CASE(test_revoked_after_another_key),
		CASE(test_quotas),
		CASE(test_names_and_countries),
		CASE(test_mixed),
		CASE(test_own_key_only),
		CASE(test_epoch_times_stay),
		CASE(test_never),
		CASE(test_roster_without_countersignatures),
		CASE(test_words),
		cmocka_unit_test_setup_teardown(test_sealing_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sealing_keys_in_a_replaced_proposal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_approval_is_for_one_kind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_who_is_stopped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_roster_that_comes_just_now, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_roster_from_another_trustee, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_roster_that_the_log_lacks, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
