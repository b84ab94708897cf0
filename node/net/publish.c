#include "node/net/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/record/words.h"
#include "node/net/print.h"

#define PATH_LEN 4096
#define BARS_MAX 60 /* of one table in the PDF: more are in the other files */

/* ---- PDF --------------------------------------------------------------------------------------------------------- */

static void
print_facts(struct cdr_print *print, const struct cdr_release *release, const struct cdr_words *words, const char *language)
{
	const struct cdr_release_facts *facts = &release->facts;
	char text[2 * CDR_SHA256_LEN + 1];

	cdr_print_fields(print);
	(void)snprintf(text, sizeof(text), "%u", facts->version);
	cdr_print_field(print, cdr_words_peek(words, "version", language), text);
	cdr_print_field(print, cdr_words_peek(words, "published", language), facts->published);
	(void)snprintf(text, sizeof(text), "%u", facts->contributors);
	cdr_print_field(print, cdr_words_peek(words, "contributors", language), text);
	(void)snprintf(text, sizeof(text), "%u", facts->members);
	cdr_print_field(print, cdr_words_peek(words, "members", language), text);
	cdr_print_field(print, cdr_words_peek(words, "codebook", language), release->codebook);
	cdr_print_field(print, cdr_words_peek(words, "noise", language), facts->epsilon);
	cdr_hex_write(release->snapshot, CDR_SHA256_LEN, text);
	cdr_print_field(print, cdr_words_peek(words, "snapshot", language), text);
}

/* One table: bars with their numbers, and what is not shown. */
static void
print_table(struct cdr_print *print, const struct cdr_release *release, const struct cdr_words *words, const char *language,
    const struct cdr_release_table *table)
{
	struct cdr_publish_summary summary;
	char label[1024], text[256], share[16];
	uint32_t total;
	bool has_total = cdr_release_total(release, &total) && table->definition->records == CDR_RECORDS_SHARED;
	size_t shown = 0;

	cdr_publish_summary(release, table, language, &summary);
	cdr_print_heading(print, summary.title);
	if (summary.shown_count + summary.zero_count == 0) {
		cdr_print_text(print, "small", cdr_words_peek(words, "nothing", language));
		return;
	}
	if (table->definition->dimension_count == 0) {
		(void)snprintf(text, sizeof(text), "%u", table->cells[0].count);
		cdr_print_text(print, "strong", text);
		return;
	}
	if (summary.shown_count > 0)
		cdr_print_bars(print);
	for (size_t i = 0; i < table->definition->cell_count && shown < BARS_MAX; i++) {
		const struct cdr_release_cell *cell = &table->cells[i];
		if (!cell->shown || cell->count == 0)
			continue;
		cdr_table_cell_label(release->book, table->definition, i, language, label, sizeof(label));
		cdr_publish_share(cell->count, total, share);
		(void)snprintf(text, sizeof(text), has_total ? "%u (%s)" : "%u", cell->count, share);
		cdr_print_bar(print, label, cell->count, text);
		shown++;
	}
	(void)snprintf(text, sizeof(text), "%s: %zu. %s: %zu.", cdr_words_peek(words, "hidden_count", language), summary.hidden_count,
	    cdr_words_peek(words, "zero_count", language), summary.zero_count);
	cdr_print_text(print, "small", text);
}

/* see node/net/publish.h */
cdr_err
cdr_publish_pdf(const struct cdr_release *release, const char *language, int64_t created, struct cdr_buffer *pdf,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_words *words = NULL;
	struct cdr_print print = { NULL };
	char subtitle[256], footer[256];

	*pdf = (struct cdr_buffer){ 0 };
	if (!release->controlled)
		return CDR_E_REFUSED;
	CDR_TRY(cdr_words_new(&words));
	(void)snprintf(subtitle, sizeof(subtitle), "%s · %s %.4s", release->facts.exchange,
	    cdr_words_peek(words, release->facts.period[6] == '1' ? "first_half" : "second_half", language), release->facts.period);
	(void)snprintf(footer, sizeof(footer), "%s · %s %u", release->facts.period, cdr_words_peek(words, "version", language),
	    release->facts.version);
	cdr_print_start(&print, language, cdr_words_peek(words, "title", language), subtitle, footer, created);
	print_facts(&print, release, words, language);
	cdr_print_heading(&print, cdr_words_peek(words, "method", language));
	for (size_t i = 0; cdr_publish_method[i] != NULL; i++)
		cdr_print_text(&print, "plain", cdr_words_peek(words, cdr_publish_method[i], language));
	for (size_t t = 0; t < release->table_count; t++)
		print_table(&print, release, words, language, &release->tables[t]);
	err = cdr_print_run(&print, pdf, fault);
out:
	cdr_print_free(&print);
	cdr_words_free(words);
	return err;
}

