/* The log as files: what is published is what candor-audit verifies, what is there stays, and what the log has lost is never published. */
#include "tests/unit/hub/exchange.h"

#include <sys/stat.h>

#include "audit/file.h"
#include "audit/verify.h"
#include "node/hub/log.h"
#include "node/hub/publish.h"

struct world {
	struct exchange *x;
	const struct cdr_roster *roster;    /* held */
	char folder[96];
	uint64_t count;                     /* leaves to append */
	struct cdr_merkle_edge edge;
	struct cdr_fault fault;
};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->x = x_new();
	w->roster = cdr_hub_roster_hold(w->x->hub);
	assert_non_null(w->roster);
	(void)snprintf(w->folder, sizeof(w->folder), "%s/log", w->x->dir);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	cdr_hub_roster_release(w->x->hub, w->roster);
	x_free(w->x);
	free(w);
	return 0;
}

/* A writing job. */
static cdr_err
append_job(struct cdr_tx *tx, void *context)
{
	struct world *w = context;

	for (uint64_t i = 0; i < w->count; i++) {
		struct cdr_leaf leaf = { .kind = i % 5 == 4 ? CDR_LEAF_RELEASE : CDR_LEAF_DELIVERY, .at = X_NOW + i };
		struct cdr_hub_logged logged;
		cdr_leaf_member_add(&leaf, "blue-harbour");
		cdr_err err = cdr_hub_log_append(tx, &leaf, (struct cdr_bytes){ NULL, 0 }, &logged);
		cdr_hub_logged_free(&logged);
		if (err != CDR_OK)
			return err;
	}
	return cdr_hub_log_edge_read(tx, &w->edge);
}

/* The log with ${count} leaves more, signed by the hub and cosigned by threshold trustees. */
static struct cdr_checkpoint
grow(struct world *w, uint64_t count)
{
	struct cdr_checkpoint made = { .size = 0 };

	w->count = count;
	assert_int_equal(cdr_store_write(w->x->store, append_job, w), CDR_OK);
	made.size = w->edge.size;
	assert_int_equal(cdr_merkle_root(&w->edge, made.root), CDR_OK);
	assert_int_equal(cdr_checkpoint_sign(w->x->hub_party.seed, w->x->hub->genesis, &made), CDR_OK);
	for (uint32_t i = 0; i < X_THRESHOLD; i++) {
		struct cdr_cosignature cosignature;
		assert_int_equal(cdr_checkpoint_cosign(w->x->trustee[i].seed, w->x->hub->genesis, &made, i + 1, X_NOW, &cosignature), CDR_OK);
		assert_int_equal(cdr_checkpoint_add(&made, w->x->hub->genesis, w->roster, &cosignature), CDR_OK);
	}
	return made;
}

static cdr_err
publish(struct world *w, const char *folder, const struct cdr_checkpoint *checkpoint)
{
	w->fault = (struct cdr_fault){ CDR_OK, "" };
	return cdr_hub_publish(w->x->hub, w->roster, folder, checkpoint, &w->fault);
}

/* What somebody with nothing but the folder finds: the log of ${size} leaves. */
static void
verify(struct world *w, uint64_t size)
{
	struct cdr_verify v = { .folder = w->folder, .fingerprint = w->x->hub->genesis };

	assert_int_equal(cdr_verify_run(&v, &w->fault), CDR_OK);
	assert_int_equal(v.checkpoint.size, size);
	assert_int_equal(v.checkpoint.cosignature_count, X_THRESHOLD);
	assert_int_equal(v.roster_count, 1);
	assert_int_equal(v.open_count + v.sealed_count, size);
	cdr_verify_free(&v);
}

/* What tells a file of the folder from one that takes its place; 0: it is not there. */
static ino_t
file_of(const struct world *w, const char *name)
{
	char path[256];
	struct stat found;

	(void)snprintf(path, sizeof(path), "%s/%s", w->folder, name);
	return stat(path, &found) == 0 ? found.st_ino : 0;
}

