#include "audit/note.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "core/crypto/hash.h"

#define DASH "\xe2\x80\x94 " /* an em dash and a space begin a signature line */
#define DASH_LEN 4
#define BLOB_LEN_MAX (CDR_NOTE_KEY_ID_LEN + CDR_NOTE_SIGNATURE_LEN_MAX)
#define BASE64_LEN(len) (4 * (((len) + 2) / 3))

/* see audit/note.h */
cdr_err
cdr_note_key_id(const char *name, uint8_t type, const uint8_t *public, uint8_t id[static CDR_NOTE_KEY_ID_LEN])
{
	uint8_t hash[CDR_SHA256_LEN];
	const struct cdr_bytes parts[] = { { (const uint8_t *)name, strlen(name) }, { (const uint8_t *)"\n", 1 },
		{ &type, 1 }, { public, 32 } };
	cdr_err err = cdr_sha256(parts, 4, hash);

	memcpy(id, hash, CDR_NOTE_KEY_ID_LEN);
	return err;
}

/* see audit/note.h */
void
cdr_base64_write(const uint8_t *data, size_t len, char *text)
{
	text[EVP_EncodeBlock((unsigned char *)text, data, (int)len)] = '\0';
}

/* see audit/note.h */
cdr_err
cdr_base64_read(const char *text, size_t text_len, uint8_t *out, size_t out_max, size_t *len)
{
	uint8_t block[BLOB_LEN_MAX + 3];
	char again[BASE64_LEN(BLOB_LEN_MAX) + 1];

	*len = 0;
	if (text_len % 4 != 0 || text_len > BASE64_LEN(BLOB_LEN_MAX) || memchr(text, '\0', text_len) != NULL)
		return CDR_E_INPUT;
	int got = EVP_DecodeBlock(block, (const unsigned char *)text, (int)text_len);
	if (got < 0)
		return CDR_E_INPUT;
	for (size_t i = text_len; i > 0 && text[i - 1] == '=' && got > 0; i--)
		got--;
	if ((size_t)got > out_max || (size_t)got > BLOB_LEN_MAX)
		return CDR_E_INPUT;
	cdr_base64_write(block, (size_t)got, again);
	if (strlen(again) != text_len || memcmp(again, text, text_len) != 0)
		return CDR_E_INPUT;
	memcpy(out, block, (size_t)got);
	*len = (size_t)got;
	return CDR_OK;
}

/* One signature line, without its line feed. */
static cdr_err
read_line(const char *at, size_t len, struct cdr_note_line *line)
{
	uint8_t blob[BLOB_LEN_MAX];
	size_t blob_len;

	if (len < DASH_LEN || memcmp(at, DASH, DASH_LEN) != 0)
		return CDR_E_INPUT;
	at += DASH_LEN;
	len -= DASH_LEN;
	const char *space = memchr(at, ' ', len);
	if (space == NULL || space == at || (size_t)(space - at) > CDR_NOTE_NAME_LEN_MAX || memchr(at, '+', (size_t)(space - at)))
		return CDR_E_INPUT;
	memcpy(line->name, at, (size_t)(space - at));
	cdr_err err = cdr_base64_read(space + 1, len - (size_t)(space - at) - 1, blob, sizeof(blob), &blob_len);
	if (err != CDR_OK || blob_len <= CDR_NOTE_KEY_ID_LEN)
		return CDR_E_INPUT;
	memcpy(line->key_id, blob, CDR_NOTE_KEY_ID_LEN);
	line->signature_len = blob_len - CDR_NOTE_KEY_ID_LEN;
	memcpy(line->signature, blob + CDR_NOTE_KEY_ID_LEN, line->signature_len);
	return CDR_OK;
}

/* Where the text ends: behind the last line feed that an empty line follows. 0 if there is none. */
static size_t
text_len_of(struct cdr_bytes bytes)
{
	for (size_t i = bytes.len; i >= 2; i--)
		if (bytes.data[i - 1] == '\n' && bytes.data[i - 2] == '\n')
			return i - 1;
	return 0;
}

static cdr_err
read_note(struct cdr_bytes bytes, struct cdr_note *note)
{
	if (bytes.len > CDR_NOTE_LEN_MAX || bytes.len < 1 || bytes.data[bytes.len - 1] != '\n')
		return CDR_E_INPUT;
	for (size_t i = 0; i < bytes.len; i++)
		if ((bytes.data[i] < 0x20 && bytes.data[i] != '\n') || bytes.data[i] == 0x7f)
			return CDR_E_INPUT;
	size_t text_len = text_len_of(bytes), at = text_len + 1;
	if (text_len < 2 || text_len > CDR_NOTE_TEXT_LEN_MAX || at >= bytes.len)
		return CDR_E_INPUT;
	memcpy(note->text, bytes.data, text_len);
	while (at < bytes.len) {
		const char *line = (const char *)bytes.data + at;
		size_t len = (size_t)((const char *)memchr(line, '\n', bytes.len - at) - line);
		if (note->line_count == CDR_NOTE_LINE_MAX)
			return CDR_E_INPUT;
		cdr_err err = read_line(line, len, &note->line[note->line_count++]);
		if (err != CDR_OK)
			return err;
		at += len + 1;
	}
	return CDR_OK;
}

/* see audit/note.h */
cdr_err
cdr_note_read(struct cdr_bytes bytes, struct cdr_note *note)
{
	memset(note, 0, sizeof(*note));
	cdr_err err = read_note(bytes, note);
	if (err != CDR_OK)
		memset(note, 0, sizeof(*note));
	return err;
}

/* see audit/note.h */
cdr_err
cdr_note_write(const struct cdr_note *note, struct cdr_buffer *out)
{
	uint8_t blob[BLOB_LEN_MAX];
	size_t max = strlen(note->text) + 2 +
	    note->line_count * (DASH_LEN + CDR_NOTE_NAME_LEN_MAX + BASE64_LEN(BLOB_LEN_MAX) + 3);
	char *text, *at;

	if (note->line_count > CDR_NOTE_LINE_MAX)
		return CDR_E_RANGE;
	at = text = malloc(max);
	if (text == NULL)
		return CDR_E_MEMORY;
	at = stpcpy(at, note->text);
	*at++ = '\n';
	for (size_t i = 0; i < note->line_count; i++) {
		const struct cdr_note_line *line = &note->line[i];
		at = stpcpy(stpcpy(stpcpy(at, DASH), line->name), " ");
		memcpy(blob, line->key_id, CDR_NOTE_KEY_ID_LEN);
		memcpy(blob + CDR_NOTE_KEY_ID_LEN, line->signature, line->signature_len);
		cdr_base64_write(blob, CDR_NOTE_KEY_ID_LEN + line->signature_len, at);
		at += strlen(at);
		*at++ = '\n';
	}
	cdr_err err = cdr_buffer_copy((struct cdr_bytes){ (const uint8_t *)text, (size_t)(at - text) }, out);
	free(text);
	return err;
}
