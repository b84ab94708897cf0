/* What travels between a member and a guest: what opens, and everything that must not. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/crypto/secret.h"
#include "proto/guest.h"

static uint8_t id[CDR_ID_LEN], other_id[CDR_ID_LEN], secret[CDR_GUEST_SECRET_LEN], other_secret[CDR_GUEST_SECRET_LEN];
static uint8_t key[CDR_HPKE_SECRET_LEN], public_key[CDR_HPKE_PUBLIC_LEN], response[CDR_ID_LEN], hash[CDR_SHA256_LEN];
static const struct cdr_bytes text = { (const uint8_t *)"{\"format\":1}", 12 };

static int
setup(void **state)
{
	(void)state;
	assert_int_equal(cdr_random(id, sizeof(id)), CDR_OK);
	assert_int_equal(cdr_random(other_id, sizeof(other_id)), CDR_OK);
	assert_int_equal(cdr_random(secret, sizeof(secret)), CDR_OK);
	assert_int_equal(cdr_random(other_secret, sizeof(other_secret)), CDR_OK);
	assert_int_equal(cdr_random(response, sizeof(response)), CDR_OK);
	assert_int_equal(cdr_random(hash, sizeof(hash)), CDR_OK);
	return cdr_hpke_keypair(key, public_key) == CDR_OK ? 0 : -1;
}

/* ---- codes and links ------------------------------------------------------------------------------------------------ */

static void
test_code(void **state)
{
	char code[CDR_GUEST_CODE_TEXT_LEN], changed[CDR_GUEST_CODE_TEXT_LEN];
	uint8_t out[CDR_GUEST_SECRET_LEN];

	(void)state;
	assert_int_equal(cdr_guest_code_write(id, secret, code), CDR_OK);
	assert_int_equal(strlen(code), 34);
	assert_int_equal(cdr_guest_code_read(code, id, out), CDR_OK);
	assert_memory_equal(out, secret, sizeof(secret));
	assert_int_equal(cdr_guest_code_read(code, other_id, out), CDR_E_INPUT);
	/* Any one letter that is changed is noticed, but for two in 65,536. */
	unsigned noticed = 0, tried = 0;
	for (size_t i = 0; code[i] != '\0'; i++) {
		if (code[i] == '-')
			continue;
		memcpy(changed, code, sizeof(changed));
		changed[i] = changed[i] == '0' ? '1' : '0';
		noticed += cdr_guest_code_read(changed, id, out) == CDR_E_INPUT;
		tried++;
	}
	assert_true(noticed + 1 >= tried);
	assert_int_equal(cdr_guest_code_read("", id, out), CDR_E_INPUT);
	assert_int_equal(cdr_guest_code_read("7QX4M", id, out), CDR_E_INPUT);
}

static void
test_link(void **state)
{
	char link[CDR_GUEST_LINK_LEN], url[CDR_URL_LEN_MAX + 2], id_text[CDR_ID_TEXT_LEN];
	uint8_t out[CDR_GUEST_SECRET_LEN], out_id[CDR_ID_LEN];

	(void)state;
	assert_int_equal(cdr_guest_link("https://guests.example/guest", id, secret, link), CDR_OK);
	char *fragment = strchr(link, '#');
	assert_non_null(fragment);
	char *dot = strchr(fragment, '.');
	assert_non_null(dot);
	assert_int_equal(cdr_guest_code_read(dot + 1, id, out), CDR_OK);
	*dot = '\0';
	assert_int_equal(cdr_id_read(fragment + 1, out_id), CDR_OK);
	assert_memory_equal(out_id, id, sizeof(id));
	/* Nothing of the secret stands before the fragment. */
	*fragment = '\0';
	assert_string_equal(link, "https://guests.example/guest");
	cdr_id_write(id, id_text);
	memset(url, 'a', sizeof(url));
	url[CDR_URL_LEN_MAX + 1] = '\0';
	assert_int_equal(cdr_guest_link(url, id, secret, link), CDR_E_RANGE);
	assert_string_equal(link, "");
}

/* ---- requests --------------------------------------------------------------------------------------------------------- */

