/*
 * People who never were, for rounds that count names: everybody's names are made of syllables, but for those whom the seeded
 * draw gives the one name that is common among them and in no list.
 *
 *   draw_names csv SEED COUNT            a leavers file
 *   draw_names sketch WIDTH SCHEME <CSV  the plain sketch of such a file, from its names alone: one line of numbers
 *   draw_names look TABLE NAME           what a rarity table says of a name's S1: bits, and whether own people tell it
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "core/identity/code.h"
#include "core/identity/sketch.h"

#define COMMON "Qadzhvaro"
#define LINE_LEN 1024
#define TABLE_MAX (4U << 20)

static uint64_t state;

static unsigned
draw(unsigned below)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(state >> 33) % below;
}

static void
name_draw(char *out, size_t size)
{
	static const char *const syllables[] = { "ba", "lor", "men", "di", "tas", "ru", "vel", "ko", "sin", "ga", "fen", "mar", "li", "to",
		"ner", "pas" };
	size_t used = (size_t)snprintf(out, size, "Fict");

	for (int i = 0; i < 3 && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s", syllables[draw(16)]);
}

static int
csv(uint64_t seed, unsigned count)
{
	char given[64], family[64];

	state = seed;
	printf("employee_number,given_names,family_names,date_of_birth,nationality,position,country,from,to,engagement_type\n");
	for (unsigned i = 0; i < count; i++) {
		bool common = draw(10) < 4;
		name_draw(given, sizeof(given));
		name_draw(family, sizeof(family));
		printf("%" PRIu64 "-%u,%s,%s,%04u-%02u-%02u,%s,Fictional post,KEN,2022-01-01,2025-0%u-15,employee\n", seed, i, common ? COMMON : given,
		    family, 1960 + draw(40), 1 + draw(12), 1 + draw(28), draw(2) == 0 ? "SOM" : "KEN", 1 + draw(6));
	}
	return 0;
}

/* The field number ${at} of a line without quotes. */
static void
field(const char *line, int at, char *out, size_t size)
{
	while (at-- > 0) {
		line = strchr(line, ',');
		line = line == NULL ? "" : line + 1;
	}
	(void)snprintf(out, size, "%.*s", (int)strcspn(line, ",\r\n"), line);
}

static int
sketch(size_t width, const char *scheme_text)
{
	struct cdr_places places;
	static struct cdr_person person;
	static uint32_t cells[CDR_SKETCH_CELLS(CDR_SKETCH_WIDTH_MAX)];
	uint8_t scheme[CDR_PLACES_VERSION_LEN];
	char line[LINE_LEN];

	if (cdr_hex_read(scheme_text, scheme, sizeof(scheme)) != CDR_OK || cdr_places_make(scheme, &places) != CDR_OK)
		return 1;
	for (bool head = true; fgets(line, sizeof(line), stdin) != NULL; head = false) {
		memset(&person, 0, sizeof(person));
		field(line, 1, person.given_names, sizeof(person.given_names));
		field(line, 2, person.family_names, sizeof(person.family_names));
		if (!head && cdr_sketch_add(&places, width, &person, cells, NULL) != CDR_OK)
			return 1;
	}
	for (size_t i = 0; i < CDR_SKETCH_CELLS(width); i++)
		printf("%" PRIu32 "%s", cells[i], i + 1 < CDR_SKETCH_CELLS(width) ? " " : "\n");
	return 0;
}

static int
look(const char *path, const char *name)
{
	struct cdr_rarity rarity;
	struct cdr_rarity_code code;
	struct cdr_codes codes;
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(TABLE_MAX);
	size_t len = file != NULL && data != NULL ? fread(data, 1, TABLE_MAX, file) : 0;
	int status = 1;

	if (cdr_rarity_open(data, len, &rarity) == CDR_OK) {
		cdr_codes_make(name, &codes);
		cdr_rarity_find(&rarity, CDR_CODE_S1, codes.text[CDR_CODE_S1], &code);
		printf("%.2f", cdr_rarity_single(&code) / (double)CDR_BITS_SCALE);
		for (size_t i = 0; i < code.own_count; i++)
			printf(" %s", code.own_tells[i] ? "told" : "untold");
		printf("\n");
		status = 0;
	}
	if (file != NULL)
		(void)fclose(file);
	free(data);
	return status;
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "csv") == 0)
		return csv(strtoull(argv[2], NULL, 10), (unsigned)strtoul(argv[3], NULL, 10));
	if (argc == 4 && strcmp(argv[1], "sketch") == 0)
		return sketch(strtoul(argv[2], NULL, 10), argv[3]);
	if (argc == 4 && strcmp(argv[1], "look") == 0)
		return look(argv[2], argv[3]);
	fprintf(stderr, "usage: draw_names csv SEED COUNT | sketch WIDTH SCHEME <CSV | look TABLE NAME\n");
	return 2;
}
