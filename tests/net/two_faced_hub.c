/*
 * A hub in league with a trustee that says two things: it is candor-hub, but whoever a ceremony's message is addressed to alone is
 * shown that one instead of what the sender tells everybody. The Makefile links it with --wrap=cdr_hub_ceremony_fetch.
 */

#include <string.h>

#include "node/hub/ceremony.h"
#include "node/hub/command.h"
#include "node/net/node_options.h"

cdr_err __real_cdr_hub_ceremony_fetch(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);
cdr_err __wrap_cdr_hub_ceremony_fetch(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault);

/* Whether ${from} has something for this caller alone. */
static bool
has_own(const Cdr__Wire__CeremonyMessages *bag, uint32_t from)
{
	for (size_t i = 0; i < bag->n_message; i++)
		if (bag->message[i]->from == from && bag->message[i]->to != 0)
			return true;
	return false;
}

/* Show that, as if it were what everybody sees. */
static void
turn_face(Cdr__Wire__CeremonyMessages *bag)
{
	size_t kept = 0;

	for (size_t i = 0; i < bag->n_message; i++) {
		Cdr__Wire__CeremonyMessage *message = bag->message[i];

		if (message->to != 0 || !has_own(bag, message->from))
			bag->message[kept++] = message;
	}
	bag->n_message = kept;
	for (size_t i = 0; i < kept; i++)
		bag->message[i]->to = 0;
}

cdr_err
__wrap_cdr_hub_ceremony_fetch(void *hub, const struct cdr_call *call, struct cdr_answer *answer, struct cdr_fault *fault)
{
	struct cdr_arena arena = { 0 };
	struct cdr_buffer body = { 0 };
	Cdr__Wire__CeremonyMessages *bag;
	cdr_err err = __real_cdr_hub_ceremony_fetch(hub, call, answer, fault);

	if (err != CDR_OK)
		return err;
	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__ceremony_messages__descriptor, cdr_buffer_bytes(&answer->body), &bag));
	turn_face(bag);
	CDR_TRY(cdr_message_encode(&bag->base, &body));
	cdr_buffer_free(&answer->body);
	answer->body = body;
	body = (struct cdr_buffer){ 0 };
out:
	cdr_buffer_free(&body);
	cdr_arena_free(&arena);
	return err;
}

int
main(int argc, char **argv)
{
	const struct cdr_program program = {
		.name = "two_faced_hub", .version = "1", .summary = "A hub that shows two things", .commands = cdr_hub_commands,
		.options = cdr_node_options,
	};

	return cdr_arguments_main(&program, argc, argv);
}
