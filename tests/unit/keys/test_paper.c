/* Secrets on paper: what is written is read again; one wrong word is named by its place, and the right one with it. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/crypto/secret.h"
#include "keys/paper.h"

static struct cdr_passphrase
passphrase_of(const char *text)
{
	struct cdr_passphrase p = { .len = strlen(text) };

	memcpy(p.bytes, text, p.len);
	return p;
}

static struct cdr_bytes
bytes_of(const struct cdr_buffer *b)
{
	return (struct cdr_bytes){ b->data, b->len };
}

static void
test_sealed(void **state)
{
	const struct cdr_passphrase right = passphrase_of("fictional paper passphrase"), wrong = passphrase_of("another one, fictional");
	const uint8_t secret[] = "a share";
	static const uint8_t zeros[CDR_PAPER_SECRET_MAX];
	uint8_t opened[CDR_PAPER_SECRET_MAX], bytes[CDR_PAPER_SECRET_MAX] = { 1 };
	struct cdr_buffer sealed, again, none;
	struct cdr_fault fault;
	size_t len;

	(void)state;
	assert_int_equal(cdr_paper_seal(&right, (struct cdr_bytes){ secret, sizeof(secret) }, &sealed, &fault), CDR_OK);
	assert_int_equal(sealed.len, sizeof(secret) + CDR_PAPER_OVERHEAD);
	assert_int_equal(cdr_paper_seal(&right, (struct cdr_bytes){ bytes, sizeof(bytes) }, &again, &fault), CDR_OK);
	assert_int_equal(cdr_paper_open(&right, bytes_of(&again), opened, &len, &fault), CDR_OK);
	assert_int_equal(len, sizeof(bytes));
	assert_memory_equal(opened, bytes, sizeof(bytes));
	cdr_buffer_free(&again);
	assert_int_equal(cdr_paper_seal(&right, (struct cdr_bytes){ secret, sizeof(secret) }, &again, &fault), CDR_OK);
	assert_memory_not_equal(sealed.data + 1, again.data + 1, 16);
	assert_int_equal(cdr_paper_open(&right, bytes_of(&sealed), opened, &len, &fault), CDR_OK);
	assert_int_equal(len, sizeof(secret));
	assert_memory_equal(opened, secret, sizeof(secret));
	assert_memory_equal(opened + len, zeros, sizeof(opened) - len); /* nothing of what was there before */
	const struct {
		const struct cdr_passphrase *passphrase;
		size_t at, len;
		cdr_err err;
	} cases[] = {
		{ &wrong, 20, sealed.len, CDR_E_PASSPHRASE },
		{ &right, 20, sealed.len, CDR_E_PASSPHRASE },
		{ &right, 0, sealed.len, CDR_E_INPUT },
		{ &right, 20, CDR_PAPER_OVERHEAD, CDR_E_RANGE },
		{ &right, 20, 0, CDR_E_RANGE },
		{ &right, 20, CDR_PAPER_OVERHEAD + CDR_PAPER_SECRET_MAX + 1, CDR_E_RANGE },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sealed.data[cases[i].at] ^= cases[i].passphrase == &right;
		memset(opened, 0xee, sizeof(opened));
		assert_int_equal(cdr_paper_open(cases[i].passphrase, (struct cdr_bytes){ sealed.data, cases[i].len }, opened, &len, &fault), cases[i].err);
		assert_int_equal(len, 0);
		assert_memory_equal(opened, zeros, sizeof(opened));
		assert_true(fault.text[0] != '\0');
		sealed.data[cases[i].at] ^= cases[i].passphrase == &right;
	}
	assert_int_equal(cdr_paper_seal(&right, (struct cdr_bytes){ secret, 0 }, &none, &fault), CDR_E_RANGE);
	assert_int_equal(cdr_paper_seal(&right, (struct cdr_bytes){ bytes, sizeof(bytes) + 1 }, &none, &fault), CDR_E_RANGE);
	assert_null(none.data);
	cdr_buffer_free(&sealed);
	cdr_buffer_free(&again);
}

