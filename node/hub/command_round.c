#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/file.h"
#include "core/crypto/secret.h"
#include "core/identity/country.h"
#include "core/identity/rarity.h"
#include "core/record/book.h"
#include "node/hub/command.h"
#include "node/hub/round.h"
#include "node/store/codebook_file.h"

#define DAYS 30
#define BITS 8
#define NAMES_WIDTH 256
#define NAMES_BITS 14

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* "0.5" as 500 thousandths; 0 if it was not given. */
static cdr_err
read_epsilon(const struct cdr_arguments *arguments, uint32_t *milli, struct cdr_fault *fault)
{
	const char *text = cdr_arguments_text(arguments, "epsilon");
	char *end = NULL;

	*milli = 0;
	if (text == NULL)
		return CDR_OK;
	double value = strtod(text, &end);
	if (end == text || *end != '\0' || !(value * 1000 >= CDR_ROUND_EPSILON_MILLI_MIN) ||
	    !(value * 1000 <= CDR_ROUND_EPSILON_MILLI_MAX))
		return cdr_fault_set(fault, CDR_E_INPUT, "--epsilon is a number between 0.01 and 100");
	*milli = (uint32_t)(value * 1000 + 0.5);
	return CDR_OK;
}

/* A codebook's tables as a round has them: those that --table names, else all of which one member's figures fit in. */
struct tables {
	struct cdr_codebook *codebook;
	Cdr__Wire__RoundTable table[CDR_ROUND_TABLES_MAX];
	char id[CDR_ROUND_TABLES_MAX][CDR_CODE_LEN_MAX + 1];
	size_t count;
};

static cdr_err
add_table(struct tables *t, const struct cdr_table_definition *definition, uint32_t bits, struct cdr_fault *fault)
{
	if (t->count == CDR_ROUND_TABLES_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "a round has at most %d tables", CDR_ROUND_TABLES_MAX);
	Cdr__Wire__RoundTable *table = &t->table[t->count];
	*table = (Cdr__Wire__RoundTable)CDR__WIRE__ROUND_TABLE__INIT;
	(void)snprintf(t->id[t->count], sizeof(t->id[0]), "%s", definition->id);
	table->id = t->id[t->count++];
	table->cells = (uint32_t)definition->cell_count;
	table->bits = bits;
	return CDR_OK;
}

/* Tables of names, where --names asks for them. */
static cdr_err
add_names(const struct cdr_arguments *arguments, struct tables *t, struct cdr_fault *fault)
{
	struct cdr_table_definition names = { .cell_count =
	    CDR_SKETCH_CELLS(cdr_arguments_number(arguments, "names-width", NAMES_WIDTH)) };
	uint32_t bits = (uint32_t)cdr_arguments_number(arguments, "names-bits", NAMES_BITS);
	char id[CDR_CODE_LEN_MAX + 1] = "names", country[CDR_COUNTRY_LEN];
	const char *of;

	if (!cdr_arguments_has(arguments, "names") && !cdr_arguments_has(arguments, "names-of") && !cdr_arguments_has(arguments, "names-only"))
		return CDR_OK;
	if (!cdr_arguments_has(arguments, "epsilon"))
		return cdr_fault_set(fault, CDR_E_INPUT, "names are counted with noise alone: give --epsilon, at most %g",
		    CDR_ROUND_NAMES_EPSILON_MILLI_MAX / 1000.0);
	names.id = id;
	cdr_err err = add_table(t, &names, bits, fault);
	for (size_t i = 0; err == CDR_OK && (of = cdr_arguments_nth(arguments, "names-of", i)) != NULL; i++) {
		if (i + 1 == CDR_RARITY_OWN_MAX)
			return cdr_fault_set(fault, CDR_E_RANGE, "names of at most %d countries", CDR_RARITY_OWN_MAX - 1);
		if (cdr_country_read(of, country) != CDR_OK)
			return cdr_fault_set(fault, CDR_E_INPUT, "%.8s is no country: SOM is one", of);
		(void)snprintf(id, sizeof(id), "names-%s", country);
		err = add_table(t, &names, bits, fault);
	}
	return err;
}

