/* The codebook: what is built in, what is refused, what is looked up. */
#include "tests/unit/unit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "core/record/codebook.h"

static struct cdr_codebook *book;
static struct cdr_fault fault;

static int
open_builtin(void **state)
{
	(void)state;
	return cdr_codebook_new((struct cdr_bytes) { NULL, 0 }, &book, &fault) == CDR_OK ? 0 : -1;
}

static int
close_builtin(void **state)
{
	(void)state;
	cdr_codebook_free(book);
	return 0;
}

/* The codes of data-dictionary.md, parts (a) and (b). */
static void
the_dictionary_is_there(void **state)
{
	(void)state;
	static const char *const lists[][2] = {
		{ "nothing", "unknown not_collected withheld" },
		{ "precision", "day month quarter half year unknown declared_1_january" },
		{ "request_type", "statement_of_conduct employment_verification match_followup renewal" },
		{ "contact_role", "hr safeguarding_focal_point other_authorised" },
		{ "channel", "node guest_link encrypted_file paper" },
		{ "gender", "female male other unknown not_collected withheld" },
		{ "document_type", "passport national_id" },
		{ "engagement_type", "employee volunteer consultant contractor secondee intern daily_worker board_governance partner_staff unknown" },
		{ "position_category", "programme child_facing support management senior_management board" },
		{ "legal_basis", "legitimate_interest legal_obligation public_task consent vital_interest other" },
		{ "candidate_notified", "job_advert application_form separate_notice signed_declaration" },
		{ "check_status", "draft queued delivered opened answered partially_answered declined_legal no_such_person no_response withdrawn "
		    "expired disputed superseded" },
		{ "outcome_for_hire", "hired not_hired_unrelated not_hired_negative not_hired_absent candidate_withdrew" },
		{ "signer_role", "hr safeguarding_focal_point" },
		{ "identity_match", "confirmed probable not_known_here ambiguous" },
		{ "coverage_quality", "complete partial records_lost pre_dates_scheme" },
		{ "answer", "no_record yes unable_legal unable_policy unable_no_records" },
		{ "misconduct_type", "sexual_exploitation sexual_abuse sexual_harassment" },
		{ "involved_child", "yes no unknown withheld" },
		{ "process_status", "substantiated_final substantiated_appeal_open ongoing left_before_completion substantiated_reversed "
		    "closed_no_finding" },
		{ "sanction", "none verbal_warning written_warning final_warning demotion suspension non_renewal dismissal summary_dismissal "
		    "contract_terminated_third_party resigned_in_lieu barred_from_rehire" },
		{ "referred_to_authorities", "yes no_survivor_wish no_safety_risk no_not_criminal" },
		{ "legal_limit_reason", "national_employment_law data_protection settlement_confidentiality ongoing_criminal_case litigation_hold "
		    "organisational_policy other" },
		{ "right_of_reply", "given not_given declined" },
		{ "result", "disclosure unable_to_answer no_record_held not_known_here no_response" },
		{ "question", "finding ongoing_now left_during" },
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		char codes[512];
		(void)snprintf(codes, sizeof(codes), "%s", lists[i][1]);
		for (char *rest = NULL, *code = strtok_r(codes, " ", &rest); code != NULL; code = strtok_r(NULL, " ", &rest))
			assert_int_equal(cdr_codebook_check(book, lists[i][0], code, &fault), CDR_OK);
	}
	/* Nothing may be said only where that is allowed. */
	assert_int_equal(cdr_codebook_check(book, "legal_basis", "unknown", &fault), CDR_E_INPUT);
	assert_int_equal(cdr_codebook_check(book, "answer", "withheld", &fault), CDR_E_INPUT);
	assert_string_equal(cdr_codebook_version_peek(book), "2025-1");
}

/* Four languages for everything; and never the words that would sound like an acquittal. */
static void
every_code_has_labels(void **state)
{
	(void)state;
	static const char *const languages[] = { "en", "fr", "es", "ar" };
	const char *list, *code;
	size_t count = 0;

	for (size_t l = 0; (list = cdr_codebook_list_peek(book, l)) != NULL; l++)
		for (size_t c = 0; (code = cdr_codebook_code_peek(book, list, c)) != NULL; c++)
			for (size_t i = 0; i < 4; i++) {
				const char *label = cdr_codebook_label_peek(book, list, code, languages[i]);
				char lower[512];
				size_t at = 0;
				for (; label[at] != '\0'; at++)
					lower[at] = (char)tolower((unsigned char)label[at]);
				lower[at] = '\0';
				assert_true(at > 0);
				assert_null(strstr(lower, "clear"));
				assert_null(strstr(lower, "pass "));
				assert_null(strstr(lower, "passed"));
				assert_true(cdr_codebook_label_peek(book, list, NULL, languages[i])[0] != '\0');
				count++;
			}
	assert_true(count >= 4 * 130);
}

