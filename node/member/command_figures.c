#include <stdio.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/record/publish.h"
#include "core/record/words.h"
#include "node/member/command.h"
#include "node/member/names.h"
#include "node/member/preview.h"
#include "node/member/release.h"
#include "node/member/rounds.h"

/* report preview, stats: a member's own figures, before they leave and beside everybody's. */

/* ---- report preview ---------------------------------------------------------------------------------------------- */

/* Options that may be given several times, as an array. */
static size_t
take_all(const struct cdr_arguments *arguments, const char *name, const char **out, size_t max)
{
	size_t count = 0;

	while (count < max && (out[count] = cdr_arguments_nth(arguments, name, count)) != NULL)
		count++;
	return count;
}

/* see node/member/command.h */
size_t
cdr_command_coarsenings(const struct cdr_arguments *arguments, const char *out[static 2 * CDR_ARGUMENTS_OPTION_MAX + 1])
{
	size_t count = take_all(arguments, "drop", out, CDR_ARGUMENTS_OPTION_MAX);

	return count + take_all(arguments, "merge", out + count, CDR_ARGUMENTS_OPTION_MAX);
}

static void
show_table(struct cdr_report *report, const struct cdr_preview *preview, size_t at, const struct cdr_words *words, const char *language)
{
	const struct cdr_table_definition *table = preview->tables[at];
	char text[1024];
	size_t zeros = 0;

	cdr_table_definition_title(preview->book, table, language, text, sizeof(text));
	cdr_report_text(report, "%s (%s%s)\n", text, table->id, preview->dropped[at] ? " --drop" : preview->merged[at] != NULL ? " --merge" : "");
	for (size_t c = 0; c < table->cell_count; c++) {
		uint32_t count = preview->counts[at]->counts[c];
		zeros += count == 0;
		if (count == 0)
			continue;
		cdr_table_cell_label(preview->book, table, c, language, text, sizeof(text));
		cdr_report_text(report, "  %5u  %s%s%s%s\n", count, text, cdr_preview_is_small(table, count) ? "  [" : "",
		    cdr_preview_is_small(table, count) ? cdr_words_peek(words, "small", language) : "",
		    cdr_preview_is_small(table, count) ? "]" : "");
	}
	if (zeros > 0)
		cdr_report_text(report, "  %5u  × %zu\n", 0U, zeros);
}

static bool
has_small(const struct cdr_preview *preview, size_t at)
{
	for (size_t c = 0; c < preview->tables[at]->cell_count; c++)
		if (cdr_preview_is_small(preview->tables[at], preview->counts[at]->counts[c]))
			return true;
	return false;
}

/* Single categories that are small: count each as another. */
static void
offer_merges(struct cdr_report *report, const struct cdr_preview *preview, size_t at)
{
	const struct cdr_table_definition *table = preview->tables[at];
	char room[CDR_COUNTRY_LEN], room_into[CDR_COUNTRY_LEN];

	for (size_t d = 0; d < table->dimension_count; d++) {
		const struct cdr_dimension *dimension = &table->dimensions[d];
		for (size_t c = 0; c + 1 < dimension->category_count; c++)
			if (cdr_preview_is_small(table, cdr_preview_category_sum(preview, at, d, c)))
				cdr_report_text(report, "      --merge %s:%s=%s\n", table->id, cdr_dimension_code(preview->book, dimension, c, room),
				    cdr_dimension_code(preview->book, dimension, cdr_merge_default(preview->book, dimension, c), room_into));
	}
}

/* How to say less: each table with a small figure, and those that say the same with fewer categories. */
static void
offer(struct cdr_report *report, const struct cdr_preview *preview, const struct cdr_words *words, const char *language)
{
	bool begun = false;

	for (size_t i = 0; i < preview->table_count; i++) {
		const struct cdr_table_definition *table = preview->tables[i];
		if (preview->dropped[i] || table->dimension_count == 0 || !has_small(preview, i))
			continue;
		if (!begun)
			cdr_report_text(report, "\n%s\n", cdr_words_peek(words, "small_note", language));
		begun = true;
		cdr_report_text(report, "  --drop %s", table->id);
		for (size_t c = 0; c < table->coarser_count; c++)
			cdr_report_text(report, "%s%s", c == 0 ? "   → " : ", ", table->coarser[c]);
		cdr_report_text(report, "\n");
		offer_merges(report, preview, i);
	}
}

