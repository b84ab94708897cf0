#include "node/trustee/witness.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/net/log.h"
#include "node/trustee/evaluate.h"
#include "node/trustee/index_watch.h"
#include "node/trustee/round_log.h"
#include "node/trustee/said.h"
#include "node/trustee/sample.h"
#include "node/trustee/peers.h"
#include "node/trustee/recover.h"
#include "node/trustee/seen.h"
#include "node/trustee/witnessed.h"
#include "proto/log.pb-c.h"

#define EVALUATE_PATH "/v1/evaluate"
#define REQUEST_LEN_MAX 256
#define HASH CDR_MERKLE_HASH_LEN

/* An evaluation that its member signed. */
struct evaluation {
	size_t record;                       /* number of its leaf in the portion */
	uint64_t at;
	uint8_t signing_key[CDR_SIGN_PUBLIC_LEN];
	struct cdr_bytes body, signature;    /* borrowed from the arena */
	struct cdr_arena arena, request_arena;
	const Cdr__Wire__EvaluateRequest *request;
};

/* What the log has of a ceremony. */
struct said_leaf {
	size_t record;
	uint64_t roster_version;             /* the newest that leaves of the portion before it record; 0: none */
	struct cdr_leaf leaf;
};

/* A leaf about the index, or about a check that was answered from it. */
struct about_index {
	size_t record;
	struct cdr_leaf leaf;
};

/* A portion of the log on its way in. */
struct portion {
	struct cdr_trustee *trustee;
	const struct cdr_call *call;
	const Cdr__Wire__WitnessRequest *request;
	const struct cdr_roster *roster;     /* by which members are found */
	const struct cdr_roster *newer;      /* one that was looked for because of this; held. NULL: none */
	struct cdr_roster *then;             /* the one of the time of these leaves, if it was looked for; owned */
	uint64_t then_version;               /* the newest roster in them when it was */
	bool has_looked, could_not_look;
	struct cdr_checkpoint checkpoint;
	struct cdr_checkpoint witnessed;     /* the newest that enough cosigned, as the hub shows it; size 0: none */
	struct cdr_checkpoint aged;          /* one that enough cosigned long ago: leaves before its end may have been erased; size 0: none */
	struct cdr_trustee_withheld withheld; /* the last leaf that the hub does not open; what: NULL if there is none */
	bool withholds;                      /* and has to */
	bool is_witnessed, is_forked;        /* it is what this trustee saw; it contradicts that */
	uint8_t (*hash)[HASH];               /* of each leaf */
	struct evaluation *evaluation;
	size_t evaluation_count;
	struct said_leaf *said;
	size_t said_count;
	struct about_index *about_index;     /* leaves by which the hub's answers are judged */
	size_t about_index_count;
	uint64_t lie_place;                  /* of the last that is a lie; only set with lie_count */
	size_t lie_count;
	struct cdr_trustee_lot *lot;         /* of samples */
	size_t lot_count;
	uint64_t roster_version;             /* the newest that these leaves record; 0: none */
	uint64_t size;                       /* of the log that this trustee has seen, afterwards */
	struct cdr_checkpoint before;        /* where size is beyond the checkpoint's: what was seen last */
	bool is_taken;                       /* what was seen ends with the checkpoint */
	bool contradicts;
	bool is_missing;                     /* it lacks what the hub gave this trustee a receipt for */
	bool is_recovering;                  /* it has to catch up: taken in, and not cosigned */
	bool listens;                        /* else not taken in either: node/trustee/recover.h */
};

static void
portion_free(struct portion *p)
{
	for (size_t i = 0; i < p->evaluation_count; i++) {
		cdr_arena_free(&p->evaluation[i].request_arena);
		cdr_arena_free(&p->evaluation[i].arena);
	}
	free(p->about_index);
	free(p->evaluation);
	free(p->said);
	free(p->lot);
	free(p->hash);
	cdr_roster_free(p->then);
	cdr_current_release(p->trustee->current, p->newer);
}

/* ---- leaves ------------------------------------------------------------------------------------------------- */