static void
labels_are_looked_up(void **state)
{
	(void)state;
	assert_string_equal(cdr_codebook_label_peek(book, "result", "no_record_held", "en"), "no record held");
	assert_string_equal(cdr_codebook_label_peek(book, "gender", "female", "fr"), "Femme");
	assert_string_equal(cdr_codebook_label_peek(book, "gender", "withheld", "en"), "Not shared");
	assert_string_equal(cdr_codebook_label_peek(book, "gender", NULL, "es"), "G\xc3\xa9nero");
	assert_string_equal(cdr_codebook_label_peek(book, "gender", "female", "xx"), "Female");
	assert_string_equal(cdr_codebook_label_peek(book, "answer", "yes", "means"), "Yes");
	assert_string_equal(cdr_codebook_label_peek(book, "gender", "purple", "en"), "");
	assert_string_equal(cdr_codebook_label_peek(book, "colour", NULL, "en"), "");
	assert_null(cdr_codebook_code_peek(book, "colour", 0));
	assert_string_equal(cdr_codebook_code_peek(book, "gender", 0), "female");
	assert_string_equal(cdr_codebook_code_peek(book, "gender", 3), "unknown");
	assert_null(cdr_codebook_code_peek(book, "gender", 6));
	assert_null(cdr_codebook_code_peek(book, "legal_basis", 6));
	assert_null(cdr_codebook_list_peek(book, 10000));
}

static void
codes_are_checked(void **state)
{
	(void)state;
	assert_int_equal(cdr_codebook_check(book, "gender", "femal", &fault), CDR_E_INPUT);
	assert_non_null(strstr(fault.text, "did you mean female?"));
	assert_non_null(strstr(fault.text, "female, male, other, unknown, not_collected, withheld"));
	assert_null(strstr(fault.text, "femal?"));
	assert_int_equal(cdr_codebook_check(book, "signer_role", "safeguarding", &fault), CDR_E_INPUT);
	assert_non_null(strstr(fault.text, "did you mean safeguarding_focal_point?"));
	assert_int_equal(cdr_codebook_check(book, "gender", "zzzz", &fault), CDR_E_INPUT);
	assert_null(strstr(fault.text, "did you mean"));
	assert_int_equal(cdr_codebook_check(book, "gender", "", NULL), CDR_E_INPUT);
	assert_int_equal(cdr_codebook_check(book, "colour", "red", &fault), CDR_E_ABSENT);
	assert_true(cdr_codebook_means(book, "answer", "unable_legal", "unable"));
	assert_false(cdr_codebook_means(book, "answer", "yes", "unable"));
	assert_false(cdr_codebook_means(book, "answer", "zzzz", "unable"));
	assert_false(cdr_codebook_means(book, "colour", "red", "unable"));
	assert_false(cdr_codebook_means(book, "gender", "female", "unable"));
}

/* ---- other codebooks: the built-in one, changed ---------------------------------------------------------------- */

static json_t *
builtin_json(void)
{
	FILE *file = fopen("core/record/data/codebook.json", "rb");
	assert_non_null(file);
	json_t *root = json_loadf(file, 0, NULL);
	(void)fclose(file);
	assert_non_null(root);
	return root;
}

static cdr_err
load(json_t *root, struct cdr_codebook **out)
{
	char *text = json_dumps(root, 0);
	assert_non_null(text);
	cdr_err err = cdr_codebook_new((struct cdr_bytes) { (const uint8_t *)text, strlen(text) }, out, &fault);
	free(text);
	json_decref(root);
	return err;
}

static json_t *
at(json_t *root, const char *list, const char *code)
{
	json_t *codes = json_object_get(json_object_get(json_object_get(root, "lists"), list), "codes");
	return code == NULL ? codes : json_object_get(codes, code);
}

/* A new code needs no new program: with a meaning it takes part in the rules. */
static void
a_new_version_is_loaded(void **state)
{
	(void)state;
	struct cdr_codebook *next = NULL;
	json_t *root = builtin_json();

	assert_int_equal(json_object_set_new(root, "version", json_string("2026-1")), 0);
	assert_int_equal(json_object_set_new(at(root, "answer", NULL), "unable_other",
	    json_pack("{s:s,s:s,s:s,s:s,s:s}", "means", "unable", "en", "x", "fr", "x", "es", "x", "ar", "x")), 0);
	assert_int_equal(load(root, &next), CDR_OK);
	assert_string_equal(cdr_codebook_version_peek(next), "2026-1");
	assert_true(cdr_codebook_means(next, "answer", "unable_other", "unable"));
	cdr_codebook_free(next);
	cdr_codebook_free(NULL);
}

