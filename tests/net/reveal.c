/*
 * What a node has, in clear, for scenarios that look into it. Whoever has folder and passphrase may see it.
 *
 *   reveal read KIND HOME PASSPHRASE-FILE OUT   every row and every decrypted page, those that are free too, into the folder
 *                                               OUT (rows.json, pages, wal)
 *   reveal keys KIND HOME PASSPHRASE-FILE OUT   every secret, as "NAME <tab> HEX", into the file OUT
 *   reveal plant KIND HOME PASSPHRASE-FILE TEXT write a row with TEXT into the database
 *   reveal tokens GIVEN FAMILY NATIVE BIRTH     print in hexadecimal what is hashed of a person, token by token
 *   reveal hashes leavers|candidates FILE - -   print in hexadecimal the plain hashes of a file's rows, from which the rows could
 *                                               be guessed
 *
 * KIND is hub, trustee or member.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gcrypt.h>
#include <openssl/evp.h>

#include "core/crypto/secret.h"
#include "core/identity/date.h"
#include "core/identity/token.h"
#include "core/record/candidate.h"
#include "core/record/leaver.h"
#include "keys/keystore_format.h"
#include "keys/passphrase.h"
#include "node/hub/schema.h"
#include "node/member/member.h"
#include "node/member/schema.h"
#include "node/store/home.h"
#include "node/trustee/schema.h"

#define PAGE_LEN 4096
#define RESERVE_LEN 48      /* at the end of each page: initialisation vector 16, HMAC-SHA1 20, padding */
#define SALT_LEN 16         /* at the start of the first page, in clear */
#define WAL_HEADER_LEN 32
#define FRAME_HEADER_LEN 24
#define TAGS_PURPOSE "trustee.share" /* as in node/trustee/share.c */
#define STATISTICS_PURPOSE "trustee.share.statistics"
#define CONTENT_AT (CDR_SCHEME_VERSION_LEN + 5) /* of a token: after version, epoch and type */

static void __attribute__((noreturn))
fail(const char *what, const struct cdr_fault *fault)
{
	(void)fprintf(stderr, "reveal: %s%s%s\n", what, fault != NULL && fault->text[0] != '\0' ? ": " : "",
	    fault != NULL ? fault->text : "");
	exit(1);
}

static void
print_bytes(FILE *out, const char *name, const uint8_t *bytes, size_t len)
{
	(void)fprintf(out, "%s\t", name);
	for (size_t i = 0; i < len; i++)
		(void)fprintf(out, "%02x", bytes[i]);
	(void)fputc('\n', out);
}

/* A file of a node, whole; empty if there is none. */
static struct cdr_buffer
read_whole(const char *folder, const char *name)
{
	char path[4096];
	struct stat info;
	struct cdr_buffer out = { 0 };

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return out;
	if (fstat(fd, &info) != 0 || (out.data = malloc((size_t)info.st_size + 1)) == NULL)
		fail(path, NULL);
	ssize_t got = read(fd, out.data, (size_t)info.st_size);
	out.len = got > 0 ? (size_t)got : 0;
	(void)close(fd);
	return out;
}

static FILE *
create(const char *folder, const char *name)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s%s%s", name[0] == '/' ? "" : folder, name[0] == '/' ? "" : "/", name);
	FILE *file = fopen(path, "we");
	if (file == NULL)
		fail(path, NULL);
	return file;
}

/* ---- secrets --------------------------------------------------------------------------------------------------------- */

