/* Signed notes and checkpoints: one form, every signature checked, cosignatures counted once, forks named; and the published log. */
#include "tests/unit/proto/parties.h"

#include <sys/stat.h>
#include <unistd.h>

#include "audit/verify.h"

static struct cdr_roster *roster;
static uint8_t genesis[CDR_GENESIS_HASH_LEN];

static int
setup(void **state)
{
	struct draft d;

	if (make_parties(state) != 0)
		return -1;
	make_draft(&d, 0, NULL);
	if (make_roster(&d, 0, &roster) != CDR_OK)
		return -1;
	memcpy(genesis, roster->hash, sizeof(genesis));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	cdr_roster_free(roster);
	return 0;
}

/* A checkpoint of ${size} leaves, cosigned by trustees 1 .. ${count}. */
static void
make(uint64_t size, uint8_t root, uint32_t count, struct cdr_checkpoint *c)
{
	struct cdr_cosignature cosignature;

	memset(c, 0, sizeof(*c));
	c->size = size;
	memset(c->root, root, sizeof(c->root));
	assert_int_equal(cdr_checkpoint_sign(hub_keys.seed, genesis, c), CDR_OK);
	for (uint32_t i = 1; i <= count; i++) {
		assert_int_equal(cdr_checkpoint_cosign(trustee_keys[i - 1].seed, genesis, c, i, 1000 * i, &cosignature), CDR_OK);
		assert_int_equal(cdr_checkpoint_add(c, genesis, roster, &cosignature), CDR_OK);
		assert_int_equal(cdr_checkpoint_add(c, genesis, roster, &cosignature), CDR_OK); /* counts once */
	}
	assert_int_equal(c->cosignature_count, count);
}

static cdr_err
read_text(const char *text, struct cdr_checkpoint *c)
{
	struct cdr_fault fault = { CDR_OK, "" };
	cdr_err err = cdr_checkpoint_read((struct cdr_bytes){ (const uint8_t *)text, strlen(text) }, genesis, roster, c, &fault);

	assert_true(err == CDR_OK || fault.text[0] != '\0');
	return err;
}

static void
a_checkpoint_is_read_as_it_was_written(void **state)
{
	(void)state;
	struct cdr_checkpoint c, again;
	struct cdr_buffer note;

	for (uint32_t count = 0; count <= TRUSTEES; count++) {
		make(12345, 7, count, &c);
		assert_int_equal(cdr_checkpoint_write(&c, genesis, roster, &note), CDR_OK);
		assert_int_equal(cdr_checkpoint_read(cdr_buffer_bytes(&note), genesis, roster, &again, NULL), CDR_OK);
		assert_memory_equal(&c, &again, sizeof(c));
		assert_int_equal(cdr_checkpoint_is_witnessed(&again, roster), count >= 3);
		assert_int_equal(cdr_checkpoint_time(&again, roster), count >= 3 ? 1000 * (count - 2) : 0);
		cdr_buffer_free(&note);
	}
}

/* The text, key ids and signatures as C2SP states them, put together here by hand. */
static void
the_note_is_that_of_the_specification(void **state)
{
	(void)state;
	struct cdr_checkpoint c;
	struct cdr_buffer note;
	char hex[65], text[400], signed_text[500], name[128], expected[256];
	uint8_t key[200], id[32], blob[4 + 8 + 64], root[32];

	make(42, 9, 1, &c);
	assert_int_equal(cdr_checkpoint_write(&c, genesis, roster, &note), CDR_OK);
	cdr_hex_write(genesis, sizeof(genesis), hex);
	memset(root, 9, sizeof(root));
	cdr_base64_write(root, sizeof(root), expected);
	(void)snprintf(text, sizeof(text), "candor/%s\n42\n%s\n", hex, expected);
	assert_memory_equal(note.data, text, strlen(text));
	assert_memory_equal(note.data + strlen(text), "\n\xe2\x80\x94 candor/", 12);
	assert_int_equal(cdr_verify(hub_keys.signing, (const uint8_t *)text, strlen(text), c.hub_signature), CDR_OK);
	(void)snprintf(signed_text, sizeof(signed_text), "cosignature/v1\ntime 1000\n%s", text);
	assert_int_equal(cdr_verify(trustee_keys[0].signing, (const uint8_t *)signed_text, strlen(signed_text),
	    c.cosignature[0].signature), CDR_OK);
	/* the line of trustee 1: key id, time in eight bytes, signature */
	int len = snprintf(name, sizeof(name), "candor/%s/trustee/1", hex);
	memcpy(key, name, (size_t)len);
	key[len] = '\n';
	key[len + 1] = 0x04;
	memcpy(key + len + 2, trustee_keys[0].signing, 32);
	const struct cdr_bytes part = { key, (size_t)len + 34 };
	assert_int_equal(cdr_sha256(&part, 1, id), CDR_OK);
	memcpy(blob, id, 4);
	memcpy(blob + 4, (const uint8_t[]){ 0, 0, 0, 0, 0, 0, 0x03, 0xe8 }, 8);
	memcpy(blob + 12, c.cosignature[0].signature, 64);
	cdr_base64_write(blob, sizeof(blob), expected);
	assert_non_null(memmem(note.data, note.len, expected, strlen(expected)));
	cdr_buffer_free(&note);
}