static void
test_request(void **state)
{
	struct cdr_buffer sealed, again, opened;
	static uint8_t large[CDR_GUEST_REQUEST_PLAIN_LEN];

	(void)state;
	assert_int_equal(cdr_guest_request_seal(id, secret, text, &sealed), CDR_OK);
	assert_int_equal(sealed.len, CDR_GUEST_REQUEST_SEALED_LEN);
	assert_int_equal(cdr_guest_request_open(id, secret, cdr_buffer_bytes(&sealed), &opened), CDR_OK);
	assert_int_equal(opened.len, text.len);
	assert_memory_equal(opened.data, text.data, text.len);
	cdr_buffer_free(&opened);
	/* Another id, another secret, another length, any byte changed: nothing. */
	assert_int_equal(cdr_guest_request_open(other_id, secret, cdr_buffer_bytes(&sealed), &opened), CDR_E_SEALED);
	assert_int_equal(cdr_guest_request_open(id, other_secret, cdr_buffer_bytes(&sealed), &opened), CDR_E_SEALED);
	assert_int_equal(cdr_guest_request_open(id, secret, (struct cdr_bytes){ sealed.data, sealed.len - 1 }, &opened), CDR_E_SEALED);
	for (size_t at = 0; at < sealed.len; at += 257) {
		sealed.data[at] ^= 1;
		assert_int_equal(cdr_guest_request_open(id, secret, cdr_buffer_bytes(&sealed), &opened), CDR_E_SEALED);
		assert_null(opened.data);
		sealed.data[at] ^= 1;
	}
	/* One size, and never the same bytes. */
	assert_int_equal(cdr_guest_request_seal(id, secret, text, &again), CDR_OK);
	assert_memory_not_equal(sealed.data, again.data, sealed.len);
	cdr_buffer_free(&sealed);
	cdr_buffer_free(&again);
	assert_int_equal(cdr_guest_request_seal(id, secret, (struct cdr_bytes){ large, sizeof(large) - 4 }, &sealed), CDR_OK);
	cdr_buffer_free(&sealed);
	assert_int_equal(cdr_guest_request_seal(id, secret, (struct cdr_bytes){ large, sizeof(large) - 3 }, &sealed), CDR_E_RANGE);
	assert_null(sealed.data);
}

/* ---- answers ---------------------------------------------------------------------------------------------------------- */

static void
test_answer(void **state)
{
	const struct cdr_guest_binding good = { id, secret, hash };
	uint8_t other_hash[CDR_SHA256_LEN] = { 1 }, other_key[CDR_HPKE_SECRET_LEN], other_public[CDR_HPKE_PUBLIC_LEN];
	static uint8_t large[CDR_GUEST_ANSWER_PLAIN_LEN];
	struct cdr_buffer sealed, opened;

	(void)state;
	assert_int_equal(cdr_guest_answer_seal(&good, public_key, response, text, &sealed), CDR_OK);
	assert_int_equal(sealed.len, CDR_GUEST_ANSWER_SEALED_LEN);
	assert_int_equal(cdr_guest_answer_open(&good, key, response, cdr_buffer_bytes(&sealed), &opened), CDR_OK);
	assert_memory_equal(opened.data, text.data, text.len);
	cdr_buffer_free(&opened);

	/* It is bound to the request's id, to its secret, to its bytes, to its own id and to the key. */
	const struct cdr_guest_binding bad[] = { { other_id, secret, hash }, { id, other_secret, hash }, { id, secret, other_hash } };
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(cdr_guest_answer_open(&bad[i], key, response, cdr_buffer_bytes(&sealed), &opened), CDR_E_SEALED);
	assert_int_equal(cdr_guest_answer_open(&good, key, other_id, cdr_buffer_bytes(&sealed), &opened), CDR_E_SEALED);
	assert_int_equal(cdr_hpke_keypair(other_key, other_public), CDR_OK);
	assert_int_equal(cdr_guest_answer_open(&good, other_key, response, cdr_buffer_bytes(&sealed), &opened), CDR_E_SEALED);
	assert_int_equal(cdr_guest_answer_open(&good, key, response, (struct cdr_bytes){ sealed.data, sealed.len - 1 }, &opened),
	    CDR_E_SEALED);
	for (size_t at = 0; at < sealed.len; at += 997) {
		sealed.data[at] ^= 0x10;
		assert_int_equal(cdr_guest_answer_open(&good, key, response, cdr_buffer_bytes(&sealed), &opened), CDR_E_SEALED);
		assert_null(opened.data);
		sealed.data[at] ^= 0x10;
	}
	cdr_buffer_free(&sealed);
	other_public[0] = 9;
	assert_int_equal(cdr_guest_answer_seal(&good, other_public, response, text, &sealed), CDR_E_POINT);
	assert_int_equal(cdr_guest_answer_seal(&good, public_key, response, (struct cdr_bytes){ large, sizeof(large) }, &sealed), CDR_E_RANGE);
	assert_null(sealed.data);
}

