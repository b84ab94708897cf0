#ifndef CDR_TESTS_UNIT_PAGES_H
#define CDR_TESTS_UNIT_PAGES_H

/* The pages of a sparse Merkle tree in memory, in a list. */

#include <stdlib.h>
#include <string.h>

#include "core/crypto/sparse.h"

struct pages {
	struct pages_item {
		unsigned depth;
		uint64_t prefix;
		struct cdr_sparse_page page;
	} *item;
	size_t count, room;
	cdr_err fails;      /* what the callbacks return instead of working */
};

static inline struct pages_item *
pages_find(struct pages *pages, unsigned depth, uint64_t prefix)
{
	for (size_t i = 0; i < pages->count; i++)
		if (pages->item[i].depth == depth && pages->item[i].prefix == prefix)
			return &pages->item[i];
	return NULL;
}

static inline cdr_err
pages_load(void *context, unsigned depth, uint64_t prefix, struct cdr_sparse_page *page)
{
	struct pages *pages = context;
	struct pages_item *item = pages_find(pages, depth, prefix);

	if (pages->fails != CDR_OK)
		return pages->fails;
	if (item == NULL)
		return CDR_E_ABSENT;
	*page = item->page;
	return CDR_OK;
}

static inline cdr_err
pages_save(void *context, unsigned depth, uint64_t prefix, const struct cdr_sparse_page *page)
{
	struct pages *pages = context;
	struct pages_item *item = pages_find(pages, depth, prefix);

	if (pages->fails != CDR_OK)
		return pages->fails;
	if (item == NULL && pages->count == pages->room) {
		pages->room = 2 * pages->room + 16;
		pages->item = realloc(pages->item, pages->room * sizeof(*pages->item));
	}
	if (item == NULL)
		item = &pages->item[pages->count++];
	item->depth = depth;
	item->prefix = prefix;
	item->page = *page;
	return CDR_OK;
}

static inline cdr_err
pages_drop(void *context, unsigned depth, uint64_t prefix)
{
	struct pages *pages = context;
	struct pages_item *item = pages_find(pages, depth, prefix);

	if (item == NULL)
		return CDR_E_ABSENT;
	*item = pages->item[--pages->count];
	return CDR_OK;
}

static inline struct cdr_sparse_pages
pages_of(struct pages *pages)
{
	return (struct cdr_sparse_pages){ pages, pages_load, pages_save, pages_drop };
}

static inline void
pages_free(struct pages *pages)
{
	free(pages->item);
	*pages = (struct pages){ 0 };
}

#endif
