#include "tests/unit/member/audits.h"

#include "node/member/evaluate.h"
#include "node/member/receipt.h"
#include "tests/unit/member/world_play.h"

/* see tests/unit/member/audits.h */

struct cdr_audit audit;
struct cdr_evidence evidence;
static int made;

int
audits_setup(void **state)
{
	int failed = w_setup(state);
	struct world *w = *state;

	w->member[BLUE]->home->path = w->dir;
	return failed;
}

int
audits_teardown(void **state)
{
	struct world *w = *state;
	char command[128];

	w->member[BLUE]->home->path = NULL;
	for (int i = 1; i < 20; i++) {
		(void)snprintf(command, sizeof(command), "%s/evidence/log-%d.json", w->dir, i);
		(void)unlink(command);
	}
	(void)snprintf(command, sizeof(command), "%s/evidence", w->dir);
	(void)rmdir(command);
	return w_teardown(state);
}

void
audits_act(struct world *w, int count)
{
	struct cdr_member *m = w->member[BLUE];
	const struct cdr_roster *roster = cdr_current_hold(m->current);
	uint8_t tags[CDR_TAG_LEN];
	char text[32];

	for (int i = 0; i < count; i++) {
		(void)snprintf(text, sizeof(text), "token %d", made++);
		const struct cdr_bytes input = { (const uint8_t *)text, strlen(text) };
		assert_int_equal(cdr_evaluate(m, roster, cdr_roster_epoch(roster, 1), CDR_PURPOSE_IMPORT, &input, 1, tags, NULL), CDR_OK);
	}
	cdr_current_release(m->current, roster);
}

cdr_err
audits_look(struct world *w)
{
	struct cdr_fault fault = { CDR_OK, "" };

	return cdr_audit_check(w->member[BLUE], false, &audit, &fault);
}

