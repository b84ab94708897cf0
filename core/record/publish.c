#include "core/record/publish.h"

#include <stdio.h>
#include <string.h>

#include "core/record/words.h"

/* The web page; names and sums for all files. See core/record/publish.h. */

const char *const cdr_publish_languages[4] = { "en", "fr", "es", "ar" };
const char *const cdr_publish_method[7] = { "method_count", "method_unit", "method_hidden", "method_share", "method_coarse", "method_caveat",
	NULL };

/* see core/record/publish.h */
void
cdr_publish_name(const struct cdr_release *release, const char *language, const char *ending,
    char name[static CDR_PUBLISH_NAME_LEN])
{
	(void)snprintf(name, CDR_PUBLISH_NAME_LEN, "candor-%s-v%u%s%s.%s", release->facts.period, release->facts.version,
	    language != NULL ? "." : "", language != NULL ? language : "", ending);
}

/* see core/record/publish.h */
void
cdr_publish_summary(const struct cdr_release *release, const struct cdr_release_table *table, const char *language,
    struct cdr_publish_summary *summary)
{
	*summary = (struct cdr_publish_summary){ .greatest = 0 };
	cdr_table_definition_title(release->book, table->definition, language, summary->title, sizeof(summary->title));
	for (size_t i = 0; i < table->definition->cell_count; i++) {
		const struct cdr_release_cell *cell = &table->cells[i];
		summary->hidden_count += !cell->shown;
		summary->zero_count += cell->shown && cell->count == 0;
		summary->shown_count += cell->shown && cell->count > 0;
		if (cell->shown && cell->count > summary->greatest)
			summary->greatest = cell->count;
	}
}

/* see core/record/publish.h */
void
cdr_publish_share(uint32_t count, uint32_t total, char text[static 16])
{
	uint64_t tenths = total == 0 ? 0 : ((uint64_t)count * 2000 / total + 1) / 2;

	(void)snprintf(text, 16, "%llu.%llu%%", (unsigned long long)(tenths / 10) % 100000, (unsigned long long)(tenths % 10));
}

/* ---- the page ---------------------------------------------------------------------------------------------------- */

/* One page being written. */
struct page {
	const struct cdr_release *release;
	const struct cdr_words *words;
	const char *language;
	bool right_to_left;
	uint32_t total;
	bool has_total;
	struct cdr_out *out;
};

static const char style[] =
    "html{font:16px/1.5 system-ui,'Noto Sans','Noto Sans Arabic',sans-serif;color:#1a1a1a;background:#fff}"
    "body{margin:0 auto;max-width:70rem;padding:1rem}"
    "h1{font-size:1.6rem;line-height:1.25}h2{font-size:1.2rem;margin:2.5rem 0 .5rem;border-top:2px solid #1a1a1a;padding-top:.75rem}"
    "nav ul{columns:18rem;padding-inline-start:1.2rem}nav.languages ul{columns:auto;display:flex;gap:1.25rem;padding:0;list-style:none}"
    "a{color:#0b3d91}a:focus-visible{outline:3px solid #0b3d91;outline-offset:2px}"
    "dl{display:grid;grid-template-columns:minmax(10rem,max-content) 1fr;gap:.2rem 1rem}dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}"
    ".pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:1.5rem;align-items:start}"
    "figure{margin:0}svg{width:100%;height:auto;display:block}svg text{font:14px system-ui,'Noto Sans','Noto Sans Arabic',sans-serif;fill:#1a1a1a}"
    "figure+.scroll.wide{margin-block-start:1rem}.wide{grid-column:1/-1}.wide th.n{min-width:5.5rem}.wide th[scope=row]{min-width:9rem}"
    "figure:has(+.wide){max-width:32rem}caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    ".scroll{overflow-x:auto;position:relative}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "th,td{border-bottom:1px solid #767676;padding:.25rem .5rem;text-align:start;"
    "vertical-align:top}thead th{border-bottom:2px solid #1a1a1a}td.n,th.n{text-align:end}td.n{white-space:nowrap}"
    ".none{color:#555;font-style:italic}.big{font-size:2.2rem;font-weight:700;margin:.2rem 0}"
    "@media print{nav{display:none}h2{break-after:avoid}figure,tr{break-inside:avoid}}";

static const char *
word(const struct page *page, const char *name)
{
	return cdr_words_peek(page->words, name, page->language);
}