/* Whether leaf and salt are those of the entry; and what the leaf says. A leaf that was erased says nothing. */
static cdr_err
open_record(const Cdr__Wire__LogRecord *record, struct cdr_leaf *leaf, bool *is_known)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer entry = { 0 };

	CDR_TRY(cdr_leaf_entry_read(cdr_message_bytes(record->entry), leaf, is_known));
	if (*is_known || !record->has_leaf)
		goto out;
	if (!record->has_salt || record->salt.len != CDR_LEAF_SALT_LEN) {
		err = CDR_E_INPUT;
		goto out;
	}
	CDR_TRY(cdr_leaf_decode(cdr_message_bytes(record->leaf), leaf));
	if (cdr_leaf_kind_is_open(leaf->kind)) { /* whoever reads the log alone has to see it too */
		err = CDR_E_INPUT;
		goto out;
	}
	CDR_TRY(cdr_leaf_entry(cdr_message_bytes(record->leaf), record->salt.data, &entry));
	if (entry.len != record->entry.len || memcmp(entry.data, record->entry.data, entry.len) != 0)
		err = CDR_E_PROOF;
	*is_known = err == CDR_OK;
out:
	cdr_buffer_free(&entry);
	return err;
}

/* Whether the leaf says of the request what the request says. */
static bool
leaf_is_of(const struct cdr_leaf *leaf, const struct evaluation *e)
{
	const Cdr__Wire__EvaluateRequest *r = e->request;
	uint64_t purpose = strcmp(r->purpose, "import") == 0 ? CDR_LEAF_PURPOSE_IMPORT :
	    strcmp(r->purpose, "check") == 0 ? CDR_LEAF_PURPOSE_CHECK :
	    strcmp(r->purpose, "again") == 0 ? CDR_LEAF_PURPOSE_AGAIN : 0;
	uint8_t content[CDR_LEAF_CONTENT_LEN];

	return purpose != 0 && r->point_count <= CDR_EVALUATE_POINTS_MAX && leaf->party_count == 1 && strncmp(leaf->party[0], "member/", 7) == 0 &&
	    strcmp(leaf->party[0] + 7, r->member) == 0 && leaf->number_count == 4 && leaf->number[0] == r->sequence &&
	    leaf->number[1] == r->epoch && leaf->number[2] == purpose && leaf->number[3] == r->point_count &&
	    r->sequence <= INT64_MAX && cdr_leaf_content(leaf->kind, &e->body, 1, content) == CDR_OK &&
	    memcmp(content, leaf->content, sizeof(content)) == 0;
}

/* Whether the member that the request names signed it with the key that ${roster} has, and had then; it is the evaluation's. */
static bool
is_signed(const struct portion *p, const struct cdr_roster *roster, struct evaluation *e, const struct cdr_envelope *inner)
{
	const Cdr__Wire__Member *member = cdr_roster_member(roster, e->request->member);

	if (member == NULL || e->at < member->joined_at || cdr_envelope_verify_request(inner, member->party->signing_key.data, p->trustee->genesis, EVALUATE_PATH) != CDR_OK)
		return false;
	memcpy(e->signing_key, member->party->signing_key.data, sizeof(e->signing_key));
	return true;
}

/* A reading job: of the leaf that is looked at. */
static cdr_err
then_job(struct cdr_tx *tx, void *context)
{
	struct portion *p = context;

	return cdr_trustee_roster_then(tx, p->roster_version, &p->then);
}

/*
 * Whether the member signed it with the key that it had when it was logged: who enrols anew has spent what was spent under the old key. A
 * leaf behind the roster that took that key away is not the member's.
 */
