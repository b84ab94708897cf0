#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/crypto/secret.h"
#include "core/record/disclosure_control.h"
#include "node/hub/command.h"
#include "node/hub/round.h"
#include "node/net/publish.h"
#include "node/store/codebook_file.h"

/* round publish: from opened totals, through disclosure control, to files for people. */

#define EXCERPT_NAME "cells.candor-round"

struct publishing {
	struct cdr_hub_open open;
	const struct cdr_roster *roster;     /* held */
	struct cdr_hub_round r;
	struct cdr_codebook *codebook;
	struct cdr_arena arena;
	const Cdr__Wire__RoundTotals *totals;
	struct cdr_release *release;
	struct cdr_release *former[CDR_FORMER_MAX];
	size_t former_count;
	uint8_t salt[CDR_RELEASE_SALT_LEN], hash[CDR_SHA256_LEN];
};

static void
publishing_free(struct publishing *p)
{
	for (size_t i = 0; i < p->former_count; i++)
		cdr_release_free(p->former[i]);
	cdr_release_free(p->release);
	cdr_arena_free(&p->arena);
	cdr_codebook_free(p->codebook);
	cdr_hub_round_free(&p->r);
	if (p->open.hub != NULL)
		cdr_hub_roster_release(p->open.hub, p->roster);
	cdr_hub_close(&p->open);
}

/* A reading job: releases of the same period that were made before. */
static cdr_err
former_job(struct cdr_tx *tx, void *context)
{
	cdr_err err = CDR_E_INTERNAL;
	struct publishing *p = context;
	struct cdr_query *query = NULL;
	struct cdr_bytes json;

	CDR_TRY(cdr_query_start(tx, "SELECT json FROM round_release WHERE period = $1 ORDER BY version",
	    CDR_VALUES(cdr_value_text(p->r.round->body->period)), &query));
	while (p->former_count < CDR_FORMER_MAX && (err = cdr_query_step(query)) == CDR_OK) {
		CDR_TRY(cdr_query_blob_peek(query, 0, CDR_RELEASE_JSON_MAX, &json));
		CDR_TRY(cdr_release_from_json(cdr_codebook_book_peek(p->codebook), json, &p->former[p->former_count], NULL));
		p->former_count++;
	}
	if (err == CDR_E_ABSENT)
		err = CDR_OK;
out:
	cdr_query_end(query);
	return err;
}

/* What is said about all of it. */
static void
fill_facts(const struct cdr_arguments *arguments, const struct publishing *p, uint64_t now, struct cdr_release_facts *facts)
{
	const Cdr__Wire__Round *body = p->r.round->body;
	const char *name = cdr_arguments_text(arguments, "name");
	time_t seconds = (time_t)now;
	struct tm date;

	memset(facts, 0, sizeof(*facts));
	(void)snprintf(facts->exchange, sizeof(facts->exchange), "%s", name != NULL ? name : p->roster->body->hub->name);
	cdr_id_write(body->id.data, facts->round);
	(void)snprintf(facts->period, sizeof(facts->period), "%.*s", (int)sizeof(facts->period) - 1, body->period);
	if (gmtime_r(&seconds, &date) != NULL)
		(void)strftime(facts->published, sizeof(facts->published), "%Y-%m-%d", &date);
	facts->version = (uint32_t)p->former_count + 1;
	facts->contributors = p->totals->members;
	for (size_t i = 0; i < p->roster->body->n_member; i++)
		facts->members += cdr_roster_member_is_active(p->roster->body->member[i]);
	if (facts->members < facts->contributors)
		facts->members = facts->contributors;
	if (body->has_epsilon_milli)
		(void)snprintf(facts->epsilon, sizeof(facts->epsilon), "%g", body->epsilon_milli / 1000.0);
}

/* One table of the totals. Noise can bring a sum below 0, where it is 0. */
static cdr_err
put_table(struct publishing *p, const Cdr__Wire__TableTotals *table, struct cdr_fault *fault)
{
	struct cdr_release_cell *cells = calloc(table->n_count + 1, sizeof(*cells));

	if (cells == NULL)
		return CDR_E_MEMORY;
	for (size_t i = 0; i < table->n_count && i < table->n_contributors; i++) {
		cells[i].opened = table->count[i] != CDR_ROUND_COUNT_HIDDEN;
		cells[i].count = cells[i].opened && table->count[i] > 0 ? (uint32_t)table->count[i] : 0;
		cells[i].contributors = table->contributors[i];
	}
	cdr_err err = cdr_release_put(p->release, table->id, cells, table->n_count);
	free(cells);
	return err == CDR_OK ? err : cdr_fault_set(fault, err, "the codebook here does not have the table %s as the round has it", table->id);
}

