#include "core/identity/tables.h"

#include "core/embed.h"

CDR_EMBED(cdr_data_characters, "core/identity/data/characters.bin");
CDR_EMBED(cdr_data_translit, "core/identity/data/translit.bin");
CDR_EMBED(cdr_data_han, "core/identity/data/han.bin");
CDR_EMBED(cdr_data_words, "core/identity/data/words.bin");
CDR_EMBED(cdr_data_umalqura, "core/identity/data/umalqura.bin");
CDR_EMBED(cdr_data_countries, "core/identity/data/countries.tsv");

/* see core/identity/tables.h */
struct cdr_bytes
cdr_table_bytes(enum cdr_table table)
{
	static const struct {
		const uint8_t *start, *end;
	} tables[CDR_TABLE_COUNT] = {
		[CDR_TABLE_CHARACTERS] = { cdr_data_characters, cdr_data_characters_end },
		[CDR_TABLE_TRANSLIT] = { cdr_data_translit, cdr_data_translit_end },
		[CDR_TABLE_HAN] = { cdr_data_han, cdr_data_han_end },
		[CDR_TABLE_WORDS] = { cdr_data_words, cdr_data_words_end },
		[CDR_TABLE_UMALQURA] = { cdr_data_umalqura, cdr_data_umalqura_end },
		[CDR_TABLE_COUNTRIES] = { cdr_data_countries, cdr_data_countries_end },
	};

	return (struct cdr_bytes){ tables[table].start, (size_t)(tables[table].end - tables[table].start) };
}
