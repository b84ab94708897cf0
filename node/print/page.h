#ifndef CDR_NODE_PRINT_PAGE_H
#define CDR_NODE_PRINT_PAGE_H

/* A page that is being filled from top to bottom, and text on it. Internal to node/print. Lengths are points (1/72 inch). */

#include <pango/pangocairo.h>

#include "node/print/draw.h"

#define PAGE_WIDTH 595.28
#define PAGE_HEIGHT 841.89
#define MARGIN 56.0
#define BODY_WIDTH (PAGE_WIDTH - 2 * MARGIN)
#define BODY_END (PAGE_HEIGHT - 64.0)

enum face { FACE_TITLE, FACE_HEADING, FACE_PLAIN, FACE_STRONG, FACE_SMALL, FACE_CODE, FACE_COUNT };
enum side { SIDE_START, SIDE_END, SIDE_CENTRE };

struct canvas {
	const json_t *document;
	cairo_t *cairo;
	PangoFontDescription *face[FACE_COUNT];
	bool right_to_left;
	double y;               /* where the next thing goes */
	size_t page;            /* from 1 */
	size_t page_count;      /* of the whole; 0 while they are counted */
	bool too_many;
};

/* Colours of the paper: ink, grey text, lines, light ground, accent. */
enum ink { INK, INK_GREY, INK_LINE, INK_GROUND, INK_ACCENT };
void cdr_page_ink(const struct canvas *canvas, enum ink ink);

/* Begin the first page, end the last one (with its footer), go to a new page. */
void cdr_page_begin(struct canvas *canvas);
void cdr_page_end(struct canvas *canvas);
void cdr_page_break(struct canvas *canvas);

/* Room for ${height} on this page, or a new one (whatever does not fit on a page at all stays where it is). */
void cdr_page_need(struct canvas *canvas, double height);

/**
 * A paragraph of at most ${width}, owned by the caller (g_object_unref). Its direction follows the text, and the document's
 * where the text has none.
 */
PangoLayout *cdr_page_layout(const struct canvas *canvas, const char *text, enum face face, double width, enum side side);
double cdr_page_layout_height(PangoLayout *layout);

/* Draw a paragraph with its corner at (x, y). */
void cdr_page_draw(const struct canvas *canvas, PangoLayout *layout, double x, double y);

/* Write a paragraph over the whole width, broken between lines where the page ends. */
void cdr_page_flow(struct canvas *canvas, const char *text, enum face face, enum ink ink, double after);

/* The same in a box of light ground, which keeps together if a page has room for it, and otherwise goes on in another one. */
void cdr_page_flow_boxed(struct canvas *canvas, const char *text, enum face face, double after);

/* A box of ${width} that is ${offset} from the start side: its left edge. */
double cdr_page_x(const struct canvas *canvas, double offset, double width);

#endif
