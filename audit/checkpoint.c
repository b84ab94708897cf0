#include "audit/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ORIGIN_LEN (7 + 2 * CDR_GENESIS_HASH_LEN) /* "candor/" and hexadecimal digits */
#define ROOT_TEXT_LEN 44
#define TIME_LEN 8
#define TEXT_LEN_MAX (ORIGIN_LEN + 24 + ROOT_TEXT_LEN)
#define COSIGNED_LEN_MAX (TEXT_LEN_MAX + 64)

/* The log's name, which is also how the hub signs it. */
static void
write_origin(const uint8_t *genesis, char origin[static ORIGIN_LEN + 1])
{
	memcpy(origin, "candor/", 7);
	cdr_hex_write(genesis, CDR_GENESIS_HASH_LEN, origin + 7);
}

static void
write_witness_name(const uint8_t *genesis, uint32_t trustee, char name[static CDR_NOTE_NAME_LEN_MAX + 1])
{
	char origin[ORIGIN_LEN + 1];

	write_origin(genesis, origin);
	(void)snprintf(name, CDR_NOTE_NAME_LEN_MAX + 1, "%s/trustee/%" PRIu32, origin, trustee);
}

/* c2sp.org/tlog-checkpoint: the text that is signed. */
static void
write_text(const uint8_t *genesis, const struct cdr_checkpoint *checkpoint, char text[static TEXT_LEN_MAX + 1])
{
	char origin[ORIGIN_LEN + 1], root[ROOT_TEXT_LEN + 1];

	write_origin(genesis, origin);
	cdr_base64_write(checkpoint->root, sizeof(checkpoint->root), root);
	(void)snprintf(text, TEXT_LEN_MAX + 1, "%s\n%" PRIu64 "\n%s\n", origin, checkpoint->size, root);
}

/* c2sp.org/tlog-cosignature: what a witness signs. */
static void
write_cosigned(const uint8_t *genesis, const struct cdr_checkpoint *checkpoint, uint64_t at,
    char text[static COSIGNED_LEN_MAX + 1])
{
	int len = snprintf(text, COSIGNED_LEN_MAX + 1, "cosignature/v1\ntime %" PRIu64 "\n", at);

	write_text(genesis, checkpoint, text + len);
}

/* see audit/checkpoint.h */
cdr_err
cdr_checkpoint_sign(const uint8_t *seed, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    struct cdr_checkpoint *checkpoint)
{
	char text[TEXT_LEN_MAX + 1];

	write_text(genesis, checkpoint, text);
	return cdr_sign(seed, (const uint8_t *)text, strlen(text), checkpoint->hub_signature);
}

/* see audit/checkpoint.h */
cdr_err
cdr_checkpoint_cosign(const uint8_t *seed, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    const struct cdr_checkpoint *checkpoint, uint32_t trustee, uint64_t at, struct cdr_cosignature *cosignature)
{
	char text[COSIGNED_LEN_MAX + 1];

	memset(cosignature, 0, sizeof(*cosignature)); /* its padding too: checkpoints are compared as bytes */
	cosignature->trustee = trustee;
	cosignature->at = at;
	write_cosigned(genesis, checkpoint, at, text);
	return cdr_sign(seed, (const uint8_t *)text, strlen(text), cosignature->signature);
}

/* see audit/checkpoint.h */
cdr_err
cdr_checkpoint_add(struct cdr_checkpoint *checkpoint, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    const struct cdr_roster *roster, const struct cdr_cosignature *cosignature)
{
	const Cdr__Wire__Trustee *trustee = cdr_roster_trustee(roster, cosignature->trustee);
	char text[COSIGNED_LEN_MAX + 1];
	size_t i = 0;

	if (trustee == NULL)
		return CDR_E_ABSENT;
	write_cosigned(genesis, checkpoint, cosignature->at, text);
	cdr_err err = cdr_verify(trustee->party->signing_key.data, (const uint8_t *)text, strlen(text),
	    cosignature->signature);
	if (err != CDR_OK)
		return err;
	while (i < checkpoint->cosignature_count && checkpoint->cosignature[i].trustee != cosignature->trustee)
		i++;
	if (i == CDR_TRUSTEE_COUNT_MAX)
		return CDR_E_ABSENT;
	checkpoint->cosignature[i] = *cosignature;
	memcpy(checkpoint->cosignature[i].key, trustee->party->signing_key.data, CDR_SIGN_PUBLIC_LEN);
	if (i == checkpoint->cosignature_count)
		checkpoint->cosignature_count++;
	return CDR_OK;
}

