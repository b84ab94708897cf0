#include <inttypes.h>
#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/secret.h"
#include "keys/paper.h"
#include "node/trustee/command.h"
#include "node/trustee/share.h"

/*
 * What stands on the paper, sealed: 8 bytes of the genesis roster's hash, then for each key kind 1, number 2, share 32. Which
 * shares of a key they are is found by multiplying: the roster names what must come out.
 */
#define HEAD_LEN 8
#define ENTRY_LEN (1 + 2 + CDR_SCALAR_LEN)
#define SECRET_LEN_MAX (HEAD_LEN + CDR_KEY_COUNT_MAX * ENTRY_LEN)
_Static_assert(SECRET_LEN_MAX <= CDR_PAPER_SECRET_MAX, "all shares stand on one paper");

/* The paper has a passphrase of its own: it lies elsewhere, perhaps for years. */
static cdr_err
read_passphrase(const struct cdr_arguments *arguments, bool create, struct cdr_passphrase **passphrase,
    struct cdr_fault *fault)
{
	const struct cdr_passphrase_source source = { .fd = -1, .file = cdr_arguments_text(arguments, "paper-passphrase-file"),
		.prompt = create ? "New passphrase for the paper" : "Passphrase of the paper", .option = "paper-passphrase-file", .create = create };

	struct cdr_fault why = { CDR_OK, "" };
	cdr_err err = cdr_passphrase_read(&source, passphrase, &why);

	if (err == CDR_E_ABSENT || err == CDR_E_IO)
		err = CDR_E_PASSPHRASE;
	return err == CDR_OK ? CDR_OK : cdr_fault_set(fault, err, "the passphrase of the paper: %s", why.text);
}

/* ---- QR ----------------------------------------------------------------------------------------------------------- */

static bool
is_dark(const QRcode *code, int x, int y)
{
	return x >= 0 && y >= 0 && x < code->width && y < code->width && (code->data[y * code->width + x] & 1) != 0;
}

/* Two rows of the code in one line of the terminal: upper half, lower half, both; light is drawn, so that dark stays dark. */
static void
draw_terminal(struct cdr_report *report, const QRcode *code)
{
	static const char *const blocks[2][2] = { { "\xe2\x96\x88", "\xe2\x96\x80" }, { "\xe2\x96\x84", " " } };

	for (int y = -2; y < code->width + 2; y += 2) {
		char line[4 * 200] = "";
		size_t at = 0;

		for (int x = -2; x < code->width + 2 && at < sizeof(line) - 8; x++)
			at += (size_t)snprintf(line + at, sizeof(line) - at, "%s", blocks[is_dark(code, x, y)][is_dark(code, x, y + 1)]);
		cdr_report_text(report, "%s\n", line);
	}
}

static cdr_err
draw_svg(const char *path, const QRcode *code, struct cdr_fault *fault)
{
	FILE *file = fopen(path, "wx");
	bool failed;

	if (file == NULL)
		return cdr_fault_set(fault, CDR_E_IO, "%s cannot be written, or is there already", path);
	(void)fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-4 -4 %d %d\" shape-rendering=\"crispEdges\">"
	    "<path fill=\"#fff\" d=\"M-4-4h%dv%dh-%dz\"/><path d=\"", code->width + 8, code->width + 8, code->width + 8,
	    code->width + 8, code->width + 8);
	for (int y = 0; y < code->width; y++) {
		for (int x = 0; x < code->width; x++) {
			if (is_dark(code, x, y))
				(void)fprintf(file, "M%d %dh1v1h-1z", x, y);
		}
	}
	failed = fputs("\"/></svg>\n", file) < 0;
	failed |= fclose(file) != 0;
	return failed ? cdr_fault_set(fault, CDR_E_IO, "%s cannot be written", path) : CDR_OK;
}

