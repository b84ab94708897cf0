/*
 * What a published log says of keys (audit/key_leaf.h), changed by the input: edits of `what 1, leaf 1, at 1, value 1`
 *
 *    what 0: value is added to a number of the leaf    1: to a byte of its content    2: to the last character of its party
 *    what 3: the leaf is left out    4: it stands there twice    5: it changes places with the next    6: it is of kind value
 *
 * Properties: the log as it should be is accepted; in what is accepted stands, behind each roster, just what that roster does to keys,
 * and before each key the word of two trustees; what is refused says why.
 */
#include "tests/fuzz/fuzz.h"

/* The log of the unit tests, with plain assertions in place of cmocka's. */
#include "tests/unit/plain.h"
#include "tests/unit/audit/key_world.h"

#define EDIT_LEN 4

static struct world *honest;

static void
stop(void)
{
	free(honest);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	honest = world_new();
	return atexit(stop);
}

static void
edit(struct cdr_verify *v, const uint8_t *e)
{
	size_t i = v->open_count > 0 ? e[1] % v->open_count : 0;
	struct cdr_verify_leaf *at = &v->open[i];
	struct cdr_leaf *leaf = &at->leaf;

	if (v->open_count == 0)
		return;
	if (e[0] % 7 == 0 && leaf->number_count > 0) {
		leaf->number[e[2] % leaf->number_count] += e[3];
	} else if (e[0] % 7 == 1) {
		leaf->content[e[2] % CDR_LEAF_CONTENT_LEN] = (uint8_t)(leaf->content[e[2] % CDR_LEAF_CONTENT_LEN] + e[3]);
	} else if (e[0] % 7 == 2 && leaf->party_count > 0) {
		leaf->party[0][strlen(leaf->party[0]) - 1] = (char)('1' + e[3] % 8);
	} else if (e[0] % 7 == 3) {
		memmove(at, at + 1, (v->open_count - i - 1) * sizeof(*at));
		v->open_count--;
	} else if (e[0] % 7 == 4 && v->open_count < LEAF_MAX) {
		memmove(at + 1, at, (v->open_count - i) * sizeof(*at));
		v->open_count++;
	} else if (e[0] % 7 == 5 && i + 1 < v->open_count) {
		const struct cdr_verify_leaf held = *at;
		*at = at[1];
		at[1] = held;
	} else if (e[0] % 7 == 6) {
		leaf->kind = (enum cdr_leaf_kind)(e[3] % CDR_LEAF_KIND_COUNT);
	}
}

/* A log has its leaves one behind the other, and its rosters in order: others are refused before keys are looked at. */
static bool
has_rosters(struct cdr_verify *v)
{
	size_t version = 0;

	for (size_t i = 0; i < v->open_count; i++) {
		v->open[i].position = i;
		if (v->open[i].leaf.kind != CDR_LEAF_ROSTER)
			continue;
		if (version >= v->roster_count || v->open[i].leaf.number_count < 1 || v->open[i].leaf.number[0] != version)
			return false;
		version++;
	}
	return version > 0;
}

static void
check_accepted(const struct cdr_verify *v)
{
	size_t version = 0;

	for (size_t i = 0; i < v->open_count; i++) {
		struct cdr_leaf events[CDR_KEY_EVENT_MAX];
		size_t count;

		if (v->open[i].leaf.kind != CDR_LEAF_ROSTER)
			continue;
		assert(cdr_key_events(version > 0 ? v->roster[version - 1] : NULL, v->roster[version], events, &count) == CDR_OK);
		for (size_t k = 0; k < count; k++) {
			assert(i + k + 1 < v->open_count && v->open[i + k + 1].leaf.kind == CDR_LEAF_EPOCH);
			assert(memcmp(v->open[i + k + 1].leaf.number, events[k].number, events[k].number_count * sizeof(uint64_t)) == 0);
		}
		version++;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct cdr_verify_leaf leaves[LEAF_MAX];
	struct cdr_verify v = honest->v;
	struct cdr_fault fault = { CDR_OK, "" };

	memcpy(leaves, honest->leaf, sizeof(leaves));
	v.open = leaves;
	if (len == 0)
		assert(cdr_verify_key_leaves(&v, &fault) == CDR_OK);
	for (; len >= EDIT_LEN; data += EDIT_LEN, len -= EDIT_LEN)
		edit(&v, data);
	if (!has_rosters(&v))
		return 0;
	if (cdr_verify_key_leaves(&v, &fault) == CDR_OK)
		check_accepted(&v);
	else
		assert(fault.text[0] != '\0');
	return 0;
}