/* Each byte changed: refused, or (in a line of somebody whom nobody knows any more) fewer cosignatures; never more. */
static void
a_changed_byte_never_adds_trust(void **state)
{
	(void)state;
	struct cdr_checkpoint c, again;
	struct cdr_buffer note;

	make(42, 9, 3, &c);
	assert_int_equal(cdr_checkpoint_write(&c, genesis, roster, &note), CDR_OK);
	for (size_t i = 0; i < note.len; i++) {
		note.data[i] ^= 1;
		if (cdr_checkpoint_read(cdr_buffer_bytes(&note), genesis, roster, &again, NULL) == CDR_OK) {
			assert_int_equal(again.size, 42);
			assert_memory_equal(again.root, c.root, sizeof(c.root));
			assert_true(again.cosignature_count < 3);
		}
		note.data[i] ^= 1;
	}
	assert_int_equal(cdr_checkpoint_read((struct cdr_bytes){ note.data, note.len - 1 }, genesis, roster, &again, NULL), CDR_E_INPUT);
	genesis[0] ^= 1;
	assert_int_equal(cdr_checkpoint_read(cdr_buffer_bytes(&note), genesis, roster, &again, NULL), CDR_E_INPUT);
	genesis[0] ^= 1;
	cdr_buffer_free(&note);
}

static void
what_is_no_checkpoint_is_refused(void **state)
{
	(void)state;
	struct cdr_checkpoint c;
	char hex[65], text[400];

	assert_int_equal(read_text("", &c), CDR_E_INPUT);
	assert_int_equal(read_text("hello\n", &c), CDR_E_INPUT);
	assert_int_equal(read_text("hello\n\nnothing\n", &c), CDR_E_INPUT);
	assert_int_equal(read_text("a\tb\n\n\xe2\x80\x94 x AAAAAAA=\n", &c), CDR_E_INPUT);
	cdr_hex_write(genesis, sizeof(genesis), hex);
	static const char *const sizes[] = { "042", "-1", "4611686018427387905", "x", "" };
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		(void)snprintf(text, sizeof(text), "candor/%s\n%s\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\xe2\x80\x94 x AAAAAAA=\n",
		    hex, sizes[i]);
		assert_int_equal(read_text(text, &c), CDR_E_INPUT);
	}
	/* a good text that the hub did not sign */
	(void)snprintf(text, sizeof(text), "candor/%s\n42\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\xe2\x80\x94 x AAAAAAA=\n", hex);
	assert_int_equal(read_text(text, &c), CDR_E_SIGNATURE);
}

static void
cosignatures_of_others_do_not_count(void **state)
{
	(void)state;
	struct cdr_checkpoint c;
	struct cdr_cosignature cosignature;

	make(42, 9, 0, &c);
	assert_int_equal(cdr_checkpoint_cosign(trustee_keys[1].seed, genesis, &c, 1, 5, &cosignature), CDR_OK);
	assert_int_equal(cdr_checkpoint_add(&c, genesis, roster, &cosignature), CDR_E_SIGNATURE);
	cosignature.trustee = TRUSTEES + 1;
	assert_int_equal(cdr_checkpoint_add(&c, genesis, roster, &cosignature), CDR_E_ABSENT);
	cosignature.trustee = 2;
	assert_int_equal(cdr_checkpoint_add(&c, genesis, roster, &cosignature), CDR_OK);
	assert_int_equal(c.cosignature_count, 1);
}