static void
test_words_and_line(void **state)
{
	uint8_t bytes[CDR_PAPER_SECRET_MAX + CDR_PAPER_OVERHEAD];
	struct cdr_buffer text, back;
	struct cdr_fault fault;

	(void)state;
	assert_int_equal(cdr_random(bytes, sizeof(bytes)), CDR_OK);
	for (size_t len = 1; len <= sizeof(bytes); len += len < 40 ? 1 : 37) {
		assert_int_equal(cdr_paper_words((struct cdr_bytes){ bytes, len }, &text), CDR_OK);
		assert_int_equal(cdr_paper_read(bytes_of(&text), &back, &fault), CDR_OK);
		assert_int_equal(back.len, len);
		assert_memory_equal(back.data, bytes, len);
		/* Capitals, commas, other line ends and no numbers. */
		for (size_t i = 0; i < text.len; i++)
			text.data[i] = text.data[i] == ' ' ? ',' : text.data[i] >= '0' && text.data[i] <= '9' ? '\r' :
			    (uint8_t)(text.data[i] >= 'a' ? text.data[i] - 32 : text.data[i]);
		cdr_buffer_free(&back);
		assert_int_equal(cdr_paper_read(bytes_of(&text), &back, &fault), CDR_OK);
		assert_memory_equal(back.data, bytes, len);
		cdr_buffer_free(&text);
		cdr_buffer_free(&back);
		assert_int_equal(cdr_paper_line((struct cdr_bytes){ bytes, len }, &text), CDR_OK);
		assert_int_equal(cdr_paper_read(bytes_of(&text), &back, &fault), CDR_OK);
		assert_int_equal(back.len, len);
		assert_memory_equal(back.data, bytes, len);
		text.data[text.len - 1] = '!';
		cdr_buffer_free(&back);
		assert_int_equal(cdr_paper_read(bytes_of(&text), &back, &fault), CDR_E_INPUT);
		cdr_buffer_free(&text);
	}
	assert_int_equal(cdr_paper_words((struct cdr_bytes){ bytes, 0 }, &text), CDR_E_RANGE);
	assert_int_equal(cdr_paper_line((struct cdr_bytes){ bytes, 0 }, &text), CDR_E_RANGE);
}

/* Every word in turn, replaced by every kind of wrong one. */
static void
test_wrong_words(void **state)
{
	uint8_t bytes[95];
	struct cdr_buffer text, back;
	struct cdr_fault fault;
	char want[64], was[5];

	(void)state;
	assert_int_equal(cdr_random(bytes, sizeof(bytes)), CDR_OK);
	assert_int_equal(cdr_paper_words((struct cdr_bytes){ bytes, sizeof(bytes) }, &text), CDR_OK);
	size_t word = 0;
	for (size_t at = 0; at + 4 <= text.len; at++) {
		if (text.data[at] < 'a' || (at > 0 && text.data[at - 1] >= 'a'))
			continue;
		size_t row = word / 10 + 1, place = word % 10 + 1;
		memcpy(was, text.data + at, 4);
		was[4] = '\0';
		word++;
		/* Another word of the list. */
		memcpy(text.data + at, strcmp(was, "bada") == 0 ? "side" : "bada", 4);
		assert_int_equal(cdr_paper_read(bytes_of(&text), &back, &fault), CDR_E_INPUT);
		(void)snprintf(want, sizeof(want), "word %zu of row %zu is not", place, row);
		assert_non_null(strstr(fault.text, want));
		assert_non_null(strstr(fault.text, was));
		/* No word of the list. */
		memcpy(text.data + at, "xqzu", 4);
		assert_int_equal(cdr_paper_read(bytes_of(&text), &back, &fault), CDR_E_INPUT);
		(void)snprintf(want, sizeof(want), "word %zu of row %zu is none", place, row);
		assert_non_null(strstr(fault.text, want));
		memcpy(text.data + at, was, 4);
	}
	assert_int_equal(word, 100);
	/* Two rows that have changed places; a row too few; a word too few. */
	uint8_t *copy = malloc(text.len);
	assert_non_null(copy);
	memcpy(copy, text.data, text.len);
	size_t line = text.len / 10;
	memcpy(copy, text.data + line, line);
	memcpy(copy + line, text.data, line);
	assert_int_equal(cdr_paper_read((struct cdr_bytes){ copy, text.len }, &back, &fault), CDR_OK); /* each says which it is */
	assert_memory_equal(back.data, bytes, sizeof(bytes));
	cdr_buffer_free(&back);
	memcpy(copy, text.data, 4);
	memcpy(copy + line, text.data + line, 4);
	assert_int_equal(cdr_paper_read((struct cdr_bytes){ copy, text.len }, &back, &fault), CDR_E_INPUT);
	assert_non_null(strstr(fault.text, "row 1"));
	memcpy(copy + line, text.data, 4);
	assert_int_equal(cdr_paper_read((struct cdr_bytes){ copy, text.len }, &back, &fault), CDR_E_INPUT);
	assert_non_null(strstr(fault.text, "row 1 stands here twice"));
	for (size_t row = 0; row < 9; row++) {
		memcpy(copy, text.data, row * line);
		memcpy(copy + row * line, text.data + (row + 1) * line, text.len - (row + 1) * line);
		assert_int_equal(cdr_paper_read((struct cdr_bytes){ copy, text.len - line }, &back, &fault), CDR_E_INPUT);
		(void)snprintf(want, sizeof(want), "row %zu is missing", row + 1);
		assert_non_null(strstr(fault.text, want));
	}
	assert_int_equal(cdr_paper_read((struct cdr_bytes){ text.data, text.len - line }, &back, &fault), CDR_E_INPUT);
	assert_non_null(strstr(fault.text, "row 10 is missing"));
	assert_int_equal(cdr_paper_read((struct cdr_bytes){ text.data, text.len - 6 }, &back, &fault), CDR_E_INPUT);
	assert_non_null(strstr(fault.text, "row 10 has 9 words"));
	assert_int_equal(cdr_paper_read((struct cdr_bytes){ copy, 0 }, &back, &fault), CDR_E_INPUT);
	free(copy);
	cdr_buffer_free(&text);
}

