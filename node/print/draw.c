#include "node/print/draw.h"

#include <cairo-pdf.h>
#include <qrencode.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "node/print/page.h"

#define CELL_PAD 4.0
#define ROW_HEIGHT_MAX (BODY_END - MARGIN - 60)
#define LABEL_SHARE 0.36
#define GAP 10.0

/* ---- blocks ---------------------------------------------------------------------------------------------------------- */

static void
draw_heading(struct canvas *canvas, const json_t *block)
{
	canvas->y += canvas->y > MARGIN ? 8 : 0;
	cdr_page_need(canvas, 60); /* never alone at the foot of a page */
	cdr_page_flow(canvas, cdr_document_text(block, "text"), FACE_HEADING, INK_ACCENT, 4);
}

static void
draw_text(struct canvas *canvas, const json_t *block)
{
	const char *style = cdr_document_text(block, "style"), *text = cdr_document_text(block, "text");

	if (strcmp(style, "boxed") == 0)
		cdr_page_flow_boxed(canvas, text, FACE_STRONG, GAP);
	else if (strcmp(style, "small") == 0)
		cdr_page_flow(canvas, text, FACE_SMALL, INK_GREY, 6);
	else
		cdr_page_flow(canvas, text, strcmp(style, "strong") == 0 ? FACE_STRONG : FACE_PLAIN, INK, 6);
}

/* Cells side by side, as high as the highest; a line below. */
struct grid {
	size_t column_count;
	double offset[CDR_PRINT_COLUMN_MAX], width[CDR_PRINT_COLUMN_MAX];
	enum side side[CDR_PRINT_COLUMN_MAX];
	enum face face[CDR_PRINT_COLUMN_MAX];
	enum ink ink[CDR_PRINT_COLUMN_MAX];
	enum face header_face;
	bool header;
};

/* A cell that would be taller than a page is cut, and says so ("…"). */
static void
keep_on_page(PangoLayout *cell)
{
	pango_layout_set_height(cell, (int)(ROW_HEIGHT_MAX * PANGO_SCALE));
	pango_layout_set_ellipsize(cell, PANGO_ELLIPSIZE_END);
}

static double
make_row(const struct canvas *canvas, const struct grid *grid, const json_t *row, PangoLayout **cells)
{
	double height = 0;

	for (size_t i = 0; i < grid->column_count; i++) {
		const char *text = json_string_value(json_array_get(row, i));
		cells[i] = cdr_page_layout(canvas, text, grid->header ? grid->header_face : grid->face[i], grid->width[i] - 2 * CELL_PAD, grid->side[i]);
		keep_on_page(cells[i]);
		double cell = cdr_page_layout_height(cells[i]);
		height = cell > height ? cell : height;
	}
	return height + 2 * CELL_PAD;
}

static void
draw_row(struct canvas *canvas, const struct grid *grid, double height, PangoLayout **cells)
{
	if (grid->header) {
		cdr_page_ink(canvas, INK_GROUND);
		cairo_rectangle(canvas->cairo, MARGIN, canvas->y, BODY_WIDTH, height);
		cairo_fill(canvas->cairo);
	}
	for (size_t i = 0; i < grid->column_count; i++) {
		cdr_page_ink(canvas, grid->header ? INK : grid->ink[i]);
		cdr_page_draw(canvas, cells[i], cdr_page_x(canvas, grid->offset[i] + CELL_PAD, grid->width[i] - 2 * CELL_PAD), canvas->y + CELL_PAD);
		g_object_unref(cells[i]);
	}
	canvas->y += height;
	cdr_page_ink(canvas, INK_LINE);
	cairo_set_line_width(canvas->cairo, 0.5);
	cairo_move_to(canvas->cairo, MARGIN, canvas->y);
	cairo_line_to(canvas->cairo, PAGE_WIDTH - MARGIN, canvas->y);
	cairo_stroke(canvas->cairo);
}

/* Rows, with the header again on each new page. */
static void
draw_rows(struct canvas *canvas, struct grid *grid, const json_t *header, const json_t *rows)
{
	PangoLayout *cells[CDR_PRINT_COLUMN_MAX], *head[CDR_PRINT_COLUMN_MAX];
	size_t count = json_array_size(rows);
	bool head_due = header != NULL;

	for (size_t i = 0; (i < count || head_due) && !canvas->too_many; i++) {
		grid->header = false;
		double height = i < count ? make_row(canvas, grid, json_array_get(rows, i), cells) : 0, above = 0;
		for (int pass = 0; pass < 2; pass++) {
			grid->header = true;
			above = head_due ? make_row(canvas, grid, header, head) : 0;
			if (pass == 1 || canvas->y + above + height <= BODY_END || canvas->y <= MARGIN)
				break;
			for (size_t c = 0; head_due && c < grid->column_count; c++)
				g_object_unref(head[c]);
			cdr_page_break(canvas);
			head_due = header != NULL;
		}
		if (head_due)
			draw_row(canvas, grid, above, head);
		head_due = false;
		grid->header = false;
		if (i < count)
			draw_row(canvas, grid, height, cells);
	}
	canvas->y += GAP;
}

