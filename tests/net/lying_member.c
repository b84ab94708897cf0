/*
 * A member that lies, with a real member's keys: each sub-command says one thing to the hub or to a trustee that an honest
 * node would not say, and prints what came back as JSON: {"outcome": "ok" or a code of core/error.h, "text": ...}.
 */

#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/crypto/oprf.h"
#include "core/crypto/secret.h"
#include "node/member/command.h"
#include "node/member/leavers.h"
#include "node/member/sample.h"
#include "node/member/wire.h"
#include "node/net/node_options.h"
#include "proto/log.pb-c.h"

#define YEAR_MONTHS 12
#define PROOF_LEN_MAX 8192

/* A member's folder, open, and the roster that it holds. */
struct liar {
	struct cdr_member *member;
	const struct cdr_roster *roster;
	const Cdr__Wire__Epoch *epoch;
	struct cdr_signer signer;
	char signer_name[CDR_SIGNER_LEN_MAX + 1];
};

static void
liar_close(struct liar *liar)
{
	if (liar->member != NULL)
		cdr_current_release(liar->member->current, liar->roster);
	cdr_member_close(liar->member);
	*liar = (struct liar){ 0 };
}

/* --as ID signs with another member's name, and still with this one's key and certificate. */
static cdr_err
liar_open(const struct cdr_arguments *arguments, struct liar *liar, struct cdr_fault *fault)
{
	const char *as = cdr_arguments_text(arguments, "as");
	cdr_err err = cdr_command_open(arguments, true, &liar->member, fault);

	if (err != CDR_OK)
		return err;
	liar->roster = cdr_current_hold(liar->member->current);
	liar->epoch = cdr_roster_epoch_at(liar->roster, cdr_member_now());
	liar->signer = cdr_member_signer(liar->member);
	if (as != NULL) {
		(void)snprintf(liar->signer_name, sizeof(liar->signer_name), "member/%s", as);
		liar->signer.name = liar->signer_name;
	}
	return liar->epoch != NULL ? CDR_OK : CDR_E_EPOCH;
}

static cdr_err
tell(cdr_err err, struct cdr_ask *ask, const char *points, struct cdr_report *report)
{
	err = cdr_report_json(report, json_pack("{s:s, s:b, s:s, s:s}", "outcome", err == CDR_OK ? "ok" : cdr_err_name(err),
	    "answered", ask->answered, "text", ask->fault.text, "points", points));
	cdr_ask_free(ask);
	return err;
}

/* Ask, and print what came of it. A refusal is a result, not a failure. */
static cdr_err
say(struct liar *liar, struct cdr_ask *ask, struct cdr_report *report)
{
	char points[2 * CDR_SHA256_LEN + 1] = "";
	uint8_t hash[CDR_SHA256_LEN];
	cdr_err err = cdr_ask_send(liar->member->client, &liar->signer, ask, 1);

	if (err == CDR_OK && ask->reply_attachment.len > 0 && cdr_sha256(&ask->reply_attachment, 1, hash) == CDR_OK)
		cdr_hex_write(hash, sizeof(hash), points);
	return tell(err, ask, points, report);
}

static struct cdr_ask
ask_hub(const struct liar *liar, const char *path, const ProtobufCMessage *message)
{
	return (struct cdr_ask){ .party = liar->roster->body->hub, .party_signer = "hub", .path = path, .message = message };
}

/* ---- evaluating ------------------------------------------------------------------------------------------------------ */

/* Points that follow from ${label}: the same label, the same points. */
static cdr_err
make_points(const char *label, size_t count, uint8_t *points)
{
	struct cdr_bytes part = { (const uint8_t *)label, strlen(label) };
	uint8_t seed[CDR_SHA256_LEN], blind[CDR_SCALAR_LEN];

	cdr_err err = cdr_sha256(&part, 1, seed);
	for (size_t i = 0; i < count && err == CDR_OK; i++) {
		err = cdr_oprf_blind_derive(seed, i, blind);
		if (err == CDR_OK)
			err = cdr_oprf_blind(part.data, part.len, blind, points + i * CDR_POINT_LEN);
	}
	return err;
}

