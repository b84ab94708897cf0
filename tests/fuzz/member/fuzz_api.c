/*
 * JSON bodies of the API: whatever comes, a command gets only the options that its path knows, as texts without a NUL, or none at all.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "node/member/api_parts.h"

#define FIELDS 18

static const struct cdr_option options[] = {
	{ .name = "reference", .value = "T" }, { .name = "given-names", .value = "T" }, { .name = "family-names", .value = "T" },
	{ .name = "other-names", .value = "T" }, { .name = "native-name", .value = "T" }, { .name = "date-of-birth", .value = "T" },
	{ .name = "gender", .value = "T" }, { .name = "nationality", .value = "T" }, { .name = "document-type", .value = "T" },
	{ .name = "document-country", .value = "T" }, { .name = "document-number", .value = "T" }, { .name = "email", .value = "T" },
	{ .name = "phone", .value = "T" }, { .name = "declared-employers", .value = "T" }, { .name = "position-category", .value = "T" },
	{ .name = "legal-basis", .value = "T" }, { .name = "candidate-notified", .value = "T" }, { .name = "notified-on", .value = "T" },
	/* What no path knows: were it ever given, a file could be read. */
	{ .name = "passphrase-file", .value = "FILE" }, { .name = NULL },
};

static cdr_err
handle(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	size_t given = 0;

	(void)fault;
	assert(cdr_arguments_text(arguments, "passphrase-file") == NULL && cdr_arguments_operand_count(arguments) == 0);
	for (size_t i = 0; i < FIELDS; i++) {
		const char *text = cdr_arguments_text(arguments, options[i].name);
		given += text != NULL;
		assert(text == NULL || strlen(text) < 65536);
	}
	return cdr_report_json(report, json_pack("{s:i}", "given", (int)given));
}

static const struct cdr_command commands[] = { { .name = "check new", .summary = "s", .options = options, .handle = handle }, { .name = NULL } };
static const struct cdr_program program = { .name = "fuzz", .version = "1", .summary = "s", .commands = commands };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct cdr_member member;
	struct cdr_rest_head head = { .method = CDR_REST_POST, .path = "/v1/checks", .content_type = "application/json" };
	struct cdr_fault fault = { 0 };
	bool known;
	struct cdr_api_call *call = calloc(1, sizeof(*call));

	assert(call != NULL);
	*call = (struct cdr_api_call){ .member = &member, .program = &program, .head = &head, .body = { data, len }, .fault = &fault };
	call->actor.roles = CDR_ROLE_HR;
	call->route = cdr_api_route_find(&head, call, &known);
	assert(call->route != NULL && known);
	cdr_err err = cdr_api_run(call);
	assert((err == CDR_OK) == (json_integer_value(json_object_get(call->result, "given")) >= 0 && call->result != NULL));
	assert(err == CDR_OK || fault.code == err);
	json_decref(call->result);
	free(call);
	return 0;
}
