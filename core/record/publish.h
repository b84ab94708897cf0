#ifndef CDR_CORE_RECORD_PUBLISH_H
#define CDR_CORE_RECORD_PUBLISH_H

/*
 * A release as files for people. Each carries method, denominators and caveats, and nothing that disclosure control held back.
 *
 * The web page is one file for each language, with everything in it: no script, nothing from elsewhere, a policy that forbids both;
 * charts are SVG with their numbers written beside the bars, and a data table beside each. The CSV has the row of HXL hashtags that
 * the data dictionary asks for; the workbook holds every figure, and the same method.
 */

#include "core/record/release.h"

#define CDR_PUBLISH_NAME_LEN 64

/* The languages of every file. */
extern const char *const cdr_publish_languages[4];

/* "candor-2025-H1-v1.en.html"; ${language} NULL: without it. */
void cdr_publish_name(const struct cdr_release *release, const char *language, const char *ending,
    char name[static CDR_PUBLISH_NAME_LEN]);

/*
 * Each returns CDR_OK; CDR_E_REFUSED before disclosure control has run; CDR_E_RANGE if it grows too long; CDR_E_MEMORY.
 */
CDR_MUST_CHECK cdr_err cdr_publish_html(const struct cdr_release *release, const char *language, struct cdr_out *out);
CDR_MUST_CHECK cdr_err cdr_publish_csv(const struct cdr_release *release, struct cdr_out *out);

/* What goes beside the CSV, whose rows have no room for it: facts, method, denominators and caveats as text in every language. */
CDR_MUST_CHECK cdr_err cdr_publish_text(const struct cdr_release *release, struct cdr_out *out);

/* data: malloc'ed, of the caller; NULL on error. */
CDR_MUST_CHECK cdr_err cdr_publish_xlsx(const struct cdr_release *release, const char *language, uint8_t **data, size_t *len);

/* What a table calls itself, and how many cells it shows: with something in them, zero, none. */
struct cdr_publish_summary {
	char title[1024];
	size_t shown_count, zero_count, hidden_count;
	uint32_t greatest;
};
void cdr_publish_summary(const struct cdr_release *release, const struct cdr_release_table *table, const char *language,
    struct cdr_publish_summary *summary);

/* "12.5%" of ${total}. */
void cdr_publish_share(uint32_t count, uint32_t total, char text[static 16]);

/* The names of the paragraphs on method, for cdr_words_peek; NULL ends them. */
extern const char *const cdr_publish_method[7];

#endif