/* What `share backup` printed, saved as it is: sentences, rows, a QR code. */
static void
test_printed(void **state)
{
	uint8_t bytes[95];
	char page[4096];
	struct cdr_buffer text, back;
	struct cdr_fault fault;

	(void)state;
	assert_int_equal(cdr_random(bytes, sizeof(bytes)), CDR_OK);
	assert_int_equal(cdr_paper_words((struct cdr_bytes){ bytes, sizeof(bytes) }, &text), CDR_OK);
	for (size_t cut = 0; cut < 2; cut++) {
		int first = 4 + 5 * 5, rest = (int)text.len - first;

		/* The second time a row goes on in the next line. */
		int len = snprintf(page, sizeof(page), "2 shares, sealed under the passphrase of the paper.\nKeep both.\n\n%.*s%s%.*s\n\xe2\x96\x88 \xe2\x96\x80\nbye\n",
		    first, (char *)text.data, cut == 1 ? "\n" : "", rest, (char *)text.data + first);
		assert_int_equal(cdr_paper_read((struct cdr_bytes){ (uint8_t *)page, (size_t)len }, &back, &fault), CDR_OK);
		assert_int_equal(back.len, sizeof(bytes));
		assert_memory_equal(back.data, bytes, sizeof(bytes));
		cdr_buffer_free(&back);
	}
	const struct {
		const char *line, *why;
		cdr_err err;
	} wrong[] = {
		{ "  1. bada bada\n", "row 1 has 2 words", CDR_E_INPUT },
		{ "  1. bada\n  2. bada\n", "row 1 has 1 words", CDR_E_INPUT },
		{ "  1. bada bada bada bada bada bada bada bada bada bada bada\n", "row 1 has more than", CDR_E_INPUT },
		{ "9999. bada\n", "row 9999", CDR_E_RANGE },
		{ "only words for people\n", "word 1 of row 1 is none", CDR_E_INPUT },
		{ "  7.\n", "row 1 is missing", CDR_E_INPUT },
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(cdr_paper_read((struct cdr_bytes){ (const uint8_t *)wrong[i].line, strlen(wrong[i].line) }, &back, &fault), wrong[i].err);
		assert_non_null(strstr(fault.text, wrong[i].why));
	}
	cdr_buffer_free(&text);
}

static int
group_setup(void **state)
{
	(void)state;
	return cdr_secret_start(NULL) == CDR_OK ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sealed),
		cmocka_unit_test(test_words_and_line),
		cmocka_unit_test(test_wrong_words),
		cmocka_unit_test(test_printed),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
