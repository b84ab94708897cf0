#ifndef CDR_NODE_HUB_TREE_PARTS_H
#define CDR_NODE_HUB_TREE_PARTS_H

/* What node/hub/tree.c and node/hub/tree_prove.c share. */

#include "core/crypto/sparse.h"
#include "node/hub/tree.h"

struct cdr_hub_tree {
	struct cdr_tx *tx;
	uint32_t epoch;
	uint8_t *secret;                              /* CDR_INDEX_SECRET_LEN */
	char (*members)[CDR_SLUG_LEN_MAX + 1];        /* whose rows are in the tree, sorted */
	size_t member_count;
	struct cdr_hub_root root;
};

/* Whose a row is, and what opens it. */
struct cdr_hub_owner {
	char member[CDR_SLUG_LEN_MAX + 1];
	uint8_t handle[CDR_HANDLE_LEN];
	uint16_t expires;
	uint8_t salt[CDR_INDEX_SALT_LEN];
};

struct cdr_hub_row {
	struct cdr_index_row row;
	struct cdr_hub_owner owner;
};

/* The rows of a tag that are in the tree; item[i] is row[i] and whose it is. Zeroed: empty. */
struct cdr_hub_bucket {
	struct cdr_hub_row *item;
	struct cdr_index_row *row;
	size_t count, room;
};

void cdr_hub_bucket_free(struct cdr_hub_bucket *bucket);
/* Read the rows of a tag, sorted. ${bucket} is emptied first, and used again. */
CDR_MUST_CHECK cdr_err cdr_hub_tree_bucket_read(struct cdr_hub_tree *tree, const uint8_t *tag,
    struct cdr_hub_bucket *bucket);

/* The pages of the tree in the database. */
struct cdr_sparse_pages cdr_hub_tree_pages(struct cdr_hub_tree *tree);

/* The newest root as an IndexRoot. */
CDR_MUST_CHECK cdr_err cdr_hub_root_encode(const struct cdr_hub_tree *tree, struct cdr_buffer *out);

#endif