/* ---- files ------------------------------------------------------------------------------------------------------------ */

#define BEGIN "-----BEGIN CANDOR GUEST ANSWER-----"
#define END "-----END CANDOR GUEST ANSWER-----"

/* A file as the page writes it, with ${line} before each line and ${end} after it, in the body of a letter; its length. */
static size_t
write_file(char file[static CDR_GUEST_FILE_MAX + 1], const char *letter, const char *line, const char *end, uint8_t format)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static uint8_t bytes[1 + CDR_GUEST_PARCEL_LEN + 2];
	size_t count = (1 + CDR_GUEST_PARCEL_LEN + 2) / 3 * 4;
	FILE *out = fmemopen(file, CDR_GUEST_FILE_MAX + 1, "w");

	assert_non_null(out);
	bytes[0] = format;
	memcpy(bytes + 1, id, sizeof(id));
	memcpy(bytes + 1 + CDR_ID_LEN, response, sizeof(response));
	for (size_t i = 0; i < CDR_GUEST_ANSWER_SEALED_LEN; i++)
		bytes[1 + 2 * CDR_ID_LEN + i] = (uint8_t)(i * 7);
	(void)fprintf(out, "%s%s" BEGIN "%s", letter, line, end);
	for (size_t i = 0; i < count; i++) {
		size_t bit = i * 6;
		unsigned pair = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];
		if (i % 76 == 0)
			(void)fprintf(out, "%s%s", i > 0 ? end : "", line);
		(void)fputc(bit >= 8 * (1 + CDR_GUEST_PARCEL_LEN) ? '=' : letters[pair >> (10 - bit % 8) & 63], out);
	}
	(void)fprintf(out, "%s%s" END "%s%s", end, line, end, *letter != '\0' ? "Regards" : "");
	long len = ftell(out);
	assert_int_equal(fclose(out), 0);
	return (size_t)len;
}

static void
test_file(void **state)
{
	static char file[CDR_GUEST_FILE_MAX + 1];
	static const char *const ends[] = { "\n", "\r\n", " \n" }, *const lines[] = { "", "> ", ">> \t" };
	struct cdr_guest_parcel *parcel = malloc(sizeof(*parcel));
	struct cdr_fault fault;

	(void)state;
	assert_non_null(parcel);
	for (size_t i = 0; i < 9; i++) {
		size_t len = write_file(file, "Dear colleague,\n", lines[i / 3], ends[i % 3], 1);
		assert_int_equal(cdr_guest_file_read((struct cdr_bytes){ (uint8_t *)file, len }, parcel, &fault), CDR_OK);
		assert_memory_equal(parcel->id, id, sizeof(id));
		assert_memory_equal(parcel->response, response, sizeof(response));
		assert_int_equal(parcel->sealed[3], 21);
	}
	size_t len = write_file(file, "", "", "\n", 1);
	for (size_t cut = 0; cut < len - 1; cut += 731)
		assert_int_equal(cdr_guest_file_read((struct cdr_bytes){ (uint8_t *)file, cut }, parcel, &fault), CDR_E_INPUT);
	file[100] = '!';
	assert_int_equal(cdr_guest_file_read((struct cdr_bytes){ (uint8_t *)file, len }, parcel, &fault), CDR_E_INPUT);
	assert_int_equal(parcel->id[0], 0);
	file[100] = '\0';
	assert_int_equal(cdr_guest_file_read((struct cdr_bytes){ (uint8_t *)file, len }, parcel, &fault), CDR_E_INPUT);
	len = write_file(file, "", "", "\n", 2);
	assert_int_equal(cdr_guest_file_read((struct cdr_bytes){ (uint8_t *)file, len }, parcel, &fault), CDR_E_INPUT);
	assert_non_null(strstr(fault.text, "newer"));
	assert_int_equal(cdr_guest_file_read((struct cdr_bytes){ NULL, 0 }, parcel, &fault), CDR_E_INPUT);
	assert_int_equal(cdr_guest_file_read((struct cdr_bytes){ (uint8_t *)file, sizeof(file) }, parcel, &fault), CDR_E_RANGE);
	free(parcel);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests_name("guest", tests, setup, NULL);
}
