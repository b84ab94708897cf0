/*
 * How often the same name in two scripts becomes equal, and what normalising costs.
 * Data: ../shared/data/names/pairs-*.tsv (8,000 noisy pairs a language, weighted by people): behaviour, no measure of
 * recall.
 * Method: the native token and the Latin one are normalised; compared are the first parts, and their skeletons
 * S1 and S2.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/identity/name.h"
#include "core/identity/skeleton.h"

#define SHARED_DEFAULT "../shared"
#define SHOWN_MAX 12

struct tally {
	double people, exact, s1, s2;
	size_t pairs, empty, shown;
};

/* The native token stands with a space between characters. */
static void
join_characters(char *text)
{
	size_t used = 0;

	for (size_t i = 0; text[i] != '\0'; i++)
		if (text[i] != ' ')
			text[used++] = text[i];
	text[used] = '\0';
}

/* All parts in one, since the pairs are single names. */
static void
normalise(const char *text, char part[static CDR_PART_LEN])
{
	struct cdr_name_form form;
	uint32_t notes = 0;

	memset(part, 0, CDR_PART_LEN);
	if (cdr_name_normalise(text, strlen(text), &form, &notes, NULL) != CDR_OK)
		return;
	for (size_t i = 0; i < form.part_count; i++)
		strncat(part, form.part[i], CDR_PART_LEN - 1 - strlen(part));
}

static void
count_pair(const char *latin, const char *native, double people, bool show, struct tally *tally)
{
	char a[CDR_PART_LEN], b[CDR_PART_LEN], code_a[CDR_SKELETON_LEN], code_b[CDR_SKELETON_LEN];
	bool s2;

	normalise(latin, a);
	normalise(native, b);
	tally->pairs++;
	tally->people += people;
	tally->empty += b[0] == '\0';
	tally->exact += strcmp(a, b) == 0 ? people : 0;
	cdr_skeleton_latin(a, code_a);
	cdr_skeleton_latin(b, code_b);
	tally->s1 += strcmp(code_a, code_b) == 0 ? people : 0;
	cdr_skeleton_semitic(a, code_a);
	cdr_skeleton_semitic(b, code_b);
	s2 = strcmp(code_a, code_b) == 0;
	tally->s2 += s2 ? people : 0;
	if (show && !s2 && tally->shown++ < SHOWN_MAX)
		printf("  %s %s: %s %s, %s %s\n", latin, native, a, b, code_a, code_b);
}

static void
measure(const char *shared, const char *language, bool show, bool weighted)
{
	struct tally tally = { 0 };
	char path[512], line[1024];
	FILE *file;

	snprintf(path, sizeof path, "%s/data/names/pairs-%s.tsv", shared, language);
	file = fopen(path, "r");
	if (file == NULL) {
		printf("%-9s skipped: %s is not there\n", language, path);
		return;
	}
	while (fgets(line, sizeof line, file) != NULL) {
		char *native = strchr(line, '\t'), *people = native == NULL ? NULL : strchr(native + 1, '\t');

		if (people == NULL)
			continue;
		*native++ = '\0';
		*people++ = '\0';
		join_characters(native);
		count_pair(line, native, weighted ? strtod(people, NULL) : 1, show, &tally);
	}
	fclose(file);
	printf("%-9s %-8s pairs %zu empty %zu same %.3f S1 %.3f S2 %.3f\n", language, weighted ? "people" : "names",
	    tally.pairs, tally.empty, tally.exact / tally.people, tally.s1 / tally.people, tally.s2 / tally.people);
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The median over 1,001 runs of all forms of one person. */
static void
time_person(const char *label, const char *given, const char *family, const char *native)
{
	static double us[1001];
	struct cdr_person person = { 0 };
	struct cdr_name_forms forms;

	snprintf(person.given_names, sizeof person.given_names, "%s", given);
	snprintf(person.family_names, sizeof person.family_names, "%s", family);
	snprintf(person.native_name, sizeof person.native_name, "%s", native);
	for (size_t i = 0; i < 1001; i++) {
		struct timespec from, to;

		clock_gettime(CLOCK_MONOTONIC, &from);
		if (cdr_name_forms(&person, &forms, NULL) != CDR_OK)
			abort();
		clock_gettime(CLOCK_MONOTONIC, &to);
		us[i] = (double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3;
	}
	qsort(us, 1001, sizeof *us, compare_doubles);
	printf("normalise_%-9s %.1f us (%zu forms)\n", label, us[500], forms.form_count);
}

int
main(int argc, char **argv)
{
	static const char *const languages[] = { "arabic", "hebrew", "russian", "korean", "katakana", "japanese",
		"chinese" };
	const char *shared = getenv("CDR_SHARED");
	bool show = argc > 1 && strcmp(argv[1], "--show") == 0;

	if (shared == NULL)
		shared = SHARED_DEFAULT;
	for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
		if (argc > 2 && strcmp(argv[2], languages[i]) != 0)
			continue;
		measure(shared, languages[i], show, false);
		measure(shared, languages[i], false, true);
	}
	time_person("latin", "Ana María", "Muestra de la Ficción", "");
	time_person("arabic", "Mohamed Abdul Rahman", "Al-Mithal", "محمد عبد الرحمن المثال");
	time_person("cyrillic", "Sergei Ivanovich", "Primerov", "Сергей Иванович Примеров");
	time_person("han", "Dawen", "Chen", "陈大文");
	time_person("thai", "Somchai", "Tuayang", "สมชาย ตัวอย่าง");
	return 0;
}
