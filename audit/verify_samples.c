#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/verify.h"

/* Samples: each lot by its own proofs and the chain that they make; that the log holds them; and what auditors found, as they signed it. */

#define SAMPLE_MAX 65536

/* see audit/verify.h */
const struct cdr_roster *
cdr_verify_key_roster(const struct cdr_verify *v, enum cdr_key_kind kind, uint32_t number)
{
	struct cdr_roster_key key;

	for (size_t i = v->roster_count; i > 0; i--)
		if (cdr_roster_key_find(v->roster[i - 1]->body, kind, number, &key))
			return v->roster[i - 1];
	return NULL;
}

/* ---- lots ---------------------------------------------------------------------------------------------------------- */

/* The next lot; CDR_E_ABSENT behind the last. */
static cdr_err
add_sample(struct cdr_verify *v, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_verify_sample s = { .at = 0 }, *more;
	struct cdr_sample_basis basis;
	const struct cdr_roster *roster;
	uint64_t end = v->sample_count > 0 ? v->sample[v->sample_count - 1].sample.basis.size : 0;
	char name[64];

	(void)snprintf(name, sizeof(name), "samples/%zu", v->sample_count + 1);
	CDR_TRY(cdr_verify_file_read(v, name, &s.bytes, fault));
	if (cdr_sample_basis_peek(cdr_buffer_bytes(&s.bytes), &basis) != CDR_OK || v->sample_count == SAMPLE_MAX) {
		err = cdr_fault_set(fault, CDR_E_INPUT, "%s/%s is no lot", v->folder, name);
		goto out;
	}
	if (basis.number != v->sample_count + 1 || basis.from != end) {
		err = cdr_fault_set(fault, CDR_E_PROOF, "%s/%s does not begin where the sample before ended: leaves were left out", v->folder, name);
		goto out;
	}
	roster = cdr_verify_key_roster(v, CDR_KEY_STATISTICS, basis.key);
	if (roster == NULL) {
		err = cdr_fault_set(fault, CDR_E_EPOCH, "%s/%s was made with statistics key %" PRIu32 ", which none of rosters/0 to rosters/%zu names", v->folder,
		    name, basis.key, v->roster_count - 1);
		goto out;
	}
	err = cdr_sample_read(cdr_buffer_bytes(&s.bytes), v->genesis, roster, &s.sample, NULL);
	if (err == CDR_E_PROOF || err == CDR_E_INPUT)
		cdr_fault_set(fault, err, "%s/%s is a lot that was not made with the key that it names, or not for this log", v->folder, name);
	if (err != CDR_OK)
		goto out;
	more = realloc(v->sample, (v->sample_count + 1) * sizeof(*more));
	if (more == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	v->sample = more;
	v->sample[v->sample_count++] = s;
	s.bytes = (struct cdr_buffer){ NULL, 0 };
out:
	cdr_buffer_free(&s.bytes);
	return err;
}

/* see audit/verify.h */
cdr_err
cdr_verify_sample_files(struct cdr_verify *v, struct cdr_fault *fault)
{
	cdr_err err;

	do
		err = add_sample(v, fault);
	while (err == CDR_OK);
	if (err != CDR_E_ABSENT)
		return err;
	if (fault != NULL)
		*fault = (struct cdr_fault){ CDR_OK, "" };
	return CDR_OK;
}

/* see audit/verify.h */
cdr_err
cdr_verify_sample_root(struct cdr_verify *v, const struct cdr_merkle_edge *edge, struct cdr_fault *fault)
{
	uint8_t root[CDR_MERKLE_HASH_LEN];

	if (v->sample_rooted == v->sample_count || v->sample[v->sample_rooted].sample.basis.size != edge->size)
		return CDR_OK;
	cdr_err err = cdr_merkle_root(edge, root);
	if (err == CDR_OK && memcmp(root, v->sample[v->sample_rooted].sample.basis.root, sizeof(root)) != 0)
		err = cdr_fault_set(fault, CDR_E_PROOF, "the leaves in %.100s/tile before leaf %" PRIu64 " do not give the root that %.100s/samples/%zu was drawn from: one was altered, added or left out",
		    v->folder, edge->size, v->folder, v->sample_rooted + 1);
	v->sample_rooted += err == CDR_OK;
	return err;
}

/* The leaf ${position} is that of lot ${number}. */
static cdr_err
match_leaf(struct cdr_verify *v, size_t number, const struct cdr_verify_leaf *open, struct cdr_fault *fault)
{
	const struct cdr_leaf *leaf = &open->leaf;
	uint8_t content[CDR_LEAF_CONTENT_LEN];

	if (number > v->sample_count)
		return cdr_fault_set(fault, CDR_E_ABSENT, "%.200s/samples/%zu is missing: leaf %" PRIu64 " records it", v->folder, number, open->position);
	struct cdr_verify_sample *s = &v->sample[number - 1];
	const struct cdr_sample_basis *b = &s->sample.basis;
	cdr_err err = cdr_sample_content(cdr_buffer_bytes(&s->bytes), content);
	if (err != CDR_OK)
		return err;
	if (memcmp(content, leaf->content, sizeof(content)) != 0 || leaf->number_count != 3 || leaf->number[0] != b->number ||
	    leaf->number[1] != b->from || leaf->number[2] != b->size || b->size > open->position)
		return cdr_fault_set(fault, CDR_E_PROOF, "samples/%zu is not the lot that leaf %" PRIu64 " recorded", number, open->position);
	s->at = leaf->at;
	return CDR_OK;
}

/* ---- what auditors found ---------------------------------------------------------------------------------------------- */

/* Whether one of the rosters names a trustee of that index who signed this. */
static bool
is_signed(const struct cdr_verify *v, const struct cdr_envelope *envelope, uint32_t index)
{
	for (size_t i = v->roster_count; i > 0; i--) {
		const Cdr__Wire__Trustee *trustee = cdr_roster_trustee(v->roster[i - 1], index);
		if (trustee != NULL && cdr_envelope_verify_request(envelope, trustee->party->signing_key.data, v->genesis,
					   CDR_SAMPLE_VERDICT_PATH) == CDR_OK)
			return true;
	}
	return false;
}

/* Whether there was a time without that trustee: then trustee 1 looked at what was drawn for it. */
static bool
is_missing(const struct cdr_verify *v, uint32_t trustee)
{
	for (size_t i = 0; i < v->roster_count; i++)
		if (cdr_roster_trustee(v->roster[i], trustee) == NULL)
			return true;
	return false;
}

/* Whether the lot draws that, as far as can be told without the leaf being open, and for this auditor. */
static cdr_err
is_drawn(const struct cdr_verify *v, const Cdr__Wire__Verdict *verdict, uint32_t auditor, bool *drawn)
{
	uint32_t points[CDR_SAMPLE_DRAWN_MAX], drawn_for;
	size_t count;
	bool is_import = strcmp(verdict->purpose, "import") == 0;

	*drawn = false;
	if (verdict->sample < 1 || verdict->sample > v->sample_count || verdict->point >= CDR_EVALUATE_POINTS_MAX)
		return CDR_OK;
	const struct cdr_sample *sample = &v->sample[verdict->sample - 1].sample;
	cdr_err err = cdr_sample_draw(sample, verdict->position, is_import ? CDR_LEAF_PURPOSE_IMPORT : CDR_LEAF_PURPOSE_CHECK,
	    verdict->point + 1, points, &count);
	if (err == CDR_OK)
		err = cdr_sample_auditor(sample, verdict->position, verdict->point, &drawn_for);
	if (err != CDR_OK)
		return err;
	for (size_t i = 0; i < count; i++)
		*drawn |= points[i] == verdict->point && (drawn_for == auditor || (auditor == 1 && is_missing(v, drawn_for)));
	return CDR_OK;
}

/* The signed words behind a leaf of an auditor's. */
static cdr_err
check_verdict(struct cdr_verify *v, const struct cdr_verify_leaf *open, struct cdr_verify_found *found, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char name[64];
	struct cdr_buffer bytes = { 0 };
	struct cdr_envelope envelope = { 0 };
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__Verdict *verdict;
	struct cdr_leaf leaf = { .kind = CDR_LEAF_SAMPLE };
	struct cdr_buffer expected = { 0 }, seen = { 0 };
	bool drawn = false;

	(void)snprintf(name, sizeof(name), "verdicts/%" PRIu64, open->position);
	CDR_TRY(cdr_verify_file_read(v, name, &bytes, fault));
	err = cdr_envelope_open(cdr_buffer_bytes(&bytes), &envelope);
	if (err == CDR_OK)
		err = cdr_message_decode(&arena, &cdr__wire__verdict__descriptor, envelope.body, &verdict);
	uint32_t trustee = err == CDR_OK && strncmp(envelope.signer, "trustee/", 8) == 0 ? (uint32_t)strtoul(envelope.signer + 8, NULL, 10) : 0;
	if (err == CDR_OK)
		err = cdr_sample_verdict_leaf(verdict, envelope.body, trustee, &leaf);
	leaf.at = open->leaf.at;
	if (err == CDR_OK)
		err = cdr_leaf_encode(&leaf, &expected);
	if (err == CDR_OK)
		err = cdr_leaf_encode(&open->leaf, &seen);
	if (err == CDR_E_MEMORY)
		goto out;
	if (err != CDR_OK || expected.len != seen.len || memcmp(expected.data, seen.data, seen.len) != 0) {
		err = cdr_fault_set(fault, CDR_E_PROOF, "%s/%s is not what leaf %" PRIu64 " recorded", v->folder, name, open->position);
		goto out;
	}
	if (!is_signed(v, &envelope, trustee)) {
		err = cdr_fault_set(fault, CDR_E_SIGNATURE, "%s/%s is not signed by the trustee that it names", v->folder, name);
		goto out;
	}
	CDR_TRY(is_drawn(v, verdict, trustee, &drawn));
	if (!drawn)
		err = cdr_fault_set(fault, CDR_E_PROOF, "leaf %" PRIu64 " is about what no lot drew for that auditor", open->position);
	*found = (struct cdr_verify_found){ verdict->sample, verdict->position, verdict->point, open->position, open->leaf.at, trustee,
		cdr_sample_outcome_find(verdict->outcome), "" };
	(void)memccpy(found->member, verdict->member, '\0', sizeof(found->member) - 1);
out:
	cdr_buffer_free(&expected);
	cdr_buffer_free(&seen);
	cdr_arena_free(&arena);
	cdr_envelope_free(&envelope);
	cdr_buffer_free(&bytes);
	return err;
}

/* By what they are about, and then as they stand in the log. */
static int
compare_found(const void *a, const void *b)
{
	const struct cdr_verify_found *x = a, *y = b;
	const uint64_t left[] = { x->sample, x->position, x->point, x->place }, right[] = { y->sample, y->position, y->point, y->place };

	for (size_t i = 0; i < 4; i++)
		if (left[i] != right[i])
			return left[i] < right[i] ? -1 : 1;
	return 0;
}

/* Of each thing that was drawn, what came of it last; and what was called late too early. */
static void
count_found(struct cdr_verify *v, struct cdr_verify_found *found, size_t count)
{
	size_t first = 0;

	if (count > 0)
		qsort(found, count, sizeof(*found), compare_found);
	for (size_t i = 0; i < count; i++) {
		const struct cdr_verify_found *f = &found[i];
		bool is_last = i + 1 == count || f[1].sample != f->sample || f[1].position != f->position || f[1].point != f->point;
		cdr_verify_late(v, &found[first], i - first + 1, is_last);
		if (!is_last)
			continue;
		v->outcome_count[f->outcome]++;
		first = i + 1;
	}
}

/* see audit/verify.h */
cdr_err
cdr_verify_samples(struct cdr_verify *v, struct cdr_fault *fault)
{
	cdr_err err = CDR_OK;
	size_t number = 0, count = 0;
	struct cdr_verify_found *found = calloc(v->open_count + 1, sizeof(*found));

	if (found == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < v->open_count && err == CDR_OK; i++) {
		const struct cdr_verify_leaf *open = &v->open[i];
		if (open->leaf.kind == CDR_LEAF_SAMPLE)
			err = match_leaf(v, ++number, open, fault);
		else if (open->leaf.kind == CDR_LEAF_QUERY_OPENING || open->leaf.kind == CDR_LEAF_SAMPLE_ANSWER)
			err = check_verdict(v, open, &found[count++], fault);
	}
	if (err == CDR_OK && (number < v->sample_count || v->sample_rooted < v->sample_count))
		err = cdr_fault_set(fault, CDR_E_PROOF, "the log does not record samples/%zu", number + 1);
	if (err == CDR_OK)
		count_found(v, found, count);
	free(found);
	return err;
}