/* Under another roster those count who stand in it in the same place with the same key. */
static void
what_was_witnessed_is_carried_over(void **state)
{
	(void)state;
	struct cdr_checkpoint c, before;
	const Cdr__Wire__Party *first = roster->body->trustee[0]->party;
	struct cdr_roster next = *roster;
	Cdr__Wire__Roster body = *roster->body;

	next.body = &body;
	make(42, 9, 4, &c);
	before = c;
	assert_true(cdr_checkpoint_carry(&c, genesis, &next));
	assert_memory_equal(&c, &before, sizeof(c));
	/* Another one in the place of the first. */
	first->signing_key.data[0] ^= 1;
	assert_true(cdr_checkpoint_carry(&c, genesis, &next));
	assert_int_equal(c.cosignature_count, 3);
	assert_int_equal(c.cosignature[0].trustee, 2);
	/* And nobody in that of the others. */
	body.n_trustee = 3;
	assert_false(cdr_checkpoint_carry(&c, genesis, &next));
	assert_int_equal(c.cosignature_count, 2);
	first->signing_key.data[0] ^= 1;
	/* Whoever was lost does not come back. */
	assert_false(cdr_checkpoint_carry(&c, genesis, roster));
}

static void
who_signed_both_sides_is_named(void **state)
{
	(void)state;
	struct cdr_checkpoint a, b;
	char names[64];

	make(42, 9, 3, &a);
	make(42, 8, 5, &b);
	assert_int_equal(cdr_checkpoint_fork(&a, &b, names, sizeof(names)), 4);
	assert_string_equal(names, "hub, trustee/1, trustee/2, trustee/3");
	assert_int_equal(cdr_checkpoint_fork(&a, &b, names, 10), 4);
	assert_string_equal(names, "hub, trus");
	b.size = 43; /* whether the one continues the other the signatures do not say */
	assert_int_equal(cdr_checkpoint_fork(&a, &b, names, sizeof(names)), 1);
	assert_string_equal(names, "hub");
	assert_int_equal(cdr_checkpoint_fork(&a, &a, names, sizeof(names)), 1);
	b.size = 42;
	b.cosignature_count = 0;
	assert_int_equal(cdr_checkpoint_fork(&a, &b, names, sizeof(names)), 1);
}

/* Trustees change: whoever stands in the place of one who signed the other side has signed one. */
static void
a_successor_is_not_named(void **state)
{
	(void)state;
	struct cdr_roster next = *roster;
	Cdr__Wire__Roster body = *roster->body;
	Cdr__Wire__Trustee other = *body.trustee[1], *list[CDR_TRUSTEE_COUNT_MAX];
	Cdr__Wire__Party party = *other.party;
	struct cdr_checkpoint a, b;
	struct cdr_cosignature c;
	uint8_t seed[CDR_SIGN_SEED_LEN] = { 77 }, key[CDR_SIGN_PUBLIC_LEN];
	char names[64];

	make(42, 9, 3, &a);
	make(42, 8, 1, &b);
	assert_int_equal(cdr_sign_public(seed, key), CDR_OK);
	memcpy(list, body.trustee, body.n_trustee * sizeof(list[0]));
	party.signing_key = cdr_message_field(key, sizeof(key));
	other.party = &party;
	list[1] = &other;
	body.trustee = list;
	next.body = &body;
	assert_int_equal(cdr_checkpoint_cosign(seed, genesis, &b, 2, 1, &c), CDR_OK);
	assert_int_equal(cdr_checkpoint_add(&b, genesis, &next, &c), CDR_OK);
	assert_int_equal(cdr_checkpoint_fork(&a, &b, names, sizeof(names)), 2);
	assert_string_equal(names, "hub, trustee/1");
}