/* The keystore by the table in keys/keystore.h, from the passphrase on. */
static void
reveal_keystore(const char *home, const struct cdr_passphrase *passphrase, FILE *out)
{
	static const char label[] = "candor-keystore 1 body";
	const struct cdr_bytes info = { (const uint8_t *)label, sizeof(label) - 1 };
	static struct cdr_keystore_body body;
	struct cdr_buffer file = read_whole(home, "keystore");
	struct cdr_keystore_header header;
	struct cdr_bytes sealed;
	uint8_t key[32], body_key[CDR_AEAD_KEY_LEN], *plain = NULL;
	gcry_kdf_hd_t kdf;

	if (cdr_keystore_file_decode(cdr_buffer_bytes(&file), &header, &sealed, NULL) != CDR_OK ||
	    (plain = malloc(sealed.len)) == NULL)
		fail("the keystore", NULL);
	const unsigned long parameters[4] = { 32, header.passes, header.memory_kib, header.lanes };
	if (gcry_kdf_open(&kdf, GCRY_KDF_ARGON2, GCRY_KDF_ARGON2ID, parameters, 4, passphrase->bytes, passphrase->len,
		header.salt, sizeof(header.salt), NULL, 0, NULL, 0) != 0 ||
	    gcry_kdf_compute(kdf, NULL) != 0 || gcry_kdf_final(kdf, sizeof(key), key) != 0 ||
	    cdr_hkdf_expand(key, &info, 1, body_key, sizeof(body_key)) != CDR_OK ||
	    cdr_aead_open(body_key, header.nonce, file.data, CDR_KEYSTORE_HEADER_LEN, sealed.data, sealed.len, plain) != CDR_OK ||
	    cdr_keystore_body_decode((struct cdr_bytes){ plain, sealed.len - CDR_AEAD_TAG_LEN }, &body) != CDR_OK)
		fail("the keystore", NULL);
	gcry_kdf_close(kdf);
	print_bytes(out, "passphrase", passphrase->bytes, passphrase->len);
	print_bytes(out, "passphrase-key", key, sizeof(key));
	print_bytes(out, "keystore-key", body_key, sizeof(body_key));
	print_bytes(out, "data-key", body.data_key, sizeof(body.data_key));
	for (size_t i = 0; i < body.count; i++)
		print_bytes(out, body.secrets[i].name, body.secrets[i].bytes, body.secrets[i].len);
	cdr_buffer_free(&file);
	free(plain);
}

struct shares {
	const struct cdr_home *home;
	FILE *out;
};

/* A reading job: every share of a trustee. */
static cdr_err
reveal_shares(struct cdr_tx *tx, void *context)
{
	const struct shares *shares = context;
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_query *query = NULL;
	struct cdr_buffer share = { 0 };
	struct cdr_bytes transcript, sealed;
	int64_t kind, number;

	CDR_TRY(cdr_query_start(tx, "SELECT kind, number, transcript, share FROM key_share", CDR_VALUES(), &query));
	while ((err = cdr_query_step(query)) == CDR_OK) {
		uint8_t id[4 + CDR_ROSTER_HASH_LEN];
		CDR_TRY(cdr_query_int(query, 0, &kind));
		CDR_TRY(cdr_query_int(query, 1, &number));
		CDR_TRY(cdr_query_blob_peek(query, 2, CDR_ROSTER_HASH_LEN, &transcript));
		CDR_TRY(cdr_query_blob_peek(query, 3, CDR_SCALAR_LEN + CDR_SEAL_OVERHEAD, &sealed));
		if (sealed.len == 0)
			continue; /* nothing was given */
		for (size_t i = 0; i < 4; i++)
			id[i] = (uint8_t)(number >> (24 - 8 * i));
		memcpy(id + 4, transcript.data, transcript.len);
		CDR_TRY(cdr_seal_open(shares->home->keys->column,
		    kind == CDR_KEY_TAGS ? TAGS_PURPOSE : STATISTICS_PURPOSE, (struct cdr_bytes){ id, 4 + transcript.len }, sealed,
		    &share));
		print_bytes(shares->out, "share", share.data, share.len);
		cdr_buffer_free(&share);
	}
	err = err == CDR_E_ABSENT ? CDR_OK : err;
out:
	cdr_query_end(query);
	return err;
}

/* ---- the database ------------------------------------------------------------------------------------------------------ */

/* SQLCipher 3: AES-256-CBC under the raw key, the vector at the page's end. ${skip}: what stands before it in clear. */
static void
decrypt_page(const uint8_t *key, const uint8_t *page, size_t skip, FILE *out)
{
	uint8_t plain[PAGE_LEN] = { 0 };
	int len = 0;
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();

	if (cipher == NULL ||
	    EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key, page + PAGE_LEN - RESERVE_LEN) != 1 ||
	    EVP_CIPHER_CTX_set_padding(cipher, 0) != 1 ||
	    EVP_DecryptUpdate(cipher, plain + skip, &len, page + skip, (int)(PAGE_LEN - RESERVE_LEN - skip)) != 1)
		fail("a page cannot be decrypted", NULL);
	EVP_CIPHER_CTX_free(cipher);
	/* The first page of every SQLite file says how long pages are and what is reserved. */
	if (skip > 0 && (plain[SALT_LEN] != PAGE_LEN >> 8 || plain[SALT_LEN + 4] != RESERVE_LEN))
		fail("the first page does not decrypt to a SQLite page", NULL);
	(void)fwrite(plain, 1, PAGE_LEN - RESERVE_LEN, out);
}

