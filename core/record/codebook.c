#include "core/record/codebook.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/embed.h"
#include "core/record/book.h"
#include "core/record/text.h"

#define LABEL_MAX 400
#define LANGUAGE_COUNT_MAX 16
#define CODE_COUNT_MAX 128

CDR_EMBED(cdr_codebook_builtin, "core/record/data/codebook.json");

/* A list of codes is kept as jansson reads it: an object in the order of the file, which is only read from here on. */
struct cdr_codebook {
	json_t *root;
	json_t *lists;     /* borrowed from root, as are the two below */
	json_t *languages;
	json_t *nothing;   /* the codes of the list "nothing" */
	const char *version;
	struct cdr_book *book; /* what it says about incidents; NULL: nothing */
};

/* What the rules of this program ask for: a list, and a meaning that at least one of its codes has, or a code. */
static const struct {
	const char *list, *means, *code;
} needed[] = {
	{ "nothing", NULL, "unknown" },
	{ "gender", NULL, NULL },
	{ "document_type", NULL, NULL },
	{ "engagement_type", NULL, NULL },
	{ "position_category", NULL, NULL },
	{ "address_found", "candidate", NULL },
	{ "legal_basis", NULL, NULL },
	{ "candidate_notified", NULL, NULL },
	{ "signer_role", NULL, NULL },
	{ "identity_match", "answers", NULL },
	{ "identity_match", "not_known_here", NULL },
	{ "identity_match", "ambiguous", NULL },
	{ "coverage_quality", "complete", NULL },
	{ "answer", "no_record", NULL },
	{ "answer", "disclosure", NULL },
	{ "answer", "unable", NULL },
	{ "misconduct_type", NULL, NULL },
	{ "involved_child", NULL, NULL },
	{ "process_status", "finding", NULL },
	{ "process_status", "ongoing", NULL },
	{ "process_status", "left", NULL },
	{ "process_status", "undisclosable", NULL },
	{ "sanction", NULL, NULL },
	{ "referred_to_authorities", "yes", NULL },
	{ "legal_limit_reason", "law", NULL },
	{ "right_of_reply", NULL, NULL },
	{ "result", NULL, "disclosure" },
	{ "result", NULL, "unable_to_answer" },
	{ "result", NULL, "no_record_held" },
	{ "result", NULL, "not_known_here" },
	{ "result", NULL, "no_response" },
};

#define NEEDED_COUNT (sizeof(needed) / sizeof(needed[0]))

/* ---- looking up ------------------------------------------------------------------------------------------------ */

static json_t *
codes_of(const struct cdr_codebook *codebook, const char *list)
{
	return json_object_get(json_object_get(codebook->lists, list), "codes");
}

/* The entry of ${code} in ${list}, also if it says nothing and the list allows that; NULL if there is none. */
static json_t *
entry_of(const struct cdr_codebook *codebook, const char *list, const char *code)
{
	json_t *found = json_object_get(codes_of(codebook, list), code);

	if (found == NULL && json_is_true(json_object_get(json_object_get(codebook->lists, list), "nothing")))
		found = json_object_get(codebook->nothing, code);
	return found;
}

/* Key number ${at} of an object. */
static const char *
key_at(json_t *object, size_t at)
{
	void *i = json_object_iter(object);

	while (i != NULL && at-- > 0)
		i = json_object_iter_next(object, i);
	return i == NULL ? NULL : json_object_iter_key(i);
}

/* see core/record/codebook.h */
const char *
cdr_codebook_version_peek(const struct cdr_codebook *codebook)
{
	return codebook->version;
}

/* see core/record/codebook.h */
const char *
cdr_codebook_list_peek(const struct cdr_codebook *codebook, size_t at)
{
	return key_at(codebook->lists, at);
}

/* see core/record/codebook.h */
const char *
cdr_codebook_code_peek(const struct cdr_codebook *codebook, const char *list, size_t at)
{
	json_t *codes = codes_of(codebook, list);
	size_t count = json_object_size(codes);

	if (at < count)
		return key_at(codes, at);
	return json_is_true(json_object_get(json_object_get(codebook->lists, list), "nothing")) ?
	    key_at(codebook->nothing, at - count) : NULL;
}

/* see core/record/codebook.h */
bool
cdr_codebook_means(const struct cdr_codebook *codebook, const char *list, const char *code, const char *means)
{
	const char *found = json_string_value(json_object_get(entry_of(codebook, list, code), "means"));

	return found != NULL && strcmp(found, means) == 0;
}

/* see core/record/codebook.h */
const char *
cdr_codebook_label_peek(const struct cdr_codebook *codebook, const char *list, const char *code, const char *language)
{
	json_t *labels = code == NULL ? json_object_get(json_object_get(codebook->lists, list), "label") :
	    entry_of(codebook, list, code);
	json_t *label = strcmp(language, "means") == 0 ? NULL : json_object_get(labels, language);

	if (label == NULL)
		label = json_object_get(labels, "en");
	return label == NULL ? "" : json_string_value(label);
}