cdr_err
audits_judge(struct world *w, json_t *json)
{
	struct cdr_roster *rosters[2];
	struct cdr_fault fault = { CDR_OK, "" };
	char *text = json_dumps(json, 0);

	assert_non_null(text);
	assert_int_equal(cdr_roster_decode(cdr_buffer_bytes(&w->genesis_bytes), &rosters[0], NULL), CDR_OK);
	rosters[1] = w_roster_read(w);
	cdr_err err = cdr_evidence_judge((struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, rosters, 2, &evidence, &fault);
	cdr_roster_free(rosters[0]);
	cdr_roster_free(rosters[1]);
	cdr_json_free(text);
	if (err != CDR_OK && err != CDR_E_MEMORY)
		assert_string_not_equal(fault.text, "");
	return err;
}

/* Who knows only the genesis roster cannot tell whether enough have signed, and accuses nobody; nor by a file that does not say under which it was written. */
static void
assert_older_rosters_judge_nothing(struct world *w, json_t *json)
{
	struct cdr_roster *genesis;
	struct cdr_fault fault = { CDR_OK, "" };
	char *text = json_dumps(json, 0);

	assert_non_null(text);
	assert_int_equal(cdr_roster_decode(cdr_buffer_bytes(&w->genesis_bytes), &genesis, NULL), CDR_OK);
	assert_int_equal(cdr_evidence_judge((struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, &genesis, 1, &evidence, &fault), CDR_E_ABSENT);
	assert_non_null(strstr(fault.text, "roster version 1, and the folder knows those up to 0: take a newer export"));
	cdr_roster_free(genesis);
	cdr_json_free(text);

	json_t *without = json_deep_copy(json);
	assert_int_equal(json_object_del(without, "roster"), 0);
	assert_int_equal(audits_judge(w, without), CDR_E_INPUT);
	json_decref(without);
}

/* The file shows what it says; under another name, or without one of its parts, it does not. */
static void
assert_judged(struct world *w, enum cdr_audit_kind kind, json_t *json)
{
	static const char *const parts[] = { "genesis", "request", "reply", "checkpoint_of_trustee", "receipt", "other_receipt" };

	assert_int_equal(audits_judge(w, json), kind == CDR_AUDIT_STALE || kind == CDR_AUDIT_WITHHELD ? CDR_E_PROOF : CDR_OK);
	if (kind == CDR_AUDIT_SPLIT || kind == CDR_AUDIT_TWO_HISTORIES) /* the same are named by who was not there */
		assert_string_equal(evidence.parties, json_string_value(json_object_get(json, "parties")));
	for (int other = 0; other < CDR_AUDIT_KIND_COUNT; other++) {
		/* Only one of two can stand at a place; and a log that is not the trustee's does not continue it. */
		bool implies = ((kind == CDR_AUDIT_MISSING || kind == CDR_AUDIT_TWICE) && other == CDR_AUDIT_MISSING_THEIRS) || (kind == CDR_AUDIT_MISSING_THEIRS && other == CDR_AUDIT_MISSING) || (kind == CDR_AUDIT_TWICE && other == CDR_AUDIT_MISSING) || (kind == CDR_AUDIT_SPLIT && (other == CDR_AUDIT_REWRITTEN || other == CDR_AUDIT_TWO_HISTORIES)) ||
		    (kind == CDR_AUDIT_TWO_HISTORIES && other == CDR_AUDIT_SPLIT); /* split is what one of the two was shown to this node */
		json_t *changed = json_deep_copy(json);
		assert_int_equal(json_object_set_new(changed, "finding", json_string(cdr_audit_kind_name((enum cdr_audit_kind)other))), 0);
		if (other != (int)kind && !implies)
			assert_int_not_equal(audits_judge(w, changed), CDR_OK);
		json_decref(changed);
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *text = json_string_value(json_object_get(json, parts[i]));
		if (text == NULL || kind == CDR_AUDIT_STALE || kind == CDR_AUDIT_WITHHELD)
			continue;
		json_t *changed = json_deep_copy(json);
		char *spoilt = strdup(text);
		assert_non_null(spoilt);
		bool is_note = strcmp(parts[i], "checkpoint_of_trustee") == 0; /* its root: a witness's line that nobody knows says nothing */
		char *at = spoilt + (is_note ? 90 : strlen(spoilt) / 2);
		*at = *at == '1' ? '2' : '1';
		assert_int_equal(json_object_set_new(changed, parts[i], json_string(spoilt)), 0);
		bool counts = (kind != CDR_AUDIT_TWICE && kind != CDR_AUDIT_SPLIT && kind != CDR_AUDIT_TWO_HISTORIES) || (strcmp(parts[i], "request") != 0 && strcmp(parts[i], "reply") != 0);
		if (counts)
			assert_int_not_equal(audits_judge(w, changed), CDR_OK);
		free(spoilt);
		json_decref(changed);
	}
}

void
audits_assert_found(struct world *w, enum cdr_audit_kind kind)
{
	bool found = false;

	cdr_err err = audits_look(w);
	for (size_t i = 0; i < audit.finding_count; i++) {
		const struct cdr_audit_finding *f = &audit.finding[i];
		if (f->kind != kind)
			continue;
		found = true;
		json_t *json = json_load_file(f->path, 0, NULL);
		assert_non_null(json);
		assert_string_equal(json_string_value(json_object_get(json, "finding")), cdr_audit_kind_name(kind));
		assert_non_null(json_object_get(json, "genesis"));
		assert_non_null(json_object_get(json, "roster"));
		assert_judged(w, kind, json);
		if (kind == CDR_AUDIT_UNWITNESSED)
			assert_older_rosters_judge_nothing(w, json);
		json_decref(json);
	}
	if (err != CDR_E_PROOF || !found)
		fail_msg("%s was not found (%d)", cdr_audit_kind_name(kind), err);
}

/* A writing job. */
static cdr_err
keep_job(struct cdr_tx *tx, void *context)
{
	return cdr_receipt_keep(tx, context);
}

void
audits_forge_receipt(struct world *w, enum cdr_leaf_kind kind, uint64_t place)
{
	struct cdr_leaf leaf = { .kind = kind, .at = 1772323200 };
	struct cdr_buffer encoded;
	uint8_t salt[CDR_LEAF_SALT_LEN] = { 9 }, signature[CDR_SIGNATURE_LEN];
	struct cdr_buffer entry;
	struct cdr_receipt receipt = { .place = place };
	Cdr__Wire__Receipt message = CDR__WIRE__RECEIPT__INIT;

	cdr_leaf_party_add(&leaf, w->member[BLUE]->signer_name);
	receipt.leaf = leaf;
	assert_int_equal(cdr_leaf_encode(&leaf, &encoded), CDR_OK);
	assert_int_equal(cdr_leaf_entry(cdr_buffer_bytes(&encoded), salt, &entry), CDR_OK);
	assert_int_equal(cdr_merkle_leaf(cdr_buffer_bytes(&entry), receipt.hash), CDR_OK);
	assert_int_equal(cdr_receipt_sign(w->hub.seed, w->genesis, place, receipt.hash, signature), CDR_OK);
	message.position = place;
	message.leaf = cdr_message_field(encoded.data, encoded.len);
	message.has_salt = true;
	message.salt = cdr_message_field(salt, sizeof(salt));
	message.signature = cdr_message_field(signature, sizeof(signature));
	assert_int_equal(cdr_message_encode(&message.base, &receipt.bytes), CDR_OK);
	assert_int_equal(cdr_store_write(w->member[BLUE]->home->store, keep_job, &receipt), CDR_OK);
	cdr_receipt_free(&receipt);
	cdr_buffer_free(&entry);
	cdr_buffer_free(&encoded);
}