/* A folder that is kept up to date holds at every time; whole tiles are written once. */
static void
what_is_published_holds(void **state)
{
	struct world *w = *state;
	struct cdr_checkpoint first = grow(w, 300), second = grow(w, 1), third = grow(w, 800);
	static const char *const whole[] = { "tile/entries/000", "tile/0/000", "rosters/0" };
	ino_t file[3];

	assert_int_equal(publish(w, w->folder, &first), CDR_OK);
	verify(w, first.size);
	for (size_t i = 0; i < 3; i++) {
		file[i] = file_of(w, whole[i]);
		assert_int_not_equal(file[i], 0);
	}
	assert_int_equal(file_of(w, "tile/entries/001"), 0); /* the log goes on, and the checkpoint does not */
	assert_int_equal(publish(w, w->folder, &second), CDR_OK);
	verify(w, second.size);
	assert_int_equal(publish(w, w->folder, &third), CDR_OK);
	verify(w, third.size);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(file_of(w, whole[i]), file[i]);
	/* The same once more writes no tile, and the same note. */
	assert_int_equal(publish(w, w->folder, &third), CDR_OK);
	verify(w, third.size);
}

/* A writing job. */
static cdr_err
next_roster_job(struct cdr_tx *tx, void *context)
{
	(void)context;
	return cdr_query_run(tx, "INSERT INTO roster (version, hash, signed, in_force_at) SELECT version + 1, hash, signed, in_force_at FROM roster",
	    CDR_VALUES());
}

/* The next roster comes into force while a checkpoint of the one before is published: it comes with the next checkpoint. */
static void
a_later_roster_waits_for_its_checkpoint(void **state)
{
	struct world *w = *state;
	struct cdr_checkpoint checkpoint = grow(w, 3);

	assert_int_equal(cdr_store_write(w->x->store, next_roster_job, NULL), CDR_OK);
	assert_int_equal(publish(w, w->folder, &checkpoint), CDR_OK);
	assert_int_equal(file_of(w, "rosters/1"), 0);
	verify(w, checkpoint.size);
}

/* What stands there and cannot be read is not verified, and that is not passed over. */
static void
a_folder_that_is_none_is_told(void **state)
{
	static const char *const names[] = { "ceremonies", "rounds" };
	struct world *w = *state;
	struct cdr_checkpoint checkpoint = grow(w, 1);
	char path[256];

	assert_int_equal(publish(w, w->folder, &checkpoint), CDR_OK);
	for (size_t i = 0; i < 2; i++) {
		struct cdr_verify v = { .folder = w->folder };
		(void)snprintf(path, sizeof(path), "%s/%s", w->folder, names[i]);
		FILE *file = fopen(path, "wx");
		assert_non_null(file);
		assert_int_equal(fclose(file), 0);
		assert_int_equal(cdr_verify_run(&v, &w->fault), CDR_E_IO);
		assert_non_null(strstr(w->fault.text, path));
		cdr_verify_free(&v);
		assert_int_equal(unlink(path), 0);
	}
	verify(w, checkpoint.size);
}

/* One file of the folder with the byte at ${at} changed, or cut there, or gone: with it, and with nothing else, the folder holds again. */
enum damage { CHANGED, CUT, GONE, ADDED };

static void
damage(const struct world *w, const char *name, enum damage how, size_t at)
{
	char path[256], kept[256];
	struct cdr_buffer bytes = { NULL, 0 };

	(void)snprintf(path, sizeof(path), "%s/%s", w->folder, name);
	(void)snprintf(kept, sizeof(kept), "%s.kept", w->folder);
	if (how != ADDED) {
		assert_int_equal(cdr_file_read(path, CDR_VERIFY_FILE_LEN_MAX, &bytes, NULL), CDR_OK);
		assert_true(at < bytes.len);
		assert_int_equal(rename(path, kept), 0);
	}
	if (how != GONE) {
		FILE *file = fopen(path, "wx");
		assert_non_null(file);
		if (how == CHANGED)
			bytes.data[at] ^= 1;
		const size_t len = how == CHANGED ? bytes.len : at;
		if (len > 0)
			assert_int_equal(fwrite(bytes.data, 1, len, file), len);
		assert_int_equal(fclose(file), 0);
	}
	cdr_buffer_free(&bytes);
}

