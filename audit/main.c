/* candor-audit: verifies what an exchange published, with no network, no database and no other part of Candor. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "audit/evidence.h"
#include "audit/file.h"
#include "audit/query_opening_json.h"
#include "audit/verify.h"
#include "core/crypto/secret.h"
#include "core/identity/date.h"

enum { EXIT_HOLDS = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_DOES_NOT_HOLD = 3, EXIT_ABSENT = 4 };

static const char usage_text[] =
    "candor-audit verify FOLDER [--fingerprint TEXT] [--memory MIB] [--json]\n"
    "candor-audit evidence FILE FOLDER [--fingerprint TEXT] [--memory MIB] [--json]\n"
    "candor-audit open FOLDER OPENING [--fingerprint TEXT] [--memory MIB] [--json]\n\n"
    "verify: an exported log (`candor-hub log export FOLDER`, or a copy of what a hub publishes): every roster from the genesis\n"
    "roster on, every leaf and tile, the checkpoint and its cosignatures, and the transcripts of key ceremonies in\n"
    "FOLDER/ceremonies (`candor-trustee status --export FOLDER/ceremonies`). Further what was drawn by lot\n"
    "for auditors, and what they found: every lot, the chain that they make, and each signed finding. In FOLDER/rounds it takes records of rounds\n"
    "(`candor-hub round record`), published cells (cells.candor-round), recomputes them, and finds them and the\n"
    "JSON files of releases in the log; the figures of a release are for the reader to compare with the cells.\n\n"
    "evidence: judge a file that a node wrote when the log did not hold (`candor audit check`, evidence/log-N.json): does it show what it\n"
    "says, by the signatures of hub and trustees alone? Of FOLDER, an exported log, only the rosters are read; it has to be newer than FILE.\n\n"
    "open: verify the same, and that OPENING (`candor-trustee audit show NUMBER --export OPENING`) shows what was evaluated at the leaf that\n"
    "was drawn. It prints what it shows, which is personal.\n\n"
    "  --fingerprint TEXT  of the genesis roster, as the trustees compared it by telephone: without it the folder could be\n"
    "                      of another exchange; it is printed then\n"
    "  --memory MIB        how much of it the rosters may take, all of which are held: 2048 unless said otherwise\n"
    "  --json              print one JSON object\n\n"
    "Exit codes: 0 everything holds, or the file shows what it says, 3 something does not, 4 a file is missing, 2 wrong usage, 1 a failure here.\n";

/* What is wrong with the command line, said last, where it is seen; NULL: it is clear. */
static int
usage(const char *wrong)
{
	(void)fputs(usage_text, stderr);
	if (wrong != NULL)
		(void)fprintf(stderr, "\ncandor-audit: %s\n", wrong);
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

/* Accusations that the log does not bear out. */
static json_t *
early_json(const struct cdr_verify *v)
{
	json_t *early = json_array();

	for (size_t i = 0; i < v->early_count && i < CDR_VERIFY_EARLY_MAX; i++)
		(void)json_array_append_new(early, json_pack("{s:I, s:i, s:s, s:I}", "leaf", (json_int_t)v->early[i].place, "auditor",
		    (int)v->early[i].trustee, "member", v->early[i].member, "position", (json_int_t)v->early[i].position));
	return early;
}

/* Samples, and what came of what they drew. */
static json_t *
samples_json(const struct cdr_verify *v)
{
	json_t *samples = json_pack("{s:I, s:I}", "lots", (json_int_t)v->sample_count, "unanswered", (json_int_t)v->unanswered_count);

	for (int outcome = 0; outcome < CDR_SAMPLE_OUTCOME_COUNT; outcome++)
		(void)json_object_set_new(samples, cdr_sample_outcome_name((enum cdr_sample_outcome)outcome),
		    json_integer((json_int_t)v->outcome_count[outcome]));
	(void)json_object_set_new(samples, "called_late_too_early", early_json(v));
	return samples;
}

static void
print_json(const struct cdr_verify *v, cdr_err err, const char *part, const struct cdr_fault *fault)
{
	char fingerprint[CDR_FINGERPRINT_TEXT_LEN] = "";

	if (v->roster_count > 0)
		cdr_fingerprint_write(v->genesis, fingerprint);
	json_t *root = json_pack("{s:b, s:s, s:I, s:I, s:I, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "holds", err == CDR_OK, "fingerprint",
	    fingerprint, "rosters", (json_int_t)v->roster_count, "leaves", (json_int_t)v->checkpoint.size, "sealed",
	    (json_int_t)v->sealed_count, "witnesses", (int)v->checkpoint.cosignature_count, "witnessed_at",
	    (json_int_t)v->witnessed_at, "ceremonies", (json_int_t)v->ceremony_count, "ceremonies_of_no_roster",
	    (json_int_t)v->unnamed_count, "keys", (json_int_t)v->key_count, "keys_without_transcript", (json_int_t)v->unproved_count, "rounds", (json_int_t)v->round_count,
	    "published_cells", (json_int_t)v->cells_count, "releases", (json_int_t)v->release_count, "rounds_not_shown",
	    (json_int_t)v->unshown_count, "kinds", kinds_json(v));
	(void)json_object_set_new(root, "samples", samples_json(v));
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
	if (v->unnamed_count > 0)
		(void)printf("%zu more hold, of a key that came into no roster.\n", v->unnamed_count);
	if (v->sample_count > 0) {
		(void)printf("%zu lots drew evaluations for auditors:", v->sample_count);
		for (int outcome = 0; outcome < CDR_SAMPLE_OUTCOME_COUNT; outcome++)
			if (v->outcome_count[outcome] > 0)
				(void)printf(" %" PRIu64 " %s", v->outcome_count[outcome], cdr_sample_outcome_name((enum cdr_sample_outcome)outcome));
		(void)printf("; %" PRIu64 " were not answered in time.\n", v->unanswered_count);
		for (size_t i = 0; i < v->early_count && i < CDR_VERIFY_EARLY_MAX; i++)
			(void)printf("trustee/%" PRIu32 " called member/%s late (leaf %" PRIu64 ") before its time was over: that accusation is false.\n",
			    v->early[i].trustee, v->early[i].member, v->early[i].place);
		if (v->early_count > CDR_VERIFY_EARLY_MAX)
			(void)printf("and %" PRIu64 " more of that kind.\n", v->early_count - CDR_VERIFY_EARLY_MAX);
	}
	(void)printf("%zu rounds were recomputed, %zu published cells hold, the log has %zu releases; of %zu rounds that were closed nothing is here.\n",
	    v->round_count, v->cells_count, v->release_count, v->unshown_count);
	(void)printf("Everything holds.\n");
}

/* Every part, and what failed. */
static cdr_err
run(struct cdr_verify *v, const char **part, struct cdr_fault *fault)
{
	/* Multiplications keep their tables in locked memory. */
	cdr_err err = cdr_secret_start(fault);

	for (size_t i = 0; i < cdr_verify_part_count && err == CDR_OK; i++) {
		*part = cdr_verify_parts[i].name;
		err = cdr_verify_parts[i].verify(v, fault);
	}
	return err;
}

static void
complain(const struct cdr_verify *v, const char *part, cdr_err err, const struct cdr_fault *fault)
{
	const bool is_failure = exit_of(err) == EXIT_FAILED;

	(void)fprintf(stderr, "candor-audit: %s (%s): %s\n", err == CDR_E_ABSENT ? "missing" : is_failure ? "not verified" : "does not hold", part,
	    fault->text[0] != '\0' ? fault->text : cdr_err_name(err));
	if (!is_failure && access(v->folder, F_OK) == 0)
		(void)fputs("Fetch it again from where it is published, or from another copy. If it stays so, the hub, or whoever publishes it, has changed it.\n", stderr);
}

static int
verify(struct cdr_verify v, bool json)
{
	struct cdr_fault fault = { CDR_OK, "" };
	const char *part = "";

	cdr_err err = run(&v, &part, &fault);
	if (json)
		print_json(&v, err, part, &fault);
	else if (err == CDR_OK)
		print_text(&v, v.fingerprint != NULL);
	else
		complain(&v, part, err, &fault);
	cdr_verify_free(&v);
	return exit_of(err);
}

/* ---- open ---------------------------------------------------------------------------------------------------------- */

/* What an opening that holds shows: personal, for whoever asked to see it. */
static void
print_opening(const Cdr__Wire__Opening *o, const struct cdr_query_opening_shown *s, bool json)
{
	char birth[CDR_DATE_TEXT_LEN];
	const char *member = s->leaf.party[0] + strlen("member/");
	bool is_check = o->legal_basis != NULL;

	if (cdr_date_write(&s->person.birth, birth) != CDR_OK)
		birth[0] = '\0';
	if (json) {
		json_t *root = json_pack("{s:b, s:s, s:s, s:I, s:I, s:i, s:i, s:i}", "holds", 1, "member", member, "purpose",
		    is_check ? "check" : "import", "sample", (json_int_t)o->sample, "position", (json_int_t)o->position, "points",
		    (int)s->point_count, "shown", (int)s->shown_count, "filler", (int)s->filler_count);
		if (root == NULL || cdr_query_opening_json(o, &s->person, root) != CDR_OK)
			(void)fprintf(stderr, "candor-audit: no memory\n");
		(void)json_dumpf(root, stdout, JSON_INDENT(2));
		(void)putchar('\n');
		json_decref(root);
		return;
	}
	(void)printf("Leaf %" PRIu64 " was drawn by sample %" PRIu64 ", and is what is shown: %s of %s.\n", o->position, o->sample,
	    is_check ? "a check" : "an import", member);
	(void)printf("%u of its %u points are the tokens of %s %s, born %s; %u belong to nobody.\n", s->shown_count, s->point_count,
	    s->person.given_names, s->person.family_names, birth, s->filler_count);
	if (is_check)
		(void)printf("Legal basis %s, notice %s. Whether there is a notice, ask the member.\n", o->legal_basis, o->notified);
	else
		(void)printf("Employee %s, %s to %s. Whether there is an employment record, ask the member.\n", o->employee_number, o->employed_from,
		    o->employed_to);
}

static int
open_one(struct cdr_verify v, const char *path, bool json)
{
	struct cdr_fault fault = { CDR_OK, "" };
	const char *part = "";
	struct cdr_buffer bytes = { 0 };
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__Opening *opening;
	static struct cdr_query_opening_shown shown;

	cdr_err err = run(&v, &part, &fault);
	if (err == CDR_OK) {
		part = "the opening";
		err = cdr_file_read(path, CDR_VERIFY_FILE_LEN_MAX, &bytes, &fault);
	}
	if (err == CDR_OK)
		err = cdr_verify_open(&v, cdr_buffer_bytes(&bytes), &arena, &opening, &shown, &fault);
	if (err == CDR_OK)
		print_opening(opening, &shown, json);
	else if (json)
		print_json(&v, err, part, &fault);
	else
		complain(&v, part, err, &fault);
	cdr_wipe(&shown, sizeof(shown));
	cdr_arena_free(&arena);
	cdr_buffer_free(&bytes);
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
		(void)fprintf(stderr, "candor-audit: the file %s: %s\n", err == CDR_E_ABSENT || exit_of(err) == EXIT_FAILED ? "cannot be judged" : "does not show it",
		    fault->text[0] != '\0' ? fault->text : cdr_err_name(err));
	}
}

