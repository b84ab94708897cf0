/* Every step of hashing to the curve gives the figures of RFC 9380. */
#include "tests/unit/unit.h"
#include "tests/unit/vectors.h"

#include "core/crypto/hash.h"
#include "core/crypto/hash_to_curve.h"

static const uint8_t zero[CDR_EXPAND_MAX];

static struct cdr_bytes
text_bytes(const char *text)
{
	return (struct cdr_bytes){ (const uint8_t *)text, strlen(text) };
}

/* 32 bytes in hexadecimal, perhaps after 0x. */
static void
assert_field(const struct cdr_field *a, const char *text)
{
	uint8_t ours[32], want[32];

	assert_int_equal(cdr_hex_read(text + (text[1] == 'x' ? 2 : 0), want, 32), CDR_OK);
	cdr_field_write(a, ours);
	assert_memory_equal(ours, want, 32);
}

static void
assert_point(const struct cdr_affine *a, const json_t *want)
{
	assert_field(&a->x, vectors_text(want, "x"));
	assert_field(&a->y, vectors_text(want, "y"));
}

/* u[i], Q_i and P of one vector. */
static void
check_steps(const json_t *vector, struct cdr_bytes dst)
{
	static const char *const names[] = { "Q0", "Q1" };
	struct cdr_bytes msg = text_bytes(vectors_text(vector, "msg"));
	uint8_t uniform[96];
	struct cdr_field u;
	struct cdr_projective q;
	struct cdr_affine a;

	assert_int_equal(cdr_expand_message(&msg, 1, dst, uniform, sizeof(uniform)), CDR_OK);
	for (size_t i = 0; i < 2; i++) {
		cdr_field_read_wide(uniform + 48 * i, &u);
		assert_field(&u, json_string_value(json_array_get(json_object_get(vector, "u"), i)));
		cdr_map_to_curve(&u, &q);
		assert_true(cdr_projective_normalise(&q, &a) != 0);
		assert_point(&a, json_object_get(vector, names[i]));
	}
	assert_int_equal(cdr_hash_to_curve(msg, dst, &a), CDR_OK);
	assert_point(&a, json_object_get(vector, "P"));
}

static void
check_suite(json_t *root)
{
	size_t i;
	json_t *vector;

	if (root == NULL)
		return;
	assert_int_equal(json_array_size(json_object_get(root, "vectors")), 5);
	json_array_foreach(json_object_get(root, "vectors"), i, vector)
		check_steps(vector, text_bytes(vectors_text(root, "dst")));
	json_decref(root);
}

static void
the_suite_gives_the_figures_of_the_rfc(void **state)
{
	(void)state;
	check_suite(vectors_own("rfc9380-j.1.1.json"));
	check_suite(vectors_shared("rfc9380-P256_XMD_SHA-256_SSWU_RO_.json"));
}

static void
check_expansions(const json_t *tests, struct cdr_bytes dst)
{
	size_t i;
	json_t *test;
	uint8_t want[128], ours[128];

	assert_int_equal(json_array_size(tests), 10);
	json_array_foreach(tests, i, test) {
		struct cdr_bytes msg = text_bytes(vectors_text(test, "msg"));
		size_t len = vectors_hex(test, "uniform_bytes", want, sizeof(want));
		assert_int_equal(cdr_expand_message(&msg, 1, dst, ours, len), CDR_OK);
		assert_memory_equal(ours, want, len);
	}
}

static void
expanding_gives_the_figures_of_the_rfc(void **state)
{
	(void)state;
	json_t *root = vectors_own("rfc9380-k.1.json");

	check_expansions(json_object_get(root, "vectors"), text_bytes(vectors_text(root, "dst")));
	json_decref(root);
	root = vectors_shared("rfc9380-expand_message_xmd_SHA256_38.json");
	if (root == NULL)
		return;
	check_expansions(json_object_get(root, "tests"), text_bytes(vectors_text(root, "DST")));
	json_decref(root);
}

/* Section 5.3.3: whoever has a longer tag hashes it first. Candor's tags are short and the function refuses others. */
static void
long_tags_are_refused_and_right_when_hashed(void **state)
{
	(void)state;
	uint8_t hashed[32], out[32];
	json_t *root = vectors_shared("rfc9380-expand_message_xmd_SHA256_256.json");

	if (root == NULL)
		return;
	struct cdr_bytes dst = text_bytes(vectors_text(root, "DST"));
	assert_int_equal(dst.len, 256);
	assert_int_equal(cdr_expand_message(NULL, 0, dst, out, 32), CDR_E_RANGE);
	const struct cdr_bytes parts[] = { text_bytes("H2C-OVERSIZE-DST-"), dst };
	assert_int_equal(cdr_sha256(parts, 2, hashed), CDR_OK);
	check_expansions(json_object_get(root, "tests"), (struct cdr_bytes){ hashed, 32 });
	json_decref(root);
}

