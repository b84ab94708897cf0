#ifndef CDR_AUDIT_VERIFY_H
#define CDR_AUDIT_VERIFY_H

/*
 * Verifying an exported log with nothing but its files: the chain of rosters from the genesis roster on, the tree and its
 * checkpoint, what the leaves say of rosters, and the transcripts of key ceremonies.
 *
 * A *part* verifies one subject. They run in the order of cdr_verify_parts, each may use what those before it found; a
 * new subject (rounds, releases, openings) is a new row there and a file of its own.
 */

#include "audit/checkpoint.h"
#include "audit/sample.h"
#include "audit/tile.h"

#define CDR_VERIFY_ROSTER_LATE_S 86400 /* so long after the next one was made a roster may be missing in what was witnessed */
#define CDR_VERIFY_PATH_LEN 1024
#define CDR_VERIFY_FILE_LEN_MAX (8U << 20)
#define CDR_VERIFY_ROSTER_MAX 65536
#define CDR_VERIFY_MEMORY_MAX (UINT64_C(2) << 30) /* that the rosters take: all are held, since every part looks back */
#define CDR_VERIFY_OPEN_MAX (1U << 22)

/* A leaf that stands in the log as it is. */
struct cdr_verify_leaf {
	uint64_t position;
	struct cdr_leaf leaf;
};

/* A sample, and its leaf. */
struct cdr_verify_sample {
	struct cdr_sample sample;
	struct cdr_buffer bytes;
	uint64_t at;
};

/* What an auditor found, and when its leaf says that it did. */
struct cdr_verify_found {
	uint64_t sample, position, point, place, at;
	uint32_t trustee;
	enum cdr_sample_outcome outcome;
	char member[CDR_SLUG_LEN_MAX + 1];
};

#define CDR_VERIFY_EARLY_MAX 32 /* accusations that are named; all are counted */

struct cdr_verify {
	const char *folder;
	const uint8_t *fingerprint;          /* of the genesis roster, compared out of band; NULL: not given */
	uint64_t memory_max;                 /* bytes that the rosters may take; 0: CDR_VERIFY_MEMORY_MAX */

	/* Found by the parts. */
	struct cdr_roster **roster;          /* each version, in order */
	size_t roster_count;
	uint64_t memory;                     /* that they take */
	uint8_t genesis[CDR_GENESIS_HASH_LEN];
	struct cdr_checkpoint checkpoint;
	uint64_t witnessed_at;
	struct cdr_verify_leaf *open;        /* leaves that can be read, in order; without roots of the index and guest pages */
	size_t open_count, open_room;
	uint64_t sealed_count;               /* leaves of which the log shows a commitment */
	uint64_t kind_count[CDR_LEAF_KIND_COUNT];
	size_t ceremony_count;               /* transcripts that were verified, of keys in the rosters */
	size_t unnamed_count;                /* of keys that came into no roster */
	size_t key_count, unproved_count;    /* keys in the rosters; those without a transcript in the folder */
	struct cdr_verify_sample *sample;    /* every lot, in order */
	size_t sample_count, sample_rooted;  /* those whose checkpoint the tree was seen to have */
	uint64_t outcome_count[CDR_SAMPLE_OUTCOME_COUNT]; /* of what was drawn: what came of it last */
	uint64_t unanswered_count;           /* asked, and the time to answer is over */
	uint64_t early_count;                /* called late before that: the auditor accuses falsely */
	struct cdr_verify_found early[CDR_VERIFY_EARLY_MAX];
	size_t round_count, cells_count;     /* rounds that were recomputed; published cells */
	size_t release_count;
	size_t unshown_count;                /* closings of rounds of which the folder has nothing */
};

/* One subject. Returns CDR_OK; CDR_E_ABSENT if a file is missing; any other error with what does not hold, and where. */
struct cdr_verify_part {
	const char *name;
	cdr_err (*verify)(struct cdr_verify *v, struct cdr_fault *fault);
};
extern const struct cdr_verify_part cdr_verify_parts[];
extern const size_t cdr_verify_part_count;

/**
 * cdr_verify_run(v, fault):
 * Run all parts over v->folder; v->fingerprint and v->memory_max may be set, the rest is zero. Freed by cdr_verify_free, also on error.
 *
 * Returns  CDR_OK if everything holds; what the first part that fails returned; CDR_E_MEMORY also where the rosters take more than they may.
 */
CDR_MUST_CHECK cdr_err cdr_verify_run(struct cdr_verify *v, struct cdr_fault *fault);
void cdr_verify_free(struct cdr_verify *v);

/**
 * cdr_verify_file_read(v, name, bytes, fault):
 * A file of the folder. CDR_E_ABSENT; CDR_E_RANGE; CDR_E_IO; CDR_E_MEMORY. ${bytes} owns it.
 */
