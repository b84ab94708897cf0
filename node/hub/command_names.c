#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/file.h"
#include "core/crypto/secret.h"
#include "core/identity/token.h"
#include "core/record/name_sums.h"
#include "node/hub/command.h"
#include "node/hub/round.h"
#include "node/net/publish.h"

/* names publish, table: what an opened round tells of names, and the next rarity table that follows from it. */

#define SUMS_NAME "names.json"
#define TABLE_NAME "rarity.bin"
#define EXCERPT_NAME "names.candor-round"

/* The table that follows from published sums, into ${folder}. */
static cdr_err
write_table(const struct cdr_name_sums *names, const char *folder, char scheme_text[static 2 * CDR_SCHEME_VERSION_LEN + 1],
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_scheme scheme, next;
	struct cdr_rarity rarity;
	uint8_t *data = NULL;
	size_t len = 0;

	CDR_TRY(cdr_scheme_current(1, &scheme));
	if (memcmp(scheme.version, names->scheme, sizeof(names->scheme)) != 0)
		return cdr_fault_set(fault, CDR_E_EPOCH, "these names were counted under another scheme than this program's: take the version of "
		    "Candor that the exchange worked with");
	CDR_TRY(cdr_name_sums_table(names, &scheme.rarity, &data, &len, fault));
	CDR_TRY(cdr_rarity_open(data, len, &rarity));
	CDR_TRY(cdr_scheme_with(&rarity, 1, &next));
	CDR_TRY(cdr_publish_put(folder, TABLE_NAME, data, len, fault));
	cdr_hex_write(next.version, sizeof(next.version), scheme_text);
out:
	free(data);
	return err;
}

static cdr_err
write_sums(const struct cdr_name_sums *names, const char *folder, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_out json = { 0 };

	CDR_TRY(cdr_name_sums_to_json(names, &json));
	CDR_TRY(cdr_publish_put(folder, SUMS_NAME, json.data, json.len, fault));
out:
	cdr_out_free(&json);
	return err;
}

static void
tell(struct cdr_report *report, const struct cdr_name_sums *names)
{
	for (size_t i = 0; i < names->count; i++)
		cdr_report_text(report, "  %s: about %" PRId32 " people of %" PRIu32 " organisations, rows of %zu cells\n",
		    names->sums[i].country[0] == '\0' ? "everybody" : names->sums[i].country, names->sums[i].cells[0], names->contributors,
		    names->sums[i].width);
}

static json_t *
tables_json(const struct cdr_name_sums *names)
{
	json_t *tables = json_array();

	for (size_t i = 0; i < names->count; i++)
		(void)json_array_append_new(tables, json_pack("{s:s, s:I, s:I}", "country", names->sums[i].country, "people",
		    (json_int_t)names->sums[i].cells[0], "width", (json_int_t)names->sums[i].width));
	return tables;
}

/* ---- names table --------------------------------------------------------------------------------------------------- */

/* see node/hub/command.h */
cdr_err
cdr_hub_command_names_table(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer file = { 0 };
	struct cdr_name_sums names = { .count = 0 };
	const char *path = cdr_arguments_operand(arguments, 0), *folder = cdr_arguments_text(arguments, "out");
	char scheme[2 * CDR_SCHEME_VERSION_LEN + 1];

	CDR_TRY(cdr_secret_start(fault));
	CDR_TRY(cdr_file_read(path, CDR_NAME_SUMS_JSON_MAX, &file, fault));
	CDR_TRY(cdr_name_sums_from_json(cdr_buffer_bytes(&file), &names, fault));
	CDR_TRY(cdr_publish_folder_make(folder, fault));
	CDR_TRY(write_table(&names, folder, scheme, fault));
	cdr_report_text(report, "%s/" TABLE_NAME " is the rarity table that follows from %s:\n", folder, path);
	tell(report, &names);
	cdr_report_text(report, "With it the scheme version is %s.\n", scheme);
	err = cdr_report_json(report, json_pack("{s:s, s:s, s:o}", "folder", folder, "scheme", scheme, "tables", tables_json(&names)));
out:
	cdr_name_sums_free(&names);
	cdr_buffer_free(&file);
	return err;
}

/* ---- names publish ------------------------------------------------------------------------------------------------- */

/* Everything that is published of one round's names. */
struct publishing {
	struct cdr_hub_open open;
	const struct cdr_roster *roster;     /* held */
	struct cdr_hub_round r;
	struct cdr_arena arena;
	const Cdr__Wire__RoundTotals *totals;
	struct cdr_name_sums opened, names;
};

static void
publishing_free(struct publishing *p)
{
	cdr_name_sums_free(&p->opened);
	cdr_name_sums_free(&p->names);
	cdr_arena_free(&p->arena);
	cdr_hub_round_free(&p->r);
	if (p->open.hub != NULL)
		cdr_hub_roster_release(p->open.hub, p->roster);
	cdr_hub_close(&p->open);
}

