/*
 * A hub's answer to a check, with its proof. The first byte of the input says what the rest is: an answer as it travels (0), or
 * changes of three bytes each, place and value, to an honest answer, so that mutants reach what comes after the form.
 *
 * Properties: an answer that is believed names exactly those whom the index holds, each as the rule says; what is not believed
 * says why.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/played_index.h"

static uint8_t rows[16 * CDR_CHECK_ROW_LEN];
static char leavers[] = "leavers", codebook[] = "1";
static Cdr__Wire__Scheme scheme = CDR__WIRE__SCHEME__INIT;
static struct cdr_buffer honest, root;
static struct cdr_index_question question = { .asker = "blue-harbour", .epoch = 1, .rows = { rows, sizeof(rows) } };
static uint64_t lambda;

static void
stop(void)
{
	cdr_buffer_free(&honest);
	cdr_buffer_free(&root);
}

/* Two members hold somebody who agrees in every row. */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char strong[] = "strong", green[] = "green-valley", red[] = "red-ridge";
	struct w_index index = { .person = { { green, { 1 } }, { red, { 2 } } }, .count = 2 };
	Cdr__Wire__CheckOpen open = CDR__WIRE__CHECK_OPEN__INIT;
	Cdr__Wire__CheckOpenReply reply = CDR__WIRE__CHECK_OPEN_REPLY__INIT;
	Cdr__Wire__IndexProof proof;
	Cdr__Wire__Match match[2], *at[2] = { &match[0], &match[1] };
	struct cdr_match judged;
	struct cdr_leaf leaf;

	(void)argc;
	(void)argv;
	for (size_t i = 0; i < 16; i++) {
		uint8_t *row = rows + i * CDR_CHECK_ROW_LEN;
		row[0] = (uint8_t)i;
		row[CDR_TAG_LEN] = (uint8_t)(i % (CDR_TOKEN_TYPE_COUNT - 1) + 1);
		row[CDR_TAG_LEN + 1] = row[CDR_TAG_LEN + 2] = 1;
	}
	scheme.index = leavers;
	scheme.codebook_version = codebook;
	scheme.strong_lambda_ppm = 1000;
	scheme.possible_lambda_ppm = 500000;
	scheme.possible_max = 5;
	question.rule = cdr_index_rule(&scheme);
	open.epoch = 1;
	open.rows = cdr_message_field(rows, sizeof(rows));
	w_index_judge(&open, &scheme, &judged);
	w_index_prove(&index, &open, &proof, &leaf);
	for (size_t i = 0; i < 2; i++) {
		match[i] = (Cdr__Wire__Match)CDR__WIRE__MATCH__INIT;
		match[i].member = i == 0 ? green : red;
		match[i].tier = strong;
		match[i].lambda_ppb = lambda = cdr_index_lambda_ppb(judged.lambda);
		match[i].types = judged.types;
		match[i].handles = cdr_message_field(index.person[i].handle, CDR_HANDLE_LEN);
	}
	reply.check = cdr_message_field(rows, CDR_ID_LEN);
	reply.people = W_PEOPLE;
	reply.match = at;
	reply.n_match = 2;
	reply.has_at = true;
	reply.at = 1700000000;
	reply.proof = &proof;
	assert(cdr_message_encode(&reply.base, &honest) == CDR_OK);
	assert(cdr_buffer_copy(cdr_message_bytes(proof.root), &root) == CDR_OK);
	return atexit(stop);
}

/* Both members, as the rule says; in whatever order. */
static void
check_believed(const Cdr__Wire__CheckOpenReply *reply)
{
	assert(reply->n_match == 2 && strcmp(reply->match[0]->member, reply->match[1]->member) != 0);
	for (size_t i = 0; i < 2; i++) {
		const Cdr__Wire__Match *m = reply->match[i];
		assert(strcmp(m->member, "green-valley") == 0 || strcmp(m->member, "red-ridge") == 0);
		assert(strcmp(m->tier, "strong") == 0 && m->handles.len == CDR_HANDLE_LEN);
		/* Fewer people are weighed more heavily: the number is the hub's to say, up to that of its root. */
		assert(reply->people <= W_PEOPLE && m->lambda_ppb <= lambda + 1 + lambda / 1000000);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cdr_arena arena = { 0 }, root_arena = { 0 };
	struct cdr_fault fault = { CDR_OK, "" };
	struct cdr_buffer changed = { 0 };
	struct cdr_bytes bytes = { data + (len > 0), len > 0 ? len - 1 : 0 };
	void *reply, *body;
	size_t unproved;

	if (len > 0 && data[0] != 0) {
		assert(cdr_buffer_copy(cdr_buffer_bytes(&honest), &changed) == CDR_OK);
		for (size_t i = 0; i + 3 <= bytes.len; i += 3)
			changed.data[(bytes.data[i] << 8 | bytes.data[i + 1]) % changed.len] = bytes.data[i + 2];
		bytes = cdr_buffer_bytes(&changed);
	}
	if (cdr_message_decode(&arena, &cdr__wire__check_open_reply__descriptor, bytes, &reply) != CDR_OK)
		goto out;
	assert(cdr_message_decode(&root_arena, &cdr__wire__index_root__descriptor, cdr_buffer_bytes(&root), &body) == CDR_OK);
	if (cdr_index_answer_verify(&question, reply, body, &unproved, &fault) == CDR_OK)
		check_believed(reply);
	else
		assert(fault.text[0] != '\0');
out:
	cdr_arena_free(&root_arena);
	cdr_arena_free(&arena);
	cdr_buffer_free(&changed);
	return 0;
}
