#include "node/hub/witness_push.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/net/clock.h"

#define WITNESS_PATH "/v1/witness"
#define PORTION_LEN_MAX (CDR_BODY_WITNESS_MAX - 3 * CDR_CHECKPOINT_LEN_MAX - 4096)
#define RECORD_OVERHEAD 32 /* tags and lengths of a record's fields */

/* Leaves on their way. */
struct portion {
	const struct cdr_hub *hub;
	struct cdr_bytes witnessed;    /* a note that goes with them; may be empty */
	uint64_t from, to;             /* wanted; ${to} becomes where the portion ends */
	size_t count;
	size_t len;
	uint64_t now;
	struct cdr_buffer aged;        /* the note that shows why some of them were erased; empty where none may have been */
	uint8_t root[CDR_MERKLE_HASH_LEN]; /* of the tree of ${to} leaves */
	Cdr__Wire__LogRecord record[CDR_LOG_RECORDS_MAX], *at[CDR_LOG_RECORDS_MAX];
	struct cdr_buffer field[CDR_LOG_RECORDS_MAX][4];
};

static void
portion_free(struct portion *p)
{
	for (size_t i = 0; p != NULL && i < CDR_LOG_RECORDS_MAX; i++)
		for (size_t k = 0; k < 4; k++)
			cdr_buffer_free(&p->field[i][k]);
	if (p != NULL)
		cdr_buffer_free(&p->aged);
	free(p);
}

/* One row: entry, leaf, salt, evidence. */
static cdr_err
take_row(struct cdr_query *query, struct portion *p)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer *field = p->field[p->count];
	Cdr__Wire__LogRecord *record = &p->record[p->count];

	for (int k = 0; k < 4; k++) {
		if (k > 0 && cdr_query_is_null(query, k))
			continue;
		CDR_TRY(cdr_query_blob_copy(query, k, CDR_HUB_LOG_EVIDENCE_MAX, &field[k]));
		p->len += field[k].len;
	}
	*record = (Cdr__Wire__LogRecord)CDR__WIRE__LOG_RECORD__INIT;
	record->entry = cdr_message_field(field[0].data, field[0].len);
	record->has_leaf = field[1].data != NULL;
	record->leaf = cdr_message_field(field[1].data, field[1].len);
	record->has_salt = field[2].data != NULL;
	record->salt = cdr_message_field(field[2].data, field[2].len);
	record->has_evidence = field[3].data != NULL;
	record->evidence = cdr_message_field(field[3].data, field[3].len);
	p->at[p->count] = record;
	p->count++;
	p->len += RECORD_OVERHEAD;
	err = CDR_OK;
out:
	return err;
}

/* A reading job: as many leaves as fit, and the root behind the last. */
static cdr_err
portion_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct portion *p = context;
	struct cdr_query *query = NULL;
	struct cdr_values values = CDR_VALUES(cdr_value_int((int64_t)p->from), cdr_value_int((int64_t)p->to));
	struct cdr_merkle_edge edge;
	uint64_t aged;

	CDR_TRY(cdr_query_start(tx,
	    "SELECT entry, leaf, salt, evidence FROM log_leaf WHERE place >= $1 AND place < $2 ORDER BY place", values, &query));
	while (p->count < CDR_LOG_RECORDS_MAX && p->len + 4 * CDR_HUB_LOG_EVIDENCE_MAX < PORTION_LEN_MAX) {
		err = cdr_query_step(query);
		if (err == CDR_E_ABSENT)
			break;
		if (err != CDR_OK)
			goto out;
		CDR_TRY(take_row(query, p));
	}
	p->to = p->from + p->count;
	CDR_TRY(cdr_merkle_range(cdr_hub_log_node, tx, p->to, &edge));
	CDR_TRY(cdr_merkle_root(&edge, p->root));
	err = cdr_hub_log_aged(tx, p->now, &aged, &p->aged);
	if (err == CDR_OK && aged <= p->from)
		cdr_buffer_free(&p->aged);
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* A reading job: how many leaves the database holds now. */
static cdr_err
size_job(struct cdr_tx *tx, void *context)
{
	return cdr_hub_log_size_read(tx, context);
}

/* The trustee has seen more than it is shown: is it this database that is old? Our own signature on what it saw tells. */
static cdr_err
compare_sizes(struct cdr_hub *hub, const struct cdr_roster *roster, uint64_t seen, struct cdr_bytes note,
    struct cdr_fault *fault)
{
	struct cdr_checkpoint checkpoint;
	uint64_t held = 0;
	cdr_err err = cdr_checkpoint_read(note, hub->genesis, roster, &checkpoint, NULL);

	if (err != CDR_OK || checkpoint.size != seen)
		return cdr_fault_set(fault, CDR_E_INPUT, "it says that it has seen %" PRIu64 " leaves, and does not show it", seen);
	err = cdr_store_read(hub->store, size_job, &held);
	if (err != CDR_OK)
		return err;
	if (held < seen)
		return cdr_fault_set(fault, CDR_E_STORE, "it has seen a log of %" PRIu64 " leaves, and this database holds %" PRIu64
		    ": an old copy of the database was put back", seen, held);
	return CDR_E_EXISTS;
}

/* What a trustee said to a portion. */
struct said {
	uint64_t size;
	bool has_signed;
	struct cdr_cosignature cosignature;
};

