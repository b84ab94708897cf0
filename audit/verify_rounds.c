#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/file.h"
#include "audit/verify.h"
#include "core/crypto/hash.h"
#include "proto/tally.h"

#define FOLDER "rounds"
#define RELEASE_END ".json"
#define ROUNDS_MAX 1024

/* A round of which there is a file, as far as others are held against it. */
struct known {
	uint8_t round[CDR_ROUND_HASH_LEN];
	uint64_t first_month, last_month;
	uint64_t position;           /* of its closing */
	char name[NAME_MAX + 1];
	char (*member)[CDR_SLUG_LEN_MAX + 1]; /* of a record: who contributed; NULL of published cells alone */
	size_t member_count;
};

struct rounds {
	struct cdr_verify *v;
	struct known *known;
	size_t count;
	bool takes_releases;
};

/* ---- files ------------------------------------------------------------------------------------------------------ */

static bool
is_release(const char *name)
{
	size_t len = strlen(name), end = strlen(RELEASE_END);

	return len > end && strcmp(name + len - end, RELEASE_END) == 0;
}

/* ---- against the log -------------------------------------------------------------------------------------------- */

/* The first open leaf of that kind with that content; NULL: none. */
static const struct cdr_verify_leaf *
find_leaf(const struct cdr_verify *v, enum cdr_leaf_kind kind, const uint8_t *content)
{
	for (size_t i = 0; i < v->open_count; i++) {
		const struct cdr_leaf *leaf = &v->open[i].leaf;
		if (leaf->kind == kind && memcmp(leaf->content, content, CDR_LEAF_CONTENT_LEN) == 0)
			return &v->open[i];
	}
	return NULL;
}

static cdr_err
find_parts(const struct cdr_verify *v, enum cdr_leaf_kind kind, struct cdr_bytes one, struct cdr_bytes two,
    const struct cdr_verify_leaf **leaf)
{
	const struct cdr_bytes parts[] = { one, two };
	uint8_t content[CDR_LEAF_CONTENT_LEN];
	cdr_err err = cdr_leaf_content(kind, parts, 2, content);

	*leaf = err == CDR_OK ? find_leaf(v, kind, content) : NULL;
	return err;
}

/* The rosters in a file are those of the log. */
static cdr_err
check_rosters(const struct cdr_verify *v, const struct cdr_round_file *file, const char *name, struct cdr_fault *fault)
{
	for (size_t i = 0; i < file->rosters.count; i++) {
		const struct cdr_roster *r = file->rosters.roster[i];
		if (r->body->version >= v->roster_count || memcmp(v->roster[r->body->version]->hash, r->hash, sizeof(r->hash)) != 0)
			return cdr_fault_set(fault, CDR_E_ROSTER, "%s: its roster version %" PRIu64 " is not the one of the log", name, r->body->version);
	}
	return CDR_OK;
}

/* Every answer of a record was logged. */
static cdr_err
check_answers(const struct cdr_verify *v, const struct cdr_round_file *file, const ProtobufCBinaryData *answers, size_t count,
    const char *name, struct cdr_fault *fault)
{
	const struct cdr_bytes round = { file->round, sizeof(file->round) };
	const struct cdr_verify_leaf *leaf;
	uint8_t hash[CDR_SHA256_LEN];

	for (size_t i = 0; i < count; i++) {
		const struct cdr_bytes request = cdr_message_bytes(answers[i]);
		cdr_err err = cdr_sha256(&request, 1, hash);
		if (err == CDR_OK)
			err = find_parts(v, CDR_LEAF_OPENING, round, (struct cdr_bytes){ hash, sizeof(hash) }, &leaf);
		if (err != CDR_OK)
			return err;
		if (leaf == NULL)
			return cdr_fault_set(fault, CDR_E_PROOF, "%s: an answer of a trustee is not in the log", name);
	}
	return CDR_OK;
}

/* How the round was closed stands in the log, as it is. */
static cdr_err
check_closing(const struct cdr_verify *v, const struct cdr_round_file *file, const char *name, struct known *k, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__RoundClose *head;
	const struct cdr_verify_leaf *leaf;

	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__round_close__descriptor, file->close, &head));
	CDR_TRY(find_parts(v, CDR_LEAF_ROUND_CLOSED, (struct cdr_bytes){ file->round, sizeof(file->round) }, file->close, &leaf));
	if (leaf == NULL || leaf->leaf.number_count != 3 || leaf->leaf.number[0] != head->members) {
		err = cdr_fault_set(fault, CDR_E_PROOF, "%s: how this round was closed is not in the log", name);
		goto out;
	}
	k->position = leaf->position;
	k->first_month = leaf->leaf.number[1];
	k->last_month = leaf->leaf.number[2];
	memcpy(k->round, file->round, sizeof(k->round));
out:
	cdr_arena_free(&arena);
	return err;
}

/* Who contributed, of a record. */
static cdr_err
take_members(const struct cdr_round_file *file, struct known *k)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_arena arena = { 0 };
	const Cdr__Wire__CloseList *list;

	CDR_TRY(cdr_message_decode(&arena, &cdr__wire__close_list__descriptor, cdr_message_bytes(file->record->close->list), &list));
	k->member = calloc(list->n_contribution + 1, sizeof(*k->member));
	if (k->member == NULL) {
		err = CDR_E_MEMORY;
		goto out;
	}
	for (; k->member_count < list->n_contribution; k->member_count++)
		(void)snprintf(k->member[k->member_count], sizeof(k->member[0]), "%s", list->contribution[k->member_count]->member);
out:
	cdr_arena_free(&arena);
	return err;
}

/* ---- one round against others ------------------------------------------------------------------------------------ */

