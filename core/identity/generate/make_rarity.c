/*
 * Writes the rarity table that ships. Run by hand when the data or a code changes; the table is then part of a new
 * scheme version, which comes only with a new epoch.
 *
 *   make_rarity FOLDER EXCEPTIONS TABLE [WITHOUT]
 *
 * FOLDER      with name-frequency.csv and share-by-rank.csv
 * EXCEPTIONS  core/identity/generate/exceptions.csv
 * TABLE       core/identity/data/rarity.bin
 * WITHOUT     a culture to leave out, for experiments
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/identity/generate/rarity_build.h"

static cdr_err
table_save(const char *path, const uint8_t *data, size_t len)
{
	FILE *file = fopen(path, "wb");

	if (file == NULL)
		return CDR_E_IO;
	bool written = fwrite(data, 1, len, file) == len;
	return fclose(file) == 0 && written ? CDR_OK : CDR_E_IO;
}

static void
summary_print(const uint8_t *data, size_t len)
{
	static const char *const kinds[] = { "exact", "S1", "S2", "prefix", "suffix" };
	struct cdr_rarity rarity;

	if (cdr_rarity_open(data, len, &rarity) != CDR_OK)
		return;
	printf("%zu bytes\n", len);
	for (int kind = 0; kind < CDR_CODE_KIND_COUNT; kind++)
		printf("%-7s %6u entries, %6u shares, floor %.2f bits\n", kinds[kind], rarity.kind[kind].count,
		    rarity.kind[kind].share_count, rarity.kind[kind].floor / (double)CDR_BITS_SCALE);
	printf("covered");
	for (uint32_t i = 0; i < rarity.country_count; i++)
		printf(" %.3s", (const char *)rarity.countries + 3 * (size_t)i);
	printf("\n");
}

int
main(int argc, char **argv)
{
	cdr_err err = CDR_E_INTERNAL;
	struct name_rows rows = { 0 };
	uint8_t *data = NULL;
	size_t len = 0;

	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: %s FOLDER EXCEPTIONS TABLE [WITHOUT]\n", argv[0]);
		return 2;
	}
	CDR_TRY(names_read(argv[1], argv[2], &rows));
	CDR_TRY(rarity_build(&rows, argc > 4 ? argv[4] : NULL, stderr, &data, &len));
	CDR_TRY(table_save(argv[3], data, len));
	summary_print(data, len);
out:
	if (err != CDR_OK)
		fprintf(stderr, "%s: %s\n", argv[0], cdr_err_name(err));
	free(data);
	names_free(&rows);
	return err == CDR_OK ? 0 : 1;
}