static cdr_err
read_tables(const struct cdr_arguments *arguments, const char *home, struct tables *t, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint32_t bits = (uint32_t)cdr_arguments_number(arguments, "bits", BITS);
	const char *id;

	CDR_TRY(cdr_codebook_file_open(home, &t->codebook, fault));
	const struct cdr_book *book = cdr_codebook_book_peek(t->codebook);
	if (book == NULL)
		return cdr_fault_set(fault, CDR_E_ABSENT, "the codebook says nothing about incidents");
	for (size_t i = 0; (id = cdr_arguments_nth(arguments, "table", i)) != NULL; i++) {
		const struct cdr_table_definition *definition = cdr_book_table_find(book, id);
		if (definition == NULL)
			return cdr_fault_set(fault, CDR_E_ABSENT, "the codebook has no table %s", id);
		CDR_TRY(add_table(t, definition, bits, fault));
	}
	bool all = !cdr_arguments_has(arguments, "table") && !cdr_arguments_has(arguments, "names-only");
	for (size_t i = 0; all && i < book->table_count; i++)
		CDR_TRY(add_table(t, &book->tables[i], bits, fault));
	CDR_TRY(add_names(arguments, t, fault));
out:
	return err;
}

static const char *
time_text(uint64_t at, char *out, size_t size)
{
	time_t seconds = (time_t)at;
	struct tm date;

	out[0] = '\0';
	if (gmtime_r(&seconds, &date) != NULL)
		(void)strftime(out, size, "%Y-%m-%d %H:%M UTC", &date);
	return out;
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_round_open(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_open open = { 0 };
	struct tables *tables = calloc(1, sizeof(*tables));
	struct cdr_round *round = NULL;
	uint64_t now = cdr_hub_now();
	struct cdr_hub_round_plan plan = { .period = cdr_arguments_text(arguments, "period"),
		.minimum = (uint32_t)cdr_arguments_number(arguments, "minimum", 0) };
	char id[CDR_ID_TEXT_LEN], until[32];

	if (tables == NULL)
		return CDR_E_MEMORY;
	plan.deadline = now + (uint64_t)cdr_arguments_number(arguments, "seconds",
	    cdr_arguments_number(arguments, "days", DAYS) * CDR_HUB_DAY_S);
	CDR_TRY(read_epsilon(arguments, &plan.epsilon_milli, fault));
	CDR_TRY(cdr_hub_open_to_change(arguments, &open, fault));
	CDR_TRY(read_tables(arguments, open.home->path, tables, fault));
	plan.codebook_version = cdr_codebook_version_peek(tables->codebook);
	plan.table = tables->table;
	plan.table_count = tables->count;
	CDR_TRY(cdr_hub_round_open(open.hub, &plan, now, &round, fault));
	cdr_id_write(round->body->id.data, id);
	cdr_report_text(report, "Round %s is open for %s until %s: %zu tables, %zu cells. Members see it at once; each runs\n"
	    "`candor report preview` and then `candor report submit`.\n", id, plan.period,
	    time_text(plan.deadline, until, sizeof(until)), plan.table_count, round->cell_count);
	err = cdr_report_json(report, json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "id", id, "period", plan.period, "tables",
	    (json_int_t)plan.table_count, "cells", (json_int_t)round->cell_count, "minimum", (json_int_t)round->body->minimum,
	    "deadline", (json_int_t)plan.deadline));
out:
	cdr_round_free(round);
	cdr_codebook_free(tables->codebook);
	free(tables);
	cdr_hub_close(&open);
	return err;
}

/* ---- status ----------------------------------------------------------------------------------------------------- */

/* What each trustee said: a line for a person, an entry for a script. */
static json_t *
show_answers(const struct cdr_hub_round_answer *answers, size_t trustees, struct cdr_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < trustees; i++) {
		const struct cdr_hub_round_answer *a = &answers[i];
		const char *what = a->refusal[0] != '\0' ? "refuses" : a->second ? "has given both answers" : a->first ?
		    "has given the first of two answers" : a->never ? "has signed that it never opens it" : "has not answered";
		cdr_report_text(report, "  trustee %" PRIu32 " %s%s%s\n", a->trustee, what, a->refusal[0] != '\0' ? ": " : "", a->refusal);
		if (list != NULL)
			(void)json_array_append_new(list, json_pack("{s:I, s:b, s:b, s:b, s:s}", "trustee", (json_int_t)a->trustee, "first", a->first,
			    "second", a->second, "never", a->never, "refusal", a->refusal));
	}
	return list;
}