static void
parts_are_one_message(void **state)
{
	(void)state;
	uint8_t whole[32], parted[32];
	struct cdr_bytes dst = text_bytes("tag"), all = text_bytes("abcdefgh");
	struct cdr_bytes parts[CDR_EXPAND_PARTS_MAX];

	for (size_t i = 0; i < CDR_EXPAND_PARTS_MAX; i++)
		parts[i] = (struct cdr_bytes){ all.data + i, 1 };
	assert_int_equal(cdr_expand_message(&all, 1, dst, whole, 32), CDR_OK);
	assert_int_equal(cdr_expand_message(parts, CDR_EXPAND_PARTS_MAX, dst, parted, 32), CDR_OK);
	assert_memory_equal(whole, parted, 32);
	assert_int_equal(cdr_hash_to_scalar(&all, 1, dst, whole), CDR_OK);
	assert_int_equal(cdr_hash_to_scalar(parts, CDR_EXPAND_PARTS_MAX, dst, parted), CDR_OK);
	assert_memory_equal(whole, parted, 32);
}

static void
what_is_out_of_range_is_refused(void **state)
{
	(void)state;
	static uint8_t out[CDR_EXPAND_MAX + 1], tag[CDR_DST_MAX + 1];
	struct cdr_bytes parts[CDR_EXPAND_PARTS_MAX + 1] = { { NULL, 0 } };
	struct cdr_bytes dst = { tag, CDR_DST_MAX }, none = { tag, 0 }, longer = { tag, CDR_DST_MAX + 1 };
	struct cdr_affine a;
	const struct cdr_affine nothing = { 0 };

	assert_int_equal(cdr_expand_message(parts, CDR_EXPAND_PARTS_MAX, dst, out, CDR_EXPAND_MAX), CDR_OK);
	assert_int_equal(cdr_expand_message(parts, CDR_EXPAND_PARTS_MAX + 1, dst, out, 32), CDR_E_RANGE);
	assert_int_equal(cdr_expand_message(parts, 1, none, out, 32), CDR_E_RANGE);
	assert_int_equal(cdr_expand_message(parts, 1, longer, out, 32), CDR_E_RANGE);
	assert_int_equal(cdr_expand_message(parts, 1, dst, out, 0), CDR_E_RANGE);
	assert_int_equal(cdr_expand_message(parts, 1, dst, out, CDR_EXPAND_MAX + 1), CDR_E_RANGE);
	memset(out, 1, 32);
	assert_int_equal(cdr_hash_to_scalar(parts, 1, none, out), CDR_E_RANGE);
	assert_memory_equal(out, zero, 32);
	memset(&a, 1, sizeof(a));
	assert_int_equal(cdr_hash_to_curve(parts[0], longer, &a), CDR_E_RANGE);
	assert_memory_equal(&a, &nothing, sizeof(a));
}

/* Where Z^2 u^4 + Z u^2 = 0 the map takes another x; u = 0 is such a case. The result is a point all the same. */
static void
exceptional_inputs_map_to_points(void **state)
{
	(void)state;
	struct cdr_projective q;
	struct cdr_affine a, back;
	uint8_t bytes[CDR_AFFINE_LEN];

	cdr_map_to_curve(&cdr_field_zero, &q);
	assert_true(cdr_projective_normalise(&q, &a) != 0);
	cdr_affine_compress(&a, bytes);
	assert_int_equal(cdr_affine_decompress(bytes, &back), CDR_OK);
	assert_true(cdr_field_equal(&a.y, &back.y) != 0);
	/* sgn0(y) = sgn0(u) = 0 */
	assert_int_equal(bytes[0], 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_suite_gives_the_figures_of_the_rfc),
		cmocka_unit_test(expanding_gives_the_figures_of_the_rfc),
		cmocka_unit_test(long_tags_are_refused_and_right_when_hashed),
		cmocka_unit_test(parts_are_one_message),
		cmocka_unit_test(what_is_out_of_range_is_refused),
		cmocka_unit_test(exceptional_inputs_map_to_points),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