static void
draw_fields(struct canvas *canvas, const json_t *block)
{
	struct grid grid = {
		.column_count = 2,
		.offset = { 0, BODY_WIDTH * LABEL_SHARE },
		.width = { BODY_WIDTH * LABEL_SHARE, BODY_WIDTH * (1 - LABEL_SHARE) },
		.face = { FACE_PLAIN, FACE_PLAIN },
		.ink = { INK_GREY, INK },
	};

	draw_rows(canvas, &grid, NULL, json_object_get(block, "rows"));
}

/* How wide a text is on one line. */
static double
natural_width(const struct canvas *canvas, const char *text, enum face face)
{
	int width, height;
	PangoLayout *layout = cdr_page_layout(canvas, text, face, 10000, SIDE_START);

	pango_layout_get_size(layout, &width, &height);
	g_object_unref(layout);
	return (double)width / PANGO_SCALE + 2 * CELL_PAD + 1;
}

/* The longest word of a text: a column is not narrower, if it can be helped. */
static double
word_width(const struct canvas *canvas, const char *text, enum face face)
{
	double widest = 0;
	char word[64];

	while (*text != '\0') {
		size_t len = strcspn(text, " \n"), kept = len < sizeof(word) ? len : 0;
		memcpy(word, text, kept);
		word[kept] = '\0';
		double width = kept > 0 ? natural_width(canvas, word, face) : 0;
		widest = width > widest ? width : widest;
		text += len + (text[len] != '\0');
	}
	return widest;
}

/* Columns as wide as they would like to be; if that is too much, the wide ones give way, down to their longest word. Returns what they need
 * at least. */
static double
share_width(const struct canvas *canvas, struct grid *grid, const json_t *header, const json_t *rows)
{
	double least[CDR_PRINT_COLUMN_MAX], like[CDR_PRINT_COLUMN_MAX], least_sum = 0, like_sum = 0, at = 0;
	size_t count = json_array_size(rows);

	for (size_t c = 0; c < grid->column_count; c++) {
		const char *title = json_string_value(json_array_get(header, c));
		least[c] = word_width(canvas, title, grid->header_face);
		like[c] = natural_width(canvas, title, grid->header_face);
		for (size_t r = 0; r < count && r < 200; r++) {
			const char *text = json_string_value(json_array_get(json_array_get(rows, r), c));
			double word = word_width(canvas, text, grid->face[c]), whole = natural_width(canvas, text, grid->face[c]);
			least[c] = word > least[c] ? word : least[c];
			like[c] = whole > like[c] ? whole : like[c];
		}
		least[c] = least[c] < BODY_WIDTH / 2 ? least[c] : BODY_WIDTH / 2;
		like[c] = like[c] > least[c] ? like[c] : least[c];
		least_sum += least[c];
		like_sum += like[c];
	}
	for (size_t c = 0; c < grid->column_count; c++) {
		if (like_sum <= BODY_WIDTH)
			grid->width[c] = like[c] * BODY_WIDTH / like_sum;
		else if (least_sum <= BODY_WIDTH)
			grid->width[c] = least[c] + (like[c] - least[c]) * (BODY_WIDTH - least_sum) / (like_sum - least_sum + 1e-9);
		else
			grid->width[c] = least[c] * BODY_WIDTH / least_sum;
		grid->offset[c] = at;
		at += grid->width[c];
	}
	return least_sum;
}

static void
draw_table(struct canvas *canvas, const json_t *block)
{
	const json_t *header = json_object_get(block, "header"), *rows = json_object_get(block, "rows");
	const json_t *numbers = json_object_get(block, "numbers");
	struct grid grid = { .column_count = json_array_size(header) };

	grid.header_face = FACE_STRONG;
	for (size_t c = 0; c < grid.column_count; c++)
		grid.face[c] = FACE_PLAIN;
	for (size_t i = 0; i < json_array_size(numbers); i++)
		grid.side[json_integer_value(json_array_get(numbers, i))] = SIDE_END;
	if (share_width(canvas, &grid, header, rows) > BODY_WIDTH) {
		/* Too many columns for their longest words: smaller letters. */
		grid.header_face = FACE_SMALL;
		for (size_t c = 0; c < grid.column_count; c++)
			grid.face[c] = FACE_SMALL;
		(void)share_width(canvas, &grid, header, rows);
	}
	draw_rows(canvas, &grid, header, rows);
}

