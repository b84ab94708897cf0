/*
 * draw_incidents csv SEED COUNT [FROM]     COUNT incidents that never happened, as a file to import, numbered from FROM (0)
 * draw_incidents release SEED MEMBERS COUNT [FOLDER]   a release of what MEMBERS would have sent of COUNT incidents: its JSON, or all
 *                                          of its files in FOLDER (if candor-print stands beside this program)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/record/incident_file.h"
#include "node/net/publish.h"
#include "tests/unit/record/release_world.h"

static int
draw_csv(const struct cdr_book *book, uint64_t seed, unsigned count, unsigned from)
{
	struct incidents_draw draw = { seed, book, { book->codebook, { 2025, 12, 31, CDR_PRECISION_DAY }, 5 } };
	struct cdr_incident *incident = calloc(1, sizeof(*incident));
	struct cdr_out out = { 0 };
	char value[2 * CDR_INCIDENT_VALUE_MAX];

	for (unsigned i = 0; incident != NULL && i <= count; i++) {
		bool first = true;
		if (i > 0)
			incidents_draw(&draw, from + i - 1, 2025, 1, incident);
		for (size_t f = 0; f < book->field_count; f++) {
			if (book->fields[f].kind == CDR_FIELD_DERIVED)
				continue;
			if (i > 0)
				cdr_incident_value_join(incident, &book->fields[f], value, sizeof(value));
			cdr_out_csv(&out, i > 0 ? value : book->fields[f].name, first);
			first = false;
		}
		cdr_out_text(&out, "\n");
	}
	free(incident);
	int failed = out.err != CDR_OK || fwrite(out.data, 1, out.len, stdout) != out.len;
	cdr_out_free(&out);
	return failed;
}

static int
draw_release(const struct cdr_book *book, char **arguments)
{
	struct cdr_release *release = world_release(book, strtoull(arguments[0], NULL, 10), strtoul(arguments[1], NULL, 10),
	    strtoul(arguments[2], NULL, 10), 1);
	struct cdr_fault fault = { .text = "" };
	struct cdr_out out = { 0 };
	uint8_t hash[CDR_SHA256_LEN], salt[CDR_RELEASE_SALT_LEN] = { 1 };

	cdr_err err = cdr_release_freeze(release, salt);
	if (err == CDR_OK)
		err = cdr_disclosure_control(release, NULL, 0, &fault);
	if (err == CDR_OK && arguments[3] != NULL)
		err = cdr_publish_folder(release, arguments[3], 1756684800, hash, &fault);
	if (err == CDR_OK && arguments[3] == NULL)
		err = cdr_release_to_json(release, &out);
	if (err == CDR_OK && out.len > 0 && fwrite(out.data, 1, out.len, stdout) != out.len)
		err = CDR_E_IO;
	cdr_out_free(&out);
	cdr_release_free(release);
	if (err != CDR_OK)
		(void)fprintf(stderr, "%s: %s\n", cdr_err_name(err), fault.text);
	return err != CDR_OK;
}

int
main(int argc, char **argv)
{
	struct cdr_codebook *codebook;
	struct cdr_fault fault;
	int failed = 2;

	if (cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, &codebook, &fault) != CDR_OK)
		return 1;
	const struct cdr_book *book = cdr_codebook_book_peek(codebook);
	if (argc >= 4 && strcmp(argv[1], "csv") == 0)
		failed = draw_csv(book, strtoull(argv[2], NULL, 10), (unsigned)strtoul(argv[3], NULL, 10),
		    argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 0);
	else if ((argc == 5 || argc == 6) && strcmp(argv[1], "release") == 0)
		failed = draw_release(book, argv + 2);
	else
		(void)fprintf(stderr, "draw_incidents csv SEED COUNT [FROM] | release SEED MEMBERS COUNT [FOLDER]\n");
	cdr_codebook_free(codebook);
	return failed;
}
