#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "core/record/out.h"
#include "core/record/words.h"
#include "node/member/command.h"
#include "node/member/donors.h"
#include "node/member/trail.h"
#include "node/net/print.h"

/* incident deadlines, incident form. */

/* ---- deadlines --------------------------------------------------------------------------------------------------- */

struct listing {
	struct cdr_table *table;
	const struct cdr_words *words;
	const char *language;
	json_t *list;
	size_t count;
};

static cdr_err
list_due(void *context, const struct cdr_donor_due *due)
{
	struct listing *listing = context;
	char day[CDR_DATE_TEXT_LEN] = "";

	if (cdr_date_write(&due->due, day) != CDR_OK)
		day[0] = '\0';
	listing->count++;
	cdr_table_cell(listing->table, "%llu", (unsigned long long)due->number);
	cdr_table_cell(listing->table, "%s", due->form.id);
	cdr_table_cell(listing->table, "%s", day);
	cdr_table_cell(listing->table, "%s", cdr_words_peek(listing->words, due->overdue ? "overdue" : "due", listing->language));
	(void)json_array_append_new(listing->list, json_pack("{s:I, s:s, s:s, s:b, s:b}", "number", (json_int_t)due->number, "form",
	    due->form.id, "due", day, "overdue", due->overdue, "shared", due->shared));
	return CDR_OK;
}

/* see node/member/command.h */
cdr_err
cdr_command_incident_deadlines(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	static const char *const titles[] = { "No.", "Form", "Due", "" };
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_words *words = NULL;
	struct listing listing = { .language = cdr_command_language(arguments) };

	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_words_new(&words));
	listing.words = words;
	listing.table = cdr_table_new(titles, 4);
	listing.list = json_array();
	err = cdr_donors_each(member, list_due, &listing, fault);
	cdr_table_print(listing.table, report);
	CDR_TRY(err);
	cdr_report_text(report, "Donors to be told: %zu. Write a form: candor incident form FORM NUMBER FILE. Once the donor was told, "
				"say so:\n  candor incident edit NUMBER --set donor.code=… --set donor.notified_on=…\n", listing.count);
	json_t *list = listing.list;
	listing.list = NULL;
	CDR_TRY(cdr_report_json(report, list));
	err = CDR_OK;
out:
	json_decref(listing.list);
	cdr_words_free(words);
	cdr_member_close(member);
	return err;
}

/* ---- forms ------------------------------------------------------------------------------------------------------- */

#define VALUE_LEN 4096

/* A form being written: for one incident, or (year) a row for each of a year's. */
struct writing {
	struct cdr_member *member;
	const struct cdr_form *form;
	const struct cdr_words *words;
	const char *language;
	struct cdr_date today;
	uint64_t number;        /* 0: those of ${year} */
	int year;
	bool pdf;
	struct cdr_out out;     /* CSV */
	struct cdr_print print;
	size_t count, kept_count;
	bool found;
};

/* In which year an incident falls, by the date from which the deadline runs; 0: unknown. */
static int
year_of(const struct writing *writing, const struct cdr_incident *incident)
{
	struct cdr_date date;

	return cdr_date_read(cdr_incident_value_peek(incident, writing->form->from, 0), &date, NULL) == CDR_OK ? date.year : 0;
}

static void
write_fields(struct writing *writing, const struct cdr_incident *incident)
{
	char title[512], value[VALUE_LEN];

	if (writing->pdf)
		cdr_print_fields(&writing->print);
	for (size_t i = 0; i < writing->form->column_count; i++) {
		const struct cdr_form_column *column = &writing->form->columns[i];
		cdr_form_column_title(incident->book, column, writing->language, title, sizeof(title));
		cdr_form_column_value(column, incident, writing->member->name, &writing->today, writing->language, value, sizeof(value));
		if (writing->pdf) {
			cdr_print_field(&writing->print, title, value[0] != '\0' ? value : "…………………………");
		} else if (writing->form->per_year) {
			cdr_out_csv_text(&writing->out, value, i == 0);
		} else {
			cdr_out_csv(&writing->out, title, true);
			cdr_out_csv_text(&writing->out, value, false);
			cdr_out_text(&writing->out, "\r\n");
		}
	}
	if (!writing->pdf && writing->form->per_year)
		cdr_out_text(&writing->out, "\r\n");
	if (writing->pdf && writing->form->per_year)
		cdr_print_space(&writing->print);
	cdr_wipe(value, sizeof(value));
}

static cdr_err
write_one(void *context, const struct cdr_incident_head *head, const struct cdr_incident *incident)
{
	struct writing *writing = context;
	bool told, wanted = writing->number != 0 ? head->number == writing->number :
	    cdr_form_concerns(writing->form, incident, &told) && year_of(writing, incident) == writing->year;

	if (!wanted)
		return CDR_OK;
	writing->found = true;
	if (!cdr_incident_is_shared(incident)) {
		writing->kept_count++;
		return CDR_OK;
	}
	writing->count++;
	write_fields(writing, incident);
	return writing->out.err;
}