/* The totals of an opened round; null where a count was not decrypted. */
static cdr_err
totals_json(const struct cdr_hub_round *r, json_t **out)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__RoundTotals *totals;

	*out = NULL;
	if (r->totals.len == 0) {
		*out = json_null();
		return CDR_OK;
	}
	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__round_totals__descriptor, cdr_buffer_bytes(&r->totals), &totals));
	*out = json_array();
	for (size_t t = 0; t < totals->n_table; t++) {
		const Cdr__Wire__TableTotals *table = totals->table[t];
		json_t *contributors = json_array(), *counts = json_array();
		for (size_t i = 0; i < table->n_count && i < table->n_contributors; i++) {
			(void)json_array_append_new(contributors, json_integer(table->contributors[i]));
			(void)json_array_append_new(counts, table->count[i] == CDR_ROUND_COUNT_HIDDEN ? json_null() :
			    json_integer(table->count[i]));
		}
		(void)json_array_append_new(*out, json_pack("{s:s, s:o, s:o}", "id", table->id, "contributors", contributors, "counts",
		    counts));
	}
out:
	cdr_arena_free(&arena);
	return err;
}

static cdr_err
show_round(struct cdr_hub *hub, const uint8_t *hash, struct cdr_report *report, json_t **out)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_round r = { 0 };
	struct cdr_hub_round_answer answers[CDR_TRUSTEE_COUNT_MAX];
	const struct cdr_roster *roster = cdr_hub_roster_hold(hub);
	char id[CDR_ID_TEXT_LEN], until[32], waits[2 * CDR_FAULT_LEN];
	json_t *totals = NULL;

	*out = NULL;
	if (roster == NULL)
		return CDR_E_STORE;
	CDR_TRY(cdr_hub_round_load(hub, hash, &r));
	CDR_TRY(cdr_hub_round_answers(hub, hash, answers));
	CDR_TRY(totals_json(&r, &totals));
	cdr_id_write(r.round->body->id.data, id);
	cdr_report_text(report, "%s  %s  %s  %" PRIu64 " contributions (at least %" PRIu32 "), deadline %s\n", id,
	    r.round->body->period, r.state, r.contributions, r.round->body->minimum,
	    time_text(r.round->body->deadline, until, sizeof(until)));
	CDR_TRY(cdr_hub_round_waits(hub, &r, roster, waits, sizeof(waits)));
	if (waits[0] != '\0')
		cdr_report_text(report, "  %s\n", waits);
	json_t *list = show_answers(answers, strcmp(r.state, "open") == 0 ? 0 : roster->body->n_trustee, report);
	*out = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o}", "id", id, "period", r.round->body->period, "state",
	    r.state, "waits_for", waits, "contributions", (json_int_t)r.contributions, "minimum", (json_int_t)r.round->body->minimum, "deadline",
	    (json_int_t)r.round->body->deadline, "epsilon_milli", (json_int_t)r.round->body->epsilon_milli, "trustees", list,
	    "totals", totals);
	err = *out != NULL ? CDR_OK : CDR_E_MEMORY;
out:
	cdr_hub_roster_release(hub, roster);
	cdr_hub_round_free(&r);
	return err;
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_round_status(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_open open = { 0 };
	const char *id = cdr_arguments_operand(arguments, 0);
	uint8_t (*hash)[CDR_ROUND_HASH_LEN] = NULL, one[CDR_ROUND_HASH_LEN];
	size_t count = 0;
	json_t *list = json_array(), *entry;

	CDR_TRY(cdr_hub_open(arguments, &open, fault));
	CDR_TRY(cdr_hub_round_list(open.hub, &hash, &count));
	if (id != NULL)
		CDR_TRY(cdr_hub_round_find(open.hub, id, one, fault));
	for (size_t i = 0; i < count; i++) {
		if (id != NULL && memcmp(one, hash[i], sizeof(one)) != 0)
			continue;
		CDR_TRY(show_round(open.hub, hash[i], report, &entry));
		(void)json_array_append_new(list, entry);
	}
	if (count == 0)
		cdr_report_text(report, "There is no round yet: `candor-hub round open` opens one.\n");
	err = cdr_report_json(report, json_pack("{s:O}", "rounds", list));
out:
	json_decref(list);
	free(hash);
	cdr_hub_close(&open);
	return err;
}

/* ---- closing ---------------------------------------------------------------------------------------------------- */