static cdr_err
look_back(struct portion *p, struct evaluation *e, const struct cdr_envelope *inner, bool *holds)
{
	cdr_err err = CDR_OK;

	if (p->then == NULL || p->then_version != p->roster_version) {
		cdr_roster_free(p->then);
		p->then = NULL;
		p->then_version = p->roster_version;
		err = cdr_store_read(p->trustee->home->store, then_job, p);
	}
	*holds = err == CDR_OK && is_signed(p, p->then, e, inner);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* Somebody whom we do not know, or a key that we do not know, may be in a roster that we have not seen: look once. */
static void
look_for_roster(struct portion *p)
{
	bool newer = false;

	if (p->has_looked)
		return;
	p->has_looked = true;
	p->could_not_look = cdr_trustee_roster_update(p->trustee, &newer, NULL) != CDR_OK;
	if (newer)
		p->roster = p->newer = cdr_current_hold(p->trustee->current);
}

/* The leaf says too little to this trustee. What others were shown of it may be more. */
static void
withhold(struct portion *p, size_t record, const char *what)
{
	p->withheld = (struct cdr_trustee_withheld){ what, p->request->from + record, cdr_message_bytes(p->request->record[record]->entry),
		cdr_message_bytes(p->request->checkpoint) };
}

/* A key with which somebody joined after that is not the one that signed it: whoever does not hold the roster of the time cannot tell. */
static bool
may_be_former(const struct portion *p, const struct evaluation *e)
{
	const Cdr__Wire__Member *member = cdr_roster_member(p->roster, e->request->member);

	return member != NULL && e->at < member->joined_at;
}

/*
 * Take in what the member signed. A leaf without that is not taken in: another trustee may be shown it with the signature, and count it. So the hub
 * cannot spend a member's quota, nor spare it.
 */
static cdr_err
take_evaluation(struct portion *p, size_t record, const struct cdr_leaf *leaf)
{
	struct evaluation *e = &p->evaluation[p->evaluation_count++];
	const Cdr__Wire__SignedEvaluation *evidence;
	struct cdr_envelope inner = { .signer = leaf->party[0] };
	cdr_err err;

	e->record = record;
	e->at = leaf->at;
	err = cdr_message_decode(&e->arena, &cdr__wire__signed_evaluation__descriptor,
	    cdr_message_bytes(p->request->record[record]->evidence), &evidence);
	if (err != CDR_OK || evidence->request.len > REQUEST_LEN_MAX)
		goto out;
	inner.body = e->body = cdr_message_bytes(evidence->request);
	inner.signature = e->signature = cdr_message_bytes(evidence->signature);
	err = cdr_message_decode(&e->request_arena, &cdr__wire__evaluate_request__descriptor, e->body, &e->request);
	if (err != CDR_OK || !leaf_is_of(leaf, e)) {
		e->request = NULL;
		goto out;
	}
	bool is_member_s = is_signed(p, p->roster, e, &inner);
	if (!is_member_s)
		CDR_TRY(look_back(p, e, &inner, &is_member_s));
	if (!is_member_s) {
		look_for_roster(p);
		if (cdr_roster_member(p->roster, e->request->member) == NULL)
			return CDR_E_BUSY; /* nobody leaves a roster: there is a newer one, which we could not get */
		is_member_s = is_signed(p, p->roster, e, &inner);
	}
	if (!is_member_s && p->could_not_look)
		return CDR_E_BUSY;
	bool is_former = !is_member_s && may_be_former(p, e);
	if (!is_member_s)
		e->request = NULL;
	if (is_former)
		return CDR_OK;
out:
	if (e->request == NULL)
		withhold(p, record, CDR_TRUSTEE_WITHHELD_UNSIGNED);
	return err == CDR_E_MEMORY || err == CDR_E_INTERNAL || err == CDR_E_STORE ? err : CDR_OK;
}

static cdr_err
take_said(struct portion *p, size_t record, const struct cdr_leaf *leaf)
{
	/* Who bears its name is in the roster that came before it. */
	if (p->roster_version > p->roster->body->version)
		look_for_roster(p);
	struct said_leaf *more = realloc(p->said, (p->said_count + 1) * sizeof(*more));
	if (more == NULL)
		return CDR_E_MEMORY;
	p->said = more;
	p->said[p->said_count++] = (struct said_leaf){ record, p->roster_version, *leaf };
	return CDR_OK;
}

/* Take in the lot of a sample, if it is one. */
static cdr_err
take_lot(struct portion *p, const struct cdr_leaf *leaf, struct cdr_bytes evidence)
{
	struct cdr_trustee_lot *more = realloc(p->lot, (p->lot_count + 1) * sizeof(*more));
	bool holds;

	if (more == NULL)
		return CDR_E_MEMORY;
	p->lot = more;
	cdr_err err = cdr_trustee_sample_read(p->trustee, p->roster, leaf, evidence, &p->lot[p->lot_count], &holds);
	if (err == CDR_E_BUSY) {
		look_for_roster(p);
		err = cdr_trustee_sample_read(p->trustee, p->roster, leaf, evidence, &p->lot[p->lot_count], &holds);
	}
	if (err == CDR_OK)
		p->lot_count += holds;
	return err;
}

/* The checkpoint that enough trustees cosigned. One that does not hold, or is by others than those whom we know, says nothing. */
static cdr_err
read_witnessed(struct portion *p)
{
	cdr_err err;

	if (!p->request->has_witnessed)
		return CDR_OK;
	err = cdr_checkpoint_read(cdr_message_bytes(p->request->witnessed), p->trustee->genesis, p->call->roster, &p->witnessed, NULL);
	if (err != CDR_OK || !cdr_checkpoint_is_witnessed(&p->witnessed, p->call->roster))
		p->witnessed.size = 0;
	return err == CDR_E_INPUT || err == CDR_E_SIGNATURE ? CDR_OK : err;
}

/* Whether enough of those who are trustees now cosigned it so long ago that the hub may have erased what stands before it. Clocks differ by a day. */
static bool
is_aged(const struct portion *p, const struct cdr_checkpoint *checkpoint)
{
	const uint64_t least = (CDR_LEAF_OPEN_DAYS - 1) * UINT64_C(86400);
	uint32_t count = 0;

	for (size_t i = 0; i < checkpoint->cosignature_count; i++)
		count += checkpoint->cosignature[i].at + least <= p->call->now;
	return count >= p->call->roster->body->threshold;
}

/* The checkpoint that excuses the hub where it opens a leaf no more. One that does not hold excuses nothing. */
static cdr_err
read_aged(struct portion *p)
{
	cdr_err err;

	if (!p->request->has_aged)
		return CDR_OK;
	err = cdr_checkpoint_read(cdr_message_bytes(p->request->aged), p->trustee->genesis, p->call->roster, &p->aged, NULL);
	if (err != CDR_OK || !is_aged(p, &p->aged))
		p->aged.size = 0;
	return err == CDR_E_INPUT || err == CDR_E_SIGNATURE ? CDR_OK : err;
}

/* Everything that can be looked at before the database is touched. */
static cdr_err
prepare(struct portion *p, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__WitnessRequest *r = p->request;
	size_t count = r->n_record;
	struct cdr_leaf leaf;
	bool is_known;

	if (count > CDR_LOG_RECORDS_MAX || r->from > CDR_MERKLE_SIZE_MAX)
		return cdr_fault_set(fault, CDR_E_INPUT, "at most %d leaves at a time", CDR_LOG_RECORDS_MAX);
	CDR_TRY(cdr_checkpoint_read(cdr_message_bytes(r->checkpoint), p->trustee->genesis, p->call->roster, &p->checkpoint,
	    fault));
	CDR_TRY(read_witnessed(p));
	CDR_TRY(read_aged(p));
	if (p->checkpoint.size != r->from + count)
		return cdr_fault_set(fault, CDR_E_INPUT, "the checkpoint does not stand behind the last leaf");
	p->hash = calloc(count + 1, sizeof(*p->hash));
	p->evaluation = calloc(count + 1, sizeof(*p->evaluation));
	p->about_index = calloc(count + 1, sizeof(*p->about_index));
	if (p->hash == NULL || p->evaluation == NULL || p->about_index == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < count; i++) {
		err = open_record(r->record[i], &leaf, &is_known);
		if (err != CDR_OK)
			return cdr_fault_set(fault, err, "leaf %" PRIu64 " is not what the tree holds", r->from + i);
		CDR_TRY(cdr_merkle_leaf(cdr_message_bytes(r->record[i]->entry), p->hash[i]));
		if (!is_known)
			withhold(p, i, CDR_TRUSTEE_WITHHELD_SEALED);
		if (is_known && leaf.kind == CDR_LEAF_CEREMONY)
			CDR_TRY(take_said(p, i, &leaf));
		if (is_known && (leaf.kind == CDR_LEAF_INDEX_BATCH || leaf.kind == CDR_LEAF_INDEX_ROOT || leaf.kind == CDR_LEAF_CHECK_OPENED))
			p->about_index[p->about_index_count++] = (struct about_index){ i, leaf };
		if (is_known && leaf.kind == CDR_LEAF_SAMPLE)
			CDR_TRY(take_lot(p, &leaf, cdr_message_bytes(r->record[i]->evidence)));
		if (is_known && cdr_trustee_roster_of_leaf(&leaf, r->from + i) > p->roster_version)
			p->roster_version = cdr_trustee_roster_of_leaf(&leaf, r->from + i);
		if (!is_known || leaf.kind != CDR_LEAF_EVALUATION)
			continue;
		err = take_evaluation(p, i, &leaf);
		if (err == CDR_E_BUSY)
			cdr_fault_set(fault, err, "leaf %" PRIu64 " is of a member that this trustee's roster does not name yet", r->from + i);
		if (err != CDR_OK)
			goto out;
	}
	err = CDR_OK;
out:
	return err;
}

/* ---- counting ------------------------------------------------------------------------------------------------ */

/* What the member has spent with this one. */
static cdr_err
add_points(struct cdr_tx *tx, const Cdr__Wire__EvaluateRequest *r, int64_t *total)
{
	const struct cdr_value member = cdr_value_text(r->member), epoch = cdr_value_int(r->epoch);
	const struct cdr_value purpose = cdr_value_text(r->purpose);

	cdr_err err = cdr_query_one_int(tx, "SELECT points FROM spent WHERE member = $1 AND epoch = $2 AND purpose = $3",
	    CDR_VALUES(member, epoch, purpose), total);
	if (err != CDR_OK && err != CDR_E_ABSENT)
		return err;
	*total += (int64_t)r->point_count;
	return cdr_query_run(tx, err == CDR_OK ?
		"UPDATE spent SET points = $4 WHERE member = $1 AND epoch = $2 AND purpose = $3" :
		"INSERT INTO spent (member, epoch, purpose, points) VALUES ($1, $2, $3, $4)",
	    CDR_VALUES(member, epoch, purpose, cdr_value_int(*total)));
}

/*
 * A check is asked once more under the epoch before: as many points as this member's checks have under a newer one, which come first. Without that
 * "again" would be a second quota.
 */
static cdr_err
find_bound(struct cdr_tx *tx, const Cdr__Wire__EvaluateRequest *r, struct cdr_value *bound)
{
	int64_t points;

	*bound = cdr_value_null();
	if (strcmp(r->purpose, "again") != 0)
		return CDR_OK;
	cdr_err err = cdr_query_one_int(tx,
	    "SELECT points FROM spent WHERE member = $1 AND purpose = 'check' AND epoch > $2 ORDER BY epoch DESC LIMIT 1",
	    CDR_VALUES(cdr_value_text(r->member), cdr_value_int(r->epoch)), &points);
	*bound = cdr_value_int(err == CDR_OK ? points : 0);
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/* Count one evaluation; a number that was used before counts no second time, and with another request it is evidence. */
static cdr_err
count_evaluation(struct cdr_tx *tx, const struct portion *p, const struct evaluation *e)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__EvaluateRequest *r = e->request;
	const struct cdr_value key = cdr_value_blob(e->signing_key, sizeof(e->signing_key));
	const struct cdr_value sequence = cdr_value_int((int64_t)r->sequence);
	struct cdr_value bound;
	int64_t count, total;

	CDR_TRY(cdr_query_one_int(tx, "SELECT count(*) FROM evaluation WHERE signing_key = $1 AND sequence = $2",
	    CDR_VALUES(key, sequence), &count));
	if (count > 0) {
		CDR_TRY(cdr_query_one_int(tx,
		    "SELECT count(*) FROM evaluation WHERE signing_key = $1 AND sequence = $2 AND body = $3",
		    CDR_VALUES(key, sequence, cdr_value_bytes(e->body)), &count));
		return count > 0 ? CDR_OK : cdr_trustee_misuse_keep(tx, (struct cdr_bytes){ e->signing_key, sizeof(e->signing_key) },
		    e->request->sequence, e->body, e->signature, p->call->now);
	}
	CDR_TRY(add_points(tx, r, &total));
	CDR_TRY(find_bound(tx, r, &bound));
	CDR_TRY(cdr_query_run(tx,
	    "INSERT INTO evaluation (signing_key, sequence, member, epoch, body, signature, counted_at, place, hash, total, bound)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
	    CDR_VALUES(key, sequence, cdr_value_text(r->member), cdr_value_int(r->epoch), cdr_value_bytes(e->body),
		cdr_value_bytes(e->signature), cdr_value_int((int64_t)p->call->now),
		cdr_value_int((int64_t)(p->request->from + e->record)), cdr_value_blob(p->hash[e->record], HASH),
		cdr_value_int(total), bound)));
out:
	return err;
}

/* ---- taking in ----------------------------------------------------------------------------------------------- */

/* In the order of the log: was every check answered from the newest index? */
static cdr_err
watch_index(struct cdr_tx *tx, struct portion *p)
{
	cdr_err err = cdr_trustee_index_begin(tx, p->request->from);

	p->lie_count = 0;
	for (size_t i = 0; i < p->about_index_count && err == CDR_OK; i++) {
		const struct about_index *a = &p->about_index[i];
		const Cdr__Wire__LogRecord *record = p->request->record[a->record];
		struct cdr_trustee_shown shown = { p->request->from + a->record, &a->leaf, cdr_message_bytes(record->leaf),
			cdr_message_bytes(record->salt) };
		bool is_lie;
		err = cdr_trustee_index_see(tx, &shown, p->call->now, &is_lie);
		if (err == CDR_OK && is_lie) {
			p->lie_count++;
			p->lie_place = shown.place;
		}
	}
	return err;
}

/* What the leaves say of rounds of statistics, and of rosters, in their order: by which roster a round was closed is the last before it. */
static cdr_err
take_rounds(struct cdr_tx *tx, const struct portion *p)
{
	cdr_err err = CDR_OK;
	struct cdr_leaf leaf;
	bool is_open;

	for (size_t i = 0; err == CDR_OK && i < p->request->n_record; i++) {
		err = cdr_leaf_entry_read(cdr_message_bytes(p->request->record[i]->entry), &leaf, &is_open);
		if (err == CDR_OK && is_open)
			err = cdr_round_log_take(tx, p->request->from + i, &leaf);
	}
	return err;
}

/* Is what enough witnesses cosigned what this trustee saw? CDR_E_PROOF if it is not: then nothing is taken in. */
static cdr_err
compare_witnessed(struct cdr_tx *tx, struct portion *p)
{
	struct cdr_checkpoint seen;

	if (p->witnessed.size == 0)
		return CDR_OK;
	cdr_err err = cdr_trustee_seen_read(tx, p->witnessed.size, &seen);
	bool is_same = err == CDR_OK && memcmp(seen.root, p->witnessed.root, sizeof(seen.root)) == 0;
	p->is_witnessed = is_same;
	p->is_forked = err == CDR_OK && !is_same;
	return p->is_forked ? CDR_E_PROOF : err == CDR_E_ABSENT ? CDR_OK : err;
}

/*
 * Whether the hub keeps a leaf to itself that it has to open. It erases none that was not cosigned long ago; and to whoever has to catch up others told how
 * far they saw them open.
 */
static cdr_err
check_withheld(struct cdr_tx *tx, struct portion *p)
{
	uint64_t excused = p->aged.size, told;

	if (p->withheld.what == NULL)
		return CDR_OK;
	cdr_err err = p->is_recovering ? cdr_trustee_recover_target(tx, &told) : CDR_OK;
	if (err == CDR_OK && p->is_recovering && told > excused)
		excused = told;
	p->withholds = err == CDR_OK && p->withheld.place >= excused;
	return p->withholds ? CDR_E_PROOF : err;
}

/* A writing job: leaves behind those that were seen, if their root is the checkpoint's. */
static cdr_err
take_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct portion *p = context;
	struct cdr_merkle_edge edge;
	uint8_t root[HASH];

	p->contradicts = p->is_taken = p->is_missing = p->is_witnessed = p->is_forked = p->withholds = false;
	CDR_TRY(cdr_trustee_recovering(tx, &p->is_recovering));
	CDR_TRY(cdr_trustee_recover_listens(tx, &p->listens));
	CDR_TRY(cdr_trustee_log_edge(tx, &edge));
	p->size = edge.size;
	if (edge.size != p->request->from) {
		CDR_TRY(cdr_trustee_log_compare(tx, &p->checkpoint, &p->contradicts));
		if (edge.size > p->checkpoint.size)
			CDR_TRY(cdr_trustee_seen_read(tx, edge.size, &p->before));
		return compare_witnessed(tx, p);
	}
	if (!p->listens)
		return CDR_OK;
	CDR_TRY(check_withheld(tx, p));
	for (size_t i = 0; i < p->request->n_record; i++) {
		CDR_TRY(cdr_merkle_append(&edge, p->hash[i], NULL));
		if (p->is_recovering)
			CDR_TRY(cdr_trustee_recover_pass(tx, &edge, &p->contradicts));
		if (!p->contradicts && edge.size == p->aged.size) {
			CDR_TRY(cdr_merkle_root(&edge, root));
			p->contradicts = memcmp(root, p->aged.root, sizeof(root)) != 0;
		}
		if (p->contradicts)
			return CDR_OK;
	}
	CDR_TRY(cdr_merkle_root(&edge, root));
	p->contradicts = memcmp(root, p->checkpoint.root, sizeof(root)) != 0;
	if (p->contradicts)
		return CDR_OK;
	for (size_t i = 0; i < p->said_count; i++) {
		const struct said_leaf *s = &p->said[i];
		CDR_TRY(cdr_trustee_said_seen(tx, p->trustee, &s->leaf, s->roster_version, p->request->from + s->record, p->hash[s->record]));
	}
	CDR_TRY(cdr_trustee_said_check(tx, edge.size, &p->is_missing));
	if (p->is_missing)
		return CDR_E_PROOF; /* nothing of it is taken in */
	if (p->request->n_record == 0 && edge.size > 0) { /* nothing to write down */
		p->is_taken = true;
		return compare_witnessed(tx, p);
	}
	for (size_t i = 0; i < p->evaluation_count; i++)
		if (p->evaluation[i].request != NULL)
			CDR_TRY(count_evaluation(tx, p, &p->evaluation[i]));
	CDR_TRY(watch_index(tx, p));
	for (size_t i = 0; i < p->lot_count; i++)
		CDR_TRY(cdr_trustee_sample_take(tx, p->trustee, &p->lot[i], p->call->now));
	CDR_TRY(take_rounds(tx, p));
	CDR_TRY(cdr_trustee_seen_write(tx, &edge, &p->checkpoint, cdr_message_bytes(p->request->checkpoint), p->call->now));
	p->size = edge.size;
	p->is_taken = true;
	err = compare_witnessed(tx, p);
out:
	return err;
}