static cdr_err
take_reply(struct cdr_hub *hub, const struct cdr_roster *roster, uint64_t to, const Cdr__Wire__WitnessReply *reply,
    struct said *said, struct cdr_fault *fault)
{
	said->size = reply->size;
	said->has_signed = reply->has_signature && reply->has_at && reply->signature.len == CDR_SIGNATURE_LEN;
	said->cosignature.at = reply->at;
	if (said->has_signed)
		memcpy(said->cosignature.signature, reply->signature.data, CDR_SIGNATURE_LEN);
	return reply->size > to ? compare_sizes(hub, roster, reply->size, cdr_message_bytes(reply->checkpoint), fault) : CDR_OK;
}

/* Send one portion. */
static cdr_err
send_portion(struct cdr_hub *hub, const struct cdr_hub_line *line, const struct cdr_roster *roster, uint32_t trustee,
    const struct portion *p, struct cdr_bytes note, struct said *said, struct cdr_fault *fault)
{
	Cdr__Wire__WitnessRequest request = CDR__WIRE__WITNESS_REQUEST__INIT;
	const struct cdr_signer own = { "hub", hub->seed, hub->genesis };
	char name[CDR_SIGNER_LEN_MAX + 1];
	Cdr__Wire__LogRecord *at[CDR_LOG_RECORDS_MAX];

	memcpy(at, p->at, p->count * sizeof(at[0]));
	request.from = p->from;
	request.n_record = p->count;
	request.record = at;
	request.checkpoint = cdr_message_field(note.data, note.len);
	request.has_witnessed = p->witnessed.len > 0;
	request.witnessed = cdr_message_field(p->witnessed.data, p->witnessed.len);
	request.has_aged = p->aged.len > 0;
	request.aged = cdr_message_field(p->aged.data, p->aged.len);
	(void)snprintf(name, sizeof(name), "trustee/%" PRIu32, trustee);
	struct cdr_ask ask = { .party = cdr_roster_trustee(roster, trustee)->party, .party_signer = name,
		.path = WITNESS_PATH, .message = &request.base, .reply_type = &cdr__wire__witness_reply__descriptor };
	cdr_err err = line->send(line->context, &own, &ask);
	if (err != CDR_OK && fault != NULL)
		*fault = ask.fault;
	if (err == CDR_OK)
		err = take_reply(hub, roster, p->to, ask.reply, said, fault);
	said->cosignature.trustee = trustee;
	cdr_ask_free(&ask);
	return err;
}

/* Read, sign and send what comes next. */
static cdr_err
push_portion(struct cdr_hub *hub, const struct cdr_hub_line *line, const struct cdr_roster *roster, uint32_t trustee,
    const struct cdr_checkpoint *shown, struct cdr_bytes witnessed, uint64_t from, uint64_t *to, struct said *said,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer note = { 0 };
	struct cdr_checkpoint checkpoint = { 0 };
	struct portion *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return CDR_E_MEMORY;
	p->hub = hub;
	p->witnessed = witnessed;
	p->now = cdr_clock_now();
	p->from = from;
	p->to = shown->size;
	CDR_TRY(cdr_store_read(hub->store, portion_job, p));
	*to = checkpoint.size = p->to;
	memcpy(checkpoint.root, p->root, sizeof(p->root));
	CDR_TRY(cdr_checkpoint_sign(hub->seed, hub->genesis, &checkpoint));
	CDR_TRY(cdr_checkpoint_write(&checkpoint, hub->genesis, roster, &note));
	CDR_TRY(send_portion(hub, line, roster, trustee, p, cdr_buffer_bytes(&note), said, fault));
out:
	cdr_buffer_free(&note);
	portion_free(p);
	return err;
}

/* see node/hub/witness_push.h */
cdr_err
cdr_hub_witness_push(struct cdr_hub *hub, const struct cdr_hub_line *line, const struct cdr_roster *roster,
    uint32_t trustee, const struct cdr_checkpoint *shown, const struct cdr_checkpoint *witnessed, uint64_t *size,
    struct cdr_cosignature *cosignature, struct cdr_fault *fault)
{
	struct said said = { 0 };
	struct cdr_buffer note = { 0 };
	unsigned stuck = 0;
	cdr_err err = CDR_OK;

	if (cdr_roster_trustee(roster, trustee) == NULL)
		return CDR_E_ABSENT;
	if (witnessed->size > 0)
		err = cdr_checkpoint_write(witnessed, hub->genesis, roster, &note);
	if (err == CDR_E_MEMORY || err == CDR_E_INTERNAL)
		return err;
	for (;;) {
		uint64_t from = *size < shown->size ? *size : shown->size, to;
		err = push_portion(hub, line, roster, trustee, shown, cdr_buffer_bytes(&note), from, &to, &said, fault);
		if (err == CDR_OK || err == CDR_E_STORE)
			*size = said.size;
		if (err != CDR_OK)
			goto out;
		if (said.size == shown->size && said.has_signed) {
			*cosignature = said.cosignature;
			goto out;
		}
		/* It stood elsewhere than was thought, which is told once; or it goes on with the next portion. */
		if ((said.size != to || to == from) && ++stuck > 1) {
			err = cdr_fault_set(fault, CDR_E_INPUT, "it has seen %" PRIu64 " leaves, and takes none behind them", said.size);
			goto out;
		}
	}
out:
	cdr_buffer_free(&note);
	return err;
}
