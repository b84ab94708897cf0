/*
 * People of any bytes. Whatever is emitted weighs 20 bits or more; holds a document number, or two names and a date of
 * stated precision; stands once; and comes again from the same person. Its class is that of its weight, its pair is one
 * that a person can have.
 * Input: see person.h.
 */
#include "tests/fuzz/fuzz.h"

#include "core/identity/token.h"
#include "tests/fuzz/identity/person.h"

#define HEAD_LEN (CDR_SCHEME_VERSION_LEN + 4 + 1)

static struct cdr_scheme scheme;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return cdr_scheme_current(1, &scheme) == CDR_OK ? 0 : 1;
}

static bool
is_document(const struct cdr_token *token)
{
	return token->type == CDR_TOKEN_DOC || token->type == CDR_TOKEN_DOCX;
}

/* Two names at least, of letters or of a code, and behind them a date: a year with or without more, or month and day. */
static void
check_names_and_date(const char *content, size_t len)
{
	size_t names = 0, at = 0;

	for (;;) {
		size_t end = at;
		while (end < len && content[end] != '|')
			end++;
		if (end == len)
			break;
		assert(end > at);
		names++;
		at = end + 1;
	}
	assert(names >= 2);
	assert(len - at == 4 || len - at == 6 || len - at == 7 || len - at == 8);
	for (; at < len; at++)
		assert((content[at] >= '0' && content[at] <= '9') || content[at] == 'd');
}

static void
check_token(const struct cdr_token *token, const struct cdr_person *person)
{
	const char *content = (const char *)token->input + HEAD_LEN;
	size_t len = token->input_len - HEAD_LEN;

	assert(token->type >= CDR_TOKEN_EX && token->type < CDR_TOKEN_TYPE_COUNT);
	assert(token->input_len > HEAD_LEN && token->input_len <= CDR_TOKEN_INPUT_LEN_MAX);
	assert(memcmp(token->input, scheme.version, CDR_SCHEME_VERSION_LEN) == 0);
	assert(token->input[HEAD_LEN - 1] == token->type);
	assert(token->weight >= CDR_TOKEN_BITS_MIN * CDR_BITS_SCALE);
	unsigned class = (token->weight / CDR_BITS_SCALE - CDR_TOKEN_BITS_MIN) / CDR_TOKEN_BITS_STEP;
	assert((token->rarity & CDR_RARITY_CLASS_MAX) == (class < CDR_RARITY_CLASS_MAX ? class : CDR_RARITY_CLASS_MAX));
	assert(((token->rarity & CDR_RARITY_UNCOVERED) == 0) == token->covered);
	assert(token->pair <= CDR_PAIR_MAX);
	if (is_document(token)) {
		assert(person->document_count > 0 && token->pair == CDR_PAIR_WHOLE);
		assert(memchr(content, '\0', len) == NULL);
	} else {
		assert(person->birth.precision != CDR_PRECISION_UNKNOWN);
		if (content[0] != '\0') /* else a hash of what would be too long */
			check_names_and_date(content, len);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct cdr_token_set set, again;
	static struct cdr_person person;
	struct cdr_fault fault = { CDR_OK, "" };

	if (len < FUZZ_PERSON_FIXED_LEN)
		return 0;
	fuzz_person(&person, data, len);
	cdr_err err = cdr_token_derive(&person, &scheme, &set, &fault);
	assert(err == cdr_token_derive(&person, &scheme, &again, NULL));
	assert(memcmp(&set, &again, sizeof(set)) == 0);
	assert(err == CDR_OK || (err == CDR_E_INPUT && set.count == 0));
	assert(set.count <= CDR_TOKENS_MAX && cdr_token_padded(set.count) >= set.count);
	for (size_t i = 0; i < set.count; i++) {
		check_token(&set.token[i], &person);
		for (size_t j = 0; j < i; j++)
			assert(set.token[i].input_len != set.token[j].input_len ||
			    memcmp(set.token[i].input, set.token[j].input, set.token[i].input_len) != 0);
	}
	return 0;
}