static void
tiles_have_the_names_of_the_specification(void **state)
{
	(void)state;
	char path[CDR_TILE_PATH_LEN];

	assert_int_equal(cdr_tile_path(0, 1234067, 256, path), CDR_OK);
	assert_string_equal(path, "tile/0/x001/x234/067");
	assert_int_equal(cdr_tile_path(1, 5, 17, path), CDR_OK);
	assert_string_equal(path, "tile/1/005.p/17");
	assert_int_equal(cdr_tile_path(CDR_TILE_ENTRIES, 1000, 256, path), CDR_OK);
	assert_string_equal(path, "tile/entries/x001/000");
	assert_int_equal(cdr_tile_path(8, 0, 1, path), CDR_E_RANGE);
	assert_int_equal(cdr_tile_path(0, 0, 0, path), CDR_E_RANGE);
	assert_int_equal(cdr_tile_path(0, 0, 257, path), CDR_E_RANGE);
	assert_int_equal(cdr_tile_width(0, 0, 256), 256);
	assert_int_equal(cdr_tile_width(0, 1, 256), 0);
	assert_int_equal(cdr_tile_width(1, 0, 70000), 256);
	assert_int_equal(cdr_tile_width(1, 1, 70000), 17);
	assert_int_equal(cdr_tile_width(2, 0, 70000), 1);
}

/* ---- a published log ------------------------------------------------------------------------------------------- */

#define LEAVES 300
static char folder[64];

static void
put(const char *name, const void *bytes, size_t len)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* 300 leaves: the genesis roster's, then commitments. ${altered}: one leaf is another one than was hashed. */
static void
publish(size_t altered, uint32_t witnesses)
{
	static uint8_t hashes[LEAVES][CDR_MERKLE_HASH_LEN], bundle[2][CDR_TILE_BUNDLE_LEN_MAX];
	struct cdr_merkle_edge edge = { 0 }, first = { 0 };
	struct cdr_checkpoint c;
	struct cdr_buffer note;
	size_t len[2] = { 0, 0 };

	for (size_t i = 0; i < LEAVES; i++) {
		struct cdr_leaf leaf = { .kind = i == 0 ? CDR_LEAF_ROSTER : CDR_LEAF_DELIVERY, .at = i };
		const struct cdr_bytes hash = { roster->hash, CDR_ROSTER_HASH_LEN };
		struct cdr_buffer bytes, entry;
		uint8_t salt[CDR_LEAF_SALT_LEN] = { (uint8_t)i };
		cdr_leaf_party_add(&leaf, "hub");
		cdr_leaf_number_add(&leaf, 0);
		assert_int_equal(cdr_leaf_content(leaf.kind, &hash, 1, leaf.content), CDR_OK);
		assert_int_equal(cdr_leaf_encode(&leaf, &bytes), CDR_OK);
		assert_int_equal(cdr_leaf_entry(cdr_buffer_bytes(&bytes), i == 0 ? NULL : salt, &entry), CDR_OK);
		assert_int_equal(cdr_merkle_leaf(cdr_buffer_bytes(&entry), hashes[i]), CDR_OK);
		assert_int_equal(cdr_merkle_append(&edge, hashes[i], NULL), CDR_OK);
		if (i == 255)
			first = edge;
		if (i == altered)
			entry.data[20] ^= 1;
		uint8_t *at = bundle[i / 256] + len[i / 256];
		at[0] = (uint8_t)(entry.len >> 8);
		at[1] = (uint8_t)entry.len;
		memcpy(at + 2, entry.data, entry.len);
		len[i / 256] += 2 + entry.len;
		cdr_buffer_free(&bytes);
		cdr_buffer_free(&entry);
	}
	make(LEAVES, 0, 0, &c);
	assert_int_equal(cdr_merkle_root(&edge, c.root), CDR_OK);
	assert_int_equal(cdr_checkpoint_sign(hub_keys.seed, genesis, &c), CDR_OK);
	for (uint32_t i = 1; i <= witnesses; i++) {
		struct cdr_cosignature cosignature;
		assert_int_equal(cdr_checkpoint_cosign(trustee_keys[i - 1].seed, genesis, &c, i, 1000 * i, &cosignature), CDR_OK);
		assert_int_equal(cdr_checkpoint_add(&c, genesis, roster, &cosignature), CDR_OK);
	}
	assert_int_equal(cdr_checkpoint_write(&c, genesis, roster, &note), CDR_OK);
	put("checkpoint", note.data, note.len);
	put("rosters/0", roster->bytes.data, roster->bytes.len);
	put("tile/entries/000", bundle[0], len[0]);
	put("tile/entries/001.p/44", bundle[1], len[1]);
	put("tile/0/000", hashes[0], 256 * 32);
	put("tile/0/001.p/44", hashes[256], 44 * 32);
	put("tile/1/000.p/1", first.hash[0], 32);
	cdr_buffer_free(&note);
}