/* What ${list} accepts, and what ${code} may have been meant for. */
static void
advise(const struct cdr_codebook *codebook, const char *list, const char *code, struct cdr_fault *fault)
{
	char accepted[CDR_FAULT_LEN] = "";
	const char *near = NULL, *known;
	size_t best = SIZE_MAX, len = 0;

	for (size_t i = 0; (known = cdr_codebook_code_peek(codebook, list, i)) != NULL; i++) {
		if (cdr_text_nearer(code, known, &best))
			near = known;
		if (len < sizeof(accepted))
			len += (size_t)snprintf(accepted + len, sizeof(accepted) - len, "%s%s", i > 0 ? ", " : "", known);
	}
	if (near != NULL)
		(void)cdr_fault_set(fault, CDR_E_INPUT, "did you mean %s? Codes are %s", near, accepted);
	else
		(void)cdr_fault_set(fault, CDR_E_INPUT, "codes are %s", accepted);
}

/* see core/record/codebook.h */
cdr_err
cdr_codebook_check(const struct cdr_codebook *codebook, const char *list, const char *code, struct cdr_fault *fault)
{
	if (codes_of(codebook, list) == NULL)
		return cdr_fault_set(fault, CDR_E_ABSENT, "codebook %s has no list %s", codebook->version, list);
	if (entry_of(codebook, list, code) != NULL)
		return CDR_OK;
	if (fault != NULL)
		advise(codebook, list, code, fault);
	return CDR_E_INPUT;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* 1 to ${max} characters of ASCII letters and digits, and of those in ${others}. */
static bool
is_word(const char *text, size_t max, const char *others)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool usual = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!usual && strchr(others, c) == NULL)
			return false;
	}
	return len > 0 && len <= max;
}

static cdr_err CDR_PRINTF(2, 3)
bad(struct cdr_fault *fault, const char *format, ...)
{
	char text[CDR_FAULT_LEN - 16];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return cdr_fault_set(fault, CDR_E_INPUT, "codebook: %s", text);
}

/* Is ${means} something that the rules know about ${list}? */
static bool
means_known(const char *list, const char *means)
{
	for (size_t i = 0; i < NEEDED_COUNT; i++)
		if (needed[i].means != NULL && strcmp(needed[i].list, list) == 0 && strcmp(needed[i].means, means) == 0)
			return true;
	return false;
}

/* An object of labels has every language, and besides them at most `means`, if ${list} may have it. */
static cdr_err
check_labels(const struct cdr_codebook *codebook, const char *list, const char *code, json_t *labels, struct cdr_fault *fault)
{
	size_t at, expected = json_array_size(codebook->languages);
	json_t *language, *means = json_object_get(labels, "means");

	if (!json_is_object(labels))
		return bad(fault, "%s.%s is not an object of labels", list, code);
	json_array_foreach(codebook->languages, at, language) {
		const char *name = json_string_value(language);
		const char *label = json_string_value(json_object_get(labels, name));
		if (label == NULL || label[0] == '\0' || strlen(label) > LABEL_MAX)
			return bad(fault, "%s.%s needs a label of 1 to %d bytes in \"%s\"", list, code, LABEL_MAX, name);
	}
	if (means != NULL && (!json_is_string(means) || !means_known(list, json_string_value(means))))
		return bad(fault, "%s.%s: no rule knows this `means`", list, code);
	if (json_object_size(labels) != expected + (means != NULL))
		return bad(fault, "%s.%s has labels in languages that are not listed", list, code);
	return CDR_OK;
}

