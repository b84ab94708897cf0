#include "tests/unit/member/world_play.h"

#include <stdio.h>

/* see tests/unit/member/world_play.h */

void
w_samples_free(struct w_samples *s)
{
	for (size_t i = 0; i < s->count; i++)
		cdr_buffer_free(&s->lot[i]);
	cdr_buffer_free(&s->sealed);
}

void
w_sample_list(struct w_samples *s, const Cdr__Wire__SampleListRequest *request, struct w_reply *reply)
{
	Cdr__Wire__SampleList answer = CDR__WIRE__SAMPLE_LIST__INIT;
	Cdr__Wire__SampleRecord record[W_LOTS_MAX], *at[W_LOTS_MAX];
	struct cdr_sample_basis basis;

	s->asked_count++;
	for (size_t i = 0; i < s->count; i++) {
		assert_int_equal(cdr_sample_basis_peek(cdr_buffer_bytes(&s->lot[i]), &basis), CDR_OK);
		if (basis.number <= request->after)
			continue;
		record[i] = (Cdr__Wire__SampleRecord)CDR__WIRE__SAMPLE_RECORD__INIT;
		record[i].sample = cdr_message_field(s->lot[i].data, s->lot[i].len);
		record[i].at = s->at[i];
		at[answer.n_record++] = &record[i];
	}
	answer.record = at;
	w_say(reply, &answer.base);
}

void
w_sample_open(struct w_samples *s, size_t auditor, struct cdr_bytes body, struct w_reply *reply)
{
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__OpeningPut *put;
	Cdr__Wire__OpeningReply answer = CDR__WIRE__OPENING_REPLY__INIT;
	char outcome[16];

	assert_int_equal(cdr_message_decode(&arena, &cdr__wire__opening_put__descriptor, body, &put), CDR_OK);
	s->opened_count++;
	s->auditor = auditor;
	s->position = put->position;
	s->point = put->point;
	(void)snprintf(s->refusal, sizeof(s->refusal), "%s", put->refusal != NULL ? put->refusal : "");
	cdr_buffer_free(&s->sealed);
	assert_int_equal(cdr_buffer_copy(cdr_message_bytes(put->sealed), &s->sealed), CDR_OK);
	(void)snprintf(outcome, sizeof(outcome), "%s", put->refusal != NULL ? "refused" : s->outcome);
	answer.outcome = outcome;
	w_say(reply, &answer.base);
	cdr_arena_free(&arena);
}