/* see node/hub/command.h */
cdr_err
cdr_hub_command_round_close(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_open open = { 0 };
	uint8_t hash[CDR_ROUND_HASH_LEN];
	json_t *entry = NULL;

	CDR_TRY(cdr_hub_open_to_change(arguments, &open, fault));
	CDR_TRY(cdr_hub_round_find(open.hub, cdr_arguments_operand(arguments, 0), hash, fault));
	CDR_TRY(cdr_hub_round_close(open.hub, hash, cdr_arguments_has(arguments, "early"), cdr_hub_now(), fault));
	CDR_TRY(show_round(open.hub, hash, report, &entry));
	err = cdr_report_json(report, entry);
out:
	cdr_hub_close(&open);
	return err;
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_round_give_up(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_open open = { 0 };
	uint8_t hash[CDR_ROUND_HASH_LEN];
	json_t *entry = NULL;

	CDR_TRY(cdr_hub_open_to_change(arguments, &open, fault));
	CDR_TRY(cdr_hub_round_find(open.hub, cdr_arguments_operand(arguments, 0), hash, fault));
	CDR_TRY(cdr_hub_round_give_up(open.hub, hash, fault));
	cdr_report_text(report, "Given up: each trustee signs by itself that it never opens this round. Once all of them have, another round of the same\n"
	    "months can be opened; `candor-hub round status` shows who has.\n");
	CDR_TRY(show_round(open.hub, hash, report, &entry));
	err = cdr_report_json(report, entry);
out:
	cdr_hub_close(&open);
	return err;
}

/* ---- records ---------------------------------------------------------------------------------------------------- */

/* see node/hub/command.h */
cdr_err
cdr_hub_command_round_record(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_open open = { 0 };
	uint8_t hash[CDR_ROUND_HASH_LEN];
	struct cdr_buffer record = { 0 };
	const char *path = cdr_arguments_text(arguments, "out");

	CDR_TRY(cdr_hub_open(arguments, &open, fault));
	CDR_TRY(cdr_hub_round_find(open.hub, cdr_arguments_operand(arguments, 0), hash, fault));
	CDR_TRY(cdr_hub_round_record(open.hub, hash, &record, fault));
	CDR_TRY(cdr_file_write_new(path, cdr_buffer_bytes(&record), fault));
	cdr_report_text(report, "%s: %zu bytes, with which members and auditors recompute the round by `candor-hub round verify`.\n",
	    path, record.len);
	err = cdr_report_json(report, json_pack("{s:s, s:I}", "file", path, "bytes", (json_int_t)record.len));
out:
	cdr_buffer_free(&record);
	cdr_hub_close(&open);
	return err;
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_round_verify(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer bytes = { 0 };
	struct cdr_round_file file = { .record = NULL };
	const char *given = cdr_arguments_text(arguments, "fingerprint");
	uint8_t fingerprint[CDR_ROSTER_HASH_LEN];
	char text[CDR_FINGERPRINT_TEXT_LEN];

	if (given != NULL && cdr_fingerprint_read(given, fingerprint) != CDR_OK)
		return cdr_fault_set(fault, CDR_E_INPUT, "--fingerprint has 52 letters and digits, in groups of four");
	CDR_TRY(cdr_secret_start(fault));
	CDR_TRY(cdr_file_read(cdr_arguments_operand(arguments, 0), CDR_FILE_LEN_MAX, &bytes, fault));
	CDR_TRY(cdr_round_file_verify(cdr_buffer_bytes(&bytes), given != NULL ? fingerprint : NULL, &file, fault));
	cdr_fingerprint_write(file.genesis, text);
	size_t count = file.record != NULL ? file.record->n_contribution : file.excerpt->n_cell;
	cdr_report_text(report, file.record != NULL ?
	    "Everything holds: %zu contributions, their sums, every trustee's answers, the totals.\n" :
	    "All %zu cells hold what they are said to hold.\n", count);
	if (given == NULL)
		cdr_report_text(report, "The keys follow from the genesis roster with this fingerprint: compare it with a trustee by telephone, or give it with "
		    "--fingerprint.\n%s\n", text);
	err = cdr_report_json(report, json_pack("{s:b, s:s, s:I, s:s}", "holds", true, "kind", file.record != NULL ? "record" :
	    "excerpt", "count", (json_int_t)count, "genesis", text));
out:
	cdr_round_file_free(&file);
	cdr_buffer_free(&bytes);
	return err;
}
