#include "node/member/api_parts.h"

#include <string.h>

#include "core/record/candidate.h"
#include "core/record/incident_file.h"
#include "core/record/leaver.h"

/* Every path of the API. Who may take it stands with its command, in access.c; api_describe.c tells others of it. */

#define GET .method = CDR_REST_GET, .status = 200
#define POST .method = CDR_REST_POST, .status = 201
#define DELETE .method = CDR_REST_DELETE, .status = 200
#define FIELDS .body = CDR_API_FIELDS, .body_max = CDR_API_JSON_MAX
#define DOCUMENT .body = CDR_API_DOCUMENT, .body_max = CDR_API_JSON_MAX
#define TABLE .body = CDR_API_TABLE, .file_option = ""

#define IDENTITY_FIELDS "given_names family_names other_names native_name date_of_birth gender document_type document_country " \
	"document_number email phone"
#define CANDIDATE_FIELDS "reference " IDENTITY_FIELDS " nationality declared_employers position_category legal_basis candidate_notified " \
	"notified_on watch"
#define GUEST_FIELDS "employer email found found_note contact_name contact_email contact_phone guest_language position country from to " \
	"engagement_type employee_number days no_link language"
#define CASE_FIELDS "employee_number given_names family_names date_of_birth own_reference misconduct_type involved_child committed concluded " \
	"process_status sanction referred referred_country summary country limit_reason right_of_reply"