/* Copy what an option says into a field of a message, which is not const. */
static char *
text_of(const struct cdr_arguments *arguments, const char *option, const char *otherwise, char text[static CDR_CODE_LEN_MAX + 1])
{
	const char *value = cdr_arguments_text(arguments, option);

	(void)snprintf(text, CDR_CODE_LEN_MAX + 1, "%s", value != NULL ? value : otherwise);
	return text;
}

/* The proof that the log held something of this member's once: shown where the hub logs nothing. */
static FILE *
open_proof(const struct liar *liar, const char *mode)
{
	char path[CDR_HOME_PATH_LEN_MAX + sizeof("/last-inclusion")];

	(void)snprintf(path, sizeof(path), "%s/last-inclusion", liar->member->home->path);
	return fopen(path, mode);
}

/* Have the hub log the request, as an honest node does. Its answer stands in ${ask}. */
static cdr_err
announce(struct liar *liar, const Cdr__Wire__EvaluateRequest *request, struct cdr_ask *ask)
{
	cdr_err err = CDR_E_INTERNAL;
	Cdr__Wire__SignedEvaluation message = CDR__WIRE__SIGNED_EVALUATION__INIT;
	struct cdr_envelope envelope = { 0 };
	struct cdr_buffer body = { 0 }, bytes = { 0 }, proof = { 0 };
	FILE *file = NULL;
	const Cdr__Wire__Inclusion *inclusion = NULL;

	CDR_TRY(cdr_message_encode(&request->base, &body));
	CDR_TRY(cdr_envelope_request(&liar->signer, "/v1/evaluate", cdr_buffer_bytes(&body), (struct cdr_bytes){ NULL, 0 },
	    &bytes));
	CDR_TRY(cdr_envelope_open(cdr_buffer_bytes(&bytes), &envelope));
	message.request = cdr_message_field(envelope.body.data, envelope.body.len);
	message.signature = cdr_message_field(envelope.signature.data, envelope.signature.len);
	/* Asked again, the hub waits for the witnesses, and proves it. */
	for (int i = 0; i < 2 && inclusion == NULL; i++) {
		cdr_ask_free(ask);
		*ask = ask_hub(liar, "/v1/log/evaluation", &message.base);
		ask->reply_type = &cdr__wire__evaluation_reply__descriptor;
		ask->reply_max = CDR_BODY_CHECKPOINT_MAX;
		CDR_TRY(cdr_ask_send(liar->member->client, &liar->signer, ask, 1));
		inclusion = ((const Cdr__Wire__EvaluationReply *)ask->reply)->inclusion;
	}
	CDR_TRY(inclusion != NULL ? cdr_message_encode(&inclusion->base, &proof) : CDR_E_INPUT);
	file = open_proof(liar, "we");
	if (file == NULL || fwrite(proof.data, proof.len, 1, file) != 1)
		err = CDR_E_IO;
out:
	if (file != NULL)
		(void)fclose(file);
	cdr_buffer_free(&proof);
	cdr_buffer_free(&bytes);
	cdr_buffer_free(&body);
	cdr_envelope_free(&envelope);
	return err;
}

/* Behind the points: the last proof that this member was given. */
static void
add_proof(struct liar *liar, uint8_t *points, struct cdr_bytes *bytes)
{
	FILE *file = open_proof(liar, "re");

	if (file == NULL)
		return;
	bytes->len += fread(points + bytes->len, 1, PROOF_LEN_MAX, file);
	(void)fclose(file);
}