static json_t *
preview_json(const struct cdr_preview *preview, const struct cdr_preview_names *names)
{
	json_t *tables = json_array();

	for (size_t i = 0; i < preview->table_count; i++) {
		const struct cdr_table_definition *table = preview->tables[i];
		json_t *counts = json_array(), *small = json_array(), *coarser = json_array();
		for (size_t c = 0; c < table->cell_count; c++) {
			(void)json_array_append_new(counts, json_integer((json_int_t)preview->counts[i]->counts[c]));
			if (cdr_preview_is_small(table, preview->counts[i]->counts[c]))
				(void)json_array_append_new(small, json_integer((json_int_t)c));
		}
		for (size_t c = 0; c < table->coarser_count; c++)
			(void)json_array_append_new(coarser, json_string(table->coarser[c]));
		(void)json_array_append_new(tables, json_pack("{s:s, s:b, s:b, s:o, s:o, s:o}", "id", table->id, "dropped",
		    preview->dropped[i], "merged", preview->merged[i] != NULL, "counts", counts, "small", small, "coarser", coarser));
	}
	return json_pack("{s:s, s:s, s:o, s:{s:I, s:I, s:I}}", "period", preview->period, "codebook", preview->book == NULL ? "" :
	    cdr_codebook_version_peek(preview->book->codebook), "tables", tables, "names", "tables", (json_int_t)names->tables, "cells",
	    (json_int_t)names->cells, "people", (json_int_t)names->people);
}

/* see node/member/command.h */
cdr_err
cdr_command_show_preview(struct cdr_report *report, const struct cdr_preview *preview, const struct cdr_preview_names *names,
    const char *language)
{
	struct cdr_words *words;
	cdr_err err = cdr_words_new(&words);

	if (err != CDR_OK)
		return err;
	cdr_report_text(report, "%s: %s\n\n", preview->period, cdr_words_peek(words, "preview", language));
	for (size_t i = 0; i < preview->table_count; i++)
		show_table(report, preview, i, words, language);
	offer(report, preview, words, language);
	if (names->tables > 0)
		cdr_report_text(report, "\n%s: %zu\n%s\n", cdr_words_peek(words, "names", language), names->people,
		    cdr_words_peek(words, "names_note", language));
	cdr_words_free(words);
	return cdr_report_json(report, preview_json(preview, names));
}

/* What a preview is of. */
struct taken {
	const char *tables[CDR_TABLE_MAX + 1], *period;
	size_t table_count;
	struct cdr_preview_names names;
};

/* How many people a round's tables of names would count. */
static cdr_err
count_names(struct cdr_member *member, const struct cdr_round *round, struct cdr_preview_names *names, struct cdr_fault *fault)
{
	char country[CDR_COUNTRY_LEN];

	if (!cdr_names_asked(round))
		return CDR_OK;
	for (size_t t = 0; t < round->body->n_table; t++)
		if (cdr_round_names(round->body->table[t]->id, country)) {
			names->tables++;
			names->cells += round->body->table[t]->cells;
		}
	uint32_t *counts = cdr_wiping_alloc(round->cell_count * sizeof(*counts));
	if (counts == NULL)
		return CDR_E_MEMORY;
	cdr_err err = cdr_names_count(member, round, counts, &names->people, fault);
	cdr_wiping_free(counts);
	return err;
}

