#include "audit/tile.h"

#include <stdio.h>
#include <string.h>

/* see audit/tile.h */
cdr_err
cdr_tile_path(int level, uint64_t index, unsigned width, char path[static CDR_TILE_PATH_LEN])
{
	char groups[64] = "", group[8];
	uint64_t rest = index;

	if (level > CDR_TILE_LEVEL_MAX || level < CDR_TILE_ENTRIES || index >= CDR_MERKLE_SIZE_MAX || width < 1 || width > CDR_TILE_WIDTH)
		return CDR_E_RANGE;
	/* Groups of three digits; all but the last begin with an x. */
	do {
		char behind[sizeof(groups)];
		(void)snprintf(group, sizeof(group), "%s%03u", rest == index ? "" : "x", (unsigned)(rest % 1000));
		memcpy(behind, groups, sizeof(behind));
		(void)snprintf(groups, sizeof(groups), "%s%s%.48s", group, behind[0] != '\0' ? "/" : "", behind);
		rest /= 1000;
	} while (rest > 0);
	int len = level == CDR_TILE_ENTRIES ? snprintf(path, CDR_TILE_PATH_LEN, "tile/entries/%s", groups) :
					      snprintf(path, CDR_TILE_PATH_LEN, "tile/%d/%s", level, groups);
	if (width < CDR_TILE_WIDTH)
		(void)snprintf(path + len, CDR_TILE_PATH_LEN - (size_t)len, ".p/%u", width);
	return CDR_OK;
}

/* see audit/tile.h */
unsigned
cdr_tile_width(int level, uint64_t index, uint64_t size)
{
	uint64_t count = level <= 0 ? size : size >> (CDR_TILE_BITS * level);
	uint64_t first = index * CDR_TILE_WIDTH;

	if (first >= count)
		return 0;
	return count - first < CDR_TILE_WIDTH ? (unsigned)(count - first) : CDR_TILE_WIDTH;
}

/* see audit/tile.h */
cdr_err
cdr_tile_entry_next(struct cdr_bytes bundle, size_t *at, struct cdr_bytes *entry)
{
	size_t left = bundle.len - *at;

	if (left == 0)
		return CDR_E_ABSENT;
	if (left < 2)
		return CDR_E_INPUT;
	size_t len = (size_t)bundle.data[*at] << 8 | bundle.data[*at + 1];
	if (len > left - 2)
		return CDR_E_INPUT;
	*entry = (struct cdr_bytes){ bundle.data + *at + 2, len };
	*at += 2 + len;
	return CDR_OK;
}
