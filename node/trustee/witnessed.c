#include "node/trustee/witnessed.h"

#include <stdlib.h>

#include "node/trustee/recover.h"
#include "node/trustee/sample_given.h"
#include "node/trustee/seen.h"
#include "proto/log.pb-c.h"

/* see node/trustee/witnessed.h */
void
cdr_trustee_witnessed_keep(struct cdr_trustee *trustee, const struct cdr_checkpoint *checkpoint)
{
	(void)pthread_mutex_lock(&trustee->witnessed_lock);
	if (trustee->witnessed == NULL)
		trustee->witnessed = calloc(1, sizeof(*trustee->witnessed));
	if (trustee->witnessed != NULL && checkpoint->size >= trustee->witnessed->size)
		*trustee->witnessed = *checkpoint;
	(void)pthread_mutex_unlock(&trustee->witnessed_lock);
}

/* The size of what matched, as far as it is witnessed under ${roster}. Called with the lock. */
static uint64_t
matched_size(struct cdr_trustee *trustee, const struct cdr_roster *roster)
{
	if (trustee->matched == NULL)
		return 0;
	if (trustee->matched_version == roster->body->version)
		return trustee->matched->size;
	struct cdr_checkpoint carried = *trustee->matched;
	if (!cdr_checkpoint_carry(&carried, trustee->genesis, roster))
		return 0;
	/* A request that began under the roster before may still be here: for that one nothing is changed. */
	if (roster->body->version > trustee->matched_version) {
		*trustee->matched = carried;
		trustee->matched_version = roster->body->version;
	}
	return carried.size;
}

/* see node/trustee/witnessed.h */
bool
cdr_trustee_witnessed_match(struct cdr_trustee *trustee, const struct cdr_roster *roster, const struct cdr_checkpoint *checkpoint)
{
	cdr_trustee_witnessed_keep(trustee, checkpoint);
	(void)pthread_mutex_lock(&trustee->witnessed_lock);
	bool is_more = checkpoint->size > matched_size(trustee, roster);
	if (is_more && trustee->matched == NULL)
		trustee->matched = calloc(1, sizeof(*trustee->matched));
	is_more = is_more && trustee->matched != NULL;
	if (is_more) {
		*trustee->matched = *checkpoint;
		trustee->matched_version = roster->body->version;
	}
	(void)pthread_mutex_unlock(&trustee->witnessed_lock);
	return is_more;
}

/* see node/trustee/witnessed.h */
uint64_t
cdr_trustee_witnessed_size(struct cdr_trustee *trustee, const struct cdr_roster *roster)
{
	(void)pthread_mutex_lock(&trustee->witnessed_lock);
	uint64_t size = matched_size(trustee, roster);
	(void)pthread_mutex_unlock(&trustee->witnessed_lock);
	return size;
}

/* see node/trustee/witnessed.h */
void
cdr_trustee_witnessed_last(struct cdr_trustee *trustee, const struct cdr_roster *roster, struct cdr_checkpoint *shown)
{
	*shown = (struct cdr_checkpoint){ .size = 0 };
	(void)pthread_mutex_lock(&trustee->witnessed_lock);
	if (trustee->witnessed != NULL)
		*shown = *trustee->witnessed;
	(void)pthread_mutex_unlock(&trustee->witnessed_lock);
	(void)!cdr_checkpoint_carry(shown, trustee->genesis, roster);
}

/* The same as a note; empty if nobody who is a trustee now has cosigned it. */
static cdr_err
write_witnessed(struct cdr_trustee *trustee, const struct cdr_roster *roster, struct cdr_buffer *note)
{
	struct cdr_checkpoint shown;

	cdr_trustee_witnessed_last(trustee, roster, &shown);
	return shown.cosignature_count > 0 ? cdr_checkpoint_write(&shown, trustee->genesis, roster, note) : CDR_OK;
}

/* ---- what was seen last ---------------------------------------------------------------------------------------- */

/* What is told of the log, and of the sample that comes next. */
struct telling {
	struct cdr_buffer last;
	bool has_given;
	struct cdr_sample_given given;
};

/* A reading job. */
static cdr_err
last_job(struct cdr_tx *tx, void *context)
{
	struct telling *telling = context;
	cdr_err err = cdr_trustee_seen_last(tx, &telling->last);

	if (err != CDR_OK)
		return err;
	err = cdr_trustee_sample_given_next(tx, &telling->given);
	telling->has_given = err == CDR_OK;
	return err == CDR_E_ABSENT ? CDR_OK : err;
}

/*
 * Whether it is ours to tell, and to cosign. Whoever is catching up cosigns nothing: what was taken in since is the hub's word alone, and may be
 * another log than it once saw. One that was put back tells what it has, so that two of them need not wait for each other for ever; one that
 * is new knows nothing that the hub did not tell it just now. Whoever left tells, and signs as a witness no more.
 */
static cdr_err
may_tell(const struct cdr_trustee *trustee, bool *signs, struct cdr_fault *fault)
{
	cdr_err err = cdr_trustee_recovered(trustee, fault);

	*signs = err == CDR_OK && trustee->index != 0;
	if (err == CDR_E_BUSY && cdr_trustee_remembers(trustee, NULL) == CDR_E_BUSY)
		err = CDR_OK;
	return err;
}

/* see node/trustee/witnessed.h */
cdr_err
cdr_trustee_witness_latest(void *context, const struct cdr_call *call, struct cdr_answer *answer,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee *trustee = context;
	struct cdr_signer own = cdr_trustee_signer(trustee);
	Cdr__Wire__WitnessLatest reply = CDR__WIRE__WITNESS_LATEST__INIT;
	Cdr__Wire__SampleGiven given = CDR__WIRE__SAMPLE_GIVEN__INIT;
	struct telling told = { .has_given = false };
	struct cdr_buffer note = { 0 }, witnessed = { 0 };
	bool signs;
	struct cdr_checkpoint checkpoint;
	struct cdr_cosignature cosignature;

	err = cdr_store_read(trustee->home->store, last_job, &told);
	if (err == CDR_E_ABSENT)
		return cdr_fault_set(fault, err, "this trustee has witnessed nothing yet");
	if (err != CDR_OK)
		return err;
	CDR_TRY(may_tell(trustee, &signs, fault));
	CDR_TRY(cdr_checkpoint_read(cdr_buffer_bytes(&told.last), trustee->genesis, call->roster, &checkpoint, fault));
	if (signs) {
		CDR_TRY(cdr_checkpoint_cosign(own.seed, own.genesis, &checkpoint, trustee->index, call->now, &cosignature));
		CDR_TRY(cdr_checkpoint_add(&checkpoint, trustee->genesis, call->roster, &cosignature));
	}
	CDR_TRY(cdr_checkpoint_write(&checkpoint, trustee->genesis, call->roster, &note));
	CDR_TRY(write_witnessed(trustee, call->roster, &witnessed));
	reply.checkpoint = cdr_message_field(note.data, note.len);
	reply.has_witnessed = witnessed.len > 0;
	reply.witnessed = cdr_message_field(witnessed.data, witnessed.len);
	given.number = told.given.number;
	given.key = told.given.key;
	given.input = cdr_message_field(told.given.input, sizeof(told.given.input));
	reply.given = told.has_given ? &given : NULL;
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
out:
	cdr_buffer_free(&witnessed);
	cdr_buffer_free(&told.last);
	cdr_buffer_free(&note);
	return err;
}