static cdr_err
run(const uint8_t *fingerprint, struct cdr_verify *v)
{
	*v = (struct cdr_verify){ .folder = folder, .fingerprint = fingerprint };
	struct cdr_fault fault = { CDR_OK, "" };
	cdr_err err = cdr_verify_run(v, &fault);

	assert_true(err == CDR_OK || fault.text[0] != '\0');
	return err;
}

static void
a_published_log_is_verified_by_its_files(void **state)
{
	(void)state;
	struct cdr_verify v;
	char command[100];
	uint8_t other[32] = { 1 };

	(void)snprintf(folder, sizeof(folder), "/tmp/cdr-verify-XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(run(NULL, &v), CDR_E_ABSENT);
	cdr_verify_free(&v);
	publish(LEAVES, 3);
	assert_int_equal(run(genesis, &v), CDR_OK);
	assert_int_equal(v.checkpoint.size, LEAVES);
	assert_int_equal(v.sealed_count, LEAVES - 1);
	assert_int_equal(v.open_count, 1);
	assert_int_equal(v.witnessed_at, 1000);
	cdr_verify_free(&v);
	/* Rosters that take more memory than they may are said to, and nobody is accused. */
	struct cdr_fault fault = { CDR_OK, "" };
	v = (struct cdr_verify){ .folder = folder, .memory_max = 100 };
	assert_int_equal(cdr_verify_run(&v, &fault), CDR_E_MEMORY);
	assert_non_null(strstr(fault.text, "/rosters/0 take more than"));
	cdr_verify_free(&v);
	assert_int_equal(run(other, &v), CDR_E_ROSTER);
	cdr_verify_free(&v);
	publish(290, 3); /* one altered leaf */
	assert_int_equal(run(NULL, &v), CDR_E_PROOF);
	cdr_verify_free(&v);
	publish(LEAVES, 2);
	assert_int_equal(run(NULL, &v), CDR_E_PROOF);
	cdr_verify_free(&v);
	publish(LEAVES, 3);
	put("tile/1/000.p/1", other, 32);
	assert_int_equal(run(NULL, &v), CDR_E_PROOF);
	cdr_verify_free(&v);
	publish(LEAVES, 3);
	put("tile/entries/001.p/44", "\0\3abc", 5);
	assert_int_equal(run(NULL, &v), CDR_E_PROOF); /* its first leaf is none of the tile's */
	cdr_verify_free(&v);
	publish(LEAVES, 3);
	put("ceremonies/x", "abc", 3);
	assert_int_equal(run(NULL, &v), CDR_E_INPUT);
	cdr_verify_free(&v);
	(void)snprintf(command, sizeof(command), "%s", folder);
	static const char *const names[] = { "checkpoint", "rosters/0", "rosters", "tile/entries/000", "tile/entries/001.p/44",
		"tile/entries/001.p", "tile/entries", "tile/0/000", "tile/0/001.p/44", "tile/0/001.p", "tile/0", "tile/1/000.p/1",
		"tile/1/000.p", "tile/1", "tile", "ceremonies/x", "ceremonies", "" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[200];
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)remove(path);
	}
	assert_int_not_equal(access(command, F_OK), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_checkpoint_is_read_as_it_was_written),
		cmocka_unit_test(the_note_is_that_of_the_specification),
		cmocka_unit_test(a_changed_byte_never_adds_trust),
		cmocka_unit_test(what_is_no_checkpoint_is_refused),
		cmocka_unit_test(cosignatures_of_others_do_not_count),
		cmocka_unit_test(what_was_witnessed_is_carried_over),
		cmocka_unit_test(who_signed_both_sides_is_named),
		cmocka_unit_test(a_successor_is_not_named),
		cmocka_unit_test(tiles_have_the_names_of_the_specification),
		cmocka_unit_test(a_published_log_is_verified_by_its_files),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
