#include "node/hub/inspect.h"

#include <inttypes.h>

#include "node/hub/command.h"

/* ---- JSON --------------------------------------------------------------------------------------------------- */

/* Append one entry of the legend; a table comes before its columns. */
static bool
legend_add(json_t *legend, const struct cdr_hub_legend *l)
{
	if (l->column == NULL)
		return json_object_set_new(legend, l->table, json_pack("{s:s, s:s, s:{}}", "what", l->what, "concludes",
		    l->concludes, "columns")) == 0;
	json_t *columns = json_object_get(json_object_get(legend, l->table), "columns");
	return json_object_set_new(columns, l->column,
	    json_pack("{s:s, s:s}", "what", l->what, "concludes", l->concludes)) == 0;
}

static cdr_err
write_legend(FILE *file)
{
	json_t *legend = json_object();
	bool ok = legend != NULL;

	for (size_t i = 0; ok && i < cdr_hub_legend_count; i++)
		ok = legend_add(legend, &cdr_hub_legends[i]);
	cdr_err err = ok ? CDR_OK : CDR_E_MEMORY;
	if (ok && json_dumpf(legend, file, JSON_INDENT(1)) != 0)
		err = CDR_E_IO;
	json_decref(legend);
	return err;
}

/* see node/hub/inspect.h */
cdr_err
cdr_hub_inspect_json(struct cdr_store *store, FILE *file)
{
	cdr_err err = CDR_E_INTERNAL;

	(void)fputs("{\n\"legend\": ", file);
	CDR_TRY(write_legend(file));
	(void)fputs(",\n\"tables\": ", file);
	CDR_TRY(cdr_store_dump_json(store, file));
	(void)fputs("}\n", file);
	err = fflush(file) == 0 && ferror(file) == 0 ? CDR_OK : CDR_E_IO;
out:
	return err;
}

/* ---- text --------------------------------------------------------------------------------------------------- */

/* A reading job: tables with their sizes, columns with their meaning. */
static cdr_err
text_job(struct cdr_tx *tx, void *context)
{
	struct cdr_report *report = context;
	int64_t count;

	for (size_t i = 0; i < cdr_hub_legend_count; i++) {
		const struct cdr_hub_legend *l = &cdr_hub_legends[i];
		if (l->column != NULL) {
			cdr_report_text(report, "    %-14s %s\n    %14s -> %s\n", l->column, l->what, "", l->concludes);
			continue;
		}
		cdr_err err = cdr_query_one_int(tx, l->count_sql, CDR_VALUES(), &count);
		if (err != CDR_OK)
			return err;
		cdr_report_text(report, "\n%s: %" PRId64 " rows. %s\n    %14s -> %s\n", l->table, count, l->what, "", l->concludes);
	}
	return CDR_OK;
}

/* see node/hub/inspect.h */
cdr_err
cdr_hub_inspect_text(struct cdr_store *store, struct cdr_report *report)
{
	cdr_report_text(report, "What this hub has stored; after each arrow what it, or a thief, can conclude from that.\n"
				"The rows themselves: --json.\n");
	return cdr_store_read(store, text_job, report);
}

/* ---- the command -------------------------------------------------------------------------------------------- */

/* see node/hub/command.h */
cdr_err
cdr_hub_command_inspect(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_open open = { 0 };

	CDR_TRY(cdr_hub_open(arguments, &open, fault));
	if (report->json)
		err = cdr_hub_inspect_json(open.home->store, report->out);
	else
		err = cdr_hub_inspect_text(open.home->store, report);
out:
	cdr_hub_close(&open);
	return err;
}
