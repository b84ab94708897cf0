#include "core/record/report.h"

#include <stdlib.h>
#include <string.h>

/* Room grows by doubling, from 8 to CDR_REPORT_LISTED_MAX lines. */
static void
add(struct cdr_row_report_list *list, const struct cdr_row_fault *line)
{
	list->count++;
	if (list->listed_count == CDR_REPORT_LISTED_MAX)
		return;
	if ((list->listed_count & (list->listed_count - 1)) == 0 && (list->listed_count == 0 || list->listed_count >= 8)) {
		size_t room = list->listed_count == 0 ? 8 : 2 * list->listed_count;
		struct cdr_row_fault *lines = realloc(list->lines, room * sizeof(*lines));
		if (lines == NULL)
			return;
		list->lines = lines;
	}
	list->lines[list->listed_count++] = *line;
}

/* see core/record/report.h */
void
cdr_row_report_fault(struct cdr_row_report *report, const struct cdr_row_fault *line)
{
	add(&report->faults, line);
}

/* see core/record/report.h */
void
cdr_row_report_note(struct cdr_row_report *report, const struct cdr_row_fault *line)
{
	add(&report->notes, line);
}

/* see core/record/report.h */
void
cdr_row_report_wipe(struct cdr_row_report *report)
{
	free(report->faults.lines);
	free(report->notes.lines);
	memset(report, 0, sizeof(*report));
}