/* see audit/checkpoint.h */
bool
cdr_checkpoint_carry(struct cdr_checkpoint *checkpoint, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    const struct cdr_roster *roster)
{
	const struct cdr_checkpoint before = *checkpoint;

	checkpoint->cosignature_count = 0;
	for (size_t i = 0; i < before.cosignature_count; i++)
		(void)!cdr_checkpoint_add(checkpoint, genesis, roster, &before.cosignature[i]);
	return cdr_checkpoint_is_witnessed(checkpoint, roster);
}

/* ---- as a note ---------------------------------------------------------------------------------------------- */

/* c2sp.org/tlog-cosignature: time in 8 bytes, then the signature. */
static cdr_err
write_cosignature_line(const uint8_t *genesis, const struct cdr_roster *roster, const struct cdr_cosignature *c,
    struct cdr_note_line *line)
{
	const Cdr__Wire__Trustee *trustee = cdr_roster_trustee(roster, c->trustee);

	if (trustee == NULL)
		return CDR_E_ABSENT;
	write_witness_name(genesis, c->trustee, line->name);
	cdr_number_write(c->at, line->signature, TIME_LEN);
	memcpy(line->signature + TIME_LEN, c->signature, CDR_SIGNATURE_LEN);
	line->signature_len = TIME_LEN + CDR_SIGNATURE_LEN;
	return cdr_note_key_id(line->name, CDR_NOTE_COSIGNATURE, trustee->party->signing_key.data, line->key_id);
}

/* see audit/checkpoint.h */
cdr_err
cdr_checkpoint_write(const struct cdr_checkpoint *checkpoint, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    const struct cdr_roster *roster, struct cdr_buffer *out)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_note *note = calloc(1, sizeof(*note));

	if (note == NULL)
		return CDR_E_MEMORY;
	write_text(genesis, checkpoint, note->text);
	struct cdr_note_line *line = &note->line[note->line_count++];
	write_origin(genesis, line->name);
	CDR_TRY(cdr_note_key_id(line->name, CDR_NOTE_ED25519, roster->body->hub->signing_key.data, line->key_id));
	memcpy(line->signature, checkpoint->hub_signature, CDR_SIGNATURE_LEN);
	line->signature_len = CDR_SIGNATURE_LEN;
	for (size_t i = 0; i < checkpoint->cosignature_count; i++)
		CDR_TRY(write_cosignature_line(genesis, roster, &checkpoint->cosignature[i], &note->line[note->line_count++]));
	CDR_TRY(cdr_note_write(note, out));
out:
	free(note);
	return err;
}

/* The three lines, in the one form that write_text gives them. */
static cdr_err
read_text(const char *text, const uint8_t *genesis, struct cdr_checkpoint *checkpoint)
{
	char again[TEXT_LEN_MAX + 1];
	const char *size = strchr(text, '\n'), *root = size == NULL ? NULL : strchr(size + 1, '\n'), *end;
	size_t len;

	if (root == NULL || (end = strchr(root + 1, '\n')) == NULL || root - size > 20)
		return CDR_E_INPUT;
	checkpoint->size = strtoull(size + 1, NULL, 10);
	if (checkpoint->size > CDR_MERKLE_SIZE_MAX ||
	    cdr_base64_read(root + 1, (size_t)(end - root - 1), checkpoint->root, sizeof(checkpoint->root), &len) != CDR_OK)
		return CDR_E_INPUT;
	write_text(genesis, checkpoint, again);
	return strcmp(text, again) == 0 ? CDR_OK : CDR_E_INPUT;
}