/* The release, controlled. */
static cdr_err
make_release(const struct cdr_arguments *arguments, struct publishing *p, uint64_t now, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_release_facts facts;
	char country[CDR_COUNTRY_LEN];

	CDR_TRY(cdr_store_read(p->open.home->store, former_job, p));
	fill_facts(arguments, p, now, &facts);
	CDR_TRY(cdr_release_new(cdr_codebook_book_peek(p->codebook), &facts, &p->release));
	for (size_t t = 0; t < p->totals->n_table; t++)
		if (!cdr_round_names(p->totals->table[t]->id, country))
			CDR_TRY(put_table(p, p->totals->table[t], fault));
	if (p->release->table_count == 0)
		return cdr_fault_set(fault, CDR_E_ABSENT, "this round counted names alone: `candor-hub names publish` publishes them");
	CDR_TRY(cdr_random(p->salt, sizeof(p->salt)));
	CDR_TRY(cdr_release_freeze(p->release, p->salt));
	CDR_TRY(cdr_disclosure_control(p->release, (const struct cdr_release *const *)p->former, p->former_count, fault));
out:
	return err;
}

/* The cells that are shown and were opened: those that anybody can recheck. ${out} is freed by the caller. */
static cdr_err
shown_cells(const struct publishing *p, struct cdr_hub_published **out, size_t *count)
{
	size_t room = 0;

	*count = 0;
	for (size_t t = 0; t < p->release->table_count; t++)
		room += p->release->tables[t].definition->cell_count;
	*out = calloc(room + 1, sizeof(**out));
	if (*out == NULL)
		return CDR_E_MEMORY;
	for (size_t t = 0; t < p->release->table_count; t++) {
		const struct cdr_release_table *table = &p->release->tables[t];
		for (size_t i = 0; i < table->definition->cell_count; i++)
			if (table->cells[i].shown && table->cells[i].opened)
				(*out)[(*count)++] = (struct cdr_hub_published){ table->definition->id, (uint32_t)i };
	}
	return CDR_OK;
}

/* Beside the release: what opens its cells, in the place of one that may stand there. */
static cdr_err
write_excerpt(const struct publishing *p, const char *folder, size_t *count, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_published *cells = NULL;
	struct cdr_buffer excerpt = { 0 };

	CDR_TRY(shown_cells(p, &cells, count));
	CDR_TRY(cdr_hub_round_excerpt(p->open.hub, p->r.round->hash, cells, *count, &excerpt, fault));
	CDR_TRY(cdr_publish_put(folder, EXCERPT_NAME, excerpt.data, excerpt.len, fault));
out:
	free(cells);
	cdr_buffer_free(&excerpt);
	return err;
}

/* Keep the release for the next one to be held against, and log it. */
static cdr_err
keep(struct publishing *p, uint64_t now, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_out json = { 0 };

	CDR_TRY(cdr_release_to_json(p->release, &json));
	const struct cdr_hub_release release = { p->r.round->body->period, p->release->facts.version,
		{ (const uint8_t *)json.data, json.len }, p->salt, p->hash };
	CDR_TRY(cdr_hub_round_released(p->open.hub, p->r.round->hash, &release, now, fault));
out:
	cdr_out_free(&json);
	return err;
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_round_publish(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct publishing *p = calloc(1, sizeof(*p));
	const char *folder = cdr_arguments_text(arguments, "out");
	uint8_t hash[CDR_ROUND_HASH_LEN];
	uint64_t now = cdr_hub_now();
	size_t cells = 0;

	if (p == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_hub_open_to_change(arguments, &p->open, fault));
	p->roster = cdr_hub_roster_hold(p->open.hub);
	CDR_TRY(cdr_hub_round_find(p->open.hub, cdr_arguments_operand(arguments, 0), hash, fault));
	CDR_TRY(cdr_hub_round_load(p->open.hub, hash, &p->r));
	if (p->roster == NULL || p->r.totals.len == 0) {
		err = cdr_fault_set(fault, CDR_E_REFUSED, "this round is %s: it has no totals to publish", p->r.state);
		goto out;
	}
	CDR_TRY(cdr_codebook_file_open(p->open.home->path, &p->codebook, fault));
	CDR_TRY(cdr_message_decode(&p->arena, &cdr__wire__round_totals__descriptor, cdr_buffer_bytes(&p->r.totals), &p->totals));
	CDR_TRY(make_release(arguments, p, now, fault));
	CDR_TRY(cdr_publish_folder(p->release, folder, (int64_t)now, p->hash, fault));
	CDR_TRY(write_excerpt(p, folder, &cells, fault));
	CDR_TRY(keep(p, now, fault));
	cdr_report_text(report, "Published in %s: %s, version %" PRIu32 ". Anybody can recompute the %zu cells that are shown and not 0, by\n"
	    "`candor-hub round verify %s/" EXCERPT_NAME "`.\n", folder, p->release->facts.period, p->release->facts.version, cells, folder);
	err = cdr_report_json(report, json_pack("{s:s, s:s, s:I, s:I}", "folder", folder, "period", p->release->facts.period, "version",
	    (json_int_t)p->release->facts.version, "cells", (json_int_t)cells));
out:
	publishing_free(p);
	free(p);
	return err;
}
