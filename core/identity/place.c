#include "core/identity/place.h"

#include <string.h>

#include "core/crypto/hash.h"

/* see core/identity/place.h */
cdr_err
cdr_places_make(const uint8_t version[static CDR_PLACES_VERSION_LEN], struct cdr_places *places)
{
	cdr_err err = CDR_E_INTERNAL;
	static const char label[] = "candor/1 names";
	uint8_t where[2], hash[CDR_SHA256_LEN];
	const struct cdr_bytes parts[] = { { (const uint8_t *)label, sizeof(label) }, { version, CDR_PLACES_VERSION_LEN },
		{ where, sizeof(where) } };

	memset(places, 0, sizeof(*places));
	for (uint8_t kind = 0; kind < CDR_SKETCH_KINDS; kind++)
		for (uint8_t row = 0; row < CDR_SKETCH_ROWS; row++) {
			where[0] = kind;
			where[1] = row;
			CDR_TRY(cdr_sha256(parts, 3, hash));
			for (size_t i = 0; i < sizeof(places->row[0][0]); i++)
				places->row[kind][row] = places->row[kind][row] << 8 | hash[i];
		}
	err = CDR_OK;
out:
	return err;
}

/* see core/identity/place.h */
size_t
cdr_places_cell(const struct cdr_places *places, size_t width, size_t kind, size_t row, uint32_t key)
{
	/* the finaliser of splitmix64 (Steele, Lea and Flood 2014) spreads keys that differ in any bit */
	uint64_t z = places->row[kind][row] + key * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return 1 + (kind * CDR_SKETCH_ROWS + row) * width + (size_t)(z % width);
}

/* see core/identity/place.h */
size_t
cdr_sketch_width(size_t cells)
{
	size_t rows = (size_t)CDR_SKETCH_KINDS * CDR_SKETCH_ROWS;

	if (cells < CDR_SKETCH_CELLS(CDR_SKETCH_WIDTH_MIN) || cells > CDR_SKETCH_CELLS(CDR_SKETCH_WIDTH_MAX) || cells % rows != 1)
		return 0;
	return cells / rows;
}
