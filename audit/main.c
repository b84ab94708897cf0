/* candor-audit: verifies what an exchange published, with no network, no database and no other part of Candor. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "audit/evidence.h"
#include "audit/verify.h"

enum { EXIT_HOLDS = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_DOES_NOT_HOLD = 3, EXIT_ABSENT = 4 };

static const char usage_text[] =
    "candor-audit verify FOLDER [--fingerprint TEXT] [--json]\n"
    "candor-audit evidence FILE FOLDER [--fingerprint TEXT] [--json]\n\n"
    "Verify an exported log (`candor-hub log export FOLDER`, or a copy of what a hub publishes): every roster from the genesis\n"
    "roster on, every leaf and tile, the checkpoint and its cosignatures, and the transcripts of key ceremonies in\n"
    "FOLDER/ceremonies (`candor-trustee status --export FOLDER/ceremonies`).\n\n"
    "  --fingerprint TEXT  of the genesis roster, as the trustees compared it by telephone: without it the folder could be\n"
    "                      of another exchange; it is printed then\n"
    "  --json              print one JSON object\n\n"
    "Judge a file that a node wrote when the log did not hold (`candor audit check`, evidence/log-N.json): does it show what it\n"
    "says, by the signatures of hub and trustees alone? Of FOLDER, an exported log, only the rosters are read.\n\n"
    "Exit codes: 0 everything holds, or the file shows what it says, 3 something does not, 4 a file is missing, 2 wrong usage, 1 a failure here.\n";

static int
usage(void)
{
	(void)fputs(usage_text, stderr);
	return EXIT_USAGE;
}

static int
exit_of(cdr_err err)
{
	return err == CDR_OK ? EXIT_HOLDS :
	    err == CDR_E_ABSENT ? EXIT_ABSENT :
	    err == CDR_E_MEMORY || err == CDR_E_IO || err == CDR_E_INTERNAL ? EXIT_FAILED : EXIT_DOES_NOT_HOLD;
}

/* How many leaves of each kind can be read. */
static json_t *
kinds_json(const struct cdr_verify *v)
{
	json_t *kinds = json_object();

	for (int kind = 0; kind < CDR_LEAF_KIND_COUNT; kind++)
		if (v->kind_count[kind] > 0)
			(void)json_object_set_new(kinds, cdr_leaf_kind_name((enum cdr_leaf_kind)kind),
			    json_integer((json_int_t)v->kind_count[kind]));
	return kinds;
}

static void
print_json(const struct cdr_verify *v, cdr_err err, const char *part, const struct cdr_fault *fault)
{
	char fingerprint[CDR_FINGERPRINT_TEXT_LEN] = "";

	if (v->roster_count > 0)
		cdr_fingerprint_write(v->genesis, fingerprint);
	json_t *root = json_pack("{s:b, s:s, s:I, s:I, s:I, s:i, s:I, s:I, s:I, s:I, s:o}", "holds", err == CDR_OK, "fingerprint",
	    fingerprint, "rosters", (json_int_t)v->roster_count, "leaves", (json_int_t)v->checkpoint.size, "sealed",
	    (json_int_t)v->sealed_count, "witnesses", (int)v->checkpoint.cosignature_count, "witnessed_at",
	    (json_int_t)v->witnessed_at, "ceremonies", (json_int_t)v->ceremony_count, "keys", (json_int_t)v->key_count,
	    "keys_without_transcript", (json_int_t)v->unproved_count, "kinds", kinds_json(v));
	if (err != CDR_OK) {
		(void)json_object_set_new(root, "part", json_string(part));
		(void)json_object_set_new(root, "error", json_string(cdr_err_name(err)));
		(void)json_object_set_new(root, "text", json_string(fault->text));
	}
	(void)json_dumpf(root, stdout, JSON_INDENT(2));
	(void)putchar('\n');
	json_decref(root);
}

static void
print_text(const struct cdr_verify *v, bool given)
{
	char fingerprint[CDR_FINGERPRINT_TEXT_LEN];

	cdr_fingerprint_write(v->genesis, fingerprint);
	(void)printf("%zu rosters follow from each other, from the genesis roster on:\n    %s\n", v->roster_count, fingerprint);
	if (!given)
		(void)printf("    Compare it with a trustee by telephone, or give it with --fingerprint.\n");
	(void)printf("%" PRIu64 " leaves give the root that the hub and %zu trustees signed; %" PRIu64 " of them are commitments.\n",
	    v->checkpoint.size, v->checkpoint.cosignature_count, v->sealed_count);
	(void)printf("%zu key ceremonies hold; of %zu keys %zu have no transcript here.\n", v->ceremony_count, v->key_count,
	    v->unproved_count);
	(void)printf("Everything holds.\n");
}

