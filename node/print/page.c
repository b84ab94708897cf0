#include "node/print/page.h"

#include <stdio.h>
#include <string.h>

#define BOX_PAD 8.0
#define BOX_INDENT 14.0
#define BOX_WIDTH (BODY_WIDTH - 24.0) /* of the text in a box */

/* see node/print/page.h */
void
cdr_page_ink(const struct canvas *canvas, enum ink ink)
{
	static const double colours[][3] = {
		[INK] = { 0.1, 0.1, 0.12 }, [INK_GREY] = { 0.36, 0.38, 0.42 }, [INK_LINE] = { 0.78, 0.8, 0.83 },
		[INK_GROUND] = { 0.945, 0.95, 0.96 }, [INK_ACCENT] = { 0.07, 0.3, 0.5 },
	};

	cairo_set_source_rgb(canvas->cairo, colours[ink][0], colours[ink][1], colours[ink][2]);
}

/* The direction of the first letter that has one (UAX 9, P2 and P3); otherwise the document's. */
static PangoDirection
direction_of(const struct canvas *canvas, const char *text)
{
	for (; *text != '\0'; text = g_utf8_next_char(text)) {
		gunichar c = g_utf8_get_char(text);
		if (!g_unichar_isalpha(c))
			continue;
		bool is_right = (c >= 0x590 && c <= 0x8ff) || (c >= 0xfb1d && c <= 0xfdff) || (c >= 0xfe70 && c <= 0xfefc);
		return is_right ? PANGO_DIRECTION_RTL : PANGO_DIRECTION_LTR;
	}
	return canvas->right_to_left ? PANGO_DIRECTION_RTL : PANGO_DIRECTION_LTR;
}

