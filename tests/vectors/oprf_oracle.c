/*
 * Our OPRF on a line each: commands on standard input, answers on standard output, bytes in hexadecimal ("-" for none,
 * several points one after the other). oprf_oracle.mjs puts it beside another implementation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash_to_curve.h"
#include "core/crypto/threshold.h"

#define WORDS_MAX (4 + CDR_TRUSTEES_MAX)
#define BYTES_MAX 4096

struct word {
	uint8_t data[BYTES_MAX];
	size_t len;
};

static struct word words[WORDS_MAX];
static size_t word_count;

static void
die(const char *why)
{
	fprintf(stderr, "oprf_oracle: %s\n", why);
	exit(1);
}

static void
words_read(char *line)
{
	char *rest = NULL;

	word_count = 0;
	for (char *text = strtok_r(line, " \n", &rest); text != NULL; text = strtok_r(NULL, " \n", &rest)) {
		if (word_count == WORDS_MAX)
			die("too many words");
		struct word *word = &words[word_count++];
		word->len = strcmp(text, "-") == 0 ? 0 : strlen(text) / 2;
		if (word->len > BYTES_MAX || (word->len > 0 && cdr_hex_read(text, word->data, word->len) != CDR_OK))
			die("not hexadecimal");
	}
}

static void
need(size_t count)
{
	if (word_count < count)
		die("too few words");
}

static void
answer(cdr_err err, const uint8_t *data, size_t len)
{
	static char text[2 * BYTES_MAX + 1];

	if (err == CDR_OK)
		cdr_hex_write(data, len, text);
	puts(err == CDR_OK ? text : cdr_err_name(err));
	(void)fflush(stdout);
}

static struct cdr_points *
points(size_t at)
{
	struct cdr_points *out;

	if (cdr_points_decode(words[at].data, words[at].len / CDR_POINT_LEN, &out) != CDR_OK)
		die("not points");
	return out;
}

/* hash DST MESSAGE */
static void
do_hash(void)
{
	struct cdr_affine a;
	uint8_t bytes[CDR_AFFINE_LEN];

	need(2);
	cdr_err err = cdr_hash_to_curve((struct cdr_bytes){ words[1].data, words[1].len },
	    (struct cdr_bytes){ words[0].data, words[0].len }, &a);
	cdr_affine_compress(&a, bytes);
	answer(err, bytes, sizeof(bytes));
}

/* blind INPUT BLIND */
static void
do_blind(void)
{
	uint8_t blinded[CDR_POINT_LEN];

	need(2);
	answer(cdr_oprf_blind(words[0].data, words[0].len, words[1].data, blinded), blinded, sizeof(blinded));
}

/* evaluate KEY RANDOM POINTS: the points evaluated, then the proof */
static void
do_evaluate(void)
{
	uint8_t out[BYTES_MAX];

	need(3);
	struct cdr_points *blinded = points(2);
	size_t len = words[2].len;
	answer(cdr_oprf_evaluate(words[0].data, blinded, words[1].data, out, out + len), out, len + CDR_PROOF_LEN);
	cdr_points_free(blinded);
}

/* verify PUBLIC POINTS EVALUATED PROOF */
static void
do_verify(void)
{
	need(4);
	struct cdr_points *blinded = points(1), *evaluated = points(2);
	answer(cdr_oprf_verify(words[0].data, blinded, evaluated, words[3].data), (const uint8_t *)"\1", 1);
	cdr_points_free(blinded);
	cdr_points_free(evaluated);
}

/* finalize INPUT BLIND EVALUATED */
static void
do_finalize(void)
{
	uint8_t out[CDR_OPRF_OUTPUT_LEN];

	need(3);
	answer(cdr_oprf_finalize(words[0].data, words[0].len, words[1].data, words[2].data, out), out, sizeof(out));
}

/* combine INPUT BLIND INDICES EVALUATED ...: one evaluated point from each index */
static void
do_combine(void)
{
	uint8_t out[CDR_OPRF_OUTPUT_LEN];
	struct cdr_points *partials[CDR_TRUSTEES_MAX];
	const struct cdr_points *lent[CDR_TRUSTEES_MAX] = { NULL };

	need(3);
	size_t t = words[2].len;
	if (t > CDR_TRUSTEES_MAX)
		die("too many trustees");
	need(3 + t);
	for (size_t i = 0; i < t; i++)
		lent[i] = partials[i] = points(3 + i);
	const struct cdr_bytes input = { words[0].data, words[0].len };
	answer(cdr_threshold_finalize(&input, words[1].data, words[2].data, lent, t, out), out, sizeof(out));
	for (size_t i = 0; i < t; i++)
		cdr_points_free(partials[i]);
}

int
main(void)
{
	static const struct {
		const char *name;
		void (*act)(void);
	} commands[] = {
		{ "hash", do_hash },
		{ "blind", do_blind },
		{ "evaluate", do_evaluate },
		{ "verify", do_verify },
		{ "finalize", do_finalize },
		{ "combine", do_combine },
	};
	static char line[2 * BYTES_MAX];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		size_t name_len = strcspn(line, " \n"), i = 0, count = sizeof(commands) / sizeof(commands[0]);
		while (i < count && (strlen(commands[i].name) != name_len || strncmp(line, commands[i].name, name_len) != 0))
			i++;
		if (i == count)
			die("unknown command");
		words_read(line + name_len);
		commands[i].act();
	}
	return 0;
}
