/* A check on paper: everything that HR sees of it, statements from their verified files alone, guests as what they are. */
#include "tests/unit/member/world.h"
#include "tests/unit/printer.h"

#include "node/member/guest.h"
#include "node/member/paper.h"
#include "node/member/statement_file.h"

static struct cdr_check check;
static struct cdr_statement statement;
static struct cdr_buffer pdf;
static struct cdr_fault fault;

static cdr_err
keep(const struct cdr_check *one, void *context)
{
	(void)context;
	check = *one;
	return CDR_OK;
}

/* Blue asks green and red about Amina; green answers. */
static void
ask_two(struct world *w)
{
	struct cdr_candidate c;
	uint8_t request_id[CDR_ID_LEN];

	w_amina(&c, "R-1");
	w_declare(&c, "green-valley");
	w_declare(&c, "red-ridge");
	w_check(w->member[BLUE], &c, CDR_OK);
	w_carry(w);
	w_request_id(w->member[GREEN], request_id);
	w_no_record(&statement);
	assert_int_equal(cdr_inbox_answer(w->member[GREEN], request_id, &statement, &fault), CDR_OK);
	w_carry(w);
	assert_int_equal(cdr_check_each(w->member[BLUE], "R-1", keep, NULL), CDR_OK);
	assert_int_equal(check.employer_count, 2);
}

/* What is on the paper, as candor-print is told: a text until the next call. */
static const char *
paper(struct world *w, const char *employer, const char *language)
{
	static char text[65536];

	if (cdr_paper_check(w->member[BLUE], &check, employer, language, &pdf, &fault) != CDR_OK)
		fail_msg("%s", fault.text);
	assert_true(pdf.len < sizeof(text));
	memcpy(text, pdf.data, pdf.len);
	text[pdf.len] = '\0';
	cdr_buffer_free(&pdf);
	return text;
}

static void
has(const char *text, const char *what)
{
	if (strstr(text, what) == NULL)
		fail_msg("\"%s\" is not on the paper: %s", what, text);
}

/* The code under which anybody can hold the statement of green's against its exported file. */
static void
code_of(struct world *w, char code[static CDR_ID_TEXT_LEN])
{
	struct cdr_statement_file *file = calloc(1, sizeof(*file));
	struct cdr_buffer bytes;
	size_t at = strcmp(check.employer[0].member, "green-valley") == 0 ? 0 : 1;

	assert_non_null(file);
	assert_int_equal(cdr_check_statement(w->member[BLUE], check.employer[at].request_id, NULL, &bytes, NULL), CDR_OK);
	assert_int_equal(cdr_statement_file_verify(cdr_buffer_bytes(&bytes), w->genesis, w->member[BLUE]->codebook, file, NULL), CDR_OK);
	cdr_id_write(file->code, code);
	cdr_buffer_free(&bytes);
	free(file);
}

static void
test_whole(void **state)
{
	struct world *w = *state;
	char code[CDR_ID_TEXT_LEN], qr[128];

	ask_two(w);
	printer_pretend("cat");
	const char *text = paper(w, NULL, "en");
	has(text, "Amina Wanjiru Otieno");
	has(text, "R-1");
	has(text, "green-valley");
	has(text, "red-ridge");
	has(text, "Grace Mwangi");
	has(text, "Party member/green-valley (green-valley)");
	assert_null(strstr(text, "Party member/red-ridge")); /* it has not answered: there is a row for it, and no statement */
	code_of(w, code);
	has(text, code);
	(void)snprintf(qr, sizeof(qr), CDR_STATEMENT_CODE_PREFIX "%s", code);
	has(text, qr);
	/* Never a word that judges for whoever reads it. */
	assert_null(strstr(text, "\"clear"));
	assert_null(strstr(text, "passed"));
	/* The same content is the same paper. */
	char *again = strdup(text);
	assert_string_equal(paper(w, NULL, "en"), again);
	free(again);
}