static int
judge(struct cdr_verify v, const char *file, bool json)
{
	struct cdr_fault fault = { CDR_OK, "" };
	struct cdr_evidence evidence = { .parties = "" };
	struct cdr_buffer bytes = { NULL, 0 };

	cdr_err err = cdr_verify_rosters(&v, &fault);
	if (err == CDR_OK)
		err = cdr_file_read(file, CDR_VERIFY_FILE_LEN_MAX, &bytes, &fault);
	if (err == CDR_OK)
		err = cdr_evidence_judge(cdr_buffer_bytes(&bytes), v.roster, v.roster_count, &evidence, &fault);
	print_evidence(&evidence, err, json, &fault);
	cdr_buffer_free(&bytes);
	cdr_verify_free(&v);
	return exit_of(err);
}

/* A number of MiB, from 1 on. */
static bool
read_memory(const char *text, unsigned *mib)
{
	char rest;

	return text[0] >= '1' && text[0] <= '9' && strlen(text) <= 8 && sscanf(text, "%u%c", mib, &rest) == 1;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		size_t operands;
	} commands[] = { { "verify", 1 }, { "evidence", 2 }, { "open", 2 } };
	enum { VERIFY, EVIDENCE, OPEN, COMMAND_COUNT };
	const char *operand[2] = { NULL, NULL }, *given = NULL;
	uint8_t read[CDR_ROSTER_HASH_LEN];
	unsigned memory_mib = 0;
	size_t command = 0, count = 0;
	bool json = false;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
		(void)fputs(usage_text, stdout);
		return EXIT_HOLDS;
	}
	while (argc > 1 && command < COMMAND_COUNT && strcmp(argv[1], commands[command].name) != 0)
		command++;
	if (argc < 2 || command == COMMAND_COUNT)
		return usage(argc < 2 ? NULL : "there is no such command: verify, evidence or open");
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (strcmp(argv[i], "--fingerprint") == 0 && i + 1 < argc)
			given = argv[++i];
		else if (strcmp(argv[i], "--memory") == 0 && i + 1 < argc && read_memory(argv[i + 1], &memory_mib))
			i++;
		else if (argv[i][0] != '-' && count < commands[command].operands)
			operand[count++] = argv[i];
		else
			return usage(argv[i][0] == '-' ? "there is no such option, or its value is missing or no number" : "a word too many");
	}
	if (count < commands[command].operands)
		return usage("an operand is missing");
	if (given != NULL && cdr_fingerprint_read(given, read) != CDR_OK) {
		(void)fprintf(stderr, "candor-audit: --fingerprint is none: 52 letters and digits in groups of four\n");
		return EXIT_USAGE;
	}
	const struct cdr_verify v = { .folder = operand[command == EVIDENCE], .fingerprint = given != NULL ? read : NULL,
		.memory_max = (uint64_t)memory_mib << 20 };
	return command == OPEN ? open_one(v, operand[1], json) : command == EVIDENCE ? judge(v, operand[0], json) : verify(v, json);
}