static cdr_err
check_list(const struct cdr_codebook *codebook, const char *name, json_t *list, struct cdr_fault *fault)
{
	json_t *codes = json_object_get(list, "codes"), *entry;
	const char *code;
	cdr_err err;

	if (!is_word(name, CDR_CODE_LEN - 1, "_") || !json_is_object(codes) || json_object_size(list) != 3 ||
	    !json_is_boolean(json_object_get(list, "nothing")) || json_object_get(list, "label") == NULL)
		return bad(fault, "each list has a name of letters, digits and '_', and exactly `label`, `nothing` and `codes`");
	if (json_object_get(json_object_get(list, "label"), "means") != NULL)
		return bad(fault, "%s: a list has no `means`", name);
	err = check_labels(codebook, name, "label", json_object_get(list, "label"), fault);
	if (err != CDR_OK)
		return err;
	if (json_object_size(codes) == 0 || json_object_size(codes) > CODE_COUNT_MAX)
		return bad(fault, "%s needs 1 to %d codes", name, CODE_COUNT_MAX);
	json_object_foreach(codes, code, entry) {
		if (!is_word(code, CDR_CODE_LEN - 1, "_-+<>"))
			return bad(fault, "a code of %s is not 1 to %d letters, digits and '_-+<>'", name, CDR_CODE_LEN - 1);
		err = check_labels(codebook, name, code, entry, fault);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

/* The frame around the lists. */
static cdr_err
check_root(struct cdr_codebook *codebook, struct cdr_fault *fault)
{
	const char *kind = json_string_value(json_object_get(codebook->root, "codebook"));
	json_t *language;
	size_t at;
	bool english = false;
	size_t known = json_object_get(codebook->root, "incident") != NULL ? 5 : 4;

	codebook->version = json_string_value(json_object_get(codebook->root, "version"));
	codebook->languages = json_object_get(codebook->root, "languages");
	codebook->lists = json_object_get(codebook->root, "lists");
	codebook->nothing = codes_of(codebook, "nothing");
	if (kind == NULL || strcmp(kind, "candor") != 0 || json_object_size(codebook->root) != known)
		return bad(fault, "it has exactly `codebook` (\"candor\"), `version`, `languages`, `lists`, and perhaps `incident`");
	if (codebook->version == NULL || !is_word(codebook->version, CDR_CODEBOOK_VERSION_LEN - 1, ".-"))
		return bad(fault, "`version` is 1 to %d letters, digits, '.' and '-'", CDR_CODEBOOK_VERSION_LEN - 1);
	if (!json_is_array(codebook->languages) || json_array_size(codebook->languages) > LANGUAGE_COUNT_MAX ||
	    !json_is_object(codebook->lists))
		return bad(fault, "`languages` is an array of at most %d, `lists` an object", LANGUAGE_COUNT_MAX);
	json_array_foreach(codebook->languages, at, language) {
		const char *name = json_string_value(language);
		if (name == NULL || !is_word(name, 3, "") || strlen(name) < 2)
			return bad(fault, "a language is a code of two or three letters");
		for (size_t other = 0; other < at; other++)
			if (strcmp(name, json_string_value(json_array_get(codebook->languages, other))) == 0)
				return bad(fault, "language \"%s\" is listed twice", name);
		english = english || strcmp(name, "en") == 0;
	}
	return english ? CDR_OK : bad(fault, "`languages` needs \"en\"");
}

/* Does a code of ${list} stand for ${means}? */
static bool
any_means(const struct cdr_codebook *codebook, const char *list, const char *means)
{
	json_t *entry;
	const char *code;

	json_object_foreach(codes_of(codebook, list), code, entry)
		if (cdr_codebook_means(codebook, list, code, means))
			return true;
	return false;
}

/* Without these the rules of statements would silently pass everything. */
static cdr_err
check_needed(const struct cdr_codebook *codebook, struct cdr_fault *fault)
{
	for (size_t i = 0; i < NEEDED_COUNT; i++) {
		const char *list = needed[i].list, *means = needed[i].means, *code = needed[i].code;
		if (codes_of(codebook, list) == NULL)
			return cdr_fault_set(fault, CDR_E_REFUSED, "codebook: the list %s is missing", list);
		if (means != NULL && !any_means(codebook, list, means))
			return cdr_fault_set(fault, CDR_E_REFUSED, "codebook: no code of %s means \"%s\"", list, means);
		if (code != NULL && entry_of(codebook, list, code) == NULL)
			return cdr_fault_set(fault, CDR_E_REFUSED, "codebook: the code %s.%s is missing", list, code);
	}
	return CDR_OK;
}

static cdr_err
check(struct cdr_codebook *codebook, struct cdr_fault *fault)
{
	cdr_err err = check_root(codebook, fault);
	const char *name;
	json_t *list;

	if (err != CDR_OK)
		return err;
	json_object_foreach(codebook->lists, name, list) {
		err = check_list(codebook, name, list, fault);
		if (err != CDR_OK)
			return err;
	}
	err = check_needed(codebook, fault);
	const json_t *incident = json_object_get(codebook->root, "incident");
	return err != CDR_OK || incident == NULL ? err : cdr_book_new(codebook, incident, &codebook->book, fault);
}

/* see core/record/book.h */
const struct cdr_book *
cdr_codebook_book_peek(const struct cdr_codebook *codebook)
{
	return codebook->book;
}

/* see core/record/codebook.h */
cdr_err
cdr_codebook_new(struct cdr_bytes json, struct cdr_codebook **out, struct cdr_fault *fault)
{
	struct cdr_codebook *codebook = NULL;
	json_error_t where;
	cdr_err err = CDR_E_INTERNAL;

	*out = NULL;
	if (json.data == NULL)
		json = (struct cdr_bytes) { cdr_codebook_builtin, (uintptr_t)cdr_codebook_builtin_end - (uintptr_t)cdr_codebook_builtin };
	if (json.len > CDR_CODEBOOK_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "codebook: %zu bytes, at most %u are read", json.len, CDR_CODEBOOK_MAX);
	codebook = calloc(1, sizeof(*codebook));
	if (codebook == NULL)
		return cdr_fault_set(fault, CDR_E_MEMORY, "codebook: no memory");
	codebook->root = json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, &where);
	if (codebook->root == NULL) {
		err = bad(fault, "line %d, column %d: %s", where.line, where.column, where.text);
		goto out;
	}
	CDR_TRY(check(codebook, fault));
	*out = codebook;
	codebook = NULL;
out:
	cdr_codebook_free(codebook);
	return err;
}

/* see core/record/codebook.h */
void
cdr_codebook_free(struct cdr_codebook *codebook)
{
	if (codebook == NULL)
		return;
	cdr_book_free(codebook->book);
	json_decref(codebook->root);
	free(codebook);
}
