#include "core/identity/generate/names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_LEN 2048
#define FIELDS_MAX 8
#define RANKS_MAX 64

/* A name that is known to exist and no more: the data's README gives these shares. */
static const double share_of_presence[NAME_KIND_COUNT] = { 0.005, 0.003 };

/* The 90th percentile of the shares seen at a rank over all measured cultures. */
struct rank_table {
	double rank[NAME_KIND_COUNT][RANKS_MAX];
	double share[NAME_KIND_COUNT][RANKS_MAX];
	size_t count[NAME_KIND_COUNT];
};

/* Split one line of CSV in place; the number of fields, or 0 where there are too many. */
static size_t
csv_split(char *line, char *field[FIELDS_MAX])
{
	size_t count = 0;
	char *in = line, *out = line;
	bool quoted = false;

	field[count++] = out;
	for (; *in != '\0' && (quoted || (*in != '\n' && *in != '\r')); in++) {
		if (*in == '"' && quoted && in[1] == '"') {
			*out++ = *++in;
		} else if (*in == '"') {
			quoted = !quoted;
		} else if (*in == ',' && !quoted) {
			if (count == FIELDS_MAX)
				return 0;
			*out++ = '\0';
			field[count++] = out;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
	return count;
}

static int
kind_read(const char *text)
{
	return strcmp(text, "given") == 0 ? NAME_GIVEN : strcmp(text, "family") == 0 ? NAME_FAMILY : -1;
}

/* The share at ${rank}: a straight line in log(rank), log(share) between the two ranks beside it. */
static double
rank_share(const struct rank_table *table, int kind, double rank)
{
	const double *at = table->rank[kind], *share = table->share[kind];
	size_t last = table->count[kind] - 1, i = 0;

	if (rank <= at[0])
		return share[0];
	if (rank >= at[last])
		return share[last];
	while (at[i + 1] < rank)
		i++;
	double way = (log(rank) - log(at[i])) / (log(at[i + 1]) - log(at[i]));
	return exp(log(share[i]) + way * (log(share[i + 1]) - log(share[i])));
}

/* One line of share-by-rank.csv: kind,rank,cultures,q50,q75,q90,max */
static bool
rank_line(char *field[], size_t count, void *context)
{
	struct rank_table *table = context;
	int kind = count == 7 ? kind_read(field[0]) : -1;

	if (kind < 0 || table->count[kind] == RANKS_MAX)
		return false;
	size_t at = table->count[kind]++;
	table->rank[kind][at] = strtod(field[1], NULL);
	table->share[kind][at] = strtod(field[5], NULL);
	return table->rank[kind][at] >= 1 && table->share[kind][at] > 0;
}

struct frequency_context {
	struct name_rows *rows;
	const struct rank_table *ranks;
};

static struct name_row *
row_add(struct name_rows *rows)
{
	if (rows->count == rows->room) {
		size_t room = rows->room == 0 ? 4096 : rows->room * 2;
		struct name_row *grown = realloc(rows->row, room * sizeof(*grown));
		if (grown == NULL)
			return NULL;
		rows->row = grown;
		rows->room = room;
	}
	struct name_row *row = &rows->row[rows->count++];
	memset(row, 0, sizeof(*row));
	return row;
}

static bool
text_copy(char *to, size_t size, const char *from)
{
	return (size_t)snprintf(to, size, "%s", from) < size;
}

/* One line of name-frequency.csv: culture,kind,name_native,name_latin,share,rank,source */
static bool
frequency_line(char *field[], size_t count, void *context)
{
	struct frequency_context *all = context;
	int kind = count == 7 ? kind_read(field[1]) : -1;
	struct name_row *row = kind < 0 ? NULL : row_add(all->rows);

	if (row == NULL)
		return false;
	row->kind = (uint8_t)kind;
	row->measured = field[4][0] != '\0';
	row->ranked = !row->measured && field[5][0] != '\0';
	if (row->measured)
		row->share = strtod(field[4], NULL);
	else if (row->ranked)
		row->share = rank_share(all->ranks, kind, strtod(field[5], NULL));
	else
		row->share = share_of_presence[kind];
	if (row->share <= 0)
		all->rows->count--; /* a share rounded to nothing: rarer than any floor */
	return row->share >= 0 && row->share <= 1 && text_copy(row->culture, sizeof(row->culture), field[0]) &&
	    text_copy(row->native, sizeof(row->native), field[2]) && text_copy(row->latin, sizeof(row->latin), field[3]);
}

/* One line of exceptions.csv: culture,kind,name,share,reason, where name may be several spellings with '/' between. */
static bool
exception_line(char *field[], size_t count, void *context)
{
	struct name_rows *rows = context;
	int kind = count == 5 ? kind_read(field[1]) : -1;
	char *rest = NULL;

	if (kind < 0 || field[4][0] == '\0')
		return false;
	char first[NAME_TEXT_LEN];
	if (!text_copy(first, sizeof(first), field[2]))
		return false;
	first[strcspn(first, "/")] = '\0';
	for (char *name = strtok_r(field[2], "/", &rest); name != NULL; name = strtok_r(NULL, "/", &rest)) {
		struct name_row *row = row_add(rows);
		if (row == NULL)
			return false;
		row->kind = (uint8_t)kind;
		row->share = strtod(field[3], NULL);
		if (row->share <= 0 || row->share > 1 || !text_copy(row->culture, sizeof(row->culture), field[0]) ||
		    !text_copy(row->native, sizeof(row->native), first) ||
		    !text_copy(row->latin, sizeof(row->latin), name))
			return false;
	}
	return true;
}

static cdr_err
lines_read(const char *folder, const char *name, bool (*line_read)(char *[], size_t, void *), void *context)
{
	char path[1024], line[LINE_LEN];
	char *field[FIELDS_MAX];
	cdr_err err = CDR_OK;

	if ((size_t)snprintf(path, sizeof(path), "%s%s%s", folder, folder[0] == '\0' ? "" : "/", name) >= sizeof(path))
		return CDR_E_INPUT;
	FILE *file = fopen(path, "r");
	if (file == NULL) {
		fprintf(stderr, "%s: cannot be opened\n", path);
		return CDR_E_IO;
	}
	for (size_t number = 1; err == CDR_OK && fgets(line, sizeof(line), file) != NULL; number++) {
		size_t count = csv_split(line, field);
		if (number > 1 && !line_read(field, count, context)) {
			fprintf(stderr, "%s:%zu: not understood\n", path, number);
			err = CDR_E_INPUT;
		}
	}
	fclose(file);
	return err;
}

/* see core/identity/generate/names.h */
cdr_err
names_read(const char *folder, const char *exceptions, struct name_rows *rows)
{
	cdr_err err = CDR_E_INTERNAL;
	struct rank_table ranks = { 0 };
	struct frequency_context context = { .rows = rows, .ranks = &ranks };

	memset(rows, 0, sizeof(*rows));
	CDR_TRY(lines_read(folder, "share-by-rank.csv", rank_line, &ranks));
	if (ranks.count[NAME_GIVEN] == 0 || ranks.count[NAME_FAMILY] == 0) {
		err = CDR_E_INPUT;
		goto out;
	}
	CDR_TRY(lines_read(folder, "name-frequency.csv", frequency_line, &context));
	if (exceptions != NULL)
		CDR_TRY(lines_read("", exceptions, exception_line, rows));
out:
	if (err != CDR_OK)
		names_free(rows);
	return err;
}

/* see core/identity/generate/names.h */
void
names_free(struct name_rows *rows)
{
	free(rows->row);
	memset(rows, 0, sizeof(*rows));
}
