#include "node/member/api_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The API as OpenAPI 3.1: every path of the table, with what its command takes and who may give it. */

#define NAME_LEN 64
#define TEXT_LEN 512

/* "Check the candidates of a file" as a sentence's beginning: the summaries of commands begin small. */
static json_t *
sentence(const char *summary, const char *end)
{
	char text[TEXT_LEN];

	(void)snprintf(text, sizeof(text), "%s%s", summary, end);
	text[0] = (char)toupper((unsigned char)text[0]);
	return json_string(text);
}

static const struct cdr_command *
command_of(const struct cdr_program *program, const struct cdr_api_route *route)
{
	for (const struct cdr_command *c = program->commands; route->command != NULL && c->name != NULL; c++)
		if (strcmp(c->name, route->command) == 0)
			return c;
	return NULL;
}

/* The option that a field is; NULL: none. */
static const struct cdr_option *
option_of(const struct cdr_command *command, const char *field)
{
	char name[NAME_LEN];

	(void)snprintf(name, sizeof(name), "%s", field);
	for (char *c = name; *c != '\0'; c++)
		*c = *c == '_' ? '-' : *c;
	for (const struct cdr_option *o = command != NULL ? command->options : NULL; o != NULL && o->name != NULL; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

/* What a field may be. A list of texts goes wherever a text with semicolons does. */
static json_t *
schema_of(const struct cdr_option *option)
{
	if (option == NULL)
		return json_pack("{s:s}", "type", "string");
	if (option->value == NULL)
		return json_pack("{s:s, s:s}", "type", "boolean", "description", option->help);
	if (option->min < option->max)
		return json_pack("{s:s, s:I, s:I, s:s}", "type", "integer", "minimum", (json_int_t)option->min, "maximum", (json_int_t)option->max,
		    "description", option->help);
	return json_pack("{s:[s, s], s:{s:s}, s:s}", "type", "string", "array", "items", "type", "string", "description", option->help);
}

/* The next of the names between blanks; false after the last. */
static bool
next_name(const char **names, char name[static NAME_LEN])
{
	size_t len = *names != NULL ? strcspn(*names, " ") : 0;

	if (len == 0 || len >= NAME_LEN)
		return false;
	memcpy(name, *names, len);
	name[len] = '\0';
	*names += len + ((*names)[len] == ' ');
	return true;
}

static json_t *
parameter(const char *name, const char *in, bool required, json_t *schema)
{
	return json_pack("{s:s, s:s, s:b, s:o}", "name", name, "in", in, "required", required, "schema", schema);
}

/* The path with the names of its operands, "/v1/checks/{reference}", and a parameter for each. */
static void
describe_path(const struct cdr_api_route *route, const struct cdr_command *command, char path[static TEXT_LEN], json_t *parameters)
{
	const char *operands = command != NULL ? command->operands : NULL;
	size_t len = 0;
	char name[NAME_LEN];

	for (const char *c = route->path; *c != '\0' && len + NAME_LEN + 2 < TEXT_LEN; c++) {
		path[len++] = *c;
		if (*c != '{' || !next_name(&operands, name))
			continue;
		name[strcspn(name, "|.[")] = '\0';
		if (name[0] == '\0')
			(void)snprintf(name, sizeof(name), "which");
		for (char *n = name; *n != '\0'; n++)
			path[len++] = *n = (char)tolower((unsigned char)*n);
		(void)json_array_append_new(parameters, parameter(name, "path", true, json_pack("{s:s}", "type", "string")));
	}
	path[len] = '\0';
}

/* Fields of a query, and those that say which page. */
static void
describe_query(const struct cdr_api_route *route, const struct cdr_command *command, json_t *parameters)
{
	const char *names = route->body == CDR_API_FIELDS ? NULL : route->fields;
	char name[NAME_LEN];

	while (next_name(&names, name))
		(void)json_array_append_new(parameters, parameter(name, "query", false, schema_of(option_of(command, name))));
	if (route->list != NULL) {
		(void)json_array_append_new(parameters, json_pack("{s:s}", "$ref", "#/components/parameters/limit"));
		(void)json_array_append_new(parameters, json_pack("{s:s}", "$ref", "#/components/parameters/cursor"));
	}
	if (cdr_api_writes(route))
		(void)json_array_append_new(parameters, json_pack("{s:s}", "$ref", "#/components/parameters/key"));
}

/* A JSON body whose members are the command's options. */
static json_t *
describe_fields(const struct cdr_api_route *route, const struct cdr_command *command)
{
	const char *names = route->fields;
	json_t *properties = json_object(), *required = json_array();
	char name[NAME_LEN];

	if (route->operand != NULL) {
		(void)json_object_set_new(properties, route->operand, json_pack("{s:s}", "type", "string"));
		(void)json_array_append_new(required, json_string(route->operand));
	}
	while (next_name(&names, name)) {
		const struct cdr_option *option = option_of(command, name);
		(void)json_object_set_new(properties, name, schema_of(option));
		if (option != NULL && option->required)
			(void)json_array_append_new(required, json_string(name));
	}
	json_t *schema = json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties, "additionalProperties", 0);
	if (json_array_size(required) > 0)
		(void)json_object_set(schema, "required", required);
	json_decref(required);
	return schema;
}

/* The body; NULL: there is none. */
static json_t *
describe_body(const struct cdr_api_route *route, const struct cdr_command *command)
{
	json_t *content = json_object();

	switch (route->body) {
	case CDR_API_NOTHING:
		json_decref(content);
		return NULL;
	case CDR_API_FIELDS:
		(void)json_object_set_new(content, "application/json", json_pack("{s:o}", "schema", describe_fields(route, command)));
		break;
	case CDR_API_DOCUMENT:
		(void)json_object_set_new(content, "application/json", route->command != NULL ? json_pack("{s:{s:s}}", "schema", "type", "object") :
			json_pack("{s:{s:s}}", "schema", "$ref", "#/components/schemas/login"));
		break;
	case CDR_API_TABLE:
		(void)json_object_set_new(content, "text/csv", json_pack("{s:{s:s}}", "schema", "type", "string"));
		(void)json_object_set_new(content, CDR_API_XLSX, json_object());
		/* fallthrough */
	case CDR_API_FILE:
		(void)json_object_set_new(content, CDR_API_BYTES, json_object());
	}
	return json_pack("{s:b, s:o}", "required", 1, "content", content);
}

/* What comes back when it went well, and that everything else is a problem. */
static json_t *
describe_responses(const struct cdr_api_route *route)
{
	char status[8];
	json_t *good = json_pack("{s:s}", "description", route->status == 204 ? "It is done" : "What the command of this name says with --json");

	(void)snprintf(status, sizeof(status), "%d", route->status);
	if (route->file_type != NULL) {
		(void)json_object_set_new(good, "description", json_string("A file"));
		(void)json_object_set_new(good, "content", json_pack("{s:{}}", route->file_type));
	} else if (route->list != NULL) {
		(void)json_object_set_new(good, "content", json_pack("{s:{s:{s:s, s:[s, s], s:{s:{s:s, s:{}}, s:{s:[s, s]}}}}}", "application/json", "schema",
		    "type", "object", "required", route->list, "next_cursor", "properties", route->list, "type", "array", "items", "next_cursor", "type",
		    "string", "null"));
	} else if (route->status != 204) {
		(void)json_object_set_new(good, "content", json_pack("{s:{s:{s:s}}}", "application/json", "schema", "type", "object"));
	}
	return json_pack("{s:o, s:{s:s}}", status, good, "default", "$ref", "#/components/responses/problem");
}

/* "check ask-guest" as checkAskGuest. */
static json_t *
operation_id(const struct cdr_api_route *route)
{
	char id[NAME_LEN];
	size_t len = 0;
	bool large = false;

	for (const char *c = route->name != NULL ? route->name : route->command; *c != '\0' && len + 1 < sizeof(id); c++) {
		if (isalnum((unsigned char)*c) != 0)
			id[len++] = large ? (char)toupper((unsigned char)*c) : *c;
		large = isalnum((unsigned char)*c) == 0;
	}
	return json_stringn(id, len);
}

static json_t *
describe_route(const struct cdr_program *program, const struct cdr_api_route *route, char path[static TEXT_LEN])
{
	const struct cdr_command *command = command_of(program, route);
	char roles[CDR_ROLES_TEXT_LEN] = "anybody", text[TEXT_LEN];
	json_t *parameters = json_array(), *body = describe_body(route, command);

	describe_path(route, command, path, parameters);
	describe_query(route, command, parameters);
	if (route->command != NULL)
		cdr_roles_write(cdr_access_roles(route->command), roles);
	(void)snprintf(text, sizeof(text), "%s. Roles: %s.%s", command != NULL ? command->summary : "Of the API itself", roles,
	    route->file_member != NULL ? " The answer holds the file for e-mail too." : "");
	json_t *operation = json_pack("{s:o, s:o, s:o, s:o, s:[s]}", "operationId", operation_id(route), "summary",
	    sentence(command != NULL ? command->summary : route->name, ""), "description", sentence(text, ""), "responses", describe_responses(route),
	    "tags", "candor");
	if (json_array_size(parameters) > 0)
		(void)json_object_set(operation, "parameters", parameters);
	json_decref(parameters);
	if (body != NULL)
		(void)json_object_set_new(operation, "requestBody", body);
	if (route->command == NULL && (route->body == CDR_API_DOCUMENT || strcmp(route->path, "/openapi.json") == 0))
		(void)json_object_set_new(operation, "security", json_array());
	return operation;
}

/* What several paths share. */
static json_t *
describe_components(void)
{
	return json_pack("{s:{s:{s:s, s:s, s:s}}, s:{s:o, s:o, s:o}, s:{s:{s:s, s:{s:{s:{s:s}}}}}, s:{s:o, s:o}}",
	    "securitySchemes", "bearer", "type", "http", "scheme", "bearer", "description", "A key (ck_...) or the token of a session (cs_...).",
	    "parameters",
	    "limit", json_pack("{s:s, s:s, s:{s:s, s:i, s:i, s:i}}", "name", "limit", "in", "query", "schema", "type", "integer", "minimum", 1, "maximum",
		CDR_API_PAGE_MAX, "default", CDR_API_PAGE_DEFAULT),
	    "cursor", json_pack("{s:s, s:s, s:s, s:{s:s}}", "name", "cursor", "in", "query", "description", "The next_cursor of the page before.", "schema",
		"type", "string"),
	    "key", json_pack("{s:s, s:s, s:b, s:s, s:{s:s, s:i, s:i}}", "name", "Idempotency-Key", "in", "header", "required", 1, "description",
		"The same key again gets the same answer, for seven days; with another request it is refused.", "schema", "type", "string", "minLength", 1,
		"maxLength", 128),
	    "responses", "problem", "description", "Why not (RFC 9457)", "content", "application/problem+json", "schema", "$ref",
	    "#/components/schemas/problem",
	    "schemas",
	    "problem", json_pack("{s:s, s:[s, s, s, s], s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}}}", "type", "object", "required", "type", "status",
		"code", "detail", "properties", "type", "type", "string", "status", "type", "integer", "code", "type", "string", "detail", "type", "string",
		"report", "description", "What is wrong with the rows of a file, or the fields of a body."),
	    "login", json_pack("{s:s, s:[s, s], s:{s:{s:s}, s:{s:s}, s:{s:s, s:s}}}", "type", "object", "required", "name", "password", "properties",
		"name", "type", "string", "password", "type", "string", "code", "type", "string", "description", "Of an authenticator, or a recovery code."));
}

/* see node/member/api.h */
json_t *
cdr_api_describe(const struct cdr_program *program)
{
	const struct cdr_api_route *route;
	static const char *const methods[] = { [CDR_REST_GET] = "get", [CDR_REST_POST] = "post", [CDR_REST_DELETE] = "delete" };
	json_t *paths = json_object();
	char path[TEXT_LEN];

	for (size_t i = 0; (route = cdr_api_route_at(i)) != NULL; i++) {
		json_t *operation = describe_route(program, route, path);
		json_t *item = json_object_get(paths, path);
		if (item == NULL) {
			item = json_object();
			(void)json_object_set_new(paths, path, item);
		}
		(void)json_object_set_new(item, methods[route->method], operation);
	}
	return json_pack("{s:s, s:{s:s, s:s, s:s, s:s, s:{s:s, s:s}}, s:[{s:s, s:s}], s:[{s:s, s:s}], s:[{s:[]}], s:o, s:o}", "openapi", "3.1.0",
	    "info", "title", "Candor: the API of a member's node", "version", program->version, "summary",
	    "Check candidates with former employers, and answer such checks", "description",
	    "Served on loopback by `candor serve --api-listen`. Every call is a command of `candor` with its JSON. Lists come in pages, the oldest first. "
	    "Errors are problem+json (RFC 9457).", "license", "name", "See the LICENSE of Candor", "identifier", "LicenseRef-Candor",
	    "servers", "url", "http://127.0.0.1:8321", "description", "Whatever loopback address the node was told",
	    "tags", "name", "candor", "description", "The calls of a node", "security", "bearer", "paths", paths, "components", describe_components());
}