static bool
same_members(const struct known *a, const struct known *b)
{
	if (a->member_count != b->member_count)
		return false;
	for (size_t i = 0; i < a->member_count; i++)
		if (strcmp(a->member[i], b->member[i]) != 0)
			return false;
	return true;
}

/* Of two opened rounds with months in common the contributors must be the same; a round is closed once. */
static cdr_err
compare(const struct known *a, const struct known *b, struct cdr_fault *fault)
{
	if (memcmp(a->round, b->round, sizeof(a->round)) == 0)
		return a->position == b->position ? CDR_OK : cdr_fault_set(fault, CDR_E_REFUSED, "%s, %s: one round was closed twice, and opened both times",
		    a->name, b->name);
	if (a->first_month > b->last_month || b->first_month > a->last_month || a->member == NULL || b->member == NULL)
		return CDR_OK;
	return same_members(a, b) ? CDR_OK : cdr_fault_set(fault, CDR_E_REFUSED, "%s, %s: two rounds of some of the same months were opened, and not with the "
	    "same contributors: the sums together show those who differ", a->name, b->name);
}

/* ---- the parts --------------------------------------------------------------------------------------------------- */

static cdr_err
take_round(struct rounds *r, const char *name, const char *path, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer bytes = { 0 };
	struct cdr_round_file file = { .record = NULL };
	struct cdr_fault inner = { CDR_OK, "" };
	struct known *k = &r->known[r->count];

	if (r->count == ROUNDS_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "there are more than %d rounds", ROUNDS_MAX);
	CDR_TRY(cdr_file_read(path, CDR_FILE_LEN_MAX, &bytes, fault));
	err = cdr_round_file_verify(cdr_buffer_bytes(&bytes), r->v->genesis, &file, &inner);
	if (err != CDR_OK) {
		(void)cdr_fault_set(fault, err, "%s: %s", name, inner.text[0] != '\0' ? inner.text : cdr_err_name(err));
		goto out;
	}
	(void)snprintf(k->name, sizeof(k->name), "%s", name);
	CDR_TRY(check_rosters(r->v, &file, name, fault));
	CDR_TRY(check_closing(r->v, &file, name, k, fault));
	if (file.record != NULL) {
		CDR_TRY(check_answers(r->v, &file, file.record->first, file.record->n_first, name, fault));
		CDR_TRY(check_answers(r->v, &file, file.record->second, file.record->n_second, name, fault));
		CDR_TRY(take_members(&file, k));
	}
	r->count++;
	for (size_t i = 0; i + 1 < r->count; i++)
		CDR_TRY(compare(&r->known[i], k, fault));
	if (file.record != NULL)
		r->v->round_count++;
	else
		r->v->cells_count += file.excerpt->n_cell;
out:
	cdr_round_file_free(&file);
	cdr_buffer_free(&bytes);
	return err;
}

/* A release, as it was published: the log has its hash, beside a round that is here. */
static cdr_err
take_release(struct rounds *r, const char *name, const char *path, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_buffer bytes = { 0 };
	uint8_t hash[CDR_SHA256_LEN];
	const struct cdr_verify_leaf *leaf = NULL;

	CDR_TRY(cdr_file_read(path, CDR_FILE_LEN_MAX, &bytes, fault));
	const struct cdr_bytes part = cdr_buffer_bytes(&bytes);
	CDR_TRY(cdr_sha256(&part, 1, hash));
	for (size_t i = 0; i < r->count && leaf == NULL; i++)
		CDR_TRY(find_parts(r->v, CDR_LEAF_RELEASE, (struct cdr_bytes){ r->known[i].round, CDR_ROUND_HASH_LEN },
		    (struct cdr_bytes){ hash, sizeof(hash) }, &leaf));
	if (leaf == NULL)
		err = cdr_fault_set(fault, CDR_E_PROOF, "%s: the log does not have this release of any of the rounds here", name);
	else
		r->v->release_count++;
out:
	cdr_buffer_free(&bytes);
	return err;
}

/* A file, if it is of the sort that is taken now: releases come behind the rounds that they are of. */
static cdr_err
take_file(void *context, const char *name, struct cdr_fault *fault)
{
	struct rounds *r = context;
	char path[CDR_VERIFY_PATH_LEN + NAME_MAX + 2];

	if (is_release(name) != r->takes_releases)
		return CDR_OK;
	(void)snprintf(path, sizeof(path), "%s/" FOLDER "/%s", r->v->folder, name);
	return r->takes_releases ? take_release(r, name, path, fault) : take_round(r, name, path, fault);
}

/* Closings of which something may have been opened, and of which nothing is here. */
static void
count_unshown(struct rounds *r)
{
	for (size_t i = 0; i < r->v->open_count; i++) {
		const struct cdr_verify_leaf *l = &r->v->open[i];
		bool shown = l->leaf.kind != CDR_LEAF_ROUND_CLOSED || l->leaf.number_count != 3 || l->leaf.number[0] == 0;
		for (size_t k = 0; k < r->count && !shown; k++)
			shown = r->known[k].position == l->position;
		r->v->unshown_count += !shown;
	}
}

/* see audit/verify.h: the folder rounds/ may hold records (`candor-hub round record`), published cells and releases. */
cdr_err
cdr_verify_rounds(struct cdr_verify *v, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct rounds r = { .v = v, .known = calloc(ROUNDS_MAX, sizeof(*r.known)) };

	if (r.known == NULL)
		return CDR_E_MEMORY;
	CDR_TRY(cdr_verify_files_each(v, FOLDER, take_file, &r, fault));
	r.takes_releases = true;
	CDR_TRY(cdr_verify_files_each(v, FOLDER, take_file, &r, fault));
	count_unshown(&r);
out:
	for (size_t i = 0; i < ROUNDS_MAX; i++)
		free(r.known[i].member);
	free(r.known);
	return err;
}