static cdr_err
evaluate(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct liar liar = { 0 };
	uint8_t points[CDR_EVALUATE_POINTS_MAX * CDR_POINT_LEN + PROOF_LEN_MAX], hash[CDR_SHA256_LEN];
	char member[CDR_CODE_LEN_MAX + 1], purpose[CDR_CODE_LEN_MAX + 1], trustee[CDR_SIGNER_LEN_MAX + 1];
	size_t count = (size_t)cdr_arguments_number(arguments, "points", 16);
	uint32_t index = (uint32_t)cdr_arguments_number(arguments, "trustee", 1);
	Cdr__Wire__EvaluateRequest request = CDR__WIRE__EVALUATE_REQUEST__INIT;

	CDR_TRY(liar_open(arguments, &liar, fault));
	CDR_TRY(make_points(cdr_arguments_text(arguments, "label"), count, points));
	if (cdr_arguments_has(arguments, "identity"))
		memset(points, 0, CDR_POINT_LEN);
	struct cdr_bytes bytes = { points, count * CDR_POINT_LEN };
	CDR_TRY(cdr_sha256(&bytes, 1, hash));
	request.member = text_of(arguments, "member", liar.member->id, member);
	request.sequence = (uint64_t)cdr_arguments_number(arguments, "sequence", 0);
	request.epoch = liar.epoch->number + (uint32_t)cdr_arguments_has(arguments, "other-epoch");
	request.purpose = text_of(arguments, "purpose", "check", purpose);
	request.point_count = (uint32_t)count;
	request.points_hash = cdr_message_field(hash, sizeof(hash));
	(void)snprintf(trustee, sizeof(trustee), "trustee/%u", index);
	if (!cdr_arguments_has(arguments, "unlogged")) {
		struct cdr_ask log_ask = { 0 };
		err = announce(&liar, &request, &log_ask);
		if (err != CDR_OK && !cdr_arguments_has(arguments, "anyway")) {
			err = tell(err, &log_ask, "", report);
			goto out;
		}
		cdr_ask_free(&log_ask);
	}
	add_proof(&liar, points, &bytes);
	struct cdr_ask ask = {
		.party = cdr_roster_trustee(liar.roster, index)->party,
		.party_signer = trustee,
		.path = "/v1/evaluate",
		.message = &request.base,
		.attachment = bytes,
		.reply_type = &cdr__wire__evaluate_reply__descriptor,
		.reply_max = CDR_BODY_EVALUATE_MAX,
	};
	CDR_TRY(say(&liar, &ask, report));
out:
	liar_close(&liar);
	return err;
}

/* ---- the index --------------------------------------------------------------------------------------------------------- */

/* A handle given as hexadecimal digits. */
static cdr_err
read_handle(const struct cdr_arguments *arguments, const char *option, uint8_t handle[static CDR_HANDLE_LEN],
    size_t *len)
{
	const char *text = cdr_arguments_text(arguments, option);

	*len = text != NULL ? CDR_HANDLE_LEN : 0;
	return text != NULL ? cdr_hex_read(text, handle, CDR_HANDLE_LEN) : CDR_OK;
}

/* 16 rows with random tags under --put, and --remove out of the index: handles that are not this member's. */
static cdr_err
index_put(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct liar liar = { 0 };
	uint8_t put[CDR_HANDLE_LEN] = { 0 }, removed[CDR_HANDLE_LEN], batch[CDR_ID_LEN], rows[16 * CDR_INDEX_ROW_LEN];
	uint8_t expiry[CDR_INDEX_EXPIRY_LEN];
	size_t put_len, removed_len;
	struct cdr_record_rules rules;
	Cdr__Wire__IndexPut request = CDR__WIRE__INDEX_PUT__INIT;

	CDR_TRY(liar_open(arguments, &liar, fault));
	CDR_TRY(read_handle(arguments, "put", put, &put_len));
	CDR_TRY(read_handle(arguments, "remove", removed, &removed_len));
	CDR_TRY(cdr_random(batch, sizeof(batch)));
	CDR_TRY(cdr_random(rows, sizeof(rows)));
	for (size_t i = 0; i < 16; i++) {
		uint8_t *row = rows + i * CDR_INDEX_ROW_LEN;
		memcpy(row + CDR_TAG_LEN, (const uint8_t[]){ 1, 10, 0 }, 3);
		memcpy(row + CDR_TAG_LEN + 3, put, CDR_HANDLE_LEN);
	}
	cdr_member_rules(liar.member, &rules);
	uint16_t month = (uint16_t)(cdr_leavers_month(&rules.today) + YEAR_MONTHS);
	memcpy(expiry, put, CDR_HANDLE_LEN);
	expiry[CDR_HANDLE_LEN] = (uint8_t)(month >> 8);
	expiry[CDR_HANDLE_LEN + 1] = (uint8_t)month;
	request.epoch = liar.epoch->number;
	request.batch = cdr_message_field(batch, sizeof(batch));
	request.rows = cdr_message_field(rows, put_len > 0 ? sizeof(rows) : 0);
	request.expiries = cdr_message_field(expiry, put_len > 0 ? sizeof(expiry) : 0);
	request.removed = cdr_message_field(removed, removed_len);
	struct cdr_ask ask = ask_hub(&liar, "/v1/index/put", &request.base);
	ask.reply_type = &cdr__wire__index_put_reply__descriptor;
	CDR_TRY(say(&liar, &ask, report));
out:
	liar_close(&liar);
	return err;
}

