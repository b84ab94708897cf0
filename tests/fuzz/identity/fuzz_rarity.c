/* A rarity table of any bytes, with shares of own people or without: what is accepted weighs every name within its bounds. */
#include "tests/fuzz/fuzz.h"

#include "core/identity/code.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const names[] = { "anna", "qadzhvaro", "mohammed", "a" };
	struct cdr_rarity rarity;
	struct cdr_rarity_code code[4], exact;
	const struct cdr_rarity_code *all[4];
	struct cdr_codes codes;

	if (cdr_rarity_open(data, len, &rarity) != CDR_OK) {
		assert(rarity.data == NULL && rarity.own_count == 0);
		return 0;
	}
	assert(rarity.published_len <= len && rarity.own_count <= CDR_RARITY_OWN_MAX);
	for (int kind = CDR_CODE_S1; kind < CDR_CODE_KIND_COUNT; kind++) {
		for (size_t i = 0; i < 4; i++) {
			cdr_codes_make(names[i], &codes);
			cdr_rarity_find(&rarity, (enum cdr_code_kind)kind, codes.text[kind], &code[i]);
			cdr_rarity_find_spelling(&rarity, names[i], &code[i], &exact);
			all[i] = &code[i];
			assert(cdr_rarity_single(&code[i]) <= 255 && cdr_rarity_single(&exact) <= 255);
			for (size_t g = 0; g < code[i].own_count; g++)
				assert(code[i].own[g] <= code[i].elsewhere.given && code[i].own[g] <= code[i].elsewhere.family);
		}
		assert(cdr_rarity_pair(all[0], all[1], true) >= 0);
		assert(cdr_rarity_pair(all[0], all[1], false) == cdr_rarity_pair(all[1], all[0], false));
		assert(cdr_rarity_all(all, 4) >= 0 && cdr_rarity_all(all, 0) == 0);
		(void)cdr_rarity_together(all, 4);
	}
	(void)cdr_rarity_covers(&rarity, "KEN");
	return 0;
}