static const struct cdr_api_route routes[] = {
	/* the API itself */
	{ GET, .path = "/openapi.json", .name = "describe" },
	{ POST, .path = "/v1/sessions", .name = "login", .body = CDR_API_DOCUMENT, .body_max = CDR_API_LOGIN_MAX },
	{ .method = CDR_REST_DELETE, .status = 204, .path = "/v1/sessions/current", .name = "logout" },
	{ GET, .path = "/v1/me", .name = "me" },

	/* the exchange */
	{ GET, .path = "/v1/members", .command = "members", .list = "members" },
	{ GET, .path = "/v1/misconduct", .command = "reports", .list = "misconduct" },
	{ GET, .path = "/v1/notice", .command = "notice", .fields = "language watch" },
	{ GET, .path = "/v1/codebook", .command = "codebook show", .fields = "language", .list = "fields" },

	/* checks */
	{ GET, .path = "/v1/checks", .command = "check list", .fields = "language", .list = "checks" },
	{ POST, .path = "/v1/checks", .command = "check new", FIELDS, .fields = CANDIDATE_FIELDS },
	{ POST, .path = "/v1/checks/imports", .command = "check import", TABLE, .fields = "skip_bad watch", .body_max = CDR_CANDIDATE_FILE_MAX },
	{ GET, .path = "/v1/checks/{}", .command = "check show", .fields = "language" },
	{ GET, .path = "/v1/checks/{}/pdf", .command = "check show", .name = "check_print", .fields = "language", .file_option = "pdf", .file_type = CDR_API_PDF },
	{ GET, .path = "/v1/checks/{}/statements/{}", .command = "statement export", .file_option = "", .file_type = CDR_API_BYTES },
	{ POST, .path = "/v1/checks/{}/employers/{}/hearing", .command = "check hear", FIELDS, .fields = "words" },
	{ POST, .path = "/v1/checks/{}/employers/{}/dispute", .command = "subject dispute", FIELDS, .fields = "words" },
	{ POST, .path = "/v1/checks/{}/objection", .command = "subject object", FIELDS, .fields = "words" },
	{ POST, .path = "/v1/checks/{}/outcome", .command = "check outcome", FIELDS, .operand = "outcome" },
	{ POST, .path = "/v1/checks/{}/withdrawal", .command = "check withdraw", FIELDS },
	{ GET, .path = "/v1/results.csv", .command = "check list", .name = "results_csv", .fields = "language", .file_option = "output", .fixed = "format",
	    .fixed_value = "csv", .file_type = "text/csv; charset=utf-8" },
	{ GET, .path = "/v1/results.xlsx", .command = "check list", .name = "results_xlsx", .fields = "language", .file_option = "output", .fixed = "format",
	    .fixed_value = "xlsx", .file_type = CDR_API_XLSX },

	/* former employers that are no members */
	{ POST, .path = "/v1/checks/{}/guests", .command = "check ask-guest", FIELDS, .fields = GUEST_FIELDS, .file_option = "out", .file_member = "page",
	    .alone = true },
	{ POST, .path = "/v1/guests/answers", .command = "check guest-answer", .body = CDR_API_FILE, .fields = "language", .file_option = "",
	    .body_max = CDR_GUEST_FILE_MAX },
	{ GET, .path = "/v1/guests/{}/scan", .command = "check guest-scan", .fields = "number", .file_option = "", .file_type = CDR_API_BYTES },
	{ POST, .path = "/v1/guests/{}/withdrawal", .command = "check withdraw-guest", FIELDS },

	/* requests of others */
	{ GET, .path = "/v1/inbox", .command = "inbox list", .fields = "all", .list = "requests" },
	{ GET, .path = "/v1/inbox/{}", .command = "inbox show", .fields = "language" },
	{ POST, .path = "/v1/inbox/{}/answer", .command = "inbox answer", DOCUMENT, .fields = "leaver valid_days", .file_option = "file" },
	{ GET, .path = "/v1/inbox/{}/draft", .command = "inbox draft" },
	{ POST, .path = "/v1/inbox/{}/approval", .command = "inbox approve", FIELDS, .fields = "draft signer_name signer_role language" },
	{ POST, .path = "/v1/inbox/{}/rejection", .command = "inbox reject", FIELDS },
	{ POST, .path = "/v1/inbox/{}/later-answer", .command = "statement supersede", DOCUMENT, .fields = "leaver valid_days", .file_option = "file" },
	{ GET, .path = "/v1/cases", .command = "case list", .fields = "language", .list = "cases" },
	{ POST, .path = "/v1/cases", .command = "case add", FIELDS, .fields = CASE_FIELDS },
	{ GET, .path = "/v1/cases/{}", .command = "case show", .fields = "language" },
	{ POST, .path = "/v1/cases/{}", .command = "case edit", FIELDS, .fields = CASE_FIELDS },
	{ GET, .path = "/v1/leavers", .command = "leavers status", .fields = "language" },
	{ POST, .path = "/v1/leavers/imports", .command = "leavers import", TABLE, .fields = "skip_bad partial allow_removals", .fixed = "no-wait",
	    .body_max = CDR_LEAVER_FILE_MAX },

	/* evaluations that were drawn by lot */
	{ GET, .path = "/v1/samples", .command = "audit list", .fields = "language", .list = "drawn" },
	{ GET, .path = "/v1/samples/{}", .command = "audit show" },
	{ POST, .path = "/v1/samples/{}/opening", .command = "audit open", FIELDS },
	{ POST, .path = "/v1/samples/{}/refusal", .command = "audit refuse", FIELDS },

	/* rights */
	{ POST, .path = "/v1/subjects/search", .command = "subject access", FIELDS, .fields = IDENTITY_FIELDS " language", .reads = true },
	{ POST, .path = "/v1/subjects/{}/rectification", .command = "subject rectify", FIELDS, .fields = IDENTITY_FIELDS " language" },
	{ POST, .path = "/v1/subjects/{}/erasure", .command = "subject erase", FIELDS },
	{ GET, .path = "/v1/holds", .command = "hold list", .list = "holds" },
	{ POST, .path = "/v1/holds/{}", .command = "hold set", FIELDS, .fields = "who reason" },
	{ DELETE, .path = "/v1/holds/{}", .command = "hold lift" },
	{ GET, .path = "/v1/retention", .command = "retention status" },
	{ GET, .path = "/v1/retention/report", .command = "retention report", .fields = "last", .list = "done" },

	/* incidents and figures */
	{ GET, .path = "/v1/incidents", .command = "incident list", .fields = "language period", .list = "incidents" },
	{ POST, .path = "/v1/incidents", .command = "incident add", DOCUMENT, .fields = "language", .file_option = "file" },
	{ GET, .path = "/v1/incidents.csv", .command = "incident export", .name = "incidents_csv", .file_option = "", .fixed = "format", .fixed_value = "csv",
	    .file_type = "text/csv; charset=utf-8" },
	{ POST, .path = "/v1/incidents/imports", .command = "incident import", TABLE, .fields = "skip_bad partial allow_removals",
	    .body_max = CDR_INCIDENT_FILE_MAX },
	{ GET, .path = "/v1/incidents/deadlines", .command = "incident deadlines", .fields = "language", .list = "donors" },
	{ GET, .path = "/v1/incidents/forms/{}/{}", .command = "incident form", .fields = "language", .file_option = "", .file_type = CDR_API_PDF },
	{ GET, .path = "/v1/incidents/{}", .command = "incident show", .fields = "language" },
	{ POST, .path = "/v1/incidents/{}", .command = "incident edit", DOCUMENT, .fields = "language", .file_option = "file" },
	{ GET, .path = "/v1/reports", .command = "report status", .list = "rounds" },
	{ POST, .path = "/v1/reports", .command = "report submit", FIELDS, .fields = "round drop", .alone = true },
	{ GET, .path = "/v1/reports/{}/preview", .command = "report preview", .fields = "language" },
	{ GET, .path = "/v1/return", .command = "return preview", .fields = "language year" },
	{ GET, .path = "/v1/return/state", .command = "return status", .fields = "language year" },
	{ POST, .path = "/v1/return/records", .command = "return record", FIELDS, .operand = "what", .fields = "count" },
	{ POST, .path = "/v1/return/signature", .command = "return sign", FIELDS, .fields = "year signer_name recruitments_unchecked" },
	{ POST, .path = "/v1/return/sending", .command = "return send", FIELDS, .fields = "year language", .alone = true },

	/* administration; what gives somebody access is made on the command line alone */
	{ GET, .path = "/v1/webhooks", .command = "webhook list", .list = "hooks" },
	{ POST, .path = "/v1/webhooks", .command = "webhook add", FIELDS, .operand = "url" },
	{ DELETE, .path = "/v1/webhooks/{}", .command = "webhook remove" },
	{ GET, .path = "/v1/api-keys", .command = "api-key list", .list = "keys" },
	{ DELETE, .path = "/v1/api-keys/{}", .command = "api-key revoke" },
	{ GET, .path = "/v1/users", .command = "user list", .list = "users" },
	{ DELETE, .path = "/v1/users/{}", .command = "user remove" },
	{ POST, .path = "/v1/users/{}/roles", .command = "user role", FIELDS, .operand = "roles" },
	{ POST, .path = "/v1/users/{}/unlocking", .command = "user unlock", FIELDS },
	{ GET, .path = "/v1/trail", .command = "trail list", .fields = "after max", .list = "entries" },
};