/* The reply: a cosignature, or where this trustee stands. */
static cdr_err
make_reply(struct portion *p, struct cdr_answer *answer)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__WitnessReply reply = CDR__WIRE__WITNESS_REPLY__INIT;
	struct cdr_signer own = cdr_trustee_signer(p->trustee);
	struct cdr_cosignature cosignature;
	struct cdr_buffer note = { 0 };

	reply.size = p->size;
	if (p->is_taken && !p->is_recovering) {
		CDR_TRY(cdr_checkpoint_cosign(own.seed, own.genesis, &p->checkpoint, p->trustee->index, p->call->now,
		    &cosignature));
		reply.has_at = reply.has_signature = true;
		reply.at = cosignature.at;
		reply.signature = cdr_message_field(cosignature.signature, sizeof(cosignature.signature));
	} else if (p->before.size > 0) {
		CDR_TRY(cdr_checkpoint_write(&p->before, p->trustee->genesis, p->call->roster, &note));
		reply.has_checkpoint = true;
		reply.checkpoint = cdr_message_field(note.data, note.len);
	}
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
out:
	cdr_buffer_free(&note);
	return err;
}

/* see node/trustee/witness.h */
cdr_err
cdr_trustee_witness(void *context, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee *trustee = context;
	struct portion p = { .trustee = trustee, .call = call, .roster = call->roster,
		.request = (const Cdr__Wire__WitnessRequest *)call->message };

	if (trustee->index == 0)
		return cdr_fault_set(fault, CDR_E_ABSENT, "this is no trustee, and witnesses nothing");
	CDR_TRY(prepare(&p, fault));
	err = cdr_store_write(trustee->home->store, take_job, &p);
	if (p.is_forked) {
		cdr_trustee_fork_keep(trustee, call->roster, &p.witnessed);
		err = cdr_fault_set(fault, CDR_E_PROOF, "the log of %" PRIu64 " leaves that enough witnesses cosigned is not what this trustee saw; both "
		    "checkpoints are kept", p.witnessed.size);
		goto out;
	}
	if (p.withholds) {
		uint64_t away_since;
		cdr_trustee_withheld_keep(trustee, &p.withheld, call->now, &away_since);
		err = away_since > 0 ?
		    cdr_fault_set(fault, CDR_E_PROOF, "this trustee has taken in nothing for %" PRIu64 " days, and what leaf %" PRIu64 " says may have been erased since: "
			CDR_TRUSTEE_AWAY_DO, (call->now - away_since) / UINT64_C(86400), p.withheld.place) :
		    cdr_fault_set(fault, CDR_E_PROOF, "the hub has to show what leaf %" PRIu64 " says, and does not (%s): it is not cosigned, and what was shown is "
		    "kept", p.withheld.place, p.withheld.what);
		goto out;
	}
	if (p.contradicts || p.is_missing) {
		cdr_trustee_fork_keep(trustee, call->roster, &p.checkpoint);
		err = cdr_fault_set(fault, CDR_E_PROOF, p.is_missing ?
			"the log of %" PRIu64 " leaves lacks what this trustee said, and has the hub's receipt for; the checkpoint is kept" :
			"the log of %" PRIu64 " leaves does not extend what this trustee saw; both checkpoints are kept", p.checkpoint.size);
		goto out;
	}
	CDR_TRY(err);
	if (p.is_witnessed && !p.is_recovering && cdr_trustee_witnessed_match(trustee, call->roster, &p.witnessed))
		answer->turn = CDR_TURN_NEWS;
	if (p.lie_count > 0)
		cdr_log(CDR_LOG_ERROR, "log.lie", cdr_log_text("what", "a check was answered from an old index"),
		    cdr_log_int("place", (int64_t)p.lie_place), cdr_log_int("count", (int64_t)p.lie_count));
	/* Leaves are welcome once others have told what is to come, and where this trustee stands is told; who asks for a cosignature alone is
	   told why there is none. */
	if (p.is_recovering && ((p.is_taken && p.request->n_record == 0) || (!p.listens && p.size == p.request->from))) {
		err = cdr_trustee_recovered(trustee, fault);
		goto out;
	}
	CDR_TRY(make_reply(&p, answer));
out:
	portion_free(&p);
	return err;
}