/* The tables of a round: the one that is named, else the newest that is open. */
static cdr_err
take_round(struct cdr_member *member, const char *id, struct cdr_rounds *rounds, struct taken *taken, struct cdr_fault *fault)
{
	char country[CDR_COUNTRY_LEN];
	cdr_err err = cdr_member_joined(member, fault);

	if (err == CDR_OK)
		err = cdr_rounds_fetch(member, rounds, fault);
	if (err != CDR_OK)
		return err;
	const struct cdr_rounds_entry *entry = cdr_rounds_find(rounds, id, fault);
	if (entry == NULL)
		return CDR_E_ABSENT;
	const Cdr__Wire__Round *body = entry->round->body;
	if (body->n_table > CDR_TABLE_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "the round has more than %d tables", CDR_TABLE_MAX);
	taken->table_count = 0;
	for (size_t t = 0; t < body->n_table; t++)
		if (!cdr_round_names(body->table[t]->id, country))
			taken->tables[taken->table_count++] = body->table[t]->id;
	taken->period = body->period;
	return count_names(member, entry->round, &taken->names, fault);
}

/* see node/member/command.h */
cdr_err
cdr_command_report_preview(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	struct cdr_preview preview = { .table_count = 0 };
	struct cdr_rounds rounds = { .count = 0 };
	struct taken taken = { .period = cdr_arguments_operand(arguments, 0) };
	const char *drops[2 * CDR_ARGUMENTS_OPTION_MAX + 1];
	size_t drop_count = cdr_command_coarsenings(arguments, drops);

	taken.table_count = take_all(arguments, "table", taken.tables, CDR_ARGUMENTS_OPTION_MAX);
	CDR_TRY(cdr_command_open(arguments, false, &member, fault));
	/* A period is four digits and then a dash, if anything; a round's id has its dashes after five characters. */
	if (taken.period == NULL || strspn(taken.period, "0123456789") != 4 || (taken.period[4] != '-' && taken.period[4] != '\0'))
		CDR_TRY(take_round(member, taken.period, &rounds, &taken, fault));
	if (taken.table_count > 0 || taken.names.tables == 0)
		CDR_TRY(cdr_preview_make(member, taken.period, taken.tables, taken.table_count, drops, drop_count, &preview, fault));
	else
		(void)snprintf(preview.period, sizeof(preview.period), "%s", taken.period);
	CDR_TRY(cdr_command_show_preview(report, &preview, &taken.names, cdr_command_language(arguments)));
	err = CDR_OK;
out:
	cdr_preview_wipe(&preview);
	cdr_rounds_free(&rounds);
	cdr_member_close(member);
	return err;
}

/* ---- stats ------------------------------------------------------------------------------------------------------- */

/* One table: own figures beside those of all, as far as they are shown. */
static void
compare(struct cdr_report *report, const struct cdr_release *release, const struct cdr_counts *own, size_t at,
    const struct cdr_words *words, const char *language)
{
	const struct cdr_release_table *table = &release->tables[at];
	const char *const titles[] = { "", cdr_words_peek(words, "own", language), cdr_words_peek(words, "sector", language),
		cdr_words_peek(words, "share", language) };
	char text[1024], share[16];
	uint32_t total;
	bool has_total = cdr_release_total(release, &total) && table->definition->records == CDR_RECORDS_SHARED;

	cdr_table_definition_title(release->book, table->definition, language, text, sizeof(text));
	cdr_report_text(report, "\n%s\n", text);
	struct cdr_table *lines = cdr_table_new(titles, 4);
	for (size_t c = 0; c < table->definition->cell_count; c++) {
		const struct cdr_release_cell *cell = &table->cells[c];
		if (own->counts[c] == 0 && (!cell->shown || cell->count == 0))
			continue;
		cdr_table_cell_label(release->book, table->definition, c, language, text, sizeof(text));
		cdr_publish_share(cell->count, total, share);
		cdr_table_cell(lines, "%s", text);
		cdr_table_cell(lines, "%u", own->counts[c]);
		if (cell->shown)
			cdr_table_cell(lines, "%u", cell->count);
		else
			cdr_table_cell(lines, "%s", cdr_words_peek(words, "hidden", language));
		cdr_table_cell(lines, "%s", cell->shown && has_total ? share : "");
	}
	cdr_table_print(lines, report);
}