#define ROUTE_COUNT (sizeof(routes) / sizeof(routes[0]))

/* see node/member/api_parts.h */
const struct cdr_api_route *
cdr_api_route_at(size_t index)
{
	return index < ROUTE_COUNT ? &routes[index] : NULL;
}

/* Does a path fit? A {} takes one segment that is not empty. */
static bool
fits(const char *pattern, const char *path, struct cdr_api_call *call)
{
	size_t count = 0;

	while (*pattern != '\0' && *path != '\0') {
		if (strncmp(pattern, "{}", 2) != 0) {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		size_t len = strcspn(path, "/");
		if (len == 0 || len >= CDR_API_SEGMENT_LEN || count == CDR_API_SEGMENT_MAX)
			return false;
		memcpy(call->segment[count], path, len);
		call->segment[count++][len] = '\0';
		pattern += 2;
		path += len;
	}
	call->segment_count = count;
	return *pattern == '\0' && *path == '\0';
}

/* see node/member/api_parts.h */
const struct cdr_api_route *
cdr_api_route_find(const struct cdr_rest_head *head, struct cdr_api_call *call, bool *known)
{
	*known = false;
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		if (!fits(routes[i].path, head->path, call))
			continue;
		*known = true;
		if (routes[i].method == head->method)
			return &routes[i];
	}
	return NULL;
}

/* see node/member/api_parts.h */
bool
cdr_api_writes(const struct cdr_api_route *route)
{
	return route->command != NULL && route->method != CDR_REST_GET && !route->reads;
}
