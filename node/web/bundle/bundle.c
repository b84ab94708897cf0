/*
 * Makes the guest page, one file, from what stands in node/web, the codebook and the table of countries. Runs at build time.
 *
 *     bundle DIR OUT     DIR: node/web; writes OUT/page.html and OUT/page.csp
 *
 * Comments that fill a line and the blanks in front of lines are left out. Script and style are named by their hashes in the
 * Content-Security-Policy, so a browser runs nothing else.
 */
#include <errno.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto/hash.h"
#include "core/identity/country.h"
#include "core/identity/tables.h"

#define PATH_LEN 512
#define FILE_MAX (1U << 20)
#define POLICY                                                                                                     \
	"default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; connect-src 'self'; img-src data:; "      \
	"base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

static const char *const scripts[] = { "seal.js", "rules.js", "form.js", "page.js" };
static const char *const languages[] = { "en", "fr", "es", "ar" };
/* The lists of the codebook that the page shows or judges by. */
static const char *const lists[] = { "nothing", "precision", "gender", "document_type", "engagement_type", "legal_basis",
	"candidate_notified", "signer_role", "identity_match", "coverage_quality", "question", "answer", "misconduct_type",
	"involved_child", "process_status", "sanction", "referred_to_authorities", "legal_limit_reason", "right_of_reply" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static _Noreturn void
fail(const char *what)
{
	(void)fprintf(stderr, "bundle: %s: %s\n", what, errno != 0 ? strerror(errno) : "cannot be used");
	exit(1);
}

/* A text that grows. */
struct text {
	char *data;
	size_t len;
};

static void
add(struct text *text, const char *data, size_t len)
{
	text->data = realloc(text->data, text->len + len + 1);
	if (text->data == NULL)
		fail("memory");
	memcpy(text->data + text->len, data, len);
	text->len += len;
	text->data[text->len] = '\0';
}

static char *
read_file(const char *dir, const char *name)
{
	char path[PATH_LEN];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *file = fopen(path, "rb");
	char *data = calloc(1, FILE_MAX + 1);
	if (file == NULL || data == NULL || fread(data, 1, FILE_MAX, file) == 0 || ferror(file) != 0 || !feof(file))
		fail(path);
	(void)fclose(file);
	return data;
}

static void
write_file(const char *dir, const char *name, const char *data, size_t len)
{
	char path[PATH_LEN];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *file = fopen(path, "wb");
	if (file == NULL || fwrite(data, 1, len, file) != len || fclose(file) != 0)
		fail(path);
}

/* Add a file without the blanks in front of its lines and without lines that are nothing but a comment. */
static void
add_source(struct text *text, const char *dir, const char *name)
{
	char *file = read_file(dir, name);
	const char *source = file;

	while (*source != '\0') {
		const char *line = source + strspn(source, " \t"), *end = strchr(line, '\n');
		size_t len = end != NULL ? (size_t)(end - line) : strlen(line);
		if (len > 0 && strncmp(line, "//", 2) != 0 && !(strncmp(line, "/*", 2) == 0 && strncmp(line + len - 2, "*/", 2) == 0)) {
			add(text, line, len);
			add(text, "\n", 1);
		}
		source = line + len + (end != NULL);
	}
	free(file);
}

/* Codes, words and countries as JSON that can stand in HTML. */
static void
add_data(struct text *text, const char *dir)
{
	char name[PATH_LEN], alpha3[CDR_COUNTRY_LEN];
	json_t *words = json_object(), *kept = json_object();
	json_t *codebook = json_load_file("core/record/data/codebook.json", JSON_REJECT_DUPLICATES, NULL);
	struct text countries = { NULL, 0 };

	for (size_t i = 0; i < COUNT(languages); i++) {
		(void)snprintf(name, sizeof(name), "%s/words/%s.json", dir, languages[i]);
		json_t *one = json_load_file(name, JSON_REJECT_DUPLICATES, NULL);
		if (one == NULL || json_object_set_new(words, languages[i], one) != 0)
			fail(name);
	}
	for (size_t i = 0; i < COUNT(lists); i++)
		if (json_object_set(kept, lists[i], json_object_get(json_object_get(codebook, "lists"), lists[i])) != 0)
			fail(lists[i]);
	for (size_t i = 0; cdr_country_at(i, alpha3); i++)
		add(&countries, (const char *)cdr_table_bytes(CDR_TABLE_COUNTRIES).data + i * 7, 7);
	json_t *root = json_pack("{s:o, s:{s:O, s:o}, s:s}", "words", words, "codebook", "version",
	    json_object_get(codebook, "version"), "lists", kept, "countries", countries.data);
	char *json = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
	if (json == NULL)
		fail("codebook.json");
	for (const char *at = json; *at != '\0'; at++)
		add(text, *at == '<' ? "\\u003c" : at, *at == '<' ? 6 : 1);
	free(json);
	free(countries.data);
	json_decref(root);
	json_decref(codebook);
}

/* SHA-256 in base 64, as a policy names it. */
static void
name_hash(const struct text *text, char out[static 48])
{
	uint8_t hash[CDR_SHA256_LEN];
	struct cdr_bytes part = { (const uint8_t *)text->data, text->len };

	if (cdr_sha256(&part, 1, hash) != CDR_OK || EVP_EncodeBlock((unsigned char *)out, hash, sizeof(hash)) != 44)
		fail("SHA-256");
}

int
main(int argc, char **argv)
{
	struct text script = { NULL, 0 }, style = { NULL, 0 }, data = { NULL, 0 }, page = { NULL, 0 };
	char script_hash[48], style_hash[48], policy[512];

	if (argc != 3)
		return 2;
	for (size_t i = 0; i < COUNT(scripts); i++)
		add_source(&script, argv[1], scripts[i]);
	add_source(&style, argv[1], "page.css");
	add_data(&data, argv[1]);
	if (strstr(script.data, "</script") != NULL || strstr(style.data, "</style") != NULL)
		fail("an end tag in script or style");
	name_hash(&script, script_hash);
	name_hash(&style, style_hash);
	(void)snprintf(policy, sizeof(policy), POLICY, script_hash, style_hash);

	const struct {
		const char *mark;
		struct text text;
	} parts[] = { { "@CSP@", { policy, strlen(policy) } }, { "@CSS@", style }, { "@EMBEDDED@", { policy, 0 } },
		{ "@DATA@", data }, { "@JS@", script } };
	char *frame = read_file(argv[1], "page.html");
	const char *rest = frame;
	for (size_t i = 0; i < COUNT(parts); i++) {
		const char *mark = strstr(rest, parts[i].mark);
		if (mark == NULL)
			fail(parts[i].mark);
		add(&page, rest, (size_t)(mark - rest));
		add(&page, parts[i].text.data, parts[i].text.len);
		rest = mark + strlen(parts[i].mark);
	}
	add(&page, rest, strlen(rest));
	write_file(argv[2], "page.html", page.data, page.len);
	write_file(argv[2], "page.csp", policy, strlen(policy));
	free(frame);
	free(script.data);
	free(style.data);
	free(data.data);
	free(page.data);
	return 0;
}
