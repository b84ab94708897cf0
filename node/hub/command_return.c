#include <stdio.h>
#include <string.h>

#include "node/hub/annual.h"
#include "node/hub/command.h"

/* return list, return publish. */

/* see node/hub/command.h */
cdr_err
cdr_hub_command_return_list(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	static const char *const titles[] = { "MEMBER", "NAME", "REPORTED", "REVISION", "SIGNED BY" };
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_open open = { 0 };
	struct cdr_hub_returns returns = { 0 };
	char revision[16];

	CDR_TRY(cdr_hub_open(arguments, &open, fault));
	CDR_TRY(cdr_hub_returns_read(open.hub, (unsigned)cdr_arguments_number(arguments, "year", (int64_t)cdr_hub_year(cdr_hub_now()) - 1), &returns,
	    fault));
	struct cdr_table *table = cdr_table_new(titles, 5);
	json_t *list = json_array();
	for (size_t i = 0; i < returns.count; i++) {
		const struct cdr_hub_return *one = &returns.list[i];
		(void)snprintf(revision, sizeof(revision), "%u", one->annual.revision);
		cdr_table_cell(table, "%s", one->member);
		cdr_table_cell(table, "%s", one->name);
		cdr_table_cell(table, "%s", one->reported ? "yes" : "no");
		cdr_table_cell(table, "%s", one->reported ? revision : "-");
		cdr_table_cell(table, "%s", one->reported ? one->annual.signed_by : "-");
		(void)json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:i}", "member", one->member, "name", one->name, "reported", one->reported, "revision",
		    (int)one->annual.revision));
	}
	cdr_table_print(table, report);
	cdr_report_text(report, "%zu of %zu reported for %u.\n", returns.reported_count, returns.count, returns.year);
	CDR_TRY(cdr_report_json(report, json_pack("{s:i, s:I, s:I, s:o}", "year", (int)returns.year, "reported", (json_int_t)returns.reported_count, "members",
	    (json_int_t)returns.count, "returns", list)));
	err = CDR_OK;
out:
	cdr_hub_returns_free(&returns);
	cdr_hub_close(&open);
	return err;
}

/* see node/hub/command.h */
cdr_err
cdr_hub_command_return_publish(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_open open = { 0 };
	struct cdr_hub_returns returns = { 0 };
	const char *folder = cdr_arguments_operand(arguments, 0);

	CDR_TRY(cdr_hub_open_to_change(arguments, &open, fault));
	CDR_TRY(cdr_hub_returns_read(open.hub, (unsigned)cdr_arguments_number(arguments, "year", 0), &returns, fault));
	CDR_TRY(cdr_hub_returns_publish(&returns, folder, cdr_hub_now(), fault));
	cdr_report_text(report, "Written to %s: the figures of %u as PDF (en, fr, es, ar), XLSX, JSON and CSV with HXL tags. %zu of %zu members reported.\n", folder,
	    returns.year, returns.reported_count, returns.count);
	CDR_TRY(cdr_report_json(report, json_pack("{s:s, s:i, s:I, s:I}", "folder", folder, "year", (int)returns.year, "reported",
	    (json_int_t)returns.reported_count, "members", (json_int_t)returns.count)));
	err = CDR_OK;
out:
	cdr_hub_returns_free(&returns);
	cdr_hub_close(&open);
	return err;
}