/* ---- letters ---------------------------------------------------------------------------------------------------------- */

/* Random bytes as a letter: of the right size or not, in this member's name or in another's. */
static cdr_err
post(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct liar liar = { 0 };
	char from[CDR_CODE_LEN_MAX + 1], to[CDR_CODE_LEN_MAX + 1];
	uint8_t id[CDR_MAIL_ID_LEN];
	size_t len = (size_t)cdr_arguments_number(arguments, "bytes", CDR_MAIL_SEALED_LEN);
	uint8_t *sealed = calloc(1, len);
	Cdr__Wire__Mail mail = CDR__WIRE__MAIL__INIT;

	if (sealed == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(liar_open(arguments, &liar, fault));
	CDR_TRY(cdr_random(id, sizeof(id)));
	CDR_TRY(cdr_random(sealed, len));
	mail.id = cdr_message_field(id, sizeof(id));
	mail.from = text_of(arguments, "from", liar.member->id, from);
	mail.to = text_of(arguments, "to", "", to);
	mail.sealed = cdr_message_field(sealed, len);
	struct cdr_ask ask = ask_hub(&liar, "/v1/mail/post", &mail.base);
	ask.reply_type = &cdr__wire__logged__descriptor;
	CDR_TRY(say(&liar, &ask, report));
out:
	free(sealed);
	liar_close(&liar);
	return err;
}

/* A letter that is in order but for who writes it, sealed to its receiver and posted. */
static cdr_err
post_letter(const struct cdr_arguments *arguments, struct liar *liar, Cdr__Wire__Letter *letter,
    struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer sealed = { 0 };
	char to[CDR_CODE_LEN_MAX + 1];
	uint8_t letter_id[CDR_MAIL_ID_LEN], request_id[CDR_ID_LEN];
	Cdr__Wire__Mail mail = CDR__WIRE__MAIL__INIT;

	CDR_TRY(cdr_random(letter_id, sizeof(letter_id)));
	CDR_TRY(cdr_id_read(cdr_arguments_text(arguments, "request"), request_id));
	mail.to = letter->to = text_of(arguments, "to", "", to);
	mail.from = letter->from = liar->member->id;
	const Cdr__Wire__Member *receiver = cdr_roster_member(liar->roster, to);
	if (receiver == NULL) {
		err = cdr_fault_set(fault, CDR_E_ABSENT, "there is no member %s", to);
		goto out;
	}
	mail.id = letter->letter_id = cdr_message_field(letter_id, sizeof(letter_id));
	letter->request_id = cdr_message_field(request_id, sizeof(request_id));
	letter->written_at = cdr_member_now();
	CDR_TRY(cdr_letter_seal(letter, liar->member->home->keys->signing, receiver->party->sealing_key.data,
	    liar->member->genesis, &sealed));
	mail.sealed = cdr_message_field(sealed.data, sealed.len);
	struct cdr_ask ask = ask_hub(liar, "/v1/mail/post", &mail.base);
	ask.reply_type = &cdr__wire__logged__descriptor;
	CDR_TRY(say(liar, &ask, report));
out:
	cdr_buffer_free(&sealed);
	return err;
}

/* "Not known here", a statement that is always in order, about a request that this member was perhaps never sent. */
static cdr_err
statement(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct liar liar = { 0 };
	char responder[CDR_CODE_LEN_MAX + 1];
	struct cdr_wire_statement wire;
	struct cdr_statement *s = calloc(1, sizeof(*s));
	struct cdr_record_rules rules;
	Cdr__Wire__Letter letter = CDR__WIRE__LETTER__INIT;

	if (s == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(liar_open(arguments, &liar, fault));
	cdr_member_rules(liar.member, &rules);
	CDR_TRY(cdr_wire_text(cdr_codebook_version_peek(liar.member->codebook), s->codebook_version, sizeof(s->codebook_version)));
	CDR_TRY(cdr_wire_text(text_of(arguments, "responder", liar.member->id, responder), s->responder, sizeof(s->responder)));
	CDR_TRY(cdr_wire_text("Fictional Liar", s->signer_name, sizeof(s->signer_name)));
	CDR_TRY(cdr_wire_text("hr", s->signer_role, sizeof(s->signer_role)));
	CDR_TRY(cdr_wire_text("not_known_here", s->identity_match, sizeof(s->identity_match)));
	CDR_TRY(cdr_random(s->response_id, sizeof(s->response_id)));
	s->signed_at = (int64_t)cdr_member_now();
	s->valid_until = rules.today;
	s->valid_until.year++;
	s->valid_until.day = 1;
	cdr_wire_statement(s, &wire);
	letter.content_case = CDR__WIRE__LETTER__CONTENT_STATEMENT;
	letter.statement = &wire.message;
	CDR_TRY(post_letter(arguments, &liar, &letter, report, fault));
out:
	free(s);
	liar_close(&liar);
	return err;
}

/* "The match is plausible", perhaps from somebody who was not asked. */
static cdr_err
probe_reply(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct liar liar = { 0 };
	Cdr__Wire__ProbeReply reply = CDR__WIRE__PROBE_REPLY__INIT;
	Cdr__Wire__Letter letter = CDR__WIRE__LETTER__INIT;

	CDR_TRY(liar_open(arguments, &liar, fault));
	reply.plausible = true;
	letter.content_case = CDR__WIRE__LETTER__CONTENT_PROBE_REPLY;
	letter.probe_reply = &reply;
	CDR_TRY(post_letter(arguments, &liar, &letter, report, fault));
out:
	liar_close(&liar);
	return err;
}

/* An empty question to any path of the hub. */
static cdr_err
call(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct liar liar = { 0 };

	CDR_TRY(liar_open(arguments, &liar, fault));
	struct cdr_ask ask = ask_hub(&liar, cdr_arguments_operand(arguments, 0), NULL);
	CDR_TRY(say(&liar, &ask, report));
out:
	liar_close(&liar);
	return err;
}

/* ---- openings --------------------------------------------------------------------------------------------------- */

/* Show the auditor somebody else than was evaluated, in the same form. */
static cdr_err
show_other(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct liar liar = { 0 };
	struct cdr_drawn drawn;
	static struct cdr_query_opening_made made;
	Cdr__Wire__OpeningPut put = CDR__WIRE__OPENING_PUT__INIT;
	struct cdr_buffer sealed = { 0 };
	char name[CDR_SIGNER_LEN_MAX + 1];
	size_t len;

	CDR_TRY(liar_open(arguments, &liar, fault));
	CDR_TRY(cdr_drawn_show(liar.member, strtoull(cdr_arguments_operand(arguments, 0), NULL, 10), &drawn, &made, fault));
	(void)snprintf(made.who.given_names, sizeof(made.who.given_names), "Somebodi");
	CDR_TRY(cdr_person_pack(&made.who, made.person, &len));
	made.message.person = cdr_message_field(made.person, len);
	const Cdr__Wire__Trustee *auditor = cdr_roster_trustee(liar.roster, drawn.auditor);
	CDR_TRY(cdr_query_opening_seal(&made.message, auditor->party->sealing_key.data, liar.member->genesis, liar.member->id, &sealed));
	put.sample = drawn.sample;
	put.position = drawn.position;
	put.point = (uint32_t)drawn.point;
	put.has_sealed = true;
	put.sealed = cdr_message_field(sealed.data, sealed.len);
	(void)snprintf(name, sizeof(name), "trustee/%u", drawn.auditor);
	struct cdr_ask ask = { .party = auditor->party, .party_signer = name, .path = "/v1/sample/open", .message = &put.base,
		.reply_type = &cdr__wire__opening_reply__descriptor };
	CDR_TRY(say(&liar, &ask, report));
out:
	cdr_buffer_free(&sealed);
	cdr_query_opening_made_wipe(&made);
	liar_close(&liar);
	return err;
}

#define AS { .name = "as", .value = "ID", .help = "sign with this member's name" }
#define TO { .name = "to", .value = "ID", .help = "receiver", .required = true }
#define END { .name = NULL }

static const struct cdr_option evaluate_options[] = {
	{ .name = "trustee", .value = "N", .help = "whom to ask", .min = 1, .max = 16 },
	{ .name = "points", .value = "N", .help = "how many (16)", .min = 1, .max = CDR_EVALUATE_POINTS_MAX },
	{ .name = "sequence", .value = "N", .help = "sequence number", .min = 0, .max = INT64_MAX, .required = true },
	{ .name = "label", .value = "TEXT", .help = "the points follow from it", .required = true },
	{ .name = "purpose", .value = "TEXT", .help = "check, import" },
	{ .name = "member", .value = "ID", .help = "the member that the request names" },
	{ .name = "identity", .help = "the first point is the identity" },
	{ .name = "unlogged", .help = "do not have it logged: show the last proof that there is" },
	{ .name = "anyway", .help = "if the hub does not log it, show the last proof that there is" },
	{ .name = "other-epoch", .help = "ask for the epoch after the one in force" },
	AS,
	END,
};
static const struct cdr_option put_options[] = {
	{ .name = "put", .value = "HANDLE", .help = "32 hexadecimal digits" },
	{ .name = "remove", .value = "HANDLE", .help = "32 hexadecimal digits" },
	AS,
	END,
};
static const struct cdr_option post_options[] = {
	{ .name = "from", .value = "ID", .help = "sender as the mail names it" },
	{ .name = "bytes", .value = "N", .help = "size", .min = 1, .max = CDR_BODY_MAIL_MAX },
	TO,
	AS,
	END,
};
static const struct cdr_option letter_options[] = {
	{ .name = "request", .value = "ID", .help = "what it is about", .required = true },
	{ .name = "responder", .value = "ID", .help = "for whom the statement speaks" },
	TO,
	AS,
	END,
};
static const struct cdr_option call_options[] = { AS, END };

static const struct cdr_command commands[] = {
	{ .name = "evaluate", .summary = "Ask a trustee", .options = evaluate_options, .handle = evaluate },
	{ .name = "put", .summary = "Change the index", .options = put_options, .handle = index_put },
	{ .name = "post", .summary = "Post random bytes as a letter", .options = post_options, .handle = post },
	{ .name = "statement", .summary = "Post a statement", .options = letter_options, .handle = statement },
	{ .name = "probe-reply", .summary = "Post a reply to a probe", .options = letter_options, .handle = probe_reply },
	{ .name = "show-other", .operands = "NUMBER", .operand_min = 1, .operand_max = 1, .summary = "Show the auditor somebody else than was drawn",
	    .options = call_options, .handle = show_other },
	{ .name = "call", .operands = "PATH", .operand_min = 1, .operand_max = 1, .summary = "Call a path of the hub",
	    .options = call_options, .handle = call },
	{ .name = NULL },
};

int
main(int argc, char **argv)
{
	static const struct cdr_program program = {
		.name = "lying_member", .version = "1", .summary = "A member that lies", .commands = commands,
		.options = cdr_node_options,
	};
	struct cdr_fault fault = { 0 };

	if (cdr_secret_start(&fault) != CDR_OK) {
		(void)fprintf(stderr, "lying_member: %s\n", fault.text);
		return CDR_EXIT_FAILED;
	}
	return cdr_arguments_main(&program, argc, argv);
}