static bool
line_is(const struct cdr_note_line *line, const char *name, uint8_t type, ProtobufCBinaryData key)
{
	uint8_t id[CDR_NOTE_KEY_ID_LEN];

	return strcmp(line->name, name) == 0 && cdr_note_key_id(name, type, key.data, id) == CDR_OK &&
	    memcmp(line->key_id, id, sizeof(id)) == 0;
}

/* Take a signature line in, if it is by somebody whom the roster knows. */
static cdr_err
read_line(const struct cdr_note *note, const struct cdr_note_line *line, const uint8_t *genesis,
    const struct cdr_roster *roster, struct cdr_checkpoint *checkpoint, bool *by_hub)
{
	char name[CDR_NOTE_NAME_LEN_MAX + 1];
	struct cdr_cosignature c = { 0 };

	write_origin(genesis, name);
	if (line_is(line, name, CDR_NOTE_ED25519, roster->body->hub->signing_key)) {
		*by_hub = true;
		if (line->signature_len != CDR_SIGNATURE_LEN)
			return CDR_E_SIGNATURE;
		memcpy(checkpoint->hub_signature, line->signature, CDR_SIGNATURE_LEN);
		return cdr_verify(roster->body->hub->signing_key.data, (const uint8_t *)note->text, strlen(note->text),
		    line->signature);
	}
	for (size_t i = 0; i < roster->body->n_trustee; i++) {
		const Cdr__Wire__Trustee *trustee = roster->body->trustee[i];
		write_witness_name(genesis, trustee->index, name);
		if (!line_is(line, name, CDR_NOTE_COSIGNATURE, trustee->party->signing_key))
			continue;
		if (line->signature_len != TIME_LEN + CDR_SIGNATURE_LEN)
			return CDR_E_SIGNATURE;
		c.trustee = trustee->index;
		c.at = cdr_number_read(line->signature, TIME_LEN);
		memcpy(c.signature, line->signature + TIME_LEN, CDR_SIGNATURE_LEN);
		return cdr_checkpoint_add(checkpoint, genesis, roster, &c);
	}
	return CDR_OK;
}

static cdr_err
read_note(const struct cdr_note *note, const uint8_t *genesis, const struct cdr_roster *roster,
    struct cdr_checkpoint *checkpoint, struct cdr_fault *fault)
{
	bool by_hub = false;
	cdr_err err = read_text(note->text, genesis, checkpoint);

	if (err != CDR_OK)
		return cdr_fault_set(fault, err, "not a checkpoint of this exchange's log");
	for (size_t i = 0; i < note->line_count; i++) {
		err = read_line(note, &note->line[i], genesis, roster, checkpoint, &by_hub);
		if (err != CDR_OK)
			return cdr_fault_set(fault, err, "a signature under the checkpoint of %" PRIu64 " leaves does not hold (%s)",
			    checkpoint->size, note->line[i].name);
	}
	if (!by_hub)
		return cdr_fault_set(fault, CDR_E_SIGNATURE, "the checkpoint of %" PRIu64 " leaves is not signed by the hub",
		    checkpoint->size);
	return CDR_OK;
}