static cdr_err
draw(const struct cdr_arguments *arguments, struct cdr_report *report, const struct cdr_buffer *line,
    struct cdr_fault *fault)
{
	const char *path = cdr_arguments_text(arguments, "svg");
	QRcode *code = QRcode_encodeString((const char *)line->data, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
	cdr_err err = CDR_OK;

	if (code == NULL)
		return cdr_fault_set(fault, CDR_E_MEMORY, "no QR code can be drawn");
	if (path != NULL)
		err = draw_svg(path, code, fault);
	else
		draw_terminal(report, code);
	QRcode_free(code);
	return err;
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

/* All shares of keys in force, as they stand on the paper. */
static cdr_err
collect(struct cdr_trustee *trustee, uint8_t *secret, size_t *len, struct cdr_fault *fault)
{
	const struct cdr_roster *roster = cdr_current_hold(trustee->current);

	memcpy(secret, trustee->genesis, HEAD_LEN);
	*len = HEAD_LEN;
	for (size_t i = 0; i < cdr_roster_key_count(roster->body); i++) {
		const struct cdr_roster_key key = cdr_roster_key_at(roster->body, i);
		uint8_t *entry = secret + *len;

		if (cdr_trustee_share_copy(trustee, roster, key.kind, key.number, entry + 3) != CDR_OK)
			continue;
		entry[0] = (uint8_t)key.kind;
		entry[1] = (uint8_t)(key.number >> 8);
		entry[2] = (uint8_t)key.number;
		*len += ENTRY_LEN;
	}
	cdr_current_release(trustee->current, roster);
	return *len > HEAD_LEN ? CDR_OK : cdr_fault_set(fault, CDR_E_ABSENT, "this trustee has no share");
}

static cdr_err
print_paper(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_bytes sealed, size_t shares,
    struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer words = { 0 }, line = { 0 };

	CDR_TRY(cdr_paper_words(sealed, &words));
	CDR_TRY(cdr_paper_line(sealed, &line));
	cdr_report_text(report, "%zu shares, sealed under the passphrase of the paper. Copy the words by hand or print them; the QR code says "
	    "the same.\nKeep paper and passphrase in two places. After a refresh of the shares this paper is worth nothing: write another.\n\n%.*s\n",
	    shares, (int)words.len, (const char *)words.data);
	CDR_TRY(draw(arguments, report, &line, fault));
	CDR_TRY(cdr_report_json(report, json_pack("{s:i, s:s%, s:s%}", "shares", (int)shares, "words", words.data, words.len, "line",
	    line.data, line.len)));
out:
	cdr_buffer_free(&words);
	cdr_buffer_free(&line);
	return err;
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_share_backup(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_open open;
	struct cdr_passphrase *passphrase = NULL;
	struct cdr_buffer sealed = { 0 };
	uint8_t *secret = NULL;
	size_t len;

	CDR_TRY(cdr_trustee_open(arguments, &open, fault));
	CDR_TRY(cdr_trustee_confirmed(open.trustee, fault));
	secret = cdr_secret_alloc(SECRET_LEN_MAX);
	if (secret == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	CDR_TRY(collect(open.trustee, secret, &len, fault));
	CDR_TRY(read_passphrase(arguments, true, &passphrase, fault));
	CDR_TRY(cdr_paper_seal(passphrase, (struct cdr_bytes){ secret, len }, &sealed, fault));
	CDR_TRY(print_paper(arguments, report, cdr_buffer_bytes(&sealed), (len - HEAD_LEN) / ENTRY_LEN, fault));
out:
	cdr_secret_free(secret);
	cdr_passphrase_free(passphrase);
	cdr_buffer_free(&sealed);
	cdr_trustee_close(&open);
	return err;
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

struct restore_job {
	struct cdr_trustee *trustee;
	const struct cdr_roster *roster;
	struct cdr_bytes secret;
	size_t restored, stale;
};

/* One share, if the roster names it as this trustee's; else it is of shares that are gone. */
static cdr_err
restore_one(struct cdr_tx *tx, struct restore_job *job, const uint8_t *entry)
{
	cdr_err err = CDR_E_INTERNAL;
	uint8_t point[CDR_POINT_LEN];
	struct cdr_roster_key key;
	uint32_t index = job->trustee->index;

	CDR_TRY(cdr_group_mul_base(entry + 3, point));
	if (!cdr_roster_key_find(job->roster->body, (enum cdr_key_kind)entry[0], (uint32_t)entry[1] << 8 | entry[2], &key) ||
	    index == 0 || index > key.share_count || memcmp(key.public_share[index - 1].data, point, sizeof(point)) != 0) {
		job->stale++;
		return CDR_OK;
	}
	/* A row without a share, or none, makes room. */
	CDR_TRY(cdr_query_run(tx, "DELETE FROM key_share WHERE kind = $1 AND number = $2 AND transcript = $3",
	    CDR_VALUES(cdr_value_int(key.kind), cdr_value_int(key.number), cdr_value_bytes(key.transcript))));
	CDR_TRY(cdr_trustee_share_put(tx, job->trustee, entry + 3, &key, job->roster->body->threshold,
	    (struct cdr_bytes){ NULL, 0 }));
	job->restored++;
out:
	return err;
}

/* A writing job. */
static cdr_err
restore_job(struct cdr_tx *tx, void *context)
{
	struct restore_job *job = context;

	for (size_t at = HEAD_LEN; at < job->secret.len; at += ENTRY_LEN) {
		cdr_err err = restore_one(tx, job, job->secret.data + at);
		if (err != CDR_OK)
			return err;
	}
	return CDR_OK;
}

static cdr_err
read_file(const char *path, uint8_t *text, size_t *len, struct cdr_fault *fault)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");

	if (file == NULL)
		return cdr_fault_set(fault, CDR_E_IO, "%s cannot be read", path);
	*len = fread(text, 1, CDR_PAPER_TEXT_MAX, file);
	bool failed = ferror(file) != 0;
	if (file != stdin)
		(void)fclose(file);
	return failed ? cdr_fault_set(fault, CDR_E_IO, "%s cannot be read", path) : CDR_OK;
}

static cdr_err
restore_shares(struct cdr_trustee *trustee, struct cdr_bytes secret, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct restore_job job = { .trustee = trustee, .secret = secret };
	struct cdr_fault ignored;

	if (secret.len < HEAD_LEN + ENTRY_LEN || (secret.len - HEAD_LEN) % ENTRY_LEN != 0)
		return cdr_fault_set(fault, CDR_E_INPUT, "what stands on the paper is no share");
	if (memcmp(secret.data, trustee->genesis, HEAD_LEN) != 0)
		return cdr_fault_set(fault, CDR_E_REFUSED, "this paper is of another exchange");
	(void)!cdr_trustee_roster_update(trustee, NULL, &ignored);
	job.roster = cdr_current_hold(trustee->current);
	err = cdr_store_write(trustee->home->store, restore_job, &job);
	cdr_current_release(trustee->current, job.roster);
	if (err != CDR_OK)
		return err;
	if (job.restored == 0)
		return cdr_fault_set(fault, CDR_E_SHARE, "no share of this paper is one that the roster names for this trustee: the shares were "
		    "changed since, or it is another trustee's");
	cdr_report_text(report, "%zu shares are back%s.\n", job.restored, job.stale > 0 ? "; others on the paper are of shares that are gone" : "");
	return cdr_report_json(report, json_pack("{s:i, s:i}", "restored", (int)job.restored, "stale", (int)job.stale));
}

/* see node/trustee/command.h */
cdr_err
cdr_trustee_command_share_restore(const struct cdr_arguments *arguments, struct cdr_report *report, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_trustee_open open;
	struct cdr_passphrase *passphrase = NULL;
	struct cdr_buffer sealed = { 0 };
	uint8_t text[CDR_PAPER_TEXT_MAX], *secret = NULL;
	size_t len = 0;

	CDR_TRY(cdr_trustee_open(arguments, &open, fault));
	if (!open.trustee->is_confirmed) {
		err = cdr_fault_set(fault, CDR_E_ABSENT, "a paper holds shares, not the keys that a trustee signs with: first put this trustee back from a "
		    "backup (`candor-trustee restore FILE --home NEW`). Without one it cannot come back: the secretariat proposes a change of trustees "
		    "in which it is away, and the new card may come in its place (`candor-hub trustees change`)");
		goto out;
	}
	CDR_TRY(read_file(cdr_arguments_operand(arguments, 0), text, &len, fault));
	CDR_TRY(cdr_paper_read((struct cdr_bytes){ text, len }, &sealed, fault));
	CDR_TRY(read_passphrase(arguments, false, &passphrase, fault));
	secret = cdr_secret_alloc(CDR_PAPER_SECRET_MAX);
	if (secret == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	CDR_TRY(cdr_paper_open(passphrase, cdr_buffer_bytes(&sealed), secret, &len, fault));
	err = restore_shares(open.trustee, (struct cdr_bytes){ secret, len }, report, fault);
out:
	cdr_secret_free(secret);
	cdr_buffer_free(&sealed);
	cdr_passphrase_free(passphrase);
	cdr_trustee_close(&open);
	return err;
}