/* Label, bar, figure. */
static void
draw_bars(struct canvas *canvas, const json_t *block)
{
	const json_t *rows = json_object_get(block, "rows");
	double most = 0, bar_room = BODY_WIDTH * 0.44, label = BODY_WIDTH * 0.38;

	for (size_t i = 0; i < json_array_size(rows); i++) {
		double value = json_number_value(json_array_get(json_array_get(rows, i), 1));
		most = value > most ? value : most;
	}
	for (size_t i = 0; i < json_array_size(rows) && !canvas->too_many; i++) {
		const json_t *row = json_array_get(rows, i);
		double value = json_number_value(json_array_get(row, 1)), width = most > 0 ? bar_room * value / most : 0;
		PangoLayout *name = cdr_page_layout(canvas, json_string_value(json_array_get(row, 0)), FACE_PLAIN, label - 8, SIDE_START);
		PangoLayout *figure = cdr_page_layout(canvas, json_string_value(json_array_get(row, 2)), FACE_PLAIN, BODY_WIDTH - label - bar_room - 12, SIDE_START);
		keep_on_page(name);
		keep_on_page(figure);
		double height = cdr_page_layout_height(name), beside = cdr_page_layout_height(figure);
		height = beside > height ? beside : height;
		cdr_page_need(canvas, height + 6);
		cdr_page_ink(canvas, INK);
		cdr_page_draw(canvas, name, cdr_page_x(canvas, 0, label - 8), canvas->y);
		cdr_page_draw(canvas, figure, cdr_page_x(canvas, label + bar_room + 8, BODY_WIDTH - label - bar_room - 12), canvas->y);
		cdr_page_ink(canvas, INK_GROUND);
		cairo_rectangle(canvas->cairo, cdr_page_x(canvas, label, bar_room), canvas->y + 2, bar_room, 9);
		cairo_fill(canvas->cairo);
		cdr_page_ink(canvas, INK_ACCENT);
		cairo_rectangle(canvas->cairo, cdr_page_x(canvas, label, width), canvas->y + 2, width, 9);
		cairo_fill(canvas->cairo);
		canvas->y += height + 5;
		g_object_unref(name);
		g_object_unref(figure);
	}
	canvas->y += GAP;
}

/* A QR code with four modules of white around it (ISO/IEC 18004, section 9.1). */
static void
draw_qr(const struct canvas *canvas, const char *text, double x, double y, double size)
{
	QRcode *qr = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);

	if (qr == NULL)
		return;
	double module = size / (qr->width + 8);
	cdr_page_ink(canvas, INK);
	for (int row = 0; row < qr->width; row++)
		for (int column = 0; column < qr->width; column++)
			if (qr->data[row * qr->width + column] & 1)
				cairo_rectangle(canvas->cairo, x + (column + 4) * module, y + (row + 4) * module, module, module);
	cairo_fill(canvas->cairo);
	QRcode_free(qr);
}

/* The QR code with its words beside it, together on a page; words that are too many for that stand below it, on as many pages as they take. */
static void
draw_code(struct canvas *canvas, const json_t *block)
{
	const char *text = cdr_document_text(block, "text"), *words = cdr_document_text(block, "caption");
	double size = 92, width = BODY_WIDTH - size - 12;
	PangoLayout *code = cdr_page_layout(canvas, text, FACE_CODE, width, SIDE_START);
	PangoLayout *caption = cdr_page_layout(canvas, words, FACE_SMALL, width, SIDE_START);
	double above = cdr_page_layout_height(code), height = above + 16 + cdr_page_layout_height(caption);
	bool is_beside = height <= BODY_END - MARGIN;

	height = is_beside && height > size ? height : size;
	cdr_page_need(canvas, height + 6);
	draw_qr(canvas, cdr_document_text(block, "qr"), cdr_page_x(canvas, 0, size), canvas->y, size);
	if (is_beside) {
		cdr_page_ink(canvas, INK);
		cdr_page_draw(canvas, code, cdr_page_x(canvas, size + 12, width), canvas->y + 10);
		cdr_page_ink(canvas, INK_GREY);
		cdr_page_draw(canvas, caption, cdr_page_x(canvas, size + 12, width), canvas->y + 16 + above);
	}
	canvas->y += height + GAP;
	if (!is_beside) {
		cdr_page_flow(canvas, text, FACE_CODE, INK, 6);
		cdr_page_flow(canvas, words, FACE_SMALL, INK_GREY, GAP);
	}
	g_object_unref(code);
	g_object_unref(caption);
}

static void
draw_space(struct canvas *canvas, const json_t *block)
{
	(void)block;
	canvas->y += GAP;
}

static void
draw_page(struct canvas *canvas, const json_t *block)
{
	(void)block;
	if (canvas->y > MARGIN)
		cdr_page_break(canvas);
}

