#include "node/trustee/genesis.h"

#include <inttypes.h>
#include <string.h>

/* The question needs no signature: who asks is nobody yet. The field must have its length all the same. */
static cdr_err
make_request(struct cdr_buffer *request)
{
	Cdr__Wire__Signed message = CDR__WIRE__SIGNED__INIT;
	uint8_t signature[CDR_SIGNATURE_LEN] = { 0 };
	char nobody[] = "new";

	message.signer = nobody;
	message.signature = cdr_message_field(signature, sizeof(signature));
	return cdr_message_encode(&message.base, request);
}

/* see node/trustee/genesis.h */
cdr_err
cdr_genesis_ask(struct cdr_client *client, const char *url, const char *path, struct cdr_envelope *reply, uint8_t *pin,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer request = { 0 };
	struct cdr_client_post post = { .url = url, .path = path, .reply_max = CDR_BODY_ROSTER_MAX };

	*reply = (struct cdr_envelope){ .signer = NULL };
	CDR_TRY(make_request(&request));
	post.body = cdr_buffer_bytes(&request);
	err = cdr_client_send(client, &post, 1);
	if (err != CDR_OK) {
		if (fault != NULL)
			*fault = post.fault;
		goto out;
	}
	if (pin != NULL)
		memcpy(pin, post.pin_seen, CDR_PIN_LEN);
	err = cdr_envelope_open(cdr_buffer_bytes(&post.reply), reply);
	if (err != CDR_OK)
		cdr_fault_set(fault, err, "%s is no hub: it answered with something else than a signed message", url);
out:
	cdr_client_post_free(&post);
	cdr_buffer_free(&request);
	return err;
}

/* see node/trustee/genesis.h */
cdr_err
cdr_genesis_fetch(struct cdr_client *client, const char *url, struct cdr_roster **genesis,
    uint8_t pin[static CDR_PIN_LEN], struct cdr_fault *fault)
{
	struct cdr_envelope reply;

	*genesis = NULL;
	cdr_err err = cdr_genesis_ask(client, url, "/v1/genesis", &reply, pin, fault);
	if (err == CDR_OK)
		err = cdr_roster_decode(reply.body, genesis, fault);
	cdr_envelope_free(&reply);
	return err;
}

/* see node/trustee/genesis.h */
cdr_err
cdr_genesis_check(const struct cdr_roster *genesis, const uint8_t fingerprint[static CDR_ROSTER_HASH_LEN],
    const Cdr__Wire__Party *own, const uint8_t *pin, uint32_t *index, struct cdr_fault *fault)
{
	cdr_err err = cdr_roster_verify_genesis(genesis, fingerprint, fault);
	const Cdr__Wire__Roster *body = genesis->body;

	*index = 0;
	if (err != CDR_OK)
		return err;
	if (pin != NULL && (body->hub->tls_pin.len != CDR_PIN_LEN || memcmp(body->hub->tls_pin.data, pin, CDR_PIN_LEN) != 0))
		return cdr_fault_set(fault, CDR_E_REFUSED, "the server that was asked is not the hub which the genesis roster names "
		    "(%s): is the --hub address right?", body->hub->url);
	for (size_t i = 0; i < body->n_trustee; i++) {
		if (cdr_roster_same_party(body->trustee[i]->party, own)) {
			*index = body->trustee[i]->index;
			return CDR_OK;
		}
	}
	return cdr_fault_set(fault, CDR_E_REFUSED, "this trustee is not in the genesis roster as it is: name, address or one of "
	    "its keys differ from card.json. Do not go on: whoever founded the exchange has put other keys in its place, or used "
	    "another card. Tell the other trustees");
}