static int
verify(const char *folder, const uint8_t *fingerprint, bool json)
{
	struct cdr_verify v = { .folder = folder, .fingerprint = fingerprint };
	struct cdr_fault fault = { CDR_OK, "" };
	const char *part = "";
	cdr_err err = CDR_OK;

	for (size_t i = 0; i < cdr_verify_part_count && err == CDR_OK; i++) {
		part = cdr_verify_parts[i].name;
		err = cdr_verify_parts[i].verify(&v, &fault);
	}
	if (json)
		print_json(&v, err, part, &fault);
	else if (err == CDR_OK)
		print_text(&v, fingerprint != NULL);
	else
		(void)fprintf(stderr, "candor-audit: does not hold (%s): %s\n", part,
		    fault.text[0] != '\0' ? fault.text : cdr_err_name(err));
	cdr_verify_free(&v);
	return exit_of(err);
}

static void
print_evidence(const struct cdr_evidence *e, cdr_err err, bool json, const struct cdr_fault *fault)
{
	if (json) {
		json_t *root = json_pack("{s:b, s:s, s:s, s:I, s:s, s:s}", "shown", err == CDR_OK, "finding", e->finding, "signed_by", e->parties,
		    "size", (json_int_t)e->size, "error", cdr_err_name(err), "text", fault->text);
		(void)json_dumpf(root, stdout, JSON_INDENT(2));
		(void)putchar('\n');
		json_decref(root);
	} else if (err == CDR_OK) {
		(void)printf("The file shows it (%s), by these signatures: %s.\n", e->finding, e->parties);
	} else {
		(void)fprintf(stderr, "candor-audit: the file does not show it: %s\n",
		    fault->text[0] != '\0' ? fault->text : cdr_err_name(err));
	}
}

static int
judge(const char *file, const char *folder, const uint8_t *fingerprint, bool json)
{
	struct cdr_verify v = { .folder = folder, .fingerprint = fingerprint };
	const struct cdr_verify here = { .folder = file[0] == '/' ? "" : "." };
	struct cdr_fault fault = { CDR_OK, "" };
	struct cdr_evidence evidence = { .parties = "" };
	struct cdr_buffer bytes = { NULL, 0 };

	cdr_err err = cdr_verify_rosters(&v, &fault);
	if (err == CDR_OK)
		err = cdr_verify_file_read(&here, file[0] == '/' ? file + 1 : file, &bytes, &fault);
	if (err == CDR_OK)
		err = cdr_evidence_judge(cdr_buffer_bytes(&bytes), v.roster, v.roster_count, &evidence, &fault);
	print_evidence(&evidence, err, json, &fault);
	cdr_buffer_free(&bytes);
	cdr_verify_free(&v);
	return exit_of(err);
}

int
main(int argc, char **argv)
{
	const char *operand[2] = { NULL, NULL }, *text = NULL;
	size_t count = 0, wanted = 1;
	uint8_t fingerprint[CDR_ROSTER_HASH_LEN];
	bool json = false;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
		(void)fputs(usage_text, stdout);
		return EXIT_HOLDS;
	}
	if (argc > 1 && strcmp(argv[1], "evidence") == 0)
		wanted = 2;
	else if (argc < 2 || strcmp(argv[1], "verify") != 0)
		return usage();
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (strcmp(argv[i], "--fingerprint") == 0 && i + 1 < argc)
			text = argv[++i];
		else if (argv[i][0] != '-' && count < wanted)
			operand[count++] = argv[i];
		else
			return usage();
	}
	if (count < wanted)
		return usage();
	if (text != NULL && cdr_fingerprint_read(text, fingerprint) != CDR_OK) {
		(void)fprintf(stderr, "candor-audit: --fingerprint is none: 52 letters and digits in groups of four\n");
		return EXIT_USAGE;
	}
	if (wanted == 2)
		return judge(operand[0], operand[1], text != NULL ? fingerprint : NULL, json);
	return verify(operand[0], text != NULL ? fingerprint : NULL, json);
}