/* see node/print/page.h */
PangoLayout *
cdr_page_layout(const struct canvas *canvas, const char *text, enum face face, double width, enum side side)
{
	PangoLayout *layout = pango_cairo_create_layout(canvas->cairo);
	bool right = canvas->right_to_left != (side == SIDE_END);

	/* The order within a line follows the text; its side is the document's: a Latin name in an Arabic form stands where the form's text does. */
	pango_context_set_base_dir(pango_layout_get_context(layout), direction_of(canvas, text));
	pango_layout_set_auto_dir(layout, FALSE);
	pango_layout_set_font_description(layout, canvas->face[face]);
	pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_alignment(layout, side == SIDE_CENTRE ? PANGO_ALIGN_CENTER : right ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
	pango_layout_set_text(layout, text, -1);
	return layout;
}

/* see node/print/page.h */
double
cdr_page_layout_height(PangoLayout *layout)
{
	int width, height;

	pango_layout_get_size(layout, &width, &height);
	return (double)height / PANGO_SCALE;
}

/* see node/print/page.h */
void
cdr_page_draw(const struct canvas *canvas, PangoLayout *layout, double x, double y)
{
	cairo_move_to(canvas->cairo, x, y);
	pango_cairo_show_layout(canvas->cairo, layout);
}

/* see node/print/page.h */
double
cdr_page_x(const struct canvas *canvas, double offset, double width)
{
	return canvas->right_to_left ? PAGE_WIDTH - MARGIN - offset - width : MARGIN + offset;
}

/* "Page %1 of %2" with its numbers. */
static void
page_words(const struct canvas *canvas, char *text, size_t size)
{
	const char *format = cdr_document_text(canvas->document, "page");
	size_t len = 0;

	for (; *format != '\0' && len + 24 < size; format++) {
		if (format[0] == '%' && (format[1] == '1' || format[1] == '2')) {
			len += (size_t)snprintf(text + len, size - len, "%zu", *++format == '1' ? canvas->page : canvas->page_count);
		} else {
			text[len++] = *format;
		}
	}
	text[len] = '\0';
}

static void
draw_footer(const struct canvas *canvas)
{
	char page[160];

	cdr_page_ink(canvas, INK_LINE);
	cairo_set_line_width(canvas->cairo, 0.5);
	cairo_move_to(canvas->cairo, MARGIN, BODY_END + 10);
	cairo_line_to(canvas->cairo, PAGE_WIDTH - MARGIN, BODY_END + 10);
	cairo_stroke(canvas->cairo);
	cdr_page_ink(canvas, INK_GREY);
	page_words(canvas, page, sizeof(page));
	PangoLayout *left = cdr_page_layout(canvas, cdr_document_text(canvas->document, "footer"), FACE_SMALL, BODY_WIDTH - 110, SIDE_START);
	pango_layout_set_height(left, -2);
	pango_layout_set_ellipsize(left, PANGO_ELLIPSIZE_END);
	cdr_page_draw(canvas, left, cdr_page_x(canvas, 0, BODY_WIDTH - 110), BODY_END + 16);
	g_object_unref(left);
	PangoLayout *right = cdr_page_layout(canvas, page, FACE_SMALL, 100, SIDE_END);
	cdr_page_draw(canvas, right, cdr_page_x(canvas, BODY_WIDTH - 100, 100), BODY_END + 16);
	g_object_unref(right);
}

/* see node/print/page.h */
void
cdr_page_begin(struct canvas *canvas)
{
	canvas->page++;
	canvas->y = MARGIN;
	canvas->too_many = canvas->too_many || canvas->page > CDR_PRINT_PAGE_MAX;
}

/* see node/print/page.h */
void
cdr_page_end(struct canvas *canvas)
{
	draw_footer(canvas);
	cairo_show_page(canvas->cairo);
}

/* see node/print/page.h */
void
cdr_page_break(struct canvas *canvas)
{
	cdr_page_end(canvas);
	cdr_page_begin(canvas);
}

/* see node/print/page.h */
void
cdr_page_need(struct canvas *canvas, double height)
{
	if (canvas->y + height > BODY_END && canvas->y > MARGIN)
		cdr_page_break(canvas);
}

static double
line_height(PangoLayoutIter *iter)
{
	PangoRectangle logical;

	pango_layout_iter_get_line_extents(iter, NULL, &logical);
	return (double)logical.height / PANGO_SCALE;
}

/* Draw the line that ${iter} is at, its paragraph's edge at ${x}, and go below it. */
static void
draw_line(struct canvas *canvas, PangoLayoutIter *iter, double x)
{
	PangoRectangle logical;

	pango_layout_iter_get_line_extents(iter, NULL, &logical);
	double baseline = (double)(pango_layout_iter_get_baseline(iter) - logical.y) / PANGO_SCALE;
	cairo_move_to(canvas->cairo, x + (double)logical.x / PANGO_SCALE, canvas->y + baseline);
	pango_cairo_show_layout_line(canvas->cairo, pango_layout_iter_get_line_readonly(iter));
	canvas->y += (double)logical.height / PANGO_SCALE;
}

/* see node/print/page.h */
void
cdr_page_flow(struct canvas *canvas, const char *text, enum face face, enum ink ink, double after)
{
	PangoLayout *layout = cdr_page_layout(canvas, text, face, BODY_WIDTH, SIDE_START);
	PangoLayoutIter *iter = pango_layout_get_iter(layout);

	do {
		cdr_page_need(canvas, line_height(iter));
		cdr_page_ink(canvas, ink);
		draw_line(canvas, iter, MARGIN);
	} while (!canvas->too_many && pango_layout_iter_next_line(iter));
	pango_layout_iter_free(iter);
	g_object_unref(layout);
	canvas->y += after;
}

/* How many lines from ${iter} on fit below each other into ${room}, one at least; their height. */
static size_t
lines_that_fit(PangoLayoutIter *iter, double room, double *height)
{
	PangoLayoutIter *ahead = pango_layout_iter_copy(iter);
	size_t count = 0;

	*height = 0;
	do {
		double more = line_height(ahead);
		if (count > 0 && *height + more > room)
			break;
		*height += more;
		count++;
	} while (pango_layout_iter_next_line(ahead));
	pango_layout_iter_free(ahead);
	return count;
}

/* see node/print/page.h */
void
cdr_page_flow_boxed(struct canvas *canvas, const char *text, enum face face, double after)
{
	PangoLayout *layout = cdr_page_layout(canvas, text, face, BOX_WIDTH, SIDE_START);
	PangoLayoutIter *iter = pango_layout_get_iter(layout);
	double x = cdr_page_x(canvas, BOX_INDENT, BOX_WIDTH), height = cdr_page_layout_height(layout);
	bool more = true;

	cdr_page_need(canvas, (height + 2 * BOX_PAD <= BODY_END - MARGIN ? height : line_height(iter)) + 2 * BOX_PAD);
	while (more && !canvas->too_many) {
		size_t count = lines_that_fit(iter, BODY_END - canvas->y - 2 * BOX_PAD, &height);
		cdr_page_ink(canvas, INK_GROUND);
		cairo_rectangle(canvas->cairo, MARGIN, canvas->y, BODY_WIDTH, height + 2 * BOX_PAD);
		cairo_fill(canvas->cairo);
		cdr_page_ink(canvas, INK_ACCENT);
		cairo_rectangle(canvas->cairo, cdr_page_x(canvas, 0, 3), canvas->y, 3, height + 2 * BOX_PAD);
		cairo_fill(canvas->cairo);
		cdr_page_ink(canvas, INK);
		canvas->y += BOX_PAD;
		for (; count > 0; count--) {
			draw_line(canvas, iter, x);
			more = pango_layout_iter_next_line(iter);
		}
		canvas->y += BOX_PAD;
		if (more)
			cdr_page_break(canvas);
	}
	pango_layout_iter_free(iter);
	g_object_unref(layout);
	canvas->y += after;
}