/* ---- the folder -------------------------------------------------------------------------------------------------- */

static cdr_err
io(struct cdr_fault *fault, const char *path)
{
	return cdr_fault_set(fault, CDR_E_IO, "%.300s: it cannot be written: %s", path, strerror(errno));
}

/* see node/net/publish.h */
cdr_err
cdr_publish_put(const char *folder, const char *name, const void *data, size_t len, struct cdr_fault *fault)
{
	const char *slash = strrchr(name, '/'), *base = slash != NULL ? slash + 1 : name;
	char path[PATH_LEN], fresh[PATH_LEN];
	size_t done = 0;
	ssize_t put = 1;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path) ||
	    (size_t)snprintf(fresh, sizeof(fresh), "%s/%.*s.%s", folder, (int)(base - name), name, base) >= sizeof(fresh))
		return cdr_fault_set(fault, CDR_E_RANGE, "the name of the folder is too long");
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return io(fault, path);
	while (done < len && put > 0) {
		put = write(fd, (const char *)data + done, len - done);
		done += put > 0 ? (size_t)put : 0;
	}
	bool good = done == len && fsync(fd) == 0;
	good = close(fd) == 0 && good;
	if (good && rename(fresh, path) == 0)
		return CDR_OK;
	cdr_err err = io(fault, path);
	(void)unlink(fresh);
	return err;
}

/* Page, workbook and PDF in one language. */
static cdr_err
put_language(const struct cdr_release *release, const char *folder, const char *language, int64_t created, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char name[CDR_PUBLISH_NAME_LEN];
	struct cdr_out html = { 0 };
	struct cdr_buffer pdf = { 0 };
	uint8_t *workbook = NULL;
	size_t len;

	CDR_TRY(cdr_publish_html(release, language, &html));
	cdr_publish_name(release, language, "html", name);
	CDR_TRY(cdr_publish_put(folder, name, html.data, html.len, fault));
	CDR_TRY(cdr_publish_xlsx(release, language, &workbook, &len));
	cdr_publish_name(release, language, "xlsx", name);
	CDR_TRY(cdr_publish_put(folder, name, workbook, len, fault));
	CDR_TRY(cdr_publish_pdf(release, language, created, &pdf, fault));
	cdr_publish_name(release, language, "pdf", name);
	CDR_TRY(cdr_publish_put(folder, name, pdf.data, pdf.len, fault));
	err = CDR_OK;
out:
	cdr_out_free(&html);
	cdr_buffer_free(&pdf);
	free(workbook);
	return err;
}

/* see node/net/publish.h */
cdr_err
cdr_publish_folder_make(const char *folder, struct cdr_fault *fault)
{
	return mkdir(folder, 0755) == 0 || errno == EEXIST ? CDR_OK : io(fault, folder);
}

/* see node/net/publish.h */
cdr_err
cdr_publish_folder(const struct cdr_release *release, const char *folder, int64_t created, uint8_t hash[static CDR_SHA256_LEN],
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	char name[CDR_PUBLISH_NAME_LEN];
	struct cdr_out csv = { 0 }, json = { 0 };

	memset(hash, 0, CDR_SHA256_LEN);
	if (!release->controlled)
		return cdr_fault_set(fault, CDR_E_REFUSED, "disclosure control has not run on this release");
	CDR_TRY(cdr_publish_folder_make(folder, fault));
	for (size_t i = 0; i < 4; i++)
		CDR_TRY(put_language(release, folder, cdr_publish_languages[i], created, fault));
	CDR_TRY(cdr_publish_csv(release, &csv));
	cdr_publish_name(release, NULL, "csv", name);
	CDR_TRY(cdr_publish_put(folder, name, csv.data, csv.len, fault));
	CDR_TRY(cdr_release_to_json(release, &json));
	CDR_TRY(cdr_sha256(&(struct cdr_bytes){ (const uint8_t *)json.data, json.len }, 1, hash));
	cdr_publish_name(release, NULL, "json", name);
	CDR_TRY(cdr_publish_put(folder, name, json.data, json.len, fault));
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		(void)close(fd);
	err = good ? CDR_OK : io(fault, folder);
out:
	cdr_out_free(&csv);
	cdr_out_free(&json);
	return err;
}
