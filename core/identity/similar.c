#include "core/identity/similar.h"

#include <string.h>

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* see core/identity/similar.h */
unsigned
cdr_similar_edits(const char *a, const char *b)
{
	size_t a_len = strnlen(a, CDR_SIMILAR_LEN_MAX), b_len = strnlen(b, CDR_SIMILAR_LEN_MAX);
	unsigned row[3][CDR_SIMILAR_LEN_MAX + 1]; /* of the alignment's table: the one before last, the last, this one */
	unsigned *before = row[0], *last = row[1], *now = row[2];

	for (size_t j = 0; j <= b_len; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
		unsigned *oldest = before;
		before = last;
		last = now;
		now = oldest;
	}
	return last[b_len];
}