/* see audit/checkpoint.h */
cdr_err
cdr_checkpoint_read(struct cdr_bytes bytes, const uint8_t genesis[static CDR_GENESIS_HASH_LEN],
    const struct cdr_roster *roster, struct cdr_checkpoint *checkpoint, struct cdr_fault *fault)
{
	struct cdr_note *note = calloc(1, sizeof(*note));

	memset(checkpoint, 0, sizeof(*checkpoint));
	if (note == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_note_read(bytes, note);
	if (err != CDR_OK)
		cdr_fault_set(fault, err, "not a signed note");
	else
		err = read_note(note, genesis, roster, checkpoint, fault);
	free(note);
	if (err != CDR_OK)
		memset(checkpoint, 0, sizeof(*checkpoint));
	return err;
}

/* ---- what follows from one ----------------------------------------------------------------------------------- */

/* see audit/checkpoint.h */
bool
cdr_checkpoint_is_witnessed(const struct cdr_checkpoint *checkpoint, const struct cdr_roster *roster)
{
	return checkpoint->cosignature_count >= roster->body->threshold;
}

/* see audit/checkpoint.h */
uint64_t
cdr_checkpoint_time(const struct cdr_checkpoint *checkpoint, const struct cdr_roster *roster)
{
	uint64_t at[CDR_TRUSTEE_COUNT_MAX] = { 0 };
	size_t count = checkpoint->cosignature_count, t = roster->body->threshold;

	if (t < 1 || count < t)
		return 0;
	for (size_t i = 0; i < count; i++) {
		size_t k = i;
		for (; k > 0 && at[k - 1] < checkpoint->cosignature[i].at; k--)
			at[k] = at[k - 1];
		at[k] = checkpoint->cosignature[i].at;
	}
	return at[t - 1];
}

/* see audit/checkpoint.h */
struct cdr_bytes
cdr_checkpoint_proof(const Cdr__Wire__CheckpointReply *reply, uint64_t place)
{
	for (size_t i = 0; i < reply->n_proof; i++)
		if (reply->proof[i]->position == place)
			return cdr_message_bytes(reply->proof[i]->hashes);
	return (struct cdr_bytes){ NULL, 0 };
}

/* see audit/checkpoint.h */
void
cdr_checkpoint_ask_begin(const struct cdr_checkpoint *part, uint64_t place[static CDR_CHECKPOINT_BEGIN_PLACES])
{
	place[0] = part->size - 1;
	place[1] = (part->size - 1) ^ 1;
}

/* see audit/checkpoint.h */
cdr_err
cdr_checkpoint_begin(const struct cdr_checkpoint *shown, const Cdr__Wire__CheckpointReply *reply,
    const struct cdr_checkpoint *part, struct cdr_checkpoint *other)
{
	uint64_t place[CDR_CHECKPOINT_BEGIN_PLACES];
	uint8_t root[CDR_MERKLE_HASH_LEN];

	*other = *shown;
	cdr_checkpoint_ask_begin(part, place);
	cdr_err err = cdr_merkle_verify_begin(part->size, shown->size, shown->root, cdr_checkpoint_proof(reply, place[0]),
	    cdr_checkpoint_proof(reply, place[1]), root);
	if (err != CDR_OK || memcmp(root, part->root, sizeof(root)) == 0)
		return err;
	/* Whoever signed for the whole signed for this beginning. */
	other->size = part->size;
	memcpy(other->root, root, sizeof(root));
	return CDR_E_EXISTS;
}

/* see audit/checkpoint.h */
bool
cdr_cosignature_same_witness(const struct cdr_cosignature *a, const struct cdr_cosignature *b)
{
	return a->trustee == b->trustee && memcmp(a->key, b->key, sizeof(a->key)) == 0;
}

/* see audit/checkpoint.h */
size_t
cdr_checkpoint_fork(const struct cdr_checkpoint *a, const struct cdr_checkpoint *b, char *names, size_t size)
{
	size_t count = 1, len = (size_t)snprintf(names, size, "hub");

	if (a->size != b->size || memcmp(a->root, b->root, sizeof(a->root)) == 0)
		return count;
	for (size_t i = 0; i < a->cosignature_count; i++)
		for (size_t k = 0; k < b->cosignature_count; k++) {
			if (!cdr_cosignature_same_witness(&a->cosignature[i], &b->cosignature[k]))
				continue;
			count++;
			if (len < size)
				len += (size_t)snprintf(names + len, size - len, ", trustee/%" PRIu32, a->cosignature[i].trustee);
		}
	return count;
}