static void
bad_codebooks_are_refused(void **state)
{
	(void)state;
	struct cdr_codebook *next = NULL;
	json_t *root;

#define REFUSED(change, expected, says) do {                         \
		root = builtin_json();                           \
		assert_int_equal((change), 0);                   \
		assert_int_equal(load(root, &next), (expected));    \
		assert_null(next);                               \
		assert_int_equal(fault.code, (expected));        \
		assert_non_null(strstr(fault.text, (says)));     \
	} while (0)

	REFUSED(json_object_set_new(root, "codebook", json_string("other")), CDR_E_INPUT, "exactly");
	REFUSED(json_object_set_new(root, "more", json_true()), CDR_E_INPUT, "exactly");
	REFUSED(json_object_set_new(root, "version", json_string("")), CDR_E_INPUT, "version");
	REFUSED(json_object_set_new(root, "version", json_string("a b")), CDR_E_INPUT, "version");
	REFUSED(json_object_set_new(root, "version", json_string("0123456789012345678901234567890123456789")), CDR_E_INPUT, "version");
	REFUSED(json_object_set_new(root, "languages", json_pack("[s,s]", "fr", "es")), CDR_E_INPUT, "\"en\"");
	REFUSED(json_object_set_new(root, "languages", json_pack("[s,s]", "en", "en")), CDR_E_INPUT, "twice");
	REFUSED(json_object_set_new(root, "languages", json_pack("[s,i]", "en", 1)), CDR_E_INPUT, "language");
	REFUSED(json_object_set_new(root, "languages", json_pack("[s]", "en")), CDR_E_INPUT, "not listed");
	REFUSED(json_object_set_new(root, "lists", json_array()), CDR_E_INPUT, "lists");
	REFUSED(json_object_set_new(at(root, "gender", NULL), "a b", json_object()), CDR_E_INPUT, "a code of gender");
	REFUSED(json_object_set_new(at(root, "gender", NULL), "x", json_string("X")), CDR_E_INPUT, "gender.x");
	REFUSED(json_object_del(at(root, "gender", "female"), "fr"), CDR_E_INPUT, "gender.female needs a label");
	REFUSED(json_object_set_new(at(root, "gender", "female"), "fr", json_string("")), CDR_E_INPUT, "\"fr\"");
	REFUSED(json_object_set_new(at(root, "gender", "female"), "de", json_string("weiblich")), CDR_E_INPUT, "not listed");
	REFUSED(json_object_set_new(at(root, "gender", "female"), "means", json_string("unable")), CDR_E_INPUT, "no rule");
	REFUSED(json_object_set_new(at(root, "answer", "yes"), "means", json_string("no")), CDR_E_INPUT, "no rule");
	REFUSED(json_object_clear(at(root, "gender", NULL)), CDR_E_INPUT, "1 to");
	REFUSED(json_object_del(json_object_get(json_object_get(root, "lists"), "gender"), "label"), CDR_E_INPUT, "exactly");
	REFUSED(json_object_set_new(json_object_get(json_object_get(json_object_get(root, "lists"), "answer"), "label"), "means",
	    json_string("unable")), CDR_E_INPUT, "a list has no");

	/* Without these, rules would pass in silence. */
	REFUSED(json_object_del(json_object_get(root, "lists"), "gender"), CDR_E_REFUSED, "list gender");
	REFUSED(json_object_del(at(root, "answer", NULL), "yes"), CDR_E_REFUSED, "means \"disclosure\"");
	REFUSED(json_object_del(at(root, "process_status", "substantiated_reversed"), "means") ||
	    json_object_del(at(root, "process_status", "closed_no_finding"), "means"), CDR_E_REFUSED, "undisclosable");
	REFUSED(json_object_del(at(root, "result", NULL), "no_response"), CDR_E_REFUSED, "result.no_response");
}

static void
what_is_not_json_is_refused(void **state)
{
	(void)state;
	struct cdr_codebook *next = NULL;
	static uint8_t big[CDR_CODEBOOK_MAX + 1];
	static const char *const bad[] = { "", "{", "[]", "1", "{\"codebook\":\"candor\",\"codebook\":\"candor\"}", "{} x" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cdr_bytes json = { (const uint8_t *)bad[i], strlen(bad[i]) };
		assert_int_equal(cdr_codebook_new(json, &next, &fault), CDR_E_INPUT);
		assert_null(next);
	}
	memset(big, ' ', sizeof(big));
	assert_int_equal(cdr_codebook_new((struct cdr_bytes) { big, sizeof(big) }, &next, NULL), CDR_E_RANGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_dictionary_is_there),
		cmocka_unit_test(every_code_has_labels),
		cmocka_unit_test(labels_are_looked_up),
		cmocka_unit_test(codes_are_checked),
		cmocka_unit_test(a_new_version_is_loaded),
		cmocka_unit_test(bad_codebooks_are_refused),
		cmocka_unit_test(what_is_not_json_is_refused),
	};
	return cmocka_run_group_tests(tests, open_builtin, close_builtin);
}
