#include "node/trustee/witnessed.h"

#include <stdlib.h>

#include "node/trustee/recover.h"
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

/* see node/trustee/witnessed.h */
bool
cdr_trustee_witnessed_match(struct cdr_trustee *trustee, const struct cdr_checkpoint *checkpoint)
{
	cdr_trustee_witnessed_keep(trustee, checkpoint);
	(void)pthread_mutex_lock(&trustee->witnessed_lock);
	bool is_more = checkpoint->size > trustee->witnessed_size;
	if (is_more)
		trustee->witnessed_size = checkpoint->size;
	(void)pthread_mutex_unlock(&trustee->witnessed_lock);
	return is_more;
}

/* see node/trustee/witnessed.h */
uint64_t
cdr_trustee_witnessed_size(struct cdr_trustee *trustee)
{
	(void)pthread_mutex_lock(&trustee->witnessed_lock);
	uint64_t size = trustee->witnessed_size;
	(void)pthread_mutex_unlock(&trustee->witnessed_lock);
	return size;
}

/* That checkpoint as a note; empty if there is none. */
static cdr_err
write_witnessed(struct cdr_trustee *trustee, const struct cdr_roster *roster, struct cdr_buffer *note)
{
	cdr_err err = CDR_OK;

	(void)pthread_mutex_lock(&trustee->witnessed_lock);
	if (trustee->witnessed != NULL)
		err = cdr_checkpoint_write(trustee->witnessed, trustee->genesis, roster, note);
	(void)pthread_mutex_unlock(&trustee->witnessed_lock);
	return err == CDR_E_ABSENT ? CDR_OK : err; /* of trustees that are none any more */
}

/* ---- what was seen last ---------------------------------------------------------------------------------------- */

/* A reading job. */
static cdr_err
last_job(struct cdr_tx *tx, void *context)
{
	return cdr_trustee_seen_last(tx, context);
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
	struct cdr_buffer last = { 0 }, note = { 0 }, witnessed = { 0 };
	bool signs;
	struct cdr_checkpoint checkpoint;
	struct cdr_cosignature cosignature;

	err = cdr_store_read(trustee->home->store, last_job, &last);
	if (err == CDR_E_ABSENT)
		return cdr_fault_set(fault, err, "this trustee has witnessed nothing yet");
	if (err != CDR_OK)
		return err;
	CDR_TRY(may_tell(trustee, &signs, fault));
	CDR_TRY(cdr_checkpoint_read(cdr_buffer_bytes(&last), trustee->genesis, call->roster, &checkpoint, fault));
	if (signs) {
		CDR_TRY(cdr_checkpoint_cosign(own.seed, own.genesis, &checkpoint, trustee->index, call->now, &cosignature));
		CDR_TRY(cdr_checkpoint_add(&checkpoint, trustee->genesis, call->roster, &cosignature));
	}
	CDR_TRY(cdr_checkpoint_write(&checkpoint, trustee->genesis, call->roster, &note));
	CDR_TRY(write_witnessed(trustee, call->roster, &witnessed));
	reply.checkpoint = cdr_message_field(note.data, note.len);
	reply.has_witnessed = witnessed.len > 0;
	reply.witnessed = cdr_message_field(witnessed.data, witnessed.len);
	CDR_TRY(cdr_message_encode(&reply.base, &answer->body));
out:
	cdr_buffer_free(&witnessed);
	cdr_buffer_free(&last);
	cdr_buffer_free(&note);
	return err;
}