/* The head of a yearly table. */
static void
write_titles(struct writing *writing, const struct cdr_book *book)
{
	char title[512];

	for (size_t i = 0; i < writing->form->column_count; i++) {
		cdr_form_column_title(book, &writing->form->columns[i], writing->language, title, sizeof(title));
		cdr_out_csv(&writing->out, title, i == 0);
	}
	cdr_out_text(&writing->out, "\r\n");
}

static void
begin(struct writing *writing, const struct cdr_book *book)
{
	const char *proposal = cdr_words_peek(writing->words, "proposal", writing->language);

	if (writing->pdf) {
		cdr_print_start(&writing->print, writing->language, cdr_book_text(writing->form->labels, writing->language),
		    writing->member->name, writing->form->id, (int64_t)cdr_member_now());
		if (writing->form->proposal)
			cdr_print_text(&writing->print, "small", proposal);
	} else if (writing->form->per_year) {
		write_titles(writing, book);
	} else {
		cdr_out_csv(&writing->out, cdr_book_text(writing->form->labels, writing->language), true);
		cdr_out_csv(&writing->out, writing->form->proposal ? proposal : "", false);
		cdr_out_text(&writing->out, "\r\n");
	}
}

static cdr_err
read_which(const struct cdr_form *form, const char *text, struct writing *writing, struct cdr_fault *fault)
{
	char *end;

	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < 1 || (form->per_year && (value < 1850 || value > 2150)))
		return cdr_fault_set(fault, CDR_E_INPUT, form->per_year ? "this form is for a year, such as 2025" :
		    "this form is for one incident: give its number, from `candor incident list`");
	writing->number = form->per_year ? 0 : (uint64_t)value;
	writing->year = form->per_year ? (int)value : 0;
	return CDR_OK;
}

static cdr_err
finish(struct writing *writing, const char *path, struct cdr_fault *fault)
{
	struct cdr_buffer pdf = { 0 };
	cdr_err err = writing->out.err;

	if (err == CDR_OK && writing->pdf)
		err = cdr_print_run(&writing->print, &pdf, fault);
	if (err == CDR_OK)
		err = cdr_command_write_file(path, writing->pdf ? (const char *)pdf.data : writing->out.data,
		    writing->pdf ? pdf.len : writing->out.len, fault);
	cdr_buffer_free(&pdf);
	return err;
}

/* see node/member/command.h */
cdr_err
cdr_command_incident_form(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	const struct cdr_book *book;
	struct cdr_words *words = NULL;
	struct cdr_form form;
	const char *format = cdr_arguments_text(arguments, "format");
	struct writing writing = { .form = &form, .language = cdr_command_language(arguments),
		.today = cdr_member_day((int64_t)cdr_member_now()), .pdf = format == NULL || strcmp(format, "pdf") == 0 };

	if (format != NULL && strcmp(format, "csv") != 0 && strcmp(format, "pdf") != 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "--format is pdf or csv");
	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	CDR_TRY(cdr_incidents_book(member, &book, fault));
	CDR_TRY(cdr_form_find(book, cdr_arguments_operand(arguments, 0), &form, fault));
	CDR_TRY(read_which(&form, cdr_arguments_operand(arguments, 1), &writing, fault));
	CDR_TRY(cdr_words_new(&words));
	writing.member = member;
	writing.words = words;
	begin(&writing, book);
	CDR_TRY(cdr_incidents_each(member, write_one, &writing, fault));
	if (writing.number != 0 && !writing.found)
		err = cdr_fault_set(fault, CDR_E_ABSENT, "there is no incident of this number: `candor incident list` shows them");
	else if (writing.number != 0 && writing.count == 0)
		err = cdr_fault_set(fault, CDR_E_REFUSED, "the survivor does not agree to sharing: nothing of this incident leaves, not to a donor "
		    "either. Tell the donor in the way that your agreement sets out, without this record");
	CDR_TRY(err);
	CDR_TRY(cdr_command_note(member, "incident.form", NULL));
	CDR_TRY(finish(&writing, cdr_arguments_operand(arguments, 2), fault));
	if (strcmp(cdr_arguments_operand(arguments, 2), "-") != 0)
		cdr_report_note(report, "Written to %s.\n", cdr_arguments_operand(arguments, 2));
	if (form.proposal)
		cdr_report_note(report, "%s\n", cdr_words_peek(words, "proposal", writing.language));
	if (writing.kept_count > 0)
		cdr_report_note(report, "Left out, because the survivor does not agree to sharing: %zu.\n", writing.kept_count);
	CDR_TRY(strcmp(cdr_arguments_operand(arguments, 2), "-") == 0 ? CDR_OK :
	    cdr_report_json(report, json_pack("{s:s, s:I, s:I, s:b}", "form", form.id, "incidents", (json_int_t)writing.count, "left_out",
		(json_int_t)writing.kept_count, "proposal", form.proposal)));
	err = CDR_OK;
out:
	cdr_print_free(&writing.print);
	cdr_out_free(&writing.out);
	cdr_words_free(words);
	cdr_member_close(member);
	return err;
}