/* Base 64 of ${len} bytes, for the policy's hash of the style. */
static void
out_base64(struct cdr_out *out, const uint8_t *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)data[i] << 16 | (i + 1 < len ? (uint32_t)data[i + 1] << 8 : 0) | (i + 2 < len ? data[i + 2] : 0);
		for (unsigned k = 0; k < 4; k++)
			cdr_out_format(out, "%c", i + k < len + 1 ? digits[bits >> (18 - 6 * k) & 63] : '=');
	}
}

static cdr_err
write_head(const struct page *page)
{
	uint8_t hash[CDR_SHA256_LEN];
	struct cdr_out *out = page->out;
	cdr_err err = cdr_sha256(&(struct cdr_bytes){ (const uint8_t *)style, sizeof(style) - 1 }, 1, hash);

	if (err != CDR_OK)
		return err;
	cdr_out_format(out, "<!DOCTYPE html>\n<html lang=\"%s\" dir=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-", page->language,
	    page->right_to_left ? "rtl" : "ltr");
	out_base64(out, hash, sizeof(hash));
	cdr_out_text(out, "'; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
	cdr_out_html(out, word(page, "title"));
	cdr_out_format(out, " – %s</title>\n<style>%s</style>\n</head>\n<body>\n", page->release->facts.period, style);
	return out->err;
}

static void
write_fact(const struct page *page, const char *name, const char *value)
{
	cdr_out_text(page->out, "<dt>");
	cdr_out_html(page->out, word(page, name));
	cdr_out_text(page->out, "</dt><dd>");
	cdr_out_html(page->out, value);
	cdr_out_text(page->out, "</dd>\n");
}

static void
write_facts(const struct page *page)
{
	const struct cdr_release_facts *facts = &page->release->facts;
	char text[2 * CDR_SHA256_LEN + 1];

	cdr_out_text(page->out, "<dl>\n");
	(void)snprintf(text, sizeof(text), "%u", facts->version);
	write_fact(page, "version", text);
	write_fact(page, "published", facts->published);
	(void)snprintf(text, sizeof(text), "%u", facts->contributors);
	write_fact(page, "contributors", text);
	(void)snprintf(text, sizeof(text), "%u", facts->members);
	write_fact(page, "members", text);
	write_fact(page, "codebook", page->release->codebook);
	if (facts->epsilon[0] != '\0')
		write_fact(page, "noise", facts->epsilon);
	cdr_hex_write(page->release->snapshot, CDR_SHA256_LEN, text);
	write_fact(page, "snapshot", text);
	cdr_out_text(page->out, "</dl>\n");
}

static void
write_languages(const struct page *page)
{
	char name[CDR_PUBLISH_NAME_LEN];

	cdr_out_text(page->out, "<nav class=\"languages\"><ul>\n");
	for (size_t i = 0; i < 4; i++) {
		const char *language = cdr_publish_languages[i];
		cdr_publish_name(page->release, language, "html", name);
		cdr_out_format(page->out, "<li><a href=\"%s\" lang=\"%s\" hreflang=\"%s\"%s>", name, language, language,
		    strcmp(language, page->language) == 0 ? " aria-current=\"page\"" : "");
		cdr_out_html(page->out, cdr_words_peek(page->words, "language", language));
		cdr_out_text(page->out, "</a></li>\n");
	}
	cdr_out_text(page->out, "</ul></nav>\n");
}

static void
write_contents(const struct page *page)
{
	struct cdr_publish_summary summary;

	cdr_out_text(page->out, "<nav aria-labelledby=\"contents\"><h2 id=\"contents\">");
	cdr_out_html(page->out, word(page, "contents"));
	cdr_out_text(page->out, "</h2><ul>\n<li><a href=\"#method\">");
	cdr_out_html(page->out, word(page, "method"));
	cdr_out_text(page->out, "</a></li>\n");
	for (size_t i = 0; i < page->release->table_count; i++) {
		const struct cdr_release_table *table = &page->release->tables[i];
		cdr_publish_summary(page->release, table, page->language, &summary);
		cdr_out_format(page->out, "<li><a href=\"#%s\">", table->definition->id);
		cdr_out_html(page->out, summary.title);
		cdr_out_text(page->out, "</a></li>\n");
	}
	cdr_out_text(page->out, "</ul></nav>\n");
}

/* ---- charts ------------------------------------------------------------------------------------------------------ */

#define CHART_WIDTH 400
#define BAR_MAX 330          /* leaves room for the number behind the longest bar */
#define ROW_HEIGHT 38

/* One bar with its words above and its number behind it: read from the other side where the script is. */
static void
write_bar(const struct page *page, size_t row, const char *label, uint32_t count, uint32_t greatest)
{
	unsigned len = greatest == 0 ? 1 : 1 + (unsigned)((uint64_t)count * BAR_MAX / greatest), y = (unsigned)row * ROW_HEIGHT;
	const char *direction = page->right_to_left ? " direction=\"rtl\"" : "";

	cdr_out_format(page->out, "<text x=\"%d\" y=\"%u\"%s>", page->right_to_left ? CHART_WIDTH : 0, y + 14, direction);
	cdr_out_html(page->out, label);
	cdr_out_format(page->out, "</text><rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"12\" fill=\"#1f4e79\"/>"
	    "<text x=\"%u\" y=\"%u\"%s>%u</text>\n", page->right_to_left ? CHART_WIDTH - len : 0, y + 19, len,
	    page->right_to_left ? CHART_WIDTH - len - 6 : len + 6, y + 30, direction, count);
}

static void
write_chart(const struct page *page, const struct cdr_release_table *table, const struct cdr_publish_summary *summary)
{
	char label[1024];
	size_t row = 0;

	cdr_out_format(page->out, "<figure><svg role=\"img\" viewBox=\"0 0 %d %zu\" aria-labelledby=\"chart-%s\"><title id=\"chart-%s\">",
	    CHART_WIDTH, summary->shown_count * ROW_HEIGHT + 4, table->definition->id, table->definition->id);
	cdr_out_html(page->out, summary->title);
	cdr_out_text(page->out, "</title>\n");
	for (size_t i = 0; i < table->definition->cell_count; i++) {
		if (!table->cells[i].shown || table->cells[i].count == 0)
			continue;
		cdr_table_cell_label(page->release->book, table->definition, i, page->language, label, sizeof(label));
		write_bar(page, row++, label, table->cells[i].count, summary->greatest);
	}
	cdr_out_text(page->out, "</svg></figure>\n");
}

/* ---- data tables ------------------------------------------------------------------------------------------------- */

static void
write_number(const struct page *page, const struct cdr_release_cell *cell)
{
	if (cell->shown)
		cdr_out_format(page->out, "<td class=\"n\">%u</td>", cell->count);
	else {
		cdr_out_text(page->out, "<td class=\"n none\">");
		cdr_out_html(page->out, word(page, "hidden"));
		cdr_out_text(page->out, "</td>");
	}
}

static void
write_heading(const struct page *page, const char *text, bool number)
{
	cdr_out_format(page->out, "<th scope=\"col\"%s>", number ? " class=\"n\"" : "");
	cdr_out_html(page->out, text);
	cdr_out_text(page->out, "</th>");
}

/* A row for each category that is shown; of a table by country the hidden ones are only counted below. */
static void
write_list(const struct page *page, const struct cdr_release_table *table)
{
	char label[1024], share[16];
	bool many = table->definition->cell_count > 40;

	cdr_out_text(page->out, "<thead><tr>");
	write_heading(page, word(page, "category"), false);
	write_heading(page, word(page, "reports"), true);
	if (page->has_total)
		write_heading(page, word(page, "share"), true);
	cdr_out_text(page->out, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < table->definition->cell_count; i++) {
		const struct cdr_release_cell *cell = &table->cells[i];
		if (many && !cell->shown)
			continue;
		cdr_table_cell_label(page->release->book, table->definition, i, page->language, label, sizeof(label));
		cdr_out_text(page->out, "<tr><th scope=\"row\">");
		cdr_out_html(page->out, label);
		cdr_out_text(page->out, "</th>");
		write_number(page, cell);
		if (page->has_total) {
			cdr_publish_share(cell->count, page->total, share);
			cdr_out_format(page->out, "<td class=\"n\">%s</td>", cell->shown ? share : "");
		}
		cdr_out_text(page->out, "</tr>\n");
	}
	cdr_out_text(page->out, "</tbody>\n");
}

/* The last dimension across, the others down. */
static void
write_matrix(const struct page *page, const struct cdr_release_table *table)
{
	const struct cdr_table_definition *definition = table->definition;
	size_t last = definition->dimension_count - 1, across = definition->dimensions[last].category_count;
	char room[CDR_COUNTRY_LEN];

	cdr_out_text(page->out, "<thead><tr>");
	write_heading(page, word(page, "category"), false);
	for (size_t c = 0; c < across; c++)
		write_heading(page, cdr_dimension_label(page->release->book, &definition->dimensions[last], c, page->language, room), true);
	cdr_out_text(page->out, "</tr></thead>\n<tbody>\n");
	for (size_t first = 0; first < definition->cell_count; first += across) {
		size_t at[CDR_DIMENSION_MAX] = { 0 };
		cdr_table_cell_split(definition, first, at);
		cdr_out_text(page->out, "<tr><th scope=\"row\">");
		for (size_t d = 0; d < last; d++) {
			cdr_out_text(page->out, d > 0 ? " · " : "");
			cdr_out_html(page->out, cdr_dimension_label(page->release->book, &definition->dimensions[d], at[d], page->language, room));
		}
		cdr_out_text(page->out, "</th>");
		for (size_t c = 0; c < across; c++)
			write_number(page, &table->cells[first + c]);
		cdr_out_text(page->out, "</tr>\n");
	}
	cdr_out_text(page->out, "</tbody>\n");
}

static void
write_footnote(const struct page *page, const struct cdr_publish_summary *summary)
{
	cdr_out_text(page->out, "<p>");
	cdr_out_html(page->out, word(page, "hidden_count"));
	cdr_out_format(page->out, ": %zu. ", summary->hidden_count);
	cdr_out_html(page->out, word(page, "zero_count"));
	cdr_out_format(page->out, ": %zu.</p>\n", summary->zero_count);
}

static void
write_table(const struct page *page, const struct cdr_release_table *table)
{
	struct cdr_publish_summary summary;

	cdr_publish_summary(page->release, table, page->language, &summary);
	cdr_out_format(page->out, "<section aria-labelledby=\"%s\"><h2 id=\"%s\">", table->definition->id, table->definition->id);
	cdr_out_html(page->out, summary.title);
	cdr_out_text(page->out, "</h2>\n");
	if (summary.shown_count + summary.zero_count == 0) {
		cdr_out_text(page->out, "<p class=\"none\">");
		cdr_out_html(page->out, word(page, "nothing"));
		cdr_out_text(page->out, "</p></section>\n");
		return;
	}
	if (table->definition->dimension_count == 0) {
		cdr_out_format(page->out, "<p class=\"big\">%u</p></section>\n", table->cells[0].count);
		return;
	}
	cdr_out_text(page->out, "<div class=\"pair\">\n");
	if (summary.shown_count > 0)
		write_chart(page, table, &summary);
	cdr_out_format(page->out, "<div class=\"scroll%s\" tabindex=\"0\" role=\"region\" aria-label=\"",
	    table->definition->dimension_count > 1 ? " wide" : "");
	cdr_out_html(page->out, summary.title);
	cdr_out_text(page->out, "\"><table>\n<caption>");
	cdr_out_html(page->out, summary.title);
	cdr_out_text(page->out, "</caption>\n");
	if (table->definition->dimension_count == 1)
		write_list(page, table);
	else
		write_matrix(page, table);
	cdr_out_text(page->out, "</table></div>\n</div>\n");
	write_footnote(page, &summary);
	cdr_out_text(page->out, "</section>\n");
}

static void
write_method(const struct page *page)
{
	cdr_out_text(page->out, "<section aria-labelledby=\"method\"><h2 id=\"method\">");
	cdr_out_html(page->out, word(page, "method"));
	cdr_out_text(page->out, "</h2>\n");
	for (size_t i = 0; cdr_publish_method[i] != NULL; i++) {
		cdr_out_text(page->out, "<p>");
		cdr_out_html(page->out, word(page, cdr_publish_method[i]));
		cdr_out_text(page->out, "</p>\n");
	}
	cdr_out_text(page->out, "</section>\n");
}

/* see core/record/publish.h */
cdr_err
cdr_publish_html(const struct cdr_release *release, const char *language, struct cdr_out *out)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_words *words = NULL;
	struct page page = { .release = release, .language = language, .right_to_left = strcmp(language, "ar") == 0, .out = out };

	if (!release->controlled)
		return CDR_E_REFUSED;
	CDR_TRY(cdr_words_new(&words));
	page.words = words;
	page.has_total = cdr_release_total(release, &page.total);
	CDR_TRY(write_head(&page));
	write_languages(&page);
	cdr_out_text(out, "<main>\n<h1>");
	cdr_out_html(out, word(&page, "title"));
	cdr_out_text(out, "</h1>\n<p><bdi>");
	cdr_out_html(out, release->facts.exchange);
	cdr_out_text(out, "</bdi> · <bdi>");
	cdr_out_html(out, word(&page, release->facts.period[6] == '1' ? "first_half" : "second_half"));
	cdr_out_format(out, " %.4s</bdi></p>\n", release->facts.period);
	write_facts(&page);
	write_method(&page);
	write_contents(&page);
	for (size_t i = 0; i < release->table_count; i++)
		write_table(&page, &release->tables[i]);
	cdr_out_text(out, "</main>\n</body>\n</html>\n");
	err = out->err;
out:
	cdr_words_free(words);
	return err;
}