static void
mend(const struct world *w, const char *name, enum damage how)
{
	char path[256], kept[256];

	(void)snprintf(path, sizeof(path), "%s/%s", w->folder, name);
	(void)snprintf(kept, sizeof(kept), "%s.kept", w->folder);
	assert_int_equal(how == ADDED ? unlink(path) : rename(kept, path), 0);
}

/* Whoever is told that something does not hold is told which file to fetch again. */
static void
the_damaged_file_is_named(void **state)
{
	static const struct {
		const char *name;
		enum damage how;
		size_t at;
		cdr_err err;
		const char *told, *also;
	} cases[] = {
		{ "tile/entries/001.p/44", CHANGED, 100, CDR_E_PROOF, "tile/entries/001.p/44", "tile/0/001.p/44" },
		{ "tile/entries/001.p/44", CUT, 100, CDR_E_INPUT, "tile/entries/001.p/44 ends in the middle of leaf 2", "log" },
		{ "tile/entries/001.p/44", CUT, 0, CDR_E_INPUT, "tile/entries/001.p/44 does not hold 44 leaves", "log" },
		{ "tile/entries/000", GONE, 0, CDR_E_ABSENT, "tile/entries/000 is missing", "log" },
		{ "tile/0/000", CHANGED, 40, CDR_E_PROOF, "leaf 1 in ", "tile/0/000 says" },
		{ "tile/0/000", CUT, 40, CDR_E_INPUT, "tile/0/000 does not hold 256 hashes", "log" },
		{ "tile/0/001.p/44", GONE, 0, CDR_E_ABSENT, "tile/0/001.p/44 is missing", "log" },
		{ "tile/1/000.p/1", CHANGED, 3, CDR_E_PROOF, "tile/1/000.p/1 does not hold the hashes", "log" },
		{ "checkpoint", CHANGED, 1, CDR_E_INPUT, "/checkpoint", "log" },
		{ "checkpoint", CUT, 10, CDR_E_INPUT, "/checkpoint: not a signed note", "log" },
		{ "checkpoint", GONE, 0, CDR_E_ABSENT, "/checkpoint is missing", "log" },
		{ "rosters/0", CUT, 10, CDR_E_ROSTER, "/rosters/0: ", "log" },
		{ "rosters/0", GONE, 0, CDR_E_ABSENT, "/rosters/0 is missing", "is no exported log" },
		{ "rosters/2", ADDED, 0, CDR_E_ABSENT, "/rosters/1 is missing, and rosters/2 is there", "log" },
	};
	struct world *w = *state;
	struct cdr_checkpoint checkpoint = grow(w, 299);

	assert_int_equal(publish(w, w->folder, &checkpoint), CDR_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cdr_verify v = { .folder = w->folder, .fingerprint = w->x->hub->genesis };
		w->fault = (struct cdr_fault){ CDR_OK, "" };
		damage(w, cases[i].name, cases[i].how, cases[i].at);
		cdr_err err = cdr_verify_run(&v, &w->fault);
		if (err != cases[i].err || strstr(w->fault.text, w->folder) == NULL || strstr(w->fault.text, cases[i].told) == NULL ||
		    strstr(w->fault.text, cases[i].also) == NULL)
			fail_msg("case %zu: %s: %s", i, cdr_err_name(err), w->fault.text);
		cdr_verify_free(&v);
		mend(w, cases[i].name, cases[i].how);
		verify(w, checkpoint.size);
	}
}

/* A writing job: what a damaged database, or somebody who alters one, leaves. */
static cdr_err
lose_job(struct cdr_tx *tx, void *context)
{
	return cdr_query_run(tx, context, CDR_VALUES());
}