static void
test_languages(void **state)
{
	static const struct {
		const char *language, *unanswered;
	} cases[] = { { "en", "Delivered" }, { "fr", "Remise" }, { "es", "Entregada" }, { "ar", "تم التسليم" } };
	struct world *w = *state;

	ask_two(w);
	printer_pretend("cat");
	for (size_t i = 0; i < 4; i++) {
		const char *text = paper(w, NULL, cases[i].language);
		has(text, cases[i].unanswered);
		has(text, "Amina Wanjiru Otieno");
	}
}

static void
test_one_statement(void **state)
{
	struct world *w = *state;

	ask_two(w);
	printer_pretend("cat");
	const char *text = paper(w, "green-valley", "en");
	has(text, "Grace Mwangi");
	assert_null(strstr(text, "red-ridge")); /* whom else HR asks is nobody's business who is handed this one */
	assert_int_equal(cdr_paper_check(w->member[BLUE], &check, "red-ridge", "en", &pdf, &fault), CDR_E_ABSENT);
	assert_non_null(strstr(fault.text, "red-ridge"));
	assert_null(pdf.data);
}

/* What does not hold any more is not printed, in part or whole. */
static void
test_altered(void **state)
{
	struct world *w = *state;

	ask_two(w);
	printer_pretend("cat");
	w_run(w->member[BLUE], "UPDATE employer SET statement = zeroblob(length(statement)) WHERE statement IS NOT NULL");
	assert_int_equal(cdr_paper_check(w->member[BLUE], &check, NULL, "en", &pdf, &fault), CDR_E_SEALED);
	assert_null(pdf.data);
	assert_int_equal(cdr_paper_check(w->member[BLUE], &check, "green-valley", "en", &pdf, &fault), CDR_E_SEALED);
	assert_null(pdf.data);
}

static void
test_no_printer(void **state)
{
	struct world *w = *state;

	ask_two(w);
	(void)unlink(printer_path);
	assert_int_equal(cdr_paper_check(w->member[BLUE], &check, NULL, "en", &pdf, &fault), CDR_E_ABSENT);
	assert_non_null(strstr(fault.text, "candor-print"));
	printer_pretend("exit 1");
	assert_int_equal(cdr_paper_check(w->member[BLUE], &check, NULL, "en", &pdf, &fault), CDR_E_IO);
	assert_null(pdf.data);
}

/* A guest's answer stands there with the warning that nobody knows who gave it, and without a code to hold it against. */
static void
test_guest(void **state)
{
	static const uint8_t scan[] = "%PDF-1.4 an invented scan";
	struct world *w = *state;
	struct cdr_guest_details d = { .employer = "Imaginary Aid Society", .email = "hr@imaginary-aid.example", .found = "official_website",
		.contact_name = "Testa Examplewright", .contact_phone = "+999 00 000 000", .language = "fr" };
	struct cdr_guest_handout handout = { .was_there = false };
	enum cdr_guest_outcome outcome;
	struct cdr_candidate c;

	w_amina(&c, "R-1");
	w_check(w->member[BLUE], &c, CDR_OK);
	assert_int_equal(cdr_guest_ask(w->member[BLUE], "R-1", &d, 60, NULL, &handout, &fault), CDR_OK);
	assert_int_equal(cdr_check_each(w->member[BLUE], "R-1", keep, NULL), CDR_OK);
	printer_pretend("cat");
	has(paper(w, NULL, "en"), "Imaginary Aid Society");
	assert_null(strstr(paper(w, NULL, "en"), "Grace Mwangi"));
	w_no_record(&statement);
	assert_int_equal(cdr_guest_take_paper(w->member[BLUE], handout.id, &statement, (struct cdr_bytes){ scan, sizeof(scan) - 1 }, &outcome, &fault),
	    CDR_OK);
	const char *text = paper(w, NULL, "en");
	has(text, "Grace Mwangi");
	has(text, "NOT VERIFIED");
	assert_null(strstr(text, CDR_STATEMENT_CODE_PREFIX));
	assert_null(strstr(text, "invented scan")); /* it never leaves the node by itself */
	cdr_guest_handout_wipe(&handout);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, w_setup, w_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_whole), TEST(test_languages), TEST(test_one_statement), TEST(test_altered), TEST(test_no_printer), TEST(test_guest),
	};

	return cmocka_run_group_tests(tests, printer_start, printer_end);
}
