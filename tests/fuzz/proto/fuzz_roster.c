/*
 * A roster from anybody. The first byte of the input says whether the rest is a SignedRoster as it travels, or a Roster that is
 * then signed by everybody who must, so that mutants reach what comes after the signatures.
 *
 * Properties: what is accepted is inside every limit, in order, and found by every look-up; what may follow the genesis roster
 * has the same hub, trustees and threshold, and enough signatures; what is refused says why.
 */
#include "core/record/rules.h"
#include "tests/fuzz/proto/parties.h"

static struct cdr_roster *genesis;

static void
stop(void)
{
	cdr_roster_free(genesis);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	f_make_parties();
	genesis = f_make_roster(0);
	return atexit(stop);
}

static void
check_members(const struct cdr_roster *roster)
{
	const Cdr__Wire__Roster *body = roster->body;
	const Cdr__Wire__Member *found;
	char signer[CDR_SIGNER_LEN_MAX + 1];

	assert(body->n_member <= CDR_MEMBER_COUNT_MAX);
	for (size_t i = 0; i < body->n_member; i++) {
		const Cdr__Wire__Member *m = body->member[i];
		assert(cdr_member_id_valid(m->id) && (i == 0 || strcmp(body->member[i - 1]->id, m->id) < 0));
		assert(cdr_roster_member(roster, m->id) == m);
		(void)snprintf(signer, sizeof(signer), "member/%s", m->id);
		assert(cdr_roster_find(roster, signer, m->party->tls_pin.data, &found, NULL) == m->party && found == m);
		assert(cdr_roster_member_by_pin(roster, m->party->tls_pin.data) != NULL);
		assert(strlen(m->country) == 3 && strlen(m->party->name) <= CDR_PARTY_NAME_LEN_MAX && m->party->url[0] == '\0');
	}
	assert(cdr_roster_member(roster, "nobody-of-that-name") == NULL);
}

static void
check_form(const struct cdr_roster *roster)
{
	const Cdr__Wire__Roster *body = roster->body;
	uint8_t hash[CDR_ROSTER_HASH_LEN];

	assert(cdr_sha256(&roster->signed_bytes, 1, hash) == CDR_OK && memcmp(hash, roster->hash, sizeof(hash)) == 0);
	assert(body->n_trustee >= 1 && body->n_trustee <= CDR_TRUSTEE_COUNT_MAX);
	assert(2 * (size_t)body->threshold > body->n_trustee && body->threshold <= body->n_trustee);
	assert(cdr_roster_trustee(roster, 0) == NULL && cdr_roster_trustee(roster, (uint32_t)body->n_trustee + 1) == NULL);
	for (uint32_t i = 1; i <= body->n_trustee; i++)
		assert(cdr_roster_trustee(roster, i)->index == i);
	for (size_t i = 0; i < body->n_epoch; i++) {
		assert(body->epoch[i]->n_public_share == body->n_trustee);
		assert(cdr_roster_epoch(roster, body->epoch[i]->number) == body->epoch[i]);
	}
	assert(body->n_epoch <= CDR_EPOCH_COUNT_MAX && body->scheme->reply_delay_min_s <= body->scheme->reply_delay_max_s);
	check_members(roster);
}

/* No roster comes after itself; one that comes after the genesis roster has its hub, and enough of its trustees signed it. */
static void
check_order(const struct cdr_roster *roster)
{
	const Cdr__Wire__Roster *body = roster->body;

	assert(cdr_roster_verify_next(roster, roster, NULL) == CDR_E_ROSTER);
	if (cdr_roster_verify_next(roster, genesis, NULL) != CDR_OK)
		return;
	assert(body->version > 0);
	assert(memcmp(body->hub->signing_key.data, f_hub.signing, CDR_SIGN_PUBLIC_LEN) == 0);
	assert(roster->signatures->n_countersignature >= F_THRESHOLD);
	assert(body->version != 1 || memcmp(body->previous.data, genesis->hash, CDR_ROSTER_HASH_LEN) == 0);
	assert(cdr_roster_verify_next(genesis, roster, NULL) == CDR_E_ROSTER);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_buffer bytes = { 0 };
	struct cdr_roster *roster;
	struct cdr_fault fault = { 0 };

	if (len == 0)
		return 0;
	struct cdr_bytes rest = { data + 1, len - 1 };
	if (data[0] % 2 == 1) {
		f_sign_roster(rest, true, &bytes);
		rest = cdr_buffer_bytes(&bytes);
	}
	cdr_err err = cdr_roster_decode(rest, &roster, &fault);
	if (err == CDR_OK) {
		check_form(roster);
		check_order(roster);
		cdr_roster_free(roster);
	} else {
		assert(roster == NULL && fault.code == err && fault.text[0] != '\0');
	}
	cdr_buffer_free(&bytes);
	return 0;
}