static void
refused_without(struct world *w, const char *sql)
{
	char copy[128];
	struct cdr_checkpoint checkpoint = grow(w, 300);

	(void)snprintf(copy, sizeof(copy), "%s", sql);
	assert_int_equal(cdr_store_write(w->x->store, lose_job, copy), CDR_OK);
	assert_int_equal(publish(w, w->folder, &checkpoint), CDR_E_STORE);
	assert_non_null(strstr(w->fault.text, "Restore a backup"));
	assert_int_equal(file_of(w, "checkpoint"), 0);
}

static void
a_lost_leaf_is_not_passed_over(void **state)
{
	struct world *w = *state;

	refused_without(w, "DELETE FROM log_leaf WHERE place = 17");
	assert_int_equal(file_of(w, "tile/entries/000"), 0); /* nobody is given a bundle that is wrong for ever */
}

static void
a_lost_tile_is_not_passed_over(void **state)
{
	struct world *w = *state;

	refused_without(w, "DELETE FROM log_tile WHERE level = 0 AND place = 3");
	assert_int_equal(file_of(w, "tile/0/000"), 0);
}

/* Nothing goes into the folder of another exchange, or of one that cannot be told. */
static void
a_folder_of_others_stays(void **state)
{
	struct world *w = *state;
	struct cdr_checkpoint checkpoint = grow(w, 3);
	struct exchange *other = x_new();
	const struct cdr_roster *theirs = cdr_hub_roster_hold(other->hub);
	char path[256];

	assert_non_null(theirs);
	assert_int_equal(mkdir(w->folder, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/rosters", w->folder);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/rosters/0", w->folder);
	for (size_t len = theirs->bytes.len; len > 0; len -= len > 1 ? len - 1 : 1) { /* whole, and one byte of it */
		FILE *file = fopen(path, "wb");
		assert_non_null(file);
		assert_int_equal(fwrite(theirs->bytes.data, 1, len, file), len);
		assert_int_equal(fclose(file), 0);
		assert_int_equal(publish(w, w->folder, &checkpoint), CDR_E_REFUSED);
		assert_non_null(strstr(w->fault.text, path));
		assert_non_null(strstr(w->fault.text, "not the genesis roster of this exchange"));
		assert_int_equal(file_of(w, "tile"), 0);
		assert_int_equal(file_of(w, "checkpoint"), 0);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(publish(w, w->folder, &checkpoint), CDR_OK);
	verify(w, checkpoint.size);
	cdr_hub_roster_release(other->hub, theirs);
	x_free(other);
}

/* Where it cannot be written is told, with the place. */
static void
a_folder_that_cannot_be(void **state)
{
	struct world *w = *state;
	struct cdr_checkpoint checkpoint = grow(w, 1);
	char path[5000];

	(void)snprintf(path, sizeof(path), "%s/node.db/log", w->x->dir);
	assert_int_equal(publish(w, path, &checkpoint), CDR_E_IO);
	assert_non_null(strstr(w->fault.text, "node.db/log"));
	/* The folder's own path is as long as one may be. */
	size_t len = (size_t)snprintf(path, sizeof(path), "%s", w->x->dir);
	while (len < 4080)
		len += (size_t)snprintf(path + len, sizeof(path) - len, "/.");
	(void)snprintf(path + len, sizeof(path) - len, "/log");
	assert_int_equal(publish(w, path, &checkpoint), CDR_E_RANGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_published_holds, setup, teardown),
		cmocka_unit_test_setup_teardown(a_later_roster_waits_for_its_checkpoint, setup, teardown),
		cmocka_unit_test_setup_teardown(a_folder_that_is_none_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(the_damaged_file_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lost_leaf_is_not_passed_over, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lost_tile_is_not_passed_over, setup, teardown),
		cmocka_unit_test_setup_teardown(a_folder_of_others_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(a_folder_that_cannot_be, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