/* Every page of the file and of its log, as they lie there: used, free, and superseded. */
static void
reveal_pages(const char *home, const uint8_t *key, const char *folder)
{
	struct cdr_buffer file = read_whole(home, "node.db"), wal = read_whole(home, "node.db-wal");
	FILE *out = create(folder, "pages");

	for (size_t at = 0; at + PAGE_LEN <= file.len; at += PAGE_LEN)
		decrypt_page(key, file.data + at, at == 0 ? SALT_LEN : 0, out);
	(void)fclose(out);
	out = create(folder, "wal");
	for (size_t at = WAL_HEADER_LEN; at + FRAME_HEADER_LEN + PAGE_LEN <= wal.len; at += FRAME_HEADER_LEN + PAGE_LEN) {
		const uint8_t *frame = wal.data + at;
		bool is_first = frame[0] == 0 && frame[1] == 0 && frame[2] == 0 && frame[3] == 1;
		decrypt_page(key, frame + FRAME_HEADER_LEN, is_first ? SALT_LEN : 0, out);
	}
	(void)fclose(out);
	cdr_buffer_free(&file);
	cdr_buffer_free(&wal);
}

static cdr_err
plant_row(struct cdr_tx *tx, void *context)
{
	const char *text = context;

	return cdr_query_run(tx, "INSERT INTO setting (name, value) VALUES ('planted', $1)",
	    CDR_VALUES(cdr_value_blob(text, strlen(text))));
}

/* ---- the commands -------------------------------------------------------------------------------------------------------- */

static struct cdr_home *
open_home(const char *kind, const char *path, const struct cdr_passphrase *passphrase)
{
	struct cdr_fault fault = { 0 };
	struct cdr_home *home;
	const struct cdr_store_schema *schema = strcmp(kind, "hub") == 0 ? &cdr_hub_schema :
	    strcmp(kind, "trustee") == 0                                 ? &cdr_trustee_schema :
									   &cdr_member_schema;

	if (cdr_home_open(path, schema, passphrase, &home, &fault) != CDR_OK)
		fail(path, &fault);
	return home;
}

static void
reveal_database(const char *path, const struct cdr_home *home, const char *folder)
{
	FILE *rows = create(folder, "rows.json");

	if (cdr_store_dump_json(home->store, rows) != CDR_OK)
		fail("the rows", NULL);
	(void)fclose(rows);
	reveal_pages(path, home->keys->database, folder);
}

static void
reveal_keys(const char *kind, const char *path, const struct cdr_passphrase *passphrase, const struct cdr_home *home,
    const char *name)
{
	FILE *out = create(".", name);
	struct shares shares = { home, out };

	reveal_keystore(path, passphrase, out);
	print_bytes(out, "database-key", home->keys->database, sizeof(home->keys->database));
	print_bytes(out, "column-key", home->keys->column, sizeof(home->keys->column));
	if (strcmp(kind, "trustee") == 0 && cdr_store_read(home->store, reveal_shares, &shares) != CDR_OK)
		fail("the share", NULL);
	(void)fclose(out);
}

/* The content of each token: what stands before it is the same for everybody. */
static void
reveal_tokens(char **fields)
{
	struct cdr_person person = { 0 };
	struct cdr_scheme scheme;
	struct cdr_token_set set;
	struct cdr_fault fault = { 0 };

	(void)snprintf(person.given_names, sizeof(person.given_names), "%s", fields[0]);
	(void)snprintf(person.family_names, sizeof(person.family_names), "%s", fields[1]);
	(void)snprintf(person.native_name, sizeof(person.native_name), "%s", fields[2]);
	if (cdr_date_read(fields[3], &person.birth, &fault) != CDR_OK || cdr_scheme_current(1, &scheme) != CDR_OK ||
	    cdr_token_derive(&person, &scheme, &set, &fault) != CDR_OK)
		fail("the person", &fault);
	for (size_t i = 0; i < set.count; i++)
		print_bytes(stdout, cdr_token_type_name(set.token[i].type), set.token[i].input + CONTENT_AT,
		    set.token[i].input_len - CONTENT_AT);
}

