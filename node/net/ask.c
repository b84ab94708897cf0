#include "node/net/ask.h"

#include <string.h>

/* What a signed refusal may say, in bytes. */
#define REFUSAL_MAX CDR_BODY_SMALL_MAX

static const Cdr__Wire__Empty nothing = CDR__WIRE__EMPTY__INIT;

/* see node/net/ask.h */
void
cdr_ask_free(struct cdr_ask *ask)
{
	cdr_buffer_free(&ask->request);
	cdr_envelope_free(&ask->envelope);
	cdr_arena_free(&ask->arena);
	cdr_client_post_free(&ask->post);
	ask->reply = NULL;
	ask->reply_attachment = (struct cdr_bytes){ NULL, 0 };
}

/* see node/net/ask.h */
cdr_err
cdr_ask_sign(struct cdr_ask *ask, const struct cdr_signer *signer)
{
	struct cdr_buffer body = { 0 };

	cdr_err err = cdr_message_encode(ask->message != NULL ? ask->message : &nothing.base, &body);
	if (err == CDR_OK)
		err = cdr_envelope_request(signer, ask->path, cdr_buffer_bytes(&body), ask->attachment, &ask->request);
	cdr_buffer_free(&body);
	return err;
}

/* The error code that a refusal names; CDR_E_REFUSED for one that is not known here. */
static cdr_err
refusal_code(const char *name)
{
	for (int err = CDR_E_INTERNAL; err < CDR_E_COUNT; err++)
		if (strcmp(cdr_err_name((cdr_err)err), name) == 0)
			return (cdr_err)err;
	return CDR_E_REFUSED;
}

/* The party's own words for not doing what was asked. */
static cdr_err
read_refusal(struct cdr_ask *ask)
{
	Cdr__Wire__Refusal *refusal;

	cdr_err err = cdr_message_decode(&ask->arena, &cdr__wire__refusal__descriptor, ask->envelope.body, &refusal);
	if (err != CDR_OK)
		return cdr_fault_set(&ask->fault, CDR_E_INPUT, "%s answered %s with something that is no refusal",
		    ask->party_signer, ask->path);
	ask->answered = true;
	return cdr_fault_set(&ask->fault, refusal_code(refusal->code), "%s refuses %s: %s", ask->party_signer, ask->path,
	    refusal->text);
}

/* Whether what came back is the party's answer to this request. */
static cdr_err
verify_reply(struct cdr_ask *ask, const uint8_t *genesis)
{
	cdr_err err = cdr_envelope_open(cdr_buffer_bytes(&ask->post.reply), &ask->envelope);
	if (err == CDR_E_MEMORY)
		return err;
	if (err == CDR_OK && strcmp(ask->envelope.signer, ask->party_signer) == 0)
		err = cdr_envelope_verify_reply(&ask->envelope, ask->party->signing_key.data, genesis, ask->path,
		    cdr_buffer_bytes(&ask->request));
	else
		err = CDR_E_SIGNATURE;
	if (err != CDR_OK)
		return cdr_fault_set(&ask->fault, CDR_E_SIGNATURE,
		    "the reply to %s is not signed by %s for this request: it is not believed", ask->path,
		    ask->party_signer);
	return CDR_OK;
}

/* From what the HTTP client brought to the ask's own outputs. */
static cdr_err
read_reply(struct cdr_ask *ask, const uint8_t *genesis)
{
	cdr_err err;

	bool refused = ask->post.status != 0 && ask->post.status != 200;
	if (ask->post.err != CDR_OK && !(refused && ask->post.reply.len > 0)) {
		ask->fault = ask->post.fault;
		return ask->post.err;
	}
	err = verify_reply(ask, genesis);
	if (err != CDR_OK)
		return err;
	if (refused)
		return read_refusal(ask);
	const ProtobufCMessageDescriptor *type =
	    ask->reply_type != NULL ? ask->reply_type : &cdr__wire__empty__descriptor;
	err = cdr_message_decode(&ask->arena, type, ask->envelope.body, &ask->reply);
	if (err != CDR_OK)
		return cdr_fault_set(&ask->fault, err, "%s answered %s with something that is no %s", ask->party_signer,
		    ask->path, type->name);
	ask->reply_attachment = ask->envelope.attachment;
	ask->answered = true;
	return CDR_OK;
}

/* Make the HTTP request for one ask. */
static cdr_err
prepare(struct cdr_ask *ask, const struct cdr_signer *signer, struct cdr_client_post *post)
{
	cdr_envelope_free(&ask->envelope);
	cdr_arena_free(&ask->arena);
	ask->answered = false;
	ask->fault = (struct cdr_fault){ 0 };
	if (ask->request.data == NULL) {
		cdr_err err = cdr_ask_sign(ask, signer);
		if (err != CDR_OK)
			return err;
	}
	*post = (struct cdr_client_post){
		.url = ask->party->url,
		.path = ask->path,
		.pin = ask->party->tls_pin.data,
		.body = cdr_buffer_bytes(&ask->request),
		.reply_max = ask->reply_max > REFUSAL_MAX ? ask->reply_max : REFUSAL_MAX,
	};
	return CDR_OK;
}

/* see node/net/ask.h */
cdr_err
cdr_ask_send(struct cdr_client *client, const struct cdr_signer *signer, struct cdr_ask *asks, size_t count)
{
	struct cdr_client_post posts[CDR_CLIENT_PARALLEL_MAX];
	cdr_err first = CDR_OK;

	if (count < 1 || count > CDR_CLIENT_PARALLEL_MAX)
		return CDR_E_RANGE;
	for (size_t i = 0; i < count; i++) {
		cdr_client_post_free(&asks[i].post);
		cdr_err err = prepare(&asks[i], signer, &posts[i]);
		if (err != CDR_OK)
			return cdr_fault_set(&asks[i].fault, err, "%s could not be signed", asks[i].path);
	}
	/* The outcome of each stands in its post; the first failure is found again below. */
	(void)!cdr_client_send(client, posts, count);
	for (size_t i = 0; i < count; i++) {
		asks[i].post = posts[i];
		asks[i].err = read_reply(&asks[i], signer->genesis);
		if (first == CDR_OK)
			first = asks[i].err;
	}
	return first;
}