static const struct {
	const char *kind;
	void (*draw)(struct canvas *canvas, const json_t *block);
} kinds[] = {
	{ "heading", draw_heading }, { "text", draw_text }, { "fields", draw_fields }, { "table", draw_table }, { "bars", draw_bars },
	{ "code", draw_code }, { "space", draw_space }, { "page", draw_page },
};

/* ---- the document ------------------------------------------------------------------------------------------------------ */

static void
draw_all(struct canvas *canvas)
{
	const json_t *blocks = json_object_get(canvas->document, "blocks");

	cdr_page_begin(canvas);
	cdr_page_flow(canvas, cdr_document_text(canvas->document, "title"), FACE_TITLE, INK_ACCENT, 2);
	if (cdr_document_text(canvas->document, "subtitle")[0] != '\0')
		cdr_page_flow(canvas, cdr_document_text(canvas->document, "subtitle"), FACE_PLAIN, INK_GREY, 6);
	canvas->y += 6;
	for (size_t i = 0; i < json_array_size(blocks) && !canvas->too_many; i++) {
		const json_t *block = json_array_get(blocks, i);
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
			if (strcmp(kinds[k].kind, cdr_document_text(block, "kind")) == 0)
				kinds[k].draw(canvas, block);
	}
	cdr_page_end(canvas);
}

static void
set_metadata(cairo_surface_t *surface, const json_t *document)
{
	time_t created = (time_t)json_integer_value(json_object_get(document, "created"));
	struct tm utc;
	char text[32];

	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, cdr_document_text(document, "title"));
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "Candor");
	if (gmtime_r(&created, &utc) == NULL || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		return;
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, text);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, text);
}

/* Where the PDF goes; without a writer only the pages are counted. */
struct sink {
	cdr_draw_write *write;
	void *context;
};

static cairo_status_t
take_bytes(void *closure, const unsigned char *data, unsigned int len)
{
	struct sink *sink = closure;

	if (sink->write == NULL || sink->write(sink->context, data, len))
		return CAIRO_STATUS_SUCCESS;
	return CAIRO_STATUS_WRITE_ERROR;
}

/* Draw once; ${page_count} in: what the footers say; out: how many there were. */
static cdr_err
draw_once(const json_t *document, struct sink *sink, size_t *page_count, struct cdr_fault *fault)
{
	static const char *const faces[FACE_COUNT] = {
		[FACE_TITLE] = "Noto Sans,DejaVu Sans,sans-serif Bold 19", [FACE_HEADING] = "Noto Sans,DejaVu Sans,sans-serif Bold 12.5",
		[FACE_PLAIN] = "Noto Sans,DejaVu Sans,sans-serif 9.5", [FACE_STRONG] = "Noto Sans,DejaVu Sans,sans-serif Bold 9.5",
		[FACE_SMALL] = "Noto Sans,DejaVu Sans,sans-serif 8", [FACE_CODE] = "Noto Sans Mono,DejaVu Sans Mono,monospace Bold 12",
	};
	cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(take_bytes, sink, PAGE_WIDTH, PAGE_HEIGHT);
	struct canvas canvas = { .document = document, .cairo = cairo_create(surface), .page_count = *page_count };

	set_metadata(surface, document);
	canvas.right_to_left = strcmp(cdr_document_text(document, "direction"), "rtl") == 0;
	for (size_t i = 0; i < FACE_COUNT; i++)
		canvas.face[i] = pango_font_description_from_string(faces[i]);
	draw_all(&canvas);
	cairo_status_t status = cairo_status(canvas.cairo);
	cairo_destroy(canvas.cairo);
	cairo_surface_finish(surface);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	for (size_t i = 0; i < FACE_COUNT; i++)
		pango_font_description_free(canvas.face[i]);
	*page_count = canvas.page;
	if (canvas.too_many)
		return cdr_fault_set(fault, CDR_E_RANGE, "there are more than %d pages", CDR_PRINT_PAGE_MAX);
	if (status == CAIRO_STATUS_SUCCESS)
		return CDR_OK;
	return cdr_fault_set(fault, status == CAIRO_STATUS_NO_MEMORY ? CDR_E_MEMORY : status == CAIRO_STATUS_WRITE_ERROR ? CDR_E_IO : CDR_E_INTERNAL,
	    "the PDF could not be made: %s", cairo_status_to_string(status));
}

/* see node/print/draw.h */
cdr_err
cdr_draw(const json_t *document, cdr_draw_write *write, void *context, struct cdr_fault *fault)
{
	struct sink nowhere = { NULL, NULL }, sink = { write, context };
	size_t page_count = 0;

	cdr_err err = draw_once(document, &nowhere, &page_count, fault);
	return err == CDR_OK ? draw_once(document, &sink, &page_count, fault) : err;
}
