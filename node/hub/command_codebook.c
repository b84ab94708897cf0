#include "node/hub/command.h"
#include "node/store/codebook_file.h"

/* codebook load: the version that rounds are opened with from then on. */

/* see node/hub/command.h */
cdr_err
cdr_hub_command_codebook_load(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_hub_open open = { 0 };
	char version[CDR_CODEBOOK_VERSION_LEN];

	CDR_TRY(cdr_hub_open_to_change(arguments, &open, fault));
	CDR_TRY(cdr_codebook_file_take(open.home->path, cdr_arguments_operand(arguments, 0), version, fault));
	cdr_report_text(report, "Codebook %s: rounds that are opened from now on name it. Send the file to the members; each runs\n"
				"`candor codebook load FILE`.\n", version);
	err = cdr_report_json(report, json_pack("{s:s}", "codebook", version));
out:
	cdr_hub_close(&open);
	return err;
}
