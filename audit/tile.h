#ifndef CDR_AUDIT_TILE_H
#define CDR_AUDIT_TILE_H

/*
 * The log as files that any static web server can serve: c2sp.org/tlog-tiles. A tile holds up to 256 hashes of one level of
 * 8; an entry bundle up to 256 entries, each with its length in two bytes. Beside them stand the newest `checkpoint`, the
 * rosters and the ceremonies: README.md says where.
 */

#include "core/crypto/merkle.h"

#define CDR_TILE_WIDTH 256
#define CDR_TILE_BITS 8
#define CDR_TILE_LEVEL_MAX 7
#define CDR_TILE_PATH_LEN 96
#define CDR_TILE_ENTRIES (-1)   /* in place of a level: an entry bundle */
#define CDR_TILE_BUNDLE_LEN_MAX (CDR_TILE_WIDTH * (2 + 1024))

/**
 * cdr_tile_path(level, index, width, path):
 * "tile/0/x001/234", "tile/entries/000.p/17".
 *
 * width   in   1 .. CDR_TILE_WIDTH hashes or entries; below that the tile is a partial one
 *
 * Returns  CDR_OK; CDR_E_RANGE.
 */
CDR_MUST_CHECK cdr_err cdr_tile_path(int level, uint64_t index, unsigned width, char path[static CDR_TILE_PATH_LEN]);

/**
 * cdr_tile_width(level, index, size):
 * How many hashes tile ${index} of ${level} has in a log of ${size} leaves (entries: level 0); 0 if there is none.
 */
unsigned cdr_tile_width(int level, uint64_t index, uint64_t size);

/**
 * cdr_tile_entry_next(bundle, at, entry):
 * The next entry of a bundle; ${at} begins with 0.
 *
 * Returns  CDR_OK; CDR_E_ABSENT behind the last; CDR_E_INPUT if the bundle ends within an entry.
 */
CDR_MUST_CHECK cdr_err cdr_tile_entry_next(struct cdr_bytes bundle, size_t *at, struct cdr_bytes *entry);

#endif