/* One table as it was opened; every contributor's cells hold one more than they count. */
static cdr_err
take_table(const Cdr__Wire__TableTotals *table, const char *country, uint32_t members, struct cdr_name_sums *names)
{
	int32_t *cells = calloc(table->n_count + 1, sizeof(*cells));

	if (cells == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < table->n_count; i++)
		if (table->count[i] != CDR_ROUND_COUNT_HIDDEN)
			cells[i] = (int32_t)table->count[i] - (int32_t)members;
	cdr_err err = cdr_name_sums_put(names, country, cells, table->n_count);
	free(cells);
	return err;
}

/* All tables of names of the round, as they were opened. */
static cdr_err
take_tables(struct publishing *p, struct cdr_name_sums *names, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	const Cdr__Wire__Round *body = p->r.round->body;
	char country[CDR_COUNTRY_LEN];

	cdr_id_write(body->id.data, names->round);
	(void)snprintf(names->period, sizeof(names->period), "%s", body->period);
	names->contributors = p->totals->members;
	for (size_t t = 0; t < p->totals->n_table; t++)
		if (cdr_round_names(p->totals->table[t]->id, country))
			CDR_TRY(take_table(p->totals->table[t], country, p->totals->members, names));
	if (names->count == 0)
		return cdr_fault_set(fault, CDR_E_ABSENT, "this round counted no names: `candor-hub round open --names` does");
	memcpy(names->scheme, body->scheme.data, sizeof(names->scheme));
	names->margin = cdr_share_margin(p->roster->body->threshold, body->epsilon_milli);
	err = CDR_OK;
out:
	return err;
}

/* The cells that are published as they were opened, with what opens them. */
static cdr_err
write_excerpt(const struct publishing *p, const char *folder, size_t *count, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_published *cells = calloc(p->r.round->cell_count, sizeof(*cells));
	char id[CDR_RARITY_OWN_MAX][CDR_CODE_LEN_MAX + 1];
	struct cdr_buffer excerpt = { 0 };

	*count = 0;
	if (cells == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < p->names.count; i++) {
		const struct cdr_share_sums *sums = &p->names.sums[i];
		(void)snprintf(id[i], sizeof(id[i]), "names%s%s", sums->country[0] == '\0' ? "" : "-", sums->country);
		for (size_t c = 0; c < CDR_SKETCH_CELLS(sums->width); c++)
			if (sums->cells[c] == p->opened.sums[i].cells[c])
				cells[(*count)++] = (struct cdr_hub_published){ id[i], (uint32_t)c };
	}
	CDR_TRY(cdr_hub_round_excerpt(p->open.hub, p->r.round->hash, cells, *count, &excerpt, fault));
	CDR_TRY(cdr_publish_put(folder, EXCERPT_NAME, excerpt.data, excerpt.len, fault));
out:
	cdr_buffer_free(&excerpt);
	free(cells);
	return err;
}

static cdr_err
read_round(const struct cdr_arguments *arguments, struct publishing *p, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t hash[CDR_ROUND_HASH_LEN];

	CDR_TRY(cdr_hub_open_to_change(arguments, &p->open, fault));
	p->roster = cdr_hub_roster_hold(p->open.hub);
	CDR_TRY(cdr_hub_round_find(p->open.hub, cdr_arguments_operand(arguments, 0), hash, fault));
	CDR_TRY(cdr_hub_round_load(p->open.hub, hash, &p->r));
	if (p->roster == NULL || p->r.totals.len == 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "this round is %s: it has no totals to publish", p->r.state);
	CDR_TRY(cdr_message_decode(&p->arena, &cdr__wire__round_totals__descriptor, cdr_buffer_bytes(&p->r.totals), &p->totals));
	CDR_TRY(take_tables(p, &p->opened, fault));
	CDR_TRY(take_tables(p, &p->names, fault));
	CDR_TRY(cdr_name_sums_floor(&p->names));
out:
	return err;
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_names_publish(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct publishing *p = calloc(1, sizeof(*p));
	const char *folder = cdr_arguments_text(arguments, "out");
	char scheme[2 * CDR_SCHEME_VERSION_LEN + 1];
	size_t cells = 0;

	if (p == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(read_round(arguments, p, fault));
	CDR_TRY(cdr_publish_folder_make(folder, fault));
	CDR_TRY(write_table(&p->names, folder, scheme, fault));
	CDR_TRY(write_excerpt(p, folder, &cells, fault));
	CDR_TRY(write_sums(&p->names, folder, fault));
	cdr_report_text(report, "Published in %s: " SUMS_NAME ", no cell of it below the floor of its row.\n", folder);
	tell(report, &p->names);
	cdr_report_text(report, "What opens the %zu cells that are above it: " EXCERPT_NAME " (`candor-hub round verify`).\n"
	    TABLE_NAME ", which anybody can make anew by `candor-hub names table`, is the rarity table for the next scheme version:\n%s\n",
	    cells, scheme);
	err = cdr_report_json(report, json_pack("{s:s, s:s, s:I, s:o}", "folder", folder, "scheme", scheme, "cells", (json_int_t)cells,
	    "tables", tables_json(&p->names)));
out:
	publishing_free(p);
	free(p);
	return err;
}
