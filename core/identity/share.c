#include "core/identity/share.h"

#include <stdlib.h>
#include <string.h>

#define ROWS ((size_t)CDR_SKETCH_KINDS * CDR_SKETCH_ROWS)
#define EPSILON_MILLI_MIN 1

/* see core/identity/share.h */
int32_t
cdr_share_margin(uint32_t trustees, uint32_t epsilon_milli)
{
	uint64_t epsilon = epsilon_milli < EPSILON_MILLI_MIN ? EPSILON_MILLI_MIN : epsilon_milli;
	/* a trustee's noise has at most the variance 2 / epsilon^2: nine times that of all of them, in millionths */
	uint64_t square = UINT64_C(18000000) * trustees / (epsilon * epsilon) + 1;
	int32_t margin = CDR_SHARE_MARGIN_MIN;

	while ((uint64_t)margin * (uint64_t)margin < square)
		margin++;
	return margin;
}

static int
ascending(const void *left, const void *right)
{
	const int32_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

/* see core/identity/share.h */
cdr_err
cdr_share_floor(struct cdr_share_sums *sums, int32_t margin)
{
	int32_t sorted[CDR_SKETCH_WIDTH_MAX];

	if (sums->width < CDR_SKETCH_WIDTH_MIN || sums->width > CDR_SKETCH_WIDTH_MAX)
		return CDR_E_RANGE;
	for (size_t row = 0; row < ROWS; row++) {
		int32_t *cells = sums->cells + 1 + row * sums->width;
		memcpy(sorted, cells, sums->width * sizeof(*sorted));
		qsort(sorted, sums->width, sizeof(*sorted), ascending);
		int32_t floor = sorted[sums->width / 4];
		floor = floor > margin ? floor : margin;
		for (size_t i = 0; i < sums->width; i++)
			cells[i] = cells[i] > floor ? cells[i] : floor;
	}
	return CDR_OK;
}

/* -log2(part / whole) in eighths of a bit, rounded down; 0 < part. */
static uint8_t
weight_of(uint64_t part, uint64_t whole)
{
	/* 2^(k/8) in 2^-30, rounded up */
	static const uint32_t power[8] = { 1073741824, 1170923762, 1276901417, 1392470869, 1518500250, 1655936265, 1805811302,
		1969251188 };
	unsigned weight = 0, k = 0;

	if (part >= whole)
		return 0;
	for (; 2 * part <= whole; part *= 2)
		weight += CDR_BITS_SCALE;
	while (k + 1 < 8 && part * power[k + 1] <= whole << 30)
		k++;
	weight += k;
	return weight < CDR_RARITY_OWN_NONE ? (uint8_t)weight : CDR_RARITY_OWN_NONE - 1;
}

/* The weights of one table. */
static cdr_err
weights_write(const struct cdr_share_sums *sums, int32_t margin, uint8_t *out)
{
	int64_t people = sums->cells[0] - (int64_t)margin;

	if (people < 1)
		return CDR_E_INPUT;
	for (size_t row = 0; row < ROWS; row++) {
		const int32_t *cells = sums->cells + 1 + row * sums->width;
		int32_t floor = cells[0];
		for (size_t i = 1; i < sums->width; i++)
			floor = cells[i] < floor ? cells[i] : floor;
		for (size_t i = 0; i < sums->width; i++) {
			int64_t above = (int64_t)cells[i] - floor;
			*out++ = above <= margin ? CDR_RARITY_OWN_NONE : weight_of((uint64_t)(above + margin), (uint64_t)people);
		}
	}
	return CDR_OK;
}

static cdr_err
sums_check(const struct cdr_share_sums *sums, size_t count)
{
	if (count < 1 || count > CDR_RARITY_OWN_MAX)
		return CDR_E_RANGE;
	for (size_t i = 0; i < count; i++) {
		if (sums[i].width < CDR_SKETCH_WIDTH_MIN || sums[i].width > CDR_SKETCH_WIDTH_MAX)
			return CDR_E_RANGE;
		if (strnlen(sums[i].country, CDR_COUNTRY_LEN) != (i == 0 ? 0 : CDR_COUNTRY_LEN - 1) ||
		    (i > 0 && strcmp(sums[i - 1].country, sums[i].country) >= 0))
			return CDR_E_INPUT;
	}
	return CDR_OK;
}

/* see core/identity/share.h */
cdr_err
cdr_share_table(const struct cdr_rarity *base, const struct cdr_places *places, const struct cdr_share_sums *sums,
    size_t count, int32_t margin, uint8_t **data, size_t *len)
{
	cdr_err err = CDR_E_INTERNAL;
	static const uint8_t magic[CDR_RARITY_MAGIC_LEN] = CDR_RARITY_MAGIC_OWN;

	*data = NULL;
	*len = base->published_len + CDR_RARITY_OWN_HEAD_LEN;
	CDR_TRY(sums_check(sums, count));
	for (size_t i = 0; i < count; i++)
		*len += CDR_RARITY_OWN_GROUP_LEN + ROWS * sums[i].width;
	*data = calloc(1, *len);
	if (*data == NULL)
		return CDR_E_MEMORY;
	memcpy(*data, base->data, base->published_len);
	memcpy(*data, magic, sizeof(magic));
	uint8_t *at = *data + base->published_len;
	for (size_t kind = 0; kind < CDR_SKETCH_KINDS; kind++)
		for (size_t row = 0; row < CDR_SKETCH_ROWS; row++)
			for (size_t i = 0; i < 8; i++)
				*at++ = (uint8_t)(places->row[kind][row] >> (56 - 8 * i));
	*at = (uint8_t)count;
	at += 4;
	for (size_t i = 0; i < count; i++) {
		memcpy(at, sums[i].country, CDR_COUNTRY_LEN - 1);
		at[4] = (uint8_t)(sums[i].width >> 8);
		at[5] = (uint8_t)sums[i].width;
		at += CDR_RARITY_OWN_GROUP_LEN;
		CDR_TRY(weights_write(&sums[i], margin, at));
		at += ROWS * sums[i].width;
	}
	err = CDR_OK;
out:
	if (err != CDR_OK) {
		free(*data);
		*data = NULL;
		*len = 0;
	}
	return err;
}