static json_t *
stats_json(const struct cdr_release *release, const struct cdr_preview *own)
{
	json_t *tables = json_array();

	for (size_t t = 0; t < release->table_count; t++) {
		json_t *mine = json_array(), *all = json_array();
		for (size_t c = 0; c < release->tables[t].definition->cell_count; c++) {
			const struct cdr_release_cell *cell = &release->tables[t].cells[c];
			(void)json_array_append_new(mine, json_integer((json_int_t)own->counts[t]->counts[c]));
			(void)json_array_append_new(all, cell->shown ? json_integer((json_int_t)cell->count) : json_null());
		}
		(void)json_array_append_new(tables, json_pack("{s:s, s:o, s:o}", "id", release->tables[t].definition->id, "own", mine, "all", all));
	}
	return json_pack("{s:s, s:I, s:o}", "period", release->facts.period, "version", (json_int_t)release->facts.version, "tables", tables);
}

/* see node/member/command.h */
cdr_err
cdr_command_stats(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_member *member = NULL;
	const struct cdr_book *book;
	struct cdr_buffer file = { 0 };
	struct cdr_release *release = NULL;
	struct cdr_member_release fetched = { .place = 0 };
	struct cdr_words *words = NULL;
	struct cdr_preview own = { .table_count = 0 };
	const char *ids[CDR_TABLE_MAX], *path = cdr_arguments_operand(arguments, 0), *language = cdr_command_language(arguments);

	if (path != NULL)
		CDR_TRY(cdr_command_read_file(path, CDR_RELEASE_JSON_MAX, &file, fault));
	CDR_TRY(cdr_command_open(arguments, path == NULL, &member, fault));
	CDR_TRY(cdr_incidents_book(member, &book, fault));
	if (path == NULL)
		CDR_TRY(cdr_member_release_fetch(member, cdr_arguments_text(arguments, "period"), &fetched, fault));
	const struct cdr_bytes json = cdr_buffer_bytes(path != NULL ? &file : &fetched.json);
	CDR_TRY(cdr_command_name_file(path != NULL ? path : "the release", cdr_release_from_json(book, json, &release, fault), fault));
	for (size_t t = 0; t < release->table_count; t++)
		ids[t] = release->tables[t].definition->id;
	if (release->table_count == 0) {
		err = cdr_fault_set(fault, CDR_E_ABSENT, "%s: the release has no table that codebook %s knows", path != NULL ? path : "the hub",
		    cdr_codebook_version_peek(member->codebook));
		goto out;
	}
	CDR_TRY(cdr_preview_make(member, release->facts.period, ids, release->table_count, NULL, 0, &own, fault));
	CDR_TRY(cdr_words_new(&words));
	cdr_report_text(report, "%s · %s · %s %u\n%s: %u\n", release->facts.exchange, release->facts.period,
	    cdr_words_peek(words, "version", language), release->facts.version, cdr_words_peek(words, "contributors", language),
	    release->facts.contributors);
	if (path == NULL)
		cdr_report_text(report, "%s\n", cdr_words_peek(words, fetched.is_witnessed ? "in_log" : "not_in_log", language));
	for (size_t t = 0; t < release->table_count && !report->json; t++)
		compare(report, release, own.counts[t], t, words, language);
	json_t *stats = stats_json(release, &own);
	if (path == NULL)
		(void)json_object_set_new(stats, "witnessed", json_boolean(fetched.is_witnessed));
	CDR_TRY(cdr_report_json(report, stats));
	err = CDR_OK;
out:
	cdr_words_free(words);
	cdr_preview_wipe(&own);
	cdr_release_free(release);
	cdr_member_release_free(&fetched);
	cdr_buffer_free(&file);
	cdr_member_close(member);
	return err;
}