static cdr_err
hash_leavers(struct cdr_bytes file, const struct cdr_record_rules *rules, struct cdr_fault *fault)
{
	struct cdr_leaver_file *reader = NULL;
	struct cdr_leaver leaver;
	uint8_t hash[CDR_SHA256_LEN];

	cdr_err err = cdr_leaver_file_new(file, rules, &reader, fault);
	while (err == CDR_OK && (err = cdr_leaver_file_next(reader, &leaver, fault)) == CDR_OK) {
		if ((err = cdr_leaver_key(&leaver, hash)) == CDR_OK)
			print_bytes(stdout, "row", hash, sizeof(hash));
		if (err == CDR_OK && (err = cdr_leaver_digest(&leaver, hash)) == CDR_OK)
			print_bytes(stdout, "content", hash, sizeof(hash));
	}
	cdr_leaver_file_free(reader);
	return err;
}

static cdr_err
hash_candidates(struct cdr_bytes file, const struct cdr_record_rules *rules, struct cdr_fault *fault)
{
	struct cdr_candidate_file *reader = NULL;
	struct cdr_candidate candidate;
	uint8_t packed[CDR_CANDIDATE_PACK_MAX], hash[CDR_SHA256_LEN];
	struct cdr_bytes part = { packed, 0 };

	cdr_err err = cdr_candidate_file_new(file, rules, &reader, fault);
	while (err == CDR_OK && (err = cdr_candidate_file_next(reader, &candidate, fault)) == CDR_OK) {
		if ((err = cdr_candidate_pack(&candidate, packed, &part.len)) == CDR_OK &&
		    (err = cdr_sha256(&part, 1, hash)) == CDR_OK)
			print_bytes(stdout, "content", hash, sizeof(hash));
	}
	cdr_candidate_file_free(reader);
	return err;
}

static void
reveal_hashes(const char *kind, const char *path)
{
	struct cdr_fault fault = { 0 };
	struct cdr_codebook *codebook = NULL;
	struct cdr_record_rules rules = { .today = cdr_member_day((int64_t)cdr_member_now()), .lookback_years = CDR_LOOKBACK_YEARS };
	struct cdr_buffer file = read_whole("/", path);

	cdr_err err = cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, &codebook, &fault);
	rules.codebook = codebook;
	if (err == CDR_OK)
		err = (strcmp(kind, "leavers") == 0 ? hash_leavers : hash_candidates)(cdr_buffer_bytes(&file), &rules, &fault);
	if (err != CDR_E_ABSENT) /* the end of the file */
		fail(path, &fault);
	cdr_codebook_free(codebook);
	cdr_buffer_free(&file);
}

int
main(int argc, char **argv)
{
	struct cdr_fault fault = { 0 };
	struct cdr_passphrase *passphrase = NULL;

	if (argc != 6)
		fail("usage: see tests/net/reveal.c", NULL);
	if (cdr_secret_start(&fault) != CDR_OK)
		fail("start", &fault);
	if (strcmp(argv[1], "tokens") == 0) {
		reveal_tokens(argv + 2);
		return 0;
	}
	if (strcmp(argv[1], "hashes") == 0) {
		reveal_hashes(argv[2], argv[3]);
		return 0;
	}
	struct cdr_passphrase_source source = { .fd = -1, .file = argv[4] };
	if (cdr_passphrase_read(&source, &passphrase, &fault) != CDR_OK)
		fail("the passphrase", &fault);
	struct cdr_home *home = open_home(argv[2], argv[3], passphrase);
	if (strcmp(argv[1], "read") == 0)
		reveal_database(argv[3], home, argv[5]);
	else if (strcmp(argv[1], "keys") == 0)
		reveal_keys(argv[2], argv[3], passphrase, home, argv[5]);
	else if (cdr_store_write(home->store, plant_row, argv[5]) != CDR_OK)
		fail("the row", NULL);
	cdr_home_close(home);
	cdr_passphrase_free(passphrase);
	return 0;
}
