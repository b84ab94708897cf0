#ifndef CDR_CORE_IDENTITY_GENERATE_H
#define CDR_CORE_IDENTITY_GENERATE_H

/*
 * The generator of the frozen tables in core/identity/data. It alone links ICU, is run by hand, and is no part of any
 * program that ships: what it cannot do it prints, and it stops. See core/identity/README.md for how to run it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define GEN_TEXT_MAX 64
#define GEN_LINE_MAX 4096
#define GEN_FIELDS_MAX 8

/* A file that is being put together: numbers are little-endian. */
struct gen_out {
	uint8_t *data;
	size_t len, room;
};

void gen_put8(struct gen_out *out, unsigned value);
void gen_put16(struct gen_out *out, unsigned value);
void gen_put32(struct gen_out *out, uint32_t value);
void gen_put(struct gen_out *out, const void *data, size_t len);
void gen_patch32(struct gen_out *out, size_t at, uint32_t value);
void gen_write(const struct gen_out *out, const char *folder, const char *name);

/* Print and stop. */
__attribute__((noreturn, format(printf, 1, 2))) void gen_die(const char *format, ...);

/* Lines of a tab-separated file; text after '#' at the start of a line and empty lines are skipped. */
struct gen_lines {
	FILE *file;
	const char *path;
	size_t number;
	char line[GEN_LINE_MAX];
	char *field[GEN_FIELDS_MAX];
	size_t field_count;
};

void gen_lines_open(struct gen_lines *lines, const char *path);
bool gen_lines_next(struct gen_lines *lines);

/* UTF-8 to code points, without normalising. Returns their number. */
size_t gen_code_points(const char *utf8, uint32_t *cps, size_t room);

/* Transliterate with an ICU transform, strip marks, make ASCII, lower case, keep a to z. */
void gen_icu(const char *transform, const uint32_t *cps, size_t count, char out[GEN_TEXT_MAX]);

/* NFKC and case folding, as the run-time does it. Returns the number of code points. */
size_t gen_fold(const uint32_t *cps, size_t count, uint32_t *folded, size_t room);

/* Whether normalisation drops a character before it does anything else: apostrophes, joiners, direction controls. */
bool gen_is_dropped(uint32_t cp);

/* enum cdr_script of a code point. */
unsigned gen_script(uint32_t cp);

void gen_characters(const char *data);
void gen_translit(const char *rules, const char *data);
void gen_han(const char *rules, const char *data);
void gen_words(const char *rules, const char *data);
void gen_calendar(const char *data);

#endif