CDR_MUST_CHECK cdr_err cdr_verify_file_read(const struct cdr_verify *v, const char *name, struct cdr_buffer *bytes,
    struct cdr_fault *fault);

/**
 * cdr_verify_blame(v, name, err, fault):
 * Put the file ${name} of the folder before what ${fault} says of ${err}, unless it names it already. CDR_OK and CDR_E_MEMORY need no file.
 *
 * Returns  ${err}.
 */
cdr_err cdr_verify_blame(const struct cdr_verify *v, const char *name, cdr_err err, struct cdr_fault *fault);

/**
 * cdr_verify_files_each(v, name, take, context, fault):
 * Call ${take} for every file in folder ${name} of the folder but those whose names begin with a full stop, in no order.
 *
 * Returns  CDR_OK, also if there is no such folder; CDR_E_IO if it cannot be read, or is none; CDR_E_RANGE; what ${take} returned first
 *          that is not CDR_OK.
 */
typedef cdr_err cdr_verify_file_callback(void *context, const char *file, struct cdr_fault *fault);
CDR_MUST_CHECK cdr_err cdr_verify_files_each(const struct cdr_verify *v, const char *name, cdr_verify_file_callback *take, void *context,
    struct cdr_fault *fault);

/* The parts, each in a file of its own. */
cdr_err cdr_verify_rosters(struct cdr_verify *v, struct cdr_fault *fault);
/* Of the rosters alone: a key with which a member was revoked lets nobody in later, under this id or another. CDR_OK; CDR_E_ROSTER; CDR_E_MEMORY. */
cdr_err cdr_verify_revoked_keys(const struct cdr_verify *v, struct cdr_fault *fault);
cdr_err cdr_verify_tree(struct cdr_verify *v, struct cdr_fault *fault);
cdr_err cdr_verify_roster_leaves(struct cdr_verify *v, struct cdr_fault *fault);
cdr_err cdr_verify_key_leaves(struct cdr_verify *v, struct cdr_fault *fault);
cdr_err cdr_verify_ceremonies(struct cdr_verify *v, struct cdr_fault *fault);
cdr_err cdr_verify_sample_files(struct cdr_verify *v, struct cdr_fault *fault);
cdr_err cdr_verify_samples(struct cdr_verify *v, struct cdr_fault *fault);
cdr_err cdr_verify_rounds(struct cdr_verify *v, struct cdr_fault *fault);

/**
 * cdr_verify_late(v, found, count, is_last):
 * Hold the last of the findings about one thing that was drawn against the rule of when somebody is late, as far as the log tells: the time to
 * answer runs from the leaf of the lot, from the auditor's `asked`, or from the roster by which a suspended member is active again, whichever is
 * last; and never ends for who is not active, or has had other keys since it evaluated. What is `late` sooner is counted and named; what
 * was only asked, and nothing came behind it, is unanswered when that time is over.
 */
void cdr_verify_late(struct cdr_verify *v, const struct cdr_verify_found *found, size_t count, bool is_last);

/* The tree has grown to ${edge}: where a sample begins with just that, the root must be its. */
CDR_MUST_CHECK cdr_err cdr_verify_sample_root(struct cdr_verify *v, const struct cdr_merkle_edge *edge, struct cdr_fault *fault);

/* The newest roster that names that key; NULL where there is none. */
const struct cdr_roster *cdr_verify_key_roster(const struct cdr_verify *v, enum cdr_key_kind kind, uint32_t number);

/**
 * cdr_verify_entry_hash(v, position, hash, fault):
 * The hash of one leaf, from the files. Call it once the tree was verified.
 */
CDR_MUST_CHECK cdr_err cdr_verify_entry_hash(struct cdr_verify *v, uint64_t position, uint8_t hash[static CDR_MERKLE_HASH_LEN],
    struct cdr_fault *fault);

/**
 * cdr_verify_open(v, bytes, arena, opening, shown, fault):
 * Verify an opening, as its auditor holds it (`candor-trustee audit show --export`), against a folder that was verified.
 *
 * opening  out, personal   borrowed from ${arena}, which the caller frees also on error
 * shown    out, personal   wiped by the caller
 *
 * Returns  CDR_OK if it is what the member evaluated at that place, and the lot drew it; CDR_E_ABSENT if the folder has no such sample or leaf; CDR_E_PROOF;
 *          CDR_E_INPUT; CDR_E_REFUSED for other name tables than this program's; CDR_E_MEMORY.
 */
struct cdr_query_opening_shown;
CDR_MUST_CHECK cdr_err cdr_verify_open(struct cdr_verify *v, struct cdr_bytes bytes, struct cdr_arena *arena,
    const Cdr__Wire__Opening **opening, struct cdr_query_opening_shown *shown, struct cdr_fault *fault);

#endif
